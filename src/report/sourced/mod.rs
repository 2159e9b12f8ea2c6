//! `sourced`: what marketing brought in, by three rules side by side, and the deals on which they differ.
//!
//! In: the command line. Out: a [`Report`]: sourced, influenced only and untouched under each rule, as parts of all deals; the
//! deals by which rules call them marketing's; and for machines every deal with what each rule says.
//!
//! The rules: the lead source that the contract gives to a team; the team of the first touch of the deal's people; a
//! marketing touch before sales' first one on the account. Beside them the scorecard's: the lead source, else the first
//! touch. Nobody can say which is right: the gap between them is the number to know.

mod layout;
pub mod picture;
mod verdict;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::cli::SourcedArgs;
use crate::session::{Data, Session};

use layout::View;
use verdict::verdicts;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a wrong condition or day.
pub fn build(args: &SourcedArgs, env: &mut Env<'_>) -> Result<Report> {
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &SourcedArgs) -> Result<Report> {
    let period = data.days(&args.deals.slice())?;
    let keep = data.facts().journey_mask(args.deals.condition.as_deref())?;
    let deals = verdicts(data, &keep, period);
    let view = View { data, deals: &deals, period, blind: verdict::blind(&deals) };
    let mut report = data.report("sourced", "Sourced: what marketing brought in, by three rules");
    report.tables = view.tables();
    report.notes = view.notes();
    if let Some(condition) = &args.deals.condition {
        let kept = keep.iter().filter(|k| **k).count();
        report.notes.push(format!("Only processes where {condition}: {kept} of {}.", data.journeys.len()));
    }
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}
