select
    'domain_check' as kind, array[s.name, t.typname, k.conname] as name,
    'pg_constraint'::regclass::oid as classid, k.oid as objid, 0 as objsubid,
    'pg_type'::regclass::oid as parent_classid, t.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'expression', pg_get_expr(k.conbin, 0), 'validated', k.convalidated, '_definition', pg_get_constraintdef(k.oid)
    ) as attributes
from pg_constraint k
join pg_type t on t.oid = k.contypid
join space s on s.oid = t.typnamespace
where k.contype = 'c' and not exists (select from member m where m.classid = 'pg_type'::regclass and m.objid = t.oid)
