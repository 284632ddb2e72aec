-- Floors over time: what a price alert is rehearsed on, and the exchange rate of each day.

CREATE TABLE rekkrd.floor_days (
    release_id bigint NOT NULL,
    day date NOT NULL,
    currency text,
    lowest numeric(12, 2),
    lowest_at timestamptz NOT NULL,
    latest numeric(12, 2),
    latest_at timestamptz NOT NULL,
    CONSTRAINT floor_days_pkey PRIMARY KEY (release_id, day),
    CONSTRAINT floor_days_amounts_have_a_currency CHECK ((lowest IS NULL) = (currency IS NULL)),
    CONSTRAINT floor_days_lowest_is_least CHECK (latest IS NULL OR coalesce(lowest <= latest, FALSE)),
    CONSTRAINT floor_days_latest_is_last CHECK (lowest_at <= latest_at)
);

COMMENT ON TABLE rekkrd.floor_days IS
'The floor of a release on each day (UTC) on which Discogs told it: the lowest and the last one seen, null while '
'nothing was on offer. Only of releases that somebody owns, wants or has an alert on.';
COMMENT ON COLUMN rekkrd.floor_days.lowest_at IS
'When the lowest was seen first; where nothing was on offer all day, when that was seen first.';

CREATE INDEX floor_days_old ON rekkrd.floor_days (day);

CREATE TABLE rekkrd.rate_days (
    currency text NOT NULL,
    day date NOT NULL,
    per_dollar numeric(20, 10) NOT NULL,
    CONSTRAINT rate_days_pkey PRIMARY KEY (currency, day),
    CONSTRAINT rate_days_positive CHECK (per_dollar > 0),
    CONSTRAINT rate_days_never_of_the_dollar CHECK (currency <> 'USD')
);

COMMENT ON TABLE rekkrd.rate_days IS
'How much of a currency a US dollar was: the rate that counted last on each day (UTC) on which one was noted.';

INSERT INTO rekkrd.rate_days (currency, day, per_dollar)
SELECT
    r.currency,
    (r.as_of AT TIME ZONE 'UTC')::date,
    r.per_dollar
FROM rekkrd.rates_now AS r
WHERE r.currency <> 'USD';

REVOKE ALL ON rekkrd.floor_days, rekkrd.rate_days FROM public;
