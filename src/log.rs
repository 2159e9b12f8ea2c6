//! What is said on stderr: words, or one JSON object per line.
//!
//! In: problems, the summary of a run, remarks. Out: lines on stderr. Every line of JSON has `level` (`error`, `info`,
//! `debug`), `event` (`problem`, `summary`, `remark`) and `message`; each event has the same keys always, `null` where
//! there is nothing to say.

use std::ffi::{OsStr, OsString};

use serde::Serialize;

use crate::Env;
use crate::issue::{Issue, Issues};

/// How stderr is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// Something that went wrong.
#[derive(Serialize)]
struct Problem<'a> {
    level: &'static str,
    event: &'static str,
    code: u8,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<u64>,
    column: Option<u64>,
    flag: Option<&'a str>,
    hint: Option<&'a str>,
}

/// What a run has read and written.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    /// The command.
    pub report: &'a str,
    /// The file it went to; `None` for stdout.
    pub output: Option<&'a str>,
    /// Bytes written to that file.
    pub bytes: Option<u64>,
    /// Nothing after this day counted.
    pub as_of: Option<String>,
    /// Where the contract came from.
    pub contract: &'a str,
    /// Its hash.
    pub contract_hash: &'a str,
    /// Input files.
    pub files: u64,
    /// Their rows; the next two add up to it.
    pub rows_read: u64,
    /// Rows that count.
    pub rows_used: u64,
    /// Rows that do not, each with its reason.
    pub rows_set_aside: u64,
}

#[derive(Serialize)]
struct Remark<'a> {
    level: &'static str,
    event: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Summed<'a> {
    level: &'static str,
    event: &'static str,
    message: &'a str,
    #[serde(flatten)]
    summary: &'a Summary<'a>,
    seconds: f64,
}

/// What the command line says about the log, before it is known to be right: a wrong flag is logged as asked, too.
pub fn wanted(arguments: &[OsString]) -> Option<LogFormat> {
    const FLAG: &str = "--log-format";
    let format = |value: &OsStr| match value.to_str() {
        Some("json") => Some(LogFormat::Json),
        Some("text") => Some(LogFormat::Text),
        _ => None,
    };
    let words = arguments.iter().take_while(|word| *word != "--");
    let next = arguments.iter().skip(1).map(Some).chain([None]);
    let said = words.zip(next).filter_map(|(word, next)| match word.to_str()?.strip_prefix(FLAG)? {
        "" => format(next?),
        rest => format(rest.strip_prefix('=')?.as_ref()),
    });
    said.last()
}

impl Env<'_> {
    /// Takes the progress line away: what comes next is not to be mixed with it.
    pub fn clear(&mut self) {
        self.shown = None;
    }

    /// Says something that is no problem, at `info` or `debug`.
    pub fn remark(&mut self, level: &'static str, message: &str) {
        match self.log {
            LogFormat::Text => self.line(message),
            LogFormat::Json => self.json(&Remark { level, event: "remark", message: message.trim() }),
        }
    }

    /// Says what a run has read and written; `message` is the same in words.
    pub fn summary(&mut self, message: &str, summary: &Summary<'_>) {
        match self.log {
            LogFormat::Text => self.line(message),
            LogFormat::Json => {
                let seconds = (self.began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
                self.json(&Summed { level: "info", event: "summary", message, summary, seconds });
            }
        }
    }

    /// Says why a run stopped.
    pub fn problem(&mut self, error: &anyhow::Error, code: u8) {
        let issues = match (error.downcast_ref::<Issues>(), error.downcast_ref::<Issue>()) {
            (Some(issues), _) => issues.clone(),
            (None, Some(issue)) => Issues(vec![issue.clone()]),
            (None, None) => return self.words(&format!("{error:#}"), None, code),
        };
        if self.log == LogFormat::Text {
            return self.line(&issues.to_string());
        }
        for issue in issues.0.iter().take(Issues::SHOWN) {
            let name = issue.place.file.as_deref();
            self.json(&Problem {
                level: "error",
                event: "problem",
                code: issue.fault.code(),
                message: &issue.what,
                file: name.filter(|name| !name.starts_with("--")),
                line: issue.place.line,
                column: issue.place.column,
                flag: name.filter(|name| name.starts_with("--")),
                hint: issue.hint.as_deref(),
            });
        }
        if let Some(rest) = issues.0.len().checked_sub(Issues::SHOWN).filter(|rest| *rest > 0) {
            self.words(&format!("and {rest} more problems of the same run"), None, code);
        }
    }

    /// Says what is wrong with the command line, in clap's words.
    pub fn wrong_flag(&mut self, error: &clap::Error) {
        let text = error.render();
        if self.log == LogFormat::Text {
            let color = self.stderr_is_terminal && !self.no_color;
            let text = if color { text.ansi().to_string() } else { text.to_string() };
            self.clear();
            let _ = self.stderr.write_all(text.as_bytes());
            return;
        }
        let text = text.to_string();
        let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut parts = text.split("\n\n");
        let first = parts.next().unwrap_or_default();
        let Some(message) = first.strip_prefix("error: ") else {
            // Nothing was asked for, and clap prints all there is.
            return self.words("no command is given", Some("`onefunnel --help` lists the commands"), 2);
        };
        let tips: Vec<String> =
            parts.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix("tip: ").map(joined)).collect();
        let hint = if tips.is_empty() { "`--help` after the command lists its flags".into() } else { tips.join("; ") };
        self.words(&joined(message), Some(&hint), 2);
    }

    /// An error without a place.
    fn words(&mut self, message: &str, hint: Option<&str>, code: u8) {
        match self.log {
            LogFormat::Text => self.line(&format!("error: {message}")),
            LogFormat::Json => self.json(&Problem {
                level: "error",
                event: "problem",
                code,
                message,
                file: None,
                line: None,
                column: None,
                flag: None,
                hint,
            }),
        }
    }

    fn json(&mut self, line: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(line) {
            self.line(&text);
        }
    }

    /// Nobody is listening if it cannot be said.
    fn line(&mut self, text: &str) {
        self.clear();
        let _ = writeln!(self.stderr, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_about_the_log_counts_and_only_before_the_dashes() {
        let said = |words: &[&str]| wanted(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(said(&["onefunnel", "funnel"]), None);
        assert_eq!(said(&["onefunnel", "funnel", "--log-format", "json"]), Some(LogFormat::Json));
        assert_eq!(said(&["onefunnel", "--log-format=json", "funnel"]), Some(LogFormat::Json));
        assert_eq!(said(&["onefunnel", "--log-format=json", "--log-format", "text"]), Some(LogFormat::Text));
        assert_eq!(said(&["onefunnel", "--log-format", "yaml"]), None);
        assert_eq!(said(&["onefunnel", "--log-format"]), None);
        assert_eq!(said(&["onefunnel", "--", "--log-format=json"]), None);
        assert_eq!(said(&["onefunnel", "--log-formats=json"]), None);
    }
}
