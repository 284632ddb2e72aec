-- What a collection is worth: exchange rates with their day, the worth of each copy as one function, and what a
-- collection was worth each day, with where the change came from.

CREATE TABLE rekkrd.exchange_rates (
    currency text NOT NULL,
    source text NOT NULL,
    per_dollar numeric(20, 10) NOT NULL,
    as_of timestamptz NOT NULL DEFAULT now(),
    noted_by text,
    CONSTRAINT exchange_rates_pkey PRIMARY KEY (currency, source),
    CONSTRAINT exchange_rates_source_known CHECK (source IN ('discogs', 'operator')),
    CONSTRAINT exchange_rates_positive CHECK (per_dollar > 0),
    CONSTRAINT exchange_rates_currency_code CHECK (currency ~ '^[A-Z]{3}$' AND currency <> 'USD')
);

COMMENT ON TABLE rekkrd.exchange_rates IS
'How much of a currency a US dollar is: what Discogs converted by last, and what an operator set, which goes first.';

CREATE VIEW rekkrd.rates_now AS
SELECT DISTINCT ON (r.currency)
    r.currency,
    r.per_dollar,
    r.as_of,
    r.source
FROM (
    SELECT
        e.currency,
        e.per_dollar,
        e.as_of,
        e.source
    FROM rekkrd.exchange_rates AS e
    UNION ALL
    SELECT
        'USD' AS currency,
        1 AS per_dollar,
        now() AS as_of,
        'discogs' AS source
) AS r
ORDER BY r.currency, r.source DESC;

COMMENT ON VIEW rekkrd.rates_now IS
'The rate that counts for each currency; the dollar''s own is 1.';

CREATE FUNCTION rekkrd.worth_of(owner uuid, unit text)
RETURNS TABLE (
    album_id uuid,
    release_id bigint,
    artist text,
    title text,
    year integer,
    genre text,
    label text,
    grade text,
    is_assumed boolean,
    price numeric,
    price_currency text,
    rate numeric,
    low numeric,
    median numeric,
    high numeric,
    priced_at timestamptz,
    lack text
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
WITH ladder (grade, better, worse) AS (
    VALUES
    ('M', 'M', 'NM'), ('NM', 'M', 'VG+'), ('VG+', 'NM', 'VG'), ('VG', 'VG+', 'G+'),
    ('G+', 'VG', 'G'), ('G', 'G+', 'F'), ('F', 'G', 'P'), ('P', 'F', 'P')
),

copies AS (
    SELECT
        a.id AS album_id,
        a.discogs_release_id AS release_id,
        coalesce(a.artist, r.artist, '') AS artist,
        coalesce(a.title, r.title, '') AS title,
        coalesce(nullif(a.year, 0), nullif(r.year, 0)) AS year,
        r.genres[1] AS genre,
        r.labels -> 0 ->> 'name' AS label,
        coalesce(own.grade, 'VG') AS grade,
        own.grade IS NULL AS is_assumed,
        p.fetched_at AS priced_at,
        (c.price_data -> coalesce(own.grade, 'VG') ->> 'value')::numeric AS price,
        c.price_data -> coalesce(own.grade, 'VG') ->> 'currency' AS price_currency,
        (c.price_data -> coalesce(own.better, 'VG+') ->> 'value')::numeric AS better,
        (c.price_data -> coalesce(own.worse, 'G+') ->> 'value')::numeric AS worse,
        (c.marketplace_stats -> 'lowest_price' ->> 'value')::numeric AS floor,
        c.marketplace_stats -> 'lowest_price' ->> 'currency' AS floor_currency
    FROM public.albums AS a
    LEFT JOIN ladder AS own ON own.grade = a.media_condition
    LEFT JOIN rekkrd.releases AS r ON r.release_id = a.discogs_release_id
    LEFT JOIN public.discogs_price_cache AS c ON c.discogs_release_id = a.discogs_release_id
    LEFT JOIN rekkrd.prices AS p ON p.release_id = a.discogs_release_id AND p.what = 'suggestions'
    WHERE a.user_id = owner
),

rated AS (
    SELECT
        k.*,
        mine.per_dollar / theirs.per_dollar AS rate,
        mine.per_dollar / floors.per_dollar AS floor_rate,
        CASE
            WHEN k.release_id IS NULL THEN 'no_release'
            WHEN k.priced_at IS NULL THEN 'not_asked'
            WHEN k.price IS NULL THEN 'no_price'
            WHEN mine.per_dollar / theirs.per_dollar IS NULL THEN 'no_rate'
        END AS lack
    FROM copies AS k
    LEFT JOIN rekkrd.rates_now AS mine ON mine.currency = unit
    LEFT JOIN rekkrd.rates_now AS theirs ON theirs.currency = k.price_currency
    LEFT JOIN rekkrd.rates_now AS floors ON floors.currency = k.floor_currency
)

SELECT
    t.album_id,
    t.release_id,
    t.artist,
    t.title,
    t.year,
    t.genre,
    t.label,
    t.grade,
    t.is_assumed,
    t.price,
    t.price_currency,
    t.rate,
    CASE
        WHEN t.lack IS NULL THEN round(least(t.price * t.rate, t.worse * t.rate, t.floor * t.floor_rate), 2)
    END AS low,
    round(t.price * t.rate, 2) AS median,
    CASE WHEN t.lack IS NULL THEN round(greatest(t.price * t.rate, t.better * t.rate), 2) END AS high,
    t.priced_at,
    t.lack
FROM rated AS t
$$;

COMMENT ON FUNCTION rekkrd.worth_of IS
'What each album of an owner is worth in a currency: median is the suggestion for its grade, high one grade better, '
'low the lesser of the market''s floor and one grade worse. Ungraded copies count as VG. Where none is, lack tells '
'why.';

CREATE TABLE rekkrd.value_copies (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    album_id uuid NOT NULL,
    release_id bigint,
    grade text NOT NULL,
    price numeric(12, 2),
    price_currency text,
    median numeric(12, 2),
    new_since date,
    CONSTRAINT value_copies_pkey PRIMARY KEY (user_id, album_id)
);

COMMENT ON TABLE rekkrd.value_copies IS
'What each copy was worth at its owner''s last snapshot: what the next one is compared with. No foreign key to albums: '
'a copy that is gone was sold.';
COMMENT ON COLUMN rekkrd.value_copies.new_since IS
'The day of the snapshot that met it first, until it is valued: then it counts as bought, not as better known.';

CREATE TABLE rekkrd.value_days (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    day date NOT NULL,
    currency text NOT NULL,
    copies integer NOT NULL,
    assumed integer NOT NULL,
    oldest_price_at timestamptz,
    mean_price_age interval,
    since date,
    bought numeric(14, 2),
    sold numeric(14, 2),
    market numeric(14, 2),
    exchange numeric(14, 2),
    better_data numeric(14, 2),
    CONSTRAINT value_days_pkey PRIMARY KEY (user_id, day),
    CONSTRAINT value_days_split_whole CHECK (
        num_nulls(since, bought, sold, market, exchange, better_data) IN (0, 6)
    )
);

COMMENT ON TABLE rekkrd.value_days IS
'Beside the plan''s row in discogs_value_history: how much of a collection the value covers, how old the prices were, '
'and what the change since the snapshot before came from; null at the first, and after a change of currency.';

CREATE TABLE rekkrd.discogs_values (
    user_id uuid PRIMARY KEY REFERENCES public.profiles (id) ON DELETE CASCADE,
    minimum numeric(14, 2),
    median numeric(14, 2),
    maximum numeric(14, 2),
    currency text,
    fetched_at timestamptz,
    asked_until timestamptz
);

COMMENT ON TABLE rekkrd.discogs_values IS
'What Discogs itself says a collection is worth, shown beside our figure. Until asked_until one asks and nobody else.';

REVOKE ALL ON
rekkrd.exchange_rates, rekkrd.rates_now, rekkrd.value_copies, rekkrd.value_days, rekkrd.discogs_values
FROM public;
REVOKE ALL ON FUNCTION rekkrd.worth_of FROM public;
