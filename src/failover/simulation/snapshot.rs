//! [`Snapshot`]: what the file holds between two steps.

use crate::Sqlite;
use crate::failover::entry::{EntryKind, RowName};
use crate::failover::file::State;
use sea_orm::sqlx::{self, Row as _};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The values of a row; each is the number of the call that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) parent: Option<String>,
    pub(super) made: i64,
    pub(super) a: i64,
    pub(super) b: i64,
}

impl Row {
    pub(super) fn get(&self, column: &str) -> i64 {
        match column {
            "made" => self.made,
            "a" => self.a,
            _ => self.b,
        }
    }

    pub(super) fn set(&mut self, column: &str, value: i64) {
        match column {
            "made" => self.made = value,
            "a" => self.a = value,
            _ => self.b = value,
        }
    }
}

/// The members of a JSON object that an entry or a request carries.
pub(super) type Body = BTreeMap<String, serde_json::Value>;

#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) sequence: i64,
    pub(super) row: RowName,
    pub(super) kind: EntryKind,
    pub(super) body: Body,
    pub(super) parents: Vec<RowName>,
}

#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) entry: Waiting,
    pub(super) id: i64,
    pub(super) reason: String,
    pub(super) missing: Option<RowName>,
    pub(super) is_absent: bool,
    pub(super) is_sent: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) state: State,
    pub(super) outbox: Vec<Waiting>,
    pub(super) letters: Vec<Letter>,
    pub(super) rows: BTreeMap<RowName, Row>,
}

const QUESTION: &str = "select
    (select state from chronicle_failover where id = 1),
    (select json_group_array(json_array(sequence, table_name, row_key, kind, body, json(parents)))
        from (select * from chronicle_outbox order by sequence)),
    (select json_group_array(json_array(json_array(sequence, table_name, row_key, kind, body,
        json(parents)), id, reason, missing_table, missing_key, is_absent, is_sent))
        from (select * from chronicle_dead_letters order by id)),
    (select json_group_array(json_array(id, null, made, a, b)) from parents),
    (select json_group_array(json_array(id, parent_id, made, a, b)) from children)";

type EntryParts = (i64, String, String, EntryKind, String, Vec<RowName>);
type LetterParts = (EntryParts, i64, String, Option<String>, Option<String>, i64, i64);
type RowParts = (String, Option<String>, i64, i64, i64);

impl Snapshot {
    pub(super) async fn take(file: &Sqlite) -> Self {
        let answer = sqlx::query(QUESTION)
            .fetch_one(&mut *file.reader().await.expect("open"))
            .await
            .expect("the file can be read");
        let text = |at: usize| answer.try_get::<String, _>(at).expect("text");
        let entries: Vec<EntryParts> = parse(&text(1));
        let letters: Vec<LetterParts> = parse(&text(2));
        let mut rows = BTreeMap::new();
        for (at, table) in [(3, "parents"), (4, "children")] {
            for (key, parent, made, a, b) in parse::<Vec<RowParts>>(&text(at)) {
                rows.insert(RowName(table.to_owned(), key), Row { parent, made, a, b });
            }
        }
        Self {
            state: parse(&text(0)),
            outbox: entries.into_iter().map(waiting).collect(),
            letters: letters
                .into_iter()
                .map(|(entry, id, reason, table, key, is_absent, is_sent)| Letter {
                    entry: waiting(entry),
                    id,
                    reason,
                    missing: table.zip(key).map(|(table, key)| RowName(table, key)),
                    is_absent: is_absent != 0,
                    is_sent: is_sent != 0,
                })
                .collect(),
            rows,
        }
    }

    /// Whether the one question of the store is answered with the remote.
    pub(super) fn is_healthy(&self) -> bool {
        self.outbox.is_empty() && !self.state.breaker.is_open()
    }

    pub(super) fn entry(&self, sequence: i64) -> Option<&Waiting> {
        self.outbox.iter().find(|entry| entry.sequence == sequence)
    }

    pub(super) fn letter(&self, sequence: i64) -> Option<&Letter> {
        self.letters.iter().find(|letter| letter.entry.sequence == sequence)
    }
}

fn waiting((sequence, table, key, kind, body, parents): EntryParts) -> Waiting {
    let body = if body.is_empty() { Body::new() } else { parse(&body) };
    Waiting { sequence, row: RowName(table, key), kind, body, parents }
}

fn parse<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("what the file holds is JSON")
}
