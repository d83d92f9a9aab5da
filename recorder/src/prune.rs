//! `chronicle prune`: removes what is old from the file.

use crate::cli::{Globals, PruneArgs};
use crate::config::Config;
use crate::database::{self, Sends};
use crate::error::Result;
use crate::moment;
use crate::output::{self, plural};
use chronicle::Store;
use chronicle::sqlite::SqliteOptions;
use chronicle_entity::{Events, SessionId, Sessions, ToolEvents};
use chrono::{DateTime, Utc};
use serde_json::json;

/// How many sessions one write removes.
const AT_ONCE: usize = 200;

pub(crate) async fn run(globals: &Globals, args: PruneArgs) -> Result<()> {
    let before = moment::before(&args.older_than)?;
    let config = Config::load(globals)?;
    let size = || std::fs::metadata(&config.database).map_or(0, |file| file.len());
    let size_before = size();
    let is_sent = config.remote.is_some();
    let old = old(&config, before).await?;
    let sessions =
        if is_sent { forget(&config, &old).await? } else { delete(&config, &old).await? };
    let sqlite = database::look(&config).await?;
    // Gives what was freed back to the disk. While another process writes it cannot, and the room is
    // used by what comes next.
    let is_given_back = sessions == 0 || sqlite.execute_script("vacuum").await.is_ok();
    Store::from(&sqlite).close().await?;
    let freed = size_before.saturating_sub(size());
    if globals.json {
        return output::json(
            &json!({ "sessions": sessions, "before": before, "freed_bytes": freed }),
        );
    }
    let kept = match (is_sent, is_given_back) {
        (true, _) => "; the server keeps what it has",
        (false, true) => "",
        (false, false) => "; the file is in use, and keeps its size for now",
    };
    output::text(&format!(
        "{} from before {} removed, {} freed{kept}\n",
        plural(sessions, "session", "sessions"),
        moment::local(before),
        output::bytes(freed)
    ))
}

/// The sessions in which nothing has happened since.
async fn old(config: &Config, before: DateTime<Utc>) -> Result<Vec<SessionId>> {
    let store = Store::from(database::look(config).await?);
    let is_old = Sessions::CREATED_AT
        .lt(before)
        .and(!Sessions::EVENTS.any(Events::TIMESTAMP.ge(before)))
        .and(!Sessions::TOOL_EVENTS.any(ToolEvents::TIMESTAMP.ge(before)));
    let sessions = Sessions::new(&store).find().filter(is_old).all().await?;
    store.close().await?;
    Ok(sessions.into_iter().map(|session| session.id).collect())
}

async fn delete(config: &Config, old: &[SessionId]) -> Result<u64> {
    // It refuses a file that belongs to a server: a write past it would never get there.
    let alone = chronicle::Config::new().sqlite(SqliteOptions::new(&config.database));
    let store = Store::connect(alone).await?;
    let mut deleted = 0;
    for ids in old.chunks(AT_ONCE) {
        let filter = Sessions::ID.is_in(ids.iter().copied());
        deleted += Sessions::new(&store).delete_where(filter).await?;
    }
    store.close().await?;
    Ok(deleted)
}

/// From the file alone, and only what the server has: what belongs to a session first.
async fn forget(config: &Config, old: &[SessionId]) -> Result<u64> {
    let pair = database::pair(config, Sends::Nothing).await?;
    let mut forgotten = 0;
    for ids in old.chunks(AT_ONCE) {
        pair.prune(Events::SESSION_ID.is_in(ids.iter().copied())).await?;
        pair.prune(ToolEvents::SESSION_ID.is_in(ids.iter().copied())).await?;
        forgotten += pair.prune(Sessions::ID.is_in(ids.iter().copied())).await?;
    }
    Store::from(&pair).close().await?;
    Ok(forgotten)
}
