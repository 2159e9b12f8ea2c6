//! What the numbered traps have in common: exports that overlap or sum up, serial days, amounts, rates, names, tables of stages.

use super::{Company, values};

const DEALS: &str = "Id,Name,StageName,Amount,CloseDate,IsClosed,IsWon,CreatedDate\n";

const REVENUE: &str = "date,amount\n2026-04,10000\n";

/// Marketing's spend over all days; there is revenue to divide it by.
fn spend(files: &[(&str, &str)]) -> String {
    let company = Company::new(&[files, &[("revenue.csv", REVENUE)]].concat());
    company.folder.metric("marketing_budget_ratio", "total", &[])[1].clone()
}

#[test]
fn of_two_exports_of_the_same_days_the_later_holds() {
    let head = "Day,Campaign,Currency code,Cost,Impr.\n";
    // Brand on the 2nd is there twice in a file, divided by something that is not shown: 20 + 5.
    let first = "2026-04-01,Brand,USD,10.00,1\n2026-04-02,Brand,USD,20.00,1\n2026-04-02,Brand,USD,5.00,1\n2026-04-02,Video,USD,7.00,1\n";
    // The later export restates Brand's 2nd as 30 and adds the 3rd; Video's 2nd is not in it.
    let later = "2026-04-02,Brand,USD,30.00,1\n2026-04-03,Brand,USD,40.00,1\n";
    let (first, later) = (format!("{head}{first}"), format!("{head}{later}"));
    assert_eq!(spend(&[("google-1.csv", &first)]), "42");
    // 10 + 7 + 30 + 40; naive: 112.
    assert_eq!(spend(&[("google-1.csv", &first), ("google-2.csv", &later)]), "87");
    // The other way round: 10 + 25 + 7 + 40.
    assert_eq!(spend(&[("google-2.csv", &first), ("google-1.csv", &later)]), "82");
    let company = Company::new(&[("google-1.csv", first.as_str()), ("google-2.csv", &later), ("revenue.csv", REVENUE)]);
    let account = company.account("google-1.csv", &["."]);
    assert_eq!((account.used, account.aside()), (2, vec![("same day and campaign in a later export", 2)]));
}

#[test]
fn a_report_of_several_days_in_a_row_is_refused() {
    let report = |end: &str| {
        let head = "Campaign Performance Report (in UTC)\nReport Start: 4/1/2026\n\n\
            \"Start Date (in UTC)\",\"End Date (in UTC)\",\"Campaign Name\",\"Campaign ID\",\"Currency\",\"Total Spent\"\n";
        format!("{head}4/1/2026,4/1/2026,Brand,77,USD,\"1,234.50\"\n4/14/2026,{end},Brand,77,USD,\"1,000.00\"\n")
    };
    assert_eq!(spend(&[("linkedin.csv", &report("4/14/2026"))]), "2234.5");
    let company = Company::new(&[("linkedin.csv", report("4/30/2026"))]);
    let expected = "error: linkedin.csv:6:2: this row is a sum from 4/14/2026 to 4/30/2026, which cannot be put in a month\n  \
        help: export the report again with one row a day (a breakdown by day)\n";
    assert_eq!(company.folder.refused(&["scorecard", "linkedin.csv"]), expected);
}

#[test]
fn a_table_of_stages_gives_ids_their_names() {
    let deals = "deal_id,property_dealname,deal_pipeline_stage_id,property_amount,property_createdate,property_closedate\n\
        71,One,s9,100,2026-01-05 09:00:00,2026-02-10 09:00:00\n\
        72,Two,s2,200,2026-01-06 09:00:00,2026-09-01 09:00:00\n\
        73,Three,s8,400,2026-01-07 09:00:00,2026-02-12 09:00:00\n";
    let changes = "deal_id,value,date_entered,_fivetran_start\n71,s2,2026-01-25 09:00:00,2026-01-25 09:00:00\n72,s2,2026-01-16 09:00:00,2026-01-16 09:00:00\n";
    let stages = "stage_id,label,pipeline_id,closed_won,is_closed\ns2,Contract Sent,p,false,false\ns8,Gave Up,p,false,true\ns9,Signed,p,true,true\n";
    let contract = "currency = \"USD\"\n[[source]]\npath = \"*.csv\"\n\
        [[stage]]\nid = \"opportunity\"\nowner = \"sales\"\nreached = [ { deal = \"created_at\" } ]\n\
        [[stage]]\nid = \"contract_sent\"\nowner = \"sales\"\nreached = [ { deal_stage = [\"Contract Sent\"] } ]\n\
        [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [ { deal = \"closed_at\", when = \"is_won\" } ]\n";
    let files = [("deals.csv", deals), ("changes.csv", changes), ("stages.csv", stages), ("onefunnel.toml", contract)];
    let folder = Company::new(&files);
    let funnel = folder.folder.funnel();
    // The one that gave up never had a contract: two did, 20 and 10 days after their creation.
    assert_eq!((funnel["contract_sent"].recorded, funnel["opportunity"].days_to_next.as_str()), (2, "15"));
    assert_eq!(folder.folder.metric("win_rate_narrow", "total", &[]), ["0.5", "1", "2", "ok"]);
    assert_eq!(folder.folder.total("won_revenue"), "100");
    let by = folder.folder.by("deals_opened", "stage");
    assert_eq!(by, values(&[("Contract Sent", "1"), ("Gave Up", "1"), ("Signed", "1")]));
    // Without it nobody knows what s9 is: not won, and not lost.
    let company = Company::new(&[files[0], files[1], files[3]]);
    assert_eq!(company.folder.metric("win_rate_narrow", "total", &[])[3], "zero_denominator");
}

#[test]
fn serial_days_of_a_spreadsheet_are_days_when_a_column_has_nothing_else() {
    // 46023 is 2026-01-01, 46054 is 2026-02-01, and .5 is noon.
    let deals = format!(
        "{DEALS}D1,One,Closed Won,100,46054,true,true,46027\nD2,Two,Closed Won,200,46113,true,true,46027.5\n\
         D3,Three,Prospecting,,,false,false,\n"
    );
    let company = Company::new(&[("Opportunity.csv", deals.as_str())]);
    let days = |id: &str, period: &str| company.folder.metric(id, period, &["--period", "month"])[0].clone();
    assert_eq!([days("deals_opened", "2026-01"), days("deals_opened", "total")], ["2", "2"]);
    assert_eq!([days("won_revenue", "2026-02"), days("won_revenue", "2026-04")], ["100", "200"]);
    let said = company.folder.stdout(&["inspect", "."]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("column CloseDate holds a spreadsheet's serial days (45292 is 2024-01-01)"), "{said}");
    // Days from the creation on 01-05: 27 and 86.
    assert_eq!(company.folder.total("sales_cycle"), "56.5");
    let mixed = format!(
        "{deals}D4,Four,Closed Won,400,2026-02-10,true,true,46027\nD5,Five,Closed Won,1,2026-02-11,true,true,46028\n"
    );
    let company = Company::new(&[("Opportunity.csv", mixed)]);
    let expected = "error: Opportunity.csv:2:5: `46054` in column `CloseDate` looks like a spreadsheet's serial day, beside dates\n  \
        help: give the whole column one date format in the spreadsheet, and save it again\n";
    assert_eq!(company.folder.refused(&["scorecard", "Opportunity.csv"]), expected);
}

#[test]
fn amounts_are_read_as_exports_write_them() {
    for (written, amount) in [
        ("468.0", "468"),
        ("\"1,033.33\"", "1033.33"),
        ("\"$22,700.00\"", "22700"),
        ("$342.09K", "342090"),
        ("\"$1,117.10K\"", "1117100"),
        ("$1.2M", "1200000"),
        ("\"1.234,50\"", "1234.5"),
        ("1 234.50", "1234.5"),
        ("1'234.50", "1234.5"),
        ("USD 1234.50", "1234.5"),
        ("-12.50", "-12.5"),
        ("(12.50)", "-12.5"),
        ("0", "0"),
    ] {
        let ledger = format!("date,team,amount\n2026-04-01,marketing,{written}\n");
        assert_eq!(spend(&[("spend.csv", &ledger)]), amount, "{written}");
    }
    for written in ["2.51%", "1.2E+05", "12x", "#REF!", "USD 5 EUR"] {
        let ledger = format!("date,team,amount\n2026-04-01,marketing,{written}\n");
        let refused = Company::new(&[("spend.csv", ledger)]).folder.refused(&["scorecard", "spend.csv"]);
        assert!(refused.contains("spend.csv:2:3: `") && refused.contains("is not an amount"), "{written}: {refused}");
    }
}

#[test]
fn each_amount_has_the_rate_of_its_day() {
    let ledger = "date,team,amount,currency\n2026-03-31,marketing,100,EUR\n2026-04-01,marketing,100,EUR\n2026-04-02,marketing,100,GBP\n2026-04-03,marketing,100,USD\n";
    let rates =
        "[[rate]]\ncurrency = \"EUR\"\nrate = 1.10\n[[rate]]\ncurrency = \"EUR\"\nrate = 1.20\nfrom = \"2026-04-01\"\n";
    let gbp = "[[rate]]\ncurrency = \"GBP\"\nrate = 1.5\n";
    let contract = |rates: &str| format!("currency = \"USD\"\n[[source]]\npath = \"*.csv\"\n{rates}");
    let (two, both) = (contract(rates), contract(&[rates, gbp].concat()));
    // 110 + 120 + 150 + 100.
    assert_eq!(spend(&[("spend.csv", ledger), ("onefunnel.toml", &both)]), "480");
    let company = Company::new(&[("spend.csv", ledger), ("onefunnel.toml", &two)]);
    let expected = "error: spend.csv:4: 1 amount is in GBP, and the contract has no rate for it on 2026-04-02\n  \
        help: add to the contract: [[rate]] currency = \"GBP\", rate = <USD for 1 GBP>; amounts in two currencies are never added up\n";
    assert_eq!(company.folder.refused(&["scorecard"]), expected);
}

#[test]
fn a_name_links_when_one_person_has_it_and_not_when_two_share_it() {
    let people = "LEADID,First Name,Last Name,Email,Lead Status,Created Time\n\
        1,Ada,Abel,ada@nord.example,Open,2026-01-01 09:00:00\n\
        2,Kim,Lee,kim@sued.example,Open,2026-01-02 09:00:00\n\
        3,Kim,Lee,kim@west.example,Open,2026-01-03 09:00:00\n";
    let members = "Campaign Name,Lead First Name,Lead Last Name,Status,Last Modified Time\n\
        Spring,Ada,Abel,Responded,2026-01-10 09:00:00\n\
        Spring,Kim,Lee,Responded,2026-01-11 09:00:00\n\
        Spring,Nobody,Known,Responded,2026-01-12 09:00:00\n";
    let company = Company::new(&[("Leads.csv", people), ("Campaign_Lead_Status.csv", members)]);
    // Three people stay three. Ada's touch is hers; Kim's is one of the two, nobody knows whose, and so of neither.
    assert_eq!(company.folder.volumes()["lead"], 3);
    company.folder.notes_say("Kept and counted: 2 × touches of nobody in the exports.");
    assert_eq!(company.folder.by("new_leads", "origin"), values(&[("marketing", "1"), ("(blank)", "2")]));
    // Two records of one Kim are one person, and then the name is enough.
    let same = people.replace("kim@west.example", "kim@sued.example");
    let company = Company::new(&[("Leads.csv", same.as_str()), ("Campaign_Lead_Status.csv", members)]);
    assert_eq!(company.folder.volumes()["lead"], 2);
    company.folder.notes_say("Kept and counted: 1 × touches of nobody in the exports.");
}
