//! `chronicle sessions`: a list of them.

use crate::cli::{Globals, SessionsArgs};
use crate::config::Config;
use crate::error::Result;
use crate::output::{self, Paint, Screen, grouped};
use crate::table::{Cell, Column, Table};
use crate::{database, document, moment};
use chronicle::{Store, count};
use chronicle_entity::{
    EventType, Events, SessionId, SessionStatus, Sessions, ToolEvents, ToolStatus, session,
};
use serde_json::{Value, json};
use std::collections::HashMap;

pub(crate) async fn run(globals: &Globals, args: SessionsArgs) -> Result<()> {
    let store = Store::from(database::look(&Config::load(globals)?).await?);
    let mut query = Sessions::new(&store).find().order_by(Sessions::CREATED_AT.desc());
    if args.active {
        query = query.filter(Sessions::STATUS.eq(SessionStatus::Active));
    }
    let sessions = query.limit(args.limit).all().await?;
    let counts = Counts::of(&store, &sessions).await?;
    if globals.json {
        let with_counts = |session: &session::Model| {
            let mut document = document::session(session);
            if let Value::Object(members) = &mut document {
                let (prompts, calls, failures) = counts.get(session.id);
                members.insert("prompts".to_owned(), json!(prompts));
                members.insert("tool_calls".to_owned(), json!(calls));
                members.insert("failures".to_owned(), json!(failures));
            }
            document
        };
        return output::json(&sessions.iter().map(with_counts).collect::<Vec<_>>());
    }
    if sessions.is_empty() {
        let words = if args.active { "no session is active" } else { "no session is recorded yet" };
        return output::text(&format!("{words}\n"));
    }
    // In a narrow terminal the last ones are left out.
    let mut table = Table::new([
        Column::text("SESSION"),
        Column::text("STARTED"),
        Column::text("STATUS"),
        Column::text("AGENT"),
        Column::number("CALLS"),
        Column::number("FAILED"),
        Column::long("PROJECT"),
        Column::number("PROMPTS"),
        Column::text("LASTED"),
        Column::text("HOST"),
    ]);
    for session in &sessions {
        let (prompts, calls, failures) = counts.get(session.id);
        let started = session.start_time.unwrap_or(session.created_at);
        let lasted = session.end_time.map(|end| moment::long(end - started)).unwrap_or_default();
        let some = |count: u64| if count == 0 { String::new() } else { grouped(count) };
        table.row([
            Cell::painted(short(session.id), Paint::Cyan),
            moment::minute(started).into(),
            status(&session.status),
            session.agent.clone().unwrap_or_default().into(),
            some(calls).into(),
            Cell::painted(some(failures), Paint::Red),
            session.project_path.clone().unwrap_or_default().into(),
            some(prompts).into(),
            lasted.into(),
            session.host.clone().unwrap_or_default().into(),
        ]);
    }
    output::text(&table.render(Screen::of(globals)))
}

/// Enough of an id to find the session by.
pub(crate) fn short(id: SessionId) -> String {
    id.to_string().chars().take(8).collect()
}

pub(crate) fn status(status: &SessionStatus) -> Cell {
    match status {
        SessionStatus::Active => Cell::painted("active", Paint::Green),
        other => other.as_str().into(),
    }
}

/// How much there is in sessions.
struct Counts {
    prompts: HashMap<SessionId, u64>,
    calls: HashMap<SessionId, u64>,
    failures: HashMap<SessionId, u64>,
}

impl Counts {
    async fn of(store: &Store, sessions: &[session::Model]) -> Result<Self> {
        let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
        let (events, calls) = (Events::new(store), ToolEvents::new(store));
        let prompts = events
            .find()
            .filter(
                Events::SESSION_ID
                    .is_in(ids.clone())
                    .and(Events::EVENT_TYPE.eq(EventType::UserPrompt)),
            )
            .aggregate(count())
            .group_by(Events::SESSION_ID)
            .all()
            .await?;
        let of_them = ToolEvents::SESSION_ID.is_in(ids);
        let all = calls.find().filter(of_them.clone());
        let all = all.aggregate(count()).group_by(ToolEvents::SESSION_ID).all().await?;
        let failed = calls.find().filter(of_them.and(ToolEvents::STATUS.eq(ToolStatus::Error)));
        let failed = failed.aggregate(count()).group_by(ToolEvents::SESSION_ID).all().await?;
        Ok(Self {
            prompts: prompts.into_iter().collect(),
            calls: all.into_iter().collect(),
            failures: failed.into_iter().collect(),
        })
    }

    fn get(&self, id: SessionId) -> (u64, u64, u64) {
        let of = |counts: &HashMap<SessionId, u64>| counts.get(&id).copied().unwrap_or(0);
        (of(&self.prompts), of(&self.calls), of(&self.failures))
    }
}
