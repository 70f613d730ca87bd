select
    'schema' as kind, array[s.name] as name,
    'pg_namespace'::regclass::oid as classid, s.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object('owner', pg_get_userbyid(n.nspowner)) as attributes
from space s
join pg_namespace n on n.oid = s.oid
where not exists (select from member m where m.classid = 'pg_namespace'::regclass and m.objid = s.oid)
