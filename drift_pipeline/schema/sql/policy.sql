select
    'policy' as kind, array[r.schema, r.name, p.polname] as name,
    'pg_policy'::regclass::oid as classid, p.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        'permissive', p.polpermissive,
        'roles', array(select case role when 0 then 'PUBLIC' else pg_get_userbyid(role)::text end from unnest(p.polroles) role order by 1),
        'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid)
    ) as attributes
from relation r
join pg_policy p on p.polrelid = r.oid
