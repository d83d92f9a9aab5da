-- Ids are UUIDs as hyphenated lower-case text. Times are UTC text in the form that SeaORM writes and compares:
-- 2024-01-01T00:00:00+00:00, with a fraction of 3 or 6 digits where there is one. JSON is text.

create table sessions (
    id           text not null primary key,
    user_id      text,
    project_path text,
    git_branch   text,
    start_time   text,
    end_time     text,
    status       text not null,
    created_at   text not null,
    updated_at   text
);

create table events (
    id         text not null primary key,
    session_id text not null references sessions (id) on delete cascade,
    event_type text not null,
    hook_name  text,
    data       text,
    timestamp  text not null,
    created_at text not null
);

create table tool_events (
    id             text not null primary key,
    session_id     text not null references sessions (id) on delete cascade,
    tool_name      text not null,
    parameters     text,
    result         text,
    execution_time real, -- milliseconds
    status         text not null,
    timestamp      text not null,
    created_at     text not null
);

-- Each ends with the key, so that a page can go on after the last row of the one before.
create index idx_sessions_created_at_id on sessions (created_at, id);
create index idx_events_session_id_timestamp_id on events (session_id, timestamp, id);
create index idx_events_created_at_id on events (created_at, id);
create index idx_tool_events_session_id_timestamp_id on tool_events (session_id, timestamp, id);
create index idx_tool_events_tool_name_timestamp_id on tool_events (tool_name, timestamp, id);
create index idx_tool_events_created_at_id on tool_events (created_at, id);
