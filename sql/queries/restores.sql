-- What a restore from a backup makes uncertain, and what is done about it.

-- name: find_last()^
-- The restore that was noted last.
SELECT id, noted_at, noted_by, body, known_until, fence, leases, walks, jobs
FROM rekkrd.restores
ORDER BY id DESC
LIMIT 1;

-- name: identify_body()$
-- Which files these are: a dump that is read in has new tables, a backup that is rolled forward another timeline.
SELECT
    concat_ws(
        '.',
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT timeline_id FROM pg_control_checkpoint()),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        'rekkrd.jobs'::regclass::oid
    ) AS body;

-- name: find_newest_trace(gone)$
-- Until when the ledger knows what happened, to a minute or so. A worker that is there now is no trace of before.
SELECT
    greatest(
        (SELECT max(created_at) FROM rekkrd.jobs),
        (SELECT max(finished_at) FROM rekkrd.jobs WHERE finished_at IS NOT NULL),
        (SELECT max(minute) FROM rekkrd.usage_minutes),
        (SELECT max(made_at) FROM rekkrd.audit),
        (SELECT max(made_at) FROM rekkrd.ticks),
        (SELECT max(seen_at) FROM rekkrd.workers WHERE seen_at < now() - :gone::interval)
    ) AS known_until;

-- name: count_live()$
-- Jobs that are not over.
SELECT count(*)
FROM rekkrd.jobs
WHERE state IN ('pending', 'running', 'retrying');

-- name: count_leases()$
-- Steps that were under way, or called up, when the backup was made.
SELECT count(*)
FROM rekkrd.jobs
WHERE called_until IS NOT NULL OR leased_until IS NOT NULL;

-- name: find_walks(kinds, stages)
-- Live jobs in the middle of a walk over pages, which may have changed since the last one that is stored.
SELECT id
FROM rekkrd.jobs
WHERE
    state IN ('pending', 'running', 'retrying') AND checkpoint <> '{}' AND kind = ANY(:kinds::text [])
    AND coalesce(checkpoint ->> 'stage', 'pages') = ANY(:stages::text [])
FOR NO KEY UPDATE;

-- name: free_leases(fence)
-- Nobody holds a step any more. No crash is counted: the backup caught it in the middle, its worker did not die.
UPDATE rekkrd.jobs
SET
    called_until = NULL,
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    fence = :fence
WHERE called_until IS NOT NULL OR leased_until IS NOT NULL
RETURNING id, cancel_requested_at IS NOT NULL AS is_cancelled;

-- name: begin_anew(ids)!
-- These walk from the first page again; what is stored stays, and is met again.
UPDATE rekkrd.jobs
SET
    checkpoint = '{}',
    attempts = 0,
    crashes = 0,
    total_records = NULL,
    processed_records = 0,
    skipped_records = 0
WHERE id = ANY(:ids::uuid []);

-- name: forget_sweeps(ids)!
-- Their walks so far say nothing about what is missing, nor count as tries.
DELETE FROM rekkrd.sweeps
WHERE job_id = ANY(:ids::uuid []);

-- name: note(noted_by, body, known_until, fence, leases, walks, jobs)<!
-- Remember the restore, in the transaction that does all this.
INSERT INTO rekkrd.restores (noted_by, body, known_until, fence, leases, walks, jobs)
VALUES (:noted_by, :body, :known_until, :fence, :leases, :walks, :jobs)
RETURNING id, noted_at, noted_by, body, known_until, fence, leases, walks, jobs;

-- name: find_next_fence()$
-- Milliseconds of the clock: more than any job of this or another life of the database was claimed.
SELECT
    greatest(
        extract(EPOCH FROM clock_timestamp()) * 1000,
        (SELECT coalesce(max(fence), 0) + 1 FROM rekkrd.restores),
        (SELECT max(fence) + 1 FROM rekkrd.jobs WHERE called_until IS NOT NULL OR leased_until IS NOT NULL)
    )::bigint AS fence;
