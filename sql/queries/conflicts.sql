-- What changed here and on Discogs, and not to the same.

-- name: find_open(user_id, numbers, of_wants)
-- The open conflicts of these copies, or of these wants.
SELECT id, instance_id, release_id, album_id, field, has_base, base, ours, theirs, theirs_changed_after
FROM rekkrd.conflicts
WHERE user_id = :user_id
    AND instance_id = ANY(:numbers)
    AND resolved_at IS NULL
    AND starts_with(field, 'want_') = :of_wants;

-- name: change_times(album_ids)
-- When the app changed these albums last, if it keeps that; the column is read by name, for it need not be there.
SELECT id, to_jsonb(album) ->> 'updated_at' AS updated_at
FROM public.albums AS album
WHERE id = ANY(:album_ids) AND to_jsonb(album) ? 'updated_at';

-- name: keep(user_id, rows)!
-- Store conflicts, or bring the open ones up to date; a copy's field has one. An album that is being deleted is none.
INSERT INTO rekkrd.conflicts AS known (
    user_id, instance_id, release_id, album_id, field, has_base, base, ours, theirs, ours_changed_at,
    theirs_changed_after
)
SELECT
    :user_id,
    clash.instance_id,
    clash.release_id,
    (SELECT album.id FROM public.albums AS album WHERE album.id = clash.album_id FOR KEY SHARE),
    clash.field,
    clash.has_base,
    clash.base,
    clash.ours,
    clash.theirs,
    clash.ours_changed_at,
    clash.theirs_changed_after
FROM jsonb_to_recordset(:rows) AS clash (
    instance_id bigint, release_id bigint, album_id uuid, field text, has_base boolean, base jsonb, ours jsonb,
    theirs jsonb, ours_changed_at timestamptz, theirs_changed_after timestamptz
)
ON CONFLICT (user_id, instance_id, field) WHERE resolved_at IS NULL DO UPDATE
    SET
        album_id = excluded.album_id,
        has_base = excluded.has_base,
        base = excluded.base,
        ours = excluded.ours,
        theirs = excluded.theirs,
        ours_changed_at = excluded.ours_changed_at,
        theirs_changed_after = excluded.theirs_changed_after;

-- name: close(user_id, rows)!
-- End open conflicts, and say how and by whom.
UPDATE rekkrd.conflicts AS conflict
SET resolved_at = now(), resolution = ended.resolution, resolved_by = ended.resolved_by
FROM jsonb_to_recordset(:rows) AS ended (instance_id bigint, field text, resolution text, resolved_by text)
WHERE conflict.user_id = :user_id
    AND conflict.instance_id = ended.instance_id
    AND conflict.field = ended.field
    AND conflict.resolved_at IS NULL;

-- name: claim(user_id, ids)
-- Those of these conflicts that are open, held until the end of the transaction: one of two answers comes first.
SELECT id, instance_id, release_id, album_id, field, has_base, base, ours, theirs, theirs_changed_after
FROM rekkrd.conflicts
WHERE user_id = :user_id AND id = ANY(:ids) AND resolved_at IS NULL
ORDER BY id
FOR UPDATE;

-- name: open_ids(user_id, field, album_id, after, room)
-- Open conflicts that have this in common, from after a given one on.
SELECT id
FROM rekkrd.conflicts
WHERE user_id = :user_id
    AND resolved_at IS NULL
    AND id > :after
    AND (:field::text IS NULL OR field = :field)
    AND (:album_id::uuid IS NULL OR album_id = :album_id)
ORDER BY id
LIMIT :room;

-- name: count_open(user_id, field, album_id)$
-- How many open conflicts have this in common.
SELECT count(*)
FROM rekkrd.conflicts
WHERE user_id = :user_id
    AND resolved_at IS NULL
    AND (:field::text IS NULL OR field = :field)
    AND (:album_id::uuid IS NULL OR album_id = :album_id);

-- name: page(user_id, field, album_id, is_open, below_at, below_id, room)
-- A collector's conflicts, the newest first, from below a given one.
SELECT
    conflict.id,
    conflict.instance_id,
    conflict.release_id,
    conflict.album_id,
    conflict.field,
    conflict.has_base,
    conflict.base,
    conflict.ours,
    conflict.theirs,
    conflict.theirs_changed_after,
    conflict.found_at,
    conflict.ours_changed_at,
    conflict.resolved_at,
    conflict.resolution,
    conflict.resolved_by,
    release.artist,
    release.title
FROM rekkrd.conflicts AS conflict
LEFT JOIN rekkrd.releases AS release ON conflict.release_id = release.release_id
WHERE conflict.user_id = :user_id
    AND (conflict.found_at, conflict.id) < (:below_at, :below_id)
    AND (:field::text IS NULL OR conflict.field = :field)
    AND (:album_id::uuid IS NULL OR conflict.album_id = :album_id)
    AND (:is_open::boolean IS NULL OR (conflict.resolved_at IS NULL) = :is_open)
ORDER BY conflict.found_at DESC, conflict.id DESC
LIMIT :room;

-- name: find(user_id, id)^
-- One conflict of this collector.
SELECT
    conflict.id,
    conflict.instance_id,
    conflict.release_id,
    conflict.album_id,
    conflict.field,
    conflict.has_base,
    conflict.base,
    conflict.ours,
    conflict.theirs,
    conflict.theirs_changed_after,
    conflict.found_at,
    conflict.ours_changed_at,
    conflict.resolved_at,
    conflict.resolution,
    conflict.resolved_by,
    (SELECT release.artist FROM rekkrd.releases AS release WHERE release.release_id = conflict.release_id) AS artist,
    (SELECT release.title FROM rekkrd.releases AS release WHERE release.release_id = conflict.release_id) AS title
FROM rekkrd.conflicts AS conflict
WHERE conflict.id = :id AND conflict.user_id = :user_id;

-- name: supersede_missing(user_id)!
-- End the conflicts about fields of copies that vanished on Discogs: there is no other side any more.
UPDATE rekkrd.conflicts AS conflict
SET resolved_at = now(), resolution = 'superseded', resolved_by = 'sync'
WHERE conflict.user_id = :user_id
    AND conflict.resolved_at IS NULL
    AND conflict.field <> '_record'
    AND NOT starts_with(conflict.field, 'want_')
    AND EXISTS (
        SELECT FROM rekkrd.instances AS copy
        WHERE copy.user_id = conflict.user_id
            AND copy.instance_id = conflict.instance_id
            AND copy.missing_since IS NOT NULL
    );

-- name: open_vanished(user_id)
-- The copies that are missing on Discogs and about which, as a whole, a conflict is open.
SELECT conflict.instance_id
FROM rekkrd.conflicts AS conflict
INNER JOIN rekkrd.instances AS copy
    ON conflict.user_id = copy.user_id AND conflict.instance_id = copy.instance_id
WHERE conflict.user_id = :user_id
    AND conflict.resolved_at IS NULL
    AND conflict.field = '_record'
    AND copy.missing_since IS NOT NULL;

-- name: edited_and_missing(user_id)
-- Copies that vanished on Discogs while their albums differ from what was agreed on. Empty texts and none are the same;
-- what was never agreed on, as of a copy that was added by us and not seen since, is no difference.
SELECT
    copy.instance_id,
    copy.release_id,
    copy.fetched_at,
    pact.fields AS agreed_fields,
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
FROM rekkrd.instances AS copy
INNER JOIN rekkrd.agreed AS pact ON copy.user_id = pact.user_id AND copy.instance_id = pact.instance_id
INNER JOIN public.albums AS album ON pact.album_id = album.id
CROSS JOIN LATERAL jsonb_to_record(to_jsonb(album) || pact.fields) AS was (
    artist text, title text, year integer, discogs_release_id bigint, discogs_master_id bigint,
    media_condition text, sleeve_condition text, discogs_folder_id bigint, discogs_notes text,
    discogs_date_added timestamptz, catalog_number text, discogs_rating smallint
)
WHERE copy.user_id = :user_id
    AND copy.missing_since IS NOT NULL
    AND NOT pact.is_local_only
    AND ((
        nullif(album.artist, ''), nullif(album.title, ''), album.year, album.discogs_release_id,
        album.discogs_master_id, nullif(album.media_condition, ''), nullif(album.sleeve_condition, ''),
        album.discogs_folder_id, nullif(album.discogs_notes, ''), album.discogs_date_added,
        nullif(album.catalog_number, ''), album.discogs_rating
    ) IS DISTINCT FROM (
        nullif(was.artist, ''), nullif(was.title, ''), was.year, was.discogs_release_id,
        was.discogs_master_id, nullif(was.media_condition, ''), nullif(was.sleeve_condition, ''),
        was.discogs_folder_id, nullif(was.discogs_notes, ''), was.discogs_date_added,
        nullif(was.catalog_number, ''), was.discogs_rating
    ) OR EXISTS (
        SELECT FROM jsonb_object_keys(pact.fields || coalesce(album.discogs_fields, '{}')) AS name
        WHERE starts_with(name, 'field_')
            AND coalesce(album.discogs_fields ->> name, '') <> coalesce(pact.fields ->> name, '')
    ));
