//! The raw exports of the example company → [`Company`], and finance's ledgers.

use std::path::{Path, PathBuf};

use super::process::{Company, Deal, Person, Subject};
use super::raw::{Moment, Record, cents, date, new_york, records, utc};

/// The stages of the contract.
pub const STAGES: [&str; 6] = ["lead", "mql", "sal", "opportunity", "proposal", "won"];

/// The day up to which things count.
pub const AS_OF: &str = "2026-06-30";

/// One row of the spend ledgers, in cents of USD.
pub struct Spend {
    pub day: i64,
    pub team: String,
    pub category: String,
    pub tag: String,
    pub amount: i64,
}

/// Finance's ledgers.
pub struct Ledgers {
    pub spend: Vec<Spend>,
    /// Day, team, heads.
    pub heads: Vec<(i64, String, f64)>,
    /// Day, cents.
    pub revenue: Vec<(i64, i64)>,
}

/// The folder of the exports.
pub fn exports() -> PathBuf {
    crate::common::root().join("examples/acme/exports")
}

/// The only file of HubSpot.
pub const HUBSPOT: &str = "hubspot/hubspot-crm-exports-all-contacts-2026-07-01.csv";

/// An id of Salesforce in its 15 characters; the null id is none.
fn id(cell: &str) -> String {
    let id: String = cell.chars().take(15).collect();
    if id == "000000000000000" { String::new() } else { id }
}

fn yes(cell: &str) -> bool {
    ["1", "true"].contains(&cell)
}

fn alive(record: &Record) -> bool {
    !yes(&record["IsDeleted"])
}

fn table(folder: &Path, name: &str) -> Vec<Record> {
    records(&folder.join(format!("salesforce/{name}.csv")))
}

/// Reads the company.
pub fn company() -> Company {
    let folder = exports();
    let mut company = Company { stages: STAGES.len(), ..Company::default() };
    let as_of = date(AS_OF).unwrap();

    for r in table(&folder, "Lead") {
        let master = id(&r["MasterRecordId"]);
        if !master.is_empty() {
            company.merged.insert(id(&r["Id"]), master);
        }
        if alive(&r) {
            company.people.push(Person {
                id: id(&r["Id"]),
                email: r["Email"].clone(),
                account: id(&r["ConvertedAccountId"]),
                created: utc(&r["CreatedDate"]),
                source: r["LeadSource"].clone(),
                became: id(&r["ConvertedContactId"]),
                deals: vec![id(&r["ConvertedOpportunityId"])],
            });
        }
    }
    for r in table(&folder, "Contact").into_iter().filter(alive) {
        company.people.push(Person {
            id: id(&r["Id"]),
            email: r["Email"].clone(),
            account: id(&r["AccountId"]),
            created: utc(&r["CreatedDate"]),
            source: r["LeadSource"].clone(),
            ..Person::default()
        });
    }
    for r in records(&folder.join(HUBSPOT)) {
        let person = format!("hubspot {}", r["Record ID"]);
        if let Some(at) = new_york(&r["Date entered \"Marketing Qualified Lead (Lifecycle Stage Pipeline)\""]) {
            company.evidence.push((Subject::Person(person.clone()), 1, at.day));
        }
        company.people.push(Person {
            id: person,
            email: r["Email"].clone(),
            created: new_york(&r["Create Date"]),
            source: r["Original Traffic Source"].clone(),
            deals: r["Associated Deal IDs"].split(';').map(|d| format!("hubspot {}", d.trim())).collect(),
            ..Person::default()
        });
    }
    for person in &company.people {
        company.evidence.extend(person.created.map(|c| (Subject::Person(person.id.clone()), 0, c.day)));
    }
    for r in table(&folder, "LeadHistory").iter().filter(|r| r["Field"] == "Status") {
        let stage = match r["NewValue"].as_str() {
            "MQL" | "Marketing Qualified Lead" => 1,
            "Accepted" | "Working" => 2,
            _ => continue,
        };
        company.evidence.push((Subject::Person(id(&r["LeadId"])), stage, utc(&r["CreatedDate"]).unwrap().day));
    }

    for r in table(&folder, "Opportunity").into_iter().filter(alive) {
        let (closed, won) = (yes(&r["IsClosed"]), yes(&r["IsWon"]));
        let deal = Deal {
            id: id(&r["Id"]),
            account: id(&r["AccountId"]),
            person: id(&r["ContactId"]),
            created: utc(&r["CreatedDate"]),
            closed: date(&r["CloseDate"]).filter(|_| closed),
            won,
            lost: closed && !won,
            derailed: false,
            amount: cents(&r["Amount"]),
            source: r["LeadSource"].clone(),
        };
        let about = || Subject::Deal(deal.id.clone());
        company.evidence.extend(deal.created.map(|c| (about(), 3, c.day)));
        company.evidence.extend(deal.closed.filter(|_| won).map(|day| (about(), 5, day)));
        company.deals.push(deal);
    }
    for r in table(&folder, "OpportunityHistory").iter().filter(|r| r["StageName"] == "Proposal/Price Quote") {
        let day = utc(&r["CreatedDate"]).unwrap().day;
        company.evidence.push((Subject::Deal(id(&r["OpportunityId"])), 4, day));
    }
    for r in table(&folder, "OpportunityContactRole").into_iter().filter(alive) {
        company.roles.push((id(&r["OpportunityId"]), id(&r["ContactId"])));
    }
    for r in table(&folder, "Account").into_iter().filter(alive) {
        let site = r["Website"].to_lowercase();
        let domain = site.strip_prefix("www.").unwrap_or(&site).to_owned();
        let before = company.domains.insert(domain, id(&r["Id"]));
        assert!(before.is_none(), "two accounts with one domain");
    }

    for r in table(&folder, "CampaignMember").iter().filter(|r| yes(&r["HasResponded"])) {
        let people = vec![id(&r["ContactId"]), id(&r["LeadId"])];
        company.touches.push((people, String::new(), date(&r["FirstRespondedDate"]).unwrap()));
    }
    for r in table(&folder, "Task").into_iter().filter(alive).filter(|r| yes(&r["IsClosed"])) {
        let at: Moment = utc(&r["CompletedDateTime"]).unwrap();
        company.touches.push((vec![id(&r["WhoId"])], id(&r["WhatId"]), at.day));
    }
    for r in table(&folder, "Event").into_iter().filter(alive) {
        let at: Moment = utc(&r["ActivityDateTime"]).unwrap();
        company.touches.push((vec![id(&r["WhoId"])], id(&r["WhatId"]), at.day));
    }
    company.evidence.retain(|(_, _, day)| *day <= as_of);
    company.touches.retain(|(_, _, day)| *day <= as_of);
    company
}

/// Reads the ledgers; one euro is 1.10 dollars.
pub fn ledgers() -> Ledgers {
    let folder = exports().join("finance");
    let filled = |r: &Record| r.values().any(|cell| !cell.is_empty());
    let mut spend = Vec::new();
    for file in ["spend.csv", "ad_spend.csv"] {
        for r in records(&folder.join(file)).into_iter().filter(filled) {
            let amount = cents(&r["amount"]).unwrap();
            let amount = match r["currency"].as_str() {
                "USD" => amount,
                "EUR" => {
                    assert_eq!(amount * 110 % 100, 0, "a rate that rounds");
                    amount * 110 / 100
                }
                other => panic!("no rate for {other}"),
            };
            spend.push(Spend {
                day: date(&r["date"]).unwrap(),
                team: r["team"].clone(),
                category: r["category"].clone(),
                tag: r.get("tag").cloned().unwrap_or_default(),
                amount,
            });
        }
    }
    let heads = records(&folder.join("headcount.csv"))
        .iter()
        .filter(|r| filled(r))
        .map(|r| (date(&r["month"]).unwrap(), r["team"].clone(), r["heads"].parse().unwrap()))
        .collect();
    let revenue = records(&folder.join("revenue.csv"))
        .iter()
        .filter(|r| filled(r))
        .map(|r| (date(&r["month"]).unwrap(), cents(&r["amount"]).unwrap()))
        .collect();
    Ledgers { spend, heads, revenue }
}

/// The team that the contract gives a lead source.
pub fn of_marketing(source: &str) -> bool {
    const MARKETING: [&str; 7] =
        ["Organic Search", "Paid Search", "Content", "Trade Show", "Paid Social", "Webinar", "Email"];
    const SALES: [&str; 3] = ["Outbound", "Existing Customer", "Offline Sources"];
    assert!(MARKETING.contains(&source) || SALES.contains(&source), "the contract does not know `{source}`");
    MARKETING.contains(&source)
}
