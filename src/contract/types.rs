//! The parts of a contract.
//!
//! In: nothing. Out: the types that [`Contract`](super::Contract) is made of, each part with what holds once it has been
//! checked.

use indexmap::IndexMap;
use jiff::civil::Date;

use crate::ingest::cell::Decimal;
use crate::issue::Place;
use crate::tables::{Kind, Type};

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// File, line and column of the value (of the key, for ids that are keys).
    pub place: Place,
}

/// Which calendar year names a fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiscalLabel {
    /// The year in which it begins.
    Start,
    /// The year in which it ends.
    End,
}

/// Day and month order of dates such as 01/02/2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// One `[[source]]`: which files, and how to read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A file or glob, relative to [`Contract::root`](super::Contract::root).
    pub path: Said<String>,
    /// The preset to use instead of recognising the header; never together with `table`.
    pub preset: Option<Said<String>>,
    /// The canonical table of a file that no preset knows; `columns` is then not empty.
    pub table: Option<Said<Kind>>,
    /// Canonical column, or a column of the user's own, and the header it is read from.
    pub columns: IndexMap<String, ColumnRule>,
    /// Columns with the same text in every row.
    pub constants: IndexMap<String, Said<String>>,
    /// IANA name of the zone of instants written without an offset.
    pub timezone: Option<Said<String>>,
    /// The order in dates such as 01/02/2026.
    pub date_order: Option<DateOrder>,
    /// A label of the WHATWG encoding standard.
    pub encoding: Option<Said<String>>,
    /// One ASCII byte.
    pub delimiter: Option<u8>,
    /// The decimal mark.
    pub decimal: Option<Decimal>,
    /// ISO 4217 code of amounts that do not say theirs.
    pub currency: Option<Said<String>>,
    /// Cell texts that mean "nothing", beyond the empty cell.
    pub nulls: Vec<String>,
    /// By column: exact cell text and the text to read instead; an empty one means "nothing".
    pub values: IndexMap<String, IndexMap<String, String>>,
    /// Whether it is fine when no file matches.
    pub optional: bool,
}

/// Which header a column is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRule {
    /// The header as the file writes it.
    pub header: Said<String>,
    /// How to read the cells of a column of the user's own; text where left out.
    pub kind: Option<Type>,
}

/// One `[[stage]]` of the funnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// `snake_case` name, unique.
    pub id: Said<String>,
    /// Name for people; made from the id where left out.
    pub title: String,
    /// Who answers for it.
    pub owner: Owner,
    /// What shows that the stage was reached, at least one; the earliest dates it.
    pub reached: Vec<Said<Evidence>>,
}

/// Who answers for a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// Marketing alone.
    Marketing,
    /// Sales alone.
    Sales,
    /// Both together.
    Both,
}

impl Owner {
    /// The name in contracts and reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Sales => "sales",
            Self::Both => "both",
        }
    }
}

/// What shows that a stage was reached. Lists are never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// `{ status = ["MQL"] }`: the person had one of these lead statuses or lifecycle stages.
    Status {
        /// As the exports write them.
        values: Vec<String>,
    },
    /// `{ people = "mql_at" }`, `{ deal = "closed_at", when = "is_won" }`: a column of days or instants is filled.
    Column {
        /// [`Kind::People`] or [`Kind::Deals`].
        table: Kind,
        /// A time column of that table.
        column: Said<String>,
        /// SQL predicate on the same row; not checked here.
        when: Option<Said<String>>,
    },
    /// `{ deal_stage = ["Proposal"] }`: the deal was in one of these stages.
    DealStage {
        /// As the exports write them.
        values: Vec<String>,
    },
    /// `{ touch = ["demo"] }`: a touch of one of these kinds took place.
    Touch {
        /// Touch kinds.
        kinds: Vec<String>,
    },
}

/// Who belongs to whom. No text stands in both teams' lists of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Teams {
    /// Marketing.
    pub marketing: Team,
    /// Sales.
    pub sales: Team,
}

/// By what a team is known; at least one list is filled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Team {
    /// Touch kinds.
    pub kinds: Vec<String>,
    /// Lead sources that this team originates.
    pub sources: Vec<String>,
    /// Owners, by name or id.
    pub owners: Vec<String>,
    /// Values of department, title or role in the users table.
    pub departments: Vec<String>,
}

/// One `[[rate]]`: 1 unit of `currency` is `rate` units of the reporting currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// ISO 4217 code; never the reporting currency.
    pub currency: String,
    /// Finite and above 0.
    pub rate: f64,
    /// The first day it holds; without one it holds until a dated one begins.
    pub from: Option<Date>,
    /// Where it was written.
    pub place: Place,
}

/// One `[measure.<id>]`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureDef {
    /// `snake_case` name; never that of a metric of the same file.
    pub id: Said<String>,
    /// The table it counts.
    pub table: Said<String>,
    /// The date column that says in which period a row falls.
    pub at: Said<String>,
    /// SQL aggregate.
    pub value: Said<String>,
    /// SQL predicate, key `where`.
    pub when: Option<Said<String>>,
    /// What it counts.
    pub unit: Option<Said<String>>,
}

/// One `[metric.<id>]`, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDef {
    /// `snake_case` name; never that of a measure of the same file.
    pub id: Said<String>,
    /// Name for people.
    pub title: Option<String>,
    /// Arithmetic on measures.
    pub formula: Said<String>,
    /// What it counts.
    pub unit: Said<String>,
    /// `higher`, `lower` or `neither`.
    pub better: Option<String>,
    /// What it means, in words.
    pub definition: String,
    /// Of which rows and dates it speaks, in words.
    pub basis: Option<String>,
    /// Where the definition comes from.
    pub source: Option<String>,
    /// A worked example; its form is checked by the catalogue.
    pub example: Option<toml::Table>,
}

/// `[qualified]`: the one definition of a qualified lead, in its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualified {
    /// Where it was written.
    pub place: Place,
    /// Its versions, the earliest first; at least one.
    pub versions: Vec<QualifiedVersion>,
    /// What it is called.
    pub title: String,
    /// What must hold: all of the rules of one version, which has at least one. A single condition is a rule called `when`.
    pub rules: Vec<QualifiedRule>,
    /// The stage whose processes are asked; all processes without one.
    pub stage: Option<Said<String>>,
    /// Id of the stage at which marketing calls somebody qualified.
    pub marketing: String,
    /// Id of the stage at which sales does.
    pub sales: String,
}

impl Qualified {
    /// Index of the version in force on a day; `None` before the first.
    pub fn on(&self, day: Date) -> Option<usize> {
        self.versions.iter().rposition(|version| version.from.is_none_or(|from| from <= day))
    }

    /// The version that holds now, or all of them in their order.
    pub fn label(&self) -> String {
        let names: Vec<&str> = self.versions.iter().map(|v| v.name.value.as_str()).collect();
        names.join(", ")
    }

    /// What a rule is called: with its version, where there are several.
    pub fn rule_title(&self, rule: &QualifiedRule) -> String {
        match &self.versions[..] {
            [_] => rule.name.value.clone(),
            versions => format!("{}: {}", versions[rule.version].name.value, rule.name.value),
        }
    }
}

/// One version of the definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualifiedVersion {
    /// What it is called.
    pub name: Said<String>,
    /// The first day on which it holds; from the beginning without one.
    pub from: Option<Date>,
}

/// One condition of the definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualifiedRule {
    /// Index of its version.
    pub version: usize,
    /// `snake_case` name, unique in its definition.
    pub name: Said<String>,
    /// SQL condition on the columns of buying processes; the columns are checked with the data.
    pub when: Said<String>,
}
