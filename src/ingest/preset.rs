//! Export presets: what is known about one kind of export file, as data.
//!
//! In: the text of one `presets/*.toml`, or a preset of the user's own in the same form. Out: a checked [`Preset`], and
//! through [`Preset::map`] which cell of a file's header becomes which canonical column.
//!
//! ```toml
//! id = "salesforce_lead"
//! title = "Salesforce Lead"
//! system = "salesforce"
//! table = "people"            # or not_needed = "why": known, and not used; or refused = "why" and help = "what to do"
//! evidence = "A"              # A a real export, B vendor documentation, C third-party code, D from memory
//! timezone = "UTC"            # of instants without an offset; left out: the contract's zone
//! nulls = ["-"]               # cells that mean nothing, beside the empty cell
//! days = ["ConvertedDate"]    # headers whose cells are days: a time of day in them is no instant
//! months = ["Month"]          # headers whose cells are months, though they are written as the first day
//! same = ["Starts", "Ends"]   # headers whose cells are equal in every row: where they differ, a row sums up many days
//!
//! [signature]                 # every header of `all` and none of `none`; [[signature]] for alternatives
//! all = ["Id", "IsConverted", "Status"]
//! none = []
//!
//! [constants]                 # canonical column = text
//! kind = "lead"
//!
//! [columns]                   # canonical column = headers, best first
//! person_id = ["Id"]           # `{currency}` in a header stands for the code of its amounts
//!
//! [fallback]                  # canonical column = headers tried in each row whose cell is empty
//! closed_at = ["Expected close date"]
//!
//! [joined]                    # canonical column = headers whose cells are joined, where [columns] finds none; a|b is
//! name = ["First Name", "Last Name"]    # the first of them that the file has
//!
//! [scale]                     # canonical column = power of ten: -6 for micros
//! amount = -6
//!
//! [unless]                    # canonical column = headers beside which it is not used
//! currency = ["Amount in company currency"]
//!
//! [values.is_converted]       # exact cell text = canonical text, `*` any other that is not empty
//! "Converted" = "true"
//! "*" = "false"
//!
//! [[stage_columns]]           # headers that name a stage: each filled cell is a stage change
//! header = 'Date entered "{stage} ({pipeline})"'
//! subject = "person"          # person or deal
//! field = "Lifecycle Stage"
//!
//! [only]                      # the rows that are used; `column` is a header
//! column = "Field"
//! values = ["Status"]
//! reason = "change of a field that is not a stage"
//!
//! [[except]]                  # rows that are set aside; `values` or `blank = true`; `*` at an end is any ending
//! column = "Type"
//! values = ["Bounced"]
//! reason = "an e-mail that did not arrive"
//! ```

mod builtin;
mod check;
mod map;
mod raw;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::contract::Contract;
use crate::issue::Issues;
use crate::tables::Kind;

/// What is known about one kind of export file.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// Name in contracts and messages: lower-case letters, digits and `_`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Which system writes it: salesforce, hubspot, ledger, …
    pub system: String,
    /// Where its rows go; `None` exactly when [`Preset::not_needed`] or [`Preset::refused`] says why they go nowhere.
    pub table: Option<Kind>,
    /// Why a file of this kind is recognised and then not used.
    pub not_needed: Option<String>,
    /// Why a file of this kind may not be used, and what to do.
    pub refused: Option<(String, String)>,
    /// Where the knowledge comes from.
    pub evidence: Evidence,
    /// IANA zone of instants written without an offset; `None`: the contract's zone.
    pub timezone: Option<String>,
    /// Cells that mean "nothing", beside the empty cell.
    pub nulls: Vec<String>,
    /// Headers whose cells are days, even when the export writes a midnight behind them; see [`Preset::is_day`].
    pub days: Vec<String>,
    /// Headers whose cells are months, even when the export writes a first day.
    pub months: Vec<String>,
    /// Two headers whose cells are equal in every row of a file that can be used; empty or two.
    pub same: Vec<String>,
    /// One line more for `inspect`.
    pub docs: Option<String>,
    /// What a header must have; one alternative is enough. Never empty.
    pub signatures: Vec<Signature>,
    /// Canonical column → the text it has in every row.
    pub constants: IndexMap<String, String>,
    /// Canonical column → the headers it may have, best first.
    pub columns: IndexMap<String, Vec<String>>,
    /// Canonical column → headers that stand in, row by row, where its cell is empty.
    pub fallback: IndexMap<String, Vec<String>>,
    /// Canonical column → headers whose cells are joined by a space, where no header of [`Preset::columns`] is there.
    pub joined: IndexMap<String, Vec<String>>,
    /// Canonical column → the power of ten that its cells are multiplied with.
    pub scale: IndexMap<String, i32>,
    /// Canonical column → headers beside which it is left unmapped.
    pub unless: IndexMap<String, Vec<String>>,
    /// Canonical column → exact cell text → canonical text; the key `*` is any other cell that is not empty.
    pub values: IndexMap<String, IndexMap<String, String>>,
    /// Headers that carry a stage's name, tried in order.
    pub stage_columns: Vec<StageColumn>,
    /// The rows that are used.
    pub only: Option<Only>,
    /// Rows that are set aside.
    pub except: Vec<Except>,
}

/// Where the knowledge in a preset comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Evidence {
    /// Read from a real export.
    A,
    /// The vendor's documentation.
    B,
    /// Third-party code written against real exports.
    C,
    /// From memory: not checked against anything.
    D,
}

impl Evidence {
    /// In words, for `inspect`.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::A => "read from a real export",
            Self::B => "from the vendor's documentation",
            Self::C => "from third-party code written against real exports",
            Self::D => "from memory, not checked against a real export",
        }
    }
}

/// One way to recognise a header.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Every one of these is there.
    pub all: Vec<String>,
    /// None of these is there.
    #[serde(default)]
    pub none: Vec<String>,
}

/// Whose stage a stage column dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The row's `person_id`.
    Person,
    /// The row's `deal_id`.
    Deal,
}

/// A header, or a pattern of headers, whose cells say when a stage was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageColumn {
    /// With [`StageColumn::stage`] a header as it is; otherwise a pattern with `{stage}`, and perhaps `{pipeline}` after it.
    pub header: String,
    /// The stage, where the header does not spell it.
    pub stage: Option<String>,
    /// Whose stage.
    pub subject: Subject,
    /// Which field of the system: `Lifecycle Stage`, `Deal Stage`.
    pub field: String,
}

/// Which rows are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only {
    /// A header of the file; every signature asks for it.
    pub column: String,
    /// The exact cell texts that are used.
    pub values: Vec<String>,
    /// Why the other rows are set aside.
    pub reason: String,
}

/// Rows that are set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Except {
    /// A header; a file without it has no such rows.
    pub column: String,
    /// Texts, in any case; one that ends in `*` stands for all that begin so.
    pub values: Vec<String>,
    /// Rows whose cell is empty.
    pub blank: bool,
    /// Why.
    pub reason: String,
}

/// What one file's header means to a preset. Indices count the header's fields from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Canonical column and the field it is read from, in the preset's order.
    pub columns: Vec<(String, usize)>,
    /// Fields that stand in where a column's own field is empty, by column.
    pub fallback: BTreeMap<String, Vec<usize>>,
    /// Fields that are joined to a column's own, by column; all of them, the first included.
    pub joined: BTreeMap<String, Vec<usize>>,
    /// The currency that the header of the amounts names.
    pub currency: Option<String>,
    /// Headers of amounts in different currencies: only the file's owner knows which is meant.
    pub currencies: Vec<String>,
    /// Fields that date a stage, in the file's order.
    pub stages: Vec<StageCell>,
    /// Fields that nothing is read from.
    pub unmapped: Vec<usize>,
    /// Header names that occur more than once; the first is used.
    pub duplicates: Vec<String>,
}

/// A field that dates a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageCell {
    /// Field in the record, from 0.
    pub index: usize,
    /// The stage's name.
    pub stage: String,
    /// The pipeline, where the header names one.
    pub pipeline: Option<String>,
    /// Whose stage.
    pub subject: Subject,
    /// Which field of the system.
    pub field: String,
}

/// The presets that come with the program, in the order `inspect` lists them.
#[must_use]
pub fn builtin() -> &'static [Preset] {
    builtin::all()
}

/// Reads and checks one preset; `file` is its name in messages.
///
/// # Errors
/// Every problem with file, line and column: TOML that cannot be read, unknown keys, and columns the table does not have.
pub fn parse(text: &str, file: &str) -> Result<Preset, Issues> {
    check::parse(text, file)
}

/// The built-in presets, and after them those of the contract.
///
/// # Errors
/// Every problem of the contract's presets, at the place where the preset begins: its own lines are not known here.
pub fn with_own(contract: &Contract) -> Result<Vec<Preset>, Issues> {
    builtin::with(&contract.presets)
}
