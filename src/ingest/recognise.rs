//! Which export a file is, by its header.
//!
//! In: the header's fields and the presets. Out: the one preset that fits best and why, or a [`Miss`] that names the
//! candidates. Names are compared as they are first: `HubSpot` writes `Record ID` where Zoho writes `Record Id`. Only when
//! nothing fits is case folded, as some exports come upper-cased.

use std::collections::BTreeSet;

use super::preset::{Preset, Signature};

/// The preset of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// The preset.
    pub preset: &'a Preset,
    /// What decided, for people: `has Id, IsConverted, Status`.
    pub why: String,
}

/// Why no preset was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// Several fit equally well: their ids, in the order of the presets.
    Ambiguous(Vec<String>),
    /// None fits.
    Unknown {
        /// The preset that lacks least, if at least half of a signature is there: id, title, headers that are missing.
        nearest: Option<(String, String, Vec<String>)>,
    },
}

/// The one preset that fits the header best: the one whose signature asks for most headers.
///
/// # Errors
/// [`Miss`] when no preset fits, or several ask for equally many headers.
pub fn recognise<'a>(header: &[String], presets: &'a [Preset]) -> Result<Found<'a>, Miss> {
    for names in [Names::exact(header), Names::folded(header)] {
        let fitting: Vec<(&Preset, &Signature)> =
            presets.iter().filter_map(|p| best(p, &names).map(|signature| (p, signature))).collect();
        let Some(most) = fitting.iter().map(|(_, s)| s.all.len()).max() else {
            continue;
        };
        let winners: Vec<_> = fitting.iter().filter(|(_, s)| s.all.len() == most).collect();
        if let [(preset, signature)] = winners.as_slice() {
            let folded = if names.fold { " (ignoring case)" } else { "" };
            return Ok(Found { preset, why: format!("has {}{folded}", signature.all.join(", ")) });
        }
        return Err(Miss::Ambiguous(winners.iter().map(|(p, _)| p.id.clone()).collect()));
    }
    Err(Miss::Unknown { nearest: nearest(header, presets) })
}

/// The header's names, and how they are compared.
struct Names<'h> {
    exact: BTreeSet<&'h str>,
    lower: BTreeSet<String>,
    fold: bool,
}

impl<'h> Names<'h> {
    fn exact(header: &'h [String]) -> Self {
        Self { exact: header.iter().map(|h| h.trim()).collect(), lower: BTreeSet::new(), fold: false }
    }

    fn folded(header: &'h [String]) -> Self {
        let lower = header.iter().map(|h| h.trim().to_lowercase()).collect();
        Self { lower, fold: true, ..Self::exact(header) }
    }

    fn has(&self, name: &str) -> bool {
        if self.fold { self.lower.contains(&name.to_lowercase()) } else { self.exact.contains(name) }
    }

    /// Whether a header of `none` is there. One that differs from a header of `all` only in case is always compared as it is.
    fn bars(&self, signature: &Signature) -> bool {
        signature.none.iter().any(|name| {
            let twin = signature.all.iter().any(|a| a.to_lowercase() == name.to_lowercase());
            if twin { self.exact.contains(name.as_str()) } else { self.has(name) }
        })
    }
}

/// The largest signature of a preset that fits; the first of equally large ones.
fn best<'p>(preset: &'p Preset, names: &Names) -> Option<&'p Signature> {
    preset
        .signatures
        .iter()
        .filter(|s| s.all.iter().all(|name| names.has(name)) && !names.bars(s))
        .rev()
        .max_by_key(|s| s.all.len())
}

/// Headers that say nothing about whose export it is: they alone are no reason to name a preset.
const COMMON: [&str; 7] = ["id", "name", "email", "status", "type", "date", "month"];

fn nearest(header: &[String], presets: &[Preset]) -> Option<(String, String, Vec<String>)> {
    let names = Names::folded(header);
    let mut nearest: Option<(usize, usize, &Preset, Vec<String>)> = None;
    for (preset, signature) in presets.iter().flat_map(|p| p.signatures.iter().map(move |s| (p, s))) {
        let (there, missing): (Vec<&String>, Vec<&String>) = signature.all.iter().partition(|name| names.has(name));
        let telling = there.iter().any(|name| !COMMON.contains(&name.to_lowercase().as_str()));
        if !telling || missing.is_empty() || there.len() < missing.len() || names.bars(signature) {
            continue;
        }
        // Fewest missing, then most there, then the order of the presets.
        let better = nearest
            .as_ref()
            .is_none_or(|(lacks, has, ..)| missing.len() < *lacks || (missing.len() == *lacks && there.len() > *has));
        if better {
            nearest = Some((missing.len(), there.len(), preset, missing.into_iter().cloned().collect()));
        }
    }
    nearest.map(|(_, _, preset, missing)| (preset.id.clone(), preset.title.clone(), missing))
}

#[cfg(test)]
mod tests {
    use super::super::preset::{builtin, parse};
    use super::*;

    fn header(line: &str) -> Vec<String> {
        line.split('|').map(str::to_owned).collect()
    }

    fn id(line: &str) -> Result<String, Miss> {
        recognise(&header(line), builtin()).map(|found| found.preset.id.clone())
    }

    /// The header lists of real and documented exports, one header a line, and the preset that knows each.
    fn lists() -> Vec<(String, String)> {
        let path = format!("{}/testdata/headers.tsv", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(path).unwrap();
        lines.lines().map(|line| line.split_once('\t').map(|(a, b)| (a.into(), b.into())).unwrap()).collect()
    }

    fn list(name: &str) -> Vec<String> {
        let path = format!("{}/testdata/headers/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}")).lines().map(str::to_owned).collect()
    }

    /// How many presets fit a header exactly: a second one that lost by the size of its signature would show here.
    fn fitting(header: &[String]) -> usize {
        builtin().iter().filter(|p| best(p, &Names::exact(header)).is_some()).count()
    }

    #[test]
    fn every_known_header_is_one_presets() {
        let lists = lists();
        assert_eq!(lists.len(), 83);
        for (name, preset) in &lists {
            let header = list(name);
            let found = recognise(&header, builtin()).unwrap_or_else(|miss| panic!("{name}: {miss:?}"));
            assert_eq!(found.preset.id, *preset, "{name}");
            assert!(!found.why.contains("ignoring case"), "{name}: {}", found.why);
            assert_eq!(fitting(&header), 1, "{name}");
        }
    }

    #[test]
    fn a_header_in_capitals_is_the_same_presets() {
        for (name, preset) in &lists() {
            let upper: Vec<String> = list(name).iter().map(|h| h.to_uppercase()).collect();
            let found = recognise(&upper, builtin()).unwrap_or_else(|miss| panic!("{name}: {miss:?}"));
            assert_eq!(found.preset.id, *preset, "{name}");
            assert!(found.why.ends_with("(ignoring case)"), "{name}: {}", found.why);
        }
    }

    #[test]
    fn fragments_are_nobodys() {
        assert!(matches!(recognise(&list("hubspot_deal_stage_columns_new"), builtin()), Err(Miss::Unknown { .. })));
    }

    #[test]
    fn why_names_the_headers_that_decided() {
        let header = header("Id|Status|IsConverted");
        assert_eq!(recognise(&header, builtin()).unwrap().why, "has Id, IsConverted, Status");
        let header: Vec<String> = header.iter().map(|h| h.to_lowercase()).collect();
        assert_eq!(recognise(&header, builtin()).unwrap().why, "has Id, IsConverted, Status (ignoring case)");
    }

    #[test]
    fn hubspot_is_told_from_zoho_by_one_letter() {
        assert_eq!(id("Record ID|Deal Name"), Ok("hubspot_deals".into()));
        assert_eq!(id("Record ID|Lifecycle Stage|Email"), Ok("hubspot_contacts".into()));
        assert_eq!(id("record id|deal name"), Ok("hubspot_deals".into()));
        assert_eq!(id("Record Id|Deal Owner.id|Deal Owner|Amount|Deal Name"), Ok("zoho_crm_ui_deals".into()));
        assert_eq!(
            id("Record Id|Lead Owner|Is Converted|First Name|Last Name|Email|Lead Owner.id"),
            Ok("zoho_crm_ui_leads".into())
        );
    }

    #[test]
    fn salesforce_objects_with_few_columns_are_told_apart() {
        assert_eq!(
            id("Id|Name|Type|ParentId|BillingState|Industry|NumberOfEmployees"),
            Ok("salesforce_account".into())
        );
        assert_eq!(id("Id|IsDeleted|AccountId|LastName|FirstName|Email|Name"), Ok("salesforce_contact".into()));
    }

    #[test]
    fn a_hubspot_view_with_few_columns_is_enough() {
        for line in
            ["Record ID|First Name", "Record ID|Last Name|Phone Number", "Email|Record ID", "Record ID|Contact owner"]
        {
            assert_eq!(id(line), Ok("hubspot_contacts".into()), "{line}");
        }
        assert_eq!(id("Contact ID|Lifecycle Stage|Associated Deals"), Ok("hubspot_contacts".into()));
        assert_eq!(id("hs_object_id|dealname|amount"), Ok("hubspot_deals_internal".into()));
        assert_eq!(id("hs_object_id|email"), Ok("hubspot_contacts_internal".into()));
    }

    #[test]
    fn ledgers_by_their_own_words() {
        assert_eq!(id("date|team|amount"), Ok("spend".into()));
        assert_eq!(id("Month|Team|Category|Amount"), Ok("spend".into()));
        assert_eq!(id("month|team|role|heads"), Ok("headcount".into()));
        assert_eq!(id("date|amount"), Ok("revenue".into()));
        assert_eq!(id("month|account_id|amount|kind"), Ok("revenue".into()));
    }

    #[test]
    fn spend_without_its_team_never_passes_for_revenue() {
        let nearest = Some(("spend".into(), "Spend ledger: date, team, amount".into(), vec!["team".into()]));
        assert_eq!(id("date|channel|amount"), Err(Miss::Unknown { nearest }));
    }

    #[test]
    fn a_ledger_of_two_kinds_is_ambiguous() {
        assert_eq!(id("date|team|amount|heads"), Err(Miss::Ambiguous(vec!["spend".into(), "headcount".into()])));
        assert_eq!(
            id("Record ID|Deal Name|Email"),
            Err(Miss::Ambiguous(vec!["hubspot_contacts".into(), "hubspot_deals".into()]))
        );
    }

    #[test]
    fn an_unknown_header_names_what_is_missing_from_the_nearest() {
        let nearest = Some((
            "salesforce_report_opportunities".into(),
            "Salesforce report on opportunities (labels of the user interface, English)".into(),
            vec!["Opportunity ID".into()],
        ));
        assert_eq!(id("Opportunity Name|Stage|Close Date|Amount"), Err(Miss::Unknown { nearest }));
        assert_eq!(id("StageName|Count|StageName (groups)"), Err(Miss::Unknown { nearest: None }));
        assert_eq!(id(""), Err(Miss::Unknown { nearest: None }));
    }

    #[test]
    fn the_signature_that_asks_for_more_wins() {
        let preset = |id: &str, all: &str| {
            let text =
                format!("id='{id}'\ntitle='{id}'\nsystem='x'\nnot_needed='x'\nevidence='D'\nsignature={{all=[{all}]}}");
            parse(&text, "x.toml").unwrap()
        };
        let presets = [preset("few", "'a'"), preset("more", "'a','b'"), preset("other", "'c'")];
        let found = |line: &str| recognise(&header(line), &presets).map(|f| f.preset.id.as_str());
        assert_eq!(found("a|b"), Ok("more"));
        assert_eq!(found("a"), Ok("few"));
        assert_eq!(found("a|c"), Err(Miss::Ambiguous(vec!["few".into(), "other".into()])));
        assert_eq!(found(" a "), Ok("few"));
    }

    #[test]
    fn the_simulated_dates_of_the_sample_are_left_over() {
        let header = list("salesforce_api_excelsaved_opportunity");
        let mapping = recognise(&header, builtin()).unwrap().preset.map(&header);
        let of = |name: &str| mapping.columns.iter().find(|(c, _)| c == name).map(|(_, i)| header[*i].as_str());
        assert_eq!(of("created_at"), Some("CreatedDate"));
        assert_eq!(of("closed_at"), Some("CloseDate"));
        assert_eq!(of("person_id"), None);
        let rest: Vec<&str> = mapping.unmapped.iter().map(|i| header[*i].as_str()).collect();
        assert!(rest.contains(&"Opp Creation Date_Simulated") && rest.contains(&"Opp Close Date_Simulated"));
    }
}
