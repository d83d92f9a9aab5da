//! How a PostgREST is configured and started.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Postgrest, Server, launch, program};
use crate::folder::TemporaryFolder;
use crate::process::{Launch, Signal};
use crate::{Database, Error, JWT_SECRET, Result, blocking, port, probe};

/// Configures and starts a [`Postgrest`]. By default it serves the schema `public`, takes requests without a token as `anon`,
/// and has PostgREST's own defaults otherwise (a pool of 10, a wait of 10 s for a connection, no limit of rows, no aggregates).
#[derive(Debug, Clone)]
pub struct PostgrestBuilder {
    database: Database,
    anonymous_role: Option<String>,
    schemas: Vec<String>,
    settings: Vec<(&'static str, String)>,
}

impl PostgrestBuilder {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            anonymous_role: Some("anon".to_owned()),
            schemas: vec!["public".to_owned()],
            settings: Vec::new(),
        }
    }

    /// The role for requests without a token; `None` refuses them (401 PGRST302).
    #[must_use]
    pub fn anonymous_role(mut self, role: Option<&str>) -> Self {
        self.anonymous_role = role.map(str::to_owned);
        self
    }

    /// The schemas to serve; the first is the default one.
    #[must_use]
    pub fn schemas<'a>(mut self, schemas: impl IntoIterator<Item = &'a str>) -> Self {
        self.schemas = schemas.into_iter().map(str::to_owned).collect();
        self
    }

    /// The number of connections to the database.
    #[must_use]
    pub fn pool(self, connections: u32) -> Self {
        self.setting("PGRST_DB_POOL", &connections)
    }

    /// How long a request waits for a connection before it is answered with 504 PGRST003, in whole seconds (at least one).
    #[must_use]
    pub fn pool_acquisition_timeout(self, timeout: Duration) -> Self {
        self.setting("PGRST_DB_POOL_ACQUISITION_TIMEOUT", &timeout.as_secs().max(1))
    }

    /// The most rows that one answer holds. Supabase sets 1000.
    #[must_use]
    pub fn max_rows(self, rows: u32) -> Self {
        self.setting("PGRST_DB_MAX_ROWS", &rows)
    }

    /// Lets requests ask for sums, counts and extremes (`db-aggregates-enabled`), which is off by default.
    #[must_use]
    pub fn aggregates(self) -> Self {
        self.setting("PGRST_DB_AGGREGATES_ENABLED", &true)
    }

    fn setting(mut self, name: &'static str, value: &dyn ToString) -> Self {
        self.settings.push((name, value.to_string()));
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When the program is missing or does not get ready.
    pub async fn start(self) -> Result<Postgrest> {
        let schema = self.schemas.first().cloned().ok_or_else(|| {
            Error::Invalid("PostgREST serves at least one schema: give one to `schemas`".to_owned())
        })?;
        let database = self.database.clone();
        let (server, version) = blocking::run(move || self.start_blocking()).await?;
        Ok(Postgrest { server: Arc::new(server), database, schema, version })
    }

    fn start_blocking(self) -> Result<(Server, String)> {
        let program = program::find()?;
        let folder = TemporaryFolder::create("postgrest", None)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (port, admin_port) = (port::free()?, port::free()?);
            let order = Launch {
                server: "PostgREST",
                program: program.clone(),
                arguments: vec![],
                environment: self.environment(port, admin_port),
                account: None,
                folder: folder.path().to_path_buf(),
                end: Signal::Kill,
            };
            match launch(&order, admin_port) {
                Ok(process) => {
                    let version = version(port).ok_or_else(|| {
                        Error::Invalid(
                            "the server tells no version in its `Server` header: is POSTGREST_BIN a PostgREST?".to_owned(),
                        )
                    })?;
                    let process = Mutex::new(Some(process));
                    let server =
                        Server { process, launch: order, port, admin_port, _folder: folder };
                    return Ok((server, version));
                }
                Err(Error::Ended { log, .. })
                    if attempts < 5
                        && (log.contains("in use") || log.contains("resource busy")) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The settings, by the names that PostgREST's documentation gives them.
    fn environment(&self, port: u16, admin_port: u16) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("PGRST_DB_URI", self.database.url_of("authenticator")),
            ("PGRST_DB_SCHEMAS", self.schemas.join(",")),
            ("PGRST_JWT_SECRET", JWT_SECRET.to_owned()),
            ("PGRST_SERVER_HOST", "127.0.0.1".to_owned()),
            ("PGRST_SERVER_PORT", port.to_string()),
            ("PGRST_ADMIN_SERVER_PORT", admin_port.to_string()),
        ];
        environment.extend(self.anonymous_role.clone().map(|role| ("PGRST_DB_ANON_ROLE", role)));
        environment.extend(self.settings.iter().cloned());
        environment
    }
}

/// The version in the `Server` header, `postgrest/12.0.2`, which is on every answer. A busy machine may need
/// more than one question for it.
fn version(port: u16) -> Option<String> {
    let server = (0..5).find_map(|attempt| {
        std::thread::sleep(Duration::from_millis(200 * attempt));
        probe::get(port, "/", None)?.server
    })?;
    let version = server.strip_prefix("postgrest/")?.split_whitespace().next()?;
    Some(version.to_owned())
}
