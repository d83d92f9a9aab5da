//! The tables that are made from the sample entities, beside those that were written for them by hand.

use crate::sample::{
    child, document, fact, label, line, mark, odd_thing, parent, specimen, ticket, ward, ware, word,
};
use chronicle::{Record, Table};
#[cfg(feature = "sqlite")]
use chronicle::{Sqlite, Store};

const ALL: [&Table; 13] = [
    child::Model::TABLE,
    document::Model::TABLE,
    fact::Model::TABLE,
    label::Model::TABLE,
    line::Model::TABLE,
    mark::Model::TABLE,
    odd_thing::Model::TABLE,
    parent::Model::TABLE,
    specimen::Model::TABLE,
    ticket::Model::TABLE,
    ward::Model::TABLE,
    ware::Model::TABLE,
    word::Model::TABLE,
];

#[cfg(feature = "sqlite")]
async fn columns(sqlite: &Sqlite, table: &Table) -> Vec<String> {
    let sql =
        "select name, lower(type) as type, \"notnull\" as required, pk from pragma_table_xinfo($1)";
    let rows = Store::from(sqlite).query_raw(sql, [table.name.into()]).await.unwrap();
    let boolean_is_integer =
        |row: &chronicle::RawRow| format!("{row:?}").replace("boolean", "integer");
    let mut columns: Vec<String> = rows.iter().map(boolean_is_integer).collect();
    columns.sort();
    columns
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_file_has_the_tables_of_the_entities() {
    let by_hand = Sqlite::memory().await.unwrap();
    by_hand.execute_script(include_str!("fixture/sqlite.sql")).await.unwrap();
    by_hand.check_tables(&ALL).await.unwrap();
    let made = Sqlite::memory().await.unwrap();
    made.create_tables(&ALL).await.unwrap();
    for table in ALL {
        assert_eq!(columns(&made, table).await, columns(&by_hand, table).await, "{}", table.name);
    }
}

#[tokio::test]
async fn the_server_gets_the_tables_of_the_entities() {
    let postgres = chronicle_test_servers::Postgres::shared().await.unwrap();
    let by_hand = postgres.create_database().await.unwrap();
    by_hand.execute(include_str!("fixture/postgres.sql")).await.unwrap();
    let made = postgres.create_database().await.unwrap();
    made.execute(&chronicle::postgres_script(&ALL).unwrap()).await.unwrap();
    for table in ALL {
        let sql = format!(
            "select attname, format_type(atttypid, atttypmod), attnotnull, attidentity, \
             (select string_agg(contype::text, '' order by contype) from pg_constraint \
              where conrelid = attrelid and attnum = any (conkey) and contype in ('p', 'u', 'f')) \
             from pg_attribute where attrelid = 'public.\"{}\"'::regclass and attnum > 0 order by attname",
            table.name
        );
        let (made, by_hand) = (made.query(&sql).await.unwrap(), by_hand.query(&sql).await.unwrap());
        assert_eq!(made, by_hand, "{}", table.name);
    }
}
