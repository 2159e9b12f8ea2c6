//! What all parts share: the generator, the calendar, the open files, the staff, the counters and the truth.

use std::path::Path;

use anyhow::Result;

use crate::calendar::{Calendar, DAY, MONTHS};
use crate::csvout::{Cell, Csv, Form, Id};
use crate::rng::Rng;
use crate::truth::Truth;
use crate::{headers, names};

/// Marketing channels: also campaign types and, for inbound people, lead sources.
pub const CHANNELS: [&str; 7] =
    ["Organic Search", "Paid Search", "Content", "Trade Show", "Paid Social", "Webinar", "Email"];
/// Places in [`CHANNELS`].
pub const PAID_SEARCH: usize = 1;
/// Places in [`CHANNELS`].
pub const WEBINAR: usize = 5;

/// Industries; the first one is the slow segment.
pub const INDUSTRIES: [&str; 6] =
    ["Public Sector", "Manufacturing", "Financial Services", "Healthcare", "Retail", "Technology"];
/// State, country and how many in a hundred; the first place is the one whose leads wait in a queue.
pub const REGIONS: [(&str, &str, u64); 4] =
    [("CA", "USA", 30), ("IL", "USA", 26), ("NY", "USA", 30), ("ON", "Canada", 14)];
/// The queue of the first region.
pub const QUEUE: &str = "West Inbound Queue";

/// Every export file.
pub struct Files {
    pub lead: Csv,
    pub contact: Csv,
    pub account: Csv,
    pub deal: Csv,
    pub deal_history: Csv,
    pub role: Csv,
    pub lead_history: Csv,
    pub campaign: Csv,
    pub member: Csv,
    pub task: Csv,
    pub event: Csv,
    pub user: Csv,
    pub hubspot: Csv,
    pub spend: Csv,
    pub ad_spend: Csv,
    pub headcount: Csv,
    pub revenue: Csv,
}

impl Files {
    fn create(dir: &Path) -> Result<Self> {
        let plain = |name: &str, header| Csv::create(dir, name, Form::Plain, header);
        let quoted = |name: &str, header| Csv::create(dir, name, Form::Quoted, header);
        Ok(Self {
            lead: plain(
                "exports/salesforce/Lead.csv",
                "Id|IsDeleted|MasterRecordId|FirstName|LastName|Company|State|Country|Email|LeadSource|Status|\
                 Industry|NumberOfEmployees|OwnerId|IsConverted|ConvertedDate|ConvertedAccountId|ConvertedContactId|\
                 ConvertedOpportunityId|CreatedDate",
            )?,
            contact: plain(
                "exports/salesforce/Contact.csv",
                "Id|IsDeleted|AccountId|FirstName|LastName|MailingState|MailingCountry|Email|Title|LeadSource|OwnerId|\
                 CreatedDate",
            )?,
            account: Csv::create(dir, "exports/salesforce/Account.csv", Form::QuotedLatin1, headers::ACCOUNT)?,
            deal: quoted("exports/salesforce/Opportunity.csv", headers::OPPORTUNITY)?,
            deal_history: plain(
                "exports/salesforce/OpportunityHistory.csv",
                "Id|OpportunityId|CreatedDate|StageName|Amount|CloseDate|Probability|PrevAmount|\
                 PrevCloseDate",
            )?,
            role: plain(
                "exports/salesforce/OpportunityContactRole.csv",
                "Id|OpportunityId|ContactId|Role|IsPrimary|CreatedDate|IsDeleted",
            )?,
            lead_history: plain("exports/salesforce/LeadHistory.csv", "Id|LeadId|CreatedDate|Field|OldValue|NewValue")?,
            campaign: plain(
                "exports/salesforce/Campaign.csv",
                "Id|IsDeleted|Name|Type|Status|StartDate|EndDate|IsActive|OwnerId|CreatedDate",
            )?,
            member: plain(
                "exports/salesforce/CampaignMember.csv",
                "CampaignId|LeadId|ContactId|HasResponded|CreatedDate|FirstRespondedDate",
            )?,
            task: plain(
                "exports/salesforce/Task.csv",
                "Id|WhoId|WhatId|Subject|ActivityDate|OwnerId|TaskSubtype|IsDeleted|IsClosed|CreatedDate|\
                 CompletedDateTime",
            )?,
            event: plain(
                "exports/salesforce/Event.csv",
                "Id|WhoId|WhatId|Subject|ActivityDateTime|ActivityDate|DurationInMinutes|OwnerId|EventSubtype|\
                 IsDeleted|CreatedDate",
            )?,
            user: quoted("exports/salesforce/User.csv", headers::USER)?,
            hubspot: quoted("exports/hubspot/hubspot-crm-exports-all-contacts-2026-07-01.csv", headers::HUBSPOT)?,
            spend: plain("exports/finance/spend.csv", "date|team|category|tag|vendor|amount|currency")?,
            ad_spend: plain(
                "exports/finance/ad_spend.csv",
                "date|team|category|channel|campaign|vendor|amount|currency",
            )?,
            headcount: plain("exports/finance/headcount.csv", "month|team|role|heads")?,
            revenue: plain("exports/finance/revenue.csv", "month|kind|amount")?,
        })
    }

    /// All of them, in the order of the truth's list.
    pub fn all(&mut self) -> [&mut Csv; 17] {
        [
            &mut self.lead,
            &mut self.contact,
            &mut self.account,
            &mut self.deal,
            &mut self.deal_history,
            &mut self.role,
            &mut self.lead_history,
            &mut self.campaign,
            &mut self.member,
            &mut self.task,
            &mut self.event,
            &mut self.user,
            &mut self.hubspot,
            &mut self.spend,
            &mut self.ad_spend,
            &mut self.headcount,
            &mut self.revenue,
        ]
    }
}

/// A sales representative.
pub struct Rep {
    pub id: Id,
    pub name: String,
}

/// How many records of each kind there are so far.
#[derive(Default)]
pub struct Counters {
    pub companies: u64,
    pub public: u64,
    pub leads: u64,
    pub contacts: u64,
    pub accounts: u64,
    pub deals: u64,
    pub hubspot_deals: u64,
    pub hubspot: u64,
}

/// Everything that is needed to write another company.
pub struct World {
    pub rng: Rng,
    pub calendar: Calendar,
    /// Touches, in thousandths of the usual number (five a person).
    pub touch_scale: i64,
    pub files: Files,
    pub truth: Truth,
    pub count: Counters,
    pub reps: Vec<Rep>,
    /// The integration's own user: what HubSpot writes into Salesforce.
    pub robot: Id,
    pub queue: Id,
    campaigns: Vec<Id>,
}

impl World {
    /// Opens the files and writes users and campaigns.
    pub fn create(dir: &Path, seed: u64, people: u64, touch_scale: i64) -> Result<Self> {
        let mut world = Self {
            rng: Rng::new(seed),
            calendar: Calendar::new()?,
            touch_scale,
            files: Files::create(dir)?,
            truth: Truth::default(),
            count: Counters::default(),
            reps: Vec::new(),
            robot: Id::new("005", 1),
            queue: Id::new("00G", 1),
            campaigns: Vec::new(),
        };
        world.users(8 + people / 3000)?;
        world.campaigns()?;
        Ok(world)
    }

    fn users(&mut self, reps: u64) -> Result<()> {
        self.user(self.robot, "HubSpot", "Integration", "Operations", "Integration user", true)?;
        for n in 0..reps {
            let (mut first, mut last, _) = names::person(&mut self.rng);
            if n == 1 {
                (first, last) = ("Dana", "Whitfield"); // the rep who calls late
            }
            let id = Id::new("005", 100 + n);
            let title = if n % 2 == 0 { "Account Executive" } else { "Sales Development Representative" };
            self.user(id, first, last, "Sales", title, true)?;
            self.reps.push(Rep { id, name: format!("{first} {last}") });
        }
        for n in 0..3 {
            let (first, last, _) = names::person(&mut self.rng);
            self.user(Id::new("005", 50 + n), first, last, "Marketing", "Marketing Manager", n < 2)?;
        }
        Ok(())
    }

    fn user(&mut self, id: Id, first: &str, last: &str, department: &str, title: &str, active: bool) -> Result<()> {
        let email = names::email(first, last, 0, "acme.example");
        self.files.user.record(
            &self.calendar,
            &[
                ("Id", Cell::Id(Some(id))),
                ("Username", Cell::Text(&email)),
                ("FirstName", Cell::Text(first)),
                ("LastName", Cell::Text(last)),
                ("CompanyName", Cell::Text("Acme")),
                ("Department", Cell::Text(department)),
                ("Title", Cell::Text(title)),
                ("Country", Cell::Text("USA")),
                ("Email", Cell::Text(&email)),
                ("IsActive", Cell::Flag(active)),
                ("TimeZoneSidKey", Cell::Text("America/New_York")),
                ("LocaleSidKey", Cell::Text("en_US")),
                ("CurrencyIsoCode", Cell::Text("USD")),
                ("UserType", Cell::Text("Standard")),
                ("CreatedDate", Cell::Moment(-200 * DAY + 50_000)),
                ("CreatedById", Cell::Id(Some(self.robot))),
            ],
        )
    }

    /// One campaign per channel and month.
    fn campaigns(&mut self) -> Result<()> {
        let mut first_day = 0;
        for month in 0..MONTHS {
            let mut next = first_day + 28;
            while self.calendar.month(next) == self.calendar.month(first_day) {
                next += 1;
            }
            for (channel, title) in CHANNELS.iter().enumerate() {
                let id = Id::new("701", self.campaigns.len() as u64 + 1);
                self.campaigns.push(id);
                let over = month + 1 < MONTHS;
                let file = &mut self.files.campaign;
                file.id(Some(id)).flag(false).text(&campaign_name(month, channel)).text(title);
                file.text(if over { "Completed" } else { "In Progress" });
                file.day(&self.calendar, Some(first_day)).day(&self.calendar, Some(next - 1)).flag(!over);
                file.id(Some(Id::new("005", 50)));
                file.moment(&self.calendar, Some((first_day - 20) * DAY + 40_000), Calendar::iso).end()?;
            }
            first_day = next;
        }
        Ok(())
    }

    /// The campaign that a response belongs to.
    pub fn campaign(&self, day: i64, channel: usize) -> Id {
        let month = usize::try_from(self.calendar.month(day)).unwrap_or(0);
        self.campaigns[month.min(MONTHS - 1) * CHANNELS.len() + channel]
    }
}

/// What a campaign is called in the CRM and in the ledger of advertising.
pub fn campaign_name(month: usize, channel: usize) -> String {
    format!("{} {}", Calendar::month_name(month), CHANNELS[channel])
}
