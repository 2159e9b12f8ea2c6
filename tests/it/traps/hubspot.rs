//! HubSpot: 9 to 13.

use super::{Folder, map, values};

#[test]
fn trap_09_labels_drift_and_the_figures_do_not() {
    // Three contacts; two became MQLs, after 10 and 4 days: median 7. Three label sets of three years, in different cases.
    // Naive: only the set that the reader was written for has any MQL.
    for year in ["2019", "2023", "2026"] {
        let folder = Folder::trap(&format!("09_label_drift/{year}"));
        let stages = folder.funnel();
        assert_eq!((stages["lead"].volume, stages["mql"].volume, stages["mql"].recorded), (3, 2, 2), "{year}");
        assert_eq!(stages["lead"].days_to_next, "7", "{year}");
        let sources = folder.by("new_leads", "lead_source");
        assert_eq!(sources, values(&[("Organic Search", "1"), ("Paid Search", "2")]), "{year}");
        assert_eq!(folder.by("new_leads", "source_detail"), values(&[("brand", "1"), ("(blank)", "2")]), "{year}");
        assert_eq!(folder.accounts()["contacts.csv"].preset.as_deref(), Some("hubspot_contacts"), "{year}");
        // Naive: a reader that minds case has no lifecycle stage.
        let mapped = folder.said("contacts.csv", "columns_mapped");
        assert!(mapped.to_lowercase().contains("lifecycle_stage=lifecycle stage"), "{year}: {mapped}");
    }
}

#[test]
fn trap_10_an_export_in_another_language_is_not_guessed() {
    let folder = Folder::trap("10_localised_headers");
    let refused = folder.refused(&["scorecard", "negocios.csv"]);
    assert!(refused.contains("is recognised as hubspot_other_language, and cannot be used"), "{refused}");
    assert!(refused.contains("help: export it again with HubSpot set to English, or say in the contract"), "{refused}");
    // In a folder it is set aside, all three rows of it.
    let account = &folder.accounts()["negocios.csv"];
    assert_eq!((account.read, account.used, account.table.as_deref()), (3, 0, None));
    // Told what its columns are, and that a stage may have an emoji in its name: one won, one lost.
    let told = Folder::trap("10_localised_headers/told");
    assert_eq!(told.volumes(), map(&[("meeting", 3), ("won", 1)]));
    assert_eq!(told.metric("win_rate_narrow", "total", &[]), ["0.5", "1", "2", "ok"]);
    assert_eq!(told.total("won_revenue"), "100");
}

#[test]
fn trap_11_of_two_columns_of_one_name_the_first_is_used_and_said() {
    let folder = Folder::trap("11_duplicate_headers");
    // The first column says yes, yes and nothing. Naive: a reader by name takes the last, which says no three times.
    assert_eq!(folder.by("new_leads", "billing_contact"), values(&[("yes", "2"), ("(blank)", "1")]));
    let said = folder.stdout(&["inspect", "."]);
    assert!(said.contains("Twice in header  Billing Contact; the first is used"), "{said}");
    // The quotes in `Date entered "…"` are doubled in the file. Naive: no such column, no MQL.
    assert_eq!(folder.volumes(), map(&[("lead", 3), ("mql", 2)]));
}

#[test]
fn trap_12_lists_of_ids_are_split_and_long_ids_are_words() {
    let folder = Folder::trap("12_multi_values/whole");
    // The first deal lists two people (and a cut end), the second one. Naive: `201234567801;201234567802;` is nobody.
    folder.notes_say("2 deals found their people: 2 by associated ids.");
    assert!(!folder.notes().iter().any(|n| n.starts_with("Not linked")), "{:?}", folder.notes());
    // `301234567811; 301234567812` were merged into the first. Naive: 100 + 200 + 100 + 100.
    assert_eq!((folder.total("won_revenue"), folder.total("deals_won")), ("300".into(), "2".into()));
    assert_eq!(folder.accounts()["deals.csv"].aside(), [("merged into another record", 2)]);
    // Three people and two deals are two processes: Ada and Ben have one together.
    assert_eq!(folder.volumes()["lead"], 2);
}

#[test]
fn trap_12_ids_that_a_spreadsheet_has_rounded_are_not_taken_for_one() {
    // Two deals, both with the id 3.01235E+11 by now. Naive: one of them is a duplicate of the other, and 100 or 200 is lost.
    let refused = Folder::trap("12_multi_values/spoilt").refused(&["scorecard", "deals.csv", "--as-of", "2026-06-30"]);
    assert!(refused.contains("deals.csv:2:1") && refused.contains("3.01235E+11"), "{refused}");
}

#[test]
fn trap_13_a_stage_without_dates_is_unknown_and_not_zero() {
    let all = Folder::trap("13_no_stage_dates/all");
    // The export has no `Date entered` column. Naive: nobody was ever sent a contract, a conversion of 0 %.
    assert_eq!(all.volumes(), map(&[("opportunity", 3), ("won", 1)]));
    let said = all.stdout(&["funnel", "."]);
    assert!(said.contains("No export shows when these stages were reached, so they are left out:"), "{said}");
    assert!(said.contains("Contract sent."), "{said}");
    // With the column: the won and the lost one, each 20 days after its creation.
    let shown = Folder::trap("13_no_stage_dates/shown").funnel();
    assert_eq!((shown["contract_sent"].recorded, shown["opportunity"].days_to_next.as_str()), (2, "20"));
}
