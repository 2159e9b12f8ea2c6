//! Which buying process of B is which of A, and why one has no other.
//!
//! In: the loaded data of both sides, and the day on which A was taken. Out: [`Processes`]: every process once, in pairs;
//! and the step at which each of its values becomes B's.
//!
//! A deal's process is that of the same deal. A process without a deal is that to which its people belong now, also where
//! that has a deal which A did not have; of several, the people who are known first decide.

use super::cause::{self, Cause};
use super::words::{Codes, Found, There};
use crate::evaluate::steps::{Change, Pair, SAME};
use crate::journey::{Journeys, NO_DAY};
use crate::session::Data;
use crate::tables::{Kind, NONE};

/// A change of who or what belongs to a process, and the row of the record: of `people` in A, or in B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// Why.
    pub cause: Cause,
    /// The person; [`NONE`] where it is the deal, or nobody alone.
    pub person: [u32; 2],
}

/// Every process of both sides.
pub struct Processes<'d> {
    data: [&'d Data; 2],
    /// The pairs: A's in A's order, then those of B alone.
    pub pairs: Vec<Pair>,
    /// By pair: why the deal came or went.
    deal: Vec<Option<Cause>>,
    /// By pair: why its people are others.
    people: Vec<Option<Joined>>,
    /// By pair of a process that B has merged away: the record of B that it became.
    survivor: Vec<Option<(Kind, u32)>>,
    /// By side and process: the row of the person who was known first; [`NONE`] without one.
    pub first: [Vec<u32>; 2],
    /// The day on which A was taken.
    taken: i32,
}

/// Rows of people by process, those known first first.
struct Members {
    from: Vec<usize>,
    rows: Vec<u32>,
}

impl Members {
    fn new(data: &Data) -> Self {
        let of = &data.journeys.of_person;
        let mut from = vec![0; data.journeys.len() + 1];
        for process in of {
            from[*process as usize + 1] += 1;
        }
        for at in 1..from.len() {
            from[at] += from[at - 1];
        }
        let (mut next, mut rows) = (from.clone(), vec![NONE; of.len()]);
        for row in &data.who.known_first {
            let place = &mut next[of[*row as usize] as usize];
            rows[*place] = *row;
            *place += 1;
        }
        Self { from, rows }
    }

    fn of(&self, process: usize) -> &[u32] {
        &self.rows[self.from[process]..self.from[process + 1]]
    }
}

#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
fn row(at: usize) -> u32 {
    at as u32
}

/// What looks processes up.
struct Search<'d> {
    data: [&'d Data; 2],
    members: [Members; 2],
    /// By side: where each person and each deal is on the other one.
    people: [Vec<Option<Found>>; 2],
    deals: [Vec<Option<Found>>; 2],
    b_of: Vec<u32>,
    a_of: Vec<u32>,
    taken: i32,
}

impl<'d> Search<'d> {
    fn new(data: [&'d Data; 2], codes: [&Codes; 2], taken: i32) -> Self {
        let [a, b] = data;
        let there = [There::new(a, b, codes[0]), There::new(b, a, codes[1])];
        let [len_a, len_b] = data.map(|d| d.journeys.len());
        Self {
            data,
            members: data.map(Members::new),
            people: [there[0].people(), there[1].people()],
            deals: [there[0].deals(), there[1].deals()],
            b_of: vec![NONE; len_a],
            a_of: vec![NONE; len_b],
            taken,
        }
    }

    fn journeys(&self, side: usize) -> &'d Journeys {
        &self.data[side].journeys
    }

    fn take(&mut self, a: usize, b: u32) {
        if self.b_of[a] == NONE && self.a_of[b as usize] == NONE {
            self.b_of[a] = b;
            self.a_of[b as usize] = row(a);
        }
    }

    fn deal_there(&self, side: usize, process: usize) -> Option<Found> {
        let deal = self.journeys(side).deal[process];
        if deal == NONE { None } else { self.deals[side][deal as usize] }
    }

    fn pair(&mut self) {
        let [a, b] = [self.journeys(0), self.journeys(1)];
        for exact in [true, false] {
            for process in 0..a.len() {
                if let Some(found) = self.deal_there(0, process).filter(|f| f.exact == exact) {
                    // A deal's process has the deal's row number.
                    self.take(process, found.row);
                }
            }
        }
        let data = self.data;
        for exact in [true, false] {
            for person in &data[0].who.known_first {
                let process = a.of_person[*person as usize] as usize;
                let Some(found) = self.people[0][*person as usize].filter(|f| f.exact == exact) else { continue };
                let there = b.of_person[found.row as usize];
                if a.deal[process] == NONE && self.deal_there(1, there as usize).is_none() {
                    self.take(process, there);
                }
            }
        }
        // Where the deal is gone, its people are still there.
        for person in &data[0].who.known_first {
            let process = a.of_person[*person as usize] as usize;
            let Some(found) = self.people[0][*person as usize].filter(|f| f.exact) else { continue };
            let there = b.of_person[found.row as usize];
            if a.deal[process] != NONE && b.deal[there as usize] == NONE {
                self.take(process, there);
            }
        }
    }

    /// Why a process of A is no process of B.
    fn gone(&self, process: usize) -> Cause {
        if self.journeys(0).deal[process] != NONE {
            return self.deal_gone(process);
        }
        let found: Vec<Option<Found>> =
            self.members[0].of(process).iter().map(|person| self.people[0][*person as usize]).collect();
        if found.iter().flatten().any(|f| f.exact) {
            Cause::Link
        } else if found.iter().any(Option::is_some) {
            Cause::Merged
        } else {
            Cause::Deleted
        }
    }

    /// The record that a process which is gone was merged into.
    fn survivor(&self, process: usize) -> Option<(Kind, u32)> {
        if self.gone(process) != Cause::Merged {
            return None;
        }
        if let Some(deal) = self.deal_there(0, process) {
            return Some((Kind::Deals, deal.row));
        }
        let found = self.members[0].of(process).iter().find_map(|person| self.people[0][*person as usize]);
        found.map(|found| (Kind::People, found.row))
    }

    fn deal_gone(&self, process: usize) -> Cause {
        self.deal_there(0, process).map_or(Cause::Deleted, |f| if f.exact { Cause::Link } else { Cause::Merged })
    }

    /// Why a process of B is no process of A.
    fn came(&self, process: usize) -> Cause {
        if self.journeys(1).deal[process] != NONE {
            return self.deal_came(process);
        }
        let members = self.members[1].of(process);
        if members.iter().any(|person| self.people[1][*person as usize].is_some()) {
            return Cause::Link;
        }
        let days = members.iter().filter_map(|person| self.person_day(*person));
        self.by_day(days.min().or_else(|| self.journeys(1).entered(process)))
    }

    fn deal_came(&self, process: usize) -> Cause {
        if self.deal_there(1, process).is_some() {
            return Cause::Link;
        }
        let b = self.journeys(1);
        let known = |day: i32| (day != NO_DAY).then_some(day);
        self.by_day(known(b.created[process]).or_else(|| known(b.closed[process])))
    }

    fn person_day(&self, person: u32) -> Option<i32> {
        let data = self.data[1];
        data.session.home.day(data.tables.get(Kind::People).times("created_at")[person as usize])
    }

    fn by_day(&self, day: Option<i32>) -> Cause {
        if day.is_some_and(|day| day <= self.taken) { Cause::Late } else { Cause::New }
    }

    /// Why the people of a process are others; `merged` tells which processes of B took in merged records.
    fn joined(&self, process: usize, there: usize, merged: &[bool]) -> Option<Joined> {
        let (here, now) = (self.members[0].of(process), self.members[1].of(there));
        let lost = here.iter().find(|person| self.people[0][**person as usize].is_none());
        if let Some(person) = lost {
            return Some(Joined { cause: Cause::Deleted, person: [*person, NONE] });
        }
        let elsewhere = |side: usize, other: usize| {
            move |person: &&u32| {
                let found = self.people[side][**person as usize];
                found.is_some_and(|f| self.journeys(1 - side).of_person[f.row as usize] as usize != other)
            }
        };
        if merged[there] {
            let of = here.iter().find(|person| self.people[0][**person as usize].is_some_and(|f| !f.exact));
            return Some(Joined { cause: Cause::Merged, person: [of.copied().unwrap_or(NONE), NONE] });
        }
        if let Some(person) = here.iter().find(elsewhere(0, there)) {
            return Some(Joined { cause: Cause::Link, person: [*person, NONE] });
        }
        if let Some(person) = now.iter().find(elsewhere(1, process)) {
            return Some(Joined { cause: Cause::Link, person: [NONE, *person] });
        }
        let came = now.iter().filter(|person| self.people[1][**person as usize].is_none());
        let came = came.map(|person| (self.by_day(self.person_day(*person)), *person)).max_by_key(|(cause, _)| *cause);
        came.map(|(cause, person)| Joined { cause, person: [NONE, person] })
    }
}

impl<'d> Processes<'d> {
    /// Pairs the processes; `codes` lead from A to B and back, `taken` is the day on which A was taken, since 1970.
    pub fn new(data: [&'d Data; 2], codes: [&Codes; 2], taken: i32) -> Self {
        let mut search = Search::new(data, codes, taken);
        search.pair();
        let [a, b] = [search.journeys(0), search.journeys(1)];
        let mut merged = vec![false; b.len()];
        for found in search.people[0].iter().flatten().filter(|f| !f.exact) {
            merged[b.of_person[found.row as usize] as usize] = true;
        }
        let (mut pairs, mut deal, mut people, mut survivor) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for process in 0..a.len() {
            let there = search.b_of[process];
            let step = if there == NONE { search.gone(process).step() } else { SAME };
            pairs.push(Pair { a: row(process), b: there, step });
            survivor.push((there == NONE).then(|| search.survivor(process)).flatten());
            if there == NONE {
                deal.push(None);
                people.push(None);
                continue;
            }
            let there = there as usize;
            deal.push(match (a.deal[process] == NONE, b.deal[there] == NONE) {
                (true, false) => Some(search.deal_came(there)),
                (false, true) => Some(search.deal_gone(process)),
                (false, false) => search.deal_there(0, process).filter(|f| !f.exact).map(|_| Cause::Merged),
                (true, true) => None,
            });
            people.push(search.joined(process, there, &merged));
        }
        for process in (0..b.len()).filter(|process| search.a_of[*process] == NONE) {
            pairs.push(Pair { a: NONE, b: row(process), step: search.came(process).step() });
            survivor.push(None);
            deal.push(None);
            people.push(None);
        }
        let first = [0, 1].map(|side| {
            let of = |process| search.members[side].of(process).first().copied().unwrap_or(NONE);
            (0..data[side].journeys.len()).map(of).collect()
        });
        Self { data, pairs, deal, people, survivor, first, taken }
    }

    /// The step at which a value of a process becomes B's.
    pub fn step(&self, change: &Change<'_>) -> u8 {
        self.cause(change).step()
    }

    fn cause(&self, change: &Change<'_>) -> Cause {
        let came_or_went = change.gained || change.lost;
        let own = cause::of_column(change.column, came_or_went);
        let deal = self.deal[change.pair];
        let of_deal = cause::is_of_deal(change.column) || change.column == "days_to_won";
        if let Some(deal) = deal.filter(|_| of_deal) {
            return deal;
        }
        if cause::is_of_deal(change.column) && change.column != "deal_origin" {
            return own;
        }
        // What happened after A was taken is what became of the process, whoever belongs to it.
        let day = change.day.or_else(|| self.stage_day(change));
        if day.is_some_and(|day| day > self.taken) {
            return own;
        }
        let joined = self.people[change.pair].map(|joined| joined.cause);
        match own {
            Cause::Link => joined.or(deal).unwrap_or(Cause::Link),
            // Touches of the people come and go by themselves.
            Cause::Touches => joined.filter(|cause| *cause != Cause::New).unwrap_or(own),
            // A person who is new has no part in what was before.
            Cause::Date | Cause::Stage => deal.or(joined).filter(|cause| *cause != Cause::New).unwrap_or(own),
            _ => deal.or(joined).unwrap_or(own),
        }
    }

    /// The day in B of the stage that a flag is about.
    fn stage_day(&self, change: &Change<'_>) -> Option<i32> {
        let id = change.column.strip_suffix("_reached").or_else(|| change.column.strip_suffix("_recorded"))?;
        let [_, b] = self.data;
        let stage = b.session.contract.stages.iter().position(|stage| stage.id.value == id)?;
        let process = self.pairs[change.pair].b as usize;
        b.journeys.stages[stage][process].day()
    }

    /// The record of B that a merged process became.
    pub fn merged_into(&self, pair: usize) -> Option<(Kind, u32)> {
        self.survivor[pair]
    }

    /// Whose coming or going changed a pair's people, where a cause is that one.
    pub fn whose(&self, pair: usize, cause: Cause) -> Option<Joined> {
        self.people[pair].filter(|joined| joined.cause == cause)
    }
}
