-- The engine says each thing once: alarms are told outside the transaction that decides on them, and what makes a job
-- ready stands in one place.

ALTER TABLE rekkrd.alarms ADD COLUMN telling_until timestamptz;

COMMENT ON COLUMN rekkrd.alarms.telling_until IS
'While somebody tells of it, no other scheduler does; if that one died, the next look after this tells.';

CREATE VIEW rekkrd.live_jobs AS
SELECT
    id,
    kind,
    lane,
    queue,
    user_id,
    state,
    priority,
    due_at,
    takes_token,
    speaks_for_user,
    crashes,
    called_until,
    leased_until,
    coalesce(called_until > now(), false) AS is_called,
    (
        due_at <= now() AND leased_until IS NULL AND (called_until IS NULL OR called_until <= now())
        AND follows IS NULL
    ) AS is_ready
FROM rekkrd.jobs
WHERE state IN ('pending', 'running', 'retrying');

COMMENT ON VIEW rekkrd.live_jobs IS
'Jobs that are not over. Ready are those that may be called up now: due, in nobody''s hand, and behind no other job.';

REVOKE ALL ON rekkrd.live_jobs FROM public;
