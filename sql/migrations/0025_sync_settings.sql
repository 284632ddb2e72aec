-- What a collector chose for their sync; who chose nothing has no row.

CREATE TABLE rekkrd.sync_settings (
    user_id uuid PRIMARY KEY REFERENCES public.profiles (id) ON DELETE CASCADE,
    is_auto boolean NOT NULL DEFAULT true,
    direction text NOT NULL DEFAULT 'in',
    frequency text NOT NULL DEFAULT 'nightly',
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sync_settings_direction_known CHECK (direction IN ('in', 'out', 'both')),
    CONSTRAINT sync_settings_frequency_known CHECK (frequency IN ('nightly', 'weekly'))
);

COMMENT ON TABLE rekkrd.sync_settings IS
'What a collector chose: whether the sync comes of its own, in which direction, and how often. Without a row the '
'defaults of these columns hold.';

REVOKE ALL ON rekkrd.sync_settings FROM public;
