//! The agents, as the command line names them.

use std::convert::Infallible;
use std::str::FromStr;

/// An agent's name. Names that are not known are kept as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agent(String);

impl Agent {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Agent {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let name = text.trim().to_lowercase();
        Ok(Self(match name.as_str() {
            "claude" | "claude_code" | "claudecode" => "claude-code".to_owned(),
            "gemini-cli" => "gemini".to_owned(),
            "qwen-code" => "qwen".to_owned(),
            "copilot-cli" => "copilot".to_owned(),
            "vs-code" | "code" => "vscode".to_owned(),
            "open-code" => "opencode".to_owned(),
            _ => name,
        }))
    }
}
