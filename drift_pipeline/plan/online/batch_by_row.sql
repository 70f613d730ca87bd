ctid = ANY (ARRAY(
            SELECT ('(' || p || ',' || n || ')')::pg_catalog.tid
            FROM pg_catalog.generate_series(drift_page, drift_page + %pages% - 1) AS p, pg_catalog.generate_series(1, 291) AS n))
