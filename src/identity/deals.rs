//! Which deals a human has part in, and which is the first.
//!
//! In: the tables, humans and accounts. Out: [`Links`], and the deal that each human's buying process leads to.

use std::collections::BTreeMap;

use super::{Method, Rows};
use crate::tables::{CodeMap, Kind, NONE, Table, Tables};
use crate::time::Stamp;

pub struct Links {
    /// Deals each human is directly linked to.
    pub of_human: Vec<Vec<u32>>,
    pub method: Vec<Method>,
}

impl Links {
    fn add(&mut self, human: u32, deal: u32, method: Method) {
        self.of_human[human as usize].push(deal);
        let best = &mut self.method[deal as usize];
        *best = (*best).min(method);
    }
}

pub fn direct_links(
    tables: &Tables,
    human: &[u32],
    person_row: &Rows,
    deal_row: &Rows,
    links: &mut Links,
    refused: &mut BTreeMap<&'static str, u64>,
) {
    let people = tables.get(Kind::People);
    let (converted, lists) = (people.codes("converted_deal_id"), people.lists("deal_ids"));
    for row in 0..people.len() {
        if converted[row] != NONE {
            match deal_row.get(converted[row]) {
                NONE => {
                    *refused.entry("person whose linked deal is in no export, or later than as-of").or_default() += 1;
                }
                deal => links.add(human[row], deal, Method::Converted),
            }
        }
        for id in &lists[row] {
            match deal_row.get(*id) {
                NONE => *refused.entry("associated deal that is in no export, or later than as-of").or_default() += 1,
                deal => links.add(human[row], deal, Method::Associated),
            }
        }
    }
    let roles = tables.get(Kind::Roles);
    let (role_deals, role_people) = (roles.codes("deal_id"), roles.codes("person_id"));
    for row in 0..roles.len() {
        match (deal_row.get(role_deals[row]), person_row.get(role_people[row])) {
            (NONE, _) => {
                *refused.entry("contact role of a deal that is in no export, or later than as-of").or_default() += 1;
            }
            (_, NONE) => {
                *refused.entry("contact role of a person who is in no export, or later than as-of").or_default() += 1;
            }
            (deal, person) => links.add(human[person as usize], deal, Method::Role),
        }
    }
    let deals = tables.get(Kind::Deals);
    let (one, many) = (deals.codes("person_id"), deals.lists("person_ids"));
    for row in 0..deals.len() {
        for id in std::iter::once(one[row]).chain(many[row].iter().copied()).filter(|id| *id != NONE) {
            match person_row.get(id) {
                NONE => *refused.entry("deal's person who is in no export, or later than as-of").or_default() += 1,
                person => links.add(human[person as usize], u32::try_from(row).unwrap_or(NONE), Method::Associated),
            }
        }
    }
}

/// Deals that only name their person.
pub fn links_by_name(
    deals: &Table,
    human_by_name: &CodeMap<u32>,
    links: &mut Links,
    refused: &mut BTreeMap<&'static str, u64>,
) {
    let names = deals.codes("person_name");
    for (row, name) in names.iter().enumerate().filter(|(_, name)| **name != NONE) {
        if links.method[row] != Method::Nobody {
            continue;
        }
        match human_by_name.get(*name) {
            Some(NONE) => *refused.entry("person's name that several people share").or_default() += 1,
            Some(human) => links.add(human, u32::try_from(row).unwrap_or(NONE), Method::Name),
            None => *refused.entry("person's name that is in no export").or_default() += 1,
        }
    }
}

/// Which deal has which name; only looked up where an export of touches names deals.
pub fn deals_by_name(tables: &Tables) -> CodeMap<u32> {
    let mut by_name: CodeMap<u32> = CodeMap::default();
    if tables.get(Kind::Touches).has("deal_name") {
        let names = tables.get(Kind::Deals).codes("name");
        for (row, name) in names.iter().enumerate().filter(|(_, name)| **name != NONE) {
            let one = by_name.get(*name).is_none();
            by_name.insert(*name, if one { u32::try_from(row).unwrap_or(NONE) } else { NONE });
        }
    }
    by_name
}

/// When a deal began, for ordering: created, else closed, else never; a day counts to its end. Of two that began at once,
/// the id decides: the order of the rows means nothing.
pub fn began<'t>(tables: &'t Tables, deals: &Table) -> Vec<(bool, Stamp, &'t str)> {
    let (created, closed, ids) = (deals.times("created_at"), deals.times("closed_at"), deals.codes("deal_id"));
    (0..deals.len())
        .map(|row| {
            let at = created[row].some().unwrap_or(closed[row]);
            let at = if at.is_none() || !at.is_date() { at } else { Stamp::instant(at.utc_ms() + 86_399_999) };
            (at.is_none(), at, tables.names.text(ids[row]).unwrap_or_default())
        })
        .collect()
}

pub fn first_deals(began: &[(bool, Stamp, &str)], links: &Links) -> Vec<u32> {
    links
        .of_human
        .iter()
        .map(|deals| deals.iter().copied().min_by_key(|d| began[*d as usize]).unwrap_or(NONE))
        .collect()
}

/// Deals that no person names take the people of their account who were known by then and had no part in another.
#[allow(clippy::too_many_arguments, clippy::cast_possible_truncation)]
pub fn account_links(
    people: &Table,
    began: &[(bool, Stamp, &str)],
    human: &[u32],
    account_of: &[u32],
    by_domain: &[bool],
    deal_account: &[u32],
    deal_of: &mut [u32],
    method: &mut [Method],
) {
    let created = people.times("created_at");
    let mut known_since = vec![Stamp::NONE; deal_of.len()];
    for (row, of) in human.iter().enumerate() {
        let since = &mut known_since[*of as usize];
        *since = since.earlier(created[row]);
    }
    let mut open: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (deal, account) in deal_account.iter().enumerate() {
        if *account != NONE && method[deal] == Method::Nobody && !began[deal].0 {
            open.entry(*account).or_default().push(deal as u32);
        }
    }
    for deals in open.values_mut() {
        deals.sort_by_key(|d| began[*d as usize]);
    }
    for at in 0..deal_of.len() {
        if deal_of[at] != NONE || account_of[at] == NONE || known_since[at].is_none() {
            continue;
        }
        let Some(candidates) = open.get(&account_of[at]) else { continue };
        let first = candidates.partition_point(|d| began[*d as usize].1 < known_since[at]);
        if let Some(deal) = candidates.get(first) {
            deal_of[at] = *deal;
            let found = if by_domain[at] { Method::Domain } else { Method::Account };
            let best = &mut method[*deal as usize];
            *best = (*best).min(found);
        }
    }
}
