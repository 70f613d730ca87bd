-- Privileges on what belongs to the system or to an extension, where they are no longer those it came with.
select
    'privilege' as kind, o.name || grantee.name as name,
    0::oid as classid, 0::oid as objid, 0 as objsubid,
    'pg_extension'::regclass::oid as parent_classid, m.extension as parent_objid, 0 as parent_objsubid,
    json_strip_nulls(json_build_object('privileges', (
        select coalesce(json_object_agg(privilege_type, grantable order by privilege_type), '{}')
        from (
            select x.privilege_type, bool_or(x.is_grantable) as grantable from aclexplode(o.acl) x
            where x.grantee = grantee.oid group by x.privilege_type
        ) g
    ), '_came', (
        select coalesce(json_object_agg(privilege_type, grantable order by privilege_type), '{}')
        from (
            select x.privilege_type, bool_or(x.is_grantable) as grantable from aclexplode(came.acl) x
            where x.grantee = grantee.oid group by x.privilege_type
        ) g
    ), 'granted_by', (
        select json_object_agg(privilege_type, grantors order by privilege_type)
        from (
            select x.privilege_type, jsonb_object_agg(
                case when x.grantor = o.owner then '(owner)' else pg_get_userbyid(x.grantor) end, x.is_grantable
            ) as grantors
            from aclexplode(o.acl) x where x.grantee = grantee.oid
            group by x.privilege_type having bool_and(x.grantor <> all (usual.grantors))
        ) g
    ))) as attributes
from (
    select 'pg_class'::regclass::oid as classid, c.oid, 0 as objsubid,
        case c.relkind when 'S' then 's' else 'r' end::"char" as type, c.relacl as acl, c.relowner as owner,
        array[
            case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized_view' when 'f' then 'foreign_table'
                else 'table' end,
            n.nspname, c.relname
        ]::text[] as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relacl is not null
    union all
    select 'pg_class'::regclass, c.oid, a.attnum, 'c', a.attacl, c.relowner, array['column', n.nspname, c.relname, a.attname]
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where a.attacl is not null
    union all
    select 'pg_proc'::regclass, p.oid, 0, 'f', p.proacl, p.proowner,
        array[
            case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end,
            n.nspname, p.proname, oidvectortypes(p.proargtypes)
        ]
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proacl is not null
    union all
    select 'pg_namespace'::regclass, n.oid, 0, 'n', n.nspacl, n.nspowner, array['schema', n.nspname]
    from pg_namespace n
    where n.nspacl is not null and n.nspname !~ '^pg_(toast|temp)'
    union all
    select 'pg_type'::regclass, t.oid, 0, 'T', t.typacl, t.typowner, array['base_type', n.nspname, t.typname]
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typacl is not null
    union all
    select 'pg_language'::regclass, l.oid, 0, 'l', l.lanacl, l.lanowner, array['language', l.lanname]
    from pg_language l
    where l.lanacl is not null
) o
left join member m on m.classid = o.classid and m.objid = o.oid
left join pg_init_privs initial on initial.classoid = o.classid and initial.objoid = o.oid and initial.objsubid = o.objsubid
cross join lateral (select coalesce(initial.initprivs, acldefault(o.type, o.owner)) as acl) came
cross join lateral (
    -- an extension may have another owner by now
    select array(select grantor from aclexplode(came.acl)) || o.owner as grantors
) usual
cross join lateral (
    select g.grantee as oid, case g.grantee when 0 then 'PUBLIC' else pg_get_userbyid(g.grantee)::text end as name
    from (select grantee from aclexplode(o.acl) union select grantee from aclexplode(came.acl)) g
    where
        array(
            select x.privilege_type || x.is_grantable || case when x.grantor <> all (usual.grantors) then x.grantor::text else '' end
            from aclexplode(o.acl) x where x.grantee = g.grantee order by 1
        ) <> array(select x.privilege_type || x.is_grantable from aclexplode(came.acl) x where x.grantee = g.grantee order by 1)
) grantee
where (m.objid is not null or o.oid < 16384 and o.name[2] not in ('public', 'information_schema')) and o.acl is distinct from came.acl
