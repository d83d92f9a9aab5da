//! A process that writes: this test program, started once more for the one test that does so.

use crate::fixture::{Fixture, options, postgrest};
use chronicle::failover::WriteMode;
use chronicle::postgrest::Key;
use chronicle_entity::{EventId, Events, NewEvent, SessionId, SessionPatch, Sessions};
use chronicle_test_servers::SECRET_KEY;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ORDER: &str = "CHRONICLE_TEST_CHILD";

/// In place of a type of event: the child deletes its session.
pub(super) const DELETE: &str = "delete the session";

/// What a child is to do.
pub(super) struct Order {
    pub(super) mode: WriteMode,
    /// The session whose events it writes, and whose branch it sets to one number after the other.
    pub(super) session: SessionId,
    pub(super) first: usize,
    /// How many writes; the child ends after them. 0: until it is killed.
    pub(super) rows: usize,
    pub(super) event_type: &'static str,
}

impl Order {
    pub(super) fn of(session: SessionId) -> Self {
        Self { mode: WriteMode::RemoteFirst, session, first: 0, rows: 0, event_type: "stop" }
    }
}

pub(super) struct Child {
    process: tokio::process::Child,
    log: PathBuf,
}

impl Child {
    pub(super) fn start(fixture: &Fixture, order: &Order) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let log = fixture.path().with_file_name(format!("child-{number}.log"));
        let text = [
            fixture.gateway.url(),
            fixture.path().display().to_string(),
            log.display().to_string(),
            format!("{:?}", order.mode),
            order.session.to_string(),
            order.first.to_string(),
            order.rows.to_string(),
            order.event_type.to_owned(),
        ];
        let process = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["processes::child_writer", "--exact", "--nocapture", "--test-threads=1"])
            .env(ORDER, text.join("\n"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { process, log }
    }

    pub(super) fn log(&self) -> PathBuf {
        self.log.clone()
    }

    /// What it has told so far.
    pub(super) fn told(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(super) async fn until_it_writes(&mut self) {
        self.until("try").await;
    }

    /// Waits until it has told of something.
    pub(super) async fn until(&mut self, what: &str) {
        for _ in 0..5_000 {
            if self.told().contains(what) {
                return;
            }
            assert_eq!(self.process.try_wait().unwrap(), None, "the child ended: {}", self.told());
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        panic!("the child did nothing for 20 s");
    }

    pub(super) async fn wait(&mut self) -> ExitStatus {
        self.process.wait().await.unwrap()
    }

    /// SIGKILL; it must not have ended by itself.
    pub(super) async fn kill(&mut self) {
        use std::os::unix::process::ExitStatusExt;
        self.process.start_kill().unwrap();
        let status = self.wait().await;
        assert_eq!(status.signal(), Some(9), "{status}: {}", self.told());
    }
}

/// What a child does.
pub(super) async fn run() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let [url, file, log, mode, session, first, rows, event_type] =
        order.split('\n').collect::<Vec<_>>()[..]
    else {
        panic!("an order of {order:?}");
    };
    let mut log = File::options().create(true).append(true).open(log).unwrap();
    let mut tell = |line: String| log.write_all((line + "\n").as_bytes()).unwrap();
    let mode = match mode {
        "LocalFirst" => WriteMode::LocalFirst,
        _ => WriteMode::RemoteFirst,
    };
    let failover = options(file.as_ref(), postgrest(url, Key::new(SECRET_KEY)))
        .mode(mode)
        .settle(super::SETTLE)
        .connect()
        .await
        .unwrap();
    let session: SessionId = session.parse().unwrap();
    let (first, rows): (usize, usize) = (first.parse().unwrap(), rows.parse().unwrap());
    let events = Events::new(&failover);
    let sessions = Sessions::new(&failover);
    let mut number = first;
    while rows == 0 || number < first + rows {
        if event_type == DELETE {
            tell(format!("try delete {session}"));
            sessions.delete(session).await.unwrap();
            tell(format!("ack delete {session}"));
        } else if number % 4 == 3 {
            tell(format!("try update {session} {number}"));
            let patch = SessionPatch::new().git_branch(number.to_string());
            assert_eq!(sessions.update(session, patch).await.unwrap(), 1);
            tell(format!("ack update {session} {number}"));
        } else {
            let id = EventId::generate();
            tell(format!("try insert {id} 0"));
            let row = NewEvent::new(session, event_type.to_owned(), chronicle::now()).id(id);
            events.insert(row).await.unwrap();
            tell(format!("ack insert {id} 0"));
        }
        number += 1;
        // SQLite's lock is not fair: writers that never rest shut others out.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    if rows == 1 {
        // It replays until it is killed.
        std::future::pending::<()>().await;
    }
}
