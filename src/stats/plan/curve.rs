//! What becomes of those who reach a stage, by the days since then.

use crate::stats::survival::{MIN_N, STANDS_FOR};

/// What ended a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A later stage, by its number.
    To(usize),
    /// Won.
    Won,
    /// Lost for good.
    Lost,
    /// Nothing yet, when last seen.
    Open,
}

/// One stay in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// Which stage.
    pub stage: usize,
    /// Whole days from reaching it to the end; 0 where both are of one day.
    pub days: u32,
    /// What it ended in.
    pub end: End,
    /// Who belongs together and is resampled together.
    pub cluster: u32,
}

/// How many stays ended after how many days, and in what.
#[derive(Debug, Clone)]
pub struct Tally {
    stages: usize,
    days: usize,
    /// By stage, end (later stages, won, lost, open) and day.
    counts: Vec<u32>,
}

impl Tally {
    /// Of nobody yet, for `stages` stages and stays of fewer than `days` days.
    pub fn new(stages: usize, days: usize) -> Self {
        Self { stages, days, counts: vec![0; stages * (stages + 3) * days] }
    }

    fn row(&self, stage: usize, end: usize) -> &[u32] {
        let from = (stage * (self.stages + 3) + end) * self.days;
        &self.counts[from..from + self.days]
    }

    /// Counts a stay so many times.
    pub fn add(&mut self, stay: &Stay, times: u32) {
        let end = match stay.end {
            End::To(stage) => stage,
            End::Won => self.stages,
            End::Lost => self.stages + 1,
            End::Open => self.stages + 2,
        };
        self.counts[(stay.stage * (self.stages + 3) + end) * self.days + stay.days as usize] += times;
    }
}

/// What becomes of those who reach one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// How many stays.
    pub n: u64,
    /// Days with ends that lead on, in order: day, end (a stage, or [`Curve::won`]), and the share of all for whom it comes
    /// then.
    pub steps: Vec<(u32, usize, f64)>,
    /// By day: the share whose stay has not ended by the end of it.
    pub open: Vec<f64>,
}

impl Curve {
    /// The curve of a stage. It ends where too few are left to say more, as [`crate::stats::survival::Incidence::sound`]
    /// has it, or after `end` days where that is given.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn of(tally: &Tally, stage: usize, end: Option<usize>) -> Self {
        let rows: Vec<&[u32]> = (0..tally.stages + 3).map(|end| tally.row(stage, end)).collect();
        let n: u64 = rows.iter().flat_map(|row| row.iter()).map(|k| u64::from(*k)).sum();
        let (mut at_risk, mut left) = (n, 1.0);
        let (mut steps, mut open) = (Vec::new(), Vec::new());
        let enough = |at_risk: u64, left: f64| {
            at_risk >= MIN_N || (at_risk > 0 && n >= MIN_N && left * n as f64 <= STANDS_FOR * at_risk as f64 + 1e-9)
        };
        for day in 0..tally.days {
            if end.is_some_and(|end| day >= end) || (end.is_none() && !enough(at_risk, left)) {
                break;
            }
            let mut ended = 0;
            for (end, row) in rows[..tally.stages + 2].iter().enumerate().filter(|(_, row)| row[day] > 0) {
                ended += u64::from(row[day]);
                if end <= tally.stages {
                    let share = left * f64::from(row[day]) / at_risk as f64;
                    steps.push((u32::try_from(day).unwrap_or(u32::MAX), end, share));
                }
            }
            if ended > 0 {
                left *= (at_risk - ended) as f64 / at_risk as f64;
            }
            open.push(left);
            at_risk -= ended + u64::from(rows[tally.stages + 2][day]);
        }
        Self { n, steps, open }
    }

    /// Days that the curve knows, from day 0 on.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The share for whom an end comes at all, as far as the curve goes.
    pub fn share(&self, end: usize) -> f64 {
        self.steps.iter().filter(|step| step.1 == end).map(|step| step.2).sum()
    }

    /// The share whose stay has not ended on the last day of the curve: nobody knows what becomes of them after it.
    pub fn unknown(&self) -> f64 {
        self.open.last().copied().unwrap_or(1.0)
    }

    /// The same with every stay `factor` times as long: a share that falls between two days is split between them.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // days
    pub fn stretched(&self, factor: f64) -> Self {
        let mut by_day: std::collections::BTreeMap<(u32, usize), f64> = std::collections::BTreeMap::new();
        for (day, end, share) in &self.steps {
            let at = f64::from(*day) * factor;
            let (low, part) = (at.floor() as u32, at - at.floor());
            *by_day.entry((low, *end)).or_default() += share * (1.0 - part);
            if part > 0.0 {
                *by_day.entry((low + 1, *end)).or_default() += share * part;
            }
        }
        let days = ((self.len() as f64) * factor).ceil() as usize;
        let mut last = 1.0;
        let open = (0..days).map(|day| {
            let at = day as f64 / factor;
            let (low, part) = (at.floor() as usize, at - at.floor());
            let of = |day: usize| self.open.get(day).copied();
            last = of(low).map_or(last, |now| now + (of(low + 1).unwrap_or(now) - now) * part);
            last
        });
        let open = open.collect();
        let steps = by_day.into_iter().map(|((day, end), share)| (day, end, share)).collect();
        Self { n: self.n, steps, open }
    }
}
