-- The nights of users: whose sync the clock enqueues, and for which local date it did so last.

-- name: find_sleepers(tiers, after, room)
-- Connected users of these tiers who want to hear from Discogs by themselves, in the order of their ids, with the night
-- that each had last. Who chose nothing has no settings.
SELECT
    l.user_id,
    u.time_zone,
    p.discogs_connected_at AS connected_at,
    n.night AS last_night,
    coalesce(s.frequency, 'nightly') = 'weekly' AS is_weekly,
    coalesce(s.direction, 'in') <> 'out' AS comes_in,
    coalesce(s.direction, 'in') <> 'in' AND l.push_confirmed_at IS NOT NULL AS goes_out,
    CASE WHEN NOT l.is_partial THEN l.collection_complete_at END AS whole_at
FROM rekkrd.links AS l
INNER JOIN public.profiles AS p ON p.id = l.user_id
INNER JOIN rekkrd.users AS u ON u.id = l.user_id
LEFT JOIN rekkrd.nights AS n ON n.user_id = l.user_id
LEFT JOIN rekkrd.sync_settings AS s ON s.user_id = l.user_id
WHERE
    l.user_id > :after AND l.state = 'connected' AND u.tier = ANY(:tiers)
    AND l.paused_reason IS NULL
    AND coalesce(s.is_auto, true)
ORDER BY l.user_id
LIMIT :room;

-- name: begin(user_ids, nights)
-- Let users' nights begin; who had theirs, or a later one, has no row.
INSERT INTO rekkrd.nights AS n (user_id, night)
SELECT
    g.user_id,
    g.night
FROM unnest(:user_ids::uuid [], :nights::date []) AS g (user_id, night)
ORDER BY g.user_id
ON CONFLICT (user_id) DO UPDATE
    SET night = excluded.night, begun_at = now()
    WHERE n.night < excluded.night
RETURNING n.user_id;
