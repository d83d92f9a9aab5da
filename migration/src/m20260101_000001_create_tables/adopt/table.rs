//! The tables of the original design, and what each column holds.

/// A table of the original design.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What it is called while its rows are copied.
    pub(super) aside: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
}

/// What a column holds, and so how its values are converted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The key: a UUID; made where it is missing.
    Id,
    /// The key of a session, which is made where there is none.
    SessionId,
    /// Text, kept as it is.
    Text,
    /// Text, `unknown` where it is missing.
    RequiredText,
    /// JSON, quoted where it is not valid.
    Json,
    /// A number, kept as it is.
    Number,
    /// A time.
    Time,
    /// A time; where it is missing that of the named column, and where both are the first second of 1970.
    RequiredTime { or: &'static str },
}

/// Parents first.
pub(super) const TABLES: [Table; 3] = [
    Table {
        name: "sessions",
        aside: "chronicle_original_sessions",
        columns: &[
            ("id", Kind::Id),
            ("user_id", Kind::Text),
            ("project_path", Kind::Text),
            ("git_branch", Kind::Text),
            ("start_time", Kind::Time),
            ("end_time", Kind::Time),
            ("status", Kind::RequiredText),
            ("created_at", Kind::RequiredTime { or: "start_time" }),
            ("updated_at", Kind::Time),
        ],
    },
    Table {
        name: "events",
        aside: "chronicle_original_events",
        columns: &[
            ("id", Kind::Id),
            ("session_id", Kind::SessionId),
            ("event_type", Kind::RequiredText),
            ("hook_name", Kind::Text),
            ("data", Kind::Json),
            ("timestamp", Kind::RequiredTime { or: "created_at" }),
            ("created_at", Kind::RequiredTime { or: "timestamp" }),
        ],
    },
    Table {
        name: "tool_events",
        aside: "chronicle_original_tool_events",
        columns: &[
            ("id", Kind::Id),
            ("session_id", Kind::SessionId),
            ("tool_name", Kind::RequiredText),
            ("parameters", Kind::Json),
            ("result", Kind::Json),
            ("execution_time", Kind::Number),
            ("status", Kind::RequiredText),
            ("timestamp", Kind::RequiredTime { or: "created_at" }),
            ("created_at", Kind::RequiredTime { or: "timestamp" }),
        ],
    },
];
