-- Offers of watched sellers in a better grade than what is owned, beside what Discogs suggests for that grade.

CREATE FUNCTION rekkrd.better_offers(owner uuid, unit text, wanted bigint)
RETURNS TABLE (
    listing_id bigint,
    release_id bigint,
    seller text,
    media text,
    sleeve text,
    price numeric,
    currency text,
    own_price numeric,
    rate numeric,
    rate_as_of timestamptz,
    ships_from text,
    posted_at timestamptz,
    fetched_at timestamptz,
    artist text,
    title text,
    owned_grade text,
    is_assumed boolean,
    worth numeric,
    worth_at timestamptz,
    saving numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
WITH ladder (grade, place) AS (
    VALUES ('M', 1), ('NM', 2), ('VG+', 3), ('VG', 4), ('G+', 5), ('G', 6), ('F', 7), ('P', 8)
),

owned AS (
    SELECT DISTINCT ON (a.discogs_release_id)
        a.discogs_release_id AS release_id,
        a.artist,
        a.title,
        coalesce(g.grade, 'VG') AS grade,
        g.grade IS NULL AS is_assumed,
        coalesce(g.place, 4) AS place
    FROM public.albums AS a
    LEFT JOIN ladder AS g ON g.grade = a.media_condition
    WHERE
        a.user_id = owner AND a.discogs_release_id IS NOT NULL
        AND (wanted IS NULL OR a.discogs_release_id = wanted)
    ORDER BY a.discogs_release_id, coalesce(g.place, 4), g.grade IS NULL, a.id
),

offers AS (
    SELECT
        l.*,
        s.name,
        coalesce(o.artist, r.artist, '') AS artist,
        coalesce(o.title, r.title, '') AS title,
        o.grade,
        o.is_assumed,
        mine.per_dollar / theirs.per_dollar AS rate,
        least(mine.as_of, theirs.as_of) AS rate_as_of,
        round(l.price * (mine.per_dollar / theirs.per_dollar), 2) AS own_price,
        round((c.price_data -> l.media ->> 'value')::numeric * (mine.per_dollar / told.per_dollar), 2) AS worth,
        p.fetched_at AS worth_at
    FROM owned AS o
    INNER JOIN rekkrd.listings AS l ON l.release_id = o.release_id
    INNER JOIN rekkrd.watched_sellers AS w ON w.seller = l.seller AND w.user_id = owner
    INNER JOIN rekkrd.sellers AS s ON s.seller = l.seller
    INNER JOIN ladder AS b ON b.grade = l.media AND b.place < o.place
    LEFT JOIN rekkrd.releases AS r ON r.release_id = o.release_id
    LEFT JOIN public.discogs_price_cache AS c ON c.discogs_release_id = o.release_id
    LEFT JOIN rekkrd.prices AS p ON p.release_id = o.release_id AND p.what = 'suggestions'
    LEFT JOIN rekkrd.rates_now AS mine ON mine.currency = unit
    LEFT JOIN rekkrd.rates_now AS theirs ON theirs.currency = l.currency
    LEFT JOIN rekkrd.rates_now AS told ON told.currency = c.price_data -> l.media ->> 'currency'
)

SELECT
    f.listing_id,
    f.release_id,
    f.name AS seller,
    f.media,
    f.sleeve,
    f.price,
    f.currency,
    f.own_price,
    f.rate,
    f.rate_as_of,
    f.ships_from,
    f.posted_at,
    f.fetched_at,
    f.artist,
    f.title,
    f.grade AS owned_grade,
    f.is_assumed,
    f.worth,
    f.worth_at,
    f.worth - f.own_price AS saving
FROM offers AS f
$$;

COMMENT ON FUNCTION rekkrd.better_offers IS
'What sellers whom an owner watches have in a better grade than the best copy that is owned, of one release or of all, '
'beside what Discogs suggests for the offer''s grade. Ungraded copies count as VG. Null where nothing compares.';

REVOKE ALL ON FUNCTION rekkrd.better_offers FROM public;
