-- Relations by oid: asked inside the transaction and outside of it, the two answers tell what the transaction did.
select c.oid::bigint, c.relkind::text, n.nspname, c.relname, c.relfilenode::bigint,
       coalesce((select pg_catalog.array_agg(a.attname::text order by a.attnum)
                 from pg_catalog.pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '{}'),
       coalesce((select pg_catalog.array_agg(a.attnum::int order by a.attnum)
                 from pg_catalog.pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '{}'),
       coalesce((select i.indisunique from pg_catalog.pg_index i where i.indexrelid = c.oid), false)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = any(%s::oid[])
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
  and not exists (select from pg_catalog.pg_constraint con where con.conindid = c.oid and c.relkind in ('i', 'I'))
