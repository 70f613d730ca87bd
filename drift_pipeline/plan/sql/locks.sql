-- What this transaction has locked against everybody: dropping an object locks it, and so does rewriting a table.
select locktype, coalesce(nullif(relation::oid, 0), classid)::oid, coalesce(objid, 0)::oid
from pg_catalog.pg_locks
where pid = pg_catalog.pg_backend_pid()
  and granted
  and mode = 'AccessExclusiveLock'
  and locktype in ('relation', 'object')
  and database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
