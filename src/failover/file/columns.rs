//! The columns that entities of a table have which were used with the file, and which rows lack some.

use super::relations::Relations;
use super::transaction::Transaction;
use crate::failover::rules::name::TableName;
use crate::operation::Target;
use crate::{Kind, Result, Table};

impl Transaction<'_> {
    /// How many columns of a table the entities have that were used with the file.
    pub(super) fn columns_in_use(&self, relations: &Relations, table: &TableName) -> Result<usize> {
        if relations.entities == self.counts.entities {
            return Ok(relations.columns.get(table.as_str()).copied().unwrap_or_default());
        }
        let sql = "select count(*) from chronicle_columns where table_name = ?1";
        let columns: Option<i64> = self.first(sql, [table.as_str()], |row| row.get(0))?;
        Ok(usize::try_from(columns.unwrap_or_default()).unwrap_or_default())
    }

    /// Whether another entity has more columns of the table: of a row that the file lacks, this one
    /// does not know them all.
    pub(crate) fn is_narrow(&self, relations: &Relations, table: &'static Table) -> Result<bool> {
        Ok(self.columns_in_use(relations, &TableName::of(table))? > table.columns.len())
    }

    /// As [`is_narrow`](Self::is_narrow), before rows of the entity are stored: notes its columns
    /// where they could not be noted when it was first used.
    pub(super) fn meets_wider(
        &mut self,
        relations: &Relations,
        table: &'static Table,
    ) -> Result<bool> {
        let in_use = self.columns_in_use(relations, &TableName::of(table))?;
        if in_use < table.columns.len() {
            self.note_columns(table)?;
            return self.is_narrow(relations, table);
        }
        Ok(in_use > table.columns.len())
    }

    /// Whether the columns of an entity are noted.
    pub(super) fn knows_columns(&self, table: &'static Table) -> Result<bool> {
        let sql = "select 1 from chronicle_columns where table_name = ?1 and column_name = ?2";
        let name = TableName::of(table);
        for column in table.columns {
            if !self.exists(sql, (name.as_str(), column.name))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes the columns of an entity. Rows that the file has from before are not known until they
    /// were fetched: they lack what is new.
    pub(super) fn note_columns(&mut self, table: &'static Table) -> Result<()> {
        let name = TableName::of(table);
        let is_first = {
            let sql = "select 1 from chronicle_columns where table_name = ?1 limit 1";
            !self.exists(sql, [name.as_str()])?
        };
        let keys = if is_first { Vec::new() } else { self.keys(table, &Target::All)? };
        let late = (!keys.is_empty()).then_some(self.counts.sequence);
        let sql = "insert or ignore into chronicle_columns \
            (table_name, column_name, made, bytes, late) values (?1, ?2, ?3, ?4, ?5)";
        let mut new = 0;
        for column in table.columns {
            new += self.execute(
                sql,
                (name.as_str(), column.name, column.is_made(), column.kind == Kind::Bytes, late),
            )?;
        }
        if new > 0 {
            self.counts.entities += 1;
            self.doubt_keys(table, &keys)?;
        }
        Ok(())
    }

    /// Whether the file may have rows of the table without some of the entity's columns.
    pub(crate) fn has_rows_without_columns(&self, table: &'static Table) -> Result<bool> {
        if self.counts.unsure == 0 && self.counts.rows == 0 {
            return Ok(false);
        }
        let name = TableName::of(table);
        let sql = "select column_name, late from chronicle_columns \
            where table_name = ?1 and late is not null";
        let late = self.list(sql, [name.as_str()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?;
        let is_own = |late: &String| table.columns.iter().any(|column| column.name == late);
        match late.iter().filter(|(column, _)| is_own(column)).map(|(_, late)| *late).max() {
            Some(late) => self.is_late(&name, late),
            None => Ok(false),
        }
    }

    /// Whether rows of a table wait to be fetched, or to be sent since before this entry.
    fn is_late(&self, table: &TableName, late: i64) -> Result<bool> {
        let unsure = "select 1 from chronicle_unsure where table_name = ?1 limit 1";
        let waits = "select 1 from chronicle_outbox \
            where table_name = ?1 and sequence <= ?2 and reason is null limit 1";
        Ok(self.exists(unsure, [table.as_str()])? || self.exists(waits, (table.as_str(), late))?)
    }

    /// The last entry from before an entity of the table had all its columns, while rows lack some.
    pub(super) fn late_columns(&self, table: &TableName) -> Result<Option<i64>> {
        let sql = "select max(late) from chronicle_columns where table_name = ?1";
        Ok(self.first(sql, [table.as_str()], |row| row.get(0))?.flatten())
    }

    /// Once nothing of a table is unsure, or waits from before, its rows have all columns.
    pub(super) fn columns_have_come(&mut self, table: &TableName) -> Result<()> {
        if let Some(late) = self.late_columns(table)?
            && !self.is_late(table, late)?
        {
            let sql = "update chronicle_columns set late = null where table_name = ?1";
            self.execute(sql, [table.as_str()])?;
        }
        Ok(())
    }
}
