-- Sellers whom collectors watch, and when each shop is read.

-- name: lock(user_id)^
-- One change of a user's watched sellers at a time, so that two at once do not pass the limit.
SELECT p.id
FROM public.profiles AS p
WHERE p.id = :user_id
FOR NO KEY UPDATE;

-- name: meet(name)!
-- A seller whom somebody watches: new and due at once, or held until the transaction ends, so that nobody forgets them.
INSERT INTO rekkrd.sellers AS known (seller, name)
VALUES (lower(:name), :name)
ON CONFLICT (seller) DO UPDATE
    SET due_at = known.due_at;

-- name: watch(user_id, name)!
-- Watch a seller; no row when the user does already.
INSERT INTO rekkrd.watched_sellers (user_id, seller, added_at)
VALUES (:user_id, lower(:name), clock_timestamp())
ON CONFLICT (user_id, seller) DO NOTHING;

-- name: unwatch(user_id, name)!
-- Watch a seller no more; whom nobody watches is due, to be forgotten.
WITH ended AS (
    DELETE FROM rekkrd.watched_sellers
    WHERE user_id = :user_id AND seller = lower(:name)
    RETURNING seller
)

UPDATE rekkrd.sellers AS s
SET
    due_at = CASE
        WHEN EXISTS (SELECT FROM rekkrd.watched_sellers AS w WHERE w.seller = s.seller AND w.user_id <> :user_id)
            THEN s.due_at
        ELSE now()
    END
FROM ended AS e
WHERE s.seller = e.seller;

-- name: list_watched(user_id)
-- Whom a user watches, in the order in which they began.
SELECT
    s.*,
    w.added_at,
    now() AS seen_at
FROM rekkrd.watched_sellers AS w
INNER JOIN rekkrd.sellers AS s ON w.seller = s.seller
WHERE w.user_id = :user_id
ORDER BY w.added_at, s.seller;

-- name: hasten(user_id, fresh)!
-- Somebody looks at offers: of the shops that they watch, those read longer ago than this are due. One that is written
-- this moment is being read anyway.
UPDATE rekkrd.sellers AS s
SET due_at = now()
FROM (
    SELECT o.seller
    FROM rekkrd.watched_sellers AS w
    INNER JOIN rekkrd.sellers AS o ON o.seller = w.seller
    WHERE
        w.user_id = :user_id AND o.state = 'open' AND o.fetched_at <= now() - :fresh::interval AND o.due_at > now()
    FOR UPDATE OF o SKIP LOCKED
) AS stale
WHERE s.seller = stale.seller;

-- name: next_due()^
-- The shop that has been due for longest, and whether anybody still watches it.
SELECT
    d.*,
    EXISTS (SELECT FROM rekkrd.watched_sellers AS w WHERE w.seller = d.seller) AS is_watched
FROM (
    SELECT
        s.*,
        now() AS seen_at
    FROM rekkrd.sellers AS s
    WHERE s.due_at <= now()
    ORDER BY s.due_at, s.seller
    LIMIT 1
) AS d;

-- name: take(seller, seconds)!
-- Let a shop wait behind the others while it is read: one that cannot be read holds nobody up.
UPDATE rekkrd.sellers
SET due_at = now() + make_interval(secs => :seconds)
WHERE seller = :seller;

-- name: hold(seller)^
-- Let nobody begin to watch a seller until the transaction ends.
SELECT s.seller
FROM rekkrd.sellers AS s
WHERE s.seller = :seller
FOR UPDATE;

-- name: forget(seller)!
-- Forget a seller whom nobody watches, with all offers.
DELETE FROM rekkrd.sellers AS s
WHERE s.seller = :seller AND NOT EXISTS (SELECT FROM rekkrd.watched_sellers AS w WHERE w.seller = s.seller);

-- name: settle(seller, state, offers, currency, is_swept, again)!
-- A shop was read: how it stands, and when it is read again.
UPDATE rekkrd.sellers AS s
SET
    state = :state,
    offers = :offers,
    currency = coalesce(:currency, s.currency),
    fetched_at = now(),
    swept_at = CASE WHEN :is_swept THEN now() ELSE s.swept_at END,
    due_at = now() + :again::interval
WHERE s.seller = :seller;
