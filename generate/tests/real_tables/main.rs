//! Entities for the tables of public applications. `REAL_TABLES` names the file with them; without it nothing is tested.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod database;

use std::env;
use std::path::Path;
use std::time::Instant;

use chronicle_generate::{Options, from_database};
use chronicle_test_servers::{Database, Postgres};
use database::{Counts, RealTables};

/// What there is in the database.
async fn counted(database: &Database) -> Counts {
    let query = "
        select count(*),
            sum((select count(*) from pg_attribute a where a.attrelid = c.oid and attnum > 0)),
            sum((select count(*) from pg_constraint k where k.conrelid = c.oid and contype = 'p')),
            sum((select count(*) from pg_constraint k where k.conrelid = c.oid and contype = 'u')),
            sum((select count(*) from pg_constraint k where k.conrelid = c.oid and contype = 'f')),
            sum((select count(*) from pg_attrdef d where d.adrelid = c.oid))
        from pg_class c
        where relkind = 'r' and relnamespace::regnamespace::text like 'app%'";
    let rows = database.query(query).await.unwrap();
    let mut counts = rows[0].iter().map(|count| count.as_ref().unwrap().parse().unwrap());
    let mut next = || counts.next().unwrap();
    Counts {
        tables: next(),
        columns: next(),
        keys: next(),
        uniques: next(),
        foreign_keys: next(),
        defaults: next(),
    }
}

#[tokio::test]
async fn all_real_tables_are_written() {
    let Some(path) = env::var_os("REAL_TABLES") else {
        println!("not tested: REAL_TABLES names no file");
        return;
    };
    let tables = RealTables::read(path.as_ref()).unwrap();
    let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
    for script in tables.scripts() {
        if let Err(error) = database.execute(&script).await {
            panic!("{error}: {}", script.chars().take(300).collect::<String>());
        }
    }
    assert_eq!(counted(&database).await, tables.counts());

    let mut options = Options::new();
    for schema in tables.schemas().keys() {
        options = options.module(schema, schema);
    }
    let started = Instant::now();
    let generated = from_database(&database.url(), &options).await.unwrap();
    let report = generated.report.clone();
    println!("{} of {} tables in {:?}", report.tables, tables.tables.len(), started.elapsed());
    println!("{:#?}", report.counts());
    assert_eq!(report.tables, tables.tables.len());
    if let Some(folder) = env::var_os("REAL_ENTITIES") {
        generated.write_to(Path::new(&folder)).unwrap();
    }
}
