//! What one piece of a file gave: typed columns, what was set aside, what could not be read.
//!
//! In: cells, one at a time, from `read`. Out: a [`Part`]. Times wait in a packed form until the whole file has settled the
//! order of day and month.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use super::cell::{self, DecimalVotes, Order, OrderVotes};
use super::plan::Plan;
use super::{BadRows, OnBadRow};
use crate::tables::{NO_FLAG, NO_MONEY, NONE, Type, Values};
use crate::time::Stamp;

/// A cell that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Byte offset of its record in the text.
    pub offset: u64,
    /// Index of the cell.
    pub index: usize,
    /// What stands there.
    pub value: String,
    /// What was expected.
    pub expected: &'static str,
    /// It was taken as missing, and its record is a row.
    pub taken: bool,
}

/// One time that a stage column gave.
#[derive(Debug, Clone, Copy)]
pub struct StageTime {
    /// Row in the part.
    pub row: u32,
    /// Index into [`Plan::stages`].
    pub stage: u32,
    /// When the stage was entered.
    pub at: Stamp,
}

#[derive(Clone, Copy)]
pub(super) struct RawStageTime {
    pub row: u32,
    pub stage: u32,
    pub raw: i64,
}

/// What one piece of a file gave.
pub struct Part {
    /// Byte offset of its block.
    pub at: u64,
    /// Which dictionary the codes in the columns are of.
    pub dictionary: usize,
    pub(super) raw: Vec<Cells>,
    pub(super) raw_stages: Vec<RawStageTime>,
    /// One per [`Plan::columns`]; empty until [`Part::settle`].
    pub columns: Vec<Values>,
    /// Times from stage columns; empty until [`Part::settle`].
    pub stages: Vec<StageTime>,
    /// Byte offset of each row's record.
    pub offsets: Vec<u64>,
    /// The currencies that amounts named themselves: (row, index of the plan's column, ISO code).
    pub currencies: Vec<(u32, u32, [u8; 3])>,
    /// Records read.
    pub read: u64,
    /// Records set aside, by reason.
    pub set_aside: Vec<(String, u64)>,
    /// The first of them, by reason.
    pub aside_at: super::lines::AsideAt,
    /// Their byte offsets and reasons (index in [`Part::set_aside`]), where a list of them is wanted.
    pub asides: Vec<(u64, usize)>,
    /// The first [`Part::DETAILS`] cells that could not be read, or all where a list of them is wanted.
    pub bad: Vec<Bad>,
    /// Records with a cell that could not be read.
    pub bad_rows: u64,
    /// Unreadable cells that were taken as missing, by index of the cell.
    pub nulled: BTreeMap<usize, u64>,
    /// Numbers that are none, by index of the plan's column: taken as missing, as no figure rests on them.
    pub no_numbers: BTreeMap<usize, u64>,
    /// Rows that had fewer cells than the header.
    pub short: u64,
    /// Spreadsheets' serial days by index of the cell: the first one's record.
    pub serials: BTreeMap<usize, u64>,
    /// By index of the cell, whether there were times of any other form.
    pub other_times: Vec<bool>,
    /// The first record whose row sums up several days.
    pub sum_at: Option<u64>,
    /// What the dates say about day and month.
    pub order: OrderVotes,
    /// What the numbers say about the decimal mark.
    pub decimal: DecimalVotes,
    /// Some times are months.
    pub monthly: bool,
    /// How its times are written: bits of [`FORMS`].
    pub forms: u8,
}

/// How times are written, by bit.
pub const FORMS: [&str; 6] = [
    "year first",
    "two numbers and a year",
    "month by name",
    "seconds or milliseconds since 1970",
    "month",
    "serial day",
];

pub(super) enum Cells {
    Code(Vec<u32>),
    Ids(Vec<Vec<u32>>),
    Key(Vec<u128>),
    Time(Vec<i64>),
    Money(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<i8>),
}

/// Times that wait for the file's day/month order are packed below every real time.
const PACKED: i64 = -(1 << 62);

pub(super) fn pack(a: u8, b: u8, year: i32, ms_of_day: i32, offset_s: Option<i32>, is_date: bool) -> i64 {
    // Offsets are whole minutes within a day; 0 is none.
    let offset = offset_s.map_or(0, |s| i64::from(s / 60) + 1440);
    let payload = (offset << 50)
        | (i64::from(year) << 38)
        | (i64::from(a) << 33)
        | (i64::from(b) << 28)
        | (i64::from(ms_of_day) << 1)
        | i64::from(is_date);
    PACKED - payload
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the inverse of `pack`
fn unpack(raw: i64) -> Option<(u8, u8, i32, i32, Option<i32>, bool)> {
    if raw > PACKED || raw == i64::MIN {
        return None;
    }
    let payload = PACKED - raw;
    Some((
        ((payload >> 33) & 31) as u8,
        ((payload >> 28) & 31) as u8,
        ((payload >> 38) & 0xfff) as i32,
        ((payload >> 1) & 0x7ff_ffff) as i32,
        Some((payload >> 50) as i32).filter(|o| *o > 0).map(|o| (o - 1440) * 60),
        payload & 1 == 1,
    ))
}

pub(super) const MISSING_TIME: i64 = i64::MIN;

pub(super) fn new_cells(kind: Type, rows: usize) -> Cells {
    match kind {
        Type::Id | Type::Email | Type::Text => Cells::Code(Vec::with_capacity(rows)),
        Type::Ids => Cells::Ids(Vec::with_capacity(rows)),
        Type::Key => Cells::Key(Vec::with_capacity(rows)),
        Type::Time => Cells::Time(Vec::with_capacity(rows)),
        Type::Money => Cells::Money(Vec::with_capacity(rows)),
        Type::Number => Cells::Number(Vec::with_capacity(rows)),
        Type::Flag => Cells::Flag(Vec::with_capacity(rows)),
    }
}

impl Cells {
    pub(super) fn push_missing(&mut self) {
        match self {
            Self::Code(v) => v.push(NONE),
            Self::Ids(v) => v.push(Vec::new()),
            Self::Key(v) => v.push(0),
            Self::Time(v) => v.push(MISSING_TIME),
            Self::Money(v) => v.push(NO_MONEY),
            Self::Number(v) => v.push(f64::NAN),
            Self::Flag(v) => v.push(NO_FLAG),
        }
    }

    pub(super) fn last_is_missing(&self) -> bool {
        match self {
            Self::Code(v) => v.last() == Some(&NONE),
            Self::Ids(v) => v.last().is_none_or(Vec::is_empty),
            Self::Key(v) => v.last() == Some(&0),
            Self::Time(v) => v.last() == Some(&MISSING_TIME),
            Self::Money(v) => v.last() == Some(&NO_MONEY),
            Self::Number(v) => v.last().is_none_or(|x| x.is_nan()),
            Self::Flag(v) => v.last() == Some(&NO_FLAG),
        }
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        match self {
            Self::Code(v) => v.truncate(rows),
            Self::Ids(v) => v.truncate(rows),
            Self::Key(v) => v.truncate(rows),
            Self::Time(v) => v.truncate(rows),
            Self::Money(v) => v.truncate(rows),
            Self::Number(v) => v.truncate(rows),
            Self::Flag(v) => v.truncate(rows),
        }
    }
}

/// A fingerprint of an id: of 128 bits, so that two ids do not share one in any file that fits on a disk.
pub(super) fn fingerprint(id: &[u8]) -> u128 {
    let half = |seed| foldhash::quality::FixedState::with_seed(seed).hash_one(id);
    ((u128::from(half(1)) << 64) | u128::from(half(2))).max(1)
}

pub(super) fn raw(stamp: Stamp) -> i64 {
    (stamp.utc_ms() << 1) | i64::from(stamp.is_date())
}

fn stamp_of(raw: i64) -> Stamp {
    if raw == MISSING_TIME {
        Stamp::NONE
    } else if raw & 1 == 1 {
        Stamp::date(raw >> 1)
    } else {
        Stamp::instant(raw >> 1)
    }
}

impl Part {
    /// How many unreadable cells are kept with their place; the rest is only counted.
    pub const DETAILS: usize = 64;

    /// Turns raw times into stamps, now that the file's day/month order is known. Dates that this order cannot mean
    /// are added to [`Part::bad`], and their rows are dropped.
    pub fn settle(&mut self, plan: &Plan, order: Option<Order>, bad_rows: BadRows) {
        let mut keep = vec![true; self.offsets.len()];
        let (mut bad, mut rows) = (Vec::new(), 0);
        let mut nulled: BTreeMap<usize, u64> = BTreeMap::new();
        let offsets = &self.offsets;
        let mut settle_one = |raw: i64, row: usize, index: usize, needed: bool| -> Stamp {
            let Some((a, b, year, ms_of_day, offset_s, is_date)) = unpack(raw) else { return stamp_of(raw) };
            if let Some(civil_ms) = order.and_then(|order| cell::resolve(a, b, year, ms_of_day, order)) {
                return plan.stamp(civil_ms, offset_s, is_date);
            }
            let taken = bad_rows.on == OnBadRow::Null && !needed;
            if taken {
                *nulled.entry(index).or_default() += 1;
            } else {
                rows += u64::from(std::mem::replace(&mut keep[row], false));
            }
            if bad.len() >= Self::DETAILS && !bad_rows.list {
                return Stamp::NONE;
            }
            let expected = "a date that exists in this order of day and month";
            bad.push(Bad { offset: offsets[row], index, value: format!("{a}/{b}/{year}"), expected, taken });
            Stamp::NONE
        };
        for (cells, column) in std::mem::take(&mut self.raw).into_iter().zip(&plan.columns) {
            self.columns.push(match cells {
                Cells::Code(v) if column.kind == Type::Text => Values::Text(v),
                Cells::Code(v) => Values::Id(v),
                Cells::Ids(v) => Values::Ids(v),
                Cells::Key(v) => Values::Key(v),
                Cells::Time(v) => {
                    let needed = plan.kind.keys().iter().any(|group| group.contains(&column.name.as_str()));
                    let times = v.into_iter().enumerate();
                    Values::Time(times.map(|(row, raw)| settle_one(raw, row, column.index, needed)).collect())
                }
                Cells::Money(v) => Values::Money(v),
                Cells::Number(v) => Values::Number(v),
                Cells::Flag(v) => Values::Flag(v),
            });
        }
        for RawStageTime { row, stage, raw } in std::mem::take(&mut self.raw_stages) {
            let at = settle_one(raw, row as usize, plan.stages[stage as usize].index, false);
            self.stages.push(StageTime { row, stage, at });
        }
        self.bad.append(&mut bad);
        self.bad_rows += rows;
        for (index, n) in nulled {
            *self.nulled.entry(index).or_default() += n;
        }
        self.stages.retain(|s| !s.at.is_none());
        self.bad.sort_by_key(|b| (b.offset, b.index));
        if !keep.iter().all(|k| *k) {
            self.drop_rows(&keep);
        }
    }

    /// Later rows move up, and what points at rows moves with them.
    fn drop_rows(&mut self, keep: &[bool]) {
        for values in &mut self.columns {
            values.keep(keep);
        }
        let mut moved = vec![None; keep.len()];
        let mut next = 0_u32;
        for (row, kept) in keep.iter().enumerate() {
            if *kept {
                moved[row] = Some(next);
                self.offsets[next as usize] = self.offsets[row];
                next += 1;
            }
        }
        self.offsets.truncate(next as usize);
        self.currencies.retain_mut(|(row, _, _)| moved[*row as usize].inspect(|m| *row = *m).is_some());
        self.stages.retain_mut(|s| moved[s.row as usize].inspect(|m| s.row = *m).is_some());
    }

    /// The first date of two numbers for which `test` holds, before [`Part::settle`]: offset, cell index.
    pub fn first_order(&self, plan: &Plan, test: impl Fn(u8, u8) -> bool) -> Option<(u64, usize)> {
        let columns = self.raw.iter().zip(&plan.columns).filter_map(|(cells, column)| match cells {
            Cells::Time(raw) => {
                let row = raw.iter().position(|raw| unpack(*raw).is_some_and(|(a, b, ..)| test(a, b)))?;
                Some((self.offsets[row], column.index))
            }
            _ => None,
        });
        let stages = self.raw_stages.iter().filter(|s| unpack(s.raw).is_some_and(|(a, b, ..)| test(a, b)));
        columns.chain(stages.map(|s| (self.offsets[s.row as usize], plan.stages[s.stage as usize].index))).min()
    }

    /// The currencies that the table's own amounts name in their cells, by row.
    pub fn own_currencies(&self, plan: &Plan) -> Vec<(u32, [u8; 3])> {
        let own = |column: u32| {
            let name = plan.columns.get(column as usize).map(|c| c.name.as_str());
            matches!(name, Some("amount" | "cost"))
        };
        self.currencies.iter().filter(|(_, column, _)| own(*column)).map(|(row, _, code)| (*row, *code)).collect()
    }

    /// The settled column of that name.
    pub fn column<'a>(&'a self, plan: &Plan, name: &str) -> Option<&'a Values> {
        plan.columns.iter().position(|c| c.name == name).and_then(|i| self.columns.get(i))
    }
}
