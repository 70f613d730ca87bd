-- What was left out on purpose, and what is there and is not looked at; each with a phrase for people.
select side, phrase, count::bigint
from (
    select 'excluded' as side, 'objects that belong to an extension' as phrase, (select count(*) from member) as count
    union all
    select 'not_covered', 'large objects', (select count(*) from pg_largeobject_metadata)
) c
where count > 0
