//! Starting and stopping processes blocks, so it runs on the runtime's blocking threads. (Timers of the runtime are
//! not used for it: a test may have paused them.)

use std::process::Command;

use crate::{Error, Result};

/// Runs `work` on a blocking thread.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(failure) => Err(Error::Invalid(format!(
            "the runtime is shutting down ({failure}): start servers while it runs"
        ))),
    }
}

/// Runs a command to its end; its output is kept for the error message.
pub(crate) fn complete(command: &mut Command) -> Result<String> {
    let line = command_line(command);
    let output = command.output().map_err(Error::io(format!("run `{line}`")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let both = text + &String::from_utf8_lossy(&output.stderr);
    Err(Error::Command { command: line, status: output.status.to_string(), output: tail(&both) })
}

/// The last lines of an output or a log.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
