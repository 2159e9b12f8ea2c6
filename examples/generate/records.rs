//! The rows that one person leaves: Lead, Contact, LeadHistory and a HubSpot contact.
//!
//! In: a person with all that happened, and the deals. Out: the rows, with merged, deleted and oddly typed ones.

use anyhow::Result;

use crate::calendar::{Calendar, DAY, END};
use crate::csvout::Id;
use crate::deals::{Deal, Outcome};
use crate::names;
use crate::people::{Company, Person};
use crate::touches;
use crate::world::{REGIONS, World};

/// All records of one person.
pub fn write(w: &mut World, co: &Company, p: &Person, deals: &[Deal]) -> Result<()> {
    touches::write(w, p, co.account, deals)?;
    if p.hubspot {
        hubspot(w, co, p, deals)?;
    }
    // One in eight e-mail addresses is typed with capitals in Salesforce.
    let email = if w.rng.chance(125) { names::shouted(&p.email) } else { p.email.clone() };
    let in_salesforce = p.lead.is_some() || p.contact.is_some();
    if p.hubspot && in_salesforce {
        w.truth.add("people_in_both_systems", 1);
        if email != p.email {
            w.truth.add("people_in_both_systems_by_other_case", 1);
        }
    }
    if let Some(lead) = p.lead {
        lead_rows(w, co, p, lead, &email, deals)?;
    }
    if let Some(id) = p.contact {
        let created = deals.first().map_or(p.created, |d| d.created);
        let (state, country, _) = REGIONS[co.region];
        let contact = &mut w.files.contact;
        contact.id(Some(id)).flag(false).id(co.account).text(p.first).text(p.last).text(state).text(country);
        contact.text(&email).text(p.title).text(p.source).id(Some(w.reps[p.rep].id));
        contact.moment(&w.calendar, Some(created), Calendar::iso).end()?;
    }
    Ok(())
}

fn lead_rows(w: &mut World, co: &Company, p: &Person, lead: (Id, i64), email: &str, deals: &[Deal]) -> Result<()> {
    let (id, created) = lead;
    lead_row(w, co, p, id, None, email, created, deals.first())?;
    if w.rng.chance(10) {
        // A second form, merged into the first record; Salesforce marks the loser as deleted.
        let later = (created + w.rng.range(1, 20) * DAY).min(END);
        w.count.leads += 1;
        let loser = Id::new("00Q", w.count.leads);
        lead_row(w, co, p, loser, Some(id), &p.email, later, None)?;
        w.truth.add("merged_leads", 1);
    }
    if w.rng.chance(9) {
        // Somebody tests a form: deleted, and nobody's lead.
        w.count.leads += 1;
        let n = w.count.leads;
        let files = &mut w.files.lead;
        files.id(Some(Id::new("00Q", n))).flag(true).empty(1).text("Test").text("Test").text("test").empty(2);
        files.text(&format!("test{n}@acme.example")).text("Organic Search").text("Open - Not Contacted").empty(2);
        files.id(Some(w.queue)).flag(false).empty(4).moment(&w.calendar, Some(created), Calendar::iso).end()?;
        w.truth.add("deleted_leads", 1);
    }
    for (at, field, old, new) in &p.history {
        w.truth.add("lead_history_rows", 1);
        let n = w.truth.get("lead_history_rows");
        let history = &mut w.files.lead_history;
        history.id(Some(Id::new("017", n.unsigned_abs()))).id(Some(id));
        history.moment(&w.calendar, Some(*at), Calendar::iso).text(field).text(old).text(new).end()?;
    }
    Ok(())
}

#[allow(clippy::too_many_arguments, reason = "one row's facts, used twice")]
fn lead_row(
    w: &mut World,
    co: &Company,
    p: &Person,
    id: Id,
    master: Option<Id>,
    email: &str,
    created: i64,
    deal: Option<&Deal>,
) -> Result<()> {
    let (state, country, _) = REGIONS[co.region];
    let owner = if p.in_queue { w.queue } else { w.reps[p.rep].id };
    let lead = &mut w.files.lead;
    lead.id(Some(id)).flag(master.is_some()).id(master).text(p.first).text(p.last).text(&co.name);
    lead.text(state).text(country).text(email).text(p.source);
    lead.text(if master.is_some() { "Open - Not Contacted" } else { p.status });
    lead.text(co.industry).number(co.employees).id(Some(owner)).flag(deal.is_some());
    lead.day(&w.calendar, deal.map(|d| d.created.div_euclid(DAY)));
    lead.id(deal.and(co.account)).id(deal.and(p.contact)).id(deal.map(|d| d.id));
    lead.moment(&w.calendar, Some(created), Calendar::iso).end()
}

fn hubspot(w: &mut World, co: &Company, p: &Person, deals: &[Deal]) -> Result<()> {
    w.count.hubspot += 1;
    let deal = deals.first();
    let won = deal.filter(|d| d.outcome == Outcome::Won);
    let stage = match (won, deal, p.sal, p.hubspot_mql) {
        (Some(_), ..) => "Customer",
        (_, Some(_), ..) => "Opportunity",
        (_, _, Some(_), _) => "Sales Qualified Lead",
        (_, _, _, Some(_)) => "Marketing Qualified Lead",
        _ => "Lead",
    };
    let select = deal.is_none() && p.lead.is_none() && w.rng.chance(150);
    if select {
        w.truth.add("select_placeholders", 1);
    }
    let file = &mut w.files.hubspot;
    let id = 20_100_000_000 + i64::try_from(w.count.hubspot).unwrap_or(0) * 151;
    file.number(id).text(p.first).text(p.last).text(&co.name);
    file.text(REGIONS[co.region].1);
    let c = &w.calendar;
    file.moment(c, Some(p.created), Calendar::wall);
    file.moment(c, won.map(|d| d.closed), Calendar::wall).moment(c, Some(p.created), Calendar::wall);
    file.moment(c, p.hubspot_mql, Calendar::wall).moment(c, deal.map(|d| d.created), Calendar::wall);
    file.moment(c, p.sal, Calendar::wall).text(&p.email).text(&format!("{}.0", p.score));
    file.text(if select { "Select" } else { co.industry });
    file.text(match p.status {
        "Unqualified" => "Unqualified",
        "Closed - Converted" => "Open Deal",
        _ if p.sal.is_some() => "Connected",
        _ => "New",
    });
    file.text(stage);
    let source = if p.source.is_empty() || p.source == "Outbound" { "Offline Sources" } else { p.source };
    file.text(source).text(REGIONS[co.region].0).empty(3);
    let ids: Vec<String> = deals.iter().map(|d| d.hubspot_id.to_string()).collect();
    file.text(&ids.join(";")).end()
}
