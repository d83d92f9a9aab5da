//! Processes: one that lives only to write one event, as a hook does; those that replay or read.

use crate::measure::{Line, Measure, Options, Pairs, Report, Result, events};
use crate::memory;
use crate::servers::{Servers, direct};
use chronicle::failover::{FailoverOptions, WriteMode};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Store};
use chronicle_entity::{Events, NewSession, SessionId, SessionStatus, Sessions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set for a child: what it is to do, the file, the server's address, its key, and a session.
const VARIABLE: &str = "CHRONICLE_BENCH_CHILD";

/// What a child process is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Insert,
    Replay,
    Read,
}

impl Task {
    const ALL: [Self; 3] = [Self::Insert, Self::Replay, Self::Read];

    const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Replay => "replay",
            Self::Read => "read",
        }
    }
}

/// This program, started by itself.
pub(crate) struct Child {
    pub(crate) task: Task,
    pub(crate) file: PathBuf,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) session: SessionId,
}

impl Child {
    pub(crate) fn from_environment() -> Option<Self> {
        let variable = std::env::var(VARIABLE).ok()?;
        let [task, file, url, key, session] =
            variable.split('\n').collect::<Vec<_>>().try_into().ok()?;
        Some(Self {
            task: Task::ALL.into_iter().find(|known| known.name() == task)?,
            file: file.into(),
            url: url.into(),
            key: key.into(),
            session: session.parse().ok()?,
        })
    }

    /// The command that starts it.
    pub(crate) fn command(&self) -> Result<Command> {
        let Self { task, file, url, key, session } = self;
        let task = task.name();
        let variable = format!("{task}\n{}\n{url}\n{key}\n{session}", file.display());
        let mut command = Command::new(std::env::current_exe()?);
        command.env(VARIABLE, variable).stdout(Stdio::piped());
        Ok(command)
    }

    pub(crate) fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let options = options(&self.file, &self.url, &self.key);
            match self.task {
                Task::Insert => {}
                Task::Replay => return memory::replay_all(options).await,
                Task::Read => return memory::read(options.mode(WriteMode::RemoteFirst)).await,
            }
            let failover = options.connect().await?;
            let row = events(self.session, 1).remove(0);
            Events::new(&failover).insert(row).await?;
            writeln!(std::io::stdout(), "durable")?;
            // It ends as a hook does that leaves replay to others.
            Ok(failover.close().await?)
        })
    }
}

/// A store that writes to the file, and replays only while it is open.
pub(crate) fn options(file: &Path, url: &str, key: &str) -> FailoverOptions {
    FailoverOptions::new(SqliteOptions::new(file), direct(url, key))
        .mode(WriteMode::LocalFirst)
        .outbox_bound(2_000_000, 4 << 30)
        .flush_on_close(Duration::ZERO)
}

pub(crate) async fn insert_one(options: Options, report: &Report, servers: &Servers) -> Result<()> {
    let file = servers.empty_file("ours.db")?;
    let (url, key) = (servers.server.url(), servers.server.service_key());
    let failover = self::options(&file, &url, &key).connect().await?;
    let row = NewSession::new(SessionStatus::Active);
    let session = Sessions::new(&failover).insert(row).await?.id;
    Store::from(&failover).close().await?;
    drop(failover);

    let child = Child { task: Task::Insert, file, url, key, session };
    let mut pairs = Pairs::default();
    for round in 0..=options.size(200, 5) {
        let mut command = child.command()?;
        let start = Instant::now();
        let mut process = command.spawn()?;
        let mut said = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut said)?;
        let spent = start.elapsed();
        if !process.wait()?.success() || said.trim() != "durable" {
            return Err("the child process failed".into());
        }
        if round > 0 {
            pairs.push(spent, Duration::from_millis(5));
        }
    }
    let line = Line {
        name: "LocalFirst: process start to commit",
        beside: "5 ms",
        measure: Measure::Time,
        operations: 1,
        bound: Some(1.0),
    };
    report.line(line, &pairs);
    Ok(())
}
