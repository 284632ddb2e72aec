-- Cancel jobs. Reads and writes jobs.

CREATE OR REPLACE FUNCTION rekkrd.cancel_many(job_ids uuid[]) RETURNS SETOF rekkrd.jobs
LANGUAGE plpgsql
SET search_path = ''
-- As in add_jobs: called once for each job, a scan of all jobs makes many calls quadratic.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    cancelled uuid[];
    replaced CONSTANT uuid[] := ARRAY(
        SELECT j.follows
        FROM rekkrd.jobs AS j
        WHERE j.id = ANY(job_ids) AND j.follows IS NOT NULL AND j.state = 'pending'
    );
BEGIN
    -- In one order, so that two sessions never deadlock: a job that waits to replace another one comes after it.
    PERFORM 1
    FROM rekkrd.jobs AS j
    WHERE j.id = ANY(job_ids || replaced) AND j.state IN ('pending', 'running', 'retrying')
    ORDER BY j.follows IS NOT NULL, j.id
    FOR NO KEY UPDATE;

    -- The job that was to be replaced ends all the same: until now only the waiting job said so.
    UPDATE rekkrd.jobs AS j
    SET cancel_requested_at = coalesce(j.cancel_requested_at, now())
    WHERE j.id = ANY(replaced) AND j.state IN ('pending', 'running', 'retrying');

    WITH ended AS (
        UPDATE rekkrd.jobs AS j
        SET
            state = CASE WHEN j.leased_until IS NULL THEN 'cancelled' ELSE j.state END,
            finished_at = CASE WHEN j.leased_until IS NULL THEN now() END,
            cancel_requested_at = coalesce(j.cancel_requested_at, now()),
            called_until = NULL,
            waits_for = NULL,
            follows = NULL,
            unique_key = coalesce(j.unique_key, j.awaited_key),
            awaited_key = NULL
        WHERE j.id = ANY(job_ids) AND j.state IN ('pending', 'running', 'retrying')
        RETURNING j.id
    )

    SELECT array_agg(ended.id) INTO cancelled FROM ended;

    PERFORM rekkrd.announce_many(cancelled);
    RETURN QUERY SELECT * FROM rekkrd.jobs AS j WHERE j.id = ANY(cancelled);
END;
$$;

COMMENT ON FUNCTION rekkrd.cancel_many(uuid[]) IS
'Cancels jobs and announces it; a job with a step under way is asked to end with that step. Jobs that have ended have '
'no row.';
