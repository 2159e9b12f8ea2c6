//! When they come: the stages as a chain, day by day from tomorrow on.
//!
//! Days are counted from as-of, which is day 0; tomorrow is day 1. Who reaches a stage on a day may leave it on the same day.

use super::curve::{Curve, Tally};

/// The curves of all stages, in order; being won is the end after the last of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// By stage.
    pub curves: Vec<Curve>,
}

/// So many are at a stage, since so many days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Open {
    /// The furthest stage they have reached.
    pub stage: usize,
    /// Days since they reached it.
    pub age: u32,
    /// How many.
    pub n: f64,
}

/// How many reach each stage, and are won, on each day; day 0 has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// By stage and day.
    pub reached: Vec<Vec<f64>>,
    /// By day.
    pub won: Vec<f64>,
}

impl Model {
    /// The curves of a tally; where `like` is given they end where its curves do.
    pub fn of(tally: &Tally, stages: usize, like: Option<&Self>) -> Self {
        let end = |stage: usize| like.map(|model| model.curves[stage].len());
        Self { curves: (0..stages).map(|stage| Curve::of(tally, stage, end(stage))).collect() }
    }

    /// Number of stages before being won, which is also the number of that end.
    pub fn won(&self) -> usize {
        self.curves.len()
    }

    /// By stage: the share of those who reach it on day 0 that is won on each day up to `days`.
    ///
    /// ```
    /// use onefunnel::stats::plan::{End::{Lost, To, Won}, Model, Stay, Tally};
    /// let mut tally = Tally::new(2, 10);
    /// let ends = [(0, 2, To(1)), (0, 3, To(1)), (0, 4, Lost), (0, 4, Lost), (0, 4, Lost)];
    /// let more = [(1, 1, Won), (1, 1, Won), (1, 1, Lost), (1, 5, Won), (1, 5, Lost)];
    /// for (stage, days, end) in ends.into_iter().chain(more) {
    ///     tally.add(&Stay { stage, days, end, cluster: 0 }, 1);
    /// }
    /// let won = Model::of(&tally, 2, None).won_by_day(8);
    /// assert!((won[1][1] - 0.4).abs() < 1e-12 && (won[1][5] - 0.2).abs() < 1e-12);
    /// // 0.2 reach the second stage on day 2, and 0.4 of them are won one day later.
    /// assert!((won[0][3] - 0.2 * 0.4).abs() < 1e-12 && (won[0].iter().sum::<f64>() - 0.4 * 0.6).abs() < 1e-12);
    /// ```
    pub fn won_by_day(&self, days: usize) -> Vec<Vec<f64>> {
        let mut won = vec![vec![0.0; days + 1]; self.curves.len()];
        for stage in (0..self.curves.len()).rev() {
            let (before, after) = won.split_at_mut(stage + 1);
            let own = &mut before[stage];
            for (day, end, share) in &self.curves[stage].steps {
                let day = *day as usize;
                if day > days {
                    break;
                }
                if *end == self.won() {
                    own[day] += share;
                } else {
                    // Ends lead to later stages only.
                    let of = &after[*end - stage - 1];
                    own[day..].iter_mut().zip(of).for_each(|(own, of)| *own += share * of);
                }
            }
        }
        won
    }

    /// By stage: the share won by the end of each day.
    pub fn won_by(&self, days: usize) -> Vec<Vec<f64>> {
        let mut won = self.won_by_day(days);
        for own in &mut won {
            let mut sum = 0.0;
            for share in own.iter_mut() {
                sum += *share;
                *share = sum;
            }
        }
        won
    }

    /// The chance of somebody who has been at a stage for `age` days to be won on day `from` to `to`; `won_by` must reach to
    /// `to`. `None` where nobody was followed for so long.
    pub fn chance(&self, won_by: &[Vec<f64>], stage: usize, age: u32, (from, to): (u32, u32)) -> Option<f64> {
        let curve = &self.curves[stage];
        let left = *curve.open.get(age as usize)?;
        // In a resample everybody may have left by then.
        if left <= 1e-12 || to < from {
            return Some(0.0);
        }
        let by = |of: &[f64], day: Option<u32>| day.map_or(0.0, |day| of[day as usize]);
        let first = curve.steps.partition_point(|step| step.0 <= age);
        let steps = curve.steps[first..].iter().take_while(|step| step.0 - age <= to);
        let sum: f64 = steps
            .map(|(day, end, share)| {
                let on = day - age;
                if *end == self.won() {
                    return if on >= from { *share } else { 0.0 };
                }
                let of = &won_by[*end];
                share * (by(of, Some(to - on)) - by(of, (from - 1).checked_sub(on)))
            })
            .sum();
        Some((sum / left).min(1.0))
    }

    /// How many reach each stage and are won on each of the next days: of those who are open, and of those who come in
    /// (`entries[stage][day]`).
    pub fn flow(&self, open: &[Open], entries: &[Vec<f64>], days: usize) -> Flow {
        let mut reached = vec![vec![0.0; days + 1]; self.curves.len()];
        let mut won = vec![0.0; days + 1];
        for (of, comes) in reached.iter_mut().zip(entries) {
            of.iter_mut().zip(comes).skip(1).for_each(|(of, n)| *of += n);
        }
        for one in open {
            let curve = &self.curves[one.stage];
            let Some(left) = curve.open.get(one.age as usize).filter(|left| **left > 1e-12) else { continue };
            let first = curve.steps.partition_point(|step| step.0 <= one.age);
            for (day, end, share) in &curve.steps[first..] {
                let on = (day - one.age) as usize;
                if on > days {
                    break;
                }
                let to = if *end == self.won() { &mut won } else { &mut reached[*end] };
                to[on] += one.n * share / left;
            }
        }
        for stage in 0..self.curves.len() {
            let (before, after) = reached.split_at_mut(stage + 1);
            let comes = &before[stage];
            for (day, end, share) in &self.curves[stage].steps {
                let day = *day as usize;
                if day > days {
                    break;
                }
                let to = if *end == self.won() { &mut won } else { &mut after[*end - stage - 1] };
                to[day..].iter_mut().zip(comes).for_each(|(to, n)| *to += share * n);
            }
        }
        Flow { reached, won }
    }

    /// The same with every stay `factor` times as long.
    #[must_use]
    pub fn stretched(&self, factor: f64) -> Self {
        Self { curves: self.curves.iter().map(|curve| curve.stretched(factor)).collect() }
    }
}
