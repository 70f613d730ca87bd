DECLARE
    page bigint := 0;
    pages bigint := (
        SELECT pg_catalog.max(pg_catalog.pg_relation_size(part)) / pg_catalog.current_setting('block_size')::bigint
        FROM (SELECT %table_name%::pg_catalog.regclass AS part
              UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(%table_name%)) AS parts);
BEGIN
    WHILE page <= pages LOOP
        UPDATE %table% SET %assignment%
        WHERE ctid >= ('(' || page || ',0)')::pg_catalog.tid
          AND ctid < ('(' || page + %pages% || ',0)')::pg_catalog.tid
          AND %condition%;
        COMMIT;
        PERFORM pg_catalog.pg_sleep(%pause%);
        page := page + %pages%;
    END LOOP;
    -- rows that somebody moved to another page in the very moment when their own was filled
    UPDATE %table% SET %assignment% WHERE %condition%;
%check%END
