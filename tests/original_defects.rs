//! The fourteen defects of the Python design that this library re-does, each with a test that shows
//! it gone. Many are covered at length elsewhere; here is the list.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "failover/fixture.rs"]
#[allow(dead_code, reason = "shared with the tests of the failover store")]
mod fixture;
#[path = "original_defects/recorded.rs"]
mod recorded;

use chronicle::failover::Status;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::{Backend, ErrorKind, Postgrest, Store};
use chronicle_entity::{
    EventPatch, Events, NewEvent, NewSession, SessionId, SessionPatch, SessionStatus, Sessions,
};
use chronicle_test_servers::{Fault, Postgrest as Server, SECRET_KEY};
use fixture::{Fixture, healed, session};
use recorded::Recorded;
use sea_orm::JsonValue;
use serde_json::json;
use std::time::{Duration, Instant};

/// The file and the remote, each as a store of its own.
async fn both(fixture: &Fixture) -> [Store; 2] {
    [fixture.file().await.into(), fixture.remote().into()]
}

async fn new_session(store: &Store) -> SessionId {
    Sessions::new(store).insert(NewSession::new(SessionStatus::Active)).await.unwrap().id
}

fn event(session: SessionId) -> NewEvent {
    NewEvent::new(session, "notification", chronicle::now())
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_1_delete_always_failed_on_sqlite() {
    let fixture = Fixture::new().await;
    for store in both(&fixture).await {
        let events = Events::new(&store);
        let id = events.insert(event(new_session(&store).await)).await.unwrap().id;
        assert_eq!(events.delete(id).await.unwrap(), 1);
        assert_eq!(events.get(id).await.unwrap(), None);
        assert_eq!(events.delete(id).await.unwrap(), 0, "it is gone already");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_2_update_of_a_table_without_updated_at_always_failed() {
    let fixture = Fixture::new().await;
    for store in both(&fixture).await {
        let events = Events::new(&store);
        let sessions = Sessions::new(&store);
        let id = new_session(&store).await;
        let event = events.insert(event(id)).await.unwrap();
        let patch = EventPatch::new().hook_name("Stop");
        assert_eq!(events.update(event.id, patch).await.unwrap(), 1);
        let stored = events.get(event.id).await.unwrap().unwrap();
        assert_eq!(stored.hook_name.as_deref(), Some("Stop"));

        let patch = SessionPatch::new().git_branch("main");
        assert_eq!(sessions.update(id, patch).await.unwrap(), 1);
        assert!(sessions.get(id).await.unwrap().unwrap().updated_at.is_some(), "this one has it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_3_the_fallback_was_connected_only_when_the_start_failed() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    assert_eq!(failover.failover_info().await.unwrap().status, Status::Healthy);
    fixture.gateway.refuse().await.unwrap();
    let stored = Events::new(&failover).insert(event(id)).await.unwrap();
    assert_eq!(failover.failover_info().await.unwrap().status, Status::Degraded, "not failed");
    assert_eq!(Events::new(&failover).get(stored.id).await.unwrap(), Some(stored));
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_4_there_was_no_way_back_to_the_primary() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    for _ in 0..2 {
        fixture.gateway.refuse().await.unwrap();
        let id = session(&failover).await;
        assert_eq!(Sessions::new(fixture.remote()).get(id).await.unwrap(), None);
        fixture.gateway.heal().await.unwrap();
        assert_eq!(healed(&failover).await.status, Status::Healthy);
        let id = session(&failover).await;
        assert!(Sessions::new(fixture.remote()).get(id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_5_what_was_written_in_an_outage_never_reached_the_primary() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    fixture.gateway.refuse().await.unwrap();
    let id = session(&failover).await;
    let stored = Events::new(&failover).insert(event(id)).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    assert_eq!(Events::new(fixture.remote()).get(stored.id).await.unwrap(), Some(stored));
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_6_an_event_of_a_session_at_the_primary_broke_the_fallbacks_foreign_key() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = new_session(&fixture.remote().into()).await;
    assert_eq!(Sessions::new(fixture.file().await).get(id).await.unwrap(), None, "not in the file");
    fixture.gateway.refuse().await.unwrap();
    let stored = Events::new(&failover).insert(event(id)).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(Events::new(fixture.remote()).get(stored.id).await.unwrap(), Some(stored));
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_7_every_error_was_retried_and_switched_the_backend() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let events = Events::new(&failover);
    fixture.gateway.clear_requests();
    let error = events.insert(event(SessionId::generate())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKey, "{error}");
    assert_eq!(fixture.gateway.requests().len(), 1, "sent once");

    let bad = event(SessionId::generate()).hook_name("a NUL: \0");
    let error = events.insert(bad).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert_eq!(fixture.gateway.requests().len(), 1, "not sent at all");

    let info = failover.failover_info().await.unwrap();
    assert_eq!((info.status, info.outbox_rows), (Status::Healthy, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_8_a_retried_insert_made_a_duplicate() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    // Committed, and the answer lost.
    fixture.gateway.fault(Fault::reset_after().method("POST"));
    let stored = Events::new(&failover).insert(event(id)).await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(Events::new(fixture.remote()).find().all().await.unwrap(), [stored]);
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_9_a_black_holed_primary_hung_the_caller() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.gateway.fault(Fault::black_hole().always());

    let start = Instant::now();
    let alone = PostgrestOptions::new(fixture.gateway.url(), Key::new(SECRET_KEY))
        .timeouts(Duration::from_millis(300), Duration::from_millis(300))
        .attempts(1)
        .connect()
        .unwrap();
    let error = Events::new(&alone).insert(event(id)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

    let start = Instant::now();
    Events::new(&failover).insert(event(id)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_10_bulk_insert_took_the_columns_of_the_first_record() {
    let fixture = Fixture::new().await;
    for store in both(&fixture).await {
        let id = new_session(&store).await;
        let rows = [
            event(id),
            event(id).hook_name("Stop"),
            event(id).data(json!({"a": 1})),
            event(id).hook_name("PreToolUse").data(json!([2])),
        ];
        let given = rows.clone();
        let keys = Events::new(&store).insert_many(given.clone()).await.unwrap();
        let mut stored: Vec<(Option<String>, Option<JsonValue>)> = Vec::new();
        for key in keys {
            let row = Events::new(&store).get(key).await.unwrap().unwrap();
            stored.push((row.hook_name, row.data));
        }
        let expected = [
            (None, None),
            (Some("Stop".to_owned()), None),
            (None, Some(json!({"a": 1}))),
            (Some("PreToolUse".to_owned()), Some(json!([2]))),
        ];
        assert_eq!(stored, expected);
        assert_eq!(format!("{given:?}"), format!("{rows:?}"), "the caller's rows are as they were");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_11_names_were_pasted_into_the_sql_and_limit_0_was_no_limit() {
    let fixture = Fixture::new().await;
    for store in both(&fixture).await {
        let events = Events::new(&store);
        let id = new_session(&store).await;
        let hostile = "x'; drop table events; --`\"),";
        events.insert(event(id).hook_name(hostile)).await.unwrap();
        events.insert_many((0..4).map(|_| event(id))).await.unwrap();
        let found = events.find().filter(Events::HOOK_NAME.eq(hostile)).all().await.unwrap();
        assert_eq!(found.len(), 1);

        assert_eq!(events.find().limit(0).all().await.unwrap().len(), 0);
        assert_eq!(events.find().offset(2).all().await.unwrap().len(), 3, "an offset alone");
    }
    let statement = Events::query().filter(Events::HOOK_NAME.eq("a value")).to_sql().unwrap();
    assert!(statement.sql.contains("`hook_name` = ?"), "{}", statement.sql);
    assert!(!statement.sql.contains("a value"), "{}", statement.sql);
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_12_a_list_read_and_sorted_every_session() {
    let fixture = Fixture::new().await;
    let file = Store::from(fixture.file().await);
    let newest = Events::query()
        .filter(Events::SESSION_ID.eq(SessionId::generate()))
        .order_by(Events::TIMESTAMP.desc())
        .limit(100);
    let sql = newest.to_sql().unwrap();
    let values = sql.values.unwrap().0;
    let plan = file.query_raw(&format!("explain query plan {}", sql.sql), values).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| format!("{row:?}")).collect();
    assert_eq!(plan.len(), 1, "{plan:?}");
    assert!(plan[0].contains("USING INDEX") && plan[0].contains("session_id=?"), "{plan:?}");

    // Postgres as well: with sorting and reading everything made dear, it needs neither.
    let database = fixture.server.database();
    let plan = database
        .query(
            "set enable_seqscan = off; set enable_sort = off; set enable_bitmapscan = off;
             explain select * from events
             where session_id = '0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11'
             order by timestamp desc, id desc limit 100",
        )
        .await
        .unwrap();
    let plan = format!("{plan:?}");
    assert!(plan.contains("Index Scan") && plan.contains("Index Cond"), "{plan}");
    assert!(!plan.contains("Sort"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn defect_13_more_than_1000_rows_were_cut_off_silently() {
    let fixture = Fixture::new().await;
    let server = Server::builder(fixture.server.database()).max_rows(1_000).start().await.unwrap();
    let remote = Postgrest::new(server.url(), Key::new(server.service_key())).unwrap();
    let failover = fixture.open().await;
    for store in [Store::from(fixture.file().await), remote.into(), failover.into()] {
        let events = Events::new(&store);
        let id = new_session(&store).await;
        events.insert_many((0..2_345).map(|_| event(id))).await.unwrap();
        assert_eq!(events.find_by_session_id(id).all().await.unwrap().len(), 2_345);
    }
}

#[tokio::test]
async fn defect_14_it_printed_instead_of_logging_and_its_errors_held_keys() {
    let fixture = Fixture::new().await;
    let recorded = Recorded::default();
    let _guard = tracing::subscriber::set_default(recorded.clone());

    let failover = fixture.open().await;
    fixture.gateway.refuse().await.unwrap();
    let store = Store::from(&failover);
    let id = new_session(&store).await;
    let secret = "the words of a user";
    Events::new(&store).insert(event(id).hook_name(secret)).await.unwrap();
    let alone = PostgrestOptions::new(fixture.gateway.url(), Key::new(SECRET_KEY)).attempts(1);
    let told = format!("{alone:?}");
    let alone = alone.connect().unwrap();
    let error = Store::from(&alone).health().await.unwrap_err();
    let info = alone.info().await;
    let told = format!("{told} {error} {error:?} {alone:?} {failover:?} {info:?}");
    let logged = recorded.text();
    for text in [&told, &logged] {
        assert!(!text.contains(SECRET_KEY), "{text}");
        assert!(!text.contains(secret), "{text}");
    }
}
