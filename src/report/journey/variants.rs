//! `journey --variants`: the most common paths, and what became of those who took them.
//!
//! In: the processes that count. Out: a [`Report`]. A path is the stages that are recorded and the touches up to the close,
//! in the order of time; the outcome is no step, or a path could not convert. Equal steps in a row are one, with their
//! number. Of one moment a stage comes first and touches stand in the order of their names; a touch without a time of day
//! comes at the end of its day.

use std::collections::HashMap;

use super::FEW;
use super::count::Group;
use super::labels::Labels;
use super::notes::things;
use crate::cli::{Sort, Steps};
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::journey::How;
use crate::journey::mix::{Mix, Place};
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::session::Data;
use crate::stats::interval::wilson;
use crate::stats::summary::summary;
use crate::time::date_of;

/// Variants that the table for machines has a row for; the others are one row.
pub const MOST: usize = 1000;

const TIDY: [&str; 25] = [
    "segment",
    "rank: number",
    "path",
    "steps: number",
    "variants: number",
    "processes: number",
    "of: number",
    "share: number",
    "share_low: number",
    "share_high: number",
    "deals: number",
    "won: number",
    "lost: number",
    "derailed: number",
    "conversion: number",
    "ci_low: number",
    "ci_high: number",
    "won_revenue: number",
    "won_with_amount: number",
    "median_days_to_won: number",
    "period_start: date",
    "period_end: date",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// What was asked for.
pub struct Asked {
    /// Paths shown to people.
    pub shown: usize,
    pub steps: Steps,
    /// Only the first steps count, this many.
    pub depth: Option<u32>,
    /// What comes first.
    pub sort: Sort,
}

/// Names of segments.
pub struct Names<'a> {
    pub by: &'a [String],
    pub segments: &'a [Segment],
    pub segment_of: Option<&'a [usize]>,
}

/// Steps and how often each stands in a row.
type Path = Vec<(u32, u32)>;

/// One path and who took it.
struct Variant {
    path: Path,
    group: Group,
}

struct Walker<'a> {
    data: &'a Data,
    mix: &'a Mix<'a>,
    asked: &'a Asked,
    labels: &'a Labels,
}

impl Walker<'_> {
    #[allow(clippy::cast_possible_truncation)] // far fewer than 2^32 stages
    fn path(&self, process: usize, events: &mut Vec<(i64, u32)>) -> Path {
        let (mix, journeys) = (self.mix, &self.data.journeys);
        let stages = mix.stages(process);
        let over = mix.over(process);
        let count = mix.ends.len() as u32;
        events.clear();
        let recorded = stages.iter().filter(|(from, stage)| {
            journeys.stages[*stage][process].how == How::Recorded && over.is_none_or(|over| *from <= over)
        });
        events.extend(recorded.map(|(from, stage)| (*from, *stage as u32)));
        if self.asked.steps != Steps::Stages {
            for row in mix.touches(process) {
                let at = mix.at[*row as usize];
                if mix.place(*row, &stages, over) != Place::After && !at.is_none() {
                    events.push((mix.last(at), count + self.labels.of[*row as usize]));
                }
            }
        }
        events.sort_unstable();
        let mut path = Path::new();
        let depth = self.asked.depth.map_or(usize::MAX, |depth| depth as usize);
        for (_, step) in events.iter() {
            let full = path.len() >= depth;
            match path.last_mut() {
                Some((last, times)) if last == step => *times += 1,
                _ if full => break,
                _ => path.push((*step, 1)),
            }
        }
        path
    }

    fn text(&self, path: &Path) -> String {
        let stages = &self.data.session.contract.stages;
        let name = |step: u32| {
            let step = step as usize;
            stages.get(step).map_or_else(|| self.labels.names[step - stages.len()].as_str(), |s| s.id.value.as_str())
        };
        let steps: Vec<String> = path
            .iter()
            .map(|(step, times)| if *times > 1 { format!("{} ×{times}", name(*step)) } else { name(*step).to_string() })
            .collect();
        if steps.is_empty() { "(no step)".to_string() } else { steps.join(" > ") }
    }
}

/// Paths of one segment, by what comes first, then by number of processes, then by their steps.
fn sorted(mut variants: Vec<Variant>, by: Sort) -> Vec<Variant> {
    let key = |group: &Group| match by {
        Sort::Count => (0, group.n),
        Sort::Won => (i64::try_from(group.won).unwrap_or(i64::MAX), group.n),
        Sort::Value => (group.amount, group.n),
    };
    variants.sort_unstable_by(|a, b| (key(&b.group), &a.path).cmp(&(key(&a.group), &b.path)));
    variants
}

/// Builds the report.
pub fn build(
    asked: &Asked,
    data: &Data,
    mix: &Mix<'_>,
    (from, to): (i32, i32),
    keep: &[bool],
    names: &Names<'_>,
    condition: Option<&str>,
) -> Report {
    let labels = Labels::new(&data.tables, mix, data, asked.steps);
    let walker = Walker { data, mix, asked, labels: &labels };
    let journeys = &data.journeys;
    let segments = if names.by.is_empty() { 0 } else { names.segments.len() };
    let mut found: Vec<(HashMap<Path, usize, foldhash::fast::FixedState>, Vec<Variant>)> = Vec::new();
    found.resize_with(segments + 1, Default::default);
    let (mut outside, mut undated, mut events) = (0_u64, 0_u64, Vec::new());
    for at in (0..journeys.len()).filter(|at| keep[*at]) {
        match journeys.entered(at) {
            None => undated += 1,
            Some(day) if !(from..=to).contains(&day) => outside += 1,
            Some(_) => {
                let path = walker.path(at, &mut events);
                for segment in [Some(0), names.segment_of.map(|of| of[at] + 1)].into_iter().flatten() {
                    let (index, variants) = &mut found[segment];
                    let place = index.get(&path).copied().unwrap_or_else(|| {
                        index.insert(path.clone(), variants.len());
                        variants.push(Variant { path: path.clone(), group: Group::default() });
                        variants.len() - 1
                    });
                    variants[place].group.add(journeys, at);
                }
            }
        }
    }
    let found: Vec<(Option<usize>, Vec<Variant>)> = found
        .into_iter()
        .enumerate()
        .map(|(i, (_, variants))| (i.checked_sub(1), sorted(variants, asked.sort)))
        .filter(|(segment, variants)| segment.is_none() || !variants.is_empty())
        .collect();
    let show = Show { walker: &walker, names, days: (from, to) };
    let mut report = data.report("journey", "Journeys: the most common paths");
    report.tables = vec![show.people(&found), show.tidy(&found)];
    report.notes = show.notes(&found[0].1, outside, undated, condition, keep);
    report.notes.extend(data.unseen_stages());
    report.notes.extend(data.notes());
    report
}

struct Show<'a> {
    walker: &'a Walker<'a>,
    names: &'a Names<'a>,
    days: (i32, i32),
}

fn total(variants: &[Variant]) -> u64 {
    variants.iter().map(|v| v.group.n).sum()
}

/// Several groups as one.
fn together(variants: &[Variant]) -> Group {
    let mut all = Group::default();
    for Variant { group, .. } in variants {
        all.n += group.n;
        all.deals += group.deals;
        all.won += group.won;
        all.lost += group.lost;
        all.derailed += group.derailed;
        all.valued += group.valued;
        all.amount += group.amount;
        all.days.extend(&group.days);
    }
    all
}

#[allow(clippy::cast_precision_loss)] // counts and cents stay far below 2^53
impl Show<'_> {
    /// Conversion, revenue and days, where the exports can tell; and deals.
    fn outcomes(&self, group: &Group, people: bool) -> [Cell; 3] {
        let facts = self.walker.data.facts();
        if let Some(why) = facts.no_table("deals") {
            return std::array::from_fn(|_| Cell::Missing(why.clone()));
        }
        let rate = group.won as f64 / group.n as f64;
        let share = if people { Unit::Share } else { Unit::Number };
        let (money, days) = if people { (Unit::Money, Unit::Days) } else { (Unit::Number, Unit::Number) };
        let few = people && group.n < FEW;
        let conversion =
            if few { Cell::text(format!("{}†", number::people(rate, share))) } else { Cell::Number(rate, share) };
        let revenue = if group.won > 0 && group.valued == 0 {
            Cell::Missing("no won deal with an amount".into())
        } else {
            Cell::Number(group.amount as f64 / facts.minor_per_major(), money)
        };
        let median = summary(&mut group.days.clone());
        let none = || Cell::Missing("no won deal with a beginning".into());
        [conversion, revenue, median.map_or_else(none, |d| Cell::Number(d.median, days))]
    }

    fn people(&self, found: &[(Option<usize>, Vec<Variant>)]) -> Table {
        let columns = vec![
            Column::left("path", "Path"),
            Column::right("processes", "Buyers"),
            Column::right("share", "Share"),
            Column::right("won", "Won"),
            Column::right("conversion", "Conversion"),
            Column::right("won_revenue", "Revenue"),
            Column::right("median_days_to_won", "Days to won"),
        ];
        let facts = self.walker.data.facts();
        let no_deals = facts.no_table("deals");
        let mut rows = Vec::new();
        for (segment, variants) in found {
            if !self.names.by.is_empty() {
                let words = |s: &usize| segment_text(self.names.by, &self.names.segments[*s]);
                rows.push(heading(&segment.as_ref().map_or_else(|| "All".to_string(), words), columns.len()));
            }
            let all = total(variants);
            let mut add = |path: String, group: &Group| {
                let won = no_deals.as_ref().map_or_else(|| Cell::count(group.won), |why| Cell::Missing(why.clone()));
                let share = Cell::Number(group.n as f64 / all as f64, Unit::Share);
                let mut row = vec![Cell::text(path), Cell::count(group.n), share, won];
                row.extend(self.outcomes(group, true));
                rows.push(row);
            };
            let (head, tail) = variants.split_at(variants.len().min(self.walker.asked.shown));
            for variant in head {
                add(self.walker.text(&variant.path), &variant.group);
            }
            if !tail.is_empty() {
                add(things(tail.len() as u64, "other path", "other paths"), &together(tail));
            }
        }
        let title = format!("Paths of buyers that began {} to {}", date_of(self.days.0), date_of(self.days.1));
        Table { id: "variants".into(), title, audience: Audience::People, columns, rows }
    }

    fn tidy(&self, found: &[(Option<usize>, Vec<Variant>)]) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        for (segment, variants) in found {
            let words = |s: &usize| segment_text(self.names.by, &self.names.segments[*s]);
            let words = segment.as_ref().map_or_else(String::new, words);
            let all = total(variants);
            let (head, tail) = variants.split_at(variants.len().min(MOST));
            for (rank, variant) in (1..).zip(head) {
                let path = (Cell::text(self.walker.text(&variant.path)), Cell::count(variant.path.len() as u64));
                rows.push(self.row(&words, Cell::count(rank), path, 1, &variant.group, all));
            }
            if !tail.is_empty() {
                let rest = || Cell::Missing("the other paths together".into());
                let path = (Cell::text("(other paths)"), rest());
                rows.push(self.row(&words, rest(), path, tail.len() as u64, &together(tail), all));
            }
        }
        Table { id: "journey_variants_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn row(&self, segment: &str, rank: Cell, path: (Cell, Cell), variants: u64, group: &Group, all: u64) -> Vec<Cell> {
        let data = self.walker.data;
        let no_deals = data.facts().no_table("deals");
        let if_deals = |cell: Cell| no_deals.as_ref().map_or(cell, |why| Cell::Missing(why.clone()));
        let bounds = |k: u64, n: u64| {
            let bounds = wilson(k as f64, n as f64);
            let cell = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
            [cell(bounds.map(|b| b.0)), cell(bounds.map(|b| b.1))]
        };
        let mut cells = vec![
            Cell::text(segment),
            rank,
            path.0,
            path.1,
            Cell::count(variants),
            Cell::count(group.n),
            Cell::count(all),
            Cell::Number(group.n as f64 / all as f64, Unit::Number),
        ];
        cells.extend(bounds(group.n, all));
        cells.extend([group.deals, group.won, group.lost, group.derailed].map(|n| if_deals(Cell::count(n))));
        let [conversion, revenue, days] = self.outcomes(group, false);
        cells.push(conversion);
        cells.extend(bounds(group.won, group.n).map(if_deals));
        cells.extend([revenue, if_deals(Cell::count(group.valued)), days]);
        cells.extend([Cell::Date(date_of(self.days.0)), Cell::Date(date_of(self.days.1))]);
        cells.extend([
            Cell::Date(data.session.as_of),
            Cell::text(&data.session.contract.currency),
            Cell::text(data.session.contract.short_hash()),
        ]);
        cells
    }

    fn notes(
        &self,
        variants: &[Variant],
        outside: u64,
        undated: u64,
        condition: Option<&str>,
        keep: &[bool],
    ) -> Vec<String> {
        let (asked, journeys) = (self.walker.asked, &self.walker.data.journeys);
        let kept = keep.iter().filter(|k| **k).count();
        let all = total(variants);
        let steps = match asked.steps {
            Steps::Kinds => {
                "recorded stages, and touches up to the close by team (m: marketing, s: sales, ?: neither) and channel, campaign type or kind"
            }
            Steps::Teams => "recorded stages, and touches up to the close by team",
            Steps::Stages => "recorded stages alone",
        };
        let processes = things(kept as u64, "buying process", "buying processes");
        let paths = things(variants.len() as u64, "path", "different paths");
        let mut notes = vec![
            format!("{processes} = {} counted here + {} that began outside of the days shown + {} without a day on which they reached any stage. They took {paths}.", number::whole(all), number::whole(outside), number::whole(undated)),
            format!("Steps are {steps}. ×n: n in a row. A skipped stage is no step, and the outcome is none: conversion is the share of a path's buyers that were won by {}.", self.walker.data.session.as_of),
            "A stage comes before a touch of the same moment; a touch without a time of day comes at the end of its day; of one moment, touches are in the order of their names.".to_string(),
        ];
        if let Some(depth) = asked.depth {
            notes.push(format!("Only the first {depth} steps count: what came after them is in no path."));
        }
        notes.push("Who was won was followed for longer, and who answered got more touches: a longer path does not win more because it is longer.".into());
        let sum = |of: fn(&Group) -> u64| variants.iter().map(|v| of(&v.group)).sum::<u64>();
        let (open, no_deal) = (sum(|g| g.open), sum(|g| g.n - g.deals));
        if open + no_deal > 0 && self.walker.data.facts().no_table("deals").is_none() {
            let deals = things(open, "deal of these buyers is still open", "deals of these buyers are still open");
            let others = things(no_deal, "buyer has no deal yet", "buyers have no deal yet");
            notes.push(format!("{deals}, and {others}: their paths go on, and conversion may grow."));
        }
        let won = sum(|g| g.won);
        let shown: u64 = variants.iter().take(asked.shown).map(|v| v.group.won).sum();
        if shown * 2 < won {
            let mut ways = Vec::new();
            if asked.steps != Steps::Stages {
                ways.push("--steps stages");
            }
            if asked.depth.is_none_or(|depth| depth > 2) {
                ways.push("--depth 2");
            }
            if asked.sort != Sort::Won {
                ways.push("--sort won");
            }
            let ways = if ways.is_empty() { "--variants=100".to_string() } else { ways.join(" or ") };
            notes.push(format!(
                "The paths shown hold {shown} of {won} won deals, so they say little about conversion: try {ways}."
            ));
        }
        if variants.iter().take(asked.shown).any(|v| v.group.n < FEW) {
            notes.push(format!("Conversions marked † are of fewer than {FEW} buyers: they say little."));
        }
        if let Some(condition) = condition {
            notes.push(format!("Only processes where {condition}: {kept} of {}.", journeys.len()));
        }
        notes
    }
}
