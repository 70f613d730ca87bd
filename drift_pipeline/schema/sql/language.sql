-- Languages, transforms, access methods: what only superusers make.
select
    'language' as kind, array[l.lanname]::text[] as name,
    'pg_language'::regclass::oid as classid, l.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object(
        'trusted', l.lanpltrusted,
        'handler', (select p.oid::regproc::text from pg_proc p where p.oid = l.lanplcallfoid),
        'inline', (select p.oid::regproc::text from pg_proc p where p.oid = l.laninline),
        'validator', (select p.oid::regproc::text from pg_proc p where p.oid = l.lanvalidator),
        'owner', pg_get_userbyid(l.lanowner)
    ) as attributes
from pg_language l
where l.oid >= 16384 and not exists (select from member m where m.classid = 'pg_language'::regclass and m.objid = l.oid)
union all
select
    'transform', array[format_type(t.trftype, null), l.lanname],
    'pg_transform'::regclass, t.oid, 0, null, null, null,
    json_build_object(
        'from_sql', (select p.oid::regprocedure::text from pg_proc p where p.oid = t.trffromsql),
        'to_sql', (select p.oid::regprocedure::text from pg_proc p where p.oid = t.trftosql)
    )
from pg_transform t
join pg_language l on l.oid = t.trflang
where not exists (select from member m where m.classid = 'pg_transform'::regclass and m.objid = t.oid)
union all
select
    'access_method', array[a.amname]::text[],
    'pg_am'::regclass, a.oid, 0, null, null, null,
    json_build_object(
        'type', case a.amtype when 't' then 'table' else 'index' end,
        'handler', a.amhandler::text
    )
from pg_am a
where a.oid >= 16384 and not exists (select from member m where m.classid = 'pg_am'::regclass and m.objid = a.oid)
