-- The role that checks: it may connect, and nothing else.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'drift_reader') THEN
        CREATE ROLE drift_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
    END IF;
END
$$;
GRANT SELECT ON TABLE public.alembic_version TO drift_reader;
