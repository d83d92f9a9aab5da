//! Reads beyond the server's limit of rows.

use crate::entry::{Entries, Model};
use crate::server::Server;
use chronicle_test_servers::Gateway;
use sea_orm::prelude::Uuid;
use std::time::Duration;

fn positions(rows: &[Model]) -> Vec<i32> {
    rows.iter().map(|row| row.position).collect()
}

#[tokio::test]
async fn reads_are_complete() {
    let server = Server::start_with(|builder| builder.max_rows(1_000)).await;
    server.fill(3_500).await;
    let entries = server.entries();
    let all = entries.find().order_by(Entries::POSITION.asc()).all().await.unwrap();
    assert_eq!(positions(&all), (1..=3_500).collect::<Vec<_>>());
    assert_eq!(server.methods().len(), 5, "the last is empty: the one before may have been cut");
    assert_eq!(entries.find().count().await.unwrap(), 3_500);

    let some = entries.find().order_by(Entries::POSITION.desc()).offset(500).limit(2_300);
    assert_eq!(positions(&some.all().await.unwrap()), (701..=3_000).rev().collect::<Vec<_>>());
    assert_eq!(entries.find().offset(3_400).all().await.unwrap().len(), 100);
    assert_eq!(entries.find().offset(4_000).all().await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_gives_less_than_a_page() {
    let server = Server::start_with(|builder| builder.max_rows(70)).await;
    server.fill(500).await;
    let all = server.entries().find().order_by(Entries::POSITION.asc()).all().await.unwrap();
    assert_eq!(positions(&all), (1..=500).collect::<Vec<_>>());
    assert_eq!(server.methods().len(), 9);
}

#[tokio::test]
async fn a_limit_that_falls_meanwhile() {
    let server = Server::start().await;
    server.fill(500).await;
    let entries = server.entries();
    assert_eq!(entries.find().all().await.unwrap().len(), 500);
    server
        .database
        .execute(&format!(
            r#"alter role authenticator in database "{}" set pgrst.db_max_rows = '70';
               notify pgrst, 'reload config'"#,
            server.database.name()
        ))
        .await
        .unwrap();
    let bare = Gateway::plain(&server.postgrest).await.unwrap();
    let ask = || async {
        let request = reqwest::Client::new().get(format!("{}/entries?select=id", bare.url()));
        let answer = request.bearer_auth(server.postgrest.service_key()).send().await.unwrap();
        answer.text().await.unwrap().matches("\"id\"").count()
    };
    let mut rows = ask().await;
    for _ in 0..100 {
        if rows == 70 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        rows = ask().await;
    }
    assert_eq!(rows, 70, "the server has its new limit");
    assert_eq!(entries.find().all().await.unwrap().len(), 500);
    assert_eq!(entries.find().limit(300).all().await.unwrap().len(), 300);
}

#[tokio::test]
async fn what_is_known_to_be_complete_is_one_request() {
    let server = Server::start().await;
    server.fill(200).await;
    let entries = server.entries();
    let newest = entries.find().order_by(Entries::POSITION.desc()).limit(100).all().await.unwrap();
    assert_eq!(server.methods().len(), 1, "as many rows as were asked for");

    server.gateway.clear_requests();
    let ids = || newest.iter().map(|row| row.id);
    assert_eq!(entries.find().filter(Entries::ID.is_in(ids())).all().await.unwrap().len(), 100);
    assert_eq!(server.methods().len(), 1, "each key was found");
    let some = ids().take(10).chain([Uuid::nil()]);
    assert_eq!(entries.find().filter(Entries::ID.is_in(some)).all().await.unwrap().len(), 10);
    assert_eq!(server.methods().len(), 3, "one was not");
}

#[tokio::test]
async fn a_page_that_is_exactly_full() {
    let server = Server::start_with(|builder| builder.max_rows(1_000)).await;
    server.fill(2_000).await;
    let entries = server.entries();
    assert_eq!(entries.find().all().await.unwrap().len(), 2_000);
    assert_eq!(server.methods().len(), 3, "the third is empty");
    server.gateway.clear_requests();
    assert_eq!(entries.find().limit(2_000).all().await.unwrap().len(), 2_000);
    assert_eq!(server.methods().len(), 2);
}

#[tokio::test]
async fn pages_go_on_behind_nulls_and_equal_values() {
    let server = Server::start().await;
    server.fill(200).await;
    let options = server.options().page_size(7);
    let entries = Entries::new(options.connect().unwrap());
    let stars = |rows: &[Model]| rows.iter().map(|row| row.stars).collect::<Vec<_>>();
    for descending in [false, true] {
        let order = if descending { Entries::STARS.desc() } else { Entries::STARS.asc() };
        let rows = entries.find().order_by(order).all().await.unwrap();
        let mut expected = stars(&rows);
        expected.sort();
        if descending {
            expected.reverse();
        }
        assert_eq!(stars(&rows), expected, "NULL is the smallest");
        let mut all = positions(&rows);
        all.sort_unstable();
        assert_eq!(all, (1..=200).collect::<Vec<_>>(), "each row once");
    }
}

#[tokio::test]
async fn one_row_is_one_request() {
    let server = Server::start().await;
    server.fill(3).await;
    let entries = server.entries();
    let first = entries.find().first().await.unwrap().unwrap();
    assert_eq!(entries.get(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(entries.get(sea_orm::prelude::Uuid::nil()).await.unwrap(), None);
    assert!(entries.find().filter(Entries::ID.eq(first.id)).exists().await.unwrap());
    assert_eq!(entries.find().filter(Entries::ID.eq(first.id)).one().await.unwrap(), first);
    assert_eq!(server.methods().len(), 5);
}
