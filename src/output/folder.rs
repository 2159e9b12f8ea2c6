//! A folder with one file per table for machines, replaced as a whole.
//!
//! In: the path of `-o` when it is a folder. Out: `TABLE.csv` (or tsv, jsonl, json, parquet) for each table, and
//! `index.json`, which names them with their SHA-256.
//!
//! The new folder is written beside the old one under a hidden name, and the two change places by two renamings: whoever
//! reads sees the whole old set, the whole new one, or, for the moment between the two, none; never a mixture. A run that
//! is killed between them leaves the old set as `.NAME.onefunnel-old`; the next run puts it back before it begins.
//! A folder that holds anything else is never touched.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Format, Style, csv, json as json_format, parquet, target};
use crate::issue::{Issue, Place};
use crate::report::{Report, Table, Type};

/// The file that says what the others are.
const INDEX: &str = "index.json";
/// The formats of which a folder holds one file per table.
const FORMATS: [Format; 5] = [Format::Csv, Format::Tsv, Format::Jsonl, Format::Json, Format::Parquet];

/// A place for one file per table.
#[derive(Debug)]
pub struct Folder {
    /// As the user named it, for messages.
    named: String,
    /// The folder itself, after following symbolic links.
    path: PathBuf,
    /// The folder it is in.
    parent: PathBuf,
    format: Format,
    /// The report that it holds.
    holds: Option<String>,
}

/// Whether `-o` means a folder: it ends in a slash, or is one, or was one when a run was killed.
pub fn is_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir() || old_of(path).is_some_and(|old| old.is_dir())
}

/// The format of the files: there is no ending that could say it.
///
/// # Errors
/// A usage issue without a flag, or with one that makes one file only.
pub fn format(flag: Option<Format>, path: &Path) -> Result<Format, Issue> {
    let shown = path.display();
    match flag {
        Some(flag) if FORMATS.contains(&flag) => Ok(flag),
        Some(flag) => {
            let what = format!("`--output {shown}` is a folder, and {} is one file", flag.id());
            let file = path.join(format!("report.{}", flag.extension()));
            Err(Issue::usage(Place::default(), what).hint(format!("name a file in it: {}", file.display())))
        }
        None => {
            let what = format!("`--output {shown}` is a folder, which gets one file per table: of which format?");
            let hint = "say `-f csv`, tsv, jsonl, json or parquet, or name a file such as report.csv in it";
            Err(Issue::usage(Place::default(), what).hint(hint))
        }
    }
}

impl Folder {
    /// Checks that `path` can become a folder of ours: it is not there, empty, or holds what an earlier run wrote there.
    /// Puts back what a killed run left beside it.
    ///
    /// # Errors
    /// A usage issue with the folder and the reason.
    pub fn check(path: &Path, format: Format) -> Result<Self, Issue> {
        let named = path.display().to_string();
        let issue = |reason: String| {
            Issue::usage(Place::file(named.clone()), format!("the report cannot be written here: {reason}"))
        };
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let Some(parent) = path.parent().filter(|_| path.file_name().is_some()) else {
            return Err(issue("it is not a folder that could be replaced".to_owned()).hint("name a folder in it"));
        };
        let parent = if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_path_buf() };
        if !parent.is_dir() {
            let shown = parent.display();
            return Err(issue(format!("there is no directory `{shown}`")).hint(format!("mkdir -p {shown}")));
        }
        if std::env::current_dir().is_ok_and(|here| here.starts_with(&path)) {
            let reason = "it is the working directory or holds it, and is replaced as a whole".to_owned();
            return Err(issue(reason).hint(format!("name a folder in it: {}", path.join("tables/").display())));
        }
        heal(&path).map_err(|e| issue(target::reason(&e)))?;
        let holds = ours(&path, format).map_err(|refusal| {
            issue(refusal).hint("name a new or empty folder; it is replaced as a whole, and nothing else is deleted")
        })?;
        let probe = target::temporary().tempfile_in(&parent).map_err(|e| {
            issue(format!("no file can be made in `{}`: {}", parent.display(), target::reason(&e)))
                .hint("change the permissions of the directory, or name another one")
        })?;
        target::sweep(&parent, probe.as_file());
        Ok(Self { named, path, parent, format, holds })
    }

    /// Writes all tables and lets the new folder take the old one's place; on any error the old one is as it was.
    ///
    /// # Errors
    /// A folder that holds another report, and what the disk says.
    pub fn replace(self, report: &Report, style: &Style) -> Result<()> {
        if let Some(held) = self.holds.as_ref().filter(|held| **held != report.id) {
            let what = format!("the report cannot be written here: the folder holds the report `{held}`");
            let hint = "give every report a folder of its own: it is replaced as a whole";
            return Err(Issue::usage(Place::file(self.named), what).hint(hint).into());
        }
        super::check(report, self.format).with_context(|| format!("report `{}`", report.id))?;
        self.put(report, style).with_context(|| format!("write {}", self.named))
    }

    fn put(&self, report: &Report, style: &Style) -> Result<()> {
        let mut builder = target::temporary();
        #[cfg(unix)]
        {
            // The system takes the umask off these bits when the folder is made.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        let new = builder.tempdir_in(&self.parent)?;
        let mut files = Vec::new();
        for table in super::for_machines(report) {
            let id = &table.id;
            let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            ensure!(plain && !id.is_empty() && id != "index", "the table id `{id}` is no file name");
            let name = format!("{id}.{}", self.format.extension());
            let bytes = render(report, table, self.format, style)?;
            save(&new.path().join(&name), &bytes)?;
            files.push(entry(table, &name, &bytes));
        }
        let mut index = serde_json::to_vec_pretty(&self.index(report, &files)?)?;
        index.push(b'\n');
        save(&new.path().join(INDEX), &index)?;
        target::sync_directory(new.path())?;
        // Somebody may have put a file there while the report was made.
        ours(&self.path, self.format).map_err(|refusal| anyhow::anyhow!(refusal))?;
        if self.path.exists() {
            fs::set_permissions(new.path(), fs::metadata(&self.path)?.permissions())?;
            swap(new.path(), &self.path)?;
        } else {
            fs::rename(new.path(), &self.path)?;
        }
        // It has another name now, under which nobody must remove it.
        let _ = new.keep();
        target::sync_directory(&self.parent)?;
        if let Some(old) = old_of(&self.path).filter(|old| old.exists()) {
            fs::remove_dir_all(old)?;
        }
        Ok(())
    }

    fn index(&self, report: &Report, files: &[Value]) -> Result<Map<String, Value>> {
        let inputs: Value = serde_json::from_str(&json_format::inputs(report)?)?;
        let index = json!({
            "schema_version": json_format::SCHEMA_VERSION,
            "tool": { "name": "onefunnel", "version": env!("CARGO_PKG_VERSION") },
            "report": report.id,
            "format": self.format.id(),
            "title": report.title,
            "as_of": report.as_of.map(|day| day.to_string()),
            "company": report.company,
            "currency": report.currency,
            "contract": { "source": report.contract, "hash": report.contract_hash },
            "inputs": inputs,
            "files": files,
            "notes": report.notes,
        });
        match index {
            Value::Object(mut index) => {
                if let Value::Object(asked) = serde_json::to_value(json_format::asked(report))? {
                    index.extend(asked);
                }
                Ok(index)
            }
            _ => anyhow::bail!("the index is no object"),
        }
    }
}

fn render(report: &Report, table: &Table, format: Format, style: &Style) -> Result<Vec<u8>> {
    match format {
        Format::Csv => csv::render_tables(&[table], b',', style.excel),
        Format::Tsv => csv::render_tables(&[table], b'\t', style.excel),
        Format::Jsonl => json_format::lines(std::iter::once(table)),
        Format::Json => json_format::list(table),
        Format::Parquet => parquet::render(report, table),
        Format::Table | Format::Md | Format::Html | Format::Xlsx | Format::Junit => {
            anyhow::bail!("{} has no file per table", format.id())
        }
    }
}

fn entry(table: &Table, name: &str, bytes: &[u8]) -> Value {
    let kind = |kind: Type| match kind {
        Type::Text => "text",
        Type::Number => "number",
        Type::Date => "date",
        Type::Flag => "flag",
    };
    let columns: Vec<Value> = table.columns.iter().map(|c| json!({ "id": c.id, "type": kind(c.kind) })).collect();
    json!({
        "name": name,
        "table": table.id,
        "rows": table.rows.len(),
        "bytes": bytes.len(),
        "sha256": hex(bytes),
        "columns": columns,
    })
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

/// Where the old folder stands while the new one takes its place.
fn old_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    Some(path.with_file_name(format!(".{name}.onefunnel-old")))
}

/// The two renamings; when the second one fails, the first is undone.
fn swap(new: &Path, path: &Path) -> Result<()> {
    let old = old_of(path).context("the folder has no name")?;
    fs::rename(path, &old)?;
    fs::rename(new, path).inspect_err(|_| {
        // Nothing better can be done when this fails too: the next run tries it again.
        let _ = fs::rename(&old, path);
    })?;
    Ok(())
}

/// Ends what a killed run began: the old folder goes back to its name, or away when a new one has it.
fn heal(path: &Path) -> io::Result<()> {
    let Some(old) = old_of(path).filter(|old| old.is_dir()) else { return Ok(()) };
    let taken = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(e),
    };
    if taken { fs::remove_dir_all(old) } else { fs::rename(old, path) }
}

/// The report that the folder holds, `None` when it is empty or not there; or why it is not ours to replace.
fn ours(path: &Path, format: Format) -> Result<Option<String>, String> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(target::reason(&e)),
    };
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| target::reason(&e))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    if names.is_empty() {
        return Ok(None);
    }
    let index = fs::read(path.join(INDEX)).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let index = index.filter(|index| index["tool"]["name"] == "onefunnel");
    let known: Vec<&str> = match &index {
        Some(index) => index["files"].as_array().into_iter().flatten().filter_map(|f| f["name"].as_str()).collect(),
        None => Vec::new(),
    };
    names.retain(|name| !known.contains(&name.as_str()) && (index.is_none() || name != INDEX));
    match (index, names.as_slice()) {
        (Some(index), []) => {
            let text = |key: &str| index[key].as_str().unwrap_or_default().to_owned();
            if text("format") == format.id() {
                Ok(Some(text("report")))
            } else {
                Err(format!("the folder holds {} files of the report `{}`", text("format"), text("report")))
            }
        }
        (_, names) => {
            let shown: Vec<String> = names.iter().take(3).map(|n| format!("`{n}`")).collect();
            let more = names.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Err(format!("the folder holds what onefunnel did not write there: {}{more}", shown.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{pack, sample};
    use super::*;

    const STYLE: Style = Style { width: 80, color: false, excel: false, charts: None };

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn put(path: &Path, report: &Report, format: Format) -> Result<()> {
        Folder::check(path, format)?.replace(report, &STYLE)
    }

    fn index(path: &Path) -> Value {
        serde_json::from_slice(&fs::read(path.join(INDEX)).unwrap()).unwrap()
    }

    #[test]
    fn one_file_per_table_and_an_index() {
        let dir = tempfile::tempdir().unwrap();
        for format in FORMATS {
            let path = dir.path().join(format!("{}/", format.id()));
            put(&path, &pack(), format).unwrap();
            let files = ["empty", "first_tidy", "tidy"].map(|id| format!("{id}.{}", format.id()));
            let mut expected = files.to_vec();
            expected.push(INDEX.to_owned());
            expected.sort();
            assert_eq!(names(&path), expected);
            let index = index(&path);
            assert_eq!([&index["report"], &index["format"]], ["report", format.id()]);
            for file in index["files"].as_array().unwrap() {
                let bytes = fs::read(path.join(file["name"].as_str().unwrap())).unwrap();
                assert_eq!(file["sha256"], hex(&bytes));
                assert_eq!(file["bytes"], bytes.len());
            }
        }
        assert_eq!(names(dir.path()).len(), FORMATS.len(), "nothing else is left");
        let csv = fs::read_to_string(dir.path().join("csv/empty.csv")).unwrap();
        assert_eq!(csv, "day,ok,n\n");
        assert_eq!(fs::read_to_string(dir.path().join("json/empty.json")).unwrap(), "[]\n");
    }

    #[test]
    fn the_old_set_goes_as_a_whole_and_only_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        fs::create_dir(&path).unwrap();
        put(&path, &pack(), Format::Csv).unwrap();
        let mut fewer = pack();
        fewer.sections.clear();
        put(&path, &fewer, Format::Csv).unwrap();
        assert_eq!(names(&path), [INDEX, "tidy.csv"]);
        let said = |error: anyhow::Error| error.downcast::<Issue>().unwrap().to_string();
        let other = said(put(&path, &sample(), Format::Csv).unwrap_err());
        assert!(other.contains("the folder holds the report `report`"), "{other}");
        let other = said(put(&path, &fewer, Format::Parquet).unwrap_err());
        assert!(other.contains("the folder holds csv files of the report `report`"), "{other}");
        for name in ["a.txt", "b.txt", "c.csv", "d.csv"] {
            fs::write(path.join(name), "mine").unwrap();
        }
        let other = said(put(&path, &fewer, Format::Csv).unwrap_err());
        let what = "the folder holds what onefunnel did not write there: `a.txt`, `b.txt`, `c.csv` and 1 more\n";
        assert!(other.contains(what), "{other}");
        assert_eq!(names(&path).len(), 6);
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn a_run_that_was_cut_off_is_healed_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let old = dir.path().join(".out.onefunnel-old");
        put(&path, &pack(), Format::Csv).unwrap();
        // Between the two renamings.
        fs::rename(&path, &old).unwrap();
        assert!(is_folder(&path), "it is a folder, though it is not there");
        Folder::check(&path, Format::Csv).unwrap();
        assert_eq!(names(&path).len(), 4);
        // After them, before the old one was removed.
        fs::create_dir(&old).unwrap();
        fs::write(old.join("tidy.csv"), "old").unwrap();
        Folder::check(&path, Format::Csv).unwrap();
        assert_eq!(names(dir.path()), ["out"]);
        assert_eq!(names(&path).len(), 4);
    }

    #[test]
    fn an_error_leaves_the_old_set() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        put(&path, &pack(), Format::Csv).unwrap();
        let before = index(&path);
        let mut broken = pack();
        broken.sections[0].tables[1].id = "a/b".into();
        let error = format!("{:#}", put(&path, &broken, Format::Csv).unwrap_err());
        assert!(error.contains("is no file name"), "{error}");
        assert_eq!(index(&path), before);
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_modes_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        fs::create_dir(&real).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o750)).unwrap();
        symlink("real", dir.path().join("link")).unwrap();
        put(&dir.path().join("link/"), &sample(), Format::Jsonl).unwrap();
        assert!(fs::symlink_metadata(dir.path().join("link")).unwrap().is_symlink());
        assert_eq!(names(&real), [INDEX, "tidy.jsonl"]);
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o7777, 0o750);
    }

    #[test]
    fn the_working_directory_is_not_replaced() {
        let said = Folder::check(Path::new("./"), Format::Csv).unwrap_err().to_string();
        assert!(said.contains("it is the working directory"), "{said}");
        assert!(Folder::check(Path::new("/"), Format::Csv).is_err());
        assert!(Folder::check(Path::new("no/such/place/"), Format::Csv).unwrap_err().what.contains("no directory"));
    }
}
