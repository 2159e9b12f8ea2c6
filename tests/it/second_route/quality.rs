//! `quality`: its sums, and plain loops over the raw files of the example that find the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::acme::{HUBSPOT, STAGES, company, exports};
use super::process::{Reach, processes};
use super::raw::{Record, date, parse, quarter, records, utc};
use crate::common::{root, stdout};

const HEADER: &str = "check,item,severity,status,table_id,file,period,period_start,period_end,count,of,share,unit,\
    example_1,example_2,example_3,effect,reason,as_of,contract_hash";

/// The tidy table.
pub fn quality(args: &[&str]) -> Vec<Record> {
    let text = stdout(&[&["quality", "-f", "csv"], args].concat());
    assert_eq!(text.lines().next(), Some(HEADER), "the tidy columns never change");
    parse(&text)
}

/// A cell of whole numbers.
pub fn number(row: &Record, column: &str) -> u64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is no number in {row:?}"))
}

/// Where the first ones stand.
pub fn examples(row: &Record) -> Vec<&str> {
    ["example_1", "example_2", "example_3"].iter().map(|c| row[*c].as_str()).filter(|e| !e.is_empty()).collect()
}

/// The row of a check in all periods: of all files, or of one.
pub fn total<'r>(rows: &'r [Record], check: &str, item: &str, table: &str, file: &str) -> &'r Record {
    let wanted = |r: &&Record| {
        r["check"] == check
            && r["item"] == item
            && r["table_id"] == table
            && r["file"] == file
            && r["period"] == "total"
    };
    rows.iter().find(wanted).unwrap_or_else(|| panic!("no {check} {item} of {table} in {file:?}"))
}

/// Check, item and table.
type Key<'r> = (&'r str, &'r str, &'r str);

#[test]
fn counts_add_up_over_periods_and_files() {
    for (company, period) in [("testdata/quality", "month"), ("examples/acme", "quarter"), ("examples/acme", "year")] {
        let rows = quality(&[company, "--period", period]);
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
            assert!(row["unit"] == "cells" || examples(row).len() as u64 <= count, "{row:?}");
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
        truth("deleted_leads") + truth("deleted_deals") + truth("deleted_tasks")
    );
    assert_eq!(count("merged_record", "", "files"), truth("merged_leads"));
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
    assert_eq!(text.split(|b| *b == b'\n').count(), all.len() + 2, "{name} has cells with line breaks");
    let dead = |r: &Record| r.get("IsDeleted").is_some_and(|cell| ["1", "true"].contains(&cell.as_str()));
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
    let (mut twice, mut across) = (Naive::default(), Naive::default());
    let mut seen = BTreeSet::new();
    // Files are read in the order of their names.
    let contacts: BTreeSet<String> = alive("Contact").iter().map(|(_, r)| r["Email"].to_lowercase()).collect();
    for (line, r) in alive("Lead") {
        let created = at(&r["CreatedDate"]);
        source.see(created, line, r["LeadSource"].is_empty());
        owner.see(created, line, !users.contains(&r["OwnerId"]));
        let email = r["Email"].to_lowercase();
        if !email.is_empty() {
            free.see(created, line, email.ends_with("@gmail.com"));
            let again = !seen.insert(email.clone());
            twice.see(created, line, again);
            across.see(created, line, contacts.contains(&email) && !again);
        }
    }
    let file = "exports/salesforce/Lead.csv";
    source.compare(&rows, "missing_source", "", "people", file);
    owner.compare(&rows, "unknown_owner", "", "people", file);
    free.compare(&rows, "free_mail", "", "people", file);
    twice.compare(&rows, "same_email_in_file", "", "people", file);
    across.compare(&rows, "same_email_across_files", "", "people", file);

    let known: BTreeSet<String> =
        ["Contact", "Lead"].iter().flat_map(|name| alive(name)).map(|(_, r)| r["Id"].clone()).collect();
    let mut nobody = Naive::default();
    for (line, r) in alive("CampaignMember").iter().filter(|(_, r)| yes(&r["HasResponded"])) {
        let found = known.contains(&r["LeadId"]) || known.contains(&r["ContactId"]);
        nobody.see(date(&r["FirstRespondedDate"]), *line, !found);
    }
    nobody.compare(&rows, "touch_of_nobody", "", "touches", "exports/salesforce/CampaignMember.csv");

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
}
