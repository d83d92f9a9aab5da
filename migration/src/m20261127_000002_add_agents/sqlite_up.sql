alter table sessions add column agent text;
alter table sessions add column host text;
alter table sessions add column transcript_path text;
alter table events add column agent_id text; -- the subagent
alter table tool_events add column agent_id text; -- the subagent

-- Finds the calls of a session that still run.
create index idx_tool_events_session_id_status_id on tool_events (session_id, status, id);

create table unread_payloads (
    id          text not null primary key,
    user_id     text,
    received_at text not null,
    agent       text,
    event_name  text,
    host        text,
    reason      text not null,
    payload     text not null
);

create index idx_unread_payloads_received_at_id on unread_payloads (received_at, id);
