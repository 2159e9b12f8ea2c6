//! What is asked for: targets, leads to come, capacity, and what is assumed.
//!
//! In: flags and the contract. Out: checked values.

use crate::calendar::{Fiscal, PeriodKind, Periods};
use crate::cli::PlanArgs;
use crate::contract::{Contract, Goal};
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::session::{Session, day};
use crate::time::{date_of, day_of};

/// So many in each period.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// How many.
    pub n: f64,
    /// In each of these.
    pub per: PeriodKind,
}

/// A figure that is taken in place of a measured one.
#[derive(Debug, Clone, PartialEq)]
pub enum Assumed {
    /// The amount of a won deal.
    Deal(f64),
    /// What a new lead costs.
    Cost(f64),
    /// The share of one stage that reaches a later one, by their place in the contract.
    Rate(usize, usize, f64),
}

/// Everything that is asked for.
#[derive(Debug)]
pub struct Asked {
    /// What is to be won; of the flags, else of the contract.
    pub goals: Vec<Goal>,
    /// Whether the goals are the contract's.
    pub by_contract: bool,
    /// Leads to come.
    pub leads: Option<Rate>,
    /// The last day looked ahead to.
    pub until: Option<i32>,
    /// What sales can work.
    pub capacity: Option<Rate>,
    /// In place of what is measured.
    pub assumed: Vec<Assumed>,
    /// A lead comes too late where less than this share of the wins is still in time.
    pub quantile: f64,
    /// Only who began on this day or later is measured.
    pub from: Option<i32>,
}

/// Days that are looked ahead at most.
const FAR: i32 = 3653;

const KINDS: [(&str, PeriodKind); 4] = [
    ("week", PeriodKind::Week),
    ("month", PeriodKind::Month),
    ("quarter", PeriodKind::Quarter),
    ("year", PeriodKind::Year),
];

fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse().ok().filter(|n: &f64| plain && n.is_finite())
}

fn rate(flag: &str, text: &str) -> Result<Rate, Issue> {
    let place = || Place::file(flag);
    let wrong = || {
        Issue::usage(place(), format!("`{text}` is not a number of leads in a period"))
            .hint("write it as 120/month; also /week, /quarter, /year")
    };
    let (n, kind) = text.split_once('/').ok_or_else(wrong)?;
    let n = number(n.trim()).filter(|n| *n > 0.0).ok_or_else(wrong)?;
    let kind = kind.trim();
    let found = KINDS.iter().find(|(name, _)| *name == kind).ok_or_else(|| {
        Issue::usage(place(), format!("`{kind}` is not a period")).hint(did_you_mean(kind, KINDS.map(|(name, _)| name)))
    })?;
    Ok(Rate { n, per: found.1 })
}

impl Rate {
    /// On each day from the day after `as_of` on, so that every period has the same number; day 0 has none.
    pub fn daily(&self, as_of: i32, days: usize, fiscal: Fiscal) -> Vec<f64> {
        let mut daily = vec![0.0; days + 1];
        let last = as_of + i32::try_from(days).unwrap_or(i32::MAX - as_of);
        for period in Periods::covering(self.per, as_of + 1, last, fiscal).all {
            let each = self.n / f64::from(period.end - period.start + 1);
            for day in period.start.max(as_of + 1)..=period.end.min(last) {
                daily[usize::try_from(day - as_of).unwrap_or(0)] = each;
            }
        }
        daily
    }
}

impl Asked {
    /// Reads the flags.
    ///
    /// # Errors
    /// Everything that is wrong, at its flag.
    pub fn read(session: &Session, args: &PlanArgs) -> Result<Self, Issues> {
        let contract = &session.contract;
        let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
        let as_of = day_of(session.as_of);
        let mut issues = Vec::new();
        let mut goals: Vec<Goal> = Vec::new();
        for text in &args.target {
            let place = || Place::file("--target");
            match Goal::read(text.trim(), place(), fiscal) {
                Err((what, hint)) => issues.push(Issue::usage(place(), what).hint(hint)),
                Ok(goal) if goal.period.end <= as_of => issues.push(
                    Issue::usage(
                        place(),
                        format!(
                            "{} ended on {}, and as-of is {}",
                            goal.period.label,
                            date_of(goal.period.end),
                            session.as_of
                        ),
                    )
                    .hint("plan for a period that is not over, or say --as-of an earlier day"),
                ),
                Ok(goal) if goal.period.end > as_of + FAR => issues.push(
                    Issue::usage(place(), format!("{} is more than ten years away", goal.period.label))
                        .hint("plan for a nearer period"),
                ),
                Ok(goal) if goals.iter().any(|g| g.aim == goal.aim && g.period == goal.period) => issues.push(
                    Issue::usage(place(), format!("a second target for {} in {}", goal.aim.id(), goal.period.label))
                        .hint("give one"),
                ),
                Ok(goal) => goals.push(goal),
            }
        }
        let by_contract = args.target.is_empty();
        // A target of the contract is that of everybody.
        if by_contract && args.condition.is_none() {
            goals.clone_from(&contract.goals);
            goals.retain(|goal| goal.period.end <= as_of + FAR);
            goals.sort_by_key(|goal| (goal.period.end, goal.period.start, goal.aim));
        }
        let mut keep = |found: Result<Rate, Issue>| found.map_err(|issue| issues.push(issue)).ok();
        let leads = args.leads.as_deref().and_then(|text| keep(rate("--leads", text)));
        let capacity = args.capacity.as_deref().and_then(|text| keep(rate("--capacity", text)));
        let mut keep_day = |flag: &str, text: Option<&String>| {
            let found = text.map(|text| day(flag, text)).transpose();
            found.map_err(|issue| issues.push(issue)).ok().flatten().map(day_of)
        };
        let [until, from] = [keep_day("until", args.until.as_ref()), keep_day("from", args.from.as_ref())];
        if let Some(day) = until.filter(|day| *day <= as_of) {
            let what = format!("{} is not after as-of, {}", date_of(day), session.as_of);
            issues.push(Issue::usage(Place::file("--until"), what).hint("name a later day"));
        }
        if let Some(day) = until.filter(|day| *day > as_of + FAR) {
            let what = format!("{} is more than ten years after as-of, {}", date_of(day), session.as_of);
            issues.push(Issue::usage(Place::file("--until"), what).hint("name a nearer day"));
        }
        if let Some(day) = from.filter(|day| *day > as_of) {
            let what = format!("{} is after as-of, {}", date_of(day), session.as_of);
            issues.push(Issue::usage(Place::file("--from"), what).hint("name an earlier day"));
        }
        let quantile = number(args.quantile.trim()).filter(|q| *q > 0.0 && *q < 1.0);
        if quantile.is_none() {
            let what = format!("`{}` is not a share between 0 and 1", args.quantile);
            issues.push(Issue::usage(Place::file("--quantile"), what).hint("write it as 0.1"));
        }
        let assumed = assumed(contract, &args.assume, &mut issues);
        Issues(issues).into_result()?;
        let quantile = quantile.unwrap_or(0.1);
        Ok(Self { goals, by_contract, leads, until, capacity, assumed, quantile, from })
    }

    /// The amount of a deal that is assumed.
    pub fn deal(&self) -> Option<f64> {
        self.assumed.iter().find_map(|a| if let Assumed::Deal(amount) = a { Some(*amount) } else { None })
    }

    /// The cost of a lead that is assumed.
    pub fn cost(&self) -> Option<f64> {
        self.assumed.iter().find_map(|a| if let Assumed::Cost(amount) = a { Some(*amount) } else { None })
    }

    /// The rates that are assumed, the last stage first: from, to, share.
    pub fn rates(&self) -> Vec<(usize, usize, f64)> {
        let rate = |a: &Assumed| if let Assumed::Rate(from, to, share) = a { Some((*from, *to, *share)) } else { None };
        let mut rates: Vec<_> = self.assumed.iter().filter_map(rate).collect();
        rates.sort_by_key(|rate| std::cmp::Reverse(rate.0));
        rates
    }
}

fn assumed(contract: &Contract, texts: &[String], issues: &mut Vec<Issue>) -> Vec<Assumed> {
    let place = || Place::file("--assume");
    let ids: Vec<&str> = contract.stages.iter().map(|stage| stage.id.value.as_str()).collect();
    let mut known = vec!["average_deal".to_string(), "cost_per_lead".to_string()];
    known.extend(ids.windows(2).map(|pair| format!("{}_to_{}", pair[0], pair[1])));
    let mut found: Vec<Assumed> = Vec::new();
    for text in texts {
        let Some((name, value)) = text.split_once('=') else {
            let what = format!("`{text}` is not a name and a number");
            issues.push(Issue::usage(place(), what).hint("write it as average_deal=75000,opportunity_to_won=0.2"));
            continue;
        };
        let name = name.trim();
        let stage = |id: &str| ids.iter().position(|known| *known == id);
        let between = name.match_indices("_to_").find_map(|(at, _)| {
            let pair = (stage(&name[..at])?, stage(&name[at + 4..])?);
            (pair.0 < pair.1).then_some(pair)
        });
        let is_amount = matches!(name, "average_deal" | "cost_per_lead");
        if between.is_none() && !is_amount {
            let hint = did_you_mean(name, known.iter().map(String::as_str));
            issues.push(Issue::usage(place(), format!("nothing called `{name}` can be assumed")).hint(hint));
            continue;
        }
        let number = number(value.trim()).filter(|n| *n > 0.0 && (is_amount || *n <= 1.0));
        let Some(number) = number else {
            let what = format!("`{name}` cannot be `{value}`");
            let hint =
                if is_amount { "write an amount above 0" } else { "write a share above 0 and up to 1, such as 0.2" };
            issues.push(Issue::usage(place(), what).hint(hint));
            continue;
        };
        let one = match between {
            Some((from, to)) => Assumed::Rate(from, to, number),
            None if name == "average_deal" => Assumed::Deal(number),
            None => Assumed::Cost(number),
        };
        let again = found.iter().any(|other| match (&one, other) {
            (Assumed::Deal(_), Assumed::Deal(_)) | (Assumed::Cost(_), Assumed::Cost(_)) => true,
            (Assumed::Rate(from, to, _), Assumed::Rate(first, last, _)) => from < last && first < to,
            _ => false,
        });
        if again {
            let what = format!("`{name}` is assumed twice, or overlaps with another rate");
            issues.push(Issue::usage(place(), what).hint("give each step of the funnel once"));
            continue;
        }
        found.push(one);
    }
    found
}
