//! [`Config`]: which database a store opens.

#[cfg(all(feature = "sqlite", feature = "postgrest"))]
use crate::failover::FailoverOptions;
use crate::{BackendKind, Error, Result, Store};
use std::env::VarError;
use std::fmt;
#[cfg(all(feature = "sqlite", feature = "postgrest"))]
use std::sync::Arc;

/// Which database a [`Store`] opens: from the environment, or built.
///
/// | variable | meaning |
/// |---|---|
/// | `SUPABASE_URL` | a Supabase project's address; its Data API is served below `/rest/v1` |
/// | `POSTGREST_URL` | the address of a PostgREST server that is not behind Supabase's gateway, used as it is |
/// | `SUPABASE_SERVICE_ROLE_KEY`, `SUPABASE_SECRET_KEY` | the key of a trusted service; taken before the other keys |
/// | `SUPABASE_ANON_KEY`, `SUPABASE_PUBLISHABLE_KEY` | the key that anybody may have |
/// | `CHRONICLE_DB` | the path of the SQLite file; without an address `chronicle.db` by default |
///
/// | configured | the store |
/// |---|---|
/// | an address | the server alone |
/// | an address and `CHRONICLE_DB` | the failover pair: the server, and the file while it is out of reach |
/// | no address | the file alone, the default one if `CHRONICLE_DB` is not set either |
///
/// The file of a pair needs its tables as any other does: let [`create_tables`](Self::create_tables) make
/// them, or open it by [`sqlite_options`](Self::sqlite_options) and migrate it first.
///
/// ```
/// use chronicle::{BackendKind, Config};
///
/// # fn main() -> chronicle::Result<()> {
/// let config = Config::from_variables(|name| match name {
///     "SUPABASE_URL" => Some("https://project.supabase.co".to_owned()),
///     "SUPABASE_ANON_KEY" => Some("a key".to_owned()),
///     _ => None,
/// })?;
/// assert_eq!(config.kind(), Some(BackendKind::Postgrest));
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct Config {
    #[cfg(feature = "sqlite")]
    created: Vec<&'static crate::Table>,
    #[cfg(feature = "sqlite")]
    sqlite: Option<Chosen<crate::sqlite::SqliteOptions>>,
    #[cfg(feature = "postgrest")]
    postgrest: Option<Chosen<crate::postgrest::PostgrestOptions>>,
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    failover: Option<Arc<ChangeFailover>>,
}

/// How a database is opened, and what in the environment says so, if it was the environment.
#[derive(Clone)]
struct Chosen<T> {
    options: T,
    by: Option<String>,
}

impl<T> Chosen<T> {
    /// What was configured, for [`Info::reason`](crate::Info::reason).
    fn describe(&self, what: &str) -> String {
        match &self.by {
            Some(by) => format!("{what} is configured ({by})"),
            None => format!("{what} is configured"),
        }
    }
}

#[cfg(all(feature = "sqlite", feature = "postgrest"))]
type ChangeFailover = dyn Fn(FailoverOptions) -> FailoverOptions + Send + Sync;

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Config");
        #[cfg(feature = "sqlite")]
        fields.field("sqlite", &self.sqlite.as_ref().map(|chosen| &chosen.options));
        #[cfg(feature = "postgrest")]
        fields.field("postgrest", &self.postgrest.as_ref().map(|chosen| &chosen.options));
        fields.finish_non_exhaustive()
    }
}

const ADDRESSES: [&str; 2] = ["SUPABASE_URL", "POSTGREST_URL"];
const KEYS: [&str; 4] = [
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_ANON_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
];
const FILE: &str = "CHRONICLE_DB";
const DEFAULT_FILE: &str = "chronicle.db";

impl Config {
    /// A configuration without any database.
    ///
    /// ```
    /// use chronicle::Config;
    ///
    /// assert_eq!(Config::new().kind(), None);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The configuration that the environment describes (see the table above). Empty variables
    /// count as unset.
    ///
    /// ```
    /// use chronicle::Config;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let config = Config::from_env()?;
    /// println!("{:?}", config.kind());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` when there is half a configuration: `SUPABASE_URL` without a key, a key
    /// without an address, or two addresses; when the path of the file begins with `~` or `$`, which
    /// only a shell replaces; or when a variable is not UTF-8. `Unsupported` when the feature for it is
    /// off.
    pub fn from_env() -> Result<Self> {
        Self::read(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => {
                Err(Error::invalid(format!("the variable {name} is not UTF-8: set it anew")))
            }
        })
    }

    /// The configuration from variables that `variable` looks up, as
    /// [`from_env`](Self::from_env) does from the environment.
    ///
    /// ```
    /// use chronicle::{BackendKind, Config};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let config = Config::from_variables(|_| None)?;
    /// assert_eq!(config.kind(), Some(BackendKind::Sqlite), "the file `chronicle.db`");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        Self::read(|name| Ok(variable(name)))
    }

    fn read(variable: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        let get = |name: &str| -> Result<Option<String>> {
            Ok(variable(name)?.filter(|value| !value.trim().is_empty()))
        };
        let found = |name: &&'static str| -> Result<Option<(&'static str, String)>> {
            Ok(get(name)?.map(|value| (*name, value)))
        };
        let key = KEYS.iter().find_map(|name| found(name).transpose()).transpose()?;
        let [project, server] = ADDRESSES.map(get);
        let config = match ([project?, server?], key) {
            ([Some(_), Some(_)], _) => {
                return Err(Error::invalid(
                    "both SUPABASE_URL and POSTGREST_URL are set: unset one of them",
                ));
            }
            ([Some(_), None], None) => {
                return Err(Error::invalid(format!(
                    "SUPABASE_URL is set without a key: set one of {}",
                    KEYS.join(", ")
                )));
            }
            ([Some(url), None], Some(key)) => {
                let url = url.trim().trim_end_matches('/');
                let path = if url.ends_with("/rest/v1") { "" } else { "/rest/v1" };
                Self::server("SUPABASE_URL", &format!("{url}{path}"), Some(key))?
            }
            ([None, Some(url)], key) => Self::server("POSTGREST_URL", url.trim(), key)?,
            ([None, None], Some(_)) => {
                return Err(Error::invalid(
                    "a Supabase key is set without an address: set SUPABASE_URL, or unset the key",
                ));
            }
            ([None, None], None) => match get(FILE)? {
                Some(path) => return Self::new().file(&path, FILE),
                None => return Self::new().file(DEFAULT_FILE, "by default"),
            },
        };
        match get(FILE)? {
            Some(path) => config.file(&path, FILE),
            None => Ok(config),
        }
    }

    #[cfg(feature = "postgrest")]
    fn server(variable: &str, url: &str, key: Option<(&str, String)>) -> Result<Self> {
        use crate::postgrest::{Key, PostgrestOptions};
        let (key, variables) = match key {
            Some((name, key)) => (Key::new(key.trim()), format!("{variable}, {name}")),
            None => (Key::none(), variable.to_owned()),
        };
        let options = PostgrestOptions::new(url, key);
        let mut config = Self::new();
        config.postgrest = Some(Chosen { options, by: Some(variables) });
        Ok(config)
    }

    #[cfg(not(feature = "postgrest"))]
    fn server(variable: &str, _: &str, _: Option<(&str, String)>) -> Result<Self> {
        Err(feature_off(&format!("{variable} is set"), "postgrest"))
    }

    #[cfg(feature = "sqlite")]
    fn file(mut self, path: &str, by: &str) -> Result<Self> {
        // Only a shell knows what these stand for.
        if path.starts_with(['~', '$']) {
            return Err(Error::invalid(format!(
                "{FILE} is `{path}`, where `~` and `$` stand for themselves: write the path out"
            )));
        }
        let options = crate::sqlite::SqliteOptions::new(path);
        self.sqlite = Some(Chosen { options, by: Some(by.to_owned()) });
        Ok(self)
    }

    #[cfg(not(feature = "sqlite"))]
    fn file(self, _: &str, by: &str) -> Result<Self> {
        let why = if by == FILE {
            "CHRONICLE_DB is set"
        } else {
            "no server's address is set, so the SQLite file would serve"
        };
        Err(feature_off(why, "sqlite"))
    }

    /// Uses a SQLite file: alone, or beside a [server](Self::postgrest) for its outages.
    ///
    /// ```
    /// use chronicle::sqlite::SqliteOptions;
    /// use chronicle::{BackendKind, Config};
    ///
    /// let config = Config::new().sqlite(SqliteOptions::new("tasks.db"));
    /// assert_eq!(config.kind(), Some(BackendKind::Sqlite));
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(mut self, options: crate::sqlite::SqliteOptions) -> Self {
        self.sqlite = Some(Chosen { options, by: None });
        self
    }

    /// Makes the tables of these entities in the file, where there is one, when it is opened: as
    /// [`Sqlite::create_tables`](crate::Sqlite::create_tables) does. A server alone is left as it is: its
    /// tables are made by [`postgres_script`](crate::postgres_script). A second call adds to the first.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::sqlite::SqliteOptions;
    /// use chronicle::{Config, Record, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let config = Config::new().sqlite(SqliteOptions::new(":memory:"));
    /// let store = Store::connect(config.create_tables(&[task::Model::TABLE])).await?;
    /// Tasks::new(&store).insert(NewTask::new("water the plants", 1)).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn create_tables(mut self, tables: &[&'static crate::Table]) -> Self {
        self.created.extend(tables);
        self
    }

    /// How the SQLite file is opened, where there is one: to migrate it before it serves.
    ///
    /// ```
    /// use chronicle::Config;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let config = Config::from_variables(|_| None)?;
    /// assert!(config.sqlite_options().is_some());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite_options(&self) -> Option<&crate::sqlite::SqliteOptions> {
        self.sqlite.as_ref().map(|chosen| &chosen.options)
    }

    /// Uses a PostgREST server: alone, or with a [file](Self::sqlite) for its outages.
    ///
    /// ```
    /// use chronicle::postgrest::{Key, PostgrestOptions};
    /// use chronicle::{BackendKind, Config};
    ///
    /// let server = PostgrestOptions::new("http://localhost:3000", Key::none());
    /// assert_eq!(Config::new().postgrest(server).kind(), Some(BackendKind::Postgrest));
    /// ```
    #[cfg(feature = "postgrest")]
    #[must_use]
    pub fn postgrest(mut self, options: crate::postgrest::PostgrestOptions) -> Self {
        self.postgrest = Some(Chosen { options, by: None });
        self
    }

    /// Changes the options of the failover pair, if the store becomes one: its write mode, or the
    /// tables whose rows a file had before it was one of a pair. A second call replaces the first.
    ///
    /// ```
    /// use chronicle::Config;
    /// use chronicle::failover::WriteMode;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// # let variables = |_: &str| None;
    /// let config = Config::from_variables(variables)?
    ///     .failover(|options| options.mode(WriteMode::LocalFirst));
    /// # Ok(()) }
    /// ```
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    #[must_use]
    pub fn failover(
        mut self,
        change: impl Fn(FailoverOptions) -> FailoverOptions + Send + Sync + 'static,
    ) -> Self {
        self.failover = Some(Arc::new(change));
        self
    }

    /// Which kind of store this configuration opens; `None` without any database.
    ///
    /// ```
    /// use chronicle::sqlite::SqliteOptions;
    /// use chronicle::{BackendKind, Config};
    ///
    /// let config = Config::new().sqlite(SqliteOptions::new("tasks.db"));
    /// assert_eq!(config.kind(), Some(BackendKind::Sqlite));
    /// ```
    #[must_use]
    pub const fn kind(&self) -> Option<BackendKind> {
        #[cfg(feature = "sqlite")]
        let has_file = self.sqlite.is_some();
        #[cfg(not(feature = "sqlite"))]
        let has_file = false;
        #[cfg(feature = "postgrest")]
        let has_server = self.postgrest.is_some();
        #[cfg(not(feature = "postgrest"))]
        let has_server = false;
        match (has_server, has_file) {
            (true, true) => Some(BackendKind::Failover),
            (true, false) => Some(BackendKind::Postgrest),
            (false, true) => Some(BackendKind::Sqlite),
            (false, false) => None,
        }
    }

    pub(super) async fn connect(self) -> Result<Store> {
        #[cfg(all(feature = "sqlite", feature = "postgrest"))]
        if let (Some(sqlite), Some(postgrest)) = (&self.sqlite, &self.postgrest) {
            let reason = format!(
                "{} and {}: the server serves, and the file while the server is out of reach",
                postgrest.describe("a server"),
                sqlite.describe("a SQLite file")
            );
            let options = FailoverOptions::new(sqlite.options.clone(), postgrest.options.clone())
                .create_tables(&self.created);
            let options = self.failover.iter().fold(options, |options, change| change(options));
            return Ok(because(options.connect().await?.into(), reason));
        }
        #[cfg(feature = "postgrest")]
        if let Some(chosen) = self.postgrest {
            let reason = format!("{}, and no file for its outages", chosen.describe("a server"));
            return Ok(because(chosen.options.connect()?.into(), reason));
        }
        #[cfg(feature = "sqlite")]
        if let Some(chosen) = self.sqlite {
            let reason = format!("{}, and no server", chosen.describe("a SQLite file"));
            let sqlite = chosen.options.open().await?;
            check_alone(&sqlite).await?;
            if !self.created.is_empty() {
                for key in sqlite.create_tables(&self.created).await?.left_out {
                    tracing::warn!("the file has no foreign key of {key}");
                }
            }
            return Ok(because(sqlite.into(), reason));
        }
        Err(Error::invalid("no database is configured: name a SQLite file or a server"))
    }
}

/// Fails for a file that belongs to a remote: what is written to it alone never gets there.
#[cfg(feature = "sqlite")]
async fn check_alone(sqlite: &crate::Sqlite) -> Result<()> {
    if !sqlite.is_of_a_pair().await? {
        return Ok(());
    }
    Err(Error::new(
        crate::ErrorKind::Conflict,
        "the SQLite file belongs to a failover pair, and no address of its server is configured: \
         what is written to the file alone would never get there",
    )
    .with_hint(
        "configure the server's address and key: while it is out of reach the file serves; to look \
         into the file itself, open it with `Sqlite::open`",
    ))
}

fn because(store: Store, reason: String) -> Store {
    Store { reason: Some(reason.into()), ..store }
}

#[cfg(not(all(feature = "sqlite", feature = "postgrest")))]
fn feature_off(why: &str, feature: &str) -> Error {
    Error::new(
        crate::ErrorKind::Unsupported,
        format!("{why}, but chronicle was built without its feature `{feature}`"),
    )
}

#[cfg(all(test, not(all(feature = "sqlite", feature = "postgrest"))))]
mod tests {
    #[test]
    fn a_pair_needs_both_features() {
        let result = super::Config::from_variables(|name| match name {
            "POSTGREST_URL" => Some("http://127.0.0.1:9".to_owned()),
            super::FILE => Some("x.db".to_owned()),
            _ => None,
        });
        let error = result.map(drop).expect_err("one of its databases cannot be used");
        assert_eq!(error.kind(), crate::ErrorKind::Unsupported, "{error}");
    }
}
