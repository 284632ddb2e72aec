-- What tells whether an album may go when a collector has their Discogs data removed: the app's own columns and tables
-- are not known to us, so they are asked of the catalogue.

CREATE FUNCTION rekkrd.album_defaults() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
DECLARE
    one record;
    given jsonb;
    defaults jsonb := '{}';
BEGIN
    FOR one IN
        SELECT a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM pg_attrdef AS d
        INNER JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        -- A constant says the same each time; a sequence would be moved by asking.
        WHERE d.adrelid = 'public.albums'::regclass AND NOT a.attisdropped AND d.adbin::text LIKE '{CONST %'
    LOOP
        EXECUTE 'SELECT to_jsonb(' || one.expression || ')' INTO given;
        defaults := defaults || jsonb_build_object(one.name, given);
    END LOOP;
    RETURN defaults;
END;
$$;

COMMENT ON FUNCTION rekkrd.album_defaults IS
'What a column of albums says when nobody said anything: its constant default.';

CREATE FUNCTION rekkrd.albums_in_use(album_ids uuid []) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
DECLARE
    one record;
    found uuid [];
    used uuid [] := '{}';
BEGIN
    FOR one IN
        SELECT n.nspname AS schema_name, c.relname AS table_name, a.attname AS column_name
        FROM pg_constraint AS k
        INNER JOIN pg_class AS c ON c.oid = k.conrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        INNER JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE
            k.contype = 'f' AND k.confrelid = 'public.albums'::regclass AND cardinality(k.conkey) = 1
            AND n.nspname <> 'rekkrd' AND c.relname <> 'discogs_sync_log'
    LOOP
        EXECUTE format(
            'SELECT array_agg(DISTINCT %I) FROM %I.%I WHERE %I = ANY($1)',
            one.column_name, one.schema_name, one.table_name, one.column_name
        ) INTO found USING album_ids;
        used := used || coalesce(found, '{}');
    END LOOP;
    RETURN used;
END;
$$;

COMMENT ON FUNCTION rekkrd.albums_in_use IS
'Which of these albums a table of the app''s own refers to: photos, plays, lists.';

REVOKE ALL ON FUNCTION rekkrd.album_defaults, rekkrd.albums_in_use FROM public;
