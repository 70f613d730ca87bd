-- Operator families, with the operators and functions that belong to no class of theirs.
select
    'operator_family' as kind, array[s.name, f.opfname, am.amname] as name,
    'pg_opfamily'::regclass::oid as classid, f.oid as objid, 0 as objsubid,
    'pg_namespace'::regclass::oid as parent_classid, s.oid as parent_objid, 0 as parent_objsubid,
    json_build_object(
        'operators', (
            select coalesce(json_agg(array[
                o.amopstrategy::text, o.amopopr::regoperator::text, case o.amoppurpose when 's' then 'search' else 'order by' end,
                (select quote_ident(n.nspname) || '.' || quote_ident(sf.opfname)
                from pg_opfamily sf join pg_namespace n on n.oid = sf.opfnamespace where sf.oid = o.amopsortfamily)
            ] order by o.amopstrategy, o.amopopr::regoperator::text), '[]')
            from pg_depend d join pg_amop o on o.oid = d.objid
            where d.classid = 'pg_amop'::regclass and d.refclassid = 'pg_opfamily'::regclass and d.refobjid = f.oid and d.deptype = 'a'
        ),
        'functions', (
            select coalesce(json_agg(array[
                p.amprocnum::text, format_type(p.amproclefttype, null), format_type(p.amprocrighttype, null),
                p.amproc::oid::regprocedure::text
            ] order by p.amprocnum, p.amproc::oid::regprocedure::text), '[]')
            from pg_depend d join pg_amproc p on p.oid = d.objid
            where d.classid = 'pg_amproc'::regclass and d.refclassid = 'pg_opfamily'::regclass and d.refobjid = f.oid and d.deptype = 'a'
        ),
        'owner', pg_get_userbyid(f.opfowner)
    ) as attributes
from pg_opfamily f
join space s on s.oid = f.opfnamespace
join pg_am am on am.oid = f.opfmethod
where not exists (select from member m where m.classid = 'pg_opfamily'::regclass and m.objid = f.oid)
