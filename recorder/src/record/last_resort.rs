//! [`Unread`]: a line in a file, for what the database did not take.

use super::keep::as_text;
use std::env;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a hook was given and could not keep otherwise.
pub(super) struct Unread<'a> {
    pub(super) agent: Option<String>,
    pub(super) event: Option<String>,
    pub(super) host: String,
    pub(super) reason: String,
    pub(super) payload: &'a [u8],
}

impl Unread<'_> {
    /// Appends it beside the database, or else where the platform keeps such things, or else in a new file
    /// among the temporary ones. `chronicle import` reads these.
    pub(super) fn write(self, database: Option<&Path>) {
        let (reason, payload) = as_text(self.reason, self.payload);
        let mut line = serde_json::json!({
            "timestamp": chronicle::now(),
            "agent": self.agent,
            "event": self.event,
            "host": self.host,
            "reason": reason,
            "payload": payload,
        })
        .to_string();
        line.push('\n');
        let beside = database.map(|database| {
            let mut path = database.as_os_str().to_owned();
            path.push(".unread.jsonl");
            PathBuf::from(path)
        });
        let mut places = beside.into_iter().chain(state()).chain([temporary()]);
        places.any(|place| append(&place, line.as_bytes()).is_ok());
    }
}

fn state() -> Option<PathBuf> {
    let folder = env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty());
    let folder = folder
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".local/state")))?;
    Some(folder.join("chronicle/unread.jsonl"))
}

fn temporary() -> PathBuf {
    env::temp_dir().join(format!("chronicle-{}.unread.jsonl", uuid::Uuid::now_v7()))
}

/// In one write, so that lines of several processes do not mix. A part of a line is worse than none.
fn append(path: &Path, line: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let before = file.metadata()?.len();
    let written = file.write(line)?;
    if written == line.len() {
        return Ok(());
    }
    // The disk is full: the part goes, unless somebody has written behind it.
    let is_last = file.metadata()?.len() == before + written as u64;
    if is_last {
        file.set_len(before)?;
    } else {
        file.write_all(b"\n")?;
    }
    Err(std::io::ErrorKind::StorageFull.into())
}
