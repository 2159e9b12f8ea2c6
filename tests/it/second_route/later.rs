//! What happens after as-of shows in no report.
//!
//! The example is written a second time with everything that is dated after a day changed: who, what, how much, and how it
//! ended. Up to that day nothing else is known, so every report of that day must be the same, byte for byte.

use std::collections::BTreeSet;
use std::path::Path;

use crate::common::{command, root};

const AS_OF: &str = "2025-06-30";

/// A day that is after as-of in any zone, and so are those after it.
const LATER: &str = "2025-07-01";

/// Whether a day, a moment or a month is after as-of.
fn after_as_of(cell: &str) -> bool {
    let day = &cell[..cell.len().min(LATER.len())];
    *day > LATER[..day.len()]
}

/// Rows of a file that are later by all of `dated`: the values of `changed` go to the next such row.
struct Rule {
    file: &'static str,
    dated: &'static [&'static str],
    changed: &'static [&'static str],
}

const RULES: [Rule; 13] = [
    Rule { file: "salesforce/LeadHistory.csv", dated: &["CreatedDate"], changed: &["NewValue"] },
    Rule {
        file: "salesforce/OpportunityHistory.csv",
        dated: &["CreatedDate"],
        changed: &["StageName", "Amount", "CloseDate", "Probability"],
    },
    Rule {
        file: "salesforce/Opportunity.csv",
        dated: &["CreatedDate", "CloseDate"],
        changed: &["StageName", "Amount", "CloseDate", "LeadSource", "IsClosed", "IsWon", "OwnerId", "ContactId"],
    },
    Rule {
        file: "salesforce/Lead.csv",
        dated: &["CreatedDate"],
        changed: &["Status", "LeadSource", "Country", "Email", "Industry", "NumberOfEmployees", "OwnerId"],
    },
    Rule {
        file: "salesforce/Task.csv",
        dated: &["CreatedDate", "ActivityDate", "CompletedDateTime"],
        changed: &["WhoId", "WhatId", "OwnerId", "TaskSubtype"],
    },
    Rule { file: "salesforce/Event.csv", dated: &["ActivityDateTime"], changed: &["WhoId", "WhatId", "OwnerId"] },
    Rule {
        file: "salesforce/CampaignMember.csv",
        dated: &["CreatedDate", "FirstRespondedDate"],
        changed: &["CampaignId", "LeadId", "ContactId"],
    },
    Rule {
        file: "hubspot/hubspot-crm-exports-all-contacts-2026-07-01.csv",
        dated: &["Create Date"],
        changed: &[
            "Email",
            "HubSpot Score",
            "Industry",
            "Lifecycle Stage",
            "Original Traffic Source",
            "Country/Region",
        ],
    },
    Rule { file: "salesforce/Contact.csv", dated: &["CreatedDate"], changed: &["Title", "AccountId", "Email"] },
    Rule {
        file: "salesforce/OpportunityContactRole.csv",
        dated: &["CreatedDate"],
        changed: &["Role", "ContactId", "OpportunityId"],
    },
    Rule { file: "finance/spend.csv", dated: &["date"], changed: &["amount", "team"] },
    Rule { file: "finance/headcount.csv", dated: &["month"], changed: &["heads", "team"] },
    Rule { file: "finance/revenue.csv", dated: &["month"], changed: &["amount", "kind"] },
];

type Rows = Vec<Vec<String>>;

struct Sheet {
    header: Vec<String>,
    rows: Rows,
}

impl Sheet {
    fn read(path: &Path) -> Self {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).unwrap();
        let mut rows: Rows =
            reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
        let header = rows.remove(0);
        Self { header, rows }
    }

    fn write(&self, path: &Path) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_path(path).unwrap();
        writer.write_record(&self.header).unwrap();
        self.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
    }

    fn column(&self, name: &str) -> usize {
        self.header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// Rows whose every date is after as-of.
    fn later(&self, dated: &[&str]) -> Vec<usize> {
        let dated: Vec<usize> = dated.iter().map(|name| self.column(name)).collect();
        let is_later = |row: &Vec<String>| {
            let mut days = dated.iter().filter_map(|at| row.get(*at)).filter(|cell| !cell.is_empty()).peekable();
            days.peek().is_some() && days.all(|cell| after_as_of(cell))
        };
        (0..self.rows.len()).filter(|row| is_later(&self.rows[*row])).collect()
    }

    /// Gives the values of some columns of these rows to the next of them.
    fn pass_on(&mut self, rows: &[usize], columns: &[&str]) {
        for at in columns.iter().map(|name| self.column(name)).collect::<Vec<_>>() {
            let values: Vec<String> = rows.iter().map(|row| self.rows[*row][at].clone()).collect();
            for (row, value) in rows.iter().zip(values.into_iter().cycle().skip(rows.len() / 2 + 1)) {
                self.rows[*row][at] = value;
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Deals that were open on the day end otherwise, and statuses that changed later are others now.
fn other_ends(exports: &Path) -> usize {
    let history = Sheet::read(&exports.join("salesforce/LeadHistory.csv"));
    let (lead, field) = (history.column("LeadId"), history.column("Field"));
    let changed: BTreeSet<&str> = history
        .later(&["CreatedDate"])
        .into_iter()
        .filter(|row| history.rows[*row][field] == "Status")
        .map(|row| history.rows[row][lead].as_str())
        .collect();
    let path = exports.join("salesforce/Lead.csv");
    let mut leads = Sheet::read(&path);
    let (id, status) = (leads.column("Id"), leads.column("Status"));
    for row in leads.rows.iter_mut().filter(|row| changed.contains(row[id].as_str())) {
        row[status] = if row[status] == "MQL" { "Unqualified" } else { "MQL" }.into();
    }
    leads.write(&path);

    let path = exports.join("salesforce/Opportunity.csv");
    let mut deals = Sheet::read(&path);
    let later = deals.later(&["CloseDate"]);
    let [is_closed, is_won, stage, close] =
        ["IsClosed", "IsWon", "StageName", "CloseDate"].map(|name| deals.column(name));
    let mut count = 0;
    for at in later {
        let row = &mut deals.rows[at];
        if row[is_closed] != "1" {
            continue;
        }
        let won = row[is_won] != "1";
        row[is_won] = u8::from(won).to_string();
        row[stage] = if won { "Closed Won" } else { "Closed Lost" }.into();
        row[close] = "2026-06-29 00:00:00".into();
        count += 1;
    }
    deals.write(&path);

    let path = exports.join("hubspot/hubspot-crm-exports-all-contacts-2026-07-01.csv");
    let mut contacts = Sheet::read(&path);
    let entered: Vec<usize> =
        (0..contacts.header.len()).filter(|at| contacts.header[*at].starts_with("Date entered")).collect();
    for row in &mut contacts.rows {
        for at in &entered {
            if !row[*at].is_empty() && after_as_of(&row[*at]) {
                row[*at] = "2026-06-29 10:00".into();
            }
        }
    }
    contacts.write(&path);
    count
}

#[test]
fn what_happens_after_as_of_shows_in_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before/acme"), folder.path().join("after/acme"));
    for to in [&before, &after] {
        copy(&root().join("examples/acme"), to);
    }
    let exports = after.join("exports");
    for rule in RULES {
        let path = exports.join(rule.file);
        let mut sheet = Sheet::read(&path);
        let later = sheet.later(rule.dated);
        assert!(later.len() > 20, "{}: {} rows are later", rule.file, later.len());
        sheet.pass_on(&later, rule.changed);
        sheet.write(&path);
        // The same writer for both, so that nothing else differs.
        Sheet::read(&before.join("exports").join(rule.file)).write(&before.join("exports").join(rule.file));
    }
    assert!(other_ends(&exports) > 20);

    let reports: [&[&str]; 32] = [
        &["scorecard", "--by", "lead_source"],
        &["funnel", "--by", "country"],
        &["funnel", "--basis", "period", "--entry", "each"],
        &["funnel", "--basis", "horizon", "--horizon", "60d", "--skips", "strict"],
        &["funnel", "--compare", "cohort,period"],
        &["cohort", "--period", "month"],
        &["cohort", "--start", "opportunity", "--by", "lead_source"],
        &["velocity", "--by", "industry"],
        &["winrate", "--by", "lead_source"],
        &["winrate", "--by", "stage"],
        &["winrate", "--by", "status"],
        &["funnel", "--by", "stage"],
        &["velocity", "--by", "lifecycle_stage"],
        &["horizon"],
        &["horizon", "--period", "month", "--by", "lead_source"],
        &["horizon", "--period", "year", "--where", "origin = 'marketing'"],
        &["handoff"],
        &["handoff", "--by", "country", "--period", "month"],
        &["definition"],
        &["definition", "--period", "month"],
        &["score"],
        &["score", "--bands", "0,20,40,60,80"],
        &["score", "--capacity", "20/month"],
        &["account"],
        &["account", "--by", "industry", "--period", "month"],
        &["funnel", "--by", "persona"],
        &["attribution"],
        &["attribution", "--by", "campaign", "--order", "2"],
        &["sourced"],
        &["journey", "--by", "lead_source"],
        &["journey", "--variants"],
        &["journey", "--buyer", "00QHs000000001HMAQ"],
    ];
    let mut differ = Vec::new();
    for report in reports {
        let on = |as_of: &str| {
            [&before, &after].map(|company| {
                let args = [report, &["onefunnel.toml", "--as-of", as_of, "-f", "csv"]].concat();
                let output = command(&args).current_dir(company).output().unwrap();
                let stderr = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{args:?}: {stderr}");
                String::from_utf8(output.stdout).unwrap()
            })
        };
        let texts = on(AS_OF);
        if let Some((a, b)) = texts[0].lines().zip(texts[1].lines()).find(|(a, b)| a != b) {
            differ.push(format!("{report:?}:\n  {a}\n  {b}"));
        } else if texts[0] != texts[1] {
            differ.push(format!("{report:?}: {} and {} bytes", texts[0].len(), texts[1].len()));
        }
        let [before, after] = on("2026-06-30");
        assert_ne!(before, after, "{report:?} would not show a difference");
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
