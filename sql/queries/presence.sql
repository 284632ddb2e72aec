-- Presence sessions of worker processes. Reads the server's list of sessions; reads and writes presence_sessions, and
-- the leases in jobs and lease_extensions.

-- name: register(worker, backend_pid)!
-- Register this connection as the worker's session. Changes nothing behind a pooler: there the client was told another
-- process id than that of the backend which runs this statement.
INSERT INTO rekkrd.presence_sessions AS s (worker, backend_pid, backend_started_at, server_started_at)
SELECT
    :worker,
    a.pid,
    a.backend_start,
    pg_postmaster_start_time()
FROM pg_stat_get_activity(pg_backend_pid()) AS a
WHERE a.pid = :backend_pid
ON CONFLICT (worker) DO UPDATE
    SET
        backend_pid = excluded.backend_pid,
        backend_started_at = excluded.backend_started_at,
        server_started_at = excluded.server_started_at,
        ended_at = NULL;

-- name: unregister(worker, backend_pid, lease_seconds)$
-- Remove a session whose worker lives. True when a dispatcher had noticed its end within the last lease, and had
-- shortened the worker's leases.
DELETE FROM rekkrd.presence_sessions
WHERE worker = :worker AND backend_pid = :backend_pid
RETURNING coalesce(ended_at > now() - make_interval(secs => :lease_seconds), false);

-- name: find_ended()
-- Sessions that have ended and whose worker said nothing. A session of another start of the server says nothing about
-- its worker: all sessions ended with the server, and so does one of a standby that was promoted.
SELECT
    s.worker,
    s.backend_pid
FROM rekkrd.presence_sessions AS s
WHERE
    s.ended_at IS NULL AND s.server_started_at = pg_postmaster_start_time()
    AND NOT EXISTS (
        SELECT 1
        FROM pg_stat_get_activity(s.backend_pid) AS a
        WHERE a.backend_start = s.backend_started_at OR a.backend_start IS NULL
    );

-- name: count_sessions(older_than)$
-- Registered sessions that have lived for so many seconds.
SELECT count(*)
FROM rekkrd.presence_sessions
WHERE ended_at IS NULL AND backend_started_at < now() - make_interval(secs => :older_than);

-- name: note_end(worker, backend_pid)!
-- Mark a session as ended: of several dispatchers one does it, and none while the worker itself is about to.
UPDATE rekkrd.presence_sessions AS s
SET ended_at = now()
FROM (
    SELECT worker
    FROM rekkrd.presence_sessions
    WHERE worker = :worker AND backend_pid = :backend_pid AND ended_at IS NULL
    FOR UPDATE SKIP LOCKED
) AS unlocked
WHERE s.worker = unlocked.worker;

-- name: shorten_leases(worker, seconds, crashes)
-- Let the leases of a worker end soon. Those of jobs that crashed so often keep their end: the next crash fails the
-- job, and a lost session is no proof of a crash.
UPDATE rekkrd.jobs AS j
SET leased_until = now() + make_interval(secs => :seconds)
FROM (
    SELECT id
    FROM rekkrd.jobs
    WHERE
        leased_by = :worker AND leased_until > now() + make_interval(secs => :seconds) AND crashes < :crashes
    FOR NO KEY UPDATE SKIP LOCKED
) AS unlocked
WHERE j.id = unlocked.id
RETURNING j.lane;

-- name: shorten_extensions(worker, seconds)!
-- The same for leases that were extended beside their locked rows.
UPDATE rekkrd.lease_extensions AS e
SET leased_until = least(e.leased_until, now() + make_interval(secs => :seconds))
FROM rekkrd.jobs AS j
WHERE e.worker = :worker AND j.id = e.job_id AND j.leased_until <= now() + make_interval(secs => :seconds);

-- name: withdraw_dispatches(worker)
-- Withdraw what the worker's dispatcher sent and nothing has claimed: as a rule its own threads had taken the messages.
UPDATE rekkrd.jobs AS j
SET called_until = NULL
FROM (
    SELECT id
    FROM rekkrd.jobs
    WHERE called_until IS NOT NULL AND dispatched_by = :worker
    FOR NO KEY UPDATE SKIP LOCKED
) AS unlocked
WHERE j.id = unlocked.id
RETURNING j.lane;

-- name: remove(worker)!
-- Remove the session of a worker whose end is certain.
DELETE FROM rekkrd.presence_sessions
WHERE worker = :worker;

-- name: forget_ended(room)!
-- Delete sessions that ended long ago, and those of an earlier start of the server.
DELETE FROM rekkrd.presence_sessions
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.presence_sessions
        WHERE ended_at < now() - interval '1 hour' OR server_started_at <> pg_postmaster_start_time()
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));

-- name: forgive_crash(worker, job_id, fence)!
-- Take back a crash that was counted against a step whose worker lives. The attempt tells that it was counted.
WITH attempt AS (
    UPDATE rekkrd.attempts
    SET ended_as = 'left'
    WHERE job_id = :job_id AND fence = :fence AND worker = :worker AND ended_as = 'crashed'
    RETURNING job_id
)

UPDATE rekkrd.jobs AS j
SET crashes = j.crashes - 1
FROM attempt
WHERE j.id = attempt.job_id AND j.crashes > 0 AND j.state IN ('pending', 'running', 'retrying');
