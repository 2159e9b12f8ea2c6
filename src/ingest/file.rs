//! One file → typed columns and an account of its rows.
//!
//! In: a [`Found`] file. Out: a [`FileRead`], or every problem that stops it.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::cell::{Decimal, DecimalProblem, DecimalVotes, Order, OrderProblem, OrderVotes};
use super::decode;
use super::part::Part;
use super::plan::{self, Plan, position};
use super::preset::Preset;
use super::read;
use super::recognise::{self};
use super::records::{self, Trouble};
use super::{BadRows, FileFacts, Found, lines};
use crate::contract::{Contract, DateOrder, Source};
use crate::issue::{Issue, Issues, Place};
use crate::report::Input;
use crate::time::Zone;

/// What every file needs.
pub struct Context<'c> {
    pub contract: &'c Contract,
    pub home: &'c Zone,
    pub presets: &'c [Preset],
    pub exponent: u32,
    pub bad_rows: BadRows,
}

/// One file, read.
pub struct FileRead {
    pub facts: FileFacts,
    /// `None` for a file that is known and not needed, or that was only seen in a folder and not recognised.
    pub content: Option<Content>,
}

/// The rows of one file.
pub struct Content {
    pub plan: Plan,
    pub parts: Vec<Part>,
    /// Byte offset of the data in the text; the parts' offsets count from there.
    pub data_at: u64,
}

type Outcome = Result<FileRead, Vec<Issue>>;

/// Reads one file.
pub fn read(found: &Found<'_>, context: &Context<'_>) -> Outcome {
    let bytes = bytes(&found.path, &found.shown).map_err(|i| vec![i])?;
    let sha256 = Sha256::digest(&bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        use std::fmt::Write;
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let source = found.source;
    let decoded = match source.and_then(|s| s.encoding.as_ref()) {
        Some(label) => decode::decode_as(&bytes, &label.value),
        None => decode::decode(&bytes),
    };
    let decoded = decoded.map_err(|p| vec![Issue::data(Place::file(&found.shown), p.what()).hint(p.hint())])?;
    let text: &[u8] = &decoded.text;

    let wanted = |header: &[String]| match source {
        Some(s) if s.table.is_some() => s.columns.values().all(|rule| position(header, &rule.header.value).is_some()),
        _ => recognise::recognise(header, context.presets).is_ok(),
    };
    let shape = decode::shape(text, source.and_then(|s| s.delimiter), &wanted)
        .map_err(|p| vec![Issue::data(Place::file(&found.shown), p.what()).hint(p.hint())])?;

    let input = Input {
        path: found.shown.clone(),
        sha256,
        preset: None,
        table: None,
        rows_read: 0,
        rows_used: 0,
        set_aside: Vec::new(),
    };
    let mut facts = FileFacts {
        input,
        path: found.path.clone(),
        said_encoding: source.and_then(|s| s.encoding.as_ref()).map(|e| e.value.clone()),
        said_currency: source.and_then(|s| s.currency.as_ref()).map(|c| c.value.clone()),
        aside_at: lines::AsideAt::new(),
        system: String::new(),
        why: String::new(),
        evidence: None,
        mapped: Vec::new(),
        unmapped: Vec::new(),
        duplicates: Vec::new(),
        range: None,
        zone: context.home.name.clone(),
        encoding: decoded.encoding.to_string(),
        delimiter: delimiter_word(shape.delimiter),
        date_order: None,
        preamble: shape.preamble_lines,
        short_rows: 0,
        no_numbers: Vec::new(),
        notes: decoded.note.iter().cloned().collect(),
    };

    let chosen = plan::choose(found, context, &shape.header, shape.header_line);
    let (preset, mapping) = match chosen {
        Ok(chosen) => chosen,
        Err(miss) if !found.named => {
            let rows = count(&text[shape.data_at..], shape.delimiter);
            facts.why = miss.first().map(|i| i.what.clone()).unwrap_or_default();
            facts.input.rows_read = rows;
            facts.input.set_aside = if rows > 0 { vec![("file not recognised".into(), rows)] } else { Vec::new() };
            facts.unmapped = shape.header;
            return Ok(FileRead { facts, content: None });
        }
        Err(miss) => return Err(miss),
    };
    facts.why.clone_from(&preset.why);
    facts.system = match (preset.preset, source) {
        (Some(preset), _) => preset.system.clone(),
        (None, Some(source)) => format!("source {}", source.path.value),
        (None, None) => String::new(),
    };
    facts.evidence = preset.preset.map(|p| p.evidence.about());
    facts.input.preset = preset.preset.map(|p| p.id.clone());
    if let Some((why, help)) = preset.preset.and_then(|p| p.refused.as_ref()) {
        let what = format!("is {}, and cannot be used: {why}", preset.preset.map_or("", |p| p.title.as_str()));
        if found.named {
            return Err(vec![Issue::data(Place::file(&found.shown), what).hint(help)]);
        }
        let rows = count(&text[shape.data_at..], shape.delimiter);
        facts.input.rows_read = rows;
        facts.input.set_aside = if rows > 0 { vec![("refused".into(), rows)] } else { Vec::new() };
        facts.notes.push(format!("{what}; {help}"));
        facts.unmapped = shape.header;
        return Ok(FileRead { facts, content: None });
    }
    let Some(kind) = preset.kind else {
        let rows = count(&text[shape.data_at..], shape.delimiter);
        let reason = preset.preset.and_then(|p| p.not_needed.clone()).unwrap_or_else(|| "not needed".into());
        facts.input.rows_read = rows;
        facts.input.set_aside = if rows > 0 { vec![(format!("not needed: {reason}"), rows)] } else { Vec::new() };
        facts.unmapped = shape.header;
        return Ok(FileRead { facts, content: None });
    };
    facts.input.table = Some(kind.id().to_string());
    let decimal = source.and_then(|s| s.decimal);
    let mut plan = plan::plan(found, context, &preset, kind, mapping, &shape.header, shape.delimiter, &mut facts)?;
    plan.decimal = decimal.unwrap_or(Decimal::Point);

    let footer = decode::footer(text, shape.data_at, shape.delimiter, shape.header.len());
    let data = &text[shape.data_at..footer.data_end];
    let said =
        Text { shown: &found.shown, all: text, data: shape.data_at..footer.data_end, delimiter: shape.delimiter };
    let read_all =
        |plan: &Plan| {
            read::read(data, plan, rayon::current_num_threads()).map_err(|trouble| {
                let offset = if let Trouble::OpenQuote(at) = trouble { at } else { 0 };
                vec![Issue::data(said.place(offset, None), "a quote is opened in this record and never closed").hint(
                    "close the quote, or export the file again: the rest of it cannot be told apart from this cell",
                )]
            })
        };
    let mut parts = read_all(&plan)?;
    if decimal.is_none() {
        let mut votes = DecimalVotes::default();
        for part in &parts {
            votes.merge(&part.decimal);
        }
        match votes.settle() {
            Ok(Decimal::Comma) => {
                plan.decimal = Decimal::Comma;
                facts.notes.push("numbers have a decimal comma".into());
                parts = read_all(&plan)?;
            }
            Ok(Decimal::Point) => {}
            Err(problem) if problem == DecimalProblem::Contradiction || context.exponent < 3 => {
                let what = match problem {
                    DecimalProblem::Contradiction => "some numbers have a decimal point and some a decimal comma",
                    DecimalProblem::Ambiguous => {
                        "amounts such as 12.500 could be twelve and a half or twelve thousand five hundred, and no number in \
                         this file settles which"
                    }
                };
                return Err(vec![
                    Issue::data(Place::file(&found.shown), what)
                        .hint("say which in the contract's [[source]]: decimal = \"point\" or decimal = \"comma\""),
                ]);
            }
            Err(_) => {}
        }
    }
    sums_and_serials(&parts, &plan, &mut facts, &said)?;
    let order = settle_order(&said, source, &parts, &plan, &mut facts).map_err(|i| vec![i])?;

    facts.input.rows_read = parts.iter().map(|p| p.read).sum::<u64>() + footer.rows.len() as u64;
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
    for (_, reason) in &footer.rows {
        *aside.entry((*reason).to_string()).or_default() += 1;
    }
    facts.input.set_aside = aside.into_iter().collect();
    let data_at = shape.data_at as u64;
    for (reason, offset) in parts.iter().flat_map(|p| &p.aside_at).flat_map(|(r, at)| at.iter().map(move |o| (r, o))) {
        lines::remember(&mut facts.aside_at, reason, data_at + offset);
    }
    for part in &mut parts {
        part.settle(&plan, order);
    }
    let mut issues = too_many_bad(&parts, &plan, &mut facts, context, &said);
    if issues.is_empty() {
        issues = super::convert::convert(&mut parts, &plan, source, context.contract, &said);
    }
    if issues.is_empty() {
        Ok(FileRead { facts, content: Some(Content { plan, parts, data_at: shape.data_at as u64 }) })
    } else {
        Err(issues)
    }
}

/// What only the whole file tells: that its rows are days, and that its serial days are no other numbers.
fn sums_and_serials(parts: &[Part], plan: &Plan, facts: &mut FileFacts, text: &Text<'_>) -> Result<(), Vec<Issue>> {
    if let (Some((one, other)), Some(at)) = (plan.same, parts.iter().filter_map(|p| p.sum_at).min()) {
        let cell = |index| text.cell(at, index).unwrap_or_default();
        let what = format!("this row is a sum from {} to {}, which cannot be put in a month", cell(one), cell(other));
        let hint = "export the report again with one row a day (a breakdown by day)";
        return Err(vec![Issue::data(text.place(at, Some(other)), what).hint(hint)]);
    }
    let mut serials: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    for (index, (n, first)) in parts.iter().flat_map(|p| &p.serials) {
        serials.entry(*index).or_insert((0, *first)).0 += n;
    }
    for (index, (n, first)) in serials {
        let times: u64 = parts.iter().map(|p| p.times_in(plan, index)).sum();
        let column = plan.header.get(index).map_or("", String::as_str);
        if times > n {
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
    #[allow(clippy::cast_precision_loss)]
    let share = bad as f64 / read.max(1) as f64;
    if share <= context.bad_rows.tolerated {
        facts.input.set_aside.push(("a cell could not be read".into(), bad));
        for cell in parts.iter().flat_map(|p| &p.bad) {
            lines::remember(&mut facts.aside_at, "a cell could not be read", text.data.start as u64 + cell.offset);
        }
        facts.input.set_aside.sort();
        return Vec::new();
    }
    let hint = format!(
        "mend what cannot be read: {bad} of {read} rows, and only up to 0.1 % are set aside without stopping the run"
    );
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

/// The data of one file, for what is said about single cells.
pub struct Text<'t> {
    shown: &'t str,
    /// All of the file's text.
    all: &'t [u8],
    /// Where its data begins and ends; offsets of records count from the beginning.
    data: std::ops::Range<usize>,
    delimiter: u8,
}

impl Text<'_> {
    /// The place of a record, or of one of its cells.
    pub fn place(&self, offset: u64, index: Option<usize>) -> Place {
        let line = records::line_at(self.all, self.data.start as u64 + offset);
        Place { file: Some(self.shown.to_string()), line: Some(line), column: index.map(|i| i as u64 + 1) }
    }

    /// A cell as it is written.
    pub fn cell(&self, offset: u64, index: usize) -> Option<String> {
        let data = &self.all[self.data.clone()];
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(data.get(usize::try_from(offset).ok()?..)?);
        let record = reader.byte_records().next()?.ok()?;
        Some(String::from_utf8_lossy(record.get(index)?.trim_ascii()).into_owned())
    }
}

/// A cell on one line, cut where it is long.
pub fn shorten(value: &str) -> String {
    let flat: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if flat.chars().count() <= 60 { flat } else { flat.chars().take(57).chain("...".chars()).collect() }
}

fn bytes(path: &Path, shown: &str) -> Result<Vec<u8>, Issue> {
    if path.is_dir() {
        return Err(Issue::usage(Place::file(shown), "is a folder, not a file"));
    }
    std::fs::read(path).map_err(|error| {
        let place = Place::file(shown);
        match error.kind() {
            std::io::ErrorKind::NotFound => no_such_file(path, shown),
            std::io::ErrorKind::PermissionDenied => Issue::usage(place, "may not be read by this user")
                .hint("change its permissions, or run as a user who may read it"),
            _ => Issue::usage(place, format!("cannot be read: {error}")),
        }
    })
}

/// A file that is not there, and the one that was meant.
pub fn no_such_file(path: &Path, shown: &str) -> Issue {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    let wanted = path.file_name().and_then(|n| n.to_str()).unwrap_or(shown);
    let issue = Issue::usage(Place::file(shown), "no such file");
    match crate::issue::nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) if folder == Path::new(".") => issue.hint(format!("did you mean `{near}`?")),
        Some(near) => issue.hint(format!("did you mean `{}`?", folder.join(near).display())),
        None => issue.hint("give an export file, a folder with exports, or a contract (onefunnel.toml)"),
    }
}

fn delimiter_word(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "comma",
        b';' => "semicolon",
        b'\t' => "tab",
        b'|' => "bar",
        _ => "other",
    }
}

fn count(text: &[u8], delimiter: u8) -> u64 {
    let mut rows = 0;
    if records::plain(text, delimiter, |_, _| rows += 1).is_err() {
        rows = 0;
        // An open quote is no matter in a file that is not used.
        let _ = records::careful(text, delimiter, |_, _| rows += 1);
    }
    rows
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
