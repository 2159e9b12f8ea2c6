//! `journey` of the example company, again by plain loops over the raw exports; what was planted; and what must not matter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::acme::{HUBSPOT, exports};
use super::company::{AS_OF, DEALS, PEOPLE, PLAIN, Random, Sheet, Style, Times, generate, write};
use super::process::{Process, processes};
use super::raw::{Moment, Record, date, iso, new_york, parse, records, utc};
use crate::common::{command, root, stdout};

/// One touch: the first and the last second that it may have been at.
#[derive(Debug, Clone)]
struct Touch {
    from: i64,
    to: i64,
    day: i64,
    sales: bool,
    kind: String,
}

/// One process in seconds.
struct One {
    process: Process,
    /// By stage but the last: when, and whether that is recorded.
    stages: Vec<Option<(i64, bool)>>,
    created: Option<i64>,
    /// The first day of any stage.
    first: Option<i64>,
    /// The last second of the close's day.
    over: Option<i64>,
    touches: Vec<Touch>,
}

fn id(cell: &str) -> String {
    cell.chars().take(15).collect()
}

fn table(name: &str) -> Vec<Record> {
    records(&exports().join(format!("salesforce/{name}.csv")))
}

fn midnight(day: i64) -> i64 {
    new_york(&format!("{} 00:00", iso(day))).unwrap().at
}

fn yes(cell: &str) -> bool {
    ["1", "true"].contains(&cell)
}

/// Every process with moments instead of days.
fn everybody() -> Vec<One> {
    let company = super::acme::company();
    let all = processes(&company);
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for (at, process) in all.iter().enumerate() {
        of.extend(process.people.iter().chain(&process.deal).map(|id| (id.clone(), at)));
    }
    for (loser, winner) in &company.merged {
        if let Some(at) = of.get(winner).copied() {
            of.insert(loser.clone(), at);
        }
    }
    let mut known: Vec<[Option<i64>; 5]> = vec![[None; 5]; all.len()];
    let mut note = |who: &str, stage: usize, moment: Option<Moment>| {
        if let (Some(at), Some(moment)) = (of.get(who), moment) {
            let known = &mut known[*at][stage];
            *known = Some(known.map_or(moment.at, |k| k.min(moment.at)));
        }
    };
    for person in &company.people {
        note(&person.id, 0, person.created);
    }
    for r in records(&exports().join(HUBSPOT)) {
        let at = new_york(&r["Date entered \"Marketing Qualified Lead (Lifecycle Stage Pipeline)\""]);
        note(&format!("hubspot {}", r["Record ID"]), 1, at);
    }
    for r in table("LeadHistory").iter().filter(|r| r["Field"] == "Status") {
        match r["NewValue"].as_str() {
            "MQL" => note(&id(&r["LeadId"]), 1, utc(&r["CreatedDate"])),
            "Accepted" | "Working" => note(&id(&r["LeadId"]), 2, utc(&r["CreatedDate"])),
            _ => {}
        }
    }
    for deal in &company.deals {
        note(&deal.id, 3, deal.created);
    }
    for r in table("OpportunityHistory").iter().filter(|r| r["StageName"] == "Proposal/Price Quote") {
        note(&id(&r["OpportunityId"]), 4, utc(&r["CreatedDate"]));
    }
    let mut touches: Vec<Vec<Touch>> = vec![Vec::new(); all.len()];
    let mut touch = |ids: [&str; 3], from: i64, to: i64, day: i64, sales: bool, kind: String| {
        if let Some(at) = ids.iter().find_map(|i| of.get(&id(i))) {
            touches[*at].push(Touch { from, to, day, sales, kind });
        }
    };
    let types: BTreeMap<String, String> = table("Campaign").iter().map(|r| (id(&r["Id"]), r["Type"].clone())).collect();
    for r in table("CampaignMember").iter().filter(|r| yes(&r["HasResponded"])) {
        let day = date(&r["FirstRespondedDate"]).unwrap();
        let ends = (midnight(day), midnight(day + 1) - 1);
        touch(["", &r["ContactId"], &r["LeadId"]], ends.0, ends.1, day, false, types[&id(&r["CampaignId"])].clone());
    }
    for r in table("Task").iter().filter(|r| yes(&r["IsClosed"]) && !yes(&r["IsDeleted"])) {
        let m = utc(&r["CompletedDateTime"]).unwrap();
        touch([&r["WhatId"], &r["WhoId"], ""], m.at, m.at, m.day, true, r["TaskSubtype"].to_lowercase());
    }
    for r in table("Event").iter().filter(|r| !yes(&r["IsDeleted"])) {
        let m = utc(&r["ActivityDateTime"]).unwrap();
        if m.day <= date(super::acme::AS_OF).unwrap() {
            touch([&r["WhatId"], &r["WhoId"], ""], m.at, m.at, m.day, true, "meeting".into());
        }
    }
    let created: BTreeMap<&str, Option<i64>> =
        company.deals.iter().map(|d| (d.id.as_str(), d.created.map(|c| c.at))).collect();
    let mut everybody = Vec::new();
    for (at, process) in all.into_iter().enumerate() {
        // Won is a day, and dates what was skipped before it too.
        let won = process.closed.filter(|_| process.won).map(midnight);
        let stages = (0..5).map(|s| {
            let before = known[at][..s].iter().any(Option::is_some);
            let later = known[at][s..].iter().flatten().copied().chain(won).min();
            known[at][s].map(|k| (k, true)).or(later.filter(|_| before).map(|l| (l, false)))
        });
        let stages: Vec<Option<(i64, bool)>> = stages.collect();
        everybody.push(One {
            first: stages.iter().flatten().map(|(at, _)| new_york_day(*at)).min(),
            stages,
            created: process.deal.as_deref().and_then(|d| created[d]),
            over: process.closed.map(|day| midnight(day + 1) - 1),
            touches: std::mem::take(&mut touches[at]),
            process,
        });
    }
    everybody
}

impl One {
    /// Without a human of its own, marketing's touches cannot be linked to it.
    fn has_people(&self) -> bool {
        !self.process.people.is_empty()
    }

    /// Passed at the very close, by nothing but the close.
    fn was_over(&self, stage: usize) -> bool {
        let won = self.process.closed.filter(|_| self.process.won).map(midnight);
        self.stages[stage].is_some_and(|(at, recorded)| !recorded && won.is_some_and(|won| won <= at))
    }

    fn journey(&self) -> Vec<&Touch> {
        self.touches.iter().filter(|t| self.over.is_none_or(|over| t.from <= over)).collect()
    }

    /// The furthest stage at a second; `None` before the first.
    fn at(&self, second: i64) -> Option<usize> {
        (0..5).rev().find(|s| self.stages[*s].is_some_and(|(from, _)| from <= second))
    }

    fn first_day(&self) -> Option<i64> {
        self.process.entered()
    }

    fn handed(&self) -> Option<i64> {
        self.stages[1].filter(|(_, recorded)| *recorded).map(|(at, _)| at)
    }

    /// The fewest changes of team, over every order that the times allow.
    fn changes(&self) -> Option<u32> {
        let mut moments: BTreeMap<(i64, i64), BTreeSet<bool>> = BTreeMap::new();
        let journey = self.journey();
        for t in &journey {
            // One touch without a time takes the order from all of its day.
            let whole = journey.iter().any(|o| o.day == t.day && o.from != o.to);
            moments.entry((t.day, if whole { 0 } else { t.from })).or_default().insert(t.sales);
        }
        let mut least = [0_u32, 0];
        for teams in moments.values() {
            let come = |team: usize| least[team].min(least[1 - team] + 1);
            least = match (teams.contains(&false), teams.contains(&true)) {
                (true, false) => [come(0), u32::MAX / 2],
                (false, true) => [u32::MAX / 2, come(1)],
                _ => [come(1) + 1, come(0) + 1],
            };
        }
        (!moments.is_empty()).then(|| least[0].min(least[1]))
    }

    fn silence(&self) -> Option<i64> {
        let handed = self.handed().filter(|at| self.over.is_none_or(|over| *at <= over))?;
        let day = new_york_day(handed);
        let journey = self.journey();
        let until = journey.iter().filter(|t| t.sales && t.to >= handed).map(|t| t.day).min()?;
        let from = journey.iter().filter(|t| !t.sales && t.day <= day).map(|t| t.day).max().unwrap_or(day);
        // Day by day: how long since the last touch?
        let (mut longest, mut quiet) = (0, 0);
        for d in from + 1..=until {
            quiet += 1;
            longest = longest.max(quiet);
            if journey.iter().any(|t| t.day == d) {
                quiet = 0;
            }
        }
        Some(longest)
    }
}

fn new_york_day(second: i64) -> i64 {
    let near = second.div_euclid(86_400);
    (near - 1..=near + 1).rev().find(|d| midnight(*d) <= second).unwrap()
}

fn report(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[&["journey"], args, &["-f", "json"]].concat())).unwrap()
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r Vec<Value> {
    let of = |t: &&Value| t["id"] == table;
    let tables = report["tables"].as_array().unwrap();
    tables.iter().find(of).unwrap_or_else(|| panic!("no {table}"))["rows"].as_array().unwrap()
}

/// Value, numerator and denominator by section, item and figure of one period and segment.
type Figures = BTreeMap<(String, String, String), [Option<f64>; 3]>;

fn figures(report: &Value, period: &str, segment: &str) -> Figures {
    let text = |r: &Value, c: &str| r[c].as_str().unwrap_or_default().to_owned();
    rows(report, "journey_tidy")
        .iter()
        .filter(|r| r["period"] == period && r["segment"] == segment)
        .map(|r| {
            let key = (text(r, "section"), text(r, "item"), text(r, "figure"));
            (key, ["value", "numerator", "denominator"].map(|c| r[c].as_f64()))
        })
        .collect()
}

#[allow(clippy::cast_precision_loss)]
fn float(n: usize) -> f64 {
    n as f64
}

fn is(figures: &Figures, key: [&str; 3], column: usize, expected: f64) {
    let key = (key[0].to_owned(), key[1].to_owned(), key[2].to_owned());
    let found = figures.get(&key).unwrap_or_else(|| panic!("no {key:?}"))[column];
    assert!(found.is_some_and(|f| (f - expected).abs() < 1e-9), "{key:?}: {found:?}, by the second route {expected}");
}

fn quantile(mut numbers: Vec<f64>, q: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let at = q * float(numbers.len() - 1);
    let (low, high) = (at.floor(), at.ceil());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let number = |i: f64| numbers[i as usize];
    number(low) + (number(high) - number(low)) * (at - low)
}

const IDS: [&str; 5] = ["lead", "mql", "sal", "opportunity", "proposal"];

fn check_touches(found: &Figures, part: &[&One]) {
    // Stage 5 is before the first.
    let mut gaps = Vec::new();
    for (s, item) in (0..6).zip(IDS.into_iter().chain(["before"])) {
        let mut touches = [0, 0];
        let mut early = [0, 0];
        let mut reached = [0, 0, 0, 0];
        let mut no_person = 0;
        for one in part {
            let mine: Vec<&Touch> = one.journey().into_iter().filter(|t| one.at(t.to).unwrap_or(5) == s).collect();
            let teams = [false, true].map(|sales| mine.iter().filter(|t| t.sales == sales).count());
            touches = [touches[0] + teams[0], touches[1] + teams[1]];
            for t in one.journey() {
                let place = if one.at(t.to).is_some() { one.at(t.from).unwrap_or(5) } else { 5 };
                early[usize::from(t.sales)] += usize::from(place == s);
            }
            let start = (s < 5).then(|| one.stages[s]).flatten().map(|(at, _)| at);
            let there = start.is_some_and(|at| one.at(at) == Some(s) && one.over.is_none_or(|over| at <= over));
            let there = there && !one.was_over(s);
            if !one.has_people() {
                no_person += usize::from(there || !mine.is_empty());
            } else if there || !mine.is_empty() {
                let place = match (teams[0] > 0, teams[1] > 0) {
                    (true, false) => 0,
                    (false, true) => 1,
                    (true, true) => 2,
                    (false, false) => 3,
                };
                reached[place] += 1;
            }
        }
        is(found, ["touches", item, "marketing"], 0, float(touches[0]));
        is(found, ["touches", item, "sales"], 0, float(touches[1]));
        is(found, ["touches", item, "marketing_share_by_start_of_day"], 1, float(early[0]));
        is(found, ["touches", item, "marketing_share_by_start_of_day"], 2, float(early[0] + early[1]));
        is(found, ["reached", item, "no_person"], 0, float(no_person));
        is(found, ["reached", item, "processes"], 0, float(reached.iter().sum()));
        for (team, n) in ["marketing_only", "sales_only", "both", "neither"].into_iter().zip(reached) {
            is(found, ["reached", item, team], 1, float(n));
        }
        if s < 5 && touches[0] + touches[1] > 0 {
            gaps.push(float(touches[0].abs_diff(touches[1])) / float(touches[0] + touches[1]));
        }
    }
    let index = 1.0 - gaps.iter().sum::<f64>() / float(gaps.len());
    is(found, ["overlap", "journey", "overlap_index"], 0, index);
    is(found, ["overlap", "journey", "overlap_index"], 1, index * float(gaps.len()));
    let after = |sales: bool| {
        let all = part.iter().map(|one| one.touches.iter().filter(|t| t.sales == sales).count()).sum::<usize>();
        all - part.iter().map(|one| one.journey().iter().filter(|t| t.sales == sales).count()).sum::<usize>()
    };
    is(found, ["touches", "after_close", "marketing"], 0, float(after(false)));
    is(found, ["touches", "after_close", "sales"], 0, float(after(true)));
}

fn check_began(found: &Figures, part: &[&One]) {
    check_touches(found, part);
    let count = |test: &dyn Fn(&One, &Touch) -> bool| {
        part.iter().map(|one| one.journey().into_iter().filter(|t| test(one, t)).count()).sum::<usize>()
    };
    let since = |one: &One, t: &Touch| one.created.is_some_and(|c| c <= t.to);
    is(found, ["quoted", "marketing_after_deal", "touches"], 1, float(count(&|o, t| !t.sales && since(o, t))));
    is(found, ["quoted", "marketing_after_deal", "touches"], 2, float(count(&|_, t| !t.sales)));
    let deals = part.iter().filter(|o| o.created.is_some() && o.has_people());
    let touched = deals.clone().filter(|o| o.journey().iter().any(|t| !t.sales && since(o, t)));
    is(found, ["quoted", "marketing_after_deal", "processes"], 1, float(touched.count()));
    is(found, ["quoted", "marketing_after_deal", "processes"], 2, float(deals.count()));
    let before = |one: &One, t: &Touch| t.sales && one.handed().is_some_and(|h| t.to < h);
    is(found, ["quoted", "sales_before_handoff", "touches"], 1, float(count(&before)));
    let handed = part.iter().filter(|o| o.handed().is_some());
    let early = handed.clone().filter(|o| o.journey().iter().any(|t| before(o, t)));
    is(found, ["quoted", "sales_before_handoff", "processes"], 1, float(early.count()));
    is(found, ["quoted", "sales_before_handoff", "processes"], 2, float(handed.count()));
    let unhanded = |one: &One, t: &Touch| t.sales && one.handed().is_none_or(|h| t.to < h);
    is(found, ["quoted", "sales_before_or_without_handoff", "touches"], 1, float(count(&unhanded)));
    is(found, ["quoted", "sales_before_or_without_handoff", "touches"], 2, float(count(&|_, t| t.sales)));
    let nurture = |one: &One, t: &Touch| !since(one, t) && one.first.is_some_and(|first| first < t.day);
    is(found, ["nurture", "marketing", "touches"], 1, float(count(&|o, t| !t.sales && nurture(o, t))));
    is(found, ["nurture", "sales", "touches"], 1, float(count(&|o, t| t.sales && nurture(o, t))));
    for (item, wanted) in [
        ("marketing_only", (true, false)),
        ("sales_only", (false, true)),
        ("both", (true, true)),
        ("neither", (false, false)),
        ("no_person", (false, false)),
    ] {
        let teams = |o: &&&One| (o.journey().iter().any(|t| !t.sales), o.journey().iter().any(|t| t.sales));
        let is_in = |o: &&&One| {
            if item == "no_person" { !o.has_people() } else { o.has_people() && teams(o) == wanted }
        };
        let group: Vec<&&One> = part.iter().filter(is_in).collect();
        let won: Vec<&&&One> = group.iter().filter(|o| o.process.won).collect();
        is(found, ["teams", item, "processes"], 0, float(group.len()));
        is(found, ["teams", item, "deals"], 0, float(group.iter().filter(|o| o.process.deal.is_some()).count()));
        is(found, ["teams", item, "won"], 0, float(won.len()));
        is(found, ["teams", item, "lost"], 0, float(group.iter().filter(|o| o.process.lost).count()));
        let cents: i64 = won.iter().filter_map(|o| o.process.amount).sum();
        #[allow(clippy::cast_precision_loss)]
        is(found, ["teams", item, "won_revenue"], 0, cents as f64 / 100.0);
    }
    for (item, marketing) in [("marketing", true), ("sales", false)] {
        let of = |o: &&&One| super::acme::of_marketing(&o.process.source) == marketing;
        is(found, ["origin", item, "processes"], 0, float(part.iter().filter(of).count()));
        is(found, ["origin", item, "won"], 0, float(part.iter().filter(of).filter(|o| o.process.won).count()));
    }
    let silences: Vec<f64> = part.iter().filter_map(|o| o.silence()).map(days).collect();
    is(found, ["silence", "all", "n"], 0, float(silences.len()));
    if !silences.is_empty() {
        is(found, ["silence", "all", "p90"], 0, quantile(silences, 0.9));
    }
}

#[allow(clippy::cast_precision_loss)]
fn days(days: i64) -> f64 {
    days as f64
}

fn check_won(found: &Figures, part: &[&One]) {
    is(found, ["hand_offs", "won", "won_deals"], 0, float(part.len()));
    let with: Vec<&&One> = part.iter().filter(|o| o.has_people()).collect();
    is(found, ["hand_offs", "won", "no_person"], 0, float(part.len() - with.len()));
    let changes: Vec<f64> = with.iter().filter_map(|o| o.changes()).map(f64::from).collect();
    is(found, ["hand_offs", "won", "without_a_touch"], 0, float(with.len() - changes.len()));
    let returned = changes.iter().filter(|c| **c > 1.5).count();
    is(found, ["hand_offs", "won", "ping_pong"], 1, float(returned));
    is(found, ["hand_offs", "won", "ping_pong"], 2, float(changes.len()));
    for n in 0..=13_u32 {
        let deals = changes.iter().filter(|c| (**c - f64::from(n)).abs() < 0.5).count();
        let key = ("hand_off_distribution".to_owned(), n.to_string(), "won_deals".to_owned());
        let said = found.get(&key).map_or(0.0, |row| row[1].unwrap());
        assert!((said - float(deals)).abs() < 1e-9, "{n} changes: {said}, by the second route {deals}");
    }
    let silences: Vec<f64> = part.iter().filter_map(|o| o.silence()).map(days).collect();
    is(found, ["silence", "won", "n"], 0, float(silences.len()));
    let mut shares = Vec::new();
    let (mut first, mut one_team, mut no_order) = (0, 0, 0);
    for one in with {
        let journey = one.journey();
        let of = |sales: bool| journey.iter().filter(|t| t.sales == sales).map(|t| t.day).min();
        // Every touch of the day may have been before every other, unless both have a time.
        let may_be_first = |sales: bool, day: i64| {
            let mine = journey.iter().filter(|t| t.sales == sales && t.day == day).map(|t| t.from).min();
            let others = journey.iter().filter(|t| t.sales != sales && t.day == day).map(|t| t.to).min();
            mine.zip(others).is_some_and(|(mine, others)| mine < others || (mine == others && !sales))
        };
        match (of(false), of(true), one.process.closed) {
            (Some(m), Some(s), _) if s < m => first += 1,
            (Some(m), Some(s), _) if s == m && !may_be_first(false, m) => first += 1,
            (Some(m), Some(s), Some(c)) if c > m && s == m && may_be_first(true, m) => no_order += 1,
            (Some(m), Some(s), Some(c)) if c > m => shares.push(days(s - m) / days(c - m)),
            (Some(_), Some(_), _) => {}
            _ => one_team += 1,
        }
    }
    is(found, ["pre_sales", "won", "sales_first"], 0, float(first));
    is(found, ["pre_sales", "won", "one_team_or_none"], 0, float(one_team));
    is(found, ["pre_sales", "won", "order_unknown"], 0, float(no_order));
    is(found, ["pre_sales", "won", "n"], 0, float(shares.len()));
    if shares.is_empty() {
        return;
    }
    is(found, ["hand_offs", "won", "median"], 0, quantile(changes, 0.5));
    for (figure, q) in [("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9)] {
        is(found, ["pre_sales", "won", figure], 0, quantile(shares.clone(), q));
    }
    if !silences.is_empty() {
        is(found, ["silence", "won", "median"], 0, quantile(silences, 0.5));
    }
}

#[test]
fn every_figure_by_a_loop_over_the_raw_exports() {
    let all = everybody();
    let report = report(&["examples/acme", "--by", "lead_source"]);
    let mut periods: Vec<(String, i64, i64)> = Vec::new();
    for r in rows(&report, "journey_tidy") {
        let day = |c: &str| date(r[c].as_str().unwrap()).unwrap();
        let period = (r["period"].as_str().unwrap().to_owned(), day("period_start"), day("period_end"));
        if !periods.contains(&period) {
            periods.push(period);
        }
    }
    assert_eq!(periods.len(), 11);
    for (period, from, to) in &periods {
        for source in ["", "Webinar", "Outbound"] {
            let segment = if source.is_empty() { String::new() } else { format!("lead_source={source}") };
            let found = figures(&report, period, &segment);
            let of = |o: &&One| source.is_empty() || o.process.source == source;
            let within = |day: Option<i64>| day.is_some_and(|d| (*from..=*to).contains(&d));
            let began: Vec<&One> = all.iter().filter(of).filter(|o| within(o.first_day())).collect();
            check_began(&found, &began);
            let won = |o: &&One| o.process.won && within(o.process.closed);
            let won: Vec<&One> = all.iter().filter(of).filter(won).collect();
            check_won(&found, &won);
        }
    }
}

#[test]
fn planted_touches_are_all_there_by_team_and_by_channel() {
    let truth = std::fs::read_to_string(root().join("examples/acme/truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let found = figures(&report(&["examples/acme"]), "total", "");
    let all = |team: &str| {
        let of = |(section, item, figure): &(String, String, String)| {
            section == "touches" && item != "journey" && figure == team
        };
        found.iter().filter(|(key, _)| of(key)).map(|(_, row)| row[0].unwrap()).sum::<f64>()
    };
    assert_eq!(all("marketing").to_string(), truth["totals"]["marketing_touches"].to_string());
    assert_eq!(all("sales").to_string(), truth["totals"]["sales_touches"].to_string());
    is(
        &found,
        ["quoted", "sales_before_handoff", "processes"],
        1,
        truth["totals"]["mqls_with_a_sales_touch_before"].as_f64().unwrap(),
    );
    // The steps of all paths, a quarter at a time so that no path is among the others; and what came after the close.
    let mut channels: BTreeMap<String, u64> = BTreeMap::new();
    for one in everybody() {
        for touch in one.touches.iter().filter(|t| one.over.is_some_and(|over| t.from > over)) {
            *channels.entry(if touch.sales { "s".to_owned() } else { touch.kind.clone() }).or_default() += 1;
        }
    }
    for quarter in (2024..=2026).flat_map(|y| (1..=4).map(move |q| format!("{y}-Q{q}"))).take(10) {
        let (from, to) = super::raw::quarter_days(&quarter);
        let report = report(&["examples/acme", "--variants", "--from", &iso(from), "--to", &iso(to)]);
        for r in rows(&report, "journey_variants_tidy") {
            assert_eq!(r["variants"], 1);
            let (path, processes) = (r["path"].as_str().unwrap(), r["processes"].as_u64().unwrap());
            for step in path.split(" > ") {
                let (name, times) = step.split_once(" ×").map_or((step, 1), |(n, t)| (n, t.parse::<u64>().unwrap()));
                if let Some(channel) = name.strip_prefix("m:") {
                    *channels.entry(channel.to_owned()).or_default() += times * processes;
                }
            }
        }
    }
    for (channel, planted) in truth["by_group"]["marketing_touches_by_channel"].as_object().unwrap() {
        assert_eq!(channels[channel].to_string(), planted.to_string(), "{channel}");
    }
}

/// Every path, spelled out again.
#[test]
fn every_path_by_a_loop_over_the_raw_exports() {
    let all = everybody();
    for steps in ["stages", "teams", "kinds"] {
        let mut paths: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for one in &all {
            let mut events: Vec<(i64, String)> = (0..5)
                .filter_map(|s| Some((s, one.stages[s].filter(|(_, recorded)| *recorded)?.0)))
                .filter(|(_, at)| one.over.is_none_or(|over| *at <= over))
                .map(|(s, at)| (at, format!("0{s}{}", IDS[s])))
                .collect();
            if steps != "stages" {
                for t in one.journey() {
                    let name = match (steps, t.sales) {
                        ("teams", false) => "marketing".to_owned(),
                        ("teams", true) => "sales".to_owned(),
                        (_, false) => format!("m:{}", t.kind),
                        (_, true) => format!("s:{}", t.kind),
                    };
                    events.push((t.to, format!("1-{name}")));
                }
            }
            events.sort();
            let mut folded: Vec<(String, u32)> = Vec::new();
            for (_, name) in events {
                let name = name[2..].to_owned();
                match folded.last_mut() {
                    Some((last, n)) if *last == name => *n += 1,
                    _ => folded.push((name, 1)),
                }
            }
            let text = |(name, n): &(String, u32)| if *n > 1 { format!("{name} ×{n}") } else { name.clone() };
            let path = folded.iter().map(text).collect::<Vec<_>>().join(" > ");
            let count = paths.entry(path).or_default();
            *count = (count.0 + 1, count.1 + u64::from(one.process.won));
        }
        let report = report(&["examples/acme", "--variants=1", "--steps", steps]);
        let rows = rows(&report, "journey_variants_tidy");
        let sum = |column: &str| rows.iter().map(|r| r[column].as_u64().unwrap()).sum::<u64>();
        assert_eq!(sum("processes").to_string(), all.len().to_string(), "{steps}");
        assert_eq!(sum("variants").to_string(), paths.len().to_string(), "{steps}");
        let mut last = u64::MAX;
        for r in rows.iter().filter(|r| r["variants"] == 1) {
            let (n, won) = (r["processes"].as_u64().unwrap(), r["won"].as_u64().unwrap());
            assert_eq!(paths.get(r["path"].as_str().unwrap()), Some(&(n, won)), "{steps}: {r}");
            assert!(n <= last);
            last = n;
        }
    }
}

/// A small company with touches of both teams.
fn company(seed: u64, times: Times) -> Vec<Sheet> {
    let mut sheets = generate(seed, times);
    let mut random = Random::new(seed ^ 0x70c4);
    let mut rows = Vec::new();
    for _ in 0..random.below(60) {
        let person = random.below(sheets[PEOPLE].rows.len());
        let deal = random.below(sheets[DEALS].rows.len());
        let day = super::raw::day(2025, 1, 2)
            + i64::try_from(random.below(if times == Times::Days { 30 } else { 380 })).unwrap();
        let second = random.below(86_400);
        let time = format!("T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
        let at = if random.below(3) == 0 || times == Times::Days { iso(day) } else { format!("{}{time}", iso(day)) };
        let about = if random.below(6) == 0 { sheets[DEALS].rows[deal][0].clone() } else { String::new() };
        let kind = ["form", "call", "gift"][random.below(3)].to_owned();
        rows.push(vec![sheets[PEOPLE].rows[person][0].clone(), about, at, kind]);
    }
    rows.sort();
    rows.dedup();
    sheets.push(Sheet { name: "touches", header: vec!["person", "about", "at", "kind"], rows });
    sheets
}

fn print(sheets: &[Sheet], style: Style, as_of: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), sheets, style);
    let path = folder.path().join("onefunnel.toml");
    let contract = std::fs::read_to_string(&path).unwrap();
    let touches = "[[source]]\npath = \"touches*.csv\"\ntable = \"touches\"\n\
        columns = { person_id = \"person\", about_id = \"about\", at = \"at\", kind = \"kind\" }\n\n[[stage]]";
    std::fs::write(path, contract.replacen("[[stage]]", touches, 1)).unwrap();
    let all = [&["journey", folder.path().to_str().unwrap(), "--as-of", as_of, "-f", "csv"], args].concat();
    let output = command(&all).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const REPORTS: [&[&str]; 2] = [&["--by", "lead_source"], &["--variants"]];

#[test]
fn neither_the_order_of_rows_nor_the_number_of_files_matters() {
    for seed in 0..10 {
        for times in [Times::Distinct, Times::Days] {
            let sheets = company(seed, times);
            let mut shuffled = sheets.clone();
            let mut random = Random::new(seed ^ 0x5eed);
            for sheet in &mut shuffled {
                random.shuffle(&mut sheet.rows);
            }
            for args in REPORTS {
                let before = print(&sheets, PLAIN, AS_OF, args);
                assert!(before.lines().count() > 1);
                assert_eq!(before, print(&shuffled, PLAIN, AS_OF, args), "company {seed} {times:?} {args:?}");
                let split = print(&sheets, Style { parts: 2, ..PLAIN }, AS_OF, args);
                assert_eq!(before, split, "company {seed} {times:?} {args:?}");
            }
        }
    }
}

#[test]
fn what_comes_after_as_of_shows_nowhere() {
    for seed in 0..10 {
        for times in [Times::Distinct, Times::Days] {
            let mut sheets = company(seed, times);
            super::company::straighten(&mut sheets);
            for as_of in ["2025-08-20", "2025-01-21"] {
                // A touch of a later day (by the clocks of New York) is not there yet.
                let day = |cell: &str| if cell.len() == 10 { date(cell).unwrap() } else { utc(cell).unwrap().day };
                let mut known = sheets.clone();
                let touches = known.len() - 1;
                known[touches].rows.retain(|row| day(&row[2]) <= date(as_of).unwrap());
                if known[touches].rows.is_empty() {
                    continue;
                }
                for args in REPORTS {
                    let (all, part) = (print(&sheets, PLAIN, as_of, args), print(&known, PLAIN, as_of, args));
                    assert_eq!(all, part, "company {seed} {times:?} on {as_of} {args:?}");
                    for r in parse(&all) {
                        assert!(r["period_start"].as_str() <= as_of, "{r:?}");
                    }
                }
                let person = &sheets[PEOPLE].rows[0];
                if day(&person[2]) <= date(as_of).unwrap() {
                    let story = parse(&print(&sheets, PLAIN, as_of, &["--buyer", &person[0]]));
                    assert!(!story.is_empty() && story.iter().all(|r| r["day"].as_str() <= as_of), "{story:?}");
                }
            }
        }
    }
}
