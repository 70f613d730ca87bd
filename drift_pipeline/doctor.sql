-- What doctor tells about the session: one row, from pg_catalog and functions that every role may call.
-- alembic_version is looked up in the catalog: asking the table itself would fail where it may not be read.
SELECT
    pg_catalog.current_setting('server_version_num')::integer,
    pg_catalog.current_setting('server_version'),
    current_user::text,
    role.rolsuper,
    role.rolcreaterole OR role.rolcreatedb
        OR EXISTS (
            SELECT FROM pg_catalog.pg_class AS c
            WHERE c.relkind IN ('r', 'p') AND c.relowner = role.oid
        )
        OR EXISTS (
            SELECT FROM pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        ),
    EXISTS (
        SELECT FROM pg_catalog.pg_stat_ssl AS s
        WHERE s.pid = pg_catalog.pg_backend_pid() AND s.ssl
    ),
    alembic.oid IS NOT NULL,
    alembic.oid IS NOT NULL
        AND pg_catalog.has_schema_privilege(alembic.relnamespace, 'USAGE')
        AND pg_catalog.has_table_privilege(alembic.oid, 'SELECT')
FROM pg_catalog.pg_roles AS role
LEFT JOIN LATERAL (
    SELECT c.oid, c.relnamespace
    FROM pg_catalog.pg_class AS c
    WHERE c.relname = 'alembic_version' AND c.relkind IN ('r', 'p')
    ORDER BY pg_catalog.has_table_privilege(c.oid, 'SELECT')
    LIMIT 1
) AS alembic ON true
WHERE role.rolname = current_user;
