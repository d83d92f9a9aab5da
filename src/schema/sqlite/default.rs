//! [`Default`]: the default of a column, as far as SQLite can compute it.

use crate::schema::entity::EntityColumn;
use crate::schema::postgres::expression;
use crate::{Column, Kind, value};
use sea_orm::sea_query::Expr;
use sea_orm::{JsonValue, Value};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Default {
    /// There is none, or it is NULL.
    None,
    /// In the form of the column's kind.
    Constant(Value),
    /// The time of the statement.
    Now,
    /// Only the server can compute it.
    OfServer,
}

/// What Postgres calls the present time.
const NOW: [&str; 8] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "clock_timestamp",
];

impl Default {
    pub(super) fn of(column: &EntityColumn) -> Self {
        let Some(default) = &column.definition.default else { return Self::None };
        if let Expr::Value(value) | Expr::Constant(value) = default {
            return match constant(column.column, value) {
                Some(value) if value::is_null(&value) => Self::None,
                Some(value) => Self::Constant(value),
                None => Self::OfServer,
            };
        }
        let text = expression(default).to_lowercase().replace(['(', ')', ' '], "");
        match text.as_str() {
            "null" => Self::None,
            text if is_time(column.kind()) && NOW.contains(&text) => Self::Now,
            _ => Self::OfServer,
        }
    }
}

const fn is_time(kind: Kind) -> bool {
    matches!(kind, Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp)
}

/// The value in the form of the column's kind; `None` where it is none of that kind.
fn constant(column: &Column, value: &Value) -> Option<Value> {
    let json = match (column.kind, value::to_json(value)) {
        // Postgres would read the document from it.
        (Kind::Json, JsonValue::String(text)) => serde_json::from_str(&text).ok()?,
        // JSON's own numbers may have lost digits; these are as they were written.
        #[cfg(feature = "decimal")]
        (Kind::Decimal, JsonValue::Number(number)) => number.to_string().into(),
        (_, json) => json,
    };
    let mut value = value::from_json(column, json).ok()?;
    value::normalize(&mut value).ok()?;
    Some(value)
}
