-- Addresses that stand for another one: what depends on the first depends on the fact that the second is.
select classid, objid, 0 as objsubid, for_classid, for_objid, for_objsubid
from (
    -- the query of a view
    select 'pg_rewrite'::regclass::oid as classid, w.oid as objid, 'pg_class'::regclass::oid as for_classid, w.ev_class as for_objid, 0 as for_objsubid
    from pg_rewrite w where w.rulename = '_RETURN' and w.oid >= 16384
    union all
    select 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid, d.adnum from pg_attrdef d
    union all
    -- row types, and the relation behind a composite type
    select 'pg_type'::regclass, t.oid, 'pg_class'::regclass, t.typrelid, 0
    from pg_type t join pg_class c on c.oid = t.typrelid where t.oid >= 16384 and c.relkind <> 'c'
    union all
    select 'pg_class'::regclass, c.oid, 'pg_type'::regclass, c.reltype, 0 from pg_class c where c.oid >= 16384 and c.relkind = 'c'
    union all
    select 'pg_type'::regclass, t.typarray, 'pg_type'::regclass, t.oid, 0 from pg_type t where t.typarray >= 16384
    union all
    select 'pg_type'::regclass, g.rngmultitypid, 'pg_type'::regclass, g.rngtypid, 0 from pg_range g where g.rngmultitypid >= 16384
    union all
    -- the functions that make ranges
    select 'pg_proc'::regclass, d.objid, 'pg_type'::regclass, d.refobjid, 0
    from pg_depend d
    where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_type'::regclass and d.deptype = 'i'
    union all
    -- what an operator class or family holds
    select d.classid, d.objid, d.refclassid, d.refobjid, 0
    from pg_depend d
    where d.classid in ('pg_amop'::regclass, 'pg_amproc'::regclass) and d.objid >= 16384
        and d.refclassid in ('pg_opclass'::regclass, 'pg_opfamily'::regclass)
    union all
    -- the index behind a constraint
    select 'pg_class'::regclass, k.conindid, 'pg_constraint'::regclass, k.oid, 0 from pg_constraint k where k.contype in ('p', 'u', 'x')
    union all
    -- a constraint of a partition that is left to the parent's
    select 'pg_constraint'::regclass, k.oid, 'pg_constraint'::regclass, k.conparentid, 0 from pg_constraint k where k.conparentid <> 0
    union all
    -- identity sequences are part of their column
    select 'pg_class'::regclass, d.objid, 'pg_class'::regclass, d.refobjid, d.refobjsubid
    from pg_depend d join pg_class c on c.oid = d.objid and c.relkind = 'S'
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'i' and d.refobjsubid > 0
    union all
    select m.classid, m.objid, 'pg_extension'::regclass, m.extension, 0 from member m
) a
