-- Tables, partitioned or not, and foreign tables. What only repeats the parent of a partition is left to the parent.
select
    r.kind, r.full_name as name,
    'pg_class'::regclass::oid as classid, r.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, c.relnamespace as parent_objid, 0 as parent_objsubid,
    case c.relpersistence when 'u' then 'unlogged' else 'permanent' end as persistence,
    am.amname::text as access_method,
    ts.spcname::text as tablespace,
    case when c.reloptions is null then '{}' else
        (select json_object_agg(option_name, option_value order by option_name) from pg_options_to_table(c.reloptions))
    end as options,
    case when toast.reloptions is null then '{}' else
        (select json_object_agg(option_name, option_value order by option_name) from pg_options_to_table(toast.reloptions))
    end as toast_options,
    -- their order, where it is not the one of the alphabet: nobody but pg_dump sees it
    case when array_length(c.reloptions, 1) > 1 then (
        select nullif(array_agg(split_part(o, '=', 1) order by n), array_agg(split_part(o, '=', 1) order by split_part(o, '=', 1) collate "C"))
        from unnest(c.reloptions) with ordinality as listed(o, n)
    ) end as option_order,
    case when array_length(toast.reloptions, 1) > 1 then (
        select nullif(array_agg(split_part(o, '=', 1) order by n), array_agg(split_part(o, '=', 1) order by split_part(o, '=', 1) collate "C"))
        from unnest(toast.reloptions) with ordinality as listed(o, n)
    ) end as toast_option_order,
    case c.relreplident
        when 'd' then 'default' when 'n' then 'nothing' when 'f' then 'full'
        -- the index may be gone: the server then behaves as with "nothing"
        else 'index:' || coalesce(
            (select x.relname from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid and i.indisreplident), ''
        )
    end as replica_identity,
    c.relrowsecurity as row_security,
    c.relforcerowsecurity as force_row_security,
    case when c.relispartition or not exists (select from pg_inherits h where h.inhrelid = c.oid) then '[]' else (
        select json_agg(array[pn.nspname, pc.relname] order by h.inhseqno)
        from pg_inherits h join pg_class pc on pc.oid = h.inhparent join pg_namespace pn on pn.oid = pc.relnamespace
        where h.inhrelid = c.oid
    ) end as inherits,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
    case when c.relispartition then (
        select array[pn.nspname, pc.relname]::text[]
        from pg_inherits h join pg_class pc on pc.oid = h.inhparent join pg_namespace pn on pn.oid = pc.relnamespace
        where h.inhrelid = c.oid
    ) end as partition_of,
    pg_get_expr(c.relpartbound, c.oid) as partition_bound,
    c.relispartition and (select h.inhdetachpending from pg_inherits h where h.inhrelid = c.oid) as detach_pending,
    case when c.reloftype <> 0 then format_type(c.reloftype, null) end as of_type,
    pg_get_userbyid(c.relowner) as owner,
    clustered.relname::text as cluster_on,
    -- since 18: what the NOT NULL constraints are called that come from a parent; a hint for whoever joins or leaves one
    case when c.relispartition or exists (select from pg_inherits h where h.inhrelid = c.oid) then (
        select json_object_agg(a.attname, k.conname)
        from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        where k.conrelid = c.oid and k.contype = 'n' and not k.conislocal
    ) end as _not_null_names,
    -- what it has of its parent's complete indexes and keys, by name; facts of their own only where they say something else
    case when c.relispartition then (
        select json_object_agg(x.relname, array[pn.nspname, p.relname] order by x.relname)
        from pg_index i
        join pg_class x on x.oid = i.indexrelid and x.relispartition
        join pg_inherits h on h.inhrelid = x.oid
        join pg_index pi on pi.indexrelid = h.inhparent and pi.indisvalid
        join pg_class p on p.oid = h.inhparent
        join pg_namespace pn on pn.oid = p.relnamespace
        where i.indrelid = c.oid
    ) end as attached,
    -- a partition that joined later may hold to a check that the parent's old rows were never tried against
    case when c.relispartition then (
        select json_agg(k.conname order by k.conname)
        from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c' and not k.conislocal and k.convalidated and exists (
            select from pg_inherits h join pg_constraint pk on pk.conrelid = h.inhparent
            where h.inhrelid = c.oid and pk.contype = 'c' and pk.conname = k.conname and not pk.convalidated
        )
    ) end as validated_checks,
    -- a hint for whoever makes an index: those that do not have the name that the server chooses
    case when c.relispartition then (
        select json_object_agg(x.relname, pg_get_indexdef(x.oid))
        from pg_index i join pg_class x on x.oid = i.indexrelid
        where i.indrelid = c.oid and x.relispartition
            and not exists (select from pg_constraint k where k.conindid = x.oid and k.contype in ('p', 'u', 'x'))
            and x.relname <> c.relname || '_' || (
                select string_agg(a.attname, '_' order by a.attnum) from pg_attribute a where a.attrelid = x.oid
            ) || '_idx'
    ) end as _attached_indexes,
    server.srvname::text as server,
    case when foreign_table.ftoptions is null then '{}' else
        (select json_object_agg(option_name, option_value order by option_name) from pg_options_to_table(foreign_table.ftoptions))
    end as server_options
from relation r
join pg_class c on c.oid = r.oid
left join pg_am am on am.oid = c.relam
left join pg_tablespace ts on ts.oid = c.reltablespace
left join pg_class toast on toast.oid = c.reltoastrelid
left join pg_foreign_table foreign_table on foreign_table.ftrelid = c.oid
left join pg_foreign_server server on server.oid = foreign_table.ftserver
left join (
    select i.indrelid, x.relname from pg_index i join pg_class x on x.oid = i.indexrelid where i.indisclustered
) clustered on clustered.indrelid = c.oid
where r.relkind in ('r', 'p', 'f')
