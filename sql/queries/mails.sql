-- Mails that alerts ask for: what fired, and what became of the mail that tells it.

-- name: fire(ids, gather)!
-- Alerts fired: each tells it in the mail of its user that is not under way yet, which is held for that.
WITH fired AS (
    SELECT n.*
    FROM rekkrd.alerts_now AS n
    WHERE n.id = ANY(:ids)
),

gathering AS (
    INSERT INTO rekkrd.mails AS m (user_id, due_at)
    SELECT
        f.user_id,
        now() + :gather::interval
    FROM fired AS f
    GROUP BY f.user_id
    ORDER BY f.user_id
    ON CONFLICT (user_id) WHERE first_sent_at IS NULL AND given_up_at IS NULL DO UPDATE
        SET due_at = m.due_at
    RETURNING m.id, m.user_id
)

INSERT INTO rekkrd.firings (
    mail_id, user_id, alert_id, release_id, artist, title, target, currency, minimum_grade,
    was, floor, floor_said, floor_currency, rate, rate_as_of, floor_at, suggestion, owned_since
)
SELECT
    g.id,
    f.user_id,
    f.id,
    f.release_id,
    f.artist,
    f.title,
    f.target,
    f.currency,
    f.minimum_grade,
    f.seen_floor,
    least(f.floor, 9999999999.99),
    f.floor_said,
    f.floor_currency,
    f.rate,
    f.rate_as_of,
    f.floor_at,
    CASE WHEN f.suggestion < 10000000000 THEN f.suggestion END,
    f.owned_since
FROM fired AS f
INNER JOIN gathering AS g ON f.user_id = g.user_id;

-- name: give_up_old()!
-- Sends that nobody knows the end of, and whose key the other side soon forgets: they are not repeated. Of what cannot
-- have arrived nobody wants to hear after a week.
UPDATE rekkrd.mails
SET given_up_at = now()
WHERE
    sent_at IS NULL AND given_up_at IS NULL AND first_sent_at < now() - interval '23 hours'
    AND (may_have_arrived OR created_at < now() - interval '7 days');

-- name: next_due()^
-- The mail that has been due longest, held until it is known what it says.
SELECT
    m.id,
    m.user_id,
    m.content,
    m.attempts,
    m.may_have_arrived
FROM rekkrd.mails AS m
WHERE m.sent_at IS NULL AND m.given_up_at IS NULL AND m.due_at <= now()
ORDER BY m.due_at
FOR UPDATE SKIP LOCKED
LIMIT 1;

-- name: begin(id, content, seconds)$
-- It is sent now, in these words for ever; due again after so many seconds, should its sender die. Until somebody says
-- otherwise it may have arrived.
UPDATE rekkrd.mails
SET
    content = coalesce(content, :content),
    first_sent_at = coalesce(first_sent_at, now()),
    attempts = attempts + 1,
    may_have_arrived = TRUE,
    error = NULL,
    due_at = now() + make_interval(secs => :seconds)
WHERE id = :id
RETURNING content;

-- name: retry_now()!
-- End the back-off of e-mails that were not accepted: they are due now.
UPDATE rekkrd.mails
SET due_at = now()
WHERE sent_at IS NULL AND given_up_at IS NULL AND error IS NOT NULL AND due_at > now();

-- name: mark_sent(id)!
-- The other side has it.
UPDATE rekkrd.mails
SET sent_at = now(), given_up_at = NULL, error = NULL
WHERE id = :id;

-- name: mark_failed(id, error, seconds, gives_up)!
-- Nobody knows whether the other side has it, or it was refused for good.
UPDATE rekkrd.mails
SET
    error = :error,
    due_at = now() + make_interval(secs => :seconds),
    given_up_at = CASE WHEN :gives_up THEN now() END
WHERE id = :id AND sent_at IS NULL;

-- name: mark_unsent(id, error, seconds, may_have_arrived)!
-- This attempt cannot have arrived; where none can, the day begins anew after which it is not sent again.
UPDATE rekkrd.mails
SET
    error = :error,
    due_at = now() + make_interval(secs => :seconds),
    may_have_arrived = :may_have_arrived,
    first_sent_at = CASE WHEN :may_have_arrived THEN first_sent_at ELSE now() END
WHERE id = :id AND sent_at IS NULL;

-- name: put_off(id, error, seconds)!
-- It could not be written: others go first.
UPDATE rekkrd.mails
SET error = :error, due_at = now() + make_interval(secs => :seconds)
WHERE id = :id AND sent_at IS NULL;

-- name: drop_one(id)!
-- Nobody wants it any more.
DELETE FROM rekkrd.mails
WHERE id = :id;

-- name: firings(mail_id)
-- What a mail tells, in the order in which it came, of alerts that are still on.
SELECT f.*
FROM rekkrd.firings AS f
INNER JOIN public.discogs_price_alerts AS a ON f.alert_id = a.id AND a.is_active
WHERE f.mail_id = :mail_id
ORDER BY f.fired_at, f.release_id, f.id;

-- name: find_troubled(room)
-- Mails that were not taken, those that are tried again first.
(
    SELECT id, user_id, created_at, due_at, attempts, given_up_at, error
    FROM rekkrd.mails
    WHERE sent_at IS NULL AND given_up_at IS NULL AND attempts > 0
    ORDER BY due_at
    LIMIT :room
)
UNION ALL
(
    SELECT id, user_id, created_at, due_at, attempts, given_up_at, error
    FROM rekkrd.mails
    WHERE given_up_at IS NOT NULL
    ORDER BY given_up_at DESC
    LIMIT :room
)
LIMIT :room;

-- name: count_states()^
-- How many wait, and how many were given up.
SELECT
    (SELECT count(*) FROM rekkrd.mails WHERE sent_at IS NULL AND given_up_at IS NULL) AS waiting,
    (SELECT count(*) FROM rekkrd.mails WHERE given_up_at IS NOT NULL) AS given_up;

-- name: silence(user_id)!
-- All alerts of a user are off.
UPDATE public.discogs_price_alerts
SET is_active = FALSE
WHERE user_id = :user_id AND is_active;

-- name: forget_old(age, room)!
-- Some mails that were sent or given up so long ago, with what they told.
DELETE FROM rekkrd.mails
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.mails
        WHERE coalesce(sent_at, given_up_at) < now() - :age::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));
