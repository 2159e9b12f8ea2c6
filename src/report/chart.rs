//! A picture of numbers: what is drawn, not how.
//!
//! In: figures of a report. Out: a [`Chart`], which `output` draws as SVG, as a chart of a workbook or as bars of a
//! terminal. Its numbers are its data table: nothing is in the picture that the table does not say.

use super::{Audience, Cell, Column, Table, Unit};

/// How the values of a chart stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Upright columns side by side; values may be below 0.
    Columns,
    /// Columns on top of each other: parts of a whole, none below 0.
    Stacked,
    /// Lying bars side by side: for labels that are words.
    Bars,
    /// A line through the points, from left to right in time, with a band where one is known.
    Lines,
}

/// One row of values, with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// One per label; `None` where nothing is known, which is drawn as a gap, never as 0.
    pub values: Vec<Option<f64>>,
    /// Low and high of the interval of each value; empty where none is known at all.
    pub band: Vec<Option<(f64, f64)>>,
    /// Which values are provisional (too young, a period that is not over); empty where none is.
    pub provisional: Vec<bool>,
}

/// A picture of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// snake_case name; unique in its report.
    pub id: String,
    /// Headline.
    pub title: String,
    /// What it shows, for those who do not see it: one or two sentences.
    pub description: String,
    /// How it is drawn.
    pub shape: Shape,
    /// What the values count.
    pub unit: Unit,
    /// What the labels are: `Quarter`, `Stage`.
    pub axis: String,
    /// One per point.
    pub labels: Vec<String>,
    /// The values.
    pub series: Vec<Series>,
}

impl Series {
    /// Values alone.
    pub fn plain(name: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        Self { name: name.into(), values, band: Vec::new(), provisional: Vec::new() }
    }
}

impl Chart {
    /// The same numbers as a table, one row per label: value and, where known, low and high of each series.
    pub fn table(&self) -> Table {
        let mut columns = vec![Column::left("label", self.axis.clone())];
        for (at, series) in self.series.iter().enumerate() {
            columns.push(Column::right(format!("value_{}", at + 1), series.name.clone()));
            if !series.band.is_empty() {
                columns.push(Column::right(format!("low_{}", at + 1), format!("{}, low", series.name)));
                columns.push(Column::right(format!("high_{}", at + 1), format!("{}, high", series.name)));
            }
            if series.provisional.contains(&true) {
                columns.push(Column::left(format!("provisional_{}", at + 1), format!("{}, provisional", series.name)));
            }
        }
        let cell = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::Number(v, self.unit));
        let rows = self.labels.iter().enumerate().map(|(at, label)| {
            let mut row = vec![Cell::text(label.clone())];
            for series in &self.series {
                row.push(cell(series.values.get(at).copied().flatten()));
                if !series.band.is_empty() {
                    let band = series.band.get(at).copied().flatten();
                    row.push(cell(band.map(|(low, _)| low)));
                    row.push(cell(band.map(|(_, high)| high)));
                }
                if series.provisional.contains(&true) {
                    let young = series.provisional.get(at).copied().unwrap_or(false);
                    row.push(if young { Cell::Flag(true) } else { Cell::none() });
                }
            }
            known_as_row(&mut row);
            row
        });
        Table {
            id: self.id.clone(),
            title: self.title.clone(),
            audience: Audience::People,
            columns,
            rows: rows.collect(),
        }
    }
}

/// Says of a row of which nothing is known that it is one: its label alone would be taken for a heading.
pub fn known_as_row(row: &mut [Cell]) {
    if let [_, first, rest @ ..] = row
        && *first == Cell::none()
        && rest.iter().all(|cell| *cell == Cell::none())
    {
        *first = Cell::Missing("not known".into());
    }
}

/// One figure at a glance: its value, where it came from, and what moved it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The metric.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The period of the value.
    pub period: String,
    /// The value.
    pub value: Cell,
    /// How much it changed against the period before.
    pub change: Cell,
    /// Whether that is for the better; `None` where nothing is better, or nothing changed.
    pub better: Option<bool>,
    /// What moved it: the measures behind it and their changes; empty where nothing is known of them.
    pub moved: String,
    /// The values of the last periods, oldest first: one series.
    pub trend: Chart,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_without_any_value_is_a_row() {
        let mut young = Series::plain("A", vec![None, Some(0.5), None]);
        young.band = vec![None, Some((0.4, 0.6)), None];
        young.provisional = vec![false, false, true];
        let chart = Chart {
            id: "c".into(),
            title: "C".into(),
            description: "D".into(),
            shape: Shape::Lines,
            unit: Unit::Share,
            axis: "Quarter".into(),
            labels: ["2026-Q1", "2026-Q2", "2026-Q3"].map(Into::into).to_vec(),
            series: vec![young, Series::plain("B", vec![None; 3])],
        };
        for row in chart.table().rows {
            // Only a heading has nothing but its first cell.
            assert!(row[1..].iter().any(|cell| *cell != Cell::none()), "{row:?}");
        }
    }
}
