//! The presets that come with the program.
//!
//! In: `presets/*.toml`, compiled in. Out: all of them, read once. A new one is a file, a line here and a fixture.

use std::sync::OnceLock;

use super::{Preset, parse};
use crate::issue::{Issue, Issues, Place};

/// Preset id and text, in the order `inspect` lists them.
const FILES: [(&str, &str); 82] = [
    ("salesforce_lead", include_str!("../presets/salesforce_lead.toml")),
    ("salesforce_contact", include_str!("../presets/salesforce_contact.toml")),
    ("salesforce_account", include_str!("../presets/salesforce_account.toml")),
    ("salesforce_opportunity", include_str!("../presets/salesforce_opportunity.toml")),
    ("salesforce_opportunity_history", include_str!("../presets/salesforce_opportunity_history.toml")),
    ("salesforce_opportunity_field_history", include_str!("../presets/salesforce_opportunity_field_history.toml")),
    ("salesforce_lead_history", include_str!("../presets/salesforce_lead_history.toml")),
    ("salesforce_campaign", include_str!("../presets/salesforce_campaign.toml")),
    ("salesforce_campaign_member", include_str!("../presets/salesforce_campaign_member.toml")),
    ("salesforce_task", include_str!("../presets/salesforce_task.toml")),
    ("salesforce_event", include_str!("../presets/salesforce_event.toml")),
    ("salesforce_user", include_str!("../presets/salesforce_user.toml")),
    ("salesforce_opportunity_contact_role", include_str!("../presets/salesforce_opportunity_contact_role.toml")),
    ("salesforce_campaign_influence", include_str!("../presets/salesforce_campaign_influence.toml")),
    ("salesforce_user_role", include_str!("../presets/salesforce_user_role.toml")),
    ("salesforce_report_leads", include_str!("../presets/salesforce_report_leads.toml")),
    ("salesforce_report_opportunities", include_str!("../presets/salesforce_report_opportunities.toml")),
    ("salesforce_report_opportunity_history", include_str!("../presets/salesforce_report_opportunity_history.toml")),
    (
        "salesforce_report_opportunity_field_history",
        include_str!("../presets/salesforce_report_opportunity_field_history.toml"),
    ),
    ("hubspot_contacts", include_str!("../presets/hubspot_contacts.toml")),
    ("hubspot_contacts_internal", include_str!("../presets/hubspot_contacts_internal.toml")),
    ("hubspot_deals", include_str!("../presets/hubspot_deals.toml")),
    ("hubspot_deals_internal", include_str!("../presets/hubspot_deals_internal.toml")),
    ("hubspot_other_language", include_str!("../presets/hubspot_other_language.toml")),
    ("hubspot_property_history", include_str!("../presets/hubspot_property_history.toml")),
    ("marketo_bulk_activities", include_str!("../presets/marketo_bulk_activities.toml")),
    ("marketo_bulk_leads", include_str!("../presets/marketo_bulk_leads.toml")),
    ("marketo_program_members", include_str!("../presets/marketo_program_members.toml")),
    ("marketo_ui_people", include_str!("../presets/marketo_ui_people.toml")),
    ("pardot_lifecycle_history_api", include_str!("../presets/pardot_lifecycle_history_api.toml")),
    ("pardot_opportunity_api", include_str!("../presets/pardot_opportunity_api.toml")),
    ("pardot_prospect_api", include_str!("../presets/pardot_prospect_api.toml")),
    ("pardot_visitor_activity_api", include_str!("../presets/pardot_visitor_activity_api.toml")),
    ("dynamics365_leads_export", include_str!("../presets/dynamics365_leads_export.toml")),
    ("dynamics365_leads_logical", include_str!("../presets/dynamics365_leads_logical.toml")),
    ("dynamics365_opportunities_labels", include_str!("../presets/dynamics365_opportunities_labels.toml")),
    ("dynamics365_opportunities_logical", include_str!("../presets/dynamics365_opportunities_logical.toml")),
    ("pipedrive_activities", include_str!("../presets/pipedrive_activities.toml")),
    ("pipedrive_deals", include_str!("../presets/pipedrive_deals.toml")),
    ("pipedrive_organizations", include_str!("../presets/pipedrive_organizations.toml")),
    ("pipedrive_persons", include_str!("../presets/pipedrive_persons.toml")),
    ("zoho_analytics_accounts", include_str!("../presets/zoho_analytics_accounts.toml")),
    ("zoho_analytics_calls", include_str!("../presets/zoho_analytics_calls.toml")),
    ("zoho_analytics_campaign_lead_status", include_str!("../presets/zoho_analytics_campaign_lead_status.toml")),
    ("zoho_analytics_campaigns", include_str!("../presets/zoho_analytics_campaigns.toml")),
    ("zoho_analytics_contacts", include_str!("../presets/zoho_analytics_contacts.toml")),
    ("zoho_analytics_events", include_str!("../presets/zoho_analytics_events.toml")),
    ("zoho_analytics_leads", include_str!("../presets/zoho_analytics_leads.toml")),
    ("zoho_analytics_potentials", include_str!("../presets/zoho_analytics_potentials.toml")),
    ("zoho_analytics_tasks", include_str!("../presets/zoho_analytics_tasks.toml")),
    ("zoho_crm_ui_deals", include_str!("../presets/zoho_crm_ui_deals.toml")),
    ("zoho_crm_ui_leads", include_str!("../presets/zoho_crm_ui_leads.toml")),
    ("bigin_deals", include_str!("../presets/bigin_deals.toml")),
    ("google_ads_campaign_report", include_str!("../presets/google_ads_campaign_report.toml")),
    ("google_ads_day_minimal", include_str!("../presets/google_ads_day_minimal.toml")),
    ("linkedin_campaign_performance", include_str!("../presets/linkedin_campaign_performance.toml")),
    ("linkedin_leadgen", include_str!("../presets/linkedin_leadgen.toml")),
    ("meta_ads_ads", include_str!("../presets/meta_ads_ads.toml")),
    ("meta_ads_campaigns", include_str!("../presets/meta_ads_campaigns.toml")),
    ("fivetran_facebook_basic_ad", include_str!("../presets/fivetran_facebook_basic_ad.toml")),
    ("fivetran_google_ads_campaign_stats", include_str!("../presets/fivetran_google_ads_campaign_stats.toml")),
    ("fivetran_hubspot_contact", include_str!("../presets/fivetran_hubspot_contact.toml")),
    (
        "fivetran_hubspot_contact_property_history",
        include_str!("../presets/fivetran_hubspot_contact_property_history.toml"),
    ),
    ("fivetran_hubspot_deal", include_str!("../presets/fivetran_hubspot_deal.toml")),
    ("fivetran_hubspot_deal_pipeline_stage", include_str!("../presets/fivetran_hubspot_deal_pipeline_stage.toml")),
    ("fivetran_hubspot_deal_stage", include_str!("../presets/fivetran_hubspot_deal_stage.toml")),
    (
        "fivetran_linkedin_analytics_by_campaign",
        include_str!("../presets/fivetran_linkedin_analytics_by_campaign.toml"),
    ),
    (
        "fivetran_marketo_activity_change_data_value",
        include_str!("../presets/fivetran_marketo_activity_change_data_value.toml"),
    ),
    ("fivetran_marketo_lead", include_str!("../presets/fivetran_marketo_lead.toml")),
    ("fivetran_marketo_program", include_str!("../presets/fivetran_marketo_program.toml")),
    ("fivetran_pardot_campaign", include_str!("../presets/fivetran_pardot_campaign.toml")),
    ("fivetran_pardot_list_membership", include_str!("../presets/fivetran_pardot_list_membership.toml")),
    ("fivetran_pardot_opportunity", include_str!("../presets/fivetran_pardot_opportunity.toml")),
    ("fivetran_pardot_opportunity_prospect", include_str!("../presets/fivetran_pardot_opportunity_prospect.toml")),
    ("fivetran_pardot_prospect", include_str!("../presets/fivetran_pardot_prospect.toml")),
    ("fivetran_pardot_visitor_activity", include_str!("../presets/fivetran_pardot_visitor_activity.toml")),
    ("fivetran_salesforce_lead", include_str!("../presets/fivetran_salesforce_lead.toml")),
    ("fivetran_salesforce_opportunity", include_str!("../presets/fivetran_salesforce_opportunity.toml")),
    (
        "fivetran_salesforce_opportunity_history",
        include_str!("../presets/fivetran_salesforce_opportunity_history.toml"),
    ),
    ("spend", include_str!("../presets/spend.toml")),
    ("headcount", include_str!("../presets/headcount.toml")),
    ("revenue", include_str!("../presets/revenue.toml")),
];

/// See [`super::builtin`]. A file that could not be read would be left out; a test reads them all.
pub(super) fn all() -> &'static [Preset] {
    static ALL: OnceLock<Vec<Preset>> = OnceLock::new();
    ALL.get_or_init(|| FILES.iter().filter_map(|(id, text)| parse(text, &format!("{id}.toml")).ok()).collect())
}

/// See [`super::with_own`].
pub(super) fn with(own: &[(String, Place)]) -> Result<Vec<Preset>, Issues> {
    let mut presets = all().to_vec();
    let mut issues = Vec::new();
    for (text, place) in own {
        match parse(text, "preset") {
            Ok(preset) if presets.iter().any(|p| p.id == preset.id) => issues.push(
                Issue::usage(place.clone(), format!("there is a preset `{}` already", preset.id))
                    .hint("give this one an id of its own"),
            ),
            Ok(preset) => presets.push(preset),
            Err(Issues(more)) => issues.extend(more.into_iter().map(|issue| Issue { place: place.clone(), ..issue })),
        }
    }
    Issues(issues).into_result().map(|()| presets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::recognise::recognise;
    use crate::tables::Type;

    #[test]
    fn every_preset_is_read_and_has_its_files_name() {
        for (id, text) in FILES {
            let preset = parse(text, id).unwrap_or_else(|issues| panic!("{id}:\n{issues}"));
            assert_eq!(preset.id, id);
        }
        assert_eq!(all().len(), FILES.len());
    }

    #[test]
    fn the_list_is_the_directory() {
        let mut listed: Vec<String> = FILES.iter().map(|(id, _)| format!("{id}.toml")).collect();
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ingest/presets");
        let mut there: Vec<String> =
            std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        listed.sort();
        there.sort();
        assert_eq!(listed, there);
    }

    /// Every preset has a file of 3 to 8 rows that it alone recognises, and whose header holds what the preset maps.
    #[test]
    fn every_preset_has_a_fixture() {
        for preset in all() {
            let path = format!("{}/testdata/presets/{}.csv", env!("CARGO_MANIFEST_DIR"), preset.id);
            let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
            let records: Vec<csv::ByteRecord> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(bytes.as_slice())
                .byte_records()
                .map(|r| r.unwrap())
                .collect();
            let header: Vec<String> = records[0].iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect();
            let found = recognise(&header, all()).unwrap_or_else(|miss| panic!("{path}: {miss:?}"));
            assert_eq!(found.preset.id, preset.id);
            let rows = records.iter().skip(1).filter(|r| r.len() == header.len()).count();
            assert!((3..=8).contains(&rows), "{path}: {rows} rows");
            let mapping = preset.map(&header);
            if let Some(kind) = preset.table {
                for group in kind.keys() {
                    let mapped = |name: &&str| mapping.columns.iter().any(|(column, _)| column == name);
                    assert!(group.iter().any(mapped), "{path}: none of {group:?}");
                }
            }
        }
    }

    #[test]
    fn days_are_headers_of_times() {
        for preset in all() {
            for day in &preset.days {
                let of_time = preset.columns.iter().filter(|(_, aliases)| aliases.contains(day)).all(|(column, _)| {
                    preset.table.and_then(|kind| kind.field(column)).is_some_and(|f| f.kind == Type::Time)
                });
                let used = preset.columns.values().any(|aliases| aliases.contains(day));
                assert!(used && of_time, "{}: {day}", preset.id);
            }
        }
    }

    #[test]
    fn presets_of_ones_own_come_after_and_have_ids_of_their_own() {
        let text = |id: &str, column: &str| {
            let text = format!(
                "id='{id}'\ntitle='t'\nsystem='s'\ntable='users'\nevidence='A'\nsignature={{all=['Nr']}}\n\
                 columns={{user_id=['Nr'], {column}=['Name']}}"
            );
            (text, Place::at("onefunnel.toml", 12, 1))
        };
        let presets = with(&[text("staff", "name")]).unwrap();
        assert_eq!(presets.len(), FILES.len() + 1);
        assert_eq!(presets[FILES.len()].id, "staff");
        let issues = with(&[text("spend", "name"), text("staff", "nmae")]).unwrap_err().to_string();
        assert_eq!(
            issues,
            "error: onefunnel.toml:12:1: there is a preset `spend` already\n  help: give this one an id of its own\n\
             error: onefunnel.toml:12:1: table `users` has no column `nmae`\n  help: did you mean `name`?"
        );
    }
}
