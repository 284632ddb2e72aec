-- The plan of prices: what is due next of all releases that somebody has, and how much there is to do.

-- name: next_due(what, is_alerted)^
-- The side that has been due for longest beside its own interval, and whether anybody still has the release, wants it,
-- or set an alert on it. Who is asked for by a person at this moment is left to them. Intervals are a dozen, and of
-- each the first in time is the one: so a choice costs a step in the index for each, however many prices there are.
WITH RECURSIVE kinds AS (
    (
        SELECT k.every
        FROM rekkrd.prices AS k
        WHERE k.what = :what AND k.is_alerted = :is_alerted
        ORDER BY k.every
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT k.every
        FROM rekkrd.prices AS k
        WHERE k.what = :what AND k.is_alerted = :is_alerted AND k.every > kinds.every
        ORDER BY k.every
        LIMIT 1
    )
    FROM kinds
    WHERE kinds.every IS NOT NULL
)

SELECT
    p.release_id,
    p.what,
    p.late,
    (
        EXISTS (SELECT FROM rekkrd.instances AS i WHERE i.release_id = p.release_id)
        OR EXISTS (SELECT FROM rekkrd.wants AS w WHERE w.release_id = p.release_id)
        OR EXISTS (SELECT FROM public.albums AS o WHERE o.discogs_release_id = p.release_id)
        OR EXISTS (
            SELECT FROM public.discogs_price_alerts AS a
            WHERE a.discogs_release_id = p.release_id AND a.is_active
        )
    ) AS is_anybodys
FROM (
    SELECT
        f.release_id,
        f.what,
        (extract(EPOCH FROM now() - f.due_at) / extract(EPOCH FROM f.every))::float8 AS late
    FROM kinds
    CROSS JOIN LATERAL (
        SELECT n.*
        FROM rekkrd.prices AS n
        WHERE
            n.what = :what AND n.is_alerted = :is_alerted AND n.every = kinds.every AND n.due_at <= now()
            AND (n.claimed_until IS NULL OR n.claimed_until <= now())
        ORDER BY n.due_at, n.release_id
        LIMIT 1
    ) AS f
    ORDER BY late DESC, f.release_id
    LIMIT 1
) AS p;

-- name: take(release_id, what, seconds)!
-- Let a side wait behind the others while it is asked for: one that cannot be asked for holds nobody up.
UPDATE rekkrd.prices
SET due_at = now() + make_interval(secs => :seconds)
WHERE release_id = :release_id AND what = :what;

-- name: hold(release_id)!
-- Let nobody begin to have this release until it is forgotten: who does so holds its prices, too.
SELECT what
FROM rekkrd.prices
WHERE release_id = :release_id
ORDER BY what
FOR UPDATE;

-- name: forget(release_id)!
-- Forget the prices of a release that nobody has any more, unless somebody does by now.
WITH forgotten AS (
    DELETE FROM rekkrd.prices AS p
    WHERE
        p.release_id = :release_id
        AND NOT EXISTS (SELECT FROM rekkrd.instances AS i WHERE i.release_id = p.release_id)
        AND NOT EXISTS (SELECT FROM rekkrd.wants AS w WHERE w.release_id = p.release_id)
        AND NOT EXISTS (SELECT FROM public.albums AS o WHERE o.discogs_release_id = p.release_id)
        AND NOT EXISTS (
            SELECT FROM public.discogs_price_alerts AS a WHERE a.discogs_release_id = p.release_id AND a.is_active
        )
    RETURNING p.release_id
)

DELETE FROM public.discogs_price_cache
WHERE discogs_release_id IN (SELECT f.release_id FROM forgotten AS f);

-- name: totals(usual)
-- How many releases there are by side, how many of them are due, since when, and how many requests a day keep them:
-- what was never asked for will be due as usual.
SELECT
    what,
    count(*) AS releases,
    count(*) FILTER (WHERE fetched_at IS NULL) AS never_asked,
    count(*) FILTER (WHERE due_at <= now()) AS due,
    min(due_at) AS oldest_due_at,
    coalesce(sum(86400 / extract(EPOCH FROM CASE WHEN fetched_at IS NULL THEN :usual ELSE every END)), 0)::float8
        AS wanted_a_day
FROM rekkrd.prices
GROUP BY what
ORDER BY what;

-- name: following(what, room)
-- What comes next of one side, in the order in which it is asked for: what is due, by its wait beside its interval,
-- then what will be.
WITH RECURSIVE kinds AS (
    SELECT
        s.is_alerted,
        (
            SELECT k.every
            FROM rekkrd.prices AS k
            WHERE k.what = :what AND k.is_alerted = s.is_alerted
            ORDER BY k.every
            LIMIT 1
        ) AS every
    FROM (VALUES (FALSE), (TRUE)) AS s (is_alerted)
    UNION ALL
    SELECT
        kinds.is_alerted,
        (
            SELECT k.every
            FROM rekkrd.prices AS k
            WHERE k.what = :what AND k.is_alerted = kinds.is_alerted AND k.every > kinds.every
            ORDER BY k.every
            LIMIT 1
        ) AS every
    FROM kinds
    WHERE kinds.every IS NOT NULL
)

SELECT
    p.*,
    NULL::jsonb AS figures,
    now() AS seen_at,
    r.artist,
    r.title
FROM (
    SELECT
        f.*,
        CASE WHEN f.due_at <= now() THEN extract(EPOCH FROM f.due_at - now()) / extract(EPOCH FROM f.every) END AS place
    FROM kinds
    CROSS JOIN LATERAL (
        SELECT n.*
        FROM rekkrd.prices AS n
        WHERE n.what = :what AND n.is_alerted = kinds.is_alerted AND n.every = kinds.every
        ORDER BY n.due_at, n.release_id
        LIMIT :room
    ) AS f
    ORDER BY place, f.due_at, f.release_id
    LIMIT :room
) AS p
LEFT JOIN rekkrd.releases AS r ON p.release_id = r.release_id
ORDER BY p.place, p.due_at, p.release_id;

-- name: alert_demand()$
-- Requests a day that check all alerts at their planned intervals.
SELECT coalesce(sum(86400 / extract(EPOCH FROM p.every)), 0)::float8
FROM rekkrd.prices AS p
WHERE p.is_alerted;

-- name: count_due(room)$
-- How many prices are due, counted up to :room.
SELECT count(*)
FROM (
    SELECT
    FROM rekkrd.prices AS p
    WHERE p.due_at <= now()
    LIMIT :room
) AS due;

-- name: spent_otherwise(kinds)$
-- How many requests of the last 24 hours went to anything but these job kinds.
SELECT coalesce(sum(requests) FILTER (WHERE kind <> ALL(:kinds::text [])), 0)::bigint AS requests
FROM rekkrd.usage_minutes
WHERE minute >= now() - interval '24 hours';
