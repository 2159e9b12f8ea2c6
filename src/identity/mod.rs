//! Who is the same: lead ↔ contact ↔ account ↔ deal, by an explicit cascade.
//!
//! In: the canonical tables. Out: [`Identity`]: which records are one human, which deal each human's buying process
//! leads to, and by which method each deal found its people.
//!
//! The cascade, strongest first: the ids that a converted lead carries; contact roles and associated ids; the same
//! e-mail address; the name of a person, where an export has nothing else and only one person has it; the company's domain. A deal that no person names takes the people of its own account who were
//! known by the day it began. Every deal belongs to exactly one buying process and every human to exactly one, so that no link
//! can multiply money: where a human had part in several deals, the first is where their history belongs, and
//! the later ones are processes of their own.

mod accounts;
mod deals;
pub mod matched;
mod people;

use std::collections::{BTreeMap, HashMap};

pub use people::is_shared_mailbox;

use crate::tables::{CodeMap, Kind, NONE, Tables};
use deals::Links;

/// How a deal found its people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// A lead was converted to it.
    Converted,
    /// A contact role names it.
    Role,
    /// The deal or the person lists the other's id.
    Associated,
    /// The deal names a person whom nobody shares the name with.
    Name,
    /// Its account's people, by account id.
    Account,
    /// Its account's people, by the domain of their e-mail address.
    Domain,
    /// Its people began with an earlier deal.
    Later,
    /// Nobody.
    Nobody,
}

impl Method {
    /// Every method, strongest first.
    pub const ALL: [Self; 8] = [
        Self::Converted,
        Self::Role,
        Self::Associated,
        Self::Name,
        Self::Account,
        Self::Domain,
        Self::Later,
        Self::Nobody,
    ];

    /// For people and machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Converted => "converted lead",
            Self::Role => "contact role",
            Self::Associated => "associated ids",
            Self::Name => "name of a person",
            Self::Account => "account",
            Self::Domain => "e-mail domain",
            Self::Later => "people of an earlier deal",
            Self::Nobody => "no person",
        }
    }
}

/// What [`link`] found.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// Human of each row of `people`, numbered from 0 in order of first appearance.
    pub human: Vec<u32>,
    /// Number of humans.
    pub humans: u32,
    /// Row in `deals` that each human's buying process leads to; [`NONE`] without one.
    pub deal_of: Vec<u32>,
    /// Everybody who has part in each row of `deals`.
    pub parts: Parts,
    /// Rows of `people`, the one known first first; of two known at once, by id.
    pub known_first: Vec<u32>,
    /// How each row of `deals` found its people.
    pub method: Vec<Method>,
    /// Row in `accounts` of each human; [`NONE`] without one.
    pub account_of: Vec<u32>,
    /// Whether only the domain of an address says so.
    pub by_domain: Vec<bool>,
    /// Row in `accounts` of each deal; [`NONE`] without one.
    pub deal_account: Vec<u32>,
    /// Row in `people` by id code.
    pub person_row: Rows,
    /// Row in `deals` by id code.
    pub deal_row: Rows,
    /// Row in `accounts` by id code.
    pub account_row: Rows,
    /// Human by e-mail code.
    pub human_by_email: CodeMap<u32>,
    /// Human by the code of a name; [`NONE`] for a name that several share. Empty where no export goes by names.
    pub human_by_name: CodeMap<u32>,
    /// Row in `deals` by the code of a name, likewise.
    pub deal_by_name: CodeMap<u32>,
    /// Links that were found and not used, by reason.
    pub refused: BTreeMap<&'static str, u64>,
}

/// Row numbers by id code, through merged ids.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    row: Vec<u32>,
}

impl Rows {
    #[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
    fn new(ids: &[u32], names: usize, merged: &HashMap<u32, u32>) -> Self {
        let mut row = vec![NONE; names];
        for (at, id) in ids.iter().enumerate().filter(|(_, id)| **id != NONE) {
            if row[*id as usize] == NONE {
                row[*id as usize] = at as u32;
            }
        }
        let mut losers: Vec<&u32> = merged.keys().collect();
        losers.sort_unstable();
        for loser in losers {
            let mut winner = *loser;
            // A record can be merged several times over; a circle is cut.
            for _ in 0..32 {
                match merged.get(&winner) {
                    Some(next) => winner = *next,
                    None => break,
                }
            }
            if row[*loser as usize] == NONE {
                row[*loser as usize] = row[winner as usize];
            }
        }
        Self { row }
    }

    /// The row of an id; [`NONE`] when there is none.
    pub fn get(&self, id: u32) -> u32 {
        if id == NONE { NONE } else { self.row.get(id as usize).copied().unwrap_or(NONE) }
    }
}

/// Links people, accounts and deals.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn link(tables: &Tables, merged: &[(Kind, u32, u32)]) -> Identity {
    let (persons, deals, companies) = (tables.get(Kind::People), tables.get(Kind::Deals), tables.get(Kind::Accounts));
    let merged = |of: Kind| -> HashMap<u32, u32> {
        merged.iter().filter(|(kind, loser, winner)| *kind == of && loser != winner).map(|(_, l, w)| (*l, *w)).collect()
    };
    let names = tables.names.bound();
    let mut refused: BTreeMap<&'static str, u64> = BTreeMap::new();
    let person_row = Rows::new(&persons.codes("person_id"), names, &merged(Kind::People));
    let deal_row = Rows::new(&deals.codes("deal_id"), names, &merged(Kind::Deals));
    let account_row = Rows::new(&companies.codes("account_id"), names, &merged(Kind::Accounts));

    let (human, human_by_email) = people::humans(tables, persons, &person_row, &mut refused);
    let count = human.iter().max().map_or(0, |m| m + 1);
    let deal_account = accounts::deal_accounts(tables, deals, &account_row);
    let known_first = people::first_known(tables);
    let (account_of, by_domain) =
        accounts::human_accounts(tables, persons, &human, count, &account_row, &known_first, &mut refused);

    let mut links = Links { of_human: vec![Vec::new(); count as usize], method: vec![Method::Nobody; deals.len()] };
    deals::direct_links(tables, &human, &person_row, &deal_row, &mut links, &mut refused);
    let human_by_name = people::people_by_name(tables, &human);
    deals::links_by_name(deals, &human_by_name, &mut links, &mut refused);
    let deal_by_name = deals::deals_by_name(tables);
    let began = deals::began(tables, deals);
    let mut deal_of = deals::first_deals(&began, &links);
    deals::account_links(
        persons,
        &began,
        &human,
        &account_of,
        &by_domain,
        &deal_account,
        &mut deal_of,
        &mut links.method,
    );
    let parts = Parts::new(&links, &deal_of);
    Identity {
        human,
        humans: count,
        deal_of,
        parts,
        known_first,
        method: links.method,
        account_of,
        by_domain,
        deal_account,
        person_row,
        deal_row,
        account_row,
        human_by_email,
        human_by_name,
        deal_by_name,
        refused,
    }
}

/// Everybody who has part in each deal, also in a later one.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// Where the humans of each deal begin, and the end of the last.
    from: Vec<u32>,
    humans: Vec<u32>,
}

impl Parts {
    #[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
    fn new(links: &Links, deal_of: &[u32]) -> Self {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (human, (deals, first)) in (0..).zip(links.of_human.iter().zip(deal_of)) {
            pairs.extend(deals.iter().chain(Some(first).filter(|deal| **deal != NONE)).map(|deal| (*deal, human)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let count = links.method.len() as u32;
        let from = (0..=count).map(|deal| pairs.partition_point(|pair| pair.0 < deal) as u32).collect();
        Self { from, humans: pairs.into_iter().map(|pair| pair.1).collect() }
    }

    /// The humans who have part in a row of `deals`, in order of their numbers.
    pub fn of(&self, deal: u32) -> &[u32] {
        let at = deal as usize;
        let range = self.from.get(at).zip(self.from.get(at + 1));
        range.map_or(&[], |(from, to)| &self.humans[*from as usize..*to as usize])
    }
}

impl Identity {
    /// How each row of `deals` found its people; one whose people all began with an earlier deal is [`Method::Later`].
    pub fn method_of(&self) -> Vec<Method> {
        let mut has_people = vec![false; self.method.len()];
        for deal in self.deal_of.iter().filter(|d| **d != NONE) {
            has_people[*deal as usize] = true;
        }
        let found = self.method.iter().zip(has_people);
        found.map(|(m, people)| if people || *m == Method::Nobody { *m } else { Method::Later }).collect()
    }

    /// Number of deals by the way they found their people.
    pub fn methods(&self) -> BTreeMap<Method, u64> {
        let mut counts = BTreeMap::new();
        for method in self.method_of() {
            *counts.entry(method).or_default() += 1;
        }
        counts
    }
}
