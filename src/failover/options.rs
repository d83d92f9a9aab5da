//! [`FailoverOptions`]: how a failover store is opened, and what its file is bound to.

use super::environment::Machine;
use super::file::{Binding, File, ForeignKeys};
use super::monitor::Monitor;
use super::outbox::Bound;
use super::reserve::Reserve;
use super::{Engine, Failover};
use crate::postgrest::PostgrestOptions;
use crate::sqlite::{SqliteOptions, Synchronous};
use crate::{Error, ErrorKind, Result, Table};
use std::sync::Arc;
use std::time::Duration;

/// Where a write goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteMode {
    /// To the remote, while it can be reached: for services that live long.
    #[default]
    RemoteFirst,
    /// To the file, always, and to the remote behind the caller: for processes that live for
    /// milliseconds. Reads are answered by the file too.
    LocalFirst,
}

impl WriteMode {
    const fn name(self) -> &'static str {
        match self {
            Self::RemoteFirst => "remote first",
            Self::LocalFirst => "local first",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mode: WriteMode,
    pub(crate) bound: Bound,
    /// How long a request that got no answer may still arrive.
    pub(crate) settle: Duration,
    /// How often the file is looked at when nothing asks for it.
    pub(crate) interval: Duration,
    pub(crate) flush_on_close: Duration,
    /// A rule that is not kept.
    #[cfg(test)]
    pub(crate) mutation: Option<super::simulation::Mutation>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: WriteMode::default(),
            bound: Bound { rows: 1_000_000, bytes: 1024 * 1024 * 1024 },
            // 120 s where the socket's own time limit for unanswered data cannot be set.
            settle: Duration::from_secs(if cfg!(target_os = "linux") { 30 } else { 120 }),
            interval: Duration::from_secs(30),
            flush_on_close: Duration::from_millis(500),
            #[cfg(test)]
            mutation: None,
        }
    }
}

/// How a failover store is opened.
#[derive(Clone, Debug)]
pub struct FailoverOptions {
    sqlite: SqliteOptions,
    postgrest: PostgrestOptions,
    settings: Settings,
    tables: Vec<&'static Table>,
    rebind: bool,
}

impl FailoverOptions {
    /// The defaults: [`WriteMode::RemoteFirst`], at most 1,000,000 entries and 1 GiB in the outbox,
    /// a look at the file every 30 s, half a second to replay on close.
    #[must_use]
    pub fn new(sqlite: SqliteOptions, postgrest: PostgrestOptions) -> Self {
        Self { sqlite, postgrest, settings: Settings::default(), tables: Vec::new(), rebind: false }
    }

    /// Where a write goes first.
    #[must_use]
    pub const fn mode(mut self, mode: WriteMode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// How many entries and bytes the outbox and the dead letters may hold together. A write beyond
    /// it is refused with [`OutboxFull`](crate::ErrorKind::OutboxFull); nothing is dropped.
    #[must_use]
    pub const fn outbox_bound(mut self, rows: u64, bytes: u64) -> Self {
        self.settings.bound = Bound { rows, bytes };
        self
    }

    /// How long a request that got no answer may still arrive at the remote; 30 s by default on
    /// Linux, 120 s elsewhere. Until then no update, upsert or delete is replayed.
    #[must_use]
    pub const fn settle(mut self, time: Duration) -> Self {
        self.settings.settle = time;
        self
    }

    /// How often the file is looked at when nothing else asks for it; 30 s by default.
    #[must_use]
    pub const fn interval(mut self, time: Duration) -> Self {
        self.settings.interval = time;
        self
    }

    /// How long `close` replays with [`WriteMode::LocalFirst`]; half a second by default. With 0
    /// some other process has to run [`flush`](Failover::flush).
    #[must_use]
    pub const fn flush_on_close(mut self, time: Duration) -> Self {
        self.settings.flush_on_close = time;
        self
    }

    /// Tables whose rows are queued for the remote when the file is first bound to one: rows that
    /// it held before. Parents go first, whatever the order of the calls.
    #[must_use]
    pub fn adopt<R: crate::Record>(mut self) -> Self {
        self.tables.push(R::TABLE);
        self
    }

    /// Binds the file to this remote, identity and mode although it was bound to others. Its outbox
    /// must be empty.
    #[must_use]
    pub const fn rebind(mut self) -> Self {
        self.rebind = true;
        self
    }

    /// Opens the file, and binds it to the remote at first use. No request is sent.
    ///
    /// # Errors
    /// Those of [`SqliteOptions::open`] and [`PostgrestOptions::connect`]; `Unsupported` for a
    /// database in memory; `Conflict` when the file is bound to another remote, identity or mode.
    pub async fn connect(self) -> Result<Failover> {
        let Some(path) = self.sqlite.file() else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a failover store needs a file: a database in memory would lose what waits",
            ));
        };
        let reserve = Reserve::beside(path);
        let mut lock = path.as_os_str().to_owned();
        lock.push("-replay");
        // Only the failover sends again: it knows what may be repeated.
        let (address, identity) = self.postgrest.binding();
        let remote = self.postgrest.attempts(1).connect()?;
        let mode = self.settings.mode.name().to_owned();
        let binding = Binding { remote: address, identity, mode };
        // A commit that is lost with the power would replay what was replayed, over newer rows.
        let sqlite = self.sqlite.synchronous(Synchronous::Full).open().await?;
        let file = File::open(sqlite).await?.keep(reserve).await;
        bind(&file, binding, &self.tables, self.rebind, self.settings.bound).await?;
        let environment = Arc::new(Machine::new(lock.into()));
        let engine = Engine::open(file, Arc::new(remote), environment, self.settings).await?;
        let engine = Arc::new(engine);
        engine.refresh_status().await;
        let monitor = Arc::new(Monitor::start(&engine));
        Ok(Failover { engine, monitor })
    }
}

async fn bind(
    file: &File,
    binding: Binding,
    tables: &[&'static Table],
    rebind: bool,
    bound: Bound,
) -> Result<()> {
    let known = file.state().await?.binding;
    if known.as_ref() == Some(&binding) {
        return Ok(());
    }
    let mut transaction = file.begin(ForeignKeys::Off).await?;
    match &transaction.state.binding {
        Some(known) if *known == binding => return Ok(()),
        Some(known) if !rebind => {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the file is bound to {} as {}, {}; not to {} as {}, {}",
                    known.remote,
                    known.identity,
                    known.mode,
                    binding.remote,
                    binding.identity,
                    binding.mode
                ),
            )
            .with_hint("use another file, or `rebind` once its outbox is empty"));
        }
        Some(_) if transaction.state.waiting.rows > 0 => {
            return Err(Error::new(
                ErrorKind::Conflict,
                "writes wait in the file for the remote that it is bound to: replay them first",
            ));
        }
        Some(_) => {}
        None => {
            for table in parents_first(tables) {
                transaction.queue_present(table, bound).await?;
            }
        }
    }
    transaction.state.binding = Some(binding);
    transaction.commit().await.map(drop)
}

/// Tables in an order in which no row comes before the row that it refers to.
fn parents_first(tables: &[&'static Table]) -> Vec<&'static Table> {
    let mut rest: Vec<&'static Table> = tables.to_vec();
    let mut ordered: Vec<&'static Table> = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let free = rest.iter().position(|table| {
            (table.parents)().iter().all(|parent| {
                parent.table == table.name || rest.iter().all(|other| other.name != parent.table)
            })
        });
        // Tables that refer to each other in a circle have no such order.
        ordered.push(rest.remove(free.unwrap_or(0)));
    }
    ordered
}
