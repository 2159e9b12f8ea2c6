//! Stages that are left and reached again: the funnel under every policy and basis against plain loops, on small random
//! companies whose histories go back and forth, and on the example.

use std::collections::BTreeMap;
use std::path::Path;

use super::acme::{AS_OF, STAGES as ACME_STAGES, company};
use super::check::number;
use super::company::Random;
use super::figures::{median, wilson};
use super::process::{Process, Reach, processes};
use super::raw::{Record, date, day, iso, parse, quarter};
use crate::common::{command, stdout};

const STAGES: [&str; 5] = ["lead", "mql", "opportunity", "proposal", "won"];

const CONTRACT: &str = r#"timezone = "UTC"
mature_after = "60d"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "id", created_at = "made", mql_at = "qualified" }
[[source]]
path = "status.csv"
table = "stage_changes"
columns = { person_id = "who", at = "at", old = "was", new = "is" }
constants = { field = "Status" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "id", person_id = "who", created_at = "made", closed_at = "closed", is_won = "won", is_closed = "won" }
[[source]]
path = "steps.csv"
table = "stage_changes"
columns = { deal_id = "deal", at = "at", new = "is" }
constants = { field = "Stage" }
[[stage]]
id = "lead"
owner = "marketing"
reached = [ { people = "created_at" } ]
[[stage]]
id = "mql"
owner = "marketing"
reached = [ { status = ["MQL"] }, { people = "mql_at" } ]
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

/// One person, perhaps with a deal; moments are seconds since 1970, each of its own.
#[derive(Debug, Clone, Default)]
struct Story {
    made: i64,
    qualified: Option<i64>,
    /// Status at creation, and what it was changed into.
    status: &'static str,
    changes: Vec<(i64, &'static str)>,
    deal: Option<i64>,
    /// Stage of the deal, also where a row repeats it.
    steps: Vec<(i64, &'static str)>,
    won: Option<i64>,
}

fn story(random: &mut Random, used: &mut i64) -> Story {
    let start = day(2025, 1, 1) * 86_400;
    let mut moment = |random: &mut Random| {
        *used += 1;
        start + i64::try_from(random.below(260 * 24 * 6)).unwrap() * 600 + *used % 600
    };
    let mut story = Story { made: moment(random), status: ["Open", "MQL"][random.below(4) / 3], ..Story::default() };
    let walk = |random: &mut Random, values: &[&'static str], moments: Vec<i64>| {
        let mut moments = moments;
        moments.sort_unstable();
        moments.into_iter().map(|at| (at, values[random.below(values.len())])).collect::<Vec<_>>()
    };
    let mut moments: Vec<i64> = (0..random.below(7)).map(|_| moment(random)).collect();
    // Some follow another within hours.
    if let Some(first) = moments.first().copied().filter(|_| random.below(2) == 0) {
        moments.push(first + 3_600 * i64::try_from(1 + random.below(60)).unwrap() + 1);
    }
    moments.retain(|at| *at > story.made);
    story.changes = walk(random, &["Open", "MQL", "Working", "Recycled"], moments);
    let mut last = story.status;
    story.changes.retain(|(_, is)| std::mem::replace(&mut last, is) != *is);
    story.qualified = (random.below(3) == 0).then(|| moment(random));
    if random.below(3) > 0 {
        story.deal = Some(moment(random));
        let moments = (0..random.below(6)).map(|_| moment(random)).collect();
        story.steps = walk(random, &["Qualify", "Proposal", "Negotiation"], moments);
        // What closes before it is made is there before it is made: another test's matter.
        story.won = (random.below(3) == 0).then(|| moment(random)).filter(|won| story.deal.is_some_and(|d| d < *won));
    }
    story
}

fn instant(at: i64) -> String {
    let (day, second) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    format!("{}T{:02}:{:02}:{:02}Z", iso(day), second / 3600, second / 60 % 60, second % 60)
}

/// Writes the exports, rows in the given order or the other way round.
fn write(folder: &Path, stories: &[Story], reversed: bool) {
    std::fs::write(folder.join("onefunnel.toml"), CONTRACT).unwrap();
    let some = |at: Option<i64>| at.map(instant).unwrap_or_default();
    let mut files: BTreeMap<&str, (&str, Vec<String>)> = BTreeMap::new();
    files.insert("people.csv", ("id,made,qualified", Vec::new()));
    files.insert("status.csv", ("who,at,was,is", vec!["nobody,2025-01-01T00:00:00Z,Open,Open".into()]));
    files.insert("deals.csv", ("id,who,made,closed,won", Vec::new()));
    files.insert("steps.csv", ("deal,at,is", vec!["nothing,2025-01-01T00:00:00Z,Qualify".into()]));
    let mut add = |file: &str, row: String| files.get_mut(file).unwrap().1.push(row);
    for (n, s) in stories.iter().enumerate() {
        add("people.csv", format!("P{n},{},{}", instant(s.made), some(s.qualified)));
        let mut was = s.status;
        for (at, is) in &s.changes {
            add("status.csv", format!("P{n},{},{was},{is}", instant(*at)));
            was = is;
        }
        if let Some(made) = s.deal {
            add("deals.csv", format!("D{n},P{n},{},{},{}", instant(made), some(s.won), s.won.is_some()));
            for (at, is) in &s.steps {
                add("steps.csv", format!("D{n},{},{is}", instant(*at)));
            }
        }
    }
    for (name, (header, mut rows)) in files {
        if reversed {
            rows.reverse();
        }
        std::fs::write(folder.join(name), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    }
}

/// When each stage was entered, by the rule alone: a return is one that a change proves.
fn entered(story: &Story, as_of: i64) -> Vec<Vec<i64>> {
    let known = |at: i64| at.div_euclid(86_400) <= as_of;
    // Of a person who is not there yet nothing is known, be it that the deal already is.
    let known_of_person = |at: i64| known(at) && known(story.made);
    let one = |at: Option<i64>| at.filter(|at| known(*at)).into_iter().collect::<Vec<i64>>();
    // Moment, and whether it is a return for certain.
    let mut mql: Vec<(i64, bool)> = story.qualified.map(|at| (at, false)).into_iter().collect();
    let mut left = Vec::new();
    let (mut was, mut been) = (story.status, story.status == "MQL");
    if been && story.changes.first().is_some_and(|(at, _)| known_of_person(*at)) {
        mql.push((story.made, false));
    }
    for (at, is) in &story.changes {
        if *is == "MQL" {
            mql.push((*at, been));
            been = true;
        } else if was == "MQL" {
            left.push(*at);
        }
        was = is;
    }
    mql.retain(|(at, _)| known_of_person(*at));
    mql.sort_unstable();
    let mut kept: Vec<i64> = Vec::new();
    for (i, (at, back)) in mql.iter().enumerate() {
        let gone = i > 0 && left.iter().any(|l| mql[i - 1].0 < *l && l <= at);
        let far = kept.last().is_none_or(|last| at.div_euclid(86_400) > last.div_euclid(86_400) + 1);
        if far && (i == 0 || *back || gone) {
            kept.push(*at);
        }
    }
    let mut proposal: Vec<i64> = Vec::new();
    let mut was = "";
    for (at, is) in story.steps.iter().filter(|(at, _)| known(*at)) {
        let far = proposal.last().is_none_or(|last| at.div_euclid(86_400) > last.div_euclid(86_400) + 1);
        if *is == "Proposal" && was != "Proposal" && far {
            proposal.push(*at);
        }
        was = is;
    }
    let deal = story.deal.filter(|at| known(*at));
    // A deal that is not there yet has no steps and no end.
    let of_deal = |entries: Vec<i64>| if deal.is_some() { entries } else { Vec::new() };
    vec![one(Some(story.made)), kept, one(deal), of_deal(proposal), of_deal(one(story.won))]
}

/// An entry: moment, and whether it is recorded.
type Entered = (i64, bool);

/// Entries of each stage with the gaps filled: in the time from one entry of the stage before to its next.
fn filled(recorded: &[Vec<i64>], strict: bool) -> Vec<Vec<Entered>> {
    let mut all: Vec<Vec<Entered>> = recorded.iter().map(|r| r.iter().map(|at| (*at, true)).collect()).collect();
    let reached = |s: &usize| !recorded[*s].is_empty();
    let (Some(start), Some(end)) = ((0..all.len()).find(reached), (0..all.len()).rfind(reached)) else { return all };
    for s in start + 1..=end {
        for (from, to) in if strict { Vec::new() } else { spans(&all[s - 1]) } {
            let inside = |at: &&i64| (from..to).contains(*at);
            if recorded[s].iter().any(|at| inside(&at)) {
                continue;
            }
            let later = recorded[s + 1..].iter().flatten().filter(inside).min();
            all[s].extend(later.map(|at| (*at, false)));
        }
        all[s].sort_unstable();
    }
    all
}

/// From each entry to the next; the first from ever, the last for ever.
fn spans(entries: &[Entered]) -> Vec<(i64, i64)> {
    let from = |k: usize| if k == 0 { i64::MIN } else { entries[k].0 };
    (0..entries.len()).map(|k| (from(k), entries.get(k + 1).map_or(i64::MAX, |e| e.0))).collect()
}

/// One entry that counts.
#[derive(Debug, Clone, Copy)]
struct One {
    stage: usize,
    at: Entered,
    next: Option<Entered>,
    began: i64,
    /// The first stage's entry that it is the first of its stage to follow.
    first: Option<i64>,
}

fn ones(recorded: &[Vec<i64>], entry: &str, strict: bool) -> Vec<One> {
    let mut found = Vec::new();
    let firsts: Vec<Vec<i64>> = recorded.iter().map(|r| r.first().copied().into_iter().collect()).collect();
    let all = filled(if entry == "first" { &firsts } else { recorded }, strict);
    let Some(start) = all.iter().position(|s| !s.is_empty()) else { return found };
    for (stage, entries) in all.iter().enumerate() {
        let mut seen = Vec::new();
        for (at, (from, to)) in entries.iter().zip(spans(entries)) {
            let next = all.get(stage + 1).into_iter().flatten().find(|n| (from..to).contains(&n.0));
            let spans_of = |s: usize| spans(&all[s]).into_iter().position(|(a, b)| (a..b).contains(&at.0));
            let begins = all[start][spans_of(start).unwrap()].0;
            let first = spans_of(0).filter(|k| !seen.contains(k));
            seen.extend(first);
            found.push(One { stage, at: *at, next: next.copied(), began: begins, first: first.map(|k| all[0][k].0) });
        }
    }
    if entry == "last" {
        let last = |stage: usize| found.iter().rev().find(|o| o.stage == stage).copied();
        let mut only: Vec<One> = (0..all.len()).filter_map(last).collect();
        for one in &mut only {
            one.began = all[start].last().unwrap().0;
            // A lead is entered once, and every entry follows it.
            one.first = all[0].last().map(|e| e.0);
        }
        found = only;
    }
    found
}

/// What the loops count in one row.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sum {
    volume: f64,
    recorded: f64,
    inferred: f64,
    observed: f64,
    next: f64,
    from_first: f64,
    days: Vec<i64>,
}

type Sums = BTreeMap<(String, usize), Sum>;

fn sums(ones: &[One], basis: &str, as_of: i64, horizon: i64) -> Sums {
    let mut sums = Sums::new();
    let on = |at: i64| at.div_euclid(86_400);
    let mut add = |stage: usize, at: i64, what: &dyn Fn(&mut Sum)| {
        for period in [quarter(on(at)), "total".to_owned()] {
            what(sums.entry((period, stage)).or_default());
        }
    };
    for one in ones {
        let days = one.next.filter(|n| n.1 && one.at.1).map(|n| on(n.0) - on(one.at.0));
        let anchor = if basis == "cohort" { one.began } else { one.at.0 };
        let observed = as_of - on(anchor) >= if basis == "cohort" { 60 } else { horizon } && basis != "period";
        add(one.stage, anchor, &|sum| {
            sum.volume += 1.0;
            *(if one.at.1 { &mut sum.recorded } else { &mut sum.inferred }) += 1.0;
            sum.observed += f64::from(u8::from(observed));
        });
        let within = |from: i64, to: i64| (0..=horizon).contains(&(on(to) - on(from)));
        match basis {
            "cohort" => add(one.stage, anchor, &|sum| {
                sum.next += f64::from(u8::from(one.next.is_some()));
                sum.from_first += f64::from(u8::from(one.first.is_some()));
                sum.days.extend(days);
            }),
            "period" => {
                if one.stage > 0 {
                    add(one.stage - 1, anchor, &|sum| sum.next += 1.0);
                }
                if let (Some(next), Some(days)) = (one.next, days) {
                    add(one.stage, next.0, &|sum| sum.days.push(days));
                }
            }
            _ => {
                if observed && one.next.is_some_and(|n| within(one.at.0, n.0)) {
                    add(one.stage, anchor, &|sum| {
                        sum.next += 1.0;
                        sum.days.extend(days);
                    });
                }
                if let Some(first) = one.first.filter(|f| as_of - on(*f) >= horizon && within(*f, one.at.0)) {
                    add(one.stage, first, &|sum| sum.from_first += 1.0);
                }
            }
        }
    }
    sums
}

fn check(about: &str, records: &[Record], sums: &Sums, stages: &[&str], basis: &str) {
    assert!(!records.is_empty(), "{about}");
    for r in records {
        let stage = stages.iter().position(|s| *s == r["stage_id"]).unwrap();
        let sum = |s: usize| sums.get(&(r["period"].clone(), s)).cloned().unwrap_or_default();
        let (row, first) = (sum(stage), sum(0));
        let last = stage + 1 == stages.len();
        let base = if basis == "horizon" { row.observed } else { row.volume };
        let first = if basis == "horizon" { first.observed } else { first.volume };
        let rate = |k: f64, n: f64| (n > 0.0).then(|| k / n);
        let interval = if last || basis == "period" { None } else { wilson(row.next, base) };
        let of_first = |v: f64| (basis != "period").then_some(v);
        let expected = [
            ("volume", Some(row.volume)),
            ("recorded", Some(row.recorded)),
            ("inferred", Some(row.inferred)),
            ("observed", (basis != "period").then_some(row.observed)),
            ("next_reached", (!last).then_some(row.next)),
            ("conversion_to_next", rate(row.next, base).filter(|_| !last)),
            ("ci_low", interval.map(|i| i.0)),
            ("ci_high", interval.map(|i| i.1)),
            ("from_first", of_first(row.from_first)),
            ("conversion_from_first", rate(row.from_first, first).and_then(of_first)),
            ("days_n", (!last).then(|| f64::from(u32::try_from(row.days.len()).unwrap()))),
            ("median_days_to_next", median(row.days.clone())),
        ];
        for (column, value) in expected {
            let found = number(r, column);
            let same = match (found, value) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-9,
                (a, b) => a == b,
            };
            assert!(same, "{about}: {column} is {found:?}, not {value:?}, in {r:?}");
        }
    }
}

fn run(folder: &Path, args: &[&str]) -> String {
    let output = command(&[&["funnel", folder.to_str().unwrap(), "-f", "csv"], args].concat()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_policy_and_basis_by_plain_loops() {
    let mut returns = 0;
    for seed in 0..16 {
        let mut random = Random::new(seed);
        let mut used = 0;
        let mut stories: Vec<Story> = (0..2 + random.below(20)).map(|_| story(&mut random, &mut used)).collect();
        // One that shows every stage, early.
        let at = |d: i64| (day(2025, 1, 1) + d) * 86_400;
        stories.push(Story {
            made: at(1),
            status: "Open",
            changes: vec![(at(2), "MQL"), (at(4), "Open"), (at(7), "MQL")],
            deal: Some(at(8)),
            steps: vec![(at(9), "Proposal"), (at(10), "Proposal"), (at(11), "Qualify"), (at(13), "Proposal")],
            won: Some(at(20)),
            ..Story::default()
        });
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        write(folders[0].path(), &stories, false);
        write(folders[1].path(), &stories, true);
        for as_of in ["2025-12-31", "2025-06-17"] {
            let last = date(as_of).unwrap();
            let there: Vec<Vec<Vec<i64>>> = stories.iter().map(|s| entered(s, last)).collect();
            returns += there.iter().flatten().filter(|entries| entries.len() > 1).count();
            for (entry, skips) in [
                ("first", "inferred"),
                ("first", "strict"),
                ("last", "inferred"),
                ("each", "inferred"),
                ("each", "strict"),
            ] {
                let ones: Vec<One> = there.iter().flat_map(|s| ones(s, entry, skips == "strict")).collect();
                for basis in ["cohort", "period", "horizon"] {
                    let mut args = vec!["--as-of", as_of, "--entry", entry, "--skips", skips, "--basis", basis];
                    if basis == "horizon" {
                        args.extend(["--horizon", "45"]);
                    }
                    let text = run(folders[0].path(), &args);
                    let about = format!("company {seed}: {args:?}\n{stories:#?}");
                    check(&about, &parse(&text), &sums(&ones, basis, last, 45), &STAGES, basis);
                    if entry == "each" {
                        assert!(text == run(folders[1].path(), &args), "rows the other way round: {about}");
                    }
                }
            }
        }
    }
    assert!(returns > 80, "only {returns} stages were reached again: the test no longer sees any");
}

/// What both teams' systems say of one day is one entry; a return is dated by its own change.
#[test]
fn returns_of_the_example_are_those_planted() {
    let truth: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(crate::common::root().join("examples/acme/truth.json")).unwrap())
            .unwrap();
    let total = |entry: &str| {
        let records = parse(&stdout(&["funnel", "examples/acme", "-f", "csv", "--entry", entry, "--skips", "strict"]));
        let line = records.iter().find(|r| r["stage_id"] == "mql" && r["period"] == "total").unwrap().clone();
        number(&line, "volume").unwrap()
    };
    let twice = truth["totals"]["mqls_qualified_twice"].as_f64().unwrap();
    assert_eq!(total("first"), truth["totals"]["mqls"].as_f64().unwrap());
    assert_eq!(total("each") - total("first"), twice);
    assert_eq!(total("last"), total("first"));
}

fn of_example(strict: bool) -> Vec<One> {
    let mut found = Vec::new();
    for process in processes(&company()) {
        let Process { stages, .. } = &process;
        let reached: Vec<Option<Entered>> = stages
            .iter()
            .map(|r| match r {
                Reach::Recorded(day) => Some((day * 86_400, true)),
                Reach::Inferred(day) if !strict => Some((day * 86_400, false)),
                _ => None,
            })
            .collect();
        let Some(began) = reached.iter().flatten().next() else { continue };
        for (stage, at) in reached.iter().enumerate() {
            let next = reached.get(stage + 1).copied().flatten();
            let one = at.map(|at| One { stage, at, next, began: began.0, first: reached[0].map(|f| f.0) });
            found.extend(one);
        }
    }
    found
}

#[test]
fn horizons_and_strict_stages_of_the_example() {
    let last = date(AS_OF).unwrap();
    for skips in ["inferred", "strict"] {
        let ones = of_example(skips == "strict");
        for days in [30, 90] {
            let args = format!("funnel examples/acme -f csv --skips {skips} --basis horizon --horizon {days}d");
            let records = parse(&stdout(&args.split(' ').collect::<Vec<_>>()));
            check(&args, &records, &sums(&ones, "horizon", last, days), &ACME_STAGES, "horizon");
        }
    }
}

/// Two runs apart say what the comparison says, and the reasons and the records make up the difference.
fn check_comparison(folder: &str, apart: [&[&str]; 2], compare: &str, more: &[&str]) -> usize {
    let base = [&["funnel", folder, "-f", "csv"], more].concat();
    let run = |args: &[&str]| stdout(&[&base[..], args].concat());
    let sides = apart.map(|args| parse(&run(args)));
    let text = run(&["--compare", compare]);
    let tables: Vec<Vec<Record>> = text.split("\n\n").map(parse).collect();
    let [both, reasons, moved] = &tables[..] else { panic!("{} tables", tables.len()) };
    for r in both {
        for (side, records) in ["a", "b"].iter().zip(&sides) {
            let same = |o: &&Record| ["period", "segment", "stage_id"].iter().all(|k| o[*k] == r[*k]);
            let Some(line) = records.iter().find(same) else {
                assert_eq!(r[&format!("volume_{side}")], "");
                continue;
            };
            for column in ["volume", "next_reached", "conversion_to_next", "conversion_from_first"] {
                assert_eq!(r[&format!("{column}_{side}")], line[column], "{side} {column} of {r:?}");
            }
        }
        if r["period"] != "total" || !r["segment"].is_empty() || r["next_stage_a"] != r["next_stage_b"] {
            continue;
        }
        for column in ["volume_change", "next_reached_change"] {
            let of_stage = reasons.iter().filter(|o| o["stage_id"] == r["stage_id"]);
            let sum: f64 = of_stage.map(|o| number(o, column).unwrap()).sum();
            assert_eq!(number(r, column).unwrap_or(0.0), sum, "{column} of {}", r["stage_id"]);
        }
    }
    // Period by period too, from the records alone.
    let count = |stage: &str, column: &str, period: &str| {
        let of_stage = moved.iter().filter(|m| m["stage_id"] == stage);
        of_stage.flat_map(|m| m[column].split(';')).filter(|p| *p == period).count()
    };
    for r in both.iter().filter(|r| r["period"] != "total" && r["segment"].is_empty()) {
        let change = |a: &str, b: &str| {
            let of = |column: &str| f64::from(u32::try_from(count(&r["stage_id"], column, &r["period"])).unwrap());
            of(b) - of(a)
        };
        if let Some(volume) = number(r, "volume_change") {
            assert_eq!(volume, change("periods_a", "periods_b"), "{r:?}");
        }
        if let Some(next) = number(r, "next_reached_change") {
            assert_eq!(next, change("next_a", "next_b"), "{r:?}");
        }
    }
    for reason in reasons {
        let records = moved.iter().filter(|m| m["stage_id"] == reason["stage_id"] && m["reason"] == reason["reason"]);
        assert_eq!(reason["records"], records.count().to_string());
    }
    // Each record stands where it says.
    for m in moved.iter().step_by(97) {
        let text = std::fs::read(crate::common::root().join(folder).join(&m["file"])).unwrap();
        let line = text.split(|b| *b == b'\n').nth(m["line"].parse::<usize>().unwrap() - 1).unwrap();
        assert!(String::from_utf8_lossy(line).contains(&m["id"]), "{m:?}");
    }
    moved.len()
}

#[test]
fn two_bases_of_the_example_side_by_side() {
    for entry in ["first", "each"] {
        let more = ["--entry", entry, "--from", "2025-01-01", "--to", "2025-12-31"];
        let n =
            check_comparison("examples/acme", [&["--basis", "cohort"], &["--basis", "period"]], "cohort,period", &more);
        assert!(n > 500, "{n}");
    }
}

#[test]
fn two_contracts_side_by_side() {
    let ours = std::fs::read_to_string(crate::common::root().join("examples/acme/onefunnel.toml")).unwrap();
    let exports = crate::common::root().join("examples/acme/exports");
    // Acceptance is only what it was called first, proposals are asked for nowhere, and a demand comes in between.
    let mut theirs = ours.replace("exports/", &format!("{}/", exports.display())).replace(", \"Working\"]", "]");
    let (from, to) =
        (theirs.find("[[stage]]\nid = \"proposal\"").unwrap(), theirs.find("[[stage]]\nid = \"won\"").unwrap());
    theirs.replace_range(from..to, "");
    let at = theirs.find("[[stage]]\nid = \"opportunity\"").unwrap();
    theirs.insert_str(at, "[[stage]]\nid = \"worked\"\nowner = \"sales\"\nreached = [ { status = [\"Working\"] } ]\n");
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.toml");
    std::fs::write(&other, theirs).unwrap();
    let other = other.to_str().unwrap();
    // The other contract by itself, on the same exports.
    for more in [&["--period", "year"][..], &["--basis", "horizon", "--horizon", "90"], &["--by", "lead_source"]] {
        let base = [&["funnel", "examples/acme", "-f", "csv"], more].concat();
        let text = stdout(&[&base[..], &["--compare", other]].concat());
        let tables: Vec<Vec<Record>> = text.split("\n\n").map(parse).collect();
        let sides = [stdout(&base), stdout(&[&["funnel", other, "-f", "csv"], more].concat())].map(|t| parse(&t));
        let mut compared = 0;
        for r in &tables[0] {
            for (side, records) in ["a", "b"].iter().zip(&sides) {
                let same = |o: &&Record| ["period", "segment", "stage_id"].iter().all(|k| o[*k] == r[*k]);
                let line = records.iter().find(same);
                let cell = |column: &str| line.map_or(String::new(), |l| l[column].clone());
                for column in ["volume", "next_reached", "conversion_to_next"] {
                    assert_eq!(r[&format!("{column}_{side}")], cell(column), "{side} {column} of {r:?}");
                }
                compared += 1;
            }
            if r["period"] == "total" && r["segment"].is_empty() && !r["volume_change"].is_empty() {
                let of_stage = tables[1].iter().filter(|o| o["stage_id"] == r["stage_id"]);
                let sum: f64 = of_stage.map(|o| number(o, "volume_change").unwrap()).sum();
                assert_eq!(number(r, "volume_change").unwrap(), sum, "{r:?}");
            }
        }
        assert!(compared > 40);
        let only = |stage: &str| tables[1].iter().find(|o| o["stage_id"] == stage).unwrap()["reason"].clone();
        assert_eq!([only("worked"), only("proposal")], ["stage_only_in_b", "stage_only_in_a"]);
    }
    let same = stdout(&["funnel", "examples/acme", "-f", "csv", "--compare", "examples/acme"]);
    let tables: Vec<Vec<Record>> = same.split("\n\n").map(parse).collect();
    assert!(tables[0].iter().all(|r| ["", "0"].contains(&r["volume_change"].as_str())));
    assert!(tables[1..].iter().all(Vec::is_empty));
}
