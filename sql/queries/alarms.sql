-- Alarms: troubles that last, and whom was told of them when; and what is looked at to find them.

-- name: hold()$
-- Whether this process looks now: of several schedulers one at a time does, until its transaction ends.
SELECT pg_try_advisory_xact_lock(hashtext('rekkrd.alarms'));

-- name: find_raised()
-- The troubles that were there when somebody looked last.
SELECT name, sentence, raised_at, seen_at, told_at
FROM rekkrd.alarms
ORDER BY raised_at, name;

-- name: keep(name, sentence, is_told)!
-- A trouble is there, and operators were told of it just now, or not.
INSERT INTO rekkrd.alarms AS a (name, sentence, told_at)
VALUES (:name, :sentence, CASE WHEN :is_told THEN now() END)
ON CONFLICT (name) DO UPDATE
    SET
        sentence = excluded.sentence,
        seen_at = now(),
        told_at = coalesce(excluded.told_at, a.told_at);

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

-- name: count_given_up()$
-- Webhooks of the last day that were given up.
SELECT count(*)
FROM rekkrd.deliveries
WHERE given_up_at IS NOT NULL AND given_up_at > now() - interval '1 day';
