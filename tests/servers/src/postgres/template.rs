//! A fresh cluster's files, made once and copied for each cluster.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::programs::Programs;
use crate::account::Account;
use crate::{Error, Result, blocking, location};

/// The roles as Supabase has them. One statement a line, as PostgreSQL's single-user mode reads them.
const ROLES: &str = "\
create role anon nologin noinherit
create role authenticated nologin noinherit
create role service_role nologin noinherit bypassrls
create role authenticator login noinherit
grant anon, authenticated, service_role to authenticator
";

const INITDB: [&str; 6] =
    ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"];

/// The folder of the template, made if it is missing.
pub(super) fn ensure(programs: &Programs, account: Option<Account>) -> Result<PathBuf> {
    let version = blocking::complete(Command::new(programs.postgres()).arg("--version"))?;
    let running = location::running(account)?;
    let mut digest = Sha256::new();
    for part in [&version, ROLES, &INITDB.join(" ")] {
        digest.update(part.as_bytes());
    }
    let hash: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let place = running.join(format!("template-{hash}"));
    if !place.is_dir() {
        let made = running.join(location::unique_name("initdb"));
        if let Err(error) = make(programs, account, &made) {
            // The first error is the one to report.
            let _ = fs::remove_dir_all(&made);
            return Err(error);
        }
        location::publish(&made, &place)?;
    }
    Ok(place)
}

fn make(programs: &Programs, account: Option<Account>, folder: &Path) -> Result<()> {
    // Its account must be able to enter the working folder.
    let command = |program: PathBuf| {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Some(account) = account {
            account.apply(&mut command);
        }
        command
    };
    blocking::complete(command(programs.initdb()).args(INITDB).arg(folder))?;

    let mut single_user = command(programs.postgres());
    single_user.args(["--single", "-c", "exit_on_error=on", "-D"]).arg(folder).arg("postgres");
    let mut child = single_user
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io("start postgres --single"))?;
    let written = child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(ROLES.as_bytes()));
    let output = child.wait_with_output().map_err(Error::io("wait for postgres --single"))?;
    if output.status.success() && written.is_ok() {
        return Ok(());
    }
    Err(Error::Command {
        command: "postgres --single".to_owned(),
        status: output.status.to_string(),
        output: blocking::tail(&String::from_utf8_lossy(&output.stderr)),
    })
}
