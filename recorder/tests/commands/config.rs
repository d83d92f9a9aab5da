//! The configuration: which file, and which server.

use crate::home::Home;
use crate::recorded::record;
use insta::assert_snapshot;

#[test]
fn flags_come_before_the_environment_and_that_before_the_file() {
    let home = Home::new();
    let missing = |text: &str| text.split(" (").next().unwrap().to_owned();
    home.write("config/chronicle/config.toml", "database = \"$HOME/by-file.db\"\n");
    assert!(missing(&home.error(&["sessions"])).ends_with("no ~/by-file.db"));
    home.write("config/chronicle/config.toml", "database = \"../beside.db\"\n");
    assert!(missing(&home.error(&["sessions"])).ends_with("no ~/config/chronicle/../beside.db"));
    let said = home.said(home.command(&["sessions"]).env("CHRONICLE_DB", "~/by-environment.db"));
    assert!(missing(&said.err).ends_with("no ~/by-environment.db"), "{said:?}");
    let mut command = home.command(&["sessions", "--database", "by-flag.db"]);
    let said = home.said(command.env("CHRONICLE_DB", "~/by-environment.db"));
    assert!(missing(&said.err).ends_with("no by-flag.db"), "{said:?}");
}

#[test]
fn what_is_wrong_in_the_file_is_told() {
    let home = Home::new();
    let wrong = |text: &str| {
        home.write("config/chronicle/config.toml", text);
        home.error(&["sessions"])
    };
    let mut said = String::new();
    for text in [
        "databse = \"x.db\"\n",
        "\n[server]\nkey = \"sb_secret_of_mine\"\n",
        "database = 3\n",
        "database = \"$NOT_SET_HERE/x.db\"\n",
        "[server]\nkey_file = \"key\"\n",
        "[server]\nsupabase_url = \"http://127.0.0.1:1\"\n",
        "[server]\nsupabase_url = \"http://127.0.0.1:1\"\nkey_file = \"a\"\nkey_command = \"b\"\n",
        "database = \"x.db\n",
    ] {
        said += &wrong(text);
    }
    assert!(!said.contains("sb_secret_of_mine"), "{said}");
    assert_snapshot!(said);
}

#[test]
fn the_key_is_not_printed() {
    let home = Home::new();
    record(&home);
    home.write("config/chronicle/key", "sb_secret_of_mine\n");
    home.write(
        "config/chronicle/config.toml",
        "[server]\nsupabase_url = \"http://127.0.0.1:1\"\nkey_file = \"key\"\n",
    );
    for command in ["status", "doctor"] {
        let said = home.run(&[command]);
        assert!(!format!("{said:?}").contains("sb_secret"), "{said:?}");
        assert!(said.out.contains("http://127.0.0.1:1/rest/v1"), "{said:?}");
    }
    let waiting = home.ok(&["outbox", "list", "--json"]);
    let waiting: serde_json::Value = serde_json::from_str(&waiting).unwrap();
    assert_eq!(waiting.as_array().map(Vec::len), Some(17), "what was there is sent");
    assert_eq!(home.ok(&["letters", "list"]), "the server has refused nothing\n");
    assert!(home.error(&["flush", "--timeout", "1"]).contains("17 writes wait still"));
    home.write(
        "config/chronicle/config.toml",
        "[server]\nsupabase_url = \"http://127.0.0.1:1\"\nkey_command = \"exit 3\"\n",
    );
    home.ok(&["status"]);
    for command in [&["flush"][..], &["pull"], &["doctor"]] {
        let said = home.run(command);
        let words = "`key_command` failed (exit status: 3)";
        assert!(said.code == Some(1) && format!("{said:?}").contains(words), "{said:?}");
    }
}
