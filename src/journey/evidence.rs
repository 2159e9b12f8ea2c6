//! When each process reached each stage.
//!
//! In: the tables, the contract's stages, which process each person and touch belongs to. Out: one [`Reached`] per stage
//! and process.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::{How, NO_DAY, Reached};
use crate::catalogue::formula::uses;
use crate::catalogue::problems_at;
use crate::contract::{Contract, Evidence, Said, Stage};
use crate::facts;
use crate::identity::Rows;
use crate::issue::{Issue, Issues, did_you_mean};
use crate::tables::{CHANGED_LATER, CodeSet, Kind, NONE, Table, Tables, Values};
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
    pub of_people: History,
    pub of_deals: History,
}

/// What is known of one stage before gaps are filled.
pub struct Known {
    pub at: Vec<Stamp>,
    pub undated: Vec<bool>,
    /// Some export has evidence of it, be it after as-of.
    shown: bool,
}

/// By stage and process when it was reached; by stage whether any export shows it; by stage and process whether
/// something says so itself.
type Stages = (Vec<Vec<Reached>>, Vec<bool>, Vec<Vec<bool>>);

/// Every stage of every process.
pub fn stages(view: &View<'_>, oddities: &mut BTreeMap<&'static str, u64>) -> Result<Stages, Issues> {
    let known = known(view)?;
    let shown =
        known.iter().map(|k| k.at.iter().zip(&k.undated).map(|(at, undated)| !at.is_none() || *undated).collect());
    Ok((fill(view, &known, oddities), seen(view, &known), shown.collect()))
}

/// The earliest evidence of every stage of every process.
pub fn known(view: &View<'_>) -> Result<Vec<Known>, Issues> {
    let mut issues = Vec::new();
    let mut known: Vec<Known> = Vec::with_capacity(view.contract.stages.len());
    for stage in &view.contract.stages {
        let mut found = Known { at: vec![Stamp::NONE; view.len], undated: vec![false; view.len], shown: false };
        for evidence in &stage.reached {
            if let Err(mut problems) = collect(view, evidence, &mut found) {
                issues.append(&mut problems);
            }
        }
        known.push(found);
    }
    Issues(issues).into_result()?;
    Ok(known)
}

impl View<'_> {
    pub fn happened(&self, at: Stamp) -> bool {
        self.home.day(at).is_some_and(|day| day <= self.as_of)
    }

    fn note(&self, found: &mut Known, process: u32, at: Stamp) {
        found.shown |= process != NONE && !at.is_none();
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
            let columns = [people.codes("status"), people.codes("lifecycle_stage")];
            let of = |row: u32| view.of_person[row as usize];
            from_history(view, found, values, people, &columns, &view.of_people, &of);
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
            let deals = tables.get(Kind::Deals);
            let columns = [deals.codes("stage")];
            from_history(view, found, values, deals, &columns, &view.of_deals, &|row| row);
        }
        Evidence::Touch { kinds } => {
            let touches = tables.get(Kind::Touches);
            let wanted = wanted(tables, kinds, &[&touches.codes("kind")]);
            let at = super::touch::when(touches);
            for (row, kind) in touches.codes("kind").iter().enumerate() {
                if wanted.contains(*kind) {
                    view.note(found, view.touch_of[row], at[row]);
                }
            }
        }
    }
    Ok(())
}

/// A time column that a stage names; `None` when no export has it, an error when no export could.
pub fn times(view: &View<'_>, kind: Kind, column: &Said<String>) -> Result<Option<Vec<Stamp>>, Vec<Issue>> {
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
pub fn wanted(tables: &Tables, values: &[String], columns: &[&[u32]]) -> CodeSet {
    let low: Vec<String> = values.iter().map(|v| v.trim().to_lowercase()).collect();
    CodeSet::of(&tables.names, columns, |text| low.contains(&text.to_lowercase()))
}

/// The changes of people's or deals' stages that happened by as-of.
pub struct History {
    /// Row in `stage_changes`, row of the record, and whether it is the first change of its field of that record.
    pub changes: Vec<(u32, u32, bool)>,
}

impl History {
    /// Every change of a record; `id` is the column that names it.
    #[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
    pub fn of(tables: &Tables, home: &Zone, as_of: i32, id: &str, row_of: &Rows) -> Self {
        let table = tables.get(Kind::StageChanges);
        let (who, at, field) = (table.codes(id), table.times("at"), table.codes("field"));
        let mut changes: Vec<(u32, u32, bool)> = (0..table.len())
            .map(|row| (row as u32, row_of.get(who[row]), false))
            .filter(|(row, record, _)| *record != NONE && home.day(at[*row as usize]).is_some_and(|day| day <= as_of))
            .collect();
        let mut first: HashMap<(u32, u32), usize, foldhash::fast::FixedState> = HashMap::default();
        for (index, (row, record, _)) in changes.iter().enumerate() {
            let row = *row as usize;
            let earliest = first.entry((*record, field[row])).or_insert(index);
            // Of two at once the one read first.
            if at[row] < at[changes[*earliest].0 as usize] {
                *earliest = index;
            }
        }
        for (index, (row, record, is_first)) in changes.iter_mut().enumerate() {
            *is_first = first.get(&(*record, field[*row as usize])) == Some(&index);
        }
        Self { changes }
    }
}

/// Evidence from the history of a record's status or stage, and from what it is now.
///
/// A change to a wanted value dates it. A change away from one proves it too: where it is the record's first change, the
/// value was there from its creation; otherwise nobody knows since when. The present value counts only if nothing
/// changed after as-of.
#[allow(clippy::too_many_arguments)] // two calls, for people and for deals
fn from_history(
    view: &View<'_>,
    found: &mut Known,
    values: &[String],
    records: &Table,
    now: &[Cow<'_, [u32]>],
    history: &History,
    process_of: &dyn Fn(u32) -> u32,
) {
    let changes = view.tables.get(Kind::StageChanges);
    let (at, old, new) = (changes.times("at"), changes.codes("old"), changes.codes("new"));
    let mut columns: Vec<&[u32]> = vec![&old, &new];
    columns.extend(now.iter().map(AsRef::as_ref));
    let wanted = wanted(view.tables, values, &columns);
    let created = records.times("created_at");
    for (row, record, is_first) in &history.changes {
        let (row, process) = (*row as usize, process_of(*record));
        if wanted.contains(new[row]) {
            view.note(found, process, at[row]);
        }
        if wanted.contains(old[row]) {
            let since = created[*record as usize];
            if *is_first && view.happened(since) {
                view.note(found, process, since);
            } else {
                found.undated[process as usize] = true;
            }
        }
    }
    let later = records.flags(CHANGED_LATER);
    for record in (0..records.len()).filter(|record| later[*record] != 1) {
        if now.iter().any(|column| wanted.contains(column[record])) {
            #[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
            let process = process_of(record as u32);
            found.undated[process as usize] = true;
        }
    }
}

/// Which stages any export shows. One that none shows, though a later one is shown, is unknown: to infer it for everybody
/// would make its conversion 100 %. One at the end that nobody reached yet is seen, with nobody, where the exports have
/// what would show it; where they do not, nobody can say that it was not reached.
fn seen(view: &View<'_>, known: &[Known]) -> Vec<bool> {
    let shown = |k: &Known| k.shown || k.undated.iter().any(|u| *u);
    let last = known.iter().rposition(shown);
    let later = |s: usize| last.is_none_or(|last| s > last);
    let stages = known.iter().zip(&view.contract.stages).enumerate();
    stages.map(|(s, (k, stage))| shown(k) || (later(s) && can_show(view.tables, stage))).collect()
}

/// Whether the exports have a column that evidence of a stage could stand in.
fn can_show(tables: &Tables, stage: &Stage) -> bool {
    let has = |kind: Kind, column: &str| tables.get(kind).columns.contains_key(column);
    let history = |id: &str| tables.get(Kind::StageChanges).has(id);
    stage.reached.iter().any(|evidence| match &evidence.value {
        Evidence::Status { .. } => {
            has(Kind::People, "status") || has(Kind::People, "lifecycle_stage") || history("person_id")
        }
        Evidence::DealStage { .. } => has(Kind::Deals, "stage") || history("deal_id"),
        Evidence::Touch { .. } => has(Kind::Touches, "kind"),
        Evidence::Column { table, column, when } => {
            let says = |name: &String| tables.get(*table).is_empty() || tables.get(*table).has(name);
            has(*table, &column.value) && when.as_ref().is_none_or(|when| uses(&when.value).iter().all(says))
        }
    })
}

/// Fills the gaps: a stage between known ones was passed.
fn fill(view: &View<'_>, known: &[Known], oddities: &mut BTreeMap<&'static str, u64>) -> Vec<Vec<Reached>> {
    let mut stages = vec![vec![Reached::NO; view.len]; known.len()];
    let seen = seen(view, known);
    let (mut backward, mut undated_any) = (0, 0);
    for process in 0..view.len {
        let reached = |s: usize| !known[s].at[process].is_none() || known[s].undated[process];
        let (Some(first), Some(last)) =
            ((0..known.len()).find(|s| reached(*s)), (0..known.len()).rfind(|s| reached(*s)))
        else {
            continue;
        };
        let mut later = Stamp::NONE;
        for (s, stage) in stages.iter_mut().enumerate().take(last + 1).skip(first).rev().filter(|(s, _)| seen[*s]) {
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
