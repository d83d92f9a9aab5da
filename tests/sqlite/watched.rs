//! Queries whose rows come again after each change, whoever makes it.

use super::{event, migrated, session};
use chronicle::futures::StreamExt;
use chronicle::{Backend, ErrorKind, Sqlite, Store};
use chronicle_entity::{Events, Sessions};
use sea_orm::ConnectionTrait;
use std::time::{Duration, Instant};

/// How long a change may take to be told: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_in_the_file_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let here = migrated(&path).await;
    let elsewhere = Sqlite::open(&path).await.unwrap();
    let mut lists = Sessions::new(&here).find().watch();
    assert!(within(lists.next()).await.unwrap().unwrap().is_empty());
    for count in 1..=5 {
        // Not in the rhythm of the looks.
        tokio::time::sleep(Duration::from_millis(count * 17)).await;
        let start = Instant::now();
        session(&elsewhere).await;
        let rows = within(lists.next()).await.unwrap().unwrap();
        assert_eq!(rows.len() as u64, count);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
    // SeaORM's connection to it is another one as well.
    here.connection().execute_unprepared("delete from sessions").await.unwrap();
    assert!(within(lists.next()).await.unwrap().unwrap().is_empty());
}

/// Of a change between the first rows and the wait nothing is lost, nor of many at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let here = migrated(&path).await;
    let elsewhere = Sqlite::open(&path).await.unwrap();
    let id = session(&here).await;
    for _ in 0..20 {
        let mut lists = Events::new(&here).find().watch();
        let before = within(lists.next()).await.unwrap().unwrap().len();
        let (own, others) = (Events::new(&here), Events::new(&elsewhere));
        let (one, other) = tokio::join!(own.insert(event(id)), others.insert(event(id)));
        one.unwrap();
        other.unwrap();
        while within(lists.next()).await.unwrap().unwrap().len() < before + 2 {}
    }
    let mut lists = Events::new(&here).find().watch();
    let before = within(lists.next()).await.unwrap().unwrap().len();
    let writers = (0..8).map(|_| {
        let events = Events::new(&here);
        tokio::spawn(async move {
            for _ in 0..50 {
                events.insert(event(id)).await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut given = 0;
    while within(lists.next()).await.unwrap().unwrap().len() < before + 400 {
        given += 1;
    }
    assert!(given < 400, "changes that come together are one");
    for writer in writers {
        writer.await.unwrap();
    }
}

/// What goes wrong is an item, once, and the rows come again when it is right again.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_an_item_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let here = migrated(&path).await;
    let elsewhere = Sqlite::open(&path).await.unwrap();
    let mut lists = Sessions::new(&here).find().watch();
    assert!(within(lists.next()).await.unwrap().unwrap().is_empty());
    elsewhere.execute_script("alter table sessions rename to others").await.unwrap();
    let error = within(lists.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    elsewhere.execute_script("create table some (id integer)").await.unwrap();
    elsewhere.execute_script("alter table others rename to sessions").await.unwrap();
    assert!(within(lists.next()).await.unwrap().unwrap().is_empty(), "not the same error again");
    here.close().await.unwrap();
    assert!(within(lists.next()).await.is_none());
}

/// The connection that looks is closed before the one that writes, which brings the log into the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_watched_is_left_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.db");
    let sqlite = migrated(&path).await;
    let mut lists = Sessions::new(&sqlite).find().watch();
    within(lists.next()).await.unwrap().unwrap();
    session(&sqlite).await;
    Backend::close(&sqlite).await.unwrap();
    for end in ["-wal", "-shm"] {
        let beside = folder.path().join(format!("whole.db{end}"));
        assert!(!beside.exists(), "{}", beside.display());
    }
    assert!(within(lists.next()).await.is_none_or(|rows| rows.is_ok()));
}

/// In memory each read goes over the thread that writes, and is no change.
#[tokio::test(flavor = "multi_thread")]
async fn reads_are_no_changes() {
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.execute_script("create table t (a integer)").await.unwrap();
    let store = Store::from(&sqlite);
    let mut changes = Backend::changes(&sqlite).unwrap();
    within(changes.next()).await.unwrap();
    for _ in 0..10 {
        store.query_raw("select a from t", []).await.unwrap();
    }
    let quiet = tokio::time::timeout(Duration::from_millis(300), changes.next()).await;
    assert!(quiet.is_err(), "nothing has changed");
    store.query_raw("insert into t values (1)", []).await.unwrap();
    within(changes.next()).await.unwrap();
}
