-- What needs what to exist first. Left out: a sequence that goes away with its column (the column's default needs the
-- sequence, so it is made first); what is a part of something else (deptype i); what belongs to the copies of constraints and indexes that partitions get.
select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid
from pg_depend d
left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    and (d.deptype = 'a' and c.relkind = 'S' or c.relkind in ('i', 'I') and c.relispartition)
left join pg_constraint copy on d.classid = 'pg_constraint'::regclass and copy.oid = d.objid and copy.conparentid <> 0
left join pg_trigger enforcing on d.classid = 'pg_trigger'::regclass and enforcing.oid = d.objid and enforcing.tgisinternal
where d.deptype in ('n', 'a', 'P', 'S') and d.objid >= 16384
    and (d.refobjid >= 16384 or d.refclassid in ('pg_namespace'::regclass, 'pg_extension'::regclass, 'pg_language'::regclass))
    and (d.classid, d.objid, d.objsubid) <> (d.refclassid, d.refobjid, d.refobjsubid)
    and c.oid is null and copy.oid is null and enforcing.oid is null /* of these parts */
