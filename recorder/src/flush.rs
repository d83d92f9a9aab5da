//! `chronicle flush`: what waits is sent to the server.

use crate::cli::{FlushArgs, Globals};
use crate::config::Config;
use crate::database::{self, Sends};
use crate::error::{Error, Result};
use crate::output::{self, Progress, grouped, plural};
use chronicle::Store;
use chronicle::failover::Failover;
use serde_json::json;
use std::time::{Duration, Instant};

/// How often it is told how much waits yet.
const STEP: Duration = Duration::from_secs(2);

pub(crate) async fn run(globals: &Globals, args: FlushArgs) -> Result<()> {
    let pair = database::pair(&Config::load(globals)?, Sends::Waiting).await?;
    let progress = Progress::new(globals);
    let (start, time) = (Instant::now(), Duration::from_secs(args.timeout));
    let before = pair.failover_info().await?.outbox_rows;
    // Whoever flushes may have mended what a table stood still for.
    pair.resume().await?;
    let is_drained = flush(&pair, start, time, &progress).await;
    let info = pair.failover_info().await?;
    drop(progress);
    Store::from(&pair).close().await?;
    let is_drained = is_drained?;
    let sent = before.saturating_sub(info.outbox_rows);
    if globals.json {
        output::json(&json!({
            "sent": sent,
            "waiting": info.outbox_rows,
            "held": info.held,
            "letters": info.dead_letters,
            "cause": info.cause,
        }))?;
    } else {
        let mut said = format!("{} sent\n", plural(sent, "write", "writes"));
        if info.dead_letters > 0 {
            let letters = plural(info.dead_letters, "write was", "writes were");
            output::add(
                &mut said,
                format_args!("{letters} refused: see `chronicle letters list`\n"),
            );
        }
        output::text(&said)?;
    }
    if is_drained {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{} still: {}",
        plural(info.outbox_rows, "write waits", "writes wait"),
        info.cause.as_deref().unwrap_or("the time was over; see --timeout")
    )))
}

async fn flush(
    pair: &Failover,
    start: Instant,
    time: Duration,
    progress: &Progress,
) -> Result<bool> {
    loop {
        let left = time.saturating_sub(start.elapsed());
        if pair.flush(left.min(STEP)).await? {
            return Ok(true);
        }
        if left <= STEP {
            return Ok(false);
        }
        let info = pair.failover_info().await?;
        progress.tell(&format!("{} wait", grouped(info.outbox_rows)));
    }
}
