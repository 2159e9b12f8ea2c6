//! Charts as SVG: drawn by hand, without script, for eyes, screen readers and paper.
//!
//! In: a [`Chart`]. Out: one `<svg>` element whose colours are classes of [`CSS`], so that light, dark and paper each have
//! their own. It has a title and a description; its numbers stand in its data table, which whoever embeds it prints.

use std::fmt::Write as _;

use crate::output::number;
use crate::report::Unit;
use crate::report::chart::{Chart, Series, Shape};

/// The classes that [`draw`] uses. Eight hues that differ in lightness too, each at least 3:1 on its background.
pub const CSS: &str = "\
:root{--c1:#0b5cad;--c2:#c2540a;--c3:#0f7b5f;--c4:#8a2f83;--c5:#7a6a00;--c6:#3d7fb8;--c7:#b3243f;--c8:#5b6472;\
--grid:#d9dde3;--axis:#5b6472;--ink:#1b2430;--paper:#fff}
@media screen and (prefers-color-scheme:dark){:root{--c1:#6db3f2;--c2:#f29a54;--c3:#4cc6a2;--c4:#d58bd0;--c5:#d6c33f;\
--c6:#9cc9ee;--c7:#f2849a;--c8:#a8b2c1;--grid:#3a4452;--axis:#a8b2c1;--ink:#e8ecf2;--paper:#151a21}}
.chart{width:100%;height:auto;font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
.chart text{fill:var(--ink)}.chart .t{fill:var(--axis)}.chart .g{stroke:var(--grid);stroke-width:1}
.chart .a{stroke:var(--axis);stroke-width:1}.chart .v{font-size:11px;paint-order:stroke;stroke:var(--paper);stroke-width:2px}
.chart .l{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}
.chart .p{stroke-dasharray:5 4}.chart .d{stroke:var(--paper);stroke-width:1.5}.chart .b{opacity:.16}
.chart rect.p{fill-opacity:.35;stroke-width:1.5;stroke-dasharray:4 3}.chart .w{stroke:var(--ink);stroke-width:1.2}
.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}.f5{fill:var(--c5)}.f6{fill:var(--c6)}\
.f7{fill:var(--c7)}.f8{fill:var(--c8)}
.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}.s5{stroke:var(--c5)}\
.s6{stroke:var(--c6)}.s7{stroke:var(--c7)}.s8{stroke:var(--c8)}";

/// The colours of the series on white, in order, as `RRGGBB`: for formats that have no classes.
#[allow(clippy::unreadable_literal)] // RRGGBB
pub const COLORS: [u32; 8] = [0x0b5cad, 0xc2540a, 0x0f7b5f, 0x8a2f83, 0x7a6a00, 0x3d7fb8, 0xb3243f, 0x5b6472];

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 270.0;
/// About what a character of the labels takes.
const CHAR: f64 = 7.0;
const LEGEND_ROW: f64 = 20.0;
/// From one line of a label to the next, and how many there may be.
const LINE: f64 = 14.0;
const MOST_LINES: usize = 3;
/// How far names slant that fit in no other way, in radians.
const SLANT: f64 = 35.0 * std::f64::consts::PI / 180.0;
/// The most that the names before lying bars take.
const MOST_LABEL: f64 = 300.0;

/// The chart as one element; `prefix` makes its ids unique in the page.
pub fn draw(chart: &Chart, prefix: &str) -> String {
    let body = match chart.shape {
        Shape::Bars => lying(chart),
        _ => upright(chart),
    };
    let (title, description) = (format!("{prefix}-t"), format!("{prefix}-d"));
    format!(
        "<svg class=\"chart\" role=\"img\" aria-labelledby=\"{title} {description}\" viewBox=\"0 0 {WIDTH} {}\" \
         xmlns=\"http://www.w3.org/2000/svg\"><title id=\"{title}\">{}</title><desc id=\"{description}\">{}</desc>{}</svg>",
        n(body.height),
        escape(&chart.title),
        escape(&chart.description),
        body.marks
    )
}

struct Body {
    marks: String,
    height: f64,
}

/// Marks and where they end.
struct Pen {
    out: String,
}

/// A coordinate with one decimal, without trailing zeros.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_string)
}

/// Text as it stands between tags and in attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in number::plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // No XML file can hold the first two; the others are line ends.
            '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

impl Pen {
    fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let _ = write!(
            self.out,
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            n(from.0),
            n(from.1),
            n(to.0),
            n(to.1)
        );
    }

    fn text(&mut self, class: &str, anchor: &str, at: (f64, f64), text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let anchor = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
        let _ = write!(self.out, "<text{class}{anchor} x=\"{}\" y=\"{}\">{}</text>", n(at.0), n(at.1), escape(text));
    }

    /// Words that end at a point, coming up from below.
    fn slanting(&mut self, at: (f64, f64), text: &str) {
        let (x, y) = (n(at.0), n(at.1));
        let turn = n(-SLANT.to_degrees());
        let text = escape(text);
        let _ =
            write!(self.out, "<text text-anchor=\"end\" transform=\"translate({x} {y}) rotate({turn})\">{text}</text>");
    }

    /// A bar with the words that a pointer resting on it shows.
    fn bar(&mut self, hue: usize, provisional: bool, (x, y, width, height): (f64, f64, f64, f64), tip: &str) {
        let more = if provisional { format!(" p s{hue}") } else { String::new() };
        let _ = write!(
            self.out,
            "<rect class=\"f{hue}{more}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
            n(x),
            n(y),
            n(width.max(0.5)),
            n(height.max(0.5)),
            escape(tip)
        );
    }
}

/// Where values lie between the lowest and the highest tick.
struct Scale {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Scale {
    /// About four round steps that hold all values and 0: a chart whose axis does not begin at 0 exaggerates.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let span = if high > low { high - low } else { 1.0 };
        let raw = span / 4.0;
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|m| m * power >= raw * 0.999).unwrap_or(10.0) * power;
        let first = (low / step).floor();
        let last = ((high / step).ceil()).max(first + 1.0);
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= last + 0.5 && ticks.len() < 20 {
            ticks.push(at * step);
            at += 1.0;
        }
        Self { low: first * step, high: last * step, ticks }
    }

    /// The share of the way from low to high.
    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// A tick as short as it can be said: `1.5M`, `20%`, `30 d`.
fn tick(value: f64, unit: Unit) -> String {
    let short = |value: f64| {
        let trim = |v: f64| {
            let text = format!("{v:.2}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
        };
        match value.abs() {
            v if v >= 1e9 => format!("{}B", trim(value / 1e9)),
            v if v >= 1e6 => format!("{}M", trim(value / 1e6)),
            v if v >= 1e4 => format!("{}k", trim(value / 1e3)),
            v if v > 0.0 && v < 0.01 => format!("{value:.4}"),
            _ => trim(value),
        }
    };
    match unit {
        Unit::Share | Unit::Change | Unit::Points => format!("{}%", short(value * 100.0)),
        Unit::Days => format!("{} d", short(value)),
        Unit::Hours => format!("{} h", short(value)),
        _ => short(value),
    }
}

fn known(series: &Series, at: usize) -> Option<f64> {
    series.values.get(at).copied().flatten().filter(|v| v.is_finite())
}

fn band(series: &Series, at: usize) -> Option<(f64, f64)> {
    series.band.get(at).copied().flatten().filter(|(low, high)| low.is_finite() && high.is_finite())
}

fn young(series: &Series, at: usize) -> bool {
    series.provisional.get(at).copied().unwrap_or(false)
}

fn hue(at: usize) -> usize {
    at % COLORS.len() + 1
}

fn all_values(chart: &Chart) -> impl Iterator<Item = f64> {
    let points = chart.series.iter().flat_map(|s| (0..s.values.len()).filter_map(|at| known(s, at)));
    let bands = chart.series.iter().flat_map(|s| (0..s.band.len()).filter_map(|at| band(s, at)));
    points.chain(bands.flat_map(|(low, high)| [low, high]))
}

/// What a pointer shows: `2026-Q1, Won: 12.3% (10.1–15.0%), provisional`.
fn tip(chart: &Chart, series: &Series, at: usize) -> String {
    let people = |v| number::people(v, chart.unit);
    let mut text = format!("{}, {}: ", chart.labels[at], series.name);
    text.push_str(&known(series, at).map_or_else(|| number::MISSING.to_string(), people));
    if let Some((low, high)) = band(series, at) {
        let _ = write!(text, " ({} to {})", people(low), people(high));
    }
    if young(series, at) {
        text.push_str(", provisional");
    }
    text
}

/// The names of the series beside their colours, in as many rows as they need; gives the height.
fn legend(pen: &mut Pen, chart: &Chart, left: f64) -> f64 {
    let has_young = chart.series.iter().any(|s| s.provisional.contains(&true));
    if chart.series.len() < 2 && !has_young {
        return 0.0;
    }
    let (mut x, mut y) = (left, 12.0);
    let names = chart.series.iter().enumerate().map(|(at, s)| (Some(hue(at)), s.name.clone()));
    let names = names.chain(has_young.then(|| (None, "dashed: not over or too young to tell".to_string())));
    #[allow(clippy::cast_precision_loss)] // a few dozen characters
    for (hue, name) in names {
        let width = 22.0 + name.chars().count() as f64 * CHAR;
        if x + width > WIDTH && x > left {
            (x, y) = (left, y + LEGEND_ROW);
        }
        match hue {
            Some(hue) => {
                let _ = write!(
                    pen.out,
                    "<rect class=\"f{hue}\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\" rx=\"2\"/>",
                    n(x),
                    n(y - 10.0)
                );
            }
            None => pen.line("a p", (x, y - 4.0), (x + 13.0, y - 4.0)),
        }
        pen.text("", "start", (x + 17.0, y), &name);
        x += width + 14.0;
    }
    y + 14.0
}

/// Columns, stacked columns and lines.
#[allow(clippy::cast_precision_loss)] // counts of labels and series
fn upright(chart: &Chart) -> Body {
    let mut pen = Pen { out: String::new() };
    let sums = (0..chart.labels.len()).map(|at| chart.series.iter().filter_map(|s| known(s, at)).sum::<f64>());
    let scale = match chart.shape {
        Shape::Stacked => Scale::of(sums),
        _ => Scale::of(all_values(chart)),
    };
    let ticks: Vec<String> = scale.ticks.iter().map(|t| tick(*t, chart.unit)).collect();
    let left = ticks.iter().map(|t| t.chars().count()).max().unwrap_or(0) as f64 * CHAR + 12.0;
    let top = legend(&mut pen, chart, left) + 12.0;
    let (bottom, right) = (top + HEIGHT - 60.0, WIDTH - 8.0);
    let y = |value: f64| bottom - scale.share(value) * (bottom - top);
    for (value, text) in scale.ticks.iter().zip(&ticks) {
        pen.line(if *value == 0.0 { "a" } else { "g" }, (left, y(*value)), (right, y(*value)));
        pen.text("t", "end", (left - 6.0, y(*value) + 4.0), text);
    }
    let count = chart.labels.len().max(1) as f64;
    let slot = (right - left) / count;
    let middle = |at: usize| left + slot * (at as f64 + 0.5);
    match chart.shape {
        Shape::Lines => lines(&mut pen, chart, &middle, &y),
        Shape::Stacked => stacked(&mut pen, chart, slot, &middle, &y),
        _ => columns(&mut pen, chart, slot, &middle, &y),
    }
    let more = beneath(&mut pen, &chart.labels, slot, &middle, bottom + 18.0);
    pen.text("t", "middle", (f64::midpoint(left, right), bottom + more + 38.0), &chart.axis);
    Body { marks: pen.out, height: bottom + more + 48.0 }
}

/// Days, periods and ages: a reader knows what stands between two of them.
fn goes_on(label: &str) -> bool {
    let plain = |c: char| c.is_ascii_digit() || "-QWH".contains(c);
    let rest = label.trim_start_matches("FY");
    !rest.is_empty() && rest.chars().all(plain)
}

/// The labels beneath the columns: names all of them, in several lines or slanting where one has no room, periods as many
/// as have room. Gives what they take beyond one line.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few dozen
fn beneath(pen: &mut Pen, labels: &[String], slot: f64, middle: &dyn Fn(usize) -> f64, y: f64) -> f64 {
    let widest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0) as f64 * CHAR + 8.0;
    if widest <= slot || labels.iter().all(|label| goes_on(label)) {
        let every = ((widest / slot).ceil() as usize).max(1);
        for (at, label) in labels.iter().enumerate().filter(|(at, _)| at % every == 0) {
            pen.text("", "middle", (middle(at), y), label);
        }
        return 0.0;
    }
    let fits = ((slot - 6.0) / CHAR).max(1.0) as usize;
    let wrapped: Vec<Vec<String>> = labels.iter().map(|label| lines_of(label, fits)).collect();
    let whole =
        wrapped.iter().all(|lines| lines.len() <= MOST_LINES && lines.iter().all(|l| l.chars().count() <= fits));
    if whole {
        for (at, lines) in wrapped.iter().enumerate() {
            for (line, text) in lines.iter().enumerate() {
                pen.text("", "middle", (middle(at), y + LINE * line as f64), text);
            }
        }
        return LINE * (wrapped.iter().map(Vec::len).max().unwrap_or(1) - 1) as f64;
    }
    let mut deepest = 0.0_f64;
    for (at, label) in labels.iter().enumerate() {
        // One that slants must not leave the picture on its left.
        let text = shorten(label, (middle(at) / SLANT.cos()).min(MOST_LABEL));
        pen.slanting((middle(at) + 4.0, y - 4.0), &text);
        deepest = deepest.max(text.chars().count() as f64 * CHAR * SLANT.sin());
    }
    (deepest - LINE).max(0.0)
}

/// A label in lines of at most so many characters; a longer word has a line of its own.
fn lines_of(label: &str, fits: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in number::plain(label).split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= fits => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[allow(clippy::cast_precision_loss)]
fn columns(pen: &mut Pen, chart: &Chart, slot: f64, middle: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) {
    let group = (slot * 0.76).min(90.0 * chart.series.len() as f64);
    let width = group / chart.series.len().max(1) as f64;
    // Numbers over the columns where there is room for all of them.
    let longest = chart.series.iter().flat_map(|s| (0..chart.labels.len()).filter_map(|at| known(s, at)));
    let longest = longest.map(|value| tick(value, chart.unit).chars().count()).max().unwrap_or(0) as f64 * CHAR;
    let room = longest <= width.max(if chart.series.len() == 1 { slot } else { 0.0 });
    for at in 0..chart.labels.len() {
        for (which, series) in chart.series.iter().enumerate() {
            let x = middle(at) - group / 2.0 + width * which as f64;
            let Some(value) = known(series, at) else { continue };
            let (from, to) = (y(value.max(0.0)), y(value.min(0.0)));
            let gap = if chart.series.len() > 1 { 1.0 } else { 0.0 };
            let place = (x, from, width - gap, (to - from).max(0.5));
            pen.bar(hue(which), young(series, at), place, &tip(chart, series, at));
            if let Some((low, high)) = band(series, at) {
                pen.line("w", (x + width / 2.0, y(low)), (x + width / 2.0, y(high)));
            } else if room {
                let above = if value < 0.0 { to + 12.0 } else { from - 4.0 };
                pen.text("v", "middle", (x + width / 2.0, above), &tick(value, chart.unit));
            }
        }
    }
}

fn stacked(pen: &mut Pen, chart: &Chart, slot: f64, middle: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) {
    let width = (slot * 0.7).min(90.0);
    for at in 0..chart.labels.len() {
        let mut sum = 0.0;
        for (which, series) in chart.series.iter().enumerate() {
            let Some(value) = known(series, at).filter(|v| *v > 0.0) else { continue };
            let (from, to) = (y(sum + value), y(sum));
            pen.bar(
                hue(which),
                young(series, at),
                (middle(at) - width / 2.0, from, width, (to - from - 1.0).max(0.5)),
                &tip(chart, series, at),
            );
            sum += value;
        }
    }
}

fn lines(pen: &mut Pen, chart: &Chart, middle: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) {
    for (which, series) in chart.series.iter().enumerate() {
        for run in runs(chart.labels.len(), |at| band(series, at).is_some()) {
            let upper = run.clone().filter_map(|at| Some((middle(at), y(band(series, at)?.1))));
            let lower = run.rev().filter_map(|at| Some((middle(at), y(band(series, at)?.0))));
            let points: Vec<String> = upper.chain(lower).map(|(x, y)| format!("{},{}", n(x), n(y))).collect();
            let _ = write!(pen.out, "<polygon class=\"b f{}\" points=\"{}\"/>", hue(which), points.join(" "));
        }
    }
    for (which, series) in chart.series.iter().enumerate() {
        let h = hue(which);
        for run in runs(chart.labels.len(), |at| known(series, at).is_some()) {
            // A stretch that ends in a provisional value is dashed.
            let mut pieces: Vec<(bool, Vec<usize>)> = Vec::new();
            for at in run {
                match pieces.last_mut() {
                    None => pieces.push((young(series, at), vec![at])),
                    Some((dashed, points)) if points.len() == 1 || *dashed == young(series, at) => {
                        *dashed = young(series, at);
                        points.push(at);
                    }
                    Some((_, points)) => {
                        let from = points.last().copied().unwrap_or(at);
                        pieces.push((young(series, at), vec![from, at]));
                    }
                }
            }
            for (dashed, points) in pieces {
                let path: Vec<String> = points
                    .iter()
                    .filter_map(|at| Some(format!("{},{}", n(middle(*at)), n(y(known(series, *at)?)))))
                    .collect();
                let more = if dashed { " p" } else { "" };
                let _ = write!(pen.out, "<polyline class=\"l s{h}{more}\" points=\"{}\"/>", path.join(" "));
            }
        }
        for at in 0..chart.labels.len() {
            if let Some(value) = known(series, at) {
                let _ = write!(
                    pen.out,
                    "<circle class=\"d f{h}\" cx=\"{}\" cy=\"{}\" r=\"4\"><title>{}</title></circle>",
                    n(middle(at)),
                    n(y(value)),
                    escape(&tip(chart, series, at))
                );
            }
        }
    }
}

/// The stretches of indexes for which something holds.
fn runs(len: usize, holds: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for at in (0..len).filter(|at| holds(*at)) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Lying bars: one group per label, the words before it.
#[allow(clippy::cast_precision_loss)]
fn lying(chart: &Chart) -> Body {
    let mut pen = Pen { out: String::new() };
    let scale = Scale::of(all_values(chart));
    let longest = chart.labels.iter().map(|l| l.chars().count()).max().unwrap_or(0) as f64 * CHAR + 10.0;
    let left = longest.min(MOST_LABEL);
    let top = legend(&mut pen, chart, 0.0) + 4.0;
    let series = chart.series.len().max(1) as f64;
    // A number beside a bar must not touch the bars above and beneath.
    let thick = if chart.series.len() > 2 { 14.0 } else { 16.0 };
    let slot = thick * series + 10.0;
    let bottom = top + slot * chart.labels.len() as f64;
    // Room for the number after the longest bar.
    let texts = chart.series.iter().flat_map(|s| (0..s.values.len()).filter_map(|at| known(s, at)));
    let after = texts.map(|v| number::people(v, chart.unit).chars().count()).max().unwrap_or(0) as f64 * CHAR + 10.0;
    let right = WIDTH - after;
    let x = |value: f64| left + scale.share(value) * (right - left);
    for value in &scale.ticks {
        pen.line(if *value == 0.0 { "a" } else { "g" }, (x(*value), top), (x(*value), bottom));
        pen.text("t", "middle", (x(*value), bottom + 16.0), &tick(*value, chart.unit));
    }
    for (at, label) in chart.labels.iter().enumerate() {
        let y = top + slot * at as f64 + 5.0;
        let lines = name_lines(label, left, slot);
        let first = y + thick * series / 2.0 + 4.0 - LINE / 2.0 * (lines.len() - 1) as f64;
        for (line, text) in lines.iter().enumerate() {
            pen.text("", "end", (left - 6.0, first + (LINE - 1.0) * line as f64), text);
        }
        for (which, series) in chart.series.iter().enumerate() {
            let y = y + thick * which as f64;
            let Some(value) = known(series, at) else {
                pen.text("t v", "start", (x(0.0) + 4.0, y + thick - 3.0), number::MISSING);
                continue;
            };
            let (from, to) = (x(value.min(0.0)), x(value.max(0.0)));
            pen.bar(hue(which), young(series, at), (from, y, to - from, thick - 1.0), &tip(chart, series, at));
            let mut end = to;
            if let Some((low, high)) = band(series, at) {
                pen.line("w", (x(low), y + thick / 2.0), (x(high), y + thick / 2.0));
                end = end.max(x(high));
            }
            pen.text("v", "start", (end + 5.0, y + thick / 2.0 + 3.5), &number::people(value, chart.unit));
        }
    }
    Body { marks: pen.out, height: bottom + 24.0 }
}

/// A name before its bars: in two lines where they are high enough; what is cut even so is in the data table.
fn name_lines(label: &str, room: f64, slot: f64) -> Vec<String> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few dozen characters
    let fits = ((room - 8.0) / CHAR) as usize;
    if label.chars().count() <= fits || slot < 2.0 * LINE - 2.0 {
        return vec![shorten(label, room)];
    }
    let mut lines = lines_of(label, fits).into_iter();
    let first = lines.next().unwrap_or_default();
    let rest = lines.collect::<Vec<_>>().join(" ");
    [first, rest].iter().filter(|text| !text.is_empty()).map(|text| shorten(text, room)).collect()
}

/// A label that fits into the room before the bars; what is cut is in the data table.
fn shorten(label: &str, room: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few dozen characters
    let fits = ((room - 8.0) / CHAR) as usize;
    if label.chars().count() <= fits {
        return label.to_string();
    }
    label.chars().take(fits.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(shape: Shape, values: &[&[Option<f64>]]) -> Chart {
        Chart {
            id: "c".into(),
            title: "A <b> & \"c\"".into(),
            description: "Two teams".into(),
            shape,
            unit: Unit::Share,
            axis: "Quarter".into(),
            labels: (1..=values[0].len()).map(|q| format!("2026-Q{q}")).collect(),
            series: values
                .iter()
                .enumerate()
                .map(|(at, v)| Series::plain(format!("Series {at}"), v.to_vec()))
                .collect(),
        }
    }

    /// Every number of an attribute, in order.
    fn attributes(svg: &str, element: &str, name: &str) -> Vec<f64> {
        let (open, attribute) = (format!("<{element} "), format!(" {name}=\""));
        let elements = svg.split(&open).skip(1).map(|rest| rest.split('>').next().unwrap());
        elements.filter_map(|e| e.split(&attribute).nth(1).and_then(|v| v.split('"').next()?.parse().ok())).collect()
    }

    fn well_formed(svg: &str) {
        let mut reader = quick_xml::Reader::from_str(svg);
        reader.config_mut().check_end_names = true;
        let mut depth = 0;
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(_) => depth += 1,
                quick_xml::events::Event::End(_) => depth -= 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
    }

    const SHAPES: [Shape; 4] = [Shape::Columns, Shape::Stacked, Shape::Bars, Shape::Lines];

    #[test]
    fn every_shape_is_well_formed_and_says_what_it_is() {
        for shape in SHAPES {
            for values in [
                vec![&[Some(0.1), None, Some(0.3)][..], &[Some(0.2), Some(0.0), Some(0.9)][..]],
                vec![&[None][..]],
                vec![&[][..]],
                vec![&[Some(0.0)][..]],
            ] {
                let svg = draw(&chart(shape, &values), "x1");
                well_formed(&svg);
                assert!(svg.contains("<title id=\"x1-t\">A &lt;b&gt; &amp; &quot;c&quot;</title>"), "{svg}");
                assert!(svg.contains("<desc id=\"x1-d\">Two teams</desc>") && svg.contains("role=\"img\""));
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
                assert!(!svg.contains("style="), "styles in attributes need a laxer policy");
            }
        }
    }

    #[test]
    fn columns_are_as_high_as_their_values_and_begin_at_zero() {
        let svg = draw(&chart(Shape::Columns, &[&[Some(0.1), None, Some(0.4), Some(-0.2)]]), "x");
        let (heights, tops) = (attributes(&svg, "rect", "height"), attributes(&svg, "rect", "y"));
        assert_eq!(heights.len(), 3, "nothing is drawn where nothing is known");
        assert!((heights[1] / heights[0] - 4.0).abs() < 0.02 && (heights[2] / heights[0] - 2.0).abs() < 0.02);
        // The first two stand on the line from which the third hangs.
        assert!((tops[0] + heights[0] - tops[2]).abs() < 0.2 && (tops[1] + heights[1] - tops[2]).abs() < 0.2);
    }

    #[test]
    fn stacked_columns_stand_on_each_other() {
        let svg = draw(&chart(Shape::Stacked, &[&[Some(0.25)], &[Some(0.75)]]), "x");
        let rects: Vec<(f64, f64)> = attributes(&svg, "rect", "y")
            .into_iter()
            .zip(attributes(&svg, "rect", "height"))
            .filter(|(_, height)| *height != 12.0)
            .collect();
        let [(low, first), (high, second)] = rects[..] else { panic!("{rects:?}") };
        assert!(((second + 1.0) / (first + 1.0) - 3.0).abs() < 0.05, "{rects:?}");
        assert!((high + second + 1.0 - low).abs() < 0.2, "{rects:?}");
    }

    #[test]
    fn lines_have_gaps_bands_and_dashes() {
        let mut chart = chart(Shape::Lines, &[&[Some(0.1), Some(0.2), None, Some(0.3), Some(0.4), Some(0.5)]]);
        chart.series[0].provisional = vec![false, false, false, false, false, true];
        chart.series[0].band = vec![Some((0.0, 0.2)), Some((0.1, 0.3)), None, None, None, None];
        let svg = draw(&chart, "x");
        well_formed(&svg);
        assert_eq!(svg.matches("<polyline").count(), 3, "two before the gap, two after it, one to the young value");
        assert_eq!(svg.matches("class=\"l s1 p\"").count(), 1);
        assert_eq!(svg.matches("<polygon").count(), 1);
        assert_eq!(svg.matches("<circle").count(), 5);
        assert!(svg.contains("too young to tell"));
    }

    fn named(shape: Shape, labels: &[&str]) -> String {
        let mut chart = chart(shape, &[&vec![Some(0.5); labels.len()]]);
        chart.labels = labels.iter().map(ToString::to_string).collect();
        let svg = draw(&chart, "x");
        well_formed(&svg);
        svg
    }

    #[test]
    fn names_are_all_there_and_only_periods_are_thinned() {
        let stages = ["Lead", "Marketing qualified lead of the quarter", "Sales accepted", "Opportunity", "Proposal"];
        let svg = named(Shape::Columns, &stages);
        for word in stages.iter().flat_map(|s| s.split(' ')) {
            assert!(svg.contains(word), "{word} is not drawn: {svg}");
        }
        assert!(
            !svg.contains("rotate") && svg.contains(">Marketing<") || svg.contains(">Marketing qualified<"),
            "{svg}"
        );
        // Many long words slant, none is left out.
        let many: Vec<String> = (10..30).map(|n| format!("Verlängerungsgeschäft-{n}")).collect();
        let svg = named(Shape::Stacked, &many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(svg.matches("rotate(-35)").count(), many.len());
        let weeks: Vec<String> = (10..50).map(|n| format!("2026-W{n}")).collect();
        let svg = named(Shape::Lines, &weeks.iter().map(String::as_str).collect::<Vec<_>>());
        let drawn = weeks.iter().filter(|week| svg.contains(&format!(">{week}<"))).count();
        assert!((4..20).contains(&drawn), "{drawn}");
        assert!(goes_on("FY2026-Q1") && goes_on("2026-06-30") && goes_on("180") && !goes_on("Lead") && !goes_on(""));
    }

    #[test]
    fn a_name_before_a_bar_is_cut_only_where_there_is_no_room() {
        let svg = named(Shape::Bars, &["Definition: Revenue-qualified lead", "Short"]);
        assert!(svg.contains(">Definition: Revenue-qualified lead<"), "{svg}");
        let long = "Pipeline that marketing brought in, of all pipeline that was created";
        let svg = named(Shape::Bars, &[long, "Short"]);
        assert!(!svg.contains('…') && svg.contains(">Pipeline that marketing brought"), "{svg}");
    }

    #[test]
    fn numbers_beside_bars_stand_between_the_bars_above_and_beneath() {
        let values: Vec<Vec<Option<f64>>> = vec![vec![Some(0.2)], vec![Some(0.9)], vec![Some(0.1)], vec![Some(0.8)]];
        let values: Vec<&[Option<f64>]> = values.iter().map(Vec::as_slice).collect();
        let svg = draw(&chart(Shape::Bars, &values), "x");
        let bars: Vec<(f64, f64)> = attributes(&svg, "rect", "y")
            .into_iter()
            .zip(attributes(&svg, "rect", "height"))
            .filter(|(_, height)| *height != 12.0)
            .collect();
        let numbers = svg.split("<text class=\"v\"").skip(1);
        let baselines = numbers.filter_map(|t| t.split(" y=\"").nth(1)?.split('"').next()?.parse::<f64>().ok());
        for ((top, height), baseline) in bars.into_iter().zip(baselines) {
            // Digits of 11 px are about 8 high.
            assert!(baseline - 8.0 > top && baseline < top + height, "{top} {height} {baseline}");
        }
    }

    #[test]
    fn ticks_are_round_and_hold_everything() {
        let ticks = |values: &[f64]| Scale::of(values.iter().copied()).ticks;
        assert_eq!(ticks(&[0.0, 100.0]), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(ticks(&[7.0]), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(&[-3.0, 5.0]), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]);
        assert_eq!(ticks(&[]).len(), 2, "nothing at all still has an axis");
        for top in [0.000_3, 0.17, 1.0, 9.99, 1234.0, 8.7e9] {
            let ticks = ticks(&[top]);
            assert!(ticks.last().unwrap() >= &top && ticks.len() <= 7, "{top}: {ticks:?}");
        }
        assert_eq!(tick(1_500_000.0, Unit::Money), "1.5M");
        assert_eq!(tick(0.025, Unit::Share), "2.5%");
        assert_eq!(tick(30.0, Unit::Days), "30 d");
        assert_eq!(tick(20_000.0, Unit::Count), "20k");
    }
}
