-- Idempotency keys of POST /api/jobs: who asks twice with one key is given the jobs of the first time.

CREATE TABLE rekkrd.idempotency (
    scope text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    job_ids uuid [] NOT NULL DEFAULT '{}',
    are_new boolean [] NOT NULL DEFAULT '{}',
    PRIMARY KEY (scope, key),
    CONSTRAINT idempotency_says_of_each_job CHECK (cardinality(job_ids) = cardinality(are_new))
);

COMMENT ON TABLE rekkrd.idempotency IS
'A row for each Idempotency-Key of a day, written in the transaction that enqueues; upkeep clears it afterwards.';
COMMENT ON COLUMN rekkrd.idempotency.scope IS
'Whose key it is: the role, and the user for whom it spoke. Two callers may use one key and know nothing of it.';
COMMENT ON COLUMN rekkrd.idempotency.body_hash IS
'SHA-256 of what was asked for: the same key with another body is a mistake, and is told.';

CREATE INDEX idempotency_by_age ON rekkrd.idempotency (made_at);

REVOKE ALL ON rekkrd.idempotency FROM public;
