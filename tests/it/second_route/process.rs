//! Records → one row per buying process, by the definitions alone: who is one human, which deal is theirs, when each stage
//! was reached.

use std::collections::{BTreeMap, BTreeSet};

use super::raw::Moment;

/// One record of a person, in any system.
#[derive(Debug, Clone, Default)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub account: String,
    pub created: Option<Moment>,
    pub source: String,
    /// The contact that the lead was converted into.
    pub became: String,
    /// Deals that the record names.
    pub deals: Vec<String>,
}

/// One deal.
#[derive(Debug, Clone, Default)]
pub struct Deal {
    pub id: String,
    pub account: String,
    pub person: String,
    pub created: Option<Moment>,
    /// Day it was closed on; a deal that is open has none.
    pub closed: Option<i64>,
    pub won: bool,
    pub lost: bool,
    /// Lost, and to nobody.
    pub derailed: bool,
    pub amount: Option<i64>,
    pub source: String,
}

/// Whom a piece of evidence is about.
#[derive(Debug, Clone)]
pub enum Subject {
    Person(String),
    Deal(String),
}

/// All that the exports of one company say.
#[derive(Debug, Clone, Default)]
pub struct Company {
    pub people: Vec<Person>,
    pub deals: Vec<Deal>,
    /// Deal and person.
    pub roles: Vec<(String, String)>,
    /// Subject, stage and day, none after as-of.
    pub evidence: Vec<(Subject, usize, i64)>,
    /// Persons reached, what it was about, and the day; none after as-of.
    pub touches: Vec<(Vec<String>, String, i64)>,
    /// Account of a company's domain.
    pub domains: BTreeMap<String, String>,
    /// Ids of records that were merged into another: the other's id.
    pub merged: BTreeMap<String, String>,
    pub stages: usize,
}

/// When a process reached a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    No,
    Recorded(i64),
    Inferred(i64),
}

impl Reach {
    pub fn day(self) -> Option<i64> {
        match self {
            Self::No => None,
            Self::Recorded(day) | Self::Inferred(day) => Some(day),
        }
    }
}

/// One buying process.
#[derive(Debug, Clone)]
pub struct Process {
    /// The deal's id.
    pub deal: Option<String>,
    pub won: bool,
    pub lost: bool,
    pub derailed: bool,
    pub amount: Option<i64>,
    pub created: Option<i64>,
    pub closed: Option<i64>,
    pub first_contact: Option<i64>,
    pub source: String,
    pub stages: Vec<Reach>,
    /// Ids of the records of its people.
    pub people: Vec<String>,
}

impl Process {
    /// The first stage that it reached.
    pub fn first(&self) -> Option<usize> {
        self.stages.iter().position(|s| s.day().is_some())
    }

    /// The day of it.
    pub fn entered(&self) -> Option<i64> {
        self.first().and_then(|s| self.stages[s].day())
    }
}

/// Mailboxes of a role rather than of a person.
const SHARED: [&str; 8] = ["info", "sales", "contact", "office", "admin", "support", "hello", "mail"];

/// Every deal with the humans whose first deal it is, then every human without one.
pub fn processes(company: &Company) -> Vec<Process> {
    let human = humans(company);
    let row: BTreeMap<&str, usize> = company.people.iter().enumerate().map(|(i, p)| (p.id.as_str(), i)).collect();
    let human_of = |id: &str| {
        let id = company.merged.get(id).map_or(id, String::as_str);
        row.get(id).map(|r| human[*r])
    };
    let deal_row: BTreeMap<&str, usize> = company.deals.iter().enumerate().map(|(i, d)| (d.id.as_str(), i)).collect();

    // Who had part in which deals.
    let mut part: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (p, person) in company.people.iter().enumerate() {
        for deal in person.deals.iter().filter_map(|d| deal_row.get(d.as_str())) {
            part.insert((human[p], *deal));
        }
    }
    for (deal, person) in &company.roles {
        if let (Some(deal), Some(who)) = (deal_row.get(deal.as_str()), human_of(person)) {
            part.insert((who, *deal));
        }
    }
    for (d, deal) in company.deals.iter().enumerate() {
        if let Some(who) = human_of(&deal.person) {
            part.insert((who, d));
        }
    }

    // The first of them is where a human's history belongs.
    let began = |d: usize| {
        let deal = &company.deals[d];
        (deal.created.map_or_else(|| deal.closed.map_or(i64::MAX, |c| c * 86_400), |c| c.at), d)
    };
    let mut process_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (who, deal) in &part {
        let first = process_of.entry(*who).or_insert(*deal);
        if began(*deal) < began(*first) {
            *first = *deal;
        }
    }
    let mut records_of: BTreeMap<usize, Vec<&Person>> = BTreeMap::new();
    for (person, who) in company.people.iter().zip(&human) {
        records_of.entry(*who).or_default().push(person);
    }
    let mut order: Vec<usize> = (0..company.deals.len()).collect();
    order.sort_by_key(|d| began(*d));
    for d in order {
        let deal = &company.deals[d];
        let named = part.iter().any(|(_, other)| *other == d);
        if named || deal.account.is_empty() {
            continue;
        }
        for (who, records) in &records_of {
            let at_account = account_of(company, records).is_some_and(|a| a == deal.account);
            let known = records.iter().filter_map(|p| p.created).min();
            let before = known.is_some_and(|k| k.at < began(d).0);
            if at_account && before && !process_of.contains_key(who) {
                process_of.insert(*who, d);
            }
        }
    }
    // Humans without a deal follow the deals.
    for who in &human {
        let next = company.deals.len() + process_of.values().filter(|p| **p >= company.deals.len()).count();
        process_of.entry(*who).or_insert(next);
    }
    let count = process_of.values().copied().max().map_or(0, |m| m + 1).max(company.deals.len());

    let process_of_id = |id: &str| human_of(id).map(|h| process_of[&h]);
    let mut recorded: Vec<Vec<Option<i64>>> = vec![vec![None; company.stages]; count];
    let mut contact: Vec<Option<i64>> = vec![None; count];
    for (subject, stage, day) in &company.evidence {
        let process = match subject {
            Subject::Person(id) => process_of_id(id),
            Subject::Deal(id) => deal_row.get(id.as_str()).copied(),
        };
        let Some(process) = process else { continue };
        earliest(&mut recorded[process][*stage], *day);
        if *stage + 1 < company.stages {
            earliest(&mut contact[process], *day);
        }
    }
    for (people, about, day) in &company.touches {
        // What a touch is about says more than whom it reached.
        let process = deal_row.get(about.as_str()).copied();
        if let Some(process) = process.or_else(|| people.iter().find_map(|p| process_of_id(p))) {
            earliest(&mut contact[process], *day);
        }
    }
    let mut speaks: Vec<Option<(Moment, &str)>> = vec![None; count];
    for (person, who) in company.people.iter().zip(&human) {
        let process = process_of[who];
        let Some(created) = person.created else { continue };
        earliest(&mut contact[process], created.day);
        if !person.source.is_empty() && speaks[process].is_none_or(|(at, _)| created.at < at.at) {
            speaks[process] = Some((created, &person.source));
        }
    }

    let mut members: Vec<Vec<String>> = vec![Vec::new(); count];
    for (person, who) in company.people.iter().zip(&human) {
        members[process_of[who]].push(person.id.clone());
    }

    (0..count)
        .map(|p| {
            let deal = company.deals.get(p);
            let created = deal.and_then(|d| d.created).map(|c| c.day);
            let closed = deal.and_then(|d| d.closed);
            Process {
                deal: deal.map(|d| d.id.clone()),
                won: deal.is_some_and(|d| d.won),
                lost: deal.is_some_and(|d| d.lost),
                derailed: deal.is_some_and(|d| d.derailed),
                amount: deal.and_then(|d| d.amount),
                created,
                closed,
                first_contact: contact[p].into_iter().chain(created).min().or(closed),
                source: speaks[p].map_or(deal.map_or("", |d| &d.source), |(_, s)| s).to_owned(),
                stages: fill(&recorded[p]),
                people: members[p].clone(),
            }
        })
        .collect()
}

/// The human of each record of a person: united by conversion and by e-mail address.
pub fn humans(company: &Company) -> Vec<usize> {
    let row: BTreeMap<&str, usize> = company.people.iter().enumerate().map(|(i, p)| (p.id.as_str(), i)).collect();
    let mut human: Vec<usize> = (0..company.people.len()).collect();
    let mut unite = |a: usize, b: usize| {
        let (from, to) = (human[a].max(human[b]), human[a].min(human[b]));
        human.iter_mut().filter(|h| **h == from).for_each(|h| *h = to);
    };
    let mut mailbox: BTreeMap<String, usize> = BTreeMap::new();
    for (i, person) in company.people.iter().enumerate() {
        let became = company.merged.get(&person.became).unwrap_or(&person.became);
        if let Some(contact) = row.get(became.as_str()) {
            unite(i, *contact);
        }
        let email = person.email.to_lowercase();
        let shared = email.split_once('@').is_none_or(|(name, _)| SHARED.contains(&name));
        if !shared {
            unite(i, *mailbox.entry(email).or_insert(i));
        }
    }
    human
}

/// The account of a human: the one that a record names, else the one whose domain the e-mail address has.
pub fn account_of<'a>(company: &'a Company, records: &[&'a Person]) -> Option<&'a str> {
    let named = records.iter().map(|p| p.account.as_str()).find(|a| !a.is_empty());
    named.or_else(|| {
        records.iter().find_map(|p| {
            let (_, domain) = p.email.split_once('@')?;
            company.domains.get(&domain.to_lowercase()).map(String::as_str)
        })
    })
}

fn earliest(slot: &mut Option<i64>, day: i64) {
    *slot = Some(slot.map_or(day, |known| known.min(day)));
}

/// A stage between two that are known was passed, at the earliest later evidence; those before the first were not.
fn fill(recorded: &[Option<i64>]) -> Vec<Reach> {
    (0..recorded.len())
        .map(|s| {
            let before = recorded[..s].iter().any(Option::is_some);
            let later = recorded[s..].iter().flatten().min();
            match (recorded[s], before, later) {
                (Some(day), _, _) => Reach::Recorded(day),
                (None, true, Some(day)) => Reach::Inferred(*day),
                _ => Reach::No,
            }
        })
        .collect()
}
