//! A table of the page, and how its rows are sorted.
//!
//! In: a table for people. Out: `<table>` with headers for rows, columns and groups. A table without groups can be
//! sorted: by buttons where the script runs, else by a list of its columns and rules of the style sheet, which move the
//! cells of a row by their rank. Both sort by the values themselves, missing ones last.

use std::cmp::Ordering;
use std::fmt::Write as _;

use askama::Template;

use super::clean;
use crate::output::{is_heading, number};
use crate::report::{Cell, Table, Unit};

/// More cells than this are sorted by the script alone: the rules would be longer than the table.
const RULES: usize = 600;

/// One table.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"
{%- if level == 2 %}
<h2>{{ title }}</h2>
{%- else if level == 3 %}
<h3>{{ title }}</h3>
{%- endif %}
{%- if bodies.is_empty() %}
<p>(no rows)</p>
{%- else %}
{%- if !ranks.is_empty() %}
<div class="by" id="{{ id }}">
{%- if by_rules %}
<p class="how"><label>Sort by <select><option value="">as listed</option>
{%- for head in heads %}<option value="{{ loop.index }}">{{ head.title }}</option>{% endfor -%}
</select></label> <label><input type="checkbox" /> the other way round</label></p>
{%- endif %}
{%- endif %}
<div class="sc" role="region" aria-label="{{ label }}" tabindex="0"><table{% if !right.is_empty() %} class="{{ right }}"{% endif %}>
<caption class="vh">{{ label }}</caption>
<thead><tr>
{%- for head in heads %}<th scope="col"{% if !head.order.is_empty() %} data-o="{{ head.order }}"{% endif %}>{{ head.title }}</th>{% endfor -%}
</tr></thead>
{%- for body in bodies %}
<tbody>
{%- if let Some(heading) = body.heading %}
<tr class="gh"><th scope="rowgroup" colspan="{{ heads.len() }}">{{ heading }}</th></tr>
{%- endif %}
{%- for row in body.rows %}
<tr{% if by_rules %} class="{{ marks[loop.index0] }}"{% endif %}>
{%- for cell in row -%}
{%- if loop.first && !cell.text.is_empty() -%}<th scope="row">{{ cell.text }}</th>
{%- else if cell.why.is_empty() -%}<td>{{ cell.text }}</td>
{%- else -%}<td title="{{ cell.why }}">{{ cell.text }}<span class="vh"> {{ cell.why }}</span></td>
{%- endif -%}
{%- endfor -%}
</tr>
{%- endfor %}
</tbody>
{%- endfor %}
</table></div>
{%- if !ranks.is_empty() %}
</div>
{%- endif %}
{%- endif %}"##
)]
pub struct Grid {
    id: String,
    title: String,
    /// What a screen reader calls it.
    label: String,
    /// Of its headline: 2, 3, or 0 for none.
    level: u8,
    heads: Vec<Head>,
    /// A class for each column of numbers.
    right: String,
    bodies: Vec<Body>,
    /// Of each column, the rank of each row; empty when it cannot be sorted.
    ranks: Vec<Vec<Option<usize>>>,
    /// Whether it is sorted without the script too.
    by_rules: bool,
    /// Then of each row its ranks, as classes: `A3 B1 C0`, by column, 0 where the value is missing.
    marks: Vec<String>,
}

struct Head {
    title: String,
    order: String,
}

struct Body {
    heading: Option<String>,
    rows: Vec<Vec<Shown>>,
}

struct Shown {
    text: String,
    /// Why it is missing.
    why: String,
}

impl Grid {
    /// A table in the order of its rows.
    pub fn plain(table: &Table, id: String, level: u8) -> Self {
        let right: Vec<String> =
            (1..).zip(&table.columns).filter(|(_, c)| c.right).map(|(at, _)| format!("r{at}")).collect();
        let mut bodies: Vec<Body> = Vec::new();
        for row in &table.rows {
            if is_heading(row) {
                bodies.push(Body { heading: Some(shown(&row[0]).text), rows: Vec::new() });
                continue;
            }
            if bodies.is_empty() {
                bodies.push(Body { heading: None, rows: Vec::new() });
            }
            if let Some(body) = bodies.last_mut() {
                body.rows.push(row.iter().map(shown).collect());
            }
        }
        let title = clean(&table.title);
        Self {
            label: if title.is_empty() { table.id.replace('_', " ") } else { title.clone() },
            level: if title.is_empty() { 0 } else { level },
            id,
            title,
            heads: table.columns.iter().map(|c| Head { title: header(&c.title), order: String::new() }).collect(),
            right: right.join(" "),
            bodies,
            ranks: Vec::new(),
            by_rules: false,
            marks: Vec::new(),
        }
    }

    /// A table that can be sorted when it is one list of rows.
    pub fn sortable(table: &Table, id: String, level: u8) -> Self {
        let mut grid = Self::plain(table, id, level);
        let headings = table.rows.iter().any(|row| is_heading(row));
        // A row that begins with nothing goes on from the one above it.
        let continued =
            grid.bodies.iter().flat_map(|b| &b.rows).any(|row| row.first().is_some_and(|c| c.text.is_empty()));
        if headings || continued || table.rows.len() < 3 || table.columns.len() < 2 {
            return grid;
        }
        grid.ranks = (0..table.columns.len()).map(|at| ranks(table, at)).collect();
        let few = table.columns.len() <= usize::from(LETTERS);
        grid.by_rules = few && table.rows.len() * table.columns.len() <= RULES;
        if grid.by_rules {
            let mark = |(at, ranks): (usize, &Vec<Option<usize>>), row: usize| {
                format!("{}{}", letter(at), ranks[row].unwrap_or(0))
            };
            let marks = (0..table.rows.len())
                .map(|row| grid.ranks.iter().enumerate().map(|of| mark(of, row)).collect::<Vec<_>>().join(" "));
            grid.marks = marks.collect();
        }
        for (head, ranks) in grid.heads.iter_mut().zip(&grid.ranks) {
            let order = ranks.iter().map(|r| r.map_or_else(|| "-".to_owned(), |rank| rank.to_string()));
            head.order = order.collect::<Vec<_>>().join(" ");
        }
        grid
    }

    /// Makes its name unlike those of the tables before it, as landmarks must be told apart.
    pub fn name(&mut self, section: &str, taken: &mut Vec<String>) {
        if taken.contains(&self.label) && !section.is_empty() {
            self.label = format!("{}: {}", clean(section), self.label);
        }
        let (label, mut times) = (self.label.clone(), 1);
        while taken.contains(&self.label) {
            times += 1;
            self.label = format!("{label} ({times})");
        }
        taken.push(self.label.clone());
    }

    /// The rule of its own that it needs to be sorted without the script, and the highest rank of each column.
    pub fn orders(&self) -> (String, Vec<usize>) {
        if !self.by_rules {
            return (String::new(), Vec::new());
        }
        let own = format!("#{} table{{grid-template-columns:repeat({},auto)}}\n", self.id, self.heads.len());
        (own, self.ranks.iter().map(|ranks| ranks.iter().flatten().copied().max().unwrap_or(0)).collect())
    }
}

/// The rules that all tables of a page have in common, for columns with ranks up to these.
pub fn rules(highest: &[usize]) -> String {
    let mut out = String::new();
    for (at, highest) in highest.iter().enumerate() {
        let letter = letter(at);
        let _ = write!(out, ".by:has(option[value=\"{}\"]:checked){{.{letter}0{{--m:9999}}", at + 1);
        for rank in 1..=*highest {
            let _ = write!(out, ".{letter}{rank}{{--o:{rank}}}");
        }
        out.push_str("}\n");
    }
    out
}

/// Columns that have a letter.
const LETTERS: u8 = 26;

/// The letter of a column.
fn letter(column: usize) -> char {
    char::from(b'A' + u8::try_from(column).unwrap_or(0).min(LETTERS - 1))
}

fn shown(cell: &Cell) -> Shown {
    let why = match cell {
        Cell::Missing(why) => clean(why),
        _ => String::new(),
    };
    Shown { text: clean(&number::cell(cell)), why }
}

/// A header must say something, as a reader who does not see the table hears nothing else.
fn header(title: &str) -> String {
    let title = clean(title);
    if title.trim().is_empty() { number::MISSING.to_owned() } else { title }
}

/// The place of each row by the values of one column, equal ones sharing theirs; `None` where the value is missing.
fn ranks(table: &Table, column: usize) -> Vec<Option<usize>> {
    let cells: Vec<&Cell> = table.rows.iter().map(|row| &row[column]).collect();
    let mut rows: Vec<usize> = (0..cells.len()).filter(|row| !matches!(cells[*row], Cell::Missing(_))).collect();
    rows.sort_by(|a, b| order(cells[*a], cells[*b]));
    let mut ranks = vec![None; cells.len()];
    let mut rank = 0;
    for (at, row) in rows.iter().enumerate() {
        if at == 0 || order(cells[rows[at - 1]], cells[*row]) != Ordering::Equal {
            rank += 1;
        }
        ranks[*row] = Some(rank);
    }
    ranks
}

fn order(a: &Cell, b: &Cell) -> Ordering {
    let kind = |cell: &Cell| match cell {
        Cell::Number(..) => 0,
        Cell::Text(text) if leading(text).is_some() => 0,
        Cell::Date(_) => 1,
        Cell::Flag(_) => 2,
        Cell::Text(_) => 3,
        Cell::Missing(_) => 4,
    };
    let words = |cell: &Cell| match cell {
        Cell::Text(text) => text.to_lowercase(),
        _ => String::new(),
    };
    let numbers = match (seen(a), seen(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => Ordering::Equal,
    };
    let same_kind = match (a, b) {
        (Cell::Date(a), Cell::Date(b)) => a.cmp(b),
        (Cell::Flag(a), Cell::Flag(b)) => a.cmp(b),
        _ => Ordering::Equal,
    };
    kind(a).cmp(&kind(b)).then(numbers).then(same_kind).then_with(|| words(a).cmp(&words(b)))
}

/// A number as the reader sees it: 0.105 is 10.5 where it stands as percent.
fn seen(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(value, Unit::Share | Unit::Points | Unit::Change) => Some(value * 100.0),
        Cell::Number(value, _) => Some(value + 0.0),
        Cell::Text(text) => leading(text),
        _ => None,
    }
}

/// The number that a text begins with: 49 of `49.0–52.7%`.
fn leading(text: &str) -> Option<f64> {
    let (minus, rest) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(rest.len());
    let digits = rest[..end].replace(',', "");
    let value: f64 = digits.trim_end_matches('.').parse().ok()?;
    Some(if minus { 0.0 - value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Audience, Column};

    fn table(cells: Vec<Cell>) -> Table {
        Table {
            id: "t".into(),
            title: "T".into(),
            audience: Audience::People,
            columns: vec![Column::left("a", "A"), Column::right("b", "B")],
            rows: cells.into_iter().map(|cell| vec![Cell::text("x"), cell]).collect(),
        }
    }

    fn ranked(cells: Vec<Cell>) -> Vec<Option<usize>> {
        ranks(&table(cells), 1)
    }

    #[test]
    fn rows_are_ranked_as_they_are_read() {
        let share = |v| Cell::Number(v, Unit::Share);
        let missing = || Cell::Missing("why".into());
        assert_eq!(ranked(vec![share(0.2), missing(), share(-0.5), share(0.2)]), [Some(2), None, Some(1), Some(2)]);
        let texts = ["49.0–52.7%", "8.1–9.0%", "-3 of 4", "1,000", "b", "A"].map(Cell::text).to_vec();
        assert_eq!(ranked(texts), [Some(3), Some(2), Some(1), Some(4), Some(6), Some(5)]);
        // 0.88 % as a number and as a text with a mark stand in one column.
        assert_eq!(ranked(vec![share(0.0088), Cell::text("0.9%*"), share(0.0091)]), [Some(1), Some(2), Some(3)]);
        let days = ["2026-Q2", "2025-Q4", "2026-Q1"].map(Cell::text).to_vec();
        assert_eq!(ranked(days), [Some(3), Some(1), Some(2)]);
        assert_eq!(ranked(vec![Cell::Flag(true), Cell::Flag(false)]), [Some(2), Some(1)]);
    }

    #[test]
    fn only_a_list_of_rows_can_be_sorted() {
        let grid = |t: &Table| Grid::sortable(t, "t1".into(), 2);
        let list = table(vec![Cell::count(3), Cell::count(1), Cell::Missing("not known".into())]);
        let sortable = grid(&list);
        assert_eq!(sortable.heads[1].order, "2 1 -");
        assert_eq!(sortable.orders(), ("#t1 table{grid-template-columns:repeat(2,auto)}\n".to_string(), vec![1, 2]));
        assert_eq!(sortable.marks, ["A1 B2", "A1 B1", "A1 B0"]);
        assert!(sortable.render().unwrap().contains("<tr class=\"A1 B0\">"));
        let common = rules(&[1, 2]);
        assert!(
            common.ends_with(".by:has(option[value=\"2\"]:checked){.B0{--m:9999}.B1{--o:1}.B2{--o:2}}\n"),
            "{common}"
        );
        let mut grouped = list.clone();
        grouped.rows.insert(0, vec![Cell::text("Heading"), Cell::none()]);
        let mut continued = list.clone();
        continued.rows[1][0] = Cell::text("");
        for other in [grouped, continued, table(vec![Cell::count(1)])] {
            let fixed = grid(&other);
            assert!(fixed.ranks.is_empty() && fixed.orders().1.is_empty());
            assert!(!fixed.render().unwrap().contains("data-o"));
        }
        let long = grid(&table((0..400).map(Cell::count).collect()));
        assert!(long.orders().1.is_empty() && long.heads[1].order.starts_with("1 2 3"), "by the script alone");
        assert!(!long.render().unwrap().contains("<select>"));
    }
}
