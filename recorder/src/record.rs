//! `chronicle record`: one payload from standard input. An agent waits for it, and takes any exit but 0
//! for a refusal: so it never fails, says nothing, and loses nothing that it was given.

mod asked;
mod keep;
mod last_resort;
pub(crate) mod lock;
pub(crate) mod store;

use crate::cli::Globals;
use crate::config::Config;
use crate::{output, redact};
use asked::Asked;
use chronicle_entity::hook::Sender;
use last_resort::Unread;
use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::OnceLock;

/// What is read of one payload at most, so that a stream without end does not fill the memory.
const LONGEST: u64 = 256 * 1024 * 1024;

/// What the first panic said, on whichever thread it was.
static PANIC: OnceLock<String> = OnceLock::new();

/// Whether a command line asks for this: `record`, or nothing at all with something piped in.
pub(crate) fn is_meant(arguments: &[OsString]) -> bool {
    match asked::command(arguments) {
        Some(command) => command == "record",
        None => !asked::asks_for_help(arguments) && !std::io::stdin().is_terminal(),
    }
}

/// Records what is piped in, and never fails.
pub(crate) fn run(arguments: &[OsString]) {
    // A panic is no reason to write into an agent's terminal: `doctor` shows what it said.
    std::panic::set_hook(Box::new(|panic| {
        PANIC.get_or_init(|| panic.to_string());
    }));
    let asked = Asked::of(arguments);
    if asked.wants_help {
        // Of this command alone, as clap writes it; what cannot be printed is nobody's loss.
        return drop(crate::cli::help_of("record").and_then(|help| output::text(&help)));
    }
    ignore_size_signal();
    let mut input = Vec::new();
    let mut standard_input = std::io::stdin().lock();
    if standard_input.is_terminal() {
        return output::note("chronicle: `record` takes a hook's payload from standard input");
    }
    // What came before it broke off is kept.
    let broken = standard_input.by_ref().take(LONGEST).read_to_end(&mut input).err();
    if !input.trim_ascii().is_empty() {
        let outcome = catch_unwind(AssertUnwindSafe(|| keep::keep(&asked, &input)));
        let reason = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(reason)) => Some(reason),
            Err(_) => Some(PANIC.get().cloned().unwrap_or_else(|| "a panic".to_owned())),
        };
        if let Some(mut reason) = reason {
            if let Some(broken) = broken {
                reason = format!("{reason}; and reading broke off: {broken}");
            }
            // No panic of this one is of help to anybody.
            let _ = catch_unwind(AssertUnwindSafe(|| asked.keep_unread(&input, reason)));
        }
    }
    if asked.agent.as_ref().is_some_and(|agent| agent.as_str() == "cursor")
        || looks_like_cursor(&input)
    {
        let _ = output::text(&"{}\n");
    }
}

impl Asked {
    fn sender(&self, host: &str) -> Sender {
        let mut sender = Sender::new().host(host);
        if let Some(agent) = &self.agent {
            sender = sender.agent(agent.as_str());
        }
        if let Some(event) = &self.event {
            sender = sender.event(event);
        }
        sender
    }

    fn globals(&self) -> Globals {
        Globals {
            database: self.database.clone(),
            config: self.config.clone(),
            ..Globals::default()
        }
    }

    /// At the last: beside the database, or wherever else something can be written.
    fn keep_unread(&self, input: &[u8], reason: String) {
        let config =
            catch_unwind(AssertUnwindSafe(|| Config::load_leniently(&self.globals()).ok()));
        let config = config.ok().flatten();
        let redacts = self.redact && config.as_ref().is_none_or(|config| config.redact);
        let host = config.as_ref().map(|config| config.host.clone()).unwrap_or_default();
        let database: Option<PathBuf> =
            config.map(|config| config.database).or_else(|| self.database.clone());
        let clean = catch_unwind(|| if redacts { redact::bytes(input) } else { input.to_vec() });
        let input = clean.unwrap_or_else(|_| input.to_vec());
        let agent = self.agent.as_ref().map(|agent| agent.as_str().to_owned());
        Unread { agent, event: self.event.clone(), host, reason, payload: &input }
            .write(database.as_deref());
    }
}

/// Cursor waits for an answer, whoever registered the hook.
fn looks_like_cursor(input: &[u8]) -> bool {
    let head = input.get(..4_096).unwrap_or(input);
    let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    has(b"\"cursor_version\"") || (has(b"\"generation_id\"") && has(b"\"conversation_id\""))
}

/// A limit on the size of files ends a process by a signal, unless somebody takes it; then it is an error
/// of the write.
fn ignore_size_signal() {
    #[cfg(unix)]
    {
        let noted = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        // Without it, it is as it always was.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noted);
    }
}
