//! The program `quickstart`, run as a user runs it.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use chronicle_migration::{Migrator, MigratorTrait};
use chronicle_test_servers::{Gateway, Postgres, Postgrest, SECRET_KEY};
use std::path::Path;
use std::process::{Command, Output};

const VARIABLES: [&str; 7] = [
    "SUPABASE_URL",
    "POSTGREST_URL",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_ANON_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
    "CHRONICLE_DB",
];

/// The program without any configuration. `cargo test` builds it anew, and puts it beside this test;
/// `cargo test --test quickstart` does not, and takes the one that is there or asks cargo for it.
fn quickstart() -> Command {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(2).unwrap();
    let program =
        target.join("examples/quickstart").with_extension(std::env::consts::EXE_EXTENSION);
    let mut command = if program.exists() {
        Command::new(program)
    } else {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["run", "--quiet", "--example", "quickstart", "--"]);
        cargo
    };
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// What a run that succeeds writes to standard output and to standard error.
fn run(command: &mut Command) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{stderr}{stdout}");
    (stdout, stderr)
}

fn on_file(database: impl AsRef<Path>) -> Command {
    let mut command = quickstart();
    command.env("CHRONICLE_DB", database.as_ref());
    command
}

const FIRST_RUN: &str = "29 payloads recorded, 0 were there already, 0 bad\n";
const SECOND_RUN: &str = "0 payloads recorded, 29 were there already, 0 bad\n";
const TOTALS: &str = "\n2 sessions, 29 events, 10 tool events\n";

#[test]
fn its_own_payloads_are_recorded_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("new folder/chronicle.db");
    let (first, _) = run(&mut on_file(&database));
    assert!(first.contains(FIRST_RUN) && first.contains(TOTALS), "{first}");
    assert!(first.contains("(sqlite)") && first.contains("GET /events?select="), "{first}");

    let (second, _) = run(&mut on_file(&database));
    assert!(second.contains(SECOND_RUN), "{second}");
    let shown = |output: &str| output.split_once(TOTALS).unwrap().1.to_owned();
    assert_eq!(shown(&second), shown(&first));
}

#[test]
fn a_database_in_memory_serves() {
    let (output, _) = run(&mut on_file(":memory:"));
    assert!(output.contains(FIRST_RUN) && output.contains(TOTALS), "{output}");
}

#[test]
fn bad_lines_are_told_and_the_rest_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let stop =
        r#"{"session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "hook_event_name": "Stop"}"#;
    let database = folder.path().join("chronicle.db");
    let file = folder.path().join("payloads.jsonl");
    let lines = [stop.as_bytes(), b"{\"a\": 1}", b"{\"session", stop.as_bytes()];
    std::fs::write(&file, lines.join(&b'\n')).unwrap();

    let (output, errors) = run(on_file(&database).arg(&file));
    assert!(output.contains("2 payloads recorded, 0 were there already, 2 bad\n"), "{output}");
    insta::assert_snapshot!(errors, @r"
    line 2 is left out: no `hook_event_name`, or not a text
    line 3 is left out: not JSON: control character (\u0000-\u001F) found while parsing a string at line 1 column 9
    ");
    let (again, _) = run(on_file(&database).arg(&file));
    assert!(again.contains("0 payloads recorded, 2 were there already, 2 bad\n"), "{again}");

    let other = folder.path().join("other.jsonl");
    std::fs::copy(&file, &other).unwrap();
    let (others, _) = run(on_file(&database).arg(&other));
    assert!(others.contains("2 payloads recorded, 0 were there already, 2 bad\n"), "{others}");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let Output { status, stderr, .. } =
        on_file(":memory:").arg("no such file.jsonl").output().unwrap();
    assert!(!status.success());
    let errors = String::from_utf8(stderr).unwrap();
    assert!(errors.contains("quickstart: cannot read no such file.jsonl: "), "{errors}");
}

#[tokio::test]
async fn a_supabase_project_gets_the_same() {
    let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    Migrator::up(&connection, None).await.unwrap();
    connection.close().await.unwrap();
    let server = Postgrest::start(&database).await.unwrap();
    let gateway = Gateway::supabase(&server).await.unwrap();

    let project = gateway.url().strip_suffix("/rest/v1").unwrap().to_owned();
    let on_project = || {
        let mut command = quickstart();
        command.env("SUPABASE_URL", &project).env("SUPABASE_SECRET_KEY", SECRET_KEY);
        command
    };
    let (first, errors) = run(&mut on_project());
    assert!(first.contains("(postgrest)"), "{first}");
    assert!(first.contains(FIRST_RUN) && first.contains(TOTALS), "{first}");
    assert!(!first.contains(SECRET_KEY) && !errors.contains(SECRET_KEY), "{first}{errors}");
    let (second, _) = run(&mut on_project());
    assert!(second.contains(SECOND_RUN) && second.contains(TOTALS), "{second}");
    let stored = database.query("select count(*) from events").await.unwrap();
    assert_eq!(stored, [[Some("29".to_owned())]]);
}

#[tokio::test]
async fn a_file_takes_over_while_the_project_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("chronicle.db");
    // What was recorded before there was a server is queued for it.
    let (alone, _) = run(&mut on_file(&database));
    assert!(alone.contains(FIRST_RUN) && alone.contains("(sqlite)"), "{alone}");
    let pair = || {
        let mut command = on_file(&database);
        command.env("SUPABASE_URL", "http://127.0.0.1:9").env("SUPABASE_SECRET_KEY", SECRET_KEY);
        command
    };
    let (first, errors) = run(&mut pair());
    assert!(first.contains("(failover)") && first.contains(SECOND_RUN), "{first}");
    assert!(first.contains(TOTALS), "{first}");
    assert!(!first.contains(SECRET_KEY) && !errors.contains(SECRET_KEY), "{first}{errors}");
    let file = chronicle::Sqlite::open(&database).await.unwrap();
    let waiting = "select count(*) as rows from chronicle_outbox where kind = 'insert_if_absent'";
    let waiting = chronicle::Store::from(file).query_raw(waiting, []).await.unwrap();
    assert_eq!(waiting[0]["rows"], 2 + 29 + 10);
}
