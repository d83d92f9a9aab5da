//! What an import did, and what it left out.

use crate::cli::Globals;
use crate::error::Result;
use crate::output::{self, Progress, bytes, grouped};
use chronicle_entity::hook::PayloadError;
use serde_json::{Value, json};

/// How many of the left out ones `--json` names.
const NAMED: usize = 10_000;

pub(super) struct Report {
    is_json: bool,
    pub(super) new: u64,
    pub(super) repeated: u64,
    left_out: u64,
    places: Vec<Value>,
}

impl Report {
    pub(super) const fn new(globals: &Globals) -> Self {
        Self { is_json: globals.json, new: 0, repeated: 0, left_out: 0, places: Vec::new() }
    }

    pub(super) fn leave_out(
        &mut self,
        progress: &Progress,
        file: &str,
        line: u64,
        byte: u64,
        reason: &PayloadError,
    ) {
        self.left_out += 1;
        if self.is_json {
            if self.places.len() < NAMED {
                let reason = reason.to_string();
                self.places
                    .push(json!({ "file": file, "line": line, "byte": byte, "reason": reason }));
            }
            return;
        }
        progress.tell("");
        output::note(&format!("{file}:{line} (byte {byte}) is left out: {reason}"));
    }

    pub(super) fn tell_progress(
        &self,
        progress: &Progress,
        file: &str,
        at: u64,
        size: Option<u64>,
    ) {
        let part = match size {
            Some(size) if size > 0 => format!("{} %", at.saturating_mul(100) / size),
            _ => bytes(at),
        };
        progress.tell(&format!("{file}: {part}, {} recorded", grouped(self.new)));
    }

    pub(super) fn tell(self) -> Result<()> {
        let Self { is_json, new, repeated, left_out, places } = self;
        if is_json {
            return output::json(&json!({
                "recorded": new,
                "there_already": repeated,
                "left_out": left_out,
                "places": places,
            }));
        }
        output::text(&format!(
            "{} recorded, {} were there already, {} left out\n",
            grouped(new),
            grouped(repeated),
            grouped(left_out)
        ))
    }
}
