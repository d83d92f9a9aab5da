//! Entries that are made together, by the server's function; and what makes an entry go once by it.

use super::send::Outcome;
use super::{Marked, REWORK, Replayer};
use crate::backend::postgrest::NO_SUCH_ROW;
use crate::change::{Change, ChangeKind, Operation};
use crate::failover::engine::Engine;
use crate::failover::file::{DURABLE, internal};
use crate::failover::remote::{Applied, AppliedTogether};
use crate::failover::rules::batches::{Batch, Item};
use crate::failover::rules::entry::{Entry, EntryKind, Version};
use crate::operation::Duplicates;
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

/// What became of the id of an entry.
pub(super) enum TakenId {
    /// No request with it takes effect any more.
    Taken(Marked),
    /// An earlier request has made the entry, which has left the outbox.
    Done,
    /// The remote did not say.
    Unknown(Marked, Error),
}

impl Engine {
    /// Sends entries that are made together.
    pub(super) async fn request_together(self: &Arc<Self>, item: &Item) -> Result<Outcome> {
        let entries = &item.group;
        let changes = entries.iter().map(change_of).collect::<Result<Vec<_>>>()?;
        let returning: Vec<Vec<String>> = entries
            .iter()
            .map(|entry| Batch::of_entry(entry.clone()).columns_to_read_with_key())
            .collect();
        let must_be_there = changes.iter().zip(entries).map(|(change, entry)| {
            let is_update = change.kind == ChangeKind::Update && !self.is_soft_delete(entry);
            is_update || change.condition.is_some()
        });
        let operations: Vec<Operation<'_>> = changes
            .iter()
            .zip(&returning)
            .zip(must_be_there)
            .map(|((change, returning), must_be_there)| Operation {
                change,
                ids: &[],
                must_be_there,
                returning,
            })
            .collect();
        let answered = self.remote.apply_together(Some(item.entry.id), &operations).await;
        self.note_function(&answered).await;
        match answered {
            Err(error) if error.code() == Some(NO_SUCH_ROW) => {
                Ok(Outcome::Missed { is_there: false })
            }
            Err(error) => Err(error),
            Ok(AppliedTogether::Now(applied)) => Ok(Outcome::Together(Some(applied))),
            Ok(AppliedTogether::Before) => Ok(Outcome::Together(None)),
        }
    }

    /// What an answer tells of the server's function.
    pub(in crate::failover::engine) async fn note_function<T>(&self, answer: &Result<T>) {
        let has_function = match answer {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::Unsupported => false,
            Err(_) => return,
        };
        let known = self.file.ask(|transaction| Ok(transaction.state.has_function));
        self.knows_function(Some(has_function));
        if matches!(known, Ok(known) if known == Some(has_function)) {
            return;
        }
        let (now, settle) = (self.environment.now(), self.settings.settle);
        let noted = self.file.acknowledge(DURABLE, move |transaction| {
            transaction.state.has_function = Some(has_function);
            // What has left the other way may still arrive.
            if transaction.has_sent()? {
                transaction.state.settle(now, settle);
            }
            Ok(())
        });
        if let Err(error) = noted.await {
            tracing::debug!(%error, "what the server has is noted by the next request");
        }
    }

    /// Sees to it that no earlier request with a refused entry takes effect any more, where one may be
    /// under way: the function takes its id without a change. Nothing where the entry has left the outbox,
    /// since an earlier request has made it, or where the remote did not answer.
    pub(super) async fn never_more(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
    ) -> Result<Option<Marked>> {
        match self.take_id(marked).await? {
            TakenId::Taken(marked) => Ok(Some(marked)),
            TakenId::Done => Ok(None),
            TakenId::Unknown(marked, error) => {
                Box::pin(self.not_taken(replayer, marked, Outcome::Failed(error))).await?;
                Ok(None)
            }
        }
    }

    /// The function takes the id of an entry that may have left before, without a change.
    pub(super) async fn take_id(self: &Arc<Self>, marked: Marked) -> Result<TakenId> {
        let Some(item) = marked.part.batch.items.first().filter(|_| marked.once) else {
            return Ok(TakenId::Taken(marked));
        };
        if item.entry.request.is_none() {
            return Ok(TakenId::Taken(marked));
        }
        match self.remote.apply_together(Some(item.entry.id), &[]).await {
            Ok(AppliedTogether::Now(_)) => Ok(TakenId::Taken(marked)),
            Ok(AppliedTogether::Before) if item.group.is_empty() => {
                let applied = Applied { touched: 1, ..Applied::default() };
                self.taken(vec![(marked, applied)], None).await?;
                Ok(TakenId::Done)
            }
            Ok(AppliedTogether::Before) => {
                self.taken_together(marked, None).await?;
                Ok(TakenId::Done)
            }
            Err(error) => Ok(TakenId::Unknown(marked, error)),
        }
    }

    /// Asks the remote whether it has the function.
    pub(super) async fn ask_for_function(self: &Arc<Self>) {
        let answer = self.remote.apply_together(None, &[]).await;
        self.note_function(&answer).await;
    }

    /// The remote has made a group: its entries leave the outbox together.
    pub(super) async fn taken_together(
        self: &Arc<Self>,
        marked: Marked,
        applied: Option<Vec<Applied>>,
    ) -> Result<()> {
        let engine = self.clone();
        let Marked { part, request, .. } = marked;
        let is_drained = self
            .file
            .acknowledge(DURABLE, move |transaction| {
                let relations = engine.file.relations();
                let entries = || part.batch.items.iter().flat_map(Item::entries);
                let answer = |at: usize| applied.as_ref().and_then(|applied| applied.get(at));
                for (at, entry) in entries().enumerate() {
                    let batch = Batch::of_entry(entry.clone());
                    super::record::note_accepted(transaction, &batch);
                    engine.note_success(transaction, &batch.table);
                    let known = engine.file.known(batch.table.as_str());
                    if let Some(applied) = answer(at) {
                        let applied = (applied, part.since);
                        transaction.pass_versions_on(&relations, &batch, applied, known)?;
                    }
                }
                for (at, entry) in entries().enumerate() {
                    let batch = Batch::of_entry(entry.clone());
                    let sequences = batch.sequences();
                    let applied = answer(at);
                    // What an earlier request has stored, or left alone, is fetched.
                    let is_unknown = applied.is_none_or(|applied| {
                        // Left alone, or kept by a policy or a trigger.
                        let may_touch_none = [EntryKind::InsertIfAbsent, EntryKind::Delete];
                        may_touch_none.contains(&batch.kind) && applied.touched == 0
                    });
                    transaction.acknowledge(&relations, &batch, &sequences, is_unknown)?;
                }
                transaction.unmark(request)?;
                transaction.rework(REWORK)?;
                transaction.is_drained()
            })
            .await?;
        self.have_gone(is_drained).await;
        Ok(())
    }
}

/// The change that an entry is, by itself.
fn change_of(entry: &Entry) -> Result<Change> {
    let base = entry.base.as_ref().map(|base| &base.version);
    let kind = match (entry.kind, base) {
        (EntryKind::Insert, _) | (EntryKind::Upsert, Some(Version::Absent)) => {
            ChangeKind::Insert(Duplicates::Refuse)
        }
        (EntryKind::InsertIfAbsent, _) => ChangeKind::Insert(Duplicates::Ignore),
        (EntryKind::Upsert, None | Some(Version::OfEntryBefore | Version::Any)) => {
            ChangeKind::Insert(Duplicates::Replace)
        }
        (EntryKind::Update, _) | (EntryKind::Upsert, Some(Version::Stored(_))) => {
            ChangeKind::Update
        }
        (EntryKind::Delete, _) => ChangeKind::Delete,
    };
    let (columns, objects) = match entry.kind {
        EntryKind::Delete => (Vec::new(), Vec::new()),
        _ => {
            let columns = serde_json::from_str(&entry.columns).map_err(internal)?;
            (columns, vec![entry.body.clone()])
        }
    };
    let (schema, table) = entry.row.table.parts();
    let keys = vec![entry.row.key.texts()];
    let key = entry.key_columns.clone();
    let mut change = Change::of_parts(schema, table, key, kind, columns, keys, &objects);
    change.added = entry.added.iter().cloned().map(Into::into).collect();
    if let (Some(base), ChangeKind::Update | ChangeKind::Delete) = (&entry.base, kind)
        && let Version::Stored(value) = &base.version
    {
        change.condition = Some((base.column.clone().into(), value.clone()));
    }
    Ok(change)
}
