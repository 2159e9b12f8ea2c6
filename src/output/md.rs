//! Markdown with GitHub's tables: the tables for people, to paste into a page or a pull request.
//!
//! In: a checked report. Out: title, as-of line, one section per table, notes as a list, and the input files at the end.
//! A section of the report has its finding first and its tables one level down. A chart is its numbers.

use super::number;
use crate::report::chart::{Chart, Tile};
use crate::report::{Report, Table};

/// The report as Markdown.
pub fn render(report: &Report) -> String {
    let mut blocks = vec![format!("# {}", escape(&report.title)), escape(&super::provenance(report))];
    contents("##", &report.tiles, &report.charts, &report.tables, &mut blocks);
    for section in &report.sections {
        blocks.push(format!("## {}", escape(&section.title)));
        if !section.finding.is_empty() {
            blocks.push(format!("**{}**", escape(&section.finding)));
        }
        contents("###", &section.tiles, &section.charts, &section.tables, &mut blocks);
        if !section.notes.is_empty() {
            blocks.push(list(&section.notes));
        }
    }
    if !report.notes.is_empty() {
        blocks.push("## Notes".to_owned());
        blocks.push(list(&report.notes));
    }
    if !report.inputs.is_empty() {
        blocks.push("## Inputs".to_owned());
        blocks.push(inputs(report));
    }
    if !report.inputs.is_empty() {
        blocks.push(escape(&super::balance(&report.inputs)));
    }
    blocks.join("\n\n") + "\n"
}

/// Tiles and charts as their numbers, then the tables.
fn contents(level: &str, tiles: &[Tile], charts: &[Chart], tables: &[Table], blocks: &mut Vec<String>) {
    if !tiles.is_empty() {
        blocks.push(format!("{level} Figures at a glance"));
        blocks.push(glance(tiles));
    }
    for chart in charts {
        blocks.push(format!("{level} {}", escape(&chart.title)));
        blocks.push(escape(&chart.description));
        blocks.push(table_of(&chart.table()));
    }
    for table in super::for_people(tables) {
        if !table.title.is_empty() {
            blocks.push(format!("{level} {}", escape(&table.title)));
        }
        if !table.columns.is_empty() {
            blocks.push(table_of(table));
        }
    }
}

fn glance(tiles: &[Tile]) -> String {
    let titles = ["Metric", "Period", "Value", "Change", "What moved it"].map(str::to_owned);
    let rows = tiles.iter().map(|tile| {
        let [value, change] = [&tile.value, &tile.change].map(|cell| escape(&number::cell(cell)));
        vec![escape(&tile.title), escape(&tile.period), value, change, escape(&tile.moved)]
    });
    grid(&titles, &[false, false, true, true, false], rows)
}

fn list(notes: &[String]) -> String {
    notes.iter().map(|n| format!("- {}", escape(n))).collect::<Vec<_>>().join("\n")
}

fn table_of(table: &Table) -> String {
    let titles: Vec<String> = table.columns.iter().map(|c| escape(&c.title)).collect();
    let right: Vec<bool> = table.columns.iter().map(|c| c.right).collect();
    let rows = table.rows.iter().map(|row| {
        if super::is_heading(row) {
            let mut cells = vec![String::new(); row.len()];
            if let (Some(first), Some(text)) = (cells.first_mut(), row.first()) {
                *first = format!("**{}**", escape(&number::cell(text)));
            }
            cells
        } else {
            row.iter().map(|cell| escape(&number::cell(cell))).collect()
        }
    });
    grid(&titles, &right, rows)
}

fn inputs(report: &Report) -> String {
    let titles = ["File", "Preset", "Table", "Read", "Used", "Set aside", "Why", "SHA-256"].map(str::to_owned);
    let right = [false, false, false, true, true, true, false, false];
    let rows = report.inputs.iter().map(|input| {
        let optional = |text: &Option<String>| text.as_deref().map_or_else(|| number::MISSING.to_owned(), escape);
        let reasons: Vec<String> = input
            .set_aside
            .iter()
            .map(|(reason, rows)| format!("{}: {}", escape(reason), number::whole(*rows)))
            .collect();
        vec![
            escape(&input.path),
            optional(&input.preset),
            optional(&input.table),
            number::whole(input.rows_read),
            number::whole(input.rows_used),
            number::whole(super::set_aside(input)),
            reasons.join("; "),
            input.sha256.chars().take(12).collect(),
        ]
    });
    grid(&titles, &right, rows)
}

fn grid(titles: &[String], right: &[bool], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rule: Vec<String> = right.iter().map(|r| if *r { "---:" } else { "---" }.to_owned()).collect();
    let mut lines = vec![line(titles), line(&rule)];
    lines.extend(rows.map(|row| line(&row)));
    lines.join("\n")
}

fn line(cells: &[String]) -> String {
    let mut out = String::from("|");
    for cell in cells {
        if !cell.is_empty() {
            out.push(' ');
            out.push_str(cell);
        }
        out.push_str(" |");
    }
    out
}

/// One line in which nothing of the data is taken for a column border, emphasis, code, HTML, an entity or a formula. An
/// underscore within a word is none of these, and stays as it is.
fn escape(text: &str) -> String {
    let plain = number::plain(text);
    let plain = plain.trim();
    let mut out = String::with_capacity(plain.len());
    let mut before = ' ';
    let mut rest = plain.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let means = match c {
            '\\' | '|' | '*' | '`' | '<' | '[' | '~' | '$' => true,
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            '&' => next == '#' || next.is_ascii_alphabetic(),
            _ => false,
        };
        if means {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;

    #[test]
    fn golden_markdown() {
        let expected = r"# Scorecard

As of 2026-06-30 · USD · contract acme/onefunnel.toml 1a2b3c4d5e6f

## One process, seen from both sides

| Metric | First half | Change | Since | Agreed |
| --- | ---: | ---: | --- | --- |
| **Money and people, as both teams report it** | | | | |
| Combined budget ratio | 10.5% | +1.2 pp | 2026-01-01 | yes |
| Sales to marketing spend | 3.2 : 1 | – | – | no |
| Marketing spend | 2,815,000 | +12.3% | – | – |
| Spend per deal, won \| lost, in the reporting currency | 12.50 | -0.04 pp | 2026-06-30 | yes |
| **Results** | | | | |
| Leads of Zoë, 東京 | 8,000 | – | – | – |
| Creation cycle | 48.4 d | 14 d | – | – |
| Average heads | 12.5 | – | – | – |
| Plain \*number\* | 0.001235 | – | – | – |

## Notes

- Spend is missing for 2 of 6 months, so every ratio with spend in it is missing there and is not shown as 0.
- A \| B

## Inputs

| File | Preset | Table | Read | Used | Set aside | Why | SHA-256 |
| --- | --- | --- | ---: | ---: | ---: | --- | --- |
| exports/leads\|1.csv | salesforce_leads | people | 20,183 | 20,102 | 81 | no date: 1; no id: 80 | 001122334455 |
| exports/notes.csv | – | – | 0 | 0 | 0 | | ffeeddccbbaa |

2 files, 20,183 rows read = 20,102 used + 81 set aside
";
        assert_eq!(render(&sample()), expected);
    }

    #[test]
    fn sections_have_their_finding_first() {
        let text = render(&super::super::sample::pack());
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{text}"));
        let order = [
            "# Pack",
            "## Chart of own",
            "## One process, seen from both sides",
            "## First: \\[the] funnel?",
            "**Of 100, \"12\" & \\<more> were won.**",
            "### Figures at a glance",
            "### Chart of columns",
            "### Words & \\<more>",
            "## Second",
            "## Notes",
            "## Inputs",
        ];
        assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
        assert!(text.contains("| Quarter | =Won & \\<lost> |"), "{text}");
        assert!(!text.contains("first_tidy"));
    }

    #[test]
    fn data_cannot_change_the_layout() {
        assert_eq!(escape("a\\|b\nc <img> `x` [y](z)"), r"a\\\|b c \<img> \`x\` \[y](z)");
        assert_eq!(escape(" snake_case & 5 > 3 "), "snake_case & 5 > 3");
        assert_eq!(escape("_a_ __b__ c_d ~~s~~"), r"\_a\_ \_\_b\_\_ c_d \~\~s\~\~");
        assert_eq!(escape("&lt; &#60; R&D $x$ a & b"), r"\&lt; \&#60; R\&D \$x\$ a & b");
    }
}
