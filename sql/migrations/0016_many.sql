-- Ten thousand jobs cancelled or put back in seconds: what announces and cancels one job does it to many in as many
-- statements. One job is many of one, so there still is one place for each.

CREATE FUNCTION rekkrd.announce_many(job_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = '' AS $$
DECLARE
    next_lane text;
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
    WHERE j.id = ANY(job_ids) AND i.id = j.id;

    FOR next_lane IN
        UPDATE rekkrd.jobs AS f
        SET follows = NULL, unique_key = f.awaited_key, awaited_key = NULL
        FROM rekkrd.jobs AS j
        WHERE j.id = ANY(job_ids) AND j.finished_at IS NOT NULL AND f.follows = j.id AND f.state = 'pending'
        RETURNING f.lane
    LOOP
        PERFORM pg_notify('rekkrd_line', next_lane);
    END LOOP;

    PERFORM pg_notify('rekkrd_job', j.id::text) FROM rekkrd.jobs AS j WHERE j.id = ANY(job_ids);
END;
$$;

COMMENT ON FUNCTION rekkrd.announce_many(uuid[]) IS
'Closes every transition: the plan''s import row follows its job, who stood behind it comes into the line, and '
'watchers are told.';

CREATE OR REPLACE FUNCTION rekkrd.announce(job_id uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = '' AS $$
BEGIN
    PERFORM rekkrd.announce_many(ARRAY[job_id]);
END;
$$;

COMMENT ON FUNCTION rekkrd.announce(uuid) IS
'The same for one job.';

CREATE FUNCTION rekkrd.cancel_many(job_ids uuid[]) RETURNS SETOF rekkrd.jobs
LANGUAGE plpgsql
SET search_path = '' AS $$
DECLARE
    cancelled uuid[];
BEGIN
    -- In one order, so that two never wait for each other: who stands behind a job after it, as in a replacement.
    PERFORM 1
    FROM rekkrd.jobs AS j
    WHERE j.id = ANY(job_ids) AND j.state IN ('pending', 'running', 'retrying')
    ORDER BY j.follows IS NOT NULL, j.id
    FOR UPDATE;

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
'Cancels jobs and announces them; those with a step under way are asked to end with that one. What is over has no row.';

CREATE OR REPLACE FUNCTION rekkrd.cancel(job_id uuid) RETURNS SETOF rekkrd.jobs
LANGUAGE plpgsql
SET search_path = '' AS $$
BEGIN
    RETURN QUERY SELECT * FROM rekkrd.cancel_many(ARRAY[job_id]);
END;
$$;

COMMENT ON FUNCTION rekkrd.cancel(uuid) IS
'The same for one job.';

REVOKE ALL ON FUNCTION rekkrd.announce_many(uuid[]), rekkrd.cancel_many(uuid[]) FROM public;
