//! The explanation for people.
//!
//! In: the [`View`]. Out: tables and notes.

use std::collections::BTreeMap;

use super::rows::{Listed, Record, gives};
use super::{Part, REDACTED, View, kinds};
use crate::evaluate::{Fate, Input};
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::tables::Kind;
use crate::time::date_of;

/// Records shown to people; machines get all, and so does `--rows`.
const SHOWN: usize = 20;

fn table(id: &str, title: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title: title.into(), audience: Audience::People, columns, rows }
}

/// A number that can be computed with by hand: not rounded to thousands, at most four decimals.
pub fn exact(value: f64) -> String {
    let text = format!("{:.4}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    let whole = whole.parse().map_or_else(|_| whole.to_string(), number::whole);
    let minus = if value < 0.0 && (whole != "0" || !part.is_empty()) { "-" } else { "" };
    if part.is_empty() { format!("{minus}{whole}") } else { format!("{minus}{whole}.{part}") }
}

impl View<'_> {
    /// The tables for people.
    pub fn people(&self) -> Vec<Table> {
        let mut tables = vec![self.definition(), self.measures(), self.account()];
        tables.extend(self.shown());
        tables
    }

    fn value_text(&self) -> String {
        match &self.score.value {
            Ok(value) => number::people(*value, self.metric.unit),
            Err(why) => format!("missing: {}", why.reason),
        }
    }

    fn definition(&self) -> Table {
        let (metric, contract) = (self.metric, &self.data.session.contract);
        let mut rows: Vec<(&str, String)> = vec![("Value", self.value_text())];
        if let Some((low, high)) = self.score.interval {
            rows.push(("95 % interval", number::interval(low, high)));
        }
        let (from, to) = self.days();
        let label = self.period.map_or_else(|| "all days".to_string(), |at| self.periods.label(at));
        rows.push(("Period", format!("{label}: {} to {}", date_of(from), date_of(to))));
        if !self.segment.is_empty() {
            rows.push(("Segment", self.segment_text()));
        }
        rows.push(("Definition", metric.definition.clone()));
        rows.push(("Formula", metric.text.clone()));
        let numbers = self.with_numbers(&exact, "missing");
        // Rounded to whole units, a sum would not seem to be one.
        let alone = metric.formula.uses.len() == 1 && metric.formula.uses[0] == metric.text;
        let with_numbers = match self.score.value {
            // Of one measure alone the number would stand beside itself.
            Ok(value) if alone && metric.unit == Unit::Money => format!("{} = {}", metric.text, exact(value)),
            Ok(_) if alone => format!("{} = {}", metric.text, self.value_text()),
            Ok(value) if metric.unit == Unit::Money => format!("{numbers} = {}", exact(value)),
            Ok(_) => format!("{numbers} = {}", self.value_text()),
            Err(_) => numbers,
        };
        rows.push(("With its numbers", with_numbers));
        rows.extend(self.middle().map(|text| ("In the middle", text)));
        if metric.basis == "cohort" && metric.formula.ratio().is_some() {
            rows.push(("Mature", self.maturity(to)));
        }
        rows.push(("Basis", crate::report::metrics::basis(&metric.basis)));
        if !metric.label.is_empty() {
            rows.push(("Indicator of", metric.label.clone()));
        }
        rows.push(("Source", metric.source.clone()));
        rows.push(("Defined", crate::report::metrics::origin(metric, contract)));
        let rows = rows.into_iter().map(|(name, text)| vec![Cell::text(name), Cell::text(text)]).collect();
        let columns = vec![Column::left("property", "Metric"), Column::left("value", &metric.id)];
        table("explain", "", columns, rows)
    }

    /// The row or the two rows in the middle of a median, with what they give; `None` where the metric is no median.
    fn middle(&self) -> Option<String> {
        let [part] = &self.parts[..] else { return None };
        let is_median = part.measure.value.trim_start().to_lowercase().starts_with("median(");
        let trace = part.trace.as_ref().filter(|_| is_median && part.figure.value.is_ok())?;
        let number = |row: usize| if let Input::Number(value) = trace.inputs[row] { Some(value) } else { None };
        let counted = View::rows_of(part, |fate| fate == Fate::Counted);
        let mut all: Vec<(f64, usize)> = counted.into_iter().filter_map(|row| Some((number(row)?, row))).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let half = all.len() / 2;
        let middle =
            if all.len().is_multiple_of(2) { all.get(half.checked_sub(1)?..=half)? } else { &all[half..=half] };
        let rows: Vec<usize> = middle.iter().map(|(_, row)| *row).collect();
        let records: Vec<Record> =
            self.records(&part.measure.table, &rows).into_iter().filter(|record| record.main).collect();
        let names = self.file_names();
        let told = self.lines(&records).into_iter().zip(middle).map(|(line, (value, _))| {
            let file = names.get(line.file.as_str()).copied().unwrap_or(&line.file);
            let place = line.line.map_or_else(|| file.to_string(), |n| format!("{file}:{n}"));
            let id = if line.id.is_empty() { String::new() } else { format!("{} ", line.id) };
            format!("{} of {id}({place})", exact(*value))
        });
        Some(told.collect::<Vec<_>>().join(", "))
    }

    fn maturity(&self, to: i32) -> String {
        let as_of = crate::time::day_of(self.data.session.as_of);
        match self.mature_after {
            None => "nobody knows: nothing is won yet".into(),
            Some(days) if as_of - to >= days => format!("yes: it ended {} days before as-of", as_of - to),
            Some(days) => format!("no, and it will still rise: on {}, {days} days after its end", date_of(to + days)),
        }
    }

    /// The formula with a number in place of every measure.
    pub fn with_numbers(&self, number: &dyn Fn(f64) -> String, missing: &str) -> String {
        self.metric.formula.with(&|name| {
            let part = self.parts.iter().find(|p| p.measure.id == name);
            match part.map(|p| &p.figure.value) {
                Some(Ok(value)) if *value < 0.0 => format!("({})", number(*value)),
                Some(Ok(value)) => number(*value),
                _ => missing.to_string(),
            }
        })
    }

    fn measures(&self) -> Table {
        let columns = vec![
            Column::left("measure", "Measure"),
            Column::right("value", "Value"),
            Column::right("n", "Rows"),
            Column::left("counts", "Counts"),
            Column::left("condition", "Where"),
            Column::left("at", "By the day of"),
        ];
        let rows = self.parts.iter().map(|part| {
            let measure = part.measure;
            let value = match &part.figure.value {
                Ok(value) => Cell::text(exact(*value)),
                Err(why) => Cell::Missing(why.reason.clone()),
            };
            vec![
                Cell::text(&measure.id),
                value,
                Cell::count(part.figure.n),
                Cell::text(format!("{} of {}", measure.value, measure.table)),
                measure.condition.as_ref().map_or_else(Cell::none, Cell::text),
                Cell::text(&measure.at),
            ]
        });
        table("measures", "Its measures", columns, rows.collect())
    }

    /// Where the rows of each table went.
    fn account(&self) -> Table {
        let columns = vec![Column::left("what", "What became of the rows"), Column::right("rows", "Rows")];
        let mut rows = Vec::new();
        let mut last = String::new();
        for step in self.steps() {
            if step.scope != last {
                rows.push(heading(&step.scope, columns.len()));
                last.clone_from(&step.scope);
            }
            rows.push(vec![Cell::text(step.text), Cell::count(step.rows)]);
        }
        table("account", "Where the rows went", columns, rows)
    }

    /// The first records that count.
    fn shown(&self) -> Option<Table> {
        let columns = vec![
            Column::left("record", "Record"),
            Column::left("label", "Name"),
            Column::left("day", "Day"),
            Column::right("gives", "Gives"),
            Column::left("place", "File:line"),
        ];
        let all: usize = self.parts.iter().map(|p| View::rows_of(p, |f| f == Fate::Counted).len()).sum();
        let (mut rows, mut shown) = (Vec::new(), 0);
        let names = self.file_names();
        for (at, part) in self.parts.iter().enumerate() {
            let (Some(trace), mut counted) = (&part.trace, View::rows_of(part, |f| f == Fate::Counted)) else {
                continue;
            };
            counted.sort_by_key(|row| (trace.days[*row], *row));
            // What earlier measures did not take of their share is there for the later ones.
            let room = (SHOWN - shown) / (self.parts.len() - at);
            let n = counted.len();
            counted.truncate(room);
            shown += counted.len();
            if counted.is_empty() {
                continue;
            }
            let records: Vec<Record> =
                self.records(&part.measure.table, &counted).into_iter().filter(|r| r.main).collect();
            rows.push(heading(&Self::summary(part, n), columns.len()));
            for line in self.lines(&records) {
                rows.push(Self::row(part, &line, &names));
            }
        }
        if rows.is_empty() {
            return None;
        }
        let title = if shown < all {
            format!(
                "Records that count: {shown} of {}; all in machine formats and with --rows",
                number::whole(all as u64)
            )
        } else {
            format!("Records that count: {all}")
        };
        Some(table("records", title, columns, rows))
    }

    /// `won_deals: 12 rows add up to 12`
    fn summary(part: &Part<'_>, n: usize) -> String {
        let rows = number::of(n as u64, "row", "rows");
        let id = &part.measure.id;
        match (&part.figure.value, &part.trace) {
            (Ok(value), Some(trace)) if trace.adds => format!("{id}: {rows} that add up to {}", exact(*value)),
            (Ok(value), Some(_)) => format!("{id}: {rows}, of which {} is {}", part.measure.value, exact(*value)),
            (Err(why), _) => format!("{id}: {rows}, and no value: {}", why.reason),
            (Ok(_), None) => id.clone(),
        }
    }

    fn row(part: &Part<'_>, line: &Listed, names: &BTreeMap<&str, &str>) -> Vec<Cell> {
        let file = names.get(line.file.as_str()).copied().unwrap_or(&line.file);
        let day = part.trace.as_ref().and_then(|t| t.days[line.record.row]);
        let or_none = |text: &str| if text.is_empty() { Cell::none() } else { Cell::text(text) };
        let record = if line.id.is_empty() { line.record.kind.id() } else { &line.id };
        vec![
            Cell::text(record),
            or_none(&line.label),
            day.map_or_else(Cell::none, |day| Cell::Date(date_of(day))),
            match gives(part, line.record.row) {
                Input::Missing => Cell::Missing("no value".into()),
                Input::Number(value) => Cell::text(exact(value)),
                Input::Text(text) => Cell::text(text),
            },
            Cell::text(line.line.map_or_else(|| file.to_string(), |n| format!("{file}:{n}"))),
        ]
    }

    /// What people call the files of the measures' tables: the last part of the path, where no other one has the same.
    fn file_names(&self) -> BTreeMap<&str, &str> {
        let tables: Vec<Kind> = self.parts.iter().flat_map(|p| kinds(&p.measure.table)).collect();
        let is_used = |table: &str| tables.iter().any(|kind| kind.id() == table);
        let used = self.data.files.iter().filter(|f| f.input.table.as_deref().is_some_and(is_used));
        let paths: Vec<&str> = used.map(|f| f.input.path.as_str()).collect();
        let last = |path: &&str| path.rsplit('/').next().unwrap_or_default().to_string();
        let mut names = BTreeMap::new();
        for path in &paths {
            let alone = paths.iter().filter(|other| last(other) == last(path)).count() == 1;
            names.insert(*path, if alone { path.rsplit('/').next().unwrap_or(path) } else { path });
        }
        names
    }

    /// What a reader has to know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.parts.iter().any(|p| p.measure.table == "journeys") {
            notes.push(
                "A row of journeys is a buying process: a deal with the people whose first deal it is, or a person without one. Its first record is shown; machine formats and --rows list all of them."
                    .into(),
            );
        }
        let stages = &self.data.session.contract.stages;
        let of_stage =
            |at: &str| at == "entered_on" || stages.iter().any(|s| at.strip_suffix("_on") == Some(&s.id.value));
        if self.parts.iter().any(|p| p.measure.table == "journeys" && of_stage(&p.measure.at)) {
            notes.push(
                "The day of a stage is that of its earliest evidence: `onefunnel journey --buyer ID` shows the record."
                    .into(),
            );
        }
        if self.parts.iter().any(|p| p.measure.table == Kind::Headcount.id()) {
            notes.push("Of the headcount ledger a row gives its part of the mean of its month's counts; the measure is their sum over the number of months.".into());
        }
        if let Some(condition) = self.condition {
            notes.push(format!("Only rows where {condition}."));
        }
        for part in self.parts.iter().filter(|p| p.measure.place.is_some()) {
            let (measure, line) = (part.measure, part.measure.place.as_ref().and_then(|p| p.line).unwrap_or(0));
            let what = if measure.replaces { "replaces the built-in measure" } else { "is added" };
            let source = &self.data.session.contract.source_name;
            notes.push(format!("{} {what}, by {source} line {line}.", measure.id));
        }
        if self.redact {
            notes.push(REDACTED.into());
        }
        notes
    }
}
