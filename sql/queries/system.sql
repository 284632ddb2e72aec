-- The state of the system as the database knows it. Reads workers and jobs; writes write_probe.

-- name: describe()^
-- The database's clock, whether it takes writes, and the newest moment that it ever stored as "now".
-- A moment ahead of the clock proves that the clock was set back: all three columns are written with now() only.
SELECT
    now() AS now,
    pg_postmaster_start_time() AS started_at,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS is_read_only,
    greatest(
        (SELECT max(seen_at) FROM rekkrd.workers),
        (SELECT max(created_at) FROM rekkrd.jobs),
        (SELECT max(claimed_at) FROM rekkrd.jobs WHERE leased_until IS NOT NULL)
    ) AS newest_at;

-- name: find_expired_leases()
-- Leases that expired and that nobody has taken over yet, by worker and queue.
SELECT
    leased_by AS worker,
    lane AS queue,
    min(leased_until) AS expired_at,
    count(*) AS jobs
FROM rekkrd.jobs
WHERE leased_until <= now()
GROUP BY leased_by, lane
ORDER BY expired_at;

-- name: find_retrying()
-- Jobs that wait to repeat a request after Discogs did not answer as it should, by queue.
SELECT
    lane AS queue,
    count(*) AS jobs,
    min(due_at) AS next_at,
    max(error) AS error
FROM rekkrd.jobs
WHERE state = 'retrying' AND error_class = 'Unavailable' AND due_at > now()
GROUP BY lane;

-- name: write()!
-- Prove that a write is taken.
UPDATE rekkrd.write_probe
SET probed_at = now();
