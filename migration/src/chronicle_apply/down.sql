drop function if exists public.chronicle_apply(uuid, json);
drop table if exists public.chronicle_applied;

-- PostgREST forgets the function when this transaction commits.
notify pgrst, 'reload schema';
