//! The records behind a difference.
//!
//! In: the loaded data of both sides, and what each step moves. Out: the pairs of all rows ([`Tables`]), and one [`Record`]
//! per row, measure, period and cause.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::cause::Cause;
use super::processes::Processes;
use super::rows::{Account, Rows};
use super::words::Codes;
use crate::catalogue::Catalogue;
use crate::evaluate::Slice;
use crate::evaluate::steps::{Change, Counted, Moved, Pair, columns_of, differences};
use crate::facts::Facts;
use crate::report::Cell;
use crate::session::Data;
use crate::tables::{Kind, NONE};

/// A record that a measure counts otherwise, in one period.
pub struct Record {
    /// Its table, and its row in A and in B; [`NONE`] without one. Rows of `journeys` are processes.
    pub table: String,
    pub rows: [u32; 2],
    /// The measure.
    pub measure: String,
    /// Index among the periods.
    pub period: usize,
    /// The cause.
    pub cause: Cause,
    /// What it contributes before the cause, and after it; `None` where it does not count. Money in minor units.
    pub before: Option<f64>,
    pub after: Option<f64>,
    /// What changed: column, from, to.
    pub changed: Vec<(String, Cell, Cell)>,
    /// The person whose coming or going it is: row in A, row in B.
    pub person: [u32; 2],
    /// The record of B that it was merged into.
    pub into: Option<(Kind, u32)>,
}

/// By table the pairs of its rows.
pub struct Tables<'d> {
    pub processes: Processes<'d>,
    rows: BTreeMap<&'static str, Rows>,
}

impl<'d> Tables<'d> {
    /// Pairs the rows of all tables; `taken` is the day on which A was taken, since 1970.
    pub fn new(data: [&'d Data; 2], taken: i32) -> Self {
        let [a, b] = data;
        let codes = [Codes::new(&a.tables.names, &b.tables.names), Codes::new(&b.tables.names, &a.tables.names)];
        let processes = Processes::new(data, [&codes[0], &codes[1]], taken);
        let facts = data.map(Data::facts);
        let pair = |kind: Kind| {
            let [a, b] = [0, 1].map(|side| facts[side].counted(kind.id()));
            let tables = [a.as_deref()?, b.as_deref()?];
            Some((kind.id(), Rows::new(tables, &codes[0], &data[1].session.home, taken)))
        };
        let rows = Kind::ALL.into_iter().filter_map(pair).collect();
        Self { processes, rows }
    }

    /// The rows of a table, or the processes.
    pub fn pairs(&self, table: &str) -> &[Pair] {
        if table == "journeys" {
            return &self.processes.pairs;
        }
        self.rows.get(table).map_or(&[], |rows| &rows.pairs)
    }

    /// The step at which a value becomes B's.
    pub fn step(&self, change: &Change<'_>) -> u8 {
        if change.table == "journeys" {
            return self.processes.step(change);
        }
        super::cause::of_column(change.column, change.gained || change.lost).step()
    }
}

impl Tables<'_> {
    /// By table where its rows went, without tables that have none.
    pub fn accounts(&self) -> Vec<(Kind, Account)> {
        let accounts = Kind::ALL.into_iter().filter_map(|kind| Some((kind, self.rows.get(kind.id())?.account)));
        accounts.filter(|(_, account)| account.rows != [0, 0]).collect()
    }
}

/// The records of what was moved.
pub fn records(moved: Vec<Moved>, tables: &Tables<'_>) -> Vec<Record> {
    let mut records = Vec::new();
    for moved in moved {
        let Some(cause) = Cause::of(moved.step) else { continue };
        let pair = tables.pairs(&moved.table)[moved.pair];
        let of_process = moved.table == "journeys";
        let joined = of_process.then(|| tables.processes.whose(moved.pair, cause)).flatten();
        let periods: BTreeSet<usize> = [moved.before, moved.after].into_iter().flatten().map(|(p, _)| p).collect();
        for period in periods {
            let of = |at: Option<(usize, f64)>| at.filter(|(p, _)| *p == period).map(|(_, value)| value);
            records.push(Record {
                table: moved.table.clone(),
                rows: [pair.a, pair.b],
                measure: moved.measure.clone(),
                period,
                cause,
                before: of(moved.before),
                after: of(moved.after),
                changed: moved.changed.clone(),
                person: joined.map_or([NONE; 2], |joined| joined.person),
                into: of_process.then(|| tables.processes.merged_into(moved.pair)).flatten(),
            });
        }
    }
    records
}

/// The same exports under two contracts.
pub struct Redefined<'r> {
    /// What each row contributes.
    pub counted: [&'r Counted; 2],
    pub facts: [&'r Facts<'r>; 2],
    pub catalogues: [&'r Catalogue; 2],
    pub slice: &'r Slice,
}

/// The rows that two contracts count otherwise on the same exports; `pairs` are those of these exports, `known` those of A
/// and them.
///
/// # Errors
/// A defect.
pub fn redefined(of: &Redefined<'_>, pairs: &Tables<'_>, known: &Tables<'_>) -> Result<Vec<Record>> {
    let (counted, catalogues) = (of.counted, of.catalogues);
    let mut records: Vec<Record> = Vec::new();
    for (measure, before) in counted[0] {
        let Some(after) = counted[1].get(measure) else { continue };
        let tables = catalogues.map(|c| c.measures.get(measure).map(|m| m.table.clone()).unwrap_or_default());
        // By record: its rows under either contract.
        let (first, mut both) = (records.len(), Vec::new());
        let mut add = |table: &str, here: [u32; 3], from: Option<(usize, f64)>, to: Option<(usize, f64)>| {
            let periods: BTreeSet<usize> = [from, to].into_iter().flatten().map(|(p, _)| p).collect();
            for period in periods.into_iter().filter(|_| from != to) {
                let of = |at: Option<(usize, f64)>| at.filter(|(p, _)| *p == period).map(|(_, value)| value);
                both.push([here[1], here[2]]);
                records.push(Record {
                    table: table.to_string(),
                    rows: [here[0], here[2]],
                    measure: measure.clone(),
                    period,
                    cause: Cause::Definition,
                    before: of(from),
                    after: of(to),
                    changed: Vec::new(),
                    person: [NONE; 2],
                    into: None,
                });
            }
        };
        let get = |of: &[Option<(usize, f64)>], row: u32| of.get(row as usize).copied().flatten();
        let mut in_a = vec![NONE; before.len()];
        for pair in known.pairs(&tables[0]).iter().filter(|pair| pair.b != NONE) {
            in_a[pair.b as usize] = pair.a;
        }
        let a = |row: u32| in_a.get(row as usize).copied().unwrap_or(NONE);
        if tables[0] == tables[1] {
            for pair in pairs.pairs(&tables[0]) {
                add(&tables[0], [a(pair.a), pair.a, pair.b], get(before, pair.a), get(after, pair.b));
            }
            // What the contract changes in a record that is there under both.
            let measures = catalogues.map(|c| c.measures.get(measure));
            let columns = measures.into_iter().flatten().flat_map(|m| columns_of(m, of.slice)).collect();
            let there: Vec<usize> = (0..both.len()).filter(|at| !both[*at].contains(&NONE)).collect();
            let rows: Vec<[u32; 2]> = there.iter().map(|at| both[*at]).collect();
            for (at, changed) in there.into_iter().zip(differences(of.facts, &tables[0], &columns, &rows)?) {
                records[first + at].changed = changed;
            }
        } else {
            for pair in pairs.pairs(&tables[0]) {
                add(&tables[0], [a(pair.a), pair.a, pair.b], get(before, pair.a), None);
            }
            for pair in pairs.pairs(&tables[1]) {
                add(&tables[1], [NONE, pair.a, pair.b], None, get(after, pair.b));
            }
        }
    }
    Ok(records)
}

/// How many records each cause moves, by measure, period and cause.
pub type Moves<'r> = BTreeMap<(&'r str, Cause), BTreeMap<Option<usize>, BTreeSet<(&'r str, [u32; 2])>>>;

/// Counts them.
pub fn moves(records: &[Record]) -> Moves<'_> {
    let mut moves = Moves::new();
    for record in records {
        let of = moves.entry((&record.measure, record.cause)).or_default();
        for period in [Some(record.period), None] {
            of.entry(period).or_default().insert((&record.table, record.rows));
        }
    }
    moves
}
