-- Casts. Those between a range type and its multirange come with the type.
select
    'cast' as kind, array[format_type(c.castsource, null), format_type(c.casttarget, null)] as name,
    'pg_cast'::regclass::oid as classid, c.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object(
        'function', (select oid::regprocedure::text from pg_proc where oid = c.castfunc),
        'context', case c.castcontext when 'e' then 'explicit' when 'a' then 'assignment' else 'implicit' end,
        'method', case c.castmethod when 'f' then 'function' when 'i' then 'inout' else 'binary' end
    ) as attributes
from pg_cast c
where c.oid >= 16384
    and not exists (select from member m where m.classid = 'pg_cast'::regclass and m.objid = c.oid)
    and not exists (
        select from pg_depend d where d.classid = 'pg_cast'::regclass and d.objid = c.oid and d.deptype = 'i'
    )
