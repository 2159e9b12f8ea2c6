//! What a user can mend: every problem carries its place, what was seen, and what to do.
//!
//! In: nothing. Out: [`Place`], [`Issue`], [`Issues`] (an error that carries all problems at once) and [`nearest`]
//! (did you mean). Anything a user cannot mend is a plain `anyhow` error instead.

use std::fmt;

/// Where a problem was seen. `line` and `column` count from 1; `column` counts characters for TOML and fields for CSV.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user named it; `None` for the command line itself.
    pub file: Option<String>,
    /// Line in the file, from 1.
    pub line: Option<u64>,
    /// Column in the line (TOML) or field in the record (CSV), from 1.
    pub column: Option<u64>,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: Some(file.into()), line: None, column: None }
    }

    /// A place inside a file.
    pub fn at(file: impl Into<String>, line: u64, column: u64) -> Self {
        Self { file: Some(file.into()), line: Some(line), column: Some(column) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(file) = &self.file else { return Ok(()) };
        f.write_str(file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// Who has to act, which is also the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A wrong flag, or a contract that cannot be used: exit code 2.
    Usage,
    /// Something else was in the way, and the same command may work later: exit code 1.
    Run,
    /// Data that cannot be used as it is: exit code 3.
    Data,
}

impl Fault {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Run => 1,
            Self::Data => 3,
        }
    }
}

/// One problem: where, what was seen, what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// Who has to act.
    pub fault: Fault,
    /// Where it was seen.
    pub place: Place,
    /// What was seen, with the value; one sentence without a full stop.
    pub what: String,
    /// What to do about it; printed after `help:`.
    pub hint: Option<String>,
}

impl Issue {
    /// A problem in a flag or in the contract.
    pub fn usage(place: Place, what: impl Into<String>) -> Self {
        Self { fault: Fault::Usage, place, what: what.into(), hint: None }
    }

    /// A problem of this run.
    pub fn run(place: Place, what: impl Into<String>) -> Self {
        Self { fault: Fault::Run, place, what: what.into(), hint: None }
    }

    /// A problem in the data.
    pub fn data(place: Place, what: impl Into<String>) -> Self {
        Self { fault: Fault::Data, place, what: what.into(), hint: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if place.is_empty() {
            write!(f, "error: {}", self.what)?;
        } else {
            write!(f, "error: {place}: {}", self.what)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

/// All problems of one step, as one error. Prints at most [`Issues::SHOWN`], then a count of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issues(pub Vec<Issue>);

impl Issues {
    /// How many problems are printed before the rest is only counted.
    pub const SHOWN: usize = 20;

    /// `Ok(())` when there is none.
    ///
    /// # Errors
    /// All of them, otherwise.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The exit code: a usage problem (2) outranks what may work later (1), and both a data problem (3), as they must be
    /// mended first.
    pub fn code(&self) -> u8 {
        self.0.iter().map(|i| i.fault).min().map_or(1, Fault::code)
    }
}

impl From<Issue> for Issues {
    fn from(issue: Issue) -> Self {
        Self(vec![issue])
    }
}

impl fmt::Display for Issues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, issue) in self.0.iter().take(Self::SHOWN).enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            // The same help for a run of problems is said once, after the last.
            let again = i + 1 < Self::SHOWN && self.0.get(i + 1).is_some_and(|next| next.hint == issue.hint);
            if again { Issue { hint: None, ..issue.clone() }.fmt(f)? } else { issue.fmt(f)? }
        }
        if self.0.len() > Self::SHOWN {
            write!(f, "\nand {} more problems of the same run", self.0.len() - Self::SHOWN)?;
        }
        Ok(())
    }
}

impl std::error::Error for Issues {}

impl std::error::Error for Issue {}

/// The candidate that a mistyped `word` most likely meant, if any is close enough.
///
/// Case is ignored; `Some` only within a third of the word's length (at least 2 edits), or when one contains the other.
///
/// ```
/// use onefunnel::issue::nearest;
/// assert_eq!(nearest("curency", ["currency", "timezone"]), Some("currency"));
/// assert_eq!(nearest("xyz", ["currency"]), None);
/// assert_eq!(nearest("nosuch", ["o"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let low = word.to_lowercase();
    let limit = (low.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|c| {
            let candidate = c.to_lowercase();
            let contained =
                low.len() >= 4 && (candidate.contains(&low) || (candidate.len() >= 3 && low.contains(&candidate)));
            let edits = strsim::damerau_levenshtein(&low, &candidate);
            (if contained { edits.min(limit) } else { edits }, c)
        })
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, c)| (*edits, c.len()))
        .map(|(_, c)| c)
}

/// A hint that offers the nearest candidate, and otherwise lists what there is.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", candidates.into_iter().collect::<Vec<_>>().join(", ")),
    }
}
