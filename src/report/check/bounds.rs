//! The bounds of a gate on a metric: on the value itself, against the target, the period before, and the periods before that.
//!
//! In: a metric in the period that is judged ([`Figure`]). Out: [`Bound`]s, and the [`Numbers`] that decided.

use jiff::civil::Date;

use super::judge::{Bound, Held, Numbers, View, targets};
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
        let contract = &self.data.session.contract;
        let needed = figure.at.and_then(|at| {
            let period = &figure.periods.all[at];
            let targets = targets(contract, self.catalogue, figure.metric);
            let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
            let per = Periods::covering(targets.first()?.per, period.start, period.end, fiscal);
            let part =
                |p: &Period| needed(&targets, (p.start, p.end), p.start.max(period.start), p.end.min(period.end));
            // A target that begins within the period is not one for it.
            let begins = targets.first()?.from.map_or(i32::MIN, day_of);
            (begins <= period.start).then(|| per.all.iter().filter_map(part).sum::<f64>())
        });
        numbers.target = needed;
        Some(figure.bound(asked, |value| {
            let needed = needed.ok_or_else(|| format!("no [[target]] holds for all of {}", figure.label()))?;
            let held = reaches(value, share * needed);
            Ok((held, words::target(figure, value, needed, share, held)))
        }))
    }

    /// The day on which a figure that is still rising is mature.
    pub fn young(&self, figure: &Figure<'_>) -> Option<Date> {
        let end = figure.periods.all[figure.at?].end;
        let rises = figure.metric.basis == "cohort" && figure.metric.formula.ratio().is_some();
        let days = self.mature_after.filter(|days| rises && day_of(self.data.session.as_of) - end < *days)?;
        Some(date_of(end.saturating_add(days)))
    }

    /// Why a figure cannot be set beside those of earlier periods: it is still rising.
    fn immature(&self, figure: &Figure<'_>) -> Option<String> {
        let on = self.young(figure)?;
        Some(format!("{} is not mature before {on}, so earlier periods are no measure for it", figure.label()))
    }

    /// The bounds against the period before.
    pub fn change(&self, figure: &Figure<'_>, numbers: &mut Numbers) -> Vec<Bound> {
        let gate = figure.gate;
        if gate.change_at_least.is_none() && gate.change_at_most.is_none() {
            return Vec::new();
        }
        let before = figure.at.and_then(|at| at.checked_sub(1)).filter(|at| !figure.periods.is_partial(*at));
        let known = before.map(|at| figure.scores.score(figure.metric, &Segment::new(), Some(at)).value);
        let label = before.map_or("", |at| figure.periods.all[at].label.as_str());
        let change = |value: f64| match &known {
            None => Err(format!("there is no whole period before {}", figure.label())),
            Some(Err(why)) => Err(format!("{label} has no value: {}", why.reason)),
            Some(Ok(0.0)) => Err(format!("{label} is 0, so a change in parts of it says nothing")),
            Some(Ok(before)) => self.immature(figure).map_or(Ok((*before, (value - before) / before.abs())), Err),
        };
        if let Some(Ok((before, change))) = numbers.value.map(change) {
            (numbers.before, numbers.change) = (Some(before), Some(change));
        }
        let one = |limit: f64, lowest: bool| {
            let asked = format!("change at {} {}", if lowest { "least" } else { "most" }, words::signed(limit));
            figure.bound(asked, |value| {
                let (before, change) = change(value)?;
                let held = if lowest { reaches(change, limit) } else { reaches(limit, change) };
                Ok((held, words::change(figure, (label, before), value, change, limit, lowest, held)))
            })
        };
        let lowest = gate.change_at_least.map(|limit| one(limit, true));
        lowest.into_iter().chain(gate.change_at_most.map(|limit| one(limit, false))).collect()
    }

    /// The bound against the periods before.
    pub fn band(&self, figure: &Figure<'_>, numbers: &mut Numbers) -> Option<Bound> {
        let (gate, wide) = (figure.gate, figure.gate.within_band?);
        let asked = format!("within {} sd of the {} periods before", words::plain(wide), gate.band_periods);
        let count = usize::try_from(gate.band_periods).unwrap_or(usize::MAX);
        let last = figure.at.unwrap_or(0);
        let before = (last.saturating_sub(count)..last).filter(|at| !figure.periods.is_partial(*at));
        let score = |at: usize| figure.scores.score(figure.metric, &Segment::new(), Some(at)).value.ok();
        let known: Vec<f64> = before.filter_map(score).collect();
        let found = if known.len() >= Gate::FEWEST as usize { band(&known, wide) } else { None };
        let found = found.map_or_else(
            || {
                let (n, fewest) = (known.len(), Gate::FEWEST);
                Err(format!(
                    "{n} of the {count} periods before {} are known, and a band needs {fewest}",
                    figure.label()
                ))
            },
            Ok,
        );
        let found = found.and_then(|band| self.immature(figure).map_or(Ok(band), Err));
        numbers.band = found.as_ref().ok().copied();
        Some(figure.bound(asked, |value| {
            let band = found.clone()?;
            // Equal numbers have a mean that can differ from them in its last digit.
            let slack = 1e-9 * band.mean.abs();
            let held = value >= band.low - slack && value <= band.high + slack;
            Ok((held, words::band(figure, value, &band, wide, held)))
        }))
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
    /// The period; `None` where there is no whole one.
    pub at: Option<usize>,
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
            None => Err(format!("no whole {} is in the data yet", self.gate.period.id())),
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
    pub fn absolute(&self, young: Option<Date>) -> Vec<Bound> {
        let one = |limit: f64, lowest: bool| {
            let asked =
                format!("at {} {}", if lowest { "least" } else { "most" }, words::limit(self.metric.unit, limit));
            self.bound(asked, |value| {
                let held = if lowest { reaches(value, limit) } else { reaches(limit, value) };
                let still = young.map_or_else(String::new, |on| format!("; it is not mature before {on}"));
                Ok((held, words::absolute(self, value, limit, lowest, held) + &still))
            })
        };
        let lowest = self.gate.at_least.map(|limit| one(limit, true));
        lowest.into_iter().chain(self.gate.at_most.map(|limit| one(limit, false))).collect()
    }

    /// The bound on the rows behind it.
    pub fn rows(&self) -> Option<Bound> {
        let fewest = self.gate.minimum_n?;
        let (asked, n) = (format!("at least {} rows", crate::output::number::whole(fewest)), self.n());
        Some(match self.score {
            None => self.bound(asked, |_| Err(String::new())),
            Some(_) => {
                let held = if n >= fewest { Held::Yes } else { Held::No };
                Bound { held, asked, why: words::rows(self, fewest) }
            }
        })
    }
}
