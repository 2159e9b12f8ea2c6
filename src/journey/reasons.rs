//! Which lost reasons mean that a deal ended without a decision.
//!
//! In: the contract's list and a reason. Out: yes or no.

use super::squeezed;

/// Whether a reason is one of the list, in which `*` stands for anything. Case, spaces and signs do not count, so that
/// `No-Decision` is `no decision`.
pub fn is_no_decision(list: &[String], reason: &str) -> bool {
    let reason = squeezed(reason);
    !reason.is_empty() && list.iter().any(|pattern| matches(pattern, &reason))
}

fn matches(pattern: &str, text: &str) -> bool {
    let parts: Vec<String> = pattern.split('*').map(squeezed).collect();
    let [first, middle @ .., last] = &parts[..] else { return parts.iter().any(|only| only == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;

    #[test]
    fn reasons_are_what_they_mean() {
        let list = Contract::builtin().no_decision;
        for reason in [
            "No Decision",
            "No decision made",
            "No Decision / Non-Responsive",
            "no_decision",
            "Lost to No Decision",
            "Went dark",
            "Status quo",
            "Dead Deal",
            "Derailed",
            "STALLED",
        ] {
            assert!(is_no_decision(&list, reason), "{reason}");
        }
        for reason in ["", "-", "Price", "Competitor", "No budget", "Deadline", "Decision for another one"] {
            assert!(!is_no_decision(&list, reason), "{reason}");
        }
        let list = ["Lost to *".to_string(), "a*b*c".to_string()];
        for (reason, expected) in [
            ("lost to nobody", true),
            ("lost", false),
            ("a-c", false),
            ("abc", true),
            ("axxbyyc", true),
            ("abcd", false),
        ] {
            assert_eq!(is_no_decision(&list, reason), expected, "{reason}");
        }
        assert!(is_no_decision(&["*".to_string()], "anything") && !is_no_decision(&["*".to_string()], ""));
    }
}
