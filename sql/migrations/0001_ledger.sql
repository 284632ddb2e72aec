-- The ledger: every job, the line in which jobs wait, and what holds the fleet back.
-- Ours alone: everything here lives in schema rekkrd.

CREATE SCHEMA IF NOT EXISTS rekkrd;

CREATE TABLE rekkrd.lanes (
    lane text PRIMARY KEY,
    turn bigint NOT NULL DEFAULT 0,
    CONSTRAINT lanes_known CHECK (lane IN ('interactive', 'import', 'background'))
);

COMMENT ON TABLE rekkrd.lanes IS
'One row a lane. turn is the turn of the step called up last: whoever comes into the line now starts there.';

INSERT INTO rekkrd.lanes (lane) VALUES ('interactive'), ('import'), ('background');

CREATE TABLE rekkrd.turns (
    lane text NOT NULL REFERENCES rekkrd.lanes (lane),
    user_id uuid NOT NULL,
    turn bigint NOT NULL,
    PRIMARY KEY (lane, user_id)
);

COMMENT ON TABLE rekkrd.turns IS
'Whose turn it is: the user with the lowest turn is called up next, and each call-up moves that user one turn back. '
'Work of no user stands under the nil uuid.';

CREATE INDEX turns_in_order ON rekkrd.turns (lane, turn, user_id);

CREATE TABLE rekkrd.jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    lane text NOT NULL REFERENCES rekkrd.lanes (lane),
    queue text NOT NULL,
    user_id uuid NOT NULL,
    args jsonb NOT NULL DEFAULT '{}',
    unique_key text,
    priority smallint NOT NULL DEFAULT 0,
    takes_token boolean NOT NULL,
    speaks_for_user boolean NOT NULL,

    state text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    cancel_requested_at timestamptz,

    called_until timestamptz,
    leased_until timestamptz,
    leased_by text,
    fence bigint NOT NULL DEFAULT 0,
    is_executing boolean NOT NULL DEFAULT false,

    attempts integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    steps integer NOT NULL DEFAULT 0,
    requests integer NOT NULL DEFAULT 0,
    checkpoint jsonb NOT NULL DEFAULT '{}',
    total_records integer,
    processed_records integer NOT NULL DEFAULT 0,
    skipped_records integer NOT NULL DEFAULT 0,

    waits_for text,
    outcome text,
    error_class text,
    error text,
    error_detail text,

    CONSTRAINT jobs_state_known
    CHECK (state IN ('pending', 'running', 'retrying', 'completed', 'failed', 'cancelled')),
    CONSTRAINT jobs_finished_when_terminal
    CHECK ((state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT jobs_started_when_past_pending
    CHECK (state IN ('pending', 'cancelled', 'failed') OR started_at IS NOT NULL),
    CONSTRAINT jobs_lease_whole
    CHECK ((leased_until IS NULL) = (leased_by IS NULL)),
    CONSTRAINT jobs_leased_only_when_running
    CHECK (leased_until IS NULL OR state = 'running'),
    CONSTRAINT jobs_executing_only_when_leased
    CHECK (NOT is_executing OR leased_until IS NOT NULL),
    CONSTRAINT jobs_called_only_when_live
    CHECK (called_until IS NULL OR state IN ('pending', 'running', 'retrying')),
    CONSTRAINT jobs_called_or_leased
    CHECK (called_until IS NULL OR leased_until IS NULL),
    CONSTRAINT jobs_failed_says_why
    CHECK (state <> 'failed' OR (error_class IS NOT NULL AND error IS NOT NULL)),
    CONSTRAINT jobs_retrying_says_why
    CHECK (state <> 'retrying' OR error IS NOT NULL),
    CONSTRAINT jobs_counts_not_negative
    CHECK (
        attempts >= 0 AND crashes >= 0 AND steps >= 0 AND requests >= 0
        AND processed_records >= 0 AND skipped_records >= 0
        AND (total_records IS NULL OR total_records >= 0)
    )
);

COMMENT ON TABLE rekkrd.jobs IS
'The truth about every job. Redis holds wake-up calls only. Work of no user stands under the nil uuid.';
COMMENT ON COLUMN rekkrd.jobs.due_at IS
'When the next step may run. It keeps its value from step to step, so it is also the job''s age in the line.';
COMMENT ON COLUMN rekkrd.jobs.called_until IS
'A message for the next step was sent; until then nobody sends another.';
COMMENT ON COLUMN rekkrd.jobs.fence IS
'Grows with each claim. Every write of a step names its fence, so a worker that slept through its lease changes '
'nothing.';
COMMENT ON COLUMN rekkrd.jobs.is_executing IS
'The step holds its token or needs none: a crash from here on counts against the job.';
COMMENT ON COLUMN rekkrd.jobs.crashes IS
'Workers that died executing this job since its checkpoint last moved.';

-- The line: ready steps of a user by age. Live states only, so finished jobs cost nothing.
CREATE INDEX jobs_in_line ON rekkrd.jobs (lane, user_id, priority DESC, due_at, id)
WHERE state IN ('pending', 'running', 'retrying');

-- What is called up or under way: a handful of rows whatever the line's length.
CREATE INDEX jobs_taken ON rekkrd.jobs (lane, user_id)
WHERE called_until IS NOT NULL OR leased_until IS NOT NULL;

-- One conversation with Discogs a user: two steps of one account cannot both hold a lease.
CREATE UNIQUE INDEX jobs_one_conversation ON rekkrd.jobs (user_id)
WHERE leased_until IS NOT NULL AND speaks_for_user;

-- A second request returns the first while it lives.
CREATE UNIQUE INDEX jobs_one_live ON rekkrd.jobs (user_id, unique_key)
WHERE unique_key IS NOT NULL AND state IN ('pending', 'running', 'retrying');

-- Listings, newest first.
CREATE INDEX jobs_by_age ON rekkrd.jobs (created_at DESC, id DESC);
CREATE INDEX jobs_of_user ON rekkrd.jobs (user_id, created_at DESC, id DESC);
CREATE INDEX jobs_by_state ON rekkrd.jobs (state, created_at DESC, id DESC);

CREATE TABLE rekkrd.gates (
    budget text NOT NULL,
    cause text NOT NULL,
    reason text NOT NULL,
    closed_at timestamptz NOT NULL DEFAULT now(),
    closed_until timestamptz NOT NULL,
    PRIMARY KEY (budget, cause),
    CONSTRAINT gates_cause_known CHECK (cause IN ('throttled', 'blocked', 'rejected', 'operator')),
    CONSTRAINT gates_in_order CHECK (closed_until > closed_at)
);

COMMENT ON TABLE rekkrd.gates IS
'Why and until when the fleet sends nothing. A stored time compared with now: nothing needs to be undone. '
'One row a cause, so that Discogs'' minute does not end an operator''s pause.';
