//! What both teams did: campaign responses by marketing; calls, e-mails and meetings by sales.
//!
//! In: a person and a span of time. Out: the person's lists, and at the end rows of CampaignMember, Task and Event.

use anyhow::Result;

use crate::calendar::{Calendar, DAY, END, LAST_DAY};
use crate::csvout::Id;
use crate::deals::Deal;
use crate::people::Person;
use crate::world::{CHANNELS, PAID_SEARCH, WEBINAR, World};

/// What sales did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    Call,
    Email,
    Meeting,
    /// A task that nobody has done.
    Open,
    /// A task that was done and then deleted.
    Deleted,
}

/// One touch by sales.
#[derive(Clone, Copy)]
pub struct Contacted {
    pub at: i64,
    rep: usize,
    what: What,
    about: Option<Id>,
}

impl Contacted {
    /// A call.
    pub fn call(at: i64, rep: usize, about: Option<Id>) -> Self {
        Self { at, rep, what: What::Call, about }
    }

    /// A task that is never done; `at` is its due day.
    pub fn open_task(at: i64, rep: usize) -> Self {
        Self { at, rep, what: What::Open, about: None }
    }
}

/// Adds responses on days from `from` to `to`, each on a day and in a campaign of its own. With `Some(_)` they lead to
/// a deal: a webinar in the middle for some, and the last one is often a paid search.
pub fn respond(w: &mut World, p: &mut Person, tenths: i64, from: i64, to: i64, to_deal: Option<bool>) {
    let to = to.min(LAST_DAY);
    if from > to || (p.lead.is_none() && p.contact.is_none()) {
        return;
    }
    let sales_found = p.source == "Outbound";
    let mut n = w.rng.count(if sales_found && to_deal.is_some() { tenths / 2 } else { tenths }, w.touch_scale);
    let mut webinar = to_deal.is_some() && w.rng.chance(if sales_found { 300 } else { 420 });
    if webinar {
        n = n.max(2);
    }
    let mut days: Vec<i64> = (0..n).map(|_| w.rng.range(from, to)).collect();
    days.sort_unstable();
    days.dedup();
    let last = days.len().saturating_sub(1);
    for (i, day) in days.into_iter().enumerate() {
        for _ in 0..3 {
            let channel = if webinar && i < last.max(1) {
                WEBINAR
            } else if to_deal.is_some() && i == last && w.rng.chance(550) {
                PAID_SEARCH
            } else if to_deal.is_some() {
                w.rng.weighted(&[24, 14, 22, 10, 10, 0, 20])
            } else {
                w.rng.weighted(&[18, 14, 22, 6, 10, 8, 22])
            };
            let month = w.calendar.month(day);
            let known = |r: &(i64, usize)| r.0 == day || (r.1 == channel && w.calendar.month(r.0) == month);
            if !p.responses.iter().any(known) {
                p.responses.push((day, channel));
                webinar = webinar && channel != WEBINAR;
                break;
            }
        }
    }
    p.responses.sort_unstable();
}

/// Adds calls, e-mails and meetings between two moments.
pub fn contact(w: &mut World, p: &mut Person, tenths: i64, from: i64, to: i64, about: Option<Id>) {
    let list = plan(w, p.rep, tenths, from, to, about);
    p.sales.extend(list);
}

/// Calls, e-mails and meetings between two moments, in office hours.
pub fn plan(w: &mut World, rep: usize, tenths: i64, from: i64, to: i64, about: Option<Id>) -> Vec<Contacted> {
    let to = to.min(END);
    let mut list = Vec::new();
    if from > to {
        return list;
    }
    for _ in 0..w.rng.count(tenths, w.touch_scale) {
        let at = w.rng.range(from, to);
        let at = w.calendar.office(&mut w.rng, at);
        if at > to {
            continue;
        }
        let what = match w.rng.below(1000) {
            0..450 => What::Call,
            450..835 => What::Email,
            835..995 => What::Meeting,
            _ => What::Deleted,
        };
        list.push(Contacted { at, rep, what, about });
    }
    list
}

/// All touches of one person.
pub fn write(w: &mut World, p: &Person, account: Option<Id>, deals: &[Deal]) -> Result<()> {
    let who = p.contact.or(p.lead.map(|l| l.0));
    if who.is_some() {
        for (day, channel) in &p.responses {
            member(w, p, *day, *channel, true)?;
        }
        if w.rng.chance(250) {
            // Invited, never answered: a member, and no touch.
            let day = (p.created.div_euclid(DAY) + w.rng.range(1, 60)).min(LAST_DAY);
            let month = w.calendar.month(day);
            let email = CHANNELS.len() - 1;
            if !p.responses.iter().any(|r| r.1 == email && w.calendar.month(r.0) == month) {
                member(w, p, day, email, false)?;
            }
        }
    }
    for touch in &p.sales {
        sales(w, touch, who, account)?;
    }
    for deal in deals {
        for touch in &deal.touches {
            sales(w, touch, who, account)?;
        }
    }
    Ok(())
}

fn member(w: &mut World, p: &Person, day: i64, channel: usize, responded: bool) -> Result<()> {
    let recorded = (day * DAY + w.rng.range(6 * 3600, DAY - 1)).max(p.lead.map_or(p.created, |l| l.1)).min(END);
    let campaign = w.campaign(day, channel);
    let file = &mut w.files.member;
    file.id(Some(campaign)).id(p.lead.map(|l| l.0)).id(p.contact);
    file.flag(responded);
    file.moment(&w.calendar, Some(recorded), Calendar::iso).day(&w.calendar, responded.then_some(day));
    if responded {
        w.truth.add("marketing_touches", 1);
        w.truth.group("marketing_touches_by_channel", CHANNELS[channel], 1);
    }
    file.end()
}

/// One row of Task or Event; `who` is empty where only the deal or the account is known.
pub fn sales(w: &mut World, touch: &Contacted, who: Option<Id>, account: Option<Id>) -> Result<()> {
    let day = touch.at.div_euclid(DAY);
    let owner = w.reps[touch.rep].id;
    if touch.what == What::Meeting {
        w.truth.add("events", 1);
        let id = Id::new("00U", w.truth.get("events").unsigned_abs());
        let arranged = touch.at.min(END) - w.rng.range(1, 5) * DAY;
        let file = &mut w.files.event;
        file.id(Some(id)).id(who).id(touch.about.or(account.filter(|_| who.is_none()))).text("Meeting");
        file.moment(&w.calendar, Some(touch.at), Calendar::iso).day(&w.calendar, Some(day)).text("30").id(Some(owner));
        file.text("Event").flag(false).moment(&w.calendar, Some(arranged), Calendar::iso).end()?;
        w.truth.add(if touch.at > END { "planned_meetings" } else { "sales_touches" }, 1);
        return Ok(());
    }
    w.truth.add("tasks", 1);
    let id = Id::new("00T", w.truth.get("tasks").unsigned_abs());
    let (subtype, subject) = match (touch.what, w.rng.below(16)) {
        (What::Email, 0) => ("Email", "Email: next steps"),
        (What::Email, _) => ("Email", "Email"),
        (What::Open, _) => ("Task", "Follow up"),
        (_, 0) => ("Call", "Call - left message"),
        _ => ("Call", "Call"),
    };
    let done = touch.what != What::Open;
    let noted = if done { touch.at } else { touch.at.min(END) - DAY };
    let file = &mut w.files.task;
    file.id(Some(id)).id(who).id(touch.about).text(subject).day(&w.calendar, Some(day));
    file.id(Some(owner)).text(subtype);
    file.flag(touch.what == What::Deleted).flag(done).moment(&w.calendar, Some(noted - 60), Calendar::iso);
    file.moment(&w.calendar, done.then_some(touch.at), Calendar::iso).end()?;
    w.truth.add(
        match touch.what {
            What::Open => "open_tasks",
            What::Deleted => "deleted_tasks",
            _ => "sales_touches",
        },
        1,
    );
    Ok(())
}

/// A meeting that is agreed for after the last day of the history.
pub fn planned(w: &mut World, rep: usize, about: Id) -> Contacted {
    let at = (LAST_DAY + w.rng.range(3, 25)) * DAY;
    let at = w.calendar.office(&mut w.rng, at);
    Contacted { at, rep, what: What::Meeting, about: Some(about) }
}
