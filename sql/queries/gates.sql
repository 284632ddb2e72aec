-- What holds the fleet back, one row a budget and cause.

-- name: close(budget, cause, reason, until)!
-- Close, or keep closed longer; only an operator's word may also shorten.
-- Closed again soon after it opened, it has been closed since then: the probe only told that nothing changed.
INSERT INTO rekkrd.gates AS g (budget, cause, reason, closed_until)
VALUES (:budget, :cause, :reason, greatest(:until, now() + interval '1 millisecond'))
ON CONFLICT (budget, cause) DO UPDATE
    SET
        reason = excluded.reason,
        closed_at = CASE
            WHEN g.closed_until > now() - interval '5 minutes' THEN g.closed_at ELSE excluded.closed_at
        END,
        closed_until = CASE
            WHEN g.cause = 'operator' THEN excluded.closed_until
            ELSE greatest(g.closed_until, excluded.closed_until)
        END;

-- name: open(budget, cause)!
-- Open before the time has come.
DELETE FROM rekkrd.gates
WHERE budget = :budget AND cause = :cause AND closed_until > now();

-- name: find_closed(budget)
-- What holds this budget back now, the longest first.
SELECT budget, cause, reason, closed_at, closed_until
FROM rekkrd.gates
WHERE budget = :budget AND closed_until > now()
ORDER BY closed_until DESC;
