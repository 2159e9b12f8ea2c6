//! The tables for people, and the notes.
//!
//! In: the counts. Out: a filled [`Report`].

use super::cells::{Outcomes, ratio, some};
use super::count::{Counts, PAIRS};
use super::sets::Tally;
use super::{View, about_values, tidy};
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::time::date_of;

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// Fewer than this say little.
const FEW: u64 = 5;

/// Fills the report of one definition.
pub fn fill(mut report: Report, view: &View<'_>) -> Report {
    let journeys = &view.data.journeys;
    let counts = Counts::of(view.sets, journeys, view.periods, view.maturity);
    let outcomes = Outcomes::of(&view.data.facts());
    report.tables.push(view.sets_table(&counts, &outcomes));
    report.tables.push(View::regions(&counts, &outcomes));
    report.tables.push(agreement(&counts));
    report.tables.push(view.rules(&counts, &outcomes));
    report.tables.push(view.periods_table(&counts, &outcomes));
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

fn agreement(counts: &Counts) -> Table {
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
    let rows = PAIRS
        .iter()
        .zip(&counts.pairs)
        .filter_map(|(pair, met)| met.last().map(|met| (pair, met)))
        .map(|((first, second), met)| {
            let kappa = met.kappa();
            let bounds = kappa.and_then(|k| k.interval).map(|(low, high)| Cell::text(format!("{low:.2} to {high:.2}")));
            vec![
                Cell::text(format!("{first} – {second}")),
                Cell::count(met.both),
                Cell::count(met.first),
                Cell::count(met.second),
                Cell::count(met.neither),
                some(kappa.map(|k| k.observed), Unit::Share, "nobody was asked"),
                kappa
                    .and_then(|k| k.kappa)
                    .map_or_else(|| Cell::Missing(SAME.into()), |k| Cell::text(format!("{k:.3}"))),
                bounds.unwrap_or_else(|| Cell::Missing(SAME.into())),
            ]
        })
        .collect();
    let asked = counts.universe.get(None).n;
    table("agreement", format!("Agreement over the {asked} who are asked"), columns, rows)
}

/// Why κ may be missing.
pub const SAME: &str = "both say the same of everybody, so chance alone gives full agreement";

impl View<'_> {
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

    fn regions(counts: &Counts, outcomes: &Outcomes) -> Table {
        let mut columns = vec![
            Column::left("region", "Called qualified by"),
            Column::right("n", "Processes"),
            Column::right("deals", "Deals"),
        ];
        columns.extend(outcome_columns());
        let rows = (0..8)
            .rev()
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
                Cell::text(&rule.name.value),
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
            Column::left("version", "Version"),
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
                for tally in said(*p) {
                    row.push(Cell::count(tally.n));
                    row.push(outcomes.share(tally.won, tally.n, Unit::Share));
                }
                row.push(Cell::text(&self.qualified.version.value));
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
        notes.push(format!(
            "Marketing and sales have said so where the exports show {} and {}; a stage that was skipped was said by nobody. κ counts it as agreement when neither says so: it holds for those who are asked, and no others.",
            marketing.title, sales.title
        ));
        notes.push(format!(
            "By period, {} and {} count on the day each was reached, the definition's on that of {}.",
            marketing.title, sales.title, self.sets.dated_by
        ));
        for (elsewhere, stage) in counts.said_elsewhere.iter().zip([marketing, sales]).filter(|(n, _)| **n > 0) {
            notes.push(format!("{}: {elsewhere} on no known day, or outside of the days shown.", stage.title));
        }
        notes.extend(about_values(&self.data.facts(), self.qualified));
        let unknown: u64 = counts.rules.iter().filter_map(|rule| rule.last()).map(|row| row.unknown).sum();
        if unknown > 0 {
            notes.push(format!(
                "{unknown} are excluded because a value is missing: not because they fail. They are counted apart."
            ));
        }
        if let Some(days) = self.maturity.after {
            let asked = counts.universe.get(None);
            notes.push(format!(
                "Wins are those by {}. {} of the {} who are asked have been observed for {days} days or more; of the others more will be won.",
                self.data.session.as_of, asked.mature, asked.n
            ));
        }
        let few = |(name, tally): (String, &Tally)| (1..FEW).contains(&tally.n).then_some(name);
        let small: Vec<String> = (0..8)
            .rev()
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
        let all = asked + sets.undated + sets.outside + sets.not_there;
        let whom = match &self.qualified.stage {
            Some(stage) => format!(" + {} that did not reach {}", sets.not_there, stage.value),
            None => String::new(),
        };
        format!(
            "{all} buying processes = {asked} asked here + {} on a day outside of the days shown + {} without a known day ({}){whom}.",
            sets.outside, sets.undated, sets.dated_by
        )
    }
}
