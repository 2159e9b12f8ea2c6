//! `handoff` of the example company, again by plain loops over the raw exports, on two days; and what was planted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::acme::exports;
use super::raw::{date, iso, new_york, records, utc};
use crate::common::{root, stdout};

/// What the agreement of the example says.
const WITHIN: i64 = 24 * 3600;
const HOLIDAYS: [&str; 14] = [
    "2024-01-01",
    "2024-05-27",
    "2024-07-04",
    "2024-09-02",
    "2024-11-28",
    "2024-12-25",
    "2025-01-01",
    "2025-05-26",
    "2025-07-04",
    "2025-09-01",
    "2025-11-27",
    "2025-12-25",
    "2026-01-01",
    "2026-05-25",
];

/// One marketing qualified lead, in seconds since 1970.
#[derive(Default, Debug)]
struct Lead {
    at: i64,
    day: i64,
    touches: Vec<i64>,
    /// Status and moment.
    statuses: Vec<(i64, String)>,
    /// Acceptance, or a deal of the person, which skipped it.
    accepted: Option<i64>,
    sources: Vec<String>,
    queue: bool,
}

impl Lead {
    fn first(&self) -> Option<i64> {
        self.touches.iter().copied().filter(|t| *t >= self.at).min()
    }
}

/// People who are one: a name for each record, followed to its end.
#[derive(Default)]
struct Same(BTreeMap<String, String>);

impl Same {
    fn find(&self, name: &str) -> String {
        let mut name = name.to_owned();
        while let Some(next) = self.0.get(&name) {
            name.clone_from(next);
        }
        name
    }

    fn unite(&mut self, a: &str, b: &str) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.0.insert(a, b);
        }
    }
}

fn table(name: &str) -> Vec<super::raw::Record> {
    records(&exports().join(format!("salesforce/{name}.csv")))
}

/// Everybody who qualified by a day, and what happened to them by it.
fn leads(last: i64) -> Vec<Lead> {
    let mut same = Same::default();
    let mut nobody = BTreeSet::new();
    let mut source: BTreeMap<String, String> = BTreeMap::new();
    for r in table("Lead") {
        if r["IsDeleted"] == "true" && r["MasterRecordId"].is_empty() {
            nobody.insert(r["Id"].clone());
            continue;
        }
        for other in ["MasterRecordId", "ConvertedContactId"].map(|c| r[c].clone()).iter().filter(|o| !o.is_empty()) {
            same.unite(&r["Id"], other);
        }
        same.unite(&r["Id"], &format!("mail {}", r["Email"].to_lowercase()));
        source.insert(r["Id"].clone(), r["LeadSource"].clone());
    }
    for r in table("Contact") {
        same.unite(&r["Id"], &format!("mail {}", r["Email"].to_lowercase()));
    }
    let hubspot = records(&exports().join(super::acme::HUBSPOT));
    let mut at: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let mut qualified = |who: String, moment: super::raw::Moment| {
        if moment.day <= last {
            let known = at.entry(who).or_insert((moment.at, moment.day));
            *known = (*known).min((moment.at, moment.day));
        }
    };
    for r in &hubspot {
        let mail = format!("mail {}", r["Email"].to_lowercase());
        if let Some(moment) = new_york(&r["Date entered \"Marketing Qualified Lead (Lifecycle Stage Pipeline)\""]) {
            qualified(same.find(&mail), moment);
        }
    }
    let history: Vec<_> = table("LeadHistory").into_iter().filter(|r| !nobody.contains(&r["LeadId"])).collect();
    for r in history.iter().filter(|r| r["Field"] == "Status" && r["NewValue"] == "MQL") {
        qualified(same.find(&r["LeadId"]), utc(&r["CreatedDate"]).unwrap());
    }
    let mut all: BTreeMap<String, Lead> =
        at.into_iter().map(|(who, (at, day))| (who, Lead { at, day, ..Lead::default() })).collect();
    for r in history {
        let moment = utc(&r["CreatedDate"]).unwrap();
        let Some(lead) = all.get_mut(&same.find(&r["LeadId"])).filter(|_| moment.day <= last) else { continue };
        match r["Field"].as_str() {
            "Status" => lead.statuses.push((moment.at, r["NewValue"].clone())),
            "Owner" => lead.queue |= r["OldValue"] == "West Inbound Queue",
            _ => {}
        }
    }
    let deals: BTreeMap<String, i64> = table("Opportunity")
        .iter()
        .filter_map(|r| Some((r["Id"].clone(), utc(&r["CreatedDate"]).filter(|m| m.day <= last)?.at)))
        .collect();
    for r in table("Lead").iter().filter(|r| !r["ConvertedOpportunityId"].is_empty()) {
        let Some(lead) = all.get_mut(&same.find(&r["Id"])) else { continue };
        lead.accepted = deals.get(&r["ConvertedOpportunityId"]).copied();
    }
    for (who, lead) in &mut all {
        let taken = |s: &&(i64, String)| ["Accepted", "Working"].contains(&s.1.as_str());
        lead.accepted = lead.statuses.iter().filter(taken).map(|s| s.0).min().or(lead.accepted);
        lead.sources = source.iter().filter(|(id, _)| same.find(id) == *who).map(|(_, s)| s.clone()).collect();
    }
    let mut touch = |who: &str, cell: &str| {
        let moment = utc(cell).unwrap();
        if let Some(lead) = all.get_mut(&same.find(who)).filter(|_| moment.day <= last) {
            lead.touches.push(moment.at);
        }
    };
    for r in table("Task").iter().filter(|r| r["IsClosed"] == "true" && r["IsDeleted"] == "false") {
        touch(&r["WhoId"], &r["CompletedDateTime"]);
    }
    for r in table("Event").iter().filter(|r| r["IsDeleted"] == "false") {
        touch(&r["WhoId"], &r["ActivityDateTime"]);
    }
    all.into_values().collect()
}

/// Seconds of Monday to Friday, nine to five in New York, without holidays: day by day.
fn working(from: i64, to: i64) -> i64 {
    let holidays: Vec<i64> = HOLIDAYS.iter().map(|d| date(d).unwrap()).collect();
    let first = from.div_euclid(86_400) - 1;
    let days = (first..=to.div_euclid(86_400)).filter(|d| (d + 3).rem_euclid(7) < 5 && !holidays.contains(d));
    days.map(|day| {
        let clock = |hour: i64| new_york(&format!("{} {hour:02}:00", iso(day))).unwrap().at;
        (to.min(clock(17)) - from.max(clock(9))).max(0)
    })
    .sum()
}

fn end(last: i64) -> i64 {
    new_york(&format!("{} 00:00", iso(last + 1))).unwrap().at
}

fn report(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[&["handoff"], args, &["-f", "json"]].concat())).unwrap()
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r Vec<Value> {
    let of = |t: &&Value| t["id"] == table;
    report["tables"].as_array().unwrap().iter().find(of).unwrap_or_else(|| panic!("no {table}"))["rows"]
        .as_array()
        .unwrap()
}

fn row<'r>(report: &'r Value, dimension: &str, value: &str, period: &str) -> &'r Value {
    let is = |r: &&Value| r["dimension"] == dimension && r["value"] == value && r["period"] == period;
    rows(report, "handoff_tidy").iter().find(is).unwrap_or_else(|| panic!("no {dimension} {value} of {period}"))
}

fn number(row: &Value, column: &str) -> f64 {
    row[column].as_f64().unwrap_or_else(|| panic!("no {column} in {row}"))
}

/// The median of everybody, where those never touched have waited until the end; seconds.
fn median(mut waits: Vec<(i64, bool)>) -> Option<i64> {
    waits.sort_by_key(|(time, touched)| (*time, !touched));
    let mut left = 1.0;
    for i in 0..waits.len() {
        if waits[i].1 {
            left *= 1.0 - 1.0 / f64::from(u32::try_from(waits.len() - i).unwrap());
            if left <= 0.5 + 1e-9 {
                return Some(waits[i].0);
            }
        }
    }
    None
}

fn check(about: &str, row: &Value, leads: &[&Lead], last: i64) {
    let end = end(last);
    let over = |l: &&&Lead| working(l.at, end) > WITHIN;
    let kept = |l: &&&Lead| l.first().is_some_and(|t| working(l.at, t) <= WITHIN);
    let later = |l: &Lead, word: &str| l.statuses.iter().filter(|s| s.1 == word && s.0 >= l.at).map(|s| s.0).min();
    let fate = |l: &Lead| {
        let decided = [l.accepted, later(l, "Unqualified"), later(l, "Recycled")];
        let first = (0..3).filter_map(|i| decided[i].map(|at| (at, i))).min();
        match (first, l.first()) {
            (Some((_, i)), _) => ["accepted", "rejected", "recycled"][i],
            (None, Some(_)) => "in_work",
            (None, None) if over(&&l) => "leaked",
            (None, None) => "waiting",
        }
    };
    let count = |test: &dyn Fn(&&&Lead) -> bool| leads.iter().filter(|l| test(l)).count();
    let is = |l: &&&Lead, word: &str| fate(l) == word;
    let expected: [(&str, usize); 16] = [
        ("qualified", leads.len()),
        ("touched", count(&|l| l.first().is_some())),
        ("touched_before", count(&|l| l.touches.iter().any(|t| *t < l.at))),
        ("window_open", count(&|l| !over(l))),
        ("within", count(&|l| over(l) && kept(l))),
        ("late_or_never", count(&|l| over(l) && !kept(l))),
        ("days_only", 0),
        ("accepted", count(&|l| is(l, "accepted"))),
        ("rejected", count(&|l| is(l, "rejected"))),
        ("recycled", count(&|l| is(l, "recycled"))),
        ("in_work", count(&|l| is(l, "in_work"))),
        ("waiting", count(&|l| is(l, "waiting"))),
        ("leaked", count(&|l| is(l, "leaked"))),
        ("rejected_ever", count(&|l| later(l, "Unqualified").is_some())),
        ("recycled_ever", count(&|l| later(l, "Recycled").is_some())),
        (
            "qualified_again",
            count(&|l| later(l, "Recycled").is_some_and(|r| l.statuses.iter().any(|s| s.1 == "MQL" && s.0 > r))),
        ),
    ];
    for (column, expected) in expected {
        assert_eq!(row[column].to_string(), expected.to_string(), "{about}: {column} of {row}");
    }
    let waits = leads.iter().map(|l| l.first().map_or((working(l.at, end), false), |t| (working(l.at, t), true)));
    let median = median(waits.collect());
    #[allow(clippy::cast_possible_truncation)]
    let seconds = row["median_hours"].as_f64().map(|hours| (hours * 3600.0).round() as i64);
    assert_eq!(seconds, median, "{about}: median");
}

#[test]
fn every_figure_by_a_loop_over_the_raw_exports() {
    for as_of in ["2026-06-30", "2025-03-31"] {
        let last = date(as_of).unwrap();
        let all = leads(last);
        let report = report(&["examples/acme", "--as-of", as_of, "--period", "month"]);
        for r in rows(&report, "handoff_tidy").iter().filter(|r| r["dimension"] == "all") {
            let (from, to) = (date(r["period_start"].as_str().unwrap()), date(r["period_end"].as_str().unwrap()));
            let part: Vec<&Lead> = all.iter().filter(|l| Some(l.day) >= from && Some(l.day) <= to).collect();
            check(&format!("{as_of}, {}", r["period"]), r, &part, last);
        }
        let queued: Vec<&Lead> = all.iter().filter(|l| l.queue).collect();
        let queue = row(&report, "queue", "West Inbound Queue", "total");
        // Besides those who left it, those who are in it still: nobody was in touch with them.
        assert_eq!(number(queue, "touched").to_string(), queued.len().to_string(), "{as_of}");
        for weekday in 0..7 {
            let name = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][usize::try_from(weekday).unwrap()];
            let part: Vec<&Lead> = all.iter().filter(|l| (l.day + 3).rem_euclid(7) == weekday).collect();
            check(&format!("{as_of}, {name}"), row(&report, "weekday", name, "total"), &part, last);
        }
        for hour in 6..24 {
            let of = |l: &&Lead| {
                let at = |h: i64| new_york(&format!("{} {h:02}:00", iso(l.day))).unwrap().at;
                (at(hour)..at(hour) + 3600).contains(&l.at)
            };
            let part: Vec<&Lead> = all.iter().filter(of).collect();
            if !part.is_empty() {
                check(
                    &format!("{as_of}, hour {hour}"),
                    row(&report, "hour", &format!("{hour:02}"), "total"),
                    &part,
                    last,
                );
            }
        }
    }
}

#[test]
fn the_parts_add_up_in_every_row() {
    let report = report(&["examples/acme", "--by", "region,industry", "--period", "year"]);
    let mut dimensions = BTreeMap::new();
    for r in rows(&report, "handoff_tidy") {
        let sum = |columns: &[&str]| columns.iter().map(|c| number(r, c)).sum::<f64>();
        let fates = sum(&["accepted", "rejected", "recycled", "in_work", "waiting", "leaked"]);
        let kept = sum(&["within", "late_or_never", "undecided", "window_open"]);
        let all = number(r, "qualified");
        assert_eq!((fates.to_string(), kept.to_string()), (all.to_string(), all.to_string()), "{r}");
        if r["period"] == "total" {
            *dimensions.entry(r["dimension"].as_str().unwrap().to_owned()).or_insert(0.0) += all;
        }
    }
    assert_eq!(dimensions.len(), 7);
    assert!(dimensions.values().all(|n| n.to_string() == "1286"), "{dimensions:?}");
}

/// What was planted: counts, and how long the late rep and the queue took, in seconds by the clock on the wall.
#[test]
fn planted_leaks_and_late_follow_up_are_found() {
    let truth = std::fs::read_to_string(root().join("examples/acme/truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let contract = std::fs::read_to_string(root().join("examples/acme/onefunnel.toml")).unwrap();
    let line = "business_hours = \"Mon-Fri 09:00-17:00\"\n";
    assert!(contract.contains(line));
    let (before, after) = contract.split_once("holidays = [").unwrap();
    let (_, after) = after.split_once("]\n").unwrap();
    let contract = format!("{before}{after}").replace(line, "");
    let folder = format!("path = \"{}/", exports().to_str().unwrap());
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), contract.replace("path = \"exports/", &folder)).unwrap();
    let report = report(&[file.path().to_str().unwrap()]);

    let all = row(&report, "all", "", "total");
    let total = |name: &str| truth["totals"][name].as_f64().unwrap();
    for (column, planted) in [
        ("qualified", total("mqls")),
        ("accepted_recorded", total("mqls_accepted")),
        ("touched_before", total("mqls_with_a_sales_touch_before")),
        ("recycled_ever", total("mqls_recycled")),
        ("qualified_again", total("mqls_qualified_twice")),
    ] {
        assert_eq!(number(all, column).to_string(), planted.to_string(), "{column}");
    }
    let untouched = number(all, "leaked") + number(all, "waiting");
    assert_eq!(untouched.to_string(), (total("leaked_mqls") + total("mqls_still_waiting_for_sales")).to_string());
    let leaked = rows(&report, "handoff_leaked");
    assert_eq!(leaked.len().to_string(), number(all, "leaked").to_string());
    let medians = &truth["medians"]["seconds_from_mql_to_first_sales_touch"];
    let touched = |row: &Value| (number(row, "touched"), number(row, "median_hours_of_touched") * 3600.0);
    let queue = touched(row(&report, "queue", "West Inbound Queue", "total"));
    assert!((queue.1 - medians["west_queue"]["median"].as_f64().unwrap()).abs() < 0.01, "{queue:?}");
    assert_eq!(queue.0.to_string(), medians["west_queue"]["count"].to_string());
    // The truth's median of an even number is the mean of two; ours is a time at which somebody was touched.
    let late = touched(row(&report, "rep", "Dana Whitfield", "total"));
    assert_eq!(late.0.to_string(), medians["late_rep"]["count"].to_string());
    assert!((late.1 / medians["late_rep"]["median"].as_f64().unwrap() - 1.0).abs() < 0.02, "{late:?}");
    // Both are slower than everybody together, and touch no more in time.
    for slow in [row(&report, "queue", "West Inbound Queue", "total"), row(&report, "rep", "Dana Whitfield", "total")] {
        assert!(number(slow, "median_hours") > 1.25 * number(all, "median_hours"), "{slow}");
        assert!(number(slow, "share_within") < number(all, "share_within"), "{slow}");
    }
}

#[test]
fn delivered_against_needed_is_the_calendar_again() {
    let report = report(&["examples/acme"]);
    let truth = std::fs::read_to_string(root().join("examples/acme/truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let months = truth["by_month"]["mqls"].as_object().unwrap();
    let lines: Vec<&Value> = rows(&report, "handoff_delivered").iter().filter(|r| r["stage_id"] == "mql").collect();
    assert_eq!(lines.len(), months.len() + 1);
    let (mut needed, mut came) = (0.0, 0.0);
    for line in &lines[..months.len()] {
        let month = line["period"].as_str().unwrap();
        let target = if month < "2025-07" { 38.0 } else { 55.0 };
        let delivered = months[month].as_f64().unwrap();
        (needed, came) = (needed + target, came + delivered);
        assert!((number(line, "delivered") - delivered).abs() < 1e-9, "{line}");
        for (column, value) in
            [("needed", target), ("attainment", delivered / target), ("cumulative_attainment", came / needed)]
        {
            assert!((number(line, column) - value).abs() < 1e-9, "{column} of {line}");
        }
    }
    let total = lines[months.len()];
    assert_eq!(
        (number(total, "delivered").to_string(), number(total, "needed").to_string()),
        ("1286".into(), needed.to_string())
    );
}
