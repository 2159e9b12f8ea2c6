//! `check`: the contract's gates, for schedulers and people who want to know whether a number can be trusted today.
//!
//! In: the command line and the contract's `[[check]]`. Out: a [`Report`] with one row per gate, in the contract's order, and
//! whether any failed ([`Failed`], exit code 4).
//!
//! `judge` decides by `bounds`, `words` says it in one sentence, `layout` makes tables.

mod bounds;
mod judge;
mod layout;
mod words;

use std::fmt;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::catalogue::{Catalogue, Metric};
use crate::cli::CheckArgs;
use crate::contract::{Aim, Contract, Subject};
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::session::{Data, Session};

/// Some gates failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What they are called.
    pub titles: Vec<String>,
    /// Number of gates.
    pub of: usize,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks = if self.of == 1 { "check" } else { "checks" };
        write!(f, "{} of {} {checks} failed: {}", self.titles.len(), self.of, self.titles.join("; "))
    }
}

impl std::error::Error for Failed {}

/// Builds the report, and says which gates failed.
///
/// # Errors
/// A contract without gates, with one for a metric or a target that there is not; whatever the rooms on the way report.
pub fn build(args: &CheckArgs, env: &mut Env<'_>) -> Result<(Report, Option<Failed>)> {
    let session = Session::open(&args.input, env)?;
    let catalogue = Catalogue::new(&session.contract)?;
    ready(&session.contract, &catalogue)?;
    let data = session.load(&args.output, env)?;
    tell(&data)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data) -> Result<(Report, Option<Failed>)> {
    let contract = &data.session.contract;
    let catalogue = Catalogue::new(contract)?;
    ready(contract, &catalogue)?;
    let verdicts = judge::all(data, &catalogue)?;
    let failed: Vec<String> =
        verdicts.iter().filter(|v| v.result == judge::Outcome::Failed).map(|v| v.title.clone()).collect();
    let mut report = data.report("check", "Checks");
    report.tables = vec![layout::people(&verdicts), layout::tidy(data, &verdicts)];
    report.notes = layout::notes(&verdicts);
    let of = verdicts.len();
    Ok((report, (!failed.is_empty()).then_some(Failed { titles: failed, of })))
}

/// Checks what can be checked without the data.
fn ready(contract: &Contract, catalogue: &Catalogue) -> Result<(), Issues> {
    if contract.checks.is_empty() {
        let issue =
            Issue::usage(Place::file(&contract.source_name), "the contract has no [[check]]: nothing is to be held");
        return Err(issue
            .hint("write one: [[check]] with metric = \"win_rate_narrow\" and at_least = 0.2, or fresh = \"deals\" and within_days = 3")
            .into());
    }
    let has_target = |metric: &Metric| {
        judge::goals(contract, metric).next().is_some() || !judge::targets(contract, catalogue, metric).is_empty()
    };
    let mut issues = Vec::new();
    for check in &contract.checks {
        let Subject::Figure(gate) = &check.subject else { continue };
        let Some(metric) = catalogue.metrics.get(&gate.metric.value) else {
            let known = catalogue.metrics.keys().map(String::as_str);
            issues.push(
                Issue::usage(gate.metric.place.clone(), format!("no metric is called `{}`", gate.metric.value))
                    .hint(did_you_mean(&gate.metric.value, known)),
            );
            continue;
        };
        if let Some(said) = &gate.of_target
            && !has_target(metric)
        {
            let aims = Aim::ALL.iter().any(|(id, _)| *id == metric.id);
            let what = match judge::stage_of(contract, catalogue, metric) {
                Some(stage) => format!("`of_target`: the contract has no [[target]] for the stage `{stage}`"),
                None if aims => format!("`of_target`: the contract has no [[target]] for `{}`", metric.id),
                None => format!("`of_target`: no [[target]] can be for `{}`", metric.id),
            };
            let with: Vec<&str> = catalogue.metrics.values().filter(|m| has_target(m)).map(|m| m.id.as_str()).collect();
            let hint = if with.is_empty() {
                "write [[target]] with stage, per and volume, or with metric, value and period; or use at_least"
                    .to_string()
            } else {
                format!("use at_least, or one of the metrics with a target: {}", with.join(", "))
            };
            issues.push(Issue::usage(said.place.clone(), what).hint(hint));
        }
    }
    Issues(issues).into_result()
}
