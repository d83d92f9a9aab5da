//! From a batch to the requests that carry it.

use super::Part;
use crate::Result;
use crate::change::{Change, ChangeKind};
use crate::failover::Engine;
use crate::failover::entry::{Base, EntryKind};
use crate::failover::outbox::internal;
use crate::failover::plan::Item;
use crate::operation::Duplicates;
use futures_util::future::join_all;

impl Engine {
    /// Sends a batch, in as many requests as it needs, all under way at once.
    pub(super) async fn send(
        &self,
        part: Part,
        bodies: Vec<String>,
    ) -> Result<Vec<(Part, Result<u64>)>> {
        let mut bodies = bodies.into_iter();
        let mut requests = Vec::new();
        for batch in part.batch.requests() {
            let mut rows = Vec::with_capacity(batch.items.len());
            for item in &batch.items {
                let own = bodies.next().unwrap_or_default();
                let folded: Vec<String> = bodies.by_ref().take(item.folded.len()).collect();
                rows.push(row_change(item, own, folded)?);
            }
            let part = Part { batch, is_plain: part.is_plain };
            requests.push(async {
                let answer = self.request(&part, rows).await;
                (part, answer)
            });
        }
        Ok(join_all(requests).await)
    }

    /// Sends one request.
    async fn request(&self, part: &Part, rows: Vec<Row>) -> Result<u64> {
        let kind = match part.batch.kind {
            EntryKind::Update => ChangeKind::Update,
            EntryKind::Delete => ChangeKind::Delete,
            EntryKind::Upsert => ChangeKind::Insert(Duplicates::Replace),
            EntryKind::InsertIfAbsent => ChangeKind::Insert(Duplicates::Ignore),
            EntryKind::Insert if part.batch.is_sent && !part.is_plain => {
                ChangeKind::Insert(Duplicates::Ignore)
            }
            EntryKind::Insert => ChangeKind::Insert(Duplicates::Refuse),
        };
        #[cfg(test)]
        let kind = match kind {
            ChangeKind::Insert(_)
                if self.settings.mutation
                    == Some(crate::failover::simulation::Mutation::InsertsAsMerge) =>
            {
                ChangeKind::Insert(Duplicates::Replace)
            }
            kind => kind,
        };
        let first = &part.batch.items[0];
        let keys = part.batch.items.iter().map(key).collect();
        let columns = rows.first().map(|(columns, _)| columns.clone()).unwrap_or_default();
        let objects = rows.into_iter().map(|(_, body)| body).collect();
        let change = change_of(first, kind, columns, objects, keys);
        if part.batch.kind == EntryKind::Update {
            return self.update(change, first.entry.base.clone()).await;
        }
        self.remote.apply(&change).await
    }

    /// Sends an update. One that was based on a version of the row changes that version only, or
    /// the one that it made itself when its answer was lost.
    async fn update(&self, mut change: Change, base: Option<Base>) -> Result<u64> {
        let Some(base) = base else { return self.remote.apply(&change).await };
        let own = change.value_of(&base.column);
        let column: std::borrow::Cow<'static, str> = base.column.into();
        change.condition = Some((column.clone(), base.value));
        match self.remote.apply(&change).await {
            Ok(0) if own.is_some() => {
                change.condition = Some((column, own));
                self.remote.apply(&change).await
            }
            answer => answer,
        }
    }
}

fn key(item: &Item) -> String {
    item.entry.row.1.clone()
}

type Row = (Vec<String>, String);

/// The columns and the JSON object of a row, with what travels with it.
fn row_change(item: &Item, own: String, folded: Vec<String>) -> Result<Row> {
    let list = |text: &str| -> Result<Vec<String>> { serde_json::from_str(text).map_err(internal) };
    let columns = list(&item.entry.columns)?;
    if folded.is_empty() {
        return Ok((columns, own));
    }
    let object = |text: &str| -> Result<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_str(text).map_err(internal)
    };
    let mut values = object(&own)?;
    for update in &folded {
        values.extend(object(update)?);
    }
    let columns = if item.entry.kind == EntryKind::Update {
        values.keys().cloned().collect()
    } else {
        columns
    };
    Ok((columns, serde_json::to_string(&values).map_err(internal)?))
}

fn change_of(
    item: &Item,
    kind: ChangeKind,
    columns: Vec<String>,
    objects: Vec<String>,
    keys: Vec<String>,
) -> Change {
    Change::of_parts(
        item.entry.row.0.clone(),
        item.entry.key_column.clone(),
        kind,
        columns,
        keys,
        &objects,
    )
}
