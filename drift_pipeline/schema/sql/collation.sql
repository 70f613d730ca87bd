-- Collations. The version of the library behind one is the host's, and no fact.
select
    'collation' as kind, array[s.name, l.collname] as name,
    'pg_collation'::regclass::oid as classid, l.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'provider', case l.collprovider when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin' else 'default' end,
        'deterministic', l.collisdeterministic,
        'locale', coalesce(l.colllocale, l.colliculocale),
        'lc_collate', l.collcollate, 'lc_ctype', l.collctype, 'rules', l.collicurules,
        'owner', pg_get_userbyid(l.collowner)
    ) as attributes
from (
    select c.*
    -- the locale's column has another name before PostgreSQL 17
    from (values (null::text, null::text, null::text)) as fallback(colllocale, colliculocale, collicurules)
    cross join lateral (
        select oid, collname, collnamespace, collowner, collprovider, collisdeterministic, collcollate, collctype,
            colllocale, colliculocale, collicurules
        from pg_collation
    ) c
) l
join space s on s.oid = l.collnamespace
where not exists (select from member m where m.classid = 'pg_collation'::regclass and m.objid = l.oid)
