ctid >= ('(' || drift_page || ',0)')::pg_catalog.tid
          AND ctid < ('(' || drift_page + %pages% || ',0)')::pg_catalog.tid
