//! `explain --rows`: the very records, with file, line and amount, found again in the raw files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::acme::exports;
use super::raw::{Record, cents, date, quarter_days, utc};
use crate::common::stdout;

type Row = BTreeMap<String, String>;

/// Every row of the list of one metric and period.
fn listed(metric: &str, period: &str, more: &[&str]) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    let mut args = vec!["explain", metric, "examples/acme", "--period", period, "--rows", file.to_str().unwrap(), "-q"];
    args.extend(more);
    stdout(&args);
    csv::Reader::from_path(&file).unwrap().deserialize().map(Result::unwrap).collect()
}

/// Those of a measure that count, with one record each: (file, line) → (first 15 characters of the id, contribution).
fn counted(rows: &[Row], measure: &str) -> BTreeMap<(String, u64), (String, String)> {
    let first = rows.iter().filter(|r| r["measure"] == measure && r["counts"] == "true" && r["part"] == "first");
    first
        .map(|r| {
            let file = r["file"].rsplit('/').next().unwrap().to_string();
            let id: String = r["record_id"].chars().take(15).collect();
            ((file, r["line"].parse().unwrap()), (id, r["contribution"].clone()))
        })
        .collect()
}

/// Every record of a file, with the line on which it begins.
fn with_lines(path: &Path) -> Vec<(u64, Record)> {
    let bytes = std::fs::read(path).unwrap();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let header: Vec<String> = reader.byte_headers().unwrap().iter().map(text).collect();
    reader
        .byte_records()
        .map(|record| {
            let record = record.unwrap();
            let cells = header.iter().cloned().zip(record.iter().map(text)).collect();
            (record.position().unwrap().line(), cells)
        })
        .collect()
}

type Found = BTreeMap<(String, u64), (String, Option<i64>)>;

fn deals(wish: impl Fn(&Record) -> bool) -> Found {
    let name = "Opportunity.csv";
    with_lines(&exports().join("salesforce").join(name))
        .into_iter()
        .filter(|(_, r)| r["IsDeleted"] == "0" && wish(r))
        .map(|(line, r)| ((name.to_string(), line), (r["Id"].chars().take(15).collect(), cents(&r["Amount"]))))
        .collect()
}

fn ids(found: &Found) -> BTreeMap<(String, u64), String> {
    found.iter().map(|(place, (id, _))| (place.clone(), id.clone())).collect()
}

#[test]
fn the_deals_behind_a_win_rate_are_those_of_the_export() {
    let within = |r: &Record| {
        let (from, to) = quarter_days("2026-Q2");
        r["IsClosed"] == "1" && date(&r["CloseDate"]).is_some_and(|day| (from..=to).contains(&day))
    };
    let rows = listed("win_rate_narrow", "2026-Q2", &[]);
    for (measure, won) in [("won_deals", "1"), ("lost_deals", "0")] {
        let raw = deals(|r| within(r) && r["IsWon"] == won);
        assert!(raw.len() > 10);
        let said = counted(&rows, measure);
        assert!(said.values().all(|(_, gives)| gives == "1"), "{measure}");
        let said: BTreeMap<_, _> = said.into_iter().map(|(place, (id, _))| (place, id)).collect();
        assert_eq!(said, ids(&raw), "{measure}");
    }
}

#[test]
fn the_deals_and_amounts_of_a_pipeline_are_those_of_the_export() {
    let (from, to) = quarter_days("2026-Q1");
    for (more, source) in [(&[][..], None), (&["--segment", "lead_source=Webinar"][..], Some("Webinar"))] {
        let rows = listed("pipeline_created", "2026-Q1", more);
        let raw = deals(|r| {
            utc(&r["CreatedDate"]).is_some_and(|at| (from..=to).contains(&at.day))
                && source.is_none_or(|source| r["LeadSource"] == source)
        });
        let said = counted(&rows, "pipeline_amount");
        let said: BTreeMap<_, _> = said.into_iter().map(|(at, (id, gives))| (at, (id, cents(&gives)))).collect();
        // The segment of a process is its people's source where they have one: only all of them are compared as a whole.
        if source.is_none() {
            assert_eq!(said, raw);
        } else {
            assert!(!said.is_empty() && said.len() <= 39);
            assert!(said.iter().all(|(at, row)| deals(|_| true).get(at) == Some(row)));
        }
    }
}

#[test]
fn the_lines_of_the_ledgers_are_those_that_were_added_up() {
    let (from, to) = quarter_days("2026-Q2");
    let within = |day: &str| date(day).is_some_and(|day| (from..=to).contains(&day));
    let rows = listed("combined_budget_ratio", "2026-Q2", &[]);
    for (measure, team) in [("sales_spend", "sales"), ("marketing_spend", "marketing")] {
        let mut raw = BTreeMap::new();
        for file in ["spend.csv", "ad_spend.csv"] {
            for (line, r) in with_lines(&exports().join("finance").join(file)) {
                if r["team"] == team && within(&r["date"]) {
                    let amount = cents(&r["amount"]).unwrap();
                    let dollars = if r["currency"] == "EUR" { amount * 110 / 100 } else { amount };
                    raw.insert((file.to_string(), line), Some(dollars));
                }
            }
        }
        let said: BTreeMap<_, _> =
            counted(&rows, measure).into_iter().map(|(at, (_, gives))| (at, cents(&gives))).collect();
        assert!(raw.len() > 20);
        assert_eq!(said, raw, "{measure}");
    }
    let said: BTreeSet<(String, u64)> = counted(&rows, "revenue").into_keys().collect();
    let raw = with_lines(&exports().join("finance/revenue.csv")).into_iter().filter(|(_, r)| within(&r["month"]));
    assert_eq!(said, raw.map(|(line, _)| ("revenue.csv".to_string(), line)).collect());
}

#[test]
fn the_heads_are_those_of_the_months() {
    let rows = listed("sales_to_marketing_staff_ratio", "2026-Q2", &[]);
    for (measure, team) in [("sales_heads", "sales"), ("marketing_heads", "marketing")] {
        let raw: BTreeMap<(String, u64), String> = with_lines(&exports().join("finance/headcount.csv"))
            .into_iter()
            .filter(|(_, r)| r["team"] == team && ["2026-04", "2026-05", "2026-06"].contains(&r["month"].as_str()))
            .map(|(line, r)| (("headcount.csv".to_string(), line), format!("{}", r["heads"].parse::<f64>().unwrap())))
            .collect();
        let said: BTreeMap<_, _> = counted(&rows, measure).into_iter().map(|(at, (_, gives))| (at, gives)).collect();
        assert!(raw.len() >= 6);
        assert_eq!(said, raw, "{measure}");
    }
}

/// The id of a record stands on its line, in every file, also for the further records of a process.
#[test]
fn every_record_stands_where_the_list_says() {
    let rows = listed("mql_to_revenue_conversion", "2026-Q1", &[]);
    let folder = crate::common::root().join("examples/acme");
    let mut files: BTreeMap<String, BTreeMap<u64, Vec<u8>>> = BTreeMap::new();
    let mut seen = 0;
    for row in rows.iter().filter(|r| r["measure"] == "mqls" && r["counts"] == "true") {
        let lines = files.entry(row["file"].clone()).or_insert_with(|| {
            let bytes = std::fs::read(folder.join(&row["file"])).unwrap();
            (1..).zip(bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec)).collect()
        });
        let line = &lines[&row["line"].parse().unwrap()];
        let id: String = row["record_id"].chars().take(15).collect();
        assert!(String::from_utf8_lossy(line).contains(&id), "{} line {} has no {id}", row["file"], row["line"]);
        seen += 1;
    }
    assert!(seen > 200 && files.len() >= 3, "{seen} {:?}", files.keys());
}
