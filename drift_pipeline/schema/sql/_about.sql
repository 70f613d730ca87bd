-- Around the files whose rows are about other facts. What is no fact of its own is named here: a column of a view, the
-- index behind a constraint, the sequence of an identity column, the constraint that a partition got from its parent.
select
    t.kind, t.prefix, t.suffix, t.classid, t.objid, t.objsubid,
    case
        when a.attrelid is not null then 'column'
        when c.relkind in ('i', 'I') then 'index'
        when c.relkind = 'S' then 'sequence'
        when k.contypid <> 0 then 'domain_check'
        when k.oid is not null then case k.contype
            when 'p' then 'primary_key' when 'u' then 'unique' when 'c' then 'check' when 'f' then 'foreign_key'
            when 'x' then 'exclusion' else 'not_null'
        end
    end as other_kind,
    case
        when a.attrelid is not null then array[cs.name, c.relname, a.attname]::text[]
        when c.relkind in ('i', 'I') then array[r.schema, r.name, c.relname]::text[]
        when c.relkind = 'S' then array[cs.name, c.relname]::text[]
        when k.contypid <> 0 then array[ts.name, ty.typname, k.conname]::text[]
        when k.oid is not null then array[r.schema, r.name, k.conname]::text[]
    end as other_name,
    t.attributes
from about t
left join pg_class c on t.classid = 'pg_class'::regclass and c.oid = t.objid
left join space cs on cs.oid = c.relnamespace
left join pg_attribute a on t.classid = 'pg_class'::regclass and t.objsubid <> 0 and a.attrelid = t.objid and a.attnum = t.objsubid
left join pg_index i on t.classid = 'pg_class'::regclass and i.indexrelid = t.objid
left join pg_constraint k on t.classid = 'pg_constraint'::regclass and k.oid = t.objid
left join relation r on r.oid = coalesce(i.indrelid, k.conrelid)
left join pg_type ty on ty.oid = k.contypid
left join space ts on ts.oid = ty.typnamespace
where not exists (select from member m where m.classid = t.classid and m.objid = t.objid)
