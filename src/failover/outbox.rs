//! The outbox: writes that wait for the remote, in the file and in the transaction of their rows.

mod new_entry;

pub(super) use new_entry::schema_version;

use super::entry::{Base, EntryKind, RowName};
use super::environment::Moment;
use super::file::Transaction;
use super::plan::Window;
use crate::backend::sqlite::{apply, arguments, from_sqlx, statement};
use crate::filter::{Expression, Node};
use crate::operation::{Duplicates, OrderTerm, Read, Selection, Target, Write, WriteKind};
use crate::{Column, Conflict, Error, ErrorKind, Result, Table, value};
use new_entry::{NewEntry, deleted, inserted, updated};
use sea_orm::Value;
use sea_orm::sqlx::{self, AssertSqlSafe, Row};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How many entries or letters there are, and how large they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queued {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// How much the outbox and the dead letters may hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// A row in the file that a change is for.
struct TouchedRow {
    key: Value,
    /// The rows that it refers to.
    parents: Vec<RowName>,
    /// Its version, where the remote's changes win.
    base: Option<Base>,
}

/// What writing to the file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Local {
    /// How many rows it touched in the file.
    pub(crate) touched: u64,
}

pub(super) fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}

/// Entries of one insert into the outbox.
const ROWS_OF_INSERT: usize = 100;
/// Values of an entry that is inserted.
const COLUMNS_OF_INSERT: usize = 16;

/// The entries that wait, as one JSON list: SQLite would copy each cell of thousands of rows by itself.
/// The order is that of the fields of [`Entry`](super::entry::Entry).
const WINDOW: &str = "
    select coalesce(json_group_array(json_array(
        sequence, json_array(table_name, row_key), kind, key_column, columns, json(parents),
        json(iif(is_ordered, 'true', 'false')), json(iif(is_sent, 'true', 'false')), json(base),
        failures, bytes)), '[]')
    from (select sequence, table_name, row_key, kind, key_column, columns, parents, is_ordered,
            is_sent, base, failures, bytes
        from chronicle_outbox
        where table_name not in (select value from json_each($1))
        order by sequence limit $2)";

impl Transaction<'_> {
    /// Makes the change in the file, and queues it for the remote: one entry for each row touched.
    pub(crate) async fn write_and_queue(
        &mut self,
        write: Write,
        is_sent: bool,
        bound: Bound,
        date: Moment,
    ) -> Result<Local> {
        let table = write.table;
        let (write, entries): (WriteKind, Vec<NewEntry>) = match write.kind {
            WriteKind::Insert { rows, duplicates } => {
                let mut known = match duplicates {
                    Duplicates::Refuse => HashSet::new(),
                    Duplicates::Ignore | Duplicates::Replace => self.known(table, &rows).await?,
                };
                let rows = match duplicates {
                    Duplicates::Ignore => without_known(table, rows, known.clone()),
                    Duplicates::Refuse | Duplicates::Replace => rows,
                };
                if rows.is_empty() {
                    return Ok(Local { touched: 0 });
                }
                let kind = match duplicates {
                    Duplicates::Refuse => EntryKind::Insert,
                    Duplicates::Ignore => EntryKind::InsertIfAbsent,
                    Duplicates::Replace => EntryKind::Upsert,
                };
                let entries = rows
                    .iter()
                    .map(|row| {
                        let entry = inserted(table, kind, row)?;
                        let brings_row = known.insert(entry.row.1.clone());
                        Ok(NewEntry { brings_row, ..entry })
                    })
                    .collect::<Result<_>>()?;
                (WriteKind::Insert { rows, duplicates }, entries)
            }
            WriteKind::Update { target, assignments } => {
                let touched = self.touched(table, &target).await?;
                let entries = touched
                    .into_iter()
                    .map(|row| updated(table, row, &assignments))
                    .collect::<Result<_>>()?;
                (WriteKind::Update { target, assignments }, entries)
            }
            WriteKind::Delete { target } => {
                let touched = self.touched(table, &target).await?;
                let entries = touched.into_iter().map(|row| deleted(table, row)).collect();
                (WriteKind::Delete { target }, entries)
            }
        };
        let touched = entries.len() as u64;
        self.apply(Write { table, kind: write }).await?;
        self.queue(table, entries, is_sent, bound, date).await?;
        Ok(Local { touched })
    }

    /// Makes a change in the file: a small one with the next statements.
    pub(super) async fn apply(&mut self, write: Write) -> Result<()> {
        match statement(write) {
            Ok((sql, values)) => self.later(&sql, values),
            Err(write) => {
                apply(self.connection().await?, write).await?;
            }
        }
        Ok(())
    }

    /// Queues the rows that the file holds already, as new rows of the remote.
    pub(crate) async fn queue_present(
        &mut self,
        table: &'static Table,
        bound: Bound,
    ) -> Result<()> {
        let read = Read {
            table,
            selection: Selection::Rows,
            filter: Node::Constant(true),
            order: vec![OrderTerm { column: table.key_column(), descending: false }],
            limit: None,
            offset: 0,
        };
        let statement = crate::backend::sqlite::select(&read);
        let rows = sqlx::query(AssertSqlSafe(statement.sql))
            .fetch_all(self.connection().await?)
            .await
            .map_err(from_sqlx)?;
        let entries = rows
            .iter()
            .map(|row| {
                let values = crate::backend::sqlite::decode(table.columns, row)?;
                inserted(table, EntryKind::InsertIfAbsent, &values)
            })
            .collect::<Result<_>>()?;
        self.queue(table, entries, false, bound, chrono::Utc::now().timestamp_millis()).await
    }

    /// Tables with entries that refer to a row of `table`.
    pub(crate) async fn children_of(&mut self, table: &str) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "select distinct o.table_name from chronicle_outbox o, json_each(o.parents) p \
             where p.value ->> 0 = $1 and o.table_name <> $1",
        )
        .bind(table)
        .fetch_all(self.connection().await?)
        .await
        .map_err(from_sqlx)?;
        rows.iter().map(|row| row.try_get(0).map_err(from_sqlx)).collect()
    }

    /// Those of the rows' keys, as text, that the file has.
    async fn known(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Value>],
    ) -> Result<HashSet<String>> {
        let keys = rows.iter().map(|row| row[table.key].clone()).collect();
        let filter = Node::In { expression: Expression::Column(table.key_column()), values: keys };
        let known = self.touched_keys(table, &Target::Filter(filter.reduce()?)).await?;
        Ok(known.iter().map(value::to_text).collect())
    }

    /// The keys of the rows in the file that a change is for.
    pub(crate) async fn touched_keys(
        &mut self,
        table: &'static Table,
        target: &Target,
    ) -> Result<Vec<Value>> {
        let rows = self.select(table, &[table.key_column()], target).await?;
        Ok(rows.into_iter().filter_map(|mut row| row.pop()).collect())
    }

    /// The rows in the file that a change is for.
    async fn touched(&mut self, table: &'static Table, target: &Target) -> Result<Vec<TouchedRow>> {
        let foreign = (table.parents)();
        let mut columns = vec![table.key_column()];
        let parents: Vec<(usize, &str)> = table
            .columns
            .iter()
            .flat_map(|column| {
                foreign
                    .iter()
                    .filter(|parent| parent.column == column.name)
                    .map(move |parent| (column, parent.table.as_str()))
            })
            .map(|(column, parent)| {
                columns.push(column);
                (columns.len() - 1, parent)
            })
            .collect();
        let base = table.updated_at.filter(|_| table.conflict == Conflict::RemoteWins);
        columns.extend(base.map(|at| &table.columns[at]));
        let rows = self.select(table, &columns, target).await?;
        let text = |value: &Value| (!value::is_null(value)).then(|| value::to_text(value));
        let touched = rows.into_iter().map(|row| TouchedRow {
            parents: parents
                .iter()
                .filter_map(|(at, table)| Some(RowName((*table).to_owned(), text(&row[*at])?)))
                .collect(),
            base: base.map(|at| Base {
                column: table.columns[at].name.to_owned(),
                value: row.last().and_then(text),
            }),
            key: row.into_iter().next().unwrap_or(Value::Bool(None)),
        });
        Ok(touched.collect())
    }

    async fn select(
        &mut self,
        table: &'static Table,
        columns: &[&'static Column],
        target: &Target,
    ) -> Result<Vec<Vec<Value>>> {
        let statement = crate::backend::sqlite::columns(table, columns, &target.node(table));
        let values = statement.values.map_or_else(Vec::new, |values| values.0);
        let rows = sqlx::query_with(AssertSqlSafe(statement.sql), arguments(values))
            .fetch_all(self.connection().await?)
            .await
            .map_err(from_sqlx)?;
        rows.iter()
            .map(|row| crate::backend::sqlite::decode(columns.iter().copied(), row))
            .collect()
    }

    async fn queue(
        &mut self,
        table: &'static Table,
        entries: Vec<NewEntry>,
        is_sent: bool,
        bound: Bound,
        date: Moment,
    ) -> Result<()> {
        let rows = entries.len() as u64;
        let bytes: u64 = entries.iter().map(NewEntry::bytes).sum();
        let full = |what: &str| {
            Error::new(
                ErrorKind::OutboxFull,
                format!("the outbox and the dead letters hold their bound of {what}"),
            )
            .with_hint("wait until the remote has taken some, look at the dead letters, or raise the bound")
        };
        if self.state.waiting.rows + self.state.dead.rows + rows > bound.rows {
            return Err(full("rows"));
        }
        if self.state.waiting.bytes + self.state.dead.bytes + bytes > bound.bytes {
            return Err(full("bytes"));
        }
        let is_ordered = table.columns.iter().any(|column| column.unique);
        let version = schema_version(table);
        let mut entries = entries.into_iter();
        let mut sequence = self.state.last_sequence;
        self.state.last_sequence += rows as i64;
        while entries.len() > 0 {
            let chunk = entries.len().min(ROWS_OF_INSERT);
            let mut values = Vec::with_capacity(chunk * COLUMNS_OF_INSERT);
            for entry in entries.by_ref().take(chunk) {
                let bytes = entry.bytes();
                let base = entry.base.map(|base| serde_json::to_string(&base));
                sequence += 1;
                values.extend::<[Value; COLUMNS_OF_INSERT]>([
                    sequence.into(),
                    entry.row.0.into(),
                    entry.row.1.into(),
                    entry.local_key,
                    table.key_column().name.into(),
                    entry.kind.name().into(),
                    entry.columns.into(),
                    entry.body.into(),
                    serde_json::to_string(&entry.parents).map_err(internal)?.into(),
                    is_ordered.into(),
                    entry.brings_row.into(),
                    is_sent.into(),
                    (bytes as i64).into(),
                    date.into(),
                    base.transpose().map_err(internal)?.into(),
                    version.clone().into(),
                ]);
            }
            let row = format!("({}?)", "?, ".repeat(COLUMNS_OF_INSERT - 1));
            let sql = format!(
                "insert into chronicle_outbox (sequence, table_name, row_key, local_key, key_column, kind, \
                 columns, body, parents, is_ordered, brings_row, is_sent, bytes, queued_at, base, \
                 schema_version) values {}",
                vec![row; chunk].join(", ")
            );
            self.later(&sql, values);
            if chunk > 1 {
                self.run_later().await?;
            }
        }
        self.state.waiting.rows += rows;
        self.state.waiting.bytes += bytes;
        Ok(())
    }

    /// The first `most` entries by sequence, those of paused tables left out.
    pub(crate) async fn window(&mut self, most: u32) -> Result<Window> {
        let paused = serde_json::to_string(&self.state.pauses.keys().collect::<Vec<_>>())
            .map_err(internal)?;
        let row = sqlx::query(WINDOW)
            .bind(&paused)
            .bind(most)
            .fetch_one(self.connection().await?)
            .await
            .map_err(from_sqlx)?;
        let entries: &str = row.try_get(0).map_err(from_sqlx)?;
        let entries = serde_json::from_str(entries).map_err(|error| {
            let message = format!("the outbox has an entry of a newer version: {error}");
            Error::new(ErrorKind::Unsupported, message)
        })?;
        let mut needed = HashSet::new();
        if !self.state.pauses.is_empty() {
            let rows = sqlx::query(
                "select d.table_name, d.row_key from chronicle_outbox d
                 where d.kind = 'delete' and exists (
                   select 1 from chronicle_outbox c, json_each(c.parents) p
                   where c.table_name in (select value from json_each($1))
                     and c.sequence < d.sequence
                     and p.value ->> 0 = d.table_name and p.value ->> 1 = d.row_key)",
            )
            .bind(&paused)
            .fetch_all(self.connection().await?)
            .await
            .map_err(from_sqlx)?;
            for row in &rows {
                let text = |at: usize| row.try_get::<String, _>(at).map_err(from_sqlx);
                needed.insert(RowName(text(0)?, text(1)?));
            }
        }
        Ok(Window { entries, needed })
    }

    /// The JSON of entries, in the order of `sequences`.
    pub(crate) async fn bodies(&mut self, sequences: &[i64]) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "select o.body from json_each($1) j join chronicle_outbox o on o.sequence = j.value \
             order by j.key",
        )
        .bind(list(sequences)?)
        .fetch_all(self.connection().await?)
        .await
        .map_err(from_sqlx)?;
        rows.iter().map(|row| row.try_get(0).map_err(from_sqlx)).collect()
    }

    /// Notes the entries of requests that are about to leave. Their rows are not written for it: most
    /// requests are answered, and then they go.
    pub(crate) fn begin_sending(&mut self, sequences: &[i64]) -> Result<()> {
        self.state.is_sending = true;
        self.later("update chronicle_failover set sending = ?", [list(sequences)?.into()]);
        Ok(())
    }

    /// Nobody will hear what became of the entries that were being sent: they may have left. `false`
    /// when there were none.
    pub(crate) fn end_sending(&mut self) -> bool {
        if !std::mem::take(&mut self.state.is_sending) {
            return false;
        }
        self.later(
            "update chronicle_outbox set is_sent = 1 where sequence in \
             (select value from json_each((select sending from chronicle_failover)))",
            [],
        );
        true
    }

    /// Marks entries of which a request may have left without an answer.
    pub(crate) fn mark_sent(&mut self, sequences: &[i64]) -> Result<()> {
        self.later(
            "update chronicle_outbox set is_sent = 1 \
             where sequence in (select value from json_each(?))",
            [list(sequences)?.into()],
        );
        Ok(())
    }

    /// Counts that an entry failed alone while the server served otherwise; how often by now.
    pub(crate) async fn count_failure(&mut self, sequence: i64) -> Result<u32> {
        let row = sqlx::query(
            "update chronicle_outbox set failures = failures + 1 where sequence = $1 \
             returning failures",
        )
        .bind(sequence)
        .fetch_optional(self.connection().await?)
        .await
        .map_err(from_sqlx)?;
        row.map_or(Ok(0), |row| row.try_get(0).map_err(from_sqlx))
    }

    /// Removes entries: the remote has taken them, or they are letters now. Their rows are to be
    /// [remembered](Self::remember_rows).
    pub(crate) async fn remove(&mut self, sequences: &[i64]) -> Result<()> {
        let all = list(sequences)?;
        let row = sqlx::query(
            "select count(*), coalesce(sum(bytes), 0) from chronicle_outbox \
             where sequence in (select value from json_each($1))",
        )
        .bind(&all)
        .fetch_one(self.connection().await?)
        .await
        .map_err(from_sqlx)?;
        let number = |at: usize| row.try_get::<i64, _>(at).map_err(from_sqlx);
        self.state.waiting.rows = self.state.waiting.rows.saturating_sub(number(0)? as u64);
        self.state.waiting.bytes = self.state.waiting.bytes.saturating_sub(number(1)? as u64);
        self.later(
            "delete from chronicle_outbox where sequence in (select value from json_each(?))",
            [all.into()],
        );
        Ok(())
    }

    /// Whether an entry of the row waits.
    pub(crate) async fn waits(&mut self, row: &RowName) -> Result<bool> {
        if self.state.waiting.rows == 0 {
            return Ok(false);
        }
        self.exists(
            "select 1 from chronicle_outbox where table_name = $1 and row_key = $2",
            vec![row.0.as_str().into(), row.1.as_str().into()],
        )
        .await
    }

    pub(super) async fn exists(&mut self, sql: &'static str, values: Vec<Value>) -> Result<bool> {
        let row = sqlx::query_with(sql, arguments(values))
            .fetch_optional(self.connection().await?)
            .await
            .map_err(from_sqlx)?;
        Ok(row.is_some())
    }

    pub(super) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<()> {
        sqlx::query_with(sql, arguments(values))
            .execute(self.connection().await?)
            .await
            .map(|_| ())
            .map_err(from_sqlx)
    }
}

/// The rows whose key is not known, each key once.
fn without_known(
    table: &'static Table,
    rows: Vec<Vec<Value>>,
    mut known: HashSet<String>,
) -> Vec<Vec<Value>> {
    rows.into_iter().filter(|row| known.insert(value::to_text(&row[table.key]))).collect()
}

pub(super) fn list(sequences: &[i64]) -> Result<String> {
    serde_json::to_string(sequences).map_err(internal)
}
