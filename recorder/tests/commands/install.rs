//! Hooks in settings files of all kinds: put in, put in again, taken out to the byte.

use crate::home::{Home, PROGRAM};
use insta::assert_snapshot;
use serde_json::Value;
use std::fs;

const FOREIGN: &str = r#"{
  "model": "opus",
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "Bash",
        "hooks": [{ "type": "command", "command": "./guard.sh" }]
      }
    ],
    "Stop": []
  },
  "permissions": { "allow": ["Bash(ls:*)"] }
}
"#;

const COMMENTS: &str =
    "// mine\n{\n\t\"a\": 1, // one\n\t/* two */ \"b\": [\n\t\t1, // last\n\t],\n\t// the end\n}\n";

/// Settings as people have them.
const FILES: [(&str, &str); 14] = [
    ("empty", ""),
    ("blank", " \n"),
    ("no_members", "{}"),
    ("no_members_open", "{\n}\n"),
    ("on_one_line", r#"{"model": "opus", "env": {"A": "b"}}"#),
    ("foreign", FOREIGN),
    ("comments", COMMENTS),
    ("trailing_comma", "{\n  \"hooks\": {\n    \"Stop\": [\n    ],\n  },\n}\n"),
    ("crlf", "{\r\n    \"model\": \"opus\",\r\n    \"hooks\": {}\r\n}\r\n"),
    ("bom", "\u{feff}{\n  \"model\": \"opus\"\n}\n"),
    ("no_final_newline", "{\n  \"model\": \"opus\"\n}"),
    ("unicode", "{\n  \"name\": \"Zoë 🦀\",\n  \"escaped\": \"\\u00e9\\\"}{\"\n}\n"),
    (
        "odd_layout",
        "{ \"model\"   :\"opus\"\n,\"hooks\":{\"Stop\":[ {\"hooks\" :[]} ]\n}\n    }\n\n\n",
    ),
    ("empty_hooks", "{\n  \"hooks\": { /* none yet */ }\n}\n"),
];

#[test]
fn settings_are_given_back_to_the_byte() {
    for (name, text) in FILES {
        let home = Home::new();
        home.write(".claude/settings.json", text);
        home.ok(&["install", "--agent", "claude-code"]);
        let installed = home.read(".claude/settings.json");
        assert_eq!(hooks(&installed), 29, "{name}: {installed}");
        assert_eq!(home.read(".claude/settings.json.before-chronicle"), text, "{name}");
        home.ok(&["install", "--agent", "claude-code"]);
        assert_eq!(home.read(".claude/settings.json"), installed, "{name}: a second time");
        home.ok(&["uninstall", "--agent", "claude-code"]);
        assert_eq!(home.read(".claude/settings.json"), text, "{name}");
        assert_eq!(home.files(), [".claude/settings.json"], "{name}");
    }
}

#[test]
fn what_others_have_changed_since_stays() {
    for (name, text) in FILES.into_iter().filter(|(_, text)| text.contains('{')) {
        let home = Home::new();
        let path = home.write(".claude/settings.json", text);
        home.ok(&["install", "--agent", "claude-code"]);
        let installed = home.read(".claude/settings.json");
        let changed = installed.replacen('{', "{ \"added\": true, ", 1);
        fs::write(&path, &changed).unwrap();
        home.ok(&["uninstall", "--agent", "claude-code"]);
        let left = home.read(".claude/settings.json");
        assert_eq!(hooks(&left), 0, "{name}: {left}");
        assert!(left.contains("\"added\": true"), "{name}: {left}");
        let blanks_apart = |text: &str| {
            let text: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
            text.replace(",}", "}")
        };
        let expected = text.replacen('{', "{ \"added\": true, ", 1);
        let (left, expected) = (blanks_apart(&left), blanks_apart(&expected));
        assert_eq!(left, expected, "{name}");
        assert!(home.path(".claude/settings.json.before-chronicle").exists(), "{name}");
    }
}

#[test]
fn foreign_hooks_and_comments_stay_where_they_are() {
    let home = Home::new();
    home.write(".claude/settings.json", FOREIGN);
    assert_snapshot!("install", home.ok(&["install", "--agent", "claude"]));
    let text = home.filtered(&home.read(".claude/settings.json"));
    assert_snapshot!(
        "installed_head",
        text.lines().take(60).map(|line| format!("{line}\n")).collect::<String>()
    );
    assert_snapshot!("install_again", home.ok(&["install", "--agent", "claude"]));
    assert_snapshot!("uninstall", home.ok(&["uninstall", "--agent", "claude"]));
    assert_snapshot!("uninstall_again", home.ok(&["uninstall", "--agent", "claude"]));
    let said = home.ok(&["install", "--agent", "claude", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["hooks"], &said["changed"]), (&29.into(), &true.into()));
}

#[test]
fn never_registered_are_the_hooks_that_would_do_harm() {
    let home = Home::new();
    home.ok(&["install", "--agent", "claude"]);
    home.ok(&["install", "--agent", "gemini"]);
    let text = home.read(".claude/settings.json") + &home.read(".gemini/settings.json");
    for hook in ["WorktreeCreate", "MessageDisplay", "FileChanged", "BeforeModel", "AfterModel"] {
        assert!(!text.contains(&format!("\"{hook}\"")), "{hook}");
    }
}

#[test]
fn malformed_settings_are_told_and_untouched() {
    let mut said = String::new();
    for text in [
        "{\n  \"hooks\": {\n",
        "[1]",
        "{\"hooks\": []}",
        "{\"hooks\": {\"Stop\": {}}}",
        "{\"a\": 1 \"b\": 2}",
        "{\"hooks\": {}, \"hooks\": {}}",
        "{} x",
        "{\"a\": tru}",
    ] {
        for command in ["install", "uninstall"] {
            let home = Home::new();
            home.write(".claude/settings.json", text);
            let error = home.error(&[command, "--agent", "claude"]);
            assert_eq!(home.read(".claude/settings.json"), text);
            assert_eq!(home.files(), [".claude/settings.json"]);
            if command == "install" {
                said += &error;
            }
        }
    }
    assert_snapshot!(said);
}

#[test]
fn what_is_no_text_is_untouched() {
    let home = Home::new();
    let path = home.write(".claude/settings.json", "");
    fs::write(&path, b"{\"a\": \"\xff\"}").unwrap();
    assert!(home.error(&["install", "--agent", "claude"]).contains("no UTF-8"));
    assert_eq!(fs::read(&path).unwrap(), b"{\"a\": \"\xff\"}");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_followed_and_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = Home::new();
    let target = home.write("dotfiles/claude.json", FOREIGN);
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir_all(home.path(".claude")).unwrap();
    symlink("../dotfiles/claude.json", home.path(".claude/settings.json")).unwrap();
    home.ok(&["install", "--agent", "claude"]);
    assert!(home.path(".claude/settings.json").is_symlink());
    assert_eq!(hooks(&home.read("dotfiles/claude.json")), 29);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);
    home.ok(&["uninstall", "--agent", "claude"]);
    assert!(home.path(".claude/settings.json").is_symlink());
    assert_eq!(home.read("dotfiles/claude.json"), FOREIGN);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_only_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let path = home.write(".claude/settings.json", FOREIGN);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    assert_snapshot!(home.error(&["install", "--agent", "claude"]));
    assert_eq!(home.read(".claude/settings.json"), FOREIGN);
    assert_eq!(home.files(), [".claude/settings.json"]);
}

#[test]
fn what_was_written_by_hand_is_left() {
    let home = Home::new();
    let by_hand =
        r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "chronicle record"}]}]}}"#;
    home.write(".claude/settings.json", by_hand);
    let said = home.ok(&["install", "--agent", "claude"]);
    assert!(said.contains("Written by hand, and left as they are: Stop"), "{said}");
    assert_eq!(hooks(&home.read(".claude/settings.json")), 28);
    home.ok(&["uninstall", "--agent", "claude"]);
    assert_eq!(home.read(".claude/settings.json"), by_hand);
}

#[test]
fn a_program_that_moved_is_registered_anew() {
    let home = Home::new();
    home.write(".claude/settings.json", FOREIGN);
    home.ok(&["install", "--agent", "claude"]);
    let moved = home.read(".claude/settings.json").replace(PROGRAM, "/old/bin/chronicle");
    home.write(".claude/settings.json", &moved);
    home.ok(&["install", "--agent", "claude"]);
    let text = home.read(".claude/settings.json");
    assert!(!text.contains("/old/bin") && hooks(&text) == 29, "{text}");
    home.ok(&["uninstall", "--agent", "claude"]);
    assert_eq!(home.read(".claude/settings.json"), FOREIGN);
}

#[test]
fn scopes_are_files_of_their_own() {
    let home = Home::new();
    home.ok(&["install", "--agent", "claude", "--scope", "project"]);
    let shared = home.read("project/.claude/settings.json");
    assert!(
        shared.contains("\"chronicle record --agent claude-code\""),
        "a shared file has no path of one machine"
    );
    let said = home.ok(&["install", "--agent", "claude", "--scope", "local"]);
    assert!(
        said.contains("Also in ~/project/.claude/settings.json: each event comes twice"),
        "{said}"
    );
    let error = home.error(&["install", "--agent", "gemini", "--scope", "local"]);
    assert!(error.contains("no settings of a project that are yours alone"), "{error}");
    let error = home.error(&["install", "--agent", "nobody"]);
    assert!(error.contains("claude-code, codex, gemini"), "{error}");
}

/// What each agent is given, and that it is gone again.
#[test]
fn each_agent_is_served() {
    let home = Home::new();
    let mut said = String::new();
    for agent in ["codex", "gemini", "qwen", "copilot", "cursor", "grok", "opencode", "pi"] {
        said += &home.ok(&["install", "--agent", agent]);
        let again = home.ok(&["install", "--agent", agent]);
        assert!(again.contains("as before"), "{again}");
    }
    said += &home.files().join("\n");
    assert_snapshot!("agents", said);
    for (name, file, lines) in [
        ("codex", ".codex/config.toml", 9),
        ("gemini", ".gemini/settings.json", 36),
        ("copilot", ".copilot/hooks/chronicle.json", 14),
        ("cursor", ".cursor/hooks.json", 12),
    ] {
        let text = home.filtered(&home.read(file));
        let text: String = text.lines().take(lines).map(|line| format!("{line}\n")).collect();
        assert_snapshot!(format!("agent_{name}"), text);
    }
    let program = format!("const PROGRAM = \"{PROGRAM}\"");
    assert!(home.read("config/opencode/plugins/chronicle.js").contains(&program));
    for agent in ["codex", "gemini", "qwen", "vscode", "cursor", "grok", "opencode", "pi"] {
        home.ok(&["uninstall", "--agent", agent]);
    }
    assert_eq!(home.files(), Vec::<String>::new());
}

#[test]
fn codex_keeps_its_configuration() {
    const CONFIG: &str = "model = \"gpt-5-codex\" # mine\n\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = \"command\"\n\
                          command = \"./done.sh\" # foreign\n\n[projects.\"/home/dev\"]\ntrust_level = \"trusted\"\n# the end";
    for text in
        [CONFIG.to_owned(), CONFIG.replace('\n', "\r\n"), String::new(), "# nothing\n".to_owned()]
    {
        let home = Home::new();
        let path = home.write(".codex/config.toml", &text);
        home.ok(&["install", "--agent", "codex"]);
        let installed = home.read(".codex/config.toml");
        assert!(
            installed.starts_with(&text) && installed.matches("_chronicle = true").count() == 11,
            "{installed}"
        );
        home.ok(&["install", "--agent", "codex"]);
        assert_eq!(home.read(".codex/config.toml"), installed);
        // Codex notes what it trusts, wherever in the file that comes to stand.
        let noted = format!("{installed}\n[hooks.state.\"x\"]\ntrusted_hash = \"1\"\n");
        fs::write(&path, &noted).unwrap();
        home.ok(&["uninstall", "--agent", "codex"]);
        let left = home.read(".codex/config.toml");
        assert!(
            !left.contains("chronicle") && left.contains("[hooks.state.\"x\"]\ntrusted_hash"),
            "{left}"
        );
        assert!(left.starts_with(&text), "{left}");
        fs::write(&path, &installed).unwrap();
        home.ok(&["uninstall", "--agent", "codex"]);
        assert_eq!(home.read(".codex/config.toml"), text);
    }
    let home = Home::new();
    for bad in ["model = \n", "hooks = { Stop = [] }\n"] {
        home.write(".codex/config.toml", bad);
        let error = home.error(&["install", "--agent", "codex"]);
        assert!(error.contains("it was left as it is"), "{error}");
        assert_eq!(home.read(".codex/config.toml"), bad);
    }
    home.write(".codex/hooks.json", "{}");
    assert!(
        home.ok(&["install", "--agent", "codex"]).contains(".codex/hooks.json"),
        "one form alone"
    );
}

#[test]
fn another_plugin_of_the_name_is_left() {
    let home = Home::new();
    home.write("config/opencode/plugins/chronicle.js", "export const Mine = 1\n");
    assert!(home.error(&["install", "--agent", "opencode"]).contains("another plugin"));
    home.ok(&["uninstall", "--agent", "opencode"]);
    assert_eq!(home.read("config/opencode/plugins/chronicle.js"), "export const Mine = 1\n");
}

/// How many hooks of this program are marked in a text.
fn hooks(text: &str) -> usize {
    text.matches("\"_chronicle\": true").count()
}
