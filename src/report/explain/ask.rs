//! Which period and which segment is asked for.
//!
//! In: `--period`, `--period-kind` and `--segment`, as reports print them. Out: the periods and which of them, the columns to
//! break down by and which segment.

use anyhow::Result;

use super::is_personal;
use crate::calendar::{Fiscal, PeriodKind, Periods};
use crate::cli::ExplainArgs;
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::session::Data;
use crate::time::date_of;

const TOTAL: &str = "total";

/// The kind of period whose labels look like this.
fn form(label: &str) -> Option<PeriodKind> {
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let (fiscal, rest) = label.strip_prefix("FY").map_or((false, label), |rest| (true, rest));
    let (year, part) = rest.split_once('-').map_or((rest, None), |(year, part)| (year, Some(part)));
    if !digits(year, 4) {
        return None;
    }
    let quarter = |part: &str| part.strip_prefix('Q').is_some_and(|n| digits(n, 1));
    match (fiscal, part) {
        (false, None) => Some(PeriodKind::Year),
        (true, None) => Some(PeriodKind::FiscalYear),
        (false, Some(part)) if quarter(part) => Some(PeriodKind::Quarter),
        (true, Some(part)) if quarter(part) => Some(PeriodKind::FiscalQuarter),
        (false, Some(part)) if part.strip_prefix('W').is_some_and(|n| digits(n, 2)) => Some(PeriodKind::Week),
        (false, Some(part)) if digits(part, 2) => Some(PeriodKind::Month),
        _ => None,
    }
}

/// The label asked for, `None` for the default, and the kind of its period.
///
/// # Errors
/// A label of no kind, or of another kind than `--period-kind`.
pub fn kind(args: &ExplainArgs) -> Result<(Option<String>, PeriodKind), Issue> {
    let place = || Place::file("--period");
    let default = args.period_kind.unwrap_or(PeriodKind::Quarter);
    let Some(text) = &args.period else { return Ok((None, default)) };
    let label = text.trim().to_uppercase();
    if label.eq_ignore_ascii_case(TOTAL) {
        return Ok((Some(TOTAL.into()), default));
    }
    let kind = form(&label).ok_or_else(|| {
        Issue::usage(place(), format!("`{text}` is not a period"))
            .hint("write it as `scorecard` prints it: 2026-Q2, 2026-06, 2026, 2026-W05, FY2026-Q1, FY2026, or total")
    })?;
    match args.period_kind {
        Some(said) if said != kind => {
            Err(Issue::usage(place(), format!("`{text}` is a {}, and --period-kind says {}", kind.id(), said.id()))
                .hint("leave out --period-kind: the period says it"))
        }
        _ => Ok((Some(label), kind)),
    }
}

/// The periods, and which of them; all days together is none of them.
///
/// # Errors
/// A wrong day; a period that no day of the data lies in.
pub fn period(args: &ExplainArgs, data: &Data) -> Result<(Periods, Option<usize>)> {
    let (label, kind) = kind(args)?;
    let (from, to) = data.days(&args.slice(kind, Vec::new()))?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(kind, from, to, fiscal);
    let Some(label) = label else {
        let last = periods.whole(data.last_day(), data.known_until()).last().copied();
        return Ok((periods, last));
    };
    if label == TOTAL {
        return Ok((periods, None));
    }
    if let Some(at) = periods.all.iter().position(|p| p.label == label) {
        return Ok((periods, Some(at)));
    }
    let what = format!("no day of {label} counts: the days are {} to {}", date_of(from), date_of(to));
    let ends = periods.all.first().zip(periods.all.last());
    let hint = ends.map_or_else(String::new, |(a, b)| format!("the first is {}, the last {}", a.label, b.label));
    Err(Issue::usage(Place::file("--period"), what).hint(hint).into())
}

/// The columns that a segment names.
///
/// # Errors
/// A part without `=`, or a column that is not there or does not hold words.
pub fn columns(segment: Option<&str>, data: &Data) -> Result<Vec<String>> {
    let Some(text) = segment else { return Ok(Vec::new()) };
    let facts = data.facts();
    let known = facts.segment_names();
    let wrong = || {
        Issue::usage(Place::file("--segment"), format!("`{text}` is no segment"))
            .hint("write column=value, such as lead_source=Web; several with a semicolon between them")
    };
    let mut names: Vec<String> = Vec::new();
    for (at, part) in text.split(';').enumerate() {
        let name = part.split_once('=').map(|(name, _)| name.trim().to_string());
        match name {
            Some(name) if at == 0 || known.contains(&name) => {
                if names.contains(&name) {
                    return Err(wrong().into());
                }
                names.push(name);
            }
            // A value may have a semicolon of its own.
            _ if at > 0 => {}
            _ => return Err(wrong().into()),
        }
    }
    facts.check_by(&names).map_err(|Issues(issues)| {
        Issues(issues.into_iter().map(|issue| Issue { place: Place::file("--segment"), ..issue }).collect())
    })?;
    Ok(names)
}

/// The segment of that text. Where names are hidden, none is offered instead.
///
/// # Errors
/// A segment that nobody is in.
pub fn segment(text: &str, by: &[String], all: &[Segment], redact: bool) -> Result<Segment, Issue> {
    let plain = |text: &str| text.split(';').map(str::trim).collect::<Vec<_>>().join(";");
    let texts: Vec<String> = all.iter().map(|s| segment_text(by, s)).collect();
    if let Some(at) =
        texts.iter().position(|t| t == text).or_else(|| texts.iter().position(|t| plain(t) == plain(text)))
    {
        return Ok(all[at].clone());
    }
    let hint = suggestion(text, by, &texts, redact);
    Err(Issue::usage(Place::file("--segment"), format!("nobody is in the segment `{text}`")).hint(hint))
}

/// What segment was meant; of columns that say who somebody is, nothing where names are hidden.
pub fn suggestion(text: &str, by: &[String], known: &[String], redact: bool) -> String {
    if redact && by.iter().any(|name| is_personal(name)) {
        return "which there are is not said with --redact".into();
    }
    did_you_mean(text, known.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_its_kind() {
        use PeriodKind as K;
        for (label, kind) in [
            ("2026", Some(K::Year)),
            ("2026-Q2", Some(K::Quarter)),
            ("2026-06", Some(K::Month)),
            ("2026-W05", Some(K::Week)),
            ("FY2026", Some(K::FiscalYear)),
            ("FY2026-Q1", Some(K::FiscalQuarter)),
            ("26-Q2", None),
            ("2026-Q", None),
            ("2026-Q22", None),
            ("2026-6", None),
            ("FY2026-06", None),
            ("Q2", None),
            ("", None),
        ] {
            assert_eq!(form(label), kind, "{label}");
        }
    }
}
