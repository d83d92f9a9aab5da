-- What has been applied: each change once, however often and however late its request arrives. Rows may be removed once
-- no request with them can arrive any more: those of devices that were offline for months as well.
create table if not exists public.chronicle_applied (
    id         uuid primary key,
    -- How many rows an update or a delete found; of what is made whatever is there it is not kept. Of an id that was taken
    -- without a change it is -1. What has changed nothing may be sent again under another id.
    touched    bigint,
    applied_at timestamptz not null default now()
);

-- Makes changes of rows in one transaction: all of them or none. Each may have an id, and so may the call: what has
-- been applied under an id is left out, and an id without a change is taken, so that a change of that id which arrives
-- later is an error, CHR02; and one of an update that found no row is another, CHR03. What is refused takes no id.
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
-- The answer has an object for each: how many rows it has touched, now or before, how many it left out now, and the rows:
-- of deletes with ids the keys that were deleted, now or before; one whose row stays takes no id. It runs with the
-- rights of the caller, row level security included, and every name in it is quoted.
create or replace function public.chronicle_apply(id uuid, operations json)
    returns json
    language plpgsql
    volatile
    security invoker
as $function$
declare
    operation record;
    target text;
    relation regclass;
    changed json;
    keys json;
    condition json;
    set_columns text;
    set_names text;
    set_excluded text;
    is_set text;
    key_columns text;
    key_names text;
    is_key text;
    is_same text;
    returned text;
    named bigint;
    source text;
    statement text;
    fresh bigint[];
    gone bigint[];
    kept bigint[];
    before bigint;
    deleted_before json;
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
    for operation in
        select * from json_to_recordset(operations) one (
            kind text, schema text, "table" text, key text[], columns text[], added text[], rows json, keys json,
            on_conflict text, ids uuid[], condition json, must_be_there boolean, "returning" text[]
        )
    loop
        target := format('%I.%I', coalesce(operation.schema, current_schema()), operation.table);
        changed := operation.rows;
        keys := operation.keys;
        condition := operation.condition;
        left_out := 0;
        only_id := null;

        if operation.ids is null then
            null;
        elsif operation.kind = 'update' or condition is not null then
            -- It may find no row, which a repetition has to know.
            only_id := operation.ids[1];
            select known.touched into touched from public.chronicle_applied known where known.id = only_id;
            if found and touched < 0 then
                raise exception 'the id was taken without a change' using errcode = 'CHR02';
            elsif found and touched = 0 then
                raise exception 'an earlier request with the id found no row' using errcode = 'CHR03';
            elsif found then
                answers := answers
                    || json_build_object('touched', coalesce(touched, 1), 'left_out', 1, 'rows', '[]'::json);
                continue;
            end if;
        elsif operation.kind = 'delete' then
            select
                coalesce(array_agg(one.place order by one.place) filter (where known.id is null), '{}'),
                coalesce(sum(known.touched), 0),
                coalesce(json_agg(keys -> (one.place - 1)::int) filter (where known.touched > 0), '[]'),
                min(known.touched)
            into fresh, before, deleted_before, touched
            from unnest(operation.ids) with ordinality one (id, place)
            left join public.chronicle_applied known on known.id = one.id;
            if touched < 0 then
                raise exception 'the id was taken without a change' using errcode = 'CHR02';
            end if;
            left_out := cardinality(operation.ids) - cardinality(fresh);
            if fresh = '{}' then
                answers := answers
                    || json_build_object('touched', before, 'left_out', left_out, 'rows', deleted_before);
                continue;
            elsif left_out > 0 then
                select json_agg(keys -> (one.place - 1)::int order by one.place) into keys
                from unnest(fresh) one (place);
            end if;
        else
            with taken as (
                insert into public.chronicle_applied (id) select unnest(operation.ids)
                on conflict do nothing
                returning chronicle_applied.id
            )
            select array_agg(one.place) into fresh
            from unnest(operation.ids) with ordinality one (id, place) join taken on taken.id = one.id;
            left_out := cardinality(operation.ids) - coalesce(cardinality(fresh), 0);
            if left_out > 0 and exists (
                select from public.chronicle_applied known
                where known.id = any (operation.ids) and known.touched <= 0
            ) then
                raise exception 'the id was taken without a change' using errcode = 'CHR02';
            end if;
            if fresh is null then
                answers := answers
                    || json_build_object('touched', left_out, 'left_out', left_out, 'rows', '[]'::json);
                continue;
            elsif left_out > 0 then
                select json_agg(one.value order by one.place) into changed
                from json_array_elements(changed) with ordinality one (value, place) where one.place = any (fresh);
            end if;
        end if;

        -- All parts of the statement. Of the columns that are named alone: of others not even the type has to take what
        -- JSON lacks.
        relation := target::regclass;
        select
            string_agg(of.name || ' ' || of.type, ', ') filter (where of.is_set),
            string_agg(of.name, ', ') filter (where of.is_set),
            string_agg(of.name || ' = excluded.' || of.name, ', ') filter (where of.is_set),
            string_agg(of.name || ' = ' || of.base || 'v.' || of.name, ', ') filter (where of.is_set),
            string_agg(of.name || ' ' || of.type, ', ') filter (where of.is_key),
            string_agg(of.name, ', ') filter (where of.is_key),
            string_agg('t.' || of.name || ' = k.' || of.name, ' and ') filter (where of.is_key),
            string_agg('t.' || of.name, ', ') filter (where of.is_returned),
            sum(of.is_set::int + of.is_key::int + of.is_returned::int)
        into set_columns, set_names, set_excluded, is_set, key_columns, key_names, is_key, returned, named
        from (
            select
                quote_ident(attname) as name,
                format_type(atttypid, atttypmod) as type,
                attname = any (coalesce(operation.columns, '{}')) as is_set,
                attname = any (coalesce(operation.key, '{}')) as is_key,
                attname = any (coalesce(operation.returning, '{}')) as is_returned,
                case when attname = any (operation.added) then 't.' || quote_ident(attname) || ' + ' else '' end as base
            from pg_catalog.pg_attribute
            where attrelid = relation and attnum > 0 and not attisdropped
            offset 0
        ) of;
        if named is distinct from coalesce(cardinality(operation.columns), 0) + coalesce(cardinality(operation.key), 0)
            + coalesce(cardinality(operation.returning), 0)
        then
            raise exception 'a column that is named is not in %, or is named twice', target
                using errcode = 'undefined_column';
        end if;

        if operation.kind = 'insert' then
            statement := format(
                'insert into %1$s as t (%2$s) select %2$s from json_to_recordset($1) v (%3$s)',
                target, set_names, set_columns
            );
            if operation.on_conflict = 'ignore' then
                statement := statement || ' on conflict (' || key_names || ') do nothing';
            elsif operation.on_conflict = 'replace' then
                statement := statement || ' on conflict (' || key_names || ') do update set ' || set_excluded;
            end if;
        elsif operation.kind in ('update', 'delete') then
            -- One key is planned as one: for a set of them a hundred rows are expected.
            source := format('json_to_recordset($2) k (%s)', key_columns);
            if operation.kind = 'delete' and operation.ids is not null and only_id is null then
                source := format(
                    'rows from (json_to_recordset($2) as (%s)) with ordinality k (%s, place_of_key)', key_columns, key_names
                );
            elsif json_array_length(keys) = 1 then
                keys := keys -> 0;
                source := format('json_to_record($2) k (%s)', key_columns);
            end if;
            if operation.kind = 'update' then
                statement := format(
                    'update %s as t set %s from json_to_record($1) v (%s), %s where %s',
                    target, is_set, set_columns, source, is_key
                );
            else
                statement := format('delete from %s as t using %s where %s', target, source, is_key);
            end if;
            if condition is not null then
                select statement || format(
                    ' and t.%1$I is not distinct from (select c.%1$I from json_to_record($3) c (%1$I %2$s))',
                    attname, format_type(atttypid, atttypmod)
                ) into statement
                from pg_catalog.pg_attribute
                where attrelid = relation and attname = condition ->> 'column' and attnum > 0 and not attisdropped;
                if not found then
                    raise exception 'the column of the condition is not in %', target using errcode = 'undefined_column';
                end if;
                condition := json_build_object(condition ->> 'column', condition -> 'value');
            end if;
        else
            raise exception 'an operation is an insert, an update or a delete' using errcode = 'invalid_parameter_value';
        end if;

        given_rows := '[]';
        if operation.kind = 'delete' and operation.ids is not null and only_id is null then
            -- One that a policy or a trigger keeps is refused. By one snapshot: who comes since is no such row.
            execute 'with gone as (' || statement || ' returning k.place_of_key), there as (select k.place_of_key from '
                || target || ' as t, ' || source || ' where ' || is_key || ') '
                || 'select (select coalesce(array_agg(place_of_key), ''{}'') from gone), (select coalesce(array_agg('
                || 'place_of_key), ''{}'') from there where place_of_key not in (select place_of_key from gone))'
                into gone, kept using changed, keys, condition;
            insert into public.chronicle_applied (id, touched)
                select operation.ids[fresh[place]], (place = any (gone))::int from generate_subscripts(fresh, 1) place
                where place <> all (kept)
                on conflict do nothing;
            get diagnostics touched = row_count;
            if touched < cardinality(fresh) - cardinality(kept) then
                raise exception 'the same change is under way' using errcode = 'serialization_failure';
            end if;
            select coalesce(json_agg(one.key), '[]') into given_rows
            from (
                select json_array_elements(deleted_before)
                union all select keys -> (place - 1)::int from unnest(gone) place
            ) one (key);
            touched := before + cardinality(gone);
        elsif returned is not null then
            execute 'with written as (' || statement || ' returning ' || returned
                || ') select count(*), coalesce(json_agg(written.*), ''[]'') from written'
                into touched, given_rows using changed, keys, condition;
        else
            execute statement using changed, keys, condition;
            get diagnostics touched = row_count;
        end if;
        if touched = 0 and operation.must_be_there then
            raise exception 'there is no such row in %', operation.table using errcode = 'CHR01';
        end if;
        if only_id is not null then
            insert into public.chronicle_applied (id, touched) values (only_id, touched) on conflict do nothing;
            if not found then
                raise exception 'the same change is under way' using errcode = 'serialization_failure';
            end if;
        elsif operation.ids is not null and operation.kind <> 'delete' then
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
