//! `explain`: one figure taken apart, down to the file and line of every record.
//!
//! Of a metric of the scorecard, in this folder; of the figures of `plan`, `horizon` and `survey`, in `figure`.
//!
//! In: the command line. Out: a [`Report`]: what the metric means, its formula with the numbers put in, its measures, where
//! the rows of their tables went and why, and the records that count; with `--rows`, every row in a CSV file.
//!
//! `ask` reads which period and segment, `known` names what can be explained, `rows` gives each row its records, `account` says where all rows went, `layout` and `tidy` make tables for people and
//! machines, `list` writes the file.

mod account;
mod ask;
mod figure;
mod known;
mod layout;
mod list;
mod rows;
mod tidy;

#[cfg(test)]
mod tests;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::Report;
use crate::Env;
use crate::calendar::Periods;
use crate::catalogue::{Catalogue, Measure, Metric};
use crate::cli::ExplainArgs;
use crate::evaluate::{self, Figure, Score, Slice, Trace};
use crate::facts::Segment;
use crate::issue::{Issue, Place};
use crate::output::{self, Format, Target};
use crate::session::{Data, Session};
use crate::tables::Kind;

/// Builds the report, and writes the rows where they are wanted.
///
/// # Errors
/// Whatever the rooms on the way report; a metric, a period, a segment or a column that does not exist.
pub fn build(args: &ExplainArgs, env: &mut Env<'_>) -> Result<Report> {
    if args.list {
        return known::list(args);
    }
    if let Some(figure) = figure::named(args.wanted()) {
        return figure::build(&figure, args, env);
    }
    if let Some(why) = figure::plainly(args.wanted()) {
        let what = format!("`{}` is not taken apart", args.wanted());
        return Err(Issue::usage(Place::default(), what).hint(why).into());
    }
    let mut session = Session::open(&args.input, env)?;
    let catalogue = Catalogue::new(&session.contract)?;
    metric(&catalogue, args.wanted())?;
    figure::unused(args.wanted(), None, args)?;
    ask::kind(args)?;
    session.rows.clone_from(&args.rows);
    let target = args.rows.as_deref().map(Target::check).transpose()?;
    let data = session.load(&args.output, env)?;
    let view = View::new(&data, &catalogue, args)?;
    if let Some(target) = target {
        target.replace(|out| list::write(&view, out))?;
    }
    Ok(view.report())
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &ExplainArgs) -> Result<Report> {
    let catalogue = Catalogue::new(&data.session.contract)?;
    Ok(View::new(data, &catalogue, args)?.report())
}

fn metric<'c>(catalogue: &'c Catalogue, id: &str) -> Result<&'c Metric, Issue> {
    catalogue.metrics.get(id).ok_or_else(|| known::unknown(catalogue, id))
}

/// One measure of the metric.
struct Part<'a> {
    measure: &'a Measure,
    figure: Figure,
    /// Its rows; `None` where its table cannot be read as the measure says.
    trace: Option<Trace>,
}

/// What the tables are made of.
struct View<'a> {
    data: &'a Data,
    metric: &'a Metric,
    periods: Periods,
    /// `None`: all days.
    period: Option<usize>,
    by: Vec<String>,
    /// Empty: all.
    segment: Segment,
    score: Score,
    parts: Vec<Part<'a>>,
    makeup: rows::Makeup,
    mature_after: Option<i32>,
    condition: Option<&'a str>,
    redact: bool,
    /// Somebody reads all rows that count.
    all_rows: bool,
}

impl<'a> View<'a> {
    fn new(data: &'a Data, catalogue: &'a Catalogue, args: &'a ExplainArgs) -> Result<Self> {
        let metric = metric(catalogue, args.wanted())?;
        let (periods, period) = ask::period(args, data)?;
        let condition = args.condition.as_deref();
        let names = ask::columns(args.segment.as_deref(), data)?;
        let slice = Slice { by: names, condition: args.condition.clone() };
        data.not_too_many(&slice.by, periods.all.len())?;
        let facts = data.facts();
        let scores = evaluate::evaluate(&facts, catalogue, &[metric], &periods, &slice)?;
        let segment = match &args.segment {
            Some(text) => ask::segment(text, &slice.by, &facts.segments(&slice.by)?.0, args.redact)?,
            None => Segment::new(),
        };
        let measures = metric.formula.uses.iter().filter_map(|id| catalogue.measures.get(id));
        let parts = measures.map(|measure| {
            let trace = evaluate::trace(&facts, measure, &periods, &slice, period, &segment)?;
            Ok(Part { measure, figure: scores.figure(&measure.id, &segment, period), trace })
        });
        let parts: Vec<Part<'_>> = parts.collect::<Result<_>>()?;
        let makeup = rows::Makeup::new(data, parts.iter().any(|p| p.measure.table == "journeys"));
        // What is read by people shows the first rows; a format that cannot be chosen is refused elsewhere.
        let format = output::choose(args.output.format, args.output.output.as_deref()).unwrap_or(Format::Table);
        Ok(View {
            data,
            metric,
            score: scores.score(metric, &segment, period),
            periods,
            period,
            by: slice.by,
            segment,
            parts,
            makeup,
            mature_after: data.mature_after(),
            condition,
            redact: args.redact,
            all_rows: !matches!(format, Format::Table | Format::Md | Format::Html),
        })
    }

    fn report(&self) -> Report {
        let title = format!("{}: {}, row by row", self.metric.title, self.period_label());
        let mut report = self.data.report("explain", &title);
        report.tables = self.people();
        report.tables.extend(self.machines());
        report.notes = self.notes();
        report.notes.extend(self.data.notes());
        report
    }

    /// As machine formats call it.
    fn period_label(&self) -> &str {
        self.period.map_or("total", |at| self.periods.all[at].label.as_str())
    }

    /// The first and last day that count.
    fn days(&self) -> (i32, i32) {
        let (from, to) = (self.periods.from, self.periods.to);
        self.period.map_or((from, to), |at| {
            let period = &self.periods.all[at];
            (period.start.max(from), period.end.min(to))
        })
    }

    /// The segment as text; of a personal column, with a hash in place of the value.
    fn segment_text(&self) -> String {
        let value = |name: &String, value: &Option<String>| match value {
            Some(value) if self.redact && is_personal(name) => Some(hash(value)),
            other => other.clone(),
        };
        let segment: Segment = self.by.iter().zip(&self.segment).map(|(name, v)| value(name, v)).collect();
        evaluate::segment_text(&self.by, &segment)
    }
}

/// The same of a segment that is text already: `owner=Ann;region=EMEA`.
fn hidden_segment(text: &str, redact: bool) -> String {
    let one = |part: &str| match part.split_once('=') {
        Some((name, value)) if redact && is_personal(name) => format!("{name}={}", hash(value)),
        _ => part.to_string(),
    };
    text.split(';').map(one).collect::<Vec<_>>().join(";")
}

/// What a reader of a redacted list has to know.
const REDACTED: &str = "Names and addresses are hidden, and ids are the first digits of their SHA-256: who has the exports can still \
                        find each record by its file and line. The hashes have no key: whoever has a list of the names, addresses \
                        or ids can look them up, so this is not for publication. Conditions are printed as they were written.";

/// Columns that say who somebody is.
fn is_personal(column: &str) -> bool {
    const PERSONAL: [&str; 12] = [
        "name",
        "first_name",
        "last_name",
        "email",
        "owner",
        "owner_id",
        "company",
        "website",
        "account_name",
        "person_name",
        "deal_name",
        "phone",
    ];
    PERSONAL.contains(&column) || column.ends_with("_email") || column.ends_with("_phone") || column.ends_with("_name")
}

/// The first 12 hex digits of a text's SHA-256: the same for the same text, in every run.
fn hash(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().take(6).fold(String::from("#"), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}

/// The kinds of records that the rows of a table are made of.
fn kinds(table: &str) -> Vec<Kind> {
    match table {
        "journeys" => vec![Kind::Deals, Kind::People],
        other => Kind::named(other).into_iter().collect(),
    }
}
