//! How long a process stayed in each stage.
//!
//! In: the processes, or the history of the deals' stages. Out: [`Spell`]s, and from them one [`Stay`] per process and
//! stage: of its latest spell, or of all its spells together.
//!
//! A spell begins on the day a stage was entered and ends on that of the next recorded stage, or with the deal's close;
//! one that has not ended by as-of is open and has an age. Days are calendar days in the contract's zone; an order that
//! cannot be gives a negative one, which is kept. Where a day is not known, there is no length, and never 0.

use std::collections::{BTreeMap, HashMap};

pub use super::gone::turned_down;
use super::{How, Journeys, NO_DAY, Outcome, squeezed};
use crate::contract::{Contract, Evidence, Said};
use crate::identity::Identity;
use crate::tables::{CHANGED_LATER, Kind, NONE, Tables};
use crate::time::{Stamp, Zone};

/// How a spell ended by as-of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// On this day, since 1970.
    On(i32),
    /// It did not.
    Open,
    /// It did, on a day that nobody knows.
    Unknown,
}

/// One stay of one process in one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// The process.
    pub process: u32,
    /// The stage, by index.
    pub stage: u32,
    /// The day it began; `None` when nobody knows.
    pub from: Option<i32>,
    /// How it ended.
    pub end: End,
}

/// How long one process stayed in one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// That many days, until this day.
    Completed { days: i32, until: i32 },
    /// That many days so far.
    Open { days: i32 },
    /// Some day of it is not known.
    Unknown,
    /// It has no end, of somebody who was turned down or sent back.
    TurnedDown,
}

/// Which spells of a process in a stage count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// The one there is: a stage of the contract is entered once.
    First,
    /// The last of them.
    Latest,
    /// All of them together.
    Cumulative,
}

impl Variant {
    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Latest => "latest",
            Self::Cumulative => "cumulative",
        }
    }
}

/// The stage of the contract that comes with the deal's close, by index: the first that the close date shows, or that is
/// called won, customer or closed. Where it is the last one it is an end, in which no time is spent.
pub fn close(contract: &Contract) -> Option<usize> {
    let is_close = |e: &Said<Evidence>| matches!(&e.value, Evidence::Column { table: Kind::Deals, column, .. } if column.value == "closed_at");
    let is_called = |e: &Said<Evidence>| match &e.value {
        Evidence::DealStage { values } => values.iter().any(|value| is_end(value)),
        Evidence::Status { values } => values.iter().any(|value| is_end(value)),
        Evidence::Column { .. } | Evidence::Touch { .. } => false,
    };
    let stages = contract.stages.iter().enumerate();
    // A lead that is closed, in a stage before the last, is no deal that is.
    let of_people = |e: &Said<Evidence>| matches!(&e.value, Evidence::Status { values } if !values.iter().any(|v| ["won", "customer"].contains(&squeezed(v).as_str())));
    let last = contract.stages.len().saturating_sub(1);
    let shows = |s: usize, e: &Said<Evidence>| is_close(e) || (is_called(e) && (s == last || !of_people(e)));
    stages.into_iter().find(|(s, stage)| stage.reached.iter().any(|e| shows(*s, e))).map(|(s, _)| s)
}

/// Whether a stage's name says that it is over there.
fn is_end(name: &str) -> bool {
    let name = squeezed(name);
    name.starts_with("closed") || ["won", "lost", "customer", "dealwon", "deallost"].contains(&name.as_str())
}

/// The stays in the contract's stages: from the first entry, which is the only one that is kept, to the next stage that is
/// recorded. One that was skipped has no recorded entry, and so no known length. The deal's close ends the stages before
/// the one that comes with it, `close`; from there on only the next stage does, and nothing ends where the deal is lost.
pub fn of_stages(journeys: &Journeys, close: Option<usize>) -> Vec<Spell> {
    let count = journeys.stages.len();
    let is_end = |s: usize| s + 1 == count && close == Some(s);
    let mut spells = Vec::new();
    for at in 0..journeys.len() {
        let over = matches!(journeys.outcome[at], Outcome::Lost | Outcome::Derailed | Outcome::Unclear);
        let Some(last) = (0..count).rfind(|s| journeys.stages[*s][at].is()) else { continue };
        // Backwards: what comes later is known before it is asked for.
        let (mut next, mut later) = (None, false);
        for s in (0..=last).rev() {
            let here = journeys.stages[s][at];
            if !here.is() {
                continue;
            }
            let from = here.day().filter(|_| here.how == How::Recorded);
            let after_sale = close.is_some_and(|close| s >= close);
            let nowhere = after_sale && over && !later;
            if !is_end(s) && !nowhere {
                let end = match (next, later) {
                    (Some(day), _) => End::On(day),
                    (None, true) => End::Unknown,
                    (None, false) if after_sale => End::Open,
                    (None, false) => closed(journeys, at),
                };
                #[allow(clippy::cast_possible_truncation)] // fewer than 2^32 processes and stages
                spells.push(Spell { process: at as u32, stage: s as u32, from, end });
            }
            next = from.or(next);
            later = true;
        }
    }
    spells
}

/// How the last stage of a process ends: with the deal's close.
fn closed(journeys: &Journeys, at: usize) -> End {
    match journeys.outcome[at] {
        Outcome::NoDeal | Outcome::Open => End::Open,
        _ if journeys.closed[at] == NO_DAY => End::Unknown,
        _ => End::On(journeys.closed[at]),
    }
}

/// The stays in the CRM's own deal stages.
#[derive(Debug, Clone, Default)]
pub struct DealStages {
    /// What the stages are called, in the order in which deals pass them.
    pub names: Vec<String>,
    /// Every spell, by process and time. Stages in which it is over have none.
    pub spells: Vec<Spell>,
    /// Deals without a history, by process: nobody knows since when they are where they are.
    pub without: Vec<u32>,
}

/// One change of a deal's stage.
#[derive(Debug, Clone, Copy)]
struct Change {
    deal: u32,
    at: Stamp,
    /// Index of the stage, or [`NONE`].
    old: u32,
    new: u32,
}

/// The distinct words of some codes, upper and lower case the same: names in order of their text, and the index of each
/// code among them.
struct Words {
    names: Vec<String>,
    of: HashMap<u32, u32, foldhash::fast::FixedState>,
}

impl Words {
    fn of(tables: &Tables, columns: [&[u32]; 2]) -> Self {
        let mut codes: Vec<u32> = columns.concat();
        codes.sort_unstable();
        codes.dedup();
        let texts: Vec<(u32, &str)> = codes.into_iter().filter_map(|c| Some((c, tables.names.text(c)?))).collect();
        // The spelling that is shown is the smallest: which row came first must not matter.
        let mut shown: BTreeMap<String, &str> = BTreeMap::new();
        for (_, text) in &texts {
            shown.entry(text.to_lowercase()).and_modify(|s| *s = (*s).min(*text)).or_insert(text);
        }
        let index: BTreeMap<&str, u32> = shown.keys().map(String::as_str).zip(0..).collect();
        let of = texts.iter().filter_map(|(code, text)| Some((*code, *index.get(text.to_lowercase().as_str())?)));
        Self { of: of.collect(), names: shown.values().map(|s| (*s).to_string()).collect() }
    }

    fn index(&self, code: u32) -> u32 {
        self.of.get(&code).copied().unwrap_or(NONE)
    }
}

/// The spells of the deals' own stages, from the history of their changes up to as-of. A row that repeats a stage is no
/// change. What a deal was before its first change, it was from its creation. Where a change leaves another stage than
/// the one before it entered, changes are missing: the days between are not known.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn of_deal_stages(tables: &Tables, who: &Identity, journeys: &Journeys, home: &Zone, as_of: i32) -> DealStages {
    let history = tables.get(Kind::StageChanges);
    let (ids, at, field) = (history.codes("deal_id"), history.times("at"), history.codes("field"));
    let (old, new) = (history.codes("old"), history.codes("new"));
    let words = Words::of(tables, [&old, &new]);
    let mut of_stage: HashMap<u32, bool, foldhash::fast::FixedState> = HashMap::default();
    let mut is_stage = |field: u32| {
        *of_stage
            .entry(field)
            .or_insert_with(|| tables.names.text(field).is_none_or(|text| squeezed(text).contains("stage")))
    };
    let mut changes: Vec<Change> = Vec::new();
    for row in 0..history.len() {
        let deal = who.deal_row.get(ids[row]);
        let (old, new) = (words.index(old[row]), words.index(new[row]));
        let happened = deal != NONE && home.day(at[row]).is_some_and(|day| day <= as_of);
        if happened && (old, new) != (NONE, NONE) && is_stage(field[row]) {
            changes.push(Change { deal, at: at[row], old, new });
        }
    }
    changes.sort_unstable_by_key(|c| (c.deal, c.at, c.old, c.new));

    let deals = tables.get(Kind::Deals);
    let (stages, later) = (deals.codes("stage"), deals.flags(CHANGED_LATER));
    let over = over(tables, &words);
    let mut spells = Vec::new();
    let mut without = Vec::new();
    // Where in their deals the stages come, on average: sum of positions and number.
    let mut places = vec![(0_u64, 0_u64); words.names.len()];
    let mut rest = &changes[..];
    for deal in 0..deals.len() {
        let (mine, others) = rest.split_at(rest.partition_point(|c| c.deal == deal as u32));
        rest = others;
        if mine.is_empty() {
            without.push(deal as u32);
            continue;
        }
        let known = later[deal] != 1 && stages[deal] != NONE;
        let now = if known { words.index(stages[deal]) } else { NONE };
        let walked = walk(&in_order(mine, now), deal as u32, journeys, home, now);
        for (place, spell) in walked.iter().enumerate() {
            places[spell.stage as usize].0 += place as u64;
            places[spell.stage as usize].1 += 1;
        }
        let is_over = |spell: &Spell, last: bool| {
            over[spell.stage as usize] || (last && ends_there(spell, journeys, deal, now, known))
        };
        let count = walked.len();
        spells.extend(walked.into_iter().enumerate().filter(|(i, s)| !is_over(s, i + 1 == count)).map(|(_, s)| s));
    }

    let mut order: Vec<usize> = (0..words.names.len()).filter(|s| places[*s].1 > 0).collect();
    let place = |s: usize| u128::from(places[s].0) * 1_000_000 / u128::from(places[s].1.max(1));
    order.sort_by_key(|s| (place(*s), *s));
    order.retain(|s| spells.iter().any(|spell| spell.stage as usize == *s));
    let mut shown = vec![NONE; words.names.len()];
    for (to, from) in order.iter().enumerate() {
        shown[*from] = to as u32;
    }
    for spell in &mut spells {
        spell.stage = shown[spell.stage as usize];
    }
    DealStages { names: order.into_iter().map(|s| words.names[s].clone()).collect(), spells, without }
}

/// Which stages are ends: by their name, or because the exports say that a deal in them is closed.
fn over(tables: &Tables, words: &Words) -> Vec<bool> {
    let stages = tables.get(Kind::Stages);
    let (ids, labels, closed) = (stages.codes("stage_id"), stages.codes("label"), stages.flags("is_closed"));
    let won = stages.flags("is_won");
    let mut over: Vec<bool> = words.names.iter().map(|name| is_end(name)).collect();
    for row in 0..stages.len() {
        for code in [ids[row], labels[row]] {
            let said = (closed[row] >= 0).then_some(closed[row] == 1).or((won[row] == 1).then_some(true));
            if let (Some(over), Some(said)) = (over.get_mut(words.index(code) as usize), said) {
                *over = said;
            }
        }
    }
    over
}

/// Whether a closed deal's last spell is the end itself, whatever it is called: it began with the close or later, in the
/// stage that the deal is in now. A present stage that no history names may be this one by another name, if it began on
/// the very day of the close; one that is not `known` at all is taken for it.
fn ends_there(spell: &Spell, journeys: &Journeys, deal: usize, now: u32, known: bool) -> bool {
    let End::On(day) = closed(journeys, deal) else { return false };
    spell.from.is_some_and(|from| from >= day && (now == spell.stage || (now == NONE && (!known || from == day))))
}

/// So many changes of one deal in one moment have no order that could be found.
const MANY: usize = 64;

/// Changes of one moment in the order in which they lead on from each other; of those that do not say, the one into the
/// stage that the deal is in now goes last.
fn in_order(changes: &[Change], now: u32) -> Vec<Change> {
    let mut ordered: Vec<Change> = Vec::with_capacity(changes.len());
    for group in changes.chunk_by(|a, b| a.at == b.at) {
        let mut left: Vec<Change> = group.to_vec();
        left.sort_by_key(|c| c.new == now);
        if left.len() > MANY {
            ordered.append(&mut left);
        }
        while !left.is_empty() {
            let current = ordered.last().map_or(NONE, |c| c.new);
            let leads = |c: &Change| c.old != NONE && c.old == current;
            // Without one that leads on, one that no other of the moment leads to.
            let free = |c: &Change| !left.iter().any(|other| other.new != NONE && other.new == c.old);
            let next = left.iter().position(leads).or_else(|| left.iter().position(free)).unwrap_or(0);
            ordered.push(left.remove(next));
        }
    }
    ordered
}

fn walk(changes: &[Change], deal: u32, journeys: &Journeys, home: &Zone, now: u32) -> Vec<Spell> {
    let at = deal as usize;
    let mut spells = Vec::new();
    let mut add = |stage: u32, from: Option<i32>, end: End| {
        if stage != NONE {
            spells.push(Spell { process: deal, stage, from, end });
        }
    };
    let Some(first) = changes.first() else { return spells };
    // Before its first change the deal was where that change found it.
    let mut current = if first.old == NONE { first.new } else { first.old };
    let created = Some(journeys.created[at]).filter(|day| *day != NO_DAY);
    let mut from = if first.old == NONE { home.day(first.at) } else { created };
    for change in changes {
        let day = home.day(change.at);
        let end = day.map_or(End::Unknown, End::On);
        let missed = change.old != NONE && change.old != current;
        if missed {
            add(current, from, End::Unknown);
            (current, from) = (change.old, None);
        }
        if change.new != current {
            add(current, from, end);
            (current, from) = (change.new, day);
        }
    }
    // The present stage is another one than the last change led to: that change is missing.
    let missed = now != NONE && now != current && journeys.outcome[at] == Outcome::Open;
    add(current, from, if missed { End::Unknown } else { closed(journeys, at) });
    spells
}

/// One stay per process and stage, of the spells that count; in order of process and stage.
pub fn stays(spells: &[Spell], variant: Variant, as_of: i32) -> Vec<(u32, u32, Stay)> {
    let mut sorted: Vec<&Spell> = spells.iter().collect();
    // Stable: the spells of one process in one stage stay in the order of time.
    sorted.sort_by_key(|s| (s.process, s.stage));
    let groups = sorted.chunk_by(|a, b| (a.process, a.stage) == (b.process, b.stage));
    groups
        .map(|group| {
            let counted = if variant == Variant::Cumulative { group } else { &group[group.len() - 1..] };
            let last = group[group.len() - 1];
            let days: Option<i32> = counted
                .iter()
                .map(|spell| match (spell.from, spell.end) {
                    (Some(from), End::On(day)) => Some(day - from),
                    (Some(from), End::Open) => Some(as_of - from),
                    _ => None,
                })
                .sum();
            let stay = match (days, last.end) {
                (Some(days), End::On(until)) => Stay::Completed { days, until },
                (Some(days), End::Open) => Stay::Open { days },
                _ => Stay::Unknown,
            };
            (last.process, last.stage, stay)
        })
        .collect()
}

/// How many processes were in a stage more than once.
pub fn entered_again(spells: &[Spell]) -> u64 {
    let mut pairs: Vec<(u32, u32)> = spells.iter().map(|s| (s.process, s.stage)).collect();
    pairs.sort_unstable();
    pairs.chunk_by(|a, b| a == b).filter(|group| group.len() > 1).count() as u64
}
