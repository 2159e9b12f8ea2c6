//! How much of what comes in the end has come by each age, while some are still open.
//!
//! In: per whole age (0, 1, 2, …) how many were still open, how many ended, and the sum of what they brought. Out: the share of
//! the expected sum by the last age that has come by each age, with an interval.
//!
//! With R(k) = Σ S(j−1)·m(j) over j ≤ k, where m is the mean brought at an age by those open before it and S the share still
//! open, the share is R(k)/R(K). Where each brings 1, R is the Aalen–Johansen estimate of [`super::survival`]; with amounts it is the
//! expected amount, again with losses as competing events. The variance is by the delta method: at one age m and the share a
//! that ends are means over the same people, so Var m = (mean of squares − m²)/n, Var a = a(1 − a)/n, Cov = m(1 − a)/n; ages
//! do not vary together. The bounds are those of the logit, which stay between 0 and 1.

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Of fewer who brought something there are no bounds.
const MIN_WINS: u64 = 5;

/// One age.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Age {
    /// Open before it, and followed through it.
    pub at_risk: u64,
    /// Of them, ended at it with something.
    pub wins: u64,
    /// Of them, ended at it with nothing.
    pub lost: u64,
    /// What they brought.
    pub sum: f64,
    /// The sum of the squares of it.
    pub squares: f64,
}

/// A share that has come by an age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// 0 to 1.
    pub value: f64,
    /// 95 % bounds; `None` where nothing or everything has come, or few brought anything.
    pub interval: Option<(f64, f64)>,
}

/// The share that has come by each age, of what comes by the last; `None` where nothing does.
///
/// ```
/// use onefunnel::stats::lag::{Age, shares};
/// // Of ten, two win at once; of the four of the others who are followed on, one wins at age 1.
/// let age = |at_risk, wins: u64| Age { at_risk, wins, lost: 0, sum: wins as f64, squares: wins as f64 };
/// let found = shares(&[age(10, 2), age(4, 1)]).unwrap();
/// // 0.2 of 0.2 + 0.8 × 1/4
/// assert!((found[0].value - 0.5).abs() < 1e-12 && found[1].value == 1.0);
/// ```
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn shares(ages: &[Age]) -> Option<Vec<Share>> {
    let (mut open, mut come) = (1.0, 0.0);
    let mut before = Vec::with_capacity(ages.len());
    let mut by = Vec::with_capacity(ages.len());
    for age in ages.iter().filter(|age| age.at_risk > 0) {
        let n = age.at_risk as f64;
        let (mean, ends) = (age.sum / n, (age.wins + age.lost) as f64 / n);
        come += open * mean;
        before.push((open, mean, ends, age.squares / n, n));
        by.push(come);
        open *= 1.0 - ends;
    }
    let all = by.last().copied().filter(|all| *all > 0.0)?;
    let wins: u64 = ages.iter().map(|age| age.wins).sum();
    let interval = |k: usize| {
        let q = by[k] / all;
        if wins < MIN_WINS || !(q > 0.0 && q < 1.0 - 1e-12) {
            return None;
        }
        let variance: f64 = before.iter().enumerate().map(|(j, at)| part_of_variance(*at, (j, k), &by)).sum();
        let (centre, half) = ((q / (1.0 - q)).ln(), Z * variance.sqrt() / (q * (1.0 - q)));
        let bound = |logit: f64| 1.0 / (1.0 + (-logit).exp());
        Some((bound(centre - half), bound(centre + half)))
    };
    let mut found: Vec<Share> = (0..by.len()).map(|k| Share { value: by[k] / all, interval: interval(k) }).collect();
    // Ages at which nobody is open any more.
    found.resize(ages.len(), Share { value: 1.0, interval: None });
    Some(found)
}

/// What one age adds to the variance of the share by another: open before it, mean, share that ends, mean of squares, number.
fn part_of_variance(
    (open, mean, ends, squares, n): (f64, f64, f64, f64, f64),
    (at, by_age): (usize, usize),
    by: &[f64],
) -> f64 {
    let last = by.len() - 1;
    // How R moves with the mean, and with the share that ends, at this age.
    let with_mean = |until: usize| if at <= until { open } else { 0.0 };
    let with_ends = |until: usize| if at < until && ends < 1.0 { -(by[until] - by[at]) / (1.0 - ends) } else { 0.0 };
    let of_share =
        |with: &dyn Fn(usize) -> f64| (by[last] * with(by_age) - by[by_age] * with(last)) / (by[last] * by[last]);
    let (slope_mean, slope_ends) = (of_share(&with_mean), of_share(&with_ends));
    let (var_mean, var_ends) = ((squares - mean * mean).max(0.0) / n, ends * (1.0 - ends) / n);
    let both = mean * (1.0 - ends) / n;
    let sum = slope_mean * slope_mean * var_mean + slope_ends * slope_ends * var_ends;
    (sum + 2.0 * slope_mean * slope_ends * both).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::{Age, Share, shares};
    use crate::stats::survival::{Event, incidence};
    use proptest::prelude::*;

    /// Everybody with the age of the end, what it was, and what it brought.
    type One = (usize, Event, f64);

    fn ages(all: &[One], last: usize) -> Vec<Age> {
        (0..=last)
            .map(|k| {
                let at = |event: Event| all.iter().filter(move |one| one.0 == k && one.1 == event);
                Age {
                    at_risk: all.iter().filter(|one| one.0 >= k).count() as u64,
                    wins: at(Event::Win).count() as u64,
                    lost: at(Event::Lost).count() as u64,
                    sum: at(Event::Win).map(|one| one.2).sum(),
                    squares: at(Event::Win).map(|one| one.2 * one.2).sum(),
                }
            })
            .collect()
    }

    fn logit_variance(share: Share) -> f64 {
        let (low, high) = share.interval.unwrap();
        let logit = |p: f64| (p / (1.0 - p)).ln();
        let error = (logit(high) - logit(low)) / 2.0 / 1.959_963_984_540_054;
        let pq = share.value * (1.0 - share.value);
        (error * pq).powi(2)
    }

    fn ones() -> impl Strategy<Value = Vec<One>> {
        let event = prop_oneof![Just(Event::Win), Just(Event::Lost), Just(Event::Censored)];
        prop::collection::vec((0_usize..6, event, 1_u32..50), 5..80)
            .prop_map(|all| all.into_iter().map(|(k, event, amount)| (k, event, f64::from(amount))).collect())
    }

    proptest! {
        /// Where each brings 1, it is the curve of the competing risks.
        #[test]
        fn agrees_with_the_curve_of_competing_risks(all in ones()) {
            let all: Vec<One> = all.into_iter().map(|(k, event, _)| (k, event, 1.0)).collect();
            let last = all.iter().map(|one| one.0).max().unwrap();
            let days: Vec<i32> = all.iter().map(|one| i32::try_from(one.0).unwrap()).collect();
            let events: Vec<Event> = all.iter().map(|one| one.1).collect();
            let curve = incidence(&days, &events);
            let by = |k: usize| {
                let steps = curve.steps.iter().filter(|step| step.day <= i32::try_from(k).unwrap());
                steps.max_by_key(|step| step.day).map_or(0.0, |step| step.estimate.cif)
            };
            match shares(&ages(&all, last)) {
                Some(found) => for (k, share) in found.iter().enumerate() {
                    prop_assert!((share.value - by(k) / by(last)).abs() < 1e-9, "{} {}", k, share.value);
                },
                None => prop_assert!(by(last) == 0.0),
            }
        }

        /// With nobody unseen the share is the plain one, and its variance that of a ratio of two sums.
        #[test]
        fn is_the_plain_share_where_everybody_was_followed(all in ones()) {
            // Nobody is censored before the last age.
            let all: Vec<One> = all.into_iter().map(|(k, e, x)| if e == Event::Censored { (6, e, x) } else { (k, e, x) }).collect();
            let total: f64 = all.iter().filter(|o| o.1 == Event::Win).map(|o| o.2).sum();
            let Some(found) = shares(&ages(&all, 6)) else { return Ok(()) };
            for (k, share) in found.iter().enumerate() {
                let won = || all.iter().filter(|o| o.1 == Event::Win);
                let plain: f64 = won().filter(|o| o.0 <= k).map(|o| o.2).sum::<f64>() / total;
                prop_assert!((share.value - plain).abs() < 1e-9);
                if share.interval.is_some() {
                    let residual = |o: &One| o.2 * (f64::from(u8::from(o.0 <= k)) - plain);
                    let variance: f64 = won().map(|o| residual(o).powi(2)).sum::<f64>() / total / total;
                    let found = logit_variance(*share);
                    prop_assert!((found - variance).abs() < 1e-6 * variance.max(1e-9), "{} {}", found, variance);
                }
            }
        }
    }

    /// Counts alone, nobody unseen: the binomial variance of the share among those who win.
    #[test]
    fn counts_have_the_binomial_variance() {
        let age = |at_risk, wins: u32, lost| Age {
            at_risk,
            wins: u64::from(wins),
            lost,
            sum: f64::from(wins),
            squares: f64::from(wins),
        };
        let found = shares(&[age(1000, 30, 100), age(870, 20, 50)]).unwrap();
        assert!((found[0].value - 0.6).abs() < 1e-12);
        assert!((logit_variance(found[0]) - 0.6 * 0.4 / 50.0).abs() < 1e-9);
        assert_eq!(found[1], Share { value: 1.0, interval: None });
    }

    /// Drawn again and again from a known company, with cohorts that are cut off by age, the bounds hold the truth about as
    /// often as they say.
    #[test]
    fn bounds_hold_the_truth() {
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1_u32 << 24)
        };
        // Each age 10 % of the open win, bringing 1 or 5, and 15 % are lost.
        let truth = 0.1 / (0.1 + 0.75 * 0.1 + 0.75 * 0.75 * 0.1);
        let (runs, mut held) = (400, 0);
        for _ in 0..runs {
            let all: Vec<One> = (0..600)
                .map(|i| {
                    let seen = i % 3;
                    for k in 0..=seen {
                        let at = random();
                        if at < 0.1 {
                            return (k, Event::Win, if random() < 0.5 { 1.0 } else { 5.0 });
                        } else if at < 0.25 {
                            return (k, Event::Lost, 0.0);
                        }
                    }
                    (seen, Event::Censored, 0.0)
                })
                .collect();
            let (low, high) = shares(&ages(&all, 2)).unwrap()[0].interval.unwrap();
            held += i32::from(low <= truth && truth <= high);
        }
        let share = f64::from(held) / f64::from(runs);
        assert!((0.92..=0.98).contains(&share), "{share}");
    }

    #[test]
    fn nothing_has_no_share() {
        assert_eq!(shares(&[]), None);
        assert_eq!(shares(&[Age { at_risk: 9, lost: 9, ..Age::default() }, Age::default()]), None);
        let one = Age { at_risk: 4, wins: 2, lost: 2, sum: 2.0, squares: 2.0 };
        let found = shares(&[one, Age::default()]).unwrap();
        assert_eq!(found, [Share { value: 1.0, interval: None }; 2]);
    }
}
