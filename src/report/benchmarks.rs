//! One's own figure beside those of others: bands, not verdicts.
//!
//! In: own figures and [`Benchmark`]s. Out: a table for people, the columns for machines that the scorecard and the survey
//! have in common, and a sentence of warning for each.

use super::{Audience, Cell, Column, Table, Unit};
use crate::catalogue::benchmark::Benchmark;
use crate::output::number::people;

/// The columns for machines, after those that say what the figure is.
pub const COLUMNS: [&str; 16] = [
    "own: number",
    "own_low: number",
    "own_high: number",
    "unit",
    "benchmark_id",
    "low: number",
    "high: number",
    "position",
    "interval_reaches_it: flag",
    "year: number",
    "population",
    "source",
    "address",
    "warning",
    "written_in",
    "as_of: date",
];

/// One figure of one's own and one of others.
pub struct Beside<'a> {
    /// What both are about, for people.
    pub title: String,
    /// Own figure, or why there is none.
    pub own: Result<f64, String>,
    /// Its interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// What is put behind it, such as a mark for what will still rise.
    pub mark: &'static str,
    /// Whose it is: a period, a team.
    pub of: String,
    /// What both count.
    pub unit: Unit,
    /// The figure of others.
    pub benchmark: &'a Benchmark,
}

/// Words that say what benchmarks are not.
pub const WARNING: &str = "Benchmarks are figures of other companies, shown because --benchmarks asks for them. They are no \
                           targets: below and above say where the own figure lies, and neither is good or bad.";

/// `10.6%`, `15.0–45.0%`, `up to 10.0%`
pub fn band(benchmark: &Benchmark, unit: Unit) -> String {
    let text = |value: f64| people(value, unit);
    match (benchmark.low, benchmark.high) {
        (Some(low), Some(high)) if low.to_bits() == high.to_bits() => text(low),
        (Some(low), Some(high)) => interval((low, high), unit),
        (Some(low), None) => format!("from {}", text(low)),
        (None, Some(high)) => format!("up to {}", text(high)),
        (None, None) => String::new(),
    }
}

/// `48.5–54.6%`, `10–12 d`, `-3.0 – 4.1`: two figures of one unit.
pub fn interval((low, high): (f64, f64), unit: Unit) -> String {
    let (low, high) = (people(low, unit), people(high, unit));
    let unit = high.trim_start_matches(|c: char| c.is_ascii_digit() || ".,+-".contains(c));
    let dash = if low.starts_with(['-', '+']) || high.starts_with(['-', '+']) { " to " } else { "–" };
    format!("{}{dash}{high}", low.strip_suffix(unit).unwrap_or(&low))
}

impl Beside<'_> {
    fn own_text(&self) -> Cell {
        match (&self.own, self.interval) {
            (Err(why), _) => Cell::Missing(why.clone()),
            (Ok(value), None) => Cell::text(format!("{}{}", people(*value, self.unit), self.mark)),
            (Ok(value), Some(bounds)) => {
                Cell::text(format!("{}{} ({})", people(*value, self.unit), self.mark, interval(bounds, self.unit)))
            }
        }
    }

    /// `below`, `within`, `above`; and whether the interval has a part of the band although the figure lies outside it.
    fn position(&self) -> Cell {
        let Ok(value) = &self.own else { return Cell::none() };
        let position = self.benchmark.position(*value).id();
        let reached = position != "within" && self.interval.is_some_and(|i| self.benchmark.is_reached_by(i));
        Cell::text(if reached { format!("{position}, interval reaches it") } else { position.to_string() })
    }

    /// The cells of [`COLUMNS`].
    pub fn machine(&self, as_of: jiff::civil::Date) -> Vec<Cell> {
        let benchmark = self.benchmark;
        let number = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::Number(v, self.unit));
        let text = |text: &str| if text.is_empty() { Cell::none() } else { Cell::text(text) };
        let (own, position) = match &self.own {
            Ok(value) => (number(Some(*value)), Cell::text(benchmark.position(*value).id())),
            Err(why) => (Cell::Missing(why.clone()), Cell::Missing(why.clone())),
        };
        let reaches = self.interval.filter(|_| self.own.is_ok()).map(|i| Cell::Flag(benchmark.is_reached_by(i)));
        vec![
            own,
            number(self.interval.map(|(low, _)| low)),
            number(self.interval.map(|(_, high)| high)),
            Cell::text(self.unit.id()),
            Cell::text(&benchmark.id),
            number(benchmark.low),
            number(benchmark.high),
            position,
            reaches.unwrap_or_else(Cell::none),
            benchmark.year.map_or_else(Cell::none, |year| Cell::Number(f64::from(year), Unit::Number)),
            Cell::text(&benchmark.population),
            Cell::text(&benchmark.source),
            text(&benchmark.address),
            text(&benchmark.warning),
            Cell::text(benchmark.place.as_ref().map_or_else(|| "built in".to_string(), ToString::to_string)),
            Cell::Date(as_of),
        ]
    }
}

/// The table for people. `what` is the header of the figures, `whose` that of the periods or teams.
pub fn table(what: &str, whose: &str, rows: &[Beside<'_>]) -> Table {
    let columns = vec![
        Column::left("figure", what),
        Column::right("own", "Own"),
        Column::left("of", whose),
        Column::right("benchmark", "Others"),
        Column::left("position", "Own is"),
        Column::left("year", "Year"),
        Column::left("who", "Who"),
        Column::left("source", "Source"),
    ];
    let cells = |beside: &Beside<'_>| {
        let benchmark = beside.benchmark;
        vec![
            Cell::text(&beside.title),
            beside.own_text(),
            Cell::text(&beside.of),
            Cell::text(band(benchmark, beside.unit)),
            beside.position(),
            benchmark.year.map_or_else(|| Cell::Missing("not said".into()), |year| Cell::text(year.to_string())),
            Cell::text(&benchmark.population),
            Cell::text(&benchmark.source),
        ]
    };
    Table {
        id: "others".into(),
        title: "Beside figures of others (no targets; see the warnings below)".into(),
        audience: Audience::People,
        columns,
        rows: rows.iter().map(cells).collect(),
    }
}

/// What to beware of, one sentence for each figure.
pub fn notes(rows: &[Beside<'_>]) -> Vec<String> {
    let mut notes = vec![WARNING.to_string()];
    for beside in rows {
        let benchmark = beside.benchmark;
        let year = benchmark.year.map_or_else(|| "year not said".to_string(), |year| year.to_string());
        let place = benchmark.place.as_ref().map(|place| format!("by {place}"));
        let said = [Some(benchmark.warning.clone()).filter(|w| !w.is_empty()), place];
        let said: Vec<String> = said.into_iter().flatten().collect();
        let said = if said.is_empty() { String::new() } else { format!(": {}", said.join("; ")) };
        let address = if benchmark.address.is_empty() { String::new() } else { format!(" {}", benchmark.address) };
        let note =
            format!("{} {} ({}, {year}){said}.{address}", beside.title, band(benchmark, beside.unit), benchmark.source);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}
