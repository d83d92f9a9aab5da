//! What becomes of entries by the remote's answers.

use super::{ALL_TABLES, MOST_ALIKE, PAUSE, Part, Replayer};
use crate::failover::Engine;
use crate::failover::direct::Outage;
use crate::failover::entry::{Entry, EntryKind};
use crate::failover::environment::Moment;
use crate::failover::file::{ForeignKeys, Pause, Suspect};
use crate::failover::letters::DeadLetterReason;
use crate::failover::plan::{Batch, MOST_FAILURES, Window};
use crate::failover::verdict::Verdict;
use crate::{Error, ErrorKind, Result};
use std::time::Duration;

impl Engine {
    /// Records what became of a request; the wait that it asks for.
    pub(super) async fn answered(
        &self,
        replayer: &mut Replayer,
        part: Part,
        answer: Result<u64>,
    ) -> Result<Option<Duration>> {
        let table = part.batch.items[0].entry.row.0.clone();
        let error = match answer {
            #[cfg(test)]
            Ok(0)
                if self.settings.mutation
                    == Some(crate::failover::simulation::Mutation::ZeroRowsSucceed) =>
            {
                self.taken(replayer, &[(part.batch, 0)]).await?;
                return Ok(None);
            }
            Ok(0) if part.batch.kind == EntryKind::Update => {
                let (reason, message) = if part.batch.items[0].entry.base.is_some() {
                    let message =
                        "somebody else has changed or removed the row, and the remote wins";
                    (DeadLetterReason::Conflict, message)
                } else {
                    (DeadLetterReason::MissingRow, "the remote has no such row, or hides it")
                };
                let error = Error::new(ErrorKind::Conflict, message);
                return self.bury(replayer, part, reason, &error).await;
            }
            Ok(_) => return Ok(None),
            Err(error) => error,
        };
        let verdict = Verdict::of(&error);
        match verdict {
            Verdict::DuplicateKey if part.is_plain => {
                let taken = [(part.batch, 1)];
                if self.file.acknowledge(|| self.taken(replayer, &taken)).await? {
                    replayer.window = Window::default();
                }
                Ok(None)
            }
            Verdict::Poison | Verdict::DuplicateKey | Verdict::ParentMissing => {
                self.refused(replayer, part, verdict, error).await
            }
            Verdict::TooMuch => match split(replayer, part) {
                Ok(()) => Ok(None),
                Err(part) => self.failed_alone(replayer, part, &error).await,
            },
            Verdict::Repeat => {
                let wait = Duration::from_secs(1).mul_f64(self.environment.random());
                replayer.forget();
                Ok(Some(wait))
            }
            Verdict::NotApplied { at_once } => {
                replayer.forget();
                let outage = Outage { ambiguous: false, at_once, error: &error };
                self.file.acknowledge(|| self.unanswered(&part.batch, &outage)).await?;
                Ok(None)
            }
            Verdict::Throttled(wait) => {
                replayer.forget();
                Ok(Some(wait.unwrap_or(Duration::from_secs(1)).min(PAUSE)))
            }
            Verdict::Ambiguous { at_once } => {
                replayer.forget();
                replayer.most = Some((part.batch.items.len() / 2).max(1));
                let outage = Outage { ambiguous: true, at_once, error: &error };
                self.file.acknowledge(|| self.unanswered(&part.batch, &outage)).await?;
                Ok(None)
            }
            Verdict::Unauthenticated | Verdict::ReadOnly => {
                self.pause(replayer, ALL_TABLES, &error).await
            }
            Verdict::Drift => self.pause(replayer, &table, &error).await,
        }
    }

    /// The batch met an outage.
    async fn unanswered(&self, batch: &Batch, outage: &Outage<'_>) -> Result<()> {
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        if outage.ambiguous {
            transaction.mark_sent(&batch.sequences())?;
        }
        if let ([item], true) = (batch.items.as_slice(), outage.ambiguous) {
            let is_alone = item.folded.is_empty();
            transaction.state.suspect = Some(Suspect { sequence: item.entry.sequence, is_alone });
            // The next probe tells, and when it was asked for often, it takes its time.
            let outage = Outage { at_once: true, ..*outage };
            self.learn(&mut transaction.state, &outage);
        } else {
            self.learn(&mut transaction.state, outage);
        }
        transaction.commit().await.map(drop)
    }

    /// The remote has taken the batches, and touched so many rows for each. `true` when entries are
    /// back, or left, that have to go before others.
    pub(super) async fn taken(
        &self,
        replayer: &Replayer,
        batches: &[(Batch, u64)],
    ) -> Result<bool> {
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        if replayer.unanswered == 0 {
            transaction.state.is_sending = false;
        }
        let (mut done, mut rest) = (Vec::new(), Vec::new());
        for (batch, touched) in batches {
            let (removed, left) = batch.done(*touched);
            done.extend(removed);
            rest.extend(left);
        }
        transaction.remove(&done).await?;
        for (batch, _) in batches {
            let rows: Vec<_> = batch.items.iter().map(|item| &item.entry.row).collect();
            transaction.remember_rows(batch.kind, &rows)?;
        }
        self.note_success(&mut transaction.state);
        if transaction.state.waiting.rows == 0 {
            transaction.state.gate_until = 0;
            metrics::counter!("chronicle_switches_total", "to" => "remote").increment(1);
        }
        let mut revived = !rest.is_empty();
        let items = batches.iter().flat_map(|(batch, _)| &batch.items);
        for item in items {
            let Entry { row, sequence, kind, .. } = &item.entry;
            revived |= transaction.answer_letters_of(row, *kind, *sequence).await?;
        }
        let is_empty = transaction.commit().await?.waiting.rows == 0;
        // There is room in the outbox now; and none is needed once nothing waits.
        self.note_refusal(|refusal| {
            refusal.filter(|kind| *kind != ErrorKind::OutboxFull && !is_empty)
        });
        if is_empty {
            // Made again where it was given up and there is room.
            let _ = self.file.room().await;
        }
        Ok(revived)
    }

    /// The remote refused the batch, so nothing of it is applied: its parts go alone, down to the
    /// row that is to blame.
    async fn refused(
        &self,
        replayer: &mut Replayer,
        part: Part,
        verdict: Verdict,
        error: Error,
    ) -> Result<Option<Duration>> {
        // What comes after the parts, and what travelled with an entry, must not go before them.
        replayer.window = Window::default();
        let denied = error.code() == Some("42501");
        let is_sent_insert = part.batch.kind == EntryKind::Insert && part.batch.is_sent;
        if denied && is_sent_insert && !part.is_plain {
            // A role that may only insert may not ignore duplicates: plain then, one by one.
            for item in part.batch.items.into_iter().rev() {
                let batch = Batch { kind: part.batch.kind, is_sent: true, items: vec![item] };
                replayer.parts.push(Part { batch, is_plain: true });
            }
            return Ok(None);
        }
        let part = match split(replayer, part) {
            Ok(()) => return Ok(None),
            Err(part) => part,
        };
        let table = part.batch.items[0].entry.row.0.clone();
        let reason = match verdict {
            Verdict::DuplicateKey => DeadLetterReason::Conflict,
            // A delete is refused with the same code, for the sake of children.
            Verdict::ParentMissing if part.batch.kind != EntryKind::Delete => {
                DeadLetterReason::ParentMissing
            }
            _ => DeadLetterReason::Refused,
        };
        if reason == DeadLetterReason::Refused {
            let code = error.code().unwrap_or_default().to_owned();
            let alike = replayer.alike.entry(table.clone()).or_default();
            *alike = if alike.0 == code { (code, alike.1 + 1) } else { (code, 1) };
            if alike.1 >= MOST_ALIKE {
                return self.pause(replayer, &table, &error).await;
            }
        }
        self.bury(replayer, part, reason, &error).await
    }

    /// The server cannot do what a single entry asks, though it serves.
    async fn failed_alone(
        &self,
        replayer: &mut Replayer,
        part: Part,
        error: &Error,
    ) -> Result<Option<Duration>> {
        let entry = &part.batch.items[0].entry;
        if entry.failures + 1 >= MOST_FAILURES {
            return self.bury(replayer, part, DeadLetterReason::Unanswerable, error).await;
        }
        let sequence = entry.sequence;
        replayer.forget();
        self.file
            .acknowledge(|| async {
                let mut transaction = self.file.begin(ForeignKeys::Off).await?;
                transaction.count_failure(sequence).await?;
                transaction.commit().await.map(drop)
            })
            .await?;
        Ok(Some(Duration::from_secs(1)))
    }

    async fn bury(
        &self,
        replayer: &mut Replayer,
        part: Part,
        reason: DeadLetterReason,
        error: &Error,
    ) -> Result<Option<Duration>> {
        let date = self.environment.date();
        self.file
            .acknowledge(|| async {
                let mut transaction = self.file.begin(ForeignKeys::Off).await?;
                for sequence in part.batch.sequences() {
                    transaction.bury(sequence, reason, error, date).await?;
                }
                transaction.commit().await.map(drop)
            })
            .await?;
        // Its followers are letters too.
        replayer.window = Window::default();
        Ok(None)
    }

    /// Nothing that a row can help: its table stands still, and those that refer to it.
    async fn pause(
        &self,
        replayer: &mut Replayer,
        table: &str,
        error: &Error,
    ) -> Result<Option<Duration>> {
        replayer.forget();
        let now = self.environment.now();
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        let mut tables = vec![table.to_owned()];
        tables.extend(transaction.children_of(table).await?);
        for table in tables {
            let pause = Pause {
                try_at: now + PAUSE.as_millis() as Moment,
                code: error.code().map(str::to_owned),
                message: error.message().to_owned(),
            };
            transaction.state.pauses.insert(table, pause);
        }
        transaction.commit().await?;
        replayer.most = Some(1);
        tracing::warn!(table, kind = error.kind().name(), "replay of a table is paused");
        Ok(None)
    }
}

/// Half of the rows at a time, then the entry without what travels with it; an entry that is alone
/// is given back.
fn split(replayer: &mut Replayer, part: Part) -> Result<(), Part> {
    let Part { batch, is_plain } = part;
    match batch.halves() {
        Ok((first, second)) => {
            replayer.parts.push(Part { batch: second, is_plain });
            replayer.parts.push(Part { batch: first, is_plain });
            Ok(())
        }
        Err(mut batch) => {
            let has_folded = batch.items.iter_mut().fold(false, |has_folded, item| {
                let folded = std::mem::take(&mut item.folded);
                has_folded || !folded.is_empty()
            });
            // What travelled with it must not go before it.
            replayer.window = Window::default();
            if has_folded {
                replayer.parts.push(Part { batch, is_plain });
                return Ok(());
            }
            Err(Part { batch, is_plain })
        }
    }
}
