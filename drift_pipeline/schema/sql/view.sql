-- Views and materialized views.
select
    r.kind, r.full_name as name,
    'pg_class'::regclass::oid as classid, r.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, c.relnamespace as parent_objid, 0 as parent_objsubid,
    case r.relkind when 'v' then json_build_object(
        'definition', pg_get_viewdef(c.oid), 'columns', columns.list, 'options', options.list,
        'option_order', options.ordered, 'owner', pg_get_userbyid(c.relowner)
    ) else json_build_object(
        'definition', pg_get_viewdef(c.oid), 'columns', columns.list, 'options', options.list,
        'option_order', options.ordered,
        'toast_options', coalesce((
            select json_object_agg(o.option_name, o.option_value order by o.option_name)
            from pg_class toast, pg_options_to_table(toast.reloptions) o where toast.oid = c.reltoastrelid
        ), '{}'),
        'column_tuning', tuning.list,
        'persistence', case c.relpersistence when 'u' then 'unlogged' else 'permanent' end,
        'access_method', (select amname from pg_am where oid = c.relam),
        'tablespace', (select spcname from pg_tablespace where oid = c.reltablespace),
        'populated', c.relispopulated,
        'depends_on_extensions', (
            select tied.extensions from tied where tied.classid = 'pg_class'::regclass and tied.objid = c.oid
        ),
        'cluster_on', (
            select x.relname from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid and i.indisclustered
        ),
        'owner', pg_get_userbyid(c.relowner)
    ) end as attributes
from relation r
join pg_class c on c.oid = r.oid
cross join lateral (
    select coalesce(json_agg(json_strip_nulls(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'default', pg_get_expr(d.adbin, d.adrelid)
    )) order by a.attnum), '[]') as list
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) columns
cross join lateral (
    select
        coalesce(json_object_agg(o.option_name, o.option_value order by o.option_name), '{}') as list,
        -- the order, where it is not the one of the alphabet; WITH CHECK OPTION stands elsewhere in the statement
        nullif(
            array_agg(o.option_name order by o.ordinality) filter (where o.option_name <> 'check_option'),
            array_agg(o.option_name order by o.option_name collate "C") filter (where o.option_name <> 'check_option')
        ) as ordered
    from pg_options_to_table(c.reloptions) with ordinality as o
) options
cross join lateral (
    select coalesce(json_object_agg(a.attname, json_strip_nulls(json_build_object(
        'statistics', nullif(a.attstattarget, -1),
        'storage', case when a.attstorage <> t.typstorage then a.attstorage end,
        'compression', nullif(a.attcompression, ''),
        'options', a.attoptions
    )) order by a.attname), '{}') as list
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where c.relkind = 'm' and a.attrelid = c.oid and a.attnum > 0
        and (a.attstattarget >= 0 or a.attstorage <> t.typstorage or a.attcompression <> '' or a.attoptions is not null)
) tuning
where r.relkind in ('v', 'm')
