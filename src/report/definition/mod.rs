//! `definition`: whom marketing, sales and the contract's definition call qualified, how far they agree, and what became of
//! each group; with `--against`, what another definition would have made of the same exports.
//!
//! In: the command line. Out: a [`Report`]: the three sets, the eight regions, agreement, the rules as a waterfall, the
//! periods, and the tidy table.

mod against;
pub mod cells;
mod count;
mod layout;
pub mod picture;
pub mod sets;
mod tidy;

use std::path::Path;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::catalogue::formula;
use crate::cli::{DefinitionArgs, SliceArgs};
use crate::contract::{Contract, Qualified};
use crate::facts::Facts;
use crate::issue::{Issue, Place};
use crate::session::{Data, Session};
use crate::time::{date_of, day_of};

pub use layout::{observed_note, outcome_columns};
use sets::{Maturity, Sets};

/// Builds the report.
///
/// # Errors
/// A contract without a definition; whatever the rooms on the way report; a column or condition that does not exist.
pub fn build(args: &DefinitionArgs, env: &mut Env<'_>) -> Result<Report> {
    let session = Session::open(&args.input, env)?;
    defined(&session.contract)?;
    args.against.as_deref().map(|path| against::other(path, &session.contract)).transpose()?;
    tell(&session.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &DefinitionArgs) -> Result<Report> {
    let contract = &data.session.contract;
    let qualified = defined(contract)?.clone();
    let other = args.against.as_deref().map(|path| against::other(path, contract)).transpose()?;
    let slice = args.window.slice();
    let periods = periods(data, &slice)?;
    data.not_too_many(&[], periods.all.len() * 20)?;
    let facts = data.facts();
    let keep = facts.journey_mask(slice.condition.as_deref())?;
    let sets = Sets::of(&facts, &qualified, &keep, &periods)?;
    let maturity = maturity(data);
    let view = View { data, qualified: &qualified, periods: &periods, sets: &sets, maturity };

    let report = data.report("definition", &format!("{}, version {}", qualified.title, qualified.label()));
    let mut report = match &other {
        None => layout::fill(report, &view),
        Some(other) => against::fill(report, &view, other, slice.condition.as_deref())?,
    };
    if let Some(condition) = &slice.condition {
        let met = keep.iter().filter(|k| **k).count();
        report.notes.push(format!("Only the {met} of {} buying processes where {condition}.", keep.len()));
    }
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}

/// What all parts of the report see.
pub struct View<'a> {
    data: &'a Data,
    qualified: &'a Qualified,
    periods: &'a Periods,
    sets: &'a Sets,
    maturity: Maturity,
}

/// The definition of a contract.
fn defined(contract: &Contract) -> Result<&Qualified, Issue> {
    contract.qualified.as_ref().ok_or_else(|| {
        Issue::usage(
            Place::file(&contract.source_name),
            "the contract has no [qualified]: who is a qualified lead is not defined",
        )
        .hint("write [qualified] with version = \"2026-02\" and when = \"score >= 65\", or rules of your own")
    })
}

/// The periods of a range of days.
///
/// # Errors
/// A wrong day.
pub fn periods(data: &Data, slice: &SliceArgs) -> Result<Periods> {
    let (from, to) = data.days(slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    Ok(Periods::covering(slice.period, from, to, fiscal))
}

/// When a process has been observed for long enough.
pub fn maturity(data: &Data) -> Maturity {
    Maturity { as_of: day_of(data.session.as_of), after: data.mature_after() }
}

/// Columns that tell what became of a process.
const OUTCOME: [&str; 9] =
    ["is_won", "is_lost", "is_open", "is_closed", "has_deal", "outcome", "days_to_won", "deal_days", "probability"];

/// What holds of the values that the conditions of a definition compare.
fn about_values(facts: &Facts<'_>, qualified: &Qualified) -> Vec<String> {
    let mut notes = Vec::new();
    let (mut present, mut absent, mut later): (Vec<String>, Vec<String>, Vec<String>) = Default::default();
    for name in qualified.rules.iter().flat_map(|rule| facts.absent(&rule.when.value)) {
        if !absent.contains(&name) {
            absent.push(name);
        }
    }
    for name in qualified.rules.iter().flat_map(|rule| formula::uses(&rule.when.value)) {
        let is_history = ["_on", "_reached", "_recorded"].iter().any(|end| name.ends_with(end));
        let ended = OUTCOME.contains(&name.as_str());
        let list = if is_history || ended { &mut later } else { &mut present };
        if !absent.contains(&name) && !list.contains(&name) {
            list.push(name);
        }
    }
    if !present.is_empty() {
        notes.push(format!(
            "{} as the exports hold it now, not as it was on the day somebody qualified: exports keep no history of it.",
            present.join(", ")
        ));
    }
    if !later.is_empty() {
        notes.push(format!(
            "{} as of {}: what happened after somebody was asked counts, so that a definition may have been met by what came of it.",
            later.join(", "),
            date_of(facts.as_of)
        ));
    }
    if !absent.is_empty() {
        notes.push(format!("No export has {}: what depends on it is unknown.", absent.join(", ")));
    }
    notes
}

/// A path as the user named it.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
