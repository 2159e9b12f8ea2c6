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
use crate::cli::{InputArgs, OutputArgs};
use crate::contract::Contract;
use crate::identity::{self, Identity};
use crate::ingest::{self, BadRows, FileFacts, Given, Limit, Reading, Reject};
use crate::issue::{Issue, Issues, Place};
use crate::journey::{self, Journeys};
use crate::output::Target;
use crate::progress::Step;
use crate::tables::{Kind, Tables};
use crate::time::{Zone, day_of};

mod data;

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
