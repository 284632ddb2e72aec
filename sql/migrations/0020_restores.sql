-- Restores: a row for each time that this database came back from a backup, and what was done about it.

CREATE TABLE rekkrd.restores (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    noted_by text NOT NULL,
    body text NOT NULL,
    known_until timestamptz,
    fence bigint NOT NULL,
    leases integer NOT NULL,
    walks integer NOT NULL,
    jobs integer NOT NULL,
    CONSTRAINT restores_counts_not_negative CHECK (leases >= 0 AND walks >= 0 AND jobs >= 0)
);

COMMENT ON TABLE rekkrd.restores IS
'A row for each restore from a backup. What was intended before noted_at and may have been done outside since the '
'backup looks first: Discogs and the app know more than this database.';
COMMENT ON COLUMN rekkrd.restores.body IS
'Which files these are: server, timeline and tables. Another body is another restore; the same one may be one too, if '
'files were put back as they lay.';
COMMENT ON COLUMN rekkrd.restores.known_until IS
'The newest trace in the ledger when the restore was noted: what happened after it and before the restore is unknown.';
COMMENT ON COLUMN rekkrd.restores.fence IS
'Every job that was not completed has at least this fence since: a step of before the restore writes nothing.';

REVOKE ALL ON rekkrd.restores FROM public;
