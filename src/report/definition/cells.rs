//! What became of some processes, as cells: a figure that needs deals is missing where no export has any.
//!
//! In: a [`Tally`]. Out: cells for people and for machines.

use super::sets::Tally;
use crate::facts::Facts;
use crate::output::number;
use crate::report::{Cell, Unit};
use crate::stats::interval::wilson;

/// How outcomes are shown.
pub struct Outcomes {
    scale: f64,
    no_deals: Option<String>,
}

/// A share, as a fraction; `None` of nothing.
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn ratio(k: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| k as f64 / n as f64)
}

/// Wilson's interval of a share.
#[allow(clippy::cast_precision_loss)]
pub fn interval(k: u64, n: u64) -> Option<(f64, f64)> {
    wilson(k as f64, n as f64)
}

/// A number with a unit, or nothing.
pub fn some(value: Option<f64>, unit: Unit, why: &str) -> Cell {
    value.map_or_else(|| Cell::Missing(why.into()), |v| Cell::Number(v, unit))
}

const NOBODY: &str = "nobody to divide by";

impl Outcomes {
    /// As the data allow.
    pub fn of(facts: &Facts<'_>) -> Self {
        Self { scale: facts.minor_per_major(), no_deals: facts.no_table("deals") }
    }

    fn if_deals(&self, cell: Cell) -> Cell {
        self.no_deals.as_ref().map_or(cell, |why| Cell::Missing(why.clone()))
    }

    /// A number of processes with some outcome.
    pub fn count(&self, n: u64) -> Cell {
        self.if_deals(Cell::count(n))
    }

    /// A share that was won.
    pub fn share(&self, k: u64, n: u64, unit: Unit) -> Cell {
        self.if_deals(some(ratio(k, n), unit, NOBODY))
    }

    /// Its interval, for people.
    pub fn interval(&self, k: u64, n: u64) -> Cell {
        let text = interval(k, n).map(|(low, high)| Cell::text(number::interval(low, high)));
        self.if_deals(text.unwrap_or_else(|| Cell::Missing(NOBODY.into())))
    }

    /// Its bounds, for machines.
    pub fn bounds(&self, k: u64, n: u64) -> [Cell; 2] {
        let bounds = interval(k, n);
        [bounds.map(|b| b.0), bounds.map(|b| b.1)].map(|b| self.if_deals(some(b, Unit::Number, NOBODY)))
    }

    /// The won amount in major units: 0 where nothing was won, missing where nothing that was won has an amount.
    #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
    pub fn revenue(&self, tally: &Tally) -> Cell {
        if tally.won > 0 && tally.valued == 0 {
            return Cell::Missing("no won deal with an amount".into());
        }
        self.if_deals(Cell::Number(tally.revenue as f64 / self.scale, Unit::Money))
    }

    /// For people: won, the share won and its interval, revenue.
    pub fn people(&self, tally: &Tally) -> [Cell; 4] {
        [
            self.count(tally.won),
            self.share(tally.won, tally.n, Unit::Share),
            self.interval(tally.won, tally.n),
            self.revenue(tally),
        ]
    }

    /// For machines, in the order of [`OUTCOMES`].
    pub fn machines(&self, tally: &Tally, maturity_known: bool) -> Vec<Cell> {
        let [low, high] = self.bounds(tally.won, tally.n);
        let unknown = || Cell::Missing("no win tells how long one takes".into());
        let mut cells = vec![
            self.count(tally.deals),
            self.count(tally.open),
            self.count(tally.won),
            self.count(tally.lost),
            self.share(tally.won, tally.n, Unit::Number),
            low,
            high,
            self.revenue(tally),
            self.count(tally.valued),
        ];
        if maturity_known {
            cells.push(Cell::count(tally.mature));
            cells.push(self.count(tally.mature_won));
            cells.push(self.share(tally.mature_won, tally.mature, Unit::Number));
        } else {
            cells.extend([unknown(), unknown(), unknown()]);
        }
        cells
    }
}

/// The columns of what became of some processes.
pub const OUTCOMES: [&str; 12] = [
    "deals: number",
    "open: number",
    "won: number",
    "lost: number",
    "conversion: number",
    "ci_low: number",
    "ci_high: number",
    "revenue: number",
    "won_with_amount: number",
    "mature_n: number",
    "mature_won: number",
    "mature_conversion: number",
];
