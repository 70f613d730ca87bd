-- Privileges, one row a grantee, by the address of the object. No list at all is the same as the explicit default one.
-- Whoever may do all that the kind of object knows has ALL: a server that knows more privileges says the same then.
-- What the owner did not grant alone is said with all who granted it: only they can take back what they gave.
with acl as materialized (
    select 'pg_class'::regclass::oid as classid, c.oid as objid, 0 as objsubid,
        case c.relkind when 'S' then 's' else 'r' end::"char" as type, c.relacl as acl, c.relowner as owner
    from pg_class c
    join space s on s.oid = c.relnamespace /* of these relations */
    where c.relkind in ('r', 'p', 'f', 'v', 'm') and c.relpersistence <> 't'
        -- identity sequences are part of their column: only what was granted on one is said
        or c.relkind = 'S' and c.relpersistence <> 't' and (c.relacl <> acldefault('s', c.relowner) or not exists (
            select from pg_depend own where own.classid = 'pg_class'::regclass and own.objid = c.oid and own.deptype = 'i'
        ))
    union all
    select 'pg_class'::regclass, a.attrelid, a.attnum, 'c', a.attacl, r.relowner
    from pg_attribute a join pg_class r on r.oid = a.attrelid join space s on s.oid = r.relnamespace
    where a.attacl is not null and not a.attisdropped
    union all
    select 'pg_proc'::regclass, p.oid, 0, 'f', p.proacl, p.proowner from pg_proc p join space s on s.oid = p.pronamespace
    union all
    select 'pg_type'::regclass, t.oid, 0, 'T', t.typacl, t.typowner from pg_type t join space s on s.oid = t.typnamespace
    -- row types and arrays have none of their own
    where t.typtype in ('e', 'd', 'r', 'b', 'p') and not exists (select from pg_type element where element.typarray = t.oid)
        or t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c')
    union all
    select 'pg_namespace'::regclass, n.oid, 0, 'n', n.nspacl, n.nspowner from pg_namespace n join space s on s.oid = n.oid
    union all
    select 'pg_language'::regclass, l.oid, 0, 'l', l.lanacl, l.lanowner from pg_language l where l.oid >= 16384
    union all
    select 'pg_foreign_data_wrapper'::regclass, w.oid, 0, 'F', w.fdwacl, w.fdwowner from pg_foreign_data_wrapper w
    union all
    select 'pg_foreign_server'::regclass, v.oid, 0, 'S', v.srvacl, v.srvowner from pg_foreign_server v
),
every as materialized (
    select count(*) as relation from aclexplode(acldefault('r', 10))
),
granted as materialized (
    select a.classid, a.objid, a.objsubid, a.type, x.grantee, x.privilege_type, bool_or(x.is_grantable) as grantable,
        bool_or(x.is_grantable) filter (where x.grantor = a.owner) as by_owner,
        jsonb_object_agg(pg_get_userbyid(x.grantor), x.is_grantable) filter (where x.grantor <> a.owner) as by_others
    from acl a
    cross join lateral aclexplode(coalesce(a.acl, acldefault(a.type, a.owner))) x
    where not exists (select from member m where m.classid = a.classid and m.objid = a.objid)
    group by a.classid, a.objid, a.objsubid, a.type, x.grantee, x.privilege_type
),
summary as materialized (
    select g.classid, g.objid, g.objsubid, case g.grantee when 0 then 'PUBLIC' else pg_get_userbyid(g.grantee)::text end as grantee,
        case when g.type = 'r' and count(*) = (select relation from every) and bool_and(g.grantable) = bool_or(g.grantable)
            then json_build_object('ALL', bool_or(g.grantable))
            else json_object_agg(g.privilege_type, g.grantable order by g.privilege_type)
        end as privileges,
        jsonb_object_agg(
            g.privilege_type,
            case when g.by_owner is null then g.by_others else g.by_others || jsonb_build_object('(owner)', g.by_owner) end
        ) filter (where g.by_others is not null) as granted_by
    from granted g
    group by g.classid, g.objid, g.objsubid, g.type, g.grantee
    union all
    -- of identity columns' sequences only what is not usual is said, so that nothing left to the owner must be, too
    select a.classid, a.objid, a.objsubid, pg_get_userbyid(a.owner)::text, '{}', null
    from acl a
    where a.type = 's' and a.acl is not null and not exists (select from aclexplode(a.acl) x where x.grantee = a.owner)
        and exists (
            select from pg_depend own
            where own.classid = 'pg_class'::regclass and own.objid = a.objid and own.deptype = 'i'
        )
)
select
    'privilege' as kind, null::text[] as prefix, array[p.grantee] as suffix,
    p.classid, p.objid, p.objsubid,
    case when p.granted_by is null then json_build_object('privileges', p.privileges)
        else json_build_object('privileges', p.privileges, 'granted_by', p.granted_by) end as attributes
from summary p
