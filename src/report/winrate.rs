//! `winrate`: four win rates side by side, what each counts, and how far apart they are.
//!
//! In: the command line. Out: a [`Report`]: the rates by period or segment, what they are made of, what each means, and the
//! tidy table.
//!
//! Narrow, broad and amount-weighted rates count deals by the day they closed; the close rate follows the deals created in
//! the period, whatever became of them by as-of, and is lower until the cohort is mature. Where no deal is lost, or no lost
//! one has an amount, a rate would be 100 % because of what the exports leave out: it is missing.

use std::collections::BTreeMap;

use anyhow::Result;

use super::scorecard::heading;
use super::{Audience, Cell, Column, Report, Table, Unit};
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::WinrateArgs;
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::journey::{NO_DAY, Outcome};
use crate::output::number;
use crate::session::{Data, Session};
use crate::stats::interval::wilson;
use crate::tables::NO_MONEY;
use crate::time::{date_of, day_of};

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 23] = [
    "rate",
    "period",
    "period_start",
    "period_end",
    "segment",
    "value",
    "unit",
    "numerator",
    "denominator",
    "n",
    "ci_low",
    "ci_high",
    "won",
    "lost",
    "derailed",
    "open",
    "mature",
    "mature_share",
    "status",
    "basis",
    "as_of",
    "currency",
    "contract_hash",
];

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// Marks a rate that will still change, and one of few deals.
const YOUNG: &str = "*";
const FEW_MARK: &str = "†";

/// Below this a rate says little.
const FEW: u64 = 5;

/// One of the rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rate {
    Narrow,
    Broad,
    Amount,
    Close,
}

impl Rate {
    const ALL: [Self; 4] = [Self::Narrow, Self::Broad, Self::Amount, Self::Close];

    fn id(self) -> &'static str {
        match self {
            Self::Narrow => "narrow",
            Self::Broad => "broad",
            Self::Amount => "amount",
            Self::Close => "close_rate",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Narrow => "Narrow",
            Self::Broad => "Broad",
            Self::Amount => "By amount",
            Self::Close => "Close rate",
        }
    }

    /// What it says, in one line.
    fn about(self) -> &'static str {
        match self {
            Self::Narrow => {
                "Won ÷ (won + lost), of deals closed in the period: how often we beat somebody. Deals that ended without a decision are left out"
            }
            Self::Broad => {
                "Won ÷ (won + lost + ended without a decision), of deals closed in the period: how often an ended deal was won"
            }
            Self::Amount => {
                "Won amount ÷ (won + lost amount), of deals closed in the period: one large deal can decide it"
            }
            Self::Close => {
                "Won by as-of ÷ created in the period: what became of the deals we began. Those still open count as not won, so it rises until the cohort is mature"
            }
        }
    }

    fn basis(self) -> &'static str {
        if self == Self::Close { "created" } else { "closed" }
    }
}

/// Deals of one period and segment.
#[derive(Debug, Clone, Default, PartialEq)]
struct Deals {
    won: u64,
    lost: u64,
    derailed: u64,
    open: u64,
    /// All of them, whatever became of them.
    all: u64,
    /// Of all, those that began long enough ago.
    mature: u64,
    won_amount: i64,
    lost_amount: i64,
    /// Won and lost ones with an amount; lost ones whose amount is not 0.
    with_amount: u64,
    lost_valued: u64,
}

impl Deals {
    fn add(&mut self, outcome: Outcome, amount: i64, mature: bool) {
        self.all += 1;
        self.mature += u64::from(mature);
        let known = if amount == NO_MONEY { 0 } else { amount };
        match outcome {
            Outcome::Won => {
                self.won += 1;
                self.won_amount += known;
            }
            Outcome::Lost | Outcome::Derailed => {
                self.lost += u64::from(outcome == Outcome::Lost);
                self.derailed += u64::from(outcome == Outcome::Derailed);
                self.lost_amount += known;
                self.lost_valued += u64::from(known != 0);
            }
            Outcome::Open => self.open += 1,
            Outcome::NoDeal | Outcome::Unclear => {}
        }
        let decided = matches!(outcome, Outcome::Won | Outcome::Lost | Outcome::Derailed);
        self.with_amount += u64::from(decided && amount != NO_MONEY);
    }
}

/// Deals closed, and deals created.
#[derive(Debug, Clone, Default)]
struct Both {
    closed: Deals,
    created: Deals,
}

/// One rate of one line.
struct Figure {
    value: Result<f64, Why>,
    numerator: f64,
    denominator: Option<f64>,
    /// Deals behind the denominator.
    n: u64,
    interval: Option<(f64, f64)>,
}

/// Why a rate is missing: for machines and for people.
type Why = (&'static str, &'static str);

const NO_LOST: Why = ("no_lost", "no deal in the exports is lost, so 100 % would say nothing");
const NO_LOST_AMOUNT: Why = ("no_lost_amount", "no lost deal has an amount, so 100 % would say nothing");
const NO_REASON: Why = ("no_source", "no export says why deals were lost (lost_reason)");
const NO_AMOUNT: Why = ("no_source", "no export says what the deals are worth (amount)");
const NOTHING: Why = ("no_data", "no such deal in this period");

type Key = (Option<usize>, Option<usize>);

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist.
pub fn build(args: &WinrateArgs, env: &mut Env<'_>) -> Result<Report> {
    let data = Session::open(&args.input, env)?.load(&args.output, env)?;
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    data.not_too_many(&by, periods.all.len() * (Rate::ALL.len() + 1))?;
    let (segments, segment_of) = facts.segments(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;
    let mut view = View {
        data: &data,
        periods: &periods,
        by: &by,
        segments: &segments,
        counts: BTreeMap::new(),
        mature_after: data.mature_after(),
        known: Known {
            only_won: data.journeys.only_won(),
            lost_nothing: data.journeys.lost_nothing(),
            reasons: facts.fills("journeys", "lost_reason"),
            amounts: facts.fills("journeys", "amount"),
        },
    };
    view.count(&segment_of, &keep);
    let mut report = data.report("winrate", "Win rates, side by side");
    report.tables = view.tables();
    report.notes = view.notes(args.slice.condition.as_deref(), &keep);
    report.notes.extend(data.notes());
    Ok(report)
}

struct View<'a> {
    data: &'a Data,
    periods: &'a Periods,
    by: &'a [String],
    segments: &'a [Segment],
    /// By segment and period; `None` is all of them.
    counts: BTreeMap<Key, Both>,
    mature_after: Option<i32>,
    known: Known,
}

/// What the exports know of all deals: whether none is lost though some are won, whether no lost one has an amount, and
/// whether there are reasons and amounts.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // four facts, each its own
struct Known {
    only_won: bool,
    lost_nothing: bool,
    reasons: bool,
    amounts: bool,
}

impl View<'_> {
    fn count(&mut self, segment_of: &[usize], keep: &[bool]) {
        let journeys = &self.data.journeys;
        let as_of = day_of(self.data.session.as_of);
        for at in (0..journeys.len()).filter(|at| keep[*at] && journeys.outcome[*at] != Outcome::NoDeal) {
            let (created, closed) = (journeys.created[at], journeys.closed[at]);
            let period = |day: i32| if day == NO_DAY { None } else { self.periods.index(day) };
            let mature = created != NO_DAY && self.mature_after.is_some_and(|days| as_of - created >= days);
            let (created, closed) = (period(created), period(closed));
            let segment = (!self.by.is_empty()).then(|| segment_of[at]);
            for segment in [Some(None), segment.map(Some)].into_iter().flatten() {
                if let Some(period) = closed {
                    for period in [None, Some(period)] {
                        let deals = &mut self.counts.entry((segment, period)).or_default().closed;
                        deals.add(journeys.outcome[at], journeys.amount[at], mature);
                    }
                }
                if let Some(period) = created {
                    for period in [None, Some(period)] {
                        let deals = &mut self.counts.entry((segment, period)).or_default().created;
                        deals.add(journeys.outcome[at], journeys.amount[at], mature);
                    }
                }
            }
        }
    }

    fn both(&self, key: Key) -> Both {
        self.counts.get(&key).cloned().unwrap_or_default()
    }

    #[allow(clippy::cast_precision_loss)] // counts and cents stay far below 2^53
    fn figure(&self, rate: Rate, key: Key) -> Figure {
        let Both { closed, created } = self.both(key);
        let scale = self.data.facts().minor_per_major();
        let money = |cents: i64| cents as f64 / scale;
        let lost = closed.lost + closed.derailed;
        let (numerator, denominator, n) = match rate {
            Rate::Narrow => (closed.won as f64, (closed.won + closed.lost) as f64, closed.won + closed.lost),
            Rate::Broad => (closed.won as f64, (closed.won + lost) as f64, closed.won + lost),
            Rate::Amount => {
                (money(closed.won_amount), money(closed.won_amount + closed.lost_amount), closed.won + lost)
            }
            Rate::Close => (created.won as f64, created.all as f64, created.all),
        };
        let lacking = match rate {
            Rate::Narrow | Rate::Broad | Rate::Amount if self.known.only_won => Some(NO_LOST),
            Rate::Broad if !self.known.reasons => Some(NO_REASON),
            Rate::Amount if !self.known.amounts => Some(NO_AMOUNT),
            Rate::Amount if self.known.lost_nothing || (lost > 0 && closed.lost_valued == 0) => Some(NO_LOST_AMOUNT),
            Rate::Amount if closed.with_amount == 0 => Some(NOTHING),
            _ if denominator == 0.0 => Some(NOTHING),
            _ => None,
        };
        let value = lacking.map_or(Ok(numerator / denominator), Err);
        let counted = rate != Rate::Amount && value.is_ok();
        Figure {
            interval: if counted { wilson(numerator, denominator) } else { None },
            value,
            numerator,
            // What was left out of the exports is in no denominator.
            denominator: Some(denominator).filter(|_| !matches!(lacking, Some((status, _)) if status != "no_data")),
            n,
        }
    }

    fn mature(&self, period: Option<usize>) -> Option<bool> {
        let end = period.map_or(self.periods.to, |p| self.periods.all[p].end);
        self.mature_after.map(|days| day_of(self.data.session.as_of) - end >= days)
    }

    /// How far apart the rates of a line are, with the highest and the lowest. A close rate that is not mature is low
    /// because it is young, and left out.
    fn spread(&self, key: Key) -> Option<(f64, Rate, Rate)> {
        let known = |rate: Rate| self.figure(rate, key).value.ok().map(|value| (value, rate));
        let mature = self.mature(key.1) == Some(true);
        let rates: Vec<(f64, Rate)> =
            Rate::ALL.into_iter().filter(|r| *r != Rate::Close || mature).filter_map(known).collect();
        let first = rates.first().filter(|_| rates.len() > 1)?;
        let high = rates.iter().fold(first, |a, b| if b.0 > a.0 { b } else { a });
        let low = rates.iter().fold(first, |a, b| if b.0 < a.0 { b } else { a });
        Some((high.0 - low.0, high.1, low.1))
    }

    fn keys(&self) -> impl Iterator<Item = Option<usize>> + use<'_> {
        std::iter::once(None).chain((0..self.segments.len()).map(Some).filter(|_| !self.by.is_empty()))
    }

    /// A segment in a column that says what it is by.
    fn segment(&self, key: Option<usize>) -> String {
        let words = |k: usize| self.segments[k].iter().map(|v| v.as_deref().unwrap_or("(blank)")).collect::<Vec<_>>();
        key.map_or_else(|| "All".to_string(), |k| words(k).join(", "))
    }

    fn is_partial(&self, period: usize) -> bool {
        let period = &self.periods.all[period];
        period.end > self.periods.to || period.start < self.periods.from
    }

    /// The last whole periods; where there is none, the last one.
    fn shown(&self) -> Vec<usize> {
        let whole: Vec<usize> = (0..self.periods.all.len()).filter(|p| !self.is_partial(*p)).collect();
        if whole.is_empty() {
            return self.periods.all.len().checked_sub(1).into_iter().collect();
        }
        whole[whole.len().saturating_sub(SHOWN)..].to_vec()
    }

    fn label(&self, period: Option<usize>) -> String {
        let Some(period) = period else { return "All days".into() };
        let label = &self.periods.all[period].label;
        if self.is_partial(period) { format!("{label} part") } else { label.clone() }
    }

    /// The lines that people see: periods, or the segments of all days.
    fn lines(&self) -> Vec<(String, Key)> {
        if self.by.is_empty() {
            let shown = self.shown().into_iter().map(Some).chain([None]);
            shown.map(|period| (self.label(period), (None, period))).collect()
        } else {
            let any = |key: &Option<usize>| key.is_none() || self.counts.contains_key(&(*key, None));
            self.keys().filter(any).map(|key| (self.segment(key), (key, None))).collect()
        }
    }

    fn marks(&self, rate: Rate, key: Key, n: u64) -> String {
        let young = rate == Rate::Close && self.mature(key.1) == Some(false);
        format!("{}{}", if young { YOUNG } else { "" }, if n < FEW { FEW_MARK } else { "" })
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.rates(), self.makeup(), Self::meaning(), self.tidy()]
    }

    fn rates(&self) -> Table {
        let first = if self.by.is_empty() { "Period".to_string() } else { self.by.join(", ") };
        let mut columns = vec![Column::left("of", first), Column::right("closed", "Closed")];
        columns.extend(Rate::ALL[..3].iter().map(|r| Column::right(r.id(), r.title())));
        columns.extend([
            Column::right("created", "Created"),
            Column::right("close_rate", "Close rate"),
            Column::right("spread", "Spread"),
        ]);
        let mut rows = Vec::new();
        for (name, key) in self.lines() {
            let both = self.both(key);
            let cell = |rate: Rate| {
                let figure = self.figure(rate, key);
                match figure.value {
                    Ok(value) => {
                        let marks = self.marks(rate, key, figure.n);
                        let shown = || Cell::text(format!("{}{marks}", number::people(value, Unit::Share)));
                        if marks.is_empty() { Cell::Number(value, Unit::Share) } else { shown() }
                    }
                    Err((_, why)) => Cell::Missing(why.into()),
                }
            };
            let closed = both.closed.won + both.closed.lost + both.closed.derailed;
            let spread = self.spread(key).map_or_else(
                || Cell::Missing("fewer than two rates".into()),
                // A distance has no sign.
                |(points, ..)| Cell::text(number::people(points, Unit::Points).trim_start_matches('+')),
            );
            rows.push(vec![
                Cell::text(name),
                Cell::count(closed),
                cell(Rate::Narrow),
                cell(Rate::Broad),
                cell(Rate::Amount),
                Cell::count(both.created.all),
                cell(Rate::Close),
                spread,
            ]);
        }
        let (from, to) = (date_of(self.periods.from), date_of(self.periods.to));
        let title = format!("Win rates of deals closed, and close rate of deals created, {from} to {to}");
        Table { id: "rates".into(), title, audience: Audience::People, columns, rows }
    }

    /// Both sides of every rate: of the last period and of all days, or of each segment.
    fn makeup(&self) -> Table {
        let columns = vec![
            Column::left("rate", "Rate"),
            Column::right("numerator", "Numerator"),
            Column::right("denominator", "Denominator"),
            Column::right("n", "Deals"),
            Column::right("interval", "95 % interval"),
        ];
        let mut rows = Vec::new();
        let lines = self.lines();
        let from = if self.by.is_empty() { lines.len().saturating_sub(2) } else { 0 };
        for (name, key) in &lines[from..] {
            rows.push(heading(name, columns.len()));
            for rate in Rate::ALL {
                let figure = self.figure(rate, *key);
                let unit = if rate == Rate::Amount { Unit::Money } else { Unit::Count };
                let interval = figure.interval.map(|(low, high)| Cell::text(number::interval(low, high)));
                rows.push(vec![
                    Cell::text(rate.title()),
                    Cell::Number(figure.numerator, unit),
                    figure.denominator.map_or_else(Cell::none, |d| Cell::Number(d, unit)),
                    Cell::count(figure.n),
                    interval.unwrap_or_else(Cell::none),
                ]);
            }
        }
        Table {
            id: "makeup".into(),
            title: "What the rates are made of".into(),
            audience: Audience::People,
            columns,
            rows,
        }
    }

    fn meaning() -> Table {
        let columns = vec![Column::left("rate", "Rate"), Column::left("meaning", "What it counts")];
        let rows = Rate::ALL.iter().map(|r| vec![Cell::text(r.title()), Cell::text(r.about())]).collect();
        Table { id: "meaning".into(), title: "What they mean".into(), audience: Audience::People, columns, rows }
    }

    fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|id| Column::left(*id, *id)).collect();
        let mut rows = Vec::new();
        for segment in self.keys() {
            for period in (0..self.periods.all.len()).map(Some).chain([None]) {
                for rate in Rate::ALL {
                    rows.push(self.tidy_row(rate, (segment, period)));
                }
                rows.push(self.tidy_spread((segment, period)));
            }
        }
        Table { id: "winrate_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn when(&self, id: &str, (segment, period): Key) -> Vec<Cell> {
        let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
            let p = &self.periods.all[p];
            (p.label.as_str(), p.start, p.end)
        });
        vec![
            Cell::text(id),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(segment.map_or_else(String::new, |k| segment_text(self.by, &self.segments[k]))),
        ]
    }

    fn end(&self, status: &str, basis: &str) -> Vec<Cell> {
        let contract = &self.data.session.contract;
        vec![
            Cell::text(status),
            Cell::text(basis),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]
    }

    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn tidy_row(&self, rate: Rate, key: Key) -> Vec<Cell> {
        let figure = self.figure(rate, key);
        let plain = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let both = self.both(key);
        let deals = if rate == Rate::Close { &both.created } else { &both.closed };
        let close = |cell: Cell| if rate == Rate::Close { cell } else { Cell::none() };
        let share = (deals.all > 0 && self.mature_after.is_some()).then(|| deals.mature as f64 / deals.all as f64);
        let status = match figure.value {
            Err((status, _)) => status,
            Ok(_) if key.1.is_some_and(|p| self.is_partial(p)) => "partial",
            Ok(_) if figure.n < FEW => "few",
            Ok(_) => "ok",
        };
        let mut row = self.when(rate.id(), key);
        row.extend([
            match figure.value {
                Ok(value) => Cell::Number(value, Unit::Share),
                Err((_, why)) => Cell::Missing(why.into()),
            },
            Cell::text(Unit::Share.id()),
            plain(Some(figure.numerator)),
            plain(figure.denominator),
            Cell::count(figure.n),
            plain(figure.interval.map(|(low, _)| low)),
            plain(figure.interval.map(|(_, high)| high)),
            Cell::count(deals.won),
            Cell::count(deals.lost),
            Cell::count(deals.derailed),
            close(Cell::count(deals.open)),
            close(self.mature(key.1).map_or_else(Cell::none, Cell::Flag)),
            close(plain(share)),
        ]);
        row.extend(self.end(status, rate.basis()));
        row
    }

    fn tidy_spread(&self, key: Key) -> Vec<Cell> {
        let spread = self.spread(key);
        let mut row = self.when("spread", key);
        row.push(spread.map_or_else(Cell::none, |(points, ..)| Cell::Number(points, Unit::Points)));
        row.push(Cell::text(Unit::Points.id()));
        row.resize(TIDY.len() - 5, Cell::none());
        // Which two it lies between.
        let between = spread.map_or_else(String::new, |(_, high, low)| format!("{}-{}", high.id(), low.id()));
        let partial = key.1.is_some_and(|p| self.is_partial(p));
        let status = match spread {
            Some(_) if partial => "partial",
            Some(_) => "ok",
            None => "no_data",
        };
        row.extend(self.end(status, &between));
        row
    }

    fn notes(&self, condition: Option<&str>, keep: &[bool]) -> Vec<String> {
        let journeys = &self.data.journeys;
        let mut notes = vec![
            "Spread is the distance between the highest and the lowest rate of a line: who quotes one of them should say which.".to_string(),
        ];
        if let Some((points, high, low)) = self.spread((None, None)) {
            notes.push(format!(
                "Over all days the flattering one is `{}`, and the sober one `{}`: {} apart.",
                high.title(),
                low.title(),
                number::people(points, Unit::Points).trim_start_matches('+')
            ));
        }
        if let Some(days) = self.mature_after {
            notes.push(format!(
                "A close rate is mature {days} days after its period's end; those marked {YOUNG} are younger, will still rise, and are in no spread."
            ));
        }
        let lines = self.lines();
        for rate in Rate::ALL {
            let mut reasons: Vec<Why> =
                lines.iter().filter_map(|(_, key)| self.figure(rate, *key).value.err()).collect();
            reasons.retain(|why| *why != NOTHING);
            reasons.sort_unstable();
            reasons.dedup();
            notes.extend(reasons.iter().map(|(_, why)| format!("Without a value: `{}`, because {why}.", rate.title())));
        }
        let few = |key: Key| {
            Rate::ALL.iter().any(|r| {
                let figure = self.figure(*r, key);
                figure.value.is_ok() && figure.n < FEW
            })
        };
        if lines.iter().any(|(_, key)| few(*key)) {
            notes.push(format!("Rates marked {FEW_MARK} are of fewer than {FEW} deals: they say little."));
        }
        let deals = || (0..journeys.len()).filter(|at| keep[*at]);
        let counted = |test: &dyn Fn(usize) -> bool| deals().filter(|at| test(*at)).count();
        let decided = |at: usize| matches!(journeys.outcome[at], Outcome::Won | Outcome::Lost | Outcome::Derailed);
        let no_amount = counted(&|at| decided(at) && journeys.amount[at] == NO_MONEY);
        if no_amount > 0 && self.known.amounts {
            notes.push(format!("{no_amount} closed deals have no amount: they are not in the rate by amount."));
        }
        let zero = counted(&|at| {
            matches!(journeys.outcome[at], Outcome::Lost | Outcome::Derailed) && journeys.amount[at] == 0
        });
        if zero > 0 {
            notes.push(format!("{zero} lost deals have the amount 0, which lifts the rate by amount."));
        }
        let undated = counted(&|at| decided(at) && journeys.closed[at] == NO_DAY);
        if undated > 0 {
            notes.push(format!("{undated} closed deals have no close date: no period counts them."));
        }
        if let Some(condition) = condition {
            let kept = keep.iter().filter(|k| **k).count();
            notes.push(format!("Only processes where {condition}: {kept} of {}.", journeys.len()));
        }
        notes
    }
}
