//! The survey for machines.
//!
//! In: what was counted and measured. Out: tables whose columns never depend on the data: four rows per topic (marketing,
//! sales, the gap between them, the measured figure), what could not be used, and figures of others where asked for.

use super::count::{Belief, Hidden};
use super::layout::gap_unit;
use super::{FEW, View};
use crate::catalogue::survey::Topic;
use crate::ingest::survey::{Scale, TEAMS};
use crate::report::benchmarks::{Beside, COLUMNS};
use crate::report::{Audience, Cell, Column, Table, Unit};

/// The tidy columns.
const TIDY: [&str; 20] = [
    "topic",
    "topic_title",
    "topic_group",
    "scale",
    "who",
    "value: number",
    "unit",
    "ci_low: number",
    "ci_high: number",
    "n: number",
    "numerator: number",
    "denominator: number",
    "status",
    "from: date",
    "to: date",
    "still_rising: flag",
    "source",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// What one row says, besides its topic.
#[derive(Default)]
struct Said {
    value: Option<f64>,
    interval: Option<(f64, f64)>,
    n: Option<f64>,
    sides: Option<(f64, f64)>,
    status: &'static str,
    /// Why there is no value.
    why: String,
    days: Option<(jiff::civil::Date, jiff::civil::Date)>,
    rising: Option<bool>,
    source: String,
}

/// The scale for machines.
pub fn scale(scale: Scale) -> &'static str {
    match scale {
        Scale::Share => "share",
        Scale::Agree => "agree",
        Scale::YesNo => "yes_no",
        Scale::Number(_) => "number",
    }
}

#[allow(clippy::cast_precision_loss)] // counts
fn of_belief(belief: &Result<Belief, Hidden>) -> Said {
    let source = "survey".to_string();
    match belief {
        Ok(belief) => Said {
            value: Some(belief.value),
            interval: belief.interval,
            n: Some(belief.n as f64),
            sides: belief.agree.map(|k| (k as f64, belief.n as f64)),
            status: "ok",
            source,
            ..Said::default()
        },
        Err(Hidden::Few) => {
            Said { status: "suppressed", why: format!("fewer than {FEW} answers"), source, ..Said::default() }
        }
        Err(Hidden::Nobody) => {
            Said { n: Some(0.0), status: "no_answers", why: "nobody answered".into(), source, ..Said::default() }
        }
    }
}

impl View<'_> {
    fn said(&self, at: usize) -> [(&'static str, Said); 4] {
        let (counted, figure) = (&self.counted[at], &self.figures[at]);
        let gap = match counted.gap {
            Some(gap) => Said {
                value: Some(gap.value),
                interval: gap.interval,
                status: "ok",
                source: "survey".into(),
                ..Said::default()
            },
            None => Said {
                status: if counted.beliefs.contains(&Err(Hidden::Few)) { "suppressed" } else { "no_answers" },
                why: "one of the teams has too few answers".into(),
                source: "survey".into(),
                ..Said::default()
            },
        };
        let measured = Said {
            value: figure.value.as_ref().ok().copied(),
            interval: figure.interval,
            n: None,
            sides: figure.sides,
            status: if figure.value.is_ok() { "ok" } else { "missing" },
            why: figure.value.as_ref().err().cloned().unwrap_or_default(),
            days: figure.days,
            rising: figure.value.is_ok().then_some(figure.rising),
            source: figure.source.clone(),
        };
        let [marketing, sales] = [0, 1].map(|team| of_belief(&counted.beliefs[team]));
        [(TEAMS[0], marketing), (TEAMS[1], sales), ("gap", gap), ("measured", measured)]
    }

    fn row(&self, topic: &Topic, who: &str, said: Said) -> Vec<Cell> {
        let unit = if who == "gap" { gap_unit(topic.unit()) } else { topic.unit() };
        let number = |value: Option<f64>, unit: Unit| value.map_or_else(Cell::none, |v| Cell::Number(v, unit));
        let day = |day: Option<jiff::civil::Date>| day.map_or_else(Cell::none, Cell::Date);
        let contract = self.data.map(|data| &data.session.contract);
        let text = |text: &str| if text.is_empty() { Cell::none() } else { Cell::text(text) };
        vec![
            Cell::text(&topic.id),
            Cell::text(&topic.title),
            Cell::text(&topic.group),
            Cell::text(scale(topic.scale)),
            Cell::text(who),
            said.value.map_or(Cell::Missing(said.why), |v| Cell::Number(v, unit)),
            Cell::text(unit.id()),
            number(said.interval.map(|i| i.0), unit),
            number(said.interval.map(|i| i.1), unit),
            number(said.n, Unit::Count),
            number(said.sides.map(|s| s.0), Unit::Number),
            number(said.sides.map(|s| s.1), Unit::Number),
            Cell::text(said.status),
            day(said.days.map(|d| d.0)),
            day(said.days.map(|d| d.1)),
            said.rising.map_or_else(Cell::none, Cell::Flag),
            text(&said.source),
            Cell::Date(self.as_of),
            contract.map_or_else(Cell::none, |c| Cell::text(&c.currency)),
            contract.map_or_else(Cell::none, |c| Cell::text(c.short_hash())),
        ]
    }

    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        for (at, topic) in self.topics.iter().enumerate() {
            rows.extend(self.said(at).map(|(who, said)| self.row(topic, who, said)));
        }
        Table { id: "survey_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    pub fn tidy_aside(&self) -> Table {
        let columns = ["file", "line: number", "column", "value", "reason", "help"].map(Column::tidy).to_vec();
        let file = &self.answers.input.path;
        let text = |text: &str| if text.is_empty() { Cell::none() } else { Cell::text(text) };
        let row = |aside: &crate::ingest::survey::Aside| {
            vec![
                Cell::text(file),
                Cell::count(aside.line),
                text(&aside.column),
                text(&aside.value),
                Cell::text(aside.reason),
                Cell::text(&aside.help),
            ]
        };
        let rows = self.answers.aside.iter().map(row).collect();
        Table { id: "survey_aside".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    pub fn tidy_benchmarks(&self, all: &[(usize, Beside<'_>)]) -> Table {
        let columns = ["topic", "team"].iter().chain(&COLUMNS).map(|c| Column::tidy(c)).collect();
        let row = |(at, beside): &(usize, Beside<'_>)| {
            let mut row = vec![Cell::text(&self.topics[*at].id), Cell::text(&beside.of)];
            row.extend(beside.machine(self.as_of));
            row
        };
        let rows = all.iter().map(row).collect();
        Table { id: "survey_benchmarks".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }
}
