-- Price alerts: what collectors wait for, beside what is known of the release.

-- name: lock(user_id)^
-- One change of a user's alerts at a time, so that two at once neither double one nor pass the limit.
SELECT p.id
FROM public.profiles AS p
WHERE p.id = :user_id
FOR NO KEY UPDATE;

-- name: find(user_id, id)^
-- One alert of a user.
SELECT
    n.*,
    n.check_every * rekkrd.alert_stretch() AS checked_every,
    now() AS seen_at
FROM rekkrd.alerts_now AS n
WHERE n.user_id = :user_id AND n.id = :id;

-- name: find_same(user_id, release_id, target, currency)$
-- The alert of a user for this release and target.
SELECT a.id
FROM public.discogs_price_alerts AS a
WHERE
    a.user_id = :user_id AND a.discogs_release_id = :release_id
    AND a.target_price = :target AND a.currency = :currency
ORDER BY a.created_at, a.id
LIMIT 1;

-- name: list_page(user_id, below_at, below_id, room)
-- A user's alerts, the newest first.
WITH pace AS MATERIALIZED (
    SELECT rekkrd.alert_stretch() AS stretch
)

SELECT
    n.*,
    n.check_every * pace.stretch AS checked_every,
    now() AS seen_at
FROM rekkrd.alerts_now AS n
CROSS JOIN pace
WHERE n.user_id = :user_id AND (n.created_at, n.id) < (:below_at, :below_id)
ORDER BY n.created_at DESC, n.id DESC
LIMIT :room;

-- name: hold(release_id)
-- Alerts on a release that are on, in one order, so that two who store its prices wait for each other.
SELECT a.id
FROM public.discogs_price_alerts AS a
WHERE a.discogs_release_id = :release_id AND a.is_active
ORDER BY a.id
FOR UPDATE;

-- name: list_watching(release_id)
-- The same, beside what was just stored.
SELECT
    n.*,
    n.check_every AS checked_every,
    now() AS seen_at
FROM rekkrd.alerts_now AS n
WHERE n.release_id = :release_id AND n.is_active
ORDER BY n.id;

-- name: keep(ids, triggered, prices, above, seen)!
-- Where alerts stand that saw a floor.
UPDATE public.discogs_price_alerts AS a
SET
    triggered_at = g.triggered_at,
    triggered_price = g.price,
    above_since = g.above_since,
    seen_floor = g.seen_floor,
    last_checked_at = now()
FROM unnest(
    :ids::uuid [], :triggered::timestamptz [], :prices::numeric [], :above::timestamptz [], :seen::numeric []
) AS g (id, triggered_at, price, above_since, seen_floor)
WHERE a.id = g.id;

-- name: count_own(user_id)$
-- How many a user has.
SELECT count(*)
FROM public.discogs_price_alerts AS a
WHERE a.user_id = :user_id;

-- name: add(user_id, release_id, target, currency, minimum_grade)$
-- A new alert; its time is the clock's, so that two of one transaction keep their order.
INSERT INTO public.discogs_price_alerts (
    user_id, discogs_release_id, target_price, currency, condition_minimum, created_at
)
VALUES (:user_id, :release_id, :target, :currency, :minimum_grade, clock_timestamp())
RETURNING id;

-- name: change(user_id, id, target, currency, minimum_grade, is_active)!
-- What an alert says from now on. Another target, or one that was off, begins anew.
UPDATE public.discogs_price_alerts
SET
    target_price = :target,
    currency = :currency,
    condition_minimum = :minimum_grade,
    is_active = :is_active,
    triggered_at = CASE
        WHEN is_active AND target_price = :target AND currency = :currency THEN triggered_at
    END,
    triggered_price = CASE
        WHEN is_active AND target_price = :target AND currency = :currency THEN triggered_price
    END,
    above_since = CASE
        WHEN is_active AND target_price = :target AND currency = :currency THEN above_since
    END
WHERE user_id = :user_id AND id = :id;

-- name: remove(user_id, id)!
-- An alert that nobody waits for any more.
DELETE FROM public.discogs_price_alerts
WHERE user_id = :user_id AND id = :id;

-- name: turn_off(user_id, release_id)!
-- A release for which a collector waits no more.
UPDATE public.discogs_price_alerts
SET is_active = FALSE
WHERE user_id = :user_id AND discogs_release_id = :release_id AND is_active;
