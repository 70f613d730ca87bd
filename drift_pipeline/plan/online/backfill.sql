-- names that no column has: a column of the same name would be in doubt
DECLARE
    drift_page bigint := 0;
    drift_last_page bigint := (
        SELECT pg_catalog.max(pg_catalog.pg_relation_size(part)) / pg_catalog.current_setting('block_size')::bigint
        FROM (SELECT %table_name%::pg_catalog.regclass AS part
              UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(%table_name%)) AS parts);
BEGIN
    WHILE drift_page <= drift_last_page LOOP
        UPDATE %table% SET %assignment%
        WHERE %batch%
          AND %condition%;
        COMMIT;
        PERFORM pg_catalog.pg_sleep(%pause%);
        drift_page := drift_page + %pages%;
    END LOOP;
    -- rows that somebody moved to another page in the very moment when their own was filled
    UPDATE %table% SET %assignment% WHERE %condition%;
%check%END
