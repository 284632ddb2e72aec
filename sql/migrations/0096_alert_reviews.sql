-- Alerts on releases that are owned or no longer wanted wait for the user's answer, or say that the release is owned.

ALTER TABLE rekkrd.questions DROP CONSTRAINT questions_kind_known;
ALTER TABLE rekkrd.questions ADD CONSTRAINT questions_kind_known
CHECK (kind IN ('duplicate', 'vanished', 'owned_want', 'removed_want')) NOT VALID;
ALTER TABLE rekkrd.questions VALIDATE CONSTRAINT questions_kind_known;

ALTER TABLE rekkrd.firings ADD COLUMN owned_since timestamptz;
COMMENT ON COLUMN rekkrd.firings.owned_since IS
'When the user''s first copy of the release was added, null if none is owned: the e-mail begins with it.';

-- Names for releases that are in no collection here: an album of the app may know them.
CREATE VIEW rekkrd.release_names AS
SELECT
    r.release_id,
    r.artist,
    r.title
FROM rekkrd.releases AS r
UNION ALL
SELECT
    a.discogs_release_id AS release_id,
    min(a.artist) AS artist,
    min(a.title) AS title
FROM public.albums AS a
WHERE
    a.discogs_release_id > 0
    AND NOT EXISTS (SELECT FROM rekkrd.releases AS r WHERE r.release_id = a.discogs_release_id)
GROUP BY a.discogs_release_id;
COMMENT ON VIEW rekkrd.release_names IS
'Artist and title of each release that any table knows, one row a release.';
REVOKE ALL ON rekkrd.release_names FROM public;

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
    ) AS review
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
COMMENT ON COLUMN rekkrd.alerts_now.owned_since IS
'When the user''s first copy of the release was added; null if none is owned.';
COMMENT ON COLUMN rekkrd.alerts_now.review IS
'The kind of the open review item that decides whether the release is still wanted; null if there is none.';
