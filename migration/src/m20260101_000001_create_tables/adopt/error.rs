//! Why a file of the original design cannot be taken over.

use std::fmt;

use sea_orm_migration::DbErr;

/// Why a file cannot be taken over.
#[derive(Debug)]
pub(super) enum AdoptionError {
    /// A table of that name is there, in another shape.
    OtherTable { table: &'static str },
    /// An id is no UUID.
    NotUuid { table: &'static str, column: &'static str, value: String },
    /// Two rows have the same id, written differently.
    SameId { table: &'static str, id: String },
    /// A time cannot be read.
    NotTime { table: &'static str, column: &'static str, id: String, value: String },
    /// A value is of the wrong type, or is not UTF-8.
    Unreadable { table: &'static str, column: &'static str, rowid: i64 },
}

impl fmt::Display for AdoptionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherTable { table } => write!(
                formatter,
                "the file has a table {table} that is not of the original design and that no migration made: rename \
                 it, or give another file"
            ),
            Self::NotUuid { table, column, value } => write!(
                formatter,
                "table {table}: the {column} {value:?} is not a UUID, and ids must be UUIDs: change it, and what \
                 refers to it"
            ),
            Self::SameId { table, id } => write!(
                formatter,
                "table {table}: two rows have the id {id}, written differently: change or delete one of them"
            ),
            Self::NotTime { table, column, id, value } => write!(
                formatter,
                "table {table}: the {column} {value:?} of the row with the id {id:?} is not an ISO 8601 time: correct it"
            ),
            Self::Unreadable { table, column, rowid } => write!(
                formatter,
                "table {table}: the {column} of the row with the rowid {rowid} is of a wrong type or not UTF-8: correct \
                 it"
            ),
        }
    }
}

impl std::error::Error for AdoptionError {}

impl From<AdoptionError> for DbErr {
    fn from(error: AdoptionError) -> Self {
        Self::Migration(error.to_string())
    }
}
