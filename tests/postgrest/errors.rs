//! The kind of error for each mistake.

use crate::entry::{Entries, EntryPatch, row};
use crate::server::Server;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::{BackendKind, ErrorKind};
use chronicle_test_servers::{PUBLISHABLE_KEY, Token};
use sea_orm::prelude::Uuid;
use std::time::Duration;

#[tokio::test]
async fn constraints() {
    let server = Server::start().await;
    let entries = server.entries();
    let first = entries.insert(row("first").code("a")).await.unwrap();

    let error = entries.insert(first.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unique);
    assert_eq!(error.constraint(), Some("entries_pkey"));
    assert_eq!((error.code(), error.table()), (Some("23505"), Some("entries")));
    assert_eq!(error.backend(), Some(BackendKind::Postgrest));

    let error = entries.insert(row("second").code("a")).await.unwrap_err();
    assert_eq!(error.constraint(), Some("entries_code_key"));
    let error = entries.insert_if_absent(row("second").code("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unique, "only the key's duplicates are passed over");

    let error = entries.insert(row("child").parent(Uuid::from_u128(1))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKey);
    assert_eq!(error.constraint(), Some("entries_parent"));
    entries.insert(row("child").parent(first.id)).await.unwrap();
    let error = entries.delete(first.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKey);

    let error = entries.update(first.id, EntryPatch::new().clear_kind()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotNull);
    assert_eq!(error.constraint(), Some("entries.kind"));

    let error = entries.update(first.id, EntryPatch::new().stars(-1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Check);
    assert_eq!(error.constraint(), Some("entries_stars"));

    let error = entries.insert(row("large").stars(40_000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.code(), Some("22003"));
    assert_eq!(server.rows().await, 2);
}

#[tokio::test]
async fn grants_and_keys() {
    let server = Server::start().await;
    let with = |key: &str| {
        let options = PostgrestOptions::new(server.gateway.url(), Key::new(key));
        Entries::new(options.connect().unwrap())
    };
    // Status 401, but no matter of the key.
    let error = with(PUBLISHABLE_KEY).find().all().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, Some("42501")));
    let error = with(PUBLISHABLE_KEY).insert(row("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);

    let expired = Token::new("service_role").expired_since(Duration::from_secs(600)).sign();
    let foreign = Token::new("service_role").sign_with("another secret of 32 characters at least");
    for key in ["sb_secret_wrong", expired.as_str(), foreign.as_str()] {
        let error = with(key).find().all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
        assert!(!error.to_string().contains(key), "{error}");
        let error = with(key).find().count().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    }
    let ghost = Token::new("ghost").sign();
    assert_eq!(with(&ghost).find().all().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(server.rows().await, 0);
}

#[tokio::test]
async fn tables_that_differ() {
    let server = Server::start().await;
    let entries = server.entries();
    server.database.execute("alter table entries drop column kind").await.unwrap();
    server.postgrest.reload_schema().await.unwrap();
    for error in [
        entries.find().all().await.unwrap_err(),
        entries.insert(row("x")).await.unwrap_err(),
        entries.update(Uuid::from_u128(1), EntryPatch::new().kind("x")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
        let hint = error.hint().expect("a hint");
        assert!(hint.contains("migrations") && hint.contains("reload"), "{error}");
    }

    // A column of another type is seen when a row is.
    server.database.execute("alter table entries add column kind integer").await.unwrap();
    server.postgrest.reload_schema().await.unwrap();
    assert_eq!(entries.find().all().await.unwrap(), []);
    server
        .database
        .execute(r#"insert into entries (id, title, kind, "order", seen_at) values (gen_random_uuid(), 'x', 5, 1, now())"#)
        .await
        .unwrap();
    let error = entries.find().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.message().contains("kind"), "{error}");

    server.database.execute("drop table entries").await.unwrap();
    server.postgrest.reload_schema().await.unwrap();
    for error in [
        entries.find().all().await.unwrap_err(),
        entries.insert(row("x")).await.unwrap_err(),
        entries.update(Uuid::from_u128(1), EntryPatch::new().kind("x")).await.unwrap_err(),
        entries.delete(Uuid::from_u128(1)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    }
    let other = server.options().schema("nowhere").connect().unwrap();
    let error = Entries::new(&other).find().all().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::SchemaMismatch, Some("PGRST106")));
}

#[tokio::test]
async fn statements_that_take_too_long() {
    let server = Server::start().await;
    server
        .database
        .execute(
            "create function wait() returns trigger language plpgsql
                 as 'begin perform pg_sleep(30); return new; end';
             create trigger wait before insert on entries for each row execute function wait();",
        )
        .await
        .unwrap();
    let name = server.database.name().to_owned();
    server
        .database
        .execute(&format!(
            "alter role authenticator in database {name} set statement_timeout = '200ms'"
        ))
        .await
        .unwrap();
    server.postgrest.restart().await.unwrap();
    let error = server.entries().insert(row("slow")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("57014")));
    assert!(!error.is_ambiguous());
    assert_eq!(server.methods(), ["POST"]);
}

#[tokio::test]
async fn rules_of_the_database() {
    let server = Server::start().await;
    server
        .database
        .execute(
            "create function refuse() returns trigger language plpgsql
                 as 'begin raise exception ''not on a Sunday''; end';
             create trigger refuse before delete on entries for each row execute function refuse();",
        )
        .await
        .unwrap();
    let entries = server.entries();
    let entry = entries.insert(row("x")).await.unwrap();
    let error = entries.delete(entry.id).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Check, "not on a Sunday"));
}

#[tokio::test]
async fn columns_that_the_server_makes() {
    let server = Server::start().await;
    server
        .database
        .execute(
            "alter table entries drop column stars;
             alter table entries add column stars bigint generated always as (\"order\" * 2) stored",
        )
        .await
        .unwrap();
    server.postgrest.reload_schema().await.unwrap();
    let entries = server.entries();
    for error in [
        entries.insert(row("x").stars(1)).await.unwrap_err(),
        entries.update(Uuid::nil(), EntryPatch::new().stars(1)).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::SchemaMismatch, Some("428C9")));
        assert!(error.message().contains("stars"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("generated")), "{error}");
    }
}

#[tokio::test]
async fn types_that_nearly_fit() {
    let server = Server::start().await;
    server
        .database
        .execute(
            "create type kind_of_entry as enum ('test', 'other');
             alter table entries alter column kind type kind_of_entry using kind::kind_of_entry;
             alter table entries alter column stars type numeric;",
        )
        .await
        .unwrap();
    server.postgrest.reload_schema().await.unwrap();
    let entries = server.entries();
    let entry = entries.insert(row("x").stars(1)).await.unwrap();
    assert_eq!(entries.find().filter(Entries::KIND.eq("test")).one().await.unwrap(), entry);

    let error = entries.find().filter(Entries::KIND.contains("es")).all().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::SchemaMismatch, Some("42883")));
    let hint = error.hint().unwrap();
    assert!(hint.contains("type") && !hint.contains("migrations"), "{error}");

    server.database.execute("update entries set stars = 1.5").await.unwrap();
    let error = entries.get(entry.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.message().contains("`stars`"), "{error}");
    assert!(error.message().contains(&entry.id.to_string()), "{error}");
    assert!(error.message().contains("whole number"), "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("type") && !hint.contains("migrations"), "{error}");
}
