//! The columns of all files of a table, put together.
//!
//! In: each file's parts and constants, and the codes that their words have in the common dictionary. Out: the table.

use indexmap::IndexMap;
use rayon::prelude::*;

use super::FileFacts;
use super::file::Content;
use super::part::StageTime;
use super::plan::{Constant, Plan};
use crate::issue::{Issue, Place};
use crate::tables::{Kind, NONE, Origin, Table, Tables, Type, Values};
use crate::time::Stamp;

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
pub fn fill(
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
pub fn stage_columns(tables: &mut Tables, plan: &Plan, stages: &[StageTime]) {
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
