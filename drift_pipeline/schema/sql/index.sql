-- Indexes of tables and materialized views, but for those behind constraints. An index that is attached to the one of a
-- partitioned table is a fact only where it differs from it, or where that one is not complete.
, own_index as materialized (
    select i.*, r.schema as table_schema, r.name as table_name
    from relation r
    join pg_index i on i.indrelid = r.oid
    where i.indexrelid not in (select conindid from pg_constraint where contype in ('p', 'u', 'x'))
),
index_key as materialized (
    select i.indexrelid, i.indrelid, k.position, k.attnum, i.indclass[k.position - 1] as opclass, i.indcollation[k.position - 1] as collation,
        i.indoption[k.position - 1] as option
    from own_index i
    cross join lateral unnest(i.indkey) with ordinality as k(attnum, position)
    where k.position <= i.indnkeyatts
),
keys as materialized (
    -- what is rarely said is looked up only where it is said
    select k.indexrelid, json_agg(json_build_object(
        'key', case when k.attnum = 0 then pg_get_indexdef(k.indexrelid, k.position::int, false) else quote_ident(ta.attname) end,
        -- the usual operator class of the type is not said; where the type has none, its relatives' usual one is
        'opclass', case
            when oc.opcdefault and (oc.opcintype = coalesce(ta.atttypid, xa.atttypid) or not exists (
                select from pg_opclass usual
                where usual.opcdefault and usual.opcmethod = oc.opcmethod and usual.opcintype = coalesce(ta.atttypid, xa.atttypid)
            )) then null
            else (select quote_ident(n.nspname) from pg_namespace n where n.oid = oc.opcnamespace) || '.' || quote_ident(oc.opcname)
        end,
        'opclass_options', xa.attoptions,
        'collation', case when k.collation not in (0, coalesce(ta.attcollation, 100)) then (
            select quote_ident(n.nspname) || '.' || quote_ident(l.collname)
            from pg_collation l join pg_namespace n on n.oid = l.collnamespace where l.oid = k.collation
        ) end,
        'order', case when k.option & 1 = 1 then 'desc' else 'asc' end,
        'nulls', case when k.option & 2 = 2 then 'first' else 'last' end
    ) order by k.position) as list
    from index_key k
    join pg_attribute xa on xa.attrelid = k.indexrelid and xa.attnum = k.position
    left join pg_attribute ta on k.attnum > 0 and ta.attrelid = k.indrelid and ta.attnum = k.attnum
    join pg_opclass oc on oc.oid = k.opclass
    group by k.indexrelid
)

select
    'index' as kind, array[i.table_schema, i.table_name, x.relname] as name,
    'pg_class'::regclass::oid as classid, x.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, i.indrelid as parent_objid, 0 as parent_objsubid,
    am.amname::text as method,
    i.indisunique as unique,
    i.indnullsnotdistinct as nulls_not_distinct,
    keys.list as keys,
    array(
        select names.list[n] from unnest(i.indkey) with ordinality as key(n, i) where key.i > i.indnkeyatts order by key.i
    ) as include,
    pg_get_expr(i.indpred, i.indrelid) as predicate,
    case when x.reloptions is null then '{}' else
        (select json_object_agg(option_name, option_value order by option_name) from pg_options_to_table(x.reloptions))
    end as options,
    case when array_length(x.reloptions, 1) > 1 then (
        select nullif(array_agg(split_part(o, '=', 1) order by n), array_agg(split_part(o, '=', 1) order by split_part(o, '=', 1) collate "C"))
        from unnest(x.reloptions) with ordinality as listed(o, n)
    ) end as option_order,
    i.indisvalid and i.indislive as valid,
    ts.spcname::text as tablespace,
    case when i.indexprs is null then '{}' else coalesce((
        select json_object_agg(xa.attnum, xa.attstattarget order by xa.attnum)
        from pg_attribute xa where xa.attrelid = x.oid and xa.attstattarget >= 0
    ), '{}') end as statistics,
    case when x.relispartition then (
        select array[pn.nspname, p.relname]::text[]
        from pg_inherits h join pg_class p on p.oid = h.inhparent join pg_namespace pn on pn.oid = p.relnamespace
        where h.inhrelid = x.oid
    ) end as partition_of,
    (select tied.extensions from tied where tied.classid = 'pg_class'::regclass and tied.objid = x.oid) as depends_on_extensions,
    pg_get_indexdef(x.oid) as _definition,
    array(select names.list[n] from unnest(i.indkey) with ordinality as key(n, i) where n > 0 order by key.i) as _columns
from own_index i
join pg_class x on x.oid = i.indexrelid
join keys on keys.indexrelid = i.indexrelid
join pg_am am on am.oid = x.relam
join column_names names on names.attrelid = i.indrelid
left join pg_tablespace ts on ts.oid = x.reltablespace
where not x.relispartition or not i.indisvalid or exists (
    select from pg_inherits h join pg_class p on p.oid = h.inhparent
    join pg_index pi on pi.indexrelid = p.oid
    where h.inhrelid = x.oid and (
        p.reloptions is distinct from x.reloptions or p.reltablespace <> x.reltablespace
        -- the server attaches what sorts otherwise, or by another operator class of the same family
        or pi.indoption::text <> i.indoption::text or pi.indclass::text <> i.indclass::text
        or exists (
            select from pg_attribute a join pg_attribute pa on pa.attrelid = p.oid and pa.attnum = a.attnum
            where a.attrelid = x.oid and (
                a.attoptions is distinct from pa.attoptions or a.attstattarget is distinct from pa.attstattarget
            )
        )
        or (select t.extensions from tied t where t.classid = 'pg_class'::regclass and t.objid = x.oid)
            is distinct from (select t.extensions from tied t where t.classid = 'pg_class'::regclass and t.objid = p.oid)
        -- as long as a partition has none, it matters which ones have
        or not pi.indisvalid
    )
)
