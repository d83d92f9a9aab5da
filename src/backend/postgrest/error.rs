//! What PostgREST's and its gateways' refusals mean.
//!
//! The `code` in the JSON body decides, not the status: a 401 may be a missing grant, a 500 a
//! statement that ran too long (<https://docs.postgrest.org/en/stable/references/errors.html>).

use super::failure::{Failure, Purpose};
use crate::{Error, ErrorKind};
use reqwest::StatusCode;
use sea_orm::JsonValue;
use serde::Deserialize;

/// Longest part of a foreign body that a message repeats, in characters.
const EXCERPT: usize = 300;

const RELOAD: &str = "run the migrations, and if they have run, have the server reload its schema \
                      cache: `NOTIFY pgrst, 'reload schema'`";

/// The members of an error body. Gateways send some of them, and other types for them.
#[derive(Default, Deserialize)]
struct Body {
    code: Option<JsonValue>,
    message: Option<JsonValue>,
    details: Option<JsonValue>,
    hint: Option<JsonValue>,
}

/// The failure that an answer without success is.
pub(super) fn failure(
    status: StatusCode,
    body: &[u8],
    retry_after: Option<std::time::Duration>,
    purpose: Purpose,
) -> Failure {
    let parsed: Option<Body> = serde_json::from_slice(body).ok();
    let text = |value: Option<JsonValue>| match value {
        Some(JsonValue::String(text)) => Some(text),
        _ => None,
    };
    let failure = match parsed {
        Some(Body { code: Some(JsonValue::String(code)), message, details, hint })
            if is_code(&code) =>
        {
            let message = text(message).unwrap_or_else(|| "no message".to_owned());
            let hint = text(hint).filter(|hint| !hint.is_empty());
            let failure = by_code(status, &code, shorten(&message), hint, purpose);
            let columns = text(details).filter(|_| code == "23505");
            let columns = columns.and_then(|details| unique_columns(&details));
            failure.map(|error| error.with_unique_columns(columns))
        }
        // PostgREST's answer when its connection to the database broke.
        Some(Body { code: Some(JsonValue::String(code)), .. }) if code.is_empty() => {
            Failure::lost(purpose, "the server lost its connection to the database", "disconnected")
        }
        Some(Body { message, hint, .. }) => {
            // PostgREST 12 answers a write to an unknown table with `{}`.
            if status == StatusCode::NOT_FOUND && body.trim_ascii() == b"{}" {
                let error = Error::new(ErrorKind::SchemaMismatch, "the server knows no such table");
                return Failure::refused(
                    error.with_code(Some("HTTP 404".into())).with_hint(RELOAD),
                );
            }
            let message = text(message);
            by_status(status, message.as_deref(), text(hint), true, purpose)
        }
        None => {
            let text = String::from_utf8_lossy(body);
            let is_text = !text.trim_start().starts_with('<') && !text.trim().is_empty();
            by_status(status, is_text.then(|| text.trim()), None, false, purpose)
        }
    };
    failure.retry_after(retry_after)
}

/// An SQLSTATE or one of PostgREST's own codes.
fn is_code(code: &str) -> bool {
    code.starts_with("PGRST")
        || (code.len() == 5
            && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()))
}

fn by_code(
    status: StatusCode,
    code: &str,
    message: String,
    hint: Option<String>,
    purpose: Purpose,
) -> Failure {
    let class = code.get(..2).unwrap_or_default();
    let is_role = code == "22023" && message.starts_with("role ");
    let recovery = code == "0A000" && message.contains("recovery");
    let mut own_hint = None;
    let mut reason = None;
    let kind = match code {
        "PGRST001" | "PGRSTX00" | "57P01" | "57P02" => {
            return Failure::lost(purpose, message, "disconnected").code(code);
        }
        _ if class == "08" => {
            return Failure::lost(purpose, message, "disconnected").code(code);
        }
        "PGRST000" | "PGRST002" | "PGRST003" | "53300" | "57P03" => {
            reason = Some("unavailable");
            ErrorKind::Unavailable
        }
        "57014" => {
            own_hint = Some("the statement ran into the server's time limit: ask for less at once");
            ErrorKind::Unavailable
        }
        _ if recovery || code == "25006" => {
            own_hint = Some("the server is read-only now");
            ErrorKind::Unavailable
        }
        "53100" => ErrorKind::StorageFull,
        _ if matches!(class, "53" | "57" | "58") => ErrorKind::Unavailable,
        "40001" | "40P01" | "55P03" => {
            reason = Some("busy");
            ErrorKind::Busy
        }
        // Of `chronicle_apply`.
        "CHR01" => ErrorKind::NotFound,
        "CHR02" | "CHR03" => ErrorKind::Conflict,
        "23505" => ErrorKind::Unique,
        "23503" | "23001" => ErrorKind::ForeignKey,
        "23502" => ErrorKind::NotNull,
        // The status that a function of the user's own sets.
        "PT429" => {
            reason = Some("throttled");
            ErrorKind::Throttled
        }
        _ if code.starts_with("PT5") => ErrorKind::Unavailable,
        _ if matches!(class, "23" | "44" | "P0" | "PT") => ErrorKind::Check,
        _ if is_role || class == "28" => ErrorKind::Unauthenticated,
        "42501" => ErrorKind::Denied,
        _ if matches!(class, "0L" | "0P") => ErrorKind::Denied,
        "PGRST300" | "PGRST301" | "PGRST302" | "PGRST303" => ErrorKind::Unauthenticated,
        "PGRST106" => {
            own_hint = Some("expose the schema in the server's configuration, or give another one");
            ErrorKind::SchemaMismatch
        }
        "428C9" => {
            own_hint = Some(
                "a generated column takes no value: leave it out of the entity, or make it an \
                 ordinary column with a trigger",
            );
            ErrorKind::SchemaMismatch
        }
        "42804" | "42883" if message.contains("operator") || code == "42804" => {
            own_hint = Some(
                "the column has another type than the field, on which this does not work (an enum \
                 of Postgres takes no `contains`, for one): give the column the field's type",
            );
            ErrorKind::SchemaMismatch
        }
        "42703" | "42P01" | "42P10" | "42883" | "42704" | "3F000" => {
            own_hint = Some(RELOAD);
            ErrorKind::SchemaMismatch
        }
        _ if code.starts_with("PGRST20") => {
            own_hint = Some(RELOAD);
            ErrorKind::SchemaMismatch
        }
        "PGRST111" | "PGRST112" | "PGRST121" => ErrorKind::Internal,
        _ if code.starts_with("PGRST1") => ErrorKind::InvalidInput,
        "21000" | "42601" => ErrorKind::InvalidInput,
        _ if matches!(class, "22" | "54") => ErrorKind::InvalidInput,
        "0A000" => ErrorKind::Unsupported,
        "XX001" | "XX002" => ErrorKind::Corrupt,
        _ if status == StatusCode::TOO_MANY_REQUESTS => {
            reason = Some("throttled");
            ErrorKind::Throttled
        }
        _ => ErrorKind::Internal,
    };
    let constraint = constraint(code, &message);
    let mut error =
        Error::new(kind, message).with_code(Some(code.to_owned())).with_constraint(constraint);
    let hint = match (hint.map(|hint| shorten(&hint)), own_hint) {
        (Some(hint), Some(own)) => Some(format!("{hint} ({own})")),
        (hint, own) => hint.or_else(|| own.map(str::to_owned)),
    };
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    let failure = Failure::refused(error).repeatable(reason);
    if matches!(code, "PGRST301" | "PGRST302" | "PGRST303") {
        failure.token_refused()
    } else {
        failure
    }
}

/// What an answer without a code means: something between this program and PostgREST sent it.
fn by_status(
    status: StatusCode,
    message: Option<&str>,
    hint: Option<String>,
    is_json: bool,
    purpose: Purpose,
) -> Failure {
    let number = status.as_u16();
    let code = format!("HTTP {number}");
    let said = message.map(|message| format!(": {}", shorten(message))).unwrap_or_default();
    let refused = |kind, what: &str| {
        Failure::refused(Error::new(kind, format!("{what}{said}")).with_code(Some(code.clone())))
    };
    let failure = match number {
        401 => refused(ErrorKind::Unauthenticated, "the gateway does not take the key"),
        403 if is_json => refused(ErrorKind::Denied, "the gateway refuses the request"),
        413 => refused(ErrorKind::InvalidInput, "the request is larger than the gateway takes"),
        414 | 431 => refused(ErrorKind::InvalidInput, "the URL is longer than the gateway takes"),
        429 => refused(ErrorKind::Throttled, "too many requests").repeatable(Some("throttled")),
        402 | 540 => refused(ErrorKind::Unavailable, "the project is paused or restricted"),
        // It knows no such path, so that nothing behind it has seen the request.
        404 => refused(
            ErrorKind::Unavailable,
            "not PostgREST, but something before it answered 404: is the address right?",
        ),
        300..=399 => refused(
            ErrorKind::Unavailable,
            "the server sends elsewhere, which is not followed: give the address that it sends to",
        ),
        _ => {
            let what = if (500..=599).contains(&number) || number == 408 {
                format!("the gateway answered {number}{said}")
            } else {
                format!(
                    "not PostgREST, but something before it answered {number}{said}: is the \
                     address right?"
                )
            };
            let reason = if number >= 500 || number == 408 { "gateway" } else { "foreign" };
            let failure = Failure::lost(purpose, what, reason).code(&code);
            // Only outages pass by themselves.
            if reason == "gateway" { failure } else { failure.repeatable(None) }
        }
    };
    match hint {
        Some(hint) => failure.map(|error| error.with_hint(shorten(&hint))),
        None => failure,
    }
}

/// The constraint that a message of Postgres names; for a missing value `table.column`, as SQLite
/// says it.
fn constraint(code: &str, message: &str) -> Option<String> {
    let named = |word: &str| {
        let (_, rest) = message.split_once(&format!("{word} \""))?;
        rest.split_once('"').map(|(name, _)| name.to_owned())
    };
    match code {
        "23502" => {
            let column = named("column")?;
            Some(
                named("relation")
                    .map_or_else(|| column.clone(), |table| format!("{table}.{column}")),
            )
        }
        _ if code.starts_with("23") => named("constraint"),
        _ => None,
    }
}

/// The columns of `Key (id)=(7) already exists.`, in whatever language. The values are left out.
fn unique_columns(details: &str) -> Option<Vec<String>> {
    let (names, _) = details.split_once(")=(")?;
    let (_, names) = names.split_once('(')?;
    let unquoted = |name: &str| match name.strip_prefix('"').and_then(|name| name.strip_suffix('"'))
    {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_owned(),
    };
    Some(names.split(", ").map(unquoted).collect())
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
