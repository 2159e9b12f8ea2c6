//! Flags that every command has, and the tools around the reports.

use std::path::PathBuf;

use clap::Args;

use crate::log::LogFormat;

/// What every command has.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Hold this file as a lock until the end; where another run holds it, stop at once with exit code 1
    #[arg(long, global = true, value_name = "FILE")]
    pub lock: Option<PathBuf>,

    /// How errors and the summary are written to stderr
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        env = "ONEFUNNEL_LOG_FORMAT"
    )]
    pub log_format: LogFormat,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// A command, for its own page
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub command: Option<String>,

    /// Write the pages of all commands into this folder, which is made if it is not there
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// `schema`
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// A report, for the schema of its own columns
    #[arg(value_name = "REPORT")]
    pub report: Option<String>,

    /// The schema of one line of `-f jsonl` instead
    #[arg(long)]
    pub lines: bool,
}
