//! Text → records: where each starts, and its cells.
//!
//! In: decoded text after the header, and the delimiter. Out: every record, in order, to a visitor.
//!
//! `simd-csv` is several times faster than the `csv` crate and agrees with it on well-formed text, but not on a quote
//! in the middle of an unquoted cell (`5" pipe`) nor on a lone carriage return. So each record with a quote is
//! looked at, and a text in which any is malformed is read again by the `csv` crate, whose word is final.

use std::borrow::Cow;

use memchr::memchr;

/// One record's cells.
pub enum Record<'a> {
    /// From `simd-csv`.
    Plain(&'a simd_csv::ZeroCopyByteRecord<'a>),
    /// From the `csv` crate.
    Careful(&'a csv::ByteRecord),
}

impl Record<'_> {
    /// Number of cells.
    #[allow(clippy::len_without_is_empty)] // a record has at least one cell
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(r) => r.len(),
            Self::Careful(r) => r.len(),
        }
    }

    /// One cell, unescaped and trimmed; empty where the record is too short.
    pub fn get(&self, index: usize) -> Cow<'_, [u8]> {
        match self {
            Self::Plain(r) => match r.get(index) {
                // `plain` has seen that a quote stands nowhere but at the beginning.
                Some(cell) if cell.first() != Some(&b'"') => Cow::Borrowed(cell.trim_ascii()),
                Some(_) => match r.unescape(index) {
                    Some(Cow::Borrowed(cell)) => Cow::Borrowed(cell.trim_ascii()),
                    Some(Cow::Owned(cell)) => Cow::Owned(cell.trim_ascii().to_vec()),
                    None => Cow::Borrowed(b""),
                },
                None => Cow::Borrowed(b""),
            },
            Self::Careful(r) => Cow::Borrowed(r.get(index).unwrap_or(b"").trim_ascii()),
        }
    }

    /// Whether every cell is empty or white space.
    pub fn is_blank(&self) -> bool {
        (0..self.len()).all(|i| self.get(i).is_empty())
    }
}

/// Why a text could not be read as it was being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Quotes or line ends that only the careful reader settles: read the whole text again with [`careful`].
    Malformed,
    /// A quote opened in the record at this byte offset is never closed.
    OpenQuote(u64),
}

/// Reads well-formed text fast. `visit` gets each record's byte offset in `text` and its cells.
///
/// # Errors
/// [`Trouble::Malformed`] as soon as a record is not plainly well formed; what was visited is then void.
pub fn plain(text: &[u8], delimiter: u8, mut visit: impl FnMut(u64, Record<'_>)) -> Result<(), Trouble> {
    if has_lone_cr(text) {
        return Err(Trouble::Malformed);
    }
    let quotes = memchr(b'"', text).is_some();
    let mut reader = simd_csv::ZeroCopyReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_reader(text);
    loop {
        let offset = reader.position();
        match reader.read_byte_record() {
            Ok(Some(record)) => {
                if quotes && !record.iter().all(well_quoted) {
                    return Err(Trouble::Malformed);
                }
                visit(offset, Record::Plain(&record));
            }
            Ok(None) => return Ok(()),
            Err(_) => return Err(Trouble::Malformed),
        }
    }
}

/// Reads any text, by the rules of the `csv` crate.
///
/// # Errors
/// [`Trouble::OpenQuote`] when the last record's quote is never closed: the rest of the file would vanish into a cell.
pub fn careful(text: &[u8], delimiter: u8, mut visit: impl FnMut(u64, Record<'_>)) -> Result<(), Trouble> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut last = 0;
    while let Ok(true) = reader.read_byte_record(&mut record) {
        last = record.position().map_or(0, csv::Position::byte);
        visit(last, Record::Careful(&record));
    }
    let from = usize::try_from(last).unwrap_or(0).min(text.len());
    if ends_inside_quotes(&text[from..], delimiter) { Err(Trouble::OpenQuote(last)) } else { Ok(()) }
}

fn has_lone_cr(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', text).any(|at| text.get(at + 1) != Some(&b'\n'))
}

fn well_quoted(cell: &[u8]) -> bool {
    let Some(first) = memchr(b'"', cell) else { return true };
    if first != 0 || cell.len() < 2 || cell[cell.len() - 1] != b'"' {
        return false;
    }
    let mut inner = &cell[1..cell.len() - 1];
    while let Some(at) = memchr(b'"', inner) {
        if inner.get(at + 1) != Some(&b'"') {
            return false;
        }
        inner = &inner[at + 2..];
    }
    true
}

fn ends_inside_quotes(record: &[u8], delimiter: u8) -> bool {
    let (mut inside, mut start) = (false, true);
    let mut bytes = record.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if inside {
            if byte == b'"' {
                if bytes.peek() == Some(&b'"') {
                    bytes.next();
                } else {
                    inside = false;
                }
            }
        } else {
            inside = start && byte == b'"';
            start = byte == delimiter || byte == b'\n' || byte == b'\r';
        }
    }
    inside
}

/// The line, from 1, on which the record at a byte offset starts, when the text starts on line 1.
pub fn line_at(text: &[u8], offset: u64) -> u64 {
    Lines::of(text).at(offset)
}

/// Counts lines on the way through a text.
pub struct Lines<'t> {
    text: &'t [u8],
    /// What ends a line here.
    end: u8,
    counted: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    /// Before the first line.
    pub fn of(text: &'t [u8]) -> Self {
        let end = if memchr(b'\n', text).is_some() { b'\n' } else { b'\r' };
        Self { text, end, counted: 0, line: 1 }
    }

    /// The line, from 1, on which the record at a byte offset starts; offsets have to be asked for in ascending order.
    pub fn at(&mut self, offset: u64) -> u64 {
        let mut at = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        while at < self.text.len() && matches!(self.text[at], b'\n' | b'\r') {
            at += 1;
        }
        if at > self.counted {
            self.line += memchr::memchr_iter(self.end, &self.text[self.counted..at]).count() as u64;
            self.counted = at;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::super::body::Body;
    use super::*;
    use proptest::prelude::*;

    type Rows = Vec<(u64, Vec<Vec<u8>>)>;

    fn cells(record: &Record<'_>) -> Vec<Vec<u8>> {
        (0..record.len()).map(|i| record.get(i).into_owned()).collect()
    }

    fn read(text: &[u8]) -> Rows {
        let mut rows = Rows::new();
        if plain(text, b',', |at, r| rows.push((at, cells(&r)))).is_err() {
            rows.clear();
            let _ = careful(text, b',', |at, r| rows.push((at, cells(&r))));
        }
        rows
    }

    fn reference(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text)
            .byte_records()
            .map(|r| r.unwrap().iter().map(|c| c.trim_ascii().to_vec()).collect())
            .collect()
    }

    #[test]
    fn a_quote_inside_a_cell_does_not_swallow_the_next_line() {
        let rows = read(b"1,5\" pipe,a\n2,7\" pipe,b\n");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].1, [b"2".to_vec(), b"7\" pipe".to_vec(), b"b".to_vec()]);
    }

    #[test]
    fn an_open_quote_is_trouble_at_its_record() {
        assert_eq!(careful(b"a,b\nc,\"d\ne,f\n", b',', |_, _| ()), Err(Trouble::OpenQuote(4)));
        assert_eq!(careful(b"a,b\nc,\"d\ne\",f\n", b',', |_, _| ()), Ok(()));
    }

    #[test]
    fn lines_are_counted_over_quoted_newlines() {
        let text = b"a,b\n\"x\ny\",1\n\nz,2\n";
        let rows = read(text);
        let lines: Vec<u64> = rows.iter().map(|(at, _)| line_at(text, *at)).collect();
        assert_eq!(lines, [1, 2, 5]);
    }

    /// Some thousands of cases, or as many as `ONEFUNNEL_CASES` says: a million take some minutes.
    fn cases() -> ProptestConfig {
        let said = std::env::var("ONEFUNNEL_CASES").ok().and_then(|n| n.parse().ok());
        ProptestConfig::with_cases(said.unwrap_or(4000))
    }

    /// Reads as the walk does: block by block, and in one piece where a block is malformed.
    fn read_in_blocks(text: &[u8], size: usize) -> Rows {
        let body = Body::Memory(text.to_vec());
        let (mut rows, mut at, mut buf) = (Rows::new(), 0, Vec::new());
        loop {
            let block = body.block(at, size, b',', &mut buf).unwrap();
            if plain(block.text, b',', |offset, r| rows.push((at + offset, cells(&r)))).is_err() {
                rows.clear();
                let _ = careful(text, b',', |offset, r| rows.push((offset, cells(&r))));
                return rows;
            }
            at += block.text.len() as u64;
            if block.last {
                return rows;
            }
        }
    }

    proptest! {
        #![proptest_config(cases())]
        #[test]
        fn blocks_change_nothing(
            text in proptest::collection::vec(proptest::sample::select(b"ab,\"\"\n\n\r ;\xe9".to_vec()), 0..120),
            size in 1_usize..40
        ) {
            let ours: Vec<_> = read_in_blocks(&text, size).into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(ours, reference(&text));
        }

        #[test]
        fn agrees_with_the_csv_crate_on_any_bytes(
            text in proptest::collection::vec(proptest::sample::select(b"ab,\"\"\n\r ;\xe9".to_vec()), 0..60)
        ) {
            let ours: Vec<_> = read(&text).into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(ours, reference(&text));
        }
    }
}
