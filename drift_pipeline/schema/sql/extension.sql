select
    'extension' as kind, array[e.extname]::text[] as name,
    'pg_extension'::regclass::oid as classid, e.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object('schema', n.nspname, 'version', e.extversion, 'owner', pg_get_userbyid(e.extowner)) as attributes
from pg_extension e
join pg_namespace n on n.oid = e.extnamespace
