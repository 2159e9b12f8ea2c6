//! The traps of real exports, by their number: each test has a fixture in `testdata/traps` with the trap in it, and says what a
//! naive reader would count.
//!
//! What is asserted was counted by hand from the fixture. This file holds what the tests share, also with those of
//! containers and of trust; the tests stand in modules by what they are about.

mod ads;
mod figures;
mod files;
mod hubspot;
mod others;
mod reading;
mod salesforce;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{command, root};

/// The day up to which things count here.
pub const AS_OF: [&str; 2] = ["--as-of", "2026-06-30"];

/// What one run of the program gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// One stage of a funnel, over all days.
#[derive(Debug, PartialEq, Eq)]
pub struct Stage {
    pub volume: u64,
    pub recorded: u64,
    pub inferred: u64,
    pub undated: u64,
    /// Empty when nobody got from here to the next stage on known days.
    pub days_to_next: String,
}

/// Where the rows of one file went.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    pub preset: Option<String>,
    pub table: Option<String>,
    pub read: u64,
    pub used: u64,
    pub aside: BTreeMap<String, u64>,
}

impl Account {
    /// Rows set aside, by reason.
    pub fn aside(&self) -> Vec<(&str, u64)> {
        self.aside.iter().map(|(reason, rows)| (reason.as_str(), *rows)).collect()
    }
}

/// A folder to run the program in, on all that is there.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A fixture of a trap.
    pub fn trap(name: &str) -> Self {
        let path = root().join("testdata/traps").join(name);
        assert!(path.is_dir(), "no fixture {}", path.display());
        Self(path)
    }

    /// Any other folder.
    pub fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Runs the program here, with these arguments and no others.
    pub fn run(&self, args: &[&str]) -> Ran {
        let output = command(args).current_dir(&self.0).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Its stdout, when it succeeds.
    pub fn stdout(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?} in {}: {}", self.0.display(), ran.stderr);
        ran.stdout
    }

    fn rows(&self, report: &str, args: &[&str]) -> Vec<csv::StringRecord> {
        let inputs: &[&str] = if args.iter().any(|a| !a.starts_with('-') && a.contains('.')) { &[] } else { &["."] };
        let all = [&[report, "-f", "csv", "--as-of", "2026-06-30"], inputs, args].concat();
        let text = self.stdout(&all);
        csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).collect()
    }

    /// `[value, numerator, denominator, status]` of a metric in one period.
    pub fn metric(&self, id: &str, period: &str, args: &[&str]) -> [String; 4] {
        let rows = self.rows("scorecard", &[&["--metric", id], args].concat());
        let row = rows.iter().find(|r| &r[1] == period && r[4].is_empty()).unwrap_or_else(|| panic!("no {period}"));
        [5, 7, 8, 13].map(|column| row[column].to_string())
    }

    /// The value of a metric over all days.
    pub fn total(&self, id: &str) -> String {
        self.metric(id, "total", &[])[0].clone()
    }

    /// The values of a metric over all days by the values of a column.
    pub fn by(&self, id: &str, column: &str) -> BTreeMap<String, String> {
        let rows = self.rows("scorecard", &["--metric", id, "--by", column]);
        let prefix = format!("{column}=");
        let total = rows.iter().filter(|r| &r[1] == "total");
        total.filter_map(|r| Some((r[4].strip_prefix(&prefix)?.to_string(), r[5].to_string()))).collect()
    }

    /// The funnel over all days, by stage.
    pub fn funnel(&self) -> BTreeMap<String, Stage> {
        let rows = self.rows("funnel", &[]);
        let stage = |r: &csv::StringRecord| {
            let count = |column: usize| r[column].parse().unwrap();
            let days_to_next = r[19].to_string();
            Stage { volume: count(8), recorded: count(10), inferred: count(11), undated: count(12), days_to_next }
        };
        rows.iter().filter(|r| &r[0] == "total" && !r[8].is_empty()).map(|r| (r[4].to_string(), stage(r))).collect()
    }

    /// How many reached each stage.
    pub fn volumes(&self) -> BTreeMap<String, u64> {
        self.funnel().into_iter().map(|(id, stage)| (id, stage.volume)).collect()
    }

    /// `inspect` as JSON.
    pub fn inspected(&self, args: &[&str]) -> Value {
        let text = self.stdout(&[&["inspect", "-f", "json", "--as-of", "2026-06-30"], args].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// Where the rows of each file of this folder went.
    pub fn accounts(&self) -> BTreeMap<String, Account> {
        accounts(&self.inspected(&["."]))
    }

    /// What a reader of the report has to know.
    pub fn notes(&self) -> Vec<String> {
        let json = self.inspected(&["."]);
        json["notes"].as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_string()).collect()
    }

    /// Whether a note says this.
    pub fn notes_say(&self, words: &str) {
        let notes = self.notes();
        assert!(notes.iter().any(|n| n.contains(words)), "no note says {words:?}: {notes:#?}");
    }

    /// The refusal of these inputs.
    pub fn refused(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 3, "{args:?} in {}: {}", self.0.display(), ran.stderr);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
        ran.stderr
    }

    /// What `inspect` says of one file, by column; empty for nothing.
    pub fn said(&self, file: &str, column: &str) -> String {
        let json = self.inspected(&["."]);
        let rows = json["tables"][0]["rows"].as_array().unwrap();
        let row = rows.iter().find(|r| r["file"].as_str().unwrap().trim_start_matches("./") == file).unwrap();
        row.get(column).unwrap_or_else(|| panic!("no column {column}")).as_str().unwrap_or_default().to_string()
    }
}

/// A folder that a test fills, and that goes with it.
pub struct Company {
    _dir: tempfile::TempDir,
    pub folder: Folder,
}

impl Company {
    /// With these files.
    pub fn new<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let folder = Folder::at(dir.path());
        Self { _dir: dir, folder }
    }

    /// Runs the program in it, as of a fixed day.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.folder.run(&[args, &AS_OF].concat())
    }

    /// A file of it.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.0.join(name)).unwrap()
    }

    /// Where the rows of one file went.
    pub fn account(&self, file: &str, args: &[&str]) -> Account {
        accounts(&self.folder.inspected(args)).remove(file).unwrap()
    }
}

/// Where the rows of each file went, from `inspect`'s JSON; what is read and what becomes of it is held against each other.
pub fn accounts(json: &Value) -> BTreeMap<String, Account> {
    let text = |v: &Value| v.as_str().map(String::from);
    let files = json["inputs"].as_array().unwrap().iter().map(|input| {
        let aside = input["set_aside"].as_array().unwrap();
        let aside = aside.iter().map(|a| (text(&a["reason"]).unwrap(), a["rows"].as_u64().unwrap())).collect();
        let account = Account {
            preset: text(&input["preset"]),
            table: text(&input["table"]),
            read: input["rows_read"].as_u64().unwrap(),
            used: input["rows_used"].as_u64().unwrap(),
            aside,
        };
        let path = text(&input["path"]).unwrap();
        assert_eq!(account.read, account.used + account.aside.values().sum::<u64>(), "{path}");
        (path.trim_start_matches("./").to_string(), account)
    });
    files.collect()
}

/// Pairs as a map.
pub fn map<V: Clone>(pairs: &[(&str, V)]) -> BTreeMap<String, V> {
    pairs.iter().map(|(key, value)| ((*key).to_string(), value.clone())).collect()
}

/// Segments and their values.
pub fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect()
}

#[test]
fn every_trap_has_a_fixture_and_a_test() {
    let mut folders: Vec<String> = std::fs::read_dir(root().join("testdata/traps"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap()[..2].to_string())
        .collect();
    folders.sort();
    let numbers: Vec<String> = (1..=30).map(|n| format!("{n:02}")).collect();
    assert_eq!(folders, numbers);
    let code = ["ads", "figures", "files", "hubspot", "others", "salesforce"]
        .map(|name| std::fs::read_to_string(root().join(format!("tests/it/traps/{name}.rs"))).unwrap())
        .concat();
    for number in numbers {
        assert!(code.contains(&format!("fn trap_{number}_")), "trap {number} has no test");
        let reads = ["(", "(&format!("].map(|call| format!("Folder::trap{call}\"{number}_"));
        assert!(reads.iter().any(|r| code.contains(r)), "trap {number}'s test does not read its fixture");
    }
}
