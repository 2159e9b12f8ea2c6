//! Which records of people are one human.
//!
//! In: the table of people. Out: the human of each row, by the contact a lead became and by e-mail address.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Rows;
use crate::tables::{CodeMap, Kind, NONE, Table, Tables};
use crate::time::Stamp;

/// Disjoint sets; the smallest row leads its set.
struct Sets(Vec<u32>);

impl Sets {
    #[allow(clippy::cast_possible_truncation)]
    fn new(len: usize) -> Self {
        Self((0..len as u32).collect())
    }

    fn find(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            self.0[at as usize] = self.0[self.0[at as usize] as usize];
            at = self.0[at as usize];
        }
        at
    }

    fn union(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.0[a.max(b) as usize] = a.min(b);
        }
    }
}

/// Mailboxes that many people share: the same address there does not make one person.
const SHARED: [&str; 18] = [
    "info",
    "sales",
    "office",
    "contact",
    "admin",
    "support",
    "hello",
    "mail",
    "marketing",
    "team",
    "accounts",
    "billing",
    "service",
    "help",
    "noreply",
    "no-reply",
    "enquiries",
    "reception",
];

/// Whether an e-mail address is one that many people read: `info@`, `sales@`.
pub fn is_shared_mailbox(email: &str) -> bool {
    email.split('@').next().is_some_and(|mailbox| SHARED.contains(&mailbox))
}

#[allow(clippy::cast_possible_truncation)]
pub fn humans(
    tables: &Tables,
    people: &Table,
    person_row: &Rows,
    refused: &mut BTreeMap<&'static str, u64>,
) -> (Vec<u32>, CodeMap<u32>) {
    let mut sets = Sets::new(people.len());
    for (row, contact) in people.codes("converted_person_id").iter().enumerate().filter(|(_, c)| **c != NONE) {
        let contact = person_row.get(*contact);
        if contact == NONE {
            *refused.entry("person whose linked contact is in no export, or later than as-of").or_default() += 1;
        } else {
            sets.union(row as u32, contact);
        }
    }
    let emails = people.codes("email");
    let mut first: CodeMap<u32> = CodeMap::default();
    first.reserve(tables.names.bound());
    for (row, email) in emails.iter().enumerate().filter(|(_, e)| **e != NONE) {
        if tables.names.text(*email).is_some_and(is_shared_mailbox) {
            *refused.entry("e-mail address of a shared mailbox").or_default() += 1;
            continue;
        }
        match first.get(*email) {
            Some(other) => sets.union(row as u32, other),
            None => first.insert(*email, row as u32),
        }
    }
    let mut number = vec![NONE; people.len()];
    let mut human = vec![NONE; people.len()];
    let mut next = 0;
    for (row, human) in human.iter_mut().enumerate() {
        let leader = sets.find(row as u32) as usize;
        if number[leader] == NONE {
            number[leader] = next;
            next += 1;
        }
        *human = number[leader];
    }
    let mut by_email = CodeMap::default();
    by_email.reserve(tables.names.bound());
    for email in emails.iter() {
        if let Some(row) = first.get(*email) {
            by_email.insert_first(*email, human[row as usize]);
        }
    }
    (human, by_email)
}

/// Who has which name; only looked up where an export names people instead of giving their ids.
pub fn people_by_name(tables: &Tables, human: &[u32]) -> CodeMap<u32> {
    let people = tables.get(Kind::People);
    let mut by_name: CodeMap<u32> = CodeMap::default();
    if !tables.get(Kind::Deals).has("person_name") && !tables.get(Kind::Touches).has("person_name") {
        return by_name;
    }
    let (names, first, last) = (people.codes("name"), people.codes("first_name"), people.codes("last_name"));
    for (row, human) in human.iter().enumerate() {
        let whole = || {
            let parts = [first[row], last[row]].into_iter().filter_map(|code| tables.names.text(code));
            tables.names.known(&parts.collect::<Vec<_>>().join(" "))
        };
        let Some(name) = Some(names[row]).filter(|name| *name != NONE).or_else(whole) else { continue };
        let one = by_name.get(name).is_none_or(|known| known == *human);
        by_name.insert(name, if one { *human } else { NONE });
    }
    by_name
}

/// Rows of people, the one known first first; of two known at once, by id.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn first_known(tables: &Tables) -> Vec<u32> {
    let people = tables.get(Kind::People);
    let (created, ids) = (people.times("created_at"), people.codes("person_id"));
    let never = |at: usize| created[at].is_none();
    let mut rows: Vec<(bool, Stamp, u32)> = (0..people.len()).map(|at| (never(at), created[at], at as u32)).collect();
    rows.par_sort_unstable();
    // Texts are looked up only where the time does not decide.
    for same in rows.chunk_by_mut(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|(_, _, row)| (tables.names.text(ids[*row as usize]), *row));
    }
    rows.into_iter().map(|(_, _, row)| row).collect()
}
