//! The command that an agent is to run: written, and known again.

use std::path::Path;

/// The command of a hook. The program's own path, so that it is found whatever `PATH` an agent that
/// was started from a desktop has; or its bare name, where the settings are shared with others.
pub(crate) fn command(agent: &str, is_shared: bool) -> String {
    format!("{} record --agent {agent}", quoted(&program(is_shared)))
}

/// The program itself.
pub(crate) fn program(is_shared: bool) -> String {
    let program = std::env::current_exe().ok().filter(|_| !is_shared);
    program.as_deref().and_then(Path::to_str).unwrap_or("chronicle").to_owned()
}

/// For the shell, where it would not take it as it is.
fn quoted(program: &str) -> String {
    // The shell of an agent on Windows is often a POSIX one, which takes `\` for an escape.
    let program = if cfg!(windows) { program.replace('\\', "/") } else { program.to_owned() };
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-+:@".contains(sign);
    if program.chars().all(is_plain) {
        program
    } else if cfg!(windows) {
        format!("\"{program}\"")
    } else {
        format!("'{}'", program.replace('\'', r"'\''"))
    }
}

/// Whether a command calls this program's `record`: `Some(true)` if it is what `install` writes.
pub(crate) fn is_ours(command: &str) -> Option<bool> {
    let (program, rest) = parts(command);
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    if !matches!(name, "chronicle" | "chronicle.exe") {
        return None;
    }
    Some(rest.is_some_and(|rest| {
        let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
        matches!(words.as_slice(), ["--agent", agent] if !agent.contains(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-'))
    }))
}

/// The program that a command calls, and what stands behind `record`.
fn parts(command: &str) -> (&str, Option<&str>) {
    let command = command.trim();
    let (program, rest) = match command.split_once(" record") {
        Some((program, rest)) if rest.is_empty() || rest.starts_with(' ') => (program, Some(rest)),
        // A bare call reads what is piped in as well.
        _ => (command, None),
    };
    (program.trim_matches(['\'', '"', ' ']), rest)
}

/// The program that a command calls.
pub(crate) fn program_of(command: &str) -> String {
    parts(command).0.replace(r"'\''", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_known_again() {
        assert_eq!(is_ours(&command("claude-code", false)), None, "the program of the tests");
        assert_eq!(is_ours(&command("claude-code", true)), Some(true));
        assert_eq!(is_ours("'/home/a b/chronicle' record --agent codex"), Some(true));
        assert_eq!(is_ours("chronicle record"), Some(false));
        assert_eq!(is_ours("/usr/bin/chronicle"), Some(false));
        assert_eq!(is_ours("chronicle record --agent codex --no-redact"), Some(false));
        assert_eq!(is_ours("chronicle recording"), None);
        assert_eq!(is_ours("echo chronicle"), None);
    }
}
