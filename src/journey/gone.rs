//! Who was turned down or sent back, and waits for nothing.
//!
//! In: the people, the history of their statuses and the agreement's words for it. Out: by process, yes or no.

use std::collections::BTreeMap;

use super::{Journeys, Outcome};
use crate::contract::Contract;
use crate::identity::Identity;
use crate::tables::{CHANGED_LATER, CodeSet, Kind, NONE, Tables};
use crate::time::{Stamp, Zone};

/// Whether a process without a deal is of somebody whose status, by as-of, is one of those that `[handoff]` names as turned
/// down or sent back. What a record is now says that only where it did not change after as-of; else its last change does.
pub fn turned_down(
    tables: &Tables,
    who: &Identity,
    contract: &Contract,
    journeys: &Journeys,
    home: &Zone,
    as_of: i32,
) -> Vec<bool> {
    let (people, changes) = (tables.get(Kind::People), tables.get(Kind::StageChanges));
    let now = [people.codes("status"), people.codes("lifecycle_stage")];
    let (ids, at, field) = (changes.codes("person_id"), changes.times("at"), changes.codes("field"));
    let new = changes.codes("new");
    let words: Vec<String> =
        contract.handoff.rejected.iter().chain(&contract.handoff.recycled).map(|w| w.trim().to_lowercase()).collect();
    let is_gone =
        CodeSet::of(&tables.names, &[&new, &now[0], &now[1]], |text| words.contains(&text.trim().to_lowercase()));
    let later = people.flags(CHANGED_LATER);
    let mut gone: Vec<bool> = (0..people.len())
        .map(|row| later[row] != 1 && now.iter().any(|column| is_gone.contains(column[row])))
        .collect();
    // By person and field the last change up to as-of, of those who changed again after it.
    let mut last: BTreeMap<(u32, u32), (Stamp, u32)> = BTreeMap::new();
    for row in 0..changes.len() {
        let person = who.person_row.get(ids[row]);
        if person != NONE && later[person as usize] == 1 && home.day(at[row]).is_some_and(|day| day <= as_of) {
            let known = last.entry((person, field[row])).or_insert((at[row], new[row]));
            if at[row] >= known.0 {
                *known = (at[row], new[row]);
            }
        }
    }
    for ((person, _), (_, new)) in last {
        gone[person as usize] |= is_gone.contains(new);
    }
    let mut of = vec![false; journeys.len()];
    for (row, process) in journeys.of_person.iter().enumerate() {
        let process = *process as usize;
        of[process] |= gone[row] && journeys.outcome[process] == Outcome::NoDeal;
    }
    of
}
