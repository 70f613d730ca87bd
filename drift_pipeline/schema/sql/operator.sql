-- Operators, but for the shells that stand for one still to come.
select
    'operator' as kind,
    array[
        s.name, o.oprname, case o.oprleft when 0 then 'NONE' else format_type(o.oprleft, null) end, format_type(o.oprright, null)
    ] as name,
    'pg_operator'::regclass::oid as classid, o.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'function', o.oprcode::text, 'returns', format_type(o.oprresult, null),
        'commutator', (select oid::regoperator::text from pg_operator where oid = o.oprcom),
        'negator', (select oid::regoperator::text from pg_operator where oid = o.oprnegate),
        'restrict', nullif(o.oprrest::text, '-'), 'join', nullif(o.oprjoin::text, '-'),
        'merges', o.oprcanmerge, 'hashes', o.oprcanhash,
        'owner', pg_get_userbyid(o.oprowner)
    ) as attributes
from pg_operator o
join space s on s.oid = o.oprnamespace
where o.oprcode <> 0 and not exists (select from member m where m.classid = 'pg_operator'::regclass and m.objid = o.oid)
