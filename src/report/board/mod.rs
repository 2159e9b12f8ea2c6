//! `report`: the board pack. Every report that both teams look at, told of the same exports, in one document.
//!
//! In: the command line. Out: a [`Report`] whose sections are what the single commands print, each with one sentence of
//! finding, made from its own tables, and the command that prints it alone.

mod agreed;

use std::path::PathBuf;

use anyhow::{Error, Result};
use clap::Parser;

use super::{Audience, Report, Section};
use crate::Env;
use crate::cli::{BoardArgs, Cli, Command};
use crate::ingest::survey::Answers;
use crate::issue::{Issue, Issues};
use crate::session::{Data, Session};

/// The sections in order: the id, the command, and the flags that it has besides the days and the condition.
const SECTIONS: [(&str, &str, &[&str]); 15] = [
    ("scorecard", "scorecard", &[]),
    ("funnel", "funnel", &[]),
    ("cohort", "cohort", &[]),
    ("winrate", "winrate", &[]),
    ("velocity", "velocity", &[]),
    ("plan", "plan", &[]),
    ("definition", "definition", &[]),
    ("handoff", "handoff", &[]),
    ("horizon", "horizon", &[]),
    ("journey", "journey", &[]),
    ("attribution", "attribution", &[]),
    ("sourced", "sourced", &[]),
    (SURVEY, "survey", &[]),
    (BENCHMARKS, "scorecard", &["--benchmarks"]),
    ("quality", "quality", &[]),
];

/// The sections that are there only when they are asked for.
const SURVEY: &str = "survey";
const BENCHMARKS: &str = "benchmarks";

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a wrong day or condition. A section that the contract or the exports do not allow
/// says so instead.
pub fn build(args: &BoardArgs, env: &mut Env<'_>) -> Result<Report> {
    let mut session = Session::open(&args.input, env)?;
    let answers = args.survey.as_deref().map(|path| {
        let written = args.output.output.iter().map(PathBuf::as_path);
        super::survey::given(&mut session, path, &args.input, written)
    });
    let answers = answers.transpose()?;
    let data = session.load(&args.output, env)?;
    let mut report = data.report("report", "One set of numbers for marketing and sales");
    if let Some(answers) = &answers {
        report.inputs.insert(0, answers.input.clone());
    }
    let asked = |id: &str| (id != SURVEY || args.survey.is_some()) && (id != BENCHMARKS || args.benchmarks);
    for (at, (id, command, flags)) in SECTIONS.iter().filter(|(id, ..)| asked(id)).enumerate() {
        let line = line(command, flags, args);
        let section = match told(id, &data, answers.as_ref(), &line) {
            Ok(told) => section(id, told, &line, args),
            // What is wrong with the days or the condition is wrong with all of them.
            Err(error) if at == 0 || !can_be_left_out(&error) => return Err(error),
            Err(error) => left_out(id, &error),
        };
        report.sections.push(section);
    }
    report.sections.push(agreed::section(&data, &env.asked)?);
    report.notes = shared(&mut report.sections);
    Ok(report)
}

/// The words of the command that prints a section alone, without the exports.
fn line(command: &str, flags: &[&str], args: &BoardArgs) -> Vec<String> {
    let mut line: Vec<String> =
        ["onefunnel", command].into_iter().chain(flags.iter().copied()).map(Into::into).collect();
    let window = &args.window;
    if let (SURVEY, Some(path)) = (command, &args.survey) {
        line.push(path.to_string_lossy().into_owned());
    }
    let mut flag = |name: &str, value: Option<&String>| {
        if let Some(value) = value {
            line.extend([format!("--{name}"), value.clone()]);
        }
    };
    let whole = matches!(command, "attribution" | "sourced" | SURVEY);
    if !whole {
        flag("period", Some(&window.period.id().to_string()));
    }
    // A plan measures on all days there are. Quality is that of the exports, whatever days are looked at.
    if command == "plan" {
        flag("where", window.condition.as_ref());
    } else if command != "quality" {
        flag("from", window.from.as_ref());
        flag("to", window.to.as_ref());
        flag("where", window.condition.as_ref());
    }
    line
}

/// What a command says of the exports that are loaded already.
fn told(id: &str, data: &Data, answers: Option<&Answers>, line: &[String]) -> Result<(Report, String)> {
    let mut report = match &Cli::try_parse_from(line)?.command {
        Command::Scorecard(args) => super::scorecard::tell(data, args, 80)?,
        Command::Funnel(args) => super::funnel::tell(data, args)?,
        Command::Cohort(args) => super::cohort::tell(data, args)?,
        Command::Winrate(args) => super::winrate::tell(data, args)?,
        Command::Velocity(args) => super::velocity::tell(data, args)?,
        Command::Plan(args) => super::plan::tell(data, args)?,
        Command::Definition(args) => super::definition::tell(data, args)?,
        Command::Handoff(args) => super::handoff::tell(data, args)?,
        Command::Horizon(args) => super::horizon::tell(data, args)?,
        Command::Journey(args) => super::journey::tell(data, args)?,
        Command::Attribution(args) => super::attribution::tell(data, args)?,
        Command::Sourced(args) => super::sourced::tell(data, args)?,
        Command::Quality(args) => super::quality::tell(data, args)?,
        Command::Survey(args) if let Some(answers) = answers => super::survey::tell_of(answers, data, args)?,
        _ => anyhow::bail!("`{}` is no section of the board pack", line.join(" ")),
    };
    if id == BENCHMARKS {
        super::scorecard::compared(&mut report);
        let finding = super::scorecard::picture::compared(&report);
        return Ok((report, finding));
    }
    let finding = match report.id.as_str() {
        "scorecard" => super::scorecard::picture::finding(&report),
        "funnel" => super::funnel::picture::finding(&report),
        "cohort" => super::cohort::picture::finding(&report),
        "winrate" => super::winrate::picture::finding(&report),
        "velocity" => super::velocity::picture::finding(&report),
        "plan" => super::plan::picture::finding(&report),
        "definition" => super::definition::picture::finding(&report),
        "handoff" => super::handoff::picture::finding(&report, data),
        "horizon" => super::horizon::picture::finding(&report),
        "journey" => super::journey::picture::finding(&report),
        "attribution" => super::attribution::picture::finding(&report),
        "sourced" => super::sourced::picture::finding(&report),
        "quality" => super::quality::picture::finding(&report),
        "survey" => {
            // Alone it is the first note.
            report.notes.remove(0);
            super::survey::picture::finding(&report)
        }
        other => anyhow::bail!("`{other}` has no finding"),
    };
    Ok((report, finding))
}

fn section(id: &str, (report, finding): (Report, String), line: &[String], args: &BoardArgs) -> Section {
    let mut tables = report.tables;
    let taken: Vec<String> = tables.iter().map(|table| table.id.clone()).collect();
    for table in tables.iter_mut().filter(|table| table.audience != Audience::Machines) {
        if !table.id.starts_with(id) {
            table.id = format!("{id}_{}", table.id);
            // The one for machines may have the name already.
            if taken.contains(&table.id) {
                table.id.push_str("_shown");
            }
        }
    }
    let mut notes = vec![format!("The same alone: {}", command(line, args))];
    notes.extend(report.notes);
    Section { id: id.into(), title: report.title, finding, tiles: report.tiles, charts: report.charts, tables, notes }
}

/// The command as it is typed, with the exports.
fn command(line: &[String], args: &BoardArgs) -> String {
    let inputs = args.input.inputs.iter().map(|path| path.to_string_lossy().into_owned());
    let named = [("contract", args.input.contract.as_ref().map(|p| p.to_string_lossy().into_owned()))];
    let named = named.into_iter().chain([("as-of", args.input.as_of.clone())]);
    let flags = named.filter_map(|(name, value)| Some([format!("--{name}"), value?])).flatten();
    // The answers come before the exports.
    let head = if line.get(1).is_some_and(|name| name == SURVEY) { 3 } else { 2 };
    let words = line[..head].iter().cloned().chain(inputs).chain(line[head..].iter().cloned()).chain(flags);
    words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Whether an error is about what this report needs, and not about the exports or a defect.
fn can_be_left_out(error: &Error) -> bool {
    let code = match (error.downcast_ref::<Issues>(), error.downcast_ref::<Issue>()) {
        (Some(issues), _) => issues.code(),
        (None, Some(issue)) => issue.fault.code(),
        (None, None) => return false,
    };
    code == 2
}

/// A section that cannot be told, with the reason in place of the finding.
fn left_out(id: &str, error: &Error) -> Section {
    let text = error.to_string();
    let mut lines = text.lines().map(|line| line.trim().trim_start_matches("error: "));
    let finding = format!("Not in this pack: {}.", lines.next().unwrap_or_default().trim_end_matches('.'));
    Section {
        id: id.into(),
        title: id[..1].to_uppercase() + &id[1..],
        finding,
        tiles: Vec::new(),
        charts: Vec::new(),
        tables: Vec::new(),
        notes: lines.filter(|line| !line.is_empty()).map(str::to_string).collect(),
    }
}

/// Takes out of the sections the notes that several of them have: they are said once, for all.
fn shared(sections: &mut [Section]) -> Vec<String> {
    let mut seen: Vec<(String, usize)> = Vec::new();
    for note in sections.iter().flat_map(|section| &section.notes) {
        match seen.iter_mut().find(|(text, _)| text == note) {
            Some((_, times)) => *times += 1,
            None => seen.push((note.clone(), 1)),
        }
    }
    let common: Vec<String> = seen.into_iter().filter(|(_, times)| *times > 1).map(|(text, _)| text).collect();
    for section in sections {
        section.notes.retain(|note| !common.contains(note));
    }
    common
}
