drop function if exists public.execute_sql(text, jsonb);

-- PostgREST forgets the function when this transaction commits.
notify pgrst, 'reload schema';
