//! `score`: what the lead score is worth: conversion and revenue by band, how well it puts those that were won above the
//! others, and the threshold: the one in force, and the one that sales' capacity would have asked for.
//!
//! In: the command line. Out: a [`Report`]: bands, thresholds, the order's figures, and one tidy table.
//!
//! A process without a score is in no band of numbers and in no threshold's volume: it is a band of its own.

mod ask;
mod layout;
mod notes;
mod tidy;

use anyhow::Result;

use super::Report;
use super::definition::cells::Outcomes;
use super::definition::sets::{Maturity, Tally};
use super::definition::{maturity, periods};
use crate::Env;
use crate::calendar::Periods;
use crate::cli::ScoreArgs;
use crate::issue::{Issue, Place, did_you_mean};
use crate::journey::Outcome;
use crate::session::{Data, Session};
use crate::stats::ranking::{Auc, auc};
use crate::time::date_of;

use ask::{Capacity, Threshold};

/// Distinct scores up to which machine formats get a threshold for each.
const EVERY: usize = 1000;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a flag that cannot be read; a column that is not there.
pub fn build(args: &ScoreArgs, env: &mut Env<'_>) -> Result<Report> {
    ask::bands(&args.bands)?;
    ask::threshold(args.threshold.as_deref())?;
    args.capacity.as_deref().map(Capacity::read).transpose()?;
    tell(&Session::open(&args.input, env)?.load(&args.output, env)?, args)
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &ScoreArgs) -> Result<Report> {
    let wanted = ask::bands(&args.bands)?;
    let asked_threshold = ask::threshold(args.threshold.as_deref())?;
    let capacity = args.capacity.as_deref().map(Capacity::read).transpose()?;
    let slice = args.window.slice();
    let periods = periods(data, &slice)?;
    let facts = data.facts();
    let in_force = ask::in_force(&data.session.contract, &args.column, date_of(periods.to));
    let besides = in_force.as_ref().map_or(&[][..], |t| &t.besides);
    let verdicts = besides.iter().map(|rule| facts.verdicts(rule)).collect::<Result<Vec<_>>>()?;
    let passes = |at: usize| verdicts.iter().all(|rule| rule[at] == Some(true));
    let has_rules = !besides.is_empty();
    let threshold = asked_threshold.or(in_force);
    let keep = facts.journey_mask(slice.condition.as_deref())?;
    let Some(scores) = facts.numbers(&args.column) else { return Err(no_column(data, &args.column).into()) };

    let mut scored = Scored::new(maturity(data));
    for at in (0..data.journeys.len()).filter(|at| keep[*at]) {
        let day = data.journeys.entered(at);
        match day.filter(|day| periods.index(*day).is_some()) {
            Some(day) => scored.add(data, at, day, (scores[at], passes(at))),
            None if day.is_some() => scored.outside += 1,
            None => scored.undated += 1,
        }
    }
    scored.all.sort_by(|a, b| a.score.total_cmp(&b.score));
    let edges = if wanted.is_empty() { scored.tenths() } else { wanted };
    let matching = capacity.as_ref().map(|c| c.match_threshold(data, &scored, &periods)).transpose()?;
    let view = View {
        data,
        column: &args.column,
        periods: &periods,
        outcomes: Outcomes::of(&facts),
        edges,
        tenths: args.bands.is_empty(),
        has_rules,
        threshold,
        capacity,
        matching,
        auc: scored.auc(false),
        mature_auc: scored.auc(true),
        scored: &scored,
    };
    let mut report = data.report("score", &format!("What the {} is worth", args.column));
    layout::fill(&mut report, &view);
    if let Some(condition) = &slice.condition {
        let met = keep.iter().filter(|k| **k).count();
        report.notes.push(format!("Only the {met} of {} buying processes where {condition}.", keep.len()));
    }
    report.notes.extend(data.notes());
    Ok(report)
}

fn no_column(data: &Data, column: &str) -> Issue {
    let known: Vec<&str> = data.journeys.numbers.keys().map(String::as_str).collect();
    let issue = Issue::usage(Place::file("--column"), format!("no export has a column of numbers called `{column}`"));
    if known.is_empty() {
        return issue.hint("export the lead score, or name its column in a [[source]] as score = { header = \"…\", kind = \"number\" }");
    }
    issue.hint(did_you_mean(column, known))
}

/// One process with a score.
#[derive(Debug, Clone, Copy)]
pub struct One {
    /// Its score.
    pub score: f64,
    /// Index of the process.
    pub at: usize,
    /// The day it counts from.
    pub day: i32,
    /// Won by as-of.
    pub won: bool,
    /// Meets what the definition asks besides the score.
    pub passes: bool,
}

/// Everybody who is asked.
pub struct Scored {
    /// With a score, in ascending order of it.
    pub all: Vec<One>,
    /// Without.
    pub without: Tally,
    /// All together.
    pub total: Tally,
    /// With a score, together.
    pub with: Tally,
    /// On a day outside of the range.
    pub outside: u64,
    /// On no known day.
    pub undated: u64,
    maturity: Maturity,
}

impl Scored {
    fn new(maturity: Maturity) -> Self {
        let none = Tally::default();
        Self { all: Vec::new(), without: none, total: none, with: none, outside: 0, undated: 0, maturity }
    }

    fn add(&mut self, data: &Data, at: usize, day: i32, (score, passes): (f64, bool)) {
        let (journeys, maturity) = (&data.journeys, self.maturity);
        self.total.add(journeys, at, day, maturity);
        if score.is_finite() {
            self.with.add(journeys, at, day, maturity);
            self.all.push(One { score, at, day, won: journeys.outcome[at] == Outcome::Won, passes });
        } else {
            self.without.add(journeys, at, day, maturity);
        }
    }

    /// The least scores of ten bands of about as many each; equal scores stay together, so there may be fewer bands.
    fn tenths(&self) -> Vec<f64> {
        let n = self.all.len();
        let mut edges: Vec<f64> = (0..10).filter_map(|k| self.all.get(k * n / 10)).map(|one| one.score).collect();
        edges.dedup();
        edges
    }

    /// Index of the first with at least this score.
    pub fn from(&self, score: f64) -> usize {
        self.all.partition_point(|one| one.score < score)
    }

    /// What became of those from one index to another.
    pub fn tally(&self, data: &Data, from: usize, to: usize) -> Tally {
        let mut tally = Tally::default();
        for one in &self.all[from..to.max(from)] {
            tally.add(&data.journeys, one.at, one.day, self.maturity);
        }
        tally
    }

    /// The order's figure, of all or of those observed for long enough.
    fn auc(&self, mature: bool) -> Option<Auc> {
        let kept = self.all.iter().filter(|one| !mature || self.maturity.is(one.day) == Some(true));
        auc(&kept.map(|one| (one.score, one.won)).collect::<Vec<_>>())
    }

    /// Every score that occurs, in descending order, with how many reach it and how many of these were won.
    pub fn thresholds(&self) -> Vec<(f64, u64, u64)> {
        let (mut n, mut won) = (0, 0);
        let mut out = Vec::new();
        for tied in self.all.chunk_by(|a, b| a.score == b.score).rev() {
            n += tied.len() as u64;
            won += tied.iter().filter(|one| one.won).count() as u64;
            out.push((tied[0].score, n, won));
        }
        out
    }
}

/// What the layout sees.
pub struct View<'a> {
    data: &'a Data,
    column: &'a str,
    periods: &'a Periods,
    scored: &'a Scored,
    outcomes: Outcomes,
    /// Least score of each band, ascending.
    edges: Vec<f64>,
    /// The bands are tenths.
    tenths: bool,
    /// The definition asks for more than a score.
    has_rules: bool,
    threshold: Option<Threshold>,
    capacity: Option<Capacity>,
    matching: Option<ask::Match>,
    auc: Option<Auc>,
    mature_auc: Option<Auc>,
}
