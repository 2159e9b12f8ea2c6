//! Charts as text: bars and sparklines for a terminal.
//!
//! In: a [`Chart`] and the width. Out: lines. Blocks of eighths where the terminal has UTF-8, plain ASCII where not.

use crate::output::number;
use crate::report::chart::{Chart, Series, Shape, Tile};

/// Which characters a terminal has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Glyphs {
    /// Blocks of eighths.
    Blocks,
    /// Letters and digits only.
    Plain,
}

/// Eighths of a block, lying.
const LYING: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Eighths of a block, upright.
const UPRIGHT: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same without blocks: how many eighths.
const DIGITS: [char; 8] = ['1', '2', '3', '4', '5', '6', '7', '8'];
/// The longest label before a bar.
const LABEL: usize = 26;

/// The chart as lines, its title first.
pub fn render(chart: &Chart, width: usize, glyphs: Glyphs) -> String {
    let mut lines = vec![number::plain(&chart.title)];
    match chart.shape {
        Shape::Bars | Shape::Columns => lines.extend(bars(chart, width, glyphs)),
        Shape::Lines | Shape::Stacked => lines.extend(sparks(chart, width, glyphs)),
    }
    if chart.series.iter().any(|s| s.provisional.contains(&true)) {
        lines.push("* not over, or too young to tell".into());
    }
    lines.join("\n")
}

/// The trends of figures at a glance, one line each; `None` where there is none.
pub fn trends(tiles: &[Tile], width: usize, glyphs: Glyphs) -> Option<String> {
    let name = tiles.iter().map(|t| t.title.chars().count()).max()?.min(LABEL + 14);
    let lines = tiles.iter().filter_map(|tile| {
        let spark = spark(&tile.trend.series.first()?.values, glyphs)?;
        let line = format!("{} {spark} {} {}", fit(&tile.title, name, glyphs), number::cell(&tile.value), tile.period);
        Some(line.chars().take(width).collect::<String>())
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| format!("Trends\n{}", lines.join("\n")))
}

/// Values as one line: each a block as high as the value is between 0 and the largest; a space where nothing is known.
/// `None` where no value is known or one is below 0, which a block cannot show.
pub fn spark(values: &[Option<f64>], glyphs: Glyphs) -> Option<String> {
    let high = values.iter().flatten().copied().reduce(f64::max)?;
    if values.iter().flatten().any(|v| *v < 0.0) {
        return None;
    }
    let steps = if glyphs == Glyphs::Blocks { UPRIGHT } else { DIGITS };
    let block = |value: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 7
        let eighth = if high > 0.0 { (value / high * 8.0).ceil().clamp(1.0, 8.0) as usize - 1 } else { 0 };
        steps[eighth]
    };
    Some(values.iter().map(|value| value.map_or(' ', block)).collect())
}

fn young(series: &Series, at: usize) -> &'static str {
    if series.provisional.get(at).copied().unwrap_or(false) { "*" } else { "" }
}

fn shown(chart: &Chart, series: &Series, at: usize) -> String {
    let value = series.values.get(at).copied().flatten();
    let text = value.map_or_else(|| number::MISSING.to_string(), |v| number::people(v, chart.unit));
    text + young(series, at)
}

fn fit(text: &str, width: usize, glyphs: Glyphs) -> String {
    let text = number::plain(text);
    if text.chars().count() <= width {
        return format!("{text:width$}");
    }
    let dots = if glyphs == Glyphs::Blocks { "…" } else { "." };
    text.chars().take(width.saturating_sub(1)).collect::<String>() + dots
}

/// One line per label and series: label, bar, number.
fn bars(chart: &Chart, width: usize, glyphs: Glyphs) -> Vec<String> {
    let several = chart.series.len() > 1;
    let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let label = longest(&mut chart.labels.iter().map(|l| l.chars().count())).min(LABEL);
    let name = if several { longest(&mut chart.series.iter().map(|s| s.name.chars().count())).min(LABEL) } else { 0 };
    let cells = |at: usize| chart.series.iter().map(move |s| shown(chart, s, at).chars().count());
    let number = longest(&mut (0..chart.labels.len()).flat_map(cells));
    let gaps = if several { 3 } else { 2 };
    let room = width.saturating_sub(label + name + number + gaps).max(8);
    let values = chart.series.iter().flat_map(|s| s.values.iter().flatten());
    let high = values.fold(0.0_f64, |high, v| high.max(v.abs()));
    let mut lines = Vec::new();
    for (at, text) in chart.labels.iter().enumerate() {
        for (which, series) in chart.series.iter().enumerate() {
            let text = if which == 0 { fit(text, label, glyphs) } else { " ".repeat(label) };
            let name = if several { format!(" {}", fit(&series.name, name, glyphs)) } else { String::new() };
            let bar = series.values.get(at).copied().flatten().map_or_else(String::new, |v| bar(v, high, room, glyphs));
            lines.push(format!("{text}{name} {bar} {}", shown(chart, series, at)));
        }
    }
    lines
}

/// A bar of `room` characters for the largest value; one below 0 is as long and made of minus signs.
fn bar(value: f64, high: f64, room: usize, glyphs: Glyphs) -> String {
    if high <= 0.0 {
        return String::new();
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a screen's width
    let eighths = (value.abs() / high * room as f64 * 8.0).round() as usize;
    if value < 0.0 {
        return "-".repeat(eighths.div_ceil(8));
    }
    match glyphs {
        Glyphs::Plain => "#".repeat((eighths + 4) / 8),
        Glyphs::Blocks => {
            let mut bar = "█".repeat(eighths / 8);
            if !eighths.is_multiple_of(8) {
                bar.push(LYING[eighths % 8 - 1]);
            }
            bar
        }
    }
}

/// One line per series: name, sparkline, and the numbers from first to last.
fn sparks(chart: &Chart, width: usize, glyphs: Glyphs) -> Vec<String> {
    let name = chart.series.iter().map(|s| s.name.chars().count()).max().unwrap_or(0).min(LABEL);
    let mut lines = Vec::new();
    let arrow = if glyphs == Glyphs::Blocks { "→" } else { "to" };
    for series in &chart.series {
        let Some(spark) = spark(&series.values, glyphs) else { continue };
        let known: Vec<usize> = (0..series.values.len()).filter(|at| series.values[*at].is_some()).collect();
        let Some((first, last)) = known.first().zip(known.last()) else { continue };
        let ends = format!("{} {arrow} {}", shown(chart, series, *first), shown(chart, series, *last));
        let line = format!("{} {spark} {ends}", fit(&series.name, name, glyphs));
        lines.push(line.chars().take(width).collect());
    }
    if let Some((first, last)) = chart.labels.first().zip(chart.labels.last()) {
        lines.push(format!("{} {first} {arrow} {last}", " ".repeat(name)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Unit;

    fn chart(shape: Shape) -> Chart {
        Chart {
            id: "c".into(),
            title: "Reached".into(),
            description: String::new(),
            shape,
            unit: Unit::Count,
            axis: "Stage".into(),
            labels: vec!["Lead".into(), "Won".into(), "A label that is far too long for this".into()],
            series: vec![Series::plain("All", vec![Some(40.0), Some(5.0), None])],
        }
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        assert_eq!(
            render(&chart(Shape::Bars), 39, Glyphs::Blocks),
            "Reached\n\
             Lead                       █████████ 40\n\
             Won                        █▏ 5\n\
             A label that is far too l…  –"
        );
        assert_eq!(
            render(&chart(Shape::Columns), 39, Glyphs::Plain).lines().nth(1),
            Some("Lead                       ######### 40")
        );
    }

    #[test]
    fn sparklines_go_from_the_first_known_to_the_last() {
        let mut lines = chart(Shape::Lines);
        lines.labels = ["Q1", "Q2", "Q3"].map(str::to_string).to_vec();
        lines.series[0].provisional = vec![false, true, false];
        assert_eq!(
            render(&lines, 80, Glyphs::Blocks),
            "Reached\nAll █▁  40 → 5*\n    Q1 → Q3\n* not over, or too young to tell"
        );
        assert_eq!(spark(&[Some(1.0), None, Some(8.0)], Glyphs::Plain).as_deref(), Some("1 8"));
        assert_eq!(spark(&[Some(0.0), Some(0.0)], Glyphs::Plain).as_deref(), Some("11"));
        assert_eq!(spark(&[None], Glyphs::Plain), None);
        assert_eq!(spark(&[Some(-1.0), Some(2.0)], Glyphs::Blocks), None);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for shape in [Shape::Bars, Shape::Columns, Shape::Lines, Shape::Stacked] {
            for width in [60, 80, 120] {
                for glyphs in [Glyphs::Blocks, Glyphs::Plain] {
                    let text = render(&chart(shape), width, glyphs);
                    assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
                    assert!(glyphs == Glyphs::Blocks || text.replace(number::MISSING, "").is_ascii(), "{text}");
                }
            }
        }
    }
}
