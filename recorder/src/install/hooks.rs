//! How each agent wants its hooks written, and which of them are worth a process.

use super::edit::Json;

/// The mark of an entry that this program wrote, where the format takes one more key.
pub(crate) const MARK: &str = "_chronicle";

/// How long an agent waits for a hook at most, in seconds. It takes milliseconds.
const PATIENCE: u64 = 10;

/// How an agent's settings write a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Groups with a matcher, each with its handlers; the time-out in seconds, or thousands of them.
    Groups { thousandths: bool },
    /// A handler for two shells.
    Shells,
    /// A handler that is a command and little else.
    Plain,
}

/// An agent's hooks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hooks {
    pub(crate) style: Style,
    pub(crate) events: &'static [&'static str],
    /// Those that want a matcher for the tool.
    matched: &'static [&'static str],
    /// What stands beside the hooks in a file that is theirs alone.
    pub(crate) version: Option<u64>,
}

impl Hooks {
    /// The element of an event's list.
    pub(crate) fn entry(&self, event: &str, command: &str) -> Json {
        let command = Json::text(command);
        match self.style {
            Style::Groups { thousandths } => {
                let unit = if thousandths { 1_000 } else { 1 };
                let handler = Json::object([
                    ("type", Json::text("command")),
                    ("command", command),
                    ("timeout", Json::Number(PATIENCE * unit)),
                    (MARK, Json::True),
                ]);
                let handlers = ("hooks", Json::Array(vec![handler]));
                if self.matched.contains(&event) {
                    Json::object([("matcher", Json::text("*")), handlers])
                } else {
                    Json::object([handlers])
                }
            }
            Style::Shells => Json::object([
                ("type", Json::text("command")),
                ("bash", command.clone()),
                ("powershell", command),
                ("timeoutSec", Json::Number(PATIENCE)),
                (MARK, Json::True),
            ]),
            Style::Plain => Json::object([("command", command), (MARK, Json::True)]),
        }
    }
}

/// Left out: `WorktreeCreate`, which would replace git's own work; `MessageDisplay`, whose output
/// replaces text; and what comes often and says little (`FileChanged`, `InstructionsLoaded`).
pub(crate) const CLAUDE: Hooks = Hooks {
    style: Style::Groups { thousandths: false },
    events: &[
        "SessionStart",
        "SessionEnd",
        "Setup",
        "UserPromptSubmit",
        "UserPromptExpansion",
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "PostToolBatch",
        "PermissionRequest",
        "PermissionDenied",
        "Notification",
        "Elicitation",
        "ElicitationResult",
        "Stop",
        "StopFailure",
        "SubagentStart",
        "SubagentStop",
        "TeammateIdle",
        "TaskCreated",
        "TaskCompleted",
        "PreCompact",
        "PostCompact",
        "PreModelSwitch",
        "PostModelSwitch",
        "ConfigChange",
        "CwdChanged",
        "DirectoryAdded",
        "WorktreeRemove",
    ],
    matched: &[
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "PermissionRequest",
        "PermissionDenied",
    ],
    version: None,
};

pub(crate) const CODEX: Hooks = Hooks {
    style: Style::Groups { thousandths: false },
    events: &[
        "SessionStart",
        "SessionEnd",
        "UserPromptSubmit",
        "PreToolUse",
        "PermissionRequest",
        "PostToolUse",
        "SubagentStart",
        "SubagentStop",
        "PreCompact",
        "PostCompact",
        "Stop",
    ],
    matched: &[],
    version: None,
};

/// Left out: what comes with each chunk of the model (`BeforeModel`, `AfterModel`), and
/// `BeforeToolSelection`.
pub(crate) const GEMINI: Hooks = Hooks {
    style: Style::Groups { thousandths: true },
    events: &[
        "SessionStart",
        "SessionEnd",
        "BeforeAgent",
        "AfterAgent",
        "BeforeTool",
        "AfterTool",
        "Notification",
        "PreCompress",
    ],
    matched: &["BeforeTool", "AfterTool"],
    version: None,
};

pub(crate) const QWEN: Hooks = Hooks {
    style: Style::Groups { thousandths: true },
    events: &[
        "SessionStart",
        "SessionEnd",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "PermissionRequest",
        "Notification",
        "Stop",
        "StopFailure",
        "SubagentStart",
        "SubagentStop",
        "PreCompact",
        "PostCompact",
    ],
    matched: &["PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionRequest"],
    version: None,
};

/// By the names that make the payload say which hook it is of.
pub(crate) const COPILOT: Hooks = Hooks {
    style: Style::Shells,
    events: &[
        "SessionStart",
        "SessionEnd",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "PermissionRequest",
        "ErrorOccurred",
        "Notification",
        "Stop",
        "SubagentStart",
        "SubagentStop",
        "PreCompact",
    ],
    matched: &[],
    version: Some(1),
};

/// Left out: thoughts, and each file that is read. Those for one kind of tool are there for the versions
/// that have no others; where both come, a call counts once.
pub(crate) const CURSOR: Hooks = Hooks {
    style: Style::Plain,
    events: &[
        "sessionStart",
        "sessionEnd",
        "beforeSubmitPrompt",
        "preToolUse",
        "postToolUse",
        "postToolUseFailure",
        "beforeShellExecution",
        "afterShellExecution",
        "beforeMCPExecution",
        "afterMCPExecution",
        "afterFileEdit",
        "afterAgentResponse",
        "subagentStart",
        "subagentStop",
        "preCompact",
        "stop",
    ],
    matched: &[],
    version: Some(1),
};

pub(crate) const GROK: Hooks = Hooks {
    style: Style::Groups { thousandths: false },
    events: &[
        "SessionStart",
        "SessionEnd",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "PostToolUseFailure",
        "PermissionDenied",
        "Notification",
        "Stop",
        "StopFailure",
        "StopCancelled",
        "SubagentStart",
        "SubagentStop",
        "PreCompact",
        "PostCompact",
    ],
    matched: &[],
    version: None,
};
