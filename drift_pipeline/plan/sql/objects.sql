-- Objects that are no relations, by class and oid. Identity is null for what does not exist (any more). Left out: what
-- only accompanies another object (row and array types, triggers behind foreign keys, rules behind views, members of
-- an extension).
select wanted.class::bigint, wanted.object::bigint, i.type, i.identity, a.type, a.object_names, a.object_args,
       coalesce((select con.contype::text from pg_catalog.pg_constraint con
                 where wanted.class = 'pg_catalog.pg_constraint'::pg_catalog.regclass and con.oid = wanted.object), ''),
       (select c.relname from pg_catalog.pg_class c where c.oid = wanted.class), i.name
from unnest(%s::oid[], %s::oid[]) as wanted(class, object)
cross join lateral pg_catalog.pg_identify_object(wanted.class, wanted.object, 0) i
cross join lateral pg_catalog.pg_identify_object_as_address(wanted.class, wanted.object, 0) a
where i.identity is not null
  and not exists (select from pg_catalog.pg_type t
                  left join pg_catalog.pg_class c on c.oid = t.typrelid
                  where wanted.class = 'pg_catalog.pg_type'::pg_catalog.regclass and t.oid = wanted.object
                    and (t.typcategory = 'A' or c.relkind <> 'c'))
  and not exists (select from pg_catalog.pg_trigger t
                  where wanted.class = 'pg_catalog.pg_trigger'::pg_catalog.regclass and t.oid = wanted.object
                    and t.tgisinternal)
  and not exists (select from pg_catalog.pg_rewrite r
                  where wanted.class = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = wanted.object
                    and r.rulename = '_RETURN')
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = wanted.class and d.objid = wanted.object and d.deptype = 'e')
