//! From a marked batch to the request that carries it.

use super::{Marked, Part};
use crate::backend::postgrest::ID_IS_TAKEN;
use crate::change::{Change, ChangeKind, Operation};
use crate::failover::engine::Engine;
use crate::failover::file::{internal, is_of_key};
use crate::failover::remote::{Applied, AppliedTogether};
use crate::failover::rules::batches::{Batch, Item};
use crate::failover::rules::entry::{Base, Entry, EntryKind, Version};
use crate::failover::rules::verdict::Verdict;
use crate::failover::seam::{self, Met, Mutation};
use crate::operation::Duplicates;
use crate::{Error, ErrorKind, RawRow, Result};
use std::sync::Arc;
use uuid::Uuid;

/// What became of a request.
pub(super) enum Outcome {
    /// The remote has made it.
    Applied(Applied),
    /// The remote has made all changes of a group; `None`: it had made them when an earlier request with
    /// them came.
    Together(Option<Vec<Applied>>),
    /// A change found no row, or another version of it: nothing was made.
    Missed {
        /// The remote has the row.
        is_there: bool,
    },
    /// Of several deletes by the function these are done, by their sequences; of the others the rows are
    /// there, which it did not delete.
    DeletedSome(Vec<i64>, Applied),
    Failed(Error),
}

impl Engine {
    /// Sends one request, and says what became of it.
    pub(super) async fn request(self: &Arc<Self>, marked: &Marked) -> Outcome {
        match self.try_request(marked).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Failed(error),
        }
    }

    async fn try_request(self: &Arc<Self>, marked: &Marked) -> Result<Outcome> {
        let (part, batch) = (&marked.part, &marked.part.batch);
        let item = batch.items.first().ok_or_else(|| internal("an empty batch"))?;
        if !item.group.is_empty() {
            return self.request_together(item).await;
        }
        let base = item.entry.base.as_ref().map(|base| (base.column.clone(), &base.version));
        let returning = batch.columns_to_read_with_key();
        let change = change_of(part, base_kind(part, item))?;
        let applied = match (batch.kind, base) {
            (EntryKind::Upsert, Some((_, Version::Absent))) => {
                match self.make(marked, &change, &returning).await {
                    Err(error)
                        if Verdict::of_row(&error, &item.entry.key_columns)
                            == Verdict::DuplicateKey =>
                    {
                        return self.judge_missed(item).await;
                    }
                    applied => applied?,
                }
            }
            (
                EntryKind::Update | EntryKind::Upsert | EntryKind::Delete,
                Some((column, version)),
            ) => {
                let mut change = change;
                if let Version::Stored(value) = version {
                    change.condition = Some((column.into(), value.clone()));
                }
                let applied = self.make(marked, &change, &returning).await?;
                if applied.touched == 0 {
                    return self.judge_missed(item).await;
                }
                seam::met(Met::BaseKept);
                applied
            }
            _ => self.make(marked, &change, &returning).await?,
        };
        if batch.kind == EntryKind::Update
            && applied.touched == 0
            && !batch.items.iter().all(|item| self.is_soft_delete(&item.entry))
            && !seam::breaks(Mutation::ZeroRowsSucceed)
        {
            return Ok(Outcome::Missed { is_there: false });
        }
        // Gone already, or kept by a policy or a trigger.
        if batch.kind == EntryKind::Delete && (applied.touched as usize) < batch.items.len() {
            let there = self.rows_of(batch).await?;
            if !there.is_empty()
                && let Some(outcome) = not_deleted(marked, &applied, &there)?
            {
                return Ok(outcome);
            }
        }
        self.with_versions(batch, applied).await.map(Outcome::Applied)
    }

    /// Makes a change: by the server's function, which leaves out what it has made before, or plainly.
    async fn make(
        &self,
        marked: &Marked,
        change: &Change,
        returning: &[String],
    ) -> Result<Applied> {
        if !marked.once {
            return self.remote.apply(change, returning).await;
        }
        let ids: Vec<Uuid> = marked.part.batch.items.iter().map(|item| item.entry.id).collect();
        let operation = Operation { change, ids: &ids, must_be_there: false, returning };
        let answered = self.remote.apply_together(None, &[operation]).await;
        match answered {
            Ok(AppliedTogether::Now(mut applied)) => {
                applied.pop().ok_or_else(|| internal("the function gave no answer"))
            }
            Ok(AppliedTogether::Before) => Err(internal("a call without an id is no repetition")),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let needs_it = marked.part.batch.items.iter().any(Item::needs_function);
                let answered = Err::<(), _>(error);
                self.note_function(&answered).await;
                if needs_it && let Err(error) = answered {
                    return Err(error);
                }
                // Without it, in the next round.
                let message = "the server has the function `chronicle_apply` no longer";
                Err(Error::new(ErrorKind::Busy, message))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether it sets the time of a soft delete: a row that is gone for good is deleted, too.
    pub(super) fn is_soft_delete(&self, entry: &Entry) -> bool {
        let column = self.file.known(entry.row.table.as_str()).and_then(|table| {
            table.soft_delete.map(|at| table.columns[at].name).filter(|_| entry.added.is_empty())
        });
        let values = column.map(|column| (column, parse(&entry.body)));
        matches!(values, Some((column, Ok(values))) if values.get(column).is_some_and(|time| !time.is_null()))
    }

    /// Rows that were there already are not in the answer, and have a version as well.
    async fn with_versions(&self, batch: &Batch, mut applied: Applied) -> Result<Applied> {
        // Nor are those that an earlier request has made.
        let expected =
            if batch.kind.is_insert() { batch.items.len() as u64 } else { applied.touched };
        let missing = batch.kind != EntryKind::Delete && (applied.rows.len() as u64) < expected;
        if batch.columns_to_read().is_empty() || !missing {
            return Ok(applied);
        }
        applied.rows = self.rows_of(batch).await?;
        if batch.kind != EntryKind::InsertIfAbsent && batch.version_column().is_some() {
            // Of a row that somebody has changed since, the next change is based on no version.
            let mut own = Vec::with_capacity(applied.rows.len());
            for row in applied.rows {
                let is_of_it = |item: &&Item| {
                    is_of_key(&row, &item.entry.key_columns, &item.entry.row.key.texts())
                };
                let item = batch.items.iter().find(is_of_it);
                if let Some(item) = item
                    && holds(&row, item, batch.version_column())?
                {
                    own.push(row);
                }
            }
            applied.rows = own;
        }
        Ok(applied)
    }

    /// Those rows of a batch that are at the remote.
    async fn rows_of(&self, batch: &Batch) -> Result<Vec<RawRow>> {
        let Some(item) = batch.items.first() else { return Ok(Vec::new()) };
        let keys: Vec<Vec<String>> =
            batch.items.iter().map(|item| item.entry.row.key.texts()).collect();
        let rows = self.remote.fetch(&batch.table, &item.entry.key_columns, &keys).await;
        // Without an answer it is not known what the request has made.
        rows.map_err(|error| {
            Error::new(ErrorKind::Timeout, error.message())
                .with_code(error.code().map(str::to_owned))
        })
    }

    /// A change that is based on a version of its row found none such: it may have made another one
    /// of it itself, when its answer was lost.
    async fn judge_missed(self: &Arc<Self>, item: &Item) -> Result<Outcome> {
        let entry = &item.entry;
        let rows = self
            .remote
            .fetch(&entry.row.table, &entry.key_columns, &[entry.row.key.texts()])
            .await?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(match entry.kind {
                EntryKind::Delete => Outcome::Applied(Applied::default()),
                _ => Outcome::Missed { is_there: false },
            });
        };
        let version_column = entry.base.as_ref().map(|base| base.column.as_str());
        let is_own = entry.request.is_some()
            && entry.kind != EntryKind::Delete
            && holds(&row, item, version_column)?;
        if is_own {
            seam::met(Met::BaseOwn);
            return Ok(Outcome::Applied(Applied {
                touched: 1,
                rows: vec![row],
                ..Applied::default()
            }));
        }
        seam::met(Met::BaseLost);
        Ok(Outcome::Missed { is_there: true })
    }

    /// Whether the remote has the row of an entry.
    pub(super) async fn is_at_remote(&self, item: &Item) -> Result<bool> {
        let entry = &item.entry;
        let keys = [entry.row.key.texts()];
        let rows = self.remote.fetch(&entry.row.table, &entry.key_columns, &keys).await?;
        Ok(!rows.is_empty())
    }
}

/// What became of deletes after which rows are there; nothing where they are made.
fn not_deleted(marked: &Marked, applied: &Applied, there: &[RawRow]) -> Result<Option<Outcome>> {
    let items = &marked.part.batch.items;
    let is_known = marked.once && applied.left_out > 0;
    match items.as_slice() {
        // An earlier request found nothing, and whoever has made the row since is another one.
        [item] if is_known && !item.entry.follows_its_row() => Ok(None),
        // What was to bring the row came later: it goes by another id. Of several each tells for itself.
        _ if is_known => Err(Error::new(ErrorKind::Conflict, "an earlier request found no row")
            .with_code(Some(ID_IS_TAKEN.to_owned()))),
        [_, _, ..] if marked.once => {
            let done = done_deletes(&marked.part.batch, &applied.rows, there);
            Ok(Some(Outcome::DeletedSome(done, applied.clone())))
        }
        _ => Ok(Some(Outcome::Missed { is_there: true })),
    }
}

/// The deletes of a batch that are done: whose rows the function has deleted, whoever made them again
/// since, or whose rows are not there.
fn done_deletes(batch: &Batch, deleted: &[RawRow], there: &[RawRow]) -> Vec<i64> {
    let is_among = |item: &Item, rows: &[RawRow]| {
        let (columns, key) = (&item.entry.key_columns, item.entry.row.key.texts());
        rows.iter().any(|row| is_of_key(row, columns, &key))
    };
    let is_done = |item: &&Item| is_among(item, deleted) || !is_among(item, there);
    batch.items.iter().filter(is_done).map(|item| item.entry.sequence).collect()
}

/// Whether a row holds what an item sets, but for its version.
fn holds(row: &RawRow, item: &Item, version_column: Option<&str>) -> Result<bool> {
    let values = values_of(item)?;
    Ok(values
        .iter()
        .filter(|(name, _)| Some(name.as_str()) != version_column)
        .all(|(name, value)| row.get(name).is_some_and(|stored| alike(stored, value))))
}

/// Whether what the remote has of a row is what a change of it is based on.
pub(super) fn is_based_on(base: &Base, row: Option<&RawRow>) -> bool {
    match (&base.version, row) {
        (Version::OfEntryBefore | Version::Any, _) | (Version::Absent, None) => true,
        (Version::Absent, Some(_)) | (Version::Stored(_), None) => false,
        (Version::Stored(version), Some(row)) => {
            let version = version.clone().map_or(serde_json::Value::Null, Into::into);
            row.get(&base.column).is_some_and(|stored| alike(stored, &version))
        }
    }
}

/// Whether two JSON values stand for one value of a column: times are written in several ways.
fn alike(stored: &serde_json::Value, sent: &serde_json::Value) -> bool {
    if stored == sent {
        return true;
    }
    let (Some(stored), Some(sent)) = (stored.as_str(), sent.as_str()) else {
        // A decimal is sent as text.
        let number = |json: &serde_json::Value| {
            json.as_f64().or_else(|| json.as_str().and_then(|text| text.parse().ok()))
        };
        return number(stored).is_some() && number(stored) == number(sent);
    };
    let time = chrono::DateTime::parse_from_rfc3339;
    matches!((time(stored), time(sent)), (Ok(stored), Ok(sent)) if stored == sent)
}

/// The kind of request for a part.
fn base_kind(part: &Part, item: &Item) -> ChangeKind {
    if seam::breaks(Mutation::InsertsAsMerge) && part.batch.kind.is_insert() {
        return ChangeKind::Insert(Duplicates::Replace);
    }
    match part.batch.kind {
        EntryKind::Update => ChangeKind::Update,
        EntryKind::Delete => ChangeKind::Delete,
        EntryKind::Upsert => match item.entry.base.as_ref().map(|base| &base.version) {
            None | Some(Version::OfEntryBefore | Version::Any) => {
                ChangeKind::Insert(Duplicates::Replace)
            }
            Some(Version::Absent) => ChangeKind::Insert(Duplicates::Refuse),
            // What is there is changed only if it is still what this was based on.
            Some(Version::Stored(_)) => ChangeKind::Update,
        },
        EntryKind::InsertIfAbsent => ChangeKind::Insert(Duplicates::Ignore),
        EntryKind::Insert if part.batch.is_sent && !part.is_plain => {
            ChangeKind::Insert(Duplicates::Ignore)
        }
        EntryKind::Insert => ChangeKind::Insert(Duplicates::Refuse),
    }
}

fn change_of(part: &Part, kind: ChangeKind) -> Result<Change> {
    let items = &part.batch.items;
    let first = items.first().ok_or_else(|| internal("an empty batch"))?;
    let mut objects = Vec::with_capacity(items.len());
    let mut columns = Vec::new();
    if part.batch.kind != EntryKind::Delete {
        columns = if seam::breaks(Mutation::FoldOtherColumns) {
            serde_json::from_str(&first.entry.columns).map_err(internal)?
        } else {
            first.columns()
        };
        for item in items {
            objects.push(if item.folded.is_empty() {
                item.entry.body.clone()
            } else {
                serde_json::to_string(&values_of(item)?).map_err(internal)?.into()
            });
        }
    }
    let (schema, table) = part.batch.table.parts();
    let keys = items.iter().map(|item| item.entry.row.key.texts()).collect();
    let key = first.entry.key_columns.clone();
    let mut change = Change::of_parts(schema, table, key, kind, columns, keys, &objects);
    change.added = first.entry.added.iter().cloned().map(Into::into).collect();
    Ok(change)
}

/// What an item sets with what travels with it: the last value wins.
fn values_of(item: &Item) -> Result<RawRow> {
    let mut values = RawRow::new();
    for entry in std::iter::once(&item.entry).chain(&item.folded) {
        values.extend(parse(&entry.body)?);
    }
    Ok(values)
}

/// JSON of any depth that could be written can be read again.
fn parse(body: &str) -> Result<RawRow> {
    serde_json::from_str(body).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the entry's JSON cannot be read: {error}"))
    })
}
