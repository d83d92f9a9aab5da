//! The marks by which PostgREST's answers are known, and what they say.

use super::client::Answer;
use super::failure::{Failure, Purpose};
use super::rows::{self, Undecodable};
use crate::{Column, Error, ErrorKind, RawRow, Table};
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE};
use sea_orm::Value;

/// The rows of a read, or of a write that gives them back, with the values of `columns`.
pub(super) fn rows(
    answer: &Answer<'_>,
    purpose: Purpose,
    table: Option<&'static Table>,
    columns: &[&Column],
) -> Result<Vec<Vec<Value>>, Failure> {
    check_json(answer, purpose)?;
    rows::decode(columns, table.and_then(|table| table.key_columns().next()), answer.body)
        .map_err(|why| undecodable(why, answer, purpose))
}

/// The rows of an answer as they are.
pub(super) fn raw_rows(answer: &Answer<'_>, purpose: Purpose) -> Result<Vec<RawRow>, Failure> {
    check_json(answer, purpose)?;
    serde_json::from_slice(answer.body).map_err(|error| {
        let message = format!("the answer cannot be read: {error}");
        let mismatch = Error::new(ErrorKind::SchemaMismatch, message);
        undecodable(Undecodable::of(&error, Some(mismatch)), answer, purpose)
    })
}

/// What a function gives, as JSON; nothing is `null`.
pub(super) fn of_function(answer: &Answer<'_>, purpose: Purpose) -> Result<Vec<u8>, Failure> {
    if answer.status.as_u16() == 204 {
        return Ok(b"null".to_vec());
    }
    check_json(answer, purpose)?;
    match serde_json::from_slice::<serde::de::IgnoredAny>(answer.body) {
        Ok(_) => Ok(answer.body.to_vec()),
        Err(error) => Err(undecodable(Undecodable::of(&error, None), answer, purpose)),
    }
}

/// What an answer that cannot be decoded means. PostgREST tells a range with all rows that it sends:
/// where it does, the answer is its own, and to ask again is of no use.
fn undecodable(why: Undecodable, answer: &Answer<'_>, purpose: Purpose) -> Failure {
    match why {
        Undecodable::CutOff => Failure::lost(purpose, "the answer ends before its end", "reset"),
        Undecodable::Mismatch(error) if content_range(answer).is_some() => Failure::done(error),
        Undecodable::Foreign if content_range(answer).is_some() => Failure::done(Error::new(
            ErrorKind::SchemaMismatch,
            "the answer is no list of rows: is the table a table?",
        )),
        Undecodable::Mismatch(_) | Undecodable::Foreign => foreign(purpose),
    }
}

/// The total that `count=exact` asked for.
pub(super) fn total(answer: &Answer<'_>, purpose: Purpose) -> Result<u64, Failure> {
    content_range(answer)
        .and_then(|range| range.rsplit_once('/'))
        .and_then(|(_, total)| total.parse().ok())
        .ok_or_else(|| foreign(purpose))
}

/// Whether PostgREST says that a write is done: a status alone could be anybody's.
pub(super) fn check_write(answer: &Answer<'_>, purpose: Purpose) -> Result<(), Failure> {
    let is_done = matches!(answer.status.as_u16(), 200 | 201 | 204);
    if is_done && content_range(answer).is_some_and(|range| range.contains('/')) {
        Ok(())
    } else {
        Err(foreign(purpose))
    }
}

/// Whether PostgREST resolved duplicates, which it says in `Preference-Applied`. It drops the
/// preference, and makes a plain insert of all `rows`, where it cannot.
pub(super) fn check_resolution(
    answer: &Answer<'_>,
    resolution: &str,
    rows: u64,
) -> Result<(), Failure> {
    let applied = answer
        .headers
        .get_all("preference-applied")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains(resolution));
    if applied {
        return Ok(());
    }
    Err(Failure::done(
        Error::new(
            ErrorKind::SchemaMismatch,
            "the server stored the rows, but did not look for rows with the same key",
        )
        .with_hint("give the table its primary key, and have no proxy remove `Preference-Applied`")
        .with_rows_stored(rows),
    ))
}

fn check_json(answer: &Answer<'_>, purpose: Purpose) -> Result<(), Failure> {
    let is_json =
        answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(
            |kind| {
                kind.starts_with("application/json") || kind.starts_with("application/vnd.pgrst")
            },
        );
    if is_json && matches!(answer.status.as_u16(), 200 | 201 | 206) {
        Ok(())
    } else {
        Err(foreign(purpose))
    }
}

fn content_range<'a>(answer: &Answer<'a>) -> Option<&'a str> {
    answer.headers.get(CONTENT_RANGE)?.to_str().ok()
}

fn foreign(purpose: Purpose) -> Failure {
    Failure::lost(
        purpose,
        "not PostgREST, but something before it answered: is the address right?",
        "foreign",
    )
    .repeatable(None)
}
