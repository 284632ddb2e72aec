-- What a waiting job waits for, besides its turn: asked when a person looks, never by the engine.

-- name: find_speaking(user_ids)
-- Jobs of these accounts whose steps are under way or called up: these have the conversations with Discogs now.
SELECT *
FROM rekkrd.jobs
WHERE
    user_id = ANY(:user_ids) AND speaks_for_user
    AND (leased_until IS NOT NULL OR called_until > now())
ORDER BY leased_until IS NULL, id;

-- name: count_users()
-- Users with live work, by lane: between how many a lane's tokens go round.
SELECT
    t.lane,
    count(*) AS users
FROM rekkrd.turns AS t
WHERE EXISTS (
    SELECT 1
    FROM rekkrd.jobs AS j
    WHERE j.lane = t.lane AND j.user_id = t.user_id AND j.state IN ('pending', 'running', 'retrying')
)
GROUP BY t.lane;

-- name: count_others(lane, user_id)$
-- Other users with live work in a lane.
SELECT count(*)
FROM rekkrd.turns AS t
WHERE
    t.lane = :lane AND t.user_id <> :user_id
    AND EXISTS (
        SELECT 1
        FROM rekkrd.jobs AS j
        WHERE j.lane = t.lane AND j.user_id = t.user_id AND j.state IN ('pending', 'running', 'retrying')
    );
