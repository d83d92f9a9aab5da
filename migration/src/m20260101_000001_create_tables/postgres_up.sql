create table public.sessions (
    id           uuid not null primary key,
    user_id      text,
    project_path text,
    git_branch   text,
    start_time   timestamptz,
    end_time     timestamptz,
    status       text not null,
    created_at   timestamptz not null,
    updated_at   timestamptz
);

create table public.events (
    id         uuid not null primary key,
    session_id uuid not null references public.sessions (id) on delete cascade,
    event_type text not null,
    hook_name  text,
    data       jsonb,
    timestamp  timestamptz not null,
    created_at timestamptz not null
);

create table public.tool_events (
    id             uuid not null primary key,
    session_id     uuid not null references public.sessions (id) on delete cascade,
    tool_name      text not null,
    parameters     jsonb,
    result         jsonb,
    execution_time double precision, -- milliseconds
    status         text not null,
    timestamp      timestamptz not null,
    created_at     timestamptz not null
);

-- Each ends with the key, so that a page can go on after the last row of the one before.
create index idx_sessions_created_at_id on public.sessions (created_at, id);
create index idx_events_session_id_timestamp_id on public.events (session_id, timestamp, id);
create index idx_events_created_at_id on public.events (created_at, id);
create index idx_tool_events_session_id_timestamp_id on public.tool_events (session_id, timestamp, id);
create index idx_tool_events_tool_name_timestamp_id on public.tool_events (tool_name, timestamp, id);
create index idx_tool_events_created_at_id on public.tool_events (created_at, id);

-- Without a policy that says otherwise, nobody but the owner and roles that bypass row level security see a row.
-- The list of migrations is nobody else's business, and it stands in a schema that is served over HTTP.
alter table public.sessions enable row level security;
alter table public.events enable row level security;
alter table public.tool_events enable row level security;
alter table public.seaql_migrations enable row level security;

-- The roles are Supabase's. A role that this server does not have is left out; none is made. Supabase gives tables in
-- `public` no grants of their own any more, and used to give all of them: so take all, then grant what is meant.

do $roles$
begin
    -- The server's own key: every row of the three tables. On Supabase this role bypasses row level security.
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant usage on schema public to service_role;
        grant select, insert, update, delete on public.sessions, public.events, public.tool_events to service_role;
    end if;

    -- A user who has signed in: that user's sessions, and what belongs to them.
    if exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
        revoke all on public.sessions, public.events, public.tool_events, public.seaql_migrations from authenticated;
        grant usage on schema public to authenticated;
        grant select, insert, update, delete on public.sessions, public.events, public.tool_events to authenticated;

        -- A session is the user's own if its user_id is the subject of the user's token. The sub-select makes the
        -- server read the token once for a statement, not once for a row.
        create policy authenticated_own on public.sessions for all to authenticated
            using (user_id = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'))
            with check (user_id = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'));

        -- Events belong to whom their session belongs. The sub-select sees only sessions that the policy above lets
        -- this user see.
        create policy authenticated_own on public.events for all to authenticated
            using (exists (select from public.sessions where sessions.id = events.session_id))
            with check (exists (select from public.sessions where sessions.id = events.session_id));
        create policy authenticated_own on public.tool_events for all to authenticated
            using (exists (select from public.sessions where sessions.id = tool_events.session_id))
            with check (exists (select from public.sessions where sessions.id = tool_events.session_id));
    end if;

    -- Whoever has the public key only: sessions that belong to nobody, and what belongs to them. To read, add and
    -- change, never to delete.
    if exists (select from pg_catalog.pg_roles where rolname = 'anon') then
        revoke all on public.sessions, public.events, public.tool_events, public.seaql_migrations from anon;
        grant usage on schema public to anon;
        grant select, insert, update on public.sessions, public.events, public.tool_events to anon;

        -- Reads the sessions of nobody.
        create policy anon_select on public.sessions for select to anon using (user_id is null);
        -- Adds sessions, but none in a user's name.
        create policy anon_insert on public.sessions for insert to anon with check (user_id is null);
        -- Changes the sessions of nobody, and cannot give one to a user.
        create policy anon_update on public.sessions for update to anon
            using (user_id is null) with check (user_id is null);

        -- Reads, adds and changes the events of sessions that it can see.
        create policy anon_select on public.events for select to anon
            using (exists (select from public.sessions where sessions.id = events.session_id));
        create policy anon_insert on public.events for insert to anon
            with check (exists (select from public.sessions where sessions.id = events.session_id));
        create policy anon_update on public.events for update to anon
            using (exists (select from public.sessions where sessions.id = events.session_id))
            with check (exists (select from public.sessions where sessions.id = events.session_id));

        -- The same for tool events.
        create policy anon_select on public.tool_events for select to anon
            using (exists (select from public.sessions where sessions.id = tool_events.session_id));
        create policy anon_insert on public.tool_events for insert to anon
            with check (exists (select from public.sessions where sessions.id = tool_events.session_id));
        create policy anon_update on public.tool_events for update to anon
            using (exists (select from public.sessions where sessions.id = tool_events.session_id))
            with check (exists (select from public.sessions where sessions.id = tool_events.session_id));
    end if;
end
$roles$;

-- PostgREST reads the tables anew when this transaction commits.
notify pgrst, 'reload schema';
