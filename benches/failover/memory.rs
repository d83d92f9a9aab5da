//! Memory of processes: of one that replays a very full outbox, and of one that reads for long.
#![allow(clippy::print_stdout, reason = "figures are for the terminal")]

use crate::measure::{Options, Result, events};
use crate::process::{Child, Task};
use crate::servers::Servers;
use crate::steps;
use chronicle::failover::{Failover, FailoverOptions};
use chronicle::{Backend, Store};
use chronicle_entity::{Events, NewSession, SessionId, SessionStatus, Sessions};
use std::io::Write;
use std::time::{Duration, Instant};

/// In MB, while a full outbox is replayed.
const BOUND: u64 = 60;
/// Rows of one read.
const ROWS: usize = 1_000;
/// Reads at a time.
const READERS: usize = 8;
/// How long is read before the memory is looked at, and as often again until it is looked at again.
const WARM: Duration = Duration::from_secs(5);
const TIMES: u32 = 4;

/// Runs a child, and gives what it prints.
fn figures(servers: &Servers, task: Task, file: &str) -> Result<Vec<u64>> {
    let child = Child {
        task,
        file: servers.path(file),
        url: servers.server.url(),
        key: servers.server.service_key(),
        session: SessionId::from(chronicle::uuid::Uuid::nil()),
    };
    let output = child.command()?.output()?;
    if !output.status.success() {
        return Err("the child process failed".into());
    }
    let figures = String::from_utf8(output.stdout)?;
    Ok(figures.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?)
}

/// A figure of this process, in kB.
fn of_this_process(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let figure = status.lines().find_map(|line| line.strip_prefix(name));
    let figure = figure.and_then(|figure| figure.trim().strip_suffix(" kB")).ok_or("no figure")?;
    Ok(figure.trim().parse()?)
}

/// Replays the outbox that the steps were measured with, in a process of its own, and prints that
/// process's peak.
pub(crate) async fn replay(options: Options, servers: &Servers) -> Result<()> {
    let count = steps::entries(options);
    let start = Instant::now();
    let kilobytes = figures(servers, Task::Replay, steps::FILE)?;
    let stored = servers.server.database().query("select count(*) from events").await?;
    if stored != [[Some(count.to_string())]] {
        return Err(format!("stored {stored:?}").into());
    }
    let megabytes = kilobytes.first().ok_or("no figure")? / 1_000;
    let holds = if megabytes < BOUND { "yes" } else { "no" };
    println!(
        "replaying {count} events: {megabytes} MB at most, in {:.0} s; wanted < {BOUND} MB: {holds}",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// What the child does: it replays all, and prints the most memory that it ever had, in kB.
pub(crate) async fn replay_all(options: FailoverOptions) -> Result<()> {
    let failover = options.connect().await?;
    failover.resume().await?;
    if !failover.flush(Duration::from_secs(3_600)).await? {
        return Err("writes still wait".into());
    }
    Ok(writeln!(std::io::stdout(), "{}", of_this_process("VmHWM:")?)?)
}

/// Reads 1,000 rows at a time from the server, for long, in a process of its own; prints how its
/// memory grows.
pub(crate) async fn readers(_: Options, servers: &Servers) -> Result<()> {
    servers.clear().await?;
    servers.empty_file("readers.db")?;
    let remote = Store::from(servers.direct().connect()?);
    let session = Sessions::new(&remote).insert(NewSession::new(SessionStatus::Active)).await?.id;
    Events::new(&remote).insert_many(events(session, ROWS)).await?;
    let figures = figures(servers, Task::Read, "readers.db")?;
    let [before, after, reads] = figures[..] else { return Err("no figures".into()) };
    // A tenth is what an allocator keeps now and then.
    let holds = if after <= before + before / 10 { "yes" } else { "no" };
    println!(
        "{reads} reads of {ROWS} rows, {READERS} at a time: {} MB after {} s, {} MB after {} s; \
         wanted flat: {holds}",
        before / 1_000,
        WARM.as_secs(),
        after / 1_000,
        (WARM * TIMES).as_secs(),
    );
    Ok(())
}

/// What the child does: it reads, and prints its memory early and late, in kB, and how often it read.
pub(crate) async fn read(options: FailoverOptions) -> Result<()> {
    let failover = options.connect().await?;
    let mut reads = read_for(&failover, WARM).await?;
    let before = of_this_process("VmRSS:")?;
    reads += read_for(&failover, WARM * (TIMES - 1)).await?;
    let after = of_this_process("VmRSS:")?;
    failover.close().await?;
    Ok(writeln!(std::io::stdout(), "{before} {after} {reads}")?)
}

async fn read_for(failover: &Failover, time: Duration) -> Result<usize> {
    let start = Instant::now();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..READERS {
        let events = Events::new(failover);
        readers.spawn(async move {
            let mut reads = 0;
            while start.elapsed() < time {
                let rows = events.find().limit(ROWS as u64).all().await?;
                if rows.len() != ROWS {
                    return Err(chronicle::Error::new(
                        chronicle::ErrorKind::Internal,
                        format!("{} rows", rows.len()),
                    ));
                }
                reads += 1;
            }
            Ok(reads)
        });
    }
    let mut reads = 0;
    while let Some(done) = readers.join_next().await {
        reads += done??;
    }
    Ok(reads)
}
