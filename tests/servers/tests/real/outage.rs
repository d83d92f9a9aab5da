//! The database is down for a while.

use chronicle_test_servers::{Postgres, Postgrest};

use crate::client;

#[tokio::test]
async fn requests_fail_during_an_outage_and_succeed_after_it() {
    let postgres = Postgres::new().await.unwrap();
    let database = postgres.create_database().await.unwrap();
    database
        .execute("create table note (id int primary key); grant select on note to anon")
        .await
        .unwrap();
    let postgrest = Postgrest::start(&database).await.unwrap();
    let url = format!("{}/note", postgrest.url());
    assert!(client().get(&url).send().await.unwrap().status().is_success());

    postgres.stop().await.unwrap();
    let during = client().get(&url).send().await.unwrap().status();
    assert!(!during.is_success(), "{during}");

    postgres.start().await.unwrap();
    postgrest.wait_until_ready().await.unwrap();
    // The admin server may be about a second ahead of the other.
    for _ in 0..50 {
        if client().get(&url).send().await.unwrap().status().is_success() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no success within 5 s after the outage; the log ends:\n{}", postgrest.log());
}
