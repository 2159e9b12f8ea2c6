//! Every command and flag, and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::calendar::PeriodKind;
use crate::ingest::OnBadRow;
use crate::output::Format;

/// One set of numbers for marketing and sales, from the exports both already have.
#[derive(Debug, Parser)]
#[command(
    name = "onefunnel",
    version,
    about,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 fine, 1 could not finish, 2 wrong flag or contract, 3 data rejected.\n\
        Nothing leaves this machine: onefunnel contains no network client."
)]
pub struct Cli {
    /// What to print.
    #[command(subcommand)]
    pub command: Command,
}

/// The reports and tools.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The customer-creation scorecard: every metric per period, and what is missing for the rest
    Scorecard(ScorecardArgs),
    /// Volume, conversion, velocity and value per stage
    Funnel(FunnelArgs),
    /// What each file is, how it was read, and where every row went
    Inspect(InspectArgs),
    /// What is missing, double, impossible or stale in the exports, where, and what it does to the metrics
    Quality(QualityArgs),
    /// The catalogue of metrics, or one of them in full
    Metrics(MetricsArgs),
    /// The kinds of export that are recognised, or one of them in full
    Presets(PresetsArgs),
    /// Look at exports and write a commented contract that runs
    Init(InitArgs),
    /// How long things take: time in stage, sales cycle, and pipeline velocity with its four factors
    Velocity(VelocityArgs),
    /// Four win rates side by side, because they differ and people quote the flattering one
    Winrate(WinrateArgs),
    /// How sales follows up on qualified leads: speed, dispositions, leaks; and whether as many came as were agreed
    Handoff(HandoffArgs),
    /// Who calls whom a qualified lead: marketing, sales and the contract's definition, and what became of each
    Definition(DefinitionArgs),
    /// What the lead score is worth: conversion and revenue by band, AUC, and the threshold
    Score(ScoreArgs),
    /// Conversion by cohort and age, and eventual conversion while some are lost and others still open
    Cohort(CohortArgs),
    /// One row per company: buying group, engaged people, qualified and target accounts; and who matched no account
    Account(AccountArgs),
    /// Who gets credit for deals, revenue and pipeline, under ten models side by side, and what it cost
    Attribution(AttributionArgs),
    /// What marketing brought in, by three rules side by side, and the deals on which they differ
    Sourced(SourcedArgs),
    /// What both teams did along the way: touches by stage, hand-offs, the most common paths, or one buyer's whole story
    Journey(JourneyArgs),
}

/// What every report reads.
#[derive(Debug, Clone, Args)]
pub struct InputArgs {
    /// A folder with a contract (onefunnel.toml), a contract file, or export files or folders [default: ./onefunnel.toml]
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// The contract to use with the inputs
    #[arg(long, value_name = "FILE", env = "ONEFUNNEL_CONTRACT")]
    pub contract: Option<PathBuf>,

    /// Count nothing after this day [default: the contract's as_of, else today in its time zone]
    #[arg(long, value_name = "DATE", env = "ONEFUNNEL_AS_OF")]
    pub as_of: Option<String>,

    /// Read the files named here with this preset, whatever their headers say (see `onefunnel presets`)
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,

    /// A row with a cell that cannot be read: set it aside up to --max-bad-rows, stop, or take the cell as missing
    #[arg(long, value_enum, value_name = "WHAT", default_value = "set-aside", env = "ONEFUNNEL_ON_BAD_ROW")]
    pub on_bad_row: OnBadRow,

    /// Bad rows tolerated in one file: a number, or a percentage of its rows [default: 0.1%]
    #[arg(long, value_name = "N|P%", env = "ONEFUNNEL_MAX_BAD_ROWS")]
    pub max_bad_rows: Option<String>,

    /// List every row that is set aside while reading, and why, in this CSV file
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

/// Which days and which part.
#[derive(Debug, Clone, Args)]
pub struct SliceArgs {
    /// Length of a period
    #[arg(long, value_enum, default_value = "quarter", env = "ONEFUNNEL_PERIOD")]
    pub period: PeriodKind,

    /// First day that counts [default: the first of the month in which the data begin]
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,

    /// Last day that counts [default: as-of]
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,

    /// Break down by this column, or several: a,b
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub by: Vec<String>,

    /// Only the rows for which this SQL condition is true, such as "region = 'EMEA' AND amount > 10000"
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
}

impl SliceArgs {
    /// The columns to break down by, each once.
    pub fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for name in &self.by {
            let name = name.trim();
            if !columns.iter().any(|c| c == name) {
                columns.push(name.to_string());
            }
        }
        columns
    }
}

/// Where the report goes, and how it looks.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Output format [default: by the ending of --output, else table]
    #[arg(short, long, value_enum, env = "ONEFUNNEL_FORMAT")]
    pub format: Option<Format>,

    /// Write to this file, replaced as a whole when the report is complete
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Colour in tables
    #[arg(long, value_enum, default_value = "auto", env = "ONEFUNNEL_COLOR")]
    pub color: Color,

    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,

    /// Say more on stderr: -v what was read, -vv how long each step took
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `scorecard`
#[derive(Debug, Args)]
pub struct ScorecardArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Only this metric, or several: a,b
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub metric: Vec<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `funnel`
#[derive(Debug, Args)]
pub struct FunnelArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Whom a row counts: those who began in the period (cohort), those who reached the stage in it (period), or how many
    /// went on within --horizon of those who reached it in the period (horizon) [default: cohort]
    #[arg(long, value_enum)]
    pub basis: Option<Basis>,
    /// With --basis horizon: the days within which the next stage counts, such as 90d; who was observed for less is left out
    #[arg(long, value_name = "DAYS")]
    pub horizon: Option<String>,
    /// Of several entries of a stage: count the first, the last, or each as a row of its own
    #[arg(long, value_enum, default_value = "first")]
    pub entry: Entry,
    /// A skipped stage: reached, as a later one was (inferred), or not without a record of its own (strict)
    #[arg(long, value_enum, default_value = "inferred")]
    pub skips: Skips,
    /// Show beside it what another contract or another basis makes of the same exports, and the records that differ
    #[arg(long, value_name = "FILE|BASIS,BASIS")]
    pub compare: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Whom a row of the funnel counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Basis {
    /// Those who began in the period, whatever became of them by as-of
    Cohort,
    /// Those who reached each stage in the period: different people in every row
    Period,
    /// Those who reached each stage in the period and were observed for --horizon: how many went on within it
    Horizon,
}

impl Basis {
    /// For machines and titles.
    pub fn id(self) -> &'static str {
        match self {
            Self::Cohort => "cohort",
            Self::Period => "period",
            Self::Horizon => "horizon",
        }
    }
}

/// Which of several entries of a stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Entry {
    /// The first one, whatever followed later
    First,
    /// The last one
    Last,
    /// Every one, with what followed before the next
    Each,
}

impl Entry {
    /// For machines and notes.
    pub fn id(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::Each => "each",
        }
    }
}

/// Whether a skipped stage was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Skips {
    /// Yes, by the day of the earliest later evidence
    Inferred,
    /// No: only what is recorded counts
    Strict,
}

impl Skips {
    /// For machines and notes.
    pub fn id(self) -> &'static str {
        match self {
            Self::Inferred => "inferred",
            Self::Strict => "strict",
        }
    }
}

/// `inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// Exit with 3 when anything was set aside or left out for a reason that the contract's `allowed_reasons` do not name
    #[arg(long)]
    pub strict: bool,
    /// One row per reason for which anything was set aside or left unlinked, instead of one per file (csv, tsv, json, jsonl)
    #[arg(long)]
    pub reasons: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `quality`
#[derive(Debug, Args)]
pub struct QualityArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// Length of a period
    #[arg(long, value_enum, default_value = "month", env = "ONEFUNNEL_PERIOD")]
    pub period: PeriodKind,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `metrics`
#[derive(Debug, Args)]
pub struct MetricsArgs {
    /// A metric, to print in full
    #[arg(value_name = "METRIC")]
    pub metric: Option<String>,
    /// A contract, or a folder with one, whose metrics are added [default: ./onefunnel.toml if it is there]
    #[arg(long, value_name = "FILE", env = "ONEFUNNEL_CONTRACT")]
    pub contract: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `presets`
#[derive(Debug, Args)]
pub struct PresetsArgs {
    /// A preset, to print in full
    #[arg(value_name = "PRESET")]
    pub preset: Option<String>,
    /// A contract, or a folder with one, whose presets are added [default: ./onefunnel.toml if it is there]
    #[arg(long, value_name = "FILE", env = "ONEFUNNEL_CONTRACT")]
    pub contract: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Exports, or folders with exports
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Where to write the contract; `-` prints it
    #[arg(short, long, value_name = "FILE", default_value = "onefunnel.toml")]
    pub output: PathBuf,
    /// Replace the contract that is there
    #[arg(long)]
    pub force: bool,
    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// `velocity`
#[derive(Debug, Args)]
pub struct VelocityArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `winrate`
#[derive(Debug, Args)]
pub struct WinrateArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `handoff`
#[derive(Debug, Args)]
pub struct HandoffArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which days and which processes, without a breakdown.
#[derive(Debug, Clone, Args)]
pub struct WindowArgs {
    /// Length of a period
    #[arg(long, value_enum, default_value = "quarter", env = "ONEFUNNEL_PERIOD")]
    pub period: PeriodKind,

    /// First day that counts [default: the first of the month in which the data begin]
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,

    /// Last day that counts [default: as-of]
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,

    /// Only the buying processes for which this SQL condition is true, such as "region = 'EMEA'"
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
}

impl WindowArgs {
    /// The same, as every report takes it.
    pub fn slice(&self) -> SliceArgs {
        let Self { period, from, to, condition } = self.clone();
        SliceArgs { period, from, to, by: Vec::new(), condition }
    }
}

/// `definition`
#[derive(Debug, Args)]
pub struct DefinitionArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// Another contract: what its [qualified] (and its stages, where it has any) would have made of the same exports
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `score`
#[derive(Debug, Args)]
pub struct ScoreArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// The column of numbers that is the score
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    pub column: String,
    /// Where bands begin, such as 0,20,40,60,80 [default: ten bands of about as many processes each]
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', allow_hyphen_values = true)]
    pub bands: Vec<String>,
    /// The threshold in force [default: that of a rule such as score >= 65 in [qualified]]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub threshold: Option<String>,
    /// How many leads sales can work, such as 120/month: which threshold would have matched it
    #[arg(long, value_name = "N/PERIOD")]
    pub capacity: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `cohort`
#[derive(Debug, Args)]
#[command(mut_arg("period", |period| period.default_value("month").help("Length of a cohort")))]
pub struct CohortArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub slice: SliceArgs,
    /// The stage that begins a cohort and everybody's days, by its id [default: the first]
    #[arg(long, value_name = "STAGE")]
    pub start: Option<String>,
    /// The stage that is converting [default: the last]
    #[arg(long, value_name = "STAGE")]
    pub end: Option<String>,
    /// Length of an age
    #[arg(long, value_enum, default_value = "month")]
    pub age: Age,
    /// The last age shown [default: the longest that anybody was followed]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_age: Option<u32>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Length of an age: the same number of days for everybody, which calendar months are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Age {
    /// 30 days
    Month,
    /// 7 days
    Week,
    /// 90 days
    Quarter,
}

impl Age {
    /// For machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::Quarter => "quarter",
        }
    }

    /// How many days.
    pub fn days(self) -> i32 {
        match self {
            Self::Month => 30,
            Self::Week => 7,
            Self::Quarter => 90,
        }
    }
}

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
