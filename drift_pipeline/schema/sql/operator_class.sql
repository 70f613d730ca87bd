-- Operator classes, with the operators and functions that belong to the class itself.
select
    'operator_class' as kind, array[s.name, c.opcname, am.amname] as name,
    'pg_opclass'::regclass::oid as classid, c.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'type', format_type(c.opcintype, null),
        'default', c.opcdefault,
        'family', (
            select array[n.nspname, f.opfname] from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace where f.oid = c.opcfamily
        ),
        'storage', case when c.opckeytype <> 0 then format_type(c.opckeytype, null) end,
        'operators', (
            select coalesce(json_agg(array[
                o.amopstrategy::text, o.amopopr::regoperator::text, case o.amoppurpose when 's' then 'search' else 'order by' end,
                (select quote_ident(n.nspname) || '.' || quote_ident(f.opfname)
                from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace where f.oid = o.amopsortfamily)
            ] order by o.amopstrategy, o.amopopr::regoperator::text), '[]')
            from pg_depend d join pg_amop o on o.oid = d.objid
            where d.classid = 'pg_amop'::regclass and d.refclassid = 'pg_opclass'::regclass and d.refobjid = c.oid
        ),
        'functions', (
            select coalesce(json_agg(array[
                p.amprocnum::text, format_type(p.amproclefttype, null), format_type(p.amprocrighttype, null),
                p.amproc::oid::regprocedure::text
            ] order by p.amprocnum, p.amproc::oid::regprocedure::text), '[]')
            from pg_depend d join pg_amproc p on p.oid = d.objid
            where d.classid = 'pg_amproc'::regclass and d.refclassid = 'pg_opclass'::regclass and d.refobjid = c.oid
        ),
        'owner', pg_get_userbyid(c.opcowner)
    ) as attributes
from pg_opclass c
join space s on s.oid = c.opcnamespace
join pg_am am on am.oid = c.opcmethod
where not exists (select from member m where m.classid = 'pg_opclass'::regclass and m.objid = c.oid)
