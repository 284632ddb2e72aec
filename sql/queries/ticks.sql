-- Ticks of the timetable: whoever writes the row does the work, the other one stops.

-- name: make(entry, due_at)!
-- Claim a tick: the second scheduler changes no row.
INSERT INTO rekkrd.ticks (entry, due_at)
VALUES (:entry, :due_at)
ON CONFLICT (entry, due_at) DO NOTHING;

-- name: keep_job(entry, due_at, job_id)!
-- Remember which job the tick became.
UPDATE rekkrd.ticks
SET job_id = :job_id
WHERE entry = :entry AND due_at = :due_at;

-- name: forget_old(age)!
-- Ticks that nobody will ask for again.
DELETE FROM rekkrd.ticks
WHERE made_at < now() - :age::interval;
