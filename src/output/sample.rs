//! A report made by hand for the tests of every format.
//!
//! In: nothing. Out: a [`Report`] with every kind of cell, every unit, and all that a format could stumble over; and one
//! with sections, tiles and a chart of every shape, whose words are hostile.

use jiff::civil::date;

use crate::report::asked::Asked;
use crate::report::chart::{Chart, Series, Shape, Tile};
use crate::report::{Audience, Cell, Column, Input, Report, Section, Table, Unit};

/// Every kind of cell, every unit, and all that a format could stumble over.
#[allow(clippy::too_many_lines)] // one literal
pub(super) fn sample() -> Report {
    let number = Cell::Number;
    let text = |text: &str| Cell::text(text);
    let none = Cell::none;
    let why = |why: &str| Cell::Missing(why.to_owned());
    let january = Cell::Date(date(2026, 1, 1));
    let june = Cell::Date(date(2026, 6, 30));
    let people = Table {
        id: "people".into(),
        title: "One process, seen from both sides".into(),
        audience: Audience::People,
        columns: vec![
            Column::left("metric", "Metric"),
            Column::right("value", "First half"),
            Column::right("change", "Change"),
            Column::left("since", "Since"),
            Column::left("ok", "Agreed"),
        ],
        rows: vec![
            vec![text("Money and people, as both teams report it"), none(), none(), none(), none()],
            vec![
                text("Combined budget ratio"),
                number(0.105, Unit::Share),
                number(0.012, Unit::Points),
                january.clone(),
                Cell::Flag(true),
            ],
            vec![
                text("Sales to marketing spend"),
                number(3.2, Unit::Times),
                why("no earlier period"),
                none(),
                Cell::Flag(false),
            ],
            vec![
                text("Marketing spend"),
                number(2_815_000.0, Unit::Money),
                number(0.123, Unit::Change),
                none(),
                none(),
            ],
            vec![
                text("Spend per deal, won | lost,\nin the reporting currency"),
                number(12.5, Unit::Money),
                number(-0.0004, Unit::Points),
                june.clone(),
                Cell::Flag(true),
            ],
            vec![text("Results"), none(), none(), none(), none()],
            vec![text("Leads of Zoë, 東京"), Cell::count(8000), none(), none(), why("not asked")],
            vec![text("Creation cycle"), number(48.4, Unit::Days), number(14.0, Unit::Days), none(), none()],
            vec![text("Average heads"), number(12.5, Unit::Heads), none(), none(), none()],
            vec![text("Plain *number*"), number(0.001_234_56, Unit::Number), none(), none(), none()],
        ],
    };
    let tidy = Table {
        id: "tidy".into(),
        title: "not shown to people".into(),
        audience: Audience::Machines,
        columns: vec![
            Column::left("metric", "Metric"),
            Column::right("value", "Value"),
            Column::right("numerator", "Numerator"),
            Column::tidy("since: date"),
            Column::tidy("ok: flag"),
        ],
        rows: vec![
            vec![text("leads"), Cell::count(8000), none(), january, Cell::Flag(true)],
            vec![
                text("conversion, MQL to \"won\""),
                number(0.0015, Unit::Share),
                Cell::count(12),
                why("no date"),
                Cell::Flag(false),
            ],
            vec![text("two\nlines"), number(-0.5, Unit::Change), number(-0.0, Unit::Count), june, none()],
            vec![text("Zoë | 東京"), number(1_234_567.89, Unit::Money), none(), none(), Cell::Flag(true)],
        ],
    };
    Report {
        id: "scorecard".into(),
        title: "Scorecard".into(),
        as_of: Some(date(2026, 6, 30)),
        asked: Asked::default(),
        company: "Acme \"East\"".into(),
        contract: "acme/onefunnel.toml".into(),
        contract_hash: "1a2b3c4d5e6f".into(),
        currency: "USD".into(),
        inputs: vec![
            Input {
                path: "exports/leads|1.csv".into(),
                sha256: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff".into(),
                preset: Some("salesforce_leads".into()),
                table: Some("people".into()),
                rows_read: 20_183,
                rows_used: 20_102,
                set_aside: vec![("no date".into(), 1), ("no id".into(), 80)],
            },
            Input {
                path: "exports/notes.csv".into(),
                sha256: "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100".into(),
                preset: None,
                table: None,
                rows_read: 0,
                rows_used: 0,
                set_aside: Vec::new(),
            },
        ],
        tables: vec![people, tidy],
        notes: vec![
            "Spend is missing for 2 of 6 months, so every ratio with spend in it is missing there and is not shown \
             as 0."
                .into(),
            "A | B".into(),
        ],
        tiles: Vec::new(),
        charts: Vec::new(),
        sections: Vec::new(),
    }
}

/// What a format must take for words and nothing else.
pub(super) const HOSTILE: [&str; 12] = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"quoted\" & 'single'",
    "a\u{2028}b\u{2029}c",
    "]]> <!-- --> <![CDATA[",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tindented",
    "a\u{fffe}b\u{1b}[2J\u{7}\u{0}c",
    "_x0041_ &amp; &#65;",
];

fn series(name: &str, values: &[Option<f64>]) -> Series {
    let mut series = Series::plain(name, values.to_vec());
    series.band = values.iter().map(|v| v.map(|v| (v - 0.01, v + 0.02))).collect();
    series.provisional = (0..values.len()).map(|at| at + 1 == values.len()).collect();
    series
}

fn chart(id: &str, shape: Shape, unit: Unit) -> Chart {
    let plain = |name: &str| Series::plain(name, vec![Some(0.3), Some(0.0), None, Some(0.25)]);
    Chart {
        id: id.into(),
        title: format!("Chart of {id} </title> & \"more\""),
        description: "What it shows: < & >.".into(),
        shape,
        unit,
        axis: "Quarter".into(),
        labels: ["2025-Q3", "2025-Q4", "=2026-Q1", "<b>2026-Q2"].map(Into::into).to_vec(),
        series: vec![series("=Won & <lost>", &[Some(0.1), None, Some(0.2), Some(0.3)]), plain("Second"), plain("=1+1")],
    }
}

/// Sections, tiles, a chart of every shape, and hostile words wherever there are words.
pub(super) fn pack() -> Report {
    let mut report = sample();
    report.id = "report".into();
    report.title = "Pack </title><script>".into();
    report.charts = vec![chart("own", Shape::Lines, Unit::Share)];
    let hostile = |id: &str, audience| Table {
        id: id.into(),
        title: "Words & <more> \"words\"".into(),
        audience,
        columns: vec![
            Column::left("words", "=Words <b>"),
            Column::right("n", "Number"),
            Column::left("why", "Missing"),
            Column::left("same", "Same"),
        ],
        rows: (0_u8..)
            .zip(HOSTILE)
            .map(|(at, words)| {
                let number = Cell::Number(f64::from(at % 5) / 10.0, Unit::Share);
                vec![Cell::text(words), number, Cell::Missing(words.into()), Cell::text("x")]
            })
            .collect(),
    };
    let shapes = [
        ("columns", Shape::Columns, Unit::Money),
        ("stacked", Shape::Stacked, Unit::Count),
        ("bars", Shape::Bars, Unit::Days),
        ("lines", Shape::Lines, Unit::Share),
    ];
    let first = Section {
        id: "first".into(),
        title: "First: [the] funnel? */\\ of a company with a long name".into(),
        finding: "Of 100, \"12\" & <more> were won.".into(),
        tiles: vec![Tile {
            id: "tile".into(),
            title: "Conversion <b>".into(),
            period: "2026-Q1".into(),
            value: Cell::Number(0.061, Unit::Share),
            change: Cell::Number(0.022, Unit::Points),
            better: Some(true),
            moved: "won +10.0%, =leads & more".into(),
            trend: chart("trend", Shape::Lines, Unit::Share),
        }],
        charts: shapes.iter().map(|(id, shape, unit)| chart(id, *shape, *unit)).collect(),
        tables: vec![hostile("first_people", Audience::People), hostile("first_tidy", Audience::Machines)],
        notes: HOSTILE.map(Into::into).to_vec(),
    };
    let empty = Table {
        id: "empty".into(),
        title: "First: [the] funnel? */\\ of a company with a long name".into(),
        audience: Audience::Both,
        columns: vec![Column::tidy("day: date"), Column::tidy("ok: flag"), Column::tidy("n: number")],
        rows: Vec::new(),
    };
    let second = Section {
        id: "second".into(),
        title: String::from("Second"),
        finding: String::new(),
        tiles: Vec::new(),
        charts: vec![Chart { labels: Vec::new(), series: Vec::new(), ..chart("nothing", Shape::Bars, Unit::Count) }],
        tables: vec![empty],
        notes: Vec::new(),
    };
    report.sections = vec![first, second];
    report
}
