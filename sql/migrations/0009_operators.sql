-- What operators did, and the way to what failed alike.

CREATE TABLE rekkrd.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    action text NOT NULL,
    target jsonb NOT NULL,
    jobs integer NOT NULL,
    CONSTRAINT audit_jobs_not_negative CHECK (jobs >= 0)
);

COMMENT ON TABLE rekkrd.audit IS
'One row for each thing that an operator did to the ledger: who, when, to which jobs, and how many these were.';

REVOKE ALL ON rekkrd.audit FROM public;

CREATE INDEX jobs_of_kind ON rekkrd.jobs (kind, created_at DESC, id DESC);
CREATE INDEX jobs_failed_alike ON rekkrd.jobs (error_class, kind, created_at DESC, id DESC)
WHERE state = 'failed';
