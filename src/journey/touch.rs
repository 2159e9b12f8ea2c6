//! Touches → processes and teams, and which team a process came from.
//!
//! In: the touch table, who is the same, the contract's teams. Out: the process and team of each touch, and the first
//! and last touch of each team per process. A touch whose person nobody knows is counted, and belongs to no process.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::{Journeys, NO_DAY, Side, Touched};
use crate::contract::{Contract, Team};
use crate::identity::Identity;
use crate::tables::{CodeMap, CodeSet, Kind, NONE, Table, Tables};
use crate::time::{Stamp, Zone};

/// Every touch's process and team.
pub struct Assigned {
    pub of: Vec<u32>,
    pub side: Vec<Option<Side>>,
    pub marketing: Vec<Touched>,
    pub sales: Vec<Touched>,
}

/// When each touch took place: its own time, else the time it was recorded.
pub fn when(touches: &Table) -> Cow<'_, [Stamp]> {
    let at = touches.times("at");
    if !touches.columns.contains_key("fallback_at") || !at.iter().any(|at| at.is_none()) {
        return at;
    }
    let fallback = touches.times("fallback_at");
    at.iter().zip(fallback.iter()).map(|(at, fallback)| at.some().unwrap_or(*fallback)).collect()
}

/// Codes of the words in a list, case ignored.
fn codes_of(tables: &Tables, words: &[String], columns: &[&[u32]]) -> CodeSet {
    let low: HashSet<String> = words.iter().map(|w| w.trim().to_lowercase()).collect();
    if low.is_empty() {
        return CodeSet::default();
    }
    CodeSet::of(&tables.names, columns, |text| low.contains(&text.to_lowercase()))
}

/// The team of each owner: named in the contract, or by department, title or role.
fn owners(tables: &Tables, contract: &Contract) -> CodeMap<Side> {
    let users = tables.get(Kind::Users);
    let (ids, names) = (users.codes("user_id"), users.codes("name"));
    let places = [users.codes("department"), users.codes("role"), users.codes("title")];
    let mut side: CodeMap<Side> = CodeMap::default();
    let mut team = |of: &Team, which: Side| {
        let by_department = codes_of(tables, &of.departments, &places.each_ref().map(AsRef::as_ref));
        for row in 0..users.len() {
            if places.iter().any(|p| by_department.contains(p[row])) {
                side.insert_first(ids[row], which);
            }
        }
    };
    team(&contract.teams.sales, Side::Sales);
    team(&contract.teams.marketing, Side::Marketing);
    for (of, which) in [(&contract.teams.sales, Side::Sales), (&contract.teams.marketing, Side::Marketing)] {
        let named: HashSet<String> = of.owners.iter().map(|o| o.trim().to_lowercase()).collect();
        let is_named = |code: u32| tables.names.text(code).is_some_and(|t| named.contains(&t.to_lowercase()));
        for row in 0..users.len() {
            if is_named(ids[row]) || is_named(names[row]) {
                side.insert(ids[row], which);
            }
        }
        for owner in &of.owners {
            if let Some(code) = tables.names.known(owner.trim()) {
                side.insert(code, which);
            }
        }
    }
    side
}

/// Whom each touch reached, and which deal it is about.
pub struct Reach<'t> {
    who: &'t Identity,
    ids: [Cow<'t, [u32]>; 2],
    emails: Cow<'t, [u32]>,
    names: Cow<'t, [u32]>,
    about: Cow<'t, [u32]>,
    deal_names: Cow<'t, [u32]>,
    /// Leads by the contact that they became, where that contact is in no export.
    was: CodeMap<u32>,
}

fn at(codes: &[u32], row: usize) -> u32 {
    codes.get(row).copied().unwrap_or(NONE)
}

impl<'t> Reach<'t> {
    /// For the touches of these tables.
    pub fn new(tables: &'t Tables, who: &'t Identity) -> Self {
        let touches = tables.get(Kind::Touches);
        // A conversion moves a lead's touches to the contact it becomes. Where that contact is in no export, or only later than
        // as-of, they are the lead's still.
        let people = tables.get(Kind::People);
        let mut was: CodeMap<u32> = CodeMap::default();
        for (row, contact) in (0..).zip(people.codes("converted_person_id").iter()) {
            if who.person_row.get(*contact) == NONE {
                was.insert_first(*contact, row);
            }
        }
        // A column that no export has takes no room.
        let codes = |name: &str| if touches.columns.contains_key(name) { touches.codes(name) } else { Cow::default() };
        Self {
            who,
            ids: [codes("person_id"), codes("person_id_2")],
            emails: codes("email"),
            names: codes("person_name"),
            about: codes("about_id"),
            deal_names: codes("deal_name"),
            was,
        }
    }

    /// The row in `deals` that a touch is about; [`NONE`] without one.
    pub fn deal(&self, row: usize) -> u32 {
        match self.who.deal_row.get(at(&self.about, row)) {
            NONE => self.who.deal_by_name.get(at(&self.deal_names, row)).unwrap_or(NONE),
            deal => deal,
        }
    }

    /// The human whom a touch reached, if anybody knows.
    pub fn human(&self, row: usize) -> Option<u32> {
        let known = |id: u32| match self.who.person_row.get(id) {
            NONE => self.was.get(id).unwrap_or(NONE),
            row => row,
        };
        let person = self.ids.iter().map(|c| known(at(c, row))).find(|p| *p != NONE);
        let human = person.map(|p| self.who.human[p as usize]);
        let by_email = human.or_else(|| self.who.human_by_email.get(at(&self.emails, row)));
        by_email.or_else(|| self.who.human_by_name.get(at(&self.names, row)).filter(|human| *human != NONE))
    }
}

/// Gives each touch its process and team.
pub fn assign(
    tables: &Tables,
    who: &Identity,
    contract: &Contract,
    of_human: &[u32],
    len: usize,
    oddities: &mut BTreeMap<&'static str, u64>,
) -> Assigned {
    let touches = tables.get(Kind::Touches);
    let (owner, at, reach) = (touches.codes("owner_id"), when(touches), Reach::new(tables, who));
    let (kind, team) = (touches.codes("kind"), touches.codes("team"));
    let owners = owners(tables, contract);
    let kinds = [(&contract.teams.marketing, Side::Marketing), (&contract.teams.sales, Side::Sales)];
    let by_kind = kinds.map(|(of, side)| (codes_of(tables, &of.kinds, &[&kind]), side));
    let mut by_name: CodeMap<Side> = CodeMap::default();
    for side in [Side::Marketing, Side::Sales] {
        by_name.insert(tables.names.known(side.id()).unwrap_or(NONE), side);
    }
    let one = |row: usize| {
        // What a touch is about says more than whom it reached: a customer's later deal is a process of its own.
        let process = match reach.deal(row) {
            NONE => reach.human(row).map_or(NONE, |h| of_human[h as usize]),
            deal => deal,
        };
        let by_kind = || by_kind.iter().find(|(codes, _)| codes.contains(kind[row])).map(|(_, side)| *side);
        let side = by_name.get(team[row]).or_else(|| owners.get(owner[row])).or_else(by_kind);
        (process, side)
    };
    let (of, side): (Vec<u32>, Vec<Option<Side>>) = (0..touches.len()).into_par_iter().map(one).unzip();
    let nobody = of.iter().filter(|process| **process == NONE).count() as u64;
    oddities.insert("touches of nobody in the exports", nobody);
    let no_team = of.iter().zip(&side).filter(|(process, side)| **process != NONE && side.is_none()).count() as u64;
    oddities.insert("touches of no team: neither their owner nor their kind is in [teams]", no_team);
    let touched = |wanted: Side| {
        let mut touched = vec![Touched { first: Stamp::NONE, last: Stamp::NONE, count: 0 }; len];
        for (row, process) in of.iter().enumerate().filter(|(row, of)| **of != NONE && side[*row] == Some(wanted)) {
            let touched = &mut touched[*process as usize];
            touched.first = touched.first.earlier(at[row]);
            touched.last = touched.last.max(at[row]);
            touched.count += 1;
        }
        touched
    };
    let (marketing, sales) = rayon::join(|| touched(Side::Marketing), || touched(Side::Sales));
    Assigned { of, side, marketing, sales }
}

/// Stage changes whose person or deal is in no export.
pub fn changes_of_nobody(tables: &Tables, who: &Identity) -> u64 {
    let changes = tables.get(Kind::StageChanges);
    let (people, deals) = (changes.codes("person_id"), changes.codes("deal_id"));
    let nobody = |row: &usize| who.person_row.get(people[*row]) == NONE && who.deal_row.get(deals[*row]) == NONE;
    (0..changes.len()).filter(nobody).count() as u64
}

/// The team that the contract gives each process's lead source; `None` where it gives it to neither.
pub fn by_source(tables: &Tables, contract: &Contract, journeys: &Journeys) -> Vec<Option<Side>> {
    let missing = vec![NONE; journeys.len()];
    let source = journeys.segments.get("lead_source").unwrap_or(&missing);
    let of = |team: &Team| codes_of(tables, &team.sources, &[source]);
    let (marketing, sales) = (of(&contract.teams.marketing), of(&contract.teams.sales));
    let side = |code: &u32| match (marketing.contains(*code), sales.contains(*code)) {
        (true, _) => Some(Side::Marketing),
        (_, true) => Some(Side::Sales),
        _ => None,
    };
    source.iter().map(side).collect()
}

/// Which team each process came from: the team that the contract gives its lead source, else that of its first touch.
///
/// Only touches up to the day the deal was created count: what came later brought nobody in. Where both teams' first
/// touches fall on one day and one of them has no time of day, nobody can say.
pub fn origins(
    tables: &Tables,
    contract: &Contract,
    home: &Zone,
    journeys: &Journeys,
    oddities: &mut BTreeMap<&'static str, u64>,
) -> Vec<Option<Side>> {
    let by_source = by_source(tables, contract, journeys);
    // With the row, as the file's order decides between touches at one instant.
    let mut first = vec![[(Stamp::NONE, 0); 2]; journeys.len()];
    for (row, at) in when(tables.get(Kind::Touches)).iter().copied().enumerate() {
        let (process, Some(side)) = (journeys.touch_of[row], journeys.touch_side[row]) else { continue };
        if process == NONE {
            continue;
        }
        let (created, closed) = (journeys.created[process as usize], journeys.closed[process as usize]);
        let until = if created == NO_DAY { closed } else { created };
        if until == NO_DAY || home.day(at).is_some_and(|day| day <= until) {
            let first = &mut first[process as usize][usize::from(side == Side::Sales)];
            if first.0.is_none() || at < first.0 {
                *first = (at, row);
            }
        }
    }
    let mut tied = 0;
    let origins = (0..journeys.len())
        .map(|at| {
            if by_source[at].is_some() {
                return by_source[at];
            }
            match first[at].map(|(at, row)| at.some().map(|at| (at, row))) {
                [Some((m, _)), Some((s, _))] if (m.is_date() || s.is_date()) && home.day(m) == home.day(s) => {
                    tied += 1;
                    None
                }
                [Some(m), Some(s)] => Some(if m <= s { Side::Marketing } else { Side::Sales }),
                [Some(_), None] => Some(Side::Marketing),
                [None, Some(_)] => Some(Side::Sales),
                [None, None] => None,
            }
        })
        .collect();
    oddities.insert("origins that nobody can tell: both teams' first touches on one day, one without a time", tied);
    origins
}
