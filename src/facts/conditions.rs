//! Conditions on rows.
//!
//! In: a condition, a frame or a table. Out: which rows it holds for.

use std::collections::BTreeSet;

use polars::prelude::*;

use super::columns::{minor_per_major, table_column, table_columns};
use crate::catalogue::formula::{self, Problem};
use crate::catalogue::problems_at;
use crate::contract::Said;
use crate::issue::{Issue, Place};
use crate::tables::{Kind, Tables};
use crate::time::Zone;

/// Which rows of a canonical table a condition holds for; a missing value is no.
///
/// # Errors
/// Every unknown column, and conditions that cannot be computed.
pub fn mask(
    tables: &Tables,
    kind: Kind,
    condition: &str,
    home: &Zone,
    currency: &str,
) -> Result<Vec<bool>, Vec<Problem>> {
    let table = tables.get(kind);
    let predicate = formula::predicate(condition, &table_columns(table))?;
    let mut columns = Vec::new();
    let wanted: BTreeSet<String> = formula::uses(condition).into_iter().collect();
    for name in &wanted {
        columns.extend(table_column(tables, table, name, home, minor_per_major(currency)));
    }
    DataFrame::new(table.len(), columns)
        .and_then(|frame| select(frame, predicate, table.len()))
        .map_err(|e| vec![cannot(condition, &e)])
}

pub(super) fn verdicts(frame: DataFrame, predicate: Expr, rows: usize) -> PolarsResult<Vec<Option<bool>>> {
    let out = frame.lazy().select([predicate.alias("__verdict")]).collect()?;
    let said = out.column("__verdict")?.bool()?;
    // A condition without a column is one value for all rows.
    Ok(if said.len() == rows { said.iter().collect() } else { vec![said.get(0); rows] })
}

pub(super) fn select(frame: DataFrame, predicate: Expr, rows: usize) -> PolarsResult<Vec<bool>> {
    let out = frame.lazy().select([predicate.alias("__mask")]).collect()?;
    let mask = out.column("__mask")?.bool()?;
    if mask.len() == rows {
        Ok(mask.iter().map(|m| m == Some(true)).collect())
    } else {
        // A condition without a column is one value for all rows.
        Ok(vec![mask.get(0) == Some(true); rows])
    }
}

pub(super) fn cannot(condition: &str, error: &dyn std::fmt::Display) -> Problem {
    let what = error.to_string();
    Problem {
        what: format!("`{condition}` cannot be computed: {}", what.lines().next().unwrap_or("")),
        hint: "compare words with words, numbers with numbers and days with DATE '2026-01-31'".into(),
        at: None,
    }
}

/// Problems of a formula that stands in a flag.
pub(super) fn in_flag(flag: &str, text: &str, problems: Vec<Problem>) -> Vec<Issue> {
    problems_at(&Said { value: text.to_string(), place: Place::file(format!("--{flag}")) }, problems)
}
