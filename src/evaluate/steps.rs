//! From the figures of one set of exports to those of another, one cause after the other.
//!
//! In: the facts of both sides, which rows are the same, and at which step each value changes. Out: the [`Scores`] after
//! every step, over rows of which some values are already B's and the others still A's, and every row that counts
//! otherwise ([`Moved`]). The differences between steps add up to the whole difference, whatever a measure computes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use polars::prelude::*;

use super::rows::{PERIOD, Rows};
use super::{Scores, Slice, aggregates, store};
use crate::calendar::Periods;
use crate::catalogue::formula::{self, MAJOR, Offered};
use crate::catalogue::{Catalogue, Measure, Metric};
use crate::facts::Facts;
use crate::report::{Cell, Unit};
use crate::tables::NONE;
use crate::time::date_of;

/// The step of what does not change.
pub const SAME: u8 = u8::MAX;

const ROW: &str = "__row";

/// One row of a table on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Row of A; [`NONE`] without one.
    pub a: u32,
    /// Row of B; [`NONE`] without one.
    pub b: u32,
    /// The step at which a row of one side goes or comes; [`SAME`] for a row of both.
    pub step: u8,
}

/// A value that is another one in B.
#[derive(Debug, Clone, Copy)]
pub struct Change<'c> {
    /// Its table.
    pub table: &'c str,
    /// Its row, among the pairs of the table.
    pub pair: usize,
    /// Its column.
    pub column: &'c str,
    /// A has no value.
    pub gained: bool,
    /// B has no value.
    pub lost: bool,
    /// The day in B, for a column of days.
    pub day: Option<i32>,
}

/// Two sets of facts under one contract.
pub struct Both<'a> {
    /// A, then B.
    pub sides: [&'a Facts<'a>; 2],
    /// The rows of a table.
    pub pairs: &'a dyn Fn(&str) -> &'a [Pair],
    /// The step at which a value becomes B's.
    pub step: &'a dyn Fn(&Change<'_>) -> u8,
    /// How many steps there are.
    pub steps: u8,
}

/// A row that counts otherwise after a step than before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The table of the row.
    pub table: String,
    /// The row, among the pairs of the table.
    pub pair: usize,
    /// The measure.
    pub measure: String,
    /// The step.
    pub step: u8,
    /// Period and contribution before the step, money in minor units; `None` where it does not count.
    pub before: Option<(usize, f64)>,
    /// The same after it.
    pub after: Option<(usize, f64)>,
    /// What changed: column, from, to.
    pub changed: Vec<(String, Cell, Cell)>,
}

/// What each row contributes to each measure: its period, and the measure's value over that row alone.
type Contributions = BTreeMap<u32, (usize, Vec<Option<f64>>)>;

/// Measures that count the same rows.
struct Pass<'m> {
    table: &'m str,
    at: &'m str,
    condition: Option<&'m str>,
    measures: Vec<&'m Measure>,
}

/// The passes over the wanted measures, without those that some side lacks.
fn passes<'m>(catalogue: &'m Catalogue, wanted: &[&Metric], lacking: &[&Scores]) -> Vec<Pass<'m>> {
    let ids: BTreeSet<&str> = wanted.iter().flat_map(|m| m.formula.uses.iter().map(String::as_str)).collect();
    let absent = |id: &str| lacking.iter().any(|scores| scores.absent.contains_key(id));
    let mut passes: BTreeMap<(&str, &str, Option<&str>), Vec<&Measure>> = BTreeMap::new();
    for measure in ids.into_iter().filter(|id| !absent(id)).filter_map(|id| catalogue.measures.get(id)) {
        passes.entry((&measure.table, &measure.at, measure.condition.as_deref())).or_default().push(measure);
    }
    passes.into_iter().map(|((table, at, condition), measures)| Pass { table, at, condition, measures }).collect()
}

/// The columns that a measure speaks of.
pub fn columns_of(measure: &Measure, slice: &Slice) -> BTreeSet<String> {
    let texts = [Some(measure.value.as_str()), measure.condition.as_deref(), slice.condition.as_deref()];
    texts.into_iter().flatten().flat_map(formula::uses).chain([measure.at.clone()]).collect()
}

impl Pass<'_> {
    /// The columns that it needs.
    fn columns(&self, slice: &Slice) -> BTreeSet<String> {
        self.measures.iter().flat_map(|measure| columns_of(measure, slice)).collect()
    }

    /// The rows that count, each with its period.
    fn rows(&self, frame: DataFrame, offered: &[Offered], periods: &Periods, slice: &Slice) -> Result<DataFrame> {
        Rows::of(frame, offered, (self.at, self.condition, &[]), periods, slice)?.counted()
    }

    /// The figures over all rows: of all periods together, then of each.
    fn figures(&self, rows: &DataFrame, offered: &[Offered]) -> Result<[DataFrame; 2]> {
        let aggregates = aggregates(&self.measures, offered)?;
        Ok([
            rows.clone().lazy().select(&aggregates).collect()?,
            rows.clone().lazy().group_by([col(PERIOD)]).agg(&aggregates).collect()?,
        ])
    }

    /// The figures over each row alone; `rows` has its number in [`ROW`].
    fn contributions(&self, rows: DataFrame, offered: &[Offered]) -> Result<Contributions> {
        let keys = [col(ROW), col(PERIOD)];
        let out = rows.lazy().group_by(keys).agg(&aggregates(&self.measures, offered)?).collect()?;
        let (row, period) = (out.column(ROW)?.u32()?, out.column(PERIOD)?.i32()?);
        let columns: Vec<&Float64Chunked> =
            self.measures.iter().map(|m| out.column(&m.id)?.f64()).collect::<PolarsResult<_>>()?;
        let adds_up: Vec<bool> = self.measures.iter().map(|m| formula::adds_up(&m.value)).collect();
        let mut found = Contributions::new();
        for at in 0..out.height() {
            let values = columns.iter().zip(&adds_up).map(|(column, adds_up)| {
                // To add 0 is to add nothing; a median may well have 0 days.
                column.get(at).filter(|value| value.is_finite() && !(*adds_up && *value == 0.0))
            });
            let period = usize::try_from(period.get(at).unwrap_or(0))?;
            found.insert(row.get(at).unwrap_or(NONE), (period, values.collect()));
        }
        Ok(found)
    }
}

/// A table of which some values are A's and some B's.
struct Mixed<'p> {
    pairs: &'p [Pair],
    /// By column: all rows of A, then all of B; and by pair the step at which it becomes B's.
    columns: Vec<(Column, Vec<u8>)>,
    /// Rows of A.
    of_a: u32,
}

impl<'p> Mixed<'p> {
    fn new(both: &Both<'p>, table: &str, wanted: &BTreeSet<String>) -> Result<Self> {
        let pairs = (both.pairs)(table);
        let [a, b] = [both.sides[0].frame(table, wanted)?, both.sides[1].frame(table, wanted)?];
        let in_both: Vec<usize> = (0..pairs.len()).filter(|at| pairs[*at].a != NONE && pairs[*at].b != NONE).collect();
        let rows = |of: fn(&Pair) -> u32| -> IdxCa { in_both.iter().map(|at| Some(of(&pairs[*at]))).collect() };
        let (rows_a, rows_b) = (rows(|p| p.a), rows(|p| p.b));
        let mut names: Vec<&PlSmallStr> = b.get_column_names();
        names.extend(a.get_column_names().into_iter().filter(|name| b.column(name).is_err()));
        let mut columns = Vec::new();
        for name in names {
            let nothing = |other: &DataFrame, height: usize| {
                let kind = other.column(name).map_or(DataType::String, |c| c.dtype().clone());
                Column::full_null(name.clone(), height, &kind)
            };
            let mut of_a = a.column(name).cloned().unwrap_or_else(|_| nothing(&b, a.height()));
            let of_b = b.column(name).cloned().unwrap_or_else(|_| nothing(&a, b.height()));
            let (before, after) = (of_a.take(&rows_a)?, of_b.take(&rows_b)?);
            let differs = before.as_materialized_series().not_equal_missing(after.as_materialized_series())?;
            let (gained, lost) = (before.is_null(), after.is_null());
            let days = (after.dtype() == &DataType::Date).then(|| after.cast(&DataType::Int32)).transpose()?;
            let days = days.as_ref().map(|days| days.i32()).transpose()?;
            let mut steps = vec![SAME; pairs.len()];
            for (at, pair) in in_both.iter().enumerate().filter(|(at, _)| differs.get(*at) == Some(true)) {
                steps[*pair] = (both.step)(&Change {
                    table,
                    pair: *pair,
                    column: name.strip_suffix(MAJOR).unwrap_or(name),
                    gained: gained.get(at) == Some(true),
                    lost: lost.get(at) == Some(true),
                    day: days.and_then(|days| days.get(at)),
                });
            }
            of_a.append(&of_b)?;
            columns.push((of_a, steps));
        }
        Ok(Self { pairs, columns, of_a: u32::try_from(a.height())? })
    }

    /// The pairs of which something changes at a step.
    fn changing(&self, step: u8) -> Vec<u32> {
        let changes =
            |at: usize| self.pairs[at].step == step || self.columns.iter().any(|(_, steps)| steps[at] == step);
        (0..self.pairs.len()).filter(|at| changes(*at)).filter_map(|at| u32::try_from(at).ok()).collect()
    }

    /// The rows after the first `done` steps; of some pairs, or of all. Each has its pair's number in [`ROW`].
    #[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
    fn frame(&self, done: u8, only: Option<&[u32]>) -> Result<DataFrame> {
        let all: Vec<u32>;
        let pairs = if let Some(only) = only {
            only
        } else {
            all = (0..self.pairs.len() as u32).collect();
            &all
        };
        let is_there = |at: &&u32| {
            let pair = &self.pairs[**at as usize];
            let done = pair.step < done;
            if pair.b == NONE { !done } else { pair.a != NONE || done }
        };
        let there: Vec<u32> = pairs.iter().filter(is_there).copied().collect();
        let mut columns = Vec::with_capacity(self.columns.len() + 1);
        for (column, steps) in &self.columns {
            let row = |at: &u32| {
                let pair = &self.pairs[*at as usize];
                let of_a = pair.b == NONE || (pair.a != NONE && steps[*at as usize] >= done);
                Some(if of_a { pair.a } else { self.of_a + pair.b })
            };
            let rows: IdxCa = there.iter().map(row).collect();
            columns.push(column.take(&rows)?);
        }
        let height = there.len();
        columns.push(Column::new(ROW.into(), there));
        Ok(DataFrame::new(height, columns)?)
    }

    /// What changes at a step in those columns of a row that are spoken of: column, from, to.
    fn changed(&self, at: usize, step: u8, spoken: &BTreeSet<String>) -> Result<Vec<(String, Cell, Cell)>> {
        let pair = &self.pairs[at];
        let mut changed = Vec::new();
        if pair.a == NONE || pair.b == NONE {
            return Ok(changed);
        }
        for (column, _) in self.columns.iter().filter(|(_, steps)| steps[at] == step) {
            let name = column.name().as_str();
            if !spoken.contains(name.strip_suffix(MAJOR).unwrap_or(name)) {
                continue;
            }
            // Amounts are there twice; people read major units.
            let twice = format!("{name}{MAJOR}");
            if self.columns.iter().any(|(other, _)| other.name().as_str() == twice) {
                continue;
            }
            let [from, to] = [pair.a, self.of_a + pair.b].map(|row| cell(column, row as usize));
            changed.push((name.strip_suffix(MAJOR).unwrap_or(name).to_string(), from?, to?));
        }
        Ok(changed)
    }
}

/// A value as a cell; an amount is in major units.
#[allow(clippy::cast_precision_loss)] // whole numbers of a frame are days and counts
fn cell(column: &Column, row: usize) -> Result<Cell> {
    let unit = if column.name().ends_with(MAJOR) { Unit::Money } else { Unit::Number };
    Ok(match column.get(row)? {
        AnyValue::String(text) => Cell::text(text),
        AnyValue::Boolean(yes) => Cell::Flag(yes),
        AnyValue::Date(day) => Cell::Date(date_of(day)),
        AnyValue::Int64(value) => Cell::Number(value as f64, unit),
        AnyValue::Float64(value) => Cell::Number(value, unit),
        _ => Cell::Missing("no value".into()),
    })
}

/// In which of some columns rows of two sides differ, by pair of rows: column, there, here.
///
/// # Errors
/// When polars cannot compute it: a defect.
pub fn differences(
    sides: [&Facts<'_>; 2],
    table: &str,
    columns: &BTreeSet<String>,
    rows: &[[u32; 2]],
) -> Result<Vec<Vec<(String, Cell, Cell)>>> {
    let [a, b] = [sides[0].frame(table, columns)?, sides[1].frame(table, columns)?];
    let mut all = vec![Vec::new(); rows.len()];
    for name in columns {
        // Amounts are there twice; people read major units.
        let major = format!("{name}{MAJOR}");
        let one = |frame: &DataFrame| frame.column(&major).or_else(|_| frame.column(name)).ok().cloned();
        let (Some(of_a), Some(of_b)) = (one(&a), one(&b)) else { continue };
        for ([from, to], changed) in rows.iter().zip(&mut all) {
            let [from, to] = [cell(&of_a, *from as usize)?, cell(&of_b, *to as usize)?];
            if from != to {
                changed.push((name.clone(), from, to));
            }
        }
    }
    Ok(all)
}

/// The figures after each step, and the rows that each moves; `ends` are the figures of A and of B, which say what cannot
/// be had at all.
///
/// # Errors
/// When polars cannot compute them: a defect.
pub fn walk(
    both: &Both<'_>,
    catalogue: &Catalogue,
    wanted: &[&Metric],
    periods: &Periods,
    slice: &Slice,
    ends: [&Scores; 2],
) -> Result<(Vec<Scores>, Vec<Moved>)> {
    let absent = ends.iter().flat_map(|s| s.absent.clone()).collect::<BTreeMap<_, _>>();
    let monthly = ends.iter().flat_map(|s| s.monthly.clone()).collect();
    let as_of = ends[1].as_of;
    let start = Scores { measures: BTreeMap::new(), absent, monthly, as_of, ..ends[0].clone() };
    let mut after: Vec<Scores> = vec![start; usize::from(both.steps)];
    let mut moved = Vec::new();
    for pass in passes(catalogue, wanted, &ends) {
        let mut offered = both.sides[1].offered(pass.table);
        for (name, kind) in both.sides[0].offered(pass.table) {
            if !offered.iter().any(|(known, _)| *known == name) {
                offered.push((name, kind));
            }
        }
        let mixed = Mixed::new(both, pass.table, &pass.columns(slice))?;
        let figures = |done: u8| {
            let rows = pass.rows(mixed.frame(done, None)?, &offered, periods, slice)?;
            pass.figures(&rows, &offered)
        };
        let counted = |done: u8, only: &[u32]| {
            let rows = pass.rows(mixed.frame(done, Some(only))?, &offered, periods, slice)?;
            pass.contributions(rows, &offered)
        };
        let spoken: Vec<BTreeSet<String>> = pass.measures.iter().map(|m| columns_of(m, slice)).collect();
        let mut known = figures(0)?;
        for step in 0..both.steps {
            let changing = mixed.changing(step);
            if !changing.is_empty() {
                known = figures(step + 1)?;
                let [from, to] = [counted(step, &changing)?, counted(step + 1, &changing)?];
                for at in changing {
                    for (index, measure) in pass.measures.iter().enumerate() {
                        let of = |found: &Contributions| {
                            found.get(&at).and_then(|(period, values)| values[index].map(|value| (*period, value)))
                        };
                        let [before, after] = [of(&from), of(&to)];
                        if before == after {
                            continue;
                        }
                        let pair = at as usize;
                        let (table, measure) = (pass.table.to_string(), measure.id.clone());
                        let changed = mixed.changed(pair, step, &spoken[index])?;
                        moved.push(Moved { table, pair, measure, step, before, after, changed });
                    }
                }
            }
            let scores = &mut after[usize::from(step)];
            for (out, per_period) in known.iter().zip([false, true]) {
                store(out, &[], per_period, &pass.measures, both.sides[0], scores)?;
            }
        }
    }
    Ok((after, moved))
}

/// What every row of every table contributes to each measure: period and value, money in minor units.
pub type Counted = BTreeMap<String, Vec<Option<(usize, f64)>>>;

/// The contributions of all rows, by measure and row of its table.
///
/// # Errors
/// When polars cannot compute them: a defect.
pub fn contributions(
    facts: &Facts<'_>,
    catalogue: &Catalogue,
    wanted: &[&Metric],
    periods: &Periods,
    slice: &Slice,
    scores: &Scores,
) -> Result<Counted> {
    let mut counted = Counted::new();
    for pass in passes(catalogue, wanted, &[scores]) {
        let offered = facts.offered(pass.table);
        let mut frame = facts.frame(pass.table, &pass.columns(slice))?;
        let height = frame.height();
        frame.with_column(Column::new(ROW.into(), (0..u32::try_from(height)?).collect::<Vec<u32>>()))?;
        let found = pass.contributions(pass.rows(frame, &offered, periods, slice)?, &offered)?;
        for (index, measure) in pass.measures.iter().enumerate() {
            let mut of = vec![None; height];
            for (row, (period, values)) in &found {
                of[*row as usize] = values[index].map(|value| (*period, value));
            }
            counted.insert(measure.id.clone(), of);
        }
    }
    Ok(counted)
}
