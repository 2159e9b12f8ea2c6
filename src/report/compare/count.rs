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
use super::processes::Processes;
use super::rows::{Account, Rows};
use super::sides::Sides;
use super::words::Codes;
use crate::calendar::Periods;
use crate::catalogue::formula::{self, Formula};
use crate::catalogue::{Catalogue, Metric};
use crate::evaluate::steps::{self, Both, Change, Counted, Moved, Pair};
use crate::evaluate::{self, Scores, Slice, Why};
use crate::report::{Cell, Unit};
use crate::session::Data;
use crate::tables::{Kind, NONE};

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

/// A figure at one point of the way from A to B.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The value, or why there is none.
    pub value: Result<f64, Why>,
    /// Both sides of a ratio; the value alone for anything else.
    pub numerator: Option<f64>,
    /// See `numerator`.
    pub denominator: Option<f64>,
    /// Rows behind it.
    pub n: u64,
}

/// What one cause does to a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The cause.
    pub cause: Cause,
    /// The figure after it and all before it.
    pub after: Value,
    /// By how much it changes the figure; `None` where the figure has no value then, and the next cause has the effect
    /// of both.
    pub effect: Option<f64>,
    /// The same of the numerator.
    pub numerator: Option<f64>,
    /// The same of the denominator.
    pub denominator: Option<f64>,
    /// How many records it moves.
    pub records: u64,
}

/// A figure of one period, or of all.
pub struct Line {
    /// Index among the figures.
    pub figure: usize,
    /// Index among the periods; `None` for all.
    pub period: Option<usize>,
    /// Of A.
    pub then: Value,
    /// Of B.
    pub now: Value,
    /// B's less A's.
    pub difference: Option<f64>,
    /// The causes that change anything, in order.
    pub effects: Vec<Effect>,
}

impl Line {
    /// The cause with the largest effect; where no effect can be told, that of the most records.
    pub fn largest(&self) -> Option<&Effect> {
        let size = |e: &Effect| e.effect.map_or(0.0, f64::abs);
        // The first of several that are as large.
        self.effects.iter().rev().max_by(|a, b| size(a).total_cmp(&size(b)).then(a.records.cmp(&b.records)))
    }

    /// Whether A and B say the same.
    pub fn is_same(&self) -> bool {
        self.then.value.as_ref().ok() == self.now.value.as_ref().ok()
    }
}

/// A record that a measure counts otherwise, in one period.
pub struct Record {
    /// Its table, and its row in A and in B; [`NONE`] without one. Rows of `journeys` are processes.
    pub table: String,
    pub rows: [u32; 2],
    /// The measure.
    pub measure: String,
    /// Index among the periods.
    pub period: usize,
    /// The cause.
    pub cause: Cause,
    /// What it contributes before the cause, and after it; `None` where it does not count. Money in minor units.
    pub before: Option<f64>,
    pub after: Option<f64>,
    /// What changed: column, from, to.
    pub changed: Vec<(String, Cell, Cell)>,
    /// The person whose coming or going it is: row in A, row in B.
    pub person: [u32; 2],
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
struct Told<'c> {
    catalogue: &'c Catalogue,
    scores: Scores,
}

impl Told<'_> {
    fn value(&self, figure: &Figure, period: Option<usize>, side: &str) -> Value {
        let missing = |what: &str| Value {
            value: Err(Why { status: "not_defined", reason: format!("no such {what} in the contract of {side}") }),
            numerator: None,
            denominator: None,
            n: 0,
        };
        let all = Vec::new();
        if figure.is_metric {
            let Some(metric) = self.catalogue.metrics.get(&figure.id) else { return missing("metric") };
            let score = self.scores.score(metric, &all, period);
            return Value {
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
        Value { numerator: found.value.as_ref().ok().copied(), value: found.value, denominator: None, n: found.n }
    }
}

/// Whether a formula of a metric gives whole minor units.
fn is_exact(formula: &Formula, scores: &Scores) -> bool {
    formula.is_sum() && formula.uses.iter().all(|id| scores.unit(id) == Some(Unit::Money))
}

/// Differences of figures, in whole minor units where the figures are.
struct Cents {
    scale: f64,
    value: bool,
    top: bool,
    bottom: bool,
}

impl Cents {
    fn new(figure: &Figure, told: &Told<'_>, scale: f64) -> Self {
        let metric = told.catalogue.metrics.get(&figure.id).filter(|_| figure.is_metric);
        let Some(metric) = metric else {
            let money = figure.unit == Unit::Money;
            return Self { scale, value: money, top: money, bottom: money };
        };
        let value = is_exact(&metric.formula, &told.scores);
        let sides = metric.formula.ratio();
        let (top, bottom) = sides
            .map_or((value, value), |(top, bottom)| (is_exact(&top, &told.scores), is_exact(&bottom, &told.scores)));
        Self { scale, value, top, bottom }
    }

    fn less(&self, exact: bool, from: f64, to: f64) -> f64 {
        let less = to - from;
        if exact { (less * self.scale).round() / self.scale } else { less }
    }
}

/// The effects of a chain of values, the first of which is A's.
fn effects(cents: &Cents, then: &Value, chain: Vec<(Cause, Value, u64)>) -> Vec<Effect> {
    let mut last = [then.value.as_ref().ok().copied(), then.numerator, then.denominator];
    let mut before = then.value.clone();
    let mut effects = Vec::new();
    for (cause, after, records) in chain {
        let now = [after.value.as_ref().ok().copied(), after.numerator, after.denominator];
        let exact = [cents.value, cents.top, cents.bottom];
        let by: Vec<Option<f64>> = (0..3)
            .map(|part| {
                let from = if last[part].is_none() && now[part].is_none() { return None } else { last[part] };
                from.zip(now[part]).map(|(from, to)| cents.less(exact[part], from, to))
            })
            .collect();
        for part in 0..3 {
            last[part] = now[part].or(last[part]);
        }
        let changes = by.iter().flatten().any(|by| *by != 0.0) || before.is_ok() != after.value.is_ok();
        before = after.value.clone();
        if changes || records > 0 {
            effects.push(Effect { cause, after, effect: by[0], numerator: by[1], denominator: by[2], records });
        }
    }
    effects
}

/// By table the pairs of its rows.
struct Tables<'d> {
    processes: Processes<'d>,
    rows: BTreeMap<&'static str, Rows>,
}

impl<'d> Tables<'d> {
    fn new(data: [&'d Data; 2], taken: i32, kinds: &[Kind]) -> Self {
        let [a, b] = data;
        let codes = [Codes::new(&a.tables.names, &b.tables.names), Codes::new(&b.tables.names, &a.tables.names)];
        let processes = Processes::new(data, [&codes[0], &codes[1]], taken);
        let facts = data.map(Data::facts);
        let pair = |kind: &Kind| {
            let [a, b] = [0, 1].map(|side| facts[side].counted(kind.id()));
            let tables = [a.as_deref()?, b.as_deref()?];
            Some((kind.id(), Rows::new(tables, &codes[0], &data[1].session.home, taken)))
        };
        let rows = kinds.iter().filter_map(pair).collect();
        Self { processes, rows }
    }

    fn pairs(&self, table: &str) -> &[Pair] {
        if table == "journeys" {
            return &self.processes.pairs;
        }
        self.rows.get(table).map_or(&[], |rows| &rows.pairs)
    }

    fn step(&self, change: &Change<'_>) -> u8 {
        if change.table == "journeys" {
            return self.processes.step(change);
        }
        super::cause::of_column(change.column, change.gained || change.lost).step()
    }
}

fn records(moved: Vec<Moved>, tables: &Tables<'_>) -> Vec<Record> {
    let mut records = Vec::new();
    for moved in moved {
        let Some(cause) = Cause::of(moved.step) else { continue };
        let pair = tables.pairs(&moved.table)[moved.pair];
        let joined = tables.processes.whose(moved.pair, cause).filter(|_| moved.table == "journeys");
        let periods: BTreeSet<usize> = [moved.before, moved.after].into_iter().flatten().map(|(p, _)| p).collect();
        for period in periods {
            let of = |at: Option<(usize, f64)>| at.filter(|(p, _)| *p == period).map(|(_, value)| value);
            records.push(Record {
                table: moved.table.clone(),
                rows: [pair.a, pair.b],
                measure: moved.measure.clone(),
                period,
                cause,
                before: of(moved.before),
                after: of(moved.after),
                changed: moved.changed.clone(),
                person: joined.map_or([NONE; 2], |joined| joined.person),
            });
        }
    }
    records
}

/// The rows that two contracts count otherwise on the same exports; `known` are the pairs of A and these exports.
fn redefined(
    counted: [&Counted; 2],
    catalogues: [&Catalogue; 2],
    pairs: &Tables<'_>,
    known: &Tables<'_>,
) -> Vec<Record> {
    let mut records = Vec::new();
    for (measure, before) in counted[0] {
        let Some(after) = counted[1].get(measure) else { continue };
        let tables = catalogues.map(|c| c.measures.get(measure).map(|m| m.table.clone()).unwrap_or_default());
        let mut add = |table: &str, rows: [u32; 2], from: Option<(usize, f64)>, to: Option<(usize, f64)>| {
            let periods: BTreeSet<usize> = [from, to].into_iter().flatten().map(|(p, _)| p).collect();
            for period in periods.into_iter().filter(|_| from != to) {
                let of = |at: Option<(usize, f64)>| at.filter(|(p, _)| *p == period).map(|(_, value)| value);
                records.push(Record {
                    table: table.to_string(),
                    rows,
                    measure: measure.clone(),
                    period,
                    cause: Cause::Definition,
                    before: of(from),
                    after: of(to),
                    changed: Vec::new(),
                    person: [NONE; 2],
                });
            }
        };
        let get = |of: &[Option<(usize, f64)>], row: u32| of.get(row as usize).copied().flatten();
        let mut in_a: BTreeMap<u32, u32> = BTreeMap::new();
        for pair in known.pairs(&tables[0]).iter().filter(|pair| pair.b != NONE) {
            in_a.insert(pair.b, pair.a);
        }
        let a = |row: u32| in_a.get(&row).copied().unwrap_or(NONE);
        if tables[0] == tables[1] {
            for pair in pairs.pairs(&tables[0]) {
                add(&tables[0], [a(pair.a), pair.b], get(before, pair.a), get(after, pair.b));
            }
        } else {
            for pair in pairs.pairs(&tables[0]) {
                add(&tables[0], [a(pair.a), pair.b], get(before, pair.a), None);
            }
            for pair in pairs.pairs(&tables[1]) {
                add(&tables[1], [NONE, pair.b], None, get(after, pair.b));
            }
        }
    }
    records
}

/// How many records each cause moves, by measure, period and cause.
type Moves<'r> = BTreeMap<(&'r str, Cause), BTreeMap<Option<usize>, BTreeSet<(&'r str, [u32; 2])>>>;

fn moves(records: &[Record]) -> Moves<'_> {
    let mut moves = Moves::new();
    for record in records {
        let of = moves.entry((&record.measure, record.cause)).or_default();
        for period in [Some(record.period), None] {
            of.entry(period).or_default().insert((&record.table, record.rows));
        }
    }
    moves
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

    let pairs = Tables::new([&sides.a.data, sides.under()], sides.a.known, &Kind::ALL);
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
        let again = Tables::new([sides.under(), &sides.b.data], sides.a.known, &Kind::ALL);
        records.extend(redefined([&counted[0], &counted[1]], catalogues, &again, &pairs));
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
            let difference = ends.map(|(from, to)| cents.less(cents.value, *from, *to));
            let mut effects = effects(&cents, &first, chain);
            // Without both ends nothing adds up to anything.
            for effect in effects.iter_mut().filter(|_| difference.is_none()) {
                (effect.effect, effect.numerator, effect.denominator) = (None, None, None);
            }
            lines.push(Line { figure: at, period, then: first, now: last, difference, effects });
        }
    }
    let accounts = Kind::ALL.into_iter().filter_map(|kind| Some((kind, pairs.rows.get(kind.id())?.account)));
    let accounts = accounts.filter(|(_, account)| account.rows != [0, 0]).collect();
    drop(moves);
    let condition = slice.condition;
    Ok(Compared { sides, periods, figures, lines, records, accounts, scale, adds_up, used_by, first, condition })
}
