-- Triggers that people made. The copy that a partition gets is a fact only where it was switched to another state.
select
    'trigger' as kind, array[r.schema, r.name, t.tgname] as name,
    'pg_trigger'::regclass::oid as classid, t.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'definition', pg_get_triggerdef(t.oid),
        'enabled', case t.tgenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end,
        'function', (
            select array[n.nspname, p.proname, oidvectortypes(p.proargtypes)]
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = t.tgfoid
        ),
        'inherited', t.tgparentid <> 0,
        'depends_on_extensions', (
            select tied.extensions from tied where tied.classid = 'pg_trigger'::regclass and tied.objid = t.oid
        )
    ) as attributes
from relation r
join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
where t.tgparentid = 0 or t.tgenabled <> (select parent.tgenabled from pg_trigger parent where parent.oid = t.tgparentid)
