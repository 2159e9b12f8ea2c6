//! Whether two shares differ by more than chance.
//!
//! In: successes and trials of two groups. Out: the two-proportion z with pooled variance, or nothing where the groups are too
//! small for it (Cochran's rule: at least five of each outcome are expected on either side).

use super::shift::Part;

/// The 97.5 % quantile of the normal distribution: one of forty falls so far by chance, and one of forty rises so far.
pub const BEYOND_CHANCE: f64 = 1.959_963_984_540_054;

/// Of each outcome, in each group, as many must be expected.
const EXPECTED: f64 = 5.0;

/// Standard errors from the first share to the second: positive where it rose. `None` where fewer than five of an outcome are
/// expected in a group.
///
/// ```
/// use onefunnel::stats::proportions::z;
/// // (0.15 − 0.05) / √(0.1 · 0.9 · (1/200 + 1/200)) = 10/3
/// assert!((z((10, 200), (30, 200)).unwrap() - 10.0 / 3.0).abs() < 1e-12);
/// assert_eq!(z((1, 20), (3, 20)), None);
/// ```
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn z(first: Part, second: Part) -> Option<f64> {
    let share = |(k, n): Part| k as f64 / n as f64;
    let pooled = share((first.0 + second.0, first.1 + second.1));
    let smaller = first.1.min(second.1) as f64;
    // Written so that a share of nobody, which is no number, is too small.
    if !(smaller * pooled >= EXPECTED && smaller * (1.0 - pooled) >= EXPECTED) {
        return None;
    }
    let error = (pooled * (1.0 - pooled) * (1.0 / first.1 as f64 + 1.0 / second.1 as f64)).sqrt();
    Some((share(second) - share(first)) / error)
}

#[cfg(test)]
mod tests {
    use super::z;

    #[test]
    fn is_the_root_of_chi_square() {
        // The 2 × 2 table's χ² without correction: n (ad − bc)² / ((a+b)(c+d)(a+c)(b+d)), a second route.
        for ((a, n), (c, m)) in [((65_u64, 649_u64), (16, 637)), ((30, 100), (45, 120)), ((500, 1000), (500, 1000))] {
            let (b, d) = (n - a, m - c);
            #[allow(clippy::cast_precision_loss)]
            let f = |v: u64| v as f64;
            let chi = f(n + m) * (f(a) * f(d) - f(b) * f(c)).powi(2) / (f(n) * f(m) * f(a + c) * f(b + d));
            let found = z((a, n), (c, m)).unwrap();
            assert!((found * found - chi).abs() < 1e-9, "{found} {chi}");
            assert!(found <= 0.0 || a * m < c * n);
        }
    }

    #[test]
    fn too_few_are_not_compared() {
        assert_eq!(z((0, 0), (0, 0)), None);
        assert_eq!(z((0, 100), (0, 100)), None);
        assert_eq!(z((100, 100), (100, 100)), None);
        assert_eq!(z((4, 40), (5, 1000)), None);
        assert!(z((5, 100), (5, 100)).is_some());
    }
}
