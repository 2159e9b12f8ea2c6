//! Opportunities: created, moved from stage to stage, won, lost or still open.
//!
//! In: a company, perhaps with the person who asked. Out: rows of Account, Opportunity, OpportunityHistory and
//! OpportunityContactRole, and the deals for the people's own records.

use anyhow::Result;

use crate::calendar::{Calendar, DAY, END, LAST_DAY};
use crate::csvout::{Cell, Id};
use crate::names;
use crate::people::{self, Company, Person};
use crate::touches::{self, Contacted};
use crate::world::{CHANNELS, REGIONS, WEBINAR, World};

/// How a deal stands on the last day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Won,
    Lost,
    Open,
}

/// A deal; moments are local seconds.
pub struct Deal {
    pub id: Id,
    pub hubspot_id: u64,
    pub created: i64,
    /// When it closed, or is expected to.
    pub closed: i64,
    pub outcome: Outcome,
    pub touches: Vec<Contacted>,
    amount: Option<i64>,
}

/// What is decided about a deal before it begins.
#[derive(Clone, Copy)]
struct Plan<'a> {
    created: i64,
    rep: usize,
    source: &'a str,
    campaign: Option<Id>,
    contact: Option<Id>,
    expansion: bool,
    win_permille: u64,
    amount: i64,
    /// May be one of the three that were entered after they had closed.
    may_be_late: bool,
}

const STAGES: [(&str, i64, &str); 5] = [
    ("Qualification", 20, "Pipeline"),
    ("Needs Analysis", 35, "Pipeline"),
    ("Proposal/Price Quote", 65, "BestCase"),
    ("Negotiation/Review", 80, "Forecast"),
    ("Closed", 0, "Closed"),
];
/// Place in [`STAGES`].
const PROPOSAL: usize = 2;
/// Place in [`STAGES`].
const CLOSED: usize = 4;

/// The deal of a converted lead, with roles, colleagues, touches, and perhaps a second deal of the same buyer.
pub fn new_business(w: &mut World, co: &mut Company, p: &mut Person, at: i64) -> Result<Vec<Deal>> {
    account(w, co, at, p.rep)?;
    let day = at.div_euclid(DAY);
    let before = |r: &&(i64, usize)| r.0 < day;
    let webinar = p.responses.iter().filter(before).any(|r| r.1 == WEBINAR);
    let last = p.responses.iter().rfind(before).copied();
    let inbound = p.source != "Outbound";
    let campaign = p.responses.first().filter(|_| inbound).map(|r| w.campaign(r.0, r.1));
    let plan = Plan {
        created: at,
        rep: p.rep,
        source: p.source,
        campaign,
        contact: p.contact,
        expansion: false,
        win_permille: if webinar { 405 } else { 190 },
        amount: 39_500,
        may_be_late: true,
    };
    let mut deal = open(w, co, plan)?;
    let group = if webinar { "with_webinar" } else { "without_webinar" };
    if deal.outcome != Outcome::Open {
        w.truth.group("closed_by_webinar_before_the_deal", group, 1);
        w.truth.group("won_by_webinar_before_the_deal", group, i64::from(deal.outcome == Outcome::Won));
    }
    w.truth.group("deals_by_last_response_before_the_deal", last.map_or("none", |r| CHANNELS[r.1]), 1);
    let end = if deal.outcome == Outcome::Open { END } else { deal.closed };
    deal.touches = touches::plan(w, p.rep, 44, at, end, Some(deal.id));
    touches::respond(w, p, 9, day + 1, end.div_euclid(DAY), None);
    if deal.outcome == Outcome::Open && w.rng.chance(350) {
        let planned = touches::planned(w, p.rep, deal.id);
        deal.touches.push(planned);
    }
    if let Some(contact) = p.contact {
        role(w, &deal, contact, "Decision Maker", true, at)?;
    }
    for (permille, part) in [(430, "Business User"), (130, "Evaluator")] {
        let joined = at + w.rng.range(1, 30) * DAY;
        let joined = w.calendar.office(&mut w.rng, joined);
        if w.rng.chance(permille) && joined <= end {
            let id = people::colleague(w, co, joined, p.rep)?;
            role(w, &deal, id, part, false, joined + 300)?;
        }
    }
    let mut deals = vec![deal];
    if let Some(second) = expansion(w, co, p, &deals[0])? {
        deals.push(second);
    }
    Ok(deals)
}

/// A deal that sales found on its own: linked to an account only.
pub fn without_people(w: &mut World, co: &mut Company) -> Result<()> {
    let day = w.rng.range(60, LAST_DAY);
    let at = w.calendar.office(&mut w.rng, day * DAY + 40_000);
    if at > END {
        return Ok(());
    }
    let places = (w.reps.len() - co.region).div_ceil(REGIONS.len());
    let rep = co.region + REGIONS.len() * w.rng.index(places);
    account(w, co, at, rep)?;
    let plan = Plan {
        created: at,
        rep,
        source: "Outbound",
        campaign: None,
        contact: None,
        expansion: false,
        win_permille: 230,
        amount: 39_500,
        may_be_late: false,
    };
    let deal = open(w, co, plan)?;
    w.truth.add("deals_without_any_person", 1);
    let end = if deal.outcome == Outcome::Open { END } else { deal.closed };
    for touch in touches::plan(w, rep, 50, at, end, Some(deal.id)) {
        touches::sales(w, &touch, None, co.account)?;
    }
    Ok(())
}

fn expansion(w: &mut World, co: &Company, p: &Person, first: &Deal) -> Result<Option<Deal>> {
    let at = first.closed.max(first.created) + w.rng.range(120, 400) * DAY;
    let at = w.calendar.office(&mut w.rng, at);
    if first.outcome != Outcome::Won || at > END || !w.rng.chance(380) {
        return Ok(None);
    }
    let plan = Plan {
        created: at,
        rep: p.rep,
        source: "Existing Customer",
        campaign: None,
        contact: p.contact,
        expansion: true,
        win_permille: 480,
        amount: 16_000,
        may_be_late: false,
    };
    let mut deal = open(w, co, plan)?;
    w.truth.add("second_deals_of_a_buyer", 1);
    let end = if deal.outcome == Outcome::Open { END } else { deal.closed };
    deal.touches = touches::plan(w, p.rep, 25, at, end, Some(deal.id));
    if let Some(contact) = p.contact {
        role(w, &deal, contact, "Decision Maker", true, at)?;
    }
    Ok(Some(deal))
}

/// Decides how the deal goes and writes it.
fn open(w: &mut World, co: &Company, plan: Plan) -> Result<Deal> {
    w.count.deals += 1;
    w.count.hubspot_deals += 1;
    let created_day = plan.created.div_euclid(DAY);
    let wins = w.rng.chance(plan.win_permille);
    let cycle = w.rng.mild(if wins { 104 } else { 80 }) * if co.public { 2 } else { 1 };
    let cycle = if plan.expansion { cycle / 2 } else { cycle };
    let mut close_day = created_day + cycle;
    while w.calendar.weekday(close_day) > 4 {
        close_day += 1;
    }
    let planned_close = close_day;
    let mut outcome = if wins { Outcome::Won } else { Outcome::Lost };
    let wanted = w.truth.get("closed_before_created");
    if close_day > LAST_DAY {
        outcome = Outcome::Open;
        close_day = LAST_DAY + w.rng.range(5, 120);
    } else if plan.may_be_late && wanted < 3 && created_day > 60 && w.truth.get("deals") >= 100 * wanted + 60 {
        close_day = created_day - w.rng.range(2, 20);
        w.truth.add("closed_before_created", 1);
    }
    let mut closed = close_day * DAY + 16 * 3600;
    if close_day >= created_day {
        closed = closed.max(plan.created + 3600).min((close_day + 1) * DAY - 1);
    }
    let cents = w.rng.mild(plan.amount) / 100 * 100 * 100;
    let unknown = outcome != Outcome::Won && w.rng.chance(60);
    let deal = Deal {
        id: Id::new("006", w.count.deals),
        hubspot_id: 9_700_000_000 + w.count.hubspot_deals * 37,
        created: plan.created,
        closed,
        outcome,
        touches: Vec::new(),
        amount: (!unknown).then_some(cents),
    };
    let part = if outcome == Outcome::Open {
        (END - plan.created) * 1000 / (planned_close * DAY - plan.created).max(1)
    } else {
        1000
    };
    let stage = history(w, &deal, part)?;
    row(w, co, &plan, &deal, stage, false)?;
    if w.rng.chance(8) {
        row(w, co, &plan, &deal, stage, true)?;
        w.truth.add("deleted_deals", 1);
    }
    count(w, co, &plan, &deal, close_day);
    Ok(deal)
}

/// The stages and when each was entered; returns the present one. `part` is how far the deal is, in thousandths.
fn history(w: &mut World, deal: &Deal, part: i64) -> Result<usize> {
    let mut steps: Vec<(usize, i64)> = vec![(0, deal.created)];
    let span = deal.closed - deal.created;
    if deal.outcome == Outcome::Open {
        for (stage, from) in [(1, 250), (PROPOSAL, 500), (3, 800)] {
            if part >= from {
                let at = deal.created + (END - deal.created) * from / part.max(1);
                steps.push((stage, people::awake(at).min(END)));
            }
        }
    } else if span < 4 * DAY {
        steps = vec![(CLOSED, deal.created)];
    } else {
        let depth = match (deal.outcome, w.rng.below(100)) {
            (Outcome::Won, 0..60) => 3,
            (Outcome::Won, 60..96) | (_, 30..60) => PROPOSAL,
            (Outcome::Won, _) | (_, 0..30) => 1,
            _ => 3,
        };
        for stage in 1..=depth {
            let share = w.rng.range(180, 240) * i64::try_from(stage).unwrap_or(0);
            let at = people::awake(deal.created + span * share / 1000).min(deal.closed - 60);
            steps.push((stage, at));
        }
        steps.push((CLOSED, deal.closed));
    }
    if steps.iter().any(|s| s.0 == PROPOSAL) {
        w.truth.add("deals_that_reached_proposal", 1);
    }
    // An amount that changes is one more row of the same stage.
    let change = if steps.len() > 2 && w.rng.chance(300) { Some(w.rng.range(70, 130)) } else { None };
    let before = deal.amount.zip(change).map(|(cents, percent)| cents * percent / 10_000 * 100);
    let first_amount = before.or(deal.amount);
    for (i, (stage, at)) in steps.iter().enumerate() {
        let amount = if i < 2 { first_amount } else { deal.amount };
        step(w, deal, *stage, *at, amount, None)?;
        if i == 1 && before.is_some() {
            step(w, deal, *stage, (at + 1800).min(steps[2].1 - 1), deal.amount, before)?;
        }
    }
    Ok(steps.last().map_or(0, |s| s.0))
}

fn step(w: &mut World, deal: &Deal, stage: usize, at: i64, amount: Option<i64>, before: Option<i64>) -> Result<()> {
    w.truth.add("deal_history_rows", 1);
    let id = Id::new("008", w.truth.get("deal_history_rows").unsigned_abs());
    let (name, probability, _) = named(stage, deal.outcome);
    let file = &mut w.files.deal_history;
    file.id(Some(id)).id(Some(deal.id)).moment(&w.calendar, Some(at), Calendar::iso).text(name).money(amount);
    file.day(&w.calendar, Some(deal.closed.div_euclid(DAY))).number(probability);
    file.money(before).empty(1).end()
}

fn named(stage: usize, outcome: Outcome) -> (&'static str, i64, &'static str) {
    match (stage, outcome) {
        (CLOSED, Outcome::Won) => ("Closed Won", 100, "Closed"),
        (CLOSED, _) => ("Closed Lost", 0, "Omitted"),
        _ => STAGES[stage],
    }
}

fn row(w: &mut World, co: &Company, plan: &Plan, deal: &Deal, stage: usize, deleted: bool) -> Result<()> {
    let id = if deleted {
        w.count.deals += 1;
        Id::new("006", w.count.deals)
    } else {
        deal.id
    };
    let (name, probability, forecast) = named(stage, deal.outcome);
    let product = if plan.expansion { names::PRODUCTS[2] } else { names::PRODUCTS[w.rng.index(2)] };
    let closed = deal.outcome != Outcome::Open;
    w.files.deal.record(
        &w.calendar,
        &[
            ("Id", Cell::Id(Some(id))),
            ("IsDeleted", Cell::Flag(deleted)),
            ("AccountId", Cell::Id(co.account)),
            ("IsPrivate", Cell::Flag(false)),
            ("Name", Cell::Text(&format!("{} - {product}", co.name))),
            ("StageName", Cell::Text(name)),
            ("Amount", Cell::Money(deal.amount)),
            ("Probability", Cell::Number(probability)),
            ("ExpectedRevenue", Cell::Money(deal.amount.map(|a| a * probability / 100))),
            ("CloseDate", Cell::Day(Some(deal.closed.div_euclid(DAY)))),
            ("Type", Cell::Text(if plan.expansion { "Existing Business" } else { "New Business" })),
            ("LeadSource", Cell::Text(plan.source)),
            ("IsClosed", Cell::Flag(closed)),
            ("IsWon", Cell::Flag(deal.outcome == Outcome::Won)),
            ("ForecastCategory", Cell::Text(forecast)),
            ("CurrencyIsoCode", Cell::Text("USD")),
            ("CampaignId", Cell::Id(plan.campaign)),
            ("HasOpportunityLineItem", Cell::Flag(false)),
            ("OwnerId", Cell::Id(Some(w.reps[plan.rep].id))),
            ("CreatedDate", Cell::Moment(deal.created)),
            ("CreatedById", Cell::Id(Some(w.reps[plan.rep].id))),
            ("ContactId", Cell::Id(plan.contact)),
        ],
    )
}

fn role(w: &mut World, deal: &Deal, contact: Id, part: &str, primary: bool, at: i64) -> Result<()> {
    w.truth.add("contact_roles", 1);
    let id = Id::new("00K", w.truth.get("contact_roles").unsigned_abs());
    let file = &mut w.files.role;
    file.short_id(id).short_id(deal.id).short_id(contact).text(part).flag(primary);
    file.moment(&w.calendar, Some(at.min(END)), Calendar::iso).flag(false).end()
}

fn account(w: &mut World, co: &mut Company, at: i64, rep: usize) -> Result<()> {
    if co.account.is_some() {
        return Ok(());
    }
    w.count.accounts += 1;
    let id = Id::new("001", w.count.accounts);
    co.account = Some(id);
    w.truth.add("accounts", 1);
    w.files.account.record(
        &w.calendar,
        &[
            ("Id", Cell::Id(Some(id))),
            ("IsDeleted", Cell::Flag(false)),
            ("Name", Cell::Text(&co.name)),
            ("BillingState", Cell::Text(REGIONS[co.region].0)),
            ("BillingCountry", Cell::Text(REGIONS[co.region].1)),
            ("Website", Cell::Text(&format!("www.{}", co.domain))),
            ("Industry", Cell::Text(co.industry)),
            ("NumberOfEmployees", Cell::Number(co.employees)),
            ("CurrencyIsoCode", Cell::Text("USD")),
            ("OwnerId", Cell::Id(Some(w.reps[rep].id))),
            ("CreatedDate", Cell::Moment(at)),
            ("CreatedById", Cell::Id(Some(w.reps[rep].id))),
        ],
    )
}

/// Adds the deal to the truth.
fn count(w: &mut World, co: &Company, plan: &Plan, deal: &Deal, close_day: i64) {
    let created_day = plan.created.div_euclid(DAY);
    let (created, closed) = (w.calendar.month(created_day), w.calendar.month(close_day));
    let cents = deal.amount.unwrap_or(0);
    let t = &mut w.truth;
    t.add("deals", 1);
    t.month("deals_created", created, 1);
    t.month("pipeline_created_cents", created, cents);
    t.group("deals_by_lead_source", plan.source, 1);
    t.group("pipeline_created_cents_by_lead_source", plan.source, cents);
    t.group("deals_by_industry", co.industry, 1);
    if deal.amount.is_none() {
        t.add("deals_without_amount", 1);
    }
    match deal.outcome {
        Outcome::Won => {
            t.add("deals_won", 1);
            t.month("won", closed, 1);
            t.month("won_cents", closed, cents);
            let kind = if plan.expansion { "won_cents_existing_business" } else { "won_cents_new_business" };
            t.month(kind, closed, cents);
            t.group("won_by_lead_source", plan.source, 1);
            t.group("won_by_industry", co.industry, 1);
            if close_day >= created_day {
                let group = if co.public { "public_sector" } else { "other_industries" };
                t.sample("days_from_created_to_won", group, close_day - created_day);
            }
        }
        Outcome::Lost => {
            t.add("deals_lost", 1);
            t.month("lost", closed, 1);
        }
        Outcome::Open => {
            t.add("deals_open", 1);
            t.add("open_pipeline_cents", cents);
        }
    }
}
