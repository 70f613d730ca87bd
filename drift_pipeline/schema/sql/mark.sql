-- One number for each relation: it moves when a row of the catalogs about the relation, or about a part of it, is written.
-- Relation 0 stands for everything that belongs to none (types, functions, schemas ...). Only for databases that nobody
-- else writes to.
, part as materialized (
    -- what belongs to which relation, by the addresses of pg_depend
    select 'pg_class'::regclass::oid as classid, c.oid as objid,
        case when coalesce(host.relkind, c.relkind) = 'c' then 0 else coalesce(identity.refobjid, host.oid, c.oid) end as relation
    from pg_class c
    -- an identity sequence is a part of its column
    left join pg_depend identity on c.relkind = 'S' and identity.classid = 'pg_class'::regclass and identity.objid = c.oid
        and identity.refclassid = 'pg_class'::regclass and identity.refobjsubid > 0 and identity.deptype = 'i'
    left join pg_index i on i.indexrelid = c.oid
    left join pg_class toasted on toasted.reltoastrelid = coalesce(i.indrelid, c.oid)
    left join pg_class host on host.oid = coalesce(toasted.oid, i.indrelid)
    where c.oid >= 16384 and c.relpersistence <> 't'
    union all
    select 'pg_constraint'::regclass, oid, conrelid from pg_constraint where conrelid <> 0
    union all
    select 'pg_attrdef'::regclass, oid, adrelid from pg_attrdef
    union all
    select 'pg_trigger'::regclass, oid, tgrelid from pg_trigger
    union all
    select 'pg_rewrite'::regclass, oid, ev_class from pg_rewrite where oid >= 16384
    union all
    select 'pg_policy'::regclass, oid, polrelid from pg_policy
    union all
    select 'pg_statistic_ext'::regclass, oid, stxrelid from pg_statistic_ext
    union all
    select 'pg_publication_rel'::regclass, oid, prrelid from pg_publication_rel
    union all
    -- row types and their arrays
    select 'pg_type'::regclass, t.oid, c.oid
    from pg_type t left join pg_type element on element.oid = t.typelem and t.typcategory = 'A'
    join pg_class c on c.oid = coalesce(nullif(element.typrelid, 0), nullif(t.typrelid, 0))
    where t.oid >= 16384 and c.relkind <> 'c'
)
