//! The agents: where each has its settings, and what else is to be done there.

use super::hooks::{CLAUDE, COPILOT, CURSOR, GEMINI, GROK, Hooks, QWEN};
use crate::cli::Scope;
use crate::error::{Error, Result};
use std::env;
use std::path::PathBuf;

/// How the hooks are written into a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// Among other settings, or in a file of hooks: JSON.
    Json(Hooks),
    /// Codex's `config.toml`.
    Toml,
    /// A program that the agent loads, which is all ours.
    Script(&'static str),
}

/// A file that an agent reads hooks from.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
}

/// An agent whose hooks can be installed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What is left to be done by hand, or to be known.
    pub(crate) note: &'static str,
}

pub(crate) const ALL: [Known; 10] = [
    Known {
        name: "claude-code",
        title: "Claude Code",
        note: "Sessions that are started from now on are recorded.",
    },
    Known {
        name: "codex",
        title: "Codex",
        note: "Codex passes over hooks in silence until they are trusted: start it, and trust them by `/hooks`. \
               After each change of them it wants that again.",
    },
    Known { name: "gemini", title: "Gemini CLI", note: "Restart Gemini CLI." },
    Known { name: "qwen", title: "Qwen Code", note: "Restart Qwen Code." },
    Known {
        name: "copilot",
        title: "Copilot CLI",
        note: "VS Code reads the same file. In a repository Copilot reads `.claude/settings.json` as well: with hooks \
               in both, each event comes twice and is stored once.",
    },
    Known {
        name: "vscode",
        title: "Copilot in VS Code",
        note: "Copilot CLI reads the same file. VS Code reads `.claude/settings.json` as well: with hooks in both, each \
               event comes twice and is stored once.",
    },
    Known {
        name: "cursor",
        title: "Cursor",
        note: "Restart Cursor. It reads Claude Code's settings as well if its setting `Third-party skills` is on.",
    },
    Known {
        name: "grok",
        title: "Grok",
        note: "Hooks of a project run once they are trusted by `/hooks-trust`. Grok reads Claude Code's and Cursor's \
               settings as well: with hooks in both, each event comes twice and is stored once.",
    },
    Known { name: "opencode", title: "OpenCode", note: "Restart OpenCode." },
    Known { name: "pi", title: "pi", note: "Restart pi, or say `/reload` in it." },
];

/// The agent of this name.
pub(crate) fn known(name: &str) -> Result<Known> {
    ALL.into_iter().find(|agent| agent.name == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|agent| agent.name).collect();
        Error::Refused(format!(
            "no hooks are known for `{name}`; known are {}. Any other agent can run `chronicle record --agent {name}` \
             with its payload on standard input",
            names.join(", ")
        ))
    })
}

/// The folders that settings lie in.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    home: PathBuf,
    project: PathBuf,
}

impl Folders {
    /// The user's, and those of the project that the program is run in.
    pub(crate) fn here() -> Result<Self> {
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let home = home.ok_or_else(|| Error::Refused("no home folder: set HOME".to_owned()))?;
        let folder = env::current_dir()?;
        let repository = folder.ancestors().find(|folder| folder.join(".git").exists());
        Ok(Self { home, project: repository.unwrap_or(&folder).to_owned() })
    }

    fn user(&self, variable: &str, otherwise: &str) -> PathBuf {
        match env::var_os(variable).filter(|folder| !folder.is_empty()) {
            Some(folder) => folder.into(),
            None => self.home.join(otherwise),
        }
    }
}

impl Known {
    /// Where the hooks go in a scope.
    pub(crate) fn place(&self, scope: Scope, folders: &Folders) -> Result<Place> {
        if scope == Scope::Local && self.name != "claude-code" {
            return Err(Error::Refused(format!(
                "{} has no settings of a project that are yours alone: take `--scope user` or `--scope project`",
                self.title
            )));
        }
        let is_user = scope == Scope::User;
        let in_scope = |variable: &str, user: &str, project: &str| {
            if is_user { folders.user(variable, user) } else { folders.project.join(project) }
        };
        let (path, format) = match self.name {
            "claude-code" => {
                let file =
                    if scope == Scope::Local { "settings.local.json" } else { "settings.json" };
                let folder = in_scope("CLAUDE_CONFIG_DIR", ".claude", ".claude");
                (folder.join(file), Format::Json(CLAUDE))
            }
            "codex" => {
                let folder = in_scope("CODEX_HOME", ".codex", ".codex");
                // Codex reads both, and complains of both in one folder.
                let json = folder.join("hooks.json");
                if json.exists() {
                    (json, Format::Json(super::hooks::CODEX))
                } else {
                    (folder.join("config.toml"), Format::Toml)
                }
            }
            "gemini" => {
                (in_scope("", ".gemini", ".gemini").join("settings.json"), Format::Json(GEMINI))
            }
            "qwen" => (in_scope("", ".qwen", ".qwen").join("settings.json"), Format::Json(QWEN)),
            "copilot" | "vscode" => {
                let folder = if is_user {
                    folders.user("COPILOT_HOME", ".copilot").join("hooks")
                } else {
                    folders.project.join(".github/hooks")
                };
                (folder.join("chronicle.json"), Format::Json(COPILOT))
            }
            "cursor" => {
                (in_scope("", ".cursor", ".cursor").join("hooks.json"), Format::Json(CURSOR))
            }
            "grok" => {
                let folder = in_scope("GROK_HOME", ".grok", ".grok").join("hooks");
                (folder.join("chronicle.json"), Format::Json(GROK))
            }
            "opencode" => {
                let folder = if is_user {
                    folders.user("XDG_CONFIG_HOME", ".config").join("opencode")
                } else {
                    folders.project.join(".opencode")
                };
                let script = Format::Script(include_str!("shim/opencode.js"));
                (folder.join("plugins/chronicle.js"), script)
            }
            _ => {
                let folder = in_scope("PI_CODING_AGENT_DIR", ".pi/agent", ".pi");
                let script = Format::Script(include_str!("shim/pi.js"));
                (folder.join("extensions/chronicle.js"), script)
            }
        };
        Ok(Place { path, format })
    }

    /// The name that the payloads are recorded under: VS Code and Copilot CLI share a file.
    pub(crate) fn recorded_as(&self) -> &'static str {
        if self.name == "vscode" { "copilot" } else { self.name }
    }
}
