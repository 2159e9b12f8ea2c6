//! What was told of each process, added up by segment and period.
//!
//! In: the processes that count. Out: [`Counts`]: what a cohort's processes were touched by, by the day they began; and
//! what won deals took, by the day of the close.

use std::collections::BTreeMap;

use crate::calendar::Periods;
use crate::identity::Identity;
use crate::journey::mix::{ByTeam, Mix, PreSales, Silence, Told};
use crate::journey::{Journeys, NO_DAY, Outcome, Side};
use crate::tables::{NO_MONEY, NONE};

/// Segment and period; `None`: all together.
pub type Key = (Option<usize>, Option<usize>);

/// Touches in one place, and the processes that they reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// By marketing, sales and no team.
    pub touches: [u64; 3],
    /// Processes that were there, touched by marketing alone, sales alone, both, neither: of those with people of their own.
    pub by: [u64; 4],
    /// Those without.
    pub no_person: u64,
}

impl Reach {
    fn add(&mut self, touches: ByTeam, has_people: bool) {
        sum(&mut self.touches, touches);
        if has_people {
            self.by[teams(touches)] += 1;
        } else {
            self.no_person += 1;
        }
    }

    /// Processes that were there, and have people of their own.
    pub fn processes(&self) -> u64 {
        self.by.iter().sum()
    }

    /// Touches by either team.
    pub fn of_teams(&self) -> u64 {
        self.touches[0] + self.touches[1]
    }

    /// How far apart the two teams' shares of touches are, from 0 to 1; `None` without a touch of either.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn gap(&self) -> Option<f64> {
        let [marketing, sales, _] = self.touches;
        (self.of_teams() > 0).then(|| marketing.abs_diff(sales) as f64 / self.of_teams() as f64)
    }
}

fn sum(sums: &mut [u64; 3], touches: ByTeam) {
    sums.iter_mut().zip(touches).for_each(|(sum, n)| *sum += u64::from(n));
}

/// Marketing alone 0, sales alone 1, both 2, neither 3.
pub fn teams([marketing, sales, _]: ByTeam) -> usize {
    match (marketing > 0, sales > 0) {
        (true, false) => 0,
        (false, true) => 1,
        (true, true) => 2,
        (false, false) => 3,
    }
}

/// Some processes and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Processes.
    pub n: u64,
    /// Of them with a deal, with an open one, won, lost to somebody, and ended without a decision.
    pub deals: u64,
    pub open: u64,
    pub won: u64,
    pub lost: u64,
    pub derailed: u64,
    /// Won ones that have an amount, and its sum in minor units.
    pub valued: u64,
    pub amount: i64,
    /// Days from the first contact to won.
    pub days: Vec<i32>,
}

impl Group {
    /// Counts one process.
    pub fn add(&mut self, journeys: &Journeys, at: usize) {
        self.n += 1;
        self.deals += u64::from(journeys.outcome[at] != Outcome::NoDeal);
        match journeys.outcome[at] {
            Outcome::Open => self.open += 1,
            Outcome::Lost => self.lost += 1,
            Outcome::Derailed => self.derailed += 1,
            Outcome::Won => {
                self.won += 1;
                if journeys.amount[at] != NO_MONEY {
                    self.valued += 1;
                    self.amount += journeys.amount[at];
                }
                self.days.extend(journeys.days_to_won(at));
            }
            _ => {}
        }
    }
}

/// Silences of some processes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Silences {
    pub days: Vec<i32>,
    pub no_sales: u64,
    pub not_handed: u64,
}

impl Silences {
    fn add(&mut self, silence: Silence) {
        match silence {
            Silence::Days(days) => self.days.push(days),
            Silence::NoSales => self.no_sales += 1,
            Silence::NotHanded => self.not_handed += 1,
        }
    }
}

/// Processes that began in the period.
#[derive(Debug, Clone, Default)]
pub struct Began {
    pub n: u64,
    /// By place.
    pub places: Vec<Reach>,
    /// Touches by place, were those without a time of day at the beginning of their day.
    pub early: Vec<[u64; 3]>,
    /// Up to the close.
    pub journey: Reach,
    /// Since the deal was created, of those with one; until then, of all.
    pub since_deal: Reach,
    pub nurture: Reach,
    /// Before the hand-off, of those handed over; and all touches of them up to the close.
    pub before_handoff: Reach,
    pub of_handed: [u64; 3],
    /// Touches up to the close that came before the hand-off, or of processes without one.
    pub unhanded: [u64; 3],
    pub silence: Silences,
    /// By origin: marketing, sales, nobody knows.
    pub origin: [Group; 3],
    /// By the teams that touched them up to the close; and those without people of their own, of which that is not known.
    pub teams: [Group; 5],
    /// Touches placed by their day alone.
    pub by_day: [u64; 3],
    /// Deals without people of their own to which nobody is linked.
    pub nobody: u64,
}

/// Deals won in the period.
#[derive(Debug, Clone, Default)]
pub struct Won {
    pub n: u64,
    /// Without people of their own: in none of the following.
    pub no_person: u64,
    /// Without a touch of a team.
    pub untouched: u64,
    /// Whose order is not known everywhere.
    pub unordered: u64,
    /// Changes of team, one per deal with a touch.
    pub changes: Vec<i32>,
    pub silence: Silences,
    /// Shares of the journey before the first sales touch.
    pub pre_sales: Vec<f64>,
    pub one_team: u64,
    pub sales_first: u64,
    /// Both teams' first touches on one day, in an order that nobody knows.
    pub no_order: u64,
    pub no_time: u64,
}

/// All sums, and what is in none.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub began: BTreeMap<Key, Began>,
    pub won: BTreeMap<Key, Won>,
    /// Processes that began on other days, or on no known one.
    pub outside: u64,
    pub undated: u64,
    /// Won deals of other days, or of no known one.
    pub won_outside: u64,
    /// Touches of the processes that began in the days shown.
    pub touches: u64,
}

impl Began {
    fn add(&mut self, journeys: &Journeys, at: usize, told: &Told, silence: Silence, who: Who) {
        self.n += 1;
        let has_people = who == Who::People;
        self.nobody += u64::from(who == Who::Nobody);
        self.places.resize(told.touches.len(), Reach::default());
        for ((reach, touches), was) in self.places.iter_mut().zip(&told.touches).zip(&told.was) {
            if *was {
                reach.add(*touches, has_people);
            }
        }
        self.early.resize(told.touches.len(), [0; 3]);
        self.early.iter_mut().zip(&told.early).for_each(|(all, touches)| sum(all, *touches));
        self.journey.add(told.journey, has_people);
        self.nurture.add(told.nurture, has_people);
        if journeys.created[at] != NO_DAY {
            self.since_deal.add(told.since_deal, has_people);
        }
        if told.handed {
            self.before_handoff.add(told.before_handoff, has_people);
            sum(&mut self.of_handed, told.journey);
        }
        sum(&mut self.unhanded, if told.handed { told.before_handoff } else { told.journey });
        self.silence.add(silence);
        let origin = match journeys.origin[at] {
            Some(Side::Marketing) => 0,
            Some(Side::Sales) => 1,
            None => 2,
        };
        self.origin[origin].add(journeys, at);
        self.teams[if has_people { teams(told.journey) } else { 4 }].add(journeys, at);
        sum(&mut self.by_day, told.by_day);
    }
}

impl Won {
    fn add(&mut self, told: &Told, silence: Silence, pre_sales: PreSales, who: Who) {
        self.n += 1;
        self.silence.add(silence);
        if who != Who::People {
            self.no_person += 1;
            return;
        }
        match told.changes {
            Some(changes) => self.changes.push(i32::try_from(changes).unwrap_or(i32::MAX)),
            None => self.untouched += 1,
        }
        self.unordered += u64::from(told.unordered);
        match pre_sales {
            PreSales::Share(before, all) => self.pre_sales.push(f64::from(before) / f64::from(all)),
            PreSales::OneTeam => self.one_team += 1,
            PreSales::SalesFirst => self.sales_first += 1,
            PreSales::NoOrder => self.no_order += 1,
            PreSales::NoTime | PreSales::NotWon => self.no_time += 1,
        }
    }
}

/// Whom a process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// People of its own.
    People,
    /// People who began with an earlier deal.
    Earlier,
    /// Nobody.
    Nobody,
}

/// Counts what is kept; `segment_of` is given where figures are broken down.
pub fn count(
    mix: &Mix<'_>,
    (journeys, identity): (&Journeys, &Identity),
    periods: &Periods,
    keep: &[bool],
    segment_of: Option<&[usize]>,
) -> Counts {
    let mut counts = Counts::default();
    counts.began.insert((None, None), Began::default());
    counts.won.insert((None, None), Won::default());
    for at in (0..journeys.len()).filter(|at| keep[*at]) {
        let entered = journeys.entered(at);
        let began = entered.and_then(|day| periods.index(day));
        let is_won = journeys.outcome[at] == Outcome::Won;
        let won = Some(journeys.closed[at]).filter(|day| is_won && *day != NO_DAY).and_then(|day| periods.index(day));
        counts.undated += u64::from(entered.is_none());
        counts.outside += u64::from(entered.is_some() && began.is_none());
        counts.won_outside += u64::from(is_won && won.is_none());
        if began.is_none() && won.is_none() {
            continue;
        }
        let (told, silence) = (mix.tell(at), mix.silence(at));
        let part = || journeys.deal[at] != NONE && !identity.parts.of(journeys.deal[at]).is_empty();
        let who = if mix.has_people(at) {
            Who::People
        } else if part() {
            Who::Earlier
        } else {
            Who::Nobody
        };
        let segments = [Some(None), segment_of.map(|of| Some(of[at]))];
        if let Some(period) = began {
            counts.touches += mix.touches(at).len() as u64;
            for segment in segments.iter().flatten() {
                for period in [None, Some(period)] {
                    counts.began.entry((*segment, period)).or_default().add(journeys, at, &told, silence, who);
                }
            }
        }
        if let Some(period) = won {
            let pre_sales = mix.pre_sales(at);
            for segment in segments.iter().flatten() {
                for period in [None, Some(period)] {
                    counts.won.entry((*segment, period)).or_default().add(&told, silence, pre_sales, who);
                }
            }
        }
    }
    counts
}
