//! A small random generator of our own, so that one seed gives the same bytes on every machine and for ever.
//!
//! In: a seed. Out: whole numbers only. xoshiro256** seeded by splitmix64 (both by Blackman and Vigna, public domain).
//! There is no floating point here: logarithms differ between C libraries, so skewed figures come from tables of
//! quantiles that are joined by straight lines.

/// Multiples of the median, in thousandths, at the quantiles 0 %, 5 %, … 100 % of a mildly skewed figure (log-normal, σ ½).
const MILD: [i64; 21] = [
    287, 439, 527, 596, 656, 714, 770, 825, 881, 939, 1000, 1065, 1135, 1212, 1300, 1401, 1524, 1679, 1898, 2276, 3490,
];
/// The same for a strongly skewed figure (log-normal, σ 1.2).
const STRONG: [i64; 21] = [
    50, 139, 215, 289, 364, 445, 533, 630, 738, 860, 1000, 1163, 1355, 1587, 1875, 2245, 2746, 3467, 4657, 7200, 20_100,
];

/// The generator's state.
pub struct Rng([u64; 4]);

impl Rng {
    /// A generator for that seed.
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        let mut state = [0; 4];
        for word in &mut state {
            x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *word = z ^ (z >> 31);
        }
        Self(state)
    }

    fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A whole number from 0 to `n` − 1; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        let high = (u128::from(self.next()) * u128::from(n)) >> 64;
        u64::try_from(high).unwrap_or(0)
    }

    /// A whole number from `low` to `high`, both included; `low` when there is no room.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        let room = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(room)).unwrap_or(0)
    }

    /// An index from 0 to `n` − 1.
    pub fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap_or(0)
    }

    /// Yes, in that many cases of a thousand.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of a list.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }

    /// An index, each as likely as its weight says.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (i, w) in weights.iter().enumerate() {
            if left < *w {
                return i;
            }
            left -= w;
        }
        0
    }

    /// A mildly skewed figure with that median: cycle lengths, amounts.
    pub fn mild(&mut self, median: i64) -> i64 {
        self.quantile(&MILD, median)
    }

    /// A strongly skewed figure with that median: waiting times.
    pub fn strong(&mut self, median: i64) -> i64 {
        self.quantile(&STRONG, median)
    }

    fn quantile(&mut self, table: &[i64; 21], median: i64) -> i64 {
        let at = self.range(0, 19_999);
        let (step, part) = (usize::try_from(at / 1000).unwrap_or(0), at % 1000);
        let permille = table[step] + (table[step + 1] - table[step]) * part / 1000;
        median * permille / 1000
    }

    /// A count near `tenths` / 10 × `scale` / 1000, spread by a half to either side.
    pub fn count(&mut self, tenths: i64, scale: i64) -> i64 {
        let parts = tenths * scale * self.range(500, 1500) / 1000;
        (parts + self.range(0, 9999)) / 10_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_never_change() {
        // E220A8397B1DCDAF: splitmix64's published first value for seed 0.
        assert_eq!(Rng::new(0).0[0], 0xE220_A839_7B1D_CDAF);
        // By hand from the state 1, 2, 3, 4: rotl(2 × 5, 7) × 9 = 11,520, then the second word is 0.
        let mut rng = Rng([1, 2, 3, 4]);
        assert_eq!((rng.next(), rng.next()), (11_520, 0));
    }

    #[test]
    fn medians_and_bounds_hold() {
        let mut rng = Rng::new(7);
        let mut days: Vec<i64> = (0..20_001).map(|_| rng.mild(95)).collect();
        days.sort_unstable();
        assert!((93..=97).contains(&days[10_000]), "{}", days[10_000]);
        assert!((0..1000).all(|_| (3..=5).contains(&rng.range(3, 5))));
        assert_eq!(rng.range(4, 3), 4);
        assert_eq!(rng.weighted(&[0, 1, 0]), 1);
    }
}
