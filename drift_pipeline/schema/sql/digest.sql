-- One number for the state of the catalogs: it moves when a row that the reader reads is written again. Relations count
-- without what TRUNCATE and VACUUM write about their storage, and temporary ones do not count: a busy application must not
-- look like a deployment. Catalogs of which no server function prints anything are left to the snapshot.
, lasting as materialized (
    select * from pg_class where oid >= 16384 and relpersistence <> 't' and relkind <> 't'
)
select coalesce(bit_xor(h), 0)::text || ' ' || count(*)
from (
    select hash_record_extended(row(
        1, oid, relname, relnamespace, reltype, reloftype, relowner, relam, reltablespace, relpersistence, relkind, relrowsecurity,
        relforcerowsecurity, relreplident, relispopulated, relispartition, reloptions, relacl, relpartbound::text
    ), 0) as h
    from lasting
    union all
    select hash_record_extended(row(2, a.attrelid, a.attnum, a.xmin), 0) from pg_attribute a join lasting on lasting.oid = a.attrelid
    where (a.attnum > 0 or a.attacl is not null)
    union all
    select hash_record_extended(row(3, d.oid, d.xmin), 0) from pg_attrdef d join lasting on lasting.oid = d.adrelid
    union all
    select hash_record_extended(row(4, k.oid, k.xmin), 0) from pg_constraint k left join lasting on lasting.oid = k.conrelid
    where k.conrelid = 0 or lasting.oid is not null
    union all
    select hash_record_extended(row(5, i.indexrelid, i.xmin), 0) from pg_index i join lasting on lasting.oid = i.indrelid
    union all
    select hash_record_extended(row(6, t.oid, t.xmin), 0) from pg_trigger t join lasting on lasting.oid = t.tgrelid
    union all
    select hash_record_extended(row(7, h.inhrelid, h.inhparent, h.xmin), 0) from pg_inherits h join lasting on lasting.oid = h.inhrelid
    union all
    select hash_record_extended(row(8, t.oid, t.xmin), 0) from pg_type t join space s on s.oid = t.typnamespace
    union all
    select hash_record_extended(row(9, g.rngtypid, g.xmin), 0) from pg_range g where g.rngtypid >= 16384
    union all
    select hash_record_extended(row(10, a.aggfnoid::oid, a.xmin), 0) from pg_aggregate a where a.aggfnoid::oid >= 16384
    union all
    select hash_record_extended(row(11, n.oid, n.xmin), 0) from space s join pg_namespace n on n.oid = s.oid
    union all
    select hash_record_extended(row(12, oid, xmin), 0) from pg_proc where oid >= 16384
    union all
    select hash_record_extended(row(13, oid, xmin), 0) from pg_rewrite where oid >= 16384
    union all
    select hash_record_extended(row(14, oid, xmin), 0) from pg_policy where oid >= 16384
    union all
    select hash_record_extended(row(15, oid, xmin), 0) from pg_operator where oid >= 16384
    union all
    select hash_record_extended(row(16, oid, xmin), 0) from pg_opclass where oid >= 16384
    union all
    select hash_record_extended(row(17, oid, xmin), 0) from pg_opfamily where oid >= 16384
    union all
    select hash_record_extended(row(18, oid, xmin), 0) from pg_amop where oid >= 16384
    union all
    select hash_record_extended(row(19, oid, xmin), 0) from pg_amproc where oid >= 16384
    union all
    select hash_record_extended(row(20, oid, xmin), 0) from pg_collation where oid >= 16384
    union all
    select hash_record_extended(row(21, oid, xmin), 0) from pg_conversion where oid >= 16384
    union all
    select hash_record_extended(row(22, oid, xmin), 0) from pg_enum where oid >= 16384
    union all
    select hash_record_extended(row(23, oid, xmin), 0) from pg_statistic_ext where oid >= 16384
    union all
    select hash_record_extended(row(24, oid, xmin), 0) from pg_cast where oid >= 16384
    union all
    select hash_record_extended(row(25, oid, xmin), 0) from pg_am where oid >= 16384
    union all
    select hash_record_extended(row(26, oid, xmin), 0) from pg_language where oid >= 16384
    union all
    select hash_record_extended(row(27, oid, xmin), 0) from pg_transform where oid >= 16384
    union all
    select hash_record_extended(row(28, oid, xmin), 0) from pg_extension
    union all
    select hash_record_extended(row(29, oid, xmin), 0) from pg_event_trigger where oid >= 16384
    union all
    select hash_record_extended(row(30, oid, xmin), 0) from pg_default_acl where oid >= 16384
    union all
    select hash_record_extended(row(31, oid, xmin), 0) from pg_ts_config where oid >= 16384
    union all
    select hash_record_extended(row(32, oid, xmin), 0) from pg_ts_dict where oid >= 16384
    union all
    select hash_record_extended(row(33, oid, xmin), 0) from pg_ts_parser where oid >= 16384
    union all
    select hash_record_extended(row(34, oid, xmin), 0) from pg_ts_template where oid >= 16384
    union all
    select hash_record_extended(row(35, oid, xmin), 0) from pg_foreign_data_wrapper where oid >= 16384
    union all
    select hash_record_extended(row(36, oid, xmin), 0) from pg_foreign_server where oid >= 16384
    union all
    select hash_record_extended(row(37, oid, xmin), 0) from pg_publication where oid >= 16384
    union all
    select hash_record_extended(row(38, oid, xmin), 0) from pg_publication_rel where oid >= 16384
    union all
    select hash_record_extended(row(39, oid, xmin), 0) from pg_publication_namespace where oid >= 16384
    union all
    -- all databases share this catalog. Its xmin is for superusers, like the whole row: the columns that everybody may
    -- read stand in for it
    select hash_record_extended(row(40, oid, subname, subowner, subenabled, subslotname, subpublications), 0)
    from pg_subscription
    where subdbid = (select oid from pg_database where datname = current_database())
) row_of_a_catalog
