//! The database that a program gets by its environment, and that keys stay secret.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used)]

use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{BackendKind, Config, ErrorKind, Result, Store};

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

#[tokio::test]
async fn a_configuration_without_a_database_or_with_two_is_an_error() {
    let none = Store::connect(Config::new()).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::InvalidInput);
    let two = Config::new()
        .sqlite(SqliteOptions::new("x.db"))
        .postgrest(PostgrestOptions::new("http://127.0.0.1:3000", Key::none()));
    assert_eq!(Store::connect(two).await.unwrap_err().kind(), ErrorKind::InvalidInput);
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
