//! Days and instants in one small type, and the time zone that says on which day an instant falls.
//!
//! In: civil times as `ingest` read them. Out: [`Stamp`], which remembers whether a value was a day or an instant, and
//! [`Zone`], a time zone unrolled once into a table so that ten million look-ups cost nothing.
//!
//! A value that was written as a day keeps its day, whatever the zone; an instant is converted to the contract's zone
//! before a day is taken from it.

use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;

const DAY_MS: i64 = 86_400_000;

/// A day or an instant: milliseconds since 1970 UTC, with one bit that says which. A day is its first instant in the
/// contract's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(i64);

impl Stamp {
    /// A missing time. Sorts before everything else.
    pub const NONE: Self = Self(i64::MIN);

    /// An instant.
    pub fn instant(utc_ms: i64) -> Self {
        Self(utc_ms << 1)
    }

    /// A day, by its first instant in the contract's zone.
    pub fn date(utc_ms: i64) -> Self {
        Self((utc_ms << 1) | 1)
    }

    /// Whether there is no time.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The value, unless it is missing.
    pub fn some(self) -> Option<Self> {
        if self.is_none() { None } else { Some(self) }
    }

    /// Whether it was written as a day.
    pub fn is_date(self) -> bool {
        self.0 & 1 == 1
    }

    /// Milliseconds since 1970 UTC.
    pub fn utc_ms(self) -> i64 {
        self.0 >> 1
    }

    /// The earlier of two, where a missing one gives way.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        match (self.is_none(), other.is_none()) {
            (true, _) => other,
            (_, true) => self,
            _ => self.min(other),
        }
    }
}

/// A time zone as a table of offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// IANA name.
    pub name: String,
    /// First UTC second of each span and its offset from UTC in seconds; the first span starts at the beginning of time.
    spans: Vec<(i64, i64)>,
    /// Per day since [`CALM_FROM`]: the offset, or [`NOT_CALM`] where the clock is changed within two days.
    calm: Arc<[i32]>,
}

/// The first day of [`Zone::calm`], 1990-01-01, and how many there are, to 2060.
const CALM_FROM: i64 = 7305;
const CALM_DAYS: i64 = 25_567;
const NOT_CALM: i32 = i32::MIN;

impl Zone {
    /// Universal time.
    pub fn utc() -> Self {
        Self::of("UTC", vec![(i64::MIN, 0)])
    }

    /// The zone of that IANA name.
    ///
    /// # Errors
    /// When the bundled time zone database does not know the name.
    pub fn named(name: &str) -> Result<Self> {
        let zone = TimeZone::get(name).with_context(|| format!("unknown time zone `{name}`"))?;
        let start = jiff::Timestamp::from_second(-2_208_988_800)?;
        let end = jiff::Timestamp::from_second(7_258_118_400)?;
        let mut spans = vec![(i64::MIN, i64::from(zone.to_offset(start).seconds()))];
        for change in zone.following(start) {
            if change.timestamp() > end {
                break;
            }
            spans.push((change.timestamp().as_second(), i64::from(change.offset().seconds())));
        }
        Ok(Self::of(name, spans))
    }

    fn of(name: &str, spans: Vec<(i64, i64)>) -> Self {
        let mut calm = Vec::new();
        let mut span = 0;
        for day in CALM_FROM..CALM_FROM + CALM_DAYS {
            let start = day * 86_400;
            while spans.get(span + 1).is_some_and(|(from, _)| *from <= start) {
                span += 1;
            }
            let changed = spans[span].0 > start - 2 * 86_400;
            let changes = spans.get(span + 1).is_some_and(|(from, _)| *from <= start + 3 * 86_400);
            let offset = i32::try_from(spans[span].1).ok().filter(|_| !changed && !changes);
            calm.push(offset.unwrap_or(NOT_CALM));
        }
        Self { name: name.to_string(), spans, calm: calm.into() }
    }

    /// The offset on a day and those around it, civil or universal, where it is one and the same.
    fn calm(&self, day: i64) -> Option<i64> {
        let at = usize::try_from(day - CALM_FROM).ok()?;
        self.calm.get(at).copied().filter(|offset| *offset != NOT_CALM).map(i64::from)
    }

    fn offset_s(&self, utc_s: i64) -> i64 {
        if let [(_, only)] = self.spans[..] {
            return only;
        }
        let after = self.spans.partition_point(|(from, _)| *from <= utc_s);
        self.spans[after.max(1) - 1].1
    }

    /// The instant of a wall-clock time. A time that the clock skipped is moved on by the gap; of one that it showed
    /// twice, the first is taken.
    pub fn to_utc(&self, civil_ms: i64) -> i64 {
        if let Some(offset) = self.calm(civil_ms.div_euclid(DAY_MS)) {
            return civil_ms - offset * 1000;
        }
        let civil_s = civil_ms.div_euclid(1000);
        let before = self.offset_s(civil_s - 86_400);
        let after = self.offset_s(civil_s + 86_400);
        let with_before = civil_ms - before * 1000;
        if before == after || self.offset_s(with_before.div_euclid(1000)) == before {
            return with_before;
        }
        let with_after = civil_ms - after * 1000;
        if self.offset_s(with_after.div_euclid(1000)) == after { with_after } else { with_before }
    }

    /// The offsets that hold between two instants: from, to and offset, all in milliseconds.
    pub fn offsets(&self, from_ms: i64, to_ms: i64) -> Vec<(i64, i64, i64)> {
        let first = self.spans.partition_point(|(start, _)| start.saturating_mul(1000) <= from_ms).saturating_sub(1);
        let ends = self.spans.iter().skip(first + 1).map(|(start, _)| start * 1000).chain([to_ms]);
        let spans = self.spans.iter().skip(first).zip(ends);
        spans
            .map(|((start, offset), end)| (start.saturating_mul(1000).max(from_ms), end.min(to_ms), offset * 1000))
            .take_while(|(start, end, _)| start < end)
            .collect()
    }

    /// The wall-clock time of an instant, in milliseconds.
    pub fn to_civil(&self, utc_ms: i64) -> i64 {
        if let Some(offset) = self.calm(utc_ms.div_euclid(DAY_MS)) {
            return utc_ms + offset * 1000;
        }
        utc_ms + self.offset_s(utc_ms.div_euclid(1000)) * 1000
    }

    /// The day a stamp falls on in this zone, as days since 1970-01-01; `None` when missing.
    #[allow(clippy::cast_possible_truncation)] // years 1900 to 2199 fit easily
    pub fn day(&self, stamp: Stamp) -> Option<i32> {
        stamp.some().map(|s| self.to_civil(s.utc_ms()).div_euclid(DAY_MS) as i32)
    }

    /// A day as a stamp.
    pub fn date(&self, day: i32) -> Stamp {
        Stamp::date(self.to_utc(i64::from(day) * DAY_MS))
    }
}

/// Days since 1970-01-01 of a date.
pub fn day_of(date: Date) -> i32 {
    date.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days())
}

/// The date of a day.
pub fn date_of(day: i32) -> Date {
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn agrees_with_jiff_around_every_change() {
        for name in ["America/New_York", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe"] {
            let zone = Zone::named(name).unwrap();
            let tz = TimeZone::get(name).unwrap();
            for hour in (0..24 * 366 * 3).step_by(7) {
                let civil = jiff::civil::date(2018, 1, 1).at(0, 30, 0, 0) + jiff::Span::new().hours(hour);
                let civil_ms = i64::from(day_of(civil.date())) * DAY_MS + i64::from(civil.hour()) * HOUR + HOUR / 2;
                let expected = tz.to_ambiguous_timestamp(civil).compatible().unwrap().as_millisecond();
                assert_eq!(zone.to_utc(civil_ms), expected, "{name} {civil}");
                let back = jiff::Timestamp::from_millisecond(expected).unwrap().to_zoned(tz.clone());
                assert_eq!(zone.day(Stamp::instant(expected)), Some(day_of(back.date())), "{name} {civil}");
            }
        }
    }

    #[test]
    fn a_day_stays_its_day_in_every_zone() {
        let zone = Zone::named("America/Sao_Paulo").unwrap();
        for day in 17_000..19_000 {
            assert_eq!(zone.day(zone.date(day)), Some(day));
            assert!(zone.date(day).is_date());
        }
    }

    #[test]
    fn days_and_dates_are_inverse() {
        assert_eq!(day_of(jiff::civil::date(1970, 1, 1)), 0);
        assert_eq!(day_of(jiff::civil::date(2026, 2, 28)), 20_512);
        assert_eq!(date_of(20_513), jiff::civil::date(2026, 3, 1));
        assert_eq!(date_of(day_of(jiff::civil::date(1899, 12, 31))), jiff::civil::date(1899, 12, 31));
    }

    #[test]
    fn a_missing_time_gives_way() {
        let a = Stamp::instant(5);
        assert_eq!(Stamp::NONE.earlier(a), a);
        assert_eq!(a.earlier(Stamp::NONE), a);
        assert_eq!(a.earlier(Stamp::instant(3)), Stamp::instant(3));
        assert_eq!(Zone::utc().day(Stamp::NONE), None);
    }
}
