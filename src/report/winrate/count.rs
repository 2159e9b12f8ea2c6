//! Deals counted by period and segment, and the rates they make.
//!
//! In: the processes and which of them count. Out: [`Both`] per segment and period, and [`Figure`]s.

use std::collections::BTreeMap;

use crate::calendar::Periods;
use crate::journey::{Journeys, NO_DAY, Outcome};
use crate::stats::interval::wilson;
use crate::tables::NO_MONEY;

/// Below this a rate says little.
pub const FEW: u64 = 5;

/// One of the rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    Narrow,
    Broad,
    Amount,
    Close,
}

impl Rate {
    pub const ALL: [Self; 4] = [Self::Narrow, Self::Broad, Self::Amount, Self::Close];

    pub fn id(self) -> &'static str {
        match self {
            Self::Narrow => "narrow",
            Self::Broad => "broad",
            Self::Amount => "amount",
            Self::Close => "close_rate",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Narrow => "Narrow",
            Self::Broad => "Broad",
            Self::Amount => "By amount",
            Self::Close => "Close rate",
        }
    }

    /// What it says, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Self::Narrow => {
                "Won ÷ (won + lost), of deals closed in the period: how often we beat somebody. Deals that ended without a decision are left out"
            }
            Self::Broad => {
                "Won ÷ (won + lost + ended without a decision), of deals closed in the period: how often an ended deal was won"
            }
            Self::Amount => {
                "Won amount ÷ (won + lost amount), of deals closed in the period: one large deal can decide it"
            }
            Self::Close => {
                "Won by as-of ÷ created in the period: what became of the deals we began. Those still open count as not won, so it rises until the cohort is mature"
            }
        }
    }

    pub fn basis(self) -> &'static str {
        if self == Self::Close { "created" } else { "closed" }
    }
}

/// Deals of one period and segment; those that closed and do not say how are in none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deals {
    pub won: u64,
    pub lost: u64,
    pub derailed: u64,
    pub open: u64,
    /// All of them, whatever became of them.
    pub all: u64,
    /// Of all, those that began long enough ago.
    pub mature: u64,
    /// Of the open ones, those that did not.
    pub young: u64,
    pub won_amount: i64,
    pub lost_amount: i64,
    /// Won and lost ones with an amount, and of them the won ones; lost ones whose amount is not 0.
    pub with_amount: u64,
    pub won_valued: u64,
    pub lost_valued: u64,
}

impl Deals {
    fn add(&mut self, outcome: Outcome, amount: i64, mature: bool) {
        let known = if amount == NO_MONEY { 0 } else { amount };
        match outcome {
            Outcome::Won => {
                self.won += 1;
                self.won_amount += known;
                self.won_valued += u64::from(amount != NO_MONEY);
            }
            Outcome::Lost | Outcome::Derailed => {
                self.lost += u64::from(outcome == Outcome::Lost);
                self.derailed += u64::from(outcome == Outcome::Derailed);
                self.lost_amount += known;
                self.lost_valued += u64::from(known != 0);
            }
            Outcome::Open => {
                self.open += 1;
                self.young += u64::from(!mature);
            }
            Outcome::NoDeal | Outcome::Unclear => return,
        }
        self.all += 1;
        self.mature += u64::from(mature);
        self.with_amount += u64::from(outcome != Outcome::Open && amount != NO_MONEY);
    }

    /// Won and lost, be it to nobody.
    pub fn decided(&self) -> u64 {
        self.won + self.lost + self.derailed
    }
}

/// Deals closed, and deals created.
#[derive(Debug, Clone, Default)]
pub struct Both {
    pub closed: Deals,
    pub created: Deals,
}

/// Segment and period; `None` is all of them.
pub type Key = (Option<usize>, Option<usize>);

/// Deals by segment and period.
pub type Counts = BTreeMap<Key, Both>;

/// Counts the deals of `keep`; one created `mature_after` days before `as_of` or earlier is mature.
pub fn count(
    journeys: &Journeys,
    keep: &[bool],
    segment_of: Option<&[usize]>,
    periods: &Periods,
    as_of: i32,
    mature_after: Option<i32>,
) -> Counts {
    let with_all = |period: Option<usize>| period.into_iter().flat_map(|p| [None, Some(p)]);
    let mut counts = Counts::new();
    for at in (0..journeys.len()).filter(|at| keep[*at] && journeys.outcome[*at] != Outcome::NoDeal) {
        let (created, closed) = (journeys.created[at], journeys.closed[at]);
        let period = |day: i32| if day == NO_DAY { None } else { periods.index(day) };
        let mature = created != NO_DAY && mature_after.is_some_and(|days| as_of - created >= days);
        let (created, closed) = (period(created), period(closed));
        let (outcome, amount) = (journeys.outcome[at], journeys.amount[at]);
        for segment in [Some(None), segment_of.map(|of| Some(of[at]))].into_iter().flatten() {
            for period in with_all(closed) {
                counts.entry((segment, period)).or_default().closed.add(outcome, amount, mature);
            }
            for period in with_all(created) {
                counts.entry((segment, period)).or_default().created.add(outcome, amount, mature);
            }
        }
    }
    counts
}

/// Why a rate is missing: for machines and for people.
pub type Why = (&'static str, &'static str);

const NO_LOST: Why = ("no_lost", "no deal in the exports is lost, so 100 % would say nothing");
const NO_LOST_AMOUNT: Why = ("no_lost_amount", "no lost deal has an amount, so 100 % would say nothing");
const NO_WON_AMOUNT: Why = ("no_won_amount", "no won deal has an amount, so 0 % would say nothing");
const NO_AMOUNT: Why = ("no_source", "no export says what the deals are worth (amount)");
pub const NOTHING: Why = ("no_data", "no such deal in this period");

/// What the exports know of all deals: whether none is lost though some are won, whether no lost one has an amount, and
/// whether there are reasons and amounts.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // four facts, each its own
pub struct Known {
    pub only_won: bool,
    pub lost_nothing: bool,
    pub reasons: bool,
    pub amounts: bool,
}

/// One rate of one line.
pub struct Figure {
    pub value: Result<f64, Why>,
    pub numerator: f64,
    pub denominator: Option<f64>,
    /// Deals behind the denominator.
    pub n: u64,
    pub interval: Option<(f64, f64)>,
}

impl Figure {
    /// A rate of these deals; `scale` is minor units per major unit.
    #[allow(clippy::cast_precision_loss)] // counts and cents stay far below 2^53
    pub fn of(rate: Rate, Both { closed, created }: &Both, known: Known, scale: f64) -> Self {
        let money = |cents: i64| cents as f64 / scale;
        let lost = closed.lost + closed.derailed;
        let (numerator, denominator, n) = match rate {
            Rate::Narrow => (closed.won as f64, (closed.won + closed.lost) as f64, closed.won + closed.lost),
            Rate::Broad => (closed.won as f64, closed.decided() as f64, closed.decided()),
            Rate::Amount => {
                (money(closed.won_amount), money(closed.won_amount + closed.lost_amount), closed.with_amount)
            }
            Rate::Close => (created.won as f64, created.all as f64, created.all),
        };
        let lacking = match rate {
            _ if known.only_won => Some(NO_LOST),
            Rate::Amount if !known.amounts => Some(NO_AMOUNT),
            Rate::Amount if known.lost_nothing || (lost > 0 && closed.lost_valued == 0) => Some(NO_LOST_AMOUNT),
            Rate::Amount if closed.won > 0 && closed.won_valued == 0 => Some(NO_WON_AMOUNT),
            Rate::Amount if closed.with_amount == 0 => Some(NOTHING),
            _ if denominator == 0.0 => Some(NOTHING),
            _ => None,
        };
        let value = lacking.map_or(Ok(numerator / denominator), Err);
        let counted = rate != Rate::Amount && value.is_ok();
        Self {
            interval: if counted { wilson(numerator, denominator) } else { None },
            value,
            numerator,
            // What was left out of the exports is in no denominator.
            denominator: Some(denominator).filter(|_| !matches!(lacking, Some((status, _)) if status != "no_data")),
            n,
        }
    }
}
