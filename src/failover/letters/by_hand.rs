//! What is done with letters by hand: they are looked at, queued again, or dropped.

use super::{DeadLetter, DeadLetterReason, ENTRY};
use crate::backend::sqlite::{from_sqlx, quoted};
use crate::failover::Engine;
use crate::failover::entry::RowName;
use crate::failover::file::{ForeignKeys, Transaction};
use crate::failover::outbox::internal;
use crate::{Error, ErrorKind, Result};
use sea_orm::JsonValue;
use sea_orm::sqlx::{self, AssertSqlSafe, Row};

impl Engine {
    pub(in crate::failover) async fn letters(&self, most: u32) -> Result<Vec<DeadLetter>> {
        let rows = sqlx::query(
            "select id, table_name, row_key, kind, body, reason, code, message, is_sent
             from chronicle_dead_letters order by id limit $1",
        )
        .bind(most)
        .fetch_all(&mut *self.file.sqlite().reader().await?)
        .await
        .map_err(from_sqlx)?;
        rows.iter()
            .map(|row| {
                let text = |at: usize| row.try_get::<String, _>(at).map_err(from_sqlx);
                let reason = text(5)?;
                let body = text(4)?;
                Ok(DeadLetter {
                    id: row.try_get(0).map_err(from_sqlx)?,
                    table: text(1)?,
                    key: text(2)?,
                    operation: text(3)?,
                    values: serde_json::from_str(&body).unwrap_or(JsonValue::Null),
                    reason: DeadLetterReason::ALL
                        .into_iter()
                        .find(|known| known.name() == reason)
                        .unwrap_or(DeadLetterReason::Refused),
                    code: row.try_get(6).map_err(from_sqlx)?,
                    message: text(7)?,
                    may_be_applied: row.try_get(8).map_err(from_sqlx)?,
                })
            })
            .collect()
    }

    /// Queues a letter as a new write, behind what waits now.
    pub(in crate::failover) async fn retry_letter(&self, id: i64) -> Result<()> {
        let date = self.environment.date();
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        transaction.letter_bytes(id).await?;
        let columns = ENTRY.trim_start_matches("sequence, ");
        let sql = format!(
            "insert into chronicle_outbox (sequence, {columns}) select $3, {} \
             from chronicle_dead_letters where id = $1",
            columns.replace("is_sent", "0").replace("queued_at", "$2")
        );
        // Later writes of the row go after it again.
        let followers = sqlx::query(
            "select f.id from chronicle_dead_letters l join chronicle_dead_letters f
               on f.reason = 'follows' and f.missing_table = l.table_name
               and f.missing_key = l.row_key and f.table_name = l.table_name
               and f.row_key = l.row_key and f.sequence > l.sequence
             where l.id = $1 order by f.sequence",
        )
        .bind(id)
        .fetch_all(transaction.connection().await?)
        .await
        .map_err(from_sqlx)?;
        let mut letters = vec![id];
        for follower in followers {
            letters.push(follower.try_get(0).map_err(from_sqlx)?);
        }
        for id in letters {
            let bytes = transaction.letter_bytes(id).await?;
            transaction.state.last_sequence += 1;
            let sequence = transaction.state.last_sequence;
            sqlx::query(AssertSqlSafe(sql.clone()))
                .bind(id)
                .bind(date)
                .bind(sequence)
                .execute(transaction.connection().await?)
                .await
                .map_err(from_sqlx)?;
            transaction.forget_letter(id, bytes).await?;
            transaction.state.waiting.rows += 1;
            transaction.state.waiting.bytes += bytes;
        }
        transaction.commit().await?;
        self.wake();
        Ok(())
    }

    /// Forgets a letter and those that follow it. The row in the file goes, unless something waits
    /// for it: what the remote has of it comes with the next read.
    pub(in crate::failover) async fn drop_letter(&self, id: i64) -> Result<u64> {
        let mut transaction = self.file.begin(ForeignKeys::On).await?;
        transaction.letter_bytes(id).await?;
        let mut dropped = 0;
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            let row = sqlx::query(
                "select table_name, row_key, local_key is not null, key_column, bytes
                 from chronicle_dead_letters where id = $1",
            )
            .bind(id)
            .fetch_optional(transaction.connection().await?)
            .await
            .map_err(from_sqlx)?;
            let Some(row) = row else { continue };
            let text = |at: usize| row.try_get::<String, _>(at).map_err(from_sqlx);
            let name = RowName(text(0)?, text(1)?);
            let bytes: i64 = row.try_get(4).map_err(from_sqlx)?;
            let followers = sqlx::query(
                "select id from chronicle_dead_letters
                 where reason = 'follows' and missing_table = $1 and missing_key = $2",
            )
            .bind(&name.0)
            .bind(&name.1)
            .fetch_all(transaction.connection().await?)
            .await
            .map_err(from_sqlx)?;
            for follower in followers {
                doomed.push(follower.try_get(0).map_err(from_sqlx)?);
            }
            if !transaction.waits(&name).await? {
                let sql = format!(
                    "delete from {} where {} = (select local_key from chronicle_dead_letters where id = $1)",
                    quoted(&name.0),
                    quoted(&text(3)?)
                );
                sqlx::query(AssertSqlSafe(sql))
                    .bind(id)
                    .execute(transaction.connection().await?)
                    .await
                    .map_err(from_sqlx)?;
            }
            transaction.forget_letter(id, bytes as u64).await?;
            dropped += 1;
        }
        transaction.commit().await?;
        Ok(dropped)
    }
}

impl Transaction<'_> {
    async fn letter_bytes(&mut self, id: i64) -> Result<u64> {
        let row = sqlx::query("select bytes from chronicle_dead_letters where id = $1")
            .bind(id)
            .fetch_optional(self.connection().await?)
            .await
            .map_err(from_sqlx)?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no dead letter {id}")))?;
        let bytes: i64 = row.try_get(0).map_err(from_sqlx)?;
        u64::try_from(bytes).map_err(internal)
    }

    async fn forget_letter(&mut self, id: i64, bytes: u64) -> Result<()> {
        self.execute("delete from chronicle_dead_letters where id = $1", vec![id.into()]).await?;
        self.state.dead.rows = self.state.dead.rows.saturating_sub(1);
        self.state.dead.bytes = self.state.dead.bytes.saturating_sub(bytes);
        Ok(())
    }
}
