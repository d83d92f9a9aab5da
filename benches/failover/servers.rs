//! A server with the tables, a proxy before it, and files with the tables.

use crate::measure::Result;
use chronicle::failover::FailoverOptions;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sea_orm::Database;
use chronicle::sqlite::{SqliteOptions, Synchronous};
use chronicle::{Sqlite, Store};
use chronicle_migration::{Migrator, MigratorTrait, chronicle_apply};
use chronicle_test_servers::{Gateway, Postgres, Postgrest as Server, SECRET_KEY};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How long a request may take, where none is answered.
pub(crate) const TIME_LIMIT: Duration = Duration::from_millis(300);

pub(crate) struct Servers {
    pub(crate) gateway: Gateway,
    pub(crate) server: Server,
    folder: TempDir,
    memory: TempDir,
}

impl Servers {
    pub(crate) async fn start() -> Result<Self> {
        let database = Postgres::new().await?.create_database().await?;
        let connection = Database::connect(database.url()).await?;
        Migrator::up(&connection, None).await?;
        connection.close().await?;
        let server = Server::start(&database).await?;
        let gateway = Gateway::supabase(&server).await?;
        let memory = Path::new("/dev/shm");
        let memory =
            if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        // On the disk that programs are built on: the temporary folder may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let servers = Self { gateway, server, folder, memory };
        let empty = Sqlite::open(servers.path("empty.db")).await?;
        Migrator::up(empty.connection(), None).await?;
        Store::from(empty).close().await?;
        Ok(servers)
    }

    /// The same, and the server has the function `chronicle_apply`.
    pub(crate) async fn with_function() -> Result<Self> {
        let servers = Self::start().await?;
        servers.server.database().execute(chronicle_apply::UP).await?;
        servers.server.reload_schema().await?;
        Ok(servers)
    }

    /// How many changes the function has made.
    pub(crate) async fn applied(&self) -> Result<u64> {
        let rows = self.server.database().query("select count(*) from chronicle_applied").await?;
        Ok(rows.concat().pop().flatten().ok_or("no count")?.parse()?)
    }

    /// The function makes all changes anew.
    pub(crate) async fn forget_applied(&self) -> Result<()> {
        Ok(self.server.database().execute("truncate chronicle_applied").await?)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of this name with empty tables, in place of the one that was there.
    pub(crate) fn empty_file(&self, name: &str) -> Result<PathBuf> {
        self.copy_file("empty.db", name)
    }

    /// A copy of a file that nobody has open.
    pub(crate) fn copy_file(&self, from: &str, to: &str) -> Result<PathBuf> {
        let to = self.path(to);
        copy(&self.path(from), &to)?;
        Ok(to)
    }

    /// A file with empty tables where writing is fast: in memory, if the system has such a folder.
    pub(crate) fn fast_file(&self, name: &str) -> Result<PathBuf> {
        let to = self.memory.path().join(name);
        copy(&self.path("empty.db"), &to)?;
        Ok(to)
    }

    /// Plain SQLite, with the pragmas that the failover store sets.
    pub(crate) async fn plain(&self, name: &str) -> Result<Sqlite> {
        let file = SqliteOptions::new(self.empty_file(name)?);
        Ok(file.synchronous(Synchronous::Full).open().await?)
    }

    /// The server without the proxy.
    pub(crate) fn direct(&self) -> PostgrestOptions {
        direct(&self.server.url(), &self.server.service_key())
    }

    /// The server by way of the proxy.
    pub(crate) fn through_gateway(&self) -> PostgrestOptions {
        direct(&self.gateway.url(), SECRET_KEY).timeouts(TIME_LIMIT, TIME_LIMIT)
    }

    /// A failover store on a file, and on the server by way of the proxy.
    pub(crate) fn behind_gateway(&self, file: &Path) -> FailoverOptions {
        FailoverOptions::new(SqliteOptions::new(file), self.through_gateway())
    }

    /// The server by way of the proxy, with time enough for any request.
    pub(crate) fn patient(&self) -> PostgrestOptions {
        direct(&self.gateway.url(), SECRET_KEY)
    }

    /// The server refuses sessions of a user from now on.
    pub(crate) async fn refuse_sessions_of(&self, user: &str) -> Result<()> {
        self.refuse_nothing().await?;
        let check = format!(
            "alter table sessions add constraint not_refused check (user_id <> '{user}') not valid"
        );
        Ok(self.server.database().execute(&check).await?)
    }

    /// The server takes everything again.
    pub(crate) async fn refuse_nothing(&self) -> Result<()> {
        let script = "alter table sessions drop constraint if exists not_refused; \
            grant insert on events to service_role";
        Ok(self.server.database().execute(script).await?)
    }

    /// Removes all rows from the server.
    pub(crate) async fn clear(&self) -> Result<()> {
        Ok(self.server.database().execute("truncate sessions cascade").await?)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for ending in ["", "-wal", "-shm", "-replay"] {
        let mut name = to.as_os_str().to_owned();
        name.push(ending);
        match std::fs::remove_file(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    std::fs::copy(from, to)?;
    Ok(())
}

pub(crate) fn direct(url: &str, key: &str) -> PostgrestOptions {
    PostgrestOptions::new(url, Key::new(key)).probe_table("sessions")
}
