//! The planted totals: counted while the rows are written, with a definition for each.
//!
//! In: counts by name. Out: `truth.json`. Money is in cents of USD.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::calendar::{Calendar, MONTHS};
use crate::csvout::Csv;
use crate::definitions::{DEFINITIONS, INTERNAL, PLANTED};

/// The samples of one figure by group, and the group of the newest one.
type Samples = (BTreeMap<&'static str, Vec<i64>>, &'static str);

/// All counts so far.
#[derive(Default)]
pub struct Truth {
    totals: BTreeMap<&'static str, i64>,
    months: BTreeMap<&'static str, [i64; MONTHS]>,
    groups: BTreeMap<&'static str, BTreeMap<String, i64>>,
    samples: BTreeMap<&'static str, Samples>,
}

impl Truth {
    /// Adds to a total.
    pub fn add(&mut self, name: &'static str, n: i64) {
        *self.totals.entry(name).or_default() += n;
    }

    /// A total so far.
    pub fn get(&self, name: &str) -> i64 {
        self.totals.get(name).copied().unwrap_or(0)
    }

    /// Adds to a month's figure; `month` counts from 2024-01.
    pub fn month(&mut self, name: &'static str, month: i64, n: i64) {
        let months = self.months.entry(name).or_default();
        if let Some(slot) = usize::try_from(month).ok().and_then(|m| months.get_mut(m)) {
            *slot += n;
        }
    }

    /// A month's figures so far.
    pub fn by_month(&self, name: &str) -> [i64; MONTHS] {
        self.months.get(name).copied().unwrap_or_default()
    }

    /// Adds to a group's figure.
    pub fn group(&mut self, name: &'static str, group: &str, n: i64) {
        let groups = self.groups.entry(name).or_default();
        match groups.get_mut(group) {
            Some(slot) => *slot += n,
            None => drop(groups.insert(group.into(), n)),
        }
    }

    /// Remembers a value of which the median is wanted.
    pub fn sample(&mut self, name: &'static str, group: &'static str, value: i64) {
        let (groups, newest) = self.samples.entry(name).or_default();
        groups.entry(group).or_default().push(value);
        *newest = group;
    }

    /// Corrects the value that was remembered last.
    pub fn shift_last_sample(&mut self, name: &str, by: i64) {
        if let Some((groups, newest)) = self.samples.get_mut(name)
            && let Some(last) = groups.get_mut(newest).and_then(|list| list.last_mut())
        {
            *last += by;
        }
    }

    /// All of it as JSON; an error when a figure has no definition or a definition no figure.
    pub fn json(&mut self, arguments: &[(&str, String)], files: &[&mut Csv]) -> Result<String> {
        let mut root = Node::default();
        for (name, value) in arguments {
            root.put(&["made_with", name], value.clone());
        }
        for file in files {
            root.put(&["rows", file.name(), "records"], file.rows.to_string());
            root.put(&["rows", file.name(), "blank"], file.blank.to_string());
        }
        let shown = |name: &&'static str| !INTERNAL.contains(name);
        for name in self.totals.keys().filter(|n| shown(n)) {
            root.put(&["totals", name], self.totals[name].to_string());
        }
        for (name, months) in &self.months {
            root.put(&["totals", name], months.iter().sum::<i64>().to_string());
            for (at, n) in months.iter().enumerate() {
                root.put(&["by_month", name, &Calendar::month_name(at)], n.to_string());
            }
            for (at, n) in months.iter().enumerate() {
                root.add(&["by_calendar_quarter", name, &Calendar::quarter_name(at)], *n);
                // Fiscal quarters start in February, May, August and November; 2023-11 and 2026-05 are not complete.
                let start = if at == 0 { "2023-11".into() } else { Calendar::month_name((at - 1) / 3 * 3 + 1) };
                root.add(&["by_fiscal_quarter_starting", name, &start], *n);
            }
        }
        for (name, groups) in &self.groups {
            for (group, n) in groups {
                root.put(&["by_group", name, group], n.to_string());
            }
        }
        for (name, (groups, _)) in &mut self.samples {
            for (group, list) in groups {
                list.sort_unstable();
                root.put(&["medians", name, group, "count"], list.len().to_string());
                root.put(&["medians", name, group, "median"], median(list));
            }
        }
        for (effect, text) in PLANTED {
            root.put(&["planted", effect], quoted(text));
        }
        for (name, text) in DEFINITIONS {
            root.put(&["definitions", name], quoted(text));
        }
        self.check()?;
        let mut out = String::new();
        root.write(0, &mut out);
        out.push('\n');
        Ok(out)
    }

    fn check(&self) -> Result<()> {
        let names = self.totals.keys().chain(self.months.keys()).chain(self.groups.keys()).chain(self.samples.keys());
        let defined: Vec<&str> = DEFINITIONS.iter().map(|d| d.0).collect();
        let missing: Vec<&&str> = names.filter(|n| !defined.contains(*n) && !INTERNAL.contains(*n)).collect();
        ensure!(missing.is_empty(), "no definition of {missing:?}");
        Ok(())
    }
}

/// The middle value; of an even number of values, the mean of the two in the middle.
fn median(sorted: &[i64]) -> String {
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => "null".into(),
        n if n % 2 == 1 => sorted[half].to_string(),
        _ => {
            let sum = sorted[half - 1] + sorted[half];
            format!("{}{}", sum / 2, if sum % 2 == 0 { "" } else { ".5" })
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A JSON object, or with `text` a finished value.
#[derive(Default)]
struct Node {
    text: String,
    sum: i64,
    children: Vec<(String, Node)>,
}

impl Node {
    fn at(&mut self, path: &[&str]) -> &mut Self {
        let Some((first, rest)) = path.split_first() else { return self };
        let place = self.children.iter().position(|c| c.0 == *first).unwrap_or_else(|| {
            self.children.push(((*first).into(), Self::default()));
            self.children.len() - 1
        });
        self.children[place].1.at(rest)
    }

    fn put(&mut self, path: &[&str], text: String) {
        self.at(path).text = text;
    }

    fn add(&mut self, path: &[&str], n: i64) {
        let node = self.at(path);
        node.sum += n;
        node.text = node.sum.to_string();
    }

    fn write(&self, depth: usize, out: &mut String) {
        if self.children.is_empty() {
            out.push_str(&self.text);
            return;
        }
        // Objects of short values fit on a line.
        let flat = self.children.iter().all(|c| c.1.children.is_empty() && c.1.text.len() < 24) && depth > 1;
        out.push('{');
        for (i, (name, child)) in self.children.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            if flat {
                let _ = write!(out, "{comma}{}", if i == 0 { "" } else { " " });
            } else {
                let _ = write!(out, "{comma}\n{}", "  ".repeat(depth + 1));
            }
            let _ = write!(out, "{}: ", quoted(name));
            child.write(depth + 1, out);
        }
        if !flat {
            let _ = write!(out, "\n{}", "  ".repeat(depth));
        }
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_the_middle() {
        assert_eq!(median(&[1, 4, 9]), "4");
        assert_eq!(median(&[1, 4]), "2.5");
        assert_eq!(median(&[]), "null");
    }

    #[test]
    fn fiscal_quarters_start_in_february() {
        let mut truth = Truth::default();
        for month in [0, 1, 3, 4] {
            truth.month("won", month, 1);
        }
        let text = truth.json(&[], &[]).unwrap();
        let quarters = &text[text.find("by_fiscal_quarter_starting").unwrap()..];
        assert!(quarters.contains(r#""2023-11": 1, "2024-02": 2, "2024-05": 1, "2024-08": 0"#), "{text}");
    }
}
