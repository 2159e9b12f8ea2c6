//! One file → its members: what a packed file or a workbook holds, as bytes that read like a file of their own.
//!
//! In: the bytes of a file. Out: [`Opened`]: the members to read and the ones that are none, or a [`ContainerProblem`].
//! What a file is, its first bytes say, never its name. Plain files pass through untouched; gzip and zstd (`packed`) hold
//! one file, a zip archive (`archive`) many, and each sheet of a workbook (`workbook`, `sheet`, `value`) becomes CSV text.

mod archive;
mod packed;
mod sheet;
mod value;
mod workbook;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{self, Read};

use archive::Archive;
use zip::result::ZipError;

/// One file inside a file, or the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Empty for the file itself; `Leads.csv` of a zip archive, `Sheet1` of a workbook; nested ones joined with `/`.
    pub name: String,
    /// Its bytes, unpacked. A sheet is CSV text in UTF-8 with `,` and LF.
    pub bytes: Cow<'a, [u8]>,
    /// What a reader has to know about how it was read.
    pub note: Option<String>,
}

/// All that a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened<'a> {
    /// In name order for an archive, in the workbook's order for sheets. Never empty.
    pub members: Vec<Member<'a>>,
    /// Members that are not read, and why.
    pub skipped: Vec<(String, String)>,
}

/// Why a packed file or a workbook cannot be read. `member` is the name inside it, empty for the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerProblem {
    /// It ends too early.
    Truncated {
        /// What it is, with its article.
        kind: &'static str,
        /// Which one.
        member: String,
    },
    /// It says something that cannot be.
    Broken {
        /// What it is, with its article.
        kind: &'static str,
        /// Which one.
        member: String,
        /// What is wrong.
        detail: String,
    },
    /// It needs a password.
    Encrypted {
        /// What it is, with its article.
        kind: &'static str,
        /// Which one.
        member: String,
    },
    /// It is packed in a way that is not known here.
    Method {
        /// What it is, with its article.
        kind: &'static str,
        /// Which one.
        member: String,
        /// The way, as far as it has a name.
        method: String,
    },
    /// A workbook of another sort.
    OtherWorkbook {
        /// What it is, with its article.
        kind: &'static str,
        /// Which one.
        member: String,
    },
    /// There is no export in it.
    NothingInside {
        /// What it is, with its article.
        kind: &'static str,
        /// What there is instead, and why it is no export.
        skipped: Vec<(String, String)>,
    },
    /// A workbook without a sheet to read.
    NoRows {
        /// The sheets, and why they are not read.
        skipped: Vec<(String, String)>,
    },
    /// It unpacks to more than the limit.
    TooLarge {
        /// What it is, with its article.
        kind: &'static str,
        /// Which one.
        member: String,
        /// The limit, in bytes.
        limit: u64,
    },
}

impl ContainerProblem {
    /// What was seen.
    pub fn what(&self) -> String {
        let it = |kind: &str, member: &str| match member {
            "" => format!("is {kind}"),
            member => format!("has `{member}`, {kind}"),
        };
        match self {
            Self::Truncated { kind, member } => format!("{} that ends too early", it(kind, member)),
            Self::Broken { kind, member, detail } => format!("{} that is broken: {detail}", it(kind, member)),
            Self::Encrypted { kind, member } => format!("{} with a password", it(kind, member)),
            Self::Method { kind, member, method } => format!("{} packed with {method}", it(kind, member)),
            Self::OtherWorkbook { kind, member } => format!("{}, not a CSV file", it(kind, member)),
            Self::NothingInside { kind, skipped } if skipped.is_empty() => format!("is {kind} with nothing inside"),
            Self::NothingInside { kind, skipped } => {
                format!("is {kind} without an export inside: {}", listed(skipped))
            }
            Self::NoRows { skipped } => format!("is an Excel workbook without a sheet to read: {}", listed(skipped)),
            Self::TooLarge { kind, member, limit } => {
                format!("{} that unpacks to more than {}", it(kind, member), size(*limit))
            }
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Truncated { .. } => "copy or download it again: the end of it is missing",
            Self::Broken { kind, .. } if *kind == WORKBOOK => {
                "open it in a spreadsheet program and save it as \"CSV UTF-8\", or export it again"
            }
            Self::Broken { .. } => "copy or download it again, or export it again",
            Self::Encrypted { .. } | Self::Method { .. } => "unpack it first, and name the files inside",
            Self::OtherWorkbook { .. } => {
                "open it in a spreadsheet program and save it as \"CSV UTF-8\" or as an Excel workbook (.xlsx)"
            }
            Self::NothingInside { .. } => "exports inside end in .csv, .tsv, .txt, .xlsx, .gz or .zst",
            Self::NoRows { .. } => "export it again; a hidden sheet is read once it is shown",
            Self::TooLarge { .. } => {
                "if that is how large it should be, unpack it first (a workbook: save it as CSV), and name the files"
            }
        }
        .into()
    }
}

fn listed(skipped: &[(String, String)]) -> String {
    const SHOWN: usize = 3;
    let said = |(name, reason): &(String, String)| match name.as_str() {
        "" => reason.clone(),
        name => format!("`{name}` ({reason})"),
    };
    let said: Vec<String> = skipped.iter().take(SHOWN).map(said).collect();
    let mut text = said.join(", ");
    if skipped.len() > SHOWN {
        let _ = write!(text, " and {} more", skipped.len() - SHOWN);
    }
    text
}

fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >= 1 << shift && bytes.is_multiple_of(1 << shift) {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

/// Opens a file: what it holds, unpacked.
///
/// `limit` is the largest number of bytes that may come out of it in total: what is unpacked, and for a workbook also the
/// text that its sheets become. A plain file needs none of it.
///
/// # Errors
/// [`ContainerProblem`]: broken, with a password, too large, or without anything to read.
pub fn open(bytes: &[u8], limit: u64) -> Result<Opened<'_>, ContainerProblem> {
    let budget = Budget::new(limit);
    let mut opened = Opened::default();
    let place = Place { name: String::new(), depth: 0, in_archive: false };
    open_into(Cow::Borrowed(bytes), &place, &budget, &mut opened)?;
    if opened.members.is_empty() {
        let skipped = opened.skipped;
        let kind = Kind::of(bytes);
        let book = kind == Kind::Zip && Archive::new(bytes).is_ok_and(|archive| archive.is_workbook());
        return Err(if book {
            ContainerProblem::NoRows { skipped }
        } else {
            ContainerProblem::NothingInside { kind: kind.about(), skipped }
        });
    }
    Ok(opened)
}

/// Whether a file that begins so holds others.
pub fn is_packed(head: &[u8]) -> bool {
    Kind::of(head) != Kind::Plain
}

const WORKBOOK: &str = "an Excel workbook";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Gzip,
    Zstd,
    Zip,
}

impl Kind {
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A zstd file may begin with a frame that holds no data.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            // An archive's first member, no member at all, or the mark of an archive that was once split.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Self::Zip,
            _ => Self::Plain,
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Plain => "a plain file",
            Self::Gzip => "a gzip file",
            Self::Zstd => "a zstd file",
            Self::Zip => "a zip archive",
        }
    }
}

/// Where in the file we are.
struct Place {
    name: String,
    /// How many times what we look at was packed.
    depth: u8,
    in_archive: bool,
}

impl Place {
    fn inside(&self, name: &str) -> String {
        match (self.name.as_str(), name) {
            ("", name) => name.into(),
            (outer, "") => outer.into(),
            (outer, name) => format!("{outer}/{name}"),
        }
    }
}

fn open_into<'a>(
    bytes: Cow<'a, [u8]>,
    place: &Place,
    budget: &Budget,
    opened: &mut Opened<'a>,
) -> Result<(), ContainerProblem> {
    let kind = Kind::of(&bytes);
    let problem = |fail: Fail| fail.at(kind.about(), &place.name, budget);
    if kind == Kind::Plain {
        opened.members.push(Member { name: place.name.clone(), bytes, note: None });
        return Ok(());
    }
    if place.depth > 1 {
        opened.skipped.push((place.name.clone(), format!("{} inside two others", kind.about())));
        return Ok(());
    }
    let inside = Place { name: place.name.clone(), depth: place.depth + 1, in_archive: place.in_archive };
    match kind {
        Kind::Plain => Ok(()),
        Kind::Gzip => open_into(packed::gzip(&bytes, budget).map_err(problem)?.into(), &inside, budget, opened),
        Kind::Zstd => open_into(packed::zstd(&bytes, budget).map_err(problem)?.into(), &inside, budget, opened),
        Kind::Zip => {
            let mut archive = Archive::new(&bytes).map_err(problem)?;
            if archive.is_workbook() {
                let book = workbook::open(archive, budget).map_err(|fail| fail.at(WORKBOOK, &place.name, budget))?;
                opened.skipped.extend(book.skipped.into_iter().map(|(name, why)| (place.inside(&name), why)));
                opened.members.extend(book.members.into_iter().map(|m| Member { name: place.inside(&m.name), ..m }));
                return Ok(());
            }
            if let Some(kind) = archive.other_workbook() {
                return Err(ContainerProblem::OtherWorkbook { kind, member: place.name.clone() });
            }
            if place.in_archive {
                opened.skipped.push((place.name.clone(), "a zip archive inside another".into()));
                return Ok(());
            }
            for (index, name) in archive.exports(|name, why| opened.skipped.push((place.inside(&name), why))) {
                let inside = Place { name: place.inside(&name), depth: place.depth + 1, in_archive: true };
                let unpacked = archive.unpack(index, budget);
                let unpacked = unpacked.map_err(|fail| match fail {
                    // All members together, so this one is not to blame.
                    _ if budget.overdrawn.get() => fail.at(kind.about(), &place.name, budget),
                    fail => fail.at("a member", &inside.name, budget),
                })?;
                open_into(unpacked.into(), &inside, budget, opened)?;
            }
            Ok(())
        }
    }
}

/// What went wrong, before it is known where.
#[derive(Debug)]
enum Fail {
    TooLarge,
    Truncated,
    Encrypted,
    Method(String),
    Broken(String),
}

impl Fail {
    fn at(self, kind: &'static str, member: &str, budget: &Budget) -> ContainerProblem {
        let member = member.to_string();
        // However it was reported on its way here, this is the cause.
        if budget.overdrawn.get() {
            return ContainerProblem::TooLarge { kind, member, limit: budget.limit };
        }
        match self {
            Self::TooLarge => ContainerProblem::TooLarge { kind, member, limit: budget.limit },
            Self::Truncated => ContainerProblem::Truncated { kind, member },
            Self::Encrypted => ContainerProblem::Encrypted { kind, member },
            Self::Method(method) => ContainerProblem::Method { kind, member, method },
            Self::Broken(detail) => ContainerProblem::Broken { kind, member, detail: printable(&detail) },
        }
    }
}

impl From<io::Error> for Fail {
    fn from(error: io::Error) -> Self {
        if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<ZipError>()) {
            return inner.clone().into();
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// How many bytes may still come out of a file.
struct Budget {
    limit: u64,
    left: Cell<u64>,
    overdrawn: Cell<bool>,
}

impl Budget {
    fn new(limit: u64) -> Self {
        Self { limit, left: Cell::new(limit), overdrawn: Cell::new(false) }
    }

    fn spend(&self, bytes: usize) -> Result<(), Fail> {
        let left = self.left.get().checked_sub(bytes as u64);
        self.overdrawn.set(left.is_none());
        self.left.set(left.unwrap_or(0));
        left.map(drop).ok_or(Fail::TooLarge)
    }

    /// Room to set aside for something that says how large it is: no more than is allowed, nor than its packed size
    /// makes likely.
    fn room(&self, said: u64, packed: usize) -> usize {
        let likely = (packed as u64).saturating_mul(12).saturating_add(1024);
        usize::try_from(said.min(likely).min(self.left.get())).unwrap_or(0)
    }
}

/// Counts what is read, and fails where the budget ends.
struct Counted<'b, R> {
    inner: R,
    budget: &'b Budget,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.budget.spend(read).map_err(|_| io::Error::other("too large"))?;
        Ok(read)
    }
}

/// A name or a message that may be printed: without control characters and marks that turn the direction of writing.
fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests;
