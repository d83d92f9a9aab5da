//! Writes while the server cannot be reached.

use crate::measure::{Line, Measure, Options, Pairs, Report, Result, events, in_turn};
use crate::servers::{Servers, TIME_LIMIT};
use chronicle::failover::Failover;
use chronicle::{Backend, Sqlite, Store};
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

/// Tasks that write at a time.
pub(crate) const TASKS: usize = 64;

/// Inserts so many events in each of so many tasks.
pub(crate) async fn insert_at_once(
    store: &Store,
    session: SessionId,
    tasks: usize,
    each: usize,
) -> Result<Duration> {
    let rows = events(session, tasks * each);
    let start = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for rows in rows.chunks(each) {
        let (events, rows) = (Events::new(store), rows.to_vec());
        running.spawn(async move {
            for row in rows {
                events.insert(row).await?;
            }
            Ok::<_, chronicle::Error>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(start.elapsed())
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

/// Many tasks write while the connection is refused.
pub(crate) async fn tasks(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let each = 20;
    let pairs = in_turn(
        options.size(15, 1),
        async |_| {
            servers.gateway.heal().await?;
            let file = servers.empty_file("ours.db")?;
            let failover = servers.behind_gateway(&file).connect().await?;
            let session = insert_session(&failover).await?;
            servers.gateway.refuse().await?;
            // It notices the outage.
            insert(&Events::new(&failover), events(session, 1)).await?;
            let spent = insert_at_once(&Store::from(&failover), session, TASKS, each).await?;
            failover.close().await?;
            Ok(spent)
        },
        async |_| {
            let file = servers.empty_file("plain.db")?;
            let plain = Sqlite::open(&file).await?;
            let session = insert_session(&plain).await?;
            Store::from(plain).close().await?;
            let rows = events(session, TASKS * each);
            let mut connection = crate::prepared::open(&file)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            let start = Instant::now();
            for row in rows {
                crate::prepared::insert(&mut connection, &[row])?;
            }
            Ok(start.elapsed())
        },
    )
    .await?;
    servers.gateway.heal().await?;
    let line = Line {
        name: "refused: 64 tasks",
        beside: "rusqlite, FULL, a commit a row",
        measure: Measure::Rate,
        operations: TASKS * each,
        bound: Some(3.0),
    };
    report.line(line, &pairs);
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
