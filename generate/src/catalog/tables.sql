-- Tables, views and the like of the schemas $1, with their columns.
select coalesce(json_agg(found order by found.schema collate "C", found.name collate "C"), '[]')::text from (
    select
        c.oid::int8 as oid,
        n.nspname as schema,
        c.relname as name,
        c.relkind::text as kind,
        (select i.inhparent::regclass::text from pg_inherits i where c.relispartition and i.inhrelid = c.oid) as part_of,
        (
            select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0
              and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
        ) as extension,
        (
            select coalesce(json_agg(json_build_object(
                'name', a.attname,
                'type', a.atttypid::int8,
                'type_name', format_type(a.atttypid, null),
                'declared', format_type(a.atttypid, a.atttypmod),
                'dimensions', a.attndims,
                'not_null', a.attnotnull,
                'collation', (select l.collname from pg_collation l where l.oid = a.attcollation),
                'identity', a.attidentity::text,
                'generated', a.attgenerated::text,
                'default', pg_get_expr(d.adbin, d.adrelid)
            ) order by a.attnum), '[]')
            from pg_attribute a
            left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ) as columns
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
) found
