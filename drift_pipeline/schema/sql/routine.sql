-- Functions and procedures.
select
    case p.prokind when 'p' then 'procedure' else 'function' end as kind,
    array[s.name, p.proname, oidvectortypes(p.proargtypes)] as name,
    'pg_proc'::regclass::oid as classid, p.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    l.lanname::text as language,
    pg_get_function_result(p.oid) as returns,
    pg_get_function_arguments(p.oid) as arguments,
    coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body,
    p.probin as library,
    p.prokind = 'w' as window,
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
    p.proisstrict as strict,
    p.prosecdef as security_definer,
    p.proleakproof as leakproof,
    case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end as parallel,
    p.procost as cost,
    p.prorows as rows,
    nullif(p.prosupport::text, '-') as support,
    case when p.protrftypes is null then '{}'::text[] else
        array(select format_type(t, null) from unnest(p.protrftypes) t order by 1)
    end as transforms,
    -- search_path and its like are lists: their order counts, that of the settings does not
    case when p.proconfig is null then '{}' else (
        select json_object_agg(split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1) order by setting)
        from unnest(p.proconfig) setting
    ) end as settings,
    case when array_length(p.proconfig, 1) > 1 then (
        select nullif(array_agg(split_part(o, '=', 1) order by n), array_agg(split_part(o, '=', 1) order by split_part(o, '=', 1) collate "C"))
        from unnest(p.proconfig) with ordinality as listed(o, n)
    ) end as option_order,
    (select tied.extensions from tied where tied.classid = 'pg_proc'::regclass and tied.objid = p.oid) as depends_on_extensions,
    pg_get_userbyid(p.proowner)::text as owner,
    pg_get_functiondef(p.oid) as _definition,
    pg_get_function_identity_arguments(p.oid) as _identity
from pg_proc p
join space s on s.oid = p.pronamespace
join pg_language l on l.oid = p.prolang
where p.prokind <> 'a'
    and not exists (select from member m where m.classid = 'pg_proc'::regclass and m.objid = p.oid)
    -- constructors of range types come with the type
    and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
    )
