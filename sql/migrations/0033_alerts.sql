-- Price alerts: what stands in public.discogs_price_alerts beside what is known of the release, and whether it fired.

ALTER TABLE public.discogs_price_alerts ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE public.discogs_price_alerts ADD COLUMN IF NOT EXISTS triggered_price numeric(12, 2);
ALTER TABLE public.discogs_price_alerts ADD COLUMN IF NOT EXISTS above_since timestamptz;
ALTER TABLE public.discogs_price_alerts ADD COLUMN IF NOT EXISTS seen_floor numeric(12, 2);

COMMENT ON COLUMN public.discogs_price_alerts.triggered_at IS
'Since when it has fired; null while it is armed.';
COMMENT ON COLUMN public.discogs_price_alerts.above_since IS
'Of one that fired: since when the floor was seen 5 % above the target without a break. After a day it is armed again.';
COMMENT ON COLUMN public.discogs_price_alerts.seen_floor IS
'The floor that it saw last, in its own currency; null when nothing was on offer.';

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

CREATE TABLE rekkrd.mails (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    content jsonb,
    first_sent_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    given_up_at timestamptz,
    error text,
    CONSTRAINT mails_say_what_they_say CHECK ((content IS NULL) = (first_sent_at IS NULL)),
    CONSTRAINT mails_tried_before_they_end CHECK (
        first_sent_at IS NOT NULL OR (sent_at IS NULL AND given_up_at IS NULL)
    ),
    CONSTRAINT mails_end_once CHECK (sent_at IS NULL OR given_up_at IS NULL)
);

COMMENT ON TABLE rekkrd.mails IS
'The outbox of alerts, filled in the transaction that fires. The id is the key under which the other side takes one '
'once; content is fixed at the first attempt.';

-- What fires goes into the mail of its user that is not under way yet.
CREATE UNIQUE INDEX mails_one_gathering ON rekkrd.mails (user_id)
WHERE first_sent_at IS NULL AND given_up_at IS NULL;

CREATE INDEX mails_due ON rekkrd.mails (due_at)
WHERE sent_at IS NULL AND given_up_at IS NULL;

CREATE INDEX mails_given_up ON rekkrd.mails (given_up_at)
WHERE given_up_at IS NOT NULL;

CREATE INDEX mails_of_user ON rekkrd.mails (user_id);

CREATE TABLE rekkrd.firings (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    mail_id uuid NOT NULL REFERENCES rekkrd.mails (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    alert_id uuid NOT NULL,
    fired_at timestamptz NOT NULL DEFAULT now(),
    release_id bigint NOT NULL,
    artist text,
    title text,
    target numeric(12, 2) NOT NULL,
    currency text NOT NULL,
    minimum_grade text,
    was numeric(12, 2),
    floor numeric(12, 2) NOT NULL,
    floor_said numeric(12, 2) NOT NULL,
    floor_currency text NOT NULL,
    rate numeric NOT NULL,
    rate_as_of timestamptz NOT NULL,
    floor_at timestamptz NOT NULL,
    suggestion numeric(12, 2)
);

COMMENT ON TABLE rekkrd.firings IS
'What each alert saw when it fired, as its mail tells it. No foreign key to alerts: what was told stays.';

CREATE INDEX firings_of_mail ON rekkrd.firings (mail_id);
CREATE INDEX firings_of_user ON rekkrd.firings (user_id);

REVOKE ALL ON rekkrd.alerts_now, rekkrd.mails, rekkrd.firings FROM public;
