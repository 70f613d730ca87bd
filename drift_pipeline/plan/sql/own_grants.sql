-- Grants name who gave and who has them; where that is the builder, it is the worker from now on, or `revoke` would not
-- find them. Never for the system's own objects (below 16384): the worker must not get the rights of a superuser there.
do $$
declare
  heir constant text := pg_catalog.current_setting('drift.heir');
  -- as in the text of an aclitem
  giver constant text := case when current_user ~ '^[a-zA-Z0-9_]+$' then current_user::text
                              else '"' || pg_catalog.replace(current_user, '"', '""') || '"' end;
  place record;
begin
  for place in
    select * from (values
      ('pg_class', 'relacl', 'oid'), ('pg_attribute', 'attacl', 'attrelid'), ('pg_proc', 'proacl', 'oid'),
      ('pg_namespace', 'nspacl', 'oid'), ('pg_type', 'typacl', 'oid'), ('pg_foreign_data_wrapper', 'fdwacl', 'oid'),
      ('pg_foreign_server', 'srvacl', 'oid'), ('pg_default_acl', 'defaclacl', 'oid')
    ) as places(catalog, list, key)
  loop
    execute pg_catalog.format($update$
      update pg_catalog.%1$I set %2$I = (
        select pg_catalog.array_agg(
          case when pg_catalog.split_part(item, '=', 1) = $1 then $2 else pg_catalog.split_part(item, '=', 1) end
          || '=' || pg_catalog.split_part(pg_catalog.split_part(item, '=', 2), '/', 1) || '/'
          || case when pg_catalog.split_part(item, '/', 2) = $1 then $2 else pg_catalog.split_part(item, '/', 2) end)
        from pg_catalog.unnest(%2$I::text[]) item)::aclitem[]
      where %3$I >= 16384 and %2$I is not null
        and exists (select from pg_catalog.unnest(%2$I::text[]) item
                    where pg_catalog.starts_with(item, $1 || '=') or item like '%%/' || $1)
        -- what an extension brought stays as it came
        and not exists (select from pg_catalog.pg_depend d
                        where d.classid = %4$L::pg_catalog.regclass and d.objid = %3$I and d.deptype = 'e')
        -- names with these signs inside cannot be cut apart so simply
        and not exists (select from pg_catalog.unnest(%2$I::text[]) item where item ~ '=.*=|/.*/')
    $update$, place.catalog, place.list, place.key, 'pg_catalog.' || place.catalog) using giver, heir;
  end loop;
  update pg_catalog.pg_default_acl set defaclrole = heir::pg_catalog.regrole where defaclrole = current_user::pg_catalog.regrole;
end
$$
