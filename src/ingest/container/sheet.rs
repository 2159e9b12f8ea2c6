//! A sheet → CSV text (RFC 4180, UTF-8, `,`, LF).
//!
//! In: a sheet's XML, and what all sheets of its workbook share. Out: [`Text`]. Row N of the sheet starts on line N, as
//! long as no cell above has a line end; every row that has a value is as wide as the widest.

use std::fmt::Write as _;

use quick_xml::events::{BytesStart, Event};

use super::value::{self, Format};
use super::workbook::{Xml, attribute, early_end, push_text, rich_text, unescape};
use super::{Budget, Fail};

/// The most rows and columns that a sheet can have.
const ROWS: u32 = 1_048_576;
const COLUMNS: u32 = 16_384;

/// What all sheets of a workbook share.
#[derive(Default)]
pub struct Shared {
    /// All texts, one after the other.
    pub text: String,
    /// Where each of them ends.
    pub ends: Vec<usize>,
    /// The number format of each cell style.
    pub formats: Vec<Format>,
    /// Days are counted from 1904.
    pub since_1904: bool,
}

impl Shared {
    fn string(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }
}

/// How often something was seen, and in which cell first.
#[derive(Default)]
struct Seen {
    count: u64,
    first: String,
}

impl Seen {
    fn at(&mut self, row: u32, column: u32) {
        if self.count == 0 {
            self.first = format!("{}{row}", letters(column));
        }
        self.count += 1;
    }
}

/// A sheet as text.
#[derive(Default)]
pub struct Text {
    /// CSV text.
    pub bytes: Vec<u8>,
    long: Seen,
    unsaved: Seen,
    hidden: u64,
    since_1904: bool,
}

impl Text {
    /// What a reader has to know.
    pub fn note(&self) -> String {
        let mut said = Vec::new();
        let cells = |n: u64| if n == 1 { "1 cell".into() } else { format!("{n} cells") };
        if self.long.count > 0 {
            said.push(format!(
                "{} with a number of more than 15 digits, the first {}: spreadsheet programs keep 15, so ids may have lost \
                 their last ones",
                cells(self.long.count),
                self.long.first
            ));
        }
        if self.unsaved.count > 0 {
            said.push(format!(
                "{} with a formula but no saved result, read as empty, the first {}: open and save the workbook in a \
                 spreadsheet program",
                cells(self.unsaved.count),
                self.unsaved.first
            ));
        }
        match self.hidden {
            0 => {}
            1 => said.push("1 hidden row is read too".into()),
            rows => said.push(format!("{rows} hidden rows are read too")),
        }
        if self.since_1904 {
            said.push("days are counted from 1904".into());
        }
        let mut note = String::from("sheet of a workbook");
        for (i, what) in said.iter().enumerate() {
            let _ = write!(note, "{}{what}", if i == 0 { ": " } else { "; " });
        }
        note
    }
}

/// Reads a sheet; `None` when no cell has a value.
pub fn csv(xml: &mut Xml<'_>, shared: &Shared, budget: &Budget) -> Result<Option<Text>, Fail> {
    let mut text = Text { since_1904: shared.since_1904, ..Text::default() };
    let mut lines = Lines::default();
    let mut row = Row::default();
    let mut scratch = Scratch::default();
    let mut buffer = Vec::new();
    let mut inside = false;
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer)? {
            Event::Start(e) => match e.local_name().as_ref() {
                "sheetData" => inside = true,
                "row" if inside => row.begin(&e)?,
                "c" if inside => {
                    let before = row.text.len();
                    cell(xml, &e, shared, &mut scratch, &mut row, &mut text)?;
                    // Now, not with the row: a short sheet may name a long text again and again.
                    budget.spend(row.text.len() - before)?;
                }
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "row" if inside => {
                    if row.hidden && !row.cells.is_empty() {
                        text.hidden += 1;
                    }
                    lines.push(&mut row, budget)?;
                }
                "sheetData" | "worksheet" => break,
                _ => {}
            },
            Event::Eof => return Err(early_end("worksheet")),
            _ => {}
        }
    }
    text.bytes = lines.finish(budget)?;
    Ok((!text.bytes.is_empty()).then_some(text))
}

/// The row that is being read.
#[derive(Default)]
struct Row {
    /// From 1; 0 before the first.
    number: u32,
    /// Whether the sheet says the number.
    said: bool,
    hidden: bool,
    /// Column (from 1) of the cell read last, with a value or not.
    column: u32,
    /// Column and end of the text of each cell with a value.
    cells: Vec<(u32, usize)>,
    text: String,
}

impl Row {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), Fail> {
        let before = self.number;
        self.said = false;
        if let Some(number) = attribute(element, "r")? {
            self.number = number.trim().parse().map_err(|_| Fail::Broken("a row without a number".into()))?;
            self.said = true;
        } else {
            self.number += 1;
        }
        self.within(before)?;
        self.hidden = attribute(element, "hidden")?.is_some_and(|v| matches!(v.trim(), "1" | "true" | "on"));
        self.column = 0;
        Ok(())
    }

    fn within(&self, before: u32) -> Result<(), Fail> {
        if self.number <= before {
            return Err(Fail::Broken(format!("row {} comes after row {before}", self.number)));
        }
        if self.number > ROWS { Err(Fail::Broken(format!("row {} is beyond the last", self.number))) } else { Ok(()) }
    }

    /// Takes the place of the next cell, as it says or as it comes.
    fn place(&mut self, said: Option<&str>) -> Result<(), Fail> {
        let Some(said) = said else {
            self.column += 1;
            return if self.column > COLUMNS { Err(self.broken("is beyond the last column")) } else { Ok(()) };
        };
        let (column, row) = reference(said).ok_or_else(|| self.broken("has a cell without a place"))?;
        if !self.said && self.cells.is_empty() && row > self.number {
            // The row says no number, but its cells do.
            self.number = row;
            self.within(0)?;
        }
        self.said = true;
        if row != self.number {
            return Err(self.broken(&format!("has a cell of row {row}")));
        }
        self.column = column;
        Ok(())
    }

    fn broken(&self, what: &str) -> Fail {
        Fail::Broken(format!("row {} {what}", self.number))
    }

    /// Ends the current cell, whose text was added; an empty one leaves nothing.
    fn end_cell(&mut self) {
        let start = self.cells.last().map_or(0, |(_, end)| *end);
        if self.text.len() > start {
            self.cells.push((self.column, self.text.len()));
        }
    }
}

/// Column and row of `BC17`, from 1.
fn reference(place: &str) -> Option<(u32, u32)> {
    let place = place.trim();
    let digits = place.find(|c: char| c.is_ascii_digit())?;
    let mut column = 0_u32;
    for letter in place[..digits].bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A' + 1,
            b'a'..=b'z' => letter - b'a' + 1,
            b'$' => continue,
            _ => return None,
        };
        column = column.checked_mul(26)?.checked_add(u32::from(value))?;
    }
    let row = place[digits..].parse().ok()?;
    ((1..=COLUMNS).contains(&column)).then_some((column, row))
}

/// The letters of a column, from 1.
fn letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        let letter = u8::try_from((column - 1) % 26).unwrap_or(0);
        letters.push(char::from(b'A' + letter));
        column = (column - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// What a cell says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Number,
    Shared,
    Boolean,
    Formula,
    /// Errors (`#N/A`), days in ISO form, inline text.
    AsItIs,
}

/// Memory that is used again for every cell.
#[derive(Default)]
struct Scratch {
    raw: String,
    buffer: Vec<u8>,
}

/// Reads one cell into the row.
fn cell(
    xml: &mut Xml<'_>,
    element: &BytesStart<'_>,
    shared: &Shared,
    scratch: &mut Scratch,
    row: &mut Row,
    text: &mut Text,
) -> Result<(), Fail> {
    let (mut sort, mut style, mut place) = (Sort::Number, 0_usize, None);
    for found in element.attributes().with_checks(false) {
        let found = found.map_err(|error| Fail::Broken(format!("XML: {error}")))?;
        match found.key.local_name().as_ref() {
            "r" => place = Some(found.value),
            "s" => style = found.value.trim().parse().unwrap_or(0),
            "t" => {
                sort = match &*found.value {
                    "n" => Sort::Number,
                    "s" => Sort::Shared,
                    "b" => Sort::Boolean,
                    "str" => Sort::Formula,
                    _ => Sort::AsItIs,
                }
            }
            _ => {}
        }
    }
    row.place(place.as_deref())?;
    let Scratch { raw, buffer } = scratch;
    raw.clear();
    let (mut formula, mut valued, mut in_value) = (false, false, false);
    let start = row.text.len();
    loop {
        buffer.clear();
        match xml.read_event_into(buffer)? {
            Event::Start(e) => match e.local_name().as_ref() {
                "v" => (valued, in_value) = (true, true),
                "f" => formula = true,
                "is" => {
                    valued = true;
                    rich_text(xml, "is", &mut row.text, &mut Vec::new())?;
                }
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "v" => in_value = false,
                "c" => break,
                _ => {}
            },
            Event::Eof => return Err(early_end("c")),
            event if in_value => push_text(&event, raw)?,
            _ => {}
        }
    }
    if formula && !valued {
        text.unsaved.at(row.number, row.column);
    }
    match sort {
        // An inline text is already there.
        _ if row.text.len() > start || raw.is_empty() => {}
        Sort::Shared => {
            let string = raw.trim().parse().ok().and_then(|index| shared.string(index));
            let string = string.ok_or_else(|| row.broken("has a cell whose text is missing"))?;
            row.text.push_str(string);
        }
        Sort::Boolean => row.text.push_str(match raw.trim() {
            "1" => "true",
            "0" => "false",
            other => other,
        }),
        Sort::Formula => {
            row.text.push_str(raw);
            unescape(&mut row.text, start);
        }
        Sort::Number => {
            let format = shared.formats.get(style).copied().unwrap_or_default();
            let number = value::text(raw, format, shared.since_1904);
            if value::is_long(&number) {
                text.long.at(row.number, row.column);
            }
            row.text.push_str(&number);
        }
        Sort::AsItIs => row.text.push_str(raw),
    }
    // XML may not hold it, but a character reference might.
    if row.text[start..].contains('\0') {
        let clean = row.text.split_off(start).replace('\0', "\u{fffd}");
        row.text.push_str(&clean);
    }
    row.end_cell();
    Ok(())
}

/// The lines that are written.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// The row that the last line belongs to.
    row: u32,
    /// Where the line of each row with a value ends, without its line end, and how many cells it has.
    ends: Vec<(usize, u32)>,
}

impl Lines {
    fn push(&mut self, row: &mut Row, budget: &Budget) -> Result<(), Fail> {
        if row.cells.is_empty() {
            return Ok(());
        }
        let before = self.bytes.len();
        // At most as many as a sheet has rows, before they are counted.
        self.bytes.extend(std::iter::repeat_n(b'\n', (row.number - self.row - 1) as usize));
        self.row = row.number;
        let mut start = 0;
        let mut cells: Vec<(u32, &str)> = Vec::with_capacity(row.cells.len());
        for (column, end) in &row.cells {
            cells.push((*column, &row.text[start..*end]));
            start = *end;
        }
        if !cells.is_sorted_by_key(|(column, _)| *column) {
            cells.sort_by_key(|(column, _)| *column);
        }
        let mut at = 1;
        for (i, (column, text)) in cells.iter().enumerate() {
            if i > 0 && cells[i - 1].0 == *column {
                return Err(row.broken(&format!("has two cells in column {}", letters(*column))));
            }
            self.bytes.extend(std::iter::repeat_n(b',', (column - at) as usize));
            at = *column;
            self.field(text);
        }
        self.ends.push((self.bytes.len(), at));
        self.bytes.push(b'\n');
        budget.spend(self.bytes.len() - before - row.text.len())?;
        row.cells.clear();
        row.text.clear();
        Ok(())
    }

    fn field(&mut self, text: &str) {
        if text.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
            self.bytes.push(b'"');
            for (i, piece) in text.split('"').enumerate() {
                if i > 0 {
                    self.bytes.extend_from_slice(b"\"\"");
                }
                self.bytes.extend_from_slice(piece.as_bytes());
            }
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Makes all rows that have a value as wide as the widest.
    fn finish(self, budget: &Budget) -> Result<Vec<u8>, Fail> {
        let width = self.ends.iter().map(|(_, cells)| *cells).max().unwrap_or(0);
        let missing: usize = self.ends.iter().map(|(_, cells)| (width - cells) as usize).sum();
        if missing == 0 {
            return Ok(self.bytes);
        }
        budget.spend(missing)?;
        let mut bytes = Vec::with_capacity(self.bytes.len() + missing);
        let mut start = 0;
        for (end, cells) in &self.ends {
            bytes.extend_from_slice(&self.bytes[start..*end]);
            bytes.extend(std::iter::repeat_n(b',', (width - cells) as usize));
            start = *end;
        }
        bytes.extend_from_slice(&self.bytes[start..]);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        assert_eq!(reference("A1"), Some((1, 1)));
        assert_eq!(reference("XFD1048576"), Some((16_384, 1_048_576)));
        for wrong in ["", "A", "1", "XFE1", "ZZZZZZZZZZZZ1", "A99999999999", "É1"] {
            assert_eq!(reference(wrong), None, "{wrong}");
        }
        assert_eq!(letters(1), "A");
        assert_eq!(letters(28), "AB");
        assert_eq!(letters(16_384), "XFD");
    }
}
