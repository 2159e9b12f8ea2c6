//! A zip archive: many files, packed one by one.
//!
//! In: its bytes. Out: which members are exports, and what each of them holds.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::{Budget, Counted, Fail, printable};

const ENDINGS: [&str; 6] = [".csv", ".tsv", ".txt", ".xlsx", ".gz", ".zst"];

/// An archive that is open.
pub struct Archive<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    /// All of it, in bytes.
    size: usize,
    /// Number and name of each member.
    names: Vec<(usize, String)>,
    /// Number by a name in small letters and with `/`, as the parts of a workbook are looked up.
    parts: HashMap<String, usize>,
}

impl<'b> Archive<'b> {
    /// Reads the table of contents.
    pub fn new(bytes: &'b [u8]) -> Result<Self, Fail> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(Fail::from)?;
        if zip.has_duplicate_names() {
            return Err(Fail::Broken("two members have the same name".into()));
        }
        let mut names = Vec::with_capacity(zip.len());
        let mut parts = HashMap::with_capacity(zip.len());
        for index in 0..zip.len() {
            let entry = zip.by_index_data(index).map_err(Fail::from)?;
            let name = match entry.name() {
                Ok(name) => name.into_owned(),
                Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
            };
            parts.entry(part_name(&name)).or_insert(index);
            names.push((index, name));
        }
        Ok(Self { zip, size: bytes.len(), names, parts })
    }

    /// Whether it is an Excel workbook (.xlsx, .xlsm).
    pub fn is_workbook(&self) -> bool {
        let sheet = |name: &String| part_name(name).starts_with("xl/worksheets/");
        self.has("xl/workbook.xml")
            || (self.has("[Content_Types].xml")
                && !self.has("xl/workbook.bin")
                && self.names.iter().any(|(_, name)| sheet(name)))
    }

    /// What it is instead, when it is another program's workbook.
    pub fn other_workbook(&self) -> Option<&'static str> {
        if self.has("xl/workbook.bin") {
            Some("a binary Excel workbook (.xlsb)")
        } else if self.has("mimetype") && self.has("content.xml") {
            Some("an OpenDocument file (.ods)")
        } else if self.has("Index/Document.iwa") {
            Some("a Numbers file")
        } else {
            None
        }
    }

    /// Whether there is such a part.
    pub fn has(&self, part: &str) -> bool {
        self.parts.contains_key(&part_name(part))
    }

    /// Number and printable name of the members that are exports, in name order; `skip` gets the others. What operating
    /// systems put into archives unasked is not mentioned.
    pub fn exports(&self, mut skip: impl FnMut(String, String)) -> Vec<(usize, String)> {
        let mut names: Vec<&(usize, String)> = self.names.iter().collect();
        names.sort_by(|a, b| (a.1.as_bytes(), a.0).cmp(&(b.1.as_bytes(), b.0)));
        let mut exports = Vec::new();
        for (index, name) in names {
            let Ok(entry) = self.zip.by_index_data(*index) else { continue };
            let unasked = |part: &str| part == "__MACOSX" || (part.starts_with('.') && part != "." && part != "..");
            if entry.is_dir() || name.ends_with('\\') || name.split(['/', '\\']).any(unasked) {
                continue;
            }
            let low = name.to_ascii_lowercase();
            if entry.is_symlink() {
                skip(printable(name), "a symbolic link".into());
            } else if !ENDINGS.iter().any(|ending| low.ends_with(ending)) {
                skip(printable(name), "its name does not end like an export's".into());
            } else {
                exports.push((*index, printable(name)));
            }
        }
        exports
    }

    /// One member's bytes.
    pub fn unpack(&mut self, index: usize, budget: &Budget) -> Result<Vec<u8>, Fail> {
        let file = self.zip.by_index(index).map_err(Fail::from)?;
        let packed = usize::try_from(file.compressed_size()).unwrap_or(0).min(self.size);
        let mut bytes = Vec::with_capacity(budget.room(file.size(), packed));
        Counted { inner: file, budget }.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// One part of a workbook, to read from.
    pub fn part(&mut self, name: &str) -> Result<Option<ZipFile<'_, Cursor<&'b [u8]>>>, Fail> {
        match self.parts.get(&part_name(name)) {
            Some(index) => Ok(Some(self.zip.by_index(*index).map_err(Fail::from)?)),
            None => Ok(None),
        }
    }
}

fn part_name(name: &str) -> String {
    name.trim_start_matches('/').replace('\\', "/").to_ascii_lowercase()
}

impl From<ZipError> for Fail {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => error.into(),
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => Self::Encrypted,
            ZipError::CompressionMethodNotSupported(9) => Self::Method("Deflate64".into()),
            ZipError::CompressionMethodNotSupported(12) => Self::Method("bzip2".into()),
            ZipError::CompressionMethodNotSupported(14) => Self::Method("LZMA".into()),
            ZipError::CompressionMethodNotSupported(93) => Self::Method("zstd".into()),
            ZipError::CompressionMethodNotSupported(95) => Self::Method("xz".into()),
            ZipError::CompressionMethodNotSupported(number) => Self::Method(format!("method {number}")),
            // The list of contents stands at the end of an archive.
            ZipError::InvalidArchive(detail) if detail.contains("EOCD") => Self::Truncated,
            ZipError::InvalidArchive(detail) => Self::Broken(detail.into_owned()),
            other => Self::Broken(other.to_string()),
        }
    }
}
