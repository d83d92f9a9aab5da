//! A constant as Rust writes it.

use super::expression::Constant;
use super::{Default, array};
use crate::kind::Kind;

/// None where the type cannot hold the constant, or no Rust expression says it briefly.
pub(super) fn of(
    kind: &Kind,
    constant: &Constant,
    variant: impl Fn(&str) -> Option<String>,
) -> Option<Default> {
    // `'0'::bigint` and `0` say the same.
    let text = match constant {
        Constant::Number(text) | Constant::Text(text) => text.as_str(),
        Constant::Bool(true) => "true",
        Constant::Bool(false) => "false",
        Constant::Array(elements) => return list(kind, elements.iter().map(element)),
        Constant::Null => return None,
    };
    match kind {
        Kind::Bool | Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 | Kind::Text => {
            literal(kind, text).map(Default::Literal)
        }
        Kind::Array(_) => list(kind, array::elements(text)?.into_iter().map(Some)),
        Kind::Enum(_) => variant(text).map(Default::Expression),
        _ => expression(kind, text).map(Default::Expression),
    }
}

fn element(constant: &Constant) -> Option<String> {
    match constant {
        Constant::Number(text) | Constant::Text(text) => Some(text.clone()),
        Constant::Bool(value) => Some(value.to_string()),
        Constant::Array(_) | Constant::Null => None,
    }
}

fn list(kind: &Kind, elements: impl Iterator<Item = Option<String>>) -> Option<Default> {
    let Kind::Array(kind) = kind else { return None };
    let elements = elements.map(|element| single(kind, &element?)).collect::<Option<Vec<_>>>()?;
    Some(Default::Expression(if elements.is_empty() {
        "Vec::new()".to_owned()
    } else {
        format!("vec![{}]", elements.join(", "))
    }))
}

/// An expression of the type, which is not a list.
fn single(kind: &Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Text => Some(format!("{}.to_owned()", quoted(text))),
        Kind::Bool | Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 => {
            literal(kind, text)
        }
        _ => expression(kind, text),
    }
}

fn literal(kind: &Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Bool => match text {
            "true" | "t" => Some("true".to_owned()),
            "false" | "f" => Some("false".to_owned()),
            _ => None,
        },
        Kind::I16 => text.parse::<i16>().ok().map(|value| value.to_string()),
        Kind::I32 => text.parse::<i32>().ok().map(|value| value.to_string()),
        Kind::I64 => text.parse::<i64>().ok().map(long),
        Kind::F32 => text
            .parse::<f32>()
            .ok()
            .filter(|value| value.is_finite())
            .map(|value| format!("{value:?}")),
        Kind::F64 => text
            .parse::<f64>()
            .ok()
            .filter(|value| value.is_finite())
            .map(|value| format!("{value:?}")),
        Kind::Text => Some(quoted(text)),
        _ => None,
    }
}

/// `SeaORM` reads a literal without a suffix as `i32`.
fn long(value: i64) -> String {
    if i32::try_from(value).is_ok() { value.to_string() } else { format!("{value}_i64") }
}

fn expression(kind: &Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Decimal => decimal(text),
        Kind::Json => json(text),
        Kind::Uuid => uuid(text),
        Kind::Date => date(text),
        Kind::Time => time(text),
        Kind::Bytes => (text == "\\x").then(|| "Vec::new()".to_owned()),
        _ => None,
    }
}

/// A text as Rust writes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A text with quotes in it, as it is most readable.
fn raw(text: &str) -> String {
    if text.contains('"') && !text.contains("\"#") && !text.chars().any(char::is_control) {
        format!("r#\"{text}\"#")
    } else {
        quoted(text)
    }
}

/// `Decimal` keeps the scale, so that 1.50 is written as 150 with two places.
fn decimal(text: &str) -> Option<String> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{places}");
    if !digits.trim_start_matches('-').bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    (places.len() <= 28).then(|| format!("Decimal::new({number}, {})", places.len()))
}

fn json(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(match &value {
        serde_json::Value::Null => "Json::Null".to_owned(),
        serde_json::Value::Object(fields) if fields.is_empty() => {
            "Json::Object(Default::default())".to_owned()
        }
        serde_json::Value::Array(elements) if elements.is_empty() => {
            "Json::Array(Vec::new())".to_owned()
        }
        // It was read just now, so it never is the default.
        _ => format!("{}.parse::<Json>().unwrap_or_default()", raw(text)),
    })
}

fn uuid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    Some(format!("Uuid::from_u128({number:#034x})"))
}

fn date(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let year: i32 = parts.next()?.parse().ok()?;
    let (month, day) = (number(parts.next(), 12)?, number(parts.next(), 31)?);
    let is_plain = parts.next().is_none() && (1..=9999).contains(&year) && month > 0 && day > 0;
    is_plain.then(|| format!("Date::from_ymd_opt({year}, {month}, {day}).unwrap_or_default()"))
}

fn time(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let (hours, minutes) = (number(parts.next(), 23)?, number(parts.next(), 59)?);
    let seconds = parts.next().map_or(Some(0), |seconds| number(Some(seconds), 59))?;
    parts
        .next()
        .is_none()
        .then(|| format!("Time::from_hms_opt({hours}, {minutes}, {seconds}).unwrap_or_default()"))
}

fn number(text: Option<&str>, most: u32) -> Option<u32> {
    text?.parse().ok().filter(|number| *number <= most)
}
