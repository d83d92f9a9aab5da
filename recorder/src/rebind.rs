//! `chronicle rebind`: the file belongs to the server that is configured now.

use crate::cli::Globals;
use crate::config::Config;
use crate::database;
use crate::error::Result;
use crate::output::{self, plural};
use chronicle::Store;
use serde_json::json;

pub(crate) async fn run(globals: &Globals) -> Result<()> {
    let config = Config::load(globals)?;
    let url = &database::server(&config)?.url;
    let pair = database::rebound(&config).await?;
    let info = pair.failover_info().await;
    Store::from(&pair).close().await?;
    let waiting = info?.outbox_rows;
    if globals.json {
        return output::json(&json!({ "server": url, "waiting": waiting }));
    }
    let waiting = plural(waiting, "write waits", "writes wait");
    output::text(&format!("the file belongs to {url} now; {waiting}\n"))
}
