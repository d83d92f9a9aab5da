-- Foreign keys of the tables in the schemas $1. Those of partitions are their table's own.
select coalesce(json_agg(found order by found.name collate "C"), '[]')::text from (
    select
        k.conrelid::int8 as "table",
        k.conname as name,
        (
            select json_agg(a.attname order by p.position)
            from unnest(k.conkey) with ordinality p(number, position)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.number
        ) as columns,
        n2.nspname as to_schema,
        c2.relname as to_table,
        (
            select json_agg(a.attname order by p.position)
            from unnest(k.confkey) with ordinality p(number, position)
            join pg_attribute a on a.attrelid = k.confrelid and a.attnum = p.number
        ) as to_columns,
        k.confdeltype::text as on_delete,
        k.confupdtype::text as on_update
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_class c2 on c2.oid = k.confrelid
    join pg_namespace n2 on n2.oid = c2.relnamespace
    where k.contype = 'f' and k.conparentid = 0 and n.nspname = any($1)
) found
