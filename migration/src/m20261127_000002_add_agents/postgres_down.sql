-- The index, grants and policies of the table go with it.
drop table public.unread_payloads;
drop index public.idx_tool_events_session_id_status_id;
alter table public.tool_events drop column agent_id;
alter table public.events drop column agent_id;
alter table public.sessions
    drop column transcript_path,
    drop column host,
    drop column agent;

-- PostgREST reads the tables anew when this transaction commits.
notify pgrst, 'reload schema';
