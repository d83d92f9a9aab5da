//! The kinds of secrets that are known.

/// Secrets of one kind.
pub(super) struct Kind {
    /// What stands for such a secret.
    pub(super) name: &'static str,
    /// Texts of which such a secret has one: looked for before the pattern.
    pub(super) markers: &'static [&'static str],
    /// The secret, or what it stands in, with the group `secret`.
    pub(super) pattern: &'static str,
    /// Whether what matches is one, where the pattern cannot say it.
    pub(super) is_secret: fn(&str) -> bool,
}

const fn kind(name: &'static str, markers: &'static [&'static str], pattern: &'static str) -> Kind {
    Kind { name, markers, pattern, is_secret: |_| true }
}

/// What stands first is looked for first.
pub(super) const KINDS: [Kind; 17] = [
    kind(
        "private key",
        &["PRIVATE KEY"],
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    kind("Anthropic key", &["sk-ant-"], r"\bsk-ant-[A-Za-z0-9_-]{16,}"),
    Kind {
        name: "OpenAI key",
        markers: &["sk-"],
        pattern: r"\bsk-[A-Za-z0-9_-]{20,}",
        // Not a class of a style sheet.
        is_secret: |text| {
            text.bytes().any(|sign| sign.is_ascii_digit())
                && text.bytes().any(|sign| sign.is_ascii_uppercase())
        },
    },
    kind(
        "GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    kind("AWS key id", &["AKIA", "ASIA"], r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    kind(
        "AWS secret key",
        &["ecret_access_key", "ECRET_ACCESS_KEY", "ecretAccessKey", "ecret_key", "ecretKey"],
        r#"(?i:secret_?(?:access_?)?key)[\\"'\s:=]+(?<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|\z)"#,
    ),
    kind(
        "Google key",
        &["AIza", "GOCSPX-", "ya29."],
        r"\b(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,})",
    ),
    kind(
        "Slack token",
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe", "xapp-", "hooks.slack.com"],
        r"\b(?:xox[abeprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,})|https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+",
    ),
    kind(
        "Stripe key",
        &["k_live_", "k_test_", "whsec_"],
        r"\b(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{20,}=*)",
    ),
    kind(
        "Supabase key",
        &["sb_secret_", "sb_publishable_", "sbp_"],
        r"\b(?:sb_(?:secret|publishable)_[A-Za-z0-9_-]{16,}|sbp_[a-f0-9]{40})",
    ),
    kind("JWT", &["eyJ"], r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{8,}"),
    kind(
        "npm or PyPI token",
        &["npm_", "pypi-"],
        r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{32,})",
    ),
    kind(
        "bearer token",
        &["earer ", "EARER "],
        r"(?i:\bbearer) +(?<secret>[A-Za-z0-9._~+/-]{16,}=*)",
    ),
    kind("GitLab token", &["glpat-"], r"\bglpat-[A-Za-z0-9_-]{20,}"),
    kind(
        "password",
        &["://"],
        r#"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'<>\\]*:(?<secret>[^\s/@"'<>\\]+)@"#,
    ),
    // Of a shell, a file of settings, or a prompt.
    Kind {
        name: "named secret",
        markers: &[
            "word=", "WORD=", "word:", "WORD:", "asswd=", "ASSWD=", "ecret=", "ECRET=", "oken=",
            "OKEN=", "_key=", "_KEY=", "pikey=", "piKey=", "APIKEY=", "word ", "oken ", "ecret ",
            "-key ", "-key=", "_key:", "-key:", "pikey:", "piKey:", "asswd:", "ecret:", "oken:",
        ],
        pattern: r#"(?:(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key)(?:=["']?|: ?)|--[a-z-]*(?:password|secret|token|key)\s+)(?<secret>[^\s"'`,;&|(){}\[\]<>$%]{6,})(?:["'`,;&|\s]|\z)"#,
        is_secret: |text| {
            text.bytes().any(|sign| sign.is_ascii_digit())
                && text.bytes().any(|sign| !sign.is_ascii_digit())
        },
    },
    // In a text with quotes, as of JSON or of a program.
    Kind {
        name: "named secret",
        markers: &[
            "WORD =", "ECRET =", "OKEN =", "_KEY =", "WORD\"", "ECRET\"", "OKEN\"", "_KEY\"",
            "word\"", "word'", "word:", "word =", "asswd\"", "ecret\"", "ecret'", "ecret:",
            "ecret =", "oken\"", "oken'", "oken:", "oken =", "_key\"", "_key'", "_key:", "_key =",
            "piKey",
        ],
        pattern: r#"(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key)\\?["']?\s*[:=]\s*\\?["'](?<secret>[^\s"'`\\]{4,})\\?["']"#,
        is_secret: |text| !text.starts_with(['$', '{', '<', '%']),
    },
];

/// The names, without signs between words, of members whose text is a secret, whatever it is.
const NAMES: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "clientsecret",
    "token",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "idtoken",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authorization",
];

/// Whether the text of a member with this name is a secret.
pub(super) fn names_a_secret(name: &str) -> bool {
    name.len() <= 20 && {
        let word: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        NAMES.contains(&word.to_ascii_lowercase().as_str())
    }
}
