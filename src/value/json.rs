//! Values as JSON, as PostgREST sends and takes them.

use super::kind::Content;
use super::text::of_content;
use sea_orm::{JsonValue, Value};

/// Appends the value as JSON, in the form that Postgres casts to the column's type.
#[cfg(feature = "postgrest")]
pub(crate) fn write_json(value: &Value, body: &mut Vec<u8>) {
    let Some(content) = Content::of(value) else {
        body.extend_from_slice(b"null");
        return;
    };
    match content {
        Content::Bool(_)
        | Content::I8(_)
        | Content::I16(_)
        | Content::I32(_)
        | Content::I64(_)
        | Content::U8(_)
        | Content::U16(_)
        | Content::U32(_)
        | Content::F32(_)
        | Content::F64(_) => body.extend_from_slice(of_content(content).as_bytes()),
        // Writing to memory cannot fail, and neither type has a map with keys that are not text.
        Content::Json(document) => {
            let _ = serde_json::to_writer(body, document);
        }
        Content::Text(text) => {
            let _ = serde_json::to_writer(body, text);
        }
        // A decimal as text: whoever reads JSON numbers may round them.
        #[cfg(feature = "decimal")]
        Content::Decimal(_) => {
            let _ = serde_json::to_writer(body, &of_content(content));
        }
        Content::Bytes(_)
        | Content::Date(_)
        | Content::Time(_)
        | Content::DateTime(_)
        | Content::Timestamp(_)
        | Content::Uuid(_) => {
            let _ = serde_json::to_writer(body, &of_content(content));
        }
    }
}

/// The value as JSON, as [`write_json`] writes it.
pub(crate) fn to_json(value: &Value) -> JsonValue {
    let Some(content) = Content::of(value) else { return JsonValue::Null };
    match content {
        Content::Bool(value) => (*value).into(),
        Content::I8(value) => (*value).into(),
        Content::I16(value) => (*value).into(),
        Content::I32(value) => (*value).into(),
        Content::I64(value) => (*value).into(),
        Content::U8(value) => (*value).into(),
        Content::U16(value) => (*value).into(),
        Content::U32(value) => (*value).into(),
        // The shortest number that is this one, as Postgres writes it, and not its binary neighbour.
        Content::F32(value) => value.to_string().parse::<f64>().unwrap_or_default().into(),
        Content::F64(value) => (*value).into(),
        #[cfg(feature = "decimal")]
        Content::Decimal(_) => of_content(content).into(),
        Content::Json(document) => document.clone(),
        Content::Text(text) => text.into(),
        Content::Bytes(_)
        | Content::Date(_)
        | Content::Time(_)
        | Content::DateTime(_)
        | Content::Timestamp(_)
        | Content::Uuid(_) => of_content(content).into(),
    }
}
