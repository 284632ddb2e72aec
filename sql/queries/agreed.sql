-- name: of_copies(user_id, instance_ids)
-- What was agreed on these copies, with the album as it is now. A row without its album is a local deletion.
SELECT
    agreed.instance_id,
    agreed.fields AS agreed_fields,
    agreed.is_local_only,
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
FROM rekkrd.agreed
LEFT JOIN public.albums AS album ON agreed.album_id = album.id
WHERE agreed.user_id = :user_id AND agreed.instance_id = ANY(:instance_ids);

-- name: upsert(user_id, rows)!
-- Write down what both sides agree on, and leave what was agreed on other fields: an answer of the collector may have
-- come meanwhile. The album is held: one that is being deleted gets no new agreement.
INSERT INTO rekkrd.agreed AS known (user_id, instance_id, album_id, fields)
SELECT :user_id, pact.instance_id, album.id, pact.fields
FROM jsonb_to_recordset(:rows) AS pact (instance_id bigint, album_id uuid, fields jsonb)
INNER JOIN public.albums AS album ON pact.album_id = album.id
FOR KEY SHARE OF album
ON CONFLICT (user_id, instance_id) DO UPDATE
    SET album_id = excluded.album_id, fields = known.fields || excluded.fields, agreed_at = now();

-- name: rebase(user_id, rows)!
-- Take what Discogs shows for agreed on, where the album was deleted here: so the deletion waits to go out.
UPDATE rekkrd.agreed AS pact
SET fields = pact.fields || shown.fields, agreed_at = now()
FROM jsonb_to_recordset(:rows) AS shown (instance_id bigint, fields jsonb)
WHERE pact.user_id = :user_id AND pact.instance_id = shown.instance_id AND pact.album_id IS NULL;

-- name: release(user_id, instance_ids)
-- Take albums off copies that are not on Discogs any more: they belong to no copy then, and may get a new one, which
-- says by itself when it was added.
WITH freed AS (
    DELETE FROM rekkrd.agreed
    WHERE user_id = :user_id AND instance_id = ANY(:instance_ids) AND album_id IS NOT NULL
    RETURNING instance_id, album_id
)
UPDATE public.albums AS album
SET discogs_instance_id = NULL, discogs_date_added = NULL
FROM freed
WHERE album.id = freed.album_id AND album.user_id = :user_id AND album.discogs_instance_id = freed.instance_id
RETURNING freed.instance_id;

-- name: forget(user_id, instance_ids)!
-- Drop the base of these copies: nothing is agreed on them, as before the first import.
DELETE FROM rekkrd.agreed
WHERE user_id = :user_id AND instance_id = ANY(:instance_ids);

-- name: sync_again(user_id, instance_id)!
-- Let imports and pushes see a copy again that was kept local only.
UPDATE rekkrd.agreed
SET is_local_only = FALSE
WHERE user_id = :user_id AND instance_id = :instance_id;

-- name: find_unlinked(user_id, instance_id)^
-- One present copy without a base, with what its album would say.
SELECT
    copy.instance_id,
    copy.release_id,
    copy.folder_id,
    copy.media_condition,
    copy.sleeve_condition,
    copy.notes,
    copy.date_added,
    release.master_id,
    release.artist,
    release.title,
    release.year,
    nullif(nullif(release.labels #>> '{0,catno}', ''), 'none') AS catalog_number,
    nullif(copy.rating, 0) AS discogs_rating,
    copy.fields AS listed
FROM rekkrd.instances AS copy
INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
WHERE copy.user_id = :user_id
    AND copy.instance_id = :instance_id
    AND copy.missing_since IS NULL
    AND NOT EXISTS (
        SELECT FROM rekkrd.agreed
        WHERE agreed.user_id = copy.user_id AND agreed.instance_id = copy.instance_id
    );

-- name: has_unlinked(user_id)$
-- Whether any present copy has no agreement, so that its album is still to be found or made.
SELECT EXISTS (
    SELECT FROM rekkrd.instances AS copy
    WHERE copy.user_id = :user_id
        AND copy.missing_since IS NULL
        AND NOT EXISTS (
            SELECT FROM rekkrd.agreed
            WHERE agreed.user_id = copy.user_id AND agreed.instance_id = copy.instance_id
        )
);

-- name: unlinked(user_id, after, room)
-- Present copies without an agreement, from after this one on, with what their album would say.
SELECT
    copy.instance_id,
    copy.release_id,
    copy.folder_id,
    copy.media_condition,
    copy.sleeve_condition,
    copy.notes,
    copy.date_added,
    release.master_id,
    release.artist,
    release.title,
    release.year,
    nullif(nullif(release.labels #>> '{0,catno}', ''), 'none') AS catalog_number,
    nullif(copy.rating, 0) AS discogs_rating,
    copy.fields AS listed
FROM rekkrd.instances AS copy
INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
WHERE copy.user_id = :user_id
    AND copy.instance_id > :after
    AND copy.missing_since IS NULL
    AND NOT EXISTS (
        SELECT FROM rekkrd.agreed
        WHERE agreed.user_id = copy.user_id AND agreed.instance_id = copy.instance_id
    )
ORDER BY copy.instance_id
LIMIT :room;

-- name: rivals_of_releases(user_id, release_ids)
-- How many present copies of each release have no agreement.
SELECT copy.release_id, count(*) AS copies
FROM rekkrd.instances AS copy
WHERE copy.user_id = :user_id
    AND copy.release_id = ANY(:release_ids)
    AND copy.missing_since IS NULL
    AND NOT EXISTS (
        SELECT FROM rekkrd.agreed
        WHERE agreed.user_id = copy.user_id AND agreed.instance_id = copy.instance_id
    )
GROUP BY copy.release_id;

-- name: rivals_of_names(user_id, artists, titles, years)
-- How many present copies fit each name and have no agreement; an unknown year fits every year. Copies first, releases
-- by their number: names have no index.
WITH free AS MATERIALIZED (
    SELECT rekkrd.artist_key(release.artist) AS artist, rekkrd.title_key(release.title) AS title, release.year
    FROM rekkrd.instances AS copy
    INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
    WHERE copy.user_id = :user_id
        AND copy.missing_since IS NULL
        AND NOT EXISTS (
            SELECT FROM rekkrd.agreed
            WHERE agreed.user_id = copy.user_id AND agreed.instance_id = copy.instance_id
        )
)
SELECT wanted.place, count(*) AS copies
FROM unnest(:artists::text [], :titles::text [], :years::integer [])
WITH ORDINALITY AS wanted (artist, title, year, place)
INNER JOIN free
    ON
        free.artist = rekkrd.artist_key(wanted.artist)
        AND free.title = rekkrd.title_key(wanted.title)
        AND coalesce(free.year = wanted.year, true)
GROUP BY wanted.place;
