-- Rows, bytes and use of everything that stores rows, as the statistics know them: no table is opened, no lock is taken.
-- Estimates of a partitioned table are the sums over its partitions: what ANALYZE noted of it itself would count twice.
-- What was written since the last vacuum or analyse is counted by the server, so a table that has grown a lot says so;
-- a session that writes and analyses at once is counted twice, so twice as much is no growth yet. The bytes grow in
-- proportion, where the table had pages enough to tell; else they are not known.
with recursive member(root, oid) as (
    select c.oid, c.oid
    from pg_catalog.pg_class c
    where c.relkind in ('r', 'm', 'p', 'i', 'I')
      and c.relpersistence <> 't'
      and c.relnamespace not in (
          select n.oid from pg_catalog.pg_namespace n
          where n.nspname in ('pg_catalog', 'information_schema', 'pg_toast') or n.nspname like 'pg\_toast\_temp\_%'
             or n.nspname like 'pg\_temp\_%'
      )
    union all
    select m.root, i.inhrelid
    from member m
    join pg_catalog.pg_class p on p.oid = m.oid and p.relkind in ('p', 'I')
    join pg_catalog.pg_inherits i on i.inhparent = m.oid
),
index_pages as (
    select x.indrelid as oid, sum(c.relpages::bigint) as pages
    from pg_catalog.pg_index x
    join pg_catalog.pg_class c on c.oid = x.indexrelid
    group by x.indrelid
),
relation as (
    select m.root,
           case when n.counted > 2 * n.noted then n.counted else n.noted end as tuples,
           (greatest(c.relpages, 0)::bigint + coalesce(t.relpages, 0)::bigint + coalesce(p.pages, 0)::bigint)
               * case when n.counted <= 2 * n.noted then 1
                      when n.noted > 0 and c.relpages >= 10 then n.counted / n.noted
                      else 0 end as pages,
           pg_catalog.pg_stat_get_numscans(c.oid) as scans,
           greatest(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                    pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)) as vacuumed,
           greatest(pg_catalog.pg_stat_get_last_analyze_time(c.oid),
                    pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)) as analysed
    from member m
    join pg_catalog.pg_class c on c.oid = m.oid
    left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
    left join index_pages p on p.oid = c.oid
    cross join lateral (
        select case when c.relkind in ('p', 'I') then 0
                    else greatest(c.reltuples, 0)::double precision end as noted,
               pg_catalog.pg_stat_get_live_tuples(c.oid)::double precision as counted
    ) n
)
select n.nspname::text,
       c.relname::text,
       c.relkind in ('i', 'I'),
       sum(r.tuples)::bigint,
       (sum(r.pages) * pg_catalog.current_setting('block_size')::bigint)::bigint,
       sum(r.scans)::bigint,
       pg_catalog.min(r.vacuumed),
       pg_catalog.min(r.analysed),
       pg_catalog.pg_stat_get_db_stat_reset_time(
           (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
       )
from relation r
join pg_catalog.pg_class c on c.oid = r.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
group by n.nspname, c.relname, c.relkind
