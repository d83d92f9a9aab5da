//! [`Change`]: a write's JSON image, which needs no Rust type to be sent or sent again.

use crate::key::Key;
use crate::operation::{Duplicates, NewRow};
use crate::{Column, Kind, Table, value};
use bytes::Bytes;
use sea_orm::Value;
use std::borrow::Cow;
use uuid::Uuid;

/// Most rows of one insert.
const MOST_ROWS: usize = 1_000;

/// Most JSON of one insert, in bytes, unless one row alone has more.
const MOST_BYTES: usize = 1024 * 1024;

/// A write as PostgREST is given it: names and JSON, all owned. Rows are named by their key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) table: Cow<'static, str>,
    pub(crate) schema: Option<Cow<'static, str>>,
    /// The names of the key columns.
    pub(crate) key: Vec<Cow<'static, str>>,
    pub(crate) kind: ChangeKind,
    /// The columns that each object of the JSON holds; empty for a delete.
    pub(crate) columns: Vec<Cow<'static, str>>,
    /// Those of an update that are added to instead of set.
    pub(crate) added: Vec<Cow<'static, str>>,
    /// The keys of the rows that are updated or deleted, as texts in the order of the key columns. An
    /// insert needs none.
    pub(crate) keys: Vec<Vec<String>>,
    /// What a column must hold for the rows to be updated or deleted, as text; `None` for NULL. An
    /// insert has no condition.
    pub(crate) condition: Option<(Cow<'static, str>, Option<String>)>,
    /// A list of one object for each row of an insert; the one object of an update. Cloning shares
    /// it.
    json: Bytes,
    /// Where each row's object ends in the list.
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Insert(Duplicates),
    /// Sets the columns of the rows with the keys.
    Update,
    /// Removes the rows with the keys.
    Delete,
}

impl Change {
    fn new(table: &'static Table, kind: ChangeKind, columns: Vec<Cow<'static, str>>) -> Self {
        Self {
            table: table.name.into(),
            schema: table.schema.map(Cow::from),
            key: table.key_columns().map(|column| column.name.into()).collect(),
            kind,
            columns,
            added: Vec::new(),
            keys: Vec::new(),
            condition: None,
            json: Bytes::new(),
            ends: Vec::new(),
        }
    }

    /// The rows as inserts of 1,000 rows or 1 MiB each.
    pub(crate) fn inserts(
        table: &'static Table,
        duplicates: Duplicates,
        rows: Vec<NewRow>,
    ) -> impl Iterator<Item = Self> + Send {
        let mut rows = rows.into_iter().peekable();
        let mut longest = 0;
        std::iter::from_fn(move || {
            let first = rows.peek()?;
            let left_out = first.left_out().to_vec();
            let columns = first.given().map(|(at, _)| table.columns[at].name.into()).collect();
            let mut change = Self::new(table, ChangeKind::Insert(duplicates), columns);
            let mut json = Vec::with_capacity(longest);
            json.push(b'[');
            let mut last = 0;
            while change.ends.len() < MOST_ROWS
                // The next row is about as long as the last one.
                && (change.ends.is_empty() || json.len() + last <= MOST_BYTES)
                && let Some(row) = rows.next_if(|row| row.left_out() == left_out)
            {
                let start = json.len();
                if !change.ends.is_empty() {
                    json.push(b',');
                }
                write_object(table, row.given(), &mut json);
                last = json.len() - start;
                change.ends.push(json.len());
            }
            json.push(b']');
            longest = longest.max(json.len());
            change.json = json.into();
            Some(change)
        })
    }

    pub(crate) fn update(
        table: &'static Table,
        key: &Key,
        assignments: &[(usize, Value)],
        additions: &[(usize, Value)],
    ) -> Self {
        let both: Vec<(usize, Value)> = assignments.iter().chain(additions).cloned().collect();
        let (columns, json) = assigned(table, &both);
        let mut change = Self::new(table, ChangeKind::Update, columns);
        change.added = additions.iter().map(|(at, _)| table.columns[*at].name.into()).collect();
        change.keys.push(key.texts());
        change.json = json.into();
        change
    }

    /// The same, of rows where this column is NULL.
    pub(crate) fn guarded(self, guard: Option<&'static Column>) -> Self {
        Self { condition: guard.map(|column| (column.name.into(), None)), ..self }
    }

    pub(crate) fn delete(table: &'static Table, key: &Key) -> Self {
        let mut change = Self::new(table, ChangeKind::Delete, Vec::new());
        change.keys.push(key.texts());
        change
    }

    /// A change of what an outbox kept: the JSON objects of its rows, which need no Rust type. Each
    /// object has just the `columns`. Without a schema it is for the one that the server is asked in.
    #[cfg(feature = "sqlite")]
    pub(crate) fn of_parts(
        schema: Option<String>,
        table: String,
        key: Vec<String>,
        kind: ChangeKind,
        columns: Vec<String>,
        keys: Vec<Vec<String>>,
        objects: &[std::sync::Arc<str>],
    ) -> Self {
        let is_list = matches!(kind, ChangeKind::Insert(_));
        let length = objects.iter().map(|object| object.len() + 1).sum::<usize>() + 1;
        let mut json = Vec::with_capacity(length);
        let mut ends = Vec::with_capacity(objects.len());
        if is_list {
            json.push(b'[');
        }
        for object in objects {
            if !ends.is_empty() {
                json.push(b',');
            }
            json.extend_from_slice(object.as_bytes());
            ends.push(json.len());
        }
        if is_list {
            json.push(b']');
        }
        Self {
            table: table.into(),
            schema: schema.map(Cow::from),
            key: key.into_iter().map(Cow::from).collect(),
            kind,
            columns: columns.into_iter().map(Cow::from).collect(),
            added: Vec::new(),
            keys,
            condition: None,
            json: json.into(),
            ends,
        }
    }

    /// The body of the request; `None` for a delete.
    pub(crate) fn body(&self) -> Option<Bytes> {
        match self.kind {
            ChangeKind::Insert(_) | ChangeKind::Update => Some(self.json.clone()),
            ChangeKind::Delete => None,
        }
    }

    /// How many rows it names.
    pub(crate) fn len(&self) -> u64 {
        match self.kind {
            ChangeKind::Insert(_) => self.ends.len() as u64,
            ChangeKind::Update | ChangeKind::Delete => self.keys.len() as u64,
        }
    }

    /// An insert as two of half as many rows; `None` where there is one row, or no insert.
    pub(crate) fn halves(mut self) -> Option<(Self, Self)> {
        let middle = self.ends.len() / 2;
        let end = *self.ends.get(middle.checked_sub(1)?)?;
        let second = Self {
            table: self.table.clone(),
            schema: self.schema.clone(),
            key: self.key.clone(),
            kind: self.kind,
            columns: self.columns.clone(),
            added: Vec::new(),
            keys: self.keys.split_off(middle.min(self.keys.len())),
            condition: self.condition.clone(),
            // The bracket stands in place of the comma.
            json: [b"[", &self.json[end + 1..]].concat().into(),
            ends: self.ends.split_off(middle).into_iter().map(|at| at - end).collect(),
        };
        self.json = [&self.json[..end], b"]"].concat().into();
        Some((self, second))
    }

    /// An update or delete as two of half as many keys; `None` where there is one key, or an insert.
    pub(crate) fn halves_of_keys(mut self) -> Option<(Self, Self)> {
        if matches!(self.kind, ChangeKind::Insert(_)) || self.keys.len() < 2 {
            return None;
        }
        let keys = self.keys.split_off(self.keys.len() / 2);
        let second = Self { keys, ..self.clone() };
        Some((self, second))
    }
}

/// By what the server's function knows writes.
#[derive(Clone, Debug)]
pub(crate) enum Ids {
    /// All of them, which are made together or not at all.
    Whole(Uuid),
    /// Each row that they name, in order.
    #[cfg(feature = "sqlite")]
    Each(Vec<Uuid>),
}

#[cfg(feature = "sqlite")]
impl Ids {
    pub(crate) fn as_slice(&self) -> &[Uuid] {
        match self {
            Self::Whole(id) => std::slice::from_ref(id),
            Self::Each(ids) => ids,
        }
    }

    /// As many others.
    pub(crate) fn anew(&self) -> Self {
        match self {
            Self::Whole(_) => Self::Whole(Uuid::now_v7()),
            Self::Each(ids) => Self::Each(ids.iter().map(|_| Uuid::now_v7()).collect()),
        }
    }
}

/// A change as the server's function `chronicle_apply` takes it.
pub(crate) struct Operation<'c> {
    pub(crate) change: &'c Change,
    /// The id of each row of an insert, or of each key; none where the call has one for all.
    pub(crate) ids: &'c [Uuid],
    /// Whether a row that is not there is an error.
    pub(crate) must_be_there: bool,
    /// The columns of its rows that are given back.
    pub(crate) returning: &'c [String],
}

impl Operation<'_> {
    /// Writes it as JSON. Without a schema of its own the table is in `schema`.
    pub(crate) fn write_json(&self, schema: Option<&str>, json: &mut Vec<u8>) {
        let Change { table, key, columns, added, keys, condition, .. } = self.change;
        let keyed = |texts: &Vec<String>| -> serde_json::Map<String, serde_json::Value> {
            let named = key.iter().zip(texts);
            named.map(|(name, text)| (name.to_string(), text.clone().into())).collect()
        };
        let (kind, on_conflict) = match self.change.kind {
            ChangeKind::Insert(Duplicates::Refuse) => ("insert", None),
            ChangeKind::Insert(Duplicates::Ignore) => ("insert", Some("ignore")),
            ChangeKind::Insert(Duplicates::Replace) => ("insert", Some("replace")),
            ChangeKind::Update => ("update", None),
            ChangeKind::Delete => ("delete", None),
        };
        let mut head = serde_json::json!({
            "kind": kind, "table": table, "key": key, "schema": self.change.schema.as_deref().or(schema),
        });
        let mut set = |name: &str, value: serde_json::Value| head[name] = value;
        if !columns.is_empty() {
            set("columns", serde_json::json!(columns));
        }
        if !added.is_empty() {
            set("added", serde_json::json!(added));
        }
        if !matches!(self.change.kind, ChangeKind::Insert(_)) {
            set("keys", keys.iter().map(keyed).collect());
        }
        if let Some(on_conflict) = on_conflict {
            set("on_conflict", on_conflict.into());
        }
        if let Some((column, value)) = condition {
            set("condition", serde_json::json!({ "column": column, "value": value }));
        }
        if !self.ids.is_empty() {
            set("ids", serde_json::json!(self.ids));
        }
        if self.must_be_there {
            set("must_be_there", true.into());
        }
        if !self.returning.is_empty() {
            set("returning", serde_json::json!(self.returning));
        }
        let head = head.to_string();
        match self.change.body() {
            // As it is: numbers of any length, and documents as they were written.
            Some(body) => {
                json.extend_from_slice(&head.as_bytes()[..head.len() - 1]);
                json.extend_from_slice(b",\"rows\":");
                json.extend_from_slice(&body);
                json.push(b'}');
            }
            None => json.extend_from_slice(head.as_bytes()),
        }
    }
}

/// The names of the assigned columns, and the object that assigns them.
pub(crate) fn assigned(
    table: &'static Table,
    assignments: &[(usize, Value)],
) -> (Vec<Cow<'static, str>>, Vec<u8>) {
    let columns = assignments.iter().map(|(at, _)| table.columns[*at].name.into()).collect();
    let mut json = Vec::new();
    write_object(table, assignments.iter().map(|(at, value)| (*at, value)), &mut json);
    (columns, json)
}

/// The values as one JSON object.
#[cfg(feature = "sqlite")]
pub(crate) fn object<'a>(
    table: &'static Table,
    values: impl Iterator<Item = (usize, &'a Value)>,
) -> Vec<u8> {
    let mut json = Vec::new();
    write_object(table, values, &mut json);
    json
}

fn write_object<'a>(
    table: &'static Table,
    values: impl Iterator<Item = (usize, &'a Value)>,
    json: &mut Vec<u8>,
) {
    json.push(b'{');
    for (number, (at, value)) in values.enumerate() {
        if number > 0 {
            json.push(b',');
        }
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *json, table.columns[at].name);
        json.push(b':');
        match value {
            Value::String(Some(text))
                if table.columns[at].kind == Kind::Opaque && is_json(text) =>
            {
                json.extend_from_slice(text.as_bytes());
            }
            value => value::write_json(value, json),
        }
    }
    json.push(b'}');
}

/// Whether a value that only the server understands is JSON of its own, and goes back as such.
fn is_json(text: &str) -> bool {
    text.starts_with(['[', '{']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
