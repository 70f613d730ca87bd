-- One number for the state of the catalogs: it moves when any row that the reader read is written again. The relations'
-- own rows count without their storage and statistics, which TRUNCATE and VACUUM write; temporary ones do not count.
select bit_xor(h)::text || ' ' || count(*) from (
    select hash_record_extended(row(c.oid, c.relname, c.relnamespace, c.reltype, c.reloftype, c.relowner, c.relam, c.reltablespace,
        c.reltoastrelid, c.relhasindex, c.relpersistence, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
        c.relispopulated, c.relispartition, c.reloptions::text, c.relacl::text, c.relpartbound::text), 1) as h
    from pg_class c where c.oid >= 16384 and c.relpersistence <> 't'
    union all select hash_record_extended(row(a.attrelid, a.attnum, a.xmin::text::bigint), 2)
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where a.attrelid >= 16384 and c.relpersistence <> 't' and c.relkind <> 't'
    union all select hash_record_extended(row(oid, xmin::text::bigint), 3) from pg_attrdef
    union all select hash_record_extended(row(oid, xmin::text::bigint), 4) from pg_constraint
) x
