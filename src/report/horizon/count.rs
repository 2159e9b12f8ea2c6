//! What came when, by the period in which its buyer began.
//!
//! In: the buying processes, which of them count, and the calendar. Out: per segment a [`Group`]: won revenue by the lag since
//! its buyer began, what the entrants of each period brought by age, how everybody was followed, and the MQLs of each period.
//!
//! Ages are whole periods: an age of 0 is the period of the beginning itself. Nothing after as-of counts.

use std::collections::BTreeMap;

use crate::calendar::Periods;
use crate::journey::{Journeys, NO_DAY, Outcome, Side};
use crate::stats::survival::Event;
use crate::tables::NO_MONEY;

/// From what a lag is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// The first recorded contact of any kind.
    Contact,
    /// The first stage, other than the win itself.
    Entry,
    /// The deal's creation.
    Deal,
}

impl Anchor {
    /// All.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Entry, Self::Deal];

    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Contact => "first_contact",
            Self::Entry => "entry",
            Self::Deal => "deal",
        }
    }
}

/// How many periods before the revenue its buyer began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lag {
    /// So many; 0 is the same period.
    Periods(usize),
    /// It began after the close, which cannot be.
    After,
    /// Nobody knows when.
    Unknown,
}

/// Whose pipeline and revenue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Buyers {
    /// Everybody.
    All,
    /// Those of marketing origin.
    Marketing,
}

impl Buyers {
    /// Both.
    pub const ALL: [Self; 2] = [Self::All, Self::Marketing];

    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Marketing => "marketing",
        }
    }
}

/// Deals and their amounts, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Deals.
    pub n: u64,
    /// What those with an amount add up to.
    pub money: i64,
    /// Of them, with an amount.
    pub valued: u64,
}

impl Sum {
    fn add(&mut self, amount: i64) {
        self.n += 1;
        if amount != NO_MONEY {
            self.money += amount;
            self.valued += 1;
        }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { n: self.n + other.n, money: self.money + other.money, valued: self.valued + other.valued }
    }
}

/// What the entrants of one period brought, by age: each what came at that age.
#[derive(Debug, Clone, Default)]
pub struct Cohort {
    /// Those who entered.
    pub entrants: u64,
    /// Deals created.
    pub created: BTreeMap<usize, Sum>,
    /// Deals won.
    pub won: BTreeMap<usize, Sum>,
}

/// Somebody followed in whole periods.
#[derive(Debug, Clone, Copy)]
pub struct Followed {
    /// The age of the event.
    pub age: i32,
    /// What it was.
    pub event: Event,
    /// What it brought, in minor units; 0 where nothing is known.
    pub money: i64,
}

/// Somebody followed in days: the day and the event.
pub type Days = (i32, Event);

/// From where to where days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// From entry to the deal's creation, of those who did not enter with their deal.
    EntryToDeal,
    /// From the deal's creation to won.
    DealToWon,
    /// From entry to won.
    EntryToWon,
}

impl Span {
    /// All.
    pub const ALL: [Self; 3] = [Self::EntryToDeal, Self::DealToWon, Self::EntryToWon];

    /// For machines and for people.
    pub fn names(self) -> [&'static str; 2] {
        match self {
            Self::EntryToDeal => ["entry_to_deal", "Entry to deal"],
            Self::DealToWon => ["deal_to_won", "Deal to won"],
            Self::EntryToWon => ["entry_to_won", "Entry to won"],
        }
    }
}

/// The MQLs of one period, and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mqls {
    /// Those who became marketing qualified.
    pub n: u64,
    /// Of them, won by as-of.
    pub won: u64,
    /// Of them, won within the days of maturity.
    pub soon: u64,
    /// What those won by as-of brought, in minor units.
    pub money: i64,
}

impl Mqls {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            won: self.won + other.won,
            soon: self.soon + other.soon,
            money: self.money + other.money,
        }
    }
}

/// Everything of one segment, or of all.
#[derive(Debug, Default)]
pub struct Group {
    /// Won deals by anchor, period of the close and lag.
    pub won: BTreeMap<(Anchor, usize, Lag), Sum>,
    /// By buyers and period of entry.
    pub cohorts: BTreeMap<(Buyers, usize), Cohort>,
    /// By buyers: everybody who entered in a whole period, in periods.
    pub followed: BTreeMap<Buyers, Vec<Followed>>,
    /// By buyers and span, in days.
    pub days: BTreeMap<(Buyers, Span), Vec<Days>>,
    /// By period.
    pub mqls: BTreeMap<usize, Mqls>,
}

/// Things that cannot be placed: counted, and said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// Won deals of the days shown whose buyer began with the win itself, as far as any export shows.
    pub began_with_the_win: u64,
    /// Won deals of the days shown without an amount.
    pub no_amount: u64,
    /// Won before they entered: kept, at age 0.
    pub won_before: u64,
    /// Won on an unknown day: not followed.
    pub undated_wins: u64,
    /// Entered in a period that is not over, or of which days do not count: not followed.
    pub in_parts: u64,
}

/// The calendar that ages are counted in, and what is shown of it.
pub struct Time<'a> {
    /// The periods shown.
    pub shown: &'a Periods,
    /// The same kind, from the first beginning in the exports to as-of.
    pub calendar: Periods,
    /// Index in the calendar of the first period shown.
    pub first: usize,
    /// The last period of the calendar that is over by as-of.
    pub whole: Option<usize>,
    /// The period in which the exports begin, and the day.
    pub history: usize,
    pub begins: i32,
    /// The last day that counts.
    pub as_of: i32,
}

impl Time<'_> {
    /// The oldest age of a period's entrants that is over, and the oldest that has begun.
    pub fn ages(&self, period: usize) -> (Option<usize>, usize) {
        let at = self.first + period;
        let begun = self.calendar.all.len().saturating_sub(1).saturating_sub(at);
        (self.whole.and_then(|whole| whole.checked_sub(at)), begun)
    }
}

/// What is asked.
pub struct Asked<'a> {
    pub journeys: &'a Journeys,
    pub keep: &'a [bool],
    /// Segment of each process, without the total.
    pub segment_of: Option<&'a [usize]>,
    pub segments: usize,
    pub time: &'a Time<'a>,
    /// The stage of the win, by index.
    pub close: Option<usize>,
    /// By stage: only deals show it.
    pub of_deals: &'a [bool],
    /// The stage of MQLs.
    pub mql: Option<usize>,
    /// Days after which a period is mature.
    pub mature_after: Option<i32>,
}

/// A day that is known, and not after as-of.
fn known(day: i32, as_of: i32) -> Option<i32> {
    (day != NO_DAY && day <= as_of).then_some(day)
}

/// The stage in which a process entered, and the day; none for one that is first seen at its win.
pub fn entry(journeys: &Journeys, close: Option<usize>, at: usize) -> Option<(usize, i32)> {
    let (stage, day) = journeys.stages.iter().enumerate().find_map(|(s, stage)| stage[at].day().map(|day| (s, day)))?;
    close.is_none_or(|close| stage < close).then_some((stage, day))
}

/// When a process began.
pub fn began(journeys: &Journeys, close: Option<usize>, at: usize, anchor: Anchor, as_of: i32) -> Option<i32> {
    match anchor {
        Anchor::Contact => known(journeys.first_contact[at], as_of),
        Anchor::Entry => entry(journeys, close, at).map(|(_, day)| day),
        Anchor::Deal => known(journeys.created[at], as_of),
    }
}

/// Counts all: the first group is the total, the others are the segments in order.
pub fn count(asked: &Asked<'_>) -> (Vec<Group>, Odd) {
    let segments = if asked.segment_of.is_some() { asked.segments } else { 0 };
    let mut groups: Vec<Group> = std::iter::repeat_with(Group::default).take(segments + 1).collect();
    let mut odd = Odd::default();
    for at in (0..asked.journeys.len()).filter(|at| asked.keep[*at]) {
        let one = One::new(asked, at);
        one.odd(&mut odd);
        one.add_to(&mut groups[0]);
        if let Some(of) = asked.segment_of {
            one.add_to(&mut groups[of[at] + 1]);
        }
    }
    (groups, odd)
}

/// What one process gives to the figures, as if there were no other.
pub fn alone(asked: &Asked<'_>, at: usize) -> Group {
    let mut group = Group::default();
    One::new(asked, at).add_to(&mut group);
    group
}

/// One process, with all that is asked about it.
struct One<'a> {
    asked: &'a Asked<'a>,
    at: usize,
    entry: Option<(usize, i32)>,
    /// Created and closed.
    created: Option<i32>,
    closed: Option<i32>,
    outcome: Outcome,
    amount: i64,
}

impl<'a> One<'a> {
    fn new(asked: &'a Asked<'a>, at: usize) -> Self {
        let j = asked.journeys;
        Self {
            asked,
            at,
            entry: entry(j, asked.close, at),
            created: known(j.created[at], asked.time.as_of),
            closed: known(j.closed[at], asked.time.as_of),
            outcome: j.outcome[at],
            amount: j.amount[at],
        }
    }

    /// Won, and the period of the close among those shown.
    fn won_in(&self) -> Option<(usize, i32)> {
        let closed = self.closed.filter(|_| self.outcome == Outcome::Won)?;
        self.asked.time.shown.index(closed).map(|period| (period, closed))
    }

    /// The period of entry among those shown.
    fn entered_in(&self) -> Option<(usize, i32)> {
        let (_, day) = self.entry?;
        self.asked.time.shown.index(day).map(|period| (period, day))
    }

    /// The age that a day is at since a period; a day before it is at age 0.
    fn age(&self, period: usize, day: i32) -> Option<usize> {
        let time = self.asked.time;
        let on = if day < time.calendar.from { Some(0) } else { time.calendar.index(day) };
        on.map(|on| on.saturating_sub(time.first + period))
    }

    fn lag(&self, anchor: Anchor, closed: i32) -> Lag {
        let Asked { journeys, close, time, .. } = self.asked;
        match began(journeys, *close, self.at, anchor, time.as_of) {
            None => Lag::Unknown,
            Some(began) if began > closed => Lag::After,
            Some(began) => match (time.calendar.index(began), time.calendar.index(closed)) {
                (Some(from), Some(to)) => Lag::Periods(to.saturating_sub(from)),
                _ => Lag::Unknown,
            },
        }
    }

    fn buyers(&self) -> &'static [Buyers] {
        let marketing = self.asked.journeys.origin[self.at] == Some(Side::Marketing);
        if marketing { &Buyers::ALL } else { &Buyers::ALL[..1] }
    }

    fn add_to(&self, group: &mut Group) {
        if let Some((period, closed)) = self.won_in() {
            for anchor in Anchor::ALL {
                group.won.entry((anchor, period, self.lag(anchor, closed))).or_default().add(self.amount);
            }
        }
        for buyers in self.buyers() {
            self.cohort(group, *buyers);
            self.days(group, *buyers);
        }
        self.mql(group);
    }

    fn cohort(&self, group: &mut Group, buyers: Buyers) {
        let Some((period, _)) = self.entered_in() else { return };
        let cohort = group.cohorts.entry((buyers, period)).or_default();
        cohort.entrants += 1;
        if let Some(age) = self.created.and_then(|day| self.age(period, day)) {
            cohort.created.entry(age).or_default().add(self.amount);
        }
        let closed = self.closed.filter(|_| self.outcome == Outcome::Won);
        if let Some(age) = closed.and_then(|day| self.age(period, day)) {
            cohort.won.entry(age).or_default().add(self.amount);
        }
        if let Some(followed) = self.followed(period) {
            group.followed.entry(buyers).or_default().push(followed);
        }
    }

    /// How an entrant of a whole period was followed, in periods that are over.
    fn followed(&self, period: usize) -> Option<Followed> {
        let time = self.asked.time;
        let last = time.ages(period).0.filter(|_| !time.shown.is_partial(period))?;
        let censored = |age: usize| (age.min(last), Event::Censored);
        let (age, event) = match (self.outcome, self.closed) {
            (Outcome::Won, None) => return None,
            (Outcome::NoDeal | Outcome::Open, _) | (Outcome::Lost | Outcome::Derailed | Outcome::Unclear, None) => {
                censored(last)
            }
            (Outcome::Unclear, Some(day)) => censored(self.age(period, day)?),
            (outcome, Some(day)) => match self.age(period, day)? {
                age if age > last => censored(last),
                age => (age, if outcome == Outcome::Won { Event::Win } else { Event::Lost }),
            },
        };
        let money = if event == Event::Win && self.amount != NO_MONEY { self.amount } else { 0 };
        Some(Followed { age: i32::try_from(age).unwrap_or(i32::MAX), event, money })
    }

    fn days(&self, group: &mut Group, buyers: Buyers) {
        let as_of = self.asked.time.as_of;
        if let Some((_, entered)) = self.entered_in() {
            let with_its_deal = self.entry.is_some_and(|(stage, _)| self.asked.of_deals[stage]);
            let has_deal = self.outcome != Outcome::NoDeal;
            // A deal that will only be created after as-of is none yet.
            let later = has_deal && self.asked.journeys.created[self.at] > as_of;
            let to_deal = match self.created {
                _ if with_its_deal => None,
                Some(created) => Some((created - entered, Event::Win)),
                None if has_deal && !later => None,
                None => Some((as_of - entered, Event::Censored)),
            };
            if let Some(one) = to_deal {
                group.days.entry((buyers, Span::EntryToDeal)).or_default().push(one);
            }
            if let Some(one) = self.until_won(entered) {
                group.days.entry((buyers, Span::EntryToWon)).or_default().push(one);
            }
        }
        let created = self.created.filter(|day| self.asked.time.shown.index(*day).is_some());
        if let Some(one) = created.and_then(|created| self.until_won(created)) {
            group.days.entry((buyers, Span::DealToWon)).or_default().push(one);
        }
    }

    /// The days from one day to the win, or to whatever else ended them.
    fn until_won(&self, from: i32) -> Option<Days> {
        let until_as_of = (self.asked.time.as_of - from, Event::Censored);
        Some(match (self.outcome, self.closed) {
            (Outcome::Won, None) => return None,
            (Outcome::Won, Some(closed)) => (closed - from, Event::Win),
            (Outcome::Lost | Outcome::Derailed, Some(closed)) => (closed - from, Event::Lost),
            (Outcome::Unclear, Some(closed)) => (closed - from, Event::Censored),
            _ => until_as_of,
        })
    }

    fn mql(&self, group: &mut Group) {
        let Asked { journeys, mql, mature_after, time, .. } = self.asked;
        let Some(day) = mql.and_then(|stage| journeys.stages[stage][self.at].day()) else { return };
        let Some(period) = time.shown.index(day) else { return };
        let mqls = group.mqls.entry(period).or_default();
        mqls.n += 1;
        if self.outcome == Outcome::Won {
            mqls.won += 1;
            mqls.soon += u64::from(self.closed.zip(*mature_after).is_some_and(|(closed, days)| closed - day <= days));
            mqls.money += if self.amount == NO_MONEY { 0 } else { self.amount };
        }
    }

    fn odd(&self, odd: &mut Odd) {
        if self.won_in().is_some() {
            odd.began_with_the_win += u64::from(self.entry.is_none());
            odd.no_amount += u64::from(self.amount == NO_MONEY);
        }
        if let Some((period, entered)) = self.entered_in() {
            let won = self.outcome == Outcome::Won;
            odd.won_before += u64::from(won && self.closed.is_some_and(|closed| closed < entered));
            odd.undated_wins += u64::from(won && self.closed.is_none());
            let time = self.asked.time;
            odd.in_parts += u64::from(time.ages(period).0.is_none() || time.shown.is_partial(period));
        }
    }
}
