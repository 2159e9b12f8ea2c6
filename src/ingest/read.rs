//! Records → typed columns: the hot path.
//!
//! In: records and a [`Plan`] (which cell of a record becomes which canonical column, and how). Out: a [`Part`] with
//! typed columns, what was set aside and why, and what could not be read. A record becomes a row whole or not at
//! all: `read = rows + Σ set aside + rejected`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::cell::{self, DecimalVotes, OrderVotes, TimeCell};
use super::part::{Bad, Cells, Part, RawStageTime, fingerprint, new_cells, pack, raw};
use super::plan::{More, Plan, PlanColumn};
use super::preset::Subject;
use super::records::Record;
use super::{BadRows, OnBadRow};
use crate::tables::{NONE, Names, Type};

/// Turns the records of one block into a [`Part`].
pub struct Reader<'p, 'n> {
    plan: &'p Plan,
    names: &'n mut Names,
    bad_rows: BadRows,
    keys: Vec<(Vec<usize>, String)>,
    deleted: Option<usize>,
    /// The column that says which record this one was merged into: such a record is deleted, and its id still leads somewhere.
    master: Option<usize>,
    nulls: Vec<&'p [u8]>,
    /// Cells of each column and what its value map has made of them.
    lately: Vec<Vec<(Vec<u8>, Option<&'p str>)>>,
    id: cell::IdBuffer,
    email: Vec<u8>,
    row_is_bad: bool,
    /// Cells of this record that are taken as missing.
    nulled: Vec<usize>,
    part: Part,
}

impl<'p, 'n> Reader<'p, 'n> {
    /// A reader of the block at byte offset `at`, which will have about `rows` rows.
    pub fn new(plan: &'p Plan, names: &'n mut Names, bad_rows: BadRows, at: u64, rows: usize) -> Self {
        Self {
            plan,
            names,
            bad_rows,
            keys: plan.keys(),
            deleted: plan.columns.iter().position(|c| c.name == "is_deleted"),
            master: plan.columns.iter().position(|c| c.name == "master_id"),
            nulls: plan.nulls.iter().map(String::as_bytes).collect(),
            lately: plan.columns.iter().map(|_| Vec::new()).collect(),
            id: [0; 36],
            email: Vec::new(),
            row_is_bad: false,
            nulled: Vec::new(),
            part: Part {
                at,
                dictionary: 0,
                raw: plan.columns.iter().map(|c| new_cells(c.kind, rows)).collect(),
                raw_stages: Vec::new(),
                columns: Vec::new(),
                stages: Vec::new(),
                offsets: Vec::with_capacity(rows),
                currencies: Vec::new(),
                read: 0,
                set_aside: Vec::new(),
                aside_at: BTreeMap::new(),
                asides: Vec::new(),
                bad: Vec::new(),
                bad_rows: 0,
                nulled: BTreeMap::new(),
                no_numbers: BTreeMap::new(),
                short: 0,
                serials: BTreeMap::new(),
                other_times: vec![false; plan.header.len()],
                sum_at: None,
                order: OrderVotes::default(),
                decimal: DecimalVotes::default(),
                monthly: plan.columns.iter().any(|c| c.month),
                forms: 0,
            },
        }
    }

    /// What its records gave.
    pub fn finish(self) -> Part {
        self.part
    }

    fn aside(&mut self, offset: u64, reason: &str) {
        super::lines::remember(&mut self.part.aside_at, reason, offset);
        let known = self.part.set_aside.iter().position(|(r, _)| r == reason);
        let at = known.unwrap_or_else(|| {
            self.part.set_aside.push((reason.to_string(), 0));
            self.part.set_aside.len() - 1
        });
        self.part.set_aside[at].1 += 1;
        if self.bad_rows.list {
            self.part.asides.push((offset, at));
        }
    }

    /// Reads one record, at a byte offset of the file's text.
    pub fn record(&mut self, offset: u64, record: &Record<'_>) {
        self.part.read += 1;
        let plan = self.plan;
        let width = plan.header.len();
        if record.len() < width {
            if record.is_blank() {
                return self.aside(offset, "blank row");
            }
            self.part.short += 1;
        } else if record.len() > width && (width..record.len()).any(|i| !record.get(i).is_empty()) {
            return self.aside(offset, "more cells than the header has");
        }
        if is_header(record, &plan.header) {
            return self.aside(offset, "header repeated");
        }
        if let Some((index, allowed, reason)) = &plan.only {
            let cell = record.get(*index);
            if !allowed.iter().any(|a| a.as_bytes().eq_ignore_ascii_case(&cell)) {
                let reason = if record.is_blank() { "blank row" } else { reason.as_str() };
                return self.aside(offset, reason);
            }
        }
        for aside in &plan.except {
            if aside.is(&record.get(aside.index)) {
                let reason = if record.is_blank() { "blank row" } else { aside.reason.as_str() };
                return self.aside(offset, reason);
            }
        }
        if let Some((one, other)) = plan.same
            && self.part.sum_at.is_none()
            && record.get(one) != record.get(other)
        {
            self.part.sum_at = Some(offset);
        }
        let rows = self.part.offsets.len();
        let bad_before = self.part.bad.len();
        self.row_is_bad = false;
        self.nulled.clear();
        let mut filled = false;
        for i in 0..plan.columns.len() {
            filled |= self.cell(i, offset, record);
        }
        if self.row_is_bad {
            self.part.bad_rows += 1;
            return self.drop_row(rows);
        }
        if let Some(deleted) = self.deleted
            && let Cells::Flag(flags) = &self.part.raw[deleted]
            && flags.last() == Some(&1)
            && self.master.is_none_or(|master| self.part.raw[master].last_is_missing())
        {
            self.drop_row(rows);
            self.part.bad.truncate(bad_before);
            return self.aside(offset, "deleted in the source system");
        }
        let missing =
            self.keys.iter().position(|(columns, _)| columns.iter().all(|c| self.part.raw[*c].last_is_missing()));
        if missing.is_some() || !filled {
            self.drop_row(rows);
            if !self.nulled.is_empty() {
                // It means nothing without the cell that could not be read.
                self.part.bad_rows += 1;
                return;
            }
            let key = missing.map_or_else(String::new, |m| self.keys[m].1.clone());
            let reason = if record.is_blank() { "blank row" } else { key.as_str() };
            return self.aside(offset, if reason.is_empty() { "no value in any mapped column" } else { reason });
        }
        if !self.stage_cells(rows, offset, record) {
            self.part.bad_rows += 1;
            return self.drop_row(rows);
        }
        for index in self.nulled.drain(..) {
            *self.part.nulled.entry(index).or_default() += 1;
        }
        let from = bad_before.min(self.part.bad.len());
        self.part.bad[from..].iter_mut().for_each(|bad| bad.taken = true);
        self.part.offsets.push(offset);
    }

    fn drop_row(&mut self, rows: usize) {
        for cells in &mut self.part.raw {
            cells.truncate(rows);
        }
        while self.part.raw_stages.last().is_some_and(|s| s.row as usize >= rows) {
            self.part.raw_stages.pop();
        }
        while self.part.currencies.last().is_some_and(|(row, _, _)| *row as usize >= rows) {
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
            if let Some(raw) = self.raw_time(&value, false, at.index, offset) {
                self.part.raw_stages.push(RawStageTime { row: rows as u32, stage: stage as u32, raw });
            } else {
                self.bad(offset, at.index, &value, "a date or a date and time");
                good &= !self.row_is_bad;
            }
        }
        good
    }

    fn bad(&mut self, offset: u64, index: usize, value: &[u8], expected: &'static str) {
        if self.bad_rows.on == OnBadRow::Null {
            self.nulled.push(index);
        } else {
            self.row_is_bad = true;
        }
        if self.bad_rows.list || self.part.bad.len() < Part::DETAILS {
            self.part.bad.push(Bad {
                offset,
                index,
                value: String::from_utf8_lossy(value).into_owned(),
                expected,
                taken: false,
            });
        }
    }

    fn raw_time(&mut self, value: &[u8], day: bool, index: usize, offset: u64) -> Option<i64> {
        let Some(time) = cell::time(value) else { return self.serial(value, day, index, offset) };
        self.part.other_times[index] = true;
        self.part.forms |= 1
            << match (&time, value.get(4)) {
                (TimeCell::Order { .. }, _) => 1,
                (TimeCell::Month { .. }, _) => 4,
                (TimeCell::Known { .. }, Some(b'-' | b'/' | b'.')) => 0,
                (TimeCell::Known { .. }, _) if !value.iter().all(u8::is_ascii_digit) => {
                    if value.iter().take(8).all(u8::is_ascii_digit) { 0 } else { 2 }
                }
                (TimeCell::Known { .. }, _) if value.len() == 8 => 0,
                (TimeCell::Known { .. }, _) => 3,
            };
        Some(match time {
            TimeCell::Known { civil_ms, .. } if day => {
                raw(self.plan.stamp(civil_ms.div_euclid(86_400_000) * 86_400_000, None, true))
            }
            TimeCell::Order { a, b, year, .. } if day => {
                self.part.order.see(a, b);
                pack(a, b, year, 0, None, true)
            }
            TimeCell::Known { civil_ms, offset_s, is_date } => raw(self.plan.stamp(civil_ms, offset_s, is_date)),
            TimeCell::Order { a, b, year, ms_of_day, offset_s, is_date } => {
                self.part.order.see(a, b);
                pack(a, b, year, ms_of_day, offset_s, is_date)
            }
            TimeCell::Month { year, month } if self.plan.is_ledger() => {
                self.part.monthly = true;
                let day = cell::days_from_civil(year, month, 1);
                raw(self.plan.stamp(day * 86_400_000, None, true))
            }
            TimeCell::Month { .. } => return None,
        })
    }

    /// What a value map makes of a cell. Most cells of such a column have one of few texts: the last ones are at hand.
    fn translated(&mut self, column: usize, values: &'p IndexMap<String, String>, value: &[u8]) -> Option<&'p str> {
        const AT_HAND: usize = 8;
        if let Some((_, text)) = self.lately[column].iter().find(|(cell, _)| cell == value) {
            return *text;
        }
        let mapped = std::str::from_utf8(value).ok().and_then(|v| values.get(v)).or_else(|| values.get("*"));
        let mapped = mapped.map(String::as_str);
        let lately = &mut self.lately[column];
        if lately.len() == AT_HAND {
            lately.remove(0);
        }
        lately.push((value.to_vec(), mapped));
        mapped
    }

    /// A spreadsheet's serial day, counted apart: only a column of nothing else is taken for one.
    fn serial(&mut self, value: &[u8], day: bool, index: usize, offset: u64) -> Option<i64> {
        let (civil_ms, is_date) = cell::excel_serial(value)?;
        self.part.forms |= 1 << 5;
        self.part.serials.entry(index).or_insert(offset);
        let midnight = civil_ms.div_euclid(86_400_000) * 86_400_000;
        Some(raw(if day { self.plan.stamp(midnight, None, true) } else { self.plan.stamp(civil_ms, None, is_date) }))
    }

    /// The first cell of a column that is not empty, or its cells joined; and which cell it is.
    fn written<'r>(&self, column: &PlanColumn, record: &'r Record<'_>) -> (Cow<'r, [u8]>, usize) {
        let is_null = |cell: &[u8]| cell.is_empty() || is_null(&self.nulls, cell);
        match &column.more {
            More::Nothing => (record.get(column.index), column.index),
            More::Fallback(others) => {
                let own = record.get(column.index);
                if !is_null(&own) {
                    return (own, column.index);
                }
                let cells = others.iter().map(|at| (record.get(*at), *at));
                cells.into_iter().find(|(cell, _)| !is_null(cell)).unwrap_or((own, column.index))
            }
            More::Joined(parts) => {
                let cells = parts.iter().map(|at| record.get(*at)).filter(|cell| !is_null(cell));
                (Cow::Owned(cells.collect::<Vec<_>>().join(&b' ')), column.index)
            }
        }
    }

    /// Reads one mapped cell into its column; `true` when it has a value.
    #[allow(clippy::cast_possible_truncation)] // a part has fewer than 2^32 rows
    fn cell(&mut self, column: usize, offset: u64, record: &Record<'_>) -> bool {
        let plan = self.plan;
        let PlanColumn { kind, values, day, scale, instead_of, .. } = &plan.columns[column];
        if instead_of.is_some_and(|other| !self.part.raw[other].last_is_missing()) {
            self.part.raw[column].push_missing();
            return false;
        }
        let (written, index) = self.written(&plan.columns[column], record);
        let mut value: &[u8] = &written;
        if value.is_empty() || is_null(&self.nulls, value) {
            self.part.raw[column].push_missing();
            return false;
        }
        if let Some(values) = values
            && let Some(text) = self.translated(column, values, value)
        {
            value = text.as_bytes();
            if value.is_empty() {
                self.part.raw[column].push_missing();
                return false;
            }
        }
        let expected = match kind {
            Type::Id | Type::Ids | Type::Key if value.split(|b| *b == b';').any(is_rounded) => {
                "an id: a spreadsheet has rounded it, and others would look the same"
            }
            Type::Id => {
                let code = cell::id(value, &mut self.id).map_or(NONE, |id| self.names.code_of_bytes(id));
                return self.push_code(column, code);
            }
            Type::Email => {
                let email = cell::email(value, &mut self.email);
                let code = email.map_or(NONE, |email| self.names.code_of_bytes(email));
                return self.push_code(column, code);
            }
            Type::Text => {
                let code = self.names.code_of_bytes(value);
                return self.push_code(column, code);
            }
            Type::Key => {
                let key = cell::id(value, &mut self.id).map_or(0, fingerprint);
                if let Cells::Key(v) = &mut self.part.raw[column] {
                    v.push(key);
                }
                return key != 0;
            }
            Type::Ids => {
                let mut codes = Vec::new();
                for one in value.split(|b| *b == b';' || *b == b',').map(<[u8]>::trim_ascii).filter(|b| !b.is_empty()) {
                    codes.extend(cell::id(one, &mut self.id).map(|id| self.names.code_of_bytes(id)));
                }
                let any = !codes.is_empty();
                if let Cells::Ids(v) = &mut self.part.raw[column] {
                    v.push(codes);
                }
                return any;
            }
            Type::Time => {
                if let Some(raw) = self.raw_time(value, *day, index, offset) {
                    if let Cells::Time(v) = &mut self.part.raw[column] {
                        v.push(raw);
                    }
                    return true;
                }
                if plan.is_ledger() { "a day (2026-03-31) or a month (2026-03)" } else { "a date or a date and time" }
            }
            Type::Money => {
                self.part.decimal.see_money(value);
                if let Ok(money) = cell::money(value, plan.exponent, plan.decimal)
                    && let Some(minor) = scaled(money.minor, *scale)
                {
                    if let Cells::Money(v) = &mut self.part.raw[column] {
                        v.push(minor);
                    }
                    if let Some(code) = money.currency {
                        self.part.currencies.push((self.part.offsets.len() as u32, column as u32, code));
                    }
                    return true;
                }
                "an amount such as 1234.50"
            }
            Type::Number => {
                self.part.decimal.see(value);
                if let Some(number) = cell::number(value, plan.decimal) {
                    if let Cells::Number(v) = &mut self.part.raw[column] {
                        v.push(if *scale == 0 { number } else { number * 10_f64.powi(*scale) });
                    }
                    return true;
                }
                if !plan.is_ledger() {
                    *self.part.no_numbers.entry(column).or_default() += 1;
                    self.part.raw[column].push_missing();
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
        self.bad(offset, index, &text, expected);
        true
    }

    fn push_code(&mut self, column: usize, code: u32) -> bool {
        if let Cells::Code(v) = &mut self.part.raw[column] {
            v.push(code);
        }
        code != NONE
    }
}

/// Whether a cell is one that means nothing. Told by its ends first: ids of one length differ there.
fn is_null(nulls: &[&[u8]], cell: &[u8]) -> bool {
    nulls.iter().any(|null| null.len() == cell.len() && null.first() == cell.first() && *null == cell)
}

/// An amount times a power of ten, rounded half away from zero; `None` when it no longer fits.
fn scaled(minor: i64, scale: i32) -> Option<i64> {
    let power = 10_i64.checked_pow(scale.unsigned_abs())?;
    if scale >= 0 {
        return minor.checked_mul(power);
    }
    let half = if minor < 0 { -power / 2 } else { power / 2 };
    Some(minor.checked_add(half)? / power)
}

/// `3.01235E+11`: a long number as a spreadsheet shows it.
fn is_rounded(id: &[u8]) -> bool {
    // Told by the end first, as nearly all ids are none.
    id.iter().rev().take(4).any(|byte| *byte == b'+')
        && id.first().is_some_and(u8::is_ascii_digit)
        && id.windows(2).any(|pair| pair == b"E+")
        && id.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'E' | b'+'))
}

fn is_header(record: &Record<'_>, header: &[String]) -> bool {
    let first = header.first().is_some_and(|h| *record.get(0) == *h.as_bytes());
    first && record.len() == header.len() && header.iter().enumerate().all(|(i, h)| *record.get(i) == *h.as_bytes())
}

/// Whose stage a stage column tells.
pub fn subject_column(subject: Subject) -> &'static str {
    match subject {
        Subject::Person => "person_id",
        Subject::Deal => "deal_id",
    }
}
