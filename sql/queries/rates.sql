-- Exchange rates: how much of a currency a US dollar is, and the release whose floor tells.

-- name: list_rates()
-- The rates that count, by currency; the dollar's own is 1.
SELECT
    r.currency,
    r.per_dollar,
    r.as_of,
    r.source
FROM rekkrd.rates_now AS r
ORDER BY r.currency;

-- name: keep_rates(currencies, rates, source, noted_by)!
-- Keep rates as of now.
INSERT INTO rekkrd.exchange_rates AS known (currency, source, per_dollar, noted_by)
SELECT
    g.currency,
    :source,
    g.per_dollar,
    :noted_by
FROM unnest(:currencies::text [], :rates::numeric []) AS g (currency, per_dollar)
ON CONFLICT (currency, source) DO UPDATE
    SET per_dollar = excluded.per_dollar, as_of = now(), noted_by = excluded.noted_by;

-- name: note_day(currencies)!
-- The rates that count now are those of today.
INSERT INTO rekkrd.rate_days AS known (currency, day, per_dollar)
SELECT
    r.currency,
    (now() AT TIME ZONE 'UTC')::date,
    r.per_dollar
FROM rekkrd.rates_now AS r
WHERE r.currency = ANY(:currencies::text [])
ON CONFLICT (currency, day) DO UPDATE
    SET per_dollar = excluded.per_dollar;

-- name: forget_rate(currency)!
-- Take back what an operator set; what Discogs converts by counts again.
DELETE FROM rekkrd.exchange_rates
WHERE currency = :currency AND source = 'operator';

-- name: find_wanted(age)
-- The currencies that somebody has and whose rate is missing or older than this: of users, of connected accounts, of
-- alerts, of sellers, and of the suggestions that came last, for an account may sell in another currency than it buys
-- in.
WITH RECURSIVE of_alerts (currency) AS (
    (SELECT a.currency FROM public.discogs_price_alerts AS a WHERE a.is_active ORDER BY a.currency LIMIT 1)
    UNION ALL
    -- From one currency to the next by the index: there are many alerts and few currencies.
    SELECT (
        SELECT a.currency
        FROM public.discogs_price_alerts AS a
        WHERE a.is_active AND a.currency > o.currency
        ORDER BY a.currency
        LIMIT 1
    )
    FROM of_alerts AS o
    WHERE o.currency IS NOT NULL
)

SELECT w.currency
FROM (
    SELECT u.currency
    FROM rekkrd.users AS u
    UNION
    SELECT l.curr_abbr AS currency
    FROM rekkrd.links AS l
    UNION
    SELECT o.currency
    FROM of_alerts AS o
    UNION
    SELECT s.currency
    FROM rekkrd.sellers AS s
    UNION
    SELECT grade.value ->> 'currency' AS currency
    FROM (
        SELECT n.release_id
        FROM rekkrd.prices AS n
        WHERE n.what = 'suggestions' AND n.state = 'priced'
        ORDER BY n.fetched_at DESC
        LIMIT 200
    ) AS p
    INNER JOIN public.discogs_price_cache AS c ON c.discogs_release_id = p.release_id
    CROSS JOIN LATERAL jsonb_each(coalesce(c.price_data, '{}')) AS grade
) AS w
WHERE
    w.currency ~ '^[A-Z]{3}$' AND w.currency <> 'USD'
    AND NOT EXISTS (
        SELECT FROM rekkrd.exchange_rates AS e
        WHERE e.currency = w.currency AND e.source = 'discogs' AND e.as_of > now() - :age::interval
    )
ORDER BY w.currency;

-- name: find_liquid(room)$
-- Of the releases that were asked about lately, the one with most on offer: its floor moves least between two requests.
SELECT p.release_id
FROM (
    SELECT
        n.release_id,
        n.amount
    FROM rekkrd.prices AS n
    WHERE n.what = 'stats' AND n.state = 'priced'
    ORDER BY n.fetched_at DESC
    LIMIT :room
) AS p
INNER JOIN public.discogs_price_cache AS c ON c.discogs_release_id = p.release_id
WHERE p.amount >= 1
ORDER BY (c.marketplace_stats ->> 'num_for_sale')::integer DESC NULLS LAST, p.release_id
LIMIT 1;
