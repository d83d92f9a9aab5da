//! [`Place`]: where a database is.

use crate::{BackendKind, Error, ErrorKind, Result};
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In memory, under a name that no other has in this process.
    Memory(String),
    /// In a file, by its absolute path.
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(_) => formatter.write_str(":memory:"),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

impl Place {
    /// The place that a path names now: a later change of the current folder does not change it.
    pub(super) fn of(path: &Path) -> Result<Self> {
        if path == Path::new(":memory:") {
            return Ok(Self::new_in_memory());
        }
        if path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
            return Err(Error::invalid(format!(
                "`{}` is a URI: give the path of the file itself",
                path.display()
            )));
        }
        let path = std::path::absolute(path)
            .map_err(|error| Error::invalid(format!("the path of the file: {error}")))?;
        Ok(Self::File(path))
    }

    /// A place that nobody has used before. SQLite shares a database of its VFS `memdb` among the
    /// connections of a process if its name begins with `/`.
    pub(super) fn new_in_memory() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self::Memory(format!("/chronicle-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Makes the file and its folder where they are missing. The place by the name that the
    /// database has of itself, without links: locks and what lies beside it go by that.
    pub(super) fn make(self) -> Result<Self> {
        let Self::File(path) = self else { return Ok(self) };
        match make_file(&path).and_then(|()| path.canonicalize()) {
            Ok(path) => Ok(Self::File(path)),
            Err(error) => Err(cannot_open(ErrorKind::Unavailable, &path, &error)),
        }
    }
}

/// Why the file cannot be opened or made, in the words of the system.
pub(super) fn cannot_open(kind: ErrorKind, path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot open or make the file {}: {error}", path.display());
    Error::new(kind, message).with_backend(BackendKind::Sqlite)
}

fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if path.exists() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    // Not `create_new`: the path may be a link to where the file is to be.
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}
