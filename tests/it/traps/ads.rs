//! Reports of advertising platforms: 19 and 20.

use super::Folder;

#[test]
fn trap_19_google_sums_up_what_it_lists() {
    // 1,033.33 + 66.67 by day. Naive: with three totals 4,400; and ` --` is not zero, but nothing.
    for form in ["day", "tab"] {
        let folder = Folder::trap(&format!("19_google_ads/{form}"));
        let [value, spend, revenue, _] = folder.metric("marketing_budget_ratio", "2026-Q2", &[]);
        assert_eq!([value, spend, revenue], ["0.05", "1100", "22000"], "{form}");
        let google = &folder.accounts()["google.csv"];
        assert_eq!((google.read, google.used), (6, 2), "{form}");
        assert_eq!(google.aside(), [("no amount", 1), ("totals row", 3)], "{form}");
    }
    let tab = Folder::trap("19_google_ads/tab");
    assert_eq!(tab.said("google.csv", "encoding"), "UTF-16LE");
    assert_eq!(tab.said("google.csv", "delimiter"), "tab");
    // Millionths. Naive: 1.1 billion.
    let micros = Folder::trap("19_google_ads/micros");
    assert_eq!(micros.metric("marketing_budget_ratio", "2026-Q2", &[])[..3], ["0.05", "1100", "22000"]);
}

#[test]
fn trap_19_a_report_without_a_day_is_refused() {
    let folder = Folder::trap("19_google_ads/aggregate");
    let refused = folder.refused(&["scorecard", "google.csv"]);
    assert!(refused.contains("its rows are sums of the whole period"), "{refused}");
    assert!(refused.contains("help: export the report again with the segment Day"), "{refused}");
    // Only seen in a folder, it is left out, and every report says why.
    let google = &folder.accounts()["google.csv"];
    assert_eq!((google.read, google.used, google.table.as_deref()), (2, 0, None));
    assert!(google.aside().iter().all(|(why, _)| why.starts_with("refused: its rows are sums")), "{google:?}");
    let said = folder.stdout(&["scorecard", ".", "--as-of", "2026-06-30"]).replace("\n     ", "");
    assert!(
        said.contains("google.csv was not used: ") && said.contains("its rows are sums of the whole period"),
        "{said}"
    );
}

#[test]
fn trap_20_meta_writes_the_currency_into_the_header() {
    let folder = Folder::trap("20_meta/day");
    // 100 EUR on the last of April and 200 EUR on the first of May, at 1.10. Naive: in dollars; or all of it on
    // `Reporting starts`, in April; or with the account's total, 600; or 10 + 10 of Cost per results.
    for (month, spend) in [("2026-04", "110"), ("2026-05", "220")] {
        assert_eq!(folder.metric("marketing_budget_ratio", month, &["--period", "month"])[1], spend, "{month}");
    }
    assert_eq!(folder.accounts()["meta.csv"].aside(), [("account total", 1)]);
    assert!(folder.said("meta.csv", "columns_mapped").contains("amount=Amount spent (EUR)"));
    assert!(folder.said("meta.csv", "columns_unmapped").contains("Cost per results"));
    // Without a Day column the rows are sums of two months.
    let refused = Folder::trap("20_meta/range").refused(&["scorecard", "meta.csv"]);
    assert!(refused.contains("meta.csv:2:2: this row is a sum from 2026-04-01 to 2026-05-31"), "{refused}");
}
