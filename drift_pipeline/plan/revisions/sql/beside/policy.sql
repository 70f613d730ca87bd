SELECT FROM pg_catalog.pg_policy o
WHERE o.polrelid = pg_catalog.to_regclass({relation}) AND o.polname = {name}
  AND o.polcmd = {command} AND o.polpermissive = {permissive}
  AND ARRAY(
        SELECT coalesce(r.rolname::text, 'PUBLIC') COLLATE "C"
        FROM unnest(o.polroles) listed LEFT JOIN pg_catalog.pg_roles r ON r.oid = listed ORDER BY 1
      ) = {roles}
  AND coalesce(pg_catalog.pg_get_expr(o.polqual, o.polrelid), '') IN ({using})
  AND coalesce(pg_catalog.pg_get_expr(o.polwithcheck, o.polrelid), '') IN ({check})
  AND ARRAY(
        SELECT concat('=', d.description) FROM pg_catalog.pg_description d
        WHERE d.objoid = o.oid AND d.classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass
      ) = {comments}
