//! Small companies, written here, whose right figures can be seen at a glance: one rule each.

use std::collections::BTreeMap;

use crate::common::command;

/// A folder with the given files; a contract among them is used.
struct Company(tempfile::TempDir);

impl Company {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let folder = self.0.path().to_str().unwrap();
        let mut all = vec![args[0], folder];
        all.extend(&args[1..]);
        let output = command(&all).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// (metric, period) → (value, numerator, denominator, status).
    fn scorecard(&self, args: &[&str]) -> BTreeMap<(String, String), [String; 4]> {
        let mut all = vec!["scorecard", "-f", "csv"];
        all.extend(args);
        let (code, stdout, stderr) = self.run(&all);
        assert_eq!(code, 0, "{stderr}");
        csv::Reader::from_reader(stdout.as_bytes())
            .records()
            .map(|r| {
                let r = r.unwrap();
                ((r[0].to_string(), r[1].to_string()), [&r[5], &r[7], &r[8], &r[13]].map(String::from))
            })
            .collect()
    }

    fn total(&self, metric: &str, as_of: &str) -> [String; 4] {
        self.scorecard(&["--as-of", as_of])[&(metric.to_string(), "total".to_string())].clone()
    }

    /// Stage → volume, over all periods; without stages that no export can show.
    fn funnel(&self, as_of: &str) -> BTreeMap<String, u64> {
        let (code, stdout, stderr) = self.run(&["funnel", "-f", "csv", "--as-of", as_of]);
        assert_eq!(code, 0, "{stderr}");
        let rows = csv::Reader::from_reader(stdout.as_bytes()).into_records().map(Result::unwrap).collect::<Vec<_>>();
        let total = rows.iter().filter(|r| &r[0] == "total" && !r[8].is_empty());
        total.map(|r| (r[4].to_string(), r[8].parse().unwrap())).collect()
    }
}

const LEADS: &str = "Id,IsConverted,Status,CreatedDate\n00Q000000000001,false,Unqualified,2026-01-01T09:00:00Z\n";
const DEALS: &str = "Id,Name,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n";

fn history(rows: &str) -> String {
    format!("Id,LeadId,CreatedDate,Field,OldValue,NewValue\n{rows}")
}

#[test]
fn what_a_lead_is_now_says_nothing_about_a_day_before_it_changed() {
    let later = history(
        "1,00Q000000000001,2026-04-01T09:00:00Z,Status,Open,MQL\n2,00Q000000000001,2026-05-01T09:00:00Z,Status,MQL,Unqualified\n",
    );
    let company = Company::new(&[("Lead.csv", &LEADS.replace("Unqualified", "MQL")), ("LeadHistory.csv", &later)]);
    assert_eq!(company.funnel("2026-02-01")["mql"], 0);
    assert_eq!(company.funnel("2026-06-01")["mql"], 1);
}

#[test]
fn a_change_away_from_a_status_proves_that_it_was_there() {
    // Created as MQL, and rejected later: the only trace of the MQL is the old value.
    let changes = history("1,00Q000000000001,2026-02-01T09:00:00Z,Status,MQL,Unqualified\n");
    let company = Company::new(&[("Lead.csv", LEADS), ("LeadHistory.csv", &changes)]);
    assert_eq!(company.funnel("2026-06-01")["mql"], 1);
    assert_eq!(company.total("new_mqls", "2026-06-01")[0], "1");
}

#[test]
fn the_history_of_a_merged_lead_is_that_of_the_survivor() {
    let leads = "Id,IsConverted,Status,CreatedDate,MasterRecordId,IsDeleted\n\
        00Q000000000001,false,Open,2026-01-01T09:00:00Z,,false\n\
        00Q000000000002,false,Open,2026-01-02T09:00:00Z,00Q000000000001,false\n";
    let changes = history("1,00Q000000000002,2026-02-01T09:00:00Z,Status,Open,MQL\n");
    let company = Company::new(&[("Lead.csv", leads), ("LeadHistory.csv", &changes)]);
    let funnel = company.funnel("2026-06-01");
    assert_eq!((funnel["lead"], funnel["mql"]), (1, 1));
}

#[test]
fn of_two_exports_of_a_deal_the_newer_one_counts() {
    let row = |stage: &str, amount: &str, closed: &str, modified: &str| {
        format!(
            "{},LastModifiedDate\n006000000000001,A,{stage},{amount},2026-02-10,2026-01-05T09:00:00Z,{closed},{closed},{modified}\n",
            DEALS.trim_end()
        )
    };
    let old = row("Prospecting", "500", "false", "2026-01-31T00:00:00Z");
    let new = row("Closed Won", "900", "true", "2026-02-28T00:00:00Z");
    for (first, second) in [(&old, &new), (&new, &old)] {
        let company = Company::new(&[("1.csv", first), ("2.csv", second)]);
        assert_eq!(company.total("won_revenue", "2026-03-31")[0], "900");
        assert_eq!(company.total("deals_opened", "2026-03-31")[0], "1");
    }
}

#[test]
fn two_systems_with_the_same_deal_id_stop_the_run() {
    let hubspot = "Record ID,Deal Name,Deal Stage,Amount,Create Date,Close Date\n1,A,Closed Won,100,2026-01-01 09:00,2026-01-02 09:00\n";
    let shop = "number,paid,value\n1,2026-01-03,5000\n";
    let contract = "[[source]]\npath = \"hubspot.csv\"\n[[source]]\npath = \"shop.csv\"\ntable = \"deals\"\n\
        columns = { deal_id = \"number\", closed_at = \"paid\", amount = \"value\" }\nconstants = { is_won = \"true\" }\n";
    let company = Company::new(&[("hubspot.csv", hubspot), ("shop.csv", shop), ("onefunnel.toml", contract)]);
    let (code, stdout, stderr) = company.run(&["scorecard", "--as-of", "2026-03-31"]);
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert!(stderr.contains("deal_id `1` is also in hubspot.csv, which another system wrote"), "{stderr}");
}

#[test]
fn a_closed_deal_in_an_unknown_stage_is_neither_won_nor_lost() {
    let deals = "Record ID,Deal Name,Deal Stage,Amount,Create Date,Close Date,Is Deal Closed?\n\
        1,A,Cierre ganado,100,2026-01-01 09:00,2026-01-02 09:00,true\n";
    let company = Company::new(&[("deals.csv", deals)]);
    let [value, _, denominator, status] = company.total("win_rate_narrow", "2026-03-31");
    assert_eq!((value.as_str(), denominator.as_str(), status.as_str()), ("", "0", "zero_denominator"));
    let (_, stdout, _) = company.run(&["scorecard", "--as-of", "2026-03-31"]);
    assert!(stdout.contains("1 × closed deals that do not say whether they were won"), "{stdout}");
}

#[test]
fn a_deal_that_closed_before_it_was_created_took_less_than_no_time() {
    let deals = format!("{DEALS}006000000000001,A,Closed Won,100,2026-01-10,2026-01-20T09:00:00Z,true,true\n");
    let company = Company::new(&[("Opportunity.csv", &deals)]);
    assert_eq!(company.total("sales_cycle", "2026-03-31")[0], "-10");
    assert_eq!(company.total("customer_creation_cycle", "2026-03-31")[0], "-10");
}

#[test]
fn won_deals_of_which_no_amount_is_known_are_not_worth_nothing() {
    let deals = format!(
        "{DEALS}006000000000001,A,Closed Won,,2026-01-10,2026-01-02T09:00:00Z,true,true\n\
         006000000000002,B,Closed Won,500,2026-05-10,2026-05-02T09:00:00Z,true,true\n"
    );
    let scores = Company::new(&[("Opportunity.csv", &deals)]).scorecard(&["--as-of", "2026-06-30"]);
    let at = |period: &str| scores[&("won_revenue".to_string(), period.to_string())].clone();
    assert_eq!([at("2026-Q1")[0].as_str(), at("2026-Q1")[3].as_str()], ["", "no_data"]);
    assert_eq!(at("2026-Q2")[0], "500");
}

#[test]
fn a_touch_after_the_deal_was_created_brought_nobody_in() {
    let files = |day: &str| {
        let deals = format!("{DEALS}006000000000001,A,Prospecting,100,2026-06-30,2026-01-10T09:00:00Z,false,false\n");
        let roles = "Id,OpportunityId,ContactId,Role\n1,006000000000001,003000000000001,User\n".to_string();
        let contacts = "Id,AccountId,LastName,Email\n003000000000001,,Ada,ada@firm.example\n".to_string();
        let members = format!(
            "Id,CampaignId,ContactId,HasResponded,FirstRespondedDate,CreatedDate,Status\n1,701000000000001,003000000000001,true,{day},{day}T09:00:00Z,Responded\n"
        );
        Company::new(&[
            ("Opportunity.csv", &deals),
            ("Role.csv", &roles),
            ("Contact.csv", &contacts),
            ("Member.csv", &members),
        ])
    };
    assert_eq!(files("2026-01-05").total("marketing_sourced_pipeline_share", "2026-03-31")[0], "1");
    // Nothing before the deal: the origin is not known, and so neither is the share.
    let after = files("2026-02-05").total("marketing_sourced_pipeline_share", "2026-03-31");
    assert_eq!(after[3], "no_source", "{after:?}");
}

#[test]
fn heads_of_roles_counted_on_different_days_add_up() {
    let heads = "date,team,role,heads\n2026-01-01,Sales,AE,10\n2026-01-15,sales ,SDR,4\n";
    let spend = "date,team,amount\n2026-01,Marketing,1400\n";
    let company = Company::new(&[("headcount.csv", heads), ("spend.csv", spend)]);
    let [value, numerator, denominator, _] = company.total("marketing_investment_per_sales_head", "2026-01-31");
    assert_eq!([value.as_str(), numerator.as_str(), denominator.as_str()], ["100", "1400", "14"]);
}

#[test]
fn a_ledger_of_months_says_nothing_about_a_part_of_one() {
    let spend = "date,team,amount\n2026-05,marketing,3000\n2026-06,marketing,3000\n";
    let revenue = "date,amount\n2026-05,30000\n2026-06,30000\n";
    let company = Company::new(&[("spend.csv", spend), ("revenue.csv", revenue)]);
    let cut = company.scorecard(&["--as-of", "2026-07-31", "--from", "2026-05-15", "--to", "2026-06-14"]);
    assert_eq!(cut[&("marketing_budget_ratio".to_string(), "total".to_string())][3], "too_fine");
    let whole = company.scorecard(&["--as-of", "2026-07-31", "--from", "2026-05-01", "--to", "2026-06-30"]);
    assert_eq!(whole[&("marketing_budget_ratio".to_string(), "total".to_string())][0], "0.1");
}

#[test]
fn a_condition_on_deals_does_not_filter_the_ledgers() {
    let spend = "date,team,amount\n2026-01,marketing,20000\n2026-02,marketing,5000\n";
    let revenue = "date,amount\n2026-01,300000\n2026-02,3000\n";
    let deals = format!("{DEALS}006000000000001,A,Closed Won,500,2026-01-10,2026-01-02T09:00:00Z,true,true\n");
    let company = Company::new(&[("spend.csv", spend), ("revenue.csv", revenue), ("Opportunity.csv", &deals)]);
    let scores = company.scorecard(&["--as-of", "2026-03-31", "--where", "amount > 10000"]);
    assert_eq!(scores[&("marketing_budget_ratio".to_string(), "total".to_string())][3], "not_by_segment");
    assert_eq!(scores[&("deals_won".to_string(), "total".to_string())][0], "0");
}

#[test]
fn amounts_with_three_digits_after_a_point_are_not_guessed() {
    let contract = |decimal: &str| format!("[[source]]\npath = \"*.csv\"\n{decimal}");
    let spend = "date;team;amount\n2026-01;marketing;12.500\n";
    let guess = Company::new(&[("spend.csv", spend), ("onefunnel.toml", &contract(""))]);
    let (code, _, stderr) = guess.run(&["scorecard", "--as-of", "2026-01-31"]);
    assert_eq!(code, 3);
    assert!(stderr.contains("twelve and a half or twelve thousand five hundred"), "{stderr}");
    for (decimal, value) in [("decimal = \"comma\"", "12500"), ("decimal = \"point\"", "12.5")] {
        let revenue = "date;amount\n2026-01;1\n";
        let said =
            Company::new(&[("spend.csv", spend), ("revenue.csv", revenue), ("onefunnel.toml", &contract(decimal))]);
        assert_eq!(said.total("marketing_budget_ratio", "2026-01-31")[1], value);
    }
}

#[test]
fn a_day_of_the_weekly_export_stays_that_day_when_the_contract_names_its_column() {
    let deals = "Id,Name,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n\
        006000000000001,A,Closed Won,100,2026-04-01 00:00:00,2026-01-02 09:00:00,1,1\n";
    for columns in ["", "columns = { closed_at = \"CloseDate\" }\n"] {
        let contract = format!("timezone = \"America/New_York\"\n[[source]]\npath = \"*.csv\"\n{columns}");
        let company = Company::new(&[("Opportunity.csv", deals), ("onefunnel.toml", &contract)]);
        let scores = company.scorecard(&["--as-of", "2026-06-30"]);
        assert_eq!(scores[&("deals_won".to_string(), "2026-Q2".to_string())][0], "1", "{columns}");
    }
}

#[test]
fn two_amounts_of_a_row_keep_their_own_currencies() {
    let deals = "id,made,value,cost\n1,2026-01-02,EUR 100,USD 50\n";
    let contract = "[[rate]]\ncurrency = \"EUR\"\nrate = 2.0\n[[source]]\npath = \"*.csv\"\ntable = \"deals\"\n\
        columns = { deal_id = \"id\", created_at = \"made\", amount = \"value\", cost = { header = \"cost\", kind = \"money\" } }\n";
    let company = Company::new(&[("deals.csv", deals), ("onefunnel.toml", contract)]);
    assert_eq!(company.total("pipeline_created", "2026-03-31")[0], "200");
}
