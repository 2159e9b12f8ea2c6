//! Rows out: a buffered CSV file per export, and Salesforce's record ids.
//!
//! In: cells, one after another. Out: a file with a header and as many cells in every row, in UTF-8 or ISO-8859-1,
//! with every field quoted or only those that need it.

use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::calendar::Calendar;

/// How an export writes its cells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Salesforce's weekly export and HubSpot: every field quoted.
    Quoted,
    /// The same in ISO-8859-1.
    QuotedLatin1,
    /// Data Loader through SOQL, and the ledgers: quotes only where needed.
    Plain,
}

/// One cell of a wide row.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    Text(&'a str),
    Id(Option<Id>),
    Flag(bool),
    Number(i64),
    Money(Option<i64>),
    Day(Option<i64>),
    Moment(i64),
}

/// One export file.
pub struct Csv {
    name: String,
    file: File,
    form: Form,
    header: &'static str,
    width: usize,
    cells: usize,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
    /// Records after the header, blank ones included.
    pub rows: u64,
    /// Records whose every cell is empty.
    pub blank: u64,
}

impl Csv {
    /// Creates `dir/name` with that header; the header's names are separated by `|`.
    pub fn create(dir: &Path, name: &str, form: Form, header: &'static str) -> Result<Self> {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("{}", parent.display()))?;
        }
        let file = File::create(&path).with_context(|| format!("{}", path.display()))?;
        let width = header.split('|').count();
        let buffer = Vec::with_capacity(1 << 21);
        let mut csv = Self {
            name: name.into(),
            file,
            form,
            header,
            width,
            cells: 0,
            buffer,
            scratch: Vec::new(),
            rows: 0,
            blank: 0,
        };
        for label in header.split('|') {
            csv.text(label);
        }
        csv.end()?;
        csv.rows = 0;
        Ok(csv)
    }

    fn open(&mut self) {
        if self.cells > 0 {
            self.buffer.push(b',');
        }
        self.cells += 1;
        if self.form != Form::Plain {
            self.buffer.push(b'"');
        }
    }

    fn close(&mut self) {
        if self.form != Form::Plain {
            self.buffer.push(b'"');
        }
    }

    /// A cell of any text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.open();
        let quote = self.form == Form::Plain && text.contains([',', '"', '\n']);
        if quote {
            self.buffer.push(b'"');
        }
        if text.is_ascii() && !text.contains('"') {
            self.buffer.extend_from_slice(text.as_bytes());
        } else {
            for c in text.chars() {
                let mut utf8 = [0; 4];
                match u8::try_from(u32::from(c)) {
                    Ok(b'"') => self.buffer.extend_from_slice(b"\"\""),
                    Ok(byte) if self.form == Form::QuotedLatin1 => self.buffer.push(byte),
                    _ => self.buffer.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes()),
                }
            }
        }
        if quote {
            self.buffer.push(b'"');
        }
        self.close();
        self
    }

    /// A cell of a whole number.
    pub fn number(&mut self, n: i64) -> &mut Self {
        self.open();
        let _ = write!(self.buffer, "{n}"); // writing to memory cannot fail
        self.close();
        self
    }

    /// A cell of an amount in cents: `1234.50`; empty when there is none.
    pub fn money(&mut self, cents: Option<i64>) -> &mut Self {
        self.open();
        if let Some(c) = cents {
            let _ = write!(self.buffer, "{}.{:02}", c / 100, c % 100);
        }
        self.close();
        self
    }

    /// A cell filled by a function of the calendar; empty when there is no moment.
    pub fn moment(&mut self, c: &Calendar, t: Option<i64>, write: fn(&Calendar, i64, &mut Vec<u8>)) -> &mut Self {
        self.open();
        if let Some(t) = t {
            self.scratch.clear();
            write(c, t, &mut self.scratch);
            self.buffer.extend_from_slice(&self.scratch);
        }
        self.close();
        self
    }

    /// A day as `YYYY-MM-DD`; in the weekly form with the midnight that it appends.
    pub fn day(&mut self, calendar: &Calendar, day: Option<i64>) -> &mut Self {
        self.open();
        if let Some(day) = day {
            self.buffer.extend_from_slice(calendar.date(day).as_bytes());
            if self.form != Form::Plain {
                self.buffer.extend_from_slice(b" 00:00:00");
            }
        }
        self.close();
        self
    }

    /// An id, or the form's spelling of none.
    pub fn id(&mut self, id: Option<Id>) -> &mut Self {
        self.open();
        match id {
            Some(id) => self.buffer.extend_from_slice(&id.0),
            None if self.form != Form::Plain => self.buffer.extend_from_slice(b"000000000000000AAA"),
            None => {}
        }
        self.close();
        self
    }

    /// An id in its 15-character form.
    pub fn short_id(&mut self, id: Id) -> &mut Self {
        self.open();
        self.buffer.extend_from_slice(&id.0[..15]);
        self.close();
        self
    }

    /// Yes or no: `1`/`0` in the weekly form, `true`/`false` otherwise.
    pub fn flag(&mut self, yes: bool) -> &mut Self {
        self.text(match (self.form, yes) {
            (Form::Plain, true) => "true",
            (Form::Plain, false) => "false",
            (_, true) => "1",
            (_, false) => "0",
        })
    }

    /// That many empty cells.
    pub fn empty(&mut self, n: usize) -> &mut Self {
        for _ in 0..n {
            self.open();
            self.close();
        }
        self
    }

    /// A whole row of a wide file by its columns' names; columns that are not named stay empty, lookups get the null id.
    pub fn record(&mut self, calendar: &Calendar, cells: &[(&str, Cell)]) -> Result<()> {
        let mut used = 0;
        for column in self.header.split('|') {
            let Some((_, cell)) = cells.iter().find(|(name, _)| *name == column) else {
                if column.ends_with("Id") && !column.starts_with("Jigsaw") {
                    self.id(None)
                } else {
                    self.empty(1)
                };
                continue;
            };
            used += 1;
            match *cell {
                Cell::Text(text) => self.text(text),
                Cell::Id(id) => self.id(id),
                Cell::Flag(yes) => self.flag(yes),
                Cell::Number(n) => self.number(n),
                Cell::Money(cents) => self.money(cents),
                Cell::Day(day) => self.day(calendar, day),
                Cell::Moment(t) => self.moment(calendar, Some(t), Calendar::weekly),
            };
        }
        ensure!(used == cells.len(), "{}: {} of {} cells have a column", self.name, used, cells.len());
        self.end()
    }

    /// Ends the row; an error when it has not as many cells as the header.
    pub fn end(&mut self) -> Result<()> {
        ensure!(self.cells == self.width, "{}: {} cells in a row of {}", self.name, self.cells, self.width);
        self.buffer.push(b'\n');
        self.cells = 0;
        self.rows += 1;
        if self.buffer.len() > 1 << 20 {
            self.flush()?;
        }
        Ok(())
    }

    /// A row of nothing but delimiters, as spreadsheets leave them.
    pub fn blank_row(&mut self) -> Result<()> {
        self.empty(self.width);
        self.blank += 1;
        self.end()
    }

    /// Writes what is still in memory.
    pub fn flush(&mut self) -> Result<()> {
        self.file.write_all(&self.buffer).with_context(|| self.name.clone())?;
        self.buffer.clear();
        Ok(())
    }

    /// The file's path below the output folder.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A Salesforce record id of 18 characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id([u8; 18]);

impl Id {
    /// The `n`-th record of the object with that three-character prefix.
    pub fn new(prefix: &str, n: u64) -> Self {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut id = [b'0'; 18];
        id[..3].copy_from_slice(prefix.as_bytes());
        id[3..6].copy_from_slice(b"Hs0");
        let mut rest = n;
        for place in (6..15).rev() {
            id[place] = DIGITS[usize::try_from(rest % 62).unwrap_or(0)];
            rest /= 62;
        }
        for chunk in 0..3 {
            let upper = (0..5).filter(|i| id[chunk * 5 + i].is_ascii_uppercase()).map(|i| 1 << i).sum::<usize>();
            id[15 + chunk] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[upper];
        }
        Self(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_follows_the_rule() {
        // Chunks 00QHs (Q and H upper: bits 2 and 3 = 12 = M), 00000 (A) and 0000Z (bit 4 = 16 = Q).
        assert_eq!(&Id::new("00Q", 35).0, b"00QHs000000000ZMAQ");
        assert_eq!(&Id::new("00Q", 62).0[..15], b"00QHs0000000010");
    }
}
