//! The session that somebody means: by its id, the beginning of it, or `last`.

use crate::error::{Error, Result};
use chronicle::Store;
use chronicle_entity::{Sessions, session};

/// How many sessions are named where a beginning fits several.
const NAMED: u64 = 5;

pub(crate) async fn find(store: &Store, meant: &str) -> Result<session::Model> {
    let sessions = Sessions::new(store);
    let meant = meant.trim().to_lowercase();
    if meant == "last" {
        let newest = sessions.find().order_by(Sessions::CREATED_AT.desc()).first().await?;
        return newest.ok_or_else(|| Error::Refused("no session is recorded yet".to_owned()));
    }
    if let Ok(id) = meant.parse::<chronicle_entity::SessionId>() {
        return sessions.get(id).await?.ok_or_else(|| none(&meant));
    }
    if meant.is_empty() || !meant.chars().all(|sign| sign.is_ascii_hexdigit() || sign == '-') {
        return Err(none(&meant));
    }
    // Keys are UUIDs, and the file keeps them as text.
    let sql =
        "select id from sessions where id >= $1 and id < $2 order by created_at desc limit $3";
    let parameters = [
        meant.clone().into(),
        format!("{meant}g").into(),
        i64::try_from(NAMED + 1).unwrap_or(6).into(),
    ];
    let found = store.query_raw(sql, parameters).await?;
    let ids: Vec<&str> = found.iter().filter_map(|row| row.get("id")?.as_str()).collect();
    match ids.as_slice() {
        [] => Err(none(&meant)),
        [id] => {
            let id = id.parse::<chronicle_entity::SessionId>().map_err(|_| none(&meant))?;
            sessions.get(id).await?.ok_or_else(|| none(&meant))
        }
        several => Err(Error::Refused(format!(
            "`{meant}` begins the ids of several sessions, of which the newest are {}: write more of it",
            several.join(", ")
        ))),
    }
}

fn none(meant: &str) -> Error {
    Error::Refused(format!(
        "no session's id is or begins with `{meant}`: `chronicle sessions` lists them, and `last` is the newest"
    ))
}
