//! Which figure, of which row of the report's tidy table.
//!
//! In: the flags of `explain`, and the report that they ask for. Out: the row, the parts of the formula, and what stands behind.

use anyhow::Result;
use clap::Parser;

use super::super::ask as segments;
use super::{Part, told_by};
use crate::calendar::PeriodKind;
use crate::catalogue::figures::{FigureDef, Of, figures, plain};
use crate::catalogue::survey::{Measured, topics};
use crate::cli::{Cli, Command, ExplainArgs};
use crate::ingest::survey::Answers;
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::report::behind::{Asked, Found};
use crate::report::read::{Row, each, rows};
use crate::report::{Report, Unit, horizon, plan, survey};
use crate::session::Data;
use crate::time::day_of;

/// How the tidy table of a report is read.
struct Shape {
    table: &'static str,
    part: &'static str,
    item: &'static str,
    /// The columns that tell rows of one item apart.
    keys: &'static [&'static str],
    band: [&'static str; 2],
    days: [&'static str; 2],
    /// Share of the draws, or of the samples, that an interval holds.
    level: f64,
}

fn shape(of: Of) -> Shape {
    match of {
        Of::Plan => Shape {
            table: "plan_tidy",
            part: "part",
            item: "item",
            keys: &["target", "scenario", "stage_id", "period", "segment"],
            band: ["low", "high"],
            days: ["period_start", "period_end"],
            level: 0.8,
        },
        Of::Horizon => Shape {
            table: "horizon_tidy",
            part: "section",
            item: "item",
            keys: &["buyers", "anchor", "period", "segment", "lag"],
            band: ["ci_low", "ci_high"],
            days: ["period_start", "period_end"],
            level: 0.95,
        },
        Of::Survey => Shape {
            table: "survey_tidy",
            part: "topic",
            item: "who",
            keys: &[],
            band: ["ci_low", "ci_high"],
            days: ["from", "to"],
            level: 0.95,
        },
    }
}

/// The report, the words of its command, and the command itself.
pub struct Told {
    /// The report.
    pub report: Report,
    /// As it is typed, without the exports.
    pub command: String,
    /// Its flags.
    parsed: Command,
    /// Share that an interval holds.
    pub level: f64,
}

/// The row of a figure.
pub struct Chosen<'a> {
    /// The row.
    pub row: Row<'a>,
    /// What tells it from others.
    pub keys: Vec<(&'static str, String)>,
    /// First and last day of its period.
    pub days: Option<(i32, i32)>,
    /// The values of the columns that would tell others apart.
    pub others: Vec<String>,
}

/// What is given, by flag.
fn given(args: &ExplainArgs) -> Vec<&'static str> {
    let more = &args.figure;
    let all = [
        ("--period", args.period.is_some()),
        ("--period-kind", args.period_kind.is_some()),
        ("--segment", args.segment.is_some()),
        ("--from", args.from.is_some()),
        ("--to", args.to.is_some()),
        ("--where", args.condition.is_some()),
        ("--at", !args.at.is_empty()),
        ("--target", !more.target.is_empty()),
        ("--leads", more.leads.is_some()),
        ("--until", more.until.is_some()),
        ("--assume", more.assume.is_some()),
        ("--quantile", more.quantile.is_some()),
        ("--samples", more.samples.is_some()),
        ("--seed", more.seed.is_some()),
        ("--answers", more.answers.is_some()),
    ];
    all.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag).collect()
}

/// What says something of a metric, and of a figure of each report.
fn says(of: Option<Of>) -> &'static [&'static str] {
    match of {
        None => &["--period", "--period-kind", "--segment", "--from", "--to", "--where"],
        Some(Of::Plan) => &[
            "--period",
            "--period-kind",
            "--from",
            "--where",
            "--at",
            "--target",
            "--leads",
            "--until",
            "--assume",
            "--quantile",
            "--samples",
            "--seed",
        ],
        Some(Of::Horizon) => &["--period", "--period-kind", "--segment", "--from", "--to", "--where", "--at"],
        Some(Of::Survey) => &["--from", "--to", "--where", "--answers"],
    }
}

/// Refuses the flags that say nothing here.
///
/// # Errors
/// Each of them.
pub fn unused(id: &str, of: Option<Of>, args: &ExplainArgs) -> Result<(), Issues> {
    let what = of.map_or_else(|| "a metric".to_string(), |of| format!("a figure of {}", of.id()));
    let wrong = given(args).into_iter().filter(|flag| !says(of).contains(flag));
    let issue = |flag: &str| {
        let means = [Some(Of::Plan), Some(Of::Horizon), Some(Of::Survey), None];
        let means = means.into_iter().filter(|of| says(*of).contains(&flag));
        let means: Vec<&str> = means.map(|of| of.map_or("metrics", Of::id)).collect();
        Issue::usage(Place::file(flag), format!("says nothing of `{id}`, which is {what}"))
            .hint(format!("leave it out; it is for figures of {}", means.join(" and ")))
    };
    Issues(wrong.map(issue).collect()).into_result()
}

/// Why an item explains itself, if it is one that does: `plan.month.won`.
pub fn plainly(id: &str) -> Option<String> {
    let mut words = id.splitn(3, '.');
    let (report, part, item) = (words.next()?, words.next()?, words.next()?);
    let found = plain().into_iter().find(|plain| {
        let items = &plain.items;
        plain.report == report && plain.part == part && (items.iter().any(|i| i == item || i == "*"))
    });
    found.map(|plain| plain.why)
}

/// Checks what can be checked before anything is read.
///
/// # Errors
/// Flags that say nothing here, a survey without answers.
pub fn check(figure: &FigureDef, args: &ExplainArgs) -> Result<(), Issues> {
    unused(&figure.id, Some(figure.report), args)?;
    if figure.report == Of::Survey && args.figure.answers.is_none() {
        let what = format!("`{}` is a figure of survey, which is made of answers", figure.id);
        return Err(Issue::usage(Place::default(), what).hint("name their file: --answers answers.csv").into());
    }
    pairs(figure, args)?;
    Ok(())
}

/// What `--at` says: column and value.
fn pairs(figure: &FigureDef, args: &ExplainArgs) -> Result<Vec<(&'static str, String)>, Issue> {
    let keys = shape(figure.report).keys;
    let pair = |text: &String| {
        let wrong = || Issue::usage(Place::file("--at"), format!("`{text}` does not say which row"));
        let (name, value) = text.split_once('=').ok_or_else(|| wrong().hint("write column=value, such as lag=1"))?;
        let found = keys.iter().find(|key| **key == name.trim());
        let hint = || did_you_mean(name.trim(), keys.iter().copied());
        found.map(|key| (*key, value.trim().to_string())).ok_or_else(|| wrong().hint(hint()))
    };
    args.at.iter().map(pair).collect()
}

/// The report as its own command prints it.
///
/// # Errors
/// As the report itself.
pub fn tell(figure: &FigureDef, args: &ExplainArgs, data: &Data, answers: Option<&Answers>) -> Result<Told> {
    let mut line = vec!["onefunnel".to_string(), figure.report.id().to_string()];
    let more = &args.figure;
    if let (Of::Survey, Some(path)) = (figure.report, &more.answers) {
        line.push(path.to_string_lossy().into_owned());
    }
    let mut flag = |name: &str, value: Option<String>| line.extend(value.map(|value| format!("--{name}={value}")));
    let by = args.segment.as_deref().map(|segment| segments::columns(Some(segment), data)).transpose()?;
    let known = segments::kind(args)?.1;
    let said = args.period_kind.is_some() || args.period.is_some();
    let kind = Some(known).filter(|kind| said && figure.report != Of::Survey && *kind != PeriodKind::Quarter);
    // The period of a target is no length of what is looked ahead to.
    let kind = kind.filter(|_| figure.report == Of::Horizon || args.period_kind.is_some() || figure.part == "ahead");
    flag("period", kind.map(|kind| kind.id().to_string()));
    flag("from", args.from.clone());
    flag("to", args.to.clone());
    flag("by", by.map(|by| by.join(",")));
    flag("where", args.condition.clone());
    for target in &more.target {
        flag("target", Some(target.clone()));
    }
    flag("leads", more.leads.clone());
    flag("until", more.until.clone());
    flag("assume", more.assume.clone());
    flag("quantile", more.quantile.clone());
    flag("samples", more.samples.clone());
    flag("seed", more.seed.clone());
    let parsed = Cli::try_parse_from(&line)?.command;
    let report = told_by(&parsed, data, answers)?;
    Ok(Told { report, command: line.join(" "), parsed, level: shape(figure.report).level })
}

/// The figure's row.
///
/// # Errors
/// No such row, with what there is.
pub fn choose<'a>(figure: &FigureDef, args: &ExplainArgs, told: &'a Told) -> Result<Chosen<'a>> {
    let shape = shape(figure.report);
    let mut all = rows(&told.report, shape.table);
    all.retain(|row| row.is(&[(shape.part, &figure.part), (shape.item, &figure.item)]));
    if all.is_empty() {
        let what = format!("{} prints no `{}` of these exports", figure.report.id(), figure.id);
        let why = told.report.notes.first().map_or_else(String::new, |note| format!("it says: {note}"));
        let hint = if figure.part == "answer" || figure.part == "in_hand" {
            "it is of a target: say --target won_revenue=N@PERIOD, or put a [[target]] into the contract".to_string()
        } else {
            why
        };
        return Err(Issue::usage(Place::default(), what).hint(hint).into());
    }
    let mut asked = pairs(figure, args)?;
    if let Some(period) = &args.period {
        let label = period.trim().to_uppercase();
        asked.push(("period", if label == "TOTAL" { "total".into() } else { label }));
    }
    asked.push(("segment", args.segment.clone().unwrap_or_default()));
    for (column, value) in &asked {
        let known: Vec<String> = each(&all, column).into_iter().map(String::from).collect();
        all.retain(|row| row.text(column) == value);
        if all.is_empty() {
            let flag = match *column {
                "period" if args.period.is_some() => "--period",
                "segment" => "--segment",
                _ => "--at",
            };
            let what = format!("{} prints no `{}` with {column}={value}", figure.report.id(), figure.id);
            let columns: Vec<String> = args.segment.iter().flat_map(|text| text.split(';')).map(column_of).collect();
            let by = if *column == "segment" { columns } else { Vec::new() };
            let known: Vec<String> = known.into_iter().filter(|known| !known.is_empty()).collect();
            let hint = match &known[..] {
                [] => format!("leave it out: {column} says nothing of this figure"),
                known => segments::suggestion(value, &by, known, args.redact),
            };
            return Err(Issue::usage(Place::file(flag), what).hint(hint).into());
        }
    }
    // What nobody says is as the catalogue has it, where there is such a row.
    let defaults = figure.at.iter().map(|(column, value)| (column.as_str(), value.as_str()));
    let mut last = false;
    for (column, value) in defaults.chain([("period", "total")]) {
        if asked.iter().any(|(said, _)| *said == column) {
            continue;
        }
        if value == "last" {
            last = true;
        } else if all.iter().any(|row| row.text(column) == value) {
            all.retain(|row| row.text(column) == value || (last && column == "period"));
        }
    }
    let known = |row: &&Row<'a>| row.number("value").is_some();
    let row = if last { all.iter().rfind(known).or(all.last()) } else { all.first() };
    let row = *row.ok_or_else(|| anyhow::anyhow!("a figure without a row"))?;
    let telling = shape.keys.iter().filter(|key| !last || **key != "period");
    let others = telling.filter_map(|key| {
        let values = each(&all, key);
        let named = values.iter().map(|value| if value.is_empty() { "(all)" } else { value });
        let shown: Vec<&str> = named.take(8).collect();
        (values.len() > 1).then(|| format!("{key}={}", shown.join(", ")))
    });
    let others = others.collect();
    let keys = shape.keys.iter().map(|key| (*key, row.text(key).to_string())).collect();
    Ok(Chosen { row, keys, days: days(row, &shape), others })
}

/// The column of `owner=Ann`.
fn column_of(part: &str) -> String {
    part.split_once('=').map_or(part, |(name, _)| name).trim().to_string()
}

fn days(row: Row<'_>, shape: &Shape) -> Option<(i32, i32)> {
    let [from, to] = shape.days.map(|column| row.day(column).parse().ok().map(day_of));
    from.zip(to)
}

/// The unit of a row.
pub fn unit(row: Row<'_>) -> Unit {
    const ALL: [Unit; 10] = [
        Unit::Count,
        Unit::Share,
        Unit::Points,
        Unit::Change,
        Unit::Times,
        Unit::Days,
        Unit::Money,
        Unit::Heads,
        Unit::Number,
        Unit::Hours,
    ];
    ALL.into_iter().find(|unit| unit.id() == row.text("unit")).unwrap_or(Unit::Number)
}

/// The value of a row, or why it has none.
pub fn value(row: Row<'_>) -> Result<f64, String> {
    row.number("value").ok_or_else(|| {
        let why = [row.why("value"), row.text("status")].into_iter().find(|text| !text.is_empty());
        why.unwrap_or("not known").replace('_', " ")
    })
}

/// The row of a part that is most like the figure's own: no column of it says anything else.
fn like<'r>(all: &[Row<'r>], keys: &[(&'static str, String)]) -> Option<Row<'r>> {
    let same = |row: &&Row<'_>| keys.iter().all(|(key, text)| row.text(key).is_empty() || row.text(key) == text);
    let alike = |row: &Row<'_>| keys.iter().filter(|(key, text)| row.text(key) == text).count();
    let mut best: Option<(usize, Row<'r>)> = None;
    for row in all.iter().filter(same) {
        let alike = alike(row);
        if best.is_none_or(|(most, _)| alike > most) {
            best = Some((alike, *row));
        }
    }
    best.map(|(_, row)| row)
}

/// The figure's interval, low and high.
pub fn band(of: Of, row: Row<'_>) -> Option<(f64, f64)> {
    let [low, high] = shape(of).band;
    let low = row.number(low)?;
    Some((low, row.number(high).unwrap_or(f64::INFINITY)))
}

/// The parts of the formula, and what stands beside it.
pub fn parts(figure: &FigureDef, told: &Told, chosen: &Chosen<'_>) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    let uses = figure.formula.as_ref().map_or_else(Vec::new, |formula| formula.uses.clone());
    for name in &uses {
        found.extend(part(figure, told, chosen, name, true));
    }
    for side in ["numerator", "denominator"] {
        if !found.iter().any(|part| part.side == side) {
            found.extend(part(figure, told, chosen, side, false));
        }
    }
    if figure.report == Of::Survey {
        found.extend(part(figure, told, chosen, "measured", false));
    }
    found
}

fn part(figure: &FigureDef, told: &Told, chosen: &Chosen<'_>, name: &str, in_formula: bool) -> Option<Part> {
    let from = figure.from.get(name).map_or(name, String::as_str);
    let own = |side: &'static str, value: f64| Part {
        name: name.to_string(),
        place: format!("{}.{} ({side})", figure.part, figure.item),
        side,
        value: Ok(value),
        unit: Unit::Number,
        band: None,
        n: None,
        assumed: false,
        explained_by: String::new(),
        in_formula,
    };
    if let Some(side) = ["numerator", "denominator"].into_iter().find(|side| *side == from) {
        return chosen.row.number(side).map(|value| own(side, value));
    }
    let shape = shape(figure.report);
    let place = figure.from.get(name).cloned().unwrap_or_else(|| format!("{}.{name}", figure.part));
    let (place, which) = place.split_once('@').map_or((place.clone(), ""), |(place, which)| (place.into(), which));
    let (part, item) = place.split_once('.')?;
    let all: Vec<Row<'_>> = rows(&told.report, shape.table)
        .into_iter()
        .filter(|row| row.is(&[(shape.part, part), (shape.item, item)]))
        .collect();
    let target = |row: &&Row<'_>| row.text("target") == chosen.row.text("target");
    let row = match which {
        "before" => {
            let of: Vec<Row<'_>> = all.iter().filter(target).copied().collect();
            let at = of.iter().position(|row| row.text("stage_id") == chosen.row.text("stage_id"))?;
            *of.get(at.checked_sub(1)?)?
        }
        "last" => *all.iter().rfind(target)?,
        _ => like(&all, &chosen.keys)?,
    };
    let id = figures().into_iter().find(|other| {
        let here = other.report == figure.report && other.id != figure.id;
        here && ((other.part == part && other.item == item) || other.also.contains(&place))
    });
    let mut explained_by = id.map_or_else(String::new, |other| format!("explain {}", other.id));
    if figure.report == Of::Survey && item == "measured" {
        explained_by = measured_by(&figure.part);
    }
    Some(Part {
        name: name.to_string(),
        side: "",
        value: value(row),
        unit: unit(row),
        band: band(figure.report, row),
        n: row.number("n"),
        assumed: row.says("assumed"),
        place,
        explained_by,
        in_formula,
    })
}

/// The command that takes the measured figure of a topic apart.
fn measured_by(topic: &str) -> String {
    let topic = topics().into_iter().find(|known| known.id == topic);
    match topic.map(|topic| topic.measured) {
        Some(Measured::Metric(id)) => format!("explain {id}"),
        Some(Measured::Handoff(_)) => "handoff".into(),
        _ => String::new(),
    }
}

/// The records behind the figure.
///
/// # Errors
/// As the report itself.
pub fn behind(
    figure: &FigureDef,
    told: &Told,
    chosen: &Chosen<'_>,
    data: &Data,
    answers: Option<&Answers>,
) -> Result<Found> {
    let asked = Asked {
        records: &figure.records,
        item: &figure.item,
        keys: &chosen.keys,
        days: chosen.days,
        money: unit(chosen.row) == Unit::Money,
    };
    match (&told.parsed, answers) {
        _ if figure.records.is_empty() => Ok(Found::default()),
        (Command::Plan(args), _) => plan::behind(data, args, &asked),
        (Command::Horizon(args), _) => horizon::behind(data, args, &asked),
        (Command::Survey(_), Some(answers)) => Ok(survey::behind(answers, &figure.part)),
        _ => Ok(Found::default()),
    }
}
