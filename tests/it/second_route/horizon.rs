//! `horizon` by plain loops over the processes of the raw exports: revenue by lag, what entrants bring, the lag curve, days, and
//! volume against yield; and a few companies written here, whose figures can be seen at a glance.

use std::collections::{BTreeMap, BTreeSet};

use super::acme;
use super::check::{number, segments};
use super::company::{self, PLAIN, Sheet, Times, generate, straighten, write};
use super::figures::wilson;
use super::process::{Process, processes};
use super::raw::{Record, civil, date, day, parse};
use super::velocity::quantile;
use crate::behaviour::{ACME, folder, run_in};
use crate::common::{command, root, stdout};

/// What is asked, and of whom.
struct Case<'a> {
    about: String,
    processes: &'a [Process],
    /// Months in a period.
    months: i64,
    as_of: i64,
    mature_after: i64,
    /// The first stage that only deals show; the last stage is the win.
    deal_stage: usize,
    by_source: bool,
}

type Key = [String; 7];

fn key(parts: [&str; 7]) -> Key {
    parts.map(str::to_owned)
}

/// Rows by section, item, buyers, anchor, period, segment and lag: each once.
fn keyed(records: &[Record]) -> BTreeMap<Key, &Record> {
    let columns = ["section", "item", "buyers", "anchor", "period", "segment", "lag"];
    let all: BTreeMap<Key, &Record> = records.iter().map(|r| (columns.map(|c| r[c].clone()), r)).collect();
    assert_eq!(all.len(), records.len(), "a row twice");
    all
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3),
        _ => false,
    }
}

impl Case<'_> {
    fn index(&self, on: i64) -> i64 {
        let (year, month, _) = civil(on);
        (year * 12 + month - 1).div_euclid(self.months)
    }

    fn first_day(&self, period: i64) -> i64 {
        let month = period * self.months;
        day(month.div_euclid(12), month.rem_euclid(12) + 1, 1)
    }

    fn label(&self, period: i64) -> String {
        let (year, month, _) = civil(self.first_day(period));
        match self.months {
            1 => format!("{year:04}-{month:02}"),
            3 => format!("{year:04}-Q{}", (month + 2) / 3),
            _ => format!("{year:04}"),
        }
    }

    fn entry(p: &Process) -> Option<i64> {
        let first = p.first()?;
        if first + 1 == p.stages.len() { None } else { p.stages[first].day() }
    }

    fn began(p: &Process, anchor: &str) -> Option<i64> {
        match anchor {
            "first_contact" => p.first_contact,
            "entry" => Self::entry(p),
            _ => p.created,
        }
    }
}

const ANCHORS: [&str; 3] = ["first_contact", "entry", "deal"];

/// Checks every row that is of all buyers; gives how many.
#[allow(clippy::cast_precision_loss)] // cents
fn check(case: &Case<'_>, records: &[Record]) -> usize {
    let rows = keyed(records);
    let total = records.iter().find(|r| r["period"] == "total").unwrap();
    let (from, to) = (date(&total["period_start"]).unwrap(), date(&total["period_end"]).unwrap());
    assert_eq!(to, case.as_of, "{}", case.about);
    let begins = case.processes.iter().flat_map(|p| ANCHORS.map(|a| Case::began(p, a))).flatten().min().unwrap_or(from);
    let shown: Vec<i64> = (case.index(from)..=case.index(to)).collect();
    let mut checked = 0;
    let segments = segments(case.processes, case.by_source);
    for (segment, members) in &segments {
        checked += by_lag(case, &rows, segment, members, (from, to, begins));
        checked += brought(case, &rows, segment, members, (from, to));
        checked += curve(case, &rows, segment, members, (from, to));
        checked += days(case, &rows, segment, members, (from, to));
        checked += mqls(case, &rows, segment, members, (from, to));
    }
    let periods: BTreeSet<&str> = records.iter().map(|r| r["period"].as_str()).collect();
    assert_eq!(periods.len(), shown.len() + 1, "{}", case.about);
    checked
}

type Rows<'a> = BTreeMap<Key, &'a Record>;

#[allow(clippy::cast_precision_loss)] // cents
fn by_lag(case: &Case<'_>, rows: &Rows<'_>, segment: &str, members: &[&Process], days: (i64, i64, i64)) -> usize {
    let (from, to, begins) = days;
    let mut checked = 0;
    let won_of = |all: &[&Process]| -> Vec<Process> {
        let counts = |p: &&&Process| p.won && p.closed.is_some_and(|c| from <= c && c <= to);
        all.iter().filter(counts).map(|p| (*p).clone()).collect()
    };
    let won = won_of(members);
    let all_won = won_of(&case.processes.iter().collect::<Vec<_>>());
    for anchor in ANCHORS {
        let lag = |p: &Process| match (Case::began(p, anchor), p.closed.unwrap()) {
            (None, _) => "unknown".to_string(),
            (Some(began), closed) if began > closed => "after".to_string(),
            (Some(began), closed) => (case.index(closed) - case.index(began)).to_string(),
        };
        let longest = all_won.iter().filter_map(|p| lag(p).parse::<i64>().ok()).max();
        let lags: Vec<String> = (0..longest.map_or(0, |n| n + 1)).map(|n| n.to_string()).collect();
        for period in (case.index(from)..=case.index(to)).map(Some).chain([None]) {
            let of: Vec<&Process> =
                won.iter().filter(|p| period.is_none_or(|n| case.index(p.closed.unwrap()) == n)).collect();
            let money = |of: &[&Process]| of.iter().filter_map(|p| p.amount).sum::<i64>() as f64 / 100.0;
            let label = period.map_or_else(|| "total".into(), |n| case.label(n));
            let mut sums = [0.0, 0.0];
            for name in lags.iter().map(String::as_str).chain(["after", "unknown", "all"]) {
                let at: Vec<&Process> = of.iter().filter(|p| name == "all" || lag(p) == name).copied().collect();
                let unseen = name
                    .parse::<i64>()
                    .is_ok_and(|n| period.is_some_and(|period| at.is_empty() && period - n < case.index(begins)));
                let both =
                    [("revenue_share", money(&at), money(&of)), ("deals_share", count(at.len()), count(of.len()))];
                for (i, (item, part, whole)) in both.into_iter().enumerate() {
                    let row = rows[&key(["revenue_by_lag", item, "all", anchor, &label, segment, name])];
                    let value = (whole > 0.0 && !unseen).then(|| part / whole);
                    let about = format!("{} {segment} {item} of {label} by {anchor}, {name}", case.about);
                    assert!(close(number(row, "value"), value), "{about}: {} instead of {value:?}", row["value"]);
                    assert!(close(number(row, "numerator"), Some(part).filter(|_| !unseen)), "{about}");
                    assert!(close(number(row, "denominator"), Some(whole)), "{about}");
                    assert_eq!(number(row, "n"), Some(count(at.len())), "{about}");
                    if name != "all" {
                        sums[i] += number(row, "value").unwrap_or(0.0);
                    } else if number(row, "value").is_some() {
                        assert!((sums[i] - 1.0).abs() < 1e-9, "{about}: the parts make {}", sums[i]);
                    }
                    checked += 1;
                }
            }
        }
    }
    checked
}

/// The age of a day since a period, at least 0.
fn age(case: &Case<'_>, period: i64, on: i64) -> i64 {
    (case.index(on) - period).max(0)
}

/// The last period that is over.
fn over(case: &Case<'_>) -> i64 {
    case.index(case.as_of + 1) - 1
}

#[allow(clippy::cast_precision_loss)] // cents
fn brought(case: &Case<'_>, rows: &Rows<'_>, segment: &str, members: &[&Process], (from, to): (i64, i64)) -> usize {
    let mut checked = 0;
    let ages: BTreeSet<i64> = rows.keys().filter(|k| k[0] == "cohort_yield").map(|k| k[6].parse().unwrap()).collect();
    for period in case.index(from)..=case.index(to) {
        let of = |p: &&&Process| Case::entry(p).is_some_and(|e| from <= e && e <= to && case.index(e) == period);
        let cohort: Vec<&&Process> = members.iter().filter(of).collect();
        for k in &ages {
            let by = |on: Option<i64>| on.is_some_and(|on| on <= case.as_of && age(case, period, on) <= *k);
            let created: Vec<&&&Process> = cohort.iter().filter(|p| by(p.created)).collect();
            let won: Vec<&&&Process> = cohort.iter().filter(|p| p.won && by(p.closed)).collect();
            let money = |of: &[&&&Process]| of.iter().filter_map(|p| p.amount).sum::<i64>() as f64 / 100.0;
            let known = period + k <= case.index(case.as_of);
            for (item, value) in [
                ("deals", count(created.len())),
                ("pipeline", money(&created)),
                ("won", count(won.len())),
                ("revenue", money(&won)),
            ] {
                let label = case.label(period);
                let row = rows[&key(["cohort_yield", item, "all", "entry", &label, segment, &k.to_string()])];
                let about = format!("{} {segment} {item} of {label} at {k}", case.about);
                assert!(close(number(row, "value"), known.then_some(value)), "{about}: {} or {value}", row["value"]);
                assert_eq!(number(row, "n"), Some(count(cohort.len())), "{about}");
                let status = match period + k {
                    at if at > case.index(case.as_of) => "not_known_yet",
                    at if at > over(case) || case.first_day(period) < from => "partial",
                    _ => "ok",
                };
                assert_eq!(row["status"], status, "{about}");
                checked += 1;
            }
        }
    }
    checked
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Won,
    Lost,
    Open,
}

#[allow(clippy::cast_precision_loss)] // cents
fn curve(case: &Case<'_>, rows: &Rows<'_>, segment: &str, members: &[&Process], (from, to): (i64, i64)) -> usize {
    let mut all: Vec<(i64, Fate, f64)> = Vec::new();
    for p in members {
        let Some(entered) = Case::entry(p).filter(|e| from <= *e && *e <= to) else { continue };
        let period = case.index(entered);
        let last = over(case) - period;
        if last < 0 || case.first_day(period) < from {
            continue;
        }
        let ended = p.closed.map(|c| age(case, period, c)).filter(|k| *k <= last);
        all.push(match ended {
            Some(k) if p.won => (k, Fate::Won, p.amount.unwrap_or(0) as f64),
            Some(k) if p.lost => (k, Fate::Lost, 0.0),
            _ => (last, Fate::Open, 0.0),
        });
    }
    // Up to the last age of anybody that stands on enough.
    let (mut open, mut end) = (1.0, None);
    for k in all.iter().map(|one| one.0).collect::<BTreeSet<_>>() {
        let at_risk = all.iter().filter(|one| one.0 >= k).count();
        if at_risk < 5 && open * count(all.len()) / count(at_risk) > 2.0 + 1e-9 {
            break;
        }
        end = Some(k);
        let ended = all.iter().filter(|one| one.0 == k && one.1 != Fate::Open).count();
        open *= 1.0 - count(ended) / count(at_risk);
    }
    let end = end.filter(|_| all.len() >= 5);
    let mut checked = 0;
    let found: Vec<&Key> = rows
        .keys()
        .filter(|k| k[0] == "lag_curve" && k[2] == "all" && k[5] == segment && k[1].starts_with("wins"))
        .collect();
    for (item, of_win) in [("wins", None), ("revenue", Some(()))] {
        let (mut open, mut come, mut by) = (1.0, 0.0, Vec::new());
        for k in 0..=end.unwrap_or(-1) {
            let at_risk = count(all.iter().filter(|one| one.0 >= k).count());
            let here = || all.iter().filter(|one| one.0 == k);
            let sum: f64 =
                here().filter(|one| one.1 == Fate::Won).map(|one| if of_win.is_some() { one.2 } else { 1.0 }).sum();
            if at_risk > 0.0 {
                come += open * sum / at_risk;
                open *= 1.0 - count(here().filter(|one| one.1 != Fate::Open).count()) / at_risk;
            }
            by.push((come, at_risk));
        }
        if come <= 0.0 {
            assert!(item != "wins" || found.is_empty(), "{} {segment}: {found:?}", case.about);
            continue;
        }
        for (k, (so_far, at_risk)) in by.iter().enumerate() {
            let name = format!("{item}_cumulative");
            let row = rows[&key(["lag_curve", &name, "all", "entry", "total", segment, &k.to_string()])];
            let about = format!("{} {segment} {name} at {k}", case.about);
            assert!(close(number(row, "value"), Some(so_far / come)), "{about}: {} or {}", row["value"], so_far / come);
            assert_eq!(number(row, "n"), Some(*at_risk), "{about}");
            if let (Some(low), Some(high)) = (number(row, "ci_low"), number(row, "ci_high")) {
                assert!(0.0 < low && low < so_far / come && so_far / come < high && high < 1.0, "{about}");
            }
            checked += 1;
        }
    }
    checked
}

fn days(case: &Case<'_>, rows: &Rows<'_>, segment: &str, members: &[&Process], (from, to): (i64, i64)) -> usize {
    let within = |on: &i64| from <= *on && *on <= to;
    let mut spans: BTreeMap<&str, Vec<(i64, Fate)>> = BTreeMap::new();
    for p in members {
        let until_won = |began: i64| match p.closed {
            Some(closed) if p.won => (closed - began, Fate::Won),
            Some(closed) => (closed - began, Fate::Lost),
            None => (case.as_of - began, Fate::Open),
        };
        if let Some(entered) = Case::entry(p).filter(within) {
            spans.entry("entry_to_won").or_default().push(until_won(entered));
            if p.first().is_some_and(|s| s < case.deal_stage) {
                let to_deal = p.created.map_or((case.as_of - entered, Fate::Open), |c| (c - entered, Fate::Won));
                spans.entry("entry_to_deal").or_default().push(to_deal);
            }
        }
        if let Some(created) = p.created.filter(within) {
            spans.entry("deal_to_won").or_default().push(until_won(created));
        }
    }
    let mut checked = 0;
    for span in ["entry_to_deal", "deal_to_won", "entry_to_won"] {
        let all = spans.remove(span).unwrap_or_default();
        let came: Vec<i64> = all.iter().filter(|one| one.1 == Fate::Won).map(|one| one.0).collect();
        let row = |kind: &str| rows[&key(["lag_days", &format!("{span}_{kind}"), "all", "", "total", segment, ""])];
        for (kind, q) in [("observed_p25", 0.25), ("observed_median", 0.5), ("observed_p75", 0.75)] {
            let about = format!("{} {segment} {span} {kind}", case.about);
            assert!(close(number(row(kind), "value"), quantile(&came, q)), "{about}: {}", row(kind)["value"]);
            assert_eq!(number(row(kind), "n"), Some(count(came.len())), "{about}");
            checked += 1;
        }
        assert_eq!(number(row("median"), "n"), Some(count(all.len())), "{} {segment} {span}", case.about);
    }
    checked
}

#[allow(clippy::cast_precision_loss)] // cents
fn mqls(case: &Case<'_>, rows: &Rows<'_>, segment: &str, members: &[&Process], (from, to): (i64, i64)) -> usize {
    let shown: Vec<i64> = (case.index(from)..=case.index(to)).collect();
    let of = |period: i64| -> Vec<&&Process> {
        let counts = |p: &&&Process| p.stages[1].day().is_some_and(|d| from <= d && d <= to && case.index(d) == period);
        members.iter().filter(counts).collect()
    };
    let soon = |all: &[&&Process]| {
        let in_time = |p: &&&&Process| p.won && p.closed.unwrap() - p.stages[1].day().unwrap() <= case.mature_after;
        all.iter().filter(in_time).count()
    };
    let mature = |period: i64| case.first_day(period + 1) - 1 + case.mature_after <= case.as_of;
    let counts = |period: i64| mature(period) && case.first_day(period) >= from;
    let mut checked = 0;
    for (at, period) in shown.iter().enumerate() {
        let (label, now) = (case.label(*period), of(*period));
        let row = |item: &str| rows[&key(["mql_yield", item, "all", "mql", &label, segment, ""])];
        let about = format!("{} {segment} MQLs of {label}", case.about);
        let n = count(now.len());
        let won: Vec<&&&Process> = now.iter().filter(|p| p.won).collect();
        let revenue = won.iter().filter_map(|p| p.amount).sum::<i64>() as f64 / 100.0;
        let share = |k: f64, n: f64| (n > 0.0).then(|| k / n);
        let in_time = count(soon(&now));
        assert_eq!(number(row("mqls"), "value"), Some(n), "{about}");
        assert!(close(number(row("conversion"), "value"), share(count(won.len()), n)), "{about}");
        let bounds = if n > 0.0 { wilson(count(won.len()), n) } else { None };
        assert!(close(number(row("conversion"), "ci_low"), bounds.map(|b| b.0)), "{about}");
        assert!(close(number(row("revenue_per_mql"), "value"), share(revenue, n)), "{about}");
        let within = share(in_time, n).filter(|_| mature(*period));
        assert!(
            close(number(row("conversion_within"), "value"), within),
            "{about}: {}",
            row("conversion_within")["value"]
        );
        assert_eq!(row("mqls")["mature"], mature(*period).to_string(), "{about}");

        // The whole and mature ones right before it, up to a year of them.
        let year = usize::try_from(12 / case.months).unwrap();
        let before: Vec<i64> = shown[..at].iter().rev().take(year).take_while(|p| counts(**p)).copied().collect();
        let (mut volume, mut change, mut z) = (None, None, None);
        if counts(*period) && !before.is_empty() {
            let then: Vec<Vec<&&Process>> = before.iter().map(|p| of(*p)).collect();
            let m = count(then.iter().map(Vec::len).sum());
            let k = count(then.iter().map(|of| soon(of)).sum());
            volume = share(n, m / count(before.len())).map(|v| v - 1.0);
            change = share(in_time, n).zip(share(k, m)).map(|(now, then)| now - then);
            let pooled = (k + in_time) / (m + n);
            let least = n.min(m) * pooled.min(1.0 - pooled);
            if least >= 5.0 {
                z = change.map(|d| d / (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt());
            }
        }
        for (item, value) in [("volume_change", volume), ("yield_change", change), ("z", z)] {
            assert!(close(number(row(item), "value"), value), "{about} {item}: {} or {value:?}", row(item)["value"]);
        }
        let alarm = volume > Some(0.0) && z.is_some_and(|z| z <= -1.959_963_984_540_054);
        assert_eq!(row("z")["status"] == "alarm", alarm, "{about}");
        checked += 1;
    }
    // Volume and revenue won later: ranks by counting, and Pearson's correlation of them.
    let whole: Vec<i64> = shown.iter().copied().filter(|p| case.first_day(*p) >= from && *p <= over(case)).collect();
    let revenue = |period: i64| {
        let of = members.iter().filter(|p| p.won && p.closed.is_some_and(|c| c >= from && case.index(c) == period));
        of.filter_map(|p| p.amount).sum::<i64>()
    };
    let volumes: Vec<i64> = whole.iter().map(|p| i64::try_from(of(*p).len()).unwrap()).collect();
    let revenues: Vec<i64> = whole.iter().map(|p| revenue(*p)).collect();
    for lag in 0..=4 {
        let n = whole.len().saturating_sub(lag);
        let rho = rank_correlation(&volumes[..n], &revenues[whole.len() - n..]);
        let row = rows[&key(["correlation", "mqls_and_won_revenue", "all", "mql", "total", segment, &lag.to_string()])];
        let about = format!("{} {segment} correlation {lag}", case.about);
        assert!(close(number(row, "value"), rho), "{about}: {} or {rho:?}", row["value"]);
        assert_eq!(number(row, "n"), Some(count(n)), "{about}");
        assert!(n >= 8 || row["ci_low"].is_empty(), "{about}");
        checked += 1;
    }
    checked
}

fn rank_correlation(x: &[i64], y: &[i64]) -> Option<f64> {
    let ranks = |of: &[i64]| -> Vec<f64> {
        let rank = |v: &i64| {
            let (below, equal) = (of.iter().filter(|o| *o < v).count(), of.iter().filter(|o| *o == v).count());
            count(below) + f64::midpoint(count(equal), 1.0)
        };
        of.iter().map(rank).collect()
    };
    let (x, y) = (ranks(x), ranks(y));
    let mean = |of: &[f64]| of.iter().sum::<f64>() / count(of.len());
    let (mx, my) = (mean(&x), mean(&y));
    let xy: f64 = x.iter().zip(&y).map(|(a, b)| (a - mx) * (b - my)).sum();
    let (xx, yy): (f64, f64) = (x.iter().map(|a| (a - mx).powi(2)).sum(), y.iter().map(|b| (b - my).powi(2)).sum());
    (x.len() > 1 && xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

fn horizon(args: &[&str]) -> Vec<Record> {
    parse(&stdout(&[&["horizon", ACME, "-f", "csv"], args].concat()))
}

#[test]
fn the_example_by_plain_loops() {
    let processes = processes(&acme::company());
    for (months, by_source, args) in [
        (3, false, &[][..]),
        (1, false, &["--period", "month"]),
        (3, true, &["--by", "lead_source"]),
        (12, false, &["--period", "year"]),
    ] {
        let about = format!("{args:?}");
        let as_of = date(acme::AS_OF).unwrap();
        let (processes, mature_after) = (&processes[..], 180);
        let case = Case { about, processes, months, as_of, mature_after, deal_stage: 3, by_source };
        assert!(check(&case, &horizon(args)) > 150);
    }
}

#[test]
fn small_companies_by_plain_loops() {
    let mut checked = 0;
    for seed in 0..12 {
        let times = if seed % 2 == 0 { Times::Distinct } else { Times::Days };
        let mut sheets: Vec<Sheet> = generate(seed, times);
        // On an earlier day only half of what cannot be is known.
        let early = seed % 3 == 0;
        if early {
            straighten(&mut sheets);
        }
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &sheets, PLAIN);
        for (as_of, period, months) in
            [("2025-12-31", "quarter", 3), ("2025-12-31", "month", 1), ("2025-08-12", "month", 1)]
        {
            if as_of != company::AS_OF && !early {
                continue;
            }
            let args = ["horizon", "onefunnel.toml", "--as-of", as_of, "--period", period, "-f", "csv"];
            let output = command(&args).current_dir(dir.path()).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let records = parse(std::str::from_utf8(&output.stdout).unwrap());
            let day = date(as_of).unwrap();
            let processes = processes(&company::company(&sheets, day));
            let about = format!("company {seed} {as_of} {period}");
            let case = Case {
                about,
                processes: &processes,
                months,
                as_of: day,
                mature_after: 90,
                deal_stage: 2,
                by_source: false,
            };
            checked += check(&case, &records);
        }
    }
    assert!(checked > 10_000, "{checked}");
}

#[test]
fn revenue_is_the_scorecards_and_cohorts_lie_across_it() {
    for args in [&[][..], &["--period", "month", "--from", "2025-02-01"]] {
        let rows = horizon(args);
        let rows = keyed(&rows);
        let scores = parse(&stdout(&[&["scorecard", ACME, "-f", "csv"], args].concat()));
        let score = |metric: &str, period: &str| {
            let found = scores.iter().find(|r| r["metric_id"] == metric && r["period"] == period).unwrap();
            number(found, "value")
        };
        let periods: Vec<String> = rows.keys().filter(|k| k[1] == "mqls").map(|k| k[4].clone()).collect();
        assert!(periods.len() > 10);
        for period in &periods {
            for anchor in ANCHORS {
                let all = rows[&key(["revenue_by_lag", "revenue_share", "all", anchor, period, "", "all"])];
                assert_eq!(number(all, "denominator"), score("won_revenue", period), "{period}");
                let all = rows[&key(["revenue_by_lag", "deals_share", "all", anchor, period, "", "all"])];
                assert_eq!(number(all, "denominator"), score("deals_won", period), "{period}");
            }
            let mql = |item: &str| rows[&key(["mql_yield", item, "all", "mql", period, "", ""])];
            assert_eq!(number(mql("mqls"), "value"), score("new_mqls", period), "{period}");
            assert!(close(number(mql("conversion"), "value"), score("mql_to_revenue_conversion", period)), "{period}");
            assert!(close(number(mql("revenue_per_mql"), "value"), score("mql_to_revenue_yield", period)), "{period}");
        }
        // What a cohort has won at an age is what the matrix has at that lag, so many periods later.
        let cohorts: Vec<&String> = periods.iter().filter(|p| *p != "total").collect();
        for (at, entered) in cohorts.iter().enumerate() {
            let mut sum = 0.0;
            for (lag, won_in) in cohorts[at..].iter().enumerate() {
                let lag = lag.to_string();
                let Some(cell) = rows.get(&key(["revenue_by_lag", "revenue_share", "all", "entry", won_in, "", &lag]))
                else {
                    continue;
                };
                sum += number(cell, "numerator").unwrap_or(0.0);
                if let Some(cohort) = rows.get(&key(["cohort_yield", "revenue", "all", "entry", entered, "", &lag])) {
                    assert!(
                        close(number(cohort, "value"), Some(sum)),
                        "{entered} at {lag}: {} or {sum}",
                        cohort["value"]
                    );
                }
            }
        }
    }
}

/// Buyers of marketing origin are what a condition on the origin leaves; their revenue is set against the ledger's spend.
#[test]
#[allow(clippy::cast_precision_loss)] // cents
fn spend_is_the_ledgers_and_stands_against_marketings_buyers() {
    let all = horizon(&[]);
    let all = keyed(&all);
    let marketing = horizon(&["--where", "origin = 'marketing'"]);
    let marketing = keyed(&marketing);
    let mut compared = 0;
    for (key, row) in all.iter().filter(|(k, _)| k[2] == "marketing") {
        if key[1].ends_with("per_spend") || key[0] == "spend_payoff" {
            continue;
        }
        let mut other = key.clone();
        other[2] = "all".into();
        // Where nothing comes so late any more, the narrower table ends.
        let Some(found) = marketing.get(&other) else { continue };
        assert_eq!(
            (&row["value"], &row["ci_low"], &row["status"]),
            (&found["value"], &found["ci_low"], &found["status"]),
            "{key:?}"
        );
        compared += 1;
    }
    assert!(compared > 300, "{compared}");
    assert!(marketing.iter().all(|(k, r)| !k[1].ends_with("per_spend") || r["value"].is_empty()), "spend of a part");

    let mut spend: BTreeMap<String, i64> = BTreeMap::new();
    for one in acme::ledgers().spend.iter().filter(|s| s.team == "marketing") {
        *spend.entry(super::raw::quarter(one.day)).or_default() += one.amount;
        *spend.entry("total".into()).or_default() += one.amount;
    }
    let share =
        number(all[&key(["lag_curve", "wins_cumulative", "marketing", "entry", "total", "", "0"])], "value").unwrap();
    for (period, cents) in &spend {
        let spent = *cents as f64 / 100.0;
        let of = |lag: &str| all[&key(["spend_payoff", "by_wins", "marketing", "", period, "", lag])];
        assert!(close(number(of("within"), "denominator"), Some(spent)), "{period}");
        assert!(close(number(of("within"), "value"), Some(spent * share)), "{period}");
        assert!(close(number(of("beyond"), "value"), Some(spent * (1.0 - share))), "{period}");
        let (low, high) = (number(of("within"), "ci_high").unwrap(), number(of("beyond"), "ci_low").unwrap());
        assert!(close(Some(low + high), Some(spent)), "{period}: bounds of both make the whole");
        if period == "total" {
            continue;
        }
        for (item, base) in [("pipeline_per_spend", "pipeline"), ("revenue_per_spend", "revenue")] {
            let at = |item: &str| all[&key(["cohort_yield", item, "marketing", "entry", period, "", "0"])];
            let expected = number(at(base), "value").map(|v| v / spent);
            assert!(close(number(at(item), "value"), expected), "{item} of {period}");
        }
    }
}

/// A lower score made more MQLs from July 2025 on, and fewer of them were won: the truth knows, and the alarm sees it.
#[test]
fn the_changed_definition_is_seen() {
    let truth = std::fs::read_to_string(root().join("examples/acme/truth.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
    let of = |what: &str, which: &str| truth["by_group"][what][which].as_f64().unwrap();
    let share = |which: &str| of("mqls_won_by_definition", which) / of("mqls_by_definition", which);
    assert!(share("new") < share("old") / 2.0);
    let alarms = |args: &[&str]| -> Vec<String> {
        horizon(args)
            .iter()
            .filter(|r| r["item"] == "z" && r["status"] == "alarm")
            .map(|r| r["period"].clone())
            .collect()
    };
    assert_eq!(alarms(&[]), ["2025-Q3"]);
    // Before anything of it is old enough, nothing is said.
    assert_eq!(alarms(&["--as-of", "2026-03-15"]), Vec::<String>::new());
    let printed = stdout(&["horizon", ACME]);
    assert_eq!(printed.lines().filter(|line| line.starts_with("2025-Q3") && line.ends_with("yes")).count(), 1);
}

const CONTRACT: &str = "currency = \"USD\"\nmature_after = \"30d\"\n[[source]]\npath = \"people.csv\"\ntable = \"people\"\n\
    columns = { person_id = \"person\", created_at = \"seen\", mql_at = \"mql\", converted_deal_id = \"deal\" }\n\
    [[source]]\npath = \"deals.csv\"\ntable = \"deals\"\ncolumns = { deal_id = \"deal\", created_at = \"opened\", closed_at = \
    \"closed\", is_won = \"won\", amount = \"worth\" }\n[[source]]\npath = \"spend.csv\"\noptional = true\n\
    [[stage]]\nid = \"lead\"\nowner = \"marketing\"\nreached = [ { people = \"created_at\" } ]\n\
    [[stage]]\nid = \"mql\"\nowner = \"marketing\"\nreached = [ { people = \"mql_at\" } ]\n\
    [[stage]]\nid = \"deal\"\nowner = \"sales\"\nreached = [ { deal = \"created_at\" } ]\n\
    [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [ { deal = \"closed_at\", when = \"is_won\" } ]\n";

const PEOPLE: &str =
    "person,seen,mql,deal\np1,2025-01-10,2025-01-20,d1\np2,2025-02-01,,d2\np3,2025-05-05,2025-05-06,\n";

/// d1 is won a quarter after its buyer began; d2 in the same; d3 by nobody known, before it was opened; d4 has no amount, and
/// no day but the close.
const DEALS: &str = "deal,opened,closed,won,worth\nd1,2025-02-03,2025-04-04,yes,100.00\nd2,2025-02-05,2025-03-03,yes,50\n\
    d3,2025-04-20,2025-04-10,yes,25.50\nd4,,2025-05-01,yes,\n";

fn small(deals: &str, spend: Option<&str>, args: &[&str]) -> Vec<Record> {
    let mut files = vec![("onefunnel.toml", CONTRACT), ("people.csv", PEOPLE), ("deals.csv", deals)];
    files.extend(spend.map(|text| ("spend.csv", text)));
    let dir = folder(&files);
    let args = [&["horizon", "onefunnel.toml", "-f", "csv"], args].concat();
    let output = run_in(dir.path(), &args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    parse(std::str::from_utf8(&output.stdout).unwrap())
}

#[test]
fn orders_that_cannot_be_and_days_that_nobody_knows_have_rows_of_their_own() {
    let rows = small(DEALS, None, &["--as-of", "2025-06-30"]);
    let rows = keyed(&rows);
    let cell = |item: &str, anchor: &str, lag: &str| {
        let row = rows[&key(["revenue_by_lag", item, "all", anchor, "2025-Q2", "", lag])];
        (row["value"].clone(), row["numerator"].clone(), row["n"].clone(), row["status"].clone())
    };
    let is = |value: &str, top: &str, n: &str| (value.to_string(), top.to_string(), n.to_string(), "ok".to_string());
    let (of_d1, of_d3) = ((100.0_f64 / 125.5).to_string(), (25.5_f64 / 125.5).to_string());
    assert_eq!(cell("revenue_share", "first_contact", "1"), is(&of_d1, "100", "1"));
    // Opened ten days after its close.
    assert_eq!(cell("revenue_share", "deal", "after"), is(&of_d3, "25.5", "1"));
    assert_eq!(cell("revenue_share", "deal", "unknown"), is("0", "0", "1"));
    assert_eq!(cell("deals_share", "entry", "unknown").1, "1", "d4 is first seen at its win");
    assert_eq!(cell("revenue_share", "entry", "all"), is("1", "125.5", "3"));
    // Nobody spent anything that is known of.
    let per = rows[&key(["cohort_yield", "revenue_per_spend", "all", "entry", "2025-Q1", "", "0"])];
    assert_eq!((per["value"].as_str(), per["status"].as_str()), ("", "no_spend"));
    let pays = rows[&key(["spend_payoff", "by_wins", "all", "", "total", "", "within"])];
    assert_eq!((pays["value"].as_str(), pays["status"].as_str()), ("", "no_spend"));
    // Two periods are too few to say anything.
    let rho = rows[&key(["correlation", "mqls_and_won_revenue", "all", "mql", "total", "", "0"])];
    assert_eq!((rho["ci_low"].as_str(), rho["status"].as_str()), ("", "too_few"));
}

#[test]
fn what_is_not_over_is_marked_and_what_has_not_begun_is_missing() {
    let spend = "date,team,category,amount\n2025-01-31,marketing,programs,60\n2025-02-28,marketing,programs,40\n2025-05-31,sales,people,9\n";
    let rows = small(DEALS, Some(spend), &["--as-of", "2025-05-20"]);
    let rows = keyed(&rows);
    let cell = |item: &str, cohort: &str, lag: &str| {
        let row = rows[&key(["cohort_yield", item, "all", "entry", cohort, "", lag])];
        (row["value"].clone(), row["status"].clone())
    };
    let is = |value: &str, status: &str| (value.to_string(), status.to_string());
    assert_eq!(cell("revenue_per_spend", "2025-Q1", "0"), is("0.5", "ok"));
    assert_eq!(cell("revenue_per_spend", "2025-Q1", "1"), is("1.5", "partial"));
    assert_eq!(cell("pipeline_per_spend", "2025-Q1", "0"), is("1.5", "ok"));
    assert_eq!(cell("revenue", "2025-Q2", "0"), is("25.5", "partial"));
    assert_eq!(cell("revenue", "2025-Q2", "1"), is("", "not_known_yet"));
    // Nothing after as-of: on 30 March two were won later.
    let earlier = small(DEALS, Some(spend), &["--as-of", "2025-03-30"]);
    let won: Vec<&Record> =
        earlier.iter().filter(|r| r["item"] == "deals_share" && r["lag"] == "all" && r["period"] == "total").collect();
    assert!(!won.is_empty() && won.iter().all(|r| r["n"] == "1"), "{won:?}");
}

#[test]
fn nothing_has_no_figures_and_is_no_error() {
    let none = small("deal,opened,closed,won,worth\n", None, &["--as-of", "2025-06-30"]);
    for row in &none {
        let counted = ["mqls", "deals", "won"].contains(&row["item"].as_str());
        assert!(
            counted || row["value"].is_empty() || row["section"] == "mql_yield" || row["section"] == "cohort_yield",
            "{row:?}"
        );
        assert!(!["NaN", "inf"].iter().any(|odd| row["value"].contains(odd)), "{row:?}");
    }
    // One row each, a day on which nothing has happened, and no people at all.
    let one = "deal,opened,closed,won,worth\nd1,2025-02-03,2025-04-04,yes,100.00\n";
    for (deals, as_of) in [(one, "2025-06-30"), (one, "2024-01-01"), (DEALS, "2025-01-10")] {
        for period in ["week", "year"] {
            assert!(!small(deals, None, &["--as-of", as_of, "--period", period]).is_empty());
        }
    }
    let dir = folder(&[("deals.csv", crate::behaviour::DEALS)]);
    for format in ["table", "csv", "md", "html"] {
        let output = run_in(dir.path(), &["horizon", "deals.csv", "--as-of", "2026-06-30", "-f", format]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !output.stdout.is_empty(), "{format}: {said}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains("NaN") && !text.contains("inf%"), "{format}");
    }
}

/// Longer lags than have rows of their own are together, so that the parts still make the whole.
#[test]
fn many_weeks_are_together() {
    let rows = horizon(&["--period", "week", "--where", "region <> 'nowhere'"]);
    let lags: BTreeSet<&str> =
        rows.iter().filter(|r| r["section"] == "revenue_by_lag").map(|r| r["lag"].as_str()).collect();
    assert!(lags.len() <= 57, "{lags:?}");
    for anchor in ANCHORS {
        let of: Vec<&Record> = rows
            .iter()
            .filter(|r| r["section"] == "revenue_by_lag" && r["item"] == "revenue_share")
            .filter(|r| r["anchor"] == anchor && r["period"] == "total")
            .collect();
        let sum: f64 = of.iter().filter(|r| r["lag"] != "all").filter_map(|r| number(r, "value")).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{anchor}: {sum}");
    }
}
