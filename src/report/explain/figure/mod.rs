//! A figure of `plan`, `horizon` or `survey` taken apart.
//!
//! In: the command line. Out: a [`Report`]: what the figure means, its formula with the numbers put in, its parts, and the records
//! behind it with file and line. Every number is read from the tidy table of the very report, so that it cannot differ; the
//! records are what that report's own code counts.
//!
//! `ask` reads the flags and finds the row, `layout` and `tidy` make tables for people and machines, `list` writes the file.

mod ask;
mod layout;
mod list;
mod tidy;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::Result;

use super::rows::{Listed, Makeup, Record, lines};
use crate::Env;
use crate::catalogue::figures::{FigureDef, Of, figures};
use crate::cli::ExplainArgs;
use crate::ingest::survey::Answers;
use crate::output::{self, Format, Target};
use crate::report::behind::{Behind, Found, Of as Which};
use crate::report::read::Row;
use crate::report::{Report, Unit, horizon, plan, survey};
use crate::session::{Data, Session};
use ask::{Chosen, Told};

pub use ask::{plainly, unused};

/// The figure of that name.
pub fn named(id: &str) -> Option<FigureDef> {
    figures().into_iter().find(|figure| figure.id == id)
}

/// Builds the report, and writes the rows where they are wanted.
///
/// # Errors
/// Whatever the rooms on the way report; flags that say nothing here; a row that the report does not have.
pub fn build(figure: &FigureDef, args: &ExplainArgs, env: &mut Env<'_>) -> Result<Report> {
    ask::check(figure, args)?;
    let mut session = Session::open(&args.input, env)?;
    session.rows.clone_from(&args.rows);
    let target = args.rows.as_deref().map(Target::check).transpose()?;
    let mut answers = None;
    if let Some(path) = args.figure.answers.as_deref().filter(|_| figure.report == Of::Survey) {
        let written = args.output.output.iter().chain(&args.rows).map(PathBuf::as_path);
        answers = Some(survey::given(&mut session, path, &args.input, written)?);
    }
    let data = session.load(&args.output, env)?;
    let told = ask::tell(figure, args, &data, answers.as_ref())?;
    let view = View::new(figure, args, &data, &told, answers.as_ref())?;
    if let Some(target) = target {
        target.replace(|out| list::write(&view, out))?;
    }
    Ok(view.report())
}

/// One part of the formula, or of what stands beside it.
struct Part {
    /// Its name in the formula.
    name: String,
    /// Where it stands in the tidy table: `part.item`.
    place: String,
    /// Which side of the figure's own row it is; empty for a row of its own.
    side: &'static str,
    value: Result<f64, String>,
    unit: Unit,
    band: Option<(f64, f64)>,
    n: Option<f64>,
    assumed: bool,
    /// The figure or the command that takes it apart.
    explained_by: String,
    /// It is in the formula.
    in_formula: bool,
}

/// A record with its places in the files.
struct Placed<'a> {
    behind: &'a Behind,
    /// What it is made of; of a line of answers nothing.
    listed: Vec<Listed>,
}

/// What the tables are made of.
struct View<'a> {
    figure: &'a FigureDef,
    data: &'a Data,
    answers: Option<&'a Answers>,
    told: &'a Told,
    chosen: Chosen<'a>,
    parts: Vec<Part>,
    found: Found,
    makeup: Makeup,
    redact: bool,
    /// Somebody reads all records.
    all_rows: bool,
}

impl<'a> View<'a> {
    fn new(
        figure: &'a FigureDef,
        args: &ExplainArgs,
        data: &'a Data,
        told: &'a Told,
        answers: Option<&'a Answers>,
    ) -> Result<Self> {
        let chosen = ask::choose(figure, args, told)?;
        let parts = ask::parts(figure, told, &chosen);
        let found = ask::behind(figure, told, &chosen, data, answers)?;
        let processes = found.records.iter().any(|r| matches!(r.of, Which::Process(_)));
        let format = output::choose(args.output.format, args.output.output.as_deref()).unwrap_or(Format::Table);
        Ok(Self {
            figure,
            data,
            answers,
            told,
            chosen,
            parts,
            found,
            makeup: Makeup::new(data, processes),
            redact: args.redact,
            all_rows: !matches!(format, Format::Table | Format::Md | Format::Html),
        })
    }

    fn report(&self) -> Report {
        let title = format!("{}: {}, taken apart", self.figure.title, self.figure.id);
        let mut report = self.data.report("explain", &title);
        if let Some(answers) = self.answers {
            report.inputs.insert(0, answers.input.clone());
        }
        report.tables = self.people();
        report.tables.extend(self.machines());
        report.notes = self.notes();
        report.notes.extend(self.data.notes());
        report
    }

    /// The figure's row in the tidy table.
    fn row(&self) -> Row<'_> {
        self.chosen.row
    }

    /// The value, or why there is none.
    fn value(&self) -> Result<f64, String> {
        ask::value(self.row())
    }

    fn unit(&self) -> Unit {
        ask::unit(self.row())
    }

    /// The formula with a number in place of every part; `None` where the row has not all of them.
    fn with_numbers(&self, number: &dyn Fn(f64) -> String, missing: &str) -> Option<String> {
        let formula = self.figure.formula.as_ref()?;
        // A value that is there without its parts, as it is assumed, has not come by the formula.
        let there = |part: &Part| part.value.is_ok() || self.value().is_err();
        let known = formula.uses.iter().all(|name| self.parts.iter().any(|part| part.name == *name && there(part)));
        known.then(|| {
            formula.with(&|name| match self.parts.iter().find(|part| part.name == name).map(|part| &part.value) {
                Some(Ok(value)) if *value < 0.0 => format!("({})", number(*value)),
                Some(Ok(value)) => number(*value),
                _ => missing.to_string(),
            })
        })
    }

    /// What records give to a name of the formula, or to `value`; `None` where none gives anything.
    fn given(&self, to: &str) -> Option<f64> {
        let gives = self.found.records.iter().filter(|r| r.to == to && self.found.adds_up);
        gives.filter_map(|r| r.gives).fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
    }

    /// Records with their places in the files.
    fn placed<'r>(&self, records: &'r [&'r Behind], further: bool) -> Vec<Placed<'r>> {
        let mut all: Vec<Record> = Vec::new();
        let mut ends = Vec::with_capacity(records.len());
        for behind in records {
            match behind.of {
                Which::Process(at) => {
                    let of = self.makeup.records(self.data, at).into_iter();
                    all.extend(of.filter(|record| further || record.main));
                }
                Which::Row(kind, row) => all.push(Record::of_row(kind, row)),
                Which::Line(..) => {}
            }
            ends.push(all.len());
        }
        let mut listed = lines(self.data, self.redact, &all).into_iter();
        let mut before = 0;
        let place = |(behind, end): (&&'r Behind, usize)| {
            let of = listed.by_ref().take(end - before).collect();
            before = end;
            Placed { behind, listed: of }
        };
        records.iter().zip(ends).map(place).collect()
    }

    /// The command that prints the figure among others.
    fn command(&self) -> &str {
        &self.told.command
    }
}

/// The report that a figure is of, as it prints itself.
fn told_by(command: &crate::cli::Command, data: &Data, answers: Option<&Answers>) -> Result<Report> {
    use crate::cli::Command;
    match (command, answers) {
        (Command::Plan(args), _) => plan::tell(data, args),
        (Command::Horizon(args), _) => horizon::tell(data, args),
        (Command::Survey(args), Some(answers)) => survey::tell_of(answers, data, args),
        _ => anyhow::bail!("this report has no figures to explain"),
    }
}
