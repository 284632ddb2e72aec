-- name: add(kind, lane, queue, user_id, args, unique_key, priority, takes_token, speaks_for_user, delay_seconds)^
-- Put a job into the ledger; no row comes back when a live one with the same key is already there.
-- Two of one transaction keep their order: their times are the clock's, not the transaction's.
INSERT INTO rekkrd.jobs (
    kind, lane, queue, user_id, args, unique_key, priority, takes_token, speaks_for_user, due_at
)
VALUES (
    :kind, :lane, :queue, :user_id, :args, :unique_key, :priority, :takes_token, :speaks_for_user,
    clock_timestamp() + make_interval(secs => :delay_seconds)
)
ON CONFLICT (user_id, unique_key) WHERE unique_key IS NOT NULL AND state IN ('pending', 'running', 'retrying')
DO NOTHING
RETURNING *;

-- name: take_a_turn(lane, user_id)!
-- Let the user into the line of this lane, behind the step called up last.
INSERT INTO rekkrd.turns (lane, user_id, turn)
SELECT
    l.lane,
    :user_id,
    l.turn
FROM rekkrd.lanes AS l
WHERE l.lane = :lane
ON CONFLICT (lane, user_id) DO NOTHING;

-- name: hold_turn(lane, user_id)^
-- Keep the user's turn from being cleared until the job is committed: upkeep cannot see it before.
-- KEY: calling the user up meanwhile, which only moves the turn, goes on.
SELECT turn
FROM rekkrd.turns
WHERE lane = :lane AND user_id = :user_id
FOR KEY SHARE;

-- name: add_import_row(id)!
-- The plan's row of an import, born with its job.
INSERT INTO public.discogs_import_jobs (id, user_id)
SELECT
    j.id,
    j.user_id
FROM rekkrd.jobs AS j
WHERE j.id = :id;

-- name: mirror_import_row(id)!
-- Bring the plan's row of an import in step with its job; other kinds have no such row and nothing happens.
UPDATE public.discogs_import_jobs AS i
SET
    status = CASE j.state WHEN 'retrying' THEN 'running' ELSE j.state END,
    total_records = j.total_records,
    processed_records = j.processed_records,
    skipped_records = j.skipped_records,
    current_page = coalesce((j.checkpoint ->> 'current_page')::integer, 0),
    error = j.error,
    started_at = j.started_at,
    completed_at = j.finished_at
FROM rekkrd.jobs AS j
WHERE i.id = j.id AND j.id = :id;

-- name: notify_line(lane)$
-- Wake the dispatchers: something in this lane may be ready.
SELECT pg_notify('rekkrd_line', :lane);

-- name: notify_job(id)$
-- Tell whoever watches that this job changed.
SELECT pg_notify('rekkrd_job', :id);

-- name: find_live(user_id, unique_key)^
-- The live job that holds this key.
SELECT *
FROM rekkrd.jobs
WHERE
    user_id = :user_id AND unique_key = :unique_key
    AND unique_key IS NOT NULL AND state IN ('pending', 'running', 'retrying');

-- name: find(id)^
-- One job by its id.
SELECT *
FROM rekkrd.jobs
WHERE id = :id;

-- name: find_between(lowest, highest)
-- Jobs whose ids lie in a range, two at most: enough to know that a shortened id is not clear.
SELECT *
FROM rekkrd.jobs
WHERE id BETWEEN :lowest AND :highest
LIMIT 2;

-- name: page_all(before_at, before_id, room)
-- All jobs, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE (created_at, id) < (:before_at, :before_id)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_kind(kind, before_at, before_id, room)
-- Jobs of one kind, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE kind = :kind AND (created_at, id) < (:before_at, :before_id)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_user(user_id, kind, error_class, before_at, before_id, room)
-- One user's jobs, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE
    user_id = :user_id AND (created_at, id) < (:before_at, :before_id)
    AND (:kind::text IS NULL OR kind = :kind) AND (:error_class::text IS NULL OR error_class = :error_class)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_in_state(state, kind, error_class, before_at, before_id, room)
-- Jobs in one state, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE
    state = :state AND (created_at, id) < (:before_at, :before_id)
    AND (:kind::text IS NULL OR kind = :kind) AND (:error_class::text IS NULL OR error_class = :error_class)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_user_in_state(user_id, state, kind, error_class, before_at, before_id, room)
-- One user's jobs in one state, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE
    user_id = :user_id AND state = :state AND (created_at, id) < (:before_at, :before_id)
    AND (:kind::text IS NULL OR kind = :kind) AND (:error_class::text IS NULL OR error_class = :error_class)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: cancel(id)^
-- Cancel a job; while a step is under way, ask it to end with that one. One statement, for a step may end meanwhile:
-- of two, each could meet the job as the other one wants it.
UPDATE rekkrd.jobs
SET
    state = CASE WHEN leased_until IS NULL THEN 'cancelled' ELSE state END,
    finished_at = CASE WHEN leased_until IS NULL THEN now() END,
    cancel_requested_at = coalesce(cancel_requested_at, now()),
    called_until = NULL,
    waits_for = NULL
WHERE id = :id AND state IN ('pending', 'running', 'retrying')
RETURNING *;

-- name: find_speaking(user_id)
-- Live jobs that speak for an account, in the order in which all of them may be locked.
SELECT id
FROM rekkrd.jobs
WHERE user_id = :user_id AND speaks_for_user AND state IN ('pending', 'running', 'retrying')
ORDER BY id;

-- name: end_conversation(user_id)
-- Cancel all that speaks for an account, a step under way too: its fence moves, so it stores nothing any more.
UPDATE rekkrd.jobs
SET
    state = 'cancelled',
    finished_at = now(),
    cancel_requested_at = coalesce(cancel_requested_at, now()),
    called_until = NULL,
    leased_until = NULL,
    leased_by = NULL,
    is_executing = false,
    fence = fence + 1,
    waits_for = NULL
WHERE user_id = :user_id AND speaks_for_user AND state IN ('pending', 'running', 'retrying')
RETURNING *;
