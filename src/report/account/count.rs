//! What each account has, and what the buying group of each deal had.
//!
//! In: everything that was loaded, which accounts count and which are targets. Out: [`Counted`].
//!
//! An account's people are those whom identity gives it, and those that [`matches`](crate::identity::matched::matches) adds.
//! Its buying group are they and everybody with part in one of its deals.

use std::collections::BTreeMap;

use crate::calendar::Periods;
use crate::contract::Accounts;
use crate::identity::matched::{By, Matched, Why, matches};
use crate::journey::account::{Engagement, Terms, Touch, engagement};
use crate::journey::{NO_DAY, Outcome, Reach, Side, touch_times};
use crate::session::Data;
use crate::tables::{CodeSet, Kind, NO_MONEY, NONE};
use crate::time::day_of;
use rayon::prelude::*;

/// One row of `accounts`, as of as-of.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// People who belong to it.
    pub people: u32,
    /// They, and those with part in its deals.
    pub group: u32,
    /// Personas of the buying group, one bit each.
    pub personas: u64,
    /// Touches of marketing, of sales, of no team.
    pub touches: [u32; 3],
    /// Day of the last one; [`NO_DAY`] without any.
    pub last_touch: i32,
    /// What its people did in the last days.
    pub engagement: Engagement,
    /// Deals that are open, won, lost.
    pub deals: [u32; 3],
    /// The day the first was created, or closed where only that is known; [`NO_DAY`] without one.
    pub first_deal: i32,
    /// Amounts of them in minor units, as far as they are known.
    pub amounts: [Option<i64>; 3],
}

/// A deal and the buying group it had on the day it closed; of an open one, on as-of.
#[derive(Debug, Clone, Copy)]
pub struct Deal {
    /// Row in `deals`.
    pub row: u32,
    /// Row in `accounts`; [`NONE`] without one.
    pub account: u32,
    /// Open, won or lost.
    pub fate: Fate,
    /// The day; [`NO_DAY`] where nobody knows when it closed.
    pub day: i32,
    /// Known people of the buying group.
    pub group: u32,
    /// Their personas, one bit each.
    pub personas: u64,
}

/// What became of a deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Not closed.
    Open,
    /// Won.
    Won,
    /// Lost, to somebody or to nobody.
    Lost,
}

impl Fate {
    fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Open => Some(Self::Open),
            Outcome::Won => Some(Self::Won),
            Outcome::Lost | Outcome::Derailed => Some(Self::Lost),
            Outcome::NoDeal | Outcome::Unclear => None,
        }
    }

    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// People by whether they found an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Match {
    /// By method.
    pub by: [u64; 4],
    /// Not, by reason.
    pub why: [u64; 6],
}

impl Match {
    fn add(&mut self, how: Result<By, Why>) {
        match how {
            Ok(by) => self.by[by as usize] += 1,
            Err(why) => self.why[why as usize] += 1,
        }
    }

    /// Everybody.
    pub fn people(&self) -> u64 {
        self.matched() + self.why.iter().sum::<u64>()
    }

    /// Those who found an account.
    pub fn matched(&self) -> u64 {
        self.by.iter().sum()
    }

    /// Those of whom no export says the account's id.
    pub fn without_id(&self) -> u64 {
        self.people() - self.by[By::Id as usize]
    }
}

/// All of it.
pub struct Counted {
    /// By account: whether it counts here.
    pub keep: Vec<bool>,
    /// By account: whether it is a target, `None` where that cannot be told; `None` without a condition.
    pub target: Option<Vec<Option<bool>>>,
    /// The account of each human.
    pub matched: Matched,
    /// Whether each human is engaged.
    pub engaged: Vec<bool>,
    /// By row in `accounts`.
    pub accounts: Vec<Account>,
    /// Deals of the accounts that count, and of none where all do.
    pub deals: Vec<Deal>,
    /// The personas that are required, one bit each.
    pub required: u64,
    /// By period in which people were created, and all of them.
    pub matches: Vec<Match>,
    /// All people created on the days shown.
    pub all: Match,
    /// People created on other days, and on no known one.
    pub outside: [u64; 2],
    /// Touches of nobody and of no account, and all touches.
    pub touches_of_nobody: u64,
    pub touches: u64,
    /// People without an account who are engaged by the contract's rule.
    pub engaged_elsewhere: u64,
    /// Kinds of [accounts] engaged_kinds of which there is no touch, and the kinds of touches there are.
    pub strange_kinds: Vec<String>,
    pub kinds: Vec<String>,
    /// Deals without an account.
    pub deals_of_nobody: u64,
    /// Deals whose close nobody can date, and deals that closed outside of the days shown.
    pub left_out: [u64; 2],
    /// People whom no day, touch or role dates: in no buying group at a close.
    pub undated: u64,
    /// Contact roles that do not say when they were given.
    pub undated_roles: u64,
}

/// Humans by account, and the first day each was known.
struct People {
    pairs: Vec<(u32, u32)>,
    known: Vec<i32>,
}

impl People {
    fn of(&self, account: u32) -> impl Iterator<Item = u32> {
        let from = self.pairs.partition_point(|pair| pair.0 < account);
        self.pairs[from..].iter().take_while(move |pair| pair.0 == account).map(|pair| pair.1)
    }
}

impl Counted {
    /// Adds up.
    pub fn of(data: &Data, keep: Vec<bool>, target: Option<Vec<Option<bool>>>, periods: &Periods) -> Self {
        let (tables, who) = (&data.tables, &data.who);
        let personas = &data.session.contract.personas;
        let required = (0..).zip(personas).filter(|(_, p)| p.required).fold(0, |bits, (at, _)| bits | (1_u64 << at));
        let humans = who.humans as usize;
        let mut counted = Self {
            keep,
            target,
            matched: matches(tables, who),
            engaged: vec![false; humans],
            accounts: Vec::new(),
            deals: Vec::new(),
            required,
            matches: vec![Match::default(); periods.all.len()],
            all: Match::default(),
            outside: [0; 2],
            touches_of_nobody: 0,
            touches: 0,
            engaged_elsewhere: 0,
            strange_kinds: Vec::new(),
            kinds: Vec::new(),
            deals_of_nobody: 0,
            left_out: [0; 2],
            undated: 0,
            undated_roles: 0,
        };
        let none = Account {
            people: 0,
            group: 0,
            personas: 0,
            touches: [0; 3],
            last_touch: NO_DAY,
            engagement: Engagement::NONE,
            deals: [0; 3],
            first_deal: NO_DAY,
            amounts: [None; 3],
        };
        counted.accounts = vec![none; tables.get(Kind::Accounts).len()];
        let mut known = counted.created(data, periods);
        counted.touched(data, &mut known);
        counted.roles(data, &mut known);
        counted.undated = known.iter().filter(|day| **day == NO_DAY).count() as u64;
        let mut pairs: Vec<(u32, u32)> = counted.matched.account.iter().copied().zip(0..).collect();
        pairs.retain(|(account, _)| *account != NONE);
        pairs.sort_unstable();
        counted.grouped(data, &People { pairs, known }, periods);
        counted
    }

    /// The first day of each human's records; and the match rate by it.
    fn created(&mut self, data: &Data, periods: &Periods) -> Vec<i32> {
        let mut first = vec![NO_DAY; self.engaged.len()];
        for (row, at) in data.tables.get(Kind::People).times("created_at").iter().enumerate() {
            if let Some(day) = data.session.home.day(*at) {
                earlier(&mut first[data.who.human[row] as usize], day);
            }
        }
        for (day, how) in first.iter().zip(&self.matched.how) {
            match periods.index(*day).filter(|_| *day != NO_DAY) {
                Some(period) => {
                    self.matches[period].add(*how);
                    self.all.add(*how);
                }
                None => self.outside[usize::from(*day == NO_DAY)] += 1,
            }
        }
        first
    }

    /// Touches by account and team, and what they make of it.
    fn touched(&mut self, data: &Data, known: &mut [i32]) {
        let (tables, who, home) = (&data.tables, &data.who, &data.session.home);
        let terms = &data.session.contract.accounts;
        let touches = tables.get(Kind::Touches);
        let (when, kinds, reach) = (touch_times(touches), touches.codes("kind"), Reach::new(tables, who));
        let (ids, about) = (touches.codes("account_id"), touches.codes("about_id"));
        let wanted: Vec<String> = terms.engaged_kinds.iter().map(|kind| kind.trim().to_lowercase()).collect();
        let counts = CodeSet::of(&tables.names, &[&kinds], |text| wanted.contains(&text.trim().to_lowercase()));
        (self.kinds, self.strange_kinds) = kinds_of(data, &kinds, terms);
        self.touches = touches.len() as u64;
        let as_of = day_of(data.session.as_of);
        let after = as_of - i32::try_from(terms.engaged_within).unwrap_or(i32::MAX);
        let mut elsewhere = vec![0_u32; self.engaged.len()];
        let account_of = &self.matched.account;
        // Whom a touch reached says more than what it is about: only a person is engaged.
        let one = |row: usize| {
            let human = reach.human(row).unwrap_or(NONE);
            let of_human = || account_of.get(human as usize).copied();
            let of_deal = || who.deal_account.get(reach.deal(row) as usize).copied();
            let by_id = || [ids[row], about[row]].into_iter().map(|id| who.account_row.get(id)).find(|a| *a != NONE);
            let some = |account: &u32| *account != NONE;
            let account = of_human().filter(some).or_else(|| of_deal().filter(some)).or_else(by_id).unwrap_or(NONE);
            (account, human, home.day(when[row]).unwrap_or(NO_DAY))
        };
        let rows: Vec<(u32, u32, i32)> = (0..touches.len()).into_par_iter().map(one).collect();
        let mut engaging = Vec::new();
        for (row, (account, human, day)) in rows.into_iter().enumerate() {
            if let Some(known) = known.get_mut(human as usize).filter(|_| day != NO_DAY) {
                earlier(known, day);
            }
            let is_wanted = wanted.is_empty() || counts.contains(kinds[row]);
            if account_of.get(human as usize) == Some(&NONE) && is_wanted && day > after {
                elsewhere[human as usize] += 1;
            }
            let Some(of) = self.accounts.get_mut(account as usize) else {
                self.touches_of_nobody += 1;
                continue;
            };
            let team = match data.journeys.touch_side[row] {
                Some(Side::Marketing) => 0,
                Some(Side::Sales) => 1,
                None => 2,
            };
            of.touches[team] += 1;
            of.last_touch = of.last_touch.max(day);
            let of_its_people = account_of.get(human as usize) == Some(&account) && day != NO_DAY;
            if of_its_people && is_wanted {
                engaging.push(Touch { account, day, human });
            }
        }
        let days = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let terms = Terms {
            within: days(terms.engaged_within),
            engaged: terms.engaged_touches,
            people: terms.qualified_people,
            touches: terms.qualified_touches,
        };
        self.engaged_elsewhere = elsewhere.iter().filter(|n| **n > 0 && **n >= terms.engaged).count() as u64;
        let (all, engaged) = engagement(&mut engaging, self.accounts.len(), self.engaged.len(), terms, as_of);
        for (account, engagement) in self.accounts.iter_mut().zip(all) {
            account.engagement = engagement;
        }
        self.engaged = engaged;
    }

    /// The days on which contact roles were given.
    fn roles(&mut self, data: &Data, known: &mut [i32]) {
        let roles = data.tables.get(Kind::Roles);
        for (person, at) in roles.codes("person_id").iter().zip(roles.times("created_at").iter()) {
            let row = data.who.person_row.get(*person);
            match (data.who.human.get(row as usize), data.session.home.day(*at)) {
                (_, None) => self.undated_roles += 1,
                (Some(human), Some(day)) => earlier(&mut known[*human as usize], day),
                (None, Some(_)) => {}
            }
        }
    }

    /// Buying groups of accounts and of deals.
    fn grouped(&mut self, data: &Data, people: &People, periods: &Periods) {
        let (who, journeys) = (&data.who, &data.journeys);
        let personas = &journeys.personas;
        let bit = |persona: Option<usize>| persona.map_or(0, |at| 1_u64 << at);
        let mut groups: Vec<(u32, u32)> = people.pairs.clone();
        for (account, _) in &people.pairs {
            self.accounts[*account as usize].people += 1;
        }
        let as_of = day_of(data.session.as_of);
        let all_kept = self.keep.iter().all(|keep| *keep);
        for (row, account) in (0..).zip(&who.deal_account) {
            let at = row as usize;
            if *account != NONE {
                groups.extend(who.parts.of(row).iter().map(|human| (*account, *human)));
            }
            let Some(fate) = Fate::of(journeys.outcome[at]) else { continue };
            if let Some(of) = self.accounts.get_mut(*account as usize) {
                let began = [journeys.created[at], journeys.closed[at]].into_iter().find(|day| *day != NO_DAY);
                if let Some(day) = began {
                    earlier(&mut of.first_deal, day);
                }
                of.deals[fate as usize] += 1;
                if journeys.amount[at] != NO_MONEY {
                    *of.amounts[fate as usize].get_or_insert(0) += journeys.amount[at];
                }
            } else {
                self.deals_of_nobody += 1;
            }
            if !self.keep.get(*account as usize).copied().unwrap_or(all_kept) {
                continue;
            }
            let closed = journeys.closed[at];
            let day = if fate == Fate::Open { as_of } else { closed };
            if day == NO_DAY || (fate != Fate::Open && periods.index(day).is_none()) {
                self.left_out[usize::from(day != NO_DAY)] += 1;
                continue;
            }
            let mut group: Vec<u32> = people.of(*account).chain(who.parts.of(row).iter().copied()).collect();
            group.sort_unstable();
            group.dedup();
            // Who came to be known after the close was not there.
            let there = |human: &u32| {
                let known = people.known[*human as usize];
                fate == Fate::Open || (known != NO_DAY && known <= day)
            };
            group.retain(there);
            let bits = group.iter().fold(0, |bits, human| bits | bit(personas.by(*human, row, day)));
            let size = u32::try_from(group.len()).unwrap_or(u32::MAX);
            self.deals.push(Deal { row, account: *account, fate, day, group: size, personas: bits });
        }
        groups.sort_unstable();
        groups.dedup();
        for (account, human) in groups {
            let of = &mut self.accounts[account as usize];
            of.group += 1;
            of.personas |= bit(personas.of(human));
        }
    }

    /// Required personas among some.
    pub fn present(&self, personas: u64) -> u32 {
        (personas & self.required).count_ones()
    }

    /// Whether none that is required is missing; never where none is required.
    pub fn is_complete(&self, personas: u64) -> bool {
        self.required != 0 && personas & self.required == self.required
    }

    /// Whether an account is known to be a target.
    pub fn is_target(&self, account: usize) -> bool {
        self.target.as_ref().is_some_and(|target| target[account] == Some(true))
    }
}

/// The kinds of touches there are, most first; and those of the contract that none of them is.
fn kinds_of(data: &Data, kinds: &[u32], terms: &Accounts) -> (Vec<String>, Vec<String>) {
    let mut all: BTreeMap<u32, u64> = BTreeMap::new();
    kinds.iter().filter(|kind| **kind != NONE).for_each(|kind| *all.entry(*kind).or_default() += 1);
    let text = |kind: &u32| data.tables.names.text(*kind).unwrap_or_default().trim().to_owned();
    let mut known: Vec<(u64, String)> = all.iter().map(|(kind, n)| (*n, text(kind))).collect();
    known.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    let known: Vec<String> = known.into_iter().map(|(_, text)| text).collect();
    let is_known = |kind: &&String| known.iter().any(|other| other.to_lowercase() == kind.trim().to_lowercase());
    let strange = terms.engaged_kinds.iter().filter(|kind| !known.is_empty() && !is_known(kind)).cloned().collect();
    (known, strange)
}

fn earlier(first: &mut i32, day: i32) {
    if *first == NO_DAY || day < *first {
        *first = day;
    }
}
