//! A file of answers: what marketing and sales say when they are asked.
//!
//! In: a CSV file (or one sheet) with one answer per row (`team`, `topic`, `answer`) or one respondent per row (`team` and a
//! column per topic), and the topics. Out: [`Answers`]: numbers by topic and team, and what could not be read, with its
//! line. Text is never kept: of what is not a figure only its length is said.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::open::{file, hex};
use super::{container, decode, is_stdin, records};
use crate::issue::{Issue, Issues, Place, nearest};
use crate::report::{Input, Unit};

/// How a topic is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// In percent, from 0 to 100; read as a fraction.
    Share,
    /// From 1, strongly disagree, to 5, strongly agree.
    Agree,
    /// Yes is 1, no is 0.
    YesNo,
    /// A number of this unit.
    Number(Unit),
}

/// The teams, in the order of [`Answer::team`].
pub const TEAMS: [&str; 2] = ["marketing", "sales"];

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The topic's id.
    pub id: &'a str,
    /// Its question: a column may be called so.
    pub question: &'a str,
    /// How it is answered.
    pub scale: Scale,
}

/// One answer that counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Its line in the file.
    pub line: u64,
    /// Index of the topic.
    pub topic: usize,
    /// Index of the team in [`TEAMS`].
    pub team: usize,
    /// Shares as fractions, agreement 1 to 5, yes 1 and no 0, numbers in their unit.
    pub value: f64,
}

/// Something that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Line in the file.
    pub line: u64,
    /// Index of the topic, where it is one's.
    pub topic: Option<usize>,
    /// The column it stands in.
    pub column: String,
    /// What stands there, if it is a figure; the length of anything else.
    pub value: String,
    /// What is wrong with it.
    pub reason: &'static str,
    /// What to do.
    pub help: String,
}

/// A file of answers, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The account of its rows.
    pub input: Input,
    /// What counts, in the order of the file.
    pub answers: Vec<Answer>,
    /// What could not be used, in the order of the file.
    pub aside: Vec<Aside>,
    /// Cells for an answer that are empty, or say that somebody does not know.
    pub blank: u64,
    /// One respondent per row.
    pub wide: bool,
    /// Whether the file tells respondents apart.
    pub respondents: bool,
    /// Number of columns that were not read.
    pub unread: usize,
}

const NO_TEAM: &str = "team is neither marketing nor sales";
const NO_TOPIC: &str = "no topic of the questionnaire";
const NO_ANSWER: &str = "no answer";
const NO_DAY: &str = "date cannot be read";
const LATER: &str = "after as-of";
const AGAIN: &str = "answered again";
const CELLS: &str = "more cells than the header";
const FRACTION: &str = "fraction or percent";

/// A word as it is compared: small letters, runs of anything else as one `_`.
fn key(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

/// What stands in a cell, for a list that others may see: figures as they are, of words only how long they are.
fn shown(text: &str) -> String {
    let figure = |c: char| c.is_ascii_digit() || " .,:%+-/".contains(c);
    if text.chars().count() <= 20 && text.chars().all(figure) {
        text.to_string()
    } else {
        format!("(text of {} characters)", text.chars().count())
    }
}

/// A number as people write it: 12, 12.5, 12,5. With three digits after a comma it could be either.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit() || ".-+".contains(c));
    let decimal = match text.split_once(',') {
        Some((whole, places)) if !text.contains('.') && (1..=2).contains(&places.len()) => format!("{whole}.{places}"),
        Some(_) => return None,
        None => text.to_string(),
    };
    decimal.parse().ok().filter(|n: &f64| plain(&decimal) && n.is_finite())
}

type Wrong = (&'static str, String);

/// One answer, or what is wrong with it. The flag says that 1 may be all of it and not one percent.
fn answer(text: &str, scale: Scale, fractions: bool) -> Result<f64, Wrong> {
    let low = text.trim().to_lowercase();
    match scale {
        Scale::Share => {
            let help = "write percent from 0 to 100, such as 61%";
            let percent = low.strip_suffix('%');
            let value = number(percent.unwrap_or(&low)).ok_or_else(|| ("no percentage", help.into()))?;
            if percent.is_none()
                && ((value > 0.0 && value < 1.0) || (fractions && value.to_bits() == 1.0_f64.to_bits()))
            {
                return Err((FRACTION, format!("write {}% or {value}%", value * 100.0)));
            }
            if (0.0..=100.0).contains(&value) { Ok(value / 100.0) } else { Err(("not within 0 and 100", help.into())) }
        }
        Scale::Agree => {
            let words = ["strongly_disagree", "disagree", "neutral", "agree", "strongly_agree"];
            let word = words.iter().position(|word| *word == key(&low)).and_then(|at| u8::try_from(at + 1).ok());
            let value = word.map(f64::from).or_else(|| number(&low));
            let whole = |v: &f64| v.fract() == 0.0 && (1.0..=5.0).contains(v);
            let help = "write a whole number from 1 (strongly disagree) to 5 (strongly agree)";
            value.filter(whole).ok_or_else(|| ("not on the scale from 1 to 5", help.into()))
        }
        Scale::YesNo => match low.as_str() {
            "yes" | "y" | "true" | "1" => Ok(1.0),
            "no" | "n" | "false" | "0" => Ok(0.0),
            _ => Err(("neither yes nor no", "write yes or no".into())),
        },
        Scale::Number(unit) => {
            let bare = match unit {
                Unit::Times => low.split_once(':').filter(|(_, one)| one.trim() == "1").map(|(n, _)| n),
                Unit::Days => low.strip_suffix("days").or_else(|| low.strip_suffix('d')),
                Unit::Hours => low.strip_suffix("hours").or_else(|| low.strip_suffix('h')),
                _ => None,
            };
            let help = "write a plain number of 0 or more, without thousands separators, such as 1200 or 2.5";
            let value = number(bare.unwrap_or(&low)).filter(|v| *v >= 0.0);
            value.ok_or_else(|| ("no number", help.into()))
        }
    }
}

/// Whether a cell says nothing.
fn is_blank(text: &str) -> bool {
    ["", "n_a", "na", "null", "don_t_know", "dont_know", "do_not_know", "unknown"].contains(&key(text).as_str())
}

/// A day such as 2026-06-30, with or without a time after it.
fn day(text: &str) -> Option<Date> {
    let (head, rest) = (text.get(..10)?, text.get(10..)?);
    let time = rest.is_empty() || rest.starts_with([' ', 'T']);
    head.parse().ok().filter(|_| time && head.as_bytes().get(4) == Some(&b'-'))
}

/// What the columns are.
struct Columns {
    team: usize,
    respondent: Option<usize>,
    date: Option<usize>,
    /// `topic` and `answer`, of a file with one answer per row.
    long: Option<(usize, usize)>,
    /// Column and topic, of a file with one respondent per row.
    wide: Vec<(usize, usize)>,
    unread: usize,
}

fn columns(header: &[String], asked: &[Asked<'_>], place: &Place) -> Result<Columns, Issues> {
    let keys: Vec<String> = header.iter().map(|h| key(h)).collect();
    let at = |name: &str| keys.iter().position(|k| k == name);
    let topic = |k: &String| asked.iter().position(|a| *k == a.id || *k == key(a.question));
    let wide: Vec<(usize, usize)> = keys.iter().enumerate().filter_map(|(i, k)| Some((i, topic(k)?))).collect();
    let write = "the header is team,topic,answer with one answer per row, or team and one column per topic; \
                 `onefunnel survey --questionnaire -f csv` prints one to fill";
    let wrong = |what: &str| Issue::data(place.clone(), what).hint(write);
    let mut issues = Vec::new();
    let names = ["team", "topic", "answer", "respondent", "date"];
    for name in names.iter().copied().chain(asked.iter().map(|a| a.id)) {
        let of_topic = |(_, t): &&(usize, usize)| asked[*t].id == name;
        let times = keys.iter().filter(|k| *k == name).count().max(wide.iter().filter(of_topic).count());
        if times > 1 {
            issues.push(wrong(&format!("has {times} columns `{name}`")));
        }
    }
    let Some(team) = at("team") else {
        issues.push(wrong("has no column `team`"));
        return Err(Issues(issues));
    };
    let long = match (at("topic"), at("answer")) {
        (Some(_), Some(_)) if !wide.is_empty() => {
            issues.push(wrong("has columns `topic` and `answer`, and columns of topics too"));
            None
        }
        (Some(topic), Some(answer)) => Some((topic, answer)),
        (None, None) if wide.is_empty() => {
            issues.push(wrong("has no column of answers"));
            None
        }
        (None, None) => None,
        (Some(_), None) => {
            issues.push(wrong("has a column `topic` and no column `answer`"));
            None
        }
        (None, Some(_)) => {
            issues.push(wrong("has a column `answer` and no column `topic`"));
            None
        }
    };
    Issues(issues).into_result()?;
    let (respondent, date) = (at("respondent"), at("date"));
    let read = 1 + usize::from(respondent.is_some()) + usize::from(date.is_some());
    let read = read + if long.is_some() { 2 } else { wide.len() };
    let named = header.iter().filter(|h| !h.trim().is_empty()).count();
    Ok(Columns { team, respondent, date, long, wide, unread: named.saturating_sub(read) })
}

/// One cell for an answer, with what its row says.
struct Said {
    row: usize,
    column: String,
    topic: usize,
    team: usize,
    text: String,
    respondent: String,
    day: Option<Date>,
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Used,
    Aside(&'static str),
}

struct Reader<'a> {
    asked: &'a [Asked<'a>],
    as_of: Date,
    columns: Columns,
    header: Vec<String>,
    /// The line of each row, and what became of it.
    rows: Vec<(u64, Fate)>,
    said: Vec<Said>,
    aside: Vec<(usize, Aside)>,
    blank: u64,
}

impl Reader<'_> {
    fn set_aside(&mut self, row: usize, column: &str, value: &str, (reason, help): Wrong) {
        let line = self.rows[row].0;
        let aside = Aside { line, topic: None, column: column.to_string(), value: shown(value), reason, help };
        self.aside.push((row, aside));
        if self.rows[row].1 != Fate::Used {
            self.rows[row].1 = Fate::Aside(reason);
        }
    }

    fn set_answer_aside(&mut self, said: &Said, value: &str, wrong: Wrong) {
        self.set_aside(said.row, &said.column, value, wrong);
        if let Some((_, aside)) = self.aside.last_mut() {
            aside.topic = Some(said.topic);
        }
    }

    /// Takes one row apart. Nothing of it counts yet.
    fn row(&mut self, line: u64, cells: &[String]) {
        let row = self.rows.len();
        self.rows.push((line, Fate::Aside(NO_ANSWER)));
        let cell = |at: usize| cells.get(at).map_or("", |c| c.trim());
        if cells.iter().skip(self.header.len()).any(|c| !c.trim().is_empty()) {
            let help = "put a cell with a comma in it into quotes, or use decimal points";
            return self.set_aside(row, "", "", (CELLS, help.into()));
        }
        let word = key(cell(self.columns.team));
        let Some(team) = TEAMS.iter().position(|team| *team == word) else {
            let help = match nearest(&word, TEAMS) {
                Some(team) => format!("did you mean {team}?"),
                None => "write marketing or sales".into(),
            };
            return self.set_aside(row, "team", cell(self.columns.team), (NO_TEAM, help));
        };
        let mut said_on = None;
        if let Some(text) = self.columns.date.map(cell).filter(|text| !text.is_empty()) {
            let Some(day) = day(text) else {
                return self.set_aside(row, "date", text, (NO_DAY, "write it as 2026-06-30".into()));
            };
            if day > self.as_of {
                let help = format!("as-of is {}; --as-of says another day", self.as_of);
                return self.set_aside(row, "date", text, (LATER, help));
            }
            said_on = Some(day);
        }
        let respondent = self.columns.respondent.map_or("", cell).to_string();
        let cells: Vec<(usize, usize)> = match self.columns.long {
            None => self.columns.wide.clone(),
            Some((topic, answer)) => {
                let text = cell(topic);
                let wanted = key(text);
                let found = self.asked.iter().position(|a| wanted == a.id || wanted == key(a.question));
                let Some(found) = found else {
                    let help = match nearest(&wanted, self.asked.iter().map(|a| a.id)) {
                        Some(near) if !wanted.is_empty() => format!("did you mean {near}?"),
                        _ => "`onefunnel survey --questionnaire` lists the topics".into(),
                    };
                    return self.set_aside(row, "topic", text, (NO_TOPIC, help));
                };
                vec![(answer, found)]
            }
        };
        for (at, topic) in cells {
            if is_blank(cell(at)) {
                self.blank += 1;
                continue;
            }
            let (column, text) = (self.header[at].trim().to_string(), cell(at).to_string());
            self.said.push(Said { row, column, topic, team, text, respondent: respondent.clone(), day: said_on });
        }
    }

    /// Reads the answers and takes the last one of everybody who answered a topic more than once.
    fn settle(&mut self) -> Vec<Answer> {
        let said = std::mem::take(&mut self.said);
        // Who writes 0.4 where percent are asked may mean all of it by 1.
        let is_fraction = |s: &&Said| {
            self.asked[s.topic].scale == Scale::Share && number(&s.text).is_some_and(|n| n > 0.0 && n < 1.0)
        };
        let fractions: BTreeSet<usize> = said.iter().filter(is_fraction).map(|s| s.topic).collect();
        let mut read: Vec<Option<f64>> = Vec::with_capacity(said.len());
        for s in &said {
            let value = answer(&s.text, self.asked[s.topic].scale, fractions.contains(&s.topic));
            read.push(value.map_err(|wrong| self.set_answer_aside(s, &s.text, wrong)).ok());
        }
        let mut last: BTreeMap<(usize, usize, &str), usize> = BTreeMap::new();
        let mut again: Vec<usize> = Vec::new();
        for (at, s) in said.iter().enumerate().filter(|(at, s)| read[*at].is_some() && !s.respondent.is_empty()) {
            let seat = last.entry((s.team, s.topic, s.respondent.as_str())).or_insert(at);
            if *seat != at {
                // A day that is not said is the earliest; of one day, the row that stands below counts.
                let earlier = if s.day >= said[*seat].day { std::mem::replace(seat, at) } else { at };
                again.push(earlier);
            }
        }
        for at in again {
            read[at] = None;
            let help = "the later answer of the same respondent counts".to_string();
            // What somebody answered first is nobody's business any more.
            self.set_answer_aside(&said[at], "", (AGAIN, help));
        }
        let mut answers = Vec::new();
        for (s, value) in said.iter().zip(read) {
            if let Some(value) = value {
                answers.push(Answer { line: self.rows[s.row].0, topic: s.topic, team: s.team, value });
                self.rows[s.row].1 = Fate::Used;
            }
        }
        answers
    }
}

/// Reads a file of answers. Answers given after `as_of` do not count.
///
/// # Errors
/// A file that cannot be read, or whose header is that of no file of answers.
pub fn read(path: &Path, asked: &[Asked<'_>], as_of: Date) -> Result<Answers, Issues> {
    let named = path.to_string_lossy().into_owned();
    let cannot = |error: std::io::Error| Issue::usage(Place::file(&named), format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    if is_stdin(path) {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        file(path, &named)?.read_to_end(&mut bytes).map_err(cannot)?;
    }
    let data = |what: String, hint: String| Issues::from(Issue::data(Place::file(&named), what).hint(hint));
    let limit = (bytes.len() as u64).saturating_mul(100).max(1 << 28);
    let held = container::open(&bytes, limit).map_err(|p| data(p.what(), p.hint()))?;
    let [member] = &held.members[..] else {
        return Err(data(format!("holds {} tables", held.members.len()), "give one CSV file, or one sheet".into()));
    };
    let help = "save the answers as CSV in UTF-8, with a header in the first row";
    let decoded = decode::decode(&member.bytes).map_err(|p| data(p.what(), help.into()))?;
    let text: &Cow<'_, [u8]> = &decoded.text;
    let is_header = |cells: &[String]| cells.iter().any(|c| key(c) == "team");
    let shape = decode::shape(text, None, &is_header).map_err(|p| data(p.what(), p.hint()))?;
    let columns = columns(&shape.header, asked, &Place { line: Some(shape.header_line), ..Place::file(&named) })?;
    let (wide, respondents, unread) = (columns.long.is_none(), columns.respondent.is_some(), columns.unread);
    let mut reader = Reader {
        asked,
        as_of,
        columns,
        header: shape.header.clone(),
        rows: Vec::new(),
        said: Vec::new(),
        aside: Vec::new(),
        blank: 0,
    };
    let mut lines = records::Lines::of(text);
    let walked = records::careful(&text[shape.data_at..], shape.delimiter, |offset, record| {
        if !record.is_blank() {
            let cells: Vec<String> =
                (0..record.len()).map(|i| String::from_utf8_lossy(&record.get(i)).into_owned()).collect();
            reader.row(lines.at(shape.data_at as u64 + offset), &cells);
        }
    });
    if let Err(records::Trouble::OpenQuote(offset)) = walked {
        let line = records::line_at(text, shape.data_at as u64 + offset);
        let issue = Issue::data(Place { line: Some(line), ..Place::file(&named) }, "a quote is never closed");
        return Err(issue.hint("close it, or export the file again").into());
    }
    let answers = reader.settle();
    let mut aside: BTreeMap<String, u64> = BTreeMap::new();
    for (_, fate) in &reader.rows {
        if let Fate::Aside(reason) = fate {
            *aside.entry((*reason).to_string()).or_default() += 1;
        }
    }
    let set_aside: Vec<(String, u64)> = aside.into_iter().collect();
    let input = Input {
        path: named.clone(),
        sha256: hex(&Sha256::digest(&bytes)),
        preset: None,
        table: Some("survey".into()),
        rows_read: reader.rows.len() as u64,
        rows_used: reader.rows.iter().filter(|(_, fate)| *fate == Fate::Used).count() as u64,
        set_aside,
    };
    let mut listed = reader.aside;
    listed.sort_by(|(_, a), (_, b)| (a.line, &a.column).cmp(&(b.line, &b.column)));
    let aside = listed.into_iter().map(|(_, aside)| aside).collect();
    Ok(Answers { input, answers, aside, blank: reader.blank, wide, respondents, unread })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_their_scale() {
        let read = |text: &str, scale| answer(text, scale, false).map_err(|(reason, _)| reason);
        for (text, value) in [("61", 0.61), ("61 %", 0.61), ("61,5%", 0.615), ("0.5%", 0.005), ("0", 0.0), ("100", 1.0)]
        {
            assert_eq!(read(text, Scale::Share), Ok(value), "{text}");
        }
        for (text, why) in [
            ("0.61", FRACTION),
            ("101", "not within 0 and 100"),
            ("-1", "not within 0 and 100"),
            ("most", "no percentage"),
            ("1,000", "no percentage"),
            ("6 1", "no percentage"),
            ("inf", "no percentage"),
            ("1e1", "no percentage"),
        ] {
            assert_eq!(read(text, Scale::Share), Err(why), "{text}");
        }
        assert_eq!(answer("1", Scale::Share, true).unwrap_err().0, FRACTION);
        assert_eq!(answer("1%", Scale::Share, true), Ok(0.01));
        for (text, value) in [("1", 1.0), ("Strongly agree", 5.0), ("neutral", 3.0), ("4.0", 4.0)] {
            assert_eq!(read(text, Scale::Agree), Ok(value), "{text}");
        }
        assert!(["0", "6", "3.5", "rather"].iter().all(|text| read(text, Scale::Agree).is_err()));
        assert_eq!((read("Yes", Scale::YesNo), read("n", Scale::YesNo)), (Ok(1.0), Ok(0.0)));
        assert!(["maybe", "2", "always"].iter().all(|text| read(text, Scale::YesNo).is_err()));
        assert_eq!(read("4 : 1", Scale::Number(Unit::Times)), Ok(4.0));
        assert_eq!(read("90 days", Scale::Number(Unit::Days)), Ok(90.0));
        assert_eq!(read("1.5h", Scale::Number(Unit::Hours)), Ok(1.5));
        assert!(["4:2", "-3", "1,200", "90 h"].iter().all(|text| read(text, Scale::Number(Unit::Times)).is_err()));
    }

    #[test]
    fn words_are_never_shown() {
        assert_eq!(shown("150 %"), "150 %");
        assert_eq!(shown("ask Bob"), "(text of 7 characters)");
        assert_eq!(shown("1234567890 1234567890"), "(text of 21 characters)");
    }

    #[test]
    fn days_are_read_with_or_without_a_time() {
        assert_eq!(day("2026-06-30"), Some(jiff::civil::date(2026, 6, 30)));
        assert_eq!(day("2026-06-30 12:00:01"), Some(jiff::civil::date(2026, 6, 30)));
        assert!(
            ["2026-6-30", "30.06.2026", "2026-06-301", "2026-02-30", "20260630", "überübermorgen"]
                .iter()
                .all(|t| day(t).is_none())
        );
    }
}
