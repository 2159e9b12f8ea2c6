//! Where the rows went: every row once, with its reason.
//!
//! In: the [`View`]. Out: [`Step`]s: of each kind of record what was read, set aside and used; of each measure which rows of its
//! table are in and out.

use std::collections::BTreeMap;

use super::{Part, View, kinds};
use crate::catalogue::Measure;
use crate::evaluate::{Fate, Input};
use crate::output::number;
use crate::tables::{Kind, NONE};
use crate::time::date_of;

/// Every fate, in the order in which they apply.
const FATES: [Fate; 8] = [
    Fate::NoDay,
    Fate::Outside,
    Fate::NotMet,
    Fate::Unknown,
    Fate::NotAsked,
    Fate::AskedUnknown,
    Fate::OtherSegment,
    Fate::Counted,
];

impl View<'_> {
    /// The account of all rows, in order: of each kind of record, and then of each measure.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut tables: Vec<&str> = Vec::new();
        for part in &self.parts {
            if !tables.contains(&part.measure.table.as_str()) {
                tables.push(&part.measure.table);
                self.steps_of_table(&part.measure.table, &mut steps);
            }
        }
        for part in &self.parts {
            self.steps_of_measure(part, &mut steps);
        }
        steps
    }

    fn steps_of_table(&self, name: &str, steps: &mut Vec<Step>) {
        for kind in kinds(name) {
            let of_kind = || self.data.files.iter().filter(|f| f.input.table.as_deref() == Some(kind.id()));
            let files = of_kind().count();
            let scope = match files {
                0 => format!("Records of {}: no file", kind.id()),
                n => format!("Records of {}, in {}", kind.id(), number::of(n as u64, "file", "files")),
            };
            let mut add = |code: &'static str, text: String, rows: u64| {
                steps.push(Step {
                    scope: scope.clone(),
                    measure: String::new(),
                    kind: kind.id().into(),
                    code,
                    text,
                    rows,
                });
            };
            add("read", "read".into(), of_kind().map(|f| f.input.rows_read).sum());
            let mut aside: BTreeMap<&str, u64> = BTreeMap::new();
            for (reason, n) in of_kind().flat_map(|f| &f.input.set_aside) {
                *aside.entry(reason).or_default() += n;
            }
            for (reason, n) in aside {
                add("set_aside", format!("set aside: {reason}"), n);
            }
            let used: u64 = of_kind().map(|f| f.input.rows_used).sum();
            add("used", "used".into(), used);
            let rows = self.data.tables.get(kind).len() as u64;
            if rows > used {
                add("made", format!("made of columns of other files, as rows of {}", kind.id()), rows - used);
            }
        }
    }

    fn steps_of_measure(&self, part: &Part<'_>, steps: &mut Vec<Step>) {
        let measure = part.measure;
        let what = if measure.table == "journeys" { "buying processes" } else { "rows" };
        let scope = match measure.table.as_str() {
            "journeys" => format!("{}: buying processes, by {}", measure.id, measure.at),
            table => format!("{}: rows of {table}, by {}", measure.id, measure.at),
        };
        let mut add = |code: &'static str, text: String, rows: u64| {
            let kind = measure.table.clone();
            steps.push(Step { scope: scope.clone(), measure: measure.id.clone(), kind, code, text, rows });
        };
        let Some(trace) = &part.trace else {
            let rows = match Kind::named(&measure.table) {
                Some(kind) => self.data.tables.get(kind).len(),
                None => self.data.journeys.len(),
            };
            let why = part.figure.value.as_ref().err().map_or("cannot be computed", |why| &why.reason);
            return add("cannot", format!("cannot be told: {why}"), rows as u64);
        };
        if measure.table == "journeys" {
            let journeys = &self.data.journeys;
            let deals = journeys.deal.iter().filter(|deal| **deal != NONE).count() as u64;
            let all = journeys.len() as u64;
            let people = number::whole(all - deals);
            add("rows", format!("{what}: {} deals, and {people} people without one", number::whole(deals)), all);
        } else {
            add("rows", what.into(), trace.fates.len() as u64);
        }
        for fate in FATES {
            let n = trace.fates.iter().filter(|f| **f == fate).count() as u64;
            if n > 0 || fate == Fate::Counted {
                add(code(fate), self.words(fate, measure), n);
            }
        }
        let rows = View::rows_of(part, |fate| fate == Fate::Counted);
        let without = rows.iter().filter(|row| trace.inputs[**row] == Input::Missing).count() as u64;
        if without > 0 {
            add("without_value", format!("of them without {}, which gives nothing", trace.of), without);
        }
    }

    /// Why a row counts or not, for people.
    pub fn words(&self, fate: Fate, measure: &Measure) -> String {
        let condition = measure.condition.as_deref().unwrap_or_default();
        let asked = self.condition.unwrap_or_default();
        match fate {
            Fate::NoDay => format!("out: no {}", measure.at),
            Fate::Outside => {
                let (from, to) = self.days();
                format!("out: not from {} to {}", date_of(from), date_of(to))
            }
            Fate::NotMet => format!("out: not {}", in_brackets(condition)),
            Fate::Unknown => format!("out: a value is missing, so nobody can tell whether {condition}"),
            Fate::NotAsked => format!("out: by --where, not {}", in_brackets(asked)),
            Fate::AskedUnknown => format!("out: by --where, as a value is missing to tell whether {asked}"),
            Fate::OtherSegment => format!("out: not {}", self.segment_text()),
            Fate::Counted => "in".into(),
        }
    }
}

fn in_brackets(condition: &str) -> String {
    if condition.contains(' ') { format!("({condition})") } else { condition.to_string() }
}

/// One line of the account of rows.
pub struct Step {
    /// What it is about, for people.
    pub scope: String,
    /// The measure; empty for the account of files.
    pub measure: String,
    /// The kind of record, or the measure's table.
    pub kind: String,
    /// What became of the rows.
    pub code: &'static str,
    /// The same, for people.
    pub text: String,
    /// How many.
    pub rows: u64,
}

/// Why a row counts or not, for machines.
pub fn code(fate: Fate) -> &'static str {
    match fate {
        Fate::NoDay => "no_day",
        Fate::Outside => "outside_period",
        Fate::NotMet => "condition_not_met",
        Fate::Unknown => "condition_unknown",
        Fate::NotAsked => "where_not_met",
        Fate::AskedUnknown => "where_unknown",
        Fate::OtherSegment => "other_segment",
        Fate::Counted => "counted",
    }
}
