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
use crate::calendar::{Fiscal, PeriodKind, Periods};
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

/// The most leads of a stage that sales touched within the agreement in one of the last twelve whole months, and which month
/// that was; `None` where nobody is touched in time, or no touches are known.
pub fn worked(data: &Data, from: usize) -> Option<(f64, String)> {
    let (contract, as_of) = (&data.session.contract, day_of(data.session.as_of));
    let stages = contract.handoff_stages().ok().filter(|stages| stages.0 == from)?;
    let handed = handed_over(&data.tables, &data.who, contract, &data.session.home, &data.journeys, as_of, stages);
    let judge = count::Judge::new(data, &handed).ok()?;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let first = handed.all.iter().map(|lead| lead.day).min()?;
    let months = Periods::covering(PeriodKind::Month, first.max(as_of - 400), as_of, fiscal);
    let whole: Vec<usize> = (0..months.all.len()).filter(|month| !months.is_partial(*month)).collect();
    let mut touched = vec![0_u32; months.all.len()];
    for lead in handed.all.iter().filter(|lead| judge.judge(lead).kept == count::Kept::Yes) {
        if let Some(month) = months.index(lead.day) {
            touched[month] += 1;
        }
    }
    let last = whole[whole.len().saturating_sub(12)..].iter().rev();
    let most = last.max_by_key(|month| touched[**month]).filter(|month| touched[**month] > 0)?;
    Some((f64::from(touched[*most]), months.all[*most].label.clone()))
}
