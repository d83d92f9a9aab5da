//! What a new row holds where the caller sets nothing.

mod array;
mod expression;
mod value;

use crate::kind::Kind;
use expression::{Constant, constant, without_casts, without_parentheses};

/// How the default of a column is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    /// There is none.
    None,
    /// The literal of `#[sea_orm(default_value = ...)]`.
    Literal(String),
    /// A Rust expression of the column's type.
    Expression(String),
    /// The present time.
    Now,
    /// A fresh UUID.
    Uuid,
    /// Only the server can tell.
    Server,
}

/// The default of a column, by its SQL. `variant` names the variant of an enum by its label.
pub(crate) fn default(
    sql: Option<&str>,
    kind: &Kind,
    variant: impl Fn(&str) -> Option<String>,
) -> Default {
    let Some(sql) = sql else { return Default::None };
    match constant(sql) {
        Some(Constant::Null) => Default::None,
        Some(constant) => value::of(kind, &constant, variant).unwrap_or(Default::Server),
        None if kind.is_time() && is_now(sql, kind) => Default::Now,
        None if *kind == Kind::Uuid && is_uuid(sql) => Default::Uuid,
        None => Default::Server,
    }
}

/// The Rust expression for the present time in a column of this kind.
pub(crate) fn now(kind: &Kind) -> &'static str {
    match kind {
        Kind::Date => "chronicle::now().date_naive()",
        Kind::Time => "chronicle::now().time()",
        Kind::DateTime => "chronicle::now().naive_utc()",
        _ => "chronicle::now()",
    }
}

fn is_now(sql: &str, kind: &Kind) -> bool {
    let Some(sql) = without_casts(sql) else { return false };
    let sql = sql.to_ascii_lowercase();
    let instant = |sql: &str| {
        matches!(
            sql,
            "now()"
                | "current_timestamp"
                | "transaction_timestamp()"
                | "statement_timestamp()"
                | "clock_timestamp()"
        )
    };
    // Older versions print `now() at time zone 'utc'` as a call.
    let in_utc = |sql: &str| {
        sql.strip_prefix("timezone('utc'::text, ")
            .and_then(|rest| rest.strip_suffix(')'))
            .or_else(|| sql.strip_suffix(" at time zone 'utc'"))
            .is_some_and(|sql| instant(without_parentheses(sql)))
    };
    instant(&sql)
        || in_utc(&sql)
        || match kind {
            Kind::Date => sql == "current_date",
            Kind::Time => matches!(sql.as_str(), "current_time" | "localtime" | "localtimestamp"),
            _ => sql == "localtimestamp",
        }
}

/// Functions that make a UUID out of nothing: those of Postgres and its extensions, and names that people give to their own.
fn is_uuid(sql: &str) -> bool {
    const NAMES: [&str; 16] = [
        "gen_random_uuid",
        "gen_random_uuid_v7",
        "gen_uuid_v7",
        "generate_uuid",
        "generate_uuid_v7",
        "uuid7",
        "uuid_generate_v1",
        "uuid_generate_v1mc",
        "uuid_generate_v4",
        "uuid_generate_v6",
        "uuid_generate_v7",
        "uuid_v4",
        "uuid_v7",
        "uuidv4",
        "uuidv7",
        "generate_uuidv7",
    ];
    without_parentheses(sql)
        .strip_suffix("()")
        .is_some_and(|name| NAMES.contains(&name.rsplit('.').next().unwrap_or_default()))
}

#[cfg(test)]
mod tests;
