//! Records → typed columns: the hot path.
//!
//! In: decoded text and a [`Plan`] (which cell of a record becomes which canonical column, and how). Out: a [`Part`]
//! with typed columns, what was set aside and why, and what could not be read. A record becomes a row whole or not at
//! all: `read = rows + Σ set aside + rejected`.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::cell::{self, Decimal, DecimalVotes, Order, OrderVotes, TimeCell};
use super::preset::{StageCell, Subject};
use super::records::{self, Record, Trouble};
use crate::tables::{Kind, NO_FLAG, NO_MONEY, NONE, Names, Type, Values};
use crate::time::{Stamp, Zone};

/// One canonical column and the cell it comes from.
pub struct PlanColumn {
    /// Canonical name, or the user's own.
    pub name: String,
    /// How its cells are read.
    pub kind: Type,
    /// Index of the cell in the record.
    pub index: usize,
    /// Exact cell text → canonical text; `*` is any other.
    pub values: Option<IndexMap<String, String>>,
    /// A time that is a day, whatever time of day the export writes behind it.
    pub day: bool,
}

/// How the records of one file become rows.
pub struct Plan {
    /// The table they go to.
    pub kind: Kind,
    /// The mapped columns.
    pub columns: Vec<PlanColumn>,
    /// Columns with the same text in every row.
    pub constants: Vec<(String, String)>,
    /// Cells whose header names a stage.
    pub stages: Vec<StageCell>,
    /// The rows that are used: cell index, allowed texts, and the reason for the others.
    pub only: Option<(usize, Vec<String>, String)>,
    /// Cells that mean nothing.
    pub nulls: Vec<String>,
    /// The header, to recognise when it is repeated.
    pub header: Vec<String>,
    /// Zone of instants written without an offset.
    pub zone: Zone,
    /// The contract's zone, in which days are days.
    pub home: Zone,
    /// Digits after the decimal mark that amounts are read with.
    pub exponent: u32,
    /// The file's decimal mark.
    pub decimal: Decimal,
    /// The file's delimiter.
    pub delimiter: u8,
}

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
struct RawStageTime {
    row: u32,
    stage: u32,
    raw: i64,
}

/// What one piece of a file gave.
pub struct Part {
    /// Dictionary of the codes in the columns.
    pub names: Names,
    raw: Vec<Cells>,
    raw_stages: Vec<RawStageTime>,
    /// One per [`Plan::columns`]; empty until [`Part::settle`].
    pub columns: Vec<Values>,
    /// Times from stage columns; empty until [`Part::settle`].
    pub stages: Vec<StageTime>,
    /// Byte offset of each row's record.
    pub offsets: Vec<u64>,
    /// The currencies that amounts named themselves: (row, ISO code).
    pub currencies: Vec<(u32, [u8; 3])>,
    /// Records read.
    pub read: u64,
    /// Records set aside, by reason.
    pub set_aside: BTreeMap<String, u64>,
    /// Cells that could not be read; their records are no rows.
    pub bad: Vec<Bad>,
    /// Rows that had fewer cells than the header.
    pub short: u64,
    /// What the dates say about day and month.
    pub order: OrderVotes,
    /// What the numbers say about the decimal mark.
    pub decimal: DecimalVotes,
    /// Some times are months.
    pub monthly: bool,
}

enum Cells {
    Code(Vec<u32>),
    Ids(Vec<Vec<u32>>),
    Time(Vec<i64>),
    Money(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<i8>),
}

/// Times that wait for the file's day/month order are packed below every real time.
const PACKED: i64 = -(1 << 62);

fn pack(a: u8, b: u8, year: i32, ms_of_day: i32, is_date: bool) -> i64 {
    let payload = (i64::from(year) << 38)
        | (i64::from(a) << 33)
        | (i64::from(b) << 28)
        | (i64::from(ms_of_day) << 1)
        | i64::from(is_date);
    PACKED - payload
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the inverse of `pack`
fn unpack(raw: i64) -> Option<(u8, u8, i32, i32, bool)> {
    if raw > PACKED || raw == i64::MIN {
        return None;
    }
    let payload = PACKED - raw;
    Some((
        ((payload >> 33) & 31) as u8,
        ((payload >> 28) & 31) as u8,
        (payload >> 38) as i32,
        ((payload >> 1) & 0x7ff_ffff) as i32,
        payload & 1 == 1,
    ))
}

const MISSING_TIME: i64 = i64::MIN;

impl Plan {
    fn stamp(&self, civil_ms: i64, offset_s: Option<i32>, is_date: bool) -> Stamp {
        match (is_date, offset_s) {
            (true, _) => Stamp::date(self.home.to_utc(civil_ms)),
            (false, Some(offset)) => Stamp::instant(civil_ms - i64::from(offset) * 1000),
            (false, None) => Stamp::instant(self.zone.to_utc(civil_ms)),
        }
    }

    fn is_ledger(&self) -> bool {
        matches!(self.kind, Kind::Spend | Kind::Headcount | Kind::Revenue)
    }

    /// Which plan columns must not all be missing, and the reason when they are.
    fn keys(&self) -> Vec<(Vec<usize>, String)> {
        let constant = |name: &str| self.constants.iter().any(|(n, _)| n == name);
        self.kind
            .keys()
            .iter()
            .filter(|group| !group.iter().any(|name| constant(name)))
            .map(|group| {
                let at = self.columns.iter().enumerate().filter(|(_, c)| group.contains(&c.name.as_str()));
                (at.map(|(i, _)| i).collect(), format!("no {}", group.join(" or ")))
            })
            .collect()
    }
}

struct Reader<'p> {
    plan: &'p Plan,
    keys: Vec<(Vec<usize>, String)>,
    deleted: Option<usize>,
    nulls: Vec<&'p [u8]>,
    id: [u8; 18],
    email: Vec<u8>,
    part: Part,
}

fn new_cells(kind: Type) -> Cells {
    match kind {
        Type::Id | Type::Email | Type::Text => Cells::Code(Vec::new()),
        Type::Ids => Cells::Ids(Vec::new()),
        Type::Time => Cells::Time(Vec::new()),
        Type::Money => Cells::Money(Vec::new()),
        Type::Number => Cells::Number(Vec::new()),
        Type::Flag => Cells::Flag(Vec::new()),
    }
}

impl Cells {
    fn push_missing(&mut self) {
        match self {
            Self::Code(v) => v.push(NONE),
            Self::Ids(v) => v.push(Vec::new()),
            Self::Time(v) => v.push(MISSING_TIME),
            Self::Money(v) => v.push(NO_MONEY),
            Self::Number(v) => v.push(f64::NAN),
            Self::Flag(v) => v.push(NO_FLAG),
        }
    }

    fn last_is_missing(&self) -> bool {
        match self {
            Self::Code(v) => v.last() == Some(&NONE),
            Self::Ids(v) => v.last().is_none_or(Vec::is_empty),
            Self::Time(v) => v.last() == Some(&MISSING_TIME),
            Self::Money(v) => v.last() == Some(&NO_MONEY),
            Self::Number(v) => v.last().is_none_or(|x| x.is_nan()),
            Self::Flag(v) => v.last() == Some(&NO_FLAG),
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Code(v) => v.truncate(rows),
            Self::Ids(v) => v.truncate(rows),
            Self::Time(v) => v.truncate(rows),
            Self::Money(v) => v.truncate(rows),
            Self::Number(v) => v.truncate(rows),
            Self::Flag(v) => v.truncate(rows),
        }
    }
}

impl<'p> Reader<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            keys: plan.keys(),
            deleted: plan.columns.iter().position(|c| c.name == "is_deleted"),
            nulls: plan.nulls.iter().map(String::as_bytes).collect(),
            id: [0; 18],
            email: Vec::new(),
            part: Part {
                names: Names::default(),
                raw: plan.columns.iter().map(|c| new_cells(c.kind)).collect(),
                raw_stages: Vec::new(),
                columns: Vec::new(),
                stages: Vec::new(),
                offsets: Vec::new(),
                currencies: Vec::new(),
                read: 0,
                set_aside: BTreeMap::new(),
                bad: Vec::new(),
                short: 0,
                order: OrderVotes::default(),
                decimal: DecimalVotes::default(),
                monthly: false,
            },
        }
    }

    fn aside(&mut self, reason: &str) {
        match self.part.set_aside.get_mut(reason) {
            Some(n) => *n += 1,
            None => {
                self.part.set_aside.insert(reason.to_string(), 1);
            }
        }
    }

    fn record(&mut self, offset: u64, record: &Record<'_>) {
        self.part.read += 1;
        let plan = self.plan;
        let width = plan.header.len();
        if record.len() < width {
            if record.is_blank() {
                return self.aside("blank row");
            }
            self.part.short += 1;
        } else if record.len() > width && (width..record.len()).any(|i| !record.get(i).is_empty()) {
            return self.aside("more cells than the header has");
        }
        if let Some((index, allowed, reason)) = &plan.only {
            let cell = record.get(*index);
            if !allowed.iter().any(|a| a.as_bytes().eq_ignore_ascii_case(&cell)) {
                let reason = if record.is_blank() { "blank row" } else { reason.as_str() };
                return self.aside(reason);
            }
        }
        let rows = self.part.offsets.len();
        let bad_before = self.part.bad.len();
        let mut filled = false;
        for i in 0..plan.columns.len() {
            filled |= self.cell(i, offset, record);
        }
        let mut reason: Option<&str> = None;
        if self.part.bad.len() > bad_before {
            // Already noted, cell by cell.
            if is_header(record, &plan.header) {
                self.part.bad.truncate(bad_before);
                reason = Some("header repeated");
            }
            self.drop_row(rows);
            if let Some(reason) = reason {
                self.aside(reason);
            }
            return;
        }
        if let Some(deleted) = self.deleted
            && let Cells::Flag(flags) = &self.part.raw[deleted]
            && flags.last() == Some(&1)
        {
            self.drop_row(rows);
            return self.aside("deleted in the source system");
        }
        let missing =
            self.keys.iter().position(|(columns, _)| columns.iter().all(|c| self.part.raw[*c].last_is_missing()));
        if missing.is_some() || !filled {
            self.drop_row(rows);
            let key = missing.map_or_else(String::new, |m| self.keys[m].1.clone());
            let reason = if record.is_blank() { "blank row" } else { key.as_str() };
            return self.aside(if reason.is_empty() { "no value in any mapped column" } else { reason });
        }
        if !plan.columns.iter().any(|c| matches!(c.kind, Type::Time | Type::Money | Type::Number | Type::Flag))
            && is_header(record, &plan.header)
        {
            self.drop_row(rows);
            return self.aside("header repeated");
        }
        if !self.stage_cells(rows, offset, record) {
            self.drop_row(rows);
            return;
        }
        self.part.offsets.push(offset);
    }

    fn drop_row(&mut self, rows: usize) {
        for cells in &mut self.part.raw {
            cells.truncate(rows);
        }
        while self.part.raw_stages.last().is_some_and(|s| s.row as usize >= rows) {
            self.part.raw_stages.pop();
        }
        while self.part.currencies.last().is_some_and(|(row, _)| *row as usize >= rows) {
            self.part.currencies.pop();
        }
    }

    #[allow(clippy::cast_possible_truncation)] // a part has fewer than 2^32 rows
    fn stage_cells(&mut self, rows: usize, offset: u64, record: &Record<'_>) -> bool {
        let plan = self.plan;
        let mut good = true;
        for (stage, at) in plan.stages.iter().enumerate() {
            let value = record.get(at.index);
            if value.is_empty() || self.nulls.iter().any(|n| *n == &*value) {
                continue;
            }
            if let Some(raw) = self.raw_time(&value, false) {
                self.part.raw_stages.push(RawStageTime { row: rows as u32, stage: stage as u32, raw });
            } else {
                self.bad(offset, at.index, &value, "a date or a date and time");
                good = false;
            }
        }
        good
    }

    fn bad(&mut self, offset: u64, index: usize, value: &[u8], expected: &'static str) {
        self.part.bad.push(Bad { offset, index, value: String::from_utf8_lossy(value).into_owned(), expected });
    }

    fn raw_time(&mut self, value: &[u8], day: bool) -> Option<i64> {
        Some(match cell::time(value)? {
            TimeCell::Known { civil_ms, .. } if day => {
                raw(self.plan.stamp(civil_ms.div_euclid(86_400_000) * 86_400_000, None, true))
            }
            TimeCell::Order { a, b, year, .. } if day => {
                self.part.order.see(a, b);
                pack(a, b, year, 0, true)
            }
            TimeCell::Known { civil_ms, offset_s, is_date } => raw(self.plan.stamp(civil_ms, offset_s, is_date)),
            TimeCell::Order { a, b, year, ms_of_day, is_date } => {
                self.part.order.see(a, b);
                pack(a, b, year, ms_of_day, is_date)
            }
            TimeCell::Month { year, month } if self.plan.is_ledger() => {
                self.part.monthly = true;
                let day = cell::days_from_civil(year, month, 1);
                raw(self.plan.stamp(day * 86_400_000, None, true))
            }
            TimeCell::Month { .. } => return None,
        })
    }

    /// Reads one mapped cell into its column; `true` when it has a value.
    #[allow(clippy::cast_possible_truncation)] // a part has fewer than 2^32 rows
    fn cell(&mut self, column: usize, offset: u64, record: &Record<'_>) -> bool {
        let plan = self.plan;
        let PlanColumn { kind, index, values, day, .. } = &plan.columns[column];
        let written = record.get(*index);
        let mut value: &[u8] = &written;
        if value.is_empty() || self.nulls.contains(&value) {
            self.part.raw[column].push_missing();
            return false;
        }
        if let Some(values) = values
            && let Some(text) = std::str::from_utf8(value).ok().and_then(|v| values.get(v)).or_else(|| values.get("*"))
        {
            value = text.as_bytes();
            if value.is_empty() {
                self.part.raw[column].push_missing();
                return false;
            }
        }
        let expected = match kind {
            Type::Id => {
                let code = cell::id(value, &mut self.id)
                    .and_then(|id| std::str::from_utf8(id).ok())
                    .map_or(NONE, |id| self.part.names.code(id));
                return self.push_code(column, code);
            }
            Type::Email => {
                let code = cell::email(value, &mut self.email)
                    .and_then(|email| std::str::from_utf8(email).ok())
                    .map_or(NONE, |email| self.part.names.code(email));
                return self.push_code(column, code);
            }
            Type::Text => {
                let code = std::str::from_utf8(value).map_or(NONE, |text| self.part.names.code(text));
                return self.push_code(column, code);
            }
            Type::Ids => {
                let mut codes = Vec::new();
                for one in value.split(|b| *b == b';' || *b == b',').map(<[u8]>::trim_ascii).filter(|b| !b.is_empty()) {
                    let id = cell::id(one, &mut self.id).and_then(|id| std::str::from_utf8(id).ok());
                    codes.extend(id.map(|id| self.part.names.code(id)));
                }
                let any = !codes.is_empty();
                if let Cells::Ids(v) = &mut self.part.raw[column] {
                    v.push(codes);
                }
                return any;
            }
            Type::Time => {
                if let Some(raw) = self.raw_time(value, *day) {
                    if let Cells::Time(v) = &mut self.part.raw[column] {
                        v.push(raw);
                    }
                    return true;
                }
                if plan.is_ledger() { "a day (2026-03-31) or a month (2026-03)" } else { "a date or a date and time" }
            }
            Type::Money => {
                self.part.decimal.see(value);
                if let Ok(money) = cell::money(value, plan.exponent, plan.decimal) {
                    if let Cells::Money(v) = &mut self.part.raw[column] {
                        v.push(money.minor);
                    }
                    if let Some(code) = money.currency {
                        self.part.currencies.push((self.part.offsets.len() as u32, code));
                    }
                    return true;
                }
                "an amount such as 1234.50"
            }
            Type::Number => {
                self.part.decimal.see(value);
                if let Some(number) = cell::number(value, plan.decimal) {
                    if let Cells::Number(v) = &mut self.part.raw[column] {
                        v.push(number);
                    }
                    return true;
                }
                "a number"
            }
            Type::Flag => {
                if let Some(flag) = cell::flag(value) {
                    if let Cells::Flag(v) = &mut self.part.raw[column] {
                        v.push(i8::from(flag));
                    }
                    return true;
                }
                "yes or no (true/false, 1/0, yes/no)"
            }
        };
        let text = value.to_vec();
        self.part.raw[column].push_missing();
        self.bad(offset, *index, &text, expected);
        true
    }

    fn push_code(&mut self, column: usize, code: u32) -> bool {
        if let Cells::Code(v) = &mut self.part.raw[column] {
            v.push(code);
        }
        code != NONE
    }
}

fn is_header(record: &Record<'_>, header: &[String]) -> bool {
    record.len() == header.len() && header.iter().enumerate().all(|(i, h)| *record.get(i) == *h.as_bytes())
}

fn raw(stamp: Stamp) -> i64 {
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

/// Reads all records of `text` (data only, no header), in parallel pieces where they are many.
///
/// # Errors
/// [`Trouble::OpenQuote`] when a quote never closes.
pub fn read(text: &[u8], plan: &Plan, threads: usize) -> Result<Vec<Part>, Trouble> {
    use rayon::prelude::*;
    let ranges = records::cut(text, threads);
    let parts: Result<Vec<Part>, Trouble> = ranges
        .into_par_iter()
        .map(|range| {
            let mut reader = Reader::new(plan);
            let base = range.start as u64;
            records::plain(&text[range], plan.delimiter, |at, record| reader.record(base + at, &record))?;
            Ok(reader.part)
        })
        .collect();
    match parts {
        Err(Trouble::Malformed) => {
            let mut reader = Reader::new(plan);
            records::careful(text, plan.delimiter, |at, record| reader.record(at, &record))?;
            Ok(vec![reader.part])
        }
        other => other,
    }
}

impl Part {
    /// Turns raw times into stamps, now that the file's day/month order is known. Dates that this order cannot mean
    /// are added to [`Part::bad`], and their rows are dropped.
    pub fn settle(&mut self, plan: &Plan, order: Option<Order>) {
        let mut keep = vec![true; self.offsets.len()];
        let mut bad = Vec::new();
        let offsets = &self.offsets;
        let mut settle_one = |raw: i64, row: usize, index: usize| -> Stamp {
            let Some((a, b, year, ms_of_day, is_date)) = unpack(raw) else { return stamp_of(raw) };
            if let Some(civil_ms) = order.and_then(|order| cell::resolve(a, b, year, ms_of_day, order)) {
                return plan.stamp(civil_ms, None, is_date);
            }
            keep[row] = false;
            let expected = "a date that exists, in the day/month order of the rest of the file";
            bad.push(Bad { offset: offsets[row], index, value: format!("{a}/{b}/{year}"), expected });
            Stamp::NONE
        };
        for (cells, column) in std::mem::take(&mut self.raw).into_iter().zip(&plan.columns) {
            self.columns.push(match cells {
                Cells::Code(v) if column.kind == Type::Text => Values::Text(v),
                Cells::Code(v) => Values::Id(v),
                Cells::Ids(v) => Values::Ids(v),
                Cells::Time(v) => Values::Time(
                    v.into_iter().enumerate().map(|(row, raw)| settle_one(raw, row, column.index)).collect(),
                ),
                Cells::Money(v) => Values::Money(v),
                Cells::Number(v) => Values::Number(v),
                Cells::Flag(v) => Values::Flag(v),
            });
        }
        for RawStageTime { row, stage, raw } in std::mem::take(&mut self.raw_stages) {
            let at = settle_one(raw, row as usize, plan.stages[stage as usize].index);
            self.stages.push(StageTime { row, stage, at });
        }
        self.bad.append(&mut bad);
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
        self.currencies.retain_mut(|(row, _)| moved[*row as usize].inspect(|m| *row = *m).is_some());
        self.stages.retain_mut(|s| moved[s.row as usize].inspect(|m| s.row = *m).is_some());
    }

    /// The settled column of that name.
    pub fn column<'a>(&'a self, plan: &Plan, name: &str) -> Option<&'a Values> {
        plan.columns.iter().position(|c| c.name == name).and_then(|i| self.columns.get(i))
    }
}

/// Whose stage a stage column tells.
pub fn subject_column(subject: Subject) -> &'static str {
    match subject {
        Subject::Person => "person_id",
        Subject::Deal => "deal_id",
    }
}
