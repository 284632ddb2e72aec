-- name: known(user_id, release_ids)
-- What is stored of these wants, with the sweep that saw them last.
SELECT
    release_id,
    rating,
    notes,
    date_added,
    seen_in,
    missing_since IS NOT NULL AS is_missing,
    agreed,
    is_local_only,
    fetched_at AS looked_at
FROM rekkrd.wants
WHERE user_id = :user_id AND release_id = ANY(:release_ids);

-- name: upsert(user_id, sweep_id, rows)!
-- Store wants as a page of this sweep shows them, or a look that belongs to none; who was missing is back.
INSERT INTO rekkrd.wants (user_id, release_id, rating, notes, date_added, seen_in)
SELECT :user_id, page.release_id, page.rating, page.notes, page.date_added, :sweep_id
FROM jsonb_to_recordset(:rows) AS page (release_id bigint, rating smallint, notes text, date_added timestamptz)
ON CONFLICT (user_id, release_id) DO UPDATE
    SET
        rating = excluded.rating,
        notes = excluded.notes,
        date_added = excluded.date_added,
        seen_in = coalesce(excluded.seen_in, wants.seen_in),
        fetched_at = now(),
        missing_since = NULL;

-- name: count_present(user_id)$
-- How many wants of this collector are not missing.
SELECT count(*)
FROM rekkrd.wants
WHERE user_id = :user_id AND missing_since IS NULL;

-- name: count_down_to(user_id, release_ids)$
-- How many wants stand in a list, newest first, up to the oldest of these; those without a day count as older.
SELECT count(*)
FROM rekkrd.wants AS want
WHERE want.user_id = :user_id
    AND want.missing_since IS NULL
    AND coalesce(want.date_added, '-infinity') >= (
        SELECT min(coalesce(oldest.date_added, '-infinity'))
        FROM rekkrd.wants AS oldest
        WHERE oldest.user_id = :user_id AND oldest.release_id = ANY(:release_ids)
    );

-- name: count_unseen(user_id, sweep_id)^
-- How many wants were known when this sweep began, and how many of all present ones it did not see.
SELECT
    count(*) FILTER (WHERE want.first_seen_at < sweep.started_at) AS known,
    count(*) FILTER (WHERE want.seen_in IS DISTINCT FROM sweep.id) AS unseen
FROM rekkrd.sweeps AS sweep
INNER JOIN rekkrd.wants AS want ON sweep.user_id = want.user_id
WHERE sweep.id = :sweep_id AND sweep.user_id = :user_id AND want.missing_since IS NULL;

-- name: unseen(user_id, sweep_id, room)
-- Some of the wants that this sweep did not see, newest first, to show to the collector.
SELECT want.release_id, release.artist, release.title
FROM rekkrd.wants AS want
INNER JOIN rekkrd.releases AS release ON want.release_id = release.release_id
WHERE want.user_id = :user_id AND want.missing_since IS NULL AND want.seen_in IS DISTINCT FROM :sweep_id
ORDER BY want.date_added DESC, want.release_id DESC
LIMIT :room;

-- name: mark_missing(user_id, sweep_id)!
-- Mark what a complete sweep did not see, with a line in the log for each.
WITH gone AS (
    UPDATE rekkrd.wants
    SET missing_since = now()
    WHERE user_id = :user_id AND missing_since IS NULL AND seen_in IS DISTINCT FROM :sweep_id
    RETURNING release_id
)
INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, status, details)
SELECT
    :user_id,
    'update',
    gone.release_id,
    'success',
    jsonb_build_object('change', 'missing', 'list', 'wantlist', 'sweep', :sweep_id::text)
FROM gone;

-- name: mark_gone(user_id, sweep_id)!
-- Mark what that sweep did not see and nothing has shown since, as it would have: the collector said that it is gone.
WITH gone AS (
    UPDATE rekkrd.wants AS want
    SET missing_since = now()
    FROM rekkrd.sweeps AS sweep
    WHERE sweep.id = :sweep_id
        AND sweep.user_id = :user_id
        AND want.user_id = :user_id
        AND want.missing_since IS NULL
        AND want.seen_in IS DISTINCT FROM :sweep_id
        AND want.fetched_at < sweep.started_at
    RETURNING want.release_id
)
INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, status, details)
SELECT
    :user_id,
    'update',
    gone.release_id,
    'success',
    jsonb_build_object('change', 'missing', 'list', 'wantlist', 'sweep', :sweep_id::text, 'by', 'collector')
FROM gone;

-- name: unmark(user_id, release_id)!
-- Count a missing want as present on Discogs until the next import.
UPDATE rekkrd.wants
SET missing_since = NULL
WHERE user_id = :user_id AND release_id = :release_id;

-- name: sync_again(user_id, release_id)!
-- Let imports and pushes see a want again that was kept local only.
UPDATE rekkrd.wants
SET is_local_only = FALSE
WHERE user_id = :user_id AND release_id = :release_id;
