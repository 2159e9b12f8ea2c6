//! The records behind a figure that is no metric, as `explain` lists them.
//!
//! In: nothing. Out: [`Behind`] and [`Found`], which the reports with such figures fill and `explain` prints.

use crate::tables::Kind;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// A buying process, by its index.
    Process(usize),
    /// A row of a table.
    Row(Kind, usize),
    /// A line of the file of answers, of a team: never with what was answered.
    Line(u64, &'static str),
}

/// One of them, with what it gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Behind {
    /// Which.
    pub of: Of,
    /// What it gives to: a name in the formula, or `value` for the figure itself.
    pub to: &'static str,
    /// The stage it is at; empty where that does not matter.
    pub stage: String,
    /// The period in which its buyer began; empty where that does not matter.
    pub began: String,
    /// The day that counts.
    pub day: Option<i32>,
    /// Days: at the stage, or from one thing to the other.
    pub days: Option<i32>,
    /// Whole periods since the beginning; empty where that does not matter.
    pub lag: String,
    /// What became of it; empty where that does not matter.
    pub outcome: String,
    /// The chance to be won in the days that are asked for.
    pub chance: Option<f64>,
    /// Its amount, in major units.
    pub amount: Option<f64>,
    /// What it gives; `None` for one that is looked at and gives nothing.
    pub gives: Option<f64>,
    /// Whether it counts, in a word.
    pub reason: &'static str,
}

impl Behind {
    /// One that gives to the figure itself.
    pub fn new(of: Of) -> Self {
        Self {
            of,
            to: "value",
            stage: String::new(),
            began: String::new(),
            day: None,
            days: None,
            lag: String::new(),
            outcome: String::new(),
            chance: None,
            amount: None,
            gives: None,
            reason: "counted",
        }
    }
}

/// What stands behind a figure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The records that are listed, in the order of the exports.
    pub records: Vec<Behind>,
    /// Where the others went: the population and its parts, in words.
    pub account: Vec<(String, u64)>,
    /// What what is listed gives adds up to the figure, or to the parts of its formula that it names.
    pub adds_up: bool,
    /// What a reader has to know of the list.
    pub notes: Vec<String>,
}

/// Which figure of a tidy table: what its row says.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What stands behind it, as the catalogue of figures names it.
    pub records: &'a str,
    /// Its item.
    pub item: &'a str,
    /// The columns that tell its row from others, and what they say.
    pub keys: &'a [(&'static str, String)],
    /// First and last day of its period.
    pub days: Option<(i32, i32)>,
    /// Whether it is an amount.
    pub money: bool,
}

impl Asked<'_> {
    /// What a key column says; empty where it says nothing.
    pub fn key(&self, column: &str) -> &str {
        self.keys.iter().find(|(name, _)| *name == column).map_or("", |(_, text)| text)
    }
}
