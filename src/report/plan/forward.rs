//! Looking ahead: what those in hand and those still to come will bring, period by period; leads by segment; and whether
//! sales can work them.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Base;
use super::ask::Rate;
use super::layout::{MONTH, expected, interval, leads, money, table};
use super::tidy::Line;
use super::timed::{Timed, band};
use crate::calendar::{PeriodKind, Periods};
use crate::cli::PlanArgs;
use crate::contract::Aim;
use crate::evaluate::segment_text;
use crate::issue::{Issue, Place};
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Cell, Column, Table, Unit};
use crate::stats::plan::{Draw, End, Inflow, span};

/// Periods looked ahead to where no day is named.
const AHEAD: usize = 4;
/// Periods that are looked ahead to at most.
const MOST: usize = 60;
/// Wins from which a segment has its own curve.
const OWN: usize = 5;

/// New leads that may come.
struct Scenario {
    /// `needed`, `given` or `present`.
    kind: &'static str,
    /// `61.6 new buyers a month, as needed: …`
    called: String,
    /// The target that needs them.
    target: String,
    /// How many in an average month.
    monthly: f64,
    /// By day from as-of; day 0 has none.
    new: Vec<f64>,
}

impl Base<'_> {
    /// The periods that are looked ahead to, each from tomorrow on.
    fn coming(&self, args: &PlanArgs) -> Periods {
        let tomorrow = self.as_of + 1;
        let until = self.asked.until.unwrap_or_else(|| {
            let all = Periods::covering(args.period, tomorrow, tomorrow + 3 * 366 * 2, self.fiscal).all;
            all.get(AHEAD - 1).map_or(tomorrow, |period| period.end)
        });
        Periods::covering(args.period, tomorrow, until, self.fiscal)
    }

    /// Refuses to look ahead to more periods than anybody would read.
    ///
    /// # Errors
    /// At `--until`.
    pub fn not_too_far(&self, args: &PlanArgs) -> Result<(), Issue> {
        let n = self.coming(args).all.len();
        if n <= MOST {
            return Ok(());
        }
        let what = format!("{n} periods lie before that day, and at most {MOST} are looked ahead to");
        Err(Issue::usage(Place::file("--until"), what).hint("name a nearer day, or a longer --period"))
    }

    /// What comes, period by period.
    pub fn ahead(&self, args: &PlanArgs, lines: &mut Vec<Line>) -> Option<Table> {
        let periods = self.coming(args);
        let last = usize::try_from(periods.to - self.as_of).unwrap_or(1);
        let given = self.asked.leads.as_ref();
        let mut inflows = self.paced(last);
        if let Some(rate) = given {
            let daily = rate.daily(self.as_of, last, self.fiscal);
            inflows[0] = Inflow { stage: 0, daily, at_pace: false, factor: self.factor };
        }
        let from_as_of = |day: i32| u32::try_from(day - self.as_of).unwrap_or(0);
        let shown = periods.all.iter();
        let windows: Vec<(u32, u32)> =
            shown.map(|p| (from_as_of(p.start.max(self.as_of + 1)), from_as_of(p.end.min(periods.to)))).collect();
        let draws = self.draws(&inflows, &windows);
        let won_by = self.model.won_by(last);
        let deal = self.deal.unwrap_or(0.0);
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("in_hand", "From open"),
            Column::right("leads", "New leads"),
            Column::right("direct", "Without"),
            Column::right("wins", "Deals"),
            Column::right("wins_interval", "80 % interval"),
            Column::right("amount", "Amount"),
            Column::right("amount_interval", "80 % interval"),
        ];
        let mut rows = Vec::new();
        for (at, window) in windows.iter().enumerate() {
            let hand = self.hand(&self.model, &won_by, *window);
            let hand = hand.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.wins, sum.1 + row.amount));
            let wins = |inflow: &Inflow| {
                let rate = if inflow.at_pace { self.pace[inflow.stage] } else { 1.0 };
                inflow.factor * rate * span(&won_by[inflow.stage], &inflow.daily, *window)
            };
            let new = wins(&inflows[0]);
            let direct: f64 = inflows[1..].iter().map(wins).sum();
            let all = |draw: &Draw| {
                let parts = std::iter::once(&draw.hand[at]).chain(draw.inflows.iter().map(|windows| &windows[at]));
                parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.wins, sum.1 + part.amount))
            };
            let (of_wins, of_amount) = (band(draws.iter().map(|d| all(d).0)), band(draws.iter().map(|d| all(d).1)));
            let total = (hand.0 + new + direct, hand.1 + (new + direct) * deal);
            let sum = |value: f64| if self.deal.is_some() { money(value) } else { Cell::none() };
            rows.push(vec![
                Cell::text(periods.label(at)),
                expected(hand.0),
                expected(new),
                expected(direct),
                expected(total.0),
                interval(of_wins, Unit::Count),
                sum(total.1),
                if self.deal.is_some() { interval(of_amount, Unit::Money) } else { Cell::none() },
            ]);
            let line = |item: &str, value: f64, unit: Unit| {
                let scenario = if given.is_some() { "given" } else { "present" };
                let mut line = Line::new("ahead", item, value, unit).scenario(scenario).period(&periods.all[at]);
                line.assumed = self.factor != 1.0 || (unit == Unit::Money && self.asked.deal().is_some());
                line
            };
            lines.push(line("deals_from_open", hand.0, Unit::Count));
            lines.push(line("deals_from_new_leads", new, Unit::Count));
            lines.push(line("deals_without_lead", direct, Unit::Count));
            lines.push(line("deals", total.0, Unit::Count).band(of_wins));
            if self.deal.is_some() {
                lines.push(line("amount_from_open", hand.1, Unit::Money));
                lines.push(line("amount_from_new_leads", new * deal, Unit::Money));
                lines.push(line("amount_without_lead", direct * deal, Unit::Money));
                lines.push(line("amount", total.1, Unit::Money).band(of_amount));
            }
        }
        let pace = self.pace[0] * MONTH;
        let title = match given {
            Some(rate) => format!(
                "What comes with {} new leads a {} (at present {} a month)",
                number::people(rate.n, Unit::Count),
                rate.per.id(),
                leads(pace)
            ),
            None => format!("What comes at the present pace of {} new leads a month", leads(pace)),
        };
        table("plan_ahead", title, columns, rows)
    }

    /// The leads that are needed, by segment, with the present mix kept.
    ///
    /// # Errors
    /// A column that is not there, or has too many values.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn segments(
        &self,
        timed: &[Timed],
        args: &PlanArgs,
        lines: &mut Vec<Line>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Table>> {
        let mut by: Vec<String> = args.by.iter().map(|name| name.trim().to_string()).collect();
        let mut seen = Vec::new();
        by.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        if by.is_empty() || timed.is_empty() {
            return Ok(None);
        }
        self.data.not_too_many(&by, 10)?;
        let (names, of) = self.data.facts().segments(&by)?;
        let mut came: BTreeMap<usize, u64> = BTreeMap::new();
        for one in self.m.lately().filter(|one| one.stage == 0) {
            *came.entry(of[one.at]).or_default() += 1;
        }
        // The wins of deals that began later are no lead's.
        let mut is_lead = vec![false; of.len()];
        self.m.came.iter().filter(|one| one.stage == 0).for_each(|one| is_lead[one.at] = true);
        let mut wins: BTreeMap<usize, usize> = BTreeMap::new();
        let mut leads_of: BTreeMap<usize, u64> = BTreeMap::new();
        for (stay, at) in self.m.stays.iter().zip(&self.m.of) {
            let segment = of[*at as usize];
            *wins.entry(segment).or_default() += usize::from(stay.end == End::Won && is_lead[*at as usize]);
            *leads_of.entry(segment).or_default() += u64::from(stay.stage == 0);
        }
        let all: u64 = came.values().sum();
        let reach = self.reach();
        let models: Vec<_> = came
            .keys()
            .map(|segment| {
                let own = wins.get(segment).copied().unwrap_or(0) >= OWN;
                (own, if own { self.m.model(|at| of[at] == *segment) } else { self.model.clone() })
            })
            .collect();
        let columns = vec![
            Column::left("segment", by.join(", ")),
            Column::right("share", "Of leads"),
            Column::right("leads", "A month"),
            Column::right("present", "At present"),
            Column::right("chance", "In the end"),
            Column::right("in_time", "In time"),
            Column::right("wins", "Leads won"),
            Column::left("curve", "Curve"),
        ];
        let mut rows = Vec::new();
        for one in timed {
            rows.extend((timed.len() > 1).then(|| heading(&Self::called(one), columns.len())));
            let unit = self.unit(one.window.1 as usize);
            let days = one.window.1 as usize;
            let each: Vec<f64> =
                models.iter().map(|(_, m)| self.factor * span(&m.won_by(days)[0], &unit, one.window)).collect();
            let share = |n: u64| n as f64 / all as f64;
            let mixed: f64 = came.values().zip(&each).map(|(n, each)| share(*n) * each).sum();
            let per_deal = if one.goal.aim == Aim::WonRevenue { self.deal.unwrap_or(0.0) } else { 1.0 };
            let total = if one.gap <= 0.0 { Some(0.0) } else { Some(one.gap / (mixed * per_deal)) };
            let total = total.filter(|n| n.is_finite() && (*n <= 0.0 || self.can_tell(mixed, one.months)));
            let month = MONTH / self.m.pace_days;
            for (((segment, n), (own, model)), each) in came.iter().zip(&models).zip(&each) {
                let needed = total.map(|total| total * share(*n));
                let end = model.won_by(reach)[0].last().copied().unwrap_or(0.0);
                let name = segment_text(&by, &names[*segment]);
                let label: Vec<&str> = names[*segment].iter().map(|v| v.as_deref().unwrap_or("(blank)")).collect();
                rows.push(vec![
                    Cell::text(label.join(", ")),
                    Cell::Number(share(*n), Unit::Share),
                    needed.map_or_else(Cell::none, |n| Cell::text(leads(n))),
                    Cell::text(leads(*n as f64 * month)),
                    Cell::Number(end * self.factor, Unit::Share),
                    Cell::Number(each / one.months, Unit::Share),
                    Cell::count(wins.get(segment).copied().unwrap_or(0) as u64),
                    Cell::text(if *own { "own" } else { "of all" }),
                ]);
                let line = |item: &str, value: Result<f64, String>, unit: Unit| {
                    let line = match value {
                        Ok(value) => Line::new("segment", item, value, unit),
                        Err(why) => Line::missing("segment", item, why, unit),
                    };
                    let n = leads_of.get(segment).copied();
                    Line { segment: name.clone(), n, ..line.target(&Self::name(one)).period(&one.goal.period) }
                };
                let none = || "no_lead_is_won_in_time".to_string();
                lines.push(line("share_of_leads", Ok(share(*n)), Unit::Share));
                lines.push(line("leads_per_month", needed.ok_or_else(none), Unit::Count));
                lines.push(line("eventual_conversion", Ok(end * self.factor), Unit::Share));
                lines.push(line("won_in_time", Ok(each / one.months), Unit::Share));
                let spend = match (&self.cost, needed) {
                    (Ok(cost), Some(needed)) => Ok(cost * needed * one.months),
                    (Err(why), _) => Err(why.clone()),
                    (_, None) => Err(none()),
                };
                lines.push(line("spend", spend, Unit::Money));
            }
            let listed: usize = came.keys().filter_map(|segment| wins.get(segment)).sum();
            let others = wins.values().sum::<usize>() - listed;
            if others > 0 {
                let mut row = vec![Cell::text("Others: no new buyer of late"), Cell::Number(0.0, Unit::Share)];
                row.extend(std::iter::repeat_with(Cell::none).take(columns.len() - 3));
                row.insert(columns.len() - 2, Cell::count(others as u64));
                rows.push(row);
            }
            if let (Some(total), Some(n)) = (total, one.leads)
                && leads(total) != leads(n)
            {
                let share = |each: f64| number::people(each / one.months, Unit::Share);
                let (own, all) = (share(mixed), share(one.each));
                let apart = if own == all { String::new() } else { format!(": {own} are won in time, not {all}") };
                notes.push(format!(
                    "{}: by segment it takes {} new buyers a month, and {} of all together, as each segment has its own \
                     chances there{apart}.",
                    Self::called(one),
                    leads(total),
                    leads(n)
                ));
            }
            rows.push(vec![
                Cell::text("All, in this mix"),
                Cell::Number(1.0, Unit::Share),
                total.map_or_else(Cell::none, |n| Cell::text(leads(n))),
                Cell::text(leads(all as f64 * month)),
                Cell::none(),
                Cell::Number(mixed / one.months, Unit::Share),
                Cell::count(wins.values().sum::<usize>() as u64),
                Cell::none(),
            ]);
        }
        Ok(table(
            "plan_segments",
            format!("New buyers needed by {}, the present mix kept", by.join(", ")),
            columns,
            rows,
        ))
    }

    /// With which new leads sales' work is told: those that a target needs, those given, and the present pace where neither
    /// has any.
    fn scenarios(&self, timed: &[Timed], args: &PlanArgs) -> Vec<Scenario> {
        let reaching = timed.iter().filter_map(|one| Some((one, one.leads.filter(|n| *n > 0.0)?)));
        let mut all: Vec<Scenario> = reaching
            .map(|(one, n)| {
                let new = self.unit(one.window.1 as usize).iter().map(|day| day * n).collect();
                let called = format!("{} new buyers a month, as needed: {}", leads(n), Self::called(one));
                Scenario { kind: "needed", called, target: Self::name(one), monthly: n, new }
            })
            .collect();
        if let Some(rate) = &self.asked.leads {
            let days = usize::try_from(self.coming(args).to - self.as_of).unwrap_or(1);
            let new: Vec<f64> = rate.daily(self.as_of, days, self.fiscal);
            let called = format!("{} new buyers a {}, as given", number::people(rate.n, Unit::Count), rate.per.id());
            let per_year = [(PeriodKind::Week, 365.25 / 7.0), (PeriodKind::Month, 12.0), (PeriodKind::Quarter, 4.0)];
            let per_year = per_year.iter().find(|(kind, _)| *kind == rate.per).map_or(1.0, |(_, n)| *n);
            let monthly = rate.n * per_year / 12.0;
            all.push(Scenario { kind: "given", called, target: String::new(), monthly, new });
        }
        // Where no number of new leads reaches a target, those in hand still want work.
        if all.is_empty() || timed.iter().any(|one| one.leads.is_none()) {
            let ends = timed.iter().map(|one| one.goal.period.end);
            let last = ends.max().unwrap_or_else(|| self.coming(args).to);
            let days = usize::try_from(last - self.as_of).unwrap_or(1);
            let new = Self::every_day(days).iter().map(|n| n * self.pace[0]).collect();
            let monthly = self.pace[0] * MONTH;
            let called = format!("{} new buyers a month, as at present", leads(monthly));
            all.push(Scenario { kind: "present", called, target: String::new(), monthly, new });
        }
        all
    }

    /// Leads against what sales can work, with each number of new leads.
    ///
    /// # Errors
    /// Why nothing can be told.
    pub fn capacity(&self, timed: &[Timed], args: &PlanArgs, lines: &mut Vec<Line>) -> Result<Table, String> {
        let contract = &self.data.session.contract;
        let (from, _) = contract.handoff_stages().map_err(|issue| issue.what)?;
        let title = &contract.stages[from].title;
        let place = self.m.stages.iter().position(|stage| *stage == from);
        let place = place.ok_or_else(|| format!("no export shows who reaches {title} before a deal is won"))?;
        if self.m.came.is_empty() {
            return Err(format!("nobody has come in, so nobody knows how many reach {title}"));
        }
        let given = self.asked.capacity.clone();
        // What sales has worked is of all leads.
        if given.is_none() && !self.whole {
            return Err("what sales can work is for all leads, and the condition leaves some out".into());
        }
        let measured = given.is_none().then(|| super::super::handoff::worked(self.data, from)).flatten();
        let monthly = measured.as_ref().map(|(n, _)| Rate { n: *n, per: PeriodKind::Month });
        let rate = given.or(monthly).ok_or("no lead is known to have been touched in time")?;
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("leads", "New buyers"),
            Column::right("demand", "To be worked"),
            Column::right("capacity", "Capacity"),
            Column::right("over", "Too many"),
        ];
        let scenarios = self.scenarios(timed, args);
        let mut rows = Vec::new();
        for one in &scenarios {
            rows.extend((scenarios.len() > 1).then(|| heading(&format!("With {}", one.called), columns.len())));
            let days = one.new.len() - 1;
            let last = self.as_of + i32::try_from(days).unwrap_or(0);
            let (flow, can) = (self.flow(&one.new), rate.daily(self.as_of, days, self.fiscal));
            let periods = Periods::covering(rate.per, self.as_of + 1, last, self.fiscal).all;
            for (at, period) in periods.iter().enumerate() {
                let (start, end) = (period.start.max(self.as_of + 1), period.end.min(last));
                let day = |day: i32| usize::try_from(day - self.as_of).unwrap_or(0);
                let sum = |of: &[f64]| of[day(start)..=day(end)].iter().sum::<f64>();
                let (new, demand, capacity) = (sum(&one.new), sum(&flow.reached[place]), sum(&can));
                let over = (demand - capacity).max(0.0);
                if at < 12 {
                    let part = if (start, end) == (period.start, period.end) { "" } else { " part" };
                    let over = if over > 0.0 { expected(over) } else { Cell::text("none") };
                    let label = format!("{}{part}", period.label);
                    rows.push(vec![Cell::text(label), expected(new), expected(demand), expected(capacity), over]);
                }
                let line = |item: &str, value: f64| Line {
                    stage: contract.stages[from].id.value.clone(),
                    period: Some((period.label.clone(), start, end)),
                    assumed: !self.asked.rates().is_empty(),
                    ..Line::new("capacity", item, value, Unit::Count).target(&one.target).scenario(one.kind)
                };
                lines.push(Line { stage: String::new(), ..line("new_leads", new) });
                lines.push(line("to_be_worked", demand));
                lines.push(line("capacity", capacity));
                lines.push(line("too_many", over));
            }
            let pace = Line::new("capacity", "leads_per_month", one.monthly, Unit::Count);
            lines.push(pace.target(&one.target).scenario(one.kind));
        }
        let how = match measured {
            Some((_, label)) => format!("the most that sales has touched in time in a month, {label}"),
            None => "what --capacity says".into(),
        };
        let with = scenarios.first().filter(|_| scenarios.len() == 1);
        let with = with.map_or_else(String::new, |one| format!(", with {}", one.called));
        table("plan_capacity", format!("{title} against {how}{with}"), columns, rows).ok_or_else(String::new)
    }
}
