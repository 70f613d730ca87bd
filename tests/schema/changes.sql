-- Schemas, and what SQL changes in them, with the words for what the reader must see: read by test_reader_changes.py.
-- "given" opens a schema, and each case below starts from it. A case ends with "--> words": "+kind" and "-kind" for facts
-- that come and go, "kind.attribute" for what changes, nothing for what is no change of the schema. The words are written
-- by hand; owners and privileges count as well.

-- given nothing

CREATE SCHEMA x; --> +schema +privilege
CREATE EXTENSION citext; --> +extension +comment
CREATE TABLE t (a int); --> +table +column +privilege
CREATE TYPE e AS ENUM ('a'); --> +enum +privilege
CREATE TYPE r AS RANGE (subtype = float8, subtype_diff = float8mi); --> +range +privilege
CREATE TYPE shell; --> +base_type +privilege
CREATE SEQUENCE s; --> +sequence +privilege
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select 1'; --> +function +privilege
CREATE PROCEDURE f() LANGUAGE sql AS ''; --> +procedure +privilege
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0'); --> +aggregate +privilege
CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere password=hidden' PUBLICATION one WITH (connect = false,
slot_name = NONE); --> +subscription
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER v FOREIGN DATA WRAPPER w;
--> +foreign_data_wrapper +foreign_server +privilege
CREATE COLLATION l (provider = builtin, locale = 'C'); --> +collation
CREATE CONVERSION k FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; --> +conversion
CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl); --> +operator
CREATE OPERATOR CLASS k FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);
--> +operator_class +operator_family
CREATE TEXT SEARCH CONFIGURATION tc (COPY = english); --> +text_search_configuration
CREATE TEXT SEARCH TEMPLATE tt (LEXIZE = dsimple_lexize); --> +text_search_template
CREATE TEXT SEARCH PARSER tp (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES =
prsd_lextype); --> +text_search_parser
CREATE LANGUAGE la HANDLER plpgsql_call_handler; --> +language +privilege
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal)); --> +transform
-- on what belongs to the system
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep FROM PUBLIC; --> +privilege
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; --> +default_privilege
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; --> +default_privilege
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC; --> +default_privilege
CREATE TEMP TABLE x (a serial PRIMARY KEY); CREATE TEMP VIEW y AS SELECT 1; -->

-- given
CREATE EXTENSION hstore VERSION '1.7';

ALTER EXTENSION hstore UPDATE TO '1.8'; --> extension.version

-- given
CREATE SCHEMA x;
CREATE EXTENSION citext;

ALTER EXTENSION citext SET SCHEMA x; --> extension.schema

-- given
CREATE TABLE t ();

ALTER TABLE t SET UNLOGGED; --> table.persistence

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);

ALTER TABLE t SET (autovacuum_enabled = false, fillfactor = 70); --> table.options
ALTER TABLE t SET (fillfactor = 70); ALTER TABLE t SET (autovacuum_enabled = false); --> table.options table.option_order
ALTER TABLE t SET (toast.autovacuum_enabled = false); --> table.toast_options
ALTER TABLE t REPLICA IDENTITY FULL; --> table.replica_identity
ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey; --> table.replica_identity
ALTER TABLE t ENABLE ROW LEVEL SECURITY; --> table.row_security
ALTER TABLE t FORCE ROW LEVEL SECURITY; --> table.force_row_security
ALTER TABLE t CLUSTER ON t_pkey; --> table.cluster_on
CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler; ALTER TABLE t SET ACCESS METHOD other;
--> table.access_method +access_method
ALTER TABLE t ADD c int; --> +column
ALTER TABLE t DROP b; --> -column
ALTER TABLE t RENAME b TO c; --> -column +column
ALTER TABLE t ALTER a TYPE bigint; --> column.type
ALTER TABLE t ALTER a SET NOT NULL; --> column.not_null
ALTER TABLE t ALTER a SET DEFAULT 5; --> column.default
ALTER TABLE t ALTER b SET STORAGE EXTERNAL; --> column.storage
ALTER TABLE t ALTER b SET COMPRESSION pglz; --> column.compression
ALTER TABLE t ALTER b SET STATISTICS 500; --> column.statistics
ALTER TABLE t ALTER b SET (n_distinct = 5); --> column.options
ALTER TABLE t ADD UNIQUE (a); --> +unique
ALTER INDEX t_pkey SET (fillfactor = 50); --> primary_key.options
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); --> +check
ALTER TABLE t ADD CONSTRAINT named NOT NULL a; --> column.not_null +not_null
CREATE INDEX i ON t (a); --> +index
CREATE VIEW v AS SELECT id FROM t; --> +view +privilege
CREATE MATERIALIZED VIEW m AS SELECT id FROM t; --> +materialized_view +privilege
CREATE RULE ru AS ON DELETE TO t DO INSTEAD NOTHING; --> +rule
CREATE POLICY po ON t USING (a > 0); --> +policy
CREATE STATISTICS st ON a, b FROM t; --> +statistics
CREATE PUBLICATION pub FOR TABLE t; --> +publication +publication_table
GRANT SELECT ON t TO PUBLIC; --> +privilege
GRANT SELECT (a) ON t TO PUBLIC; --> +privilege
REVOKE DELETE ON t FROM current_user; --> privilege.privileges
-- the default said aloud is the default
GRANT ALL ON t TO current_user; -->
INSERT INTO t VALUES (1); ANALYZE t; TRUNCATE t; -->

-- given
CREATE TABLE p (a int);
CREATE TABLE c (a int);

ALTER TABLE c INHERIT p; --> table.inherits

-- given
CREATE TYPE y AS (a int);
CREATE TABLE t (a int);

ALTER TABLE t OF y; --> table.of_type

-- given
CREATE ROLE drift_reader_role;
CREATE TABLE t (id int PRIMARY KEY, a int, b text);

ALTER TABLE t OWNER TO drift_reader_role; --> table.owner +privilege -privilege

-- given
CREATE TABLE r (id int, a text) PARTITION BY RANGE (id);

CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (9); --> +table +privilege

-- given
CREATE TABLE r (id int, a text) PARTITION BY RANGE (id);
CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (9);

ALTER TABLE r DETACH PARTITION r1; --> table.partition_of table.partition_bound +column
-- a partition's own default
ALTER TABLE r1 ALTER a SET DEFAULT 'x'; --> +column
-- a partition's own NOT NULL
ALTER TABLE r1 ALTER a SET NOT NULL; --> +column
ALTER TABLE r ADD PRIMARY KEY (id); --> +primary_key column.not_null table.attached
-- the attached index says nothing of its own but its name
CREATE INDEX i ON r (a); --> +index table.attached
-- an index that no partition has
CREATE INDEX i ON ONLY r (a); --> +index

-- given
CREATE TABLE r (id int, a text) PARTITION BY RANGE (id);
CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (9);
CREATE INDEX i ON r (a);

-- a partition's index differs
ALTER INDEX r1_a_idx SET (fillfactor = 60); --> +index

-- given
CREATE TABLE t (a varchar(10));

ALTER TABLE t ALTER a TYPE varchar(20); --> column.type

-- given
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED);

ALTER TABLE t ALTER b DROP EXPRESSION; --> column.generated column.default

-- given
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL);

ALTER TABLE t ALTER b SET EXPRESSION AS (a * 3); --> column.default

-- given
CREATE TABLE t (a int);

ALTER TABLE t DROP a, ADD a int GENERATED ALWAYS AS (1) VIRTUAL; --> column.generated column.default
ALTER TABLE t ADD CONSTRAINT t_a_not_null NOT NULL a NOT VALID; --> column.not_null +not_null

-- given
CREATE TABLE t (a int NOT NULL);

ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY; --> column.identity column.identity_options
ALTER TABLE t ADD PRIMARY KEY (a); --> +primary_key

-- given
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int);

ALTER TABLE t ALTER id SET GENERATED BY DEFAULT; --> column.identity
ALTER TABLE t ALTER id SET INCREMENT 5 SET CACHE 7; --> column.identity_options
ALTER SEQUENCE t_id_seq RENAME TO other; --> column.identity_options
ALTER SEQUENCE t_id_seq AS bigint; --> column.identity_options
ALTER SEQUENCE t_id_seq SET UNLOGGED; --> column.identity_options
-- the sequence goes along
ALTER TABLE t SET UNLOGGED; --> table.persistence

-- given
CREATE TABLE t (a text);

ALTER TABLE t ALTER a TYPE text COLLATE "C"; --> column.collation

-- given
CREATE TABLE p (a int);
CREATE TABLE c () INHERITS (p);

ALTER TABLE c NO INHERIT p; --> table.inherits +column

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);

ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a); --> unique.nulls_not_distinct
ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (a) INCLUDE (b); --> unique.include
ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;
--> unique.deferrable unique.initially_deferred

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);

ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (a > 1); --> check.expression
ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED; --> check.enforced check.validated
ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (a > 0) NO INHERIT; --> check.no_inherit

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;

ALTER TABLE t VALIDATE CONSTRAINT k; --> check.validated

-- given
CREATE TABLE p (id int PRIMARY KEY, x int, UNIQUE (id, x));
CREATE TABLE c (id int, x int);

ALTER TABLE c ADD FOREIGN KEY (id) REFERENCES p (id); --> +foreign_key

-- given
CREATE TABLE p (id int PRIMARY KEY, x int, UNIQUE (id, x));
CREATE TABLE c (id int, x int);
ALTER TABLE c ADD CONSTRAINT fk FOREIGN KEY (id, x) REFERENCES p (id, x);

ALTER TABLE c DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (id, x) REFERENCES p (id, x) MATCH FULL ON UPDATE
CASCADE ON DELETE RESTRICT; --> foreign_key.match foreign_key.on_update foreign_key.on_delete
ALTER TABLE c DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (id, x) REFERENCES p (id, x) ON DELETE SET NULL
(x); --> foreign_key.set_columns foreign_key.on_delete
ALTER TABLE c ALTER CONSTRAINT fk DEFERRABLE INITIALLY DEFERRED;
--> foreign_key.deferrable foreign_key.initially_deferred
ALTER TABLE c ALTER CONSTRAINT fk NOT ENFORCED; --> foreign_key.enforced foreign_key.validated
ALTER TABLE c DISABLE TRIGGER ALL; --> foreign_key.triggers

-- given
CREATE EXTENSION btree_gist;
CREATE TABLE t (a int, d daterange);

ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (a WITH =, d WITH &&); --> +exclusion

-- given
CREATE EXTENSION btree_gist;
CREATE TABLE t (a int, d daterange, UNIQUE (a, d));

ALTER TABLE t DROP CONSTRAINT t_a_d_key, ADD CONSTRAINT t_a_d_key UNIQUE (a, d WITHOUT OVERLAPS);
--> unique.without_overlaps

-- given
CREATE TABLE t (a int NOT NULL NO INHERIT);

ALTER TABLE t ALTER CONSTRAINT t_a_not_null INHERIT; --> -not_null

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE INDEX i ON t (b);

DROP INDEX i; CREATE UNIQUE INDEX i ON t (b); --> index.unique
DROP INDEX i; CREATE INDEX i ON t (b DESC); --> index.keys
DROP INDEX i; CREATE INDEX i ON t (b NULLS FIRST); --> index.keys
DROP INDEX i; CREATE INDEX i ON t (b COLLATE "C"); --> index.keys
DROP INDEX i; CREATE INDEX i ON t (b text_pattern_ops); --> index.keys
DROP INDEX i; CREATE INDEX i ON t (lower(b)); --> index.keys
DROP INDEX i; CREATE INDEX i ON t (b, a); --> index.keys
DROP INDEX i; CREATE INDEX i ON t USING hash (b); --> index.method
DROP INDEX i; CREATE INDEX i ON t (b) INCLUDE (a); --> index.include
DROP INDEX i; CREATE INDEX i ON t (b) WHERE a > 0; --> index.predicate
DROP INDEX i; CREATE INDEX i ON t (b) WITH (fillfactor = 50); --> index.options
DROP INDEX i; CREATE UNIQUE INDEX i ON t (b) NULLS NOT DISTINCT; --> index.unique index.nulls_not_distinct

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE INDEX i ON t ((a + 1));

ALTER INDEX i ALTER 1 SET STATISTICS 200; --> index.statistics

-- given
CREATE EXTENSION pg_trgm;
CREATE TABLE t (b text);
CREATE INDEX i ON t USING gist (b gist_trgm_ops);

DROP INDEX i; CREATE INDEX i ON t USING gist (b gist_trgm_ops (siglen = 32)); --> index.keys

-- given
CREATE TYPE e AS ENUM ('a', 'b');

ALTER TYPE e ADD VALUE 'c' BEFORE 'b'; --> enum.labels

-- given
CREATE DOMAIN d AS int;

ALTER DOMAIN d SET DEFAULT 3; --> domain.default
ALTER DOMAIN d SET NOT NULL; --> domain.not_null
ALTER DOMAIN d ADD CONSTRAINT nn NOT NULL; --> domain.not_null domain.not_null_name
ALTER DOMAIN d ADD CHECK (VALUE > 0); --> +domain_check

-- given
CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 0);

ALTER DOMAIN d DROP CONSTRAINT k; ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0) NOT VALID;
--> domain_check.validated

-- given
CREATE DOMAIN d AS text;

DROP DOMAIN d; CREATE DOMAIN d AS varchar(3) COLLATE "C"; --> domain.type domain.collation

-- given
CREATE TYPE y AS (a int);

ALTER TYPE y ADD ATTRIBUTE b text; --> composite.fields
ALTER TYPE y ALTER ATTRIBUTE a TYPE bigint; --> composite.fields
CREATE CAST (y AS text) WITH INOUT; --> +cast

-- given
CREATE TYPE r AS RANGE (subtype = float8, multirange_type_name = mr);

DROP TYPE r; CREATE TYPE r AS RANGE (subtype = float8, multirange_type_name = other); --> range.multirange

-- given
CREATE SEQUENCE s;

ALTER SEQUENCE s AS int; --> sequence.type sequence.maximum
ALTER SEQUENCE s START 5; --> sequence.start
ALTER SEQUENCE s INCREMENT 2; --> sequence.increment
ALTER SEQUENCE s MINVALUE -5; --> sequence.minimum
ALTER SEQUENCE s MAXVALUE 50; --> sequence.maximum
ALTER SEQUENCE s CACHE 5; --> sequence.cache
ALTER SEQUENCE s CYCLE; --> sequence.cycle
ALTER SEQUENCE s SET UNLOGGED; --> sequence.persistence
ALTER SEQUENCE s RESTART 77; -->

-- given
CREATE SEQUENCE s;
CREATE TABLE t (id int PRIMARY KEY, a int, b text);

ALTER SEQUENCE s OWNED BY t.a; --> sequence.owned_by

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE VIEW v AS SELECT id, a FROM t;

CREATE OR REPLACE VIEW v AS SELECT id, a FROM t WHERE a > 0; --> view.definition
CREATE OR REPLACE VIEW v AS SELECT id, a, b FROM t; --> view.definition view.columns
ALTER VIEW v SET (security_invoker = true); --> view.options
ALTER VIEW v ALTER a SET DEFAULT 5; --> view.columns

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;

CREATE INDEX i ON m (a); --> +index
ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 7; --> materialized_view.column_tuning
ALTER MATERIALIZED VIEW m SET (fillfactor = 50); --> materialized_view.options
REFRESH MATERIALIZED VIEW m WITH NO DATA; --> materialized_view.populated

-- given
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select 1';

CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select 2'; --> function.body
CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN 1; --> function.body
CREATE OR REPLACE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'select 1'; --> function.arguments
DROP FUNCTION f; CREATE FUNCTION f(a int) RETURNS bigint LANGUAGE sql AS 'select 1'; --> function.returns
CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'begin return 1; end';
--> function.language function.body
ALTER FUNCTION f IMMUTABLE; --> function.volatility
ALTER FUNCTION f STRICT; --> function.strict
ALTER FUNCTION f SECURITY DEFINER; --> function.security_definer
ALTER FUNCTION f LEAKPROOF; --> function.leakproof
ALTER FUNCTION f PARALLEL SAFE; --> function.parallel
ALTER FUNCTION f COST 7; --> function.cost
ALTER FUNCTION f SET search_path = pg_catalog, public; --> function.settings
REVOKE EXECUTE ON FUNCTION f FROM PUBLIC; --> -privilege

-- given
CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql AS 'select 1';

ALTER FUNCTION f ROWS 3; --> function.rows

-- given
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');

DROP AGGREGATE total(int); CREATE AGGREGATE total(int) (SFUNC = int4mul, STYPE = int, INITCOND = '1', PARALLEL =
SAFE); --> aggregate.transition aggregate.initial aggregate.parallel

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();

ALTER TABLE t DISABLE TRIGGER tr; --> trigger.enabled
ALTER TABLE t ENABLE ALWAYS TRIGGER tr; --> trigger.enabled
CREATE OR REPLACE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION g(); --> trigger.definition

-- given
CREATE TABLE r (id int, a text) PARTITION BY RANGE (id);
CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (9);
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';

-- clones say nothing
CREATE TRIGGER tr AFTER INSERT ON r FOR EACH ROW EXECUTE FUNCTION g(); --> +trigger

-- given
CREATE TABLE r (id int, a text) PARTITION BY RANGE (id);
CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (9);
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE TRIGGER tr AFTER INSERT ON r FOR EACH ROW EXECUTE FUNCTION g();

-- a clone that was switched off
ALTER TABLE r1 DISABLE TRIGGER tr; --> +trigger

-- given
CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';

CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION g(); --> +event_trigger

-- given
CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION g();

ALTER EVENT TRIGGER e DISABLE; --> event_trigger.enabled

-- given
CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE') EXECUTE FUNCTION g();

DROP EVENT TRIGGER e; CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
EXECUTE FUNCTION g(); --> event_trigger.option_order

-- given
CREATE EXTENSION citext;
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql SET work_mem = 64 SET search_path = '' AS 'begin return new; end';
CREATE PROCEDURE p() LANGUAGE sql AS '';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();

ALTER INDEX i DEPENDS ON EXTENSION citext; --> index.depends_on_extensions
ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION citext; --> materialized_view.depends_on_extensions
ALTER FUNCTION g DEPENDS ON EXTENSION citext; --> function.depends_on_extensions
ALTER PROCEDURE p DEPENDS ON EXTENSION citext; --> procedure.depends_on_extensions
ALTER TRIGGER tr ON t DEPENDS ON EXTENSION citext; --> trigger.depends_on_extensions
ALTER FUNCTION g RESET ALL SET search_path = '' SET work_mem = 64; --> function.option_order

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE RULE ru AS ON DELETE TO t DO INSTEAD NOTHING;

ALTER TABLE t DISABLE RULE ru; --> rule.enabled

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE POLICY po ON t USING (a > 0);

ALTER POLICY po ON t USING (a > 1) WITH CHECK (true); --> policy.using policy.check

-- given
CREATE ROLE drift_reader_role;
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE POLICY po ON t;

ALTER POLICY po ON t TO drift_reader_role; --> policy.roles

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE POLICY po ON t;

DROP POLICY po ON t; CREATE POLICY po ON t AS RESTRICTIVE FOR SELECT; --> policy.command policy.permissive

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE STATISTICS st ON a, b FROM t;

ALTER STATISTICS st SET STATISTICS 50; --> statistics.statistics
DROP STATISTICS st; CREATE STATISTICS st (mcv) ON a, b, (a + 1) FROM t; --> statistics.kinds statistics.expressions

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE PUBLICATION pub FOR TABLE t;

ALTER PUBLICATION pub SET (publish = 'insert', publish_via_partition_root);
--> publication.update publication.delete publication.truncate publication.via_root
ALTER PUBLICATION pub SET (publish_generated_columns = stored); --> publication.generated_columns
ALTER PUBLICATION pub SET TABLE t (id, a) WHERE (id > 5); --> publication_table.columns publication_table.filter
ALTER PUBLICATION pub ADD TABLES IN SCHEMA public; --> +publication_schema

-- given
CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere password=hidden' PUBLICATION one WITH (connect = false, slot_name = NONE);

ALTER SUBSCRIPTION sub SET (binary, streaming = off, origin = none);
--> subscription.binary subscription.streaming subscription.origin
ALTER SUBSCRIPTION sub SET PUBLICATION one, two WITH (refresh = false); --> subscription.publications
-- connections are never read
ALTER SUBSCRIPTION sub CONNECTION 'dbname=elsewhere'; -->

-- given
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER v FOREIGN DATA WRAPPER w;

ALTER SERVER v OPTIONS (host 'x'); --> foreign_server.options
ALTER SERVER v VERSION '2'; --> foreign_server.version
CREATE USER MAPPING FOR PUBLIC SERVER v OPTIONS (password 'x'); --> +user_mapping
CREATE FOREIGN TABLE ft (a int) SERVER v; --> +foreign_table +column +privilege

-- given
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER v FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE ft (a int) SERVER v;

ALTER FOREIGN TABLE ft OPTIONS (x '1'); --> foreign_table.server_options
ALTER FOREIGN TABLE ft ALTER a OPTIONS (x '1'); --> column.foreign_options

-- given
CREATE COLLATION l (provider = builtin, locale = 'C');

DROP COLLATION l; CREATE COLLATION l (provider = builtin, locale = 'C.UTF-8'); --> collation.locale
DROP COLLATION l; CREATE COLLATION l (provider = libc, locale = 'C');
--> collation.locale collation.provider collation.lc_collate collation.lc_ctype

-- given
CREATE TYPE y AS (a int);
CREATE CAST (y AS text) WITH INOUT;

DROP CAST (y AS text); CREATE CAST (y AS text) WITH INOUT AS IMPLICIT; --> cast.context

-- given
CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);

ALTER OPERATOR ## (int, int) SET (RESTRICT = eqsel); --> operator.restrict

-- given
CREATE OPERATOR FAMILY fa USING btree;

ALTER OPERATOR FAMILY fa USING btree ADD OPERATOR 1 < (int, int); --> operator_family.operators

-- given
CREATE TEXT SEARCH CONFIGURATION tc (COPY = english);

ALTER TEXT SEARCH CONFIGURATION tc ALTER MAPPING FOR word WITH simple; --> text_search_configuration.mappings

-- given
CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple);

ALTER TEXT SEARCH DICTIONARY td (accept = false); --> text_search_dictionary.options

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE VIEW v AS SELECT id, a FROM t;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'select 1';
CREATE INDEX i ON t (a);
CREATE TYPE y AS (a int);

COMMENT ON TABLE t IS 'said'; --> +comment
COMMENT ON COLUMN t.a IS 'said'; --> +comment
COMMENT ON VIEW v IS 'said'; --> +comment
COMMENT ON COLUMN v.a IS 'said'; --> +comment
COMMENT ON FUNCTION f IS 'said'; --> +comment
COMMENT ON CONSTRAINT t_pkey ON t IS 'said'; --> +comment
COMMENT ON INDEX t_pkey IS 'said'; --> +comment
COMMENT ON INDEX i IS 'said'; --> +comment
COMMENT ON TYPE y IS 'said'; --> +comment
COMMENT ON COLUMN y.a IS 'said'; --> +comment

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
COMMENT ON TABLE t IS 'said';

COMMENT ON TABLE t IS 'otherwise'; --> comment.text
COMMENT ON TABLE t IS ''; --> -comment

-- given
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
GRANT SELECT ON t TO PUBLIC;

GRANT INSERT ON t TO PUBLIC; --> privilege.privileges

-- given
CREATE ROLE drift_reader_role;
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
GRANT SELECT ON t TO drift_reader_role;

GRANT SELECT ON t TO drift_reader_role WITH GRANT OPTION; --> privilege.privileges

-- given
CREATE EXTENSION pg_stat_statements;

-- on what belongs to an extension
GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO PUBLIC; --> +privilege
