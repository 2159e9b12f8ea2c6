//! The records behind a figure of the horizon.
//!
//! In: what was loaded, the flags, and which figure. Out: [`Found`]: the buying processes and the rows of the ledger that it is
//! made of. What a process gives is what it gives to the report's own counts when it is counted alone.

use anyhow::Result;

use super::count::{Anchor, Asked, Buyers, Group, Lag, Span, alone};
use super::{MEASURE, View, count, with};
use crate::catalogue::Catalogue;
use crate::cli::HorizonArgs;
use crate::evaluate::{self, Fate, Input, Slice, segment_text};
use crate::facts::Segment;
use crate::report::behind::{Asked as Wanted, Behind, Found, Of};
use crate::session::Data;
use crate::stats::survival::Event;
use crate::tables::{Kind, NO_MONEY};

/// What stands behind a figure.
///
/// # Errors
/// As the report itself.
pub fn behind(data: &Data, args: &HorizonArgs, wanted: &Wanted<'_>) -> Result<Found> {
    with(data, args, |view, asked| view.behind(asked, args, wanted))
}

/// A process and what it gives alone.
type Alone = (usize, Group);

fn word(event: Event) -> String {
    match event {
        Event::Win => "won",
        Event::Lost => "lost",
        Event::Censored => "open",
    }
    .to_string()
}

impl View<'_> {
    fn behind(&self, asked: &Asked<'_>, args: &HorizonArgs, wanted: &Wanted<'_>) -> Result<Found> {
        let segment = wanted.key("segment");
        let place = self.segments.iter().position(|of| segment_text(self.by, of) == segment);
        let mine = |at: &usize| asked.keep[*at] && (segment.is_empty() || asked.segment_of.map(|of| of[*at]) == place);
        let all: Vec<Alone> = (0..asked.journeys.len()).filter(mine).map(|at| (at, alone(asked, at))).collect();
        let others = (asked.journeys.len() - all.len()) as u64;
        let period = self.time.shown.all.iter().position(|p| p.label == wanted.key("period"));
        let buyers = Buyers::ALL.into_iter().find(|b| b.id() == wanted.key("buyers")).unwrap_or(Buyers::All);
        let mut found = match wanted.records {
            "won_at_lag" => self.won_at_lag(&all, wanted, period),
            "cohort" => self.cohort_behind(&all, args, wanted, period, buyers)?,
            "followed" => self.followed_behind(&all, buyers),
            "days" => Self::days_behind(&all, wanted, buyers),
            "mqls" => self.mqls_behind(&all, wanted, period),
            _ => return Ok(Found::default()),
        };
        let processes = |r: &&Behind| matches!(r.of, Of::Process(_));
        let mut listed: Vec<Of> = found.records.iter().filter(processes).map(|r| r.of).collect();
        listed.sort_unstable();
        listed.dedup();
        let listed = listed.len() as u64;
        let mut account = vec![("buying processes".to_string(), asked.journeys.len() as u64)];
        if others > 0 {
            account.push(("out: not in the condition or the segment".to_string(), others));
        }
        account.push(("out: not what the figure is of, in these days".to_string(), all.len() as u64 - listed));
        account.push(("in".to_string(), listed));
        account.append(&mut found.account);
        Ok(Found { account, ..found })
    }

    /// The day on which a process closed.
    fn closed(&self, at: usize) -> Option<i32> {
        Some(self.data.journeys.closed[at]).filter(|day| *day != crate::journey::NO_DAY)
    }

    fn amount(&self, at: usize) -> Option<f64> {
        Some(self.data.journeys.amount[at]).filter(|amount| *amount != NO_MONEY).map(|minor| self.major(minor))
    }

    /// The day on which a process entered.
    fn entered(&self, at: usize) -> Option<i32> {
        let close = crate::journey::spells::close(&self.data.session.contract);
        count::entry(&self.data.journeys, close, at).map(|(_, day)| day)
    }

    /// Every deal won in the days, with its lag: those of the lag asked for give to the numerator, and all make the denominator.
    fn won_at_lag(&self, all: &[Alone], wanted: &Wanted<'_>, period: Option<usize>) -> Found {
        let anchor = Anchor::ALL.into_iter().find(|anchor| anchor.id() == wanted.key("anchor"));
        let mut records = Vec::new();
        for (at, group) in all {
            for (key, _) in group.won.iter().filter(|(key, _)| Some(key.0) == anchor) {
                let (_, won_in, lag) = *key;
                if period.is_some_and(|period| period != won_in) {
                    continue;
                }
                let of_lag = wanted.key("lag") == "all" || lag.id() == wanted.key("lag");
                let amount = self.amount(*at);
                let gives = if wanted.item == "deals_share" { Some(1.0) } else { amount };
                records.push(Behind {
                    to: if of_lag { "numerator" } else { "denominator" },
                    day: self.closed(*at),
                    lag: if let Lag::Periods(n) = lag { n.to_string() } else { lag.id() },
                    amount,
                    gives,
                    reason: match (gives, of_lag) {
                        (None, _) => "counted_without_value",
                        (_, true) => "counted",
                        (_, false) => "other_lag",
                    },
                    ..Behind::new(Of::Process(*at))
                });
            }
        }
        let notes = vec![format!(
            "Lag: whole {} from the beginning ({}) to the close. Those of other lags are in the denominator only.",
            format_args!("{}s", self.time.shown.kind.id()),
            wanted.key("anchor").replace('_', " ")
        )];
        Found { records, account: Vec::new(), adds_up: true, notes }
    }

    /// Deals of the entrants, created or won up to an age; of a figure per unit of spend the rows of the ledger too.
    fn cohort_behind(
        &self,
        all: &[Alone],
        args: &HorizonArgs,
        wanted: &Wanted<'_>,
        period: Option<usize>,
        buyers: Buyers,
    ) -> Result<Found> {
        let age: usize = wanted.key("lag").parse().unwrap_or(0);
        let created = ["deals", "pipeline", "pipeline_per_spend"].contains(&wanted.item);
        let per_spend = wanted.item.ends_with("_per_spend");
        let counts = |of: usize| {
            let old = period.map_or_else(|| self.is_old_enough(of, age), |period| period == of);
            // All together are those whose spend is known.
            old && (!per_spend || period.is_some() || self.spend.of[of].is_ok())
        };
        let mut records = Vec::new();
        for (at, group) in all {
            for ((_, entered), cohort) in group.cohorts.iter().filter(|((b, p), _)| *b == buyers && counts(*p)) {
                let came = if created { &cohort.created } else { &cohort.won };
                let came_at = came.range(..=age).next().map(|(age, _)| *age);
                let Some(came_at) = came_at else { continue };
                let amount = self.amount(*at);
                let gives = if ["deals", "won"].contains(&wanted.item) { Some(1.0) } else { amount };
                records.push(Behind {
                    to: if per_spend { "numerator" } else { "value" },
                    began: self.time.shown.all[*entered].label.clone(),
                    day: if created { Some(self.data.journeys.created[*at]) } else { self.closed(*at) },
                    lag: came_at.to_string(),
                    amount,
                    gives,
                    reason: if gives.is_some() { "counted" } else { "counted_without_value" },
                    ..Behind::new(Of::Process(*at))
                });
            }
        }
        let mut account = Vec::new();
        if per_spend {
            let spent = self.spend_behind(args, |day| {
                let of = self.time.shown.index(day);
                of.is_some_and(counts)
            })?;
            account.push(("rows of the spend ledger".to_string(), spent.len() as u64));
            records.extend(spent);
        }
        let mut notes = vec!["Began: the period of entry. Lag: the age in whole periods at which it came.".to_string()];
        if per_spend {
            notes.push("Spend has no link to buyers: that it works when its buyers enter is an assumption.".into());
        }
        Ok(Found { records, account, adds_up: true, notes })
    }

    /// The rows of marketing's spend on days that count.
    fn spend_behind(&self, args: &HorizonArgs, counts: impl Fn(i32) -> bool) -> Result<Vec<Behind>> {
        let catalogue = Catalogue::new(&self.data.session.contract)?;
        let Some(measure) = catalogue.measures.get(MEASURE) else { return Ok(Vec::new()) };
        let Some(kind) = Kind::named(&measure.table) else { return Ok(Vec::new()) };
        let slice = Slice { by: Vec::new(), condition: args.slice.condition.clone() };
        let facts = self.data.facts();
        let Some(trace) = evaluate::trace(&facts, measure, self.time.shown, &slice, None, &Segment::new())? else {
            return Ok(Vec::new());
        };
        let rows = (0..trace.fates.len()).filter(|row| trace.fates[*row] == Fate::Counted);
        let rows = rows.filter(|row| trace.days[*row].is_some_and(&counts));
        let one = |row: usize| Behind {
            to: "denominator",
            day: trace.days[row],
            gives: if let Input::Number(value) = trace.inputs[row] { Some(value) } else { None },
            ..Behind::new(Of::Row(kind, row))
        };
        Ok(rows.map(one).collect())
    }

    /// Everybody whom the lag curve follows, with the age at which it ended or was last seen.
    fn followed_behind(&self, all: &[Alone], buyers: Buyers) -> Found {
        let mut records = Vec::new();
        for (at, group) in all {
            for one in group.followed.get(&buyers).into_iter().flatten() {
                records.push(Behind {
                    day: self.entered(*at),
                    lag: one.age.to_string(),
                    outcome: word(one.event),
                    amount: (one.event == Event::Win).then(|| self.major(one.money)),
                    reason: "followed",
                    ..Behind::new(Of::Process(*at))
                });
            }
        }
        let told = "Listed is everybody who entered in a whole period, with the age in whole periods at which it was won or lost, or \
                    to which it was seen. The figure is estimated from all of them (Aalen–Johansen), and no sum.";
        Found { records, account: Vec::new(), adds_up: false, notes: vec![told.to_string()] }
    }

    /// Everybody whose days are counted.
    fn days_behind(all: &[Alone], wanted: &Wanted<'_>, buyers: Buyers) -> Found {
        let span = Span::ALL.into_iter().find(|span| wanted.item.starts_with(span.names()[0]));
        let observed = wanted.item.contains("_observed_");
        let mut records = Vec::new();
        for (at, group) in all {
            let mine = group.days.iter().filter(|((b, s), _)| *b == buyers && Some(*s) == span);
            for (days, event) in mine.flat_map(|(_, all)| all) {
                let counts = !observed || *event == Event::Win;
                records.push(Behind {
                    days: Some(*days),
                    outcome: word(*event),
                    reason: if counts { "followed" } else { "did_not_come" },
                    ..Behind::new(Of::Process(*at))
                });
            }
        }
        let told = if observed {
            "Listed is everybody who was followed; the figure is of the days of those for whom it came (won), in order of their days."
        } else {
            "Listed is everybody who was followed, with the days to the event or to the last day seen. The figure is the day by which \
             half of those have it who get it at all (Aalen–Johansen), and no sum."
        };
        let told = told.to_string();
        Found { records, account: Vec::new(), adds_up: false, notes: vec![told] }
    }

    /// The MQLs of the period, and what became of them.
    fn mqls_behind(&self, all: &[Alone], wanted: &Wanted<'_>, period: Option<usize>) -> Found {
        let within = wanted.item == "conversion_within";
        // Of all days together: the mature periods alone.
        let counts = |of: usize| period.map_or_else(|| !within || self.counts(of), |period| period == of);
        let stage = self.mql.as_ref().ok();
        let mut records = Vec::new();
        for (at, group) in all {
            for (_, mqls) in group.mqls.iter().filter(|(p, _)| counts(**p)) {
                let won = if within { mqls.soon } else { mqls.won } > 0;
                let amount = self.amount(*at).filter(|_| mqls.won > 0);
                let (to, gives) = match wanted.item {
                    "conversion" | "conversion_within" if won => ("numerator", Some(1.0)),
                    "conversion" | "conversion_within" => ("denominator", Some(1.0)),
                    "revenue_per_mql" => ("numerator", amount),
                    "volume_change" => ("numerator", Some(1.0)),
                    // What they are made of is the yield, which lists who was won.
                    "yield_change" | "z" => ("value", None),
                    _ => ("value", Some(1.0)),
                };
                let outcome = match (mqls.won > 0, mqls.soon > 0) {
                    (true, true) => "won in time",
                    (true, false) => "won",
                    _ => "",
                };
                records.push(Behind {
                    to,
                    day: stage.and_then(|stage| self.data.journeys.stages[*stage][*at].day()),
                    outcome: outcome.to_string(),
                    amount,
                    gives,
                    reason: match gives {
                        None if wanted.item == "revenue_per_mql" => "counted_without_value",
                        _ => "counted",
                    },
                    ..Behind::new(Of::Process(*at))
                });
            }
        }
        let mut notes = Vec::new();
        if let Some(days) = self.mature_after {
            notes.push(format!("Won in time: within {days} days of the day on which they became marketing qualified."));
        }
        Found { records, account: Vec::new(), adds_up: true, notes }
    }
}
