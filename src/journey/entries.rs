//! Which entry of a stage counts, where a person or a deal came back to it, and whether a skipped stage was reached.
//!
//! In: the processes, and for any other policy than the usual one the same evidence once more. Out: [`Entries`], which gives
//! the [`Spell`]s of one process at a time: each entry of a stage that counts, and what followed it.
//!
//! **A new entry** is a change of a status or stage into a value of the stage, from one that is not, where the same field of
//! the same record had such a value before. Evidence of another kind (a date in a column, another field, another record of
//! the same person) is a new entry only if the person or deal had left in between; a touch never is. What follows an entry of
//! the process within a day is the same entry: two systems write down one moment, and a slip is corrected. That a
//! second person of a deal gets as far as the first is no return of the process.
//!
//! **What followed**: an entry of a later stage belongs to the latest entry of the stage before it on or before it; one before
//! all of them to the first. So with one entry per stage every policy says the same.

use std::borrow::Cow;

use super::evidence::{self, Known};
use super::{How, Journeys, NO_DAY, Reached};
use crate::cli::{Entry, Skips};
use crate::contract::{Contract, Evidence};
use crate::facts;
use crate::identity::Identity;
use crate::issue::Issues;
use crate::tables::{Kind, NONE, Table, Tables};
use crate::time::{Stamp, Zone};

/// Which entries count, and whether skipped stages do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Of several entries.
    pub entry: Entry,
    /// Of stages without a record of their own.
    pub skips: Skips,
}

/// One entry of a stage that counts, and what followed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// The entry itself.
    pub here: Reached,
    /// The next stage, entered before this one was entered again.
    pub next: Reached,
    /// Day on which the process began, this time; [`NO_DAY`] when unknown.
    pub began: i32,
    /// The entry of the funnel's first stage that this one is the first to follow.
    pub first: Reached,
    /// The process began with this stage.
    pub starts: bool,
    /// The process was here before.
    pub again: bool,
}

/// The entries of all processes under one policy.
pub struct Entries<'a> {
    home: &'a Zone,
    policy: Policy,
    /// The stages that some export shows, by index in the contract.
    shown: Vec<usize>,
    /// Each stage as it was first reached, by index in the contract.
    firstly: Cow<'a, [Vec<Reached>]>,
    /// Where more than the first entry is wanted.
    returns: Option<Returns>,
}

/// First entries and later ones, by index of the stage in the contract.
struct Returns {
    known: Vec<Known>,
    /// Process and time of every later entry, in order.
    later: Vec<Vec<(u32, Stamp)>>,
}

impl<'a> Entries<'a> {
    /// The entries under a policy; the evidence is searched again unless the policy is the usual one. `as_of` is a day
    /// since 1970.
    ///
    /// # Errors
    /// None that building the processes did not have.
    pub fn of(
        journeys: &'a Journeys,
        policy: Policy,
        tables: &Tables,
        who: &Identity,
        contract: &Contract,
        home: &'a Zone,
        as_of: i32,
    ) -> Result<Self, Issues> {
        let shown = (0..journeys.seen.len()).filter(|s| journeys.seen[*s]).collect();
        let mut entries = Self { home, policy, shown, firstly: Cow::Borrowed(&journeys.stages), returns: None };
        if (policy.entry, policy.skips) == (Entry::First, Skips::Inferred) {
            return Ok(entries);
        }
        let (of_people, of_deals) = rayon::join(
            || evidence::History::of(tables, home, as_of, "person_id", &who.person_row),
            || evidence::History::of(tables, home, as_of, "deal_id", &who.deal_row),
        );
        let view = evidence::View {
            tables,
            contract,
            home,
            as_of,
            of_person: &journeys.of_person,
            touch_of: &journeys.touch_of,
            len: journeys.len(),
            of_people,
            of_deals,
        };
        let known = evidence::known(&view)?;
        if policy.skips == Skips::Strict {
            entries.firstly = Cow::Owned(known.iter().map(|k| recorded(k, home)).collect());
        }
        if policy.entry != Entry::First {
            let later = later_entries(&view, who, &known)?;
            entries.returns = Some(Returns { known, later });
        }
        Ok(entries)
    }

    /// The stages that some export shows, by index in the contract.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// The policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The spells of a process, by position among the stages shown, each stage's in order of time. Empties `spells` first.
    pub fn spells(&self, process: usize, spells: &mut Vec<Vec<Spell>>) {
        spells.resize(self.shown.len(), Vec::new());
        spells.iter_mut().for_each(Vec::clear);
        match &self.returns {
            None => self.first_spells(process, spells),
            Some(returns) => self.all_spells(returns, process, spells),
        }
    }

    fn first_spells(&self, process: usize, spells: &mut [Vec<Spell>]) {
        let reached = |at: usize| self.shown.get(at).map_or(Reached::NO, |s| self.firstly[*s][process]);
        let count = self.shown.len();
        let began = (0..count).find_map(|at| reached(at).day()).unwrap_or(NO_DAY);
        let first = reached(0);
        let mut starts = true;
        for (at, spells) in spells.iter_mut().enumerate() {
            let here = reached(at);
            if here.is() {
                spells.push(Spell { here, next: reached(at + 1), began, first, starts, again: false });
                starts = false;
            }
        }
    }

    fn all_spells(&self, returns: &Returns, process: usize, spells: &mut [Vec<Spell>]) {
        let entries = self.entries(returns, process);
        let Some(start) = entries.iter().position(|e| !e.is_empty()) else { return };
        let dated = |e: &&Vec<Reached>| e.iter().any(|r| r.day().is_some());
        let none = Vec::new();
        let begins: &[Reached] = entries.iter().find(dated).unwrap_or(&none);
        let first: &[Reached] = &entries[0];
        for (at, spells) in spells.iter_mut().enumerate() {
            let mut followed: Vec<usize> = Vec::new();
            for (k, here) in entries[at].iter().enumerate() {
                let next =
                    entries.get(at + 1).into_iter().flatten().find(|next| belongs(&entries[at], next) == Some(k));
                let of_first = belongs(first, here).filter(|of| !followed.contains(of));
                followed.extend(of_first);
                spells.push(Spell {
                    here: *here,
                    next: next.copied().unwrap_or(Reached::NO),
                    began: belongs(begins, here).map_or(NO_DAY, |of| begins[of].day),
                    first: of_first.map_or(Reached::NO, |of| first[of]),
                    starts: at == start,
                    again: k > 0,
                });
            }
            if self.policy.entry == Entry::Last {
                // The last of each stage; and of the first stage's last entry, whatever followed it.
                let last_of_first = first.len().checked_sub(1);
                let follows = entries[at].iter().any(|here| belongs(first, here) == last_of_first);
                spells.drain(..spells.len().saturating_sub(1));
                if let Some(spell) = spells.first_mut() {
                    spell.began = begins.last().map_or(NO_DAY, |r| r.day);
                    spell.first = first.last().copied().filter(|_| follows).unwrap_or(Reached::NO);
                    spell.again = false;
                }
            }
        }
    }

    /// Every entry of every stage shown, with the gaps filled as the policy says.
    fn entries(&self, returns: &Returns, process: usize) -> Vec<Vec<Reached>> {
        let undated = |s: usize| returns.known[s].undated[process];
        let mut entries: Vec<Vec<Reached>> = self.shown.iter().map(|s| self.recorded(returns, *s, process)).collect();
        let reached = |at: usize, entries: &[Vec<Reached>]| !entries[at].is_empty() || undated(self.shown[at]);
        let Some(start) = (0..entries.len()).find(|at| reached(*at, &entries)) else { return entries };
        let end = (0..entries.len()).rfind(|at| reached(*at, &entries)).unwrap_or(start);
        let strict = self.policy.skips == Skips::Strict;
        for at in start..=end {
            if !strict {
                let gaps = if at == start {
                    // Known only by what it is now: the earliest later evidence dates it.
                    if entries[at].is_empty() { earliest(entries[at + 1..].iter().flatten()) } else { None }
                        .into_iter()
                        .collect()
                } else {
                    gaps(&entries, at)
                };
                entries[at].extend(gaps.into_iter().map(|r| Reached { how: How::Inferred, ..r }));
                entries[at].sort_by_key(|r| r.at);
            }
            if entries[at].is_empty() && (!strict || undated(self.shown[at])) {
                entries[at].push(Reached { how: How::Undated, ..Reached::NO });
            }
        }
        entries
    }

    fn recorded(&self, returns: &Returns, stage: usize, process: usize) -> Vec<Reached> {
        let Some(first) = returns.known[stage].at[process].some() else { return Vec::new() };
        let mut entries = vec![reached(How::Recorded, first, self.home)];
        let later = &returns.later[stage];
        let from = later.partition_point(|(of, _)| (*of as usize) < process);
        for (_, at) in later[from..].iter().take_while(|(of, _)| *of as usize == process) {
            let entry = reached(How::Recorded, *at, self.home);
            if entries.last().is_some_and(|last| entry.day > last.day + SAME) {
                entries.push(entry);
            }
        }
        entries
    }
}

const SAME: i32 = 1; // days within which evidence of a stage speaks of the same entry

fn reached(how: How, at: Stamp, home: &Zone) -> Reached {
    Reached { how, at, day: home.day(at).unwrap_or(NO_DAY) }
}

/// A stage as it is recorded, without filling gaps.
fn recorded(known: &Known, home: &Zone) -> Vec<Reached> {
    let one = |(at, undated): (&Stamp, &bool)| match (at.some(), undated) {
        (Some(at), _) => reached(How::Recorded, at, home),
        (None, true) => Reached { how: How::Undated, ..Reached::NO },
        (None, false) => Reached::NO,
    };
    known.at.iter().zip(&known.undated).map(one).collect()
}

/// Which of some entries, in order of time, another stage's entry follows: the latest not after it, else the first. A day
/// and an instant of that day cannot be told apart.
fn belongs(to: &[Reached], entry: &Reached) -> Option<usize> {
    let not_after = |r: &Reached| {
        let by_day = r.at.is_date() || entry.at.is_date();
        r.day().is_some() && entry.day().is_some() && if by_day { r.day <= entry.day } else { r.at <= entry.at }
    };
    if to.is_empty() { None } else { Some(to.iter().rposition(not_after).unwrap_or(0)) }
}

fn earliest<'r>(entries: impl Iterator<Item = &'r Reached>) -> Option<Reached> {
    entries.filter(|r| r.day().is_some()).min_by_key(|r| r.at).copied()
}

/// The entries of a stage that nobody recorded: after each entry of the stage before it that a later stage followed and
/// this one did not, the earliest such evidence.
fn gaps(entries: &[Vec<Reached>], at: usize) -> Vec<Reached> {
    let before = &entries[at - 1];
    let of = |k: usize| move |r: &&Reached| belongs(before, r) == Some(k);
    (0..before.len())
        .filter(|k| !entries[at].iter().any(|r| of(*k)(&r)))
        .filter_map(|k| earliest(entries[at + 1..].iter().flatten().filter(of(k))))
        .collect()
}

/// What a person or a deal did at a time, as far as one stage is concerned; in the order in which they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The same field of the same record was there before.
    Back,
    /// Evidence that may be the same entry as the one before.
    There,
    /// Left.
    Left,
}

/// Person or deal, time, step, and process.
type Event = (u32, Stamp, Step, u32);

/// Every entry after the first of each person or deal, by stage: process and time, in order.
fn later_entries(view: &evidence::View<'_>, who: &Identity, known: &[Known]) -> Result<Vec<Vec<(u32, Stamp)>>, Issues> {
    let (people, deals) = (sorted(view, &view.of_people), sorted(view, &view.of_deals));
    let mut all = Vec::with_capacity(known.len());
    for (stage, known) in view.contract.stages.iter().zip(known) {
        let mut events: Vec<Event> = Vec::new();
        for said in &stage.reached {
            match &said.value {
                Evidence::Status { values } => {
                    let subject = |row: u32| (who.human[row as usize], view.of_person[row as usize]);
                    steps(view, values, view.tables.get(Kind::People), &people, &subject, &mut events);
                }
                Evidence::DealStage { values } => {
                    let subject = |row: u32| (who.humans + row, row);
                    steps(view, values, view.tables.get(Kind::Deals), &deals, &subject, &mut events);
                }
                Evidence::Column { table, column, when } => {
                    let Some(times) = evidence::times(view, *table, column).map_err(Issues)? else { continue };
                    let rows = view.tables.get(*table).len();
                    let holds = when.as_ref().map(|c| {
                        facts::mask(view.tables, *table, &c.value, view.home, &view.contract.currency)
                            .unwrap_or_else(|_| vec![false; rows])
                    });
                    for row in
                        (0..rows).filter(|row| holds.as_ref().is_none_or(|h| h[*row]) && view.happened(times[*row]))
                    {
                        #[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
                        let (subject, process) = match table {
                            Kind::Deals => (who.humans + row as u32, row as u32),
                            _ => (who.human[row], view.of_person[row]),
                        };
                        events.push((subject, times[row], Step::There, process));
                    }
                }
                Evidence::Touch { .. } => {}
            }
        }
        events.sort_unstable();
        let mut later = Vec::new();
        for of_one in events.chunk_by(|a, b| a.0 == b.0) {
            let (mut last, mut left) = (None, false);
            for (_, at, step, process) in of_one {
                let day = view.home.day(*at).unwrap_or(NO_DAY);
                let counts = match step {
                    Step::Left => {
                        left = true;
                        continue;
                    }
                    Step::Back => true,
                    Step::There => left || last.is_none(),
                };
                left = false;
                if counts && last.is_none_or(|last| day > last + SAME) {
                    // The first entry of a second person is none of the process.
                    if last.is_some() && known.at[*process as usize] < *at {
                        later.push((*process, *at));
                    }
                    last = Some(day);
                }
            }
        }
        later.sort_unstable();
        later.dedup();
        all.push(later);
    }
    Ok(all)
}

/// The changes of each field of each record, in order of time: row in `stage_changes`, record, whether it is the first.
fn sorted(view: &evidence::View<'_>, history: &evidence::History) -> Vec<(u32, u32, bool)> {
    let changes = view.tables.get(Kind::StageChanges);
    let (at, field) = (changes.times("at"), changes.codes("field"));
    let mut sorted = history.changes.clone();
    sorted.sort_by_key(|(row, record, _)| (*record, field[*row as usize], at[*row as usize], *row));
    sorted
}

/// Comings and goings by the history of a status or a stage.
fn steps(
    view: &evidence::View<'_>,
    values: &[String],
    records: &Table,
    history: &[(u32, u32, bool)],
    subject: &dyn Fn(u32) -> (u32, u32),
    events: &mut Vec<Event>,
) {
    let changes = view.tables.get(Kind::StageChanges);
    let (at, old, new) = (changes.times("at"), changes.codes("old"), changes.codes("new"));
    let field = changes.codes("field");
    let wanted = evidence::wanted(view.tables, values, &[&old, &new]);
    let created = records.times("created_at");
    for of_field in history.chunk_by(|a, b| (a.1, field[a.0 as usize]) == (b.1, field[b.0 as usize])) {
        let (person, process) = subject(of_field[0].1);
        let (mut before, mut been) = (NONE, false);
        for (row, record, is_first) in of_field {
            let (row, record) = (*row as usize, *record as usize);
            let was = wanted.contains(if old[row] == NONE { before } else { old[row] });
            if *is_first && was && view.happened(created[record]) {
                events.push((person, created[record], Step::There, process));
            }
            been |= was;
            match (was, wanted.contains(new[row])) {
                (false, true) => {
                    events.push((person, at[row], if been { Step::Back } else { Step::There }, process));
                    been = true;
                }
                (true, false) => events.push((person, at[row], Step::Left, process)),
                _ => {}
            }
            before = new[row];
        }
    }
}
