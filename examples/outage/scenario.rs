//! What happens: an outage that is seen at once, and one that is not.

use super::Result;
use super::servers::Servers;
use super::timeline::Timeline;
use chronicle::Backend;
use chronicle_entity::{
    EventId, Events, NewEvent, NewSession, NewToolEvent, SessionId, SessionPatch, SessionStatus,
    Sessions, ToolEventId, ToolEvents, ToolStatus, event, session, tool_event,
};
use chronicle_test_servers::Fault;
use std::io::Write;

/// Events of the one call that fills the outbox.
const BULK: usize = 3_000;

pub(crate) async fn play(servers: &Servers, output: &mut dyn Write) -> Result<()> {
    let failover = servers.open().await?;
    let sessions = Sessions::new(&failover);
    let events = Events::new(&failover);
    let mut timeline = Timeline::new(servers, &failover, output)?;
    let line = &mut timeline;

    line.heading("all is well")?;
    let id = insert_session(line, &sessions, "insert a session").await?;
    let gone = insert_event(line, &events, id, "insert an event").await?;

    servers.gateway.refuse().await?;
    line.heading("the server refuses connections")?;
    insert_event(line, &events, id, "insert an event").await?;
    let local = insert_session(line, &sessions, "insert a session").await?;
    insert_event(line, &events, local, "insert an event of that session").await?;
    update_session(line, &sessions, id, "update the first session").await?;
    line.write::<event::Model>("delete the first event", gone, async {
        events.delete(gone).await.map(drop)
    })
    .await?;
    insert_bulk(line, &events, local).await?;
    let seen = events.find().count().await?;
    line.note(&format!("own writes are seen: {seen} events")).await?;

    servers.gateway.heal().await?;
    line.heading("the server is back; the store asks it within 5 s")?;
    line.drain(async |line| {
        insert_event(line, &events, id, "insert an event meanwhile").await.map(drop)
    })
    .await?;
    insert_event(line, &events, id, "insert an event").await?;

    servers.gateway.fault(Fault::black_hole().always());
    line.heading("the network swallows requests; the time limit is 1 s")?;
    insert_tool_event(line, &ToolEvents::new(&failover), id).await?;
    insert_event(line, &events, id, "insert an event").await?;
    update_session(line, &sessions, local, "update the second session").await?;

    servers.gateway.heal().await?;
    line.heading("the network is back; updates wait 2 s for requests under way")?;
    line.drain(async |line| {
        insert_event(line, &events, id, "insert an event meanwhile").await.map(drop)
    })
    .await?;
    insert_event(line, &events, id, "insert an event").await?;
    let letters = failover.dead_letters(10).await?;
    line.note(&format!("dead letters: {}", letters.len())).await?;
    Ok(failover.close().await?)
}

async fn insert_session(
    line: &mut Timeline<'_>,
    sessions: &Sessions,
    what: &str,
) -> Result<SessionId> {
    let id = SessionId::generate();
    let row = NewSession::new(SessionStatus::Active).id(id);
    line.write::<session::Model>(what, id, async { sessions.insert(row).await.map(drop) }).await?;
    Ok(id)
}

async fn insert_event(
    line: &mut Timeline<'_>,
    events: &Events,
    session: SessionId,
    what: &str,
) -> Result<EventId> {
    let id = EventId::generate();
    let row = NewEvent::new(session, "notification", chronicle::now()).id(id);
    line.write::<event::Model>(what, id, async { events.insert(row).await.map(drop) }).await?;
    Ok(id)
}

async fn insert_bulk(line: &mut Timeline<'_>, events: &Events, session: SessionId) -> Result<()> {
    let last = EventId::generate();
    let row = || NewEvent::new(session, "notification", chronicle::now());
    let rows = (1..BULK).map(|_| row()).chain([row().id(last)]);
    let what = format!("insert {BULK} events in one call");
    line.write::<event::Model>(&what, last, async { events.insert_many(rows).await.map(drop) })
        .await
}

async fn insert_tool_event(
    line: &mut Timeline<'_>,
    tool_events: &ToolEvents,
    session: SessionId,
) -> Result<()> {
    let id = ToolEventId::generate();
    let row = NewToolEvent::new(session, "Bash", ToolStatus::Running, chronicle::now()).id(id);
    line.write::<tool_event::Model>("insert a tool event", id, async {
        tool_events.insert(row).await.map(drop)
    })
    .await
}

async fn update_session(
    line: &mut Timeline<'_>,
    sessions: &Sessions,
    id: SessionId,
    what: &str,
) -> Result<()> {
    let patch = SessionPatch::new().git_branch("main");
    line.write::<session::Model>(what, id, async { sessions.update(id, patch).await.map(drop) })
        .await
}
