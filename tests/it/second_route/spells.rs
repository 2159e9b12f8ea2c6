//! `velocity` and `winrate` of small companies: deals that went back to a stage, histories with gaps, exports that hold only
//! winners, and what must not change a byte.

use std::collections::BTreeMap;
use std::path::Path;

use super::company::{AS_OF, DEALS, PLAIN, Random, Sheet, Times, generate, write};
use super::raw::{Record, date, iso, parse};
use super::velocity::same_days;
use crate::common::command;

fn run(folder: &Path, args: &[&str]) -> String {
    let all = [&[args[0], folder.to_str().unwrap()], &args[1..]].concat();
    let output = command(&all).output().unwrap();
    assert!(output.status.success(), "{all:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const CONTRACT: &str = r#"currency = "USD"
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "deal", created_at = "opened", closed_at = "closed", is_closed = "over", is_won = "won", amount = "worth", stage = "stage", lost_reason = "why" }
[[source]]
path = "changes.csv"
table = "stage_changes"
columns = { deal_id = "deal", at = "at", old = "old", new = "new" }
optional = true
[[stage]]
id = "opportunity"
owner = "sales"
reached = [ { deal = "created_at" } ]
[[stage]]
id = "proposal"
owner = "sales"
reached = [ { deal_stage = ["Proposal"] } ]
[[stage]]
id = "won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]
"#;

fn small(deals: &str, changes: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("onefunnel.toml", CONTRACT);
    write("deals.csv", &format!("deal,opened,closed,over,won,worth,stage,why\n{deals}"));
    if !changes.is_empty() {
        write("changes.csv", &format!("deal,at,old,new\n{changes}"));
    }
    folder
}

fn find<'a>(lines: &'a [Record], keys: &[(&str, &str)]) -> &'a Record {
    let mut found = lines.iter().filter(|r| keys.iter().all(|(column, value)| r[*column] == *value));
    found.next().unwrap_or_else(|| panic!("no line of {keys:?}"))
}

fn deal_stage<'a>(lines: &'a [Record], stage: &str, entry: &str, state: &str) -> &'a Record {
    find(
        lines,
        &[("section", "time_in_deal_stage"), ("item", stage), ("entry", entry), ("state", state), ("period", "total")],
    )
}

const BACK: &str = "D1,2026-01-01,,Qualification\nD1,2026-01-11,Qualification,Proposal\nD1,2026-01-21,Proposal,Qualification\n\
    D1,2026-01-31,Qualification,Proposal\nD1,2026-02-10,Proposal,Closed Won\n\
    D2,2026-01-05,,Qualification\nD2,2026-01-15,Qualification,Proposal\n";

#[test]
fn a_deal_that_went_back_has_a_latest_spell_and_all_of_them() {
    let folder =
        small("D1,2026-01-01,2026-02-10,1,1,100,Closed Won,\nD2,2026-01-05,2026-05-01,0,0,100,Proposal,\n", BACK);
    let lines = parse(&run(folder.path(), &["velocity", "--as-of", "2026-03-01", "-f", "csv"]));
    same_days("latest", deal_stage(&lines, "Qualification", "latest", "completed"), &[10, 10]);
    same_days("cumulative", deal_stage(&lines, "Qualification", "cumulative", "completed"), &[20, 10]);
    same_days("latest", deal_stage(&lines, "Proposal", "latest", "completed"), &[10]);
    same_days("cumulative", deal_stage(&lines, "Proposal", "cumulative", "completed"), &[20]);
    same_days("open", deal_stage(&lines, "Proposal", "latest", "open"), &[45]);
    same_days("open", deal_stage(&lines, "Proposal", "cumulative", "open"), &[45]);
    assert!(!lines.iter().any(|r| r["item"] == "Closed Won"), "no time is spent in an end");
    // Of the contract's stages only the first entry is known.
    let stage =
        |id, state| find(&lines, &[("section", "time_in_stage"), ("item", id), ("state", state), ("period", "total")]);
    same_days("opportunity", stage("opportunity", "completed"), &[10, 10]);
    same_days("proposal", stage("proposal", "completed"), &[30]);
    same_days("proposal", stage("proposal", "open"), &[45]);

    let before = parse(&run(folder.path(), &["velocity", "--as-of", "2026-01-25", "-f", "csv"]));
    same_days("open again", deal_stage(&before, "Qualification", "latest", "open"), &[4]);
    same_days("open again", deal_stage(&before, "Qualification", "cumulative", "open"), &[14]);
    same_days("ended", deal_stage(&before, "Proposal", "latest", "completed"), &[10]);
    let said = run(folder.path(), &["velocity", "--as-of", "2026-03-01"]);
    assert!(said.contains("2 times a deal was in a stage more than once"), "{said}");
}

#[test]
fn what_a_history_does_not_say_has_no_length() {
    let folder = small(
        // D3's history lacks a change, D4 begins with one that says what was before, D5 closed before it was opened,
        // D6 has no history, D7 repeats its stage and moves twice on its last day.
        "D3,2026-01-01,2026-03-01,1,0,100,Closed Lost,\nD4,2026-01-01,2026-05-01,0,0,100,Proposal,\n\
         D5,2026-01-10,2026-01-08,1,0,100,Closed Lost,\nD6,2026-01-10,2026-05-01,0,0,100,Proposal,\n\
         D7,2026-01-01,2026-01-20,1,1,100,Abgeschlossen,\n",
        "D3,2026-01-01,,Qualification\nD3,2026-01-20,Negotiation,Proposal\nD4,2026-01-08,Qualification,Proposal\n\
         D5,2026-01-10,,Qualification\nD7,2026-01-01,,Qualification\nD7,2026-01-05,Qualification,Qualification\n\
         D7,2026-01-20,Proposal,Abgeschlossen\nD7,2026-01-20,Qualification,Proposal\n",
    );
    let lines = parse(&run(folder.path(), &["velocity", "--as-of", "2026-02-28", "-f", "csv"]));
    let qualification = deal_stage(&lines, "Qualification", "latest", "completed");
    same_days("qualification", qualification, &[7, -2, 19]);
    assert_eq!((qualification["unknown"].as_str(), qualification["negative"].as_str()), ("1", "1"));
    assert_eq!(deal_stage(&lines, "Negotiation", "latest", "completed")["unknown"], "1");
    same_days("proposal", deal_stage(&lines, "Proposal", "latest", "completed"), &[0]);
    // On that day D3 was not closed yet: it had been in its stage for 39 days, and D4 for 51.
    same_days("proposal", deal_stage(&lines, "Proposal", "latest", "open"), &[39, 51]);
    assert!(!lines.iter().any(|r| r["item"] == "Abgeschlossen"), "the stage that begins with the close is the end");
    let said = run(folder.path(), &["velocity", "--as-of", "2026-02-28"]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Deals without a stage history: 1."), "{said}");
    assert!(said.contains("their days are in an impossible order: 2 stays"), "{said}");
}

#[test]
fn one_deal_and_none() {
    let none = small("", "");
    for report in ["velocity", "winrate"] {
        assert!(run(none.path(), &[report, "--as-of", "2026-02-28"]).contains("As of 2026-02-28"));
        run(none.path(), &[report, "--as-of", "2026-02-28", "-f", "csv"]);
    }
    let one = small("D1,2026-01-01,2026-01-31,1,1,100,Won,\n", "");
    let lines = parse(&run(one.path(), &["velocity", "--as-of", "2026-02-28", "-f", "csv"]));
    let cycle = find(&lines, &[("item", "sales_cycle_won"), ("period", "total")]);
    same_days("one", cycle, &[30]);
    assert_eq!(cycle["status"], "few");
    let speed = find(&lines, &[("item", "pipeline_velocity"), ("period", "2026-Q1")]);
    assert_eq!([&speed["value"], &speed["status"]], ["", "no_data"], "a win rate of winners only is no factor");
}

fn rate<'a>(lines: &'a [Record], rate: &str) -> [&'a str; 2] {
    let line = find(lines, &[("rate", rate), ("period", "total")]);
    [&line["value"], &line["status"]]
}

#[test]
fn a_rate_of_winners_only_says_nothing() {
    let only_won = small("D1,2026-01-01,2026-01-31,1,1,100,,\nD2,2026-01-01,2026-02-01,0,0,100,,\n", "");
    let lines = parse(&run(only_won.path(), &["winrate", "--as-of", "2026-02-28", "-f", "csv"]));
    for name in ["narrow", "broad", "amount", "close_rate"] {
        assert_eq!(rate(&lines, name), ["", "no_lost"], "{name}");
    }
    let scores = parse(&run(only_won.path(), &["scorecard", "--as-of", "2026-02-28", "-f", "csv"]));
    for metric in ["win_rate_narrow", "win_rate_amount"] {
        let line = find(&scores, &[("metric_id", metric), ("period", "total")]);
        assert_eq!([line["value"].as_str(), &line["status"]], ["", "no_source"], "{metric}");
    }
    let said = run(only_won.path(), &["scorecard", "--as-of", "2026-02-28", "--metric", "win_rate_narrow"]);
    assert!(said.contains("no deal in the exports is lost, so 100 % would say nothing"), "{said}");
}

#[test]
fn a_rate_by_amount_without_lost_amounts_says_nothing() {
    for amount in ["0", ""] {
        let deals = format!("D1,2026-01-01,2026-01-31,1,1,100,,\nD2,2026-01-01,2026-02-01,1,0,{amount},,Price\n");
        let folder = small(&deals, "");
        let lines = parse(&run(folder.path(), &["winrate", "--as-of", "2026-02-28", "-f", "csv"]));
        assert_eq!(rate(&lines, "narrow"), ["0.5", "few"]);
        assert_eq!(rate(&lines, "broad"), ["0.5", "few"]);
        assert_eq!(rate(&lines, "amount"), ["", "no_lost_amount"]);
        let scores = parse(&run(folder.path(), &["scorecard", "--as-of", "2026-02-28", "-f", "csv"]));
        let line = find(&scores, &[("metric_id", "win_rate_amount"), ("period", "total")]);
        assert_eq!([line["value"].as_str(), &line["status"]], ["", "no_source"]);
        let narrow = find(&scores, &[("metric_id", "win_rate_narrow"), ("period", "total")]);
        assert_eq!(narrow["value"], "0.5");
    }
}

const CHANGES: &str = "\n[[source]]\npath = \"changes.csv\"\ntable = \"stage_changes\"\n\
    columns = { deal_id = \"deal\", at = \"at\", old = \"old\", new = \"new\" }\n";

/// One change: deal, day, stage before and after.
type Change = (String, i64, Option<&'static str>, &'static str);

/// Random moves of the deals between four stages, each on a day of its own; some histories say what was before.
fn moves(seed: u64, sheets: &[Sheet]) -> Vec<Change> {
    const STAGES: [&str; 4] = ["Discovery", "Demo", "Proposal", "Legal"];
    let mut random = Random::new(seed ^ 0x0abc);
    let mut changes = Vec::new();
    for deal in sheets[DEALS].records() {
        let mut day = date(&deal["opened"]).unwrap();
        let says = random.below(2) == 0;
        let mut before = None;
        for _ in 0..random.below(7) {
            let to = STAGES[random.below(4)];
            changes.push((deal["deal"].clone(), day, before.filter(|_| says), to));
            before = Some(to);
            day += 1 + i64::try_from(random.below(20)).unwrap();
        }
    }
    changes
}

fn company(sheets: &[Sheet], changes: &[Change]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), sheets, PLAIN);
    let contract = folder.path().join("onefunnel.toml");
    std::fs::write(&contract, std::fs::read_to_string(&contract).unwrap() + CHANGES).unwrap();
    let rows =
        changes.iter().map(|(deal, day, old, new)| format!("{deal},{},{},{new}\n", iso(*day), old.unwrap_or("")));
    std::fs::write(folder.path().join("changes.csv"), format!("deal,at,old,new\n{}", rows.collect::<String>()))
        .unwrap();
    folder
}

fn both(folder: &Path, as_of: &str) -> [String; 2] {
    ["velocity", "winrate"].map(|report| run(folder, &[report, "--as-of", as_of, "--by", "lead_source", "-f", "csv"]))
}

#[test]
fn order_of_rows_and_what_comes_later_do_not_matter() {
    for seed in 0..15 {
        let mut sheets = generate(seed, if seed % 2 == 0 { Times::Days } else { Times::Distinct });
        super::company::straighten(&mut sheets);
        let mut changes = moves(seed, &sheets);
        let (full, early) = (company(&sheets, &changes), "2025-02-14");
        let [before, known] = [AS_OF, early].map(|as_of| both(full.path(), as_of));
        for record in known.iter().flat_map(|text| parse(text)) {
            assert!(record["period_start"].as_str() <= early, "company {seed}: {record:?}");
        }
        // What happened after as-of shows nowhere: the same files without it say the same.
        let past: Vec<Change> = changes.iter().filter(|c| c.1 <= date(early).unwrap()).cloned().collect();
        if !past.is_empty() {
            assert_eq!(known, both(company(&sheets, &past).path(), early), "company {seed}");
        }
        let mut random = Random::new(seed);
        for sheet in &mut sheets {
            random.shuffle(&mut sheet.rows);
        }
        random.shuffle(&mut changes);
        assert_eq!(before, both(company(&sheets, &changes).path(), AS_OF), "company {seed}");
    }
}

#[test]
fn spells_of_random_moves_by_naive_loops() {
    let as_of = date(AS_OF).unwrap();
    let mut again = 0;
    for seed in 0..15 {
        let mut sheets = generate(seed, Times::Distinct);
        super::company::straighten(&mut sheets);
        // One history per company in which every deal begins on its own day.
        let changes: Vec<Change> = moves(seed, &sheets).into_iter().filter(|c| c.1 <= as_of).collect();
        let lines = parse(&run(company(&sheets, &changes).path(), &["velocity", "--as-of", AS_OF, "-f", "csv"]));
        let mut stays: BTreeMap<(String, &str), Vec<(i64, bool)>> = BTreeMap::new();
        for deal in sheets[DEALS].records() {
            let mine: Vec<&Change> = changes.iter().filter(|c| c.0 == deal["deal"]).collect();
            let closed = date(&deal["closed"]).filter(|d| deal["over"] == "1" && *d <= as_of);
            let mut i = 0;
            while i < mine.len() {
                let mut next = i + 1;
                while next < mine.len() && mine[next].3 == mine[i].3 {
                    next += 1;
                }
                let to = mine.get(next).map(|c| c.1).or(closed);
                // A last stage that begins with the close is the end.
                if !(next == mine.len() && closed.is_some_and(|c| mine[i].1 >= c)) {
                    let days = to.unwrap_or(as_of) - mine[i].1;
                    stays.entry((deal["deal"].clone(), mine[i].3)).or_default().push((days, to.is_none()));
                }
                i = next;
            }
        }
        again += stays.values().filter(|s| s.len() > 1).count();
        for stage in ["Discovery", "Demo", "Proposal", "Legal"] {
            for (entry, state) in [("latest", false), ("latest", true), ("cumulative", false), ("cumulative", true)] {
                let mine = stays.iter().filter(|((_, of), s)| *of == stage && s[s.len() - 1].1 == state);
                let days: Vec<i64> = mine
                    .map(|(_, s)| if entry == "latest" { s[s.len() - 1].0 } else { s.iter().map(|d| d.0).sum() })
                    .collect();
                if stays.keys().any(|(_, of)| *of == stage) {
                    let line = deal_stage(&lines, stage, entry, if state { "open" } else { "completed" });
                    same_days(&format!("company {seed}: {stage}, {entry}, {state}"), line, &days);
                }
            }
        }
    }
    assert!(again > 20, "only {again} deals went back");
}
