//! HTML: any report as one page that needs nothing else, for a browser, a mail attachment or a printer.
//!
//! In: a checked report. Out: one file without any reference to another one; it is well-formed XML, too. Tables keep
//! their meaning for a screen reader, charts have their numbers beneath, and a policy in its head lets nothing run or
//! load but what stands in the file. Tables for machines are not in it.

mod grid;
mod tiles;

use std::fmt::Write as _;

use anyhow::Result;
use askama::Template;
use sha2::{Digest, Sha256};

use self::grid::Grid;
use self::tiles::Tiles;
use super::{number, svg};
use crate::report::chart::{Chart, Tile};
use crate::report::{Cell, Column, Report, Table};

/// How the page looks.
const STYLE: &str = include_str!("page.css");
/// Sorts tables by a click on a header, and opens what is folded for the printer; the page is whole without it.
const SCRIPT: &str = include_str!("sort.js");

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="{{ policy }}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="generator" content="onefunnel {{ version }}" />
<link rel="icon" href="data:," />
<title>{{ title }}{% if !company.is_empty() %} – {{ company }}{% endif %}</title>
<style>{{ style|safe }}</style>
</head>
<body>
{%- if !sections.is_empty() %}
<a class="skip" href="#content">Skip to the content</a>
{%- endif %}
<header>
<h1>{{ title }}</h1>
{%- if !company.is_empty() %}
<p class="meta">{{ company }}</p>
{%- endif %}
<p class="meta">{{ provenance }}</p>
</header>
{%- if !sections.is_empty() %}
<nav aria-label="Sections"><ul>
{%- for s in sections %}
<li><a href="#{{ s.anchor }}">{{ s.title }}</a></li>
{%- endfor %}
</ul></nav>
{%- endif %}
<main id="content">
{{- own|safe }}
{%- for s in sections %}
<section id="{{ s.anchor }}">
<h2>{{ s.title }}</h2>
{%- if !s.finding.is_empty() %}
<p class="finding">{{ s.finding }}</p>
{%- endif %}
{{- s.body|safe }}
{%- if !s.notes.is_empty() %}
<ul class="notes">
{%- for note in s.notes %}
<li>{{ note }}</li>
{%- endfor %}
</ul>
{%- endif %}
</section>
{%- endfor %}
{%- if !notes.is_empty() %}
<section id="notes">
<h2>Notes</h2>
<ul class="notes">
{%- for note in notes %}
<li>{{ note }}</li>
{%- endfor %}
</ul>
</section>
{%- endif %}
</main>
<footer>
<section id="provenance">
<h2>Where these numbers come from</h2>
<dl>
{%- for (what, value) in facts %}
<dt>{{ what }}</dt><dd>{{ value }}</dd>
{%- endfor %}
</dl>
{%- if let Some(inputs) = inputs %}
<details id="inputs">
<summary>{{ balance }}</summary>
{{- inputs|safe }}
</details>
{%- endif %}
</section>
</footer>
<script>{{ script|safe }}</script>
</body>
</html>
"##
)]
struct Page {
    policy: String,
    version: &'static str,
    style: String,
    script: &'static str,
    title: String,
    company: String,
    provenance: String,
    /// The report's own charts and tables.
    own: Contents,
    sections: Vec<Part>,
    notes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    balance: String,
    inputs: Option<Grid>,
}

struct Part {
    anchor: String,
    title: String,
    finding: String,
    body: Contents,
    notes: Vec<String>,
}

/// Tiles, charts, tables.
#[derive(Template)]
#[template(
    ext = "html",
    source = r##"
{{- tiles|safe }}
{%- for f in figures %}
<figure>
<figcaption>{{ f.title }}</figcaption>
<div class="draw" role="group" aria-label="Chart: {{ f.title }}" tabindex="0">{{ f.svg|safe }}</div>
<details>
<summary>The numbers of this chart<span class="vh">: {{ f.title }}</span></summary>
{{- f.numbers|safe }}
</details>
</figure>
{%- endfor %}
{%- for g in grids %}
{{- g|safe }}
{%- endfor %}"##
)]
struct Contents {
    tiles: Tiles,
    figures: Vec<Figure>,
    grids: Vec<Grid>,
}

struct Figure {
    title: String,
    svg: String,
    numbers: Grid,
}

/// The report as a page.
///
/// # Errors
/// None in practice: the template writes to memory.
pub fn render(report: &Report) -> Result<String> {
    let mut count = Count::default();
    let own = count.contents(&report.tiles, &report.charts, &report.tables, 2, "");
    let sections: Vec<Part> = report
        .sections
        .iter()
        .enumerate()
        .map(|(at, s)| Part {
            anchor: anchor(&s.id, at),
            title: clean(&s.title),
            finding: clean(&s.finding),
            body: count.contents(&s.tiles, &s.charts, &s.tables, 3, &s.title),
            notes: s.notes.iter().map(|n| clean(n)).collect(),
        })
        .collect();
    let widest = super::tables(report).map(|t| t.columns.len()).max().unwrap_or(0).max(20);
    let right = (1..=widest).fold(String::new(), |mut rules, at| {
        let _ = write!(rules, ".r{at} tr>:nth-child({at}){{text-align:right}}");
        rules
    });
    let rules = count.rules.clone() + &grid::rules(&count.highest);
    let style = format!(
        "{STYLE}{}
{right}
{rules}{}",
        svg::CSS,
        running(report)
    );
    let page = Page {
        policy: format!(
            "default-src 'none'; img-src data:; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            hash(&style),
            hash(SCRIPT)
        ),
        version: env!("CARGO_PKG_VERSION"),
        style,
        script: SCRIPT,
        title: clean(&report.title),
        company: clean(&report.company),
        provenance: clean(&super::provenance(report)),
        own,
        sections,
        notes: report.notes.iter().map(|n| clean(n)).collect(),
        facts: facts(report),
        balance: super::balance(&report.inputs),
        inputs: (!report.inputs.is_empty()).then(|| Grid::plain(&inputs(report), "inputs".into(), 3)),
    };
    Ok(page.render()?)
}

/// Numbers for ids and names for tables, one run through the page.
#[derive(Default)]
struct Count {
    parts: usize,
    charts: usize,
    tables: usize,
    names: Vec<String>,
    /// The rules by which tables can be sorted without the script: those of one table each.
    rules: String,
    /// The highest rank of each column of any of them.
    highest: Vec<usize>,
}

impl Count {
    fn contents(&mut self, tiles: &[Tile], charts: &[Chart], tables: &[Table], level: u8, section: &str) -> Contents {
        self.parts += 1;
        let mut tiles = Tiles::of(tiles, &format!("k{}-", self.parts));
        tiles.numbers.name(section, &mut self.names);
        let figures = charts
            .iter()
            .map(|chart| {
                self.charts += 1;
                let id = format!("c{}", self.charts);
                let mut numbers = chart.table();
                numbers.title.insert_str(0, "Numbers of: ");
                let svg = svg::draw(chart, &id);
                let mut numbers = Grid::plain(&numbers, id, 0);
                numbers.name(section, &mut self.names);
                Figure { title: clean(&chart.title), svg, numbers }
            })
            .collect();
        let grids = super::for_people(tables)
            .filter(|table| !table.columns.is_empty())
            .map(|table| {
                self.tables += 1;
                // A section of one table needs no second headline.
                let level = if table.title == section { 0 } else { level };
                let mut grid = Grid::sortable(table, format!("t{}", self.tables), level);
                grid.name(section, &mut self.names);
                let (own, highest) = grid.orders();
                self.rules.push_str(&own);
                self.highest.resize(self.highest.len().max(highest.len()), 0);
                for (known, rank) in self.highest.iter_mut().zip(highest) {
                    *known = rank.max(*known);
                }
                grid
            })
            .collect();
        Contents { tiles, figures, grids }
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Company", clean(&report.company)),
        ("As of", report.as_of.map_or_else(String::new, |day| format!("{day}: nothing later is counted"))),
        ("Currency", clean(&report.currency)),
        ("Contract", clean(&report.contract)),
        ("Its hash", clean(&report.contract_hash)),
        ("Made by", concat!("onefunnel ", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    let asked = report.asked.facts().into_iter().map(|(what, value)| (what, clean(&value)));
    facts.splice(2..2, asked);
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// The input files as a table.
fn inputs(report: &Report) -> Table {
    let rows = report.inputs.iter().map(|input| {
        let some = |text: &Option<String>| text.as_deref().map_or_else(Cell::none, Cell::text);
        let reasons: Vec<String> =
            input.set_aside.iter().map(|(why, n)| format!("{why}: {}", number::whole(*n))).collect();
        vec![
            Cell::text(&input.path),
            some(&input.preset),
            some(&input.table),
            Cell::count(input.rows_read),
            Cell::count(input.rows_used),
            Cell::count(super::set_aside(input)),
            if reasons.is_empty() { Cell::none() } else { Cell::text(reasons.join("; ")) },
            Cell::text(&input.sha256),
        ]
    });
    Table {
        id: "inputs".into(),
        title: "Input files, and where their rows went".into(),
        audience: crate::report::Audience::People,
        columns: vec![
            Column::left("file", "File"),
            Column::left("preset", "Preset"),
            Column::left("table", "Table"),
            Column::right("read", "Read"),
            Column::right("used", "Used"),
            Column::right("aside", "Set aside"),
            Column::left("why", "Why"),
            Column::left("sha256", "SHA-256"),
        ],
        rows: rows.collect(),
    }
}

/// Words that are well-formed in XML: on one line, without the characters that XML does not know.
fn clean(text: &str) -> String {
    let plain = number::plain(text);
    let odd = |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}');
    if plain.contains(odd) { plain.replace(odd, " ") } else { plain }
}

/// The head of every printed page, where only a part was asked for: a page alone looks like the whole otherwise.
fn running(report: &Report) -> String {
    let words = report.asked.words();
    if words.is_empty() {
        return String::new();
    }
    let company = Some(&report.company).filter(|company| !company.is_empty());
    let words: Vec<String> = company.into_iter().cloned().chain(words).collect();
    let mut quoted = String::new();
    for c in clean(&words.join(" · ")).chars() {
        // A word cannot end the string, the rule or the element.
        if c == ' ' || c.is_alphanumeric() {
            quoted.push(c);
        } else {
            let _ = write!(quoted, "\\{:x} ", u32::from(c));
        }
    }
    format!("@page{{@top-left{{content:\"{quoted}\";font:8pt system-ui,sans-serif}}}}\n")
}

/// A section's id for links, or its number where the id would break one.
fn anchor(id: &str, at: usize) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let taken = ["content", "notes", "provenance", "inputs"].contains(&id);
    if !id.is_empty() && !taken && id.bytes().all(plain) { format!("s-{id}") } else { format!("s{}", at + 1) }
}

/// A source that a content security policy allows by what it says.
fn hash(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("sha256-");
    for three in Sha256::digest(text.as_bytes()).chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::super::sample::{HOSTILE, pack, sample};
    use super::*;

    /// Names of elements with their attributes, in order; fails where the page is no XML.
    fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
        let mut reader = Reader::from_str(page);
        let mut found = Vec::new();
        let mut depth = 0_i32;
        loop {
            match reader.read_event().unwrap() {
                event @ (Event::Start(_) | Event::Empty(_)) => {
                    depth += i32::from(matches!(event, Event::Start(_)));
                    let (Event::Start(tag) | Event::Empty(tag)) = event else { unreachable!() };
                    let attributes = tag.attributes().map(|a| a.unwrap());
                    let attributes = attributes.map(|a| (a.key.as_ref().to_owned(), a.value.to_string())).collect();
                    found.push((tag.name().as_ref().to_owned(), attributes));
                }
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        found
    }

    fn value<'a>(attributes: &'a [(String, String)], key: &str) -> Option<&'a str> {
        attributes.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    #[test]
    fn a_page_is_sound() {
        for report in [sample(), pack()] {
            let page = render(&report).unwrap();
            let elements = elements(&page);
            let count = |name: &str| elements.iter().filter(|(n, _)| n == name).count();
            assert_eq!([count("h1"), count("main"), count("script"), count("style")], [1, 1, 1, 1]);
            let mut ids = BTreeSet::new();
            for (name, attributes) in &elements {
                if let Some(id) = value(attributes, "id") {
                    assert!(ids.insert(id.to_owned()), "two ids `{id}`");
                }
                assert!(name != "th" || value(attributes, "scope").is_some(), "a th without scope");
                assert!(value(attributes, "style").is_none(), "the policy forbids style attributes");
                assert!(attributes.iter().all(|(k, _)| !k.starts_with("on")), "{name}: {attributes:?}");
            }
            for (_, attributes) in &elements {
                for id in ["href", "aria-labelledby"].iter().filter_map(|k| value(attributes, k)) {
                    for id in id.split(' ').filter(|id| *id != "data:,") {
                        assert!(ids.contains(id.trim_start_matches('#')), "nothing has the id `{id}`");
                    }
                }
            }
            assert_eq!(count("caption"), count("table"));
            assert_eq!(count("nav"), usize::from(!report.sections.is_empty()));
            let outside = page.replace("http://www.w3.org/1999/xhtml", "").replace("http://www.w3.org/2000/svg", "");
            for word in ["http:", "https:", "//", "url(", "@import", "<link rel=\"stylesheet\"", "src="] {
                assert!(!outside.contains(word) || (word == "src=" && report.id == "report"), "{word}");
            }
        }
    }

    #[test]
    fn hostile_words_are_words() {
        let page = render(&pack()).unwrap();
        for words in ["<script>alert", "<img src", "<b>", "\u{2028}", "\u{fffe}", "\u{7}", "]]>", "<!--"] {
            assert!(!page.contains(words), "{words}");
        }
        assert!(page.contains("&#60;/script&#62;&#60;script&#62;alert(1)&#60;/script&#62;"));
        assert!(page.contains("_x0041_ &#38;amp; &#38;#65;"));
        assert!(HOSTILE.len() > 10);
    }

    #[test]
    fn sections_have_a_headline_a_finding_and_all_of_their_charts() {
        let page = render(&pack()).unwrap();
        assert!(page.contains("<p class=\"finding\">Of 100, &#34;12&#34; &#38; &#60;more&#62; were won.</p>"));
        assert!(page.contains("<a href=\"#s-first\">") && page.contains("<section id=\"s-first\">"));
        assert_eq!(page.matches("<figure>").count(), 6);
        assert_eq!(page.matches("<summary>The numbers of this chart").count(), 6);
        assert!(page.contains("<p>(no rows)</p>"), "an empty table says so");
    }

    #[test]
    fn missing_cells_say_why_to_all_readers() {
        let page = render(&sample()).unwrap();
        let cell = "<td title=\"no earlier period\">–<span class=\"vh\"> no earlier period</span></td>";
        assert!(page.contains(cell), "{page}");
        assert!(page.contains("<tr class=\"gh\"><th scope=\"rowgroup\" colspan=\"5\">Results</th></tr>"));
    }

    #[test]
    fn the_policy_allows_what_is_there() {
        // Independent: FIPS 180's "abc", in base64.
        assert_eq!(hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let page = render(&pack()).unwrap();
        for tag in ["style", "script"] {
            let text = page.split_once(&format!("<{tag}>")).unwrap().1.split_once(&format!("</{tag}>")).unwrap().0;
            assert!(page.contains(&format!("{tag}-src &#39;{}&#39;", hash(text))), "{tag}");
        }
        assert!(SCRIPT.len() < 3072, "{}", SCRIPT.len());
        assert!(!format!("{STYLE}{}{SCRIPT}", svg::CSS).contains(['<', '&']), "XML would read it");
    }
}
