select m.relation::bigint, n.nspname::text, c.relname::text, m.mark
from (
    select relation, bit_xor(h)::text || ' ' || count(*) as mark
    from (
        select p.relation, hash_record_extended(row(1, c.oid, c.xmin, c.ctid), 0) as h
        from pg_class c join part p on p.classid = 'pg_class'::regclass and p.objid = c.oid
        union all
        select p.relation, hash_record_extended(row(2, a.attrelid, a.attnum, a.xmin, a.ctid), 0)
        from pg_attribute a join part p on p.classid = 'pg_class'::regclass and p.objid = a.attrelid where (a.attnum > 0 or a.attacl is not null)
        union all
        select adrelid, hash_record_extended(row(3, oid, xmin, ctid), 0) from pg_attrdef
        union all
        select conrelid, hash_record_extended(row(4, oid, xmin, ctid), 0) from pg_constraint where conrelid <> 0 or oid >= 16384
        union all
        select indrelid, hash_record_extended(row(5, indexrelid, xmin, ctid), 0) from pg_index where indexrelid >= 16384
        union all
        select tgrelid, hash_record_extended(row(6, oid, xmin, ctid), 0) from pg_trigger
        union all
        select p.relation, hash_record_extended(row(7, h.inhrelid, h.inhparent, h.xmin, h.ctid), 0)
        from pg_inherits h join part p on p.classid = 'pg_class'::regclass and p.objid in (h.inhrelid, h.inhparent)
        union all
        select coalesce(p.relation, 0), hash_record_extended(row(8, t.oid, t.xmin, t.ctid), 0)
        from pg_type t left join part p on p.classid = 'pg_type'::regclass and p.objid = t.oid where t.oid >= 16384
        union all
        select ev_class, hash_record_extended(row(9, oid, xmin, ctid), 0) from pg_rewrite where oid >= 16384
        union all
        select polrelid, hash_record_extended(row(10, oid, xmin, ctid), 0) from pg_policy
        union all
        select stxrelid, hash_record_extended(row(11, oid, xmin, ctid), 0) from pg_statistic_ext
        union all
        select partrelid, hash_record_extended(row(12, partrelid, xmin, ctid), 0) from pg_partitioned_table
        union all
        select ftrelid, hash_record_extended(row(13, ftrelid, xmin, ctid), 0) from pg_foreign_table
        union all
        select p.relation, hash_record_extended(row(14, q.seqrelid, q.xmin, q.ctid), 0)
        from pg_sequence q join part p on p.classid = 'pg_class'::regclass and p.objid = q.seqrelid
        union all
        select prrelid, hash_record_extended(row(15, oid, xmin, ctid), 0) from pg_publication_rel
        union all
        select coalesce(p.relation, 0), hash_record_extended(row(16, d.classoid, d.objoid, d.objsubid, d.xmin, d.ctid), 0)
        from pg_description d left join part p on p.classid = d.classoid and p.objid = d.objoid
        where d.objoid >= 16384 or d.classoid in ('pg_extension'::regclass, 'pg_namespace'::regclass)
        union all
        select coalesce(p.relation, 0), hash_record_extended(row(17, d.classoid, d.objoid, d.objsubid, d.provider, d.xmin, d.ctid), 0)
        from pg_seclabel d left join part p on p.classid = d.classoid and p.objid = d.objoid
        union all
        select coalesce(p.relation, 0), hash_record_extended(row(18, d.*), 0)
        from pg_depend d left join part p on p.classid = d.classid and p.objid = d.objid
        -- who owns a sequence, and what belongs to an extension or goes with one: all else is written along with a row above
        where d.objid >= 16384 and (
            d.deptype in ('e', 'x')
            or d.deptype in ('a', 'i') and d.refobjsubid > 0 and d.classid = 'pg_class'::regclass
                and d.objid in (select oid from pg_class where relkind = 'S')
        )
        union all
        -- everything else belongs to no relation
        select 0, hash_record_extended(row(20, oid, xmin, ctid), 0) from pg_namespace
        union all
        select 0, hash_record_extended(row(21, oid, xmin, ctid), 0) from pg_proc
        union all
        select 0, hash_record_extended(row(22, oid, xmin, ctid), 0) from pg_enum
        union all
        select 0, hash_record_extended(row(23, rngtypid, xmin, ctid), 0) from pg_range
        union all
        select 0, hash_record_extended(row(24, aggfnoid::oid, xmin, ctid), 0) from pg_aggregate
        union all
        select 0, hash_record_extended(row(25, oid, xmin, ctid), 0) from pg_operator
        union all
        select 0, hash_record_extended(row(26, oid, xmin, ctid), 0) from pg_opclass
        union all
        select 0, hash_record_extended(row(27, oid, xmin, ctid), 0) from pg_opfamily
        union all
        select 0, hash_record_extended(row(28, oid, xmin, ctid), 0) from pg_amop
        union all
        select 0, hash_record_extended(row(29, oid, xmin, ctid), 0) from pg_amproc
        union all
        select 0, hash_record_extended(row(30, oid, xmin, ctid), 0) from pg_collation
        union all
        select 0, hash_record_extended(row(31, oid, xmin, ctid), 0) from pg_conversion
        union all
        select 0, hash_record_extended(row(32, oid, xmin, ctid), 0) from pg_cast
        union all
        select 0, hash_record_extended(row(33, oid, xmin, ctid), 0) from pg_am
        union all
        select 0, hash_record_extended(row(34, oid, xmin, ctid), 0) from pg_language
        union all
        select 0, hash_record_extended(row(35, oid, xmin, ctid), 0) from pg_transform
        union all
        select 0, hash_record_extended(row(36, oid, xmin, ctid), 0) from pg_extension
        union all
        select 0, hash_record_extended(row(37, oid, xmin, ctid), 0) from pg_event_trigger
        union all
        select 0, hash_record_extended(row(38, oid, xmin, ctid), 0) from pg_default_acl
        union all
        select 0, hash_record_extended(row(39, oid, xmin, ctid), 0) from pg_ts_config
        union all
        select 0, hash_record_extended(row(40, mapcfg, maptokentype, mapseqno, xmin, ctid), 0) from pg_ts_config_map
        union all
        select 0, hash_record_extended(row(41, oid, xmin, ctid), 0) from pg_ts_dict
        union all
        select 0, hash_record_extended(row(42, oid, xmin, ctid), 0) from pg_ts_parser
        union all
        select 0, hash_record_extended(row(43, oid, xmin, ctid), 0) from pg_ts_template
        union all
        select 0, hash_record_extended(row(44, oid, xmin, ctid), 0) from pg_foreign_data_wrapper
        union all
        select 0, hash_record_extended(row(45, oid, xmin, ctid), 0) from pg_foreign_server
        union all
        select 0, hash_record_extended(row(46, umid, srvid, umuser), 0) from pg_user_mappings
        union all
        select 0, hash_record_extended(row(47, oid, xmin, ctid), 0) from pg_publication
        union all
        select 0, hash_record_extended(row(48, oid, xmin, ctid), 0) from pg_publication_namespace
    ) row_of_a_catalog
    group by relation
) m
left join pg_class c on c.oid = m.relation
left join pg_namespace n on n.oid = c.relnamespace
