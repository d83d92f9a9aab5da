//! Writes while a full outbox drains.

use crate::measure::{Line, Measure, Options, Pairs, Report, Result, events, in_turn};
use crate::queued;
use crate::servers::Servers;
use chronicle::failover::{Failover, FailoverOptions, Status};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Store};
use chronicle_entity::{
    Events, NewSession, SessionId, SessionPatch, SessionStatus, Sessions, event,
};
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// How often a row is written.
const EVERY: Duration = Duration::from_millis(10);

/// Which rows are written meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    None,
    NewRows,
    /// A fifth of them update the session whose events drain.
    AFifthOnOneRow,
}

/// What came of one drain.
struct Drained {
    until_healthy: Duration,
    /// The slowest write of the drain, and of as many after it.
    slowest: (Duration, Duration),
}

pub(crate) async fn measure(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let session = queued::outage(servers, "outage.db", options.size(50_000, 3_000)).await?;
    let line = Line {
        name: "drain 50,000, new rows meanwhile",
        beside: "the drain alone",
        measure: Measure::Time,
        operations: 1,
        bound: Some(1.3),
    };
    let slowest = Line {
        name: "the slowest of them",
        beside: "the slowest without a drain",
        bound: Some(2.0),
        ..line
    };
    for (line, writes) in [
        (line, Writes::NewRows),
        (Line { name: "the same, a fifth on one row", ..line }, Writes::AFifthOnOneRow),
    ] {
        let mut of_writes = Pairs::default();
        let pairs = in_turn(
            options.size(7, 1),
            async |round| {
                let drained = drain(servers, session, writes).await?;
                if round > 0 {
                    of_writes.push(drained.slowest.0, drained.slowest.1);
                }
                Ok(drained.until_healthy)
            },
            async |_| Ok(drain(servers, session, Writes::None).await?.until_healthy),
        )
        .await?;
        report.line(line, &pairs);
        report.line(slowest, &of_writes);
    }
    Ok(())
}

async fn drain(servers: &Servers, queued: SessionId, writes: Writes) -> Result<Drained> {
    servers.clear().await?;
    let file = SqliteOptions::new(servers.copy_file("outage.db", "drain.db")?);
    let failover = FailoverOptions::new(file, servers.patient()).connect().await?;
    let session = NewSession::new(SessionStatus::Active);
    let session = Sessions::new(&servers.direct().connect()?).insert(session).await?.id;
    let rows = events(session, 10_000);
    let start = Instant::now();
    failover.resume().await?;
    let healthy = healthy(&failover);
    let (until_healthy, during) = match writes {
        Writes::None => (healthy.await.map(|()| start.elapsed())?, Vec::new()),
        _ => {
            let mut times = Vec::new();
            tokio::select! {
                healthy = healthy => (healthy.map(|()| start.elapsed())?, times),
                error = write(&failover, queued, writes, &rows, &mut times) => {
                    return Err(error.err().unwrap_or_else(|| "too few rows".into()));
                }
            }
        }
    };
    let mut after = Vec::new();
    let rest = &rows[during.len() + 1..][..during.len()];
    write(&failover, queued, writes, rest, &mut after).await?;
    let letters = failover.failover_info().await?.dead_letters;
    failover.close().await?;
    if letters > 0 {
        return Err(format!("{letters} dead letters").into());
    }
    let slowest = |times: Vec<Duration>| times.into_iter().max().unwrap_or_default();
    Ok(Drained { until_healthy, slowest: (slowest(during), slowest(after)) })
}

async fn healthy(failover: &Failover) -> Result<()> {
    failover.watch().wait_for(|status| *status == Status::Healthy).await?;
    Ok(())
}

async fn write(
    failover: &Failover,
    queued: SessionId,
    writes: Writes,
    rows: &[event::Model],
    times: &mut Vec<Duration>,
) -> Result<()> {
    let store = Store::from(failover);
    let (events, sessions) = (Events::new(&store), Sessions::new(&store));
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for (number, row) in rows.iter().enumerate() {
        ticks.tick().await;
        let start = Instant::now();
        if writes == Writes::AFifthOnOneRow && number % 5 == 0 {
            let branch = SessionPatch::default().git_branch(format!("branch-{number}"));
            sessions.update(queued, branch).await?;
        } else {
            events.insert(row.clone()).await?;
        }
        times.push(start.elapsed());
    }
    Ok(())
}
