//! Companies and their people: who is found, qualified, followed up or forgotten, and what comes of it.
//!
//! In: the world. Out: what happened to each person, which `records` writes; deals are `deals`' part, touches `touches`'.

use anyhow::Result;

use crate::calendar::{DAY, END, NEW_DEFINITION};
use crate::csvout::Id;
use crate::deals::{self, Deal, Outcome};
use crate::names;
use crate::records;
use crate::touches::{self, Contacted};
use crate::world::{CHANNELS, INDUSTRIES, QUEUE, REGIONS, World};

const HOUR: i64 = 3600;
/// The rep who calls late is the first one of the second region.
pub const LATE_REP: usize = 1;

/// A company; in Salesforce only once it has a deal.
pub struct Company {
    pub name: String,
    pub domain: String,
    pub public: bool,
    pub industry: &'static str,
    pub region: usize,
    pub employees: i64,
    pub account: Option<Id>,
    /// People so far: tells addresses apart.
    pub people: usize,
}

/// A person and all that happened to them; moments are local seconds.
pub struct Person {
    pub first: &'static str,
    pub last: &'static str,
    pub title: &'static str,
    pub email: String,
    pub source: &'static str,
    pub rep: usize,
    pub created: i64,
    pub lead: Option<(Id, i64)>,
    pub contact: Option<Id>,
    /// Day and channel of each response, in order.
    pub responses: Vec<(i64, usize)>,
    pub sales: Vec<Contacted>,
    pub hubspot: bool,
    pub hubspot_mql: Option<i64>,
    pub sal: Option<i64>,
    pub status: &'static str,
    pub in_queue: bool,
    pub score: i64,
    /// LeadHistory: when, field, old value, new value.
    pub history: Vec<(i64, &'static str, String, String)>,
}

/// Writes one company with its people and deals.
pub fn company(w: &mut World) -> Result<()> {
    let public = w.rng.chance(140);
    let n = if public { &mut w.count.public } else { &mut w.count.companies };
    *n += 1;
    let name = names::company(*n, public);
    let region = w.rng.weighted(&REGIONS.map(|r| r.2));
    let mut co = Company {
        domain: names::domain(&name),
        name,
        public,
        industry: if public { INDUSTRIES[0] } else { INDUSTRIES[1 + w.rng.index(5)] },
        region,
        employees: w.rng.strong(260) + 5,
        account: None,
        people: 0,
    };
    match w.rng.below(100) {
        0..73 => {
            let people = 1 + w.rng.weighted(&[70, 22, 8]);
            for nth in 0..people {
                inbound(w, &mut co, nth == 0, people == 1)?;
            }
            Ok(())
        }
        73..98 => outbound(w, &mut co),
        _ => deals::without_people(w, &mut co),
    }
}

fn person(w: &mut World, co: &mut Company, created: i64, source: &'static str) -> Person {
    let (first, last, title) = names::person(&mut w.rng);
    let email = names::email(first, last, co.people, &co.domain);
    co.people += 1;
    w.truth.add("people", 1);
    w.truth.month("leads", w.calendar.month(created.div_euclid(DAY)), 1);
    let places = (w.reps.len() - co.region).div_ceil(REGIONS.len());
    Person {
        first,
        last,
        title,
        email,
        source,
        rep: co.region + REGIONS.len() * w.rng.index(places),
        created,
        lead: None,
        contact: None,
        responses: Vec::new(),
        sales: Vec::new(),
        hubspot: false,
        hubspot_mql: None,
        sal: None,
        status: "Open - Not Contacted",
        in_queue: false,
        score: w.rng.range(5, 44),
        history: Vec::new(),
    }
}

fn new_lead(w: &mut World, p: &mut Person, at: i64) {
    w.count.leads += 1;
    p.lead = Some((Id::new("00Q", w.count.leads), at));
}

/// Somebody whom marketing found.
fn inbound(w: &mut World, co: &mut Company, first: bool, alone: bool) -> Result<()> {
    let day = w.calendar.season_day(&mut w.rng);
    let created = day * DAY + w.rng.range(6 * 60, 23 * 60 + 29) * 60;
    let channel = w.rng.weighted(&[24, 22, 18, 9, 15, 8, 4]);
    let mut p = person(w, co, created, CHANNELS[channel]);
    p.hubspot = true;
    p.responses.push((day, channel));
    let new_definition = day >= NEW_DEFINITION;
    if w.rng.chance(if new_definition { 720 } else { 500 }) {
        let lag = if w.rng.chance(300) { w.rng.range(10, 240) * 60 } else { w.rng.strong(6 * DAY) };
        let mql = before_midnight(awake(created + lag) / 60 * 60);
        if mql + 720 <= END {
            return qualified(w, co, p, mql, first, alone);
        }
    }
    let mut deals = Vec::new();
    if first && w.rng.chance(30) {
        // Straight to an opportunity: nobody ever set the marketing stage.
        let at = created + w.rng.range(120, 900);
        new_lead(w, &mut p, at.min(END));
        let call = w.calendar.office(&mut w.rng, at + HOUR);
        accept(w, &mut p, call, false);
        deals = convert(w, co, &mut p, 30)?;
        if !deals.is_empty() {
            w.truth.add("deals_without_mql_of_inbound_people", 1);
        }
    } else if w.rng.chance(300) {
        let at = created + w.rng.range(120, 900);
        new_lead(w, &mut p, at.min(END));
    }
    if deals.is_empty() {
        touches::respond(w, &mut p, 12, day + 1, day + 240, None);
    }
    records::write(w, co, &p, &deals)
}

/// The same, once marketing qualified: followed up, or not.
fn qualified(w: &mut World, co: &mut Company, mut p: Person, mql: i64, first: bool, alone: bool) -> Result<()> {
    let new_definition = mql.div_euclid(DAY) >= NEW_DEFINITION;
    p.score = w.rng.range(if new_definition { 45 } else { 65 }, 98);
    let wants_deal = first && w.rng.chance(if new_definition { 285 } else { 450 });
    let leaked = alone && !wants_deal && w.rng.chance(310);
    let lost_in_sync = leaked && w.rng.chance(250);
    let copied = mql + w.rng.range(120, 720);
    let mut at = mql;
    p.hubspot_mql = Some(mql);
    if lost_in_sync {
        w.truth.add("leaked_never_in_salesforce", 1);
    } else {
        let created = if w.rng.chance(500) { p.created + w.rng.range(60, 110) } else { copied - 30 };
        new_lead(w, &mut p, created);
        status(&mut p, copied, "MQL");
        if w.rng.chance(30) {
            p.hubspot_mql = None;
            at = copied;
            w.truth.add("mqls_dated_by_salesforce_only", 1);
        }
    }
    w.truth.month("mqls", w.calendar.month(at.div_euclid(DAY)), 1);
    let definition = if at.div_euclid(DAY) >= NEW_DEFINITION { "new" } else { "old" };
    w.truth.group("mqls_by_definition", definition, 1);

    let mut deals = Vec::new();
    if leaked {
        w.truth.add("leaked_mqls", 1);
        if !lost_in_sync {
            p.in_queue = co.region == 0 || w.rng.chance(300);
            let open_task = !p.in_queue && w.rng.chance(600);
            let case = if open_task { "leaked_with_a_task_never_done" } else { "leaked_without_any_task" };
            w.truth.add(case, 1);
            if open_task {
                let due = w.calendar.office(&mut w.rng, mql + DAY);
                p.sales.push(Contacted::open_task(due, p.rep));
            }
        }
    } else {
        let queued = co.region == 0;
        let early = p.lead.is_some_and(|(_, created)| created < mql - 3 * DAY) && w.rng.chance(120);
        if early && let Some((_, created)) = p.lead {
            let call = w.calendar.office(&mut w.rng, created + 2 * HOUR);
            if call < mql {
                p.sales.push(Contacted::call(call, p.rep, None));
                w.truth.add("mqls_with_a_sales_touch_before", 1);
            }
        }
        let mut wait = w.rng.strong(if p.rep == LATE_REP { 120 * HOUR } else { 14 * HOUR });
        if queued {
            wait += w.rng.range(40, 60) * HOUR;
        }
        let call = w.calendar.office(&mut w.rng, mql + 1800 + wait);
        follow_up(w, &mut p, at, call, queued);
        if p.status == "Working" || p.status == "Accepted" {
            if wants_deal {
                deals = convert(w, co, &mut p, 21)?;
            } else {
                turn_away(w, &mut p);
            }
        } else if call <= END && wants_deal {
            // The rep skips the step and converts at once.
            deals = convert(w, co, &mut p, 25)?;
        }
    }
    for deal in deals.iter().take(1) {
        w.truth.add("mqls_with_deal", 1);
        w.truth.group("mqls_with_deal_by_definition", definition, 1);
        if deal.outcome == Outcome::Won {
            w.truth.add("mqls_won", 1);
            w.truth.group("mqls_won_by_definition", definition, 1);
        }
    }
    if deals.is_empty() {
        let day = p.created.div_euclid(DAY);
        touches::respond(w, &mut p, 19, day + 1, day + 240, None);
    }
    records::write(w, co, &p, &deals)
}

/// The first sales touch after qualification, and with luck the acceptance.
fn follow_up(w: &mut World, p: &mut Person, mql: i64, call: i64, queued: bool) {
    if call > END {
        w.truth.add("mqls_still_waiting_for_sales", 1);
        p.in_queue = queued;
        return;
    }
    let group = match (p.rep == LATE_REP, queued) {
        (true, _) => "late_rep",
        (_, true) => "west_queue",
        _ => "others",
    };
    if queued {
        let queue = w.queue;
        let at = call - 300;
        let (id, name) = (w.reps[p.rep].id, w.reps[p.rep].name.clone());
        p.history.push((at, "Owner", queue.to_string(), id.to_string()));
        p.history.push((at, "Owner", QUEUE.into(), name));
    }
    w.truth.sample("seconds_from_mql_to_first_sales_touch", group, call - mql);
    if w.rng.chance(780) {
        accept(w, p, call, true);
    } else {
        p.sales.push(Contacted::call(call, p.rep, None));
        touches::contact(w, p, 8, call + DAY, call + 40 * DAY, None);
    }
}

/// Sales calls and takes the lead on.
fn accept(w: &mut World, p: &mut Person, call: i64, of_mql: bool) {
    if call > END {
        return;
    }
    p.sales.push(Contacted::call(call, p.rep, None));
    let at = call + 600 + w.rng.strong(14 * HOUR);
    let at = w.calendar.office(&mut w.rng, at);
    if at > END {
        return;
    }
    // The status was renamed at the turn of the year.
    let word = if w.calendar.month(at.div_euclid(DAY)) < 12 { "Accepted" } else { "Working" };
    status(p, at, word);
    p.sal = Some(at);
    w.truth.month("sals", w.calendar.month(at.div_euclid(DAY)), 1);
    if of_mql {
        w.truth.add("mqls_accepted", 1);
    }
}

/// An accepted lead that comes to nothing: disqualified, recycled, or left as it is.
fn turn_away(w: &mut World, p: &mut Person) {
    let Some(sal) = p.sal else { return };
    touches::contact(w, p, 20, sal + DAY, sal + 45 * DAY, None);
    let end = sal + w.rng.range(25, 60) * DAY;
    let end = w.calendar.office(&mut w.rng, end);
    if end > END {
        return;
    }
    match w.rng.below(100) {
        0..45 => status(p, end, "Unqualified"),
        45..57 => {
            status(p, end, "Recycled");
            w.truth.add("mqls_recycled", 1);
            let again = awake(end + w.rng.range(60, 120) * DAY) / 60 * 60;
            if again + 720 <= END {
                status(p, again + 300, "MQL");
                w.truth.add("mqls_qualified_twice", 1);
                // HubSpot overwrites its date: the first one is only in Salesforce, some minutes later.
                if let Some(first) = p.hubspot_mql.replace(again) {
                    let copied = p.history.iter().find(|h| h.3 == "MQL").map_or(first, |h| h.0);
                    w.truth.shift_last_sample("seconds_from_mql_to_first_sales_touch", first - copied);
                }
            }
        }
        _ => {}
    }
}

/// Conversion into contact, account and opportunity, about `days` after the last step; perhaps with a second deal later.
fn convert(w: &mut World, co: &mut Company, p: &mut Person, days: i64) -> Result<Vec<Deal>> {
    let Some(from) = p.sal.or(p.sales.last().map(|s| s.at)) else { return Ok(Vec::new()) };
    let at = from + HOUR + w.rng.mild(days * DAY);
    let at = w.calendar.office(&mut w.rng, at);
    if at > END {
        touches::contact(w, p, 15, from + DAY, END, None);
        return Ok(Vec::new());
    }
    w.count.contacts += 1;
    p.contact = Some(Id::new("003", w.count.contacts));
    touches::respond(w, p, 44, p.created.div_euclid(DAY) + 1, at.div_euclid(DAY) - 1, Some(true));
    touches::contact(w, p, 22, from + HOUR, at - HOUR, None);
    status(p, at, "Closed - Converted");
    p.history.push((at, "leadConverted", String::new(), String::new()));
    w.truth.add("leads_converted", 1);
    deals::new_business(w, co, p, at)
}

/// Somebody whom sales found.
fn outbound(w: &mut World, co: &mut Company) -> Result<()> {
    let day = w.rng.range(0, crate::calendar::LAST_DAY - 1);
    let created = day * DAY + w.rng.range(8, 16) * HOUR;
    let created = w.calendar.office(&mut w.rng, created);
    if created > END {
        return Ok(());
    }
    let mut p = person(w, co, created, "Outbound");
    p.hubspot = w.rng.chance(200);
    new_lead(w, &mut p, created);
    let call = created + w.rng.strong(20 * HOUR);
    let call = w.calendar.office(&mut w.rng, call);
    let mut deals = Vec::new();
    if w.rng.chance(170) {
        accept(w, &mut p, call, false);
        if p.sal.is_some() {
            deals = convert(w, co, &mut p, 30)?;
        }
    } else if call <= END {
        p.sales.push(Contacted::call(call, p.rep, None));
        touches::contact(w, &mut p, 12, call + DAY, call + 50 * DAY, None);
        if w.rng.chance(400) {
            let end = call + w.rng.range(5, 60) * DAY;
            let end = w.calendar.office(&mut w.rng, end);
            if end <= END {
                status(&mut p, end, "Unqualified");
            }
        }
        touches::respond(w, &mut p, 4, created.div_euclid(DAY) + 1, created.div_euclid(DAY) + 300, None);
    }
    records::write(w, co, &p, &deals)
}

/// A colleague who turns up in the deal: a contact, never a lead.
pub fn colleague(w: &mut World, co: &mut Company, at: i64, rep: usize) -> Result<Id> {
    let mut p = person(w, co, at, "");
    p.rep = rep;
    p.hubspot = w.rng.chance(500);
    w.count.contacts += 1;
    let id = Id::new("003", w.count.contacts);
    p.contact = Some(id);
    w.truth.add("people_known_by_contact_role_only", 1);
    touches::respond(w, &mut p, 15, at.div_euclid(DAY) + 1, at.div_euclid(DAY) + 90, None);
    touches::contact(w, &mut p, 6, at + DAY, at + 60 * DAY, None);
    records::write(w, co, &p, &[])?;
    Ok(id)
}

fn status(p: &mut Person, at: i64, new: &'static str) {
    p.history.push((at, "Status", p.status.into(), new.into()));
    p.status = new;
}

/// The same moment, or a later one of the same day that is not at night.
pub fn awake(t: i64) -> i64 {
    t.div_euclid(DAY) * DAY + 6 * HOUR + t.rem_euclid(DAY) * 3 / 4
}

/// No later than a quarter to midnight, so that the copy some minutes later is of the same day.
fn before_midnight(t: i64) -> i64 {
    t.min(t.div_euclid(DAY) * DAY + 23 * HOUR + 45 * 60)
}
