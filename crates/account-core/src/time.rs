//! Points in time, with one precision in every store: Unix milliseconds.
//!
//! Nothing here reads a clock; that is the [`Clock`](crate::ports::clock::Clock) port's. All
//! arithmetic saturates, so a clock set to the year 1970 or far ahead breaks nothing.

use std::time::Duration;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, negative before.
///
/// ```
/// use account_core::time::Timestamp;
/// use std::time::Duration;
/// let noon = Timestamp::from_millis(1_769_860_800_000);
/// assert_eq!(noon.to_rfc3339(), "2026-01-31T12:00:00+00:00");
/// assert_eq!(noon.plus(Duration::from_secs(60)).since(noon), Duration::from_secs(60));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down; zero before it.
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// Later by `by`, saturating.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// Earlier by `by`, saturating.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether `now` is less than `lifetime` after this, and this no more than `lifetime` after `now`:
    /// what was made while the clock ran far ahead is not young for years (REL-13).
    pub fn is_within(self, lifetime: Duration, now: Self) -> bool {
        now.since(self) < lifetime && self.since(now) <= lifetime
    }

    /// RFC 3339 in UTC with a numeric offset and second precision (contract 1.1). Years outside
    /// 0000 to 9999 are shown as the nearest point inside.
    pub fn to_rfc3339(self) -> String {
        const FIRST: i64 = -62_167_219_200;
        const LAST: i64 = 253_402_300_799;
        let seconds = self.0.div_euclid(1000).clamp(FIRST, LAST);
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) =
            (of_day.div_euclid(3600), of_day.div_euclid(60).rem_euclid(60), of_day.rem_euclid(60));
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00")
    }

    /// From RFC 3339 section 5.6: date and time with an offset, fractions cut to milliseconds. `None`
    /// for anything else; a leap second is none of ours.
    ///
    /// ```
    /// use account_core::time::Timestamp;
    /// let noon = Timestamp::parse_rfc3339("2026-01-31T13:00:00.25+01:00").unwrap();
    /// assert_eq!(noon.as_millis(), 1_769_860_800_250);
    /// assert!(Timestamp::parse_rfc3339("2026-02-29T00:00:00Z").is_none());
    /// ```
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let (time, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (fraction, offset) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?,
            None => ("0", rest),
        };
        let days = days_from_civil(year, month, day)?;
        let minutes = days.checked_mul(1440)?.checked_add(hour.checked_mul(60)?)?.checked_add(minute)?;
        let seconds = minutes.checked_sub(offset_minutes(offset)?)?.checked_mul(60)?.checked_add(second)?;
        seconds.checked_mul(1000)?.checked_add(leading_millis(fraction)?).map(Self)
    }
}

/// Numbers of fixed widths between separators.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (number, width) in found.iter_mut().zip(widths) {
        let digits = parts.next()?;
        if digits.len() != width || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = digits.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

/// The first three digits of a fraction, as milliseconds.
fn leading_millis(fraction: &str) -> Option<i64> {
    if fraction.is_empty() {
        return None;
    }
    let digits: String = fraction.chars().chain("00".chars()).take(3).collect();
    digits.parse().ok()
}

/// `Z`, or hours and minutes east of Greenwich.
fn offset_minutes(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    let (sign, rest) = text.split_at_checked(1)?;
    let [hours, minutes] = numbers(rest, ':', [2, 2])?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = hours.checked_mul(60)?.checked_add(minutes)?;
    match sign {
        "+" => Some(offset),
        "-" => offset.checked_neg(),
        _ => None,
    }
}

/// The inverse of [`civil_from_days`] for the years 0 to 9999; `None` for a day that there is not.
#[expect(clippy::arithmetic_side_effects, reason = "four digits of a year overflow nothing")]
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (civil_from_days(days) == (year, month, day)).then_some(days)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Days since 1970-01-01 to (year, month, day) of the proleptic Gregorian calendar, for the range
/// that `to_rfc3339` clamps to. Howard Hinnant, "chrono-compatible low-level date algorithms".
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the caller clamps to the years 0 to 9999, where nothing overflows"
)]
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_dates_print_as_the_contract_writes_them() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (-1, "1969-12-31T23:59:59+00:00"),
            (951_782_400_000, "2000-02-29T00:00:00+00:00"),
            (2_147_483_648_000, "2038-01-19T03:14:08+00:00"),
            (i64::MAX, "9999-12-31T23:59:59+00:00"),
            (i64::MIN, "0000-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_rfc3339(), text);
        }
    }

    #[test]
    fn what_is_no_rfc_3339_time_is_none() {
        for bad in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00Z",
            "2026-13-01T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:60Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+1:00",
            "2026-01-31T12:00:00+24:00",
            "+026-01-31T12:00:00Z",
            "2026-01-31T12:00:00Zx",
            "2026-01-31\u{e9}12:00:00Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_point_in_time_is_read_back(seconds in -62_167_219_200i64..253_402_300_800) {
            let time = Timestamp::from_millis(seconds * 1000);
            prop_assert_eq!(Timestamp::parse_rfc3339(&time.to_rfc3339()), Some(time));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", close in "[0-9TZ:. +-]{0,32}") {
            let _ = (Timestamp::parse_rfc3339(&text), Timestamp::parse_rfc3339(&close));
        }

        #[test]
        fn no_point_in_time_panics_and_order_is_kept(a in any::<i64>(), b in any::<i64>()) {
            let (a, b) = (Timestamp::from_millis(a.min(b)), Timestamp::from_millis(a.max(b)));
            prop_assert!(a.to_rfc3339() <= b.to_rfc3339());
            prop_assert_eq!(a.since(b), if a == b { Duration::ZERO } else { a.since(b) });
        }
    }
}
