//! A failover store over real servers, with Chronicle's own tables and those of these tests.

use crate::tables::{FILE, REMOTE};
use chronicle::failover::{Failover, FailoverInfo, FailoverOptions, Status};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Postgrest, Sqlite};
use chronicle_entity::{NewSession, SessionId, SessionStatus, Sessions};
use chronicle_migration::{Migrator, MigratorTrait};
use chronicle_test_servers::{Gateway, Postgres, Postgrest as Server, SECRET_KEY};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a request that got no answer may still arrive, in most of these tests.
pub(crate) const SETTLE: Duration = Duration::from_millis(800);

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) server: Server,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
        let postgres = sea_orm::Database::connect(database.url()).await.unwrap();
        Migrator::up(&postgres, None).await.unwrap();
        postgres.close().await.unwrap();
        database.execute(REMOTE).await.unwrap();
        let builder = Server::builder(&database).schemas(["public", "private"]);
        let server = builder.start().await.unwrap();
        let gateway = Gateway::supabase(&server).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let world = Self { gateway, server, folder };
        make_tables(&world.path()).await;
        world
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("chronicle.db")
    }

    pub(crate) fn postgrest(&self) -> PostgrestOptions {
        postgrest(&self.gateway.url(), Key::new(SECRET_KEY))
    }

    pub(crate) fn options(&self) -> FailoverOptions {
        options(SqliteOptions::new(self.path()), self.postgrest())
    }

    pub(crate) async fn open(&self) -> Failover {
        self.options().connect().await.unwrap()
    }

    /// The remote, asked past the proxy.
    pub(crate) fn remote(&self) -> Postgrest {
        Postgrest::new(self.server.url(), Key::new(self.server.service_key())).unwrap()
    }

    /// The file, asked past the pair.
    pub(crate) async fn file(&self) -> Sqlite {
        Sqlite::open(self.path()).await.unwrap()
    }

    /// Runs SQL at the remote's database as its owner.
    pub(crate) async fn sql(&self, script: &str) {
        self.server.database().execute(script).await.unwrap();
    }

    /// The first column of the rows that the remote's database answers.
    pub(crate) async fn ask(&self, query: &str) -> Vec<String> {
        let rows = self.server.database().query(query).await.unwrap();
        rows.into_iter().map(|row| row.into_iter().next().flatten().unwrap_or_default()).collect()
    }

    /// Changes the remote's schema, and waits until its server knows.
    pub(crate) async fn migrate(&self, script: &str) {
        self.sql(script).await;
        self.server.reload_schema().await.unwrap();
    }

    /// Nothing can be reached: writes are surely not applied.
    pub(crate) async fn cut(&self) {
        self.gateway.refuse().await.unwrap();
        // Until the client has seen that its connections are closed.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    /// The network serves again, and the store is told.
    pub(crate) async fn heal(&self, failover: &Failover) {
        self.gateway.heal().await.unwrap();
        failover.resume().await.unwrap();
    }
}

pub(crate) async fn make_tables(path: &Path) {
    let file = Sqlite::open(path).await.unwrap();
    Migrator::up(file.connection(), None).await.unwrap();
    file.execute_script(FILE).await.unwrap();
    file.close().await.unwrap();
}

pub(crate) fn postgrest(url: &str, key: Key) -> PostgrestOptions {
    PostgrestOptions::new(url, key)
        .probe_table("notes")
        .timeouts(Duration::from_millis(500), Duration::from_millis(700))
}

pub(crate) fn options(sqlite: SqliteOptions, postgrest: PostgrestOptions) -> FailoverOptions {
    FailoverOptions::new(sqlite, postgrest).settle(SETTLE)
}

pub(crate) async fn info(failover: &Failover) -> FailoverInfo {
    failover.failover_info().await.unwrap()
}

/// Waits until nothing but what was refused is left, and the remote serves.
pub(crate) async fn healed(failover: &Failover) -> FailoverInfo {
    let start = Instant::now();
    loop {
        let info = info(failover).await;
        if info.status == Status::Healthy {
            return info;
        }
        assert!(start.elapsed() < PATIENCE, "not healthy after {PATIENCE:?}: {info:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// A new session, written through the store.
pub(crate) async fn session(failover: &Failover) -> SessionId {
    let row = NewSession::new(SessionStatus::Active);
    Sessions::new(failover).insert(row).await.unwrap().id
}
