//! One row per buying process, with every fact about time and about both teams.
//!
//! In: the canonical tables, who is the same, the contract, as-of. Out: [`Journeys`]: for each process when it reached
//! each stage (recorded, or inferred from later evidence, and which), its outcome and amount, the first and last
//! touch of each team, and its segments.
//!
//! Every deal is one process, with the people whose first deal it is; every human without a deal is one. A stage
//! between two that are known was passed: its time is that of the earliest later evidence, and it says so. A
//! process that starts at a later stage (a deal that sales brought in itself) entered there: the stages before it are not
//! invented. Times are kept as they were written, also where their order is impossible; those are counted.

pub mod account;
mod entries;
mod evidence;
pub mod gone;
pub mod handoff;
pub mod mix;
pub mod path;
mod persona;
mod reasons;
mod segment;
pub mod spells;
mod touch;

pub use entries::{Entries, Policy, Spell};
pub use persona::Personas;
pub use segment::{account_of, is_segment};
pub use touch::{Reach, by_source, when as touch_times};

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::contract::{Contract, Evidence, Said};
use crate::identity::Identity;
use crate::issue::Issues;
use crate::tables::{CodeSet, Kind, NO_FLAG, NO_MONEY, NONE, Tables};
use crate::time::{Stamp, Zone};

/// How it is known that a process reached a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It did not.
    No,
    /// The exports say when.
    Recorded,
    /// It was passed: the time is that of the earliest later evidence.
    Inferred,
    /// It did, and nobody knows when.
    Undated,
}

/// One process at one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// How it is known.
    pub how: How,
    /// When; missing for [`How::No`] and [`How::Undated`].
    pub at: Stamp,
    /// The day of it in the contract's zone, since 1970; `i32::MIN` when missing.
    pub day: i32,
}

impl Reached {
    /// Not reached.
    pub const NO: Self = Self { how: How::No, at: Stamp::NONE, day: NO_DAY };

    /// Whether the stage was reached.
    pub fn is(self) -> bool {
        self.how != How::No
    }

    /// The day, when it is known.
    pub fn day(self) -> Option<i32> {
        (self.day != NO_DAY).then_some(self.day)
    }
}

/// A missing day.
pub const NO_DAY: i32 = i32::MIN;

/// What became of a process by as-of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is no deal.
    NoDeal,
    /// The deal is open.
    Open,
    /// Won.
    Won,
    /// Lost to somebody else, or for a reason that is not given.
    Lost,
    /// Ended without a decision, by its lost reason.
    Derailed,
    /// Closed, and no export says how: in no win rate.
    Unclear,
}

/// Which team a process or a touch is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Marketing.
    Marketing,
    /// Sales.
    Sales,
}

impl Side {
    /// For machines and conditions.
    pub fn id(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Sales => "sales",
        }
    }
}

/// First and last touch of one team, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// First touch.
    pub first: Stamp,
    /// Last touch.
    pub last: Stamp,
    /// Number of touches.
    pub count: u32,
}

/// All buying processes. Every vector has one entry per process.
#[derive(Debug, Clone)]
pub struct Journeys {
    /// Row in `deals`; [`NONE`] without one.
    pub deal: Vec<u32>,
    /// Number of humans.
    pub people: Vec<u32>,
    /// By stage, in the contract's order.
    pub stages: Vec<Vec<Reached>>,
    /// By stage: whether any export shows it, or could. One that none does is unknown, and reached by nobody.
    pub seen: Vec<bool>,
    /// By stage: whether something in the exports says itself that the process reached it, dated or not.
    pub shown: Vec<Vec<bool>>,
    /// What became of it.
    pub outcome: Vec<Outcome>,
    /// Day the deal was created; [`NO_DAY`] when unknown.
    pub created: Vec<i32>,
    /// Day the deal closed, for closed ones; [`NO_DAY`] otherwise.
    pub closed: Vec<i32>,
    /// Day of the first recorded contact of any kind; [`NO_DAY`] when unknown.
    pub first_contact: Vec<i32>,
    /// The deal's amount, in minor units of the reporting currency; [`NO_MONEY`] when unknown.
    pub amount: Vec<i64>,
    /// Touches of marketing.
    pub marketing: Vec<Touched>,
    /// Touches of sales.
    pub sales: Vec<Touched>,
    /// Which team it came from.
    pub origin: Vec<Option<Side>>,
    /// Segment columns, by name: codes of words.
    pub segments: IndexMap<String, Vec<u32>>,
    /// Columns of numbers that people, deals or accounts have; NaN when missing.
    pub numbers: IndexMap<String, Vec<f64>>,
    /// Process of each row of `touches`; [`NONE`] where nobody is known.
    pub touch_of: Vec<u32>,
    /// Team of each row of `touches`.
    pub touch_side: Vec<Option<Side>>,
    /// Process of each row of `people`.
    pub of_person: Vec<u32>,
    /// The persona of each human.
    pub personas: Personas,
    /// Things that cannot be, and things that are not known, by what: counted and kept.
    pub oddities: BTreeMap<&'static str, u64>,
}

impl Journeys {
    /// Number of processes.
    pub fn len(&self) -> usize {
        self.deal.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.deal.is_empty()
    }

    /// The first stage that a process reached, by index.
    pub fn entry(&self, at: usize) -> Option<usize> {
        self.stages.iter().position(|stage| stage[at].is())
    }

    /// The day of the first stage that a process reached on a known day.
    pub fn entered(&self, at: usize) -> Option<i32> {
        self.stages.iter().find_map(|stage| stage[at].day())
    }

    /// Calendar days from the first recorded contact to the won deal's close.
    pub fn days_to_won(&self, at: usize) -> Option<i32> {
        let won = self.outcome[at] == Outcome::Won && self.closed[at] != NO_DAY && self.first_contact[at] != NO_DAY;
        won.then(|| self.closed[at] - self.first_contact[at])
    }

    /// Whether deals are won and none is lost, be it to nobody: a win rate of 100 % would say nothing.
    pub fn only_won(&self) -> bool {
        let any = |test: fn(&Outcome) -> bool| self.outcome.iter().any(test);
        any(|o| *o == Outcome::Won) && !any(|o| matches!(o, Outcome::Lost | Outcome::Derailed))
    }

    /// Whether deals are lost and none of them has an amount other than 0: a win rate by amount would be 100 %.
    pub fn lost_nothing(&self) -> bool {
        let is_lost = |at: &usize| matches!(self.outcome[*at], Outcome::Lost | Outcome::Derailed);
        let lost: Vec<i64> = (0..self.len()).filter(is_lost).map(|at| self.amount[at]).collect();
        !lost.is_empty() && lost.iter().all(|amount| *amount == NO_MONEY || *amount == 0)
    }

    /// Calendar days from the deal's creation to its close.
    pub fn deal_days(&self, at: usize) -> Option<i32> {
        (self.closed[at] != NO_DAY && self.created[at] != NO_DAY).then(|| self.closed[at] - self.created[at])
    }
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Builds the processes. `as_of` is a day since 1970; nothing after it happened.
///
/// # Errors
/// [`Issues`] for evidence that names a column or a condition that the data does not have.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn build(
    tables: &Tables,
    who: &Identity,
    contract: &Contract,
    home: &Zone,
    as_of: i32,
) -> Result<Journeys, Issues> {
    let deals = tables.get(Kind::Deals);
    let count = deals.len();
    let mut of_human = vec![NONE; who.humans as usize];
    let mut total = count as u32;
    for (of, deal) in of_human.iter_mut().zip(&who.deal_of) {
        *of = *deal;
        if *of == NONE {
            *of = total;
            total += 1;
        }
    }
    let of_person: Vec<u32> = who.human.iter().map(|h| of_human[*h as usize]).collect();
    let len = total as usize;
    let mut people = vec![0_u32; len];
    for of in &of_human {
        people[*of as usize] += 1;
    }
    let mut oddities: BTreeMap<&'static str, u64> = BTreeMap::new();
    let not_later = |stamp: Stamp| home.day(stamp).filter(|d| *d <= as_of);

    let touches = touch::assign(tables, who, contract, &of_human, len, &mut oddities);
    let (of_people, of_deals) = rayon::join(
        || evidence::History::of(tables, home, as_of, "person_id", &who.person_row),
        || evidence::History::of(tables, home, as_of, "deal_id", &who.deal_row),
    );
    let touch_of = &touches.of;
    let view =
        evidence::View { tables, contract, home, as_of, of_person: &of_person, touch_of, len, of_people, of_deals };
    let (stages, seen, shown) = evidence::stages(&view, &mut oddities)?;

    let (created_at, closed_at) = (deals.times("created_at"), deals.times("closed_at"));
    let (is_won, is_closed) = (deals.flags("is_won"), deals.flags("is_closed"));
    let reasons = deals.codes("lost_reason");
    let no_decision =
        CodeSet::of(&tables.names, &[&reasons], |reason| reasons::is_no_decision(&contract.no_decision, reason));
    let mut journeys = Journeys {
        deal: (0..len).map(|at| if at < count { at as u32 } else { NONE }).collect(),
        people,
        stages,
        seen,
        shown,
        outcome: vec![Outcome::NoDeal; len],
        created: vec![NO_DAY; len],
        closed: vec![NO_DAY; len],
        first_contact: vec![NO_DAY; len],
        amount: vec![NO_MONEY; len],
        marketing: touches.marketing,
        sales: touches.sales,
        origin: vec![None; len],
        segments: IndexMap::new(),
        numbers: IndexMap::new(),
        touch_of: touches.of,
        touch_side: touches.side,
        of_person,
        personas: Personas::new(tables, who, contract, home),
        oddities: BTreeMap::new(),
    };
    let amounts = deals.money("amount");
    let lost_changes = touch::changes_of_nobody(tables, who);
    oddities.insert("stage changes of nobody in the exports", lost_changes);
    let (any_amount, any_created) = (deals.has("amount"), deals.has("created_at"));
    let mut odd = |what: &'static str| *oddities.entry(what).or_default() += 1;
    for at in 0..count {
        let (created, closed) = (home.day(created_at[at]), home.day(closed_at[at]));
        if let (Some(created), Some(closed)) = (created, closed)
            && closed < created
        {
            odd("deals whose close date is before their creation");
        }
        journeys.created[at] = created.unwrap_or(NO_DAY);
        journeys.amount[at] = amounts[at];
        let ended = is_won[at] == 1 || is_closed[at] == 1;
        journeys.outcome[at] = match (ended, closed) {
            (false, _) => Outcome::Open,
            (true, Some(day)) if day > as_of => {
                odd("deals that closed after as-of, so open on that day");
                Outcome::Open
            }
            (true, day) => {
                if day.is_none() {
                    odd("closed deals without a close date, which no period can count");
                }
                journeys.closed[at] = day.unwrap_or(NO_DAY);
                if is_won[at] == 1 {
                    Outcome::Won
                } else if is_won[at] == NO_FLAG {
                    odd(
                        "closed deals that do not say whether they were won, in no win rate: map is_won in the contract",
                    );
                    Outcome::Unclear
                } else if no_decision.contains(reasons[at]) {
                    Outcome::Derailed
                } else {
                    Outcome::Lost
                }
            }
        };
        if amounts[at] == NO_MONEY && any_amount {
            match journeys.outcome[at] {
                Outcome::Won => odd("won deals without an amount, which won revenue lacks"),
                Outcome::Open => odd("open deals without an amount, which pipeline lacks"),
                _ => {}
            }
        }
        if created.is_none() && any_created {
            odd("deals without a creation date, which no period of pipeline counts");
        }
        if is_won[at] == NO_FLAG && is_closed[at] == NO_FLAG {
            odd("deals that do not say whether they are closed, taken as open: map is_won in the contract");
        }
    }
    first_contacts(&mut journeys, tables, contract, home, &not_later);
    for at in 0..len {
        if journeys.days_to_won(at).is_some_and(|days| days < 0) {
            odd("won before the first recorded contact");
        }
    }
    journeys.segments = segment::segments(tables, who, &journeys);
    if !contract.personas.is_empty() {
        let personas = segment::personas(tables, who, contract, &journeys);
        journeys.segments.insert("persona".into(), personas);
    }
    journeys.numbers = segment::numbers(tables, who, &journeys);
    journeys.origin = touch::origins(tables, contract, home, &journeys, &mut oddities);
    let unknown = (0..count).filter(|at| journeys.origin[*at].is_none()).count() as u64;
    if unknown < count as u64 {
        oddities.insert("deals of unknown origin, which no team's share has: see [teams] sources", unknown);
    }
    oddities.retain(|_, n| *n > 0);
    journeys.oddities = oddities;
    Ok(journeys)
}

fn first_contacts(
    journeys: &mut Journeys,
    tables: &Tables,
    contract: &Contract,
    home: &Zone,
    not_later: &dyn Fn(Stamp) -> Option<i32>,
) {
    let mut first = vec![Stamp::NONE; journeys.len()];
    // The close itself (won) is no first contact, or a deal that closed before it was created would have taken no time.
    for (stage, reached) in contract.stages.iter().zip(&journeys.stages) {
        let closes = |e: &Said<Evidence>| matches!(&e.value, Evidence::Column { table: Kind::Deals, column, .. } if column.value == "closed_at");
        if stage.reached.iter().any(closes) {
            continue;
        }
        for (first, reached) in first.iter_mut().zip(reached) {
            if reached.how == How::Recorded {
                *first = first.earlier(reached.at);
            }
        }
    }
    let created = tables.get(Kind::People).times("created_at");
    for (row, of) in journeys.of_person.iter().enumerate() {
        if not_later(created[row]).is_some() {
            first[*of as usize] = first[*of as usize].earlier(created[row]);
        }
    }
    let created = tables.get(Kind::Deals).times("created_at");
    for (at, created) in created.iter().enumerate() {
        if not_later(*created).is_some() {
            first[at] = first[at].earlier(*created);
        }
    }
    for (at, first) in first.into_iter().enumerate() {
        let first = first.earlier(journeys.marketing[at].first).earlier(journeys.sales[at].first);
        journeys.first_contact[at] = home.day(first).unwrap_or(NO_DAY);
    }
}
