//! Business hours, and a clock that runs only within them.
//!
//! In: hours such as `Mon-Fri 09:00-17:00`, holidays, a time zone. Out: [`Clock`], which says how much working time lies
//! between two instants. An instant is within the hours when the wall clock of the zone shows a time within them: on the
//! day the clocks go back an hour that it shows twice counts twice, and on the day they go forward the skipped one never.

use std::collections::BTreeSet;

use crate::time::Zone;

const DAY_MS: i64 = 86_400_000;
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When people are at work, by day of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// As it was written.
    pub text: String,
    /// From Monday: minutes of the day, from and to, in order and apart.
    week: [Vec<(i64, i64)>; 7],
}

/// What is wrong with hours, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The problem.
    pub what: String,
    /// The remedy.
    pub hint: String,
}

fn wrong(what: String, hint: &str) -> Wrong {
    Wrong { what, hint: hint.to_string() }
}

impl Hours {
    /// Reads `Mon-Fri 09:00-17:00`, or several such parts separated by commas: `Mon-Thu 09:00-17:00, Fri 09:00-13:00`.
    ///
    /// # Errors
    /// What is not such a part; hours that end before they begin; two parts that overlap.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        const FORM: &str = "write days and hours such as \"Mon-Fri 09:00-17:00\", several of them separated by commas";
        let mut week: [Vec<(i64, i64)>; 7] = Default::default();
        for part in text.split(',').map(str::trim) {
            let (days, hours) =
                part.split_once(' ').ok_or_else(|| wrong(format!("`{part}` is not days and hours"), FORM))?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let weekday = |name: &str| {
                let found = WEEKDAYS.iter().position(|day| name.trim().eq_ignore_ascii_case(day));
                found.ok_or_else(|| {
                    wrong(
                        format!("`{}` is no day of the week", name.trim()),
                        "write Mon, Tue, Wed, Thu, Fri, Sat or Sun",
                    )
                })
            };
            let (first, last) = (weekday(first)?, weekday(last)?);
            let (from, to) = hours
                .trim()
                .split_once('-')
                .and_then(|(from, to)| Some((minute(from)?, minute(to)?)))
                .ok_or_else(|| wrong(format!("`{}` is not a time from and to", hours.trim()), FORM))?;
            if from >= to {
                let hint = "hours end on the day they begin: write the part after midnight on its own, such as \"Mon-Thu 22:00-24:00, Tue-Fri 00:00-06:00\"";
                return Err(wrong(format!("`{}` ends before it begins", hours.trim()), hint));
            }
            let mut day = first;
            loop {
                week[day].push((from, to));
                if day == last {
                    break;
                }
                day = (day + 1) % 7;
            }
        }
        for (day, open) in week.iter_mut().enumerate() {
            open.sort_unstable();
            if open.windows(2).any(|pair| pair[1].0 < pair[0].1) {
                let name = WEEKDAYS[day];
                let name = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
                return Err(wrong(format!("hours of {name} overlap"), "say each hour once"));
            }
        }
        Ok(Self { text: text.trim().to_string(), week })
    }

    /// All day, every day.
    fn always() -> Self {
        Self { text: String::new(), week: std::array::from_fn(|_| vec![(0, 24 * 60)]) }
    }

    /// The seconds of a working day, where all working days have as many.
    pub fn day_seconds(&self) -> Option<i64> {
        let mut lengths = self.week.iter().filter(|open| !open.is_empty());
        let seconds = |open: &Vec<(i64, i64)>| open.iter().map(|(from, to)| (to - from) * 60).sum::<i64>();
        let first = seconds(lengths.next()?);
        lengths.all(|open| seconds(open) == first).then_some(first)
    }
}

/// `09:00` in minutes; `24:00` is the end of the day.
fn minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two =
        |part: &str| part.parse::<i64>().ok().filter(|_| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
    let (hour, minute) = (two(hour)?, two(minute)?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
}

/// Working time between instants, for a range of days.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Spans of working time: from, to (UTC milliseconds), and the working time before it. `None`: around the clock.
    open: Option<Vec<(i64, i64, i64)>>,
}

impl Clock {
    /// The clock of some hours (around the clock without any), but not on holidays, for the days from `first` to `last`, which
    /// are days since 1970 in the zone, as holidays are.
    pub fn new(zone: &Zone, hours: Option<&Hours>, holidays: &BTreeSet<i32>, first: i32, last: i32) -> Self {
        if hours.is_none() && holidays.is_empty() {
            return Self { open: None };
        }
        let always = Hours::always();
        let hours = hours.unwrap_or(&always);
        let (mut open, mut before) = (Vec::new(), 0);
        for day in (first..=last).filter(|day| !holidays.contains(day)) {
            // 1970-01-01 was a Thursday.
            let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
            let midnight = i64::from(day) * DAY_MS;
            let mut spans = Vec::new();
            for (from, to, offset) in zone.offsets(midnight - 2 * DAY_MS, midnight + 3 * DAY_MS) {
                for (opens, closes) in &hours.week[weekday] {
                    let opens = (midnight + opens * 60_000 - offset).max(from);
                    let closes = (midnight + closes * 60_000 - offset).min(to);
                    if opens < closes {
                        spans.push((opens, closes));
                    }
                }
            }
            spans.sort_unstable();
            for (opens, closes) in spans {
                open.push((opens, closes, before));
                before += closes - opens;
            }
        }
        // Clocks that go back over midnight show the end of a day again after the next one has begun.
        open.sort_unstable();
        Self { open: Some(open) }
    }

    fn until(open: &[(i64, i64, i64)], at: i64) -> i64 {
        let after = open.partition_point(|(from, _, _)| *from <= at);
        after.checked_sub(1).map_or(0, |last| {
            let (from, to, before) = open[last];
            before + at.min(to) - from
        })
    }

    /// Working time from one instant to another, in milliseconds; negative when the second comes first.
    pub fn between(&self, from: i64, to: i64) -> i64 {
        self.open.as_ref().map_or(to - from, |open| Self::until(open, to) - Self::until(open, from))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::time::day_of;

    const HOUR: i64 = 3_600_000;

    fn clock(zone: &str, hours: &str, holidays: &[i32]) -> Clock {
        let zone = Zone::named(zone).unwrap();
        let holidays = holidays.iter().copied().collect();
        let (first, last) = (day_of(date(2025, 1, 1)), day_of(date(2026, 1, 10)));
        Clock::new(&zone, Some(&Hours::parse(hours).unwrap()), &holidays, first, last)
    }

    fn at(zone: &str, text: &str) -> i64 {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        let zone = jiff::tz::TimeZone::get(zone).unwrap();
        zone.to_ambiguous_timestamp(civil).compatible().unwrap().as_millisecond()
    }

    #[test]
    fn nights_week_ends_and_holidays_do_not_count() {
        const NY: &str = "America/New_York";
        let clock = clock(NY, "Mon-Fri 09:00-17:00", &[day_of(date(2025, 7, 4))]);
        let between = |from, to| clock.between(at(NY, from), at(NY, to));
        // 2025-07-03 was a Thursday.
        assert_eq!(between("2025-07-03T16:00", "2025-07-07T10:00"), 2 * HOUR);
        assert_eq!(between("2025-07-05T12:00", "2025-07-07T09:00"), 0);
        assert_eq!(between("2025-07-04T10:00", "2025-07-04T15:00"), 0);
        assert_eq!(between("2025-07-07T08:59:59", "2025-07-07T09:00:01"), 1000);
        assert_eq!(between("2025-07-07T16:59:59", "2025-07-08T09:00:01"), 2000);
        assert_eq!(between("2025-07-08T10:00", "2025-07-07T16:00"), -2 * HOUR);
        // Eight hours on the Monday after the clocks changed, too.
        assert_eq!(between("2025-03-07T17:00", "2025-03-10T17:00"), 8 * HOUR);
        assert_eq!(between("2025-10-31T17:00", "2025-11-03T17:00"), 8 * HOUR);
    }

    #[test]
    fn an_hour_shown_twice_counts_twice_and_a_skipped_one_never() {
        const NY: &str = "America/New_York";
        let night = clock(NY, "Sun 00:30-01:30", &[]);
        assert_eq!(night.between(at(NY, "2025-11-01T12:00"), at(NY, "2025-11-02T12:00")), HOUR * 3 / 2);
        let early = clock(NY, "Sun 02:00-03:30", &[]);
        assert_eq!(early.between(at(NY, "2025-03-08T12:00"), at(NY, "2025-03-09T12:00")), HOUR / 2);
        let all = clock(NY, "Mon-Sun 00:00-24:00", &[]);
        assert_eq!(all.between(at(NY, "2025-03-09T00:00"), at(NY, "2025-03-10T00:00")), 23 * HOUR);
        let zone = Zone::named(NY).unwrap();
        let round = Clock::new(&zone, None, &BTreeSet::new(), 0, 0);
        assert_eq!(round.between(at(NY, "2025-03-09T00:00"), at(NY, "2025-03-10T00:00")), 23 * HOUR);
    }

    #[test]
    fn days_may_go_round_the_week_and_have_hours_of_their_own() {
        let hours = Hours::parse("Sun-Wed 08:00-16:00, Thu 08:00-13:00").unwrap();
        let open: Vec<usize> = hours.week.iter().map(Vec::len).collect();
        assert_eq!(open, [1, 1, 1, 1, 0, 0, 1]);
        assert_eq!(hours.day_seconds(), None);
        let lunch = Hours::parse("mon-fri 09:00-12:00, Mon-Fri 13:00-17:30").unwrap();
        assert_eq!(lunch.day_seconds(), Some(27_000));
    }

    #[test]
    fn wrong_hours_say_what_is_wrong() {
        for (text, what) in [
            ("9-17", "`9-17` is not days and hours"),
            ("Mon-Fry 09:00-17:00", "`Fry` is no day of the week"),
            ("Mon 9:00-17:00", "`9:00-17:00` is not a time from and to"),
            ("Mon 09:00-24:01", "`09:00-24:01` is not a time from and to"),
            ("Mon 09:00-17:60", "`09:00-17:60` is not a time from and to"),
            ("Mon 22:00-06:00", "`22:00-06:00` ends before it begins"),
            ("Mon 09:00-09:00", "`09:00-09:00` ends before it begins"),
            ("Mon-Fri 09:00-17:00, Wed 16:00-18:00", "hours of Wed overlap"),
            ("Mon-Fri 09:00-17:00,", "`` is not days and hours"),
        ] {
            assert_eq!(Hours::parse(text).map_err(|w| w.what), Err(what.to_string()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// The second route: every minute between the two instants, one by one, by what the wall clock shows (jiff's).
        #[test]
        fn agrees_with_a_loop_over_minutes(
            zone in prop::sample::select(vec!["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]),
            text in prop::sample::select(vec!["Mon-Fri 09:00-17:00", "Sat-Mon 00:00-24:00", "Sun 00:15-01:45, Mon-Thu 22:30-24:00, Fri 00:00-03:15", "Mon-Sun 01:00-03:00"]),
            start in 0_i64..525_600, length in 0_i64..12_000, holiday in 0_i32..365,
        ) {
            // Minutes of 2025; a quarter of the cases begins next to a change of the clocks.
            let year = day_of(date(2025, 1, 1));
            let near = [96_480 - 1500, 437_760 - 1500, start, start][usize::try_from(start % 4).unwrap()];
            let from = i64::from(year) * DAY_MS + near * 60_000;
            let to = from + length.min(6_000) * 60_000;
            let holidays: Vec<i32> = vec![year + holiday, day_of(date(2025, 3, 9))];
            let clock = clock(zone, text, &holidays);
            let hours = Hours::parse(text).unwrap();
            let tz = jiff::tz::TimeZone::get(zone).unwrap();
            let mut minutes = 0;
            for at in (from..to).step_by(60_000) {
                let civil = jiff::Timestamp::from_millisecond(at).unwrap().to_zoned(tz.clone());
                let minute = i64::from(civil.hour()) * 60 + i64::from(civil.minute());
                let weekday = usize::try_from(civil.weekday().to_monday_zero_offset()).unwrap();
                let open = hours.week[weekday].iter().any(|(a, b)| (*a..*b).contains(&minute));
                minutes += i64::from(open && !holidays.contains(&day_of(civil.date())));
            }
            prop_assert_eq!(clock.between(from, to), minutes * 60_000);
        }
    }
}
