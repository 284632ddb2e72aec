-- Floors over time: a row a release and day on which Discogs told its floor.

-- name: note(release_id, floor, currency)!
-- A floor that was just seen, null while nothing is on offer; no row for what nobody owns, wants or waits for.
-- Transactions may end in another order than they began: the last moment of a day never goes back.
INSERT INTO rekkrd.floor_days AS known (release_id, day, currency, lowest, lowest_at, latest, latest_at)
SELECT
    :release_id,
    (now() AT TIME ZONE 'UTC')::date,
    :currency,
    :floor,
    now(),
    :floor,
    now()
WHERE
    EXISTS (SELECT FROM public.discogs_price_alerts AS a WHERE a.discogs_release_id = :release_id AND a.is_active)
    OR EXISTS (SELECT FROM rekkrd.wants AS w WHERE w.release_id = :release_id)
    OR EXISTS (SELECT FROM rekkrd.instances AS i WHERE i.release_id = :release_id)
ON CONFLICT (release_id, day) DO UPDATE
    SET
        currency = coalesce(excluded.currency, known.currency),
        lowest = CASE
            WHEN known.currency <> excluded.currency THEN excluded.lowest
            ELSE least(known.lowest, excluded.lowest)
        END,
        lowest_at = CASE
            WHEN
                known.currency <> excluded.currency
                OR excluded.lowest < known.lowest
                OR (known.lowest IS NULL AND excluded.lowest IS NOT NULL)
                THEN excluded.lowest_at
            ELSE known.lowest_at
        END,
        latest = excluded.latest,
        latest_at = greatest(known.latest_at, excluded.latest_at);

-- name: list_days(release_id, currency, since)
-- The days on which a floor is known, the oldest first, in a currency by the last rate noted until each day; no amount
-- without one. The dollar's own rate is 1.
SELECT
    f.day,
    f.currency AS said_currency,
    f.lowest AS lowest_said,
    f.latest AS latest_said,
    f.lowest_at,
    f.latest_at,
    round(f.lowest * (mine.per_dollar / theirs.per_dollar), 2) AS lowest,
    round(f.latest * (mine.per_dollar / theirs.per_dollar), 2) AS latest,
    mine.per_dollar / theirs.per_dollar AS rate,
    least(mine.day, theirs.day) AS rate_of
FROM rekkrd.floor_days AS f
LEFT JOIN LATERAL (
    (
        SELECT
            r.per_dollar,
            r.day
        FROM rekkrd.rate_days AS r
        WHERE r.currency = :currency AND r.day <= f.day
        ORDER BY r.day DESC
        LIMIT 1
    )
    UNION ALL
    SELECT
        1,
        f.day
    WHERE :currency = 'USD'
) AS mine ON TRUE
LEFT JOIN LATERAL (
    (
        SELECT
            r.per_dollar,
            r.day
        FROM rekkrd.rate_days AS r
        WHERE r.currency = f.currency AND r.day <= f.day
        ORDER BY r.day DESC
        LIMIT 1
    )
    UNION ALL
    SELECT
        1,
        f.day
    WHERE f.currency = 'USD'
) AS theirs ON TRUE
WHERE f.release_id = :release_id AND f.day >= :since
ORDER BY f.day;

-- name: forget_old(age, room)!
-- Some days that are over for so long.
DELETE FROM rekkrd.floor_days
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.floor_days
        WHERE day < (now() AT TIME ZONE 'UTC')::date - :age::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));
