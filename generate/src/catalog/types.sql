-- Domains with what they are based on, and enums with their labels.
select coalesce(json_agg(found), '[]')::text from (
    select
        t.oid::int8 as oid,
        n.nspname as schema,
        t.typname as name,
        nullif(t.typbasetype, 0)::int8 as base,
        format_type(nullif(t.typbasetype, 0), null) as base_name,
        format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_declared,
        t.typndims as dimensions,
        t.typnotnull as not_null,
        t.typdefault as "default",
        (
            select json_agg(e.enumlabel order by e.enumsortorder)
            from pg_enum e where e.enumtypid = t.oid
        ) as labels
    from pg_type t
    join pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('d', 'e')
) found
