-- Webhooks: ends of jobs that the app is still to be told.

-- name: want(url)!
-- From now on each end of a user's job leaves a delivery.
INSERT INTO rekkrd.hooks (url)
VALUES (:url)
ON CONFLICT (url) DO NOTHING;

-- name: forget_others(url)!
-- Another address is wanted.
DELETE FROM rekkrd.hooks
WHERE url <> :url;

-- name: find_wanted()
-- The address that is wanted.
SELECT url
FROM rekkrd.hooks
ORDER BY wanted_at;

-- name: turn_off()!
-- None is wanted any more.
DELETE FROM rekkrd.hooks;

-- name: claim(seconds)^
-- Take the delivery that has been due longest. It is due again after so many seconds, should its sender die.
UPDATE rekkrd.deliveries AS d
SET due_at = now() + make_interval(secs => :seconds), attempts = d.attempts + 1
FROM (
    SELECT id
    FROM rekkrd.deliveries
    WHERE delivered_at IS NULL AND given_up_at IS NULL AND due_at <= now()
    ORDER BY due_at
    FOR UPDATE SKIP LOCKED
    LIMIT 1
) AS due
WHERE d.id = due.id
RETURNING d.id, d.body, d.attempts;

-- name: mark_delivered(id, status)!
-- The app has it.
UPDATE rekkrd.deliveries
SET delivered_at = now(), given_up_at = NULL, status = :status, error = NULL
WHERE id = :id;

-- name: mark_failed(id, status, error, seconds, gives_up)!
-- The app has it not: again after so many seconds, or never, when it said so or a day is over.
UPDATE rekkrd.deliveries
SET
    due_at = now() + make_interval(secs => :seconds),
    status = :status,
    error = :error,
    given_up_at = CASE WHEN :gives_up OR now() + make_interval(secs => :seconds) > gives_up_at THEN now() END
WHERE id = :id AND delivered_at IS NULL;

-- name: count_states()^
-- How many wait, since when the oldest does, and how many were given up.
SELECT
    (SELECT count(*) FROM rekkrd.deliveries WHERE delivered_at IS NULL AND given_up_at IS NULL) AS waiting,
    (
        SELECT min(ended_at) FROM rekkrd.deliveries WHERE delivered_at IS NULL AND given_up_at IS NULL
    ) AS oldest_at,
    (SELECT count(*) FROM rekkrd.deliveries WHERE given_up_at IS NOT NULL) AS given_up;

-- name: find_troubled(room)
-- Deliveries that went wrong and wait, or were given up; those that are due first.
(
    SELECT id, job_id, event, ended_at, due_at, attempts, given_up_at, status, error
    FROM rekkrd.deliveries
    WHERE delivered_at IS NULL AND given_up_at IS NULL AND error IS NOT NULL
    ORDER BY due_at
    LIMIT :room
)
UNION ALL
(
    SELECT id, job_id, event, ended_at, due_at, attempts, given_up_at, status, error
    FROM rekkrd.deliveries
    WHERE given_up_at IS NOT NULL
    ORDER BY given_up_at DESC
    LIMIT :room
)
LIMIT :room;

-- name: retry_now()!
-- Send again now all that were given up, for another day, and all that wait longer than a sender holds one.
UPDATE rekkrd.deliveries
SET
    due_at = now(),
    gives_up_at = CASE WHEN given_up_at IS NULL THEN gives_up_at ELSE now() + interval '24 hours' END,
    given_up_at = NULL
WHERE
    ctid = ANY(ARRAY(  -- two partial indexes; an OR of both would read the whole table
        SELECT ctid
        FROM rekkrd.deliveries
        WHERE given_up_at IS NOT NULL
        UNION ALL
        SELECT ctid
        FROM rekkrd.deliveries
        WHERE
            delivered_at IS NULL AND given_up_at IS NULL AND error IS NOT NULL
            AND due_at > now() + interval '90 seconds'
    ));
