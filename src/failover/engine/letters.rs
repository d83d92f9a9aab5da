//! Letters by hand, and what waits.

use super::Engine;
use crate::backend::sqlite::Urgency;
use crate::failover::file::{DURABLE, Transaction, is_of_row};
use crate::failover::letter::{DeadLetter, LetterFilter};
use crate::failover::rules::name::RowName;
use crate::failover::{OutboxEntry, RowState};
use crate::key::Key;
use crate::{Error, ErrorKind, Result, Table};
use std::sync::Arc;

/// Letters that are changed in one transaction.
const LETTERS_AT_ONCE: u32 = 100;

impl Engine {
    pub(crate) async fn letters(&self, filter: LetterFilter, most: u32) -> Result<Vec<DeadLetter>> {
        self.file.look(move |transaction| transaction.letters(&filter, most)).await
    }

    pub(crate) async fn letter(&self, id: i64) -> Result<Option<DeadLetter>> {
        self.file.look(move |transaction| transaction.letter(id)).await
    }

    /// The first entries that wait.
    pub(crate) async fn outbox(&self, most: u32) -> Result<Vec<OutboxEntry>> {
        self.file.look(move |transaction| transaction.outbox(most)).await
    }

    pub(crate) async fn outbox_entry(&self, id: i64) -> Result<Option<OutboxEntry>> {
        self.file.look(move |transaction| transaction.outbox_entry(id)).await
    }

    /// What has become of the writes of these rows.
    pub(crate) async fn states_of(
        &self,
        table: &'static Table,
        keys: Vec<Key>,
    ) -> Result<Vec<RowState>> {
        let states = move |transaction: &Transaction<'_>| {
            keys.iter().map(|key| transaction.state_of(&RowName::of(table, key))).collect()
        };
        self.file.look(states).await
    }

    pub(crate) async fn retry(self: &Arc<Self>, id: i64) -> Result<()> {
        self.retry_all(vec![id]).await.map_err(|error| in_its_way(id, error))?;
        self.wake();
        Ok(())
    }

    async fn retry_all(self: &Arc<Self>, ids: Vec<i64>) -> Result<()> {
        let engine = self.clone();
        self.file
            .change(Urgency::Call, DURABLE, move |transaction| {
                let (date, relations) = (engine.environment.date(), engine.file.relations());
                for id in &ids {
                    // One of several goes again with the first of those that it is made together with.
                    if ids.len() > 1 && !transaction.is_letter(*id)? {
                        continue;
                    }
                    transaction.retry(|table| engine.file.known(table), &relations, *id, date)?;
                }
                Ok(())
            })
            .await
    }

    pub(crate) async fn retry_letters(self: &Arc<Self>, filter: LetterFilter) -> Result<u64> {
        let mut retried = 0;
        let mut after = 0;
        let mut stays = None;
        // Those that come to be meanwhile are left alone.
        let newest = self.file.ask(|transaction| Ok(transaction.counts.sequence))?;
        loop {
            let some = filter.clone();
            let ids = self
                .file
                .look(move |transaction| transaction.letters_after(&some, after, LETTERS_AT_ONCE))
                .await?;
            let ids: Vec<i64> = ids.into_iter().filter(|id| *id <= newest).collect();
            let Some(last) = ids.last() else { break };
            after = *last;
            retried += ids.len() as u64;
            if let Err(error) = self.retry_all(ids.clone()).await {
                if !is_of_row(&error) {
                    return Err(error);
                }
                // Whose change the file does not take stays a letter, and the others go.
                for id in ids {
                    match self.retry_all(vec![id]).await {
                        Ok(()) => {}
                        // It went with another one of its transaction.
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        Err(error) if is_of_row(&error) => {
                            retried -= 1;
                            stays.get_or_insert(in_its_way(id, error));
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        self.wake();
        match stays {
            None => Ok(retried),
            Some(error) => Err(error.with_message_end(&format!("; {retried} others go again"))),
        }
    }

    pub(crate) async fn drop_letter(self: &Arc<Self>, id: i64) -> Result<u64> {
        let engine = self.clone();
        let dropped = self
            .file
            .change(Urgency::Call, DURABLE, move |transaction| {
                let now = engine.environment.now();
                let is_settling = transaction.state.settling(now).is_some();
                transaction.drop_letter(id, is_settling)
            })
            .await?;
        self.wake();
        Ok(dropped)
    }

    pub(crate) async fn drop_letters(self: &Arc<Self>, filter: LetterFilter) -> Result<u64> {
        let mut dropped = 0;
        let mut after = 0;
        loop {
            let some = filter.clone();
            let ids = self
                .file
                .look(move |transaction| transaction.letters_after(&some, after, LETTERS_AT_ONCE))
                .await?;
            let Some(last) = ids.last() else { return Ok(dropped) };
            after = *last;
            for id in ids {
                match self.drop_letter(id).await {
                    Ok(_) => dropped += 1,
                    // It went with another one.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(stopped(error, dropped)),
                }
            }
        }
    }
}

fn stopped(error: Error, dropped: u64) -> Error {
    error.with_hint(format!("{dropped} letters were dropped before"))
}

/// The file does not take the change of a letter again.
fn in_its_way(id: i64, error: Error) -> Error {
    if !is_of_row(&error) {
        return error;
    }
    error
        .with_message_end(&format!(
            ": letter {id} does not go again, since what was written later is in its way"
        ))
        .with_hint(format!("`dead_letter({id})` shows it: drop it, or change what is in its way"))
}
