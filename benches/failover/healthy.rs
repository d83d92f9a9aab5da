//! Writes while the server serves.

use crate::measure::{Line, Measure, Options, Report, Result, events, in_turn};
use crate::outages::{TASKS, insert_at_once};
use crate::servers::Servers;
use chronicle::failover::FailoverOptions;
use chronicle::postgrest::PostgrestOptions;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Store};
use chronicle_entity::{Events, NewSession, SessionId, SessionStatus, Sessions};
use chronicle_test_servers::Fault;
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

    /// The time that the inserts take, without the pause before each.
    async fn insert(&self, operations: usize, pause: impl Fn(usize)) -> Result<Duration> {
        let repository = Events::new(&self.store);
        let mut time = Duration::ZERO;
        for (number, row) in events(self.session, operations).into_iter().enumerate() {
            pause(number);
            let start = Instant::now();
            repository.insert(row).await?;
            time += start.elapsed();
        }
        Ok(time)
    }
}

/// How far a server is that is in another town.
const DISTANCE: Duration = Duration::from_millis(5);

pub(crate) async fn insert(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let rounds = options.size(100, 3);
    let line = Line {
        name: "healthy: insert one",
        beside: "the PostgREST backend alone",
        measure: Measure::Time,
        operations: 20,
        bound: Some(1.12),
    };
    let one_by_one = async |side: &Side| side.insert(line.operations, |_| ()).await;
    measure(rounds, report, line, servers, servers.direct(), one_by_one).await?;
    let line = Line {
        name: "healthy: insert one, far",
        beside: "the same, each answer 5 ms later",
        bound: Some(1.03),
        ..line
    };
    servers.gateway.fault(Fault::delay_answer(DISTANCE).always());
    // The proxy's clock has whole milliseconds: the inserts must not keep step with it.
    let pause = |number: usize| std::thread::sleep(Duration::from_micros(number as u64 * 50));
    let one_by_one = async |side: &Side| side.insert(line.operations, pause).await;
    measure(rounds, report, line, servers, servers.patient(), one_by_one).await?;
    servers.gateway.heal().await?;
    let each = 5;
    let line = Line {
        name: "healthy: 64 tasks",
        beside: "the PostgREST backend alone",
        operations: TASKS * each,
        bound: Some(1.1),
        ..line
    };
    let at_once = async |side: &Side| insert_at_once(&side.store, side.session, TASKS, each).await;
    measure(options.size(30, 2), report, line, servers, servers.direct(), at_once).await
}

async fn measure(
    rounds: usize,
    report: &Report,
    line: Line,
    servers: &Servers,
    remote: PostgrestOptions,
    insert: impl AsyncFn(&Side) -> Result<Duration>,
) -> Result<()> {
    let file = SqliteOptions::new(servers.empty_file("ours.db")?);
    let failover = FailoverOptions::new(file, remote.clone()).connect().await?;
    let ours = Side::new(Store::from(&failover)).await?;
    let bare = Side::new(remote.connect()?.into()).await?;
    let pairs =
        in_turn(rounds, async |_| insert(&ours).await, async |_| insert(&bare).await).await?;
    report.line(line, &pairs);
    Ok(failover.close().await?)
}
