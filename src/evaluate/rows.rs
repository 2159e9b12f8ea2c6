//! Which rows a measure counts, and why it does not count the others.
//!
//! In: [`Facts`], a table with the day and the condition of a measure, the periods, what to break down by and leave out. Out:
//! [`Rows`]: one selection, from which figures are computed and rows are explained, so that both speak of the same rows.

use std::collections::BTreeSet;

use anyhow::Result;
use polars::prelude::*;

use super::{Slice, broken, speaks_of};
use crate::calendar::Periods;
use crate::catalogue::formula::{self, Offered};
use crate::catalogue::parts::RowValue;
use crate::facts::{Facts, Segment};

/// Index of the row's period; null outside of all days that count.
pub(super) const PERIOD: &str = "__period";
const DAY: &str = "__day";
const MET: &str = "__met";
const ASKED: &str = "__asked";
const INPUT: &str = "__input";

/// Why a row counts or does not: the first of these that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It has no day to count on.
    NoDay,
    /// Its day is outside of the period.
    Outside,
    /// It does not meet the measure's condition.
    NotMet,
    /// A value is missing that the measure's condition asks for.
    Unknown,
    /// It does not meet `--where`.
    NotAsked,
    /// A value is missing that `--where` asks for.
    AskedUnknown,
    /// It is of another segment.
    OtherSegment,
    /// It counts.
    Counted,
}

/// What a row gives to a measure.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Nothing: the value is missing.
    Missing,
    /// A number; for money in major units.
    Number(f64),
    /// Words or a day, of which an aggregate counts or takes some.
    Text(String),
}

/// The rows of one table as the measures of one day and condition see them.
pub struct Rows {
    /// One row per row of the table.
    frame: DataFrame,
    /// What to break down by; empty where the table does not have all of it.
    pub(super) by: Vec<String>,
    conditions: Vec<&'static str>,
}

impl Rows {
    /// The rows of `table`, each with its day by column `at`, its period, and what the conditions say of it; and the columns
    /// that the aggregates in `values` use.
    ///
    /// # Errors
    /// A column or a condition that the table does not have: check them before.
    pub fn select<'t>(
        facts: &Facts<'_>,
        (table, at, condition): (&str, &str, Option<&'t str>),
        values: impl IntoIterator<Item = &'t str>,
        periods: &Periods,
        slice: &'t Slice,
    ) -> Result<Self> {
        let offered = facts.offered(table);
        let has_segments = slice.by.iter().all(|b| speaks_of(table, &offered, b));
        let by: Vec<String> = if has_segments { slice.by.clone() } else { Vec::new() };
        let mut wanted: BTreeSet<String> = by.iter().cloned().collect();
        wanted.insert(at.to_string());
        for text in values.into_iter().chain(condition).chain(slice.condition.as_deref()) {
            wanted.extend(formula::uses(text));
        }
        Self::of(facts.frame(table, &wanted)?, &offered, (at, condition, &by), periods, slice)
    }

    /// The same of a frame that has all these columns.
    ///
    /// # Errors
    /// A column or a condition that the frame does not have: check them before.
    pub fn of(
        mut frame: DataFrame,
        offered: &[Offered],
        (at, condition, by): (&str, Option<&str>, &[String]),
        periods: &Periods,
        slice: &Slice,
    ) -> Result<Self> {
        let days = frame.column(at)?.cast(&DataType::Int32)?;
        let index: Int32Chunked = days
            .i32()?
            .iter()
            .map(|day| day.and_then(|d| periods.index(d)).and_then(|i| i32::try_from(i).ok()))
            .collect();
        frame.with_column(index.with_name(PERIOD.into()).into_column())?;
        frame.with_column(days.with_name(DAY.into()))?;
        let mut lazy = frame.lazy();
        let mut conditions = Vec::new();
        for (name, text) in [(MET, condition), (ASKED, slice.condition.as_deref())] {
            if let Some(text) = text {
                let met = formula::predicate(text, offered).map_err(broken)?;
                lazy = lazy.with_column(met.cast(DataType::Boolean).alias(name));
                conditions.push(name);
            }
        }
        Ok(Self { frame: lazy.collect()?, by: by.to_vec(), conditions })
    }

    /// The rows that count in any period and segment, with the index of their period.
    ///
    /// # Errors
    /// When polars cannot: a defect.
    pub(super) fn counted(&self) -> Result<DataFrame> {
        let met = self.conditions.iter().map(|name| col(*name));
        let counts = met.fold(col(PERIOD).is_not_null(), Expr::and);
        Ok(self.frame.clone().lazy().filter(counts).collect()?)
    }

    /// Number of rows of the table.
    pub fn len(&self) -> usize {
        self.frame.height()
    }

    /// Whether the table has no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What becomes of each row in one period (all together: `None`) and segment (the total: empty). A segment that the table
    /// cannot tell is not asked for.
    ///
    /// # Errors
    /// When polars cannot: a defect.
    pub fn fates(&self, period: Option<usize>, segment: &Segment) -> Result<Vec<Fate>> {
        let days = self.days()?;
        let index = self.frame.column(PERIOD)?.i32()?;
        let period = period.map(i32::try_from).transpose()?;
        let [met, asked] = [MET, ASKED].map(|name| self.frame.column(name).and_then(|c| c.bool()).ok());
        let words: Vec<Column> = if segment.is_empty() {
            Vec::new()
        } else {
            self.by.iter().map(|b| self.frame.column(b)?.cast(&DataType::String)).collect::<PolarsResult<_>>()?
        };
        let words: Vec<&StringChunked> = words.iter().map(|w| w.str()).collect::<PolarsResult<_>>()?;
        let is_of = |row: usize| words.iter().zip(segment).all(|(w, wanted)| w.get(row) == wanted.as_deref());
        let fate = |row: usize| {
            let (Some(_), here) = (days[row], index.get(row)) else { return Fate::NoDay };
            if here.is_none() || (period.is_some() && here != period) {
                return Fate::Outside;
            }
            match met.map(|m| m.get(row)) {
                Some(None) => return Fate::Unknown,
                Some(Some(false)) => return Fate::NotMet,
                _ => {}
            }
            match asked.map(|m| m.get(row)) {
                Some(None) => Fate::AskedUnknown,
                Some(Some(false)) => Fate::NotAsked,
                _ if !is_of(row) => Fate::OtherSegment,
                _ => Fate::Counted,
            }
        };
        Ok((0..self.len()).map(fate).collect())
    }

    /// The day that each row counts on.
    ///
    /// # Errors
    /// When polars cannot: a defect.
    pub fn days(&self) -> Result<Vec<Option<i32>>> {
        Ok(self.frame.column(DAY)?.i32()?.iter().collect())
    }

    /// What each row gives to a measure, whether it counts or not; numbers are divided by `scale`.
    ///
    /// # Errors
    /// When polars cannot compute it: a defect.
    pub fn inputs(&self, value: &RowValue, scale: f64) -> Result<Vec<Input>> {
        let out = self.frame.clone().lazy().select([value.expr.clone().alias(INPUT)]).collect()?;
        let column = out.column(INPUT)?;
        let as_words = matches!(column.dtype(), DataType::String | DataType::Date);
        let mut inputs: Vec<Input> = if as_words {
            let words = column.cast(&DataType::String)?;
            words.str()?.iter().map(|w| w.map_or(Input::Missing, |w| Input::Text(w.to_string()))).collect()
        } else {
            let numbers = column.cast(&DataType::Float64)?;
            let finite = |n: Option<f64>| n.filter(|n| n.is_finite());
            numbers.f64()?.iter().map(|n| finite(n).map_or(Input::Missing, |n| Input::Number(n / scale))).collect()
        };
        // A value without a column is one for all rows.
        if inputs.len() == 1 && self.len() != 1 {
            inputs = vec![inputs[0].clone(); self.len()];
        }
        Ok(inputs)
    }
}
