//! What a report is: a small typed table that knows unit, direction and *missing*; and the one match on commands.
//!
//! In: evaluated figures, journeys and provenance. Out: a [`Report`], which `output` turns into bytes. Nothing here
//! knows a CSV header or a file format.

pub mod account;
pub mod asked;
pub mod attribution;
mod behind;
mod benchmarks;
pub mod board;
pub mod chart;
pub mod check;
pub mod cohort;
pub mod compare;
pub mod definition;
pub mod explain;
pub mod funnel;
pub mod handoff;
pub mod horizon;
pub mod init;
pub mod inspect;
pub mod journey;
pub mod manual;
pub mod metrics;
pub mod plan;
pub mod presets;
pub mod quality;
mod read;
pub mod score;
pub mod scorecard;
pub mod sourced;
pub mod survey;
pub mod velocity;
pub mod winrate;

use std::path::Path;

use anyhow::Result;
use jiff::civil::Date;

use self::asked::Asked;
use self::chart::{Chart, Tile};
use crate::contract::Contract;
use crate::session::CONTRACT_FILE;

/// What a number counts, which decides how people see it. Machines always get the plain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things: whole numbers.
    Count,
    /// A fraction; shown to people as percent.
    Share,
    /// A change of a share between two periods, as a fraction; shown to people as percentage points.
    Points,
    /// A relative change, as a fraction; shown to people as percent with its sign.
    Change,
    /// How many times: 3.2 is shown as `3.2 : 1`.
    Times,
    /// Calendar days.
    Days,
    /// An amount in the reporting currency, in major units.
    Money,
    /// People employed.
    Heads,
    /// A plain number.
    Number,
    /// Hours, of working time where the agreement has business hours.
    Hours,
}

impl Unit {
    /// The name in machine formats: `count`, `ratio`, `x:1`, `days`, `money`, …
    pub fn id(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "ratio",
            Self::Points => "points",
            Self::Change => "change",
            Self::Times => "x:1",
            Self::Days => "days",
            Self::Money => "money",
            Self::Heads => "heads",
            Self::Number => "number",
            Self::Hours => "hours",
        }
    }
}

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known, and why: never 0. Empty in CSV, `null` in JSON, a dash for people.
    Missing(String),
    /// Words.
    Text(String),
    /// A number and what it counts.
    Number(f64, Unit),
    /// A calendar day.
    Date(Date),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number of things.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn count(n: u64) -> Self {
        Self::Number(n as f64, Unit::Count)
    }

    /// Not applicable here: missing without more to say.
    pub fn none() -> Self {
        Self::Missing(String::new())
    }
}

/// What the cells of a column for machines hold where they are not missing, whatever the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Words.
    Text,
    /// Numbers of any unit.
    Number,
    /// Calendar days.
    Date,
    /// Yes or no.
    Flag,
}

impl Type {
    /// The name in machine formats.
    pub fn id(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Flag => "flag",
        }
    }

    /// Whether `cell` may stand in such a column.
    pub fn holds(self, cell: &Cell) -> bool {
        match cell {
            Cell::Missing(_) => true,
            Cell::Text(_) => self == Self::Text,
            Cell::Number(..) => self == Self::Number,
            Cell::Date(_) => self == Self::Date,
            Cell::Flag(_) => self == Self::Flag,
        }
    }
}

/// One column of a table. `id` is the header in machine formats and never changes within a schema version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// snake_case name for machines.
    pub id: String,
    /// Header for people.
    pub title: String,
    /// Numbers go to the right.
    pub right: bool,
    /// What its cells hold; in a table for people only a hint.
    pub kind: Type,
}

impl Column {
    /// A column of words.
    pub fn left(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), right: false, kind: Type::Text }
    }

    /// A column of numbers.
    pub fn right(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), right: true, kind: Type::Number }
    }

    /// A column for machines: its id and, unless it holds words, what it holds: `status`, `value: number`,
    /// `as_of: date`, `mature: flag`.
    ///
    /// ```
    /// use onefunnel::report::{Column, Type};
    /// let column = Column::tidy("as_of: date");
    /// assert_eq!((column.id.as_str(), column.kind), ("as_of", Type::Date));
    /// ```
    pub fn tidy(column: &str) -> Self {
        let (id, kind) = match column.rsplit_once(": ") {
            Some((id, "number")) => (id, Type::Number),
            Some((id, "date")) => (id, Type::Date),
            Some((id, "flag")) => (id, Type::Flag),
            _ => (column, Type::Text),
        };
        Self { id: id.to_owned(), title: id.to_owned(), right: false, kind }
    }
}

/// For whom a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Laid out for reading: table, md.
    People,
    /// Tidy, with columns that never depend on the data: csv, tsv, json, jsonl.
    Machines,
    /// Serves both.
    Both,
}

/// One table: every row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// snake_case name; unique in its report.
    pub id: String,
    /// Headline for people; may be empty.
    pub title: String,
    /// For whom it is.
    pub audience: Audience,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; a row whose first cell is the only one that is not `Missing("")` is a heading for people.
    pub rows: Vec<Vec<Cell>>,
}

/// One input file and where its rows went: `read = used + Σ set_aside`, always.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Input {
    /// The path as the user or the contract named it.
    pub path: String,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// Which preset read it; `None` for a file that was recognised as not needed, or not at all.
    pub preset: Option<String>,
    /// The table its rows went to.
    pub table: Option<String>,
    /// Data records in the file.
    pub rows_read: u64,
    /// Records that became rows.
    pub rows_used: u64,
    /// Records set aside, by reason, sorted by reason.
    pub set_aside: Vec<(String, u64)>,
}

/// One part of a report that has several: a report of its own, without what all of them share.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// snake_case name; unique in its report.
    pub id: String,
    /// Headline for people.
    pub title: String,
    /// What the numbers say, in one sentence.
    pub finding: String,
    /// The figures at a glance, in order.
    pub tiles: Vec<Tile>,
    /// The pictures, in order.
    pub charts: Vec<Chart>,
    /// The tables, in order; their ids are unique in the whole report.
    pub tables: Vec<Table>,
    /// What a reader of this part has to know, one sentence each.
    pub notes: Vec<String>,
}

/// A report, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The command: `scorecard`, `funnel`, …
    pub id: String,
    /// Headline for people.
    pub title: String,
    /// Nothing after this day was counted; `None` for a report that counts nothing.
    pub as_of: Option<Date>,
    /// The part, the days and the breakdown that were asked for; filled when the report is written.
    pub asked: Asked,
    /// Name of the company or contract; may be empty.
    pub company: String,
    /// Where the contract came from, for people: a path, or `built-in defaults`.
    pub contract: String,
    /// First 12 hex digits of the contract's SHA-256.
    pub contract_hash: String,
    /// ISO code of the reporting currency.
    pub currency: String,
    /// Every input file.
    pub inputs: Vec<Input>,
    /// The tables, in order.
    pub tables: Vec<Table>,
    /// What a reader has to know, one sentence each: what is missing, what was assumed, what was set aside.
    pub notes: Vec<String>,
    /// The figures at a glance, in order.
    pub tiles: Vec<Tile>,
    /// The pictures, in order.
    pub charts: Vec<Chart>,
    /// The parts of a report that has several, after its own tables.
    pub sections: Vec<Section>,
}

/// The contract that is named, or the one that lies here, or the built-in one.
///
/// # Errors
/// A contract with problems.
fn contract(path: Option<&Path>) -> Result<Contract> {
    let here = Path::new(CONTRACT_FILE);
    let path = match path {
        Some(folder) if folder.is_dir() => Some(folder.join(CONTRACT_FILE)),
        Some(file) => Some(file.to_path_buf()),
        None => here.is_file().then(|| here.to_path_buf()),
    };
    Ok(match path {
        Some(path) => Contract::load(&path, &path.to_string_lossy())?,
        None => Contract::builtin(),
    })
}

/// A report about the program itself, which reads no exports.
fn without_inputs(id: &str, title: &str, contract: &Contract) -> Report {
    Report {
        id: id.into(),
        title: title.into(),
        as_of: None,
        asked: Asked::default(),
        company: contract.name.clone(),
        contract: contract.source_name.clone(),
        contract_hash: contract.short_hash().to_string(),
        currency: contract.currency.clone(),
        inputs: Vec::new(),
        tables: Vec::new(),
        notes: Vec::new(),
        tiles: Vec::new(),
        charts: Vec::new(),
        sections: Vec::new(),
    }
}
