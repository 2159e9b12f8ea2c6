//! The survey for people.
//!
//! In: what was counted and measured. Out: tables.

use super::count::{Belief, Hidden};
use super::{FEW, View};
use crate::catalogue::survey::{Measured, Topic};
use crate::ingest::survey::TEAMS;
use crate::output::number::people;
use crate::report::benchmarks::{Beside, interval};
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};

/// Marks a measured figure that will still rise.
pub const YOUNG: &str = "*";
/// Rows with a problem that people see; machines get all.
const SHOWN: usize = 12;

/// The groups of topics, and their headings.
pub const GROUPS: [(&str, &str); 2] =
    [("scorecard", "The customer-creation scorecard"), ("together", "Working together")];

/// The unit of a gap: between shares it is points.
pub fn gap_unit(unit: Unit) -> Unit {
    if unit == Unit::Share { Unit::Points } else { unit }
}

/// A gap with its sign.
fn signed(value: f64, unit: Unit) -> String {
    let text = people(value, unit);
    if value > 0.0 && !text.starts_with('+') { format!("+{text}") } else { text }
}

/// `<5`
pub fn few() -> String {
    format!("<{FEW}")
}

impl View<'_> {
    /// Topics that somebody answered, with their place.
    pub fn answered(&self) -> impl Iterator<Item = (usize, &Topic)> {
        let somebody = |at: &usize| self.counted[*at].beliefs.iter().any(|b| *b != Err(Hidden::Nobody));
        self.topics.iter().enumerate().filter(move |(at, _)| somebody(at))
    }

    fn belief(unit: Unit, belief: &Result<Belief, Hidden>) -> Cell {
        match belief {
            Ok(belief) => Cell::Number(belief.value, unit),
            Err(Hidden::Few) => Cell::text(few()),
            Err(Hidden::Nobody) => Cell::Missing("nobody answered".into()),
        }
    }

    /// By group, with its heading.
    fn grouped(&self, columns: usize, mut row: impl FnMut(usize, &Topic) -> Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
        let mut rows = Vec::new();
        for (id, title) in GROUPS {
            let of_group: Vec<Vec<Cell>> =
                self.answered().filter(|(_, t)| t.group == id).flat_map(|(at, topic)| row(at, topic)).collect();
            if !of_group.is_empty() {
                rows.push(heading(title, columns));
                rows.extend(of_group);
            }
        }
        rows
    }

    /// What both believe, and what is measured.
    pub fn overview(&self) -> Table {
        let columns = vec![
            Column::left("topic", "Topic"),
            Column::right("marketing", "Marketing"),
            Column::right("sales", "Sales"),
            Column::right("gap", "Gap"),
            Column::right("interval", "95 % interval"),
            Column::right("measured", "Measured"),
        ];
        let row = |at: usize, topic: &Topic| {
            let (unit, counted, figure) = (topic.unit(), &self.counted[at], &self.figures[at]);
            let gap = counted.gap.map_or_else(
                || Cell::Missing("one of the teams has too few answers".into()),
                |gap| Cell::text(signed(gap.value, gap_unit(unit))),
            );
            let bounds = counted.gap.and_then(|gap| gap.interval);
            let bounds = bounds.map_or_else(Cell::none, |(low, high)| {
                let unit = gap_unit(unit);
                Cell::text(interval((low, high), unit))
            });
            let measured = match &figure.value {
                Ok(value) if figure.rising => Cell::text(format!("{}{YOUNG}", people(*value, unit))),
                Ok(value) => Cell::Number(*value, unit),
                Err(why) => Cell::Missing(why.clone()),
            };
            let [marketing, sales] = [0, 1].map(|team| Self::belief(unit, &counted.beliefs[team]));
            vec![vec![Cell::text(&topic.title), marketing, sales, gap, bounds, measured]]
        };
        let rows = self.grouped(columns.len(), row);
        let title = "What marketing and sales believe, and what is measured".into();
        Table { id: "survey".into(), title, audience: Audience::People, columns, rows }
    }

    /// How many answered, and how sure their perception is.
    pub fn made_of(&self) -> Table {
        let columns = vec![
            Column::left("topic", "Topic"),
            Column::left("team", "Team"),
            Column::right("answers", "Answers"),
            Column::right("agree", "Yes, or agree"),
            Column::right("perception", "Perception"),
            Column::right("interval", "95 % interval"),
        ];
        let row = |at: usize, topic: &Topic| {
            let unit = topic.unit();
            let of_team = |team: usize| {
                let belief = &self.counted[at].beliefs[team];
                let known = belief.as_ref().ok();
                let bounds = known.and_then(|b| b.interval);
                let same = || Cell::Missing("all answered the same".into());
                let bounds = match (known, bounds) {
                    (_, Some(bounds)) => Cell::text(interval(bounds, unit)),
                    (Some(_), None) => same(),
                    (None, None) => Cell::Missing("not shown".into()),
                };
                let answers = match belief {
                    Ok(belief) => Cell::count(belief.n),
                    Err(Hidden::Few) => Cell::text(few()),
                    Err(Hidden::Nobody) => Cell::count(0),
                };
                let agree = known.and_then(|b| b.agree);
                let title = if team == 0 { Cell::text(&topic.title) } else { Cell::text("") };
                vec![
                    title,
                    Cell::text(TEAMS[team]),
                    answers,
                    agree.map_or_else(Cell::none, Cell::count),
                    known.map_or_else(|| Cell::Missing("not shown".into()), |b| Cell::Number(b.value, unit)),
                    bounds,
                ]
            };
            [0, 1].map(of_team).to_vec()
        };
        let rows = self.grouped(columns.len(), row);
        let title = "What the perceptions are made of".into();
        Table { id: "survey_answers".into(), title, audience: Audience::People, columns, rows }
    }

    /// What is measured of each topic, over which days, and why nothing is.
    pub fn measured(&self) -> Option<Table> {
        self.data?;
        let columns = vec![
            Column::left("topic", "Topic"),
            Column::right("value", "Measured"),
            Column::right("interval", "95 % interval"),
            Column::left("what", "What that is"),
            Column::left("from", "From"),
            Column::left("to", "To"),
        ];
        let row = |at: usize, topic: &Topic| {
            let (unit, figure) = (topic.unit(), &self.figures[at]);
            let what = match (&topic.measured, &figure.value) {
                (Measured::Nothing, _) => format!("nothing: {}", topic.about),
                (_, Err(why)) => format!("{}: {why}", topic.about),
                (_, Ok(_)) => topic.about.clone(),
            };
            let mark = if figure.rising { YOUNG } else { "" };
            let value = match &figure.value {
                Ok(value) => Cell::text(format!("{}{mark}", people(*value, unit))),
                Err(why) => Cell::Missing(why.clone()),
            };
            let bounds = figure.interval.map_or_else(Cell::none, |bounds| Cell::text(interval(bounds, unit)));
            let known = figure.days.filter(|_| figure.value.is_ok());
            let day = |day: Option<jiff::civil::Date>| day.map_or_else(Cell::none, Cell::Date);
            let (from, to) = (day(known.map(|d| d.0)), day(known.map(|d| d.1)));
            vec![vec![Cell::text(&topic.title), value, bounds, Cell::text(what), from, to]]
        };
        let rows = self.grouped(columns.len(), row);
        let title = "What is measured".into();
        Some(Table { id: "survey_measured".into(), title, audience: Audience::People, columns, rows })
    }

    /// The first of what could not be used.
    pub fn aside(&self) -> Option<Table> {
        let all = &self.answers.aside;
        let columns = vec![
            Column::right("line", "Line"),
            Column::left("column", "Column"),
            Column::left("value", "Value"),
            Column::left("reason", "Set aside because"),
            Column::left("help", "What to do"),
        ];
        let row = |aside: &crate::ingest::survey::Aside| {
            vec![
                Cell::count(aside.line),
                Cell::text(&aside.column),
                Cell::text(&aside.value),
                Cell::text(aside.reason),
                Cell::text(&aside.help),
            ]
        };
        let more = all.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("; {more} more in machine formats") } else { String::new() };
        let title = format!("Answers of {} that could not be used{more}", self.answers.input.path);
        let rows = all.iter().take(SHOWN).map(row).collect();
        (!all.is_empty()).then_some(Table { id: "aside".into(), title, audience: Audience::People, columns, rows })
    }

    /// Every perception that others have published a figure of.
    pub fn besides(&self) -> Vec<(usize, Beside<'_>)> {
        let mut rows = Vec::new();
        for (at, topic) in self.topics.iter().enumerate() {
            for benchmark in self.benchmarks.iter().filter(|b| b.of == topic.id) {
                for (team, name) in TEAMS.iter().enumerate() {
                    if !benchmark.team.is_empty() && benchmark.team != *name {
                        continue;
                    }
                    let belief = &self.counted[at].beliefs[team];
                    let own = match belief {
                        Ok(belief) => Ok(belief.value),
                        Err(Hidden::Few) => Err(format!("fewer than {FEW} answers")),
                        Err(Hidden::Nobody) => Err("nobody answered".to_string()),
                    };
                    let interval = belief.as_ref().ok().and_then(|b| b.interval);
                    let (title, of, unit) = (topic.title.clone(), (*name).to_string(), topic.unit());
                    rows.push((at, Beside { title, own, interval, mark: "", of, unit, benchmark }));
                }
            }
        }
        rows
    }

    /// Adds what others have to what the report has.
    pub fn add_benchmarks(&self, report: &mut Report) {
        use crate::report::benchmarks::{notes, table};
        let all = self.besides();
        report.tables.push(self.tidy_benchmarks(&all));
        let shown: Vec<Beside<'_>> = all
            .into_iter()
            .filter(|(at, _)| self.answered().any(|(a, _)| a == *at))
            .map(|(_, beside)| beside)
            .collect();
        if shown.is_empty() {
            report.notes.push("No figure of others stands beside these topics.".into());
            return;
        }
        report.tables.push(table("Topic", "Team", &shown));
        report.notes.extend(notes(&shown));
    }
}
