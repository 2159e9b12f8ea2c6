//! XLSX: any report as a workbook for Excel and LibreOffice.
//!
//! In: a checked report. Out: the bytes of a workbook: a summary, a sheet per section with its charts, one per table for
//! people, the definitions, and one per table for machines with the values as they are. Words are words whatever they
//! begin with, nothing is a formula, and the same report gives the same bytes: its dates are those of the as-of day.

mod chart;
mod pen;

use anyhow::{Context, Result, bail};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet};

use self::pen::{Face, Pen};
use super::number;
use crate::report::chart::{Chart, Tile};
use crate::report::{Audience, Cell, Column, Report, Section, Table};

/// Rows of a sheet.
const ROWS: usize = 1_048_576;
/// Columns of a sheet.
const COLUMNS: usize = 16_384;
/// Characters of the wide column of the summary.
const WIDE: usize = 100;
/// Above a table for people: its title, what it belongs to, and its header.
const HEAD: u32 = 3;

/// What stands on one sheet.
enum Content<'a> {
    Summary,
    Section(&'a Section),
    /// The report's own charts and tiles.
    Charts,
    People(&'a Table, Option<&'a Section>),
    Definitions,
    Data(&'a Table),
}

/// The report as a workbook.
///
/// # Errors
/// A table with more rows than a sheet holds.
pub fn render(report: &Report) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    book.set_properties(&properties(report)?);
    let sheets = plan(report);
    let mut pen = Pen::default();
    for (name, content) in &sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(name)?.set_landscape().set_print_fit_to_pages(1, 0);
        let written = match content {
            Content::Summary => summary(sheet, report, &sheets, &mut pen),
            Content::Section(section) => {
                let part = Part {
                    title: &section.title,
                    finding: &section.finding,
                    asked: report.asked.words().join(" · "),
                    tiles: &section.tiles,
                    charts: &section.charts,
                    notes: &section.notes,
                };
                charts(sheet, name, &part, &mut pen)
            }
            Content::Charts => {
                let part = Part {
                    title: &report.title,
                    finding: "",
                    asked: report.asked.words().join(" · "),
                    tiles: &report.tiles,
                    charts: &report.charts,
                    notes: &[],
                };
                charts(sheet, name, &part, &mut pen)
            }
            Content::People(table, section) => people(sheet, table, *section, report, &mut pen),
            Content::Definitions => definitions(sheet, report, &mut pen),
            Content::Data(table) => data(sheet, table, &mut pen),
        };
        written.with_context(|| format!("sheet `{name}`"))?;
    }
    // Only now is it known whether everything fitted into its cell.
    if pen.cut > 0
        && let Ok(sheet) = book.worksheet_from_name("Definitions")
    {
        let row = pen.definitions + 1;
        let note = format!(
            "{} longer than the 32,767 characters that a cell holds: the rest is cut off; csv, json and parquet have it.",
            number::of(pen.cut, "text is", "texts are")
        );
        pen.text(sheet, row, 0, &note, Face::default())?;
    }
    Ok(book.save_to_buffer()?)
}

/// Every sheet with its name, in order.
fn plan(report: &Report) -> Vec<(String, Content<'_>)> {
    let mut contents = vec![(String::from("Summary"), Content::Summary)];
    if !report.charts.is_empty() || !report.tiles.is_empty() {
        contents.push(("Charts".into(), Content::Charts));
    }
    contents.extend(report.tables.iter().filter(|t| shown(t)).map(|t| (words(&t.id), Content::People(t, None))));
    for section in &report.sections {
        let long = section.title.encode_utf16().count() > 31;
        let name = if long || section.title.is_empty() { words(&section.id) } else { section.title.clone() };
        contents.push((name, Content::Section(section)));
        let tables = section.tables.iter().filter(|t| shown(t));
        contents.extend(tables.map(|t| (words(&t.id), Content::People(t, Some(section)))));
    }
    contents.push(("Definitions".into(), Content::Definitions));
    contents.extend(super::for_machines(report).map(|t| (format!("data {}", t.id), Content::Data(t))));
    // The fixed names first, so that no table takes them.
    let mut taken = vec!["summary".to_owned(), "definitions".to_owned(), "history".to_owned()];
    let fixed = |content: &Content| matches!(content, Content::Summary | Content::Definitions);
    contents
        .into_iter()
        .map(|(name, content)| (if fixed(&content) { name } else { unique(&name, &mut taken) }, content))
        .collect()
}

fn shown(table: &Table) -> bool {
    table.audience != Audience::Machines && !table.columns.is_empty()
}

/// `funnel_by_stage` as `Funnel by stage`.
fn words(id: &str) -> String {
    let text = id.replace('_', " ");
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A name that Excel takes: at most 31 characters, none of `[]:*?/\`, no `'` at its ends, and unlike all others.
fn unique(name: &str, taken: &mut Vec<String>) -> String {
    let plain = number::plain(name).replace(['[', ']', ':', '*', '?', '/', '\\', '\u{fffe}', '\u{ffff}'], " ");
    let base = plain.trim().trim_matches('\'').trim();
    let base = if base.is_empty() { "Sheet" } else { base };
    let mut times = 1;
    loop {
        let suffix = if times == 1 { String::new() } else { format!(" ({times})") };
        let mut text = String::new();
        for c in base.chars() {
            if text.encode_utf16().count() + c.len_utf16() + suffix.len() > 31 {
                break;
            }
            text.push(c);
        }
        let text = format!("{}{suffix}", text.trim_end().trim_end_matches('\''));
        if !taken.contains(&text.to_lowercase()) {
            taken.push(text.to_lowercase());
            return text;
        }
        times += 1;
    }
}

fn properties(report: &Report) -> Result<DocProperties> {
    // A report that counts nothing has no day, and the clock's would differ from run to run.
    let day = report.as_of.unwrap_or(jiff::civil::date(2000, 1, 1));
    let day = excel_day(day).context("the as-of day is before 1900")?;
    let clean = |text: &str| pen::clean(text).into_owned();
    Ok(DocProperties::new()
        .set_title(clean(&report.title))
        .set_subject(clean(&super::provenance(report)))
        .set_company(clean(&report.company))
        .set_author("onefunnel")
        .set_creation_datetime(&day))
}

fn excel_day(day: jiff::civil::Date) -> Option<ExcelDateTime> {
    let part = |n: i8| u8::try_from(n).ok();
    ExcelDateTime::from_ymd(u16::try_from(day.year()).ok()?, part(day.month())?, part(day.day())?).ok()
}

fn summary(sheet: &mut Worksheet, report: &Report, sheets: &[(String, Content)], pen: &mut Pen) -> Result<()> {
    let findings: Vec<&Section> = report.sections.iter().filter(|s| !s.finding.is_empty()).collect();
    let names = sheets.iter().map(|(name, _)| name.as_str()).chain(findings.iter().map(|s| s.title.as_str()));
    let widest = names.map(|name| name.chars().count()).max().unwrap_or(0).clamp(30, 60);
    #[allow(clippy::cast_precision_loss)] // at most 60
    sheet.set_column_width(0, widest as f64 * 1.1 + 2.0)?.set_column_width(1, WIDE as f64)?;
    pen.text(sheet, 0, 0, &report.title, Face::title())?;
    let mut row = 2;
    let mut facts = vec![
        ("Company", Cell::text(&report.company)),
        ("As of", report.as_of.map_or_else(Cell::none, Cell::Date)),
        ("Currency", Cell::text(&report.currency)),
        ("Contract", Cell::text(&report.contract)),
        ("Hash of the contract", Cell::text(&report.contract_hash)),
        ("Made by", Cell::text(concat!("onefunnel ", env!("CARGO_PKG_VERSION")))),
        ("Inputs", if report.inputs.is_empty() { Cell::none() } else { Cell::text(super::balance(&report.inputs)) }),
    ];
    facts.splice(2..2, report.asked.facts().into_iter().map(|(what, value)| (what, Cell::text(value))));
    for (what, value) in facts.iter().filter(|(_, v)| !matches!(v, Cell::Missing(_)) && *v != Cell::text("")) {
        pen.text(sheet, row, 0, what, Face::dim())?;
        let long = matches!(value, Cell::Text(text) if text.chars().count() > WIDE);
        pen.value(sheet, row, 1, value, if long { Face::wrapped() } else { Face::left() })?;
        if let Cell::Text(text) = value {
            tall(sheet, row, &[(text, WIDE)])?;
        }
        row += 1;
    }
    if !findings.is_empty() {
        row += 1;
        pen.text(sheet, row, 0, "Section", Face::header())?;
        pen.text(sheet, row, 1, "What the numbers say", Face::header())?;
        for section in findings {
            row += 1;
            pen.text(sheet, row, 0, &section.title, Face::bold().wrap())?;
            pen.text(sheet, row, 1, &section.finding, Face::wrapped())?;
            // Bold words are wider.
            tall(sheet, row, &[(&section.title, widest * 9 / 10), (&section.finding, WIDE)])?;
        }
        row += 1;
    }
    row += 1;
    pen.text(sheet, row, 0, "Sheet", Face::header())?;
    pen.text(sheet, row, 1, "What is on it", Face::header())?;
    for (name, content) in sheets.iter().skip(1) {
        row += 1;
        pen::link(sheet, row, 0, name)?;
        let what = match content {
            Content::Summary => String::new(),
            Content::Section(section) => format!("{}: what it says, charts, notes", section.title),
            Content::Charts => "Charts, and the numbers they are made of".to_owned(),
            Content::People(table, Some(section)) => format!("{}: {}", section.title, table.title),
            Content::People(table, None) => table.title.clone(),
            Content::Definitions => "What a reader has to know; the input files and where their rows went".to_owned(),
            Content::Data(table) => {
                format!("{} of `{}`, for machines", number::of(table.rows.len() as u64, "row", "rows"), table.id)
            }
        };
        let what = what.trim_end_matches(": ");
        pen.text(sheet, row, 1, what, Face::wrapped())?;
        tall(sheet, row, &[(what, WIDE)])?;
    }
    Ok(())
}

/// Makes a row as high as its wrapped texts, each with the characters that its column holds: not every program does so
/// itself when it opens the file.
fn tall(sheet: &mut Worksheet, row: u32, texts: &[(&str, usize)]) -> Result<()> {
    let lines = texts.iter().map(|(text, wide)| lines(text, *wide)).max().unwrap_or(1);
    if lines > 1 {
        // The most that Excel takes is 409 points.
        sheet.set_row_height(row, f64::from(lines.min(27)) * 15.0)?;
    }
    Ok(())
}

/// Lines that a text takes in a column of so many characters.
fn lines(text: &str, wide: usize) -> u32 {
    let (mut lines, mut used) = (1, 0);
    for word in number::plain(text).split_whitespace().map(|word| word.chars().count()) {
        if used > 0 && used + 1 + word > wide {
            (lines, used) = (lines + 1, word);
        } else {
            used += word + usize::from(used > 0);
        }
    }
    lines
}

/// What a sheet with charts shows.
struct Part<'a> {
    title: &'a str,
    finding: &'a str,
    /// The part and the days that were asked for.
    asked: String,
    tiles: &'a [Tile],
    charts: &'a [Chart],
    notes: &'a [String],
}

fn charts(sheet: &mut Worksheet, name: &str, part: &Part, pen: &mut Pen) -> Result<()> {
    pen.text(sheet, 0, 0, part.title, Face::title())?;
    let mut row = 1;
    if !part.finding.is_empty() {
        pen.text(sheet, row, 0, part.finding, Face::bold())?;
        row += 1;
    }
    if !part.asked.is_empty() {
        pen.text(sheet, row, 0, &part.asked, Face::dim())?;
        row += 1;
    }
    row += 1;
    if !part.tiles.is_empty() {
        let heads = ["Metric", "Period", "Value", "Change", "What moved it"];
        for (at, head) in (0..).zip(heads) {
            let face = if at == 2 || at == 3 { Face::header().right() } else { Face::header() };
            pen.text(sheet, row, at, head, face)?;
        }
        sheet.set_column_width(0, 38)?.set_column_range_width(1, 3, 14)?;
        for tile in part.tiles {
            row += 1;
            pen.text(sheet, row, 0, &tile.title, Face::default())?;
            pen.text(sheet, row, 1, &tile.period, Face::default())?;
            pen.value(sheet, row, 2, &tile.value, Face::default())?;
            pen.value(sheet, row, 3, &tile.change, Face::default())?;
            pen.text(sheet, row, 4, &tile.moved, Face::dim())?;
        }
        row += 2;
    }
    for chart in part.charts {
        row = chart::put(sheet, name, chart, row, pen)?;
    }
    if !part.notes.is_empty() {
        pen.text(sheet, row, 0, "Notes", Face::header())?;
        for note in part.notes {
            row += 1;
            pen.text(sheet, row, 0, note, Face::default())?;
        }
    }
    Ok(())
}

fn people(
    sheet: &mut Worksheet,
    table: &Table,
    section: Option<&Section>,
    report: &Report,
    pen: &mut Pen,
) -> Result<()> {
    fits(table, HEAD)?;
    pen.text(sheet, 0, 0, if table.title.is_empty() { &report.title } else { &table.title }, Face::title())?;
    let above = match section {
        Some(section) => {
            let title = Some(section.title.clone());
            title.into_iter().chain(report.asked.words()).collect::<Vec<_>>().join(" · ")
        }
        None => super::provenance(report),
    };
    pen.text(sheet, 1, 0, &above, Face::dim())?;
    for (at, column) in (0_u16..).zip(&table.columns) {
        let face = if column.right { Face::header().right() } else { Face::header() };
        pen.text(sheet, HEAD - 1, at, &column.title, face)?;
        let cells =
            table.rows.iter().filter(|row| !super::is_heading(row)).map(|row| number::cell(&row[usize::from(at)]));
        let widest = cells.map(|c| c.chars().count()).chain([column.title.chars().count()]).max().unwrap_or(0);
        #[allow(clippy::cast_precision_loss)] // at most 60
        sheet.set_column_width(at, widest.clamp(6, 60) as f64 + 2.0)?;
    }
    for (row, cells) in (HEAD..).zip(&table.rows) {
        if super::is_heading(cells) {
            pen.value(sheet, row, 0, &cells[0], Face::bold())?;
            continue;
        }
        for ((at, column), cell) in (0..).zip(&table.columns).zip(cells) {
            let face = match cell {
                Cell::Text(text) if text.chars().count() > 60 => Face::wrapped(),
                _ if column.right => Face::default().right(),
                Cell::Number(..) | Cell::Date(_) => Face::left(),
                _ => Face::default(),
            };
            match cell {
                Cell::Text(text) if column.right => pen.number_in_words(sheet, row, at, text, face)?,
                _ => pen.value(sheet, row, at, cell, face)?,
            }
        }
    }
    if table.rows.is_empty() {
        pen.text(sheet, HEAD, 0, "(no rows)", Face::dim())?;
    }
    sheet.set_freeze_panes(HEAD, 1)?.set_repeat_rows(HEAD - 1, HEAD - 1)?;
    Ok(())
}

fn definitions(sheet: &mut Worksheet, report: &Report, pen: &mut Pen) -> Result<()> {
    let mut row = 0;
    pen.text(sheet, row, 0, "What a reader has to know", Face::title())?;
    row += 1;
    for note in &report.notes {
        pen.text(sheet, row, 0, note, Face::default())?;
        row += 1;
    }
    row += 1;
    if !report.inputs.is_empty() {
        pen.text(sheet, row, 0, "Input files, and where their rows went", Face::title())?;
        row += 1;
        let heads = [
            ("File", 44),
            ("Preset", 26),
            ("Table", 14),
            ("Read", 10),
            ("Used", 10),
            ("Set aside", 10),
            ("Why", 50),
            ("SHA-256", 68),
        ];
        for (at, (head, width)) in (0..).zip(heads) {
            let face = if (3..6).contains(&at) { Face::header().right() } else { Face::header() };
            pen.text(sheet, row, at, head, face)?;
            sheet.set_column_width(at, width)?;
        }
        for input in &report.inputs {
            row += 1;
            let some = |text: &Option<String>| text.as_deref().map_or_else(Cell::none, Cell::text);
            let why: Vec<String> =
                input.set_aside.iter().map(|(why, n)| format!("{why}: {}", number::whole(*n))).collect();
            let cells = [
                Cell::text(&input.path),
                some(&input.preset),
                some(&input.table),
                Cell::count(input.rows_read),
                Cell::count(input.rows_used),
                Cell::count(super::set_aside(input)),
                Cell::text(why.join("; ")),
                Cell::text(&input.sha256),
            ];
            for (at, cell) in (0..).zip(&cells) {
                pen.value(sheet, row, at, cell, Face::default())?;
            }
        }
        row += 2;
        pen.text(sheet, row, 0, &super::balance(&report.inputs), Face::default())?;
    }
    pen.definitions = row;
    Ok(())
}

/// A table for machines: ids for headers, values as they are, missing ones empty.
fn data(sheet: &mut Worksheet, table: &Table, pen: &mut Pen) -> Result<()> {
    fits(table, 1)?;
    for (at, column) in (0_u16..).zip(&table.columns) {
        pen.text(sheet, 0, at, &column.id, Face::header())?;
        sheet.set_column_width(at, column_width(column))?;
    }
    for (row, cells) in (1..).zip(&table.rows) {
        for (at, cell) in (0..).zip(cells) {
            pen.plain(sheet, row, at, cell)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    let last = u16::try_from(table.columns.len().saturating_sub(1))?;
    sheet.autofilter(0, 0, u32::try_from(table.rows.len())?, last)?;
    Ok(())
}

#[allow(clippy::cast_precision_loss)] // at most 40
fn column_width(column: &Column) -> f64 {
    column.id.chars().count().clamp(10, 40) as f64 + 3.0
}

fn fits(table: &Table, head: u32) -> Result<()> {
    let room = ROWS - head as usize;
    if table.rows.len() > room {
        bail!(
            "table `{}` has {} rows, and a sheet of a workbook holds {}: write it as csv or parquet, or narrow the report",
            table.id,
            number::whole(table.rows.len() as u64),
            number::whole(room as u64)
        );
    }
    if table.columns.len() > COLUMNS {
        bail!("table `{}` has {} columns, and a sheet of a workbook holds {COLUMNS}", table.id, table.columns.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::super::sample::{pack, sample};
    use super::*;

    fn parts(bytes: &[u8]) -> Vec<(String, String)> {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        (0..zip.len())
            .map(|at| {
                let mut file = zip.by_index(at).unwrap();
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                (file.name().unwrap().into_owned(), text)
            })
            .collect()
    }

    #[test]
    fn names_are_what_excel_takes() {
        let mut taken = vec!["summary".to_owned()];
        let mut name = |text: &str| unique(text, &mut taken);
        assert_eq!(name("a/b:c*[d]?\\"), "a b c  d");
        assert_eq!(name("Summary"), "Summary (2)");
        assert_eq!(name("summary"), "summary (3)");
        assert_eq!(name("''"), "Sheet");
        assert_eq!(name("😀".repeat(40).as_str()).encode_utf16().count(), 30);
        let long = "a".repeat(40);
        assert_eq!(name(&long), "a".repeat(31));
        assert_eq!(name(&long), format!("{} (2)", "a".repeat(27)));
        assert_eq!(words("funnel_by_stage"), "Funnel by stage");
    }

    #[test]
    fn every_sheet_has_its_place() {
        let report = pack();
        let names: Vec<String> = plan(&report).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "Summary",
                "Charts",
                "People",
                "First",
                "First people",
                "Second",
                "Empty",
                "Definitions",
                "data tidy",
                "data first_tidy",
                "data empty"
            ]
        );
    }

    #[test]
    fn nothing_is_a_formula_and_nothing_depends_on_the_clock() {
        let bytes = render(&pack()).unwrap();
        assert!(bytes == render(&pack()).unwrap());
        let mut charts = 0;
        for (name, text) in parts(&bytes) {
            let formula = name.starts_with("xl/worksheets/") && (text.contains("<f>") || text.contains("<f "));
            assert!(!formula, "{name}");
            assert!(!text.contains(['\u{fffe}', '\u{7}', '\u{0}']), "{name} is no XML");
            if name.starts_with("xl/charts/chart") {
                charts += 1;
                let references = text.split("<c:f>").skip(1).map(|t| t.split('<').next().unwrap());
                for reference in references {
                    let known = ["Charts!$", "First!$"].iter().any(|sheet| reference.starts_with(sheet));
                    assert!(known, "{name} refers to {reference}");
                }
            }
            if name == "docProps/core.xml" {
                assert_eq!(text.matches("2026-06-30T00:00:00Z").count(), 2, "{text}");
            }
        }
        assert_eq!(charts, 5, "one for each that has values");
    }

    #[test]
    fn people_see_what_they_see_everywhere() {
        use crate::report::Unit;
        for (value, unit, expected) in [
            (0.105, Unit::Share, (0.105, "#,##0.0%")),
            (0.0015, Unit::Share, (0.0015, "#,##0.00%")),
            (2_815_000.0, Unit::Money, (2_815_000.0, "#,##0")),
            (12.5, Unit::Money, (12.5, "#,##0.00")),
            (0.0, Unit::Money, (0.0, "#,##0")),
            (3.2, Unit::Times, (3.2, "#,##0.0\" : 1\"")),
            (0.012, Unit::Points, (1.2, "+0.0\" pp\";-0.0\" pp\";0.0\" pp\"")),
            (14.0, Unit::Days, (14.0, "#,##0\" d\"")),
            (0.001_234_56, Unit::Number, (0.001_234_56, "#,##0.000000")),
        ] {
            let (written, format) = pen::pattern(value, unit);
            assert!(
                (written - expected.0).abs() < 1e-12 && format == expected.1,
                "{value} {unit:?}: {written} {format}"
            );
        }
    }

    #[test]
    fn numbers_with_a_mark_are_numbers() {
        for (text, value, pattern) in [
            ("45.4%*", 0.454, "#,##0.0%\"*\""),
            ("45.4%", 0.454, "#,##0.0%"),
            ("-8.5 pp", -8.5, "#,##0.0\" pp\""),
            ("+8.5 pp*", 8.5, "+#,##0.0\" pp*\";-#,##0.0\" pp*\";#,##0.0\" pp*\""),
            ("1,234,567*", 1_234_567.0, "#,##0\"*\""),
            ("19", 19.0, "#,##0"),
            ("3.25 : 1*", 3.25, "#,##0.00\" : 1*\""),
            ("0.30", 0.3, "#,##0.00"),
        ] {
            let (written, format) = pen::shown_number(text).unwrap_or_else(|| panic!("{text} is no number"));
            assert!((written - value).abs() < 1e-12 && format == pattern, "{text}: {written} {format}");
        }
        for text in
            ["", "*", "–", "4.1–6.0%", "007", "1,23", "12,3456", "1.", "2026-Q2", "+", "-%", "a", "13 of 252", "٣"]
        {
            assert_eq!(pen::shown_number(text), None, "{text}");
        }
    }

    #[test]
    fn rows_of_the_summary_are_as_high_as_their_words() {
        assert_eq!([lines("", 10), lines("one two", 10), lines("one two three", 10)], [1, 1, 2]);
        let mut report = pack();
        report.sections[0].finding = "word ".repeat(50);
        let sheet =
            parts(&render(&report).unwrap()).into_iter().find(|(name, _)| name.ends_with("/sheet1.xml")).unwrap().1;
        assert!(sheet.contains("ht=\"45\" customHeight=\"1\""), "{sheet}");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let mut report = sample();
        let long = "é".repeat(40_000);
        report.tables[1].rows[0][0] = Cell::text(&long);
        let bytes = render(&report).unwrap();
        let strings = parts(&bytes).into_iter().find(|(name, _)| name == "xl/sharedStrings.xml").unwrap().1;
        assert!(strings.contains(&"é".repeat(32_767)) && !strings.contains(&"é".repeat(32_768)));
        assert!(strings.contains("1 text is longer than the 32,767 characters that a cell holds"));
        let mut report = sample();
        let row = report.tables[1].rows[0].clone();
        report.tables[1].rows = vec![row; ROWS];
        let error = format!("{:#}", render(&report).unwrap_err());
        assert!(
            error.contains("table `tidy` has 1,048,576 rows, and a sheet of a workbook holds 1,048,575"),
            "{error}"
        );
    }
}
