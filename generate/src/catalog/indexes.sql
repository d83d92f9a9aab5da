-- Indexes of the tables in the schemas $1, with the columns they are looked up by.
select coalesce(json_agg(found order by found.name collate "C"), '[]')::text from (
    select
        i.indrelid::int8 as "table",
        x.relname as name,
        i.indisprimary as is_primary,
        i.indisunique as is_unique,
        i.indpred is not null as partial,
        i.indexprs is not null as expressions,
        not i.indimmediate as deferrable,
        (
            select coalesce(json_agg(a.attname order by k.position), '[]')
            from unnest(i.indkey::int2[]) with ordinality k(number, position)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
            where k.position <= i.indnkeyatts
        ) as columns
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_class c on c.oid = i.indrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1) and i.indisvalid
) found
