//! The canonical tables: what every export is turned into, whatever system wrote it.
//!
//! In: typed columns from `ingest`. Out: one [`Table`] per [`Kind`], in plain vectors with one value per row, and the
//! dictionary ([`Names`]) that turns interned ids and words back into text. `formula` and `evaluate` see the same
//! columns as a polars data frame through [`Table::frame`].
//!
//! Missing values are in the vectors themselves: [`NONE`] for ids and words, [`Stamp::NONE`] for times, [`NO_MONEY`]
//! for money, NaN for numbers, [`NO_FLAG`] for flags.

use indexmap::IndexMap;

use crate::time::Stamp;

/// A missing id or word.
pub const NONE: u32 = u32::MAX;
/// A missing amount.
pub const NO_MONEY: i64 = i64::MIN;
/// A missing yes or no.
pub const NO_FLAG: i8 = -1;

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

use Type::{Email, Flag, Id, Ids, Money, Number, Text, Time};

const PEOPLE: &[Field] = &[
    field("person_id", Id, "the record's own id"),
    field("email", Email, "e-mail address, the link across systems"),
    field("master_id", Id, "the record this one was merged into"),
    field("merged_ids", Ids, "records merged into this one"),
    field("account_id", Id, "the company's id"),
    field("account_ids", Ids, "all companies' ids"),
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
    field("touch_id", Id, "the record's own id"),
    field("person_id", Id, "who was touched"),
    field("email", Email, "who was touched, by e-mail"),
    field("person_id_2", Id, "who was touched, second column (contact of a campaign member)"),
    field("about_id", Id, "the deal, account or campaign it is about"),
    field("account_id", Id, "the company"),
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

const SPEND: &[Field] = &[
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
    pub const ALL: [Self; 11] = [
        Self::People,
        Self::Accounts,
        Self::Deals,
        Self::StageChanges,
        Self::Touches,
        Self::Roles,
        Self::Campaigns,
        Self::Users,
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
            Self::Spend => SPEND,
            Self::Headcount => HEADCOUNT,
            Self::Revenue => REVENUE,
        }
    }

    /// The column of that name, if it is one of ours.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|f| f.name == name)
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
            Self::Spend => &[&["date"], &["amount"]],
            Self::Headcount => &[&["date"], &["team"], &["heads"]],
            Self::Revenue => &[&["date"], &["amount"]],
        }
    }
}

/// The values of one column; see the module's note for how each says *missing*.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// [`Type::Id`] and [`Type::Email`]: codes in [`Names`].
    Id(Vec<u32>),
    /// [`Type::Ids`].
    Ids(Vec<Vec<u32>>),
    /// [`Type::Text`]: codes in [`Names`].
    Text(Vec<u32>),
    /// [`Type::Time`].
    Time(Vec<Stamp>),
    /// [`Type::Money`]: minor units of the reporting currency.
    Money(Vec<i64>),
    /// [`Type::Number`].
    Number(Vec<f64>),
    /// [`Type::Flag`]: 1, 0 or [`NO_FLAG`].
    Flag(Vec<i8>),
}

impl Values {
    /// An all-missing column.
    pub fn missing(kind: Type, len: usize) -> Self {
        match kind {
            Type::Id | Type::Email => Self::Id(vec![NONE; len]),
            Type::Ids => Self::Ids(vec![Vec::new(); len]),
            Type::Text => Self::Text(vec![NONE; len]),
            Type::Time => Self::Time(vec![Stamp::NONE; len]),
            Type::Money => Self::Money(vec![NO_MONEY; len]),
            Type::Number => Self::Number(vec![f64::NAN; len]),
            Type::Flag => Self::Flag(vec![NO_FLAG; len]),
        }
    }

    /// Adds missing values up to `len` rows.
    pub fn pad(&mut self, len: usize) {
        match self {
            Self::Id(v) | Self::Text(v) => v.resize(len, NONE),
            Self::Ids(v) => v.resize(len, Vec::new()),
            Self::Time(v) => v.resize(len, Stamp::NONE),
            Self::Money(v) => v.resize(len, NO_MONEY),
            Self::Number(v) => v.resize(len, f64::NAN),
            Self::Flag(v) => v.resize(len, NO_FLAG),
        }
    }

    /// Adds the rows of another column of the same type; `false` when the types differ.
    pub fn append(&mut self, other: Self) -> bool {
        match (self, other) {
            (Self::Id(a), Self::Id(mut b)) | (Self::Text(a), Self::Text(mut b)) => a.append(&mut b),
            (Self::Ids(a), Self::Ids(mut b)) => a.append(&mut b),
            (Self::Time(a), Self::Time(mut b)) => a.append(&mut b),
            (Self::Money(a), Self::Money(mut b)) => a.append(&mut b),
            (Self::Number(a), Self::Number(mut b)) => a.append(&mut b),
            (Self::Flag(a), Self::Flag(mut b)) => a.append(&mut b),
            _ => return false,
        }
        true
    }

    /// Keeps the rows marked `true`.
    pub fn keep(&mut self, keep: &[bool]) {
        fn kept<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut row = 0;
            values.retain(|_| {
                row += 1;
                keep[row - 1]
            });
        }
        match self {
            Self::Id(v) | Self::Text(v) => kept(v, keep),
            Self::Ids(v) => kept(v, keep),
            Self::Time(v) => kept(v, keep),
            Self::Money(v) => kept(v, keep),
            Self::Number(v) => kept(v, keep),
            Self::Flag(v) => kept(v, keep),
        }
    }

    /// Whether any row has a value.
    pub fn any(&self) -> bool {
        match self {
            Self::Id(v) | Self::Text(v) => v.iter().any(|x| *x != NONE),
            Self::Ids(v) => v.iter().any(|x| !x.is_empty()),
            Self::Time(v) => v.iter().any(|x| !x.is_none()),
            Self::Money(v) => v.iter().any(|x| *x != NO_MONEY),
            Self::Number(v) => v.iter().any(|x| !x.is_nan()),
            Self::Flag(v) => v.iter().any(|x| *x != NO_FLAG),
        }
    }
}

/// Where one row came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Index of the file in the list of inputs.
    pub file: u32,
    /// Byte offset of the record in the file's decoded text; a line number is counted from it when one is wanted.
    pub offset: u64,
}

/// One canonical table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Which one.
    pub kind: Kind,
    /// Columns by name, each with one value per row.
    pub columns: IndexMap<String, Values>,
    /// Where each row came from.
    pub origin: Vec<Origin>,
    /// Some times were written as months, so that nothing finer than a month can be told.
    pub monthly: bool,
}

impl Table {
    /// A table without rows.
    pub fn empty(kind: Kind) -> Self {
        Self { kind, columns: IndexMap::new(), origin: Vec::new(), monthly: false }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.origin.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.origin.is_empty()
    }

    /// Codes of an id, e-mail or word column; all missing when no file had it.
    pub fn codes(&self, name: &str) -> std::borrow::Cow<'_, [u32]> {
        match self.columns.get(name) {
            Some(Values::Id(v) | Values::Text(v)) => v.into(),
            _ => vec![NONE; self.len()].into(),
        }
    }

    /// Times; all missing when no file had the column.
    pub fn times(&self, name: &str) -> std::borrow::Cow<'_, [Stamp]> {
        match self.columns.get(name) {
            Some(Values::Time(v)) => v.into(),
            _ => vec![Stamp::NONE; self.len()].into(),
        }
    }

    /// Amounts; all missing when no file had the column.
    pub fn money(&self, name: &str) -> std::borrow::Cow<'_, [i64]> {
        match self.columns.get(name) {
            Some(Values::Money(v)) => v.into(),
            _ => vec![NO_MONEY; self.len()].into(),
        }
    }

    /// Flags; all missing when no file had the column.
    pub fn flags(&self, name: &str) -> std::borrow::Cow<'_, [i8]> {
        match self.columns.get(name) {
            Some(Values::Flag(v)) => v.into(),
            _ => vec![NO_FLAG; self.len()].into(),
        }
    }

    /// Id lists; all empty when no file had the column.
    pub fn lists(&self, name: &str) -> std::borrow::Cow<'_, [Vec<u32>]> {
        match self.columns.get(name) {
            Some(Values::Ids(v)) => v.into(),
            _ => vec![Vec::new(); self.len()].into(),
        }
    }

    /// Whether any file gave this column a value.
    pub fn has(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(Values::any)
    }

    /// Keeps the rows marked `true`.
    pub fn keep(&mut self, keep: &[bool]) {
        if keep.iter().all(|k| *k) {
            return;
        }
        for values in self.columns.values_mut() {
            values.keep(keep);
        }
        let mut row = 0;
        self.origin.retain(|_| {
            row += 1;
            keep[row - 1]
        });
    }

    /// The column's type: ours by name, otherwise by what it holds.
    pub fn kind_of(&self, name: &str) -> Option<Type> {
        self.columns.get(name).map(|values| {
            self.kind.field(name).map_or_else(
                || match values {
                    Values::Id(_) => Type::Id,
                    Values::Ids(_) => Type::Ids,
                    Values::Text(_) => Type::Text,
                    Values::Time(_) => Type::Time,
                    Values::Money(_) => Type::Money,
                    Values::Number(_) => Type::Number,
                    Values::Flag(_) => Type::Flag,
                },
                |field| field.kind,
            )
        })
    }
}

/// The dictionary of all ids and words: a code per distinct text. Codes depend on the order of reading, so nothing
/// that is printed may be sorted by them.
#[derive(Debug, Clone, Default)]
pub struct Names(indexmap::IndexSet<Box<str>, foldhash::fast::FixedState>);

impl Names {
    /// The code of a text, new or known.
    #[allow(clippy::cast_possible_truncation)] // 4 billion distinct texts do not fit in memory
    pub fn code(&mut self, text: &str) -> u32 {
        match self.0.get_index_of(text) {
            Some(at) => at as u32,
            None => self.0.insert_full(text.into()).0 as u32,
        }
    }

    /// The code of a text, if it is known.
    #[allow(clippy::cast_possible_truncation)]
    pub fn known(&self, text: &str) -> Option<u32> {
        self.0.get_index_of(text).map(|at| at as u32)
    }

    /// The text of a code; `None` for [`NONE`].
    pub fn text(&self, code: u32) -> Option<&str> {
        self.0.get_index(code as usize).map(AsRef::as_ref)
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The codes that another dictionary's codes become here.
    pub fn take_in(&mut self, other: &Self) -> Vec<u32> {
        other.0.iter().map(|text| self.code(text)).collect()
    }
}

/// All canonical tables and their dictionary.
#[derive(Debug, Clone)]
pub struct Tables {
    tables: Vec<Table>,
    /// The dictionary of every code in them.
    pub names: Names,
}

impl Default for Tables {
    fn default() -> Self {
        Self { tables: Kind::ALL.into_iter().map(Table::empty).collect(), names: Names::default() }
    }
}

impl Tables {
    /// One table.
    pub fn get(&self, kind: Kind) -> &Table {
        &self.tables[kind as usize]
    }

    /// One table, to change it.
    pub fn get_mut(&mut self, kind: Kind) -> &mut Table {
        &mut self.tables[kind as usize]
    }
}
