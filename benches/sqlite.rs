//! Speed on SQLite: beside a prepared statement of rusqlite, beside plain SeaORM, and beside the
//! original design.
//!
//! ```sh
//! cargo bench --bench sqlite             # a minute, and 2 GB in the temporary folder
//! cargo bench --bench sqlite -- --quick  # whether it works: small files, few rounds
//! cargo bench --bench sqlite -- bulk     # one part: bulk, single, tasks, original
//! CHRONICLE_ORIGINAL="python3 original.py" cargo bench --bench sqlite
//! ```
//!
//! - Each side has a file of its own with the same schema, by `chronicle-migration`, and the same
//!   rows. Both are opened in write-ahead mode with `synchronous = NORMAL` and with foreign keys
//!   enforced, which are the library's defaults.
//! - rusqlite stores the rows by one prepared statement in one transaction. It makes the text of ids,
//!   times and JSON in the timed loop, as our way does; afterwards both files must hold the same rows.
//! - SeaORM has one connection that is never given up (`min_connections` and `max_connections` 1, no
//!   idle timeout, no longest lifetime), no ping before a statement (`test_before_acquire(false)`)
//!   and no log of statements (`sqlx_logging(false)`).
//! - Beside SeaORM, several tasks insert at once on one store; with `synchronous = FULL` in a file on the
//!   disk that programs are built on.
//! - The large file holds 1,000,000 events: ten sessions at a time take turns, and each gets 1,000.
//! - `CHRONICLE_ORIGINAL` names the original design's bench. It is run with `--sqlite FILE`, makes
//!   its own schema there (fewer indexes than ours) with its own pragmas, and prints JSON with the
//!   fields `insert.median_us`, `bulk_rows_per_s` and `newest_100.median_us`. Our figures beside it
//!   are of the same shape: 1,000 single inserts, 20,000 rows in batches of 1,000, the newest 100 of
//!   that session.

#[path = "sqlite/file.rs"]
mod file;
mod measure;
#[path = "sqlite/prepared.rs"]
mod prepared;

use chronicle::sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use chronicle::{Sqlite, Store};
use chronicle_entity::{Events, SessionId, event};
use file::{Filled, pick};
use measure::{Line, Measure, Options, Original, Report, Result, events, in_turn};
use std::time::Instant;

const SEAORM: &str = "SeaORM";

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = Options::from_arguments()? else { return Ok(()) };
    let report = Report::new("SQLite", options);
    if options.wants("bulk") {
        insert_many(options, &report).await?;
    }
    if options.wants("single") {
        let small = Filled::make(10_000).await?;
        newest(options, &report, "newest 100 of 10,000", &small).await?;
        let large = Filled::make(options.size(1_000_000, 20_000)).await?;
        newest(options, &report, "newest 100 of 1,000,000", &large).await?;
        flat(options, &report, &small, &large).await?;
        find_by_id(options, &report, &large).await?;
        beside_rusqlite(options, &report, &large).await?;
    }
    if options.wants("tasks") {
        insert_one(options, &report).await?;
        insert_durably(options, &report).await?;
    }
    if options.wants("original") {
        original(options, &report).await?;
    }
    Ok(())
}

async fn insert_many(options: Options, report: &Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let empty = folder.path().join("empty.db");
    let session = file::make_empty(&empty).await?;
    let rows = events(session, options.size(50_000, 5_000));
    let ours = folder.path().join("ours.db");
    let other = folder.path().join("rusqlite.db");
    let pairs = in_turn(
        options.size(21, 2),
        async |_| {
            file::copy(&empty, &ours)?;
            let sqlite = Sqlite::open(&ours).await?;
            let repository = Events::new(&sqlite);
            let rows = rows.clone();
            let start = Instant::now();
            repository.insert_many(rows).await?;
            let spent = start.elapsed();
            Store::from(sqlite).close().await?;
            Ok(spent)
        },
        async |_| {
            file::copy(&empty, &other)?;
            let mut connection = prepared::open(&other)?;
            let start = Instant::now();
            prepared::insert(&mut connection, &rows)?;
            let spent = start.elapsed();
            prepared::check_same_rows(&connection, &ours, rows.len())?;
            Ok(spent)
        },
    )
    .await?;
    let line = Line {
        name: "insert 50,000 at once",
        beside: "rusqlite, prepared",
        measure: Measure::Rate,
        operations: rows.len(),
        bound: Some(0.9),
    };
    report.line(line, &pairs);
    Ok(())
}

/// The query of our side.
async fn newest_of(events: &Events, session: SessionId) -> Result<Vec<event::Model>> {
    let newest = events.find_by_session_id(session).order_by(Events::TIMESTAMP.desc()).limit(100);
    Ok(newest.all().await?)
}

async fn newest(
    options: Options,
    report: &Report,
    name: &'static str,
    file: &Filled,
) -> Result<()> {
    let (sqlite, seaorm) = (file.open_ours().await?, file.open_seaorm().await?);
    let repository = Events::new(&sqlite);
    let query = |session: SessionId| {
        event::Entity::find()
            .filter(event::Column::SessionId.eq(session))
            .order_by_desc(event::Column::Timestamp)
            .limit(100)
    };
    let first = file.sessions[0];
    if newest_of(&repository, first).await? != query(first).all(&seaorm).await? {
        return Err("both sides must find the same rows".into());
    }
    let operations = 20;
    let pairs = in_turn(
        options.size(150, 3),
        async |round| {
            let start = Instant::now();
            for number in 0..operations {
                newest_of(&repository, pick(&file.sessions, round, number)).await?;
            }
            Ok(start.elapsed())
        },
        async |round| {
            let start = Instant::now();
            for number in 0..operations {
                query(pick(&file.sessions, round, number)).all(&seaorm).await?;
            }
            Ok(start.elapsed())
        },
    )
    .await?;
    let line = Line { name, beside: SEAORM, measure: Measure::Time, operations, bound: Some(1.0) };
    report.line(line, &pairs);
    Ok(())
}

/// Reads beside rusqlite, which works on the thread that asks.
async fn beside_rusqlite(options: Options, report: &Report, file: &Filled) -> Result<()> {
    let repository = Events::new(&file.open_ours().await?);
    let connection = file.open_rusqlite()?;
    let first = file.sessions[0];
    if newest_of(&repository, first).await? != prepared::newest(&connection, first)? {
        return Err("both sides must find the same rows".into());
    }
    let line = Line {
        name: "newest 100 of 1,000,000",
        beside: "rusqlite, prepared",
        measure: Measure::Time,
        operations: 20,
        bound: Some(1.5),
    };
    let pairs = in_turn(
        options.size(150, 3),
        async |round| {
            let start = Instant::now();
            for number in 0..line.operations {
                newest_of(&repository, pick(&file.sessions, round, number)).await?;
            }
            Ok(start.elapsed())
        },
        async |round| {
            let start = Instant::now();
            for number in 0..line.operations {
                prepared::newest(&connection, pick(&file.sessions, round, number))?;
            }
            Ok(start.elapsed())
        },
    );
    report.line(line, &pairs.await?);

    let line = Line { name: "find by id of 1,000,000", operations: 50, bound: Some(2.5), ..line };
    let pairs = in_turn(
        options.size(150, 3),
        async |round| {
            let start = Instant::now();
            for number in 0..line.operations {
                repository.get(pick(&file.events, round, number)).await?.ok_or("no such event")?;
            }
            Ok(start.elapsed())
        },
        async |round| {
            let start = Instant::now();
            for number in 0..line.operations {
                prepared::find(&connection, pick(&file.events, round, number))?;
            }
            Ok(start.elapsed())
        },
    );
    report.line(line, &pairs.await?);
    Ok(())
}

/// Our own query in the large file beside the small one.
async fn flat(options: Options, report: &Report, small: &Filled, large: &Filled) -> Result<()> {
    let operations = 20;
    let in_large = Events::new(&large.open_ours().await?);
    let in_small = Events::new(&small.open_ours().await?);
    let pairs = in_turn(
        options.size(150, 3),
        async |round| {
            let start = Instant::now();
            for number in 0..operations {
                newest_of(&in_large, pick(&large.sessions, round, number)).await?;
            }
            Ok(start.elapsed())
        },
        async |round| {
            let start = Instant::now();
            for number in 0..operations {
                newest_of(&in_small, pick(&small.sessions, round, number)).await?;
            }
            Ok(start.elapsed())
        },
    )
    .await?;
    let line = Line {
        name: "newest 100 of 1,000,000",
        beside: "the same of 10,000",
        measure: Measure::Time,
        operations,
        bound: Some(1.2),
    };
    report.line(line, &pairs);
    Ok(())
}

async fn find_by_id(options: Options, report: &Report, file: &Filled) -> Result<()> {
    let (sqlite, seaorm) = (file.open_ours().await?, file.open_seaorm().await?);
    let repository = Events::new(&sqlite);
    let operations = 50;
    let pairs = in_turn(
        options.size(150, 3),
        async |round| {
            let start = Instant::now();
            for number in 0..operations {
                repository.get(pick(&file.events, round, number)).await?.ok_or("no such event")?;
            }
            Ok(start.elapsed())
        },
        async |round| {
            let start = Instant::now();
            for number in 0..operations {
                let id = pick(&file.events, round, number);
                event::Entity::find_by_id(id).one(&seaorm).await?.ok_or("no such event")?;
            }
            Ok(start.elapsed())
        },
    )
    .await?;
    let line = Line {
        name: "find by id of 1,000,000",
        beside: SEAORM,
        measure: Measure::Time,
        operations,
        bound: Some(1.0),
    };
    report.line(line, &pairs);
    Ok(())
}

/// Tasks that insert rows of their own, one after the other, on one store.
async fn insert_by(
    report: &Report,
    line: Line,
    rounds: usize,
    tasks: usize,
    sessions: &[SessionId],
    (sqlite, seaorm): (Sqlite, DatabaseConnection),
) -> Result<()> {
    let repository = Events::new(&sqlite);
    // Dealt out in turn, as they are made when tasks work at the same time.
    let rows = |round| -> Vec<Vec<event::Model>> {
        let mut dealt = vec![Vec::new(); tasks];
        let rows = events(pick(sessions, round, 0), line.operations);
        rows.into_iter().enumerate().for_each(|(at, row)| dealt[at % tasks].push(row));
        dealt
    };
    let pairs = in_turn(
        rounds,
        async |round| {
            let rows = rows(round);
            let start = Instant::now();
            let tasks = rows.into_iter().map(|rows: Vec<event::Model>| {
                let repository = repository.clone();
                tokio::spawn(async move {
                    for row in rows {
                        repository.insert(row).await?;
                    }
                    Ok::<(), chronicle::Error>(())
                })
            });
            let tasks: Vec<tokio::task::JoinHandle<chronicle::Result<()>>> = tasks.collect();
            for task in tasks {
                task.await??;
            }
            Ok(start.elapsed())
        },
        async |round| {
            let active = |row: event::Model| row.into_active_model().reset_all();
            let rows: Vec<Vec<_>> = rows(round)
                .into_iter()
                .map(|rows| rows.into_iter().map(active).collect())
                .collect();
            let start = Instant::now();
            let tasks = rows.into_iter().map(|rows| {
                let seaorm = seaorm.clone();
                tokio::spawn(async move {
                    for row in rows {
                        event::Entity::insert(row).exec(&seaorm).await?;
                    }
                    Ok::<(), DbErr>(())
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await??;
            }
            Ok(start.elapsed())
        },
    );
    report.line(line, &pairs.await?);
    Store::from(sqlite).close().await?;
    Ok(())
}

async fn insert_one(options: Options, report: &Report) -> Result<()> {
    let file = Filled::make(10_000).await?;
    for (tasks, name, operations, bound) in [
        (1, "insert one, 1 task", 50, 1.5),
        (8, "insert one, 8 tasks", 400, 5.0),
        (64, "insert one, 64 tasks", 3_200, 12.0),
    ] {
        let measure = Measure::Rate;
        let line = Line {
            name,
            beside: "SeaORM, Entity::insert",
            measure,
            operations,
            bound: Some(bound),
        };
        let sides = (file.open_ours().await?, file.open_seaorm().await?);
        let rounds = options.size(if tasks == 1 { 150 } else { 20 }, 3);
        insert_by(report, line, rounds, tasks, &file.sessions, sides).await?;
    }
    Ok(())
}

async fn insert_durably(options: Options, report: &Report) -> Result<()> {
    let file = Filled::make_on_disk(10_000).await?;
    let line = Line {
        name: "insert one, 64 tasks, FULL",
        beside: "SeaORM, Entity::insert",
        measure: Measure::Rate,
        operations: 640,
        bound: Some(12.0),
    };
    let rounds = options.size(10, 2);
    insert_by(report, line, rounds, 64, &file.sessions, file.open_full().await?).await
}

async fn original(options: Options, report: &Report) -> Result<()> {
    let Some(mut original) = Original::from_environment(options) else { return Ok(()) };
    for _ in 0..original.rounds() {
        let folder = tempfile::tempdir()?;
        let ours = folder.path().join("ours.db");
        file::make_empty(&ours).await?;
        let store = Store::from(Sqlite::open(&ours).await?);
        let theirs = folder.path().join("original.db");
        original.measure(&store, ["--sqlite".as_ref(), theirs.as_os_str()]).await?;
        store.close().await?;
    }
    original.print(report);
    Ok(())
}
