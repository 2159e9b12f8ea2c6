//! `handoff`: what became of the leads that marketing handed to sales, how soon, and whether as many came as were agreed.
//!
//! In: the command line. Out: a [`Report`]: speed and dispositions per period, where they differ (rep, queue, source, hour
//! and day of the week of arrival), why leads were turned down, what was delivered against what was needed, and for
//! machines the tidy table, the deliveries and every leaked lead.
//!
//! `count` judges each lead and adds them up, `layout`, `tidy` and `notes` make tables and sentences of that, `delivered` has the targets.

mod count;
mod delivered;
mod layout;
mod notes;
pub mod picture;
mod tidy;

use anyhow::Result;

pub(super) use delivered::needed;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::HandoffArgs;
use crate::journey::handoff::handed_over;
use crate::session::{Data, Session};
use crate::time::day_of;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist; a contract whose stages do not tell who
/// hands leads to whom.
pub fn build(args: &HandoffArgs, env: &mut Env<'_>) -> Result<Report> {
    let session = Session::open(&args.input, env)?;
    session.contract.handoff_stages()?;
    tell(&session.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &HandoffArgs) -> Result<Report> {
    let stages = data.session.contract.handoff_stages()?;
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    data.not_too_many(&by, periods.all.len())?;
    let (segments, segment_of) = facts.segments(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;
    let as_of = day_of(data.session.as_of);
    let (tables, home, journeys) = (&data.tables, &data.session.home, &data.journeys);
    // Where no export shows who was accepted, whoever came further was.
    let shown = (stages.1..journeys.seen.len()).find(|stage| journeys.seen[*stage]);
    let stages = (stages.0, shown.unwrap_or(stages.1));
    let mut handed = handed_over(tables, &data.who, contract, home, journeys, as_of, stages);
    handed.all.retain(|lead| keep[lead.process as usize]);
    handed.inferred.retain(|(process, _)| keep[*process as usize]);
    handed.undated.retain(|process| keep[*process as usize]);
    let judge = count::Judge::new(data, &handed)?;
    let names = count::Names { by: &by, segments: &segments, segment_of: &segment_of };
    let counted = count::count(data, &handed, &judge, &periods, &names);

    let mut report = data.report("handoff", "Hand-off: what became of qualified leads");
    let view = layout::View { data, handed: &handed, judge: &judge, periods: &periods, counted: &counted, stages };
    report.tables.push(view.speed());
    report.tables.push(view.fates());
    report.tables.extend(view.back());
    report.tables.extend(view.where_it_differs());
    report.tables.extend(view.reasons());
    let delivered =
        delivered::Delivered::of(data, &periods, fiscal, args.slice.condition.is_some().then_some(&keep), stages.0);
    report.tables.extend(delivered.people());
    report.tables.push(view.tidy());
    report.tables.push(delivered.tidy());
    report.tables.push(view.leaked());
    report.notes = view.notes(args.slice.condition.as_deref(), &keep);
    report.notes.extend(delivered.notes());
    report.notes.extend(data.unseen_stages());
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}
