-- Shared by all families: what belongs to people, as opposed to extensions and the system.
-- Addresses (classid, objid, objsubid) are those of pg_depend; by them the reader connects families.
with member as materialized (
    select classid, objid, refobjid as extension
    from pg_depend
    where refclassid = 'pg_extension'::regclass and deptype = 'e'
),
space as materialized (
    -- pg_ is reserved for the system: pg_catalog, pg_toast, pg_temp_3 ...
    select oid, nspname::text as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
),
relation as materialized (
    select
        c.oid, c.relkind, s.name as schema, c.relname::text as name, c.relispartition as is_partition,
        array[s.name, c.relname::text] as full_name,
        case c.relkind
            when 'f' then 'foreign_table' when 'v' then 'view' when 'm' then 'materialized_view'
            when 'c' then 'composite' else 'table'
        end as kind
    from pg_class c
    join space s on s.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'v', 'm', 'c') and c.relpersistence <> 't'
        and not exists (select from member m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
),
column_names as materialized (
    -- by attribute number, so that dropped columns keep their place
    select attrelid, array_agg(attname::text order by attnum) as list from pg_attribute where attnum > 0 group by attrelid
)
,
nameable as (
    -- what can carry a comment or a privilege and yet is no fact of its own everywhere
    select 'pg_class'::regclass::oid as classid, r.oid as objid, a.attnum::int as objsubid, 'column' as kind,
        array[r.schema, r.name, a.attname::text] as name
    from relation r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    union all
    select 'pg_class'::regclass::oid, x.oid, 0, 'index', array[r.schema, r.name, x.relname::text]
    from relation r join pg_index i on i.indrelid = r.oid join pg_class x on x.oid = i.indexrelid
    union all
    select 'pg_class'::regclass::oid, c.oid, 0, 'sequence', array[s.name, c.relname::text]
    from pg_class c join space s on s.oid = c.relnamespace where c.relkind = 'S'
    union all
    select 'pg_constraint'::regclass::oid, k.oid, 0,
        case k.contype when 'p' then 'primary_key' when 'u' then 'unique' when 'c' then 'check' when 'f' then 'foreign_key'
            when 'x' then 'exclusion' else 'not_null' end,
        array[r.schema, r.name, k.conname::text]
    from relation r join pg_constraint k on k.conrelid = r.oid
    union all
    select 'pg_constraint'::regclass::oid, k.oid, 0, 'domain_check', array[s.name, t.typname::text, k.conname::text]
    from pg_constraint k join pg_type t on t.oid = k.contypid join space s on s.oid = t.typnamespace
)
