-- Comments, by the address of what they are about.
select
    'comment' as kind, null::text[] as prefix, null::text[] as suffix,
    d.classoid as classid, d.objoid as objid, d.objsubid,
    json_build_object('text', d.description) as attributes
from pg_description d
where d.objoid >= 16384 or d.classoid = 'pg_extension'::regclass
    or d.classoid = 'pg_namespace'::regclass and d.objoid in (select oid from space)
