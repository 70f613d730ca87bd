-- From relations that were written to: those whose text they may have changed (`again`), and those that must be there
-- to name the ends of dependencies. With each of the first, the oids of all its parts.
, recursive_family as materialized (
    with recursive family(oid) as (
        select unnest(%(touched)s::oid[])
        union
        -- what only repeats the parent is left out: the answer for a child depends on its parent, and on its siblings' none
        select case when h.inhrelid = f.oid then h.inhparent else h.inhrelid end
        from family f join pg_inherits h on f.oid in (h.inhrelid, h.inhparent)
    )
    select oid from family
),
again as materialized (
    select oid as relation from recursive_family
    union
    select user_of.relation
    from part p
    join pg_depend d on d.refclassid = p.classid and d.refobjid = p.objid
    join part user_of on user_of.classid = d.classid and user_of.objid = d.objid
    where p.relation in (select oid from recursive_family)
    union
    -- a sequence speaks of its column, and an identity column of its sequence
    select owner.relation
    from pg_depend d join part owner on owner.classid = d.refclassid and owner.objid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.objid = any (%(touched)s::oid[]) and d.deptype in ('a', 'i')
)
select a.relation::bigint, true, array_agg(p.objid::bigint)
from again a left join part p on p.relation = a.relation
where a.relation <> 0
group by a.relation
union all
select distinct other.relation::bigint, false, '{}'::bigint[]
from again a
join part p on p.relation = a.relation
join pg_depend d on (d.classid, d.objid) = (p.classid, p.objid)
join part other on (other.classid, other.objid) = (d.refclassid, d.refobjid)
where other.relation <> 0 and other.relation not in (select relation from again)
