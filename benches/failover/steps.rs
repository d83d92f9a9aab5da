//! What one step costs, by how much waits.

use crate::measure::{Line, Measure, Options, Pairs, Report, Result};
use crate::queued::{self, REFUSED};
use crate::servers::Servers;
use chronicle::Backend;
use chronicle::failover::{Failover, FailoverInfo};
use chronicle_entity::{
    NewSession, NewToolEvent, SessionId, SessionStatus, Sessions, ToolEvents, ToolName, ToolStatus,
};
use std::time::{Duration, Instant};

/// The file with most entries; it is left with them.
pub(crate) const FILE: &str = "many.db";

/// How many events wait in it.
pub(crate) fn entries(options: Options) -> usize {
    options.size(1_000_000, 10_000)
}

/// The steps, each with its name in the table.
const NAMES: [&str; 6] = [
    "1,000,000 wait: queue one",
    "1,000,000 wait: acknowledge it",
    "1,000,000 wait: refuse one",
    "1,000,000 wait: retry it",
    "1,000,000 wait: pause a table",
    "1,000,000 wait: end the pause",
];

pub(crate) async fn measure(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    servers.clear().await?;
    servers.refuse_sessions_of(REFUSED).await?;
    servers.server.database().execute("revoke insert on events from service_role").await?;
    queued::paused(servers, FILE, options.size(10_000, 100), entries(options)).await?;
    queued::paused(servers, "few.db", 10, 1_000).await?;
    let (url, key) = (servers.server.url(), servers.server.service_key());
    let mut stores = Vec::new();
    for file in [FILE, "few.db"] {
        stores.push(crate::process::options(&servers.path(file), &url, &key).connect().await?);
    }
    let mut pairs = NAMES.map(|_| Pairs::default());
    for round in 0..=options.size(20, 2) {
        let many = steps(servers, &stores[0]).await?;
        let few = steps(servers, &stores[1]).await?;
        if round > 0 {
            for ((pairs, many), few) in pairs.iter_mut().zip(many).zip(few) {
                pairs.push(many, few);
            }
        }
    }
    for store in stores {
        store.close().await?;
    }
    servers.refuse_nothing().await?;
    for (name, pairs) in NAMES.into_iter().zip(&pairs) {
        let beside = "1,000 wait";
        report.line(
            Line { name, beside, measure: Measure::Time, operations: 1, bound: Some(1.2) },
            pairs,
        );
    }
    Ok(())
}

async fn steps(servers: &Servers, failover: &Failover) -> Result<[Duration; 6]> {
    let sessions = Sessions::new(failover);
    let before = failover.failover_info().await?;
    let mut times = Vec::new();

    let start = Instant::now();
    let session = sessions.insert(NewSession::new(SessionStatus::Active)).await?.id;
    times.push(start.elapsed());
    times.push(until(failover, |now| now.outbox_rows == before.outbox_rows).await?);

    sessions.insert(NewSession::new(SessionStatus::Active).user_id(REFUSED)).await?;
    let letters = before.dead_letters + 1;
    times.push(until(failover, |now| now.dead_letters == letters).await?);
    let newest = chronicle::failover::LetterFilter::all();
    let letter = failover.find_letters(newest, u32::MAX).await?;
    let letter = letter.last().ok_or("no letter")?.id;
    let start = Instant::now();
    failover.retry(letter).await?;
    times.push(start.elapsed());
    until(failover, |now| now.dead_letters == letters).await?;
    failover.drop_letter(letter).await?;

    times.extend(pause(servers, failover, session).await?);
    times.try_into().map_err(|_| "not six steps".into())
}

/// A right is taken away, and given back.
async fn pause(
    servers: &Servers,
    failover: &Failover,
    session: SessionId,
) -> Result<[Duration; 2]> {
    let database = servers.server.database();
    let is_paused =
        |now: &FailoverInfo| now.paused.iter().any(|paused| paused.table.ends_with("tool_events"));
    database.execute("revoke insert on tool_events from service_role").await?;
    let row = NewToolEvent::new(session, ToolName::Bash, ToolStatus::Running, chronicle::now());
    ToolEvents::new(failover).insert(row).await?;
    let paused = until(failover, is_paused).await?;
    database.execute("grant insert on tool_events to service_role").await?;
    failover.resume().await?;
    Ok([paused, until(failover, |now| !is_paused(now)).await?])
}

/// How long it takes until the store says so.
async fn until(failover: &Failover, says: impl Fn(&FailoverInfo) -> bool) -> Result<Duration> {
    let start = Instant::now();
    while !says(&failover.failover_info().await?) {
        if start.elapsed() > Duration::from_secs(60) {
            return Err("it never came so far".into());
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    Ok(start.elapsed())
}
