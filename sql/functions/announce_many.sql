-- Close transitions of jobs. Reads jobs and hooks; writes jobs, discogs_import_jobs and deliveries.

CREATE OR REPLACE FUNCTION rekkrd.announce_many(job_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = ''
-- As in add_jobs: called once for each job, a scan of all jobs makes many calls quadratic.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    follower record;
BEGIN
    UPDATE public.discogs_import_jobs AS i
    SET
        status = CASE j.state WHEN 'retrying' THEN 'running' ELSE j.state END,
        total_records = j.total_records,
        processed_records = j.processed_records,
        skipped_records = j.skipped_records,
        current_page = coalesce((j.checkpoint ->> 'current_page')::integer, 0),
        error = j.error,
        started_at = j.started_at,
        completed_at = j.finished_at
    FROM rekkrd.jobs AS j
    WHERE j.id = ANY(job_ids) AND i.id = ANY(job_ids) AND i.id = j.id;

    -- Not the ones that another session has: it may be an application that replaces them, and the worker that ends a
    -- step must not wait for its commit. release_followers enqueues them later, also those whose key is taken.
    FOR follower IN
        SELECT f.id, f.lane
        FROM rekkrd.jobs AS f
        WHERE
            f.follows = ANY(job_ids) AND f.state = 'pending'
            AND EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = f.follows AND j.finished_at IS NOT NULL)
            AND NOT EXISTS (
                SELECT FROM rekkrd.jobs AS o
                WHERE
                    o.user_id = f.user_id AND o.unique_key = f.awaited_key
                    AND o.state IN ('pending', 'running', 'retrying')
            )
        FOR NO KEY UPDATE OF f SKIP LOCKED
    LOOP
        UPDATE rekkrd.jobs AS f
        SET follows = NULL, unique_key = f.awaited_key, awaited_key = NULL
        WHERE f.id = follower.id;
        PERFORM pg_notify('rekkrd_line', follower.lane);
    END LOOP;

    -- Applications get no webhook for jobs without a user.
    INSERT INTO rekkrd.deliveries (job_id, event, ended_at, body)
    SELECT
        j.id,
        'job.' || j.state,
        j.finished_at,
        json_build_object(
            'type', 'job.' || j.state,
            'timestamp', to_char(j.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'data', json_build_object(
                'id', j.id,
                'kind', j.kind,
                'user_id', j.user_id,
                'state', j.state,
                'outcome', j.outcome,
                'error_class', j.error_class,
                'error', j.error,
                'total_records', j.total_records,
                'processed_records', j.processed_records,
                'requests', j.requests,
                'created_at', to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            )
        )::text
    FROM rekkrd.jobs AS j
    WHERE
        j.id = ANY(job_ids) AND j.finished_at IS NOT NULL
        AND j.user_id <> '00000000-0000-0000-0000-000000000000' AND EXISTS (SELECT 1 FROM rekkrd.hooks)
    ON CONFLICT (job_id, ended_at) DO NOTHING;

    PERFORM pg_notify('rekkrd_job', j.id::text) FROM rekkrd.jobs AS j WHERE j.id = ANY(job_ids);
END;
$$;

COMMENT ON FUNCTION rekkrd.announce_many(uuid[]) IS
'Closes every transition: the import row follows its job, a job that waited to replace this one is enqueued, the '
'webhook is due, and listeners are notified.';
