-- Offers of watched sellers, of one release, and of what a collector could have in a better grade.

-- name: list_known(seller, listing_ids)
-- Which of these offers stand in the shop already, and whether since a reading that came to its end: one that was
-- broken off left some of the newest known, and a gap behind them.
SELECT
    l.listing_id,
    l.fetched_at <= s.fetched_at AS is_settled
FROM rekkrd.listings AS l
INNER JOIN rekkrd.sellers AS s ON s.seller = l.seller
WHERE l.seller = :seller AND l.listing_id = ANY(:listing_ids);

-- name: upsert(seller, walk, rows)!
-- Store offers as a page of this walk shows them.
INSERT INTO rekkrd.listings (
    listing_id, seller, release_id, media, sleeve, price, currency, ships_from, posted_at, seen_in
)
SELECT
    page.listing_id,
    :seller,
    page.release_id,
    page.media,
    page.sleeve,
    page.price,
    page.currency,
    page.ships_from,
    page.posted_at,
    :walk
FROM jsonb_to_recordset(:rows) AS page (
    listing_id bigint,
    release_id bigint,
    media text,
    sleeve text,
    price numeric,
    currency text,
    ships_from text,
    posted_at timestamptz
)
ORDER BY page.listing_id
ON CONFLICT (listing_id) DO UPDATE
    SET
        seller = excluded.seller,
        release_id = excluded.release_id,
        media = excluded.media,
        sleeve = excluded.sleeve,
        price = excluded.price,
        currency = excluded.currency,
        ships_from = excluded.ships_from,
        posted_at = excluded.posted_at,
        fetched_at = now(),
        seen_in = excluded.seen_in,
        looked_at = NULL;

-- name: look(listing_ids, fresh)!
-- Somebody looks at these offers: those that were seen longer ago than this are to be asked for anew. One that somebody
-- else writes this moment is left to them.
UPDATE rekkrd.listings AS l
SET looked_at = now()
FROM (
    SELECT o.listing_id
    FROM rekkrd.listings AS o
    WHERE o.listing_id = ANY(:listing_ids) AND o.looked_at IS NULL AND o.fetched_at < now() - :fresh::interval
    FOR UPDATE SKIP LOCKED
) AS stale
WHERE l.listing_id = stale.listing_id;

-- name: next_looked()$
-- The offer that somebody has waited for longest.
SELECT l.listing_id
FROM rekkrd.listings AS l
WHERE l.looked_at IS NOT NULL
ORDER BY l.looked_at, l.listing_id
LIMIT 1;

-- name: take(listing_id)!
-- Let an offer not be chosen again while it is asked for, nor after an answer that did not come, before the next look.
UPDATE rekkrd.listings AS l
SET looked_at = NULL
WHERE l.listing_id = :listing_id;

-- name: refresh(listing_id, media, sleeve, price, currency, ships_from)!
-- An offer as it was just shown by itself; the walk that saw it last stays.
UPDATE rekkrd.listings AS l
SET
    media = :media,
    sleeve = :sleeve,
    price = :price,
    currency = :currency,
    ships_from = :ships_from,
    fetched_at = now()
WHERE l.listing_id = :listing_id;

-- name: forget(listing_id)!
-- Forget an offer that was sold.
DELETE FROM rekkrd.listings AS l
WHERE l.listing_id = :listing_id;

-- name: count_seen(seller, walk)$
-- How many offers a walk saw.
SELECT count(*)
FROM rekkrd.listings AS l
WHERE l.seller = :seller AND l.seen_in = :walk;

-- name: forget_unseen(seller, walk, older_than)!
-- Forget what a walk did not see and was seen last longer ago than this. Two ranges, so that the index finds it.
DELETE FROM rekkrd.listings AS l
WHERE
    l.seller = :seller AND (l.seen_in < :walk OR l.seen_in > :walk)
    AND l.fetched_at <= now() - :older_than::interval;

-- name: forget_all(seller)!
-- Forget a shop's offers.
DELETE FROM rekkrd.listings AS l
WHERE l.seller = :seller;

-- name: list_for_release(user_id, currency, release_id, room)
-- What the sellers whom a user watches offer of a release, the cheapest in the user's currency first.
SELECT
    l.listing_id,
    l.release_id,
    s.name AS seller,
    l.media,
    l.sleeve,
    l.price,
    l.currency,
    round(l.price * (mine.per_dollar / theirs.per_dollar), 2) AS own_price,
    mine.per_dollar / theirs.per_dollar AS rate,
    least(mine.as_of, theirs.as_of) AS rate_as_of,
    l.ships_from,
    l.posted_at,
    l.fetched_at,
    now() AS seen_at,
    count(*) OVER ()::integer AS of
FROM rekkrd.watched_sellers AS w
INNER JOIN rekkrd.sellers AS s ON w.seller = s.seller
INNER JOIN rekkrd.listings AS l ON w.seller = l.seller
LEFT JOIN rekkrd.rates_now AS mine ON mine.currency = :currency
LEFT JOIN rekkrd.rates_now AS theirs ON l.currency = theirs.currency
WHERE w.user_id = :user_id AND l.release_id = :release_id
ORDER BY own_price NULLS LAST, l.listing_id
LIMIT :room;

-- name: list_cheaper(user_id, currency, release_id, below, after, room)
-- Offers in a better grade than what is owned, below what Discogs suggests for theirs: the largest saving first. Each
-- row counts all in a better grade, the cheaper ones, and those that nothing compares with; one without an offer comes
-- when there is none.
WITH found AS MATERIALIZED (
    SELECT b.*
    FROM rekkrd.better_offers(:user_id, :currency, :release_id::bigint) AS b
),

tally AS (
    SELECT
        count(*)::integer AS better,
        count(*) FILTER (WHERE f.saving > 0)::integer AS cheaper,
        count(*) FILTER (WHERE f.saving IS NULL)::integer AS unknown
    FROM found AS f
)

SELECT
    t.*,
    p.*,
    now() AS seen_at
FROM tally AS t
LEFT JOIN (
    SELECT f.*
    FROM found AS f
    WHERE f.saving > 0 AND (f.saving, -f.listing_id) < (:below::numeric, -:after::bigint)
    ORDER BY f.saving DESC, f.listing_id
    LIMIT :room
) AS p ON true
ORDER BY p.saving DESC, p.listing_id;
