-- Cancel a job without a step under way, because another one replaces it. Writes jobs.

CREATE OR REPLACE FUNCTION rekkrd.end_replaced(job_id uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = '' AS $$
BEGIN
    UPDATE rekkrd.jobs AS j
    SET
        state = 'cancelled',
        finished_at = now(),
        cancel_requested_at = coalesce(j.cancel_requested_at, now()),
        called_until = NULL,
        waits_for = NULL,
        outcome = 'Replaced by a newer request.',
        follows = NULL,
        unique_key = coalesce(j.unique_key, j.awaited_key),
        awaited_key = NULL
    WHERE j.id = end_replaced.job_id AND j.leased_until IS NULL AND j.finished_at IS NULL;
    PERFORM rekkrd.announce(end_replaced.job_id);
END;
$$;

COMMENT ON FUNCTION rekkrd.end_replaced(uuid) IS
'Cancels a job that another one replaces. The caller has locked its row and knows that no step is under way.';
