//! Who was turned down or sent back, and waits for nothing.
//!
//! In: the people, the history of their statuses and the agreement's words for it. Out: by process, which of the two, and
//! since when.

use std::collections::BTreeMap;

use super::{Journeys, NO_DAY, Outcome};
use crate::contract::Contract;
use crate::identity::Identity;
use crate::tables::{CHANGED_LATER, CodeSet, Kind, NONE, Tables};
use crate::time::{Stamp, Zone};

/// Why a process without a deal waits for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gone {
    /// Sent back to marketing: such people come again.
    Back,
    /// Turned down, on this day; [`NO_DAY`] where no history tells.
    Down(i32),
}

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
    gone(tables, who, contract, journeys, home, as_of).into_iter().map(|gone| gone.is_some()).collect()
}

/// By process without a deal, whether and since when it is of somebody who by as-of is turned down or sent back, as
/// [`turned_down`] has it. The day is that of the last change to such a status. Where one of several people is turned
/// down, and the other sent back, the process is turned down.
pub fn gone(
    tables: &Tables,
    who: &Identity,
    contract: &Contract,
    journeys: &Journeys,
    home: &Zone,
    as_of: i32,
) -> Vec<Option<Gone>> {
    let (people, changes) = (tables.get(Kind::People), tables.get(Kind::StageChanges));
    let now = [people.codes("status"), people.codes("lifecycle_stage")];
    let (ids, at, field) = (changes.codes("person_id"), changes.times("at"), changes.codes("field"));
    let new = changes.codes("new");
    let set = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| word.trim().to_lowercase()).collect();
        CodeSet::of(&tables.names, &[&new, &now[0], &now[1]], |text| words.contains(&text.trim().to_lowercase()))
    };
    let (down, back) = (set(&contract.handoff.rejected), set(&contract.handoff.recycled));
    let of = |code: u32| match () {
        () if down.contains(code) => Some(Gone::Down(NO_DAY)),
        () if back.contains(code) => Some(Gone::Back),
        () => None,
    };
    let later = people.flags(CHANGED_LATER);
    let mut gone: Vec<Option<Gone>> = (0..people.len())
        .map(|row| now.iter().filter_map(|column| of(column[row])).max().filter(|_| later[row] != 1))
        .collect();
    // By person and field the last change up to as-of, of those who are gone or changed again after it.
    let mut last: BTreeMap<(u32, u32), (Stamp, u32)> = BTreeMap::new();
    for row in 0..changes.len() {
        let person = who.person_row.get(ids[row]);
        if person == NONE || (later[person as usize] != 1 && gone[person as usize].is_none()) {
            continue;
        }
        if home.day(at[row]).is_some_and(|day| day <= as_of) {
            let known = last.entry((person, field[row])).or_insert((at[row], new[row]));
            if at[row] >= known.0 {
                *known = (at[row], new[row]);
            }
        }
    }
    for ((person, _), (at, new)) in last {
        let found = match of(new) {
            Some(Gone::Down(_)) => Some(Gone::Down(home.day(at).unwrap_or(NO_DAY))),
            other => other,
        };
        let known = &mut gone[person as usize];
        // A record that did not change later is what it is now: its history only dates it.
        if later[person as usize] == 1 || matches!((&known, found), (Some(Gone::Down(_)), Some(Gone::Down(_)))) {
            *known = (*known).max(found);
        }
    }
    let mut of = vec![None; journeys.len()];
    for (row, process) in journeys.of_person.iter().enumerate() {
        let process = *process as usize;
        if journeys.outcome[process] == Outcome::NoDeal {
            of[process] = of[process].max(gone[row]);
        }
    }
    of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_down_outweighs_sent_back_and_a_day_outweighs_none() {
        const { assert!(NO_DAY < -100_000) };
        assert!(Gone::Down(NO_DAY) > Gone::Back && Gone::Down(3) > Gone::Down(NO_DAY));
        assert!(Some(Gone::Back) > None);
    }
}
