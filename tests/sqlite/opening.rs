//! Which file a path names, and several that open it at once.

use crate::{event, migrated, session};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, ErrorKind, Sqlite, Store};
use chronicle_entity::{Events, Sessions};
use chronicle_migration::{Migrator, MigratorTrait};
use std::path::{Path, PathBuf};
use std::sync::Barrier;

async fn location(path: &Path) -> PathBuf {
    Sqlite::open(path).await.unwrap().info().await.location.into()
}

/// Runs itself again: the current folder is the whole process's.
#[tokio::test]
async fn a_relative_path_is_that_of_when_it_was_given() {
    const NAME: &str = "opening::a_relative_path_is_that_of_when_it_was_given";
    const INNER: &str = "CHRONICLE_TEST_INNER";
    let folder = tempfile::tempdir().unwrap();
    let Some(inner) = std::env::var_os(INNER).map(PathBuf::from) else {
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--nocapture"])
            .env(INNER, folder.path())
            .output()
            .unwrap();
        assert!(again.status.success(), "{again:?}");
        assert!(String::from_utf8_lossy(&again.stdout).contains("1 passed"), "{again:?}");
        return;
    };
    let [first, second] = ["first", "second"].map(|name| inner.join(name));
    std::fs::create_dir_all(&first).unwrap();
    std::fs::create_dir_all(&second).unwrap();
    std::env::set_current_dir(&first).unwrap();
    let options = SqliteOptions::new("data/chronicle.db");
    std::env::set_current_dir(&second).unwrap();
    let sqlite = options.open().await.unwrap();
    std::env::set_current_dir(&first).unwrap();
    // Readers and SeaORM's connection are opened when they are first needed.
    Migrator::up(sqlite.connection(), None).await.unwrap();
    let id = session(&sqlite).await;
    assert_eq!(Events::new(&sqlite).find_by_session_id(id).count().await.unwrap(), 0);
    assert!(first.join("data/chronicle.db").exists());
    assert!(!second.join("data").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_to_the_file_itself() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let path = folder.join("real/chronicle.db");
    std::fs::create_dir(folder.join("real")).unwrap();
    symlink(&path, folder.join("link.db")).unwrap();
    symlink(folder.join("real"), folder.join("other")).unwrap();
    // The first makes the file, through a link to where it is to be.
    for name in ["link.db", "other/chronicle.db", "real/../other/./chronicle.db"] {
        assert_eq!(location(&folder.join(name)).await, path, "{name}");
    }
}

#[tokio::test]
async fn a_uri_is_no_path() {
    for path in ["file:x.db", "file:///tmp/x.db?mode=ro", "file::memory:", ""] {
        let error = Sqlite::open(path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}: {error}");
    }
    // What only looks like one, and what would mean something in one.
    let folder = tempfile::tempdir().unwrap();
    for name in ["a file:x.db", "x.db?mode=memory", "100%41.db", "#1.db"] {
        let path = folder.path().join(name);
        let sqlite = migrated(&path).await;
        session(&sqlite).await;
        assert!(path.exists(), "{name}");
    }
}

#[test]
fn many_open_a_new_file_at_once() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..30 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chronicle.db");
        let ready = Barrier::new(10);
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    ready.wait();
                    let sqlite = runtime().block_on(Sqlite::open(&path)).unwrap();
                    let table = "create table if not exists notes (id integer)";
                    runtime().block_on(sqlite.execute_script(table)).unwrap();
                });
            }
        });
    }
}

#[tokio::test]
async fn each_database_in_memory_is_one_of_its_own() {
    let options = SqliteOptions::new(":memory:");
    let stores = [
        Sqlite::memory().await.unwrap(),
        options.clone().open().await.unwrap(),
        options.open().await.unwrap(),
    ];
    for sqlite in &stores {
        Migrator::up(sqlite.connection(), None).await.unwrap();
        session(sqlite).await;
        assert_eq!(Sessions::new(sqlite).find().count().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_closed_store_closes_seaorms_connection() {
    let sqlite = Sqlite::memory().await.unwrap();
    Store::from(&sqlite).close().await.unwrap();
    assert!(sqlite.connection().ping().await.is_err(), "it was never used");
    let folder = tempfile::tempdir().unwrap();
    let sqlite = migrated(&folder.path().join("chronicle.db")).await;
    Store::from(&sqlite).close().await.unwrap();
    assert!(sqlite.connection().ping().await.is_err());
}

#[tokio::test]
async fn all_is_in_the_file_once_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chronicle.db");
    let sqlite = migrated(&path).await;
    let id = session(&sqlite).await;
    let events = Events::new(&sqlite);
    let (writes, reads) = ((0..20).map(|_| events.insert(event(id))), events.find().all());
    futures_util::future::join_all(writes).await;
    reads.await.unwrap();
    sqlite.close().await.unwrap();
    for ending in ["-wal", "-shm"] {
        assert!(!folder.path().join(format!("chronicle.db{ending}")).exists(), "{ending}");
    }
}
