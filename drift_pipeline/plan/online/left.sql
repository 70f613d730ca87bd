    IF EXISTS (SELECT FROM %table% WHERE %condition%) THEN
        RAISE EXCEPTION USING MESSAGE = 'there are rows that could not be filled: does a trigger keep them from it?';
    END IF;
