//! What is measured: every stay in a stage, who is open and where, what was won, how many come in, and what a lead costs.
//!
//! In: the buying processes and which of them count. Out: [`Measured`].
//!
//! A process is at the furthest stage that it has reached. A stage that was reached on the day of a later one was stayed in
//! for no day; one dated after a later one was passed unseen and is left out. The last stay ends with the close of a deal,
//! or on the day somebody without one was turned down. Who was turned down and has come again since was never out.
//!
//! Those who begin later than at the first stage, as deals without a lead do, are another kind of buyer: where enough of
//! them were followed they have stages of the model of their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{Fiscal, PeriodKind, Periods};
use crate::contract::{Evidence, Stage};
use crate::journey::gone::{Gone, gone};
use crate::journey::{Journeys, NO_DAY, Outcome, account_of};
use crate::session::Data;
use crate::stats::plan::{End, Group, Model, Stay, Tally};
use crate::tables::{Kind, NO_MONEY, NONE};
use crate::time::day_of;

/// Days before as-of whose new buyers are the present pace.
pub const PACE_DAYS: i32 = 180;

/// Whole periods before as-of that the cost of a lead is taken from.
const COST_PERIODS: usize = 4;

/// Stays of those who begin later that have to have ended at a stage before it has a curve of their own.
const OWN: usize = 30;

/// Somebody who is open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenOne {
    /// Index among the processes.
    pub at: usize,
    /// Stage of the model.
    pub stage: usize,
    /// Days since it was reached.
    pub age: u32,
    /// The deal's amount, where it has one.
    pub amount: Option<f64>,
    /// It is in nobody's work: sent back, or turned down on a day that nobody knows.
    pub waiting: bool,
}

/// A deal that was won.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WonOne {
    /// Index among the processes.
    pub at: usize,
    /// The day it closed.
    pub day: i32,
    /// Its amount, where it has one.
    pub amount: Option<f64>,
    /// Who is resampled with it.
    pub cluster: u32,
    /// Whether the curves are made of it too.
    pub measured: bool,
}

/// Somebody who came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Came {
    /// Index among the processes.
    pub at: usize,
    /// Stage of the model.
    pub stage: usize,
    /// On this day.
    pub day: i32,
    /// Who is resampled with it.
    pub cluster: u32,
}

/// Everything that is measured.
///
/// A stage of the model is twice its place among [`Measured::stages`], and one more for those who begin later and have it for
/// themselves.
pub struct Measured {
    /// Stages before being won, by their place in the contract.
    pub stages: Vec<usize>,
    /// Every stay.
    pub stays: Vec<Stay>,
    /// The process of each stay.
    pub of: Vec<u32>,
    /// Length of the longest, plus one.
    pub longest: usize,
    /// Number of clusters.
    pub clusters: usize,
    /// How many clusters are accounts.
    pub accounts: usize,
    /// Who is open.
    pub open: Vec<OpenOne>,
    /// By place of the furthest stage: of those who are open, how many are in nobody's work: sent back, or turned down on a
    /// day that nobody knows.
    pub waiting: Vec<u64>,
    /// By place of the furthest stage: who was turned down on a known day, and is out.
    pub turned_down: Vec<u64>,
    /// The same one by one: index among the processes, place of the stage, and the day.
    pub down: Vec<(usize, usize, i32)>,
    /// Of those who are open, how many were turned down on a day that nobody knows.
    pub down_undated: u64,
    /// Who begins later and has stages of their own.
    pub apart: u64,
    /// What was won.
    pub won: Vec<WonOne>,
    /// Who came in.
    pub came: Vec<Came>,
    /// Days of the present pace.
    pub pace_days: f64,
    /// The last day that the exports tell of: as-of, unless they end well before it.
    pub known: i32,
    /// Open, with no stage on a known day: in no figure.
    pub open_undated: u64,
    /// Won, with no stage before on a known day: in no curve.
    pub won_unseen: u64,
    /// Open deals without an amount.
    pub without_amount: u64,
}

/// The stage that is being won: the first that a deal's close shows, else the last.
pub fn sale(stages: &[Stage]) -> usize {
    let closes = |stage: &Stage| {
        let is = |e: &Evidence| matches!(e, Evidence::Column { table: Kind::Deals, column, .. } if column.value == "closed_at");
        stage.reached.iter().any(|said| is(&said.value))
    };
    stages.iter().position(closes).unwrap_or(stages.len().saturating_sub(1))
}

/// The stages that a process was seen at, each the furthest on its day, as place among the stages and day.
fn path(j: &Journeys, stages: &[usize], at: usize, until: i32) -> Vec<(usize, i32)> {
    let mut path: Vec<(usize, i32)> = Vec::new();
    let mut before = until;
    for (place, stage) in stages.iter().enumerate().rev() {
        if let Some(day) = j.stages[*stage][at].day().filter(|day| *day <= before) {
            path.push((place, day));
            before = day;
        }
    }
    path.reverse();
    path
}

impl Measured {
    /// Measures the processes of `keep`; those that began before `from` are in no curve.
    pub fn of(data: &Data, keep: &[bool], from: Option<i32>) -> Self {
        let (j, as_of) = (&data.journeys, day_of(data.session.as_of));
        let sale = sale(&data.session.contract.stages);
        let stages: Vec<usize> = (0..sale).filter(|stage| j.seen[*stage]).collect();
        let scale = data.facts().minor_per_major();
        #[allow(clippy::cast_precision_loss)] // cents stay far below 2^53
        let amount = |at: usize| (j.amount[at] != NO_MONEY).then(|| j.amount[at] as f64 / scale);
        let accounts = account_of(&data.who, j);
        let gone = gone(&data.tables, &data.who, &data.session.contract, j, &data.session.home, as_of);
        let mut cluster_of: BTreeMap<u32, u32> = BTreeMap::new();
        let places = stages.len();
        let mut m = Self {
            stages,
            stays: Vec::new(),
            of: Vec::new(),
            longest: 1,
            clusters: 0,
            accounts: 0,
            open: Vec::new(),
            waiting: vec![0; places],
            turned_down: vec![0; places],
            down: Vec::new(),
            down_undated: 0,
            apart: 0,
            won: Vec::new(),
            came: Vec::new(),
            pace_days: 0.0,
            known: data.ends_early().map_or(as_of, |(_, day)| day),
            open_undated: 0,
            won_unseen: 0,
            without_amount: 0,
        };
        #[allow(clippy::cast_possible_truncation)] // fewer than 2^32 processes
        for at in (0..j.len()).filter(|at| keep[*at]) {
            let own = m.clusters as u32;
            let cluster = if accounts[at] == NONE { own } else { *cluster_of.entry(accounts[at]).or_insert(own) };
            m.clusters += usize::from(cluster == own);
            let outcome = j.outcome[at];
            let closed = (j.closed[at] != NO_DAY).then_some(j.closed[at]);
            // Customers without a deal are followed until then, and no deal of theirs is to come.
            let bought = (sale..j.stages.len()).filter(|s| j.stages[*s][at].is() && outcome != Outcome::Won);
            let bought: Vec<Option<i32>> = bought.map(|s| j.stages[s][at].day()).collect();
            let until = if outcome == Outcome::Won { closed.unwrap_or(as_of) } else { as_of };
            let path = path(j, &m.stages, at, until);
            if outcome == Outcome::Won
                && let Some(day) = closed
            {
                let began = path.first().map_or(day, |(_, day)| *day);
                let measured = from.is_none_or(|from| began >= from);
                m.won.push(WonOne { at, day, amount: amount(at), cluster, measured });
                m.won_unseen += u64::from(path.is_empty());
            }
            let down = gone[at].and_then(|gone| if let Gone::Down(day) = gone { Some(day) } else { None });
            let down = down.filter(|_| bought.is_empty());
            let out = down.filter(|day| *day != NO_DAY);
            let open = matches!(outcome, Outcome::Open | Outcome::NoDeal) && bought.is_empty() && out.is_none();
            let Some((first, began)) = path.first().copied() else {
                m.open_undated += u64::from(open);
                continue;
            };
            let (end, last) = match outcome {
                Outcome::Won => (End::Won, closed),
                Outcome::Lost | Outcome::Derailed if closed.is_some() => (End::Lost, closed),
                Outcome::Unclear => (End::Open, closed.or(Some(as_of))),
                _ if !bought.is_empty() => (End::Open, bought.iter().flatten().min().copied()),
                _ if out.is_some() => (End::Lost, out),
                _ => (End::Open, Some(as_of)),
            };
            // Won on an unknown day: seen until the last stage, and no longer.
            let last = last.unwrap_or(path[path.len() - 1].1);
            let end = if outcome == Outcome::Won && closed.is_none() { End::Open } else { end };
            let later = usize::from(first > 0);
            m.came.push(Came { at, stage: 2 * first + later, day: began, cluster });
            let (furthest, day) = path[path.len() - 1];
            m.turned_down[furthest] += u64::from(out.is_some());
            m.down.extend(out.map(|day| (at, furthest, day)));
            if open {
                let age = u32::try_from(as_of - day).unwrap_or(0);
                let own = if outcome == Outcome::Open { amount(at) } else { None };
                m.without_amount += u64::from(outcome == Outcome::Open && own.is_none());
                m.waiting[furthest] += u64::from(gone[at].is_some());
                m.down_undated += u64::from(down.is_some());
                m.open.push(OpenOne { at, stage: 2 * furthest + later, age, amount: own, waiting: gone[at].is_some() });
            }
            if from.is_some_and(|from| began < from) {
                continue;
            }
            for (here, (stage, day)) in path.iter().enumerate() {
                let (end, until) = match path.get(here + 1) {
                    Some((next, day)) => (End::To(2 * next + later), *day),
                    None => (end, last.max(*day)),
                };
                let days = u32::try_from(until - day).unwrap_or(0);
                m.longest = m.longest.max(days as usize + 1);
                m.stays.push(Stay { stage: 2 * stage + later, days, end, cluster });
                m.of.push(at as u32);
            }
        }
        m.accounts = cluster_of.len();
        m.join();
        let began = m.came.iter().map(|came| came.day).min().unwrap_or(m.known);
        m.pace_days = f64::from(PACE_DAYS.min(m.known - began + 1).max(1));
        m
    }

    /// Joins those who begin later with the others, at every stage where too few of them were followed to the end.
    fn join(&mut self) {
        let places = self.stages.len();
        let mut ended = vec![0; places];
        for stay in self.stays.iter().filter(|stay| stay.stage % 2 == 1 && stay.end != End::Open) {
            ended[stay.stage / 2] += 1;
        }
        let joined = |stage: usize| if ended[stage / 2] >= OWN { stage } else { stage / 2 * 2 };
        for stay in &mut self.stays {
            stay.stage = joined(stay.stage);
            if let End::To(stage) = &mut stay.end {
                *stage = joined(*stage);
            }
        }
        self.open.iter_mut().for_each(|one| one.stage = joined(one.stage));
        self.came.iter_mut().for_each(|one| one.stage = joined(one.stage));
        self.apart = self.came.iter().filter(|one| one.stage % 2 == 1).count() as u64;
    }

    /// Number of stages of the model.
    pub fn states(&self) -> usize {
        2 * self.stages.len()
    }

    /// First day of the present pace.
    #[allow(clippy::cast_possible_truncation)] // days
    pub fn pace_from(&self) -> i32 {
        self.known - self.pace_days as i32 + 1
    }

    /// Who came in on the days of the present pace.
    pub fn lately(&self) -> impl Iterator<Item = &Came> {
        self.came.iter().filter(|came| (self.pace_from()..=self.known).contains(&came.day))
    }

    /// The curves of the stays for which `of` holds.
    pub fn model(&self, of: impl Fn(usize) -> bool) -> Model {
        let mut tally = Tally::new(self.states(), self.longest);
        for (stay, _) in self.stays.iter().zip(&self.of).filter(|(_, at)| of(**at as usize)) {
            tally.add(stay, 1);
        }
        Model::of(&tally, self.states(), None)
    }

    /// Those who are open, together with all that are at the same stage since the same day.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: BTreeMap<(usize, u32), Vec<Option<f64>>> = BTreeMap::new();
        for one in &self.open {
            groups.entry((one.stage, one.age)).or_default().push(one.amount);
        }
        groups.into_iter().map(|((stage, age), amounts)| Group { stage, age, amounts }).collect()
    }

    /// How many come in a day at each stage.
    pub fn pace(&self) -> Vec<f64> {
        let mut pace = vec![0.0; self.states()];
        for came in self.lately() {
            pace[came.stage] += 1.0 / self.pace_days;
        }
        pace
    }

    /// Amounts of what was won and is measured, with their clusters.
    pub fn amounts(&self) -> Vec<(u32, f64)> {
        let won = self.won.iter().filter(|won| won.measured);
        won.filter_map(|won| won.amount.map(|amount| (won.cluster, amount))).collect()
    }

    /// Deals that were won and are in the curves.
    pub fn wins(&self) -> usize {
        self.stays.iter().filter(|stay| stay.end == End::Won).count()
    }
}

/// The mean of the amounts; `None` without any.
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn mean(amounts: &[(u32, f64)]) -> Option<f64> {
    (!amounts.is_empty()).then(|| amounts.iter().map(|(_, amount)| amount).sum::<f64>() / amounts.len() as f64)
}

/// What a new buyer costs: marketing's spend over the new buyers of the same whole periods.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Marketing's spend, in major units.
    pub spend: f64,
    /// Who came in at the first stage.
    pub leads: u64,
    /// First day.
    pub from: i32,
    /// Last day.
    pub to: i32,
    /// The rows of the ledger.
    pub rows: Vec<usize>,
}

impl Cost {
    /// Of the last whole periods that the ledger has.
    ///
    /// # Errors
    /// Why there is none.
    #[allow(clippy::cast_precision_loss)] // cents stay far below 2^53
    pub fn of(data: &Data, measured: &Measured, kind: PeriodKind, fiscal: Fiscal) -> Result<Self, String> {
        let as_of = day_of(data.session.as_of);
        let spend = data.tables.get(Kind::Spend);
        if let Some(why) = data.facts().no_table("spend") {
            return Err(why);
        }
        let began = measured.came.iter().map(|came| came.day).min().ok_or("nobody came in")?;
        let periods = Periods::covering(kind, began, as_of, fiscal).all;
        let whole: Vec<_> = periods.iter().filter(|p| p.start >= began && p.end <= as_of).collect();
        let last = &whole[whole.len().saturating_sub(COST_PERIODS)..];
        let (Some(first), Some(end)) = (last.first(), last.last()) else {
            return Err(format!("no whole {} has passed", kind.id()));
        };
        let (from, to) = (first.start, end.end);
        let (dates, team, amount) = (spend.times("date"), spend.codes("team"), spend.money("amount"));
        let (mut sum, mut seen, mut rows) = (0_i64, BTreeSet::new(), Vec::new());
        for row in 0..spend.len() {
            let day = data.session.home.day(dates[row]).filter(|day| (from..=to).contains(day));
            let (Some(day), Some("marketing")) = (day, data.tables.names.text(team[row])) else { continue };
            if amount[row] != NO_MONEY {
                sum += amount[row];
                rows.push(row);
                seen.extend(last.iter().position(|p| (p.start..=p.end).contains(&day)));
            }
        }
        if seen.len() < last.len() {
            return Err(format!(
                "the ledger lacks marketing's spend of {} of {} periods",
                last.len() - seen.len(),
                last.len()
            ));
        }
        let leads = measured.came.iter().filter(|c| c.stage == 0 && (from..=to).contains(&c.day)).count() as u64;
        if leads == 0 {
            return Err("nobody came in during those periods".into());
        }
        Ok(Self { spend: sum as f64 / data.facts().minor_per_major(), leads, from, to, rows })
    }

    /// Per lead.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn each(&self) -> f64 {
        self.spend / self.leads as f64
    }
}
