//! `chronicle status`: what is recorded, and what waits for the server.

use crate::cli::Globals;
use crate::config::Config;
use crate::database::{self, Sends};
use crate::error::Result;
use crate::output::{self, Paint, Screen, bytes, grouped, plural};
use crate::table::on_one_line;
use crate::{moment, unread};
use chronicle::failover::{FailoverInfo, Status};
use chronicle::{Sqlite, Store};
use chronicle_entity::{Events, SessionStatus, Sessions, ToolEvents};
use chrono::{DateTime, Utc};
use serde_json::json;

/// What is in the file.
struct Recorded {
    sessions: u64,
    active: u64,
    events: u64,
    calls: u64,
    last: Option<DateTime<Utc>>,
    unread: u64,
}

impl Recorded {
    async fn of(config: &Config, sqlite: &Sqlite) -> Result<Self> {
        let store = Store::from(sqlite);
        let sessions = Sessions::new(&store);
        let active = sessions.find().filter(Sessions::STATUS.eq(SessionStatus::Active));
        let newest = Events::new(&store).find().order_by(Events::CREATED_AT.desc()).first().await?;
        Ok(Self {
            active: active.count().await?,
            sessions: sessions.find().count().await?,
            events: Events::new(&store).find().count().await?,
            calls: ToolEvents::new(&store).find().count().await?,
            last: newest.map(|event| event.timestamp),
            unread: unread::count(config, sqlite).await?,
        })
    }
}

pub(crate) async fn run(globals: &Globals) -> Result<()> {
    let config = Config::load(globals)?;
    let sqlite = database::look(&config).await?;
    let recorded = Recorded::of(&config, &sqlite).await?;
    Store::from(&sqlite).close().await?;
    let info = match &config.remote {
        None => None,
        Some(_) => {
            let pair = database::pair(&config, Sends::Nothing).await?;
            let info = pair.failover_info().await?;
            Store::from(&pair).close().await?;
            Some(info)
        }
    };
    let size = size(&config);
    if globals.json {
        return output::json(&json!({
            "file": config.database,
            "file_by": config.database_by,
            "bytes": size,
            "sessions": recorded.sessions,
            "active": recorded.active,
            "events": recorded.events,
            "tool_events": recorded.calls,
            "last_event": recorded.last,
            "unread": recorded.unread,
            "server": config.remote.as_ref().map(|remote| &remote.url),
            "outbox": info.as_ref().map(outbox_json),
        }));
    }
    let screen = Screen::of(globals);
    let mut out = String::new();
    let mut line = |name: &str, words: String| {
        output::add(
            &mut out,
            format_args!("{} {words}\n", screen.paint(Paint::Faint, &format!("{name:<10}"))),
        );
    };
    let by = config.database_by;
    line("file", format!("{} ({}, {by})", config.database.display(), bytes(size)));
    line(
        "sessions",
        format!("{}, {} active", grouped(recorded.sessions), grouped(recorded.active)),
    );
    line(
        "events",
        format!(
            "{}, {}",
            grouped(recorded.events),
            plural(recorded.calls, "tool call", "tool calls")
        ),
    );
    if let Some(last) = recorded.last {
        line("last", format!("{} ({})", moment::local(last), moment::ago(last)));
    }
    if recorded.unread > 0 {
        let payloads = plural(recorded.unread, "payload", "payloads");
        line("unread", screen.paint(Paint::Yellow, &format!("{payloads}: see `chronicle doctor`")));
    }
    match (&config.remote, &info) {
        (Some(remote), Some(info)) => {
            line("server", format!("{} ({})", remote.url, remote.key_words()));
            line("waiting", waiting(info, screen));
            if info.dead_letters > 0 {
                let letters = plural(info.dead_letters, "write", "writes");
                let words = format!("{letters}: see `chronicle letters list`");
                line("refused", screen.paint(Paint::Red, &words));
            }
        }
        _ => line("server", "none: everything stays in the file".to_owned()),
    }
    output::text(&out)
}

/// How large the file is, with what is yet to be brought into it.
pub(crate) fn size(config: &Config) -> u64 {
    ["", "-wal"]
        .iter()
        .filter_map(|end| {
            let mut path = config.database.clone().into_os_string();
            path.push(end);
            std::fs::metadata(path).ok()
        })
        .map(|file| file.len())
        .sum()
}

fn waiting(info: &FailoverInfo, screen: Screen) -> String {
    let mut words = plural(info.outbox_rows, "write", "writes");
    if let Some(oldest) = info.oldest {
        let oldest = chrono::TimeDelta::from_std(oldest).unwrap_or_default();
        output::add(&mut words, format_args!(", the oldest for {}", moment::long(oldest)));
    }
    if info.status == Status::Healthy {
        return words;
    }
    if let Some(cause) = &info.cause {
        output::add(&mut words, format_args!(": {}", on_one_line(cause)));
    }
    screen.paint(Paint::Yellow, &words)
}

fn outbox_json(info: &FailoverInfo) -> serde_json::Value {
    json!({
        "status": format!("{:?}", info.status).to_lowercase(),
        "cause": info.cause,
        "since": info.since,
        "waiting": info.outbox_rows,
        "bytes": info.outbox_bytes,
        "held": info.held,
        "oldest_seconds": info.oldest.map(|age| age.as_secs()),
        "letters": info.dead_letters,
        "last_success": info.last_success,
        "next_probe": info.next_probe,
        "paused": info.paused.iter().map(|paused| {
            json!({ "table": paused.table, "code": paused.code, "message": paused.message })
        }).collect::<Vec<_>>(),
    })
}
