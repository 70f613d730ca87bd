-- Comments, by the address of what they are about: the reader knows its kind and name. What is no fact of its own
-- (a view's column, the index behind a constraint) is named here.
select
    'comment' as kind, null::text[] as prefix, null::text[] as suffix,
    d.classoid as classid, d.objoid as objid, d.objsubid,
    other.kind as other_kind, other.name as other_name,
    json_build_object('text', d.description) as attributes
from pg_description d
left join nameable other on other.classid = d.classoid and other.objid = d.objoid and other.objsubid = d.objsubid
where d.objoid >= 16384 or d.classoid = 'pg_extension'::regclass
    or d.classoid = 'pg_namespace'::regclass and d.objoid in (select oid from space)
