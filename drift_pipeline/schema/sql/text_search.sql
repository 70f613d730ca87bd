-- Text search: configurations, dictionaries, parsers, templates.
select
    'text_search_configuration' as kind, array[s.name, c.cfgname] as name,
    'pg_ts_config'::regclass::oid as classid, c.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'parser', (select array[n.nspname, p.prsname] from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace where p.oid = c.cfgparser),
        'mappings', (
            select coalesce(json_object_agg(alias, dictionaries order by alias), '{}')
            from (
                select token.alias, json_agg(array[n.nspname, d.dictname] order by m.mapseqno) as dictionaries
                from ts_token_type(c.cfgparser) token
                join pg_ts_config_map m on m.mapcfg = c.oid and m.maptokentype = token.tokid
                join pg_ts_dict d on d.oid = m.mapdict
                join pg_namespace n on n.oid = d.dictnamespace
                group by token.alias
            ) mapping
        ),
        'owner', pg_get_userbyid(c.cfgowner)
    ) as attributes
from pg_ts_config c
join space s on s.oid = c.cfgnamespace
where not exists (select from member m where m.classid = 'pg_ts_config'::regclass and m.objid = c.oid)
union all
select
    'text_search_dictionary', array[s.name, d.dictname],
    'pg_ts_dict'::regclass, d.oid, 0, 'pg_namespace'::regclass, s.oid, 0,
    json_build_object(
        'template', (select array[n.nspname, t.tmplname] from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace where t.oid = d.dicttemplate),
        'options', d.dictinitoption,
        'owner', pg_get_userbyid(d.dictowner)
    )
from pg_ts_dict d
join space s on s.oid = d.dictnamespace
where not exists (select from member m where m.classid = 'pg_ts_dict'::regclass and m.objid = d.oid)
union all
select
    'text_search_parser', array[s.name, p.prsname],
    'pg_ts_parser'::regclass, p.oid, 0, 'pg_namespace'::regclass, s.oid, 0,
    json_build_object(
        'start', p.prsstart::text, 'gettoken', p.prstoken::text, 'end', p.prsend::text, 'lextypes', p.prslextype::text,
        'headline', nullif(p.prsheadline::text, '-')
    )
from pg_ts_parser p
join space s on s.oid = p.prsnamespace
where not exists (select from member m where m.classid = 'pg_ts_parser'::regclass and m.objid = p.oid)
union all
select
    'text_search_template', array[s.name, t.tmplname],
    'pg_ts_template'::regclass, t.oid, 0, 'pg_namespace'::regclass, s.oid, 0,
    json_build_object('init', nullif(t.tmplinit::text, '-'), 'lexize', t.tmpllexize::text)
from pg_ts_template t
join space s on s.oid = t.tmplnamespace
where not exists (select from member m where m.classid = 'pg_ts_template'::regclass and m.objid = t.oid)
