#![allow(clippy::unwrap_used)]

use super::{File, ForeignKeys, Pragmas, State};
use crate::failover::entry::{EntryKind, RowName};
use crate::failover::letters::DeadLetterReason;
use crate::failover::outbox::Bound;
use crate::failover::simulation::entities::{CHILDREN, PARENTS, schema};
use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::{Error, ErrorKind, Sqlite, Table};
use sea_orm::Value;
use std::path::Path;

const BOUND: Bound = Bound { rows: 100, bytes: 1_000_000 };

fn parent(id: &str, a: i64) -> Vec<Value> {
    vec![id.into(), 1_i64.into(), a.into(), 1_i64.into()]
}

fn child(id: &str, parent: &str) -> Vec<Value> {
    vec![id.into(), parent.into(), 1_i64.into(), 1_i64.into(), 1_i64.into()]
}

fn insert(table: &'static Table, row: Vec<Value>) -> Write {
    let kind = WriteKind::Insert { rows: vec![row], duplicates: Duplicates::Refuse };
    Write { table, kind }
}

fn delete(table: &'static Table, key: &str) -> Write {
    Write { table, kind: WriteKind::Delete { target: Target::Key(key.into()) } }
}

async fn open(path: &Path) -> File {
    File::open(Sqlite::open(path).await.unwrap()).await.unwrap()
}

async fn file() -> (tempfile::TempDir, File) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chronicle.db");
    Sqlite::open(&path).await.unwrap().execute_script(&schema(true)).await.unwrap();
    (folder, open(&path).await)
}

impl File {
    async fn queue(&self, write: Write) -> i64 {
        let mut transaction = self.begin(ForeignKeys::On).await.unwrap();
        transaction.write_and_queue(write, false, BOUND, 0).await.unwrap();
        transaction.commit().await.unwrap().last_sequence
    }

    async fn remove(&self, sequence: i64, kind: EntryKind) {
        let mut transaction = self.begin(ForeignKeys::Off).await.unwrap();
        transaction.remove(&[sequence]).await.unwrap();
        let row = RowName("parents".to_owned(), "p".to_owned());
        transaction.remember_rows(kind, &[&row]).unwrap();
        transaction.commit().await.unwrap();
    }

    async fn store(&self, table: &'static Table, row: Vec<Value>, since: i64) {
        let mut transaction = self.begin_mirror(ForeignKeys::Off).await.unwrap();
        transaction.store_rows(table, vec![row], Some(since)).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn script(&self, sql: &'static str) {
        self.sqlite.execute_script(sql).await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        let row = crate::Backend::query_raw(&self.sqlite, sql, Vec::new()).await.unwrap().remove(0);
        row.values().next().unwrap().as_i64().unwrap()
    }
}

#[tokio::test]
async fn a_row_whose_entry_left_the_outbox_since_is_not_read_over() {
    let (_folder, file) = file().await;
    let sequence = file.queue(insert(PARENTS, parent("p", 2))).await;
    let since = file.state().await.unwrap().writes;
    // A page is read from the remote now, before the entry arrives there.
    file.store(PARENTS, parent("p", 1), since).await;
    file.remove(sequence, EntryKind::Insert).await;
    file.store(PARENTS, parent("p", 1), since).await;
    assert_eq!(file.number("select a from parents").await, 2);
    file.store(PARENTS, parent("p", 3), file.state().await.unwrap().writes).await;
    assert_eq!(file.number("select a from parents").await, 3);
}

#[tokio::test]
async fn a_row_whose_entry_became_a_letter_since_is_not_read_over() {
    let (_folder, file) = file().await;
    let sequence = file.queue(insert(PARENTS, parent("p", 2))).await;
    let since = file.state().await.unwrap().writes;
    let mut transaction = file.begin(ForeignKeys::Off).await.unwrap();
    let error = Error::new(ErrorKind::Unique, "taken");
    transaction.bury(sequence, DeadLetterReason::Conflict, &error, 0).await.unwrap();
    transaction.commit().await.unwrap();
    file.store(PARENTS, parent("p", 1), since).await;
    assert_eq!(file.number("select a from parents").await, 2);
}

#[tokio::test]
async fn rows_that_left_together_have_numbers_of_their_own() {
    let (_folder, file) = file().await;
    let names = ["p", "q"].map(|key| RowName("parents".to_owned(), key.to_owned()));
    for writes in [2, 4] {
        let mut transaction = file.begin(ForeignKeys::Off).await.unwrap();
        transaction.remember_rows(EntryKind::Insert, &[&names[0], &names[1]]).unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(file.state().await.unwrap().writes, writes);
    }
    for (key, since, is_stored) in
        [("p", 0, false), ("q", 3, false), ("r", 0, true), ("p", 4, true)]
    {
        file.store(PARENTS, parent(key, 1), since).await;
        let sql = format!("select count(*) from parents where id = '{key}'");
        assert_eq!(file.number(&sql).await, i64::from(is_stored), "{key} since {since}");
    }
    // The first two are forgotten.
    file.script("delete from chronicle_recent_writes where number = 2").await;
    for (since, stored) in [(1, 2), (2, 3)] {
        file.store(PARENTS, parent("s", 1), since).await;
        assert_eq!(file.number("select count(*) from parents").await, stored);
    }
}

#[tokio::test]
async fn a_row_whose_parent_waits_to_be_deleted_is_not_stored() {
    let (_folder, file) = file().await;
    file.store(PARENTS, parent("p", 1), 0).await;
    file.store(CHILDREN, child("c", "p"), 0).await;
    let sequence = file.queue(delete(PARENTS, "p")).await;
    assert_eq!(file.number("select count(*) from children").await, 0);
    let since = file.state().await.unwrap().writes;
    file.store(CHILDREN, child("c", "p"), since).await;
    file.remove(sequence, EntryKind::Delete).await;
    file.store(CHILDREN, child("c", "p"), since).await;
    assert_eq!(file.number("select count(*) from children").await, 0);
}

#[tokio::test]
async fn a_write_too_old_to_be_remembered_counts_as_newer() {
    let (_folder, file) = file().await;
    for number in 1..=2 {
        let mut transaction = file.begin_mirror(ForeignKeys::Off).await.unwrap();
        transaction.mirror_write(insert(PARENTS, parent(&number.to_string(), 1))).await.unwrap();
        transaction.commit().await.unwrap();
    }
    file.script("delete from chronicle_recent_writes where number = 1").await;
    file.store(PARENTS, parent("p", 1), 0).await;
    assert_eq!(file.number("select count(*) from parents").await, 2);
    file.store(PARENTS, parent("p", 1), 1).await;
    assert_eq!(file.number("select count(*) from parents").await, 3);
}

#[tokio::test]
async fn old_writes_are_forgotten_and_numbers_go_on() {
    let (_folder, file) = file().await;
    let last = 400 * 256 - 1;
    file.script(
        "insert into chronicle_recent_writes (number, table_name, row_keys) \
         values (1, '', '[]'), (2400, '', '[]'), (2401, '', '[]'), (102399, '', '[]')",
    )
    .await;
    assert_eq!(file.state().await.unwrap().writes, last);
    let mut transaction = file.begin_mirror(ForeignKeys::Off).await.unwrap();
    transaction.mirror_write(insert(PARENTS, parent("p", 1))).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(file.state().await.unwrap().writes, last + 1);
    assert_eq!(file.number("select min(number) from chronicle_recent_writes").await, 2_401);
}

#[tokio::test]
async fn no_sequence_is_given_twice() {
    let (_folder, file) = file().await;
    let first = file.queue(insert(PARENTS, parent("p", 1))).await;
    file.remove(first, EntryKind::Insert).await;
    let second = file.queue(insert(PARENTS, parent("q", 1))).await;
    assert!(second > first);
    assert_eq!(file.number("select sequence from chronicle_outbox").await, second);
}

#[tokio::test]
async fn what_was_seen_is_not_trusted_once_another_process_has_written() {
    let (folder, file) = file().await;
    let other = open(&folder.path().join("chronicle.db")).await;
    file.state().await.unwrap();
    other.queue(insert(PARENTS, parent("other", 1))).await;

    let mut transaction =
        file.begin_as_seen(Pragmas::durable(ForeignKeys::Off)).await.unwrap().unwrap();
    assert_eq!(transaction.state.waiting.rows, 0);
    let row = insert(PARENTS, parent("ours", 1));
    transaction.write_and_queue(row, false, BOUND, 0).await.unwrap();
    assert!(transaction.commit().await.is_err());
    assert_eq!(file.number("select count(*) from parents").await, 1);

    // One that asks learns it with the question.
    let mut transaction =
        file.begin_as_seen(Pragmas::durable(ForeignKeys::Off)).await.unwrap().unwrap();
    assert!(transaction.touched_keys(PARENTS, &Target::All).await.is_err());
    drop(transaction);

    let transaction = file.begin(ForeignKeys::Off).await.unwrap();
    assert_eq!(transaction.state.waiting.rows, 1);
    drop(transaction);
    // Others write now, so what was seen is not worth a try until it was seen twice.
    assert!(file.begin_as_seen(Pragmas::durable(ForeignKeys::Off)).await.unwrap().is_none());
    drop(file.begin(ForeignKeys::Off).await.unwrap());
    file.begin(ForeignKeys::Off).await.unwrap().commit().await.unwrap();
    let mut transaction =
        file.begin_as_seen(Pragmas::durable(ForeignKeys::Off)).await.unwrap().unwrap();
    let row = insert(PARENTS, parent("ours", 1));
    transaction.write_and_queue(row, false, BOUND, 0).await.unwrap();
    let State { waiting, .. } = transaction.commit().await.unwrap();
    assert_eq!(waiting.rows, 2);
    assert_eq!(file.number("select count(*) from parents").await, 2);
}
