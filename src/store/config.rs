//! [`Config`]: which database a store opens.

use crate::{Error, Result, Store};
use std::env::VarError;
use std::fmt;

/// Which database a [`Store`] opens: from the environment, or built.
///
/// | variable | meaning |
/// |---|---|
/// | `SUPABASE_URL` | a Supabase project's address; its Data API is served below `/rest/v1` |
/// | `POSTGREST_URL` | the address of a PostgREST server that is not behind Supabase's gateway, used as it is |
/// | `SUPABASE_SERVICE_ROLE_KEY`, `SUPABASE_SECRET_KEY` | the key of a trusted service; taken before the other keys |
/// | `SUPABASE_ANON_KEY`, `SUPABASE_PUBLISHABLE_KEY` | the key that anybody may have |
/// | `CHRONICLE_DB` | the path of the SQLite file, `chronicle.db` by default |
///
/// With an address the store is the server's; without one it is the SQLite file.
#[derive(Clone, Default)]
pub struct Config {
    #[cfg(feature = "sqlite")]
    sqlite: Option<crate::sqlite::SqliteOptions>,
    #[cfg(feature = "postgrest")]
    postgrest: Option<crate::postgrest::PostgrestOptions>,
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Config");
        #[cfg(feature = "sqlite")]
        fields.field("sqlite", &self.sqlite);
        #[cfg(feature = "postgrest")]
        fields.field("postgrest", &self.postgrest);
        fields.finish()
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
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The configuration that the environment describes (see the table above). Empty variables
    /// count as unset.
    ///
    /// # Errors
    /// `InvalidInput` when there is half a configuration: `SUPABASE_URL` without a key, a key
    /// without an address, or two addresses; or when a variable is not UTF-8. `Unsupported` when
    /// the feature for it is off.
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
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        Self::read(|name| Ok(variable(name)))
    }

    fn read(variable: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        let get = |name: &str| -> Result<Option<String>> {
            Ok(variable(name)?.filter(|value| !value.trim().is_empty()))
        };
        let key = KEYS.iter().find_map(|name| get(name).transpose()).transpose()?;
        let [project, server] = ADDRESSES.map(get);
        match ([project?, server?], key) {
            ([Some(_), Some(_)], _) => Err(Error::invalid(
                "both SUPABASE_URL and POSTGREST_URL are set: unset one of them",
            )),
            ([Some(_), None], None) => Err(Error::invalid(format!(
                "SUPABASE_URL is set without a key: set one of {}",
                KEYS.join(", ")
            ))),
            ([Some(url), None], Some(key)) => {
                let url = url.trim().trim_end_matches('/');
                let path = if url.ends_with("/rest/v1") { "" } else { "/rest/v1" };
                Self::server(&format!("{url}{path}"), Some(key))
            }
            ([None, Some(url)], key) => Self::server(url.trim(), key),
            ([None, None], Some(_)) => Err(Error::invalid(
                "a Supabase key is set without an address: set SUPABASE_URL, or unset the key",
            )),
            ([None, None], None) => Self::file(&get(FILE)?.unwrap_or_else(|| DEFAULT_FILE.into())),
        }
    }

    #[cfg(feature = "postgrest")]
    fn server(url: &str, key: Option<String>) -> Result<Self> {
        use crate::postgrest::{Key, PostgrestOptions};
        let key = key.map_or_else(Key::none, |key| Key::new(key.trim()));
        Ok(Self::new().postgrest(PostgrestOptions::new(url, key)))
    }

    #[cfg(not(feature = "postgrest"))]
    fn server(_: &str, _: Option<String>) -> Result<Self> {
        Err(feature_off("a server's address is set", "postgrest"))
    }

    #[cfg(feature = "sqlite")]
    fn file(path: &str) -> Result<Self> {
        Ok(Self::new().sqlite(crate::sqlite::SqliteOptions::new(path)))
    }

    #[cfg(not(feature = "sqlite"))]
    fn file(_: &str) -> Result<Self> {
        Err(feature_off("no server's address is set, so the SQLite file would serve", "sqlite"))
    }

    /// Uses a SQLite file.
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(mut self, options: crate::sqlite::SqliteOptions) -> Self {
        self.sqlite = Some(options);
        self
    }

    /// How the SQLite file is opened, where there is one: to migrate it before it serves.
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub const fn sqlite_options(&self) -> Option<&crate::sqlite::SqliteOptions> {
        self.sqlite.as_ref()
    }

    /// Uses a PostgREST server.
    #[cfg(feature = "postgrest")]
    #[must_use]
    pub fn postgrest(mut self, options: crate::postgrest::PostgrestOptions) -> Self {
        self.postgrest = Some(options);
        self
    }

    pub(super) async fn connect(self) -> Result<Store> {
        #[cfg(all(feature = "sqlite", feature = "postgrest"))]
        if self.sqlite.is_some() && self.postgrest.is_some() {
            return Err(Error::invalid(
                "both a SQLite file and a server are configured: choose one",
            ));
        }
        #[cfg(feature = "postgrest")]
        if let Some(options) = self.postgrest {
            return Ok(options.connect()?.into());
        }
        #[cfg(feature = "sqlite")]
        if let Some(options) = self.sqlite {
            return Ok(options.open().await?.into());
        }
        Err(Error::invalid("no database is configured: name a SQLite file or a server"))
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgrest")))]
fn feature_off(why: &str, feature: &str) -> Error {
    Error::new(
        crate::ErrorKind::Unsupported,
        format!("{why}, but chronicle was built without its feature `{feature}`"),
    )
}
