//! What spreadsheets and scripts do to files: 21 to 24 and 29.

use super::{Folder, map, values};

#[test]
fn trap_21_day_and_month_are_settled_by_the_whole_file() {
    let days = |case: &str| {
        let folder = Folder::trap(&format!("21_excel_dates/{case}"));
        let month = |m: &str| folder.metric("new_leads", m, &["--period", "month"])[0].clone();
        ["2026-02", "2026-03", "2026-04"].map(month)
    };
    // 02/24/26 settles that 02/03/26 and 03/04/26 are February 3 and March 4; 24/02/26, that they are March 2 and April 3.
    // Naive, value by value: the two files agree on the open ones.
    assert_eq!(days("mdy"), ["2", "1", "0"]);
    assert_eq!(days("dmy"), ["1", "1", "1"]);
    let order = Folder::trap("21_excel_dates/dmy").said("Lead.csv", "date_order");
    assert_eq!(order, "day-month-year (settled by this file's dates)");
    // Nothing settles it: the run asks, at the first date that could be both.
    let refused = Folder::trap("21_excel_dates/open").refused(&["funnel", "Lead.csv"]);
    assert!(refused.contains("Lead.csv:3:5: `03/04/26` could be day-month or month-day"), "{refused}");
    // The contract answers: February 2 and April 3.
    assert_eq!(days("said"), ["1", "0", "1"]);
}

#[test]
fn trap_22_ragged_rows_are_rows_and_too_long_ones_are_not() {
    let folder = Folder::trap("22_ragged");
    // Five rows: two of 7 cells, two of 6, one of 8. Naive: one column named by the whole header; or two rows lost.
    let sessions = &folder.accounts()["sessions.csv"];
    assert_eq!((sessions.read, sessions.used), (5, 4));
    assert_eq!(sessions.aside(), [("more cells than the header has", 1)]);
    assert_eq!(folder.said("sessions.csv", "delimiter"), "comma");
    let said = folder.stdout(&["inspect", "."]);
    assert!(said.contains("Short rows  2 × fewer cells than the header"), "{said}");
    // Hours without a leading zero: 4:30 on 02-04 is the first touch, and 9:05 on 02-07 the last.
    assert_eq!(folder.said("sessions.csv", "first_day"), "2020-02-04");
    assert_eq!(folder.said("sessions.csv", "last_day"), "2020-02-07");
}

#[test]
fn trap_23_a_phantom_column_and_thousands_of_empty_rows() {
    let folder = Folder::trap("23_phantom_rows");
    // Three deals; 2,000 rows of nothing behind them and one between. Naive: 2,004 deals.
    let deals = &folder.accounts()["Opportunity.csv"];
    assert_eq!((deals.read, deals.used), (2004, 3));
    assert_eq!(deals.aside(), [("blank row", 2001)]);
    assert_eq!((folder.total("deals_opened"), folder.total("won_revenue")), ("3".into(), "300".into()));
    // The ninth column has no name: it is neither used nor listed.
    assert!(!folder.said("Opportunity.csv", "columns_unmapped").ends_with(';'));
    let reasons = folder.inspected(&["."])["tables"][1]["rows"].clone();
    assert!(!reasons.to_string().contains("fewer cells"), "{reasons}");
}

#[test]
fn trap_24_placeholders_are_answers_only_until_the_contract_says_no() {
    // Google, google, Select twice, unknown, and one empty cell. Nobody's answer is changed by itself.
    let kept = Folder::trap("24_placeholders/kept").by("new_leads", "lead_source");
    let each = [("Google", "1"), ("google", "1"), ("Select", "2"), ("unknown", "1"), ("(blank)", "1")];
    assert_eq!(kept, values(&each));
    // Naive: the largest source is Select. Told: two came from Google, and of four nobody knows.
    let told = Folder::trap("24_placeholders/told").by("new_leads", "lead_source");
    assert_eq!(told, values(&[("Google", "2"), ("(blank)", "4")]));
}

#[test]
fn trap_29_a_copy_with_other_line_ends_is_the_same_file() {
    // Two months of 100 and 200, and the same from Windows. Naive: by the hash of their bytes they differ, and 600 was spent.
    let ledger = Folder::trap("29_line_ends/ledger");
    let [one, other] = ["spend.csv", "spend_from_windows.csv"].map(|name| std::fs::read(ledger.0.join(name)).unwrap());
    assert!(one != other && one == String::from_utf8(other).unwrap().replace("\r\n", "\n").into_bytes());
    assert_eq!(ledger.metric("marketing_budget_ratio", "total", &[])[..3], ["0.05", "300", "6000"]);
    assert_eq!(ledger.accounts()["spend_from_windows.csv"].used, 0);
}

#[test]
fn trap_29_rows_with_ids_and_contracts_do_not_depend_on_line_ends() {
    let deals = Folder::trap("29_line_ends/deals");
    assert_eq!((deals.total("won_revenue"), deals.total("deals_won")), ("100".into(), "1".into()));
    // A contract has one hash, whatever ends its lines.
    let copy = tempfile::tempdir().unwrap();
    let source = Folder::trap("03_repeated_stages");
    for name in ["Opportunity.csv", "OpportunityHistory.csv"] {
        std::fs::copy(source.0.join(name), copy.path().join(name)).unwrap();
    }
    let contract = std::fs::read_to_string(source.0.join("onefunnel.toml")).unwrap();
    std::fs::write(copy.path().join("onefunnel.toml"), contract.replace('\n', "\r\n")).unwrap();
    let copied = Folder::at(copy.path());
    let hash = |folder: &Folder| folder.inspected(&["."])["contract"]["hash"].clone();
    assert_eq!(hash(&copied), hash(&source));
    assert_eq!(copied.volumes(), map(&[("opportunity", 2), ("proposal", 1), ("won", 1)]));
}
