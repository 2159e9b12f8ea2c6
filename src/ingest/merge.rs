//! All files → the canonical tables.
//!
//! In: every file's typed columns. Out: [`Loaded`]. Here files meet: one dictionary, one row per id, merged records
//! under the id that survived, nothing after as-of. Every row that falls out is counted against its file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use anyhow::{Result, bail};
use indexmap::IndexMap;
use rayon::prelude::*;

use super::file::{Content, FileRead};
use super::lines::{content, keep_smallest, remember};
use super::part::StageTime;
use super::plan::{Constant, Plan};
use super::walk::Span;
use super::{FileFacts, Loaded};
use crate::issue::{Issue, Issues, Place};
use crate::tables::{CHANGED_LATER, Kind, NO_FLAG, NONE, Names, Origin, Table, Tables, Type, Values};
use crate::time::{Stamp, Zone};

/// The dictionaries that files were read with, and what each block added to them, in the order of reading.
#[derive(Default)]
pub struct Words {
    pub names: Vec<Names>,
    pub spans: Vec<Span>,
}

/// Puts the files together; see the module's note. `words` are the dictionaries of the files' codes, `as_of` is a day
/// since 1970. With `list`, rows that are set aside here are kept in [`Loaded::dropped`].
///
/// # Errors
/// [`Issues`] for a column that two sources give different types; otherwise an account that does not balance: a defect.
pub fn merge(files: Vec<FileRead>, words: Words, home: &Zone, as_of: i32, list: bool) -> Result<Loaded> {
    let began = Instant::now();
    let mut tables = Tables::default();
    let mut facts: Vec<FileFacts> = Vec::with_capacity(files.len());
    let mut contents: Vec<(u32, Content)> = Vec::new();
    let mut rejects = Vec::new();
    let mut seen: HashMap<(String, Option<String>), String> = HashMap::new();
    // Codes are given out in the order of files and blocks, so that they are the same in every run.
    let codes = tables.names.take_in(&words.names, &words.spans);
    let said = what_they_say(&files);
    for (file, said) in files.into_iter().zip(said) {
        let FileRead { facts: mut about, content, rejects: mut of_file } = file;
        rejects.append(&mut of_file);
        let index = u32::try_from(facts.len()).unwrap_or(u32::MAX);
        // The same bytes may be read twice, into different tables.
        let same = (said.unwrap_or_else(|| about.input.sha256.clone()), about.input.table.clone());
        if let Some(content) = content {
            if let Some(first) = seen.get(&same) {
                about.input.set_aside = vec![(format!("same content as {first}"), about.input.rows_read)];
            } else {
                seen.insert(same, about.input.path.clone());
                contents.push((index, content));
            }
        }
        facts.push(about);
    }
    drop(words);
    let mut issues = Vec::new();
    let mut dated = Vec::new();
    for kind in Kind::ALL {
        let (of_kind, others) = contents.into_iter().partition(|(_, content)| content.plan.kind == kind);
        contents = others;
        issues.extend(fill(&mut tables, kind, of_kind, &codes, &mut facts, &mut dated));
    }
    Issues(issues).into_result()?;
    for (plan, stages) in dated {
        stage_columns(&mut tables, &plan, &stages);
    }
    let mut loaded = Loaded {
        tables,
        files: facts,
        merged: Vec::new(),
        rejects,
        dropped: list.then(Vec::new),
        notes: Vec::new(),
        steps: vec![("put together", began.elapsed())],
    };
    let began = Instant::now();
    fold_ledger_words(&mut loaded.tables);
    one_system_per_id(&loaded)?;
    name_stages(&mut loaded.tables);
    derive_outcome(&mut loaded.tables);
    derive_user_names(&mut loaded.tables);
    set_aside_later(&mut loaded, home, as_of);
    set_aside_planned(&mut loaded);
    unite_merged(&mut loaded);
    one_row_per_id(&mut loaded);
    one_row_per_touch(&mut loaded);
    // They have told what they can tell, and take the most room.
    loaded.tables.get_mut(Kind::Touches).columns.shift_remove("touch_id");
    one_export_per_spend(&mut loaded, home);
    count_used(&mut loaded)?;
    loaded.tables.part_owner_changes();
    loaded.steps.push(("set aside", began.elapsed()));
    Ok(loaded)
}

/// The content of those files that may be copies of each other with other line ends, encoding or packing: as many rows for
/// the same columns. Only they are read a second time.
fn what_they_say(files: &[FileRead]) -> Vec<Option<String>> {
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate().filter(|(_, file)| file.content.is_some()) {
        let about = &file.facts;
        let key = (&about.input.table, &about.input.preset, about.input.rows_read, &about.mapped);
        alike.entry(key).or_default().push(index);
    }
    let mut said = vec![None; files.len()];
    let differ = |of: &[usize]| of.iter().any(|i| files[*i].facts.input.sha256 != files[of[0]].facts.input.sha256);
    for index in alike.into_values().filter(|of| of.len() > 1 && differ(of)).flatten() {
        said[index] = content(&files[index].facts);
    }
    said
}

/// What one file gives one column of its table.
enum Given {
    /// A part each.
    Parts(Vec<(usize, Values)>),
    /// The same in every row.
    Constant(Constant),
    /// The same words or ids in every row: codes of the common dictionary.
    Codes(Vec<u32>),
}

/// One column of a table: what each file gives it, by the file's position among those of the table.
struct Gathered {
    name: String,
    kind: Type,
    given: Vec<(usize, Given)>,
}

/// Fills a table with the rows of its files, in their order.
fn fill(
    tables: &mut Tables,
    kind: Kind,
    contents: Vec<(u32, Content)>,
    codes: &[Vec<u32>],
    facts: &mut [FileFacts],
    dated: &mut Vec<(Plan, Vec<StageTime>)>,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut columns: IndexMap<String, Gathered> = IndexMap::new();
    let mut lens: Vec<usize> = Vec::new();
    let files: Vec<u32> = contents.iter().map(|(file, _)| *file).collect();
    let mut origin = Vec::with_capacity(contents.iter().flat_map(|(_, c)| &c.parts).map(|p| p.offsets.len()).sum());
    let mut own: Vec<(usize, [u8; 3])> = Vec::new();
    let mut monthly = false;
    for (at, (file, content)) in contents.into_iter().enumerate() {
        let Content { plan, mut parts } = content;
        let before = origin.len();
        for part in &parts {
            let first = origin.len();
            own.extend(part.own_currencies(&plan).into_iter().map(|(row, code)| (first + row as usize, code)));
            origin.extend(part.offsets.iter().map(|offset| Origin::new(file, *offset)));
            monthly |= part.monthly;
        }
        lens.push(origin.len() - before);
        let mut add = |name: &str, type_: Type, given: Given| {
            let column = columns.entry(name.to_string()).or_insert_with(|| Gathered {
                name: name.to_string(),
                kind: type_,
                given: Vec::new(),
            });
            if Values::missing(column.kind, 0).append(Values::missing(type_, 0)) {
                column.given.push((at, given));
            } else {
                let what = format!("column `{name}` of table {} is of another kind in another source", kind.id());
                issues.push(
                    Issue::usage(Place::file(&facts[file as usize].input.path), what)
                        .hint("give the column the same `kind` in every source, or another name"),
                );
            }
        };
        for (index, column) in plan.columns.iter().enumerate() {
            let values = parts.iter_mut().filter(|p| index < p.columns.len()).map(|part| {
                let nothing = Values::missing(column.kind, 0);
                (part.dictionary, std::mem::replace(&mut part.columns[index], nothing))
            });
            add(&column.name, column.kind, Given::Parts(values.collect()));
        }
        for (name, text) in &plan.constants {
            let type_ = plan.kind.field(name).map_or(Type::Text, |f| f.kind);
            // `plan` has refused what cannot be read.
            let given = match Constant::read(type_, text, &plan) {
                Some(constant) => Given::Constant(constant),
                None if type_ == Type::Ids => {
                    Given::Codes(text.split(';').map(|id| tables.names.code(id.trim())).collect())
                }
                None => Given::Codes(vec![tables.names.code(text)]),
            };
            add(name, type_, given);
        }
        let mut row = before;
        let mut stages = Vec::new();
        for part in parts {
            let offset = u32::try_from(row).unwrap_or(NONE);
            stages.extend(part.stages.into_iter().map(|s| StageTime { row: s.row + offset, ..s }));
            row += part.offsets.len();
        }
        if !stages.is_empty() {
            dated.push((plan, stages));
        }
    }
    let total = origin.len();
    let columns: Vec<Gathered> = columns.into_values().collect();
    let built: Vec<Built> = columns.into_par_iter().map(|gathered| build(gathered, &lens, total, codes)).collect();
    let table = tables.get_mut(kind);
    table.origin = origin;
    table.monthly = monthly;
    for (name, values, ranges) in built {
        for (at, (low, high)) in ranges.into_iter().filter(|_| kind.dated_by().contains(&name.as_str())) {
            let range = &mut facts[files[at] as usize].range;
            *range = Some(range.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
        }
        table.columns.insert(name, values);
    }
    name_currencies(tables, kind, &own);
    issues
}

/// An amount that names its currency itself (`EUR 100`) says more than the row's column.
fn name_currencies(tables: &mut Tables, kind: Kind, own: &[(usize, [u8; 3])]) {
    if own.is_empty() || kind.field("currency").is_none() {
        return;
    }
    let mut codes = tables.get(kind).codes("currency").into_owned();
    for (row, code) in own {
        codes[*row] = tables.names.code(&String::from_utf8_lossy(code));
    }
    tables.get_mut(kind).columns.insert("currency".into(), Values::Text(codes));
}

/// A column's name and values, and its first and last time in each file that has times.
type Built = (String, Values, Vec<(usize, (Stamp, Stamp))>);

/// Puts one column together.
fn build(gathered: Gathered, lens: &[usize], total: usize, codes: &[Vec<u32>]) -> Built {
    let Gathered { name, kind, given } = gathered;
    let mut values = Values::missing(kind, 0);
    values.reserve(total);
    let mut ranges = Vec::new();
    for (at, given) in given {
        let before: usize = lens[..at].iter().sum();
        values.pad(before);
        let rows = lens[at];
        match given {
            Given::Parts(parts) => {
                let mut range = None;
                for (dictionary, mut part) in parts {
                    translate(&mut part, &codes[dictionary]);
                    widen(&mut range, &part);
                    // Of the same kind, as its file was asked before.
                    let _ = values.append(part);
                }
                ranges.extend(range.map(|range| (at, range)));
            }
            Given::Constant(constant) => {
                let _ = values.append(match constant {
                    Constant::Flag(flag) => Values::Flag(vec![flag; rows]),
                    Constant::Number(number) => Values::Number(vec![number; rows]),
                    Constant::Time(at) => Values::Time(vec![at; rows]),
                });
            }
            Given::Codes(codes) => {
                let one = codes.first().copied().unwrap_or(NONE);
                let _ = values.append(match kind {
                    Type::Id | Type::Email => Values::Id(vec![one; rows]),
                    Type::Ids => Values::Ids(vec![codes; rows]),
                    _ => Values::Text(vec![one; rows]),
                });
            }
        }
    }
    values.pad(total);
    (name, values, ranges)
}

/// A part's codes become those of the common dictionary.
fn translate(values: &mut Values, codes: &[u32]) {
    let to = |v: &mut Vec<u32>| v.iter_mut().filter(|c| **c != NONE).for_each(|c| *c = codes[*c as usize]);
    match values {
        Values::Id(v) | Values::Text(v) => to(v),
        Values::Ids(v) => v.iter_mut().for_each(to),
        _ => {}
    }
}

fn add_column(table: &mut Table, name: &str, kind: Type, values: Values, before: usize) -> Result<(), String> {
    if let Some(column) = table.columns.get_mut(name) {
        column.pad(before);
        if !column.append(values) {
            return Err(format!("column `{name}` of table {} is of another kind in another source", table.kind.id()));
        }
    } else {
        let mut column = Values::missing(kind, before);
        if !column.append(values) {
            return Err(format!("column `{name}` of table {} cannot hold this", table.kind.id()));
        }
        table.columns.insert(name.to_string(), column);
    }
    Ok(())
}

fn widen(range: &mut Option<(Stamp, Stamp)>, values: &Values) {
    if let Values::Time(times) = values {
        let present = || times.iter().copied().filter(|t| !t.is_none());
        if let (Some(low), Some(high)) = (present().min(), present().max()) {
            *range = Some(range.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
        }
    }
}

/// Stage columns (`Date entered "…"`) become rows of `stage_changes`; they are no records of the file, so they are in
/// no file's count.
fn stage_columns(tables: &mut Tables, plan: &Plan, stages: &[StageTime]) {
    let labels: Vec<(u32, u32)> =
        plan.stages.iter().map(|s| (tables.names.code(&s.stage), tables.names.code(&s.field))).collect();
    let subject = |s: &super::part::StageTime| super::read::subject_column(plan.stages[s.stage as usize].subject);
    for column in ["person_id", "deal_id"] {
        let source = tables.get(plan.kind).codes(column).into_owned();
        let origin = tables.get(plan.kind).origin.clone();
        let of: Vec<_> = stages.iter().filter(|s| subject(s) == column).collect();
        if of.is_empty() {
            continue;
        }
        let changes = tables.get_mut(Kind::StageChanges);
        let old = changes.len();
        let ids = of.iter().map(|s| source[s.row as usize]).collect();
        let columns = [
            (column, Type::Id, Values::Id(ids)),
            ("at", Type::Time, Values::Time(of.iter().map(|s| s.at).collect())),
            ("field", Type::Text, Values::Text(of.iter().map(|s| labels[s.stage as usize].1).collect())),
            ("new", Type::Text, Values::Text(of.iter().map(|s| labels[s.stage as usize].0).collect())),
        ];
        for (name, kind, values) in columns {
            // Of our own making, so always of the right kind.
            let _ = add_column(changes, name, kind, values, old);
        }
        changes.origin.extend(of.iter().map(|s| origin[s.row as usize]));
        let len = changes.len();
        changes.columns.values_mut().for_each(|v| v.pad(len));
    }
}

/// Drops rows and counts each against its file under `reason`.
fn drop_rows(loaded: &mut Loaded, kind: Kind, keep: &[bool], reason: &str) {
    let table = loaded.tables.get_mut(kind);
    let mut dropped: BTreeMap<u32, (u64, Vec<u64>)> = BTreeMap::new();
    for (origin, _) in table.origin.iter().zip(keep).filter(|(_, keep)| !**keep) {
        let (rows, first) = dropped.entry(origin.file()).or_default();
        *rows += 1;
        keep_smallest(first, origin.offset());
    }
    if let Some(list) = &mut loaded.dropped {
        // Rows that stage columns made are no records of their file.
        let is_record = |o: &Origin| loaded.files[o.file() as usize].input.table.as_deref() == Some(kind.id());
        let gone = table.origin.iter().zip(keep).filter(|(origin, keep)| !**keep && is_record(origin));
        list.extend(gone.map(|(origin, _)| (*origin, reason.to_string())));
    }
    table.keep(keep);
    for (file, (rows, first)) in dropped {
        let facts = &mut loaded.files[file as usize];
        // Rows that stage columns made are no records of their file.
        if facts.input.table.as_deref() != Some(kind.id()) {
            continue;
        }
        match facts.input.set_aside.iter_mut().find(|(r, _)| r == reason) {
            Some((_, n)) => *n += rows,
            None => facts.input.set_aside.push((reason.to_string(), rows)),
        }
        facts.input.set_aside.sort();
        for offset in first {
            remember(&mut facts.aside_at, reason, offset);
        }
    }
}

fn set_aside_later(loaded: &mut Loaded, home: &Zone, as_of: i32) {
    for kind in Kind::ALL {
        let table = loaded.tables.get(kind);
        let times = table.began();
        // A deal may have been recorded long after it closed: what happened by as-of counts. One without a creation date
        // that ended after as-of may not have been there yet: nothing of it counts.
        let deals = kind == Kind::Deals;
        let closed = if deals { table.times("closed_at").into_owned() } else { Vec::new() };
        let ended = if deals { table.flags("is_closed").into_owned() } else { Vec::new() };
        let later = |row: usize| {
            let closed = closed.get(row).and_then(|c| home.day(*c));
            match home.day(times[row]) {
                Some(day) => day > as_of && closed.is_none_or(|d| d > as_of),
                None => deals && ended[row] == 1 && closed.is_some_and(|d| d > as_of),
            }
        };
        let keep: Vec<bool> = (0..table.len()).map(|row| !later(row)).collect();
        if kind == Kind::StageChanges {
            note_changed_later(&mut loaded.tables, &keep);
        }
        drop_rows(loaded, kind, &keep, "dated after as-of");
    }
}

/// Whose status or stage changed after as-of: what it is now says nothing about that day.
fn note_changed_later(tables: &mut Tables, keep: &[bool]) {
    for (kind, id) in [(Kind::People, "person_id"), (Kind::Deals, "deal_id")] {
        let changed: HashSet<u32> = {
            let changes = tables.get(Kind::StageChanges);
            let (codes, field) = (changes.codes(id), changes.codes("field"));
            // Another owner is no other status.
            let stage = |row: &usize| !tables.names.text(field[*row]).is_some_and(|f| f.eq_ignore_ascii_case("owner"));
            (0..keep.len())
                .filter(|row| !keep[*row])
                .filter(stage)
                .map(|row| codes[row])
                .filter(|id| *id != NONE)
                .collect()
        };
        if changed.is_empty() {
            continue;
        }
        let flags: Vec<i8> = tables.get(kind).codes(id).iter().map(|id| i8::from(changed.contains(id))).collect();
        tables.get_mut(kind).columns.insert(CHANGED_LATER.into(), Values::Flag(flags));
    }
}

fn set_aside_planned(loaded: &mut Loaded) {
    let keep: Vec<bool> = loaded.tables.get(Kind::Touches).flags("is_done").iter().map(|f| *f != 0).collect();
    drop_rows(loaded, Kind::Touches, &keep, "planned or not answered, so no touch");
}

/// Records that the source system merged into another: their ids lead to the survivor.
fn unite_merged(loaded: &mut Loaded) {
    for (kind, id) in [(Kind::People, "person_id"), (Kind::Accounts, "account_id"), (Kind::Deals, "deal_id")] {
        let table = loaded.tables.get(kind);
        let (ids, masters, lists) = (table.codes(id), table.codes("master_id"), table.lists("merged_ids"));
        let mut pairs = Vec::new();
        let mut keep = vec![true; table.len()];
        for row in 0..table.len() {
            if masters[row] != NONE && masters[row] != ids[row] {
                pairs.push((ids[row], masters[row]));
                keep[row] = false;
            }
            pairs.extend(lists[row].iter().filter(|loser| **loser != ids[row]).map(|loser| (*loser, ids[row])));
        }
        // The row of a loser that is only named in its winner's list persists in some exports.
        let mut winners: HashMap<u32, u32> = HashMap::new();
        for (loser, winner) in pairs {
            // Records that list each other: the first to say so survives.
            if winners.get(&winner) != Some(&loser) {
                winners.insert(loser, winner);
            }
        }
        let ids = ids.into_owned();
        for (row, keep) in keep.iter_mut().enumerate() {
            *keep = ids[row] == NONE || !winners.contains_key(&ids[row]);
        }
        let mut pairs: Vec<(Kind, u32, u32)> =
            winners.into_iter().map(|(loser, winner)| (kind, loser, winner)).collect();
        pairs.sort_unstable();
        loaded.merged.extend(pairs);
        drop_rows(loaded, kind, &keep, "merged into another record");
    }
}

/// The tables whose rows are records with an id of their own.
const KEYED: [(Kind, &str); 6] = [
    (Kind::People, "person_id"),
    (Kind::Accounts, "account_id"),
    (Kind::Deals, "deal_id"),
    (Kind::Campaigns, "campaign_id"),
    (Kind::Users, "user_id"),
    (Kind::Stages, "stage_id"),
];

/// Two systems that number their records alike: 1 is not 1.
fn one_system_per_id(loaded: &Loaded) -> Result<(), Issues> {
    let mut issues = Vec::new();
    for (kind, id) in KEYED {
        let table = loaded.tables.get(kind);
        if loaded.files.iter().filter(|f| f.input.table.as_deref() == Some(kind.id())).count() < 2 {
            continue;
        }
        let mut first: Vec<u32> = vec![NONE; loaded.tables.names.bound()];
        let system = |file: u32| loaded.files[file as usize].system.as_str();
        let clash =
            table.codes(id).iter().zip(&table.origin).filter(|(code, _)| **code != NONE).find_map(|(code, origin)| {
                let seen = &mut first[*code as usize];
                if *seen == NONE {
                    *seen = origin.file();
                }
                (system(*seen) != system(origin.file())).then_some((*code, *seen, origin.file()))
            });
        if let Some((code, one, other)) = clash {
            let path = |file: u32| loaded.files[file as usize].input.path.clone();
            let text = loaded.tables.names.text(code).unwrap_or_default();
            let what = format!("{id} `{text}` is also in {}, which another system wrote", path(one));
            issues.push(Issue::data(Place::file(path(other)), what).hint(
                "two systems number their records alike, so one of two rows would be dropped: read these records from one of \
                 them, or give one system's ids a prefix",
            ));
        }
    }
    Issues(issues).into_result()
}

/// One row per id: the one that was modified last, else the one read last (the newer of two exports, by file name).
fn one_row_per_id(loaded: &mut Loaded) {
    for (kind, id) in KEYED {
        let table = loaded.tables.get(kind);
        let (codes, modified) = (table.codes(id), table.times("modified_at"));
        let mut best: Vec<u32> = vec![NONE; loaded.tables.names.bound()];
        for (row, code) in codes.iter().enumerate().filter(|(_, code)| **code != NONE) {
            let best = &mut best[*code as usize];
            if *best == NONE || modified[row] >= modified[*best as usize] {
                *best = u32::try_from(row).unwrap_or(NONE);
            }
        }
        let keep: Vec<bool> =
            codes.iter().enumerate().map(|(row, code)| *code == NONE || best[*code as usize] as usize == row).collect();
        drop_rows(loaded, kind, &keep, &format!("same {id} as a newer row"));
    }
}

/// One row per touch of a system: the first.
fn one_row_per_touch(loaded: &mut Loaded) {
    let table = loaded.tables.get(Kind::Touches);
    let keys = table.keys("touch_id");
    // Nearly all touches are there once: only the keys that a part of one is seen twice of are looked at whole.
    #[allow(clippy::cast_possible_truncation)] // half of the fingerprint
    let half = |key: u128| key as u64;
    let mut halves: Vec<u64> = keys.par_iter().filter(|key| **key != 0).map(|key| half(*key)).collect();
    halves.par_sort_unstable();
    let twice: Vec<u64> = halves.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    drop(halves);
    if twice.is_empty() {
        return;
    }
    let mut systems: Vec<&str> = loaded.files.iter().map(|f| f.system.as_str()).collect();
    systems.sort_unstable();
    systems.dedup();
    let system: Vec<usize> =
        loaded.files.iter().map(|f| systems.binary_search(&f.system.as_str()).unwrap_or_default()).collect();
    let mut seen: HashSet<(usize, u128), foldhash::fast::FixedState> = HashSet::default();
    let keep: Vec<bool> = keys
        .iter()
        .zip(&table.origin)
        .map(|(key, origin)| {
            let once = *key == 0 || twice.binary_search(&half(*key)).is_err();
            once || seen.insert((system[origin.file() as usize], *key))
        })
        .collect();
    drop_rows(loaded, Kind::Touches, &keep, "same touch_id as an earlier row");
}

/// Two exports of the same ad spend: what the later file says holds. Rows of one file stand beside each other, as an export may
/// divide a day by more than it shows.
fn one_export_per_spend(loaded: &mut Loaded, home: &Zone) {
    let table = loaded.tables.get(Kind::Spend);
    let (keys, dates) = (table.keys("spend_id"), table.times("date"));
    let key = |row: usize| {
        let file = table.origin[row].file();
        (loaded.files[file as usize].system.as_str(), keys[row], home.day(dates[row]))
    };
    let mut last: HashMap<(&str, u128, Option<i32>), u32, foldhash::fast::FixedState> = HashMap::default();
    for row in (0..table.len()).filter(|row| keys[*row] != 0) {
        let of_file = table.origin[row].file();
        let file = last.entry(key(row)).or_insert(of_file);
        *file = (*file).max(of_file);
    }
    let keep: Vec<bool> =
        (0..table.len()).map(|row| keys[row] == 0 || last.get(&key(row)) == Some(&table.origin[row].file())).collect();
    drop_rows(loaded, Kind::Spend, &keep, "same day and campaign in a later export");
}

/// Ids of stages in deals and histories become what the look-up calls them.
fn name_stages(tables: &mut Tables) {
    let stages = tables.get(Kind::Stages);
    if stages.is_empty() {
        return;
    }
    let (ids, labels) = (stages.codes("stage_id"), stages.codes("label"));
    let (won, closed) = (stages.flags("is_won"), stages.flags("is_closed"));
    let row_of: HashMap<u32, usize> = ids.iter().enumerate().map(|(row, id)| (*id, row)).collect();
    let label_of: HashMap<u32, u32> =
        row_of.iter().filter(|(_, row)| labels[**row] != NONE).map(|(id, row)| (*id, labels[*row])).collect();
    let outcomes: HashMap<u32, (i8, i8)> = row_of.iter().map(|(id, row)| (*id, (won[*row], closed[*row]))).collect();
    let deals = tables.get(Kind::Deals);
    let (stage, mut is_won, mut is_closed) =
        (deals.codes("stage").into_owned(), deals.flags("is_won").into_owned(), deals.flags("is_closed").into_owned());
    for (row, (won, closed)) in stage.iter().enumerate().filter_map(|(row, id)| Some((row, *outcomes.get(id)?))) {
        for (flag, said) in [(&mut is_won[row], won), (&mut is_closed[row], closed)] {
            if *flag == NO_FLAG {
                *flag = said;
            }
        }
    }
    if !deals.is_empty() {
        let deals = tables.get_mut(Kind::Deals);
        deals.columns.insert("is_won".into(), Values::Flag(is_won));
        deals.columns.insert("is_closed".into(), Values::Flag(is_closed));
    }
    for (kind, column) in [(Kind::Deals, "stage"), (Kind::StageChanges, "old"), (Kind::StageChanges, "new")] {
        if let Some(Values::Text(codes)) = tables.get_mut(kind).columns.get_mut(column) {
            for code in codes {
                *code = label_of.get(code).copied().unwrap_or(*code);
            }
        }
    }
}

/// Ledgers are typed by people: `Marketing` and `marketing ` are one team, `Lead management` is the tag lead-management.
fn fold_ledger_words(tables: &mut Tables) {
    for kind in [Kind::Spend, Kind::Headcount] {
        for name in ["team", "category", "tag"] {
            let codes = tables.get(kind).codes(name).into_owned();
            let mut folded: HashMap<u32, u32> = HashMap::new();
            let mut words: Vec<u32> = codes.iter().copied().filter(|c| *c != NONE).collect();
            words.sort_unstable();
            words.dedup();
            for code in words {
                let low = tables.names.text(code).unwrap_or_default().to_lowercase();
                let low = if name == "tag" { low.replace([' ', '_'], "-") } else { low };
                folded.insert(code, tables.names.code(&low));
            }
            if let Some(Values::Text(codes)) = tables.get_mut(kind).columns.get_mut(name) {
                codes.iter_mut().filter(|c| **c != NONE).for_each(|c| *c = folded[c]);
            }
        }
    }
}

/// Won and closed, by a stage's name in small letters and without signs.
fn named(stage: &str) -> Option<(i8, i8)> {
    match stage {
        "won" | "closedwon" | "gewonnen" => Some((1, 1)),
        "lost" | "closedlost" | "verloren" => Some((0, 1)),
        // With a reason behind it: Closed Lost to Competition.
        _ if stage.starts_with("closedwon") => Some((1, 1)),
        _ if stage.starts_with("closedlost") => Some((0, 1)),
        _ => None,
    }
}

/// A deal that does not say whether it was won says so by its stage's name.
fn derive_outcome(tables: &mut Tables) {
    let deals = tables.get(Kind::Deals);
    let squeezed: HashMap<u32, String> = deals
        .codes("stage")
        .iter()
        .filter_map(|code| tables.names.text(*code).map(|text| (*code, text)))
        .map(|(code, text)| (code, text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()))
        .collect();
    // Stage names that are not understood mean "open" only beside some that are: in another language they mean nothing.
    let understood = squeezed.values().any(|name| named(name).is_some_and(|(_, closed)| closed == 1));
    let (mut won, mut closed) = (deals.flags("is_won").into_owned(), deals.flags("is_closed").into_owned());
    for (row, stage) in deals.codes("stage").iter().enumerate() {
        let named = squeezed.get(stage).and_then(|name| named(name).or(understood.then_some((0, 0))));
        let (is_won, is_closed) = (&mut won[row], &mut closed[row]);
        if let Some((by_name_won, by_name_closed)) = named {
            // A closed deal in a stage that is not understood is neither won nor lost.
            if *is_won == NO_FLAG && (*is_closed != 1 || by_name_closed == 1) {
                *is_won = if *is_closed == 0 { 0 } else { by_name_won };
            }
            if *is_closed == NO_FLAG {
                *is_closed = by_name_closed.max(*is_won);
            }
        }
        if *is_closed == NO_FLAG && *is_won == 1 {
            *is_closed = 1;
        }
        if *is_won == NO_FLAG && *is_closed == 0 {
            *is_won = 0;
        }
    }
    let deals = tables.get_mut(Kind::Deals);
    if !deals.is_empty() {
        deals.columns.insert("is_won".into(), Values::Flag(won));
        deals.columns.insert("is_closed".into(), Values::Flag(closed));
    }
}

/// Exports of users often have first and last name only.
fn derive_user_names(tables: &mut Tables) {
    let users = tables.get(Kind::Users);
    let (mut names, first, last) =
        (users.codes("name").into_owned(), users.codes("first_name"), users.codes("last_name"));
    let joined: Vec<Option<String>> = (0..users.len())
        .map(|row| {
            let parts: Vec<&str> = [first[row], last[row]].into_iter().filter_map(|c| tables.names.text(c)).collect();
            (names[row] == NONE && !parts.is_empty()).then(|| parts.join(" "))
        })
        .collect();
    for (name, joined) in names.iter_mut().zip(joined) {
        if let Some(joined) = joined {
            *name = tables.names.code(&joined);
        }
    }
    let users = tables.get_mut(Kind::Users);
    if !users.is_empty() {
        users.columns.insert("name".into(), Values::Text(names));
    }
}

/// Counts the rows that are left, and holds the account against what was read.
fn count_used(loaded: &mut Loaded) -> Result<()> {
    let mut used = vec![0_u64; loaded.files.len()];
    for kind in Kind::ALL {
        for origin in &loaded.tables.get(kind).origin {
            let file = origin.file() as usize;
            if loaded.files[file].input.table.as_deref() == Some(kind.id()) {
                used[file] += 1;
            }
        }
    }
    for (facts, used) in loaded.files.iter_mut().zip(used) {
        facts.input.rows_used = used;
        let aside: u64 = facts.input.set_aside.iter().map(|(_, n)| n).sum();
        if facts.input.rows_read != used + aside {
            bail!(
                "{}: {} rows read, but {used} used and {aside} set aside: this is a defect of onefunnel, please report it",
                facts.input.path,
                facts.input.rows_read
            );
        }
    }
    Ok(())
}
