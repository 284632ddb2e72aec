-- The last sync of a collector, line by line, and whether it was taken back.

-- name: find_sync(user_id, kinds, apart)^
-- The last sync that touched a record. Jobs that ran together, or one soon after the other, are one sync.
WITH jobs AS (
    SELECT
        job.id,
        job.kind,
        job.started_at,
        coalesce(job.finished_at, now()) AS until,
        job.finished_at IS NULL AS is_live
    FROM rekkrd.jobs AS job
    WHERE job.user_id = :user_id AND job.kind = ANY(:kinds) AND job.started_at IS NOT NULL
),

placed AS (
    SELECT
        jobs.*,
        max(jobs.until) OVER (ORDER BY jobs.started_at, jobs.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            AS before
    FROM jobs
),

grouped AS (
    SELECT
        placed.*,
        count(*) FILTER (WHERE placed.before IS NULL OR placed.started_at > placed.before + :apart::interval)
            OVER (ORDER BY placed.started_at, placed.id) AS nth
    FROM placed
)

SELECT
    min(grouped.started_at) AS synced_from,
    max(grouped.until) AS synced_until,
    array_agg(DISTINCT grouped.kind ORDER BY grouped.kind) AS kinds,
    bool_or(grouped.is_live) AS is_live
FROM grouped
GROUP BY grouped.nth
HAVING EXISTS (
    SELECT FROM public.discogs_sync_log AS line
    WHERE line.user_id = :user_id
        AND line.created_at BETWEEN min(grouped.started_at) AND max(grouped.until)
        AND coalesce(line.details ->> 'by', '') NOT IN ('collector', 'undo')
)
ORDER BY max(grouped.until) DESC
LIMIT 1;

-- name: list_lines(user_id, synced_from, synced_until, before_at, before_id, room)
-- What that sync did to records, the last first. What the collector answered meanwhile is their own.
SELECT
    line.id,
    line.created_at,
    line.action,
    line.discogs_release_id AS release_id,
    line.album_id,
    line.details,
    coalesce(release.artist, line.details #>> '{removed,artist}') AS artist,
    coalesce(release.title, line.details #>> '{removed,title}') AS title
FROM public.discogs_sync_log AS line
LEFT JOIN rekkrd.releases AS release ON line.discogs_release_id = release.release_id
WHERE line.user_id = :user_id
    AND line.created_at BETWEEN :synced_from AND :synced_until
    AND (line.created_at, line.id) < (:before_at, :before_id)
    AND line.status IN ('success', 'conflict')
    AND line.details ->> 'change' IN (
        'created', 'shelved', 'linked', 'updated', 'reappeared', 'missing', 'remove'
    )
    AND coalesce(line.details ->> 'by', '') NOT IN ('collector', 'undo')
    AND coalesce(line.details ->> 'evidence', '') <> 'the collector''s answer'
ORDER BY line.created_at DESC, line.id DESC
LIMIT :room;

-- name: find(user_id, synced_until)^
-- Whether this sync was taken back.
SELECT synced_from, synced_until, job_id, began_at, ended_at, reached_at, reached_id, undone, kept
FROM rekkrd.undos
WHERE user_id = :user_id AND synced_until = :synced_until;

-- name: find_within(user_id, synced_from, synced_until)^
-- Whether this sync was taken back, when it was as long as now or shorter.
SELECT synced_from, synced_until, job_id, began_at, ended_at, reached_at, reached_id, undone, kept
FROM rekkrd.undos
WHERE user_id = :user_id AND synced_from <= :synced_until AND synced_until >= :synced_from
ORDER BY began_at DESC
LIMIT 1;

-- name: find_unended(user_id)^
-- A sync that was taken back in part only.
SELECT synced_from, synced_until, job_id, began_at, ended_at, reached_at, reached_id, undone, kept
FROM rekkrd.undos
WHERE user_id = :user_id AND ended_at IS NULL
ORDER BY synced_until DESC
LIMIT 1;

-- name: start(user_id, synced_from, synced_until, job_id)!
-- A sync is being taken back, by this job.
INSERT INTO rekkrd.undos (user_id, synced_from, synced_until, job_id)
VALUES (:user_id, :synced_from, :synced_until, :job_id)
ON CONFLICT (user_id, synced_until) DO UPDATE
    SET job_id = excluded.job_id
    WHERE undos.ended_at IS NULL;

-- name: reach(user_id, synced_until, reached_at, reached_id, undone, kept)!
-- More of it was taken back, or left alone, up to this line.
UPDATE rekkrd.undos
SET undone = undone + :undone, kept = kept + :kept, reached_at = :reached_at, reached_id = :reached_id
WHERE user_id = :user_id AND synced_until = :synced_until;

-- name: finish(user_id, synced_until)!
-- All of it was looked at.
UPDATE rekkrd.undos
SET ended_at = now()
WHERE user_id = :user_id AND synced_until = :synced_until;

-- name: list_waiting_jobs(user_id, kinds)
-- Live jobs of these kinds that have not begun.
SELECT job.id
FROM rekkrd.jobs AS job
WHERE job.user_id = :user_id AND job.kind = ANY(:kinds) AND job.started_at IS NULL AND job.finished_at IS NULL;

-- name: drop_album(user_id, album_id)!
-- Delete an album that a sync made. Its base is dropped by the caller, so that this is no deletion to push.
DELETE FROM public.albums
WHERE id = :album_id AND user_id = :user_id;

-- name: make_album(user_id, columns)$
-- An album that is on Discogs no more, as its copy was: the next push adds it.
INSERT INTO public.albums (
    user_id, artist, title, year, discogs_release_id, discogs_master_id, media_condition, sleeve_condition,
    discogs_folder_id, discogs_notes, catalog_number, discogs_rating, discogs_fields
)
SELECT
    :user_id,
    coalesce(said.artist, release.artist),
    coalesce(said.title, release.title),
    release.year,
    said.discogs_release_id,
    release.master_id,
    said.media_condition,
    said.sleeve_condition,
    said.discogs_folder_id,
    said.discogs_notes,
    nullif(nullif(release.labels #>> '{0,catno}', ''), 'none'),
    said.discogs_rating,
    said.discogs_fields
FROM jsonb_to_record(:columns::jsonb) AS said (
    artist text, title text, discogs_release_id bigint, media_condition text, sleeve_condition text,
    discogs_folder_id bigint, discogs_notes text, discogs_rating smallint, discogs_fields jsonb
)
LEFT JOIN rekkrd.releases AS release ON said.discogs_release_id = release.release_id
RETURNING id;
