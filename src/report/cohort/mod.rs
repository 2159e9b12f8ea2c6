//! `cohort`: what share of those who reached a stage converts with age, and in the end.
//!
//! In: the command line. Out: a [`Report`]: a triangle of cohorts and ages, eventual conversion per cohort and in total,
//! and the tidy table.
//!
//! Everybody's days begin when they reach the first stage. They end with converting (the other stage is reached), with
//! losing (the deal is closed and not won, on its close date), or by as-of with neither. Who is turned down without a
//! deal has no such end, as such people come back: they stay at risk until as-of. With as-of as the only limit of what is
//! known that leads to the same estimate.

mod count;
pub mod picture;
mod tables;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::CohortArgs;
use crate::issue::{Issue, Issues, Place};
use crate::journey::How;
use crate::output::number;
use crate::session::{Data, Session};
use crate::stats::survival::MIN_N;
use crate::time::{date_of, day_of};
use count::{Followed, Group, LeftOut};
use tables::View;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a stage, column or condition that does not exist.
pub fn build(args: &CohortArgs, env: &mut Env<'_>) -> Result<Report> {
    let session = Session::open(&args.input, env)?;
    wanted(&session, args)?;
    tell(&session.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &CohortArgs) -> Result<Report> {
    let wanted = wanted(&data.session, args)?;
    let (start, end) = stages(data, args, wanted)?;
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;
    let as_of = day_of(data.session.as_of);
    let (followed, left_out) = count::follow(&data.journeys, &keep, (start, end), as_of, &periods);
    let ages = count::ages(&followed, args.age.days(), args.max_age);
    data.not_too_many(&by, periods.all.len().saturating_add(1).saturating_mul(ages.saturating_add(2)) / 2)?;
    let (segments, segment_of) = facts.segments(&by)?;
    let segment_of = if by.is_empty() { None } else { Some(&segment_of[..]) };
    let groups = count::groups(&followed, segment_of, args.age.days(), args.max_age);
    let unseen = [start, end].map(|stage| data.unseen(stage));
    let view = View {
        data,
        periods: &periods,
        by: &by,
        segments: &segments,
        start,
        end,
        age: args.age,
        groups: &groups,
        unseen: &unseen,
    };

    let title = |stage: usize| contract.stages[stage].title.as_str();
    let mut report = data.report("cohort", &format!("Cohorts: from {} to {}", title(start), title(end)));
    report.tables.push(view.triangle());
    report.tables.push(view.eventual());
    report.tables.push(view.tidy());
    report.notes = view.notes();
    report.notes.extend(counted(data, (start, end), &followed, &left_out));
    report.notes.extend(view.small());
    report.notes.extend(data.inferred(&contract.stages[start].id.value));
    report.notes.extend(data.unseen_stages());
    if let Some(condition) = &args.slice.condition {
        let kept = keep.iter().filter(|k| **k).count();
        report.notes.push(format!("Only processes where {condition}: {kept} of {}.", data.journeys.len()));
    }
    report.notes.extend(data.as_they_are_now(&by, args.slice.condition.as_deref()));
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}

/// The stages that the flags name, by index.
fn wanted(session: &Session, args: &CohortArgs) -> Result<[Option<usize>; 2], Issues> {
    let stages = &session.contract.stages;
    let mut issues = Vec::new();
    let mut find = |flag: &str, id: Option<&String>| {
        let id = id?.trim();
        let found = stages.iter().position(|s| s.id.value == id);
        if found.is_none() {
            let ids: Vec<&str> = stages.iter().map(|s| s.id.value.as_str()).collect();
            issues.push(
                Issue::usage(Place::file(flag), format!("no stage is called `{id}`"))
                    .hint(format!("in order, the stages are {}", ids.join(", "))),
            );
        }
        found
    };
    let found = [find("--start", args.start.as_ref()), find("--end", args.end.as_ref())];
    Issues(issues).into_result()?;
    Ok(found)
}

/// The first and the second stage, by index: those named, else the first that any export shows and the contract's last.
fn stages(data: &Data, args: &CohortArgs, [start, end]: [Option<usize>; 2]) -> Result<(usize, usize), Issue> {
    let (stages, seen) = (&data.session.contract.stages, &data.journeys.seen);
    let name = |s: usize| stages[s].id.value.as_str();
    for (flag, stage) in [("--start", start), ("--end", end)] {
        if let Some(unseen) = stage.filter(|s| !seen[*s]) {
            let known: Vec<&str> = (0..stages.len()).filter(|s| seen[*s]).map(name).collect();
            return Err(Issue::usage(
                Place::file(flag),
                format!("no export shows when `{}` was reached", name(unseen)),
            )
            .hint(format!("stages that are shown: {}", known.join(", "))));
        }
    }
    let first = start.or_else(|| seen.iter().position(|s| *s)).unwrap_or(0);
    let last = end.unwrap_or(stages.len().saturating_sub(1));
    if first < last {
        return Ok((first, last));
    }
    // No export shows anything yet: all that is asked for is that there are two stages.
    if start.is_none() && end.is_none() && stages.len() > 1 {
        return Ok((0, stages.len() - 1));
    }
    let (flag, what) = match (args.start.is_some(), args.end.is_some()) {
        (_, true) => ("--end", format!("`{}` does not come after `{}`", name(last), name(first))),
        (true, false) => ("--start", format!("no stage comes after `{}`", name(first))),
        (false, false) => ("--end", "the contract has only one stage".to_string()),
    };
    let ids: Vec<&str> = (0..stages.len()).map(name).collect();
    Err(Issue::usage(Place::file(flag), what).hint(format!("in order, the stages are {}", ids.join(", "))))
}

/// Where everybody went, and what is odd about those who are counted.
fn counted(data: &Data, (start, end): (usize, usize), all: &[Followed], left_out: &LeftOut) -> Vec<String> {
    let title = |stage: usize| data.session.contract.stages[stage].title.as_str();
    let (start_title, end_title) = (title(start), title(end));
    let mut notes = vec![format!(
        "{} buying processes = {} counted here + {} that reached {start_title} outside of the days shown + {} that never \
         reached it{}{}.",
        all.len() as u64 + left_out.total(),
        all.len(),
        left_out.outside,
        left_out.never,
        of(left_out.undated_start, &format!("that reached {start_title} on an unknown day")),
        of(left_out.undated_end, &format!("that reached {end_title} on an unknown day")),
    )];
    let before = all.iter().filter(|one| one.converted_before()).count();
    if before > 0 {
        notes.push(format!("{before} reached {end_title} before {start_title}: kept, as converted at every age."));
    }
    if left_out.undated_losses > 0 {
        let (one, many) = ("was lost on an unknown day: it stays", "were lost on an unknown day: they stay");
        notes.push(format!("{} at risk until as-of, without an end.", number::of(left_out.undated_losses, one, many)));
    }
    if left_out.unclear > 0 {
        notes.push(format!(
            "{} closed, and no export says whether as won: followed until then, neither won nor lost.",
            left_out.unclear
        ));
    }
    let journeys = &data.journeys;
    let inferred =
        all.iter().filter(|one| one.converted() && journeys.stages[end][one.at].how == How::Inferred).count();
    if inferred > 0 {
        notes.push(format!("{inferred} skipped {end_title}: dated by the earliest later evidence."));
    }
    notes
}

fn of(n: u64, what: &str) -> String {
    if n == 0 { String::new() } else { format!(" + {n} {what}") }
}

/// The groups too small for an estimate, as a note.
fn too_small(groups: &[&Group]) -> Option<String> {
    let small = groups.iter().filter(|g| g.n > 0 && g.n < MIN_N).count();
    let (one, many) = ("cohort has", "cohorts have");
    (small > 0).then(|| {
        format!(
            "{} fewer than {MIN_N} processes: no estimate is made of so few, and a share of them (†) says little.",
            number::of(small as u64, one, many)
        )
    })
}

/// `2026-06-30`
fn shown(day: i32) -> String {
    date_of(day).to_string()
}
