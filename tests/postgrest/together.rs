//! Writes that are made together, and columns that are added to: what is asked of the function.

use crate::entry::{Entries, EntryPatch, NewEntry};
use crate::server::Server;
use chronicle::{Store, add};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;

const APPLY: &str = include_str!("../../migration/src/chronicle_apply/up.sql");

fn row(id: u128, title: &str) -> NewEntry {
    let seen_at: DateTime<Utc> = DateTime::UNIX_EPOCH;
    NewEntry::new(title, 1, seen_at).id(Uuid::from_u128(id)).kind("test")
}

/// The requests since the last time: method, path and body. Each has an id of its own.
fn asked(server: &Server) -> String {
    let text = |request: chronicle_test_servers::Request| {
        let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let id = body["id"].take();
        assert!(id.as_str().unwrap().parse::<Uuid>().is_ok());
        format!("{} {}\n{body:#}", request.method, request.path)
    };
    let asked: Vec<String> = server.gateway.requests().into_iter().map(text).collect();
    server.gateway.clear_requests();
    asked.join("\n")
}

#[tokio::test]
async fn what_the_function_is_asked() {
    let server = Server::start_over(APPLY, |builder| builder).await;
    let store = Store::from(server.client());
    store
        .transaction(|writes| {
            let mut entries = writes.of::<Entries>();
            entries.insert(row(1, "one"))?;
            entries.insert_if_absent(row(1, "another"))?;
            entries.upsert(row(2, "two").stars(2))?;
            entries.update(Uuid::from_u128(1), EntryPatch::new().title("1").position(add(-1)))?;
            entries.delete(Uuid::from_u128(2))
        })
        .await
        .unwrap();
    insta::assert_snapshot!("a_transaction", asked(&server));
    let more = EntryPatch::new().position(add(2)).clear_stars();
    let entries = Entries::new(&store);
    let stored = entries.update_returning(Uuid::from_u128(1), more).await.unwrap().unwrap();
    insta::assert_snapshot!("an_addition", asked(&server));
    assert_eq!((stored.title.as_str(), stored.position, server.rows().await), ("1", 2, 1));
}
