-- Alerted releases are checked by a job kind of their own: their lowest prices are marked, and found by a small index.

ALTER TABLE rekkrd.prices ADD COLUMN is_alerted boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN rekkrd.prices.is_alerted IS
'Whether an active alert waited when this lowest price was stored or the alert was set: check_alerts requests it.';

UPDATE rekkrd.prices AS p
SET is_alerted = true
WHERE
    p.what = 'stats'
    AND EXISTS (
        SELECT FROM public.discogs_price_alerts AS a WHERE a.discogs_release_id = p.release_id AND a.is_active
    );

DROP INDEX rekkrd.prices_due;
CREATE INDEX prices_due ON rekkrd.prices (what, is_alerted, every, due_at, release_id);
CREATE INDEX prices_alerted ON rekkrd.prices (every, due_at) WHERE is_alerted;

CREATE FUNCTION rekkrd.alert_stretch() RETURNS double precision
LANGUAGE sql STABLE
SET search_path TO ''
AS $$
    -- All alerted prices wait equally long beside their own intervals, so the longest wait tells the real interval.
    SELECT 1 + greatest(
        0,
        coalesce(max((extract(EPOCH FROM now() - f.due_at) / extract(EPOCH FROM f.every))::float8), 0)
    )
    FROM (
        SELECT
            p.every,
            min(p.due_at) AS due_at
        FROM rekkrd.prices AS p
        WHERE p.is_alerted
        GROUP BY p.every
    ) AS f;
$$;
COMMENT ON FUNCTION rekkrd.alert_stretch() IS
'How many times as long as planned the intervals between checks of alerts are now: 1 while capacity suffices.';
REVOKE ALL ON FUNCTION rekkrd.alert_stretch() FROM public;

CREATE OR REPLACE VIEW rekkrd.alerts_now AS
SELECT
    a.id,
    a.user_id,
    a.discogs_release_id AS release_id,
    n.artist,
    n.title,
    a.target_price AS target,
    a.currency,
    a.condition_minimum AS minimum_grade,
    a.is_active,
    a.created_at,
    a.last_checked_at,
    a.triggered_at,
    a.triggered_price,
    a.above_since,
    a.seen_floor,
    p.state AS floor_state,
    p.fetched_at AS floor_at,
    (c.marketplace_stats -> 'lowest_price' ->> 'value')::numeric AS floor_said,
    c.marketplace_stats -> 'lowest_price' ->> 'currency' AS floor_currency,
    (c.marketplace_stats ->> 'num_for_sale')::integer AS num_for_sale,
    mine.per_dollar / floors.per_dollar AS rate,
    least(mine.as_of, floors.as_of) AS rate_as_of,
    round(
        (c.marketplace_stats -> 'lowest_price' ->> 'value')::numeric * (mine.per_dollar / floors.per_dollar), 2
    ) AS floor,
    round(
        (c.price_data -> a.condition_minimum ->> 'value')::numeric * (mine.per_dollar / theirs.per_dollar), 2
    ) AS suggestion,
    s.fetched_at AS suggested_at,
    (
        SELECT min(coalesce(i.date_added, i.first_seen_at))
        FROM rekkrd.instances AS i
        WHERE i.user_id = a.user_id AND i.release_id = a.discogs_release_id AND i.missing_since IS NULL
    ) AS owned_since,
    (
        SELECT min(q.kind)
        FROM rekkrd.questions AS q
        WHERE
            q.user_id = a.user_id AND q.kind IN ('owned_want', 'removed_want')
            AND q.subject = a.discogs_release_id::text AND q.answered_at IS NULL
    ) AS review,
    p.every AS check_every
FROM public.discogs_price_alerts AS a
LEFT JOIN LATERAL (
    SELECT
        r.artist,
        r.title
    FROM rekkrd.release_names AS r
    WHERE r.release_id = a.discogs_release_id
    LIMIT 1
) AS n ON true
LEFT JOIN rekkrd.prices AS p ON p.release_id = a.discogs_release_id AND p.what = 'stats'
LEFT JOIN rekkrd.prices AS s ON s.release_id = a.discogs_release_id AND s.what = 'suggestions'
LEFT JOIN public.discogs_price_cache AS c ON c.discogs_release_id = a.discogs_release_id
LEFT JOIN rekkrd.rates_now AS mine ON mine.currency = a.currency
LEFT JOIN rekkrd.rates_now AS floors ON floors.currency = c.marketplace_stats -> 'lowest_price' ->> 'currency'
LEFT JOIN rekkrd.rates_now AS theirs ON theirs.currency = c.price_data -> a.condition_minimum ->> 'currency';
COMMENT ON COLUMN rekkrd.alerts_now.check_every IS
'The planned interval between checks of the lowest price.';
