SELECT FROM pg_catalog.pg_trigger o
WHERE o.tgrelid = pg_catalog.to_regclass({relation}) AND o.tgname = {name} AND NOT o.tgisinternal AND o.tgparentid = 0
  AND pg_catalog.pg_get_triggerdef(o.oid) IN ({definitions}) AND o.tgenabled = {enabled}
  AND ARRAY(
        SELECT concat('=', d.description) FROM pg_catalog.pg_description d
        WHERE d.objoid = o.oid AND d.classoid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
      ) = {comments}
