-- name: add_attempt(job_id, fence, step, nth, began_at, worker, ended_as, error_class, error, error_detail, requests, most)!
-- Remember how an attempt ended, and forget the oldest of the job beyond so many.
-- A job that is given up twice without being claimed in between has one fence: the later word stands.
WITH forgotten AS (
    DELETE FROM rekkrd.attempts
    WHERE
        job_id = :job_id AND fence <= (
            SELECT a.fence
            FROM rekkrd.attempts AS a
            WHERE a.job_id = :job_id AND a.fence < :fence
            ORDER BY a.fence DESC
            OFFSET :most::integer - 1
            LIMIT 1
        )
)

INSERT INTO rekkrd.attempts (
    job_id, fence, step, nth, began_at, worker, ended_as, error_class, error, error_detail, requests
)
VALUES (
    :job_id, :fence, :step, :nth, :began_at, :worker, :ended_as, :error_class, :error, :error_detail, :requests
)
ON CONFLICT (job_id, fence) DO UPDATE
    SET
        ended_at = excluded.ended_at,
        ended_as = excluded.ended_as,
        error_class = excluded.error_class,
        error = excluded.error,
        error_detail = excluded.error_detail;

-- name: add_lines(job_id, fence, step, worker, logged_ats, levels, events, facts, most)!
-- Add the lines of a step, and forget the oldest of the job beyond so many.
WITH forgotten AS (
    DELETE FROM rekkrd.job_log
    WHERE
        job_id = :job_id AND (fence, line) <= (
            SELECT
                l.fence,
                l.line
            FROM rekkrd.job_log AS l
            WHERE l.job_id = :job_id
            ORDER BY l.fence DESC, l.line DESC
            OFFSET greatest(0, :most::integer - cardinality(:events::text []))
            LIMIT 1
        )
)

INSERT INTO rekkrd.job_log (job_id, fence, line, step, logged_at, level, event, worker, facts)
SELECT
    :job_id,
    :fence,
    said.nth,
    :step,
    said.logged_at,
    said.level,
    said.event,
    :worker,
    said.facts
FROM unnest(
    :logged_ats::timestamptz [], :levels::text [], :events::text [], :facts::jsonb []
) WITH ORDINALITY AS said (logged_at, level, event, facts, nth);

-- name: add_requests(job_id, endpoints, statuses, seconds)!
-- Count what a step asked of Discogs.
INSERT INTO rekkrd.job_requests AS r (job_id, endpoint, status, requests, seconds)
SELECT
    :job_id,
    asked.endpoint,
    asked.status,
    count(*),
    sum(asked.seconds)
FROM unnest(:endpoints::text [], :statuses::integer [], :seconds::float8 []) AS asked (endpoint, status, seconds)
GROUP BY asked.endpoint, asked.status
ON CONFLICT (job_id, endpoint, status) DO UPDATE
    SET requests = r.requests + excluded.requests, seconds = r.seconds + excluded.seconds;

-- name: find_attempts(job_id, room)
-- How a job's attempts ended, the newest first.
SELECT fence, step, nth, began_at, ended_at, worker, ended_as, error_class, error, error_detail, requests
FROM rekkrd.attempts
WHERE job_id = :job_id
ORDER BY fence DESC
LIMIT :room;

-- name: find_lines(job_id, room)
-- What was logged in a job's steps, the newest first.
SELECT step, logged_at, level, event, worker, facts
FROM rekkrd.job_log
WHERE job_id = :job_id
ORDER BY fence DESC, line DESC
LIMIT :room;

-- name: count_requests(job_id)
-- What a job asked of Discogs, by endpoint and answer.
SELECT endpoint, status, requests, seconds
FROM rekkrd.job_requests
WHERE job_id = :job_id
ORDER BY endpoint, status;
