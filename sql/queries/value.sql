-- What collections are worth: sums and parts of one, its days, and what Discogs says of it.

-- name: sum_up(user_id, currency)^
-- A whole collection, with how much of it the value covers and how old its prices are.
SELECT
    count(*)::integer AS copies,
    count(w.median)::integer AS valued,
    count(*) FILTER (WHERE w.median IS NOT NULL AND w.is_assumed)::integer AS assumed,
    coalesce(sum(w.low), 0) AS low,
    coalesce(sum(w.median), 0) AS median,
    coalesce(sum(w.high), 0) AS high,
    min(w.priced_at) FILTER (WHERE w.median IS NOT NULL) AS oldest_price_at,
    now() - min(w.priced_at) FILTER (WHERE w.median IS NOT NULL) AS oldest_price_age,
    avg(now() - w.priced_at) FILTER (WHERE w.median IS NOT NULL) AS mean_price_age,
    count(*) FILTER (WHERE w.lack = 'no_release')::integer AS no_release,
    count(*) FILTER (WHERE w.lack = 'not_asked')::integer AS not_asked,
    count(*) FILTER (WHERE w.lack = 'no_price')::integer AS no_price,
    count(*) FILTER (WHERE w.lack = 'no_rate')::integer AS no_rate
FROM rekkrd.worth_of(:user_id, :currency) AS w;

-- name: list_unrated(user_id, currency)
-- Currencies of a collection's prices that have no exchange rate.
SELECT DISTINCT w.price_currency AS currency
FROM rekkrd.worth_of(:user_id, :currency) AS w
WHERE
    w.lack = 'no_rate'
    AND NOT EXISTS (SELECT FROM rekkrd.rates_now AS r WHERE r.currency = w.price_currency)
ORDER BY currency;

-- name: list_parts(user_id, currency, room)
-- A collection by condition, genre, decade and label: the dearest of each, and the rest as one. A copy of several
-- genres or labels stands under the first, so that the parts add up to the whole.
WITH parts AS (
    SELECT
        n.dimension,
        n.name,
        count(*) AS copies,
        count(w.median) AS valued,
        coalesce(sum(w.low), 0) AS low,
        coalesce(sum(w.median), 0) AS median,
        coalesce(sum(w.high), 0) AS high
    FROM rekkrd.worth_of(:user_id, :currency) AS w
    CROSS JOIN LATERAL (
        VALUES
        ('condition', CASE WHEN NOT w.is_assumed THEN w.grade END),
        ('genre', w.genre),
        ('decade', (w.year / 10 * 10) || 's'),
        ('label', w.label)
    ) AS n (dimension, name)
    GROUP BY n.dimension, n.name
),

placed AS (
    SELECT
        p.*,
        row_number() OVER (PARTITION BY p.dimension ORDER BY p.median DESC, p.copies DESC, p.name) AS place
    FROM parts AS p
)

SELECT
    t.dimension,
    CASE WHEN min(t.place) <= :room THEN min(t.name) END AS name,
    min(t.place) > :room AS is_rest,
    count(*)::integer AS names,
    sum(t.copies)::integer AS copies,
    sum(t.valued)::integer AS valued,
    sum(t.low) AS low,
    sum(t.median) AS median,
    sum(t.high) AS high
FROM placed AS t
GROUP BY t.dimension, least(t.place, :room + 1)
ORDER BY t.dimension, least(t.place, :room + 1);

-- name: list_dearest(user_id, currency, room)
-- The copies that are worth most.
SELECT
    w.album_id,
    w.release_id,
    w.artist,
    w.title,
    w.year,
    w.grade,
    w.is_assumed,
    w.low,
    w.median,
    w.high,
    w.priced_at
FROM rekkrd.worth_of(:user_id, :currency) AS w
WHERE w.median IS NOT NULL
ORDER BY w.median DESC, w.album_id
LIMIT :room;

-- name: list_unplanned(user_id, room)
-- Releases of a collection whose price nobody plans to ask for: albums that only the app knows.
SELECT DISTINCT a.discogs_release_id AS release_id
FROM public.albums AS a
WHERE a.user_id = :user_id
    AND a.discogs_release_id > 0
    AND NOT EXISTS (
        SELECT FROM rekkrd.prices AS p WHERE p.release_id = a.discogs_release_id AND p.what = 'suggestions'
    )
ORDER BY release_id
LIMIT :room;

-- name: snapshot(user_id, currency, day, bought_within)!
-- Keep what a collection is worth on a day of its owner's, what the change since the last snapshot came from, and each
-- copy for the next one. Nothing happens on a day that has its snapshot. At today's rate the price of then is what
-- exchange alone made of it; the rest of such a change is the market's. There is a split whenever the snapshot
-- before was in this currency.
WITH today AS (
    SELECT :day::date AS day
    WHERE NOT EXISTS (SELECT FROM rekkrd.value_days AS d WHERE d.user_id = :user_id AND d.day >= :day)
),

worth AS MATERIALIZED (
    SELECT w.*
    FROM today
    CROSS JOIN rekkrd.worth_of(:user_id, :currency) AS w
),

before AS MATERIALIZED (
    SELECT
        d.day,
        d.currency
    FROM rekkrd.value_days AS d
    WHERE d.user_id = :user_id
    ORDER BY d.day DESC
    LIMIT 1
),

was AS MATERIALIZED (
    SELECT c.*
    FROM rekkrd.value_copies AS c
    WHERE c.user_id = :user_id
),

moves AS (
    SELECT
        coalesce(n.median, 0) - coalesce(w.median, 0) AS change,
        CASE
            WHEN w.album_id IS NULL THEN 'bought'
            WHEN n.album_id IS NULL THEN 'sold'
            WHEN w.median IS NULL AND :day - w.new_since <= :bought_within THEN 'bought'
            WHEN w.median IS NULL OR n.median IS NULL THEN 'better_data'
            WHEN (n.release_id, n.grade) IS DISTINCT FROM (w.release_id, w.grade) THEN 'better_data'
            ELSE 'market'
        END AS cause,
        CASE
            WHEN w.price_currency = n.price_currency THEN coalesce(round(w.price * n.rate, 2) - w.median, 0)
            ELSE 0
        END AS exchange
    FROM worth AS n
    FULL JOIN was AS w ON w.album_id = n.album_id
),

split AS (
    SELECT
        b.day AS since,
        coalesce(sum(m.change) FILTER (WHERE m.cause = 'bought'), 0) AS bought,
        coalesce(-sum(m.change) FILTER (WHERE m.cause = 'sold'), 0) AS sold,
        coalesce(sum(m.change - m.exchange) FILTER (WHERE m.cause = 'market'), 0) AS market,
        coalesce(sum(m.exchange) FILTER (WHERE m.cause = 'market'), 0) AS exchange,
        coalesce(sum(m.change) FILTER (WHERE m.cause = 'better_data'), 0) AS better_data
    FROM before AS b
    LEFT JOIN moves AS m ON true
    WHERE b.currency = :currency
    GROUP BY b.day
),

gone AS (
    DELETE FROM rekkrd.value_copies AS c
    WHERE
        c.user_id = :user_id
        AND EXISTS (SELECT FROM today)
        AND NOT EXISTS (SELECT FROM worth AS n WHERE n.album_id = c.album_id)
),

kept AS (
    INSERT INTO rekkrd.value_copies AS c (
        user_id, album_id, release_id, grade, price, price_currency, median, new_since
    )
    SELECT
        :user_id,
        n.album_id,
        n.release_id,
        n.grade,
        n.price,
        n.price_currency,
        n.median,
        CASE
            WHEN n.median IS NOT NULL OR NOT EXISTS (SELECT FROM before) THEN NULL
            WHEN w.album_id IS NULL THEN :day
            ELSE w.new_since
        END
    FROM worth AS n
    LEFT JOIN was AS w ON w.album_id = n.album_id
    ON CONFLICT (user_id, album_id) DO UPDATE
        SET
            release_id = excluded.release_id,
            grade = excluded.grade,
            price = excluded.price,
            price_currency = excluded.price_currency,
            median = excluded.median,
            new_since = excluded.new_since
        WHERE (c.release_id, c.grade, c.price, c.price_currency, c.median, c.new_since)
        IS DISTINCT FROM
        (
            excluded.release_id, excluded.grade, excluded.price, excluded.price_currency, excluded.median,
            excluded.new_since
        )
),

total AS (
    SELECT
        count(*) AS copies,
        count(w.median) AS valued,
        count(*) FILTER (WHERE w.median IS NOT NULL AND w.is_assumed) AS assumed,
        coalesce(sum(w.low), 0) AS low,
        coalesce(sum(w.median), 0) AS median,
        coalesce(sum(w.high), 0) AS high,
        min(w.priced_at) FILTER (WHERE w.median IS NOT NULL) AS oldest_price_at,
        avg(now() - w.priced_at) FILTER (WHERE w.median IS NOT NULL) AS mean_price_age
    FROM worth AS w
),

told AS (
    INSERT INTO rekkrd.value_days (
        user_id, day, currency, copies, assumed, oldest_price_at, mean_price_age,
        since, bought, sold, market, exchange, better_data
    )
    SELECT
        :user_id,
        y.day,
        :currency,
        t.copies,
        t.assumed,
        t.oldest_price_at,
        t.mean_price_age,
        s.since,
        s.bought,
        s.sold,
        s.market,
        s.exchange,
        s.better_data
    FROM today AS y
    CROSS JOIN total AS t
    LEFT JOIN split AS s ON true
    RETURNING day
)

INSERT INTO public.discogs_value_history (
    user_id, total_value_low, total_value_median, total_value_high, currency, record_count, snapshot_date
)
SELECT
    :user_id,
    t.low,
    t.median,
    t.high,
    :currency,
    t.valued,
    k.day
FROM told AS k
CROSS JOIN total AS t
ON CONFLICT (user_id, snapshot_date) DO NOTHING;

-- name: list_days(user_id, since)
-- The days of a collection's value from one on, the oldest first.
SELECT
    h.snapshot_date AS day,
    h.currency,
    h.total_value_low AS low,
    h.total_value_median AS median,
    h.total_value_high AS high,
    h.record_count AS valued,
    d.copies,
    d.assumed,
    d.oldest_price_at,
    d.mean_price_age,
    d.since,
    d.bought,
    d.sold,
    d.market,
    d.exchange,
    d.better_data
FROM public.discogs_value_history AS h
LEFT JOIN rekkrd.value_days AS d ON d.user_id = h.user_id AND d.day = h.snapshot_date
WHERE h.user_id = :user_id AND h.snapshot_date >= :since
ORDER BY h.snapshot_date;

-- name: find_owners(after, tiers, room)
-- Users whose tier comes with a value, in the order of their ids, with the day of their last snapshot.
SELECT
    u.id AS user_id,
    u.time_zone,
    u.currency,
    last.day AS last_day
FROM rekkrd.users AS u
LEFT JOIN LATERAL (
    SELECT d.day
    FROM rekkrd.value_days AS d
    WHERE d.user_id = u.id
    ORDER BY d.day DESC
    LIMIT 1
) AS last ON true
WHERE
    u.id > :after AND u.tier = any(:tiers)
    AND (
        EXISTS (SELECT FROM public.albums AS a WHERE a.user_id = u.id)
        OR EXISTS (SELECT FROM rekkrd.value_copies AS c WHERE c.user_id = u.id)
    )
ORDER BY u.id
LIMIT :room;

-- name: find_said(user_id)^
-- What Discogs said a collection is worth, and when; the time is the database's own.
SELECT
    v.minimum,
    v.median,
    v.maximum,
    v.currency,
    v.fetched_at,
    now() - v.fetched_at AS age
FROM rekkrd.discogs_values AS v
WHERE v.user_id = :user_id AND v.fetched_at IS NOT NULL;

-- name: claim_said(user_id, older_than, seconds)!
-- Become the one who asks Discogs; no row while it is fresh, or while somebody else asks.
INSERT INTO rekkrd.discogs_values AS v (user_id, asked_until)
VALUES (:user_id, now() + make_interval(secs => :seconds))
ON CONFLICT (user_id) DO UPDATE
    SET asked_until = excluded.asked_until
    WHERE
        (v.fetched_at IS NULL OR v.fetched_at < now() - :older_than::interval)
        AND (v.asked_until IS NULL OR v.asked_until < now());

-- name: keep_said(user_id, minimum, median, maximum, currency)!
-- Keep what Discogs said just now.
UPDATE rekkrd.discogs_values
SET
    minimum = :minimum,
    median = :median,
    maximum = :maximum,
    currency = :currency,
    fetched_at = now(),
    asked_until = NULL
WHERE user_id = :user_id;
