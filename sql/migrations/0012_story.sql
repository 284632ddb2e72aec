-- A job's story: what became of its attempts, what was logged in its steps, and what it asked of Discogs.

ALTER TABLE rekkrd.jobs
ADD COLUMN claimed_at timestamptz,
ADD CONSTRAINT jobs_claimed_have_begun CHECK (claimed_at IS NULL OR started_at IS NOT NULL);

COMMENT ON COLUMN rekkrd.jobs.claimed_at IS
'When the step under way was claimed; without a lease it says nothing. Not bound to the lease by a constraint: a '
'release that does not know it ends leases, and claims, without it.';

CREATE TABLE rekkrd.attempts (
    job_id uuid NOT NULL REFERENCES rekkrd.jobs (id) ON DELETE CASCADE,
    fence bigint NOT NULL,
    step integer NOT NULL,
    nth integer NOT NULL,
    began_at timestamptz,
    ended_at timestamptz NOT NULL DEFAULT now(),
    worker text,
    ended_as text NOT NULL,
    error_class text,
    error text,
    error_detail text,
    requests integer,
    PRIMARY KEY (job_id, fence),
    CONSTRAINT attempts_end_known
    CHECK (ended_as IN ('retried', 'crashed', 'left', 'completed', 'failed', 'cancelled')),
    CONSTRAINT attempts_failed_say_why
    CHECK (ended_as NOT IN ('retried', 'failed') OR error IS NOT NULL),
    CONSTRAINT attempts_counts_sensible
    CHECK (step > 0 AND nth > 0 AND requests >= 0)
);

COMMENT ON TABLE rekkrd.attempts IS
'A row for each attempt at a step after which the job did not simply go on, and for its last one; the newest 200 a '
'job. Crashed: its worker died executing it. Left: its worker died before it began.';
COMMENT ON COLUMN rekkrd.attempts.fence IS
'The claim: attempts of a job in their order. A job that is given up between two claims has one more, of no worker.';
COMMENT ON COLUMN rekkrd.attempts.requests IS
'What was sent to Discogs; null when its worker took the number along.';

CREATE TABLE rekkrd.job_log (
    job_id uuid NOT NULL REFERENCES rekkrd.jobs (id) ON DELETE CASCADE,
    fence bigint NOT NULL,
    line integer NOT NULL,
    step integer NOT NULL,
    logged_at timestamptz NOT NULL,
    level text NOT NULL,
    event text NOT NULL,
    worker text,
    facts jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (job_id, fence, line),
    CONSTRAINT job_log_level_known CHECK (level IN ('info', 'warning', 'error', 'critical'))
);

COMMENT ON TABLE rekkrd.job_log IS
'What was logged in a job''s steps, the newest 500 lines a job. Written when a step ends, with it: a step that was '
'lost took its lines along, and they are in its worker''s own log only.';

CREATE TABLE rekkrd.job_requests (
    job_id uuid NOT NULL REFERENCES rekkrd.jobs (id) ON DELETE CASCADE,
    endpoint text NOT NULL,
    status integer NOT NULL,
    requests integer NOT NULL,
    seconds double precision NOT NULL,
    PRIMARY KEY (job_id, endpoint, status),
    CONSTRAINT job_requests_some CHECK (requests > 0)
);

COMMENT ON TABLE rekkrd.job_requests IS
'What a job asked of Discogs, by endpoint and answer; status 0 when none came. seconds is the sum of the waits.';

REVOKE ALL ON rekkrd.attempts, rekkrd.job_log, rekkrd.job_requests FROM public;
