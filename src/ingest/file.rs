//! One file's parts → typed columns and an account of its rows.
//!
//! In: an [`Opened`] file and what the walk over its text gave. Out: a [`FileRead`], a file to be read again in another way,
//! or every problem that stops it. What only a whole file can tell is settled here: the order of day and month, the
//! decimal mark, how many rows could not be read.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::body::Body;
use super::cell::{Decimal, DecimalProblem, DecimalVotes, Order, OrderProblem, OrderVotes};
use super::open::{Context, Opened, Use};
use super::part::{Bad, FORMS, Part};
use super::plan::Plan;
use super::records::{self, Trouble};
use super::walk::{OfFile, Stop};
use super::{FileFacts, Limit, OnBadRow, Reject, lines, steady};
use crate::contract::{DateOrder, Source};
use crate::issue::{Issue, Issues, Place};
use crate::tables::Names;

/// One file, read.
pub struct FileRead {
    pub facts: FileFacts,
    /// `None` for a file that is known and not needed, or that was only seen in a folder and not recognised.
    pub content: Option<Content>,
    /// The records that became no rows, where a list of them is wanted.
    pub rejects: Vec<Reject>,
}

/// The rows of one file.
pub struct Content {
    pub plan: Plan,
    pub parts: Vec<Part>,
}

/// What is to be done with a file.
#[allow(clippy::large_enum_variant)] // one per file
pub enum Next {
    /// It is read.
    Done(FileRead),
    /// It has to be read again, in one piece or with another decimal mark.
    Again(Opened),
    /// It has to be opened again, and decoded in memory.
    Decode,
    /// Problems.
    Stopped(Vec<Issue>),
}

/// Settles what only the whole file can tell.
pub fn finish(opened: Opened, walked: OfFile, names: &[Names], context: &Context<'_>) -> Next {
    let OfFile { mut parts, counted, footer, sha256, trouble } = walked;
    let Opened { source, mut facts, body, head, data_at, delimiter, careful, used } = opened;
    if let Some(sha256) = sha256 {
        facts.input.sha256 = sha256;
    }
    let again = |facts, body, used, careful| {
        Next::Again(Opened { source, facts, body, head: head.clone(), data_at, delimiter, careful, used })
    };
    let source = source.and_then(|at| context.contract.sources.get(at));
    let shown = facts.input.path.clone();
    let said = Text { shown: &shown, body: &body, all: OnceCell::new(), delimiter };
    match trouble {
        Some(Stop::NotUtf8) => return Next::Decode,
        Some(Stop::Records(Trouble::Malformed)) if !careful => return again(facts, body, used, true),
        Some(Stop::Records(trouble)) => {
            let offset = if let Trouble::OpenQuote(at) = trouble { at } else { 0 };
            let place = said.place(data_at as u64 + offset, None);
            return Next::Stopped(vec![Issue::data(place, "a quote is opened in this record and never closed").hint(
                "close the quote, or export the file again: the rest of it cannot be told apart from this cell",
            )]);
        }
        Some(Stop::Io(error)) => {
            let what = format!("cannot be read: {error}");
            return Next::Stopped(vec![
                Issue::run(Place::file(&shown), what).hint("run again when nothing writes to the file"),
            ]);
        }
        Some(Stop::TooLong(at)) => {
            let line = match &body {
                Body::Memory(text) => Some(records::line_at(text, at)),
                Body::Disk { .. } => lines::line(&facts, at),
            };
            return Next::Stopped(vec![steady::too_long(&shown, line)]);
        }
        None => {}
    }
    let mut plan = match used {
        Use::Rows(plan) => plan,
        Use::Count(reason) => {
            facts.input.rows_read = counted;
            facts.input.set_aside = if counted > 0 { vec![(reason, counted)] } else { Vec::new() };
            return Next::Done(FileRead { facts, content: None, rejects: Vec::new() });
        }
    };
    if source.is_none_or(|s| s.decimal.is_none()) {
        match decimal(&parts, &shown, context.exponent) {
            Err(issue) => return Next::Stopped(vec![issue]),
            Ok(decimal) if decimal != plan.decimal => {
                plan.decimal = decimal;
                return again(facts, body, Use::Rows(plan), careful);
            }
            Ok(Decimal::Comma) => facts.notes.push("numbers have a decimal comma".into()),
            Ok(Decimal::Point) => {}
        }
    }
    if let Err(issues) = sums_and_serials(&parts, &plan, &mut facts, &said) {
        return Next::Stopped(issues);
    }
    let order = match settle_order(&said, source, &parts, &plan, &mut facts) {
        Ok(order) => order,
        Err(issue) => return Next::Stopped(vec![issue]),
    };
    facts.input.rows_read = parts.iter().map(|p| p.read).sum::<u64>() + footer.len() as u64;
    let forms = parts.iter().fold(0, |forms, part| forms | part.forms);
    facts.date_forms =
        FORMS.iter().enumerate().filter(|(bit, _)| forms >> bit & 1 == 1).map(|(_, form)| *form).collect();
    facts.short_rows = parts.iter().map(|p| p.short).sum();
    let mut no_numbers: BTreeMap<usize, u64> = BTreeMap::new();
    for (column, n) in parts.iter().flat_map(|p| &p.no_numbers) {
        *no_numbers.entry(*column).or_default() += n;
    }
    facts.no_numbers = no_numbers.into_iter().map(|(column, n)| (plan.columns[column].name.clone(), n)).collect();
    let mut aside: BTreeMap<String, u64> = BTreeMap::new();
    for (reason, n) in parts.iter().flat_map(|p| &p.set_aside) {
        *aside.entry(reason.clone()).or_default() += n;
    }
    for (_, reason) in &footer {
        *aside.entry((*reason).to_string()).or_default() += 1;
    }
    facts.input.set_aside = aside.into_iter().collect();
    for (reason, offsets) in parts.iter().flat_map(|p| &p.aside_at) {
        for offset in offsets {
            lines::remember(&mut facts.aside_at, reason, *offset);
        }
    }
    for part in &mut parts {
        part.settle(&plan, order, context.bad_rows);
    }
    let mut nulled: BTreeMap<usize, u64> = BTreeMap::new();
    for (index, n) in parts.iter().flat_map(|p| &p.nulled) {
        *nulled.entry(*index).or_default() += n;
    }
    let header = |index: usize| plan.header.get(index).cloned().unwrap_or_default();
    facts.nulled = nulled.into_iter().map(|(index, n)| (header(index), n)).collect();
    let mut issues = too_many_bad(&parts, &plan, &mut facts, context, &said);
    if issues.is_empty() {
        issues = super::convert::convert(&mut parts, &plan, source, context.contract, &said, names);
    }
    if !issues.is_empty() {
        return Next::Stopped(issues);
    }
    let rejects = if context.bad_rows.list { rejects(&parts, &footer, &plan, &said) } else { Vec::new() };
    Next::Done(FileRead { facts, content: Some(Content { plan, parts }), rejects })
}

/// The decimal mark that a file's numbers settle.
fn decimal(parts: &[Part], shown: &str, exponent: u32) -> Result<Decimal, Issue> {
    let mut votes = DecimalVotes::default();
    for part in parts {
        votes.merge(&part.decimal);
    }
    let problem = match votes.settle() {
        Ok(decimal) => return Ok(decimal),
        Err(problem) => problem,
    };
    let what = match problem {
        DecimalProblem::Contradiction => "some numbers have a decimal point and some a decimal comma",
        // Currencies with three digits after the mark have such amounts.
        DecimalProblem::Ambiguous if exponent >= 3 => return Ok(Decimal::Point),
        DecimalProblem::Ambiguous => {
            "amounts such as 12.500 could be twelve and a half or twelve thousand five hundred, and no number in \
             this file settles which"
        }
    };
    Err(Issue::data(Place::file(shown), what)
        .hint("say which in the contract's [[source]]: decimal = \"point\" or decimal = \"comma\""))
}

/// Every record that became no row, and every cell that was taken as missing, in the file's order.
fn rejects(parts: &[Part], footer: &[(u64, &str)], plan: &Plan, text: &Text<'_>) -> Vec<Reject> {
    let mut rejects: Vec<(u64, Option<usize>, String, String)> = Vec::new();
    rejects.extend(footer.iter().map(|(offset, reason)| (*offset, None, String::new(), (*reason).to_string())));
    for part in parts {
        rejects.extend(part.bad.iter().map(|Bad { offset, index, value, expected, taken }| {
            let value = text.cell(*offset, *index).unwrap_or_else(|| value.clone());
            let reason = if *taken { "taken as missing: not" } else { "not" };
            (*offset, Some(*index), value, format!("{reason} {expected}"))
        }));
        let reason = |at: usize| part.set_aside[at].0.clone();
        rejects.extend(part.asides.iter().map(|(offset, at)| (*offset, None, String::new(), reason(*at))));
    }
    rejects.sort_by_key(|(offset, index, ..)| (*offset, *index));
    let mut lines = records::Lines::of(text.all());
    rejects
        .into_iter()
        .map(|(offset, index, value, reason)| {
            let column = index.and_then(|i| plan.header.get(i)).cloned().unwrap_or_default();
            let line = Some(lines.at(offset));
            let place = Place { file: Some(text.shown.to_string()), line, column: index.map(|i| i as u64 + 1) };
            Reject { place, column, value, reason }
        })
        .collect()
}

/// What only the whole file tells: that its rows are days, and that its serial days are no other numbers.
fn sums_and_serials(parts: &[Part], plan: &Plan, facts: &mut FileFacts, text: &Text<'_>) -> Result<(), Vec<Issue>> {
    if let (Some((one, other)), Some(at)) = (plan.same, parts.iter().filter_map(|p| p.sum_at).min()) {
        let cell = |index| text.cell(at, index).unwrap_or_default();
        let what = format!("this row is a sum from {} to {}, which cannot be put in a month", cell(one), cell(other));
        let hint = "export the report again with one row a day (a breakdown by day)";
        return Err(vec![Issue::data(text.place(at, Some(other)), what).hint(hint)]);
    }
    let mut serials: BTreeMap<usize, u64> = BTreeMap::new();
    for (index, at) in parts.iter().flat_map(|p| &p.serials) {
        let first = serials.entry(*index).or_insert(*at);
        *first = (*first).min(*at);
    }
    for (index, first) in serials {
        let column = plan.header.get(index).map_or("", String::as_str);
        if parts.iter().any(|p| p.other_times[index]) {
            let value = text.cell(first, index).unwrap_or_default();
            let what = format!("`{value}` in column `{column}` looks like a spreadsheet's serial day, beside dates");
            let hint = "give the whole column one date format in the spreadsheet, and save it again";
            return Err(vec![Issue::data(text.place(first, Some(index)), what).hint(hint)]);
        }
        facts.notes.push(format!("column {column} holds a spreadsheet's serial days (45292 is 2024-01-01)"));
    }
    Ok(())
}

/// Holds the rows with unreadable cells against what is tolerated.
fn too_many_bad(
    parts: &[Part],
    plan: &Plan,
    facts: &mut FileFacts,
    context: &Context<'_>,
    text: &Text<'_>,
) -> Vec<Issue> {
    let bad: u64 = parts.iter().map(|p| p.bad_rows).sum();
    if bad == 0 {
        return Vec::new();
    }
    let read = facts.input.rows_read;
    if context.bad_rows.tolerates(bad, read) {
        facts.input.set_aside.push(("a cell could not be read".into(), bad));
        facts.input.set_aside.sort();
        // Where unreadable cells are taken as missing, most of their rows are used.
        for cell in parts.iter().flat_map(|p| &p.bad).filter(|_| context.bad_rows.on != OnBadRow::Null) {
            lines::remember(&mut facts.aside_at, "a cell could not be read", cell.offset);
        }
        return Vec::new();
    }
    let hint = match (context.bad_rows.on, context.bad_rows.limit) {
        (OnBadRow::Stop, _) => {
            format!("mend what cannot be read: {bad} of {read} rows, and --on-bad-row stop tolerates none")
        }
        (_, Limit::Rows(n)) => {
            format!(
                "mend what cannot be read: {bad} of {read} rows, and --max-bad-rows {n} tolerates no more than that"
            )
        }
        (_, Limit::Share(share)) => format!(
            "mend what cannot be read: {bad} of {read} rows, and only up to {} % are set aside without stopping the run",
            (share * 1e8).round() / 1e6
        ),
    };
    let mut cells: Vec<_> = parts.iter().flat_map(|p| &p.bad).collect();
    cells.sort_by_key(|b| (b.offset, b.index));
    let mut issues: Vec<Issue> = cells
        .iter()
        .take(Issues::SHOWN - 1)
        .map(|b| {
            let column = plan.header.get(b.index).map_or("", String::as_str);
            let value = text.cell(b.offset, b.index).unwrap_or_else(|| b.value.clone());
            let what = format!("`{}` in column `{column}` is not {}", shorten(&value), b.expected);
            Issue::data(text.place(b.offset, Some(b.index)), what).hint(&hint)
        })
        .collect();
    let rest = bad.saturating_sub(issues.len() as u64);
    if rest > 0 {
        issues.push(
            Issue::data(Place::file(&facts.input.path), format!("and at least {rest} more such cells")).hint(hint),
        );
    }
    issues
}

/// The text of one file, for what is said about single cells.
pub struct Text<'t> {
    shown: &'t str,
    body: &'t Body,
    /// All of it, read when it is first wanted.
    all: OnceCell<std::borrow::Cow<'t, [u8]>>,
    delimiter: u8,
}

impl Text<'_> {
    fn all(&self) -> &[u8] {
        self.all.get_or_init(|| self.body.all().unwrap_or_default())
    }

    /// The place of a record, or of one of its cells.
    pub fn place(&self, offset: u64, index: Option<usize>) -> Place {
        let line = records::line_at(self.all(), offset);
        Place { file: Some(self.shown.to_string()), line: Some(line), column: index.map(|i| i as u64 + 1) }
    }

    /// A cell as it is written.
    pub fn cell(&self, offset: u64, index: usize) -> Option<String> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(self.all().get(usize::try_from(offset).ok()?..)?);
        let record = reader.byte_records().next()?.ok()?;
        Some(String::from_utf8_lossy(record.get(index)?.trim_ascii()).into_owned())
    }
}

/// A cell on one line, cut where it is long.
pub fn shorten(value: &str) -> String {
    let flat: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if flat.chars().count() <= 60 { flat } else { flat.chars().take(57).chain("...".chars()).collect() }
}

fn settle_order(
    text: &Text<'_>,
    source: Option<&Source>,
    parts: &[Part],
    plan: &Plan,
    facts: &mut FileFacts,
) -> Result<Option<Order>, Issue> {
    let mut votes = OrderVotes::default();
    for part in parts {
        votes.merge(&part.order);
    }
    if let Some(said) = source.and_then(|s| s.date_order) {
        let order = match said {
            DateOrder::Dmy => Order::DayFirst,
            DateOrder::Mdy => Order::MonthFirst,
        };
        facts.date_order = Some(format!("{} (said in the contract)", order_words(order)));
        return Ok(Some(order));
    }
    let first = |test: fn(u8, u8) -> bool| parts.iter().filter_map(|p| p.first_order(plan, test)).min();
    let cell = |at: Option<(u64, usize)>| at.and_then(|(offset, index)| text.cell(offset, index)).unwrap_or_default();
    let place = |at: Option<(u64, usize)>| {
        at.map_or_else(|| Place::file(text.shown), |(offset, index)| text.place(offset, Some(index)))
    };
    match votes.settle() {
        Ok(None) => Ok(None),
        Ok(Some(order)) => {
            facts.date_order = Some(format!("{} (settled by this file's dates)", order_words(order)));
            Ok(Some(order))
        }
        Err(OrderProblem::Ambiguous) => {
            let at = first(|a, b| a != b);
            let what =
                format!("`{}` could be day-month or month-day, and no date in this file settles which", cell(at));
            Err(Issue::data(place(at), what)
                .hint("say which in the contract's [[source]]: date_order = \"dmy\" or date_order = \"mdy\""))
        }
        Err(OrderProblem::Contradiction) => {
            let (day, month) = (first(|a, _| a > 12), first(|_, b| b > 12));
            let line = place(month).line.unwrap_or(0);
            let what =
                format!("`{}` has the day first, and `{}` on line {line} has the month first", cell(day), cell(month));
            Err(Issue::data(place(day), what)
                .hint("mend the wrong one, or say which order holds in the contract's [[source]]: date_order = \"dmy\" or \"mdy\""))
        }
    }
}

fn order_words(order: Order) -> &'static str {
    match order {
        Order::DayFirst => "day-month-year",
        Order::MonthFirst => "month-day-year",
    }
}
