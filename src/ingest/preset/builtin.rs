//! The presets that come with the program.
//!
//! In: `presets/*.toml`, compiled in. Out: all of them, read once. A new one is a file, a line here and a fixture.

use std::sync::OnceLock;

use super::{Preset, parse};
use crate::issue::{Issue, Issues, Place};

/// Preset id and text, in the order `inspect` lists them.
const FILES: [(&str, &str); 26] = [
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
