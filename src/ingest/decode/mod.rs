//! Bytes → clean UTF-8 text, its shape, and where its data ends.
//!
//! In: a file as it was exported. Out: [`Decoded`] text (this file), its [`Shape`] (delimiter, header: `shape`), and its
//! [`Footer`] (rows after the data that are no data: `footer`).
//!
//! An encoding is certain (byte-order mark, NUL pattern of UTF-16, valid UTF-8), or guessed and said so in a note, or,
//! where a guess would mangle names and stages unseen, a problem that asks.

mod footer;
mod shape;

pub use footer::{Footer, footer};
pub use shape::{Shape, ShapeProblem, shape};

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::{memchr, memchr_iter, memmem};

/// A file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Valid UTF-8 without byte-order mark, in lines that end in LF or CRLF.
    pub text: Cow<'a, [u8]>,
    /// The encoding it was in.
    pub encoding: &'static str,
    /// What a reader has to know about how it was read.
    pub note: Option<String>,
    /// Some bytes had no meaning in a forced encoding, and stand as U+FFFD now.
    pub lossy: bool,
}

/// Why a file is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeProblem {
    /// No bytes, or nothing but blank lines.
    Empty,
    /// Not a text file: what it is, and what to do.
    NotText {
        /// What it is, with its article.
        kind: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// Text of a certain encoding, broken on this line.
    Malformed {
        /// The encoding.
        encoding: &'static str,
        /// First line with bytes that mean nothing, from 1.
        line: u64,
    },
    /// Several single-byte encodings could be meant, and they read names differently.
    Ambiguous {
        /// The encodings, by the names that a contract takes.
        choices: Vec<&'static str>,
        /// First line where it matters, from 1.
        line: u64,
    },
    /// The encoding that was asked for is not known.
    UnknownEncoding(String),
}

impl DecodeProblem {
    /// What was seen.
    pub fn what(&self) -> String {
        match self {
            Self::Empty => "has no rows: the file is empty".into(),
            Self::NotText { kind, .. } => format!("is {kind}, not a CSV file"),
            Self::Malformed { encoding, line } => format!("is {encoding} text, but broken on line {line}"),
            Self::Ambiguous { choices, line } => {
                format!("is not UTF-8, and line {line} could be {}", choices.join(" or "))
            }
            Self::UnknownEncoding(label) => format!("has an unknown encoding `{label}` in the contract"),
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Empty => "export it again, or take it out".into(),
            Self::NotText { hint, .. } => (*hint).into(),
            Self::Malformed { encoding, .. } => format!(
                "export it again; or say `encoding = \"{encoding}\"` in the contract's [[source]] to read it with � for \
                 what is broken, or another encoding"
            ),
            Self::Ambiguous { choices, .. } => {
                let said: Vec<String> = choices.iter().map(|c| format!("encoding = \"{c}\"")).collect();
                format!("say which in the contract's [[source]]: {}; or export it as UTF-8", said.join(" or "))
            }
            Self::UnknownEncoding(_) => {
                "use a name such as \"utf-8\", \"windows-1252\", \"iso-8859-2\", \"utf-16le\" or \"shift_jis\"".into()
            }
        }
    }
}

/// Makes UTF-8 text of a file, in whatever encoding it is.
///
/// # Errors
/// [`DecodeProblem`]: empty, no text, broken, or in an encoding that only its owner knows.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, DecodeProblem> {
    if let Some((kind, hint)) = not_text(bytes) {
        return Err(DecodeProblem::NotText { kind, hint });
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return strict(&bytes[mark..], encoding);
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        let decoded = strict(bytes, encoding)?;
        return Ok(Decoded {
            note: Some(format!("read as {} by the pattern of its bytes", encoding.name())),
            ..decoded
        });
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => finish(Cow::Borrowed(bytes), UTF_8.name(), None, false),
        Err(error) => single_byte(bytes, error.valid_up_to()),
    }
}

/// Makes UTF-8 text of a file in the encoding that the contract names. Bytes without meaning become U+FFFD, which the
/// note says. A byte-order mark outranks the name.
///
/// # Errors
/// [`DecodeProblem`]: empty, no text, or a name that is no encoding.
pub fn decode_as<'a>(bytes: &'a [u8], label: &str) -> Result<Decoded<'a>, DecodeProblem> {
    let known = Encoding::for_label_no_replacement(label.as_bytes());
    let wanted = known.ok_or_else(|| DecodeProblem::UnknownEncoding(label.to_string()))?;
    if let Some((kind, hint)) = not_text(bytes) {
        return Err(DecodeProblem::NotText { kind, hint });
    }
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((wanted, 0));
    let (text, lossy) = encoding.decode_without_bom_handling(&bytes[mark..]);
    let mut notes = Vec::new();
    if encoding != wanted {
        notes.push(format!("read as {}, as its byte-order mark says, not as {label}", encoding.name()));
    }
    if lossy {
        let broken = text.matches('\u{fffd}').count();
        let line = text.find('\u{fffd}').map_or(1, |at| line_at(text.as_bytes(), at));
        notes.push(format!(
            "what means nothing in {} stands as \u{fffd} ({broken}, the first on line {line})",
            encoding.name()
        ));
    }
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    finish(into_bytes(text), encoding.name(), note, lossy)
}

fn strict<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Result<Decoded<'a>, DecodeProblem> {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken {
        let line = text.find('\u{fffd}').map_or(1, |at| line_at(text.as_bytes(), at));
        return Err(DecodeProblem::Malformed { encoding: encoding.name(), line });
    }
    finish(into_bytes(text), encoding.name(), None, false)
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn finish<'a>(
    mut text: Cow<'a, [u8]>,
    encoding: &'static str,
    note: Option<String>,
    lossy: bool,
) -> Result<Decoded<'a>, DecodeProblem> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(DecodeProblem::Empty);
    }
    if memchr(0, &text).is_some() {
        let (kind, hint) = ("a binary file (it has NUL bytes)", "export it as CSV, in UTF-8");
        return Err(DecodeProblem::NotText { kind, hint });
    }
    if memchr(b'\n', &text).is_none() && memchr(b'\r', &text).is_some() {
        // Line ends of an old Macintosh: Excel still offers them.
        for byte in text.to_mut() {
            if *byte == b'\r' {
                *byte = b'\n';
            }
        }
    }
    Ok(Decoded { text, encoding, note, lossy })
}

/// Files that are often taken for CSV, by their first bytes.
fn not_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const SAVE_AS_CSV: &str = "open it in a spreadsheet program and save it as \"CSV UTF-8\"";
    const UNPACK: &str = "unpack it first, and name the CSV file inside";
    const EXPORT: &str = "export it as CSV, in UTF-8";
    let head = &bytes[..bytes.len().min(1 << 16)];
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"PK\x03\x04") {
        let workbook = memmem::find(head, b"xl/").is_some() || memmem::find(head, b"[Content_Types].xml").is_some();
        return Some(if workbook { ("an Excel workbook (.xlsx)", SAVE_AS_CSV) } else { ("a zip archive", UNPACK) });
    }
    for (magic, kind) in [
        (&b"\x1f\x8b"[..], "a gzip archive"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"BZh", "a bzip2 archive"),
        (b"\xfd7zXZ\0", "an xz archive"),
        (b"\x28\xb5\x2f\xfd", "a zstd archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    ] {
        // Text may begin with BZh, but packed data always has bytes that no text has.
        if starts(magic) && (magic != b"BZh" || memchr(0, head).is_some() || std::str::from_utf8(head).is_err()) {
            return Some((kind, UNPACK));
        }
    }
    if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Some(("an old Excel workbook (.xls), or one with a password", SAVE_AS_CSV));
    }
    if starts(b"PAR1") && memchr(0, head).is_some() {
        return Some(("a Parquet file", EXPORT));
    }
    if starts(b"%PDF-") {
        return Some(("a PDF file", EXPORT));
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let opens = |tag: &[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    if opens(b"<!doctype html") || opens(b"<html") || opens(b"<table") {
        return Some(("a web page (some systems name it .xls or .csv)", SAVE_AS_CSV));
    }
    opens(b"<?xml").then_some(("an XML file", EXPORT))
}

/// UTF-16 of mostly Latin text has a NUL in every other byte, and always on the same side.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let pairs = bytes[..bytes.len().min(4096)].chunks_exact(2);
    let count = pairs.len();
    let (first, second) =
        pairs.fold((0, 0), |(a, b), pair| (a + usize::from(pair[0] == 0), b + usize::from(pair[1] == 0)));
    match (first, second) {
        (0, nuls) if nuls * 10 >= count * 3 && nuls > 0 => Some(UTF_16LE),
        (nuls, 0) if nuls * 10 >= count * 3 && nuls > 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// Neither marked nor valid UTF-8: broken UTF-8, or one of the many single-byte encodings.
fn single_byte(bytes: &[u8], first_bad: usize) -> Result<Decoded<'_>, DecodeProblem> {
    let line = line_at(bytes, first_bad);
    if memchr(0, bytes).is_some() {
        return finish(Cow::Borrowed(bytes), "", None, false);
    }
    let sample = sample(bytes);
    // In UTF-8 text with a few broken bytes most characters beyond ASCII are sound; in other text next to none are.
    let (sound, broken) = sample.utf8_chunks().fold((0, 0), |(sound, broken), chunk| {
        let beyond = chunk.valid().bytes().filter(|b| *b >= 0xc0).count();
        (sound + beyond, broken + usize::from(!chunk.invalid().is_empty()))
    });
    if sound > broken {
        return Err(DecodeProblem::Malformed { encoding: UTF_8.name(), line });
    }
    let evidence = Evidence::of(&sample);
    let mut choices = vec![WINDOWS_1252.name()];
    if evidence.unlike_1252 * 4 >= evidence.high {
        choices.push("macintosh");
    }
    if evidence.guess != WINDOWS_1252 && evidence.high >= Evidence::ENOUGH {
        choices.push(evidence.guess.name());
    }
    if choices.len() > 1 {
        return Err(DecodeProblem::Ambiguous { choices, line });
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let only_1252 = bytes.iter().any(|b| (0x80..0xa0).contains(b));
    let name = if only_1252 { "windows-1252" } else { "ISO-8859-1 / windows-1252" };
    let note = format!("not UTF-8: guessed {name}; the first letter that depends on it is on line {line}");
    finish(into_bytes(text), name, Some(note), false)
}

/// The first lines that are not plain ASCII, up to a mebibyte of them: more would hardly change any guess.
fn sample(bytes: &[u8]) -> Vec<u8> {
    const ENOUGH: usize = 1 << 20;
    let mut sample = Vec::new();
    for line in bytes.split_inclusive(|b| *b == b'\n').filter(|line| !line.is_ascii()) {
        let room = ENOUGH - sample.len();
        sample.extend_from_slice(&line[..line.len().min(room)]);
        if room <= line.len() {
            break;
        }
    }
    sample
}

/// What the bytes from 0x80 up say about a single-byte encoding.
struct Evidence {
    /// How many there are.
    high: usize,
    /// Those that windows-1252 has not, or has as signs and capitals that do not follow a small letter.
    unlike_1252: usize,
    /// What a browser would take it for.
    guess: &'static Encoding,
}

impl Evidence {
    /// With fewer bytes than this the guess is no more than a coin toss.
    const ENOUGH: usize = 6;

    fn of(sample: &[u8]) -> Self {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(sample, true);
        let (mut high, mut unlike_1252, mut before) = (0, 0, 0_u8);
        for byte in sample {
            high += usize::from(*byte >= 0x80);
            let undefined = matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
            let no_ending = matches!(byte, 0x87 | 0x88 | 0x89 | 0x8a | 0x8c | 0x8e | 0x9f);
            unlike_1252 += usize::from(undefined || (no_ending && before.is_ascii_lowercase()));
            before = *byte;
        }
        Self { high, unlike_1252, guess: detector.guess(None, Utf8Detection::Deny) }
    }
}

fn line_at(text: &[u8], offset: usize) -> u64 {
    memchr_iter(b'\n', &text[..offset.min(text.len())]).count() as u64 + 1
}

#[cfg(test)]
mod tests;
