//! Data that is well formed and still misleads: 25 to 28 and 30.

use super::{Folder, map, values};

#[test]
fn trap_25_impossible_orders_are_counted_kept_and_said() {
    let contact = Folder::trap("25_impossible_orders/contact");
    // Won two days before the first contact, and four days after: median 1. Naive: clamped to 0 it is 2, dropped it is 4.
    assert_eq!(contact.metric("customer_creation_cycle", "total", &[])[0], "1");
    assert_eq!(contact.total("deals_won"), "2");
    contact.notes_say("Kept and counted: 1 × won before the first recorded contact.");
    let created = Folder::trap("25_impossible_orders/created");
    // Closed ten days before its creation, and ten days after: median 0. Naive: clamped 5, dropped 10.
    assert_eq!(created.metric("sales_cycle", "total", &[])[0], "0");
    assert_eq!(created.total("won_revenue"), "300");
    created.notes_say("Kept and counted: 1 × deals whose close date is before their creation.");
}

#[test]
fn trap_26_a_young_cohort_is_marked_and_nothing_after_as_of_counts() {
    let folder = Folder::trap("26_censoring");
    // Of four in the first quarter two were won, of four in the second one by as-of; two more were won after it.
    // Naive: 2 of 4 and 3 of 4, conversion is rising.
    assert_eq!(folder.metric("inquiry_to_revenue_conversion", "2026-Q1", &[])[..3], ["0.5", "2", "4"]);
    assert_eq!(folder.metric("inquiry_to_revenue_conversion", "2026-Q2", &[])[..3], ["0.25", "1", "4"]);
    assert_eq!(folder.accounts()["closed.csv"].aside(), [("dated after as-of", 2)]);
    // 90 days after its end the first quarter is mature on 2026-06-29; the second is not.
    let json = folder.stdout(&["scorecard", ".", "--metric", "inquiry_to_revenue_conversion", "-f", "jsonl"]);
    let mature: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|row| serde_json::json!([row["period"], row["mature"]]))
        .collect();
    assert_eq!(
        serde_json::Value::from(mature),
        serde_json::json!([["2026-Q1", true], ["2026-Q2", false], ["total", false]])
    );
    let table = folder.stdout(&["scorecard", ".", "--metric", "inquiry_to_revenue_conversion"]);
    assert!(table.contains("25.0%*"), "{table}");
}

#[test]
fn trap_27_zero_and_nothing_are_two_things() {
    let folder = Folder::trap("27_zero_and_null");
    // Won for 300, for 0, and for nobody knows how much: 300 / 2. Naive: over all six 50, over three won 100, over what
    // is not zero 300.
    assert_eq!(folder.metric("average_deal", "total", &[])[..3], ["150", "300", "2"]);
    assert_eq!(folder.total("deals_won"), "3");
    assert_eq!(folder.metric("win_rate_narrow", "total", &[])[..3], ["0.6", "3", "5"]);
    folder.notes_say("Kept and counted: 1 × won deals without an amount, which won revenue lacks.");
    folder.notes_say("Kept and counted: 1 × open deals without an amount, which pipeline lacks.");
}

#[test]
fn trap_28_a_mistyped_product_loses_no_revenue() {
    // 100 + 400 of GTXPro and 200 of GTX Pro. Naive: joined to the list of products, 500 of 700 are gone.
    let typo = Folder::trap("28_product_key/typo");
    assert_eq!(typo.total("won_revenue"), "700");
    let by = typo.by("won_revenue", "product");
    assert_eq!((by["GTXPro"].as_str(), by["GTX Pro"].as_str()), ("500", "200"));
    assert_eq!(by.values().map(|v| v.parse::<u32>().unwrap_or(0)).sum::<u32>(), 700);
    // Once the contract says that they are one, so they are.
    let mended = Folder::trap("28_product_key/mended");
    assert_eq!(mended.by("won_revenue", "product")["GTX Pro"], "700");
    assert!(!mended.by("won_revenue", "product").contains_key("GTXPro"));
    // The open deal without a company is a deal.
    assert_eq!(mended.by("deals_opened", "product"), values(&[("GTX Pro", "4"), ("MG Special", "1")]));
}

#[test]
fn trap_30_ends_of_cases_are_no_stages() {
    let folder = Folder::trap("30_event_logs/cases");
    // Two of three were sent an offer, one of them had talks at the very same time. Naive: END is a stage that all reach, and
    // of two events at once one is lost.
    assert_eq!(folder.volumes(), map(&[("opened", 3), ("offer", 2), ("talks", 1), ("won", 1)]));
    let stages = folder.funnel();
    assert_eq!((stages["offer"].days_to_next.as_str(), stages["talks"].days_to_next.as_str()), ("0", "26"));
    assert_eq!((stages["offer"].recorded, stages["talks"].recorded), (2, 1));
    // c3 has nothing but an END of the day the log was made: it stays where it was.
    // And as no case in the log is lost, a win rate of 100 % would say nothing.
    assert_eq!(folder.metric("win_rate_narrow", "total", &[]), ["", "1", "", "no_source"]);
}

#[test]
fn trap_30_of_two_changes_at_once_the_first_in_the_file_came_first() {
    // MQL → Nurture and Nurture → Open at the same second: the first change is away from MQL, so the lead was one from its
    // creation. In the other order it was a Nurture, and nobody knows since when an MQL.
    let folder = Folder::trap("30_event_logs/ties");
    let mql = |folder: &Folder| {
        let stages = folder.funnel();
        (stages["mql"].volume, stages["mql"].undated, stages["lead"].days_to_next.clone())
    };
    assert_eq!(mql(&folder), (1, 0, "0".to_string()));
    let other = tempfile::tempdir().unwrap();
    for name in ["onefunnel.toml", "people.csv", "log.csv"] {
        let mut text = std::fs::read_to_string(folder.0.join(name)).unwrap();
        if name == "log.csv" {
            let mut lines: Vec<&str> = text.lines().collect();
            lines[1..].reverse();
            text = lines.join("\n");
        }
        std::fs::write(other.path().join(name), text).unwrap();
    }
    assert_eq!(mql(&Folder::at(other.path())), (1, 1, String::new()));
}

#[test]
fn trap_30_of_two_touches_at_once_the_first_in_the_file_came_first() {
    // A call and a form at the same second, in both orders. Naive: whoever is asked first owns the deal.
    let share = |case: &str| Folder::trap(&format!("30_event_logs/{case}")).total("marketing_sourced_pipeline_share");
    assert_eq!([share("marketing_first"), share("sales_first")], ["1", "0"]);
}
