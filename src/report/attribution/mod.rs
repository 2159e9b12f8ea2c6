//! `attribution`: who gets credit for won deals, revenue, opportunities and pipeline, under several models side by side.
//!
//! In: the command line. Out: a [`Report`]: shares of credit by model, ranks and where they disagree, what it cost, and the
//! tidy table.
//!
//! A won deal's path are the touches up to its close, an opportunity's those up to its creation. The credit of a rule for one
//! deal adds up to the deal: to 1, and to its amount to the last minor unit. Markov and Shapley look at all journeys, those
//! without a deal and those of lost deals too, and share out the sum of all touched deals. Deals that nobody touched are a
//! row of their own under every model.

mod count;
mod keys;
mod layout;
mod notes;
pub mod picture;
mod spend;
mod tidy;

use std::borrow::Cow;

use anyhow::Result;
use clap::ValueEnum as _;

use super::Report;
use crate::Env;
use crate::cli::{AttributionArgs, Dimension, Model, TeamArg};
use crate::issue::{Issue, Place};
use crate::journey::{Side, path};
use crate::session::{Data, Session};
use crate::tables::NONE;

use count::{Asked, Goal};
use keys::Keys;
use layout::View;
use spend::Ledger;

/// Days of a flag.
///
/// # Errors
/// Not a number of days from 1 to 36,500.
fn days(flag: &str, text: &str) -> Result<i32, Issue> {
    let number = text.trim().strip_suffix('d').unwrap_or(text.trim());
    number.parse().ok().filter(|days| (1..=36_500).contains(days)).ok_or_else(|| {
        Issue::usage(Place::file(flag), format!("`{text}` is not a number of days"))
            .hint("write 1 to 36500 days, as 90d or 90; months and years have no fixed number of days")
    })
}

/// The models that were asked for, each once, in the order of [`Model`].
fn models(args: &AttributionArgs) -> Vec<Model> {
    let all = Model::value_variants().iter().copied();
    all.filter(|model| args.model.is_empty() || args.model.contains(model)).collect()
}

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a condition or a number of days that is wrong.
pub fn build(args: &AttributionArgs, env: &mut Env<'_>) -> Result<Report> {
    args.look_back.as_deref().map(|text| days("--look-back", text)).transpose()?;
    days("--half-life", &args.half_life)?;
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &AttributionArgs) -> Result<Report> {
    let look_back = args.look_back.as_deref().map(|text| days("--look-back", text)).transpose()?;
    let half_life = days("--half-life", &args.half_life)?;
    let period = data.days(&args.deals.slice())?;
    let keep = data.facts().journey_mask(args.deals.condition.as_deref())?;
    let keys = Keys::of(data, args.by);
    let team = args.team.map(|team| match team {
        TeamArg::Marketing => Side::Marketing,
        TeamArg::Sales => Side::Sales,
    });
    let of_team = |(key, side): (&u32, &Option<Side>)| if *side == team { *key } else { NONE };
    let labels: Cow<'_, [u32]> = match team {
        None => (&keys.of_touch).into(),
        Some(_) => keys.of_touch.iter().zip(&data.journeys.touch_side).map(of_team).collect(),
    };
    let paths = path::paths(&data.tables, &data.who, &data.journeys, &labels);
    let asked = Asked {
        models: models(args),
        keys: keys.names.len(),
        look_back,
        half_life,
        order: args.order,
        samples: args.samples,
        seed: args.seed,
        period,
        no_journeys: (args.by == Dimension::Persona).then_some(
            "who somebody is, is known mostly of those who came to a deal, so that journeys without one would read the outcome back",
        ),
    };
    let moments = path::moments(&data.tables, &data.who);
    let goals = Goal::ALL.map(|goal| count::credit(data, &paths, &moments, &keep, &asked, goal));
    let no_costs = match (&args.deals.condition, args.team, args.by) {
        (Some(_), ..) => Some("spend is that of everybody, and the condition leaves some of them out"),
        (None, Some(_), Dimension::Team) => Some("spend is that of both teams, and one of them is left out"),
        (None, Some(TeamArg::Sales), _) => Some("the channels of the ledger are marketing's"),
        _ => None,
    };
    let ledger = match no_costs {
        None => Ledger::of(data, &keys, args.by, period),
        Some(_) => Ledger::none(&keys),
    };
    let view = View { data, args, asked: &asked, keys: &keys, goals: &goals, ledger: &ledger, no_costs, paths: &paths };
    let mut report = data.report("attribution", &format!("Attribution: credit by {}", args.by.id()));
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

/// Minor units as an amount.
#[allow(clippy::cast_precision_loss)] // amounts stay far below 2^53 minor units
fn major(data: &Data, minor: i64) -> f64 {
    minor as f64 / data.facts().minor_per_major()
}
