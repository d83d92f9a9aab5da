//! The two databases: a file, and a PostgREST server behind a proxy that can fail.

use super::Result;
use chronicle::failover::{Failover, FailoverOptions};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Keyed, Postgrest, Repository, Sqlite};
use chronicle_entity::{event, session, tool_event};
use chronicle_migration::{Migrator, MigratorTrait};
use chronicle_test_servers::{Gateway, Postgres, Postgrest as Server, SECRET_KEY};
use std::io::Write;
use std::time::Duration;

pub(crate) struct Servers {
    pub(crate) gateway: Gateway,
    /// The remote, asked past the proxy.
    pub(crate) remote: Postgrest,
    /// The file, asked past the failover store.
    pub(crate) file: Sqlite,
    _server: Server,
    folder: tempfile::TempDir,
}

impl Servers {
    /// Starts the servers, and makes the tables in both databases.
    pub(crate) async fn start() -> Result<Self> {
        let database = Postgres::shared().await?.create_database().await?;
        let postgres = sea_orm::Database::connect(database.url()).await?;
        Migrator::up(&postgres, None).await?;
        postgres.close().await?;
        let server = Server::start(&database).await?;
        let gateway = Gateway::supabase(&server).await?;
        let remote = Postgrest::new(server.url(), Key::new(server.service_key()))?;
        let folder = tempfile::tempdir()?;
        let file = Sqlite::open(folder.path().join("chronicle.db")).await?;
        Migrator::up(file.connection(), None).await?;
        Ok(Self { gateway, remote, file, _server: server, folder })
    }

    /// A failover store over both. Its time limits are shorter than the defaults, so that the
    /// example ends soon.
    pub(crate) async fn open(&self) -> Result<Failover> {
        let remote = PostgrestOptions::new(self.gateway.url(), Key::new(SECRET_KEY))
            .probe_table("sessions")
            .timeouts(Duration::from_millis(500), Duration::from_secs(1));
        let file = SqliteOptions::new(self.folder.path().join("chronicle.db"));
        Ok(FailoverOptions::new(file, remote).settle(Duration::from_secs(2)).connect().await?)
    }

    /// The row with a key in the file, and at the remote.
    pub(crate) async fn both<R: Keyed>(&self, key: R::Key) -> Result<(Option<R>, Option<R>)>
    where
        R::Key: Clone,
    {
        let file = Repository::<R>::new(&self.file).get(key.clone()).await?;
        Ok((file, Repository::<R>::new(&self.remote).get(key).await?))
    }

    /// Compares all rows of both databases; `true` when they are the same.
    pub(crate) async fn compare(&self, output: &mut dyn Write) -> Result<bool> {
        writeln!(output, "\n{:<12} {:>10} {:>10}", "", "file", "remote")?;
        let equal = [
            self.compare_table::<session::Model>(output).await?,
            self.compare_table::<event::Model>(output).await?,
            self.compare_table::<tool_event::Model>(output).await?,
        ];
        let equal = equal.into_iter().all(|equal| equal);
        let verdict = if equal { "the same rows" } else { "DIFFERENT ROWS" };
        writeln!(output, "Both databases hold {verdict}.")?;
        Ok(equal)
    }

    async fn compare_table<R: Keyed + PartialEq>(&self, output: &mut dyn Write) -> Result<bool> {
        let file = Repository::<R>::new(&self.file).find().all().await?;
        let remote = Repository::<R>::new(&self.remote).find().all().await?;
        let equal = file == remote;
        let (name, verdict) = (R::TABLE.name, if equal { "equal" } else { "DIFFERENT" });
        writeln!(output, "{name:<12} {:>10} {:>10}  {verdict}", file.len(), remote.len())?;
        Ok(equal)
    }
}
