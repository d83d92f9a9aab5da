//! What the program is told to do: where its file is, and whether there is a server.

use crate::cli::Globals;
use crate::error::{Error, Result};
use chronicle::postgrest::Key;
use std::env;
use std::path::PathBuf;

/// Payloads that are longer are cut at their longest texts.
const PAYLOAD_LIMIT: usize = 1_000_000;

/// The configuration, complete.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The SQLite file.
    pub(crate) database: PathBuf,
    /// The server, where there is one.
    pub(crate) remote: Option<Remote>,
    /// Whether secrets are replaced before they are stored.
    pub(crate) redact: bool,
    /// How many bytes a payload may have.
    pub(crate) payload_limit: usize,
    /// The name of this machine.
    pub(crate) host: String,
}

/// A PostgREST server.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// Its address.
    pub(crate) url: String,
    /// Its key, which is never shown.
    pub(crate) key: Key,
}

impl Config {
    pub(crate) fn load(flags: &Globals) -> Result<Self> {
        let database = match &flags.database {
            Some(path) => path.clone(),
            None => match env::var_os("CHRONICLE_DB").filter(|path| !path.is_empty()) {
                Some(path) => path.into(),
                None => default_database()?,
            },
        };
        Ok(Self {
            database,
            remote: None,
            redact: true,
            payload_limit: PAYLOAD_LIMIT,
            host: host(),
        })
    }
}

fn default_database() -> Result<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    folder("XDG_DATA_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
        .map(|folder| folder.join("chronicle/chronicle.db"))
        .ok_or_else(|| Error::Refused("no place for the file: set CHRONICLE_DB or HOME".to_owned()))
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}
