//! A settings file: read, and replaced as a whole or not at all.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Behind a settings file's name, the copy of it as it was before its first change.
const COPY: &str = "before-chronicle";

/// A file that an agent reads.
#[derive(Clone, Debug)]
pub(crate) struct SettingsFile {
    /// Where it is, behind symbolic links.
    path: PathBuf,
    /// What is in it; `None` where there is none.
    pub(crate) text: Option<String>,
}

impl SettingsFile {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let path = behind_links(path)?;
        let text = match fs::read(&path) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| {
                Error::Refused(format!("{}: it is no UTF-8; it was left as it is", path.display()))
            })?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => return Err(Error::File { path, source }),
        };
        Ok(Self { path, text })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The copy's name, which no agent takes for settings.
    pub(crate) fn copy(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(COPY);
        self.path.with_file_name(name)
    }

    /// The text of the copy, where there is one.
    pub(crate) fn copied(&self) -> Option<String> {
        fs::read_to_string(self.copy()).ok()
    }

    /// Keeps the file as it is now beside it.
    pub(crate) fn keep_copy(&self) -> Result<()> {
        if self.text.is_none() {
            return Ok(());
        }
        let copy = self.copy();
        self.check_writable()?;
        fs::copy(&self.path, &copy).map_err(|source| Error::File { path: copy, source })?;
        Ok(())
    }

    pub(crate) fn forget_copy(&self) -> Result<()> {
        match fs::remove_file(self.copy()) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(Error::File { path: self.copy(), source })
            }
            _ => Ok(()),
        }
    }

    /// Puts a text in place of what was read. Others see the one or the other, and nothing between.
    pub(crate) fn replace(&self, text: &str) -> Result<()> {
        self.check_writable()?;
        if Self::read(&self.path)?.text != self.text {
            return Err(Error::Refused(format!(
                "{}: somebody else has just changed it; run this again",
                self.path.display()
            )));
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let in_folder = |source| Error::File { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(in_folder)?;
        let (temporary, mut file) = temporary(&self.path).map_err(in_folder)?;
        let written = (|| {
            if let Ok(old) = fs::metadata(&self.path) {
                file.set_permissions(old.permissions())?;
            }
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)
        })();
        written.map_err(|source| {
            drop(fs::remove_file(&temporary));
            Error::File { path: self.path.clone(), source }
        })
    }

    pub(crate) fn delete(&self) -> Result<()> {
        self.check_writable()?;
        fs::remove_file(&self.path)
            .map_err(|source| Error::File { path: self.path.clone(), source })
    }

    /// A rename would replace a file that may only be read: whoever made it so meant it.
    fn check_writable(&self) -> Result<()> {
        match fs::metadata(&self.path) {
            Ok(file) if file.permissions().readonly() => Err(Error::Refused(format!(
                "{}: it may only be read, and was left as it is; make it writable (`chmod u+w`), and \
                 run this again",
                self.path.display()
            ))),
            _ => Ok(()),
        }
    }
}

/// What the path stands for, a link to a file that is not there yet included.
fn behind_links(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(Error::Refused(format!("{}: its symbolic links lead to no file", path.display())))
}

fn temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for attempt in 0..100 {
        let name = format!(".{name}.{}-{attempt}.tmp", std::process::id());
        let temporary = path.with_file_name(name);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}
