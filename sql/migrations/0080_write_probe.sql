-- Probes write: a database that answers reads and refuses writes looks healthy otherwise.
-- One row, updated in place, so that a probe every second leaves no rows behind.
CREATE TABLE rekkrd.write_probe (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT write_probe_is_one_row CHECK (id = 1),
    probed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO rekkrd.write_probe (id) VALUES (1);

-- Why a worker could not store the result of its last step; NULL after the next one that it stored.
ALTER TABLE rekkrd.workers ADD COLUMN store_error text;
