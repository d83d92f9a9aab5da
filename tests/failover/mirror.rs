//! What the file keeps of the remote.

use crate::fixture::{Fixture, healed, session};
use chronicle::ErrorKind;
use chronicle::failover::Status;
use chronicle_entity::{Events, NewEvent, NewSession, SessionPatch, SessionStatus, Sessions};
use chronicle_entity::{event, session};
use chronicle_test_servers::Fault;
use std::time::Duration;

async fn eventually(question: impl AsyncFn() -> bool) {
    for _ in 0..50 {
        if question().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come to pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_read_are_there_in_the_next_outage() {
    let fixture = Fixture::new().await;
    let elsewhere = Sessions::new(fixture.remote());
    let id = elsewhere.insert(NewSession::new(SessionStatus::Active)).await.unwrap().id;
    let failover = fixture.open().await;
    let sessions = Sessions::new(&failover);
    assert!(sessions.get(id).await.unwrap().is_some());
    let file = Sessions::new(fixture.file().await);
    eventually(async || file.get(id).await.unwrap().is_some()).await;
    fixture.gateway.refuse().await.unwrap();
    assert!(sessions.get(id).await.unwrap().is_some());
    assert_eq!(sessions.update(id, SessionPatch::new().git_branch("main")).await.unwrap(), 1);
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_deleted_elsewhere_goes_when_it_is_asked_for() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    Sessions::new(fixture.remote()).delete(id).await.unwrap();
    assert_eq!(Sessions::new(&failover).get(id).await.unwrap(), None);
    let file = Sessions::new(fixture.file().await);
    eventually(async || file.get(id).await.unwrap().is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_fills_the_file_and_removes_what_the_remote_does_not_have() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let gone = session(&failover).await;
    let elsewhere = Sessions::new(fixture.remote());
    elsewhere.delete(gone).await.unwrap();
    let id = elsewhere.insert(NewSession::new(SessionStatus::Active)).await.unwrap().id;
    let rows = (0..1_234).map(|_| NewEvent::new(id, "stop", chronicle::now()));
    Events::new(fixture.remote()).insert_many(rows).await.unwrap();

    let mut told = Vec::new();
    let sessions = failover.pull::<session::Model>(|_| ()).await.unwrap();
    assert_eq!((sessions.pulled, sessions.removed), (1, 1));
    let events =
        failover.pull::<event::Model>(|progress| told.push(progress.pulled)).await.unwrap();
    assert_eq!((events.pulled, events.removed), (1_234, 0));
    assert_eq!(told, [500, 1_000, 1_234, 1_234]);
    fixture.assert_equal().await;

    let pruned = failover.prune(Events::SESSION_ID.eq(id)).await.unwrap();
    assert_eq!(pruned, 1_234);
    assert_eq!(Events::new(fixture.file().await).find().count().await.unwrap(), 0);
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 1_234);
}

/// What waited when a page was read may be at the remote when its answer comes: the answer is of before.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_does_not_undo_what_was_replayed_while_it_read() {
    // On a busy machine the update may come too late to tell anything.
    for _ in 0..5 {
        if is_replayed_while_a_page_is_read().await {
            return;
        }
    }
    panic!("the update must be at the remote before the page is stored");
}

/// Whether the update was replayed before the page was stored, which then was not undone.
async fn is_replayed_while_a_page_is_read() -> bool {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let sessions = Sessions::new(&failover);
    fixture.gateway.refuse().await.unwrap();
    assert_eq!(sessions.update(id, SessionPatch::new().git_branch("main")).await.unwrap(), 1);
    fixture.gateway.heal().await.unwrap();

    // The page leaves and is answered first, the update arrives, then the answer does.
    let wait = Duration::from_millis(60);
    fixture.gateway.fault(Fault::delay(wait).method("PATCH").always());
    fixture.gateway.fault(Fault::delay_answer(10 * wait).method("GET").path_contains("order="));
    let pull = failover.pull::<session::Model>(|_| ());
    let drain = async {
        failover.resume().await.unwrap();
        assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
        std::time::Instant::now()
    };
    let pull = async { (pull.await.unwrap(), std::time::Instant::now()) };
    let ((pulled, pull_ended), drain_ended) = tokio::join!(pull, drain);
    if drain_ended >= pull_ended {
        return false;
    }
    assert_eq!((pulled.pulled, pulled.removed), (1, 0));
    let file = Sessions::new(fixture.file().await).get(id).await.unwrap().unwrap();
    assert_eq!(file.git_branch.as_deref(), Some("main"));
    fixture.assert_equal().await;
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_an_earlier_version_of_the_entity_are_converted() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.gateway.refuse().await.unwrap();
    Events::new(&failover)
        .insert(NewEvent::new(id, "stop", chronicle::now()).hook_name("Stop"))
        .await
        .unwrap();
    // As an earlier version, whose column was called `hook`, would have queued it.
    fixture
        .file()
        .await
        .execute_script(
            "update chronicle_outbox set version = 'earlier', body = replace(body, 'hook_name', 'hook'),
                 column_names = replace(column_names, 'hook_name', 'hook')",
        )
        .await
        .unwrap();
    let converted = failover
        .convert::<event::Model>(|values| {
            if let Some(value) = values.remove("hook") {
                values.insert("hook_name".to_owned(), value);
            }
        })
        .await
        .unwrap();
    assert_eq!(converted, 1);
    fixture.gateway.heal().await.unwrap();
    assert_eq!(healed(&failover).await.status, Status::Healthy);
    fixture.assert_equal().await;
}

/// SQL of one's own reads the file as it is, and never writes past the outbox.
#[tokio::test(flavor = "multi_thread")]
async fn sql_on_the_file_only_reads() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let elsewhere = NewSession::new(SessionStatus::Active);
    Sessions::new(fixture.remote()).insert(elsewhere).await.unwrap();
    let count = "select count(*) as sessions from sessions where status = $1";
    let rows = failover.query_file(count, ["active".into()]).await.unwrap();
    assert_eq!(rows[0]["sessions"], 1, "the file never saw the other one");
    fixture.gateway.refuse().await.unwrap();
    let patch = SessionPatch::new().status(SessionStatus::Ended);
    Sessions::new(&failover).update(id, patch).await.unwrap();
    let rows = failover.query_file(count, ["ended".into()]).await.unwrap();
    assert_eq!(rows[0]["sessions"], 1, "with what waits");
    for sql in ["delete from sessions", "select 1; drop table sessions", "pragma user_version = 7"]
    {
        let error = failover.query_file(sql, []).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{sql}: {error}");
    }
    assert!(Sessions::new(&failover).get(id).await.unwrap().is_some());
}
