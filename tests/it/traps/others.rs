//! Marketo, Pardot, Dynamics, Pipedrive and Zoho: 14 to 18.

use super::{Folder, values};

#[test]
fn trap_14_the_word_null_is_nothing() {
    let folder = Folder::trap("14_marketo_null");
    // Three leads, two of them with the e-mail address null. Naive: these two are one person.
    assert_eq!(folder.total("new_leads"), "3");
    assert_eq!(folder.by("new_leads", "lead_source"), values(&[("Web", "1"), ("(blank)", "2")]));
    assert_eq!(folder.volumes()["mql"], 1);
    let accounts = folder.accounts();
    let january = &accounts["activities-2026-01.csv"];
    // Attributes are JSON, in one form or another, behind a header with a space: 3 rows, one of them a change of data.
    assert_eq!((january.preset.as_deref(), january.read, january.used), (Some("marketo_bulk_activities"), 3, 2));
    // One more extract, put behind another with its header; one activity that is there twice; one mail that bounced.
    let february = &accounts["activities-2026-02.csv"];
    assert_eq!((february.read, february.used), (5, 2));
    assert_eq!(
        february.aside(),
        [
            ("an e-mail that did not arrive is no touch", 1),
            ("header repeated", 1),
            ("same touch_id as an earlier row", 1)
        ]
    );
}

#[test]
fn trap_15_pardot_comes_in_parts_and_in_local_time() {
    let folder = Folder::trap("15_pardot_parts");
    // 01:30 on April 1 is local. Naive: taken for UTC it is still March 31 in Los Angeles, and both wins are of the first quarter.
    assert_eq!(folder.metric("won_revenue", "2026-Q1", &[])[0], "100");
    assert_eq!(folder.metric("won_revenue", "2026-Q2", &[])[0], "200");
    // A third one is won without a day. Naive: it is open, or lost.
    folder.notes_say("Kept and counted: 1 × closed deals without a close date, which no period can count.");
    assert_eq!(folder.total("deals_opened"), "4");
    assert_eq!((folder.volumes()["won"], folder.funnel()["won"].undated), (3, 1));
    // Types 8, 9, 10 and 18 are what happened to an opportunity. Naive: six or seven touches.
    let activity = &folder.accounts()["visitor_activity.csv"];
    assert_eq!((activity.read, activity.used), (7, 2));
    assert_eq!(activity.aside["what happened to an opportunity is no touch"], 4);
    // The parts are read in any order, and are one: two people, four deals.
    assert_eq!(folder.volumes()["lead"], 2);
}

#[test]
fn trap_16_dynamics_ids_come_in_braces_and_in_any_case() {
    let views = Folder::trap("16_dynamics/views");
    // Two leads, exported in January in braces and in June in small letters. Naive: four.
    let accounts = views.accounts();
    assert_eq!(views.total("new_leads"), "4", "two leads of whom one has a deal, and two deals of nobody");
    assert_eq!(views.volumes()["lead"], 2);
    assert_eq!(accounts["leads-january.csv"].aside(), [("same person_id as a newer row", 2)]);
    assert_eq!(accounts["leads-june.csv"].used, 2);
    // Status Reason On Hold is open, Canceled lost; the won one is 450 as it came out, not 500 as it was hoped for.
    assert_eq!(views.metric("win_rate_narrow", "total", &[])[..3], ["0.5", "1", "2"]);
    assert_eq!(views.total("won_revenue"), "450");
    views.notes_say("3 deals found their people: 1 by name of a person, 2 without a person.");
    // Yes and no are labels here: `mark complete` is what may still be done. Naive: two touches, or none.
    let tasks = Folder::trap("16_dynamics/tasks");
    assert_eq!(tasks.accounts()["tasks.csv"].aside(), [("planned or not answered, so no touch", 1)]);
    assert_eq!(tasks.accounts()["tasks.csv"].used, 1);
}

#[test]
fn trap_17_pipedrive_names_people_instead_of_giving_their_ids() {
    let names = Folder::trap("17_pipedrive/names");
    // There is one Ada Abel; there are two Kim Lees. Naive: Kim's deal belongs to both, or to whoever comes first.
    names.notes_say("3 deals found their people: 1 by name of a person, 2 without a person.");
    names.notes_say("Not linked: 1 × person's name that several people share.");
    assert_eq!((names.total("deals_opened"), names.total("won_revenue")), ("3".into(), "100".into()));
    assert_eq!(names.metric("win_rate_narrow", "total", &[])[..3], ["0.5", "1", "2"]);
    // Stars behind the headers of a template, and the stage with its pipeline.
    let template = Folder::trap("17_pipedrive/template");
    assert_eq!(template.accounts()["deals.csv"].preset.as_deref(), Some("pipedrive_deals"));
    assert_eq!((template.total("won_revenue"), template.total("deals_won")), ("100".into(), "1".into()));
    // 31.03. settles that 04.02. is in February: both are of the first quarter. Naive: April.
    let locale = Folder::trap("17_pipedrive/locale");
    assert_eq!(locale.metric("won_revenue", "2026-Q1", &[])[0], "300");
}

#[test]
fn trap_18_zoho_prefixes_ids_and_rounds_amounts() {
    let ui = Folder::trap("18_zoho/ui");
    // The lead names its deal with the prefix zcrm_, the deal itself has none. Naive: not linked.
    ui.notes_say("2 deals found their people: 1 by converted lead, 1 without a person.");
    assert_eq!(ui.total("won_revenue"), "1234");
    // OnlineStore and Online Store are one word to the contract. Naive: two.
    assert_eq!(ui.by("deals_opened", "lead_source"), values(&[("Online Store", "2")]));
    let analytics = Folder::trap("18_zoho/analytics");
    // $342.09K + $1,117.10K. Naive: 342.09 + 1117.10, or nothing.
    assert_eq!(analytics.total("won_revenue"), "1459190");
    assert_eq!(analytics.metric("win_rate_amount", "total", &[])[2], "1481890");
    // `15 Apr, 2026 00:03:00`, in words, is of the second quarter.
    assert_eq!(analytics.metric("deals_opened", "2026-Q2", &[])[0], "3");
    analytics.notes_say("3 deals found their people: 1 by associated ids, 2 without a person.");
}
