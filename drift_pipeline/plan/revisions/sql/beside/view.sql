SELECT FROM pg_catalog.pg_class o
WHERE o.oid = pg_catalog.to_regclass({relation}) AND o.relkind = 'v'
  AND o.relowner = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
  AND pg_catalog.pg_get_viewdef(o.oid) IN ({definitions})
  AND ARRAY(SELECT option FROM unnest(o.reloptions) option ORDER BY option COLLATE "C") = {options}
  AND ARRAY(
        SELECT concat(a.attname, '=', d.description) COLLATE "C"
        FROM pg_catalog.pg_description d
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND a.attnum > 0
        WHERE d.objoid = o.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass ORDER BY 1
      ) = {comments}
  AND ARRAY(
        SELECT concat_ws(' ', l.attname, coalesce(r.rolname, 'PUBLIC'), x.privilege_type, x.is_grantable) COLLATE "C"
        FROM (
            SELECT NULL::name AS attname, o.relacl AS acl
            UNION ALL SELECT a.attname, a.attacl FROM pg_catalog.pg_attribute a WHERE a.attrelid = o.oid
        ) l
        CROSS JOIN LATERAL pg_catalog.aclexplode(l.acl) x
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
        WHERE x.grantee <> o.relowner AND x.privilege_type <> 'MAINTAIN' ORDER BY 1
      ) = {grants}
  AND (o.relacl IS NULL OR NOT EXISTS (
        SELECT x.privilege_type FROM pg_catalog.aclexplode(pg_catalog.acldefault('r', o.relowner)) x
        EXCEPT SELECT x.privilege_type FROM pg_catalog.aclexplode(o.relacl) x WHERE x.grantee = o.relowner))
  AND ARRAY(
        SELECT coalesce(r.rolname::text, 'PUBLIC')
        FROM pg_catalog.pg_default_acl d
        CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) x
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
        WHERE d.defaclrole = o.relowner AND d.defaclobjtype = 'r' AND d.defaclnamespace IN (0, o.relnamespace)
          AND x.grantee <> o.relowner
      ) <@ {defaults}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = o.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = o.oid AND w.rulename <> '_RETURN')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef e WHERE e.adrelid = o.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_seclabel s WHERE s.objoid = o.oid)
