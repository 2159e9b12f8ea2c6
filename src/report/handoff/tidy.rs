//! The hand-off for machines: every figure by group and period, and every leaked lead.
//!
//! In: the sums. Out: two tables whose columns never depend on the data.

use super::count::{Dimension, Fate, Figures, Group};
use super::layout::{View, hours, of_touched, share, wait, within_interval};
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::tables::{Kind, NONE};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 47] = [
    "dimension",
    "value",
    "period",
    "period_start: date",
    "period_end: date",
    "qualified: number",
    "days_only: number",
    "touched: number",
    "touched_before: number",
    "window_open: number",
    "within: number",
    "late_or_never: number",
    "undecided: number",
    "share_within: number",
    "ci_low: number",
    "ci_high: number",
    "median_hours: number",
    "p90_hours: number",
    "hours_n: number",
    "median_hours_of_touched: number",
    "median_days: number",
    "accepted: number",
    "rejected: number",
    "recycled: number",
    "in_work: number",
    "waiting: number",
    "leaked: number",
    "share_accepted: number",
    "share_rejected_of_decided: number",
    "share_leaked: number",
    "accepted_recorded: number",
    "rejected_ever: number",
    "recycled_ever: number",
    "qualified_again: number",
    "recycled_won: number",
    "recycled_revenue: number",
    "decided_untouched: number",
    "revenue_per_lead: number",
    "revenue_per_lead_n: number",
    "money_at_stake: number",
    "agreement",
    "from_stage",
    "accepted_stage",
    "basis",
    "as_of: date",
    "currency",
    "contract_hash",
];

fn plain(value: Option<f64>) -> Cell {
    value.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number))
}

impl View<'_> {
    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let none = Figures::default();
        let mut rows = Vec::new();
        let all: Group = (Dimension::All, 0, String::new());
        let mut keys: Vec<&Group> = self.counted.figures.keys().map(|(group, _)| group).collect();
        keys.push(&all);
        keys.sort();
        keys.dedup();
        for group in keys {
            let by_period = matches!(group.0, Dimension::All | Dimension::By);
            let periods = (0..if by_period { self.periods.all.len() } else { 0 }).map(Some).chain([None]);
            for period in periods {
                let figures = self.counted.figures.get(&(group.clone(), period)).unwrap_or(&none);
                rows.push(self.row(group, period, figures));
            }
        }
        Table { id: "handoff_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    #[allow(clippy::cast_precision_loss)]
    pub fn row(&self, group: &Group, period: Option<usize>, f: &Figures) -> Vec<Cell> {
        let contract = &self.data.session.contract;
        let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
            let p = &self.periods.all[p];
            (p.label.as_str(), p.start, p.end)
        });
        let interval = within_interval(f);
        let leaked = f.fate(Fate::Leaked);
        #[allow(clippy::cast_precision_loss)]
        let days = wait(&f.days, 0.5).map(|d| d as f64);
        let mut cells = vec![
            Cell::text(group.0.id()),
            Cell::text(&group.2),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
        ];
        cells.extend([Cell::count(f.qualified), Cell::count(f.days_only)]);
        let counts = [f.touched, f.before, f.open, f.kept, f.broken, f.unknown];
        let mut of_touches: Vec<Cell> = counts.map(Cell::count).into();
        of_touches.extend([share(f.kept, f.judged()), interval.map(|i| i.0), interval.map(|i| i.1)].map(plain));
        of_touches.extend([hours(&f.waits, 0.5), hours(&f.waits, 0.9)].map(plain));
        of_touches.push(Cell::count(f.waits.len() as u64));
        of_touches.extend([hours(&of_touched(&f.waits), 0.5), days].map(plain));
        cells.extend(of_touches.into_iter().map(|cell| self.if_touches(cell)));
        cells.extend(self.fate_cells(f));
        cells.extend([share(f.fate(Fate::Accepted), f.qualified), share(f.rejected_ever, f.decided())].map(plain));
        cells.push(self.if_touches(plain(share(leaked, f.qualified))));
        cells.extend([f.accepted_recorded, f.rejected_ever, f.recycled_ever, f.again].map(Cell::count));
        cells.extend([self.if_deals(Cell::count(f.recycled_won)), self.recycled_revenue(f)]);
        cells.push(self.if_touches(Cell::count(f.decided_untouched)));
        let value = |v: f64| Cell::Number(v / self.minor(), Unit::Money);
        cells.push(self.judge.value().map_or_else(|why| Cell::Missing(why.into()), value));
        cells.push(Cell::count(self.judge.old_enough.0));
        cells.extend([
            self.at_stake(leaked),
            Cell::text(self.agreement()),
            Cell::text(&contract.stages[self.stages.0].id.value),
            Cell::text(&contract.stages[self.stages.1].id.value),
            Cell::text("cohort"),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]);
        cells
    }

    /// Every leaked lead, for machines: the id of its record, when it qualified, and who should have been in touch.
    pub fn leaked(&self) -> Table {
        let ids = [
            "person_id",
            "file",
            "qualified_on: date",
            "days_since: number",
            "owner_now",
            "queue",
            "lead_source",
            "as_of: date",
            "contract_hash",
        ];
        let columns = ids.iter().map(|c| Column::tidy(c)).collect();
        let (tables, journeys) = (&self.data.tables, &self.data.journeys);
        let people = tables.get(Kind::People);
        let person_id = people.codes("person_id");
        let missing = vec![NONE; journeys.len()];
        let source = journeys.segments.get("lead_source").unwrap_or(&missing);
        let text = |code: u32| tables.names.text(code).map_or_else(Cell::none, Cell::text);
        let as_of = crate::time::day_of(self.data.session.as_of);
        let mut rows: Vec<(i32, String, Vec<Cell>)> = Vec::new();
        for lead in self.counted.leaked.iter().map(|at| &self.handed.all[*at]) {
            let (id, file) = if lead.person == NONE {
                (Cell::none(), Cell::none())
            } else {
                let row = lead.person as usize;
                let file = self.data.files.get(people.origin[row].file() as usize);
                (text(person_id[row]), file.map_or_else(Cell::none, |f| Cell::text(&f.input.path)))
            };
            let key = if let Cell::Text(id) = &id { id.clone() } else { String::new() };
            let cells = vec![
                id,
                file,
                Cell::Date(date_of(lead.day)),
                Cell::Number(f64::from(as_of - lead.day), Unit::Days),
                text(lead.owner),
                text(lead.queue),
                text(source[lead.process as usize]),
                Cell::Date(self.data.session.as_of),
                Cell::text(self.data.session.contract.short_hash()),
            ];
            rows.push((lead.day, key, cells));
        }
        rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let rows = rows.into_iter().map(|(_, _, cells)| cells).collect();
        Table { id: "handoff_leaked".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }
}
