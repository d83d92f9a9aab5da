//! Speed of the failover store: through outages, of replay, and of what it costs while all is well.
//!
//! ```sh
//! cargo bench --bench failover             # fifteen minutes
//! cargo bench --bench failover -- --quick  # whether it works: few rounds, small outboxes
//! cargo bench --bench failover -- replay   # one part: refused, tasks, black-hole, healthy, process,
//!                                          # replay, function, drain, lock, readers
//! cargo bench --bench failover -- full     # with 1,000,000 queued events: steps, memory of a replay
//! ```
//!
//! - Time limits and other fixed bounds stand as "the other's" time.
//! - Plain SQLite inserts the same rows into a file of the same schema, opened with
//!   `synchronous = FULL` as the failover store opens its own.
//! - 64 tasks write at a time; beside them rusqlite inserts the same rows, one commit a row, on one
//!   connection.
//! - A drain begins with 50,000 events that were queued in an outage, and ends when the store is
//!   healthy. Meanwhile a row is written each 10 ms; the slowest of those writes stands beside the
//!   slowest of as many to the same store with nothing to drain.
//! - A row that is not there is deleted each millisecond on a store of its own, as another process
//!   has one, while 100,000 events wait for their session, which is refused, let go, and replayed.
//! - Steps are of one row while 1,000,000 events, or 1,000, wait in a table that is paused, behind
//!   10,000 dead letters, or 10.
//! - Replay begins with a file in which the rows are queued, and ends when nothing waits. Beside it
//!   the same rows go to the same server by `insert_many`, table by table, into empty tables.
//! - Replay by the function begins with such a file as well, and with a server that has
//!   `chronicle_apply`. Beside it the same is replayed to a server of its own that has not.
//! - Hook records are the quickstart's payloads, over and over in sessions of their own, as a
//!   `Recorder` writes them: their outbox holds updates too, and more entries than rows.
//! - A process of its own opens the file, `LocalFirst`, and inserts an event. Its time begins before
//!   it is started, and ends when its parent reads that the insert has returned.

#[path = "failover/drain.rs"]
mod drain;
#[path = "failover/healthy.rs"]
mod healthy;
#[path = "failover/lock.rs"]
mod lock;
#[allow(dead_code, unused_imports, reason = "shared with the other benches")]
mod measure;
#[path = "failover/memory.rs"]
mod memory;
#[path = "failover/outages.rs"]
mod outages;
#[allow(dead_code, reason = "shared with the bench of SQLite")]
#[path = "sqlite/prepared.rs"]
mod prepared;
#[path = "failover/process.rs"]
mod process;
#[path = "failover/queued.rs"]
mod queued;
#[path = "failover/replay.rs"]
mod replay;
#[path = "failover/servers.rs"]
mod servers;
#[path = "failover/steps.rs"]
mod steps;

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
    let Some(options) = Options::from_arguments()? else { return Ok(()) };
    let servers = Servers::start().await?;
    let report = Report::new("Failover", options);
    if options.wants("refused") {
        outages::refused(options, &report, &servers).await?;
    }
    if options.wants("tasks") {
        outages::tasks(options, &report, &servers).await?;
    }
    if options.wants("black-hole") {
        outages::black_hole(options, &report, &servers).await?;
    }
    if options.wants("healthy") {
        healthy::insert(options, &report, &servers).await?;
    }
    if options.wants("process") {
        process::insert_one(options, &report, &servers).await?;
    }
    if options.wants("replay") {
        replay::events(options, &report, &servers).await?;
        replay::hook_records(options, &report, &servers).await?;
    }
    if options.wants("function") {
        replay::by_function(options, &report, &servers).await?;
    }
    if options.wants("drain") {
        drain::measure(options, &report, &servers).await?;
    }
    if options.wants("lock") {
        lock::measure(options, &report, &servers).await?;
    }
    if options.wants("readers") {
        memory::readers(options, &servers).await?;
    }
    if options.names("full") {
        steps::measure(options, &report, &servers).await?;
        memory::replay(options, &servers).await?;
    }
    Ok(())
}
