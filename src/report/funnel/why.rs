//! Why two funnels count a process differently at a stage.
//!
//! In: what each side makes of it ([`Seen`]). Out: one reason ([`Why`]).

/// What a side makes of a process at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    NoStage,
    NotReached,
    /// Reached, on no known day.
    NoDay,
    /// Reached, on none of the days shown.
    Outside,
    Counted,
}

/// The same, with what it adds to the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub state: State,
    /// Whether the first entry that counts is inferred.
    pub inferred: bool,
    pub day: i32,
    /// Period of each entry that counts.
    pub volume: Vec<usize>,
    /// Of each that is in the base of the share.
    pub base: Vec<usize>,
    /// Of each that the next stage followed.
    pub next: Vec<usize>,
}

/// Why the sides differ; the flag says which side counts it: A (false) or B (true).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    StageOnly(bool),
    ReachedOnly(bool),
    InferredOnly(bool),
    NoDay(bool),
    Outside(bool),
    Entries,
    OtherPeriod,
    NotObserved(bool),
    NextOnly(bool),
    NextElsewhere,
    NextWithout(bool),
}

impl Why {
    /// For machines and for people.
    pub fn words(self) -> (&'static str, String) {
        let name = |b: bool| if b { "B" } else { "A" };
        let only = |x: bool, a: &'static str, b: &'static str| if x { b } else { a };
        match self {
            Self::StageOnly(x) => (
                only(x, "stage_only_in_a", "stage_only_in_b"),
                format!("only {} has the stage, and exports that show it", name(x)),
            ),
            Self::ReachedOnly(x) => {
                (only(x, "reached_only_in_a", "reached_only_in_b"), format!("only {} has evidence of it", name(x)))
            }
            Self::InferredOnly(x) => (
                only(x, "inferred_only_in_a", "inferred_only_in_b"),
                format!("{} infers it from a later stage, {} does not", name(x), name(!x)),
            ),
            Self::NoDay(x) => {
                (only(x, "no_day_in_b", "no_day_in_a"), format!("{} has no day to count it on", name(!x)))
            }
            Self::Outside(x) => {
                (only(x, "outside_in_b", "outside_in_a"), format!("{} dates it outside of the days shown", name(!x)))
            }
            Self::Entries => ("other_number_of_entries", "A and B find different numbers of entries".into()),
            Self::OtherPeriod => ("other_period", "A and B count it in different periods".into()),
            Self::NotObserved(x) => (
                only(x, "not_observed_in_b", "not_observed_in_a"),
                format!("{} leaves it out of the share: observed for too short", name(!x)),
            ),
            Self::NextOnly(x) => {
                (only(x, "next_only_in_a", "next_only_in_b"), format!("only {} counts it as gone on", name(x)))
            }
            Self::NextElsewhere => ("next_in_other_period", "A and B count it as gone on in different periods".into()),
            Self::NextWithout(x) => (
                only(x, "next_without_this_in_a", "next_without_this_in_b"),
                format!("{} counts it at the next stage, though not here", name(x)),
            ),
        }
    }

    /// The reason, where they differ.
    pub fn of(a: &Seen, b: &Seen) -> Option<Self> {
        if (&a.volume, &a.base, &a.next) == (&b.volume, &b.base, &b.next) {
            return None;
        }
        let only = |x: bool, it: &Seen, other: &Seen| match other.state {
            State::NoDay => Self::NoDay(x),
            State::Outside => Self::Outside(x),
            _ if it.inferred => Self::InferredOnly(x),
            _ => Self::ReachedOnly(x),
        };
        Some(match (a.state, b.state) {
            (State::NoStage, _) => Self::StageOnly(true),
            (_, State::NoStage) => Self::StageOnly(false),
            (State::Counted, State::Counted) if a.volume.len() != b.volume.len() => Self::Entries,
            (State::Counted, State::Counted) if a.volume != b.volume => Self::OtherPeriod,
            (State::Counted, State::Counted) if a.base != b.base => Self::NotObserved(b.base.len() > a.base.len()),
            (State::Counted, State::Counted) if a.next.len() != b.next.len() => {
                Self::NextOnly(b.next.len() > a.next.len())
            }
            (State::Counted, State::Counted) => Self::NextElsewhere,
            (State::Counted, _) => only(false, a, b),
            (_, State::Counted) => only(true, b, a),
            _ => Self::NextWithout(b.next.len() > a.next.len()),
        })
    }
}
