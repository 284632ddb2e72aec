-- Who changed something a moment ago.

-- name: take(tiers, settling, patience, room)
-- Take out users who were noted and have come to rest, or did not for long; and whether their changes go out by
-- themselves.
WITH due AS (
    SELECT t.user_id
    FROM rekkrd.touched AS t
    GROUP BY t.user_id
    HAVING
        max(t.touched_at) <= clock_timestamp() - :settling::interval
        OR min(t.touched_at) <= clock_timestamp() - :patience::interval
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
    coalesce(
        l.state = 'connected'
        AND l.paused_reason IS NULL
        AND l.push_confirmed_at IS NOT NULL
        AND u.tier = ANY(:tiers)
        AND coalesce(s.is_auto, TRUE)
        AND coalesce(s.direction, 'in') <> 'in',
        FALSE
    ) AS goes_out
FROM due
LEFT JOIN rekkrd.users AS u ON u.id = due.user_id
LEFT JOIN rekkrd.links AS l ON l.user_id = due.user_id
LEFT JOIN rekkrd.sync_settings AS s ON s.user_id = due.user_id
ORDER BY due.user_id;
