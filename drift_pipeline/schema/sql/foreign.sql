-- Foreign data wrappers, servers, user mappings. The options of user mappings hold passwords: they are never read, and
-- what looks like a secret among the other options is not shown.
select
    'foreign_data_wrapper' as kind, array[w.fdwname]::text[] as name,
    'pg_foreign_data_wrapper'::regclass::oid as classid, w.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object(
        'handler', (select p.oid::regproc::text from pg_proc p where p.oid = w.fdwhandler),
        'validator', (select p.oid::regproc::text from pg_proc p where p.oid = w.fdwvalidator),
        'options', (
            select coalesce(json_object_agg(
                option_name,
                case when option_name ~* 'passw|secret|token|credential|private' then '(not shown)' else option_value end order by option_name
            ), '{}')
            from pg_options_to_table(w.fdwoptions)
        ),
        'owner', pg_get_userbyid(w.fdwowner)
    ) as attributes
from pg_foreign_data_wrapper w
where not exists (select from member m where m.classid = 'pg_foreign_data_wrapper'::regclass and m.objid = w.oid)
union all
select
    'foreign_server', array[v.srvname]::text[],
    'pg_foreign_server'::regclass, v.oid, 0, null, null, null,
    json_build_object(
        'foreign_data_wrapper', (select fdwname from pg_foreign_data_wrapper w where w.oid = v.srvfdw),
        'type', v.srvtype, 'version', v.srvversion,
        'options', (
            select coalesce(json_object_agg(
                option_name,
                case when option_name ~* 'passw|secret|token|credential|private' then '(not shown)' else option_value end order by option_name
            ), '{}')
            from pg_options_to_table(v.srvoptions)
        ),
        'owner', pg_get_userbyid(v.srvowner)
    )
from pg_foreign_server v
where not exists (select from member m where m.classid = 'pg_foreign_server'::regclass and m.objid = v.oid)
union all
-- the view hides the options from most roles, and no row: only what all see alike is read
select
    'user_mapping', array[u.srvname, case when u.umuser = 0 then 'PUBLIC' else u.usename end]::text[],
    1418, u.umid, 0, 'pg_foreign_server'::regclass, u.srvid, 0,
    '{}'
from pg_user_mappings u
