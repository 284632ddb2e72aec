-- Who changed something a moment ago.

-- name: take(tiers, settling, room)
-- Take out users who were noted and have come to rest, and return those of them whose changes go out by themselves.
WITH due AS (
    SELECT DISTINCT t.user_id
    FROM rekkrd.touched AS t
    WHERE t.touched_at <= clock_timestamp() - :settling::interval
    ORDER BY t.user_id
    LIMIT :room
),

taken AS (
    DELETE FROM rekkrd.touched AS t
    USING due
    WHERE t.user_id = due.user_id AND t.touched_at <= clock_timestamp() - :settling::interval
)

SELECT
    due.user_id,
    l.state = 'connected'
    AND l.push_confirmed_at IS NOT NULL
    AND u.tier = ANY(:tiers)
    AND coalesce(s.is_auto, TRUE)
    AND coalesce(s.direction, 'in') <> 'in' AS goes_out
FROM due
INNER JOIN rekkrd.users AS u ON u.id = due.user_id
LEFT JOIN rekkrd.links AS l ON l.user_id = due.user_id
LEFT JOIN rekkrd.sync_settings AS s ON s.user_id = due.user_id
ORDER BY due.user_id;
