//! The configuration file.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::Path;

/// What stands in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) database: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) server: Option<Server>,
    pub(crate) record: Record,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) supabase_url: Option<String>,
    pub(crate) postgrest_url: Option<String>,
    pub(crate) key_file: Option<String>,
    pub(crate) key_command: Option<String>,
    pub(crate) schema: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) redact: Option<bool>,
    pub(crate) payload_limit: Option<usize>,
}

impl File {
    /// The file; `None` where there is none, unless it was asked for by name.
    pub(crate) fn read(path: &Path, is_asked_for: bool) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !is_asked_for => return Ok(None),
            Err(source) => return Err(Error::File { path: path.to_owned(), source }),
        };
        // Its words, and not the line that they are about: a key may stand in it.
        toml::from_str(text.trim_start_matches('\u{feff}')).map(Some).map_err(|error| {
            let line = error.span().and_then(|span| text.get(..span.start));
            let line = line.map_or(1, |before| before.matches('\n').count() + 1);
            Error::Refused(format!("{}, line {line}: {}", path.display(), error.message()))
        })
    }

    /// What can be understood of the file.
    pub(crate) fn read_leniently(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let text = text.trim_start_matches('\u{feff}');
        if let Ok(file) = toml::from_str(text) {
            return Some(file);
        }
        let table: toml::Table = toml::from_str(text).ok()?;
        let text = |table: &toml::Table, name: &str| table.get(name)?.as_str().map(str::to_owned);
        let part = |name: &str| table.get(name).and_then(toml::Value::as_table);
        let record = part("record");
        Some(Self {
            database: text(&table, "database"),
            host: text(&table, "host"),
            server: part("server").map(|server| Server {
                supabase_url: text(server, "supabase_url"),
                postgrest_url: text(server, "postgrest_url"),
                key_file: text(server, "key_file"),
                key_command: text(server, "key_command"),
                schema: text(server, "schema"),
            }),
            record: Record {
                redact: record.and_then(|record| record.get("redact")?.as_bool()),
                payload_limit: record
                    .and_then(|record| record.get("payload_limit")?.as_integer())
                    .and_then(|limit| usize::try_from(limit).ok()),
            },
        })
    }
}
