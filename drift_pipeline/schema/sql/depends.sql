-- What needs what to exist first. A sequence that goes away with its column (deptype a) is made before it.
select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid
from pg_depend d
left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
where d.deptype in ('n', 'a', 'i', 'P', 'S') and d.objid >= 16384
    and (d.refobjid >= 16384 or d.refclassid in ('pg_namespace'::regclass, 'pg_extension'::regclass, 'pg_language'::regclass))
    and (d.classid, d.objid, d.objsubid) <> (d.refclassid, d.refobjid, d.refobjsubid)
    and not (d.deptype = 'a' and c.relkind = 'S')
