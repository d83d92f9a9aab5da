//! What was made, and writing it to the disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::render::MARKER;
use crate::report::Report;

/// The modules as text, and what is not in them.
///
/// ```
/// use chronicle_generate::{Options, from_openapi};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let document = r#"{"definitions": {"notes": {"properties": {
///     "id": {"format": "uuid", "description": "<pk/>"}
/// }}}, "paths": {}}"#;
/// let generated = from_openapi(document, &Options::new())?;
/// let folder = tempfile::tempdir()?;
/// generated.write_to(folder.path())?;
/// assert!(folder.path().join("entity/notes.rs").exists());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The files, by their path below the folder that the modules belong into, such as `src`.
    pub files: BTreeMap<PathBuf, String>,
    /// What is left out, and why.
    pub report: Report,
}

impl Generated {
    /// Writes the files below `folder`. Those that are as they should be already are left alone.
    ///
    /// # Errors
    /// [`Error::Foreign`] where a file is in the way that was not written by this package, before any is written;
    /// [`Error::File`] where the disk refuses.
    ///
    /// ```no_run
    /// # fn write(generated: chronicle_generate::Generated) -> chronicle_generate::Result<()> {
    /// generated.write_to("src".as_ref())
    /// # }
    /// ```
    pub fn write_to(&self, folder: &Path) -> Result<()> {
        let mut changed = Vec::new();
        for (path, text) in &self.files {
            let path = folder.join(path);
            match fs::read_to_string(&path) {
                Ok(present) if present == *text => {}
                Ok(present) if present.starts_with(MARKER) => changed.push((path, text)),
                Ok(_) => return Err(Error::Foreign(path)),
                Err(error) if error.kind() == ErrorKind::NotFound => changed.push((path, text)),
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    return Err(Error::Foreign(path));
                }
                Err(source) => return Err(Error::File { path, source }),
            }
        }
        for (path, text) in changed {
            let written = path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, text));
            written.map_err(|source| Error::File { path, source })?;
        }
        Ok(())
    }
}
