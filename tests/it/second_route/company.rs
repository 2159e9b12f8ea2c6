//! Small random companies: people, deals, roles and accounts as generic files, with a contract that says what is what.

use std::path::Path;

use super::process::{Company, Deal, Person, Subject};
use super::raw::{Record, cents, day, iso, plain, utc};

/// SplitMix64: small, and the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `below`, without it.
    pub fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(below).unwrap()).unwrap()
    }

    fn percent(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// One file as cells.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub name: &'static str,
    pub header: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    pub fn records(&self) -> impl Iterator<Item = Record> {
        self.rows.iter().map(|row| self.header.iter().map(|h| (*h).to_owned()).zip(row.iter().cloned()).collect())
    }
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Times {
    /// No two records share a moment.
    Distinct,
    /// Days, in so few weeks that many records share one.
    Days,
}

pub const PEOPLE: usize = 0;
pub const DEALS: usize = 1;
pub const ROLES: usize = 2;

/// The stages of the contract.
pub const STAGES: [&str; 4] = ["lead", "mql", "opportunity", "won"];

/// The day of the reports.
pub const AS_OF: &str = "2025-12-31";

const CONTRACT: &str = r#"name = "Small"
currency = "USD"
timezone = "America/New_York"
mature_after = "90d"

[[source]]
path = "people*.csv"
table = "people"
columns = { person_id = "person", email = "mail", created_at = "seen", mql_at = "qualified", lead_source = "found by", account_id = "firm", converted_person_id = "became", converted_deal_id = "led to" }

[[source]]
path = "deals*.csv"
table = "deals"
columns = { deal_id = "deal", account_id = "firm", person_id = "person", created_at = "opened", closed_at = "closed", is_closed = "over", is_won = "won", amount = "worth", lead_source = "found by", lost_reason = "why" }

[[source]]
path = "roles*.csv"
table = "roles"
columns = { deal_id = "deal", person_id = "person" }

[[source]]
path = "accounts*.csv"
table = "accounts"
columns = { account_id = "firm", name = "name", website = "site" }

[[stage]]
id = "lead"
owner = "marketing"
reached = [ { people = "created_at" } ]

[[stage]]
id = "mql"
owner = "marketing"
reached = [ { people = "mql_at" } ]

[[stage]]
id = "opportunity"
owner = "sales"
reached = [ { deal = "created_at" } ]

[[stage]]
id = "won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]

[teams.marketing]
kinds = ["form"]
sources = ["Web", "Messe; Köln, \"Halle 7\""]

[teams.sales]
kinds = ["call"]
sources = ["Cold call", "Partner"]
"#;

const SOURCES: [&str; 4] = ["Web", "Messe; Köln, \"Halle 7\"", "Cold call", "Partner"];

/// Whether the contract gives a lead source to marketing.
pub fn of_marketing(source: &str) -> bool {
    SOURCES[..2].contains(&source)
}

/// One company: people, deals, roles and accounts.
pub fn generate(seed: u64, times: Times) -> Vec<Sheet> {
    let mut random = Random::new(seed);
    let mut used = std::collections::BTreeSet::new();
    let mut moment = |random: &mut Random, from: i64, days: usize| loop {
        let on = from + i64::try_from(random.below(days)).unwrap();
        if times == Times::Days {
            return iso(on);
        }
        let second = random.below(86_400);
        if used.insert((on, second)) {
            return format!("{}T{:02}:{:02}:{:02}Z", iso(on), second / 3600, second / 60 % 60, second % 60);
        }
    };
    let start = day(2025, 1, 2);
    let span = if times == Times::Days { 25 } else { 340 };
    let firms = 1 + random.below(5);

    let mut people: Vec<Vec<String>> = Vec::new();
    for p in 0..2 + random.below(24) {
        let firm = random.below(firms);
        let named = if random.percent(60) { format!("F{firm}") } else { String::new() };
        let mail = match random.below(10) {
            0 => String::new(),
            1 => format!("info@firm{firm}.example"),
            2 => format!("person{p}@gmail.com"),
            _ => format!("person{p}@firm{firm}.example"),
        };
        let seen = moment(&mut random, start, span);
        let qualified = if random.percent(45) { moment(&mut random, start, span + 15) } else { String::new() };
        let source = if random.percent(85) { random.pick(&SOURCES) } else { "" };
        let mut row =
            vec![format!("P{p}"), mail, seen, qualified, source.to_owned(), named, String::new(), String::new()];
        // Some are in the files twice: by another spelling of the address, or by conversion.
        if p > 0 && random.percent(30) {
            let twin = people[random.below(people.len())].clone();
            if random.percent(50) {
                row[1] = twin[1].to_uppercase();
            } else {
                row[6].clone_from(&twin[0]);
                row[1] = String::new();
            }
            row[5].clone_from(&twin[5]);
        }
        people.push(row);
    }

    let mut deals: Vec<Vec<String>> = Vec::new();
    for d in 0..=random.below(14) {
        let firm = if random.percent(80) { format!("F{}", random.below(firms)) } else { String::new() };
        let person = if random.percent(30) { format!("P{}", random.below(people.len())) } else { String::new() };
        let opened = moment(&mut random, start + 3, span);
        let on = start + i64::try_from(random.below(span + 60)).unwrap();
        // The first is won, in time and with an amount, so that no figure lacks its source.
        let (over, won) = if d == 0 { (true, true) } else { (random.percent(75), random.percent(50)) };
        let on = if d == 0 { start + 20 } else { on };
        let amount = random.below(5_000_000);
        let worth =
            if d > 0 && random.percent(15) { String::new() } else { format!("{}.{:02}", amount / 100, amount % 100) };
        let source = if d == 0 || random.percent(60) { random.pick(&SOURCES) } else { "" };
        let why = if over && !won { random.pick(&["", "Price", "No decision", "Derailed", "Dead deal"]) } else { "" };
        deals.push(vec![
            format!("D{d}"),
            firm,
            person,
            opened,
            iso(on),
            u8::from(over).to_string(),
            u8::from(over && won).to_string(),
            worth,
            source.to_owned(),
            if d == 0 { String::new() } else { why.to_owned() },
        ]);
    }
    // One that ended without a decision, so that reasons are known.
    let opened = if times == Times::Days { "2025-01-03" } else { "2025-01-03T12:00:00Z" };
    let last = ["D99", "", "", opened, "2025-01-20", "1", "0", "10.00", "Web", "No decision"];
    deals.push(last.map(str::to_owned).to_vec());
    for person in &mut people {
        if random.percent(20) {
            person[7].clone_from(&deals[random.below(deals.len() - 1)][0]);
        }
    }
    let mut roles = vec![vec!["D0".to_owned(), "P0".to_owned()]];
    for _ in 0..random.below(8) {
        roles.push(vec![deals[random.below(deals.len() - 1)][0].clone(), format!("P{}", random.below(people.len()))]);
    }
    let accounts = (0..firms)
        .map(|f| vec![format!("F{f}"), format!("Firm {f}"), format!("https://www.firm{f}.example/")])
        .collect();
    let sheet = |name, header: &[&'static str], rows| Sheet { name, header: header.to_vec(), rows };
    vec![
        sheet("people", &["person", "mail", "seen", "qualified", "found by", "firm", "became", "led to"], people),
        sheet(
            "deals",
            &["deal", "firm", "person", "opened", "closed", "over", "won", "worth", "found by", "why"],
            deals,
        ),
        sheet("roles", &["deal", "person"], roles),
        sheet("accounts", &["firm", "name", "site"], accounts),
    ]
}

/// Puts what cannot be in order: nobody qualifies before being seen, no deal closes before it is opened.
///
/// Such records are in some exports, and are counted as they are written; but on an earlier day only half of them is known,
/// and no definition says which half.
pub fn straighten(sheets: &mut [Sheet]) {
    for row in &mut sheets[PEOPLE].rows {
        if !row[3].is_empty() && row[3] < row[2] {
            row[3] = row[2].clone();
        }
    }
    for row in &mut sheets[DEALS].rows {
        let opened = if row[3].len() == 10 { plain(&row[3]) } else { utc(&row[3]) };
        row[4] = iso(opened.unwrap().day).max(row[4].clone());
    }
}

/// What the sheets say by the end of a day: nothing after it happened, and records of later days are not there yet.
pub fn company(sheets: &[Sheet], as_of: i64) -> Company {
    let mut company = Company { stages: STAGES.len(), ..Company::default() };
    let moment = |cell: &str| {
        let read = if cell.len() == 10 { plain(cell) } else { utc(cell) };
        read.filter(|m| m.day <= as_of)
    };
    let there = |cell: &str| cell.is_empty() || moment(cell).is_some();
    for r in sheets[PEOPLE].records().filter(|r| there(&r["seen"])) {
        let about = || Subject::Person(r["person"].clone());
        let seen = moment(&r["seen"]);
        company.evidence.extend(seen.map(|m| (about(), 0, m.day)));
        company.evidence.extend(moment(&r["qualified"]).map(|m| (about(), 1, m.day)));
        company.people.push(Person {
            id: r["person"].clone(),
            email: r["mail"].clone(),
            account: r["firm"].clone(),
            created: seen,
            source: r["found by"].clone(),
            became: r["became"].clone(),
            deals: vec![r["led to"].clone()],
        });
    }
    for r in sheets[DEALS].records().filter(|r| there(&r["opened"])) {
        let closed = plain(&r["closed"]).map(|m| m.day).filter(|d| r["over"] == "1" && *d <= as_of);
        let won = closed.is_some() && r["won"] == "1";
        let deal = Deal {
            id: r["deal"].clone(),
            account: r["firm"].clone(),
            person: r["person"].clone(),
            created: moment(&r["opened"]),
            closed,
            won,
            lost: closed.is_some() && !won,
            derailed: closed.is_some() && ["No decision", "Derailed", "Dead deal"].contains(&r["why"].as_str()),
            amount: cents(&r["worth"]),
            source: r["found by"].clone(),
        };
        let about = || Subject::Deal(deal.id.clone());
        company.evidence.extend(deal.created.map(|m| (about(), 2, m.day)));
        company.evidence.extend(closed.filter(|_| won).map(|day| (about(), 3, day)));
        company.deals.push(deal);
    }
    company.roles = sheets[ROLES].records().map(|r| (r["deal"].clone(), r["person"].clone())).collect();
    let domain = |site: &str| site.trim_start_matches("https://www.").trim_end_matches('/').to_owned();
    company.domains = sheets[3].records().map(|r| (domain(&r["site"]), r["firm"].clone())).collect();
    company
}

/// How files are written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub delimiter: u8,
    pub crlf: bool,
    pub bom: bool,
    pub utf16: bool,
    /// Files per sheet.
    pub parts: usize,
}

pub const PLAIN: Style = Style { delimiter: b',', crlf: false, bom: false, utf16: false, parts: 1 };

/// Writes the contract and the files.
pub fn write(folder: &Path, sheets: &[Sheet], style: Style) {
    std::fs::write(folder.join("onefunnel.toml"), CONTRACT).unwrap();
    for sheet in sheets {
        let size = sheet.rows.len().div_ceil(style.parts).max(1);
        for (part, rows) in sheet.rows.chunks(size).enumerate() {
            let ends = if style.crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer =
                csv::WriterBuilder::new().delimiter(style.delimiter).terminator(ends).from_writer(Vec::new());
            writer.write_record(&sheet.header).unwrap();
            for row in rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let text = if style.bom { format!("\u{feff}{text}") } else { text };
            let bytes =
                if style.utf16 { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.into_bytes() };
            std::fs::write(folder.join(format!("{}{part}.csv", sheet.name)), bytes).unwrap();
        }
    }
}
