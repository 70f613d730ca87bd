-- What was left out on purpose, and what is there and is not looked at; each with a phrase for people.
select side, phrase, count::bigint
from (
    select 'excluded' as side, 'objects that belong to an extension' as phrase, (select count(*) from member) as count
    union all
    select 'excluded', 'temporary tables and views', (select count(*) from pg_class where relpersistence = 't' and relkind in ('r', 'v', 'p'))
    union all
    select 'excluded', 'inherited columns', (
        select count(*) from relation r join pg_attribute a on a.attrelid = r.oid
        where not a.attislocal and a.attnum > 0 and not a.attisdropped
    )
    union all
    select 'excluded', 'inherited constraints', (
        select count(*) from relation r join pg_constraint k on k.conrelid = r.oid
        where k.contype in ('p', 'u', 'x', 'f', 'c') and (k.conparentid <> 0 or not k.conislocal)
    )
    union all
    select 'excluded', 'indexes attached to the index of a partitioned table', (
        select count(*) from relation r join pg_index i on i.indrelid = r.oid join pg_class x on x.oid = i.indexrelid
        where x.relispartition and x.oid not in (select conindid from pg_constraint where contype in ('p', 'u', 'x'))
    )
    union all
    select 'excluded', 'triggers of a partition that repeat those of its parent', (
        select count(*) from relation r join pg_trigger t on t.tgrelid = r.oid where t.tgparentid <> 0 and not t.tgisinternal
    )
    union all
    select 'not_covered', 'large objects', (select count(*) from pg_largeobject_metadata)
    union all
    select 'not_covered', 'settings of the database, or of roles in it', (
        select coalesce(sum(cardinality(setconfig)), 0) from pg_db_role_setting
        where setdatabase = (select oid from pg_database where datname = current_database())
    )
    union all
    select 'not_covered', 'options of user mappings', (select count(*) from pg_user_mappings)
    union all
    select 'not_covered', 'connections of subscriptions', (
        select count(*) from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())
    )
    union all
    select 'not_covered', 'privileges on the row type of a table', (
        select count(*) from relation r join pg_type t on t.typrelid = r.oid where r.kind <> 'composite' and t.typacl is not null
    )
) c
where count > 0
