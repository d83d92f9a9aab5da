//! [`FailoverOptions`]: how a failover store is opened, and what its file is bound to.

use super::Failover;
use super::engine::Engine;
use super::environment::Machine;
use super::file::{Binding, File, OutboxBound};
use super::monitor::Monitor;
use super::reserve::Reserve;
use super::worker::Worker;
use crate::postgrest::PostgrestOptions;
use crate::schema::Purpose;
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
    pub(crate) bound: OutboxBound,
    /// How long a request that got no answer may still arrive.
    pub(crate) settle: Duration,
    /// How often the file is looked at when nothing asks for it.
    pub(crate) interval: Duration,
    pub(crate) flush_on_close: Duration,
    /// Whether what waits is sent behind the callers.
    pub(crate) replays_behind: bool,
    /// How often a watched query is asked again at the remote.
    pub(crate) watch_interval: Duration,
    /// Requests speak for whoever is signed in, which may change.
    pub(crate) watches_identity: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: WriteMode::default(),
            bound: OutboxBound { rows: 1_000_000, bytes: 1024 * 1024 * 1024 },
            // 120 s where the socket's own time limit for unanswered data cannot be set.
            settle: Duration::from_secs(if cfg!(target_os = "linux") { 30 } else { 120 }),
            interval: Duration::from_secs(30),
            flush_on_close: Duration::from_millis(500),
            replays_behind: true,
            watch_interval: crate::backend::INTERVAL,
            watches_identity: false,
        }
    }
}

/// How a failover store is opened.
#[derive(Clone, Debug)]
pub struct FailoverOptions {
    sqlite: SqliteOptions,
    postgrest: PostgrestOptions,
    settings: Settings,
    tables: Vec<(&'static Table, Present)>,
    created: Vec<&'static Table>,
    rebind: bool,
}

impl FailoverOptions {
    /// The defaults: [`WriteMode::RemoteFirst`], at most 1,000,000 entries and 1 GiB in the outbox,
    /// a look at the file every 30 s, half a second to replay on close.
    ///
    /// ```
    /// use chronicle::failover::FailoverOptions;
    /// use chronicle::postgrest::{Key, PostgrestOptions};
    /// use chronicle::sqlite::SqliteOptions;
    ///
    /// let remote = PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"));
    /// let options = FailoverOptions::new(SqliteOptions::new("shop.db"), remote);
    /// ```
    #[must_use]
    pub fn new(sqlite: SqliteOptions, postgrest: PostgrestOptions) -> Self {
        Self {
            sqlite,
            postgrest,
            settings: Settings::default(),
            tables: Vec::new(),
            created: Vec::new(),
            rebind: false,
        }
    }

    /// Where a write goes first.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.mode(WriteMode::LocalFirst)
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub const fn mode(mut self, mode: WriteMode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// How many entries and bytes the outbox and the dead letters may hold together. A write beyond
    /// it is refused with [`OutboxFull`](crate::ErrorKind::OutboxFull); nothing is dropped.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.outbox_bound(100_000, 256 * 1024 * 1024)
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub const fn outbox_bound(mut self, rows: u64, bytes: u64) -> Self {
        self.settings.bound = OutboxBound { rows, bytes };
        self
    }

    /// How long a request that got no answer may still arrive at the remote; 30 s by default on
    /// Linux, 120 s elsewhere. Until then no update, upsert or delete is replayed.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.settle(std::time::Duration::from_secs(60))
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub const fn settle(mut self, time: Duration) -> Self {
        self.settings.settle = time;
        self
    }

    /// How often the file is looked at when nothing else asks for it; 30 s by default.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.interval(std::time::Duration::from_secs(5))
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub const fn interval(mut self, time: Duration) -> Self {
        self.settings.interval = time;
        self
    }

    /// How long `close` replays with [`WriteMode::LocalFirst`]; half a second by default. With 0
    /// some other process has to run [`flush`](Failover::flush).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.flush_on_close(std::time::Duration::ZERO)
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub const fn flush_on_close(mut self, time: Duration) -> Self {
        self.settings.flush_on_close = time;
        self
    }

    /// Whether what waits is sent behind the callers, which is so unless this says otherwise. Without it
    /// nothing is asked of the remote but by calls, by [`flush`](Failover::flush) and by `close`: for a
    /// process that lives for milliseconds and makes no request, however long it is held up, while
    /// others replay. Where the file has taken over in [`WriteMode::RemoteFirst`], it then serves until
    /// the next `flush`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// let quiet = options.mode(WriteMode::LocalFirst).replay_behind(false);
    /// quiet.flush_on_close(std::time::Duration::ZERO)
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub const fn replay_behind(mut self, replays: bool) -> Self {
        self.settings.replays_behind = replays;
        self
    }

    /// Makes the tables of these entities in the file, and adds what they lack, when it is
    /// [opened](Self::connect): as [`Sqlite::create_tables`](crate::Sqlite::create_tables) does, and before
    /// anything else looks at them. They are [declared](Self::table) by it. The file remembers that it has
    /// them, so that the next process need not compare them. A second call adds to the first.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// use chronicle::Record;
    ///
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.create_tables(&[task::Model::TABLE])
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn create_tables(mut self, tables: &[&'static Table]) -> Self {
        self.created.extend(tables);
        self
    }

    /// Declares an entity that the pair serves: `connect` compares its table in the file with it, and
    /// fails where rows could not be written or read. Without it the table and its columns are looked for
    /// at the entity's first use.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.table::<task::Model>()
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn table<R: crate::Keyed>(self) -> Self {
        self.present(R::TABLE, Present::Serve)
    }

    /// Sends the rows that the file held of this table before it had the remote: they are queued as
    /// inserts, parents first, whatever the order of the calls. At a later `connect` it sends those
    /// that were [waived](Self::waive) until then.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.adopt::<task::Model>()
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn adopt<R: crate::Keyed>(self) -> Self {
        self.present(R::TABLE, Present::Adopt)
    }

    /// Keeps the rows that the file held of this table before it had the remote in the file alone.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.waive::<task::Model>()
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn waive<R: crate::Keyed>(self) -> Self {
        self.present(R::TABLE, Present::Waive)
    }

    fn present(mut self, table: &'static Table, present: Present) -> Self {
        self.tables.push((table, present));
        self
    }

    /// Binds the file to this remote, identity and mode although it was bound to others. Its outbox
    /// must be empty, dead letters included; or the remote may have taken no write of it yet, as with a
    /// mistyped address or key: what waits goes to the new remote then. What a user has written goes to
    /// no other user.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # use chronicle::{failover::{FailoverOptions, WriteMode}, postgrest::{Key, PostgrestOptions}, sqlite::SqliteOptions};
    /// # fn options(options: FailoverOptions) -> FailoverOptions {
    /// options.rebind()
    /// # }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub const fn rebind(mut self) -> Self {
        self.rebind = true;
        self
    }

    /// Opens the file, and binds it to the remote if it belongs to none yet. No request is sent. What was
    /// declared is compared with the file's tables, once for each state of them: keys, types, what may be
    /// NULL. A unique constraint or a foreign key that the file lacks is told in the log: it takes rows
    /// then that the server will refuse.
    ///
    /// ```no_run
    /// use chronicle::failover::FailoverOptions;
    /// use chronicle::postgrest::{Key, PostgrestOptions};
    /// use chronicle::sqlite::SqliteOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let remote = PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"));
    /// let failover = FailoverOptions::new(SqliteOptions::new("shop.db"), remote).connect().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`SqliteOptions::open`] and [`PostgrestOptions::connect`]; `Unsupported` for a
    /// database in memory; `SchemaMismatch` for a file without tables, or with one that does not fit what
    /// was declared; those of [`Sqlite::create_tables`](crate::Sqlite::create_tables); `Conflict` when the file is bound to another remote, identity or mode, or has rows
    /// from before that are neither [adopted](Self::adopt) nor [waived](Self::waive).
    pub async fn connect(self) -> Result<Failover> {
        if self.sqlite.file().is_none() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a failover store needs a file: a database in memory would lose what waits",
            ));
        }
        let mut settings = self.settings;
        settings.watches_identity = self.postgrest.has_source();
        settings.watch_interval = self.postgrest.interval();
        // Only the failover sends again: it knows what may be repeated.
        let (remote, identity) = self.postgrest.binding();
        let mode = settings.mode.name().to_owned();
        let identity = (!settings.watches_identity).then_some(identity);
        let binding = Binding { remote, identity, mode };
        let postgrest = self.postgrest.attempts(1).for_one().connect()?;
        // A commit that is lost with the power would replay what was replayed, over newer rows.
        let sqlite = self.sqlite.synchronous(Synchronous::Full).open().await?;
        let Some(path) = sqlite.path().map(std::path::Path::to_owned) else {
            return Err(Error::new(ErrorKind::Internal, "the file has no path"));
        };
        let reserve = Reserve::beside(&path);
        reserve.hold().await;
        let file = File::open(sqlite, Some(reserve)).await?;
        file.fit(&self.created, Purpose::Create).await?;
        file.check_migrated()?;
        let declared = self.tables.iter().map(|(table, _)| *table);
        let others: Vec<&'static Table> =
            declared.clone().filter(|table| !self.created.contains(table)).collect();
        file.fit(&others, Purpose::Serve).await?;
        for table in self.created.iter().copied().chain(declared) {
            file.know_fit(table).await?;
        }
        let worker = Arc::new(Worker::start()?);
        let environment = Arc::new(Machine::new(&path, worker.clone()));
        let engine = Engine::open(
            file,
            Arc::new(postgrest),
            environment,
            settings,
            binding,
            self.rebind,
            &self.tables,
        )
        .await?;
        engine.refresh_status();
        let monitor = Arc::new(Monitor::start(&engine, worker));
        Ok(Failover { engine, monitor })
    }
}

/// What is done with the rows that a table had before there was a remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Present {
    Adopt,
    Waive,
    /// Nothing is said of them.
    Serve,
}
