//! Times and durations, as people read and write them.

use crate::error::{Error, Result};
use chrono::{DateTime, Local, TimeDelta, Utc};

/// A time on the clock of whoever reads it, to the second.
pub(crate) fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time on the clock of whoever reads it, to the minute.
pub(crate) fn minute(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// The hour alone.
pub(crate) fn clock(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%H:%M:%S").to_string()
}

/// How long something took, in milliseconds.
pub(crate) fn took(milliseconds: f64) -> String {
    let seconds = milliseconds / 1_000.0;
    if milliseconds < 1.0 {
        "<1 ms".to_owned()
    } else if milliseconds < 1_000.0 {
        format!("{milliseconds:.0} ms")
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        long(TimeDelta::seconds(seconds as i64))
    }
}

/// A span of time in its two largest units.
pub(crate) fn long(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if minutes == 0 {
        format!("{seconds} s")
    } else if hours == 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else if days == 0 {
        format!("{hours} h {} min", minutes % 60)
    } else {
        format!("{days} d {} h", hours % 24)
    }
}

/// How long ago something was.
pub(crate) fn ago(time: DateTime<Utc>) -> String {
    format!("{} ago", long(chronicle::now() - time))
}

/// The time that an age (`90d`, `12h`, `4w`, `30min`) was ago.
pub(crate) fn before(age: &str) -> Result<DateTime<Utc>> {
    let refused = || {
        Error::Refused(format!(
            "`{age}` is no age: write a number and a unit, as 90d, 12h, 4w or 30min"
        ))
    };
    let age = age.trim();
    let digits = age.find(|sign: char| !sign.is_ascii_digit()).ok_or_else(refused)?;
    let (number, unit) = age.split_at(digits);
    let number: i64 = number.parse().map_err(|_| refused())?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "y" => 365 * 86_400,
        _ => return Err(refused()),
    };
    let span = number.checked_mul(seconds).and_then(TimeDelta::try_seconds).ok_or_else(refused)?;
    chronicle::now().checked_sub_signed(span).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        let days = |age: &str| before(age).map(|time| (chronicle::now() - time).num_hours()).ok();
        assert_eq!(days("90d"), Some(2_160));
        assert_eq!(days("2w"), Some(336));
        assert_eq!(days("12 h"), Some(12));
        for bad in ["", "d", "90", "90x", "-1d", "99999999999999999999d", "9999999999999y"] {
            assert!(before(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn spans_have_two_units_at_most() {
        assert_eq!(took(0.2), "<1 ms");
        assert_eq!(took(999.0), "999 ms");
        assert_eq!(took(1_240.0), "1.2 s");
        assert_eq!(took(61_000.0), "1 min 1 s");
        assert_eq!(long(TimeDelta::hours(25)), "1 d 1 h");
    }
}
