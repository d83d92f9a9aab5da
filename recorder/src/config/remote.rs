//! The server, and where its key is.

use super::file::Server;
use super::{paths, variable};
use crate::error::{Error, Result};
use chronicle::postgrest::{Key, PostgrestOptions};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const KEYS: [&str; 4] = [
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_ANON_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
];

/// A PostgREST server.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// Its address, below which the tables are.
    pub(crate) url: String,
    schema: Option<String>,
    key: KeySource,
}

/// Where the key is. It is fetched when it is needed.
#[derive(Clone)]
enum KeySource {
    None,
    Given(Key, &'static str),
    File(PathBuf),
    Command(String),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.words())
    }
}

impl KeySource {
    fn words(&self) -> String {
        match self {
            Self::None => "no key".to_owned(),
            Self::Given(_, variable) => format!("the key in {variable}"),
            Self::File(path) => format!("the key in {}", path.display()),
            Self::Command(_) => "the key that `key_command` prints".to_owned(),
        }
    }
}

impl Remote {
    pub(super) fn from_environment() -> Result<Option<Self>> {
        let mut key = KeySource::None;
        for name in KEYS {
            if let Some(text) = variable(name)? {
                key = KeySource::Given(Key::new(text), name);
                break;
            }
        }
        let (supabase, server) = (variable("SUPABASE_URL")?, variable("POSTGREST_URL")?);
        // A key alone is left over from something else: it names no server.
        if supabase.is_none() && server.is_none() {
            return Ok(None);
        }
        Self::new(supabase, server, key, None, ["SUPABASE_URL", "POSTGREST_URL"]).map(Some)
    }

    pub(super) fn from_file(server: &Server, beside: &Path) -> Result<Self> {
        let key = match (&server.key_file, &server.key_command) {
            (Some(_), Some(_)) => {
                let words =
                    "the configuration has both `key_file` and `key_command`: leave one out";
                return Err(Error::Refused(words.to_owned()));
            }
            (Some(file), None) => KeySource::File(paths::resolve(file, beside)?),
            (None, Some(command)) => KeySource::Command(command.clone()),
            (None, None) => KeySource::None,
        };
        let names = ["supabase_url", "postgrest_url"];
        let (supabase, postgrest) = (server.supabase_url.clone(), server.postgrest_url.clone());
        Self::new(supabase, postgrest, key, server.schema.clone(), names)
    }

    fn new(
        supabase: Option<String>,
        postgrest: Option<String>,
        key: KeySource,
        schema: Option<String>,
        [supabase_name, postgrest_name]: [&str; 2],
    ) -> Result<Self> {
        let url = match (supabase, postgrest) {
            (Some(_), Some(_)) => {
                return Err(Error::Refused(format!(
                    "both {supabase_name} and {postgrest_name} are set: leave one of them out"
                )));
            }
            (Some(url), None) => {
                if matches!(key, KeySource::None) {
                    return Err(Error::Refused(format!(
                        "{supabase_name} is set without a key: set `key_file` or `key_command` in the configuration, \
                         or one of {}",
                        KEYS.join(", ")
                    )));
                }
                let url = url.trim().trim_end_matches('/');
                let path = if url.ends_with("/rest/v1") { "" } else { "/rest/v1" };
                format!("{url}{path}")
            }
            (None, Some(url)) => url.trim().to_owned(),
            (None, None) => {
                return Err(Error::Refused(format!(
                    "the configuration's `server` has no address: set `{supabase_name}` or `{postgrest_name}`"
                )));
            }
        };
        Ok(Self { url, schema, key })
    }

    /// Where the key is, for whoever looks for a mistake.
    pub(crate) fn key_words(&self) -> String {
        self.key.words()
    }

    /// The file that it is in.
    pub(crate) fn key_file(&self) -> Option<&Path> {
        match &self.key {
            KeySource::File(path) => Some(path),
            KeySource::None | KeySource::Given(..) | KeySource::Command(_) => None,
        }
    }

    /// Whether a program has to be run for the key, which takes longer than a hook has.
    pub(crate) const fn key_is_slow(&self) -> bool {
        matches!(self.key, KeySource::Command(_))
    }

    /// The key.
    pub(crate) fn key(&self) -> Result<Key> {
        match &self.key {
            KeySource::None => Ok(Key::none()),
            KeySource::Given(key, _) => Ok(key.clone()),
            KeySource::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| Error::File { path: path.clone(), source })?;
                some_key(&text, || format!("{} is empty", path.display()))
            }
            KeySource::Command(command) => {
                let output =
                    shell(command).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
                if !output.status.success() {
                    let words = format!("`key_command` failed ({})", output.status);
                    return Err(Error::Refused(words));
                }
                let text = String::from_utf8(output.stdout)
                    .map_err(|_| Error::Refused("`key_command` printed no UTF-8".to_owned()))?;
                some_key(&text, || "`key_command` printed nothing".to_owned())
            }
        }
    }

    /// How the server is reached.
    pub(crate) fn options(&self) -> Result<PostgrestOptions> {
        let options = PostgrestOptions::new(&self.url, self.key()?);
        Ok(match &self.schema {
            Some(schema) => options.schema(schema),
            None => options,
        })
    }
}

fn some_key(text: &str, otherwise: impl FnOnce() -> String) -> Result<Key> {
    if text.trim().is_empty() { Err(Error::Refused(otherwise())) } else { Ok(Key::new(text)) }
}

fn shell(command: &str) -> Command {
    if cfg!(windows) {
        let mut shell = Command::new("cmd");
        shell.args(["/C", command]);
        shell
    } else {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]);
        shell
    }
}
