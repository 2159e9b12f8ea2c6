//! Flags of the reports about the way of buyers and companies.

use clap::{Args, ValueEnum};

use super::{InputArgs, OutputArgs, SliceArgs};
use crate::calendar::PeriodKind;

/// `account`
#[derive(Debug, Args)]
#[command(
    mut_arg("by", |by| by.help("Break down by this column of accounts, or several: a,b")),
    mut_arg("condition", |condition| condition.help("Only the accounts for which this SQL condition is true, such as \"industry = 'Retail' AND employees > 500\"")),
    mut_arg("period", |period| period.help("Length of a period in which people were created"))
)]
pub struct AccountArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which days and which deals, where a report is of all of them together.
#[derive(Debug, Clone, Args)]
pub struct DealArgs {
    /// First day that counts: of a close for won deals and revenue, of a creation for opportunities and pipeline
    /// [default: the first of the month in which the data begin]
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,

    /// Last day that counts [default: as-of]
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,

    /// Only the buying processes for which this SQL condition is true, such as "region = 'EMEA'"
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
}

impl DealArgs {
    /// The same, as every report takes it.
    pub fn slice(&self) -> SliceArgs {
        let Self { from, to, condition } = self.clone();
        SliceArgs { period: PeriodKind::Quarter, from, to, by: Vec::new(), condition }
    }
}

/// `attribution`
#[derive(Debug, Args)]
pub struct AttributionArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub deals: DealArgs,
    /// Whom credit goes to
    #[arg(long, value_enum, default_value = "channel")]
    pub by: Dimension,
    /// How it is shared out; several: a,b [default: all]
    #[arg(long, value_enum, value_name = "MODEL", value_delimiter = ',')]
    pub model: Vec<Model>,
    /// Only touches of this team [default: both, and touches of no team]
    #[arg(long, value_enum)]
    pub team: Option<TeamArg>,
    /// Only touches of the last days before the close, or the creation, such as 90d [default: all]
    #[arg(long, value_name = "DAYS")]
    pub look_back: Option<String>,
    /// With time_decay: the days after which a touch is worth half
    #[arg(long, value_name = "DAYS", default_value = "7d")]
    pub half_life: String,
    /// With markov: how many of the last channels make a state
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=3))]
    pub order: u32,
    /// With shapley, beyond 15 channels: how many orders are drawn
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub samples: u32,
    /// With shapley, beyond 15 channels: what the drawing begins with
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What a touch is told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dimension {
    /// The touch's channel, else its campaign's type, else its kind
    Channel,
    /// The campaign's name
    Campaign,
    /// Marketing or sales
    Team,
    /// Call, e-mail, meeting, campaign, …
    Kind,
    /// Whom it reached, by the contract's [[persona]]
    Persona,
}

impl Dimension {
    /// For machines and titles.
    pub fn id(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Campaign => "campaign",
            Self::Team => "team",
            Self::Kind => "kind",
            Self::Persona => "persona",
        }
    }
}

/// How credit is shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Model {
    /// All to the first touch
    First,
    /// All to the last
    Last,
    /// The same to each
    Linear,
    /// First touch 50, lead creation 50
    UFirstLead,
    /// First touch 40, last touch 40, the others 20
    UFirstLast,
    /// First touch, lead creation and opportunity creation 30 each, the others 10
    W,
    /// First touch, lead creation, opportunity creation and close 22.5 each, the others 10
    FullPath,
    /// Half as much for every half-life before the last touch
    TimeDecay,
    /// By what would be lost without the channel, in a Markov chain
    Markov,
    /// By what the channel adds to every combination of others
    Shapley,
}

impl Model {
    /// For machines and notes.
    pub fn id(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::Linear => "linear",
            Self::UFirstLead => "u_first_lead",
            Self::UFirstLast => "u_first_last",
            Self::W => "w",
            Self::FullPath => "full_path",
            Self::TimeDecay => "time_decay",
            Self::Markov => "markov",
            Self::Shapley => "shapley",
        }
    }
}

/// One of the two teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TeamArg {
    /// Marketing
    Marketing,
    /// Sales
    Sales,
}

/// `sourced`
#[derive(Debug, Args)]
pub struct SourcedArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub deals: DealArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `journey`
#[derive(Debug, Args)]
pub struct JourneyArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    /// The most common paths instead: this many of them [default: 10]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "10",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub variants: Option<u32>,
    /// What a step of a path is: a stage or a touch by team and kind, by team alone, or only a stage
    #[arg(long, value_enum, default_value = "kinds", requires = "variants")]
    pub steps: Steps,
    /// Compare only the first steps of paths, this many
    #[arg(long, value_name = "N", requires = "variants", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub depth: Option<u32>,
    /// Which paths come first: those of most buyers, of most won deals, or of the highest won amount
    #[arg(long, value_enum, default_value = "count", requires = "variants")]
    pub sort: Sort,
    /// What a row is: a buying process, or a company with its buying group
    #[arg(long, value_enum, default_value = "process", conflicts_with_all = ["variants", "steps", "depth", "sort", "buyer"])]
    pub grain: Grain,
    /// One buyer's whole story instead: the id of a person or a deal, or an e-mail address
    #[arg(long, value_name = "ID", conflicts_with_all = ["variants", "from", "to", "by", "condition"])]
    pub buyer: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What a row of `journey` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Grain {
    /// A buying process
    Process,
    /// A company: what `account` prints
    Account,
}

/// What a step of a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Steps {
    /// Stages, and touches by team and kind
    Kinds,
    /// Stages, and touches by team
    Teams,
    /// Stages alone
    Stages,
}

/// Which paths come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Most buyers
    Count,
    /// Most won deals
    Won,
    /// Highest won amount
    Value,
}

impl Steps {
    /// For machines and notes.
    pub fn id(self) -> &'static str {
        match self {
            Self::Kinds => "kinds",
            Self::Teams => "teams",
            Self::Stages => "stages",
        }
    }
}
