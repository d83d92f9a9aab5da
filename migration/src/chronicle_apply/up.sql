-- What has been applied: each change once, however often and however late its request arrives. Rows may be removed once
-- no request with them can arrive any more: those of devices that were offline for months as well.
create table if not exists public.chronicle_applied (
    id         uuid primary key,
    -- How many rows an update found; of what is made whatever is there it is not kept. Of an id that was taken without a
    -- change it is -1. What has changed nothing may be sent again under another id.
    touched    bigint,
    applied_at timestamptz not null default now()
);

-- Makes changes of rows in one transaction: all of them or none. Each may have an id, and so may the call: what has
-- been applied under an id is left out, and an id without a change is taken, so that a change of that id which arrives
-- later is an error, CHR02; and so is one of an update that found no row. What is refused takes no id.
--
-- `operations` is a list of objects:
--   kind         insert, update or delete
--   schema, table, key   the table, and the names of its key columns; without a schema the one that is served
--   columns      the columns that are set
--   added        those of them that are added to, instead of set
--   rows         the rows of an insert, the one object of an update
--   keys         the rows that are updated or deleted, as objects
--   on_conflict  ignore, replace, or nothing: a row whose key is there is refused
--   ids          an id for each of the rows, or of the keys; one for an update
--   condition    {"column": …, "value": …}: what a column must hold
--   must_be_there  a row that is not there is an error, CHR01
--   returning    the columns of the rows that are given back
--
-- The answer has an object for each: how many rows it has touched, now or before (a delete: now), how many it left out
-- now, and the rows. It runs with the rights of the caller, row level security included, and every name in it is quoted.
create or replace function public.chronicle_apply(id uuid, operations json)
    returns json
    language plpgsql
    volatile
    security invoker
as $function$
declare
    operation json;
    kind text;
    target text;
    changed json;
    keys json;
    typed json;
    set_columns text;
    key_columns text;
    is_set text;
    is_key text;
    is_same text;
    condition json;
    listed text;
    statement text;
    fresh bigint[];
    touched bigint;
    given_rows json;
    left_out bigint;
    only_id uuid;
    answers json[] := '{}';
begin
    if id is not null then
        insert into public.chronicle_applied (id, touched)
            values (chronicle_apply.id, case when json_array_length(operations) = 0 then -1 end)
            on conflict do nothing;
        if not found then
            select known.touched into touched from public.chronicle_applied known where known.id = chronicle_apply.id;
            if touched <= 0 and json_array_length(operations) > 0 then
                raise exception 'the id was taken without a change' using errcode = 'CHR02';
            end if;
            return json_build_object('applied', coalesce(touched <= 0, false), 'touched', touched);
        end if;
    end if;
    for operation in select json_array_elements(operations) loop
        kind := operation ->> 'kind';
        target := format('%I.%I', coalesce(operation ->> 'schema', current_schema()), operation ->> 'table');
        changed := operation -> 'rows';
        keys := operation -> 'keys';
        left_out := 0;
        only_id := null;

        if json_typeof(operation -> 'ids') is distinct from 'array' then
            null;
        elsif kind = 'update' or json_typeof(operation -> 'condition') = 'object' then
            -- It may find no row, which a repetition has to know.
            only_id := (operation -> 'ids' ->> 0)::uuid;
            select known.touched into touched from public.chronicle_applied known where known.id = only_id;
            if found and touched <= 0 then
                raise exception 'the id was taken without a change' using errcode = 'CHR02';
            elsif found then
                answers := answers
                    || json_build_object('touched', coalesce(touched, 1), 'left_out', 1, 'rows', '[]'::json);
                continue;
            end if;
        else
            with taken as (
                insert into public.chronicle_applied (id)
                select one::uuid from json_array_elements_text(operation -> 'ids') one
                on conflict do nothing
                returning chronicle_applied.id
            )
            select array_agg(one.place) into fresh
            from json_array_elements_text(operation -> 'ids') with ordinality one (id, place)
            join taken on taken.id = one.id::uuid;
            left_out := json_array_length(operation -> 'ids') - coalesce(cardinality(fresh), 0);
            if left_out > 0 and exists (
                select from json_array_elements_text(operation -> 'ids') one
                join public.chronicle_applied known on known.id = one::uuid
                where known.touched <= 0
            ) then
                raise exception 'the id was taken without a change' using errcode = 'CHR02';
            end if;
            if fresh is null then
                touched := case when kind = 'delete' then 0 else left_out end;
                answers := answers || json_build_object('touched', touched, 'left_out', left_out, 'rows', '[]'::json);
                continue;
            elsif left_out > 0 and kind = 'insert' then
                select json_agg(one.value order by one.place) into changed
                from json_array_elements(changed) with ordinality one (value, place) where one.place = any (fresh);
            elsif left_out > 0 and kind = 'delete' then
                select json_agg(one.value order by one.place) into keys
                from json_array_elements(keys) with ordinality one (value, place) where one.place = any (fresh);
            end if;
        end if;

        -- Of the columns that are named alone: of others not even the type has to take what JSON lacks.
        select json_object_agg(attname, format('%I %s', attname, format_type(atttypid, atttypmod))) into typed
        from pg_catalog.pg_attribute where attrelid = target::regclass and attnum > 0 and not attisdropped;
        select string_agg(typed ->> one, ', ') into set_columns
        from json_array_elements_text(operation -> 'columns') one;
        select string_agg(typed ->> one, ', '), string_agg(format('t.%1$I = k.%1$I', one), ' and ')
            into key_columns, is_key
        from json_array_elements_text(operation -> 'key') one;
        condition := operation -> 'condition';
        if json_typeof(condition) = 'object' then
            is_same := format(
                ' and t.%1$I is not distinct from (select c.%1$I from json_to_record($3) c (%2$s))',
                condition ->> 'column', typed ->> (condition ->> 'column')
            );
            condition := json_build_object(condition ->> 'column', condition -> 'value');
        else
            is_same := '';
        end if;

        if kind = 'insert' then
            select string_agg(format('%I', one), ', ') into listed
            from json_array_elements_text(operation -> 'columns') one;
            statement := format(
                'insert into %1$s as t (%2$s) select %2$s from json_to_recordset($1) v (%3$s)',
                target, listed, set_columns
            );
            if operation ->> 'on_conflict' = 'ignore' then
                statement := statement || ' on conflict (' || (
                    select string_agg(format('%I', one), ', ') from json_array_elements_text(operation -> 'key') one
                ) || ') do nothing';
            elsif operation ->> 'on_conflict' = 'replace' then
                statement := statement || ' on conflict (' || (
                    select string_agg(format('%I', one), ', ') from json_array_elements_text(operation -> 'key') one
                ) || ') do update set ' || (
                    select string_agg(format('%1$I = excluded.%1$I', one), ', ')
                    from json_array_elements_text(operation -> 'columns') one
                );
            end if;
        elsif kind = 'update' then
            select string_agg(
                case
                    when one in (select json_array_elements_text(operation -> 'added'))
                        then format('%1$I = t.%1$I + v.%1$I', one)
                    else format('%1$I = v.%1$I', one)
                end, ', '
            ) into is_set
            from json_array_elements_text(operation -> 'columns') one;
            statement := format(
                'update %1$s as t set %2$s from json_to_record($1) v (%3$s), json_to_recordset($2) k (%4$s) '
                || 'where %5$s%6$s', target, is_set, set_columns, key_columns, is_key, is_same
            );
        elsif kind = 'delete' then
            statement := format(
                'delete from %1$s as t using json_to_recordset($2) k (%2$s) where %3$s%4$s',
                target, key_columns, is_key, is_same
            );
        else
            raise exception 'an operation is an insert, an update or a delete' using errcode = 'invalid_parameter_value';
        end if;

        given_rows := '[]';
        if json_typeof(operation -> 'returning') = 'array' then
            select string_agg(format('t.%I', one), ', ') into listed
            from json_array_elements_text(operation -> 'returning') one;
            execute 'with written as (' || statement || ' returning ' || listed
                || ') select count(*), coalesce(json_agg(written.*), ''[]'') from written'
                into touched, given_rows using changed, keys, condition;
        else
            execute statement using changed, keys, condition;
            get diagnostics touched = row_count;
        end if;
        if touched = 0 and coalesce((operation ->> 'must_be_there')::boolean, false) then
            raise exception 'there is no such row in %', operation ->> 'table' using errcode = 'CHR01';
        end if;
        if only_id is not null then
            insert into public.chronicle_applied (id, touched) values (only_id, touched) on conflict do nothing;
            if not found then
                raise exception 'the same change is under way' using errcode = 'serialization_failure';
            end if;
        elsif json_typeof(operation -> 'ids') = 'array' and kind <> 'delete' then
            touched := touched + left_out;
        end if;
        answers := answers || json_build_object('touched', touched, 'left_out', left_out, 'rows', given_rows);
    end loop;
    return json_build_object('applied', true, 'answers', to_json(answers));
end
$function$;

-- Postgres lets everybody call a new function.
revoke all on function public.chronicle_apply(uuid, json) from public;
alter table public.chronicle_applied enable row level security;

do $roles$
declare
    granted text;
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'anon') then
        revoke all on function public.chronicle_apply(uuid, json) from anon;
        revoke all on public.chronicle_applied from anon;
    end if;
    foreach granted in array array['authenticated', 'service_role'] loop
        continue when not exists (select from pg_catalog.pg_roles where rolname = granted);
        execute format('grant execute on function public.chronicle_apply(uuid, json) to %I', granted);
        -- Ids are random: to know one that is taken is of no use to anybody.
        execute format('revoke all on public.chronicle_applied from %I', granted);
        execute format(
            'grant insert (id, touched), select (id, touched) on public.chronicle_applied to %I', granted
        );
        execute format('drop policy if exists %I on public.chronicle_applied', 'chronicle_apply_' || granted);
        execute format(
            'create policy %I on public.chronicle_applied to %I using (true) with check (true)',
            'chronicle_apply_' || granted, granted
        );
    end loop;
end
$roles$;

-- PostgREST serves the function from when this transaction commits.
notify pgrst, 'reload schema';
