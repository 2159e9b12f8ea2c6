//! What is asked of the score: bands, the threshold in force, and sales' capacity.
//!
//! In: flags and the contract. Out: checked values, and the threshold that a capacity would have asked for.

use jiff::civil::Date;

use super::Scored;
use crate::calendar::{Fiscal, PeriodKind, Periods};
use crate::catalogue::formula;
use crate::contract::{Contract, Said};
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::session::Data;

/// A threshold and who says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Scores from here on qualify.
    pub score: f64,
    /// `--threshold`, or the rule of the contract.
    pub said_by: String,
    /// What the definition asks besides.
    pub besides: Vec<Said<String>>,
}

fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    text.parse().ok().filter(|n: &f64| plain && n.is_finite())
}

/// Where bands begin.
///
/// # Errors
/// What is no number, or out of order.
pub fn bands(texts: &[String]) -> Result<Vec<f64>, Issues> {
    let place = || Place::file("--bands");
    let mut edges = Vec::new();
    let mut issues = Vec::new();
    for text in texts.iter().map(|t| t.trim()) {
        match number(text) {
            Some(edge) => edges.push(edge),
            None => issues.push(
                Issue::usage(place(), format!("`{text}` is not a number"))
                    .hint("write where each band begins, such as --bands 0,20,40,60,80"),
            ),
        }
    }
    if let Some([before, after]) = edges.array_windows().find(|[before, after]| before >= after) {
        let what = format!("{after} does not come after {before}");
        issues.push(Issue::usage(place(), what).hint("write them in ascending order, each once"));
    }
    Issues(issues).into_result().map(|()| edges)
}

/// The threshold of the command line.
///
/// # Errors
/// What is no number.
pub fn threshold(text: Option<&str>) -> Result<Option<Threshold>, Issue> {
    let Some(text) = text else { return Ok(None) };
    let score = number(text.trim()).ok_or_else(|| {
        Issue::usage(Place::file("--threshold"), format!("`{text}` is not a number")).hint("write a score, such as 65")
    })?;
    Ok(Some(Threshold { score, said_by: "--threshold".into(), besides: Vec::new() }))
}

/// The threshold of the definition in force on a day: the highest of its rules that say `column >= number`.
pub fn in_force(contract: &Contract, column: &str, on: Date) -> Option<Threshold> {
    let qualified = contract.qualified.as_ref()?;
    let version = qualified.on(on)?;
    let rules: Vec<_> = qualified.rules.iter().filter(|rule| rule.version == version).collect();
    let least = rules.iter().filter_map(|rule| formula::at_least(&rule.when.value, column).map(|score| (score, rule)));
    let (score, rule) = least.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let said_by = format!("[qualified] version {}, rule {}", qualified.versions[version].name.value, rule.name.value);
    let besides = rules.iter().flat_map(|rule| {
        let place = &rule.when.place;
        formula::besides(&rule.when.value, column).into_iter().map(|value| Said { value, place: place.clone() })
    });
    Some(Threshold { score, said_by, besides: besides.collect() })
}

/// How many leads sales can work in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Capacity {
    /// So many.
    pub leads: f64,
    /// In each of these.
    pub per: PeriodKind,
}

/// What a capacity asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The lowest score whose volume fits; an explanation where there is none.
    pub score: Result<f64, String>,
    /// Whole periods that were counted, and their first and last day.
    pub periods: u64,
    /// First day.
    pub from: i32,
    /// Last day.
    pub to: i32,
    /// With at least that score in these periods, of those who meet what the definition asks besides.
    pub volume: u64,
}

impl Capacity {
    /// Reads `120/month`.
    ///
    /// # Errors
    /// What is no number above 0, or no kind of period.
    pub fn read(text: &str) -> Result<Self, Issue> {
        const KINDS: [(&str, PeriodKind); 4] = [
            ("week", PeriodKind::Week),
            ("month", PeriodKind::Month),
            ("quarter", PeriodKind::Quarter),
            ("year", PeriodKind::Year),
        ];
        let place = || Place::file("--capacity");
        let wrong = || {
            Issue::usage(place(), format!("`{text}` is not a number of leads in a period"))
                .hint("write it as 120/month; also /week, /quarter, /year")
        };
        let (leads, kind) = text.split_once('/').ok_or_else(wrong)?;
        let leads = number(leads.trim()).filter(|n| *n > 0.0).ok_or_else(wrong)?;
        let kind = kind.trim();
        let found = KINDS.iter().find(|(name, _)| *name == kind).ok_or_else(|| {
            Issue::usage(place(), format!("`{kind}` is not a period"))
                .hint(did_you_mean(kind, KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>()))
        })?;
        Ok(Self { leads, per: found.1 })
    }

    /// The lowest score that occurs whose volume, over the whole periods of the range and of those who meet what the
    /// definition asks besides, is within capacity.
    ///
    /// # Errors
    /// No whole period in the range.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn match_threshold(&self, data: &Data, scored: &Scored, range: &Periods) -> Result<Match, Issue> {
        let contract = &data.session.contract;
        let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
        let all = Periods::covering(self.per, range.from, range.to, fiscal).all;
        let whole: Vec<_> = all.iter().filter(|p| p.start >= range.from && p.end <= range.to).collect();
        let (Some(first), Some(last)) = (whole.first(), whole.last()) else {
            return Err(Issue::usage(
                Place::file("--capacity"),
                format!("no whole {} lies in the range", self.per.id()),
            )
            .hint("choose --from and --to so that at least one does, or a shorter period"));
        };
        let (from, to, periods) = (first.start, last.end, whole.len() as u64);
        let room = self.leads * periods as f64;
        let (mut volume, mut n, mut score) = (0, 0, None);
        for tied in scored.all.chunk_by(|a, b| a.score == b.score).rev() {
            n += tied.iter().filter(|one| one.passes && (from..=to).contains(&one.day)).count() as u64;
            if n as f64 > room {
                break;
            }
            if n > 0 {
                (volume, score) = (n, Some(tied[0].score));
            }
        }
        let why = match (scored.all.is_empty(), n) {
            (true, _) => "nobody has a score",
            (false, 0) => "nobody of these periods meets what [qualified] asks besides",
            _ => "the highest score alone has more",
        };
        Ok(Match { score: score.ok_or_else(|| why.into()), periods, from, to, volume })
    }
}
