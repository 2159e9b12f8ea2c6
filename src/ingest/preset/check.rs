//! The text of a preset → a checked [`Preset`].
//!
//! In: TOML. Out: the preset, or every problem with its line and column. A mistake in the TOML itself ends the check at
//! once; mistakes in what it says are collected.

use std::ops::Range;

use super::raw::{Raw, RawStage};
use super::{Preset, Subject};
use toml::Spanned;

use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::tables::{Kind, Type};

/// See [`super::parse`].
pub(super) fn parse(text: &str, file: &str) -> Result<Preset, Issues> {
    let raw: Raw = toml::from_str(text).map_err(|e| unreadable(text, file, &e))?;
    let mut check = Check { text, file, issues: Vec::new() };
    let table = check.raw(&raw);
    Issues(check.issues).into_result()?;
    Ok(raw.into_preset(table))
}

/// A TOML mistake in our words: what serde expected becomes the hint.
fn unreadable(text: &str, file: &str, error: &toml::de::Error) -> Issues {
    let place = error.span().map_or_else(|| Place::file(file), |span| place(text, file, span.start));
    let message = error.message().replace('\n', "; ");
    let issue = match message.split_once(", expected ") {
        Some((what, expected)) => Issue::usage(place, what).hint(format!("expected {expected}")),
        None => Issue::usage(place, message).hint("a preset is TOML; compare it with a built-in preset"),
    };
    issue.into()
}

fn place(text: &str, file: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place::at(file, line as u64, column as u64)
}

struct Check<'a> {
    text: &'a str,
    file: &'a str,
    issues: Vec<Issue>,
}

impl Check<'_> {
    fn issue(&mut self, span: Range<usize>, what: impl Into<String>, hint: impl Into<String>) {
        self.issues.push(Issue::usage(place(self.text, self.file, span.start), what).hint(hint));
    }

    fn raw(&mut self, raw: &Raw) -> Option<Kind> {
        let id = raw.id.get_ref();
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            self.issue(raw.id.span(), format!("`{id}` is no preset id"), "use lower-case letters, digits and `_`");
        }
        self.signatures(raw);
        match (&raw.refused, &raw.help) {
            (Some(why), None) => self.issue(why.span(), "`refused` without `help`", "say what to do instead"),
            (None, Some(help)) => self.issue(help.span(), "`help` without `refused`", "say why the file is refused"),
            _ => {}
        }
        if let Some(same) = raw.same.as_ref().filter(|s| s.get_ref().len() != 2) {
            self.issue(same.span(), "`same` is not two headers", "name the first and the last day's header");
        }
        match (&raw.table, raw.not_needed.as_ref().or(raw.refused.as_ref())) {
            (Some(table), None) => {
                let kind = Kind::named(table.get_ref());
                match kind {
                    Some(kind) => self.rows(raw, table.span(), kind),
                    None => self.issue(
                        table.span(),
                        format!("there is no table `{}`", table.get_ref()),
                        did_you_mean(table.get_ref(), Kind::ALL.map(Kind::id)),
                    ),
                }
                kind
            }
            (None, Some(why)) => {
                let says = !(raw.constants.is_empty() && raw.columns.is_empty() && raw.values.is_empty());
                let both = raw.not_needed.is_some() && raw.refused.is_some();
                if both || says || !raw.stage_columns.is_empty() || raw.only.is_some() {
                    self.issue(
                        why.span(),
                        "a file that is not used has no columns, and one reason",
                        "take the others out",
                    );
                }
                None
            }
            (Some(_), Some(why)) => {
                self.issue(why.span(), "a reason not to use the file stands beside `table`", "keep one of them");
                None
            }
            (None, None) => {
                self.issue(
                    raw.id.span(),
                    format!("`{id}` has no `table`"),
                    "add `table`, or `not_needed` or `refused` with the reason",
                );
                None
            }
        }
    }

    fn signatures(&mut self, raw: &Raw) {
        let span = raw.signature.span();
        let signatures = &raw.signature.get_ref().0;
        if signatures.is_empty() || signatures.iter().any(|s| s.all.is_empty()) {
            self.issue(span.clone(), "a signature without headers would fit every file", "name headers in `all`");
        }
        for both in signatures.iter().flat_map(|s| s.all.iter().filter(|h| s.none.contains(h))) {
            self.issue(
                span.clone(),
                format!("header `{both}` is in `all` and in `none`"),
                "take it out of one of them",
            );
        }
        if let Some(only) = &raw.only {
            let column = only.column.get_ref();
            if signatures.iter().any(|s| !s.all.contains(column)) {
                self.issue(
                    only.column.span(),
                    format!("rows are chosen by `{column}`, which a signature does not ask for"),
                    format!("add `{column}` to `all` of every signature"),
                );
            }
        }
    }

    fn rows(&mut self, raw: &Raw, table: Range<usize>, kind: Kind) {
        let names = kind.fields().iter().map(|f| f.name);
        let mentioned =
            raw.constants.keys().chain(raw.columns.keys()).chain(raw.unless.keys()).chain(raw.values.keys());
        for name in mentioned.chain(raw.fallback.keys()).chain(raw.joined.keys()).chain(raw.scale.keys()) {
            if kind.field(name.get_ref()).is_none() {
                self.issue(
                    name.span(),
                    format!("table `{}` has no column `{}`", kind.id(), name.get_ref()),
                    did_you_mean(name.get_ref(), names.clone()),
                );
            }
        }
        for name in raw.constants.keys().filter(|n| raw.columns.contains_key(*n)) {
            let what = format!("`{}` is a constant and a column", name.get_ref());
            self.issue(name.span(), what, "keep one of them");
        }
        for (name, _) in raw.columns.iter().filter(|(_, headers)| headers.is_empty()) {
            self.issue(name.span(), format!("`{}` has no headers", name.get_ref()), "list the headers it may have");
        }
        for (name, _) in raw.fallback.iter().chain(&raw.joined).filter(|(_, headers)| headers.is_empty()) {
            self.issue(name.span(), format!("`{}` has no headers", name.get_ref()), "list the headers it may have");
        }
        let numeric = |name: &str| kind.field(name).is_some_and(|f| matches!(f.kind, Type::Money | Type::Number));
        for name in raw.scale.keys().filter(|n| !numeric(n.get_ref()) || !raw.columns.contains_key(*n)) {
            let what = format!("`{}` has no number to scale", name.get_ref());
            self.issue(name.span(), what, "scale a column of [columns] that holds amounts or numbers");
        }
        for except in raw.except.iter().filter(|e| e.values.is_empty() != e.blank) {
            self.issue(except.column.span(), "rows are set aside by `values` or by `blank`", "keep one of them");
        }
        let columns = |name: &Spanned<String>| raw.columns.contains_key(name) || raw.joined.contains_key(name);
        for name in raw.unless.keys().chain(raw.values.keys()).chain(raw.fallback.keys()).filter(|n| !columns(n)) {
            let what = format!("`{}` is not in [columns]", name.get_ref());
            self.issue(name.span(), what, "map the column, or take this out");
        }
        for (name, values) in &raw.values {
            let is_flag = kind.field(name.get_ref()).is_some_and(|f| f.kind == Type::Flag);
            for value in values.values().filter(|v| is_flag && !matches!(v.get_ref().as_str(), "true" | "false" | "")) {
                self.issue(value.span(), format!("`{}` is neither yes nor no", value.get_ref()), "write true or false");
            }
        }
        let given = |name: &&str| {
            [raw.columns.contains_key(*name), raw.joined.contains_key(*name), raw.constants.contains_key(*name)]
                .contains(&true)
        };
        for group in kind.keys().iter().filter(|group| !group.iter().any(given)) {
            let what = format!("a row of `{}` means nothing without {}", kind.id(), group.join(" or "));
            self.issue(table.clone(), what, "map it in [columns]");
        }
        for stage in &raw.stage_columns {
            self.stage(stage, kind);
        }
    }

    fn stage(&mut self, stage: &RawStage, kind: Kind) {
        let header = stage.header.get_ref();
        match (&stage.stage, header.split_once("{stage}")) {
            (Some(_), Some(_)) => {
                self.issue(stage.header.span(), "`stage` stands beside a header with `{stage}`", "keep one of them");
            }
            (None, None) => {
                self.issue(
                    stage.header.span(),
                    format!("`{header}` names no stage"),
                    "add `{stage}`, or `stage = \"…\"`",
                );
            }
            (None, Some((_, rest))) if rest.starts_with("{pipeline}") => {
                self.issue(
                    stage.header.span(),
                    "nothing divides `{stage}` from `{pipeline}`",
                    "write what stands between",
                );
            }
            (None, Some((before, _))) if before.contains("{pipeline}") => {
                self.issue(stage.header.span(), "`{pipeline}` stands before `{stage}`", "only the other order is read");
            }
            _ => {}
        }
        let (wanted, word) = match stage.subject.get_ref() {
            Subject::Person => (Kind::People, "person"),
            Subject::Deal => (Kind::Deals, "deal"),
        };
        if kind != wanted {
            let what = format!("a row of `{}` is no {word}", kind.id());
            self.issue(
                stage.subject.span(),
                what,
                format!("stage columns of a {word} need table = \"{}\"", wanted.id()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Signature;
    use super::*;

    const GOOD: &str = r#"id = "ours"
title = "Ours"
system = "ledger"
table = "deals"
evidence = "D"

[signature]
all = ["Id"]

[columns]
deal_id = ["Id"]
is_won = ["Won"]

[values.is_won]
"Yes" = "true"
"*" = "false"

[[stage_columns]]
header = "Entered {stage} ({pipeline})"
subject = "deal"
field = "Stage"
"#;

    fn issues(from: &str, to: &str) -> Vec<String> {
        assert!(GOOD.contains(from), "{from}");
        let issues = parse(&GOOD.replacen(from, to, 1), "p.toml").unwrap_err();
        issues.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reads_one_signature_or_several() {
        let one = parse(GOOD, "p.toml").unwrap();
        assert_eq!(one.table, Some(Kind::Deals));
        assert_eq!(one.signatures, [Signature { all: vec!["Id".into()], none: vec![] }]);
        assert_eq!(one.values["is_won"]["*"], "false");
        let several = GOOD.replace("[signature]", "[[signature]]\nall = [\"Nr\"]\nnone = [\"X\"]\n[[signature]]");
        let two = parse(&several, "p.toml").unwrap();
        assert_eq!(two.signatures.len(), 2);
        assert_eq!(two.signatures[0].none, ["X"]);
    }

    #[test]
    fn a_mistyped_key_is_placed_and_lists_what_is_known() {
        let all = issues("title =", "titel =");
        assert!(
            all[0].starts_with("error: p.toml:2:1: unknown field `titel`\n  help: expected one of `id`"),
            "{all:?}"
        );
        let all = issues("all = [\"Id\"]", "al = [\"Id\"]");
        assert!(all[0].starts_with("error: p.toml:8:1: unknown field `al`\n  help: expected `all`"), "{all:?}");
    }

    #[test]
    fn broken_toml_is_placed() {
        let all = issues("evidence = \"D\"", "evidence = \"D");
        assert!(all[0].starts_with("error: p.toml:5:"), "{all:?}");
        let all = issues("evidence = \"D\"", "evidence = \"E\"");
        assert!(all[0].starts_with("error: p.toml:5:12: unknown variant `E`\n  help: expected one of `A`"), "{all:?}");
    }

    #[test]
    fn unknown_columns_and_tables_get_a_suggestion() {
        assert_eq!(
            issues("is_won = [\"Won\"]", "is_one = [\"Won\"]")[0],
            "error: p.toml:12:1: table `deals` has no column `is_one`\n  help: did you mean `is_won`?"
        );
        assert_eq!(
            issues("\"deals\"", "\"deal\""),
            ["error: p.toml:4:9: there is no table `deal`\n  help: did you mean `deals`?"]
        );
    }

    #[test]
    fn all_mistakes_are_said_at_once() {
        let all = issues("deal_id = [\"Id\"]\nis_won = [\"Won\"]", "nam = []");
        assert_eq!(all.len(), 4, "{all:#?}");
        assert_eq!(
            all[3],
            "error: p.toml:4:9: a row of `deals` means nothing without deal_id\n  help: map it in [columns]"
        );
    }

    #[test]
    fn flags_are_true_or_false() {
        assert_eq!(
            issues("\"Yes\" = \"true\"", "\"Yes\" = \"yes\""),
            ["error: p.toml:15:9: `yes` is neither yes nor no\n  help: write true or false"]
        );
    }

    #[test]
    fn stage_columns_name_a_stage_and_fit_the_table() {
        assert!(issues("{stage} ({pipeline})", "x")[0].contains("p.toml:19:10: `Entered x` names no stage"));
        assert!(issues("{stage} ({pipeline})", "{pipeline} {stage}")[0].contains("stands before"));
        assert!(issues("subject = \"deal\"", "subject = \"person\"")[0].contains("p.toml:20:11: a row of `deals`"));
    }

    #[test]
    fn a_table_or_a_reason_but_not_both() {
        assert!(issues("table = \"deals\"\n", "")[0].contains("has no `table`"));
        assert!(issues("table = \"deals\"", "table = \"deals\"\nnot_needed = \"x\"")[0].contains("p.toml:5:14"));
        assert!(issues("table = \"deals\"", "not_needed = \"x\"")[0].contains("has no columns"));
    }

    #[test]
    fn signatures_say_something() {
        assert!(issues("all = [\"Id\"]", "all = []")[0].contains("would fit every file"));
        assert!(issues("all = [\"Id\"]", "all = [\"Id\"]\nnone = [\"Id\"]")[0].contains("in `all` and in `none`"));
        let only = "[only]\ncolumn = \"Field\"\nvalues = []\nreason = \"r\"\n[[stage_columns]]";
        assert!(issues("[[stage_columns]]", only)[0].contains("rows are chosen by `Field`"));
    }
}
