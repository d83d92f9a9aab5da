//! A direct write of a process that was killed, whose request arrives when others have written since: with the
//! server's function it changes nothing any more.

use super::SETTLE;
use super::child::{Child, DELETE, Order};
use crate::fixture::{Fixture, healed, session, until as until_info};
use chronicle::Backend;
use chronicle::failover::Failover;
use chronicle_entity::{
    EventId, EventPatch, Events, NewEvent, NewSession, SessionId, SessionPatch, SessionStatus,
    Sessions,
};
use chronicle_test_servers::{Fault, until};
use std::time::Duration;

const APPLY: &str = include_str!("../../../migration/src/chronicle_apply/up.sql");

/// A session, and the request of a killed process that changes it on its way.
struct Late {
    fixture: Fixture,
    session: SessionId,
}

impl Late {
    /// One that is to set the session's branch to `3`.
    async fn update() -> Self {
        Self::new("stop").await
    }

    async fn new(event_type: &'static str) -> Self {
        let fixture = Fixture::new().await;
        fixture.server.database().execute(APPLY).await.unwrap();
        fixture.server.reload_schema().await.unwrap();
        let failover = open(&fixture).await;
        let session = session(&failover).await;
        let late = Self { fixture, session };
        // The file has to know of the function before the child is there.
        until("the file knows of the function", async || {
            late.write(&failover, "before").await;
            late.ask("select count(*) from chronicle_applied").await != "0"
        })
        .await;
        failover.close().await.unwrap();
        let gateway = &late.fixture.gateway;
        gateway
            .fault(Fault::hold_until_released().method("POST").path_contains("/chronicle_apply"));
        let order = Order { first: 3, rows: 1, event_type, ..Order::of(session) };
        let mut child = Child::start(&late.fixture, &order);
        until("a request is on hold", async || gateway.held() == 1).await;
        child.kill().await;
        late
    }

    async fn write(&self, failover: &Failover, branch: &str) {
        let patch = SessionPatch::new().git_branch(branch.to_owned());
        assert_eq!(Sessions::new(failover).update(self.session, patch).await.unwrap(), 1);
    }

    async fn ask(&self, sql: &str) -> String {
        let rows = self.fixture.server.database().query(sql).await.unwrap();
        rows[0][0].clone().unwrap_or_default()
    }

    async fn branch(&self) -> String {
        self.ask("select git_branch from sessions").await
    }

    async fn deliver(&self) {
        assert_eq!(self.fixture.gateway.release().await, 1);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// A process that has used the entity, so that it knows what to fetch.
async fn open(fixture: &Fixture) -> Failover {
    let failover = fixture.options().settle(SETTLE).connect().await.unwrap();
    Sessions::new(&failover).find().count().await.unwrap();
    failover
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_change_what_was_written_directly_since() {
    let late = Late::update().await;
    let failover = open(&late.fixture).await;
    late.write(&failover, "newer").await;
    assert_eq!(late.branch().await, "newer", "it goes to the remote at once");
    late.deliver().await;
    assert_eq!(late.branch().await, "newer");
    until_info(&failover, |info| info.unsure == 0).await;
    late.fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_change_what_was_written_in_an_outage_since() {
    let late = Late::update().await;
    let failover = open(&late.fixture).await;
    late.fixture.gateway.refuse().await.unwrap();
    late.write(&failover, "newer").await;
    late.fixture.gateway.heal().await.unwrap();
    assert!(failover.flush(Duration::from_secs(20)).await.unwrap());
    assert_eq!(late.branch().await, "newer");
    late.deliver().await;
    assert_eq!(late.branch().await, "newer");
    assert_eq!(healed(&failover).await.dead_letters, 0);
    until_info(&failover, |info| info.unsure == 0).await;
    late.fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_called_off_when_nothing_is_written_since() {
    let late = Late::update().await;
    let failover = open(&late.fixture).await;
    let taken = "select count(*) from chronicle_applied where touched = -1";
    until("it is called off", async || late.ask(taken).await != "0").await;
    late.deliver().await;
    assert_eq!(late.branch().await, "before");
    until_info(&failover, |info| info.unsure == 0).await;
    late.fixture.assert_equal().await;
}

/// It was made, and nobody heard of it: the file asks for the row.
#[tokio::test(flavor = "multi_thread")]
async fn what_it_has_made_comes_to_the_file() {
    let late = Late::update().await;
    late.deliver().await;
    assert_eq!(late.branch().await, "3");
    let failover = open(&late.fixture).await;
    until("the file has what it made", async || {
        let known = Sessions::new(&late.fixture.file().await).get(late.session).await.unwrap();
        known.unwrap().git_branch.as_deref() == Some("3")
    })
    .await;
    late.write(&failover, "newer").await;
    assert_eq!(late.branch().await, "newer");
    // Another row waits for nothing.
    let other = NewSession::new(SessionStatus::Active);
    Sessions::new(&failover).insert(other).await.unwrap();
    late.fixture.assert_equal().await;
}

/// The file does not know that the row is below the one that was to be deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_delete_takes_nothing_along_that_was_written_since() {
    let late = Late::new(DELETE).await;
    let events = Events::new(late.fixture.remote());
    let ids: Vec<EventId> = (0..3).map(|_| EventId::generate()).collect();
    for id in &ids {
        events.insert(NewEvent::new(late.session, "stop", chronicle::now()).id(*id)).await.unwrap();
    }
    let failover = open(&late.fixture).await;
    let events = Events::new(&failover);
    let patch = || EventPatch::new().hook_name("newer".to_owned());
    assert_eq!(events.update(ids[0], patch()).await.unwrap(), 1);
    let by_type = Events::ID.is_in([ids[1], ids[2]]);
    assert_eq!(events.update_where(by_type, patch()).await.unwrap(), 2);
    late.deliver().await;
    let newer = "select count(*) from events where hook_name = 'newer'";
    assert_eq!(late.ask(newer).await, "3");
    assert_eq!(late.ask("select count(*) from sessions").await, "1");
}

/// The same of rows that are written in an outage.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_delete_takes_nothing_along_that_was_replayed_since() {
    let late = Late::new(DELETE).await;
    let failover = open(&late.fixture).await;
    late.fixture.gateway.refuse().await.unwrap();
    let events = Events::new(&failover);
    events.insert(NewEvent::new(late.session, "stop", chronicle::now())).await.unwrap();
    late.fixture.gateway.heal().await.unwrap();
    assert!(failover.flush(Duration::from_secs(20)).await.unwrap());
    late.deliver().await;
    assert_eq!(late.ask("select count(*) from events").await, "1");
}
