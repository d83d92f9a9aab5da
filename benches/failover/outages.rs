//! Writes while the server cannot be reached.

use crate::measure::{Line, Measure, Options, Pairs, Report, Result, events};
use crate::servers::{Servers, TIME_LIMIT};
use chronicle::failover::Failover;
use chronicle::{Backend, Store};
use chronicle_entity::{Events, NewSession, SessionId, SessionStatus, Sessions};
use chronicle_test_servers::Fault;
use std::time::{Duration, Instant};

/// What is measured of one outage.
struct Outage {
    first: Duration,
    /// One write after it.
    next: Duration,
}

async fn insert_session(store: impl Into<Store>) -> Result<SessionId> {
    Ok(Sessions::new(store).insert(NewSession::new(SessionStatus::Active)).await?.id)
}

/// Inserts events one by one.
async fn insert(events: &Events, rows: Vec<chronicle_entity::event::Model>) -> Result<Duration> {
    let start = Instant::now();
    for row in rows {
        events.insert(row).await?;
    }
    Ok(start.elapsed())
}

async fn writes(failover: &Failover, session: SessionId, following: usize) -> Result<Outage> {
    let repository = Events::new(failover);
    let first = insert(&repository, events(session, 1)).await?;
    let next = insert(&repository, events(session, following)).await? / following as u32;
    if failover.failover_info().await?.outbox_rows < following as u64 {
        return Err("the writes must have gone to the file".into());
    }
    Ok(Outage { first, next })
}

/// The connection is refused.
pub(crate) async fn refused(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let following = 50;
    let (mut first, mut next) = (Pairs::default(), Pairs::default());
    for round in 0..=options.size(40, 2) {
        servers.gateway.heal().await?;
        let failover = servers.behind_gateway(&servers.empty_file("ours.db")?).connect().await?;
        let session = insert_session(&failover).await?;
        servers.gateway.refuse().await?;
        let ours = writes(&failover, session, following).await?;
        failover.close().await?;

        let plain = servers.plain("plain.db").await?;
        let session = insert_session(&plain).await?;
        let repository = Events::new(&plain);
        insert(&repository, events(session, 1)).await?;
        let other = insert(&repository, events(session, following)).await? / following as u32;
        Store::from(plain).close().await?;
        if round > 0 {
            first.push(ours.first, Duration::from_millis(10));
            next.push(ours.next, other);
        }
    }
    servers.gateway.heal().await?;
    let line = Line {
        name: "refused: the first write",
        beside: "10 ms",
        measure: Measure::Time,
        operations: 1,
        bound: Some(1.0),
    };
    report.line(line, &first);
    let line = Line {
        name: "refused: the following writes",
        beside: "plain SQLite, synchronous FULL",
        bound: Some(1.5),
        ..line
    };
    report.line(line, &next);
    Ok(())
}

/// Requests are never answered.
pub(crate) async fn black_hole(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let (mut first, mut next) = (Pairs::default(), Pairs::default());
    for _ in 0..options.size(20, 2) {
        servers.gateway.heal().await?;
        let failover = servers.behind_gateway(&servers.empty_file("ours.db")?).connect().await?;
        let session = insert_session(&failover).await?;
        servers.gateway.fault(Fault::black_hole().always());
        let ours = writes(&failover, session, 1).await?;
        failover.close().await?;
        first.push(ours.first, TIME_LIMIT);
        next.push(ours.next, TIME_LIMIT);
    }
    servers.gateway.heal().await?;
    let line = Line {
        name: "black hole: the first write",
        beside: "one time limit",
        measure: Measure::Time,
        operations: 1,
        bound: Some(1.1),
    };
    report.line(line, &first);
    report.line(Line { name: "black hole: the next write", bound: Some(0.1), ..line }, &next);
    Ok(())
}
