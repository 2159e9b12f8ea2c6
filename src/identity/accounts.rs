//! Which account a deal and a human belong to.
//!
//! In: the tables, and who is the same human. Out: rows of `accounts`, by id, by exact name, by domain.

use std::collections::{BTreeMap, HashMap};

use super::Rows;
use crate::ingest::cell;
use crate::tables::{Kind, NONE, Table, Tables};

/// The account of each deal: by id, else by exact name.
pub fn deal_accounts(tables: &Tables, deals: &Table, account_row: &Rows) -> Vec<u32> {
    let accounts = tables.get(Kind::Accounts);
    let mut by_name: HashMap<u32, u32> = HashMap::new();
    for (row, name) in accounts.codes("name").iter().enumerate().filter(|(_, n)| **n != NONE) {
        // Two accounts of the same name: neither is taken.
        by_name.entry(*name).and_modify(|r| *r = NONE).or_insert(u32::try_from(row).unwrap_or(NONE));
    }
    let (ids, lists, names) = (deals.codes("account_id"), deals.lists("account_ids"), deals.codes("account_name"));
    (0..deals.len())
        .map(|row| {
            let by_id = account_row.get(ids[row]);
            let by_list = || lists[row].iter().map(|id| account_row.get(*id)).find(|r| *r != NONE);
            if by_id == NONE {
                by_list().unwrap_or_else(|| by_name.get(&names[row]).copied().unwrap_or(NONE))
            } else {
                by_id
            }
        })
        .collect()
}

/// The row in `accounts` of each domain; [`NONE`] where several share it. Mail providers for everybody are left out.
pub fn by_domain(tables: &Tables) -> HashMap<String, u32> {
    let mut by_domain: HashMap<String, u32> = HashMap::new();
    for (row, site) in tables.get(Kind::Accounts).codes("website").iter().enumerate() {
        if let Some(domain) = tables.names.text(*site).and_then(cell::domain).filter(|d| !cell::is_free_mail(d)) {
            let row = u32::try_from(row).unwrap_or(NONE);
            by_domain.entry(domain).and_modify(|r| *r = NONE).or_insert(row);
        }
    }
    by_domain
}

/// The account of each human, and whether only a domain says so.
#[allow(clippy::too_many_arguments)] // one call
pub fn human_accounts(
    tables: &Tables,
    people: &Table,
    human: &[u32],
    count: u32,
    account_row: &Rows,
    known_first: &[u32],
    refused: &mut BTreeMap<&'static str, u64>,
) -> (Vec<u32>, Vec<bool>) {
    let mut account_of = vec![NONE; count as usize];
    let columns = [people.codes("converted_account_id"), people.codes("account_id")];
    let lists = people.lists("account_ids");
    for row in known_first.iter().map(|row| *row as usize) {
        let of = &mut account_of[human[row] as usize];
        for id in columns.iter().map(|c| c[row]).chain(lists[row].iter().copied()) {
            if *of == NONE {
                *of = account_row.get(id);
            }
        }
    }
    let mut by_domain = vec![false; count as usize];
    let account_by_domain = self::by_domain(tables);
    if account_by_domain.is_empty() {
        return (account_of, by_domain);
    }
    for (row, email) in people.codes("email").iter().enumerate() {
        let at = human[row] as usize;
        if account_of[at] != NONE {
            continue;
        }
        let Some(domain) = tables.names.text(*email).and_then(cell::domain) else { continue };
        match account_by_domain.get(&domain) {
            Some(&NONE) => *refused.entry("domain that several accounts share").or_default() += 1,
            Some(account) => {
                account_of[at] = *account;
                by_domain[at] = true;
            }
            None => {}
        }
    }
    (account_of, by_domain)
}
