//! How long another process waits for the write lock.

use crate::measure::{Line, Measure, Options, Pairs, Report, Result};
use crate::queued::{self, REFUSED};
use crate::servers::Servers;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Store};
use chronicle_entity::{SessionId, Sessions};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than any replay.
const PATIENCE: Duration = Duration::from_secs(600);

/// A parent of many is refused, let go again, and all of them are replayed.
pub(crate) async fn measure(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let count = options.size(100_000, 3_000);
    queued::events_of_a_session(servers, "children.db", count, Some(REFUSED)).await?;
    let names = ["is refused", "goes again", "they are replayed"];
    let mut waits = names.map(|_| Pairs::default());
    for _ in 0..options.size(3, 1) {
        servers.clear().await?;
        servers.refuse_sessions_of(REFUSED).await?;
        let file = servers.copy_file("children.db", "lock.db")?;
        let (url, key) = (servers.server.url(), servers.server.service_key());
        let failover = crate::process::options(&file, &url, &key).connect().await?;
        let mut pushes = waits.iter_mut();
        let mut push = |waited: Duration| {
            pushes.next().ok_or("too many")?.push(waited, Duration::from_millis(100));
            Result::Ok(())
        };

        let other = Other::start(file.clone())?;
        if !failover.flush(PATIENCE).await? || failover.failover_info().await?.held != count as u64
        {
            return Err("not all are held".into());
        }
        push(other.end()?)?;

        servers.refuse_nothing().await?;
        let letter = failover.dead_letters(1).await?.first().ok_or("no letter")?.id;
        let other = Other::start(file.clone())?;
        failover.retry(letter).await?;
        while failover.failover_info().await?.held > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        push(other.end()?)?;

        let other = Other::start(file)?;
        if !failover.flush(PATIENCE).await? {
            return Err("writes still wait".into());
        }
        push(other.end()?)?;
        failover.close().await?;
    }
    for (name, waits) in [
        ("100,000 children: parent is refused", &waits[0]),
        ("100,000 children: it goes again", &waits[1]),
        ("100,000 children: they are replayed", &waits[2]),
    ] {
        let line = Line {
            name,
            beside: "100 ms (the longest wait to write)",
            measure: Measure::Time,
            operations: 1,
            bound: Some(1.0),
        };
        report.line(line, waits);
    }
    Ok(())
}

/// Who writes again and again, on a store of its own as another process has one.
struct Other {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<chronicle::Result<Duration>>,
}

impl Other {
    fn start(file: PathBuf) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let ends = Arc::new(AtomicBool::new(false));
        let end = ends.clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let sqlite =
                    SqliteOptions::new(file).busy_timeout(Duration::from_secs(60)).open().await?;
                let sessions = Sessions::new(&sqlite);
                let mut longest = Duration::ZERO;
                while !end.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    sessions.delete(SessionId::generate()).await?;
                    longest = longest.max(start.elapsed());
                    std::thread::sleep(Duration::from_millis(1));
                }
                Store::from(sqlite).close().await?;
                Ok(longest)
            })
        });
        Ok(Self { ends, thread })
    }

    /// The longest that it has waited.
    fn end(self) -> Result<Duration> {
        self.ends.store(true, Ordering::Relaxed);
        Ok(self.thread.join().map_err(|_| "the thread panicked")??)
    }
}
