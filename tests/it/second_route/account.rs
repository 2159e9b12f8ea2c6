//! `account` of the example company, again by plain loops over the raw exports, on three days; and what an earlier day
//! must not know.

use std::collections::{BTreeMap, BTreeSet};

use super::acme::{HUBSPOT, exports};
use super::raw::{Record, cents, date, iso, new_york, parse, records, utc};
use crate::common::{root, stdout};

/// What the example's contract says.
const WITHIN: i64 = 90;
const PERSONAS: [&str; 3] = ["Economic buyer", "Technical evaluator", "Business user"];
const REQUIRED: [bool; 3] = [true, true, false];
const ECONOMIC: [&str; 5] = ["CEO", "CFO", "VP Finance", "Finance Manager", "Director of Procurement"];
const TECHNICAL: [&str; 5] = ["CIO", "Director of IT", "IT Manager", "Head of Digital", "Systems Engineer"];

fn by_title(title: &str) -> Option<usize> {
    if ECONOMIC.contains(&title) {
        Some(0)
    } else if TECHNICAL.contains(&title) {
        Some(1)
    } else if title.ends_with(" Operations") || title.starts_with("Operations ") || title == "Project Lead" {
        Some(2)
    } else {
        (title == "Analyst").then_some(2)
    }
}

fn by_role(role: &str) -> Option<usize> {
    ["Decision Maker", "Evaluator", "Business User"].iter().position(|r| *r == role)
}

fn id(cell: &str) -> String {
    let id: String = cell.chars().take(15).collect();
    if id == "000000000000000" { String::new() } else { id }
}

fn table(name: &str) -> Vec<Record> {
    records(&exports().join(format!("salesforce/{name}.csv")))
}

fn alive(r: &Record) -> bool {
    !["1", "true"].contains(&r["IsDeleted"].as_str())
}

/// One record of a person.
#[derive(Default)]
struct Row {
    id: String,
    mail: String,
    at: i64,
    day: i64,
    accounts: Vec<String>,
    company: String,
    title: String,
    became: String,
    deals: Vec<String>,
}

#[derive(Default)]
struct Human {
    rows: Vec<usize>,
    account: String,
    how: &'static str,
    created: i64,
    known: i64,
    deals: BTreeSet<String>,
    /// Deal, day, persona.
    roles: Vec<(String, i64, usize)>,
    title: String,
}

struct Deal {
    account: String,
    at: i64,
    made: i64,
    open: bool,
    won: bool,
    day: i64,
    amount: Option<i64>,
}

#[derive(Default)]
struct Account {
    name: String,
    target: bool,
    /// Team, day.
    touches: Vec<(usize, i64)>,
    /// Day, human.
    engaging: Vec<(i64, usize)>,
}

struct Company {
    last: i64,
    humans: Vec<Human>,
    accounts: BTreeMap<String, Account>,
    deals: BTreeMap<String, Deal>,
}

fn people(last: i64) -> (Vec<Row>, BTreeMap<String, String>) {
    let (mut rows, mut merged) = (Vec::new(), BTreeMap::new());
    for r in table("Lead") {
        if !id(&r["MasterRecordId"]).is_empty() {
            merged.insert(id(&r["Id"]), id(&r["MasterRecordId"]));
        } else if alive(&r) {
            let at = utc(&r["CreatedDate"]).unwrap();
            rows.push(Row {
                id: id(&r["Id"]),
                mail: r["Email"].to_lowercase(),
                at: at.at,
                day: at.day,
                accounts: vec![id(&r["ConvertedAccountId"])],
                company: r["Company"].to_lowercase(),
                became: id(&r["ConvertedContactId"]),
                deals: vec![id(&r["ConvertedOpportunityId"])],
                ..Row::default()
            });
        }
    }
    for r in table("Contact").iter().filter(|r| alive(r)) {
        let at = utc(&r["CreatedDate"]).unwrap();
        rows.push(Row {
            id: id(&r["Id"]),
            mail: r["Email"].to_lowercase(),
            at: at.at,
            day: at.day,
            accounts: vec![id(&r["AccountId"])],
            title: r["Title"].clone(),
            ..Row::default()
        });
    }
    for r in records(&exports().join(HUBSPOT)) {
        let at = new_york(&r["Create Date"]).unwrap();
        rows.push(Row {
            id: format!("hubspot {}", r["Record ID"]),
            mail: r["Email"].to_lowercase(),
            at: at.at,
            day: at.day,
            company: r["Company Name"].to_lowercase(),
            ..Row::default()
        });
    }
    rows.retain(|row| row.day <= last);
    (rows, merged)
}

/// Humans: rows connected by address or by conversion, as the number of the first row.
fn same(rows: &[Row]) -> Vec<usize> {
    let mut of: Vec<usize> = (0..rows.len()).collect();
    let by_id: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(at, row)| (row.id.as_str(), at)).collect();
    let mut by_mail: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.mail.is_empty()) {
        by_mail.entry(&row.mail).or_default().push(at);
    }
    let became = rows.iter().enumerate().filter_map(|(at, row)| by_id.get(row.became.as_str()).map(|c| (at, *c)));
    let pairs = by_mail.values().flat_map(|all| all.windows(2).map(|w| (w[0], w[1])));
    let pairs: Vec<(usize, usize)> = pairs.chain(became).collect();
    loop {
        let before = of.clone();
        for (a, b) in &pairs {
            let first = of[*a].min(of[*b]);
            (of[*a], of[*b]) = (first, first);
        }
        if of == before {
            return of;
        }
    }
}

fn company(as_of: &str) -> Company {
    let last = date(as_of).unwrap();
    let (rows, merged) = people(last);
    let leader = same(&rows);
    let mut number: BTreeMap<usize, usize> = BTreeMap::new();
    let mut humans: Vec<Human> = Vec::new();
    for (row, first) in leader.iter().enumerate() {
        let human = *number.entry(*first).or_insert_with(|| {
            humans.push(Human::default());
            humans.len() - 1
        });
        humans[human].rows.push(row);
    }
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    let (mut sites, mut names) = (BTreeMap::new(), BTreeMap::new());
    for r in table("Account").iter().filter(|r| alive(r) && utc(&r["CreatedDate"]).unwrap().day <= last) {
        let target = r["NumberOfEmployees"].parse::<i64>().unwrap() >= 500 && r["Industry"] != "Public Sector";
        sites.insert(r["Website"].to_lowercase().replace("www.", ""), id(&r["Id"]));
        names.insert(r["Name"].to_lowercase(), id(&r["Id"]));
        let account = Account { name: r["Name"].clone(), target, ..Account::default() };
        accounts.insert(id(&r["Id"]), account);
    }
    let mut deals = BTreeMap::new();
    for r in table("Opportunity").iter().filter(|r| alive(r)) {
        let (made, closes) = (utc(&r["CreatedDate"]).unwrap(), date(&r["CloseDate"]).unwrap());
        if made.day > last && closes > last {
            continue;
        }
        let open = r["IsClosed"] != "1" || closes > last;
        let deal = Deal {
            account: id(&r["AccountId"]),
            at: made.at,
            made: made.day,
            open,
            won: r["IsWon"] == "1",
            day: if open { last } else { closes },
            amount: cents(&r["Amount"]),
        };
        deals.insert(id(&r["Id"]), (deal, id(&r["ContactId"])));
    }
    let row_of: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(at, row)| (row.id.as_str(), at)).collect();
    let human_of = |row: usize| number[&leader[row]];
    // An id leads to its record, a merged one to the survivor's.
    let record = |cell: &str| {
        let mut name = id(cell);
        while let Some(master) = merged.get(&name) {
            name.clone_from(master);
        }
        row_of.get(name.as_str()).map(|row| human_of(*row))
    };
    for human in &mut humans {
        human.rows.sort_by_key(|row| (rows[*row].at, rows[*row].id.clone()));
        let all = || human.rows.iter().map(|row| &rows[*row]);
        human.created = all().map(|row| row.day).min().unwrap();
        human.known = human.created;
        human.title = all().find(|row| !row.title.is_empty()).map(|row| row.title.clone()).unwrap_or_default();
        human.deals = all().flat_map(|row| &row.deals).filter(|deal| deals.contains_key(*deal)).cloned().collect();
        let by_id = all().flat_map(|row| &row.accounts).find(|account| accounts.contains_key(*account));
        let by_site = all().find_map(|row| sites.get(row.mail.split('@').next_back().unwrap()));
        let by_name = all().find_map(|row| names.get(&row.company));
        let found = [("id", by_id), ("domain", by_site), ("name", by_name)];
        if let Some((how, Some(account))) = found.into_iter().find(|(_, account)| account.is_some()) {
            (human.how, human.account) = (how, account.clone());
        }
    }
    for (deal, (_, contact)) in &deals {
        if let Some(human) = record(contact) {
            humans[human].deals.insert(deal.clone());
        }
    }
    for r in table("OpportunityContactRole").iter().filter(|r| alive(r)) {
        let (deal, day) = (id(&r["OpportunityId"]), utc(&r["CreatedDate"]).unwrap().day);
        if let (Some(human), true, true) = (record(&r["ContactId"]), deals.contains_key(&deal), day <= last) {
            humans[human].known = humans[human].known.min(day);
            humans[human].deals.insert(deal.clone());
            humans[human].roles.extend(by_role(&r["Role"]).map(|persona| (deal, day, persona)));
        }
    }
    let deals: BTreeMap<String, Deal> = deals.into_iter().map(|(id, (deal, _))| (id, deal)).collect();
    let became: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(at, row)| (row.became.as_str(), at)).collect();
    // A contact that is not there yet is the lead's still.
    let reached = |cell: &str| record(cell).or_else(|| became.get(id(cell).as_str()).map(|row| human_of(*row)));
    let department: BTreeMap<String, String> =
        table("User").iter().map(|r| (id(&r["Id"]), r["Department"].clone())).collect();
    let mut touch = |who: [&str; 2], what: &str, day: i64, kind: &str, owner: &str| {
        if day > last {
            return;
        }
        let human = who.iter().filter(|who| !who.is_empty()).find_map(|who| reached(who));
        if let Some(human) = human {
            humans[human].known = humans[human].known.min(day);
        }
        let own = human.map(|human| humans[human].account.clone()).filter(|account| !account.is_empty());
        let of_deal = || deals.get(&id(what)).map(|deal| deal.account.clone());
        let Some(account) = own.clone().or_else(of_deal).or_else(|| Some(id(what))) else { return };
        let Some(account) = accounts.get_mut(&account) else { return };
        let team = match department.get(&id(owner)).map(String::as_str) {
            Some("Marketing") => 0,
            Some("Sales") => 1,
            _ => usize::from(kind != "campaign"),
        };
        account.touches.push((team, day));
        if let (Some(human), Some(_), true) = (human, own, ["campaign", "meeting"].contains(&kind)) {
            account.engaging.push((day, human));
        }
    };
    for r in table("CampaignMember").iter().filter(|r| r["HasResponded"] == "true") {
        touch([&r["LeadId"], &r["ContactId"]], "", date(&r["FirstRespondedDate"]).unwrap(), "campaign", "");
    }
    for r in table("Task").iter().filter(|r| alive(r) && r["IsClosed"] == "true") {
        let (day, kind) = (utc(&r["CompletedDateTime"]).unwrap().day, r["TaskSubtype"].to_lowercase());
        touch([&r["WhoId"], ""], &r["WhatId"], day, &kind, &r["OwnerId"]);
    }
    for r in table("Event").iter().filter(|r| alive(r)) {
        let day = utc(&r["ActivityDateTime"]).unwrap().day;
        touch([&r["WhoId"], ""], &r["WhatId"], day, "meeting", &r["OwnerId"]);
    }
    Company { last, humans, accounts, deals }
}

impl Company {
    fn persona(&self, human: &Human, deal: Option<&str>, day: i64) -> Option<usize> {
        let mut roles: Vec<_> = human.roles.iter().filter(|(_, given, _)| *given <= day).collect();
        roles.sort_by_key(|(_, given, persona)| (*given, *persona));
        let first = human.deals.iter().min_by_key(|deal| (self.deals[*deal].at, (*deal).clone()));
        let wanted = deal.or(first.map(String::as_str));
        let here = roles.iter().find(|(deal, _, _)| Some(deal.as_str()) == wanted);
        here.or(roles.first()).map(|role| role.2).or_else(|| by_title(&human.title))
    }

    /// Touches and engaged people of an account within the days that end on one.
    fn engaged(account: &Account, day: i64) -> (usize, BTreeSet<usize>) {
        let window: Vec<usize> =
            account.engaging.iter().filter(|(at, _)| (day - WITHIN + 1..=day).contains(at)).map(|(_, h)| *h).collect();
        let people: BTreeSet<usize> = window.iter().copied().collect();
        let twice = people.iter().filter(|human| window.iter().filter(|h| h == human).count() >= 2);
        (window.len(), twice.copied().collect())
    }

    fn qualified(account: &Account, day: i64) -> bool {
        let (touches, people) = Self::engaged(account, day);
        touches >= 5 && people.len() >= 2
    }
}

fn names(personas: &BTreeSet<usize>) -> String {
    personas.iter().map(|p| PERSONAS[*p]).collect::<Vec<_>>().join("; ")
}

fn complete(personas: &BTreeSet<usize>) -> bool {
    (0..3).all(|p| !REQUIRED[p] || personas.contains(&p))
}

fn tables(as_of: &str) -> Vec<Vec<Record>> {
    let acme = root().join("examples/acme");
    let text = stdout(&["account", acme.to_str().unwrap(), "-f", "csv", "--as-of", as_of]);
    text.split("\n\n").map(parse).collect()
}

fn money(amounts: &[Option<i64>]) -> String {
    let known: Vec<i64> = amounts.iter().filter_map(|a| *a).collect();
    if known.is_empty() { String::new() } else { (known.iter().sum::<i64>() / 100).to_string() }
}

const DAYS: [&str; 3] = ["2026-06-30", "2025-08-20", "2024-05-15"];

#[test]
fn accounts_and_deals_by_the_second_route() {
    for as_of in DAYS {
        let raw = company(as_of);
        let printed = tables(as_of);
        let by_id: BTreeMap<String, &Record> = printed[0].iter().map(|r| (id(&r["account_id"]), r)).collect();
        assert_eq!(printed[0].len(), raw.accounts.len(), "{as_of}");
        let mut figures: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        let mut present: BTreeMap<Option<usize>, [u64; 4]> = BTreeMap::new();
        let mut by_persona: BTreeMap<&str, [u64; 6]> = BTreeMap::new();
        for (name, account) in &raw.accounts {
            let people: Vec<&Human> = raw.humans.iter().filter(|h| h.account == *name).collect();
            let deals: Vec<(&String, &Deal)> = raw.deals.iter().filter(|(_, d)| d.account == *name).collect();
            let in_group = |h: &&Human| h.account == *name || deals.iter().any(|(deal, _)| h.deals.contains(*deal));
            let group: Vec<&Human> = raw.humans.iter().filter(in_group).collect();
            let personas: BTreeSet<usize> = group.iter().filter_map(|h| raw.persona(h, None, raw.last)).collect();
            let (touches, who) = Company::engaged(account, raw.last);
            let engaged = who.len();
            for (at, human) in raw.humans.iter().enumerate().filter(|(_, h)| h.account == *name) {
                let persona = raw.persona(human, None, raw.last);
                let speaks = !human.title.is_empty() || !human.roles.is_empty();
                let other = if speaks { "(none fits)" } else { "(no title or role)" };
                let row = by_persona.entry(persona.map_or(other, |p| PERSONAS[p])).or_default();
                row[0] += 1;
                row[1] += u64::from(who.contains(&at));
            }
            for persona in &personas {
                by_persona.entry(PERSONAS[*persona]).or_default()[2] += 1;
            }
            let first = account.engaging.iter().map(|(day, _)| *day).min().unwrap_or(raw.last);
            let since = (first..=raw.last).find(|day| Company::qualified(account, *day));
            let qualified = Company::qualified(account, raw.last);
            let amounts = |test: &dyn Fn(&Deal) -> bool| {
                deals.iter().filter(|(_, d)| test(d)).map(|(_, d)| d.amount).collect::<Vec<_>>()
            };
            let (open, won) = (amounts(&|d| d.open), amounts(&|d| !d.open && d.won));
            let lost = amounts(&|d| !d.open && !d.won);
            let team = |t: usize| account.touches.iter().filter(|(team, _)| *team == t).count().to_string();
            let expected = [
                ("name", account.name.clone()),
                ("target", account.target.to_string()),
                ("people", people.len().to_string()),
                ("buying_group", group.len().to_string()),
                ("engaged_people", engaged.to_string()),
                ("engaging_touches", touches.to_string()),
                ("personas", names(&personas)),
                ("marketing_touches", team(0)),
                ("sales_touches", team(1)),
                ("other_touches", team(2)),
                ("last_touch_on", account.touches.iter().map(|(_, day)| *day).max().map(iso).unwrap_or_default()),
                ("mqa", qualified.to_string()),
                ("mqa_on", since.map(iso).unwrap_or_default()),
                ("open_deals", open.len().to_string()),
                ("won_deals", won.len().to_string()),
                ("lost_deals", lost.len().to_string()),
                ("open_amount", money(&open)),
                ("won_amount", money(&won)),
                ("lost_amount", money(&lost)),
            ];
            for (column, expected) in expected {
                assert_eq!(by_id[name][column], expected, "{as_of}, {name}: {column} of {:?}", by_id[name]);
            }
            let had = [
                ("accounts", true),
                ("with_people", !people.is_empty()),
                ("with_engaged", engaged > 0),
                ("complete", complete(&personas)),
                ("open_deal", !open.is_empty()),
                ("closed_deal", !won.is_empty() || !lost.is_empty()),
                ("won_deal", !won.is_empty()),
                ("mqa_before_deal", {
                    let first = deals.iter().map(|(_, d)| if d.made <= raw.last { d.made } else { d.day }).min();
                    since.zip(first).is_some_and(|(since, first)| since < first)
                }),
                ("recent", touches > 0),
                ("deep", touches >= 5),
                ("broad", engaged >= 2),
                ("mqa", qualified),
                ("mqa_ever", since.is_some()),
            ];
            for (figure, has) in had {
                *figures.entry((figure, "all")).or_default() += u64::from(has);
                *figures.entry((figure, "target")).or_default() += u64::from(has && account.target);
            }
            let known = (!group.is_empty()).then(|| personas.iter().filter(|p| REQUIRED[**p]).count());
            assert_eq!(by_id[name]["completeness"].is_empty(), known.is_none(), "{as_of}, {name}");
            let row = present.entry(known).or_default();
            row[0] += 1;
            row[1] += u64::from(!open.is_empty());
        }
        for r in &printed[2] {
            let of = match &*r["figure"] {
                "won_deal" => "closed_deal",
                "mqa_before_deal" => "mqa_ever",
                _ => "accounts",
            };
            let (n, of) = (figures[&(&*r["figure"], &*r["group"])], figures[&(of, &*r["group"])]);
            assert_eq!([&r["n"], &r["of"]], [&n.to_string(), &of.to_string()], "{as_of}: {r:?}");
        }
        assert_eq!(printed[2].len(), figures.len());

        assert_eq!(printed[1].len(), raw.deals.len(), "{as_of}");
        for r in &printed[1] {
            let name = id(&r["deal_id"]);
            let deal = &raw.deals[&name];
            let there = |h: &&Human| {
                (h.account == deal.account || h.deals.contains(&name)) && (deal.open || h.known <= deal.day)
            };
            let group: Vec<&Human> = raw.humans.iter().filter(there).collect();
            let personas: BTreeSet<usize> =
                group.iter().filter_map(|h| raw.persona(h, Some(&name), deal.day)).collect();
            let fate = if deal.open { "open" } else { ["lost", "won"][usize::from(deal.won)] };
            let expected = [fate.to_owned(), iso(deal.day), group.len().to_string(), names(&personas)];
            let said = ["outcome", "on", "people", "personas"].map(|column| r[column].clone());
            assert_eq!(said, expected, "{as_of}: {r:?}");
            for persona in &personas {
                let fate = if deal.open { 3 } else { 5 - usize::from(deal.won) };
                by_persona.entry(PERSONAS[*persona]).or_default()[fate] += 1;
            }
            let known = (!group.is_empty()).then(|| personas.iter().filter(|p| REQUIRED[**p]).count());
            let row = present.entry(known).or_default();
            row[2] += u64::from(!deal.open && deal.won);
            row[3] += u64::from(!deal.open && !deal.won);
        }
        let columns = ["people", "engaged_people", "accounts", "open_deals", "won_deals", "lost_deals"];
        assert_eq!(printed[4].len(), PERSONAS.len() + 2);
        for r in &printed[4] {
            let expected = by_persona.get(r["persona"].as_str()).copied().unwrap_or_default();
            for (column, expected) in columns.iter().zip(expected).filter(|(c, _)| !r[**c].is_empty()) {
                assert_eq!(r[*column], expected.to_string(), "{as_of}: {column} of {r:?}");
            }
        }
        for r in &printed[3] {
            let expected = present.get(&r["required_present"].parse().ok()).copied().unwrap_or_default();
            let said = ["accounts", "accounts_with_open_deal", "won", "lost"].map(|c| r[c].parse::<u64>().unwrap());
            assert_eq!(said, expected, "{as_of}: {r:?}");
        }
    }
}

#[test]
fn the_match_rate_by_the_second_route() {
    for as_of in DAYS {
        let raw = company(as_of);
        let printed = tables(as_of);
        for r in &printed[5] {
            let days = date(&r["period_start"]).unwrap()..=date(&r["period_end"]).unwrap();
            let people = || raw.humans.iter().filter(|h| r["period"] == "total" || days.contains(&h.created));
            let n = |how: &str| people().filter(|h| h.how == how).count().to_string();
            let expected = [n("id"), n("domain"), "0".into(), n("name"), n(""), people().count().to_string()];
            let said = ["by_account_id", "by_domain", "by_deal", "by_name", "no_such_account", "people"];
            let mut said = said.map(|column| r[column].clone());
            // Somebody converted later has the id of an account that is not there yet.
            let lost: u64 = r["no_lost_id"].parse().unwrap();
            said[4] = (said[4].parse::<u64>().unwrap() + lost).to_string();
            assert_eq!(said, expected, "{as_of}: {r:?}");
        }
    }
    let total = |as_of| tables(as_of)[5].last().unwrap().clone();
    let today = total(DAYS[0]);
    // Every contact and converted lead has its account's id; see `rows` of truth.json.
    assert_eq!([&today["people"], &today["by_account_id"], &today["no_lost_id"]], ["3002", "701", "0"]);
}

/// With an earlier day there are fewer accounts, people, touches and deals, and nobody is qualified sooner.
#[test]
fn an_earlier_day_knows_less_of_accounts() {
    let days = ["2026-06-30", "2026-01-31", "2025-08-20", "2025-02-14", "2024-05-15"];
    let mut later: Option<BTreeMap<String, Record>> = None;
    for as_of in days {
        let printed = tables(as_of);
        for r in printed.iter().flatten() {
            for (column, cell) in r.iter().filter(|(c, _)| c.ends_with("_on") || *c == "on" || c.starts_with("period_"))
            {
                assert!(cell.as_str() <= as_of || r.contains_key("period_end"), "{as_of}: {column} of {r:?}");
            }
        }
        let now: BTreeMap<String, Record> = printed[0].iter().map(|r| (r["account_id"].clone(), r.clone())).collect();
        if let Some(later) = &later {
            for (account, r) in &now {
                let then = &later[account];
                for column in
                    ["people", "buying_group", "marketing_touches", "sales_touches", "won_deals", "lost_deals"]
                {
                    let [now, then] = [r, then].map(|r| r[column].parse::<u64>().unwrap());
                    assert!(now <= then, "{as_of}, {account}: {column} was {now}, later {then}");
                }
                let sooner = r["mqa_on"].is_empty() || (!then["mqa_on"].is_empty() && then["mqa_on"] <= r["mqa_on"]);
                assert!(sooner, "{as_of}, {account}: {} was qualified, later {}", r["mqa_on"], then["mqa_on"]);
            }
        }
        later = Some(now);
    }
}
