//! Whether each gate is passed.
//!
//! In: what was loaded, the catalogue, the contract's checks. Out: one [`Verdict`] per check, with every number that decided.

use std::collections::BTreeMap;

use anyhow::Result;

use super::bounds::Figure;
use super::words;
use crate::calendar::{Fiscal, PeriodKind, Periods};
use crate::catalogue::formula;
use crate::catalogue::{Catalogue, Metric, problems_at};
use crate::cli::SliceArgs;
use crate::contract::{Check, Contract, Gate, Goal, Subject, Target};
use crate::evaluate::{self, Scores, Slice};
use crate::facts::Segment;
use crate::issue::Issues;
use crate::report::Unit;
use crate::session::Data;
use crate::stats::band::Band;
use crate::tables::Kind;
use crate::time::{date_of, day_of};

/// What becomes of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All that it asks for holds.
    Passed,
    /// It does not, or nobody can tell.
    Failed,
    /// The same, where it only warns.
    Warned,
    /// Nobody can tell, which it allows.
    Missing,
}

impl Outcome {
    /// For people and machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Warned => "warned",
            Self::Missing => "missing",
        }
    }
}

/// What one bound comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// It does not hold.
    No,
    /// Nobody can tell.
    Unknown,
    /// Nobody can tell before a later period, for which there is a target.
    Later,
    /// It holds.
    Yes,
}

/// One bound of a gate: whether it holds, and the sentence that says so.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Whether it holds.
    pub held: Held,
    /// What was asked, for people.
    pub asked: String,
    /// One sentence with both numbers.
    pub why: String,
}

/// The numbers behind a verdict; what a gate does not ask for is empty.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    /// The figure.
    pub value: Option<f64>,
    /// What the target needs.
    pub target: Option<f64>,
    /// The figure of the period before.
    pub before: Option<f64>,
    /// The relative change.
    pub change: Option<f64>,
    /// The band of the periods before.
    pub band: Option<Band>,
    /// The newest record's day.
    pub newest: Option<i32>,
}

/// One gate, judged.
#[derive(Debug, Clone)]
pub struct Verdict<'a> {
    /// The gate.
    pub check: &'a Check,
    /// What it is called.
    pub title: String,
    /// What becomes of it.
    pub result: Outcome,
    /// The metric's unit; days for freshness.
    pub unit: Unit,
    /// The period's label, first and last day; as-of for freshness.
    pub period: Option<(String, i32, i32)>,
    /// Rows behind the figure, or of the table.
    pub n: u64,
    /// Every bound, in the order of the contract's keys.
    pub bounds: Vec<Bound>,
    /// The numbers.
    pub numbers: Numbers,
}

impl Verdict<'_> {
    /// Why, in one sentence: what does not hold, else what nobody can tell, else everything.
    pub fn why(&self) -> String {
        let worst = self.bounds.iter().map(|b| b.held).min().unwrap_or(Held::Yes);
        let mut said: Vec<&str> = self.bounds.iter().filter(|b| b.held == worst).map(|b| b.why.as_str()).collect();
        // The period is said once.
        let period = self.period.as_ref().map_or_else(String::new, |(label, ..)| format!("{label}: "));
        for why in said.iter_mut().skip(1) {
            *why = why.strip_prefix(&period).unwrap_or(why);
        }
        said.join("; ")
    }

    /// All that it asks for.
    pub fn asked(&self) -> String {
        self.bounds.iter().map(|b| b.asked.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The stage whose arrivals a metric counts, all of them and nothing else.
pub fn stage_of<'c>(contract: &'c Contract, catalogue: &Catalogue, metric: &Metric) -> Option<&'c str> {
    let [id] = &metric.formula.uses[..] else { return None };
    let measure = catalogue.measures.get(id)?;
    let counts = measure.value.replace(' ', "").eq_ignore_ascii_case("COUNT(*)");
    let bare = metric.text.trim() == id && counts && measure.condition.is_none() && measure.table == "journeys";
    let stage = measure.at.strip_suffix("_on").filter(|_| bare)?;
    contract.stages.iter().map(|s| s.id.value.as_str()).find(|id| *id == stage)
}

/// The targets for what a metric counts, the earliest first.
pub fn targets<'c>(contract: &'c Contract, catalogue: &Catalogue, metric: &Metric) -> Vec<&'c Target> {
    let stage = stage_of(contract, catalogue, metric);
    let mut targets: Vec<&Target> = contract.targets.iter().filter(|t| Some(t.stage.value.as_str()) == stage).collect();
    targets.sort_by_key(|t| t.from);
    targets
}

/// The targets that are of the metric itself, each for one period.
pub fn goals<'c>(contract: &'c Contract, metric: &Metric) -> impl Iterator<Item = &'c Goal> {
    contract.goals.iter().filter(move |goal| goal.aim.id() == metric.id)
}

/// Judges every check of the contract, in its order.
///
/// # Errors
/// Every column of a `where` that is not there, at its place in the contract; otherwise a defect.
pub fn all<'d>(data: &'d Data, catalogue: &Catalogue) -> Result<Vec<Verdict<'d>>> {
    let contract = &data.session.contract;
    let facts = data.facts();
    let offered = facts.offered("journeys");
    let mut issues = Vec::new();
    // One evaluation for all checks of the same periods and rows.
    let mut asked: BTreeMap<Key<'_>, (PeriodKind, Vec<&Metric>)> = BTreeMap::new();
    for check in &contract.checks {
        let Subject::Figure(gate) = &check.subject else { continue };
        if let Some(said) = &gate.condition
            && let Err(problems) = formula::predicate(&said.value, &offered)
        {
            issues.extend(problems_at(said, problems));
        }
        let metrics = &mut asked.entry(key(gate)).or_insert((gate.period, Vec::new())).1;
        metrics.extend(catalogue.metrics.get(&gate.metric.value));
    }
    Issues(issues).into_result()?;
    let mut scores: BTreeMap<Key<'_>, (Periods, Scores)> = BTreeMap::new();
    for (key, (kind, metrics)) in asked {
        let slice = SliceArgs { period: kind, from: None, to: None, by: Vec::new(), condition: None };
        let (from, to) = data.days(&slice)?;
        let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
        let periods = Periods::covering(kind, from, to, fiscal);
        let slice = Slice { by: Vec::new(), condition: key.1.map(str::to_string) };
        let found = evaluate::evaluate(&facts, catalogue, &metrics, &periods, &slice)?;
        scores.insert(key, (periods, found));
    }
    let view = View { data, catalogue, mature_after: data.mature_after() };
    let verdicts = contract.checks.iter().map(|check| match &check.subject {
        Subject::Fresh { table, within_days, every_system } => {
            Some(view.fresh(check, *table, *within_days, *every_system))
        }
        Subject::Figure(gate) => {
            let (periods, scores) = scores.get(&key(gate))?;
            Some(view.figure(check, gate, catalogue.metrics.get(&gate.metric.value)?, periods, scores))
        }
    });
    Ok(verdicts.flatten().collect())
}

/// The kind of period, and the condition.
type Key<'a> = (&'a str, Option<&'a str>);

fn key(gate: &Gate) -> Key<'_> {
    (gate.period.id(), gate.condition.as_ref().map(|said| said.value.as_str()))
}

/// What every check is judged by.
pub struct View<'d, 'c> {
    /// What was loaded.
    pub data: &'d Data,
    /// Every metric.
    pub catalogue: &'c Catalogue,
    /// Days after which a cohort is mature.
    pub mature_after: Option<i32>,
}

impl<'d> View<'d, '_> {
    fn verdict(check: &'d Check, unit: Unit, bounds: Vec<Bound>) -> Verdict<'d> {
        let worst = bounds.iter().map(|b| b.held).min().unwrap_or(Held::Yes);
        let result = match worst {
            Held::Yes => Outcome::Passed,
            Held::Later => Outcome::Missing,
            Held::Unknown if check.allow_missing => Outcome::Missing,
            _ if check.warns => Outcome::Warned,
            _ => Outcome::Failed,
        };
        let (n, period, numbers) = (0, None, Numbers::default());
        let mut verdict = Verdict { check, title: String::new(), result, unit, period, n, bounds, numbers };
        verdict.title = check.title.clone().unwrap_or_else(|| words::title(check, &verdict.asked()));
        verdict
    }

    fn fresh(&self, check: &'d Check, kind: Kind, within_days: u32, every_system: bool) -> Verdict<'d> {
        let (data, as_of) = (self.data, day_of(self.data.session.as_of));
        let table = data.tables.get(kind);
        let systems = data.newest_by_system(kind);
        let days = systems.iter().map(|(_, day)| *day);
        let newest = if every_system { days.min() } else { days.max() };
        let age = newest.map(|day| as_of - day);
        let held = match age {
            None => Held::Unknown,
            Some(age) if i64::from(age) <= i64::from(within_days) => Held::Yes,
            Some(_) => Held::No,
        };
        let whose = if every_system { " of every system" } else { "" };
        let asked = format!("newest record{whose} at most {} old", words::days(i64::from(within_days)));
        let missing =
            data.facts().no_table(kind.id()).unwrap_or_else(|| format!("no record of {} has a day", kind.id()));
        let mut why = words::fresh(kind, newest.zip(age), within_days, data.session.as_of, &missing);
        why += &words::systems(&systems, within_days, as_of);
        let mut verdict = Self::verdict(check, Unit::Days, vec![Bound { held, asked, why }]);
        verdict.n = table.len() as u64;
        verdict.numbers = Numbers { value: age.map(f64::from), newest, ..Numbers::default() };
        verdict
    }

    fn figure(
        &self,
        check: &'d Check,
        gate: &Gate,
        metric: &Metric,
        periods: &Periods,
        scores: &Scores,
    ) -> Verdict<'d> {
        let (at, none) = match self.judged(gate, metric, periods, scores) {
            Ok(at) => (Some(at), String::new()),
            Err(none) => (None, none),
        };
        let all = Segment::new();
        let score = at.map(|at| scores.score(metric, &all, Some(at)));
        let mut numbers = Numbers { value: score.as_ref().and_then(|s| s.value.clone().ok()), ..Numbers::default() };
        let figure = Figure { gate, metric, periods, scores, at, none, score: score.as_ref() };
        let mut bounds = Vec::new();
        bounds.extend(figure.absolute());
        bounds.extend(self.target(&figure, &mut numbers));
        bounds.extend(figure.change(&mut numbers));
        bounds.extend(figure.band(&mut numbers));
        bounds.extend(figure.rows());
        let mut verdict = Self::verdict(check, metric.unit, bounds);
        verdict.n = score.map_or(0, |s| s.n);
        verdict.period = at.map(|at| {
            let period = &periods.all[at];
            (period.label.clone(), period.start, period.end)
        });
        verdict.numbers = numbers;
        verdict
    }
    /// The period that is judged: the last whole one; of a figure that still rises, the newest that is mature.
    fn judged(&self, gate: &Gate, metric: &Metric, periods: &Periods, scores: &Scores) -> Result<usize, String> {
        let total = scores.score(metric, &Segment::new(), None);
        if total.n == 0
            && total.value.is_ok()
            && let Some(said) = &gate.condition
        {
            return Err(format!("no buying process is one where {}", said.value));
        }
        let kind = gate.period.id();
        let contract = &self.data.session.contract;
        let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
        // Periods that are over, be it that the exports end before.
        let over = Periods::covering(gate.period, periods.from, day_of(self.data.session.as_of), fiscal);
        let whole: Vec<usize> = (0..over.all.len()).filter(|at| !over.is_partial(*at)).collect();
        let young = |at: usize| self.young(metric, over.all[at].end);
        let Some(at) = whole.iter().copied().rfind(|at| young(*at).is_none()) else {
            let first = whole.first().and_then(|at| Some((*at, young(*at)?)));
            return Err(first.map_or_else(
                || format!("no whole {kind} is in the data yet"),
                |(at, on)| format!("no whole {kind} is mature yet: {} is on {on}", over.all[at].label),
            ));
        };
        let period = &over.all[at];
        let known = self.data.known_until();
        let known = self.data.last_day().map_or(known, |last| if period.start > last { last } else { known });
        if period.end > known {
            return Err(format!("{} is over, and the exports end on {}", period.label, date_of(known)));
        }
        Ok(at)
    }
}
