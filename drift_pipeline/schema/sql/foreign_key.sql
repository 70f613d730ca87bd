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
    -- one word where all triggers of the table and its partitions are in one state and none of another table is switched
    with recursive switched as (
        select distinct tgconstraint as oid from pg_trigger where tgisinternal and tgconstraint <> 0 and tgenabled <> 'O'
    ),
    declared as (
        select c.oid, c.conparentid from switched s join pg_constraint c on c.oid = s.oid
        union
        select c.oid, c.conparentid from declared d join pg_constraint c on c.oid = d.conparentid
    ),
    part as (
        select d.oid as root, d.oid from declared d where d.conparentid = 0
        union
        select p.root, c.oid from part p join pg_constraint c on c.conparentid = p.oid
    ),
    each as (
        select p.root, t.tgrelid, t.tgenabled as enabled,
            -- RI_FKey_check_ins and _upd look at new rows of the table itself
            bool_or(t.tgfoid in (1644, 1645)) over (partition by p.root, t.tgrelid) as own,
            case when t.tgtype & 4 = 4 then 'insert' when t.tgtype & 8 = 8 then 'delete' else 'update' end as event,
            case t.tgenabled when 'D' then 'disabled' when 'R' then 'replica' else 'always' end as word,
            count(*) over (partition by p.root, t.tgrelid) as there
        from part p join pg_trigger t on t.tgconstraint = p.oid
        where t.tgisinternal
    )
    select
        a.root, case
            when bool_and((a.enabled <> 'O') = a.own) and count(distinct a.enabled) filter (where a.own) = 1
                then min(a.word) filter (where a.own)
            else (
                select string_agg(o.said, ', ' order by o.said)
                from (
                    select e.word || ' on ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
                        || case when count(*) < e.there then ' for ' || string_agg(e.event, ' and ' order by e.event) else '' end as said
                    from each e join pg_class c on c.oid = e.tgrelid join pg_namespace n on n.oid = c.relnamespace
                    where e.root = a.root and e.enabled <> 'O'
                    group by e.word, e.there, n.nspname, c.relname
                ) o
            )
        end as enabled
    from each a
    group by a.root
) state on state.root = k.oid
where k.conparentid = 0
