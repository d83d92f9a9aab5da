//! What is particular to SQLite: how a file is opened and kept, and which error each fault is.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[cfg(target_os = "linux")]
#[path = "sqlite/disk.rs"]
mod disk;
#[path = "sqlite/opening.rs"]
mod opening;
#[path = "sqlite/shared.rs"]
mod shared;
#[path = "sqlite/times.rs"]
mod times;
#[path = "sqlite/watched.rs"]
mod watched;

use chronicle::sqlite::{SqliteOptions, Synchronous};
use chronicle::{ErrorKind, Sqlite, Store};
use chronicle_entity::{Events, NewEvent, NewSession, SessionId, SessionStatus, Sessions};
use chronicle_migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database};
use std::path::Path;
use std::time::Duration;

async fn migrated(path: &Path) -> Sqlite {
    let sqlite = Sqlite::open(path).await.unwrap();
    Migrator::up(sqlite.connection(), None).await.unwrap();
    sqlite
}

async fn session(store: impl Into<Store>) -> SessionId {
    Sessions::new(store).insert(NewSession::new(SessionStatus::Active)).await.unwrap().id
}

fn event(session: SessionId) -> NewEvent {
    NewEvent::new(session, "notification", chronicle::now())
}

async fn pragma(sqlite: &Sqlite, name: &str) -> String {
    let rows = Store::from(sqlite).query_raw(&format!("pragma {name}"), []).await.unwrap();
    rows[0].values().next().unwrap().to_string()
}

#[tokio::test]
async fn a_file_is_opened_with_the_documented_pragmas() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    assert_eq!(pragma(&sqlite, "journal_mode").await, "\"wal\"");
    assert_eq!(pragma(&sqlite, "foreign_keys").await, "1");
    assert_eq!(pragma(&sqlite, "busy_timeout").await, "5000");
    assert_eq!(pragma(&sqlite, "synchronous").await, "1");

    let full = SqliteOptions::new(folder.path().join("b.db"))
        .synchronous(Synchronous::Full)
        .busy_timeout(Duration::from_millis(1_500))
        .open()
        .await
        .unwrap();
    assert_eq!(pragma(&full, "synchronous").await, "2");
    assert_eq!(pragma(&full, "busy_timeout").await, "1500");
}

#[tokio::test]
async fn no_wait_is_too_long_to_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("a.db")).busy_timeout(Duration::MAX);
    let sqlite = options.open().await.unwrap();
    assert_eq!(pragma(&sqlite, "busy_timeout").await, "2147483647");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_and_its_folder_are_made_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some/where/chronicle.db");
    let sqlite = migrated(&path).await;
    session(&sqlite).await;
    for name in ["chronicle.db", "chronicle.db-wal", "chronicle.db-shm"] {
        let file = path.with_file_name(name);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = Sqlite::open(folder.path().join("file/chronicle.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chronicle.db");
    std::fs::write(&path, "this is a text of more than one hundred bytes. ".repeat(40)).unwrap();
    let error = match Sqlite::open(&path).await {
        Ok(sqlite) => Store::from(sqlite).health().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chronicle.db");
    let sqlite = migrated(&path).await;
    let id = session(&sqlite).await;
    Events::new(&sqlite).insert_many((0..2_000).map(|_| event(id))).await.unwrap();
    Store::from(sqlite).close().await.unwrap();

    let mut bytes = std::fs::read(&path).unwrap();
    let (start, end) = (40 * 1024, bytes.len());
    bytes[start..end].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();

    let sqlite = Sqlite::open(&path).await.unwrap();
    let error = Events::new(&sqlite).find().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

#[tokio::test]
async fn another_writer_makes_it_busy_after_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chronicle.db");
    migrated(&path).await;
    let holder = Sqlite::open(&path).await.unwrap();
    holder.execute_script("begin immediate").await.unwrap();

    let sqlite =
        SqliteOptions::new(&path).busy_timeout(Duration::from_millis(100)).open().await.unwrap();
    let sessions = Sessions::new(&sqlite);
    let error = sessions.insert(NewSession::new(SessionStatus::Active)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.is_transient() && !error.is_ambiguous());
    assert_eq!(sessions.find().count().await.unwrap(), 0, "readers do not wait for the writer");

    holder.execute_script("rollback").await.unwrap();
    sessions.insert(NewSession::new(SessionStatus::Active)).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = migrated(&folder.path().join("chronicle.db")).await;
    let id = session(&sqlite).await;
    // The file may not grow: the same result code as of a full disk.
    sqlite.execute_script("pragma max_page_count = 1").await.unwrap();
    let events = Events::new(&sqlite);
    let large = || event(id).data(serde_json::json!("x".repeat(5_000)));
    let error = events.insert_many((0..2_000).map(|_| large())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    assert_eq!(events.find().count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_read_only_file_denies_writes_and_serves_reads() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = migrated(&folder.path().join("chronicle.db")).await;
    let id = session(&sqlite).await;
    sqlite.execute_script("pragma query_only = on").await.unwrap();
    let error = Events::new(&sqlite).insert(event(id)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(Sessions::new(&sqlite).get(id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_bulk_insert_is_one_transaction_over_its_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = migrated(&folder.path().join("chronicle.db")).await;
    let id = session(&sqlite).await;
    let events = Events::new(&sqlite);
    let mut rows: Vec<NewEvent> = (0..1_700).map(|_| event(id)).collect();
    rows.push(event(SessionId::generate()));
    let error = events.insert_many(rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKey, "{error}");
    assert_eq!(error.rows_stored(), 0);
    assert_eq!(events.find().count().await.unwrap(), 0);

    events.insert_many((0..1_701).map(|_| event(id))).await.unwrap();
    assert_eq!(events.find().count().await.unwrap(), 1_701);
}

/// What waits shares a commit; what is refused takes nothing along.
#[tokio::test]
async fn of_many_with_one_key_one_is_stored_and_all_others_are() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = migrated(&folder.path().join("chronicle.db")).await;
    let id = session(&sqlite).await;
    let events = Events::new(&sqlite);
    let key = chronicle_entity::EventId::generate();
    let rows = (0..60).map(|at| if at % 3 == 0 { event(id).id(key) } else { event(id) });
    let answers = futures_util::future::join_all(rows.map(|row| events.insert(row))).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 19);
    assert!(refused.iter().all(|error| error.kind() == ErrorKind::Unique), "{refused:?}");
    assert_eq!(events.find().count().await.unwrap(), 41);
}

#[tokio::test]
async fn a_dropped_bulk_insert_leaves_no_lock_and_no_part() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = migrated(&folder.path().join("chronicle.db")).await;
    let id = session(&sqlite).await;
    let events = Events::new(&sqlite);
    for microseconds in (0..20).map(|step| step * 400) {
        let work = events.insert_many((0..2_000).map(|_| event(id)));
        let _ = tokio::time::timeout(Duration::from_micros(microseconds), work).await;
    }
    let count = events.find().count().await.unwrap();
    assert_eq!(count % 2_000, 0, "whole bulk inserts only: {count}");
    events.insert(event(id)).await.unwrap();
}

#[tokio::test]
async fn a_connection_of_seaorm_can_be_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chronicle.db");
    let address = format!("sqlite:{}?mode=rwc", path.display());
    let connection = Database::connect(address).await.unwrap();
    Migrator::up(&connection, None).await.unwrap();
    let sqlite = Sqlite::from_connection(connection.clone()).unwrap();
    let id = session(&sqlite).await;
    // A pool of one connection serves concurrent readers and writers.
    let events = Events::new(&sqlite);
    let work = (0..16).map(|_| {
        let events = events.clone();
        tokio::spawn(async move {
            events.insert(event(id)).await.unwrap();
            events.find().all().await.unwrap().len()
        })
    });
    for task in work {
        task.await.unwrap();
    }
    let row = connection
        .query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            "select count(*) from events",
        ))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 16);
}

#[tokio::test]
async fn a_given_connection_outlives_the_store() {
    let connection = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&connection, None).await.unwrap();
    let sqlite = Sqlite::from_connection(connection.clone()).unwrap();
    let id = session(&sqlite).await;
    let store = Store::from(&sqlite);
    store.close().await.unwrap();
    let closed = ErrorKind::Unavailable;
    assert_eq!(Sessions::new(&store).get(id).await.unwrap_err().kind(), closed);
    assert_eq!(Sessions::new(&store).delete(id).await.unwrap_err().kind(), closed);
    assert_eq!(Sessions::new(&store).find().count().await.unwrap_err().kind(), closed);
    assert_eq!(store.query_raw("select 1", []).await.unwrap_err().kind(), closed);
    assert_eq!(store.health().await.unwrap_err().kind(), closed);
    assert_eq!(sqlite.execute_script("select 1").await.unwrap_err().kind(), closed);

    let again = Sqlite::from_connection(connection).unwrap();
    assert!(Sessions::new(&again).get(id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let sqlite = Sqlite::memory().await.unwrap();
    Migrator::up(sqlite.connection(), None).await.unwrap();
    let store = Store::from(&sqlite);
    store.close().await.unwrap();
    let error = Sessions::new(&store).find().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn several_processes_may_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chronicle.db");
    let id = session(&migrated(&path).await).await;
    // Stores of their own stand for processes: they share nothing but the file.
    let writers = (0..8).map(|_| {
        let path = path.clone();
        tokio::spawn(async move {
            let events = Events::new(Sqlite::open(&path).await.unwrap());
            for _ in 0..25 {
                events.insert(event(id)).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let sqlite = Sqlite::open(&path).await.unwrap();
    assert_eq!(Events::new(&sqlite).find_by_session_id(id).count().await.unwrap(), 200);
}

/// The original reads and sorts all events of all sessions for "newest 100": here an index serves.
#[tokio::test]
async fn the_newest_of_a_session_are_served_by_an_index_without_sorting() {
    let sqlite = Sqlite::memory().await.unwrap();
    Migrator::up(sqlite.connection(), None).await.unwrap();
    let id = session(&sqlite).await;
    let query = Events::query()
        .filter(Events::SESSION_ID.eq(id))
        .order_by(Events::TIMESTAMP.desc())
        .limit(100);
    let statement = query.to_sql().unwrap();
    let plan = Store::from(&sqlite)
        .query_raw(&format!("explain query plan {}", statement.sql), statement.values.unwrap().0)
        .await
        .unwrap();
    let plan: Vec<_> = plan.iter().map(|row| row["detail"].as_str().unwrap()).collect();
    assert_eq!(
        plan,
        ["SEARCH events USING INDEX idx_events_session_id_timestamp_id (session_id=?)"]
    );
}
