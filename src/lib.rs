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
//! conditions of a contract; `session` is the walk from a command line up to `journey`; `calendar` knows periods; `lock`,
//! `log` and `progress` are about the run itself.
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
pub mod lock;
pub mod log;
pub mod output;
pub mod progress;
pub mod report;
pub mod session;
pub mod stats;
pub mod tables;
pub mod time;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use cli::{Charts, CheckArgs, Color, Command, Grain, OutputArgs};
use issue::{Issue, Issues, Place};
use lock::Lock;
use log::{LogFormat, Summary};
use output::{Folder, Format, Glyphs, Style, Target};
use progress::{Progress, Shown};
use report::Report;
use report::asked::Asked;

/// What the process has around it; `main` fills it once.
#[allow(clippy::struct_excessive_bools)] // each is a fact about another stream or variable
pub struct Env<'a> {
    /// The clock, read once.
    pub now: jiff::Timestamp,
    /// When the run began, for the log.
    pub began: Instant,
    /// Data only.
    pub stdout: &'a mut dyn Write,
    /// Everything else.
    pub stderr: &'a mut dyn Write,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal on which a line can be drawn again.
    pub stderr_is_terminal: bool,
    /// Its width.
    pub width: Option<usize>,
    /// Whether the terminal has UTF-8, by its locale.
    pub utf8: bool,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set.
    pub force_color: bool,
    /// How stderr is written.
    pub log: LogFormat,
    /// The part, the days and the breakdown that the command line asks for.
    pub asked: Asked,
    /// The file that is held as a lock.
    pub lock: Option<PathBuf>,
    /// How far the run is.
    pub progress: Progress,
    /// The line that says so, while there is one.
    pub shown: Option<Shown>,
}

/// Runs one command line.
///
/// # Errors
/// [`Issues`] for what the user can mend, a clap error for a wrong command line, anything else when the work could not be
/// finished. [`exit_code`] turns each into its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, env: &mut Env<'_>) -> Result<()> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    env.log = log::wanted(&arguments).unwrap_or(env.log);
    let (cli, given) = cli::parse(arguments)?;
    env.asked = Asked::of(|flag| given.values(flag));
    env.log = cli.run.log_format;
    env.lock.clone_from(&cli.run.lock);
    let _held = cli.run.lock.as_deref().map(Lock::take).transpose()?;
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
        Command::Explain(args) => report(&args.output, env, |env| report::explain::build(args, env)),
        Command::Check(args) => checked(args, env),
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
        Command::Compare(args) => report(&args.output, env, |env| report::compare::build(args, env)),
        Command::Account(args) => {
            report(&args.output, env, |env| report::account::build(&args.input, &args.slice, &args.output, env))
        }
        Command::Attribution(args) => report(&args.output, env, |env| report::attribution::build(args, env)),
        Command::Horizon(args) => report(&args.output, env, |env| report::horizon::build(args, env)),
        Command::Report(args) => report(&args.output, env, |env| report::board::build(args, env)),
        Command::Survey(args) => report(&args.output, env, |env| report::survey::build(args, env)),
        Command::Sourced(args) => report(&args.output, env, |env| report::sourced::build(args, env)),
        Command::Journey(args) => report(&args.output, env, |env| match args.grain {
            Grain::Process => report::journey::build(args, env),
            Grain::Account => report::account::build(&args.input, &args.slice, &args.output, env),
        }),
        Command::Completions(args) => report::manual::completions(args, env),
        Command::Man(args) => report::manual::man(args, env),
        Command::Schema(args) => report::manual::schema(args, env),
    }
}

/// Writes the verdicts in full, and only then fails.
fn checked(args: &CheckArgs, env: &mut Env<'_>) -> Result<()> {
    let mut failed = None;
    let written = made(&args.output, true, env, |env| {
        let (report, found) = report::check::build(args, env)?;
        failed = found;
        Ok(report)
    });
    match (failed, written) {
        // Who closes the pipe does not pass a gate.
        (Some(failed), Err(error)) if is_closed(&error) => Err(failed.into()),
        (Some(failed), Ok(())) => Err(failed.into()),
        (_, written) => written,
    }
}

/// Makes a report and writes it. Only `check` can be written for schedulers.
fn report(args: &OutputArgs, env: &mut Env<'_>, build: impl FnOnce(&mut Env<'_>) -> Result<Report>) -> Result<()> {
    made(args, false, env, build)
}

/// Makes a report and writes it: the output is checked before the work, and replaced as a whole after it.
fn made(
    args: &OutputArgs,
    verdicts: bool,
    env: &mut Env<'_>,
    build: impl FnOnce(&mut Env<'_>) -> Result<Report>,
) -> Result<()> {
    let format = output::choose(args.format, args.output.as_deref())?;
    if format == Format::Junit && !verdicts {
        let issue = Issue::usage(Place::default(), "JUnit XML is for verdicts, and this report has none");
        return Err(issue.hint("use it with `onefunnel check`; the other formats are for every report").into());
    }
    output::fits(format, args.excel, args.output.is_none() && env.stdout_is_terminal)?;
    let path = args.output.as_deref();
    let many = path.is_some_and(output::is_folder);
    let folder = path.filter(|_| many).map(|path| Folder::check(path, format)).transpose()?;
    let target = path.filter(|_| !many).map(Target::check).transpose()?;
    not_the_lock(path, env)?;
    if env.stderr_is_terminal && !args.quiet && env.log == LogFormat::Text {
        env.shown = Some(Shown::after_a_second(&env.progress));
    }
    let mut report = build(env)?;
    report.asked = env.asked.clone();
    env.clear();
    let style = Style {
        width: env.width.unwrap_or(80).clamp(40, 200),
        color: color(args, env, format, path.is_some()),
        excel: args.excel,
        charts: charts(args, env, path.is_some()),
    };
    let mut bytes = None;
    match (folder, target) {
        (Some(folder), _) => folder.replace(&report, &style)?,
        (None, Some(target)) => target.replace(|out| {
            let mut counted = Counted { out, bytes: 0 };
            output::write(&report, format, &style, &mut counted)?;
            bytes = Some(counted.bytes);
            Ok(())
        })?,
        (None, None) => output::write(&report, format, &style, env.stdout).context("write to stdout")?,
    }
    if let Some(others) = output::left_out(&report, format).filter(|_| !args.quiet && !many) {
        env.remark("info", &others);
    }
    // In a file nobody sees it, and in data there is no room for it.
    let said = path.is_some() || (output::is_data_only(format) && !report.inputs.is_empty());
    if said && !args.quiet {
        summary(&report, path, bytes, env);
    }
    Ok(())
}

/// One line about a run that went well.
fn summary(report: &Report, file: Option<&Path>, bytes: Option<u64>, env: &mut Env<'_>) {
    let balance = (!report.inputs.is_empty()).then(|| output::balance(&report.inputs));
    let file = file.map(|file| file.display().to_string());
    let as_of = report.as_of.map(|day| day.to_string());
    let message = match &file {
        None => balance.unwrap_or_default(),
        Some(file) => {
            let size = bytes.map_or_else(String::new, |bytes| format!(" ({} bytes)", output::number::whole(bytes)));
            let wrote = format!("{}: wrote {file}{size}", report.id);
            let as_of = as_of.as_ref().map(|day| format!("as of {day}"));
            let contract = Some(format!("contract {}", report.contract_hash));
            [Some(wrote), balance, as_of, contract].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    };
    let total = |of: fn(&report::Input) -> u64| report.inputs.iter().map(of).sum();
    let summary = Summary {
        report: &report.id,
        output: file.as_deref(),
        bytes,
        as_of,
        contract: &report.contract,
        contract_hash: &report.contract_hash,
        files: report.inputs.len() as u64,
        rows_read: total(|i| i.rows_read),
        rows_used: total(|i| i.rows_used),
        rows_set_aside: total(|i| i.rows_read - i.rows_used),
    };
    env.summary(&message, &summary);
}

/// A lock on a file that is replaced would lock nobody out.
fn not_the_lock(output: Option<&Path>, env: &Env<'_>) -> Result<(), Issue> {
    let (Some(output), Some(lock)) = (output, env.lock.as_deref()) else { return Ok(()) };
    let same = output == lock || output.canonicalize().is_ok_and(|o| lock.canonicalize().is_ok_and(|l| o == l));
    if !same {
        return Ok(());
    }
    let what = "is the report's file too, which is replaced";
    Err(Issue::usage(Place::file(format!("--lock {}", lock.display())), what).hint("name two files"))
}

/// A writer that counts.
struct Counted<'w> {
    out: &'w mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn color(args: &OutputArgs, env: &Env<'_>, format: Format, to_file: bool) -> bool {
    let wanted = match args.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !to_file && !env.no_color && (env.stdout_is_terminal || env.force_color),
    };
    wanted && format == Format::Table
}

fn charts(args: &OutputArgs, env: &Env<'_>, to_file: bool) -> Option<Glyphs> {
    let on_terminal = !to_file && env.stdout_is_terminal;
    let wanted = args.charts == Charts::Always || (args.charts == Charts::Auto && on_terminal);
    wanted.then_some(if on_terminal && !env.utf8 { Glyphs::Plain } else { Glyphs::Blocks })
}

/// Whether nobody reads what is written any more.
fn is_closed(error: &anyhow::Error) -> bool {
    let closed = |e: &std::io::Error| e.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|e| e.downcast_ref::<std::io::Error>().is_some_and(closed))
}

/// Prints what went wrong and gives the exit code: 0 fine (a closed pipe too), 1 could not finish, 2 wrong flag or
/// contract, 3 data rejected, 4 a check of the contract failed.
pub fn exit_code(outcome: Result<()>, env: &mut Env<'_>) -> u8 {
    env.clear();
    let Err(error) = outcome else { return 0 };
    if is_closed(&error) {
        return 0;
    }
    if error.is::<report::check::Failed>() {
        env.problem(&error, 4);
        return 4;
    }
    if let Some(wrong) = error.downcast_ref::<clap::Error>() {
        if wrong.use_stderr() {
            env.wrong_flag(wrong);
        } else {
            // `--help` and `--version`.
            let text = wrong.render();
            let color = env.stdout_is_terminal && !env.no_color;
            let text = if color { text.ansi().to_string() } else { text.to_string() };
            let _ = env.stdout.write_all(text.as_bytes());
        }
        return u8::try_from(wrong.exit_code()).unwrap_or(2);
    }
    let code = match (error.downcast_ref::<Issues>(), error.downcast_ref::<Issue>()) {
        (Some(issues), _) => issues.code(),
        (None, Some(issue)) => issue.fault.code(),
        (None, None) => 1,
    };
    env.problem(&error, code);
    code
}
