//! Values as plain text.

use super::kind::Content;
use chrono::SecondsFormat;
use sea_orm::Value;
use std::fmt::Write;

/// The value as plain text: what stands in a PostgREST filter, and in SQLite where it is text.
/// Bytes are in Postgres's `\x` form. NULL is the empty text.
pub(crate) fn to_text(value: &Value) -> String {
    Content::of(value).map_or_else(String::new, of_content)
}

pub(super) fn of_content(content: Content<'_>) -> String {
    match content {
        Content::Bool(value) => value.to_string(),
        Content::I8(value) => value.to_string(),
        Content::I16(value) => value.to_string(),
        Content::I32(value) => value.to_string(),
        Content::I64(value) => value.to_string(),
        Content::U8(value) => value.to_string(),
        Content::U16(value) => value.to_string(),
        Content::U32(value) => value.to_string(),
        Content::F32(value) => value.to_string(),
        Content::F64(value) => value.to_string(),
        #[cfg(feature = "decimal")]
        Content::Decimal(value) => value.normalize().to_string(),
        Content::Text(value) => value.to_owned(),
        Content::Bytes(value) => value.iter().fold("\\x".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
        Content::Json(value) => value.to_string(),
        Content::Date(value) => value.to_string(),
        Content::Time(value) => value.format("%H:%M:%S%.f").to_string(),
        Content::DateTime(value) => value.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
        Content::Timestamp(value) => value.to_rfc3339_opts(SecondsFormat::AutoSi, false),
        Content::Uuid(value) => value.to_string(),
    }
}
