//! What became of each process that marketing handed over: touches, decisions, owners, in the order of time.
//!
//! In: the processes, the tables they were built from, the agreement. Out: one [`Handed`] per process whose qualification
//! is recorded. A process that passed the stage without a record of it was not handed over: its day would be that of what
//! sales did later. Those, and the ones nobody knows the day of, are counted apart.

use std::collections::{BTreeMap, HashMap};

use super::{How, Journeys, Side};
use crate::contract::{Contract, Evidence, Owner};
use crate::identity::Identity;
use crate::tables::{CHANGED_LATER, CodeMap, CodeSet, Kind, NONE, Table, Tables};
use crate::time::{Stamp, Zone};

/// What sales decided first about a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    None,
    /// Took it on.
    Accepted,
    /// Turned it down.
    Rejected,
    /// Sent it back.
    Recycled,
}

/// One lead that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // what happened to it at any time: each can be with each
pub struct Handed {
    /// Its process.
    pub process: u32,
    /// When it qualified, for the first time; a day where nobody wrote the time.
    pub at: Stamp,
    /// The day of it in the contract's zone, since 1970.
    pub day: i32,
    /// Touches before it.
    pub before: u32,
    /// The first touch that counts at or after it; missing without one.
    pub first: Stamp,
    /// What was decided first, at or after it.
    pub decision: Decision,
    /// Whether the acceptance is recorded, whenever it came.
    pub accepted: bool,
    /// Whether it was turned down at any time from then on.
    pub rejected: bool,
    /// When it was sent back first; missing if it was not, or nobody knows when.
    pub recycled_at: Stamp,
    /// Whether it was sent back at any time from then on.
    pub recycled: bool,
    /// Whether one of these two is what a record says now, and nobody says since when.
    pub undated: bool,
    /// Whether it qualified again after that.
    pub again: bool,
    /// Why it was turned down; [`NONE`] when nobody says.
    pub reason: u32,
    /// Name or id of the person's owner; [`NONE`] without one.
    pub owner: u32,
    /// The first queue it was in from then on; [`NONE`] without one.
    pub queue: u32,
    /// Row in `people` of the person known first; [`NONE`] without one.
    pub person: u32,
}

/// All leads that were handed over, and who was not.
#[derive(Debug, Clone, Default)]
pub struct HandedOver {
    /// In order of process.
    pub all: Vec<Handed>,
    /// Processes that passed the stage without a record, and the day by which they had.
    pub inferred: Vec<(u32, i32)>,
    /// Processes that reached it on a day nobody knows.
    pub undated: Vec<u32>,
    /// Whether any export has a touch that could count.
    pub touches: bool,
    /// Whether any export says why leads were turned down.
    pub reasons: bool,
}

/// Whether `at` is not before `from`; where one of them is only a day, by day.
fn not_before(home: &Zone, from: Stamp, at: Stamp) -> bool {
    if from.is_date() || at.is_date() { home.day(at) >= home.day(from) } else { at >= from }
}

/// Everything that happened to the leads handed over by as-of, a day since 1970.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn handed_over(
    tables: &Tables,
    who: &Identity,
    contract: &Contract,
    home: &Zone,
    journeys: &Journeys,
    as_of: i32,
    (from, accepted): (usize, usize),
) -> HandedOver {
    let mut out = HandedOver { reasons: tables.get(Kind::People).has("rejected_reason"), ..HandedOver::default() };
    let mut index = vec![NONE; journeys.len()];
    for (process, reached) in journeys.stages[from].iter().enumerate() {
        match reached.how {
            How::No => {}
            How::Inferred => out.inferred.push((process as u32, reached.day)),
            How::Undated => out.undated.push(process as u32),
            How::Recorded => {
                index[process] = out.all.len() as u32;
                out.all.push(Handed {
                    process: process as u32,
                    at: reached.at,
                    day: reached.day,
                    before: 0,
                    first: Stamp::NONE,
                    decision: Decision::None,
                    accepted: journeys.stages[accepted][process].how == How::Recorded,
                    rejected: false,
                    recycled_at: Stamp::NONE,
                    recycled: false,
                    undated: false,
                    again: false,
                    reason: NONE,
                    owner: NONE,
                    queue: NONE,
                    person: NONE,
                });
            }
        }
    }
    let view = View { tables, who, contract, home, journeys, as_of, index, stages: (from, accepted) };
    out.touches = view.touches(&mut out.all);
    view.decisions(&mut out.all);
    view.owners(&mut out.all);
    out
}

struct View<'a> {
    tables: &'a Tables,
    who: &'a Identity,
    contract: &'a Contract,
    home: &'a Zone,
    journeys: &'a Journeys,
    as_of: i32,
    /// Place in the list of each process; [`NONE`] for those not handed over.
    index: Vec<u32>,
    stages: (usize, usize),
}

/// Codes of the words in a list, case ignored.
fn words(tables: &Tables, list: &[String], columns: &[&[u32]]) -> CodeSet {
    let low: Vec<String> = list.iter().map(|word| word.trim().to_lowercase()).collect();
    CodeSet::of(&tables.names, columns, |text| low.contains(&text.trim().to_lowercase()))
}

impl View<'_> {
    fn of<'h>(&self, all: &'h mut [Handed], process: u32) -> Option<&'h mut Handed> {
        let index = *self.index.get(process as usize)?;
        all.get_mut(index as usize)
    }

    /// The lead of a row of `people`.
    fn of_row<'h>(&self, all: &'h mut [Handed], row: u32) -> Option<&'h mut Handed> {
        if row == NONE { None } else { self.of(all, self.journeys.of_person[row as usize]) }
    }

    fn happened(&self, at: Stamp) -> bool {
        self.home.day(at).is_some_and(|day| day <= self.as_of)
    }

    /// Gives each lead its first touch that counts; whether there is any touch that could.
    fn touches(&self, all: &mut [Handed]) -> bool {
        let touches = self.tables.get(Kind::Touches);
        let kind = touches.codes("kind");
        let automated = words(self.tables, &self.contract.handoff.automated, &[&kind]);
        let by = self.contract.handoff.first_touch_by;
        let counts = |side: Option<Side>| match by {
            Owner::Sales => side == Some(Side::Sales),
            Owner::Marketing => side == Some(Side::Marketing),
            Owner::Both => side.is_some(),
        };
        let mut any = false;
        for (row, at) in super::touch_times(touches).iter().copied().enumerate() {
            if !counts(self.journeys.touch_side[row]) || automated.contains(kind[row]) || !self.happened(at) {
                continue;
            }
            any = true;
            let Some(lead) = self.of(all, self.journeys.touch_of[row]) else { continue };
            if not_before(self.home, lead.at, at) {
                lead.first = lead.first.earlier(at);
            } else {
                lead.before += 1;
            }
        }
        any
    }

    /// Words that mean a lead went back: the agreement's, and those that only a stage before this one has.
    fn sent_back(&self) -> Vec<String> {
        let of = |stages: &[crate::contract::Stage]| -> Vec<String> {
            let evidence = stages.iter().flat_map(|stage| &stage.reached);
            let lists = evidence.filter_map(|e| match &e.value {
                Evidence::Status { values } => Some(values),
                _ => None,
            });
            lists.flatten().map(|word| word.trim().to_lowercase()).collect()
        };
        let (before, after) = self.contract.stages.split_at(self.stages.0);
        let (before, after) = (of(before), of(after));
        let earlier = before.into_iter().filter(|word| !after.contains(word));
        let rejected = |word: &String| self.contract.handoff.rejected.iter().any(|r| r.trim().to_lowercase() == *word);
        let back = self.contract.handoff.recycled.iter().cloned().chain(earlier);
        back.filter(|word| !rejected(&word.trim().to_lowercase())).collect()
    }

    fn decisions(&self, all: &mut [Handed]) {
        let (people, changes) = (self.tables.get(Kind::People), self.tables.get(Kind::StageChanges));
        let (at, new) = (changes.times("at"), changes.codes("new"));
        let now = [people.codes("status"), people.codes("lifecycle_stage")];
        let columns: [&[u32]; 3] = [&new, &now[0], &now[1]];
        let rejects = words(self.tables, &self.contract.handoff.rejected, &columns);
        let back = words(self.tables, &self.sent_back(), &columns);
        let qualifies: Vec<String> = self.contract.stages[self.stages.0]
            .reached
            .iter()
            .filter_map(|e| if let Evidence::Status { values } = &e.value { Some(values.clone()) } else { None })
            .flatten()
            .collect();
        let qualifies = words(self.tables, &qualifies, &columns);
        // When each lead was first turned down or sent back, and whether any change to such a word is dated.
        let mut first = vec![[Stamp::NONE; 2]; all.len()];
        let mut dated = vec![[false; 2]; all.len()];
        let mut requalified: Vec<(usize, Stamp)> = Vec::new();
        let rows: Vec<u32> = changes.codes("person_id").iter().map(|id| self.who.person_row.get(*id)).collect();
        for (row, person) in rows.iter().enumerate().filter(|(_, person)| **person != NONE) {
            let index = self.index[self.journeys.of_person[*person as usize] as usize];
            if index == NONE || !self.happened(at[row]) {
                continue;
            }
            let index = index as usize;
            for (which, set) in [&rejects, &back].into_iter().enumerate() {
                if set.contains(new[row]) {
                    dated[index][which] = true;
                    if not_before(self.home, all[index].at, at[row]) {
                        first[index][which] = first[index][which].earlier(at[row]);
                    }
                }
            }
            if qualifies.contains(new[row]) {
                requalified.push((index, at[row]));
            }
        }
        let mql_times = self.times_of_people(people);
        for (row, times) in mql_times.iter().enumerate() {
            let index = self.index[self.journeys.of_person[row] as usize];
            if index != NONE {
                requalified.extend(times.iter().filter(|at| self.happened(**at)).map(|at| (index as usize, *at)));
            }
        }
        for (index, lead) in all.iter_mut().enumerate() {
            let [rejected, recycled] = first[index];
            (lead.rejected, lead.recycled) = (!rejected.is_none(), !recycled.is_none());
            lead.recycled_at = recycled;
        }
        self.present(all, people, [&rejects, &back], &dated);
        for (index, at) in requalified {
            let lead = &mut all[index];
            lead.again |= lead.recycled_at.some().is_some_and(|since| !since.is_none() && at > since);
        }
        for (index, lead) in all.iter_mut().enumerate() {
            let reached = self.journeys.stages[self.stages.1][lead.process as usize];
            let [rejected, recycled] = first[index];
            // Of several at one moment, the acceptance; what nobody dated came last.
            let day = |at: Stamp| at.some().map(|at| (self.home.day(at), at));
            let known = [
                (reached.is(), reached.at, Decision::Accepted),
                (lead.rejected, rejected, Decision::Rejected),
                (lead.recycled, recycled, Decision::Recycled),
            ];
            let known = known.into_iter().filter(|(is, ..)| *is).map(|(_, at, decision)| (day(at), decision));
            let first = known.min_by_key(|(when, _)| (when.is_none(), *when));
            lead.decision = first.map_or(Decision::None, |(_, decision)| decision);
        }
    }

    /// Per row of `people`: the days or times that its own columns say it qualified.
    fn times_of_people(&self, people: &Table) -> Vec<Vec<Stamp>> {
        let mut times = vec![Vec::new(); people.len()];
        for evidence in &self.contract.stages[self.stages.0].reached {
            if let Evidence::Column { table: Kind::People, column, when: None } = &evidence.value {
                for (times, at) in times.iter_mut().zip(people.times(&column.value).iter()) {
                    times.extend(at.some());
                }
            }
        }
        times
    }

    /// What a person's records say now, where no change says when: it counts unless one of them changed after as-of.
    fn present(&self, all: &mut [Handed], people: &Table, sets: [&CodeSet; 2], dated: &[[bool; 2]]) {
        let now = [people.codes("status"), people.codes("lifecycle_stage")];
        let (later, reasons) = (people.flags(CHANGED_LATER), people.codes("rejected_reason"));
        // One system's copy of a status that another system's history dates is as late as that.
        let mut changed_later = vec![false; all.len()];
        for (later, process) in later.iter().zip(&self.journeys.of_person) {
            if let (1, Some(changed)) = (*later, changed_later.get_mut(self.index[*process as usize] as usize)) {
                *changed = true;
            }
        }
        for row in self.who.known_first.iter().map(|row| *row as usize) {
            let index = self.index[self.journeys.of_person[row] as usize];
            if index == NONE || changed_later[index as usize] {
                continue;
            }
            let (lead, dated) = (&mut all[index as usize], dated[index as usize]);
            let is = |set: &CodeSet| now.iter().any(|column| set.contains(column[row]));
            let (rejected, recycled) = (!dated[0] && (is(sets[0]) || reasons[row] != NONE), !dated[1] && is(sets[1]));
            lead.undated |= (rejected && !lead.rejected) || (recycled && !lead.recycled);
            lead.rejected |= rejected;
            lead.recycled |= recycled;
            if lead.rejected && lead.reason == NONE {
                lead.reason = reasons[row];
            }
        }
    }

    /// Who has the record, and in which queue it was.
    fn owners(&self, all: &mut [Handed]) {
        let (people, users) = (self.tables.get(Kind::People), self.tables.get(Kind::Users));
        let (owner, owner_id) = (people.codes("owner"), people.codes("owner_id"));
        let mut name_of: CodeMap<u32> = CodeMap::default();
        for (id, name) in users.codes("user_id").iter().zip(users.codes("name").iter()).filter(|(_, n)| **n != NONE) {
            name_of.insert_first(*id, *name);
        }
        let queues = self.queues(&owner_id);
        for row in self.who.known_first.iter().copied() {
            let at = row as usize;
            let Some(lead) = self.of_row(all, row) else { continue };
            if lead.person == NONE {
                lead.person = row;
            }
            if lead.owner == NONE {
                let id = owner_id[at];
                let named = queues.get(&id).copied().or_else(|| name_of.get(id)).unwrap_or(id);
                lead.owner = if owner[at] == NONE { named } else { owner[at] };
            }
        }
        // Every change of owner of each lead, by record; two rows of one moment are one change, by id and by name.
        let changes = &self.tables.owner_changes;
        let (when, old, new) = (changes.times("at"), changes.codes("old"), changes.codes("new"));
        let mut of_record: BTreeMap<u32, Vec<(Stamp, u32, u32)>> = BTreeMap::new();
        for (row, id) in changes.codes("person_id").iter().enumerate() {
            let person = self.who.person_row.get(*id);
            let handed = person != NONE && self.index[self.journeys.of_person[person as usize] as usize] != NONE;
            if handed && self.happened(when[row]) {
                of_record.entry(person).or_default().push((when[row], old[row], new[row]));
            }
        }
        for row in self.who.known_first.iter().copied() {
            let Some(lead) = self.of_row(all, row) else { continue };
            if lead.queue != NONE {
                continue;
            }
            let queue = |owner: u32| queues.get(&owner).copied().unwrap_or(NONE);
            let Some(changes) = of_record.get_mut(&row) else {
                lead.queue = queue(owner_id[row as usize]);
                continue;
            };
            // By id before by name, so that nothing depends on the order of rows.
            changes.sort_by_cached_key(|(at, old, new)| {
                (*at, queue(*old) == NONE && queue(*new) == NONE, self.text(*old), self.text(*new))
            });
            let since = |at: Stamp| not_before(self.home, lead.at, at);
            let left = changes.iter().find(|(at, old, _)| since(*at) && queue(*old) != NONE).map(|c| queue(c.1));
            let entered = changes.iter().find(|(at, _, new)| since(*at) && queue(*new) != NONE).map(|c| queue(c.2));
            let last_before = changes.iter().rfind(|(at, ..)| !since(*at)).map(|c| queue(c.2));
            let after = changes.iter().any(|(at, ..)| since(*at));
            let stays = last_before.filter(|q| *q != NONE && !after);
            lead.queue = left.or(entered).or(stays).unwrap_or(NONE);
        }
    }

    fn text(&self, code: u32) -> String {
        self.tables.names.text(code).unwrap_or_default().to_string()
    }

    /// Salesforce's queues: ids that begin with 00G, and what the histories call them.
    fn queues(&self, owners: &[u32]) -> HashMap<u32, u32, foldhash::fast::FixedState> {
        let changes = &self.tables.owner_changes;
        let (person, at) = (changes.codes("person_id"), changes.times("at"));
        let (old, new) = (changes.codes("old"), changes.codes("new"));
        let ids = CodeSet::of(&self.tables.names, &[&old, &new, owners], |text| {
            text.starts_with("00G") && matches!(text.len(), 15 | 18) && text.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        let mut queues: HashMap<u32, u32, foldhash::fast::FixedState> = HashMap::default();
        for id in owners.iter().chain(old.iter()).chain(new.iter()).filter(|id| ids.contains(**id)) {
            queues.insert(*id, *id);
        }
        let mut renamed = Vec::new();
        // One change is two rows: one of ids, one of names.
        let mut rows: Vec<usize> = (0..changes.len()).collect();
        rows.sort_unstable_by_key(|row| (person[*row], at[*row]));
        for same in rows.chunk_by(|a, b| (person[*a], at[*a]) == (person[*b], at[*b])) {
            let [one, other] = same else { continue };
            for (a, b) in [(*one, *other), (*other, *one)] {
                for column in [&old, &new] {
                    if ids.contains(column[a]) && !ids.contains(column[b]) && column[b] != NONE {
                        let known = queues.get(&column[a]).filter(|name| **name != column[a]);
                        // A queue that was renamed has one name here, whatever the order of rows.
                        if known.is_none_or(|name| self.text(column[b]) < self.text(*name)) {
                            queues.insert(column[a], column[b]);
                        }
                        renamed.push((column[b], column[a]));
                    }
                }
            }
        }
        for (name, id) in renamed {
            let called = queues.get(&id).copied().unwrap_or(name);
            queues.insert(name, called);
        }
        queues
    }
}
