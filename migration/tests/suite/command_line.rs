//! The program, as a user runs it.

use std::process::{Command, Output};

use crate::file::{self, File};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chronicle-migration"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap()
}

fn output(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn failure(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_file_goes_up_and_down() {
    let file = File::new();
    let url = file.url();
    let first = "m20260101_000001_create_tables applied\nm20261127_000002_add_agents pending\n";
    let applied = first.replace("pending", "applied");
    let pending = first.replace("applied", "pending");
    assert_eq!(output(&["status", "-u", &url]), pending);
    assert_eq!(output(&["up", "-u", &url]), applied);
    assert_eq!(output(&["-u", &url, "up"]), applied);
    assert_eq!(output(&["status", "-u", &url]), applied);
    assert_eq!(output(&["refresh", "-u", &url]), applied);
    assert_eq!(output(&["fresh", "-u", &url]), applied);
    assert_eq!(file::rows(&file.open().await, "select count(*) from events").await, ["0"]);
    assert_eq!(output(&["down", "-u", &url]), first);
    assert_eq!(output(&["down", "-u", &url]), pending);
    assert_eq!(output(&["reset", "-u", &url]), pending);
    assert_eq!(file::schema(&file.open().await).await, "");
}

#[test]
fn the_url_may_stand_in_the_environment() {
    let file = File::new();
    let output = Command::new(env!("CARGO_BIN_EXE_chronicle-migration"))
        .arg("up")
        .env("DATABASE_URL", file.url())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(file.path().exists());
}

#[test]
fn the_folder_of_a_new_file_is_made() {
    let file = File::new();
    let path = file.path().with_file_name("a").join("b").join("chronicle.db");
    output(&["up", "-u", &format!("sqlite://{}?mode=rwc", path.display())]);
    assert!(path.exists());
}

#[test]
fn a_missing_file_is_not_made_unless_asked_for() {
    let file = File::new();
    let message = failure(&["up", "-u", &format!("sqlite:{}", file.path().display())]);
    assert!(message.contains("?mode=rwc"), "{message}");
    assert!(!file.path().exists());
}

#[test]
fn help_tells_everything_but_the_url() {
    let help = Command::new(env!("CARGO_BIN_EXE_chronicle-migration"))
        .arg("--help")
        .env("DATABASE_URL", "postgres://ada:secret@localhost/chronicle")
        .output()
        .unwrap();
    insta::assert_snapshot!(String::from_utf8(help.stdout).unwrap());
}

#[test]
fn a_wrong_or_missing_database_is_told_without_its_password() {
    let message = failure(&["up", "-u", "mysql://ada:secret@localhost/chronicle"]);
    assert!(
        message.contains("`mysql:` is not supported") && !message.contains("secret"),
        "{message}"
    );
    let message = failure(&["up"]);
    assert!(message.contains("DATABASE_URL"), "{message}");
    let message = failure(&["up", "-u", "postgres://ada:secret@127.0.0.1:1/chronicle"]);
    assert!(message.starts_with("error: ") && !message.contains("secret"), "{message}");
}

#[test]
fn the_functions_are_for_postgres_only() {
    for function in ["execute-sql", "chronicle-apply"] {
        let message = failure(&[function, "up", "-u", &File::new().url()]);
        assert!(message.contains("is a Postgres function"), "{message}");
    }
}

#[test]
fn the_scripts_are_printed() {
    insta::assert_snapshot!("sql_postgres", output(&["sql", "postgres"]));
    insta::assert_snapshot!("sql_sqlite", output(&["sql", "sqlite"]));
    insta::assert_snapshot!("sql_chronicle_apply", output(&["sql", "chronicle-apply"]));
    insta::assert_snapshot!("sql_execute_sql", output(&["sql", "execute-sql"]));
}
