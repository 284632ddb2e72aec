-- name: add(new_jobs)
-- Put jobs into the ledger; of each, the row that is there now, and whether it is new.
SELECT
    a.place,
    a.is_new,
    a.replaced,
    (a.job).*
FROM rekkrd.add_jobs(:new_jobs) AS a
ORDER BY a.place;

-- name: add_many(new_jobs)
-- The same without the rows.
SELECT
    (a.job).id,
    a.is_new,
    a.replaced
FROM rekkrd.add_jobs(:new_jobs) AS a
ORDER BY a.place;

-- name: take_turns(lanes, user_ids)!
-- Let users into the line of a lane each, behind the step called up last.
INSERT INTO rekkrd.turns (lane, user_id, turn)
SELECT
    l.lane,
    g.user_id,
    l.turn
FROM unnest(:lanes::text [], :user_ids::uuid []) AS g (lane, user_id)
INNER JOIN rekkrd.lanes AS l ON g.lane = l.lane
ORDER BY l.lane, g.user_id
ON CONFLICT (lane, user_id) DO NOTHING;

-- name: hold_turns(lanes, user_ids)
-- Keep users' turns from being cleared until their jobs are committed: upkeep cannot see these before.
-- KEY: calling a user up meanwhile, which only moves the turn, goes on.
SELECT
    t.lane,
    t.user_id
FROM rekkrd.turns AS t
INNER JOIN unnest(:lanes::text [], :user_ids::uuid []) AS g (lane, user_id)
    ON t.lane = g.lane AND t.user_id = g.user_id
ORDER BY t.lane, t.user_id
FOR KEY SHARE OF t;

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
    claimed_at = NULL,
    is_executing = false,
    fence = fence + 1,
    waits_for = NULL,
    follows = NULL,
    unique_key = coalesce(unique_key, awaited_key),
    awaited_key = NULL
WHERE user_id = :user_id AND speaks_for_user AND state IN ('pending', 'running', 'retrying')
RETURNING *;
