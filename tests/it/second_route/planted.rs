//! `quality`: a company with every finding planted and counted by hand (testdata/quality), and companies of one file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use super::quality::{examples, number, quality, total};
use super::raw::Record;
use crate::common::stdout;

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
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&utf16).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in [("About.txt", &b"nothing,here\n1,2\n"[..]), ("Contact.csv", text.as_bytes())] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let files = [
        ("Contact.csv", text.as_bytes().to_vec()),
        ("Contact.csv", with_mark),
        ("Contact.csv", latin),
        ("Contact.csv.gz", gz.finish().unwrap()),
        ("export.zip", zip.finish().unwrap().into_inner()),
        ("Contact.csv", utf16),
    ];
    for (file, bytes) in files {
        let folder = company_of(&[(file, bytes)]);
        let rows = quality(&[folder.path().to_str().unwrap(), "--as-of", "2026-06-30"]);
        let row = total(&rows, "missing_email", "", "people", "");
        let name = |example: &str| Path::new(example).file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            examples(row).into_iter().map(name).collect::<Vec<_>>(),
            [format!("{}:5", file.replace("export.zip", "Contact.csv"))]
        );
    }
}

#[test]
fn the_last_date_of_deals_without_a_creation_date_is_their_last_close() {
    let deals = "Id,Name,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n\
        006000000000001,A,Closed Won,100,2026-06-10,,true,true\n006000000000002,B,Open,100,2026-06-20,,false,false\n";
    let folder = company_of(&[("Opportunity.csv", deals.into())]);
    let rows = quality(&[folder.path().to_str().unwrap(), "--as-of", "2026-06-30"]);
    let days = rows.iter().find(|r| r["check"] == "days_since_last_date").unwrap();
    assert_eq!((&*days["count"], &*days["unit"]), ("20", "days"));
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
