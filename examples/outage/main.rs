//! Writes through two outages that it causes itself, and shows where each write went.
//!
//! ```sh
//! cargo run --example outage
//! ```
//!
//! It starts a PostgreSQL, a PostgREST and a proxy of its own, opens a failover store over them with
//! a file beside, and lets the proxy refuse connections, then swallow requests. In the end it
//! compares the two databases row by row: exit code 1 if they differ.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its terminal")]

mod scenario;
mod servers;
mod timeline;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

/// The example ends with the first error of any kind.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&mut io::stdout()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("outage: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the scenario, and says whether both databases hold the same rows at its end.
pub(crate) async fn run(output: &mut dyn Write) -> Result<bool> {
    writeln!(output, "Starting PostgreSQL, PostgREST and a proxy")?;
    let servers = servers::Servers::start().await?;
    scenario::play(&servers, output).await?;
    servers.compare(output).await
}
