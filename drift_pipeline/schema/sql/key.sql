-- Primary keys, unique and exclusion constraints, together with the index behind each. The copy that a partition has of its
-- parent's is a fact only where it differs from it in more than its name, or where that one is not complete: then it
-- matters which partitions have one.
select
    case k.contype when 'p' then 'primary_key' when 'u' then 'unique' else 'exclusion' end as kind,
    array[r.schema, r.name, k.conname] as name,
    'pg_constraint'::regclass::oid as classid, k.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    array(select names.list[n] from unnest(k.conkey) with ordinality as key(n, i) where n > 0 order by i) as columns,
    array(
        select names.list[n] from unnest(i.indkey) with ordinality as key(n, i) where key.i > i.indnkeyatts and n > 0 order by key.i
    ) as include,
    i.indnullsnotdistinct as nulls_not_distinct,
    k.condeferrable as deferrable,
    k.condeferred as initially_deferred,
    k.conperiod as without_overlaps,
    case when k.contype = 'x' then pg_get_constraintdef(k.oid) end as definition,
    case when x.reloptions is null then '{}' else
        (select json_object_agg(option_name, option_value order by option_name) from pg_options_to_table(x.reloptions))
    end as options,
    case when array_length(x.reloptions, 1) > 1 then (
        select nullif(array_agg(split_part(o, '=', 1) order by n), array_agg(split_part(o, '=', 1) order by split_part(o, '=', 1) collate "C"))
        from unnest(x.reloptions) with ordinality as listed(o, n)
    ) end as option_order,
    ts.spcname::text as tablespace,
    i.indisvalid as valid,
    above.name as partition_of,
    -- ALTER TABLE ... DISABLE TRIGGER ALL reaches the trigger by which a deferrable key looks again
    coalesce(state.enabled, 'origin') as triggers,
    tied.extensions as depends_on_extensions,
    pg_get_constraintdef(k.oid) as _definition,
    x.relname::text as _index
from relation r
join (
    select c.*
    from (values (false)) as fallback(conperiod)
    cross join lateral (
        select oid, conname, conrelid, contype, conkey, conindid, condeferrable, condeferred, conparentid, conperiod
        from pg_constraint
        where contype in ('p', 'u', 'x')
    ) c
) k on k.conrelid = r.oid
join pg_index i on i.indexrelid = k.conindid
join pg_class x on x.oid = k.conindid
left join pg_tablespace ts on ts.oid = x.reltablespace
join column_names names on names.attrelid = r.oid
left join (
    select h.inhrelid, array[pn.nspname, p.relname]::text[] as name, pi.indisvalid as valid, p.reloptions, p.reltablespace,
        pk.condeferrable, pk.condeferred
    from pg_inherits h
    join pg_index pi on pi.indexrelid = h.inhparent
    join pg_class p on p.oid = h.inhparent
    join pg_namespace pn on pn.oid = p.relnamespace
    left join pg_constraint pk on pk.conindid = p.oid and pk.contype in ('p', 'u', 'x')
) above on above.inhrelid = x.oid and x.relispartition
left join (
    select tgconstraint, case tgenabled when 'D' then 'disabled' when 'R' then 'replica' else 'always' end as enabled
    from pg_trigger
    where tgisinternal and tgconstraint <> 0 and tgenabled <> 'O'
) state on state.tgconstraint = k.oid
left join tied on tied.classid = 'pg_class'::regclass and tied.objid = x.oid
where k.conparentid = 0 or not above.valid or state.enabled is not null or tied.extensions is not null or (x.reloptions, x.reltablespace, k.condeferrable, k.condeferred)
    is distinct from (above.reloptions, above.reltablespace, above.condeferrable, above.condeferred)
