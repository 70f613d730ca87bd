-- Publications, and the tables and schemas in them.
select
    'publication' as kind, array[p.pubname]::text[] as name,
    'pg_publication'::regclass::oid as classid, p.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object(
        'all_tables', p.puballtables, 'insert', p.pubinsert, 'update', p.pubupdate, 'delete', p.pubdelete,
        'truncate', p.pubtruncate, 'via_root', p.pubviaroot,
        'generated_columns', case p.pubgencols when 's' then 'stored' else 'none' end,
        'owner', pg_get_userbyid(p.pubowner)
    ) as attributes
from (
    select c.*
    from (values ('n'::"char")) as fallback(pubgencols)
    cross join lateral (
        select oid, pubname, pubowner, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, pubgencols
        from pg_publication
    ) c
) p
where not exists (select from member m where m.classid = 'pg_publication'::regclass and m.objid = p.oid)
union all
select
    'publication_table', array[p.pubname, r.schema, r.name],
    'pg_publication_rel'::regclass, t.oid, 0, 'pg_publication'::regclass, p.oid, 0,
    json_build_object(
        -- null: all of them, also those that are added later
        'columns', case when t.prattrs is not null then array(
            select a.attname from pg_attribute a where a.attrelid = r.oid and a.attnum = any (t.prattrs) order by 1
        ) end,
        'filter', pg_get_expr(t.prqual, t.prrelid)
    )
from pg_publication_rel t
join pg_publication p on p.oid = t.prpubid
join relation r on r.oid = t.prrelid
union all
select
    'publication_schema', array[p.pubname, s.name],
    'pg_publication_namespace'::regclass, t.oid, 0, 'pg_publication'::regclass, p.oid, 0,
    '{}'
from pg_publication_namespace t
join pg_publication p on p.oid = t.pnpubid
join space s on s.oid = t.pnnspid
