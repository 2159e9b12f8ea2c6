//! One measure, row by row.
//!
//! In: [`Facts`], a measure, the periods, what to break down by and leave out, one period and one segment. Out: a [`Trace`]: for
//! every row of the measure's table whether it counts, why not, and what it gives. It sees the rows that figures see ([`Rows`]).

use anyhow::Result;

use super::rows::{Fate, Input, Rows};
use super::{Slice, speaks_of};
use crate::calendar::Periods;
use crate::catalogue::Measure;
use crate::catalogue::formula;
use crate::catalogue::parts::row_value;
use crate::facts::{Facts, Segment};
use crate::report::Unit;
use crate::tables::Kind;

/// The rows of a measure's table; of the headcount ledger every count, though a month is the mean of its counts.
#[derive(Debug, Clone)]
pub struct Trace {
    /// What becomes of each row.
    pub fates: Vec<Fate>,
    /// The day it counts on.
    pub days: Vec<Option<i32>>,
    /// What it gives.
    pub inputs: Vec<Input>,
    /// The measure is the sum of what its rows give; otherwise the aggregate of that.
    pub adds: bool,
    /// What it gives, as SQL on the row.
    pub of: String,
}

/// Follows the rows of one measure in one period (all together: `None`) and segment (the total: empty). `None` where its table
/// has no such day, or cannot be read as the measure says.
///
/// # Errors
/// When polars cannot compute it: a defect.
pub fn trace(
    facts: &Facts<'_>,
    measure: &Measure,
    periods: &Periods,
    slice: &Slice,
    period: Option<usize>,
    segment: &Segment,
) -> Result<Option<Trace>> {
    let offered = facts.offered(&measure.table);
    let condition = measure.condition.as_deref();
    let unknown = |text: &str| formula::predicate(text, &offered).is_err();
    if !offered.iter().any(|(name, _)| *name == measure.at) || condition.is_some_and(unknown) {
        return Ok(None);
    }
    let Ok(value) = row_value(&measure.value, &offered) else { return Ok(None) };
    // What a table cannot be asked for makes the figure missing; its rows are shown as they are.
    let mut slice = slice.clone();
    slice.condition.take_if(|text| formula::uses(text).iter().any(|name| !speaks_of(&measure.table, &offered, name)));
    let of = (measure.table.as_str(), measure.at.as_str(), condition);
    let rows = Rows::select(facts, of, [measure.value.as_str()], periods, &slice)?;
    let (adds, text) = value.as_ref().map_or((false, String::new()), |v| (v.adds, v.text.clone()));
    let scale = if measure.unit == Unit::Money { facts.minor_per_major() } else { 1.0 };
    let inputs = match &value {
        Some(value) => rows.inputs(value, scale)?,
        None => vec![Input::Missing; rows.len()],
    };
    let trace = Trace { fates: rows.fates(period, segment)?, days: rows.days()?, inputs, adds, of: text };
    Ok(Some(if measure.table == Kind::Headcount.id() { every_count(facts, &trace) } else { trace }))
}

/// From the months of the headcount ledger to its rows: each gives its part of the month's mean.
fn every_count(facts: &Facts<'_>, months: &Trace) -> Trace {
    let table = facts.tables.get(Kind::Headcount);
    let mut fates = vec![Fate::NoDay; table.len()];
    let mut inputs = vec![Input::Missing; table.len()];
    let heads = facts.heads();
    for (month, rows) in facts.headcount_rows().iter().enumerate() {
        for (place, row) in rows.iter().enumerate() {
            fates[*row] = months.fates[month];
            #[allow(clippy::cast_precision_loss)] // a few counts
            if months.of == "heads" {
                inputs[*row] = Input::Number(heads[*row] / rows.len() as f64);
            } else if place == 0 {
                inputs[*row] = months.inputs[month].clone();
            }
        }
    }
    let days = table.times("date").iter().map(|at| facts.home.day(*at)).collect();
    Trace { fates, days, inputs, adds: months.adds, of: months.of.clone() }
}
