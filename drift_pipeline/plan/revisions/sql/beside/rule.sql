SELECT FROM pg_catalog.pg_rewrite o
WHERE o.ev_class = pg_catalog.to_regclass({relation}) AND o.rulename = {name}
  AND pg_catalog.pg_get_ruledef(o.oid) IN ({definitions}) AND o.ev_enabled = {enabled}
  AND ARRAY(
        SELECT concat('=', d.description) FROM pg_catalog.pg_description d
        WHERE d.objoid = o.oid AND d.classoid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      ) = {comments}
