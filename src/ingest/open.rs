//! One file → its text, its header, and how its records become rows.
//!
//! In: a [`Found`] file. Out: an [`Opened`] for it, or for each export inside it, before any of its records is read; or
//! every problem that stops it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::body::Body;
use super::cell::{Decimal, DecimalVotes};
use super::container::{self, ContainerProblem};
use super::decode::{self, DecodeProblem, Decoded};
use super::part::Part;
use super::plan::{self, Plan, position};
use super::preset::Preset;
use super::read::Reader;
use super::steady::{self, Halt};
use super::{BadRows, FileFacts, Found, recognise, records};
use crate::contract::{Contract, Source};
use crate::issue::{Issue, Place};
use crate::report::Input;
use crate::tables::{Kind, Names};
use crate::time::Zone;

/// What every file needs.
pub struct Context<'c> {
    pub contract: &'c Contract,
    pub home: &'c Zone,
    pub presets: &'c [Preset],
    /// Every header that a preset's signature asks for, in small letters.
    pub words: HashSet<String>,
    /// Digits after the decimal mark of the reporting currency.
    pub exponent: u32,
    pub bad_rows: BadRows,
    /// Columns of words that nothing asks for.
    pub unused: &'c [(Kind, String)],
    /// The preset that reads files which no source of the contract describes.
    pub forced: Option<&'c str>,
}

/// A file, opened and understood.
pub struct Opened {
    /// Index of its source in the contract, if one names it.
    pub source: Option<usize>,
    pub facts: FileFacts,
    pub body: Body,
    /// Raw bytes up to the first record, of a file whose hash is taken while it is read.
    pub head: Option<Vec<u8>>,
    /// Byte offset of the first record after the header.
    pub data_at: usize,
    pub delimiter: u8,
    /// Read in one piece, by the rules of the `csv` crate.
    pub careful: bool,
    pub used: Use,
}

/// What becomes of a file's records.
#[allow(clippy::large_enum_variant)] // one per file
pub enum Use {
    /// Rows.
    Rows(Plan),
    /// They are counted, for this reason.
    Count(String),
}

/// How much of a file settles what it is.
const HEAD: usize = 2 << 20;

/// Opens one file: itself, or each export inside it. `on_disk` is false for one that has turned out not to be UTF-8
/// throughout.
pub fn open(found: &Found<'_>, context: &Context<'_>, on_disk: bool) -> Vec<Result<Opened, Vec<Issue>>> {
    match inside(found, context, on_disk) {
        Ok(opened) => opened,
        Err(issues) => vec![Err(issues)],
    }
}

fn inside(
    found: &Found<'_>,
    context: &Context<'_>,
    on_disk: bool,
) -> Result<Vec<Result<Opened, Vec<Issue>>>, Vec<Issue>> {
    let place = || Place::file(&found.shown);
    let cannot = |error: std::io::Error| vec![Issue::run(place(), format!("cannot be read: {error}"))];
    let halted = |halt| match halt {
        Halt::Io(error) => cannot(error),
        Halt::TooLong(line) => vec![steady::too_long(&found.shown, Some(line))],
    };
    let mut bytes = Vec::new();
    if found.is_stdin() {
        steady::read_on(std::io::stdin().lock(), &mut bytes).map_err(halted)?;
    } else {
        let mut file = file(&found.path, &found.shown).map_err(|issue| vec![issue])?;
        let about = file.metadata().map_err(cannot)?;
        let size = usize::try_from(about.len()).unwrap_or(usize::MAX);
        bytes.reserve(size.min(HEAD) + 1);
        let by_disk = on_disk && about.is_file() && size > HEAD && found.source.is_none_or(|s| s.encoding.is_none());
        if by_disk {
            file.by_ref().take(HEAD as u64).read_to_end(&mut bytes).map_err(cannot)?;
            let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
            let plain = match decode::decode(&bytes[..whole]) {
                Ok(Decoded { text: Cow::Borrowed(_), encoding: "UTF-8", note: None, .. }) => whole > mark,
                _ => false,
            };
            if plain {
                let facts = facts(found, context, "UTF-8".into(), Vec::new());
                let text = &bytes[mark..whole];
                let mut opened = understand(found, context, text, facts, None)?;
                let (skip, len) = (mark as u64, (size - mark) as u64);
                opened.head = Some(bytes[..mark + opened.data_at].to_vec());
                opened.body = Body::Disk { file, skip, len, modified: about.modified().ok() };
                return Ok(vec![Ok(opened)]);
            }
            if !container::is_packed(&bytes) {
                // What the beginning says of the whole is said before the whole is in memory.
                if memchr::memchr2(b'\n', b'\r', &bytes).is_none() {
                    return Err(vec![steady::too_long(&found.shown, Some(1))]);
                }
                if let Err(problem @ DecodeProblem::NotText { .. }) = decode::decode(&bytes) {
                    return Err(vec![Issue::data(place(), problem.what()).hint(problem.hint())]);
                }
            }
        }
        steady::read_on(&mut file, &mut bytes).map_err(halted)?;
    }
    let limit = (bytes.len() as u64).saturating_mul(100).max(1 << 28);
    let held = match container::open(&bytes, limit) {
        Ok(held) => held,
        Err(problem @ (ContainerProblem::NothingInside { .. } | ContainerProblem::NoRows { .. })) if !found.named => {
            let mut facts = facts(found, context, String::new(), Vec::new());
            facts.input.sha256 = hex(&Sha256::digest(&bytes));
            facts.why = problem.what();
            return Ok(vec![Ok(Opened::not_read(facts))]);
        }
        Err(problem) => return Err(vec![Issue::data(place(), problem.what()).hint(problem.hint())]),
    };
    let skipped = held.skipped.into_iter().map(|(member, why)| format!("`{member}` in it is not read: {why}"));
    let mut notes: Vec<String> = skipped.collect();
    if held.members.iter().all(|m| m.name.is_empty()) {
        let sha256 = hex(&Sha256::digest(&bytes));
        let packed = held.members.into_iter().find_map(|m| match m.bytes {
            Cow::Borrowed(_) => None,
            Cow::Owned(unpacked) => Some(unpacked),
        });
        let bytes = packed.unwrap_or(bytes);
        return Ok(vec![in_memory(found, context, bytes, sha256, None, notes)]);
    }
    // One sheet or file among several may be no export; but none of them would be a mistake.
    let mut opened = Vec::new();
    for member in held.members {
        let shown = format!("{}/{}", found.shown, member.name);
        let of = Found { shown, path: found.path.clone(), source: found.source, named: false };
        let sheet = member.note.as_ref().is_some_and(|note| note.starts_with("sheet"));
        let mut about: Vec<String> = member.note.into_iter().collect();
        about.append(&mut notes);
        let sha256 = hex(&Sha256::digest(&member.bytes));
        opened.push(in_memory(&of, context, member.bytes.into_owned(), sha256, sheet.then_some(b','), about));
    }
    let known = |o: &Result<Opened, Vec<Issue>>| {
        o.as_ref().is_ok_and(|o| o.facts.input.preset.is_some() || o.facts.input.table.is_some())
    };
    if found.named && !opened.iter().any(known) {
        let first: Vec<String> =
            opened.iter().flatten().map(|o| format!("{}: {}", o.facts.input.path, o.facts.why)).collect();
        let problems: Vec<Issue> = opened.into_iter().filter_map(Result::err).flatten().collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let what = format!("nothing in it is recognised: {}", first.join("; "));
        return Err(vec![Issue::data(place(), what).hint(
            "describe it in the contract: [[source]] with table = \"…\" and columns = { … }; \
             `onefunnel init FILES` writes a contract to start from",
        )]);
    }
    Ok(opened)
}

/// Opens what is in memory: decoded, and read from there.
fn in_memory(
    found: &Found<'_>,
    context: &Context<'_>,
    bytes: Vec<u8>,
    sha256: String,
    delimiter: Option<u8>,
    notes: Vec<String>,
) -> Result<Opened, Vec<Issue>> {
    let decoded = match found.source.and_then(|s| s.encoding.as_ref()).filter(|_| delimiter.is_none()) {
        Some(label) => decode::decode_as(&bytes, &label.value),
        None => decode::decode(&bytes),
    };
    let decoded = decoded.map_err(|p| vec![Issue::data(Place::file(&found.shown), p.what()).hint(p.hint())])?;
    let mut facts = facts(found, context, decoded.encoding.to_string(), notes);
    facts.notes.extend(decoded.note);
    facts.input.sha256 = sha256;
    let text = match decoded.text {
        Cow::Borrowed(text) if text.len() == bytes.len() => bytes,
        text => text.into_owned(),
    };
    let mut opened = understand(found, context, &text[..text.len().min(HEAD)], facts, delimiter)?;
    opened.body = Body::Memory(text);
    Ok(opened)
}

/// See [`Context::words`].
pub fn words(presets: &[Preset]) -> HashSet<String> {
    let signatures = presets.iter().flat_map(|p| &p.signatures);
    signatures.flat_map(|s| &s.all).map(|header| header.to_lowercase()).collect()
}

impl Opened {
    /// A file that holds nothing to read.
    fn not_read(facts: FileFacts) -> Self {
        Self {
            source: None,
            facts,
            body: Body::Memory(Vec::new()),
            head: None,
            data_at: 0,
            delimiter: b',',
            careful: false,
            used: Use::Count("file not recognised".into()),
        }
    }
}

fn facts(found: &Found<'_>, context: &Context<'_>, encoding: String, notes: Vec<String>) -> FileFacts {
    let input = Input {
        path: found.shown.clone(),
        sha256: String::new(),
        preset: None,
        table: None,
        rows_read: 0,
        rows_used: 0,
        set_aside: Vec::new(),
    };
    let source = found.source;
    FileFacts {
        input,
        path: found.path.clone(),
        said_encoding: source.and_then(|s| s.encoding.as_ref()).map(|e| e.value.clone()),
        said_currency: source.and_then(|s| s.currency.as_ref()).map(|c| c.value.clone()),
        aside_at: super::lines::AsideAt::new(),
        system: String::new(),
        why: String::new(),
        evidence: None,
        mapped: Vec::new(),
        unmapped: Vec::new(),
        duplicates: Vec::new(),
        range: None,
        zone: context.home.name.clone(),
        encoding,
        delimiter: "",
        date_forms: Vec::new(),
        date_order: None,
        preamble: 0,
        short_rows: 0,
        no_numbers: Vec::new(),
        nulled: Vec::new(),
        notes,
    }
}

/// What a file is, by the beginning of its text.
fn understand(
    found: &Found<'_>,
    context: &Context<'_>,
    head: &[u8],
    mut facts: FileFacts,
    delimiter: Option<u8>,
) -> Result<Opened, Vec<Issue>> {
    let source = found.source;
    let wanted = |header: &[String]| match source {
        Some(s) if s.table.is_some() => s.columns.values().all(|rule| position(header, &rule.header.value).is_some()),
        // Nearly all of the records that are asked about are data, and have no word of any header.
        _ => {
            header.iter().any(|cell| context.words.contains(&cell.to_lowercase()))
                && recognise::recognise(header, context.presets).is_ok()
        }
    };
    let shape = decode::shape(head, delimiter.or(source.and_then(|s| s.delimiter)), &wanted)
        .map_err(|p| vec![Issue::data(Place::file(&found.shown), p.what()).hint(p.hint())])?;
    facts.delimiter = delimiter_word(shape.delimiter);
    facts.preamble = shape.preamble_lines;
    let index = source.and_then(|s| context.contract.sources.iter().position(|other| std::ptr::eq(s, other)));
    let opened = |facts, used| Opened {
        source: index,
        facts,
        // The caller has it.
        body: Body::Memory(Vec::new()),
        head: None,
        data_at: shape.data_at,
        delimiter: shape.delimiter,
        careful: false,
        used,
    };
    let (preset, mapping) = match plan::choose(found, context, &shape.header, shape.header_line) {
        Ok(chosen) => chosen,
        Err(miss) if !found.named => {
            facts.why = miss.first().map(|i| i.what.clone()).unwrap_or_default();
            facts.unmapped.clone_from(&shape.header);
            return Ok(opened(facts, Use::Count("file not recognised".into())));
        }
        Err(miss) => return Err(miss),
    };
    facts.why.clone_from(&preset.why);
    facts.system = match (preset.preset, source) {
        (Some(preset), _) => preset.system.clone(),
        (None, Some(source)) => format!("source {}", source.path.value),
        (None, None) => String::new(),
    };
    facts.evidence = preset.preset.map(|p| p.evidence.about());
    facts.input.preset = preset.preset.map(|p| p.id.clone());
    facts.notes.extend(preset.preset.and_then(|p| p.docs.clone()));
    if let Some((why, help)) = preset.preset.and_then(|p| p.refused.as_ref()) {
        let id = preset.preset.map_or("", |p| p.id.as_str());
        let what = format!("is recognised as {id}, and cannot be used: {why}");
        if found.named {
            return Err(vec![Issue::data(Place::file(&found.shown), what).hint(help)]);
        }
        facts.notes.push(format!("{what}; {help}"));
        facts.unmapped.clone_from(&shape.header);
        return Ok(opened(facts, Use::Count(format!("refused: {why}"))));
    }
    let Some(kind) = preset.kind else {
        let reason = preset.preset.and_then(|p| p.not_needed.clone()).unwrap_or_else(|| "not needed".into());
        facts.unmapped.clone_from(&shape.header);
        return Ok(opened(facts, Use::Count(format!("not needed: {reason}"))));
    };
    facts.input.table = Some(kind.id().to_string());
    let mut plan = plan::plan(found, context, &preset, kind, mapping, &shape.header, shape.delimiter, &mut facts)?;
    plan.decimal = decimal(source, &plan, head.get(shape.data_at..).unwrap_or_default());
    Ok(opened(facts, Use::Rows(plan)))
}

/// The decimal mark: the contract's, else what the first records say. The whole file has the last word.
fn decimal(source: Option<&Source>, plan: &Plan, head: &[u8]) -> Decimal {
    const ENOUGH: usize = 1 << 16;
    if let Some(said) = source.and_then(|s| s.decimal) {
        return said;
    }
    let end = memchr::memrchr(b'\n', &head[..head.len().min(ENOUGH)]).map_or(0, |at| at + 1);
    let mut names = Names::default();
    let mut reader = Reader::new(plan, &mut names, BadRows::default(), 0, 0);
    // A head that is cut within a record says as much as one that is not.
    let _ = records::plain(&head[..end], plan.delimiter, |at, record| reader.record(at, &record));
    let part: Part = reader.finish();
    let mut votes = DecimalVotes::default();
    votes.merge(&part.decimal);
    votes.settle().unwrap_or_default()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

pub(super) fn file(path: &Path, shown: &str) -> Result<File, Issue> {
    if path.is_dir() {
        return Err(Issue::usage(Place::file(shown), "is a folder, not a file"));
    }
    if let Some(kind) = no_file(path) {
        return Err(Issue::usage(Place::file(shown), format!("is {kind}, not a file"))
            .hint("name an export file; what another program prints is read as `-` or from a pipe"));
    }
    File::open(path).map_err(|error| {
        let place = Place::file(shown);
        match error.kind() {
            _ if error.to_string().contains("symbolic links") => {
                Issue::usage(place, "is a symbolic link that leads in a circle").hint("point the link at a file")
            }
            std::io::ErrorKind::NotFound => no_such_file(path, shown),
            std::io::ErrorKind::PermissionDenied => Issue::usage(place, "may not be read by this user")
                .hint("change its permissions, or run as a user who may read it"),
            _ => Issue::usage(place, format!("cannot be read: {error}")),
        }
    })
}

/// What a path leads to, where that is neither a file nor a pipe: it may have no end, or never answer.
#[cfg(unix)]
fn no_file(path: &Path) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kind = path.metadata().ok()?.file_type();
    match () {
        () if kind.is_char_device() || kind.is_block_device() => Some("a device"),
        () if kind.is_socket() => Some("a socket"),
        () => None,
    }
}

#[cfg(not(unix))]
fn no_file(_: &Path) -> Option<&'static str> {
    None
}

/// A file that is not there, and the one that was meant.
pub fn no_such_file(path: &Path, shown: &str) -> Issue {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    let wanted = path.file_name().and_then(|n| n.to_str()).unwrap_or(shown);
    let issue = Issue::usage(Place::file(shown), "no such file");
    match crate::issue::nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) if folder == Path::new(".") => issue.hint(format!("did you mean `{near}`?")),
        Some(near) => issue.hint(format!("did you mean `{}`?", folder.join(near).display())),
        None => issue.hint("give an export file, a folder with exports, or a contract (onefunnel.toml)"),
    }
}

fn delimiter_word(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "comma",
        b';' => "semicolon",
        b'\t' => "tab",
        b'|' => "bar",
        _ => "other",
    }
}
