-- Default privileges: what a role's new objects come with, where it is not what the server grants anyway.
select
    'default_privilege' as kind,
    array[
        pg_get_userbyid(d.defaclrole), coalesce(n.nspname, ''),
        case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
            when 'n' then 'schemas' else 'large objects' end,
        case g.grantee when 0 then 'PUBLIC' else pg_get_userbyid(g.grantee) end
    ]::text[] as name,
    'pg_default_acl'::regclass::oid as classid, d.oid as objid, g.grantee::int as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, n.oid as parent_objid, 0 as parent_objsubid,
    json_build_object('privileges', case
        when d.defaclobjtype = 'r' and cardinality(g.now) = (select count(*) from aclexplode(acldefault('r', 10)))
            and (select bool_and(is_grantable) = bool_or(is_grantable) from aclexplode(d.defaclacl) where grantee = g.grantee)
        then json_build_object('ALL', (select bool_or(is_grantable) from aclexplode(d.defaclacl) where grantee = g.grantee))
        else (
            select coalesce(json_object_agg(privilege_type, is_grantable order by privilege_type), '{}')
            from aclexplode(d.defaclacl) where grantee = g.grantee
        )
    end) as attributes
from pg_default_acl d
left join pg_namespace n on n.oid = d.defaclnamespace
-- what is said for one schema is added to what is granted anyway; what is said for all takes its place
cross join lateral (
    select case when d.defaclnamespace = 0 then
        acldefault((case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end)::"char", d.defaclrole) end as acl
) anyway
cross join lateral (
    select
        w.grantee,
        array(select x.privilege_type || x.is_grantable from aclexplode(d.defaclacl) x where x.grantee = w.grantee order by 1) as now,
        array(select x.privilege_type || x.is_grantable from aclexplode(anyway.acl) x where x.grantee = w.grantee order by 1) as anyway
    from (select grantee from aclexplode(d.defaclacl) union select grantee from aclexplode(anyway.acl)) w
) g
where g.now <> g.anyway
