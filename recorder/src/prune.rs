//! `chronicle prune`: removes what is old from the file.

use crate::cli::{Globals, PruneArgs};
use crate::config::Config;
use crate::error::Result;
use crate::output::{self, plural};
use crate::{database, moment};
use chronicle::{Filter, Store};
use chronicle_entity::{Events, Sessions, ToolEvents, session};
use serde_json::json;

pub(crate) async fn run(globals: &Globals, args: PruneArgs) -> Result<()> {
    let before = moment::before(&args.older_than)?;
    let config = Config::load(globals)?;
    let size = || std::fs::metadata(&config.database).map_or(0, |file| file.len());
    let size_before = size();
    // A session is as old as the last thing that happened in it.
    let is_old: Filter<session::Model> = Sessions::CREATED_AT
        .lt(before)
        .and(!Sessions::EVENTS.any(Events::TIMESTAMP.ge(before)))
        .and(!Sessions::TOOL_EVENTS.any(ToolEvents::TIMESTAMP.ge(before)));
    let (sessions, is_sent) = if config.remote.is_some() {
        let pair = database::pair(&config).await?;
        pair.prune(Events::SESSION.is(is_old.clone())).await?;
        pair.prune(ToolEvents::SESSION.is(is_old.clone())).await?;
        let sessions = pair.prune(is_old).await?;
        Store::from(&pair).close().await?;
        (sessions, true)
    } else {
        let store = Store::from(database::look(&config).await?);
        let sessions = Sessions::new(&store).delete_where(is_old).await?;
        store.close().await?;
        (sessions, false)
    };
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
