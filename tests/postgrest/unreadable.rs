//! Rows that other programs stored, and that no document of ours can hold.

use crate::entry::row;
use crate::server::Server;
use chronicle::ErrorKind;

/// Rows with a document that JSON allows and that a parser has its limits for.
fn documents() -> [(&'static str, String); 2] {
    let deep = format!("{}1{}", "[".repeat(126), "]".repeat(126));
    [("a number", r#"{"n": 1e400}"#.to_owned()), ("a deep one", deep)]
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_mismatch_and_is_named() {
    let server = Server::start().await;
    let entries = server.entries();
    let good = entries.insert(row("good")).await.unwrap();
    for (what, document) in documents() {
        let bad = entries.insert(row("bad")).await.unwrap();
        let id = bad.id;
        server
            .database
            .execute(&format!("update entries set data = '{document}' where id = '{id}'"))
            .await
            .unwrap();
        server.gateway.clear_requests();
        for error in [entries.get(id).await.unwrap_err(), entries.find().all().await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{what}: {error}");
            assert!(!error.is_transient(), "{what}");
            assert_eq!(error.table(), Some("entries"), "{what}");
            for part in ["`data`", &id.to_string()] {
                assert!(error.message().contains(part), "{what}: {error}");
            }
        }
        assert_eq!(server.methods(), ["GET", "GET"], "{what}: to ask again is of no use");
        // All else goes on.
        assert_eq!(entries.get(good.id).await.unwrap(), Some(good.clone()), "{what}");
        assert_eq!(entries.find().count().await.unwrap(), 2, "{what}");
        assert_eq!(entries.delete(id).await.unwrap(), 1, "{what}");
    }
}
