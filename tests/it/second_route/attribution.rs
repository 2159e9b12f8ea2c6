//! `attribution` and `sourced` of the example, from the raw exports: loops over deals and touches, and nothing of the
//! program.

use std::collections::{BTreeMap, BTreeSet};

use super::acme::{AS_OF, STAGES, company, exports, ledgers};
use super::process::{Company, Person, account_of, humans, processes};
use super::raw::{Record, date, new_york, parse, records, utc};
use crate::common::stdout;

/// A touch: second of time (a plain day's first), whether it is a day, channel, team, people, and what it is about.
struct Touch {
    at: i64,
    channel: String,
    marketing: bool,
    people: Vec<String>,
    about: String,
}

fn id(cell: &str) -> String {
    cell.chars().take(15).collect()
}

/// The first second of a day in New York.
fn midnight(day: i64) -> i64 {
    new_york(&format!("{} 00:00", super::raw::iso(day))).unwrap().at
}

/// Every touch, in the order of the files.
fn touches() -> Vec<Touch> {
    let table = |name: &str| records(&exports().join(format!("salesforce/{name}.csv")));
    let kinds: BTreeMap<String, String> = table("Campaign").iter().map(|r| (id(&r["Id"]), r["Type"].clone())).collect();
    let last = midnight(date(super::acme::AS_OF).unwrap() + 1);
    let yes = |cell: &str| cell == "true" || cell == "1";
    let mut all = Vec::new();
    for r in table("CampaignMember").iter().filter(|r| yes(&r["HasResponded"])) {
        all.push(Touch {
            at: midnight(date(&r["FirstRespondedDate"]).unwrap()),
            channel: kinds[&id(&r["CampaignId"])].clone(),
            marketing: true,
            people: vec![id(&r["LeadId"]), id(&r["ContactId"])],
            about: String::new(),
        });
    }
    // A task without a channel has its kind; the channel Email is not the kind e-mail.
    let word = |kind: &str| if kind == "Email" { "email (kind)".to_string() } else { kind.to_lowercase() };
    for r in table("Event").iter().filter(|r| !yes(&r["IsDeleted"])) {
        all.push(Touch {
            at: utc(&r["ActivityDateTime"]).unwrap().at,
            channel: "meeting".into(),
            marketing: false,
            people: vec![id(&r["WhoId"])],
            about: id(&r["WhatId"]),
        });
    }
    for r in table("Task").iter().filter(|r| !yes(&r["IsDeleted"]) && yes(&r["IsClosed"])) {
        all.push(Touch {
            at: utc(&r["CompletedDateTime"]).unwrap().at,
            channel: word(&r["TaskSubtype"]),
            marketing: false,
            people: vec![id(&r["WhoId"])],
            about: id(&r["WhatId"]),
        });
    }
    all.retain(|t| t.at < last);
    all
}

/// A deal with its path to the close, and to its creation.
struct Path<'a> {
    won: bool,
    lost: bool,
    amount: Option<i64>,
    /// All of its touches by time.
    all: Vec<&'a Touch>,
    /// Last second of the creation, of the close, and of the moment the first record of its people was made.
    created: i64,
    closed: Option<i64>,
    lead: Option<i64>,
    account: String,
    sources: bool,
}

struct Story<'a> {
    deals: Vec<Path<'a>>,
    /// Touches of people without a deal, and their account.
    people: Vec<(String, Vec<&'a Touch>)>,
    /// Which of them began less than 180 days before as-of.
    young: Vec<bool>,
}

fn story<'a>(company: &Company, touches: &'a [Touch]) -> Story<'a> {
    let human = humans(company);
    let mut row: BTreeMap<&str, usize> = company.people.iter().enumerate().map(|(i, p)| (p.id.as_str(), i)).collect();
    for (loser, winner) in &company.merged {
        let survivor = row[winner.as_str()];
        row.insert(loser, survivor);
    }
    let human_of = |id: &str| row.get(id).map(|r| human[*r]);
    let deal_row: BTreeMap<&str, usize> = company.deals.iter().enumerate().map(|(i, d)| (d.id.as_str(), i)).collect();
    let mut parts: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); company.deals.len()];
    for (p, person) in company.people.iter().enumerate() {
        for deal in person.deals.iter().filter_map(|d| deal_row.get(d.as_str())) {
            parts[*deal].insert(human[p]);
        }
    }
    for (deal, person) in &company.roles {
        if let (Some(deal), Some(who)) = (deal_row.get(deal.as_str()), human_of(person)) {
            parts[*deal].insert(who);
        }
    }
    for (d, deal) in company.deals.iter().enumerate() {
        parts[d].extend(human_of(&deal.person));
    }
    let all = processes(company);
    for process in &all {
        if let Some(deal) = process.deal.as_ref().and_then(|d| deal_row.get(d.as_str())) {
            parts[*deal].extend(process.people.iter().filter_map(|p| human_of(p)));
        }
    }
    let mut of_human: BTreeMap<usize, Vec<&Touch>> = BTreeMap::new();
    let mut about: BTreeMap<usize, Vec<&Touch>> = BTreeMap::new();
    for touch in touches {
        match deal_row.get(touch.about.as_str()) {
            Some(deal) => about.entry(*deal).or_default().push(touch),
            None => {
                if let Some(who) = touch.people.iter().find_map(|p| human_of(p)) {
                    of_human.entry(who).or_default().push(touch);
                }
            }
        }
    }
    let place: BTreeMap<*const Touch, usize> =
        touches.iter().enumerate().map(|(i, t)| (std::ptr::from_ref(t), i)).collect();
    let in_order = |list: &mut Vec<&'a Touch>| list.sort_by_key(|t| (t.at, place[&std::ptr::from_ref(*t)]));
    let (mut first_seen, mut first_day): (BTreeMap<usize, i64>, BTreeMap<usize, i64>) = Default::default();
    for (person, who) in company.people.iter().zip(&human) {
        if let Some(created) = person.created {
            let seen = first_seen.entry(*who).or_insert(created.at);
            *seen = created.at.min(*seen);
            let day = first_day.entry(*who).or_insert(created.day);
            *day = created.day.min(*day);
        }
    }
    let mut with_deal: BTreeSet<usize> = BTreeSet::new();
    let deals = (company.deals.iter().enumerate())
        .map(|(d, deal)| {
            with_deal.extend(&parts[d]);
            let mut list: Vec<&Touch> = about.get(&d).into_iter().flatten().copied().collect();
            list.extend(parts[d].iter().filter_map(|h| of_human.get(h)).flatten());
            in_order(&mut list);
            let process = all.iter().find(|p| p.deal.as_deref() == Some(&deal.id)).unwrap();
            Path {
                won: deal.won,
                lost: deal.lost,
                amount: deal.amount,
                all: list,
                created: deal.created.unwrap().at,
                closed: deal.closed.map(|day| midnight(day + 1) - 1),
                lead: parts[d].iter().filter_map(|h| first_seen.get(h)).min().copied(),
                account: deal.account.clone(),
                sources: super::acme::of_marketing(&process.source),
            }
        })
        .collect();
    let mut records_of: BTreeMap<usize, Vec<&Person>> = BTreeMap::new();
    for (person, who) in company.people.iter().zip(&human) {
        records_of.entry(*who).or_default().push(person);
    }
    let mut young = Vec::new();
    let mut people: Vec<(String, Vec<&Touch>)> = of_human
        .into_iter()
        .filter(|(who, _)| !with_deal.contains(who))
        .inspect(|(who, _)| young.push(first_day.get(who).is_some_and(|day| date(AS_OF).unwrap() - day < 180)))
        .map(|(who, list)| (account_of(company, &records_of[&who]).unwrap_or_default().to_owned(), list))
        .collect();
    for (_, list) in &mut people {
        in_order(list);
    }
    Story { deals, people, young }
}

/// Shares of a path under a rule, as fractions of one whole number.
fn shares(model: &str, n: usize, lead: Option<usize>, opportunity: Option<usize>) -> (Vec<i128>, i128) {
    let mut named: Vec<(usize, i128)> = Vec::new();
    let mut rest = 0;
    match model {
        "first" => named.push((0, 1)),
        "last" => named.push((n - 1, 1)),
        "linear" => rest = 1,
        "u_first_lead" => {
            named.push((0, 50));
            named.extend(lead.map(|l| (l, 50)));
        }
        "u_first_last" => {
            named.extend([(0, 40), (n - 1, 40)]);
            rest = 20;
        }
        "w" => {
            named.push((0, 300));
            named.extend(lead.map(|l| (l, 300)));
            named.extend(opportunity.map(|o| (o, 300)));
            rest = 100;
        }
        "full_path" => {
            named.extend([(0, 225), (n - 1, 225)]);
            named.extend(lead.map(|l| (l, 225)));
            named.extend(opportunity.map(|o| (o, 225)));
            rest = 100;
        }
        other => panic!("{other}"),
    }
    let held: BTreeSet<usize> = named.iter().map(|(p, _)| *p).collect();
    let between: i128 = i128::try_from(n - held.len()).unwrap();
    let mut of = vec![0; n];
    for (p, share) in named {
        of[p] += share * between.max(1);
    }
    for (p, share) in of.iter_mut().enumerate() {
        if !held.contains(&p) {
            *share = rest;
        }
    }
    let total = of.iter().sum();
    (of, total)
}

/// Whole cents by largest remainder.
fn cents(amount: i64, of: &[i128], total: i128) -> Vec<i64> {
    let exact: Vec<i128> = of.iter().map(|s| i128::from(amount) * s).collect();
    let mut parts: Vec<i64> = exact.iter().map(|e| i64::try_from(e / total).unwrap()).collect();
    let mut order: Vec<usize> = (0..of.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(exact[*i] % total), *i));
    let left = amount - parts.iter().sum::<i64>();
    for i in order.into_iter().take(usize::try_from(left).unwrap()) {
        parts[i] += 1;
    }
    assert_eq!(parts.iter().sum::<i64>(), amount);
    parts
}

type Credit = BTreeMap<String, (f64, i64)>;
type Key = fn(&Touch) -> String;

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn by_rule(story: &Story, model: &str, to_close: bool, key: Key) -> Credit {
    let mut credit = Credit::new();
    for deal in story.deals.iter().filter(|d| d.won || !to_close) {
        let until = if to_close { deal.closed.unwrap() } else { deal.closed.unwrap_or(i64::MAX).min(deal.created) };
        let path: Vec<&&Touch> = deal.all.iter().filter(|t| t.at <= until).collect();
        let amount = deal.amount.unwrap_or(0);
        if path.is_empty() {
            let all = credit.entry("(unattributed)".into()).or_default();
            *all = (all.0 + 1.0, all.1 + amount);
            continue;
        }
        let by = |moment: i64| path.iter().rposition(|t| t.at <= moment);
        let lead = deal.lead.filter(|l| *l <= until).map(|l| by(l).unwrap_or(0));
        let opportunity = by(deal.created.min(until));
        let (parts, weights): (Vec<i64>, Vec<f64>) = if model == "time_decay" {
            let last = path.last().unwrap().at;
            let weights: Vec<f64> =
                path.iter().map(|t| 2_f64.powf(-((last - t.at) as f64) / (7.0 * 86_400.0))).collect();
            let total: f64 = weights.iter().sum();
            let weights: Vec<f64> = weights.iter().map(|w| w / total).collect();
            // To about a cent: whoever rounds first is another question.
            (weights.iter().map(|w| (w * amount as f64).round() as i64).collect(), weights)
        } else {
            let (of, total) = shares(model, path.len(), lead, opportunity);
            let weights = of.iter().map(|s| *s as f64 / total as f64).collect();
            (cents(amount, &of, total), weights)
        };
        for ((touch, part), weight) in path.iter().zip(parts).zip(weights) {
            let all = credit.entry(key(touch)).or_default();
            *all = (all.0 + weight, all.1 + part);
        }
    }
    credit
}

fn attribution(args: &[&str]) -> Vec<Record> {
    parse(&stdout(&[&["attribution", "examples/acme", "-f", "csv", "-q"], args].concat()))
}

fn figure(record: &Record, column: &str) -> f64 {
    record[column].parse().unwrap_or_else(|_| panic!("{column}: {record:?}"))
}

fn rows<'r>(all: &'r [Record], model: &str, goal: &str) -> Vec<&'r Record> {
    all.iter().filter(|r| r["model"] == model && r["goal"] == goal).collect()
}

const RULES: [&str; 8] = ["first", "last", "linear", "u_first_lead", "u_first_last", "w", "full_path", "time_decay"];

#[test]
#[allow(clippy::cast_precision_loss)]
fn rules_by_channel_and_by_team() {
    let (company, touches) = (company(), touches());
    assert_eq!(STAGES.len(), company.stages);
    let story = story(&company, &touches);
    let by: [(&str, Key); 2] = [
        ("channel", |t| t.channel.clone()),
        ("team", |t| if t.marketing { "marketing".into() } else { "sales".into() }),
    ];
    for (dimension, key) in by {
        let found = attribution(&["--by", dimension]);
        for model in RULES {
            for (to_close, [counted, summed]) in
                [(true, ["conversions", "revenue"]), (false, ["opportunities", "pipeline"])]
            {
                let expected = by_rule(&story, model, to_close, key);
                let (deals, money) = (rows(&found, model, counted), rows(&found, model, summed));
                for (deals, money) in deals.iter().zip(&money) {
                    if !["key", "unattributed"].contains(&deals["row"].as_str()) {
                        continue;
                    }
                    let (n, amount) = expected.get(&deals["key"]).copied().unwrap_or_default();
                    assert!((figure(deals, "credit") - n).abs() < 1e-6, "{model}: {n} {deals:?}");
                    let off = (figure(money, "credit") * 100.0 - amount as f64).abs();
                    let most = if model == "time_decay" { deals["touches"].parse().unwrap_or(0.0) } else { 0.0 };
                    assert!(off <= most + 1e-3, "{model}: {amount} {money:?}");
                }
                let known = |key: &String| deals.iter().any(|r| &r["key"] == key);
                assert!(expected.keys().all(known), "{model}: {:?}", expected.keys());
            }
        }
    }
}

/// Whatever the model: credit adds up to the deals, and to their amounts to the cent.
#[test]
fn credit_is_conserved() {
    for args in [
        &["--by", "channel"][..],
        &["--by", "campaign", "--look-back", "60d"],
        &["--by", "team", "--team", "marketing"],
    ] {
        let found = attribution(args);
        let mut models: Vec<&str> = found.iter().map(|r| r["model"].as_str()).collect();
        models.dedup();
        assert_eq!(models.iter().collect::<BTreeSet<_>>().len(), 10);
        for model in models {
            for (goal, whole) in
                [("conversions", 132.0), ("revenue", 5_392_200.0), ("opportunities", 521.0), ("pipeline", 22_078_100.0)]
            {
                let of = rows(&found, model, goal);
                // Of campaigns hardly any combination has more than a few journeys: of deals won Shapley says nothing.
                if of.iter().any(|r| r["status"] == "not_computed") {
                    assert_eq!(
                        (model, args[1], &goal[..1]),
                        ("shapley", "campaign", if goal == "revenue" { "r" } else { "c" })
                    );
                    assert!(of.iter().all(|r| r["credit"].is_empty() && r["status"] != "ok"));
                    continue;
                }
                let parts = of.iter().filter(|r| r["row"] == "key" || r["row"] == "unattributed");
                let sum: f64 = parts.map(|r| figure(r, "credit")).sum();
                assert!((sum - whole).abs() < 1e-5, "{args:?} {model} {goal}: {sum}");
                let total = of.iter().find(|r| r["row"] == "total").unwrap();
                assert!((figure(total, "credit") - whole).abs() < 1e-9, "{total:?}");
            }
        }
    }
}

/// Journeys to a won deal: their channels, and whether they converted.
fn journeys(story: &Story) -> Vec<(Vec<String>, bool)> {
    let mut all = Vec::new();
    for deal in story.deals.iter().filter(|d| d.won || d.lost) {
        let path = deal.all.iter().filter(|t| t.at <= deal.closed.unwrap());
        all.push((path.map(|t| t.channel.clone()).collect(), deal.won));
    }
    let old = story.people.iter().zip(&story.young).filter(|(_, young)| !**young).map(|(person, _)| person);
    all.extend(old.map(|(_, list)| (list.iter().map(|t| t.channel.clone()).collect(), false)));
    all.retain(|(path, _): &(Vec<String>, bool)| !path.is_empty());
    all
}

/// The chance to convert, by letting journeys move on, a step at a time.
fn converts(journeys: &[(Vec<String>, bool)], without: Option<&str>) -> f64 {
    let mut steps: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    let mut out: BTreeMap<&str, f64> = BTreeMap::new();
    for (path, converted) in journeys {
        let end = if *converted { "won" } else { "lost" };
        let stops = path.iter().map(String::as_str).chain([end]);
        let mut from = "start";
        for to in stops {
            *steps.entry((from, to)).or_default() += 1.0;
            *out.entry(from).or_default() += 1.0;
            from = to;
        }
    }
    let mut here = BTreeMap::from([("start", 1.0)]);
    let mut won = 0.0;
    for _ in 0..5000 {
        let mut next: BTreeMap<&str, f64> = BTreeMap::new();
        for ((from, to), n) in &steps {
            if let Some(mass) = here.get(from) {
                *next.entry(to).or_default() += mass * n / out[from];
            }
        }
        won += next.remove("won").unwrap_or(0.0);
        next.remove("lost");
        next.retain(|state, _| Some(*state) != without);
        here = next;
    }
    won
}

#[test]
fn markov_by_letting_journeys_move_on() {
    let (company, touches) = (company(), touches());
    let story = story(&company, &touches);
    let journeys = journeys(&story);
    let found = attribution(&["--model", "markov"]);
    let conversions: Vec<&Record> =
        rows(&found, "markov", "conversions").into_iter().filter(|r| r["row"] == "key").collect();
    let all = converts(&journeys, None);
    let effects: Vec<f64> = conversions.iter().map(|r| 1.0 - converts(&journeys, Some(&r["key"])) / all).collect();
    let sum: f64 = effects.iter().sum();
    assert_eq!(conversions.len(), 10);
    for (record, effect) in conversions.iter().zip(&effects) {
        assert!((figure(record, "credit") - effect / sum * 132.0).abs() < 1e-6, "{record:?}");
        assert_eq!(
            [&record["lost_journeys"], &record["journeys_without_deal"]],
            ["316", &story.young.iter().filter(|young| !**young).count().to_string()]
        );
    }
}

/// By the definition: the weighted mean of what a channel adds to every set of the others.
#[test]
#[allow(clippy::cast_precision_loss)]
fn shapley_by_the_definition() {
    let (company, touches) = (company(), touches());
    let story = story(&company, &touches);
    let found = attribution(&["--model", "shapley"]);
    let conversions: Vec<&Record> =
        rows(&found, "shapley", "conversions").into_iter().filter(|r| r["row"] == "key").collect();
    let names: Vec<&str> = conversions.iter().map(|r| r["key"].as_str()).collect();
    let n = names.len();
    let mut sets: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (path, converted) in journeys(&story) {
        let set = path.iter().fold(0, |set, c| set | 1 << names.iter().position(|name| name == c).unwrap());
        let of = sets.entry(set).or_default();
        *of = (of.0 + f64::from(u8::from(converted)), of.1 + 1.0);
    }
    let worth = |coalition: usize| {
        let within = sets.iter().filter(|(set, _)| *set & !coalition == 0).map(|(_, of)| of);
        let (won, all) = within.fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        if all > 0.0 { won / all } else { 0.0 }
    };
    let worths: Vec<f64> = (0..1 << n).map(worth).collect();
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    for (player, record) in conversions.iter().enumerate() {
        let mut value = 0.0;
        for set in (0..1_usize << n).filter(|set| set & 1 << player == 0) {
            let size = set.count_ones() as usize;
            let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
            value += weight * (worths[set | 1 << player] - worths[set]);
        }
        let expected = value / worths[(1 << n) - 1] * 132.0;
        assert!((figure(record, "credit") - expected).abs() < 1e-6, "{expected} {record:?}");
    }
}

/// What was planted: webinars are nearly never the last response, and deals with one are won far more often.
#[test]
fn the_planted_webinars_are_found() {
    let found = attribution(&["--model", "last,markov,shapley"]);
    let of = |model: &str, goal: &str, column: &str| {
        let all = rows(&found, model, goal);
        figure(all.iter().find(|r| r["key"] == "Webinar").unwrap(), column)
    };
    // Of 132 deals won the last touch was a webinar once, and it is last of ten.
    assert_eq!([of("last", "conversions", "credit"), of("last", "conversions", "rank")], [1.0, 10.0]);
    // Markov gives it seven times as much, and a better place; Shapley sees the losses that it had no part in.
    assert!(of("markov", "conversions", "credit") > 6.5 && of("markov", "conversions", "rank") == 9.0);
    assert!(of("shapley", "conversions", "credit") > 12.0 && of("shapley", "conversions", "rank") == 4.0);
    assert!(of("markov", "pipeline", "credit") > 3.0 * of("last", "pipeline", "credit"));
    let marketing = attribution(&["--team", "marketing", "--model", "last,shapley"]);
    let rank = |model: &str| {
        let all = rows(&marketing, model, "conversions");
        figure(all.iter().find(|r| r["key"] == "Webinar").unwrap(), "rank")
    };
    assert_eq!([rank("last"), rank("shapley")], [6.0, 1.0]);
}

#[test]
#[allow(clippy::cast_precision_loss)]
fn spend_is_the_ledgers() {
    let found = attribution(&["--model", "linear"]);
    let mut by_channel: BTreeMap<String, i64> = BTreeMap::new();
    for file in ["spend.csv", "ad_spend.csv"] {
        for r in records(&exports().join("finance").join(file)).iter().filter(|r| r["team"] == "marketing") {
            let cents = super::raw::cents(&r["amount"]).unwrap();
            let cents = if r["currency"] == "EUR" { cents * 110 / 100 } else { cents };
            *by_channel.entry(r.get("channel").cloned().unwrap_or_default()).or_default() += cents;
        }
    }
    let total: i64 = ledgers().spend.iter().filter(|s| s.team == "marketing").map(|s| s.amount).sum();
    for (goal, per) in [("opportunities", "spend_per_credit"), ("pipeline", "credit_per_spend")] {
        for record in rows(&found, "linear", goal) {
            let spend = match record["row"].as_str() {
                "key" => by_channel.get(&record["key"]).copied(),
                "unallocated" => by_channel.get("").copied(),
                "total" => Some(total),
                _ => None,
            };
            assert_eq!(record["spend"].parse().ok(), spend.map(|s| s as f64 / 100.0), "{record:?}");
            let expected = spend.filter(|_| record["row"] != "unallocated").map(|spend| {
                let (spend, credit) = (spend as f64 / 100.0, figure(record, "credit"));
                if goal == "pipeline" { credit / spend } else { spend / credit }
            });
            let found: Option<f64> = record[per].parse().ok();
            assert_eq!(found.is_some(), expected.is_some(), "{record:?}");
            assert!(found.zip(expected).is_none_or(|(f, e)| (f - e).abs() < 1e-6 * e), "{record:?}");
        }
    }
}

#[test]
#[allow(clippy::cast_precision_loss)]
fn sourced_by_three_rules() {
    let (company, touches) = (company(), touches());
    let story = story(&company, &touches);
    let text = stdout(&["sourced", "examples/acme", "-f", "csv", "-q"]);
    let (tidy, list) = text.split_once("\n\n").unwrap();
    let (tidy, list) = (parse(tidy), parse(list));
    // The first touches of each account, of marketing and of sales, whoever of it was touched.
    let mut of_account: BTreeMap<&str, [Option<i64>; 2]> = BTreeMap::new();
    let of_deals = story.deals.iter().map(|d| (&d.account, &d.all));
    for (account, list) in of_deals.chain(story.people.iter().map(|(account, list)| (account, list))) {
        let first = of_account.entry(account).or_default();
        for touch in list {
            let first = &mut first[usize::from(!touch.marketing)];
            *first = Some(first.map_or(touch.at, |at| at.min(touch.at)));
        }
    }
    let mut expected: BTreeMap<(usize, &str), (u64, i64, u64, i64)> = BTreeMap::new();
    for (deal, record) in story.deals.iter().zip(&list) {
        let before: Vec<&&Touch> = deal.all.iter().filter(|t| t.at <= deal.created).collect();
        // A response has a day and a call a time: on one day nobody knows which was first.
        let tied = |t: &&Touch| t.marketing != before[0].marketing && same_day(t.at, before[0].at);
        let first = !before.is_empty() && before[0].marketing && !before.iter().any(|t| tied(t));
        let influenced = deal.all.iter().any(|t| t.marketing && deal.closed.is_none_or(|c| t.at <= c));
        assert_eq!(record["influenced"], influenced.to_string(), "{record:?}");
        assert_eq!(record["first_touch"] == "marketing", first, "{record:?}");
        assert_eq!(record["lead_source"] == "marketing", deal.sources, "{record:?}");
        assert!(!deal.account.is_empty());
        let before_sales = match of_account[deal.account.as_str()] {
            [Some(marketing), sales] => {
                marketing <= deal.created && sales.is_none_or(|s| marketing < s && !same_day(marketing, s))
            }
            [None, _] => false,
        };
        assert_eq!(record["before_sales"] == "marketing", before_sales, "{record:?}");
        for (rule, sourced) in [(0, deal.sources), (1, first), (2, before_sales)] {
            let part = if sourced {
                "sourced"
            } else if influenced {
                "influenced_only"
            } else {
                "untouched"
            };
            let sum = expected.entry((rule, part)).or_default();
            sum.0 += 1;
            sum.1 += deal.amount.unwrap_or(0);
            if deal.won {
                sum.2 += 1;
                sum.3 += deal.amount.unwrap_or(0);
            }
        }
    }
    assert_eq!(list.len(), story.deals.len());
    for ((rule, part), (deals, pipeline, won, revenue)) in expected {
        let rule = ["lead_source", "first_touch", "before_sales"][rule];
        let of = |measure: &str| {
            let line = |r: &&Record| r["rule"] == rule && r["part"] == part && r["measure"] == measure;
            figure(tidy.iter().find(line).unwrap(), "value")
        };
        assert_eq!([of("deals"), of("won")], [deals as f64, won as f64], "{rule} {part}");
        assert_eq!([of("pipeline"), of("revenue")], [pipeline as f64 / 100.0, revenue as f64 / 100.0], "{rule} {part}");
    }
    // Parts make up the whole under every rule.
    for all in tidy.iter().filter(|r| r["part"] == "all") {
        let parts =
            tidy.iter().filter(|r| r["rule"] == all["rule"] && r["measure"] == all["measure"] && r["part"] != "all");
        let sum: f64 = parts.map(|r| figure(r, "value")).sum();
        assert!((sum - figure(all, "value")).abs() < 1e-6, "{all:?}");
    }
    // The scorecard's figure is the scorecard's.
    let args = ["scorecard", "examples/acme", "--metric", "marketing_sourced_pipeline_share", "-f", "csv", "-q"];
    let scorecard = parse(&stdout(&args));
    let total = scorecard.iter().find(|r| r["period"] == "total").unwrap();
    let line = |r: &&Record| r["rule"] == "scorecard" && r["part"] == "sourced" && r["measure"] == "pipeline";
    assert_eq!(tidy.iter().find(line).unwrap()["share"], total["value"]);
    // Every deal is where the list says.
    for record in list.iter().step_by(97) {
        let text = std::fs::read(exports().parent().unwrap().join(&record["file"])).unwrap();
        let line: usize = record["line"].parse().unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.lines().nth(line - 1).unwrap().contains(&record["deal_id"]), "{record:?}");
    }
}

fn same_day(a: i64, b: i64) -> bool {
    let day = |at: i64| {
        let guess = (at - 4 * 3600).div_euclid(86_400);
        if at < midnight(guess) {
            guess - 1
        } else if at >= midnight(guess + 1) {
            guess + 1
        } else {
            guess
        }
    };
    day(a) == day(b)
}

/// Nothing after as-of shows: an earlier day has fewer deals and touches, and what was won by then is the same later.
#[test]
fn an_earlier_day_knows_less() {
    let mut later: Option<[f64; 4]> = None;
    for as_of in ["2026-06-30", "2025-12-31", "2025-03-31", "2024-06-30"] {
        let found = attribution(&["--as-of", as_of, "--model", "linear"]);
        assert!(found.iter().all(|r| r["period_end"].as_str() <= as_of && r["as_of"] == as_of));
        let total = |goal: &str| figure(rows(&found, "linear", goal).last().unwrap(), "credit");
        let now = ["conversions", "revenue", "opportunities", "pipeline"].map(total);
        assert!(later.is_none_or(|then| now.iter().zip(then).all(|(a, b)| *a <= b)), "{as_of}: {now:?} {later:?}");
        let settled = attribution(&["--to", as_of, "--model", "linear"]);
        for goal in ["conversions", "revenue"] {
            let last = |all: &[Record]| rows(all, "linear", goal).last().map(|r| figure(r, "credit"));
            assert_eq!(last(&found), last(&settled), "{as_of} {goal}");
        }
        let text = stdout(&["sourced", "examples/acme", "-f", "csv", "-q", "--as-of", as_of]);
        let (tidy, list) = text.split_once("\n\n").unwrap();
        assert!(parse(tidy).iter().all(|r| r["period_end"].as_str() <= as_of));
        assert_eq!(parse(list).len().to_string(), now[2].to_string());
        later = Some(now);
    }
}
