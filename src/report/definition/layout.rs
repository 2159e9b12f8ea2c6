//! The tables for people, and the notes.
//!
//! In: the counts. Out: a filled [`Report`].

use super::cells::{Outcomes, ratio, some};
use super::count::{Counts, PAIRS};
use super::sets::{Maturity, Tally};
use super::{View, about_values, tidy};
use crate::output::number;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::session::Data;
use crate::stats::shift::shift;
use crate::time::date_of;

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// Fewer than this say little.
const FEW: u64 = 5;

/// Asked on either side of a change, at least; and how many standard errors are more than the best of many splits has by
/// chance.
const ENOUGH: u64 = 30;
const BEYOND_CHANCE: f64 = 4.0;

/// Fills the report of one definition.
pub fn fill(mut report: Report, view: &View<'_>) -> Report {
    let journeys = &view.data.journeys;
    let counts = Counts::of(view.sets, journeys, view.periods, view.maturity);
    let outcomes = Outcomes::of(&view.data.facts());
    report.tables.push(view.sets_table(&counts, &outcomes));
    report.tables.push(view.regions(&counts, &outcomes));
    report.tables.push(view.agreement(&counts));
    report.tables.push(view.rules(&counts, &outcomes));
    report.tables.push(view.periods_table(&counts, &outcomes));
    report.tables.extend(view.shifts(&counts, &outcomes));
    report.tables.push(tidy::table(view, &counts, &outcomes));
    report.notes = view.notes(&counts);
    report
}

/// For people.
pub fn table(id: &str, title: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title: title.into(), audience: Audience::People, columns, rows }
}

/// The columns of [`Outcomes::people`].
pub fn outcome_columns() -> [Column; 4] {
    [
        Column::right("won", "Won"),
        Column::right("conversion", "Share won"),
        Column::right("interval", "95 % interval"),
        Column::right("revenue", "Revenue"),
    ]
}

/// The words of a region, in order of [`Counts::regions`].
pub fn region_id(bits: usize) -> String {
    let words = [(4, "marketing"), (2, "sales"), (1, "definition")];
    let said: Vec<&str> = words.iter().filter(|(bit, _)| bits & bit > 0).map(|(_, word)| *word).collect();
    if said.is_empty() { "none".into() } else { said.join("_") }
}

/// Why κ may be missing.
pub const SAME: &str = "both say the same of everybody, so chance alone gives full agreement";

impl View<'_> {
    /// Why nobody knows what a word says; the definition's is known.
    pub fn unknown(&self, word: &str) -> Option<&str> {
        match word {
            "marketing" => self.sets.unknown[0].as_deref(),
            "sales" => self.sets.unknown[1].as_deref(),
            _ => None,
        }
    }

    /// The versions in force from one day to another.
    pub fn versions(&self, start: i32, end: i32) -> String {
        let on = |day: i32| self.qualified.on(date_of(day));
        let names = &self.qualified.versions;
        match (on(start), on(end)) {
            (None, None) => String::new(),
            (None, Some(last)) => names[last].name.value.clone(),
            (Some(first), Some(last)) => {
                names[first..=last].iter().map(|v| v.name.value.as_str()).collect::<Vec<_>>().join(", ")
            }
            (Some(first), None) => names[first].name.value.clone(),
        }
    }

    fn agreement(&self, counts: &Counts) -> Table {
        let columns = vec![
            Column::left("pair", "Pair"),
            Column::right("both", "Both"),
            Column::right("only_first", "Only first"),
            Column::right("only_second", "Only second"),
            Column::right("neither", "Neither"),
            Column::right("agreement", "Alike"),
            Column::right("kappa", "κ"),
            Column::right("interval", "95 % interval"),
        ];
        let mut rows = Vec::new();
        for (((first, second), met), no_kappa) in PAIRS.iter().zip(&counts.pairs).zip(&self.sets.no_kappa) {
            let Some(met) = met.last() else { continue };
            let mut row = vec![Cell::text(format!("{first} – {second}"))];
            if let Some(why) = self.unknown(first).or_else(|| self.unknown(second)) {
                row.extend(vec![Cell::Missing(why.into()); 7]);
                rows.push(row);
                continue;
            }
            let kappa = met.kappa();
            let missing = || Cell::Missing(no_kappa.as_deref().unwrap_or(SAME).into());
            let shown = kappa.filter(|_| no_kappa.is_none());
            let bounds = shown.and_then(|k| k.interval).map(|(low, high)| Cell::text(format!("{low:.2} to {high:.2}")));
            row.extend([met.both, met.first, met.second, met.neither].map(Cell::count));
            row.push(some(kappa.map(|k| k.observed), Unit::Share, "nobody was asked"));
            row.push(shown.and_then(|k| k.kappa).map_or_else(missing, |k| Cell::text(format!("{k:.3}"))));
            row.push(bounds.unwrap_or_else(missing));
            rows.push(row);
        }
        let asked = number::whole(counts.universe.get(None).n);
        table("agreement", format!("Agreement over the {asked} who are asked"), columns, rows)
    }

    /// Where each word began to let through another share of those who are asked.
    fn shifts(&self, counts: &Counts, outcomes: &Outcomes) -> Option<Table> {
        let columns = vec![
            Column::left("word", "Who says so"),
            Column::left("from", "From"),
            Column::right("before", "Before"),
            Column::right("after", "After"),
            Column::right("won_before", "Won before"),
            Column::right("won_after", "Won after"),
        ];
        let all = self.periods.all.len();
        let mut rows = Vec::new();
        for (word, set) in ["marketing", "sales", "definition"].into_iter().zip(&counts.sets) {
            if self.unknown(word).is_some() {
                continue;
            }
            let parts: Vec<(u64, u64)> =
                (0..all).map(|p| (set.get(Some(p)).n, counts.universe.get(Some(p)).n)).collect();
            let Some(found) = shift(&parts, ENOUGH).filter(|found| found.z.abs() >= BEYOND_CHANCE) else { continue };
            let won = |periods: std::ops::Range<usize>| {
                let of = periods.map(|p| set.get(Some(p)));
                let (won, n) = of.fold((0, 0), |sum, t| (sum.0 + t.mature_won, sum.1 + t.mature));
                outcomes.share(won, n, Unit::Share)
            };
            rows.push(vec![
                Cell::text(self.title_of(word)),
                Cell::text(&self.periods.all[found.at].label),
                some(ratio(found.before.0, found.before.1), Unit::Share, "nobody was asked"),
                some(ratio(found.after.0, found.after.1), Unit::Share, "nobody was asked"),
                won(0..found.at),
                won(found.at..all),
            ]);
        }
        let title = format!("Where a word changed most: its share of those asked, by {}", self.periods.kind.id());
        (!rows.is_empty()).then(|| table("shifts", title, columns, rows))
    }

    /// How the three words are called.
    pub fn title_of(&self, id: &str) -> String {
        let title = |s: usize| &self.data.session.contract.stages[s].title;
        match id {
            "marketing" => format!("Marketing: {}", title(self.sets.stages.0)),
            "sales" => format!("Sales: {}", title(self.sets.stages.1)),
            "definition" => format!("Definition: {}", self.qualified.title),
            _ => "All who are asked".into(),
        }
    }

    fn region_title(bits: usize) -> String {
        match bits {
            7 => "all three".into(),
            0 => "nobody".into(),
            _ => region_id(bits).split('_').collect::<Vec<_>>().join(" + "),
        }
    }

    /// The days that are asked about, for headlines.
    pub fn range(&self) -> String {
        format!("{} to {}", date_of(self.periods.from), date_of(self.periods.to))
    }

    fn sets_table(&self, counts: &Counts, outcomes: &Outcomes) -> Table {
        let mut columns =
            vec![Column::left("set", "Who says so"), Column::right("n", "People"), Column::right("share", "Of asked")];
        columns.extend(outcome_columns());
        let asked = counts.universe.get(None);
        let ids = ["marketing", "sales", "definition", "universe"];
        let tallies = counts.sets.iter().map(|s| s.get(None)).chain([asked]);
        let rows = ids
            .into_iter()
            .zip(tallies)
            .map(|(id, tally)| {
                if let Some(why) = self.unknown(id) {
                    let mut row = vec![Cell::text(self.title_of(id))];
                    row.resize(7, Cell::Missing(why.into()));
                    return row;
                }
                let share = some(ratio(tally.n, asked.n), Unit::Share, "nobody was asked");
                let mut row = vec![Cell::text(self.title_of(id)), Cell::count(tally.n), share];
                row.extend(outcomes.people(tally));
                row
            })
            .collect();
        columns[1].title = "Processes".into();
        let title = format!("Who is called qualified, of those who began from {}", self.range());
        let title = match &self.qualified.stage {
            Some(stage) => title.replace("began", &format!("reached {}", stage.value)),
            None => title,
        };
        table("sets", title, columns, rows)
    }

    /// The regions that are known: where nobody knows what a team says, those without it.
    fn known_regions(&self) -> impl Iterator<Item = usize> {
        let bits = [(4, "marketing"), (2, "sales")];
        let hidden: usize = bits.iter().filter(|(_, team)| self.unknown(team).is_some()).map(|(bit, _)| bit).sum();
        (0..8).rev().filter(move |region| region & hidden == 0)
    }

    fn regions(&self, counts: &Counts, outcomes: &Outcomes) -> Table {
        let mut columns = vec![
            Column::left("region", "Called qualified by"),
            Column::right("n", "Processes"),
            Column::right("deals", "Deals"),
        ];
        columns.extend(outcome_columns());
        let rows = self
            .known_regions()
            .map(|bits| {
                let tally = counts.regions[bits].get(None);
                let mut row =
                    vec![Cell::text(Self::region_title(bits)), Cell::count(tally.n), outcomes.count(tally.deals)];
                row.extend(outcomes.people(tally));
                row
            })
            .collect();
        table("regions", "Who agrees, and what became of them", columns, rows)
    }

    fn rules(&self, counts: &Counts, outcomes: &Outcomes) -> Table {
        let columns = vec![
            Column::left("rule", "Rule"),
            Column::right("entering", "Asked"),
            Column::right("passed", "Pass"),
            Column::right("failed", "Excluded"),
            Column::right("unknown", "No value"),
            Column::right("only_this", "By it alone"),
            Column::right("won", "Won, of these"),
            Column::right("failed_alone", "On its own"),
        ];
        let mut rows = Vec::new();
        for ((rule, counted), excluded) in self.qualified.rules.iter().zip(&counts.rules).zip(&counts.excluded) {
            let Some(row) = counted.last() else { continue };
            rows.push(vec![
                Cell::text(self.qualified.rule_title(rule)),
                Cell::count(row.entering),
                Cell::count(row.passed),
                Cell::count(row.failed),
                Cell::count(row.unknown),
                Cell::count(row.only_this),
                outcomes.count(excluded.get(None).won),
                Cell::count(row.failed_alone + row.unknown_alone),
            ]);
        }
        table("rules", "Which rule excludes how many, one after another", columns, rows)
    }

    fn periods_table(&self, counts: &Counts, outcomes: &Outcomes) -> Table {
        let stages = &self.data.session.contract.stages;
        let (marketing, sales) = (&stages[self.sets.stages.0], &stages[self.sets.stages.1]);
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("marketing", marketing.id.value.to_uppercase()),
            Column::right("marketing_conversion", "won"),
            Column::right("sales", sales.id.value.to_uppercase()),
            Column::right("sales_conversion", "won"),
            Column::right("definition", "Defined"),
            Column::right("definition_conversion", "won"),
            Column::left("version", "Judged by"),
            Column::left("mature", "Mature"),
        ];
        let said = |p: usize| [counts.said[0].get(Some(p)), counts.said[1].get(Some(p)), counts.sets[2].get(Some(p))];
        let with: Vec<usize> = (0..self.periods.all.len()).filter(|p| said(*p).iter().any(|t| t.n > 0)).collect();
        let shown = &with[with.len().saturating_sub(SHOWN)..];
        let rows = shown
            .iter()
            .map(|p| {
                let period = &self.periods.all[*p];
                let mut row = vec![Cell::text(&period.label)];
                for (tally, word) in said(*p).into_iter().zip(["marketing", "sales", "definition"]) {
                    let cells = [Cell::count(tally.n), outcomes.share(tally.won, tally.n, Unit::Share)];
                    row.extend(cells.map(|cell| self.unknown(word).map_or(cell, |why| Cell::Missing(why.into()))));
                }
                row.push(Cell::text(
                    self.versions(period.start.max(self.periods.from), period.end.min(self.periods.to)),
                ));
                let mature = self.maturity.is(period.end).map(|m| if m { "yes" } else { "not yet" });
                row.push(mature.map_or_else(Cell::none, Cell::text));
                row
            })
            .collect();
        let hidden = with.len() - shown.len();
        let more = if hidden > 0 { format!("; {hidden} earlier in machine formats") } else { String::new() };
        table("periods", format!("By {}{more}", self.periods.kind.id()), columns, rows)
    }

    fn notes(&self, counts: &Counts) -> Vec<String> {
        let mut notes = vec![self.asked_note()];
        let stages = &self.data.session.contract.stages;
        let (marketing, sales) = (&stages[self.sets.stages.0], &stages[self.sets.stages.1]);
        for why in self.sets.unknown.iter().flatten() {
            notes.push(format!("What a team says is missing, as {why}; nor is it known who agrees with it."));
        }
        if self.sets.unknown == [None, None] {
            notes.push(format!(
                "Marketing and sales have said so where the exports show {} and {}; a stage that was skipped was said by nobody. κ counts it as agreement when neither says so: it holds for those who are asked, and no others.",
                marketing.title, sales.title
            ));
        }
        let mut voids: Vec<&String> = self.sets.no_kappa.iter().flatten().collect();
        voids.retain(|why| !self.sets.unknown.iter().flatten().any(|known| known == *why));
        voids.dedup();
        notes.extend(voids.into_iter().map(|why| format!("κ is missing where {why}.")));
        notes.push(format!(
            "By period, {} and {} count on the day each was reached, the definition's on that of {}.",
            marketing.title, sales.title, self.sets.dated_by
        ));
        for (elsewhere, stage) in counts.said_elsewhere.iter().zip([marketing, sales]).filter(|(n, _)| **n > 0) {
            notes.push(format!("{}: {elsewhere} on no known day, or outside of the days shown.", stage.title));
        }
        notes.extend(self.version_note());
        notes.extend(about_values(&self.data.facts(), self.qualified));
        let unknown: u64 = counts.rules.iter().filter_map(|rule| rule.last()).map(|row| row.unknown).sum();
        if unknown > 0 {
            notes.push(format!(
                "{unknown} are excluded because a value is missing: not because they fail. The table of rules has them apart; everywhere else, in κ too, they are not qualified."
            ));
        }
        if self.data.facts().no_table("deals").is_none() {
            notes.extend(observed_note(self.data, self.maturity, counts.universe.get(None)));
        }
        let few = |(name, tally): (String, &Tally)| (1..FEW).contains(&tally.n).then_some(name);
        let small: Vec<String> = self
            .known_regions()
            .map(|bits| (Self::region_title(bits), counts.regions[bits].get(None)))
            .filter_map(few)
            .collect();
        if !small.is_empty() {
            notes.push(format!("Fewer than {FEW}, too few for a share to mean much: {}.", small.join(", ")));
        }
        notes.extend(self.data.unseen_stages());
        notes
    }

    /// Who is asked, and who is not.
    pub fn asked_note(&self) -> String {
        let sets = self.sets;
        let asked = sets.asked().count() as u64;
        let all = asked + sets.undated + sets.outside + sets.not_there + sets.before;
        let whom = match &self.qualified.stage {
            Some(stage) => format!(" + {} that did not reach {}", sets.not_there, stage.value),
            None => String::new(),
        };
        let before = match sets.before {
            0 => String::new(),
            n => format!(" + {n} before the first version"),
        };
        format!(
            "{all} buying processes = {asked} asked here + {} on a day outside of the days shown + {} without a known day ({}){whom}{before}.",
            sets.outside, sets.undated, sets.dated_by
        )
    }

    /// By which version whom is judged.
    fn version_note(&self) -> Option<String> {
        let versions = &self.qualified.versions;
        if let [one] = &versions[..] {
            return one.from.is_none().then(|| {
                let name = &one.name.value;
                format!(
                    "Everybody is judged by version {name}, also those who came before it was agreed: it has no `from`."
                )
            });
        }
        let of = versions.iter().map(|version| match version.from {
            Some(from) => format!("{} from {from}", version.name.value),
            None => version.name.value.clone(),
        });
        Some(format!("Everybody is judged by the version of their day: {}.", of.collect::<Vec<_>>().join(", ")))
    }
}

/// How many of some have been observed for long enough.
pub fn observed_note(data: &Data, maturity: Maturity, tally: &Tally) -> Option<String> {
    let days = maturity.after?;
    let rest = match tally.n - tally.mature {
        0 => "all of them have been observed".to_string(),
        n => format!("{n} have not been observed"),
    };
    let more = if tally.n > tally.mature { "; more of these will be won" } else { "" };
    Some(format!(
        "Wins are those by {}: of {} counted here {rest} for {days} days or more{more}.",
        data.session.as_of, tally.n
    ))
}
