//! Which account each human belongs to, by which method, and why not.
//!
//! In: the tables and who is the same. Out: [`Matched`]. Beyond what the cascade of identity uses (ids, then the domain of an
//! e-mail address) a human takes the account of the deal that their process leads to, and at last the account of exactly
//! their company's name, where only one account has it. Free-mail domains, and domains and names that several accounts
//! share, match nothing.

use std::collections::HashMap;

use super::{Identity, accounts};
use crate::ingest::cell;
use crate::tables::{Kind, NONE, Tables};

/// How a human found their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A record has the account's id.
    Id,
    /// The domain of an e-mail address is that of the account's web site.
    Domain,
    /// Their deal is the account's.
    Deal,
    /// The company's name is the account's name.
    Name,
}

impl By {
    /// Every method, strongest first.
    pub const ALL: [Self; 4] = [Self::Id, Self::Domain, Self::Deal, Self::Name];

    /// For people and machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Id => "account id",
            Self::Domain => "e-mail domain",
            Self::Deal => "deal",
            Self::Name => "company name",
        }
    }
}

/// Why a human has no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The account whose id a record has is in no export.
    LostId,
    /// Several accounts share the domain.
    SharedDomain,
    /// Several accounts share the name.
    SharedName,
    /// The company is known, and no account is of its domain or name.
    NoAccount,
    /// All that is known is an address of a mail provider for everybody.
    FreeMail,
    /// Neither an address nor a company.
    Nothing,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::LostId, Self::SharedDomain, Self::SharedName, Self::NoAccount, Self::FreeMail, Self::Nothing];

    /// For people and machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::LostId => "account id that is in no export",
            Self::SharedDomain => "domain that several accounts share",
            Self::SharedName => "company name that several accounts share",
            Self::NoAccount => "no account of that domain or company name",
            Self::FreeMail => "free-mail address and no company name",
            Self::Nothing => "neither e-mail address nor company name",
        }
    }
}

/// The account of each human. Every vector has one entry per human.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// Row in `accounts`; [`NONE`] without one.
    pub account: Vec<u32>,
    /// How it was found, or why not.
    pub how: Vec<Result<By, Why>>,
}

/// A name as it is compared: small letters, single blanks.
fn folded(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Matches every human.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn matches(tables: &Tables, who: &Identity) -> Matched {
    let (people, companies) = (tables.get(Kind::People), tables.get(Kind::Accounts));
    let mut account = who.account_of.clone();
    let mut how: Vec<Result<By, Why>> = account
        .iter()
        .zip(&who.by_domain)
        .map(|(row, by_domain)| match (*row, by_domain) {
            (NONE, _) => Err(Why::Nothing),
            (_, true) => Ok(By::Domain),
            (_, false) => Ok(By::Id),
        })
        .collect();
    for (human, deal) in who.deal_of.iter().enumerate() {
        let row = who.deal_account.get(*deal as usize).filter(|row| **row != NONE && how[human].is_err());
        if let Some(row) = row {
            (account[human], how[human]) = (*row, Ok(By::Deal));
        }
    }
    let by_domain = accounts::by_domain(tables);
    let mut by_name: HashMap<String, u32> = HashMap::new();
    for (row, name) in (0..).zip(companies.codes("name").iter()) {
        if let Some(name) = tables.names.text(*name) {
            by_name.entry(folded(name)).and_modify(|row| *row = NONE).or_insert(row);
        }
    }
    let ids = [people.codes("converted_account_id"), people.codes("account_id")];
    let (emails, names, lists) = (people.codes("email"), people.codes("company"), people.lists("account_ids"));
    // The strongest reason of all records: a smaller one says more.
    for row in who.known_first.iter().map(|row| *row as usize) {
        let human = who.human[row] as usize;
        let Err(why) = how[human] else { continue };
        let mut reasons = vec![why];
        if ids.iter().any(|ids| ids[row] != NONE) || !lists[row].is_empty() {
            reasons.push(Why::LostId);
        }
        if let Some(domain) = tables.names.text(emails[row]).and_then(cell::domain) {
            reasons.push(match by_domain.get(&domain) {
                Some(_) => Why::SharedDomain,
                None if cell::is_free_mail(&domain) => Why::FreeMail,
                None => Why::NoAccount,
            });
        }
        if let Some(name) = tables.names.text(names[row]) {
            match by_name.get(&folded(name)) {
                Some(&NONE) => reasons.push(Why::SharedName),
                Some(row) => {
                    (account[human], how[human]) = (*row, Ok(By::Name));
                    continue;
                }
                None => reasons.push(Why::NoAccount),
            }
        }
        how[human] = Err(reasons.into_iter().min().unwrap_or(why));
    }
    Matched { account, how }
}
