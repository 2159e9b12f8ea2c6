//! Flags of what lets people check numbers, and cron trust them.

use std::path::PathBuf;

use clap::Args;

use super::{InputArgs, OutputArgs, SliceArgs};
use crate::calendar::PeriodKind;

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The metric, by its id (see `onefunnel metrics`)
    #[arg(value_name = "METRIC")]
    pub metric: String,
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
    /// Which days and which part, as every report takes it.
    pub fn slice(&self, period: PeriodKind, by: Vec<String>) -> SliceArgs {
        let (from, to, condition) = (self.from.clone(), self.to.clone(), self.condition.clone());
        SliceArgs { period, from, to, by, condition }
    }
}

/// `check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
