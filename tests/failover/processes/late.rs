//! A direct write of a process that was killed, whose request arrives when others have written since: with the
//! server's function it changes nothing any more.

use super::SETTLE;
use super::child::{Child, Order};
use crate::fixture::{Fixture, healed, session, until};
use chronicle::Backend;
use chronicle::failover::Failover;
use chronicle_entity::{NewSession, SessionId, SessionPatch, SessionStatus, Sessions};
use chronicle_test_servers::Fault;
use std::time::Duration;

const APPLY: &str = include_str!("../../../migration/src/chronicle_apply/up.sql");

/// A session, and the request of a killed process that is to set its branch to `3` on its way.
struct Late {
    fixture: Fixture,
    session: SessionId,
}

impl Late {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        fixture.server.database().execute(APPLY).await.unwrap();
        fixture.server.reload_schema().await.unwrap();
        let failover = open(&fixture).await;
        let session = session(&failover).await;
        let late = Self { fixture, session };
        // The file has to know of the function before the child is there.
        for _ in 0..200 {
            late.write(&failover, "before").await;
            if late.ask("select count(*) from chronicle_applied").await != "0" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        failover.close().await.unwrap();
        let gateway = &late.fixture.gateway;
        gateway
            .fault(Fault::hold_until_released().method("POST").path_contains("/chronicle_apply"));
        let order = Order { first: 3, rows: 1, ..Order::of(session) };
        let mut child = Child::start(&late.fixture, &order);
        for _ in 0..2_000 {
            if gateway.held() == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(gateway.held(), 1, "the request is on its way: {}", child.told());
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
    let late = Late::new().await;
    let failover = open(&late.fixture).await;
    late.write(&failover, "newer").await;
    assert_eq!(late.branch().await, "newer", "it goes to the remote at once");
    late.deliver().await;
    assert_eq!(late.branch().await, "newer");
    until(&failover, |info| info.unsure == 0).await;
    late.fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_change_what_was_written_in_an_outage_since() {
    let late = Late::new().await;
    let failover = open(&late.fixture).await;
    late.fixture.gateway.refuse().await.unwrap();
    late.write(&failover, "newer").await;
    late.fixture.gateway.heal().await.unwrap();
    assert!(failover.flush(Duration::from_secs(20)).await.unwrap());
    assert_eq!(late.branch().await, "newer");
    late.deliver().await;
    assert_eq!(late.branch().await, "newer");
    assert_eq!(healed(&failover).await.dead_letters, 0);
    until(&failover, |info| info.unsure == 0).await;
    late.fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_called_off_when_nothing_is_written_since() {
    let late = Late::new().await;
    let failover = open(&late.fixture).await;
    let begun = std::time::Instant::now();
    while late.ask("select count(*) from chronicle_applied where touched = -1").await == "0" {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody takes its id");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    late.deliver().await;
    assert_eq!(late.branch().await, "before");
    until(&failover, |info| info.unsure == 0).await;
    late.fixture.assert_equal().await;
}

/// It was made, and nobody heard of it: the file asks for the row.
#[tokio::test(flavor = "multi_thread")]
async fn what_it_has_made_comes_to_the_file() {
    let late = Late::new().await;
    late.deliver().await;
    assert_eq!(late.branch().await, "3");
    let failover = open(&late.fixture).await;
    let begun = std::time::Instant::now();
    loop {
        let known = Sessions::new(&late.fixture.file().await).get(late.session).await.unwrap();
        if known.unwrap().git_branch.as_deref() == Some("3") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the file does not hear of it");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    late.write(&failover, "newer").await;
    assert_eq!(late.branch().await, "newer");
    // Another row waits for nothing.
    let other = NewSession::new(SessionStatus::Active);
    Sessions::new(&failover).insert(other).await.unwrap();
    late.fixture.assert_equal().await;
}
