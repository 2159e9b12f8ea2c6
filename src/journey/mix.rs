//! What each team did where in a buying process: the touches of a process in order, and the stage it was in at each.
//!
//! In: the tables, the processes, the contract's stages. Out: [`Mix`], which tells one process at a time ([`Told`]): its
//! touches by stage and team, how often it changed hands, the silence around the hand-off, and how much of it was over
//! before sales came.
//!
//! A touch lies in the furthest stage that was reached at or before it. Where only the day of one of them is known, days
//! are compared, and one day counts as reached: a form filled in on the day that made the lead lies in the lead's stage.
//! What came after the deal's close lies in no stage; the day of the close itself is still the buying.

use std::borrow::Cow;

use super::{How, Journeys, NO_DAY, Outcome, Side, spells, touch_times};
use crate::contract::Contract;
use crate::tables::{Kind, NONE, Tables};
use crate::time::{Stamp, Zone};

/// Where in its process a touch lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Before the first stage.
    Before,
    /// In a stage, by index.
    Stage(usize),
    /// After the deal's close, or after a stage that is an end.
    After,
    /// The process has no stage of a known day, or the touch no time.
    Unknown,
}

/// Touches of marketing, of sales and of no team.
pub type ByTeam = [u32; 3];

/// Place of a team in [`ByTeam`].
pub fn team(side: Option<Side>) -> usize {
    match side {
        Some(Side::Marketing) => 0,
        Some(Side::Sales) => 1,
        None => 2,
    }
}

/// The longest silence around the hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The process was not handed over on a recorded day, or only after its close.
    NotHanded,
    /// No sales touch followed.
    NoSales,
    /// So many calendar days.
    Days(i32),
}

/// How much of a won deal's journey was over at the first sales touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreSales {
    /// Not won on a known day.
    NotWon,
    /// Nobody touched it, or one team alone.
    OneTeam,
    /// Sales came before marketing.
    SalesFirst,
    /// Won on the day of marketing's first touch: there is nothing to divide.
    NoTime,
    /// Both teams' first touches on one day, and nobody knows which came first.
    NoOrder,
    /// Days to the first sales touch, and days to the close, from marketing's first touch.
    Share(i32, i32),
}

/// One process.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Touches by place: before, each stage, after, unknown.
    pub touches: Vec<ByTeam>,
    /// Places in which the process was at some moment: stages, and where a touch lies.
    pub was: Vec<bool>,
    /// Touches by place, were those without a time of day at the beginning of their day.
    pub early: Vec<ByTeam>,
    /// Touches up to the close, whatever the stage.
    pub journey: ByTeam,
    /// Of them, those since the deal was created; and those until then, from the day after that of the first stage.
    pub since_deal: ByTeam,
    pub nurture: ByTeam,
    /// Of them, those before the hand-off; all zero where the process was not handed over.
    pub before_handoff: ByTeam,
    /// Whether the process was handed over on a recorded day.
    pub handed: bool,
    /// How often the team of the touches changed, at least; `None` without a touch of a team.
    pub changes: Option<u32>,
    /// Whether the order of both teams' touches cannot be told on some day: the order with the fewest changes is taken.
    pub unordered: bool,
    /// Touches placed by their day alone on the day of a stage that has a time.
    pub by_day: ByTeam,
}

/// The touches of every process in the order of time, and what is needed to place them.
pub struct Mix<'a> {
    journeys: &'a Journeys,
    home: &'a Zone,
    /// When each row of `touches` took place.
    pub at: Cow<'a, [Stamp]>,
    /// Where the touches of each process begin in `rows`, and the end of the last.
    from: Vec<usize>,
    rows: Vec<u32>,
    /// The stage that comes with the deal's close, and those after it: the journey is over.
    pub ends: Vec<bool>,
    created: Cow<'a, [Stamp]>,
    closed: Cow<'a, [Stamp]>,
    /// The stage that hands over, by index.
    handoff: Option<usize>,
    /// Whether touches of marketing can be of a process without a person: no export has people, and some are of deals.
    no_people_needed: bool,
}

impl<'a> Mix<'a> {
    /// Puts the touches in order.
    pub fn new(
        tables: &'a Tables,
        contract: &Contract,
        journeys: &'a Journeys,
        home: &'a Zone,
        handoff: Option<usize>,
    ) -> Self {
        let (touches, deals) = (tables.get(Kind::Touches), tables.get(Kind::Deals));
        let at = touch_times(touches);
        let mut from = vec![0_usize; journeys.len() + 1];
        for process in journeys.touch_of.iter().filter(|of| **of != NONE) {
            from[*process as usize + 1] += 1;
        }
        for process in 0..journeys.len() {
            from[process + 1] += from[process];
        }
        let mut next = from.clone();
        let mut rows = vec![0_u32; from[journeys.len()]];
        for (row, process) in (0..).zip(&journeys.touch_of).filter(|(_, of)| **of != NONE) {
            let place = &mut next[*process as usize];
            rows[*place] = row;
            *place += 1;
        }
        let close = spells::close(contract);
        let mut mix = Self {
            journeys,
            home,
            at,
            from,
            rows,
            ends: (0..contract.stages.len()).map(|stage| close.is_some_and(|close| stage >= close)).collect(),
            created: deals.times("created_at"),
            closed: deals.times("closed_at"),
            handoff,
            no_people_needed: false,
        };
        let of_marketing = |(of, side): (&u32, &Option<Side>)| *of != NONE && *side == Some(Side::Marketing);
        mix.no_people_needed =
            tables.get(Kind::People).is_empty() && journeys.touch_of.iter().zip(&journeys.touch_side).any(of_marketing);
        let mut rows = std::mem::take(&mut mix.rows);
        for process in 0..journeys.len() {
            rows[mix.from[process]..mix.from[process + 1]].sort_unstable_by_key(|row| (mix.touched(*row), *row));
        }
        mix.rows = rows;
        mix
    }

    /// Whether both teams' touches can be known: a process that has a person of its own. Of a deal to which nobody is linked,
    /// or whose people began with an earlier one, only touches about the deal itself are seen.
    pub fn has_people(&self, process: usize) -> bool {
        self.journeys.people[process] > 0 || self.no_people_needed
    }

    /// Rows of `touches` of a process, in the order of time; of one day, those without a time of day last.
    pub fn touches(&self, process: usize) -> &[u32] {
        &self.rows[self.from[process]..self.from[process + 1]]
    }

    /// The last moment that a stamp may mean: the stamp itself, or the end of its day.
    pub fn last(&self, at: Stamp) -> i64 {
        match self.home.day(at) {
            Some(day) if at.is_date() => self.home.date(day + 1).utc_ms() - 1,
            _ => at.utc_ms(),
        }
    }

    fn touched(&self, row: u32) -> i64 {
        self.last(self.at[row as usize])
    }

    /// The last moment of the buying: of the deal's close, or before a stage that is an end.
    pub fn over(&self, process: usize) -> Option<i64> {
        if self.journeys.closed[process] != NO_DAY {
            return self.closed[process].some().map(|at| self.last(at));
        }
        let ends = self.ends.iter().zip(&self.journeys.stages).filter(|(end, _)| **end);
        ends.filter_map(|(_, stage)| stage[process].at.some()).map(|at| self.last(at)).min()
    }

    /// When the process's deal was created; `None` without one, or when nobody knows.
    fn deal_created(&self, process: usize) -> Option<Stamp> {
        if self.journeys.created[process] == NO_DAY { None } else { self.created[process].some() }
    }

    /// First moments of the stages in which time is spent, and the stages, in the contract's order.
    pub fn stages(&self, process: usize) -> Vec<(i64, usize)> {
        let stages = self.journeys.stages.iter().enumerate().filter(|(s, _)| !self.ends[*s]);
        stages.filter_map(|(s, stage)| Some((stage[process].at.some()?.utc_ms(), s))).collect()
    }

    /// Where a touch lies.
    pub fn place(&self, row: u32, stages: &[(i64, usize)], over: Option<i64>) -> Place {
        let at = self.at[row as usize];
        if at.is_none() {
            return Place::Unknown;
        }
        if over.is_some_and(|over| at.utc_ms() > over) {
            return Place::After;
        }
        if stages.is_empty() {
            return Place::Unknown;
        }
        Self::stage_by(self.last(at), stages)
    }

    fn stage_by(moment: i64, stages: &[(i64, usize)]) -> Place {
        stages.iter().rfind(|(from, _)| *from <= moment).map_or(Place::Before, |(_, stage)| Place::Stage(*stage))
    }

    /// Whether a process was never in a stage that it reached at a moment: its end came before.
    fn was_over(&self, process: usize, stage: usize, from: i64) -> bool {
        let inferred = self.journeys.stages[stage][process].how == How::Inferred;
        let ends = self.ends.iter().zip(&self.journeys.stages).filter(|(end, _)| **end);
        ends.filter_map(|(_, end)| end[process].at.some())
            .any(|end| if inferred { end.utc_ms() <= from } else { self.last(end) <= from })
    }

    /// Number of places: before, each stage, after, unknown.
    pub fn places(&self) -> usize {
        self.ends.len() + 3
    }

    /// The index of a place.
    pub fn index(&self, place: Place) -> usize {
        match place {
            Place::Before => 0,
            Place::Stage(stage) => stage + 1,
            Place::After => self.ends.len() + 1,
            Place::Unknown => self.ends.len() + 2,
        }
    }

    /// When the process was handed over, by a record of its own.
    fn handed(&self, process: usize) -> Option<Stamp> {
        let reached = self.journeys.stages[self.handoff?][process];
        if reached.how == How::Recorded { reached.at.some() } else { None }
    }

    /// Tells one process.
    pub fn tell(&self, process: usize) -> Told {
        let places = self.places();
        let touches = vec![[0; 3]; places];
        let mut told = Told { early: touches.clone(), touches, was: vec![false; places], ..Told::default() };
        let (stages, over) = (self.stages(process), self.over(process));
        for (index, (from, stage)) in stages.iter().enumerate() {
            let left =
                stages[index + 1..].iter().any(|(later, _)| later <= from) || self.was_over(process, *stage, *from);
            told.was[stage + 1] = !left && over.is_none_or(|over| *from <= over);
        }
        let first = self.journeys.stages.iter().enumerate().filter(|(s, _)| !self.ends[*s]);
        let first = first.filter_map(|(_, stage)| stage[process].day()).min();
        let created = self.deal_created(process);
        let handed = self.handed(process);
        told.handed = handed.is_some();
        for row in self.touches(process) {
            let (at, last) = (self.at[*row as usize], self.touched(*row));
            let of = team(self.journeys.touch_side[*row as usize]);
            let place = self.place(*row, &stages, over);
            told.touches[self.index(place)][of] += 1;
            told.was[self.index(place)] = true;
            let in_stage = matches!(place, Place::Stage(_));
            let early = if in_stage { Self::stage_by(at.utc_ms(), &stages) } else { place };
            told.early[self.index(early)][of] += 1;
            if place == Place::After || at.is_none() {
                continue;
            }
            told.journey[of] += 1;
            told.by_day[of] += u32::from(early != place);
            let dealt = created.is_some_and(|created| created.utc_ms() <= last);
            if dealt {
                told.since_deal[of] += 1;
            } else if first.zip(self.home.day(at)).is_some_and(|(first, day)| first < day) {
                told.nurture[of] += 1;
            }
            if handed.is_some_and(|handed| last < handed.utc_ms()) {
                told.before_handoff[of] += 1;
            }
        }
        (told.changes, told.unordered) = self.changes(process, over);
        told
    }

    /// Days and teams of the touches of the journey, in order.
    fn days(&self, process: usize, over: Option<i64>) -> impl Iterator<Item = (i32, Stamp, Option<Side>)> + '_ {
        self.touches(process).iter().filter_map(move |row| {
            let at = self.at[*row as usize];
            let in_time = over.is_none_or(|over| at.utc_ms() <= over);
            let day = self.home.day(at).filter(|_| in_time)?;
            Some((day, at, self.journeys.touch_side[*row as usize]))
        })
    }

    /// How often the team changes. Touches whose order cannot be told (of one moment, or of one day on which one has no
    /// time) stand in the order with the fewest changes: the team that was there before goes first.
    fn changes(&self, process: usize, over: Option<i64>) -> (Option<u32>, bool) {
        let touches: Vec<(i32, Stamp, Side)> =
            self.days(process, over).filter_map(|(day, at, side)| Some((day, at, side?))).collect();
        let (mut changes, mut unordered) = (0, false);
        // The team that the journey is with; `None` before the first, and while nobody can tell.
        let mut with: Option<Side> = None;
        for day in touches.chunk_by(|a, b| a.0 == b.0) {
            let whole = day.iter().any(|(_, at, _)| at.is_date());
            for moment in day.chunk_by(|a, b| whole || a.1 == b.1) {
                let first = moment[0].2;
                if moment.iter().all(|(_, _, side)| *side == first) {
                    changes += u32::from(with.is_some_and(|with| with != first));
                    with = Some(first);
                } else {
                    unordered = true;
                    changes += 1;
                    with = with.map(other);
                }
            }
        }
        (if touches.is_empty() { None } else { Some(changes) }, unordered)
    }

    /// The longest silence around the hand-off: of the time from marketing's last touch on or before the day it was
    /// handed over (else from that day) to the first sales touch at or after it, the longest number of calendar days
    /// between one touch, of anybody, and the next.
    pub fn silence(&self, process: usize) -> Silence {
        let over = self.over(process);
        let Some(handed) = self.handed(process).filter(|at| over.is_none_or(|over| at.utc_ms() <= over)) else {
            return Silence::NotHanded;
        };
        let Some(day) = self.home.day(handed) else { return Silence::NotHanded };
        let mut touches: Vec<(i32, Stamp, Option<Side>)> = self.days(process, over).collect();
        touches.sort_unstable_by_key(|(day, ..)| *day);
        let after = |at: Stamp| handed.utc_ms() <= self.last(at);
        let sales = touches.iter().filter(|(_, at, side)| *side == Some(Side::Sales) && after(*at)).map(|t| t.0).min();
        let Some(until) = sales else { return Silence::NoSales };
        let before = touches.iter().filter(|(d, _, side)| *side == Some(Side::Marketing) && *d <= day);
        let from = before.map(|t| t.0).max().unwrap_or(day);
        let (mut last, mut longest) = (from, 0);
        for (day, ..) in touches.iter().filter(|(d, ..)| (from..=until).contains(d)) {
            longest = longest.max(day - last);
            last = *day;
        }
        Silence::Days(longest)
    }

    /// How much of a won deal's journey was over at the first sales touch.
    pub fn pre_sales(&self, process: usize) -> PreSales {
        let closed = self.journeys.closed[process];
        if self.journeys.outcome[process] != Outcome::Won || closed == NO_DAY {
            return PreSales::NotWon;
        }
        // By team: the first day, whether a touch of that day has no time, and the first one that has.
        let mut first: [Option<(i32, bool, Option<Stamp>)>; 2] = [None; 2];
        for (day, at, side) in self.days(process, self.over(process)) {
            let Some(first) = first.get_mut(team(side)) else { continue };
            let (known, whole, timed) = first.filter(|(known, ..)| *known <= day).unwrap_or((day, false, None));
            *first = Some(match (known < day, at.is_date()) {
                (true, _) => (known, whole, timed),
                (false, true) => (known, true, timed),
                (false, false) => (known, whole, Some(timed.map_or(at, |timed| timed.earlier(at)))),
            });
        }
        let [Some((marketing, m_whole, m)), Some((sales, s_whole, s))] = first else { return PreSales::OneTeam };
        let sales_first =
            sales < marketing || (sales == marketing && !m_whole && s.is_some_and(|s| m.is_some_and(|m| s < m)));
        if sales_first {
            return PreSales::SalesFirst;
        }
        if closed <= marketing {
            return PreSales::NoTime;
        }
        let marketing_first = sales > marketing || (!s_whole && m.is_some_and(|m| s.is_some_and(|s| m <= s)));
        if !marketing_first {
            return PreSales::NoOrder;
        }
        PreSales::Share(sales - marketing, closed - marketing)
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Marketing => Side::Sales,
        Side::Sales => Side::Marketing,
    }
}
