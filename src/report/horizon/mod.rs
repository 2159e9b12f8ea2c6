//! `horizon`: how long it is from spend to pipeline to revenue, and whether more leads are worth less.
//!
//! In: the command line. Out: a [`Report`]: each period's won revenue by when its buyer began, what the entrants of each period
//! have brought per unit of its marketing spend, the lag curve, what share of spend pays within its own period, and the
//! volume of MQLs against their yield.
//!
//! Spend has no link to buyers. It is set against those who entered in its period, of marketing origin where origins are
//! known: the assumption is that spend works when its buyers enter, and it is said wherever it is used.

mod behind;
mod count;
mod curve;
mod layout;
mod notes;
pub mod picture;
mod tidy;
mod volume;

use anyhow::Result;

use super::Report;
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::catalogue::{Catalogue, Metric};
use crate::cli::HorizonArgs;
use crate::contract::{Evidence, Stage};
use crate::evaluate::{self, Slice};
use crate::facts::Segment;
use crate::journey::{Journeys, spells};
use crate::session::{Data, Session};
use crate::tables::Kind;
use crate::time::day_of;

use count::{Anchor, Asked, Buyers, Group, Odd, Time};

pub use behind::behind;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist.
pub fn build(args: &HorizonArgs, env: &mut Env<'_>) -> Result<Report> {
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// What is counted of what was loaded, with what it is counted by.
///
/// # Errors
/// As [`build`], after loading.
fn with<R>(data: &Data, args: &HorizonArgs, make: impl FnOnce(&View<'_>, &Asked<'_>) -> Result<R>) -> Result<R> {
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;
    data.not_too_many(&by, periods.all.len() * (periods.all.len().min(tidy::LONGEST) + 4) * ROWS)?;
    let (segments, segment_of) = facts.segments(&by)?;

    let journeys = &data.journeys;
    let close = spells::close(contract);
    let time = time(journeys, close, &periods, fiscal, day_of(data.session.as_of));
    let of_deals: Vec<bool> = contract.stages.iter().map(of_deals).collect();
    let mql = contract.stages.iter().position(|stage| stage.id.value == MQL);
    let asked = Asked {
        journeys,
        keep: &keep,
        segment_of: (!by.is_empty()).then_some(&segment_of[..]),
        segments: segments.len(),
        time: &time,
        close,
        of_deals: &of_deals,
        mql: mql.filter(|stage| journeys.seen[*stage]),
        mature_after: data.mature_after(),
    };
    let (groups, odd) = count::count(&asked);
    let view = View {
        data,
        time: &time,
        by: &by,
        segments: &segments,
        groups: &groups,
        odd: &odd,
        spend: spend(data, &periods, args.slice.condition.as_deref())?,
        mql: match mql {
            None => Err(format!("no stage `{MQL}` in the contract")),
            Some(stage) if !journeys.seen[stage] => Err(format!("no export shows when stage `{MQL}` was reached")),
            Some(stage) => Ok(stage),
        },
        mature_after: data.mature_after(),
        known: Known {
            deals: facts.fills("journeys", "has_deal"),
            created: facts.fills("journeys", "created_on"),
            amounts: facts.fills("journeys", "amount"),
        },
        buyers: if groups[0].cohorts.keys().any(|(buyers, _)| *buyers == Buyers::Marketing) {
            Buyers::Marketing
        } else {
            Buyers::All
        },
        curves: Buyers::ALL
            .map(|of| groups.iter().map(|g| curve::curve(g.followed.get(&of).map_or(&[], |f| f))).collect()),
    };
    make(&view, &asked)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &HorizonArgs) -> Result<Report> {
    with(data, args, |view, asked| {
        let mut report = data.report("horizon", "Horizon: from spend to pipeline to revenue");
        report.tables = view.tables();
        report.tables.push(view.tidy());
        report.notes = view.notes();
        if let Some(condition) = &args.slice.condition {
            let kept = asked.keep.iter().filter(|k| **k).count();
            report.notes.push(format!("Only processes where {condition}: {kept} of {}.", data.journeys.len()));
        }
        report.notes.extend(data.unseen_stages());
        report.notes.extend(data.as_they_are_now(view.by, args.slice.condition.as_deref()));
        report.notes.extend(data.outside((view.time.shown.from, view.time.shown.to)));
        report.notes.extend(data.notes());
        report.charts = picture::charts(&report);
        Ok(report)
    })
}

/// The stage of MQLs, as the catalogue's measures name it.
const MQL: &str = "mql";

/// Rows of a period and a lag.
const ROWS: usize = 18;

/// Of fewer a share says little.
const FEW: u64 = 5;

/// Whether only deals show that a stage was reached.
fn of_deals(stage: &Stage) -> bool {
    let deal = |evidence: &Evidence| {
        matches!(evidence, Evidence::DealStage { .. } | Evidence::Column { table: Kind::Deals, .. })
    };
    !stage.reached.is_empty() && stage.reached.iter().all(|said| deal(&said.value))
}

/// The calendar from the first beginning in the exports to as-of.
fn time<'a>(journeys: &Journeys, close: Option<usize>, shown: &'a Periods, fiscal: Fiscal, as_of: i32) -> Time<'a> {
    let all = 0..journeys.len();
    let days = all.flat_map(|at| Anchor::ALL.map(|anchor| count::began(journeys, close, at, anchor, as_of)));
    let begins = days.flatten().min().unwrap_or(shown.from);
    let calendar = Periods::covering(shown.kind, begins.min(shown.from), as_of, fiscal);
    let over = calendar.all.iter().filter(|period| period.end <= as_of).count();
    Time {
        shown,
        first: calendar.index(shown.from).unwrap_or(0),
        whole: over.checked_sub(1),
        history: calendar.index(begins).unwrap_or(0),
        begins,
        calendar,
        as_of,
    }
}

/// The catalogue's measure of marketing's spend.
const MEASURE: &str = "marketing_spend";

/// Marketing spend: per period shown, and of all of them; or why it is not known.
pub struct Spend {
    /// By period.
    pub of: Vec<Result<f64, String>>,
    /// Of all days shown.
    pub total: Result<f64, String>,
}

/// The spend of the catalogue's own measure, so that the contract may replace it here too.
fn spend(data: &Data, periods: &Periods, condition: Option<&str>) -> Result<Spend> {
    let catalogue = Catalogue::new(&data.session.contract)?;
    let uses = |metric: &&Metric| metric.formula.uses.iter().any(|used| used == MEASURE);
    let Some(metric) = catalogue.metrics.values().find(uses) else {
        let why = || Err(format!("no metric uses {MEASURE}"));
        return Ok(Spend { of: periods.all.iter().map(|_| why()).collect(), total: why() });
    };
    let slice = Slice { by: Vec::new(), condition: condition.map(str::to_string) };
    let scores = evaluate::evaluate(&data.facts(), &catalogue, &[metric], periods, &slice)?;
    let of = |period| scores.figure(MEASURE, &Vec::new(), period).value.map_err(|why| why.reason);
    Ok(Spend { of: (0..periods.all.len()).map(|p| of(Some(p))).collect(), total: of(None) })
}

/// What the exports know of deals at all.
#[derive(Debug, Clone, Copy)]
struct Known {
    deals: bool,
    created: bool,
    amounts: bool,
}

/// What the tables are made of.
struct View<'a> {
    data: &'a Data,
    time: &'a Time<'a>,
    by: &'a [String],
    segments: &'a [Segment],
    /// The total, then the segments.
    groups: &'a [Group],
    odd: &'a Odd,
    spend: Spend,
    /// The stage of MQLs, or why there is none.
    mql: Result<usize, String>,
    mature_after: Option<i32>,
    known: Known,
    /// Whose revenue is set against marketing spend.
    buyers: Buyers,
    /// By buyers and group.
    curves: [Vec<curve::Curve>; 2],
}

impl View<'_> {
    /// Minor units as an amount.
    #[allow(clippy::cast_precision_loss)] // sums of cents stay below 2^53
    fn major(&self, minor: i64) -> f64 {
        minor as f64 / self.data.facts().minor_per_major()
    }

    /// The curve of some buyers in a group.
    fn curve(&self, buyers: Buyers, group: usize) -> &curve::Curve {
        &self.curves[usize::from(buyers == Buyers::Marketing)][group]
    }

    /// Whether everybody of a period was seen for long enough.
    fn mature(&self, period: usize) -> Option<bool> {
        self.mature_after.map(|days| self.time.as_of - self.time.shown.all[period].end >= days)
    }
}
