//! What writes do and say.

use crate::entry::{Entries, EntryPatch, row};
use crate::server::Server;
use chronicle::ErrorKind;
use chronicle_test_servers::{Fault, Response};
use sea_orm::prelude::Uuid;

#[tokio::test]
async fn every_write_says_how_many_rows() {
    let server = Server::start().await;
    let entries = server.entries();
    let first = entries.insert(row("a")).await.unwrap();
    assert!(!entries.insert_if_absent(first.clone()).await.unwrap());
    assert!(entries.insert_if_absent(row("b")).await.unwrap());
    let mut rows = vec![first.clone()];
    rows.push(entries.upsert(row("c")).await.unwrap());
    rows[0].title = "a2".into();
    assert_eq!(entries.insert_many_if_absent(rows.clone()).await.unwrap(), 0);
    entries.upsert_many(rows).await.unwrap();
    assert_eq!(entries.get(first.id).await.unwrap().unwrap().title, "a2");
    assert_eq!(server.rows().await, 3);

    assert_eq!(entries.update(first.id, EntryPatch::new().stars(4)).await.unwrap(), 1);
    assert_eq!(entries.update(Uuid::nil(), EntryPatch::new().stars(4)).await.unwrap(), 0);
    let filter = Entries::STARS.is_null();
    assert_eq!(entries.update_where(filter, EntryPatch::new().stars(5)).await.unwrap(), 2);
    assert_eq!(entries.update_all(EntryPatch::new().clear_stars()).await.unwrap(), 3);
    assert_eq!(entries.delete(first.id).await.unwrap(), 1);
    assert_eq!(entries.delete(first.id).await.unwrap(), 0);
    assert_eq!(entries.delete_where(Entries::TITLE.eq("b")).await.unwrap(), 1);
    assert_eq!(entries.delete_all().await.unwrap(), 1);
    assert_eq!(server.rows().await, 0);
}

#[tokio::test]
async fn bulk_inserts_go_in_chunks() {
    let server = Server::start().await;
    let entries = server.entries();
    entries.insert_many((0..2_500).map(|number| row(number.to_string()))).await.unwrap();
    assert_eq!(server.methods().len(), 3);
    assert_eq!(server.rows().await, 2_500);

    let mut rows: Vec<_> = (0..1_500).map(|number| row(number.to_string())).collect();
    rows[1_200] = row("refused").stars(-1);
    let error = entries.insert_many(rows).await.unwrap_err();
    assert_eq!((error.kind(), error.rows_stored()), (ErrorKind::Check, 1_000));
    assert_eq!(server.rows().await, 3_500);
}

#[tokio::test]
async fn what_is_too_large_goes_in_halves() {
    let server = Server::start().await;
    let entries = server.entries();
    let too_large =
        || Fault::respond(Response::new(413).html("<html>Too large</html>")).method("POST");
    server.gateway.fault(too_large().times(2));
    let rows: Vec<_> = (0..10).map(|number| row(number.to_string())).collect();
    entries.insert_many(rows).await.unwrap();
    // 10, 5, then 2, 3 and 5.
    assert_eq!(server.methods().len(), 5);
    assert_eq!(server.rows().await, 10);

    server.gateway.fault(too_large().always());
    let error = entries.insert(row("x")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, Some("HTTP 413")));
}

#[tokio::test]
async fn an_upsert_needs_a_key_in_the_database() {
    let server = Server::start().await;
    server
        .database
        .execute(
            "alter table entries drop constraint entries_parent;
             alter table entries drop constraint entries_pkey",
        )
        .await
        .unwrap();
    server.postgrest.reload_schema().await.unwrap();
    let error = server.entries().upsert(row("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    assert_eq!(error.rows_stored(), server.rows().await);
}

#[tokio::test]
async fn rows_stored_without_a_look_for_duplicates_are_reported() {
    let server = Server::start().await;
    let entries = server.entries();
    // The second request's answer lacks `Preference-Applied`.
    let answer = Response::new(201).header("content-range", "*/500");
    server.gateway.fault(Fault::respond_after(answer).after(1));
    let rows = (0..1_500).map(|number| row(number.to_string()));
    let error = entries.insert_many_if_absent(rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    assert_eq!((error.rows_stored(), server.rows().await), (1_500, 1_500));
}

const OTHER_SCHEMA: &str = "
    create schema other;
    create table other.entries (like public.entries including all);
    grant usage on schema other to service_role;
    grant all on other.entries to service_role;
";

#[tokio::test]
async fn other_schemas() {
    // The schema is there before the server starts, which 13 and later ask for.
    let server =
        Server::start_over(OTHER_SCHEMA, |builder| builder.schemas(["public", "other"])).await;
    let entries = Entries::new(server.options().schema("other").connect().unwrap());
    let entry = entries.insert(row("x")).await.unwrap();
    assert_eq!(entries.get(entry.id).await.unwrap(), Some(entry));
    assert_eq!(entries.find().count().await.unwrap(), 1);
    assert_eq!(server.rows().await, 0);
}
