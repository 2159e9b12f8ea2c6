//! Paths → credit by model and key.
//!
//! In: the paths of all processes, and which deals count. Out: [`Credited`] per goal. Rules are counted in one pass over the
//! deals, in fixed blocks whose sums are added in order: the same figures on any number of cores.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::cli::Model;
use crate::journey::path::{Moments, Paths, Span, Step, last_by};
use crate::journey::{NO_DAY, Outcome, path};
use crate::output::number;
use crate::report::Unit;
use crate::session::Data;
use crate::stats::attribution::markov::Chain;
use crate::stats::attribution::rules::{self, Milestones, Rule};
use crate::stats::attribution::shapley::{self, Group};
use crate::stats::attribution::split;
use crate::tables::NO_MONEY;
use crate::time::{Stamp, day_of};

/// What is asked for.
pub struct Asked {
    pub models: Vec<Model>,
    /// Number of keys.
    pub keys: usize,
    /// Days before the moment; all without.
    pub look_back: Option<i32>,
    /// Days.
    pub half_life: i32,
    pub order: u32,
    pub samples: u32,
    pub seed: u64,
    /// First and last day.
    pub period: (i32, i32),
    /// Why journeys that came to nothing cannot be set beside the others.
    pub no_journeys: Option<&'static str>,
}

/// What credit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Deals won in the days shown, and their revenue; touches up to the close.
    Won,
    /// Deals created in the days shown, and their pipeline; touches up to the creation.
    Created,
}

impl Goal {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Won, Self::Created];

    /// Names of the counted and of the summed credit, for machines.
    pub fn ids(self) -> [&'static str; 2] {
        match self {
            Self::Won => ["conversions", "revenue"],
            Self::Created => ["opportunities", "pipeline"],
        }
    }
}

/// Credit of one key: deals, and minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Credit {
    pub deals: f64,
    pub money: i64,
}

/// What a model says.
#[derive(Debug, Clone)]
pub struct Said {
    /// By key.
    pub credit: Vec<Credit>,
    /// 95 % bounds of each key's share of the credit of touched deals, where it was drawn.
    pub bounds: Option<Vec<(f64, f64)>>,
}

/// The credit for a goal.
#[derive(Debug, Clone, Default)]
pub struct Credited {
    /// Deals that count.
    pub deals: u64,
    /// Their amounts, in minor units.
    pub money: i64,
    /// Of them, without an amount.
    pub without_amount: u64,
    /// Of them, without any touch.
    pub untouched: Credit,
    /// By key: deals with such a touch.
    pub of_key: Vec<u64>,
    /// By key: touches on the paths of deals that count.
    pub touches: Vec<u64>,
    /// By model, in the order asked; or why there is none.
    pub said: Vec<Result<Said, String>>,
    /// Touched journeys that came to nothing: lost deals, and people without a deal.
    pub lost: u64,
    pub people: u64,
    /// Touched people without a deal who began so short ago that one may come yet: in no journey.
    pub young: u64,
    /// Deals that do not count because they were open at the end of the days shown, or nobody knows how they ended.
    pub open: u64,
    /// Share of touched journeys that the Markov chain says convert, and its states.
    pub chain: Option<(f64, usize)>,
    /// Deals without any touch that could have made the lead, and the opportunity.
    pub no_lead: u64,
    pub no_opportunity: u64,
}

/// One journey.
#[derive(Clone, Copy)]
struct Journey {
    process: usize,
    span: Span,
}

fn day_in(day: i32, (from, to): (i32, i32)) -> bool {
    day != NO_DAY && (from..=to).contains(&day)
}

/// The credit for a goal.
pub fn credit(data: &Data, paths: &Paths, moments: &Moments, keep: &[bool], asked: &Asked, goal: Goal) -> Credited {
    let (journeys, home) = (&data.journeys, &data.session.home);
    let mut credited = Credited { of_key: vec![0; asked.keys], touches: vec![0; asked.keys], ..Credited::default() };
    let (mut won, mut lost): (Vec<Journey>, Vec<Journey>) = (Vec::new(), Vec::new());
    let end = path::end_of(home.date(asked.period.1), home);
    let start = home.date(asked.period.0).utc_ms();
    let up_to = |process: usize, moment: Stamp| Journey { process, span: Span::up_to(moment, asked.look_back, home) };
    let as_of = day_of(data.session.as_of);
    let mature_after = data.mature_after();
    let is_young = |at: usize| {
        let days = mature_after.zip(journeys.entered(at)).map(|(after, entered)| (after, as_of - entered));
        days.is_some_and(|(after, passed)| passed < after)
    };
    let there = |at: usize| journeys.created[at] == NO_DAY || journeys.created[at] <= asked.period.1;
    for at in (0..journeys.len()).filter(|at| keep[*at]) {
        let outcome = journeys.outcome[at];
        match (goal, outcome) {
            (_, Outcome::NoDeal) => {
                // Looked back on from the last touch.
                let all = paths.within(at, Span { since: i64::MIN, until: end });
                if let Some(last) = all.last().filter(|step| step.at.utc_ms() >= start) {
                    if is_young(at) {
                        credited.young += 1;
                        continue;
                    }
                    lost.push(up_to(at, Stamp::instant(last.at.utc_ms())));
                    credited.people += 1;
                }
            }
            (Goal::Created, _) if day_in(journeys.created[at], asked.period) => {
                // One that closed before it was created was made by then: what came after the close never counts.
                let (created, closed) = (moments.created[at], moments.closed[at]);
                let over = journeys.closed[at] != NO_DAY && path::end_of(closed, home) < path::end_of(created, home);
                won.push(up_to(at, if over { closed } else { created }));
            }
            (Goal::Created, _) => {}
            (Goal::Won, Outcome::Won) if day_in(journeys.closed[at], asked.period) => {
                won.push(up_to(at, moments.closed[at]));
            }
            (Goal::Won, Outcome::Lost | Outcome::Derailed) if day_in(journeys.closed[at], asked.period) => {
                let journey = up_to(at, moments.closed[at]);
                if !paths.within(at, journey.span).is_empty() {
                    lost.push(journey);
                    credited.lost += 1;
                }
            }
            (Goal::Won, Outcome::Open | Outcome::Unclear) => credited.open += u64::from(there(at)),
            (Goal::Won, _) => credited.open += u64::from(there(at) && journeys.closed[at] > asked.period.1),
        }
    }
    for journey in &won {
        let amount = journeys.amount[journey.process];
        let untouched = paths.within(journey.process, journey.span).is_empty();
        credited.deals += 1;
        credited.without_amount += u64::from(amount == NO_MONEY);
        let money = if amount == NO_MONEY { 0 } else { amount };
        credited.money += money;
        if untouched {
            credited.untouched.deals += 1.0;
            credited.untouched.money += money;
        }
    }
    let mut rules = by_rules(data, paths, moments, asked, &won, &mut credited);
    let of_all = OfAll::new(paths, asked, &won, &lost, &credited);
    for model in &asked.models {
        credited.said.push(match model {
            Model::Markov | Model::Shapley if of_all.deals <= 0.0 => {
                Ok(Said { credit: vec![Credit::default(); asked.keys], bounds: None })
            }
            Model::Markov | Model::Shapley if asked.no_journeys.is_some() => {
                Err(asked.no_journeys.unwrap_or_default().to_string())
            }
            Model::Markov => of_all.markov(asked, &mut credited.chain),
            Model::Shapley => of_all.shapley(asked),
            _ => Ok(Said { credit: rules.remove(0), bounds: None }),
        });
    }
    credited
}

/// Sums of a block of deals.
struct Block {
    credit: Vec<Vec<Credit>>,
    of_key: Vec<u64>,
    touches: Vec<u64>,
    no_lead: u64,
    no_opportunity: u64,
}

/// How far a share may lie outside of 0 to 1: conversion rates of combinations vary by chance.
const BEYOND: f64 = 0.02;

/// Deals of a block.
const BLOCK: usize = 4096;

fn by_rules(
    data: &Data,
    paths: &Paths,
    moments: &Moments,
    asked: &Asked,
    won: &[Journey],
    credited: &mut Credited,
) -> Vec<Vec<Credit>> {
    let models: Vec<Model> =
        asked.models.iter().copied().filter(|m| !matches!(m, Model::Markov | Model::Shapley)).collect();
    let blocks: Vec<Block> = won
        .par_chunks(BLOCK)
        .map(|deals| {
            let mut block = Block {
                credit: vec![vec![Credit::default(); asked.keys]; models.len()],
                of_key: vec![0; asked.keys],
                touches: vec![0; asked.keys],
                no_lead: 0,
                no_opportunity: 0,
            };
            let mut sharing = Sharing::default();
            let mut seen_by = vec![usize::MAX; asked.keys];
            for (number, journey) in deals.iter().enumerate() {
                let path = paths.within(journey.process, journey.span);
                if path.is_empty() {
                    continue;
                }
                let milestones = milestones(data, moments, journey, path);
                block.no_lead += u64::from(milestones.lead.is_none());
                block.no_opportunity += u64::from(milestones.opportunity.is_none());
                for key in path.iter().map(|step| step.label as usize) {
                    block.touches[key] += 1;
                    block.of_key[key] += u64::from(seen_by[key] != number);
                    seen_by[key] = number;
                }
                let amount = data.journeys.amount[journey.process];
                let amount = if amount == NO_MONEY { 0 } else { amount };
                for (model, credit) in models.iter().zip(&mut block.credit) {
                    sharing.add(*model, asked, path, milestones, amount, credit);
                }
            }
            block
        })
        .collect();
    let mut sums = vec![vec![Credit::default(); asked.keys]; models.len()];
    for block in &blocks {
        for (sum, credit) in sums.iter_mut().flatten().zip(block.credit.iter().flatten()) {
            sum.deals += credit.deals;
            sum.money += credit.money;
        }
        credited.of_key.iter_mut().zip(&block.of_key).for_each(|(sum, n)| *sum += n);
        credited.touches.iter_mut().zip(&block.touches).for_each(|(sum, n)| *sum += n);
        credited.no_lead += block.no_lead;
        credited.no_opportunity += block.no_opportunity;
    }
    sums
}

/// Where a path's milestones are.
///
/// The lead was made by the last touch at or before the first record of any of the deal's people, or, where an earlier touch is
/// not known, by the first after it; the opportunity by the last touch at or before the deal's creation; the close by
/// the last of all. What lies outside of the days looked back on is not in the path.
fn milestones(data: &Data, moments: &Moments, journey: &Journey, path: &[Step]) -> Milestones {
    let home = &data.session.home;
    let within = |moment: Stamp| moment.some().map(|m| path::end_of(m, home)).filter(|ms| journey.span.contains(*ms));
    let lead = within(moments.lead[journey.process]).map(|ms| last_by(path, ms).unwrap_or(0));
    let created = moments.created[journey.process];
    // A deal that closed before it was created was made by then: its last touch is the one.
    let made =
        created.some().map(|m| path::end_of(m, home).min(journey.span.until)).filter(|ms| journey.span.contains(*ms));
    let opportunity = made.and_then(|ms| last_by(path, ms));
    Milestones { lead, opportunity, close: Some(path.len() - 1) }
}

/// The keys of a path, each once, in order.
fn distinct(path: &[Step], seen: &mut Vec<u32>) {
    seen.clear();
    seen.extend(path.iter().map(|step| step.label));
    seen.sort_unstable();
    seen.dedup();
}

/// Room to share out one deal.
#[derive(Default)]
struct Sharing {
    whole: Vec<u64>,
    real: Vec<f64>,
    times: Vec<f64>,
    parts: Vec<i64>,
}

impl Sharing {
    /// Adds a deal's credit under a rule.
    #[allow(clippy::cast_precision_loss)] // weights and milliseconds stay below 2^53
    fn add(&mut self, model: Model, asked: &Asked, path: &[Step], at: Milestones, amount: i64, credit: &mut [Credit]) {
        let rule = match model {
            Model::First | Model::Last => {
                let one = if model == Model::First { path.first() } else { path.last() };
                if let Some(credit) = one.and_then(|step| credit.get_mut(step.label as usize)) {
                    credit.deals += 1.0;
                    credit.money += amount;
                }
                return;
            }
            Model::Linear => Rule::Linear,
            Model::UFirstLead => Rule::UFirstLead,
            Model::UFirstLast => Rule::UFirstLast,
            Model::W => Rule::W,
            Model::FullPath => Rule::FullPath,
            Model::TimeDecay => {
                let last = path.last().map_or(0, |step| step.at.utc_ms());
                self.times.clear();
                self.times.extend(path.iter().map(|step| (step.at.utc_ms() - last) as f64));
                rules::decay(&self.times, f64::from(asked.half_life) * 86_400_000.0, &mut self.real);
                let total: f64 = self.real.iter().sum();
                split::real(amount, &self.real, &mut self.parts);
                for ((step, weight), part) in path.iter().zip(&self.real).zip(&self.parts) {
                    let credit = &mut credit[step.label as usize];
                    credit.deals += weight / total;
                    credit.money += part;
                }
                return;
            }
            Model::Markov | Model::Shapley => return,
        };
        let total = rules::weights(rule, path.len(), at, &mut self.whole);
        split::exact(amount, &self.whole, total, &mut self.parts);
        let unit = total as f64;
        for ((step, weight), part) in path.iter().zip(&self.whole).zip(&self.parts) {
            if *weight > 0 {
                let credit = &mut credit[step.label as usize];
                credit.deals += *weight as f64 / unit;
                credit.money += part;
            }
        }
    }
}

/// All journeys, by the chain of their keys and by the set of them.
struct OfAll {
    chain: Chain,
    groups: Vec<Group>,
    /// Touched deals and their amounts.
    deals: f64,
    money: i64,
}

type Sets = HashMap<Vec<u32>, (u64, u64), FixedState>;

impl OfAll {
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn new(paths: &Paths, asked: &Asked, won: &[Journey], lost: &[Journey], credited: &Credited) -> Self {
        let wanted = |model: Model| asked.models.contains(&model);
        let (markov, shapley) = (wanted(Model::Markov), wanted(Model::Shapley));
        let empty = || (Chain::new(asked.order), Sets::with_hasher(FixedState::with_seed(7)), Vec::new(), Vec::new());
        let of = |list, converted: bool| -> Vec<(Journey, bool)> {
            let list: &[Journey] = list;
            list.iter().map(|journey| (*journey, converted)).collect()
        };
        let all = [of(won, true), of(lost, false)].concat();
        let counted =
            all.par_iter().with_min_len(1024).fold(empty, |(mut chain, mut sets, mut labels, mut seen), one| {
                let (journey, converted) = *one;
                let path = paths.within(journey.process, journey.span);
                if markov {
                    labels.clear();
                    labels.extend(path.iter().map(|step| step.label));
                    chain.add(&labels, converted, 1);
                }
                if shapley && !path.is_empty() {
                    distinct(path, &mut seen);
                    let n = match sets.get_mut(&seen) {
                        Some(n) => n,
                        None => sets.entry(seen.clone()).or_default(),
                    };
                    n.0 += 1;
                    n.1 += u64::from(converted);
                }
                (chain, sets, labels, seen)
            });
        // Counts are whole numbers: the order in which they are added up does not matter.
        let (chain, sets, ..) = counted.reduce(empty, |a, b| {
            let mut sets = a.1;
            b.1.into_iter().for_each(|(set, n)| {
                let sum = sets.entry(set).or_default();
                *sum = (sum.0 + n.0, sum.1 + n.1);
            });
            (a.0.and(b.0), sets, a.2, a.3)
        });
        let mut groups: Vec<Group> = sets
            .into_iter()
            .map(|(channels, (journeys, conversions))| Group { channels, journeys, conversions })
            .collect();
        groups.sort_unstable_by(|a, b| a.channels.cmp(&b.channels));
        let touched = credited.deals as f64 - credited.untouched.deals;
        Self { chain, groups, deals: touched, money: credited.money - credited.untouched.money }
    }

    fn markov(&self, asked: &Asked, about: &mut Option<(f64, usize)>) -> Result<Said, String> {
        let effects = self.chain.effects(asked.keys).map_err(|states| {
            format!("{states} states, which are too many to solve: ask for fewer with --order or another --by")
        })?;
        *about = Some((effects.conversion, effects.states));
        let shares = effects.shares().ok_or("no touched deal")?;
        Ok(Said { credit: self.share_out(&shares), bounds: None })
    }

    /// Of the keys that any journey has; the others have no credit.
    #[allow(clippy::cast_possible_truncation)] // fewer than 2^32 keys
    fn shapley(&self, asked: &Asked) -> Result<Said, String> {
        let mut active: Vec<u32> = self.groups.iter().flat_map(|g| g.channels.iter().copied()).collect();
        active.sort_unstable();
        active.dedup();
        let mut place = vec![0_u32; asked.keys];
        active.iter().zip(0..).for_each(|(key, at)| place[*key as usize] = at);
        let renumbered = |g: &Group| Group { channels: g.channels.iter().map(|c| place[*c as usize]).collect(), ..*g };
        let groups: Vec<Group> = self.groups.iter().map(renumbered).collect();
        let values = shapley::values(active.len(), &groups, asked.samples, asked.seed);
        let whole: f64 = values.iter().map(|v| v.value).sum();
        if whole.is_nan() || whole <= 0.0 {
            return Err("no touched deal".into());
        }
        let mut shares = vec![0.0; asked.keys];
        let mut bounds = vec![(0.0, 0.0); asked.keys];
        for (key, value) in active.iter().zip(&values) {
            shares[*key as usize] = value.value / whole;
            bounds[*key as usize] = value.bounds.map_or((0.0, 0.0), |(low, high)| (low / whole, high / whole));
        }
        // Rates of combinations that a few journeys have can outweigh all others: then the shares say nothing.
        let (least, most) = shares.iter().fold((0.0_f64, 0.0_f64), |(low, high), s| (low.min(*s), high.max(*s)));
        if least < -BEYOND || most > 1.0 + BEYOND {
            return Err(format!(
                "too few journeys have some of the combinations, whose conversion rates would decide: one share would be {}, another {}",
                number::people(least, Unit::Share),
                number::people(most, Unit::Share)
            ));
        }
        let drawn = values.iter().any(|v| v.bounds.is_some());
        Ok(Said { credit: self.share_out(&shares), bounds: drawn.then_some(bounds) })
    }

    /// The touched deals and their amounts by shares that add up to 1.
    fn share_out(&self, shares: &[f64]) -> Vec<Credit> {
        let mut parts = Vec::new();
        split::real(self.money, shares, &mut parts);
        shares.iter().zip(parts).map(|(share, money)| Credit { deals: share * self.deals, money }).collect()
    }
}
