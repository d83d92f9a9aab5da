//! Where downloads, templates and data are kept: in cargo's target folder, or the user's cache.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::account::Account;
use crate::{Error, Result};

/// The folder of everything. When PostgreSQL must run under another account that cannot enter it (it is below a private
/// home), a folder of the system's temporary folder.
pub(crate) fn base(account: Option<Account>) -> Result<PathBuf> {
    let preferred = create(&preferred())?;
    if account.is_none() || preferred.ancestors().all(everyone_may_enter) {
        return Ok(preferred);
    }
    create(&env::temp_dir().join("chronicle-test-servers"))
}

/// `test-servers` in the target folder that this program is in, or that cargo is told; else a folder of the user's cache.
/// Never the folder of this package's source: as a dependency it is a checkout of cargo's own.
fn preferred() -> PathBuf {
    let target = env::current_exe()
        .ok()
        .and_then(|program| target_of(&program))
        .or_else(|| env::var_os("CARGO_TARGET_DIR").map(PathBuf::from));
    match target {
        Some(target) => target.join("test-servers"),
        None => cache().unwrap_or_else(env::temp_dir).join("chronicle-test-servers"),
    }
}

/// The target folder that a program is in, by the files that cargo leaves there.
fn target_of(program: &Path) -> Option<PathBuf> {
    let marks = ["CACHEDIR.TAG", ".rustc_info.json"];
    let is_target = |folder: &&Path| marks.iter().all(|mark| folder.join(mark).is_file());
    program.ancestors().skip(1).find(is_target).map(Path::to_path_buf)
}

fn cache() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_CACHE_HOME").or_else(|| {
        let within = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        folder("HOME").map(|home| home.join(within))
    })
}

/// The folder of running servers' data, owned by `account`: within `$TEST_SERVERS_DATA`, or the folder of everything.
pub(crate) fn running(account: Option<Account>) -> Result<PathBuf> {
    let parent = env::var_os("TEST_SERVERS_DATA")
        .map_or_else(|| base(account), |folder| Ok(PathBuf::from(folder)))?;
    let folder = create(&parent.join(Account::folder_name(account)))?;
    if let Some(account) = account {
        account.own(&folder)?;
    }
    Ok(folder)
}

/// Creates a folder and its parents; answers its absolute path.
fn create(path: &Path) -> Result<PathBuf> {
    fs::create_dir_all(path)
        .and_then(|()| path.canonicalize())
        .map_err(Error::io(format!("create the folder {}", path.display())))
}

fn everyone_may_enter(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0)
}

/// A name that no other process and no other call uses.
pub(crate) fn unique_name(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    format!("{prefix}-{}-{count}-{time:x}", std::process::id())
}

/// Puts a finished folder in its place. Another process may have done so first; then that one stays and this is removed.
pub(crate) fn publish(made: &Path, place: &Path) -> Result<()> {
    match fs::rename(made, place) {
        Ok(()) => Ok(()),
        Err(_) if place.exists() => fs::remove_dir_all(made)
            .map_err(Error::io(format!("remove the folder {}", made.display()))),
        Err(error) => {
            Err(Error::io(format!("rename {} to {}", made.display(), place.display()))(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{base, target_of, unique_name};
    use std::env;
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_program_is_in_the_target_folder_that_cargo_marks() {
        let folder = env::temp_dir().join(unique_name("target"));
        let deps = folder.join("debug/deps");
        fs::create_dir_all(&deps).expect("the temporary folder is writable");
        let program = deps.join("program");
        assert_eq!(target_of(&program), None);
        for mark in ["CACHEDIR.TAG", ".rustc_info.json"] {
            fs::write(folder.join(mark), "").expect("writable");
        }
        assert_eq!(target_of(&program), Some(folder.clone()));
        fs::remove_dir_all(&folder).expect("the folder is there");
    }

    #[test]
    fn nothing_is_kept_beside_the_source() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().expect("it is there");
        let place = base(None).expect("a place");
        assert!(!place.starts_with(&source), "{}", place.display());
        let program = env::current_exe().expect("this program");
        let target = target_of(&program).expect("tests are in a target folder");
        assert_eq!(place, target.canonicalize().expect("it is there").join("test-servers"));
    }
}
