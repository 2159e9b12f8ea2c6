//! How well a score puts those that were won above those that were not.
//!
//! In: scores and outcomes. Out: the area under the ROC curve, which is the share of pairs of one won and one not won in
//! which the won one has the higher score, ties counted half. Source: Hanley and McNeil (1982), also for the standard
//! error.

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The area under the curve, and what it stands on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    /// 1 is a perfect order, 0.5 is none.
    pub value: f64,
    /// Those with a positive outcome.
    pub positive: u64,
    /// Those without.
    pub negative: u64,
    /// 95 % interval, for large counts; within 0 to 1. `None` where the order is perfect, or perfectly wrong: the standard
    /// error is then 0, and says nothing.
    pub interval: Option<(f64, f64)>,
}

/// The area under the curve of a score; `None` unless there is one of each outcome. Scores are finite.
///
/// ```
/// use onefunnel::stats::ranking::auc;
/// let auc = auc(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]).unwrap();
/// assert!((auc.value - 0.75).abs() < 1e-12);
/// ```
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn auc(scored: &[(f64, bool)]) -> Option<Auc> {
    let mut sorted = scored.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Twice the number of pairs in the right order, so that ties stay whole numbers.
    let (mut twice, mut below, mut positive) = (0_u128, 0_u64, 0_u64);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let here = tied.iter().filter(|(_, won)| *won).count() as u64;
        let others = tied.len() as u64 - here;
        twice += u128::from(here) * u128::from(2 * below + others);
        below += others;
        positive += here;
    }
    let negative = below;
    if positive == 0 || negative == 0 {
        return None;
    }
    let (p, n) = (positive as f64, negative as f64);
    let value = twice as f64 / (2.0 * p * n);
    let square = value * value;
    let (q1, q2) = (value / (2.0 - value), 2.0 * square / (1.0 + value));
    let variance = (value * (1.0 - value) + (p - 1.0) * (q1 - square) + (n - 1.0) * (q2 - square)) / (p * n);
    let half = Z * variance.max(0.0).sqrt();
    let interval = (half > 0.0).then(|| ((value - half).max(0.0), (value + half).min(1.0)));
    Some(Auc { value, positive, negative, interval })
}

#[cfg(test)]
mod tests {
    use super::auc;
    use proptest::prelude::*;

    /// Every pair, one by one.
    fn naive(scored: &[(f64, bool)]) -> Option<f64> {
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (won, _) in scored.iter().filter(|(_, won)| *won) {
            for (other, _) in scored.iter().filter(|(_, won)| !won) {
                pairs += 1.0;
                sum += if won > other {
                    1.0
                } else if won < other {
                    0.0
                } else {
                    0.5
                };
            }
        }
        (pairs > 0.0).then(|| sum / pairs)
    }

    proptest! {
        #[test]
        fn agrees_with_every_pair(scored in prop::collection::vec((0_i32..12, any::<bool>()), 0..60)) {
            let scored: Vec<(f64, bool)> = scored.into_iter().map(|(s, won)| (f64::from(s) / 2.0, won)).collect();
            let found = auc(&scored).map(|a| a.value);
            match (found, naive(&scored)) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12, "{a} {b}"),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }

    /// Hanley and McNeil (1982), table 1: 58 normal and 51 abnormal images in five degrees of certainty. They give an area
    /// of 0.893 with a standard error of 0.032.
    #[test]
    fn the_radiologist_of_hanley_and_mcneil() {
        let mut scored = Vec::new();
        for (degree, (normal, abnormal)) in [(33, 3), (6, 2), (6, 2), (11, 11), (2, 33)].into_iter().enumerate() {
            let degree = f64::from(u8::try_from(degree).unwrap());
            scored.extend(std::iter::repeat_n((degree, false), normal));
            scored.extend(std::iter::repeat_n((degree, true), abnormal));
        }
        let found = auc(&scored).unwrap();
        assert_eq!((found.positive, found.negative), (51, 58));
        assert!((found.value - 0.893).abs() < 5e-4, "{}", found.value);
        let (low, high) = found.interval.unwrap();
        let error = (high - found.value) / 1.959_963_984_540_054;
        assert!((error - 0.032).abs() < 7e-4 || high >= 1.0, "{error}");
        assert!(((found.value - low) / 1.959_963_984_540_054 - 0.032).abs() < 7e-4);
    }

    /// The script beside the fixture says where its figures come from.
    #[test]
    fn agrees_with_scikit_learn() {
        let mut sets = 0;
        for line in include_str!("../../testdata/statistics/auc.csv").lines().skip(1) {
            let [name, expected, scores] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let scored: Vec<(f64, bool)> =
                scores.split(' ').map(|s| (s.trim_start_matches('+').parse().unwrap(), s.starts_with('+'))).collect();
            let found = auc(&scored).unwrap().value;
            assert!((found - expected.parse::<f64>().unwrap()).abs() < 1e-12, "{name}: {found}");
            sets += 1;
        }
        assert_eq!(sets, 4);
    }

    #[test]
    fn one_outcome_has_no_order_and_a_perfect_one_no_interval() {
        assert_eq!(auc(&[]), None);
        assert_eq!(auc(&[(1.0, true), (2.0, true)]), None);
        let perfect = auc(&[(1.0, false), (2.0, true)]).unwrap();
        assert_eq!((perfect.value.to_bits(), perfect.interval), (1.0_f64.to_bits(), None));
    }
}
