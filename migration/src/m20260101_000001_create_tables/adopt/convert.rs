//! The values of the original design in the forms that SeaORM writes, reads and compares.

use sea_orm_migration::sea_orm::entity::prelude::{
    ChronoDate, ChronoDateTime, DateTimeUtc, DateTimeWithTimeZone, Json, Uuid,
};

/// A UUID of 32 hexadecimal digits, with or without its four hyphens, in either case.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    match text.len() {
        32 | 36 => Uuid::try_parse(text).ok(),
        _ => None,
    }
}

/// A random UUID (version 4, RFC 9562 §5.4) of 16 random bytes in hexadecimal.
pub(super) fn random_uuid(random: &str) -> Option<Uuid> {
    let mut bytes = Uuid::try_parse(random).ok()?.into_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Some(Uuid::from_bytes(bytes))
}

/// An ISO 8601 time, as Python's `isoformat` writes it and `datetime.fromisoformat` reads it: date and time parted by a
/// `T` or a space, seconds and a fraction or not, an offset or not (then it is UTC). Cut to microseconds.
pub(super) fn time(text: &str) -> Option<DateTimeUtc> {
    const TIMES: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];

    let text = text.trim();
    let text = match text.get(10..11) {
        Some(" " | "t") => format!("{}T{}", text.get(..10)?, text.get(11..)?),
        _ => text.to_owned(),
    };
    let with_offset = |form: &&str| {
        let text =
            text.strip_suffix(['Z', 'z']).map_or(text.clone(), |local| format!("{local}+00:00"));
        DateTimeWithTimeZone::parse_from_str(&text, &format!("{form}%#z"))
            .ok()
            .map(|time| time.to_utc())
    };
    let without_offset =
        |form: &&str| ChronoDateTime::parse_from_str(&text, form).ok().map(|time| time.and_utc());
    let day = || {
        ChronoDate::parse_from_str(&text, "%Y-%m-%d")
            .ok()?
            .and_hms_opt(0, 0, 0)
            .map(|time| time.and_utc())
    };
    let time = TIMES
        .iter()
        .find_map(without_offset)
        .or_else(|| TIMES.iter().find_map(with_offset))
        .or_else(day)?;
    DateTimeUtc::from_timestamp_micros(time.timestamp_micros())
}

/// JSON as it stands; any other text as a JSON string.
pub(super) fn json(text: String) -> String {
    if text.parse::<Json>().is_ok() { text } else { Json::String(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_python_become_one_form() {
        for (python, expected) in [
            ("2024-01-01T00:00:00.123456", "2024-01-01T00:00:00.123456+00:00"),
            ("2024-01-01 00:00:00.123456", "2024-01-01T00:00:00.123456+00:00"),
            ("2024-01-01T00:00:00.123456+00:00", "2024-01-01T00:00:00.123456+00:00"),
            ("2024-01-01T00:00:00.999999Z", "2024-01-01T00:00:00.999999+00:00"),
            ("2024-01-01T00:00:00.120Z", "2024-01-01T00:00:00.120+00:00"),
            ("2024-01-01T00:00:00.1", "2024-01-01T00:00:00.100+00:00"),
            ("2024-01-01T00:00:00.123456999Z", "2024-01-01T00:00:00.123456+00:00"),
            ("2024-01-01T00:00:00", "2024-01-01T00:00:00+00:00"),
            ("2024-01-01T05:30:00.000001+05:30", "2024-01-01T00:00:00.000001+00:00"),
            ("2023-12-31 19:00:00-0500", "2024-01-01T00:00:00+00:00"),
            ("2024-01-01T01:00:00+01", "2024-01-01T00:00:00+00:00"),
            ("2024-01-01T00:00", "2024-01-01T00:00:00+00:00"),
            ("2024-01-01", "2024-01-01T00:00:00+00:00"),
            ("1969-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999+00:00"),
        ] {
            assert_eq!(
                time(python).unwrap_or_else(|| panic!("{python}")).to_rfc3339(),
                expected,
                "{python}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "now", "1704067200", "2024-13-01T00:00:00", "2024-01-01T25:00:00", "2024-01-01Tä"]
        {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn uuids_become_lower_case_with_hyphens() {
        let expected = "0123abcd-4567-4abc-8def-0123456789ab";
        for text in [expected, &expected.to_uppercase(), &expected.replace('-', "")] {
            assert_eq!(uuid(text).unwrap().to_string(), expected);
        }
        for text in [
            "",
            "session-1",
            "{0123abcd-4567-4abc-8def-0123456789ab}",
            "0123abcd-4567-4abc-8def-0123456789ag",
        ] {
            assert_eq!(uuid(text), None, "{text}");
        }
    }

    #[test]
    fn a_random_uuid_is_of_version_4() {
        assert_eq!(
            random_uuid(&"F".repeat(32)).unwrap().to_string(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
        assert_eq!(
            random_uuid(&"0".repeat(32)).unwrap().to_string(),
            "00000000-0000-4000-8000-000000000000"
        );
    }

    #[test]
    fn json_is_kept_and_other_text_is_quoted() {
        assert_eq!(json(r#"{"b": 1, "a":[ ]}"#.to_owned()), r#"{"b": 1, "a":[ ]}"#);
        assert_eq!(json("plain \"text\"".to_owned()), r#""plain \"text\"""#);
        assert_eq!(json(r#"{"n": NaN}"#.to_owned()), r#""{\"n\": NaN}""#);
    }
}
