//! The figures of both sides, and their difference by cause.
//!
//! In: both sides and what the command line asks for. Out: [`Compared`]: for every metric and every measure behind one, in
//! every period and over all of them, both values and the effect of each cause; and every record that counts otherwise.
//!
//! The effects of a figure add up to its difference: each is what changes when the values of one cause become B's, on top
//! of those before it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::cause::Cause;
use super::effects::{Cents, Line, Point, effects};
use super::records::{Record, Redefined, Tables, moves, records, redefined};
use super::rows::Account;
use super::sides::Sides;
use crate::calendar::Periods;
use crate::catalogue::formula::{self, Formula};
use crate::catalogue::{Catalogue, Metric};
use crate::evaluate::steps::{self, Both};
use crate::evaluate::{self, Scores, Slice, Why};
use crate::report::Unit;
use crate::tables::Kind;

/// A metric, or a measure behind one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// A metric; else a measure.
    pub is_metric: bool,
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What it counts.
    pub unit: Unit,
    /// What both sides of a ratio count.
    pub sides: [Unit; 2],
    /// The measures that it is made of; itself, for a measure.
    pub uses: Vec<String>,
}

/// Everything that is told.
pub struct Compared<'s> {
    pub sides: &'s Sides,
    pub periods: Periods,
    pub figures: Vec<Figure>,
    pub lines: Vec<Line>,
    pub records: Vec<Record>,
    /// By table: where its rows went.
    pub accounts: Vec<(Kind, Account)>,
    /// Minor units in one major unit.
    pub scale: f64,
    /// Measures whose contributions add up.
    pub adds_up: BTreeSet<String>,
    /// By measure the metrics that use it.
    pub used_by: BTreeMap<String, Vec<String>>,
    /// By process the row of the person known first: of A, of B under A's contract, of B.
    pub first: [Vec<u32>; 3],
    pub condition: Option<String>,
}

/// The metrics asked for: those of B's contract, then those that only A's has.
pub fn wanted<'c>(catalogues: [&'c Catalogue; 2], ids: &[String]) -> Result<Vec<&'c Metric>, crate::issue::Issues> {
    use crate::issue::{Issue, Issues, Place, did_you_mean};
    let [a, b] = catalogues;
    let only_a = a.metrics.values().filter(|metric| !b.metrics.contains_key(&metric.id));
    let all: Vec<&Metric> = b.metrics.values().chain(only_a).collect();
    if ids.is_empty() {
        return Ok(all);
    }
    let (mut found, mut issues): (Vec<&Metric>, Vec<Issue>) = (Vec::new(), Vec::new());
    for id in ids.iter().map(|id| id.trim()) {
        match all.iter().find(|metric| metric.id == id) {
            Some(_) if found.iter().any(|known| known.id == id) => {}
            Some(metric) => found.push(metric),
            None => issues.push(
                Issue::usage(Place::file("--metric"), format!("no metric is called `{id}`"))
                    .hint(did_you_mean(id, all.iter().map(|metric| metric.id.as_str()))),
            ),
        }
    }
    Issues(issues).into_result()?;
    Ok(found)
}

/// Those of some metrics that a catalogue has, as it has them.
fn those<'c>(catalogue: &'c Catalogue, wanted: &[&Metric]) -> Vec<&'c Metric> {
    wanted.iter().filter_map(|metric| catalogue.metrics.get(&metric.id)).collect()
}

/// A catalogue and its scores of one set of exports.
pub struct Told<'c> {
    pub catalogue: &'c Catalogue,
    pub scores: Scores,
}

impl Told<'_> {
    fn value(&self, figure: &Figure, period: Option<usize>, side: &str) -> Point {
        let missing = |what: &str| Point {
            value: Err(Why { status: "not_defined", reason: format!("no such {what} in the contract of {side}") }),
            numerator: None,
            denominator: None,
            n: 0,
        };
        let all = Vec::new();
        if figure.is_metric {
            let Some(metric) = self.catalogue.metrics.get(&figure.id) else { return missing("metric") };
            let score = self.scores.score(metric, &all, period);
            return Point {
                value: score.value,
                numerator: score.numerator,
                denominator: score.denominator,
                n: score.n,
            };
        }
        if !self.catalogue.measures.contains_key(&figure.id) {
            return missing("measure");
        }
        let found = self.scores.figure(&figure.id, &all, period);
        Point { numerator: found.value.as_ref().ok().copied(), value: found.value, denominator: None, n: found.n }
    }
}

/// Compares the two sides.
///
/// # Errors
/// A condition that a side does not have the columns of; a defect otherwise.
pub fn compare<'s>(
    sides: &'s Sides,
    catalogues: [&Catalogue; 2],
    wanted: &[&Metric],
    periods: Periods,
    condition: Option<&str>,
) -> Result<Compared<'s>> {
    let slice = Slice { by: Vec::new(), condition: condition.map(str::to_string) };
    let [ours, theirs] = catalogues;
    let (a, under, b) = (sides.a.data.facts(), sides.under().facts(), sides.b.data.facts());
    let of_a = those(ours, wanted);
    let then = Told { catalogue: ours, scores: evaluate::evaluate(&a, ours, &of_a, &periods, &slice)? };
    let middle = Told { catalogue: ours, scores: evaluate::evaluate(&under, ours, &of_a, &periods, &slice)? };
    let of_b = those(theirs, wanted);
    let now = match &sides.under {
        None => Told { catalogue: theirs, scores: middle.scores.clone() },
        Some(_) => Told { catalogue: theirs, scores: evaluate::evaluate(&b, theirs, &of_b, &periods, &slice)? },
    };

    let pairs = Tables::new([&sides.a.data, sides.under()], sides.a.known);
    let both = Both {
        sides: [&a, &under],
        pairs: &|table| pairs.pairs(table),
        step: &|change| pairs.step(change),
        steps: Cause::STEPS,
    };
    let ends = [&then.scores, &middle.scores];
    let (steps, moved) = steps::walk(&both, ours, &of_a, &periods, &slice, ends)?;
    let steps: Vec<Told<'_>> = steps.into_iter().map(|scores| Told { catalogue: ours, scores }).collect();
    let mut records = records(moved, &pairs);
    let [first_a, first_under] = pairs.processes.first.clone();
    let mut first = [first_a, first_under.clone(), first_under];
    if sides.under.is_some() {
        let counted = [
            steps::contributions(&under, ours, &of_a, &periods, &slice, &middle.scores)?,
            steps::contributions(&b, theirs, &of_b, &periods, &slice, &now.scores)?,
        ];
        let again = Tables::new([sides.under(), &sides.b.data], sides.a.known);
        let of = Redefined { counted: [&counted[0], &counted[1]], facts: [&under, &b], catalogues, slice: &slice };
        records.extend(redefined(&of, &again, &pairs)?);
        first[2].clone_from(&again.processes.first[1]);
    }
    records.sort_by(|x, y| {
        let key = |r: &Record| (r.cause, r.period);
        x.measure.cmp(&y.measure).then(key(x).cmp(&key(y)))
    });

    let mut adds_up = BTreeSet::new();
    let mut used_by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut figures: Vec<Figure> = Vec::new();
    for metric in wanted {
        let uses = |c: &Catalogue| c.metrics.get(&metric.id).map(|m| m.formula.uses.clone()).unwrap_or_default();
        let mut used = uses(ours);
        used.extend(uses(theirs));
        used.sort();
        used.dedup();
        for id in &used {
            used_by.entry(id.clone()).or_default().push(metric.id.clone());
        }
        let (id, title, unit) = (metric.id.clone(), metric.title.clone(), metric.unit);
        let unit_of = |id: &String| [theirs, ours].into_iter().find_map(|c| c.measures.get(id)).map(|m| m.unit);
        let side = |formula: &Formula| {
            let mut units = formula.uses.iter().filter_map(unit_of);
            units.next().filter(|first| units.all(|u| u == *first)).unwrap_or(Unit::Number)
        };
        let sides = metric.formula.ratio().map_or([unit, unit], |(top, bottom)| [side(&top), side(&bottom)]);
        figures.push(Figure { is_metric: true, id, title, unit, sides, uses: used });
    }
    for id in used_by.keys() {
        let found = [theirs, ours].into_iter().find_map(|c| c.measures.get(id));
        let Some(measure) = found else { continue };
        if catalogues.iter().all(|c| c.measures.get(id).is_none_or(|m| formula::adds_up(&m.value))) {
            adds_up.insert(id.clone());
        }
        let (title, unit) = (measure.about.clone(), measure.unit);
        let (id, uses) = (id.clone(), vec![id.clone()]);
        figures.push(Figure { is_metric: false, id, title, unit, sides: [unit, unit], uses });
    }

    let scale = a.minor_per_major();
    let moves = moves(&records);
    let mut lines = Vec::new();
    for (at, figure) in figures.iter().enumerate() {
        let in_b = !figure.is_metric || theirs.metrics.contains_key(&figure.id);
        let cents = Cents::new(figure, if in_b { &now } else { &then }, scale);
        for period in (0..periods.all.len()).map(Some).chain([None]) {
            let first = then.value(figure, period, "A");
            let last = now.value(figure, period, "B");
            let count = |cause: Cause| {
                let sets = figure.uses.iter().filter_map(|id| moves.get(&(id.as_str(), cause))?.get(&period));
                sets.flatten().collect::<BTreeSet<_>>().len() as u64
            };
            let mut chain = Vec::new();
            for (told, cause) in steps.iter().zip(Cause::ALL) {
                chain.push((cause, told.value(figure, period, "A"), count(cause)));
            }
            chain.push((Cause::Other, middle.value(figure, period, "A"), 0));
            if sides.under.is_some() {
                chain.push((Cause::Definition, last.clone(), count(Cause::Definition)));
            }
            let ends = first.value.as_ref().ok().zip(last.value.as_ref().ok());
            let difference = ends.map(|(from, to)| cents.difference(*from, *to));
            let mut effects = effects(&cents, &first, chain);
            // Without both ends nothing adds up to anything.
            for effect in effects.iter_mut().filter(|_| difference.is_none()) {
                (effect.by, effect.numerator, effect.denominator) = (None, None, None);
            }
            lines.push(Line { figure: at, period, then: first, now: last, difference, effects });
        }
    }
    let accounts = pairs.accounts();
    drop(moves);
    let condition = slice.condition;
    Ok(Compared { sides, periods, figures, lines, records, accounts, scale, adds_up, used_by, first, condition })
}
