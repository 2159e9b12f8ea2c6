//! Why a figure is another one: the causes, in the order in which they are taken apart.
//!
//! In: nothing. Out: [`Cause`], its words, and which cause a column of a table speaks of.

use crate::evaluate::steps::SAME;

/// A cause, in the order in which A's values are replaced by B's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Cause {
    /// A record of A that B does not have.
    Deleted,
    /// A record of A that B has merged into another.
    Merged,
    /// A record of both that belongs to another process, or to other people.
    Link,
    /// A record that A does not have, dated after it was taken, or not at all.
    New,
    /// A record that A does not have, though it is dated before A was taken.
    Late,
    /// The day of something.
    Date,
    /// A stage or an outcome.
    Stage,
    /// An amount.
    Amount,
    /// An owner.
    Owner,
    /// Touches.
    Touches,
    /// Any other column.
    Segment,
    /// What is left.
    Other,
    /// The contract.
    Definition,
}

impl Cause {
    /// All, in order.
    pub const ALL: [Self; 13] = [
        Self::Deleted,
        Self::Merged,
        Self::Link,
        Self::New,
        Self::Late,
        Self::Date,
        Self::Stage,
        Self::Amount,
        Self::Owner,
        Self::Touches,
        Self::Segment,
        Self::Other,
        Self::Definition,
    ];

    /// How many of them are steps over the records of one contract: those before [`Cause::Other`].
    pub const STEPS: u8 = Self::Other as u8;

    /// Its step.
    pub fn step(self) -> u8 {
        self as u8
    }

    /// The cause of a step; `None` for [`SAME`].
    pub fn of(step: u8) -> Option<Self> {
        if step == SAME { None } else { Self::ALL.get(usize::from(step)).copied() }
    }

    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Merged => "merged",
            Self::Link => "link",
            Self::New => "new",
            Self::Late => "late",
            Self::Date => "date",
            Self::Stage => "stage",
            Self::Amount => "amount",
            Self::Owner => "owner",
            Self::Touches => "touches",
            Self::Segment => "segment",
            Self::Definition => "definition",
            Self::Other => "other",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Merged => "merged",
            Self::Link => "changed link",
            Self::New => "new records",
            Self::Late => "late records",
            Self::Date => "changed date",
            Self::Stage => "changed stage",
            Self::Amount => "changed amount",
            Self::Owner => "changed owner",
            Self::Touches => "changed touches",
            Self::Segment => "changed segment",
            Self::Definition => "changed definition",
            Self::Other => "other",
        }
    }
}

/// The columns that only a deal has.
const OF_DEALS: [&str; 11] = [
    "has_deal",
    "is_won",
    "is_lost",
    "is_derailed",
    "is_open",
    "outcome",
    "created_on",
    "closed_on",
    "deal_days",
    "amount",
    "deal_origin",
];

/// Whether a column of processes is of the deal alone.
pub fn is_of_deal(column: &str) -> bool {
    OF_DEALS.contains(&column)
}

/// The cause that a column speaks of where the record itself changed; `came_or_went` where one side has no value.
pub fn of_column(column: &str, came_or_went: bool) -> Cause {
    match column {
        "amount" | "heads" | "cost" => Cause::Amount,
        "owner" | "owner_id" => Cause::Owner,
        "link" | "people" => Cause::Link,
        "marketing_touches" | "sales_touches" | "first_marketing_on" | "last_marketing_on" | "first_sales_on"
        | "last_sales_on" => Cause::Touches,
        "has_deal" | "is_won" | "is_lost" | "is_derailed" | "is_open" | "outcome" | "entry_stage" | "stage"
        | "status" | "lifecycle_stage" | "lost_reason" | "probability" => Cause::Stage,
        "created_on" | "first_contact_on" | "date" | "at" | "on" => Cause::Date,
        "days_to_won" | "deal_days" => {
            if came_or_went {
                Cause::Stage
            } else {
                Cause::Date
            }
        }
        other if other.ends_with("_reached") || other.ends_with("_recorded") => Cause::Stage,
        other if other.ends_with("_on") => {
            if came_or_went {
                Cause::Stage
            } else {
                Cause::Date
            }
        }
        _ => Cause::Segment,
    }
}
