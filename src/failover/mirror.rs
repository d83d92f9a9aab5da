//! The mirror: what is written and read at the remote is kept in the file, for the next outage.
//!
//! Never over a row with an entry waiting, nor, for rows that were read, over one that was written
//! through this file since the read began.

#[cfg(test)]
mod tests;

use super::Engine;
use super::entry::{EntryKind, RowName};
use super::file::{ForeignKeys, Transaction};
use super::outbox::internal;
use crate::backend::sqlite::{FEW_ROWS, apply, from_sqlx, quoted};
use crate::filter::{Expression, Node};
use crate::operation::{Duplicates, OrderTerm, Read, Selection, Target, Write, WriteKind};
use crate::{Result, Table, value};
use sea_orm::Value;
use sea_orm::sqlx::{self, Row};
use std::collections::HashSet;

/// How many writes are remembered, so that a slow read does not undo one. What is too old to be
/// known counts as newer than any read.
const REMEMBERED: i64 = 100_000;

/// How often old ones are forgotten, in writes.
const FORGET_EVERY: i64 = 256;

/// Rows that are asked for, and kept in one transaction.
const ROWS_OF_READ: usize = 500;

/// The key under which a write of many rows is remembered, and the table under which a delete is: it
/// may take rows of other tables along.
const ALL: &str = "";

/// Which rows of a table were written since.
enum Newer {
    /// Those with these keys.
    Keys(HashSet<String>),
    /// Any may have been.
    All,
}

impl Newer {
    fn contains(&self, key: &str) -> bool {
        match self {
            Self::Keys(keys) => keys.contains(key),
            Self::All => true,
        }
    }
}

impl Transaction<'_> {
    /// Remembers that rows were written now: the row, the whole table, or all tables.
    pub(crate) fn remember_write(&mut self, write: &Write) -> Result<()> {
        let (table, key) = match &write.kind {
            WriteKind::Insert { rows, .. } if rows.len() == 1 => {
                (write.table.name, &value::to_text(&rows[0][write.table.key]))
            }
            WriteKind::Update { target: Target::Key(key), .. } => {
                (write.table.name, &value::to_text(key))
            }
            WriteKind::Insert { .. } | WriteKind::Update { .. } => {
                (write.table.name, &ALL.to_owned())
            }
            WriteKind::Delete { .. } => (ALL, &ALL.to_owned()),
        };
        self.later(
            "insert into chronicle_recent_writes (table_name, row_keys) values (?, ?)",
            [table.into(), serde_json::to_string(&[key]).map_err(internal)?.into()],
        );
        self.remembered(1);
        Ok(())
    }

    /// Remembers rows of one table whose entries leave the outbox: as long as those were in it, they
    /// were not read over either.
    pub(super) fn remember_rows(&mut self, kind: EntryKind, rows: &[&RowName]) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let (table, keys) = if kind == EntryKind::Delete {
            (ALL, vec![ALL])
        } else {
            (first.0.as_str(), rows.iter().map(|row| row.1.as_str()).collect())
        };
        let count = keys.len() as i64;
        // The numbers of all of them, of which this is the last.
        self.later(
            "insert into chronicle_recent_writes (number, row_count, table_name, row_keys) \
             values ((select coalesce(max(number), 0) from chronicle_recent_writes) + ?, ?, ?, ?)",
            [
                count.into(),
                count.into(),
                table.into(),
                serde_json::to_string(&keys).map_err(internal)?.into(),
            ],
        );
        self.remembered(count);
        Ok(())
    }

    fn remembered(&mut self, count: i64) {
        let before = self.state.writes;
        self.state.writes += count;
        if before / FORGET_EVERY != self.state.writes / FORGET_EVERY {
            self.later(
                "delete from chronicle_recent_writes \
                 where number <= (select max(number) from chronicle_recent_writes) - ?",
                [REMEMBERED.into()],
            );
        }
    }

    /// Those of the rows that were written through this file after the write with this number.
    async fn newer(&mut self, table: &str, keys: &[String], number: i64) -> Result<Newer> {
        let list = serde_json::to_string(keys).map_err(internal)?;
        let rows = sqlx::query(
            "select j.value from chronicle_recent_writes r, json_each(r.row_keys) j \
             where r.number > $1 and r.table_name in ('', $2) \
               and (j.value = '' or j.value in (select value from json_each($3))) \
             union all \
             select '' where $1 + 1 < (select number - row_count + 1 \
               from chronicle_recent_writes order by number limit 1)",
        )
        .bind(number)
        .bind(table)
        .bind(list)
        .fetch_all(self.connection().await?)
        .await
        .map_err(from_sqlx)?;
        let keys: HashSet<String> =
            rows.iter().map(|row| row.try_get(0).map_err(from_sqlx)).collect::<Result<_>>()?;
        Ok(if keys.contains(ALL) { Newer::All } else { Newer::Keys(keys) })
    }

    /// Those of the rows with an entry waiting, or with one that deletes a row to which they refer.
    async fn waiting(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Value>],
    ) -> Result<HashSet<String>> {
        if self.state.waiting.rows == 0 {
            return Ok(HashSet::new());
        }
        let foreign = (table.parents)();
        let mut names: Vec<(&str, String, String)> = Vec::new();
        for row in rows {
            let key = value::to_text(&row[table.key]);
            for (column, value) in
                table.columns.iter().zip(row).filter(|(_, value)| !value::is_null(value))
            {
                for parent in foreign.iter().filter(|parent| parent.column == column.name) {
                    names.push((&parent.table, value::to_text(value), key.clone()));
                }
            }
            names.push((table.name, key.clone(), key));
        }
        let rows = sqlx::query(
            "select j.value ->> 2 from json_each($1) j join chronicle_outbox o \
               on o.table_name = j.value ->> 0 and o.row_key = j.value ->> 1 \
             where o.kind = 'delete' or o.row_key = j.value ->> 2 and o.table_name = $2",
        )
        .bind(serde_json::to_string(&names).map_err(internal)?)
        .bind(table.name)
        .fetch_all(self.connection().await?)
        .await
        .map_err(from_sqlx)?;
        rows.iter().map(|row| row.try_get(0).map_err(from_sqlx)).collect()
    }

    /// Stores rows as the remote has them.
    pub(crate) async fn store_rows(
        &mut self,
        table: &'static Table,
        mut rows: Vec<Vec<Value>>,
        since: Option<i64>,
    ) -> Result<()> {
        #[cfg(test)]
        let is_guarded =
            !super::simulation::storage::breaks(super::simulation::Mutation::NoMirrorGuard);
        #[cfg(not(test))]
        let is_guarded = true;
        if is_guarded {
            let key = |row: &Vec<Value>| value::to_text(&row[table.key]);
            if let Some(number) = since {
                let keys: Vec<String> = rows.iter().map(key).collect();
                match self.newer(table.name, &keys, number).await? {
                    Newer::All => return Ok(()),
                    Newer::Keys(newer) => rows.retain(|row| !newer.contains(&key(row))),
                }
            }
            let waiting = self.waiting(table, &rows).await?;
            rows.retain(|row| !waiting.contains(&key(row)));
            self.evict_stale_holders(table, &rows).await?;
        }
        if !rows.is_empty() {
            let kind = WriteKind::Insert { rows, duplicates: Duplicates::Replace };
            self.apply(Write { table, kind }).await?;
        }
        Ok(())
    }

    /// Rows of the mirror that still hold a unique value which the remote has given to another row are
    /// out of date. Those with an entry waiting are not: they make the mirror write fail.
    async fn evict_stale_holders(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Value>],
    ) -> Result<()> {
        let unique = table.columns.iter().enumerate().filter(|(_, column)| column.unique);
        for (at, column) in unique {
            let holders: Vec<_> = rows.iter().filter(|row| !value::is_null(&row[at])).collect();
            for holders in holders.chunks(ROWS_OF_READ) {
                let sql = format!(
                    "with given (value, key) as (values {given}) \
                     delete from {table_name} where {key} in (select held.{key} \
                       from given join {table_name} held on held.{column} = given.value \
                       where held.{key} <> given.key and not exists (\
                         select 1 from chronicle_outbox o \
                         where o.table_name = ? and o.local_key = held.{key}))",
                    given = vec!["(?, ?)"; holders.len()].join(", "),
                    table_name = quoted(table.name),
                    column = quoted(column.name),
                    key = quoted(table.key_column().name),
                );
                let mut values: Vec<Value> = holders
                    .iter()
                    .flat_map(|row| [row[at].clone(), row[table.key].clone()])
                    .collect();
                values.push(table.name.into());
                self.later(&sql, values);
                if holders.len() > FEW_ROWS {
                    self.run_later().await?;
                }
            }
        }
        Ok(())
    }

    /// Removes a row that the remote does not have; `true` when it was there and is gone.
    pub(super) async fn forget_row(
        &mut self,
        table: &'static Table,
        key: Value,
        since: i64,
    ) -> Result<bool> {
        let name = RowName(table.name.to_owned(), value::to_text(&key));
        let newer = self.newer(table.name, std::slice::from_ref(&name.1), since).await?;
        if newer.contains(&name.1) || self.waits(&name).await? || self.is_letter(&name).await? {
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
    pub(crate) async fn mirror_write(&mut self, write: Write) -> Result<()> {
        let table = write.table;
        self.remember_write(&write)?;
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
    pub(super) async fn keep_taken(&self, write: &Write, since: i64) -> Result<()> {
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
    pub(super) async fn keep_read(&self, table: &'static Table, rows: Vec<Vec<Value>>, since: i64) {
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
    pub(super) async fn keep_absence(&self, table: &'static Table, key: Value, since: i64) {
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
