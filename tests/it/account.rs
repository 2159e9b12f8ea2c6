//! `account` of a small company, written here, whose right figures can be seen at a glance.

use serde_json::Value;

use crate::common::command;

const CONTRACT: &str = r#"
as_of = "2026-06-30"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "id", email = "mail", created_at = "made", account_id = "firm", company = "company", title = "title" }
[[source]]
path = "touches.csv"
table = "touches"
optional = true
columns = { person_id = "person", at = "at", kind = "kind", team = "team", about_id = "about" }
[[source]]
path = "accounts.csv"
table = "accounts"
optional = true
columns = { account_id = "id", name = "name", website = "site", employees = "employees", industry = "industry" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "id", account_id = "firm", created_at = "made", closed_at = "closed", is_closed = "over", is_won = "won", amount = "amount" }
[[source]]
path = "roles.csv"
table = "roles"
columns = { deal_id = "deal", person_id = "person", role = "role", created_at = "given" }
"#;
const PERSONAS: &str = r#"
[[persona]]
name = "Buyer"
titles = ["CFO", "vp *"]
roles = ["Decision Maker"]
required = true
[[persona]]
name = "Champion"
titles = ["*"]
roles = ["champion"]
required = true
[accounts]
target_when = "employees >= 500"
engaged_touches = 1
engaged_within = "90d"
qualified_people = 2
qualified_touches = 3
"#;
const PEOPLE: &str = "id,mail,made,firm,company,title
p1,ann@one.example,2025-12-01,a1,,CFO
p2,bob@one.example,2025-12-20,,,VP Sales
p3,carl@gmail.com,2026-01-05,,five  LTD,
p4,dan@shared.example,2026-01-06,,,
p5,eve@gmail.com,2026-01-07,,,
p6,,2026-01-08,,Twin,
p7,gus@one.example.test,2026-01-09,a9,,
p8,,2026-01-10,,,
p9,fay@other.example,2026-05-11,,,Clerk
p10,hal@two.example,2026-05-12,,,
p11,ivy@nobody.example,2026-05-13,,,
";
const ACCOUNTS: &str = "id,name,site,employees,industry
a1,One,https://www.one.example,700,Retail
a2,Two,two.example,40,Retail
a3,Twin,shared.example,900,Steel
a4,Twin,shared.example,10,Steel
a5,Five Ltd,,,Steel
";
const DEALS: &str = "id,firm,made,closed,over,won,amount
d1,a1,2026-01-15,2026-03-01,1,1,100
d2,a1,2026-05-15,2026-09-01,0,0,50
d3,a2,2026-02-01,2026-02-10,1,0,70
";
const ROLES: &str = "deal,person,role,given
d1,p1,Decision maker,2026-02-01
d1,p2,Champion,2026-04-01
d3,p9,Champion,2026-02-05
";
const TOUCHES: &str = "person,at,kind,team,about
p1,2026-01-01,form,marketing,
p2,2026-02-01,call,sales,
p1,2026-03-31,form,marketing,
,2026-06-01,call,sales,a2
p5,2026-06-02,call,sales,
";

fn print(files: &[(&str, &str)], args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let args = [&[args[0], folder.path().to_str().unwrap()], &args[1..]].concat();
    let output = command(&args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn company<'f>(contract: &'f str, touches: &'f str) -> Vec<(&'f str, &'f str)> {
    vec![
        ("onefunnel.toml", contract),
        ("people.csv", PEOPLE),
        ("accounts.csv", ACCOUNTS),
        ("deals.csv", DEALS),
        ("roles.csv", ROLES),
        ("touches.csv", touches),
    ]
}

fn report(files: &[(&str, &str)], args: &[&str]) -> Value {
    serde_json::from_str(&print(files, &[&["account", "-f", "json"], args].concat())).unwrap()
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r Vec<Value> {
    let of = |t: &&Value| t["id"] == table;
    report["tables"].as_array().unwrap().iter().find(of).unwrap()["rows"].as_array().unwrap()
}

fn row<'r>(report: &'r Value, table: &str, column: &str, value: &str) -> &'r Value {
    rows(report, table).iter().find(|row| row[column] == value).unwrap_or_else(|| panic!("no {column} {value}"))
}

fn with_personas() -> String {
    format!("{CONTRACT}{PERSONAS}")
}

#[test]
fn every_method_and_every_reason() {
    let contract = with_personas();
    let report = report(&company(&contract, TOUCHES), &[]);
    let total = row(&report, "account_match", "period", "total");
    let expected = [
        ("people", 11),
        ("matched", 5),
        ("by_account_id", 1),
        ("by_domain", 2),
        ("by_deal", 1),
        ("by_name", 1),
        ("without_id", 10),
        ("matched_without_id", 4),
        ("no_lost_id", 1),
        ("no_shared_domain", 1),
        ("no_shared_name", 1),
        ("no_such_account", 1),
        ("no_free_mail", 1),
        ("no_company", 1),
    ];
    for (column, n) in expected {
        assert_eq!(total[column], f64::from(n), "{column}: {total}");
    }
    assert_eq!(row(&report, "account_match", "period", "2026-Q2")["people"], 3.0);
    // p9 has part in a deal of Two, and Twin is two accounts.
    let people = |id: &str| row(&report, "account_tidy", "account_id", id)["people"].as_f64().unwrap();
    assert_eq!(["a1", "a2", "a3", "a5"].map(people), [2.0, 2.0, 0.0, 1.0]);
}

#[test]
fn who_came_later_was_not_there_at_the_close() {
    let contract = with_personas();
    let report = report(&company(&contract, TOUCHES), &[]);
    let deal = |id: &str| {
        let r = row(&report, "account_deals", "deal_id", id);
        (
            r["outcome"].as_str().unwrap().to_owned(),
            r["people"].as_u64().unwrap(),
            r["personas"].as_str().unwrap().to_owned(),
        )
    };
    // p2 became the champion a month later: at the close the title alone spoke.
    assert_eq!(deal("d1"), ("won".into(), 2, "Buyer".into()));
    assert_eq!(deal("d2"), ("open".into(), 2, "Buyer; Champion".into()));
    // p9's record is younger than the deal's close, and the role older; p10 came after it.
    assert_eq!(deal("d3"), ("lost".into(), 1, "Champion".into()));
    let one = row(&report, "account_tidy", "account_id", "a1");
    assert_eq!(
        (one["personas"].as_str(), one["completeness"].as_f64(), one["target"].as_bool()),
        (Some("Buyer; Champion"), Some(1.0), Some(true))
    );
    let five = row(&report, "account_tidy", "account_id", "a5");
    assert!(five["target"].is_null() && five["line"] == 6.0, "{five}");
    // Of the deals that closed, the won one had one of two, and so had the lost one.
    let counts: Vec<[f64; 4]> = rows(&report, "account_completeness")
        .iter()
        .map(|r| ["required_present", "accounts", "won", "lost"].map(|c| r[c].as_f64().unwrap_or(-1.0)))
        .collect();
    // Of a3 and a4 nobody is known: they are in no row of personas present.
    assert_eq!(counts, [[0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [2.0, 1.0, 0.0, 0.0], [-1.0, 2.0, 0.0, 0.0]]);
    for column in ["completeness", "required_present", "personas"] {
        assert!(row(&report, "account_tidy", "account_id", "a3")[column].is_null(), "{column}");
        assert!(!row(&report, "account_tidy", "account_id", "a5")[column].is_null(), "{column}");
    }
}

#[test]
fn ninety_days_are_ninety_days() {
    let contract = with_personas();
    // 2026-01-01 to 2026-03-31 are 90 days, the first and the last included.
    let one = |touches: &str| {
        let report = report(&company(&contract, touches), &[]);
        row(&report, "account_tidy", "account_id", "a1").clone()
    };
    let in_time = one(TOUCHES);
    assert_eq!([&in_time["mqa"], &in_time["mqa_on"]], [&Value::from(false), &"2026-03-31".into()]);
    assert_eq!([&in_time["marketing_touches"], &in_time["sales_touches"]], [2.0, 1.0]);
    let late = one(&TOUCHES.replace("2026-03-31", "2026-04-01"));
    assert!(late["mqa_on"].is_null(), "{late}");
    let today = one(&TOUCHES.replace("2026-02-01", "2026-06-29").replace("2026-01-01", "2026-04-02"));
    assert!(today["mqa_on"].is_null(), "two touches in the last 90 days: {today}");
    let today = one(&TOUCHES
        .replace("2026-02-01", "2026-06-29")
        .replace("2026-01-01", "2026-04-03")
        .replace("2026-03-31", "2026-06-30"));
    assert_eq!([&today["mqa"], &today["mqa_on"]], [&Value::from(true), &"2026-06-30".into()]);
    // A call about the account that reached nobody is a touch of the account, and engages nobody.
    let two = report(&company(&contract, TOUCHES), &[]);
    let two = row(&two, "account_tidy", "account_id", "a2");
    assert_eq!([&two["sales_touches"], &two["engaging_touches"], &two["engaged_people"]], [1.0, 0.0, 0.0]);
}

#[test]
fn only_the_kinds_that_count_engage() {
    let contract = format!("{}engaged_kinds = [\"Form\"]\n", with_personas());
    let report = report(&company(&contract, TOUCHES), &["--as-of", "2026-03-31"]);
    let one = row(&report, "account_tidy", "account_id", "a1");
    assert_eq!([&one["engaged_people"], &one["engaging_touches"], &one["sales_touches"]], [1.0, 2.0, 1.0]);
    assert!(one["mqa_on"].is_null());
}

#[test]
fn who_is_engaged_without_an_account_is_said() {
    let contract = with_personas();
    let touches = TOUCHES.replace("p5,2026-06-02,call", "p11,2026-06-02,call");
    let said = |contract: &str| report(&company(contract, &touches), &[])["notes"].to_string();
    let text = said(&contract);
    assert!(text.contains("1 touches are of no account (20.0%)."), "{text}");
    assert!(text.contains("Of 1 people engaged by the rule above, 1 (100.0%) have no account"), "{text}");
    // A kind that no touch has engages nobody, and that is said.
    let text = said(&format!("{contract}engaged_kinds = [\"webinar\", \"CALL\"]\n"));
    assert!(
        text.contains(
            "names `webinar`, and no touch is of that kind: it engages nobody. Kinds in the exports: call, form."
        ),
        "{text}"
    );
    assert!(!text.contains("names `CALL`"), "{text}");
}

#[test]
fn qualified_before_its_first_deal() {
    let contract = with_personas();
    let n = |touches: &str, figure: &str| {
        let report = report(&company(&contract, touches), &[]);
        let is = |r: &&Value| r["figure"] == figure && r["group"] == "all";
        let r = rows(&report, "account_figures").iter().find(is).unwrap().clone();
        ["n", "of"].map(|c| r[c].as_f64().unwrap())
    };
    // One is qualified on 2026-03-31, and its first deal is of January.
    assert_eq!(n(TOUCHES, "mqa_before_deal"), [0.0, 1.0]);
    let early = TOUCHES.replace("2026-02-01", "2026-01-13").replace("2026-03-31", "2026-01-14");
    assert_eq!(n(&early, "mqa_before_deal"), [1.0, 1.0]);
    assert_eq!(n(&early.replace("2026-01-14", "2026-01-15"), "mqa_before_deal"), [0.0, 1.0]);
    // Two accounts have a closed deal, and one won it.
    assert_eq!(n(TOUCHES, "won_deal"), [1.0, 2.0]);
}

#[test]
fn titles_and_roles_that_no_persona_takes() {
    let contract = with_personas().replace("titles = [\"*\"]", "titles = [\"Manager\"]");
    let mut files = company(&contract, TOUCHES);
    let roles = format!("{ROLES}d3,p10,Influencer,2026-02-05\n");
    files[4].1 = &roles;
    let report = report(&files, &[]);
    assert_eq!(row(&report, "account_roles", "role", "Influencer")["people"], 1.0);
    let people = |name: &str| row(&report, "account_personas", "persona", name)["people"].as_f64().unwrap();
    // p10 has a role that fits none, p3 has neither title nor role.
    assert_eq!(["(none fits)", "(no title or role)"].map(people), [1.0, 1.0]);
}

#[test]
fn conditions_and_segments_are_of_accounts() {
    let contract = with_personas();
    let report = report(&company(&contract, TOUCHES), &["--where", "industry = 'Steel'", "--by", "industry"]);
    assert_eq!(rows(&report, "account_tidy").len(), 3);
    let figure = |segment: &str, figure: &str, group: &str| {
        let is = |r: &&Value| r["segment"] == segment && r["figure"] == figure && r["group"] == group;
        rows(&report, "account_figures").iter().find(is).unwrap()["n"].as_f64().unwrap()
    };
    assert_eq!(["all", "target"].map(|group| figure("Steel", "accounts", group)), [3.0, 1.0]);
    assert_eq!(figure("", "with_people", "all"), 1.0);
    let text = report["notes"].to_string();
    assert!(text.contains("Only accounts where industry = 'Steel': 3 of 5"), "{text}");
    assert!(text.contains("1 accounts lack a value that this asks for"), "{text}");
}

#[test]
fn personas_are_a_column_of_processes() {
    let contract = with_personas();
    let said = print(&company(&contract, TOUCHES), &["funnel", "--by", "persona", "-f", "csv"]);
    assert!(said.contains("Buyer"), "{said}");
    let only = print(&company(&contract, TOUCHES), &["funnel", "--where", "persona = 'Champion'", "-f", "csv"]);
    assert_ne!(said, only);
}

#[test]
fn what_is_not_there_is_missing_and_not_nothing() {
    // Without personas, targets and touches.
    let mut files = company(CONTRACT, TOUCHES);
    files.pop();
    let said = report(&files, &[]);
    let one = row(&said, "account_tidy", "account_id", "a1");
    let missing =
        ["engaged_people", "marketing_touches", "mqa", "completeness", "required_present", "target", "last_touch_on"];
    for column in missing {
        assert!(one[column].is_null(), "{column}: {one}");
    }
    assert_eq!(one["people"], 2.0);
    for figure in rows(&said, "account_figures").iter().filter(|r| r["group"] == "all") {
        let known = ["accounts", "with_people", "open_deal", "closed_deal", "won_deal"]
            .contains(&figure["figure"].as_str().unwrap());
        assert_eq!(figure["n"].is_null(), !known, "{figure}");
    }
    // Without accounts.
    let contract = with_personas();
    let mut files = company(&contract, TOUCHES);
    files.remove(2);
    let table = print(&files, &["account"]);
    let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Nothing can be said about accounts: no accounts source: add one."), "{table}");
    assert!(!words.contains("Required personas") && !words.contains("Persona Required"), "{table}");
    let said = report(&files, &[]);
    for r in rows(&said, "account_completeness") {
        assert!(r["accounts"].is_null() && r["accounts_with_open_deal"].is_null(), "{r}");
    }
    for r in rows(&said, "account_personas") {
        assert!(["people", "engaged_people", "accounts", "of_accounts"].iter().all(|c| r[*c].is_null()), "{r}");
    }
    assert!(rows(&said, "account_tidy").is_empty());
    assert!(row(&said, "account_match", "period", "total")["matched"].is_null());
}
