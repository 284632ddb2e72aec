-- A lease outlives a lock on its job's row: what cannot be renewed in the row is extended beside it, and a rescue
-- respects the later of both ends. Without a foreign key: its check would wait for that very row.

CREATE TABLE rekkrd.lease_extensions (
    job_id uuid NOT NULL,
    worker text NOT NULL,
    fence bigint NOT NULL,
    leased_until timestamptz NOT NULL,
    CONSTRAINT lease_extensions_pkey PRIMARY KEY (job_id)
);
COMMENT ON TABLE rekkrd.lease_extensions IS
'Ends of leases whose job row was locked by another transaction at the last renewal.';
REVOKE ALL ON rekkrd.lease_extensions FROM PUBLIC;
