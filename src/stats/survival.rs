//! Eventual conversion while some are lost for good and of others nobody knows yet: Aalen–Johansen.
//!
//! In: for everybody a number of whole days, and what happened then. Out: [`Incidence`]: by day, the share that has
//! converted, its variance and its bounds.
//!
//! Losing competes with converting: who is lost can no longer convert, so to take losses for unknowns (Kaplan–Meier with
//! losses censored) promises conversions that cannot come. On one day events come before censorings: who is censored on
//! day 30 was still at risk on day 30. Days are whole, so many events share one; they are taken together, which gives the
//! same share as any order of them would.
//!
//! Sources: the estimator, Aalen and Johansen (1978); the variance by the delta method, Greenwood's for competing events,
//! as Collett (*Modelling Survival Data in Medical Research*, 3rd ed., 2015, ch. 12) gives it and lifelines computes it;
//! without censoring it is the binomial p(1 − p)/n. Bounds by log(−log F), which stay between 0 and 1.

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Of fewer no share is estimated.
pub const MIN_N: u64 = 5;

/// Where fewer are at risk, for how many of all each may stand: one censored before leaves its part to them.
pub const STANDS_FOR: f64 = 2.0;

/// What ended somebody's days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Converted.
    Win,
    /// Can no longer convert.
    Lost,
    /// Neither yet, when last seen.
    Censored,
}

/// One day on which something happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Days since the beginning; may be negative.
    pub day: i32,
    /// Those not yet converted, lost or censored before this day.
    pub at_risk: u64,
    /// Converted on it.
    pub wins: u64,
    /// Lost on it.
    pub lost: u64,
    /// Censored on it.
    pub censored: u64,
    /// Share that is neither converted nor lost by the end of the day.
    pub open: f64,
    /// The estimate by the end of the day.
    pub estimate: Estimate,
}

/// The share converted by a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The cumulative incidence, 0 to 1.
    pub cif: f64,
    /// Its variance.
    pub variance: f64,
}

impl Estimate {
    /// Pointwise 95 % bounds; `None` where nobody or everybody has converted, as the transformation ends there.
    pub fn bounds(self) -> Option<(f64, f64)> {
        let Self { cif, variance } = self;
        if !(cif > 0.0 && cif < 1.0 - 1e-12) {
            return None;
        }
        let (centre, error) = ((-cif.ln()).ln(), variance.sqrt() / (cif * cif.ln().abs()));
        let bound = |sign: f64| (-(centre + sign * Z * error).exp()).exp();
        Some((bound(1.0), bound(-1.0)))
    }
}

/// The whole curve, and how far it says something.
#[derive(Debug, Clone, PartialEq)]
pub struct Incidence {
    /// Everybody.
    pub n: u64,
    /// The days on which something happened, in order.
    pub steps: Vec<Step>,
    /// How many of them, from the first, stand on enough: at least [`MIN_N`] are at risk, or each of the fewer stands for at
    /// most [`STANDS_FOR`], as nearly all who are missing had an event and were not censored.
    pub sound: usize,
}

/// The cumulative incidence of [`Event::Win`]. `days[i]` is when `events[i]` happened to the `i`th; any order.
///
/// ```
/// use onefunnel::stats::survival::{Event::{Censored, Lost, Win}, incidence};
/// // Ten people: two convert on day 3, where one is lost too, and one on day 9, when only five are still at risk.
/// let days = [3, 3, 3, 5, 5, 9, 20, 20, 20, 20];
/// let events = [Win, Win, Lost, Censored, Lost, Win, Censored, Censored, Censored, Censored];
/// let curve = incidence(&days, &events);
/// // 2/10, then the 6/10 that are still open on day 9 (7/10 × 6/7) times 1/5
/// assert!((curve.at(20).unwrap().cif - (0.2 + 0.6 * 0.2)).abs() < 1e-12);
/// assert_eq!(curve.at(21), None, "nobody was followed for so long");
/// ```
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn incidence(days: &[i32], events: &[Event]) -> Incidence {
    let mut all: Vec<(i32, Event)> = days.iter().copied().zip(events.iter().copied()).collect();
    all.sort_unstable_by_key(|(day, _)| *day);
    let n = all.len() as u64;
    let (mut at_risk, mut open, mut cif) = (n, 1.0, 0.0);
    // Σ a(F − Fᵢ)², Σ a(F − Fᵢ), Σ a; Σ b(F − Fᵢ), Σ b; Σ c: each grows with F, so that nothing cancels out.
    let (mut square, mut linear, mut sum_a, mut cross, mut sum_b, mut own) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let mut steps = Vec::new();
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        let count = |event: Event| same.iter().filter(|(_, e)| *e == event).count() as u64;
        let (wins, lost, censored) = (count(Event::Win), count(Event::Lost), count(Event::Censored));
        let (r, w, d) = (at_risk as f64, wins as f64, (wins + lost) as f64);
        let more = open * w / r;
        cif += more;
        square += more * (2.0 * linear + more * sum_a);
        linear += more * sum_a;
        cross += more * sum_b;
        // Infinite where everybody who is left has an event: then this is the last step, and nobody asks again.
        sum_a += d / r / (r - d);
        sum_b += open * w / (r * r);
        own += open * open * w * (r - w) / (r * r * r);
        open *= (r - d) / r;
        let variance = (square + own - 2.0 * cross).max(0.0);
        steps.push(Step { day: same[0].0, at_risk, wins, lost, censored, open, estimate: Estimate { cif, variance } });
        at_risk -= same.len() as u64;
    }
    // What each at risk weighs never falls: an event leaves it, and a censoring adds to it.
    let mut open = 1.0;
    let sound = steps.iter().take_while(|step| {
        let enough = step.at_risk >= MIN_N || open * n as f64 <= STANDS_FOR * step.at_risk as f64 + 1e-9;
        open = step.open;
        enough
    });
    let sound = sound.count();
    Incidence { n, steps, sound }
}

impl Incidence {
    /// The steps that stand on enough; none for fewer than [`MIN_N`].
    fn known(&self) -> &[Step] {
        if self.n >= MIN_N { &self.steps[..self.sound] } else { &[] }
    }

    /// The last day that stands on enough, and the estimate then; `None` for fewer than [`MIN_N`].
    pub fn last(&self) -> Option<(i32, Estimate)> {
        self.known().last().map(|step| (step.day, step.estimate))
    }

    /// Whether everybody has converted or is lost, so that the estimate will not change.
    pub fn is_closed(&self) -> bool {
        let known = self.known();
        !known.is_empty() && known.len() == self.steps.len() && known.iter().all(|step| step.censored == 0)
    }

    /// The estimate by the end of a day. `None` beyond the last day that stands on enough, unless nobody is open,
    /// and for fewer than [`MIN_N`].
    pub fn at(&self, day: i32) -> Option<Estimate> {
        let last = self.known().last()?;
        if day > last.day && !self.is_closed() {
            return None;
        }
        let after = self.known().partition_point(|step| step.day <= day);
        let nobody = Estimate { cif: 0.0, variance: 0.0 };
        Some(after.checked_sub(1).map_or(nobody, |at| self.steps[at].estimate))
    }

    /// How many were neither converted, lost nor censored before that day.
    pub fn at_risk(&self, day: i32) -> u64 {
        let next = self.steps.partition_point(|step| step.day < day);
        self.steps.get(next).map_or(0, |step| step.at_risk)
    }

    /// The first day by which that share of all has converted; `None` when it was not seen to.
    pub fn quantile(&self, share: f64) -> Option<i32> {
        // A share such as 1/3 + 1/6 may miss one half by its last bit.
        let reached = |step: &&Step| step.estimate.cif >= share - 1e-12;
        self.known().iter().find(reached).map(|step| step.day)
    }

    /// The first day by which that share of those who convert at all, as far as was seen, have done so.
    pub fn quantile_of_converted(&self, share: f64) -> Option<i32> {
        let (_, last) = self.last().filter(|(_, last)| last.cif > 0.0)?;
        self.quantile(share * last.cif)
    }
}

#[cfg(test)]
mod tests;
