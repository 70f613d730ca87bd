-- NOT NULL constraints, which have a name from PostgreSQL 18 on. That a column is NOT NULL is an attribute of the column;
-- a constraint is a fact only where it says more: a chosen name, NO INHERIT, NOT VALID, a declaration on a child.
select
    'not_null' as kind, array[r.schema, r.name, k.conname] as name,
    'pg_constraint'::regclass::oid as classid, k.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'columns', array[a.attname], 'validated', k.convalidated, 'no_inherit', k.connoinherit,
        '_definition', pg_get_constraintdef(k.oid)
    ) as attributes
from relation r
join pg_constraint k on k.conrelid = r.oid and k.contype = 'n'
join pg_attribute a on a.attrelid = r.oid and a.attnum = k.conkey[1]
where k.conislocal and (
    not k.convalidated or k.connoinherit or k.coninhcount > 0 or k.conname <> r.name || '_' || a.attname || '_not_null'
)
-- an inherited one has the name of the parent's, unless the child was attached with one of its own
or not k.conislocal and not exists (
    select from pg_inherits h join pg_constraint p on p.conrelid = h.inhparent and p.contype = 'n'
    where h.inhrelid = k.conrelid and p.conname = k.conname
)
