//! `cohort` by plain loops: for every row its people are counted again, and the estimate made day by day.

use std::collections::{BTreeMap, BTreeSet};

use super::acme;
use super::check::{number, segments};
use super::company::{AS_OF, PLAIN, Random, STAGES, Sheet, Style, Times, company, generate, straighten, write};
use super::process::{Process, processes};
use super::raw::{Record, date, parse};
use crate::common::{command, stdout};

/// From the first to the second stage: day of the first, days to the event, and what it was.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Won,
    Lost,
    Open,
}

struct Case<'a> {
    about: String,
    processes: &'a [Process],
    start: usize,
    end: usize,
    as_of: i64,
    length: i64,
    /// The first day that counts.
    from: Option<i64>,
}

fn fate(p: &Process, case: &Case<'_>) -> Option<(i64, i64, Fate)> {
    let began = p.stages[case.start].day()?;
    Some(match (p.stages[case.end].day(), p.closed) {
        (Some(reached), _) => (began, reached - began, Fate::Won),
        (None, Some(closed)) if p.lost => (began, closed - began, Fate::Lost),
        _ => (began, case.as_of - began, Fate::Open),
    })
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

/// Converted by the end of a day, of all; and who was at risk on it.
fn estimate(all: &[(i64, i64, Fate)], until: i64) -> (f64, usize) {
    let at_risk = |day: i64| all.iter().filter(|(_, d, _)| *d >= day).count();
    let (mut open, mut cif) = (1.0, 0.0);
    for day in all.iter().map(|(_, d, _)| *d).min().unwrap_or(0)..=until {
        let on = |fate: Fate| float(all.iter().filter(|(_, d, f)| *d == day && *f == fate).count());
        let n = float(at_risk(day));
        if n > 0.0 {
            cif += open * on(Fate::Won) / n;
            open *= 1.0 - (on(Fate::Won) + on(Fate::Lost)) / n;
        }
    }
    (cif, at_risk(until))
}

/// The last day that says something: five are still followed, or each of fewer stands for at most two of all.
fn sound_end(all: &[(i64, i64, Fate)]) -> Option<i64> {
    let days: BTreeSet<i64> = all.iter().map(|(_, d, _)| *d).collect();
    let (mut open, mut end) = (1.0, None);
    for day in days {
        let at_risk = all.iter().filter(|(_, d, _)| *d >= day).count();
        if at_risk < 5 && open * float(all.len()) / float(at_risk) > 2.0 + 1e-9 {
            break;
        }
        end = Some(day);
        let ended = all.iter().filter(|(_, d, f)| *d == day && *f != Fate::Open).count();
        open *= 1.0 - float(ended) / float(at_risk);
    }
    end
}

/// Compares every row, and counts the estimates among them.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // days
fn check(case: &Case<'_>, records: &[Record]) -> usize {
    let mut parts: BTreeMap<String, Vec<&Process>> = segments(case.processes, true).into_iter().collect();
    parts.entry(String::new()).or_insert_with(|| case.processes.iter().collect());
    let mut rows_of: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut estimates = 0;
    for r in records {
        let about = format!("{} {} {} age {}: {r:?}", case.about, r["cohort"], r["segment"], r["age"]);
        *rows_of.entry((&r["segment"], &r["cohort"])).or_default() += 1;
        let [from, to] = ["cohort_start", "cohort_end"].map(|key| date(&r[key]).unwrap());
        assert!(from <= case.as_of, "{about}");
        let inside = |began: i64| from <= began && began <= to.min(case.as_of);
        let members: Vec<_> =
            parts[&r["segment"]].iter().filter_map(|p| fate(p, case)).filter(|m| inside(m.0)).collect();
        let is = |key: &str, expected: usize| assert_eq!(number(r, key), Some(float(expected)), "{key}, {about}");
        is("n", members.len());
        let part = r["cohort"] != "total" && (to > case.as_of || case.from.is_some_and(|first| from < first));
        assert_eq!(r["partial"], part.to_string(), "{about}");
        is("converted_before_start", members.iter().filter(|m| m.2 == Fate::Won && m.1 < 0).count());
        let eventual = r["age"] == "eventual";
        let days = if eventual {
            sound_end(&members).or(Some(0)).filter(|_| !members.is_empty())
        } else {
            Some(r["age"].parse::<i64>().unwrap() * case.length)
        };
        assert_eq!(
            number(r, "age_days"),
            days.filter(|_| !eventual || members.len() >= 5).map(|d| d as f64),
            "{about}"
        );
        let Some(days) = days else { continue };
        let seen: Vec<_> = members.iter().filter(|m| eventual || case.as_of - m.0 >= days).collect();
        let of = |fate: Fate| seen.iter().filter(|m| m.2 == fate && (eventual || m.1 <= days)).count();
        is("observed", seen.len());
        let whole = if eventual { String::new() } else { (seen.len() == members.len()).to_string() };
        assert_eq!(r["whole_cohort_observed"], whole, "{about}");
        is("converted", of(Fate::Won));
        is("lost", of(Fate::Lost));
        is("open", seen.len() - of(Fate::Won) - of(Fate::Lost));
        assert!(!seen.is_empty(), "{about}");
        let share = float(of(Fate::Won)) / float(seen.len());
        assert!((number(r, "share").unwrap() - share).abs() < 1e-12, "{about}");
        let (cif, at_risk) = estimate(&members, days);
        if members.len() < 5 {
            assert_eq!([&r["cif"], &r["variance"], &r["status"]], ["", "", "too_few"], "{about}");
            continue;
        }
        is("at_risk", at_risk);
        let end = sound_end(&members).unwrap();
        let somebody_left = members.iter().any(|m| m.2 == Fate::Open);
        if days > end && somebody_left {
            assert_eq!([&r["cif"], &r["status"]], ["", "not_followed_so_long"], "{about}");
            continue;
        }
        estimates += 1;
        assert!((number(r, "cif").unwrap() - cif).abs() < 1e-12, "{cif}, {about}");
        match (number(r, "ci_low"), number(r, "ci_high")) {
            (Some(low), Some(high)) => assert!(low <= cif && cif <= high && low > 0.0 && high < 1.0, "{about}"),
            _ => assert!(cif == 0.0 || cif > 1.0 - 1e-9, "{about}"),
        }
        // Of a mature cohort, the day by which half of those had converted who do.
        if let Some(median) = number(r, "median_days") {
            let half = |day: f64| estimate(&members, day as i64).0 >= cif / 2.0 - 1e-12;
            assert!(eventual && half(median) && !half(median - 1.0), "{about}");
        }
    }
    // No cohort is missing, and no age that anybody reached.
    for ((segment, cohort), rows) in rows_of {
        let r = records.iter().find(|r| r["segment"] == segment && r["cohort"] == cohort).unwrap();
        let [from, to] = ["cohort_start", "cohort_end"].map(|key| date(&r[key]).unwrap());
        let began = parts[segment].iter().filter_map(|p| p.stages[case.start].day());
        let oldest = began.filter(|d| from <= *d && *d <= to).min();
        let ages = oldest.map_or(0, |d| (case.as_of - d) / case.length);
        assert_eq!(i64::try_from(rows).unwrap(), ages + 1, "{} {cohort} {segment}", case.about);
    }
    estimates
}

#[test]
fn acme_by_plain_loops() {
    let processes = processes(&acme::company());
    let as_of = date(acme::AS_OF).unwrap();
    let wanted: [(&str, &str, &str, i64, &[&str]); 4] = [
        ("lead", "won", "month", 30, &[]),
        ("opportunity", "won", "quarter", 90, &["--by", "lead_source", "--period", "quarter"]),
        ("mql", "sal", "week", 7, &["--period", "month", "--from", "2025-01-01", "--to", "2025-12-31"]),
        ("sal", "opportunity", "month", 30, &["--period", "year"]),
    ];
    for (start, end, age, length, more) in wanted {
        let stage = |id: &str| acme::STAGES.iter().position(|s| *s == id).unwrap();
        let args = ["cohort", "examples/acme", "-f", "csv", "--start", start, "--end", end, "--age", age];
        let records = parse(&stdout(&[&args[..], more].concat()));
        let about = format!("{start} to {end}");
        // The first day of the data is the first of a year.
        let from = Some(date("2024-01-01").unwrap());
        let case = Case { about, processes: &processes, start: stage(start), end: stage(end), as_of, length, from };
        let estimates = check(&case, &records);
        assert!(estimates > 50, "{start} to {end}: {estimates}");
        // By default the first and the last stage, by month.
        if (start, end) == ("lead", "won") {
            assert_eq!(records, parse(&stdout(&["cohort", "examples/acme", "-f", "csv"])));
            let total = records.iter().find(|r| r["cohort"] == "total" && r["age"] == "eventual").unwrap();
            assert_eq!(total["n"], "2757");
        }
    }
}

fn print(sheets: &[Sheet], style: Style, as_of: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), sheets, style);
    let input = folder.path().to_str().unwrap();
    let args = ["cohort", input, "--as-of", as_of, "--by", "lead_source", "-f", "csv"];
    let output = command(&args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn small_companies_by_plain_loops() {
    let mut estimates = 0;
    for seed in 0..40 {
        let mut sheets = generate(seed, if seed % 2 == 0 { Times::Distinct } else { Times::Days });
        for day in [AS_OF, "2025-06-17", "2025-02-14"] {
            if day != AS_OF {
                straighten(&mut sheets);
            }
            let as_of = date(day).unwrap();
            let records = parse(&print(&sheets, PLAIN, day));
            let first = records.first().map(|r| [r["start_stage"].clone(), r["end_stage"].clone()]);
            if first != Some(["lead".into(), "won".into()]) {
                continue;
            }
            let processes = processes(&company(&sheets, as_of));
            let end = STAGES.len() - 1;
            let about = format!("company {seed} on {day}");
            let case = Case { about, processes: &processes, start: 0, end, as_of, length: 30, from: None };
            estimates += check(&case, &records);
        }
    }
    assert!(estimates > 600, "only {estimates} estimates compared");
}

#[test]
fn how_the_same_facts_are_written_does_not_matter() {
    for seed in 100..125 {
        let sheets = generate(seed, if seed % 2 == 0 { Times::Distinct } else { Times::Days });
        let before = print(&sheets, PLAIN, AS_OF);
        let mut random = Random::new(seed);
        let mut shuffled = sheets.clone();
        for sheet in &mut shuffled {
            random.shuffle(&mut sheet.rows);
        }
        assert_eq!(before, print(&shuffled, PLAIN, AS_OF), "company {seed}: rows shuffled");
        let mut twice = sheets.clone();
        for sheet in &mut twice {
            sheet.rows.push(sheet.rows[0].clone());
        }
        let written = Style { parts: 2, delimiter: b';', crlf: true, ..PLAIN };
        assert_eq!(before, print(&twice, written, AS_OF), "company {seed}: rows twice, files split");
    }
}

const CONTRACT: &str = r#"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "person", created_at = "seen" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "deal", person_id = "person", closed_at = "closed", is_closed = "over", is_won = "won" }
[[stage]]
id = "lead"
owner = "marketing"
reached = [ { people = "created_at" } ]
[[stage]]
id = "won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]
"#;

fn small(people: &str, deals: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let files = [("onefunnel.toml", CONTRACT), ("people.csv", people), ("deals.csv", deals)];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    stdout(&[&["cohort", folder.path().to_str().unwrap(), "--as-of", "2026-12-31"], args].concat())
}

#[test]
fn each_way_to_end_at_a_glance() {
    // Won after 30 and 31 days and 5 days before; lost after 30 days; open; won and lost on unknown days; closed somehow.
    let people = "person,seen\nP1,2026-01-01\nP2,2026-01-01\nP3,2026-01-10\nP4,2026-01-10\nP5,2026-01-20\nP6,2026-01-20\n\
                  P7,2026-01-20\nP8,2026-01-20\n";
    let deals = "deal,person,closed,over,won\nD1,P1,2026-01-31,1,1\nD2,P2,2026-02-01,1,1\nD3,P3,2026-01-05,1,1\n\
                 D4,P4,2026-02-09,1,0\nD6,P6,,1,1\nD7,P7,,1,0\nD8,P8,2026-03-01,1,\n";
    let records = parse(&small(people, deals, &["-f", "csv"]));
    let row = |age: &str| records.iter().find(|r| r["cohort"] == "2026-01" && r["age"] == age).unwrap();
    let figures = |age: &str| ["n", "observed", "converted", "lost"].map(|key| number(row(age), key).unwrap());
    assert_eq!(figures("1"), [7.0, 7.0, 2.0, 1.0]);
    // Of the one that closed somehow nothing is known after 40 days.
    assert_eq!(figures("2"), [7.0, 6.0, 3.0, 1.0]);
    assert_eq!(figures("eventual"), [7.0, 7.0, 3.0, 1.0]);
    for (age, cif) in [("1", 2.0 / 7.0), ("2", 3.0 / 7.0), ("eventual", 3.0 / 7.0)] {
        assert!((number(row(age), "cif").unwrap() - cif).abs() < 1e-12, "{age}");
    }
    assert_eq!(row("eventual")["converted_before_start"], "1");
    let text = small(people, deals, &[]).replace("\n      ", " ");
    for note in [
        "8 buying processes = 7 counted here + 0 that reached Lead outside of the days shown + 0 that never reached it + 1 \
         that reached Won on an unknown day.",
        "1 reached Won before Lead: kept, as converted at every age.",
        "1 was lost on an unknown day: it stays at risk until as-of, without an end.",
        "1 closed, and no export says whether as won: followed until then, neither won nor lost.",
    ] {
        assert!(text.contains(note), "{note}\n{text}");
    }
}

#[test]
fn nobody_and_few_have_no_estimate() {
    let header = "deal,person,closed,over,won\n";
    let one = parse(&small("person,seen\nP1,2026-12-01\n", header, &["-f", "csv"]));
    for r in &one {
        assert_eq!([&r["n"], &r["cif"], &r["ci_low"], &r["median_days"]], ["1", "", "", ""], "{r:?}");
        assert_eq!(r["status"], "too_few");
    }
    assert_eq!(one.len(), 4, "one age and the end, of the cohort and in total");
    let nobody = parse(&small("person,seen\nP1,2027-01-01\n", header, &["-f", "csv"]));
    for r in &nobody {
        assert_eq!([&r["n"], &r["share"], &r["cif"], &r["age_days"]], ["0", "", "", ""], "{r:?}");
    }
    for format in ["table", "md", "json"] {
        assert!(!small("person,seen\nP1,2027-01-01\n", header, &["-f", format]).contains("NaN"));
    }
}
