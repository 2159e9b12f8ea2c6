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
                let mut line = Line::new("ahead", item, value, unit).period(&periods.all[at]);
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
    pub fn segments(&self, timed: &[Timed], args: &PlanArgs, lines: &mut Vec<Line>) -> Result<Option<Table>> {
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
        let from = self.m.pace_from(self.as_of);
        let mut came: BTreeMap<usize, u64> = BTreeMap::new();
        for one in self.m.came.iter().filter(|one| one.stage == 0 && one.day >= from) {
            *came.entry(of[one.at]).or_default() += 1;
        }
        let mut wins: BTreeMap<usize, usize> = BTreeMap::new();
        let mut leads_of: BTreeMap<usize, u64> = BTreeMap::new();
        for (stay, at) in self.m.stays.iter().zip(&self.m.of) {
            let segment = of[*at as usize];
            *wins.entry(segment).or_default() += usize::from(stay.end == End::Won);
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
            Column::right("wins", "Won so far"),
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

    /// Leads against what sales can work.
    pub fn capacity(&self, timed: &[Timed], lines: &mut Vec<Line>) -> Option<Table> {
        let contract = &self.data.session.contract;
        let (from, _) = contract.handoff_stages().ok()?;
        let place = self.m.stages.iter().position(|stage| *stage == from)?;
        let given = self.asked.capacity.clone();
        // What sales has worked is of all leads.
        if given.is_none() && !self.whole {
            return None;
        }
        let measured = given.is_none().then(|| super::super::handoff::worked(self.data, from)).flatten();
        let monthly = Rate { n: measured.as_ref().map_or(0.0, |(n, _)| *n), per: PeriodKind::Month };
        let (rate, known) = given.map_or((monthly, measured.is_some()), |rate| (rate, true));
        if !known {
            return None;
        }
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("demand", "To be worked"),
            Column::right("capacity", "Capacity"),
            Column::right("over", "Too many"),
        ];
        let mut rows = Vec::new();
        for one in timed.iter().filter(|one| one.leads.is_some()) {
            rows.extend((timed.len() > 1).then(|| heading(&Self::called(one), columns.len())));
            let days = usize::try_from(one.goal.period.end - self.as_of).unwrap_or(0);
            let flow = self.flow(one.leads.unwrap_or(0.0), days);
            let can = rate.daily(self.as_of, days, self.fiscal);
            let periods = Periods::covering(rate.per, self.as_of + 1, one.goal.period.end, self.fiscal).all;
            for (at, period) in periods.iter().enumerate() {
                let (start, end) = (period.start.max(self.as_of + 1), period.end.min(one.goal.period.end));
                let day = |day: i32| usize::try_from(day - self.as_of).unwrap_or(0);
                let sum = |of: &[f64]| of[day(start)..=day(end)].iter().sum::<f64>();
                let (demand, capacity) = (sum(&flow.reached[place]), sum(&can));
                let over = (demand - capacity).max(0.0);
                if at < 12 {
                    let part = if (start, end) == (period.start, period.end) { "" } else { " part" };
                    let over = if over > 0.0 { expected(over) } else { Cell::text("none") };
                    let label = format!("{}{part}", period.label);
                    rows.push(vec![Cell::text(label), expected(demand), expected(capacity), over]);
                }
                let line = |item: &str, value: f64| Line {
                    stage: contract.stages[from].id.value.clone(),
                    period: Some((period.label.clone(), start, end)),
                    ..Line::new("capacity", item, value, Unit::Count).target(&Self::name(one))
                };
                lines.push(line("to_be_worked", demand));
                lines.push(line("capacity", capacity));
                lines.push(line("too_many", over));
            }
        }
        let how = match measured {
            Some((_, label)) => format!("the most that sales has touched in time in a month, {label}"),
            None => "what --capacity says".into(),
        };
        table("plan_capacity", format!("{} against {how}", contract.stages[from].title), columns, rows)
    }
}
