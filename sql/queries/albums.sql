-- name: of_instances(user_id, instance_ids)
-- Albums that name one of these copies as theirs although nothing was agreed on them yet.
SELECT
    album.id,
    album.discogs_instance_id,
    album.artist,
    album.title,
    album.year,
    album.discogs_release_id,
    album.discogs_master_id,
    album.media_condition,
    album.sleeve_condition,
    album.discogs_folder_id,
    album.discogs_notes,
    album.discogs_date_added,
    album.catalog_number,
    album.discogs_rating,
    album.discogs_fields
FROM public.albums AS album
WHERE album.user_id = :user_id
    AND album.discogs_instance_id = ANY(:instance_ids)
    AND NOT EXISTS (SELECT FROM rekkrd.agreed AS bound WHERE bound.album_id = album.id);

-- name: free_of_releases(user_id, release_ids)
-- Albums of these releases that belong to no copy yet.
SELECT
    album.id,
    album.discogs_instance_id,
    album.artist,
    album.title,
    album.year,
    album.discogs_release_id,
    album.discogs_master_id,
    album.media_condition,
    album.sleeve_condition,
    album.discogs_folder_id,
    album.discogs_notes,
    album.discogs_date_added,
    album.catalog_number,
    album.discogs_rating,
    album.discogs_fields
FROM public.albums AS album
WHERE album.user_id = :user_id
    AND album.discogs_release_id = ANY(:release_ids)
    AND album.discogs_instance_id IS NULL
    AND NOT EXISTS (SELECT FROM rekkrd.agreed AS bound WHERE bound.album_id = album.id)
ORDER BY album.id;

-- name: free_of_names(user_id, artists, titles, years)
-- Albums by artist, title and year that belong to no copy and name no release; an unknown year fits every year. The
-- index holds the beginning of a name, since a whole one may be longer than an index entry can be.
SELECT
    wanted.place,
    album.id,
    album.discogs_instance_id,
    album.artist,
    album.title,
    album.year,
    album.discogs_release_id,
    album.discogs_master_id,
    album.media_condition,
    album.sleeve_condition,
    album.discogs_folder_id,
    album.discogs_notes,
    album.discogs_date_added,
    album.catalog_number,
    album.discogs_rating,
    album.discogs_fields
FROM unnest(:artists::text [], :titles::text [], :years::integer [])
WITH ORDINALITY AS wanted (artist, title, year, place)
INNER JOIN public.albums AS album
    ON
        album.user_id = :user_id
        AND left(rekkrd.artist_key(album.artist), 100) = left(rekkrd.artist_key(wanted.artist), 100)
        AND left(rekkrd.title_key(album.title), 100) = left(rekkrd.title_key(wanted.title), 100)
        AND rekkrd.artist_key(album.artist) = rekkrd.artist_key(wanted.artist)
        AND rekkrd.title_key(album.title) = rekkrd.title_key(wanted.title)
        AND coalesce(album.year = wanted.year, true)
WHERE album.discogs_instance_id IS NULL
    AND album.discogs_release_id IS NULL
    AND NOT EXISTS (SELECT FROM rekkrd.agreed AS bound WHERE bound.album_id = album.id)
ORDER BY wanted.place, album.id;

-- name: has_free(user_id)$
-- Whether this collector has any album that belongs to no copy.
SELECT EXISTS (
    SELECT FROM public.albums AS album
    WHERE album.user_id = :user_id
        AND album.discogs_instance_id IS NULL
        AND NOT EXISTS (SELECT FROM rekkrd.agreed AS bound WHERE bound.album_id = album.id)
);

-- name: create(user_id, rows)
-- Make an album for each copy; one that the app made for the same copy meanwhile stays as it is.
INSERT INTO public.albums (
    user_id, discogs_instance_id, artist, title, year, discogs_release_id, discogs_master_id, media_condition,
    sleeve_condition, discogs_folder_id, discogs_notes, discogs_date_added, catalog_number,
    discogs_rating, discogs_fields
)
SELECT
    :user_id,
    copy.discogs_instance_id,
    copy.artist,
    copy.title,
    copy.year,
    copy.discogs_release_id,
    copy.discogs_master_id,
    copy.media_condition,
    copy.sleeve_condition,
    copy.discogs_folder_id,
    copy.discogs_notes,
    copy.discogs_date_added,
    copy.catalog_number,
    copy.discogs_rating,
    copy.discogs_fields
FROM jsonb_to_recordset(:rows) AS copy (
    discogs_instance_id bigint, artist text, title text, year integer, discogs_release_id bigint,
    discogs_master_id bigint, media_condition text, sleeve_condition text, discogs_folder_id bigint,
    discogs_notes text, discogs_date_added timestamptz, catalog_number text, discogs_rating smallint,
    discogs_fields jsonb
)
ON CONFLICT (user_id, discogs_instance_id) WHERE discogs_instance_id IS NOT NULL DO NOTHING
RETURNING id, discogs_instance_id;

-- name: update(user_id, rows)
-- Write what Discogs changed, where the album is still as it was read: an edit made meanwhile wins, and shows up as a
-- local change at the next look. In no order that anybody may rely on: where the app edits the same albums the other
-- way round, one side loses the deadlock, and the step is done again.
WITH change AS (
    SELECT *
    FROM jsonb_to_recordset(:rows) AS row (id uuid, instance_id bigint, was jsonb, becomes jsonb)
)
UPDATE public.albums AS album
SET
    discogs_instance_id = change.instance_id,
    artist = becomes.artist,
    title = becomes.title,
    year = becomes.year,
    discogs_release_id = becomes.discogs_release_id,
    discogs_master_id = becomes.discogs_master_id,
    media_condition = becomes.media_condition,
    sleeve_condition = becomes.sleeve_condition,
    discogs_folder_id = becomes.discogs_folder_id,
    discogs_notes = becomes.discogs_notes,
    discogs_date_added = becomes.discogs_date_added,
    catalog_number = becomes.catalog_number,
    discogs_rating = becomes.discogs_rating,
    discogs_fields = becomes.discogs_fields
FROM change
CROSS JOIN LATERAL jsonb_to_record(change.was) AS was (
    artist text, title text, year integer, discogs_release_id bigint, discogs_master_id bigint,
    media_condition text, sleeve_condition text, discogs_folder_id bigint, discogs_notes text,
    discogs_date_added timestamptz, catalog_number text, discogs_rating smallint, discogs_fields jsonb
)
CROSS JOIN LATERAL jsonb_to_record(change.becomes) AS becomes (
    artist text, title text, year integer, discogs_release_id bigint, discogs_master_id bigint,
    media_condition text, sleeve_condition text, discogs_folder_id bigint, discogs_notes text,
    discogs_date_added timestamptz, catalog_number text, discogs_rating smallint, discogs_fields jsonb
)
WHERE album.id = change.id
    AND album.user_id = :user_id
    AND coalesce(album.discogs_instance_id, change.instance_id) = change.instance_id
    AND (
        album.artist, album.title, album.year, album.discogs_release_id, album.discogs_master_id,
        album.media_condition, album.sleeve_condition, album.discogs_folder_id, album.discogs_notes,
        album.discogs_date_added, album.catalog_number, album.discogs_rating,
        coalesce(album.discogs_fields, '{}')
    ) IS NOT DISTINCT FROM (
        was.artist, was.title, was.year, was.discogs_release_id, was.discogs_master_id,
        was.media_condition, was.sleeve_condition, was.discogs_folder_id, was.discogs_notes,
        was.discogs_date_added, was.catalog_number, was.discogs_rating,
        coalesce(was.discogs_fields, '{}')
    )
RETURNING album.id;
