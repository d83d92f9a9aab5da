//! Servers end with the process that started them, and leave nothing behind.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use chronicle_test_servers::{Postgres, Postgrest};

use chronicle_test_servers::until;

/// Not a test: the process that is killed by the test below. It tells its ports and its data folder, and waits.
#[tokio::test]
#[ignore = "started by another test"]
async fn victim() {
    let database = Postgres::new().await.unwrap().create_database().await.unwrap();
    let postgrest = Postgrest::start(&database).await.unwrap();
    let folder = database.query("show data_directory").await.unwrap().remove(0).remove(0).unwrap();
    let port = postgrest.url().rsplit(':').next().unwrap().to_owned();
    println!("\nstarted {} {port} {folder}", database.postgres().port());
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_killed_process_takes_its_servers_with_it() {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "death::victim"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let started = lines.map(Result::unwrap).find(|line| line.starts_with("started ")).unwrap();
    let words: Vec<&str> = started.split(' ').collect();
    let ports: Vec<u16> = words[1..3].iter().map(|port| port.parse().unwrap()).collect();
    let folder = PathBuf::from(words[3]);
    let listens = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert!(folder.is_dir());
    assert!(ports.iter().all(|port| listens(*port)));

    // SIGKILL: nothing in the process can react to it.
    victim.kill().unwrap();
    victim.wait().unwrap();
    until("the servers end", async || !ports.iter().any(|port| listens(*port))).await;
    until("the data is removed", async || !folder.exists() && !folder.parent().unwrap().exists())
        .await;
}

#[tokio::test]
async fn a_dropped_value_takes_its_server_with_it() {
    let postgres = Postgres::new().await.unwrap();
    let database = postgres.create_database().await.unwrap();
    let folder = PathBuf::from(
        database.query("show data_directory").await.unwrap().remove(0).remove(0).unwrap(),
    );
    let port = postgres.port();
    drop(postgres);
    assert!(database.query("select 1").await.is_ok(), "the database is a handle, too");
    drop(database);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!folder.parent().unwrap().exists());
}
