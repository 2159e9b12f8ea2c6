//! `definition --against`: what another definition would have made of the same exports.
//!
//! In: the other contract: its `[qualified]` and, where it has any, its stages; everything else (exports, calendar,
//! currency, as-of, teams) stays as it is. Out: volume, conversion, revenue and work for sales under both, and every
//! process that moves in or out, with the rule that decides.

mod moved;

use std::path::Path;

use anyhow::Result;

use super::cells::{OUTCOMES, Outcomes, ratio, some};
use super::layout::{outcome_columns, table};
use super::sets::{Maturity, Sets, Tallies, Tally};
use super::{View, about_values, defined, shown};
use crate::catalogue::Catalogue;
use crate::contract::{Contract, Qualified};
use crate::evaluate::{self, Slice};
use crate::facts::Facts;
use crate::issue::{Issue, Place};
use crate::journey::{self, Journeys};
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::time::{date_of, day_of};

/// Periods shown to people.
const PERIODS: usize = 6;

const TIDY_FIRST: [&str; 11] = [
    "period",
    "period_start: date",
    "period_end: date",
    "side",
    "set",
    "title",
    "definition_version",
    "definition_contract_hash",
    "dated_by",
    "n: number",
    "asked: number",
];
const TIDY_AFTER: [&str; 8] = [
    "mature: flag",
    "sales_heads: number",
    "n_per_sales_head: number",
    "moved_in: number",
    "moved_out: number",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// The other contract, on top of this one.
///
/// # Errors
/// Its problems; neither a definition nor stages of its own; another currency.
pub fn other(path: &Path, base: &Contract) -> Result<Contract> {
    let path = if path.is_dir() { path.join(crate::session::CONTRACT_FILE) } else { path.to_path_buf() };
    let mut other = Contract::load_over(&path, &shown(&path), base)?;
    let own_stages = other.stages != base.stages;
    if other.qualified.is_none() {
        if !own_stages {
            return Err(Issue::usage(Place::file(&other.source_name), "has neither [qualified] nor stages of its own")
                .hint("write the other definition as [qualified] with version and when, or rules")
                .into());
        }
        other.qualified.clone_from(&base.qualified);
    }
    other.currency.clone_from(&base.currency);
    other.teams.clone_from(&base.teams);
    other.sources.clone_from(&base.sources);
    Ok(other)
}

/// One definition on these exports.
struct Side<'a> {
    id: &'static str,
    contract: &'a Contract,
    qualified: &'a Qualified,
    sets: &'a Sets,
    /// Marketing's, sales' and the definition's.
    tallies: [Tallies; 3],
    asked: Tallies,
}

impl Side<'_> {
    /// Why nobody knows what a word says.
    fn unknown(&self, word: &str) -> Option<&str> {
        let team = ["marketing", "sales"].iter().position(|team| *team == word)?;
        self.sets.unknown[team].as_deref()
    }
}

fn side<'a>(
    id: &'static str,
    (contract, qualified, sets): (&'a Contract, &'a Qualified, &'a Sets),
    journeys: &Journeys,
    view: &View<'_>,
) -> Side<'a> {
    let none = || Tallies::new(view.periods);
    let mut side = Side { id, contract, qualified, sets, tallies: [none(), none(), none()], asked: none() };
    for (at, period) in sets.asked() {
        let when = (sets.day[at], period);
        side.asked.add(journeys, at, when, view.maturity);
        let says = [sets.marketing[at], sets.sales[at], sets.qualified[at]];
        for (tally, _) in side.tallies.iter_mut().zip(says).filter(|(_, yes)| *yes) {
            tally.add(journeys, at, when, view.maturity);
        }
    }
    side
}

/// A process that one definition calls qualified and the other does not.
struct Moved {
    at: usize,
    into: bool,
    /// The rule of the definition that excludes it; `None` where it is not asked.
    rule: Option<(usize, bool)>,
}

/// Fills the report of two definitions.
///
/// # Errors
/// Conditions and stages of the other contract that the data do not have.
pub fn fill(mut report: Report, view: &View<'_>, other: &Contract, condition: Option<&str>) -> Result<Report> {
    let data = view.data;
    let as_of = day_of(data.session.as_of);
    let journeys = journey::build(&data.tables, &data.who, other, &data.session.home, as_of)?;
    let facts = Facts { journeys: &journeys, contract: other, ..data.facts() };
    facts.check_qualified()?;
    let qualified = defined(other)?;
    // Whom the question is about is said once, in the words of the first contract.
    let keep = data.facts().journey_mask(condition)?;
    let sets = Sets::of(&facts, qualified, &keep, view.periods)?;
    let sides = [
        side("this", (&data.session.contract, view.qualified, view.sets), &data.journeys, view),
        side("other", (other, qualified, &sets), &journeys, view),
    ];
    let moved: Vec<Moved> = (0..journeys.len())
        .filter(|at| view.sets.qualified[*at] != sets.qualified[*at])
        .map(|at| {
            let into = sets.qualified[at];
            let excluding = if into { view.sets } else { &sets };
            let rule = excluding.period[at].and_then(|_| excluding.decided(at));
            Moved { at, into, rule }
        })
        .collect();
    let heads = sales_heads(view)?;
    let outcomes = Outcomes::of(&data.facts());
    let both = Both { view, sides: &sides, moved: &moved, heads: &heads, outcomes: &outcomes };

    report.title = format!(
        "{}, version {}, against version {} of {}",
        view.qualified.title,
        view.qualified.label(),
        qualified.label(),
        other.source_name
    );
    report.tables.push(both.figures());
    report.tables.push(both.periods());
    report.tables.push(both.movement());
    report.tables.extend(both.deciding());
    let records = both.records();
    report.tables.extend(Both::sample(&records));
    report.tables.push(both.tidy());
    report.tables.push(Both::all(records));
    report.notes = both.notes(&facts);
    Ok(report)
}

/// Average sales headcount by period, and over all of them at the end.
fn sales_heads(view: &View<'_>) -> Result<Vec<Result<f64, String>>> {
    const HEADS: &str = "sales_heads";
    let catalogue = Catalogue::new(&view.data.session.contract)?;
    let uses = catalogue.metrics.values().find(|m| m.formula.uses.iter().any(|u| u == HEADS));
    let wanted: Vec<_> = uses.into_iter().collect();
    let scores = evaluate::evaluate(&view.data.facts(), &catalogue, &wanted, view.periods, &Slice::default())?;
    let figure = |period| match (scores.figure(HEADS, &Vec::new(), period).value, wanted.is_empty()) {
        (_, true) => Err("no metric of the contract uses sales_heads".into()),
        (Ok(heads), _) if heads > 0.0 => Ok(heads),
        (Ok(_), _) => Err("nobody in sales".into()),
        (Err(why), _) => Err(why.reason),
    };
    Ok((0..view.periods.all.len()).map(Some).chain([None]).map(figure).collect())
}

struct Both<'a> {
    view: &'a View<'a>,
    sides: &'a [Side<'a>; 2],
    moved: &'a [Moved],
    heads: &'a [Result<f64, String>],
    outcomes: &'a Outcomes,
}

impl Both<'_> {
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn per_head(&self, n: u64, period: Option<usize>) -> Cell {
        match &self.heads[period.unwrap_or(self.heads.len() - 1)] {
            Ok(heads) => Cell::Number(n as f64 / heads, Unit::Number),
            Err(why) => Cell::Missing(why.clone()),
        }
    }

    fn names(&self) -> [String; 2] {
        let version = |side: &Side<'_>| side.qualified.label();
        let [this, other] = [version(&self.sides[0]), version(&self.sides[1])];
        if this == other { [format!("{this} (this)"), format!("{other} (other)")] } else { [this, other] }
    }

    /// Both sides and the difference, as one row.
    fn row(title: &str, cells: [Cell; 2]) -> Vec<Cell> {
        let difference = match &cells {
            [Cell::Number(this, Unit::Share), Cell::Number(other, Unit::Share)] => {
                Cell::Number(other - this, Unit::Points)
            }
            [Cell::Number(this, unit), Cell::Number(other, _)] => Cell::Number(other - this, *unit),
            _ => Cell::Missing("one of the two is not known".into()),
        };
        let [this, other] = cells;
        vec![Cell::text(title), this, other, difference]
    }

    fn figures(&self) -> Table {
        let [this, other] = self.names();
        let columns = vec![
            Column::left("figure", "Figure"),
            Column::right("this", this),
            Column::right("other", other),
            Column::right("difference", "Difference"),
        ];
        let outcomes = self.outcomes;
        let of = |cell: &dyn Fn(&Side<'_>) -> Cell| [cell(&self.sides[0]), cell(&self.sides[1])];
        let defined = |cell: &dyn Fn(&Tally) -> Cell| of(&|side| cell(side.tallies[2].get(None)));
        let mut rows = vec![
            Self::row("Asked", of(&|side| Cell::count(side.asked.get(None).n))),
            Self::row("Qualified by the definition", defined(&|t| Cell::count(t.n))),
            Self::row("of these with a deal", defined(&|t| outcomes.count(t.deals))),
            Self::row("of these won", defined(&|t| outcomes.count(t.won))),
            Self::row("Share won", defined(&|t| outcomes.share(t.won, t.n, Unit::Share))),
            Self::row("95 % interval", defined(&|t| outcomes.interval(t.won, t.n))),
            Self::row("Revenue", defined(&|t| outcomes.revenue(t))),
            Self::row("Qualified per sales head, in all", of(&|side| self.per_head(side.tallies[2].get(None).n, None))),
        ];
        for (team, word) in ["marketing", "sales"].into_iter().enumerate() {
            let cell = |side: &Side<'_>| match side.unknown(word) {
                Some(why) => Cell::Missing(why.into()),
                None => Cell::count(side.tallies[team].get(None).n),
            };
            rows.push(Self::row(&format!("Called qualified by {word}"), of(&cell)));
        }
        if let Some(cell) = rows[5].get_mut(3) {
            *cell = Cell::none();
        }
        table("against", format!("Both definitions, {}", self.view.range()), columns, rows)
    }

    fn periods(&self) -> Table {
        let [this, other] = self.names();
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("this", this),
            Column::right("this_conversion", "won"),
            Column::right("this_per_head", "per head"),
            Column::right("other", other),
            Column::right("other_conversion", "won"),
            Column::right("other_per_head", "per head"),
            Column::right("moved_in", "In"),
            Column::right("moved_out", "Out"),
        ];
        let all = self.view.periods.all.len();
        let with: Vec<usize> =
            (0..all).filter(|p| self.sides.iter().any(|side| side.asked.get(Some(*p)).n > 0)).collect();
        let shown = &with[with.len().saturating_sub(PERIODS)..];
        let rows = shown
            .iter()
            .map(|p| {
                let mut row = vec![Cell::text(&self.view.periods.all[*p].label)];
                for side in self.sides {
                    let tally = side.tallies[2].get(Some(*p));
                    row.push(Cell::count(tally.n));
                    row.push(self.outcomes.share(tally.won, tally.n, Unit::Share));
                    row.push(self.per_head(tally.n, Some(*p)));
                }
                let (into, out) = self.moves(Some(*p));
                row.extend([Cell::count(into), Cell::count(out)]);
                row
            })
            .collect();
        let hidden = with.len() - shown.len();
        let more = if hidden > 0 { format!("; {hidden} earlier in machine formats") } else { String::new() };
        let title = format!("By {}, and per sales head of it{more}", self.view.periods.kind.id());
        table("against_periods", title, columns, rows)
    }

    /// The period a moved process counts in: that of the definition that calls it qualified.
    fn place(&self, moved: &Moved) -> (i32, Option<usize>) {
        let sets = self.sides[usize::from(moved.into)].sets;
        (sets.day[moved.at], sets.period[moved.at])
    }

    fn moves(&self, period: Option<usize>) -> (u64, u64) {
        let here = self.moved.iter().filter(|m| period.is_none() || self.place(m).1 == period);
        here.fold((0, 0), |(into, out), m| if m.into { (into + 1, out) } else { (into, out + 1) })
    }

    /// What became of those who stay and of those who move.
    fn movement(&self) -> Table {
        let journeys = &self.view.data.journeys;
        let mut columns =
            vec![Column::left("group", "Group"), Column::right("n", "Processes"), Column::right("deals", "Deals")];
        columns.extend(outcome_columns());
        let maturity = Maturity { ..self.view.maturity };
        let [mut both, mut into, mut out] = [Tally::default(); 3];
        for (at, _) in self.sides[1].sets.asked() {
            if self.view.sets.qualified[at] && self.sides[1].sets.qualified[at] {
                both.add(journeys, at, self.view.sets.day[at], maturity);
            }
        }
        for moved in self.moved {
            let day = self.place(moved).0;
            if moved.into { &mut into } else { &mut out }.add(journeys, moved.at, day, maturity);
        }
        let rows = [("Qualified under both", both), ("Would move in", into), ("Would move out", out)]
            .into_iter()
            .map(|(title, tally)| {
                let mut row = vec![Cell::text(title), Cell::count(tally.n), self.outcomes.count(tally.deals)];
                row.extend(self.outcomes.people(&tally));
                row
            })
            .collect();
        table("movement", "Who moves, and what became of them", columns, rows)
    }

    fn tidy(&self) -> Table {
        let columns = TIDY_FIRST.iter().chain(&OUTCOMES).chain(&TIDY_AFTER).map(|c| Column::tidy(c)).collect();
        let contract = &self.view.data.session.contract;
        let mut rows = Vec::new();
        for period in (0..self.view.periods.all.len()).map(Some).chain([None]) {
            let (label, start, end) = self.view.period(period);
            let (into, out) = self.moves(period);
            for side in self.sides {
                for (tally, set) in side.tallies.iter().zip(["marketing", "sales", "definition"]) {
                    let tally = tally.get(period);
                    let mut row = vec![
                        Cell::text(label),
                        Cell::Date(date_of(start)),
                        Cell::Date(date_of(end)),
                        Cell::text(side.id),
                        Cell::text(set),
                        Cell::text(&side.qualified.title),
                        Cell::text(side.qualified.label()),
                        Cell::text(side.contract.short_hash()),
                        Cell::text(&side.sets.dated_by),
                        Cell::count(tally.n),
                        Cell::count(side.asked.get(period).n),
                    ];
                    row.extend(self.outcomes.machines(tally, self.view.maturity.after.is_some()));
                    if let Some(why) = side.unknown(set) {
                        row[9..].fill(Cell::Missing(why.into()));
                    }
                    row.push(self.view.maturity.is(end).map_or_else(Cell::none, Cell::Flag));
                    let heads = &self.heads[period.unwrap_or(self.heads.len() - 1)];
                    row.push(some(heads.as_ref().ok().copied(), Unit::Heads, heads.as_ref().err().map_or("", |w| w)));
                    row.push(self.per_head(tally.n, period));
                    let defined = set == "definition";
                    row.push(if defined { Cell::count(into) } else { Cell::none() });
                    row.push(if defined { Cell::count(out) } else { Cell::none() });
                    row.extend([
                        Cell::Date(self.view.data.session.as_of),
                        Cell::text(&contract.currency),
                        Cell::text(contract.short_hash()),
                    ]);
                    rows.push(row);
                }
            }
        }
        let id = "definition_against".into();
        Table { id, title: String::new(), audience: Audience::Machines, columns, rows }
    }

    /// How those who would move were worked in fact.
    fn moved_note(&self) -> Option<String> {
        let sets = self.view.sets;
        let mut said = [[0_u64; 3]; 2];
        for moved in self.moved {
            let counts = &mut said[usize::from(!moved.into)];
            counts[0] += 1;
            counts[1] += u64::from(sets.marketing[moved.at]);
            counts[2] += u64::from(sets.sales[moved.at]);
        }
        let of = |[n, marketing, sales]: [u64; 3], where_to: &str| {
            (n > 0).then(|| {
                format!("{n} would move {where_to}: marketing called {marketing} of them qualified, sales {sales}")
            })
        };
        let parts: Vec<String> = [of(said[0], "in"), of(said[1], "out")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| {
            format!("{}. What became of them is what did as they were worked, not what would have.", parts.join("; "))
        })
    }

    fn notes(&self, facts: &Facts<'_>) -> Vec<String> {
        let [this, other] = self.sides;
        let mut notes = vec![self.view.asked_note()];
        if this.sets.dated_by != other.sets.dated_by {
            notes.push(format!(
                "This definition is asked by {}, the other by {}: they are about other processes.",
                this.sets.dated_by, other.sets.dated_by
            ));
        }
        notes.push(format!(
            "{} (contract hash {}) is read for [qualified] and [[stage]]; exports, calendar, rates, teams and as-of are those of {}.",
            other.contract.source_name,
            other.contract.short_hash(),
            this.contract.source_name
        ));
        notes.extend(self.moved_note());
        let mut about: Vec<(String, String)> = Vec::new();
        for ((side, facts), name) in [(this, &self.view.data.facts()), (other, facts)].into_iter().zip(self.names()) {
            about.extend(about_values(facts, side.qualified).into_iter().map(|note| (name.clone(), note)));
        }
        for (name, note) in &about {
            let both = about.iter().filter(|(_, other)| other == note).count() > 1;
            let note = if both { note.clone() } else { format!("{name}: {note}") };
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let rate = ratio(self.moves(None).0 + self.moves(None).1, other.asked.get(None).n);
        if let Some(rate) = rate {
            notes.push(format!("{:.1} % of those asked move.", rate * 100.0));
        }
        notes
    }
}
