-- The fields that a collector made for themselves go both ways, too.

ALTER TABLE public.albums ADD COLUMN IF NOT EXISTS discogs_fields jsonb;

COMMENT ON COLUMN public.albums.discogs_fields IS
'What the copy says in its owner''s own fields, as {"field_4": "text"}: the number is the field''s on Discogs.';

-- 1 to 3 are the grades and the notes, which have columns of their own.
ALTER TABLE public.albums ADD CONSTRAINT albums_discogs_fields_are_texts CHECK (
    jsonb_typeof(discogs_fields) = 'object'
    AND NOT jsonb_path_exists(discogs_fields, '$.* ? (@.type() != "string")')
    AND NOT jsonb_path_exists(
        discogs_fields, '$.keyvalue() ? (!(@.key like_regex "^field_([4-9]|[1-9][0-9]{1,17})$"))'
    )
);

-- Whether any of a copy's own fields changed here and not on Discogs; one that was never agreed on was empty.
CREATE FUNCTION rekkrd.own_fields_wait(agreed jsonb, ours jsonb, theirs jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT EXISTS (
    SELECT FROM jsonb_object_keys(agreed || coalesce(ours, '{}')) AS name
    WHERE starts_with(name, 'field_')
        AND coalesce(ours ->> name, '') <> coalesce(agreed ->> name, '')
        AND coalesce(
            (
                SELECT max(said ->> 'value') FROM jsonb_array_elements(theirs) AS said
                WHERE 'field_' || (said ->> 'field_id') = name
            ),
            ''
        ) = coalesce(agreed ->> name, '')
) $$;

-- Whether any of a copy's own fields says otherwise on Discogs than was agreed.
CREATE FUNCTION rekkrd.own_fields_moved(agreed jsonb, theirs jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT EXISTS (
    SELECT FROM (
        SELECT jsonb_object_keys(agreed) AS name
        UNION ALL
        SELECT 'field_' || (said ->> 'field_id') FROM jsonb_array_elements(theirs) AS said
        WHERE (said ->> 'field_id')::bigint > 3
    ) AS named
    WHERE starts_with(name, 'field_')
        AND coalesce(
            (
                SELECT max(said ->> 'value') FROM jsonb_array_elements(theirs) AS said
                WHERE 'field_' || (said ->> 'field_id') = name
            ),
            ''
        ) <> coalesce(agreed ->> name, '')
) $$;

REVOKE ALL ON FUNCTION rekkrd.own_fields_wait(jsonb, jsonb, jsonb) FROM public;
REVOKE ALL ON FUNCTION rekkrd.own_fields_moved(jsonb, jsonb) FROM public;

-- Own fields are compared one by one only where all of them together differ: that alone is cheap for every row.
CREATE OR REPLACE FUNCTION rekkrd.waits_to_go_out(agreed jsonb, album public.albums, copy rekkrd.instances)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CASE
    WHEN album.id IS NULL
        THEN copy.media_condition IS NOT DISTINCT FROM agreed ->> 'media_condition'
            AND copy.sleeve_condition IS NOT DISTINCT FROM agreed ->> 'sleeve_condition'
            AND coalesce(copy.notes, '') = coalesce(agreed ->> 'discogs_notes', '')
            AND NOT rekkrd.own_fields_moved(agreed, copy.fields)
    ELSE
        (
            agreed ? 'media_condition'
            AND album.media_condition IS DISTINCT FROM agreed ->> 'media_condition'
            AND copy.media_condition IS NOT DISTINCT FROM agreed ->> 'media_condition'
        )
        OR (
            agreed ? 'sleeve_condition'
            AND album.sleeve_condition IS DISTINCT FROM agreed ->> 'sleeve_condition'
            AND copy.sleeve_condition IS NOT DISTINCT FROM agreed ->> 'sleeve_condition'
        )
        OR (
            agreed ? 'discogs_folder_id'
            AND album.discogs_folder_id <> (agreed ->> 'discogs_folder_id')::bigint
            AND copy.folder_id IS NOT DISTINCT FROM (agreed ->> 'discogs_folder_id')::bigint
        )
        OR (
            agreed ? 'discogs_notes'
            AND coalesce(album.discogs_notes, '') <> coalesce(agreed ->> 'discogs_notes', '')
            AND coalesce(copy.notes, '') = coalesce(agreed ->> 'discogs_notes', '')
        )
        OR (
            agreed ? 'discogs_rating'
            AND coalesce(album.discogs_rating, 0) <> coalesce((agreed ->> 'discogs_rating')::smallint, 0)
            AND copy.rating = coalesce((agreed ->> 'discogs_rating')::smallint, 0)
        )
        OR (
            coalesce(album.discogs_fields, '{}') <> jsonb_strip_nulls(
                agreed - '{
                    artist, title, year, discogs_release_id, discogs_master_id, media_condition, sleeve_condition,
                    discogs_folder_id, discogs_notes, discogs_date_added, catalog_number, discogs_rating
                }'::text []
            )
            AND rekkrd.own_fields_wait(agreed, album.discogs_fields, copy.fields)
        )
END $$;
