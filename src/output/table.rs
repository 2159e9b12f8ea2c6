//! Tables for the terminal: calm, and never wider than it.
//!
//! In: a checked report and a [`Style`]. Out: title, as-of line, tables, notes, and where the rows went. Words wrap,
//! numbers never do: where columns do not fit, the table goes on below with its first column repeated.

use comfy_table::{
    Attribute, Cell as Boxed, CellAlignment, ColumnConstraint, LineStyle, Row, Table as Grid, TableStyle, Width,
};

use super::bars::Glyphs;
use super::layout::{self, Page};
use super::{Style, bars, number};
use crate::report::chart::{Chart, Tile};
use crate::report::{Cell, Column, Report, Table};

/// One line below the header and nothing else.
const CALM: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));
/// Stands for a heading while the grid is laid out; control characters never come out of [`number::plain`].
const HEADING: &str = "\u{1}";
const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";

/// The report as text, each line at most `style.width` wide (and at least 20 are assumed).
pub fn render(report: &Report, style: &Style) -> String {
    let width = u16::try_from(style.width).unwrap_or(u16::MAX).max(20);
    let mut blocks = vec![format!("{}\n{}", wrap(&report.title, width), wrap(&super::provenance(report), width))];
    let pictures = |tiles: &[Tile], charts: &[Chart]| pictures(tiles, charts, usize::from(width), style.charts);
    blocks.extend(super::for_people(&report.tables).map(|table| block(table, width, style.color)));
    blocks.extend(pictures(&report.tiles, &report.charts));
    for section in &report.sections {
        let title = wrap(&section.title.to_uppercase(), width);
        let head =
            if section.finding.is_empty() { title } else { format!("{title}\n{}", wrap(&section.finding, width)) };
        blocks.push(head);
        blocks.extend(super::for_people(&section.tables).map(|table| block(table, width, style.color)));
        blocks.extend(pictures(&section.tiles, &section.charts));
        if !section.notes.is_empty() {
            blocks.push(notes(&section.notes, width));
        }
    }
    if !report.notes.is_empty() {
        blocks.push(notes(&report.notes, width));
    }
    if !report.inputs.is_empty() {
        blocks.push(wrap(&super::balance(&report.inputs), width));
    }
    blocks.join("\n\n") + "\n"
}

/// Sparklines of the figures at a glance, then the charts.
fn pictures(tiles: &[Tile], charts: &[Chart], width: usize, glyphs: Option<Glyphs>) -> Vec<String> {
    let Some(glyphs) = glyphs else { return Vec::new() };
    let trends = bars::trends(tiles, width, glyphs);
    let charts = charts.iter().filter(|chart| !chart.labels.is_empty());
    trends.into_iter().chain(charts.map(|chart| bars::render(chart, width, glyphs))).collect()
}

fn notes(notes: &[String], width: u16) -> String {
    notes.iter().map(|n| hang("Note: ", n, width)).collect::<Vec<_>>().join("\n")
}

fn block(table: &Table, width: u16, color: bool) -> String {
    let mut parts = Vec::new();
    if !table.title.is_empty() {
        parts.push(wrap(&table.title, width));
    }
    let pages = layout::plan(table, width);
    let grids: Vec<String> = pages.iter().map(|page| grid(table, page, width, color)).collect();
    if !grids.is_empty() {
        parts.push(grids.join("\n\n"));
    }
    if table.rows.is_empty() {
        parts.push("(no rows)".to_owned());
    }
    parts.join("\n")
}

/// Some columns of the table, with all of its rows.
fn grid(table: &Table, page: &Page, width: u16, color: bool) -> String {
    let mut grid = Grid::new();
    grid.load_style(CALM).force_no_tty();
    if color {
        grid.enforce_styling().style_text_only();
    }
    let columns: Vec<&Column> = page.columns.iter().map(|i| &table.columns[*i]).collect();
    grid.set_header(columns.iter().map(|c| boxed(number::plain(&c.title), c, Attribute::Bold)).collect::<Vec<_>>());
    let mut headings = Vec::new();
    for row in &table.rows {
        if super::is_heading(row) {
            headings.push(number::cell(&row[0]));
            grid.add_row(vec![HEADING]);
            continue;
        }
        let cells = page.columns.iter().zip(&columns).map(|(i, column)| match &row[*i] {
            missing @ Cell::Missing(_) => boxed(number::cell(missing), column, Attribute::Dim),
            cell => boxed(number::cell(cell), column, Attribute::Reset),
        });
        grid.add_row(Row::from(cells.collect::<Vec<_>>()));
    }
    for (i, column) in grid.column_iter_mut().enumerate() {
        let pad = if i + 1 < page.widths.len() { page.gap } else { 0 };
        column.set_padding((0, pad));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(page.widths[i].saturating_add(pad))));
    }
    let mut headings = headings.into_iter();
    let lines: Vec<String> = grid
        .lines()
        .map(|line| {
            let line = line.trim_end();
            match (line == HEADING).then(|| headings.next()).flatten() {
                Some(text) if color => {
                    let bold: Vec<String> = wrap(&text, width).lines().map(|l| format!("{BOLD}{l}{RESET}")).collect();
                    bold.join("\n")
                }
                Some(text) => wrap(&text, width),
                None => line.to_owned(),
            }
        })
        .collect();
    lines.join("\n")
}

fn boxed(text: String, column: &Column, attribute: Attribute) -> Boxed {
    let align = if column.right { CellAlignment::Right } else { CellAlignment::Left };
    let cell = Boxed::new_owned(text).set_alignment(align);
    if attribute == Attribute::Reset { cell } else { cell.add_attribute(attribute) }
}

/// Wraps a paragraph at its spaces.
fn wrap(text: &str, width: u16) -> String {
    let mut grid = Grid::new();
    grid.load_style(TableStyle::new()).force_no_tty().add_row(vec![number::plain(text)]);
    for column in grid.column_iter_mut() {
        column.set_padding((0, 0));
        let full = ColumnConstraint::Absolute(Width::Fixed(width));
        column.set_constraint(full);
    }
    grid.trim_fmt()
}

/// Wraps a paragraph behind a label and keeps its lines below each other.
fn hang(label: &str, text: &str, width: u16) -> String {
    let indent = u16::try_from(label.len()).unwrap_or(0);
    let wrapped = wrap(text, width.saturating_sub(indent));
    format!("{label}{}", wrapped.replace('\n', &format!("\n{}", " ".repeat(label.len()))))
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;
    use crate::report::{Audience, Unit};

    const PLAIN: Style = Style { width: 80, color: false, excel: false, charts: None };

    /// Terminal columns of a line of the sample: only these two characters are two wide.
    fn columns(line: &str) -> usize {
        line.chars().map(|c| if "東京".contains(c) { 2 } else { 1 }).sum()
    }

    #[test]
    fn golden_table() {
        let expected = "\
Scorecard
As of 2026-06-30 · USD · contract acme/onefunnel.toml 1a2b3c4d5e6f

One process, seen from both sides
Metric                                  First half    Change  Since       Agreed
────────────────────────────────────────────────────────────────────────────────
Money and people, as both teams report it
Combined budget ratio                        10.5%   +1.2 pp  2026-01-01  yes
Sales to marketing spend                   3.2 : 1         –  –           no
Marketing spend                          2,815,000    +12.3%  –           –
Spend per deal, won | lost, in the           12.50  -0.04 pp  2026-06-30  yes
reporting currency
Results
Leads of Zoë, 東京                           8,000         –  –           –
Creation cycle                              48.4 d      14 d  –           –
Average heads                                 12.5         –  –           –
Plain *number*                            0.001235         –  –           –

Note: Spend is missing for 2 of 6 months, so every ratio with spend in it is
      missing there and is not shown as 0.
Note: A | B

2 files, 20,183 rows read = 20,102 used + 81 set aside
";
        let text = render(&sample(), &PLAIN);
        assert_eq!(text, expected);
    }

    #[test]
    fn golden_color() {
        let mut report = sample();
        report.tables[0].rows.truncate(3);
        report.notes.clear();
        let text = render(&report, &Style { width: 80, color: true, excel: false, charts: None });
        let expected = "\
Scorecard
As of 2026-06-30 · USD · contract acme/onefunnel.toml 1a2b3c4d5e6f

One process, seen from both sides
<b>Metric</>                    <b>First half</>   <b>Change</>  <b>Since</>       <b>Agreed</>
─────────────────────────────────────────────────────────────────
<b>Money and people, as both teams report it</>
Combined budget ratio          10.5%  +1.2 pp  2026-01-01  yes
Sales to marketing spend     3.2 : 1        <d>–</>  <d>–</>           no

2 files, 20,183 rows read = 20,102 used + 81 set aside
"
        .replace("<b>", "\u{1b}[1m")
        .replace("<d>", "\u{1b}[2m")
        .replace("</>", "\u{1b}[0m");
        assert_eq!(text, expected);
    }

    #[test]
    fn no_line_is_too_wide_or_ends_in_a_space() {
        for width in [20, 30, 40, 50, 60, 79, 80, 81, 120, 1000] {
            let text = render(&sample(), &Style { width, color: false, excel: false, charts: None });
            for line in text.lines() {
                assert!(columns(line) <= width, "{width}: {line}");
                assert_eq!(line, line.trim_end());
            }
            for number in ["2,815,000", "3.2 : 1", "48.4 d", "-0.04 pp", "2026-06-30"] {
                assert!(text.contains(number), "{width}: {number} was broken\n{text}");
            }
        }
    }

    fn report_of(columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Report {
        let mut report = sample();
        report.notes.clear();
        report.tables = vec![Table { id: "t".into(), title: String::new(), audience: Audience::Both, columns, rows }];
        report
    }

    /// The lines between the as-of line and the summary.
    fn body(report: &Report, width: usize) -> String {
        let text = render(report, &Style { width, color: false, excel: false, charts: None });
        let (_, rest) = text.split_once("\n\n").unwrap();
        let (table, _) = rest.rsplit_once("\n\n").unwrap();
        table.to_owned()
    }

    fn wide(months: usize, amount: f64) -> Report {
        let mut columns = vec![Column::left("metric", "Metric")];
        let mut rows = vec![vec![Cell::text("Results of the year")], vec![Cell::text("Marketing sourced pipeline")]];
        for month in 1..=months {
            columns.push(Column::right(format!("m{month}"), format!("Month {month}")));
            rows[0].push(Cell::none());
            rows[1].push(Cell::Number(amount, Unit::Money));
        }
        report_of(columns, rows)
    }

    #[test]
    fn seven_columns_fit_by_wrapping_words() {
        let expected = "\
Metric            Month 1    Month 2    Month 3    Month 4    Month 5    Month 6
────────────────────────────────────────────────────────────────────────────────
Results of the year
Marketing       2,815,000  2,815,000  2,815,000  2,815,000  2,815,000  2,815,000
sourced
pipeline";
        let text = body(&wide(6, 2_815_000.0), 80);
        assert_eq!(text, expected);
    }

    #[test]
    fn columns_that_do_not_fit_go_on_below() {
        let text = body(&wide(12, -2_815_000.0), 80);
        let expected = "\
Metric            Month 1    Month 2    Month 3    Month 4    Month 5    Month 6
────────────────────────────────────────────────────────────────────────────────
Results of the year
Marketing      -2,815,000 -2,815,000 -2,815,000 -2,815,000 -2,815,000 -2,815,000
sourced
pipeline

Metric            Month 7    Month 8    Month 9   Month 10   Month 11   Month 12
────────────────────────────────────────────────────────────────────────────────
Results of the year
Marketing      -2,815,000 -2,815,000 -2,815,000 -2,815,000 -2,815,000 -2,815,000
sourced
pipeline";
        assert_eq!(text, expected);
    }

    #[test]
    fn odd_tables() {
        assert_eq!(body(&report_of(Vec::new(), Vec::new()), 80), "(no rows)");
        let one = vec![Column::left("only", "Only")];
        assert_eq!(body(&report_of(one.clone(), Vec::new()), 80), "Only\n────\n(no rows)");
        let rows = vec![vec![Cell::text("a")], vec![Cell::none()], vec![Cell::text("")]];
        assert_eq!(body(&report_of(one.clone(), rows), 80), "Only\n────\na\n–\n");
        let long = vec![vec![Cell::text("x".repeat(90))]];
        assert_eq!(
            body(&report_of(one, long), 80),
            format!("Only\n{}\n{}\n{}", "─".repeat(80), "x".repeat(80), "x".repeat(10))
        );
    }

    #[test]
    fn terminal_escapes_in_the_data_do_nothing() {
        let rows = vec![vec![Cell::text("\u{1b}[2Jx\u{1}")]];
        let text = body(&report_of(vec![Column::left("only", "Only")], rows), 80);
        assert_eq!(text, "Only\n──────\n [2Jx");
    }
}
