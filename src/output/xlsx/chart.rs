//! Charts of a workbook: real ones, over the numbers that stand beside them.
//!
//! In: a chart of a report and where it goes. Out: its numbers on the sheet, a chart over them, and the next free row.
//! What is missing is an empty cell and a gap; a band is a pair of dotted lines or error bars; what is provisional is
//! dashed or hatched.

use anyhow::Result;
use rust_xlsxwriter::{
    Chart as Drawing, ChartAxis, ChartAxisCrossing, ChartAxisLabelPosition, ChartEmptyCells, ChartErrorBars,
    ChartErrorBarsType, ChartFormat, ChartLegendPosition, ChartLine, ChartLineDashType, ChartMarker, ChartMarkerType,
    ChartPatternFill, ChartPatternFillType, ChartPoint, ChartRange, ChartSolidFill, ChartType, Color, Worksheet,
};

use super::pen::{Face, Pen, clean, pattern};
use crate::output::svg::COLORS;
use crate::report::chart::{Chart, Series, Shape};
use crate::report::{Cell, Unit};

/// The column where the numbers begin, right of the picture.
const NUMBERS: u16 = 12;
/// Rows that a picture takes.
const HEIGHT: u32 = 18;

/// One column of numbers beside the picture.
struct Numbers {
    title: String,
    cells: Vec<Option<f64>>,
    role: Role,
}

/// What a column is drawn as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Values,
    /// Values that are provisional, of a line: dashed, beginning with the last one before them.
    Young,
    /// An end of the band of a line: dotted.
    Edge,
    /// The length of an error bar down and up from the values.
    Below,
    Above,
}

/// Writes the numbers and draws them; gives the next free row.
///
/// # Errors
/// What the writer says.
pub fn put(sheet: &mut Worksheet, name: &str, chart: &Chart, top: u32, pen: &mut Pen) -> Result<u32> {
    let header = top + 1;
    pen.text(sheet, top, NUMBERS, &chart.title, Face::bold())?;
    pen.text(sheet, header, NUMBERS, &chart.axis, Face::header())?;
    sheet.set_column_width(NUMBERS, 24)?;
    for (at, label) in (1..).zip(&chart.labels) {
        pen.text(sheet, header + at, NUMBERS, label, Face::default())?;
    }
    let mut next = NUMBERS + 1;
    let mut placed: Vec<Vec<(Role, u16)>> = Vec::new();
    for series in &chart.series {
        let mut of_series = Vec::new();
        for numbers in numbers(chart.shape, series) {
            pen.text(sheet, header, next, &numbers.title, Face::header().right())?;
            #[allow(clippy::cast_precision_loss)] // at most 40
            sheet.set_column_width(next, numbers.title.chars().count().clamp(12, 40) as f64 + 2.0)?;
            for (row, value) in (header + 1..).zip(numbers.cells) {
                if let Some(value) = value {
                    // The scale has one format for all: a change of a share is percent here.
                    let unit = if chart.unit == Unit::Points { Unit::Change } else { chart.unit };
                    pen.value(sheet, row, next, &Cell::Number(value, unit), Face::default())?;
                }
            }
            of_series.push((numbers.role, next));
            next += 1;
        }
        placed.push(of_series);
    }
    let n = u32::try_from(chart.labels.len())?;
    if n > 0 && !chart.series.is_empty() {
        let span = |column: u16| ChartRange::new_from_range(name, header + 1, column, header + n, column);
        let mut drawing = drawing(chart);
        // By reference: words that begin with `=` would be taken for one.
        drawing.title().set_name((name, top, NUMBERS)).set_overlay(false);
        labels(&mut drawing, chart.shape).set_name((name, header, NUMBERS));
        for ((at, series), columns) in chart.series.iter().enumerate().zip(&placed) {
            let color = Color::RGB(COLORS[at % COLORS.len()]);
            let column = |role: Role| columns.iter().find(|(r, _)| *r == role).map(|(_, column)| *column);
            for (role, at) in columns {
                if matches!(role, Role::Below | Role::Above) {
                    continue;
                }
                let one = drawing.add_series();
                one.set_categories(&span(NUMBERS)).set_values(&span(*at)).set_name((name, header, *at));
                one.set_format(&mut format(chart.shape, *role, color)).delete_from_legend(*role != Role::Values);
                if chart.shape == Shape::Lines {
                    one.set_marker(&marker(*role, color));
                    continue;
                }
                one.set_gap(60).set_overlap(if chart.shape == Shape::Stacked { 100 } else { 0 });
                one.set_points(&points(series, color));
                if let (Some(below), Some(above)) = (column(Role::Below), column(Role::Above)) {
                    let bars = ChartErrorBarsType::Custom(span(above), span(below));
                    one.set_y_error_bars(ChartErrorBars::new().set_type(bars));
                }
            }
        }
        sheet.insert_chart(top, 0, &drawing)?;
    }
    Ok(top + HEIGHT.max(n + 3))
}

/// The columns of one series.
fn numbers(shape: Shape, series: &Series) -> Vec<Numbers> {
    let named = |what: &str| format!("{}, {what}", series.name);
    let young = |at: usize| series.provisional.get(at) == Some(&true);
    let mut columns = Vec::new();
    if shape == Shape::Lines && series.provisional.contains(&true) {
        let settled = series.values.iter().enumerate().map(|(at, v)| v.filter(|_| !young(at)));
        // The dashed line begins where the solid one ends.
        let dashed = series.values.iter().enumerate().map(|(at, v)| v.filter(|_| young(at) || young(at + 1)));
        columns.push(Numbers { title: series.name.clone(), cells: settled.collect(), role: Role::Values });
        columns.push(Numbers { title: named("provisional from here"), cells: dashed.collect(), role: Role::Young });
    } else {
        columns.push(Numbers { title: series.name.clone(), cells: series.values.clone(), role: Role::Values });
    }
    if series.band.iter().any(Option::is_some) {
        let low = series.band.iter().map(|b| b.map(|(low, _)| low));
        let high = series.band.iter().map(|b| b.map(|(_, high)| high));
        if shape == Shape::Lines {
            columns.push(Numbers { title: named("low"), cells: low.collect(), role: Role::Edge });
            columns.push(Numbers { title: named("high"), cells: high.collect(), role: Role::Edge });
        } else {
            let below = series.values.iter().zip(low).map(|(value, low)| Some((*value)? - low?));
            columns.push(Numbers { title: named("down to low"), cells: below.collect(), role: Role::Below });
            let above = series.values.iter().zip(high).map(|(value, high)| Some(high? - (*value)?));
            columns.push(Numbers { title: named("up to high"), cells: above.collect(), role: Role::Above });
        }
    }
    columns
}

/// The axis of the labels; bars lie, and so do their axes.
fn labels(drawing: &mut Drawing, shape: Shape) -> &mut ChartAxis {
    if shape == Shape::Bars { drawing.y_axis() } else { drawing.x_axis() }
}

fn drawing(chart: &Chart) -> Drawing {
    let mut drawing = Drawing::new(match chart.shape {
        Shape::Columns => ChartType::Column,
        Shape::Stacked => ChartType::ColumnStacked,
        Shape::Bars => ChartType::Bar,
        Shape::Lines => ChartType::Line,
    });
    drawing.set_width(720).set_height(340).set_alt_text(clean(&chart.description));
    drawing.show_empty_cells_as(ChartEmptyCells::Gaps);
    let unit = match chart.unit {
        Unit::Share | Unit::Points | Unit::Change => "0%".to_owned(),
        other => pattern(2_000.0, other).1,
    };
    let scale = if chart.shape == Shape::Bars { drawing.x_axis() } else { drawing.y_axis() };
    let mut line = ChartLine::new();
    line.set_color(Color::RGB(0xd9_dd_e3)).set_width(0.75);
    scale.set_num_format(unit).set_major_gridlines(true).set_major_gridlines_line(&line);
    if chart.shape == Shape::Bars {
        // The first label on top, as it is read, and the scale at the bottom all the same.
        labels(&mut drawing, chart.shape).set_reverse().set_crossing(ChartAxisCrossing::Max).set_major_gridlines(false);
    }
    // Below a chart; the labels of lines that go below 0 stay at the bottom.
    labels(&mut drawing, chart.shape).set_label_position(ChartAxisLabelPosition::Low);
    if chart.series.len() > 1 {
        drawing.legend().set_position(ChartLegendPosition::Bottom);
    } else {
        drawing.legend().set_hidden();
    }
    drawing
}

fn format(shape: Shape, role: Role, color: Color) -> ChartFormat {
    let mut format = ChartFormat::new();
    if shape != Shape::Lines {
        format.set_solid_fill(ChartSolidFill::new().set_color(color));
        return format;
    }
    let mut line = ChartLine::new();
    line.set_color(color).set_width(2.25);
    match role {
        Role::Young => line.set_dash_type(ChartLineDashType::Dash),
        Role::Edge => line.set_width(1).set_dash_type(ChartLineDashType::RoundDot),
        Role::Values | Role::Below | Role::Above => &mut line,
    };
    format.set_line(&line);
    format
}

fn marker(role: Role, color: Color) -> ChartMarker {
    let mut marker = ChartMarker::new();
    if role == Role::Edge {
        marker.set_none();
        return marker;
    }
    let mut format = ChartFormat::new();
    format.set_solid_fill(ChartSolidFill::new().set_color(color)).set_border(ChartLine::new().set_color(color));
    marker.set_type(ChartMarkerType::Circle).set_size(5).set_format(&mut format);
    marker
}

/// Columns and bars that look different; none when nothing is provisional.
fn points(series: &Series, color: Color) -> Vec<ChartPoint> {
    if !series.provisional.contains(&true) {
        return Vec::new();
    }
    let mut fill = ChartPatternFill::new();
    fill.set_pattern(ChartPatternFillType::DiagonalStripesWideUpwards);
    fill.set_foreground_color(color).set_background_color(Color::White);
    let young = || {
        let mut format = ChartFormat::new();
        format.set_pattern_fill(&fill).set_border(ChartLine::new().set_color(color));
        ChartPoint::new().set_format(&mut format)
    };
    series.provisional.iter().map(|p| if *p { young() } else { ChartPoint::new() }).collect()
}
