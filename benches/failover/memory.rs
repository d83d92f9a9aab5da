//! Memory of a process that replays a very full outbox.

use crate::measure::Result;
use crate::process::{Child, Task};
use crate::queued;
use crate::servers::Servers;
use chronicle::failover::FailoverOptions;
use std::io::Write;
use std::time::{Duration, Instant};

const EVENTS: usize = 1_000_000;

/// In MB.
const BOUND: u64 = 100;

/// Fills an outbox, replays it in a process of its own, and prints that process's peak.
pub(crate) async fn measure(servers: &Servers) -> Result<()> {
    let rows = queued::events_of_a_session(servers, "ours.db", EVENTS).await?;
    let child = Child {
        task: Task::Replay,
        file: servers.path("ours.db"),
        url: servers.server.url(),
        key: servers.server.service_key(),
        session: rows.sessions[0].id,
    };
    let start = Instant::now();
    let output = child.command()?.output()?;
    if !output.status.success() {
        return Err("the child process failed".into());
    }
    let kilobytes: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
    let stored = servers.server.database().query("select count(*) from events").await?;
    if stored != [[Some(EVENTS.to_string())]] {
        return Err(format!("stored {stored:?}").into());
    }
    let megabytes = kilobytes / 1_000;
    let holds = if megabytes < BOUND { "yes" } else { "no" };
    println!(
        "replaying {EVENTS} events: {megabytes} MB at most, in {:.0} s; wanted < {BOUND} MB: {holds}",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// What the child does: it replays all, and prints the most memory that it ever had, in kB.
pub(crate) async fn replay(options: FailoverOptions) -> Result<()> {
    let failover = options.connect().await?;
    if !failover.flush(Duration::from_secs(3_600)).await? {
        return Err("writes still wait".into());
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")).ok_or("no VmHWM")?;
    Ok(writeln!(std::io::stdout(), "{}", peak.trim())?)
}
