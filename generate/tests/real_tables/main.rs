//! Entities for the tables of public applications, and a row of each taken through all that can be done with it, on a
//! SQLite file, on PostgREST and on the pair of both. `REAL_TABLES` names the file with them; without it those of
//! `sample.jsonl` are taken, which are made up.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod crates;
mod database;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
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
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_tables/sample.jsonl");
    let path = env::var_os("REAL_TABLES").map_or_else(|| sample.clone(), PathBuf::from);
    let tables = RealTables::read(&path).unwrap();
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
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real_tables");
    crates::write(&folder, &generated).unwrap();
    drop(database);

    let started = Instant::now();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--package", "runner", "--target-dir"])
        .arg(target)
        .current_dir(&folder)
        .status()
        .unwrap();
    assert!(built.success(), "the entities do not compile");
    println!("compiled in {:?}", started.elapsed());

    let started = Instant::now();
    let ran = Command::new(target.join("debug/runner")).env("REAL_TABLES", &path).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    println!("{told}in {:?}", started.elapsed());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let served = told.lines().find(|line| line.starts_with("served ")).unwrap();
    let numbers: Vec<usize> = served
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    let [served, tables, whole, applications] = numbers[..] else { panic!("{served}") };
    if path == sample {
        assert_eq!((served, whole), (tables, applications));
    }
    assert!(served * 1_210 >= tables * 1_175, "{served} of {tables} tables");
    assert!(whole * 69 >= applications * 60, "{whole} of {applications} applications");
}
