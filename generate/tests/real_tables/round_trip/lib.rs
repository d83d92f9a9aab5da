//! A row of each table through insert, read, update, upsert and delete: on a SQLite file, on PostgREST, and on the pair of
//! both in an outage, with replay.
//!
//! The test makes crates of the entities that were written; they depend on this one, which knows none of them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    missing_debug_implementations,
    reason = "a test fails by a panic, and tells what it found"
)]

mod catalog;
#[allow(dead_code, reason = "the test counts, the program does not")]
#[path = "../database.rs"]
mod database;
mod sides;
mod values;

use cases::Application;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use catalog::Catalog;
use futures_util::stream::{self, StreamExt};

/// Applications that are taken through at once: most of their time they wait for the next probe of an outage.
const AT_ONCE: usize = 8;

/// Why tables are not served, by their names.
type Failures = BTreeMap<Name, String>;

/// The schema and the name of a table.
type Name = (Option<&'static str>, &'static str);

/// Takes all through, and tells what is served.
pub async fn run(applications: Vec<Application>) {
    let path = PathBuf::from(std::env::var_os("REAL_TABLES").expect("REAL_TABLES names the file"));
    let tables = crate::database::RealTables::read(&path).expect("the file can be read");
    let names: BTreeSet<String> = tables.schemas().keys().map(ToString::to_string).collect();
    let servers = sides::Servers::start(&tables, &names).await;
    let catalog = Catalog::read(&servers.database).await;

    let (mut served, mut whole) = (0, 0);
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let only = std::env::var("REAL_ONLY").ok();
    let chosen = applications
        .iter()
        .filter(|application| only.as_ref().is_none_or(|only| only == application.name));
    let (servers, catalog) = (&servers, &catalog);
    let through = chosen.map(|application| async move {
        let mut failures = Failures::new();
        for side in [sides::Side::File, sides::Side::Server, sides::Side::Pair] {
            for (table, why) in side.run(application, servers, catalog).await {
                failures.entry(table).or_insert(format!("{side:?}: {why}"));
            }
        }
        (application, failures)
    });
    let mut through = stream::iter(through).buffered(AT_ONCE);
    while let Some((application, failures)) = through.next().await {
        served += application.cases.len() - failures.len();
        whole += usize::from(failures.is_empty());
        for ((schema, table), why) in failures {
            let schema = schema.unwrap_or("public");
            reasons.entry(why).or_default().push(format!("{schema}.{table}"));
        }
        println!("{}: {} tables", application.name, application.cases.len());
    }
    let total: usize = tables.tables.len();
    let all: BTreeSet<u32> = tables.tables.iter().map(|table| table.app).collect();
    println!("served {served} of {total} tables, {whole} of {} applications", all.len());
    for (reason, tables) in reasons {
        println!("  {} {reason}: {}", tables.len(), tables.join(", "));
    }
}
