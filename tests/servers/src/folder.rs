//! A folder that is removed with its value and with its process.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::account::Account;
use crate::{Error, Result, location};

/// Waits until standard input ends, then removes the folder. A dying server may still write, hence the repetition.
const REMOVE: &str = r#"
cat >/dev/null
tries=0
while rm -rf "$1" 2>/dev/null; [ -e "$1" ] && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
"#;

/// A folder that is removed when the value is dropped, and when the process ends in any way.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    remover: Child,
}

impl TemporaryFolder {
    /// Creates an empty folder, owned by `account`.
    pub(crate) fn create(prefix: &str, account: Option<Account>) -> Result<Self> {
        let path = location::running(account)?.join(location::unique_name(prefix));
        fs::create_dir(&path)
            .map_err(Error::io(format!("create the folder {}", path.display())))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", REMOVE, "sh"]).arg(&path);
        // Its own process group: an interrupt from the keyboard must not end it before it has done its work.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0);
        if let Some(account) = account {
            account.own(&path)?;
            account.apply(&mut command);
        }
        let remover = command.spawn().map_err(Error::io("start /bin/sh"))?;
        Ok(Self { path, remover })
    }

    /// Its absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        drop(self.remover.stdin.take());
        let _ = self.remover.wait();
    }
}
