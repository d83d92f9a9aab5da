//! `chronicle`: records what coding agents do, and shows it.

mod agent;
mod cli;
mod config;
mod cut;
mod database;
mod doctor;
mod document;
mod error;
mod export;
mod find_session;
mod flush;
mod import;
mod install;
mod letters;
mod migrate;
mod moment;
mod outbox;
mod output;
mod prune;
mod pull;
mod rebind;
mod record;
mod redact;
mod search;
mod sessions;
mod show;
mod stats;
mod status;
mod story;
mod table;
mod tail;
mod unread;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if record::is_meant(&arguments) {
        // An agent waits for this one, and would take any other code for a refusal.
        record::run(&arguments);
        return ExitCode::SUCCESS;
    }
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
