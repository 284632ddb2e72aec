-- Price alerts: what stands in public.discogs_price_alerts beside what is known of the release, and whether it fired.

ALTER TABLE public.discogs_price_alerts ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE public.discogs_price_alerts ADD COLUMN IF NOT EXISTS triggered_price numeric(12, 2);
ALTER TABLE public.discogs_price_alerts ADD COLUMN IF NOT EXISTS above_since timestamptz;

COMMENT ON COLUMN public.discogs_price_alerts.triggered_at IS
'Since when it has fired; null while it is armed.';
COMMENT ON COLUMN public.discogs_price_alerts.above_since IS
'Of one that fired: since when the floor was seen 5 % above the target without a break. After a day it is armed again.';

-- One that fired is looked at too: it is armed again when the price rose.
DROP INDEX IF EXISTS public.discogs_price_alerts_armed;

CREATE INDEX discogs_price_alerts_active ON public.discogs_price_alerts (discogs_release_id)
WHERE is_active;

CREATE INDEX discogs_price_alerts_currencies ON public.discogs_price_alerts (currency)
WHERE is_active;

CREATE VIEW rekkrd.alerts_now AS
SELECT
    a.id,
    a.user_id,
    a.discogs_release_id AS release_id,
    r.artist,
    r.title,
    a.target_price AS target,
    a.currency,
    a.condition_minimum AS minimum_grade,
    a.is_active,
    a.created_at,
    a.last_checked_at,
    a.triggered_at,
    a.triggered_price,
    a.above_since,
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
    s.fetched_at AS suggested_at
FROM public.discogs_price_alerts AS a
LEFT JOIN rekkrd.releases AS r ON r.release_id = a.discogs_release_id
LEFT JOIN rekkrd.prices AS p ON p.release_id = a.discogs_release_id AND p.what = 'stats'
LEFT JOIN rekkrd.prices AS s ON s.release_id = a.discogs_release_id AND s.what = 'suggestions'
LEFT JOIN public.discogs_price_cache AS c ON c.discogs_release_id = a.discogs_release_id
LEFT JOIN rekkrd.rates_now AS mine ON mine.currency = a.currency
LEFT JOIN rekkrd.rates_now AS floors ON floors.currency = c.marketplace_stats -> 'lowest_price' ->> 'currency'
LEFT JOIN rekkrd.rates_now AS theirs ON theirs.currency = c.price_data -> a.condition_minimum ->> 'currency';

COMMENT ON VIEW rekkrd.alerts_now IS
'Each alert beside the floor of its release, in the alert''s own currency, and beside what Discogs suggests for the '
'minimum grade; null where nothing is known or no exchange rate is.';

REVOKE ALL ON rekkrd.alerts_now FROM public;
