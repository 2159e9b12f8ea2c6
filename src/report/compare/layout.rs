//! `compare` for people: then and now, causes, and the records that moved most.
//!
//! In: [`Compared`]. Out: tables laid out for reading; all of it is in the tables for machines.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::Cause;
use super::count::Compared;
use super::effects::Line;
use super::tidy::{Place, Places, changed_words, value};
use super::{Cell, Column, Table, Unit, people};
use crate::output::number;
use crate::report::scorecard::heading;

/// Records and periods shown to people, and figures of a record; machines get all.
const RECORDS: usize = 20;
const OF_EACH: usize = 4;
const FIGURES: usize = 2;
const PERIODS: usize = 12;

impl Compared<'_> {
    /// The period that is argued about: the last one of which every day counts, else the last.
    pub fn argued(&self) -> Option<usize> {
        let all = 0..self.periods.all.len();
        all.clone().rev().find(|at| !self.periods.is_partial(*at)).or(all.last())
    }

    fn metrics_of(&self, period: Option<usize>) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.period == period && self.figures[line.figure].is_metric)
    }

    /// Whether any metric of a period is another one.
    pub fn differs(&self, period: Option<usize>) -> bool {
        self.metrics_of(period).any(|line| !line.is_same())
    }
}

/// All tables for people; `places` are those of the records.
pub fn tables(compared: &Compared<'_>, places: &[Places]) -> Vec<Table> {
    let argued = compared.argued();
    let mut tables = Vec::new();
    if let Some(period) = argued {
        let title = format!("{}, then (A) and now (B)", compared.periods.label(period));
        tables.push(then_and_now(compared, "compare", title, Some(period)));
    }
    let days = {
        let (_, from, to) = compared.period(None);
        format!("{} to {}", crate::time::date_of(from), crate::time::date_of(to))
    };
    if argued.is_none() || (compared.periods.all.len() > 1 && compared.differs(None)) {
        let title = format!("What differs over all days, {days}");
        let mut table = then_and_now(compared, "compare_total", title, None);
        let same: Vec<bool> = compared.metrics_of(None).map(Line::is_same).collect();
        let mut same = same.into_iter();
        table.rows.retain(|_| same.next() != Some(true));
        tables.push(table);
    }
    let of = argued.filter(|period| compared.differs(Some(*period)));
    if compared.differs(of) {
        let name = of.map_or_else(|| format!("all days from {days}"), |period| compared.periods.label(period));
        tables.push(causes(compared, format!("Why {name} differs: the causes add up to the difference"), of));
    }
    tables.extend(by_period(compared));
    tables.extend(records(compared, places, argued));
    tables.push(rows(compared));
    tables
}

/// A difference as people read it, with its sign.
fn signed(difference: Option<f64>, unit: Unit) -> Cell {
    match (difference, unit) {
        (None, _) => Cell::Missing("one of the two has no value".into()),
        (Some(by), Unit::Share) => Cell::Number(by, Unit::Points),
        (Some(by), unit) => {
            let unit = if unit == Unit::Times { Unit::Number } else { unit };
            let text = number::people(by, unit);
            Cell::text(if by > 0.0 { format!("+{text}") } else { text })
        }
    }
}

fn then_and_now(compared: &Compared<'_>, id: &str, title: String, period: Option<usize>) -> Table {
    let columns = vec![
        Column::left("metric", "Metric"),
        Column::right("then", "A"),
        Column::right("now", "B"),
        Column::right("difference", "B − A"),
        Column::left("cause", "Most by"),
    ];
    let row = |line: &Line| {
        let figure = &compared.figures[line.figure];
        vec![
            Cell::text(&figure.title),
            value(&line.then, figure.unit),
            value(&line.now, figure.unit),
            signed(line.difference, figure.unit),
            line.largest()
                .filter(|_| !line.is_same())
                .map_or_else(Cell::none, |effect| Cell::text(effect.cause.title())),
        ]
    };
    people(id, title, columns, compared.metrics_of(period).map(row).collect())
}

fn causes(compared: &Compared<'_>, title: String, period: Option<usize>) -> Table {
    let columns = vec![
        Column::left("cause", "Cause"),
        Column::right("records", "Records"),
        Column::right("effect", "B − A"),
        Column::right("numerator", "Numerator"),
        Column::right("denominator", "Denominator"),
    ];
    let mut rows = Vec::new();
    for line in compared.metrics_of(period).filter(|line| !line.effects.is_empty()) {
        let figure = &compared.figures[line.figure];
        rows.push(heading(&figure.title, columns.len()));
        let [top, bottom] = figure.sides;
        let ratio = line.then.denominator.or(line.now.denominator).is_some();
        for effect in &line.effects {
            let part = |by: Option<f64>, unit: Unit| {
                let by = by.filter(|_| ratio);
                by.map_or_else(Cell::none, |by| signed(Some(by), unit))
            };
            rows.push(vec![
                Cell::text(effect.cause.title()),
                Cell::count(effect.records),
                signed(effect.by, figure.unit),
                part(effect.numerator, top),
                part(effect.denominator, bottom),
            ]);
        }
    }
    people("causes", title, columns, rows)
}

fn by_period(compared: &Compared<'_>) -> Option<Table> {
    let columns = vec![
        Column::left("period", "Period"),
        Column::right("metrics", "Metrics that differ"),
        Column::left("causes", "By"),
    ];
    let changed: Vec<usize> = (0..compared.periods.all.len()).filter(|at| compared.differs(Some(*at))).collect();
    if compared.periods.all.len() < 2 || changed.is_empty() {
        return None;
    }
    let rows = changed.iter().rev().take(PERIODS).rev().map(|period| {
        let lines: Vec<&Line> = compared.metrics_of(Some(*period)).filter(|line| !line.is_same()).collect();
        let mut causes: Vec<Cause> = lines.iter().flat_map(|line| &line.effects).map(|effect| effect.cause).collect();
        causes.sort_unstable();
        causes.dedup();
        let causes: Vec<&str> = causes.into_iter().map(Cause::title).collect();
        vec![
            Cell::text(compared.periods.label(*period)),
            Cell::count(lines.len() as u64),
            Cell::text(causes.join(", ")),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let all = compared.periods.all.len();
    let more = changed.len().saturating_sub(PERIODS);
    let more = if more > 0 { format!("; {more} earlier in machine formats") } else { String::new() };
    let title = format!("{} of {all} periods differ{more}", changed.len());
    Some(people("periods", title, columns, rows))
}

/// One record and one cause: what it changes everywhere.
struct Move {
    at: usize,
    argued: bool,
    money: f64,
    figures: BTreeMap<(String, usize), Option<f64>>,
}

fn records(compared: &Compared<'_>, places: &[Places], argued: Option<usize>) -> Option<Table> {
    let mut moves: BTreeMap<(&str, [u32; 2], Cause), Move> = BTreeMap::new();
    for (at, record) in compared.records.iter().enumerate() {
        let key = (record.table.as_str(), record.rows, record.cause);
        let one = moves.entry(key).or_insert(Move { at, argued: false, money: 0.0, figures: BTreeMap::new() });
        let change = compared.change(record);
        one.argued |= argued == Some(record.period);
        if compared.unit(&record.measure) == Unit::Money {
            one.money = one.money.max(change.unwrap_or(0.0).abs());
        }
        one.figures.insert((record.measure.clone(), record.period), change);
    }
    let all = moves.len();
    let of = moves.keys().map(|(table, rows, _)| (*table, *rows)).collect::<BTreeSet<_>>().len();
    if all == 0 {
        return None;
    }
    let name = |at: usize| {
        let [a, b, _] = &places[at];
        let place = b.as_ref().or(a.as_ref());
        let file = |p: &Place| p.file.as_deref().map(|f| f.rsplit('/').next().unwrap_or(f).to_string());
        let by_line = |p: &Place| match (file(p), p.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file,
            _ => p.record.clone(),
        };
        place.map(|p| if p.id.is_empty() { by_line(p) } else { p.id.clone() }).unwrap_or_default()
    };
    let mut moves: Vec<(String, Move)> = moves.into_values().map(|one| (name(one.at), one)).collect();
    moves.sort_by(|(name_x, x), (name_y, y)| {
        let by_size = y.money.total_cmp(&x.money).then(y.figures.len().cmp(&x.figures.len()));
        y.argued.cmp(&x.argued).then(by_size).then(name_x.cmp(name_y)).then(x.at.cmp(&y.at))
    });
    // The largest of each cause before the rest of any, so that none is crowded out.
    let mut of_cause: BTreeMap<Cause, usize> = BTreeMap::new();
    let (mut chosen, mut rest) = (Vec::new(), Vec::new());
    for (place, (_, one)) in moves.iter().enumerate() {
        let seen = of_cause.entry(compared.records[one.at].cause).or_default();
        *seen += 1;
        if *seen <= OF_EACH { chosen.push(place) } else { rest.push(place) }
    }
    chosen.truncate(RECORDS);
    chosen.extend(rest.into_iter().take(RECORDS - chosen.len()));
    chosen.sort_unstable();
    let rows = chosen.into_iter().map(|place| &moves[place]).map(|(name, one)| {
        let record = &compared.records[one.at];
        let changed = changed_words(record, places[one.at][2].as_ref(), number::people);
        let mut figures: Vec<(&(String, usize), &Option<f64>)> = one.figures.iter().collect();
        let size = |measure: &str, by: Option<f64>| {
            (compared.unit(measure) == Unit::Money, by.map_or(0.0, |by| compared.major(measure, by).abs()))
        };
        figures.sort_by(|((measure_x, period_x), x), ((measure_y, period_y), y)| {
            let here = |period: usize| argued == Some(period);
            let ((money_x, x), (money_y, y)) = (size(measure_x, **x), size(measure_y, **y));
            here(*period_y).cmp(&here(*period_x)).then(money_y.cmp(&money_x)).then(y.total_cmp(&x))
        });
        let figure = |((measure, period), change): &(&(String, usize), &Option<f64>)| {
            let unit = compared.unit(measure);
            let by = change.map(|by| compared.major(measure, by));
            let by = by.map_or_else(String::new, |by| format!(" {}", number::cell(&signed(Some(by), unit))));
            format!("{measure} {}{by}", compared.periods.all[*period].label)
        };
        let mut words: Vec<String> = figures.iter().take(FIGURES).map(figure).collect();
        if figures.len() > FIGURES {
            words.push(format!("{} more", figures.len() - FIGURES));
        }
        vec![
            Cell::text(name),
            Cell::text(record.cause.title()),
            if changed.is_empty() { Cell::none() } else { Cell::text(changed) },
            Cell::text(words.join("; ")),
        ]
    });
    let columns = vec![
        Column::left("record", "Record"),
        Column::left("cause", "Cause"),
        Column::left("changed", "What changed"),
        Column::left("figures", "Counts otherwise in"),
    ];
    let rows: Vec<Vec<Cell>> = rows.collect();
    let mut title = format!("Records that count otherwise: {}", number::whole(of as u64));
    if all > of {
        title += &format!(", for {} causes", number::whole(all as u64));
    }
    if all > rows.len() {
        title += &format!("; {} are shown, all are in machine formats", rows.len());
    }
    Some(people("records", title, columns, rows))
}

fn rows(compared: &Compared<'_>) -> Table {
    let columns = vec![
        Column::left("table", "Table"),
        Column::right("rows_a", "Rows of A"),
        Column::right("rows_b", "Rows of B"),
        Column::right("same", "Same"),
        Column::right("changed", "Changed"),
        Column::right("new", "New"),
        Column::right("late", "Late"),
        Column::right("gone", "Gone"),
    ];
    let rows = compared.accounts.iter().map(|(kind, account)| {
        let [a, b] = account.rows;
        let mut row = vec![Cell::text(kind.id().replace('_', " "))];
        row.extend([a, b, account.same, account.changed, account.new, account.late, account.gone].map(Cell::count));
        row
    });
    people("rows", "Rows of the exports", columns, rows.collect())
}
