//! When each process reached each stage.
//!
//! In: the tables, the contract's stages, which process each person and touch belongs to. Out: one [`Reached`] per stage
//! and process.

use std::collections::{BTreeMap, HashSet};

use super::{How, NO_DAY, Reached};
use crate::catalogue::problems_at;
use crate::contract::{Contract, Evidence, Said};
use crate::facts;
use crate::issue::{Issue, Issues, did_you_mean};
use crate::tables::{Kind, NONE, Table, Tables, Values};
use crate::time::{Stamp, Zone};

/// What the search for evidence looks at.
pub struct View<'a> {
    pub tables: &'a Tables,
    pub contract: &'a Contract,
    pub home: &'a Zone,
    pub as_of: i32,
    pub of_person: &'a [u32],
    pub touch_of: &'a [u32],
    pub len: usize,
}

/// What is known of one stage before gaps are filled.
struct Known {
    at: Vec<Stamp>,
    undated: Vec<bool>,
}

/// Every stage of every process.
pub fn stages(view: &View<'_>, oddities: &mut BTreeMap<&'static str, u64>) -> Result<Vec<Vec<Reached>>, Issues> {
    let mut issues = Vec::new();
    let mut known: Vec<Known> = Vec::with_capacity(view.contract.stages.len());
    for stage in &view.contract.stages {
        let mut found = Known { at: vec![Stamp::NONE; view.len], undated: vec![false; view.len] };
        for evidence in &stage.reached {
            if let Err(mut problems) = collect(view, evidence, &mut found) {
                issues.append(&mut problems);
            }
        }
        known.push(found);
    }
    Issues(issues).into_result()?;
    Ok(fill(view, &known, oddities))
}

impl View<'_> {
    fn happened(&self, at: Stamp) -> bool {
        self.home.day(at).is_some_and(|day| day <= self.as_of)
    }

    fn note(&self, found: &mut Known, process: u32, at: Stamp) {
        if process != NONE && self.happened(at) {
            let known = &mut found.at[process as usize];
            *known = known.earlier(at);
        }
    }
}

fn collect(view: &View<'_>, evidence: &Said<Evidence>, found: &mut Known) -> Result<(), Vec<Issue>> {
    let tables = view.tables;
    match &evidence.value {
        Evidence::Status { values } => {
            let people = tables.get(Kind::People);
            let changes = tables.get(Kind::StageChanges);
            let wanted = wanted(tables, values, &[(people, "status"), (people, "lifecycle_stage"), (changes, "new")]);
            let (who, at, new) = (changes.codes("person_id"), changes.times("at"), changes.codes("new"));
            let row_of = row_by_id(people, "person_id", tables.names.len());
            for row in (0..changes.len()).filter(|row| wanted.contains(&new[*row]) && who[*row] != NONE) {
                let person = row_of[who[row] as usize];
                if person != NONE {
                    view.note(found, view.of_person[person as usize], at[row]);
                }
            }
            let (status, lifecycle) = (people.codes("status"), people.codes("lifecycle_stage"));
            for (row, process) in view.of_person.iter().enumerate() {
                if wanted.contains(&status[row]) || wanted.contains(&lifecycle[row]) {
                    found.undated[*process as usize] = true;
                }
            }
        }
        Evidence::Column { table: kind, column, when } => {
            let table = tables.get(*kind);
            let Some(times) = times(view, *kind, column)? else { return Ok(()) };
            let mask = match when {
                Some(condition) => facts::mask(tables, *kind, &condition.value, view.home, &view.contract.currency)
                    .map_err(|problems| problems_at(condition, problems))?,
                None => vec![true; table.len()],
            };
            for row in (0..table.len()).filter(|row| mask[*row]) {
                #[allow(clippy::cast_possible_truncation)] // a deal's process has the deal's row number
                let process = if *kind == Kind::Deals { row as u32 } else { view.of_person[row] };
                if times[row].is_none() {
                    // The condition holds (the deal is won) and nobody wrote when.
                    found.undated[process as usize] |= when.is_some();
                } else {
                    view.note(found, process, times[row]);
                }
            }
        }
        Evidence::DealStage { values } => {
            let (deals, changes) = (tables.get(Kind::Deals), tables.get(Kind::StageChanges));
            let wanted = wanted(tables, values, &[(deals, "stage"), (changes, "new")]);
            let (which, at, new) = (changes.codes("deal_id"), changes.times("at"), changes.codes("new"));
            let row_of = row_by_id(deals, "deal_id", tables.names.len());
            for row in (0..changes.len()).filter(|row| wanted.contains(&new[*row]) && which[*row] != NONE) {
                view.note(found, row_of[which[row] as usize], at[row]);
            }
            for (row, stage) in deals.codes("stage").iter().enumerate() {
                found.undated[row] |= wanted.contains(stage);
            }
        }
        Evidence::Touch { kinds } => {
            let touches = tables.get(Kind::Touches);
            let wanted = wanted(tables, kinds, &[(touches, "kind")]);
            let at = super::touch::when(touches);
            for (row, kind) in touches.codes("kind").iter().enumerate() {
                if wanted.contains(kind) {
                    view.note(found, view.touch_of[row], at[row]);
                }
            }
        }
    }
    Ok(())
}

/// A time column that a stage names; `None` when no export has it, an error when no export could.
fn times(view: &View<'_>, kind: Kind, column: &Said<String>) -> Result<Option<Vec<Stamp>>, Vec<Issue>> {
    let table = view.tables.get(kind);
    match table.columns.get(&column.value) {
        Some(Values::Time(times)) => Ok(Some(times.clone())),
        Some(_) => Err(vec![
            Issue::usage(column.place.clone(), format!("column `{}` of {} holds no dates", column.value, kind.id()))
                .hint("evidence is a column of dates; give the column `kind = \"time\"` in its source"),
        ]),
        None if kind.field(&column.value).is_some() || table.is_empty() => Ok(None),
        None => {
            let known: Vec<&str> = table.columns.keys().map(String::as_str).collect();
            Err(vec![
                Issue::usage(
                    column.place.clone(),
                    format!("no export has a column `{}` for {}", column.value, kind.id()),
                )
                .hint(did_you_mean(&column.value, known)),
            ])
        }
    }
}

/// Codes of the words that mean a stage, case ignored.
fn wanted(tables: &Tables, values: &[String], columns: &[(&Table, &str)]) -> HashSet<u32> {
    let low: Vec<String> = values.iter().map(|v| v.trim().to_lowercase()).collect();
    let mut seen: HashSet<u32> = HashSet::new();
    for (table, name) in columns {
        seen.extend(table.codes(name).iter().filter(|c| **c != NONE));
    }
    seen.retain(|code| tables.names.text(*code).is_some_and(|text| low.contains(&text.to_lowercase())));
    seen
}

#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
fn row_by_id(table: &Table, id: &str, names: usize) -> Vec<u32> {
    let mut row_of = vec![NONE; names];
    for (row, id) in table.codes(id).iter().enumerate().filter(|(_, id)| **id != NONE) {
        if row_of[*id as usize] == NONE {
            row_of[*id as usize] = row as u32;
        }
    }
    row_of
}

/// Fills the gaps: a stage between known ones was passed.
fn fill(view: &View<'_>, known: &[Known], oddities: &mut BTreeMap<&'static str, u64>) -> Vec<Vec<Reached>> {
    let mut stages = vec![vec![Reached::NO; view.len]; known.len()];
    let (mut backward, mut undated_any) = (0, 0);
    for process in 0..view.len {
        let reached = |s: usize| !known[s].at[process].is_none() || known[s].undated[process];
        let (Some(first), Some(last)) =
            ((0..known.len()).find(|s| reached(*s)), (0..known.len()).rfind(|s| reached(*s)))
        else {
            continue;
        };
        let mut later = Stamp::NONE;
        for (s, stage) in stages.iter_mut().enumerate().take(last + 1).skip(first).rev() {
            let at = known[s].at[process];
            let (how, at) = match (at.some(), later.some()) {
                (Some(at), _) => (How::Recorded, at),
                (None, Some(later)) => (How::Inferred, later),
                (None, None) => (How::Undated, Stamp::NONE),
            };
            let day = view.home.day(at).unwrap_or(NO_DAY);
            stage[process] = Reached { how, at, day };
            if how == How::Recorded {
                // By day: a day and an instant of that day cannot be told apart.
                backward += u64::from(view.home.day(later).is_some_and(|l| l < day));
                later = later.earlier(at);
            }
            undated_any += u64::from(how == How::Undated);
        }
    }
    oddities.insert("stages recorded later than a stage that follows them", backward);
    oddities.insert("stages reached on an unknown day, which no period can count", undated_any);
    stages
}
