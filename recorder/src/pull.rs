//! `chronicle pull`: what the server has is fetched, other machines' sessions too.

use crate::cli::Globals;
use crate::config::Config;
use crate::database::{self, Sends};
use crate::error::Result;
use crate::output::{self, Progress, grouped};
use chronicle::failover::{Failover, PullProgress};
use chronicle::{Keyed, Store};
use chronicle_entity::{event, session, tool_event, unread_payload};
use serde_json::json;

pub(crate) async fn run(globals: &Globals) -> Result<()> {
    let pair = database::pair(&Config::load(globals)?, Sends::Questions).await?;
    let pulled = all(&pair, &Progress::new(globals)).await;
    Store::from(&pair).close().await?;
    let pulled = pulled?;
    if globals.json {
        let tables = pulled.iter().map(|(table, done)| {
            json!({ "table": table, "pulled": done.pulled, "removed": done.removed })
        });
        return output::json(&tables.collect::<Vec<_>>());
    }
    let mut said = String::new();
    for (table, done) in pulled {
        output::add(&mut said, format_args!("{table}: {} fetched", grouped(done.pulled)));
        if done.removed > 0 {
            output::add(
                &mut said,
                format_args!(", {} that the server does not have removed", grouped(done.removed)),
            );
        }
        said.push('\n');
    }
    output::text(&said)
}

/// Parents first.
async fn all(pair: &Failover, progress: &Progress) -> Result<Vec<(&'static str, PullProgress)>> {
    Ok(vec![
        one::<session::Model>(pair, progress).await?,
        one::<event::Model>(pair, progress).await?,
        one::<tool_event::Model>(pair, progress).await?,
        one::<unread_payload::Model>(pair, progress).await?,
    ])
}

async fn one<R: Keyed>(
    pair: &Failover,
    progress: &Progress,
) -> Result<(&'static str, PullProgress)> {
    let table = R::TABLE.name;
    let tell = |now: PullProgress| progress.tell(&format!("{table}: {} rows", grouped(now.pulled)));
    Ok((table, pair.pull::<R>(tell).await?))
}
