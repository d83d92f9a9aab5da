//! Payloads that could not be read: in their table, and, where the file took nothing, in another
//! one beside it.

use crate::config::Config;
use crate::error::{Error, Result};
use chronicle::Sqlite;
use chronicle_entity::UnreadPayloads;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;

/// The file beside the database.
pub(crate) fn beside(config: &Config) -> PathBuf {
    let mut path = config.database.clone().into_os_string();
    path.push(".unread.jsonl");
    path.into()
}

/// How many there are.
pub(crate) async fn count(config: &Config, sqlite: &Sqlite) -> Result<u64> {
    let in_table = UnreadPayloads::new(sqlite).find().count().await?;
    Ok(in_table + count_beside(config)?)
}

/// How many lie beside the database.
pub(crate) fn count_beside(config: &Config) -> Result<u64> {
    let path = beside(config);
    let file = match File::open(path.clone()) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(Error::File { path, source }),
    };
    let mut count = 0;
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(|source| Error::File { path: path.clone(), source })?;
        count += u64::from(!line.trim_ascii().is_empty());
    }
    Ok(count)
}
