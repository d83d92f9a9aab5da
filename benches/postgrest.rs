//! Speed on PostgREST: beside a bare HTTP client that sends the same bytes, and beside the original
//! design. The server is the genuine one, over a PostgreSQL that is thrown away, on this machine.
//!
//! ```sh
//! cargo bench --bench postgrest             # a minute
//! cargo bench --bench postgrest -- --quick  # whether it works: few rounds
//! cargo bench --bench postgrest -- bulk   # one part: single, bulk, newest, original
//! CHRONICLE_ORIGINAL="python3 original.py" cargo bench --bench postgrest
//! ```
//!
//! - The bare client is reqwest with the settings of ours. Its requests are made before its clock
//!   starts, JSON included; ours makes them while the clock runs. That both send the same bytes is
//!   checked first, by a gateway that records them.
//! - It reads each answer whole. Of the newest 100 it makes a `serde_json::Value`, ours makes records;
//!   a further line shows it without that.
//! - 10,000 rows go in ten requests of 1,000, one after the other, on both sides. In a further line
//!   the bare client makes its JSON while its clock runs, too.
//! - `CHRONICLE_ORIGINAL` names the original design's bench. It is run with
//!   `--postgrest URL --key JWT`, works on the same tables, and prints JSON with the fields
//!   `insert.median_us`, `bulk_rows_per_s` and `newest_100.median_us`. Our figures beside it are of the
//!   same shape: 1,000 single inserts, 20,000 rows in batches of 1,000, the newest 100 of that session.

#[path = "postgrest/bare.rs"]
mod bare;
mod measure;

use bare::Bare;
use chronicle::postgrest::Key;
use chronicle::sea_orm::Database;
use chronicle::{Postgrest, Store};
use chronicle_entity::{Events, NewSession, SessionId, SessionStatus, Sessions, event};
use chronicle_migration::{Migrator, MigratorTrait};
use chronicle_test_servers::{Gateway, Postgres, Postgrest as Server};
use measure::{Line, Measure, Options, Original, Report, Result, events, in_turn};
use std::time::Instant;

const BARE: &str = "bare reqwest, the same bytes";

/// Rows of one request of a bulk insert, as the library sends them.
const ROWS_OF_REQUEST: usize = 1_000;

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = Options::from_arguments()? else { return Ok(()) };
    let server = serve().await?;
    check_same_bytes(&server).await?;
    let ours = Store::from(Postgrest::new(server.url(), Key::new(server.service_key()))?);
    let bare = Bare::new(&server.url(), &server.service_key())?;
    let session = Sessions::new(&ours).insert(NewSession::new(SessionStatus::Active)).await?.id;
    let events = Events::new(&ours);

    let report = Report::new(&format!("PostgREST {}", server.version()), options);
    if options.wants("single") {
        insert_one(options, &report, &events, &bare, session).await?;
    }
    if options.wants("bulk") {
        insert_many(options, &report, &events, &bare, session).await?;
    }
    if options.wants("newest") {
        newest(options, &report, &events, &bare, session).await?;
    }
    if options.wants("original") {
        original(options, &report, &server, &ours).await?;
    }
    Ok(())
}

/// A server with the tables.
async fn serve() -> Result<Server> {
    let database = Postgres::new().await?.create_database().await?;
    let connection = Database::connect(database.url()).await?;
    Migrator::up(&connection, None).await?;
    connection.close().await?;
    Ok(Server::start(&database).await?)
}

async fn insert_one(
    options: Options,
    report: &Report,
    repository: &Events,
    bare: &Bare,
    session: SessionId,
) -> Result<()> {
    let operations = 20;
    let pairs = in_turn(
        options.size(120, 3),
        async |_| {
            let rows = events(session, operations);
            let start = Instant::now();
            for row in rows {
                repository.insert(row).await?;
            }
            Ok(start.elapsed())
        },
        async |_| {
            let rows = events(session, operations);
            let requests: Vec<_> =
                rows.chunks(1).map(|row| bare.insert(row)).collect::<Result<_>>()?;
            let start = Instant::now();
            for request in requests {
                bare.send(request).await?;
            }
            Ok(start.elapsed())
        },
    )
    .await?;
    let line = Line {
        name: "insert one",
        beside: BARE,
        measure: Measure::Time,
        operations,
        bound: Some(1.05),
    };
    report.line(line, &pairs);
    Ok(())
}

async fn insert_many(
    options: Options,
    report: &Report,
    repository: &Events,
    bare: &Bare,
    session: SessionId,
) -> Result<()> {
    let count = options.size(10_000, 2_000);
    let rounds = options.size(20, 2);
    let requests = |rows: &[event::Model]| -> Result<Vec<_>> {
        rows.chunks(ROWS_OF_REQUEST).map(|rows| bare.insert(rows)).collect()
    };
    let ours = async |_: usize| {
        let rows = events(session, count);
        let start = Instant::now();
        repository.insert_many(rows).await?;
        Ok(start.elapsed())
    };
    let line = Line {
        name: "insert 10,000 at once",
        beside: BARE,
        measure: Measure::Time,
        operations: 1,
        bound: Some(1.05),
    };

    let ready = in_turn(rounds, ours, async |_| {
        let requests = requests(&events(session, count))?;
        let start = Instant::now();
        for request in requests {
            bare.send(request).await?;
        }
        Ok(start.elapsed())
    });
    report.line(line, &ready.await?);

    let made = in_turn(rounds, ours, async |_| {
        let rows = events(session, count);
        let start = Instant::now();
        for request in requests(&rows)? {
            bare.send(request).await?;
        }
        Ok(start.elapsed())
    });
    let line = Line { beside: "bare reqwest that makes them", bound: None, ..line };
    report.line(line, &made.await?);
    Ok(())
}

async fn newest_of(repository: &Events, session: SessionId) -> Result<Vec<event::Model>> {
    let newest = repository.find_by_session_id(session).order_by(Events::TIMESTAMP.desc());
    Ok(newest.limit(100).all().await?)
}

async fn newest(
    options: Options,
    report: &Report,
    repository: &Events,
    bare: &Bare,
    session: SessionId,
) -> Result<()> {
    let operations = 20;
    let rounds = options.size(120, 3);
    repository.insert_many(events(session, 1_000)).await?;
    let path = repository
        .find_by_session_id(session)
        .order_by(Events::TIMESTAMP.desc())
        .limit(100)
        .to_request()?
        .url_path();
    let ours = async |_: usize| {
        let start = Instant::now();
        for _ in 0..operations {
            newest_of(repository, session).await?;
        }
        Ok(start.elapsed())
    };
    let line = Line {
        name: "newest 100 of a session",
        beside: "bare reqwest, JSON values",
        measure: Measure::Time,
        operations,
        bound: Some(1.05),
    };

    let parsed = in_turn(rounds, &ours, async |_| {
        let requests: Vec<_> = (0..operations).map(|_| bare.get(&path)).collect::<Result<_>>()?;
        let start = Instant::now();
        for request in requests {
            let rows: serde_json::Value = serde_json::from_slice(&bare.send(request).await?)?;
            if rows.as_array().is_none_or(|rows| rows.len() != 100) {
                return Err("100 rows expected".into());
            }
        }
        Ok(start.elapsed())
    });
    report.line(line, &parsed.await?);

    let unparsed = in_turn(rounds, &ours, async |_| {
        let requests: Vec<_> = (0..operations).map(|_| bare.get(&path)).collect::<Result<_>>()?;
        let start = Instant::now();
        for request in requests {
            bare.send(request).await?;
        }
        Ok(start.elapsed())
    });
    let line = Line { beside: "bare reqwest, nothing parsed", bound: None, ..line };
    report.line(line, &unparsed.await?);
    Ok(())
}

/// What the library sends and what the bare client sends, as a gateway between them and the server
/// sees it.
///
/// # Errors
/// When the two differ: then their times are not of the same work.
async fn check_same_bytes(server: &Server) -> Result<()> {
    let gateway = Gateway::plain(server).await?;
    let ours = Store::from(Postgrest::new(gateway.url(), Key::new(server.service_key()))?);
    let bare = Bare::new(&gateway.url(), &server.service_key())?;
    let session = Sessions::new(&ours).insert(NewSession::new(SessionStatus::Active)).await?.id;
    let events = Events::new(&ours);
    let rows = measure::events(session, 2 * ROWS_OF_REQUEST);

    gateway.clear_requests();
    events.insert_many(rows.clone()).await?;
    newest_of(&events, session).await?;
    let from_ours = bare::comparable(&gateway.requests());

    events.delete_where(Events::SESSION_ID.eq(session)).await?;
    gateway.clear_requests();
    for rows in rows.chunks(ROWS_OF_REQUEST) {
        bare.send(bare.insert(rows)?).await?;
    }
    let newest = events.find_by_session_id(session).order_by(Events::TIMESTAMP.desc()).limit(100);
    bare.send(bare.get(&newest.to_request()?.url_path())?).await?;
    let from_bare = bare::comparable(&gateway.requests());

    if from_ours == from_bare {
        return Ok(());
    }
    Err(format!("ours sends\n{from_ours:#?}\nand the bare client\n{from_bare:#?}").into())
}

async fn original(options: Options, report: &Report, server: &Server, ours: &Store) -> Result<()> {
    let Some(mut original) = Original::from_environment(options) else { return Ok(()) };
    for _ in 0..original.rounds() {
        let arguments = ["--postgrest", &server.url(), "--key", &server.service_key()];
        original.measure(ours, arguments).await?;
    }
    original.print(report);
    Ok(())
}
