//! `plan`: how many leads are needed, by when; or what leads will bring.
//!
//! In: the command line. Out: a [`Report`]: for each target what is won, what is in hand, the gap and the leads that close it,
//! how that comes about, month by month, and what a tenth more or less would change; for leads to come what they will
//! bring; where the period has begun, delivered against needed; and the plain inverted funnel beside it.
//!
//! `count` measures, `timed` works targets backwards, `forward` looks ahead, `funnel` has the plain division, `paced` the
//! pacing, `backtest` the past; `layout`, `tidy` and `notes` make tables and sentences of them. The statistics are in
//! [`crate::stats::plan`].

mod ask;
mod backtest;
mod behind;
mod count;
mod forward;
mod funnel;
mod layout;
mod made_of;
mod notes;
mod paced;
pub mod picture;
mod tidy;
mod timed;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::Fiscal;
use crate::cli::PlanArgs;
use crate::contract::Aim;
use crate::session::{Data, Session};
use crate::stats::plan::{Group, Model};
use crate::time::day_of;
use ask::Asked;
use count::{Cost, Measured};
use timed::Timed;

pub use behind::behind;

/// What everything here is worked out from.
pub struct Base<'a> {
    /// What was loaded.
    pub data: &'a Data,
    /// What is asked for.
    pub asked: Asked,
    /// What is measured.
    pub m: Measured,
    /// The curves.
    pub model: Model,
    /// Who is open.
    pub groups: Vec<Group>,
    /// How many come in a day, by stage.
    pub pace: Vec<f64>,
    /// Amounts of what was won, with their clusters.
    pub amounts: Vec<(u32, f64)>,
    /// Cluster and stage of everybody who came in during the days of the pace.
    pub came: Vec<(u32, usize)>,
    /// The amount of a won deal: assumed, else the mean.
    pub deal: Option<f64>,
    /// What the chances of new leads are multiplied by, where rates are assumed.
    pub factor: f64,
    /// By place of a stage: what the number of new leads that reach it is multiplied by then.
    pub scales: Vec<f64>,
    /// What a new lead costs, or why that is not known.
    pub cost: Result<f64, String>,
    /// Where that was measured.
    pub cost_of: Option<Cost>,
    /// The contract's calendar.
    pub fiscal: Fiscal,
    /// The last day that is known.
    pub as_of: i32,
    /// Whether no condition leaves anybody out.
    pub whole: bool,
    /// Resamples.
    pub samples: u64,
    /// Where their random numbers begin.
    pub seed: u64,
}

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; flags that say nothing, a target in the past.
pub fn build(args: &PlanArgs, env: &mut Env<'_>) -> Result<Report> {
    let session = Session::open(&args.input, env)?;
    Asked::read(&session, args)?;
    let data = session.load(&args.output, env)?;
    if args.backtest {
        return backtest::tell(&data, args, env);
    }
    tell(&data, args)
}

impl<'a> Base<'a> {
    /// Measures what was loaded.
    ///
    /// # Errors
    /// A condition that names what is not there.
    pub fn of(data: &'a Data, args: &PlanArgs) -> Result<Self> {
        let asked = Asked::read(&data.session, args)?;
        let keep = data.facts().journey_mask(args.condition.as_deref())?;
        let contract = &data.session.contract;
        let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
        let as_of = day_of(data.session.as_of);
        let m = Measured::of(data, &keep, asked.from);
        let model = m.model(|_| true);
        let pace = m.pace();
        let came = m.lately().map(|came| (came.cluster, came.stage)).collect();
        let amounts = m.amounts();
        let measured = Cost::of(data, &m, args.period, fiscal);
        // Spend is that of everybody.
        let measured = if args.condition.is_some() {
            Err("spend is for all leads, and the condition leaves some out".to_string())
        } else {
            measured
        };
        let cost = asked.cost().map_or_else(|| measured.as_ref().map(Cost::each).map_err(Clone::clone), Ok);
        let cost_of = measured.ok().filter(|_| asked.cost().is_none());
        let mut base = Self {
            groups: m.groups(),
            deal: asked.deal().or_else(|| count::mean(&amounts)).filter(|deal| *deal > 0.0),
            factor: 1.0,
            scales: Vec::new(),
            data,
            asked,
            m,
            model,
            pace,
            amounts,
            came,
            cost,
            cost_of,
            fiscal,
            as_of,
            whole: args.condition.is_none(),
            samples: args.samples,
            seed: args.seed,
        };
        (base.scales, base.factor) = base.assumed_scales();
        Ok(base)
    }

    /// The title of a stage by its place.
    pub fn title(&self, place: usize) -> &str {
        &self.data.session.contract.stages[self.m.stages[place]].title
    }

    /// Why nothing can be planned; `None` where it can.
    pub fn nothing(&self) -> Option<String> {
        if self.m.stages.is_empty() {
            return Some("no export shows a stage before a deal is won, so there is nothing to follow".into());
        }
        if self.m.came.is_empty() {
            return Some(format!("nobody has reached {} by {}", self.title(0), timed::shown(self.as_of)));
        }
        if self.m.wins() == 0 {
            return Some(format!("no deal has been won by {}, so no chance can be measured", timed::shown(self.as_of)));
        }
        None
    }
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &PlanArgs) -> Result<Report> {
    let base = Base::of(data, args)?;
    data.facts().check_by(&args.by)?;
    base.not_too_far(args)?;
    let mut report = data.report("plan", "Plan: how many leads are needed, by when");
    let mut lines = Vec::new();
    let nothing = base.nothing();
    let coming: Vec<_> = base.asked.goals.iter().filter(|goal| goal.period.end > base.as_of).cloned().collect();
    let mut timed: Vec<Timed> = Vec::new();
    if nothing.is_none() {
        for goal in &coming {
            // Without any amount there is no revenue to plan.
            if goal.aim == Aim::DealsWon || base.deal.is_some() {
                timed.push(base.timed(goal));
            }
        }
    }
    report.tables.extend(base.no_plan(nothing.as_deref(), &coming));
    report.tables.extend(base.answers(&timed, &mut lines));
    report.tables.extend(base.pacing(&timed, &mut lines));
    report.tables.extend(base.in_hand(&timed, &mut lines));
    report.tables.extend(base.months(&timed, &mut lines));
    let mut of_segments = Vec::new();
    report.tables.extend(base.segments(&timed, args, &mut lines, &mut of_segments)?);
    report.tables.extend(base.sensitivities(&timed, &mut lines));
    report.tables.extend(base.plain_funnels(&coming, &mut lines));
    if nothing.is_none() && (base.asked.leads.is_some() || coming.is_empty()) {
        report.tables.extend(base.ahead(args, &mut lines));
    }
    let capacity = base.capacity(&timed, args, &mut lines);
    let ignored = capacity.as_ref().err().cloned();
    report.tables.extend(capacity.ok());
    base.made_of(&timed, &mut lines);
    report.tables.push(base.tidy(lines));
    report.notes = base.notes(&timed, &coming, nothing.as_deref(), args);
    report.notes.extend(of_segments);
    report.notes.extend(ignored.filter(|_| args.capacity.is_some()).map(|why| format!("No use of --capacity: {why}.")));
    report.notes.extend(data.unseen_stages());
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}
