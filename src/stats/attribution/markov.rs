//! Markov attribution: what share of the conversions would be lost without a channel.
//!
//! In: paths of channels that ended with a conversion or without. Out: [`Effects`]: the probability of a conversion, and of
//! each channel its removal effect `1 − P(conversion without it) / P(conversion)`, where who comes to the channel is lost.
//!
//! The chain's states are the last one to three channels of a path, its ends a conversion and none; repeats of one channel
//! are kept, as steps from a state to itself. It is solved as an absorbing chain, `N = (I − Q)⁻¹`, exactly: neither by
//! simulation nor by powers. Source: Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey" (2014).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

/// More states than this are not solved: the matrix has their square.
pub const MOST_STATES: usize = 2000;
/// Bits of a channel in a state.
const BITS: u32 = 21;

/// Transitions between states, counted.
#[derive(Debug, Clone)]
pub struct Chain {
    order: u32,
    /// From and to: a state is its last channels, each plus 1, or one of the ends.
    counts: HashMap<(u64, u64), u64, FixedState>,
}

const START: u64 = 0;
const CONVERSION: u64 = u64::MAX;
const NULL: u64 = u64::MAX - 1;

/// What the chain says.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// Probability of a conversion.
    pub conversion: f64,
    /// Removal effect of each channel; 0 for one that is in no path.
    pub removal: Vec<f64>,
    /// Number of states, without start and ends.
    pub states: usize,
}

impl Effects {
    /// The credit of each channel, adding up to 1; `None` where nothing converts.
    pub fn shares(&self) -> Option<Vec<f64>> {
        let sum: f64 = self.removal.iter().sum();
        (sum > 0.0).then(|| self.removal.iter().map(|effect| effect / sum).collect())
    }
}

impl Chain {
    /// No path yet. The order, from 1 to 3, is how many of the last channels make a state.
    pub fn new(order: u32) -> Self {
        Self { order: order.clamp(1, 3), counts: HashMap::with_hasher(FixedState::with_seed(7)) }
    }

    fn count(&mut self, from: u64, to: u64, n: u64) {
        *self.counts.entry((from, to)).or_default() += n;
    }

    /// Adds `n` journeys of one path; one without a channel says nothing about any.
    pub fn add(&mut self, path: &[u32], converted: bool, n: u64) {
        let mask = (1_u64 << (BITS * self.order)) - 1;
        let mut state = START;
        for channel in path {
            let next = ((state << BITS) | (u64::from(*channel) + 1)) & mask;
            self.count(state, next, n);
            state = next;
        }
        if state != START {
            self.count(state, if converted { CONVERSION } else { NULL }, n);
        }
    }

    /// Adds the paths of another chain of the same order.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        other.counts.into_iter().for_each(|((from, to), n)| self.count(from, to, n));
        self
    }

    /// Removal effects of the channels `0..channels`; the number of states where there are more than [`MOST_STATES`].
    ///
    /// # Errors
    /// Too many states.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // counts stay far below 2^53, channels below 2^21
    pub fn effects(&self, channels: usize) -> Result<Effects, usize> {
        let mut steps: Vec<(u64, u64, u64)> = self.counts.iter().map(|((from, to), n)| (*from, *to, *n)).collect();
        steps.sort_unstable();
        let mut states: Vec<u64> = steps.iter().map(|s| s.0).filter(|s| *s != START).collect();
        // By their last channel, so that those of one channel are side by side.
        let last = |state: u64| (state & ((1 << BITS) - 1)) as usize - 1;
        states.sort_unstable_by_key(|s| (last(*s), *s));
        states.dedup();
        let size = states.len();
        if size > MOST_STATES {
            return Err(size);
        }
        let place: HashMap<u64, usize, FixedState> = states.iter().enumerate().map(|(i, s)| (*s, i)).collect();
        let (mut out, mut from_start) = (vec![0.0; size], 0.0);
        for (from, _, n) in &steps {
            match place.get(from) {
                Some(at) => out[*at] += *n as f64,
                None => from_start += *n as f64,
            }
        }
        // I − Q, the first step, and the probability of converting at once.
        let mut matrix = vec![0.0; size * size];
        let (mut start, mut convert) = (vec![0.0; size], vec![0.0; size]);
        for at in 0..size {
            matrix[at * size + at] = 1.0;
        }
        for (from, to, n) in &steps {
            match (place.get(from), place.get(to)) {
                (None, Some(to)) => start[*to] += *n as f64 / from_start,
                (Some(from), Some(to)) => matrix[from * size + to] -= *n as f64 / out[*from],
                (Some(from), None) if *to == CONVERSION => convert[*from] += *n as f64 / out[*from],
                _ => {}
            }
        }
        let fundamental = inverse(matrix, size);
        let at = |row: usize, column: usize| fundamental[row * size + column];
        // Of each state the probability of converting from it, and how often a journey is expected in it.
        let reach: Vec<f64> = (0..size).map(|i| (0..size).map(|j| at(i, j) * convert[j]).sum()).collect();
        let visits: Vec<f64> = (0..size).map(|j| (0..size).map(|i| start[i] * at(i, j)).sum()).collect();
        let conversion: f64 = (0..size).map(|i| start[i] * reach[i]).sum();
        let mut removal = vec![0.0; channels];
        let mut begin = 0;
        while begin < size && conversion > 0.0 {
            let channel = last(states[begin]);
            let end = begin + states[begin..].iter().take_while(|s| last(**s) == channel).count();
            // Journeys by where they first enter the channel: visits = entries × visits after an entry.
            let wide = end - begin;
            let block: Vec<f64> =
                (begin..end).flat_map(|i| (begin..end).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect();
            let within = inverse(block, wide);
            let lost: f64 = (0..wide)
                .map(|j| (0..wide).map(|i| visits[begin + i] * within[i * wide + j]).sum::<f64>() * reach[begin + j])
                .sum();
            if let Some(effect) = removal.get_mut(channel) {
                *effect = (lost / conversion).clamp(0.0, 1.0);
            }
            begin = end;
        }
        Ok(Effects { conversion, removal, states: size })
    }
}

/// The inverse of a square matrix by Gauss–Jordan elimination with partial pivoting. Ours always have one: from every
/// state some path goes on to an end. Rows are eliminated side by side, each on its own: the same on any number of cores.
fn inverse(a: Vec<f64>, size: usize) -> Vec<f64> {
    let width = 2 * size;
    let mut rows = vec![0.0; width * size];
    for (at, row) in rows.chunks_mut(width.max(1)).enumerate() {
        row[..size].copy_from_slice(&a[at * size..(at + 1) * size]);
        row[size + at] = 1.0;
    }
    drop(a);
    let at_least = if size < 128 { size.max(1) } else { 16 };
    let mut pivot_row = vec![0.0; width];
    for column in 0..size {
        let size_of = |row: &usize| rows[row * width + column].abs();
        let pivot = (column..size).max_by(|x, y| size_of(x).total_cmp(&size_of(y)).then(y.cmp(x))).unwrap_or(column);
        if pivot != column {
            for k in 0..width {
                rows.swap(column * width + k, pivot * width + k);
            }
        }
        let line = &mut rows[column * width..(column + 1) * width];
        let scale = line[column];
        // What is left of the column is 0 already.
        line[column..].iter_mut().for_each(|value| *value /= scale);
        pivot_row.copy_from_slice(line);
        rows.par_chunks_mut(width).with_min_len(at_least).enumerate().filter(|(row, _)| *row != column).for_each(
            |(_, row)| {
                let factor = row[column];
                if factor != 0.0 {
                    row[column..].iter_mut().zip(&pivot_row[column..]).for_each(|(value, p)| *value -= factor * p);
                }
            },
        );
    }
    rows.chunks(width.max(1)).flat_map(|row| row[size..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chain(order: u32, paths: &[(&[u32], bool, u64)]) -> Chain {
        let mut chain = Chain::new(order);
        for (path, converted, n) in paths {
            chain.add(path, *converted, *n);
        }
        chain
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    /// Puzyrov, "Markov chain attribution: simple explanation of removal effect" (2019, serhiipuzyrov.com): Google Ads 2,
    /// mailing 1, Google Ads and then mailing 1, and Google Ads once in vain.
    #[test]
    fn a_published_example() {
        let paths: [(&[u32], bool, u64); 4] = [(&[0], true, 2), (&[1], true, 1), (&[0, 1], true, 1), (&[0], false, 1)];
        let effects = chain(1, &paths).effects(2).unwrap();
        assert!(close(effects.conversion, 0.8), "{effects:?}");
        assert!(close(effects.removal[0], 0.75) && close(effects.removal[1], 0.5), "{effects:?}");
        let shares = effects.shares().unwrap();
        assert!(close(shares[0] * 4.0, 2.4) && close(shares[1] * 4.0, 1.6), "{shares:?}");
    }

    /// Bryl, "Marketing multi-channel attribution model with R, part 1" (2016, analyzecore.com): C1 C2 C3 converts, C1 and
    /// C2 C3 do not.
    #[test]
    fn another_published_example() {
        let paths: [(&[u32], bool, u64); 3] = [(&[0, 1, 2], true, 1), (&[0], false, 1), (&[1, 2], false, 1)];
        let effects = chain(1, &paths).effects(3).unwrap();
        assert!(close(effects.conversion, 1.0 / 3.0), "{effects:?}");
        assert!([0.5, 1.0, 1.0].iter().zip(&effects.removal).all(|(a, b)| close(*a, *b)), "{effects:?}");
        let shares = effects.shares().unwrap();
        assert!([0.2, 0.4, 0.4].iter().zip(&shares).all(|(a, b)| close(*a, *b)), "{shares:?}");
    }

    #[test]
    fn nothing_converts_and_nothing_at_all() {
        let effects = chain(1, &[(&[0, 1], false, 3)]).effects(2).unwrap();
        assert_eq!((effects.conversion, effects.shares()), (0.0, None));
        let effects = chain(2, &[(&[], true, 3)]).effects(2).unwrap();
        assert_eq!((effects.states, effects.shares()), (0, None));
    }

    #[test]
    fn too_many_states_are_refused() {
        let path: Vec<u32> = (0..3000).collect();
        assert_eq!(chain(1, &[(&path, true, 1)]).effects(3000), Err(3000));
    }

    /// Probability of a conversion by following the journeys step by step, without the channels removed.
    fn walked(order: u32, paths: &[(Vec<u32>, bool, u64)], without: Option<u32>) -> f64 {
        let order = order as usize;
        let mut steps: std::collections::BTreeMap<Vec<u32>, std::collections::BTreeMap<Option<Vec<u32>>, f64>> =
            std::collections::BTreeMap::new();
        let mut wins: std::collections::BTreeMap<Vec<u32>, f64> = std::collections::BTreeMap::new();
        for (path, converted, n) in paths.iter().filter(|p| !p.0.is_empty()) {
            #[allow(clippy::cast_precision_loss)]
            let n = *n as f64;
            let state = |end: usize| path[end.saturating_sub(order)..end].to_vec();
            for at in 0..path.len() {
                *steps.entry(state(at)).or_default().entry(Some(state(at + 1))).or_default() += n;
            }
            *steps.entry(state(path.len())).or_default().entry(None).or_default() += n;
            if *converted {
                *wins.entry(state(path.len())).or_default() += n;
            }
        }
        // All mass moves on, a step at a time, until next to none is left.
        let mut mass = std::collections::BTreeMap::from([(Vec::new(), 1.0)]);
        let mut won = 0.0;
        for _ in 0..20_000 {
            let mut next: std::collections::BTreeMap<Vec<u32>, f64> = std::collections::BTreeMap::new();
            for (state, here) in &mass {
                let Some(to) = steps.get(state) else { continue };
                let all: f64 = to.values().sum();
                won += here * wins.get(state).copied().unwrap_or(0.0) / all;
                for (state, n) in to {
                    if let Some(state) = state.as_ref().filter(|s| without.is_none() || s.last().copied() != without) {
                        *next.entry(state.clone()).or_default() += here * n / all;
                    }
                }
            }
            mass = next;
            if mass.values().sum::<f64>() < 1e-13 {
                break;
            }
        }
        won
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn agrees_with_walking(
            order in 1_u32..=3,
            paths in prop::collection::vec((prop::collection::vec(0_u32..4, 0..6), any::<bool>(), 1_u64..4), 1..10)
        ) {
            let mut chain = Chain::new(order);
            for (path, converted, n) in &paths {
                chain.add(path, *converted, *n);
            }
            let effects = chain.effects(4).unwrap();
            let all = walked(order, &paths, None);
            prop_assert!((effects.conversion - all).abs() < 1e-9);
            for channel in 0..4 {
                let without = walked(order, &paths, Some(channel));
                let effect = if all > 0.0 { 1.0 - without / all } else { 0.0 };
                prop_assert!((effects.removal[channel as usize] - effect).abs() < 1e-7, "{channel}: {effects:?} {effect}");
            }
            if let Some(shares) = effects.shares() {
                prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            }
        }
    }
}
