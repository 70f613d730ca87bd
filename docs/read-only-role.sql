-- The role that checks, made once by an administrator of the database:
--
--   psql -v role=drift_reader -v password="$(openssl rand -base64 24)" -d shop -f docs/read-only-role.sql
--
-- It may connect, and nothing else: the catalogs of PostgreSQL are readable for everybody who is connected.
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 4 PASSWORD :'password';

SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :'role') \gexec

-- Belt and braces: a session of this role can write nothing, and gives up rather than wait for a lock or for ever.
ALTER ROLE :"role" SET default_transaction_read_only = on;
ALTER ROLE :"role" SET statement_timeout = '60s';
ALTER ROLE :"role" SET lock_timeout = '5s';
ALTER ROLE :"role" SET idle_in_transaction_session_timeout = '60s';

-- Optional, and only where Alembic is used: which revision the database is at. Without it the report cannot tell a
-- migration that is not applied from a change made by hand, and says so.
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, :'role'),
       format('GRANT SELECT ON TABLE %I.%I TO %I', n.nspname, c.relname, :'role')
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = 'alembic_version' AND c.relkind = 'r'
\gexec
