//! `funnel`: volume, conversion, velocity and value per stage.
//!
//! In: the command line. Out: a [`Report`]: one table of all periods together, one of the periods side by side, and the
//! tidy one; with `--compare` what two contracts or two bases make of the same exports, and the records that explain it.
//!
//! On the cohort basis the rows follow the same processes: those that began in the period, whatever became of
//! them by as-of. On the period basis each row counts those that reached its stage in the period: different people in
//! every row, so a rate can exceed 100 % and has no interval; the days to the next stage are those of the processes that
//! arrived there in the period. On the horizon basis each row counts those that reached its stage in the period, and of
//! those observed for the horizon the share that reached the next stage within it.

mod compare;
mod count;
mod layout;
mod moved;
mod notes;
pub mod picture;
mod why;

use anyhow::Result;

use super::{Audience, Cell, Column, Report, Table, Unit};
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::{Basis, FunnelArgs};
use crate::contract::Contract;
use crate::issue::{Issue, Place};
use crate::journey::{Entries, Journeys, Policy};
use crate::output::{self, Format};
use crate::session::{Data, Session};
use crate::time::day_of;

use compare::Against;

/// One way to count: whose definitions, which basis, which entries.
struct Side<'a> {
    contract: &'a Contract,
    journeys: &'a Journeys,
    entries: Entries<'a>,
    basis: Basis,
    /// Days within which the next stage counts, on the horizon basis.
    horizon: Option<i32>,
    periods: &'a Periods,
    as_of: i32,
    /// Days after which a cohort is complete; the horizon, where there is one.
    mature_after: Option<i32>,
}

/// Days of `--horizon`.
fn days(text: &str) -> Result<i32, Issue> {
    let number = text.trim().strip_suffix('d').unwrap_or(text.trim());
    let usage = |what: String| Issue::usage(Place::file("--horizon"), what);
    let whole = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    match number.parse().ok().filter(|days| (1..=36_500).contains(days)) {
        Some(days) if whole => Ok(days),
        _ if whole => Err(usage(format!("`{text}` is not from 1 to 36500 days")).hint("write it as 90d or 90")),
        _ => Err(usage(format!("`{text}` is not a number of days"))
            .hint("write it as 90d or 90; months and years have no fixed number of days")),
    }
}

/// The horizon, which the horizon basis needs and no other takes; the bases are those of `--compare` or of `--basis`.
fn horizon(args: &FunnelArgs, wanted: bool, compared: bool) -> Result<Option<i32>, Issue> {
    let (flag, without) = if compared {
        ("--compare", "leave --horizon out, or compare with that basis, as cohort,horizon")
    } else {
        ("--basis", "add --basis horizon, or leave --horizon out")
    };
    match (&args.horizon, wanted) {
        (Some(text), true) => days(text).map(Some),
        (None, false) => Ok(None),
        (None, true) => Err(Issue::usage(Place::file(flag), "horizon needs a number of days")
            .hint("add --horizon 90d: who was observed for less is left out")),
        (Some(_), false) => Err(Issue::usage(Place::file("--horizon"), "only the horizon basis has one").hint(without)),
    }
}

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist; flags that do not go together.
pub fn build(args: &FunnelArgs, env: &mut Env<'_>) -> Result<Report> {
    asked(args)?;
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// What is compared, the bases and the horizon.
type Asked = (Option<Against>, Basis, [Basis; 2], Option<i32>);

fn asked(args: &FunnelArgs) -> Result<Asked> {
    let against = args.compare.as_deref().map(|text| Against::parse(text, args.basis)).transpose()?;
    let basis = args.basis.unwrap_or(Basis::Cohort);
    let bases = match &against {
        Some(Against::Bases(bases)) => *bases,
        _ => [basis, basis],
    };
    let compared = matches!(against, Some(Against::Bases(_)));
    let horizon = horizon(args, bases.contains(&Basis::Horizon), compared)?;
    Ok((against, basis, bases, horizon))
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &FunnelArgs) -> Result<Report> {
    let (against, basis, bases, horizon) = asked(args)?;
    let policy = Policy { entry: args.entry, skips: args.skips };
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    data.not_too_many(&by, periods.all.len() * contract.stages.len())?;
    let (segments, segment_of) = facts.segments(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;
    let side = |contract, journeys, basis| Side::new(data, contract, journeys, basis, horizon, policy, &periods);

    let kept = count::Kept { segments: &segments, segment_of: &segment_of, keep: &keep, by: &by };
    if let Some(against) = against {
        let other = against.load(data)?;
        let [a, b] = match &other {
            Some((contract, journeys)) => {
                [side(&data.session.contract, &data.journeys, basis)?, side(contract, journeys, basis)?]
            }
            None => [side(contract, &data.journeys, bases[0])?, side(contract, &data.journeys, bases[1])?],
        };
        let format = output::choose(args.output.format, args.output.output.as_deref())?;
        let complete = !matches!(format, Format::Table | Format::Md);
        let condition = args.slice.condition.as_deref();
        let mut report = compare::report(data, [&a, &b], &kept, condition, complete);
        report.notes.extend(data.as_they_are_now(&by, condition));
        return Ok(report);
    }

    let side_of = |basis| side(contract, &data.journeys, basis);
    let side = side_of(basis)?;
    let counts = count::count(&side, &kept);
    let title = match basis {
        Basis::Cohort => "Funnel: what became of those who began",
        Basis::Period => "Funnel: what happened in the period",
        Basis::Horizon => "Funnel: who went on within the horizon",
    };
    let view = layout::View { data, side: &side, by: &by, segments: &segments };
    let mut report = data.report("funnel", title);
    let by_period = (basis == Basis::Cohort).then(|| side_of(Basis::Period)).transpose()?;
    let by_period = by_period.map(|side| (count::count(&side, &kept), side));
    report.tables.push(view.stages(&counts, by_period.as_ref().map(|(counts, side)| (side, counts))));
    if by.is_empty() {
        report.tables.push(view.periods_table(&counts));
    }
    report.tables.push(view.tidy(&counts));
    report.notes = notes::notes(data, &side, &counts, &kept, args.slice.condition.as_deref());
    report.notes.extend((basis != Basis::Cohort).then(|| data.outside((from, to))).flatten());
    report.notes.extend(data.as_they_are_now(&by, args.slice.condition.as_deref()));
    report.notes.extend(data.notes());
    report.charts = picture::charts(&report);
    Ok(report)
}

impl<'a> Side<'a> {
    fn new(
        data: &'a Data,
        contract: &'a Contract,
        journeys: &'a Journeys,
        basis: Basis,
        horizon: Option<i32>,
        policy: Policy,
        periods: &'a Periods,
    ) -> Result<Self> {
        let as_of = day_of(data.session.as_of);
        let entries = Entries::of(journeys, policy, &data.tables, &data.who, contract, &data.session.home, as_of)?;
        let horizon = horizon.filter(|_| basis == Basis::Horizon);
        let mature_after = match basis {
            Basis::Cohort => data.mature_after(),
            Basis::Period => None,
            Basis::Horizon => horizon,
        };
        Ok(Self { contract, journeys, entries, basis, horizon, periods, as_of, mature_after })
    }

    /// The id of a stage, by its position among those shown.
    fn id(&self, at: usize) -> &str {
        self.entries.shown().get(at).map_or("", |s| &self.contract.stages[*s].id.value)
    }

    /// The name of a stage for people.
    fn title(&self, at: usize) -> &str {
        self.entries.shown().get(at).map_or("", |s| &self.contract.stages[*s].title)
    }

    /// Every stage of the contract, by its index, with its position among those shown; `None` where no export shows it.
    fn all(&self) -> impl Iterator<Item = (usize, Option<usize>)> {
        (0..self.contract.stages.len()).map(|stage| (stage, self.entries.shown().iter().position(|s| *s == stage)))
    }

    /// Why the figures of a stage that no export shows are missing.
    fn unseen(&self, stage: usize) -> Cell {
        Cell::Missing(format!("no export shows when {} was reached", self.contract.stages[stage].title))
    }

    /// The first and the last stage shown, where the contract has others before or behind them.
    fn cut(&self) -> [Option<&str>; 2] {
        let ends = [self.entries.shown().first(), self.entries.shown().last()];
        let whole = [0, self.contract.stages.len().saturating_sub(1)];
        [0, 1].map(|end| ends[end].filter(|s| **s != whole[end]).map(|s| self.contract.stages[*s].title.as_str()))
    }

    /// Number of stages shown.
    fn len(&self) -> usize {
        self.entries.shown().len()
    }

    /// Whether a day was long enough ago for what follows to have happened.
    fn observed(&self, day: i32) -> bool {
        self.mature_after.is_some_and(|days| self.as_of - day >= days)
    }

    /// Whether every day of a period, or of all, was.
    fn mature(&self, period: Option<usize>) -> Option<bool> {
        let end = period.map_or(self.periods.to, |p| self.periods.all[p].end);
        self.mature_after.map(|_| self.observed(end))
    }
}

fn share(value: Option<f64>) -> Cell {
    value.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share))
}
