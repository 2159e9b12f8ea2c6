//! Charts of a workbook: real ones, over the numbers that stand beside them.
//!
//! In: a chart of a report and where it goes. Out: its numbers on the sheet, a chart over them, and the next free row.
//! What is missing is an empty cell and a gap; a band is a pair of dotted lines or error bars; what is provisional is
//! dashed or hatched.

use anyhow::Result;
use rust_xlsxwriter::{
    Chart as Drawing, ChartAxisCrossing, ChartEmptyCells, ChartErrorBars, ChartErrorBarsType, ChartFormat,
    ChartLegendPosition, ChartLine, ChartLineDashType, ChartMarker, ChartMarkerType, ChartPatternFill,
    ChartPatternFillType, ChartPoint, ChartRange, ChartSeries, ChartSolidFill, ChartType, Color, Worksheet,
};

use super::pen::{Face, Pen, clean, pattern};
use crate::output::svg::COLORS;
use crate::report::chart::{Chart, Series, Shape};
use crate::report::{Cell, Unit};

/// The column where the numbers begin, right of the picture.
const NUMBERS: u16 = 12;
/// Rows that a picture takes.
const HEIGHT: u32 = 18;

/// The columns of one series: its values, and where it has a band, two more.
struct Place {
    values: u16,
    band: Option<(u16, u16)>,
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
    let lines = chart.shape == Shape::Lines;
    let mut next = NUMBERS + 1;
    let mut places = Vec::new();
    for series in &chart.series {
        let values = next;
        let mut column = |title: &str, cells: Vec<Option<f64>>| -> Result<u16> {
            let at = next;
            next += 1;
            pen.text(sheet, header, at, title, Face::header().right())?;
            sheet.set_column_width(at, 14)?;
            for (row, value) in (header + 1..).zip(cells) {
                if let Some(value) = value {
                    // The axis knows no points: they are percent here.
                    let unit = if chart.unit == Unit::Points { Unit::Change } else { chart.unit };
                    pen.value(sheet, row, at, &Cell::Number(value, unit), Face::default())?;
                }
            }
            Ok(at)
        };
        column(&series.name, series.values.clone())?;
        let band = if series.band.iter().any(Option::is_some) {
            let ends = series.values.iter().zip(&series.band);
            let (low, high): (Vec<_>, Vec<_>) = ends
                .map(|(value, band)| match (value, band) {
                    (_, Some((low, high))) if lines => (Some(*low), Some(*high)),
                    (Some(value), Some((low, high))) => (Some(value - low), Some(high - value)),
                    _ => (None, None),
                })
                .unzip();
            let names = if lines { ["low", "high"] } else { ["down to low", "up to high"] };
            let low = column(&format!("{}, {}", series.name, names[0]), low)?;
            Some((low, column(&format!("{}, {}", series.name, names[1]), high)?))
        } else {
            None
        };
        places.push(Place { values, band });
    }
    let n = u32::try_from(chart.labels.len())?;
    if n > 0 && !chart.series.is_empty() {
        let span = |column: u16| ChartRange::new_from_range(name, header + 1, column, header + n, column);
        let mut drawing = drawing(chart);
        // By reference: words that begin with `=` would be taken for one.
        drawing.title().set_name((name, top, NUMBERS)).set_overlay(false);
        drawing.x_axis().set_name((name, header, NUMBERS));
        for ((at, series), place) in chart.series.iter().enumerate().zip(&places) {
            let color = Color::RGB(COLORS[at % COLORS.len()]);
            let mut one = ChartSeries::new();
            one.set_categories(&span(NUMBERS))
                .set_values(&span(place.values))
                .set_name((name, header, place.values))
                .set_format(&mut format(chart.shape, color))
                .set_points(&points(chart.shape, series, color));
            if lines {
                one.set_marker(marker(color).set_type(ChartMarkerType::Circle));
            } else {
                one.set_gap(60).set_overlap(if chart.shape == Shape::Stacked { 100 } else { 0 });
            }
            if let (Some((low, high)), false) = (place.band, lines) {
                let bars = ChartErrorBarsType::Custom(span(high), span(low));
                one.set_y_error_bars(ChartErrorBars::new().set_type(bars));
            }
            drawing.push_series(&one);
            if let (Some((low, high)), true) = (place.band, lines) {
                for edge in [low, high] {
                    let mut line = ChartLine::new();
                    line.set_color(color).set_width(1).set_dash_type(ChartLineDashType::RoundDot);
                    let mut one = ChartSeries::new();
                    one.set_categories(&span(NUMBERS))
                        .set_values(&span(edge))
                        .set_name((name, header, edge))
                        .set_format(ChartFormat::new().set_line(&line))
                        .set_marker(ChartMarker::new().set_none())
                        .delete_from_legend(true);
                    drawing.push_series(&one);
                }
            }
        }
        sheet.insert_chart(top, 0, &drawing)?;
    }
    Ok(top + HEIGHT.max(n + 3))
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
    drawing.y_axis().set_num_format(unit);
    if chart.shape == Shape::Bars {
        // The first label on top, as it is read, and the scale at the bottom all the same.
        drawing.x_axis().set_reverse().set_crossing(ChartAxisCrossing::Max);
    }
    if chart.series.len() > 1 {
        drawing.legend().set_position(ChartLegendPosition::Bottom);
    } else {
        drawing.legend().set_hidden();
    }
    drawing
}

fn format(shape: Shape, color: Color) -> ChartFormat {
    let mut format = ChartFormat::new();
    if shape == Shape::Lines {
        format.set_line(ChartLine::new().set_color(color).set_width(2.25));
    } else {
        format.set_solid_fill(ChartSolidFill::new().set_color(color));
    }
    format
}

fn marker(color: Color) -> ChartMarker {
    let mut marker = ChartMarker::new();
    marker.set_size(5).set_format(
        ChartFormat::new()
            .set_solid_fill(ChartSolidFill::new().set_color(color))
            .set_border(ChartLine::new().set_color(color)),
    );
    marker
}

/// The points that look different: none when nothing is provisional.
fn points(shape: Shape, series: &Series, color: Color) -> Vec<ChartPoint> {
    if !series.provisional.contains(&true) {
        return Vec::new();
    }
    let young = || {
        let mut format = ChartFormat::new();
        if shape == Shape::Lines {
            let mut line = ChartLine::new();
            line.set_color(color).set_width(2.25).set_dash_type(ChartLineDashType::Dash);
            format.set_line(&line);
        } else {
            let mut fill = ChartPatternFill::new();
            fill.set_pattern(ChartPatternFillType::DiagonalStripesWideUpwards);
            fill.set_foreground_color(color).set_background_color(Color::White);
            format.set_pattern_fill(&fill).set_border(ChartLine::new().set_color(color));
        }
        ChartPoint::new().set_format(&mut format)
    };
    series.provisional.iter().map(|p| if *p { young() } else { ChartPoint::new() }).collect()
}
