//! Secrets are not stored.

use crate::claude;
use crate::file::Folder;
use serde_json::{Value, json};

/// Each is put together here, so that none of them stands in this file.
fn secrets() -> Vec<(&'static str, String)> {
    let letters = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d";
    let some = |count| letters.get(..count).unwrap();
    vec![
        ("AWS key id", format!("AKIA{}", "ABCDEFGHIJKLMNOP")),
        ("GitHub token", format!("ghp_{}", some(36))),
        ("GitHub token", format!("github_pat_{letters}")),
        ("Anthropic key", format!("sk-ant-api03-{letters}")),
        ("OpenAI key", format!("sk-proj-{letters}")),
        ("Google key", format!("AIza{}", some(35))),
        ("Slack token", format!("xoxb-1234567890-{}", some(24))),
        ("Stripe key", format!("sk_live_{}", some(24))),
        ("Supabase key", format!("sb_secret_{}", some(30))),
        ("JWT", format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{}", some(30))),
        (
            "private key",
            format!("-----BEGIN RSA {0}-----\nMIIE{letters}\n-----END RSA {0}-----", "PRIVATE KEY"),
        ),
    ]
}

#[test]
fn each_kind_is_replaced_and_counted() {
    for (kind, secret) in secrets() {
        let folder = Folder::new();
        let more = json!({"tool_name": "Bash", "tool_use_id": "1",
            "tool_input": {"command": format!("echo '{secret}' >> .env")}, "tool_response": [secret.clone()]});
        folder.record(&[], claude("PostToolUse", more));
        let data: Value = serde_json::from_str(&folder.rows("select data from events")[0]).unwrap();
        assert_eq!(data["tool_response"][0], format!("[redacted: {kind}]"));
        assert_eq!(data["tool_input"]["command"], format!("echo '[redacted: {kind}]' >> .env"));
        assert_eq!(data["_chronicle"]["redacted"], 2);
        let calls = folder.rows("select parameters, result from tool_events");
        assert!(!calls[0].contains(&secret), "{calls:?}");
    }
}

#[test]
fn only_the_secret_part_goes() {
    let folder = Folder::new();
    let text = "postgres://ada:s3cret@db/x Authorization: Bearer abcdefghijklmnop1234 https://example.org/a@b sk-some-long-class-name-here";
    folder.record(&[], claude("Notification", json!({"message": text})));
    assert_eq!(
        folder.rows("select data ->> '$.message' from events"),
        [
            "postgres://ada:[redacted: password]@db/x Authorization: Bearer [redacted: bearer token] https://example.org/a@b sk-some-long-class-name-here"
        ]
    );
}

/// What stands behind a name such as `password` is a secret whatever it looks like; what only speaks of
/// one is not.
#[test]
fn what_is_named_a_secret_goes() {
    let folder = Folder::new();
    let hidden = [
        "export PGPASSWORD=hunter22 && psql",
        "DB_PASSWORD='Xk9mQ2vLp8w' api_key: k3y-of-mine",
        "deploy --auth-token q1w2e3r4 --token=q1w2e3r4",
        "https://example.org/?token=q1w2e3r4&page=2",
        r#"{"password": "correct", "n": 1}"#,
        "const SECRET = 'letmein';",
    ];
    let kept = [
        "let token = parse_token2(text);",
        "fn login(password: &str, secret: Secret) -> Token",
        "max_tokens: 4096, token: 1000000",
        "The password is asked for. Use $PASSWORD or token=${TOKEN1}.",
        "--token-file /run/secret1 key=value1",
    ];
    let input = json!({"password": "abcd", "apiKey": "zzzz", "page_token": "next", "token": 5});
    let more = json!({"hidden": hidden, "kept": kept, "input": input});
    folder.record(&[], claude("Notification", more));
    let data: Value = serde_json::from_str(&folder.rows("select data from events")[0]).unwrap();
    let told: Vec<&str> =
        data["hidden"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    export PGPASSWORD=[redacted: named secret] && psql
    DB_PASSWORD='[redacted: named secret]' api_key: [redacted: named secret]
    deploy --auth-token [redacted: named secret] --token=[redacted: named secret]
    https://example.org/?token=[redacted: named secret]&page=2
    {"password": "[redacted: named secret]", "n": 1}
    const SECRET = '[redacted: named secret]';
    "#);
    assert_eq!(data["kept"], json!(kept));
    let gone = "[redacted: named secret]";
    assert_eq!(
        data["input"],
        json!({"password": gone, "apiKey": gone, "page_token": "next", "token": 5})
    );
}

#[test]
fn whoever_asks_for_it_gets_everything() {
    let folder = Folder::new();
    let (_, secret) = secrets().remove(0);
    folder.record(&["--no-redact"], claude("Notification", json!({"message": secret})));
    assert_eq!(folder.rows("select data ->> '$.message' from events"), [secret]);
}

#[test]
fn what_cannot_be_read_has_its_secrets_replaced_too() {
    let folder = Folder::new();
    let (_, secret) = secrets().remove(0);
    folder.record(&[], format!("{{cut {secret}"));
    assert_eq!(folder.rows("select payload from unread_payloads"), ["{cut [redacted: AWS key id]"]);
}
