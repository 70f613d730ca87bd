DO $identity$
DECLARE
    reached bigint;
    used boolean;
BEGIN
    EXECUTE 'SELECT last_value, is_called FROM ' || %sequence% INTO reached, used;
    %statements%;
    PERFORM pg_catalog.setval(%sequence%::pg_catalog.regclass, reached, used);
END
$identity$
