//! `survey`: what marketing and sales believe, how far they are apart, and what is measured beside it.
//!
//! In: a file of answers and, where there are any, exports. Out: a [`Report`]: per topic the perception of both teams, the gap
//! between them and the measured figure, which is the one that `scorecard` and `handoff` print. Nobody's answer can be
//! told: of fewer than [`FEW`] answers of a team nothing is shown, and text is never printed.
//!
//! `count` makes perceptions of answers, `measured` asks the other reports, `layout`, `tidy` and `notes` make tables and
//! sentences, `questionnaire` is what can be handed out.

mod behind;
mod count;
mod layout;
mod measured;
mod notes;
pub mod picture;
mod questionnaire;
mod tidy;

use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::civil::Date;

use super::Report;
use crate::Env;
use crate::catalogue::benchmark::{self, Benchmark};
use crate::catalogue::survey::{Topic, topics};
use crate::cli::{InputArgs, SurveyArgs};
use crate::contract::Contract;
use crate::ingest::survey::{self, Answers, Asked};
use crate::session::{CONTRACT_FILE, Data, Session, day, not_an_input};
use count::{Counted, count};
use measured::Figure;

pub use behind::behind;

/// Of fewer answers of a team to a topic nothing is shown.
pub const FEW: usize = 5;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a file of answers that cannot be read.
pub fn build(args: &SurveyArgs, env: &mut Env<'_>) -> Result<Report> {
    let topics = topics();
    let Some(path) = args.answers.as_deref().filter(|_| !args.questionnaire) else {
        let contract = super::contract(args.input.contract.as_deref())?;
        return Ok(questionnaire::report(&contract, &topics));
    };
    if let Some(output) = &args.output.output {
        not_an_input(output, std::iter::once(path))?;
    }
    let input = &args.input;
    let without = input.inputs.is_empty() && input.contract.is_none() && !Path::new(CONTRACT_FILE).is_file();
    let session = if without { None } else { Some(Session::open(input, env)?) };
    let as_of = match (&session, &input.as_of) {
        (Some(session), _) => session.as_of,
        (None, Some(text)) => day("as-of", text)?,
        (None, None) => env.now.in_tz("UTC")?.date(),
    };
    // What is wrong with the answers is said before any export is read.
    let answers = read(path, as_of)?;
    if input.on_bad_row == crate::ingest::OnBadRow::Stop && !answers.aside.is_empty() {
        return Err(stopped(&answers).into());
    }
    let data = session.map(|session| load(session, path, args, env)).transpose()?;
    tell(&answers, data.as_ref(), args, &topics, as_of)
}

/// Reads a file of answers.
///
/// # Errors
/// A file that cannot be read, or whose header is that of no file of answers.
pub fn read(path: &Path, as_of: Date) -> Result<Answers> {
    let topics = topics();
    let asked: Vec<Asked<'_>> =
        topics.iter().map(|t| Asked { id: &t.id, question: &t.question, scale: t.scale }).collect();
    Ok(survey::read(path, &asked, as_of)?)
}

/// The answers of another report that has a part of them: what is wrong with them is said before any export is read, they are
/// none of the exports, and nothing that is written may replace them.
///
/// # Errors
/// As [`read`]; with `--on-bad-row stop`, an answer that cannot be used.
pub fn given<'p>(
    session: &mut Session,
    path: &Path,
    input: &InputArgs,
    written: impl Iterator<Item = &'p Path>,
) -> Result<Answers> {
    for output in written {
        not_an_input(output, std::iter::once(path))?;
    }
    let answers = read(path, session.as_of)?;
    if input.on_bad_row == crate::ingest::OnBadRow::Stop && !answers.aside.is_empty() {
        return Err(stopped(&answers).into());
    }
    session.given.outputs.push(path.to_path_buf());
    Ok(answers)
}

/// The report of answers that were read and exports that were loaded.
///
/// # Errors
/// A wrong day or condition; a defect of the other reports.
pub fn tell_of(answers: &Answers, data: &Data, args: &SurveyArgs) -> Result<Report> {
    tell(answers, Some(data), args, &topics(), data.session.as_of)
}

/// Loads the exports; the file of answers is none of them, even if it lies among them.
fn load(mut session: Session, path: &Path, args: &SurveyArgs, env: &mut Env<'_>) -> Result<Data> {
    session.given.outputs.push(PathBuf::from(path));
    session.load(&args.output, env)
}

/// Every answer that could not be used, as problems, where that is to stop the run.
fn stopped(answers: &Answers) -> crate::issue::Issues {
    use crate::issue::{Issue, Issues, Place};
    let file = &answers.input.path;
    let issue = |aside: &survey::Aside| {
        let place = Place { line: Some(aside.line), ..Place::file(file) };
        let value = if aside.value.is_empty() { String::new() } else { format!(": {}", aside.value) };
        let column = if aside.column.is_empty() { String::new() } else { format!("column {}: ", aside.column) };
        Issue::data(place, format!("{column}{}{value}", aside.reason)).hint(aside.help.clone())
    };
    Issues(answers.aside.iter().map(issue).collect())
}

/// The report of answers and of what was loaded, if anything was.
///
/// # Errors
/// A wrong day or condition; a defect of the other reports.
fn tell(answers: &Answers, data: Option<&Data>, args: &SurveyArgs, topics: &[Topic], as_of: Date) -> Result<Report> {
    let counted = count(&answers.answers, topics);
    let figures = match data {
        Some(data) => measured::figures(data, args, topics)?,
        None => measured::none(topics),
    };
    let title = "What the teams believe";
    let mut report = if let Some(data) = data {
        data.report("survey", title)
    } else {
        let mut report = super::without_inputs("survey", title, &Contract::builtin());
        report.as_of = Some(as_of);
        report
    };
    report.inputs.insert(0, answers.input.clone());
    let benchmarks = if args.benchmarks { benchmark::of_topics(topics) } else { Vec::new() };
    let view = View { answers, data, topics, counted: &counted, figures: &figures, as_of, benchmarks: &benchmarks };
    report.tables.push(view.overview());
    report.tables.push(view.made_of());
    report.tables.extend(view.measured());
    report.tables.extend(view.aside());
    report.tables.push(view.tidy());
    report.tables.push(view.tidy_aside());
    report.notes = view.notes(args);
    if let Some(data) = data {
        report.notes.extend(data.notes());
    }
    if args.benchmarks {
        view.add_benchmarks(&mut report);
    }
    report.charts = picture::charts(&report);
    let finding = picture::finding(&report);
    report.notes.insert(0, finding);
    Ok(report)
}

/// All that tables and sentences are made of.
struct View<'a> {
    answers: &'a Answers,
    data: Option<&'a Data>,
    topics: &'a [Topic],
    counted: &'a [Counted],
    figures: &'a [Figure],
    as_of: Date,
    benchmarks: &'a [Benchmark],
}
