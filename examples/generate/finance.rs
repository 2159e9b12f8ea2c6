//! The ledgers: spend, advertising, heads and revenue by month.
//!
//! In: the world, after all deals are known. Out: four files in the tool's plain form. Amounts grow with the number of
//! people, so that ratios stay what they are.

use anyhow::Result;

use crate::calendar::{Calendar, LAST_DAY, MONTHS};
use crate::world::{World, campaign_name};

/// Team, category, tag, vendor and USD a month for 3,000 people.
const LEDGER: [(&str, &str, &str, &str, i64); 15] = [
    ("sales", "people", "", "Payroll", 148_000),
    ("sales", "people", "lead-management", "Payroll", 12_000),
    ("sales", "travel", "", "Travel desk", 14_500),
    ("sales", "tools", "crm-data", "CRM licences", 9_800),
    ("sales", "tools", "", "Dialler", 3_400),
    ("sales", "programs", "enablement", "Sales training", 6_200),
    ("marketing", "people", "", "Payroll", 22_500),
    ("marketing", "people", "sales-support", "Payroll", 5_500),
    ("marketing", "awareness", "", "Trade press", 5_200),
    ("marketing", "awareness", "", "Sponsoring", 2_600),
    ("marketing", "programs", "", "Webinar studio", 3_300),
    ("marketing", "programs", "enablement", "Case studies", 2_700),
    ("marketing", "programs", "sales-support", "Trade shows", 5_400),
    ("marketing", "tools", "lead-management", "Marketing automation", 3_600),
    ("marketing", "tools", "crm-data", "Data provider", 1_200),
];
/// Channel (place in the world's list), vendor, currency and units a week for 3,000 people.
const ADS: [(usize, &str, &str, i64); 3] = [
    (1, "Search ads", "USD", 1_550),
    (4, "Professional network ads", "EUR", 820),
    (2, "Content syndication", "USD", 540),
];
/// Team, role and heads in tenths for 3,000 people.
const HEADS: [(&str, &str, i64); 6] = [
    ("sales", "Account Executive", 45),
    ("sales", "Sales Development Representative", 30),
    ("sales", "Sales Engineer", 10),
    ("sales", "Sales Management", 15),
    ("marketing", "Demand Generation", 15),
    ("marketing", "Content and Brand", 15),
];

/// Writes the four ledgers.
pub fn write(w: &mut World, people: u64) -> Result<()> {
    let people = i64::try_from(people)?;
    let mut sunday = 0;
    for month in 0..MONTHS {
        let at = i64::try_from(month)?;
        let name = Calendar::month_name(month);
        let growth = 1000 + 9 * at;
        for (team, category, tag, vendor, amount) in LEDGER {
            let spread = if category == "people" { w.rng.range(985, 1015) } else { w.rng.range(800, 1200) };
            let cents = amount * people * growth / 1000 * spread / 1000 / 30;
            let f = &mut w.files.spend;
            f.text(&name).text(team).text(category).text(tag).text(vendor).money(Some(cents)).text("USD").end()?;
            w.truth.month(if team == "sales" { "spend_cents_sales" } else { "spend_cents_marketing" }, at, cents);
            if team == "marketing" && (tag == "sales-support" || tag == "enablement") {
                w.truth.month("spend_cents_marketing_for_sales", at, cents);
            }
        }
        while sunday <= LAST_DAY && w.calendar.month(sunday) == at {
            ads(w, month, sunday, people * growth / 1000)?;
            sunday += 7;
        }
        for (team, role, tenths) in HEADS {
            let heads = (tenths * people * growth / 1000 / 3000 + 2) / 5 * 5;
            let f = &mut w.files.headcount;
            f.text(&name).text(team).text(role).text(&format!("{}.{}", heads / 10, heads % 10)).end()?;
            w.truth.month(if team == "sales" { "head_tenths_sales" } else { "head_tenths_marketing" }, at, heads);
        }
        let renewal = (560_000 + 11_000 * at) * people / 30 * w.rng.range(980, 1020) / 1000;
        let won = |name: &str| w.truth.by_month(name)[month];
        let kinds = [
            ("new", won("won_cents_new_business")),
            ("expansion", won("won_cents_existing_business")),
            ("renewal", renewal),
        ];
        for (kind, cents) in kinds {
            w.files.revenue.text(&name).text(kind).money(Some(cents)).end()?;
            w.truth.month("revenue_cents", at, cents);
        }
    }
    // What a sheet leaves behind when it is saved as CSV.
    for _ in 0..4 {
        w.files.spend.blank_row()?;
    }
    w.files.headcount.blank_row()?;
    w.files.headcount.blank_row()
}

fn ads(w: &mut World, month: usize, day: i64, people: i64) -> Result<()> {
    for (channel, vendor, currency, units) in ADS {
        // Whole tens of cents, so that 1.10 USD for one EUR leaves no fraction.
        let cents = units * people / 300 * w.rng.range(700, 1300) / 1000 * 10;
        let f = &mut w.files.ad_spend;
        f.text(w.calendar.date(day)).text("marketing").text("programs").text(crate::world::CHANNELS[channel]);
        f.text(&campaign_name(month, channel)).text(vendor).money(Some(cents)).text(currency).end()?;
        let usd = if currency == "EUR" { cents * 11 / 10 } else { cents };
        let at = i64::try_from(month)?;
        w.truth.month("spend_cents_marketing", at, usd);
        if currency == "EUR" {
            w.truth.month("spend_cents_marketing_eur", at, usd);
        }
    }
    Ok(())
}
