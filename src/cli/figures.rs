//! Flags of the reports that count and measure.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{InputArgs, OutputArgs, SliceArgs};
use crate::calendar::PeriodKind;

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
    /// Show published figures, and those of the contract's [[benchmark]], beside one's own: no targets, each with its warning
    #[arg(long)]
    pub benchmarks: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `survey`
#[derive(Debug, Args)]
pub struct SurveyArgs {
    /// A CSV file of answers: team,topic,answer, or team and one column per topic (respondent and date may be there too)
    #[arg(value_name = "ANSWERS", required_unless_present = "questionnaire")]
    pub answers: Option<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    /// Print the questions and scales, to hand out; as csv, a file to fill in
    #[arg(long, conflicts_with_all = ["answers", "inputs", "from", "to", "condition", "benchmarks"])]
    pub questionnaire: bool,
    /// First day of what is measured [default: the twelve whole months up to as-of, or up to the youngest mature ones]
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Last day of what is measured
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// Measure only the buying processes for which this SQL condition is true, such as "region = 'EMEA'"
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
    /// Show what other companies have answered, each with its warning
    #[arg(long)]
    pub benchmarks: bool,
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

/// `horizon`
#[derive(Debug, Args)]
pub struct HorizonArgs {
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

/// `report`
#[derive(Debug, Args)]
pub struct BoardArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// A section of what the teams believe, from this CSV file of answers, as `survey` prints it
    #[arg(long, value_name = "ANSWERS")]
    pub survey: Option<PathBuf>,
    /// A section that shows published figures beside one's own: no targets, each with its warning
    #[arg(long)]
    pub benchmarks: bool,
    #[command(flatten)]
    pub output: OutputArgs,
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

/// `compare`
#[derive(Debug, Args)]
#[command(mut_arg("period", |period| period.default_value("month")))]
#[command(mut_arg("from", |from| from.help("First day that counts [default: the first that both know]")))]
#[command(mut_arg("to", |to| to.help("Last day that counts [default: the end of the last whole period that both know]")))]
#[command(mut_arg("inputs", |inputs| inputs.help("With two days: what to read [default: ./onefunnel.toml]")))]
#[command(mut_arg("contract", |file| file.help("The contract for both [default: each its own; one without takes the other's]")))]
pub struct CompareArgs {
    /// The earlier exports (a folder, a contract or a file), or a day such as 2026-03-31
    #[arg(value_name = "A")]
    pub a: String,
    /// The later ones, or a later day
    #[arg(value_name = "B")]
    pub b: String,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// Only this metric, or several: a,b
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub metric: Vec<String>,
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

/// `plan`
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// What is to be won by when, such as won_revenue=2000000@2026-Q4 or deals_won=40@2026-11 [default: the contract's]
    #[arg(long, value_name = "METRIC=N@PERIOD")]
    pub target: Vec<String>,
    /// So many new leads come, such as 120/month: what they will bring, period by period [default: as many as of late]
    #[arg(long, value_name = "N/PERIOD")]
    pub leads: Option<String>,
    /// The last day that is looked ahead to, with --leads or without a target [default: the end of the fourth period]
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// How many leads sales can work, such as 120/month [default: the most it has touched in time in a month]
    #[arg(long, value_name = "N/PERIOD")]
    pub capacity: Option<String>,
    /// Figures to take in place of measured ones: average_deal=75000,opportunity_to_won=0.2,cost_per_lead=150
    #[arg(long, value_name = "NAME=N,…", value_delimiter = ',')]
    pub assume: Vec<String>,
    /// A lead comes too late when less than this share of the wins still falls into the period
    #[arg(long, value_name = "SHARE", default_value = "0.1")]
    pub quantile: String,
    /// How many resamples the intervals are made of
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u64).range(50..=100_000))]
    pub samples: u64,
    /// Where the random numbers begin: the same seed gives the same intervals
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,
    /// What would have been forecast at the end of each past period, and what came
    #[arg(long, conflicts_with_all = ["target", "leads", "until", "capacity", "assume", "by"])]
    pub backtest: bool,
    /// Length of a period that is looked ahead to
    #[arg(long, value_enum, default_value = "quarter", env = "ONEFUNNEL_PERIOD")]
    pub period: PeriodKind,
    /// Measure only on buying processes that began on this day or later [default: on all]
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Break the leads that are needed down by this column, or several: a,b
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub by: Vec<String>,
    /// Only the buying processes for which this SQL condition is true, such as "region = 'EMEA'"
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}
