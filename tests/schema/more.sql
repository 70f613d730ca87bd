-- What everything.sql lacks: kinds that need a superuser, an extension or PostgreSQL 18.
CREATE EXTENSION btree_gist;
CREATE TABLE booked (room int CONSTRAINT chosen NOT NULL, during daterange, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TYPE shell;
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch();
CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TYPE tiny AS (a int);
CREATE CAST (tiny AS text) WITH INOUT;
CREATE OPERATOR CLASS ints FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple);
CREATE TEXT SEARCH TEMPLATE template (LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH PARSER parser (
    START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype
);
CREATE LANGUAGE own HANDLER plpgsql_call_handler;
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE ACCESS METHOD heaps TYPE TABLE HANDLER heap_tableam_handler;
CREATE SCHEMA sent;
CREATE PUBLICATION sending FOR TABLES IN SCHEMA sent;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
GRANT SELECT ON booked TO pg_read_all_data WITH GRANT OPTION;
SET ROLE pg_read_all_data; GRANT SELECT ON booked TO pg_monitor; RESET ROLE;
