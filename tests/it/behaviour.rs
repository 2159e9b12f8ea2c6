//! The program's manners: streams, files, colours, formats, days, and what it does when it is cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{bin, command, root, stdout};

pub const ACME: &str = "examples/acme";
pub const FORMATS: [&str; 9] = ["table", "csv", "tsv", "json", "jsonl", "md", "html", "xlsx", "parquet"];
pub const REPORTS: [&[&str]; 34] = [
    &["scorecard", ACME],
    &["funnel", ACME],
    &["inspect", ACME],
    &["metrics", "--contract", ACME],
    &["quality", ACME],
    &["cohort", ACME],
    &["funnel", ACME, "--basis", "horizon", "--horizon", "90d"],
    &["funnel", ACME, "--compare", "cohort,period"],
    &["compare", "2026-03-31", "2026-06-30", ACME],
    &["velocity", ACME],
    &["winrate", ACME],
    &["handoff", ACME],
    &["horizon", ACME],
    &["definition", ACME],
    &["score", ACME],
    &["account", ACME],
    &["attribution", ACME],
    &["attribution", ACME, "--by", "campaign", "--team", "marketing", "--look-back", "90d"],
    &["sourced", ACME],
    &["plan", ACME],
    &["plan", ACME, "--target", "won_revenue=2000000@2026-Q4", "--by", "lead_source"],
    &["journey", ACME],
    &["journey", ACME, "--variants"],
    &["journey", ACME, "--buyer", "00QHs000000001HMAQ"],
    &["report", ACME],
    &["report", ACME, "--survey", "examples/acme/survey.csv", "--benchmarks"],
    &["explain", "win_rate_narrow", ACME],
    &["explain", "plan.in_hand", ACME],
    &["explain", "horizon.revenue_by_lag", ACME, "--period", "2026-Q2", "--at", "lag=1"],
    &["explain", "survey.follow_up", ACME, "--answers", "examples/acme/survey.csv"],
    &["explain", "--list"],
    &["scorecard", ACME, "--benchmarks"],
    &["survey", "examples/acme/survey.csv", ACME, "--benchmarks"],
    &["survey", "--questionnaire"],
];
pub const TIDY: &str = "metric_id,period,period_start,period_end,segment,value,unit,numerator,denominator,n,ci_low,ci_high,\
                    mature,status,basis,as_of,currency,contract_hash";

pub const SPEND: &str = "date,team,category,amount\n2026-01-31,marketing,programs,100.50\n2026-02-28,sales,people,50\n";
pub const DEALS: &str = "Id,Name,StageName,CloseDate,IsWon,IsClosed,Amount,CreatedDate\n\
    006gL0000000001QAA,\"One, \"\"Ltd\"\"\",Closed Won,2026-03-20,true,true,1200.00,2026-01-05T10:00:00.000Z\n\
    006gL0000000002QAA,Zoë & Söhne,Closed Lost,2026-04-02,false,true,300,2026-02-05T10:00:00.000Z\n\
    006gL0000000003QAA,\"Three\nlines\",Prospecting,2026-12-01,false,false,,2026-05-05T10:00:00.000Z\n";

/// A folder with these files.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

pub fn run_in(dir: &Path, args: &[&str]) -> Output {
    command(args).current_dir(dir).output().unwrap()
}

pub fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn tidy(args: &[&str]) -> Vec<Row> {
    rows(&stdout(&with(&["scorecard", "-f", "csv"], args)))
}

/// Days since 1970 of `2026-06-30`, by counting leap years.
fn day(text: &str) -> i64 {
    let part = |at: usize, len: usize| text[at..at + len].parse::<i64>().unwrap();
    let (year, month, day) = (part(0, 4), part(5, 2), part(8, 2));
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    let months: i64 = (1..month).map(|m| lengths[usize::try_from(m).unwrap() - 1]).sum();
    years + months + day - 1
}

#[test]
fn success_says_only_the_account_on_stderr_and_quiet_changes_no_byte() {
    let slices: [&[&str]; 4] = [
        &["--by", "lead_source"],
        &["--where", "amount > 10000 AND country IN ('USA', 'Canada')"],
        &["--where", "created_on >= DATE '2025-01-01'"],
        &["--period", "week", "--from", "2025-01-01"],
    ];
    let reports = REPORTS.iter().map(|r| r.to_vec());
    let sliced = slices.iter().flat_map(|s| [with(REPORTS[0], s), with(REPORTS[1], s)]);
    for args in reports.chain(sliced) {
        let loud = command(&args).output().unwrap();
        let quiet = command(&with(&args, &["-q"])).output().unwrap();
        assert_eq!((loud.status.code(), quiet.status.code()), (Some(0), Some(0)), "{args:?}");
        // Where there is room for data only, the account of the rows stands there.
        let said = String::from_utf8_lossy(&loud.stderr);
        let data_only = args.iter().any(|a| matches!(*a, "csv" | "tsv" | "jsonl"));
        let account = said.lines().count() == 1 && said.contains(" rows read = ") && said.ends_with(" set aside\n");
        assert!(if data_only { account } else { said.is_empty() }, "{args:?} on stderr: {said}");
        assert_eq!(String::from_utf8_lossy(&quiet.stderr), "", "{args:?} -q on stderr");
        assert!(!loud.stdout.is_empty() && loud.stdout == quiet.stdout, "{args:?}: -q changes what is printed");
        let verbose = command(&with(&args, &["-vv"])).output().unwrap();
        assert_eq!(verbose.stdout, loud.stdout, "{args:?}: -vv changes what is printed");
    }
}

#[test]
fn the_same_command_prints_the_same_bytes() {
    for report in REPORTS {
        for format in FORMATS {
            let args = with(report, &["-f", format]);
            let once = command(&args).env("RAYON_NUM_THREADS", "1").output().unwrap();
            let again = command(&args).env("RAYON_NUM_THREADS", "3").env("POLARS_MAX_THREADS", "3").output().unwrap();
            assert!(once.status.success() && !once.stdout.is_empty(), "{args:?}");
            assert!(once.stdout == again.stdout, "{args:?} differs from run to run");
        }
    }
}

#[test]
fn no_line_of_a_table_is_wider_than_80_columns() {
    let mut all: Vec<Vec<&str>> = REPORTS.iter().map(|r| r.to_vec()).collect();
    for period in ["month", "year", "week", "fiscal-quarter", "fiscal-year"] {
        all.extend([with(REPORTS[0], &["--period", period]), with(REPORTS[1], &["--period", period])]);
    }
    for by in ["lead_source", "industry,country", "owner"] {
        all.extend([with(REPORTS[0], &["--by", by]), with(REPORTS[1], &["--by", by])]);
    }
    all.push(with(REPORTS[1], &["--basis", "period"]));
    for report in ["cohort", "velocity", "winrate", "handoff", "journey", "horizon"] {
        for by in ["lead_source", "industry,country"] {
            all.extend(["week", "fiscal-year"].map(|period| vec![report, ACME, "--by", by, "--period", period]));
        }
    }
    all.push(vec!["account", ACME, "--by", "industry", "--period", "week"]);
    let target = ["--target", "deals_won=18@2026-Q4", "--target", "won_revenue=700000@2026-Q3"];
    all.push([vec!["plan", ACME, "--assume", "average_deal=75000,lead_to_won=0.05"], target.to_vec()].concat());
    all.push(vec!["plan", ACME, "--period", "month", "--leads", "120/month", "--until", "2027-06-30"]);
    all.push(vec!["plan", ACME, "--as-of", "2026-05-10", "--target", "won_revenue=700000@2026-Q2", "--by", "owner"]);
    all.push(vec!["plan", ACME, "--backtest"]);
    for period in ["month", "year", "week", "fiscal-quarter", "fiscal-year"] {
        all.push(vec!["horizon", ACME, "--period", period]);
    }
    all.push(vec!["definition", ACME, "--against", ACME]);
    all.push(vec!["score", ACME, "--capacity", "40/month", "--bands", "0,20,40,60,80"]);
    let ids: Vec<String> = rows(&stdout(&["metrics", "--contract", ACME, "-f", "csv"]))
        .iter()
        .map(|r| r.get("metric_id").or_else(|| r.get("id")).expect("metrics has an id").clone())
        .collect();
    assert!(ids.len() > 20);
    all.extend(ids.iter().map(|id| vec!["metrics", id.as_str(), "--contract", ACME]));
    for args in all {
        for line in stdout(&args).lines() {
            assert!(line.chars().count() <= 80, "{args:?}: {} columns: {line}", line.chars().count());
            assert!(!line.ends_with(' '), "{args:?}: blanks at the end of: {line}");
        }
    }
}

#[test]
fn a_pipe_has_no_colour_unless_it_is_asked_for() {
    let escapes = |args: &[&str], env: &[(&str, &str)]| {
        let output = command(args).envs(env.iter().copied()).env("TERM", "xterm-256color").output().unwrap();
        assert!(output.status.success(), "{args:?}");
        output.stdout.contains(&0x1b)
    };
    for report in REPORTS {
        // What is binary has any byte.
        for format in FORMATS.into_iter().filter(|f| !["xlsx", "parquet"].contains(f)) {
            assert!(!escapes(&with(report, &["-f", format]), &[]), "{report:?} {format} is coloured in a pipe");
            let always = escapes(&with(report, &["-f", format, "--color", "always"]), &[]);
            assert_eq!(always, format == "table", "{report:?} {format} --color always");
        }
        let (none, force) = (("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"));
        assert!(escapes(report, &[force]), "{report:?} CLICOLOR_FORCE");
        assert!(!escapes(report, &[none]), "{report:?} NO_COLOR");
        assert!(!escapes(report, &[none, force]), "{report:?} NO_COLOR outranks CLICOLOR_FORCE");
        assert!(!escapes(&with(report, &["--color", "never"]), &[force]), "{report:?} --color never");
    }
    // Colour adds escapes and nothing else.
    let plain = stdout(&["scorecard", ACME]);
    let coloured = stdout(&["scorecard", ACME, "--color", "always"]);
    let mut without = String::new();
    let mut parts = coloured.split('\u{1b}');
    without.push_str(parts.next().unwrap());
    parts.for_each(|part| without.push_str(part.split_once('m').expect("an escape ends in m").1));
    assert_eq!(without, plain);
}

/// The terminal that stdin or stderr is on says nothing about where stdout goes.
#[cfg(target_os = "linux")]
#[test]
fn a_file_is_80_columns_wide_however_wide_the_terminal_is() {
    let Ok(version) = std::process::Command::new("script").arg("--version").output() else { return };
    if !String::from_utf8_lossy(&version.stdout).contains("util-linux") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let line = format!("stty rows 50 cols 160; '{}' scorecard {ACME} > {}/out", bin(), dir.path().display());
    let mut script = std::process::Command::new("script");
    let status = script.args(["-qec", &line, "/dev/null"]).current_dir(root()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    let printed = std::fs::read_to_string(dir.path().join("out")).unwrap();
    assert!(printed == stdout(&["scorecard", ACME]), "a redirected table depends on the terminal's width");
}

#[test]
fn the_tidy_csv_has_the_same_columns_whatever_the_data() {
    let small = folder(&[("spend.csv", SPEND)]);
    let spend = small.path().to_str().unwrap();
    let deals = folder(&[("Opportunity.csv", DEALS)]);
    let optional = "[[source]]\npath = \"none.csv\"\noptional = true\n\n[[source]]\npath = \"spend.csv\"\n";
    let contract = folder(&[("spend.csv", SPEND), ("onefunnel.toml", optional)]);
    let all: [&[&str]; 8] = [
        &[ACME],
        &[ACME, "--by", "lead_source"],
        &[ACME, "--by", "lead_source,country"],
        &[ACME, "--period", "week"],
        &[ACME, "--metric", "won_revenue"],
        &[spend, "--period", "month"],
        &[deals.path().to_str().unwrap(), "--by", "outcome"],
        &[contract.path().to_str().unwrap()],
    ];
    for args in all {
        let text = stdout(&with(&["scorecard", "-f", "csv"], args));
        assert_eq!(text.lines().next(), Some(TIDY), "{args:?}");
        let rows = rows(&text);
        assert!(!rows.is_empty(), "{args:?}");
        let keys: BTreeSet<[&str; 3]> =
            rows.iter().map(|r| ["metric_id", "period", "segment"].map(|c| r[c].as_str())).collect();
        assert_eq!(keys.len(), rows.len(), "{args:?}: a metric has two rows for one period and segment");
    }
    let lines = stdout(&["scorecard", ACME, "-f", "jsonl"]);
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let columns: Vec<&str> =
            row.as_object().unwrap().keys().map(String::as_str).filter(|k| *k != "table").collect();
        assert_eq!(columns.join(","), TIDY);
    }
}

/// SHA-256, after FIPS 180-4, from its definition: the constants are the roots of the first primes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::many_single_char_names)]
fn sha256(bytes: &[u8]) -> String {
    let primes: Vec<u64> = (2_u64..312).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
    // The first 32 bits of the fraction of a root, in whole numbers: the largest x with x^power <= prime * 2^(32 * power).
    let fraction = |prime: u64, power: u32| {
        let (mut low, mut high) = (0_u128, 1_u128 << 36);
        while high - low > 1 {
            let middle = u128::midpoint(low, high);
            if middle.pow(power) <= u128::from(prime) << (32 * power) { low = middle } else { high = middle }
        }
        low as u32
    };
    let constants: Vec<u32> = primes[..64].iter().map(|p| fraction(*p, 3)).collect();
    let mut hash: Vec<u32> = primes[..8].iter().map(|p| fraction(*p, 2)).collect();
    let mut text = bytes.to_vec();
    text.push(0x80);
    text.resize(text.len().next_multiple_of(64), 0);
    if text.len() - bytes.len() < 9 {
        text.resize(text.len() + 64, 0);
    }
    let end = text.len() - 8;
    text[end..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    for block in text.chunks(64) {
        let mut w: Vec<u32> = block.chunks(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect();
        for i in 16..64 {
            let a = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ (w[i - 15] >> 3);
            let b = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ (w[i - 2] >> 10);
            w.push(w[i - 16].wrapping_add(a).wrapping_add(w[i - 7]).wrapping_add(b));
        }
        let mut v = hash.clone();
        for i in 0..64 {
            let (a, e) = (v[0], v[4]);
            let s = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & v[5]) ^ (!e & v[6]);
            let one = v[7].wrapping_add(s).wrapping_add(choice).wrapping_add(constants[i]).wrapping_add(w[i]);
            let s = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let two = s.wrapping_add((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(one);
            v[0] = one.wrapping_add(two);
        }
        hash.iter_mut().zip(v).for_each(|(h, v)| *h = h.wrapping_add(v));
    }
    hash.iter().fold(String::new(), |mut hex, h| {
        write!(hex, "{h:08x}").unwrap();
        hex
    })
}

#[test]
fn json_names_its_inputs_with_their_hashes_and_rows() {
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for report in REPORTS {
        let json: Value = serde_json::from_str(&stdout(&with(report, &["-f", "json"]))).unwrap();
        assert!(json["schema_version"].as_u64().is_some_and(|v| v > 0), "{report:?}");
        assert_eq!(json["report"], report[0]);
        assert_eq!(json["contract"]["hash"].as_str().map(str::len), Some(12), "{report:?}");
        assert!(!json["tables"].as_array().unwrap().is_empty() && json["notes"].is_array(), "{report:?}");
        let inputs = json["inputs"].as_array().unwrap();
        let expected = match *report {
            ["metrics", ..] | ["survey", "--questionnaire"] | ["explain", "--list"] => 0,
            // The answers, beside the exports.
            ["survey", ..] => 18,
            _ if report.contains(&"examples/acme/survey.csv") => 18,
            _ => 17,
        };
        assert_eq!(inputs.len(), expected, "{report:?}");
        for input in inputs {
            let name = input["path"].as_str().unwrap();
            // Files named on the command line are shown as they were named, those of a contract from its folder.
            let path = [root().join(ACME).join(name), root().join(name)].into_iter().find(|p| p.is_file()).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(input["sha256"], sha256(&bytes), "{}", path.display());
            let aside: u64 = input["set_aside"].as_array().unwrap().iter().map(|a| a["rows"].as_u64().unwrap()).sum();
            let [read, used] = ["rows_read", "rows_used"].map(|k| input[k].as_u64().unwrap());
            assert!(used > 0 && read == used + aside, "{}: {read} = {used} + {aside}", path.display());
        }
    }
}

#[test]
fn every_kind_of_period_covers_the_days_without_gaps() {
    for (kind, sample, lengths) in [
        ("month", "2026-05", 28..=31),
        ("quarter", "2026-Q2", 90..=92),
        ("year", "2026", 365..=366),
        ("week", "2026-W01", 7..=7),
        ("fiscal-quarter", "FY2027-Q1", 89..=92),
        ("fiscal-year", "FY2026", 365..=366),
    ] {
        let rows = tidy(&[ACME, "--period", kind, "--metric", "won_revenue"]);
        let (total, periods) = rows.split_last().unwrap();
        assert_eq!([&total["period"], &total["period_end"]], ["total", "2026-06-30"], "{kind}");
        let days: Vec<(i64, i64)> = periods.iter().map(|r| (day(&r["period_start"]), day(&r["period_end"]))).collect();
        assert!(days.windows(2).all(|w| w[0].1 + 1 == w[1].0), "{kind}: a gap or an overlap");
        assert!(days.iter().all(|(start, end)| lengths.contains(&(end - start + 1))), "{kind}: {days:?}");
        let (first, last) = (days[0], days[days.len() - 1]);
        assert!((first.0..=first.1).contains(&day(&total["period_start"])), "{kind}: the first period");
        assert!((last.0..=last.1).contains(&day("2026-06-30")), "{kind}: the last period");
        assert_eq!(periods.iter().filter(|r| r["period"] == sample).count(), 1, "{kind}: no {sample}");
        let sum: f64 = periods.iter().map(|r| r["value"].parse::<f64>().unwrap()).sum();
        assert!((sum - total["value"].parse::<f64>().unwrap()).abs() < 0.005, "{kind}: {sum}");
        for (row, (start, end)) in periods.iter().zip(&days) {
            let (label, first) = (&row["period"], &row["period_start"]);
            let known = match kind {
                // 1970-01-01 was a Thursday.
                "week" => (start + 3) % 7 == 0,
                "fiscal-year" => first.ends_with("-02-01") && label[2..] == row["period_end"][..4],
                "fiscal-quarter" => ["-02-01", "-05-01", "-08-01", "-11-01"].iter().any(|s| first.ends_with(s)),
                "month" => first[..7] == **label,
                "quarter" => first[..4] == label[..4] && ["01", "04", "07", "10"].contains(&&first[5..7]),
                _ => first[..4] == **label && first.ends_with("-01-01"),
            };
            assert!(known, "{kind}: {label} begins on {first}");
            // A period is partial when days of it are still to come, or lie before the first one that counts.
            let partial = *end > day("2026-06-30") || *start < day(&total["period_start"]);
            assert_eq!(row["status"] == "partial", partial, "{kind}: {label} is {}", row["status"]);
        }
    }
}

#[test]
fn from_and_to_cut_the_days() {
    let all = tidy(&[ACME]);
    let quarter = tidy(&[ACME, "--from", "2025-04-01", "--to", "2025-06-30"]);
    let value = |rows: &[Row], id: &str, period: &str| {
        let row = rows.iter().find(|r| r["metric_id"] == id && r["period"] == period);
        row.map(|r| ["value", "numerator", "denominator", "n"].map(|c| r[c].clone()))
    };
    let mut compared = 0;
    for row in quarter.iter().filter(|r| r["period"] == "total") {
        let id = &row["metric_id"];
        assert_eq!(value(&quarter, id, "total"), value(&all, id, "2025-Q2"), "{id}: the cut total and the quarter");
        assert_eq!(value(&quarter, id, "2025-Q2"), value(&all, id, "2025-Q2"), "{id}: the quarter in both");
        compared += 1;
    }
    assert!(compared > 20);
    let periods: BTreeSet<&str> = quarter.iter().map(|r| r["period"].as_str()).collect();
    assert_eq!(periods, BTreeSet::from(["2025-Q2", "total"]));
    // Two halves of the days have all of what happened, once.
    let won = |from: &str, to: &str| {
        let rows = tidy(&[ACME, "--metric", "deals_won", "--from", from, "--to", to]);
        rows.last().unwrap()["value"].parse::<u32>().unwrap()
    };
    let whole = won("2024-01-01", "2026-06-30");
    let halves = [won("2024-01-01", "2025-05-09"), won("2025-05-10", "2026-06-30")];
    assert!(whole > 100 && halves.iter().all(|h| *h > 0));
    assert_eq!(halves.iter().sum::<u32>(), whole);
}

#[test]
fn ratios_are_fractions_and_what_is_missing_is_empty() {
    let only_spend = folder(&[("spend.csv", SPEND)]);
    let by: [&[&str]; 3] = [&[ACME], &[ACME, "--by", "lead_source"], &[only_spend.path().to_str().unwrap()]];
    let mut seen = BTreeSet::new();
    for args in by {
        for row in tidy(args) {
            let place = format!("{args:?} {} {} {}", row["metric_id"], row["period"], row["segment"]);
            let number = |column: &str| row[column].parse::<f64>().ok();
            seen.insert(row["status"].clone());
            let there = ["ok", "partial"].contains(&row["status"].as_str());
            assert_eq!(row["value"].is_empty(), !there, "{place}: `{}` and `{}`", row["value"], row["status"]);
            if !there {
                assert!(row["ci_low"].is_empty() && row["ci_high"].is_empty(), "{place}: an interval of nothing");
                continue;
            }
            let value = number("value").unwrap_or_else(|| panic!("{place}: `{}` is no number", row["value"]));
            assert!(value.is_finite(), "{place}");
            if row["unit"] == "ratio" {
                let (top, bottom) = (number("numerator").unwrap(), number("denominator").unwrap());
                assert!((value - top / bottom).abs() < 1e-9, "{place}: {value} is not {top} / {bottom}");
                if let (Some(low), Some(high)) = (number("ci_low"), number("ci_high")) {
                    assert!(
                        0.0 <= low && low <= value && value <= high && high <= 1.0,
                        "{place}: {low} {value} {high}"
                    );
                }
            }
        }
    }
    let missing: BTreeSet<&str> = seen.iter().map(String::as_str).filter(|s| !["ok", "partial"].contains(s)).collect();
    assert!(missing.contains("no_source") && missing.contains("zero_denominator"), "{missing:?}");
    let rows = tidy(&[only_spend.path().to_str().unwrap(), "--as-of", "2026-03-31"]);
    let total = |id: &str| rows.iter().find(|r| r["metric_id"] == id && r["period"] == "total").unwrap();
    assert_eq!(total("sales_to_marketing_spend_ratio")["value"].parse::<f64>().unwrap(), 50.0 / 100.5);
    for id in ["won_revenue", "deals_won", "combined_budget_ratio", "sales_cycle", "new_leads"] {
        assert_eq!([&total(id)["value"], &total(id)["status"]], ["", "no_source"], "{id}");
    }
}

fn won_revenue(contract: &Path) -> Row {
    let rows = tidy(&[contract.to_str().unwrap(), "--metric", "won_revenue", "--as-of", "2026-06-30"]);
    rows.last().unwrap().clone()
}

/// `init` on the example's exports: the contract, and what it says on stderr.
fn init(dir: &Path) -> std::path::PathBuf {
    let exports = root().join(ACME).join("exports");
    let output = run_in(dir, &["init", exports.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(names(dir), ["onefunnel.toml"]);
    let printed = run_in(dir, &["init", exports.to_str().unwrap(), "-o", "-", "-q"]);
    let path = dir.join("onefunnel.toml");
    assert!(printed.stdout == std::fs::read(&path).unwrap(), "`-o -` prints something else than init writes");
    assert_eq!(String::from_utf8_lossy(&printed.stderr), "");
    path
}

#[test]
fn init_writes_a_contract_that_runs_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = init(dir.path());
    let ours = won_revenue(&root().join(ACME).join("onefunnel.toml"));
    assert_eq!(won_revenue(&path)["value"], ours["value"]);
}

#[test]
fn what_init_leaves_open_can_be_filled_in_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let path = init(dir.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let open = text.lines().skip_while(|l| *l != "# [[rate]]").take(3).collect::<Vec<_>>().join("\n");
    assert!(open.contains("EUR"), "no rate is asked for:\n{text}");
    let filled = open.replace("# [[", "[[").replace("# currency", "currency").replace("# rate = ?", "rate = 1.1");
    std::fs::write(&path, text.replace(&open, &filled)).unwrap();
    let (made, ours) = (won_revenue(&path), won_revenue(&root().join(ACME).join("onefunnel.toml")));
    for column in ["value", "n", "currency", "period_end"] {
        assert_eq!(made[column], ours[column], "{column}");
    }
    assert_eq!(made["value"], "5392200");
}

#[test]
fn a_file_that_breaks_off_anywhere_is_answered_without_a_panic() {
    let contacts = std::fs::read_to_string(root().join("testdata/presets/hubspot_contacts.csv")).unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(SPEND.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let files: [(&str, &[u8]); 4] = [
        ("Opportunity.csv", DEALS.as_bytes()),
        ("contacts.csv", contacts.as_bytes()),
        ("spend.csv", SPEND.as_bytes()),
        ("utf16.csv", &utf16),
    ];
    let mut state = 2026_u64;
    let mut codes = BTreeSet::new();
    for (name, bytes) in files {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..50 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let cut = usize::try_from(state >> 33).unwrap() % bytes.len();
            std::fs::write(dir.path().join(name), &bytes[..cut]).unwrap();
            let output = run_in(dir.path(), &["scorecard", name, "--as-of", "2026-06-30"]);
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            assert!(matches!(code, Some(0..=3)), "{name} cut at {cut}: {code:?}");
            assert!(!said.contains("panicked"), "{name} cut at {cut}: {said}");
            assert_eq!(code == Some(0), said.is_empty(), "{name} cut at {cut}: {code:?} and {said}");
            codes.insert(code);
        }
    }
    assert!(codes.contains(&Some(0)) && codes.contains(&Some(3)), "{codes:?}");
}

#[test]
fn errors_are_found_fast() {
    let dir = folder(&[]);
    let began = Instant::now();
    let output = run_in(dir.path(), &["scorecard", root().join(ACME).to_str().unwrap(), "-o", "no/such/folder.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(began.elapsed() < Duration::from_secs(5));
}
