//! Shapley values of channels: what each adds, on average over all orders in which channels could have joined.
//!
//! In: journeys grouped by the set of their channels, converted and not. Out: a value per channel, which add up to the
//! conversion rate of all journeys.
//!
//! What a coalition of channels is worth is the conversion rate of the journeys that needed no other channel: those whose
//! channels all belong to it; nothing where there is no such journey. That uses the journeys that did not convert. (To count
//! conversions instead of a rate would give each channel an equal share of every conversion it is in, whatever failed.)
//! A channel whose journeys convert less often than those without it has a value below 0.

use rayon::prelude::*;

/// Up to so many channels every coalition is looked at; beyond, orders are drawn at random.
pub const MOST_EXACT: usize = 15;

/// Journeys with the same set of channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which channels, each once, in order.
    pub channels: Vec<u32>,
    /// How many journeys.
    pub journeys: u64,
    /// Of them, converted.
    pub conversions: u64,
}

/// A value, and the bounds of its 95 % interval where it was drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The Shapley value.
    pub value: f64,
    /// 95 % bounds; `None` for an exact value.
    pub bounds: Option<(f64, f64)>,
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn rate(conversions: u64, journeys: u64) -> f64 {
    if journeys == 0 { 0.0 } else { conversions as f64 / journeys as f64 }
}

/// The worth of every coalition of `n` channels, by bit mask.
pub fn worths(n: usize, groups: &[Group]) -> Vec<f64> {
    let mut counts = vec![(0_u64, 0_u64); 1 << n];
    for group in groups.iter().filter(|g| !g.channels.is_empty()) {
        let mask = group.channels.iter().fold(0_usize, |mask, c| mask | (1 << c));
        counts[mask].0 += group.conversions;
        counts[mask].1 += group.journeys;
    }
    // Sums over all subsets, one channel at a time.
    for bit in 0..n {
        for mask in (0..counts.len()).filter(|mask| mask & (1 << bit) != 0) {
            let (conversions, journeys) = counts[mask ^ (1 << bit)];
            counts[mask].0 += conversions;
            counts[mask].1 += journeys;
        }
    }
    counts.into_iter().map(|(conversions, journeys)| rate(conversions, journeys)).collect()
}

/// The Shapley values of a game of `n` players, given the worth of every coalition by bit mask.
///
/// ```
/// use onefunnel::stats::attribution::shapley::exact;
/// // Gloves: players 0 and 1 have a left one, player 2 a right one; only a pair is worth anything.
/// let values = exact(3, &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
/// let expected = [1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0];
/// assert!(values.iter().zip(expected).all(|(v, e)| (v - e).abs() < 1e-12));
/// ```
#[allow(clippy::cast_precision_loss)] // at most 15
pub fn exact(n: usize, worth: &[f64]) -> Vec<f64> {
    // s! (n − s − 1)! / n!
    let mut weight = vec![0.0; n];
    for (size, weight) in weight.iter_mut().enumerate() {
        let choose = (0..size).fold(1.0, |c, k| c * (n - 1 - k) as f64 / (k + 1) as f64);
        *weight = 1.0 / (n as f64 * choose);
    }
    (0..n)
        .map(|player| {
            let without = (0..worth.len()).filter(|mask| mask & (1 << player) == 0);
            without.map(|mask| weight[mask.count_ones() as usize] * (worth[mask | (1 << player)] - worth[mask])).sum()
        })
        .collect()
}

/// splitmix64: small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[allow(clippy::cast_possible_truncation)] // below `bound`
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

/// Orders drawn from one beginning: the same orders on any number of cores.
const DRAWN: u32 = 64;

/// Sums of what each channel added in some orders, and of its squares.
fn drawn(n: usize, groups: &[Group], samples: u32, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut random = Random(seed);
    let mut order: Vec<usize> = (0..n).collect();
    let mut joined = vec![0_usize; n];
    let (mut sum, mut squares) = (vec![0.0; n], vec![0.0; n]);
    for _ in 0..samples {
        for last in (1..n).rev() {
            order.swap(last, random.below(last + 1));
        }
        for (place, channel) in order.iter().enumerate() {
            joined[*channel] = place;
        }
        // A journey counts from the moment that the last of its channels has joined.
        let mut more = vec![(0_u64, 0_u64); n];
        for group in groups {
            if let Some(place) = group.channels.iter().map(|c| joined[*c as usize]).max() {
                more[place].0 += group.conversions;
                more[place].1 += group.journeys;
            }
        }
        let (mut all, mut before) = ((0, 0), 0.0);
        for (place, channel) in order.iter().enumerate() {
            all.0 += more[place].0;
            all.1 += more[place].1;
            let worth = rate(all.0, all.1);
            let adds = worth - before;
            sum[*channel] += adds;
            squares[*channel] += adds * adds;
            before = worth;
        }
    }
    (sum, squares)
}

/// Shapley values over orders drawn at random, with the interval that the drawing leaves open. They add up to the rate of
/// all journeys in every single order, so also on average.
pub fn sampled(n: usize, groups: &[Group], samples: u32, seed: u64) -> Vec<Value> {
    let starts: Vec<u32> = (0..samples).step_by(DRAWN as usize).collect();
    let parts: Vec<(Vec<f64>, Vec<f64>)> = starts
        .into_par_iter()
        .map(|start| {
            let mut own = Random(seed ^ u64::from(start).wrapping_mul(0xd134_2543_de82_ef95));
            drawn(n, groups, DRAWN.min(samples - start), own.next())
        })
        .collect();
    let (mut sum, mut squares) = (vec![0.0; n], vec![0.0; n]);
    for (more, of_squares) in parts {
        sum.iter_mut().zip(more).for_each(|(sum, part)| *sum += part);
        squares.iter_mut().zip(of_squares).for_each(|(sum, part)| *sum += part);
    }
    let times = f64::from(samples.max(1));
    let of = |(sum, squares): (&f64, &f64)| {
        let mean = sum / times;
        let variance = (squares / times - mean * mean).max(0.0) * times / (times - 1.0).max(1.0);
        let off = 1.959_963_984_540_054 * (variance / times).sqrt();
        Value { value: mean, bounds: Some((mean - off, mean + off)) }
    };
    sum.iter().zip(&squares).map(of).collect()
}

/// The values of `n` channels: exact up to [`MOST_EXACT`], drawn beyond.
pub fn values(n: usize, groups: &[Group], samples: u32, seed: u64) -> Vec<Value> {
    if n > MOST_EXACT {
        return sampled(n, groups, samples, seed);
    }
    exact(n, &worths(n, groups)).into_iter().map(|value| Value { value, bounds: None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// "Data-driven marketing attribution" (Towards Data Science): Facebook, organic and LinkedIn, with the worths of its
    /// seven coalitions. By the formula, written out.
    #[test]
    fn a_published_example() {
        let (f, o, l, fo, fl, ol) = (0.2, 0.1, 0.17, 0.47, 0.67, 0.27);
        let values = exact(3, &[0.0, f, o, fo, l, fl, ol, 1.0]);
        let expected = [
            f / 3.0 + (fo - o) / 6.0 + (fl - l) / 6.0 + (1.0 - ol) / 3.0,
            o / 3.0 + (fo - f) / 6.0 + (ol - l) / 6.0 + (1.0 - fl) / 3.0,
            l / 3.0 + (fl - f) / 6.0 + (ol - o) / 6.0 + (1.0 - fo) / 3.0,
        ];
        assert!(values.iter().zip(expected).all(|(v, e)| (v - e).abs() < 1e-12), "{values:?}");
        assert!([0.455, 0.205, 0.34].iter().zip(&values).all(|(e, v)| (v - e).abs() < 1e-9), "{values:?}");
    }

    /// By the definition: the mean of what a channel adds, over every order.
    fn by_orders(n: usize, worth: impl Fn(&[usize]) -> f64) -> Vec<f64> {
        fn orders(rest: &[usize], so_far: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
            if rest.is_empty() {
                all.push(so_far.clone());
            }
            for (i, one) in rest.iter().enumerate() {
                let others: Vec<usize> = rest.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, o)| *o).collect();
                so_far.push(*one);
                orders(&others, so_far, all);
                so_far.pop();
            }
        }
        let mut all = Vec::new();
        orders(&(0..n).collect::<Vec<_>>(), &mut Vec::new(), &mut all);
        let mut values = vec![0.0; n];
        for order in &all {
            for place in 0..n {
                values[order[place]] += worth(&order[..=place]) - worth(&order[..place]);
            }
        }
        #[allow(clippy::cast_precision_loss)]
        values.iter().map(|v| v / all.len() as f64).collect()
    }

    fn worth_of(groups: &[Group], coalition: &[usize]) -> f64 {
        let within =
            |g: &&Group| !g.channels.is_empty() && g.channels.iter().all(|c| coalition.contains(&(*c as usize)));
        let (mut won, mut all) = (0, 0);
        for group in groups.iter().filter(within) {
            won += group.conversions;
            all += group.journeys;
        }
        rate(won, all)
    }

    fn groups() -> impl Strategy<Value = Vec<Group>> {
        let group = (prop::collection::btree_set(0_u32..5, 0..5), 1_u64..6, 0_u64..6);
        prop::collection::vec(group, 1..12).prop_map(|all| {
            let made = all.into_iter().map(|(channels, journeys, conversions)| Group {
                channels: channels.into_iter().collect(),
                journeys,
                conversions: conversions.min(journeys),
            });
            made.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn agrees_with_the_definition(groups in groups()) {
            let n = 5;
            let expected = by_orders(n, |coalition| worth_of(&groups, coalition));
            let found = values(n, &groups, 0, 0);
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found.value - expected).abs() < 1e-9);
            }
            let whole = worth_of(&groups, &(0..n).collect::<Vec<_>>());
            prop_assert!((found.iter().map(|v| v.value).sum::<f64>() - whole).abs() < 1e-9);
        }

        #[test]
        fn drawn_values_add_up_and_come_near(groups in groups(), seed in any::<u64>()) {
            let exact = values(5, &groups, 0, 0);
            let drawn = sampled(5, &groups, 2000, seed);
            let whole = worth_of(&groups, &[0, 1, 2, 3, 4]);
            prop_assert!((drawn.iter().map(|v| v.value).sum::<f64>() - whole).abs() < 1e-9);
            for (drawn, exact) in drawn.iter().zip(&exact) {
                let (low, high) = drawn.bounds.unwrap();
                // Three times the interval is missed about once in a hundred million.
                prop_assert!((drawn.value - exact.value).abs() <= 1.5 * (high - low) + 1e-9);
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let groups = vec![Group { channels: (0..20).collect(), journeys: 3, conversions: 1 }];
        assert_eq!(values(20, &groups, 50, 1), values(20, &groups, 50, 1));
        assert_ne!(values(20, &groups, 50, 1), values(20, &groups, 50, 2));
        assert!(values(0, &[], 10, 1).is_empty());
    }
}
