-- Requests to Discogs, counted in the processes and added here a few times a minute. Months are those of UTC.

-- name: add_counts(flush_id, minutes, user_ids, lanes, kinds, endpoints, requests, failed)$
-- Add what a process counted, in one statement; whoever says the same flush again adds nothing.
-- Everything is added in one order, so that two processes do not wait for each other. A profile is held until the end:
-- one that is deleted this moment would refuse its row, and with it everybody's.
WITH flush AS (
    INSERT INTO rekkrd.usage_flushes (id)
    VALUES (:flush_id)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
),

counted AS (
    SELECT
        given.*,
        date_trunc('month', given.minute AT TIME ZONE 'UTC')::date AS month
    FROM flush
    CROSS JOIN
        unnest(
            :minutes::timestamptz [], :user_ids::uuid [], :lanes::text [], :kinds::text [], :endpoints::text [],
            :requests::bigint [], :failed::bigint []
        ) AS given (minute, user_id, lane, kind, endpoint, requests, failed)
),

by_minute AS (
    INSERT INTO rekkrd.usage_minutes AS known (minute, user_id, lane, kind, endpoint, requests, failed)
    SELECT minute, user_id, lane, kind, endpoint, requests, failed
    FROM counted
    ORDER BY minute, user_id, lane, kind, endpoint
    ON CONFLICT (minute, user_id, lane, kind, endpoint) DO UPDATE
        SET requests = known.requests + excluded.requests, failed = known.failed + excluded.failed
),

by_month AS (
    INSERT INTO rekkrd.usage_months AS known (month, user_id, lane, kind, endpoint, requests)
    SELECT month, user_id, lane, kind, endpoint, sum(requests)
    FROM counted
    GROUP BY month, user_id, lane, kind, endpoint
    ORDER BY month, user_id, lane, kind, endpoint
    ON CONFLICT (month, user_id, lane, kind, endpoint) DO UPDATE
        SET requests = known.requests + excluded.requests
),

by_lane AS (
    INSERT INTO rekkrd.tallies AS known (name, labels, value)
    SELECT
        'requests' AS name,
        jsonb_build_object('lane', lane) AS labels,
        sum(requests) AS value
    FROM counted
    GROUP BY lane
    ORDER BY lane
    ON CONFLICT (name, labels) DO UPDATE
        SET value = known.value + excluded.value
),

people AS (
    SELECT id
    FROM public.profiles
    WHERE id IN (SELECT user_id FROM counted)
    ORDER BY id
    FOR KEY SHARE
),

by_person AS (
    INSERT INTO public.discogs_usage AS known (user_id, month, api_calls)
    SELECT people.id, counted.month, sum(counted.requests)
    FROM counted
    INNER JOIN people ON counted.user_id = people.id
    GROUP BY people.id, counted.month
    ORDER BY people.id, counted.month
    ON CONFLICT (user_id, month) DO UPDATE
        SET api_calls = known.api_calls + excluded.api_calls
)

SELECT count(*) = 1 AS is_first
FROM flush;

-- name: count_answers(minutes)^
-- Requests of the last minutes, and how many of them Discogs answered with 5xx or not at all.
SELECT
    coalesce(sum(u.requests), 0)::bigint AS requests,
    coalesce(sum(u.failed), 0)::bigint AS failed
FROM rekkrd.usage_minutes AS u
WHERE u.minute > now() - make_interval(mins => :minutes);

-- name: add_import(user_id)!
-- An import came to its end; a user without a profile has no month.
INSERT INTO public.discogs_usage AS known (user_id, month, imports)
SELECT id, date_trunc('month', now() AT TIME ZONE 'UTC')::date, 1
FROM public.profiles
WHERE id = :user_id
FOR KEY SHARE
ON CONFLICT (user_id, month) DO UPDATE
    SET imports = known.imports + 1;

-- name: add_sync(user_id)!
-- A look for what is new came to its end; a user without a profile has no month.
INSERT INTO public.discogs_usage AS known (user_id, month, syncs)
SELECT id, date_trunc('month', now() AT TIME ZONE 'UTC')::date, 1
FROM public.profiles
WHERE id = :user_id
FOR KEY SHARE
ON CONFLICT (user_id, month) DO UPDATE
    SET syncs = known.syncs + 1;

-- name: of_all(month, part, skip, room)
-- A month of the whole fleet in parts, the largest first, a page at a time.
SELECT
    CASE :part WHEN 'lane' THEN lane WHEN 'kind' THEN kind WHEN 'endpoint' THEN endpoint ELSE user_id::text END AS name,
    sum(requests)::bigint AS requests
FROM rekkrd.usage_months
WHERE month = :month
GROUP BY 1
ORDER BY 2 DESC, 1 ASC
LIMIT :room
OFFSET :skip;

-- name: of_user(month, user_id, part, skip, room)
-- A month of one user in parts, the largest first, a page at a time.
SELECT
    CASE :part WHEN 'lane' THEN lane WHEN 'kind' THEN kind WHEN 'endpoint' THEN endpoint ELSE user_id::text END AS name,
    sum(requests)::bigint AS requests
FROM rekkrd.usage_months
WHERE month = :month AND user_id = :user_id
GROUP BY 1
ORDER BY 2 DESC, 1 ASC
LIMIT :room
OFFSET :skip;

-- name: total_of_all(month)^
-- A month of the whole fleet; imports and syncs of those who are still there.
SELECT
    (SELECT coalesce(sum(requests), 0)::bigint FROM rekkrd.usage_months WHERE month = :month) AS requests,
    coalesce(sum(imports), 0)::bigint AS imports,
    coalesce(sum(syncs), 0)::bigint AS syncs
FROM public.discogs_usage
WHERE month = :month;

-- name: total_of_user(month, user_id)^
-- A month of one user.
SELECT
    (
        SELECT coalesce(sum(requests), 0)::bigint
        FROM rekkrd.usage_months
        WHERE month = :month AND user_id = :user_id
    ) AS requests,
    coalesce(sum(imports), 0)::bigint AS imports,
    coalesce(sum(syncs), 0)::bigint AS syncs
FROM public.discogs_usage
WHERE month = :month AND user_id = :user_id;

-- name: forget_minutes(age, room)!
-- Some minutes that nobody will ask for again; their months stay.
DELETE FROM rekkrd.usage_minutes
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.usage_minutes
        WHERE minute < now() - :age::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));

-- name: forget_months(age, room)!
-- Some parts of months that began so long ago; what the plan keeps of them stays.
DELETE FROM rekkrd.usage_months
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.usage_months
        WHERE month < (now() AT TIME ZONE 'UTC')::date - :age::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));

-- name: forget_flushes(age, room)!
-- Some flushes that nobody will say again.
DELETE FROM rekkrd.usage_flushes
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.usage_flushes
        WHERE flushed_at < now() - :age::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));

-- name: minutes_of_all(since, until, part)
-- Minutes of the whole fleet that began between two moments, in parts, the oldest first.
SELECT
    minute,
    CASE :part WHEN 'lane' THEN lane WHEN 'kind' THEN kind WHEN 'endpoint' THEN endpoint ELSE user_id::text END AS name,
    sum(requests)::bigint AS requests
FROM rekkrd.usage_minutes
WHERE minute >= :since AND minute <= coalesce(:until::timestamptz, 'infinity')
GROUP BY 1, 2
ORDER BY 1, 3 DESC, 2 ASC;

-- name: minutes_of_user(since, until, user_id, part)
-- Minutes of one user that began between two moments, in parts, the oldest first.
SELECT
    minute,
    CASE :part WHEN 'lane' THEN lane WHEN 'kind' THEN kind WHEN 'endpoint' THEN endpoint ELSE user_id::text END AS name,
    sum(requests)::bigint AS requests
FROM rekkrd.usage_minutes
WHERE minute >= :since AND minute <= coalesce(:until::timestamptz, 'infinity') AND user_id = :user_id
GROUP BY 1, 2
ORDER BY 1, 3 DESC, 2 ASC;
