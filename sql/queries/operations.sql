-- What operators do to the ledger: many jobs at once, chosen by what they have in common.

-- name: find_chosen(state, kind, user_id, error_class, newer_than, older_than, after_at, after_id, room)
-- Jobs of one state that have the rest in common, the oldest first, from behind a given one.
SELECT id, created_at
FROM rekkrd.jobs
WHERE
    state = :state AND (created_at, id) > (:after_at, :after_id)
    AND (:kind::text IS NULL OR kind = :kind)
    AND (:user_id::uuid IS NULL OR user_id = :user_id)
    AND (:error_class::text IS NULL OR error_class = :error_class)
    AND (:newer_than::timestamptz IS NULL OR created_at > :newer_than)
    AND (:older_than::timestamptz IS NULL OR created_at < :older_than)
ORDER BY created_at, id
LIMIT :room;

-- name: count_chosen(state, kind, user_id, error_class, newer_than, older_than)$
-- How many there are of them.
SELECT count(*)
FROM rekkrd.jobs
WHERE
    state = :state
    AND (:kind::text IS NULL OR kind = :kind)
    AND (:user_id::uuid IS NULL OR user_id = :user_id)
    AND (:error_class::text IS NULL OR error_class = :error_class)
    AND (:newer_than::timestamptz IS NULL OR created_at > :newer_than)
    AND (:older_than::timestamptz IS NULL OR created_at < :older_than);

-- name: lock_available(ids)
-- Lock those of these jobs that can be changed without waiting, each with its import row and the job behind it, and
-- return their ids: what another transaction has locked is left out.
SELECT j.id
FROM rekkrd.jobs AS j
WHERE
    j.id = ANY(:ids::uuid [])
    AND (
        NOT EXISTS (SELECT 1 FROM public.discogs_import_jobs AS i WHERE i.id = j.id)
        OR EXISTS (
            SELECT 1
            FROM (
                SELECT 1
                FROM public.discogs_import_jobs AS i
                WHERE i.id = j.id
                FOR NO KEY UPDATE SKIP LOCKED
            ) AS unlocked
        )
    )
    AND (
        NOT EXISTS (SELECT 1 FROM rekkrd.jobs AS f WHERE f.follows = j.id AND f.state = 'pending')
        OR EXISTS (
            SELECT 1
            FROM (
                SELECT 1
                FROM rekkrd.jobs AS f
                WHERE f.follows = j.id AND f.state = 'pending'
                FOR NO KEY UPDATE SKIP LOCKED
            ) AS unlocked
        )
    )
FOR UPDATE OF j SKIP LOCKED;

-- name: retry(ids)
-- Put jobs that are over back into the line, where their checkpoints stand. Of several with one key the newest, and
-- none while a live job holds the key: that one stands for it.
WITH chosen AS (
    SELECT DISTINCT ON (j.user_id, coalesce(j.unique_key, j.awaited_key, j.id::text)) j.id
    FROM rekkrd.jobs AS j
    WHERE
        j.id = ANY(:ids::uuid []) AND j.state IN ('failed', 'cancelled')
        AND NOT EXISTS (
            SELECT 1
            FROM rekkrd.jobs AS live
            WHERE
                live.user_id = j.user_id AND live.unique_key = coalesce(j.unique_key, j.awaited_key)
                AND live.unique_key IS NOT NULL AND live.state IN ('pending', 'running', 'retrying')
        )
    ORDER BY j.user_id, coalesce(j.unique_key, j.awaited_key, j.id::text), j.created_at DESC
)

UPDATE rekkrd.jobs AS j
SET
    state = 'pending',
    due_at = clock_timestamp(),
    finished_at = NULL,
    cancel_requested_at = NULL,
    attempts = 0,
    crashes = 0,
    waits_for = NULL,
    outcome = NULL,
    error_class = NULL,
    error = NULL,
    error_detail = NULL,
    follows = NULL,
    unique_key = coalesce(j.unique_key, j.awaited_key),
    awaited_key = NULL
FROM chosen
WHERE j.id = chosen.id AND j.state IN ('failed', 'cancelled')
RETURNING j.id, j.lane, j.user_id;

-- name: cancel(ids)
-- Cancel jobs; those with a step under way are asked to end with that one. What is over has no row.
SELECT id
FROM rekkrd.cancel_many(:ids::uuid []);

-- name: remove(ids)
-- Remove jobs that are over, with their stories; the plan's import rows stay. None that another one stands behind.
DELETE FROM rekkrd.jobs AS j
WHERE
    j.id = ANY(:ids::uuid []) AND j.state IN ('completed', 'failed', 'cancelled')
    AND NOT EXISTS (SELECT 1 FROM rekkrd.jobs AS f WHERE f.follows = j.id AND f.state = 'pending')
RETURNING j.id;

-- name: group_failures(room)
-- Failed jobs by what they failed of, the most frequent first, each with its newest.
SELECT
    groups.error_class,
    groups.kind,
    groups.jobs,
    groups.oldest_at,
    newest.finished_at AS newest_at,
    newest.id AS newest_id,
    newest.error
FROM (
    SELECT
        error_class,
        kind,
        count(*) AS jobs,
        min(created_at) AS oldest_at
    FROM rekkrd.jobs
    WHERE state = 'failed'
    GROUP BY error_class, kind
) AS groups
CROSS JOIN LATERAL (
    SELECT
        j.id,
        j.finished_at,
        j.error
    FROM rekkrd.jobs AS j
    WHERE j.state = 'failed' AND j.error_class = groups.error_class AND j.kind = groups.kind
    ORDER BY j.created_at DESC, j.id DESC
    LIMIT 1
) AS newest
ORDER BY groups.jobs DESC, groups.error_class, groups.kind
LIMIT :room;

-- name: audit(made_by, action, target, jobs)!
-- Remember what an operator did.
INSERT INTO rekkrd.audit (made_by, action, target, jobs)
VALUES (:made_by, :action, :target, :jobs);

-- name: find_audit(before_id, room)
-- What operators did, the newest first, from below a given one.
SELECT id, made_at, made_by, action, target, jobs
FROM rekkrd.audit
WHERE id < :before_id
ORDER BY id DESC
LIMIT :room;

-- name: error_classes()
-- Return each error class that a failed job has.
SELECT DISTINCT j.error_class
FROM rekkrd.jobs AS j
WHERE j.error_class IS NOT NULL AND j.state = 'failed'
ORDER BY j.error_class;
