-- name: known(user_id, instance_ids)
-- What is stored of these copies, with the sweep that saw them last.
SELECT
    instance_id,
    release_id,
    folder_id,
    rating,
    date_added,
    media_condition,
    sleeve_condition,
    notes,
    fields,
    seen_in,
    fetched_at,
    missing_since IS NOT NULL AS is_missing
FROM rekkrd.instances
WHERE user_id = :user_id AND instance_id = ANY(:instance_ids);

-- name: upsert(user_id, sweep_id, rows)!
-- Store copies as a page of this sweep shows them, or a look that belongs to none; who was missing is back.
INSERT INTO rekkrd.instances AS held (
    user_id, instance_id, release_id, folder_id, rating, date_added, media_condition, sleeve_condition, notes, fields,
    seen_in
)
SELECT
    :user_id,
    page.instance_id,
    page.release_id,
    page.folder_id,
    page.rating,
    page.date_added,
    page.media_condition,
    page.sleeve_condition,
    page.notes,
    page.fields,
    :sweep_id
FROM jsonb_to_recordset(:rows) AS page (
    instance_id bigint, release_id bigint, folder_id bigint, rating smallint, date_added timestamptz,
    media_condition text, sleeve_condition text, notes text, fields jsonb
)
ON CONFLICT (user_id, instance_id) DO UPDATE
    SET
        release_id = excluded.release_id,
        folder_id = excluded.folder_id,
        rating = excluded.rating,
        date_added = excluded.date_added,
        media_condition = excluded.media_condition,
        sleeve_condition = excluded.sleeve_condition,
        notes = excluded.notes,
        fields = excluded.fields,
        seen_in = coalesce(excluded.seen_in, held.seen_in),
        fetched_at = now(),
        missing_since = NULL;

-- name: count_present(user_id)$
-- How many copies of this collector are not missing.
SELECT count(*)
FROM rekkrd.instances
WHERE user_id = :user_id AND missing_since IS NULL;

-- name: count_unseen(user_id, sweep_id)^
-- How many copies were known when this sweep began, and how many of all present ones it did not see.
SELECT
    count(*) FILTER (WHERE copy.first_seen_at < sweep.started_at) AS known,
    count(*) FILTER (WHERE copy.seen_in IS DISTINCT FROM sweep.id) AS unseen
FROM rekkrd.sweeps AS sweep
INNER JOIN rekkrd.instances AS copy ON sweep.user_id = copy.user_id
WHERE sweep.id = :sweep_id AND sweep.user_id = :user_id AND copy.missing_since IS NULL;

-- name: unseen(user_id, sweep_id, room)
-- Some of the copies that this sweep did not see, newest first, to show to the collector.
SELECT copy.instance_id, copy.release_id, release.artist, release.title
FROM rekkrd.instances AS copy
INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
WHERE copy.user_id = :user_id AND copy.missing_since IS NULL AND copy.seen_in IS DISTINCT FROM :sweep_id
ORDER BY copy.date_added DESC, copy.instance_id DESC
LIMIT :room;

-- name: mark_missing(user_id, sweep_id)!
-- Mark what a complete sweep did not see, with a line in the log for each.
WITH gone AS (
    UPDATE rekkrd.instances
    SET missing_since = now()
    WHERE user_id = :user_id AND missing_since IS NULL AND seen_in IS DISTINCT FROM :sweep_id
    RETURNING instance_id, release_id
)
INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, album_id, status, details)
SELECT
    :user_id,
    'update',
    gone.release_id,
    agreed.album_id,
    'success',
    jsonb_build_object('change', 'missing', 'instance_id', gone.instance_id, 'sweep', :sweep_id::text)
FROM gone
LEFT JOIN rekkrd.agreed ON agreed.user_id = :user_id AND gone.instance_id = agreed.instance_id;

-- name: mark_gone(user_id, sweep_id)!
-- Mark what that sweep did not see and nothing has shown since, as it would have: the collector said that it is gone.
WITH gone AS (
    UPDATE rekkrd.instances AS copy
    SET missing_since = now()
    FROM rekkrd.sweeps AS sweep
    WHERE sweep.id = :sweep_id
        AND sweep.user_id = :user_id
        AND copy.user_id = :user_id
        AND copy.missing_since IS NULL
        AND copy.seen_in IS DISTINCT FROM :sweep_id
        AND copy.fetched_at < sweep.started_at
    RETURNING copy.instance_id, copy.release_id
)
INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, album_id, status, details)
SELECT
    :user_id,
    'update',
    gone.release_id,
    agreed.album_id,
    'success',
    jsonb_build_object(
        'change', 'missing', 'instance_id', gone.instance_id, 'sweep', :sweep_id::text, 'by', 'collector'
    )
FROM gone
LEFT JOIN rekkrd.agreed ON agreed.user_id = :user_id AND gone.instance_id = agreed.instance_id;

-- name: restore(user_id, instance_id)$
-- Un-mark a missing copy; its release.
UPDATE rekkrd.instances
SET missing_since = NULL
WHERE user_id = :user_id AND instance_id = :instance_id AND missing_since IS NOT NULL
RETURNING release_id;
