//! Speed of the failover store: through outages, of replay, and of what it costs while all is well.
//!
//! ```sh
//! cargo bench --bench failover             # ten minutes
//! cargo bench --bench failover -- --quick  # whether it works: few rounds, small outboxes
//! cargo bench --bench failover -- replay   # one part: refused, black-hole, healthy, process, replay
//! cargo bench --bench failover -- --full   # memory while 1,000,000 queued events are replayed
//! ```
//!
//! - Time limits and other fixed bounds stand as "the other's" time.
//! - Plain SQLite inserts the same rows into a file of the same schema, opened with
//!   `synchronous = FULL` as the failover store opens its own.
//! - Replay begins with a file in which the rows are queued, and ends when nothing waits. Beside it
//!   the same rows go to the same server by `insert_many`, table by table, into empty tables.
//! - Hook records are the quickstart's payloads, over and over in sessions of their own, as a
//!   `Recorder` writes them: their outbox holds updates too, and more entries than rows.
//! - A process of its own opens the file, `LocalFirst`, and inserts an event. Its time begins before
//!   it is started, and ends when its parent reads that the insert has returned.

#[path = "failover/healthy.rs"]
mod healthy;
#[allow(dead_code, unused_imports, reason = "shared with the other benches")]
mod measure;
#[path = "failover/memory.rs"]
mod memory;
#[path = "failover/outages.rs"]
mod outages;
#[path = "failover/process.rs"]
mod process;
#[path = "failover/queued.rs"]
mod queued;
#[path = "failover/replay.rs"]
mod replay;
#[path = "failover/servers.rs"]
mod servers;

use measure::{Options, Report, Result};
use servers::Servers;

fn main() -> Result<()> {
    // A child process inserts with one thread and no more, as a hook does.
    if let Some(work) = process::Child::from_environment() {
        return work.run();
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure_all())
}

async fn measure_all() -> Result<()> {
    if std::env::args().any(|argument| argument == "--full") {
        return memory::measure(&Servers::start().await?).await;
    }
    let Some(options) = Options::from_arguments()? else { return Ok(()) };
    let servers = Servers::start().await?;
    let report = Report::new("Failover", options);
    if options.wants("refused") {
        outages::refused(options, &report, &servers).await?;
    }
    if options.wants("black-hole") {
        outages::black_hole(options, &report, &servers).await?;
    }
    if options.wants("healthy") {
        healthy::insert_one(options, &report, &servers).await?;
    }
    if options.wants("process") {
        process::insert_one(options, &report, &servers).await?;
    }
    if options.wants("replay") {
        replay::events(options, &report, &servers).await?;
        replay::hook_records(options, &report, &servers).await?;
    }
    Ok(())
}
