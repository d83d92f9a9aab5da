//! What is written for real databases.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod command_line;
mod files;
mod postgres;
mod postgrest;

use chronicle_generate::Generated;
use chronicle_test_servers::{Database, Postgres};

/// A database with one table of each kind.
pub(crate) async fn specimen() -> Database {
    let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
    database.execute(include_str!("specimen.sql")).await.unwrap();
    database
}

/// All files, one after the other, and the report.
pub(crate) fn everything(generated: &Generated) -> String {
    let files = generated.files.iter().map(|(path, content)| {
        let (_marker, content) = content.split_once("\n\n").unwrap();
        format!("==== {} ====\n{content}\n", path.display())
    });
    let report = format!("==== {} tables ====\n{}", generated.report.tables, generated.report);
    files.chain([report]).collect()
}
