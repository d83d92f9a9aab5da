-- Triggers before the insert or the update of a row (bits of tgtype: row 1, before 2, insert 4, update 16).
select coalesce(json_agg(found order by found.name collate "C"), '[]')::text from (
    select
        t.tgrelid::int8 as "table",
        t.tgname as name,
        t.tgtype & 4 <> 0 as on_insert,
        p.proname as function,
        p.prosrc as source,
        encode(t.tgargs, 'escape') as arguments
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 3 = 3 and t.tgtype & 20 <> 0
      and n.nspname = any($1)
) found
