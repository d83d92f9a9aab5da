//! Dead letters: writes that the remote will not take, each with its row and the remote's own words.
//!
//! A letter whose row is not at the remote draws the later changes of that row, and the entries of its
//! children, after it. They return by themselves, at their old place, once the row is there; so does
//! a letter whose parent was missing. Until then whatever was written to their rows later stays behind
//! them; and once something later has reached the remote, they do not return any more.

mod by_hand;

use super::entry::{EntryKind, RowName};
use super::environment::Moment;
use super::file::Transaction;
use super::outbox::list;
use crate::backend::sqlite::{arguments, from_sqlx};
use crate::operation::{Write, WriteKind};
use crate::{Error, ErrorKind, Result, value};
use sea_orm::sqlx::{self, AssertSqlSafe, Row};
use sea_orm::{JsonValue, Value};

/// Why a write became a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadLetterReason {
    /// The remote refuses the row itself: a constraint, a value, a missing right.
    Refused,
    /// It was to be a new row, and another one with its key is there.
    Conflict,
    /// It was to change a row that is not there, or that the remote does not show.
    MissingRow,
    /// It refers to a row that is not at the remote. It returns once that row is.
    ParentMissing,
    /// It belongs to a row that is itself a dead letter. It returns once that row is there.
    Follows,
    /// It failed alone five times while the remote served otherwise. It may have been applied.
    Unanswerable,
}

impl DeadLetterReason {
    const ALL: [Self; 6] = [
        Self::Refused,
        Self::Conflict,
        Self::MissingRow,
        Self::ParentMissing,
        Self::Follows,
        Self::Unanswerable,
    ];

    /// The name used in the file, in spans and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::MissingRow => "missing_row",
            Self::ParentMissing => "parent_missing",
            Self::Follows => "follows",
            Self::Unanswerable => "unanswerable",
        }
    }
}

/// A write that the remote did not take.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its number, for [`retry`](super::Failover::retry) and [`drop`](super::Failover::drop_letter).
    pub id: i64,
    /// The table.
    pub table: String,
    /// The row's key, as text.
    pub key: String,
    /// What it was to do: `insert`, `insert_if_absent`, `upsert`, `update` or `delete`.
    pub operation: String,
    /// The values that it carries, by column; JSON `null` for a delete.
    pub values: JsonValue,
    /// Why it is here.
    pub reason: DeadLetterReason,
    /// The remote's code, where it gave one.
    pub code: Option<String>,
    /// The remote's own words.
    pub message: String,
    /// Whether a request with it may have been applied all the same: one of them got no answer.
    pub may_be_applied: bool,
}

const ENTRY: &str = "sequence, table_name, row_key, local_key, key_column, kind, columns, body, \
                     parents, is_ordered, brings_row, is_sent, base, \
                     schema_version, bytes, queued_at";

/// The entries that belong after a letter. A new attempt to bring the row of a letter that does not
/// return may go on, and its children wait for it.
const FOLLOWERS: &str = "
    select o.sequence, l.table_name, l.row_key, l.code, l.message
    from chronicle_dead_letters l join chronicle_outbox o
      on o.table_name = l.table_name and o.row_key = l.row_key and o.sequence > l.sequence
    where (l.is_absent = 1 and o.kind in ('update', 'delete'))
      or (l.returns = 1 and (l.missing_table, l.missing_key) is not (l.table_name, l.row_key))
    union
    select o.sequence, l.table_name, l.row_key, l.code, l.message
    from chronicle_outbox o, json_each(o.parents) p join chronicle_dead_letters l
      on l.table_name = p.value ->> 0 and l.row_key = p.value ->> 1
    where l.is_absent = 1 and o.kind <> 'delete'
      and not exists (select 1 from chronicle_outbox again
        where again.table_name = l.table_name and again.row_key = l.row_key
          and again.kind in ('insert', 'insert_if_absent', 'upsert'))";

/// The letters that return when the row `$1`, `$2` is at the remote by the entry `$3`, and those that
/// follow them.
const RETURNING: &str = "
    with recursive back(id, sequence, table_name, row_key) as (
        select id, sequence, table_name, row_key from chronicle_dead_letters
        where returns = 1 and (
            (reason = 'follows' and missing_table = $1 and missing_key = $2
                and (sequence > $3 or (table_name, row_key) <> ($1, $2)))
            or (reason = 'parent_missing' and exists (select 1 from json_each(parents) p
                where p.value ->> 0 = $1 and p.value ->> 1 = $2)))
        union
        select f.id, f.sequence, f.table_name, f.row_key
        from back b join chronicle_dead_letters f
          on f.returns = 1 and f.reason = 'follows'
          and f.missing_table = b.table_name and f.missing_key = b.row_key
          and (f.sequence > b.sequence or (f.table_name, f.row_key) <> (b.table_name, b.row_key)))
    select id from back";

/// The rows that some letter waits for, or is to bring.
const AWAITED: &str = "
    select missing_table, missing_key from chronicle_dead_letters
    where returns = 1 and reason = 'follows'
    union
    select p.value ->> 0, p.value ->> 1 from chronicle_dead_letters, json_each(parents) p
    where returns = 1 and reason = 'parent_missing'
    union
    select table_name, row_key from chronicle_dead_letters where is_absent = 1";

impl Transaction<'_> {
    /// Makes a dead letter of an entry, and of those that need its row.
    pub(crate) async fn bury(
        &mut self,
        sequence: i64,
        reason: DeadLetterReason,
        error: &Error,
        date: Moment,
    ) -> Result<()> {
        self.bury_one(sequence, reason, None, error, date).await?;
        self.draw_followers(date).await
    }

    async fn bury_one(
        &mut self,
        sequence: i64,
        reason: DeadLetterReason,
        missing: Option<&RowName>,
        error: &Error,
        date: Moment,
    ) -> Result<()> {
        let row = sqlx::query(
            "select bytes, table_name, row_key from chronicle_outbox where sequence = $1",
        )
        .bind(sequence)
        .fetch_optional(self.connection().await?)
        .await
        .map_err(from_sqlx)?;
        let Some(row) = row else { return Ok(()) };
        let bytes: i64 = row.try_get(0).map_err(from_sqlx)?;
        let text = |at: usize| row.try_get::<String, _>(at).map_err(from_sqlx);
        let name = RowName(text(1)?, text(2)?);
        // Its row is not at the remote if this was to bring it there.
        let is_absent =
            !matches!(reason, DeadLetterReason::Conflict | DeadLetterReason::MissingRow);
        let sql = format!(
            "insert into chronicle_dead_letters ({ENTRY}, reason, is_absent, returns, \
             missing_table, missing_key, code, message, died_at) \
             select {ENTRY}, $2, $3 and brings_row, $4, $5, $6, $7, $8, $9 from chronicle_outbox where sequence = $1"
        );
        let returns = matches!(reason, DeadLetterReason::ParentMissing | DeadLetterReason::Follows);
        let values: Vec<Value> = vec![
            sequence.into(),
            reason.name().into(),
            is_absent.into(),
            returns.into(),
            missing.map(|row| row.0.clone()).into(),
            missing.map(|row| row.1.clone()).into(),
            error.code().map(str::to_owned).into(),
            error.message().into(),
            date.into(),
        ];
        sqlx::query_with(AssertSqlSafe(sql), arguments(values))
            .execute(self.connection().await?)
            .await
            .map_err(from_sqlx)?;
        self.remove(&[sequence]).await?;
        // Nothing was deleted, if that was what it asked for.
        self.remember_rows(EntryKind::Update, &[&name])?;
        self.state.dead.rows += 1;
        self.state.dead.bytes += bytes as u64;
        metrics::counter!("chronicle_dead_letters_total", "reason" => reason.name()).increment(1);
        Ok(())
    }

    /// Takes the entries that belong after a letter out of the outbox, until none is left.
    pub(crate) async fn draw_followers(&mut self, date: Moment) -> Result<()> {
        if self.state.dead.rows == 0 {
            return Ok(());
        }
        loop {
            let rows = sqlx::query(FOLLOWERS)
                .fetch_all(self.connection().await?)
                .await
                .map_err(from_sqlx)?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                let text = |at: usize| row.try_get::<String, _>(at).map_err(from_sqlx);
                let missing = RowName(text(1)?, text(2)?);
                let error = Error::new(
                    ErrorKind::ForeignKey,
                    format!("`{}` {} is a dead letter: {}", missing.0, missing.1, text(4)?),
                );
                let sequence = row.try_get(0).map_err(from_sqlx)?;
                let reason = DeadLetterReason::Follows;
                self.bury_one(sequence, reason, Some(&missing), &error, date).await?;
            }
        }
    }

    /// The row is at the remote now, by the entry with this sequence: what waited for it among the
    /// dead letters returns to its old place in the outbox. Older writes of the row itself do not.
    /// `true` when something returned.
    async fn revive(&mut self, row: &RowName, sequence: i64) -> Result<bool> {
        self.supersede(row, sequence).await?;
        let names: Vec<Value> = vec![row.0.as_str().into(), row.1.as_str().into(), sequence.into()];
        self.execute(
            "update chronicle_dead_letters set is_absent = 0 where table_name = $1 and row_key = $2",
            names[..2].to_vec(),
        )
        .await?;
        let returning = sqlx::query_with(RETURNING, arguments(names))
            .fetch_all(self.connection().await?)
            .await
            .map_err(from_sqlx)?;
        let returning = returning
            .iter()
            .map(|row| row.try_get(0).map_err(from_sqlx))
            .collect::<Result<Vec<i64>>>()?;
        if returning.is_empty() {
            return Ok(false);
        }
        let ids = list(&returning)?;
        let which = "id in (select value from json_each($1))";
        let bytes = format!("select sum(bytes) from chronicle_dead_letters where {which}");
        let bytes: i64 = sqlx::query(AssertSqlSafe(bytes))
            .bind(&ids)
            .fetch_one(self.connection().await?)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(from_sqlx)?;
        for sql in [
            format!(
                "insert into chronicle_outbox ({ENTRY}) select {ENTRY} \
                 from chronicle_dead_letters where {which}"
            ),
            format!("delete from chronicle_dead_letters where {which}"),
        ] {
            sqlx::query(AssertSqlSafe(sql))
                .bind(&ids)
                .execute(self.connection().await?)
                .await
                .map_err(from_sqlx)?;
        }
        let (rows, bytes) = (returning.len() as u64, bytes as u64);
        self.state.dead.rows = self.state.dead.rows.saturating_sub(rows);
        self.state.dead.bytes = self.state.dead.bytes.saturating_sub(bytes);
        self.state.waiting.rows += rows;
        self.state.waiting.bytes += bytes;
        Ok(true)
    }

    /// The remote has just taken a write, which is later than all that ever waited: what its rows
    /// mean for the letters. `true` when some returned.
    pub(crate) async fn answer_letters(&mut self, write: &Write, touched: u64) -> Result<bool> {
        if self.state.dead.rows == 0 {
            return Ok(false);
        }
        let table = write.table;
        let keys = match &write.kind {
            WriteKind::Insert { rows, .. } => {
                rows.iter().map(|row| row[table.key].clone()).collect()
            }
            WriteKind::Update { .. } if touched == 0 => Vec::new(),
            WriteKind::Update { target, .. } | WriteKind::Delete { target } => {
                self.touched_keys(table, target).await?
            }
        };
        let mut revived = false;
        for key in keys {
            let row = RowName(table.name.to_owned(), value::to_text(&key));
            let kind = match write.kind {
                WriteKind::Insert { .. } => EntryKind::Insert,
                WriteKind::Update { .. } => EntryKind::Update,
                WriteKind::Delete { .. } => EntryKind::Delete,
            };
            revived |= self.answer_letters_of(&row, kind, i64::MAX).await?;
        }
        Ok(revived)
    }

    /// The remote has taken an entry, or a later write: what its row means for the letters.
    pub(crate) async fn answer_letters_of(
        &mut self,
        row: &RowName,
        kind: EntryKind,
        sequence: i64,
    ) -> Result<bool> {
        if self.state.dead.rows == 0 {
            return Ok(false);
        }
        if kind.creates() {
            return self.revive(row, sequence).await;
        }
        self.supersede(row, sequence).await?;
        if kind == EntryKind::Delete {
            // Its children went with it.
            self.execute(
                "update chronicle_dead_letters set returns = 0 where sequence < $3 \
                 and exists (select 1 from json_each(parents) p \
                 where p.value ->> 0 = $1 and p.value ->> 1 = $2)",
                vec![row.0.as_str().into(), row.1.as_str().into(), sequence.into()],
            )
            .await?;
        }
        Ok(false)
    }

    /// The remote has shown these rows, whoever made them. `true` when letters returned.
    pub(crate) async fn are_there(&mut self, rows: &[RowName]) -> Result<bool> {
        if self.state.dead.rows == 0 {
            return Ok(false);
        }
        // One question for all of them: few are waited for.
        let awaited =
            sqlx::query(AWAITED).fetch_all(self.connection().await?).await.map_err(from_sqlx)?;
        let mut revived = false;
        for row in awaited {
            let text = |at: usize| row.try_get::<String, _>(at).map_err(from_sqlx);
            let name = RowName(text(0)?, text(1)?);
            if rows.contains(&name) {
                // No write of this file made it, so none is superseded.
                revived |= self.revive(&name, 0).await?;
            }
        }
        Ok(revived)
    }

    /// A write of the row that is later than `sequence` is at the remote: letters about older ones
    /// would undo it, so they do not return by themselves.
    async fn supersede(&mut self, row: &RowName, sequence: i64) -> Result<()> {
        self.execute(
            "update chronicle_dead_letters set returns = 0 \
             where table_name = $1 and row_key = $2 and sequence < $3",
            vec![row.0.as_str().into(), row.1.as_str().into(), sequence.into()],
        )
        .await
    }
}
