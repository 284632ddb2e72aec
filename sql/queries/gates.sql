-- What holds the fleet back, one row a budget and cause.

-- name: close(budget, cause, reason, seconds)!
-- Close, or keep closed longer.
-- Closed again soon after it opened, it has been closed since then: the probe only told that nothing changed.
INSERT INTO rekkrd.gates AS g (budget, cause, reason, closed_until)
VALUES (:budget, :cause, :reason, now() + make_interval(secs => greatest(:seconds, 0.001)))
ON CONFLICT (budget, cause) DO UPDATE
    SET
        reason = excluded.reason,
        closed_at = CASE
            WHEN g.closed_until > now() - interval '5 minutes' THEN g.closed_at ELSE excluded.closed_at
        END,
        closed_until = greatest(g.closed_until, excluded.closed_until);

-- name: brake(budget, share, reason, until, closed_by)$
-- Pull the operator's brake, or change it: the last word counts, also when it is a shorter one. For how many seconds.
INSERT INTO rekkrd.gates AS g (budget, cause, share, reason, closed_until, closed_by)
VALUES (:budget, 'operator', :share, :reason, greatest(:until, now() + interval '1 millisecond'), :closed_by)
ON CONFLICT (budget, cause) DO UPDATE
    SET
        share = excluded.share,
        reason = excluded.reason,
        closed_at = excluded.closed_at,
        closed_until = excluded.closed_until,
        closed_by = excluded.closed_by
RETURNING extract(EPOCH FROM closed_until - now())::float8 AS left_seconds;

-- name: half_open(budget)
-- Let one probe pass an open circuit breaker, at most once a minute. Returns the causes that were open.
UPDATE rekkrd.gates
SET probed_at = now(), closed_until = greatest(now(), closed_at + interval '1 millisecond')
WHERE
    budget = :budget AND cause IN ('blocked', 'rejected') AND closed_until > now()
    AND NOT EXISTS (
        SELECT FROM rekkrd.gates AS g
        WHERE g.budget = :budget AND g.probed_at > now() - interval '1 minute'
    )
RETURNING cause;

-- name: release(budget)!
-- Release the brake before its time has come.
DELETE FROM rekkrd.gates
WHERE budget = :budget AND cause = 'operator' AND closed_until > now();

-- name: find_holding(budget)
-- What holds this budget back now, the longest first.
SELECT
    budget,
    cause,
    share,
    reason,
    closed_at,
    closed_until,
    closed_by,
    extract(EPOCH FROM now() - closed_at)::float8 AS held_seconds,
    extract(EPOCH FROM closed_until - now())::float8 AS left_seconds
FROM rekkrd.gates
WHERE budget = :budget AND closed_until > now()
ORDER BY closed_until DESC;
