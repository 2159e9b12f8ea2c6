//! `completions`, `man` and `schema`: what a shell, `man` and other programs have to know about this one.
//!
//! In: the command line's own description, and that of the output. Out: a script for a shell, pages in roff, a JSON Schema.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};

use crate::Env;
use crate::cli::{Cli, CompletionsArgs, ManArgs, SchemaArgs};
use crate::issue::{Issue, Place, did_you_mean};
use crate::output::{Target, schema};

const NAME: &str = "onefunnel";

/// Prints the completions of a shell.
///
/// # Errors
/// A closed pipe.
pub fn completions(args: &CompletionsArgs, env: &mut Env<'_>) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    print(&script, env)
}

/// Prints a page, or writes all of them into a folder.
///
/// # Errors
/// A command that does not exist; a folder that cannot be written to.
pub fn man(args: &ManArgs, env: &mut Env<'_>) -> Result<()> {
    let program = program();
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
        write_page(folder, &program)?;
        for command in commands(&program) {
            write_page(folder, command)?;
        }
        return Ok(());
    }
    let page = match &args.command {
        None => &program,
        Some(name) => command(&program, name)?,
    };
    print(&page_of(page)?, env)
}

/// Prints the schema of all reports, or of one.
///
/// # Errors
/// A report that does not exist.
pub fn schema(args: &SchemaArgs, env: &mut Env<'_>) -> Result<()> {
    let known = schema::reports();
    if let Some(name) = &args.report
        && !known.contains(name)
    {
        let issue = Issue::usage(Place::default(), format!("no report is called `{name}`"));
        return Err(issue.hint(did_you_mean(name, known.iter().map(String::as_str))).into());
    }
    let schema =
        if args.lines { schema::line(args.report.as_deref()) } else { schema::envelope(args.report.as_deref()) };
    let mut text = serde_json::to_vec_pretty(&schema)?;
    text.push(b'\n');
    print(&text, env)
}

fn print(text: &[u8], env: &mut Env<'_>) -> Result<()> {
    let written = env.stdout.write_all(text).and_then(|()| env.stdout.flush());
    written.context("write to stdout")
}

/// The program with all its commands, each as it is called.
pub fn program() -> Command {
    let mut program = Cli::command();
    program.build();
    program
}

/// The commands, in the order of `--help`.
pub fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| command.get_name() != "help")
}

fn command<'c>(program: &'c Command, name: &str) -> Result<&'c Command, Issue> {
    let known: Vec<&str> = commands(program).map(Command::get_name).collect();
    commands(program).find(|command| command.get_name() == name).ok_or_else(|| {
        Issue::usage(Place::default(), format!("no command is called `{name}`"))
            .hint(did_you_mean(name, known.iter().copied()))
    })
}

/// `onefunnel-funnel`
fn page_name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page_of(command: &Command) -> Result<Vec<u8>> {
    let source = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).source(source).render(&mut page)?;
    Ok(page)
}

fn write_page(folder: &Path, command: &Command) -> Result<()> {
    let page = page_of(command)?;
    let target = Target::check(&folder.join(format!("{}.1", page_name(command))))?;
    target.replace(|out| Ok(out.write_all(&page)?))
}
