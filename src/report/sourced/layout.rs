//! Verdicts → tables and notes.

use super::verdict::{Deal, RULES, Verdict};
use crate::ingest;
use crate::journey::Outcome;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::stats::interval::wilson;
use crate::tables::{Kind, NO_MONEY};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 17] = [
    "rule",
    "part",
    "measure",
    "value: number",
    "unit",
    "of: number",
    "share: number",
    "ci_low: number",
    "ci_high: number",
    "unknown: number",
    "without_amount: number",
    "status",
    "period_start: date",
    "period_end: date",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// The columns of the list of deals.
const LIST: [&str; 17] = [
    "deal_id",
    "deal",
    "created: flag",
    "won: flag",
    "amount: number",
    "lead_source",
    "first_touch",
    "before_sales",
    "scorecard",
    "rules_differ: flag",
    "influenced: flag",
    "outcome",
    "file",
    "line: number",
    "as_of: date",
    "currency",
    "contract_hash",
];

const PARTS: [(&str, &str); 3] =
    [("sourced", "Sourced"), ("influenced_only", "Influenced only"), ("untouched", "Untouched")];

/// Why nobody can say what marketing influenced.
const NO_TOUCH: &str = "no export has a touch of marketing";

/// What is counted or summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Deals,
    Pipeline,
    Won,
    Revenue,
}

impl Measure {
    const ALL: [Self; 4] = [Self::Deals, Self::Pipeline, Self::Won, Self::Revenue];

    fn id(self) -> &'static str {
        match self {
            Self::Deals => "deals",
            Self::Pipeline => "pipeline",
            Self::Won => "won",
            Self::Revenue => "revenue",
        }
    }

    fn is_money(self) -> bool {
        matches!(self, Self::Pipeline | Self::Revenue)
    }

    fn counts(self, deal: &Deal) -> bool {
        if matches!(self, Self::Deals | Self::Pipeline) { deal.created } else { deal.won }
    }
}

/// What the tables are made of.
pub struct View<'a> {
    pub data: &'a Data,
    pub deals: &'a [Deal],
    pub period: (i32, i32),
    /// Which rules say nothing of any deal.
    pub blind: [bool; 4],
}

/// Which part a deal is in under a rule, by index among [`PARTS`].
fn part(deal: &Deal, rule: usize) -> usize {
    match (deal.says[rule], deal.influenced) {
        (Verdict::Marketing, _) => 0,
        (_, Some(true)) => 1,
        (_, _) => 2,
    }
}

/// A sum: how many, how many of them without an amount, and how much in minor units.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    n: u64,
    without: u64,
    money: i64,
}

impl View<'_> {
    fn sum(&self, measure: Measure, which: impl Fn(&Deal) -> bool) -> Sum {
        let mut sum = Sum::default();
        for deal in self.deals.iter().filter(|deal| measure.counts(deal) && which(deal)) {
            let amount = self.data.journeys.amount[deal.at];
            sum.n += 1;
            sum.without += u64::from(amount == NO_MONEY);
            sum.money += if amount == NO_MONEY { 0 } else { amount };
        }
        sum
    }

    /// The figure; `None` for money of which none is known.
    #[allow(clippy::cast_precision_loss)] // counts and cents stay far below 2^53
    fn value(&self, measure: Measure, sum: Sum, all: Sum) -> Option<f64> {
        match measure.is_money() {
            false => Some(sum.n as f64),
            true if all.n == all.without => None,
            true => Some(sum.money as f64 / self.data.facts().minor_per_major()),
        }
    }

    /// Why a part of the deals of a measure under a rule is not known, with the status; `None` where it is.
    fn unknown(&self, measure: Measure, rule: usize, at: usize) -> Option<(&'static str, String)> {
        let all = self.sum(measure, |_| true).n;
        let unknown = self.sum(measure, |deal| deal.says[rule] == Verdict::Unknown).n;
        if at < PARTS.len() && all > 0 && unknown == all {
            let what = ["[teams] names no lead source of these deals", "no touch before these deals were created"];
            let what = match rule {
                0 => what[0],
                1 => what[1],
                2 => "no touch with the accounts of these deals",
                _ => "neither a lead source that [teams] names nor a touch",
            };
            return Some(("no_data", format!("{what}: nothing says it of any of them")));
        }
        // Whoever is not sourced was influenced or not.
        let touched = (1..PARTS.len()).contains(&at) && self.deals.iter().any(|deal| deal.influenced.is_none());
        touched.then(|| ("no_source", NO_TOUCH.to_string()))
    }

    fn days(&self) -> String {
        format!("{} to {}", date_of(self.period.0), date_of(self.period.1))
    }

    pub fn tables(&self) -> Vec<Table> {
        vec![self.parts(), self.combinations(), self.tidy(), self.list()]
    }

    fn parts(&self) -> Table {
        let mut columns = vec![Column::left("part", "Marketing")];
        for measure in Measure::ALL {
            let title = ["Deals", "Pipeline", "Won", "Revenue"][measure as usize];
            columns.push(Column::right(measure.id(), title));
            columns.push(Column::right(format!("{}_share", measure.id()), "Share"));
        }
        let mut rows = Vec::new();
        let line = |name: &str, which: &dyn Fn(&Deal) -> bool, (rule, at): (usize, usize)| {
            let mut row = vec![Cell::text(name)];
            for measure in Measure::ALL {
                if let Some((_, why)) = self.unknown(measure, rule, at) {
                    row.extend([Cell::Missing(why.clone()), Cell::Missing(why)]);
                    continue;
                }
                let (sum, all) = (self.sum(measure, which), self.sum(measure, |_| true));
                let unit = if measure.is_money() { Unit::Money } else { Unit::Count };
                let missing = || Cell::Missing("no deal, or none with an amount".into());
                let value = self.value(measure, sum, all);
                let whole = self.value(measure, all, all).filter(|w| *w != 0.0);
                row.push(value.map_or_else(missing, |v| Cell::Number(v, unit)));
                row.push(value.zip(whole).map_or_else(missing, |(v, w)| Cell::Number(v / w, Unit::Share)));
            }
            row
        };
        for (rule, (_, title)) in RULES.iter().enumerate() {
            rows.push(heading(title, 1 + 2 * Measure::ALL.len()));
            for (at, (_, name)) in PARTS.iter().enumerate() {
                rows.push(line(name, &|deal| part(deal, rule) == at, (rule, at)));
            }
        }
        rows.push(heading("Whatever the rule", 1 + 2 * Measure::ALL.len()));
        rows.push(line("All", &|_| true, (0, PARTS.len())));
        let title = format!("Deals created and deals won {}: each rule makes 100 %", self.days());
        Table { id: "sourced".into(), title, audience: Audience::People, columns, rows }
    }

    /// Deals by which of the three rules call them marketing's.
    fn combinations(&self) -> Table {
        let columns = vec![
            Column::left("lead_source", "Lead source"),
            Column::left("first_touch", "First touch"),
            Column::left("before_sales", "Before sales"),
            Column::right("deals", "Deals"),
            Column::right("pipeline", "Pipeline"),
            Column::right("won", "Won"),
            Column::right("revenue", "Revenue"),
        ];
        let mut rows = Vec::new();
        for bits in (0..8_usize).rev() {
            let said = |rule: usize| bits & (4 >> rule) != 0;
            let which = |deal: &Deal| (0..3).all(|rule| (deal.says[rule] == Verdict::Marketing) == said(rule));
            if !self.deals.iter().any(which) {
                continue;
            }
            let blind = || Cell::Missing("nothing says it of any of these deals".into());
            let word = |rule: usize| Cell::text(if said(rule) { "marketing" } else { "no" });
            let mut row: Vec<Cell> = (0..3).map(|rule| if self.blind[rule] { blind() } else { word(rule) }).collect();
            for measure in Measure::ALL {
                let (sum, all) = (self.sum(measure, which), self.sum(measure, |_| true));
                let unit = if measure.is_money() { Unit::Money } else { Unit::Count };
                let missing = || Cell::Missing("no deal, or none with an amount".into());
                row.push(self.value(measure, sum, all).map_or_else(missing, |v| Cell::Number(v, unit)));
            }
            rows.push(row);
        }
        let title = "Where the rules differ: the same deals by who calls them marketing's".to_string();
        Table { id: "combinations".into(), title, audience: Audience::People, columns, rows }
    }

    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn tidy(&self) -> Table {
        let contract = &self.data.session.contract;
        let plain = |value: Option<f64>, why: &str| {
            value.map_or_else(|| Cell::Missing(why.into()), |v| Cell::Number(v, Unit::Number))
        };
        let mut rows = Vec::new();
        for (rule, (rule_id, _)) in RULES.iter().enumerate() {
            for measure in Measure::ALL {
                let all = self.sum(measure, |_| true);
                let whole = self.value(measure, all, all);
                let unknown = self.sum(measure, |deal| deal.says[rule] == Verdict::Unknown);
                for at in 0..=PARTS.len() {
                    let which = |deal: &Deal| at == PARTS.len() || part(deal, rule) == at;
                    let sum = self.sum(measure, which);
                    let missing = self.unknown(measure, rule, at);
                    let value = self.value(measure, sum, all).filter(|_| missing.is_none());
                    let share = value.zip(whole).filter(|(_, w)| *w != 0.0).map(|(v, w)| v / w);
                    let counted = !measure.is_money() && all.n > 0 && missing.is_none();
                    let bounds = wilson(sum.n as f64, all.n as f64).filter(|_| counted);
                    let status = match (value, share) {
                        _ if missing.is_some() => missing.as_ref().map_or("", |(status, _)| status),
                        (None, _) => "no_data",
                        (_, None) => "zero_denominator",
                        _ => "ok",
                    };
                    let why = |other: &'static str| missing.as_ref().map_or(other, |(_, why)| why.as_str());
                    rows.push(vec![
                        Cell::text(*rule_id),
                        Cell::text(PARTS.get(at).map_or("all", |(id, _)| id)),
                        Cell::text(measure.id()),
                        plain(value, why("no deal has an amount")),
                        Cell::text(if measure.is_money() { "money" } else { "count" }),
                        plain(whole, "no deal has an amount"),
                        plain(share, why("nothing to be a share of")),
                        plain(bounds.map(|b| b.0), why("not counted things")),
                        plain(bounds.map(|b| b.1), why("not counted things")),
                        Cell::count(unknown.n),
                        missing
                            .as_ref()
                            .map_or_else(|| Cell::count(sum.without), |(_, why)| Cell::Missing(why.clone())),
                        Cell::text(status),
                        Cell::Date(date_of(self.period.0)),
                        Cell::Date(date_of(self.period.1)),
                        Cell::Date(self.data.session.as_of),
                        Cell::text(&contract.currency),
                        Cell::text(contract.short_hash()),
                    ]);
                }
            }
        }
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        Table { id: "sourced_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    /// Every deal that counts, with what each rule says.
    fn list(&self) -> Table {
        let (data, contract) = (self.data, &self.data.session.contract);
        let table = data.tables.get(Kind::Deals);
        let (ids, names) = (table.codes("deal_id"), table.codes("name"));
        let origins: Vec<_> = self.deals.iter().map(|deal| table.origin[deal.at]).collect();
        let lines = ingest::lines(&data.files, &origins);
        let word = |code: u32| data.tables.names.text(code).map_or_else(Cell::none, Cell::text);
        #[allow(clippy::cast_precision_loss)] // amounts stay far below 2^53 minor units
        let rows = self.deals.iter().zip(&origins).zip(lines).map(|((deal, origin), line)| {
            let amount = data.journeys.amount[deal.at];
            let amount = (amount != NO_MONEY).then(|| amount as f64 / data.facts().minor_per_major());
            let file = data.files.get(origin.file() as usize).map_or("", |f| f.input.path.as_str());
            let mut row = vec![
                word(ids[deal.at]),
                word(names[deal.at]),
                Cell::Flag(deal.created),
                Cell::Flag(deal.won),
                amount.map_or_else(|| Cell::Missing("no amount".into()), |v| Cell::Number(v, Unit::Number)),
            ];
            row.extend(deal.says.iter().map(|says| Cell::text(says.id())));
            row.extend([
                Cell::Flag(deal.differs(self.blind)),
                deal.influenced.map_or_else(|| Cell::Missing(NO_TOUCH.into()), Cell::Flag),
                Cell::text(match data.journeys.outcome[deal.at] {
                    Outcome::Won => "won",
                    Outcome::Lost => "lost",
                    Outcome::Derailed => "derailed",
                    Outcome::Unclear => "unclear",
                    Outcome::Open | Outcome::NoDeal => "open",
                }),
                Cell::text(file),
                line.map_or_else(|| Cell::Missing("cannot be read again".into()), Cell::count),
                Cell::Date(data.session.as_of),
                Cell::text(&contract.currency),
                Cell::text(contract.short_hash()),
            ]);
            row
        });
        let columns = LIST.iter().map(|c| Column::tidy(c)).collect();
        Table {
            id: "sourced_deals".into(),
            title: String::new(),
            audience: Audience::Machines,
            columns,
            rows: rows.collect(),
        }
    }

    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let all = self.sum(Measure::Pipeline, |_| true);
        let share = |rule: usize| {
            let sum = self.sum(Measure::Pipeline, |deal| part(deal, rule) == 0);
            let (value, whole) = (self.value(Measure::Pipeline, sum, all)?, self.value(Measure::Pipeline, all, all)?);
            (whole != 0.0).then(|| value / whole)
        };
        let can: Vec<usize> = (0..3).filter(|rule| self.unknown(Measure::Pipeline, *rule, 0).is_none()).collect();
        let shares: Option<Vec<f64>> = can.iter().map(|rule| share(*rule)).collect();
        if let (Some(shares), [rule]) = (&shares, &can[..]) {
            notes.push(format!(
                "Marketing sourced {} of the pipeline by {}, the one rule that the exports allow.",
                shares.first().map_or_else(String::new, |share| number::people(*share, Unit::Share)),
                RULES[*rule].1.to_lowercase()
            ));
        }
        if let Some(shares) = shares.filter(|_| can.len() > 1) {
            let low = shares.iter().copied().fold(f64::INFINITY, f64::min);
            let high = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let differ = self.deals.iter().filter(|deal| deal.differs(self.blind)).count();
            notes.push(format!(
                "Marketing sourced {} of the pipeline by the strictest rule and {} by the loosest; {differ} of {} deals are marketing's by one rule and not by another (machine formats list every deal with its file and line). Pick one rule and keep it.",
                number::people(low, Unit::Share),
                number::people(high, Unit::Share),
                self.deals.len()
            ));
        }
        notes.push("Lead source: [teams] of the contract gives it to marketing. First touch: the first touch of the deal's people up to its creation is marketing's. Before sales: marketing touched somebody of the account before sales did, and before the deal was created. Scorecard's: the lead source, else the first touch; it is the rule of marketing_sourced_pipeline_share.".into());
        notes.push(format!(
            "Influenced only: not sourced, with a marketing touch up to the close, or by {} where it is open. Untouched: neither. Deals and pipeline are of deals created in the days shown, won and revenue of deals won in them.",
            self.data.session.as_of
        ));
        for (rule, (_, title)) in RULES.iter().enumerate() {
            let unknown = self.deals.iter().filter(|deal| deal.says[rule] == Verdict::Unknown).count();
            if self.blind[rule] {
                notes.push(format!("{title} is missing: nothing says it of any of the {unknown} deals."));
            } else if unknown > 0 {
                notes.push(format!(
                    "{title}: nothing says it of {unknown} of {} deals; they are not sourced.",
                    self.deals.len()
                ));
            }
        }
        if self.deals.iter().any(|deal| deal.influenced.is_none()) {
            notes.push(format!("Influenced only and untouched are missing: {NO_TOUCH}."));
        }
        let without = self.deals.iter().filter(|deal| self.data.journeys.amount[deal.at] == NO_MONEY).count();
        if without > 0 {
            notes.push(format!("{without} of the deals have no amount: they count as deals only."));
        }
        notes
    }
}
