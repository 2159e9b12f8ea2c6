//! The canonical tables: what every export is turned into, whatever system wrote it.
//!
//! In: typed columns from `ingest`. Out: one [`Table`] per [`Kind`], in plain vectors with one value per row, and the
//! dictionary ([`Names`]) that turns interned ids and words back into text. `formula` and `evaluate` see the same
//! columns as a polars data frame, through `facts`.
//!
//! Missing values are in the vectors themselves: [`NONE`] for ids and words, [`Stamp::NONE`] for times, [`NO_MONEY`]
//! for money, NaN for numbers, [`NO_FLAG`] for flags.

mod codes;
mod names;
mod schema;
mod values;

use indexmap::IndexMap;

pub use codes::{CodeMap, CodeSet};
pub use names::{Mark, Names};
pub use schema::{Field, Kind, Type};
pub use values::Values;

use crate::time::Stamp;

/// Column of people and deals: their status or stage changed after as-of, so that its present value proves nothing.
pub const CHANGED_LATER: &str = "__changed_later";

/// A missing id or word.
pub const NONE: u32 = u32::MAX;
/// A missing amount.
pub const NO_MONEY: i64 = i64::MIN;
/// A missing yes or no.
pub const NO_FLAG: i8 = -1;

/// Where one row came from, in 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin(u64);

impl Origin {
    const BITS: u32 = 44;

    /// A record of a file: `file` is its index in the list of inputs (up to a million), `offset` the record's byte offset
    /// in the file's decoded text (up to 16 TiB).
    pub fn new(file: u32, offset: u64) -> Self {
        Self((u64::from(file) << Self::BITS) | (offset & ((1 << Self::BITS) - 1)))
    }

    /// Index of the file in the list of inputs.
    #[allow(clippy::cast_possible_truncation)] // 20 bits
    pub fn file(self) -> u32 {
        (self.0 >> Self::BITS) as u32
    }

    /// Byte offset of the record in the file's decoded text; a line number is counted from it when one is wanted.
    pub fn offset(self) -> u64 {
        self.0 & ((1 << Self::BITS) - 1)
    }
}

/// One canonical table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Which one.
    pub kind: Kind,
    /// Columns by name, each with one value per row.
    pub columns: IndexMap<String, Values>,
    /// Where each row came from.
    pub origin: Vec<Origin>,
    /// Some times were written as months, so that nothing finer than a month can be told.
    pub monthly: bool,
}

impl Table {
    /// A table without rows.
    pub fn empty(kind: Kind) -> Self {
        Self { kind, columns: IndexMap::new(), origin: Vec::new(), monthly: false }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.origin.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.origin.is_empty()
    }

    /// Codes of an id, e-mail or word column; all missing when no file had it.
    pub fn codes(&self, name: &str) -> std::borrow::Cow<'_, [u32]> {
        match self.columns.get(name) {
            Some(Values::Id(v) | Values::Text(v)) => v.into(),
            _ => vec![NONE; self.len()].into(),
        }
    }

    /// Times; all missing when no file had the column.
    pub fn times(&self, name: &str) -> std::borrow::Cow<'_, [Stamp]> {
        match self.columns.get(name) {
            Some(Values::Time(v)) => v.into(),
            _ => vec![Stamp::NONE; self.len()].into(),
        }
    }

    /// Amounts; all missing when no file had the column.
    pub fn money(&self, name: &str) -> std::borrow::Cow<'_, [i64]> {
        match self.columns.get(name) {
            Some(Values::Money(v)) => v.into(),
            _ => vec![NO_MONEY; self.len()].into(),
        }
    }

    /// Flags; all missing when no file had the column.
    pub fn flags(&self, name: &str) -> std::borrow::Cow<'_, [i8]> {
        match self.columns.get(name) {
            Some(Values::Flag(v)) => v.into(),
            _ => vec![NO_FLAG; self.len()].into(),
        }
    }

    /// Id lists; all empty when no file had the column.
    pub fn lists(&self, name: &str) -> std::borrow::Cow<'_, [Vec<u32>]> {
        match self.columns.get(name) {
            Some(Values::Ids(v)) => v.into(),
            _ => vec![Vec::new(); self.len()].into(),
        }
    }

    /// Fingerprints; all missing when no file had the column.
    pub fn keys(&self, name: &str) -> std::borrow::Cow<'_, [u128]> {
        match self.columns.get(name) {
            Some(Values::Key(v)) => v.into(),
            _ => vec![0; self.len()].into(),
        }
    }

    /// When each row came into being.
    pub fn began(&self) -> Vec<Stamp> {
        let mut times = vec![Stamp::NONE; self.len()];
        for name in self.kind.dated_by() {
            for (time, other) in times.iter_mut().zip(self.times(name).iter()) {
                *time = time.some().unwrap_or(*other);
            }
        }
        times
    }

    /// Whether any file gave this column a value.
    pub fn has(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(Values::any)
    }

    /// Keeps the rows marked `true`.
    pub fn keep(&mut self, keep: &[bool]) {
        if keep.iter().all(|k| *k) {
            return;
        }
        for values in self.columns.values_mut() {
            values.keep(keep);
        }
        let mut row = 0;
        self.origin.retain(|_| {
            row += 1;
            keep[row - 1]
        });
    }

    /// The column's type: ours by name, otherwise by what it holds.
    pub fn kind_of(&self, name: &str) -> Option<Type> {
        self.columns.get(name).map(|values| {
            self.kind.field(name).map_or_else(
                || match values {
                    Values::Id(_) => Type::Id,
                    Values::Ids(_) => Type::Ids,
                    Values::Key(_) => Type::Key,
                    Values::Text(_) => Type::Text,
                    Values::Time(_) => Type::Time,
                    Values::Money(_) => Type::Money,
                    Values::Number(_) => Type::Number,
                    Values::Flag(_) => Type::Flag,
                },
                |field| field.kind,
            )
        })
    }
}

/// All canonical tables and their dictionary.
#[derive(Debug, Clone)]
pub struct Tables {
    of_kind: Vec<Table>,
    /// Changes of who owns a record, in the columns of `stage_changes`; they are no evidence of a stage.
    pub owner_changes: Table,
    /// The dictionary of every code in them.
    pub names: Names,
}

impl Default for Tables {
    fn default() -> Self {
        let of_kind = Kind::ALL.into_iter().map(Table::empty).collect();
        Self { of_kind, owner_changes: Table::empty(Kind::StageChanges), names: Names::default() }
    }
}

impl Tables {
    /// One table.
    pub fn get(&self, kind: Kind) -> &Table {
        &self.of_kind[kind as usize]
    }

    /// Takes the changes of owners out of `stage_changes`.
    pub fn part_owner_changes(&mut self) {
        let changes = &mut self.of_kind[Kind::StageChanges as usize];
        let owner = CodeSet::of(&self.names, &[&changes.codes("field")], |field| field.eq_ignore_ascii_case("owner"));
        let of_owner: Vec<bool> = changes.codes("field").iter().map(|field| owner.contains(*field)).collect();
        if !of_owner.contains(&true) {
            return;
        }
        self.owner_changes = changes.clone();
        self.owner_changes.keep(&of_owner);
        changes.keep(&of_owner.iter().map(|owner| !owner).collect::<Vec<_>>());
    }

    /// One table, to change it.
    pub fn get_mut(&mut self, kind: Kind) -> &mut Table {
        &mut self.of_kind[kind as usize]
    }
}
