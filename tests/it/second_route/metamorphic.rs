//! Small random companies: the second route again, and what must not matter.
//!
//! The order of rows, the number of files, how text is written, a row that is there twice: none of it may change a byte of
//! a report. An earlier as-of knows less, never more. A link between people and deals never makes money.

use std::collections::BTreeSet;
use std::process::Command;

use super::check::{Columns, Funnel, Known, Scorecard, When, funnel, number, scorecard, segments};
use super::company::{
    AS_OF, DEALS, PEOPLE, PLAIN, ROLES, Random, STAGES, Sheet, Style, Times, company, generate, of_marketing,
    straighten, write,
};
use super::figures::{self, Terms};
use super::process::processes;
use super::raw::{Record, date, parse, plain, utc};
use crate::common::command;

/// Companies per property.
const CASES: u64 = 60;

/// Companies in which every record has a moment of its own, and ones with plain days that many share.
fn cases(times: &[Times]) -> impl Iterator<Item = (u64, Vec<Sheet>)> {
    (0..CASES).map(move |seed| (seed, generate(seed, times[usize::try_from(seed).unwrap() % times.len()])))
}

const ANY: [Times; 2] = [Times::Distinct, Times::Days];

/// Scorecard and funnel of a company written in a style, by lead source.
fn reports(seed: u64, sheets: &[Sheet], style: Style, as_of: &str) -> [String; 2] {
    print(seed, sheets, style, as_of, [&["scorecard"], &["funnel"]])
}

fn print<const N: usize>(seed: u64, sheets: &[Sheet], style: Style, as_of: &str, reports: [&[&str]; N]) -> [String; N] {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), sheets, style);
    let input = folder.path().to_str().unwrap();
    reports.map(|report| {
        let args = [report, &[input, "--as-of", as_of, "--by", "lead_source", "-f", "csv"]].concat();
        let mut command: Command = command(&args);
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "company {seed}, {style:?}, {args:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    })
}

/// Fails with the first line that differs.
fn assert_same(about: &str, sheets: &[Sheet], before: &[String; 2], after: &[String; 2]) {
    for (before, after) in before.iter().zip(after) {
        let mut lines = before.lines().zip(after.lines());
        if let Some((a, b)) = lines.find(|(a, b)| a != b) {
            panic!("{about}:\n  {a}\n  {b}\n{}", show(sheets));
        }
        assert_eq!(before, after, "{about}");
    }
}

fn show(sheets: &[Sheet]) -> String {
    let mut lines = Vec::new();
    for sheet in sheets {
        lines.push(format!("{}: {}", sheet.name, sheet.header.join(",")));
        lines.extend(sheet.rows.iter().map(|row| format!("  {}", row.join(","))));
    }
    lines.join("\n")
}

/// A way to write or arrange the same facts.
fn unchanged(what: &str, times: &[Times], styles: &[Style], arrange: impl Fn(&mut Random, &mut Vec<Sheet>)) {
    for (seed, sheets) in cases(times) {
        let before = reports(seed, &sheets, PLAIN, AS_OF);
        let mut arranged = sheets.clone();
        arrange(&mut Random::new(seed ^ 0x5eed), &mut arranged);
        for style in styles {
            let after = reports(seed, &arranged, *style, AS_OF);
            assert_same(&format!("company {seed}: {what}, {style:?}"), &sheets, &before, &after);
        }
    }
}

fn shuffle(random: &mut Random, sheets: &mut Vec<Sheet>) {
    for sheet in sheets {
        random.shuffle(&mut sheet.rows);
    }
}

#[test]
fn order_of_rows_does_not_matter() {
    unchanged("rows shuffled", &[Times::Distinct], &[PLAIN], shuffle);
}

/// Exports of plain days have many records on one day: then too something else than their order must decide.
#[test]
fn order_of_rows_does_not_matter_among_those_of_one_day() {
    unchanged("rows shuffled", &[Times::Days], &[PLAIN], shuffle);
}

#[test]
fn number_of_files_does_not_matter() {
    unchanged("files split", &ANY, &[Style { parts: 2, ..PLAIN }], |_, _| {});
}

#[test]
fn how_text_is_written_does_not_matter() {
    let styles = [
        Style { crlf: true, ..PLAIN },
        Style { delimiter: b';', ..PLAIN },
        Style { bom: true, ..PLAIN },
        Style { bom: true, utf16: true, crlf: true, delimiter: b'\t', ..PLAIN },
    ];
    unchanged("written otherwise", &ANY, &styles, |_, _| {});
}

#[test]
fn rows_that_are_there_twice_do_not_matter() {
    unchanged("rows twice", &[Times::Distinct], &[PLAIN, Style { parts: 2, ..PLAIN }], |random, sheets| {
        for sheet in sheets {
            for _ in 0..3 {
                let row = sheet.rows[random.below(sheet.rows.len())].clone();
                sheet.rows.insert(random.below(sheet.rows.len() + 1), row);
            }
        }
    });
}

#[test]
fn rows_that_are_there_again_at_the_end_do_not_matter() {
    unchanged("rows again", &[Times::Days], &[PLAIN, Style { parts: 2, ..PLAIN }], |random, sheets| {
        for sheet in sheets {
            for _ in 0..3 {
                let row = sheet.rows[random.below(sheet.rows.len())].clone();
                sheet.rows.push(row);
            }
        }
    });
}

fn total(records: &[Record], metric: &str) -> Option<f64> {
    let line = |r: &&Record| r["metric_id"] == metric && r["period"] == "total" && r["segment"].is_empty();
    number(records.iter().find(line).unwrap(), "value")
}

fn in_cents(amount: Option<f64>) -> Option<String> {
    amount.map(|a| format!("{:.0}", a * 100.0))
}

fn assert_money(about: &str, sheets: &[Sheet], scorecard: &str, as_of: &str) {
    let deals = company(sheets, date(as_of).unwrap()).deals;
    let ids: BTreeSet<&str> = deals.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids.len(), deals.len());
    let won: Vec<_> = deals.iter().filter(|d| d.won).collect();
    // Of deals that are won and without any amount, the amount is not known.
    let amounts: Vec<i64> = won.iter().filter_map(|d| d.amount).collect();
    let cents = (won.is_empty() || !amounts.is_empty()).then(|| amounts.iter().sum::<i64>().to_string());

    let records = parse(scorecard);
    assert_eq!(in_cents(total(&records, "won_revenue")), cents, "{about}: won amount\n{}", show(sheets));
    let count = total(&records, "deals_won").map(|n| n.to_string());
    assert_eq!(count, Some(won.len().to_string()), "{about}: won deals\n{}", show(sheets));
    // Each deal is of one lead source: the parts make up the whole.
    let parts = records.iter().filter(|r| r["metric_id"] == "won_revenue" && r["period"] == "total");
    let parts: Vec<f64> = parts.filter(|r| !r["segment"].is_empty()).filter_map(|r| number(r, "value")).collect();
    let sum = cents.is_some().then(|| parts.iter().sum());
    assert_eq!(in_cents(sum), cents, "{about}: won amount by lead source\n{}", show(sheets));
}

#[test]
fn links_never_make_money() {
    for (seed, sheets) in cases(&ANY) {
        let [before, ..] = reports(seed, &sheets, PLAIN, AS_OF);
        assert_money(&format!("company {seed}"), &sheets, &before, AS_OF);
        let mut linked = sheets.clone();
        let mut random = Random::new(seed);
        for _ in 0..12 {
            let deal = sheets[DEALS].rows[random.below(sheets[DEALS].rows.len())][0].clone();
            let person = random.below(sheets[PEOPLE].rows.len());
            match random.below(3) {
                0 => linked[PEOPLE].rows[person][7] = deal,
                1 => {
                    let row = random.below(linked[DEALS].rows.len());
                    linked[DEALS].rows[row][2].clone_from(&sheets[PEOPLE].rows[person][0]);
                }
                _ => linked[ROLES].rows.push(vec![deal, sheets[PEOPLE].rows[person][0].clone()]),
            }
        }
        let [after, ..] = reports(seed, &linked, PLAIN, AS_OF);
        assert_money(&format!("company {seed}, linked"), &linked, &after, AS_OF);
        for metric in ["won_revenue", "deals_won", "pipeline_created", "deals_opened"] {
            let [before, after] = [&before, &after].map(|text| total(&parse(text), metric));
            assert_eq!(before, after, "company {seed}, linked: {metric}\n{}", show(&linked));
        }
    }
}

#[test]
fn an_earlier_day_knows_less() {
    let days = [AS_OF, "2025-08-20", "2025-03-31", "2025-02-14", "2025-01-21"];
    for (seed, mut sheets) in cases(&ANY) {
        straighten(&mut sheets);
        let mut later: Option<[Vec<Record>; 2]> = None;
        for as_of in days {
            let texts = reports(seed, &sheets, PLAIN, as_of);
            assert_money(&format!("company {seed} on {as_of}"), &sheets, &texts[0], as_of);
            let known = texts.map(|text| parse(&text));
            let about = format!("company {seed} on {as_of}");
            for record in known.iter().flatten() {
                assert!(record["period_start"].as_str() <= as_of, "{about}: {record:?}");
                assert_eq!(record["as_of"], as_of);
                assert!(record["period"] != "total" || record["period_end"].as_str() <= as_of, "{about}: {record:?}");
            }
            if let Some([later, _]) = &later {
                for metric in ["deals_won", "won_revenue", "deals_opened", "pipeline_created"] {
                    let (now, then) = (total(&known[0], metric), total(later, metric));
                    let less = now.zip(then).is_none_or(|(now, then)| now <= then);
                    assert!(less, "{about}: {metric} was {now:?}, later {then:?}\n{}", show(&sheets));
                }
                past_is_settled(&about, as_of, &known[0], later);
            }
            later = Some(known);
        }
    }
}

/// What was over by the earlier day is the same on the later one: deals do not close in the past.
fn past_is_settled(about: &str, as_of: &str, earlier: &[Record], later: &[Record]) {
    for metric in ["deals_won", "won_revenue"] {
        let over = |r: &&Record| {
            r["metric_id"] == metric && r["segment"].is_empty() && r["period"] != "total" && *r["period_end"] <= *as_of
        };
        for record in earlier.iter().filter(over) {
            let same =
                |r: &&Record| r["metric_id"] == metric && r["segment"].is_empty() && r["period"] == record["period"];
            let then = later.iter().find(same).unwrap_or_else(|| panic!("{about}: {} is gone", record["period"]));
            assert_eq!(number(record, "value"), number(then, "value"), "{about}: {metric} of {}", record["period"]);
        }
    }
}

/// The figures that a report has lines of, by the second route.
/// Stages without any evidence, at whatever day, in what was there by a day, before one that has some.
fn unknown_stages(sheets: &[Sheet], last: i64) -> Vec<&'static str> {
    let there = |cell: &str| {
        let day = if cell.len() == 10 { plain(cell) } else { utc(cell) }.map(|m| m.day);
        cell.is_empty() || day.is_some_and(|d| d <= last)
    };
    let people: Vec<Record> = sheets[PEOPLE].records().filter(|r| there(&r["seen"])).collect();
    let deals: Vec<Record> = sheets[DEALS].records().filter(|r| there(&r["opened"])).collect();
    let shown = [
        people.iter().any(|r| !r["seen"].is_empty()),
        people.iter().any(|r| !r["qualified"].is_empty()),
        deals.iter().any(|r| !r["opened"].is_empty()),
        deals.iter().any(|r| r["won"] == "1" && r["over"] == "1" && !r["closed"].is_empty()),
    ];
    let end = shown.iter().rposition(|s| *s).unwrap_or(0);
    (0..end).filter(|s| !shown[*s]).map(|s| STAGES[s]).collect()
}

#[test]
fn small_companies_by_the_second_route() {
    for (seed, mut sheets) in cases(&[Times::Distinct]) {
        for as_of in [AS_OF, "2025-06-17"] {
            if as_of != AS_OF {
                straighten(&mut sheets);
            }
            let last = date(as_of).unwrap();
            let mut all = processes(&company(&sheets, last));
            // What only begins later is not there yet.
            all.retain(|p| p.entered().is_some() || p.closed.is_some());
            let when = When { as_of: last, mature_after: 90 };
            let mut lost = all.iter().filter(|p| p.lost);
            let (any_lost, lost_amounts) =
                (lost.clone().next().is_some(), lost.any(|p| p.amount.is_some_and(|a| a != 0)));
            let terms = Terms { mql: 1, of_marketing, lost: any_lost, lost_amounts };
            let wanted: [&[&str]; 3] = [&["scorecard"], &["funnel"], &["funnel", "--basis", "period"]];
            let texts = print(seed, &sheets, PLAIN, as_of, wanted);
            let about = format!("company {seed} on {as_of}\n{}", show(&sheets));
            let records = texts.map(|text| parse(&text));

            // A stage that nothing in the exports shows, though a later one is shown, is unknown: neither 0 nor inferred.
            let unknown = unknown_stages(&sheets, last);
            if !unknown.is_empty() {
                for stage in &unknown {
                    for r in records[1..].iter().flatten().filter(|r| r["stage_id"] == *stage) {
                        let figures = ["volume", "recorded", "inferred", "from_first", "conversion_to_next"];
                        assert!(figures.iter().all(|column| r[*column].is_empty()), "{about}: {stage}: {r:?}");
                    }
                }
                for r in records[0].iter().filter(|r| r["metric_id"] == "new_mqls" && unknown.contains(&"mql")) {
                    assert_eq!([&r["value"], &r["status"]], ["", "no_source"], "{about}");
                }
                continue;
            }

            // Everything counts in the total, whatever the report thinks is the first day.
            let mut lines = BTreeSet::new();
            for r in &records[0] {
                let days = [&r["period_start"], &r["period_end"]].map(|d| date(d).unwrap());
                lines.insert((r["period"].clone(), (days[0], days[1])));
            }
            let counted = |period: &str, days| if period == "total" { (i64::MIN, last) } else { days };
            let mut expected = Scorecard::new();
            let mut funnels = [Funnel::new(), Funnel::new()];
            for (segment, part) in segments(&all, true) {
                for (period, days) in &lines {
                    for (metric, figure) in figures::journeys(&part, &terms, counted(period, *days)) {
                        let key = (metric.to_owned(), period.clone(), segment.clone());
                        expected.insert(key, (figure, *days, Known::Yes));
                    }
                    for (cohort, expected) in [true, false].into_iter().zip(&mut funnels) {
                        let rows = figures::funnel(&part, counted(period, *days), cohort);
                        for (stage, row) in STAGES.iter().zip(rows) {
                            let key = ((*stage).to_owned(), period.clone(), segment.clone());
                            expected.insert(key, (row, *days));
                        }
                    }
                }
            }
            let of_journeys: Vec<Record> = records[0].iter().filter(|r| r["basis"] != "ledger").cloned().collect();
            scorecard(&about, &of_journeys, &expected, when);
            funnel(&about, &records[1], &funnels[0], STAGES[0], Columns::All, when);
            funnel(&about, &records[2], &funnels[1], STAGES[0], Columns::WithoutDays, when);
        }
    }
}

/// Without `--from` everything up to as-of counts, also a stage that was reached before its process began.
#[test]
fn nothing_is_before_the_first_day() {
    let mut sheets = generate(0, Times::Days);
    for sheet in &mut sheets {
        sheet.rows.truncate(1);
    }
    sheets[PEOPLE].rows = vec![
        ["P0", "", "2025-03-05", "2025-01-02", "Web", "", "", ""].map(str::to_owned).to_vec(),
        ["P1", "", "2025-02-10", "2025-03-01", "Web", "", "", ""].map(str::to_owned).to_vec(),
    ];
    sheets[DEALS].rows[0][3] = "2025-03-10".to_owned();
    sheets[DEALS].rows[0][4] = "2025-04-01".to_owned();
    let [scorecard, _] = reports(0, &sheets, PLAIN, AS_OF);
    assert_eq!(total(&parse(&scorecard), "new_mqls"), Some(2.0));
}

/// A person in two deals of one day: which of them is the first must not hang on the order of the file.
#[test]
fn the_first_of_two_deals_of_one_day_is_the_same_in_any_order() {
    let mut sheets = generate(0, Times::Days);
    let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
    sheets[PEOPLE].rows = vec![row(&["P0", "", "2025-01-03", "2025-01-04", "Web", "", "", ""])];
    sheets[DEALS].rows = vec![
        row(&["D1", "", "", "2025-01-10", "2025-02-01", "1", "1", "100", "Web", ""]),
        row(&["D2", "", "", "2025-01-10", "2025-02-20", "1", "0", "900", "Web", "Price"]),
    ];
    sheets[ROLES].rows = vec![row(&["D1", "P0"]), row(&["D2", "P0"])];
    let before = reports(0, &sheets, PLAIN, AS_OF);
    sheets[DEALS].rows.reverse();
    assert_same("deals the other way round", &sheets, &before, &reports(0, &sheets, PLAIN, AS_OF));
}

/// The hand-off hangs neither on the order of rows nor on the number of files; and what happens after as-of shows nowhere.
#[test]
fn the_hand_off_is_the_same_in_any_order() {
    let report = |seed, sheets: &[Sheet], style| {
        let [text] = print(seed, sheets, style, AS_OF, [&["handoff"]]);
        text
    };
    for (seed, sheets) in cases(&ANY) {
        let before = report(seed, &sheets, PLAIN);
        let mut arranged = sheets.clone();
        shuffle(&mut Random::new(seed ^ 0x5eed), &mut arranged);
        assert!(before.contains("total"));
        assert_eq!(before, report(seed, &arranged, PLAIN), "company {seed}\n{}", show(&sheets));
        // The list of leaked leads names their files.
        let without_list = |text: &str| text.rsplit_once("\n\n").unwrap().0.to_owned();
        let split = report(seed, &sheets, Style { parts: 2, ..PLAIN });
        assert_eq!(without_list(&before), without_list(&split), "company {seed}\n{}", show(&sheets));
    }
}

#[test]
fn the_hand_off_of_an_earlier_day_knows_less() {
    for (seed, mut sheets) in cases(&ANY) {
        straighten(&mut sheets);
        let mut later: Option<Vec<Option<f64>>> = None;
        for as_of in [AS_OF, "2025-08-20", "2025-03-31", "2025-01-21"] {
            let [text] = print(seed, &sheets, PLAIN, as_of, [&["handoff"]]);
            let (tidy, _) = text.split_once("\n\n").unwrap();
            let rows = parse(tidy);
            for r in &rows {
                assert!(r["period_start"].as_str() <= as_of, "company {seed} on {as_of}: {r:?}");
            }
            let total = rows.iter().find(|r| r["dimension"] == "all" && r["period"] == "total").unwrap();
            // Figures of touches are missing where there is none by then.
            let known = ["qualified", "accepted_recorded", "touched", "touched_before"].map(|c| number(total, c));
            assert!(known[0].is_some() && known[1].is_some());
            if let Some(later) = &later {
                let less = known.iter().zip(later).all(|(now, then): (_, &Option<f64>)| {
                    now.is_none() || then.is_none_or(|then| now.is_some_and(|now| now <= then))
                });
                assert!(less, "company {seed} on {as_of}: {known:?}, later {later:?}\n{}", show(&sheets));
            }
            later = Some(known.to_vec());
        }
    }
}

/// Accounts hang neither on the order of rows nor on the number of files, but for where their rows stand.
#[test]
fn accounts_are_the_same_in_any_order() {
    let report = |seed, sheets: &[Sheet], style, as_of: &str| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), sheets, style);
        let args = ["account", folder.path().to_str().unwrap(), "--as-of", as_of, "-f", "csv"];
        let output = command(&args).output().unwrap();
        assert!(output.status.success(), "company {seed}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut tables: Vec<Vec<Record>> = text.split("\n\n").map(parse).collect();
        for record in tables.iter_mut().flatten() {
            record.remove("file");
            record.remove("line");
        }
        tables
    };
    for (seed, sheets) in cases(&ANY) {
        let before = report(seed, &sheets, PLAIN, AS_OF);
        let mut arranged = sheets.clone();
        shuffle(&mut Random::new(seed ^ 0x5eed), &mut arranged);
        assert!(!before[0].is_empty());
        assert_eq!(before, report(seed, &arranged, PLAIN, AS_OF), "company {seed}\n{}", show(&sheets));
        let split = report(seed, &sheets, Style { parts: 2, ..PLAIN }, AS_OF);
        assert_eq!(before, split, "company {seed}\n{}", show(&sheets));
        // Every account has the people that found it, and nobody twice.
        let sum = |table: usize, column: &str| {
            before[table]
                .iter()
                .filter(|r| r.get("period").is_none_or(|p| p == "total"))
                .filter_map(|r| number(r, column))
                .sum::<f64>()
        };
        assert!(sum(5, "matched") <= sum(0, "people"), "company {seed}: some were created on no known day");
        let earlier = report(seed, &sheets, PLAIN, "2025-03-31");
        assert!(earlier[1].iter().all(|r| r["on"].as_str() <= "2025-03-31"), "company {seed}");
    }
}
