//! Credit → tables and notes.
//!
//! In: what was counted, and the ledger. Out: for people shares, ranks and costs by model; for machines one row per goal,
//! model and key.

use super::count::{Asked, Credit, Credited, Goal, Said};
use super::keys::Keys;
use super::major;
use super::spend::Ledger;
use crate::cli::{AttributionArgs, Dimension, Model};
use crate::journey::path::Paths;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 31] = [
    "dimension",
    "row",
    "key",
    "model",
    "goal",
    "credit",
    "unit",
    "share",
    "share_low",
    "share_high",
    "rank",
    "deals_with_key",
    "touches",
    "deals",
    "lost_journeys",
    "journeys_without_deal",
    "spend",
    "spend_per_credit",
    "credit_per_spend",
    "status",
    "period_start",
    "period_end",
    "team",
    "look_back_days",
    "half_life_days",
    "markov_order",
    "shapley_samples",
    "shapley_seed",
    "as_of",
    "currency",
    "contract_hash",
];

/// Keys shown to people; machines get all.
const SHOWN: usize = 15;
/// Models side by side in the table of costs, where none were asked for.
const OF_COSTS: [Model; 5] = [Model::First, Model::Last, Model::UFirstLast, Model::W, Model::Markov];

const UNATTRIBUTED: &str = "(unattributed)";
const UNALLOCATED: &str = "(unallocated)";

fn header(model: Model) -> &'static str {
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
enum What {
    Deals,
    Money,
}

const BOTH: [What; 2] = [What::Deals, What::Money];

/// What the tables are made of.
pub struct View<'a> {
    pub data: &'a Data,
    pub args: &'a AttributionArgs,
    pub asked: &'a Asked,
    pub keys: &'a Keys,
    pub goals: &'a [Credited; 2],
    pub ledger: &'a Ledger,
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
    fn goal(&self, goal: Goal) -> &Credited {
        &self.goals[usize::from(goal == Goal::Created)]
    }

    fn value(&self, credit: Credit, what: What) -> f64 {
        match what {
            What::Deals => credit.deals,
            What::Money => major(self.data, credit.money),
        }
    }

    /// All that there is to share out; `None` where no deal counts, or of none the amount is known.
    fn whole(&self, goal: Goal, what: What) -> Option<f64> {
        let of = self.goal(goal);
        #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
        match what {
            What::Deals => (of.deals > 0).then_some(of.deals as f64),
            What::Money => (of.deals > of.without_amount).then(|| major(self.data, of.money)),
        }
    }

    /// Keys that have a touch in any journey that counts, or spend.
    fn active(&self) -> Vec<usize> {
        let any = |key: usize| {
            let credited =
                |said: &Result<Said, String>| said.as_ref().is_ok_and(|s| s.credit[key] != Credit::default());
            self.goals.iter().any(|g| g.of_key[key] > 0 || g.said.iter().any(credited))
                || self.ledger.of_key[key].is_some()
        };
        (0..self.keys.names.len()).filter(|key| any(*key)).collect()
    }

    fn said(&self, goal: Goal, model: Model) -> Result<&Said, &str> {
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
    fn ranks(&self, goal: Goal, what: What, model: Model, active: &[usize]) -> Option<Vec<usize>> {
        self.whole(goal, what)?;
        let said = self.said(goal, model).ok()?;
        Some(ranks(&active.iter().map(|key| self.value(said.credit[*key], what)).collect::<Vec<_>>()))
    }

    /// The active keys by what the models give them for won deals on average, else for opportunities.
    fn in_order(&self) -> Vec<usize> {
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

    /// The largest change of rank, in words.
    fn disagreement(&self, goal: Goal, order: &[usize]) -> Option<String> {
        let known: Vec<(Model, Vec<usize>)> = (self.asked.models.iter())
            .filter_map(|m| self.ranks(goal, What::Deals, *m, order).map(|r| (*m, r)))
            .collect();
        let mut worst: Option<(usize, usize, Model, usize, Model, usize)> = None;
        for (at, key) in order.iter().enumerate() {
            let best = known.iter().min_by_key(|(_, r)| r[at])?;
            let least = known.iter().rev().max_by_key(|(_, r)| r[at])?;
            let change = least.1[at] - best.1[at];
            if worst.is_none_or(|w| change > w.0) {
                worst = Some((change, *key, best.0, best.1[at], least.0, least.1[at]));
            }
        }
        let (change, key, best, high, least, low) = worst?;
        (change > 0).then(|| {
            format!(
                "The models disagree most about {}: rank {high} of {} under {}, {low} under {}.",
                self.keys.names[key],
                order.len(),
                best.id(),
                least.id()
            )
        })
    }

    /// Spend per credit where credit is counted in deals, credit per spend where it is money.
    fn per(&self, what: What, credit: Option<f64>, spend: Option<i64>) -> Option<f64> {
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
        Some(Table { id: "costs".into(), title, audience: Audience::People, columns, rows })
    }

    fn tidy(&self) -> Table {
        let active = self.active();
        let mut rows = Vec::new();
        for goal in Goal::ALL {
            let of = self.goal(goal);
            for what in BOTH {
                let whole = self.whole(goal, what);
                for model in &self.asked.models {
                    let said = self.said(goal, *model);
                    let ranks = self.ranks(goal, what, *model, &active);
                    let line = Line { goal, what, model: *model, whole };
                    for (at, key) in active.iter().enumerate() {
                        let credit = said.map(|s| self.value(s.credit[*key], what));
                        // Of the touched deals alone; the same of all deals.
                        let touched = whole.map(|w| 1.0 - self.value(of.untouched, what) / w);
                        let bounds = said.ok().and_then(|s| s.bounds.as_ref()).map(|b| b[*key]).zip(touched);
                        let bounds = bounds.map(|((low, high), touched)| (low * touched, high * touched));
                        let rank = ranks.as_ref().map(|r| r[at]);
                        let name = self.keys.names[*key].as_str();
                        let with = Some((of.of_key[*key], of.touches[*key]));
                        rows.push(self.row(&line, ("key", name), credit, bounds, rank, with, self.ledger.of_key[*key]));
                    }
                    let untouched = said.map(|_| self.value(of.untouched, what));
                    rows.push(self.row(&line, ("unattributed", UNATTRIBUTED), untouched, None, None, None, None));
                    if self.ledger.total.is_some() {
                        let spend = Some(self.ledger.unallocated);
                        rows.push(self.row(
                            &line,
                            ("unallocated", UNALLOCATED),
                            Err("no_credit"),
                            None,
                            None,
                            None,
                            spend,
                        ));
                    }
                    let all = said.and(whole.ok_or("no deal"));
                    rows.push(self.row(&line, ("total", "total"), all, None, None, None, self.ledger.total));
                }
            }
        }
        let columns = TIDY.iter().map(|id| Column::left(*id, *id)).collect();
        Table { id: "attribution_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    #[allow(clippy::too_many_arguments)] // one row
    fn row(
        &self,
        line: &Line,
        (row, key): (&str, &str),
        credit: Result<f64, &str>,
        bounds: Option<(f64, f64)>,
        rank: Option<usize>,
        with: Option<(u64, u64)>,
        spend: Option<i64>,
    ) -> Vec<Cell> {
        let Line { goal, what, model, whole } = *line;
        let (of, asked, contract) = (self.goal(goal), self.asked, &self.data.session.contract);
        let unit = if what == What::Deals { "count" } else { "money" };
        let credit = if whole.is_none() { Err("no_data") } else { credit };
        let plain = |value: Option<f64>, why: &str| {
            value.map_or_else(|| Cell::Missing(why.into()), |v| Cell::Number(v, Unit::Number))
        };
        let count = |n: Option<u64>| n.map_or_else(Cell::none, Cell::count);
        let per = self.per(what, credit.ok(), spend);
        let why = credit.err().unwrap_or("");
        let share = credit.ok().zip(whole).map(|(c, w)| c / w).filter(|s| s.is_finite());
        let per_cell = |of: What| if of == what { plain(per, "no credit or no spend") } else { Cell::none() };
        let days = |days: Option<i32>| days.map_or_else(Cell::none, |d| plain(Some(f64::from(d)), ""));
        let team = self.args.team.map_or("both", |team| match team {
            crate::cli::TeamArg::Marketing => "marketing",
            crate::cli::TeamArg::Sales => "sales",
        });
        let drawn = bounds.is_some();
        vec![
            Cell::text(self.args.by.id()),
            Cell::text(row),
            Cell::text(key),
            Cell::text(model.id()),
            Cell::text(goal.ids()[usize::from(what == What::Money)]),
            plain(credit.ok(), why),
            Cell::text(unit),
            plain(share, if why.is_empty() { "nothing to share out" } else { why }),
            plain(bounds.map(|b| b.0), "not drawn"),
            plain(bounds.map(|b| b.1), "not drawn"),
            rank.filter(|_| credit.is_ok()).map_or_else(Cell::none, |r| Cell::count(r as u64)),
            count(with.map(|w| w.0)),
            count(with.map(|w| w.1)),
            Cell::count(of.deals),
            Cell::count(of.lost),
            Cell::count(of.people),
            spend.map_or_else(|| Cell::Missing("not in the ledger".into()), |s| plain(Some(major(self.data, s)), "")),
            per_cell(What::Deals),
            per_cell(What::Money),
            Cell::text(match credit {
                Ok(_) => "ok",
                Err("no_credit") => "no_credit",
                Err("no_data") => "no_data",
                Err(_) => "not_computed",
            }),
            Cell::Date(date_of(asked.period.0)),
            Cell::Date(date_of(asked.period.1)),
            Cell::text(team),
            days(asked.look_back),
            if model == Model::TimeDecay { days(Some(asked.half_life)) } else { Cell::none() },
            count((model == Model::Markov).then_some(u64::from(asked.order))),
            count(drawn.then_some(u64::from(asked.samples))),
            if drawn { Cell::text(asked.seed.to_string()) } else { Cell::none() },
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]
    }

    /// What was decided, and what is not in the figures.
    pub fn notes(&self) -> Vec<String> {
        let (won, created) = (self.goal(Goal::Won), self.goal(Goal::Created));
        let asked = |model: Model| self.asked.models.contains(&model);
        let mut notes = Vec::new();
        let goal = if won.deals > 0 { Goal::Won } else { Goal::Created };
        notes.extend(self.disagreement(goal, &self.in_order()));
        for (of, what) in [(won, "won"), (created, "created")] {
            if of.deals == 0 {
                notes.push(format!("No deal was {what} in the days shown: there is nothing to share out."));
            }
            if of.untouched.deals > 0.0 {
                notes.push(format!(
                    "{} of {} deals {what} have no touch before: they are {UNATTRIBUTED} under every model.",
                    of.untouched.deals, of.deals
                ));
            }
            if of.deals > 0 && of.without_amount > 0 {
                notes.push(format!(
                    "{} of {} deals {what} have no amount: they count as deals only.",
                    of.without_amount, of.deals
                ));
            }
        }
        let team = self.args.team.map_or("touches of both teams and of none", |team| match team {
            crate::cli::TeamArg::Marketing => "marketing's touches",
            crate::cli::TeamArg::Sales => "sales' touches",
        });
        let window = self.asked.look_back.map_or_else(
            || "however long before (--look-back narrows it)".to_string(),
            |days| format!("of the last {days} days before that"),
        );
        notes.push(format!(
            "Counted are {team} ({} before {} won deals, {} before {} opportunities), up to a won deal's close and an opportunity's creation, never later, {window}: those about the deal, and those about no deal of anybody who has part in it. {} touches are of several deals of one person.",
            number::whole(won.touches.iter().sum()),
            number::whole(won.deals),
            number::whole(created.touches.iter().sum()),
            number::whole(created.deals),
            number::whole(self.paths.shared)
        ));
        notes.push("A plain day begins with its first instant and, as a close or a creation, lasts to its end; touches at one instant stay in the order of the files.".into());
        if [Model::UFirstLead, Model::W, Model::FullPath].into_iter().any(asked) {
            notes.push(format!(
                "The touch that made the lead is the last one by the day the first record of the deal's people was created, else the first after it; the opportunity's is the last one by the deal's creation, the close's the last of all. A missing one leaves its share to the others in proportion ({} of {} deals lack the first, {} the second); one touch with two positions has both shares.",
                won.no_lead, won.deals, won.no_opportunity
            ));
        }
        let u = match (asked(Model::UFirstLead), asked(Model::UFirstLast)) {
            (true, true) => {
                "U lead is first touch 50, lead creation 50 (as Adobe documents it); U last is first touch 40, last touch 40, the others 20, and 50/50 of two (as HubSpot and Salesforce do)."
            }
            (true, false) => "U lead is first touch 50, lead creation 50 (as Adobe documents it).",
            (false, true) => {
                "U last is first touch 40, last touch 40, the others 20, and 50/50 of two (as HubSpot and Salesforce do)."
            }
            (false, false) => "",
        };
        notes.extend((!u.is_empty()).then(|| u.to_string()));
        if asked(Model::TimeDecay) {
            notes.push(format!(
                "Decay halves a touch's weight with every {} days before the last touch, exactly.",
                self.asked.half_life
            ));
        }
        notes.extend(self.about_models());
        notes.extend(self.about_spend());
        notes
    }

    fn about_models(&self) -> Vec<String> {
        let (won, created) = (self.goal(Goal::Won), self.goal(Goal::Created));
        let asked = |model: Model| self.asked.models.contains(&model);
        let mut notes = Vec::new();
        if asked(Model::Markov) || asked(Model::Shapley) {
            notes.push(format!(
                "Markov and Shapley also see the journeys that came to nothing: {} lost deals and {} people without a deal. Of {} deals that are open, or closed nobody knows how, the end is not known: they are left out. For opportunities only people without a deal came to nothing ({}).",
                number::whole(won.lost), number::whole(won.people), number::whole(won.open), number::whole(created.people)
            ));
        }
        if asked(Model::Markov) {
            let chain = won.chain.map(|(p, states)| {
                format!(
                    " Of journeys to a won deal it has {states} states and converts {}.",
                    number::people(p, Unit::Share)
                )
            });
            notes.push(format!(
                "Markov: absorbing chain of order {}, repeats kept; credit by normalised removal effect, the same shares for deals and amounts.{}",
                self.asked.order,
                chain.unwrap_or_default()
            ));
        }
        if asked(Model::Shapley) {
            let drawn = self.goals.iter().flat_map(|g| &g.said).any(|s| s.as_ref().is_ok_and(|s| s.bounds.is_some()));
            let how = if drawn {
                format!(
                    "over {} orders drawn at random (seed {}; machine formats have the 95 % interval)",
                    self.asked.samples, self.asked.seed
                )
            } else {
                "exact over all combinations".to_string()
            };
            notes.push(format!("Shapley: a combination is worth the conversion rate of the journeys that needed nothing else; {how}. Below 0 means that journeys with it convert less."));
        }
        for (goal, what) in [(Goal::Won, "won deals"), (Goal::Created, "opportunities")] {
            for model in &self.asked.models {
                if let (Err(why), true) = (self.said(goal, *model), self.goal(goal).deals > 0) {
                    notes.push(format!("{} of {what} is missing: {why}.", header(*model)));
                }
            }
        }
        notes
    }

    fn about_spend(&self) -> Vec<String> {
        let ledger = self.ledger;
        if ledger.total.is_none() {
            return match self.args.by {
                Dimension::Kind => vec!["The spend ledger knows no kinds of touches: costs are missing.".into()],
                _ => Vec::new(),
            };
        }
        let mut notes = vec![format!(
            "Spend is {} of the same days, matched by name whatever the capitals; what no touch has is {UNALLOCATED} and shared out to nobody.",
            if self.args.by == Dimension::Team { "each team's" } else { "marketing's" }
        )];
        let named: Vec<&str> = ledger.unknown.keys().filter(|w| !w.is_empty()).map(String::as_str).collect();
        if !named.is_empty() {
            let more = if named.len() > 5 { format!(" and {} more", named.len() - 5) } else { String::new() };
            notes.push(format!("In the ledger and in no touch: {}{more}.", named[..named.len().min(5)].join(", ")));
        }
        if ledger.cut {
            notes.push("The ledger has months: of one that the days shown cut, all counts on its first day.".into());
        }
        notes
    }
}

/// What one row of the tidy table is about.
struct Line {
    goal: Goal,
    what: What,
    model: Model,
    whole: Option<f64>,
}

/// With a capital.
fn titled(id: &str) -> String {
    let mut letters = id.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
