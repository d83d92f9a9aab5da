alter table public.sessions
    add column agent           text,
    add column host            text,
    add column transcript_path text;
alter table public.events add column agent_id text; -- the subagent
alter table public.tool_events add column agent_id text; -- the subagent

-- Finds the calls of a session that still run.
create index idx_tool_events_session_id_status_id on public.tool_events (session_id, status, id);

create table public.unread_payloads (
    id          uuid not null primary key,
    user_id     text,
    received_at timestamptz not null,
    agent       text,
    event_name  text,
    host        text,
    reason      text not null,
    payload     text not null
);

create index idx_unread_payloads_received_at_id on public.unread_payloads (received_at, id);

alter table public.unread_payloads enable row level security;

-- Who may read and write them: as it is with sessions.

do $roles$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant select, insert, update, delete on public.unread_payloads to service_role;
    end if;

    -- A user who has signed in: that user's own.
    if exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
        revoke all on public.unread_payloads from authenticated;
        grant select, insert, update, delete on public.unread_payloads to authenticated;
        create policy authenticated_own on public.unread_payloads for all to authenticated
            using (user_id = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'))
            with check (user_id = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'));
    end if;

    -- Whoever has the public key only: those that belong to nobody. To read, add and change, never to delete.
    if exists (select from pg_catalog.pg_roles where rolname = 'anon') then
        revoke all on public.unread_payloads from anon;
        grant select, insert, update on public.unread_payloads to anon;
        create policy anon_select on public.unread_payloads for select to anon using (user_id is null);
        create policy anon_insert on public.unread_payloads for insert to anon with check (user_id is null);
        create policy anon_update on public.unread_payloads for update to anon
            using (user_id is null) with check (user_id is null);
    end if;
end
$roles$;

-- PostgREST reads the tables anew when this transaction commits.
notify pgrst, 'reload schema';
