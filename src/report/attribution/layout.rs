//! Credit → tables for people.
//!
//! In: what was counted, and the ledger. Out: shares, ranks and costs by model.

use super::count::{Asked, Credit, Credited, Goal, Said};
use super::keys::Keys;
use super::major;
use super::spend::Ledger;
use crate::cli::{AttributionArgs, Model};
use crate::journey::path::Paths;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::time::date_of;

/// Keys shown to people; machines get all.
const SHOWN: usize = 15;
/// Models side by side in the table of costs, where none were asked for.
const OF_COSTS: [Model; 5] = [Model::First, Model::Last, Model::UFirstLast, Model::W, Model::Markov];

pub const UNATTRIBUTED: &str = "(unattributed)";
pub const UNALLOCATED: &str = "(unallocated)";

pub fn header(model: Model) -> &'static str {
    match model {
        Model::First => "First",
        Model::Last => "Last",
        Model::Linear => "Linear",
        Model::UFirstLead => "U lead",
        Model::UFirstLast => "U last",
        Model::W => "W",
        Model::FullPath => "Full",
        Model::TimeDecay => "Decay",
        Model::Markov => "Markov",
        Model::Shapley => "Shapley",
    }
}

/// Deals or money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Deals,
    Money,
}

pub const BOTH: [What; 2] = [What::Deals, What::Money];

/// What the tables are made of.
pub struct View<'a> {
    pub data: &'a Data,
    pub args: &'a AttributionArgs,
    pub asked: &'a Asked,
    pub keys: &'a Keys,
    pub goals: &'a [Credited; 2],
    pub ledger: &'a Ledger,
    /// Why there are no costs, where there is a ledger.
    pub no_costs: Option<&'static str>,
    pub paths: &'a Paths,
}

/// Places by size, the largest first; equal ones share the better place.
fn ranks(values: &[f64]) -> Vec<usize> {
    // Sums of the same parts in another order may differ in the last digits.
    let rounded: Vec<f64> = values.iter().map(|v| (v * 1e9).round()).collect();
    let mut sorted = rounded.clone();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    rounded.iter().map(|v| sorted.partition_point(|other| other > v) + 1).collect()
}

impl View<'_> {
    pub fn goal(&self, goal: Goal) -> &Credited {
        &self.goals[usize::from(goal == Goal::Created)]
    }

    pub fn value(&self, credit: Credit, what: What) -> f64 {
        match what {
            What::Deals => credit.deals,
            What::Money => major(self.data, credit.money),
        }
    }

    /// All that there is to share out; `None` where no deal counts, or of none the amount is known.
    pub fn whole(&self, goal: Goal, what: What) -> Option<f64> {
        let of = self.goal(goal);
        #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
        match what {
            What::Deals => (of.deals > 0).then_some(of.deals as f64),
            What::Money => (of.deals > of.without_amount).then(|| major(self.data, of.money)),
        }
    }

    /// Keys that have a touch in any journey that counts, or spend.
    pub fn active(&self) -> Vec<usize> {
        let any = |key: usize| {
            let credited =
                |said: &Result<Said, String>| said.as_ref().is_ok_and(|s| s.credit[key] != Credit::default());
            self.goals.iter().any(|g| g.of_key[key] > 0 || g.said.iter().any(credited))
                || self.ledger.of_key[key].is_some()
        };
        (0..self.keys.names.len()).filter(|key| any(*key)).collect()
    }

    pub fn said(&self, goal: Goal, model: Model) -> Result<&Said, &str> {
        let at = self.asked.models.iter().position(|m| *m == model);
        let said = at.and_then(|at| self.goal(goal).said.get(at));
        said.map_or(Err("not asked for"), |said| said.as_ref().map_err(String::as_str))
    }

    /// Share of everything, untouched deals included.
    fn share(&self, goal: Goal, what: What, model: Model, key: usize) -> Option<f64> {
        let whole = self.whole(goal, what).filter(|w| *w != 0.0)?;
        self.said(goal, model).ok().map(|said| self.value(said.credit[key], what) / whole)
    }

    /// Rank by key among the active ones.
    pub fn ranks(&self, goal: Goal, what: What, model: Model, active: &[usize]) -> Option<Vec<usize>> {
        self.whole(goal, what)?;
        let said = self.said(goal, model).ok()?;
        Some(ranks(&active.iter().map(|key| self.value(said.credit[*key], what)).collect::<Vec<_>>()))
    }

    /// The active keys by what the models give them for won deals on average, else for opportunities.
    pub fn in_order(&self) -> Vec<usize> {
        let mut active = self.active();
        let goal = if self.goal(Goal::Won).deals > 0 { Goal::Won } else { Goal::Created };
        let mean = |key: usize| {
            let shares = self.asked.models.iter().filter_map(|m| self.share(goal, What::Deals, *m, key));
            (shares.sum::<f64>() * 1e9).round()
        };
        active.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)).then(a.cmp(b)));
        active
    }

    pub fn tables(&self) -> Vec<Table> {
        let order = self.in_order();
        let mut tables = Vec::new();
        for goal in Goal::ALL {
            for what in BOTH {
                // Opportunities differ little from their pipeline: machines get them.
                if (goal, what) != (Goal::Created, What::Deals) {
                    tables.extend(self.shares(goal, what, &order));
                }
            }
        }
        let goal = if self.goal(Goal::Won).deals > 0 { Goal::Won } else { Goal::Created };
        tables.extend(self.rank_table(goal, &order));
        tables.extend(self.costs(&order));
        tables.push(self.tidy());
        tables
    }

    fn days(&self) -> String {
        format!("{} to {}", date_of(self.asked.period.0), date_of(self.asked.period.1))
    }

    fn columns(&self) -> Vec<Column> {
        let first = Column::left("key", titled(self.args.by.id()));
        let models = self.asked.models.iter().map(|m| Column::right(m.id(), header(*m)));
        std::iter::once(first).chain(models).collect()
    }

    fn shares(&self, goal: Goal, what: What, order: &[usize]) -> Option<Table> {
        let whole = self.whole(goal, what)?;
        let of = self.goal(goal);
        let money = number::people(whole, Unit::Money);
        let currency = &self.data.session.contract.currency;
        let title = match (goal, what) {
            (Goal::Won, What::Deals) => format!("Credit for {} deals won {}", number::whole(of.deals), self.days()),
            (Goal::Won, What::Money) => format!("Credit for their revenue, {money} {currency}"),
            (Goal::Created, What::Deals) => format!("Credit for {} opportunities", number::whole(of.deals)),
            (Goal::Created, What::Money) => {
                format!("Credit for the pipeline of {} deals created then, {money} {currency}", number::whole(of.deals))
            }
        };
        let share = |value: Option<f64>| {
            value.map_or_else(|| Cell::Missing("no figure".into()), |v| Cell::Number(v, Unit::Share))
        };
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for key in order.iter().take(SHOWN) {
            let cells = self.asked.models.iter().map(|m| share(self.share(goal, what, *m, *key)));
            rows.push(std::iter::once(Cell::text(&self.keys.names[*key])).chain(cells).collect());
        }
        let rest = &order[order.len().min(SHOWN)..];
        if !rest.is_empty() {
            let sum = |m: &Model| rest.iter().map(|key| self.share(goal, what, *m, *key)).sum::<Option<f64>>();
            let name = Cell::text(format!("{} others", rest.len()));
            rows.push(std::iter::once(name).chain(self.asked.models.iter().map(|m| share(sum(m)))).collect());
        }
        if of.untouched.deals > 0.0 {
            let untouched = Some(self.value(of.untouched, what) / whole).filter(|s| s.is_finite());
            let cells = self.asked.models.iter().map(|m| share(untouched.filter(|_| self.said(goal, *m).is_ok())));
            rows.push(std::iter::once(Cell::text(UNATTRIBUTED)).chain(cells).collect());
        }
        let id = format!("credit_{}", goal.ids()[usize::from(what == What::Money)]);
        Some(Table { id, title, audience: Audience::People, columns: self.columns(), rows })
    }

    /// Rank by model, and the two models between which it changes most.
    fn rank_table(&self, goal: Goal, order: &[usize]) -> Option<Table> {
        if self.asked.models.len() < 2 || order.len() < 2 {
            return None;
        }
        self.whole(goal, What::Deals)?;
        let mut columns = self.columns();
        columns.push(Column::right("change", "Change"));
        let ranks: Vec<Option<Vec<usize>>> =
            self.asked.models.iter().map(|m| self.ranks(goal, What::Deals, *m, order)).collect();
        let rows = (0..order.len().min(SHOWN)).map(|at| {
            let of: Vec<Option<usize>> = ranks.iter().map(|r| r.as_ref().map(|r| r[at])).collect();
            let known = || of.iter().flatten().copied();
            let change = known().max().unwrap_or(0) - known().min().unwrap_or(0);
            let cell = |n: usize| Cell::count(n as u64);
            let cells = of.iter().map(|r| r.map_or_else(|| Cell::Missing("no figure".into()), cell));
            std::iter::once(Cell::text(&self.keys.names[order[at]])).chain(cells).chain([cell(change)]).collect()
        });
        let title = format!("Rank by {} credit under each model; where they disagree is the answer", goal.ids()[0]);
        Some(Table { id: "ranks".into(), title, audience: Audience::People, columns, rows: rows.collect() })
    }

    /// The largest difference of shares, in words.
    pub fn disagreement(&self, goal: Goal, order: &[usize]) -> Option<String> {
        let ends = |key: usize| {
            let of = |model: &Model| self.share(goal, What::Deals, *model, key).map(|share| (*model, share));
            let known: Vec<(Model, f64)> = self.asked.models.iter().filter_map(of).collect();
            let most = known.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
            let least = known.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
            Some((key, *most, *least))
        };
        // Of equal ones the first.
        let all = order.iter().rev().filter_map(|key| ends(*key));
        let (key, most, least) = all.max_by(|a, b| (a.1.1 - a.2.1).total_cmp(&(b.1.1 - b.2.1)))?;
        let share = |s: f64| number::people(s, Unit::Share);
        (most.1 > least.1).then(|| {
            format!(
                "The models disagree most about {}: {} under {}, {} under {}.",
                self.keys.names[key],
                share(most.1),
                most.0.id(),
                share(least.1),
                least.0.id()
            )
        })
    }

    /// Rules that give every key the same: here they are one.
    pub fn alike(&self) -> Vec<(Model, Model)> {
        let mut pairs = Vec::new();
        for (at, one) in self.asked.models.iter().enumerate() {
            for other in &self.asked.models[at + 1..] {
                let same = |goal: Goal| match (self.said(goal, *one), self.said(goal, *other)) {
                    (Ok(a), Ok(b)) => a
                        .credit
                        .iter()
                        .zip(&b.credit)
                        .all(|(a, b)| a.money == b.money && (a.deals - b.deals).abs() < 1e-9),
                    _ => false,
                };
                if self.goal(Goal::Won).deals > 0 && Goal::ALL.into_iter().all(same) {
                    pairs.push((*one, *other));
                }
            }
        }
        pairs
    }

    /// Spend per credit where credit is counted in deals, credit per spend where it is money.
    pub fn per(&self, what: What, credit: Option<f64>, spend: Option<i64>) -> Option<f64> {
        let (credit, spend) = (credit?, major(self.data, spend?));
        let value = match what {
            What::Deals if credit > 1e-9 => spend / credit,
            What::Money if spend > 0.0 => credit / spend,
            _ => return None,
        };
        Some(value).filter(|v| v.is_finite())
    }

    fn costs(&self, order: &[usize]) -> Option<Table> {
        self.ledger.total?;
        let all = self.args.model.is_empty();
        let models: Vec<Model> = self.asked.models.iter().copied().filter(|m| !all || OF_COSTS.contains(m)).collect();
        let mut columns = vec![Column::left("key", titled(self.args.by.id())), Column::right("spend", "Spend")];
        columns.extend(models.iter().map(|m| Column::right(m.id(), header(*m))));
        let with_spend: Vec<usize> = order.iter().copied().filter(|k| self.ledger.of_key[*k].is_some()).collect();
        let money = |minor: i64| Cell::Number(major(self.data, minor), Unit::Money);
        let mut rows = Vec::new();
        let measures = [
            (Goal::Created, What::Deals, "Cost per opportunity", Unit::Money),
            (Goal::Won, What::Deals, "Cost per won deal", Unit::Money),
            (Goal::Won, What::Money, "Revenue per unit of spend", Unit::Times),
            (Goal::Created, What::Money, "Pipeline per unit of spend", Unit::Times),
        ];
        for (goal, what, title, unit) in measures {
            let Some(whole) = self.whole(goal, what) else { continue };
            rows.push(heading(title, columns.len()));
            let cell = |value: Option<f64>| {
                value.map_or_else(|| Cell::Missing("no credit or no spend".into()), |v| Cell::Number(v, unit))
            };
            for key in with_spend.iter().take(SHOWN) {
                let spend = self.ledger.of_key[*key];
                let mut row = vec![Cell::text(&self.keys.names[*key]), spend.map_or_else(Cell::none, money)];
                row.extend(models.iter().map(|m| {
                    let credit = self.said(goal, *m).ok().map(|said| self.value(said.credit[*key], what));
                    cell(self.per(what, credit, spend))
                }));
                rows.push(row);
            }
            if self.ledger.unallocated != 0 {
                let mut row = vec![Cell::text(UNALLOCATED), money(self.ledger.unallocated)];
                row.resize(columns.len(), Cell::Missing("no touch has it".into()));
                rows.push(row);
            }
            let mut row = vec![Cell::text("All"), self.ledger.total.map_or_else(Cell::none, money)];
            row.resize(columns.len(), cell(self.per(what, Some(whole), self.ledger.total)));
            rows.push(row);
        }
        let title = format!("What it cost, by spend and credit of {}", self.days());
        (!rows.is_empty()).then_some(Table { id: "costs".into(), title, audience: Audience::People, columns, rows })
    }
}

/// With a capital.
fn titled(id: &str) -> String {
    let mut letters = id.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
