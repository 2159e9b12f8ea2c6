//! A report made by hand for the tests of every format.
//!
//! In: nothing. Out: a [`Report`] with every kind of cell, every unit, and all that a format could stumble over.

use jiff::civil::date;

use crate::report::{Audience, Cell, Column, Input, Report, Table, Unit};

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
