-- The ledger's rows: told to others, found, and cancelled.

-- name: notify_line(lane)$
-- Wake the dispatchers: something in this lane may be ready.
SELECT pg_notify('rekkrd_line', :lane);

-- name: announce(id)$
-- Close a transition: the plan's import row, who stands behind the job, and whoever watches.
SELECT rekkrd.announce(:id);

-- name: announce_many(ids)$
-- The same for many.
SELECT rekkrd.announce_many(:ids::uuid []);

-- name: find(id)^
-- One job by its id.
SELECT *
FROM rekkrd.jobs
WHERE id = :id;

-- name: find_many(ids)
-- Several jobs by their IDs.
SELECT *
FROM rekkrd.jobs
WHERE id = ANY(:ids::uuid []);

-- name: find_between(lowest, highest)
-- Jobs whose ids lie in a range, two at most: enough to know that a shortened id is not clear.
SELECT *
FROM rekkrd.jobs
WHERE id BETWEEN :lowest AND :highest
LIMIT 2;

-- name: page_all(newer_than, before_at, before_id, room)
-- All jobs, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE (created_at, id) < (:before_at, :before_id) AND created_at > :newer_than
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_kind(kind, newer_than, before_at, before_id, room)
-- Jobs of one kind, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE kind = :kind AND (created_at, id) < (:before_at, :before_id) AND created_at > :newer_than
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_user(user_id, kind, error_class, newer_than, before_at, before_id, room)
-- One user's jobs, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE
    user_id = :user_id AND (created_at, id) < (:before_at, :before_id) AND created_at > :newer_than
    AND (:kind::text IS NULL OR kind = :kind) AND (:error_class::text IS NULL OR error_class = :error_class)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_in_state(state, kind, error_class, newer_than, before_at, before_id, room)
-- Jobs in one state, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE
    state = :state AND (created_at, id) < (:before_at, :before_id) AND created_at > :newer_than
    AND (:kind::text IS NULL OR kind = :kind) AND (:error_class::text IS NULL OR error_class = :error_class)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: page_of_user_in_state(user_id, state, kind, error_class, newer_than, before_at, before_id, room)
-- One user's jobs in one state, newest first, from below a given one.
SELECT *
FROM rekkrd.jobs
WHERE
    user_id = :user_id AND state = :state AND (created_at, id) < (:before_at, :before_id) AND created_at > :newer_than
    AND (:kind::text IS NULL OR kind = :kind) AND (:error_class::text IS NULL OR error_class = :error_class)
ORDER BY created_at DESC, id DESC
LIMIT :room;

-- name: cancel(id)^
-- Cancel a job; while a step is under way, ask it to end with that one. No row: it is over.
SELECT *
FROM rekkrd.cancel(:id);

-- name: cancel_conversation(user_id)
-- The same for all that speaks for an account; locked in the one order that cancelling has.
SELECT *
FROM
    rekkrd.cancel_many(
        ARRAY(
            SELECT id
            FROM rekkrd.jobs
            WHERE user_id = :user_id AND speaks_for_user AND state IN ('pending', 'running', 'retrying')
        )
    );

-- name: end_steps(ids)
-- End the jobs whose step is under way: the fence moves, so that it stores nothing any more. They were cancelled, and
-- are locked, in this transaction.
UPDATE rekkrd.jobs
SET
    state = 'cancelled',
    finished_at = now(),
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    fence = fence + 1
WHERE id = ANY(:ids::uuid []) AND leased_until IS NOT NULL
RETURNING *;
