-- What this transaction has locked: against everybody (dropping an object does so, and rewriting a table), and tables
-- against less than that. Weaker modes than these stand in nobody's way.
select locktype, coalesce(nullif(relation::oid, 0), classid)::oid, coalesce(objid, 0)::oid, mode
from pg_catalog.pg_locks
where pid = pg_catalog.pg_backend_pid()
  and granted
  and (mode = 'AccessExclusiveLock' and locktype in ('relation', 'object')
       or locktype = 'relation' and relation >= 16384
          and mode in ('ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock', 'ShareUpdateExclusiveLock'))
  and database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
