-- The collector's own rating of a record goes both ways, too.

ALTER TABLE public.albums ADD COLUMN IF NOT EXISTS discogs_rating smallint;

COMMENT ON COLUMN public.albums.discogs_rating IS '1 to 5, as on Discogs; null is none.';

CREATE OR REPLACE FUNCTION rekkrd.waits_to_go_out(agreed jsonb, album public.albums, copy rekkrd.instances)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CASE
    WHEN album.id IS NULL
        THEN copy.media_condition IS NOT DISTINCT FROM agreed ->> 'media_condition'
            AND copy.sleeve_condition IS NOT DISTINCT FROM agreed ->> 'sleeve_condition'
            AND coalesce(copy.notes, '') = coalesce(agreed ->> 'discogs_notes', '')
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
END $$;
