//! The tables of the score, for people and for machines, and the notes.
//!
//! In: the scored processes, bands, thresholds. Out: tables.

use super::ask::Match;
use super::{EVERY, View};
use crate::output::number;
use crate::report::definition::cells::{OUTCOMES, ratio, some};
use crate::report::definition::observed_note;
use crate::report::definition::sets::Tally;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::stats::ranking::{Auc, auc};
use crate::time::date_of;

const FIRST: [&str; 7] = ["row", "id", "score_from", "score_below", "in_force", "n", "share_of_scored"];
const AFTER: [&str; 20] = [
    "lift",
    "revenue_share",
    "precision",
    "recall",
    "volume_per_period",
    "volume_qualified",
    "auc",
    "auc_low",
    "auc_high",
    "auc_won",
    "auc_not_won",
    "column",
    "threshold",
    "capacity",
    "capacity_per",
    "from",
    "to",
    "as_of",
    "currency",
    "contract_hash",
];

/// Fewer than this say little.
const FEW: u64 = 5;
const NOBODY: &str = "nobody to divide by";
const ONE_SIDED: &str = "needs one that was won and one that was not, with a score";
/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// One band.
struct Band {
    id: String,
    title: String,
    from: Option<f64>,
    below: Option<f64>,
    tally: Tally,
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

fn auc_cells(auc: Option<Auc>) -> Vec<Cell> {
    let interval = auc.and_then(|a| a.interval);
    let values = [auc.map(|a| a.value), interval.map(|i| i.0), interval.map(|i| i.1)];
    let mut cells: Vec<Cell> = values.map(|v| some(v, Unit::Number, ONE_SIDED)).into();
    cells.extend([auc.map(|a| a.positive), auc.map(|a| a.negative)].map(|n| n.map_or_else(Cell::none, Cell::count)));
    cells
}

fn score(value: f64) -> String {
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

    fn lift(&self, tally: &Tally) -> Option<f64> {
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
    fn shown(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.edges.clone();
        all.extend(self.threshold.iter().map(|t| t.score));
        all.extend(self.matching.iter().filter_map(|m| m.score.as_ref().ok()));
        all.sort_by(|a, b| b.total_cmp(a));
        all.dedup();
        all
    }

    fn at(&self, threshold: f64) -> (u64, u64) {
        let from = self.scored.from(threshold);
        let reach = &self.scored.all[from..];
        (reach.len() as u64, reach.iter().filter(|one| one.won).count() as u64)
    }

    /// With at least that score, and whatever else the definition asks.
    fn qualified(&self, threshold: f64) -> u64 {
        self.scored.all[self.scored.from(threshold)..].iter().filter(|one| one.passes).count() as u64
    }

    fn is_in_force(&self, threshold: f64) -> bool {
        self.threshold.as_ref().is_some_and(|t| t.score == threshold)
    }

    fn is_match(&self, threshold: f64) -> bool {
        self.matching.as_ref().is_some_and(|m| m.score.as_ref() == Ok(&threshold))
    }

    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn per_period(&self, threshold: f64) -> Option<f64> {
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
    fn by_period(&self) -> Vec<(Tally, Tally, Option<Auc>)> {
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

    fn tidy(&self, bands: &[Band]) -> Table {
        let columns = FIRST.iter().chain(&OUTCOMES).chain(&AFTER).map(|id| Column::left(*id, *id)).collect();
        let plain = |v: Option<f64>| some(v, Unit::Number, NOBODY);
        let known = self.scored.maturity.after.is_some();
        let with = self.scored.with;
        let mut rows = Vec::new();
        let all = [("scored", with, None), ("all", self.scored.total, None)];
        let lines = bands.iter().map(|b| (b.id.as_str(), b.tally, Some(b))).chain(all);
        for (id, tally, band) in lines {
            let mut row = vec![
                Cell::text(if band.is_some() { "band" } else { "total" }),
                Cell::text(id),
                plain(band.and_then(|b| b.from)),
                plain(band.and_then(|b| b.below)),
                Cell::none(),
                Cell::count(tally.n),
                if id == "missing" || id == "all" { Cell::none() } else { plain(ratio(tally.n, with.n)) },
            ];
            row.extend(self.outcomes.machines(&tally, known));
            row.push(plain(self.lift(&tally)));
            #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
            let revenue =
                (self.scored.total.revenue != 0).then(|| tally.revenue as f64 / self.scored.total.revenue as f64);
            row.push(plain(revenue));
            row.resize_with(FIRST.len() + OUTCOMES.len() + 6, Cell::none);
            row.extend(vec![Cell::none(); 5]);
            rows.push(self.close(row));
        }
        let mut every = self.scored.thresholds();
        let shown = self.shown();
        if every.len() > EVERY {
            every.clear();
        }
        let known_scores: Vec<f64> = every.iter().map(|(t, ..)| *t).collect();
        every.extend(shown.into_iter().filter(|t| !known_scores.contains(t)).map(|t| {
            let (n, won) = self.at(t);
            (t, n, won)
        }));
        every.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (t, n, won) in every {
            let mut row = vec![
                Cell::text("threshold"),
                Cell::text(if self.is_match(t) { "capacity" } else { "" }),
                Cell::Number(t, Unit::Number),
                Cell::none(),
                Cell::Flag(self.is_in_force(t)),
                Cell::count(n),
                plain(ratio(n, with.n)),
                Cell::none(),
                Cell::none(),
                self.outcomes.count(won),
                Cell::none(),
                self.outcomes.share(won, n, Unit::Number),
            ];
            row.extend(self.outcomes.bounds(won, n));
            row.resize_with(FIRST.len() + OUTCOMES.len(), Cell::none);
            let base = ratio(with.won, with.n).filter(|b| *b > 0.0);
            row.push(plain(ratio(won, n).zip(base).map(|(share, base)| share / base)));
            row.push(Cell::none());
            row.push(self.outcomes.share(won, n, Unit::Number));
            row.push(self.outcomes.share(won, with.won, Unit::Number));
            row.push(plain(self.per_period(t)));
            row.push(if self.has_rules { Cell::count(self.qualified(t)) } else { Cell::none() });
            row.extend(vec![Cell::none(); 5]);
            rows.push(self.close(row));
        }
        for (period, (above, below, auc)) in self.periods.all.iter().zip(self.by_period()) {
            let mut row = vec![
                Cell::text("period"),
                Cell::text(&period.label),
                plain(self.threshold.as_ref().map(|t| t.score)),
                Cell::none(),
                Cell::Flag(self.threshold.is_some()),
                Cell::count(above.n),
                plain(ratio(above.n, above.n + below.n)),
            ];
            row.extend(self.outcomes.machines(&above, known));
            row.resize_with(FIRST.len() + OUTCOMES.len() + 6, Cell::none);
            row.extend(auc_cells(auc));
            rows.push(self.close(row));
        }
        for (id, auc) in [("all", self.auc), ("mature", self.mature_auc)] {
            let mut row = vec![Cell::text("auc"), Cell::text(id)];
            row.resize_with(5, Cell::none);
            row.push(auc.map_or_else(Cell::none, |a| Cell::count(a.positive + a.negative)));
            row.resize_with(FIRST.len() + OUTCOMES.len() + 6, Cell::none);
            row.extend(auc_cells(auc));
            rows.push(self.close(row));
        }
        Table { id: "score_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    /// Adds what every row ends in.
    fn close(&self, mut row: Vec<Cell>) -> Vec<Cell> {
        let contract = &self.data.session.contract;
        row.extend([
            Cell::text(self.column),
            some(self.threshold.as_ref().map(|t| t.score), Unit::Number, "no threshold is known"),
            some(self.capacity.as_ref().map(|c| c.leads), Unit::Number, "no --capacity"),
            self.capacity.as_ref().map_or_else(|| Cell::Missing("no --capacity".into()), |c| Cell::text(c.per.id())),
            Cell::Date(date_of(self.periods.from)),
            Cell::Date(date_of(self.periods.to)),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]);
        row
    }

    fn notes(&self, bands: &[Band]) -> Vec<String> {
        let (scored, column) = (self.scored, self.column);
        let mut notes = vec![format!(
            "{} buying processes = {} with a {column} + {} without one, a band of its own + {} that began outside of the days shown + {} without a known day.",
            scored.total.n + scored.outside + scored.undated,
            scored.with.n,
            scored.without.n,
            scored.outside,
            scored.undated
        )];
        notes.push(format!(
            "The {column} is what the exports hold now: it may have risen because somebody bought. Lift is the share won over that of all with a {column}; AUC is the share of pairs of one won and one not in which the won one has the higher {column}, ties counted half."
        ));
        let no_deals = self.data.facts().no_table("deals").is_some();
        match &self.threshold {
            Some(t) => {
                let (n, won) = self.at(t.score);
                let rest = (scored.with.n - n, scored.with.won - won);
                let part = |(n, won): (u64, u64), where_to: &str| match ratio(won, n).filter(|_| !no_deals) {
                    Some(share) => format!(
                        "of the {} {where_to}, {} are won",
                        number::whole(n),
                        number::people(share, Unit::Share)
                    ),
                    None => format!("{} are {where_to}", number::whole(n)),
                };
                notes.push(format!(
                    "In force: {} and more ({}): {}; {}.",
                    score(t.score),
                    t.said_by,
                    part((n, won), "from there on"),
                    part(rest, "below")
                ));
            }
            None => notes.push(
                "No threshold could be read: --threshold says it, or a rule of [qualified] in the form score >= 65."
                    .into(),
            ),
        }
        if self.has_rules {
            notes.push(format!(
                "Qualified: those who meet what [qualified] asks besides the {column}, too; what a capacity asks for counts them alone."
            ));
        }
        if scored.without.n > 0 && self.capacity.is_some() {
            notes.push(format!(
                "{} without a {column} are in no volume; whoever works them has that much less room.",
                number::whole(scored.without.n)
            ));
        }
        if let (Some(capacity), Some(found)) = (&self.capacity, &self.matching) {
            let per = capacity.per.id();
            let plural = if found.periods == 1 { "" } else { "s" };
            let room = format!(
                "{} a {per} over {} whole {per}{plural} ({} to {})",
                score(capacity.leads),
                found.periods,
                date_of(found.from),
                date_of(found.to)
            );
            notes.push(match &found.score {
                Ok(t) => {
                    let average = self.per_period(*t).unwrap_or(0.0);
                    format!(
                        "Capacity of {room}: {} is the lowest {column} that fits, with {} in all, {average:.1} a {per} on average; a single {per} can have more.",
                        score(*t),
                        found.volume
                    )
                }
                Err(why) => format!("Capacity of {room}: no {column} fits, as {why}."),
            });
        }
        if scored.thresholds().len() > EVERY {
            notes.push(format!("More than {EVERY} different scores: machine formats have the thresholds shown here."));
        }
        if !no_deals {
            notes.extend(observed_note(self.data, scored.maturity, &scored.with));
        }
        let small: Vec<&str> =
            bands.iter().filter(|b| (1..FEW).contains(&b.tally.n)).map(|b| b.title.as_str()).collect();
        if !small.is_empty() {
            notes.push(format!("Fewer than {FEW}, too few for a share to mean much: {}.", small.join(", ")));
        }
        notes
    }
}
