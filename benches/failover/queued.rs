//! Files whose outbox is full.

use crate::measure::{Result, events};
use crate::process::options;
use crate::servers::Servers;
use chronicle::Store;
use chronicle::failover::{Failover, FailoverOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle_entity::hook::{Delivery, Occurrences, Payload, Recorder, Sender, Stream};
use chronicle_entity::{
    Events, NewSession, SessionId, SessionStatus, Sessions, ToolEvents, event, session, tool_event,
};
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

const PAYLOADS: &str = include_str!("../../examples/quickstart/hooks.jsonl");

/// The rows that the server holds after a replay, in an order in which they can be inserted.
pub(crate) struct Rows {
    pub(crate) sessions: Vec<session::Model>,
    pub(crate) events: Vec<event::Model>,
    pub(crate) tool_events: Vec<tool_event::Model>,
    /// Entries of the outbox.
    pub(crate) entries: usize,
}

impl Rows {
    /// All rows that a store serves.
    async fn of(failover: &Failover) -> Result<Self> {
        Ok(Self {
            sessions: Sessions::new(failover).find().all().await?,
            events: Events::new(failover).find().all().await?,
            tool_events: ToolEvents::new(failover).find().all().await?,
            entries: usize::try_from(failover.failover_info().await?.outbox_rows)?,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.sessions.len() + self.events.len() + self.tool_events.len()
    }
}

/// The right to replay, so that nobody else has it while a file is filled.
fn keep_from_replay(file: &Path) -> Result<File> {
    let mut name = file.as_os_str().to_owned();
    name.push("-replay");
    let lock = File::options().create(true).truncate(false).write(true).open(name)?;
    lock.try_lock()?;
    Ok(lock)
}

async fn fill(
    servers: &Servers,
    name: &str,
    work: impl AsyncFnOnce(&Failover) -> Result<Rows>,
) -> Result<Rows> {
    let file = servers.fast_file(name)?;
    let _lock = keep_from_replay(&file)?;
    let (url, key) = (servers.server.url(), servers.server.service_key());
    let failover = options(&file, &url, &key).connect().await?;
    let rows = work(&failover).await?;
    if rows.entries < rows.count() {
        return Err(format!("{} rows, {} entries", rows.count(), rows.entries).into());
    }
    Store::from(&failover).close().await?;
    to_disk(servers, &file, name)?;
    Ok(rows)
}

/// Moves a closed file to where it is measured.
fn to_disk(servers: &Servers, file: &Path, name: &str) -> Result<()> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        return Err("a closed file has a log".into());
    }
    std::fs::copy(file, servers.path(name))?;
    Ok(std::fs::remove_file(file)?)
}

/// Inserts so many events, thousands at a time.
async fn insert_events(failover: &Failover, session: SessionId, count: usize) -> Result<()> {
    let repository = Events::new(failover);
    for first in (0..count).step_by(10_000) {
        repository.insert_many(events(session, (count - first).min(10_000))).await?;
    }
    Ok(())
}

/// A file in which events of one session wait that were written in an outage, and that session.
pub(crate) async fn outage(servers: &Servers, name: &str, count: usize) -> Result<SessionId> {
    let file = servers.fast_file(name)?;
    let sqlite = SqliteOptions::new(&file);
    servers.gateway.refuse().await?;
    let failover = FailoverOptions::new(sqlite, servers.patient()).connect().await?;
    let session = Sessions::new(&failover).insert(NewSession::new(SessionStatus::Active)).await?.id;
    insert_events(&failover, session, count).await?;
    let waiting = failover.failover_info().await?.outbox_rows;
    Store::from(&failover).close().await?;
    servers.gateway.heal().await?;
    if waiting != count as u64 + 1 {
        return Err(format!("{waiting} writes wait").into());
    }
    to_disk(servers, &file, name)?;
    Ok(session)
}

/// The user of sessions that the server refuses, once it is told so.
pub(crate) const REFUSED: &str = "refused";

/// A file with dead letters, and with events in a table that is paused, since the server does not
/// let them in.
pub(crate) async fn paused(
    servers: &Servers,
    name: &str,
    letters: usize,
    count: usize,
) -> Result<()> {
    let file = servers.fast_file(name)?;
    let (url, key) = (servers.server.url(), servers.server.service_key());
    let failover = options(&file, &url, &key).connect().await?;
    let sessions = Sessions::new(&failover);
    let refused = || NewSession::new(SessionStatus::Active).user_id(REFUSED);
    sessions.insert_many((0..letters).map(|_| refused())).await?;
    let session = sessions.insert(NewSession::new(SessionStatus::Active)).await?.id;
    if !failover.flush(Duration::from_secs(600)).await? {
        return Err("writes still wait".into());
    }
    insert_events(&failover, session, count).await?;
    while failover.failover_info().await?.paused.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let info = failover.failover_info().await?;
    if (info.dead_letters, info.outbox_rows) != (letters as u64, count as u64) {
        return Err(format!("{} letters, {} entries", info.dead_letters, info.outbox_rows).into());
    }
    Store::from(&failover).close().await?;
    to_disk(servers, &file, name)
}

/// A file in which so many events of one session wait, whose user is the given one.
pub(crate) async fn events_of_a_session(
    servers: &Servers,
    name: &str,
    count: usize,
    user: Option<&str>,
) -> Result<Rows> {
    fill(servers, name, async |failover| {
        let mut row = NewSession::new(SessionStatus::Active);
        if let Some(user) = user {
            row = row.user_id(user);
        }
        let session = Sessions::new(failover).insert(row).await?;
        insert_events(failover, session.id, count).await?;
        Rows::of(failover).await
    })
    .await
}

/// A file in which the records of hook payloads wait, so many rows or a few more.
pub(crate) async fn hook_records(servers: &Servers, name: &str, count: usize) -> Result<Rows> {
    fill(servers, name, async |failover| {
        let mut recorder = Recorder::new(failover);
        let mut rows = 0;
        for number in 1_u128.. {
            let mut seen = Occurrences::default();
            for found in Stream::new(PAYLOADS.as_bytes(), Sender::new()) {
                let found = found?;
                let payload = found.payload.map_err(|error| error.to_string())?;
                let nth = seen.nth(&payload, found.byte);
                let payload = in_session_of_its_own(&payload, number)?;
                recorder.record(&payload, Delivery::nth(chronicle::now(), "bench", nth)).await?;
                rows += 1;
            }
            // About 41 rows of 29 payloads.
            if rows * 41 / 29 >= count {
                break;
            }
        }
        Rows::of(failover).await
    })
    .await
}

/// The payload as one of another session: the number stands for which.
fn in_session_of_its_own(payload: &Payload, number: u128) -> Result<Payload> {
    let mut document = payload.to_json();
    let id: Uuid = document["session_id"].as_str().ok_or("a session's id")?.parse()?;
    let id = SessionId::from(Uuid::from_u128(id.as_u128() ^ number));
    document["session_id"] = id.to_string().into();
    Ok(Payload::from_json(document).map_err(|error| error.to_string())?)
}
