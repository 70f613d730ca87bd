SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(line, ' | ' ORDER BY line COLLATE "C"), ''))
FROM (
    SELECT pg_catalog.concat_ws(
        ' ', 'column', c.oid::pg_catalog.regclass, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attidentity, a.attgenerated, pg_catalog.pg_get_expr(d.adbin, d.adrelid)
    ) AS line
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.oid IN ({tables})
    UNION ALL
    SELECT pg_catalog.concat_ws(
        ' ', 'constraint', o.conrelid::pg_catalog.regclass, o.conname, pg_catalog.pg_get_constraintdef(o.oid)
    )
    FROM pg_catalog.pg_constraint AS o
    WHERE o.conrelid IN ({tables}) AND o.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'index', pg_catalog.pg_get_indexdef(i.indexrelid))
    FROM pg_catalog.pg_index AS i
    WHERE i.indrelid IN ({tables})
) AS stated
