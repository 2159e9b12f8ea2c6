//! onefunnel: one set of numbers for marketing and sales, from the exports both already have.
//!
//! # The walk
//!
//! ```text
//! exports ─▶ ingest ─▶ tables ─▶ identity ─▶ journey ─▶ evaluate ─▶ report ─▶ output ─▶ bytes
//!            preset     typed     who is      one row     measures,   typed      one file
//!            by header  columns   the same    per buying  then        tables     per format
//!               ▲                 buyer       process     metrics
//!        presets/*.toml                           ▲
//!                                     contract (onefunnel.toml) + catalogue (metrics.toml)
//! ```
//!
//! Data walks through once, from left to right; each room uses only what stands to its left, plus the contract and the
//! catalogue, which are data. `facts` turns tables and processes into polars frames for `evaluate` and for the
//! conditions of a contract; `session` is the walk from a command line up to `journey`; `calendar` knows periods.
//!
//! # Glossary
//!
//! - **as-of**: the day up to which things count; nothing after it happened.
//! - **buying process**, **journey**: one row: a deal with the people whose first deal it is, or a person without one.
//! - **cohort**: the processes that began in one period. **basis**: whether a figure counts a cohort, or what happened
//!   in the period.
//! - **contract**: `onefunnel.toml`, what both teams agreed on; its hash is printed with every number.
//! - **evidence**: what shows that a stage was reached. **inferred**: dated by later evidence, because it was skipped.
//! - **mature**: a cohort observed for long enough that most of its wins have happened.
//! - **measure**: something counted or summed. **metric**: arithmetic on measures.
//! - **preset**: what is known about one kind of export. **source**: files of a contract.
//! - **segment**: a value to break figures down by. **set aside**: read, not used, and counted with its reason.
//! - **touch**: one contact of either team with a person. **origin**: the team a process came from.

pub mod calendar;
pub mod catalogue;
pub mod cli;
pub mod contract;
pub mod evaluate;
pub mod facts;
pub mod identity;
pub mod ingest;
pub mod issue;
pub mod journey;
pub mod output;
pub mod report;
pub mod session;
pub mod stats;
pub mod tables;
pub mod time;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};

use anyhow::Result;
use clap::Parser;

use cli::{Cli, Color, Command, Grain, OutputArgs};
use issue::{Issue, Issues};
use output::{Format, Style, Target};
use report::Report;

/// What the process has around it; `main` fills it once.
pub struct Env<'a> {
    /// The clock, read once.
    pub now: jiff::Timestamp,
    /// Data only.
    pub stdout: &'a mut dyn Write,
    /// Everything else.
    pub stderr: &'a mut dyn Write,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Its width.
    pub width: Option<usize>,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set.
    pub force_color: bool,
}

/// Runs one command line.
///
/// # Errors
/// [`Issues`] for what the user can mend, a clap error for a wrong command line, anything else when the work could not be
/// finished. [`exit_code`] turns each into its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, env: &mut Env<'_>) -> Result<()> {
    let cli = Cli::try_parse_from(arguments)?;
    match &cli.command {
        Command::Scorecard(args) => report(&args.output, env, |env| report::scorecard::build(args, env)),
        Command::Funnel(args) => report(&args.output, env, |env| report::funnel::build(args, env)),
        Command::Inspect(args) => {
            let mut complaints = Issues(Vec::new());
            report(&args.output, env, |env| {
                let (report, found) = report::inspect::build(args, env)?;
                complaints = found;
                Ok(report)
            })?;
            Ok(complaints.into_result()?)
        }
        Command::Quality(args) => report(&args.output, env, |env| report::quality::build(args, env)),
        Command::Metrics(args) => report(&args.output, env, |_| report::metrics::build(args)),
        Command::Presets(args) => report(&args.output, env, |_| report::presets::build(args)),
        Command::Init(args) => report::init::run(args, env),
        Command::Velocity(args) => report(&args.output, env, |env| report::velocity::build(args, env)),
        Command::Winrate(args) => report(&args.output, env, |env| report::winrate::build(args, env)),
        Command::Handoff(args) => report(&args.output, env, |env| report::handoff::build(args, env)),
        Command::Definition(args) => report(&args.output, env, |env| report::definition::build(args, env)),
        Command::Score(args) => report(&args.output, env, |env| report::score::build(args, env)),
        Command::Cohort(args) => report(&args.output, env, |env| report::cohort::build(args, env)),
        Command::Plan(args) => report(&args.output, env, |env| report::plan::build(args, env)),
        Command::Account(args) => {
            report(&args.output, env, |env| report::account::build(&args.input, &args.slice, &args.output, env))
        }
        Command::Attribution(args) => report(&args.output, env, |env| report::attribution::build(args, env)),
        Command::Report(args) => report(&args.output, env, |env| report::board::build(args, env)),
        Command::Sourced(args) => report(&args.output, env, |env| report::sourced::build(args, env)),
        Command::Journey(args) => report(&args.output, env, |env| match args.grain {
            Grain::Process => report::journey::build(args, env),
            Grain::Account => report::account::build(&args.input, &args.slice, &args.output, env),
        }),
    }
}

/// Makes a report and writes it: the output is checked before the work, and replaced as a whole after it.
fn report(args: &OutputArgs, env: &mut Env<'_>, build: impl FnOnce(&mut Env<'_>) -> Result<Report>) -> Result<()> {
    let format = output::choose(args.format, args.output.as_deref())?;
    let target = args.output.as_deref().map(Target::check).transpose()?;
    let report = build(env)?;
    let style =
        Style { width: env.width.unwrap_or(80).clamp(40, 200), color: color(args, env, format, target.is_some()) };
    match target {
        None => output::write(&report, format, &style, env.stdout)?,
        Some(target) => target.replace(|out| output::write(&report, format, &style, out))?,
    }
    if output::is_data_only(format) && !args.quiet && !report.inputs.is_empty() {
        // Nobody who reads the data can do without it, and nobody is listening if it cannot be said.
        let _ = writeln!(env.stderr, "{}", output::balance(&report.inputs));
    }
    Ok(())
}

fn color(args: &OutputArgs, env: &Env<'_>, format: Format, to_file: bool) -> bool {
    let wanted = match args.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !to_file && !env.no_color && (env.stdout_is_terminal || env.force_color),
    };
    wanted && format == Format::Table
}

/// Prints what went wrong and gives the exit code: 0 fine (a closed pipe too), 1 could not finish, 2 wrong flag or
/// contract, 3 data rejected.
pub fn exit_code(outcome: Result<()>, env: &mut Env<'_>) -> u8 {
    let Err(error) = outcome else { return 0 };
    let closed = |e: &std::io::Error| e.kind() == ErrorKind::BrokenPipe;
    if error.chain().any(|e| e.downcast_ref::<std::io::Error>().is_some_and(closed)) {
        return 0;
    }
    if let Some(wrong) = error.downcast_ref::<clap::Error>() {
        let text = wrong.render();
        let color = env.stdout_is_terminal && !env.no_color;
        let text = if color { text.ansi().to_string() } else { text.to_string() };
        let out: &mut dyn Write = if wrong.use_stderr() { env.stderr } else { env.stdout };
        let _ = out.write_all(text.as_bytes());
        return u8::try_from(wrong.exit_code()).unwrap_or(2);
    }
    let (text, code) = match (error.downcast_ref::<Issues>(), error.downcast_ref::<Issue>()) {
        (Some(issues), _) => (issues.to_string(), issues.code()),
        (None, Some(issue)) => (issue.to_string(), issue.fault.code()),
        (None, None) => (format!("error: {error:#}"), 1),
    };
    let _ = writeln!(env.stderr, "{text}");
    code
}
