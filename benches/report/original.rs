//! The original design, whose code in Python is run as it stands.
#![allow(clippy::print_stdout, reason = "what is left out is said on the terminal")]

use crate::measure::Result;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Names the document with the original's code.
const DOCUMENT: &str = "CHRONICLE_ORIGINAL_DESIGN";
/// Names the Python that runs it.
const PYTHON: &str = "CHRONICLE_PYTHON";

#[derive(Debug)]
pub(crate) struct Original {
    document: PathBuf,
    python: String,
    /// Of Python and of its packages.
    pub(crate) versions: String,
}

impl Original {
    /// What the environment names, if it names a document.
    ///
    /// # Errors
    /// When it does, and it cannot be run.
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        let Some(document) = std::env::var_os(DOCUMENT) else {
            println!("The original is not measured: `{DOCUMENT}` names no document.");
            return Ok(None);
        };
        // Cargo runs a bench in the folder of its package.
        let document = PathBuf::from(document).canonicalize().map_err(|error| {
            format!("`{DOCUMENT}` names no file (relative to the package): {error}")
        })?;
        let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
        let mut original = Self { document, python, versions: String::new() };
        original.versions = original.run(&json!({ "work": "versions" }))?;
        Ok(Some(original))
    }

    /// The command that does a piece of work and prints what it took.
    pub(crate) fn command(&self, order: &Value) -> Command {
        let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/report/original.py");
        let mut command = Command::new(&self.python);
        command.args(["-W", "ignore", driver]).arg(&self.document).arg(order.to_string());
        command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        command
    }

    /// Does a piece of work in a process.
    pub(crate) fn run<T: DeserializeOwned>(&self, order: &Value) -> Result<T> {
        let output = self.command(order).output().map_err(|error| {
            format!("cannot start `{}`, which `{PYTHON}` may name: {error}", self.python)
        })?;
        if !output.status.success() {
            return Err(format!("the original failed at {order}: {}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}
