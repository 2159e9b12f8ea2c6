//! Flags of what lets people check numbers, and cron trust them.

use std::path::PathBuf;

use clap::Args;

use super::{InputArgs, OutputArgs, SliceArgs};
use crate::calendar::PeriodKind;

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The metric (see `onefunnel metrics`), or a figure of plan, horizon or survey, such as plan.gap; --list names all
    #[arg(value_name = "METRIC|FIGURE", required_unless_present = "list")]
    pub metric: Option<String>,
    #[command(flatten)]
    pub input: InputArgs,
    /// The period, as `scorecard` prints it: 2026-Q2, 2026-06, 2026, 2026-W05, FY2026-Q1, FY2026, or total for all days
    /// [default: the last whole one]
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,
    /// Length of a period, where --period does not say it [default: quarter]
    #[arg(long, value_enum, value_name = "KIND")]
    pub period_kind: Option<PeriodKind>,
    /// The segment, as machine formats print it, such as lead_source=Web or "lead_source=Web;region=EMEA" [default: all]
    #[arg(long, value_name = "SEGMENT")]
    pub segment: Option<String>,
    /// First day that counts [default: the first of the month in which the data begin]
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Last day that counts [default: as-of]
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// Only the rows for which this SQL condition is true, such as "region = 'EMEA' AND amount > 10000"
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
    /// Of a figure of which the report prints several: which one, such as lag=1,anchor=entry or stage_id=mql
    #[arg(long, value_name = "COLUMN=VALUE,…", value_delimiter = ',')]
    pub at: Vec<String>,
    #[command(flatten)]
    pub figure: FigureArgs,
    /// Name every metric and every figure that can be explained
    #[arg(long, conflicts_with_all = ["metric", "inputs", "rows", "redact"])]
    pub list: bool,
    /// Write every row of its tables to this CSV file, with file and line, what it gives, and why it counts or does not
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
    /// Hide names and addresses, and show a short hash in place of each id
    #[arg(long)]
    pub redact: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl ExplainArgs {
    /// What is asked for; empty with --list.
    pub fn wanted(&self) -> &str {
        self.metric.as_deref().unwrap_or_default().trim()
    }

    /// Which days and which part, as every report takes it.
    pub fn slice(&self, period: PeriodKind, by: Vec<String>) -> SliceArgs {
        let (from, to, condition) = (self.from.clone(), self.to.clone(), self.condition.clone());
        SliceArgs { period, from, to, by, condition }
    }
}

/// Flags of the report that a figure is of: they mean what they mean there.
#[derive(Debug, Clone, Args)]
pub struct FigureArgs {
    /// Of a figure of plan: what is to be won, and when [default: the contract's]
    #[arg(long, value_name = "METRIC=N@PERIOD")]
    pub target: Vec<String>,
    /// Of a figure of plan: so many new leads come, such as 120/month
    #[arg(long, value_name = "N/PERIOD")]
    pub leads: Option<String>,
    /// Of a figure of plan: the last day that is looked ahead to
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Of a figure of plan: figures to take in place of measured ones
    #[arg(long, value_name = "NAME=N,…")]
    pub assume: Option<String>,
    /// Of a figure of plan: when a lead comes too late
    #[arg(long, value_name = "SHARE")]
    pub quantile: Option<String>,
    /// Of a figure of plan: how many resamples the intervals are made of
    #[arg(long, value_name = "N")]
    pub samples: Option<String>,
    /// Of a figure of plan: where the random numbers begin
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
    /// Of a figure of survey: the CSV file of answers
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
}

/// `check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
