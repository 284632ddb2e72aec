-- Enqueue many jobs in one statement, for applications that share the database.

CREATE OR REPLACE FUNCTION rekkrd.enqueue_many(jobs jsonb)
RETURNS TABLE (place integer, job_id uuid, is_new boolean, state text, replaced uuid)
LANGUAGE sql
SECURITY DEFINER
SET search_path = '' AS $$
    SELECT e.place, e.job_id, e.is_new, e.state, e.replaced
    FROM rekkrd.enqueue_jobs(enqueue_many.jobs, 'request') AS e
    ORDER BY e.place;
$$;

COMMENT ON FUNCTION rekkrd.enqueue_many(jsonb) IS
'Enqueues an array of objects with the parameters of rekkrd.enqueue as keys, all of them or none. Returns a row for '
'each, in order; place counts from 0.';
