//! Whether two rows of numbers rise and fall together.
//!
//! In: pairs of numbers. Out: Spearman's rank correlation, ties at the mean of their ranks, with an interval. Sources: Spearman
//! (1904); the standard error of Fisher's transformation for ranks is Bonett and Wright's (2000), √((1 + ρ²/2)/(n − 3)).

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Of fewer pairs there is no interval: any order of them comes about by chance.
pub const MIN_PAIRS: usize = 8;

/// A rank correlation, and what it stands on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// −1 to 1.
    pub rho: f64,
    /// Number of pairs.
    pub n: usize,
    /// 95 % bounds, as if the pairs were independent; `None` for fewer than [`MIN_PAIRS`], and where the order is perfect.
    pub interval: Option<(f64, f64)>,
}

/// The rank correlation of pairs; `None` for fewer than two, and where one side never varies. Numbers are finite.
///
/// ```
/// use onefunnel::stats::correlation::spearman;
/// // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: 4.5 / √(4.5 · 5)
/// let found = spearman(&[(10.0, 1.0), (20.0, 2.0), (20.0, 3.0), (30.0, 4.0)]).unwrap();
/// assert!((found.rho - 4.5 / 22.5_f64.sqrt()).abs() < 1e-12);
/// assert_eq!(spearman(&[(1.0, 5.0), (2.0, 5.0)]), None);
/// ```
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^52
pub fn spearman(pairs: &[(f64, f64)]) -> Option<Correlation> {
    let n = pairs.len();
    let (x, y) = (ranks(pairs.iter().map(|p| p.0)), ranks(pairs.iter().map(|p| p.1)));
    // Twice the distance from the mean rank is a whole number, so that sums are exact.
    let mean = n as f64 + 1.0;
    let sum = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (2.0 * a - mean) * (2.0 * b - mean)).sum() };
    let (xx, yy) = (sum(&x, &x), sum(&y, &y));
    if n < 2 || xx == 0.0 || yy == 0.0 {
        return None;
    }
    let rho = (sum(&x, &y) / (xx * yy).sqrt()).clamp(-1.0, 1.0);
    let perfect = 1.0 - rho.abs() < 1e-12;
    let interval = (n >= MIN_PAIRS && !perfect).then(|| {
        let half = Z * ((1.0 + rho * rho / 2.0) / (n as f64 - 3.0)).sqrt();
        ((rho.atanh() - half).tanh(), (rho.atanh() + half).tanh())
    });
    Some(Correlation { rho, n, interval })
}

/// The rank of each number from 1; equal ones share the mean of theirs.
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^52
fn ranks(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let numbers: Vec<f64> = numbers.collect();
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| numbers[*a] == numbers[*b]) {
        let rank = before as f64 + f64::midpoint(1.0, tied.len() as f64);
        for at in tied {
            ranks[*at] = rank;
        }
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::{MIN_PAIRS, ranks, spearman};
    use proptest::prelude::*;

    /// The script beside the fixture says where its figures come from.
    #[test]
    fn agrees_with_scipy() {
        let mut sets = 0;
        for line in include_str!("../../testdata/statistics/spearman.csv").lines().skip(1) {
            let [name, expected, x, y] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let row = |text: &str| -> Vec<f64> { text.split(' ').map(|v| v.parse().unwrap()).collect() };
            let pairs: Vec<(f64, f64)> = row(x).into_iter().zip(row(y)).collect();
            let found = spearman(&pairs).unwrap();
            assert!((found.rho - expected.parse::<f64>().unwrap()).abs() < 1e-12, "{name}: {}", found.rho);
            sets += 1;
        }
        assert!(sets >= 6);
    }

    #[test]
    fn few_and_perfect_orders_have_no_interval() {
        let pairs: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i), f64::from(i * i))).collect();
        let all = spearman(&pairs).unwrap();
        assert_eq!((all.rho.to_bits(), all.interval), (1.0_f64.to_bits(), None));
        let mut few = pairs[..MIN_PAIRS - 1].to_vec();
        few[0].1 = 100.0;
        assert!(spearman(&few).unwrap().interval.is_none());
        assert_eq!((spearman(&[]), spearman(&[(1.0, 2.0)])), (None, None));
    }

    /// Ten pairs with ρ = 0.6: atanh(0.6) = 0.693147, half a width of 1.959964 · √(1.18/7) = 0.804716.
    #[test]
    fn the_interval_by_hand() {
        // Σd² = 66 of 10 pairs: 1 − 6 · 66 / 990 = 0.6
        let y = [3.0, 1.0, 6.0, 2.0, 8.0, 4.0, 5.0, 7.0, 10.0, 9.0];
        let pairs: Vec<(f64, f64)> = (1..=10).map(f64::from).zip(y).collect();
        let squares: f64 = pairs.iter().map(|(a, b)| (a - b) * (a - b)).sum();
        let found = spearman(&pairs).unwrap();
        assert!((found.rho - (1.0 - 6.0 * squares / 990.0)).abs() < 1e-12);
        let (low, high) = found.interval.unwrap();
        let half = (high.atanh() - low.atanh()) / 2.0;
        let expected = 1.959_963_984_540_054 * ((1.0 + found.rho * found.rho / 2.0) / 7.0_f64).sqrt();
        assert!((half - expected).abs() < 1e-9 && low < found.rho && found.rho < high);
    }

    proptest! {
        /// Each rank is one, and those below, and half of the others that are equal.
        #[test]
        fn ranks_by_counting(numbers in prop::collection::vec(-5_i32..5, 0..30)) {
            let found = ranks(numbers.iter().map(|n| f64::from(*n)));
            for (at, number) in numbers.iter().enumerate() {
                let below = numbers.iter().filter(|n| *n < number).count();
                let equal = numbers.iter().filter(|n| *n == number).count();
                let rank = f64::from(u32::try_from(2 * below + equal + 1).unwrap()) / 2.0;
                prop_assert_eq!(found[at].to_bits(), rank.to_bits());
            }
        }

        #[test]
        fn stays_within_its_bounds_and_turns_with_its_side(pairs in prop::collection::vec((-9_i32..9, -9_i32..9), 0..25)) {
            let pairs: Vec<(f64, f64)> = pairs.into_iter().map(|(a, b)| (f64::from(a), f64::from(b))).collect();
            let turned: Vec<(f64, f64)> = pairs.iter().map(|(a, b)| (*a, -b)).collect();
            match (spearman(&pairs), spearman(&turned)) {
                (Some(a), Some(b)) => {
                    prop_assert!((-1.0..=1.0).contains(&a.rho) && (a.rho + b.rho).abs() < 1e-12);
                    if let Some((low, high)) = a.interval {
                        prop_assert!(-1.0 < low && low < a.rho && a.rho < high && high < 1.0);
                    }
                }
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }
}
