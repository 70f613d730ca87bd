-- Shared by all families: what belongs to people, as opposed to extensions and the system.
-- Addresses (classid, objid, objsubid) are those of pg_depend; by them the reader connects families.
with member as materialized (
    select classid, objid, refobjid as extension
    from pg_depend
    where refclassid = 'pg_extension'::regclass and deptype = 'e'
),
tied as materialized (
    -- what is no member of an extension, and goes with it all the same: ALTER … DEPENDS ON EXTENSION
    select d.classid, d.objid, array_agg(e.extname::text order by e.extname) as extensions
    from pg_extension e
    join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'x'
    group by d.classid, d.objid
),
space as materialized (
    -- pg_ is reserved for the system: pg_catalog, pg_toast, pg_temp_3 ...
    select oid, nspname::text as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' /* of these schemas */
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
        and not exists (select from member m where m.classid = 'pg_class'::regclass and m.objid = c.oid) /* of these relations */
),
column_names as materialized (
    -- by attribute number, so that dropped columns keep their place
    select attrelid, array_agg(attname::text order by attnum) as list
    from pg_attribute
    where attnum > 0 and attrelid in (select oid from relation)
    group by attrelid
)
