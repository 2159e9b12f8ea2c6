//! What lets a reader trust the figures: no row is lost unseen, nothing is guessed, and what is wrong is said where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use serde_json::Value;

use crate::traps::{AS_OF, Company, Ran, accounts, map};

const DEALS: &str = "Id,Name,StageName,Amount,CloseDate,IsClosed,IsWon,CreatedDate\n";

fn deal(n: usize) -> String {
    format!("D{n},Deal {n},Closed Won,100,2026-02-10,true,true,2026-01-05\n")
}

/// Ten deals; the amount of the second and the creation of the fifth cannot be read.
fn two_of_ten() -> Company {
    let rows: String = (1..=10)
        .map(|n| match n {
            2 => deal(n).replace(",100,", ",much,"),
            5 => deal(n).replace(",2026-01-05", ",2026-01-45"),
            _ => deal(n),
        })
        .collect();
    Company::new(&[("Opportunity.csv", format!("{DEALS}{rows}"))])
}

#[test]
fn a_row_with_an_unreadable_cell_stops_is_set_aside_or_loses_the_cell() {
    let company = two_of_ten();
    let cells = "error: Opportunity.csv:3:4: `much` in column `Amount` is not an amount such as 1234.50\n\
                 error: Opportunity.csv:6:8: `2026-01-45` in column `CreatedDate` is not a date or a date and time\n";
    let stop = company.run(&["scorecard", "Opportunity.csv", "--on-bad-row", "stop", "--max-bad-rows", "100%"]);
    let help = "  help: mend what cannot be read: 2 of 10 rows, and --on-bad-row stop tolerates none\n";
    assert_eq!(stop, Ran { code: 3, stdout: String::new(), stderr: format!("{cells}{help}") });
    // By itself one row of a thousand is tolerated.
    let by_itself = company.run(&["scorecard", "Opportunity.csv"]);
    let help =
        "  help: mend what cannot be read: 2 of 10 rows, and only up to 0.1 % are set aside without stopping the run\n";
    assert_eq!(by_itself, Ran { code: 3, stdout: String::new(), stderr: format!("{cells}{help}") });
    let aside = company.account("Opportunity.csv", &[".", "--on-bad-row", "set-aside", "--max-bad-rows", "2"]);
    assert_eq!((aside.read, aside.used), (10, 8));
    assert_eq!(aside.aside(), [("a cell could not be read", 2)]);
    let args = [".", "--on-bad-row", "null", "--max-bad-rows", "0"];
    let null = company.account("Opportunity.csv", &args);
    assert_eq!((null.read, null.used, null.aside()), (10, 10, Vec::new()));
    // All ten are won, nine have an amount, nine a creation date; and it is said what was taken as missing.
    let metric = |id: &str| company.folder.metric(id, "total", &["--on-bad-row", "null"]);
    assert_eq!(metric("deals_won")[0], "10");
    assert_eq!(metric("average_deal")[..3], ["100", "900", "9"]);
    assert_eq!(metric("deals_opened")[0], "9");
    let said = company.folder.stdout(&["inspect", ".", "--on-bad-row", "null"]);
    for column in ["Amount", "CreatedDate"] {
        assert!(said.contains(&format!("Taken as missing  1 × unreadable in column {column}")), "{said}");
    }
}

#[test]
fn what_a_row_means_nothing_without_is_never_taken_as_missing() {
    // A payment without a readable day: the row goes, whatever the flag says.
    let spend = "date,team,amount\n2026-01-31,marketing,100\nlast week,marketing,200\n2026-02-28,marketing,much\n";
    let company = Company::new(&[("spend.csv", spend), ("revenue.csv", "date,amount\n2026-01,1000\n2026-02,1000\n")]);
    let args = ["--on-bad-row", "null", "--max-bad-rows", "2"];
    let account = company.account("spend.csv", &[&["."][..], &args].concat());
    assert_eq!((account.read, account.used), (3, 1));
    let ratio = company.folder.metric("marketing_budget_ratio", "total", &args);
    assert_eq!(ratio[..3], ["0.05", "100", "2000"]);
}

#[test]
fn bad_rows_are_tolerated_up_to_the_limit_and_not_beyond() {
    let company = two_of_ten();
    for (limit, code) in [("2", 0), ("1", 3), ("0", 3), ("20%", 0), ("19.9%", 3), ("0%", 3), ("100%", 0), (" 20 % ", 0)]
    {
        let ran = company.run(&["scorecard", "Opportunity.csv", "--max-bad-rows", limit]);
        assert_eq!(ran.code, code, "{limit}: {}", ran.stderr);
        assert_eq!((ran.stderr.is_empty(), ran.stdout.is_empty()), (code == 0, code == 3), "{limit}");
    }
    let one = company.folder.refused(&["scorecard", "Opportunity.csv", "--max-bad-rows", "1"]);
    let help = "\n  help: mend what cannot be read: 2 of 10 rows, and --max-bad-rows 1 tolerates no more than that\n";
    assert!(one.ends_with(help), "{one}");
    let share = company.folder.refused(&["scorecard", "Opportunity.csv", "--max-bad-rows", "19.9%"]);
    let help = "\n  help: mend what cannot be read: 2 of 10 rows, and only up to 19.9 % are set aside without stopping the run\n";
    assert!(share.ends_with(help), "{share}");
    // The limit is of each file, and also said by the environment.
    let more = format!("{DEALS}{}", deal(11).replace(",100,", ",much,"));
    std::fs::write(company.folder.0.join("More.csv"), more).unwrap();
    let refused = company.folder.refused(&["scorecard", ".", "--max-bad-rows", "20%"]);
    assert!(refused.contains("More.csv:2:4") && !refused.contains("Opportunity.csv"), "{refused}");
    let mut command = crate::common::command(&["scorecard", "."]);
    let output = command.current_dir(&company.folder.0).env("ONEFUNNEL_MAX_BAD_ROWS", "2").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rows_that_are_set_aside_are_listed_with_their_place_and_their_reason() {
    let text = [
        DEALS,
        &deal(1),
        &deal(2).replace(",100,", ",much,"),
        &deal(3).replace(",true,true,2026-01-05", ",perhaps,true,\"5 \"\"Jan\"\", 26\""),
        ",,,,,,,\n",
        &deal(4).replace('\n', ",more\n"),
        &deal(5).replace("D5,", ","),
        DEALS,
        &deal(6).replace("Deal 6", "\"two\nlines\""),
        "D7,Short,Prospecting\n",
        &deal(8).replace("2026-02-10", "2026-02-30"),
        &deal(1).replace(",100,", ",150,"),
        "Total,,,800,,,,\n",
        ",,,,,,,\n",
    ]
    .concat();
    let people = "Record ID,Email,Create Date\n1,a@a.example,2026-01-05 09:00\n,,2026-01-06 09:00\n";
    let company = Company::new(&[("Opportunity.csv", text.as_str()), ("contacts.csv", people)]);
    let args = [".", "--max-bad-rows", "100%", "--rejects", "rejects.txt"];
    let json = company.folder.inspected(&args);
    let expected = "file,line,cell,column,value,reason\n\
        ./Opportunity.csv,2,,,,same deal_id as a newer row\n\
        ./Opportunity.csv,3,4,Amount,much,not an amount such as 1234.50\n\
        ./Opportunity.csv,4,6,IsClosed,perhaps,\"not yes or no (true/false, 1/0, yes/no)\"\n\
        ./Opportunity.csv,4,8,CreatedDate,\"5 \"\"Jan\"\", 26\",not a date or a date and time\n\
        ./Opportunity.csv,5,,,,blank row\n\
        ./Opportunity.csv,6,,,,more cells than the header has\n\
        ./Opportunity.csv,7,,,,no deal_id\n\
        ./Opportunity.csv,8,,,,header repeated\n\
        ./Opportunity.csv,12,5,CloseDate,2026-02-30,not a date or a date and time\n\
        ./Opportunity.csv,14,,,,totals row\n\
        ./Opportunity.csv,15,,,,blank row\n\
        ./contacts.csv,3,,,,no person_id or email\n";
    assert_eq!(company.read("rejects.txt"), expected);
    // Read are 13 rows. Used: 6, 7 and the second 1. The list has the other 10 (11 lines, as one row has two such cells).
    let files = accounts(&json);
    let account = &files["Opportunity.csv"];
    assert_eq!((account.read, account.used), (13, 3));
    assert_eq!(
        account.aside(),
        [
            ("a cell could not be read", 3),
            ("blank row", 2),
            ("header repeated", 1),
            ("more cells than the header has", 1),
            ("no deal_id", 1),
            ("same deal_id as a newer row", 1),
            ("totals row", 1)
        ]
    );
    assert_eq!((files["contacts.csv"].read, files["contacts.csv"].used), (2, 1));
    // Every report writes the list, and the figures are the same with it and without.
    let without = company.run(&["scorecard", ".", "-f", "csv", "--max-bad-rows", "100%"]);
    let with = company.run(&["scorecard", ".", "-f", "csv", "--max-bad-rows", "100%", "--rejects", "again.txt"]);
    assert_eq!(with, without);
    assert_eq!(company.read("again.txt"), expected);
}

#[test]
fn cells_that_were_taken_as_missing_are_listed_too() {
    let company = two_of_ten();
    company.folder.inspected(&["Opportunity.csv", "--on-bad-row", "null", "--rejects", "rejects.txt"]);
    let expected = "file,line,cell,column,value,reason\n\
        Opportunity.csv,3,4,Amount,much,taken as missing: not an amount such as 1234.50\n\
        Opportunity.csv,6,8,CreatedDate,2026-01-45,taken as missing: not a date or a date and time\n";
    assert_eq!(company.read("rejects.txt"), expected);
}

#[test]
fn the_days_of_a_file_are_those_on_which_its_rows_came_into_being() {
    // Created on January 5 and 6; that the second is expected to close in December says nothing about the export's days.
    let open = "D2,Two,Prospecting,100,2026-12-01,false,false,2026-01-06\n";
    let company = Company::new(&[("Opportunity.csv", format!("{DEALS}{}{open}", deal(1)))]);
    let days = ["first_day", "last_day"].map(|column| company.folder.said("Opportunity.csv", column));
    assert_eq!(days, ["2026-01-05", "2026-01-06"]);
}

#[test]
fn a_list_without_rows_has_its_header_and_a_failed_run_leaves_the_old_one() {
    let company = Company::new(&[("Opportunity.csv", format!("{DEALS}{}", deal(1)))]);
    company.folder.inspected(&["Opportunity.csv", "--rejects", "rejects.txt"]);
    assert_eq!(company.read("rejects.txt"), "file,line,cell,column,value,reason\n");
    std::fs::write(company.folder.0.join("rejects.txt"), "old").unwrap();
    std::fs::write(company.folder.0.join("Opportunity.csv"), format!("{DEALS}{}", deal(1).replace("100", "much")))
        .unwrap();
    company.folder.refused(&["inspect", "Opportunity.csv", "--rejects", "rejects.txt"]);
    assert_eq!(company.read("rejects.txt"), "old");
    // It never replaces what it is about.
    let ran = company.run(&["inspect", "Opportunity.csv", "--rejects", "Opportunity.csv"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(company.read("Opportunity.csv").contains("much"));
}

#[test]
fn a_report_and_the_list_of_its_rows_are_two_files() {
    let company = two_of_ten();
    let args = ["inspect", "Opportunity.csv", "--max-bad-rows", "2", "--rejects", "one.csv", "-o", "one.csv"];
    let ran = company.run(&args);
    // Naive: what is written last replaces what was written first, and nobody is told.
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("one.csv") && !company.folder.0.join("one.csv").exists(), "{}", ran.stderr);
}

#[test]
fn a_row_that_is_listed_is_listed_once() {
    // Without its day the row means nothing: it is set aside, whatever the flag says, for one reason.
    let spend = "date,team,amount\n2026-01-31,marketing,100\nlast week,marketing,200\n";
    let company = Company::new(&[("spend.csv", spend)]);
    let args = ["spend.csv", "--on-bad-row", "null", "--max-bad-rows", "1", "--rejects", "list.csv"];
    let account = company.account("spend.csv", &args);
    assert_eq!((account.read, account.used), (2, 1));
    let list = company.read("list.csv");
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains("\nspend.csv,3,1,date,last week,"), "{list}");
}

#[test]
fn a_list_in_the_folder_that_is_read_does_not_stop_the_next_run() {
    // As a nightly job would have it: the list of last night is no export.
    let company = two_of_ten();
    let run = || company.run(&["scorecard", ".", "-q", "-f", "csv", "--max-bad-rows", "2", "--rejects", "rejects.csv"]);
    let first = run();
    assert_eq!((first.code, first.stderr.as_str()), (0, ""));
    assert_eq!(run(), first);
}

#[test]
fn a_strict_inspection_fails_for_reasons_that_nobody_allowed() {
    let text = [DEALS, &deal(1), ",,,,,,,\n", &deal(1), "D2,Short,Prospecting\n"].concat();
    let company = Company::new(&[("Opportunity.csv", text)]);
    let plain = company.run(&["inspect", "Opportunity.csv"]);
    assert_eq!((plain.code, plain.stderr.as_str()), (0, ""));
    let strict = company.run(&["inspect", "Opportunity.csv", "--strict"]);
    // The report is the same; the reasons stand on stderr.
    assert_eq!((strict.code, &strict.stdout), (3, &plain.stdout));
    let lines: Vec<&str> = strict.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "error: Opportunity.csv: 1 × blank row",
            "error: Opportunity.csv: 1 × same deal_id as a newer row",
            "error: Opportunity.csv: 1 × fewer cells than the header",
            "error: 1 × deals without a creation date, which no period of pipeline counts",
            "error: 1 × open deals without an amount, which pipeline lacks",
            "  help: mend it; or, where it is meant to be, add these words to the contract's allowed_reasons",
        ]
    );
    let allow = |reasons: &str| {
        let contract = format!("allowed_reasons = [{reasons}]\n[[source]]\npath = \"Opportunity.csv\"\n");
        std::fs::write(company.folder.0.join("onefunnel.toml"), contract).unwrap();
        let ran = company.run(&["inspect", "--strict", "--reasons", "-f", "json"]);
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        let rows = json["tables"][0]["rows"].as_array().unwrap().clone();
        let allowed: BTreeMap<String, bool> =
            rows.iter().map(|r| (r["reason"].as_str().unwrap().to_string(), r["allowed"].as_bool().unwrap())).collect();
        (ran.code, ran.stderr, allowed)
    };
    let (code, stderr, allowed) = allow("\"blank row\", \"same deal_id*\", \"fewer cells than the header\"");
    assert_eq!((code, stderr.lines().count()), (3, 3), "{stderr}");
    assert_eq!(allowed.values().filter(|a| **a).count(), 3, "{allowed:?}");
    assert!(allowed["blank row"] && !allowed["open deals without an amount, which pipeline lacks"], "{allowed:?}");
    let all = "\"blank row\", \"same deal_id*\", \"fewer cells*\", \"deals without*\", \"open deals without*\"";
    let (code, stderr, allowed) = allow(all);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(allowed.values().all(|a| *a));
}

#[test]
fn a_preset_is_named_for_a_header_that_none_knows() {
    let text = "Id,Amount,CreatedDate\nD1,100,2026-01-05T09:00:00Z\nD2,200,2026-01-06T09:00:00Z\n";
    let company = Company::new(&[("mine.csv", text)]);
    let unknown = company.folder.refused(&["scorecard", "mine.csv"]);
    assert!(
        unknown.starts_with("error: mine.csv:1: no preset knows this header: Id, Amount, CreatedDate\n"),
        "{unknown}"
    );
    let metric = |args: &[&str]| company.folder.metric("pipeline_created", "total", args);
    assert_eq!(metric(&["mine.csv", "--preset", "salesforce_opportunity"])[0], "300");
    let said = company.folder.stdout(&["inspect", "mine.csv", "--preset", "salesforce_opportunity"]);
    assert!(said.contains(" salesforce_opportunity: named by --preset"), "{said}");
    // One that does not fit: its key is in no column.
    let ran = company.run(&["scorecard", "mine.csv", "--preset", "hubspot_deals"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .starts_with("error: mine.csv: preset `hubspot_deals` finds no column for deal_id: it reads Record ID\n"),
        "{}",
        ran.stderr
    );
    // One that would be refused, or is not needed, is so by name, too.
    let refused = company.folder.refused(&["scorecard", "mine.csv", "--preset", "google_ads_campaign_report"]);
    assert!(refused.contains("cannot be used: its rows are sums"), "{refused}");
}

#[test]
fn a_named_preset_is_for_the_files_named_and_not_for_the_rest() {
    let mine = "Id,Amount,CreatedDate\nD1,100,2026-01-05T09:00:00Z\n";
    let contract = "[[source]]\npath = \"contacts.csv\"\n";
    let people = "Record ID,Email,Create Date\n1,a@a.example,2026-01-05 09:00\n";
    let company = Company::new(&[("mine.csv", mine), ("contacts.csv", people), ("onefunnel.toml", contract)]);
    // Files of the contract are none that are named here: their own headers decide.
    let refused = company.run(&["inspect", "--preset", "salesforce_opportunity"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.starts_with("error: --preset: there is no file on the command line"), "{}", refused.stderr);
    let account = company.account("contacts.csv", &["contacts.csv"]);
    assert_eq!((account.preset.as_deref(), account.used), (Some("hubspot_contacts"), 1));
}

#[test]
fn presets_lists_what_is_known_and_prints_one_in_full() {
    let company = Company::new(&[("a.csv", "")]);
    let json: Value = serde_json::from_str(&company.folder.stdout(&["presets", "-f", "json"])).unwrap();
    let rows = json["tables"][0]["rows"].as_array().unwrap();
    let files = std::fs::read_dir(crate::common::root().join("src/ingest/presets")).unwrap().count();
    assert_eq!(rows.len(), files);
    let ids: Vec<&str> = rows.iter().map(|r| r["preset"].as_str().unwrap()).collect();
    assert!(ids.contains(&"salesforce_lead") && ids.contains(&"zoho_crm_ui_deals"));
    let one = company.folder.stdout(&["presets", "google_ads_campaign_report"]);
    assert!(one.contains("refused") && one.contains("Instead"), "{one}");
    let one = company.folder.stdout(&["presets", "hubspot_deals"]);
    assert!(one.contains("deal_id") && one.contains("Record ID"), "{one}");
    let wrong = company.folder.run(&["presets", "hubspot_deal"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""));
    assert_eq!(wrong.stderr, "error: no preset is called `hubspot_deal`\n  help: did you mean `hubspot_deals`?\n");
    // A contract's own stand beside them.
    let contract = "[[preset]]\nid = \"our_crm\"\ntitle = \"Our CRM\"\nsystem = \"ours\"\ntable = \"deals\"\nevidence = \"A\"\n\
        [preset.signature]\nall = [\"nr\", \"wert\"]\n[preset.columns]\ndeal_id = [\"nr\"]\namount = [\"wert\"]\n";
    std::fs::write(company.folder.0.join("onefunnel.toml"), contract).unwrap();
    assert!(company.folder.stdout(&["presets"]).contains("our_crm"));
}

#[test]
fn a_preset_can_be_copied_from_the_list() {
    let list = Company::new(&[("a.csv", "")]).folder.stdout(&["presets"]);
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    let files = std::fs::read_dir(crate::common::root().join("src/ingest/presets")).unwrap();
    let ids = files.map(|f| f.unwrap().path().file_stem().unwrap().to_str().unwrap().to_string());
    let mut torn: Vec<String> = ids.filter(|id| !list.lines().any(|line| line.starts_with(id))).collect();
    torn.sort();
    assert!(torn.is_empty(), "not on one line: {torn:?}");
}

/// One row of a file that a test makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Good,
    /// Its name has a line end, so that lines and rows differ.
    TwoLines,
    /// Without its last cells.
    Short,
    BadAmount,
    BadAmountAndFlag,
    Blank,
    Long,
    NoId,
    /// With the id of the first row of all.
    Twice,
    Deleted,
}

impl Made {
    const ALL: [Self; 10] = [
        Self::Good,
        Self::TwoLines,
        Self::Short,
        Self::BadAmount,
        Self::BadAmountAndFlag,
        Self::Blank,
        Self::Long,
        Self::NoId,
        Self::Twice,
        Self::Deleted,
    ];

    fn text(self, n: usize) -> String {
        let id = if self == Self::Twice { "D0".to_string() } else { format!("D{n}") };
        let good = format!("{id},Deal {n},Closed Won,100,2026-02-10,true,true,2026-01-05,false\n");
        match self {
            Self::Good | Self::Twice => good,
            Self::TwoLines => good.replace(&format!("Deal {n}"), "\"a\nb\""),
            Self::Short => format!("{id},Deal {n},Closed Won,100,2026-02-10\n"),
            Self::BadAmount => good.replace(",100,", ",much,"),
            Self::BadAmountAndFlag => good.replace(",100,", ",much,").replace(",true,true,", ",perhaps,true,"),
            Self::Blank => ",,,,,,,,\n".into(),
            Self::Long => good.replace('\n', ",more\n"),
            Self::NoId => good.replacen(&id, "", 1),
            Self::Deleted => good.replace(",false\n", ",true\n"),
        }
    }

    /// How many lines of the list it has, when rows with unreadable cells are set aside.
    fn listed(self) -> usize {
        match self {
            Self::Good | Self::TwoLines | Self::Short | Self::Twice => 0,
            Self::BadAmountAndFlag => 2,
            _ => 1,
        }
    }

    fn bad_cells(self) -> usize {
        match self {
            Self::BadAmount => 1,
            Self::BadAmountAndFlag => 2,
            _ => 0,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_row_that_was_read_is_used_or_set_aside(
        files in proptest::collection::vec(proptest::collection::vec(proptest::sample::select(Made::ALL.to_vec()), 1..9), 1..4),
        footer in any::<bool>(),
        null in any::<bool>(),
    ) {
        let header = format!("{},IsDeleted\n", DEALS.trim_end());
        let (mut n, mut texts, mut listed) = (0, Vec::new(), Vec::new());
        for (index, rows) in files.iter().enumerate() {
            let name = format!("{index}.csv");
            let (mut text, mut line) = (header.clone(), 2);
            // Blank rows at the end are the file's end: counted, and not listed.
            let data = rows.iter().rposition(|r| *r != Made::Blank).map_or(0, |last| last + 1);
            for (at, row) in rows.iter().enumerate() {
                let is_bad = row.bad_cells() > 0;
                let lines = if at >= data { 0 } else if null && is_bad { row.bad_cells() } else { row.listed() };
                listed.extend(std::iter::repeat_n((format!("./{name}"), line), lines));
                let made = row.text(n);
                line += made.matches('\n').count();
                text += &made;
                n += 1;
            }
            if footer {
                text += "Total,,,100,,,,,\n";
            }
            texts.push((name, text));
        }
        let company = Company::new(&texts.iter().map(|(name, text)| (name.as_str(), text)).collect::<Vec<_>>());
        let how = if null { "null" } else { "set-aside" };
        let json = company.folder.inspected(&[".", "--on-bad-row", how, "--max-bad-rows", "100%", "--rejects", "list.txt"]);
        let accounts = accounts(&json);
        prop_assert_eq!(accounts.len(), files.len());
        let mut used = 0;
        for (rows, account) in files.iter().zip(accounts.values()) {
            prop_assert_eq!(account.read, (rows.len() + usize::from(footer)) as u64);
            used += account.used;
        }
        // Of the rows with the id D0 the last one is used. Row 0 itself has that id, unless it is one without.
        let flat: Vec<Made> = files.iter().flatten().copied().collect();
        let kept = |row: Made| row.listed() == 0 || null && row.bad_cells() > 0;
        let of_d0 = flat.iter().enumerate().filter(|(at, row)| kept(**row) && (*at == 0 || **row == Made::Twice)).count();
        let others = flat.iter().enumerate().filter(|(at, row)| kept(**row) && *at > 0 && **row != Made::Twice).count();
        prop_assert_eq!(used, (others + of_d0.min(1)) as u64);
        let list = company.read("list.txt");
        let places: Vec<(String, usize)> = csv::Reader::from_reader(list.as_bytes())
            .records()
            .map(|r| r.map(|r| (r[0].to_string(), r[1].parse().unwrap())).unwrap())
            .collect();
        // What cannot be read is there with its place; and every other row that is not used, be it for the rows beside it.
        let unlisted: Vec<_> = listed.iter().filter(|place| !places.contains(place)).collect();
        let copies: BTreeSet<String> = accounts
            .iter()
            .filter(|(_, account)| account.aside.keys().any(|reason| reason.starts_with("same content")))
            .map(|(name, _)| format!("./{name}"))
            .collect();
        let unlisted: Vec<_> = unlisted.into_iter().filter(|(file, _)| !copies.contains(file)).collect();
        prop_assert!(unlisted.is_empty(), "{:?} is not in the list", unlisted);
        let taken = |row: &csv::StringRecord| row[5].starts_with("taken as missing");
        let rows: BTreeSet<(String, u64)> = csv::Reader::from_reader(list.as_bytes())
            .records()
            .map(Result::unwrap)
            .filter(|row| !taken(row) && !copies.contains(&row[0]))
            .map(|row| (row[0].to_string(), row[1].parse().unwrap()))
            .collect();
        let aside: u64 =
            accounts.iter().filter(|(name, _)| !copies.contains(&format!("./{name}"))).map(|(_, a)| a.read - a.used).sum();
        prop_assert_eq!(rows.len() as u64, aside);
    }

    #[test]
    fn the_same_rows_in_other_files_are_the_same_funnel(
        rows in proptest::collection::vec((1_u32..28, 1_u32..7, 0_u32..60, 0_u8..4), 1..25),
        cut in any::<prop::sample::Index>(),
        order in any::<u64>(),
    ) {
        let mut lines: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(n, (day, month, amount, state))| {
                let (stage, closed, won) = match state {
                    0 => ("Closed Won", true, true),
                    1 => ("Closed Lost", true, false),
                    _ => ("Prospecting", false, false),
                };
                let closes = if month + 1 > 6 { format!("2026-06-{day:02}") } else { format!("2026-{:02}-{day:02}", month + 1) };
                let amount = if *amount == 0 { String::new() } else { format!("{amount}.50") };
                format!("D{n},Deal {n},{stage},{amount},{closes},{closed},{won},2026-{month:02}-{day:02}\n")
            })
            .collect();
        let funnel = |files: &[(&str, Vec<u8>)]| {
            let company = Company::new(files);
            let reports = [["funnel"], ["scorecard"]];
            reports.map(|report| company.folder.stdout(&[&report[..], &[".", "-f", "csv"], &AS_OF].concat()))
        };
        let text = |lines: &[String]| [DEALS, &lines.concat()].concat().into_bytes();
        let one = funnel(&[("a.csv", text(&lines))]);
        let at = cut.index(lines.len() + 1);
        prop_assert_eq!(&funnel(&[("a.csv", text(&lines[..at])), ("b.csv", text(&lines[at..]))]), &one);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&text(&lines)).unwrap();
        prop_assert_eq!(&funnel(&[("a.csv.gz", packed.finish().unwrap())]), &one);
        let mut state = order;
        for i in (1..lines.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            lines.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        prop_assert_eq!(&funnel(&[("a.csv", text(&lines))]), &one);
    }
}

#[test]
fn an_empty_file_of_a_known_header_is_no_rows_and_no_error() {
    let company = Company::new(&[
        ("Opportunity.csv", DEALS),
        ("contacts.csv", "Record ID,Email,Create Date\n1,a@a.example,2026-01-05 09:00\n"),
    ]);
    let account = company.account("Opportunity.csv", &["."]);
    assert_eq!((account.read, account.used), (0, 0));
    // No column of either file could say who is qualified; that nobody has a deal is known.
    assert_eq!(company.folder.volumes(), map(&[("lead", 1), ("opportunity", 0), ("won", 0)]));
}

#[test]
fn a_file_that_is_read_twice_takes_no_word_from_another() {
    // A quote in the middle of a cell makes the first file be read again in one piece. What its first reading had in common with
    // the other file (who, by whom, which kind) must not be lost there.
    let header = "Id,WhoId,Subject,OwnerId,TaskSubtype,IsClosed,CreatedDate,CompletedDateTime\n";
    let task = |n: u8, subject: &str| {
        format!("00T{n},00Q1,{subject},005A,Call,true,2026-01-0{n}T09:00:00Z,2026-01-0{n}T09:00:00Z\n")
    };
    let lead = "Id,Email,Status,IsConverted,CreatedDate\n00Q1,a@b.example,Open,false,2026-01-01T09:00:00Z\n";
    let second = [header, &task(3, "x")].concat();
    let contract = "[[source]]\npath = \"*.csv\"\n\
                    [measure.calls]\ntable = \"journeys\"\nat = \"first_sales_on\"\nvalue = \"SUM(sales_touches)\"\nunit = \"count\"\n\
                    [metric.calls_made]\nformula = \"calls\"\nunit = \"count\"\ndefinition = \"Calls\"\n";
    for subject in ["5 pipe", "5\" pipe"] {
        let first = [header, &task(1, "x"), &task(2, subject)].concat();
        let files = [("a.csv", first.as_str()), ("b.csv", &second), ("lead.csv", lead), ("onefunnel.toml", contract)];
        let company = Company::new(&files);
        assert_eq!(company.folder.metric("calls_made", "total", &[])[0], "3", "{subject}");
    }
}
