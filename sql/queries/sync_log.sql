-- name: add(user_id, rows)!
-- Keep one line for each record that was touched. Its album may have been deleted since the work on it began.
INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, album_id, status, details)
SELECT
    :user_id,
    line.action,
    line.release_id,
    (SELECT album.id FROM public.albums AS album WHERE album.id = line.album_id FOR KEY SHARE),
    line.status,
    line.details
FROM jsonb_to_recordset(:rows) AS line (
    action text, release_id bigint, album_id uuid, status text, details jsonb
);

-- name: last_problem(user_id, release_id, instance_id, field)$
-- Why a field of a copy could not go out, if that is the last thing that was said of its way to Discogs.
SELECT details ->> 'error'
FROM public.discogs_sync_log
WHERE user_id = :user_id
    AND discogs_release_id = :release_id
    AND action = 'export'
    AND details @> jsonb_build_object('instance_id', :instance_id::bigint, 'field', :field::text)
ORDER BY created_at DESC, id DESC
LIMIT 1;

-- name: removed_lately(user_id, of_wants)$
-- How many copies, or wants, were removed on Discogs within a day by pushes that nobody had allowed to, since one that
-- somebody had.
WITH removal AS MATERIALIZED (
    SELECT created_at, details ? 'allowed' AS is_allowed
    FROM public.discogs_sync_log
    WHERE user_id = :user_id
        AND created_at > now() - interval '1 day'
        AND action = 'delete'
        AND status = 'success'
        AND details ->> 'change' = 'remove'
        AND (details ? 'list') = :of_wants
)

SELECT count(*)
FROM removal
WHERE NOT is_allowed
    AND NOT EXISTS (
        SELECT FROM removal AS allowed
        WHERE allowed.is_allowed AND allowed.created_at >= removal.created_at
    );

-- name: of_user(user_id, room)
-- A collector's newest lines.
SELECT action, discogs_release_id AS release_id, album_id, status, details
FROM public.discogs_sync_log
WHERE user_id = :user_id
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: written_now(user_id)
-- The lines of the transaction that asks: each line carries the time at which its transaction began.
SELECT action, discogs_release_id AS release_id, album_id, status, details
FROM public.discogs_sync_log
WHERE user_id = :user_id AND created_at = now();

-- name: find(user_id, id)^
-- When a line of this collector was written, to go on from below it.
SELECT id, created_at
FROM public.discogs_sync_log
WHERE user_id = :user_id AND id = :id;

-- name: page(user_id, action, status, job_id, since, before_at, before_id, room)
-- A collector's lines, newest first, from below a given one. An import's lines name the walk, and so the job.
SELECT id, created_at, action, discogs_release_id AS release_id, album_id, status, details
FROM public.discogs_sync_log
WHERE
    user_id = :user_id AND (created_at, id) < (:before_at, :before_id) AND created_at >= :since
    AND (:action::text IS NULL OR action = :action) AND (:status::text IS NULL OR status = :status)
    AND (
        :job_id::uuid IS NULL OR details ->> 'job' = :job_id::text
        OR details ->> 'sweep' IN (SELECT sweep.id::text FROM rekkrd.sweeps AS sweep WHERE sweep.job_id = :job_id)
    )
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_release(user_id, release_id, album_id, action, status, job_id, since, before_at, before_id, room)
-- The lines of one release, or of one of its albums.
SELECT id, created_at, action, discogs_release_id AS release_id, album_id, status, details
FROM public.discogs_sync_log
WHERE
    user_id = :user_id AND discogs_release_id = :release_id
    AND (created_at, id) < (:before_at, :before_id) AND created_at >= :since
    AND (:album_id::uuid IS NULL OR album_id = :album_id)
    AND (:action::text IS NULL OR action = :action) AND (:status::text IS NULL OR status = :status)
    AND (
        :job_id::uuid IS NULL OR details ->> 'job' = :job_id::text
        OR details ->> 'sweep' IN (SELECT sweep.id::text FROM rekkrd.sweeps AS sweep WHERE sweep.job_id = :job_id)
    )
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_album(user_id, album_id, action, status, job_id, since, before_at, before_id, room)
-- The lines of one album.
SELECT id, created_at, action, discogs_release_id AS release_id, album_id, status, details
FROM public.discogs_sync_log
WHERE
    album_id = :album_id AND user_id = :user_id
    AND (created_at, id) < (:before_at, :before_id) AND created_at >= :since
    AND (:action::text IS NULL OR action = :action) AND (:status::text IS NULL OR status = :status)
    AND (
        :job_id::uuid IS NULL OR details ->> 'job' = :job_id::text
        OR details ->> 'sweep' IN (SELECT sweep.id::text FROM rekkrd.sweeps AS sweep WHERE sweep.job_id = :job_id)
    )
ORDER BY created_at DESC, id DESC
LIMIT :room;
