//! `journey`: what both teams did along the way, from the first stage to the close.
//!
//! In: the command line. Out: a [`Report`]: touches of each team by stage and whom they reached, hand-offs and silences of
//! won deals, what was over before sales came, who brought buyers and who kept in touch; or the most common paths
//! (`--variants`), or one buyer's whole story (`--buyer`).
//!
//! What is said of touches and of all processes follows those that began in the days shown, whatever became of them by
//! as-of; what is said of won deals counts those won in the days shown.

mod buyer;
mod count;
mod labels;
mod layout;
mod notes;
pub mod picture;
mod story;
mod tidy;
mod variants;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::JourneyArgs;
use crate::facts::Segment;
use crate::journey::How;
use crate::journey::mix::Mix;
use crate::session::{Data, Session};

use count::Counts;

/// Below this a figure says little.
const FEW: u64 = 5;

/// Rows of the tidy table per period and segment, roughly, besides those of stages.
const ROWS: usize = 150;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist; a buyer that nobody knows.
pub fn build(args: &JourneyArgs, env: &mut Env<'_>) -> Result<Report> {
    let mut session = Session::open(&args.input, env)?;
    session.touch_words = args.buyer.is_some();
    tell(&session.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &JourneyArgs) -> Result<Report> {
    let contract = &data.session.contract;
    let handoff = Handoff::of(data);
    let mix = Mix::new(&data.tables, contract, &data.journeys, &data.session.home, handoff.stage());
    if let Some(id) = &args.buyer {
        return buyer::build(id, data, &mix);
    }
    let (from, to) = data.days(&args.slice)?;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    let rows = if args.variants.is_some() { variants::MOST } else { periods.all.len() * (mix.places() * 8 + ROWS) };
    data.not_too_many(&by, rows)?;
    let (segments, segment_of) = facts.segments(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;
    let segment_of = (!by.is_empty()).then_some(&segment_of[..]);
    if let Some(shown) = args.variants {
        let asked = variants::Asked { shown: shown as usize, steps: args.steps, depth: args.depth, sort: args.sort };
        let names = variants::Names { by: &by, segments: &segments, segment_of };
        return Ok(variants::build(&asked, data, &mix, (from, to), &keep, &names, args.slice.condition.as_deref()));
    }
    let counts = count::count(&mix, (&data.journeys, &data.who), &periods, &keep, segment_of);
    let undated = (0..contract.stages.len()).map(|stage| undated(data, stage)).collect();
    let (periods, counts) = (&periods, &counts);
    let view = View { data, mix: &mix, periods, by: &by, segments: &segments, handoff, undated, counts };
    let mut report = data.report("journey", "Journey: what both teams did along the way");
    report.tables = view.tables();
    report.notes = view.notes(args.slice.condition.as_deref(), &keep, layout::has_few(&report.tables));
    report.tables.push(view.tidy());
    report.notes.extend(data.unseen_stages());
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report, contract);
    Ok(report)
}

/// The stage that hands over, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handoff {
    /// The contract has none.
    None,
    /// No export shows it.
    Unseen(usize),
    /// No export says when it was reached.
    Undated(usize),
    At(usize),
}

impl Handoff {
    fn of(data: &Data) -> Self {
        let (contract, journeys) = (&data.session.contract, &data.journeys);
        let Ok((stage, _)) = contract.handoff_stages() else { return Self::None };
        match journeys.seen[stage] {
            false => Self::Unseen(stage),
            true if undated(data, stage) => Self::Undated(stage),
            true => Self::At(stage),
        }
    }

    fn stage(self) -> Option<usize> {
        if let Self::At(stage) = self { Some(stage) } else { None }
    }
}

/// Whether a stage is known to have been reached, by today's status, and no record of anybody says when.
fn undated(data: &Data, stage: usize) -> bool {
    let reached = &data.journeys.stages[stage];
    reached.iter().any(|r| r.how == How::Undated) && reached.iter().all(|r| r.how != How::Recorded)
}

/// What the tables are made of.
struct View<'a> {
    data: &'a Data,
    mix: &'a Mix<'a>,
    periods: &'a Periods,
    by: &'a [String],
    segments: &'a [Segment],
    handoff: Handoff,
    /// By stage: whether it is known that it was reached, and of nobody when.
    undated: Vec<bool>,
    counts: &'a Counts,
}
