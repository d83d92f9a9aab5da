//! The tokens that conversations took, from the files in which agents keep them.
//!
//! Claude Code writes a line for each part of an answer, all with the usage of the whole one; Codex
//! what a turn took, and the model before it; Gemini one document with the tokens of each message.

use crate::output::{Progress, grouped};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) cache_read: u64,
    pub(super) cache_written: u64,
    pub(super) output: u64,
}

impl Tokens {
    fn add(&mut self, other: Self) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_written += other.cache_written;
        self.output += other.output;
    }
}

#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) models: BTreeMap<String, Tokens>,
    /// Transcripts that were read, and those that are not there.
    pub(super) read: u64,
    pub(super) missing: u64,
}

impl Usage {
    pub(super) fn read(
        paths: BTreeSet<PathBuf>,
        since: Option<DateTime<Utc>>,
        progress: &Progress,
    ) -> Self {
        let mut usage = Self::default();
        // An answer that was carried on in another session stands in both transcripts.
        let mut answers: HashMap<String, (String, Tokens)> = HashMap::new();
        for path in paths {
            let files = with_subagents(&path);
            if files.is_empty() {
                usage.missing += 1;
                continue;
            }
            usage.read += 1;
            progress.tell(&format!("{} transcripts read", grouped(usage.read)));
            for file in files {
                let mut reader = Reader {
                    since,
                    model: String::new(),
                    usage: &mut usage,
                    answers: &mut answers,
                };
                reader.file(&file);
            }
        }
        for (model, tokens) in answers.into_values() {
            usage.models.entry(model).or_default().add(tokens);
        }
        usage
    }
}

/// The transcript, and those of its subagents, which stand in a folder of its name.
fn with_subagents(path: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        Some(path.to_owned()).filter(|path| path.is_file()).into_iter().collect();
    let folder = path.with_extension("").join("subagents");
    let inner = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.extend(inner.filter(|path| path.extension().is_some_and(|end| end == "jsonl")));
    files.sort();
    files
}

struct Reader<'usage> {
    since: Option<DateTime<Utc>>,
    /// The model that was named last.
    model: String,
    usage: &'usage mut Usage,
    answers: &'usage mut HashMap<String, (String, Tokens)>,
}

impl Reader<'_> {
    /// What cannot be read is passed over: the file is another program's, and may be written just now.
    fn file(&mut self, path: &Path) {
        if path.extension().is_some_and(|end| end == "json") {
            let document =
                fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let document: Value = document.unwrap_or_default();
            for message in document.get("messages").and_then(Value::as_array).into_iter().flatten()
            {
                self.gemini(message);
            }
            return;
        }
        let Ok(file) = File::open(path) else { return };
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            // Most lines say nothing of tokens, and are long.
            let may_say = [&b"usage\""[..], b"\"model\"", b"\"tokens\""];
            if may_say.into_iter().any(|part| has(&line, part))
                && let Ok(document) = serde_json::from_slice::<Value>(&line)
            {
                self.line(&document);
            }
            line.clear();
        }
    }

    fn line(&mut self, line: &Value) {
        if let Some(usage) = line.pointer("/message/usage") {
            self.claude(line, usage);
        } else if let Some(payload) = line.get("payload") {
            self.codex(line, payload);
        } else {
            self.gemini(line);
        }
    }

    fn claude(&mut self, line: &Value, usage: &Value) {
        if !self.is_wanted(line) {
            return;
        }
        let text =
            |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let model = text("/message/model");
        // What the program says itself has no model.
        if model.is_empty() || model.starts_with('<') {
            return;
        }
        let tokens = Tokens {
            input: count(usage, "input_tokens"),
            cache_read: count(usage, "cache_read_input_tokens"),
            cache_written: count(usage, "cache_creation_input_tokens"),
            output: count(usage, "output_tokens"),
        };
        match (text("/message/id"), text("/requestId")) {
            ("", _) => self.usage.models.entry(model.to_owned()).or_default().add(tokens),
            // The last line of an answer has all of it.
            (id, request) => {
                let known = self.answers.entry(format!("{id} {request}")).or_default();
                if tokens.output >= known.1.output {
                    *known = (model.to_owned(), tokens);
                }
            }
        }
    }

    fn codex(&mut self, line: &Value, payload: &Value) {
        if let Some(model) = payload.get("model").and_then(Value::as_str) {
            model.clone_into(&mut self.model);
        }
        let Some(usage) = payload.pointer("/info/last_token_usage") else { return };
        if !self.is_wanted(line) {
            return;
        }
        let cached = count(usage, "cached_input_tokens");
        let tokens = Tokens {
            input: count(usage, "input_tokens").saturating_sub(cached),
            cache_read: cached,
            cache_written: 0,
            output: count(usage, "output_tokens"),
        };
        let model = if self.model.is_empty() { "(not named)" } else { &self.model };
        self.usage.models.entry(model.to_owned()).or_default().add(tokens);
    }

    fn gemini(&mut self, message: &Value) {
        let (Some(tokens), Some(model)) =
            (message.get("tokens"), message.get("model").and_then(Value::as_str))
        else {
            return;
        };
        if !self.is_wanted(message) {
            return;
        }
        let cached = count(tokens, "cached");
        let tokens = Tokens {
            input: count(tokens, "input").saturating_sub(cached),
            cache_read: cached,
            cache_written: 0,
            output: count(tokens, "output") + count(tokens, "thoughts"),
        };
        self.usage.models.entry(model.to_owned()).or_default().add(tokens);
    }

    fn is_wanted(&self, line: &Value) -> bool {
        let Some(since) = self.since else { return true };
        let time = line.get("timestamp").and_then(Value::as_str);
        time.and_then(|time| time.parse::<DateTime<Utc>>().ok()).is_none_or(|time| time >= since)
    }
}

fn count(usage: &Value, name: &str) -> u64 {
    usage.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn has(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_several_lines_counts_once() {
        let (mut usage, mut answers) = (Usage::default(), HashMap::new());
        let mut reader =
            Reader { since: None, model: String::new(), usage: &mut usage, answers: &mut answers };
        for output in [1, 40, 40] {
            reader.line(&serde_json::json!({ "requestId": "r", "message": {
                "id": "m", "model": "claude-sonnet-4-5", "usage": { "input_tokens": 3, "output_tokens": output },
            }}));
        }
        reader.line(
            &serde_json::json!({ "type": "turn_context", "payload": { "model": "gpt-5-codex" } }),
        );
        reader.line(&serde_json::json!({ "type": "event_msg", "payload": { "type": "token_count", "info": {
            "last_token_usage": { "input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 2 },
        }}}));
        assert_eq!(answers.len(), 1);
        let answer = answers.into_values().next();
        assert_eq!(answer.map(|(_, tokens)| (tokens.input, tokens.output)), Some((3, 40)));
        let codex = usage.models.get("gpt-5-codex");
        assert_eq!(
            codex.map(|tokens| (tokens.input, tokens.cache_read, tokens.output)),
            Some((6, 4, 2))
        );
    }
}
