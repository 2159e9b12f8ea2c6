//! Exports → canonical tables; nothing is lost unseen.
//!
//! In: the contract, and the files it or the command line names. Out: [`Loaded`]: the tables, and for every file what
//! became of each of its rows. The steps are `find` (which files), `open` (one file → its header and how to read it, by
//! `decode`, `recognise` and `plan`), `walk` (all texts → typed columns, by `body`, `records`, `read` and `cell`), `file`
//! (what only a whole file can settle), and `merge` (all files → tables, by `fill`, `derive` and `aside`).

mod aside;
mod body;
pub mod cell;
mod container;
mod convert;
pub mod decode;
mod derive;
mod file;
mod fill;
mod find;
mod lines;
mod merge;
mod open;
mod part;
mod plan;
pub mod preset;
mod read;
pub mod recognise;
pub mod records;
mod steady;
pub mod survey;
mod walk;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use rayon::prelude::*;

pub use find::{Found, Given, expand, find, is_stdin};
pub use lines::{EXAMPLES, keep_smallest, lines};
pub use open::no_such_file;
use steady::Seen;

use crate::contract::{Contract, Rate};
use crate::issue::{Issue, Issues, Place, nearest};
use crate::progress::{Progress, Step};
use crate::report::Input;
use crate::tables::{Kind, Origin, Tables};
use crate::time::{Stamp, Zone};

/// What is known about one file; `inspect` prints it.
#[derive(Debug, Clone)]
pub struct FileFacts {
    /// Path, hash and row counts.
    pub input: Input,
    /// Where it is, or the file that it is in.
    pub path: PathBuf,
    /// The encoding that the contract names for it.
    pub said_encoding: Option<String>,
    /// The currency that the contract names for its amounts.
    pub said_currency: Option<String>,
    /// The first records that were set aside, by reason.
    pub aside_at: lines::AsideAt,
    /// Which system wrote it: ids of two systems are never taken for the same.
    pub system: String,
    /// Why this preset: the headers that decided, or what is missing.
    pub why: String,
    /// How well the preset's headers are known, when a preset read it.
    pub evidence: Option<&'static str>,
    /// Canonical column and the header it comes from.
    pub mapped: Vec<(String, String)>,
    /// Headers that are not used.
    pub unmapped: Vec<String>,
    /// Headers that occur twice; the first is used.
    pub duplicates: Vec<String>,
    /// First and last time in the table's main time column.
    pub range: Option<(Stamp, Stamp)>,
    /// Zone of instants written without an offset.
    pub zone: String,
    /// Text encoding.
    pub encoding: String,
    /// Delimiter, as a word.
    pub delimiter: &'static str,
    /// The forms in which dates and times are written.
    pub date_forms: Vec<&'static str>,
    /// How dates with two numbers were read, and what settled it.
    pub date_order: Option<String>,
    /// Lines above the header.
    pub preamble: u64,
    /// Rows with fewer cells than the header; their missing cells are missing values.
    pub short_rows: u64,
    /// Cells of number columns that are no numbers, by column: taken as missing.
    pub no_numbers: Vec<(String, u64)>,
    /// Unreadable cells that were taken as missing, by header.
    pub nulled: Vec<(String, u64)>,
    /// Anything else worth saying.
    pub notes: Vec<String>,
}

/// Everything that was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The canonical tables.
    pub tables: Tables,
    /// Every file, in the order it was read.
    pub files: Vec<FileFacts>,
    /// Ids of records that were merged away, and the record they went into.
    pub merged: Vec<(Kind, u32, u32)>,
    /// Every row of a used file that was set aside, in order of file and line, where a list of them is wanted.
    pub rejects: Vec<Reject>,
    /// Rows that were set aside when all files were put together, until they are in [`Loaded::rejects`].
    dropped: Option<Vec<(Origin, String)>>,
    /// What a reader of any report has to know.
    pub notes: Vec<String>,
    /// What the time was spent on.
    pub steps: Vec<(&'static str, Duration)>,
}

/// What becomes of a row with an unreadable cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnBadRow {
    /// The run stops
    Stop,
    /// The row is set aside, up to a limit
    SetAside,
    /// The cell is taken as missing; a row that means nothing without it is set aside
    Null,
}

/// How many bad rows of one file are tolerated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Up to this many.
    Rows(u64),
    /// Up to this share of the file's rows.
    Share(f64),
}

/// How rows with an unreadable cell are treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BadRows {
    /// What becomes of them.
    pub on: OnBadRow,
    /// How many are tolerated.
    pub limit: Limit,
    /// Every row that is set aside is wanted in [`Loaded::rejects`].
    pub list: bool,
}

impl Default for BadRows {
    fn default() -> Self {
        Self { on: OnBadRow::SetAside, limit: Limit::Share(0.001), list: false }
    }
}

impl BadRows {
    /// Whether a run goes on with so many bad rows of so many.
    #[allow(clippy::cast_precision_loss)] // far below 2^53 rows
    fn tolerates(self, bad: u64, read: u64) -> bool {
        match (self.on, self.limit) {
            (OnBadRow::Stop, _) => bad == 0,
            (_, Limit::Rows(n)) => bad <= n,
            (_, Limit::Share(share)) => bad as f64 <= share * read.max(1) as f64,
        }
    }
}

/// A record that became no row, or a cell that was taken as missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// File and line, and the number of the cell if it is about one.
    pub place: Place,
    /// The header over the cell; empty without one.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// Why.
    pub reason: String,
}

/// A file that cannot be read as it is, and why.
pub type Unreadable = (String, Vec<Issue>);

/// Looks at files before there is a contract: what each is, or its problems. No amount needs a rate here, and no file
/// has to be recognised. The tables hold what could be read.
///
/// # Errors
/// A folder or path that is not there.
pub fn look(given: &Given, home: &Zone, as_of: i32) -> Result<(Loaded, Vec<Unreadable>)> {
    let mut contract = Contract::builtin();
    contract.rates = cell::currencies()
        .filter(|code| *code != contract.currency)
        .map(|code| Rate { currency: code.to_string(), rate: 1.0, from: None, place: Place::default() })
        .collect();
    let presets = preset::with_own(&contract)?;
    let exponent = cell::minor_exponent(&contract.currency).unwrap_or(2);
    let context = open::Context {
        contract: &contract,
        home,
        presets: &presets,
        words: open::words(&presets),
        exponent,
        bad_rows: BadRows::default(),
        unused: &[],
        forced: None,
    };
    let found: Vec<Found<'_>> = find(&contract, given)?.into_iter().map(|f| Found { named: false, ..f }).collect();
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let (read, words) = read_all(&found, &context, &mut Vec::new(), &Progress::default());
    for (shown, read) in read {
        match read {
            Ok(read) => files.push(read),
            Err(issues) => problems.push((shown, issues)),
        }
    }
    Ok((merge::merge(files, words, home, as_of, false)?, problems))
}

/// How files are to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// What becomes of rows with an unreadable cell.
    pub bad_rows: BadRows,
    /// Columns of words that nothing asks for: they are known, and not read.
    pub unused: Vec<(Kind, String)>,
    /// Who is told how far it is.
    pub progress: Progress,
}

/// Reads all files into the canonical tables.
///
/// `as_of` is a day since 1970; rows dated after it are set aside. `home` is the contract's zone.
///
/// # Errors
/// [`Issues`] with every problem of every file: not there, not readable, not recognised, ambiguous, too many bad rows,
/// amounts in a currency without a rate.
pub fn load(contract: &Contract, given: &Given, home: &Zone, as_of: i32, reading: &Reading) -> Result<Loaded> {
    let found = find(contract, given)?;
    let presets = preset::with_own(contract)?;
    let forced = given.preset.as_deref();
    if let Some(name) = forced.filter(|name| !presets.iter().any(|p| p.id == *name)) {
        let issue = Issue::usage(Place::file("--preset"), format!("no preset is called `{name}`"));
        let hint = match nearest(name, presets.iter().map(|p| p.id.as_str())) {
            Some(near) => format!("did you mean `{near}`? `onefunnel presets` lists them"),
            None => "`onefunnel presets` lists them".into(),
        };
        return Err(Issues::from(issue.hint(hint)).into());
    }
    let exponent = cell::minor_exponent(&contract.currency).unwrap_or(2);
    let Reading { bad_rows, unused, progress } = reading;
    let context = open::Context {
        contract,
        home,
        presets: &presets,
        words: open::words(&presets),
        exponent,
        bad_rows: *bad_rows,
        unused,
        forced,
    };
    let mut issues = Vec::new();
    let mut files = Vec::new();
    let mut steps = Vec::new();
    let (read, words) = read_all(&found, &context, &mut steps, progress);
    progress.step(Step::Merge);
    for (_, file) in read {
        match file {
            Ok(file) => files.push(file),
            Err(mut problems) => issues.append(&mut problems),
        }
    }
    Issues(issues).into_result()?;
    let mut loaded = merge::merge(files, words, home, as_of, bad_rows.list)?;
    // The contract's own words, of which journey makes columns.
    for persona in &contract.personas {
        loaded.tables.names.code(&persona.name.value);
    }
    if let Some(dropped) = loaded.dropped.take() {
        list_dropped(&mut loaded, dropped);
    }
    loaded.steps.splice(0..0, steps);
    if !found.is_empty() && loaded.files.iter().all(|f| f.input.preset.is_none() && f.input.table.is_none()) {
        let first = found.first().map(|f| f.shown.clone()).unwrap_or_default();
        let why = loaded.files.first().map(|f| f.why.clone()).unwrap_or_default();
        let issue = Issue::data(
            Place::file(first),
            format!("none of {} files was recognised; of this one, {why}", loaded.files.len()),
        )
        .hint("describe the files in a contract: `onefunnel init FILES` writes one to start from");
        return Err(Issues::from(issue).into());
    }
    Ok(loaded)
}

/// Rows that were set aside when the files were put together join those that were set aside in reading.
fn list_dropped(loaded: &mut Loaded, dropped: Vec<(Origin, String)>) {
    let origins: Vec<Origin> = dropped.iter().map(|(origin, _)| *origin).collect();
    let lines = lines::lines(&loaded.files, &origins);
    for ((origin, reason), line) in dropped.into_iter().zip(lines) {
        let file = Some(loaded.files[origin.file() as usize].input.path.clone());
        let place = Place { file, line, column: None };
        loaded.rejects.push(Reject { place, column: String::new(), value: String::new(), reason });
    }
    let index: HashMap<&str, usize> =
        loaded.files.iter().enumerate().map(|(at, facts)| (facts.input.path.as_str(), at)).collect();
    let file = |reject: &Reject| reject.place.file.as_deref().and_then(|path| index.get(path)).copied();
    loaded.rejects.sort_by_key(|reject| (file(reject), reject.place.line, reject.place.column));
}

type OneRead = Result<file::FileRead, Vec<Issue>>;

/// Opens, walks and settles all files; some have to be read a second time. In the order of `found`, and of what is inside
/// them, with the dictionaries of all their codes.
fn read_all(
    found: &[Found<'_>],
    context: &open::Context<'_>,
    steps: &mut Vec<(&'static str, Duration)>,
    progress: &Progress,
) -> (Vec<(String, OneRead)>, merge::Words) {
    type Waiting = ((usize, usize), Result<open::Opened, Vec<Issue>>);
    let mut done: Vec<((usize, usize), OneRead)> = Vec::new();
    let mut words = merge::Words::default();
    let before: Vec<Option<Seen>> = found.iter().map(|f| Seen::of(&f.path)).collect();
    let mut last = Instant::now();
    let mut step = |name| steps.push((name, std::mem::replace(&mut last, Instant::now()).elapsed()));
    let opened: Vec<Vec<_>> = found.par_iter().map(|f| open::open(f, context, true)).collect();
    let numbered = |(index, members): (usize, Vec<_>)| {
        members.into_iter().enumerate().map(move |(member, opened)| ((index, member), opened))
    };
    let mut waiting: Vec<Waiting> = opened.into_iter().enumerate().flat_map(numbered).collect();
    step("open");
    progress.step(Step::Read);
    while !waiting.is_empty() {
        let (mut keys, mut files) = (Vec::new(), Vec::new());
        for (key, opened) in waiting.drain(..) {
            match opened {
                Ok(file) => {
                    keys.push(key);
                    files.push(file);
                }
                Err(issues) => done.push((key, Err(issues))),
            }
        }
        let walked = walk::walk(&files, context.bad_rows, words.names.len(), progress);
        step("read");
        words.names.extend(walked.names);
        words.spans.extend(walked.spans);
        let texts: Vec<(open::Opened, walk::OfFile)> = files.into_iter().zip(walked.files).collect();
        let settled: Vec<file::Next> =
            texts.into_par_iter().map(|(file, walked)| file::finish(file, walked, &words.names, context)).collect();
        step("settle");
        for (key, next) in keys.into_iter().zip(settled) {
            match next {
                file::Next::Done(read) => done.push((key, Ok(read))),
                file::Next::Stopped(issues) => done.push((key, Err(issues))),
                file::Next::Again(opened) => waiting.push((key, Ok(opened))),
                // Only a plain file is on the disk.
                file::Next::Decode => {
                    waiting.extend(open::open(&found[key.0], context, false).into_iter().map(|opened| (key, opened)));
                }
            }
        }
    }
    done.sort_by_key(|(key, _)| *key);
    let mut changed: Vec<Option<Issue>> =
        found.iter().zip(&before).map(|(f, before)| before.as_ref()?.changed(&f.path, &f.shown)).collect();
    let read = done.into_iter().map(|((index, _), read)| {
        let file = &found[index];
        // Nobody minds what becomes of a file that is not used.
        let used = file.named || read.as_ref().map_or(true, |read| read.content.is_some());
        let issue = if used { changed[index].take() } else { None };
        (file.shown.clone(), issue.map_or(read, |issue| Err(vec![issue])))
    });
    (read.collect(), words)
}
