-- Sequences, but for those of identity columns, which are part of the column. Values handed out are no part of a schema.
select
    'sequence' as kind, array[s.name, c.relname] as name,
    'pg_class'::regclass::oid as classid, c.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'type', format_type(q.seqtypid, null), 'start', q.seqstart, 'increment', q.seqincrement, 'minimum', q.seqmin,
        'maximum', q.seqmax, 'cache', q.seqcache, 'cycle', q.seqcycle,
        'owned_by', (
            select array[tn.nspname, t.relname, a.attname]
            from pg_depend own
            join pg_class t on t.oid = own.refobjid
            join pg_namespace tn on tn.oid = t.relnamespace
            join pg_attribute a on a.attrelid = own.refobjid and a.attnum = own.refobjsubid
            where own.classid = 'pg_class'::regclass and own.objid = c.oid and own.deptype = 'a'
                and own.refclassid = 'pg_class'::regclass and own.refobjsubid > 0
        ),
        'persistence', case c.relpersistence when 'u' then 'unlogged' else 'permanent' end,
        'owner', pg_get_userbyid(c.relowner)
    ) as attributes
from pg_class c
join space s on s.oid = c.relnamespace
join pg_sequence q on q.seqrelid = c.oid
where c.relkind = 'S' and c.relpersistence <> 't'
    and not exists (select from member m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
    and not exists (
        select from pg_depend own
        where own.classid = 'pg_class'::regclass and own.objid = c.oid and own.deptype = 'i'
            and own.refclassid = 'pg_class'::regclass and own.refobjsubid > 0
    )
