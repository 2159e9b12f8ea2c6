//! What is listed behind a figure adds up to it, its formula evaluates to it, and every item of the reports has an entry.
//!
//! Formulas are computed by the small calculator of the metrics' tests, sums and curves from the listed records in plain loops.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;

use super::super::tests::{Calculator, Row, acme, close, count, explain_args, load, number, table, text};
use super::*;
use crate::catalogue::figures::plain;
use crate::report::read::rows;

/// What was loaded, the answers, and where they are.
struct Given {
    data: Data,
    answers: Answers,
    folder: String,
    file: String,
}

fn given() -> Given {
    let folder = acme().to_str().unwrap().to_string();
    let file = format!("{folder}/survey.csv");
    let data = load(&folder);
    let answers = survey::read(std::path::Path::new(&file), data.session.as_of).unwrap();
    Given { data, answers, folder, file }
}

impl Given {
    fn args(&self, id: &str, more: &[&str]) -> ExplainArgs {
        let mut args = vec!["explain", id, &self.folder, "-f", "json"];
        if id.starts_with("survey.") {
            args.extend(["--answers", &self.file]);
        }
        args.extend(more);
        explain_args(&args)
    }

    fn told(&self, id: &str, more: &[&str]) -> Told {
        let figure = named(id).unwrap();
        ask::tell(&figure, &self.args(id, more), &self.data, Some(&self.answers)).unwrap()
    }

    /// The explanation of one figure, of a report that was told already.
    fn report(&self, told: &Told, id: &str, more: &[&str]) -> Report {
        let (figure, args) = (named(id).unwrap(), self.args(id, more));
        View::new(&figure, &args, &self.data, told, Some(&self.answers)).unwrap().report()
    }
}

/// What the records of a name give.
fn sum(records: &[Row], to: &str) -> Option<f64> {
    let mine = records.iter().filter(|r| text(&r["gives_to"]) == to).filter_map(|r| number(&r["contribution"]));
    mine.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// Holds one explanation against itself and its report; whether there was a second way to the value.
fn hold(report: &Report, of: &FigureDef) -> bool {
    let figure = &table(report, "explain_figure")[0];
    let (parts, records) = (table(report, "explain_parts"), table(report, "explain_records"));
    let first: Vec<Row> = records.into_iter().filter(|r| text(&r["part"]) == "first").collect();
    let id = format!("{} {:?} {:?}", of.id, figure["row"], figure["period"]);
    let value = number(&figure["value"]);
    let mut ways = 0;
    let values: BTreeMap<String, Option<f64>> =
        parts.iter().map(|p| (text(&p["part"]).to_string(), number(&p["value"]))).collect();
    let formula = of.formula.as_ref().filter(|f| f.uses.iter().all(|name| values.contains_key(name)));
    if let Some(formula) = formula {
        let mut calculator = Calculator { rest: &of.text, values: &values };
        let computed = calculator.sum();
        assert_eq!(calculator.rest.trim(), "", "{id}");
        match (computed, value) {
            (Some(a), Some(b)) => assert!(close(a, b), "{id}: the formula gives {a}, the report says {b}"),
            // Where no new buyer is needed there are none up to a day.
            (Some(a), None) => assert!(a.abs() < 1e-9, "{id}: the formula gives {a}, the report says nothing"),
            // An assumed cost or deal has no two sides.
            (a, b) => assert!(a.is_none(), "{id}: {a:?} {b:?}"),
        }
        ways += usize::from(computed.is_some());
        let with = text(&figure["formula_with_numbers"]);
        assert_eq!(with.is_empty(), computed.is_none() && value.is_some(), "{id}: {with}");
        let without = formula.uses.iter().any(|name| values[name].is_none());
        assert!(with.is_empty() || with.contains("null") == without, "{id}: {with}");
    }
    let gives: BTreeSet<&str> =
        first.iter().filter(|r| number(&r["contribution"]).is_some()).map(|r| text(&r["gives_to"])).collect();
    for to in gives {
        let given = sum(&first, to).unwrap();
        let side = |side: &str| {
            let of = parts.iter().find(|p| text(&p["place"]).ends_with(&format!("({side})")));
            of.and_then(|p| number(&p["value"]))
        };
        let (wanted, given) = match to {
            "value" => (value, given),
            // The others are in the denominator only.
            "denominator" if ["won_at_lag", "mqls"].contains(&of.records.as_str()) => {
                (side(to), given + sum(&first, "numerator").unwrap_or(0.0))
            }
            "numerator" | "denominator" => (side(to), given),
            name => (values.get(name).copied().flatten(), given),
        };
        assert!(
            wanted.is_some_and(|wanted| close(wanted, given)),
            "{id}: records give {given} to {to}, which is {wanted:?}"
        );
        ways += 1;
    }
    for row in &first {
        assert!(!text(&row["file"]).is_empty() && number(&row["line"]).is_some_and(|n| n > 1.0), "{id}: {row:?}");
    }
    // Nothing won adds up to 0.
    ways > 0 || (value == Some(0.0) && first.is_empty() && !of.records.is_empty())
}

/// The ids that have another second way, in the tests below, or are as they were agreed.
const OTHER_WAY: [&str; 5] = ["stays", "followed", "days", "lines", "none"];

#[test]
fn every_figure_of_the_example_is_what_its_formula_and_its_records_say() {
    let all = given();
    let year = ["--target", "won_revenue=2000000@2026", "--samples", "60"];
    let ahead = ["--leads", "120/month", "--samples", "60"];
    // A condition has no target of the contract, so `plan` looks ahead at the present pace; this one keeps everybody.
    let pace = ["--where", "has_deal OR NOT has_deal", "--samples", "60"];
    let (plan, running, leads, present) = (
        all.told("plan.gap", &["--samples", "60"]),
        all.told("plan.gap", &year),
        all.told("plan.ahead.deals", &ahead),
        all.told("plan.ahead.deals", &pace),
    );
    let (horizon, survey) = (all.told("horizon.mqls", &[]), all.told("survey.follow_up", &[]));
    for figure in figures() {
        let runs: Vec<(&Told, &[&str])> = match figure.report {
            // No record stands behind the leads of --leads.
            Of::Plan if figure.part == "ahead" && figure.records == "pace" => vec![(&present, &pace[..])],
            Of::Plan if figure.part == "ahead" => vec![(&leads, &ahead[..]), (&present, &pace[..])],
            Of::Plan if figure.part == "pacing" => vec![(&running, &year[..])],
            Of::Plan => vec![(&plan, &["--samples", "60"][..]), (&running, &year[..])],
            Of::Horizon => vec![(&horizon, &[][..])],
            Of::Survey => vec![(&survey, &[][..])],
        };
        for (told, args) in runs {
            let report = all.report(told, &figure.id, args);
            let two_ways = hold(&report, &figure);
            let missing = number(&table(&report, "explain_figure")[0]["value"]).is_none();
            let records = if figure.records.is_empty() { "none" } else { &figure.records };
            let other = OTHER_WAY.contains(&records) || figure.item == "z";
            assert!(two_ways || other || missing, "{} is neither computed nor listed", figure.id);
        }
    }
}

#[test]
fn every_row_of_the_horizon_is_what_its_records_say() {
    let all = given();
    let told = all.told("horizon.mqls", &[]);
    let chosen = |row: &crate::report::read::Row<'_>| {
        ["2024-Q3", "2026-Q2", "total"].contains(&row.text("period"))
            && ["", "0", "2", "all", "unknown"].contains(&row.text("lag"))
    };
    let mut held = 0;
    for row in rows(&told.report, "horizon_tidy").iter().filter(|row| chosen(row)) {
        let place =
            |f: &&FigureDef| f.report == Of::Horizon && f.part == row.text("section") && f.item == row.text("item");
        let figure = figures().into_iter().find(|f| place(&f)).unwrap();
        if ["followed", "days", ""].contains(&figure.records.as_str()) {
            continue;
        }
        let at = ["buyers", "anchor", "lag"].map(|key| format!("{key}={}", row.text(key))).join(",");
        let report = all.report(&told, &figure.id, &["--period", row.text("period"), "--at", &at]);
        let found = &table(&report, "explain_figure")[0];
        assert_eq!(number(&found["value"]), row.number("value"), "{} {at}", figure.id);
        if row.number("value").is_some() {
            hold(&report, &figure);
            held += 1;
        }
    }
    assert!(held > 100, "{held}");
}

#[test]
fn a_segment_and_a_condition_are_explained_too() {
    let all = given();
    for (id, args) in [
        ("horizon.revenue", &["--segment", "lead_source=Webinar", "--at", "buyers=all,lag=3"][..]),
        ("horizon.revenue_by_lag", &["--where", "amount > 30000", "--period", "2026-Q1", "--at", "lag=1"]),
        ("plan.in_hand", &["--where", "amount > 30000", "--target", "won_revenue=300000@2026-Q4", "--samples", "60"]),
        ("plan.average_deal", &["--from", "2025-01-01", "--samples", "60"]),
        ("plan.gap_deals", &["--target", "deals_won=20@2026-Q3", "--samples", "60", "--assume", "average_deal=50000"]),
        ("plan.average_deal", &["--samples", "60", "--assume", "average_deal=50000"]),
    ] {
        let told = all.told(id, args);
        let report = all.report(&told, id, args);
        let figure = named(id).unwrap();
        hold(&report, &figure);
        let value = number(&table(&report, "explain_figure")[0]["value"]);
        assert!(value.is_some_and(|value| value > 0.0), "{id}: {value:?}");
    }
}

/// Aalen–Johansen by hand: by how much each day or age adds to the share for whom it comes.
fn incidence(all: &[(f64, &str)]) -> Vec<(f64, f64)> {
    let mut times: Vec<f64> = all.iter().map(|(at, _)| *at).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let (mut open, mut added) = (1.0, Vec::new());
    for time in times {
        let at_risk = count(all.iter().filter(|(at, _)| *at >= time).count());
        let ended =
            |word: &str| count(all.iter().filter(|(at, end)| at.total_cmp(&time).is_eq() && *end == word).count());
        added.push((time, open * ended("won") / at_risk));
        open *= 1.0 - (ended("won") + ended("lost")) / at_risk;
    }
    added
}

#[test]
fn curves_and_days_follow_from_the_records_that_are_listed() {
    let all = given();
    let told = all.told("horizon.mqls", &[]);
    let listed = |id: &str, more: &[&str]| {
        let report = all.report(&told, id, more);
        let records = table(&report, "explain_records").into_iter().filter(|r| text(&r["part"]) == "first");
        (number(&table(&report, "explain_figure")[0]["value"]).unwrap(), records.collect::<Vec<Row>>())
    };
    // By ages: the share of the wins of the first age and the next, of all.
    for (lag, cumulative) in [(0, false), (1, false), (2, true)] {
        let id = if cumulative { "horizon.lag_curve.wins_cumulative" } else { "horizon.lag_curve.wins_share" };
        let (value, records) = listed(id, &["--at", &format!("lag={lag}")]);
        let ages: Vec<(f64, &str)> =
            records.iter().map(|r| (text(&r["lag"]).parse().unwrap(), text(&r["outcome"]))).collect();
        let found = incidence(&ages);
        let whole: f64 = found.iter().map(|(_, share)| share).sum();
        let at = |share: &(f64, f64)| {
            if cumulative { share.0 <= f64::from(lag) } else { share.0.total_cmp(&f64::from(lag)).is_eq() }
        };
        let own: f64 = found.iter().filter(|share| at(share)).map(|(_, share)| share).sum();
        assert!(close(own / whole, value), "{id} at {lag}: {} {value}", own / whole);
    }
    for id in ["horizon.deal_to_won_observed_median", "horizon.entry_to_deal_observed_median"] {
        let (value, records) = listed(id, &[]);
        let mut days: Vec<f64> =
            records.iter().filter(|r| text(&r["outcome"]) == "won").filter_map(|r| number(&r["days"])).collect();
        days.sort_by(f64::total_cmp);
        let half = days.len() / 2;
        let middle = if days.len() % 2 == 1 { days[half] } else { f64::midpoint(days[half - 1], days[half]) };
        assert!(close(middle, value), "{id}: {middle} {value}");
    }
    let (value, records) = listed("horizon.entry_to_won_median", &[]);
    let days: Vec<(f64, &str)> = records.iter().map(|r| (number(&r["days"]).unwrap(), text(&r["outcome"]))).collect();
    let found = incidence(&days);
    let half = found.iter().map(|(_, share)| share).sum::<f64>() / 2.0;
    let mut come = 0.0;
    let day = found.iter().find(|(_, share)| {
        come += share;
        come >= half - 1e-12
    });
    assert_eq!(day.map(|(day, _)| *day), Some(value));
    // The two proportions of z, from the parts.
    let report = all.report(&told, "horizon.z", &["--period", "2025-Q3"]);
    let now = all.report(&told, "horizon.yield", &["--period", "2025-Q3"]);
    let side = |report: &Report, column: &str| number(&table(report, "explain_figure")[0][column]).unwrap();
    let (won, of) = (side(&now, "numerator"), side(&now, "denominator"));
    let (won_before, of_before) = (side(&report, "numerator"), side(&report, "denominator"));
    let both = (won + won_before) / (of + of_before);
    let error = (both * (1.0 - both) * (1.0 / of + 1.0 / of_before)).sqrt();
    let z = (won / of - won_before / of_before) / error;
    assert!(close(z, side(&report, "value")) && z < -1.96, "{z}");
}

#[test]
fn what_is_won_in_the_end_follows_from_the_stays_that_are_listed() {
    let all = given();
    let told = all.told("plan.gap", &["--samples", "60"]);
    let report = all.report(&told, "plan.eventual_conversion", &[]);
    let records = table(&report, "explain_records");
    let stages = ["lead", "mql", "sal", "opportunity", "proposal"];
    // The share of a stage that goes on, by where to; the curve ends where fewer than ten are left that stand for many.
    let mut won: BTreeMap<String, f64> = BTreeMap::from([("won".to_string(), 1.0)]);
    for stage in stages.iter().rev() {
        let stays: Vec<(f64, &str)> = records
            .iter()
            .filter(|r| text(&r["part"]) == "first" && text(&r["stage"]) == *stage)
            .map(|r| (number(&r["days"]).unwrap(), text(&r["outcome"])))
            .collect();
        let (mut open, mut sum) = (1.0, 0.0);
        let all = count(stays.len());
        let days: BTreeSet<u32> = stays.iter().map(|(day, _)| format!("{day}").parse().unwrap()).collect();
        for day in days {
            let at_risk = count(stays.iter().filter(|(at, _)| *at >= f64::from(day)).count());
            let few = at_risk < f64::from(u32::try_from(crate::stats::survival::MIN_N).unwrap());
            if few && open * all > crate::stats::survival::STANDS_FOR * at_risk + 1e-9 {
                break;
            }
            let mut ended = 0.0;
            for (_, end) in stays.iter().filter(|(at, _)| at.total_cmp(&f64::from(day)).is_eq()) {
                ended += f64::from(u8::from(*end != "open"));
                sum += open / at_risk * won.get(end.trim_start_matches("to ")).copied().unwrap_or(0.0);
            }
            open *= 1.0 - ended / at_risk;
        }
        won.insert((*stage).to_string(), sum);
    }
    let value = number(&table(&report, "explain_figure")[0]["value"]).unwrap();
    assert!((won["lead"] / value - 1.0).abs() < 1e-9, "{} {value}", won["lead"]);
}

#[test]
fn every_item_of_the_reports_has_an_entry_or_says_why_not() {
    let all = given();
    let target = ["--target", "won_revenue=2000000@2026", "--samples", "60"];
    let mut tables: Vec<(Of, Report)> = [
        ("plan.gap", &["--samples", "60"][..]),
        ("plan.gap", &target[..]),
        ("plan.ahead.deals", &["--leads", "120/month", "--samples", "60"]),
        ("horizon.mqls", &["--segment", "lead_source=Webinar"]),
        ("survey.follow_up", &[]),
    ]
    .into_iter()
    .map(|(id, args)| (named(id).unwrap().report, all.told(id, args).report))
    .collect();
    let by = crate::cli::Cli::parse_from(["onefunnel", "plan", "--by", "lead_source", "--samples", "60"]).command;
    tables.push((Of::Plan, told_by(&by, &all.data, None).unwrap()));
    let (mut seen, mut without) = (0, BTreeSet::new());
    for (of, report) in &tables {
        let (name, part, item) = match of {
            Of::Plan => ("plan_tidy", "part", "item"),
            Of::Horizon => ("horizon_tidy", "section", "item"),
            Of::Survey => ("survey_tidy", "topic", "who"),
        };
        for row in rows(report, name) {
            let place = (row.text(part), row.text(item));
            // The answers of a topic are its parts.
            if *of == Of::Survey && place.1 != "gap" {
                continue;
            }
            seen += 1;
            let also = format!("{}.{}", place.0, place.1);
            let entry = figures()
                .iter()
                .any(|f| f.report == *of && ((f.part == place.0 && f.item == place.1) || f.also.contains(&also)));
            let own = plain()
                .iter()
                .any(|p| p.report == of.id() && p.part == place.0 && p.items.iter().any(|i| i == place.1 || i == "*"));
            if !entry && !own {
                without.insert(format!("{}: {also}", of.id()));
            }
            assert!(!(entry && own), "{also} has an entry, and says that it needs none");
        }
    }
    assert!(seen > 1500, "{seen}");
    assert_eq!(
        without,
        BTreeSet::new(),
        "give each an entry in figures.toml, or a line under [[plain]] with the reason"
    );
}

#[test]
fn nobody_is_named_when_it_is_redacted() {
    let all = given();
    for (id, args) in
        [("plan.in_hand", &["--samples", "60"][..]), ("horizon.revenue_by_lag", &["--segment", "owner=Tom Castillo"])]
    {
        let more = [args, &["--redact"]].concat();
        let told = all.told(id, args);
        let (figure, asked) = (named(id).unwrap(), all.args(id, &more));
        let view = View::new(&figure, &asked, &all.data, &told, None).unwrap();
        let mut bytes = Vec::new();
        list::write(&view, &mut bytes).unwrap();
        let report = view.report();
        let cells = report.tables.iter().flat_map(|t| t.rows.iter().flatten()).map(|cell| text(cell).to_string());
        let printed = cells.chain([String::from_utf8(bytes).unwrap()]).collect::<Vec<_>>().join("\n");
        for word in ["00QHs", "006Hs", "003Hs", "Castillo"] {
            assert!(!printed.contains(word), "{id}: {word}");
        }
        let address = printed.split(['"', ',', ' ', '\n']).find(|word| word.contains('@') && word.contains('.'));
        assert_eq!(address, None, "{id}");
    }
}

#[test]
fn few_answers_are_neither_listed_nor_counted() {
    let all = given();
    let told = all.told("survey.follow_up", &[]);
    // Fewer than five of sales have answered this one.
    let report = all.report(&told, "survey.marketing_investment_per_sales_head", &[]);
    let records = table(&report, "explain_records");
    assert!(records.iter().all(|r| text(&r["team"]) != "sales") && records.len() > 5);
    assert!(records.iter().all(|r| number(&r["contribution"]).is_none()));
    let account = table(&report, "explain_account");
    assert!(account.iter().all(|r| !text(&r["reason"]).contains("sales")), "{account:?}");
    for topic in crate::catalogue::survey::topics() {
        let report = all.report(&told, &format!("survey.{}", topic.id), &[]);
        let records = table(&report, "explain_records");
        for team in ["marketing", "sales"] {
            let row =
                rows(&told.report, "survey_tidy").into_iter().find(|r| r.is(&[("topic", &topic.id), ("who", team)]));
            let n = row.and_then(|r| r.number("n")).unwrap_or(0.0);
            let listed = records.iter().filter(|r| text(&r["team"]) == team && text(&r["reason"]) == "used").count();
            assert!(close(n, count(listed)), "{} {team}: {n} {listed}", topic.id);
        }
    }
}
