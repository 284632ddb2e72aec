-- A list is no text of an own field, either: read by the lax rules of a path, one of texts passed for its texts.

UPDATE public.albums AS album
SET discogs_fields = (
    SELECT jsonb_object_agg(own.name, own.value)
    FROM jsonb_each(album.discogs_fields) AS own (name, value)
    WHERE jsonb_typeof(own.value) = 'string'
)
WHERE jsonb_path_exists(album.discogs_fields, 'strict $.* ? (@.type() != "string")');

ALTER TABLE public.albums DROP CONSTRAINT albums_discogs_fields_are_texts;
ALTER TABLE public.albums ADD CONSTRAINT albums_discogs_fields_are_texts CHECK (
    jsonb_typeof(discogs_fields) = 'object'
    AND NOT jsonb_path_exists(discogs_fields, 'strict $.* ? (@.type() != "string")', '{}', silent => true)
    AND NOT jsonb_path_exists(
        discogs_fields, '$.keyvalue() ? (!(@.key like_regex "^field_([4-9]|[1-9][0-9]{1,17})$"))'
    )
);

-- A deletion waits for an answer, too, where the copy was rated or moved on Discogs since.
CREATE OR REPLACE FUNCTION rekkrd.waits_to_go_out(agreed jsonb, album public.albums, copy rekkrd.instances)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CASE
    WHEN album.id IS NULL
        THEN copy.media_condition IS NOT DISTINCT FROM agreed ->> 'media_condition'
            AND copy.sleeve_condition IS NOT DISTINCT FROM agreed ->> 'sleeve_condition'
            AND copy.folder_id IS NOT DISTINCT FROM (agreed ->> 'discogs_folder_id')::bigint
            AND copy.rating = coalesce((agreed ->> 'discogs_rating')::smallint, 0)
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
