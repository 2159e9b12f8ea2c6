//! What was asked for on the command line, where it is not the default: no number can be read without it.
//!
//! In: the flags. Out: words for the head of a report, and the flags to ask the same again.

use jiff::civil::Date;

/// The part, the days and the breakdown that were asked for; empty where nothing was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `--where`: the condition.
    pub condition: Option<String>,
    /// `--from`: the first day.
    pub from: Option<String>,
    /// `--to`: the last day.
    pub to: Option<String>,
    /// `--period`: the length of a period, or for `explain` the period.
    pub period: Option<String>,
    /// `--by`: the columns, in order.
    pub by: Vec<String>,
}

impl Asked {
    /// Reads the flags by their names. Days are written as ISO does, however they were typed.
    pub fn of(flag: impl Fn(&str) -> Vec<String>) -> Self {
        let one = |name: &str| flag(name).into_iter().next_back();
        let day = |text: String| text.parse::<Date>().map_or(text, |day| day.to_string());
        let by = flag("by").into_iter().map(|name| name.trim().to_owned()).collect();
        Self {
            condition: one("condition"),
            from: one("from").map(day),
            to: one("to").map(day),
            period: one("period"),
            by,
        }
    }

    /// Each thing that was asked for, with what people call it: `Only where`, `From`, `To`, `Period`, `By`.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let by = (!self.by.is_empty()).then(|| self.by.join(", "));
        [
            ("Only where", self.condition.clone()),
            ("From", self.from.clone()),
            ("To", self.to.clone()),
            ("Period", self.period.clone()),
            ("By", by),
        ]
        .into_iter()
        .filter_map(|(what, value)| Some((what, value?)))
        .collect()
    }

    /// `only where lead_source = 'Outbound'`, `from 2026-01-01`, … for a line of words.
    pub fn words(&self) -> Vec<String> {
        let low = |(what, value): (&str, String)| format!("{}{} {value}", what[..1].to_lowercase(), &what[1..]);
        self.facts().into_iter().map(low).collect()
    }

    /// The flags that ask the same, `--where …`, `--from 2026-01-01`, …, each value as `quoted` writes it for a shell.
    pub fn flags(&self, quoted: impl Fn(&str) -> String) -> Vec<String> {
        let flag = |(what, value): (&str, String)| match what {
            "Only where" => format!("--where {}", quoted(&value)),
            "By" => format!("--by {}", quoted(&self.by.join(","))),
            _ => format!("--{} {}", what.to_lowercase(), quoted(&value)),
        };
        self.facts().into_iter().map(flag).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_says_nothing() {
        let asked = Asked::of(|_| Vec::new());
        assert_eq!(asked, Asked::default());
        assert!(asked.facts().is_empty() && asked.words().is_empty() && asked.flags(str::to_owned).is_empty());
    }

    #[test]
    fn words_and_flags_say_all_of_it() {
        let asked = Asked::of(|name| {
            let values: &[&str] = match name {
                "condition" => &["region = 'EMEA'"],
                "from" => &["20260101"],
                "to" => &["2026-06-30"],
                "period" => &["year"],
                _ => &["region", " owner"],
            };
            values.iter().map(ToString::to_string).collect()
        });
        assert_eq!(
            asked.words(),
            ["only where region = 'EMEA'", "from 2026-01-01", "to 2026-06-30", "period year", "by region, owner"]
        );
        assert_eq!(
            asked.flags(|value| format!("<{value}>")),
            [
                "--where <region = 'EMEA'>",
                "--from <2026-01-01>",
                "--to <2026-06-30>",
                "--period <year>",
                "--by <region,owner>"
            ]
        );
    }
}
