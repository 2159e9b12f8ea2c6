//! A report as bytes: the one match on formats.
//!
//! In: a [`Report`], which knows unit, direction and *missing*. Out: bytes, the same for the same report. Formats for
//! people (table, md, html) take the tables laid out for reading; formats for machines (csv, tsv, json, jsonl, parquet)
//! the tidy ones; a workbook (xlsx) has both. [`Target`] puts the bytes into a file in one step, and [`Folder`] one file
//! per table into a folder.

mod bars;
mod csv;
mod folder;
mod html;
mod json;
mod junit;
mod layout;
mod md;
pub mod number;
mod parquet;
#[cfg(test)]
mod sample;
pub mod schema;
pub mod svg;
mod table;
mod target;
mod xlsx;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::issue::{Issue, Place};
use crate::report::chart::Chart;
use crate::report::{Audience, Cell, Input, Report, Table};

pub use bars::Glyphs;
pub use folder::{Folder, is_folder};
pub use json::SCHEMA_VERSION;
pub use target::Target;

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Format {
    /// Tables for the terminal
    Table,
    /// Comma-separated values, tidy
    Csv,
    /// Tab-separated values, tidy
    Tsv,
    /// One JSON document with provenance
    Json,
    /// One JSON object per row
    Jsonl,
    /// Markdown
    Md,
    /// One page that needs nothing else
    Html,
    /// A workbook for Excel and LibreOffice
    Xlsx,
    /// Apache Parquet: the first tidy table, or with a folder all of them
    Parquet,
    /// JUnit XML for schedulers, of `check` only
    Junit,
}

impl Format {
    /// The endings that say which format a file is, in the order in which messages list them.
    const EXTENSIONS: [(&'static str, Self); 13] = [
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
        ("json", Self::Json),
        ("jsonl", Self::Jsonl),
        ("ndjson", Self::Jsonl),
        ("md", Self::Md),
        ("markdown", Self::Md),
        ("txt", Self::Table),
        ("html", Self::Html),
        ("htm", Self::Html),
        ("xlsx", Self::Xlsx),
        ("parquet", Self::Parquet),
        ("xml", Self::Junit),
    ];

    /// The format that a file's ending stands for, whatever its case.
    #[must_use]
    pub fn from_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, format)| *format)
    }

    /// The name on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Md => "md",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
            Self::Junit => "junit",
        }
    }

    /// Whether a terminal could only show garbage.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Xlsx | Self::Parquet)
    }

    /// The ending a file of this format should have.
    fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Junit => "xml",
            other => other.id(),
        }
    }
}

/// How people's formats look; resolved by `main`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Columns of the terminal, or 80.
    pub width: usize,
    /// Whether bold and dim text is wanted.
    pub color: bool,
    /// Whether csv and tsv are to open right in Excel.
    pub excel: bool,
    /// Whether tables have their charts beneath, as bars and sparklines, and of what they are made.
    pub charts: Option<Glyphs>,
}

/// The format to write: the flag, else the file's ending, else the table.
///
/// A device (`/dev/…`) has no ending and gets the table; `.txt` may hold whatever the flag says.
///
/// # Errors
/// A usage issue when flag and ending contradict each other, or when neither says which format it is.
pub fn choose(flag: Option<Format>, output: Option<&Path>) -> Result<Format, Issue> {
    let Some(path) = output else {
        return Ok(flag.unwrap_or(Format::Table));
    };
    if folder::is_folder(path) {
        return folder::format(flag, path);
    }
    let shown = path.display();
    match (flag, Format::from_extension(path)) {
        (Some(flag), Some(ending)) if flag != ending && ending != Format::Table => {
            let what = format!("`--format {}` contradicts `--output {shown}`, which is {}", flag.id(), ending.id());
            let better = path.with_extension(flag.extension());
            let hint = format!("leave out `--format`, or write to {}", better.display());
            Err(Issue::usage(Place::default(), what).hint(hint))
        }
        (Some(flag), _) => Ok(flag),
        (None, Some(ending)) => Ok(ending),
        (None, None) if path.starts_with("/dev") && path.extension().is_none() => Ok(Format::Table),
        (None, None) => {
            let what = match path.extension().and_then(OsStr::to_str) {
                Some(extension) => format!("`--output {shown}`: the ending `.{extension}` is no known format"),
                None => format!("`--output {shown}`: there is no ending that says which format to write"),
            };
            let known: Vec<String> = Format::EXTENSIONS.iter().map(|(e, _)| format!(".{e}")).collect();
            let hint = format!("use one of {}, or say which with `--format`", known.join(" "));
            Err(Issue::usage(Place::default(), what).hint(hint))
        }
    }
}

/// Refuses flags that do not go together: a workbook for the terminal, `--excel` for what is no CSV.
///
/// # Errors
/// A usage issue.
pub fn fits(format: Format, excel: bool, to_terminal: bool) -> Result<(), Issue> {
    let id = format.id();
    if excel && !matches!(format, Format::Csv | Format::Tsv) {
        let what = format!("`--excel` is about csv and tsv, and the format is {id}");
        let hint = "add `-f csv`, or write a workbook with `-f xlsx`";
        return Err(Issue::usage(Place::default(), what).hint(hint));
    }
    if to_terminal && format.is_binary() {
        let what = format!("`--format {id}` is nothing for a terminal");
        let hint = format!("write it to a file: `-o FILE.{id}`");
        return Err(Issue::usage(Place::default(), what).hint(hint));
    }
    Ok(())
}

/// What a file cannot hold of a report, and how to get it; `None` when it holds everything.
#[must_use]
pub fn left_out(report: &Report, format: Format) -> Option<String> {
    let mut tables = for_machines(report).map(|t| t.id.as_str());
    let first = tables.next().filter(|_| format == Format::Parquet)?;
    let others = tables.count() as u64;
    (others > 0).then(|| {
        format!(
            "parquet holds one table per file: this is `{first}`, and {} left out; `-o FOLDER/` writes all of them",
            number::of(others, "other is", "others are")
        )
    })
}

/// Writes `report`. Nothing is written before all of it is known to be sound.
///
/// # Errors
/// A report that breaks its own rules (a bug: see [`Report`]), or an [`std::io::Error`] of `out`, which stays in the
/// chain so that the caller can tell a closed pipe.
pub fn write(report: &Report, format: Format, style: &Style, out: &mut dyn Write) -> Result<()> {
    let bytes = check(report, format)
        .and_then(|()| {
            Ok(match format {
                Format::Table => table::render(report, style).into_bytes(),
                Format::Csv => csv::render(report, b',', style.excel)?,
                Format::Tsv => csv::render(report, b'\t', style.excel)?,
                Format::Json => json::render(report)?,
                Format::Jsonl => json::render_lines(report)?,
                Format::Md => md::render(report).into_bytes(),
                Format::Html => html::render(report)?.into_bytes(),
                Format::Xlsx => xlsx::render(report)?,
                Format::Parquet => {
                    parquet::render(report, for_machines(report).next().context("there is no table for machines")?)?
                }
                Format::Junit => junit::render(report)?,
            })
        })
        .with_context(|| format!("report `{}` as {}", report.id, format.id()))?;
    out.write_all(&bytes)?;
    out.flush()?;
    Ok(())
}

/// What every report promises; a broken promise must not become a number that looks right.
fn check(report: &Report, format: Format) -> Result<()> {
    for input in &report.inputs {
        let (read, used, aside) = (input.rows_read, input.rows_used, set_aside(input));
        ensure!(read == used + aside, "{}: {read} rows read, but {used} used and {aside} set aside", input.path);
    }
    for (i, section) in report.sections.iter().enumerate() {
        let id = &section.id;
        ensure!(report.sections.iter().take(i).all(|s| s.id != *id), "there are two sections `{id}`");
    }
    for (i, chart) in charts(report).enumerate() {
        let id = &chart.id;
        ensure!(charts(report).take(i).all(|c| c.id != *id), "there are two charts `{id}`");
        for series in &chart.series {
            let (name, n) = (&series.name, chart.labels.len());
            let fits = |len: usize, may_be_empty: bool| len == n || (may_be_empty && len == 0);
            let whole = fits(series.values.len(), false)
                && fits(series.band.len(), true)
                && fits(series.provisional.len(), true);
            ensure!(whole, "chart `{id}`, series `{name}`: not as many values as the {n} labels");
            let ends = series.band.iter().flatten().flat_map(|(low, high)| [low, high]);
            let finite = series.values.iter().flatten().chain(ends).all(|v| v.is_finite());
            ensure!(finite, "chart `{id}`, series `{name}`: a number that is not finite");
        }
    }
    for (i, table) in tables(report).enumerate() {
        let id = &table.id;
        ensure!(tables(report).take(i).all(|t| t.id != *id), "there are two tables `{id}`");
        for (j, column) in table.columns.iter().enumerate() {
            let twice = table.columns.iter().take(j).any(|c| c.id == column.id);
            ensure!(!twice, "table `{id}` has two columns `{}`", column.id);
            let clash = column.id == "table" && table.audience != Audience::People;
            ensure!(!clash, "table `{id}`: the column id `table` is taken by jsonl");
        }
        for (j, row) in table.rows.iter().enumerate() {
            let (cells, columns) = (row.len(), table.columns.len());
            ensure!(cells == columns, "table `{id}`, row {}: {cells} cells for {columns} columns", j + 1);
            for (column, cell) in table.columns.iter().zip(row) {
                let fits = table.audience == Audience::People || column.kind.holds(cell);
                ensure!(fits, "table `{id}`, row {}, column `{}`: {cell:?} is no {:?}", j + 1, column.id, column.kind);
                if let Cell::Number(value, _) = cell
                    && !value.is_finite()
                {
                    bail!("table `{id}`, row {}, column `{}`: the number is {value}", j + 1, column.id);
                }
            }
        }
    }
    if is_data_only(format) {
        ensure!(for_machines(report).next().is_some(), "there is no table for machines");
    }
    Ok(())
}

/// All tables: the report's own, then those of its sections.
fn tables(report: &Report) -> impl Iterator<Item = &Table> {
    report.tables.iter().chain(report.sections.iter().flat_map(|s| &s.tables))
}

fn charts(report: &Report) -> impl Iterator<Item = &Chart> {
    report.charts.iter().chain(report.sections.iter().flat_map(|s| &s.charts))
}

fn for_people(tables: &[Table]) -> impl Iterator<Item = &Table> {
    tables.iter().filter(|t| matches!(t.audience, Audience::People | Audience::Both))
}

fn for_machines(report: &Report) -> impl Iterator<Item = &Table> {
    tables(report).filter(|t| matches!(t.audience, Audience::Machines | Audience::Both))
}

/// Whether only the first cell of a row holds something: a heading for people.
fn is_heading(row: &[Cell]) -> bool {
    let blank = |cell: &Cell| matches!(cell, Cell::Missing(why) if why.is_empty());
    match row {
        [first, rest @ ..] => !rest.is_empty() && !blank(first) && rest.iter().all(blank),
        [] => false,
    }
}

/// `As of 2026-06-30 · only where region = 'EMEA' · USD · contract acme/onefunnel.toml 1a2b3c4d5e6f`
fn provenance(report: &Report) -> String {
    let contract = format!("contract {} {}", report.contract, report.contract_hash);
    let as_of = report.as_of.map_or_else(String::new, |day| format!("As of {day}"));
    let mut parts = vec![as_of];
    parts.extend(report.asked.words());
    parts.extend([report.currency.clone(), contract.trim_end().to_owned()]);
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Whether a format has room for data only, so that the account of the rows goes to stderr.
pub fn is_data_only(format: Format) -> bool {
    matches!(format, Format::Csv | Format::Tsv | Format::Jsonl | Format::Parquet)
}

fn set_aside(input: &Input) -> u64 {
    input.set_aside.iter().map(|(_, rows)| rows).sum()
}

/// `12 files, 20,183 rows read = 20,102 used + 81 set aside`
pub fn balance(inputs: &[Input]) -> String {
    let total = |of: fn(&Input) -> u64| inputs.iter().map(of).sum::<u64>();
    let (files, read) = (inputs.len(), total(|i| i.rows_read));
    format!(
        "{} {}, {} {} read = {} used + {} set aside",
        number::whole(files as u64),
        if files == 1 { "file" } else { "files" },
        number::whole(read),
        if read == 1 { "row" } else { "rows" },
        number::whole(total(|i| i.rows_used)),
        number::whole(total(set_aside)),
    )
}

#[cfg(test)]
mod tests {
    use super::sample::sample;
    use super::*;
    use crate::report::Unit;

    const STYLE: Style = Style { width: 80, color: false, excel: false, charts: None };
    const ALL: [Format; 9] = [
        Format::Table,
        Format::Csv,
        Format::Tsv,
        Format::Json,
        Format::Jsonl,
        Format::Md,
        Format::Html,
        Format::Xlsx,
        Format::Parquet,
    ];

    #[test]
    fn the_format_is_flag_then_ending_then_table() {
        let chosen = |flag, path: Option<&str>| choose(flag, path.map(Path::new));
        assert_eq!(chosen(None, None), Ok(Format::Table));
        assert_eq!(chosen(Some(Format::Json), None), Ok(Format::Json));
        for (path, format) in [
            ("a.csv", Format::Csv),
            ("a.TSV", Format::Tsv),
            ("x.y/a.json", Format::Json),
            ("a.jsonl", Format::Jsonl),
            ("a.ndjson", Format::Jsonl),
            ("a.b.md", Format::Md),
            ("a.markdown", Format::Md),
            ("a.txt", Format::Table),
            ("a.html", Format::Html),
            ("a.HTM", Format::Html),
            ("a.xlsx", Format::Xlsx),
            ("a.parquet", Format::Parquet),
            ("a.xml", Format::Junit),
            ("/dev/null", Format::Table),
        ] {
            assert_eq!(chosen(None, Some(path)), Ok(format), "{path}");
        }
        assert_eq!(chosen(Some(Format::Csv), Some("a.csv")), Ok(Format::Csv));
        assert_eq!(chosen(Some(Format::Tsv), Some("a.txt")), Ok(Format::Tsv));
        assert_eq!(chosen(Some(Format::Md), Some("a.dat")), Ok(Format::Md));
    }

    #[test]
    fn contradictions_are_usage_errors() {
        let said = |flag, path: &str| choose(flag, Some(Path::new(path))).unwrap_err();
        let issue = said(Some(Format::Csv), "out/a.json");
        assert_eq!(issue.fault.code(), 2);
        assert_eq!(
            issue.to_string(),
            "error: `--format csv` contradicts `--output out/a.json`, which is json\n  \
             help: leave out `--format`, or write to out/a.csv"
        );
        assert_eq!(
            said(None, "a.xslx").to_string(),
            "error: `--output a.xslx`: the ending `.xslx` is no known format\n  \
             help: use one of .csv .tsv .json .jsonl .ndjson .md .markdown .txt .html .htm .xlsx .parquet .xml, \
             or say which with `--format`"
        );
        assert_eq!(said(None, "report").what, "`--output report`: there is no ending that says which format to write");
    }

    #[test]
    fn the_command_line_knows_the_ids() {
        use clap::ValueEnum;
        // Verdicts alone can be written for schedulers.
        assert_eq!(Format::value_variants(), [&ALL[..], &[Format::Junit]].concat());
        for format in Format::value_variants() {
            assert_eq!(format.to_possible_value().unwrap().get_name(), format.id());
        }
    }

    #[test]
    fn the_same_report_is_the_same_bytes_and_its_text_ends_in_one_line_feed() {
        for format in ALL {
            let once = || {
                let mut out = Vec::new();
                write(&sample(), format, &STYLE, &mut out).unwrap();
                out
            };
            assert_eq!(once(), once());
            let text = once().ends_with(b"\n") && !once().ends_with(b"\n\n");
            assert!(format.is_binary() || text, "{format:?}");
        }
    }

    #[test]
    fn a_broken_report_writes_nothing() {
        type Breaks = fn(&mut Report);
        let broken: [(&str, Breaks); 7] = [
            ("row 2, column `value`: the number is inf", |r| {
                r.tables[1].rows[1][1] = Cell::Number(f64::INFINITY, Unit::Share);
            }),
            ("row 1: 4 cells for 5 columns", |r| drop(r.tables[0].rows[0].pop())),
            ("two columns `metric`", |r| r.tables[1].columns[3].id = "metric".into()),
            ("two tables `people`", |r| r.tables[1].id = "people".into()),
            ("taken by jsonl", |r| r.tables[1].columns[0].id = "table".into()),
            ("20183 rows read, but 20101 used and 81 set aside", |r| r.inputs[0].rows_used -= 1),
            ("no table for machines", |r| drop(r.tables.pop())),
        ];
        for (expected, breaks) in broken {
            let mut report = sample();
            breaks(&mut report);
            let mut out = Vec::new();
            let error = format!("{:#}", write(&report, Format::Csv, &STYLE, &mut out).unwrap_err());
            assert!(error.starts_with("report `scorecard` as csv: ") && error.ends_with(expected), "{error}");
            assert_eq!(out, b"");
        }
    }

    #[test]
    fn a_closed_pipe_is_seen_in_the_chain() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        for format in ALL {
            let error = write(&sample(), format, &STYLE, &mut Closed).unwrap_err();
            let kind = error.chain().find_map(|e| e.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
            assert_eq!(kind, Some(std::io::ErrorKind::BrokenPipe), "{format:?}");
        }
    }
}
