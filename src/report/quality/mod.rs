//! `quality`: what is missing, double, impossible or stale in the exports, where it stands, and what it does to the metrics.
//!
//! In: the command line. Out: a [`Report`]: the findings by weight, where they stand, by period, how fresh each file is, what
//! could not be checked, and the tidy table with every check per file and period.
//!
//! One file per group of checks; `check` is what they have in common, `layout` makes tables of them. A row falls into the
//! period in which it came into being, or, where a check is about another date, into that date's.

mod check;
mod layout;
mod links;
mod money;
pub mod picture;
mod records;
mod stages;
mod times;
mod words;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::QualityArgs;
use crate::session::{Data, Session};
use crate::tables::Kind;
use crate::time::day_of;

use check::{Check, View};

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; so many periods that nobody could read them.
pub fn build(args: &QualityArgs, env: &mut Env<'_>) -> Result<Report> {
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &QualityArgs) -> Result<Report> {
    let as_of = day_of(data.session.as_of);
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let from = first_day(data).unwrap_or(as_of).min(as_of);
    let periods = Periods::covering(args.period, from, as_of, fiscal);
    let view = View::new(data, &periods, as_of);
    let checks = all(&view);
    let mut report = data.report("quality", "Quality of the exports");
    layout::fill(&mut report, &view, &checks)?;
    Ok(report)
}

fn all(view: &View<'_>) -> Vec<Check> {
    let groups = [records::checks, links::checks, stages::checks, times::checks, words::checks, money::checks];
    groups.iter().flat_map(|group| group(view)).collect()
}

/// The first day of anything that a check may date a row by.
fn first_day(data: &Data) -> Option<i32> {
    let home = &data.session.home;
    let dates = |kind: Kind| {
        let others: &[&str] = match kind {
            Kind::People => &["mql_at", "sql_at", "converted_at"],
            Kind::Deals => &["closed_at"],
            Kind::Touches => &["fallback_at"],
            _ => &[],
        };
        kind.dated_by().iter().chain(others)
    };
    let columns = Kind::ALL.into_iter().flat_map(|kind| dates(kind).map(move |column| (kind, *column)));
    columns
        .filter_map(|(kind, column)| data.tables.get(kind).times(column).iter().filter_map(|at| home.day(*at)).min())
        .min()
}
