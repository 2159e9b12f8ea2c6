//! From a command line to the buying processes: the first half of every report.
//!
//! In: inputs, as-of, the clock. Out: a [`Session`] (contract, files, days) and what it loads ([`Data`]).

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::civil::Date;

use crate::Env;
use crate::catalogue::Catalogue;
use crate::catalogue::formula::uses;
use crate::cli::{InputArgs, OutputArgs, SliceArgs};
use crate::contract::Contract;
use crate::facts::Facts;
use crate::identity::{self, Identity, Method};
use crate::ingest::{self, BadRows, FileFacts, Given, Limit, Reading, Reject};
use crate::issue::{Issue, Issues, Place};
use crate::journey::{self, Journeys, NO_DAY};
use crate::output::{Target, number};
use crate::progress::Step;
use crate::report::Report;
use crate::stats::quantile::quantile;
use crate::tables::{Kind, Tables};
use crate::time::{Zone, date_of, day_of};

/// The contract's file in a folder.
pub const CONTRACT_FILE: &str = "onefunnel.toml";

/// What to read, and up to when.
pub struct Session {
    /// The agreement.
    pub contract: Contract,
    /// Files and folders named besides it.
    pub given: Given,
    /// The contract's zone.
    pub home: Zone,
    /// Nothing after this day counts.
    pub as_of: Date,
    /// What becomes of rows with an unreadable cell.
    pub bad_rows: BadRows,
    /// Where the rows that were set aside are listed.
    pub rejects: Option<PathBuf>,
    /// Where the rows behind a figure are listed.
    pub rows: Option<PathBuf>,
    /// Whether subject and status of touches are wanted: one buyer's story has them.
    pub touch_words: bool,
}

/// Everything that was loaded and linked.
pub struct Data {
    /// What was asked for.
    pub session: Session,
    /// The canonical tables.
    pub tables: Tables,
    /// Every file.
    pub files: Vec<FileFacts>,
    /// Who is the same.
    pub who: Identity,
    /// The buying processes.
    pub journeys: Journeys,
    /// The tables that some file was read into.
    pub read: BTreeSet<String>,
    /// Every row that was set aside, where the rows behind a figure are listed.
    pub rejects: Vec<Reject>,
}

/// Days without any new record after which the exports seem to have ended.
const QUIET: i32 = 7;
/// Days of a year with a record, below which nobody can say how long a pause is usual.
const ENOUGH: usize = 10;

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn contract_in(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(CONTRACT_FILE);
    path.is_file().then_some(path)
}

/// A day as it is written on the command line.
///
/// # Errors
/// A usage issue that names the flag.
pub fn day(flag: &str, text: &str) -> Result<Date, Issue> {
    let day: Option<Date> = text.parse().ok().filter(|day: &Date| (1900..2200).contains(&day.year()));
    day.ok_or_else(|| {
        Issue::usage(Place::file(format!("--{flag}")), format!("`{text}` is not a day"))
            .hint("write it as 2026-06-30 (year-month-day)")
    })
}

/// What the flags say about rows with an unreadable cell.
fn bad_rows(args: &InputArgs) -> Result<BadRows, Issue> {
    let mut bad = BadRows { on: args.on_bad_row, list: args.rejects.is_some(), ..BadRows::default() };
    if let Some(text) = &args.max_bad_rows {
        let number = text.trim();
        let limit = match number.strip_suffix('%') {
            Some(percent) => {
                percent.trim().parse().ok().filter(|p| (0.0..=100.0).contains(p)).map(|p: f64| Limit::Share(p / 100.0))
            }
            None => number.parse().ok().map(Limit::Rows),
        };
        bad.limit = limit.ok_or_else(|| {
            Issue::usage(
                Place::file("--max-bad-rows"),
                format!("`{text}` is neither a number of rows nor a percentage"),
            )
            .hint("write it as 100 or as 0.5%")
        })?;
    }
    Ok(bad)
}

impl Session {
    /// Finds the contract and settles as-of.
    ///
    /// # Errors
    /// Two contracts, no contract and no file, a contract with problems, a wrong day.
    pub fn open(args: &InputArgs, env: &Env<'_>) -> Result<Self> {
        let mut contracts: Vec<PathBuf> = Vec::new();
        let mut given = Given::default();
        let mut problems = Vec::new();
        let inputs = args.inputs.iter().filter_map(|path| ingest::expand(path).map_err(|e| problems.push(e)).ok());
        for input in &inputs.flatten().collect::<Vec<_>>() {
            if input.is_dir() {
                match contract_in(input) {
                    Some(contract) => contracts.push(contract),
                    None => given.folders.push(input.clone()),
                }
            } else if input.extension().is_some_and(|e| e == "toml") {
                contracts.push(input.clone());
            } else {
                given.files.push(input.clone());
            }
        }
        Issues(problems).into_result()?;
        given.preset.clone_from(&args.preset);
        if given.preset.is_some() && given.files.is_empty() && given.folders.is_empty() {
            let issue =
                Issue::usage(Place::file("--preset"), "there is no file on the command line that it could read");
            return Err(issue.hint("name the files; in a contract it is [[source]] preset = \"…\"").into());
        }
        contracts.extend(args.contract.iter().map(|path| contract_in(path).unwrap_or_else(|| path.clone())));
        contracts.dedup();
        if let [first, second, ..] = &contracts[..] {
            return Err(Issue::usage(
                Place::default(),
                format!("two contracts: {} and {}", first.display(), second.display()),
            )
            .hint("give one; its sources may name files of the other")
            .into());
        }
        let here = Path::new(".");
        let path = contracts.pop().or_else(|| contract_in(here).map(|_| PathBuf::from(CONTRACT_FILE)));
        let contract = match path {
            Some(path) => Contract::load(&path, &shown(&path))?,
            None if given.files.is_empty() && given.folders.is_empty() => {
                return Err(Issue::usage(Place::default(), "nothing to read: no input, and no onefunnel.toml here")
                    .hint("name a folder with exports, a contract or export files; `onefunnel init FILES` writes a contract")
                    .into());
            }
            None => Contract::builtin(),
        };
        if contract.sources.is_empty() && given.files.is_empty() && given.folders.is_empty() {
            return Err(Issue::usage(Place::file(&contract.source_name), "the contract names no [[source]]")
                .hint("add one: [[source]] path = \"exports/*.csv\", or name the files on the command line")
                .into());
        }
        let home = Zone::named(&contract.timezone.value)?;
        let as_of = match (&args.as_of, contract.as_of) {
            (Some(text), _) => day("as-of", text)?,
            (None, Some(day)) => day,
            (None, None) => env.now.in_tz(&contract.timezone.value)?.date(),
        };
        let bad_rows = bad_rows(args)?;
        let rejects = args.rejects.clone();
        Ok(Self { contract, given, home, as_of, bad_rows, rejects, rows: None, touch_words: false })
    }

    /// Words of touches that only a measure of the contract's own could ask for: there are as many as rows.
    /// A catalogue with problems asks for all: reports without metrics run, and those with metrics say what is wrong.
    fn unused(&self) -> Vec<(Kind, String)> {
        let Ok(catalogue) = Catalogue::new(&self.contract) else { return Vec::new() };
        let asked = |name: &str| self.touch_words || catalogue.uses(Kind::Touches.id(), name);
        let words = ["subject", "status"].into_iter().filter(|name| !asked(name));
        words.map(|name| (Kind::Touches, name.to_string())).collect()
    }

    /// Refuses to write two things to one file.
    fn one_file_each(&self, output: &OutputArgs) -> Result<(), Issue> {
        let same =
            |a: &Path, b: &Path| a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b));
        let lists = [("--rejects", &self.rejects), ("--rows", &self.rows)];
        let written = lists.into_iter().filter_map(|(flag, path)| Some((flag, path.as_deref()?)));
        for (flag, list) in written {
            let place = || Place::file(format!("{flag} {}", shown(list)));
            if output.output.as_deref().is_some_and(|report| same(report, list)) {
                let issue = Issue::usage(place(), "is the report's file too, which would replace the list");
                return Err(issue.hint("name two files"));
            }
            if flag == "--rows" && self.rejects.as_deref().is_some_and(|rejects| same(rejects, list)) {
                return Err(Issue::usage(place(), "is the file of --rejects too").hint("name two files"));
            }
        }
        Ok(())
    }

    /// Reads the exports, links them and builds the processes.
    ///
    /// # Errors
    /// Whatever the rooms on the way report.
    pub fn load(mut self, output: &OutputArgs, env: &mut Env<'_>) -> Result<Data> {
        // A list that an earlier run has left in a folder of exports is none of them.
        self.given.outputs.extend(self.rejects.iter().chain(&self.rows).filter(|path| is_list(path)).cloned());
        self.one_file_each(output)?;
        let mut clock = Clock::new(output);
        let as_of = day_of(self.as_of);
        let rejects = self.rejects.as_deref().map(Target::check).transpose()?;
        let written: Vec<&Path> =
            output.output.iter().chain(&self.rejects).chain(&self.rows).map(PathBuf::as_path).collect();
        if !written.is_empty() {
            let inputs = ingest::find(&self.contract, &self.given)?;
            let contract = Path::new(&self.contract.source_name);
            for path in written {
                not_an_input(path, inputs.iter().map(|f| f.path.as_path()).chain([contract]))?;
            }
        }
        let progress = env.progress.clone();
        let bad_rows = BadRows { list: self.bad_rows.list || self.rows.is_some(), ..self.bad_rows };
        let reading = Reading { bad_rows, unused: self.unused(), progress: progress.clone() };
        let mut loaded = ingest::load(&self.contract, &self.given, &self.home, as_of, &reading)?;
        if let Some(target) = rejects {
            target.replace(|out| write_rejects(&loaded.rejects, out))?;
        }
        clock.step("ingest", env);
        for (name, took) in loaded.steps.iter().filter(|_| output.verbose > 1) {
            env.remark("debug", &format!("  {name}: {:.3} s", took.as_secs_f64()));
        }
        if output.verbose > 0 {
            for file in &loaded.files {
                let input = &file.input;
                let preset = input.preset.as_deref().or(input.table.as_deref()).unwrap_or("not recognised");
                let used = format!("{} rows read, {} used", input.rows_read, input.rows_used);
                env.remark("info", &format!("{}: {preset}, {used}", input.path));
            }
        }
        progress.step(Step::Link);
        let who = identity::link(&loaded.tables, &loaded.merged);
        clock.step("identity", env);
        progress.step(Step::Journeys);
        let journeys = journey::build(&loaded.tables, &who, &self.contract, &self.home, as_of)?;
        clock.step("journey", env);
        progress.step(Step::Figures);
        let read = loaded.files.iter().filter_map(|f| f.input.table.clone()).collect();
        let rejects = if self.rows.is_some() { std::mem::take(&mut loaded.rejects) } else { Vec::new() };
        let data = Data { session: self, tables: loaded.tables, files: loaded.files, who, journeys, read, rejects };
        data.facts().check_qualified()?;
        Ok(data)
    }
}

const REJECTS: [&str; 6] = ["file", "line", "cell", "column", "value", "reason"];

/// How a list of the rows behind a figure begins.
pub const ROWS: [&str; 2] = ["metric_id", "measure"];

/// Whether a file is a list of rows that were set aside, or that are behind a figure, as an earlier run has written it.
fn is_list(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut head));
    read.is_ok() && (head.starts_with(REJECTS.join(",").as_bytes()) || head.starts_with(ROWS.join(",").as_bytes()))
}

/// The rows that were set aside, as CSV: file, line, number and header of the cell, what stands there, and why.
fn write_rejects(rejects: &[Reject], out: &mut dyn Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(REJECTS)?;
    for reject in rejects {
        let number = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
        let Place { file, line, column } = &reject.place;
        writer.write_record([
            file.as_deref().unwrap_or_default(),
            &number(*line),
            &number(*column),
            &reject.column,
            &reject.value,
            &reject.reason,
        ])?;
    }
    Ok(writer.flush()?)
}

/// A report must not replace what it is made from.
///
/// # Errors
/// A usage issue that names the file.
pub fn not_an_input<'p>(output: &Path, mut inputs: impl Iterator<Item = &'p Path>) -> Result<(), Issue> {
    let Ok(real) = output.canonicalize() else { return Ok(()) };
    match inputs.find(|path| path.canonicalize().is_ok_and(|p| p == real)) {
        None => Ok(()),
        Some(_) => {
            Err(Issue::usage(Place::file(shown(output)), "is one of the inputs, and would be replaced by the output")
                .hint("write to another file"))
        }
    }
}

/// Times of the walk, for `-vv`.
struct Clock {
    last: std::time::Instant,
    wanted: bool,
}

impl Clock {
    fn new(output: &OutputArgs) -> Self {
        Self { last: std::time::Instant::now(), wanted: output.verbose > 1 }
    }

    fn step(&mut self, name: &str, env: &mut Env<'_>) {
        if self.wanted {
            env.remark("debug", &format!("{name}: {:.3} s", self.last.elapsed().as_secs_f64()));
        }
        self.last = std::time::Instant::now();
    }
}

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
        if let Some((kind, day)) = self.ends_early() {
            let (day, as_of) = (date_of(day), self.session.as_of);
            notes.push(format!(
                "The newest record of {} is of {day}, {} days before as-of, {as_of}: what happened in between is not known \
                 here, and is no zero. If the exports were taken then, say --as-of {day}.",
                kind.id(),
                day_of(as_of) - day_of(day)
            ));
        }
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
