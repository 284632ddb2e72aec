-- Ticks of the timetable: whoever writes the row does the work, the other one stops.

-- name: make(entry, due_at, made_by, missed, skipped)!
-- Claim a tick: the second scheduler changes no row.
INSERT INTO rekkrd.ticks (entry, due_at, made_by, missed, skipped)
VALUES (:entry, :due_at, :made_by, :missed, :skipped)
ON CONFLICT (entry, due_at) DO NOTHING;

-- name: keep_job(entry, due_at, job_id, enqueued)!
-- Remember which job the tick became, and whether that is a new one.
UPDATE rekkrd.ticks
SET job_id = :job_id, enqueued = :enqueued
WHERE entry = :entry AND due_at = :due_at;

-- name: count_jobs(job_id, jobs)!
-- Add jobs that a tick's job enqueued, to the tick that made it and not to those that met it alive.
UPDATE rekkrd.ticks
SET enqueued = enqueued + :jobs
WHERE job_id = :job_id AND enqueued > 0;

-- name: find_now()$
-- The database's clock, the only one that decides which run is due.
SELECT now();

-- name: find_last_due(entry, now)$
-- The newest run of a scheduled task. A run in the future was written while a clock was wrong: it does not count, or
-- the task would stop until then.
SELECT max(due_at)
FROM rekkrd.ticks
WHERE entry = :entry AND due_at <= :now;

-- name: find_newest(now)
-- The newest run of each scheduled task, not counting runs in the future, with the state of its job while that is kept.
SELECT DISTINCT ON (t.entry)
    t.entry,
    t.due_at,
    t.made_at,
    t.made_by,
    t.job_id,
    t.enqueued,
    t.missed,
    t.skipped,
    j.state AS job_state,
    j.outcome
FROM rekkrd.ticks AS t
LEFT JOIN rekkrd.jobs AS j ON j.id = t.job_id
WHERE t.due_at <= :now
ORDER BY t.entry, t.due_at DESC;

-- name: sum_up(age)
-- What the ticks of lately came to, by entry.
SELECT
    entry,
    count(*) AS ticks,
    sum(enqueued) AS jobs,
    sum(missed) AS missed,
    sum(skipped) AS skipped
FROM rekkrd.ticks
WHERE made_at > now() - :age::interval AND made_at <= now()
GROUP BY entry;

-- name: forget_old(age, room)!
-- Some ticks that nobody will ask for again.
DELETE FROM rekkrd.ticks
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.ticks
        WHERE made_at < now() - :age::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));
