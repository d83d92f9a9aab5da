//! The mirror: what is written and read at the remote is kept in the file, for the next outage.
//!
//! Never over a row with an entry waiting, nor, for rows that were read, over one that was written
//! through this file since the read began.

use super::Engine;
use super::entry::RowName;
use super::environment::Moment;
use super::file::{ForeignKeys, Transaction};
use crate::backend::sqlite::{apply, arguments, from_sqlx, quoted};
use crate::filter::{Expression, Node};
use crate::operation::{Duplicates, OrderTerm, Read, Selection, Target, Write, WriteKind};
use crate::{Result, Table, value};
use sea_orm::Value;
use sea_orm::sqlx::{self, AssertSqlSafe};

/// How long a write is remembered, so that a slow read does not undo it: longer than any read.
const REMEMBERED: Moment = 10 * 60 * 1000;

/// Rows that are asked for, and kept in one transaction.
const ROWS_OF_READ: usize = 500;

/// The key under which a write of many rows is remembered, and the table under which a delete is: it
/// may take rows of other tables along.
const ALL: &str = "";

impl Transaction<'_> {
    /// Remembers that rows were written now: the row, the whole table, or all tables.
    pub(crate) async fn remember_write(&mut self, write: &Write, now: Moment) -> Result<()> {
        let (table, key) = match &write.kind {
            WriteKind::Insert { rows, .. } if rows.len() == 1 => {
                (write.table.name, value::to_text(&rows[0][write.table.key]))
            }
            WriteKind::Update { target: Target::Key(key), .. } => {
                (write.table.name, value::to_text(key))
            }
            WriteKind::Insert { .. } | WriteKind::Update { .. } => {
                (write.table.name, ALL.to_owned())
            }
            WriteKind::Delete { .. } => (ALL, ALL.to_owned()),
        };
        self.state.writes += 1;
        let number = self.state.writes as i64;
        self.later(
            "insert into chronicle_recent_writes (table_name, row_key, number, at) \
             values (?, ?, ?, ?) \
             on conflict do update set number = excluded.number, at = excluded.at",
            [table.into(), key.into(), number.into(), now.into()],
        );
        if number % 256 == 0 {
            let old = now - REMEMBERED;
            self.execute(
                "delete from chronicle_recent_writes where at < $1 or at > $2",
                vec![old.into(), (now + REMEMBERED).into()],
            )
            .await?;
        }
        Ok(())
    }

    /// Whether the row was written through this file after the write with this number.
    async fn is_newer(&mut self, row: &RowName, number: u64) -> Result<bool> {
        self.exists(
            "select 1 from chronicle_recent_writes \
             where (table_name, row_key) in (($1, $2), ($1, ''), ('', '')) and number > $3",
            vec![row.0.as_str().into(), row.1.as_str().into(), (number as i64).into()],
        )
        .await
    }

    /// Stores rows as the remote has them.
    pub(crate) async fn store_rows(
        &mut self,
        table: &'static Table,
        rows: Vec<Vec<Value>>,
        since: Option<u64>,
    ) -> Result<()> {
        let mut free = Vec::with_capacity(rows.len());
        for row in rows {
            let name = RowName(table.name.to_owned(), value::to_text(&row[table.key]));
            #[cfg(test)]
            if super::simulation::storage::is_mirror_unguarded() {
                free.push(row);
                continue;
            }
            let is_newer = match since {
                Some(number) => self.is_newer(&name, number).await?,
                None => false,
            };
            if !is_newer && !self.waits(&name).await? {
                self.evict_stale_holders(table, &row).await?;
                free.push(row);
            }
        }
        if !free.is_empty() {
            let kind = WriteKind::Insert { rows: free, duplicates: Duplicates::Replace };
            self.apply(Write { table, kind }).await?;
        }
        Ok(())
    }

    /// A row of the mirror that still holds a unique value which the remote has given to another
    /// row is out of date. One with an entry waiting is not: it makes the mirror write fail.
    async fn evict_stale_holders(&mut self, table: &'static Table, row: &[Value]) -> Result<()> {
        for (column, value) in table.columns.iter().zip(row) {
            if !column.unique || value::is_null(value) {
                continue;
            }
            let sql = format!(
                "delete from {table_name} where {column} = $1 and {key} <> $2 \
                 and not exists (select 1 from chronicle_outbox o \
                 where o.table_name = $3 and o.local_key = {table_name}.{key})",
                table_name = quoted(table.name),
                column = quoted(column.name),
                key = quoted(table.key_column().name),
            );
            let values = vec![value.clone(), row[table.key].clone(), table.name.into()];
            sqlx::query_with(AssertSqlSafe(sql), arguments(values))
                .execute(self.connection().await?)
                .await
                .map_err(from_sqlx)?;
        }
        Ok(())
    }

    /// Removes a row that the remote does not have; `true` when it was there and is gone.
    pub(super) async fn forget_row(
        &mut self,
        table: &'static Table,
        key: Value,
        since: u64,
    ) -> Result<bool> {
        let name = RowName(table.name.to_owned(), value::to_text(&key));
        if self.waits(&name).await?
            || self.is_newer(&name, since).await?
            || self.is_letter(&name).await?
        {
            return Ok(false);
        }
        let kind = WriteKind::Delete { target: Target::Key(key) };
        Ok(apply(self.connection().await?, Write { table, kind }).await? > 0)
    }

    /// Whether a dead letter is about the row.
    pub(super) async fn is_letter(&mut self, row: &RowName) -> Result<bool> {
        self.exists(
            "select 1 from chronicle_dead_letters where table_name = $1 and row_key = $2",
            vec![row.0.as_str().into(), row.1.as_str().into()],
        )
        .await
    }

    /// Makes a change in the file that the remote has just taken.
    pub(crate) async fn mirror_write(&mut self, write: Write, now: Moment) -> Result<()> {
        let table = write.table;
        self.remember_write(&write, now).await?;
        match write.kind {
            WriteKind::Insert { rows, .. } => self.store_rows(table, rows, None).await,
            kind @ (WriteKind::Update { .. } | WriteKind::Delete { .. })
                if self.state.waiting.rows == 0 =>
            {
                self.apply(Write { table, kind }).await
            }
            kind @ (WriteKind::Update { .. } | WriteKind::Delete { .. }) => {
                let target = match &kind {
                    WriteKind::Update { target, .. } | WriteKind::Delete { target } => target,
                    WriteKind::Insert { .. } => return Ok(()),
                };
                for key in self.touched_keys(table, target).await? {
                    let name = RowName(table.name.to_owned(), value::to_text(&key));
                    if self.waits(&name).await? {
                        continue;
                    }
                    let target = Target::Key(key);
                    let kind = match &kind {
                        WriteKind::Update { assignments, .. } => {
                            WriteKind::Update { target, assignments: assignments.clone() }
                        }
                        _ => WriteKind::Delete { target },
                    };
                    self.apply(Write { table, kind }).await?;
                }
                Ok(())
            }
        }
    }
}

impl Engine {
    /// Keeps the rows of an insert as the remote has them, which took some of them.
    pub(super) async fn keep_taken(&self, write: &Write, since: u64) -> Result<()> {
        let (table, WriteKind::Insert { rows, .. }) = (write.table, &write.kind) else {
            return Ok(());
        };
        for rows in rows.chunks(ROWS_OF_READ) {
            let expression = Expression::Column(table.key_column());
            let values = rows.iter().map(|row| row[table.key].clone()).collect();
            let read = Read {
                table,
                selection: Selection::Rows,
                filter: Node::In { expression, values }.reduce()?,
                order: vec![OrderTerm { column: table.key_column(), descending: false }],
                limit: None,
                offset: 0,
            };
            let rows = self.remote.read(&read).await?;
            self.keep_read(table, rows, since).await;
        }
        Ok(())
    }

    /// Keeps rows that were read while the file's last write had the number `since`. A failure is
    /// counted, and harms nobody.
    pub(super) async fn keep_read(&self, table: &'static Table, rows: Vec<Vec<Value>>, since: u64) {
        let work = async {
            self.file.room().await?;
            let mut transaction = self.file.begin_mirror(ForeignKeys::Off).await?;
            let names: Vec<RowName> = rows
                .iter()
                .map(|row| RowName(table.name.to_owned(), value::to_text(&row[table.key])))
                .collect();
            transaction.store_rows(table, rows, Some(since)).await?;
            let revived = transaction.are_there(&names).await?;
            transaction.commit().await?;
            if revived {
                self.wake();
            }
            Ok(())
        };
        let done: Result<()> = work.await;
        count_failure(done);
    }

    /// The remote has no row with this key.
    pub(super) async fn keep_absence(&self, table: &'static Table, key: Value, since: u64) {
        let work = async {
            self.file.room().await?;
            let mut transaction = self.file.begin_mirror(ForeignKeys::On).await?;
            transaction.forget_row(table, key, since).await?;
            transaction.commit().await.map(drop)
        };
        let done: Result<()> = work.await;
        count_failure(done);
    }
}

pub(super) fn count_failure(done: Result<()>) {
    if let Err(error) = done {
        #[cfg(test)]
        super::simulation::storage::mirror_failed();
        metrics::counter!("chronicle_mirror_failures_total").increment(1);
        tracing::warn!(kind = error.kind().name(), "the mirror could not be written");
    }
}
