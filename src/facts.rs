//! Tables and processes → polars data frames, with the columns that conditions and measures may use.
//!
//! In: the canonical tables and the processes. Out: frames with only the columns that are wanted. Ids and words are
//! text, times are days in the contract's zone, amounts are whole minor units beside a `__major` column that
//! conditions compare.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use polars::prelude::*;

use crate::catalogue::formula::{self, Offered};
use crate::catalogue::problems_at;
use crate::contract::{Contract, Said};
use crate::identity::Identity;
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::journey::{Journeys, Side};
use crate::tables::{Kind, Table, Tables, Type};
use crate::time::Zone;

mod columns;
mod conditions;
mod heads;

pub use columns::outcome_id;
pub use conditions::mask;

use columns::{dates, minor_per_major, table_column, table_columns, text};
use conditions::{cannot, in_flag, select, verdicts};
use heads::{headcount_by_month, headcount_months};

/// What `evaluate` counts.
pub struct Facts<'a> {
    /// The canonical tables.
    pub tables: &'a Tables,
    /// The buying processes.
    pub journeys: &'a Journeys,
    /// Who is the same.
    pub who: &'a Identity,
    /// The contract: stages and currency.
    pub contract: &'a Contract,
    /// The contract's zone.
    pub home: &'a Zone,
    /// The last day that counts, since 1970.
    pub as_of: i32,
    /// The tables that some file was read into, whatever became of its rows.
    pub read: &'a BTreeSet<String>,
}

impl Facts<'_> {
    /// Minor units in one major unit of the reporting currency: 100 for USD.
    pub fn minor_per_major(&self) -> f64 {
        minor_per_major(&self.contract.currency)
    }

    /// Why a table cannot be counted at all, with what to do; `None` when it can.
    pub fn no_table(&self, table: &str) -> Option<String> {
        let kind = match table {
            "journeys" => {
                let named: Vec<&str> =
                    ["people", "deals"].into_iter().filter(|kind| self.read.contains(*kind)).collect();
                return self.journeys.is_empty().then(|| match &named[..] {
                    [] => "no people and no deals source: add one".to_string(),
                    named => format!("no row of {} can be used: see `onefunnel inspect`", named.join(" or ")),
                });
            }
            other => Kind::named(other)?,
        };
        let reason = || {
            if self.read.contains(table) {
                format!("every row of the {table} source was set aside: see `onefunnel inspect`")
            } else {
                format!("no {table} source: add one")
            }
        };
        self.tables.get(kind).is_empty().then(reason)
    }

    /// Whether no export shows when a stage of the contract was reached.
    pub fn unseen(&self, stage: &str) -> bool {
        self.contract.stages.iter().zip(&self.journeys.seen).any(|(s, seen)| s.id.value == stage && !seen)
    }

    /// Whether the table tells nothing finer than a month.
    pub fn is_monthly(&self, table: &str) -> bool {
        // Headcounts are averaged by month, whatever day they were taken on.
        table == "headcount" || Kind::named(table).is_some_and(|kind| self.tables.get(kind).monthly)
    }

    /// The rows of a table of measures that its frame has; `None` for processes.
    pub fn counted(&self, table: &str) -> Option<Cow<'_, Table>> {
        let kind = Kind::named(table)?;
        let source = self.tables.get(kind);
        let by_month = || Cow::Owned(headcount_by_month(source, self.home));
        Some(if kind == Kind::Headcount { by_month() } else { Cow::Borrowed(source) })
    }

    /// The columns of a table of measures.
    pub fn offered(&self, table: &str) -> Vec<Offered> {
        if table == "journeys" {
            return self.journey_columns();
        }
        let Some(kind) = Kind::named(table) else { return Vec::new() };
        let mut columns = table_columns(self.tables.get(kind));
        if kind == Kind::Touches {
            columns.retain(|(name, _)| name != "team");
            columns.push(("on".into(), Type::Time));
            columns.push(("team".into(), Type::Text));
        }
        columns
    }

    fn journey_columns(&self) -> Vec<Offered> {
        let mut columns: Vec<Offered> = Vec::new();
        let mut add = |kind: Type, names: &[&str]| columns.extend(names.iter().map(|n| ((*n).to_string(), kind)));
        add(Type::Time, &["entered_on", "first_contact_on", "created_on", "closed_on"]);
        add(Type::Time, &["first_marketing_on", "last_marketing_on", "first_sales_on", "last_sales_on"]);
        add(Type::Flag, &["has_deal", "is_won", "is_lost", "is_derailed", "is_open"]);
        add(Type::Money, &["amount"]);
        add(Type::Number, &["days_to_won", "deal_days", "people", "marketing_touches", "sales_touches"]);
        add(Type::Text, &["outcome", "origin", "deal_origin", "entry_stage", "link"]);
        for stage in &self.contract.stages {
            let id = &stage.id.value;
            columns.push((format!("{id}_on"), Type::Time));
            columns.push((format!("{id}_reached"), Type::Flag));
            columns.push((format!("{id}_recorded"), Type::Flag));
        }
        let words = self.journeys.segments.keys().map(|name| (name, Type::Text));
        for (name, kind) in words.chain(self.journeys.numbers.keys().map(|name| (name, Type::Number))) {
            if !columns.iter().any(|(n, _)| n == name) {
                columns.push((name.clone(), kind));
            }
        }
        columns
    }

    /// A frame with the wanted columns, one row per row of the table.
    ///
    /// # Errors
    /// When polars cannot build it: a defect.
    pub fn frame(&self, table: &str, wanted: &BTreeSet<String>) -> Result<DataFrame> {
        let mut columns: Vec<Column> = Vec::new();
        let mut height = self.journeys.len();
        if table == "journeys" {
            for name in wanted {
                columns.extend(self.journey_column(name));
            }
        } else if table == "headcount" {
            let months = headcount_by_month(self.tables.get(Kind::Headcount), self.home);
            height = months.len();
            for name in wanted {
                columns.extend(table_column(self.tables, &months, name, self.home, 1.0));
            }
        } else if let Some(kind) = Kind::named(table) {
            let source = self.tables.get(kind);
            height = source.len();
            for name in wanted {
                match name.as_str() {
                    "on" if kind == Kind::Touches => {
                        columns
                            .push(dates(name, crate::journey::touch_times(source).iter().map(|at| self.home.day(*at))));
                    }
                    "team" if kind == Kind::Touches => {
                        columns.push(text(name, self.journeys.touch_side.iter().map(|s| s.map(Side::id))));
                    }
                    _ => columns.extend(table_column(self.tables, source, name, self.home, self.minor_per_major())),
                }
            }
        }
        Ok(DataFrame::new(height, columns)?)
    }

    /// The headcount ledger's counts; NaN where one is missing.
    pub fn heads(&self) -> Vec<f64> {
        heads::heads(self.tables.get(Kind::Headcount))
    }

    /// The rows of the headcount ledger that each row of its frame is the mean of.
    pub fn headcount_rows(&self) -> Vec<Vec<usize>> {
        headcount_months(self.tables.get(Kind::Headcount), self.home).into_values().collect()
    }

    /// Which processes a condition holds for; all without one.
    ///
    /// # Errors
    /// Every unknown column, at `--where`.
    pub fn journey_mask(&self, condition: Option<&str>) -> Result<Vec<bool>> {
        let Some(condition) = condition else { return Ok(vec![true; self.journeys.len()]) };
        let predicate = formula::predicate(condition, &self.offered("journeys"))
            .map_err(|problems| Issues(in_flag("where", condition, problems)))?;
        let frame = self.frame("journeys", &formula::uses(condition).into_iter().collect())?;
        select(frame, predicate, self.journeys.len())
            .map_err(|e| Issues(in_flag("where", condition, vec![cannot(condition, &e)])).into())
    }

    /// The columns of processes that some export could have, also where none does: for conditions of a contract, which
    /// speak of more exports than may lie here.
    pub fn known_columns(&self) -> Vec<Offered> {
        let mut columns = self.offered("journeys");
        let ours = [Kind::Deals, Kind::People, Kind::Accounts].into_iter().flat_map(|kind| {
            let fields = kind.fields().iter().filter(|f| matches!(f.kind, Type::Text | Type::Number));
            fields.map(|f| (f.name.to_string(), f.kind))
        });
        let own = self.contract.sources.iter().flat_map(|source| {
            source.columns.iter().map(|(name, rule)| (name.clone(), rule.kind.unwrap_or(Type::Text)))
        });
        for (name, kind) in ours.chain(own.filter(|(_, kind)| matches!(kind, Type::Text | Type::Number))) {
            let taken = columns.iter().any(|(n, _)| *n == name);
            if !taken && (kind == Type::Number || crate::journey::is_segment(&name)) {
                columns.push((name, kind));
            }
        }
        columns
    }

    /// The columns of a condition that no export here has.
    pub fn absent(&self, condition: &str) -> Vec<String> {
        let offered = self.offered("journeys");
        let mut names = formula::uses(condition);
        names.retain(|name| !offered.iter().any(|(n, _)| n == name));
        names.dedup();
        names
    }

    /// Checks the conditions of `[qualified]`.
    ///
    /// # Errors
    /// Every unknown column, at its place in the contract.
    pub fn check_qualified(&self) -> Result<(), Issues> {
        let Some(qualified) = &self.contract.qualified else { return Ok(()) };
        let known = self.known_columns();
        let issues = qualified.rules.iter().filter_map(|rule| {
            formula::predicate(&rule.when.value, &known).err().map(|problems| problems_at(&rule.when, problems))
        });
        Issues(issues.flatten().collect()).into_result()
    }

    /// What a condition of the contract says of each process: `None` where it cannot tell, because a value is missing.
    ///
    /// # Errors
    /// Every unknown column, at its place in the contract.
    pub fn verdicts(&self, condition: &Said<String>) -> Result<Vec<Option<bool>>> {
        let known = self.known_columns();
        let text = &condition.value;
        let predicate = formula::predicate(text, &known).map_err(|p| Issues(problems_at(condition, p)))?;
        let wanted: BTreeSet<String> = formula::uses(text).into_iter().collect();
        let mut frame = self.frame("journeys", &wanted)?;
        let rows = self.journeys.len();
        for name in self.absent(text) {
            let kind = known.iter().find(|(n, _)| *n == name).map(|(_, kind)| *kind);
            let dtype = if kind == Some(Type::Number) { DataType::Float64 } else { DataType::String };
            frame.with_column(Column::full_null(name.as_str().into(), rows, &dtype))?;
        }
        verdicts(frame, predicate, rows).map_err(|e| Issues(problems_at(condition, vec![cannot(text, &e)])).into())
    }

    /// A column of numbers of the processes, NaN where it is missing; `None` when no export has it.
    pub fn numbers(&self, column: &str) -> Option<&[f64]> {
        self.journeys.numbers.get(column).map(Vec::as_slice)
    }

    /// The segments of the processes by some columns, in order of their text, and each process's index among them.
    ///
    /// # Errors
    /// Every unknown column, at `--by`.
    pub fn segments(&self, by: &[String]) -> Result<(Vec<Segment>, Vec<usize>)> {
        self.segments_of("journeys", by)
    }

    /// The segments of the rows of a table by some of its columns, likewise.
    ///
    /// # Errors
    /// Every unknown column, at `--by`.
    pub fn segments_of(&self, table: &str, by: &[String]) -> Result<(Vec<Segment>, Vec<usize>)> {
        self.check_by_of(table, by)?;
        let frame = self.frame(table, &by.iter().cloned().collect())?;
        let words: Vec<Column> =
            by.iter().map(|b| frame.column(b)?.cast(&DataType::String)).collect::<PolarsResult<_>>()?;
        let words: Vec<&StringChunked> = words.iter().map(|w| w.str()).collect::<PolarsResult<_>>()?;
        // Numbered as they come, by words that are compared where they lie; only one of each is made a segment.
        let mut numbers: HashMap<Vec<Option<&str>>, usize, foldhash::fast::FixedState> = HashMap::default();
        let mut found: Vec<Segment> = Vec::new();
        let mut key = Vec::with_capacity(words.len());
        let mut number_of = Vec::with_capacity(frame.height());
        for at in 0..frame.height() {
            key.clear();
            key.extend(words.iter().map(|w| w.get(at)));
            let number = numbers.get(&key).copied().unwrap_or_else(|| {
                numbers.insert(key.clone(), found.len());
                found.push(key.iter().map(|word| word.map(str::to_string)).collect());
                found.len() - 1
            });
            number_of.push(number);
        }
        let mut all = found.clone();
        sort_segments(&mut all);
        let index: BTreeMap<&Segment, usize> = all.iter().enumerate().map(|(i, s)| (s, i)).collect();
        let place: Vec<usize> = found.iter().map(|segment| index.get(segment).copied().unwrap_or(0)).collect();
        let segment_of = number_of.into_iter().map(|number| place[number]).collect();
        Ok((all, segment_of))
    }

    /// What a condition says of each row of a canonical table: `None` where it cannot tell, because a value is missing.
    ///
    /// # Errors
    /// Every unknown column, at the condition's place.
    pub fn verdicts_of(&self, kind: Kind, condition: &Said<String>) -> Result<Vec<Option<bool>>> {
        let text = &condition.value;
        let offered = self.offered(kind.id());
        let predicate = formula::predicate(text, &offered).map_err(|p| Issues(problems_at(condition, p)))?;
        let frame = self.frame(kind.id(), &formula::uses(text).into_iter().collect())?;
        let rows = self.tables.get(kind).len();
        verdicts(frame, predicate, rows).map_err(|e| Issues(problems_at(condition, vec![cannot(text, &e)])).into())
    }

    /// The columns that figures can be broken down by.
    pub fn segment_names(&self) -> Vec<String> {
        let words = |kind| matches!(kind, Type::Text | Type::Flag);
        self.offered("journeys").into_iter().filter(|(_, kind)| words(*kind)).map(|(name, _)| name).collect()
    }

    /// Checks the columns to break down by.
    ///
    /// # Errors
    /// Every column that is not there or does not hold words, at `--by`.
    pub fn check_by(&self, by: &[String]) -> Result<(), Issues> {
        self.check_by_of("journeys", by)
    }

    fn check_by_of(&self, table: &str, by: &[String]) -> Result<(), Issues> {
        let offered = self.offered(table);
        let words = offered.iter().filter(|(_, kind)| matches!(kind, Type::Text | Type::Flag));
        let known: Vec<String> = words.map(|(name, _)| name.clone()).collect();
        let place = || Place::file("--by");
        let issues = by.iter().filter(|name| !known.contains(name)).map(|name| {
            if offered.iter().any(|(n, _)| n == name) {
                Issue::usage(place(), format!("`{name}` is a column of days or numbers, not of words"))
                    .hint(format!("columns of words: {}", known.join(", ")))
            } else {
                Issue::usage(place(), format!("no column is called `{name}`"))
                    .hint(did_you_mean(name, known.iter().map(String::as_str)))
            }
        });
        Issues(issues.collect()).into_result()
    }

    /// Whether any row fills a column: has a value, or says yes. Two are of no column:
    /// `lost_deals` and `lost_amount` of `journeys` say no where a win rate, or one by amount, would be 100 % for lack of data.
    pub fn fills(&self, table: &str, column: &str) -> bool {
        match (table, column) {
            ("journeys", "lost_deals") => return !self.journeys.only_won(),
            ("journeys", "lost_amount") => return !self.journeys.lost_nothing(),
            _ => {}
        }
        let wanted = BTreeSet::from([column.to_string()]);
        let Ok(frame) = self.frame(table, &wanted) else { return false };
        let Ok(values) = frame.column(column) else { return false };
        match values.bool() {
            Ok(flags) => flags.iter().any(|f| f == Some(true)),
            Err(_) => values.null_count() < values.len(),
        }
    }
}

/// One value per column that is broken down by; empty for the total. `None` is a blank.
pub type Segment = Vec<Option<String>>;

/// Sorts segments by their text; a blank goes last.
pub fn sort_segments(segments: &mut Vec<Segment>) {
    segments.sort_by_cached_key(|s| s.iter().map(|v| (v.is_none(), v.clone())).collect::<Vec<_>>());
    segments.dedup();
}
