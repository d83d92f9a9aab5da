//! Where things are: the platform's folders, and paths as people write them.

use crate::error::{Error, Result};
use std::env;
use std::path::{Path, PathBuf};

/// The configuration file that a flag, the environment or the platform names; it need not be there.
pub(crate) fn config_file(flag: Option<&Path>) -> Result<Option<PathBuf>> {
    if let Some(path) = flag {
        return Ok(Some(path.to_owned()));
    }
    if let Some(path) = folder("CHRONICLE_CONFIG") {
        return Ok(Some(path));
    }
    let folder = folder("XDG_CONFIG_HOME").or_else(|| in_home(CONFIG)).or_else(of_windows);
    Ok(folder.map(|folder| folder.join("chronicle/config.toml")))
}

/// The file that everything is recorded in, unless something else is said.
pub(crate) fn default_database() -> Result<PathBuf> {
    let folder = folder("XDG_DATA_HOME").or_else(|| in_home(DATA)).or_else(of_windows);
    folder.map(|folder| folder.join("chronicle/chronicle.db")).ok_or_else(|| {
        Error::Refused("no place for the file: set CHRONICLE_DB, or HOME".to_owned())
    })
}

#[cfg(target_os = "macos")]
const CONFIG: &str = "Library/Application Support";
#[cfg(target_os = "macos")]
const DATA: &str = "Library/Application Support";
#[cfg(all(unix, not(target_os = "macos")))]
const CONFIG: &str = ".config";
#[cfg(all(unix, not(target_os = "macos")))]
const DATA: &str = ".local/share";
#[cfg(not(unix))]
const CONFIG: &str = r"AppData\Roaming";
#[cfg(not(unix))]
const DATA: &str = r"AppData\Local";

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn in_home(folder: &str) -> Option<PathBuf> {
    env::home_dir().filter(|home| !home.as_os_str().is_empty()).map(|home| home.join(folder))
}

/// Where a service without a profile runs.
fn of_windows() -> Option<PathBuf> {
    folder("LOCALAPPDATA")
}

/// A path as it was written: `~` is the home folder, `$NAME` and `${NAME}` are variables, and what is
/// relative is so to `beside`.
pub(crate) fn resolve(written: &str, beside: &Path) -> Result<PathBuf> {
    let mut out = String::new();
    let mut rest = written;
    if written == "~" || written.starts_with("~/") || written.starts_with(r"~\") {
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let home = home.ok_or_else(|| refused(written, "`~` is no folder: set HOME"))?;
        out.push_str(home.to_str().ok_or_else(|| refused(written, "the home folder is no UTF-8"))?);
        rest = rest.strip_prefix('~').unwrap_or(rest);
    }
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, after) = match after.strip_prefix('{') {
            Some(braced) => {
                braced.split_once('}').ok_or_else(|| refused(written, "`${` without `}`"))?
            }
            None => {
                let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
                let end = after.find(|sign| !is_part(sign)).unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if name.is_empty() {
            out.push('$');
        } else {
            let value = env::var(name).ok().filter(|value| !value.is_empty());
            let unset = || refused(written, &format!("the variable {name} is not set"));
            out.push_str(&value.ok_or_else(unset)?);
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(beside.join(out))
}

fn refused(written: &str, why: &str) -> Error {
    Error::Refused(format!("the path `{written}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved() {
        let beside = Path::new("/etc/chronicle");
        let path = |written: &str| resolve(written, beside).map_err(|error| error.to_string());
        assert_eq!(path("a/b.db"), Ok("/etc/chronicle/a/b.db".into()));
        assert_eq!(path("/a/b.db"), Ok("/a/b.db".into()));
        assert_eq!(path("a~b"), Ok("/etc/chronicle/a~b".into()));
        let home = env::home_dir().unwrap_or_default();
        assert_eq!(path("~/b.db"), Ok(home.join("b.db")));
        assert_eq!(
            path("$CARGO_MANIFEST_DIR/b"),
            Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("b"))
        );
        assert_eq!(path("${CARGO_PKG_NAME}.db"), Ok("/etc/chronicle/chronicle-recorder.db".into()));
        let error = path("$NOT_SET_ANYWHERE/x").unwrap_err();
        assert_eq!(
            error,
            "the path `$NOT_SET_ANYWHERE/x`: the variable NOT_SET_ANYWHERE is not set"
        );
    }
}
