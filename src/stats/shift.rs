//! Where a share changed most between one stretch of time and the next.
//!
//! In: successes and trials per period, in order. Out: the split into before and after at which two pooled proportions are
//! furthest apart, in standard errors. Of many splits the best is chosen, so the threshold for taking it seriously
//! must be higher than that of one test (compare Andrews 1993 on sup statistics).

/// Successes and trials.
pub type Part = (u64, u64);

/// A split of the periods in two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Index of the first period after it.
    pub at: usize,
    /// Successes and trials before it.
    pub before: Part,
    /// Successes and trials from then on.
    pub after: Part,
    /// Standard errors between the two shares (two-proportion z, pooled variance); positive where the share rose.
    pub z: f64,
}

/// The split with the greatest distance; of several the first. `None` where no split leaves `least` trials on both sides, or
/// nothing varies.
///
/// ```
/// use onefunnel::stats::shift::shift;
/// let found = shift(&[(10, 100), (12, 100), (30, 100), (28, 100)], 50).unwrap();
/// assert_eq!((found.at, found.before, found.after), (2, (22, 200), (58, 200)));
/// // (0.29 - 0.11) / sqrt(0.2 * 0.8 * (1/200 + 1/200)) = 4.5
/// assert!((found.z - 4.5).abs() < 1e-12);
/// ```
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn shift(periods: &[Part], least: u64) -> Option<Shift> {
    let add = |a: Part, b: &Part| (a.0 + b.0, a.1 + b.1);
    let all = periods.iter().fold((0, 0), add);
    let pooled = all.0 as f64 / all.1 as f64;
    let mut best: Option<Shift> = None;
    let mut before = (0, 0);
    for (at, period) in periods.iter().enumerate() {
        let after = (all.0 - before.0, all.1 - before.1);
        if before.1 >= least.max(1) && after.1 >= least.max(1) {
            let share = |part: Part| part.0 as f64 / part.1 as f64;
            let error = (pooled * (1.0 - pooled) * (1.0 / before.1 as f64 + 1.0 / after.1 as f64)).sqrt();
            let z = (share(after) - share(before)) / error;
            if z.is_finite() && best.is_none_or(|found| z.abs() > found.z.abs()) {
                best = Some(Shift { at, before, after, z });
            }
        }
        before = add(before, period);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::shift;

    #[test]
    fn without_two_sides_or_without_variation_there_is_none() {
        assert_eq!(shift(&[], 1), None);
        assert_eq!(shift(&[(5, 10)], 1), None);
        assert_eq!(shift(&[(5, 10), (6, 10)], 11), None);
        assert_eq!(shift(&[(0, 10), (0, 10)], 1), None);
        assert_eq!(shift(&[(10, 10), (10, 10)], 1), None);
    }

    #[test]
    fn a_fall_is_negative_and_empty_periods_are_on_one_side() {
        let found = shift(&[(9, 10), (0, 0), (1, 10)], 5).unwrap();
        assert_eq!((found.at, found.before, found.after), (1, (9, 10), (1, 10)));
        // Pooled 0.5: -0.8 / sqrt(0.25 * 0.2) = -3.577708764
        assert!((found.z + 3.577_708_763_999_664).abs() < 1e-12, "{}", found.z);
    }
}
