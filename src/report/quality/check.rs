//! What a check is, and how rows are counted.
//!
//! In: the loaded data and its periods ([`View`]). Out: [`Check`]s: for each file and period how many rows a check looked
//! at, how many it found, and where the first of them stand.

use std::collections::BTreeMap;

use crate::calendar::Periods;
use crate::ingest::{EXAMPLES, keep_smallest};
use crate::session::Data;
use crate::tables::{Kind, Origin, Table};
use crate::time::Stamp;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Figures are wrong by it, or lack something.
    High,
    /// Figures may mislead.
    Medium,
    /// Good to know.
    Low,
    /// No fault: how records were linked, and amounts read.
    Fact,
}

impl Weight {
    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Fact => "fact",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::High => "High: figures are wrong by it, or lack something",
            Self::Medium => "Medium: figures may mislead",
            Self::Low => "Low: good to know",
            Self::Fact => "Facts: how records were linked, and amounts read",
        }
    }
}

/// In which column of the calendar a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Index of the period.
    Period(usize),
    /// After as-of.
    Later,
    /// On no known day.
    Undated,
}

/// One file and period of one check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Rows found.
    pub found: u64,
    /// Rows looked at.
    pub of: u64,
    /// Byte offsets of the first that were found.
    pub first: Vec<u64>,
}

impl Count {
    fn see(&mut self, offset: u64, found: bool) {
        self.of += 1;
        if found {
            self.found += 1;
            keep_smallest(&mut self.first, offset);
        }
    }
}

/// Counts by file and period. Every row is in exactly one cell, so sums are sound.
pub type Tally = BTreeMap<(u32, When), Count>;

/// What came of a check.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Rows, by file and period.
    Counted(Tally),
    /// Days between the last date of a file and as-of.
    Days(BTreeMap<u32, u64>),
    /// Not checked, and why.
    NotChecked(Why),
}

/// Why a check could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No file was read into the table.
    NoTable(Kind),
    /// None of the table's files has the column, or any of several.
    NoColumn(Kind, String),
    /// Anything else.
    Other(String),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoTable(kind) => write!(f, "no export of {}", kind.id()),
            Self::NoColumn(kind, column) => write!(f, "no export of {} has {column}", kind.id()),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// One check of one table, or of one column of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `snake_case` name.
    pub id: &'static str,
    /// The column, stage, method or currency it is about; may be empty.
    pub item: String,
    /// The table whose rows it counts, or `processes`, or `files`.
    pub rows: &'static str,
    /// The finding, for people.
    pub title: String,
    /// How much a finding matters.
    pub weight: Weight,
    /// What it does to the metrics.
    pub effect: &'static str,
    /// What it counts: rows, cells, files or days.
    pub unit: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

impl Check {
    /// A check with its result, or with why there is none.
    pub fn new(
        (id, weight, effect): Rule,
        rows: &'static str,
        title: impl Into<String>,
        counted: Result<Tally, Why>,
    ) -> Self {
        let outcome = counted.map_or_else(Outcome::NotChecked, Outcome::Counted);
        Self { id, item: String::new(), rows, title: title.into(), weight, effect, unit: "rows", outcome }
    }

    /// The same, counting something else than rows.
    #[must_use]
    pub fn of(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// The same, about one column, stage, method or currency.
    #[must_use]
    pub fn about(mut self, item: impl Into<String>) -> Self {
        self.item = item.into();
        self
    }

    /// Everything it found and looked at.
    pub fn total(&self) -> Option<Count> {
        match &self.outcome {
            Outcome::Counted(tally) => Some(tally.values().fold(Count::default(), |sum, c| Count {
                found: sum.found + c.found,
                of: sum.of + c.of,
                first: Vec::new(),
            })),
            _ => None,
        }
    }
}

/// Name, weight and effect of a check.
pub type Rule = (&'static str, Weight, &'static str);

/// What checks look at.
pub struct View<'a> {
    /// Everything that was loaded.
    pub data: &'a Data,
    /// The periods that the rows' days fall into.
    pub periods: &'a Periods,
    /// As-of, as a day since 1970.
    pub as_of: i32,
    /// By table: the day on which each row came into being.
    days: Vec<Vec<Option<i32>>>,
}

impl<'a> View<'a> {
    /// Dates every row once.
    pub fn new(data: &'a Data, periods: &'a Periods, as_of: i32) -> Self {
        let home = &data.session.home;
        let days = |kind| data.tables.get(kind).began().into_iter().map(|at| home.day(at)).collect();
        Self { data, periods, as_of, days: Kind::ALL.into_iter().map(days).collect() }
    }

    /// One table.
    pub fn table(&self, kind: Kind) -> &Table {
        self.data.tables.get(kind)
    }

    /// The day of a stamp in the contract's zone.
    pub fn day(&self, at: Stamp) -> Option<i32> {
        self.data.session.home.day(at)
    }

    /// The day on which each row of a table came into being.
    pub fn days(&self, kind: Kind) -> &[Option<i32>] {
        &self.days[kind as usize]
    }

    /// Whether any export of the table has the column.
    pub fn has(&self, kind: Kind, column: &str) -> bool {
        let mapped = |name: &str| name == column;
        let files = self.data.files.iter().filter(|f| f.input.table.as_deref() == Some(kind.id()));
        self.table(kind).has(column) || files.flat_map(|f| &f.mapped).any(|(name, _)| mapped(name))
    }

    /// Why a check of these tables and columns cannot be made: each needs one of its columns.
    ///
    /// # Errors
    /// The first that is missing.
    pub fn needs(&self, wanted: &[(Kind, &[&str])]) -> Result<(), Why> {
        for (kind, columns) in wanted {
            if !self.data.read.contains(kind.id()) && self.table(*kind).is_empty() {
                return Err(Why::NoTable(*kind));
            }
            if !columns.is_empty() && !columns.iter().any(|column| self.has(*kind, column)) {
                return Err(Why::NoColumn(*kind, columns.join(" or ")));
            }
        }
        Ok(())
    }

    /// The period of a day.
    pub fn when(&self, day: Option<i32>) -> When {
        match day {
            Some(day) if day > self.as_of => When::Later,
            Some(day) => self.periods.index(day).map_or(When::Undated, When::Period),
            None => When::Undated,
        }
    }

    /// Counts one row.
    pub fn add(&self, tally: &mut Tally, origin: Origin, day: Option<i32>, found: bool) {
        tally.entry((origin.file(), self.when(day))).or_default().see(origin.offset(), found);
    }

    /// Counts the rows of a table: `seen` says of each whether it was found, `None` of one that the check is not about.
    pub fn count(&self, kind: Kind, days: &[Option<i32>], seen: impl Fn(usize) -> Option<bool>) -> Tally {
        let mut tally = Tally::new();
        // Rows stand file by file: one file's counts are kept side by side, and put away when the next begins.
        let slots = self.periods.all.len();
        let mut counts = vec![Count::default(); slots + 2];
        let mut current = u32::MAX;
        for (row, origin) in self.table(kind).origin.iter().enumerate() {
            if origin.file() != current {
                put_away(&mut tally, current, &mut counts);
                current = origin.file();
            }
            let Some(found) = seen(row) else { continue };
            let slot = match self.when(days[row]) {
                When::Period(period) => period,
                When::Later => slots,
                When::Undated => slots + 1,
            };
            counts[slot].see(origin.offset(), found);
        }
        put_away(&mut tally, current, &mut counts);
        tally
    }
}

fn put_away(tally: &mut Tally, file: u32, counts: &mut [Count]) {
    let slots = counts.len() - 2;
    for (slot, count) in counts.iter_mut().enumerate().filter(|(_, count)| count.of > 0) {
        let when = match slot.checked_sub(slots) {
            None => When::Period(slot),
            Some(0) => When::Later,
            Some(_) => When::Undated,
        };
        let count = std::mem::take(count);
        let sum = tally.entry((file, when)).or_default();
        sum.found += count.found;
        sum.of += count.of;
        for offset in count.first {
            keep_smallest(&mut sum.first, offset);
        }
    }
}

/// Adds up the cells of one file, or of all: the first places are those of the first file that has any.
pub fn first_places(cells: &[(u32, &Count)]) -> Vec<Origin> {
    let mut places: Vec<Origin> = Vec::new();
    let mut at = 0;
    while at < cells.len() && places.len() < EXAMPLES {
        let file = cells[at].0;
        let mut first = Vec::new();
        while at < cells.len() && cells[at].0 == file {
            cells[at].1.first.iter().for_each(|offset| keep_smallest(&mut first, *offset));
            at += 1;
        }
        places.extend(first.into_iter().map(|offset| Origin::new(file, offset)));
    }
    places.truncate(EXAMPLES);
    places
}
