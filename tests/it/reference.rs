//! Real files, which are not in the repository: their figures were computed twice elsewhere.
//!
//! `ONEFUNNEL_REFERENCE_DATA` names the folder that holds them; without it there is nothing to compare, and the test says
//! so. Nothing in the program is tuned to these files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::common::{root, stdout};

fn data() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("ONEFUNNEL_REFERENCE_DATA") else {
        eprintln!("ONEFUNNEL_REFERENCE_DATA is not set: nothing compared");
        return None;
    };
    Some(root().join(folder).canonicalize().expect("ONEFUNNEL_REFERENCE_DATA is a folder"))
}

fn contract(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

type Row = BTreeMap<String, String>;

fn rows(args: &[&str]) -> Vec<Row> {
    let text = stdout(args);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|r| header.iter().map(String::from).zip(r.unwrap().iter().map(String::from)).collect())
        .collect()
}

fn olist(folder: &str) -> tempfile::NamedTempFile {
    contract(&format!(
        "[[source]]\npath = \"{folder}/olist_marketing_qualified_leads_dataset.csv\"\ntable = \"people\"\n\
         columns = {{ person_id = \"mql_id\", created_at = \"first_contact_date\", lead_source = \"origin\" }}\n\
         [[source]]\npath = \"{folder}/olist_closed_deals_dataset.csv\"\ntable = \"deals\"\n\
         columns = {{ deal_id = \"mql_id\", person_id = \"mql_id\", closed_at = \"won_date\" }}\nconstants = {{ is_won = \"true\" }}\n\
         [[stage]]\nid = \"mql\"\nowner = \"marketing\"\nreached = [{{ people = \"created_at\" }}]\n\
         [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [{{ deal = \"closed_at\", when = \"is_won\" }}]\n"
    ))
}

/// Period or segment → (volume of `mql`, those won, conversion).
fn funnel(file: &tempfile::NamedTempFile, extra: &[&str], key: &str) -> BTreeMap<String, (u64, u64, String)> {
    let mut args = vec!["funnel", file.path().to_str().unwrap(), "--as-of", "2018-12-31", "-f", "csv"];
    args.extend(extra);
    rows(&args)
        .into_iter()
        .filter(|r| r["stage_id"] == "mql" && (key != "segment" || r["period"] == "total"))
        .map(|r| {
            let figures =
                (r["volume"].parse().unwrap(), r["next_reached"].parse().unwrap(), r["conversion_to_next"].clone());
            (r[key].clone(), figures)
        })
        .collect()
}

#[test]
fn olist_by_month_and_by_origin() {
    let Some(data) = data() else { return };
    let months = [
        ("2017-11", 445, 18),
        ("2017-12", 200, 11),
        ("2018-01", 1141, 152),
        ("2018-02", 1028, 149),
        ("2018-03", 1174, 167),
        ("2018-04", 1352, 183),
        ("2018-05", 1303, 130),
    ];
    let origins = [
        ("organic_search", 2296, 271),
        ("paid_search", 1586, 195),
        ("social", 1350, 75),
        ("unknown", 1099, 179),
        ("direct_traffic", 499, 56),
        ("email", 493, 15),
        ("referral", 284, 24),
        ("other", 150, 4),
        ("display", 118, 6),
        ("other_publicities", 65, 3),
        ("(blank)", 60, 14),
    ];
    for folder in ["olist", "olist/variant_dd-mm-yyyy_crlf"] {
        let file = olist(data.join(folder).to_str().unwrap());
        let by_month = funnel(&file, &["--period", "month"], "period");
        assert_eq!(by_month["total"], (8000, 842, "0.10525".into()), "{folder}");
        for (month, mql, won) in months {
            let (volume, next, _) = by_month[month];
            assert_eq!((volume, next), (mql, won), "{folder} {month}");
        }
        let by_origin = funnel(&file, &["--by", "lead_source"], "segment");
        for (origin, mql, won) in origins {
            let (volume, next, _) = by_origin[&format!("lead_source={origin}")];
            assert_eq!((volume, next), (mql, won), "{folder} {origin}");
        }
        let total = rows(&["funnel", file.path().to_str().unwrap(), "--as-of", "2018-12-31", "-f", "csv"]);
        let total = total.iter().find(|r| r["stage_id"] == "mql" && r["period"] == "total").unwrap();
        assert_eq!((total["median_days_to_next"].as_str(), total["days_n"].as_str()), ("14", "842"));
    }
}

#[test]
fn olist_within_horizons() {
    let Some(data) = data() else { return };
    let months = [
        ("2017-11", 445, [2, 8, 13]),
        ("2017-12", 200, [1, 6, 8]),
        ("2018-01", 1141, [96, 129, 143]),
        ("2018-02", 1028, [101, 128, 139]),
        ("2018-03", 1174, [114, 140, 159]),
        ("2018-04", 1352, [148, 171, 178]),
        ("2018-05", 1303, [92, 109, 130]),
        ("total", 8000, [554, 691, 774]),
    ];
    let file = olist(data.join("olist").to_str().unwrap());
    for (at, days) in ["30d", "90d", "180"].into_iter().enumerate() {
        let extra = ["--period", "month", "--basis", "horizon", "--horizon", days];
        let by_month = funnel(&file, &extra, "period");
        for (month, mql, won) in months {
            let (volume, next, _) = by_month[month];
            assert_eq!((volume, next), (mql, won[at]), "{month} within {days}");
        }
    }
    // On 2018-07-31 those of June have not been there for 90 days, nor most of May: they are in neither number.
    let args = ["funnel", file.path().to_str().unwrap(), "--as-of", "2018-07-31", "-f", "csv"];
    let args = [&args[..], &["--period", "month", "--basis", "horizon", "--horizon", "90d"]].concat();
    let may = rows(&args).into_iter().find(|r| r["stage_id"] == "mql" && r["period"] == "2018-05").unwrap();
    let leads: Vec<_> = csv::Reader::from_path(data.join("olist/olist_marketing_qualified_leads_dataset.csv"))
        .unwrap()
        .records()
        .map(|r| r.unwrap()[1].to_string())
        .filter(|day| day.as_str() >= "2018-05-01" && day.as_str() <= "2018-05-02")
        .collect();
    assert_eq!((may["volume"].as_str(), may["observed"].parse().ok()), ("1303", Some(leads.len())));
    assert_eq!(may["mature"], "false");
}

#[test]
fn olist_re_saved_as_month_day_year_has_the_same_leads_and_a_part_of_the_deals() {
    // This copy has all leads and 380 of the 842 deals: the same figures come from the original cut to those ids.
    let Some(data) = data() else { return };
    let variant = data.join("olist/variant_m-d-yyyy");
    let ids = |path: PathBuf| -> Vec<csv::StringRecord> {
        csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect()
    };
    let kept: Vec<String> =
        ids(variant.join("olist_closed_deals_dataset.csv")).into_iter().map(|r| r[0].to_string()).collect();
    let folder = tempfile::tempdir().unwrap();
    let name = "olist_marketing_qualified_leads_dataset.csv";
    std::fs::copy(data.join("olist").join(name), folder.path().join(name)).unwrap();
    let mut cut = csv::Writer::from_path(folder.path().join("olist_closed_deals_dataset.csv")).unwrap();
    let original = data.join("olist/olist_closed_deals_dataset.csv");
    cut.write_record(csv::Reader::from_path(&original).unwrap().headers().unwrap()).unwrap();
    for record in ids(original).into_iter().filter(|r| kept.contains(&r[0].to_string())) {
        cut.write_record(&record).unwrap();
    }
    cut.flush().unwrap();
    let (a, b) = (olist(variant.to_str().unwrap()), olist(folder.path().to_str().unwrap()));
    for extra in [["--period", "month"], ["--by", "lead_source"]] {
        let key = if extra[0] == "--by" { "segment" } else { "period" };
        let (a, b) = (funnel(&a, &extra, key), funnel(&b, &extra, key));
        assert_eq!(a, b);
        assert_eq!(a[if key == "segment" { "" } else { "total" }].0, 8000);
        assert_eq!(a[if key == "segment" { "" } else { "total" }].1, 380);
    }
}

/// (metric, period) → value.
fn scorecard(args: &[&str]) -> BTreeMap<(String, String), String> {
    rows(args).into_iter().map(|r| ((r["metric_id"].clone(), r["period"].clone()), r["value"].clone())).collect()
}

fn number(scores: &BTreeMap<(String, String), String>, metric: &str, period: &str) -> f64 {
    scores[&(metric.to_string(), period.to_string())].parse().unwrap()
}

#[test]
fn maven_quarters_and_totals() {
    let Some(data) = data() else { return };
    let path = data.join("maven_crm/sales_pipeline.csv");
    let file = contract(&format!(
        "[[source]]\npath = {:?}\ntable = \"deals\"\ncolumns = {{ deal_id = \"opportunity_id\", owner = \"sales_agent\", product = \"product\", \
         account_name = \"account\", stage = \"deal_stage\", created_at = \"engage_date\", closed_at = \"close_date\", amount = \"close_value\" }}\n",
        path.to_str().unwrap()
    ));
    let scores = scorecard(&["scorecard", file.path().to_str().unwrap(), "--as-of", "2018-01-31", "-f", "csv"]);
    assert!((number(&scores, "win_rate_narrow", "total") - 0.631_501).abs() < 5e-7);
    assert_eq!(number(&scores, "won_revenue", "total"), 10_005_534.0);
    assert!((number(&scores, "average_deal", "total") - 2_360.909_4).abs() < 5e-5);
    assert_eq!(number(&scores, "sales_cycle", "total"), 57.0);
    let quarters = [
        ("2017-Q1", 531.0, 116.0, 1_134_672.0),
        ("2017-Q2", 1254.0, 778.0, 3_086_111.0),
        ("2017-Q3", 1257.0, 790.0, 2_982_255.0),
        ("2017-Q4", 1196.0, 789.0, 2_802_496.0),
    ];
    for (quarter, won, lost, revenue) in quarters {
        assert_eq!(number(&scores, "deals_won", quarter), won);
        assert_eq!(number(&scores, "won_revenue", quarter), revenue);
        assert!((number(&scores, "win_rate_narrow", quarter) - won / (won + lost)).abs() < 1e-12);
    }
}

#[test]
fn the_salesforce_sample_is_recognised_without_a_contract() {
    let Some(data) = data() else { return };
    let folder = data.join("salesforce_sample");
    let folder = folder.to_str().unwrap();
    let scores = scorecard(&["scorecard", folder, "--as-of", "2026-06-30", "-f", "csv"]);
    assert_eq!(number(&scores, "deals_won", "total"), 12.0);
    assert_eq!(number(&scores, "won_revenue", "total"), 2_815_000.0);
    assert_eq!(number(&scores, "win_rate_narrow", "total"), 0.6);
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&["inspect", folder, "--as-of", "2026-06-30", "-f", "json"])).unwrap();
    let notes: Vec<&str> = json["notes"].as_array().unwrap().iter().filter_map(|n| n.as_str()).collect();
    assert!(notes.iter().any(|n| n.contains("32 × deals whose close date is before their creation")), "{notes:?}");
    let presets: Vec<&str> = json["inputs"].as_array().unwrap().iter().filter_map(|i| i["preset"].as_str()).collect();
    assert_eq!(presets.len(), 5, "{presets:?}");
}

/// The line of `velocity`'s tidy table, all periods together.
fn cycle(args: &[&str], item: &str) -> Row {
    let found = rows(args).into_iter().find(|r| r["item"] == item && r["period"] == "total");
    found.unwrap_or_else(|| panic!("no {item}"))
}

fn figure(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

#[test]
fn olist_days_to_won() {
    let Some(data) = data() else { return };
    let file = olist(data.join("olist").to_str().unwrap());
    let path = file.path().to_str().unwrap();
    let row = cycle(&["velocity", path, "--as-of", "2018-12-31", "-f", "csv"], "customer_creation_cycle");
    for (column, value) in
        [("n", 842.0), ("low", -2.0), ("p25", 5.0), ("median", 14.0), ("p75", 54.75), ("p90", 161.9), ("high", 427.0)]
    {
        assert!((figure(&row, column) - value).abs() < 1e-9, "{column}: {}", row[column]);
    }
    assert!((figure(&row, "mean") - 48.440_618).abs() < 5e-7);
    // Every won MQL has left the first stage with its win; the others are still there.
    let lines = rows(&["velocity", path, "--as-of", "2018-12-31", "-f", "csv"]);
    let stage = |state: &str| {
        let found =
            lines.iter().find(|r| r["section"] == "time_in_stage" && r["period"] == "total" && r["state"] == state);
        figure(found.unwrap(), "n")
    };
    assert_eq!((stage("completed"), stage("open")), (842.0, 7158.0));
    // The file holds winners only.
    let rates = rows(&["winrate", path, "--as-of", "2018-12-31", "-f", "csv"]);
    let narrow = rates.iter().find(|r| r["rate"] == "narrow" && r["period"] == "total").unwrap();
    assert_eq!([&narrow["value"], &narrow["status"]], ["", "no_lost"]);
}

#[test]
fn maven_cycles_and_rates() {
    let Some(data) = data() else { return };
    let file = contract(&format!(
        "[[source]]\npath = {:?}\ntable = \"deals\"\ncolumns = {{ deal_id = \"opportunity_id\", stage = \"deal_stage\", \
         created_at = \"engage_date\", closed_at = \"close_date\", amount = \"close_value\" }}\n",
        data.join("maven_crm/sales_pipeline.csv").to_str().unwrap()
    ));
    let path = file.path().to_str().unwrap();
    let args = ["velocity", path, "--as-of", "2018-01-31", "-f", "csv"];
    let won = cycle(&args, "sales_cycle_won");
    assert_eq!((figure(&won, "n"), figure(&won, "median"), figure(&won, "p90")), (4238.0, 57.0, 106.0));
    assert!((figure(&won, "mean") - 51.781_973).abs() < 5e-7);
    let lost = cycle(&args, "sales_cycle_lost");
    assert_eq!((figure(&lost, "n"), figure(&lost, "median")), (2473.0, 14.0));
    assert!((figure(&lost, "mean") - 41.479_175).abs() < 5e-7);

    let rates = rows(&["winrate", path, "--as-of", "2018-01-31", "-f", "csv"]);
    let rate = |id: &str, period: &str| {
        rates.iter().find(|r| r["rate"] == id && r["period"] == period).unwrap_or_else(|| panic!("no {id} of {period}"))
    };
    let narrow = rate("narrow", "total");
    assert_eq!([&narrow["numerator"], &narrow["denominator"]], ["4238", "6711"]);
    assert!((figure(narrow, "value") - 0.631_501).abs() < 5e-7);
    for (quarter, won, lost) in
        [("2017-Q1", 531.0, 116.0), ("2017-Q2", 1254.0, 778.0), ("2017-Q3", 1257.0, 790.0), ("2017-Q4", 1196.0, 789.0)]
    {
        assert_eq!((figure(rate("narrow", quarter), "won"), figure(rate("narrow", quarter), "lost")), (won, lost));
    }
    // Deals that were engaged: 4,238 won of 8,300; the 500 that are only prospected have no day. Lost ones are worth 0.
    let close = rate("close_rate", "total");
    assert_eq!([&close["numerator"], &close["denominator"]], ["4238", "8300"]);
    assert_eq!([&rate("amount", "total")["value"], &rate("amount", "total")["status"]], ["", "no_lost_amount"]);
}

/// Nobody is lost in these files, and everybody is followed for 214 days: up to then the estimate is the plain share.
#[test]
fn olist_cohorts_by_age() {
    let Some(data) = data() else { return };
    // Month of first contact: leads, won, and won within 30, 90 and 180 days.
    let months = [
        ("2017-11", [445, 18, 2, 8, 13]),
        ("2017-12", [200, 11, 1, 6, 8]),
        ("2018-01", [1141, 152, 96, 129, 143]),
        ("2018-02", [1028, 149, 101, 128, 139]),
        ("2018-03", [1174, 167, 114, 140, 159]),
        ("2018-04", [1352, 183, 148, 171, 178]),
        ("2018-05", [1303, 130, 92, 109, 130]),
        ("total", [8000, 842, 554, 691, 774]),
    ];
    let file = olist(data.join("olist").to_str().unwrap());
    let rows = rows(&["cohort", file.path().to_str().unwrap(), "--as-of", "2018-12-31", "-f", "csv"]);
    let row = |cohort: &str, age: &str| rows.iter().find(|r| r["cohort"] == cohort && r["age"] == age).unwrap();
    let count = |row: &Row, key: &str| row[key].parse::<i64>().unwrap();
    for (month, [leads, won, within @ ..]) in months {
        let last = row(month, "eventual");
        assert_eq!([count(last, "n"), count(last, "converted"), count(last, "lost")], [leads, won, 0], "{month}");
        // One won before the first contact has converted at every age; the reference figures leave it out.
        let before = count(last, "converted_before_start");
        for (age, won) in ["1", "3", "6"].into_iter().zip(within) {
            let row = row(month, age);
            assert_eq!([count(row, "observed"), count(row, "converted") - before], [leads, won], "{month} {age}");
            assert_eq!((row["cif"].as_str() == "0", row["whole_cohort_observed"].as_str()), (false, "true"));
            let (cif, share) = (row["cif"].parse::<f64>().unwrap(), row["share"].parse::<f64>().unwrap());
            assert!((cif - share).abs() < 1e-12, "{month} {age}");
        }
    }
    // lifelines' Kaplan–Meier on the raw files: 0.110439770199 by day 427, the last win, and by day 565, half of it by day 16; from
    // day 548 on fewer than five are followed. Half of those who won so
    // far had by day 14: the late wins of the young are not seen yet, and the estimate makes up for them.
    let total = row("total", "eventual");
    let days = ["age_days", "median_days", "median_days_of_all"].map(|key| total[key].as_str());
    assert_eq!(days, ["547", "16", ""]);
    assert!((total["cif"].parse::<f64>().unwrap() - 0.110_439_770_199).abs() < 1e-11, "{total:?}");
}

/// Sessions, conversions and ad spend: the figures that a published playbook's SQL gives, by another engine.
#[test]
fn dbt_playbook_by_four_models() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let playbook = data.join("dbt_attribution_playbook");
    // A visitor has no record but the sessions: the same file, as people.
    std::fs::copy(playbook.join("sessions.csv"), folder.path().join("visitors.csv")).unwrap();
    for name in ["sessions.csv", "customer_conversions.csv", "ad_spend.csv"] {
        std::fs::copy(playbook.join(name), folder.path().join(name)).unwrap();
    }
    let text = "[[source]]\npath = \"sessions.csv\"\ntable = \"touches\"\n\
        columns = { touch_id = \"session_id\", person_id = \"customer_id\", at = \"started_at\", channel = \"utm_source\" }\n\
        constants = { kind = \"session\", team = \"marketing\" }\n\
        [[source]]\npath = \"visitors.csv\"\ntable = \"people\"\n\
        columns = { person_id = \"customer_id\", created_at = \"started_at\" }\n\
        [[source]]\npath = \"customer_conversions.csv\"\ntable = \"deals\"\n\
        columns = { deal_id = \"customer_id\", person_id = \"customer_id\", closed_at = \"converted_at\", amount = \"revenue\" }\n\
        constants = { is_won = \"true\" }\n\
        [[source]]\npath = \"ad_spend.csv\"\ntable = \"spend\"\n\
        columns = { date = \"date_day\", channel = \"utm_source\", amount = \"spend\" }\nconstants = { team = \"marketing\" }\n\
        [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [{ deal = \"closed_at\", when = \"is_won\" }]\n";
    std::fs::write(folder.path().join("onefunnel.toml"), text).unwrap();
    let input = folder.path().to_str().unwrap();
    let all = rows(&["attribution", input, "--as-of", "2020-12-31", "--look-back", "30d", "-f", "csv"]);
    let channels = ["adwords", "bing", "direct", "facebook_ads", "google"];
    let expected = [
        ("first", [1.0, 0.0, 11.0, 7.0, 2.0]),
        ("last", [1.0, 2.0, 11.0, 4.0, 3.0]),
        ("linear", [1.369_048, 0.476_19, 10.976_19, 5.392_857, 2.785_714]),
        ("u_first_last", [1.24, 0.8, 10.94, 5.44, 2.58]),
    ];
    let row = |model: &str, goal: &str, key: &str| {
        all.iter().find(|r| r["model"] == model && r["goal"] == goal && r["key"] == key).unwrap()
    };
    let figure = |row: &Row, column: &str| row[column].parse::<f64>().unwrap();
    for (model, credit) in expected {
        for (channel, credit) in channels.iter().zip(credit) {
            let found = figure(row(model, "conversions", channel), "credit");
            assert!((found - credit).abs() < 1e-6, "{model} {channel}: {found}");
        }
        let whole = |goal: &str| figure(row(model, goal, "total"), "credit");
        assert_eq!([whole("conversions"), whole("revenue")], [21.0, 275.0], "{model}");
        let revenue: f64 = channels.iter().map(|c| figure(row(model, "revenue", c), "credit")).sum();
        assert!((revenue - 275.0).abs() < 1e-9, "{model}: {revenue}");
    }
    let touches: f64 = channels.iter().map(|c| figure(row("first", "conversions", c), "touches")).sum();
    assert_eq!(touches, 39.0);
    let spend = ["facebook_ads", "adwords", "total"].map(|key| figure(row("first", "revenue", key), "spend"));
    assert_eq!(spend, [312.0, 47.0, 359.0]);
}
