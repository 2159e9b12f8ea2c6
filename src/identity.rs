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

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::ingest::cell;
use crate::tables::{CodeMap, Kind, NONE, Table, Tables};
use crate::time::Stamp;

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
    /// Rows of `people`, the one known first first; of two known at once, by id.
    pub known_first: Vec<u32>,
    /// How each row of `deals` found its people.
    pub method: Vec<Method>,
    /// Row in `accounts` of each human; [`NONE`] without one.
    pub account_of: Vec<u32>,
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

/// Links people, accounts and deals.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn link(tables: &Tables, merged: &[(Kind, u32, u32)]) -> Identity {
    let (people, deals, accounts) = (tables.get(Kind::People), tables.get(Kind::Deals), tables.get(Kind::Accounts));
    let merged = |of: Kind| -> HashMap<u32, u32> {
        merged.iter().filter(|(kind, loser, winner)| *kind == of && loser != winner).map(|(_, l, w)| (*l, *w)).collect()
    };
    let names = tables.names.bound();
    let mut refused: BTreeMap<&'static str, u64> = BTreeMap::new();
    let person_row = Rows::new(&people.codes("person_id"), names, &merged(Kind::People));
    let deal_row = Rows::new(&deals.codes("deal_id"), names, &merged(Kind::Deals));
    let account_row = Rows::new(&accounts.codes("account_id"), names, &merged(Kind::Accounts));

    let (human, human_by_email) = humans(tables, people, &person_row, &mut refused);
    let count = human.iter().max().map_or(0, |m| m + 1);
    let deal_account = deal_accounts(tables, deals, &account_row);
    let known_first = first_known(tables);
    let (account_of, by_domain) =
        human_accounts(tables, people, accounts, &human, count, &account_row, &known_first, &mut refused);

    let mut links = Links { of_human: vec![Vec::new(); count as usize], method: vec![Method::Nobody; deals.len()] };
    direct_links(tables, &human, &person_row, &deal_row, &mut links, &mut refused);
    let human_by_name = people_by_name(tables, &human);
    links_by_name(deals, &human_by_name, &mut links, &mut refused);
    let deal_by_name = deals_by_name(tables);
    let began = began(tables, deals);
    let mut deal_of = first_deals(&began, &links);
    account_links(people, &began, &human, &account_of, &by_domain, &deal_account, &mut deal_of, &mut links.method);
    Identity {
        human,
        humans: count,
        deal_of,
        known_first,
        method: links.method,
        account_of,
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

#[allow(clippy::cast_possible_truncation)]
fn humans(
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

/// The account of each deal: by id, else by exact name.
fn deal_accounts(tables: &Tables, deals: &Table, account_row: &Rows) -> Vec<u32> {
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

/// The account of each human, and whether only a domain says so.
#[allow(clippy::too_many_arguments)] // one call
fn human_accounts(
    tables: &Tables,
    people: &Table,
    accounts: &Table,
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
    let mut account_by_domain: HashMap<String, u32> = HashMap::new();
    for (row, site) in accounts.codes("website").iter().enumerate() {
        if let Some(domain) = tables.names.text(*site).and_then(cell::domain).filter(|d| !cell::is_free_mail(d)) {
            let row = u32::try_from(row).unwrap_or(NONE);
            account_by_domain.entry(domain).and_modify(|r| *r = NONE).or_insert(row);
        }
    }
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

struct Links {
    /// Deals each human is directly linked to.
    of_human: Vec<Vec<u32>>,
    method: Vec<Method>,
}

impl Links {
    fn add(&mut self, human: u32, deal: u32, method: Method) {
        self.of_human[human as usize].push(deal);
        let best = &mut self.method[deal as usize];
        *best = (*best).min(method);
    }
}

fn direct_links(
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

/// Who has which name; only looked up where an export names people instead of giving their ids.
fn people_by_name(tables: &Tables, human: &[u32]) -> CodeMap<u32> {
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

/// Deals that only name their person.
fn links_by_name(
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
fn deals_by_name(tables: &Tables) -> CodeMap<u32> {
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
fn began<'t>(tables: &'t Tables, deals: &Table) -> Vec<(bool, Stamp, &'t str)> {
    let (created, closed, ids) = (deals.times("created_at"), deals.times("closed_at"), deals.codes("deal_id"));
    (0..deals.len())
        .map(|row| {
            let at = created[row].some().unwrap_or(closed[row]);
            let at = if at.is_none() || !at.is_date() { at } else { Stamp::instant(at.utc_ms() + 86_399_999) };
            (at.is_none(), at, tables.names.text(ids[row]).unwrap_or_default())
        })
        .collect()
}

/// Rows of people, the one known first first; of two known at once, by id.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
fn first_known(tables: &Tables) -> Vec<u32> {
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

fn first_deals(began: &[(bool, Stamp, &str)], links: &Links) -> Vec<u32> {
    links
        .of_human
        .iter()
        .map(|deals| deals.iter().copied().min_by_key(|d| began[*d as usize]).unwrap_or(NONE))
        .collect()
}

/// Deals that no person names take the people of their account who were known by then and had no part in another.
#[allow(clippy::too_many_arguments, clippy::cast_possible_truncation)]
fn account_links(
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
