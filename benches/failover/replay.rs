//! How fast a full outbox drains.

use crate::measure::{Line, Measure, Options, Report, Result, in_turn};
use crate::queued::{self, Rows};
use crate::servers::Servers;
use chronicle::{Backend, Store};
use chronicle_entity::{Events, Sessions, ToolEvents};
use std::time::{Duration, Instant};

/// Longer than any replay.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) async fn events(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let count = options.size(50_000, 3_000);
    let rows = queued::events_of_a_session(servers, "events.db", count, None).await?;
    let line = line("replay 50,000 events", 0.85);
    replay(options, report, servers, "events.db", &rows, line).await
}

pub(crate) async fn hook_records(
    options: Options,
    report: &Report,
    servers: &Servers,
) -> Result<()> {
    let rows = queued::hook_records(servers, "records.db", options.size(50_000, 500)).await?;
    let line = line("replay 50,000 hook records", 0.65);
    replay(options, report, servers, "records.db", &rows, line).await
}

const fn line(name: &'static str, bound: f64) -> Line {
    let beside = "direct insert_many, those rows";
    Line { name, beside, measure: Measure::Rate, operations: 1, bound: Some(bound) }
}

/// Replay by the server's function, which makes each write once, beside replay to a server that has
/// none.
pub(crate) async fn by_function(
    options: Options,
    report: &Report,
    without: &Servers,
) -> Result<()> {
    let count = options.size(20_000, 2_000);
    let with = Servers::with_function().await?;
    let file = "function.db";
    let rows = queued::events_of_a_session(&with, file, count, None).await?;
    let rows_without = queued::events_of_a_session(without, file, count, None).await?;
    let pairs = in_turn(
        options.size(7, 1),
        async |_| {
            with.forget_applied().await?;
            let spent = drain(&with, file, &rows).await?;
            let applied = with.applied().await?;
            if applied != rows.entries as u64 {
                return Err(format!("{applied} of {} went by the function", rows.entries).into());
            }
            Ok(spent)
        },
        async |_| drain(without, file, &rows_without).await,
    )
    .await?;
    let line = Line {
        name: "replay 20,000 events, once each",
        beside: "a server without the function",
        operations: rows.count(),
        ..line("", 0.8)
    };
    report.line(line, &pairs);
    Ok(())
}

/// Replays a copy of the file to a server that has no rows.
async fn drain(servers: &Servers, name: &str, rows: &Rows) -> Result<Duration> {
    let (url, key) = (servers.server.url(), servers.server.service_key());
    servers.clear().await?;
    let file = servers.copy_file(name, "replay.db")?;
    let start = Instant::now();
    let failover = crate::process::options(&file, &url, &key).connect().await?;
    if !failover.flush(PATIENCE).await? {
        return Err("writes still wait".into());
    }
    let spent = start.elapsed();
    let left = failover.failover_info().await?.outbox_rows;
    failover.close().await?;
    check(&servers.direct().connect()?.into(), rows, left).await?;
    Ok(spent)
}

async fn replay(
    options: Options,
    report: &Report,
    servers: &Servers,
    name: &str,
    rows: &Rows,
    line: Line,
) -> Result<()> {
    let remote = Store::from(servers.direct().connect()?);
    let pairs = in_turn(
        options.size(7, 1),
        async |_| drain(servers, name, rows).await,
        async |_| {
            servers.clear().await?;
            let (sessions, events) = (rows.sessions.clone(), rows.events.clone());
            let tool_events = rows.tool_events.clone();
            let start = Instant::now();
            Sessions::new(&remote).insert_many(sessions).await?;
            Events::new(&remote).insert_many(events).await?;
            if !tool_events.is_empty() {
                ToolEvents::new(&remote).insert_many(tool_events).await?;
            }
            let spent = start.elapsed();
            check(&remote, rows, 0).await?;
            Ok(spent)
        },
    )
    .await?;
    report.line(Line { operations: rows.count(), ..line }, &pairs);
    Ok(())
}

/// # Errors
/// When the server does not hold the rows.
async fn check(remote: &Store, rows: &Rows, left: u64) -> Result<()> {
    let stored = [
        Sessions::new(remote).find().count().await?,
        Events::new(remote).find().count().await?,
        ToolEvents::new(remote).find().count().await?,
    ];
    let wanted = [rows.sessions.len(), rows.events.len(), rows.tool_events.len()];
    if stored == wanted.map(|count| count as u64) && left == 0 {
        return Ok(());
    }
    Err(format!("stored {stored:?} of {wanted:?}, {left} are left").into())
}
