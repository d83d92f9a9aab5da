//! What has come, from which agent and by which hook, and what could not be read.

use super::Report;
use crate::config::Config;
use crate::output::{grouped, plural};
use crate::table::{Column, Table};
use crate::{database, moment, unread};
use chronicle::{RawRow, Sqlite};
use chrono::{DateTime, Utc};
use sea_orm::JsonValue;
use serde_json::json;

/// The last event of an agent by a hook.
#[derive(Clone, Debug)]
pub(super) struct Last {
    agent: String,
    hook: String,
    count: u64,
    time: Option<DateTime<Utc>>,
}

impl Last {
    pub(super) fn to_json(&self) -> JsonValue {
        json!({ "agent": self.agent, "hook": self.hook, "events": self.count, "last": self.time })
    }
}

const LAST: &str = "
    select coalesce(sessions.agent, '') as agent, coalesce(events.hook_name, events.event_type) as hook,
        count(*) as count, max(events.timestamp) as last
    from events join sessions on sessions.id = events.session_id
    group by 1, 2 order by 1, 4 desc";

const UNREAD: &str =
    "select reason, count(*) as count from unread_payloads group by reason order by 2 desc limit 3";

pub(super) async fn look(
    config: &Config,
    sqlite: &Sqlite,
    registered: &[&str],
    report: &mut Report,
) -> Vec<Last> {
    let last: Vec<Last> = match database::rows(sqlite, LAST).await {
        Ok(rows) => rows.iter().map(last).collect(),
        Err(error) => {
            report.wrong("events", error.to_string(), "");
            return Vec::new();
        }
    };
    for agent in registered {
        if !last.iter().any(|one| one.agent == *agent) {
            let remedy = match *agent {
                "codex" => "in Codex, trust the hooks by `/hooks`",
                _ => "start it anew, and look again after its first prompt",
            };
            report.note("events", format!("nothing has come from {agent} yet"), remedy);
        }
    }
    if let Some(newest) = last.iter().filter_map(|one| one.time).max() {
        let events = plural(last.iter().map(|one| one.count).sum(), "event", "events");
        report.fine("events", format!("{events}, the last {}", moment::ago(newest)));
    }
    unread(config, sqlite, report).await;
    last
}

async fn unread(config: &Config, sqlite: &Sqlite, report: &mut Report) {
    match database::rows(sqlite, UNREAD).await {
        Ok(rows) if rows.is_empty() => {}
        Ok(rows) => {
            let reasons =
                rows.iter().map(|row| format!("{} × {}", number(row), text(row, "reason")));
            let words = format!(
                "payloads that could not be read: {}",
                reasons.collect::<Vec<_>>().join("; ")
            );
            let remedy = "they are kept as they came, in the table `unread_payloads`: see which agent sends them, \
                          and report it";
            report.wrong("unread", words, remedy);
        }
        Err(error) => report.wrong("unread", error.to_string(), ""),
    }
    match unread::count_beside(config) {
        Ok(0) => {}
        Ok(count) => {
            let path = unread::beside(config);
            let payloads = plural(count, "payload lies", "payloads lie");
            let words =
                format!("{payloads} in {}, since the file took nothing then", path.display());
            let path = path.display();
            report.wrong("unread", words, format!("`chronicle import {path}`, and delete it then"));
        }
        Err(error) => report.wrong("unread", error.to_string(), ""),
    }
}

pub(super) fn table(last: &[Last]) -> Table {
    let mut table = Table::new([
        Column::text("AGENT"),
        Column::text("HOOK"),
        Column::number("EVENTS"),
        Column::text("LAST"),
    ]);
    for one in last {
        table.row([
            one.agent.clone().into(),
            one.hook.clone().into(),
            grouped(one.count).into(),
            one.time.map(moment::local).unwrap_or_default().into(),
        ]);
    }
    table
}

fn last(row: &RawRow) -> Last {
    Last {
        agent: text(row, "agent"),
        hook: text(row, "hook"),
        count: number(row),
        time: text(row, "last").parse().ok(),
    }
}

fn text(row: &RawRow, name: &str) -> String {
    row.get(name).and_then(JsonValue::as_str).unwrap_or_default().to_owned()
}

fn number(row: &RawRow) -> u64 {
    row.get("count").and_then(JsonValue::as_u64).unwrap_or_default()
}
