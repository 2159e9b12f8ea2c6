//! `compare`: why a number is another one than it was.
//!
//! In: two sets of exports, or two days, A and B. Out: a [`Report`]: each metric then and now, its difference taken apart by
//! cause, and the records behind it.
//!
//! Rows of both are paired by their records. Then A's values are replaced by B's, one cause after the other, and every figure
//! is computed again after each: so the effects of the causes add up to the difference, for ratios and medians too.

mod cause;
mod count;
mod effects;
mod layout;
mod notes;
mod processes;
mod records;
mod rows;
mod sides;
mod tidy;
mod words;

use anyhow::Result;

use super::{Audience, Cell, Column, Report, Table, Unit};
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::catalogue::Catalogue;
use crate::cli::CompareArgs;
use crate::issue::{Issue, Issues, Place};
use crate::session::day;
use crate::time::{date_of, day_of};
use sides::{Pair, Sides};

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; sides that cannot be compared.
pub fn build(args: &CompareArgs, env: &mut Env<'_>) -> Result<Report> {
    let pair = Pair::open(args, env)?;
    let [a, b] = pair.contracts();
    let catalogues = [Catalogue::new(a)?, Catalogue::new(b)?];
    count::wanted([&catalogues[0], &catalogues[1]], &args.metric)?;
    let sides = pair.load(args, env)?;
    tell(&sides, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(sides: &Sides, args: &CompareArgs) -> Result<Report> {
    let catalogues = [&sides.a, &sides.b].map(|side| Catalogue::new(&side.data.session.contract));
    let [ours, theirs] = catalogues;
    let catalogues = [&ours?, &theirs?];
    let wanted = count::wanted(catalogues, &args.metric)?;
    let periods = periods(sides, args)?;
    let compared = count::compare(sides, catalogues, &wanted, periods, args.window.condition.as_deref())?;

    let mut report = sides.b.data.report("compare", &title(sides));
    if !sides.days {
        report.inputs = inputs(sides);
    }
    let places = compared.places();
    report.tables = layout::tables(&compared, &places);
    report.tables.extend(tidy::tables(&compared, &places));
    report.notes = notes::notes(&compared);
    Ok(report)
}

fn title(sides: &Sides) -> String {
    let what = if sides.days { format!(", of {}", sides.b.data.session.contract.source_name) } else { String::new() };
    format!("What changed from {} to {}{what}", sides.named(&sides.a), sides.named(&sides.b))
}

/// The files of both: those of one side by their real path where both name them alike.
fn inputs(sides: &Sides) -> Vec<super::Input> {
    let mut all = Vec::new();
    for data in [&sides.a.data, &sides.b.data] {
        let session = &data.session;
        let of_contract = session.given.files.is_empty() && session.given.folders.is_empty();
        for file in &data.files {
            let mut input = file.input.clone();
            if of_contract {
                input.path = session.contract.root.join(&input.path).to_string_lossy().into_owned();
            }
            all.push(input);
        }
    }
    all
}

/// The periods that both know whole, or what the flags say.
fn periods(sides: &Sides, args: &CompareArgs) -> Result<Periods> {
    let slice = args.window.slice();
    let contract = &sides.b.data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let known = sides.a.known.min(sides.b.known);
    let as_of = day_of(sides.b.data.session.as_of);
    let to = slice.to.as_deref().map(|text| day("to", text)).transpose()?.map(|d| day_of(d).min(as_of));
    let began = || -> Result<i32> {
        let open = crate::cli::SliceArgs { from: None, to: None, ..slice.clone() };
        Ok(sides.a.data.days(&open)?.0.max(sides.b.data.days(&open)?.0))
    };
    let from = match slice.from.as_deref() {
        Some(text) => day_of(day("from", text)?),
        None => began()?.min(to.unwrap_or(known)),
    };
    let last = to.unwrap_or(known);
    if from > last {
        return Err(Issues::from(
            Issue::usage(Place::file("--from"), format!("{} is after {}", date_of(from), date_of(last)))
                .hint("the range ends at --to, or on the last day that A knows"),
        )
        .into());
    }
    let periods = Periods::covering(slice.period, from, last, fiscal);
    // Of a period that A does not know to its end, the difference would be what has happened since.
    let whole = periods.all.iter().rev().map(|p| p.end).find(|end| *end <= last);
    Ok(match whole {
        Some(end) if to.is_none() && end < last && end >= from => Periods::covering(slice.period, from, end, fiscal),
        _ => periods,
    })
}

/// A table for machines.
fn machines(id: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Table {
    let columns = columns.iter().map(|column| Column::tidy(column)).collect();
    Table { id: id.into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

/// A table for people.
fn people(id: &str, title: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title: title.into(), audience: Audience::People, columns, rows }
}

/// A number, or nothing because of `why`.
fn number(value: Option<f64>, unit: Unit, why: &str) -> Cell {
    value.map_or_else(|| Cell::Missing(why.into()), |value| Cell::Number(value, unit))
}
