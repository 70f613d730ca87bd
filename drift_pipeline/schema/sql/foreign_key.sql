-- Foreign keys. The rows that partitions get for themselves are left to the one that was declared.
select
    'foreign_key' as kind, array[r.schema, r.name, k.conname] as name,
    'pg_constraint'::regclass::oid as classid, k.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    array(select names.list[n] from unnest(k.conkey) with ordinality as key(n, i) order by i) as columns,
    array[fn.nspname, f.relname]::text[] as "references",
    array(select fnames.list[n] from unnest(k.confkey) with ordinality as key(n, i) order by i) as referenced_columns,
    case k.confupdtype
        when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' else 'set default'
    end as on_update,
    case k.confdeltype
        when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' else 'set default'
    end as on_delete,
    case k.confmatchtype when 'f' then 'full' when 'p' then 'partial' else 'simple' end as match,
    array(select names.list[n] from unnest(k.confdelsetcols) as key(n) order by names.list[n]) as set_columns,
    k.conperiod as period,
    k.condeferrable as deferrable,
    k.condeferred as initially_deferred,
    k.convalidated as validated,
    k.conenforced as enforced,
    -- ALTER TABLE ... DISABLE TRIGGER ALL reaches the triggers by which the server enforces the key
    coalesce(state.enabled, 'origin') as triggers,
    pg_get_constraintdef(k.oid) as _definition
from relation r
join (
    select c.*
    from (values (true, false)) as fallback(conenforced, conperiod)
    cross join lateral (
        select
            oid, conname, conrelid, confrelid, conkey, confkey, confdelsetcols, confupdtype, confdeltype, confmatchtype, condeferrable,
            condeferred, convalidated, conparentid, conenforced, conperiod
        from pg_constraint
        where contype = 'f'
    ) c
) k on k.conrelid = r.oid
join pg_class f on f.oid = k.confrelid
join pg_namespace fn on fn.oid = f.relnamespace
join column_names names on names.attrelid = k.conrelid
join column_names fnames on fnames.attrelid = k.confrelid
left join (
    select
        tgconstraint,
        string_agg(distinct case tgenabled when 'D' then 'disabled' when 'R' then 'replica' else 'always' end, ',') as enabled
    from pg_trigger
    where tgisinternal and tgconstraint <> 0 and tgenabled <> 'O'
    group by tgconstraint
) state on state.tgconstraint = k.oid
where k.conparentid = 0
