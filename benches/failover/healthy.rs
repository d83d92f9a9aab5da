//! Writes while the server serves.

use crate::measure::{Line, Measure, Options, Report, Result, events, in_turn};
use crate::servers::Servers;
use chronicle::failover::FailoverOptions;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Store};
use chronicle_entity::{Events, NewSession, SessionId, SessionStatus, Sessions};
use std::time::{Duration, Instant};

/// A store's events, and a session for them.
struct Side {
    store: Store,
    session: SessionId,
}

impl Side {
    async fn new(store: Store) -> Result<Self> {
        let row = NewSession::new(SessionStatus::Active);
        let session = Sessions::new(&store).insert(row).await?.id;
        Ok(Self { store, session })
    }

    async fn insert(&self, operations: usize) -> Result<Duration> {
        let repository = Events::new(&self.store);
        let rows = events(self.session, operations);
        let start = Instant::now();
        for row in rows {
            repository.insert(row).await?;
        }
        Ok(start.elapsed())
    }
}

pub(crate) async fn insert_one(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let operations = 20;
    let file = SqliteOptions::new(servers.empty_file("ours.db")?);
    let failover = FailoverOptions::new(file, servers.direct()).connect().await?;
    let ours = Side::new(Store::from(&failover)).await?;
    let bare = Side::new(servers.direct().connect()?.into()).await?;
    let pairs = in_turn(
        options.size(100, 3),
        async |_| ours.insert(operations).await,
        async |_| bare.insert(operations).await,
    )
    .await?;
    let line = Line {
        name: "healthy: insert one",
        beside: "the PostgREST backend alone",
        measure: Measure::Time,
        operations,
        bound: Some(1.1),
    };
    report.line(line, &pairs);
    Ok(failover.close().await?)
}
