//! The figures at a glance.
//!
//! In: the tiles of a report. Out: a list of them, each with its trend as a small line, and one table with the numbers of
//! all trends beneath.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use askama::Template;

use super::clean;
use super::grid::Grid;
use crate::output::{number, svg};
use crate::report::chart::{Chart, Tile, known_as_row};
use crate::report::{Audience, Cell, Column, Table};

const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 36.0;
/// Room for the line and the last point.
const MARGIN: f64 = 4.0;

/// Tiles and the numbers of their trends.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"
{%- if !tiles.is_empty() %}
<ul class="tiles">
{%- for tile in tiles %}
<li><span class="name">{{ tile.title }}</span> <span class="period">{{ tile.period }}</span>
<strong{% if !tile.why.is_empty() %} title="{{ tile.why }}"{% endif %}>{{ tile.value }}{% if !tile.why.is_empty() %}<span class="vh"> {{ tile.why }}</span>{% endif %}</strong>
{%- if !tile.change.is_empty() %}
<span class="change {{ tile.class }}">{{ tile.sign }}{{ tile.change }}{% if !tile.class.is_empty() %} · {{ tile.class }}{% endif %}<span class="vh"> than in the period before</span></span>
{%- endif %}
{{ tile.trend|safe }}
{%- if !tile.moved.is_empty() %}
<span class="moved">{{ tile.moved }}</span>
{%- endif %}</li>
{%- endfor %}
</ul>
<p class="meta">Better or worse is said of conversions and counts only where the two periods differ beyond chance (95 %); of amounts, days and what is reckoned from them always.</p>
<details>
<summary>The numbers of these trends</summary>
{{- numbers|safe }}
</details>
{%- endif %}"##
)]
pub struct Tiles {
    tiles: Vec<Shown>,
    pub numbers: Grid,
}

struct Shown {
    title: String,
    period: String,
    value: String,
    why: String,
    change: String,
    /// `better`, `worse` or nothing.
    class: &'static str,
    sign: &'static str,
    trend: String,
    moved: String,
}

impl Tiles {
    /// `prefix` begins the ids of the trends.
    pub fn of(tiles: &[Tile], prefix: &str) -> Self {
        let shown = tiles.iter().enumerate().map(|(at, tile)| {
            let change = match &tile.change {
                Cell::Missing(_) => String::new(),
                known => clean(&number::cell(known)),
            };
            let up = matches!(tile.change, Cell::Number(value, _) if value > 0.0);
            let down = matches!(tile.change, Cell::Number(value, _) if value < 0.0);
            let class = match tile.better {
                Some(true) => "better",
                Some(false) => "worse",
                None => "",
            };
            Shown {
                title: clean(&tile.title),
                period: clean(&tile.period),
                value: clean(&number::cell(&tile.value)),
                why: match &tile.value {
                    Cell::Missing(why) => clean(why),
                    _ => String::new(),
                },
                change,
                class,
                sign: if up {
                    "▲ "
                } else if down {
                    "▼ "
                } else {
                    ""
                },
                trend: spark(&tile.trend, &format!("{prefix}{}", at + 1)),
                moved: clean(&tile.moved),
            }
        });
        Self { tiles: shown.collect(), numbers: Grid::plain(&numbers(tiles), prefix.to_owned(), 0) }
    }
}

/// One row per tile, one column per period of any.
fn numbers(tiles: &[Tile]) -> Table {
    // Names of periods of one kind sort as the periods do.
    let labels: BTreeSet<&String> = tiles.iter().flat_map(|tile| &tile.trend.labels).collect();
    let rows = tiles.iter().map(|tile| {
        let value = |label: &&String| {
            let at = tile.trend.labels.iter().position(|l| l == *label)?;
            tile.trend.series.first()?.values.get(at).copied().flatten()
        };
        let cells = labels.iter().map(|l| value(l).map_or_else(Cell::none, |v| Cell::Number(v, tile.trend.unit)));
        let mut row: Vec<Cell> = std::iter::once(Cell::text(&tile.title)).chain(cells).collect();
        known_as_row(&mut row);
        row
    });
    let columns = std::iter::once(Column::left("metric", "Metric"));
    let periods = labels.iter().enumerate().map(|(at, label)| Column::right(format!("p{at}"), label.as_str()));
    Table {
        id: "trends".into(),
        title: "Numbers of the trends".into(),
        audience: Audience::People,
        columns: columns.chain(periods).collect(),
        rows: rows.collect(),
    }
}

/// A line without axes; what is provisional is dashed, what is missing is a gap.
fn spark(chart: &Chart, id: &str) -> String {
    let Some(series) = chart.series.first() else { return String::new() };
    let known: Vec<(usize, f64)> = series.values.iter().enumerate().filter_map(|(at, v)| v.map(|v| (at, v))).collect();
    let Some((last, value)) = known.last().copied() else { return String::new() };
    let (low, high) = known.iter().fold((f64::MAX, f64::MIN), |(low, high), (_, v)| (low.min(*v), high.max(*v)));
    #[allow(clippy::cast_precision_loss)] // a few periods
    let point = |at: usize, value: f64| {
        let steps = series.values.len().saturating_sub(1).max(1) as f64;
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        let x = MARGIN + at as f64 / steps * (WIDTH - 2.0 * MARGIN);
        (x, HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN))
    };
    let mut marks = String::new();
    for pair in known.windows(2).filter(|pair| pair[0].0 + 1 == pair[1].0) {
        let (from, to) = (point(pair[0].0, pair[0].1), point(pair[1].0, pair[1].1));
        let dashed = if series.provisional.get(pair[1].0) == Some(&true) { " p" } else { "" };
        let _ = write!(
            marks,
            "<line class=\"l s1{dashed}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
    }
    let (x, y) = point(last, value);
    let label = |at: usize| chart.labels.get(at).map_or("", String::as_str);
    let first = known.first().copied().unwrap_or((last, value));
    let said = format!(
        "{}: from {} in {} to {} in {}",
        chart.title,
        number::people(first.1, chart.unit),
        label(first.0),
        number::people(value, chart.unit),
        label(last)
    );
    format!(
        "<svg class=\"chart spark\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         xmlns=\"http://www.w3.org/2000/svg\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>{marks}\
         <circle class=\"f1\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/></svg>",
        svg::escape(&clean(&said)),
        svg::escape(&clean(&chart.description))
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::pack;
    use super::*;

    #[test]
    fn the_periods_of_all_trends_stand_in_order() {
        let tile = |labels: &[&str]| {
            let mut tile = pack().sections[0].tiles[0].clone();
            tile.trend.labels = labels.iter().map(ToString::to_string).collect();
            tile.trend.series.truncate(1);
            tile.trend.series[0].values = vec![Some(0.5); labels.len()];
            tile
        };
        let mut empty = tile(&["2026-Q2"]);
        empty.trend.series[0].values = vec![None];
        let tiles =
            [tile(&["2025-Q3", "2025-Q4", "2026-Q2"]), tile(&["2025-Q1", "2025-Q2", "2025-Q3", "2026-Q1"]), empty];
        let table = numbers(&tiles);
        let heads: Vec<&str> = table.columns.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(heads, ["Metric", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]);
        assert!(table.rows.iter().all(|row| !crate::output::is_heading(row)), "{:?}", table.rows);
    }
}
