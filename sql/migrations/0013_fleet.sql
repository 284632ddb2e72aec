-- The fleet: which workers are there and whether they consume, lanes that an operator paused, and workers' figures.

CREATE TABLE rekkrd.workers (
    name text PRIMARY KEY,
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    lanes text [] NOT NULL,
    kinds text [] NOT NULL,
    threads integer NOT NULL,
    busy integer NOT NULL,
    stuck integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    looked_at timestamptz,
    asked_at timestamptz,
    took_at timestamptz,
    CONSTRAINT workers_threads_some CHECK (threads > 0),
    CONSTRAINT workers_counts_not_negative CHECK (busy >= 0 AND stuck >= 0)
);

COMMENT ON TABLE rekkrd.workers IS
'A row a worker process, from its start to its clean end. One that was killed leaves its row, which upkeep clears.';
COMMENT ON COLUMN rekkrd.workers.version IS
'The release, and behind the + what kinds of jobs it knows and how their arguments and checkpoints look.';
COMMENT ON COLUMN rekkrd.workers.stuck IS
'Threads whose step is past its deadline: nobody waits for these any more.';
COMMENT ON COLUMN rekkrd.workers.looked_at IS
'When its dispatcher looked at the line last.';
COMMENT ON COLUMN rekkrd.workers.asked_at IS
'When its consumers asked Redis for calls last: the one that did so longest ago, of all its lanes.';
COMMENT ON COLUMN rekkrd.workers.took_at IS
'When it got a call last.';

CREATE TABLE rekkrd.pauses (
    lane text PRIMARY KEY REFERENCES rekkrd.lanes (lane),
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_until timestamptz NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT pauses_in_order CHECK (paused_until > paused_at)
);

COMMENT ON TABLE rekkrd.pauses IS
'Lanes from which nothing is called up until a time. It is compared with now: nothing needs to be undone.';

CREATE TABLE rekkrd.tallies (
    name text NOT NULL,
    labels jsonb NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (name, labels)
);

COMMENT ON TABLE rekkrd.tallies IS
'What workers counted since the ledger began, for Prometheus; they have no door of their own. No user stands here.';

REVOKE ALL ON rekkrd.workers, rekkrd.pauses, rekkrd.tallies FROM public;
