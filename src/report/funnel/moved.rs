//! The records that explain the difference between two funnels.
//!
//! In: two [`Side`]s and the stages of both. Out: every process and stage that B counts otherwise than A ([`Moved`]), why,
//! and the tables of them. The changes by reason add up to the difference of the figures.

use std::collections::BTreeMap;

use super::compare::Pair;
use super::count::{Hit, Kept, What};
use super::why::{Seen, State, Why};
use super::{Audience, Cell, Column, Side, Table};
use crate::ingest;
use crate::journey::{How, NO_DAY, Spell};
use crate::report::scorecard::heading;
use crate::session::Data;
use crate::tables::{Kind, NONE, Origin};
use crate::time::date_of;

/// Records shown to people, in all and of one stage and reason; machines get all.
const SHOWN: usize = 20;
const OF_EACH: usize = 3;

impl Seen {
    fn of(side: &Side<'_>, at: Option<usize>, spells: &[Vec<Spell>], hits: &[Hit]) -> Self {
        let nothing = Self {
            state: State::NoStage,
            inferred: false,
            day: NO_DAY,
            volume: Vec::new(),
            base: Vec::new(),
            next: Vec::new(),
        };
        let Some(at) = at else { return nothing };
        let mut seen = nothing;
        for hit in hits.iter().filter(|hit| hit.stage == at) {
            match hit.what {
                What::Volume { observed, .. } => {
                    seen.volume.push(hit.period);
                    if side.horizon.is_none() || observed {
                        seen.base.push(hit.period);
                    }
                }
                What::Next => seen.next.push(hit.period),
                What::FromFirst | What::Days(_) => {}
            }
        }
        for of in [&mut seen.volume, &mut seen.base, &mut seen.next] {
            of.sort_unstable();
        }
        // What a side adds to the last stage's next is nobody's.
        if at + 1 == side.len() {
            seen.next.clear();
        }
        let counts = |s: &&Spell| side.anchor(s).is_some_and(|day| side.periods.index(day).is_some());
        let first = spells[at].iter().find(counts).or_else(|| spells[at].first());
        seen.inferred = first.is_some_and(|s| s.here.how == How::Inferred);
        seen.day = first.map_or(NO_DAY, |s| s.here.day);
        seen.state = match first {
            None => State::NotReached,
            Some(_) if !seen.volume.is_empty() => State::Counted,
            Some(_) if spells[at].iter().any(|s| side.anchor(s).is_some()) => State::Outside,
            Some(_) => State::NoDay,
        };
        seen
    }

    fn text(&self, side: &Side<'_>) -> String {
        let on = match self.state {
            State::NoStage => return "no such stage, or none shown".into(),
            State::NotReached => "not reached".into(),
            State::NoDay => "no known day".into(),
            State::Outside => "other days".into(),
            State::Counted => labels(side, &self.volume),
        };
        match (self.next.is_empty(), self.state == State::Counted && self.base.is_empty()) {
            (_, true) => format!("{on}, too young"),
            (false, _) => format!("{on}, went on"),
            (true, _) => on,
        }
    }
}

fn labels(side: &Side<'_>, periods: &[usize]) -> String {
    periods.iter().map(|p| side.periods.all[*p].label.as_str()).collect::<Vec<_>>().join(";")
}

/// A process at a stage that B counts otherwise than A.
pub struct Moved {
    pub process: usize,
    /// Index among the pairs of stages.
    stage: usize,
    why: Why,
    seen: [Seen; 2],
    /// `deal` or `person`, and its id.
    record: &'static str,
    id: String,
    origin: Option<Origin>,
}

impl Moved {
    fn change(&self, of: fn(&Seen) -> usize) -> f64 {
        let [a, b] = [0, 1].map(|i| f64::from(u32::try_from(of(&self.seen[i])).unwrap_or(u32::MAX)));
        b - a
    }

    fn key(&self) -> (usize, Why, &str, &str) {
        (self.stage, self.why, self.record, &self.id)
    }
}

/// Every process and stage that the sides count differently, by stage, reason and id.
pub fn of(data: &Data, sides: [&Side<'_>; 2], pairs: &[Pair], kept: &Kept<'_>) -> Vec<Moved> {
    let mut moved = Vec::new();
    let (mut spells, mut hits) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for process in (0..sides[0].journeys.len()).filter(|at| kept.keep[*at]) {
        for i in [0, 1] {
            sides[i].entries.spells(process, &mut spells[i]);
            sides[i].hits(&spells[i], &mut hits[i]);
        }
        for (stage, pair) in pairs.iter().enumerate() {
            let seen = [0, 1].map(|i| Seen::of(sides[i], pair.at[i], &spells[i], &hits[i]));
            if let Some(why) = Why::of(&seen[0], &seen[1]) {
                moved.push(Moved { process, stage, why, seen, record: "deal", id: String::new(), origin: None });
            }
        }
    }
    name(data, sides[0], &mut moved);
    moved.sort_by(|a, b| a.key().cmp(&b.key()).then(a.process.cmp(&b.process)));
    moved
}

/// Gives each its record: the deal, else the person known first.
fn name(data: &Data, side: &Side<'_>, moved: &mut [Moved]) {
    let journeys = side.journeys;
    let mut person = vec![NONE; journeys.len()];
    for row in &data.who.known_first {
        let of = &mut person[journeys.of_person[*row as usize] as usize];
        if *of == NONE {
            *of = *row;
        }
    }
    let (deals, people) = (data.tables.get(Kind::Deals), data.tables.get(Kind::People));
    let (deal_ids, person_ids) = (deals.codes("deal_id"), people.codes("person_id"));
    for one in moved {
        let (deal, person) = (journeys.deal[one.process], person[one.process]);
        let (record, code, origin) = if deal != NONE {
            ("deal", deal_ids[deal as usize], deals.origin.get(deal as usize))
        } else if person != NONE {
            ("person", person_ids[person as usize], people.origin.get(person as usize))
        } else {
            continue;
        };
        (one.record, one.origin) = (record, origin.copied());
        one.id = data.tables.names.text(code).unwrap_or_default().to_string();
    }
}

fn signed(n: f64) -> Cell {
    let text = crate::output::number::people(n, crate::report::Unit::Count);
    Cell::text(if n > 0.0 { format!("+{text}") } else { text })
}

/// Records and changes by stage and reason, for people and for machines.
pub fn reasons(pairs: &[Pair], moved: &[Moved]) -> [Table; 2] {
    let mut sums: BTreeMap<(usize, Why), (u64, f64, f64)> = BTreeMap::new();
    for one in moved {
        let (records, volume, next) = sums.entry((one.stage, one.why)).or_default();
        *records += 1;
        *volume += one.change(|s| s.volume.len());
        *next += one.change(|s| s.next.len());
    }
    let columns = vec![
        Column::left("reason", "Why"),
        Column::right("records", "Records"),
        Column::right("volume_change", "Reached B − A"),
        Column::right("next_change", "Gone on B − A"),
    ];
    let (mut rows, mut tidy, mut last) = (Vec::new(), Vec::new(), None);
    for ((stage, why), (records, volume, next)) in sums {
        let (id, text) = why.words();
        if last != Some(stage) {
            rows.push(heading(&pairs[stage].title, columns.len()));
            last = Some(stage);
        }
        rows.push(vec![Cell::text(&text), Cell::count(records), signed(volume), signed(next)]);
        let plain = |n: f64| Cell::Number(n, crate::report::Unit::Number);
        tidy.push(vec![
            Cell::text(&pairs[stage].id),
            Cell::text(id),
            Cell::text(text),
            Cell::count(records),
            plain(volume),
            plain(next),
        ]);
    }
    let ids = [
        "stage_id",
        "reason",
        "reason_text",
        "records: number",
        "volume_change: number",
        "next_reached_change: number",
    ];
    [
        Table {
            id: "reasons".into(),
            title: "Why they differ: the changes of a stage add up to its B − A".into(),
            audience: Audience::People,
            columns,
            rows,
        },
        Table {
            id: "funnel_compare_reasons".into(),
            title: String::new(),
            audience: Audience::Machines,
            columns: ids.iter().map(|c| Column::tidy(c)).collect(),
            rows: tidy,
        },
    ]
}

/// The first records for people.
pub fn people(sides: [&Side<'_>; 2], pairs: &[Pair], moved: &[Moved]) -> Table {
    let columns = vec![
        Column::left("id", "Record"),
        Column::left("stage", "Stage"),
        Column::left("a", "A"),
        Column::left("b", "B"),
        Column::left("reason", "Why"),
    ];
    // Those that change a total come before those that only change periods.
    let changes = |one: &&Moved| one.change(|s| s.volume.len()) != 0.0 || one.change(|s| s.next.len()) != 0.0;
    let (first, rest): (Vec<&Moved>, Vec<&Moved>) = moved.iter().partition(changes);
    // The first of each stage and reason before the second ones, so that none is crowded out; shown in their order.
    let mut seen: BTreeMap<(usize, Why), usize> = BTreeMap::new();
    let mut chosen: Vec<(usize, usize, &Moved)> = Vec::new();
    for (place, one) in first.into_iter().chain(rest).enumerate() {
        let before = seen.entry((one.stage, one.why)).or_default();
        if *before < OF_EACH {
            chosen.push((*before, place, one));
        }
        *before += 1;
    }
    chosen.sort_by_key(|(round, place, _)| (*round, *place));
    chosen.truncate(SHOWN);
    chosen.sort_by_key(|(_, place, _)| *place);
    let shown = chosen.len();
    let rows = chosen
        .into_iter()
        .map(|(_, _, one)| {
            vec![
                Cell::text(&one.id),
                Cell::text(&pairs[one.stage].title),
                Cell::text(one.seen[0].text(sides[0])),
                Cell::text(one.seen[1].text(sides[1])),
                Cell::text(one.why.words().1),
            ]
        })
        .collect();
    let title = match moved.len() {
        0 => "No record is counted otherwise".to_string(),
        n if n > shown => {
            format!("Records counted otherwise: {shown} of {n}, up to {OF_EACH} of each reason; all in machine formats")
        }
        n => format!("Records counted otherwise: {n}"),
    };
    Table { id: "moved".into(), title, audience: Audience::People, columns, rows }
}

/// All records for machines.
pub fn tidy(data: &Data, sides: [&Side<'_>; 2], pairs: &[Pair], moved: &[Moved]) -> Table {
    let mut wanted: Vec<(u32, u64)> = moved.iter().filter_map(|m| m.origin).map(|o| (o.file(), o.offset())).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let origins: Vec<Origin> = wanted.iter().map(|(file, offset)| Origin::new(*file, *offset)).collect();
    let lines: BTreeMap<(u32, u64), Option<u64>> =
        wanted.into_iter().zip(ingest::lines(&data.files, &origins)).collect();
    let ids = [
        "record",
        "id",
        "stage_id",
        "reason",
        "state_a",
        "periods_a",
        "next_a",
        "day_a: date",
        "state_b",
        "periods_b",
        "next_b",
        "day_b: date",
        "file",
        "line: number",
    ];
    let rows = moved
        .iter()
        .map(|one| {
            let mut row = vec![
                Cell::text(one.record),
                Cell::text(&one.id),
                Cell::text(&pairs[one.stage].id),
                Cell::text(one.why.words().0),
            ];
            for (seen, side) in one.seen.iter().zip(sides) {
                row.push(Cell::text(match seen.state {
                    State::NoStage => "no_stage",
                    State::NotReached => "not_reached",
                    State::NoDay => "no_day",
                    State::Outside => "outside",
                    State::Counted if seen.base.is_empty() => "not_observed",
                    State::Counted => "counted",
                }));
                row.push(Cell::text(labels(side, &seen.volume)));
                row.push(Cell::text(labels(side, &seen.next)));
                row.push(if seen.day == NO_DAY { Cell::none() } else { Cell::Date(date_of(seen.day)) });
            }
            let at = one.origin.map(|o| (o.file(), o.offset()));
            let file = one.origin.and_then(|o| data.files.get(o.file() as usize));
            row.push(file.map_or_else(Cell::none, |f| Cell::text(&f.input.path)));
            let line = at.and_then(|at| lines.get(&at).copied().flatten());
            row.push(line.map_or_else(|| Cell::Missing("not known".into()), Cell::count));
            row
        })
        .collect();
    Table {
        id: "funnel_compare_moved".into(),
        title: String::new(),
        audience: Audience::Machines,
        columns: ids.iter().map(|c| Column::tidy(c)).collect(),
        rows,
    }
}
