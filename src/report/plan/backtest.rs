//! What would have been forecast at the end of each past period, and what came.
//!
//! In: the command line. Out: a [`Report`]. For each period the exports are read again as of the day before it, so that
//! nothing later is known; what came is what the exports show now.

use anyhow::Result;

use super::Base;
use super::layout::{expected, interval, money, table};
use super::notes;
use super::tidy::Line;
use super::timed::{Band, band, shown};
use crate::Env;
use crate::calendar::{Period, Periods};
use crate::cli::{OutputArgs, PlanArgs};
use crate::issue::{Issue, Place};
use crate::output::number;
use crate::report::{Cell, Column, Report, Unit};
use crate::session::{Data, Session};
use crate::stats::interval::wilson;
use crate::stats::plan::{Draw, span};
use crate::time::{date_of, day_of};

/// Days of history before a forecast.
const HISTORY: i32 = 365;
/// Won deals before a forecast.
const WINS: usize = 10;
/// Periods that are tested at most: the last ones.
const MOST: usize = 36;

/// One forecast, and what came: deals and amounts.
struct Tested {
    period: Period,
    forecast: (f64, f64),
    bands: [Band; 2],
    came: (f64, f64),
}

impl Tested {
    fn inside(&self) -> [bool; 2] {
        let within = |(low, high): Band, value: f64| low <= value && value <= high;
        [within(self.bands[0], self.came.0), within(self.bands[1], self.came.1)]
    }
}

/// The report.
///
/// # Errors
/// Whatever the rooms on the way report; exports that can be read only once.
pub fn tell(data: &Data, args: &PlanArgs, env: &mut Env<'_>) -> Result<Report> {
    if args.input.inputs.iter().any(|path| path.as_os_str() == "-") {
        let issue =
            Issue::usage(Place::file("--backtest"), "reads the exports once per period, and `-` can be read once");
        return Err(issue.hint("name files or folders").into());
    }
    let base = Base::of(data, args)?;
    let mut report = data.report("plan", "Plan, tested on the past: what would have been forecast, and what came");
    let began = base.m.came.iter().map(|came| came.day).min();
    let periods = began.map(|began| Periods::covering(args.period, began, base.as_of, base.fiscal).all);
    let whole = periods.unwrap_or_default().into_iter().filter(|period| period.end <= base.as_of);
    let enough = |period: &Period| began.is_some_and(|began| period.start - began >= HISTORY);
    let tested: Vec<Period> = whole.filter(enough).collect();
    let (mut all, mut few) = (Vec::new(), 0);
    for period in tested[tested.len().saturating_sub(MOST)..].iter().cloned() {
        match forecast(&base, period, args, env)? {
            Some(one) => all.push(one),
            None => few += 1,
        }
    }
    let mut lines = Vec::new();
    let amounts = base.deal.is_some();
    report.tables.extend(one_table(&all, 0, &mut lines));
    report.tables.extend(amounts.then(|| one_table(&all, 1, &mut lines)).flatten());
    report.tables.push(base.tidy(lines));
    report.notes = vec![
        format!(
            "Each forecast is made of the exports as of the day before the period: those in hand then, and new buyers at the \
             pace of the {} days before. Only periods after {HISTORY} days of data are forecast, with {WINS} won deals or \
             more.",
            super::count::PACE_DAYS
        ),
        "Amounts, and who is of which account, are as the exports hold them now; that is all that a forecast knows of \
         later days."
            .to_string(),
    ];
    if few > 0 {
        report.notes.push(format!(
            "Left out: {}, with fewer than {WINS} won deals before.",
            number::of(few, "period", "periods")
        ));
    }
    if all.is_empty() {
        report.notes.push("No period can be tested: there is not enough history before any that is over.".into());
    }
    report.notes.extend(few_to_tell(&all));
    report.notes.push(notes::intervals(&base, args));
    report.notes.extend(data.unseen_stages());
    report.notes.extend(data.notes());
    Ok(report)
}

/// The forecast for a period as of the day before it; `None` where too little was won by then.
fn forecast(base: &Base<'_>, period: Period, args: &PlanArgs, env: &mut Env<'_>) -> Result<Option<Tested>> {
    let mut input = args.input.clone();
    input.as_of = Some(date_of(period.start - 1).to_string());
    input.rejects = None;
    let output = OutputArgs { verbose: 0, ..args.output.clone() };
    let data = Session::open(&input, env)?.load(&output, env)?;
    let then = Base::of(&data, args)?;
    debug_assert_eq!(then.as_of, day_of(data.session.as_of));
    if then.m.wins() < WINS {
        return Ok(None);
    }
    let window = (1, u32::try_from(period.end - then.as_of).unwrap_or(1));
    let inflows = then.paced(window.1 as usize);
    let draws = then.draws(&inflows, &[window]);
    let all = |draw: &Draw| {
        let parts = std::iter::once(&draw.hand[0]).chain(draw.inflows.iter().map(|windows| &windows[0]));
        parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.wins, sum.1 + part.amount))
    };
    let won_by = then.model.won_by(window.1 as usize);
    let hand = then.hand(&then.model, &won_by, window);
    let hand = hand.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.wins, sum.1 + row.amount));
    let new = |inflow: &crate::stats::plan::Inflow| {
        inflow.factor * then.pace[inflow.stage] * span(&won_by[inflow.stage], &inflow.daily, window)
    };
    let new: f64 = inflows.iter().map(new).sum();
    Ok(Some(Tested {
        forecast: (hand.0 + new, hand.1 + new * then.deal.unwrap_or(0.0)),
        bands: [band(draws.iter().map(|d| all(d).0)), band(draws.iter().map(|d| all(d).1))],
        came: base.already(period.start, period.end),
        period,
    }))
}

/// What so few periods can tell of the intervals: where of all that are like these the share that holds may lie.
#[allow(clippy::cast_precision_loss)] // a few periods
fn few_to_tell(all: &[Tested]) -> Option<String> {
    let of = |which: usize| {
        let inside = all.iter().filter(|one| one.inside()[which]).count();
        let (low, high) = wilson(inside as f64, all.len() as f64)?;
        let share = |value: f64| number::people((value * 100.0).round() / 100.0, Unit::Share).replace(".0%", "%");
        Some(format!("{} to {}", share(low), share(high)))
    };
    let (deals, amounts) = (of(0)?, of(1)?);
    Some(format!(
        "{} are few to judge intervals by: what was seen fits true shares of {deals} for deals and {amounts} for amounts (95 \
         %, Wilson).",
        number::of(all.len() as u64, "period", "periods")
    ))
}

/// Deals (0) or amounts (1).
#[allow(clippy::cast_precision_loss)] // a few periods
fn one_table(all: &[Tested], which: usize, lines: &mut Vec<Line>) -> Option<crate::report::Table> {
    let (unit, id, what) =
        if which == 0 { (Unit::Count, "deals", "Deals won") } else { (Unit::Money, "amount", "Amount won") };
    let of = |pair: (f64, f64)| if which == 0 { pair.0 } else { pair.1 };
    let columns = vec![
        Column::left("period", "Period"),
        Column::left("as_of", "As of"),
        Column::right("forecast", "Forecast"),
        Column::right("interval", "80 % interval"),
        Column::right("came", "Came"),
        Column::left("inside", "Inside"),
    ];
    let cell = |value: f64| if which == 0 { expected(value) } else { money(value) };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for one in all {
        let inside = one.inside()[which];
        rows.push(vec![
            Cell::text(&one.period.label),
            Cell::text(shown(one.period.start - 1)),
            cell(of(one.forecast)),
            interval(one.bands[which], unit),
            Cell::text(number::people(of(one.came).round(), Unit::Count)),
            Cell::Flag(inside),
        ]);
        lines.push(
            Line::new("backtest", format!("{id}_forecast"), of(one.forecast), unit)
                .band(one.bands[which])
                .period(&one.period),
        );
        lines.push(Line::new("backtest", format!("{id}_came"), of(one.came), unit).period(&one.period));
        lines.push(
            Line::new("backtest", format!("{id}_inside"), f64::from(u8::from(inside)), Unit::Number)
                .period(&one.period),
        );
    }
    if all.is_empty() {
        return None;
    }
    let (n, inside) = (all.len() as f64, all.iter().filter(|one| one.inside()[which]).count() as f64);
    let sum = |of_one: &dyn Fn(&Tested) -> f64| all.iter().map(of_one).sum::<f64>();
    rows.push(vec![
        Cell::text("All"),
        Cell::none(),
        cell(sum(&|one| of(one.forecast))),
        Cell::none(),
        Cell::text(number::people(sum(&|one| of(one.came)).round(), Unit::Count)),
        Cell::text(format!("{inside} of {n}")),
    ]);
    let mut line = Line::new("backtest", format!("{id}_coverage"), inside / n, Unit::Share);
    line.n = Some(all.len() as u64);
    lines.push(line);
    let share = number::people(inside / n, Unit::Share);
    table(
        &format!("plan_backtest_{id}"),
        format!("{what}: {share} of the intervals held what came (80 % should)"),
        columns,
        rows,
    )
}
