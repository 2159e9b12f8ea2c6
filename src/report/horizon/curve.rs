//! From what was counted to figures: the lag curve, medians, what spend pays when, and volume against yield.
//!
//! In: a [`Group`]. Out: shares with intervals, and tests; nothing that is drawn or written.

use super::count::{Days, Followed, Mqls};
use crate::calendar::PeriodKind;
use crate::stats::interval::wilson;
use crate::stats::lag::{Age, Share, shares};
use crate::stats::proportions::{self, BEYOND_CHANCE};
use crate::stats::summary::{Summary, summary};
use crate::stats::survival::{Event, incidence};

/// What share has come by each age, of what comes by the last.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Everybody followed.
    pub n: u64,
    /// By age.
    pub ages: Vec<Age>,
    /// Of the wins; none where nobody won, or too few were followed.
    pub wins: Option<Vec<Share>>,
    /// Of the revenue.
    pub revenue: Option<Vec<Share>>,
}

/// The curve of those followed, up to the last age that stands on enough.
#[allow(clippy::cast_precision_loss)] // sums of cents stay below 2^53
pub fn curve(all: &[Followed]) -> Curve {
    let days: Vec<i32> = all.iter().map(|one| one.age).collect();
    let events: Vec<Event> = all.iter().map(|one| one.event).collect();
    let found = incidence(&days, &events);
    let length = found.last().map_or(0, |(last, _)| usize::try_from(last).unwrap_or(0) + 1);
    let mut ages = vec![Age::default(); length];
    for (at, age) in ages.iter_mut().enumerate() {
        age.at_risk = found.at_risk(i32::try_from(at).unwrap_or(i32::MAX));
    }
    let mut money = ages.clone();
    for one in all {
        let Some(at) = usize::try_from(one.age).ok().filter(|at| *at < length) else { continue };
        for (of, brought) in [(&mut ages[at], 1.0), (&mut money[at], one.money as f64)] {
            match one.event {
                Event::Win => {
                    of.wins += 1;
                    of.sum += brought;
                    of.squares += brought * brought;
                }
                Event::Lost => of.lost += 1,
                Event::Censored => {}
            }
        }
    }
    Curve { n: all.len() as u64, wins: shares(&ages), revenue: shares(&money), ages }
}

/// How long something took.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// Everybody followed.
    pub n: u64,
    /// Of those for whom it came: their days as they are.
    pub came: Option<Summary>,
    /// The day by which half of those have it who get it at all, as far as was seen: the young count too.
    pub median: Option<i32>,
}

/// The days of those followed.
pub fn waits(all: &[Days]) -> Waits {
    let (days, events): (Vec<i32>, Vec<Event>) = all.iter().copied().unzip();
    let mut came: Vec<i32> = all.iter().filter(|one| one.1 == Event::Win).map(|one| one.0).collect();
    Waits {
        n: all.len() as u64,
        came: summary(&mut came),
        median: incidence(&days, &events).quantile_of_converted(0.5),
    }
}

/// How a period's MQLs stand against those of the year before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Against {
    /// The periods before it that were old enough, together, and how many they are.
    pub before: Mqls,
    /// Their number.
    pub periods: u64,
    /// Relative change of the volume against their mean.
    pub volume: Option<f64>,
    /// Change of the share won within the days of maturity, as a fraction.
    pub yields: Option<f64>,
    /// Standard errors of that change; none where there are too few to tell.
    pub z: Option<f64>,
}

impl Against {
    /// More came, and a smaller share of them was won, beyond chance.
    pub fn alarm(&self) -> bool {
        self.volume.is_some_and(|v| v > 0.0) && self.z.is_some_and(|z| z <= -BEYOND_CHANCE)
    }
}

/// How many periods a year has.
pub fn in_a_year(kind: PeriodKind) -> usize {
    match kind {
        PeriodKind::Week => 52,
        PeriodKind::Month => 12,
        PeriodKind::Quarter | PeriodKind::FiscalQuarter => 4,
        PeriodKind::Year | PeriodKind::FiscalYear => 1,
    }
}

/// A period against the whole and mature ones of the year before it, without a gap; `None` where there is none.
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn against(all: &[(Mqls, bool)], at: usize, year: usize) -> Option<Against> {
    let counts = |before: &&(Mqls, bool)| before.1;
    let before: Vec<Mqls> = all[..at].iter().rev().take(year).take_while(counts).map(|(mqls, _)| *mqls).collect();
    let periods = before.len() as u64;
    let together = before.into_iter().reduce(Mqls::and)?;
    let now = all[at].0;
    let mean = together.n as f64 / periods as f64;
    let share = |mqls: Mqls| (mqls.n > 0).then(|| mqls.soon as f64 / mqls.n as f64);
    Some(Against {
        before: together,
        periods,
        volume: (mean > 0.0).then(|| now.n as f64 / mean - 1.0),
        yields: share(now).zip(share(together)).map(|(now, before)| now - before),
        z: proportions::z((together.soon, together.n), (now.soon, now.n)),
    })
}

/// Both sides of a share and its interval.
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn share(k: u64, n: u64) -> Option<(f64, Option<(f64, f64)>)> {
    (n > 0).then(|| (k as f64 / n as f64, wilson(k as f64, n as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mqls(n: u64, soon: u64) -> Mqls {
        Mqls { n, won: soon, soon, money: 0 }
    }

    #[test]
    fn a_period_stands_against_the_year_before_it() {
        let all = [
            (mqls(900, 1), true),
            (mqls(100, 10), true),
            (mqls(50, 10), false),
            (mqls(100, 12), true),
            (mqls(140, 14), true),
            (mqls(200, 6), true),
        ];
        // Back to the one that does not count.
        let found = against(&all, 5, 4).unwrap();
        assert_eq!((found.periods, found.before), (2, mqls(240, 26)));
        assert!((found.volume.unwrap() - (200.0 / 120.0 - 1.0)).abs() < 1e-12);
        assert!((found.yields.unwrap() - (0.03 - 26.0 / 240.0)).abs() < 1e-12);
        // Pooled 32/440: -0.078333 / sqrt(0.0727273 * 0.9272727 * (1/240 + 1/200)) = -3.1506
        assert!((found.z.unwrap() + 3.1506).abs() < 1e-3 && found.alarm(), "{found:?}");
        // The period right before does not count: there is nothing to stand against.
        assert_eq!(against(&all, 3, 4), None);
        assert_eq!(against(&all, 0, 4), None);
        // The year has only so many.
        assert_eq!(against(&all, 2, 1).map(|a| a.periods), Some(1));
    }

    #[test]
    fn fewer_leads_or_too_few_are_no_alarm() {
        let fewer = [(mqls(300, 60), true), (mqls(200, 10), true)];
        assert!(against(&fewer, 1, 4).is_some_and(|a| a.z.is_some_and(|z| z < -3.0) && !a.alarm()));
        let few = [(mqls(10, 5), true), (mqls(20, 0), true)];
        assert!(against(&few, 1, 4).is_some_and(|a| a.z.is_none() && !a.alarm()));
        let none = [(mqls(0, 0), true), (mqls(0, 0), true)];
        let found = against(&none, 1, 4).unwrap();
        assert_eq!((found.volume, found.yields, found.z), (None, None, None));
    }

    #[test]
    fn nobody_has_no_curve_and_no_days() {
        let none = curve(&[]);
        assert_eq!((none.n, none.wins, none.revenue), (0, None, None));
        assert!(waits(&[]).came.is_none() && waits(&[]).median.is_none());
    }
}
