-- The schedule: what each tick became, entries that an operator paused, and the night that each user had last.

ALTER TABLE rekkrd.ticks
ADD COLUMN made_by text,
ADD COLUMN enqueued integer NOT NULL DEFAULT 0,
ADD COLUMN missed integer NOT NULL DEFAULT 0,
ADD COLUMN skipped integer NOT NULL DEFAULT 0,
ADD CONSTRAINT ticks_counts_in_order CHECK (enqueued >= 0 AND skipped >= 0 AND skipped <= missed);

COMMENT ON COLUMN rekkrd.ticks.made_by IS
'The operator who ran the entry by hand at that moment; NULL for the clock.';
COMMENT ON COLUMN rekkrd.ticks.enqueued IS
'New jobs that came of it: its own, and those that this one enqueued for users.';
COMMENT ON COLUMN rekkrd.ticks.missed IS
'Times since the tick before, at which no scheduler ran or the entry was paused.';
COMMENT ON COLUMN rekkrd.ticks.skipped IS
'Those of them that lay too far back for this tick to make up for.';

CREATE TABLE rekkrd.entry_pauses (
    entry text PRIMARY KEY,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_until timestamptz NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT entry_pauses_in_order CHECK (paused_until > paused_at)
);

COMMENT ON TABLE rekkrd.entry_pauses IS
'Entries of the timetable of which no scheduler makes a tick until a time. It is compared with now: nothing needs to '
'be undone.';

CREATE TABLE rekkrd.nights (
    user_id uuid PRIMARY KEY REFERENCES public.profiles (id) ON DELETE CASCADE,
    night date NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE rekkrd.nights IS
'The last night, by the date of the user''s own zone, for which a user''s sync was enqueued. It only moves forward, so '
'no date comes twice, whatever clocks and zones do.';

REVOKE ALL ON rekkrd.entry_pauses, rekkrd.nights FROM public;
