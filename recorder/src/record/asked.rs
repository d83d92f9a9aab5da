//! What a hook's command line says, read so that no slip in it is an error.

use crate::agent::Agent;
use std::ffi::OsString;
use std::path::PathBuf;

/// Options that are followed by a value.
const WITH_VALUE: [&str; 5] = ["--agent", "--event", "--database", "--config", "--color"];

/// What is asked of `record`.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) agent: Option<Agent>,
    pub(super) event: Option<String>,
    pub(super) redact: bool,
    pub(super) database: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
    pub(super) wants_help: bool,
}

/// The command that a command line names.
pub(super) fn command(arguments: &[OsString]) -> Option<&str> {
    let mut rest = arguments.iter().skip(1).map(|argument| argument.to_str().unwrap_or("?"));
    while let Some(argument) = rest.next() {
        if WITH_VALUE.contains(&argument) {
            rest.next();
        } else if !argument.starts_with('-') {
            return Some(argument);
        }
    }
    None
}

pub(super) fn asks_for_help(arguments: &[OsString]) -> bool {
    let asks = ["-h", "--help", "-V", "--version"];
    arguments.iter().any(|argument| asks.iter().any(|ask| argument == ask))
}

impl Asked {
    pub(super) fn of(arguments: &[OsString]) -> Self {
        let mut asked = Self {
            agent: None,
            event: None,
            redact: true,
            database: None,
            config: None,
            wants_help: asks_for_help(arguments),
        };
        let mut rest = arguments.iter().skip(1);
        while let Some(argument) = rest.next() {
            // A path need not be UTF-8, but what names it is.
            let text = argument.to_string_lossy();
            let (name, value) = match text.split_once('=') {
                Some((name, value)) if name.starts_with("--") => {
                    (name.to_owned(), Some(OsString::from(value)))
                }
                _ if WITH_VALUE.contains(&text.as_ref()) => {
                    (text.clone().into_owned(), rest.next().cloned())
                }
                _ => (text.clone().into_owned(), None),
            };
            asked.take(&name, value);
        }
        asked
    }

    fn take(&mut self, name: &str, value: Option<OsString>) {
        let text = || value.as_ref().map(|value| value.to_string_lossy().into_owned());
        match name {
            "--agent" => self.agent = text().and_then(|name| name.parse().ok()),
            "--event" => self.event = text(),
            "--no-redact" => self.redact = false,
            "--database" => self.database = value.map(PathBuf::from),
            "--config" => self.config = value.map(PathBuf::from),
            _ => {}
        }
    }
}
