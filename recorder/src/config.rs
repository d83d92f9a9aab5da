//! What the program is told to do: where its file is, and whether there is a server. Flags come
//! before the environment, the environment before the configuration file, and that before what is
//! so by default.

mod file;
mod paths;
mod remote;

pub(crate) use remote::Remote;

use crate::cli::Globals;
use crate::error::{Error, Result};
use file::File;
use std::env;
use std::path::{Path, PathBuf};

/// Payloads that are longer are cut at their longest texts.
const PAYLOAD_LIMIT: usize = 1_000_000;

/// The configuration, complete.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The SQLite file.
    pub(crate) database: PathBuf,
    /// What says that it is this one.
    pub(crate) database_by: &'static str,
    /// The server, where there is one.
    pub(crate) remote: Option<Remote>,
    /// Whether secrets are replaced before they are stored.
    pub(crate) redact: bool,
    /// How many bytes a payload may have.
    pub(crate) payload_limit: usize,
    /// The name of this machine.
    pub(crate) host: String,
    /// The configuration file, where there is one.
    pub(crate) file: Option<PathBuf>,
}

impl Config {
    /// For commands: what is wrong or not known is told.
    pub(crate) fn load(flags: &Globals) -> Result<Self> {
        let path = paths::config_file(flags.config.as_deref())?;
        let is_asked_for = flags.config.is_some();
        let file = path.as_deref().map(|path| File::read(path, is_asked_for)).transpose()?;
        Self::of(flags, file.flatten(), path)
    }

    /// For hooks: what is wrong or not known is passed over, so that nothing that happens is lost
    /// for a slip in a file. `doctor` tells of it.
    pub(crate) fn load_leniently(flags: &Globals) -> Result<Self> {
        let path = paths::config_file(flags.config.as_deref()).unwrap_or_default();
        let file = path.as_deref().and_then(File::read_leniently);
        Self::of(flags, file, path)
    }

    fn of(flags: &Globals, file: Option<File>, path: Option<PathBuf>) -> Result<Self> {
        let path = path.filter(|_| file.is_some());
        let file = file.unwrap_or_default();
        let beside = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let (database, database_by) = match (&flags.database, variable("CHRONICLE_DB")?) {
            (Some(path), _) => (path.clone(), "--database"),
            (None, Some(path)) => (paths::resolve(&path, Path::new(""))?, "CHRONICLE_DB"),
            (None, None) => match &file.database {
                Some(path) => (paths::resolve(path, beside)?, "the configuration file"),
                None => (paths::default_database()?, "by default"),
            },
        };
        let remote = match Remote::from_environment()? {
            Some(remote) => Some(remote),
            None => {
                file.server.as_ref().map(|server| Remote::from_file(server, beside)).transpose()?
            }
        };
        Ok(Self {
            database,
            database_by,
            remote,
            redact: file.record.redact.unwrap_or(true),
            payload_limit: file.record.payload_limit.unwrap_or(PAYLOAD_LIMIT),
            host: file.host.unwrap_or_else(host),
            file: path,
        })
    }
}

/// A variable of the environment; an empty one counts as unset.
fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Error::Refused(format!("the variable {name} is not UTF-8: set it anew")))
        }
    }
}

fn host() -> String {
    let of_linux = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let of_shell = || ["COMPUTERNAME", "HOSTNAME"].iter().find_map(|name| env::var(name).ok());
    let host = of_linux().or_else(of_shell).unwrap_or_default();
    host.trim().to_owned()
}
