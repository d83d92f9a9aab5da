-- Runs one statement that is given as text and answers its rows as a JSON array of objects; a statement without rows
-- answers []. In the statement, $1 to $16 stand for the elements of `params`, as text: write cast($1 as uuid).
-- Whoever may call it can do all that the calling role can do, so only service_role may.
create or replace function public.execute_sql(query text, params jsonb default '[]'::jsonb)
    returns jsonb
    language plpgsql
    volatile
    security invoker
    set search_path = pg_catalog, public, pg_temp
    -- PostgREST sets this before it calls; a call from SQL keeps the caller's limit.
    set statement_timeout = '30s'
as $function$
declare
    found_row record;
    answer jsonb[] := '{}';
begin
    if jsonb_typeof(params) is distinct from 'array' then
        raise exception 'params must be a JSON array' using errcode = 'invalid_parameter_value';
    elsif jsonb_array_length(params) > 16 then
        raise exception 'params holds % elements, at most 16 are possible', jsonb_array_length(params)
            using errcode = 'invalid_parameter_value';
    end if;

    -- Whether a statement has rows only its plan tells: opening a cursor for one that has none fails before it runs.
    begin
        for found_row in execute query
            using params->>0, params->>1, params->>2, params->>3, params->>4, params->>5, params->>6, params->>7,
                params->>8, params->>9, params->>10, params->>11, params->>12, params->>13, params->>14, params->>15
        loop
            answer := array_append(answer, to_jsonb(found_row));
        end loop;
    exception when invalid_cursor_definition then
        execute query
            using params->>0, params->>1, params->>2, params->>3, params->>4, params->>5, params->>6, params->>7,
                params->>8, params->>9, params->>10, params->>11, params->>12, params->>13, params->>14, params->>15;
    end;
    return to_jsonb(answer);
end
$function$;

-- Postgres lets everybody call a new function.
revoke all on function public.execute_sql(text, jsonb) from public;

do $roles$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'anon') then
        revoke all on function public.execute_sql(text, jsonb) from anon;
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
        revoke all on function public.execute_sql(text, jsonb) from authenticated;
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant execute on function public.execute_sql(text, jsonb) to service_role;
    end if;
end
$roles$;

-- PostgREST serves the function from when this transaction commits.
notify pgrst, 'reload schema';
