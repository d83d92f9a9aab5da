//! Where downloads, templates and data are kept: `target/test-servers` of the workspace.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::account::Account;
use crate::{Error, Result};

/// The folder of everything: `test-servers` in cargo's target folder. When PostgreSQL must run under another account that
/// cannot enter the target folder (it is below a private home), a folder of the system's temporary folder.
pub(crate) fn base(account: Option<Account>) -> Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    let preferred = create(&target.join("test-servers"))?;
    if account.is_none() || preferred.ancestors().all(everyone_may_enter) {
        return Ok(preferred);
    }
    create(&env::temp_dir().join("chronicle-test-servers"))
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
