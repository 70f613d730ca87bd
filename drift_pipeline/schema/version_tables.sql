-- Alembic's version tables, whatever they are called: their one column is version_num. And whether somebody else holds
-- the advisory lock that this team takes around its deployments; 0 is no lock of anybody's.
SELECT
    (
        SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname) ORDER BY n.nspname, c.relname), '[]'::json)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND c.relpersistence <> 't'
          AND ARRAY['version_num'::name] = ARRAY(
              SELECT a.attname FROM pg_catalog.pg_attribute AS a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          )
    ) AS tables,
    EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        JOIN pg_catalog.pg_database AS d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.granted AND d.datname = pg_catalog.current_database()
          AND l.objsubid = 1 AND l.pid <> pg_catalog.pg_backend_pid() AND %(lock)s::bigint <> 0
          AND ((l.classid::bigint << 32) | l.objid::bigint) = %(lock)s::bigint
    ) AS locked
