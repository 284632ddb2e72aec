-- Which syncs were taken back: each once.

CREATE TABLE rekkrd.undos (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    synced_until timestamptz NOT NULL,
    synced_from timestamptz NOT NULL,
    job_id uuid NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    reached_at timestamptz,
    reached_id uuid,
    undone integer NOT NULL DEFAULT 0,
    kept integer NOT NULL DEFAULT 0,
    CONSTRAINT undos_pkey PRIMARY KEY (user_id, synced_until),
    CONSTRAINT undos_counts_not_negative CHECK (undone >= 0 AND kept >= 0),
    CONSTRAINT undos_reached_a_line CHECK ((reached_at IS NULL) = (reached_id IS NULL)),
    CONSTRAINT undos_sync_in_order CHECK (synced_from <= synced_until)
);

COMMENT ON TABLE rekkrd.undos IS
'Syncs that a collector took back. ended_at is null while that is under way, and where it stopped half-way.';
COMMENT ON COLUMN rekkrd.undos.reached_id IS
'The line of discogs_sync_log that was taken back last: they go from the last to the first, and each once.';
COMMENT ON COLUMN rekkrd.undos.kept IS 'What was left alone, because it changed since.';

REVOKE ALL ON rekkrd.undos FROM public;
