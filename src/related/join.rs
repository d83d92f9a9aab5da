//! [`Join`]: the columns by which rows of two tables belong together.

use crate::{Error, ErrorKind, Result, Table};
use sea_orm::{Identity, RelationDef};

/// Columns of one table, and those of another that hold the same values.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    of: &'static Table,
    pub(crate) from: Vec<usize>,
    pub(crate) table: &'static Table,
    pub(crate) to: Vec<usize>,
    /// Whether the columns of the first table are the foreign key.
    #[cfg(feature = "postgrest")]
    is_child: bool,
}

impl Join {
    /// # Errors
    /// `SchemaMismatch` for columns that the entities do not have.
    pub(crate) fn between(
        of: &'static Table,
        table: &'static Table,
        definition: &RelationDef,
    ) -> Result<Self> {
        let positions = |table: &Table, columns: &Identity| -> Result<Vec<usize>> {
            let position = |name: String| {
                table.columns.iter().position(|column| column.name == name).ok_or_else(|| {
                    let message = format!("SeaORM's relation names the column `{name}`");
                    Error::new(
                        ErrorKind::SchemaMismatch,
                        message + ", which the entity does not have",
                    )
                    .with_table(table.name)
                })
            };
            columns.clone().into_iter().map(|column| position(column.to_string())).collect()
        };
        let from = positions(of, &definition.from_col)?;
        let to = positions(table, &definition.to_col)?;
        // SeaORM calls the side that is referred to the owner.
        Ok(Self {
            of,
            from,
            table,
            to,
            #[cfg(feature = "postgrest")]
            is_child: !definition.is_owner,
        })
    }

    /// The columns that belong together, in pairs.
    #[cfg(feature = "sqlite")]
    pub(crate) fn pairs(
        &self,
    ) -> impl Iterator<Item = (&'static crate::Column, &'static crate::Column)> {
        let columns = self.from.iter().zip(&self.to);
        columns.map(|(from, to)| (&self.of.columns[*from], &self.table.columns[*to]))
    }

    /// The table that is around.
    #[cfg(feature = "postgrest")]
    pub(crate) const fn of(&self) -> &'static Table {
        self.of
    }

    /// Whether both tables are one.
    #[cfg(feature = "postgrest")]
    pub(crate) fn is_of_itself(&self) -> bool {
        (self.of.schema, self.of.name) == (self.table.schema, self.table.name)
    }

    /// The one column of the foreign key, if it is one.
    #[cfg(feature = "postgrest")]
    pub(crate) fn foreign_key(&self) -> Option<ForeignKey> {
        match (&self.from[..], &self.to[..]) {
            ([from], _) if self.is_child => Some(ForeignKey::Own(&self.of.columns[*from])),
            (_, [to]) if !self.is_child => Some(ForeignKey::Theirs(&self.table.columns[*to])),
            _ => None,
        }
    }
}

/// The column of a foreign key, by whose it is.
#[cfg(feature = "postgrest")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum ForeignKey {
    /// Of the row that others are looked for beside.
    Own(&'static crate::Column),
    Theirs(&'static crate::Column),
}

impl PartialEq for Join {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.of, other.of)
            && std::ptr::eq(self.table, other.table)
            && (&self.from, &self.to) == (&other.from, &other.to)
    }
}
