-- Types that people make: enums, domains, composites, ranges, base types. Array, row and multirange types come with
-- the type that they belong to.
select
    case t.typtype
        when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' when 'r' then 'range' else 'base_type'
    end as kind,
    array[s.name, t.typname] as name,
    'pg_type'::regclass::oid as classid, t.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    case t.typtype
        when 'e' then json_build_object(
            'labels', (select coalesce(json_agg(enumlabel order by enumsortorder), '[]') from pg_enum where enumtypid = t.oid),
            'owner', pg_get_userbyid(t.typowner)
        )
        when 'd' then json_build_object(
            'type', format_type(t.typbasetype, t.typtypmod),
            'not_null', t.typnotnull,
            -- named from PostgreSQL 17 on; null where it is the name that the server chooses
            'not_null_name', (
                select conname from pg_constraint
                where contypid = t.oid and contype = 'n' and conname <> t.typname || '_not_null'
            ),
            'default', case when t.typdefaultbin is null then t.typdefault else pg_get_expr(t.typdefaultbin, 0) end,
            'collation', case when t.typcollation <> (select typcollation from pg_type where oid = t.typbasetype) then (
                select quote_ident(n.nspname) || '.' || quote_ident(l.collname)
                from pg_collation l join pg_namespace n on n.oid = l.collnamespace where l.oid = t.typcollation
            ) end,
            'owner', pg_get_userbyid(t.typowner)
        )
        when 'c' then json_build_object(
            'fields', (
                select coalesce(json_agg(json_build_object(
                    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                    'collation', case when a.attcollation <> ft.typcollation then (
                        select quote_ident(n.nspname) || '.' || quote_ident(l.collname)
                        from pg_collation l join pg_namespace n on n.oid = l.collnamespace where l.oid = a.attcollation
                    ) end
                ) order by a.attnum), '[]')
                from pg_attribute a join pg_type ft on ft.oid = a.atttypid
                where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
            ),
            'owner', pg_get_userbyid(t.typowner)
        )
        when 'r' then (
            select json_build_object(
                'subtype', format_type(g.rngsubtype, null),
                'opclass', case when not oc.opcdefault then quote_ident(ocn.nspname) || '.' || quote_ident(oc.opcname) end,
                'collation', case when g.rngcollation <> st.typcollation then (
                    select quote_ident(n.nspname) || '.' || quote_ident(l.collname)
                    from pg_collation l join pg_namespace n on n.oid = l.collnamespace where l.oid = g.rngcollation
                ) end,
                'canonical', nullif(g.rngcanonical::text, '-'),
                'subtype_diff', nullif(g.rngsubdiff::text, '-'),
                'multirange', (
                    select array[mn.nspname, m.typname] from pg_type m join pg_namespace mn on mn.oid = m.typnamespace
                    where m.oid = g.rngmultitypid
                ),
                'owner', pg_get_userbyid(t.typowner)
            )
            from pg_range g
            join pg_type st on st.oid = g.rngsubtype
            join pg_opclass oc on oc.oid = g.rngsubopc
            join pg_namespace ocn on ocn.oid = oc.opcnamespace
            where g.rngtypid = t.oid
        )
        else json_build_object(
            'defined', t.typisdefined,
            'input', nullif(t.typinput::text, '-'), 'output', nullif(t.typoutput::text, '-'),
            'receive', nullif(t.typreceive::text, '-'), 'send', nullif(t.typsend::text, '-'),
            'typmod_in', nullif(t.typmodin::text, '-'), 'typmod_out', nullif(t.typmodout::text, '-'),
            'analyze', nullif(t.typanalyze::text, '-'), 'subscript', nullif(t.typsubscript::text, '-'),
            'length', t.typlen, 'by_value', t.typbyval,
            'alignment', case t.typalign when 'c' then 'char' when 's' then 'int2' when 'i' then 'int4' else 'double' end,
            'storage', case t.typstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end,
            'category', t.typcategory, 'preferred', t.typispreferred, 'default', t.typdefault,
            'element', case when t.typelem <> 0 then format_type(t.typelem, null) end,
            'delimiter', t.typdelim, 'collatable', t.typcollation <> 0,
            'owner', pg_get_userbyid(t.typowner)
        )
    end as attributes
from pg_type t
join space s on s.oid = t.typnamespace
where t.typtype in ('e', 'd', 'c', 'r', 'b', 'p')
    and (t.typtype <> 'c' or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    -- an array type made by the server
    and not exists (select from pg_type element where element.typarray = t.oid)
    and not exists (select from member m where m.classid = 'pg_type'::regclass and m.objid = t.oid)
