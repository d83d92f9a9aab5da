//! A failover pair whose tables are made from entities.

use chronicle::failover::{Failover, FailoverInfo, FailoverOptions, Status};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Postgrest, Sqlite, Table, postgres_script};
use chronicle_test_servers::{Gateway, Postgres, Postgrest as Server, SECRET_KEY};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) gateway: Gateway,
    server: Server,
    folder: tempfile::TempDir,
    tables: Vec<&'static Table>,
}

/// The server at this address.
pub(crate) fn server(url: &str, tables: &[&'static Table]) -> PostgrestOptions {
    PostgrestOptions::new(url, Key::new(SECRET_KEY))
        .probe_table(tables[0].name)
        .timeouts(Duration::from_millis(500), Duration::from_millis(1_500))
}

/// A file with its server.
pub(crate) fn pair(
    file: &Path,
    server: PostgrestOptions,
    tables: &[&'static Table],
) -> FailoverOptions {
    FailoverOptions::new(SqliteOptions::new(file), server)
        .settle(Duration::from_millis(800))
        .create_tables(tables)
}

impl World {
    /// With these tables; `sql` changes those of the server before it is asked.
    pub(crate) async fn new(tables: &[&'static Table], sql: &str) -> Self {
        let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
        database.execute(&postgres_script(tables).unwrap()).await.unwrap();
        database.execute(sql).await.unwrap();
        let server = Server::start(&database).await.unwrap();
        let gateway = Gateway::supabase(&server).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { gateway, server, folder, tables: tables.to_vec() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("pair.db")
    }

    pub(crate) fn options(&self) -> FailoverOptions {
        pair(&self.path(), server(&self.gateway.url(), &self.tables), &self.tables)
    }

    /// The same where watched queries are asked again so often.
    pub(crate) fn watching(&self, interval: Duration) -> FailoverOptions {
        let remote = server(&self.gateway.url(), &self.tables).watch_interval(interval);
        pair(&self.path(), remote, &self.tables)
    }

    pub(crate) async fn open(&self) -> Failover {
        self.options().connect().await.unwrap()
    }

    /// The remote, asked past the proxy.
    pub(crate) fn remote(&self) -> Postgrest {
        Postgrest::new(self.server.url(), Key::new(self.server.service_key())).unwrap()
    }

    /// The file, past the pair, with its tables.
    pub(crate) async fn file(&self) -> Sqlite {
        let file = self.plain_file().await;
        file.create_tables(&self.tables).await.unwrap();
        file
    }

    /// The file, past the pair, as it is.
    pub(crate) async fn plain_file(&self) -> Sqlite {
        Sqlite::open(self.path()).await.unwrap()
    }

    /// Runs SQL at the remote's database as its owner.
    pub(crate) async fn sql(&self, script: &str) {
        self.server.database().execute(script).await.unwrap();
    }

    /// Changes the remote's schema, and waits until its server knows.
    pub(crate) async fn migrate(&self, script: &str) {
        self.sql(script).await;
        self.server.reload_schema().await.unwrap();
    }

    /// The first column of the rows that the remote's database answers.
    pub(crate) async fn ask(&self, query: &str) -> Vec<String> {
        let rows = self.server.database().query(query).await.unwrap();
        rows.into_iter().map(|row| row.into_iter().next().flatten().unwrap_or_default()).collect()
    }

    /// Nothing can be reached: writes are surely not applied.
    pub(crate) async fn cut(&self) {
        self.gateway.refuse().await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    /// The network serves again; once nothing but what was refused is left.
    pub(crate) async fn heal(&self, failover: &Failover) -> FailoverInfo {
        self.gateway.heal().await.unwrap();
        failover.resume().await.unwrap();
        let start = Instant::now();
        loop {
            let info = failover.failover_info().await.unwrap();
            if info.status == Status::Healthy && (info.unsure == 0 || info.dead_letters > 0) {
                return info;
            }
            assert!(start.elapsed() < PATIENCE, "not healthy: {info:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The network serves again, and a table does not, as long as it is paused.
    pub(crate) async fn until_paused(&self, failover: &Failover) {
        self.gateway.heal().await.unwrap();
        failover.resume().await.unwrap();
        let start = Instant::now();
        while failover.failover_info().await.unwrap().paused.is_empty() {
            assert!(start.elapsed() < PATIENCE, "nothing is paused");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // What may go besides it has gone.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
