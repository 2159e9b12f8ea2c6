//! `compare`: what is planted in a copy of the example is what it finds, and nothing else.

mod company;
mod plants;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::behaviour::{ACME, folder, run_in};
use crate::common::{root, stdout};
use company::*;

#[test]
fn a_copy_of_itself_differs_in_nothing() {
    let (a, b) = (Company::new(), Company::new());
    let told = compared(&a, &b, &[]);
    assert_eq!(told.rows("compare_causes"), [] as [Value; 0]);
    assert_eq!(told.rows("compare_records"), [] as [Value; 0]);
    assert!(told.rows("compare_metrics").iter().all(|row| row["difference"].as_f64().is_none_or(|by| by == 0.0)));
    for row in told.rows("compare_rows") {
        assert_eq!((&row["rows_a"], &row["same"], &row["gone"]), (&row["rows_b"], &row["rows_b"], &Value::from(0)));
    }
    // The order of rows means nothing.
    for file in [DEALS, LEADS, SPEND, "finance/headcount.csv", "salesforce/LeadHistory.csv", "salesforce/Task.csv"] {
        b.edit(file, |rows| rows.reverse());
    }
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&[]), set(&[])));
}

#[test]
fn an_amount_is_found() {
    let (a, b) = (Company::new(), Company::new());
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("Amount", "99999.99")]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["amount"]), set(&[&deal["Id"]])));
    assert_eq!(cents(told.effect("won_amount", "amount")), 9_999_999 - cents(amount(deal)));
    let changed = text(&told.rows("compare_records")[0], "changed");
    assert!(changed.ends_with("→ 99999.99"), "{changed}");
}

#[test]
fn a_close_date_is_found_in_both_periods() {
    let (a, b) = (Company::new(), Company::new());
    let deal = won(&a).into_iter().find(|row| row["CloseDate"].as_str() < "2026").unwrap();
    b.set(DEALS, &deal["Id"], &[("CloseDate", "2026-06-15 00:00:00")]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["date"]), set(&[&deal["Id"]])));
    let moved = told.rows("compare_records").iter().filter(|row| row["measure_id"] == "won_amount");
    let by: Vec<i64> = moved.map(|row| cents(row["difference"].as_f64().unwrap())).collect();
    assert_eq!(by, [-cents(amount(&deal)), cents(amount(&deal))]);
}

#[test]
fn an_outcome_is_found() {
    let (a, b) = (Company::new(), Company::new());
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("StageName", "Closed Lost"), ("IsWon", "0")]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["stage"]), set(&[&deal["Id"]])));
    assert_eq!(told.effect("won_deals", "stage").to_bits(), (-1.0_f64).to_bits());
    assert_eq!(told.effect("lost_deals", "stage").to_bits(), 1.0_f64.to_bits());
}

#[test]
fn an_owner_is_found_where_figures_are_about_it() {
    let (a, b) = (Company::new(), Company::new());
    let users = a.rows("salesforce/User.csv");
    let name = |row: &Row| format!("{} {}", row["FirstName"], row["LastName"]);
    let deal = &won(&a)[10];
    let owner = users.iter().find(|row| row["Id"] == deal["OwnerId"]).unwrap();
    let other = users.iter().find(|row| row["Id"] != owner["Id"] && row["Department"] == "Sales").unwrap();
    b.set(DEALS, &deal["Id"], &[("OwnerId", &other["Id"])]);
    assert_eq!(compared(&a, &b, &[]).causes(), set(&[]));
    let told = compared(&a, &b, &["--where", &format!("owner = '{}'", name(owner))]);
    assert_eq!((told.causes(), told.ids()), (set(&["owner"]), set(&[&deal["Id"]])));
    assert_eq!(cents(told.effect("won_amount", "owner")), -cents(amount(deal)));
}

#[test]
fn records_that_are_gone_are_deleted_or_merged() {
    let (a, b) = (Company::new(), Company::new());
    let leads = lone_leads(&a);
    let (gone, stays) = (&leads[3]["Id"], &leads[7]["Id"]);
    b.edit(LEADS, |rows| rows.retain(|row| row["Id"] != *gone));
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["deleted"]), set(&[gone])));
    assert_eq!(told.effect("entries", "deleted").to_bits(), (-1.0_f64).to_bits());

    let b = Company::new();
    b.set(LEADS, gone, &[("IsDeleted", "true"), ("MasterRecordId", stays)]);
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["merged"]), set(&[gone])));
    assert_eq!(told.effect("entries", "merged").to_bits(), (-1.0_f64).to_bits());
    for row in told.rows("compare_records") {
        assert_eq!(text(row, "changed"), format!("merged into {stays}"), "{row}");
    }

    let b = Company::new();
    let deal = &won(&a)[10];
    b.edit(DEALS, |rows| rows.retain(|row| row["Id"] != deal["Id"]));
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["deleted"]));
    assert_eq!(cents(told.effect("won_amount", "deleted")), -cents(amount(deal)));
    // Its buyer is still known: what is gone is the deal, in all formats.
    for row in told.rows("compare_records") {
        assert_eq!((&row["record"], text(row, "id_a")), (&Value::from("deal"), deal["Id"].clone()), "{row}");
        assert!(row["id_b"].is_null() && row["file_b"].is_null() && row["line_b"].is_null(), "{row}");
    }
    let shown = stdout(&["compare", a.path(), b.path(), "--from", "2024-01-01", "--to", "2026-06-30"]);
    let (_, records) = shown.split_once("Records that count otherwise: 1\n").expect("one record");
    assert!(records.contains(&deal["Id"]) && !records.contains("person"), "{records}");
}

#[test]
fn the_largest_cause_is_one_that_points_the_way_of_the_difference() {
    // One more win, and two larger ones gone: the rate falls, though the largest cause raises it.
    let (a, b) = (Company::new(), Company::new());
    let all = won(&a);
    let sum = |rows: &[&Row]| rows.iter().map(|row| amount(row)).sum::<f64>();
    let [first, second, third] = [&all[4], &all[12], &all[10]];
    let less = sum(&[first, second]) / 2.0;
    b.set(DEALS, &first["Id"], &[("Amount", &format!("{:.2}", amount(first) / 2.0))]);
    b.set(DEALS, &second["Id"], &[("Amount", &format!("{:.2}", amount(second) / 2.0))]);
    let gone = amount(third) + less;
    b.edit(DEALS, |rows| rows.retain(|row| row["Id"] != third["Id"]));
    // A late one that brings more than either cause takes, and less than both.
    let more = amount(third).max(less) + (gone - amount(third).max(less)) / 2.0;
    let row = new_deal(first, "006000000000000ZZZ", "2025-01-10 12:00:00", "2025-02-20 00:00:00");
    b.edit(DEALS, |rows| rows.push(row));
    b.set(DEALS, "006000000000000ZZZ", &[("Amount", &format!("{more:.2}"))]);
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["deleted", "late", "amount"]));
    let total = |r: &&Value| r["id"] == "won_revenue" && r["period"] == "total";
    let row = told.rows("compare_metrics").iter().find(total).unwrap();
    assert!(row["difference"].as_f64().unwrap() < 0.0, "{row}");
    let expected = if amount(third) > less { "deleted" } else { "amount" };
    assert_eq!(row["largest_cause"], expected, "{row}");
    // Every named cause goes the way of its difference.
    for row in told.rows("compare_metrics").iter().filter(|r| r["difference"].as_f64().is_some_and(|by| by != 0.0)) {
        let of =
            |r: &&Value| ["level", "id", "period"].iter().all(|c| r[c] == row[c]) && r["cause"] == row["largest_cause"];
        let effect = told.rows("compare_causes").iter().find(of).unwrap()["effect"].as_f64().unwrap();
        assert!(effect * row["difference"].as_f64().unwrap() > 0.0, "{row}");
    }
}

/// A won deal of nobody, like another.
fn new_deal(like: &Row, id: &str, created: &str, closed: &str) -> Row {
    let none = "000000000000000AAA".to_string();
    let mut row = like.clone();
    for value in row.values_mut().filter(|v| v.starts_with("003") || v.starts_with("001")) {
        value.clone_from(&none);
    }
    for (column, value) in [("Id", id), ("CreatedDate", created), ("CloseDate", closed), ("Amount", "12345.67")] {
        *row.get_mut(column).unwrap() = value.to_string();
    }
    row
}

#[test]
fn a_record_that_came_late_is_not_new() {
    let (a, b) = (Company::new(), Company::new());
    let deal = new_deal(&won(&a)[10], "006Hs0000000ZZZIAA", "2026-05-02 12:00:00", "2026-05-20 00:00:00");
    b.edit(DEALS, |rows| rows.push(deal.clone()));
    let told = compared(&a, &b, &[]);
    assert_eq!((told.causes(), told.ids()), (set(&["late"]), set(&["006Hs0000000ZZZIAA"])));
    assert_eq!(cents(told.effect("won_amount", "late")), 1_234_567);

    // A was taken before the deal was made.
    a.contract("as_of = \"2026-06-30\" ", "as_of = \"2026-04-30\" ");
    let told = compared(&a, &b, &[]);
    let row = told.rows("compare_records").iter().find(|row| row["id_b"] == "006Hs0000000ZZZIAA").unwrap();
    assert_eq!((&row["cause"], &row["period"]), (&Value::from("new"), &Value::from("2026-Q2")));
    assert!(!told.causes().contains("late") && !told.causes().contains("definition"), "{:?}", told.causes());
}

#[test]
fn a_lead_that_was_linked_to_a_deal_is_found() {
    let (a, b) = (Company::new(), Company::new());
    let lead = lone_leads(&a)[3].clone();
    let roles = a.rows("salesforce/OpportunityContactRole.csv");
    let with_role: BTreeSet<&str> = roles.iter().map(|row| &row["OpportunityId"][..15]).collect();
    let deals = a.rows(DEALS);
    let deal = deals.iter().find(|row| !with_role.contains(&row["Id"][..15]) && row["IsDeleted"] == "0").unwrap();
    let values =
        [("IsConverted", "true"), ("ConvertedDate", "2026-06-01"), ("ConvertedOpportunityId", deal["Id"].as_str())];
    b.set(LEADS, &lead["Id"], &values);
    let told = compared(&a, &b, &[]);
    let records: BTreeSet<(String, String)> =
        told.rows("compare_records").iter().map(|row| (text(row, "cause"), text(row, "measure_id"))).collect();
    assert!(records.contains(&("link".into(), "entries".into())), "{records:?}");
    assert_eq!(told.causes(), set(&["link"]));
    assert!(told.ids().contains(&lead["Id"]), "{:?}", told.ids());
}

#[test]
fn a_ledger_line_is_found() {
    let (a, b) = (Company::new(), Company::new());
    b.edit(SPEND, |rows| {
        let line = rows.iter_mut().find(|row| row["team"] == "sales").unwrap();
        *line.get_mut("amount").unwrap() = "1.00".into();
    });
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["amount"]));
    let before: f64 = a.rows(SPEND).iter().find(|row| row["team"] == "sales").unwrap()["amount"].parse().unwrap();
    assert_eq!(cents(told.effect("sales_spend", "amount")), 100 - cents(before));

    let b = Company::new();
    b.edit(SPEND, |rows| drop(rows.remove(0)));
    b.edit("finance/headcount.csv", |rows| *rows[5].get_mut("heads").unwrap() = "40".into());
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["deleted", "amount"]));
    let gone = told.rows("compare_records").iter().find(|row| row["cause"] == "deleted").unwrap();
    assert_eq!((&gone["file_a"], &gone["line_a"]), (&Value::from("exports/finance/spend.csv"), &Value::from(2)));
    assert!(gone["file_b"].is_null());
}

#[test]
fn a_changed_contract_is_a_cause_of_its_own() {
    let (a, b) = (Company::new(), Company::new());
    b.contract("rate = 1.10 ", "rate = 1.20 ");
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["definition"]));
    assert!(told.effect("marketing_spend", "definition") > 0.0);
    assert!(told.notes.contains("The contracts differ"));

    // Together with a changed record: each has its own.
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("Amount", "99999.99")]);
    b.contract("{ status = [\"MQL\", \"Marketing Qualified Lead\"] }, ", "");
    let told = compared(&a, &b, &[]);
    assert_eq!(told.causes(), set(&["amount", "definition"]));
    assert_eq!(cents(told.effect("won_amount", "amount")), 9_999_999 - cents(amount(deal)));
    assert!(told.effect("mqls", "definition").abs() > 0.0);
    // What the other contract changes in each record is said.
    let redefined: Vec<&Value> = told
        .rows("compare_records")
        .iter()
        .filter(|row| row["cause"] == "definition" && row["measure_id"] == "mqls")
        .collect();
    assert!(!redefined.is_empty());
    for row in redefined {
        assert!(text(row, "changed").contains("mql_on "), "{row}");
    }

    // A metric that A's contract does not have has no value there.
    let own = "[metric.sales_spend_per_sales_head]";
    b.contract(own, &format!("[metric.double]\nformula = \"2 * won_deals\"\nunit = \"count\"\nbetter = \"higher\"\ndefinition = \"x\"\n\n{own}"));
    let told = tell(&[a.path(), b.path(), "--metric", "double"]);
    let rows = told.rows("compare_metrics").iter().filter(|row| row["id"] == "double");
    assert!(rows.clone().count() > 0);
    for row in rows {
        assert_eq!((&row["status_a"], &row["status_b"]), (&Value::from("not_defined"), &Value::from("ok")));
        assert!(row["difference"].is_null() && row["value_a"].is_null());
    }
}

#[test]
fn one_contract_serves_a_folder_without_one() {
    let (a, b) = (Company::new(), Company::new());
    std::fs::remove_file(a.0.path().join("onefunnel.toml")).unwrap();
    let deal = &won(&a)[10];
    b.set(DEALS, &deal["Id"], &[("Amount", "99999.99")]);
    let told = tell(&[a.path(), b.path()]);
    assert_eq!((told.causes(), told.ids()), (set(&["amount"]), set(&[&deal["Id"]])));
    assert!(told.notes.contains("A and B are both read under"), "{}", told.notes);
    // --contract goes before the contracts of both.
    b.contract("rate = 1.10 ", "rate = 1.20 ");
    let acme = root().join(ACME);
    let told = tell(&[a.path(), b.path(), "--contract", acme.to_str().unwrap()]);
    assert_eq!((told.causes(), told.ids()), (set(&["amount"]), set(&[&deal["Id"]])));
}

#[test]
fn two_days_see_the_same_exports() {
    for (a, b, to) in [
        ("2026-03-31", "2026-06-30", "2026-03-31"),
        ("2026-03-31", "2026-06-30", "2026-06-30"),
        ("2025-03-10", "2026-02-14", "2026-02-14"),
        ("2025-03-10", "2025-03-10", "2025-03-10"),
    ] {
        let window = ["--from", "2024-01-01", "--to", to, "--period", "month"];
        let told = tell(&[&[a, b, ACME], &window[..]].concat());
        let side = |as_of: &str| {
            let rows = scorecard(&[&[ACME, "--as-of", as_of], &window[..]].concat());
            rows.into_keys().collect::<BTreeSet<_>>()
        };
        assert!(side(a).is_subset(&side(b)));
        told.records_add_up();
        told.lines_are_right([&root().join(ACME), &root().join(ACME)]);
        assert!(told.causes().is_subset(&set(&["new", "stage", "touches", "date", "link"])), "{:?}", told.causes());
        if to == a {
            let args = |as_of| [&[ACME, "--as-of", as_of], &window[..]].concat();
            told.holds(&args(a), &args(b));
            assert!(!told.causes().contains("new"), "{:?}", told.causes());
        }
        if a == b {
            assert_eq!((told.causes(), told.ids()), (set(&[]), set(&[])));
        }
    }
}

#[test]
fn by_default_only_whole_periods_that_both_know_are_compared() {
    let told = tell(&["2026-03-15", "2026-06-30", ACME]);
    let last = told.rows("compare_metrics").iter().rfind(|row| row["period"] != "total").unwrap();
    assert_eq!((&last["period"], &last["period_end"]), (&Value::from("2026-02"), &Value::from("2026-02-28")));
}

#[test]
fn a_measure_of_touches_and_nothing_at_all() {
    let contract = "as_of = \"2026-03-31\"\n[[source]]\npath = \"touches.csv\"\ntable = \"touches\"\n\
        columns = { person_id = \"who\", at = \"at\", kind = \"kind\" }\n\
        [[source]]\npath = \"people.csv\"\ntable = \"people\"\ncolumns = { person_id = \"id\", created_at = \"made\" }\n\
        [measure.calls]\ntable = \"touches\"\nat = \"on\"\nvalue = \"COUNT(*)\"\nwhere = \"kind = 'call'\"\nunit = \"count\"\n\
        [metric.calls_made]\nformula = \"calls\"\nunit = \"count\"\nbetter = \"higher\"\ndefinition = \"Calls\"\n";
    let people = "id,made\n1,2026-01-05\n2,2026-01-06\n";
    let touches = "who,at,kind\n1,2026-01-10,call\n1,2026-01-10,call\n2,2026-02-01,email\n";
    let later = "who,at,kind\n1,2026-01-10,call\n2,2026-02-01,call\n2,2026-02-02,call\n";
    let none = "who,at,kind\n";
    let company = |touches| folder(&[("onefunnel.toml", contract), ("people.csv", people), ("touches.csv", touches)]);
    let (a, b, c) = (company(touches), company(later), company(none));
    let paths = [&a, &b, &c].map(|dir| dir.path().to_str().unwrap());
    let told = tell(&[paths[0], paths[1], "--metric", "calls_made"]);
    assert_eq!(told.causes(), set(&["deleted", "late", "segment"]));
    told.holds(
        &[paths[0], "--metric", "calls_made", "--period", "month"],
        &[paths[1], "--metric", "calls_made", "--period", "month"],
    );
    let total = |told: &Told| {
        told.rows("compare_metrics").iter().find(|row| key(row) == ["metric", "calls_made", "total"]).unwrap().clone()
    };
    assert_eq!((&total(&told)["value_a"], &total(&told)["value_b"]), (&Value::from(2), &Value::from(3)));
    // Every row gone; nothing on either side.
    let told = tell(&[paths[0], paths[2], "--metric", "calls_made"]);
    assert!(total(&told)["difference"].is_null() || total(&told)["difference"] == -2, "{}", total(&told));
    let told = tell(&[paths[2], paths[2], "--metric", "calls_made"]);
    assert_eq!(told.causes(), set(&[]));
}

#[test]
fn a_file_is_compared_with_a_file() {
    let deals = "Id,Name,StageName,CloseDate,IsWon,IsClosed,Amount,CreatedDate\n\
        006gL0000000001QAA,One,Closed Won,2026-03-20,true,true,1200.00,2026-01-05T10:00:00.000Z\n";
    let later = deals.replace("1200.00", "1300.50");
    let dir = folder(&[("a.csv", deals), ("b.csv", &later)]);
    let out = run_in(dir.path(), &["compare", "a.csv", "b.csv", "--as-of", "2026-03-31", "--metric", "won_revenue"]);
    let shown = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(shown.contains("+100.50") && shown.contains("changed amount"), "{shown}");
    // Without as-of the last record says how far A can know.
    let out = run_in(dir.path(), &["compare", "a.csv", "b.csv", "--metric", "won_revenue", "-f", "json"]);
    let shown = String::from_utf8(out.stdout).unwrap();
    assert!(shown.contains("Nobody said when A was taken: its last record is of 2026-03-20."), "{shown}");
}
