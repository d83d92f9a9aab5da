//! Rows that were in the file before it had a remote.

use super::state::Origin;
use super::transaction::Transaction;
use crate::backend::sqlite::quoted;
use crate::failover::rules::name::RowName;
use crate::key::Key;
use crate::{Result, Table};
use sea_orm::Value;

impl Transaction<'_> {
    /// The tables of the file that have rows, but for those of the failover, of SeaORM's migrations
    /// and of SQLite.
    pub(crate) fn tables_with_rows(&self) -> Result<Vec<String>> {
        let sql = "select name from sqlite_schema where type = 'table' \
            and name not like 'sqlite\\_%' escape '\\' and name not like 'chronicle\\_%' escape '\\' \
            and name <> 'seaql_migrations' order by name";
        let tables: Vec<String> = self.list(sql, [], |row| row.get(0))?;
        let mut with_rows = Vec::new();
        for table in tables {
            if self.exists(&format!("select 1 from {} limit 1", quoted(&table)), [])? {
                with_rows.push(table);
            }
        }
        Ok(with_rows)
    }

    /// Notes that rows are the file's alone: the remote never had them.
    pub(crate) fn keep_local(&mut self, table: &'static Table, keys: &[Key]) -> Result<()> {
        for key in keys {
            let row = RowName::of(table, key);
            let sql =
                "insert or ignore into chronicle_local_rows (table_name, row_key) values (?1, ?2)";
            self.execute(sql, (row.table.as_str(), row.key.as_str()))?;
        }
        Ok(())
    }

    /// Whether a row never was at the remote.
    pub(super) fn is_local(&self, row: &RowName) -> Result<bool> {
        let sql = "select 1 from chronicle_local_rows where table_name = ?1 and row_key = ?2";
        Ok(self.may_have_local_rows()
            && self.exists(sql, (row.table.as_str(), row.key.as_str()))?)
    }

    fn may_have_local_rows(&self) -> bool {
        self.state.origins.values().any(|origin| *origin == Origin::Waived)
    }

    /// The remote has judged a change of the row: it is the file's alone no longer.
    pub(super) fn end_local(&self, row: &RowName) -> Result<()> {
        if self.may_have_local_rows() {
            let sql = "delete from chronicle_local_rows where table_name = ?1 and row_key = ?2";
            self.execute(sql, (row.table.as_str(), row.key.as_str()))?;
        }
        Ok(())
    }

    pub(super) fn end_local_rows(&self, table: &'static Table, rows: &[Vec<Value>]) -> Result<()> {
        if self.may_have_local_rows() {
            for row in rows {
                self.end_local(&RowName::of_values(table, row))?;
            }
        }
        Ok(())
    }

    /// Whether a row is to be queued as one that the remote never had. It is the file's alone no
    /// longer.
    pub(crate) fn take_local(
        &mut self,
        table: &'static Table,
        key: &Key,
        only_local: bool,
    ) -> Result<bool> {
        let row = RowName::of(table, key);
        let sql = "delete from chronicle_local_rows where table_name = ?1 and row_key = ?2";
        let was_local = self.execute(sql, (row.table.as_str(), row.key.as_str()))? > 0;
        Ok((was_local || !only_local) && !self.has_entry(&row)?)
    }

    /// No entry is left alone any more: its time was of another start of the machine. Of letters only
    /// the first few hundred; the others are looked at within a minute.
    pub(crate) fn forget_rests(&mut self) -> Result<()> {
        let entries = "update chronicle_outbox set try_at = 0 where try_at > 0 and reason is null";
        self.execute(entries, [])?;
        let letters = "update chronicle_outbox set try_at = 0 where sequence in (\
            select sequence from chronicle_outbox indexed by chronicle_outbox_checked \
            where reason is not null and released = 0 and try_at > 0 limit 500)";
        self.execute(letters, []).map(drop)
    }
}
