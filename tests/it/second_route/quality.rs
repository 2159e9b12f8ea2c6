//! `quality`: a company with every finding planted and counted by hand, and plain loops over the raw files of the example.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::acme::{AS_OF, HUBSPOT, STAGES, company, exports};
use super::process::{Reach, processes};
use super::raw::{Record, date, parse, quarter, records, utc};
use crate::common::{root, stdout};

const HEADER: &str = "check,item,severity,status,table_id,file,period,period_start,period_end,count,of,share,unit,\
    example_1,example_2,example_3,effect,reason,as_of,contract_hash";

fn quality(args: &[&str]) -> Vec<Record> {
    let text = stdout(&[&["quality", "-f", "csv"], args].concat());
    assert_eq!(text.lines().next(), Some(HEADER), "the tidy columns never change");
    parse(&text)
}

fn number(row: &Record, column: &str) -> u64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is no number in {row:?}"))
}

fn examples(row: &Record) -> Vec<&str> {
    ["example_1", "example_2", "example_3"].iter().map(|c| row[*c].as_str()).filter(|e| !e.is_empty()).collect()
}

/// The row of a check in all periods: of all files, or of one.
fn total<'r>(rows: &'r [Record], check: &str, item: &str, table: &str, file: &str) -> &'r Record {
    let wanted = |r: &&Record| {
        r["check"] == check
            && r["item"] == item
            && r["table_id"] == table
            && r["file"] == file
            && r["period"] == "total"
    };
    rows.iter().find(wanted).unwrap_or_else(|| panic!("no {check} {item} of {table} in {file:?}"))
}

/// What was planted in testdata/quality: check, item, table, rows found, rows looked at, and where the first ones stand.
const PLANTED: [(&str, &str, &str, u64, u64, &str); 56] = [
    // Line 10 of people has neither id nor address, line 7 of touches no time.
    ("missing_key", "", "files", 2, 70, "people.csv:10 touches.csv:7"),
    ("duplicate_id", "", "files", 2, 70, "people.csv:2 touches.csv:6"),
    ("row_after_as_of", "", "files", 2, 70, "people.csv:14 touches.csv:8"),
    // The exports end on 04-09, 04-26, 03-10 and 05-01; list.csv (06-02) and deals.csv (06-29) are fresh.
    ("stale_file", "", "files", 4, 6, ""),
    // People: 11 rows of people.csv that are left (14 less line 10, one p1 and p11), and 25 of list.csv.
    ("missing_created", "", "people", 1, 36, "people.csv:8"),
    ("missing_created", "", "deals", 1, 8, "deals.csv:7"),
    ("missing_close", "", "deals", 1, 5, "deals.csv:4"),
    ("missing_amount", "won", "deals", 1, 3, "deals.csv:3"),
    ("missing_amount", "open", "deals", 1, 3, "deals.csv:7"),
    // A cell with a line break stands above it: d7 is on line 9.
    ("missing_amount", "lost", "deals", 1, 2, "deals.csv:9"),
    ("missing_source", "", "people", 1, 36, "people.csv:9"),
    ("deals_unlinked", "no person", "deals", 5, 8, "deals.csv:5 deals.csv:6 deals.csv:7"),
    ("deals_linked", "converted lead", "deals", 3, 8, "deals.csv:2 deals.csv:3 deals.csv:4"),
    ("dead_link", "converted_deal_id", "people", 1, 4, "people.csv:11"),
    ("touch_of_nobody", "", "touches", 1, 4, "touches.csv:4"),
    ("touch_of_no_team", "", "touches", 1, 4, "touches.csv:5"),
    ("change_of_nobody", "", "stage_changes", 1, 9, "changes.csv:10"),
    ("unknown_origin", "", "deals", 1, 8, "deals.csv:7"),
    ("missing_email", "", "people", 1, 36, "people.csv:6"),
    // Ada's address is on line 5 and again on line 13; Bob is on the list too. info@ is nobody's own.
    ("same_email_in_file", "", "people", 1, 34, "people.csv:13"),
    ("same_email_across_files", "", "people", 1, 34, "list.csv:8"),
    ("test_person", "", "people", 1, 35, "people.csv:7"),
    ("shared_mailbox", "", "people", 1, 35, "people.csv:4"),
    ("free_mail", "", "people", 2, 35, "people.csv:3 list.csv:8"),
    ("unknown_owner", "", "people", 1, 11, "people.csv:4"),
    // d2 was qualified on 03-01 and its lead made on 03-05; won on 02-20, before all of it.
    ("stage_out_of_order", "lead", "processes", 1, 33, "deals.csv:3"),
    ("stage_out_of_order", "mql", "processes", 1, 3, "deals.csv:3"),
    ("stage_out_of_order", "opportunity", "processes", 1, 7, "deals.csv:3"),
    // d3's lead was never qualified; d2 was won without a proposal; d3 has neither proposal nor close date.
    ("skipped_stage", "mql", "processes", 1, 4, "deals.csv:4"),
    ("skipped_stage", "proposal", "processes", 1, 5, "deals.csv:3"),
    ("undated_stage", "proposal", "processes", 1, 5, "deals.csv:4"),
    ("undated_stage", "won", "processes", 1, 3, "deals.csv:4"),
    ("moved_back", "deals", "stage_changes", 1, 5, "changes.csv:8"),
    ("closed_before_created", "", "deals", 1, 4, "deals.csv:3"),
    ("won_before_contact", "", "deals", 1, 2, "deals.csv:3"),
    ("converted_before_created", "", "people", 1, 2, "people.csv:9"),
    // 22 of the list were loaded in one minute of 2026-05-04: of 35 known times, over five months.
    ("bulk_minute", "created_at", "people", 22, 35, "list.csv:2 list.csv:3 list.csv:4"),
    ("bulk_day", "created_at", "people", 22, 35, "list.csv:2 list.csv:3 list.csv:4"),
    // Of d5, d6 and d8 only d5 was last changed before 04-01, and should have closed on 05-31.
    ("open_deal_unchanged", "", "deals", 1, 3, "deals.csv:6"),
    ("open_deal_overdue", "", "deals", 1, 3, "deals.csv:6"),
    ("date_after_as_of", "mql_at", "people", 1, 4, "people.csv:15"),
    // Unknown, - Select - and n/a; google, GTXPro and website; software.
    ("placeholder", "industry", "people", 3, 11, "people.csv:3 people.csv:5 people.csv:11"),
    ("spelling_variant", "lead_source", "people", 3, 35, "people.csv:3 people.csv:7 list.csv:26"),
    ("spelling_variant", "industry", "people", 1, 11, "people.csv:7"),
    ("currency_assumed", "", "deals", 2, 5, "deals.csv:5 deals.csv:6"),
    ("currency_assumed", "", "spend", 2, 5, "spend.csv:5 spend.csv:6"),
    ("amount_converted", "", "deals", 1, 5, "deals.csv:4"),
    ("currency_seen", "EUR", "deals", 1, 5, "deals.csv:4"),
    ("currency_seen", "USD", "deals", 4, 5, "deals.csv:2 deals.csv:5 deals.csv:6"),
    // The third row names its currency in the amount itself.
    ("amount_converted", "", "spend", 2, 5, "spend.csv:3 spend.csv:4"),
    ("currency_seen", "EUR", "spend", 2, 5, "spend.csv:3 spend.csv:4"),
    ("currency_seen", "USD", "spend", 3, 5, "spend.csv:2 spend.csv:5 spend.csv:6"),
    ("zero_amount", "", "deals", 1, 5, "deals.csv:5"),
    ("zero_amount", "", "spend", 1, 5, "spend.csv:5"),
    ("negative_amount", "", "deals", 1, 5, "deals.csv:10"),
    ("days_since_last_date", "", "files", 0, 0, ""),
];

#[test]
fn every_planted_finding_and_no_other() {
    let rows = quality(&["testdata/quality"]);
    let found = |r: &&Record| r["file"].is_empty() && r["period"] == "total" && r["status"] == "found";
    let mut seen = BTreeSet::new();
    for row in rows.iter().filter(found) {
        let planted = PLANTED.iter().find(|p| p.0 == row["check"] && p.1 == row["item"] && p.2 == row["table_id"]);
        let (check, item, table, count, of, first) = planted.unwrap_or_else(|| panic!("not planted: {row:?}"));
        assert_eq!((number(row, "count"), number(row, "of")), (*count, *of), "{check} {item} of {table}");
        if *check != "stale_file" {
            assert_eq!(examples(row).join(" "), *first, "{check} {item} of {table}");
        }
        assert!(seen.insert((*check, *item, *table)), "{check} {item} of {table} twice");
    }
    assert_eq!(seen.len(), PLANTED.len() - 1, "planted, and not found: {seen:?}");
    let days: BTreeMap<&str, u64> = rows
        .iter()
        .filter(|r| r["check"] == "days_since_last_date")
        .map(|r| (r["file"].as_str(), number(r, "count")))
        .collect();
    let expected = [("people.csv", 82), ("list.csv", 28), ("deals.csv", 1), ("changes.csv", 65), ("touches.csv", 112)];
    assert_eq!(days, expected.into_iter().chain([("spend.csv", 60)]).collect());
}

#[test]
fn counts_add_up_over_periods_and_files() {
    for (company, period) in [("testdata/quality", "month"), ("examples/acme", "quarter"), ("examples/acme", "year")] {
        let rows = quality(&[company, "--period", period]);
        type Key<'r> = (&'r str, &'r str, &'r str);
        let mut sums: BTreeMap<(Key<'_>, &str), [u64; 2]> = BTreeMap::new();
        let mut by_file: BTreeMap<(Key<'_>, &str), [u64; 2]> = BTreeMap::new();
        let counted = || rows.iter().filter(|r| r["status"] != "not_checked" && r["unit"] != "days");
        for row in counted() {
            let key = (row["check"].as_str(), row["item"].as_str(), row["table_id"].as_str());
            let [count, of] = ["count", "of"].map(|c| number(row, c));
            assert!(count <= of, "{row:?}");
            assert_eq!(row["status"] == "found", count > 0, "{row:?}");
            let share = row["share"].parse::<f64>().ok();
            #[allow(clippy::cast_precision_loss)]
            let expected = (of > 0).then(|| count as f64 / of as f64);
            assert!(share.zip(expected).map_or(share == expected, |(a, b)| (a - b).abs() < 1e-12), "{row:?}");
            assert!(row["check"] == "no_number" || examples(row).len() as u64 <= count, "{row:?}");
            if row["table_id"] != "files" && row["period"] != "total" {
                let sum = sums.entry((key, &row["file"])).or_default();
                *sum = [sum[0] + count, sum[1] + of];
            }
            if !row["file"].is_empty() {
                let sum = by_file.entry((key, &row["period"])).or_default();
                *sum = [sum[0] + count, sum[1] + of];
            }
        }
        for row in counted() {
            let key = (row["check"].as_str(), row["item"].as_str(), row["table_id"].as_str());
            let own = ["count", "of"].map(|c| number(row, c));
            if row["period"] == "total" && row["table_id"] != "files" {
                assert_eq!(sums[&(key, row["file"].as_str())], own, "periods of {row:?}");
            }
            if row["file"].is_empty() {
                assert_eq!(
                    by_file.get(&(key, row["period"].as_str())).copied().unwrap_or_default(),
                    own,
                    "files of {row:?}"
                );
            }
        }
    }
}

fn truth(figure: &str) -> u64 {
    let text = std::fs::read_to_string(root().join("examples/acme/truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    truth["totals"][figure].as_u64().unwrap_or_else(|| panic!("no {figure}"))
}

#[test]
fn what_is_planted_in_the_example_is_found() {
    let rows = quality(&["examples/acme"]);
    let count = |check, item, table| number(total(&rows, check, item, table, ""), "count");
    let of = |check, item, table| number(total(&rows, check, item, table, ""), "of");
    assert_eq!(count("closed_before_created", "", "deals"), truth("closed_before_created"));
    assert_eq!(of("closed_before_created", "", "deals"), truth("deals_won") + truth("deals_lost"));
    let amounts = ["won", "open", "lost"].map(|item| count("missing_amount", item, "deals"));
    assert_eq!(amounts.iter().sum::<u64>(), truth("deals_without_amount"));
    let deals = ["won", "open", "lost"].map(|item| of("missing_amount", item, "deals"));
    assert_eq!(deals, ["deals_won", "deals_open", "deals_lost"].map(truth));
    assert_eq!(count("deals_unlinked", "no person", "deals"), truth("deals_without_any_person"));
    assert_eq!(count("deals_linked", "converted lead", "deals"), truth("leads_converted"));
    assert_eq!(count("deals_linked", "people of an earlier deal", "deals"), truth("second_deals_of_a_buyer"));
    assert_eq!(
        count("deleted_record", "", "files"),
        truth("deleted_leads") + truth("merged_leads") + truth("deleted_deals") + truth("deleted_tasks")
    );
    assert_eq!(count("row_after_as_of", "", "files"), truth("planned_meetings"));
    // Each deal that is open closes after as-of.
    assert_eq!(of("open_deal_overdue", "", "deals"), truth("deals_open"));
    assert_eq!(count("open_deal_overdue", "", "deals"), 0);
    // HubSpot overwrites the first day of those who qualify twice; Salesforce has the way back.
    for file in ["exports/salesforce/LeadHistory.csv".to_owned(), format!("exports/{HUBSPOT}")] {
        let back = total(&rows, "moved_back", "people", "stage_changes", &file);
        assert_eq!(number(back, "count"), truth("mqls_qualified_twice"), "{file}");
    }
    // The contract says that `Select` means nothing; without that it is a placeholder.
    assert_eq!(count("placeholder", "industry", "people"), 0);
    let contract = std::fs::read_to_string(root().join("examples/acme/onefunnel.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let there = format!("{}/", root().join("examples/acme").display());
    let contract =
        contract.replace("nulls = [\"Select\"]", "").replace("path = \"exports", &format!("path = \"{there}exports"));
    let path = folder.path().join("onefunnel.toml");
    std::fs::write(&path, contract).unwrap();
    let rows = quality(&[path.to_str().unwrap()]);
    let select = total(&rows, "placeholder", "industry", "people", "");
    assert_eq!(number(select, "count"), truth("select_placeholders"));
}

fn table(name: &str) -> Vec<Record> {
    records(&exports().join(format!("salesforce/{name}.csv")))
}

/// Rows that are used, with the line each stands on: no cell of these files has a line break.
fn alive(name: &str) -> Vec<(usize, Record)> {
    let all = table(name);
    let text = std::fs::read(exports().join(format!("salesforce/{name}.csv"))).unwrap();
    assert_eq!(text.iter().filter(|b| **b == b'\n').count(), all.len() + 1, "{name} has cells with line breaks");
    let dead = |r: &Record| ["1", "true"].contains(&r["IsDeleted"].as_str());
    all.into_iter().enumerate().map(|(i, r)| (i + 2, r)).filter(|(_, r)| !dead(r)).collect()
}

/// What a naive loop found: by period, how many and of how many; and the first lines.
#[derive(Default)]
struct Naive {
    periods: BTreeMap<String, [u64; 2]>,
    lines: Vec<usize>,
}

impl Naive {
    fn see(&mut self, day: Option<i64>, line: usize, found: bool) {
        for period in [day.map_or("undated".to_owned(), quarter), "total".to_owned()] {
            let slot = self.periods.entry(period).or_default();
            slot[0] += u64::from(found);
            slot[1] += 1;
        }
        if found {
            self.lines.push(line);
        }
    }

    fn compare(mut self, rows: &[Record], check: &str, item: &str, table: &str, file: &str) {
        self.lines.sort_unstable();
        let mut compared = 0;
        for row in rows
            .iter()
            .filter(|r| r["check"] == check && r["item"] == item && r["table_id"] == table && r["file"] == file)
        {
            let expected = self.periods.get(&row["period"]).copied().unwrap_or_default();
            assert_eq!(["count", "of"].map(|c| number(row, c)), expected, "{check} {item} of {file}: {row:?}");
            compared += 1;
            if row["period"] == "total" && !file.is_empty() {
                let first: Vec<String> = self.lines.iter().take(3).map(|line| format!("{file}:{line}")).collect();
                assert_eq!(examples(row), first, "{check} {item}");
            }
        }
        assert!(compared >= 13, "{check} {item} of {table} in {file}: {compared} rows");
    }
}

#[test]
fn plain_loops_over_the_raw_rows_of_the_example_find_the_same() {
    let rows = quality(&["examples/acme", "--period", "quarter"]);
    let yes = |cell: &str| ["1", "true"].contains(&cell);
    let users: BTreeSet<String> = table("User").iter().map(|r| r["Id"].clone()).collect();
    let opportunities = alive("Opportunity");
    let at = |cell: &str| utc(cell).map(|m| m.day);

    let (mut backward, mut campaign, mut owner) = (Naive::default(), Naive::default(), Naive::default());
    let mut amount: BTreeMap<&str, Naive> = BTreeMap::new();
    for (line, r) in &opportunities {
        let (created, closed) = (at(&r["CreatedDate"]), date(&r["CloseDate"]));
        campaign.see(created, *line, r["CampaignId"].is_empty() || r["CampaignId"].starts_with("0000"));
        owner.see(created, *line, !users.contains(&r["OwnerId"]));
        let ended = yes(&r["IsClosed"]);
        if ended {
            backward.see(closed, *line, closed < created);
        }
        let outcome = if !ended {
            "open"
        } else if yes(&r["IsWon"]) {
            "won"
        } else {
            "lost"
        };
        let day = if ended { closed } else { created };
        amount.entry(outcome).or_default().see(day, *line, r["Amount"].is_empty());
    }
    let file = "exports/salesforce/Opportunity.csv";
    backward.compare(&rows, "closed_before_created", "", "deals", file);
    campaign.compare(&rows, "missing_campaign", "", "deals", file);
    owner.compare(&rows, "unknown_owner", "", "deals", file);
    for (outcome, naive) in amount {
        naive.compare(&rows, "missing_amount", outcome, "deals", file);
    }

    let (mut source, mut owner, mut free) = (Naive::default(), Naive::default(), Naive::default());
    let mut twice = Naive::default();
    let mut seen = BTreeSet::new();
    for (line, r) in alive("Lead") {
        let created = at(&r["CreatedDate"]);
        source.see(created, line, r["LeadSource"].is_empty());
        owner.see(created, line, !users.contains(&r["OwnerId"]));
        let email = r["Email"].to_lowercase();
        if !email.is_empty() {
            free.see(created, line, email.ends_with("@gmail.com"));
            twice.see(created, line, !seen.insert(email));
        }
    }
    let file = "exports/salesforce/Lead.csv";
    source.compare(&rows, "missing_source", "", "people", file);
    owner.compare(&rows, "unknown_owner", "", "people", file);
    free.compare(&rows, "free_mail", "", "people", file);
    twice.compare(&rows, "same_email_in_file", "", "people", file);

    // Deals that HubSpot names by its own ids are in no export.
    let hubspot = records(&exports().join(HUBSPOT));
    let dead = hubspot.iter().filter(|r| !r["Associated Deal IDs"].is_empty()).count() as u64;
    let row = total(&rows, "dead_link", "deal_ids", "people", &format!("exports/{HUBSPOT}"));
    assert_eq!([number(row, "count"), number(row, "of")], [dead, dead]);

    for (name, file) in [("spend", "exports/finance/spend.csv"), ("ad_spend", "exports/finance/ad_spend.csv")] {
        let mut euros = Naive::default();
        for (i, r) in records(&exports().join(format!("finance/{name}.csv"))).iter().enumerate() {
            if !r["amount"].is_empty() {
                euros.see(date(&r["date"]), i + 2, r["currency"] == "EUR");
            }
        }
        euros.compare(&rows, "amount_converted", "", "spend", file);
    }
    let mut nothing = Naive::default();
    for (i, r) in records(&exports().join("finance/revenue.csv")).iter().enumerate() {
        nothing.see(date(&r["month"]), i + 2, r["amount"].parse::<f64>().unwrap() == 0.0);
    }
    nothing.compare(&rows, "zero_amount", "", "revenue", "exports/finance/revenue.csv");
}

#[test]
fn the_stages_of_the_second_route_are_skipped_and_out_of_order_as_often() {
    let rows = quality(&["examples/acme", "--period", "quarter"]);
    let all = processes(&company());
    for (s, id) in STAGES.iter().enumerate() {
        let (mut skipped, mut order) = (Naive::default(), Naive::default());
        for process in &all {
            let later =
                process.stages[s + 1..].iter().filter_map(|r| if let Reach::Recorded(d) = r { Some(*d) } else { None });
            match process.stages[s] {
                Reach::No => {}
                Reach::Inferred(day) => skipped.see(Some(day), 0, true),
                Reach::Recorded(day) => {
                    skipped.see(Some(day), 0, false);
                    order.see(Some(day), 0, later.min().is_some_and(|later| later < day));
                }
            }
        }
        skipped.compare(&rows, "skipped_stage", id, "processes", "");
        order.compare(&rows, "stage_out_of_order", id, "processes", "");
    }
    let mut won = Naive::default();
    for process in all.iter().filter(|p| p.won) {
        won.see(process.closed, 0, process.closed < process.first_contact);
    }
    won.compare(&rows, "won_before_contact", "", "deals", "");
    assert!(date(AS_OF).is_some());
}

fn company_of(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn lines_are_right_in_any_encoding() {
    let text = "\"Id\",\"LastName\",\"Email\",\"CreatedDate\",\"AccountId\"\r\n\
        1,\"Zoë\r\nMüller\",a@firm.example,2026-01-01T09:00:00Z,\r\n\r\n2,Ødegård,,2026-01-02T09:00:00Z,\r\n";
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let with_mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for bytes in [text.as_bytes().to_vec(), utf16, with_mark, latin] {
        let folder = company_of(&[("Contact.csv", bytes)]);
        let rows = quality(&[folder.path().to_str().unwrap(), "--as-of", "2026-06-30"]);
        let row = total(&rows, "missing_email", "", "people", "");
        let name = |example: &str| Path::new(example).file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(examples(row).into_iter().map(name).collect::<Vec<_>>(), ["Contact.csv:5"]);
    }
}

#[test]
fn an_export_without_rows_has_no_findings() {
    let deals = "Id,Name,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n";
    let folder = company_of(&[("Opportunity.csv", deals.into())]);
    let args = [folder.path().to_str().unwrap(), "--as-of", "2026-06-30"];
    for format in ["table", "csv", "json", "md"] {
        assert!(!stdout(&[&["quality", "-f", format], &args[..]].concat()).is_empty());
    }
    let rows = quality(&args);
    assert!(rows.iter().all(|r| r["status"] != "found"), "{:?}", rows.iter().find(|r| r["status"] == "found"));
    // Without a row there is nothing to check, and without an export nothing is known.
    assert_eq!(total(&rows, "missing_amount", "won", "deals", "")["count"], "0");
    let people = total(&rows, "missing_email", "", "people", "");
    assert_eq!([&people["count"], &people["status"], &people["reason"]], ["", "not_checked", "no export of people"]);
}
