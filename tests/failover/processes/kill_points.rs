//! SIGKILL where something is half done: each time the next process finds the right to replay free at
//! once, and the write takes effect exactly once.

use super::child::{Child, Order};
use super::history::History;
use crate::fixture::{Fixture, healed, session};
use chronicle::Backend;
use chronicle::failover::{DeadLetterReason, Failover, WriteMode};
use chronicle_entity::{Events, NewEvent, SessionId};
use chronicle_test_servers::{Fault, Response, until};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A process that writes one row, and the fault that it meets.
struct Point {
    fixture: Fixture,
    history: History,
    session: SessionId,
    mode: WriteMode,
    logs: Vec<PathBuf>,
}

impl Point {
    async fn new(mode: WriteMode) -> Self {
        let fixture = Fixture::new().await;
        let history = History::begin(&fixture).await;
        let failover = fixture.options().settle(super::SETTLE).mode(mode).connect().await.unwrap();
        let session = session(&failover).await;
        assert!(failover.flush(Duration::from_secs(20)).await.unwrap());
        failover.close().await.unwrap();
        Self { fixture, history, session, mode, logs: Vec::new() }
    }

    fn start(&mut self, event_type: &'static str) -> Child {
        let order = Order { mode: self.mode, rows: 1, event_type, ..Order::of(self.session) };
        let child = Child::start(&self.fixture, &order);
        self.logs.push(child.log());
        child
    }

    /// Holds the file's write lock: nothing can be committed until the connection is dropped.
    fn lock_file(&self) -> rusqlite::Connection {
        let file = rusqlite::Connection::open(self.fixture.path()).unwrap();
        file.busy_timeout(Duration::from_secs(5)).unwrap();
        file.execute_batch("begin immediate").unwrap();
        file
    }

    fn count(&self, condition: &str) -> i64 {
        let file = rusqlite::Connection::open(self.fixture.path()).unwrap();
        file.busy_timeout(Duration::from_secs(5)).unwrap();
        let sql = format!("select count(*) from chronicle_outbox where {condition}");
        file.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    async fn at_the_remote(&self) -> u64 {
        Events::new(self.fixture.remote()).find().count().await.unwrap()
    }

    async fn until_held(&self) {
        until("a request is on hold", async || self.fixture.gateway.held() == 1).await;
    }

    /// Kills the child; the right to replay is free as soon as it is gone.
    async fn kill(&self, child: &mut Child) {
        child.kill().await;
        let mut lock = self.fixture.path().into_os_string();
        lock.push("-replay");
        if let Ok(lock) = std::fs::File::open(lock) {
            lock.try_lock().expect("the right to replay ends with its holder");
        }
    }

    async fn open(&self) -> Failover {
        self.fixture.options().settle(super::SETTLE).mode(self.mode).connect().await.unwrap()
    }

    /// The next process replays; everything that was acknowledged is at the remote, once.
    async fn rest(&self, failover: &Failover, acknowledged: u64) {
        assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
        assert_eq!(healed(failover).await.dead_letters, 0);
        self.fixture.gateway.release().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let checked = self.history.check(&self.fixture, self.logs.clone()).await;
        assert_eq!(checked.acknowledged, acknowledged, "{checked:?}");
        self.fixture.assert_equal().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_local_commit() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    let file = point.lock_file();
    let mut child = point.start("stop");
    child.until_it_writes().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    point.kill(&mut child).await;
    drop(file);
    assert_eq!(point.count("true"), 0);
    point.rest(&point.open().await, 0).await;
    assert_eq!(point.at_the_remote().await, 0, "nobody was told that it is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_local_commit() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    point.fixture.gateway.refuse().await.unwrap();
    let mut child = point.start("stop");
    child.until("ack").await;
    point.kill(&mut child).await;
    assert_eq!(point.count("true"), 1);
    point.fixture.gateway.heal().await.unwrap();
    point.rest(&point.open().await, 1).await;
}

/// Entries of which a request may be under way.
const SENDING: &str =
    "sequence in (select j.value from chronicle_sending s, json_each(s.sequences) j)";

#[tokio::test(flavor = "multi_thread")]
async fn marked_and_not_sent() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    // The connection is made, and the request gets nowhere.
    point.fixture.gateway.fault(Fault::black_hole().always());
    let mut child = point.start("stop");
    until("a request is on its way", async || point.count(SENDING) == 1).await;
    point.kill(&mut child).await;
    assert_eq!(point.at_the_remote().await, 0);
    point.fixture.gateway.heal().await.unwrap();
    point.rest(&point.open().await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_and_committed_after_the_next_process_has_begun() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    point
        .fixture
        .gateway
        .fault(Fault::hold_until_released().method("POST").path_contains("/events"));
    let mut child = point.start("stop");
    point.until_held().await;
    point.kill(&mut child).await;
    let next = point.open().await;
    // The network delivers the dead process's request while the next process replays the same row.
    let (delivered, _) =
        tokio::join!(point.fixture.gateway.release(), next.flush(Duration::from_millis(100)));
    assert_eq!(delivered, 1);
    point.rest(&next, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_and_delivered_after_the_next_process_has_replayed() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    point
        .fixture
        .gateway
        .fault(Fault::hold_until_released().method("POST").path_contains("/events"));
    let mut child = point.start("stop");
    point.until_held().await;
    point.kill(&mut child).await;
    // `rest` releases it once nothing waits any more.
    point.rest(&point.open().await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_and_not_answered() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    point.fixture.gateway.fault(Fault::black_hole_after().method("POST").path_contains("/events"));
    let mut child = point.start("stop");
    until("the remote has it", async || point.at_the_remote().await == 1).await;
    point.kill(&mut child).await;
    assert_eq!(point.count(SENDING), 1);
    point.rest(&point.open().await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_and_not_answered_with_the_remote_first() {
    let mut point = Point::new(WriteMode::RemoteFirst).await;
    point.fixture.gateway.fault(Fault::black_hole_after().method("POST").path_contains("/events"));
    let mut child = point.start("stop");
    until("the remote has it", async || point.at_the_remote().await == 1).await;
    point.kill(&mut child).await;
    // Its caller was told nothing. It is there, and the file hears of it with the next read.
    assert_eq!(point.count("true"), 0);
    let next = point.open().await;
    assert_eq!(Events::new(&next).find().count().await.unwrap(), 1);
    assert_eq!(Events::new(&next).find().all().await.unwrap().len(), 1);
    until("the file has it", async || {
        Events::new(&point.fixture.file().await).find().count().await.unwrap() == 1
    })
    .await;
    point.rest(&next, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_and_not_removed() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    point
        .fixture
        .gateway
        .fault(Fault::hold_until_released().method("POST").path_contains("/events"));
    let mut child = point.start("stop");
    point.until_held().await;
    let file = point.lock_file();
    point.fixture.gateway.release().await;
    assert_eq!(point.at_the_remote().await, 1);
    // The answer has come, and cannot be recorded.
    tokio::time::sleep(Duration::from_millis(200)).await;
    point.kill(&mut child).await;
    drop(file);
    assert_eq!(point.count(SENDING), 1);
    point.rest(&point.open().await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_dead_letter() {
    let mut point = Point::new(WriteMode::LocalFirst).await;
    let database = point.fixture.server.database();
    database.execute("alter table events add check (event_type <> 'poison')").await.unwrap();
    point
        .fixture
        .gateway
        .fault(Fault::hold_until_released().method("POST").path_contains("/events"));
    let mut child = point.start("poison");
    point.until_held().await;
    let file = point.lock_file();
    point.fixture.gateway.release().await;
    // It was refused, and the letter cannot be written.
    tokio::time::sleep(Duration::from_millis(200)).await;
    point.kill(&mut child).await;
    drop(file);
    let next = point.open().await;
    assert!(next.flush(Duration::from_secs(20)).await.unwrap());
    let letters = next.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].reason, DeadLetterReason::Refused);
    assert_eq!((point.count("reason is null"), point.at_the_remote().await), (0, 0));
    // Its row is still here: dropping the letter drops it.
    assert_eq!(Events::new(&next).find().count().await.unwrap(), 1);
    // Whoever was killed may have sent it again just before.
    let early = next.drop_letter(letters[0].id).await.unwrap_err();
    assert_eq!(early.kind(), chronicle::ErrorKind::Busy, "{early}");
    until("the letter is dropped", async || next.drop_letter(letters[0].id).await.is_ok()).await;
    until("all is fetched", async || next.failover_info().await.unwrap().unsure == 0).await;
    point.fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_all_that_waits_is_under_way() {
    let mut point = Point::new(WriteMode::RemoteFirst).await;
    let busy = Response::new(503).json(r#"{"code":"PGRST002","message":"no database"}"#);
    point.fixture.gateway.fault(Fault::respond(busy).method("POST").path_contains("/events"));
    point
        .fixture
        .gateway
        .fault(Fault::hold_until_released().method("POST").path_contains("/events"));
    let mut child = point.start("stop");
    // It was queued, and all that waits travels.
    point.until_held().await;
    point.kill(&mut child).await;
    let next = point.open().await;
    let start = Instant::now();
    let row = NewEvent::new(point.session, "stop", chronicle::now());
    let own = Events::new(&next).insert(row).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(1_900), "{:?}", start.elapsed());
    let log = point.fixture.path().with_file_name("own.log");
    std::fs::write(&log, format!("try insert {0} 0\nack insert {0} 0\n", own.id)).unwrap();
    point.logs.push(log);
    point.rest(&next, 2).await;
}
