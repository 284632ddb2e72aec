-- name: claim(id, worker, lease_seconds)^
-- Begin a step that was called up. A double message finds no call and gets no row. The fence is beyond every one that
-- was given before a restore from a backup, so that a worker which lived through that changes nothing.
UPDATE rekkrd.jobs
SET
    state = 'running',
    started_at = coalesce(started_at, now()),
    called_until = NULL,
    leased_until = now() + make_interval(secs => :lease_seconds),
    leased_by = :worker,
    claimed_at = now(),
    fence = 1 + greatest(fence, (SELECT max(r.fence) FROM rekkrd.restores AS r)),
    is_executing = NOT takes_token,
    waits_for = NULL
WHERE
    id = :id AND state IN ('pending', 'running', 'retrying')
    AND called_until IS NOT NULL AND leased_until IS NULL AND due_at <= now()
RETURNING *;

-- name: uncall(ids)!
-- Withdraw the dispatch of steps whose message could not be sent or followed. A row that is locked keeps its own: that
-- ends by itself.
UPDATE rekkrd.jobs AS j
SET called_until = NULL
FROM (
    SELECT id
    FROM rekkrd.jobs
    WHERE id = any(:ids::uuid []) AND called_until IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED
) AS unlocked
WHERE j.id = unlocked.id;

-- name: mark_executing(id, fence, worker)!
-- From here on a crash counts against the job.
UPDATE rekkrd.jobs
SET is_executing = true
WHERE id = :id AND fence = :fence AND leased_by = :worker;

-- name: renew(worker, ids, fences, lease_seconds)
-- Renew the leases of the steps that one process runs, and report every job that it asked about. Never waits: where
-- another transaction has locked the row, the new end goes to lease_extensions, which a rescue respects.
WITH held AS (
    SELECT
        j.id,
        j.fence
    FROM rekkrd.jobs AS j
    INNER JOIN unnest(:ids::uuid [], :fences::bigint []) AS h (id, fence) ON j.id = h.id AND j.fence = h.fence
    WHERE j.leased_by = :worker AND j.leased_until IS NOT NULL
),

unlocked AS (
    SELECT j.id
    FROM rekkrd.jobs AS j
    INNER JOIN held ON j.id = held.id AND j.fence = held.fence
    WHERE j.leased_by = :worker AND j.leased_until IS NOT NULL
    FOR NO KEY UPDATE OF j SKIP LOCKED
),

renewed AS (
    UPDATE rekkrd.jobs AS j
    SET
        leased_until = now() + make_interval(secs => :lease_seconds),
        cancel_requested_at = CASE WHEN rekkrd.is_ending(j) THEN coalesce(j.cancel_requested_at, now()) END
    FROM unlocked
    WHERE j.id = unlocked.id
),

extended AS (
    INSERT INTO rekkrd.lease_extensions AS e (job_id, worker, fence, leased_until)
    SELECT
        held.id,
        :worker,
        held.fence,
        now() + make_interval(secs => :lease_seconds)
    FROM held
    WHERE NOT EXISTS (SELECT 1 FROM unlocked WHERE unlocked.id = held.id)
    ON CONFLICT (job_id) DO UPDATE
        SET worker = excluded.worker, fence = excluded.fence, leased_until = excluded.leased_until
        WHERE e.fence <= excluded.fence
),

dropped AS (
    DELETE FROM rekkrd.lease_extensions AS e
    USING unlocked
    WHERE e.job_id = unlocked.id
)

SELECT
    id,
    fence,
    leased_until IS NOT NULL AND leased_by = :worker AS is_leased,
    rekkrd.is_ending(jobs) AS is_cancelled
FROM rekkrd.jobs
WHERE id = any(:ids::uuid []);

-- name: lock(id, fence, worker)^
-- Hold the job's row for the transaction of its step, if the step is still ours. NO KEY: a job that is to replace this
-- one refers to it, and its transaction must not stop ours.
SELECT *
FROM rekkrd.jobs
WHERE id = :id AND fence = :fence AND leased_by = :worker AND state = 'running'
FOR NO KEY UPDATE;

-- name: advance(id, requests, checkpoint, total_records, processed_records, skipped_records, takes_token, after_seconds)^
-- End a step and go on: the checkpoint moves, attempts and crashes begin again at 0, the place in the line stays.
UPDATE rekkrd.jobs
SET
    state = CASE WHEN NOT rekkrd.is_ending(jobs) THEN 'running' ELSE 'cancelled' END,
    finished_at = CASE WHEN NOT rekkrd.is_ending(jobs) THEN NULL ELSE now() END,
    due_at = CASE
        WHEN :after_seconds::float8 IS NULL THEN due_at ELSE now() + make_interval(secs => :after_seconds)
    END,
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    attempts = 0,
    crashes = 0,
    steps = steps + 1,
    requests = requests + :requests,
    checkpoint = :checkpoint,
    total_records = :total_records,
    processed_records = :processed_records,
    skipped_records = :skipped_records,
    takes_token = :takes_token,
    error_class = NULL,
    error = NULL,
    error_detail = NULL
WHERE id = :id
RETURNING *;

-- name: complete(id, requests, total_records, processed_records, skipped_records, outcome, checkpoint)^
-- Complete the job. Without a checkpoint the last one stays.
UPDATE rekkrd.jobs
SET
    state = 'completed',
    finished_at = now(),
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    attempts = 0,
    crashes = 0,
    steps = steps + 1,
    requests = requests + :requests,
    checkpoint = coalesce(:checkpoint, checkpoint),
    total_records = :total_records,
    processed_records = :processed_records,
    skipped_records = :skipped_records,
    outcome = :outcome,
    error_class = NULL,
    error = NULL,
    error_detail = NULL
WHERE id = :id
RETURNING *;

-- name: fail(id, requests, error_class, error, error_detail)^
-- End the job badly, saying why.
UPDATE rekkrd.jobs
SET
    state = CASE WHEN NOT rekkrd.is_ending(jobs) THEN 'failed' ELSE 'cancelled' END,
    started_at = coalesce(started_at, now()),
    finished_at = now(),
    called_until = NULL,
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    requests = requests + :requests,
    error_class = :error_class,
    error = :error,
    error_detail = :error_detail
WHERE id = :id AND state IN ('pending', 'running', 'retrying')
RETURNING *;

-- name: retry_later(id, requests, after_seconds, error_class, error, error_detail)^
-- Put the job back after a failed attempt; it is due again after the back-off.
UPDATE rekkrd.jobs
SET
    state = CASE WHEN NOT rekkrd.is_ending(jobs) THEN 'retrying' ELSE 'cancelled' END,
    finished_at = CASE WHEN NOT rekkrd.is_ending(jobs) THEN NULL ELSE now() END,
    due_at = now() + make_interval(secs => :after_seconds),
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    attempts = attempts + 1,
    requests = requests + :requests,
    error_class = :error_class,
    error = :error,
    error_detail = :error_detail
WHERE id = :id
RETURNING *;

-- name: give_back(id, requests, after_seconds, waits_for)^
-- Put a step back that could not begin: no attempt, no crash, the place in the line kept unless it must wait.
UPDATE rekkrd.jobs
SET
    state = CASE WHEN NOT rekkrd.is_ending(jobs) THEN 'running' ELSE 'cancelled' END,
    finished_at = CASE WHEN NOT rekkrd.is_ending(jobs) THEN NULL ELSE now() END,
    due_at = CASE WHEN :after_seconds::float8 > 0 THEN now() + make_interval(secs => :after_seconds) ELSE due_at END,
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    requests = requests + :requests,
    waits_for = :waits_for
WHERE id = :id
RETURNING *;
