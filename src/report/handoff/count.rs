//! One verdict per lead, and their sums by period and group.
//!
//! In: the leads handed over, the agreement's clock. Out: [`Counted`]. Every lead has one fate, so fates add up to all.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::calendar::Periods;
use crate::calendar::hours::Clock;
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::journey::handoff::{Decision, Handed, HandedOver};
use crate::journey::{NO_DAY, Outcome};
use crate::session::Data;
use crate::tables::{NO_MONEY, NONE};
use crate::time::{Stamp, Zone, day_of};

const DAY_MS: i64 = 86_400_000;

/// What became of a lead by as-of: its first disposition, or where it is without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Sales took it on.
    Accepted,
    /// Sales turned it down.
    Rejected,
    /// Sales sent it back.
    Recycled,
    /// Sales was in touch and has not decided.
    InWork,
    /// Nobody was in touch, and there is still time.
    Waiting,
    /// Nobody was in touch, nobody decided, and the time is over.
    Leaked,
}

impl Fate {
    /// Every fate, in the order of the columns.
    pub const ALL: [Self; 6] =
        [Self::Accepted, Self::Rejected, Self::Recycled, Self::InWork, Self::Waiting, Self::Leaked];
}

/// Whether the agreement was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The time is not over: neither kept nor broken.
    Open,
    /// A touch came in time.
    Yes,
    /// It came later, or not at all.
    No,
    /// Only days are known, and they leave it open.
    Unknown,
}

/// One lead judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub fate: Fate,
    pub kept: Kept,
    /// Working milliseconds to the first touch, or to the end of as-of and `false`; where both times are known.
    pub wait: Option<(i64, bool)>,
    /// The same in calendar days.
    pub days: (i64, bool),
}

/// What judges leads: the agreement, and what a lead is worth.
pub struct Judge<'a> {
    home: &'a Zone,
    /// The zone of the agreement.
    pub zone: Zone,
    clock: Clock,
    within: i64,
    as_of: i32,
    /// The first instant after as-of.
    end: i64,
    /// What leads that are old enough brought in: how many, and minor units of the reporting currency.
    pub old_enough: (u64, i64),
    /// Won among these, with an amount and in all.
    pub won: (u64, u64),
    /// Why what a lead brings in is not known, whatever became of it.
    pub no_value: Option<String>,
    /// Days after which a lead is old enough; `None` when nothing tells.
    pub mature_after: Option<i32>,
}

impl<'a> Judge<'a> {
    /// A judge for these leads.
    ///
    /// # Errors
    /// A time zone that the data base does not know: never, as the contract checks it.
    pub fn new(data: &'a Data, handed: &HandedOver) -> Result<Self> {
        let (contract, home) = (&data.session.contract, &data.session.home);
        let agreed = &contract.handoff;
        let zone = agreed.timezone.as_deref().map_or_else(|| Ok(home.clone()), Zone::named)?;
        let as_of = day_of(data.session.as_of);
        let first = handed.all.iter().map(|lead| lead.day).min().unwrap_or(as_of);
        let holidays: BTreeSet<i32> = agreed.holidays.iter().map(|day| day_of(*day)).collect();
        let clock = Clock::new(&zone, agreed.hours.as_ref(), &holidays, first - 3, as_of + 3);
        let end = home.date(as_of + 1).utc_ms();
        let mature_after = data.mature_after();
        let journeys = &data.journeys;
        let (mut old_enough, mut won) = ((0, 0), (0, 0));
        for lead in handed.all.iter().filter(|lead| mature_after.is_some_and(|days| as_of - lead.day >= days)) {
            let at = lead.process as usize;
            old_enough.0 += 1;
            if journeys.outcome[at] == Outcome::Won {
                let known = journeys.amount[at] != NO_MONEY;
                won = (won.0 + u64::from(known), won.1 + 1);
                old_enough.1 += if known { journeys.amount[at] } else { 0 };
            }
        }
        let no_value = data.facts().no_table("deals").or_else(|| {
            let why = match (old_enough.0, won) {
                (0, _) => "no qualified lead is old enough to say what one brings in",
                (_, (0, 1..)) => "no deal that they won has an amount",
                _ => return None,
            };
            Some(why.to_string())
        });
        let within = agreed.within_ms;
        Ok(Self { home, zone, clock, within, as_of, end, old_enough, won, no_value, mature_after })
    }

    /// Minor units that one qualified lead brings in.
    ///
    /// # Errors
    /// Why that is not known.
    #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
    pub fn value(&self) -> Result<f64, &str> {
        match &self.no_value {
            Some(why) => Err(why),
            None => Ok(self.old_enough.1 as f64 / self.old_enough.0 as f64),
        }
    }

    /// The first and last instant that a stamp may mean.
    fn bounds(&self, at: Stamp) -> (i64, i64) {
        if !at.is_date() {
            return (at.utc_ms(), at.utc_ms());
        }
        let next = self.home.day(at).map_or(at.utc_ms() + DAY_MS, |day| self.home.date(day + 1).utc_ms());
        (at.utc_ms(), next)
    }

    /// Judges one lead.
    pub fn judge(&self, lead: &Handed) -> Verdict {
        let (from, from_last) = self.bounds(lead.at);
        let over = self.clock.between(from_last.min(self.end), self.end) > self.within;
        let first = lead.first.some();
        let exact = !lead.at.is_date() && first.is_none_or(|at| !at.is_date());
        let kept = match first {
            _ if !over => Kept::Open,
            None => Kept::No,
            Some(first) => {
                let (touch, touch_last) = self.bounds(first);
                if self.clock.between(from, touch_last) <= self.within {
                    Kept::Yes
                } else if self.clock.between(from_last, touch) > self.within {
                    Kept::No
                } else {
                    Kept::Unknown
                }
            }
        };
        let fate = match lead.decision {
            Decision::Accepted => Fate::Accepted,
            Decision::Rejected => Fate::Rejected,
            Decision::Recycled => Fate::Recycled,
            Decision::None if first.is_some() => Fate::InWork,
            Decision::None if over => Fate::Leaked,
            Decision::None => Fate::Waiting,
        };
        let wait = exact.then(|| match first {
            Some(first) => (self.clock.between(from, first.utc_ms()), true),
            None => (self.clock.between(from, self.end), false),
        });
        let touched = first.and_then(|at| self.home.day(at));
        let days = (i64::from(touched.unwrap_or(self.as_of) - lead.day), touched.is_some());
        Verdict { fate, kept, wait, days }
    }
}

/// Sums of verdicts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Leads handed over.
    pub qualified: u64,
    /// Of which only the day is known, of the qualification or of the touch.
    pub days_only: u64,
    /// Touched at or after it.
    pub touched: u64,
    /// Touched before it, too or only.
    pub before: u64,
    /// Time over: touched within, not, and not known.
    pub kept: u64,
    pub broken: u64,
    pub unknown: u64,
    /// Time not over.
    pub open: u64,
    /// By [`Fate::ALL`].
    pub fates: [u64; 6],
    /// Whose acceptance is recorded.
    pub accepted_recorded: u64,
    /// Turned down at any time.
    pub rejected_ever: u64,
    /// Sent back at any time, qualified again after it, won after it, and what that was worth in minor units.
    pub recycled_ever: u64,
    pub again: u64,
    pub recycled_won: u64,
    pub recycled_value: i64,
    pub recycled_valued: u64,
    /// Accepted by later evidence only.
    pub accepted_inferred: u64,
    /// Turned down or sent back on a day nobody knows.
    pub undated: u64,
    /// Decided without any touch on record.
    pub decided_untouched: u64,
    /// Working milliseconds.
    pub waits: Vec<(i64, bool)>,
    /// Calendar days.
    pub days: Vec<(i64, bool)>,
}

impl Figures {
    fn add(&mut self, data: &Data, lead: &Handed, verdict: &Verdict) {
        let touched = !lead.first.is_none();
        let fate = Fate::ALL.iter().position(|fate| *fate == verdict.fate).unwrap_or(0);
        self.qualified += 1;
        self.days_only += u64::from(verdict.wait.is_none());
        self.touched += u64::from(touched);
        self.before += u64::from(lead.before > 0);
        match verdict.kept {
            Kept::Open => self.open += 1,
            Kept::Yes => self.kept += 1,
            Kept::No => self.broken += 1,
            Kept::Unknown => self.unknown += 1,
        }
        self.fates[fate] += 1;
        self.accepted_recorded += u64::from(lead.accepted);
        self.rejected_ever += u64::from(lead.rejected);
        self.recycled_ever += u64::from(lead.recycled);
        self.again += u64::from(lead.again);
        let at = lead.process as usize;
        let (journeys, home) = (&data.journeys, &data.session.home);
        let back = home.day(lead.recycled_at).unwrap_or(NO_DAY);
        if lead.recycled && journeys.outcome[at] == Outcome::Won && journeys.closed[at] >= back {
            let known = journeys.amount[at] != NO_MONEY;
            self.recycled_won += 1;
            self.recycled_valued += u64::from(known);
            self.recycled_value += if known { journeys.amount[at] } else { 0 };
        }
        self.accepted_inferred += u64::from(verdict.fate == Fate::Accepted && !lead.accepted);
        self.undated += u64::from(lead.undated);
        self.decided_untouched += u64::from(!touched && lead.decision != Decision::None);
        self.waits.extend(verdict.wait);
        self.days.push(verdict.days);
    }

    /// Of those whose time is over and of whom it is known.
    pub fn judged(&self) -> u64 {
        self.kept + self.broken
    }

    /// Decided about, one way or the other.
    pub fn decided(&self) -> u64 {
        self.fate(Fate::Accepted) + self.fate(Fate::Rejected) + self.fate(Fate::Recycled)
    }

    /// Number of leads with a fate.
    pub fn fate(&self, fate: Fate) -> u64 {
        Fate::ALL.iter().zip(self.fates).find(|(f, _)| **f == fate).map_or(0, |(_, n)| n)
    }
}

/// By what leads are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Not at all.
    All,
    /// The columns of `--by`.
    By,
    /// Who has the record.
    Rep,
    /// The queue it was in.
    Queue,
    /// Where it came from.
    Source,
    /// Hour of arrival.
    Hour,
    /// Day of the week of arrival.
    Weekday,
}

impl Dimension {
    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::By => "by",
            Self::Rep => "rep",
            Self::Queue => "queue",
            Self::Source => "source",
            Self::Hour => "hour",
            Self::Weekday => "weekday",
        }
    }
}

/// Names of segments.
pub struct Names<'a> {
    pub by: &'a [String],
    pub segments: &'a [Segment],
    pub segment_of: &'a [usize],
}

/// A group: its dimension, its place among the others, and what it is called (empty: nobody says).
pub type Group = (Dimension, i64, String);

/// All sums: by group and period; `None` is all periods, and the only one of the groups but all and by.
pub struct Counted {
    pub figures: BTreeMap<(Group, Option<usize>), Figures>,
    /// Leads of the days shown, each with its verdict: places in the list of leads.
    pub leaked: Vec<usize>,
    /// Leads outside of the days shown.
    pub outside: u64,
    /// Processes of these days that passed the stage without a record.
    pub inferred: u64,
    /// Why leads were turned down; empty: nobody says.
    pub reasons: BTreeMap<String, u64>,
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Judges and adds up.
pub fn count(data: &Data, handed: &HandedOver, judge: &Judge<'_>, periods: &Periods, names: &Names<'_>) -> Counted {
    let inferred = handed.inferred.iter().filter(|(_, day)| periods.index(*day).is_some()).count() as u64;
    let mut counted =
        Counted { figures: BTreeMap::new(), leaked: Vec::new(), outside: 0, inferred, reasons: BTreeMap::new() };
    let text = |code: u32| data.tables.names.text(code).unwrap_or_default().to_string();
    let missing = vec![NONE; data.journeys.len()];
    let source = data.journeys.segments.get("lead_source").unwrap_or(&missing);
    for (at, lead) in handed.all.iter().enumerate() {
        let Some(period) = periods.index(lead.day) else {
            counted.outside += 1;
            continue;
        };
        let verdict = judge.judge(lead);
        if verdict.fate == Fate::Leaked && handed.touches {
            counted.leaked.push(at);
        }
        if lead.rejected {
            *counted.reasons.entry(text(lead.reason)).or_default() += 1;
        }
        let process = lead.process as usize;
        let mut groups: Vec<Group> = vec![
            (Dimension::Rep, 0, text(lead.owner)),
            (Dimension::Queue, 0, text(lead.queue)),
            (Dimension::Source, 0, text(source[process])),
        ];
        let (hour, weekday) = arrival(judge, lead);
        groups.push((Dimension::Hour, hour.unwrap_or(24), hour.map_or_else(String::new, |h| format!("{h:02}"))));
        groups.push((Dimension::Weekday, weekday, WEEKDAYS[usize::try_from(weekday).unwrap_or(0)].to_string()));
        let mut add = |group: Group, period: Option<usize>| {
            counted.figures.entry((group, period)).or_default().add(data, lead, &verdict);
        };
        for group in groups {
            add(group, None);
        }
        for period in [Some(period), None] {
            add((Dimension::All, 0, String::new()), period);
            if !names.by.is_empty() {
                let segment = names.segment_of[process];
                let order = i64::try_from(segment).unwrap_or(0);
                add((Dimension::By, order, segment_text(names.by, &names.segments[segment])), period);
            }
        }
    }
    counted
}

/// Hour, where the time is known, and day of the week (0 is Monday) of a lead's arrival in the agreement's zone.
fn arrival(judge: &Judge<'_>, lead: &Handed) -> (Option<i64>, i64) {
    if lead.at.is_date() {
        return (None, i64::from(lead.day + 3).rem_euclid(7));
    }
    let civil = judge.zone.to_civil(lead.at.utc_ms());
    (Some(civil.rem_euclid(DAY_MS) / 3_600_000), (civil.div_euclid(DAY_MS) + 3).rem_euclid(7))
}
