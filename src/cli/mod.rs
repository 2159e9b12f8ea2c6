//! Every command and flag, and nothing else.

mod asked;
mod buyers;
mod checks;
mod figures;
mod tools;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::calendar::PeriodKind;
use crate::ingest::OnBadRow;
use crate::output::Format;

pub use asked::parse;
pub use buyers::{
    AccountArgs, AttributionArgs, DealArgs, Dimension, Grain, JourneyArgs, Model, Sort, SourcedArgs, Steps, TeamArg,
};
pub use checks::{CheckArgs, ExplainArgs};
pub use figures::{
    Age, Basis, BoardArgs, CohortArgs, CompareArgs, DefinitionArgs, Entry, FunnelArgs, HandoffArgs, HorizonArgs,
    PlanArgs, ScoreArgs, ScorecardArgs, Skips, SurveyArgs, VelocityArgs, WindowArgs, WinrateArgs,
};
pub use tools::{CompletionsArgs, ManArgs, RunArgs, SchemaArgs};

/// One set of numbers for marketing and sales, from the exports both already have.
#[derive(Debug, Parser)]
#[command(
    name = "onefunnel",
    version,
    about,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 fine, 1 could not finish, 2 wrong flag or contract, 3 data rejected,\n\
        4 a check of the contract failed.\n\
        Nothing leaves this machine: onefunnel contains no network client."
)]
pub struct Cli {
    /// What to print.
    #[command(subcommand)]
    pub command: Command,

    /// How to run.
    #[command(flatten)]
    pub run: RunArgs,
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
    /// One number taken apart: its definition, its formula with the numbers put in, and the file and line of every record
    Explain(ExplainArgs),
    /// The contract's gates ([[check]]): figures against limits, targets and earlier periods; exit code 4 when one fails
    Check(CheckArgs),
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
    /// How many leads are needed, by when: for a target, from what is in hand and how long things take; or what leads will bring
    Plan(PlanArgs),
    /// Why a number is another one than it was: two exports or two days, and the difference by cause, with the records
    Compare(CompareArgs),
    /// One row per company: buying group, engaged people, qualified and target accounts; and who matched no account
    Account(AccountArgs),
    /// Who gets credit for deals, revenue and pipeline, under ten models side by side, and what it cost
    Attribution(AttributionArgs),
    /// What marketing brought in, by three rules side by side, and the deals on which they differ
    Sourced(SourcedArgs),
    /// What both teams did along the way: touches by stage, hand-offs, the most common paths, or one buyer's whole story
    Journey(JourneyArgs),
    /// What both teams believe, from a CSV of answers, how far they are apart, and what is measured beside it
    Survey(SurveyArgs),
    /// How long from spend to pipeline to revenue, what share pays within the period, and MQL volume against yield
    Horizon(HorizonArgs),
    /// The board pack: all of this in one document, each part with what it says in one sentence (-o pack.html, .xlsx, .md)
    Report(BoardArgs),
    /// Print what a shell needs to complete commands and flags
    Completions(CompletionsArgs),
    /// Print the manual page, or that of a command
    Man(ManArgs),
    /// Print the JSON Schema of what a report writes as JSON
    Schema(SchemaArgs),
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

    /// Write to this file, or, ending in a slash, into this folder one file per table (csv, tsv, json, jsonl, parquet);
    /// replaced as a whole when the report is complete
    #[arg(short, long, value_name = "FILE|FOLDER/")]
    pub output: Option<PathBuf>,

    /// Make csv and tsv open right in Excel: byte order mark, CRLF, and ' before what it would take for a formula
    #[arg(long)]
    pub excel: bool,

    /// Colour in tables
    #[arg(long, value_enum, default_value = "auto", env = "ONEFUNNEL_COLOR")]
    pub color: Color,

    /// Bars and sparklines below tables
    #[arg(long, value_enum, default_value = "auto", env = "ONEFUNNEL_CHARTS")]
    pub charts: Charts,

    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,

    /// Say more on stderr: -v what was read, -vv how long each step took
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to draw bars and sparklines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Charts {
    /// On a terminal: blocks where it has UTF-8, else plain characters
    Auto,
    /// Always
    Always,
    /// Never
    Never,
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
