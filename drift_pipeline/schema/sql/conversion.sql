select
    'conversion' as kind, array[s.name, c.conname] as name,
    'pg_conversion'::regclass::oid as classid, c.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'source', pg_encoding_to_char(c.conforencoding), 'target', pg_encoding_to_char(c.contoencoding),
        'function', c.conproc::text, 'default', c.condefault, 'owner', pg_get_userbyid(c.conowner)
    ) as attributes
from pg_conversion c
join space s on s.oid = c.connamespace
where not exists (select from member m where m.classid = 'pg_conversion'::regclass and m.objid = c.oid)
