//! The database that a program gets by its environment, and that keys stay secret.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use chronicle::failover::{Status, WriteMode};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, BackendKind, Config, ErrorKind, Result, Sqlite, Store};
use chronicle_entity::{NewSession, SessionStatus, Sessions, session};
use chronicle_migration::{Migrator, MigratorTrait};
use std::path::Path;

const LEGACY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl";
const SECRET: &str = "sb_secret_0123456789abcdef";

fn config(variables: &[(&str, &str)]) -> Result<Config> {
    Config::from_variables(|name| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    })
}

async fn location(variables: &[(&str, &str)]) -> (BackendKind, String) {
    let store = Store::connect(config(variables).unwrap()).await.unwrap();
    let info = store.info().await;
    (info.kind, info.location)
}

#[tokio::test]
async fn without_a_server_the_file_serves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db").display().to_string();
    assert_eq!(location(&[("CHRONICLE_DB", &path)]).await, (BackendKind::Sqlite, path));
    let default = format!("{:?}", config(&[("SUPABASE_URL", " ")]).unwrap());
    assert!(default.contains("chronicle.db"), "{default}");
}

#[tokio::test]
async fn a_server_is_found_below_the_gateways_path() {
    for (url, key) in [
        ("https://abc.supabase.co", "SUPABASE_ANON_KEY"),
        ("https://abc.supabase.co/", "SUPABASE_SERVICE_ROLE_KEY"),
        ("https://abc.supabase.co/rest/v1", "SUPABASE_SECRET_KEY"),
        ("https://abc.supabase.co/rest/v1/", "SUPABASE_PUBLISHABLE_KEY"),
    ] {
        let (kind, location) = location(&[("SUPABASE_URL", url), (key, LEGACY)]).await;
        assert_eq!(kind, BackendKind::Postgrest);
        assert_eq!(location.trim_end_matches('/'), "https://abc.supabase.co/rest/v1");
    }
    let bare = location(&[("POSTGREST_URL", "http://127.0.0.1:3000")]).await.1;
    assert_eq!(bare.trim_end_matches('/'), "http://127.0.0.1:3000");
}

/// Runs itself again with the variable set: a process may not change its own environment safely.
#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused_by_its_name() {
    use std::os::unix::ffi::OsStrExt;
    const INNER: &str = "CHRONICLE_TEST_INNER";
    if std::env::var_os(INNER).is_some() {
        let error = Config::from_env().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("SUPABASE_URL"), "{error}");
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_variable_that_is_not_utf8_is_refused_by_its_name", "--nocapture"])
        .env(INNER, "1")
        .env("SUPABASE_URL", std::ffi::OsStr::from_bytes(b"https://\xff.supabase.co"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn half_a_configuration_is_an_error() {
    for variables in [
        &[("SUPABASE_URL", "https://abc.supabase.co")] as &[(&str, &str)],
        &[("SUPABASE_URL", "https://abc.supabase.co"), ("SUPABASE_ANON_KEY", "")],
        &[("SUPABASE_ANON_KEY", LEGACY)],
        &[("SUPABASE_ANON_KEY", LEGACY), ("CHRONICLE_DB", "x.db")],
        &[("SUPABASE_URL", "https://abc.supabase.co"), ("CHRONICLE_DB", "x.db")],
        &[
            ("SUPABASE_URL", "https://a"),
            ("POSTGREST_URL", "http://b"),
            ("SUPABASE_ANON_KEY", LEGACY),
        ],
    ] {
        let error = config(variables).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(!error.to_string().contains(LEGACY));
    }
}

#[test]
fn what_a_shell_would_replace_in_a_path_is_refused() {
    for path in ["~/x.db", "~", "$HOME/x.db", "${HOME}/x.db", "~user/x.db"] {
        let error = config(&[("CHRONICLE_DB", path)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains("CHRONICLE_DB"), "{error}");
    }
    config(&[("CHRONICLE_DB", "folder/~x$.db")]).unwrap();
}

#[tokio::test]
async fn a_configuration_without_a_database_is_an_error() {
    let none = Store::connect(Config::new()).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::InvalidInput);
}

/// A port where nobody listens.
const DOWN: &str = "http://127.0.0.1:9";

/// Makes the tables in the file of the configuration.
async fn migrate(config: &Config) {
    let file = config.sqlite_options().unwrap().clone().open().await.unwrap();
    Migrator::up(file.connection(), None).await.unwrap();
    file.close().await.unwrap();
}

async fn insert(store: &Store) {
    Sessions::new(store).insert(NewSession::new(SessionStatus::Active)).await.unwrap();
}

fn pair(path: &Path, key: &str) -> Config {
    let path = path.display().to_string();
    config(&[("SUPABASE_URL", DOWN), ("SUPABASE_ANON_KEY", key), ("CHRONICLE_DB", &path)]).unwrap()
}

#[tokio::test]
async fn with_a_server_and_a_file_writes_go_on_while_the_server_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let config = pair(&path, SECRET);
    migrate(&config).await;
    let store = Store::connect(config).await.unwrap();
    assert_eq!((store.kind(), store.status()), (BackendKind::Failover, Status::Healthy));
    let mut watch = store.watch();

    insert(&store).await;
    insert(&store).await;
    assert_eq!(Sessions::new(&store).find().count().await.unwrap(), 2);
    watch.changed().await.unwrap();
    assert_eq!((*watch.borrow(), store.status()), (Status::Degraded, Status::Degraded));
    let failover = store.failover().unwrap();
    assert_eq!(failover.failover_info().await.unwrap().outbox_rows, 2);

    let info = store.info().await;
    assert!(info.location.contains(DOWN) && info.location.contains("x.db"), "{info:?}");
    let reason = info.reason.unwrap();
    assert!(reason.contains("(SUPABASE_URL, SUPABASE_ANON_KEY)"), "{reason}");
    assert!(reason.contains("(CHRONICLE_DB)"), "{reason}");
    assert!(!reason.contains(SECRET) && !reason.contains(DOWN), "{reason}");
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_further_options_of_a_pair_are_given_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let config = Config::new().sqlite(SqliteOptions::new(&path));
    migrate(&config).await;
    let alone = Store::connect(config.clone()).await.unwrap();
    insert(&alone).await;
    alone.close().await.unwrap();

    let config = config
        .postgrest(PostgrestOptions::new(DOWN, Key::none()))
        .failover(|options| options.mode(WriteMode::LocalFirst).adopt::<session::Model>());
    let store = Store::connect(config.clone()).await.unwrap();
    let failover = store.failover().unwrap();
    assert_eq!(failover.failover_info().await.unwrap().outbox_rows, 1, "the row of before");
    let reason = store.info().await.reason.unwrap();
    assert!(reason.starts_with("a server is configured and a SQLite file"), "{reason}");
    store.close().await.unwrap();

    let other = config.failover(|options| options);
    let error = Store::connect(other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "the file is bound to its mode: {error}");
}

#[tokio::test]
async fn one_database_alone_is_no_pair_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db").display().to_string();
    for (variables, expected) in [
        (
            vec![("CHRONICLE_DB", &*path)],
            "a SQLite file is configured (CHRONICLE_DB), and no server",
        ),
        (
            vec![("POSTGREST_URL", DOWN)],
            "a server is configured (POSTGREST_URL), and no file for its outages",
        ),
    ] {
        let store = Store::connect(config(&variables).unwrap()).await.unwrap();
        assert_eq!(store.info().await.reason.as_deref(), Some(expected));
        assert!(store.failover().is_none());
        assert_eq!(store.status(), Status::Healthy);
        assert!(store.watch().changed().await.is_err());
    }
    let made = Store::from(chronicle::Sqlite::memory().await.unwrap());
    assert_eq!(made.info().await.reason, None);
}

#[tokio::test]
async fn keys_never_show() {
    for key in [LEGACY, SECRET] {
        let config = config(&[("SUPABASE_URL", "http://127.0.0.1:9"), ("SUPABASE_ANON_KEY", key)]);
        let config = config.unwrap();
        let before = format!("{config:?}");
        let store = Store::connect(config).await.unwrap();
        let failure = store.health().await.unwrap_err();
        let shown = format!(
            "{before} {:?} {store:?} {store:#?} {:?} {failure} {failure:?}",
            Key::new(key),
            store.info().await
        );
        assert!(!shown.contains(key), "{shown}");
        assert!(!shown.contains("signature") && !shown.contains("0123456789abcdef"), "{shown}");
        assert_eq!(failure.kind(), ErrorKind::Unavailable, "{failure}");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let file = Sqlite::open(&path).await.unwrap();
        file.execute_script("create table notes (id text primary key not null)").await.unwrap();
        let config = pair(&path, key);
        let before = format!("{config:?}");
        let store = Store::connect(config).await.unwrap();
        let info = store.failover().unwrap().failover_info().await;
        let shown = format!("{before} {store:?} {store:#?} {:?} {info:?}", store.info().await);
        assert!(!shown.contains(key), "{shown}");
    }
}

#[test]
fn addresses_and_keys_are_checked_before_any_request() {
    for (url, key) in [
        ("not an address", LEGACY),
        ("ftp://abc.supabase.co", LEGACY),
        ("https://user:hunter2@abc.supabase.co", LEGACY),
        ("https://abc.supabase.co?x=1", LEGACY),
        ("https://abc.supabase.co", "line\nbreak"),
    ] {
        let error = PostgrestOptions::new(url, Key::new(key)).connect().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
