-- Extended statistics.
select
    'statistics' as kind, array[s.name, x.stxname] as name,
    'pg_statistic_ext'::regclass::oid as classid, x.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'table', r.full_name,
        'kinds', array(
            select case k when 'd' then 'ndistinct' when 'f' then 'dependencies' when 'm' then 'mcv' else 'expressions' end
            from unnest(x.stxkind) k order by 1
        ),
        'columns', array(select a.attname from pg_attribute a where a.attrelid = r.oid and a.attnum = any (x.stxkeys) order by 1),
        'expressions', coalesce(pg_get_statisticsobjdef_expressions(x.oid), '{}'),
        'statistics', nullif(x.stxstattarget, -1),
        'owner', pg_get_userbyid(x.stxowner),
        '_definition', pg_get_statisticsobjdef(x.oid)
    ) as attributes
from relation r
join pg_statistic_ext x on x.stxrelid = r.oid
join space s on s.oid = x.stxnamespace
