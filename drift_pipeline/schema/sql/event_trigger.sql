select
    'event_trigger' as kind, array[t.evtname]::text[] as name,
    'pg_event_trigger'::regclass::oid as classid, t.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object(
        'event', t.evtevent,
        'tags', array(select unnest(t.evttags) order by 1),
        'option_order', nullif(t.evttags, array(select unnest(t.evttags) order by 1)),
        'function', (
            select array[n.nspname, p.proname, oidvectortypes(p.proargtypes)]
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = t.evtfoid
        ),
        'enabled', case t.evtenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end,
        'owner', pg_get_userbyid(t.evtowner)
    ) as attributes
from pg_event_trigger t
where not exists (select from member m where m.classid = 'pg_event_trigger'::regclass and m.objid = t.oid)
