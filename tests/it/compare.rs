//! `compare`: what is planted in a copy of the example is what it finds, and nothing else.
//!
//! The second route: A and B are told by `scorecard` in two runs of their own; effects, records and differences have to add
//! up to what they say; and every record's line is looked up in its file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use crate::behaviour::{ACME, folder, run_in};
use crate::common::{root, stdout};

const DEALS: &str = "salesforce/Opportunity.csv";
const LEADS: &str = "salesforce/Lead.csv";
const HUBSPOT: &str = "hubspot/hubspot-crm-exports-all-contacts-2026-07-01.csv";
const SPEND: &str = "finance/spend.csv";

type Row = BTreeMap<String, String>;

/// Text whose every byte is a character, so that any encoding is written as it was read.
fn bytes_as_text(path: &Path) -> String {
    std::fs::read(path).unwrap().into_iter().map(char::from).collect()
}

fn header_and_rows(path: &Path) -> (Vec<String>, Vec<Row>) {
    let text = bytes_as_text(path);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
    let rows = reader.records().map(|r| header.iter().cloned().zip(r.unwrap().iter().map(str::to_string)).collect());
    (header.clone(), rows.collect())
}

/// A copy of the example company.
struct Company(tempfile::TempDir);

fn copy(from: &Path, to: &Path) {
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
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(&root().join(ACME).join("exports"), &dir.path().join("exports"));
        std::fs::copy(root().join(ACME).join("onefunnel.toml"), dir.path().join("onefunnel.toml")).unwrap();
        Self(dir)
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("exports").join(name)
    }

    fn rows(&self, name: &str) -> Vec<Row> {
        header_and_rows(&self.file(name)).1
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<Row>)) {
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
    fn set(&self, name: &str, id: &str, values: &[(&str, &str)]) {
        self.edit(name, |rows| {
            let row = rows.iter_mut().find(|row| row["Id"] == id).unwrap();
            for (column, value) in values {
                *row.get_mut(*column).unwrap() = (*value).to_string();
            }
        });
    }

    fn contract(&self, from: &str, to: &str) {
        let path = self.0.path().join("onefunnel.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }
}

/// Won deals that nothing but their own row knows the end of, by id.
fn won(company: &Company) -> Vec<Row> {
    let mut rows = company.rows(DEALS);
    rows.retain(|row| row["IsWon"] == "1" && row["CloseDate"].as_str() < "2026-06" && !row["Amount"].is_empty());
    rows
}

/// Leads that are one person's only record.
fn lone_leads(company: &Company) -> Vec<Row> {
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

struct Told {
    tables: BTreeMap<String, Vec<Value>>,
    notes: String,
}

fn tell(args: &[&str]) -> Told {
    let json: Value = serde_json::from_str(&stdout(&[&["compare", "-f", "json"], args].concat())).unwrap();
    let tables = json["tables"].as_array().unwrap().iter();
    let tables = tables.map(|t| (t["id"].as_str().unwrap().to_string(), t["rows"].as_array().unwrap().clone()));
    Told { tables: tables.collect(), notes: json["notes"].to_string() }
}

fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_string()
}

fn key(row: &Value) -> [String; 3] {
    ["level", "id", "period"].map(|column| text(row, column))
}

fn scorecard(args: &[&str]) -> BTreeMap<(String, String), Value> {
    let lines = stdout(&[&["scorecard", "-f", "jsonl", "-q"], args].concat());
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| ((text(&row, "metric_id"), text(&row, "period")), row)).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

impl Told {
    fn rows(&self, table: &str) -> &[Value] {
        &self.tables[table]
    }

    fn causes(&self) -> BTreeSet<String> {
        self.rows("compare_causes").iter().map(|row| text(row, "cause")).collect()
    }

    fn ids(&self) -> BTreeSet<String> {
        let ids = |row: &Value| ["id_a", "id_b"].map(|column| text(row, column));
        self.rows("compare_records").iter().flat_map(ids).filter(|id| !id.is_empty()).collect()
    }

    /// The difference of a measure over all days, and its only cause.
    fn effect(&self, measure: &str, cause: &str) -> f64 {
        let of = |row: &&Value| key(row) == ["measure", measure, "total"];
        let rows: Vec<&Value> = self.rows("compare_causes").iter().filter(of).collect();
        assert_eq!(rows.len(), 1, "{measure}: {rows:?}");
        assert_eq!(rows[0]["cause"], cause, "{measure}");
        rows[0]["effect"].as_f64().unwrap()
    }

    /// What has to hold whatever differs: `a` and `b` are the arguments with which `scorecard` tells each side.
    fn holds(&self, a: &[&str], b: &[&str]) {
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
    fn records_add_up(&self) {
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
    fn lines_are_right(&self, roots: [&Path; 2]) {
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
fn compared(a: &Company, b: &Company, more: &[&str]) -> Told {
    let window = [&["--period", "quarter", "--from", "2024-01-01", "--to", "2026-06-30"], more].concat();
    let told = tell(&[&[a.path(), b.path()], &window[..]].concat());
    told.holds(&[&[a.path()], &window[..]].concat(), &[&[b.path()], &window[..]].concat());
    told.lines_are_right([a.0.path(), b.0.path()]);
    told
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_string()).collect()
}

/// Cents of a difference.
fn cents(by: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // small amounts
    let cents = (by * 100.0).round() as i64;
    cents
}

fn amount(row: &Row) -> f64 {
    row["Amount"].parse().unwrap()
}

#[test]
fn a_copy_of_itself_differs_in_nothing() {
    let (a, b) = (Company::new(), Company::new());
    let told = compared(&a, &b, &[]);
    assert_eq!(told.rows("compare_causes"), [] as [Value; 0]);
    assert_eq!(told.rows("compare_records"), [] as [Value; 0]);
    assert!(told.rows("compare_metrics").iter().all(|row| row["difference"].as_f64().is_none_or(|by| by == 0.0)));
    for row in told.rows("compare_rows") {
        assert_eq!((&row["rows_a"], &row["same"], &row["gone"]), (&row["rows_b"], &row["rows_b"], &Value::from(0)));
    }
    // The order of rows means nothing.
    for file in [DEALS, LEADS, SPEND, "finance/headcount.csv", "salesforce/LeadHistory.csv", "salesforce/Task.csv"] {
        b.edit(file, |rows| rows.reverse());
    }
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&[]), set(&[])));
}

#[test]
fn an_amount_is_found() {
    let (a, b) = (Company::new(), Company::new());
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("Amount", "99999.99")]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["amount"]), set(&[&deal["Id"]])));
    assert_eq!(cents(told.effect("won_amount", "amount")), 9_999_999 - cents(amount(deal)));
    let changed = text(&told.rows("compare_records")[0], "changed");
    assert!(changed.ends_with("→ 99999.99"), "{changed}");
}

#[test]
fn a_close_date_is_found_in_both_periods() {
    let (a, b) = (Company::new(), Company::new());
    let deal = won(&a).into_iter().find(|row| row["CloseDate"].as_str() < "2026").unwrap();
    b.set(DEALS, &deal["Id"], &[("CloseDate", "2026-06-15 00:00:00")]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["date"]), set(&[&deal["Id"]])));
    let moved = told.rows("compare_records").iter().filter(|row| row["measure_id"] == "won_amount");
    let by: Vec<i64> = moved.map(|row| cents(row["difference"].as_f64().unwrap())).collect();
    assert_eq!(by, [-cents(amount(&deal)), cents(amount(&deal))]);
}

#[test]
fn an_outcome_is_found() {
    let (a, b) = (Company::new(), Company::new());
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("StageName", "Closed Lost"), ("IsWon", "0")]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["stage"]), set(&[&deal["Id"]])));
    assert_eq!(told.effect("won_deals", "stage").to_bits(), (-1.0_f64).to_bits());
    assert_eq!(told.effect("lost_deals", "stage").to_bits(), 1.0_f64.to_bits());
}

#[test]
fn an_owner_is_found_where_figures_are_about_it() {
    let (a, b) = (Company::new(), Company::new());
    let users = a.rows("salesforce/User.csv");
    let name = |row: &Row| format!("{} {}", row["FirstName"], row["LastName"]);
    let deal = &won(&a)[10];
    let owner = users.iter().find(|row| row["Id"] == deal["OwnerId"]).unwrap();
    let other = users.iter().find(|row| row["Id"] != owner["Id"] && row["Department"] == "Sales").unwrap();
    b.set(DEALS, &deal["Id"], &[("OwnerId", &other["Id"])]);
    assert_eq!(compared(&a, &b, &[]).causes(), set(&[]));
    let told = compared(&a, &b, &["--where", &format!("owner = '{}'", name(owner))]);
    assert_eq!((told.causes(), told.ids()), (set(&["owner"]), set(&[&deal["Id"]])));
    assert_eq!(cents(told.effect("won_amount", "owner")), -cents(amount(deal)));
}

#[test]
fn records_that_are_gone_are_deleted_or_merged() {
    let (a, b) = (Company::new(), Company::new());
    let leads = lone_leads(&a);
    let (gone, stays) = (&leads[3]["Id"], &leads[7]["Id"]);
    b.edit(LEADS, |rows| rows.retain(|row| row["Id"] != *gone));
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["deleted"]), set(&[gone])));
    assert_eq!(told.effect("entries", "deleted").to_bits(), (-1.0_f64).to_bits());

    let b = Company::new();
    b.set(LEADS, gone, &[("IsDeleted", "true"), ("MasterRecordId", stays)]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["merged"]), set(&[gone])));
    assert_eq!(told.effect("entries", "merged").to_bits(), (-1.0_f64).to_bits());

    let b = Company::new();
    let deal = &won(&a)[10];
    b.edit(DEALS, |rows| rows.retain(|row| row["Id"] != deal["Id"]));
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["deleted"]));
    assert_eq!(cents(told.effect("won_amount", "deleted")), -cents(amount(deal)));
    // Its buyer is still known: what is gone is the deal, in all formats.
    for row in told.rows("compare_records") {
        assert_eq!((&row["record"], text(row, "id_a")), (&Value::from("deal"), deal["Id"].clone()), "{row}");
        assert!(row["id_b"].is_null() && row["file_b"].is_null() && row["line_b"].is_null(), "{row}");
    }
    let shown = stdout(&["compare", a.path(), b.path(), "--from", "2024-01-01", "--to", "2026-06-30"]);
    let (_, records) = shown.split_once("Records that count otherwise: 1\n").expect("one record");
    assert!(records.contains(&deal["Id"]) && !records.contains("person"), "{records}");
}

#[test]
fn the_largest_cause_is_one_that_points_the_way_of_the_difference() {
    // One more win, and two larger ones gone: the rate falls, though the largest cause raises it.
    let (a, b) = (Company::new(), Company::new());
    let all = won(&a);
    let sum = |rows: &[&Row]| rows.iter().map(|row| amount(row)).sum::<f64>();
    let [first, second, third] = [&all[4], &all[12], &all[10]];
    let less = sum(&[first, second]) / 2.0;
    b.set(DEALS, &first["Id"], &[("Amount", &format!("{:.2}", amount(first) / 2.0))]);
    b.set(DEALS, &second["Id"], &[("Amount", &format!("{:.2}", amount(second) / 2.0))]);
    let gone = amount(third) + less;
    b.edit(DEALS, |rows| rows.retain(|row| row["Id"] != third["Id"]));
    // A late one that brings more than either cause takes, and less than both.
    let more = amount(third).max(less) + (gone - amount(third).max(less)) / 2.0;
    let row = new_deal(first, "006000000000000ZZZ", "2025-01-10 12:00:00", "2025-02-20 00:00:00");
    b.edit(DEALS, |rows| rows.push(row));
    b.set(DEALS, "006000000000000ZZZ", &[("Amount", &format!("{more:.2}"))]);
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["deleted", "late", "amount"]));
    let total = |r: &&Value| r["id"] == "won_revenue" && r["period"] == "total";
    let row = told.rows("compare_metrics").iter().find(total).unwrap();
    assert!(row["difference"].as_f64().unwrap() < 0.0, "{row}");
    let expected = if amount(third) > less { "deleted" } else { "amount" };
    assert_eq!(row["largest_cause"], expected, "{row}");
    // Every named cause goes the way of its difference.
    for row in told.rows("compare_metrics").iter().filter(|r| r["difference"].as_f64().is_some_and(|by| by != 0.0)) {
        let of =
            |r: &&Value| ["level", "id", "period"].iter().all(|c| r[c] == row[c]) && r["cause"] == row["largest_cause"];
        let effect = told.rows("compare_causes").iter().find(of).unwrap()["effect"].as_f64().unwrap();
        assert!(effect * row["difference"].as_f64().unwrap() > 0.0, "{row}");
    }
}

/// A won deal of nobody, like another.
fn new_deal(like: &Row, id: &str, created: &str, closed: &str) -> Row {
    let none = "000000000000000AAA".to_string();
    let mut row = like.clone();
    for value in row.values_mut().filter(|v| v.starts_with("003") || v.starts_with("001")) {
        value.clone_from(&none);
    }
    for (column, value) in [("Id", id), ("CreatedDate", created), ("CloseDate", closed), ("Amount", "12345.67")] {
        *row.get_mut(column).unwrap() = value.to_string();
    }
    row
}

#[test]
fn a_record_that_came_late_is_not_new() {
    let (a, b) = (Company::new(), Company::new());
    let deal = new_deal(&won(&a)[10], "006Hs0000000ZZZIAA", "2026-05-02 12:00:00", "2026-05-20 00:00:00");
    b.edit(DEALS, |rows| rows.push(deal.clone()));
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["late"]), set(&["006Hs0000000ZZZIAA"])));
    assert_eq!(cents(told.effect("won_amount", "late")), 1_234_567);

    // A was taken before the deal was made.
    a.contract("as_of = \"2026-06-30\" ", "as_of = \"2026-04-30\" ");
    let told = compared(&a, &b, &[]);
    let row = told.rows("compare_records").iter().find(|row| row["id_b"] == "006Hs0000000ZZZIAA").unwrap();
    assert_eq!((&row["cause"], &row["period"]), (&Value::from("new"), &Value::from("2026-Q2")));
    assert!(!told.causes().contains("late") && !told.causes().contains("definition"), "{:?}", told.causes());
}

#[test]
fn a_lead_that_was_linked_to_a_deal_is_found() {
    let (a, b) = (Company::new(), Company::new());
    let lead = lone_leads(&a)[3].clone();
    let roles = a.rows("salesforce/OpportunityContactRole.csv");
    let with_role: BTreeSet<&str> = roles.iter().map(|row| &row["OpportunityId"][..15]).collect();
    let deals = a.rows(DEALS);
    let deal = deals.iter().find(|row| !with_role.contains(&row["Id"][..15]) && row["IsDeleted"] == "0").unwrap();
    let values =
        [("IsConverted", "true"), ("ConvertedDate", "2026-06-01"), ("ConvertedOpportunityId", deal["Id"].as_str())];
    b.set(LEADS, &lead["Id"], &values);
    let told = compared(&a, &b, &[]);
    let records: BTreeSet<(String, String)> =
        told.rows("compare_records").iter().map(|row| (text(row, "cause"), text(row, "measure_id"))).collect();
    assert!(records.contains(&("link".into(), "entries".into())), "{records:?}");
    assert_eq!(told.causes(), set(&["link"]));
    assert!(told.ids().contains(&lead["Id"]), "{:?}", told.ids());
}

#[test]
fn a_ledger_line_is_found() {
    let (a, b) = (Company::new(), Company::new());
    b.edit(SPEND, |rows| {
        let line = rows.iter_mut().find(|row| row["team"] == "sales").unwrap();
        *line.get_mut("amount").unwrap() = "1.00".into();
    });
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["amount"]));
    let before: f64 = a.rows(SPEND).iter().find(|row| row["team"] == "sales").unwrap()["amount"].parse().unwrap();
    assert_eq!(cents(told.effect("sales_spend", "amount")), 100 - cents(before));

    let b = Company::new();
    b.edit(SPEND, |rows| drop(rows.remove(0)));
    b.edit("finance/headcount.csv", |rows| *rows[5].get_mut("heads").unwrap() = "40".into());
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["deleted", "amount"]));
    let gone = told.rows("compare_records").iter().find(|row| row["cause"] == "deleted").unwrap();
    assert_eq!((&gone["file_a"], &gone["line_a"]), (&Value::from("exports/finance/spend.csv"), &Value::from(2)));
    assert!(gone["file_b"].is_null());
}

#[test]
fn a_changed_contract_is_a_cause_of_its_own() {
    let (a, b) = (Company::new(), Company::new());
    b.contract("rate = 1.10 ", "rate = 1.20 ");
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["definition"]));
    assert!(told.effect("marketing_spend", "definition") > 0.0);
    assert!(told.notes.contains("The contracts differ"));

    // Together with a changed record: each has its own.
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("Amount", "99999.99")]);
    b.contract("{ status = [\"MQL\", \"Marketing Qualified Lead\"] }, ", "");
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["amount", "definition"]));
    assert_eq!(cents(told.effect("won_amount", "amount")), 9_999_999 - cents(amount(deal)));
    assert!(told.effect("mqls", "definition").abs() > 0.0);
    // What the other contract changes in each record is said.
    let redefined: Vec<&Value> = told
        .rows("compare_records")
        .iter()
        .filter(|row| row["cause"] == "definition" && row["measure_id"] == "mqls")
        .collect();
    assert!(!redefined.is_empty());
    for row in redefined {
        assert!(text(row, "changed").contains("mql_on "), "{row}");
    }

    // A metric that A's contract does not have has no value there.
    let own = "[metric.sales_spend_per_sales_head]";
    b.contract(own, &format!("[metric.double]\nformula = \"2 * won_deals\"\nunit = \"count\"\nbetter = \"higher\"\ndefinition = \"x\"\n\n{own}"));
    let told = tell(&[a.path(), b.path(), "--metric", "double"]);
    let rows = told.rows("compare_metrics").iter().filter(|row| row["id"] == "double");
    assert!(rows.clone().count() > 0);
    for row in rows {
        assert_eq!((&row["status_a"], &row["status_b"]), (&Value::from("not_defined"), &Value::from("ok")));
        assert!(row["difference"].is_null() && row["value_a"].is_null());
    }
}

#[test]
fn one_contract_serves_a_folder_without_one() {
    let (a, b) = (Company::new(), Company::new());
    std::fs::remove_file(a.0.path().join("onefunnel.toml")).unwrap();
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("Amount", "99999.99")]);
    let told = tell(&[a.path(), b.path()]);
    assert_eq!((told.causes(), told.ids()), (set(&["amount"]), set(&[&deal["Id"]])));
    assert!(told.notes.contains("A and B are both read under"), "{}", told.notes);
    // --contract goes before the contracts of both.
    b.contract("rate = 1.10 ", "rate = 1.20 ");
    let acme = root().join(ACME);
    let told = tell(&[a.path(), b.path(), "--contract", acme.to_str().unwrap()]);
    assert_eq!((told.causes(), told.ids()), (set(&["amount"]), set(&[&deal["Id"]])));
}

#[test]
fn two_days_see_the_same_exports() {
    for (a, b, to) in [
        ("2026-03-31", "2026-06-30", "2026-03-31"),
        ("2026-03-31", "2026-06-30", "2026-06-30"),
        ("2025-03-10", "2026-02-14", "2026-02-14"),
        ("2025-03-10", "2025-03-10", "2025-03-10"),
    ] {
        let window = ["--from", "2024-01-01", "--to", to, "--period", "month"];
        let told = tell(&[&[a, b, ACME], &window[..]].concat());
        let side = |as_of: &str| {
            let rows = scorecard(&[&[ACME, "--as-of", as_of], &window[..]].concat());
            rows.into_keys().collect::<BTreeSet<_>>()
        };
        assert!(side(a).is_subset(&side(b)));
        told.records_add_up();
        told.lines_are_right([&root().join(ACME), &root().join(ACME)]);
        assert!(told.causes().is_subset(&set(&["new", "stage", "touches", "date", "link"])), "{:?}", told.causes());
        if to == a {
            let args = |as_of| [&[ACME, "--as-of", as_of], &window[..]].concat();
            told.holds(&args(a), &args(b));
            assert!(!told.causes().contains("new"), "{:?}", told.causes());
        }
        if a == b {
            assert_eq!((told.causes(), told.ids()), (set(&[]), set(&[])));
        }
    }
}

#[test]
fn by_default_only_whole_periods_that_both_know_are_compared() {
    let told = tell(&["2026-03-15", "2026-06-30", ACME]);
    let last = told.rows("compare_metrics").iter().rfind(|row| row["period"] != "total").unwrap();
    assert_eq!((&last["period"], &last["period_end"]), (&Value::from("2026-02"), &Value::from("2026-02-28")));
}

#[test]
fn a_measure_of_touches_and_nothing_at_all() {
    let contract = "as_of = \"2026-03-31\"\n[[source]]\npath = \"touches.csv\"\ntable = \"touches\"\n\
        columns = { person_id = \"who\", at = \"at\", kind = \"kind\" }\n\
        [[source]]\npath = \"people.csv\"\ntable = \"people\"\ncolumns = { person_id = \"id\", created_at = \"made\" }\n\
        [measure.calls]\ntable = \"touches\"\nat = \"on\"\nvalue = \"COUNT(*)\"\nwhere = \"kind = 'call'\"\nunit = \"count\"\n\
        [metric.calls_made]\nformula = \"calls\"\nunit = \"count\"\nbetter = \"higher\"\ndefinition = \"Calls\"\n";
    let people = "id,made\n1,2026-01-05\n2,2026-01-06\n";
    let touches = "who,at,kind\n1,2026-01-10,call\n1,2026-01-10,call\n2,2026-02-01,email\n";
    let later = "who,at,kind\n1,2026-01-10,call\n2,2026-02-01,call\n2,2026-02-02,call\n";
    let none = "who,at,kind\n";
    let company = |touches| folder(&[("onefunnel.toml", contract), ("people.csv", people), ("touches.csv", touches)]);
    let (a, b, c) = (company(touches), company(later), company(none));
    let paths = [&a, &b, &c].map(|dir| dir.path().to_str().unwrap());
    let told = tell(&[paths[0], paths[1], "--metric", "calls_made"]);
    assert_eq!(told.causes(), set(&["deleted", "late", "segment"]));
    told.holds(
        &[paths[0], "--metric", "calls_made", "--period", "month"],
        &[paths[1], "--metric", "calls_made", "--period", "month"],
    );
    let total = |told: &Told| {
        told.rows("compare_metrics").iter().find(|row| key(row) == ["metric", "calls_made", "total"]).unwrap().clone()
    };
    assert_eq!((&total(&told)["value_a"], &total(&told)["value_b"]), (&Value::from(2), &Value::from(3)));
    // Every row gone; nothing on either side.
    let told = tell(&[paths[0], paths[2], "--metric", "calls_made"]);
    assert!(total(&told)["difference"].is_null() || total(&told)["difference"] == -2, "{}", total(&told));
    let told = tell(&[paths[2], paths[2], "--metric", "calls_made"]);
    assert_eq!(told.causes(), set(&[]));
}

#[test]
fn a_file_is_compared_with_a_file() {
    let deals = "Id,Name,StageName,CloseDate,IsWon,IsClosed,Amount,CreatedDate\n\
        006gL0000000001QAA,One,Closed Won,2026-03-20,true,true,1200.00,2026-01-05T10:00:00.000Z\n";
    let later = deals.replace("1200.00", "1300.50");
    let dir = folder(&[("a.csv", deals), ("b.csv", &later)]);
    let out = run_in(dir.path(), &["compare", "a.csv", "b.csv", "--as-of", "2026-03-31", "--metric", "won_revenue"]);
    let shown = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(shown.contains("+100.50") && shown.contains("changed amount"), "{shown}");
    // Without as-of the last record says how far A can know.
    let out = run_in(dir.path(), &["compare", "a.csv", "b.csv", "--metric", "won_revenue", "-f", "json"]);
    let shown = String::from_utf8(out.stdout).unwrap();
    assert!(shown.contains("Nobody said when A was taken: its last record is of 2026-03-20."), "{shown}");
}

/// One change of a copy.
#[derive(Debug, Clone)]
enum Plant {
    Amount(usize, u32),
    Closed(usize, u8),
    Lost(usize),
    NoDeal(usize),
    LateDeal(usize),
    NoLead(usize),
    Merge(usize, usize),
    Convert(usize, usize),
    Spend(usize, u32),
    NoSpend(usize),
    Heads(usize),
    NoHistory(usize),
    Rate,
    Stage,
}

fn plants() -> impl Strategy<Value = Vec<Plant>> {
    let at = || 0_usize..100_000;
    let one = prop_oneof![
        (at(), 0_u32..50_000_000).prop_map(|(at, cents)| Plant::Amount(at, cents)),
        (at(), 1_u8..28).prop_map(|(at, day)| Plant::Closed(at, day)),
        at().prop_map(Plant::Lost),
        at().prop_map(Plant::NoDeal),
        at().prop_map(Plant::LateDeal),
        at().prop_map(Plant::NoLead),
        (at(), at()).prop_map(|(loser, winner)| Plant::Merge(loser, winner)),
        (at(), at()).prop_map(|(lead, deal)| Plant::Convert(lead, deal)),
        (at(), 0_u32..5_000_000).prop_map(|(at, cents)| Plant::Spend(at, cents)),
        at().prop_map(Plant::NoSpend),
        at().prop_map(Plant::Heads),
        at().prop_map(Plant::NoHistory),
        Just(Plant::Rate),
        Just(Plant::Stage),
    ];
    proptest::collection::vec(one, 1..12)
}

fn plant(company: &Company, plant: &Plant) {
    let change = |file: &str, at: usize, values: &[(&str, String)]| {
        company.edit(file, |rows| {
            let at = at % rows.len();
            for (column, value) in values {
                rows[at].get_mut(*column).unwrap().clone_from(value);
            }
        });
    };
    let remove = |file: &str, at: usize| {
        company.edit(file, |rows| {
            let at = at % rows.len();
            rows.remove(at);
        });
    };
    let money = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
    match plant {
        Plant::Amount(at, cents) => change(DEALS, *at, &[("Amount", money(*cents))]),
        Plant::Closed(at, day) => change(DEALS, *at, &[("CloseDate", format!("2026-02-{day:02} 00:00:00"))]),
        Plant::Lost(at) => {
            let values = [("StageName", "Closed Lost"), ("IsWon", "0"), ("IsClosed", "1")];
            change(DEALS, *at, &values.map(|(column, value)| (column, value.to_string())));
        }
        Plant::NoDeal(at) => remove(DEALS, *at),
        Plant::LateDeal(at) => company.edit(DEALS, |rows| {
            let like = rows[at % rows.len()].clone();
            let id = format!("006Hs00000{at:05}IAA");
            rows.push(new_deal(&like, &id, "2026-03-02 12:00:00", "2026-04-20 00:00:00"));
        }),
        Plant::NoLead(at) => remove(LEADS, *at),
        Plant::Merge(loser, winner) => {
            let rows = company.rows(LEADS);
            let winner = rows[winner % rows.len()]["Id"].clone();
            if rows[loser % rows.len()]["Id"] != winner {
                change(LEADS, *loser, &[("IsDeleted", "true".into()), ("MasterRecordId", winner)]);
            }
        }
        Plant::Convert(lead, deal) => {
            let deals = company.rows(DEALS);
            let deal = deals[deal % deals.len()]["Id"].clone();
            let values = [("IsConverted", "true".into()), ("ConvertedOpportunityId", deal)];
            change(LEADS, *lead, &values);
        }
        Plant::Spend(at, cents) => change(SPEND, *at, &[("amount", money(*cents))]),
        Plant::NoSpend(at) => remove(SPEND, *at),
        Plant::Heads(at) => change("finance/headcount.csv", *at, &[("heads", "3.5".into())]),
        Plant::NoHistory(at) => remove("salesforce/LeadHistory.csv", *at),
        Plant::Rate => {
            let path = company.0.path().join("onefunnel.toml");
            let text = std::fs::read_to_string(&path).unwrap().replace("rate = 1.10 ", "rate = 1.23 ");
            std::fs::write(path, text).unwrap();
        }
        Plant::Stage => {
            let path = company.0.path().join("onefunnel.toml");
            let text = std::fs::read_to_string(&path).unwrap().replace(", { people = \"mql_at\" }", "");
            std::fs::write(path, text).unwrap();
        }
    }
}

/// A dozen mixtures, or as many as `ONEFUNNEL_CASES` says.
fn mixtures() -> ProptestConfig {
    let said = std::env::var("ONEFUNNEL_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: said.unwrap_or(12),
        max_shrink_iters: 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(mixtures())]
    #[test]
    fn whatever_is_planted_the_causes_add_up(plants in plants(), swapped in any::<bool>()) {
        let (a, b) = (Company::new(), Company::new());
        for one in &plants {
            plant(&b, one);
        }
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        compared(&a, &b, &[]);
    }
}
