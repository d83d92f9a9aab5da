//! Files whose outbox is full.

use crate::measure::{Result, events};
use crate::process::options;
use crate::servers::Servers;
use chronicle::Store;
use chronicle::failover::Failover;
use chronicle_entity::hook::{self, Delivery, Line, Payload, Recorder};
use chronicle_entity::{
    Events, NewSession, SessionId, SessionStatus, Sessions, ToolEvents, event, session, tool_event,
};
use std::fs::File;
use std::path::Path;
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
    std::fs::copy(&file, servers.path(name))?;
    std::fs::remove_file(file)?;
    Ok(rows)
}

/// A file in which so many events of one session wait.
pub(crate) async fn events_of_a_session(
    servers: &Servers,
    name: &str,
    count: usize,
) -> Result<Rows> {
    fill(servers, name, async |failover| {
        let row = NewSession::new(SessionStatus::Active);
        let session = Sessions::new(failover).insert(row).await?;
        let mut rows = Rows {
            sessions: vec![session],
            events: Vec::new(),
            tool_events: Vec::new(),
            entries: 0,
        };
        let repository = Events::new(failover);
        let mut left = count;
        while left > 0 {
            let chunk = events(rows.sessions[0].id, left.min(10_000));
            left -= chunk.len();
            repository.insert_many(chunk).await?;
        }
        rows.entries = usize::try_from(failover.failover_info().await?.outbox_rows)?;
        // A million of them are not read to be inserted again.
        if count <= 100_000 {
            rows = Rows::of(failover).await?;
        }
        Ok(rows)
    })
    .await
}

/// A file in which the records of hook payloads wait, so many rows or a few more.
pub(crate) async fn hook_records(servers: &Servers, name: &str, count: usize) -> Result<Rows> {
    fill(servers, name, async |failover| {
        let mut recorder = Recorder::new(failover);
        let mut rows = 0;
        for number in 1_u128.. {
            for Line { payload, nth, .. } in hook::lines(PAYLOADS.as_bytes()) {
                let payload = payload.map_err(|error| error.to_string())?;
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
