-- Tell whether a job must end with its step. Reads jobs.

CREATE OR REPLACE FUNCTION rekkrd.is_ending(job rekkrd.jobs) RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = ''
SET enable_seqscan = off
SET jit = off
AS $$
    SELECT job.cancel_requested_at IS NOT NULL OR EXISTS (
        SELECT FROM rekkrd.jobs AS f WHERE f.follows = job.id AND f.state = 'pending'
    );
$$;

COMMENT ON FUNCTION rekkrd.is_ending(rekkrd.jobs) IS
'True if somebody asked the job to end, or another job is waiting to replace it. A replacement only inserts its own '
'row: the row of a job with a step under way stays free for its worker.';
