//! Rows that are told from others by a unique column beside their key: what is asked of the server.

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle::ErrorKind;
use chronicle_test_servers::{Fault, Request};

/// The requests since the last time, without the list of columns.
fn asked(server: &Server) -> Vec<String> {
    let short = |request: Request| {
        let (path, query) = request.path.split_once('?').unwrap();
        let parameters = query
            .split('&')
            .filter(|one| !one.starts_with("select=") && !one.starts_with("columns="));
        let query = parameters.collect::<Vec<_>>().join("&");
        let prefer = request.header("prefer").unwrap_or_default();
        format!("{} {path}?{query} {prefer}", request.method)
    };
    let asked = server.gateway.requests().into_iter().map(short).collect();
    server.gateway.clear_requests();
    asked
}

const INSERT: &str = "POST /rest/v1/entries?on_conflict=code \
                      return=representation,resolution=ignore-duplicates,count=exact";
const UPDATE: &str = "PATCH /rest/v1/entries?code=eq.a return=representation,count=exact";

#[tokio::test]
async fn an_upsert_is_an_insert_and_then_an_update() {
    let server = Server::start().await;
    let entries = server.entries();
    let first = entries.upsert_on(Entries::CODE, row("one").code("a")).await.unwrap();
    assert_eq!(asked(&server), [INSERT]);
    let second = entries.upsert_on(Entries::CODE, row("two").code("a").stars(2)).await.unwrap();
    assert_eq!(asked(&server), [INSERT, UPDATE]);
    assert_eq!((second.id, second.title.as_str(), second.stars), (first.id, "two", Some(2)));
    let third = entries.insert_if_absent_on(Entries::CODE, row("three").code("a")).await.unwrap();
    assert_eq!(third, second);
    let asked = asked(&server);
    assert_eq!(asked[0], INSERT);
    assert!(asked[1].starts_with("GET /rest/v1/entries?code=eq.a&"), "{asked:?}");
    assert_eq!((asked.len(), server.rows().await), (2, 1));
}

#[tokio::test]
async fn an_insert_without_answer_is_sent_again() {
    let server = Server::start().await;
    let entries = server.entries();
    server.gateway.fault(Fault::reset_after().method("POST"));
    let stored = entries.upsert_on(Entries::CODE, row("one").code("a")).await.unwrap();
    // It was stored by the first one, so the second one is none.
    assert_eq!(asked(&server), [INSERT, INSERT, UPDATE]);
    assert_eq!((stored.title.as_str(), server.rows().await), ("one", 1));
}

#[tokio::test]
async fn an_update_without_answer_may_be_repeated() {
    let server = Server::start().await;
    let entries = server.entries();
    let first = entries.upsert_on(Entries::CODE, row("one").code("a")).await.unwrap();
    server.gateway.fault(Fault::reset_after().method("PATCH"));
    let two = || entries.upsert_on(Entries::CODE, row("two").code("a"));
    assert_eq!(two().await.unwrap_err().kind(), ErrorKind::Timeout);
    let second = two().await.unwrap();
    assert_eq!((second.id, second.title.as_str()), (first.id, "two"));
}

#[tokio::test]
async fn a_row_that_a_policy_hides_is_told() {
    let more = "
        insert into entries values (gen_random_uuid(), 'hidden', 'a', 'test', null, null, null, null, 0, now());
        alter role service_role nobypassrls;
        alter table entries enable row level security;
        create policy own on entries using (title <> 'hidden') with check (true);
    ";
    let server = Server::start().await;
    server.database.execute(more).await.unwrap();
    let entries = server.entries();
    let upsert = entries.upsert_on(Entries::CODE, row("two").code("a")).await;
    let insert = entries.insert_if_absent_on(Entries::CODE, row("two").code("a")).await;
    server.database.execute("alter role service_role bypassrls").await.unwrap();
    for error in [upsert.unwrap_err(), insert.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.hint().is_some());
    }
}
