//! The score for people.
//!
//! In: the scored processes, bands, thresholds. Out: tables.

use super::View;
use super::ask::Match;
use crate::output::number;
use crate::report::definition::cells::{ratio, some};
use crate::report::definition::sets::Tally;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::stats::ranking::{Auc, auc};
use crate::time::date_of;

/// Fewer than this say little.
pub const FEW: u64 = 5;
pub const NOBODY: &str = "nobody to divide by";
const ONE_SIDED: &str = "needs one that was won and one that was not, with a score";
/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// One band.
pub struct Band {
    pub id: String,
    pub title: String,
    pub from: Option<f64>,
    pub below: Option<f64>,
    pub tally: Tally,
}

/// Fills the report.
pub fn fill(report: &mut Report, view: &View<'_>) {
    let bands = view.bands();
    report.tables.push(view.bands_table(&bands));
    report.tables.push(view.order());
    report.tables.push(view.thresholds_table());
    report.tables.extend(view.periods_table());
    report.tables.push(view.tidy(&bands));
    report.notes = view.notes(&bands);
}

fn table(id: &str, title: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title: title.into(), audience: Audience::People, columns, rows }
}

pub fn auc_cells(auc: Option<Auc>) -> Vec<Cell> {
    let interval = auc.and_then(|a| a.interval);
    let values = [auc.map(|a| a.value), interval.map(|i| i.0), interval.map(|i| i.1)];
    let mut cells: Vec<Cell> = values.map(|v| some(v, Unit::Number, ONE_SIDED)).into();
    cells.extend([auc.map(|a| a.positive), auc.map(|a| a.negative)].map(|n| n.map_or_else(Cell::none, Cell::count)));
    cells
}

pub fn score(value: f64) -> String {
    number::people(value, Unit::Number)
}

impl View<'_> {
    fn bands(&self) -> Vec<Band> {
        let mut bands = Vec::new();
        let scored = self.scored;
        let below_all = self.edges.first().map_or(0, |first| scored.from(*first));
        if let Some(first) = self.edges.first().filter(|_| below_all > 0) {
            bands.push(Band {
                id: "below".into(),
                title: format!("below {}", score(*first)),
                from: None,
                below: Some(*first),
                tally: scored.tally(self.data, 0, below_all),
            });
        }
        for (i, from) in self.edges.iter().enumerate() {
            let below = self.edges.get(i + 1).copied();
            let end = below.map_or(scored.all.len(), |b| scored.from(b));
            let title = match below {
                Some(below) => format!("{} to below {}", score(*from), score(below)),
                None => format!("{} and more", score(*from)),
            };
            let tally = scored.tally(self.data, scored.from(*from), end);
            bands.push(Band { id: format!("from_{from}"), title, from: Some(*from), below, tally });
        }
        let (id, title) = ("missing".into(), format!("no {}", self.column));
        bands.push(Band { id, title, from: None, below: None, tally: scored.without });
        bands
    }

    pub fn lift(&self, tally: &Tally) -> Option<f64> {
        let base = ratio(self.scored.with.won, self.scored.with.n).filter(|b| *b > 0.0)?;
        ratio(tally.won, tally.n).map(|share| share / base)
    }

    fn bands_table(&self, bands: &[Band]) -> Table {
        let mut columns =
            vec![Column::left("band", "Band"), Column::right("n", "Processes"), Column::right("deals", "Deals")];
        columns.extend(crate::report::definition::outcome_columns());
        columns.push(Column::right("lift", "Lift"));
        let all = [("all with one", self.scored.with), ("all", self.scored.total)];
        let (numbers, missing) = bands.split_at(bands.len().saturating_sub(1));
        let lines = numbers.iter().rev().chain(missing).map(|b| (b.title.as_str(), b.tally)).chain(all);
        let rows = lines
            .map(|(title, tally)| {
                let mut row = vec![Cell::text(title), Cell::count(tally.n), self.outcomes.count(tally.deals)];
                row.extend(self.outcomes.people(&tally));
                row.push(
                    self.lift(&tally).map_or_else(|| Cell::Missing(NOBODY.into()), |l| Cell::text(format!("{l:.2}"))),
                );
                row
            })
            .collect();
        let bands = if self.tenths { "tenths of those who have one" } else { "the bands asked for" };
        let title = format!(
            "By {}, in {bands}: began from {} to {}",
            self.column,
            date_of(self.periods.from),
            date_of(self.periods.to)
        );
        table("bands", title, columns, rows)
    }

    fn order(&self) -> Table {
        let columns = vec![
            Column::left("of", "Does it put the won above the others?"),
            Column::right("auc", "AUC"),
            Column::right("interval", "95 % interval"),
            Column::right("won", "Won"),
            Column::right("not_won", "Not won"),
        ];
        let row = |title: &str, auc: Option<Auc>| {
            let missing = || Cell::Missing(ONE_SIDED.into());
            let words = |text: Option<String>| text.map_or_else(missing, Cell::text);
            vec![
                Cell::text(title),
                words(auc.map(|a| format!("{:.3}", a.value))),
                words(auc.and_then(|a| a.interval).map(|(low, high)| format!("{low:.3} to {high:.3}"))),
                auc.map_or_else(missing, |a| self.outcomes.count(a.positive)),
                auc.map_or_else(missing, |a| self.outcomes.count(a.negative)),
            ]
        };
        let rows = vec![row("all with a score", self.auc), row("observed for long enough", self.mature_auc)];
        table("order", "The order", columns, rows)
    }

    /// The thresholds to show: where bands begin, the one in force, and the one that matches the capacity.
    pub fn shown(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.edges.clone();
        all.extend(self.threshold.iter().map(|t| t.score));
        all.extend(self.matching.iter().filter_map(|m| m.score.as_ref().ok()));
        all.sort_by(|a, b| b.total_cmp(a));
        all.dedup();
        all
    }

    pub fn at(&self, threshold: f64) -> (u64, u64) {
        let from = self.scored.from(threshold);
        let reach = &self.scored.all[from..];
        (reach.len() as u64, reach.iter().filter(|one| one.won).count() as u64)
    }

    /// With at least that score, and whatever else the definition asks.
    pub fn qualified(&self, threshold: f64) -> u64 {
        self.scored.all[self.scored.from(threshold)..].iter().filter(|one| one.passes).count() as u64
    }

    pub fn is_in_force(&self, threshold: f64) -> bool {
        self.threshold.as_ref().is_some_and(|t| t.score == threshold)
    }

    pub fn is_match(&self, threshold: f64) -> bool {
        self.matching.as_ref().is_some_and(|m| m.score.as_ref() == Ok(&threshold))
    }

    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn per_period(&self, threshold: f64) -> Option<f64> {
        let m: &Match = self.matching.as_ref()?;
        let reach = &self.scored.all[self.scored.from(threshold)..];
        let n = reach.iter().filter(|one| one.passes && (m.from..=m.to).contains(&one.day)).count();
        Some(n as f64 / m.periods as f64)
    }

    fn thresholds_table(&self) -> Table {
        let mut columns = vec![
            Column::right("score", "From"),
            Column::right("n", "Volume"),
            Column::right("share", "Of scored"),
            Column::right("won", "Won"),
            Column::right("precision", "Precision"),
            Column::right("interval", "95 % interval"),
            Column::right("recall", "Recall"),
            Column::left("what", "Which is"),
        ];
        if self.has_rules {
            columns.insert(2, Column::right("qualified", "Qualified"));
        }
        if let Some(capacity) = &self.capacity {
            let at = columns.len() - 6;
            columns.insert(at, Column::right("per_period", format!("A {}", capacity.per.id())));
        }
        let with = self.scored.with;
        let rows = self
            .shown()
            .into_iter()
            .map(|t| {
                let (n, won) = self.at(t);
                let what = match (self.is_in_force(t), self.is_match(t)) {
                    (true, true) => "in force, capacity",
                    (true, false) => "in force",
                    (false, true) => "capacity",
                    (false, false) => "",
                };
                let mut row = vec![
                    Cell::text(score(t)),
                    Cell::count(n),
                    some(ratio(n, with.n), Unit::Share, NOBODY),
                    self.outcomes.count(won),
                    self.outcomes.share(won, n, Unit::Share),
                    self.outcomes.interval(won, n),
                    self.outcomes.share(won, with.won, Unit::Share),
                    Cell::text(what),
                ];
                if self.has_rules {
                    row.insert(2, Cell::count(self.qualified(t)));
                }
                if self.capacity.is_some() {
                    let volume = self.per_period(t).map(|v| (v * 10.0).round() / 10.0);
                    row.insert(row.len() - 6, some(volume, Unit::Count, NOBODY));
                }
                row
            })
            .collect();
        table("thresholds", "What a threshold lets through", columns, rows)
    }

    /// By period: what became of those who reach the threshold, of those who do not, and the order's figure.
    pub fn by_period(&self) -> Vec<(Tally, Tally, Option<Auc>)> {
        let mut tallies = vec![(Tally::default(), Tally::default()); self.periods.all.len()];
        let mut orders: Vec<Vec<(f64, bool)>> = vec![Vec::new(); self.periods.all.len()];
        for one in &self.scored.all {
            let Some(period) = self.periods.index(one.day) else { continue };
            let reaches = self.threshold.as_ref().is_none_or(|t| one.score >= t.score);
            let (above, below) = &mut tallies[period];
            let tally = if reaches { above } else { below };
            tally.add(&self.data.journeys, one.at, one.day, self.scored.maturity);
            orders[period].push((one.score, one.won));
        }
        tallies.into_iter().zip(orders).map(|((above, below), order)| (above, below, auc(&order))).collect()
    }

    /// The same threshold from period to period.
    fn periods_table(&self) -> Option<Table> {
        let threshold = self.threshold.as_ref()?;
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("n", "With a score"),
            Column::right("above", format!("{} and more", score(threshold.score))),
            Column::right("share", "Of scored"),
            Column::right("won_above", "Won"),
            Column::right("won_below", "Won below"),
            Column::right("auc", "AUC"),
            Column::left("mature", "Mature"),
        ];
        let all = self.by_period();
        let with: Vec<_> = all.iter().enumerate().filter(|(_, (above, below, _))| above.n + below.n > 0).collect();
        let hidden = with.len().saturating_sub(SHOWN);
        let rows = with[hidden..].iter().map(|(p, (above, below, auc))| {
            let n = above.n + below.n;
            let period = &self.periods.all[*p];
            let mature = self.scored.maturity.is(period.end).map(|m| if m { "yes" } else { "not yet" });
            vec![
                Cell::text(&period.label),
                Cell::count(n),
                Cell::count(above.n),
                some(ratio(above.n, n), Unit::Share, NOBODY),
                self.outcomes.share(above.won, above.n, Unit::Share),
                self.outcomes.share(below.won, below.n, Unit::Share),
                auc.map_or_else(|| Cell::Missing(ONE_SIDED.into()), |a| Cell::text(format!("{:.3}", a.value))),
                mature.map_or_else(Cell::none, Cell::text),
            ]
        });
        let more = if hidden > 0 { format!("; {hidden} earlier in machine formats") } else { String::new() };
        let title = format!("The same threshold by {}{more}", self.periods.kind.id());
        let rows: Vec<_> = rows.collect();
        (!rows.is_empty()).then(|| table("periods", title, columns, rows))
    }
}
