//! The server, and where its key is.

use super::file::Server;
use super::{paths, variable};
use crate::error::{Error, Result};
use chronicle::ErrorKind;
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

/// Where the key is. It is fetched when the first request is sent: a hook sends none.
#[derive(Clone)]
enum KeySource {
    None,
    Given { key: String, by: &'static str },
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
            Self::Given { by, .. } => format!("the key in {by}"),
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
                key = KeySource::Given { key: text, by: name };
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
            KeySource::None | KeySource::Given { .. } | KeySource::Command(_) => None,
        }
    }

    /// The same with its key at hand.
    ///
    /// # Errors
    /// When the key cannot be had: nothing could be sent then.
    pub(crate) fn with_key(&self) -> Result<Self> {
        let key = match self.key.fetch(Stdio::inherit())? {
            None => KeySource::None,
            Some(key) => KeySource::Given { key, by: "memory" },
        };
        Ok(Self { key, ..self.clone() })
    }

    /// The same with its key fetched now, so that it is known whom it stands for.
    ///
    /// # Errors
    /// When the key cannot be had.
    pub(crate) fn options_with_key(&self) -> Result<PostgrestOptions> {
        let key = self.key.fetch(Stdio::inherit())?;
        Ok(self.reached_with(key.map_or_else(Key::none, Key::new)))
    }

    fn reached_with(&self, key: Key) -> PostgrestOptions {
        let options = PostgrestOptions::new(&self.url, key);
        match &self.schema {
            Some(schema) => options.schema(schema),
            None => options,
        }
    }

    /// How the server is reached. The key is fetched when the first request is sent.
    pub(crate) fn options(&self) -> PostgrestOptions {
        let options = self.reached_with(Key::none());
        if matches!(self.key, KeySource::None) {
            return options;
        }
        let key = self.key.clone();
        options.key_source(move |_refused: Option<String>| {
            let key = key.clone();
            async move {
                // What a program writes to an agent's terminal would be taken for a hook's words.
                let fetched = tokio::task::spawn_blocking(move || key.fetch(Stdio::null()));
                let unavailable =
                    |words: String| chronicle::Error::new(ErrorKind::Unavailable, words);
                let fetched = fetched.await.map_err(|error| unavailable(error.to_string()))?;
                fetched.map_err(|error| unavailable(error.to_string()))
            }
        })
    }
}

impl KeySource {
    /// The key. `complaints`: where a program's own words go.
    fn fetch(&self, complaints: Stdio) -> Result<Option<String>> {
        match self {
            Self::None => Ok(None),
            Self::Given { key, .. } => Ok(Some(key.clone())),
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| Error::File { path: path.clone(), source })?;
                some_key(text, || format!("{} is empty", path.display()))
            }
            Self::Command(command) => {
                let output = shell(command).stdin(Stdio::null()).stderr(complaints).output()?;
                if !output.status.success() {
                    let words = format!("`key_command` failed ({})", output.status);
                    return Err(Error::Refused(words));
                }
                let text = String::from_utf8(output.stdout)
                    .map_err(|_| Error::Refused("`key_command` printed no UTF-8".to_owned()))?;
                some_key(text, || "`key_command` printed nothing".to_owned())
            }
        }
    }
}

fn some_key(text: String, otherwise: impl FnOnce() -> String) -> Result<Option<String>> {
    if text.trim().is_empty() { Err(Error::Refused(otherwise())) } else { Ok(Some(text)) }
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
