//! Headcounts by month.
//!
//! In: the headcount ledger. Out: one row per month and whatever the ledger tells apart, with the mean of that month's counts.

use std::collections::BTreeMap;

use crate::tables::{Table, Values};
use crate::time::Zone;

/// By month, team, role and whatever else the ledger tells apart: the counts taken in that month, by row.
pub(super) fn headcount_months(table: &Table, home: &Zone) -> BTreeMap<(i32, Vec<u32>), Vec<usize>> {
    let heads = heads(table);
    let words = words_of(table);
    let mut groups: BTreeMap<(i32, Vec<u32>), Vec<usize>> = BTreeMap::new();
    for (row, at) in table.times("date").iter().enumerate() {
        let (Some(day), false) = (home.day(*at), heads[row].is_nan()) else { continue };
        let month = crate::time::day_of(crate::time::date_of(day).first_of_month());
        let key = (month, words.iter().map(|(_, codes)| codes[row]).collect());
        groups.entry(key).or_default().push(row);
    }
    groups
}

pub(super) fn heads(table: &Table) -> Vec<f64> {
    match table.columns.get("heads") {
        Some(Values::Number(heads)) => heads.clone(),
        _ => vec![f64::NAN; table.len()],
    }
}

pub(super) fn words_of(table: &Table) -> Vec<(&String, &Vec<u32>)> {
    table
        .columns
        .iter()
        .filter_map(|(name, values)| match values {
            Values::Text(codes) | Values::Id(codes) => Some((name, codes)),
            _ => None,
        })
        .collect()
}

/// One row per month, team, role and whatever else the ledger tells apart: the mean of the counts taken in that month. So
/// that roles counted on different days, or twice in a month, add up to the heads that there were.
pub(super) fn headcount_by_month(table: &Table, home: &Zone) -> Table {
    let heads = heads(table);
    let groups = headcount_months(table, home);
    let mut months = Table::empty(table.kind);
    months.monthly = true;
    let rows: Vec<usize> = groups.values().map(|rows| rows[0]).collect();
    months.origin = rows.iter().map(|row| table.origin[*row]).collect();
    for (name, codes) in words_of(table) {
        months.columns.insert(name.clone(), Values::Text(rows.iter().map(|row| codes[*row]).collect()));
    }
    let dates = groups.keys().map(|(month, _)| home.date(*month)).collect();
    months.columns.insert("date".into(), Values::Time(dates));
    #[allow(clippy::cast_precision_loss)] // a few counts
    let mean = |rows: &Vec<usize>| rows.iter().map(|row| heads[*row]).sum::<f64>() / rows.len() as f64;
    months.columns.insert("heads".into(), Values::Number(groups.values().map(mean).collect()));
    months
}
