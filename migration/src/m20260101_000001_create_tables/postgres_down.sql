-- Indexes, grants and policies go with their tables. The use of the schema stays granted: other tables may need it.
drop table public.tool_events;
drop table public.events;
drop table public.sessions;

-- PostgREST forgets the tables when this transaction commits.
notify pgrst, 'reload schema';
