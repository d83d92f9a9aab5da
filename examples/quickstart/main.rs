//! Records hook payloads, and shows what was recorded.
//!
//! ```sh
//! cargo run --example quickstart                    # its own payloads, into the file chronicle.db
//! cargo run --example quickstart -- payloads.jsonl  # yours: JSON lines, arrays, a log
//! ```
//!
//! With `SUPABASE_URL` and a key set, the same goes to that project instead of the file. With
//! `CHRONICLE_DB` set too, the file takes over while the project is out of reach.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its terminal")]

use chronicle::{Backend, BackendKind, Config, Result, Store};
use chronicle_entity::hook::{Delivery, Occurrences, Recorded, Recorder, Sender, Stream};
use chronicle_entity::{Events, Sessions, ToolEvents, event, session, tool_event};
use chronicle_migration::{Migrator, MigratorTrait};
use std::error::Error;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> std::result::Result<(), Box<dyn Error>> {
    let (source, payloads) = match std::env::args_os().nth(1) {
        Some(path) => {
            let payloads = std::fs::read(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            (std::path::absolute(&path)?.display().to_string(), payloads)
        }
        None => ("quickstart".to_owned(), include_bytes!("hooks.jsonl").to_vec()),
    };
    let store = open(Config::from_env()?).await?;
    let info = store.info().await;
    println!("Recording to {} ({})", info.location, info.kind);

    record(&store, &source, &payloads).await?;
    show_sessions(&store).await?;
    show_newest_events(&store).await?;
    show_tool_events(&store).await?;
    show_compiled_query()?;
    store.close().await?;
    Ok(())
}

/// A Supabase project gets its tables by `cargo run -p chronicle-migration`; a file gets them here.
async fn open(config: Config) -> std::result::Result<Store, Box<dyn Error>> {
    if let Some(file) = config.sqlite_options() {
        let sqlite = file.clone().open().await?;
        Migrator::up(sqlite.connection(), None).await?;
        if config.kind() == Some(BackendKind::Sqlite) {
            return Ok(sqlite.into());
        }
        sqlite.close().await?;
    }
    // What the file recorded before it had a server goes to the server too.
    let config = config.failover(|options| {
        options.adopt::<session::Model>().adopt::<event::Model>().adopt::<tool_event::Model>()
    });
    Ok(Store::connect(config).await?)
}

/// Records the payloads of a file. Its name tells equal payloads of two files apart, and those of one
/// file that is read again alike.
async fn record(
    store: &Store,
    source: &str,
    payloads: &[u8],
) -> std::result::Result<(), Box<dyn Error>> {
    let mut recorder = Recorder::new(store);
    let (mut new, mut repeated, mut bad) = (0, 0, 0);
    let mut seen = Occurrences::default();
    for found in Stream::new(payloads, Sender::new()) {
        let found = found?;
        match found.payload {
            Ok(payload) => {
                let nth = seen.nth(&payload, found.byte);
                let delivery = Delivery::nth(chronicle::now(), source, nth);
                match recorder.record(&payload, delivery).await? {
                    Recorded::New => new += 1,
                    Recorded::Repeated => repeated += 1,
                }
            }
            Err(reason) => {
                eprintln!("line {} is left out: {reason}", found.line);
                bad += 1;
            }
        }
    }
    println!("{new} payloads recorded, {repeated} were there already, {bad} bad");
    Ok(())
}

async fn show_sessions(store: &Store) -> Result<()> {
    let sessions = Sessions::new(store);
    let events = Events::new(store);
    let tool_events = ToolEvents::new(store);
    println!(
        "\n{} sessions, {} events, {} tool events",
        sessions.find().count().await?,
        events.find().count().await?,
        tool_events.find().count().await?,
    );
    for session in sessions.list().limit(5).all().await? {
        println!(
            "  {}  {:<7}  {}  {} events",
            session.id,
            session.status,
            session.project_path.as_deref().unwrap_or("-"),
            events.find_by_session_id(session.id).count().await?,
        );
    }
    Ok(())
}

async fn show_newest_events(store: &Store) -> Result<()> {
    println!("\nNewest events");
    let newest = Events::new(store).find().order_by(Events::TIMESTAMP.desc()).limit(5);
    for event in newest.all().await? {
        println!(
            "  {}  {:<14}  {}",
            event.timestamp.format("%H:%M:%S%.6f"),
            event.event_type.as_str(),
            event.hook_name.as_deref().unwrap_or("-"),
        );
    }
    Ok(())
}

async fn show_tool_events(store: &Store) -> Result<()> {
    println!("\nTool calls");
    let calls = ToolEvents::new(store).find().order_by(ToolEvents::TIMESTAMP.asc()).limit(20);
    for call in calls.all().await? {
        println!(
            "  {:<27}  {:<8}  {}",
            call.tool_name.as_str(),
            call.status.as_str(),
            call.execution_time.map_or("-".to_owned(), |time| format!("{time:.1} ms")),
        );
    }
    Ok(())
}

/// One query, as each of the two databases is asked it.
fn show_compiled_query() -> Result<()> {
    let edits = Events::query()
        .filter(Events::HOOK_NAME.eq("PreToolUse"))
        .filter(Events::DATA.key("tool_name").is_in(["Edit", "Write"]))
        .order_by(Events::TIMESTAMP.desc())
        .limit(100);
    let sql = edits.to_sql()?;
    println!("\nOne query, compiled for SQLite\n  {}", sql.sql);
    for (number, value) in (1..).zip(sql.values.into_iter().flat_map(|values| values.0)) {
        println!("  parameter {number}: {value:?}");
    }
    println!("\nand for PostgREST\n{}", edits.to_request()?);
    Ok(())
}
