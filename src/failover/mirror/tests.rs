#![allow(clippy::unwrap_used)]

use crate::failover::file::{File, ForeignKeys};
use crate::failover::outbox::Bound;
use crate::operation::{Duplicates, Write, WriteKind};
use crate::{Backend, Record, Sqlite, Table};
use sea_orm::Value;

mod account {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "accounts")]
    #[repository(name = "Accounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        #[sea_orm(unique)]
        pub name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const ACCOUNTS: &Table = <account::Model as Record>::TABLE;

async fn file() -> (tempfile::TempDir, File) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("chronicle.db")).await.unwrap();
    let table = "create table accounts (id integer primary key not null, name text unique)";
    sqlite.execute_script(table).await.unwrap();
    (folder, File::open(sqlite).await.unwrap())
}

async fn store(file: &File, rows: Vec<(i64, Option<String>)>) -> crate::Result<()> {
    let rows = rows.into_iter().map(|(id, name)| vec![id.into(), name.into()]).collect();
    let mut transaction = file.begin_mirror(ForeignKeys::Off).await?;
    transaction.store_rows(ACCOUNTS, rows, None).await?;
    transaction.commit().await.map(drop)
}

async fn names(file: &File) -> Vec<(i64, Option<String>)> {
    let sql = "select id, name from accounts order by id";
    let rows = file.sqlite().query_raw(sql, Vec::new()).await.unwrap();
    rows.iter()
        .map(|row| (row["id"].as_i64().unwrap(), row["name"].as_str().map(str::to_owned)))
        .collect()
}

fn name(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn a_row_that_still_holds_a_unique_value_of_another_gives_way() {
    let (_folder, file) = file().await;
    store(&file, vec![(1, name("a")), (2, name("b")), (3, None)]).await.unwrap();
    // The remote has given `a` to another row; NULL is nobody's.
    store(&file, vec![(4, name("a")), (5, None), (2, name("b"))]).await.unwrap();
    let expected = vec![(2, name("b")), (3, None), (4, name("a")), (5, None)];
    assert_eq!(names(&file).await, expected);
}

#[tokio::test]
async fn many_rows_take_over_unique_values_at_once() {
    let (_folder, file) = file().await;
    let rows = |first: i64| (0..1_200).map(|at| (first + at, name(&at.to_string()))).collect();
    let old: Vec<_> = rows(0);
    let new: Vec<_> = rows(10_000);
    store(&file, old).await.unwrap();
    store(&file, new.clone()).await.unwrap();
    assert_eq!(names(&file).await, new);
}

#[tokio::test]
async fn a_row_with_an_entry_waiting_keeps_its_unique_value() {
    let (_folder, file) = file().await;
    let row: Vec<Value> = vec![1_i64.into(), name("a").into()];
    let kind = WriteKind::Insert { rows: vec![row], duplicates: Duplicates::Refuse };
    let mut transaction = file.begin(ForeignKeys::Off).await.unwrap();
    let bound = Bound { rows: 10, bytes: 10_000 };
    transaction.write_and_queue(Write { table: ACCOUNTS, kind }, false, bound, 0).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(
        store(&file, vec![(2, name("a"))]).await.unwrap_err().kind(),
        crate::ErrorKind::Unique
    );
    assert_eq!(names(&file).await, [(1, name("a"))]);
}
