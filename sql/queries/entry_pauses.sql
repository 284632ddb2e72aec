-- Entries of the timetable of which no tick is made until a time.

-- name: pause(entry, until, reason, made_by)!
-- Pause an entry, or change its pause: the last word counts, also when it is a shorter one.
INSERT INTO rekkrd.entry_pauses AS p (entry, paused_until, reason, made_by)
VALUES (:entry, greatest(:until, now() + interval '1 millisecond'), :reason, :made_by)
ON CONFLICT (entry) DO UPDATE
    SET
        paused_at = now(),
        paused_until = excluded.paused_until,
        reason = excluded.reason,
        made_by = excluded.made_by;

-- name: resume(entry)!
-- End a pause before its time.
DELETE FROM rekkrd.entry_pauses
WHERE entry = :entry AND paused_until > now();

-- name: find_holding()
-- The pauses that hold now.
SELECT
    entry,
    paused_at,
    paused_until,
    reason,
    made_by
FROM rekkrd.entry_pauses
WHERE paused_until > now()
ORDER BY entry;
