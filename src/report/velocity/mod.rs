//! `velocity`: how long things take: time in stage, the sales cycle, and pipeline velocity with its four factors.
//!
//! In: the command line. Out: a [`Report`]: time in the contract's stages, time in the CRM's own deal stages, cycles and
//! pipeline velocity by period, and the tidy table.
//!
//! Time in stage is counted by the day a stay ended; what has not ended is apart, with its age on as-of: leaving it out
//! makes a stage look faster than it is, and adding it in makes a length of what is not one yet. Of the contract's stages
//! only the first entry is known; deals that went back to a stage have two figures, of their latest spell and of all
//! their spells together. Negative days are kept in every figure and counted.

mod count;
mod factors;
mod layout;
pub mod picture;
mod tidy;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::VelocityArgs;
use crate::facts::Segment;
use crate::journey::spells::{self, Stay, Variant};
use crate::output::number;
use crate::session::{Data, Session};
use crate::time::day_of;

use count::{Counts, Item, Times};

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist.
pub fn build(args: &VelocityArgs, env: &mut Env<'_>) -> Result<Report> {
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &VelocityArgs) -> Result<Report> {
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    data.not_too_many(&by, periods.all.len() * (contract.stages.len() + ROWS))?;
    let (segments, segment_of) = facts.segments(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;

    let as_of = day_of(data.session.as_of);
    let close = spells::close(contract);
    let last = contract.stages.len().saturating_sub(1);
    let journeys = &data.journeys;
    let deals = spells::of_deal_stages(&data.tables, &data.who, journeys, &data.session.home, as_of);
    let of_stages = spells::of_stages(journeys, close);
    let mut counts = Counts::new(journeys, &periods, &keep, (!by.is_empty()).then_some(&segment_of[..]));
    let turned_down = spells::turned_down(&data.tables, &data.who, contract, journeys, &data.session.home, as_of);
    for (process, stage, stay) in spells::stays(&of_stages, Variant::First, as_of) {
        let gone = matches!(stay, Stay::Open { .. }) && turned_down[process as usize];
        counts.stay(Item::Stage(stage), process, if gone { Stay::TurnedDown } else { stay });
    }
    for variant in [Variant::Latest, Variant::Cumulative] {
        for (process, stage, stay) in spells::stays(&deals.spells, variant, as_of) {
            counts.stay(Item::DealStage(stage, variant), process, stay);
        }
    }
    counts.cycles();
    let pipeline = counts.pipeline(segments.len());

    let again = deals.spells.iter().filter(|s| keep[s.process as usize]).copied().collect::<Vec<_>>();
    let view = View {
        data,
        periods: &periods,
        by: &by,
        segments: &segments,
        stages: (0..contract.stages.len())
            .filter(|s| data.journeys.seen[*s] && (close != Some(*s) || *s < last))
            .collect(),
        names: &deals.names,
        again: spells::entered_again(&again),
        times: &counts.times,
        pipeline: &pipeline,
    };
    let mut report = data.report("velocity", "Velocity: how long things take");
    report.tables = view.tables();
    report.notes = view.notes(args.slice.condition.as_deref(), &keep, &deals.without);
    report.notes.extend(data.as_they_are_now(&by, args.slice.condition.as_deref()));
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}

/// Rows of a period besides those of the stages, roughly.
const ROWS: usize = 24;

/// Below this a quantile says little.
const FEW: u64 = 5;

/// What the tables are made of.
struct View<'a> {
    data: &'a Data,
    periods: &'a Periods,
    by: &'a [String],
    segments: &'a [Segment],
    /// The stages of the contract in which time is spent, by index.
    stages: Vec<usize>,
    /// The CRM's deal stages.
    names: &'a [String],
    /// How often a deal was in a stage more than once.
    again: u64,
    times: &'a Times,
    pipeline: &'a count::Pipelines,
}

impl View<'_> {
    fn notes(&self, condition: Option<&str>, keep: &[bool], without: &[u32]) -> Vec<String> {
        let (data, journeys) = (self.data, &self.data.journeys);
        let mut notes = vec![format!(
            "A stay is completed on the day of the next recorded stage, or of the deal's close. Open ones have their age on {}; a person whom nobody took further has no end in the exports, and stays open.",
            data.session.as_of
        )];
        let gone: u64 =
            self.stages.iter().map(|s| self.time(None, None, Item::of(*s)).map_or(0, |t| t.turned_down)).sum();
        if gone > 0 {
            let (one, many) = ("stay is of somebody", "stays are of people");
            notes.push(format!(
                "Not among the open ones: {} turned down or sent back ([handoff] rejected and recycled), who wait for nothing.",
                number::of(gone, one, many)
            ));
        }
        let unknown: u64 =
            self.stages.iter().map(|s| self.time(None, None, Item::of(*s)).map_or(0, |t| t.unknown)).sum();
        if unknown > 0 {
            notes.push(format!(
                "Of {} in the contract's stages a day is not known (a skipped stage has none): in no figure.",
                number::of(unknown, "stay", "stays")
            ));
        }
        let without = without.iter().filter(|deal| keep[**deal as usize]).count();
        if !self.names.is_empty() {
            notes.push(match self.again {
                0 => "No deal was in one of the CRM's stages twice: latest spell and all spells together are the same.".to_string(),
                n => format!("{} a deal was in a stage more than once: `latest` counts its last spell there, `cumulative` all of them together.", number::of(n, "time", "times")),
            });
            let unknown: u64 = (0..self.names.len())
                .filter_map(|s| self.time(None, None, Item::of_deal(s, Variant::Latest)).map(|t| t.unknown))
                .sum();
            if unknown > 0 {
                notes.push(format!(
                    "Of {} in the CRM's stages a day is not known: the history has gaps.",
                    number::of(unknown, "latest spell", "latest spells")
                ));
            }
            if without > 0 {
                notes.push(format!("Deals without a stage history: {without}. Nobody knows how long they were where."));
            }
        } else if journeys.deal.iter().any(|d| *d != crate::tables::NONE) {
            notes.push(
                "No export has a history of the deals' stages: time in the CRM's own stages is not known.".into(),
            );
        }
        let [stays, cycles] = self.negative();
        if stays + cycles > 0 {
            notes.push(format!(
                "Below 0, because their days are in an impossible order: {} and {}. They are in every figure.",
                number::of(stays, "stay", "stays"),
                number::of(cycles, "cycle", "cycles")
            ));
        }
        notes.push("Pipeline velocity = opportunities × average deal × win rate ÷ cycle, with these variants: deals open at the period's start plus those created in it; mean amount of won deals; narrow win rate; median days from created to won. The four hang together (who qualifies harder wins more, of fewer): a change of one is not a gain by itself. It grows with the length of the period, so compare periods of one length; `won a day` is what was in fact won.".into());
        if self.few() {
            notes.push(format!("Of figures marked {} there are fewer than {FEW}: they say little.", layout::FEW_MARK));
        }
        let derailed =
            (0..journeys.len()).any(|at| keep[at] && journeys.outcome[at] == crate::journey::Outcome::Derailed);
        if derailed {
            notes.push("Lost counts deals that ended without a decision too, except in the win rate.".into());
        }
        notes.extend(data.unseen_stages());
        if let Some(condition) = condition {
            let kept = keep.iter().filter(|k| **k).count();
            notes.push(format!("Only processes where {condition}: {kept} of {}.", journeys.len()));
        }
        notes
    }
}
