//! What every report asks of what was loaded: its facts, days, maturity, and the notes that belong to all.
//!
//! In: [`Data`]. Out: facts, days and sentences.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Data, day};
use crate::catalogue::formula::uses;
use crate::cli::SliceArgs;
use crate::facts::Facts;
use crate::identity::Method;
use crate::issue::{Issue, Issues, Place};
use crate::journey::{self, NO_DAY};
use crate::output::number;
use crate::report::Report;
use crate::report::asked::Asked;
use crate::stats::quantile::quantile;
use crate::tables::Kind;
use crate::time::{date_of, day_of};

/// Days without any new record after which the exports seem to have ended.
const QUIET: i32 = 7;
/// Days of a year with a record, below which nobody can say how long a pause is usual.
const ENOUGH: usize = 10;

impl Data {
    /// The facts that conditions and measures see.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            tables: &self.tables,
            journeys: &self.journeys,
            who: &self.who,
            contract: &self.session.contract,
            home: &self.session.home,
            as_of: day_of(self.session.as_of),
            read: &self.read,
        }
    }

    /// The first and last day that count: the flags, else from the first day in the data to as-of.
    ///
    /// # Errors
    /// A wrong day, or a first day after the last.
    pub fn days(&self, slice: &SliceArgs) -> Result<(i32, i32)> {
        let as_of = day_of(self.session.as_of);
        let to = slice.to.as_deref().map(|text| day("to", text)).transpose()?.map_or(as_of, |d| day_of(d).min(as_of));
        let from = match slice.from.as_deref() {
            Some(text) => day_of(day("from", text)?),
            // Ledgers have months: a first day within one would cut it.
            None => self.first_day().map_or(to, |day| day_of(date_of(day).first_of_month())).min(to),
        };
        if from > to {
            return Err(Issues::from(
                Issue::usage(Place::file("--from"), format!("{} is after {}", date_of(from), date_of(to)))
                    .hint("the range ends at --to, and at the latest at as-of"),
            )
            .into());
        }
        Ok((from, to))
    }

    fn first_day(&self) -> Option<i32> {
        let j = &self.journeys;
        let processes = (0..j.len()).filter_map(|at| {
            let known = |day: i32| (day != NO_DAY).then_some(day);
            let stages = j.stages.iter().filter_map(move |stage| stage[at].day());
            stages.chain([known(j.created[at]), known(j.closed[at])].into_iter().flatten()).min()
        });
        let ledgers = [Kind::Spend, Kind::Headcount, Kind::Revenue].into_iter().flat_map(|kind| {
            self.tables.get(kind).times("date").iter().filter_map(|at| self.session.home.day(*at)).collect::<Vec<_>>()
        });
        processes.chain(ledgers).min()
    }

    /// What was read and lies outside the days that count; `None` when nothing does.
    pub fn outside(&self, (from, to): (i32, i32)) -> Option<String> {
        let count = |days: &mut dyn Iterator<Item = Option<i32>>| {
            days.fold((0_u64, 0_u64), |(before, after), day| {
                (before + u64::from(day.is_some_and(|d| d < from)), after + u64::from(day.is_some_and(|d| d > to)))
            })
        };
        let j = &self.journeys;
        let (began, begins) = count(&mut (0..j.len()).map(|at| j.entered(at)));
        let mut parts = Vec::new();
        if began + begins > 0 {
            parts.push(format!("{began} buying processes that began before and {begins} later"));
        }
        for kind in [Kind::Spend, Kind::Headcount, Kind::Revenue] {
            let times = self.tables.get(kind).times("date");
            let (before, after) = count(&mut times.iter().map(|at| self.session.home.day(*at)));
            if before + after > 0 {
                parts.push(format!("{} rows of {}", before + after, kind.id()));
            }
        }
        let days = format!("{} to {}", date_of(from), date_of(to));
        (!parts.is_empty()).then(|| format!("Read, and outside {days}: {}.", parts.join(", ")))
    }

    /// Refuses a breakdown that nobody could read and that would fill the memory.
    ///
    /// # Errors
    /// A usage issue with the numbers.
    pub fn not_too_many(&self, by: &[String], rows_per_segment: usize) -> Result<()> {
        const LIMIT: usize = 2_000_000;
        let segments = if by.is_empty() { 1 } else { self.facts().segments(by)?.0.len() };
        if segments.saturating_mul(rows_per_segment) <= LIMIT {
            return Ok(());
        }
        Err(Issue::usage(
            Place::file("--by"),
            format!("{} has {segments} values, and so {} rows", by.join(","), segments * rows_per_segment),
        )
        .hint("break down by a column with fewer values, or narrow with --metric, --where or a longer --period")
        .into())
    }

    /// The columns of `--by` and `--where` that exports hold only as they are now, as a note where as-of is earlier than the
    /// exports.
    pub fn as_they_are_now(&self, by: &[String], condition: Option<&str>) -> Option<String> {
        let (taken, as_of) = (self.session.contract.as_of?, self.session.as_of);
        let used = by.iter().cloned().chain(condition.map(uses).unwrap_or_default());
        let mut names: Vec<String> = used
            .filter(|name| {
                let j = &self.journeys;
                j.segments.contains_key(name) || j.numbers.contains_key(name) || name == "amount"
            })
            .collect();
        names.sort();
        names.dedup();
        (as_of < taken && !names.is_empty()).then(|| {
            format!(
                "{}: as the exports of {taken} hold it, not as of {as_of}; stages and statuses that have changed since are blank.",
                names.join(", ")
            )
        })
    }

    /// The stages that no export shows, as a note.
    pub fn unseen_stages(&self) -> Option<String> {
        let stages = self.session.contract.stages.iter().zip(&self.journeys.seen);
        let titles: Vec<&str> = stages.filter(|(_, seen)| !**seen).map(|(stage, _)| stage.title.as_str()).collect();
        (!titles.is_empty()).then(|| {
            format!("No export shows when these stages were reached, so they are left out: {}.", titles.join(", "))
        })
    }

    /// Why a stage is missing, by its index in the contract: no export shows it.
    pub fn unseen(&self, stage: usize) -> Option<String> {
        let title = &self.session.contract.stages[stage].title;
        (!self.journeys.seen[stage]).then(|| format!("no export shows when {title} was reached"))
    }

    /// The last day of anything in the exports, up to as-of.
    pub fn last_day(&self) -> Option<i32> {
        let (j, as_of) = (&self.journeys, day_of(self.session.as_of));
        let processes = (0..j.len()).flat_map(|at| {
            let stages = j.stages.iter().filter_map(move |stage| stage[at].day());
            stages.chain([j.created[at], j.closed[at]])
        });
        let ledgers = [Kind::Spend, Kind::Headcount, Kind::Revenue].into_iter().flat_map(|kind| {
            self.tables.get(kind).times("date").iter().filter_map(|at| self.session.home.day(*at)).collect::<Vec<_>>()
        });
        processes.chain(ledgers).filter(|day| *day != NO_DAY && *day <= as_of).max()
    }

    /// The day of a table's newest record, up to as-of; a month stands for all of its days. `None` where no record has a day.
    pub fn newest(&self, kind: Kind) -> Option<i32> {
        let (table, as_of) = (self.tables.get(kind), day_of(self.session.as_of));
        let days = table.began().into_iter().filter_map(|at| self.session.home.day(at)).filter(|day| *day <= as_of);
        let end = |day: i32| if table.monthly { day_of(date_of(day).last_of_month()).min(as_of) } else { day };
        days.max().map(end)
    }

    /// The same by system that wrote it, in order of their names.
    pub fn newest_by_system(&self, kind: Kind) -> Vec<(&str, i32)> {
        let (table, as_of) = (self.tables.get(kind), day_of(self.session.as_of));
        let mut newest: BTreeMap<&str, i32> = BTreeMap::new();
        for (at, origin) in table.began().into_iter().zip(&table.origin) {
            let Some(day) = self.session.home.day(at).filter(|day| *day <= as_of) else { continue };
            let Some(file) = self.files.get(origin.file() as usize) else { continue };
            let end = if table.monthly { day_of(date_of(day).last_of_month()).min(as_of) } else { day };
            let known = newest.entry(&file.system).or_insert(end);
            *known = end.max(*known);
        }
        newest.into_iter().collect()
    }

    /// The newest record of people, or of deals where there are no people, where the exports seem to end before as-of:
    /// nothing new for more than a week, and for longer than ever in the year before.
    pub fn ends_early(&self) -> Option<(Kind, i32)> {
        let as_of = day_of(self.session.as_of);
        let (kind, newest) =
            [Kind::People, Kind::Deals].into_iter().find_map(|kind| Some((kind, self.newest(kind)?)))?;
        if as_of - newest <= QUIET {
            return None;
        }
        let days = self.tables.get(kind).began().into_iter().filter_map(|at| self.session.home.day(at));
        let mut days: Vec<i32> = days.filter(|day| (newest - 365..=newest).contains(day)).collect();
        days.sort_unstable();
        days.dedup();
        let longest = days.windows(2).map(|pair| pair[1] - pair[0]).max()?;
        (days.len() >= ENOUGH && as_of - newest > longest).then_some((kind, newest))
    }

    /// The same as a note.
    pub fn ended(&self) -> Option<String> {
        let (kind, day) = self.ends_early()?;
        let (day, as_of) = (date_of(day), self.session.as_of);
        Some(format!(
            "The newest record of {} is of {day}, {} days before as-of, {as_of}: what happened in between is not known here, \
             and is no zero. If the exports were taken then, say --as-of {day}.",
            kind.id(),
            day_of(as_of) - day_of(day)
        ))
    }

    /// The last day of which the exports can know anything: as-of, but where they seem to end before it the day of the newest
    /// record of anything. What is after it is not known, and no zero.
    pub fn known_until(&self) -> i32 {
        let as_of = day_of(self.session.as_of);
        if self.ends_early().is_none() {
            return as_of;
        }
        let newest = Kind::ALL.into_iter().filter_map(|kind| self.newest(kind));
        newest.chain(self.last_day()).max().unwrap_or(as_of)
    }

    /// How many processes passed a stage without a record of it; `None` when all are recorded.
    pub fn inferred(&self, stage: &str) -> Option<String> {
        let at = self.session.contract.stages.iter().position(|s| s.id.value == stage)?;
        let reached = &self.journeys.stages[at];
        let inferred = reached.iter().filter(|r| r.how == journey::How::Inferred).count();
        let dated = reached.iter().filter(|r| r.day().is_some()).count();
        (inferred > 0).then(|| {
            format!(
                "{}: {inferred} of {dated} skipped the stage and are dated by the earliest later evidence; \
                 --where {stage}_recorded leaves them out.",
                self.session.contract.stages[at].title
            )
        })
    }

    /// Days after which a cohort is mature: the contract's, else the 90th percentile of the days from entry to won.
    pub fn mature_after(&self) -> Option<i32> {
        if let Some(days) = self.session.contract.mature_after_days {
            return i32::try_from(days).ok();
        }
        let j = &self.journeys;
        let mut days: Vec<i32> = (0..j.len())
            .filter(|at| j.outcome[*at] == journey::Outcome::Won && j.closed[*at] != NO_DAY)
            // One that began with its win took no time that anybody saw.
            .filter(|at| j.entry(*at).is_some_and(|entry| entry + 1 < j.stages.len()))
            .filter_map(|at| j.entered(at).map(|entered| j.closed[at] - entered))
            // A win before the beginning says nothing about how long one takes.
            .filter(|days| *days >= 0)
            .collect();
        #[allow(clippy::cast_possible_truncation)] // days
        quantile(&mut days, 0.9).map(|days| days.ceil() as i32)
    }

    /// A report without tables yet: who asked, as of when, from which files.
    pub fn report(&self, id: &str, title: &str) -> Report {
        let contract = &self.session.contract;
        Report {
            id: id.to_string(),
            title: title.to_string(),
            as_of: Some(self.session.as_of),
            asked: Asked::default(),
            company: contract.name.clone(),
            contract: contract.source_name.clone(),
            contract_hash: contract.short_hash().to_string(),
            currency: contract.currency.clone(),
            inputs: self.files.iter().map(|f| f.input.clone()).collect(),
            tables: Vec::new(),
            notes: Vec::new(),
            tiles: Vec::new(),
            charts: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// What every reader has to know about the links and the oddities, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(self.ended());
        let deals = self.tables.get(Kind::Deals).len();
        if deals > 0 {
            let methods: Vec<String> = self
                .who
                .methods()
                .into_iter()
                .map(|(method, n)| match method {
                    Method::Nobody => format!("{n} without a person"),
                    Method::Later => format!("{n} whose people began with an earlier deal"),
                    other => format!("{n} by {}", other.id()),
                })
                .collect();
            let found = number::of(deals as u64, "deal found its people", "deals found their people");
            notes.push(format!("{found}: {}.", methods.join(", ")));
        }
        notes.extend(self.who.refused.iter().map(|(what, n)| format!("Not linked: {n} × {what}.")));
        notes.extend(self.journeys.oddities.iter().map(|(what, n)| format!("Kept and counted: {n} × {what}.")));
        let same: u64 = self
            .files
            .iter()
            .flat_map(|f| &f.input.set_aside)
            .filter(|(why, _)| why.starts_with("same "))
            .map(|(_, n)| n)
            .sum();
        if same > 0 {
            notes.push(format!("Set aside: {same} × a row that is there twice; `inspect` says where."));
        }
        for file in &self.files {
            for (column, n) in &file.no_numbers {
                notes.push(format!("Taken as missing: {n} × no number in column {column} of {}.", file.input.path));
            }
        }
        for kind in [Kind::Spend, Kind::Headcount] {
            let table = self.tables.get(kind);
            let of_neither = |code: &&u32| !matches!(self.tables.names.text(**code), Some("marketing" | "sales"));
            let n = table.codes("team").iter().filter(of_neither).count();
            if n > 0 {
                notes.push(format!("In no figure: {n} × {} of neither marketing nor sales.", kind.id()));
            }
        }
        for file in self.files.iter().filter(|f| f.input.table.is_none()) {
            let reason = match file.input.set_aside.first() {
                Some((reason, _)) if file.input.preset.is_some() => reason,
                _ => &file.why,
            };
            notes.push(format!("{} was not used: {}.", file.input.path, reason.trim_end_matches('.')));
        }
        notes
    }
}
