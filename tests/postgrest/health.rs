//! Health, information and SQL of one's own.

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::{BackendKind, ErrorKind, Store};
use chronicle_test_servers::PUBLISHABLE_KEY;

#[tokio::test]
async fn health_and_information() {
    let server = Server::start().await;
    let store = Store::from(server.client());
    let info = store.info().await;
    assert_eq!((info.kind, info.version), (BackendKind::Postgrest, None));
    assert_eq!(info.location, server.gateway.url());

    store.health().await.unwrap();
    assert!(server.gateway.requests()[0].path.contains("chronicle_no_such_table"));
    let version = store.info().await.version.unwrap();
    assert!(version.contains(server.postgrest.version()), "{version}");

    Entries::new(&store).find().count().await.unwrap();
    store.health().await.unwrap();
    assert!(server.gateway.requests().pop().unwrap().path.contains("/entries?select=id&limit=0"));
    let named = Store::from(server.options().probe_table("entries").connect().unwrap());
    named.health().await.unwrap();

    let connect = |options: PostgrestOptions| Store::from(options.connect().unwrap());
    let missing = connect(server.options().probe_table("nowhere"));
    assert_eq!(missing.health().await.unwrap_err().kind(), ErrorKind::SchemaMismatch);
    for key in ["sb_secret_wrong", "a.b.c"] {
        let wrong = connect(PostgrestOptions::new(server.gateway.url(), Key::new(key)));
        assert_eq!(wrong.health().await.unwrap_err().kind(), ErrorKind::Unauthenticated, "{key}");
    }
    server.gateway.refuse().await.unwrap();
    let down = connect(server.options().attempts(1));
    assert_eq!(down.health().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn sql_of_ones_own() {
    let server = Server::start().await;
    let store = Store::from(server.client());
    let error = store.query_raw("select 1", []).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hint().is_some_and(|hint| hint.contains("execute-sql")), "{error}");

    server.database.execute(include_str!("../../migration/src/execute_sql/up.sql")).await.unwrap();
    server.postgrest.reload_schema().await.unwrap();
    Entries::new(&store).insert(row("it's")).await.unwrap();
    let sql = "select title, cast($2 as integer) + 1 as next from entries where title = $1";
    let rows = store.query_raw(sql, ["it's".into(), 41.into()]).await.unwrap();
    assert_eq!(serde_json::json!(rows), serde_json::json!([{"title": "it's", "next": 42}]));
    let rows =
        store.query_raw("delete from entries where title = $1", ["it's".into()]).await.unwrap();
    assert!(rows.is_empty());
    assert_eq!(server.rows().await, 0);
    let error = store.query_raw("select nonsense()", []).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");

    let anonymous = PostgrestOptions::new(server.gateway.url(), Key::new(PUBLISHABLE_KEY));
    let anonymous = Store::from(anonymous.connect().unwrap());
    assert_eq!(anonymous.query_raw("select 1", []).await.unwrap_err().kind(), ErrorKind::Denied);
}
