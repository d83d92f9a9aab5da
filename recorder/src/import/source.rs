//! [`Source`]: a file to be imported.

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(super) struct Source {
    /// What tells its payloads from those of other files: the absolute path.
    pub(super) name: String,
    pub(super) file: Box<dyn Read>,
    pub(super) size: Option<u64>,
    /// When what is in it had happened, at the latest.
    pub(super) time: DateTime<Utc>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            let (name, file) = ("-".to_owned(), Box::new(std::io::stdin()));
            return Ok(Self { name, file, size: None, time: chronicle::now() });
        }
        let told = |source| Error::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(told)?;
        let about = file.metadata().map_err(told)?;
        if about.is_dir() {
            let words = format!("{} is a folder: name the files in it", path.display());
            return Err(Error::Refused(words));
        }
        let time = about.modified().map_or_else(|_| chronicle::now(), DateTime::from);
        Ok(Self {
            name: std::path::absolute(path).map_err(told)?.display().to_string(),
            file: Box::new(file),
            size: about.is_file().then_some(about.len()),
            time: time.min(chronicle::now()),
        })
    }
}
