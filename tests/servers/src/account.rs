//! The account that PostgreSQL runs under.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::{Error, Result, blocking};

/// Another account to run a server under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account for PostgreSQL, which refuses to run as root: the user `postgres` or `nobody` when this process is
    /// root's, `None` (this process's own account) otherwise.
    pub(crate) fn for_postgres() -> Result<Option<Self>> {
        if blocking::complete(Command::new("id").arg("-u"))?.trim() != "0" {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(Error::io("read /etc/passwd"))?;
        ["postgres", "nobody"].into_iter().find_map(|name| Self::named(&users, name)).map(Some).ok_or_else(|| {
            Error::Invalid(
                "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it under: \
                 add one of them, or do not run as root"
                    .to_owned(),
            )
        })
    }

    fn named(users: &str, name: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut parts = line.split(':');
            if parts.next() != Some(name) {
                return None;
            }
            let (uid, gid) = (parts.nth(1)?.parse().ok()?, parts.next()?.parse().ok()?);
            // macOS writes `nobody` as -2, which does not parse; 0 would be root again.
            (uid != 0).then_some(Self { uid, gid })
        })
    }

    /// Makes `command` run under this account.
    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives a folder to this account.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).map_err(Error::io(format!(
            "give {} to uid {}",
            path.display(),
            self.uid
        )))
    }

    /// The name of the folder that belongs to this account.
    pub(crate) fn folder_name(account: Option<Self>) -> String {
        account.map_or_else(|| "run".to_owned(), |account| format!("run-{}", account.uid))
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn finds_a_user_but_never_root() {
        let users = "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nnobody:x:65534:65533:n:/:/sbin/nologin\n";
        assert_eq!(Account::named(users, "nobody"), Some(Account { uid: 65534, gid: 65533 }));
        assert_eq!(Account::named(users, "toor"), None);
        assert_eq!(Account::named(users, "postgres"), None);
    }
}
