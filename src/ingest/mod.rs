//! Exports → canonical tables; nothing is lost unseen.
//!
//! In: the contract, and the files it or the command line names. Out: [`Loaded`]: the tables, and for every file what
//! became of each of its rows. The steps are `find` (which files), `file` (one file → typed columns, by `decode`,
//! `recognise`, `records`, `read` and `cell`), and `merge` (all files → tables).

pub mod cell;
mod convert;
pub mod decode;
mod file;
mod find;
mod lines;
mod merge;
mod part;
mod plan;
pub mod preset;
mod read;
pub mod recognise;
pub mod records;

use std::path::PathBuf;

use anyhow::Result;
use rayon::prelude::*;

pub use file::no_such_file;
pub use find::{Found, Given, find};
pub use lines::{EXAMPLES, keep_smallest, lines};

use crate::contract::{Contract, Rate};
use crate::issue::{Issue, Issues, Place};
use crate::report::Input;
use crate::tables::{Kind, Tables};
use crate::time::{Stamp, Zone};

/// What is known about one file; `inspect` prints it.
#[derive(Debug, Clone)]
pub struct FileFacts {
    /// Path, hash and row counts.
    pub input: Input,
    /// Where it is.
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
    /// How dates with two numbers were read, and what settled it.
    pub date_order: Option<String>,
    /// Lines above the header.
    pub preamble: u64,
    /// Rows with fewer cells than the header; their missing cells are missing values.
    pub short_rows: u64,
    /// Cells of number columns that are no numbers, by column: taken as missing.
    pub no_numbers: Vec<(String, u64)>,
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
    /// What a reader of any report has to know.
    pub notes: Vec<String>,
}

/// How rows with an unreadable cell are treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BadRows {
    /// The largest share of a file's rows that may be set aside before the run stops.
    pub tolerated: f64,
}

impl Default for BadRows {
    fn default() -> Self {
        Self { tolerated: 0.001 }
    }
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
    let context =
        file::Context { contract: &contract, home, presets: &presets, exponent, bad_rows: BadRows::default() };
    let found: Vec<Found<'_>> = find(&contract, given)?.into_iter().map(|f| Found { named: false, ..f }).collect();
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for file in &found {
        match file::read(file, &context) {
            Ok(read) => files.push(read),
            Err(issues) => problems.push((file.shown.clone(), issues)),
        }
    }
    Ok((merge::merge(files, home, as_of)?, problems))
}

/// Reads all files into the canonical tables.
///
/// `as_of` is a day since 1970; rows dated after it are set aside. `home` is the contract's zone.
///
/// # Errors
/// [`Issues`] with every problem of every file: not there, not readable, not recognised, ambiguous, too many bad rows,
/// amounts in a currency without a rate.
pub fn load(contract: &Contract, given: &Given, home: &Zone, as_of: i32) -> Result<Loaded> {
    let found = find(contract, given)?;
    let presets = preset::with_own(contract)?;
    let exponent = cell::minor_exponent(&contract.currency).unwrap_or(2);
    let context = file::Context { contract, home, presets: &presets, exponent, bad_rows: BadRows::default() };
    let read: Vec<Result<file::FileRead, Vec<Issue>>> = found.par_iter().map(|f| file::read(f, &context)).collect();
    let mut issues = Vec::new();
    let mut files = Vec::new();
    for file in read {
        match file {
            Ok(file) => files.push(file),
            Err(mut problems) => issues.append(&mut problems),
        }
    }
    Issues(issues).into_result()?;
    let loaded = merge::merge(files, home, as_of)?;
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
