//! Text → delimiter and header.
//!
//! In: decoded text, and a way to tell a header. Out: [`Shape`]: which delimiter, where the header is, what it says.
//! The header is found by what it says, not by where it is: titles, periods and blank lines may stand above it.

/// How a text is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// What stands between cells.
    pub delimiter: u8,
    /// Byte offset of the header's record.
    pub header_at: usize,
    /// Byte offset of the first record after it.
    pub data_at: usize,
    /// The header's cells, unescaped and trimmed; a trailing delimiter leaves an empty one.
    pub header: Vec<String>,
    /// Lines above the header.
    pub preamble_lines: u64,
    /// Line of the header, from 1.
    pub header_line: u64,
}

/// Why a text has no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeProblem {
    /// Nothing but blank rows among the first records.
    NoHeader,
    /// The quote opened in the record on this line is never closed.
    OpenQuote {
        /// Line of the record, from 1.
        line: u64,
    },
    /// No byte to put between cells: a quote, a line end, a letter or a digit.
    Delimiter(u8),
}

impl ShapeProblem {
    /// What was seen.
    pub fn what(&self) -> String {
        match self {
            Self::NoHeader => format!("has no header: its first {HEAD} records are blank"),
            Self::OpenQuote { line } => format!("a quote in the header on line {line} is never closed"),
            Self::Delimiter(byte) => format!("cannot be split at `{}`", byte.escape_ascii()),
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::NoHeader => "export it again, with column names in the first row".into(),
            Self::OpenQuote { .. } => "close the quote, or export the file again".into(),
            Self::Delimiter(_) => "use one of \",\", \";\", \"|\" or a tab as delimiter".into(),
        }
    }
}

/// How many records may hold the header.
const HEAD: usize = 30;
/// How many bytes those records may take.
const WINDOW: usize = 1 << 20;
/// Tried in this order.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Finds delimiter and header. A first line such as `sep=;` is honoured and skipped, unless a delimiter is forced.
///
/// The header is the first of the leading 30 records that `is_header` takes under some delimiter; if it takes none, the
/// first record that is not blank, split by the delimiter that most of these records agree on.
///
/// # Errors
/// [`ShapeProblem`] when there is no such record.
pub fn shape(
    text: &[u8],
    forced_delimiter: Option<u8>,
    is_header: &dyn Fn(&[String]) -> bool,
) -> Result<Shape, ShapeProblem> {
    let said = separator_line(text);
    let start = said.map_or(0, |(_, after)| after);
    let forced = forced_delimiter.or(said.map(|(delimiter, _)| delimiter));
    if let Some(byte) = forced.filter(|b| !can_separate(*b)) {
        return Err(ShapeProblem::Delimiter(byte));
    }
    let tried: &[u8] = forced.as_ref().map_or(&DELIMITERS, std::slice::from_ref);
    let heads: Vec<(u8, Vec<Head>)> = tried.iter().map(|d| (*d, head(text, start, *d))).collect();

    // The earliest header wins; of two readings of one record, the one with more cells.
    let taken = heads.iter().filter_map(|(delimiter, records)| {
        let record = records.iter().find(|r| !r.is_blank() && is_header(&r.cells))?;
        Some((*delimiter, record))
    });
    let best = taken.min_by_key(|(_, r)| (r.at, usize::MAX - r.cells.len()));
    if let Some((delimiter, record)) = best {
        return record.shape(text, delimiter);
    }
    let mut best: Option<((usize, usize), u8, &Head)> = None;
    for (delimiter, records) in &heads {
        let Some(first) = records.iter().find(|r| !r.is_blank()) else {
            continue;
        };
        let width = first.cells.len();
        let agree = records.iter().filter(|r| !r.is_blank() && r.cells.len() == width).count();
        let score = if width > 1 { (agree, width) } else { (0, 0) };
        if best.is_none_or(|(other, ..)| score > other) {
            best = Some((score, *delimiter, first));
        }
    }
    let (_, delimiter, record) = best.ok_or(ShapeProblem::NoHeader)?;
    record.shape(text, delimiter)
}

fn can_separate(byte: u8) -> bool {
    byte.is_ascii() && byte != b'"' && !matches!(byte, b'\n' | b'\r' | 0) && !byte.is_ascii_alphanumeric()
}

/// `sep=;` as spreadsheet programs write it: the delimiter, and where the next line begins.
fn separator_line(text: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr(b'\n', text)?;
    let line = text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]);
    let line = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if can_separate(*delimiter) => {
            Some((*delimiter, end + 1))
        }
        _ => None,
    }
}

/// One of the leading records.
struct Head {
    at: usize,
    next: usize,
    cells: Vec<String>,
    /// The text or the window ends inside a quote.
    open: bool,
}

impl Head {
    fn is_blank(&self) -> bool {
        // Also under a delimiter that is not the file's.
        self.cells.iter().flat_map(|c| c.bytes()).all(|b| DELIMITERS.contains(&b) || b == b' ')
    }

    fn shape(&self, text: &[u8], delimiter: u8) -> Result<Shape, ShapeProblem> {
        let line = memchr::memchr_iter(b'\n', &text[..self.at]).count() as u64 + 1;
        if self.open {
            return Err(ShapeProblem::OpenQuote { line });
        }
        Ok(Shape {
            delimiter,
            header_at: self.at,
            data_at: self.next,
            header: self.cells.clone(),
            preamble_lines: line - 1,
            header_line: line,
        })
    }
}

fn head(text: &[u8], start: usize, delimiter: u8) -> Vec<Head> {
    let window = &text[..text.len().min(start.saturating_add(WINDOW))];
    let mut records = Vec::new();
    let mut at = start;
    while at < window.len() && records.len() < HEAD {
        let (cells, next, open) = record(window, at, delimiter);
        records.push(Head { at, next, cells: cells.iter().map(|c| tidy(c)).collect(), open });
        at = next;
    }
    records
}

/// One record from `at`: its unescaped cells, where the next begins, and whether it ends inside a quote. A quote opens a
/// quoted part only at the start of a cell.
pub(super) fn record(text: &[u8], at: usize, delimiter: u8) -> (Vec<Vec<u8>>, usize, bool) {
    let mut cells = Vec::new();
    let mut cell = Vec::new();
    let (mut quoted, mut fresh) = (false, true);
    let mut next = at;
    while let Some(byte) = text.get(next) {
        next += 1;
        match *byte {
            b'"' if quoted && text.get(next) == Some(&b'"') => {
                cell.push(b'"');
                next += 1;
            }
            b'"' if quoted => quoted = false,
            byte if quoted => cell.push(byte),
            b'"' if fresh => {
                quoted = true;
                fresh = false;
            }
            b'\n' => {
                if cell.last() == Some(&b'\r') {
                    cell.pop();
                }
                cells.push(cell);
                return (cells, next, false);
            }
            byte if byte == delimiter => {
                cells.push(std::mem::take(&mut cell));
                fresh = true;
            }
            byte => {
                cell.push(byte);
                fresh = false;
            }
        }
    }
    cells.push(cell);
    (cells, next, quoted)
}

/// A header's cell as text, without the white space and invisible marks around it.
fn tidy(cell: &[u8]) -> String {
    let invisible = |c: char| matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}') || c.is_control();
    String::from_utf8_lossy(cell).trim_matches(|c: char| c.is_whitespace() || invisible(c)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn none(_: &[String]) -> bool {
        false
    }

    fn has(names: &'static [&'static str]) -> impl Fn(&[String]) -> bool {
        move |header| names.iter().all(|n| header.iter().any(|h| h == n))
    }

    #[test]
    fn the_delimiter_is_what_the_rows_agree_on() {
        for (text, delimiter, width) in [
            ("a,b,c\n1,2,3\n", b',', 3),
            ("a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n", b';', 3),
            ("a\tb\n1,2\t3\n", b'\t', 2),
            ("a|b\nx, y|z\n", b'|', 2),
            ("id\n1\n2\n", b',', 1),
            ("\"a,b\";c\n\"1,2\";3\n", b';', 2),
            ("a b\n\"1;2\"\n", b',', 1),
        ] {
            let shape = shape(text.as_bytes(), None, &none).unwrap();
            assert_eq!((shape.delimiter, shape.header.len()), (delimiter, width), "{text}");
            assert_eq!((shape.header_at, shape.header_line, shape.preamble_lines), (0, 1, 0));
        }
    }

    #[test]
    fn a_header_below_a_title_and_a_period_is_found() {
        let text = b"Campaign report\n\"March 31, 2026 - April 13, 2026\"\n\nDay,Campaign,Cost\n2026-04-01,x,1\n";
        let shape = shape(text, None, &has(&["Campaign", "Cost"])).unwrap();
        assert_eq!(shape.header, ["Day", "Campaign", "Cost"]);
        assert_eq!((shape.header_line, shape.preamble_lines), (4, 3));
        assert!(text[shape.header_at..].starts_with(b"Day,"));
        assert!(text[shape.data_at..].starts_with(b"2026-04-01"));
    }

    #[test]
    fn a_header_is_recognised_under_any_delimiter() {
        let shape = shape(b"Titel, mit Komma\nDay;Cost\n1;2\n", None, &has(&["Day", "Cost"])).unwrap();
        assert_eq!((shape.delimiter, shape.header_line), (b';', 2));
    }

    #[test]
    fn a_separator_line_is_honoured_and_skipped() {
        for text in ["sep=;\r\na,x;b\r\n1;2\r\n", "\"sep=;\"\na,x;b\n1;2\n"] {
            let shape = shape(text.as_bytes(), None, &none).unwrap();
            assert_eq!((shape.delimiter, shape.header_line, shape.preamble_lines), (b';', 2, 1));
            assert_eq!(shape.header, ["a,x", "b"]);
        }
        let forced = shape(b"sep=;\na,x;b\n", Some(b','), &none).unwrap();
        assert_eq!(forced.header, ["a", "x;b"]);
    }

    #[test]
    fn header_cells_are_unescaped_and_trimmed() {
        let text =
            "\u{feff}Id\u{a0},\"Date entered \"\"MQL (Sales)\"\"\",\"two\nlines\", \u{200b}Name ,\r\n1,2,3,4,\r\n";
        let shape = shape(text.as_bytes(), None, &none).unwrap();
        assert_eq!(shape.header, ["Id", "Date entered \"MQL (Sales)\"", "two\nlines", "Name", ""]);
        assert!(text.as_bytes()[shape.data_at..].starts_with(b"1,2,3"));
    }

    #[test]
    fn blank_rows_above_the_header_are_preamble() {
        let shape = shape(b"\n,,\n\na,b,c\n1,2,3\n", None, &none).unwrap();
        assert_eq!((shape.header_line, shape.header.len()), (4, 3));
    }

    #[test]
    fn problems() {
        assert_eq!(shape(b",,\n,,\n", None, &none), Err(ShapeProblem::NoHeader));
        assert_eq!(shape(b"", None, &none), Err(ShapeProblem::NoHeader));
        assert_eq!(shape(b"\n\"a,b\n1,2\n", None, &none), Err(ShapeProblem::OpenQuote { line: 2 }));
        for byte in [b'"', b'\n', b'a', b'7', 0xe9] {
            assert_eq!(shape(b"a,b\n", Some(byte), &none), Err(ShapeProblem::Delimiter(byte)));
        }
    }

    #[test]
    fn a_file_that_is_only_a_header_has_no_data() {
        let shape = shape(b"a,b", None, &none).unwrap();
        assert_eq!((shape.data_at, shape.header.len()), (3, 2));
    }

    fn reference(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        reader.byte_records().map(|r| r.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn records_are_those_of_the_csv_crate(
            text in proptest::collection::vec(proptest::sample::select(b"ab,\"\" \n;".to_vec()), 0..50)
        ) {
            let (mut at, mut ours) = (0, Vec::new());
            while at < text.len() {
                let (cells, next, _) = record(&text, at, b',');
                // The csv crate passes over empty lines.
                if text[at] != b'\n' {
                    ours.push(cells);
                }
                at = next;
            }
            prop_assert_eq!(ours, reference(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200), forced in any::<Option<u8>>()) {
            if let Ok(shape) = shape(&text, forced, &|h| h.len() > 2) {
                prop_assert!(shape.header_at <= shape.data_at && shape.data_at <= text.len());
                prop_assert!(!shape.header.is_empty());
            }
        }
    }
}
