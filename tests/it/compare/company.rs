//! Copies of the example company, what `compare` tells of two of them, and what always holds.
//!
//! The second route: A and B are told by `scorecard` in two runs of their own; effects, records and differences have to add
//! up to what they say; and every record's line is looked up in its file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::behaviour::ACME;
use crate::common::{root, stdout};

pub(super) const DEALS: &str = "salesforce/Opportunity.csv";
pub(super) const LEADS: &str = "salesforce/Lead.csv";
pub(super) const HUBSPOT: &str = "hubspot/hubspot-crm-exports-all-contacts-2026-07-01.csv";
pub(super) const SPEND: &str = "finance/spend.csv";

pub(super) type Row = BTreeMap<String, String>;

/// Text whose every byte is a character, so that any encoding is written as it was read.
pub(super) fn bytes_as_text(path: &Path) -> String {
    std::fs::read(path).unwrap().into_iter().map(char::from).collect()
}

pub(super) fn header_and_rows(path: &Path) -> (Vec<String>, Vec<Row>) {
    let text = bytes_as_text(path);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
    let rows = reader.records().map(|r| header.iter().cloned().zip(r.unwrap().iter().map(str::to_string)).collect());
    (header.clone(), rows.collect())
}

/// A copy of the example company.
pub(super) struct Company(pub(super) tempfile::TempDir);

pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

impl Company {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(&root().join(ACME).join("exports"), &dir.path().join("exports"));
        std::fs::copy(root().join(ACME).join("onefunnel.toml"), dir.path().join("onefunnel.toml")).unwrap();
        Self(dir)
    }

    pub(super) fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("exports").join(name)
    }

    pub(super) fn rows(&self, name: &str) -> Vec<Row> {
        header_and_rows(&self.file(name)).1
    }

    pub(super) fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<Row>)) {
        let (header, mut rows) = header_and_rows(&self.file(name));
        change(&mut rows);
        let mut text = Vec::new();
        let mut writer = csv::Writer::from_writer(&mut text);
        writer.write_record(&header).unwrap();
        for row in rows {
            writer.write_record(header.iter().map(|name| row[name].as_str())).unwrap();
        }
        writer.flush().unwrap();
        drop(writer);
        let bytes: Vec<u8> =
            String::from_utf8(text).unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        std::fs::write(self.file(name), bytes).unwrap();
    }

    /// Changes one record.
    pub(super) fn set(&self, name: &str, id: &str, values: &[(&str, &str)]) {
        self.edit(name, |rows| {
            let row = rows.iter_mut().find(|row| row["Id"] == id).unwrap();
            for (column, value) in values {
                *row.get_mut(*column).unwrap() = (*value).to_string();
            }
        });
    }

    pub(super) fn contract(&self, from: &str, to: &str) {
        let path = self.0.path().join("onefunnel.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }
}

/// Won deals that nothing but their own row knows the end of, by id.
pub(super) fn won(company: &Company) -> Vec<Row> {
    let mut rows = company.rows(DEALS);
    rows.retain(|row| row["IsWon"] == "1" && row["CloseDate"].as_str() < "2026-06" && !row["Amount"].is_empty());
    rows
}

/// Leads that are one person's only record.
pub(super) fn lone_leads(company: &Company) -> Vec<Row> {
    let known: BTreeSet<String> = company.rows(HUBSPOT).iter().map(|row| row["Email"].to_lowercase()).collect();
    let mut rows = company.rows(LEADS);
    let mut emails: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *emails.entry(row["Email"].to_lowercase()).or_default() += 1;
    }
    rows.retain(|row| {
        let email = row["Email"].to_lowercase();
        row["IsConverted"] == "false" && row["IsDeleted"] == "false" && !known.contains(&email) && emails[&email] == 1
    });
    rows
}

pub(super) struct Told {
    pub(super) tables: BTreeMap<String, Vec<Value>>,
    pub(super) notes: String,
}

pub(super) fn tell(args: &[&str]) -> Told {
    let json: Value = serde_json::from_str(&stdout(&[&["compare", "-f", "json"], args].concat())).unwrap();
    let tables = json["tables"].as_array().unwrap().iter();
    let tables = tables.map(|t| (t["id"].as_str().unwrap().to_string(), t["rows"].as_array().unwrap().clone()));
    Told { tables: tables.collect(), notes: json["notes"].to_string() }
}

pub(super) fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_string()
}

pub(super) fn key(row: &Value) -> [String; 3] {
    ["level", "id", "period"].map(|column| text(row, column))
}

pub(super) fn scorecard(args: &[&str]) -> BTreeMap<(String, String), Value> {
    let lines = stdout(&[&["scorecard", "-f", "jsonl", "-q"], args].concat());
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| ((text(&row, "metric_id"), text(&row, "period")), row)).collect()
}

pub(super) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

impl Told {
    pub(super) fn rows(&self, table: &str) -> &[Value] {
        &self.tables[table]
    }

    pub(super) fn causes(&self) -> BTreeSet<String> {
        self.rows("compare_causes").iter().map(|row| text(row, "cause")).collect()
    }

    pub(super) fn ids(&self) -> BTreeSet<String> {
        let ids = |row: &Value| ["id_a", "id_b"].map(|column| text(row, column));
        self.rows("compare_records").iter().flat_map(ids).filter(|id| !id.is_empty()).collect()
    }

    /// The difference of a measure over all days, and its only cause.
    pub(super) fn effect(&self, measure: &str, cause: &str) -> f64 {
        let of = |row: &&Value| key(row) == ["measure", measure, "total"];
        let rows: Vec<&Value> = self.rows("compare_causes").iter().filter(of).collect();
        assert_eq!(rows.len(), 1, "{measure}: {rows:?}");
        assert_eq!(rows[0]["cause"], cause, "{measure}");
        rows[0]["effect"].as_f64().unwrap()
    }

    /// What has to hold whatever differs: `a` and `b` are the arguments with which `scorecard` tells each side.
    pub(super) fn holds(&self, a: &[&str], b: &[&str]) {
        let sides = [scorecard(a), scorecard(b)];
        let metrics = self.rows("compare_metrics");
        let of_metrics = metrics.iter().filter(|row| row["level"] == "metric").count();
        assert_eq!(of_metrics, sides[1].len());
        let mut effects: BTreeMap<[String; 3], [f64; 3]> = BTreeMap::new();
        for row in self.rows("compare_causes") {
            assert_ne!(row["cause"], "other", "{row}");
            let sums = effects.entry(key(row)).or_default();
            for (sum, column) in sums.iter_mut().zip(["effect", "numerator_effect", "denominator_effect"]) {
                *sum += row[column].as_f64().unwrap_or(0.0);
            }
        }
        for row in metrics {
            let sums = effects.get(&key(row)).copied().unwrap_or_default();
            let number = |column: &str| row[column].as_f64();
            if row["level"] == "metric" {
                for (side, letter) in sides.iter().zip(["a", "b"]) {
                    let told = &side[&(text(row, "id"), text(row, "period"))];
                    for (ours, theirs) in
                        [("value", "value"), ("numerator", "numerator"), ("denominator", "denominator")]
                    {
                        assert_eq!(row[format!("{ours}_{letter}")], told[theirs], "{letter}: {row} and {told}");
                    }
                }
            }
            let Some(difference) = number("difference") else {
                assert!(number("value_a").is_none() || number("value_b").is_none(), "{row}");
                continue;
            };
            assert!(close(difference, number("value_b").unwrap() - number("value_a").unwrap()), "{row}");
            assert!(close(sums[0], difference), "effects {} of {row}", sums[0]);
            if matches!(row["unit"].as_str(), Some("count" | "money")) && row["level"] == "measure" {
                // In whole cents.
                assert!(((sums[0] - difference) * 100.0).abs() < 0.01, "{row}");
            }
            for (sum, [to, from]) in
                sums[1..].iter().zip([["numerator_b", "numerator_a"], ["denominator_b", "denominator_a"]])
            {
                if let (Some(to), Some(from)) = (number(to), number(from)) {
                    assert!(close(*sum, to - from), "{sum} and {to} less {from} of {row}");
                }
            }
        }
        self.records_add_up();
    }

    /// The differences of the records are the effects of their causes; no other cause has an effect on a sum.
    pub(super) fn records_add_up(&self) {
        let mut sums: BTreeMap<[String; 4], f64> = BTreeMap::new();
        let mut counts: BTreeMap<[String; 4], BTreeSet<String>> = BTreeMap::new();
        for row in self.rows("compare_records") {
            let key = ["measure_id", "period", "cause"].map(|column| text(row, column));
            let record = ["record", "id_a", "id_b", "file_a", "line_a", "file_b", "line_b"].map(|c| row[c].to_string());
            for period in [key[1].clone(), "total".into()] {
                let key = [key[0].clone(), period, key[2].clone(), String::new()];
                counts.entry(key.clone()).or_default().insert(record.join(" "));
                if let Some(by) = row["difference"].as_f64() {
                    *sums.entry(key).or_default() += by;
                }
            }
        }
        for row in self.rows("compare_causes").iter().filter(|row| row["level"] == "measure") {
            let key = [text(row, "id"), text(row, "period"), text(row, "cause"), String::new()];
            let records = counts.get(&key).map_or(0, BTreeSet::len);
            assert_eq!(row["records"].as_u64().unwrap(), records as u64, "{row}");
            if let (Some(sum), Some(effect)) = (sums.get(&key), row["effect"].as_f64()) {
                assert!(close(*sum, effect), "records {sum} of {row}");
            }
        }
    }

    /// Every record stands on the line that is named.
    pub(super) fn lines_are_right(&self, roots: [&Path; 2]) {
        let mut files: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for row in self.rows("compare_records") {
            for (letter, root) in ["a", "b"].into_iter().zip(roots) {
                let id = text(row, &format!("id_{letter}"));
                if id.is_empty() {
                    continue;
                }
                let path = root.join(text(row, &format!("file_{letter}")));
                let lines = files
                    .entry(path.clone())
                    .or_insert_with(|| bytes_as_text(&path).lines().map(str::to_string).collect());
                let line = usize::try_from(row[format!("line_{letter}")].as_u64().unwrap()).unwrap();
                assert!(lines[line - 1].contains(&id), "{id} is not on line {line} of {}", path.display());
            }
        }
    }
}

/// Compares a company with itself before a change; checks what always holds.
pub(super) fn compared(a: &Company, b: &Company, more: &[&str]) -> Told {
    let window = [&["--period", "quarter", "--from", "2024-01-01", "--to", "2026-06-30"], more].concat();
    let told = tell(&[&[a.path(), b.path()], &window[..]].concat());
    told.holds(&[&[a.path()], &window[..]].concat(), &[&[b.path()], &window[..]].concat());
    told.lines_are_right([a.0.path(), b.0.path()]);
    told
}

pub(super) fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_string()).collect()
}

/// Cents of a difference.
pub(super) fn cents(by: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // small amounts
    let cents = (by * 100.0).round() as i64;
    cents
}

pub(super) fn amount(row: &Row) -> f64 {
    row["Amount"].parse().unwrap()
}
