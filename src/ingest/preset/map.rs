//! One file's header through a preset.
//!
//! In: a preset and the header's fields. Out: a [`Mapping`]: which field is which canonical column, which date a stage,
//! which are left over.

use std::collections::BTreeSet;

use super::{Mapping, Preset, StageCell, StageColumn};

impl Preset {
    /// Which field is what. Names are compared as they are first, then with case folded; the best alias wins, and of two
    /// fields with one name the first.
    #[must_use]
    pub fn map(&self, header: &[String]) -> Mapping {
        let mut mapping = Mapping::default();
        let mut used = BTreeSet::new();
        for (canonical, aliases) in &self.columns {
            let barred = self.unless.get(canonical).is_some_and(|h| h.iter().any(|name| find(header, name).is_some()));
            if barred {
                continue;
            }
            let own = aliases.iter().find_map(|alias| amount_of(header, alias, &mut mapping).or(find(header, alias)));
            let others: Vec<usize> =
                self.fallback.get(canonical).into_iter().flatten().filter_map(|h| find(header, h)).collect();
            // Where the best header is missing altogether, the first that stands in takes its place.
            let Some(index) = own.or(others.first().copied()) else { continue };
            let others: Vec<usize> = others.into_iter().filter(|at| *at != index).collect();
            mapping.columns.push((canonical.clone(), index));
            used.insert(index);
            used.extend(&others);
            if !others.is_empty() {
                mapping.fallback.insert(canonical.clone(), others);
            }
        }
        for (canonical, parts) in &self.joined {
            let best = |part: &String| part.split('|').find_map(|name| find(header, name));
            let fields: Vec<usize> = parts.iter().filter_map(best).collect();
            if let Some(first) = fields.first()
                && !mapping.columns.iter().any(|(name, _)| name == canonical)
            {
                mapping.columns.push((canonical.clone(), *first));
                used.extend(&fields);
                mapping.joined.insert(canonical.clone(), fields);
            }
        }
        if mapping.currency.is_some() {
            // What the header of the amounts says outranks a column of codes.
            mapping.columns.retain(|(name, _)| name != "currency");
        }
        used.extend(self.except.iter().filter_map(|e| find(header, &e.column)));
        used.extend(self.same.iter().filter_map(|name| find(header, name)));
        used.extend(self.only.iter().filter_map(|only| find(header, &only.column)));
        let mut seen = BTreeSet::new();
        for (index, name) in header.iter().enumerate() {
            let name = name.trim();
            if !name.is_empty() && !seen.insert(name) {
                if !mapping.duplicates.iter().any(|d| d == name) {
                    mapping.duplicates.push(name.to_owned());
                }
            } else if let Some(cell) = self.stage_columns.iter().find_map(|s| s.cell(index, name)) {
                mapping.stages.push(cell);
                used.insert(index);
            }
        }
        mapping.unmapped = (0..header.len()).filter(|index| !used.contains(index)).collect();
        mapping
    }

    /// The headers that any of these canonical columns is read from.
    #[must_use]
    pub fn headers_of(&self, columns: &[&str]) -> Vec<&str> {
        let maps = [&self.columns, &self.fallback, &self.joined];
        let of = |name: &&str| {
            maps.into_iter().filter_map(|map| map.get(*name)).flatten().map(String::as_str).collect::<Vec<_>>()
        };
        columns.iter().flat_map(of).collect()
    }

    /// Whether the cells under this header are days, so that a midnight behind them is no instant and never moves to
    /// the day before in another zone.
    #[must_use]
    pub fn is_day(&self, header: &str) -> bool {
        self.days.iter().any(|day| day.eq_ignore_ascii_case(header.trim()))
    }
}

/// The field of a header that names its currency, such as `Amount spent ({currency})`; notes the code.
fn amount_of(header: &[String], alias: &str, mapping: &mut Mapping) -> Option<usize> {
    let (before, after) = alias.split_once("{currency}")?;
    let code = |name: &str| {
        let code = strip_end(strip_start(name.trim(), before)?, after)?;
        (code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())).then(|| code.to_owned())
    };
    let found: Vec<(usize, String)> =
        header.iter().enumerate().filter_map(|(at, name)| code(name).map(|code| (at, code))).collect();
    let (at, code) = found.first()?;
    if found.iter().any(|(_, other)| other != code) {
        mapping.currencies = found.iter().map(|(at, _)| header[*at].clone()).collect();
    }
    mapping.currency = Some(code.clone());
    Some(*at)
}

/// The field of that name: exactly, otherwise ignoring case.
fn find(header: &[String], name: &str) -> Option<usize> {
    header
        .iter()
        .position(|h| h.trim() == name)
        .or_else(|| header.iter().position(|h| h.trim().to_lowercase() == name.to_lowercase()))
}

impl StageColumn {
    fn cell(&self, index: usize, header: &str) -> Option<StageCell> {
        let (stage, pipeline) = self.read(header)?;
        Some(StageCell { index, stage, pipeline, subject: self.subject, field: self.field.clone() })
    }

    /// The stage, and the pipeline if there is one, that a header names.
    fn read(&self, header: &str) -> Option<(String, Option<String>)> {
        if let Some(stage) = &self.stage {
            return self.header.eq_ignore_ascii_case(header).then(|| (stage.clone(), None));
        }
        let (before, pattern) = self.header.split_once("{stage}")?;
        let rest = strip_start(header, before)?;
        let Some((between, after)) = pattern.split_once("{pipeline}") else {
            return named(strip_end(rest, pattern)?, None);
        };
        let rest = strip_end(rest, after)?;
        let cuts: Vec<_> =
            rest.rmatch_indices(between).map(|(at, _)| (&rest[..at], &rest[at + between.len()..])).collect();
        // `Won (Sales (EU))`: the pipeline is the last whole group, not what follows the last parenthesis.
        let whole = cuts.iter().find(|(_, pipeline)| balanced(pipeline)).or(cuts.first())?;
        named(whole.0, Some(whole.1))
    }
}

fn named(stage: &str, pipeline: Option<&str>) -> Option<(String, Option<String>)> {
    let stage = stage.trim();
    let pipeline = pipeline.map(str::trim).filter(|p| !p.is_empty());
    (!stage.is_empty()).then(|| (stage.to_owned(), pipeline.map(str::to_owned)))
}

fn strip_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

fn strip_end<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    tail.eq_ignore_ascii_case(end).then_some(rest)
}

fn balanced(text: &str) -> bool {
    let mut open = 0_usize;
    for c in text.chars() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return false,
            ')' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

#[cfg(test)]
mod tests {
    use super::super::{Preset, Subject, builtin, parse};

    fn preset(id: &str) -> &'static Preset {
        builtin().iter().find(|p| p.id == id).unwrap()
    }

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    /// (stage, pipeline) of each stage field, and the fields left over.
    fn stages(id: &str, names: &[&str]) -> (Vec<(String, Option<String>)>, Vec<usize>) {
        let mapping = preset(id).map(&header(names));
        (mapping.stages.into_iter().map(|s| (s.stage, s.pipeline)).collect(), mapping.unmapped)
    }

    fn pair(stage: &str, pipeline: &str) -> (String, Option<String>) {
        (stage.to_owned(), Some(pipeline.to_owned()).filter(|p| !p.is_empty()))
    }

    #[test]
    fn hubspot_deal_stages_of_both_quotings() {
        let (found, rest) = stages(
            "hubspot_deals",
            &[
                "Record ID",
                "Deal Name",
                "Date entered \"Closed won (Sales Pipeline)\"",
                "Date entered 'Appointment Scheduled (Sales Pipeline)'",
                "Date entered \"Proposal (sent) (Partner (EU))\"",
                "Date exited \"Closed won (Sales Pipeline)\"",
                "Cumulative time in \"Closed won (Sales Pipeline)\" (HH:mm:ss)",
                "date entered \"🚀 Démo (Ventes)\"",
            ],
        );
        assert_eq!(
            found,
            [
                pair("Closed won", "Sales Pipeline"),
                pair("Appointment Scheduled", "Sales Pipeline"),
                pair("Proposal (sent)", "Partner (EU)"),
                pair("🚀 Démo", "Ventes"),
            ]
        );
        assert_eq!(rest, [5, 6]);
    }

    #[test]
    fn hubspot_lifecycle_dates_of_every_generation() {
        let (found, rest) = stages(
            "hubspot_contacts",
            &[
                "Record ID",
                "Email",
                "Became a Marketing Qualified Lead Date",
                "Became an Opportunity Date",
                "Became an Other Lifecycle Date",
                "Date entered \"Customer (Lifecycle Stage Pipeline)\"",
                "Date exited \"Customer (Lifecycle Stage Pipeline)\"",
            ],
        );
        assert_eq!(
            found,
            [
                pair("Marketing Qualified Lead", ""),
                pair("Opportunity", ""),
                pair("Other", ""),
                pair("Customer", "Lifecycle Stage Pipeline"),
            ]
        );
        assert_eq!(rest, [6]);
        let (found, _) = stages("hubspot_contacts_internal", &["hs_lifecyclestage_marketingqualifiedlead_date"]);
        assert_eq!(found, [pair("Marketing Qualified Lead", "")]);
        let (found, _) = stages("hubspot_deals_internal", &["hs_date_entered_closedwon", "hs_date_entered_9912"]);
        assert_eq!(found, [pair("Closed Won", ""), pair("9912", "")]);
    }

    #[test]
    fn the_best_alias_wins_whatever_its_case_or_place() {
        let mapping = preset("hubspot_contacts").map(&header(&[
            "record id",
            "Original Source",
            "Original traffic source",
            "Create Date",
        ]));
        let at = |name: &str| mapping.columns.iter().find(|(c, _)| c == name).map(|(_, i)| *i);
        assert_eq!(at("person_id"), Some(0));
        assert_eq!(at("lead_source"), Some(2));
        assert_eq!(at("created_at"), Some(3));
        assert_eq!(at("email"), None);
        assert_eq!(mapping.unmapped, [1]);
    }

    #[test]
    fn of_two_equal_headers_the_first_is_used_and_said() {
        let mapping = preset("spend").map(&header(&["date", "team", "amount", "amount", "", "", "amount"]));
        assert_eq!(mapping.columns, [("date".into(), 0), ("team".into(), 1), ("amount".into(), 2)]);
        assert_eq!(mapping.duplicates, ["amount"]);
        assert_eq!(mapping.unmapped, [3, 4, 5, 6]);
        assert_eq!(mapping.stages, []);
    }

    #[test]
    fn an_amount_in_company_currency_has_no_currency_of_its_own() {
        let column = |names: &[&str]| preset("hubspot_deals").map(&header(names)).columns;
        let both = column(&["Record ID", "Amount", "Currency", "Amount in company currency"]);
        assert_eq!(both, [("deal_id".into(), 0), ("amount".into(), 3)]);
        let plain = column(&["Record ID", "Amount", "Currency"]);
        assert_eq!(plain, [("deal_id".into(), 0), ("amount".into(), 1), ("currency".into(), 2)]);
    }

    #[test]
    fn days_stay_days() {
        assert!(preset("salesforce_opportunity").is_day("CLOSEDATE"));
        assert!(!preset("salesforce_opportunity").is_day("CreatedDate"));
    }

    #[test]
    fn a_pattern_without_pipeline_keeps_its_subject_and_field() {
        let text = "id='x'\ntitle='x'\nsystem='x'\ntable='people'\nevidence='D'\nsignature={all=['Id']}\n\
                    columns={person_id=['Id']}\n\
                    stage_columns=[{header='Reached {stage}', subject='person', field='Status'}]";
        let mapping = parse(text, "x.toml").unwrap().map(&header(&["Id", "Reached MQL", "Reached "]));
        assert_eq!(mapping.stages.len(), 1);
        assert_eq!(mapping.stages[0].subject, Subject::Person);
        assert_eq!((mapping.stages[0].index, mapping.stages[0].field.as_str()), (1, "Status"));
    }
}
