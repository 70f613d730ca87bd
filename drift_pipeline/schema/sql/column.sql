-- Columns of tables and foreign tables. An inherited column is a fact only where it differs from its parent's.
select
    'column' as kind, array[r.schema, r.name, a.attname] as name,
    'pg_class'::regclass::oid as classid, r.oid as objid, a.attnum::int as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    format_type(a.atttypid, a.atttypmod) as type,
    a.attnotnull as not_null,
    pg_get_expr(d.adbin, d.adrelid) as default,
    case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
    -- a partition draws from its table's sequence, which servers before 17 did not write down
    case when r.is_partition and a.attidentity <> '' and not exists (
        select from pg_depend own join pg_class sc on sc.oid = own.objid and sc.relkind = 'S'
        where own.refclassid = 'pg_class'::regclass and own.refobjid = a.attrelid and own.refobjsubid = a.attnum
            and own.classid = 'pg_class'::regclass and own.deptype = 'i'
    ) then null else case a.attidentity when 'a' then 'always' when 'd' then 'by default' end end as identity,
    case when a.attidentity = '' then '{}' else coalesce((
        select json_build_object(
            'type', format_type(q.seqtypid, null), 'start', q.seqstart, 'increment', q.seqincrement, 'minimum', q.seqmin,
            'maximum', q.seqmax, 'cache', q.seqcache, 'cycle', q.seqcycle,
            -- named only where it is not the name that the server chooses
            'sequence', case when sc.relnamespace <> c.relnamespace or sc.relname <> r.name || '_' || a.attname || '_seq'
                then array[sn.nspname, sc.relname] end
        )::jsonb || case when sc.relpersistence = c.relpersistence then '{}' else
            -- as a rule it goes with the table
            jsonb_build_object('persistence', case sc.relpersistence when 'u' then 'unlogged' else 'permanent' end)
        end
        from pg_depend own
        join pg_class sc on sc.oid = own.objid and sc.relkind = 'S'
        join pg_namespace sn on sn.oid = sc.relnamespace
        join pg_sequence q on q.seqrelid = sc.oid
        where own.refclassid = 'pg_class'::regclass and own.refobjid = a.attrelid and own.refobjsubid = a.attnum
            and own.classid = 'pg_class'::regclass and own.deptype = 'i'
    ), '{}') end as identity_options,
    case when a.attcollation <> t.typcollation then (
        select quote_ident(n.nspname) || '.' || quote_ident(l.collname)
        from pg_collation l join pg_namespace n on n.oid = l.collnamespace where l.oid = a.attcollation
    ) end as collation,
    case when a.attstorage <> t.typstorage then
        case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end
    end as storage,
    case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
    nullif(a.attstattarget, -1)::int as statistics,
    case when a.attoptions is null then '{}' else
        (select json_object_agg(option_name, option_value order by option_name) from pg_options_to_table(a.attoptions))
    end as options,
    case when array_length(a.attoptions, 1) > 1 then (
        select nullif(array_agg(split_part(o, '=', 1) order by n), array_agg(split_part(o, '=', 1) order by split_part(o, '=', 1) collate "C"))
        from unnest(a.attoptions) with ordinality as listed(o, n)
    ) end as option_order,
    case when a.attfdwoptions is null then '{}' else
        (select json_object_agg(option_name, option_value order by option_name) from pg_options_to_table(a.attfdwoptions))
    end as foreign_options,
    not a.attislocal as inherited,
    a.attnum::int as _position,
    a.attinhcount > 0 as _inherited,
    owned.name as _owned_sequence
from relation r
join pg_class c on c.oid = r.oid
join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join (
    select own.refobjid, own.refobjsubid, min(sn.nspname || '.' || sc.relname) as name
    from pg_class sc
    join pg_namespace sn on sn.oid = sc.relnamespace
    join pg_depend own on own.classid = 'pg_class'::regclass and own.objid = sc.oid and own.deptype = 'a'
        and own.refclassid = 'pg_class'::regclass and own.refobjsubid > 0
    where sc.relkind = 'S'
    group by own.refobjid, own.refobjsubid
) owned on owned.refobjid = a.attrelid and owned.refobjsubid = a.attnum
where r.relkind in ('r', 'p', 'f')
    and (a.attislocal or not exists (
        select
        from pg_inherits h
        join pg_attribute pa on pa.attrelid = h.inhparent and pa.attname = a.attname
        left join pg_attrdef pd on pd.adrelid = pa.attrelid and pd.adnum = pa.attnum
        where h.inhrelid = a.attrelid
            and pa.attnotnull = a.attnotnull and pa.attgenerated = a.attgenerated
            -- a partition has its table's identity, which servers before 17 did not write down
            and (pa.attidentity = a.attidentity or r.is_partition and a.attidentity = '')
            and pa.attstorage = a.attstorage and pa.attcompression = a.attcompression
            and pa.attstattarget is not distinct from a.attstattarget
            and pa.attoptions is not distinct from a.attoptions
            and pa.attfdwoptions is not distinct from a.attfdwoptions
            and pg_get_expr(pd.adbin, pd.adrelid) is not distinct from pg_get_expr(d.adbin, d.adrelid)
    ))
