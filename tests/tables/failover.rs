//! The file of a failover pair.

use super::entities::{ALL, egg, hen};
use super::sqlite::ask;
use chronicle::failover::{FailoverOptions, WriteMode};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Config, ErrorKind, Record, Sqlite, Store, postgres_script};
use chronicle_test_servers::{Postgres, Postgrest as Server};
use std::path::Path;
use std::time::Duration;

/// Nobody answers there.
const NOWHERE: &str = "http://127.0.0.1:9";

fn options(path: &Path) -> FailoverOptions {
    let postgrest = PostgrestOptions::new(NOWHERE, Key::none());
    FailoverOptions::new(SqliteOptions::new(path), postgrest).mode(WriteMode::LocalFirst)
}

async fn remembered(path: &Path) -> serde_json::Value {
    let sqlite = Sqlite::open(path).await.unwrap();
    let state = ask(&sqlite, "select state from chronicle_failover").await.remove(0);
    Store::from(sqlite).close().await.unwrap();
    serde_json::from_str::<serde_json::Value>(&state).unwrap()["compared"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_gets_its_tables_at_connect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    for _ in 0..2 {
        let options = options(&path).create_tables(&ALL).flush_on_close(Duration::ZERO);
        let failover = options.connect().await.unwrap();
        let hens = hen::Hens::new(&failover);
        let hen = hens.insert(hen::NewHen::new()).await.unwrap();
        let egg = egg::NewEgg::new().laid_by(hen.id);
        egg::Eggs::new(&failover).insert(egg).await.unwrap();
        assert_eq!(hens.get(hen.id).await.unwrap(), Some(hen));
        Store::from(failover).close().await.unwrap();
    }
    let sqlite = Sqlite::open(&path).await.unwrap();
    sqlite.check_tables(&ALL).await.unwrap();
    assert_eq!(ask(&sqlite, "select count(*) from chronicle_outbox").await, ["4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_compared_is_remembered_until_a_table_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let connect = || async {
        let failover = options(&path).create_tables(&ALL).connect().await?;
        Store::from(failover).close().await
    };
    connect().await.unwrap();
    let first = remembered(&path).await;
    assert_eq!(first["fit"].as_array().map(Vec::len), Some(1), "{first}");
    connect().await.unwrap();
    assert_eq!(remembered(&path).await, first);
    let declared = options(&path).table::<hen::Model>().table::<egg::Model>();
    Store::from(declared.connect().await.unwrap()).close().await.unwrap();
    assert_eq!(remembered(&path).await["fit"].as_array().map(Vec::len), Some(2));

    let sqlite = Sqlite::open(&path).await.unwrap();
    sqlite.execute_script("drop index idx_hens_hatched_from").await.unwrap();
    connect().await.unwrap();
    sqlite.check_tables(&ALL).await.unwrap();
    assert_eq!(ask(&sqlite, "select count(*) from pragma_index_list('hens')").await, ["2"]);
    let now = remembered(&path).await;
    assert_eq!(now["fit"], first["fit"]);
    assert_ne!(now["version"], first["version"]);

    let stricter =
        "drop table eggs; create table eggs (id blob primary key, laid_by blob not null)";
    sqlite.execute_script(stricter).await.unwrap();
    let error = connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    assert!(error.message().contains("laid_by"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fail_in_an_outage_is_told_at_connect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let sqlite = Sqlite::open(&path).await.unwrap();
    let without_key = "create table hens (id blob not null, hatched_from blob not null); \
                       create table eggs (id blob primary key, laid_by blob)";
    sqlite.execute_script(without_key).await.unwrap();
    let connect = || options(&path).table::<hen::Model>().table::<egg::Model>().connect();
    let error = connect().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    for words in ["`hens` has no key", "`hatched_from`"] {
        assert!(error.message().contains(words), "{error}");
    }
    // It takes more than the server does: that is no reason not to serve.
    let loose = "drop table hens; create table hens (id blob primary key, hatched_from blob)";
    sqlite.execute_script(loose).await.unwrap();
    connect().await.unwrap();
    assert_eq!(
        sqlite.check_tables(&[hen::Model::TABLE]).await.unwrap_err().kind(),
        ErrorKind::SchemaMismatch
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_whose_tables_are_made_from_one_list() {
    let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
    database.execute(&postgres_script(&ALL).unwrap()).await.unwrap();
    let server = Server::start(&database).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new()
        .sqlite(SqliteOptions::new(folder.path().join("a.db")))
        .postgrest(PostgrestOptions::new(server.url(), Key::new(server.service_key())))
        .create_tables(&ALL);
    let store = Store::connect(config).await.unwrap();
    let hen = hen::Hens::new(&store).insert(hen::NewHen::new()).await.unwrap();
    server.kill().await.unwrap();
    let egg = egg::Eggs::new(&store).insert(egg::NewEgg::new().laid_by(hen.id)).await.unwrap();
    assert_eq!(egg::Eggs::new(&store).get(egg.id).await.unwrap(), Some(egg.clone()));
    server.restart().await.unwrap();
    server.wait_until_ready().await.unwrap();
    assert!(store.failover().unwrap().flush(Duration::from_secs(30)).await.unwrap());
    let laid = database.query("select laid_by::text from eggs").await.unwrap();
    assert_eq!(laid, [[Some(hen.id.to_string())]]);
}
