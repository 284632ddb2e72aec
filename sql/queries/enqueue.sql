-- The SQL functions that enqueue jobs. Any psycopg connection may call them.

-- name: enqueue_many(jobs)
-- Enqueue jobs for users, as applications do.
SELECT
    place,
    job_id,
    is_new,
    state,
    replaced
FROM rekkrd.enqueue_many(:jobs);

-- name: enqueue_jobs(jobs, origin)
-- Enqueue jobs of operators, schedules and other jobs.
SELECT
    place,
    job_id,
    is_new,
    state,
    replaced
FROM rekkrd.enqueue_jobs(:jobs, :origin)
ORDER BY place;

-- name: refused_jobs(jobs, origin)
-- Name the jobs that would be refused, each with the first reason.
SELECT
    place,
    code,
    message,
    hint
FROM rekkrd.refused_jobs(:jobs, :origin)
ORDER BY place;

-- name: request(kind, quiet)$
-- Enqueue a job of the system, unless one is live or was created within :quiet. Returns its ID. A job that sent no
-- request found nothing to do then: it counts for 30 s only.
SELECT e.job_id
FROM rekkrd.kinds AS k
CROSS JOIN LATERAL rekkrd.enqueue_jobs(jsonb_build_array(jsonb_build_object('kind', k.kind)), 'automatic') AS e
WHERE
    k.kind = :kind
    AND NOT EXISTS (
        SELECT FROM rekkrd.jobs AS j
        WHERE
            j.user_id = '00000000-0000-0000-0000-000000000000' AND j.unique_key = k.unique_key
            AND j.state IN ('pending', 'running', 'retrying')
    )
    AND NOT EXISTS (
        SELECT FROM rekkrd.jobs AS j
        WHERE
            j.user_id = '00000000-0000-0000-0000-000000000000' AND j.kind = :kind
            AND j.created_at > now() - :quiet::interval
            AND (j.requests > 0 OR j.created_at > now() - interval '30 seconds')
    );

-- name: has_live(kind)$
-- Whether a job of this kind of the system is unfinished.
SELECT EXISTS (
    SELECT FROM rekkrd.jobs AS j
    INNER JOIN rekkrd.kinds AS k ON j.kind = k.kind
    WHERE
        j.kind = :kind AND j.user_id = '00000000-0000-0000-0000-000000000000' AND j.unique_key = k.unique_key
        AND j.state IN ('pending', 'running', 'retrying')
);
