//! Stays, cycles and pipelines, counted by period and segment.
//!
//! In: the processes and which of them count. Out: [`Times`], lists of days per item, period and segment, and
//! [`Pipelines`], the four factors.

use std::collections::BTreeMap;

use crate::calendar::Periods;
use crate::journey::spells::{Stay, Variant};
use crate::journey::{Journeys, NO_DAY, Outcome};
use crate::tables::NO_MONEY;

/// What takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A stage of the contract, by index.
    Stage(u32),
    /// A stage of the CRM's deals, by index.
    DealStage(u32, Variant),
    /// From a deal's creation to won.
    Won,
    /// From a deal's creation to lost, be it to nobody.
    Lost,
    /// From the first contact to won.
    Customer,
}

impl Item {
    /// A stage of the contract.
    #[allow(clippy::cast_possible_truncation)] // far fewer than 2^32 stages
    pub fn of(stage: usize) -> Self {
        Self::Stage(stage as u32)
    }

    /// A stage of the CRM.
    #[allow(clippy::cast_possible_truncation)] // far fewer than 2^32 stages
    pub fn of_deal(stage: usize, variant: Variant) -> Self {
        Self::DealStage(stage as u32, variant)
    }
}

/// Days of one item.
#[derive(Debug, Clone, Default)]
pub struct Time {
    /// Lengths of what ended in the period.
    pub completed: Vec<i32>,
    /// Ages of what is open on as-of; only of all periods together.
    pub open: Vec<i32>,
    /// How many have no known length; only of all periods together.
    pub unknown: u64,
    /// How many would be open, and wait for nothing; only of all periods together.
    pub turned_down: u64,
}

/// Segment, period (`None`: all together), item.
pub type Key = (Option<usize>, Option<usize>, Item);

/// Days by key.
pub type Times = BTreeMap<Key, Time>;

/// What one period's pipeline velocity is made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pipeline {
    /// Deals created before the period and not closed before it.
    pub open_at_start: i64,
    /// Deals created in it.
    pub created: i64,
    /// Deals won in it.
    pub won: u64,
    /// Deals lost in it to somebody.
    pub lost: u64,
    /// Amount of the won ones, in minor units, and how many have one.
    pub amount: i64,
    pub with_amount: u64,
    /// Days from created to won.
    pub cycle: Vec<i32>,
}

/// Pipelines by segment and period.
pub type Pipelines = BTreeMap<(Option<usize>, usize), Pipeline>;

/// Counts what is kept.
pub struct Counts<'a> {
    journeys: &'a Journeys,
    periods: &'a Periods,
    keep: &'a [bool],
    segment_of: Option<&'a [usize]>,
    /// What was counted so far.
    pub times: Times,
}

impl<'a> Counts<'a> {
    /// Nothing counted yet; `segment_of` is given where figures are broken down.
    pub fn new(
        journeys: &'a Journeys,
        periods: &'a Periods,
        keep: &'a [bool],
        segment_of: Option<&'a [usize]>,
    ) -> Self {
        Self { journeys, periods, keep, segment_of, times: Times::new() }
    }

    /// All segments together, and the one of a process.
    fn segments(&self, at: usize) -> impl Iterator<Item = Option<usize>> + use<> {
        [Some(None), self.segment_of.map(|of| Some(of[at]))].into_iter().flatten()
    }

    /// Counts one stay, if its process is kept: a completed one where its last day lies within the days shown.
    pub fn stay(&mut self, item: Item, process: u32, stay: Stay) {
        let at = process as usize;
        if !self.keep[at] {
            return;
        }
        for segment in self.segments(at) {
            match stay {
                Stay::Completed { days, until } => self.completed(segment, item, days, until),
                Stay::Open { days } => self.total(segment, item).open.push(days),
                Stay::Unknown => self.total(segment, item).unknown += 1,
                Stay::TurnedDown => self.total(segment, item).turned_down += 1,
            }
        }
    }

    fn total(&mut self, segment: Option<usize>, item: Item) -> &mut Time {
        self.times.entry((segment, None, item)).or_default()
    }

    fn completed(&mut self, segment: Option<usize>, item: Item, days: i32, until: i32) {
        let Some(period) = self.periods.index(until) else { return };
        for period in [None, Some(period)] {
            self.times.entry((segment, period, item)).or_default().completed.push(days);
        }
    }

    /// Counts the cycles of the closed deals, by the day of the close. One whose beginning nobody knows has no length.
    pub fn cycles(&mut self) {
        for at in (0..self.journeys.len()).filter(|at| self.keep[*at]) {
            let closed = self.journeys.closed[at];
            if closed == NO_DAY {
                continue;
            }
            let of_sale = match self.journeys.outcome[at] {
                Outcome::Won => Item::Won,
                Outcome::Lost | Outcome::Derailed => Item::Lost,
                Outcome::NoDeal | Outcome::Open | Outcome::Unclear => continue,
            };
            let mut lengths = vec![(of_sale, self.journeys.deal_days(at))];
            if of_sale == Item::Won {
                lengths.push((Item::Customer, self.journeys.days_to_won(at)));
            }
            for segment in self.segments(at) {
                for (item, days) in &lengths {
                    match days {
                        Some(days) => self.completed(segment, *item, *days, closed),
                        None if self.periods.index(closed).is_some() => self.total(segment, *item).unknown += 1,
                        None => {}
                    }
                }
            }
        }
    }

    /// The factors of pipeline velocity of every period; `segments` is the number of segments.
    pub fn pipeline(&self, segments: usize) -> Pipelines {
        let (all, from, to) = (&self.periods.all, self.periods.from, self.periods.to);
        let starts: Vec<i32> = all.iter().map(|p| p.start.max(from)).collect();
        let mut pipelines = Pipelines::new();
        let keys = std::iter::once(None).chain((0..segments).map(Some).filter(|_| self.segment_of.is_some()));
        for key in keys.flat_map(|segment| (0..all.len()).map(move |period| (segment, period))) {
            pipelines.insert(key, Pipeline::default());
        }
        // Who is open at a start: one more from the first start after the creation, one less after the last before the close.
        let mut steps: BTreeMap<(Option<usize>, usize), i64> = BTreeMap::new();
        let journeys = self.journeys;
        for at in (0..journeys.len()).filter(|at| self.keep[*at] && journeys.outcome[*at] != Outcome::NoDeal) {
            let (created, closed) = (journeys.created[at], journeys.closed[at]);
            let open = journeys.outcome[at] == Outcome::Open;
            for segment in self.segments(at) {
                if created != NO_DAY && created <= to && (open || closed != NO_DAY) {
                    if let Some(period) = self.periods.index(created) {
                        pipelines.entry((segment, period)).or_default().created += 1;
                    }
                    let first = starts.partition_point(|start| *start <= created);
                    let after = if open { starts.len() } else { starts.partition_point(|start| *start <= closed) };
                    if first < after {
                        *steps.entry((segment, first)).or_default() += 1;
                        *steps.entry((segment, after)).or_default() -= 1;
                    }
                }
                let Some(period) = Some(closed).filter(|day| *day != NO_DAY).and_then(|day| self.periods.index(day))
                else {
                    continue;
                };
                let pipeline = pipelines.entry((segment, period)).or_default();
                match journeys.outcome[at] {
                    Outcome::Won => {
                        pipeline.won += 1;
                        pipeline.cycle.extend(journeys.deal_days(at));
                        if journeys.amount[at] != NO_MONEY {
                            pipeline.amount += journeys.amount[at];
                            pipeline.with_amount += 1;
                        }
                    }
                    Outcome::Lost => pipeline.lost += 1,
                    _ => {}
                }
            }
        }
        let mut open = (None, 0);
        for ((segment, period), pipeline) in &mut pipelines {
            if *period == 0 {
                open = (*segment, 0);
            }
            open.1 += steps.get(&(*segment, *period)).copied().unwrap_or(0);
            pipeline.open_at_start = open.1;
        }
        pipelines
    }
}
