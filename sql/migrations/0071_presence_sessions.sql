-- Presence sessions: each worker process keeps one direct session open, and dispatchers shorten its leases when that
-- has ended.

ALTER TABLE rekkrd.jobs ADD COLUMN dispatched_by text;
COMMENT ON COLUMN rekkrd.jobs.dispatched_by IS
'The worker process whose dispatcher sent the message of called_until; without that it says nothing.';

CREATE TABLE rekkrd.presence_sessions (
    worker text NOT NULL,
    backend_pid integer NOT NULL,
    backend_started_at timestamptz NOT NULL,
    server_started_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT presence_sessions_pkey PRIMARY KEY (worker)
);
COMMENT ON TABLE rekkrd.presence_sessions IS
'The direct database session of each worker process. A row that is missing means that only leases count.';
COMMENT ON COLUMN rekkrd.presence_sessions.ended_at IS
'When a dispatcher found the session gone, and shortened the leases of the worker.';

REVOKE ALL ON rekkrd.presence_sessions FROM public;
