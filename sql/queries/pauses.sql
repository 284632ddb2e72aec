-- Lanes from which nothing is called up until a time.

-- name: pause(lane, until, reason, made_by)!
-- Pause a lane, or change its pause: the last word counts, also when it is a shorter one.
INSERT INTO rekkrd.pauses AS p (lane, paused_until, reason, made_by)
VALUES (:lane, greatest(:until, now() + interval '1 millisecond'), :reason, :made_by)
ON CONFLICT (lane) DO UPDATE
    SET
        paused_at = now(),
        paused_until = excluded.paused_until,
        reason = excluded.reason,
        made_by = excluded.made_by;

-- name: resume(lane)!
-- End a pause before its time, and call up from this lane again at once.
DELETE FROM rekkrd.pauses
WHERE lane = :lane AND paused_until > now();

-- name: find_holding()
-- The pauses that hold now.
SELECT
    lane,
    paused_at,
    paused_until,
    reason,
    made_by
FROM rekkrd.pauses
WHERE paused_until > now()
ORDER BY lane;
