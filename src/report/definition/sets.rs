//! Who is asked, and what each of the three words says: marketing's, sales' and the definition's.
//!
//! In: the facts, a definition, which processes to keep, the periods. Out: [`Sets`], one answer per process and word, and
//! [`Tally`], what became of some of them.
//!
//! A team has said that somebody is qualified where something in the exports shows its stage, dated or not; a
//! stage that was skipped and only inferred was said by nobody.

use anyhow::Result;

use crate::calendar::Periods;
use crate::contract::{Contract, Qualified};
use crate::facts::Facts;
use crate::issue::{Issue, Issues};
use crate::journey::{Journeys, NO_DAY, Outcome};
use crate::tables::NO_MONEY;
use crate::time::day_of;

/// What each word says of each process. Every vector has one entry per process.
pub struct Sets {
    /// The day that puts a process into its period; [`NO_DAY`] for one that is not asked.
    pub day: Vec<i32>,
    /// Its period.
    pub period: Vec<Option<usize>>,
    /// Kept, and at the definition's stage: whoever is asked if the day falls into the range.
    pub kept: Vec<bool>,
    /// Marketing calls it qualified.
    pub marketing: Vec<bool>,
    /// Sales does.
    pub sales: Vec<bool>,
    /// By rule: yes, no, or a value is missing; of no meaning for processes of another version.
    pub verdicts: Vec<Vec<Option<bool>>>,
    /// The version of each rule.
    pub version_of: Vec<usize>,
    /// The version in force on the day of each process that is asked.
    pub version: Vec<Option<usize>>,
    /// All rules say yes.
    pub qualified: Vec<bool>,
    /// Index of marketing's stage and of sales'.
    pub stages: (usize, usize),
    /// Why nobody knows what marketing says, and what sales says, where no export shows their stage.
    pub unknown: [Option<String>; 2],
    /// By pair of words: why κ means nothing.
    pub no_kappa: [Option<String>; 3],
    /// The column of the day.
    pub dated_by: String,
    /// Kept and at the stage, on no known day.
    pub undated: u64,
    /// Kept and at the stage, on a day outside of the range.
    pub outside: u64,
    /// Kept, and not at the stage.
    pub not_there: u64,
    /// On a day of the range before the first version.
    pub before: u64,
}

fn stage_of(contract: &Contract, qualified: &Qualified, id: &str) -> Result<usize, Issues> {
    contract.stages.iter().position(|s| s.id.value == id).ok_or_else(|| {
        Issue::usage(qualified.place.clone(), format!("no stage is called `{id}`"))
            .hint("the definition's stages must be stages of the contract it is used with")
            .into()
    })
}

impl Sets {
    /// Asks every process that is kept.
    ///
    /// # Errors
    /// A condition with an unknown column; a stage that does not exist.
    pub fn of(facts: &Facts<'_>, qualified: &Qualified, keep: &[bool], periods: &Periods) -> Result<Self> {
        let (contract, journeys) = (facts.contract, facts.journeys);
        let stages =
            (stage_of(contract, qualified, &qualified.marketing)?, stage_of(contract, qualified, &qualified.sales)?);
        let asked_at = qualified.stage.as_ref().map(|s| stage_of(contract, qualified, &s.value)).transpose()?;
        let verdicts = qualified.rules.iter().map(|rule| facts.verdicts(&rule.when)).collect::<Result<Vec<_>>>()?;
        let title = |stage: usize| &contract.stages[stage].title;
        let unseen = |stage: usize| {
            (!journeys.seen[stage]).then(|| format!("no export shows when {} was reached", title(stage)))
        };
        let unknown = [unseen(stages.0), unseen(stages.1)];
        // Whoever is asked because somebody said so cannot have been called unqualified by the same.
        let chosen = |stage: usize| {
            let asked = asked_at.filter(|asked| *asked >= stage)?;
            Some(format!("only those who reached {} are asked, so nobody is called unqualified", title(asked)))
        };
        let of = |team: usize, stage: usize| unknown[team].clone().or_else(|| chosen(stage));
        let (marketing, sales) = (of(0, stages.0), of(1, stages.1));
        let no_kappa = [marketing.clone().or_else(|| sales.clone()), marketing, sales];
        let mut sets = Self {
            day: vec![NO_DAY; journeys.len()],
            period: vec![None; journeys.len()],
            kept: vec![false; journeys.len()],
            marketing: vec![false; journeys.len()],
            sales: vec![false; journeys.len()],
            verdicts,
            version_of: qualified.rules.iter().map(|rule| rule.version).collect(),
            version: vec![None; journeys.len()],
            qualified: vec![false; journeys.len()],
            stages,
            unknown,
            no_kappa,
            dated_by: qualified.stage.as_ref().map_or("entered_on".into(), |s| format!("{}_on", s.value)),
            undated: 0,
            outside: 0,
            not_there: 0,
            before: 0,
        };
        let starts: Vec<i32> = qualified.versions.iter().map(|v| v.from.map_or(i32::MIN, day_of)).collect();
        for at in (0..journeys.len()).filter(|at| keep[*at]) {
            let day = match asked_at {
                Some(s) if !journeys.stages[s][at].is() => {
                    sets.not_there += 1;
                    continue;
                }
                Some(s) => journeys.stages[s][at].day(),
                None => journeys.entered(at),
            };
            sets.kept[at] = true;
            let period = day.and_then(|day| periods.index(day));
            match (day, period) {
                (None, _) => sets.undated += 1,
                (Some(_), None) => sets.outside += 1,
                (Some(day), Some(period)) => {
                    let Some(version) = starts.iter().rposition(|from| *from <= day) else {
                        sets.before += 1;
                        continue;
                    };
                    sets.version[at] = Some(version);
                    sets.day[at] = day;
                    sets.period[at] = Some(period);
                    sets.marketing[at] = journeys.shown[stages.0][at];
                    sets.sales[at] = journeys.shown[stages.1][at];
                    let yes = sets.asks(at).all(|(_, verdict)| verdict == Some(true));
                    sets.qualified[at] = yes;
                }
            }
        }
        Ok(sets)
    }

    /// Everybody who is asked: process and period.
    pub fn asked(&self) -> impl Iterator<Item = (usize, usize)> {
        self.period.iter().enumerate().filter_map(|(at, period)| period.map(|p| (at, p)))
    }

    /// The rules of the version that a process is judged by, and what each says.
    pub fn asks(&self, at: usize) -> impl Iterator<Item = (usize, Option<bool>)> {
        let own = self.version_of.iter().enumerate().filter(move |(_, version)| Some(**version) == self.version[at]);
        own.map(move |(rule, _)| (rule, self.verdicts[rule][at]))
    }

    /// The first rule that does not say yes, and whether that is for want of a value.
    pub fn decided(&self, at: usize) -> Option<(usize, bool)> {
        self.asks(at).find(|(_, verdict)| *verdict != Some(true)).map(|(rule, verdict)| (rule, verdict.is_none()))
    }
}

/// Which processes have been observed for long enough.
#[derive(Debug, Clone, Copy)]
pub struct Maturity {
    /// The last day that counts.
    pub as_of: i32,
    /// Days after which most wins have come; `None` when no win tells.
    pub after: Option<i32>,
}

impl Maturity {
    /// Whether somebody of that day has been; `None` when nobody can tell.
    pub fn is(self, day: i32) -> Option<bool> {
        self.after.map(|days| self.as_of - day >= days)
    }
}

/// What became of some processes by as-of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub n: u64,
    /// With a deal.
    pub deals: u64,
    /// With a deal that is open.
    pub open: u64,
    /// Won.
    pub won: u64,
    /// Lost, to whomever.
    pub lost: u64,
    /// Won amounts, in minor units.
    pub revenue: i64,
    /// Won with an amount.
    pub valued: u64,
    /// Observed for long enough.
    pub mature: u64,
    /// Won among these.
    pub mature_won: u64,
}

impl Tally {
    /// Adds one process that counts from `day`.
    pub fn add(&mut self, journeys: &Journeys, at: usize, day: i32, maturity: Maturity) {
        let outcome = journeys.outcome[at];
        let won = outcome == Outcome::Won;
        self.n += 1;
        self.deals += u64::from(outcome != Outcome::NoDeal);
        self.open += u64::from(outcome == Outcome::Open);
        self.won += u64::from(won);
        self.lost += u64::from(matches!(outcome, Outcome::Lost | Outcome::Derailed));
        if won && journeys.amount[at] != NO_MONEY {
            self.revenue += journeys.amount[at];
            self.valued += 1;
        }
        if maturity.is(day) == Some(true) {
            self.mature += 1;
            self.mature_won += u64::from(won);
        }
    }
}

/// One tally per period, and one for all of them together.
#[derive(Debug, Clone)]
pub struct Tallies {
    of: Vec<Tally>,
    total: Tally,
}

impl Tallies {
    /// Nobody yet.
    pub fn new(periods: &Periods) -> Self {
        Self { of: vec![Tally::default(); periods.all.len()], total: Tally::default() }
    }

    /// Adds one process to its period and to the total.
    pub fn add(&mut self, journeys: &Journeys, at: usize, (day, period): (i32, usize), maturity: Maturity) {
        self.of[period].add(journeys, at, day, maturity);
        self.total.add(journeys, at, day, maturity);
    }

    /// Of one period; `None` is all together.
    pub fn get(&self, period: Option<usize>) -> &Tally {
        period.map_or(&self.total, |p| &self.of[p])
    }
}
