//! `funnel --compare`: two contracts, or two bases, on the same exports.
//!
//! In: two [`Side`]s, A and B. Out: a [`Report`]: both numbers of every stage and their difference, the reasons that make up
//! the difference, and the records behind them. Stages are matched by id.
//!
//! The exports are read once, as A's contract says: sources, rates and time zone are A's; stages and teams are each
//! side's own.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use super::count::{Counts, Kept, Row, count};
use super::moved::{self, Moved};
use super::{Audience, Cell, Column, Side, Table, Unit, notes, share};
use crate::cli::Basis;
use crate::contract::Contract;
use crate::evaluate::segment_text;
use crate::issue::{Issue, Place, did_you_mean};
use crate::journey::{self, Journeys};
use crate::report::Report;
use crate::report::scorecard::heading;
use crate::session::{CONTRACT_FILE, Data};
use crate::time::{date_of, day_of};

/// What to compare with.
pub enum Against {
    /// Another contract.
    Contract(PathBuf),
    /// Two bases under the same contract.
    Bases([Basis; 2]),
}

impl Against {
    /// Reads `--compare`; `basis` is what `--basis` said.
    ///
    /// # Errors
    /// A usage issue when it is neither a contract nor two bases.
    pub fn parse(text: &str, basis: Option<Basis>) -> Result<Self, Issue> {
        let place = || Place::file("--compare");
        let path = PathBuf::from(text);
        if path.extension().is_some_and(|e| e == "toml") || path.exists() {
            return Ok(Self::Contract(if path.is_dir() { path.join(CONTRACT_FILE) } else { path }));
        }
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        let known: Vec<&str> = Basis::value_variants().iter().map(|b| b.id()).collect();
        let [first, second] = words[..] else {
            return Err(Issue::usage(place(), format!("`{text}` is neither a contract file nor two bases"))
                .hint("name a contract, as other.toml, or two bases, as cohort,period"));
        };
        let one = |word: &str| {
            Basis::from_str(word, false).map_err(|_| {
                Issue::usage(place(), format!("no basis is called `{word}`"))
                    .hint(did_you_mean(word, known.iter().copied()))
            })
        };
        let bases = [one(first)?, one(second)?];
        if bases[0] == bases[1] {
            return Err(Issue::usage(place(), format!("`{text}` is the same basis twice"))
                .hint("name two that differ, as cohort,period"));
        }
        if basis.is_some() {
            return Err(Issue::usage(Place::file("--basis"), format!("--compare {text} says which bases"))
                .hint("leave --basis out"));
        }
        Ok(Self::Bases(bases))
    }

    /// The other contract and the processes as it sees them; `None` for bases.
    ///
    /// # Errors
    /// A contract with problems, with another currency, or with evidence that the data do not have.
    pub fn load(&self, data: &Data) -> Result<Option<(Contract, Journeys)>> {
        let Self::Contract(path) = self else { return Ok(None) };
        let contract = Contract::load(path, &path.to_string_lossy())?;
        let ours = &data.session.contract;
        if contract.currency != ours.currency {
            let what = format!("its currency is {}, and the amounts are read in {}", contract.currency, ours.currency);
            return Err(Issue::usage(Place::file(&contract.source_name), what)
                .hint("compare contracts of one reporting currency")
                .into());
        }
        let as_of = day_of(data.session.as_of);
        let journeys = journey::build(&data.tables, &data.who, &contract, &data.session.home, as_of)?;
        Ok(Some((contract, journeys)))
    }
}

/// One stage id, and its position on each side.
pub struct Pair {
    pub id: String,
    pub title: String,
    pub at: [Option<usize>; 2],
}

/// The stages of both sides by id: A's order, with B's own ones after what they follow there.
fn pairs(sides: [&Side<'_>; 2]) -> Vec<Pair> {
    let of = |side: &Side<'_>, at: usize| (side.id(at).to_string(), side.title(at).to_string());
    let mut pairs: Vec<Pair> = (0..sides[0].len())
        .map(|at| {
            let (id, title) = of(sides[0], at);
            Pair { id, title, at: [Some(at), None] }
        })
        .collect();
    let mut after = 0;
    for at in 0..sides[1].len() {
        let (id, title) = of(sides[1], at);
        if let Some(known) = pairs.iter().position(|p| p.id == id) {
            pairs[known].at[1] = Some(at);
            after = known + 1;
        } else {
            pairs.insert(after, Pair { id, title, at: [None, Some(at)] });
            after += 1;
        }
    }
    pairs
}

/// Both numbers of one stage of one segment and period.
struct Both<'a> {
    sides: [&'a Side<'a>; 2],
    pair: &'a Pair,
    rows: [Option<&'a [Row]>; 2],
}

impl Both<'_> {
    /// A figure of each side; where a side has the stage and counted nobody, 0 or none as `of` says.
    fn each<T>(&self, of: impl Fn(&Side<'_>, &[Row], usize) -> Option<T>) -> [Option<T>; 2] {
        [0, 1].map(|i| {
            let at = self.pair.at[i]?;
            let none = vec![Row::default(); self.sides[i].len()];
            of(self.sides[i], self.rows[i].unwrap_or(&none), at)
        })
    }

    fn volume(&self) -> [Option<u64>; 2] {
        self.each(|_, rows, at| Some(rows[at].volume))
    }

    fn next(&self) -> [Option<u64>; 2] {
        self.each(|side, rows, at| (at + 1 < side.len()).then_some(rows[at].next))
    }

    fn base(&self) -> [Option<u64>; 2] {
        self.each(|side, rows, at| Some(side.base(&rows[at])))
    }

    fn conversion(&self) -> [Option<f64>; 2] {
        self.each(|side, rows, at| side.conversion(&rows[at], at))
    }

    #[allow(clippy::redundant_closure_for_method_calls)] // the method is of one lifetime only
    fn of_first(&self) -> [Option<f64>; 2] {
        self.each(|side, rows, at| side.of_first(rows, at))
    }

    fn next_id(&self) -> [Option<String>; 2] {
        self.each(|side, _, at| (at + 1 < side.len()).then(|| side.id(at + 1).to_string()))
    }

    /// Whether the shares are of the same question.
    fn same_next(&self) -> bool {
        let [a, b] = self.next_id();
        a == b
    }
}

fn count_cell(n: Option<u64>) -> Cell {
    n.map_or_else(|| Cell::Missing("no such stage, none that an export shows, or the last one".into()), Cell::count)
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn more(pair: [Option<u64>; 2]) -> Option<f64> {
    let [Some(a), Some(b)] = pair else { return None };
    Some(b as f64 - a as f64)
}

fn gain(pair: [Option<f64>; 2], comparable: bool) -> Option<f64> {
    match pair {
        [Some(a), Some(b)] if comparable => Some(b - a),
        _ => None,
    }
}

fn signed(change: Option<f64>) -> Cell {
    change.map_or_else(Cell::none, |n| {
        let text = crate::output::number::people(n, Unit::Count);
        Cell::text(if n > 0.0 { format!("+{text}") } else { text })
    })
}

/// The report.
pub fn report(data: &Data, sides: [&Side<'_>; 2], kept: &Kept<'_>, condition: Option<&str>, complete: bool) -> Report {
    let counts = sides.map(|side| count(side, kept));
    let pairs = pairs(sides);
    let moved = moved::of(data, sides, &pairs, kept);
    let view = View { data, sides, counts: &counts, pairs: &pairs, kept };
    let mut report = data.report("funnel", "Funnel: two ways to count the same exports");
    report.tables.push(view.people());
    let [people, tidy] = moved::reasons(&pairs, &moved);
    report.tables.push(people);
    report.tables.push(moved::people(sides, &pairs, &moved));
    report.tables.push(view.tidy());
    report.tables.push(tidy);
    if complete {
        report.tables.push(moved::tidy(data, sides, &pairs, &moved));
    }
    report.notes = view.notes(condition, &moved);
    report.notes.extend(data.notes());
    report
}

struct View<'a> {
    data: &'a Data,
    sides: [&'a Side<'a>; 2],
    counts: &'a [Counts; 2],
    pairs: &'a [Pair],
    kept: &'a Kept<'a>,
}

impl View<'_> {
    fn both<'b>(&'b self, pair: &'b Pair, segment: Option<usize>, period: Option<usize>) -> Both<'b> {
        Both { sides: self.sides, pair, rows: [0, 1].map(|i| self.counts[i].get(segment, period)) }
    }

    fn groups(&self) -> Vec<Option<usize>> {
        let segments = if self.kept.by.is_empty() { 0 } else { self.kept.segments.len() };
        std::iter::once(None).chain((0..segments).map(Some)).collect()
    }

    fn people(&self) -> Table {
        let columns = vec![
            Column::left("stage", "Stage"),
            Column::right("volume_a", "Reached A"),
            Column::right("volume_b", "B"),
            Column::right("volume_change", "B − A"),
            Column::right("conversion_a", "To next A"),
            Column::right("conversion_b", "B"),
            Column::right("conversion_change", "B − A"),
        ];
        let mut rows = Vec::new();
        for key in self.groups() {
            if let Some(key) = key {
                rows.push(heading(&segment_text(self.kept.by, &self.kept.segments[key]), columns.len()));
            } else if !self.kept.by.is_empty() {
                rows.push(heading("All", columns.len()));
            }
            for pair in self.pairs {
                let both = self.both(pair, key, None);
                let ([a, b], [to_a, to_b]) = (both.volume(), both.conversion());
                let change = gain([to_a, to_b], both.same_next());
                let differs = || Cell::Missing("the next stage is another one".into());
                rows.push(vec![
                    Cell::text(&pair.title),
                    count_cell(a),
                    count_cell(b),
                    signed(more([a, b])),
                    share(to_a),
                    share(to_b),
                    change.map_or_else(differs, |c| Cell::Number(c, Unit::Points)),
                ]);
            }
        }
        let periods = self.sides[0].periods;
        let title = format!("A and B, from {} to {}", date_of(periods.from), date_of(periods.to));
        Table { id: "funnel_compare".into(), title, audience: Audience::People, columns, rows }
    }

    fn tidy(&self) -> Table {
        const TIDY: [&str; 32] = [
            "period",
            "period_start: date",
            "period_end: date",
            "segment",
            "stage_id",
            "stage_title",
            "volume_a: number",
            "volume_b: number",
            "volume_change: number",
            "base_a: number",
            "base_b: number",
            "next_stage_a",
            "next_stage_b",
            "next_reached_a: number",
            "next_reached_b: number",
            "next_reached_change: number",
            "conversion_to_next_a: number",
            "conversion_to_next_b: number",
            "conversion_to_next_change: number",
            "conversion_from_first_a: number",
            "conversion_from_first_b: number",
            "conversion_from_first_change: number",
            "basis_a",
            "basis_b",
            "horizon_days: number",
            "entry",
            "skips",
            "as_of: date",
            "currency",
            "contract_hash_a",
            "contract_hash_b",
            "partial: flag",
        ];
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let [a, b] = self.sides;
        let policy = a.entries.policy();
        let plain = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let word = |v: Option<String>| v.map_or_else(Cell::none, Cell::Text);
        let horizon = a.horizon.or(b.horizon);
        let mut rows = Vec::new();
        for key in self.groups() {
            for period in (0..a.periods.all.len()).map(Some).chain([None]) {
                let (label, start, end) = period.map_or(("total", a.periods.from, a.periods.to), |p| {
                    let p = &a.periods.all[p];
                    (p.label.as_str(), p.start, p.end)
                });
                for pair in self.pairs {
                    let both = self.both(pair, key, period);
                    let [next_a, next_b] = both.next_id();
                    let (volume, base, next) = (both.volume(), both.base(), both.next());
                    let (to_next, from_first) = (both.conversion(), both.of_first());
                    let comparable = both.same_next();
                    rows.push(vec![
                        Cell::text(label),
                        Cell::Date(date_of(start)),
                        Cell::Date(date_of(end)),
                        Cell::text(
                            key.map_or_else(String::new, |k| segment_text(self.kept.by, &self.kept.segments[k])),
                        ),
                        Cell::text(&pair.id),
                        Cell::text(&pair.title),
                        count_cell(volume[0]),
                        count_cell(volume[1]),
                        plain(more(volume)),
                        count_cell(base[0]),
                        count_cell(base[1]),
                        word(next_a),
                        word(next_b),
                        count_cell(next[0]),
                        count_cell(next[1]),
                        plain(more(next).filter(|_| comparable)),
                        plain(to_next[0]),
                        plain(to_next[1]),
                        plain(gain(to_next, comparable)),
                        plain(from_first[0]),
                        plain(from_first[1]),
                        plain(gain(from_first, true)),
                        Cell::text(a.basis.id()),
                        Cell::text(b.basis.id()),
                        horizon.map_or_else(Cell::none, |days| Cell::Number(f64::from(days), Unit::Days)),
                        Cell::text(policy.entry.id()),
                        Cell::text(policy.skips.id()),
                        Cell::Date(self.data.session.as_of),
                        Cell::text(&a.contract.currency),
                        Cell::text(a.contract.short_hash()),
                        Cell::text(b.contract.short_hash()),
                        Cell::Flag(period.is_some_and(|p| a.periods.is_partial(p))),
                    ]);
                }
            }
        }
        Table { id: "funnel_compare_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn notes(&self, condition: Option<&str>, moved: &[Moved]) -> Vec<String> {
        let [a, b] = self.sides;
        let other = a.contract.hash != b.contract.hash;
        let name = |letter: &str, side: &Side<'_>| {
            let contract = &side.contract;
            format!("{letter}: {} {}, {}.", contract.source_name, contract.short_hash(), notes::how_counted(side))
        };
        let mut notes = vec![name("A", a), name("B", b)];
        if other {
            notes.push(
                "Both see the exports as A reads them: sources, rates and days are A's, stages and teams each one's own."
                    .into(),
            );
        }
        if a.contract.timezone.value != b.contract.timezone.value {
            notes.push(format!("Not compared: the time zone of B, {}.", b.contract.timezone.value));
        }
        let all = self.kept.keep.iter().filter(|keep| **keep).count();
        let mut processes: Vec<usize> = moved.iter().map(|m| m.process).collect();
        processes.sort_unstable();
        processes.dedup();
        notes.push(format!(
            "{} of {all} buying processes are counted otherwise by B than by A, at {} stages in all.",
            processes.len(),
            moved.len()
        ));
        for (letter, side, counts) in [("A", a, &self.counts[0]), ("B", b, &self.counts[1])] {
            notes.extend(notes::few(side, counts).map(|few| format!("{letter}: {few}")));
        }
        if let Some(condition) = condition {
            notes.push(format!("Only processes where {condition}, as A sees them: {all} of {}.", a.journeys.len()));
        }
        notes
    }
}
