-- Prices a release: the figures, how fresh they are, who asks for them now, and which are due.

-- name: find(release_id, what)^
-- One side of a release's prices, with its figures; the time is the database's own.
SELECT
    p.*,
    CASE WHEN p.what = 'stats' THEN c.marketplace_stats ELSE c.price_data END AS figures,
    now() AS seen_at
FROM rekkrd.prices AS p
LEFT JOIN public.discogs_price_cache AS c ON p.release_id = c.discogs_release_id
WHERE p.release_id = :release_id AND p.what = :what;

-- name: look(release_id, what, watched)!
-- Somebody looks: remembered once an hour, and what a person looks at is due sooner.
INSERT INTO rekkrd.prices AS known (release_id, what, looked_at)
VALUES (:release_id, :what, now())
ON CONFLICT (release_id, what) DO UPDATE
    SET
        looked_at = now(),
        every = least(known.every, :watched),
        due_at = least(known.due_at, known.fetched_at + :watched)
    WHERE known.looked_at IS NULL OR known.looked_at < now() - interval '1 hour';

-- name: enrol(release_ids)!
-- Releases that somebody has: due at once where they are new. Those that are there are held, or they could be forgotten
-- at this moment, for nobody sees yet who has them.
WITH held AS MATERIALIZED (
    SELECT p.release_id
    FROM rekkrd.prices AS p
    WHERE p.release_id = ANY(:release_ids)
    ORDER BY p.release_id, p.what
    FOR KEY SHARE
)

INSERT INTO rekkrd.prices (release_id, what)
SELECT
    r.release_id,
    w.what
FROM unnest(:release_ids::bigint []) AS r (release_id)
CROSS JOIN (VALUES ('suggestions'), ('stats')) AS w (what)
WHERE (SELECT count(*) FROM held) >= 0
ORDER BY r.release_id, w.what
ON CONFLICT (release_id, what) DO NOTHING;

-- name: claim(release_id, what, claim, seconds)!
-- Become the one who asks; no row when somebody else is, or it failed a moment ago.
UPDATE rekkrd.prices
SET claim = :claim, claimed_until = now() + make_interval(secs => :seconds), failed = NULL
WHERE release_id = :release_id AND what = :what AND (claimed_until IS NULL OR claimed_until <= now());

-- name: held(whats, release_ids)
-- Those of the prices that a process asks Discogs for at this moment.
SELECT
    p.what,
    p.release_id
FROM unnest(:whats::text [], :release_ids::bigint []) AS k (what, release_id)
INNER JOIN rekkrd.prices AS p ON k.release_id = p.release_id AND k.what = p.what
WHERE p.claim IS NOT NULL AND p.claimed_until > now() AND p.failed IS NULL;

-- name: give_up(release_id, what, claim, sentence, seconds)!
-- The one who asked got no answer: nobody asks again for a moment. Without a sentence the next one may at once.
UPDATE rekkrd.prices
SET
    claim = NULL,
    failed = :sentence,
    claimed_until = CASE WHEN :sentence::text IS NOT NULL THEN now() + make_interval(secs => :seconds) END
WHERE release_id = :release_id AND what = :what AND claim = :claim;

-- name: store(release_id, what, state, figures, amount, moved, every)!
-- What Discogs said. The plan's row is as old as the older of its two sides.
WITH answered AS (
    INSERT INTO rekkrd.prices AS known (release_id, what, state, fetched_at, amount, moved, every, due_at, is_alerted)
    VALUES (
        :release_id, :what, :state, now(), :amount, :moved, :every, now() + :every,
        :what = 'stats' AND EXISTS (
            SELECT FROM public.discogs_price_alerts AS a WHERE a.discogs_release_id = :release_id AND a.is_active
        )
    )
    ON CONFLICT (release_id, what) DO UPDATE
        SET
            state = excluded.state,
            fetched_at = excluded.fetched_at,
            amount = excluded.amount,
            moved = excluded.moved,
            every = excluded.every,
            due_at = excluded.due_at,
            is_alerted = excluded.is_alerted,
            claim = NULL,
            claimed_until = NULL,
            failed = NULL
    RETURNING known.release_id, known.what
),

dated AS (
    SELECT
        a.release_id,
        a.what,
        least(now(), other.fetched_at) AS fetched_at
    FROM answered AS a
    LEFT JOIN rekkrd.prices AS other ON a.release_id = other.release_id AND a.what <> other.what
)

INSERT INTO public.discogs_price_cache AS known (
    discogs_release_id, price_data, marketplace_stats, fetched_at, expires_at
)
SELECT
    d.release_id,
    CASE WHEN d.what = 'suggestions' THEN :figures::jsonb END,
    CASE WHEN d.what = 'stats' THEN :figures::jsonb END,
    d.fetched_at,
    d.fetched_at + interval '24 hours'
FROM dated AS d
ON CONFLICT (discogs_release_id) DO UPDATE
    SET
        price_data = CASE WHEN :what = 'suggestions' THEN excluded.price_data ELSE known.price_data END,
        marketplace_stats = CASE WHEN :what = 'stats' THEN excluded.marketplace_stats ELSE known.marketplace_stats END,
        fetched_at = excluded.fetched_at,
        expires_at = excluded.expires_at;

-- name: askers(release_id, user_id, operator, currency, room)
-- Accounts that may request suggestions, the best first: the user who looks; owners of the release that got suggestions
-- before, in a job also those never tried; the operator's account, unless :operator is NULL or it was refused within
-- the hour; other accounts that got suggestions, those that sell in :currency first, a different one per release. If
-- there is none, accounts without an answer for a week.
WITH found AS (
    (
        SELECT
            1 AS place,
            l.curr_abbr,
            l.user_id
        FROM rekkrd.links AS l
        WHERE
            l.user_id = :user_id AND l.state = 'connected' AND (
                l.has_seller_settings
                OR l.seller_settings_at IS NULL
                OR l.seller_settings_at < now() - interval '1 day'
            )
    )
    UNION ALL
    (
        SELECT
            CASE WHEN l.has_seller_settings THEN 2 ELSE 3 END AS place,
            l.curr_abbr,
            l.user_id
        FROM rekkrd.instances AS i
        INNER JOIN rekkrd.links AS l ON i.user_id = l.user_id
        WHERE
            i.release_id = :release_id AND l.state = 'connected' AND (
                l.has_seller_settings
                OR (:user_id::uuid IS NULL AND l.seller_settings_at IS NULL)
            )
        GROUP BY l.user_id
        ORDER BY place, (l.curr_abbr IS NOT DISTINCT FROM :currency) DESC, l.user_id
        LIMIT :room
    )
    UNION ALL
    (
        SELECT
            4 AS place,
            NULL AS curr_abbr,
            :operator::uuid AS user_id
        WHERE
            :operator::uuid IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM rekkrd.operator_account AS o
                WHERE NOT o.has_seller_settings AND o.checked_at > now() - interval '1 hour'
            )
    )
    UNION ALL
    (
        SELECT
            5 AS place,
            l.curr_abbr,
            l.user_id
        FROM rekkrd.links AS l
        WHERE
            l.curr_abbr = :currency AND l.state = 'connected' AND l.has_seller_settings
            AND l.user_id >= md5(:release_id::text)::uuid
        ORDER BY l.user_id
        LIMIT :room
    )
    UNION ALL
    (
        SELECT
            6 AS place,
            l.curr_abbr,
            l.user_id
        FROM rekkrd.links AS l
        WHERE l.curr_abbr = :currency AND l.state = 'connected' AND l.has_seller_settings
        ORDER BY l.user_id
        LIMIT :room
    )
    UNION ALL
    (
        SELECT
            7 AS place,
            l.curr_abbr,
            l.user_id
        FROM rekkrd.links AS l
        WHERE l.state = 'connected' AND l.has_seller_settings
        ORDER BY l.curr_abbr, l.user_id
        LIMIT :room
    )
    UNION ALL
    (
        SELECT
            8 AS place,
            l.curr_abbr,
            l.user_id
        FROM rekkrd.links AS l
        WHERE
            l.state = 'connected'
            AND (l.seller_settings_at IS NULL OR l.seller_settings_at < now() - interval '7 days')
            AND NOT EXISTS (SELECT FROM rekkrd.links AS o WHERE o.state = 'connected' AND o.has_seller_settings)
        ORDER BY l.user_id
        LIMIT :room
    )
)

SELECT f.user_id
FROM found AS f
GROUP BY f.user_id, f.curr_abbr
ORDER BY min(f.place), (f.curr_abbr IS NOT DISTINCT FROM :currency) DESC, f.user_id
LIMIT :room;

-- name: set_seller_settings(user_id, has_them)!
-- Whether Discogs gave this account suggestions just now.
UPDATE rekkrd.links
SET has_seller_settings = :has_them, seller_settings_at = now()
WHERE user_id = :user_id;

-- name: set_operator_settings(has_them)!
-- Remember whether Discogs gave the operator's account suggestions just now.
INSERT INTO rekkrd.operator_account AS known (has_seller_settings)
VALUES (:has_them)
ON CONFLICT (is_only) DO UPDATE
    SET has_seller_settings = excluded.has_seller_settings, checked_at = now();

-- name: hasten(release_id, what, every)!
-- An alert waits for this price: it is due so often at least.
UPDATE rekkrd.prices
SET
    every = least(every, :every),
    due_at = least(due_at, coalesce(fetched_at, now()) + :every),
    is_alerted = TRUE
WHERE release_id = :release_id AND what = :what;
