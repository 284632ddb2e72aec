-- Let jobs go on that wait to replace another one which has no step under way. Reads and writes jobs.

CREATE OR REPLACE FUNCTION rekkrd.release_followers() RETURNS integer
LANGUAGE plpgsql
SET search_path = ''
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    pair record;
    holder_id uuid;
    released integer := 0;
BEGIN
    FOR pair IN
        SELECT f.id, f.user_id, f.awaited_key, h.id AS old_id, h.finished_at IS NULL AS is_live
        FROM rekkrd.jobs AS f
        CROSS JOIN LATERAL (
            SELECT j.id, j.finished_at
            FROM rekkrd.jobs AS j
            WHERE j.id = f.follows AND j.leased_until IS NULL
            FOR NO KEY UPDATE SKIP LOCKED
        ) AS h
        WHERE f.follows IS NOT NULL AND f.state = 'pending'
        ORDER BY f.id
        FOR NO KEY UPDATE OF f SKIP LOCKED
    LOOP
        released := released + 1;
        IF pair.is_live THEN
            PERFORM rekkrd.end_replaced(pair.old_id);
            CONTINUE;
        END IF;
        SELECT j.id INTO holder_id
        FROM rekkrd.jobs AS j
        WHERE
            j.user_id = pair.user_id AND j.unique_key = pair.awaited_key
            AND j.state IN ('pending', 'running', 'retrying');
        IF NOT FOUND THEN
            PERFORM rekkrd.announce(pair.old_id);
        ELSIF EXISTS (SELECT FROM rekkrd.jobs AS f WHERE f.follows = holder_id AND f.state = 'pending') THEN
            PERFORM rekkrd.end_replaced(pair.id);
        ELSE
            UPDATE rekkrd.jobs SET follows = holder_id WHERE id = pair.id;
        END IF;
    END LOOP;
    RETURN released;
END;
$$;

COMMENT ON FUNCTION rekkrd.release_followers() IS
'Ends jobs that are to be replaced and have no step under way, and starts those that waited for a job that has ended: '
'a step can end before the request to replace its job is committed. If a newer job has the key, that one is replaced.';
