//! A failover store over real servers, and questions to both of its databases.

use chronicle::failover::{Failover, FailoverInfo, FailoverOptions, Status};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Postgrest, Record, Repository, Sqlite};
use chronicle_entity::{NewSession, SessionId, SessionStatus, event, session, tool_event};
use chronicle_migration::{Migrator, MigratorTrait};
use chronicle_test_servers::{Gateway, Postgres, Postgrest as Server, SECRET_KEY};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a request that got no answer may still arrive, in these tests.
pub(crate) const SETTLE: Duration = Duration::from_millis(800);

pub(crate) struct Fixture {
    pub(crate) gateway: Gateway,
    pub(crate) server: Server,
    folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::on(&Postgres::shared().await.unwrap()).await
    }

    pub(crate) async fn on(postgres: &Postgres) -> Self {
        let database = postgres.create_database().await.unwrap();
        let postgres = sea_orm::Database::connect(database.url()).await.unwrap();
        Migrator::up(&postgres, None).await.unwrap();
        postgres.close().await.unwrap();
        let server = Server::start(&database).await.unwrap();
        let gateway = Gateway::supabase(&server).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let fixture = Self { gateway, server, folder };
        make_tables(&fixture.path()).await;
        fixture
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("chronicle.db")
    }

    pub(crate) fn options(&self) -> FailoverOptions {
        options(&self.path(), postgrest(&self.gateway.url(), Key::new(SECRET_KEY)))
    }

    pub(crate) async fn open(&self) -> Failover {
        self.options().connect().await.unwrap()
    }

    /// The remote, asked past the proxy.
    pub(crate) fn remote(&self) -> Postgrest {
        Postgrest::new(self.server.url(), Key::new(self.server.service_key())).unwrap()
    }

    pub(crate) async fn file(&self) -> Sqlite {
        Sqlite::open(self.path()).await.unwrap()
    }

    async fn rows<R: Record + PartialEq + std::fmt::Debug>(&self) -> (Vec<R>, Vec<R>) {
        let file = Repository::<R>::new(self.file().await).find().all().await.unwrap();
        let remote = Repository::<R>::new(self.remote()).find().all().await.unwrap();
        (file, remote)
    }

    /// The two databases hold the same rows.
    pub(crate) async fn assert_equal(&self) {
        let (file, remote) = self.rows::<session::Model>().await;
        assert_eq!(file, remote);
        let (file, remote) = self.rows::<event::Model>().await;
        assert_eq!(file, remote);
        let (file, remote) = self.rows::<tool_event::Model>().await;
        assert_eq!(file, remote);
    }
}

/// Makes the tables in a file.
pub(crate) async fn make_tables(path: &Path) {
    let file = Sqlite::open(path).await.unwrap();
    Migrator::up(file.connection(), None).await.unwrap();
    file.close().await.unwrap();
}

pub(crate) fn postgrest(url: &str, key: Key) -> PostgrestOptions {
    PostgrestOptions::new(url, key)
        .probe_table("sessions")
        .timeouts(Duration::from_millis(500), Duration::from_millis(700))
}

pub(crate) fn options(path: &Path, postgrest: PostgrestOptions) -> FailoverOptions {
    FailoverOptions::new(SqliteOptions::new(path), postgrest).settle(SETTLE)
}

/// Waits until nothing waits any more and the remote serves.
pub(crate) async fn healed(failover: &Failover) -> FailoverInfo {
    for _ in 0..300 {
        let info = failover.failover_info().await.unwrap();
        if info.status == Status::Healthy {
            return info;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not healthy after 30 s: {:?}", failover.failover_info().await);
}

/// Waits until something of the store is so.
pub(crate) async fn until(failover: &Failover, so: impl Fn(&FailoverInfo) -> bool) -> FailoverInfo {
    for _ in 0..200 {
        let info = failover.failover_info().await.unwrap();
        if so(&info) {
            return info;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not so after 20 s: {:?}", failover.failover_info().await);
}

pub(crate) async fn session(failover: &Failover) -> SessionId {
    chronicle_entity::Sessions::new(failover)
        .insert(NewSession::new(SessionStatus::Active))
        .await
        .unwrap()
        .id
}
