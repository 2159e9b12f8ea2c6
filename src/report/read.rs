//! A machine table read back: what pictures and findings of a report are made from, so that they can say nothing else.
//!
//! In: a table of a [`Report`]. Out: its rows, with cells by the name of their column.

use super::{Cell, Report, Table};
use crate::output::number::people;

/// One row of a table.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a [Cell],
}

/// The rows of the table `id`, in order; none where the report has no such table.
pub fn rows<'a>(report: &'a Report, id: &str) -> Vec<Row<'a>> {
    let table = report.tables.iter().find(|table| table.id == id);
    table.map_or_else(Vec::new, |table| table.rows.iter().map(|cells| Row { table, cells }).collect())
}

impl<'a> Row<'a> {
    fn cell(self, column: &str) -> Option<&'a Cell> {
        let at = self.table.columns.iter().position(|c| c.id == column)?;
        self.cells.get(at)
    }

    /// Words; empty where there are none.
    pub fn text(self, column: &str) -> &'a str {
        match self.cell(column) {
            Some(Cell::Text(text)) => text,
            _ => "",
        }
    }

    /// A number; `None` where it is missing.
    pub fn number(self, column: &str) -> Option<f64> {
        match self.cell(column) {
            Some(Cell::Number(value, _)) => Some(*value),
            _ => None,
        }
    }

    /// A number as people read it; `None` where it is missing.
    pub fn shown(self, column: &str) -> Option<String> {
        match self.cell(column) {
            Some(Cell::Number(value, unit)) => Some(people(*value, *unit)),
            _ => None,
        }
    }

    /// Why a cell is missing; empty where it is not, or where nobody says.
    pub fn why(self, column: &str) -> &'a str {
        match self.cell(column) {
            Some(Cell::Missing(why)) => why,
            _ => "",
        }
    }

    /// Whether a column says yes.
    pub fn says(self, column: &str) -> bool {
        matches!(self.cell(column), Some(Cell::Flag(true)))
    }

    /// Whether a column says no; what is missing says neither.
    pub fn is_no(self, column: &str) -> bool {
        matches!(self.cell(column), Some(Cell::Flag(false)))
    }

    /// Whether a column says no; a missing flag says nothing.
    pub fn denies(self, column: &str) -> bool {
        matches!(self.cell(column), Some(Cell::Flag(false)))
    }

    /// A day, as text that sorts as days do; empty where it is missing.
    pub fn day(self, column: &str) -> String {
        match self.cell(column) {
            Some(Cell::Date(day)) => day.to_string(),
            _ => String::new(),
        }
    }

    /// Whether every column named has the words beside it.
    pub fn is(self, wanted: &[(&str, &str)]) -> bool {
        wanted.iter().all(|(column, text)| self.text(column) == *text)
    }

    /// Low and high, where both are known.
    pub fn band(self, low: &str, high: &str) -> Option<(f64, f64)> {
        self.number(low).zip(self.number(high))
    }
}

/// The values of a column of words, each once, in order of their first row.
pub fn each<'a>(rows: &[Row<'a>], column: &str) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for text in rows.iter().map(|row| row.text(column)) {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}
