//! The bounds of a gate on a metric: on the value itself, against the target, the period before, and the periods before that.
//!
//! In: a metric in the period that is judged ([`Figure`]). Out: [`Bound`]s, and the [`Numbers`] that decided.

use jiff::civil::Date;

use super::judge::{Bound, Held, Numbers, View, goals, targets};
use super::words;
use crate::calendar::{Fiscal, Period, Periods};
use crate::catalogue::Metric;
use crate::contract::Gate;
use crate::evaluate::{Score, Scores};
use crate::facts::Segment;
use crate::report::handoff::needed;
use crate::stats::band::band;
use crate::time::{date_of, day_of};

/// Whether a number reaches a limit, but for what binary fractions add.
fn reaches(value: f64, limit: f64) -> bool {
    value >= limit - 1e-12 * limit.abs().max(1.0)
}

impl View<'_, '_> {
    /// The bound against the target.
    pub fn target(&self, figure: &Figure<'_>, numbers: &mut Numbers) -> Option<Bound> {
        let share = figure.gate.of_target.as_ref()?.value;
        let asked = format!("at least {} of the target", words::percent(share));
        let needed = figure.at.and_then(|at| self.needed(figure.metric, &figure.periods.all[at]));
        numbers.target = needed;
        Some(figure.bound(asked, |value| {
            let needed = needed.ok_or_else(|| format!("no [[target]] holds for all of {}", figure.label()))?;
            let held = reaches(value, share * needed);
            Ok((held, words::target(figure, value, needed, share, held)))
        }))
    }

    /// What the targets ask of a metric in a period; `None` where they do not hold for all of it.
    fn needed(&self, metric: &Metric, period: &Period) -> Option<f64> {
        let contract = &self.data.session.contract;
        let goals = goals(contract, metric).filter(|g| g.period.start >= period.start && g.period.end <= period.end);
        let goals: Vec<_> = goals.collect();
        if let Some(whole) = goals.iter().find(|g| (g.period.start, g.period.end) == (period.start, period.end)) {
            return Some(whole.value);
        }
        let mut next = period.start;
        let mut parts: Vec<_> = goals.iter().map(|g| (g.period.start, g.period.end, g.value)).collect();
        parts.sort_by_key(|(start, ..)| *start);
        let tiles = parts.iter().all(|(start, end, _)| {
            let follows = *start == next;
            next = *end + 1;
            follows
        });
        if tiles && next == period.end + 1 {
            return Some(parts.iter().map(|(.., value)| value).sum());
        }
        let targets = targets(contract, self.catalogue, metric);
        let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
        let per = Periods::covering(targets.first()?.per, period.start, period.end, fiscal);
        let part = |p: &Period| needed(&targets, (p.start, p.end), p.start.max(period.start), p.end.min(period.end));
        // A target that begins within the period is not one for it.
        let begins = targets.first()?.from.map_or(i32::MIN, day_of);
        (begins <= period.start).then(|| per.all.iter().filter_map(part).sum::<f64>())
    }

    /// The day on which the figure of a period is mature, where it is not yet: it is still rising.
    pub fn young(&self, metric: &Metric, end: i32) -> Option<Date> {
        let rises = metric.basis == "cohort" && metric.formula.ratio().is_some();
        let days = self.mature_after.filter(|days| rises && day_of(self.data.session.as_of) - end < *days)?;
        Some(date_of(end.saturating_add(days)))
    }
}

/// A metric in the period that is judged.
pub struct Figure<'a> {
    /// What is asked.
    pub gate: &'a Gate,
    /// The metric.
    pub metric: &'a Metric,
    /// The periods.
    pub periods: &'a Periods,
    /// Every figure of it.
    pub scores: &'a Scores,
    /// The period; `None` where there is no whole one, or none that is mature.
    pub at: Option<usize>,
    /// Why there is none.
    pub none: String,
    /// Its figure there.
    pub score: Option<&'a Score>,
}

impl Figure<'_> {
    /// The period, as people call it.
    pub fn label(&self) -> &str {
        self.at.map_or("the period", |at| self.periods.all[at].label.as_str())
    }

    /// Rows behind it.
    pub fn n(&self) -> u64 {
        self.score.map_or(0, |s| s.n)
    }

    /// One bound on the value, which nobody can tell where there is no value.
    fn bound(&self, asked: String, judge: impl FnOnce(f64) -> Result<(bool, String), String>) -> Bound {
        let value = match self.score.map(|s| &s.value) {
            Some(Ok(value)) => Ok(*value),
            Some(Err(why)) => Err(format!("{} has no value: {}", self.label(), why.reason)),
            None => Err(self.none.clone()),
        };
        match value.and_then(judge) {
            Ok((held, why)) => Bound { held: if held { Held::Yes } else { Held::No }, asked, why },
            Err(why) => {
                let why = format!("{why}; asked: {asked}");
                Bound { held: Held::Unknown, asked, why }
            }
        }
    }

    /// The bounds on the value itself.
    pub fn absolute(&self) -> Vec<Bound> {
        let one = |limit: f64, lowest: bool| {
            let asked =
                format!("at {} {}", if lowest { "least" } else { "most" }, words::limit(self.metric.unit, limit));
            self.bound(asked, |value| {
                let held = if lowest { reaches(value, limit) } else { reaches(limit, value) };
                Ok((held, words::absolute(self, value, limit, lowest, held)))
            })
        };
        let lowest = self.gate.at_least.map(|limit| one(limit, true));
        lowest.into_iter().chain(self.gate.at_most.map(|limit| one(limit, false))).collect()
    }

    /// The bounds against the period before.
    pub fn change(&self, numbers: &mut Numbers) -> Vec<Bound> {
        let gate = self.gate;
        if gate.change_at_least.is_none() && gate.change_at_most.is_none() {
            return Vec::new();
        }
        let before = self.at.and_then(|at| at.checked_sub(1)).filter(|at| !self.periods.is_partial(*at));
        let known = before.map(|at| self.scores.score(self.metric, &Segment::new(), Some(at)).value);
        let label = before.map_or("", |at| self.periods.all[at].label.as_str());
        let change = |value: f64| match &known {
            None => Err(format!("there is no whole period before {}", self.label())),
            Some(Err(why)) => Err(format!("{label} has no value: {}", why.reason)),
            Some(Ok(0.0)) => Err(format!("{label} is 0, so a change in parts of it says nothing")),
            Some(Ok(before)) => Ok((*before, (value - before) / before.abs())),
        };
        if let Some(Ok((before, change))) = numbers.value.map(change) {
            (numbers.before, numbers.change) = (Some(before), Some(change));
        }
        let one = |limit: f64, lowest: bool| {
            let asked =
                format!("relative change at {} {}", if lowest { "least" } else { "most" }, words::signed(limit));
            self.bound(asked, |value| {
                let (before, change) = change(value)?;
                let held = if lowest { reaches(change, limit) } else { reaches(limit, change) };
                Ok((held, words::change(self, (label, before), value, change, limit, lowest, held)))
            })
        };
        let lowest = gate.change_at_least.map(|limit| one(limit, true));
        lowest.into_iter().chain(gate.change_at_most.map(|limit| one(limit, false))).collect()
    }

    /// The bound against the periods before.
    pub fn band(&self, numbers: &mut Numbers) -> Option<Bound> {
        let (gate, wide) = (self.gate, self.gate.within_band?);
        let asked = format!("within {} sd of the {} periods before", words::plain(wide), gate.band_periods);
        let count = usize::try_from(gate.band_periods).unwrap_or(usize::MAX);
        let last = self.at.unwrap_or(0);
        let before = (last.saturating_sub(count)..last).filter(|at| !self.periods.is_partial(*at));
        let score = |at: usize| self.scores.score(self.metric, &Segment::new(), Some(at)).value.ok();
        let known: Vec<f64> = before.filter_map(score).collect();
        let found = if known.len() >= Gate::FEWEST as usize { band(&known, wide) } else { None };
        let found = found.map_or_else(
            || {
                let (n, fewest) = (known.len(), Gate::FEWEST);
                Err(format!("{n} of the {count} periods before {} are known, and a band needs {fewest}", self.label()))
            },
            Ok,
        );
        numbers.band = found.as_ref().ok().copied();
        Some(self.bound(asked, |value| {
            let band = found.clone()?;
            // Equal numbers have a mean that can differ from them in its last digit.
            let slack = 1e-9 * band.mean.abs();
            let held = value >= band.low - slack && value <= band.high + slack;
            Ok((held, words::band(self, value, &band, wide, held)))
        }))
    }

    /// The bound on the rows behind it.
    pub fn rows(&self) -> Option<Bound> {
        let fewest = self.gate.minimum_n?;
        let (asked, n) = (format!("at least {} rows", crate::output::number::whole(fewest)), self.n());
        if self.score.is_none() {
            return Some(self.bound(asked, |_| Err(String::new())));
        }
        let held = if n >= fewest { Held::Yes } else { Held::No };
        Some(Bound { held, asked, why: words::rows(self, fewest) })
    }
}
