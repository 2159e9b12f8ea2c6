//! Which canonical tables there are, and which columns they have.
//!
//! In: nothing. Out: [`Kind`] with its [`Field`]s and keys.

/// Which canonical table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Leads, contacts and prospects: one row per record of a person.
    People,
    /// Companies.
    Accounts,
    /// Opportunities or deals.
    Deals,
    /// One row per change of a person's status or a deal's stage.
    StageChanges,
    /// Calls, e-mails, meetings, forms, campaign responses: one row per event.
    Touches,
    /// Which person plays a part in which deal.
    Roles,
    /// Campaigns.
    Campaigns,
    /// Who works in the CRM.
    Users,
    /// What the ids of stages are called.
    Stages,
    /// The spend ledger.
    Spend,
    /// The headcount ledger.
    Headcount,
    /// The revenue ledger.
    Revenue,
}

/// What a column holds, and so how its cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// An identifier: interned, Salesforce 15-character ids made 18, null markers removed.
    Id,
    /// Several identifiers, separated by `;`.
    Ids,
    /// An identifier that is only compared with its like: kept as a fingerprint, as there are as many as rows.
    Key,
    /// Words: interned as they are, trimmed.
    Text,
    /// An e-mail address: lower-cased, interned.
    Email,
    /// A day or an instant.
    Time,
    /// An amount in minor units; its currency from the amount itself, a currency column, or the source.
    Money,
    /// A plain number.
    Number,
    /// Yes or no.
    Flag,
}

/// One column of a canonical table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// snake_case name, as contracts and presets write it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Type,
    /// One line for the documentation.
    pub about: &'static str,
}

const fn field(name: &'static str, kind: Type, about: &'static str) -> Field {
    Field { name, kind, about }
}

use Type::{Email, Flag, Id, Ids, Key, Money, Number, Text, Time};

const PEOPLE: &[Field] = &[
    field("person_id", Id, "the record's own id"),
    field("email", Email, "e-mail address, the link across systems"),
    field("master_id", Id, "the record this one was merged into"),
    field("merged_ids", Ids, "records merged into this one"),
    field("account_id", Id, "the company's id"),
    field("account_ids", Ids, "all companies' ids"),
    field("name", Text, "name of the person"),
    field("first_name", Text, "first name, where there is no name"),
    field("last_name", Text, "last name, where there is no name"),
    field("company", Text, "company name as written"),
    field("website", Text, "company web site or domain"),
    field("created_at", Time, "when the record was created"),
    field("converted_at", Time, "when the lead was converted"),
    field("is_converted", Flag, "whether the lead was converted"),
    field("converted_person_id", Id, "the contact a lead became"),
    field("converted_account_id", Id, "the account a lead became"),
    field("converted_deal_id", Id, "the opportunity a lead became"),
    field("deal_ids", Ids, "associated deals"),
    field("status", Text, "lead status now"),
    field("lifecycle_stage", Text, "lifecycle stage now"),
    field("mql_at", Time, "when the person became marketing qualified"),
    field("sql_at", Time, "when the person became sales qualified"),
    field("lead_source", Text, "where the person came from"),
    field("source_detail", Text, "the source, in more detail"),
    field("campaign", Text, "first campaign, by name"),
    field("campaign_id", Id, "first campaign, by id"),
    field("owner", Text, "owner's name"),
    field("owner_id", Id, "owner's id"),
    field("industry", Text, "industry"),
    field("country", Text, "country"),
    field("region", Text, "state or sales region"),
    field("title", Text, "job title"),
    field("score", Number, "lead score now"),
    field("employees", Number, "employees of the company"),
    field("rejected_reason", Text, "why the person was disqualified"),
    field("modified_at", Time, "when the record was last changed: the newer of two rows with one id is used"),
    field("is_deleted", Flag, "deleted in the source system"),
    field("kind", Text, "lead, contact or prospect"),
];

const ACCOUNTS: &[Field] = &[
    field("account_id", Id, "the record's own id"),
    field("master_id", Id, "the record this one was merged into"),
    field("name", Text, "company name"),
    field("website", Text, "web site or domain"),
    field("parent_id", Id, "parent company"),
    field("industry", Text, "industry"),
    field("country", Text, "country"),
    field("region", Text, "state or sales region"),
    field("employees", Number, "employees"),
    field("type", Text, "customer, prospect, partner"),
    field("owner_id", Id, "owner's id"),
    field("created_at", Time, "when the record was created"),
    field("modified_at", Time, "when the record was last changed"),
    field("is_deleted", Flag, "deleted in the source system"),
];

const DEALS: &[Field] = &[
    field("deal_id", Id, "the record's own id"),
    field("name", Text, "deal name"),
    field("account_id", Id, "the company's id"),
    field("account_ids", Ids, "all companies' ids"),
    field("account_name", Text, "the company by name, where there is no id"),
    field("person_id", Id, "the person it came from"),
    field("person_ids", Ids, "associated people"),
    field("person_name", Text, "the person by name, where there is no id"),
    field("merged_ids", Ids, "deals merged into this one"),
    field("created_at", Time, "when the deal was created"),
    field("closed_at", Time, "when it closed, or is expected to"),
    field("is_won", Flag, "won"),
    field("is_closed", Flag, "won or lost"),
    field("stage", Text, "stage now"),
    field("pipeline", Text, "pipeline"),
    field("amount", Money, "amount"),
    field("currency", Text, "ISO code of the amount"),
    field("probability", Number, "probability, in percent"),
    field("deal_type", Text, "new business, renewal, …"),
    field("lead_source", Text, "where the deal came from"),
    field("source_detail", Text, "the source, in more detail"),
    field("campaign", Text, "primary campaign, by name"),
    field("campaign_id", Id, "primary campaign, by id"),
    field("owner", Text, "owner's name"),
    field("owner_id", Id, "owner's id"),
    field("industry", Text, "industry"),
    field("country", Text, "country"),
    field("region", Text, "state or sales region"),
    field("product", Text, "product"),
    field("lost_reason", Text, "why it was lost"),
    field("modified_at", Time, "when the record was last changed: the newer of two rows with one id is used"),
    field("is_deleted", Flag, "deleted in the source system"),
];

const STAGE_CHANGES: &[Field] = &[
    field("person_id", Id, "whose status changed"),
    field("deal_id", Id, "which deal's stage changed"),
    field("at", Time, "when"),
    field("field", Text, "which field changed"),
    field("old", Text, "value before"),
    field("new", Text, "value after"),
    field("is_deleted", Flag, "deleted in the source system"),
];

const TOUCHES: &[Field] = &[
    field("touch_id", Key, "the record's own id"),
    field("person_id", Id, "who was touched"),
    field("email", Email, "who was touched, by e-mail"),
    field("person_id_2", Id, "who was touched, second column (contact of a campaign member)"),
    field("about_id", Id, "the deal, account or campaign it is about"),
    field("account_id", Id, "the company"),
    field("person_name", Text, "who was touched, by name, where there is no id"),
    field("account_name", Text, "the company by name, where there is no id"),
    field("deal_name", Text, "the deal it is about, by name, where there is no id"),
    field("at", Time, "when it happened"),
    field("fallback_at", Time, "when it was recorded, used where `at` is empty"),
    field("kind", Text, "call, email, meeting, form, webinar, campaign, …"),
    field("channel", Text, "paid search, organic, event, …"),
    field("team", Text, "marketing or sales, where the file says so"),
    field("campaign", Text, "campaign, by name"),
    field("campaign_id", Id, "campaign, by id"),
    field("owner_id", Id, "who did it"),
    field("subject", Text, "subject line or name"),
    field("status", Text, "open, completed, responded, …"),
    field("is_done", Flag, "it took place; a planned one is no touch"),
    field("is_deleted", Flag, "deleted in the source system"),
];

const ROLES: &[Field] = &[
    field("deal_id", Id, "the deal"),
    field("person_id", Id, "the person"),
    field("role", Text, "decision maker, user, …"),
    field("is_primary", Flag, "the primary one"),
    field("created_at", Time, "when the role was given"),
    field("is_deleted", Flag, "deleted in the source system"),
];

const CAMPAIGNS: &[Field] = &[
    field("campaign_id", Id, "the record's own id"),
    field("name", Text, "campaign name"),
    field("type", Text, "e-mail, webinar, trade show, …"),
    field("parent_id", Id, "parent campaign"),
    field("starts_at", Time, "first day"),
    field("ends_at", Time, "last day"),
    field("cost", Money, "actual cost"),
    field("currency", Text, "ISO code of the cost"),
    field("is_deleted", Flag, "deleted in the source system"),
];

const USERS: &[Field] = &[
    field("user_id", Id, "the record's own id"),
    field("name", Text, "name"),
    field("first_name", Text, "first name, where there is no name"),
    field("last_name", Text, "last name, where there is no name"),
    field("email", Email, "e-mail address"),
    field("department", Text, "department"),
    field("title", Text, "job title"),
    field("role", Text, "role"),
    field("region", Text, "sales region"),
    field("is_active", Flag, "still works here"),
];

const STAGES: &[Field] = &[
    field("stage_id", Id, "the stage's id, as deals and histories have it"),
    field("label", Text, "what it is called"),
    field("pipeline", Text, "pipeline"),
    field("is_won", Flag, "a deal in it is won"),
    field("is_closed", Flag, "a deal in it is won or lost"),
    field("is_deleted", Flag, "deleted in the source system"),
];

const SPEND: &[Field] = &[
    field(
        "spend_id",
        Key,
        "what tells the rows of one day of an ad export apart: a later export of the same day replaces it",
    ),
    field("date", Time, "day, or month as YYYY-MM, the money was spent"),
    field("team", Text, "marketing or sales"),
    field("category", Text, "people, programs, awareness, tools, …"),
    field("tag", Text, "sales-support, enablement, lead-management, crm-data or empty"),
    field("channel", Text, "channel"),
    field("vendor", Text, "paid to"),
    field("campaign", Text, "campaign, by name"),
    field("campaign_id", Id, "campaign, by id"),
    field("amount", Money, "amount"),
    field("currency", Text, "ISO code of the amount"),
];

const HEADCOUNT: &[Field] = &[
    field("date", Time, "day, or month as YYYY-MM, of the count"),
    field("team", Text, "marketing or sales"),
    field("role", Text, "account executive, SDR, …"),
    field("heads", Number, "full-time equivalents"),
];

const REVENUE: &[Field] = &[
    field("date", Time, "day, or month as YYYY-MM, of the revenue"),
    field("kind", Text, "new, expansion, renewal, …"),
    field("account_id", Id, "the company"),
    field("amount", Money, "amount"),
    field("currency", Text, "ISO code of the amount"),
];

impl Kind {
    /// Every table, in the order reports list them.
    pub const ALL: [Self; 12] = [
        Self::People,
        Self::Accounts,
        Self::Deals,
        Self::StageChanges,
        Self::Touches,
        Self::Roles,
        Self::Campaigns,
        Self::Users,
        Self::Stages,
        Self::Spend,
        Self::Headcount,
        Self::Revenue,
    ];

    /// The name in contracts, presets and reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Accounts => "accounts",
            Self::Deals => "deals",
            Self::StageChanges => "stage_changes",
            Self::Touches => "touches",
            Self::Roles => "roles",
            Self::Campaigns => "campaigns",
            Self::Users => "users",
            Self::Stages => "stages",
            Self::Spend => "spend",
            Self::Headcount => "headcount",
            Self::Revenue => "revenue",
        }
    }

    /// The table of that name.
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.id() == id)
    }

    /// The columns we know of; a contract may add columns of words to any table.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::People => PEOPLE,
            Self::Accounts => ACCOUNTS,
            Self::Deals => DEALS,
            Self::StageChanges => STAGE_CHANGES,
            Self::Touches => TOUCHES,
            Self::Roles => ROLES,
            Self::Campaigns => CAMPAIGNS,
            Self::Users => USERS,
            Self::Stages => STAGES,
            Self::Spend => SPEND,
            Self::Headcount => HEADCOUNT,
            Self::Revenue => REVENUE,
        }
    }

    /// The column of that name, if it is one of ours.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|f| f.name == name)
    }

    /// The columns that say when a row came into being, best first.
    pub fn dated_by(self) -> &'static [&'static str] {
        match self {
            Self::People | Self::Accounts | Self::Deals | Self::Roles => &["created_at"],
            Self::StageChanges => &["at"],
            Self::Touches => &["at", "fallback_at"],
            Self::Campaigns => &["starts_at"],
            Self::Spend | Self::Headcount | Self::Revenue => &["date"],
            Self::Users | Self::Stages => &[],
        }
    }

    /// The columns without which a row means nothing: a row that lacks all of one group's alternatives is set aside.
    pub fn keys(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::People => &[&["person_id", "email"]],
            Self::Accounts => &[&["account_id", "name"]],
            Self::Deals => &[&["deal_id"]],
            Self::StageChanges => &[&["person_id", "deal_id"], &["at"]],
            Self::Touches => &[&["at", "fallback_at"]],
            Self::Roles => &[&["deal_id"], &["person_id"]],
            Self::Campaigns => &[&["campaign_id"]],
            Self::Users => &[&["user_id"]],
            Self::Stages => &[&["stage_id"]],
            Self::Spend => &[&["date"], &["amount"]],
            Self::Headcount => &[&["date"], &["team"], &["heads"]],
            Self::Revenue => &[&["date"], &["amount"]],
        }
    }
}
