//! What a role may not do, a token that expires, and servers that answer without serving.

use crate::fixture::{Fixture, healed, options, postgrest, session, until};
use chronicle::ErrorKind;
use chronicle::failover::{DeadLetterReason, Failover, Status};
use chronicle::postgrest::Key;
use chronicle_entity::{
    EventPatch, Events, NewEvent, NewSession, SessionId, SessionStatus, Sessions,
};
use chronicle_test_servers::{Fault, PUBLISHABLE_KEY, Postgres, Response, SECRET_KEY, Token};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn event(session: SessionId) -> NewEvent {
    NewEvent::new(session, "stop", chronicle::now())
}

async fn as_anon(fixture: &Fixture) -> Failover {
    let remote = postgrest(&fixture.gateway.url(), Key::new(PUBLISHABLE_KEY));
    options(&fixture.path(), remote).connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_only_insert_loses_nothing() {
    let fixture = Fixture::new().await;
    let database = fixture.server.database();
    database
        .execute(
            "alter table sessions disable row level security;
             alter table events disable row level security;
             revoke all on sessions, events, tool_events from anon;
             grant insert on sessions, events to anon;",
        )
        .await
        .unwrap();
    let failover = as_anon(&fixture).await;
    let session = session(&failover).await;
    let events = Events::new(&failover);
    events.insert(event(session)).await.unwrap();
    assert_eq!(failover.status(), Status::Healthy);
    let denied = events.find().count().await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied, "{denied}");

    // Its answers are lost, and duplicates cannot be ignored: 42501.
    fixture.gateway.fault(Fault::reset_after().method("POST"));
    events.insert(event(session)).await.unwrap();
    for _ in 0..5 {
        events.insert(event(session)).await.unwrap();
    }
    let info = healed(&failover).await;
    assert_eq!(info.dead_letters, 0, "{:?}", failover.dead_letters(9).await);
    fixture.assert_equal().await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 7);

    // A whole batch whose answer is lost goes one by one.
    fixture.gateway.refuse().await.unwrap();
    events.insert_many((0..7).map(|_| event(session))).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    fixture.gateway.fault(Fault::reset_after().method("POST"));
    let info = healed(&failover).await;
    assert_eq!(info.dead_letters, 0, "{:?}", failover.dead_letters(9).await);
    fixture.assert_equal().await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_a_row_that_a_policy_hides_is_a_letter() {
    let fixture = Fixture::new().await;
    let failover = as_anon(&fixture).await;
    let session = session(&failover).await;
    let events = Events::new(&failover);
    let row = events.insert(event(session)).await.unwrap();
    let shown = events.insert(event(session).hook_name("shown")).await.unwrap();
    fixture
        .server
        .database()
        .execute(
            "create policy hide on events as restrictive for select to anon
             using (hook_name is not null)",
        )
        .await
        .unwrap();
    fixture.gateway.refuse().await.unwrap();
    events.update(row.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    events.update(shown.id, EventPatch::new().hook_name("Shown")).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    let letters = failover.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].reason, DeadLetterReason::MissingRow);
    assert_eq!(letters[0].key, row.id.to_string());
    let remote = Events::new(fixture.remote());
    assert_eq!(remote.get(row.id).await.unwrap().unwrap().hook_name, None);
    assert_eq!(remote.get(shown.id).await.unwrap().unwrap().hook_name.as_deref(), Some("Shown"));

    // The policy is gone: the letter is tried again.
    fixture.server.database().execute("drop policy hide on events").await.unwrap();
    failover.retry(letters[0].id).await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_pauses_everything_until_there_is_a_new_one() {
    let fixture = Fixture::new().await;
    let first = fixture.open().await;
    let id = session(&first).await;
    chronicle::Backend::close(&first).await.unwrap();
    let expired = Token::new("service_role").expired_since(Duration::from_secs(90)).sign();
    let token = Arc::new(Mutex::new(expired));
    let source = token.clone();
    let remote = postgrest(&fixture.gateway.url(), Key::new(SECRET_KEY)).token_source(
        move |_refused: Option<String>| {
            let token = source.lock().unwrap().clone();
            async move { Ok(Some(token)) }
        },
    );
    let failover = options(&fixture.path(), remote).connect().await.unwrap();
    let events = Events::new(&failover);
    let refused = events.insert(event(id)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated, "{refused}");

    fixture.gateway.refuse().await.unwrap();
    events.insert(event(id)).await.unwrap();
    Sessions::new(&failover).insert(NewSession::new(SessionStatus::Active)).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    let info = until(&failover, |info| !info.paused.is_empty()).await;
    assert_eq!(info.paused[0].table, "*", "{info:?}");
    assert_eq!((info.outbox_rows, info.dead_letters), (2, 0));
    assert_eq!(info.status, Status::Degraded);
    let letters = failover.dead_letters(9).await.unwrap();
    assert!(letters.is_empty(), "{letters:?}");

    *token.lock().unwrap() = Token::new("service_role").expires_in(Duration::from_secs(600)).sign();
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_pauses_the_table_and_makes_no_letter() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let database = fixture.server.database();
    fixture.gateway.refuse().await.unwrap();
    let events = Events::new(&failover);
    events.insert_many((0..1_000).map(|_| event(id))).await.unwrap();
    database.execute("revoke insert on events from service_role").await.unwrap();
    session(&failover).await;
    fixture.gateway.clear_requests();
    fixture.gateway.heal().await.unwrap();
    let info = until(&failover, |info| !info.paused.is_empty()).await;
    assert_eq!(info.paused.len(), 1, "{info:?}");
    assert_eq!(
        (info.paused[0].table.as_str(), info.paused[0].code.as_deref()),
        ("events", Some("42501"))
    );
    let info = until(&failover, |info| info.outbox_rows == 1_000).await;
    assert_eq!(info.dead_letters, 0, "{info:?}");
    let requests = fixture.gateway.requests().len();
    assert!(requests < 20, "{requests} requests");
    assert_eq!(Sessions::new(fixture.remote()).find().count().await.unwrap(), 2, "others go on");

    database.execute("grant insert on events to service_role").await.unwrap();
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    fixture.assert_equal().await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_arrives_after_its_client_has_gone_makes_no_duplicate() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.gateway.fault(Fault::hold_until_released().method("POST"));
    let events = Events::new(&failover);
    let row = events.insert(event(id)).await.unwrap();
    events.update(row.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    healed(&failover).await;
    assert_eq!(fixture.gateway.release().await, 1);
    let stored = Events::new(fixture.remote()).find().all().await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].hook_name.as_deref(), Some("Stop"));
    assert_eq!(failover.failover_info().await.unwrap().dead_letters, 0);
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_is_no_acknowledgement() {
    let pages = [
        Response::new(200).html("<html>log in</html>"),
        Response::new(201).html("<html>log in</html>"),
        Response::new(204),
        Response::new(302).header("Location", "http://127.0.0.1:9/login"),
    ];
    for page in pages {
        let fixture = Fixture::new().await;
        let failover = fixture.open().await;
        let id = session(&failover).await;
        fixture.gateway.fault(Fault::respond(page).always());
        let events = Events::new(&failover);
        for _ in 0..5 {
            events.insert(event(id)).await.unwrap();
        }
        events
            .update_where(Events::SESSION_ID.eq(id), EventPatch::new().hook_name("Stop"))
            .await
            .unwrap();
        let info = failover.failover_info().await.unwrap();
        assert_eq!((info.outbox_rows, info.dead_letters), (10, 0), "{info:?}");
        assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 0);
        fixture.gateway.heal().await.unwrap();
        assert_eq!(healed(&failover).await.dead_letters, 0);
        fixture.assert_equal().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_pauses_until_an_entry_is_accepted() {
    let standby =
        r#"{"code":"0A000","message":"cannot set transaction read-write mode during recovery"}"#;
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    for method in ["POST", "PATCH", "DELETE"] {
        let answer = Response::new(400).json(standby);
        fixture.gateway.fault(Fault::respond(answer).method(method).always());
    }
    let events = Events::new(&failover);
    for _ in 0..3 {
        events.insert(event(id)).await.unwrap();
    }
    let info = until(&failover, |info| !info.paused.is_empty()).await;
    assert_eq!(
        (info.paused[0].table.as_str(), info.paused[0].code.as_deref()),
        ("*", Some("0A000"))
    );
    assert_eq!((info.outbox_rows, info.dead_letters, info.status), (3, 0, Status::Degraded));
    // It answers reads all the while, which ends nothing.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(events.find().count().await.unwrap(), 3, "the file serves");
    assert_eq!(failover.failover_info().await.unwrap().outbox_rows, 3);

    fixture.gateway.heal().await.unwrap();
    failover.resume().await.unwrap();
    let info = healed(&failover).await;
    assert!(info.paused.is_empty() && info.dead_letters == 0, "{info:?}");
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_may_stop_and_start() {
    let postgres = Postgres::new().await.unwrap();
    let fixture = Fixture::on(&postgres).await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let events = Events::new(&failover);
    let row = events.insert(event(id)).await.unwrap();
    postgres.stop().await.unwrap();
    for _ in 0..20 {
        events.insert(event(id)).await.unwrap();
    }
    events.update(row.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    assert_eq!(failover.failover_info().await.unwrap().status, Status::Degraded);
    assert_eq!(events.find().count().await.unwrap(), 21);
    postgres.start().await.unwrap();
    fixture.server.wait_until_ready().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    fixture.assert_equal().await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 21);
}
