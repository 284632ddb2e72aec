-- What differs here from what both sides agreed on, and so waits to go out; found by comparison, whoever wrote it.

-- name: changed_releases(user_id, after, room)
-- The next releases of whose copies something waits: an edited album, or a deleted one.
SELECT DISTINCT copy.release_id
FROM rekkrd.agreed AS pact
INNER JOIN rekkrd.instances AS copy ON pact.user_id = copy.user_id AND pact.instance_id = copy.instance_id
LEFT JOIN public.albums AS album ON pact.album_id = album.id
WHERE pact.user_id = :user_id
    AND copy.release_id > :after
    AND copy.missing_since IS NULL
    AND NOT pact.is_local_only
    AND rekkrd.waits_to_go_out(pact.fields, album, copy)
ORDER BY copy.release_id
LIMIT :room;

-- name: adds(user_id, after_release, release_id, room)
-- Albums that are not on Discogs yet, or shall be there again after their copy vanished; those that nobody can tell
-- from others there wait for the next import.
SELECT
    album.id AS album_id,
    album.discogs_release_id AS release_id,
    album.artist,
    album.title,
    album.discogs_folder_id AS folder_id
FROM public.albums AS album
INNER JOIN rekkrd.links AS link ON album.user_id = link.user_id
WHERE album.user_id = :user_id
    AND album.discogs_release_id > :after_release
    AND (:release_id::bigint IS NULL OR album.discogs_release_id = :release_id::bigint)
    AND album.discogs_instance_id IS NULL
    AND (
        album.created_at > link.collection_first_complete_at
        OR EXISTS (
            SELECT FROM rekkrd.conflicts AS wish
            WHERE wish.album_id = album.id AND wish.field = '_record' AND wish.resolution = 'ours'
        )
    )
    AND NOT EXISTS (SELECT FROM rekkrd.agreed AS bound WHERE bound.album_id = album.id)
    AND NOT EXISTS (SELECT FROM rekkrd.intents AS lost WHERE lost.album_id = album.id AND lost.state = 'unclear')
    AND NOT EXISTS (
        SELECT FROM rekkrd.questions AS question
        WHERE question.user_id = album.user_id
            AND question.kind = 'duplicate'
            AND question.answered_at IS NULL
            AND question.details -> 'candidates' @> jsonb_build_array(jsonb_build_object('album_id', album.id))
    )
ORDER BY album.discogs_release_id, album.id
LIMIT :room;

-- name: changes(user_id, after_release, release_id, with_the_same, room)
-- Copies whose album differs from what was agreed on, or is gone: what was agreed, what is here, what Discogs had last.
SELECT
    pact.instance_id,
    copy.release_id,
    copy.folder_id AS at_folder,
    pact.fields AS agreed_fields,
    copy.fields AS remote_fields,
    copy.rating,
    copy.date_added,
    copy.media_condition AS their_media_condition,
    copy.sleeve_condition AS their_sleeve_condition,
    copy.notes AS their_notes,
    release.artist AS release_artist,
    release.title AS release_title,
    album.id AS album_id,
    album.media_condition,
    album.sleeve_condition,
    album.discogs_folder_id,
    album.discogs_notes,
    album.discogs_rating,
    album.discogs_fields
FROM rekkrd.agreed AS pact
INNER JOIN rekkrd.instances AS copy ON pact.user_id = copy.user_id AND pact.instance_id = copy.instance_id
INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
LEFT JOIN public.albums AS album ON pact.album_id = album.id
WHERE pact.user_id = :user_id
    AND copy.release_id > :after_release
    AND (:release_id::bigint IS NULL OR copy.release_id = :release_id::bigint)
    AND copy.missing_since IS NULL
    AND NOT pact.is_local_only
    AND (:with_the_same OR rekkrd.waits_to_go_out(pact.fields, album, copy))
ORDER BY copy.release_id, pact.instance_id
LIMIT :room;

-- name: count_removals(user_id)^
-- How many copies would be removed on Discogs because their album was deleted here, of how many that are there.
SELECT
    count(*) FILTER (
        WHERE EXISTS (
            SELECT FROM rekkrd.agreed AS pact
            WHERE pact.user_id = copy.user_id
                AND pact.instance_id = copy.instance_id
                AND pact.album_id IS NULL
                AND NOT pact.is_local_only
                AND rekkrd.waits_to_go_out(pact.fields, NULL, copy)
        )
    ) AS removals,
    count(*) AS present
FROM rekkrd.instances AS copy
WHERE copy.user_id = :user_id AND copy.missing_since IS NULL;

-- name: intend(user_id, album_id, release_id)^
-- Store that a copy will be added, with the copies of its release that are known now. Who comes second finds the first.
INSERT INTO rekkrd.intents AS meant (user_id, album_id, release_id, known)
VALUES (
    :user_id,
    :album_id,
    :release_id,
    coalesce(
        (
            SELECT array_agg(copy.instance_id)
            FROM rekkrd.instances AS copy
            WHERE copy.user_id = :user_id AND copy.release_id = :release_id
        ),
        '{}'
    )
)
ON CONFLICT (album_id) WHERE state = 'open' DO UPDATE
    SET album_id = excluded.album_id
RETURNING id, known;

-- name: end_intent(id, state, instance_id, error)!
-- Say what became of an intent.
UPDATE rekkrd.intents
SET state = :state, instance_id = :instance_id, error = :error, ended_at = now()
WHERE id = :id AND state = 'open';

-- name: find_bound(user_id, instance_ids)
-- Those of these copies that an album has already: none of them was added for another.
SELECT pact.instance_id
FROM rekkrd.agreed AS pact
WHERE pact.user_id = :user_id AND pact.instance_id = ANY(:instance_ids)
UNION
SELECT album.discogs_instance_id
FROM public.albums AS album
WHERE album.user_id = :user_id AND album.discogs_instance_id = ANY(:instance_ids);

-- name: find_intent(id)^
-- One intent.
SELECT id, album_id, release_id, known, state
FROM rekkrd.intents
WHERE id = :id;

-- name: know_release(release_id, album_id)!
-- A release of which only the collector has told us yet; the next page says the rest.
INSERT INTO rekkrd.releases (release_id, title, artist, year, fetched_at)
VALUES (
    :release_id,
    coalesce((SELECT title FROM public.albums WHERE id = :album_id), ''),
    coalesce((SELECT artist FROM public.albums WHERE id = :album_id), ''),
    (SELECT year FROM public.albums WHERE id = :album_id),
    to_timestamp(0)
)
ON CONFLICT (release_id) DO NOTHING;

-- name: bind(user_id, album_id, instance_id, folder_id)!
-- Give the copy that was added to its album, which is in a folder now if it was in none.
UPDATE public.albums
SET discogs_instance_id = :instance_id, discogs_folder_id = coalesce(discogs_folder_id, :folder_id)
WHERE id = :album_id AND user_id = :user_id AND discogs_instance_id IS NULL;

-- name: add_copy(user_id, instance_id, release_id, folder_id)!
-- The copy that was added.
INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id, date_added)
VALUES (:user_id, :instance_id, :release_id, :folder_id, now())
ON CONFLICT (user_id, instance_id) DO NOTHING;

-- name: agree_on_added(user_id, album_id, instance_id, folder_id)!
-- Agree on a new copy: what Discogs made is empty but for its folder, so grades and notes are changes that still wait.
-- Of one that its owner added nothing is agreed. An album that was deleted meanwhile is a deletion that waits.
INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields)
VALUES (
    :user_id,
    :instance_id,
    (SELECT album.id FROM public.albums AS album WHERE album.id = :album_id FOR KEY SHARE),
    jsonb_build_object(
        'media_condition', NULL,
        'sleeve_condition', NULL,
        'discogs_folder_id', :folder_id::bigint,
        'discogs_notes', NULL,
        'discogs_rating', NULL
    )
)
ON CONFLICT (user_id, instance_id) DO NOTHING;

-- name: agree(user_id, instance_id, field, value)!
-- Discogs has taken this value: both sides agree on it.
UPDATE rekkrd.agreed
SET fields = fields || jsonb_build_object(:field::text, :value::jsonb), agreed_at = now()
WHERE user_id = :user_id AND instance_id = :instance_id;

-- name: show(user_id, instance_id, media_condition, sleeve_condition, notes, folder_id, rating, fields)!
-- What the copy shows on Discogs after our change, so that its echo is no news.
UPDATE rekkrd.instances
SET
    media_condition = :media_condition,
    sleeve_condition = :sleeve_condition,
    notes = :notes,
    folder_id = :folder_id,
    rating = :rating,
    fields = :fields
WHERE user_id = :user_id AND instance_id = :instance_id;

-- name: removed(user_id, instance_id)!
-- The copy is gone on Discogs, as the collector wanted: it is kept here as missing, and nothing is agreed on it.
WITH pact AS (
    DELETE FROM rekkrd.agreed
    WHERE user_id = :user_id AND instance_id = :instance_id
)

UPDATE rekkrd.instances
SET missing_since = coalesce(missing_since, now())
WHERE user_id = :user_id AND instance_id = :instance_id;

-- name: is_confirmed(user_id)$
-- Whether the collector said yes to the first preview.
SELECT push_confirmed_at IS NOT NULL
FROM rekkrd.links
WHERE user_id = :user_id;

-- name: confirm(user_id)!
-- The collector saw what would go out, and said yes.
UPDATE rekkrd.links
SET push_confirmed_at = coalesce(push_confirmed_at, now())
WHERE user_id = :user_id;
