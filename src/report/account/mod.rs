//! `account`: companies instead of people: who buys there, who is engaged, and who matched no company.
//!
//! In: the command line. Out: a [`Report`]: accounts with people, engaged people and complete buying groups, qualified
//! and target accounts; completeness beside what became of deals; personas; lead-to-account match rate; and for machines
//! one row per account and per deal.
//!
//! `count` adds up, `layout` and `groups` make tables for people, `tidy` those for machines.

mod count;
mod groups;
mod layout;
mod notes;
mod tidy;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::{InputArgs, OutputArgs, SliceArgs};
use crate::contract::Said;
use crate::issue::Place;
use crate::session::{Data, Session};
use crate::tables::Kind;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist.
pub fn build(input: &InputArgs, slice: &SliceArgs, output: &OutputArgs, env: &mut Env<'_>) -> Result<Report> {
    tell(&Session::open(input, env)?.load(output, env)?, slice)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, slice: &SliceArgs) -> Result<Report> {
    let (from, to) = data.days(slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = slice.columns();
    let (segments, segment_of) = facts.segments_of(Kind::Accounts.id(), &by)?;
    let keep = match &slice.condition {
        None => vec![true; data.tables.get(Kind::Accounts).len()],
        Some(text) => {
            let said = Said { value: text.clone(), place: Place::file("--where") };
            facts.verdicts_of(Kind::Accounts, &said)?.into_iter().map(|says| says == Some(true)).collect()
        }
    };
    let target = contract.accounts.target_when.as_ref();
    let target = target.map(|when| facts.verdicts_of(Kind::Accounts, when)).transpose()?;
    let counted = count::Counted::of(data, keep, target, &periods);

    let mut report = data.report("account", "Accounts: who buys there, and who is engaged");
    let view = layout::View {
        data,
        periods: &periods,
        counted: &counted,
        by: &by,
        segments: &segments,
        segment_of: &segment_of,
        no: layout::No::of(data),
    };
    report.tables.push(view.headline());
    report.tables.extend(view.by_segment());
    report.tables.extend(view.completeness());
    report.tables.extend(view.personas());
    report.tables.push(view.matches());
    report.tables.extend(view.unmatched());
    report.tables.extend(view.unknown_words());
    report.tables.extend(tidy::tables(&view));
    report.notes = view.notes(slice.condition.as_deref());
    report.notes.extend(data.notes());
    Ok(report)
}
