-- Alarms: troubles that last, and whom was told of them when; and what is looked at to find them.

-- name: hold()$
-- Whether this process decides now: of several schedulers one at a time does, until its transaction ends.
SELECT pg_try_advisory_xact_lock(hashtext('rekkrd.alarms'));

-- name: clock()$
-- The time by which all of them are judged.
SELECT now();

-- name: find_raised()
-- The troubles that were there when somebody looked last.
SELECT
    name,
    sentence,
    raised_at,
    seen_at,
    told_at,
    coalesce(telling_until > now(), false) AS is_being_told
FROM rekkrd.alarms
ORDER BY raised_at, name;

-- name: keep(name, sentence)!
-- A trouble is there.
INSERT INTO rekkrd.alarms (name, sentence)
VALUES (:name, :sentence)
ON CONFLICT (name) DO UPDATE
    SET sentence = excluded.sentence, seen_at = now();

-- name: claim(names, seconds)!
-- From here on this process tells of them, and no other one for so many seconds.
UPDATE rekkrd.alarms
SET telling_until = now() + make_interval(secs => :seconds)
WHERE name = ANY(:names);

-- name: settle(name, is_told)!
-- Operators were told of it just now, or it did not arrive: then the next look tells.
UPDATE rekkrd.alarms
SET telling_until = NULL, told_at = CASE WHEN :is_told THEN now() ELSE told_at END
WHERE name = :name;

-- name: remove(name)!
-- A trouble is over.
DELETE FROM rekkrd.alarms
WHERE name = :name;

-- name: group_failed(minutes)
-- Jobs that failed lately, by kind and class, the most frequent first, each with one of its sentences.
SELECT
    kind,
    coalesce(error_class, '') AS error_class,
    count(*) AS jobs,
    max(error) AS error
FROM rekkrd.jobs
WHERE finished_at IS NOT NULL AND finished_at > now() - make_interval(mins => :minutes) AND state = 'failed'
GROUP BY kind, error_class
ORDER BY jobs DESC, kind, error_class;

-- name: count_retrying(attempts)$
-- Jobs that retry one step and have failed at it so often.
SELECT count(*)
FROM rekkrd.jobs
WHERE state = 'retrying' AND attempts >= :attempts;

-- name: count_given_up()$
-- Webhooks of the last day that were given up.
SELECT count(*)
FROM rekkrd.deliveries
WHERE given_up_at IS NOT NULL AND given_up_at > now() - interval '1 day';
