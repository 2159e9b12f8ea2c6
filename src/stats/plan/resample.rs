//! The same many times over, from resampled data and with chance in it: what intervals are made of.
//!
//! A bootstrap of clusters: each time every cluster is there 0, 1, 2, … times (Poisson with mean 1; Hanley and MacGibbon
//! 2006), so that what belongs together stays together. From each resample come the curves, the pace and the mean amount;
//! with them it is drawn who of those open now is won, and how many of those still to come. Each draw has its own stream of
//! random numbers: threads change nothing.

use rayon::prelude::*;

use super::curve::{Stay, Tally};
use super::flow::Model;
use crate::stats::random::Random;

/// Those who are at one stage since the same day.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The furthest stage.
    pub stage: usize,
    /// Days since it was reached.
    pub age: u32,
    /// The amount of each, where it has one.
    pub amounts: Vec<Option<f64>>,
}

/// Some who come in on later days.
#[derive(Debug, Clone, PartialEq)]
pub struct Inflow {
    /// The stage at which they begin.
    pub stage: usize,
    /// By day from as-of; day 0 has none.
    pub daily: Vec<f64>,
    /// Whether the numbers are multiplied by the pace that is measured, which is then resampled too.
    pub at_pace: bool,
    /// What their chances are multiplied by, where rates are assumed.
    pub factor: f64,
}

/// What is known and what is asked.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The model of the data as they are; resampled curves end where its curves do.
    pub model: &'a Model,
    /// Every stay.
    pub stays: &'a [Stay],
    /// Length of the longest, plus one.
    pub longest: usize,
    /// Number of clusters.
    pub clusters: usize,
    /// Cluster and amount of everything won that has an amount.
    pub amounts: &'a [(u32, f64)],
    /// Cluster and stage of everybody who came in during the days of the pace.
    pub came: &'a [(u32, usize)],
    /// How many days those are.
    pub pace_days: f64,
    /// Who is open.
    pub open: &'a [Group],
    /// Who is still to come.
    pub inflows: &'a [Inflow],
    /// First and last day of each stretch that is asked for; they do not overlap.
    pub windows: &'a [(u32, u32)],
    /// The amount of a deal, where it is assumed.
    pub deal: Option<f64>,
}

/// Wins of one stretch: as expected under the resample, and as drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Part {
    /// Expected number.
    pub mean: f64,
    /// Expected amount; 0 where no amount is known.
    pub mean_amount: f64,
    /// Number drawn.
    pub wins: f64,
    /// Amount drawn.
    pub amount: f64,
}

/// One resample.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// By stretch: of those who are open now.
    pub hand: Vec<Part>,
    /// By inflow and stretch.
    pub inflows: Vec<Vec<Part>>,
    /// By stage: how many came in a day.
    pub pace: Vec<f64>,
    /// Mean amount of what was won; `None` where nothing with an amount is in the resample.
    pub deal: Option<f64>,
}

/// The amounts to draw from.
struct Amounts {
    values: Vec<f64>,
    upto: Vec<u64>,
    mean: Option<f64>,
}

impl Amounts {
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn of(question: &Question<'_>, times: &[u8]) -> Self {
        let (mut values, mut upto, mut n, mut sum) = (Vec::new(), Vec::new(), 0, 0.0);
        for (cluster, amount) in question.amounts {
            let k = u64::from(times[*cluster as usize]);
            if k > 0 {
                n += k;
                sum += amount * k as f64;
                values.push(*amount);
                upto.push(n);
            }
        }
        let mean = question.deal.or((n > 0).then(|| sum / n as f64));
        Self { values, upto, mean }
    }

    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the list
    fn draw(&self, assumed: Option<f64>, random: &mut Random) -> f64 {
        match (assumed, self.upto.last()) {
            (Some(amount), _) => amount,
            (None, None) => 0.0,
            (None, Some(n)) => {
                let at = (random.unit() * *n as f64) as u64;
                let at = self.upto.partition_point(|upto| *upto <= at);
                self.values[at.min(self.values.len() - 1)]
            }
        }
    }
}

/// `samples` draws, in order of their number.
pub fn draws(question: &Question<'_>, samples: u64, seed: u64) -> Vec<Draw> {
    (0..samples).into_par_iter().map(|number| draw(question, &mut Random::new(seed, number))).collect()
}

fn draw(question: &Question<'_>, random: &mut Random) -> Draw {
    let times: Vec<u8> = (0..question.clusters).map(|_| random.times()).collect();
    let stages = question.model.curves.len();
    let mut tally = Tally::new(stages, question.longest);
    for stay in question.stays {
        let k = times[stay.cluster as usize];
        if k > 0 {
            tally.add(stay, u32::from(k));
        }
    }
    let model = Model::of(&tally, stages, Some(question.model));
    let amounts = Amounts::of(question, &times);
    let mut pace = vec![0.0; stages];
    for (cluster, stage) in question.came {
        pace[*stage] += f64::from(times[*cluster as usize]) / question.pace_days;
    }
    let last = question.windows.iter().map(|window| window.1).max().unwrap_or(0);
    let won_by = model.won_by(last as usize);
    let hand = hand(question, &model, &won_by, &amounts, random);
    let inflows = question.inflows.iter().map(|inflow| {
        let rate = inflow.factor * if inflow.at_pace { pace[inflow.stage] } else { 1.0 };
        let windows = question.windows.iter().map(|window| {
            let mean = rate * span(&won_by[inflow.stage], &inflow.daily, *window);
            let wins = random.poisson(mean);
            #[allow(clippy::cast_precision_loss)] // a count
            let mut part =
                Part { mean, mean_amount: mean * amounts.mean.unwrap_or(0.0), wins: wins as f64, amount: 0.0 };
            part.amount = (0..wins).map(|_| amounts.draw(question.deal, random)).sum();
            part
        });
        windows.collect()
    });
    let inflows = inflows.collect();
    Draw { hand, inflows, pace, deal: amounts.mean }
}

/// Those who are open now: each is won in at most one of the stretches.
fn hand(
    question: &Question<'_>,
    model: &Model,
    won_by: &[Vec<f64>],
    amounts: &Amounts,
    random: &mut Random,
) -> Vec<Part> {
    let mut parts = vec![Part::default(); question.windows.len()];
    let mut chances = vec![0.0; parts.len()];
    for group in question.open {
        for (chance, window) in chances.iter_mut().zip(question.windows) {
            *chance = model.chance(won_by, group.stage, group.age, *window).unwrap_or(0.0);
        }
        let any: f64 = chances.iter().sum();
        if any <= 0.0 {
            continue;
        }
        let mean = amounts.mean.unwrap_or(0.0);
        let amount: f64 = group.amounts.iter().map(|own| own.unwrap_or(mean)).sum();
        for (part, chance) in parts.iter_mut().zip(&chances) {
            #[allow(clippy::cast_precision_loss)] // a count
            let n = group.amounts.len() as f64;
            part.mean += n * chance;
            part.mean_amount += amount * chance;
        }
        random.successes(group.amounts.len(), any.min(1.0), |at, random| {
            let mut left = random.unit() * any;
            let of = chances.iter().position(|chance| {
                left -= chance;
                left < 0.0
            });
            let part = &mut parts[of.unwrap_or(chances.len() - 1)];
            part.wins += 1.0;
            part.amount += group.amounts[at].unwrap_or_else(|| amounts.draw(question.deal, random));
        });
    }
    parts
}

/// How many of those who come in, `daily[u]` on day `u`, are won from day `from` to day `to`, where `won_by` is the share won
/// by so many days after coming in.
///
/// ```
/// use onefunnel::stats::plan::span;
/// // 10 come on day 1 and 20 on day 2; 10 % are won on the day after, 30 % by the day after that.
/// let (won_by, daily) = ([0.0, 0.1, 0.3, 0.3], [0.0, 10.0, 20.0, 0.0]);
/// // On day 3: 2 of the first ten, and 2 of the twenty.
/// assert!((span(&won_by, &daily, (3, 3)) - 4.0).abs() < 1e-12);
/// ```
pub fn span(won_by: &[f64], daily: &[f64], (from, to): (u32, u32)) -> f64 {
    let (from, to) = (from as usize, to as usize);
    let come = daily.iter().enumerate().take(to + 1).skip(1).filter(|(_, n)| **n != 0.0);
    come.map(|(day, n)| {
        let before = if from > day { won_by[from - 1 - day] } else { 0.0 };
        n * (won_by[to - day] - before)
    })
    .sum()
}
