//! What the file has of rows, beside what the remote has.

use crate::backend::sqlite::select_columns;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::RowName;
use crate::key::Key;
use crate::operation::Target;
use crate::{Column, Result, Table};
use sea_orm::Value;

impl Transaction<'_> {
    /// The keys of the file's rows that a condition names.
    pub(crate) fn keys(&self, table: &'static Table, target: &Target) -> Result<Vec<Key>> {
        let condition = match target {
            Target::All => crate::filter::Node::Constant(true),
            target => target.node(table),
        };
        let columns: Vec<&'static Column> = table.key_columns().collect();
        let rows = select_columns(self.connection, table, &columns, &condition)?;
        Ok(rows.into_iter().map(Key::new).collect())
    }

    /// The keys of the rows that match, for which nothing waits, and which are not the file's alone.
    pub(crate) fn settled_keys(&self, table: &'static Table, target: &Target) -> Result<Vec<Key>> {
        let mut settled = Vec::new();
        for key in self.keys(table, target)? {
            if self.own_need(&RowName::of(table, &key))?.is_none() {
                settled.push(key);
            }
        }
        Ok(settled)
    }

    /// Of rows that were read with these columns, the keys of those that the file has otherwise or not at
    /// all, and for which nothing waits.
    pub(crate) fn unlike_in(
        &self,
        table: &'static Table,
        columns: &[&'static Column],
        rows: Vec<(Key, Vec<Value>)>,
    ) -> Result<Vec<Key>> {
        let mut unlike = Vec::new();
        for (key, row) in rows {
            let named = RowName::of(table, &key);
            let condition = Target::Key(key.clone()).node(table);
            let known = select_columns(self.connection, table, columns, &condition)?;
            let is_like = known.first() == Some(&row) && !self.is_unsure(&named)?;
            if !is_like && !self.has_entry(&named)? {
                unlike.push(key);
            }
        }
        Ok(unlike)
    }

    /// Of these rows, those that the file has otherwise or not at all, or that a letter waits for.
    pub(crate) fn unlike(
        &self,
        table: &'static Table,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Vec<Value>>> {
        let columns: Vec<&'static Column> = table.columns.iter().collect();
        let mut unlike = Vec::new();
        for row in rows {
            let named = RowName::of_values(table, &row);
            let condition = Target::Key(table.key_of(&row)).node(table);
            let known = select_columns(self.connection, table, &columns, &condition)?;
            let is_like = known.first() == Some(&row) && !self.is_unsure(&named)?;
            if !is_like || !self.parentless_below(&named)?.is_empty() {
                unlike.push(row);
            }
        }
        Ok(unlike)
    }
}
