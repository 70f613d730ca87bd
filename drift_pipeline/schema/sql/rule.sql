-- Rules, but for the one that makes a view a view.
select
    'rule' as kind, array[r.schema, r.name, w.rulename] as name,
    'pg_rewrite'::regclass::oid as classid, w.oid as objid, 0 as objsubid,
    'pg_class'::regclass::oid as parent_classid, r.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'definition', pg_get_ruledef(w.oid),
        'enabled', case w.ev_enabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end
    ) as attributes
from relation r
join pg_rewrite w on w.ev_class = r.oid and w.rulename <> '_RETURN'
