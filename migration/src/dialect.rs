//! Which of the two databases a schema is for.

use std::fmt;

use sea_orm_migration::{DbErr, sea_orm::DbBackend};

/// A database that the schema is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL, bare or behind PostgREST.
    Postgres,
    /// A SQLite file.
    Sqlite,
}

impl Dialect {
    /// Tells the database from the scheme of a URL: `sqlite:`, `postgres:` or `postgresql:`.
    ///
    /// # Errors
    ///
    /// [`UnsupportedDatabase`] for any other scheme, and for a text without one. It names the scheme only, since the
    /// rest of a URL may hold a password.
    pub fn of_url(url: &str) -> Result<Self, UnsupportedDatabase> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            Some((scheme, rest)) if rest.starts_with("//") => {
                Err(UnsupportedDatabase(format!("`{scheme}:`")))
            }
            _ => Err(UnsupportedDatabase("a URL without a known scheme".to_owned())),
        }
    }
}

impl TryFrom<DbBackend> for Dialect {
    type Error = UnsupportedDatabase;

    fn try_from(backend: DbBackend) -> Result<Self, UnsupportedDatabase> {
        match backend {
            DbBackend::Postgres => Ok(Self::Postgres),
            DbBackend::Sqlite => Ok(Self::Sqlite),
            other => Err(UnsupportedDatabase(format!("{other:?}"))),
        }
    }
}

/// The database is neither SQLite nor Postgres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedDatabase(String);

impl fmt::Display for UnsupportedDatabase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is not supported: give a SQLite file (sqlite:chronicle.db?mode=rwc) or a Postgres database \
             (postgres://user:password@host/database)",
            self.0
        )
    }
}

impl std::error::Error for UnsupportedDatabase {}

impl From<UnsupportedDatabase> for DbErr {
    fn from(error: UnsupportedDatabase) -> Self {
        Self::Migration(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides() {
        assert_eq!(Dialect::of_url("sqlite:chronicle.db?mode=rwc"), Ok(Dialect::Sqlite));
        assert_eq!(Dialect::of_url("sqlite::memory:"), Ok(Dialect::Sqlite));
        assert_eq!(Dialect::of_url("postgres://localhost/chronicle"), Ok(Dialect::Postgres));
        assert_eq!(Dialect::of_url("postgresql://localhost/chronicle"), Ok(Dialect::Postgres));
    }

    #[test]
    fn another_database_is_named_and_its_password_is_not() {
        for url in ["mysql://root:secret@localhost/chronicle", "root:secret@localhost", "secret"] {
            let message = Dialect::of_url(url).expect_err("is not supported").to_string();
            assert!(!message.contains("secret"), "{message}");
            assert!(message.contains("sqlite:"), "{message}");
        }
        assert!(
            Dialect::of_url("mysql://localhost")
                .expect_err("is not supported")
                .to_string()
                .contains("mysql")
        );
        assert!(
            Dialect::try_from(DbBackend::MySql)
                .expect_err("is not supported")
                .to_string()
                .contains("MySql")
        );
    }
}
