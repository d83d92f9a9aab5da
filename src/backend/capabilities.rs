//! [`Capabilities`]: where backends may differ, as data.

use crate::BackendKind;
use std::fmt;

/// Where backends may differ. All else is the same on each, which one suite of tests checks on all.
///
/// | | SQLite | PostgREST | failover pair | pair, degraded |
/// |---|---|---|---|---|
/// | foreign keys | always | always | sometimes | never |
/// | `query_raw` | always | always | sometimes | never |
/// | bulk writes are atomic | always | never | sometimes | always |
/// | long conditions | always | never | sometimes | always |
/// | counted keys | always | always | sometimes | never |
/// | upserts by other columns | always | always | sometimes | never |
///
/// ```
/// use chronicle::{Ability, BackendKind};
///
/// let postgrest = BackendKind::Postgrest.capabilities();
/// assert_eq!(postgrest.foreign_keys, Ability::Always);
/// assert_eq!(postgrest.bulk_is_atomic, Ability::Never);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The database refuses rows without their parent, and parents that have children, with
    /// [`ForeignKey`](crate::ErrorKind::ForeignKey).
    pub foreign_keys: Ability,
    /// [`Store::query_raw`](crate::Store::query_raw) works: on PostgREST once the function
    /// `execute_sql` is installed.
    pub query_raw: Ability,
    /// A bulk write of any size stores all of its rows or none. Where it does not, the error's
    /// [`rows_stored`](crate::Error::rows_stored) tells how far it came.
    pub bulk_is_atomic: Ability,
    /// A condition may be of any length. Where it may not, it travels in a URL: what does not fit
    /// and cannot be cut is [`InvalidInput`](crate::ErrorKind::InvalidInput).
    pub long_conditions: Ability,
    /// A row may leave its key to the database, which counts it up. Where it may not, such an insert is
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub counted_keys: Ability,
    /// [`upsert_on`](crate::Repository::upsert_on) and
    /// [`insert_if_absent_on`](crate::Repository::insert_if_absent_on) work. Where they may not, they are
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub other_unique: Ability,
}

/// Whether a backend is able to do something.
///
/// ```
/// use chronicle::{Ability, BackendKind};
///
/// let pair = BackendKind::Failover.capabilities();
/// assert_eq!(pair.query_raw, Ability::Sometimes);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Whenever the backend serves.
    Always,
    /// It is refused or left out, each time.
    Never,
    /// It depends on which of two databases serves.
    Sometimes,
}

impl Capabilities {
    /// What a SQLite file or in-memory database can do.
    pub const SQLITE: Self = Self {
        foreign_keys: Ability::Always,
        query_raw: Ability::Always,
        bulk_is_atomic: Ability::Always,
        long_conditions: Ability::Always,
        counted_keys: Ability::Always,
        other_unique: Ability::Always,
    };

    /// What a PostgREST server can do; a healthy failover pair, too.
    pub const POSTGREST: Self = Self {
        foreign_keys: Ability::Always,
        query_raw: Ability::Always,
        bulk_is_atomic: Ability::Never,
        long_conditions: Ability::Never,
        counted_keys: Ability::Always,
        other_unique: Ability::Always,
    };

    /// What a failover pair can do, whoever of the two serves.
    pub const FAILOVER: Self = Self {
        foreign_keys: Ability::Sometimes,
        query_raw: Ability::Sometimes,
        bulk_is_atomic: Ability::Sometimes,
        long_conditions: Ability::Sometimes,
        counted_keys: Ability::Sometimes,
        other_unique: Ability::Sometimes,
    };

    /// What a failover pair can do while its file serves alone.
    pub const DEGRADED: Self = Self {
        foreign_keys: Ability::Never,
        query_raw: Ability::Never,
        bulk_is_atomic: Ability::Always,
        long_conditions: Ability::Always,
        counted_keys: Ability::Never,
        other_unique: Ability::Never,
    };
}

impl BackendKind {
    /// What a backend of this kind can do.
    ///
    /// ```
    /// use chronicle::{BackendKind, Capabilities};
    /// assert_eq!(BackendKind::Sqlite.capabilities(), Capabilities::SQLITE);
    /// ```
    #[must_use]
    pub const fn capabilities(self) -> Capabilities {
        match self {
            Self::Sqlite => Capabilities::SQLITE,
            Self::Postgrest => Capabilities::POSTGREST,
            Self::Failover => Capabilities::FAILOVER,
        }
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Sometimes => "sometimes",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Capabilities;

    #[test]
    fn the_table_in_the_docs_says_the_same() {
        let backends = [
            Capabilities::SQLITE,
            Capabilities::POSTGREST,
            Capabilities::FAILOVER,
            Capabilities::DEGRADED,
        ];
        for (name, ability) in [
            ("foreign keys", (|backend| backend.foreign_keys) as fn(Capabilities) -> _),
            ("`query_raw`", |backend| backend.query_raw),
            ("bulk writes are atomic", |backend| backend.bulk_is_atomic),
            ("long conditions", |backend| backend.long_conditions),
            ("counted keys", |backend| backend.counted_keys),
            ("upserts by other columns", |backend| backend.other_unique),
        ] {
            let cells = backends.map(|backend| ability(backend).to_string()).join(" | ");
            let row = format!("/// | {name} | {cells} |\n");
            assert!(include_str!("capabilities.rs").contains(&row), "{row}");
        }
    }
}
