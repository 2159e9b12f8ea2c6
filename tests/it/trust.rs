//! What lets a reader trust the figures: no row is lost unseen, nothing is guessed, and what is wrong is said where it is.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use serde_json::Value;

use crate::traps::{Account, Folder, Ran, accounts, map, values};

const DEALS: &str = "Id,Name,StageName,Amount,CloseDate,IsClosed,IsWon,CreatedDate\n";
const AS_OF: [&str; 2] = ["--as-of", "2026-06-30"];

/// A folder with these files.
struct Company {
    _dir: tempfile::TempDir,
    folder: Folder,
}

impl Company {
    fn new<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let folder = Folder::at(dir.path());
        Self { _dir: dir, folder }
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.folder.run(&[args, &AS_OF].concat())
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.0.join(name)).unwrap()
    }

    fn account(&self, file: &str, args: &[&str]) -> Account {
        accounts(&self.folder.inspected(args)).remove(file).unwrap()
    }
}

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
    let help = "  help: mend what cannot be read: 2 of 10 rows, and only up to 0.1 % are set aside without stopping the run\n";
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
    for (limit, code) in
        [("2", 0), ("1", 3), ("0", 3), ("20%", 0), ("19.9%", 3), ("0%", 3), ("100%", 0), (" 20 % ", 0)]
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
        ./Opportunity.csv,3,4,Amount,much,not an amount such as 1234.50\n\
        ./Opportunity.csv,4,6,IsClosed,perhaps,\"not yes or no (true/false, 1/0, yes/no)\"\n\
        ./Opportunity.csv,4,8,CreatedDate,\"5 \"\"Jan\"\", 26\",not a date or a date and time\n\
        ./Opportunity.csv,5,,,,blank row\n\
        ./Opportunity.csv,6,,,,more cells than the header has\n\
        ./Opportunity.csv,7,,,,no deal_id\n\
        ./Opportunity.csv,8,,,,header repeated\n\
        ./Opportunity.csv,12,5,CloseDate,2026-02-30,not a date or a date and time\n\
        ./contacts.csv,3,,,,no person_id or email\n";
    assert_eq!(company.read("rejects.txt"), expected);
    // Read are 13 rows. Used: 6, 7 and the second 1. The list has 7 rows (8 cells), the end of the file 2, and the first 1 is
    // a duplicate that shows only when all is put together.
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
fn a_list_without_rows_has_its_header_and_a_failed_run_leaves_the_old_one() {
    let company = Company::new(&[("Opportunity.csv", format!("{DEALS}{}", deal(1)))]);
    company.folder.inspected(&["Opportunity.csv", "--rejects", "rejects.txt"]);
    assert_eq!(company.read("rejects.txt"), "file,line,cell,column,value,reason\n");
    std::fs::write(company.folder.0.join("rejects.txt"), "old").unwrap();
    std::fs::write(company.folder.0.join("Opportunity.csv"), format!("{DEALS}{}", deal(1).replace("100", "much"))).unwrap();
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
    let run = || company.run(&["scorecard", ".", "-f", "csv", "--max-bad-rows", "2", "--rejects", "rejects.csv"]);
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
        let ran = company.run(&["inspect", "--strict", "-f", "json"]);
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        let rows = json["tables"][1]["rows"].as_array().unwrap().clone();
        let allowed: BTreeMap<String, bool> = rows
            .iter()
            .map(|r| (r["reason"].as_str().unwrap().to_string(), r["allowed"].as_bool().unwrap()))
            .collect();
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
    assert!(unknown.starts_with("error: mine.csv:1: no preset knows this header: Id, Amount, CreatedDate\n"), "{unknown}");
    let metric = |args: &[&str]| company.folder.metric("pipeline_created", "total", args);
    assert_eq!(metric(&["mine.csv", "--preset", "salesforce_opportunity"])[0], "300");
    let said = company.folder.stdout(&["inspect", "mine.csv", "--preset", "salesforce_opportunity"]);
    assert!(said.contains(" salesforce_opportunity: named by --preset"), "{said}");
    // One that does not fit: its key is in no column.
    let ran = company.run(&["scorecard", "mine.csv", "--preset", "hubspot_deals"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("error: mine.csv: `mine.csv` has no column for deal_id of table deals\n"), "{}", ran.stderr);
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
    let account = company.account("contacts.csv", &["--preset", "salesforce_opportunity"]);
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
    let list = company.folder.stdout(&["presets"]);
    assert!(ids.iter().all(|id| list.contains(id)), "{list}");
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
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

const REVENUE: &str = "date,amount\n2026-04,10000\n";

/// Marketing's spend over all days; there is revenue to divide it by.
fn spend(files: &[(&str, &str)]) -> String {
    let company = Company::new(&[files, &[("revenue.csv", REVENUE)]].concat());
    company.folder.metric("marketing_budget_ratio", "total", &[])[1].clone()
}

#[test]
fn of_two_exports_of_the_same_days_the_later_holds() {
    let head = "Day,Campaign,Currency code,Cost,Impr.\n";
    // Brand on the 2nd is there twice in a file, divided by something that is not shown: 20 + 5.
    let first = "2026-04-01,Brand,USD,10.00,1\n2026-04-02,Brand,USD,20.00,1\n2026-04-02,Brand,USD,5.00,1\n2026-04-02,Video,USD,7.00,1\n";
    // The later export restates Brand's 2nd as 30 and adds the 3rd; Video's 2nd is not in it.
    let later = "2026-04-02,Brand,USD,30.00,1\n2026-04-03,Brand,USD,40.00,1\n";
    let (first, later) = (format!("{head}{first}"), format!("{head}{later}"));
    assert_eq!(spend(&[("google-1.csv", &first)]), "42");
    // 10 + 7 + 30 + 40; naive: 112.
    assert_eq!(spend(&[("google-1.csv", &first), ("google-2.csv", &later)]), "87");
    // The other way round: 10 + 25 + 7 + 40.
    assert_eq!(spend(&[("google-2.csv", &first), ("google-1.csv", &later)]), "82");
    let company = Company::new(&[("google-1.csv", first.as_str()), ("google-2.csv", &later), ("revenue.csv", REVENUE)]);
    let account = company.account("google-1.csv", &["."]);
    assert_eq!((account.used, account.aside()), (2, vec![("same day and campaign in a later export", 2)]));
}

#[test]
fn a_report_of_several_days_in_a_row_is_refused() {
    let report = |end: &str| {
        let head = "Campaign Performance Report (in UTC)\nReport Start: 4/1/2026\n\n\
            \"Start Date (in UTC)\",\"End Date (in UTC)\",\"Campaign Name\",\"Campaign ID\",\"Currency\",\"Total Spent\"\n";
        format!("{head}4/1/2026,4/1/2026,Brand,77,USD,\"1,234.50\"\n4/14/2026,{end},Brand,77,USD,\"1,000.00\"\n")
    };
    assert_eq!(spend(&[("linkedin.csv", &report("4/14/2026"))]), "2234.5");
    let company = Company::new(&[("linkedin.csv", report("4/30/2026"))]);
    let expected = "error: linkedin.csv:6:2: this row is a sum from 4/14/2026 to 4/30/2026, which cannot be put in a month\n  \
        help: export the report again with one row a day (a breakdown by day)\n";
    assert_eq!(company.folder.refused(&["scorecard", "linkedin.csv"]), expected);
}

#[test]
fn a_table_of_stages_gives_ids_their_names() {
    let deals = "deal_id,property_dealname,deal_pipeline_stage_id,property_amount,property_createdate,property_closedate\n\
        71,One,s9,100,2026-01-05 09:00:00,2026-02-10 09:00:00\n\
        72,Two,s2,200,2026-01-06 09:00:00,2026-09-01 09:00:00\n\
        73,Three,s8,400,2026-01-07 09:00:00,2026-02-12 09:00:00\n";
    let changes = "deal_id,value,date_entered,_fivetran_start\n71,s2,2026-01-25 09:00:00,2026-01-25 09:00:00\n72,s2,2026-01-16 09:00:00,2026-01-16 09:00:00\n";
    let stages = "stage_id,label,pipeline_id,closed_won,is_closed\ns2,Contract Sent,p,false,false\ns8,Gave Up,p,false,true\ns9,Signed,p,true,true\n";
    let contract = "currency = \"USD\"\n[[source]]\npath = \"*.csv\"\n\
        [[stage]]\nid = \"opportunity\"\nowner = \"sales\"\nreached = [ { deal = \"created_at\" } ]\n\
        [[stage]]\nid = \"contract_sent\"\nowner = \"sales\"\nreached = [ { deal_stage = [\"Contract Sent\"] } ]\n\
        [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [ { deal = \"closed_at\", when = \"is_won\" } ]\n";
    let files = [("deals.csv", deals), ("changes.csv", changes), ("stages.csv", stages), ("onefunnel.toml", contract)];
    let folder = Company::new(&files);
    let funnel = folder.folder.funnel();
    // The one that gave up never had a contract: two did, 20 and 10 days after their creation.
    assert_eq!((funnel["contract_sent"].recorded, funnel["opportunity"].days_to_next.as_str()), (2, "15"));
    assert_eq!(folder.folder.metric("win_rate_narrow", "total", &[]), ["0.5", "1", "2", "ok"]);
    assert_eq!(folder.folder.total("won_revenue"), "100");
    let by = folder.folder.by("deals_opened", "stage");
    assert_eq!(by, values(&[("Contract Sent", "1"), ("Gave Up", "1"), ("Signed", "1")]));
    // Without it nobody knows what s9 is: not won, and not lost.
    let company = Company::new(&[files[0], files[1], files[3]]);
    assert_eq!(company.folder.metric("win_rate_narrow", "total", &[])[3], "zero_denominator");
}

#[test]
fn serial_days_of_a_spreadsheet_are_days_when_a_column_has_nothing_else() {
    // 46023 is 2026-01-01, 46054 is 2026-02-01, and .5 is noon.
    let deals = format!(
        "{DEALS}D1,One,Closed Won,100,46054,true,true,46027\nD2,Two,Closed Won,200,46113,true,true,46027.5\n\
         D3,Three,Prospecting,,,false,false,\n"
    );
    let company = Company::new(&[("Opportunity.csv", deals.as_str())]);
    let days = |id: &str, period: &str| company.folder.metric(id, period, &["--period", "month"])[0].clone();
    assert_eq!([days("deals_opened", "2026-01"), days("deals_opened", "total")], ["2", "2"]);
    assert_eq!([days("won_revenue", "2026-02"), days("won_revenue", "2026-04")], ["100", "200"]);
    let said = company.folder.stdout(&["inspect", "."]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("column CloseDate holds a spreadsheet's serial days (45292 is 2024-01-01)"), "{said}");
    // Days from the creation on 01-05: 27 and 86.
    assert_eq!(company.folder.total("sales_cycle"), "56.5");
    let mixed = format!("{deals}D4,Four,Closed Won,400,2026-02-10,true,true,46027\nD5,Five,Closed Won,1,2026-02-11,true,true,46028\n");
    let company = Company::new(&[("Opportunity.csv", mixed)]);
    let expected = "error: Opportunity.csv:2:5: `46054` in column `CloseDate` looks like a spreadsheet's serial day, beside dates\n  \
        help: give the whole column one date format in the spreadsheet, and save it again\n";
    assert_eq!(company.folder.refused(&["scorecard", "Opportunity.csv"]), expected);
}

#[test]
fn amounts_are_read_as_exports_write_them() {
    for (written, amount) in [
        ("468.0", "468"),
        ("\"1,033.33\"", "1033.33"),
        ("\"$22,700.00\"", "22700"),
        ("$342.09K", "342090"),
        ("\"$1,117.10K\"", "1117100"),
        ("$1.2M", "1200000"),
        ("\"1.234,50\"", "1234.5"),
        ("1 234.50", "1234.5"),
        ("1'234.50", "1234.5"),
        ("USD 1234.50", "1234.5"),
        ("-12.50", "-12.5"),
        ("(12.50)", "-12.5"),
        ("0", "0"),
    ] {
        let ledger = format!("date,team,amount\n2026-04-01,marketing,{written}\n");
        assert_eq!(spend(&[("spend.csv", &ledger)]), amount, "{written}");
    }
    for written in ["2.51%", "1.2E+05", "12x", "#REF!", "USD 5 EUR"] {
        let ledger = format!("date,team,amount\n2026-04-01,marketing,{written}\n");
        let refused = Company::new(&[("spend.csv", ledger)]).folder.refused(&["scorecard", "spend.csv"]);
        assert!(refused.contains("spend.csv:2:3: `") && refused.contains("is not an amount"), "{written}: {refused}");
    }
}

#[test]
fn each_amount_has_the_rate_of_its_day() {
    let ledger = "date,team,amount,currency\n2026-03-31,marketing,100,EUR\n2026-04-01,marketing,100,EUR\n2026-04-02,marketing,100,GBP\n2026-04-03,marketing,100,USD\n";
    let rates = "[[rate]]\ncurrency = \"EUR\"\nrate = 1.10\n[[rate]]\ncurrency = \"EUR\"\nrate = 1.20\nfrom = \"2026-04-01\"\n";
    let gbp = "[[rate]]\ncurrency = \"GBP\"\nrate = 1.5\n";
    let contract = |rates: &str| format!("currency = \"USD\"\n[[source]]\npath = \"*.csv\"\n{rates}");
    let (two, both) = (contract(rates), contract(&[rates, gbp].concat()));
    // 110 + 120 + 150 + 100.
    assert_eq!(spend(&[("spend.csv", ledger), ("onefunnel.toml", &both)]), "480");
    let company = Company::new(&[("spend.csv", ledger), ("onefunnel.toml", &two)]);
    let expected = "error: spend.csv:4: 1 amount is in GBP, and the contract has no rate for it on 2026-04-02\n  \
        help: add to the contract: [[rate]] currency = \"GBP\", rate = <USD for 1 GBP>; amounts in two currencies are never added up\n";
    assert_eq!(company.folder.refused(&["scorecard"]), expected);
}

#[test]
fn a_name_links_when_one_person_has_it_and_not_when_two_share_it() {
    let people = "LEADID,First Name,Last Name,Email,Lead Status,Created Time\n\
        1,Ada,Abel,ada@nord.example,Open,2026-01-01 09:00:00\n\
        2,Kim,Lee,kim@sued.example,Open,2026-01-02 09:00:00\n\
        3,Kim,Lee,kim@west.example,Open,2026-01-03 09:00:00\n";
    let members = "Campaign Name,Lead First Name,Lead Last Name,Status,Last Modified Time\n\
        Spring,Ada,Abel,Responded,2026-01-10 09:00:00\n\
        Spring,Kim,Lee,Responded,2026-01-11 09:00:00\n\
        Spring,Nobody,Known,Responded,2026-01-12 09:00:00\n";
    let company = Company::new(&[("Leads.csv", people), ("Campaign_Lead_Status.csv", members)]);
    // Three people stay three. Ada's touch is hers; Kim's is one of the two, nobody knows whose, and so of neither.
    assert_eq!(company.folder.volumes()["lead"], 3);
    company.folder.notes_say("Kept and counted: 2 × touches of nobody in the exports.");
    assert_eq!(company.folder.by("new_leads", "origin"), values(&[("marketing", "1"), ("(blank)", "2")]));
    // Two records of one Kim are one person, and then the name is enough.
    let same = people.replace("kim@west.example", "kim@sued.example");
    let company = Company::new(&[("Leads.csv", same.as_str()), ("Campaign_Lead_Status.csv", members)]);
    assert_eq!(company.folder.volumes()["lead"], 2);
    company.folder.notes_say("Kept and counted: 1 × touches of nobody in the exports.");
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
        prop_assert_eq!(places, listed);
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
    let company = Company::new(&[("Opportunity.csv", DEALS), ("contacts.csv", "Record ID,Email,Create Date\n1,a@a.example,2026-01-05 09:00\n")]);
    let account = company.account("Opportunity.csv", &["."]);
    assert_eq!((account.read, account.used), (0, 0));
    assert_eq!(company.folder.volumes(), map(&[("lead", 1), ("mql", 0), ("opportunity", 0), ("sql", 0), ("won", 0)]));
}
