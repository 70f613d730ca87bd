-- Subscriptions of this database. Their connection strings hold passwords and are never read.
select
    'subscription' as kind, array[b.subname]::text[] as name,
    'pg_subscription'::regclass::oid as classid, b.oid as objid, 0 as objsubid,
    null::oid as parent_classid, null::oid as parent_objid, null::int as parent_objsubid,
    json_build_object(
        'enabled', b.subenabled, 'binary', b.subbinary,
        'streaming', case left(b.stream, 1) when 't' then 'on' when 'p' then 'parallel' else 'off' end,
        'two_phase', b.subtwophasestate <> 'd', 'disable_on_error', b.subdisableonerr,
        'password_required', b.subpasswordrequired, 'run_as_owner', b.subrunasowner, 'failover', b.subfailover,
        'slot_name', b.subslotname, 'synchronous_commit', b.subsynccommit, 'origin', b.suborigin,
        'publications', array(select unnest(b.subpublications) order by 1),
        'owner', pg_get_userbyid(b.subowner)
    ) as attributes
from (
    select c.*
    from (values (true, false, false, 'any')) as fallback(subpasswordrequired, subrunasowner, subfailover, suborigin)
    cross join lateral (
        select oid, subdbid, subname, subowner, subenabled, subbinary, substream::text as stream, subtwophasestate, subdisableonerr,
            subslotname, subsynccommit, subpublications, subpasswordrequired, subrunasowner, subfailover, suborigin
        from pg_subscription
    ) c
) b
where b.subdbid = (select oid from pg_database where datname = current_database())
