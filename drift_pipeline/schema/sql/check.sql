-- Check constraints of tables and domains. Those that a child only inherits are left to its parent.
select
    'check' as kind, array[r.schema, r.name, k.conname] as name,
    'pg_constraint'::regclass::oid as classid, k.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    -- by name: in which order the table has them says nothing
    array(select names.list[n] from unnest(k.conkey) as key(n) where n > 0 order by names.list[n] collate "C") as columns,
    k.expression,
    k.convalidated as validated,
    k.conenforced as enforced,
    k.connoinherit as no_inherit,
    -- and so stays when the parent drops its own
    k.coninhcount > 0 as declared_again,
    'CHECK (' || k.expression || ')' || case when k.connoinherit then ' NO INHERIT' else '' end
        || case when not k.conenforced then ' NOT ENFORCED' when not k.convalidated then ' NOT VALID' else '' end as _definition
from relation r
join (
    select c.*, pg_get_expr(conbin, conrelid) as expression
    from (values (true)) as fallback(conenforced)
    cross join lateral (
        select oid, conname, conrelid, conkey, conbin, convalidated, connoinherit, coninhcount, conenforced
        from pg_constraint
        where contype = 'c' and conislocal
    ) c
) k on k.conrelid = r.oid
join column_names names on names.attrelid = r.oid
