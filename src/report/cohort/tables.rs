//! The tables of `cohort`: the triangle, eventual conversion, and the tidy one.

use std::collections::BTreeMap;

use super::count::{Aged, Group, Key};
use super::{shown, too_small};
use crate::calendar::Periods;
use crate::cli::Age;
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::output::number;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::stats::interval::wilson;
use crate::stats::survival::{Estimate, MIN_N};
use crate::time::{date_of, day_of};

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 34] = [
    "cohort",
    "cohort_start: date",
    "cohort_end: date",
    "segment",
    "age",
    "age_days: number",
    "n: number",
    "observed: number",
    "whole_cohort_observed: flag",
    "converted: number",
    "lost: number",
    "open: number",
    "converted_before_start: number",
    "share: number",
    "share_low: number",
    "share_high: number",
    "at_risk: number",
    "cif: number",
    "ci_low: number",
    "ci_high: number",
    "variance: number",
    "status",
    "median_days: number",
    "median_days_of_all: number",
    "mature: flag",
    "start_stage",
    "end_stage",
    "age_unit",
    "age_unit_days: number",
    "estimator",
    "as_of: date",
    "currency",
    "contract_hash",
    "partial: flag",
];

/// The row of a cohort that speaks of all that is known, whatever the age.
const EVENTUAL: &str = "eventual";

/// Cohorts and ages shown to people at 80 columns; machines get all.
const COHORTS: usize = 12;
const AGES: usize = 8;

/// Which tidy columns are what is missing where no export shows a stage.
const N: usize = 6;
const OBSERVED: usize = 7;
const FIGURES: std::ops::Range<usize> = 9..21;
const MEDIANS: std::ops::Range<usize> = 22..24;

/// Marks an estimate, because younger ones of the cohort were not followed so long, and one that will still rise.
const YOUNG: &str = "*";

/// Marks a share of few.
const FEW_MARK: &str = "†";

/// What the tables are made from.
pub struct View<'a> {
    pub data: &'a Data,
    pub periods: &'a Periods,
    pub by: &'a [String],
    pub segments: &'a [Segment],
    pub start: usize,
    pub end: usize,
    pub age: Age,
    pub groups: &'a BTreeMap<Key, Group>,
    /// Why nobody can be followed from the first stage, or to the second: no export shows it.
    pub unseen: &'a [Option<String>; 2],
}

/// A row for people: its name, its cohort, and who is in it.
type Line<'a> = (String, Option<usize>, &'a Group);

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn part(k: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| k as f64 / n as f64)
}

fn plain(value: Option<f64>, why: &str) -> Cell {
    value.map_or_else(|| Cell::Missing(why.into()), |v| Cell::Number(v, Unit::Number))
}

fn marked(value: f64, mark: &str) -> Cell {
    Cell::text(format!("{}{mark}", number::people(value, Unit::Share)))
}

impl View<'_> {
    fn title(&self, stage: usize) -> &str {
        &self.data.session.contract.stages[stage].title
    }

    /// Why nothing is known of who converted.
    fn blind(&self) -> Option<Cell> {
        self.unseen.iter().flatten().next().map(|why| Cell::Missing(why.clone()))
    }

    /// How many began; missing where no export shows who did.
    fn began(&self, n: u64) -> Cell {
        self.unseen[0].as_ref().map_or_else(|| Cell::count(n), |why| Cell::Missing(why.clone()))
    }

    fn as_of(&self) -> i32 {
        day_of(self.data.session.as_of)
    }

    /// First and last day of a cohort, or of all.
    fn days(&self, period: Option<usize>) -> (i32, i32) {
        let Periods { from, to, all, .. } = self.periods;
        period.map_or((*from, *to), |p| (all[p].start, all[p].end))
    }

    fn mature(&self, period: Option<usize>) -> Option<bool> {
        let end = self.days(period).1;
        self.data.mature_after().map(|days| self.as_of() - end >= days)
    }

    /// Whether the curve is too short to call its end eventual.
    fn short(&self, group: &Group) -> bool {
        let last = group.curve.last().map_or(0, |(day, _)| day);
        self.data.mature_after().is_some_and(|days| last < days && !group.curve.is_closed())
    }

    /// The rows for people: the last cohorts and all of them, or the segments and all of them.
    fn rows(&self) -> (Vec<Line<'_>>, usize) {
        let mut rows = Vec::new();
        let mut hidden = 0;
        if self.by.is_empty() {
            let cohorts: Vec<_> = self.groups.iter().filter_map(|((_, p), g)| p.map(|p| (p, g))).collect();
            hidden = cohorts.len().saturating_sub(COHORTS);
            rows.extend(cohorts[hidden..].iter().map(|(p, g)| (self.periods.label(*p), Some(*p), *g)));
        } else {
            let segments = self.groups.iter().filter_map(|((s, p), g)| s.filter(|_| p.is_none()).map(|s| (s, g)));
            rows.extend(segments.map(|(s, g)| (segment_text(self.by, &self.segments[s]), None, g)));
        }
        rows.extend(self.groups.get(&(None, None)).map(|g| ("All".to_string(), None, g)));
        (rows, hidden)
    }

    fn first_column(&self) -> Column {
        if self.by.is_empty() { Column::left("cohort", "Cohort") } else { Column::left("segment", self.by.join(", ")) }
    }

    fn more(&self, hidden: usize) -> String {
        let kind = self.periods.kind.id();
        match (self.by.is_empty(), hidden) {
            (true, 0) => format!(", by {kind} of {}", self.title(self.start)),
            (true, _) => format!(", by {kind} of {}; {hidden} earlier in machine formats", self.title(self.start)),
            (false, _) => format!(", by {}; every {kind} in machine formats", self.by.join(", ")),
        }
    }

    /// The ages for people: all, or those that people ask for.
    fn shown_ages(&self) -> Vec<usize> {
        let last = self.groups.get(&(None, None)).map_or(0, |g| g.ages.len());
        let asked: [usize; AGES] = match self.age {
            Age::Month => [1, 2, 3, 6, 9, 12, 18, 24],
            Age::Week => [1, 2, 4, 8, 13, 26, 39, 52],
            Age::Quarter => [1, 2, 3, 4, 5, 6, 7, 8],
        };
        if last <= AGES { (1..=last).collect() } else { asked.into_iter().filter(|age| *age <= last).collect() }
    }

    /// Of a cohort that was followed for so long the plain share, and otherwise the estimate: shares of only those who are
    /// old enough are of other people at every age, and can fall.
    pub fn triangle(&self) -> Table {
        let ages = self.shown_ages();
        let mut columns = vec![self.first_column(), Column::right("n", "n")];
        let length = usize::try_from(self.age.days()).unwrap_or(1);
        columns.extend(ages.iter().map(|age| Column::right(format!("age_{age}"), format!("{} d", age * length))));
        let (rows, hidden) = self.rows();
        let rows = rows.into_iter().map(|(name, _, group)| {
            let mut cells = vec![Cell::text(name), self.began(group.n)];
            cells.extend(ages.iter().map(|age| {
                if let Some(blind) = self.blind() {
                    return blind;
                }
                let Aged { observed, converted, .. } = group.ages.get(age - 1).copied().unwrap_or_default();
                let days = self.age.days().saturating_mul(i32::try_from(*age).unwrap_or(i32::MAX));
                match (part(converted, observed).filter(|_| observed == group.n), group.curve.at(days)) {
                    (Some(share), _) => marked(share, if group.n < MIN_N { FEW_MARK } else { "" }),
                    (None, Some(estimate)) => marked(estimate.cif, YOUNG),
                    (None, None) => Cell::Missing("too few were followed for so long".into()),
                }
            }));
            cells
        });
        let rows = rows.collect();
        let title = format!("Share that reached {} within so many days{}", self.title(self.end), self.more(hidden));
        Table { id: "triangle".into(), title, audience: Audience::People, columns, rows }
    }

    pub fn eventual(&self) -> Table {
        let mut columns = vec![
            self.first_column(),
            Column::right("n", "n"),
            Column::right("converted", "Reached"),
            Column::right("lost", "Lost"),
            Column::right("open", "Open"),
            Column::right("share", "So far"),
            Column::right("cif", "Eventual"),
            Column::right("interval", "95 % interval"),
            Column::right("followed", "By day"),
            Column::right("median_days", "Median days"),
        ];
        // Segments are of all cohorts together.
        let by_cohort = self.by.is_empty();
        columns.extend(by_cohort.then(|| Column::left("mature", "Mature")));
        let (rows, _) = self.rows();
        let rows = rows.into_iter().map(|(name, period, group)| {
            let last = group.curve.last();
            let short = self.short(group);
            let bounds = last.and_then(|(_, estimate)| estimate.bounds());
            let median = group.curve.quantile_of_converted(0.5).filter(|_| !short);
            let mut cells = vec![
                Cell::text(name),
                Cell::count(group.n),
                Cell::count(group.converted),
                Cell::count(group.lost),
                Cell::count(group.n - group.converted - group.lost),
                part(group.converted, group.n).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share)),
                last.map_or_else(Cell::none, |(_, estimate)| marked(estimate.cif, if short { YOUNG } else { "" })),
                bounds.map_or_else(Cell::none, |(low, high)| Cell::text(number::interval(low, high))),
                last.map_or_else(Cell::none, |(day, _)| Cell::Number(f64::from(day), Unit::Number)),
                median.map_or_else(Cell::none, |day| Cell::Number(f64::from(day), Unit::Days)),
            ];
            if let Some(blind) = self.blind() {
                cells[1] = self.began(group.n);
                cells[2..].fill(blind);
            }
            if by_cohort {
                let mature = period.and_then(|_| self.mature(period));
                cells.push(mature.map_or_else(Cell::none, |m| Cell::text(if m { "yes" } else { "no" })));
            }
            cells
        });
        let title = format!("Eventual conversion to {}, with losses as competing events", self.title(self.end));
        Table { id: "eventual".into(), title, audience: Audience::People, columns, rows: rows.collect() }
    }

    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        for ((segment, period), group) in self.groups {
            let segment = segment.map_or_else(String::new, |s| segment_text(self.by, &self.segments[s]));
            for (at, aged) in group.ages.iter().enumerate() {
                let age = at + 1;
                let days = i32::try_from(age).unwrap_or(i32::MAX).saturating_mul(self.age.days());
                let estimate = group.curve.at(days);
                rows.push(self.tidy_row(&segment, *period, group, &age.to_string(), Some(days), *aged, estimate));
            }
            let all = Aged { observed: group.n, converted: group.converted, lost: group.lost };
            let last = group.curve.last();
            let (day, estimate) = (last.map(|(day, _)| day), last.map(|(_, estimate)| estimate));
            rows.push(self.tidy_row(&segment, *period, group, EVENTUAL, day, all, estimate));
        }
        Table { id: "cohort_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    #[allow(clippy::too_many_arguments)] // one row
    fn tidy_row(
        &self,
        segment: &str,
        period: Option<usize>,
        group: &Group,
        age: &str,
        days: Option<i32>,
        seen: Aged,
        estimate: Option<Estimate>,
    ) -> Vec<Cell> {
        let contract = &self.data.session.contract;
        let (start, end) = self.days(period);
        let eventual = age == EVENTUAL;
        #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
        let interval = wilson(seen.converted as f64, seen.observed as f64);
        let bounds = estimate.and_then(Estimate::bounds);
        let few = group.n < MIN_N;
        let why = if few { "too_few" } else { "not_followed_so_long" };
        let status = match estimate {
            _ if self.blind().is_some() => "no_source",
            None => why,
            Some(_) if eventual && self.short(group) => "young",
            Some(_) => "ok",
        };
        let whole = (!eventual).then_some(seen.observed == group.n);
        let ends = "nobody or everybody has converted: no bounds";
        let per_group = |day: Option<i32>| {
            plain(day.filter(|_| eventual && !self.short(group)).map(f64::from), "not reached by then, or too young")
        };
        let mut cells = vec![
            Cell::text(period.map_or("total", |p| self.periods.all[p].label.as_str())),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(segment),
            Cell::text(age),
            plain(days.map(f64::from), "nobody was followed"),
            Cell::count(group.n),
            Cell::count(seen.observed),
            whole.map_or_else(Cell::none, Cell::Flag),
            Cell::count(seen.converted),
            Cell::count(seen.lost),
            Cell::count(seen.observed - seen.converted - seen.lost),
            Cell::count(group.before),
            plain(part(seen.converted, seen.observed), "nobody"),
            plain(interval.map(|(low, _)| low), "nobody"),
            plain(interval.map(|(_, high)| high), "nobody"),
            days.map_or_else(Cell::none, |days| Cell::count(group.curve.at_risk(days))),
            plain(estimate.map(|e| e.cif), why),
            plain(bounds.map(|(low, _)| low), if estimate.is_some() { ends } else { why }),
            plain(bounds.map(|(_, high)| high), if estimate.is_some() { ends } else { why }),
            plain(estimate.map(|e| e.variance), why),
            Cell::text(status),
            per_group(group.curve.quantile_of_converted(0.5)),
            per_group(group.curve.quantile(0.5)),
            self.mature(period).map_or_else(Cell::none, Cell::Flag),
            Cell::text(&contract.stages[self.start].id.value),
            Cell::text(&contract.stages[self.end].id.value),
            Cell::text(self.age.id()),
            Cell::count(u64::try_from(self.age.days()).unwrap_or(0)),
            Cell::text("aalen_johansen"),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
            Cell::Flag(period.is_some_and(|p| self.periods.is_partial(p))),
        ];
        if let Some(blind) = self.blind() {
            cells[N] = self.began(group.n);
            cells[OBSERVED] = self.began(seen.observed);
            cells[FIGURES].fill(blind.clone());
            cells[MEDIANS].fill(blind);
        }
        cells
    }

    /// What the tables mean.
    pub fn notes(&self) -> Vec<String> {
        let (start, end) = (self.title(self.start), self.title(self.end));
        let as_of = shown(self.as_of());
        let mut notes = vec![
            format!(
                "Days are counted from {start}, recorded or inferred, up to {as_of}. A share is of the whole cohort; \
                 {YOUNG} marks an estimate, as younger ones were not followed so long, and a dash is where too few \
                 were. The machine formats have the plain shares of those old enough as well."
            ),
            format!(
                "Eventual: by Aalen–Johansen, up to the last day on which {MIN_N} were followed, or fewer who each stand for \
                 at most two (By day), and not beyond. Who is lost, on the deal's close date, can no longer reach {end}; everybody else without it stays at risk until as-of, also \
                 who was turned down without a deal. On one day events come before those who are merely no longer seen."
            ),
            "The variance is Greenwood's for competing events (delta method), the 95 % bounds pointwise by log(−log). \
             Median days: by then half of those had converted who do by the last day followed."
                .to_string(),
        ];
        if let Some(days) = self.data.mature_after() {
            notes.push(format!(
                "A cohort is mature {days} days after its end. {YOUNG} marks an estimate that ends before day {days}: \
                 it is not eventual yet, and has no median."
            ));
        }
        notes
    }

    /// How many groups are too small for an estimate.
    pub fn small(&self) -> Option<String> {
        let cohorts: Vec<&Group> = self.groups.iter().filter(|((_, p), _)| p.is_some()).map(|(_, g)| g).collect();
        too_small(&cohorts)
    }
}
