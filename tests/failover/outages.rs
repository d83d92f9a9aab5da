//! Outages of every kind: the caller notices none, and nothing is lost.

use crate::fixture::{Fixture, healed, session};
use chronicle::ErrorKind;
use chronicle::failover::{Failover, Status};
use chronicle_entity::{
    EventPatch, Events, NewEvent, NewSession, SessionPatch, SessionStatus, Sessions,
};
use chronicle_test_servers::{Fault, Response, until};
use std::time::{Duration, Instant};

async fn info(failover: &Failover) -> chronicle::failover::FailoverInfo {
    failover.failover_info().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_healthy_the_remote_serves_and_the_file_is_a_mirror() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let events = Events::new(&failover);
    let event = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    events.update(event.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    assert_eq!(info(&failover).await.status, Status::Healthy);
    assert_eq!(info(&failover).await.outbox_rows, 0);
    fixture.assert_equal().await;

    events.delete(event.id).await.unwrap();
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_the_connection_is_refused_is_replayed() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.gateway.refuse().await.unwrap();

    let events = Events::new(&failover);
    let sessions = Sessions::new(&failover);
    let first = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    assert_eq!(info(&failover).await.status, Status::Degraded);
    let requests = fixture.gateway.connections();
    // A child of a session that the file alone has, an update, a delete, and a bulk.
    let local = session(&failover).await;
    events.insert(NewEvent::new(local, "stop", chronicle::now())).await.unwrap();
    sessions.update(id, SessionPatch::new().git_branch("main")).await.unwrap();
    events.update(first.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    let bulk = (0..1_500).map(|_| NewEvent::new(local, "notification", chronicle::now()));
    events.insert_many(bulk).await.unwrap();
    let gone = events.insert(NewEvent::new(id, "gone", chronicle::now())).await.unwrap();
    events.delete(gone.id).await.unwrap();
    // Own writes are seen.
    assert_eq!(events.get(first.id).await.unwrap().unwrap().hook_name.as_deref(), Some("Stop"));
    assert_eq!(events.get(gone.id).await.unwrap(), None);
    assert_eq!(events.find().count().await.unwrap(), 1_502);
    assert_eq!(fixture.gateway.connections(), requests, "no request while the breaker is open");
    assert!(failover.health().await.is_ok());

    fixture.gateway.heal().await.unwrap();
    let healed = healed(&failover).await;
    assert_eq!((healed.outbox_rows, healed.dead_letters), (0, 0));
    fixture.assert_equal().await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 1_502);
    session(&failover).await;
    fixture.assert_equal().await;
}

use chronicle::Backend;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_the_commit_makes_no_duplicate() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.gateway.fault(Fault::reset_after().method("POST"));
    let events = Events::new(&failover);
    let event = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    healed(&failover).await;
    let stored = Events::new(fixture.remote()).find().all().await.unwrap();
    assert_eq!(stored, [event]);
    fixture.assert_equal().await;
    assert_eq!(info(&failover).await.dead_letters, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_update_cannot_overwrite_a_newer_one() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let sessions = Sessions::new(&failover);
    // The network keeps the request, and delivers it after the client has given up.
    fixture.gateway.fault(Fault::hold(Duration::from_millis(1_000)).method("PATCH"));
    sessions.update(id, SessionPatch::new().git_branch("old")).await.unwrap();
    sessions.update(id, SessionPatch::new().git_branch("new")).await.unwrap();
    healed(&failover).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let stored = Sessions::new(fixture.remote()).get(id).await.unwrap().unwrap();
    assert_eq!(stored.git_branch.as_deref(), Some("new"));
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_black_hole_costs_one_timeout() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let events = Events::new(&failover);
    fixture.gateway.fault(Fault::black_hole().always());
    let start = Instant::now();
    events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(700));
    let start = Instant::now();
    for _ in 0..20 {
        events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    }
    assert!(start.elapsed() < Duration::from_millis(700), "{:?}", start.elapsed());
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_the_servers_are_outages() {
    let html = "<html>log in</html>";
    let standby =
        r#"{"code":"0A000","message":"cannot set transaction read-write mode during recovery"}"#;
    let faults = [
        ("bad gateway", Fault::respond(Response::new(502).html(html))),
        ("bad gateway after the commit", Fault::respond_after(Response::new(502).html(html))),
        ("a login page", Fault::respond(Response::new(200).html(html))),
        ("truncated", Fault::truncate(0)),
        ("reset", Fault::reset_before()),
        (
            "no database",
            Fault::respond(Response::new(503).json(r#"{"code":"PGRST002","message":"x"}"#)),
        ),
        ("empty code", Fault::respond(Response::new(400).json(r#"{"code":"","message":""}"#))),
        ("standby", Fault::respond(Response::new(400).json(standby))),
        ("throttled", Fault::respond(Response::new(429).header("Retry-After", "1").json("{}"))),
    ];
    for (name, fault) in faults {
        let fixture = Fixture::new().await;
        let failover = fixture.open().await;
        let id = session(&failover).await;
        fixture.gateway.fault(fault.method("POST"));
        let events = Events::new(&failover);
        events.insert(NewEvent::new(id, "stop", chronicle::now())).await.expect(name);
        let now = healed(&failover).await;
        assert_eq!(now.dead_letters, 0, "{name}");
        assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 1, "{name}");
        fixture.assert_equal().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_write_that_may_be_applied_is_not_queued() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    session(&failover).await;
    let sessions = Sessions::new(&failover);
    let active = || Sessions::STATUS.eq(SessionStatus::Active);
    fixture.gateway.fault(Fault::reset_after().method("PATCH"));
    let patch = SessionPatch::new().git_branch("main");
    let error = sessions.update_where(active(), patch.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(info(&failover).await.outbox_rows, 0);
    healed(&failover).await;
    assert_eq!(sessions.update_where(active(), patch).await.unwrap(), 1);
    // As long as the first one may still arrive, the second one waits.
    healed(&failover).await;
    fixture.assert_equal().await;
}

/// What a request without answer may still change is not known because somebody has read it.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_before_a_late_request_arrives_does_not_make_its_rows_known() {
    let fixture = Fixture::new().await;
    let options = fixture.options().settle(Duration::from_secs(8));
    let failover = options.connect().await.unwrap();
    let id = session(&failover).await;
    let sessions = Sessions::new(&failover);
    let start = Instant::now();
    fixture.gateway.fault(Fault::hold(Duration::from_secs(6)).method("PATCH"));
    let active = Sessions::STATUS.eq(SessionStatus::Active);
    let error = sessions.update_where(active, SessionPatch::new().git_branch("late")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout);
    // While the file serves, the row is not known.
    let read = loop {
        match sessions.get(id).await {
            Ok(read) => break read.unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(read.git_branch, None);
    assert!(start.elapsed() < Duration::from_secs(6), "too late to tell anything");
    tokio::time::sleep(Duration::from_secs(7).saturating_sub(start.elapsed())).await;
    let remote = Sessions::new(fixture.remote()).get(id).await.unwrap().unwrap();
    assert_eq!(remote.git_branch.as_deref(), Some("late"));
    fixture.gateway.fault(Fault::reset_before().always());
    assert_eq!(sessions.get(id).await.unwrap_err().kind(), ErrorKind::Unavailable);
    fixture.gateway.heal().await.unwrap();
    tokio::time::sleep(Duration::from_secs(9).saturating_sub(start.elapsed())).await;
    until("it is fetched", async || {
        sessions.get(id).await.ok().flatten().is_some_and(|it| it.git_branch.is_some())
    })
    .await;
    healed(&failover).await;
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_ends_as_if_its_caller_had_waited() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.gateway.fault(Fault::delay(Duration::from_millis(300)).method("POST"));
    let events = Events::new(&failover);
    let row = NewEvent::new(id, "stop", chronicle::now());
    let call = tokio::time::timeout(Duration::from_millis(50), events.insert(row)).await;
    assert!(call.is_err());
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 1);
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_and_the_server_may_stop_and_start() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.server.kill().await.unwrap();
    let events = Events::new(&failover);
    for _ in 0..10 {
        events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    }
    Sessions::new(&failover).insert(NewSession::new(SessionStatus::Active)).await.unwrap();
    fixture.server.restart().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 10);
}
