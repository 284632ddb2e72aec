-- Give users a place in the order of their queues, and keep it until the caller commits. Writes turns.

CREATE OR REPLACE FUNCTION rekkrd.hold_turns(lanes text[], user_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = ''
-- As in add_jobs: called once for each job, a scan of all turns makes many calls quadratic.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    missing integer;
BEGIN
    LOOP
        INSERT INTO rekkrd.turns AS t (lane, user_id, turn)
        SELECT l.lane, g.user_id, l.turn
        FROM unnest(lanes, user_ids) AS g (lane, user_id)
        INNER JOIN rekkrd.lanes AS l ON l.lane = g.lane
        ORDER BY l.lane, g.user_id
        ON CONFLICT (lane, user_id) DO NOTHING;

        -- KEY SHARE: dispatching a step of the user, which only moves the turn, does not wait for it.
        PERFORM 1
        FROM (
            SELECT DISTINCT g.lane, g.user_id
            FROM unnest(lanes, user_ids) AS g (lane, user_id)
            ORDER BY g.lane, g.user_id
        ) AS g
        CROSS JOIN LATERAL (
            SELECT t.lane
            FROM rekkrd.turns AS t
            WHERE t.lane = g.lane AND t.user_id = g.user_id
            FOR KEY SHARE
        ) AS held;

        -- Maintenance may have removed one between the two statements.
        SELECT count(*) INTO missing
        FROM unnest(lanes, user_ids) AS g (lane, user_id)
        WHERE
            EXISTS (SELECT FROM rekkrd.lanes AS l WHERE l.lane = g.lane)
            AND NOT EXISTS (SELECT FROM rekkrd.turns AS t WHERE t.lane = g.lane AND t.user_id = g.user_id);
        EXIT WHEN missing = 0;
    END LOOP;
END;
$$;

COMMENT ON FUNCTION rekkrd.hold_turns IS
'Gives users a place in a queue each, behind the step dispatched last, and keeps it until the caller commits: '
'maintenance, which cannot see their jobs before, would remove it.';
