//! Segments: the words by which processes are told apart.
//!
//! In: the tables and the processes. Out: one code per process for every column of words that any export has.
//!
//! Where a lead came from is the person's word before the deal's; everything else is the deal's before the person's,
//! and the company's last. Of several people, the one known first speaks.

use std::collections::HashMap;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::{Journeys, Outcome};
use crate::contract::{Contract, Persona};
use crate::identity::Identity;
use crate::tables::{CHANGED_LATER, Kind, NONE, Table, Tables, Type, Values};

/// Words that name one record rather than a group.
const NOT_SEGMENTS: [&str; 9] =
    ["name", "account_name", "company", "website", "currency", "kind", "title", "subject", "rejected_reason"];

/// Whether a column of words tells groups apart, so that processes have it.
pub fn is_segment(name: &str) -> bool {
    !NOT_SEGMENTS.contains(&name)
}

/// Columns in which the person speaks before the deal.
const PERSON_FIRST: [&str; 5] = ["lead_source", "source_detail", "campaign", "status", "lifecycle_stage"];

fn names(tables: &Tables) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for kind in [Kind::People, Kind::Deals, Kind::Accounts] {
        let table = tables.get(kind);
        for name in table.columns.keys() {
            if table.kind_of(name) == Some(Type::Text) && !NOT_SEGMENTS.contains(&name.as_str()) && table.has(name) {
                names.push(name.clone());
            }
        }
        for name in ["owner", "campaign"] {
            if table.has(&format!("{name}_id")) {
                names.push(name.into());
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Codes of a column, where ids of owners and campaigns are replaced by their names.
fn words(tables: &Tables, table: &Table, name: &str) -> Vec<u32> {
    let mut codes = match table.columns.get(name) {
        Some(Values::Text(codes)) => codes.clone(),
        _ => vec![NONE; table.len()],
    };
    let (of, id) = match name {
        "owner" => (Kind::Users, "user_id"),
        "campaign" => (Kind::Campaigns, "campaign_id"),
        _ => return codes,
    };
    let other = tables.get(of);
    let names: HashMap<u32, u32> = other
        .codes(id)
        .iter()
        .copied()
        .zip(other.codes("name").iter().copied())
        .filter(|(id, n)| *id != NONE && *n != NONE)
        .collect();
    for (code, id) in codes.iter_mut().zip(table.codes(&format!("{name}_id")).iter()) {
        if *code == NONE {
            *code = names.get(id).copied().unwrap_or(*id);
        }
    }
    codes
}

/// Every column of numbers that people, deals or accounts have: the deal's before the person's, and the company's last.
pub fn numbers(tables: &Tables, who: &Identity, journeys: &Journeys) -> IndexMap<String, Vec<f64>> {
    let kinds = [Kind::Deals, Kind::People, Kind::Accounts];
    let mut names: Vec<String> = Vec::new();
    for kind in kinds {
        let table = tables.get(kind);
        names.extend(table.columns.keys().filter(|n| table.kind_of(n) == Some(Type::Number) && table.has(n)).cloned());
    }
    names.sort();
    names.dedup();
    let (rows, account_of) = (&who.known_first, account_of(who, journeys));
    let of = |kind: Kind, name: &str| match tables.get(kind).columns.get(name) {
        Some(Values::Number(values)) => values.clone(),
        _ => Vec::new(),
    };
    names
        .into_iter()
        .map(|name| {
            let [of_deals, of_people, of_accounts] = kinds.map(|kind| of(kind, &name));
            let mut values = vec![f64::NAN; journeys.len()];
            values[..of_deals.len()].copy_from_slice(&of_deals);
            for row in rows.iter().map(|row| *row as usize).filter(|row| *row < of_people.len()) {
                let value = &mut values[journeys.of_person[row] as usize];
                if value.is_nan() {
                    *value = of_people[row];
                }
            }
            for (at, value) in values.iter_mut().enumerate().filter(|(_, value)| value.is_nan()) {
                *value = of_accounts.get(account_of[at] as usize).copied().unwrap_or(f64::NAN);
            }
            (name, values)
        })
        .collect()
}

/// The row in `accounts` of each process: the deal's, else that of the person known first.
pub fn account_of(who: &Identity, journeys: &Journeys) -> Vec<u32> {
    let mut account_of = vec![NONE; journeys.len()];
    for row in who.known_first.iter().map(|row| *row as usize) {
        let of = &mut account_of[journeys.of_person[row] as usize];
        if *of == NONE {
            *of = who.account_of[who.human[row] as usize];
        }
    }
    for (at, account) in who.deal_account.iter().enumerate() {
        if *account != NONE {
            account_of[at] = *account;
        }
    }
    account_of
}

/// Columns that say where a record is now, and something else on an earlier day.
const PRESENT: [&str; 3] = ["stage", "status", "lifecycle_stage"];

/// Takes away what a record is now, where it is known that it was something else on as-of.
fn hide(name: &str, codes: &mut [u32], table: &Table, other: impl Fn(usize) -> bool) {
    if PRESENT.contains(&name) {
        let later = table.flags(CHANGED_LATER);
        for (row, code) in codes.iter_mut().enumerate() {
            if later[row] == 1 || other(row) {
                *code = NONE;
            }
        }
    }
}

/// Every segment column.
pub fn segments(tables: &Tables, who: &Identity, journeys: &Journeys) -> IndexMap<String, Vec<u32>> {
    let (people, deals, accounts) = (tables.get(Kind::People), tables.get(Kind::Deals), tables.get(Kind::Accounts));
    let (rows, account_of) = (&who.known_first, account_of(who, journeys));
    let (closed, won) = (deals.flags("is_closed"), deals.flags("is_won"));
    let columns: Vec<(String, Vec<u32>)> = names(tables)
        .into_par_iter()
        .map(|name| {
            let mut of_people = words(tables, people, &name);
            hide(&name, &mut of_people, people, |_| false);
            let mut person = vec![NONE; journeys.len()];
            for row in rows.iter().map(|row| *row as usize) {
                let code = &mut person[journeys.of_person[row] as usize];
                if *code == NONE {
                    *code = of_people[row];
                }
            }
            let mut of_deals = words(tables, deals, &name);
            // One that closed after as-of was open on that day, in another stage.
            hide(&name, &mut of_deals, deals, |row| {
                journeys.outcome[row] == Outcome::Open && (closed[row] == 1 || won[row] == 1)
            });
            let of_accounts = words(tables, accounts, &name);
            let codes = (0..journeys.len())
                .map(|at| {
                    let deal = of_deals.get(at).copied().unwrap_or(NONE);
                    let (first, second) =
                        if PERSON_FIRST.contains(&name.as_str()) { (person[at], deal) } else { (deal, person[at]) };
                    let account = || of_accounts.get(account_of[at] as usize).copied().unwrap_or(NONE);
                    [first, second].into_iter().find(|c| *c != NONE).unwrap_or_else(account)
                })
                .collect();
            (name, codes)
        })
        .collect();
    columns.into_iter().collect()
}

/// The persona of each process: that of the human known first who has one. The contract's personas go before a column of
/// that name in the exports.
pub fn personas(tables: &Tables, who: &Identity, contract: &Contract, journeys: &Journeys) -> Vec<u32> {
    let known = |said: &Persona| tables.names.known(&said.name.value).unwrap_or(NONE);
    let codes: Vec<u32> = contract.personas.iter().map(known).collect();
    let mut of = vec![NONE; journeys.len()];
    for row in who.known_first.iter().map(|row| *row as usize) {
        let code = &mut of[journeys.of_person[row] as usize];
        if *code == NONE {
            *code = journeys.personas.of(who.human[row]).map_or(NONE, |persona| codes[persona]);
        }
    }
    of
}
