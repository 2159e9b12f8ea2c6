//! A figure taken apart, for people.
//!
//! In: the [`View`]. Out: tables and notes.

use std::collections::BTreeMap;

use super::super::layout::exact;
use super::{Placed, View, Which, ask};
use crate::catalogue::figures::Of;
use crate::output::number;
use crate::report::behind::Behind;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::time::date_of;

/// Records shown to people; machines get all, and so does `--rows`.
const SHOWN: usize = 20;

fn table(id: &str, title: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title: title.into(), audience: Audience::People, columns, rows }
}

/// What people see of a value, and the same as it can be computed with.
fn text(value: f64, unit: Unit) -> String {
    let (people, exact) = (number::people(value, unit), exact(value));
    if people == exact || people.starts_with(&format!("{exact} ")) { people } else { format!("{people} ({exact})") }
}

/// `0–146`; open above where there is no upper bound.
fn bounds((low, high): (f64, f64), unit: Unit) -> String {
    let low = number::people(low, unit);
    if high.is_finite() { format!("{low} to {}", number::people(high, unit)) } else { format!("{low} or more") }
}

impl View<'_> {
    /// The tables.
    pub fn people(&self) -> Vec<Table> {
        let mut tables = vec![self.definition()];
        tables.extend(self.parts_table());
        tables.extend(self.account());
        tables.extend(self.shown());
        tables
    }

    fn definition(&self) -> Table {
        let (figure, row) = (self.figure, self.row());
        let value = match self.value() {
            Ok(value) => text(value, self.unit()),
            Err(why) => format!("missing: {why}"),
        };
        let mut rows: Vec<(String, String)> = vec![("Value".into(), value)];
        let mut add = |name: &str, text: String| rows.push((name.to_string(), text));
        if let Some(band) = ask::band(figure.report, row) {
            add(&format!("{:.0} % interval", self.told.level * 100.0), bounds(band, self.unit()));
        }
        for (key, value) in self.chosen.keys.iter().filter(|(key, value)| !value.is_empty() && *key != "segment") {
            add(&key.replace("_id", "").replace('_', " "), value.clone());
        }
        if !self.segment().is_empty() {
            add("segment", self.segment());
        }
        if let Some((from, to)) = self.chosen.days {
            add("Days", format!("{} to {}", date_of(from), date_of(to)));
        }
        add("Definition", figure.means.clone());
        add("Worked out", figure.how.clone());
        if !figure.text.is_empty() {
            add("Formula", figure.text.clone());
            if let Some(numbers) = self.with_numbers(&exact, "missing") {
                let equals = self.value().map_or_else(|_| String::new(), |value| format!(" = {}", exact(value)));
                add("With its numbers", format!("{numbers}{equals}"));
            }
        }
        if let Some(n) = row.number("n") {
            add("Stands on", number::people(n, Unit::Count));
        }
        add("Assumed or measured", self.assumed());
        let status = row.text("status");
        if !["", "ok"].contains(&status) && self.value().is_ok() {
            add("Status", status.replace('_', " "));
        }
        add("Printed by", self.command().to_string());
        if !figure.made_of.is_empty() {
            let more: Vec<String> = figure.made_of.iter().map(|id| format!("explain {id}")).collect();
            add("More to tell", more.join(", "));
        }
        let rows = rows.into_iter().map(|(name, text)| vec![Cell::text(name), Cell::text(text)]).collect();
        let columns = vec![Column::left("property", "Figure"), Column::left("value", &figure.id)];
        table("explain", "", columns, rows)
    }

    /// What the figure rests on that nobody has measured.
    pub fn assumed(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().filter(|part| part.assumed).map(|part| part.name.as_str()).collect();
        let own = self.row().says("assumed");
        let spend = self.figure.report == Of::Horizon && self.figure.how.contains("is an assumption");
        match (own, parts.is_empty()) {
            _ if spend => "measured; that spend works when its buyers enter is assumed".into(),
            _ if self.figure.how.contains("nothing is computed") => "agreed: neither".into(),
            (_, false) => format!("rests on an assumption: {}", parts.join(", ")),
            (true, true) => "assumed, or rests on --assume".into(),
            (false, true) if self.figure.report == Of::Survey => "believed, as answered".into(),
            (false, true) => "measured".into(),
        }
    }

    fn parts_table(&self) -> Option<Table> {
        let columns = vec![
            Column::left("part", "Part"),
            Column::right("value", "Value"),
            Column::right("interval", "Interval"),
            Column::right("n", "n"),
            Column::left("is", "Is"),
            Column::left("more", "Taken apart by"),
        ];
        let rows = self.parts.iter().map(|part| {
            let missing = part.value.as_ref().err().cloned().unwrap_or_default();
            vec![
                Cell::text(&part.name),
                part.value.as_ref().map_or_else(|_| Cell::Missing(missing.clone()), |value| Cell::text(exact(*value))),
                part.band.map_or_else(Cell::none, |band| Cell::text(bounds(band, part.unit))),
                part.n.map_or_else(Cell::none, |n| Cell::Number(n, Unit::Count)),
                Cell::text(match &part.value {
                    Err(why) => format!("missing: {why}"),
                    Ok(_) if part.assumed => "assumed".into(),
                    Ok(_) if self.figure.report == Of::Survey && part.in_formula => "believed".into(),
                    Ok(_) => "measured".into(),
                }),
                if part.explained_by.is_empty() { Cell::none() } else { Cell::text(&part.explained_by) },
            ]
        });
        let rows: Vec<Vec<Cell>> = rows.collect();
        (!rows.is_empty()).then(|| table("parts", "Its parts", columns, rows))
    }

    fn account(&self) -> Option<Table> {
        let columns = vec![Column::left("what", "Where the records went"), Column::right("rows", "Records")];
        let rows = self.found.account.iter().map(|(text, n)| vec![Cell::text(text), Cell::count(*n)]);
        let rows: Vec<Vec<Cell>> = rows.collect();
        (!rows.is_empty()).then(|| table("account", "", columns, rows))
    }

    /// The first records, those that give most first; of a file of answers all lines.
    fn shown(&self) -> Option<Table> {
        if self.found.records.is_empty() {
            return None;
        }
        if self.figure.report == Of::Survey {
            return Some(self.lines_table());
        }
        let mut groups: BTreeMap<&str, Vec<&Behind>> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for record in &self.found.records {
            if !order.contains(&record.to) {
                order.push(record.to);
            }
            groups.entry(record.to).or_default().push(record);
        }
        // What is asked for comes first, and what is in the denominator only last.
        order.sort_by_key(|to| *to == "denominator");
        let has = Has::of(&self.found.records);
        let names = self.file_names();
        let (mut rows, mut shown) = (Vec::new(), 0);
        for (at, to) in order.iter().enumerate() {
            let Some(mut of) = groups.remove(to) else { continue };
            let heads = self.summary(to, of.len());
            // Those that give most first; of the same, in the order of the exports.
            of.sort_by(|a, b| {
                let gives = |r: &Behind| r.gives.unwrap_or(f64::NEG_INFINITY);
                gives(b).total_cmp(&gives(a)).then(a.of.cmp(&b.of))
            });
            of.truncate((SHOWN - shown) / (order.len() - at));
            shown += of.len();
            rows.push(heading(&heads, has.columns().len()));
            rows.extend(self.placed(&of, false).iter().map(|placed| has.row(placed, &names)));
        }
        let all = self.found.records.len();
        let title = if shown < all {
            let all = number::whole(all as u64);
            format!("Records behind it: {shown} of {all}; all in machine formats and with --rows")
        } else {
            format!("Records behind it: {all}")
        };
        Some(table("records", title, has.columns(), rows))
    }

    fn summary(&self, to: &str, n: usize) -> String {
        let records = format!("{} {}", number::whole(n as u64), if n == 1 { "record" } else { "records" });
        let rest = to == "denominator" && ["won_at_lag", "mqls"].contains(&self.figure.records.as_str());
        let part = self.parts.iter().find(|part| part.side == to).map_or(to, |part| part.name.as_str());
        match self.given(to) {
            None => records,
            Some(sum) if to == "value" => format!("{records} that add up to {}", exact(sum)),
            Some(sum) if rest => format!("{part} also has: {records} that give {}", exact(sum)),
            Some(sum) => format!("{part}: {records} that give {}", exact(sum)),
        }
    }

    /// Which lines of the answers count, by team; and which do not.
    fn lines_table(&self) -> Table {
        let columns = vec![
            Column::left("team", "Team"),
            Column::right("n", "Answers"),
            Column::left("lines", "Lines"),
            Column::left("reason", "Because"),
        ];
        let mut groups: Vec<(&str, &str, Vec<u64>)> = Vec::new();
        for record in &self.found.records {
            let Which::Line(line, team) = record.of else { continue };
            match groups.iter_mut().find(|(t, reason, _)| (*t, *reason) == (team, record.reason)) {
                Some((_, _, lines)) => lines.push(line),
                None => groups.push((team, record.reason, vec![line])),
            }
        }
        groups.sort_by_key(|(team, reason, _)| (team.is_empty(), *team, *reason));
        let row = |(team, reason, lines): &(&str, &str, Vec<u64>)| {
            vec![
                if team.is_empty() { Cell::text("set aside") } else { Cell::text(*team) },
                Cell::count(lines.len() as u64),
                Cell::text(ranges(lines)),
                Cell::text(*reason),
            ]
        };
        let file = self.answers.map_or("", |answers| answers.input.path.as_str());
        let rows = groups.iter().map(row).collect();
        table("lines", format!("Lines of {file}"), columns, rows)
    }

    /// What people call the files: the last part of the path, where no other one has the same.
    fn file_names(&self) -> BTreeMap<&str, &str> {
        let paths: Vec<&str> = self.data.files.iter().map(|f| f.input.path.as_str()).collect();
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
        let alone = |path: &str| paths.iter().filter(|other| last(other) == last(path)).count() == 1;
        let short = |path: &&'_ str| path.rfind('/').filter(|_| alone(path)).map_or(0, |at| at + 1);
        paths.iter().map(|path| (*path, &path[short(path)..])).collect()
    }

    /// The segment as text; of a personal column, with a hash in place of the value.
    pub fn segment(&self) -> String {
        let text = self.chosen.keys.iter().find(|(key, _)| *key == "segment").map_or("", |(_, text)| text);
        super::super::hidden_segment(text, self.redact)
    }

    /// What a reader has to know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.found.notes.clone();
        if !self.chosen.others.is_empty() {
            notes.push(format!(
                "{} prints several of these; --at says which other one: {}.",
                self.figure.report.id(),
                self.chosen.others.join("; ")
            ));
        }
        if ask::band(self.figure.report, self.row()).is_some() {
            notes.push(match self.figure.report {
                Of::Plan => "The interval holds 80 % of the draws: the whole plan worked out again from resampled clusters, with the \
                             same --seed the same; no record stands behind a bound alone."
                    .into(),
                Of::Horizon | Of::Survey => {
                    "The interval is worked out from the figure, its n and, where they are listed, the records.".to_string()
                }
            });
        }
        if self.found.records.is_empty() && !self.figure.records.is_empty() {
            notes.push("No record counts here.".into());
        } else if self.found.records.is_empty() {
            notes.push(if self.figure.made_of.is_empty() {
                "No record stands behind it: it is as it was agreed.".into()
            } else {
                "No record stands behind it alone: it is made of its parts, and each says how it is taken apart."
                    .to_string()
            });
        }
        if self.redact {
            notes.push(super::super::REDACTED.into());
        }
        notes
    }
}

/// `2, 5–9, 12`
fn ranges(lines: &[u64]) -> String {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for line in lines {
        match all.last_mut() {
            Some((_, last)) if *line <= *last + 1 => *last = *line,
            _ => all.push((*line, *line)),
        }
    }
    let text = |(from, to): &(u64, u64)| if from == to { from.to_string() } else { format!("{from}–{to}") };
    all.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Which columns some record fills.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // each is a column
struct Has {
    stage: bool,
    began: bool,
    day: bool,
    days: bool,
    lag: bool,
    outcome: bool,
    chance: bool,
    gives: bool,
}

impl Has {
    fn of(records: &[Behind]) -> Self {
        let any = |of: fn(&Behind) -> bool| records.iter().any(of);
        Self {
            stage: any(|r| !r.stage.is_empty()),
            began: any(|r| !r.began.is_empty()),
            day: any(|r| r.day.is_some()),
            days: any(|r| r.days.is_some()),
            lag: any(|r| !r.lag.is_empty()),
            outcome: any(|r| !r.outcome.is_empty()),
            chance: any(|r| r.chance.is_some()),
            gives: any(|r| r.gives.is_some()),
        }
    }

    /// Whether place and record share a column, so that the table fits.
    fn together(self) -> bool {
        let more = [self.stage, self.began, self.day, self.lag, self.outcome, self.chance, self.gives];
        more.into_iter().filter(|has| *has).count() > 2
    }

    fn columns(self) -> Vec<Column> {
        let together = self.together();
        let all = [
            (true, Column::left("record", if together { "Record, file:line" } else { "Record" })),
            (true, Column::left("label", "Name")),
            (self.stage, Column::left("stage", "Stage")),
            (self.began, Column::left("began", "Began")),
            (self.day, Column::left("day", "Day")),
            (self.days && !self.stage, Column::right("days", "Days")),
            (self.lag, Column::right("lag", "Lag")),
            (self.outcome, Column::left("outcome", "Became")),
            (self.chance, Column::right("chance", "Chance")),
            (self.gives, Column::right("gives", "Gives")),
            (!together, Column::left("place", "File:line")),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, column)| column).collect()
    }

    fn row(self, placed: &Placed<'_>, names: &BTreeMap<&str, &str>) -> Vec<Cell> {
        let behind = placed.behind;
        let or_none = |text: &str| if text.is_empty() { Cell::none() } else { Cell::text(text) };
        let listed = placed.listed.first();
        let record = listed.map_or("", |l| if l.id.is_empty() { l.record.kind.id() } else { l.id.as_str() });
        let place = listed.map_or_else(String::new, |l| {
            let file = names.get(l.file.as_str()).copied().unwrap_or(&l.file);
            l.line.map_or_else(|| file.to_string(), |n| format!("{file}:{n}"))
        });
        let together = self.together();
        let record = if together { format!("{record} {place}") } else { record.to_string() };
        let chance = match (behind.chance, behind.amount) {
            (Some(chance), Some(amount)) => {
                let [chance, amount] =
                    [(chance, Unit::Share), (amount, Unit::Money)].map(|(v, u)| number::people(v, u));
                Cell::text(format!("{chance} of {amount}"))
            }
            (Some(chance), None) => Cell::Number(chance, Unit::Share),
            (None, _) => Cell::none(),
        };
        let stage = match behind.days.filter(|_| !behind.stage.is_empty()) {
            Some(days) => format!("{} {days} d", behind.stage),
            None => behind.stage.clone(),
        };
        let all = [
            (true, or_none(record.trim())),
            (true, or_none(listed.map_or("", |l| &l.label))),
            (self.stage, or_none(&stage)),
            (self.began, or_none(&behind.began)),
            (self.day, behind.day.map_or_else(Cell::none, |day| Cell::Date(date_of(day)))),
            (
                self.days && !self.stage,
                behind.days.map_or_else(Cell::none, |days| Cell::Number(f64::from(days), Unit::Count)),
            ),
            (self.lag, or_none(&behind.lag)),
            (self.outcome, or_none(&behind.outcome)),
            (self.chance, chance),
            (
                self.gives,
                behind.gives.map_or_else(|| Cell::Missing(behind.reason.replace('_', " ")), |v| Cell::text(exact(v))),
            ),
            (!together, or_none(&place)),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, cell)| cell).collect()
    }
}
