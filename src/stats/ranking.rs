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
    /// 95 % interval, for large counts; within 0 to 1.
    pub interval: (f64, f64),
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
    Some(Auc { value, positive, negative, interval: ((value - half).max(0.0), (value + half).min(1.0)) })
}
