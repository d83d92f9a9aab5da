//! `chronicle migrate`: the file's tables are brought up to date.

use crate::cli::Globals;
use crate::config::Config;
use crate::database;
use crate::error::Result;
use crate::output;
use chronicle::Store;
use chronicle::sqlite::SqliteOptions;
use serde_json::json;

pub(crate) async fn run(globals: &Globals) -> Result<()> {
    let config = Config::load(globals)?;
    let is_new = !config.database.exists();
    let sqlite = SqliteOptions::new(&config.database).open().await?;
    let pending = database::pending(&sqlite).await?;
    database::migrate(&sqlite).await?;
    Store::from(&sqlite).close().await?;
    if globals.json {
        return output::json(
            &json!({ "file": config.database, "new": is_new, "applied": pending }),
        );
    }
    let path = config.database.display();
    output::text(&if pending.is_empty() {
        format!("{path} is up to date\n")
    } else {
        format!("{path}: applied {}\n", pending.join(", "))
    })
}
