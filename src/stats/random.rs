//! Random numbers that are the same on every machine.
//!
//! In: a seed and a number of the stream. Out: SplitMix64 (Steele, Lea and Flood 2014) and the few distributions that
//! resampling needs. Streams of one seed do not depend on each other, so work can be shared out in any order.

/// One stream.
#[derive(Debug, Clone)]
pub struct Random(u64);

/// Largest mean that is drawn at once; e^-30 is far from the smallest float.
const CHUNK: f64 = 30.0;

impl Random {
    /// The stream `number` of a seed.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut own = Self(seed ^ 0x6a09_e667_f3bc_c908);
        let start = own.next() ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        let mut own = Self(start);
        own.next();
        own
    }

    /// 64 random bits.
    #[allow(clippy::should_implement_trait)] // no iterator: it never ends
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, and without, 1.
    #[allow(clippy::cast_precision_loss)] // 53 bits
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How often a resample holds somebody: Poisson with mean 1, by inversion.
    pub fn times(&mut self) -> u8 {
        let u = self.unit();
        let (mut k, mut mass) = (0_u8, (-1.0_f64).exp());
        let mut below = mass;
        while u >= below && k < 20 {
            k += 1;
            mass /= f64::from(k);
            below += mass;
        }
        k
    }

    /// A number of events of which `mean` are expected (Poisson); 0 for a mean that is not above 0.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        let (mut left, mut sum) = (mean, 0);
        while left > 0.0 {
            let limit = (-left.min(CHUNK)).exp();
            left -= CHUNK;
            let mut product = self.unit();
            while product > limit {
                sum += 1;
                product *= self.unit();
            }
        }
        sum
    }

    /// Which of `n` succeed, each with the chance `p`, in ascending order: jumps from one to the next.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked against n
    pub fn successes(&mut self, n: usize, p: f64, mut found: impl FnMut(usize, &mut Self)) {
        if p.is_nan() || p <= 0.0 {
            return;
        }
        let none = (-p.min(1.0)).ln_1p();
        let mut at = 0;
        loop {
            // 1 − u is above 0, so that its logarithm is a number.
            let skip = if p >= 1.0 { 0.0 } else { ((1.0 - self.unit()).ln() / none).floor() };
            if skip >= (n - at) as f64 {
                return;
            }
            at += skip as usize;
            found(at, self);
            at += 1;
            if at >= n {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn streams_differ_and_repeat() {
        let first = |seed, number| Random::new(seed, number).next();
        assert_eq!(first(1, 0), first(1, 0));
        let mut all: Vec<u64> = (0..100).flat_map(|n| [first(1, n), first(2, n)]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 200);
    }

    /// Means and variances of 100,000 draws lie within five standard errors of what they should be.
    #[test]
    fn moments_are_right() {
        let n = 100_000;
        let moments = |draw: &mut dyn FnMut() -> f64| {
            let all: Vec<f64> = (0..n).map(|_| draw()).collect();
            let mean = all.iter().sum::<f64>() / f64::from(n);
            (mean, all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n))
        };
        let mut random = Random::new(7, 3);
        for mean in [0.3, 4.0, 75.0] {
            #[allow(clippy::cast_precision_loss)]
            let (m, v) = moments(&mut || random.poisson(mean) as f64);
            let error = (mean / f64::from(n)).sqrt();
            assert!((m - mean).abs() < 5.0 * error && (v / mean - 1.0).abs() < 0.05, "{mean}: {m} {v}");
        }
        let (m, v) = moments(&mut || f64::from(random.times()));
        assert!((m - 1.0).abs() < 0.016 && (v - 1.0).abs() < 0.03, "{m} {v}");
        for p in [0.02, 0.5, 0.97, 1.0] {
            let (m, v) = moments(&mut || {
                let mut k = 0.0;
                random.successes(40, p, |_, _| k += 1.0);
                k
            });
            let variance = 40.0 * p * (1.0 - p);
            assert!((m - 40.0 * p).abs() <= 5.0 * (variance / f64::from(n)).sqrt() + 1e-12, "{p}: {m}");
            assert!((v - variance).abs() <= 0.05 * variance + 1e-12, "{p}: {v}");
        }
        random.successes(0, 1.0, |_, _| panic!("of nobody nobody succeeds"));
        random.successes(9, 0.0, |_, _| panic!("without a chance nobody does"));
    }
}
