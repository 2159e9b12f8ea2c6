//! `winrate`: four win rates side by side, what each counts, and how far apart they are.
//!
//! In: the command line. Out: a [`Report`]: the rates by period or segment, what they are made of, what each means, and the
//! tidy table.
//!
//! Narrow, broad and amount-weighted rates count deals by the day they closed; the close rate follows the deals created in
//! the period, whatever became of them by as-of, and is lower until the cohort is mature. Where no deal is lost, or none of
//! one side has an amount, a rate would be 100 % or 0 % because of what the exports leave out: it is missing.

mod count;
mod layout;
mod notes;
pub mod picture;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::WinrateArgs;
use crate::facts::Segment;
use crate::session::{Data, Session};
use crate::time::day_of;

use count::{Both, Counts, FEW, Figure, Key, Known, Rate};

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist.
pub fn build(args: &WinrateArgs, env: &mut Env<'_>) -> Result<Report> {
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &WinrateArgs) -> Result<Report> {
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
    let mature_after = data.mature_after();
    let segment_of = (!by.is_empty()).then_some(&segment_of[..]);
    let as_of = day_of(data.session.as_of);
    let view = View {
        data,
        periods: &periods,
        by: &by,
        segments: &segments,
        counts: count::count(&data.journeys, &keep, segment_of, &periods, as_of, mature_after),
        mature_after,
        known: Known {
            only_won: data.journeys.only_won(),
            lost_nothing: data.journeys.lost_nothing(),
            reasons: facts.fills("journeys", "lost_reason"),
            amounts: facts.fills("journeys", "amount"),
        },
    };
    let mut report = data.report("winrate", "Win rates, side by side");
    report.tables = view.tables();
    report.notes = view.notes(args.slice.condition.as_deref(), &keep);
    report.notes.extend(data.as_they_are_now(&by, args.slice.condition.as_deref()));
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}

/// What the tables are made of.
struct View<'a> {
    data: &'a Data,
    periods: &'a Periods,
    by: &'a [String],
    segments: &'a [Segment],
    counts: Counts,
    mature_after: Option<i32>,
    known: Known,
}

impl View<'_> {
    fn both(&self, key: Key) -> Both {
        self.counts.get(&key).cloned().unwrap_or_default()
    }

    fn figure(&self, rate: Rate, key: Key) -> Figure {
        Figure::of(rate, &self.both(key), self.known, self.data.facts().minor_per_major())
    }

    /// Whether every deal created in a period, or in all, began long enough ago.
    fn mature(&self, period: Option<usize>) -> Option<bool> {
        let end = period.map_or(self.periods.to, |p| self.periods.all[p].end);
        self.mature_after.map(|days| day_of(self.data.session.as_of) - end >= days)
    }

    /// Whether a rate will still rise: a close rate of which some deals are open and young.
    fn rises(&self, rate: Rate, key: Key) -> bool {
        rate == Rate::Close && self.counts.get(&key).is_some_and(|both| both.created.young > 0)
    }

    /// How far apart the rates of a line are, with the highest and the lowest; the same one where they are equal. One of
    /// few deals, and a close rate that will still rise, are left out.
    fn spread(&self, key: Key) -> Option<(f64, Rate, Rate)> {
        let known = |rate: Rate| {
            let figure = self.figure(rate, key);
            figure.value.ok().filter(|_| figure.n >= FEW && !self.rises(rate, key)).map(|value| (value, rate))
        };
        let rates: Vec<(f64, Rate)> = Rate::ALL.into_iter().filter_map(known).collect();
        let first = rates.first().filter(|_| rates.len() > 1)?;
        let high = rates.iter().fold(first, |a, b| if b.0 > a.0 { b } else { a });
        let low = rates.iter().fold(first, |a, b| if b.0 < a.0 { b } else { a });
        Some((high.0 - low.0, high.1, low.1))
    }
}
